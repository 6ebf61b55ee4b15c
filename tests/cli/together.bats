#!/usr/bin/env bats
# Small captures are put in place together: they wait for the disk once, and nobody is told before that.

load slim-helpers

bats_require_minimum_version 1.5.0

# w/00.pcap to w/39.pcap; verified: what pcap-verify says of them; slim: what each is to become.
setup_more() {
    mkdir w
    for n in $(seq -w 0 39); do cp "$SMALL" "w/$n.pcap"; done
    pcap-truncate "$SMALL" >slim
    background=''
}

teardown_more() { end_background; }

verify_all() {
    printf '%s\0' w/*.pcap | pcap-truncate --files0-from=- | pcap-verify --records >verified
}

all_are_slim() {
    for file in "$@"; do same_bytes "$file" slim; done
}

# The calls of a trace that matter, in their order, without what is not told apart: sync, rename, sync of the directory,
# marker, record.
order() {
    cat trace.* | sed -n '
        s/^fsync([0-9]*<[^>]*\.tmp>.*/sync/p
        s/^fsync([0-9]*<[^>]*\/w>.*/directory/p
        s/^renameat2(.*RENAME_EXCHANGE.*/rename/p
        s/^openat(.*slim_markers>, "[0-9]*\.pcap".*O_CREAT.*/marker/p
        s/^write(1<.*status[\\]*":[\\]*"ok.*/record/p' | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }'
}

@test "32 at most share their syncs; then one sync of the directory, then markers, each with its record" {
    verify_all
    traced -y --string-limit=200 --trace=fsync,renameat2,openat,write trace pcap-commit --records --no-sandbox <verified >records
    [ "$(jq -r .status records | uniq -c | tr -s ' ')" = " 40 ok" ]
    [ "$(jq -r .file records)" = "$(printf '%s\n' w/*.pcap)" ]
    all_are_slim w/*.pcap
    pairs() { for _ in $(seq "$1"); do printf ', 1 marker, 1 record'; done; }
    [ "$(order)" = "32 sync, 32 rename, 1 directory$(pairs 32), 8 sync, 8 rename, 1 directory$(pairs 8)" ] ||
        explain "$(order)"
}

@test "what is large waits for nobody" {
    make_big w/00.pcap 60
    mv w/00.pcap.slim big.slim
    repeat w/00.pcap more 5 # 18 MB of it stay
    repeat big.slim big 5
    mv more w/00.pcap
    verify_all
    traced -y --string-limit=200 --trace=fsync,renameat2,openat,write trace pcap-commit --records --no-sandbox <verified >records
    same_bytes w/00.pcap big
    [[ "$(order)" = "1 sync, 1 rename, 1 directory, 1 marker, 1 record, 32 sync,"* ]] || explain "$(order)"
}

@test "nobody waits long: a record comes out though the input goes on, and at its end at once" {
    verify_all
    mkfifo in
    "${AT_A_TERMINAL[@]}" pcap-commit --records <in >records 3>&- &
    background=$!
    exec 7>in
    head -n 3 verified >&7
    come_out() { [ "$(wc -l <records)" -eq "$1" ]; }
    wait_for come_out 3
    sed -n 4p verified >&7
    wait_for come_out 4
    exec 7>&-
    wait "$background"
    background=''
    all_are_slim w/00.pcap w/03.pcap
    same_bytes w/04.pcap "$SMALL"
}

@test "the order of records stays; what fails on the way fails alone" {
    verify_all
    jq -c 'if .file == "w/03.pcap" then .status = "fail" | .error = "x" | del(.stage) else . end' verified >some
    rm w/03.pcap.tmp
    touch w/05.pcap       # still being written
    rm w/07.pcap.tmp      # taken away
    exec 8>>w/09.pcap     # a writer
    chmod 640 w/10.pcap
    runs_from some pcap-commit --records
    exec 8>&-
    [ "$(jq -r .file "$out_file")" = "$(printf '%s\n' w/*.pcap)" ]
    jq -e -s 'map(select(.status != "ok") | .file) == ["w/03.pcap", "w/05.pcap", "w/07.pcap", "w/09.pcap"]' "$out_file" >/dev/null
    for n in 03 05 07 09; do
        same_bytes w/$n.pcap "$SMALL"
        [ ! -e w/.slim_markers/$n.pcap ]
        [ ! -e w/$n.pcap.tmp ]
    done
    all_are_slim w/00.pcap w/04.pcap w/06.pcap w/08.pcap w/10.pcap w/39.pcap
    [ "$(stat -c %a w/10.pcap)" = 640 ]
}

@test "captures of several directories, each with a sync of its own" {
    mkdir w/below
    mv w/1?.pcap w/below
    printf '%s\0' w/0?.pcap w/below/*.pcap w/2?.pcap | pcap-truncate --files0-from=- | pcap-verify --records >verified
    traced -y --trace=fsync trace pcap-commit --records --no-sandbox <verified >records
    jq -e -s 'length == 30 and all(.status == "ok")' records >/dev/null
    all_are_slim w/0?.pcap w/below/*.pcap w/2?.pcap
    calls_are trace 'fsync\([0-9]+<[^>]*/w>' 2
    calls_are trace 'fsync\([0-9]+<[^>]*/below>' 1
}

@test "the sync of the directory fails: all that it was for fail, and none is marked" {
    verify_all
    runs_from verified strace -f -o log -e inject=fsync:error=EIO:when=33 pcap-commit --records --no-sandbox
    jq -e -s '.[:32] | all(.status == "fail" and
        .error == "replaced, but its directory cannot be synced, so a power cut may undo it: Input/output error")' "$out_file" >/dev/null
    jq -e -s '.[32:] | length == 8 and all(.status == "ok")' "$out_file" >/dev/null
    [ "$(find w/.slim_markers -name '*.pcap' | wc -l)" -eq 8 ]
    all_are_slim w/*.pcap
}

@test "the sync of one fails: it fails alone" {
    verify_all
    runs_from verified strace -f -o log -e inject=fsync:error=EIO:when=3 pcap-commit --records --no-sandbox
    jq -e -s 'map(select(.status != "ok")) | length == 1 and .[0].file == "w/02.pcap" and
        .[0].error == "cannot make the slim capture durable: Input/output error"' "$out_file" >/dev/null
    same_bytes w/02.pcap "$SMALL"
    [ ! -e w/02.pcap.tmp ]
    all_are_slim w/01.pcap w/03.pcap w/39.pcap
}

@test "interrupted while captures wait: they are as they were, and nothing stays behind" {
    verify_all
    mkfifo in
    "${AT_A_TERMINAL[@]}" strace -f -o log -e inject=poll:delay_enter=1500000:when=1 pcap-commit --records --no-sandbox <in >records 3>&- &
    background=$!
    exec 7>in
    head -n 5 verified >&7
    waits() { grep -q poll log; }
    wait_for waits
    pkill -INT -P "$background" pcap-commit
    exec 7>&-
    wait "$background" || true
    background=''
    jq -e -s 'length == 5 and all(.status == "fail" and .error == "interrupted")' records >/dev/null
    for n in 00 04; do
        same_bytes w/$n.pcap "$SMALL"
        [ ! -e w/$n.pcap.tmp ]
    done
}
