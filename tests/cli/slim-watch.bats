#!/usr/bin/env bats
# Watching a run: the progress line on a terminal, SIGUSR1, ndjson, metrics, levels.
load slim-helpers

make_slow() {
    mkdir -p d/.slim_markers # what is said before a first run is tried elsewhere
    make_big d/a.pcap 2
    rm d/a.pcap.slim
    cp "$SMALL" d/b.pcap
}

@test "on a terminal a line says how far it is, moves within a file, and leaves no rest" {
    make_slow
    on_screen 100 pcap-slim --dir d --max-io-mbps 3
    status_is 0
    drawn >lines
    # every line of the known form
    if grep -vxE '( [ 0-9]|10)[0-9]%  \[(.\[32m)?#*(.\[0m)?\.*\]  [012]/2 files  [0-9.]+( [kM]?B)?/2\.0 MB  [0-9.]+ [kM]?B/s  (-:--|0:[0-9]{2}) left  saved [0-9.]+ [kM]?B' lines; then
        explain "a line of another form"
    fi
    # inside the first file it moved: at least three different percentages
    [ "$(grep ' 0/2 files' lines | cut -c 1-4 | sort -u | wc -l)" -ge 3 ] || explain "it did not move: $(cat lines)"
    [ "$(cut -c 1-4 lines)" = "$(cut -c 1-4 lines | sort -n)" ] || explain "it went backwards: $(cat lines)"
    settled <"$out_file" >have
    cat >want <<'END'
limits: read + write 3 MB/s
ok d/a.pcap pkts=1300 truncated=1300 in=1989024 out=132624 (_ms)
ok d/b.pcap pkts=7 truncated=3 in=602 out=515 (_ms)
done: ok=2 skip=0 fail=0 elapsed=_
END
    sed -i "s/pkts=1300 truncated=1300 in=[0-9]* out=[0-9]*/_/; s/pkts=7 truncated=3 in=[0-9]* out=[0-9]*/_/" have want
    diff want have >&2
}

@test "the line fits a narrow window, and one that gets narrower" {
    make_slow
    on_screen 80,30,8 pcap-slim --dir d --max-io-mbps 3
    status_is 0
    drawn | sed 's/\x1b\[[0-9]*m//g' | awk '{ print length($0) }' | sort -n -u >lengths
    [ "$(head -n 1 lengths)" -le 7 ]
    [ "$(tail -n 1 lengths)" -le 79 ]
    [ "$(cut -d ' ' -f 1 "$out_file" | tr '\n' ' ')" = "limits: ok ok done: " ] || explain "a rest is left"
}

@test "COLUMNS narrows the line" {
    make_slow
    COLUMNS=30 on_screen 80 pcap-slim --dir d --max-io-mbps 4
    status_is 0
    [ "$(drawn | wc -L)" -le 29 ]
    [ "$(drawn | wc -l)" -ge 1 ]
}

@test "NO_COLOR is obeyed" {
    make_slow
    NO_COLOR=1 on_screen 100 pcap-slim --dir d --max-io-mbps 4
    status_is 0
    drawn | grep -q '\[#*\.*\]'
    run grep -c $'\033\\[[0-9;]*m' raw
    [ "$output" = 0 ]
}

@test "no line where it is not wanted or cannot be: --no-progress, TERM=dumb, a pipe" {
    local words
    for words in '--no-progress' '-' 'dumb'; do
        rm -rf d raw
        make_slow
        set -- pcap-slim --dir d --max-io-mbps 4
        case $words in
        --no-progress) on_screen 80 "$@" --no-progress ;;
        -) on_screen 80 sh -c '"$@" 2>&1 | cat' sh "$@" ;;
        dumb) on_screen 80 env TERM=dumb "$@" ;;
        esac
        status_is 0
        [ -z "$(drawn)" ] || explain "$words: $(drawn)"
        out_has "done: ok="
    done
}

@test "no line of a run that is over in a moment" {
    local tries
    # On a busy machine even this one may take the 0.2 s after which the line is drawn.
    for tries in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf d raw
        mkdir d
        cp "$SMALL" d/b.pcap
        on_screen 80 pcap-slim --single d/b.pcap
        status_is 0
        case $out in *elapsed=0.[01]s*) break ;; esac
    done
    case $out in *elapsed=0.[01]s*) ;; *) skip "this machine is too busy for a run that is over in a moment" ;; esac
    [ -z "$(drawn)" ] || explain "$(drawn)"
}

@test "--check-only has its line, too" {
    make_slow
    on_screen 100 pcap-slim --dir d --check-only --max-io-mbps 1
    status_is 0
    drawn | grep -q 'files .* would save '
    out_has "check: ok=2 skip=0 fail=0"
}

@test "marked files are not part of what is to be done" {
    make_slow
    touch d/.slim_markers/b.pcap
    on_screen 100 pcap-slim --dir d --max-io-mbps 3
    status_is 0
    drawn | grep -q ' [01]/1 files '
    [ "$(drawn | grep -vc ' [01]/1 files ')" -eq 0 ] || explain "$(drawn)"
}

# ---- SIGUSR1 ----

progress_is_said() { grep -q '^progress: ' "$err_file"; }

# The driver ignores or catches SIGUSR1, bit 10.
listens() { [ "$(cat "/proc/$run/comm")" = pcap-slim ] && grep -qE '^Sig(Ign|Cgt):.*[2367abef]..$' "/proc/$run/status"; }

# A short run may be over before anybody looks.
listens_or_is_over() { listens || ! kill -0 "$run"; }

# Until there is an answer: a run that is only being started has none.
asks() {
    wait_for listens
    while ! progress_is_said && kill -USR1 "$run" 2>/dev/null; do sleep 0.05; done
}

@test "SIGUSR1: a line of progress each time, and the run goes on" {
    make_slow
    starts pcap-slim --dir d --max-io-mbps 1.5
    wait_for test -s d/a.pcap.tmp
    asks
    kill -USR1 "$run"
    ends
    status_is 0
    err_has "done: ok=2 skip=0 fail=0"
    [ "$(grep -cE '^progress: 0/2 files, [0-9.]+( [kM]B)?/2\.0 MB \([0-9]+%\), [0-9.]+ [kM]?B/s, (-:--|0:[0-9]{2}) left, saved 0 B$' "$err_file")" -ge 1 ]
    nothing_runs
}

@test "SIGUSR1 to every process of the run ends none of them" {
    make_slow
    starts pcap-slim --dir d --max-io-mbps 0.7
    wait_for test -s d/a.pcap.tmp
    asks
    kill -USR1 $(session_pids "$run")
    ends
    status_is 0
    err_has "progress: "
    err_has "done: ok=2 skip=0 fail=0"
}

@test "SIGUSR1 at any moment of a short run does no harm" {
    local n
    mkdir d
    for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
        rm -rf d/.slim_markers
        cp "$SMALL" d/a.pcap
        starts pcap-slim --dir d
        wait_for listens_or_is_over
        while kill -USR1 "$run" 2>/dev/null; do sleep 0.00$n; done
        ends
        status_is 0
        err_has "done: ok=1 skip=0 fail=0"
    done
}

@test "SIGUSR1 under --output json: the line is on standard error, the report is whole" {
    make_slow
    starts pcap-slim --dir d --max-io-mbps 0.5 --output json --check-only
    asks
    ends
    err_has "progress: 0/2 files"
    status_is 0
    json_is '.summary.ok == 2'
}
# ---- ndjson, metrics, levels ----

@test "--output ndjson: a record a line, the summary last" {
    mkdir d
    cp "$SMALL" d/a.pcap
    cp "$FIXTURES/bad-header-cut.pcap" d/b.pcap 2>/dev/null || head -c 10 "$SMALL" >d/b.pcap
    runs pcap-slim --dir d --output ndjson
    status_is 1
    [ "$(jq -r '.status // "summary"' "$out_file" | sort | tr '\n' ' ')" = "fail ok summary " ]
    [ "$(tail -n 1 "$out_file" | jq -c '[.summary.ok, .summary.fail]')" = '[1,1]' ]
}

@test "--metrics: written by a run wherever the path begins, not by one that only looks" {
    mkdir d
    cp "$SMALL" d/a.pcap
    runs pcap-slim --dir d --check-only --metrics m.prom
    status_is 0
    err_has "pcap-slim: warning: --metrics has no effect with --check-only"
    runs pcap-slim --dir d --dry-run --metrics m.prom
    err_has "pcap-slim: warning: --metrics has no effect with --dry-run"
    [ ! -e m.prom ]
    runs pcap-slim --dir d --metrics m.prom
    status_is 0
    kit metrics m.prom >have
    grep -q '^pcap_slim_run_files{.*,status="ok"} 1$' have
    grep -q "^pcap_slim_run_input_bytes{.*} $(bytes_of "$SMALL")\$" have
    grep -q "^pcap_slim_run_output_bytes{.*} $(bytes_of d/a.pcap)\$" have
    runs pcap-slim --dir d --metrics "$PWD/n.prom"
    status_is 0
    kit metrics n.prom | grep -qx "pcap_slim_run_files{directory=\"$(pwd -P)/d\",status=\"skipped_marker\"} 1"
    mkdir e
    cp "$FIXTURES/good-real-tls13.pcap" e/a.pcap
    runs pcap-slim --dir e --metrics none/m.prom
    misused "--metrics: no file can be made in $PWD/none/: No such file or directory"
    runs pcap-slim --dir e --metrics /proc/m.prom # where root has the right to, and cannot
    status_is 2
    err_has "pcap-slim: --metrics: no file can be made in /proc/: "
    same_bytes "$FIXTURES/good-real-tls13.pcap" e/a.pcap
    runs pcap-slim --dir e --metrics d
    misused "--metrics: $PWD/d is a directory"
    mkdir locked
    chmod 555 locked
    runs without_rights pcap-slim --dir e --metrics locked/m.prom
    misused "--metrics: no file can be made in $PWD/locked/: Permission denied"
    [ -z "$(find . -name 'm.prom.*')" ] || explain "a file stays: $(find . -name 'm.prom.*')"
    only_files e a.pcap
    same_bytes e/a.pcap "$FIXTURES/good-real-tls13.pcap"
    runs pcap-slim --dir d --metrics ''
    misused "--metrics takes the path of a file"
    only_files d .slim_markers a.pcap
}

@test "--log journal: every line has its level" {
    mkdir d
    cp "$SMALL" d/a.pcap
    head -c 10 "$SMALL" >d/b.pcap
    ln -s a.pcap d/c.pcap
    runs pcap-slim --dir d --log journal --max-io-mbps 100 --cpu-backoff-strength 0.5
    status_is 1
    [ "$(grep -vc '^<[346]>' "$err_file")" -eq 0 ] || explain "a line without a level"
    err_has "<4>pcap-slim: warning: --cpu-backoff-strength"
    err_has "<6>limits: "
    err_has "<6>ok d/a.pcap"
    err_has "<3>FAIL d/b.pcap"
    err_has "<4>skip (symbolic link): d/c.pcap"
    err_has "<6>done: "
    runs pcap-slim --dir none --log journal
    status_is 1
    err_is "<3>pcap-slim: none: cannot enter this directory: No such file or directory"
    runs pcap-slim --log syslog --dir d
    misused "--log takes auto, plain or journal, not 'syslog'"
}

@test "levels come by themselves where standard error is the journal's stream" {
    : >log
    JOURNAL_STREAM=$(stat -c %d:%i log) runs sh -c 'pcap-slim --dir none 2>log; pcap-slim --dir none --log plain 2>>log'
    [ "$(cat log)" = "<3>pcap-slim: none: cannot enter this directory: No such file or directory
pcap-slim: none: cannot enter this directory: No such file or directory" ]
    JOURNAL_STREAM=1:2 runs pcap-slim --dir none
    err_is "pcap-slim: none: cannot enter this directory: No such file or directory"
}

@test "progress counts a file that failed before anybody asked" {
    rm -rf d
    mkdir d
    make_big d/b.pcap 4
    rm d/*.slim
    : >d/0.pcap
    touch -d '1 hour ago' d/0.pcap
    starts pcap-slim --dir d --max-io-mbps 3
    wait_for grep -q '^FAIL d/0.pcap' "$err_file"
    wait_for test -s d/b.pcap.tmp
    kill -USR1 "$run"
    wait_for grep -q '^progress: ' "$err_file"
    kill -INT "$run"
    ends
    [ "$(sed -n 's,^progress: \([0-9/]*\) files.*,\1,p' "$err_file" | head -n 1)" = 1/2 ] || explain "another number of files"
}
