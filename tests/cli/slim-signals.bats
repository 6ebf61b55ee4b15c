#!/usr/bin/env bats
# Interrupted and killed: the old file whole or the new file whole, and a re-run finishes the job.
load slim-helpers

# A run that takes seconds over d/a.pcap; the signal comes while it is being cut.
start_slow_run() {
    mkdir d scratch
    make_big d/a.pcap 4
    mv d/a.pcap.slim want
    cp d/a.pcap original
    TMPDIR=$PWD/scratch starts pcap-slim --dir d --max-io-mbps 2
    wait_for test -s d/a.pcap.tmp
}

finish_the_job() {
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/a.pcap want
    only_files d .slim_markers a.pcap
    only_files d/.slim_markers a.pcap
}

interrupted_by() {
    start_slow_run
    kill "-$1" "$run"
    ends
    status_is "$2"
    err_has 'FAIL d/a.pcap: interrupted'
    same_bytes d/a.pcap original
    only_files d a.pcap
    only_files scratch
    [ -z "$(session_pids "$run")" ] || explain "a process is left"
    finish_the_job
}

@test "SIGTERM: 143, no temporary file, the report says so, a re-run finishes" { interrupted_by TERM 143; }
@test "SIGINT: 130, likewise" { interrupted_by INT 130; }
@test "SIGHUP: 129, likewise" { interrupted_by HUP 129; }
@test "SIGQUIT: 131, likewise" { interrupted_by QUIT 131; }

# The programs with one that takes half a second to start, in the folder slow.
make_slow_to_start() {
    mkdir slow
    cp -- "$BIN_DIR"/pcap-* slow/
    mv "slow/$1" "slow/$1.real"
    # $0, $@: of the script that is written
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nsleep 0.5\nexec "$0.real" "$@"\n' >"slow/$1"
    chmod 755 "slow/$1"
    PATH=$PWD/slow:$PATH
}

for_each_signal_while_starts() {
    local signal number
    make_slow_to_start "$1"
    for signal in INT:130 TERM:143 HUP:129 QUIT:131; do
        number=${signal#*:}
        rm -rf d scratch
        interrupted_by "${signal%:*}" "$number" # no || here: it would switch off errexit inside
    done
}

@test "a signal while pcap-verify is being started loses no record" { for_each_signal_while_starts pcap-verify; }
@test "a signal while pcap-commit is being started loses no record" { for_each_signal_while_starts pcap-commit; }
@test "a signal while pcap-report is being started loses no record" { for_each_signal_while_starts pcap-report; }

# Sets $pids.
runs_or_is_over() {
    pids=$(session_pids "$run" "$1")
    [ -n "$pids" ] || session_is_over "$run"
}

# killed NAME: kill -9 of that process of the run; whatever is left, the capture is whole and a re-run finishes.
killed() {
    local tries
    # On a busy machine the run may be over before the process is found.
    for tries in 1 2 3 4 5; do
        rm -rf d scratch
        start_slow_run
        wait_for runs_or_is_over "$1"
        if kill -9 $pids 2>/dev/null; then break; fi
        ends
    done
    [ -n "$pids" ]
    ends
    nothing_runs
    if [ -e d/.slim_markers/a.pcap ] || ! cmp -s d/a.pcap original; then
        same_bytes d/a.pcap want
    fi
    finish_the_job
}

@test "kill -9 of pcap-truncate: the report notices, a re-run finishes at once" {
    start_slow_run
    kill -9 $(session_pids "$run" pcap-truncate)
    ends
    status_is 1
    err_has 'FAIL d/a.pcap: no result arrived'
    same_bytes d/a.pcap original
    finish_the_job
}

@test "kill -9 of pcap-verify" { killed pcap-verify; }
@test "kill -9 of pcap-commit" { killed pcap-commit; }
@test "kill -9 of xargs" { killed xargs; }
@test "kill -9 of pcap-report" { killed pcap-report; }

@test "kill -9 of the whole run: a re-run finishes at once" {
    start_slow_run
    kill -9 -- $(session_pids "$run")
    ends
    same_bytes d/a.pcap original
    finish_the_job
}

# A program in the folder early that sends SIGINT to the whole run before it does $2, and lives on only if it ignores it.
make_interrupting() {
    mkdir early
    printf '#!/bin/sh\n%s\n' "$2" >"early/$1"
    chmod 755 "early/$1"
}

slim_one_interrupted() {
    mkdir d scratch
    cp -- "$SMALL" d/a.pcap
    touch -d '1 hour ago' d/a.pcap
    PATH=$PWD/early:$PATH TMPDIR=$PWD/scratch starts pcap-slim --dir d
    ends
    only_files scratch
}

@test "SIGINT while the run clears up: nothing is left, the run has done its work" {
    # shellcheck disable=SC2016 # of the script that is written
    make_interrupting rm 'kill -INT 0; sleep 0.1; exec /bin/rm "$@"'
    slim_one_interrupted
    status_is 0
    only_files d .slim_markers a.pcap
}

# The programs, with the words of pcap-slim taken apart by this.
make_planning() {
    make_interrupting pcap-plan "$1"
    ln -s -- "$BIN_DIR"/pcap-[!p]* early
}

@test "SIGINT while the words are taken apart: 130, nothing is left" {
    # shellcheck disable=SC2016 # of the script that is written
    make_planning 'kill -INT 0; exec "$BIN_DIR/pcap-plan" "$@"'
    export BIN_DIR
    slim_one_interrupted
    status_is 130
    only_files d a.pcap
}

@test "SIGINT after the folder for temporary files was made: 130, nothing is left" {
    # As pcap-plan itself, it lives on once there is a folder.
    # shellcheck disable=SC2016 # of the script that is written
    make_planning 'trap "" INT; made=$("$BIN_DIR/pcap-plan" "$@"); kill -INT 0; sleep 0.1; printf "%s\n" "$made"'
    export BIN_DIR
    slim_one_interrupted
    status_is 130
    only_files d a.pcap
}

@test "SIGINT does not end a pcap-plan that has made a folder" {
    mkdir scratch
    TMPDIR=$PWD/scratch traced --trace=mkdir,rt_sigaction log pcap-plan -- a.pcap >plan
    [ "$(grep -hE 'mkdir|rt_sigaction\(SIG(HUP|INT|QUIT|TERM), .*SIG_IGN' log.* | grep -oE '^mkdir|SIG(HUP|INT|QUIT|TERM)' | tail -n 5 | tr '\n' ' ')" = \
        'SIGHUP SIGINT SIGQUIT SIGTERM mkdir ' ] || explain "$(cat log.*)"
}

@test "SIGINT while the first of many is in work: that one is listed, one line says how many were not begun" {
    local format
    for format in human json; do
        rm -rf d scratch
        mkdir d scratch
        make_big d/0.pcap 4
        rm d/0.pcap.slim
        touch -d '1 hour ago' d/0.pcap
        for n in 1 2 3 4 5 6 7; do cp "$SMALL" "d/$n.pcap"; done
        TMPDIR=$PWD/scratch starts pcap-slim --dir d --max-io-mbps 2 --output "$format"
        wait_for test -s d/0.pcap.tmp
        kill -INT "$run"
        ends
        status_is 130
        [ "$(grep -c 'interrupted: 7 file(s) not begun' <<<"$err")" -eq 1 ] || explain "not in one line"
        if [ "$format" = human ]; then
            [ "$(grep -c '^FAIL ' <<<"$err")" -eq 1 ] || explain "not one file was listed"
            err_has 'FAIL d/0.pcap: interrupted'
            err_has 'done: ok=0 skip=0 fail=1'
        else
            json_is '.summary.not_begun == 7 and [.files[].file] == ["d/0.pcap"]'
        fi
        only_files d 0.pcap 1.pcap 2.pcap 3.pcap 4.pcap 5.pcap 6.pcap 7.pcap
    done
}
