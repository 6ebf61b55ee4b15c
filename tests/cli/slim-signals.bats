#!/usr/bin/env bats
# pcap-slim interrupted: by signals that it can catch, and by kill -9 of any of its processes.
load slim-helpers

# Captures of 3 MB, at 6 MB/s: some second each.
setup_more() {
    mkdir d scratch
    make_big d/big.pcap 3
    mv d/big.pcap.slim big.slim
    cp d/big.pcap original
    touch -d '2 hours ago' d/big.pcap
    TMPDIR=$PWD/scratch
    export TMPDIR
}

slow_run() {
    starts pcap-slim --dir d --max-io-mbps 6 "$@"
    wait_for is_written d/big.pcap.tmp
}
the() { session_pids "$run" "$1" | head -n 1; }
whole() { same_bytes d/big.pcap original; }
old_or_new() { cmp -s d/big.pcap original || cmp -s d/big.pcap big.slim || explain "neither the old file nor the new"; }

# A run without limits does what is left at once.
rerun_finishes() {
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/big.pcap big.slim
    [ -s d/.slim_markers/big.pcap ] || explain "no marker"
    [ -z "$(find d -name '*.tmp' -o -name .lock)" ] || explain "left: $(find d)"
}

# interrupted_by SIGNAL STATUS: to the driver's process alone.
interrupted_by() {
    local name
    for name in c b; do cp "$SMALL" "d/$name.pcap"; done
    slow_run
    kill "-$1" "$run"
    ends
    nothing_runs
    status_is "$2"
    err_has 'FAIL d/big.pcap: interrupted'
    err_has 'done: ok=0 skip=0 fail='
    only_files d b.pcap big.pcap c.pcap
    only_files scratch
    whole
    same_bytes d/b.pcap "$SMALL"
    rerun_finishes
    err_has 'done: ok=3 skip=0 fail=0'
}

@test "SIGINT: status 130, nothing left, originals whole, said, and a new run finishes" {
    interrupted_by INT 130
}

@test "SIGTERM: status 143" {
    interrupted_by TERM 143
}

@test "SIGHUP: status 129" {
    interrupted_by HUP 129
}

@test "SIGQUIT: status 131" {
    interrupted_by QUIT 131
}

@test "SIGINT to the whole group, as from a terminal" {
    slow_run
    kill -INT "-$run"
    ends
    nothing_runs
    status_is 130
    err_has 'FAIL d/big.pcap: interrupted'
    only_files d big.pcap
    only_files scratch
    whole
    rerun_finishes
}

@test "a second signal while the first is being obeyed changes nothing" {
    slow_run
    kill -INT "$run"
    kill -TERM "$run" 2>/dev/null || true
    kill -INT "$run" 2>/dev/null || true
    ends
    nothing_runs
    [ "$status" -eq 130 ] || [ "$status" -eq 143 ] || explain "status $status"
    only_files d big.pcap
    only_files scratch
    whole
    rerun_finishes
}

@test "under json the report comes all the same, whole, and names the interrupted file" {
    slow_run --output json
    kill -TERM "$run"
    ends
    nothing_runs
    status_is 143
    json_is '.files == [.files[0]] and .files[0].file == "d/big.pcap" and .files[0].status == "fail" and
        (.files[0].error | contains("interrupted"))'
    json_is '.summary | .ok == 0 and .fail == 1'
    rerun_finishes
}

@test "with several workers: every file in work is named, the others are counted" {
    local i
    for i in 1 2 3 4; do
        cp original "d/$i.pcap"
        touch -d '3 hours ago' "d/$i.pcap"
    done
    starts pcap-slim --dir d --max-io-mbps 6 --workers 2
    wait_for is_written d/1.pcap.tmp
    kill -TERM "$run"
    ends
    nothing_runs
    status_is 143
    [ "$(grep -c '^FAIL .*: interrupted' "$err_file")" -ge 1 ] || explain "none named"
    [ -z "$(find d -name '*.tmp')" ]
    only_files scratch
    for i in 1 2 3 4; do same_bytes "d/$i.pcap" original; done
    rerun_finishes
    for i in 1 2 3 4; do same_bytes "d/$i.pcap" big.slim; done
}

@test "what was done before the signal stays done, and is reported" {
    cp "$SMALL" d/first.pcap
    touch -d '5 hours ago' d/first.pcap
    slow_run
    wait_for [ -s d/.slim_markers/first.pcap ]
    kill -TERM "$run"
    ends
    nothing_runs
    status_is 143
    err_has 'ok d/first.pcap pkts=7'
    err_has 'FAIL d/big.pcap: interrupted'
    err_has 'done: ok=1 skip=0 fail='
    [ "$(bytes_of d/first.pcap)" -lt "$(bytes_of "$SMALL")" ]
    only_files d/.slim_markers first.pcap
    only_files scratch
    rerun_finishes
}

@test "while the slim capture is being verified" {
    slow_run
    # The first stage is through with it when verify has it open.
    wait_for has_open "$(the pcap-verify)" "$PWD/d/big.pcap.tmp"
    kill -INT "$run"
    ends
    nothing_runs
    status_is 130
    err_has 'FAIL d/big.pcap: '
    err_has interrupted
    only_files d big.pcap
    only_files scratch
    whole
    rerun_finishes
}

@test "--check-only: status 143, scratch folder gone, nothing written" {
    local before
    before=$(picture d)
    starts pcap-slim --dir d --max-io-mbps 1 --check-only
    is_scanning() { local pid; pid=$(the pcap-scan) && [ -n "$pid" ] && has_open "$pid" "$PWD/d/big.pcap"; }
    wait_for is_scanning
    kill -TERM "$run"
    ends
    nothing_runs
    status_is 143
    only_files scratch
    unchanged d "$before"
}

@test "a signal at any moment of a short run: the status says so or all was done, and nothing is left" {
    local i delay
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        delay=$(printf '0.%03d' $((i * 4)))
        rm -rf d && mkdir d
        cp "$SMALL" d/a.pcap
        cp original d/big.pcap
        starts pcap-slim --dir d
        sleep "$delay"
        kill -TERM "$run" 2>/dev/null || true
        ends
        nothing_runs
        [ "$status" -eq 143 ] || { [ "$status" -eq 0 ] && [ -s d/.slim_markers/big.pcap ]; } ||
            explain "status $status after $delay s"
        only_files scratch
        [ -z "$(find d -name '*.tmp' -o -name .lock)" ] || explain "left after $delay s: $(find d)"
        old_or_new
        # Marked means slim.
        [ ! -e d/.slim_markers/big.pcap ] || same_bytes d/big.pcap big.slim
    done
}

@test "pcap-run stopped and continued from the terminal: the run goes on" {
    slow_run
    kill -TSTP "$(the pcap-run)"
    is_stopped() { grep -q '^State:.T' "/proc/$(the pcap-truncate)/status"; }
    wait_for is_stopped
    kill -CONT "$(the pcap-run)"
    ends
    nothing_runs
    status_is 0
    same_bytes d/big.pcap big.slim
}

# ---- kill -9 ----

# The orphans of a run whose driver is dead, if any, end by themselves.
orphans_end() {
    local i
    for ((i = 0; i < 500; i++)); do
        if session_is_over "$run"; then return 0; fi
        sleep 0.02
    done
    explain "still there: $(session_pids "$run")"
}

@test "kill -9 of the driver: the old or the new file, a new run leaves no doubt" {
    slow_run
    kill -9 "$run"
    ends
    old_or_new
    runs pcap-slim --dir d
    status_is 0
    old_or_new
    orphans_end
    old_or_new
    rerun_finishes
}

@test "kill -9 of pcap-run: the old or the new file, the driver ends, a new run finishes" {
    slow_run
    kill -9 "$(the pcap-run)"
    ends
    [ "$status" -ne 0 ]
    only_files scratch
    old_or_new
    orphans_end
    old_or_new
    rerun_finishes
}

@test "kill -9 of xargs, of the shell of a batch, of pcap-report: the old or the new file" {
    local name
    for name in xargs sh pcap-report; do
        rm -rf d && mkdir d
        cp original d/big.pcap
        slow_run
        # Of the shells the one of the batch, the youngest.
        kill -9 "$(session_pids "$run" "$name" | sort -n | tail -n 1)"
        ends
        [ "$status" -ne 0 ] || [ "$name" = sh ] || explain "$name was killed, and all is said to be well"
        nothing_runs
        only_files scratch
        old_or_new
        rerun_finishes
    done
}

@test "kill -9 of pcap-truncate: the original, said, status 1, a new run finishes at once" {
    slow_run
    kill -9 "$(the pcap-truncate)"
    ends
    nothing_runs
    status_is 1
    err_has 'FAIL d/big.pcap: no result arrived: a process of the run died; run again'
    whole
    [ ! -e d/.slim_markers/big.pcap ]
    rerun_finishes
}

@test "kill -9 of pcap-verify: the original, said, status 1, a new run finishes at once" {
    slow_run
    local pid
    pid=$(the pcap-verify)
    wait_for has_open "$pid" "$PWD/d/big.pcap.tmp"
    kill -9 "$pid"
    ends
    nothing_runs
    status_is 1
    err_has 'FAIL d/big.pcap: no result arrived: a process of the run died; run again'
    whole
    [ ! -e d/.slim_markers/big.pcap ]
    rerun_finishes
}

@test "kill -9 of pcap-commit with a verified file in hand: the original, said, status 1, a new run finishes at once" {
    slow_run
    local pid
    pid=$(the pcap-commit)
    kill -STOP "$pid"
    verify_is_over() { [ -z "$(the pcap-verify)" ]; }
    wait_for verify_is_over
    kill -9 "$pid"
    ends
    nothing_runs
    status_is 1
    err_has 'FAIL d/big.pcap: no result arrived: a process of the run died; run again'
    whole
    [ ! -e d/.slim_markers/big.pcap ]
    rerun_finishes
}

@test "kill -9 of everything at any moment, over many files: each old or new, and a new run finishes" {
    local i n round=0
    rm -rf d && mkdir d
    oracle "$SMALL" small.slim
    while [ $round -lt 15 ]; do
        round=$((round + 1))
        for ((i = 0; i < 30; i++)); do cp "$SMALL" "d/$round-$i.pcap"; done
        starts pcap-slim --dir d --workers 2
        sleep "$(printf '0.%03d' $((round * 6)))"
        # shellcheck disable=SC2046
        kill -9 $(session_pids "$run") 2>/dev/null || true
        ends
        wait_for session_is_over "$run"
        for n in d/*.pcap; do
            cmp -s "$n" "$SMALL" || cmp -s "$n" small.slim || explain "$n is neither old nor new"
            [ ! -e "d/.slim_markers/${n##*/}" ] || cmp "$n" small.slim >&2
        done
    done
    runs pcap-slim --dir d --output json
    status_is 0
    for n in d/*.pcap; do same_bytes "$n" small.slim; done
    [ "$(find d/.slim_markers -type f -name '*.pcap' -size +0 | wc -l)" -eq 450 ]
    [ -z "$(find d -name '*.tmp' -o -name .lock)" ] || explain "left: $(find d -name '*.tmp' -o -name .lock)"
}
