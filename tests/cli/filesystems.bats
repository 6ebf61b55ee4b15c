#!/usr/bin/env bats
# The filesystems that sensors use, each in a file of its own behind a loop device or in memory: what is slimmed, kept and
# refused is the same on all of them, or docs/RELIABILITY.md says where it differs.
load slim-helpers

setup_more() {
    is_root || skip "mounting needs root"
    mkdir at
}

teardown_more() {
    cd / || return
    while umount "$BATS_TEST_TMPDIR/at" 2>/dev/null; do :; done
    while umount "$BATS_TEST_TMPDIR/below" 2>/dev/null; do :; done
}

# on KIND [MEGABYTES]: a new filesystem at ./at
on() {
    case $1 in
    tmpfs) mount -t tmpfs tmpfs at ;;
    overlay)
        mkdir -p below lower
        mount -t tmpfs tmpfs below
        mkdir below/upper below/work
        mount -t overlay -o lowerdir=lower,upperdir=below/upper,workdir=below/work overlay at
        ;;
    bindfs) # through FUSE: without RENAME_EXCHANGE
        mkdir -p below
        command -v bindfs >/dev/null || skip "no bindfs"
        bindfs below at
        ;;
    *)
        command -v "mkfs.$1" >/dev/null || skip "no mkfs.$1"
        truncate -s "${2:-300}M" image
        "mkfs.$1" -q image >/dev/null 2>mkfs.err || "mkfs.$1" image >/dev/null
        mount -o loop image at
        ;;
    esac || skip "$1 cannot be mounted here"
}

# A run over captures of several kinds, with what is to be kept of a file, twice; a writer, a leftover, a name used again.
holds_its_promises() {
    local before
    mkdir at/d at/d/sub
    cp "$FIXTURES/good-real-tls13.pcap" at/d/a.pcap
    cp "$FIXTURES/good-real-ssh.pcap" at/d/sub/b.pcap
    cp "$FIXTURES/bad-body-none.pcap" at/d/bad.pcap
    chown 1234:4321 at/d/a.pcap 2>/dev/null || true
    chmod 640 at/d/a.pcap
    touch -d '2026-01-02T03:04:05.123456789Z' at/d/a.pcap
    sync # what a filesystem makes of the time is what it will say
    before=$(stat -c '%a %u:%g %y' at/d/a.pcap)
    runs pcap-slim --dir at/d --recursive
    status_is 1
    err_has 'done: ok=2 skip=0 fail=1'
    for file in a.pcap:tls13 sub/b.pcap:ssh; do
        oracle "$FIXTURES/good-real-${file#*:}.pcap" right
        same_bytes "at/d/${file%:*}" right
    done
    [ "$(stat -c '%a %u:%g %y' at/d/a.pcap)" = "$before" ] || explain "it was $before"
    only_files at/d a.pcap bad.pcap sub .slim_markers
    only_files at/d/.slim_markers a.pcap .failed
    runs pcap-slim --dir at/d --recursive
    status_is 0
    err_has 'done: ok=0 skip=3 fail=0'
    # After the filesystem was put away and came back, too, markers speak of their files.
    if [ -e image ]; then
        umount at
        mount -o loop image at
        runs pcap-slim --dir at/d --recursive
        err_has 'done: ok=0 skip=3 fail=0'
    fi
    runs pcap-slim --status at/d --recursive --hash xxh3
    out_has 'slim=2 changed=0 failed=1 pending=0'
    # The name comes again.
    cat "$FIXTURES/good-real-ssh.pcap" >at/d/a.pcap
    exec 7>>at/d/a.pcap
    runs pcap-slim --dir at/d
    exec 7>&-
    status_is "${writer_status:-1}"
    if [ "${writer_status:-1}" -eq 1 ]; then
        err_has 'FAIL at/d/a.pcap: still being written: a process has it open for writing'
    fi
    runs pcap-slim --dir at/d
    status_is 0
    same_bytes at/d/a.pcap right
}

@test "ext4" { on ext4; holds_its_promises; }
@test "xfs" { on xfs; holds_its_promises; }
@test "btrfs" { on btrfs; holds_its_promises; }
@test "tmpfs" { on tmpfs; holds_its_promises; }
@test "overlay, as in containers" { on overlay; holds_its_promises; }
@test "FUSE" { on bindfs; holds_its_promises; }

@test "a mount point inside a tree is entered, and what is in it is slimmed there" {
    on ext4
    mkdir d d/inside
    mount --bind at d/inside
    cp "$SMALL" d/a.pcap
    cp "$SMALL" d/inside/b.pcap
    runs pcap-slim --dir d --recursive
    umount d/inside
    status_is 0
    err_has 'done: ok=2 skip=0 fail=0'
    [ -f at/.slim_markers/b.pcap ]
}

@test "a directory of 100,000 captures: one that is new among them is found and slimmed" {
    on tmpfs
    mkdir -p at/d/.slim_markers
    "$PYTHON" -c 'import os
for n in range(100000):
    for name in ("at/d/%06d.pcap", "at/d/.slim_markers/%06d.pcap"):
        os.close(os.open(name % n, os.O_CREAT | os.O_WRONLY))'
    cp "$SMALL" at/d/new.pcap
    runs pcap-slim --dir at/d --output json
    status_is 0
    json_is '.summary.ok == 1 and .summary.skip == 100000 and [.files[].file] == ["at/d/new.pcap"]'
    runs pcap-slim --dir at/d -q
    status_is 0
    err_is ''
    runs pcap-slim --status at/d
    status_is 0
    [ "$(grep -c '^slim ' "$out_file")" -eq 100001 ]
}

@test "a clock that was set back: files and markers of the future" {
    mkdir d
    cp "$SMALL" d/a.pcap
    touch -d '+3 days' d/a.pcap
    runs pcap-slim --dir d
    status_is 0
    touch -d '+3 days' d/.slim_markers/a.pcap
    runs pcap-slim --dir d
    err_has 'skip (marked): d/a.pcap'
    runs pcap-slim --status d
    out_has 'slim          a.pcap'
    # What seems to come from the future is too young, not older than anything.
    cp "$SMALL" d/b.pcap
    touch -d '+3 days' d/b.pcap
    runs pcap-slim --dir d --age-minutes 5
    err_is 'no pcaps to process (younger than 5 min: 2)'
    # A leftover of a run before the clock was set back.
    head -c 100 "$SMALL" >d/b.pcap.tmp
    touch -d '+3 days' d/b.pcap.tmp
    runs pcap-slim --dir d
    status_is 0
    only_files d a.pcap b.pcap .slim_markers
}
