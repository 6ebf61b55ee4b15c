#!/usr/bin/env bats
# A long list is begun with its first names: pcap-scan --list --begin-fd, those who take names from it, pcap-slim.

load slim-helpers

bats_require_minimum_version 1.5.0

HEAD=2048 # LISTING_HEAD in tools/face

setup_more() {
    mkdir w
    cd w
    background='' grower=''
}
teardown_more() {
    [ -z "$grower" ] || kill "$grower" 2>/dev/null || true # end_background waits for all
    end_background
}

# long_list NUMBER: names, quickly made: hard links, which nobody slims, and among them, wherever the
# directory has them, 64 captures, each of which is a minute older than the one before.
long_list() {
    ALL=$1 PENDING=64
    "$PYTHON" -c 'import os, sys
capture, count, pending = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = open(capture, "rb").read()
def make(name, mtime):
    with open(name, "wb") as f: f.write(data)
    os.utime(name, (mtime, mtime))
make("../one", 1700000000)
for i in range(count - pending): os.link("../one", f"link-{i:04}.pcap")
for i in range(pending): make(f"{i:04}.pcap", 1600000000 - 60 * i)' "$SMALL" "$ALL" "$PENDING"
}
names() { tr '\0' '\n' <../list; }
by_age() { printf '%s\n' [0-9]*.pcap | sort -r && printf '%s\n' link-*; }

@test "no more than the first names are looked at before those that are pending can be taken; the others follow, each once" {
    long_list $((2 * HEAD + 300))
    runs sh -c 'exec strace -qq -e trace=newfstatat,close -o ../trace \
        pcap-scan --no-sandbox --list ../list --begin-fd 7 7>../begun'
    status_is 0
    begun=$(head -n 1 "$out_file" | cut -d ' ' -f 1)
    out_is "$begun 3 $begun 0 0
$ALL 1 $ALL 0 0"
    closed=$(grep -n '^close(7)' ../trace | cut -d : -f 1)
    looked=$(head -n "$closed" ../trace | grep -cE '^newfstatat\([0-9]+, "(link-)?[0-9]{4}\.pcap".* = 0')
    # Once for its age, and once for whether it is pending.
    { [ "$looked" -ge "$HEAD" ] && [ "$looked" -le $((2 * HEAD)) ]; } || explain "$looked were looked at"
    names | head -n "$begun" >../first
    names | tail -n "+$((begun + 1))" >../others
    sort -c -r ../first
    by_age | grep -vxF -f ../first | cmp - ../others
}

@test "a list of which nobody waits for the beginning is in order; so is one of which nothing that comes first is pending" {
    long_list $((HEAD + 100))
    runs pcap-scan --list ../list
    out_is "$ALL 1 $ALL 0 0"
    by_age | cmp - <(names)
    mv 0000.pcap ..
    rm [0-9]*.pcap
    ALL=$((ALL - PENDING))
    runs pcap-scan --list ../list --begin-fd 7
    [ "$(head -n 1 "$out_file")" = "$ALL 0 $ALL 0 0" ] || explain "not without anything to do"
    printf '%s\n' link-* | cmp - <(names)
}

# grow: a list with one name; then, told to by a line on descriptor 7, one more in two pieces, and its end.
grow() {
    mkfifo ../go ../gone
    "$PYTHON" -c 'import fcntl, sys
with open("../list", "wb", buffering=0) as f, open("../go") as go:
    fcntl.lockf(f, fcntl.LOCK_EX, 1, 1 << 62)
    f.write(b"0000.pcap\0")
    for piece in (b"00", b"01.pcap\0"):
        go.readline()
        f.write(piece)
        open("../gone", "w").close()
    go.readline()' </dev/null 3>&- &
    grower=$!
    exec 7>../go
    wait_for test -s ../list
}
# next_piece: it is written when this returns
next_piece() {
    echo >&7
    cat ../gone
}
waits_for_lock() { grep -q setlk "/proc/$background/wchan"; }
waits_or_is_over() { waits_for_lock || ! kill -0 "$background"; }
comes_to_wait() {
    wait_for waits_or_is_over
    kill -0 "$background" || explain "it does not wait"
}

@test "who shares a list that grows waits for the rest of it, and for the rest of a name" {
    cp "$SMALL" 0000.pcap
    cp "$SMALL" 0001.pcap
    grow
    "${AT_A_TERMINAL[@]}" sh -c 'exec pcap-truncate --files0-from=- --share-names <&6' 6<>../list >../records 3>&- 7>&- &
    background=$!
    wait_for test -e 0000.pcap.tmp
    comes_to_wait
    next_piece
    next_piece
    waits_for_lock
    exec 7>&-
    wait "$background"
    background=''
    [ "$(jq -r '.file + .status' ../records)" = "$(printf '%s\n' 0000.pcapcut 0001.pcapcut)" ]
}

@test "who expects a list that grows expects all of it" {
    cp "$SMALL" 0000.pcap
    cp "$SMALL" 0001.pcap
    grow
    pcap-report --expect ../list --output json </dev/null >../report 3>&- 7>&- &
    background=$!
    comes_to_wait
    next_piece
    next_piece
    exec 7>&-
    wait "$background" && status=0 || status=$?
    background=''
    status_is 1
    [ "$(jq -r '.files[].file' ../report | sort)" = "$(printf '%s\n' 0000.pcap 0001.pcap)" ]
}

@test "pcap-slim: all of a long list, each once, by one worker; what dead runs left is gone" {
    long_list $((HEAD + 100))
    touch -d @1 gone.pcap.tmp
    pcap-truncate "$SMALL" >../slim
    runs pcap-slim --dir . --output json
    status_is 0
    err_is "cleaned 1 stale .pcap.tmp file(s)"
    json_is ".summary.ok == $PENDING and (.files | length == $ALL and (map(.file) | unique | length) == $ALL)"
    [ "$(sha256sum [0-9]*.pcap ../slim | cut -c 1-64 | uniq | wc -l)" -eq 1 ]
}

@test "pcap-slim: a directory that cannot be read to its end: what was begun is finished, and it is no success" {
    long_list $((HEAD + 1000))
    # 32 KiB of names a time, of which the head is in the first three.
    runs strace -f -qq -o /dev/null -e inject=getdents64:error=EIO:when=4+ pcap-slim --no-sandbox --dir .
    status_is 1
    err_has "cannot list this directory: Input/output error"
    err_has "pcap-slim: .: cannot list this directory"
    err_has "ok ./00"
}
