#!/usr/bin/env bats
# A name that is used again: a ring of captures, names without a date, files that were restored. A marker speaks of the
# file that it describes, by size and modification time.
load slim-helpers

setup_more() {
    mkdir d
    cp "$SMALL" d/a.pcap
    touch -d '2026-01-02T03:04:05.123456789Z' d/a.pcap
    pcap-slim --dir d 2>first.log
    cp -p d/a.pcap slim
    cp d/.slim_markers/a.pcap marker
}

# is_slimmed OTHER: a run takes up d/a.pcap, which holds what the oracle makes of OTHER; the next one does not.
is_slimmed() {
    oracle "$1" right
    runs pcap-slim --dir d
    status_is 0
    err_has 'done: ok=1 skip=0 fail=0'
    same_bytes d/a.pcap right
    only_files d .slim_markers a.pcap
    only_files d/.slim_markers a.pcap
    [ "$(jq .out_bytes d/.slim_markers/a.pcap)" = "$(bytes_of d/a.pcap)" ] || explain "the marker speaks of another file"
    runs pcap-slim --dir d
    err_has 'skip (marked): d/a.pcap'
    runs pcap-slim --status d
    out_has 'slim          a.pcap'
}

@test "a name used again for a capture of another size is slimmed again" {
    cat "$FIXTURES/good-real-ssh.pcap" >d/a.pcap
    runs pcap-slim --dir d --dry-run
    out_is 'would slim: d/a.pcap'
    runs pcap-slim --dir d --check-only --output json
    json_is '.summary.ok == 1 and .files[0].status == "ok"'
    runs pcap-slim --status d
    status_is 0
    out_has "pending       a.pcap: $(bytes_of d/a.pcap) bytes, its marker says $(bytes_of slim)"
    out_has 'slim=0 changed=0 failed=0 pending=1'
    runs pcap-slim --status d --age-minutes 5
    out_has "too_young     a.pcap: $(bytes_of d/a.pcap) bytes, its marker says $(bytes_of slim)"
    is_slimmed "$FIXTURES/good-real-ssh.pcap"
}

@test "a name used again for a capture of the same size is slimmed again" {
    # Not slim, as long as the slim one: its only packet is a full one.
    "$PYTHON" - slim other <<'END'
import struct, sys
size = len(open(sys.argv[1], "rb").read()) - 24 - 16
tcp = struct.pack("!HHIIBBHHH", 443, 50000, 1, 1, 5 << 4, 0x18, 1000, 0, 0)
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size - 14, 1, 0x4000, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + b"\x17\x03\x03".ljust(size - 54, b"\xa5")
open(sys.argv[2], "wb").write(struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1, 1, 2, size, size) + frame)
END
    [ "$(bytes_of other)" = "$(bytes_of slim)" ]
    cp other d/a.pcap
    runs pcap-slim --status d
    status_is 0
    out_has 'pending       a.pcap: last modified at '
    out_has ', its marker says 1767323045.123456789'
    is_slimmed other
}

@test "a capture that was restored is slimmed again, with its old times, too" {
    cp "$SMALL" d/a.pcap
    touch -d '2026-01-02T03:04:05.123456789Z' d/a.pcap
    is_slimmed "$SMALL"
    same_bytes d/a.pcap slim
    # A slim one that comes back is what its marker says; without its times it is looked at once more.
    cp -p slim d/a.pcap
    runs pcap-slim --dir d
    err_has 'skip (marked): d/a.pcap'
    cp slim d/b
    mv d/b d/a.pcap
    is_slimmed "$SMALL"
}

@test "trees, files by name and the stages by hand take up a name that is used again" {
    mkdir d/sub
    for way in '--dir d --recursive' 'd/a.pcap' '--single d/a.pcap'; do
        cat "$FIXTURES/good-real-ssh.pcap" >d/a.pcap
        runs pcap-slim $way
        status_is 0
        err_has 'ok d/a.pcap '
        cp -p slim d/a.pcap
        cp marker d/.slim_markers/a.pcap
    done
    cat "$FIXTURES/good-real-ssh.pcap" >d/a.pcap
    runs sh -c 'pcap-truncate d/a.pcap | pcap-commit d/a.pcap'
    status_is 0
    runs pcap-slim --dir d
    err_has 'skip (marked): d/a.pcap'
    printf 'd/a.pcap\0' >list
    runs pcap-scan --files0-from=list --pending --dry-run
    json_is '.status == "skipped_marker"'
}

@test "markers without a record count by their existence" {
    for text in '' 'slim' '{"file":"a.pcap"'; do
        printf %s "$text" >d/.slim_markers/a.pcap
        cp "$FIXTURES/good-real-ssh.pcap" d/a.pcap
        runs pcap-slim --dir d
        status_is 0
        err_has 'skip (marked): d/a.pcap'
        same_bytes "$FIXTURES/good-real-ssh.pcap" d/a.pcap
        runs pcap-slim --status d
        out_has 'slim          a.pcap: its marker holds no record to compare with'
    done
}

@test "a ring that fails is said to have failed, and a marker that is killed on the way is made anew" {
    cp "$FIXTURES/bad-body-none.pcap" d/a.pcap
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: '
    runs pcap-slim --status d
    out_has 'failed        a.pcap: '
    cat "$SMALL" >d/a.pcap
    is_slimmed "$SMALL"
}

@test "tcpdump's own ring: every file of it is slim in the end, round after round" {
    command -v tcpdump >/dev/null || skip "no tcpdump"
    make_big big 3
    for round in 1 2; do
        # -C in millions of bytes, -W files: the names are used again within one round, too.
        runs tcpdump -r big -w d/ring -C 1 -W 2 -Z "$(id -un)"
        status_is 0
        [ -e d/ring0 ] && [ -e d/ring1 ]
        for file in d/ring*; do cp "$file" "original.${file##*/}"; done
        runs pcap-slim --dir d --glob 'ring*'
        status_is 0
        err_has "done: ok=$(find d -maxdepth 1 -name 'ring*' | wc -l) skip=0 fail=0"
        for file in d/ring*; do
            oracle "original.${file##*/}" right
            same_bytes "$file" right
        done
    done
}

@test "what a killed run left of its claims goes with the next run, though it has nothing to do" {
    : >d/.slim_markers/.lock
    runs pcap-slim --dir d
    status_is 0
    err_has 'done: ok=0 skip=1 fail=0'
    [ ! -e d/.slim_markers/.lock ] || explain 'the lock is still there'
}

@test "likewise in every directory of a tree, and only where captures are" {
    mkdir -p t/sub t/empty/.slim_markers
    cp "$SMALL" t/a.pcap
    cp "$SMALL" t/sub/b.pcap
    pcap-slim --dir t --recursive -q
    : >t/sub/.slim_markers/.lock
    : >t/empty/.slim_markers/.lock
    runs pcap-slim --dir t --recursive
    status_is 0
    err_has 'done: ok=0 skip=2 fail=0'
    [ ! -e t/sub/.slim_markers/.lock ] || explain 'the lock is still there'
    [ -e t/empty/.slim_markers/.lock ] || explain 'somebody went where nothing is to be done'
}
