#!/usr/bin/env bats
# pcap-slim beside others: other runs on the same directory, and whoever still writes a capture.
load slim-helpers

setup_file() {
    make_oracle
    make_two_hundred
}
setup_more() { mkdir d; }

# 200 small captures of every kind, and what they are to become.
make_two_hundred() {
    "$PYTHON" - "$FIXTURES" "$ORACLE" "$BATS_FILE_TMPDIR" <<'PY'
import glob, os, sys
fixtures, oracle, made = sys.argv[1:]
names = sorted(os.path.basename(path) for path in glob.glob(fixtures + "/good-*.pcap"))
for kind, source in ("given", fixtures), ("want", oracle):
    os.mkdir(f"{made}/{kind}")
    for number in range(200):
        name = names[number % len(names)]
        with open(f"{source}/{name}", "rb") as old, open(f"{made}/{kind}/{number} {name}", "wb") as new:
            new.write(old.read())
PY
}

# Those captures in $1, and in want what they are to become.
two_hundred() {
    cp -rT "$BATS_FILE_TMPDIR/given" "$1"
    ln -sfn "$BATS_FILE_TMPDIR/want" want
}

# Nothing but right captures and their markers in $1.
all_right() {
    local file bad=0
    diff -rq --exclude=.slim_markers -- "$1" want/ >&2 || bad=1
    for file in want/*; do
        file=${file##*/}
        [ -s "$1/.slim_markers/$file" ] || bad=$((bad + 1))
    done
    [ "$bad" -eq 0 ] || explain "$bad faults"
    [ "$(find "$1" | wc -l)" -eq 402 ] || explain "other files: $(find "$1" -name '*.tmp' -o -name .lock)"
}

# drivers N ARGUMENT...: that many at once, each with a report of its own in reports/; their statuses in ./statuses.
drivers() {
    local n=$1 i pids=() pid got
    shift
    mkdir -p reports
    : >statuses
    for ((i = 0; i < n; i++)); do
        pcap-slim "$@" --output json >"reports/$BASHPID.$RANDOM.$i.json" 2>>messages </dev/null 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        got=0
        wait "$pid" || got=$?
        echo "$got" >>statuses
    done
}
all_well() {
    [ "$(sort -u statuses)" = 0 ] || explain "statuses: $(tr '\n' ' ' <statuses); $(cat reports/* messages | grep -o '"error":[^,}]*' | sort | uniq -c)"
}
# Each file is in the reports as done exactly once.
each_once() {
    [ "$(cat reports/*.json | jq -s '[.[].files[] | select(.status == "ok") | .file] | length')" -eq "$1" ] ||
        explain "slimmed: $(cat reports/*.json | jq -s '[.[].summary.ok]' -c)"
    [ "$(cat reports/*.json | jq -s '[.[].files[] | select(.status == "ok") | .file | sub(".*/"; "")] | unique | length')" -eq "$1" ]
    [ "$(cat reports/*.json | jq -s '[.[].files[] | select(.status | . != "ok" and . != "skipped_marker" and . != "skipped_busy")] | length')" -eq 0 ]
    cat reports/*.json | jq -s -e 'all(.[]; .summary.ok + .summary.skip + .summary.fail >= (.files | length))' >/dev/null
}

@test "8 runs of 2 workers over one directory, and runs of single files: each file right, each slimmed once" {
    two_hundred d
    local i singles=() pids=() pid got
    for ((i = 0; i < 200; i += 11)); do singles+=("$(basename d/"$i "*)"); done
    mkdir reports
    (
        for file in "${singles[@]}"; do
            pcap-slim --single "d/$file" --output json >"reports/single-$file.json" 2>>messages || echo "single: $?" >>bad
        done
    ) 3>&- &
    drivers 8 --dir d --workers 2
    wait
    [ ! -e bad ] || explain "$(cat bad)"
    all_well
    each_once 200
    all_right d
    only_markers=$(LC_ALL=C ls -A d/.slim_markers | wc -l)
    [ "$only_markers" -eq 200 ] || explain "left: $(ls -A d/.slim_markers | grep -v pcap)"
}

@test "runs that see the directory by other names: absolute, through a link, with other checks and reads" {
    two_hundred d
    ln -s d link
    mkdir reports
    drivers 1 --dir link --workers 2 --mmap &
    local others=$!
    (cd / && cd "$OLDPWD" && drivers 2 --dir "$PWD/d" --verify count)
    wait "$others"
    all_well
    each_once 200
    all_right d
}

@test "clean-up by many runs that start again and again takes no live run's temporary file" {
    two_hundred d
    # Something stale in each directory, so that each start looks closely.
    (
        for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
            : >d/stale$i.pcap.tmp
            touch -d '1 hour ago' d/stale$i.pcap.tmp
            pcap-slim --dir d --age-minutes 100000 2>>cleaner || echo bad >>bad
        done
    ) 3>&- &
    drivers 3 --dir d --workers 2
    wait
    [ ! -e bad ]
    all_well
    each_once 200
    rm -f d/stale*
    all_right d
    [ "$(sed -n 's/cleaned \([0-9]*\) stale.*/\1/p' cleaner messages | awk '{s += $1} END {print s}')" -eq 12 ] ||
        explain "$(cat cleaner messages)"
}

@test "a second run beside a slow one: leaves its file alone, does the others, and says so" {
    make_big d/big.pcap 4
    mv d/big.pcap.slim big.slim
    touch -d '1 hour ago' d/big.pcap
    starts pcap-slim --dir d --max-io-mbps 2
    wait_for is_written d/big.pcap.tmp
    is_held
    cp "$SMALL" d/a.pcap
    local n
    for n in 1 2; do
        pcap-slim --dir d --output json >other.json
        [ "$(jq -c '.files[] | select(.file == "d/big.pcap")' other.json)" = '{"file":"d/big.pcap","status":"skipped_busy"}' ]
    done
    runs_beside=$(pcap-slim --single d/big.pcap 2>&1)
    [ "$(printf '%s\n' "$runs_beside" | settled)" = 'skip (another run is at work on it): d/big.pcap
done: ok=0 skip=1 fail=0 elapsed=_' ] || explain "$runs_beside"
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
    goes_on
    ends
    status_is 0
    same_bytes d/big.pcap big.slim
    only_files d/.slim_markers a.pcap big.pcap
    only_files d .slim_markers a.pcap big.pcap
}

@test "a slow run's directory is moved away meanwhile: its files are slimmed where they are" {
    make_big d/big.pcap 3
    mv d/big.pcap.slim big.slim
    starts pcap-slim --dir d --max-io-mbps 6
    wait_for is_written d/big.pcap.tmp
    mv d elsewhere
    mkdir d
    ends
    status_is 0
    same_bytes elsewhere/big.pcap big.slim
    only_files d
    only_files elsewhere .slim_markers big.pcap
}

# ---- whoever still writes ----

# slow_run: over d/big.pcap, until its temporary file is being written. $original keeps its bytes.
slow_run() {
    make_big d/big.pcap 3
    mv d/big.pcap.slim big.slim
    cp d/big.pcap original
    starts pcap-slim --dir d --max-io-mbps 6
    wait_for is_written d/big.pcap.tmp
}
# Nothing but the capture is there and a note about it, and no marker.
left_alone() {
    status_is 1
    err_has "$1"
    forget_notes d
    only_files d big.pcap
}

@test "a file that a writer holds open: still being written" {
    cp "$SMALL" d/a.pcap
    cp "$SMALL" d/b.pcap
    exec 7>>d/a.pcap
    runs pcap-slim --dir d
    exec 7>&-
    status_is 1
    settled_err_is "FAIL d/a.pcap: still being written: a process has it open for writing
ok d/b.pcap pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of d/b.pcap) (_ms)
done: ok=1 skip=0 fail=1 elapsed=_"
    same_bytes "$SMALL" d/a.pcap
    only_files d/.slim_markers .failed b.pcap
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
}

@test "a file that a reader holds open is slimmed, and the reader keeps what it had" {
    cp "$SMALL" d/a.pcap
    exec 7<d/a.pcap
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
    cat <&7 >was
    same_bytes was "$SMALL"
}

@test "a file that grows during the run: still being written, nothing of it is lost" {
    slow_run
    tail -c 1530 original >packet
    cat packet >>d/big.pcap
    ends
    left_alone 'FAIL d/big.pcap: still being written: it changed while it was being slimmed'
    cat packet >>original
    same_bytes d/big.pcap original

    # Half a packet: the first stage notices.
    slow_run
    printf more >>d/big.pcap
    ends
    left_alone 'FAIL d/big.pcap: offset '
    err_has 'still being written'
    printf more >>original
    same_bytes d/big.pcap original
}

@test "a file that a writer opens during the run and has not written to yet" {
    slow_run
    exec 7>>d/big.pcap
    ends
    exec 7>&-
    left_alone 'FAIL d/big.pcap: still being written: a process has it open for writing'
    same_bytes d/big.pcap original
}

# at_the_rename HOW: a writer opens d/a.pcap while pcap-commit is held up at its rename, before or behind it.
at_the_rename() {
    rm -rf d bin log
    mkdir d bin
    cp "$SMALL" d/a.pcap
    cp -- "$BIN_DIR"/pcap-* bin/
    mv bin/pcap-commit bin/real-commit
    printf '#!/bin/sh\nexec strace -o %s/log -e trace=fcntl,renameat2 -e inject=renameat2:%s=800000:when=1 \
        "%s/bin/real-commit" "$@"\n' "$PWD" "$1" "$PWD" >bin/pcap-commit
    chmod 755 bin/pcap-commit
    starts bin/pcap-slim --dir d
    wait_for sh -c "[ \"\$(grep -c 'F_SETLEASE, F_RDLCK' log)\" -ge 2 ] && grep -q $2 log"
    printf appended >>d/a.pcap
    ends
}

@test "a file that a writer opens at the very moment of the rename: what it writes is not lost" {
    at_the_rename delay_enter 'F_RDLCK'
    status_is 1
    err_has 'FAIL d/a.pcap: still being written: a process opened it for writing'
    cat "$SMALL" >want
    printf appended >>want
    same_bytes d/a.pcap want
    forget_notes d
    only_files d a.pcap
}

@test "a file that is changed in place, its size kept" {
    slow_run
    printf x | dd of=d/big.pcap bs=1 seek=2000000 conv=notrunc status=none
    ends
    left_alone 'FAIL d/big.pcap: still being written'
    [ "$(bytes_of d/big.pcap)" -eq "$(bytes_of original)" ]
}

@test "a file that shrinks, read through read and through a mapping" {
    local how
    for how in --no-mmap --mmap; do
        rm -rf d
        mkdir d
        make_big d/big.pcap 3
        mv d/big.pcap.slim big.slim
        starts pcap-slim --dir d --max-io-mbps 6 $how
        wait_for is_written d/big.pcap.tmp
        truncate -s 100000 d/big.pcap
        ends
        left_alone 'FAIL d/big.pcap: '
        err_lacks 'no result arrived' # nobody died of SIGBUS
        [ "$(bytes_of d/big.pcap)" -eq 100000 ]
    done
}

@test "a file that is replaced, removed, linked or renamed during the run" {
    slow_run
    cp "$SMALL" new
    mv new d/big.pcap
    ends
    left_alone 'FAIL d/big.pcap: still being written'
    same_bytes d/big.pcap "$SMALL"

    rm -rf d && mkdir d
    slow_run
    rm d/big.pcap
    ends
    status_is 1
    err_has 'FAIL d/big.pcap: '
    only_files d

    rm -rf d && mkdir d
    slow_run
    ln d/big.pcap second
    ends
    left_alone 'FAIL d/big.pcap: it has got a second hard link meanwhile'
    same_bytes second original

    rm -rf d && mkdir d
    slow_run
    mv d/big.pcap renamed
    ln -s ../renamed d/big.pcap
    ends
    status_is 1
    err_has 'FAIL d/big.pcap: '
    same_bytes renamed original
    [ -L d/big.pcap ]
    only_files d big.pcap
}

@test "the temporary file is taken away or exchanged during the run: the original stays" {
    slow_run
    rm d/big.pcap.tmp
    ends
    left_alone 'FAIL d/big.pcap: '
    same_bytes d/big.pcap original

    rm -rf d && mkdir d
    slow_run
    rm d/big.pcap.tmp
    head -c 100 /dev/zero >d/big.pcap.tmp # what begins as the capture does is taken for a dead run's
    ends
    status_is 1
    err_has 'FAIL d/big.pcap: '
    same_bytes d/big.pcap original
    [ "$(bytes_of d/big.pcap.tmp)" -eq 100 ]
}

@test "the slim capture is damaged on the disk during the run: found by verify, the original stays" {
    slow_run
    printf XXXX | dd of=d/big.pcap.tmp bs=1 seek=3000 conv=notrunc status=none
    ends
    left_alone 'FAIL d/big.pcap: '
    same_bytes d/big.pcap original
}

@test "a file that comes during the run waits for the next one; one that goes is said" {
    make_big d/big.pcap 3
    mv d/big.pcap.slim big.slim
    touch -d '1 hour ago' d/big.pcap
    cp "$SMALL" d/b.pcap
    cp "$SMALL" d/c.pcap
    starts pcap-slim --dir d --max-io-mbps 6
    wait_for is_written d/big.pcap.tmp
    rm d/b.pcap
    cp "$SMALL" d/new.pcap
    ends
    status_is 1
    err_has 'FAIL d/b.pcap: cannot open: No such file or directory'
    err_has 'ok d/c.pcap'
    err_has 'done: ok=2 skip=0 fail=1'
    same_bytes "$SMALL" d/new.pcap
}
