#!/usr/bin/env bats
# pcap-commit TARGET by hand, --clean-stale and --clean-after. As the last stage: stages.bats.

load helpers

bats_require_minimum_version 1.5.0

# w/a.pcap: the original, also in ./original; its slim capture in ./slim.
setup_more() {
    mkdir w
    cp "$FIXTURES/good-payload-tcp.pcap" original
    cp original w/a.pcap
    touch -d '2020-01-02 03:04:05.123456789 UTC' w/a.pcap
    pcap-truncate original >slim
    background=''
}

teardown_more() {
    exec 7>&- 2>/dev/null || :
    [ -z "$background" ] || kill "$background" 2>/dev/null || :
    wait
}

# The capture is as it was, and there is nothing beside it.
left_alone() {
    same_bytes w/a.pcap original
    [ "$(stat -c %Y w/a.pcap)" = 1577934245 ]
    only_files w a.pcap
}

# pcap-commit w/a.pcap in the background, at work, its standard input in our descriptor 7.
start_commit() {
    mkfifo input
    "${AT_A_TERMINAL[@]}" pcap-commit "$@" w/a.pcap <input >out.json 2>err.txt 3>&- &
    background=$!
    exec 7>input
    wait_for test -e w/a.pcap.tmp
}
# Give it the rest and wait: finish_commit FILE
finish_commit() {
    cat "$1" >&7 2>/dev/null || :
    exec 7>&-
    status=0
    wait "$background" || status=$?
    background=''
    out_file=$PWD/out.json err_file=$PWD/err.txt
    out=$(cat out.json) err=$(cat err.txt)
}

# ---- the face ----

@test "pcap-commit --help" { check_help pcap-commit; }
@test "pcap-commit --version" { check_version pcap-commit; }
@test "pcap-commit: help and version on a full disk" { check_full pcap-commit; }
@test "pcap-commit: unknown options" { check_unknown_options pcap-commit; }
@test "pcap-commit: an unknown option behind the operand is named" { check_option_behind_operand pcap-commit; }

@test "pcap-commit: options without their value" {
    check_needs_value pcap-commit --claim-fd --clean-stale --clean-after --max-io-mbps --max-cpu-percent --cpu-backoff-above \
        --cpu-backoff-strength --pace-fd
}

@test "pcap-commit: values where none is taken" { check_takes_no_value pcap-commit --records --help --version; }
@test "pcap-commit: limits that are none" { check_limits_misuse pcap-commit; }

@test "pcap-commit: misuse of --claim-fd" {
    local value
    for value in x -1 '' 1025; do
        runs pcap-commit --claim-fd="$value" w/a.pcap
        misuse_is pcap-commit "--claim-fd takes the number of a descriptor, not '$value'"
    done
}

@test "pcap-commit: exactly one of TARGET, --records, --clean-stale and --clean-after" {
    local words
    for words in '' 'w/a.pcap w/a.pcap' '--records w/a.pcap' '--clean-stale w w/a.pcap' \
        '--records --clean-stale w' '--clean-after x w/a.pcap' '--records --clean-after x' '--clean-stale w --clean-after x'; do
        runs_from slim pcap-commit $words
        misuse_is pcap-commit "one of TARGET, --records, --clean-stale DIR and --clean-after LIST is needed"
    done
    left_alone
}

@test "pcap-commit refuses a terminal as standard input" {
    runs kit terminal pcap-commit w/a.pcap
    status_is 2
    out_is "pcap-commit: standard input is a terminal; a slim capture is expected there
Try 'pcap-commit --help'."
    left_alone
}

# ---- success ----

@test "pcap-commit: replaces the capture, marks it with its record, leaves nothing else" {
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    err_empty
    same_bytes w/a.pcap slim
    only_files w a.pcap .slim_markers
    only_files w/.slim_markers a.pcap
    same_bytes w/.slim_markers/a.pcap "$out_file"
    pcap-truncate --record r original >/dev/null
    settled_out_is '{"file":"w/a.pcap","status":"ok","in_pkts":7,"truncated":3,"kept":4,"in_bytes":'"$(stat -c %s original)"',"out_bytes":'"$(stat -c %s slim)"',"elapsed_ms":0,"policy":"packet","by_reason":{"tls":{"packets":3,"bytes_saved":1427}},"kept_by_reason":{"short":4},"linktype":1,"linktype_high":0,"byte_order":"little","resolution":"us","snaplen":262144,"first_timestamp":"1700000000.000001","last_timestamp":"1700000006.006001","oddities":{},"length_mode":"rewrite","checksum":"compute","policy_digest":"'"$DEFAULT_POLICY"'","mtime":"'"$(stat -c %.9Y w/a.pcap)"'","digest":"'"$(jq -r .digest r)"'","check":"full","verdict":"good","checked_pkts":7}'
}

@test "pcap-commit: behind pcap-truncate, in one directory, all fixtures" {
    runs sh -c '
        mkdir v
        for f; do
            name=${f##*/}
            cp "$f" v
            (cd v && pcap-truncate "$name" | pcap-commit "$name" >/dev/null) && pcap-truncate "$f" | cmp - "v/$name" ||
                echo "$f"
        done
        ls -A v | grep -v "^good-"
        ls -A v/.slim_markers | wc -l' sh "$FIXTURES"/good-*
    err_empty
    out_is ".slim_markers
$(find "$FIXTURES" -name 'good-*' | wc -l)"
}

@test "pcap-commit: durable first, then renamed, the rename durable, and the marker last" {
    command -v cc >/dev/null || skip "no compiler"
    grep -q __asan_init "$(command -v pcap-commit)" && skip "a sanitizer wants to be loaded first"
    cat >order.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void note(const char *what, const char *name) {
    char line[4096];
    int n = snprintf(line, sizeof line, "%s %s\n", what, name);
    int fd = open(getenv("ORDER"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (write(fd, line, (size_t)n) != n) abort();
    close(fd);
}
int fsync(int fd) {
    char link[64], name[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, name, sizeof name - 1) < 0) abort();
    note("sync", strrchr(name, '/') + 1);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int renameat(int a, const char *from, int b, const char *to) {
    note("rename to", to);
    return ((int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat"))(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned how) {
    note("rename to", to);
    return ((int (*)(int, const char *, int, const char *, unsigned))dlsym(RTLD_NEXT, "renameat2"))(a, from, b, to, how);
}
int fchmod(int fd, mode_t mode) {
    char link[64], name[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, name, sizeof name - 1) < 0) abort();
    if (strstr(name, ".slim_markers/") != NULL) note("marker", strrchr(name, '/') + 1);
    return ((int (*)(int, mode_t))dlsym(RTLD_NEXT, "fchmod"))(fd, mode);
}
END
    cc -shared -fPIC -o order.so order.c -ldl
    runs_from slim env ORDER="$PWD/order" LD_PRELOAD="$PWD/order.so" pcap-commit --no-sandbox w/a.pcap
    status_is 0
    [ "$(cat order)" = 'sync a.pcap.tmp
rename to a.pcap
sync w
marker a.pcap' ] || explain "another order: $(cat order)"
}

@test "pcap-commit: mode, timestamps and extended attributes are kept" {
    local before
    kit setxattr w/a.pcap user.origin 'sensor 7' || skip "no extended attributes here"
    kit setxattr w/a.pcap user.empty ''
    touch -a -d '2019-01-02 03:04:05.987654321 UTC' w/a.pcap
    chmod 0640 w/a.pcap
    before=$(stat -c '%a %U %G %y %x' w/a.pcap)
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    [ "$(stat -c '%a %U %G %y %x' w/a.pcap)" = "$before" ]
    [ "$(kit getxattr w/a.pcap user.origin)" = 'sensor 7' ]
    [ "$(kit getxattr w/a.pcap user.empty)" = '' ]
    same_bytes w/a.pcap slim
}

@test "pcap-commit: modes of all kinds" {
    local mode
    for mode in 400 444 600 666 777 000; do
        is_root || [ $((0$mode & 0400)) -ne 0 ] || continue
        cp original w/$mode.pcap
        chmod $mode w/$mode.pcap
        runs_from slim pcap-commit w/$mode.pcap
        status_is 0
        [ "$(stat -c %a w/$mode.pcap)" -eq $mode ] || explain "mode $mode became $(stat -c %a w/$mode.pcap)"
    done
}

@test "pcap-commit: an access control list is kept" {
    cat >acl.py <<'END'
import os, struct, sys
none = 0xffffffff
entries = [(1, 6, none), (2, 4, 12345), (4, 4, none), (16, 4, none), (32, 0, none)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)
if sys.argv[1] == "set":
    os.setxattr("w/a.pcap", "system.posix_acl_access", acl)
elif os.getxattr("w/a.pcap", "system.posix_acl_access") != acl:
    sys.exit("another list")
END
    "$PYTHON" acl.py set 2>/dev/null || skip "no access control lists here"
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    "$PYTHON" acl.py check
}

@test "pcap-commit: the owner is kept" {
    is_root || skip "only root may give files away"
    chown 1234:5678 w/a.pcap
    chmod 4750 w/a.pcap
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    [ "$(stat -c '%u:%g %a' w/a.pcap)" = '1234:5678 4750' ]
    if ! id sensor >/dev/null 2>&1; then
        [ "$(stat -c '%u:%g' w/.slim_markers/a.pcap)" = "$(id -u):$(id -g)" ]
    fi
}

@test "pcap-commit: the marker is 0644 in a directory of 0755, whatever the umask; sensor's if there is one" {
    runs bash -c 'umask 077; pcap-commit w/a.pcap <slim'
    status_is 0
    [ "$(stat -c %a w/.slim_markers)" = 755 ]
    [ "$(stat -c %a w/.slim_markers/a.pcap)" = 644 ]
    if is_root && id sensor >/dev/null 2>&1; then
        [ "$(stat -c %U w/.slim_markers/a.pcap)" = sensor ]
    else
        [ "$(stat -c %u w/.slim_markers/a.pcap)" = "$(id -u)" ]
    fi
}

@test "pcap-commit: the slim capture never is readable for more people than the original" {
    chmod 0600 w/a.pcap
    umask 000
    start_commit
    [ "$(stat -c %a w/a.pcap.tmp)" = 600 ]
    finish_commit slim
    status_is 0
    [ "$(stat -c %a w/a.pcap)" = 600 ]
}

@test "pcap-commit: a capture that is slim already, or has nothing to cut, is fine" {
    cp slim w/a.pcap
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    json_is '.truncated == 0 and .in_bytes == .out_bytes'
    cp "$FIXTURES/good-no-packets.pcap" w/b.pcap
    runs_from "$FIXTURES/good-no-packets.pcap" pcap-commit w/b.pcap
    status_is 0
    json_is '.in_pkts == 0 and .checked_pkts == 0'
}

@test "pcap-commit: in pieces of 1 to 7 bytes, under limits, with a --claim-fd that is not this directory's" {
    kit drip slim | pcap-commit --max-io-mbps 50 --max-cpu-percent 100 --claim-fd 8 w/a.pcap 8</dev/null >/dev/null
    same_bytes w/a.pcap slim
    only_files w a.pcap .slim_markers
    only_files w/.slim_markers a.pcap
}

@test "pcap-commit: names with a newline, a leading dash, quotes, bytes that are not UTF-8, spaces" {
    local name
    cd w
    for name in -dash.pcap --records.pcap "q'\"uote\\.pcap" $'\xff\xfe.pcap' ' space .pcap' \
        $'\e[31mred.pcap' '*.pcap' 'a b$(c)`d`.pcap' nopcap; do
        cp ../original "./$name"
        runs_from ../slim pcap-commit -- "$name"
        status_is 0
        err_empty
        same_bytes "./$name" ../slim
        [ ! -e "./$name.tmp" ]
        same_bytes "$out_file" "./.slim_markers/$name"
    done
    jq -e '.file == "\u001b[31mred.pcap" and has("file_hex") == false' <$'.slim_markers/\e[31mred.pcap' >/dev/null
    jq -e '.file == "\ufffd\ufffd.pcap" and .file_hex == "fffe2e70636170"' <$'.slim_markers/\xff\xfe.pcap' >/dev/null
}

@test "pcap-commit: a name of 251 bytes has room for .tmp, longer ones fail clearly" {
    local name length
    name=$(head -c 255 /dev/zero | tr '\0' n)
    cp original "w/${name:0:251}"
    runs_from slim pcap-commit "w/${name:0:251}"
    status_is 0
    same_bytes "w/${name:0:251}" slim
    for length in 252 255; do
        cp original "w/${name:0:length}"
        runs_from slim pcap-commit "w/${name:0:length}"
        status_is 1
        err_is "pcap-commit: w/${name:0:length}: its name of $length bytes leaves no room for .tmp (255 in all); shorten it"
        json_is '.status == "fail"'
        same_bytes "w/${name:0:length}" original
    done
    only_files w/.slim_markers "${name:0:251}"
}

# ---- what arrives is not a slim of TARGET ----

# spoiled MESSAGE: what pcap-commit says to the file `input`.
spoiled() {
    runs_from input pcap-commit w/a.pcap
    status_is 1
    err_is "pcap-commit: w/a.pcap: left as it was, for what arrived is not a slim of it: $1"
    jq -e --arg error "${err#pcap-commit: w/a.pcap: }" '.status == "fail" and .error == $error and
        .file == "w/a.pcap" and (has("in_pkts") | not)' "$out_file" >/dev/null || explain "another record"
    left_alone
}

@test "pcap-commit: the left side died half-way" {
    head -c 400 slim >input
    spoiled "slim capture: offset 352, packet 5: cut short"
    head -c 352 slim >input
    spoiled "the slim capture ends after 4 packets, the original has more"
    head -c 24 slim >input
    spoiled "the slim capture ends after 0 packets, the original has more"
    head -c 10 slim >input
    spoiled "slim capture: ends after 10 bytes, within the file header"
    : >input
    spoiled "slim capture: ends after 0 bytes, within the file header"
    runs sh -c 'pcap-truncate w/a.pcap | head -c 400 | pcap-commit w/a.pcap'
    status_is 1
    left_alone
    runs sh -c 'pcap-truncate nothing.pcap | pcap-commit w/a.pcap'
    status_is 1
    left_alone
}

@test "pcap-commit: cut anywhere, nothing is ever replaced" {
    cat >each.py <<'END'
import subprocess
slim = open("slim", "rb").read()
original = open("original", "rb").read()
for size in range(0, len(slim), 7):
    done = subprocess.run(["pcap-commit", "w/a.pcap"], input=slim[:size], capture_output=True)
    if done.returncode != 1 or open("w/a.pcap", "rb").read() != original:
        print(size, done.returncode, done.stderr)
END
    runs "$PYTHON" each.py
    status_is 0
    out_empty
    left_alone
}

@test "pcap-commit: something else arrives" {
    echo hello >input
    spoiled "slim capture: ends after 6 bytes, within the file header"
    head -c 5000 /dev/zero >input
    spoiled "slim capture: byte 0 of the file header is 00, not d4"
    pcap-truncate "$FIXTURES/good-payload-udp.pcap" >input
    spoiled "packet 1: the original length is 42, not 54"
    cp "$FIXTURES/unsupported-gzip.pcap.gz" input
    spoiled "slim capture: byte 0 of the file header is 1f, not d4"
    cp slim input
    kit patch input 430 ff
    spoiled "packet 5: byte 62 of the frame is ff, not $(od -An -tx1 -j430 -N1 original | tr -d ' ')"
    { cat slim; printf x; } >input
    spoiled "slim capture: offset 634, packet 8: cut short"
    { cat slim; tail -c 94 slim; } >input
    spoiled "the original ends after 7 packets, the slim capture has more"
}

@test "pcap-commit: standard input closed or unreadable" {
    runs sh -c 'pcap-commit w/a.pcap <&-'
    status_is 1
    left_alone
    runs sh -c 'pcap-commit w/a.pcap <.'
    status_is 1
    err_is "pcap-commit: w/a.pcap: offset 0: cannot read: Is a directory"
    left_alone
}

@test "pcap-commit: standard output or error closed" {
    runs sh -c 'pcap-commit w/a.pcap >&- <slim'
    status_is 1
    err_has "cannot hand on a record"
    cp original w/b.pcap
    runs sh -c 'pcap-commit w/b.pcap 2>&- <slim'
    status_is 0
    same_bytes w/b.pcap slim
    cp original w/c.pcap
    runs sh -c 'pcap-commit w/c.pcap >&- 2>&- <slim'
    status_is 1
    cmp w/c.pcap slim
    pcap-verify --original original w/c.pcap >/dev/null
}

@test "pcap-commit: a record that cannot be written is a failure, though the file is slim" {
    runs sh -c 'pcap-commit w/a.pcap >/dev/full <slim'
    refused_with "pcap-commit: cannot hand on a record: No space left on device"
    same_bytes w/a.pcap slim
    jq -e '.status == "ok"' w/.slim_markers/a.pcap >/dev/null
}

@test "pcap-commit: no room for the slim capture" {
    is_root && unshare -m true 2>/dev/null || skip "cannot mount here"
    runs unshare -m sh -c 'mount -t tmpfs -o size=40k none w && cp original w/a.pcap && head -c 100000 /dev/zero >w/full
        pcap-commit w/a.pcap <slim
        status=$?
        cmp original w/a.pcap && ls -A w >&2
        exit $status'
    [ "$status" -ne 32 ] || skip "cannot mount here"
    status_is 1
    json_is '.status == "fail"'
    err_has "No space left on device"
    case $err in *"a.pcap
full") ;; *) explain "something was left behind" ;; esac
}

@test "pcap-commit: a limit on file sizes is an error like a full disk, and leaves nothing behind" {
    kit big cleartext 300000 >w/a.pcap
    cp w/a.pcap original
    touch -d '2020-01-02 03:04:05 UTC' w/a.pcap
    pcap-truncate original >slim
    runs bash -c 'ulimit -f 100; pcap-commit w/a.pcap <slim'
    status_is 1
    left_alone
}

# ---- what TARGET is ----

# never TARGET STATUS MESSAGE
never() {
    runs_from slim timeout 20 pcap-commit "$1"
    status_is 1
    err_is "pcap-commit: $1: $3"
    jq -e --arg file "$1" --arg status "$2" '.file == $file and .status == $status' "$out_file" >/dev/null ||
        explain "another record"
}

@test "pcap-commit: TARGET is missing, or no name of a file" {
    never w/none.pcap fail "cannot open: No such file or directory"
    never none/a.pcap fail "cannot open its directory: No such file or directory"
    never w/a.pcap/b.pcap fail "cannot open its directory: Not a directory"
    never w/ fail "this is not the name of a file"
    never w/.. fail "this is not the name of a file"
    never '' fail "this is not the name of a file"
    left_alone
}

@test "pcap-commit: TARGET is a symbolic link" {
    ln -s ../original w/link.pcap
    ln -s nowhere w/dangling.pcap
    never w/link.pcap skipped_symlink "left alone: symbolic link"
    never w/dangling.pcap skipped_symlink "left alone: symbolic link"
    [ "$(readlink w/link.pcap)" = ../original ]
    same_bytes original "$FIXTURES/good-payload-tcp.pcap"
    only_files w a.pcap dangling.pcap link.pcap
}

@test "pcap-commit: TARGET has several hard links" {
    ln w/a.pcap w/b.pcap
    never w/a.pcap skipped_hardlink "left alone: several hard links"
    never w/b.pcap skipped_hardlink "left alone: several hard links"
    [ w/a.pcap -ef w/b.pcap ]
    same_bytes w/a.pcap original
    only_files w a.pcap b.pcap
    rm w/b.pcap
    runs_from slim pcap-commit w/a.pcap
    status_is 0
}

@test "pcap-commit: TARGET is a directory, a FIFO, a device" {
    mkdir w/dir.pcap
    mkfifo w/fifo.pcap
    never w/dir.pcap skipped_not_regular "left alone: not a regular file"
    never w/fifo.pcap skipped_not_regular "left alone: not a regular file"
    never /dev/null skipped_not_regular "left alone: not a regular file"
    only_files w a.pcap dir.pcap fifo.pcap
}

@test "pcap-commit: TARGET is not a capture that is processed" {
    cp "$FIXTURES/bad-empty.pcap" w/e.pcap
    cp "$FIXTURES/unsupported-pcapng-little.pcapng" w/n.pcap
    cp "$FIXTURES/unsupported-version-2.3-little.pcap" w/v.pcap
    never w/e.pcap fail "not a capture: the file is empty"
    never w/n.pcap fail "not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT"
    never w/v.pcap fail "not processed: pcap version 2.3 (only 2.4 is)"
    only_files w a.pcap e.pcap n.pcap v.pcap
}

@test "pcap-commit: TARGET is damaged" {
    cp "$FIXTURES/bad-body-one-short.pcap" w/d.pcap
    runs sh -c 'pcap-truncate w/d.pcap 2>/dev/null | pcap-commit w/d.pcap'
    status_is 1
    err_is "pcap-commit: w/d.pcap: offset 248, packet 3: packet cut short after 83 of 84 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it"
    same_bytes w/d.pcap "$FIXTURES/bad-body-one-short.pcap"
    only_files w a.pcap d.pcap
}

@test "pcap-commit: TARGET is marked" {
    mkdir w/.slim_markers
    echo mine >w/.slim_markers/a.pcap
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    err_is "pcap-commit: w/a.pcap: left alone, it is marked as slim already"
    out_is '{"file":"w/a.pcap","status":"skipped_marker"}'
    same_bytes w/a.pcap original
    [ "$(cat w/.slim_markers/a.pcap)" = mine ]
    rm w/.slim_markers/a.pcap
    ln -s nowhere w/.slim_markers/a.pcap
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    same_bytes w/a.pcap original
    [ -L w/.slim_markers/a.pcap ]
}

@test "pcap-commit: the marker directory is a link or a file" {
    mkdir elsewhere
    ln -s ../elsewhere w/.slim_markers
    never w/a.pcap fail ".slim_markers is not a directory of its own (a symbolic link?); remove it"
    rm w/.slim_markers
    : >w/.slim_markers
    never w/a.pcap fail ".slim_markers is not a directory of its own (a symbolic link?); remove it"
    rm w/.slim_markers
    only_files elsewhere
    left_alone
}

@test "pcap-commit: a file in a directory that may not be written" {
    chmod 0555 w
    runs without_rights pcap-commit w/a.pcap <slim
    chmod 0755 w
    status_is 1
    err_is "pcap-commit: w/a.pcap: cannot make the marker directory .slim_markers: Permission denied"
    left_alone
    mkdir w/.slim_markers
    chmod 0555 w
    runs without_rights pcap-commit w/a.pcap <slim
    chmod 0755 w
    status_is 1
    err_is "pcap-commit: w/a.pcap: cannot create a.pcap.tmp: Permission denied"
    rm -d w/.slim_markers
    left_alone
}

@test "pcap-commit: TARGET may not be read" {
    chmod 0 w/a.pcap
    runs without_rights pcap-commit w/a.pcap <slim
    status_is 1
    err_is "pcap-commit: w/a.pcap: cannot open: Permission denied"
    chmod 0644 w/a.pcap
    left_alone
}

# ---- the temporary file ----

@test "pcap-commit: a symbolic link at the temporary file's name is refused, its target untouched" {
    echo precious >precious
    ln -s ../precious w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and not a plain file (a symbolic link); remove it"
    [ "$(cat precious)" = precious ]
    [ "$(readlink w/a.pcap.tmp)" = ../precious ]
    rm w/a.pcap.tmp
    ln -s nowhere w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and not a plain file (a symbolic link); remove it"
    [ ! -e w/nowhere ]
    rm w/a.pcap.tmp
    left_alone
}

@test "pcap-commit: a directory, a FIFO, a hard link at the temporary file's name" {
    mkdir w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and not a plain file of one name; remove it"
    rmdir w/a.pcap.tmp
    mkfifo w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and not a plain file of one name; remove it"
    rm w/a.pcap.tmp
    echo precious >precious
    ln precious w/a.pcap.tmp
    touch -d '10 minutes ago' w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and not a plain file of one name; remove it"
    [ "$(cat precious)" = precious ]
    [ precious -ef w/a.pcap.tmp ]
    rm w/a.pcap.tmp
    left_alone
}

@test "pcap-commit: what a dead run left is taken over, young or old" {
    local age
    for age in now '10 minutes ago'; do
        cp original w/a.pcap
        rm -rf w/.slim_markers
        head -c 1000 original >w/a.pcap.tmp
        touch -d "$age" w/a.pcap.tmp
        runs_from slim pcap-commit w/a.pcap
        status_is 0
        err_empty
        same_bytes w/a.pcap slim
        only_files w a.pcap .slim_markers
    done
}

@test "pcap-commit: after kill -9 the next one finishes the job" {
    start_commit
    head -c 300 slim >&7
    kill -9 "$background"
    finish_commit /dev/null
    status_is 137
    same_bytes w/a.pcap original
    only_files w a.pcap a.pcap.tmp .slim_markers
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    same_bytes w/a.pcap slim
    only_files w a.pcap .slim_markers
    only_files w/.slim_markers a.pcap
}

@test "pcap-commit: a temporary file that another process is writing is refused" {
    exec 8>w/a.pcap.tmp
    echo other >&8
    touch -d '10 minutes ago' w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and in use by another process"
    exec 8>&-
    [ "$(cat w/a.pcap.tmp)" = other ]
    same_bytes w/a.pcap original
}

@test "pcap-commit: a young temporary file of another user is refused, an old one taken over" {
    is_root || skip "only root may give files away"
    echo other >w/a.pcap.tmp
    chown 1234 w/a.pcap.tmp
    never w/a.pcap fail "a.pcap.tmp is in the way and is not a dead run's; remove it, or wait until it is 5 minutes old"
    [ "$(cat w/a.pcap.tmp)" = other ]
    touch -d '6 minutes ago' w/a.pcap.tmp
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    [ "$(stat -c %u w/a.pcap)" = "$(id -u)" ]
}

@test "pcap-commit: another file put in the temporary file's place is not renamed over TARGET" {
    echo evil >evil
    start_commit
    mv evil w/a.pcap.tmp
    finish_commit slim
    status_is 1
    json_is '.status == "fail"'
    same_bytes w/a.pcap original
    [ ! -e w/.slim_markers/a.pcap ]
}

@test "pcap-commit: the temporary file is taken away meanwhile" {
    start_commit
    rm w/a.pcap.tmp
    finish_commit slim
    status_is 1
    json_is '.status == "fail"'
    left_alone
}

@test "pcap-commit: a temporary name with control characters does not reach the terminal raw" {
    local name=$'w/x\n\e[2Jok.pcap'
    cp original "$name"
    ln -s nowhere "$name.tmp"
    runs_from slim pcap-commit "$name"
    status_is 1
    err_is 'pcap-commit: w/x\012\033[2Jok.pcap: x\012\033[2Jok.pcap.tmp is in the way and not a plain file (a symbolic link); remove it'
}

# ---- TARGET changes meanwhile ----

@test "pcap-commit: TARGET is open for writing" {
    exec 8>>w/a.pcap
    never w/a.pcap fail "still being written: a process has it open for writing"
    exec 8>&-
    left_alone
}

@test "pcap-commit: TARGET grows while the slim capture arrives" {
    start_commit
    tail -c 94 slim >>w/a.pcap
    { cat original; tail -c 94 slim; } >grown
    finish_commit slim
    status_is 1
    same_bytes w/a.pcap grown
    only_files w a.pcap
}

@test "pcap-commit: TARGET is touched, rewritten with the same bytes, while the slim capture arrives" {
    start_commit
    cat original >w/a.pcap
    finish_commit slim
    status_is 1
    err_is "pcap-commit: w/a.pcap: still being written: it changed while it was being slimmed"
    json_is '.status == "fail" and .error == "still being written: it changed while it was being slimmed"'
    same_bytes w/a.pcap original
    only_files w a.pcap
}

@test "pcap-commit: TARGET is opened for writing while the slim capture arrives" {
    start_commit
    exec 8>>w/a.pcap
    finish_commit slim
    exec 8>&-
    status_is 1
    err_is "pcap-commit: w/a.pcap: still being written: a process has it open for writing"
    left_alone
}

@test "pcap-commit: TARGET is replaced by another file meanwhile" {
    start_commit
    cp -p w/a.pcap other
    mv other w/a.pcap
    finish_commit slim
    status_is 1
    err_is "pcap-commit: w/a.pcap: still being written: another file has taken its name"
    left_alone
}

@test "pcap-commit: TARGET goes away, or becomes a link, meanwhile" {
    start_commit
    rm w/a.pcap
    finish_commit slim
    status_is 1
    err_is "pcap-commit: w/a.pcap: still being written: it went away: No such file or directory"
    [ ! -e w/a.pcap ]
    [ ! -e w/a.pcap.tmp ]
    rm input
    cp original w/a.pcap
    start_commit
    ln -sf ../original w/a.pcap
    finish_commit slim
    status_is 1
    [ "$(readlink w/a.pcap)" = ../original ]
    same_bytes original "$FIXTURES/good-payload-tcp.pcap"
    only_files w a.pcap
}

@test "pcap-commit: TARGET gets a second hard link meanwhile" {
    start_commit
    ln w/a.pcap w/b.pcap
    finish_commit slim
    status_is 1
    err_is "pcap-commit: w/a.pcap: it has got a second hard link meanwhile"
    [ w/a.pcap -ef w/b.pcap ]
    same_bytes w/a.pcap original
    only_files w a.pcap b.pcap
}

@test "pcap-commit: the directory is renamed meanwhile, the right file is replaced" {
    start_commit
    mv w v
    mkdir w
    echo innocent >w/a.pcap
    finish_commit slim
    status_is 0
    same_bytes v/a.pcap slim
    [ -e v/.slim_markers/a.pcap ]
    only_files v a.pcap .slim_markers
    [ "$(cat w/a.pcap)" = innocent ]
    only_files w a.pcap
}

# ---- two at once, signals ----

@test "pcap-commit: two at once on one file: one works, the other leaves it alone" {
    start_commit
    runs_from slim pcap-commit w/a.pcap
    status_is 1
    err_is "pcap-commit: w/a.pcap: left alone: another run is at work on it"
    out_is '{"file":"w/a.pcap","status":"skipped_busy"}'
    same_bytes w/a.pcap original
    [ -e w/a.pcap.tmp ]
    finish_commit slim
    status_is 0
    same_bytes w/a.pcap slim
    only_files w a.pcap .slim_markers
    only_files w/.slim_markers a.pcap
}

@test "pcap-commit: two at once on two files of one directory" {
    cp original w/b.pcap
    start_commit
    runs_from slim pcap-commit w/b.pcap
    status_is 0
    same_bytes w/b.pcap slim
    finish_commit slim
    status_is 0
    same_bytes w/a.pcap slim
    only_files w/.slim_markers a.pcap b.pcap
}

@test "pcap-commit: SIGTERM, SIGINT and SIGHUP leave the file as it was and nothing behind" {
    local signal
    for signal in TERM HUP INT; do
        rm -f input
        mkfifo input
        # A shell starts background jobs with SIGINT ignored; the program catches it all the same.
        "${AT_A_TERMINAL[@]}" pcap-commit w/a.pcap <input >out.json 2>err.txt 3>&- &
        background=$!
        exec 7>input
        wait_for test -e w/a.pcap.tmp
        head -c 300 slim >&7
        kill -s $signal "$background"
        finish_commit /dev/null
        status_is $((128 + $(kill -l $signal)))
        err_is "pcap-commit: w/a.pcap: interrupted"
        json_is '.status == "fail" and .error == "interrupted"'
        left_alone
    done
}

# ---- --clean-stale ----

@test "pcap-commit --clean-stale: what is old and a temporary capture goes, all else stays" {
    local old
    : >w/old.pcap.tmp
    : >w/$'old\nname.pcap.tmp'
    : >w/-dash.pcap.tmp
    touch -d '301 seconds ago' w/old.pcap.tmp
    touch -d '10 days ago' w/$'old\nname.pcap.tmp' w/-dash.pcap.tmp
    : >w/young.pcap.tmp
    touch -d '290 seconds ago' w/young.pcap.tmp
    touch -d '1 hour' w/future.pcap.tmp
    mkdir w/dir.pcap.tmp w/sub
    mkfifo w/fifo.pcap.tmp
    ln -s ../original w/link.pcap.tmp
    for old in x.tmp x.pcap.tmp2 x.pcap x.pcapng.tmp pcap.tmp sub/deep.pcap.tmp; do : >w/$old; done
    touch -h -d '10 days ago' w/dir.pcap.tmp w/fifo.pcap.tmp w/link.pcap.tmp w/x.tmp w/x.pcap.tmp2 w/x.pcap w/x.pcapng.tmp \
        w/pcap.tmp w/sub/deep.pcap.tmp
    sleep 0.05
    runs pcap-commit --clean-stale w
    status_is 0
    out_empty
    err_is "cleaned 3 stale .pcap.tmp file(s)"
    only_files w a.pcap young.pcap.tmp future.pcap.tmp dir.pcap.tmp fifo.pcap.tmp link.pcap.tmp sub x.tmp x.pcap.tmp2 x.pcap \
        x.pcapng.tmp pcap.tmp
    [ -e w/sub/deep.pcap.tmp ]
    same_bytes original "$FIXTURES/good-payload-tcp.pcap"
}

@test "pcap-commit --clean-stale: nothing to do, nothing said, nothing made" {
    local before
    : >w/young.pcap.tmp
    before=$(picture w)
    runs pcap-commit --clean-stale w
    status_is 0
    out_empty
    err_empty
    unchanged w "$before"
}

@test "pcap-commit --clean-stale: in the current directory, and markers stay" {
    mkdir w/.slim_markers
    : >w/.slim_markers/b.pcap
    : >w/old.pcap.tmp
    touch -d '6 minutes ago' w/old.pcap.tmp
    cd w
    runs pcap-commit --clean-stale .
    status_is 0
    err_is "cleaned 1 stale .pcap.tmp file(s)"
    only_files . a.pcap .slim_markers
    only_files .slim_markers b.pcap
}

@test "pcap-commit --clean-stale: one that is open for writing stays" {
    exec 8>w/old.pcap.tmp
    touch -d '6 minutes ago' w/old.pcap.tmp
    runs pcap-commit --clean-stale w
    status_is 0
    err_empty
    [ -e w/old.pcap.tmp ]
    exec 8>&-
    runs pcap-commit --clean-stale w
    err_is "cleaned 1 stale .pcap.tmp file(s)"
}

@test "pcap-commit --clean-stale: one that a live run works on stays, however old" {
    start_commit
    : >w/old.pcap.tmp # of nobody: that the run is there does not stop the cleaning
    touch -d '6 minutes ago' w/a.pcap.tmp w/old.pcap.tmp
    runs pcap-commit --clean-stale w
    status_is 0
    err_is "cleaned 1 stale .pcap.tmp file(s)"
    [ -e w/a.pcap.tmp ]
    finish_commit slim
    status_is 0
    same_bytes w/a.pcap slim
}

@test "pcap-commit --clean-stale: directories that are none" {
    runs pcap-commit --clean-stale none
    refused_with "pcap-commit: none: cannot open: No such file or directory"
    runs pcap-commit --clean-stale w/a.pcap
    refused_with "pcap-commit: w/a.pcap: cannot open: Not a directory"
    runs pcap-commit --clean-stale ''
    refused_with "pcap-commit: : cannot open: No such file or directory"
    left_alone
}

# ---- --clean-after ----

# left_by_a_run NAME: w/NAME and a temporary file that a run left of it.
left_by_a_run() {
    cp -p original "w/$1"
    head -c 100 slim >"w/$1.tmp"
}

@test "pcap-commit --clean-after: what a run left beside the captures of the list goes, whatever else is there stays" {
    left_by_a_run a.pcap
    left_by_a_run b.pcap
    left_by_a_run marked.pcap
    left_by_a_run not-listed.pcap
    left_by_a_run others.pcap
    echo mine >w/others.pcap.tmp
    left_by_a_run linked.pcap
    ln -f slim w/linked.pcap.tmp
    ln -s nowhere w/c.pcap.tmp
    cp original w/c.pcap
    : >w/gone.pcap.tmp
    mkdir w/.slim_markers
    : >w/.slim_markers/marked.pcap
    printf '%s\0' w/a.pcap w/b.pcap w/marked.pcap w/others.pcap w/linked.pcap w/c.pcap w/gone.pcap \
        w/none.pcap none/a.pcap '' >list
    runs pcap-commit --clean-after list
    status_is 0
    err_empty
    out_empty
    only_files w .slim_markers a.pcap b.pcap marked.pcap marked.pcap.tmp not-listed.pcap \
        not-listed.pcap.tmp others.pcap others.pcap.tmp linked.pcap linked.pcap.tmp c.pcap c.pcap.tmp gone.pcap.tmp
    only_files w/.slim_markers marked.pcap
    same_bytes w/a.pcap original
}

@test "pcap-commit --clean-after: what another run is at work on stays" {
    printf 'w/a.pcap\0' >list
    start_commit
    runs pcap-commit --clean-after list
    status_is 0
    [ -e w/a.pcap.tmp ]
    finish_commit slim
    status_is 0
    same_bytes w/a.pcap slim
}

@test "pcap-commit --clean-after: nothing left, nothing made; a list that cannot be read" {
    printf 'w/a.pcap\0' | pcap-commit --clean-after -
    left_alone
    runs pcap-commit --clean-after none
    refused_with "pcap-commit: none: cannot open: No such file or directory"
}
