#!/usr/bin/env bats
# docs/FLEET.md: GNU parallel over real sshd on loopback ports, a Slurm job array, a Kubernetes indexed job.
load slim-helpers

TLS=$FIXTURES/good-real-tls13.pcap
HTTP=$FIXTURES/good-real-http.pcap

recipe() {
    awk -v heading="$2" -v wanted="${3:-1}" '
        /^##/ && !inside { here = ($0 ~ /^##+ / && substr($0, index($0, " ") + 1) == heading) }
        here && /^```sh$/ { inside = 1; n++; next }
        /^```$/ { inside = 0 }
        inside && n == wanted' "$ROOT/$1" | sed -e "s|/srv/pcap|srv/pcap|g" -e "s|/store|$PWD/store|g"
}

# ---- sensors: an sshd each, on a loopback port, whose commands run in a folder of its own ----

start_sensor() {
    local name=$1 port=$2
    mkdir -p "$name/srv/pcap"
    cat >"$name.conf" <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/host_key
PidFile $PWD/$name.pid
AuthorizedKeysFile $PWD/key.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
SetEnv PATH=$BIN_DIR:/usr/bin:/bin
ForceCommand cd $PWD/$name && sh -c "\$SSH_ORIGINAL_COMMAND"
Subsystem sftp internal-sftp
CONF
    "$sshd" -f "$name.conf" -E "$PWD/$name.log" 3>&-
    cat >>ssh.conf <<CONF
Host $name
    HostName 127.0.0.1
    Port $port
CONF
}

setup_more() {
    case $BATS_TEST_DESCRIPTION in
    parallel*) ;;
    *) return 0 ;;
    esac
    command -v parallel >/dev/null || skip "GNU parallel is not installed"
    sshd=$(command -v sshd || echo /usr/sbin/sshd)
    [ -x "$sshd" ] || skip "sshd is not installed"
    ! is_root || mkdir -p /run/sshd
    export HOME=$PWD
    ssh-keygen -q -t ed25519 -N '' -f host_key
    ssh-keygen -q -t ed25519 -N '' -f key
    cat >ssh.conf <<CONF
IdentityFile $PWD/key
IdentitiesOnly yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
CONF
    local name port=$((20000 + $$ % 20000))
    for name in sensor1 sensor2; do
        until start_sensor "$name" "$port" 2>"$name.err" && wait_for test -s "$name.pid"; do
            grep -q 'in use' "$name.err" "$name.log" 2>/dev/null || skip "sshd does not start here: $(cat "$name.err" "$name.log")"
            port=$((port + 7))
        done
        port=$((port + 1))
    done
    mkdir bin
    printf '#!/bin/sh\nexec /usr/bin/ssh -F "%s" "$@"\n' "$PWD/ssh.conf" >bin/ssh
    # --transferfile goes with rsync; there is a way with nothing but ssh.
    chmod 755 bin/ssh
    PATH=$PWD/bin:$PATH
    export PARALLEL_HOME=$PWD PARALLEL_SSH=$PWD/bin/ssh
    runs ssh sensor1 true
    [ "$status" -eq 0 ] || skip "no way in over ssh here: $err $(cat sensor1.log)"
}

teardown() {
    local name
    for name in sensor1 sensor2; do
        [ ! -s "$BATS_TEST_TMPDIR/$name.pid" ] || kill "$(cat "$BATS_TEST_TMPDIR/$name.pid")" 2>/dev/null || true
    done
}

@test "parallel: all sensors at once, each in its own place, and the README has it the same" {
    [ "$(recipe docs/FLEET.md 'GNU parallel' 1)" = "$(recipe README.md 'All sensors at once')" ]
    cp "$TLS" sensor1/srv/pcap/a.pcap
    cp "$HTTP" sensor2/srv/pcap/b.pcap
    touch -d '1 hour ago' sensor?/srv/pcap/*
    recipe docs/FLEET.md 'GNU parallel' 1 >recipe.sh
    runs sh -e recipe.sh
    status_is 0
    err_has 'sensor1	ok srv/pcap/a.pcap pkts=71'
    err_has 'sensor2	ok srv/pcap/b.pcap pkts=122'
    [ -f sensor1/srv/pcap/.slim_markers/a.pcap ]
    [ -f sensor2/srv/pcap/.slim_markers/b.pcap ]
    echo nonsense >sensor2/srv/pcap/c.pcap
    touch -d '1 hour ago' sensor2/srv/pcap/c.pcap
    runs sh recipe.sh
    status_is 1
    err_has 'sensor2	FAIL srv/pcap/c.pcap'
}

@test "parallel: one store, one file a task" {
    local n
    mkdir store
    for n in 1 2 3; do
        cp "$TLS" "store/$n.pcap"
    done
    pcap-truncate <"$TLS" >want
    recipe docs/FLEET.md 'GNU parallel' 2 >recipe.sh
    runs sh -e recipe.sh
    status_is 0
    for n in 1 2 3; do
        same_bytes want "store/$n.pcap"
    done
    [ "$(grep -c '^done: ok=1 skip=0 fail=0' "$err_file")" -eq 3 ] || explain "not one task a file"
    # and again: markers have the names of their captures
    runs sh -e recipe.sh
    status_is 0
    [ "$(grep -c '^done: ok=0 skip=1 fail=0' "$err_file")" -eq 3 ] || explain "$err"
}

@test "parallel: no common store; what comes back is checked" {
    command -v rsync >/dev/null || skip "rsync is not installed"
    cp "$TLS" a.pcap
    cp "$HTTP" b.pcap
    recipe docs/FLEET.md 'GNU parallel' 3 >recipe.sh
    runs sh -e recipe.sh
    status_is 0
    pcap-truncate <"$TLS" >want
    same_bytes want a.slim
    same_bytes "$TLS" a.pcap
    [ -z "$(find sensor1 sensor2 -name '*.slim' -o -name '[ab].pcap')" ] || explain "left on the sensors"
    recipe docs/FLEET.md 'GNU parallel' 4 >check.sh
    runs sh -e check.sh
    status_is 0
    out_empty
    echo x >>b.slim
    runs sh check.sh
    out_is 'not good: b.pcap'
}

@test "Slurm: the job array as the example has it, with sbatch played by a loop" {
    local n
    mkdir store bin
    for n in 1 2 3; do
        cp "$TLS" "store/file $n.pcap"
    done
    cat >bin/sbatch <<'SH'
#!/bin/sh
case $1 in
--array=1-*%20) last=${1#--array=1-} last=${last%%%*} ;;
*) exit 2 ;;
esac
shift
for SLURM_ARRAY_TASK_ID in $(seq "$last"); do
    export SLURM_ARRAY_TASK_ID
    sh "$@" || exit
done
SH
    chmod 755 bin/sbatch
    PATH=$PWD/bin:$PATH
    ln -s "$ROOT/docs/fleet" fleet
    recipe docs/FLEET.md Slurm >recipe.sh
    runs sh -e recipe.sh
    status_is 0
    pcap-truncate <"$TLS" >want
    for n in 1 2 3; do
        same_bytes want "store/file $n.pcap"
    done
    runs sh -e recipe.sh
    status_is 0
    [ "$(wc -l <names)" -eq 3 ] || explain "$(cat names)"
    runs env SLURM_ARRAY_TASK_ID=9 sh fleet/slurm-array.sh names
    status_is 1
    err_is 'slurm-array.sh: names has no line 9'
    runs env -u SLURM_ARRAY_TASK_ID sh fleet/slurm-array.sh names
    status_is 2
    grep -c '^#SBATCH --' fleet/slurm-array.sh
    shellcheck "$ROOT/docs/fleet/slurm-array.sh"
}

@test "Kubernetes: the manifest has the fields of a batch/v1 Job and no others, and its task runs" {
    "$PYTHON" -c 'import yaml' 2>/dev/null || skip "PyYAML is not installed"
    mkdir store
    cp "$TLS" store/a.pcap
    cp "$HTTP" 'store/b c.pcap'
    printf '%s\n' "$PWD/store/a.pcap" "$PWD/store/b c.pcap" >store/names
    runs "$PYTHON" "$ROOT/tests/cli/job.py" "$ROOT/docs/fleet/indexed-job.yaml"
    status_is 0
    sed "s|/store/|$PWD/store/|" "$out_file" >task.sh
    runs env JOB_COMPLETION_INDEX=1 sh -ec "$(cat task.sh)"
    status_is 0
    [ -f 'store/.slim_markers/b c.pcap' ]
    [ ! -e store/.slim_markers/a.pcap ]
    runs env JOB_COMPLETION_INDEX=2 sh -ec "$(cat task.sh)"
    status_is 1
}
