#!/usr/bin/env bats
# pcap-slim with several --dir: each as if it were alone, one report, one exit status.
load slim-helpers

setup_file() { make_oracle; }
setup_more() {
    mkdir d 'e f'
    cp "$SMALL" d/a.pcap
    cp "$SMALL" 'e f/a.pcap'
    cp "$SMALL" 'e f/b.pcap'
}
IN=$(bytes_of "$SMALL")
OUT() { bytes_of "$ORACLE/good-payload-tcp.pcap"; }
BAD='offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it'

both_are_slim() {
    local file
    for file in d/a.pcap 'e f/a.pcap' 'e f/b.pcap'; do
        same_bytes "$file" "$ORACLE/good-payload-tcp.pcap"
        [ -s "${file%/*}/.slim_markers/${file##*/}" ] || explain "$file has no marker"
    done
}

@test "one report and one last line of all; nothing is left behind" {
    mkdir scratch
    TMPDIR=$PWD/scratch runs pcap-slim --dir d --dir 'e f/'
    status_is 0
    out_is ''
    settled_err_is "ok d/a.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
ok e f/a.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
ok e f/b.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
done: ok=3 skip=0 fail=0 elapsed=_"
    err_has "saved=$((3 * (IN - $(OUT)))) ("
    both_are_slim
    only_files d .slim_markers a.pcap
    only_files scratch
}

@test "JSON: one object, names as they were given, the totals of all" {
    runs pcap-slim --dir "$PWD/d" --dir 'e f' --output json
    status_is 0
    err_empty
    [ "$(jq -c '[.summary.ok, .summary.in_bytes, .summary.out_bytes]' "$out_file")" = "[3,$((3 * IN)),$((3 * $(OUT)))]" ] ||
        explain 'the totals are not those of all'
    [ "$(jq -r '.files[].file' "$out_file")" = "$PWD/d/a.pcap
e f/a.pcap
e f/b.pcap" ] || explain 'not these files'
    [ "$(jq -s length "$out_file")" -eq 1 ] || explain 'more than one object'
}

@test "JSON lines: one summary, behind the last file" {
    runs pcap-slim --dir d --dir 'e f' --output ndjson
    status_is 0
    [ "$(jq -c '.file // .summary.ok' "$out_file")" = '"d/a.pcap"
"e f/a.pcap"
"e f/b.pcap"
3' ] || explain 'not these lines'
}

@test "listing and checking write nothing, and speak of all" {
    before=$(picture d; picture "e f")
    runs pcap-slim --dir d --dir 'e f' --dry-run
    status_is 0
    err_empty
    out_is 'would slim: d/a.pcap
would slim: e f/a.pcap
would slim: e f/b.pcap'
    runs pcap-slim --dir d --dir 'e f' --check-only
    status_is 0
    out_is ''
    err_has 'check: ok=3 skip=0 fail=0'
    [ "$(picture d; picture "e f")" = "$before" ] || explain "something was written"
}

@test "one failure anywhere: status 1, noted in its directory; the others are done" {
    cp "$FIXTURES/bad-body-first.pcap" d/bad.pcap
    runs pcap-slim --dir d --dir 'e f'
    status_is 1
    err_has "FAIL d/bad.pcap: $BAD"
    err_has 'done: ok=3 skip=0 fail=1'
    both_are_slim
    [ -s d/.slim_markers/.failed/bad.pcap ] || explain 'it is not noted'
    runs pcap-slim --dir d --dir 'e f'
    status_is 0
    err_has 'done: ok=0 skip=4 fail=0'
}

@test "a directory that is not there: said, the others are done, status 1; none is there: nothing is done" {
    runs pcap-slim --dir d --dir none --dir 'e f'
    status_is 1
    err_has 'pcap-slim: none: cannot enter this directory'
    err_has 'done: ok=3 skip=0 fail=0'
    both_are_slim
    runs pcap-slim --dir none --dir neither --output json
    status_is 1
    out_is ''
}

@test "nothing to do is said once, and why in all of them" {
    mkdir g h
    runs pcap-slim --dir g --dir h
    status_is 0
    err_is 'no pcaps to process (nothing is there)'
    : >g/readme.txt
    : >h/notes.txt
    : >h/more.txt
    runs pcap-slim --dir g --dir h
    err_is 'no pcaps to process (names that do not match: 3)'
    runs pcap-slim --dir d --age-minutes 60 --dir 'e f' --dir g
    status_is 0
    err_is 'no pcaps to process (younger than 60 min: 3, names that do not match: 1)'
    runs pcap-slim --dir d --dir none --age-minutes 60
    status_is 1
    err_is 'pcap-slim: none: cannot enter this directory: No such file or directory
no pcaps to process (younger than 60 min: 1)'
    runs pcap-slim --dir d --dir 'e f' -q
    status_is 0
    touch d/young.pcap
    touch -d '2 hours ago' d/a.pcap e*/*.pcap
    runs pcap-slim --dir d --dir g --age-minutes 60
    runs pcap-slim --dir d --dir g --age-minutes 60 --max-io-mbps 500
    status_is 0
    err_has 'no pcaps to process (slim already: 1, younger than 60 min: 1, names that do not match: 1)'
    rm g/* h/*
    runs pcap-slim --dir g --dir h --output json
    status_is 0
    settled_out_is '{"summary":{"ok":0,"skip":0,"fail":0,"elapsed_ms":0,"check_only":false,"in_bytes":0,"out_bytes":0,"saved_bytes":0},"files":[]}'
}

@test "with --recursive, --workers and limits; a directory that is named twice is done once" {
    mkdir d/sub
    cp "$SMALL" d/sub/c.pcap
    runs pcap-slim --dir d --dir 'e f' --dir d --recursive --workers 2 --max-io-mbps 500
    status_is 0
    err_has 'done: ok=4 skip=2 fail=0'
    err_has 'skip (marked): d/sub/c.pcap'
    [ "$(grep -c '^limits: ' "$err_file")" -eq 1 ] || explain "$err"
    both_are_slim
}

@test "in the configuration file several, too; --dir takes their place" {
    printf 'dir = %s\n' "$PWD/d" "$PWD/e f" >conf
    runs pcap-slim --config conf --dry-run
    status_is 0
    [ "$(wc -l <"$out_file")" -eq 3 ] || explain 'not of both'
    runs pcap-slim --config conf --dry-run --dir d
    status_is 0
    out_is 'would slim: d/a.pcap'
}

@test "what is about one directory is misuse" {
    runs pcap-slim --dir d --dir 'e f' --until-free 1%
    misused '--until-free goes with one --dir; give each directory a run of its own'
    runs pcap-slim --dir d --dir 'e f' --metrics m.prom
    misused '--metrics goes with one --dir; give each directory a run of its own'
    runs pcap-slim --dir d --dir ''
    misused '--dir takes the path of a directory'
    [ ! -e m.prom ]
}

@test "SIGTERM in the first: 143, the others are not begun, a re-run finishes" {
    mkdir scratch
    make_big d/big.pcap 4
    mv d/big.pcap.slim want
    cp d/big.pcap original
    rm d/a.pcap
    TMPDIR=$PWD/scratch starts pcap-slim --dir d --dir 'e f' --max-io-mbps 2
    wait_for test -s d/big.pcap.tmp
    kill -TERM "$run"
    ends
    status_is 143
    err_has 'FAIL d/big.pcap: interrupted'
    [ "$(grep -c 'interrupted: 2 file(s) not begun' <<<"$err")" -eq 1 ] || explain 'not in one line'
    err_has 'done: ok=0 skip=0 fail=1'
    same_bytes d/big.pcap original
    only_files d big.pcap
    only_files 'e f' a.pcap b.pcap
    only_files scratch
    [ -z "$(session_pids "$run")" ] || explain 'a process is left'
    runs pcap-slim --dir d --dir 'e f'
    status_is 0
    same_bytes d/big.pcap want
}

@test "SIGINT between files of two directories: one line and one number say how many were not begun" {
    cp "$SMALL" d/c.pcap
    make_big d/big.pcap 4
    rm d/big.pcap.slim
    touch -d '1 hour ago' d/big.pcap
    starts pcap-slim --dir 'e f' --dir d --max-io-mbps 2 --output json
    wait_for test -s d/big.pcap.tmp
    kill -INT "$run"
    ends
    status_is 130
    [ "$(grep -c 'interrupted: 2 file(s) not begun' <<<"$err")" -eq 1 ] || explain 'not in one line'
    json_is '.summary.not_begun == 2 and .summary.ok == 2 and .summary.fail == 1'
}

@test "a directory is listed at its turn: what is gone by then fails nothing, what has come is slimmed" {
    mkdir slow
    cp -- "$BIN_DIR"/pcap-* slow/
    mv slow/pcap-scan slow/pcap-scan.real
    cat >slow/pcap-scan <<'END'
#!/bin/sh
# in the second directory, when the first is done
if [ -e b.pcap ] && [ -e ../d/.slim_markers/a.pcap ]; then mv b.pcap c.pcap; fi
exec "$0.real" "$@"
END
    chmod 755 slow/pcap-scan
    runs slow/pcap-slim --dir d --dir 'e f'
    status_is 0
    settled_err_is "ok d/a.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
ok e f/a.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
ok e f/c.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
done: ok=3 skip=0 fail=0 elapsed=_"
}

@test "on a terminal one line is of all of them, moves within a file, and leaves no rest" {
    mkdir -p d/.slim_markers
    make_big 'e f/a.pcap' 2
    rm 'e f/a.pcap.slim'
    touch -d '1 hour ago' 'e f/a.pcap'
    on_screen 100 pcap-slim --dir d --dir 'e f' --max-io-mbps 3
    status_is 0
    drawn >lines
    if grep -v '[0123]/3 files .*/2.0 MB' lines; then explain 'not of all'; fi
    [ "$(grep ' 1/3 files' lines | cut -c 1-4 | sort -u | wc -l)" -ge 3 ] || explain "it did not move: $(cat lines)"
    [ "$(cut -c 1-4 lines)" = "$(cut -c 1-4 lines | sort -n)" ] || explain "it went backwards: $(cat lines)"
    [ "$(cut -d ' ' -f 1 "$out_file" | tr '\n' ' ')" = 'pcap-slim: limits: ok ok ok done: ' ] || explain 'a rest is left'
}

@test "SIGUSR1 is answered once, of all of them" {
    make_big 'e f/a.pcap' 4
    rm 'e f/a.pcap.slim'
    touch -d '1 hour ago' 'e f/a.pcap'
    starts pcap-slim --dir d --dir 'e f' --max-io-mbps 4
    wait_for test -s 'e f/a.pcap.tmp'
    kill -USR1 "$run"
    wait_for grep -q 'progress: 1/3 files' "$err_file"
    ends
    status_is 0
    [ "$(grep -c 'progress: ' <<<"$err")" -eq 1 ] || explain 'not once'
}

@test "SIGINT before the first has begun anything: 130, and nothing is said of nothing to do" {
    mkdir slow
    cp -- "$BIN_DIR"/pcap-* slow/
    mv slow/pcap-scan slow/pcap-scan.real
    # $0, $@: of the script that is written
    # shellcheck disable=SC2016
    printf '#!/bin/sh\n: >"%s/listing"\nsleep 0.5\nexec "$0.real" "$@"\n' "$PWD" >slow/pcap-scan
    chmod 755 slow/pcap-scan
    before=$(picture d; picture 'e f')
    starts slow/pcap-slim --dir d --dir 'e f' --check-only
    wait_for test -e listing
    kill -INT "$run"
    ends
    status_is 130
    case $err in *'no pcaps'*) explain 'it says that there was nothing to do' ;; esac
    [ "$(picture d; picture 'e f')" = "$before" ] || explain 'something was written'
}
