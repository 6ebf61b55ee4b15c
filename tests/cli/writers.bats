#!/usr/bin/env bats
# Who has a capture open for writing is asked as its owner where the process may not ask for itself, as root may not in a
# container; looked for in /proc where that is allowed; and where neither is, what is young is left alone.
load helpers

# What Docker, Podman and Kubernetes leave root by default. CAP_LEASE is not among it.
CONTAINER=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap

setup_more() {
    is_root || skip "captures of another user need root"
    chmod 755 . .. ../..
    mkdir d
    cp "$FIXTURES/good-real-tls13.pcap" d/a.pcap
    chown -R 1000:1000 d
    before=$(stat -c '%i %s' d/a.pcap)
}

teardown_more() { [ -z "${writer-}" ] || let_go; }

hold_open() { exec {writer}>>d/a.pcap; }

let_go() {
    exec {writer}>&-
    writer=''
}

as_container() { setpriv --bounding-set="$CONTAINER" --inh-caps=-all "$@"; }

# Another user's files, in a directory that it may write to.
as_other() {
    chmod 777 d
    setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all "$@"
}

left_alone() { [ "$(stat -c '%i %s' d/a.pcap)" = "$before" ] || explain "the capture was replaced"; }

was_slimmed() {
    status_is 0
    err_has 'ok d/a.pcap'
    [ "$(stat -c %s d/a.pcap)" -lt "${before#* }" ] || explain "the capture was not slimmed"
    [ "$(stat -c %u:%g d/a.pcap)" = 1000:1000 ] || explain "its owner changed"
}

@test "root without CAP_LEASE, as in a container: a writer of somebody else's file is seen" {
    hold_open
    touch -d '1 hour ago' d/a.pcap
    runs as_container pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: still being written: a process has it open for writing'
    left_alone
    let_go
    runs as_container pcap-slim --dir d
    was_slimmed
}

@test "root without CAP_LEASE: a young capture that nobody writes to is slimmed" {
    runs as_container pcap-slim --dir d
    was_slimmed
}

@test "root without CAP_LEASE: the lease is held over the rename, which is root's again" {
    runs as_container strace -ff -o log -e trace=fcntl,setfsuid,renameat2 pcap-slim --dir d
    was_slimmed
    # Asked once when the capture is opened by either stage, each time as its owner and then as root again; the third
    # time the lease is held over the exchange. Each process by itself: they run at the same time.
    "$PYTHON" - log.* <<'END' || explain "$(cat log.*)"
import re, sys
exchanges = 0
for log in sys.argv[1:]:
    held = as_owner = False
    for call in open(log):
        if re.match(r"setfsuid\((1000|0)\)", call):
            as_owner = call.startswith("setfsuid(1000)")
        elif re.search(r"F_SETLEASE, F_RDLCK\) += 0", call):
            assert as_owner, call
            held = True
        elif re.search(r"F_SETLEASE, F_UNLCK\) += 0", call):
            assert as_owner, call
            held = False
        elif call.startswith("renameat2"):
            assert held and not as_owner, call
            exchanges += 1
    assert not held and not as_owner, log
assert exchanges == 1
END
}

@test "a capture of another user that may not be asked about is left alone while it is young" {
    hold_open
    runs as_other pcap-slim --dir d
    status_is 0
    err_has 'skip (too young: changed less than 5 minutes ago, and whether a process writes to it cannot be told): d/a.pcap'
    err_has 'ok=0 skip=1 fail=0'
    left_alone
    let_go
    runs as_other pcap-slim --dir d --output json
    status_is 0
    json_is '.summary.skip == 1 and .files == [{file: "d/a.pcap", status: "skipped_young",
        error: "changed less than 5 minutes ago, and whether a process writes to it cannot be told",
        error_kind: "changed"}]'
    left_alone
    only_files d a.pcap
    runs as_other sh -c 'pcap-truncate d/a.pcap | pcap-commit d/a.pcap'
    status_is 1
    err_has 'pcap-commit: d/a.pcap: left alone: too young: changed less than 5 minutes ago'
    left_alone
}

@test "it is slimmed once it has not changed for five minutes; a time in the far future says nothing" {
    touch -d '290 seconds ago' d/a.pcap
    runs as_other pcap-slim --dir d
    err_has 'skip (too young'
    touch -d '200 seconds' d/a.pcap
    runs as_other pcap-slim --dir d
    err_has 'skip (too young'
    left_alone
    touch -d '310 seconds' d/a.pcap
    cp -p d/a.pcap d/b.pcap
    touch -d '310 seconds ago' d/b.pcap
    runs as_other pcap-slim --dir d
    status_is 0
    err_has 'done: ok=2 skip=0 fail=0'
}

@test "a writer is found in /proc; where every process can be looked at, that there is none" {
    watcher() { setpriv --bounding-set=-all,+dac_override,+chown,+fowner,+sys_ptrace --inh-caps=-all "$@"; }
    hold_open
    runs watcher pcap-slim --dir d --no-sandbox
    status_is 1
    err_has 'FAIL d/a.pcap: still being written: a process has it open for writing'
    left_alone
    let_go
    if [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ] || ! stat -L /proc/1/fd/0 >stat.out 2>&1; then
        runs watcher pcap-slim --dir d --no-sandbox
        err_has 'skip (too young'
        skip "not all processes can be looked at from here"
    fi
    runs watcher pcap-slim --dir d --no-sandbox
    was_slimmed
}

@test "an own capture is asked about as ever" {
    chown -R 65534:65534 d
    hold_open
    runs as_other pcap-slim --dir d
    status_is 1
    err_has 'still being written: a process has it open for writing'
    let_go
    runs as_other pcap-slim --dir d
    status_is 0
    err_has 'done: ok=1'
}

# A container of this system's own files, with the rights that containers get by default. Not all of what these options
# are about can be set where tests run.
in_container() {
    podman --runtime "$runtime" run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
        -v "$BIN_DIR:/opt/pcap-slim:ro" -v "$PWD/d:/data" "${rights[@]}" --rootfs /:O \
        env PATH=/opt/pcap-slim:/usr/bin:/bin "$@"
}

@test "in a real container: a writer outside is seen by root, and left in peace by who may not ask" {
    local rights=() runtime
    command -v podman >/dev/null || skip "podman is not installed"
    for runtime in crun runc none; do
        ! in_container true >podman.out 2>&1 || break
    done
    [ "$runtime" != none ] || skip "podman runs no container here: $(tail -n 1 podman.out)"
    hold_open
    runs in_container pcap-slim --dir /data
    status_is 1
    err_has 'FAIL /data/a.pcap: still being written: a process has it open for writing'
    rm -rf d/.slim_markers # the note of what failed, which is root's
    chmod 777 d
    rights=(--user 2000)
    runs in_container pcap-slim --dir /data
    status_is 0
    err_has 'skip (too young'
    left_alone
    let_go
    # As docs/fleet/indexed-job.yaml has it
    rights=(--cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add SETUID
        --security-opt no-new-privileges)
    runs in_container pcap-slim --dir /data
    status_is 0
    err_has 'ok /data/a.pcap'
    [ "$(stat -c %u:%g d/a.pcap)" = 1000:1000 ]
}
