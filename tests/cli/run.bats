#!/usr/bin/env bats
# pcap-run: what the processes of one run share, and how it ends.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir w
    background=''
}

teardown_more() {
    [ -z "$background" ] || kill -9 "$background" 2>/dev/null || :
    wait
}

# Start COMMAND in the background; its output goes to out.txt and err.txt.
start() {
    "${AT_A_TERMINAL[@]}" "$@" >out.txt 2>err.txt 3>&- </dev/null &
    background=$!
}
finish() {
    status=0
    wait "$background" || status=$?
    background=''
    out=$(cat out.txt) err=$(cat err.txt)
}

gone() { ! kill -0 "$1"; }

# ---- the face ----

@test "pcap-run --help" { check_help pcap-run; }
@test "pcap-run --version" { check_version pcap-run; }
@test "pcap-run: help and version on a full disk" { check_full pcap-run; }
@test "pcap-run: unknown options" { check_unknown_options pcap-run; }

@test "pcap-run: options without their value" {
    check_needs_value pcap-run --max-io-mbps --max-cpu-percent --cpu-backoff-above --cpu-backoff-strength --pace-fd \
        --claim-fd --dir
}

@test "pcap-run: values where none is taken" { check_takes_no_value pcap-run --help --version; }
@test "pcap-run: limits that are none" { check_limits_misuse pcap-run; }

@test "pcap-run: a command is needed" {
    runs pcap-run
    misuse_is pcap-run "a COMMAND is needed"
    runs pcap-run --max-io-mbps 5 --
    misuse_is pcap-run "a COMMAND is needed"
}

@test "pcap-run: --claim-fd and --pace-fd take descriptors that are not the command's own three" {
    local value
    for value in 0 2 x '' -1 1025; do
        runs pcap-run --claim-fd="$value" true
        misuse_is pcap-run "--claim-fd takes the number of a descriptor from 3 on, not '$value'"
    done
    for value in 0 1 2; do
        runs pcap-run --pace-fd="$value" echo hello
        status_is 2
        out_empty
        err_has "--pace-fd"
    done
}

@test "pcap-run: one number for two descriptors" {
    runs pcap-run --dir w --pace-fd 8 --claim-fd 8 echo hello
    status_is 2
    out_empty
    err_has "--claim-fd"
}

@test "pcap-run: options behind the command are the command's" {
    runs pcap-run echo --max-io-mbps 5 --nonsense
    status_is 0
    err_empty
    out_is "--max-io-mbps 5 --nonsense"
    runs pcap-run -- printf '%s,' -- a
    out_is "--,a,"
}

# ---- its status ----

@test "pcap-run: the command's status is passed through" {
    local n
    for n in 0 1 2 3 77 126 127 128 255; do
        runs pcap-run sh -c "exit $n"
        status_is "$n"
        out_empty
        err_empty
    done
}

@test "pcap-run: a command that dies of a signal" {
    runs pcap-run sh -c 'kill -9 $$'
    status_is 137
    runs pcap-run sh -c 'kill -TERM $$'
    status_is 143
}

@test "pcap-run: a command that is not there or cannot be run" {
    runs pcap-run no-such-command-anywhere
    status_is 127
    out_empty
    err_is "pcap-run: no-such-command-anywhere: cannot run: No such file or directory"
    runs pcap-run ./w
    status_is 126
    err_is "pcap-run: ./w: cannot run: Permission denied"
    : >w/file
    runs pcap-run w/file
    status_is 126
}

@test "pcap-run: standard input, output and error are the command's" {
    echo in >input
    runs_from input pcap-run sh -c 'cat; echo problem >&2; exit 3'
    status_is 3
    out_is in
    err_is problem
}

# ---- limits ----

@test "pcap-run: the limits line" {
    runs pcap-run --max-io-mbps 12.5 --pace-fd 8 true
    status_is 0
    err_is "limits: read + write 12.5 MB/s"
    runs pcap-run --max-cpu-percent 40 --pace-fd 8 true
    err_is "limits: CPU 40 % of the machine"
    runs pcap-run --cpu-backoff-above 60 --pace-fd 8 true
    err_is "limits: backing off above 60 % host load (strength 0.5)"
    runs pcap-run --max-io-mbps 50 --max-cpu-percent 25 --cpu-backoff-above 70 --cpu-backoff-strength 0.75 --pace-fd 8 true
    err_is "limits: read + write 50 MB/s, CPU 25 % of the machine, backing off above 70 % host load (strength 0.75)"
    out_empty
}

@test "pcap-run: no limits, no line" {
    runs pcap-run --pace-fd 8 true
    err_empty
    runs pcap-run --cpu-backoff-strength 1.0 --pace-fd 8 --pace-fd 8 true
    status_is 0
    err_empty
}

@test "pcap-run: filters share the limits behind --pace-fd" {
    local before after
    kit big cleartext 1000000 >big
    before=$(date +%s%N)
    # Twice 2 MB read and written, side by side, under 4 MB/s for both: about a second.
    runs pcap-run --max-io-mbps 4 --pace-fd 8 sh -c 'pcap-truncate --pace-fd 8 big >s1 & pcap-truncate --pace-fd 8 big >s2; wait'
    after=$(date +%s%N)
    status_is 0
    err_is "limits: read + write 4 MB/s"
    [ $((after - before)) -gt 700000000 ] || explain "took only $(((after - before) / 1000000)) ms"
    [ $((after - before)) -lt 3500000000 ] || explain "took $(((after - before) / 1000000)) ms"
    pcap-truncate big >want
    same_bytes s1 want
    same_bytes s2 want
    rm big s1 s2 want
}

@test "pcap-run: a wrong --pace-fd is an error in every filter" {
    local command
    cp "$FIXTURES/good-little-micro.pcap" a.pcap
    pcap-truncate a.pcap >slim
    for command in 'pcap-truncate --pace-fd 9 a.pcap' 'pcap-scan --pace-fd 9 a.pcap' \
        'pcap-verify --pace-fd 9 --original a.pcap slim' 'pcap-commit --pace-fd 9 a.pcap <slim'; do
        runs pcap-run --max-io-mbps 5 --pace-fd 8 sh -c "$command"
        status_is 1
        out_empty
        err_has "${command%% *}: "
        err_has "9"
    done
    same_bytes a.pcap "$FIXTURES/good-little-micro.pcap"
}

# ---- descriptors ----

@test "pcap-run: descriptors are handed down under the numbers asked for, and no others" {
    runs pcap-run --dir w --pace-fd 8 --claim-fd 9 --max-io-mbps 5 bash -c 'ls -l /proc/$$/fd | tail -n +2; :'
    status_is 0
    grep -q ' 8 -> /memfd:pcap-slim-pace' "$out_file"
    grep -q " 9 -> $PWD/w/.slim_markers/.lock\$" "$out_file"
    [ "$(grep -c 'slim' "$out_file")" -eq 2 ]
    runs pcap-run bash -c 'ls -l /proc/$$/fd | tail -n +2; :'
    [ "$(grep -c 'slim' "$out_file")" -eq 0 ]
}

@test "pcap-run: any descriptor number does, and nothing is left behind" {
    local n
    for n in 3 4 5 6 7 8 9 20; do
        runs pcap-run --dir w --claim-fd $n bash -c "readlink /proc/\$\$/fd/$n"
        status_is 0
        out_is "$PWD/w/.slim_markers/.lock"
        only_files w || explain "left behind with --claim-fd $n"
        runs pcap-run --max-io-mbps 5 --pace-fd $n bash -c "readlink /proc/\$\$/fd/$n"
        status_is 0
        out_has "/memfd:pcap-slim-pace"
    done
    runs pcap-run --dir w --max-io-mbps 5 --pace-fd 4 --claim-fd 3 bash -c "readlink /proc/\$\$/fd/3 /proc/\$\$/fd/4"
    out_has "$PWD/w/.slim_markers/.lock"
    out_has "/memfd:pcap-slim-pace"
    only_files w
}

@test "pcap-run --claim-fd: markers that are there stay, the lock goes" {
    mkdir w/.slim_markers
    : >w/.slim_markers/a.pcap
    runs pcap-run --dir w --claim-fd 9 --pace-fd 8 true
    status_is 0
    only_files w .slim_markers
    only_files w/.slim_markers a.pcap
}

@test "pcap-run --claim-fd: without --dir it is the current directory" {
    cd w
    runs pcap-run --claim-fd 9 bash -c 'readlink /proc/$$/fd/9'
    out_is "$(pwd -P)/.slim_markers/.lock"
    only_files .
}

@test "pcap-run --dir: no such directory" {
    runs pcap-run --dir none --claim-fd 9 echo hello
    refused_with "pcap-run: none: cannot open: No such file or directory"
    : >file
    runs pcap-run --dir file --claim-fd 9 echo hello
    refused_with "pcap-run: file: cannot open: Not a directory"
}

@test "pcap-run: a directory that may not be written ends nothing" {
    chmod 0555 w
    runs without_rights pcap-run --dir w --claim-fd 9 echo hello
    chmod 0755 w
    status_is 0
    out_is hello
}

@test "pcap-run: claims of one run keep another from the same file, and end with it" {
    cp "$FIXTURES/good-little-micro.pcap" w/a.pcap
    cp w/a.pcap w/b.pcap
    pcap-truncate w/a.pcap >slim
    # The first stage claims a.pcap and ends; the run lives on and keeps the claim.
    start pcap-run --dir w --claim-fd 9 bash -c 'cd w && printf "a.pcap\0" | pcap-truncate --files0-from=- --claim-fd 9 >../records && touch ../claimed && exec sleep 30'
    wait_for test -e claimed
    touch -d '10 minutes ago' w/a.pcap.tmp
    runs_from slim pcap-commit w/a.pcap
    status_is 1
    err_is "pcap-commit: w/a.pcap: left alone: another run is at work on it"
    runs_from slim pcap-commit w/b.pcap
    status_is 0
    runs pcap-commit --clean-stale w
    status_is 0
    err_empty
    [ -e w/a.pcap.tmp ]
    kill -TERM "$background"
    finish
    status_is 143
    runs pcap-commit --clean-stale w
    err_is "cleaned 1 stale .pcap.tmp file(s)"
    runs_from slim pcap-commit w/a.pcap
    status_is 0
    only_files w a.pcap b.pcap .slim_markers
    only_files w/.slim_markers a.pcap b.pcap
}

# ---- signals and orphans ----

@test "pcap-run: SIGTERM, SIGINT and SIGHUP reach the command and its children, and the status says so" {
    local signal want child
    for signal in TERM INT HUP; do
        want=$((128 + $(kill -l $signal)))
        rm -f ready pid
        # In the foreground: what a shell starts in the background ignores SIGINT.
        start pcap-run bash -c 'sh -c "echo \$\$ >pid; touch ready; exec sleep 60"; :'
        wait_for test -e ready
        child=$(cat pid)
        kill -s $signal "$background"
        finish
        status_is "$want"
        gone "$child" || explain "the child lives on after $signal"
    done
}

@test "pcap-run: a command that answers a signal with status 0 was interrupted all the same" {
    start pcap-run bash -c 'trap "echo caught; exit 0" TERM; touch ready; while :; do sleep 0.05; done'
    wait_for test -e ready
    kill -TERM "$background"
    finish
    status_is 143
    out_is caught
}

@test "pcap-run: waits for processes whose parent has ended, and its status is the command's" {
    runs pcap-run bash -c '(sleep 0.4; echo late) & exit 5'
    status_is 5
    out_is late
    runs pcap-run bash -c '( (sleep 0.3; echo later; exit 9) & ) & exit 0'
    status_is 0
    out_is later
}

@test "pcap-run: a signal reaches processes whose parent has ended" {
    start pcap-run bash -c '(trap "echo told >told; exit 0" TERM; touch ready; while :; do sleep 0.05; done) & exit 0'
    wait_for test -e ready
    kill -TERM "$background"
    finish
    status_is 143
    [ "$(cat told)" = told ]
}

@test "pcap-run: kill -9 of the command's shell does not end the run before its stages" {
    start pcap-run bash -c '(sleep 0.5; echo stage done) & echo $$ >pid; touch ready; wait; echo not reached'
    wait_for test -e ready
    kill -9 "$(cat pid)"
    finish
    status_is 137
    out_is "stage done"
}

@test "pcap-run: SIGTSTP stops the command, too, and SIGCONT goes on with it" {
    start pcap-run bash -c 'echo $$ >pid; touch ready; sleep 0.3; exit 4'
    wait_for test -e ready
    kill -TSTP "$background"
    wait_for grep -q '^State:.*T' "/proc/$(cat pid)/status"
    wait_for grep -q '^State:.*T' "/proc/$background/status"
    kill -CONT "$background"
    finish
    status_is 4
}

@test "pcap-run: ignored signals are not inherited by the command" {
    runs bash -c 'trap "" INT TERM HUP; exec pcap-run sh -c "grep SigIgn /proc/\$\$/status"'
    status_is 0
    [ $((0x${out##*[[:space:]]} & 0x4003)) -eq 0 ] || explain "some are still ignored"
}
