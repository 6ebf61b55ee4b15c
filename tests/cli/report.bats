#!/usr/bin/env bats
# pcap-report: records in, a report and the exit status out.

load helpers

bats_require_minimum_version 1.5.0

FIGURES='"in_pkts":5,"truncated":3,"kept":2,"in_bytes":599,"out_bytes":494,"elapsed_ms":12'

setup_more() {
    : >names
}

# record FILE STATUS [MEMBERS]
record() { printf '{"file":"%s","status":"%s"%s}\n' "$1" "$2" "${3:+,$3}"; }

one_of_each() {
    record ok.pcap ok "$FIGURES,\"linktype\":1"
    record fail.pcap fail '"error":"offset 24, packet 1: no good"'
    record marked.pcap skipped_marker
    record symlink.pcap skipped_symlink
    record hard.pcap skipped_hardlink
    record dir.pcap skipped_not_regular
    record busy.pcap skipped_busy
}

# ---- the face ----

@test "pcap-report --help" { check_help pcap-report; }
@test "pcap-report --version" { check_version pcap-report; }
@test "pcap-report: help and version on a full disk" { check_full pcap-report; }
@test "pcap-report: unknown options" { check_unknown_options pcap-report; }
@test "pcap-report: an unknown option behind the operand is named" { check_option_behind_operand pcap-report; }
@test "pcap-report: options without their value" { check_needs_value pcap-report --output --expect --prefix --metrics --progress-fd; }

@test "pcap-report: values where none is taken" {
    check_takes_no_value pcap-report --check-only --dry-run --no-progress --help --version
}

@test "pcap-report: operands are too much" {
    runs pcap-report records
    misuse_is pcap-report "records come on standard input; 'records' is too much"
}

@test "pcap-report: --output takes four words" {
    local word
    for word in xml '' JSON; do
        runs pcap-report --output "$word"
        misuse_is pcap-report "--output takes human, json, ndjson or records, not '$word'"
    done
}

@test "pcap-report: --output records: each with the prefix, and what did not arrive; nothing of the whole" {
    printf 'a.pcap\0b.pcap\0' >names
    echo '{"file":"a.pcap","status":"skipped_marker"}' >records
    runs_from records pcap-report --output records --prefix d/ --expect names
    status_is 1
    err_empty
    [ "$(jq -c '[.file, .status]' "$out_file")" = '["d/a.pcap","skipped_marker"]
["d/b.pcap","fail"]' ] || explain 'not these records'
    out_has 'no result arrived'
    runs pcap-report --output records
    status_is 0
    out_is ''
    err_empty
}

# ---- nothing ----

@test "pcap-report: no records" {
    runs pcap-report
    status_is 0
    out_empty
    err_is "no pcaps to process"
    runs pcap-report --check-only
    status_is 0
    out_empty
    err_is "no pcaps to process"
    runs pcap-report --dry-run --expect names
    status_is 0
    out_empty
    err_is "no pcaps to process"
}

@test "pcap-report --output json: no records, the empty report" {
    local words
    for words in '' --dry-run '--expect names'; do
        runs pcap-report --output json $words
        status_is 0
        err_is "no pcaps to process"
        settled_out_is '{"summary":{"ok":0,"skip":0,"fail":0,"elapsed_ms":0,"check_only":false,"in_bytes":0,"out_bytes":0,"saved_bytes":0},"files":[]}'
    done
    runs pcap-report --output json --check-only
    status_is 0
    settled_out_is '{"summary":{"ok":0,"skip":0,"fail":0,"elapsed_ms":0,"check_only":true,"in_bytes":0,"out_bytes":0,"saved_bytes":0},"files":[]}'
}

@test "pcap-report: empty lines are no records" {
    printf '\n\n' >records
    runs_from records pcap-report
    status_is 0
    err_is "no pcaps to process"
}

@test "pcap-report: only marked ones are nothing to process, others left alone are something" {
    record a.pcap skipped_marker >records
    runs_from records pcap-report
    status_is 0
    settled_err_is "skip (marked): a.pcap
no pcaps to process (slim already: 1)
done: ok=0 skip=1 fail=0 elapsed=_"
    record a.pcap skipped_busy >records
    runs_from records pcap-report
    status_is 0
    settled_err_is "skip (another run is at work on it): a.pcap
done: ok=0 skip=1 fail=0 elapsed=_"
}

# ---- the human report ----

@test "pcap-report: the human report, a line a file and one at the end" {
    one_of_each >records
    runs_from records pcap-report
    status_is 1
    out_empty
    settled_err_is "ok ok.pcap pkts=5 truncated=3 in=599 out=494 (_ms)
FAIL fail.pcap: offset 24, packet 1: no good
skip (marked): marked.pcap
skip (symbolic link): symlink.pcap
skip (several hard links): hard.pcap
skip (not a regular file): dir.pcap
skip (another run is at work on it): busy.pcap
done: ok=1 skip=5 fail=1 elapsed=_"
    err_has '(12ms)'
    runs_from records pcap-report --output human
    status_is 1
    err_has "done: ok=1 skip=5 fail=1 elapsed=0.0s saved=105 (17 %)"
}

@test "pcap-report --check-only says so at the end" {
    one_of_each >records
    runs_from records pcap-report --check-only
    status_is 1
    out_empty
    err_has "
slimming takes about 0:01 with these settings
check: ok=1 skip=5 fail=1 elapsed="
    err_lacks "done:"
    runs_from records pcap-report
    err_lacks "takes about"
}

@test "pcap-report: what is saved, in all" {
    {
        record a.pcap ok '"in_pkts":5,"truncated":3,"in_bytes":1000000,"out_bytes":250001'
        record b.pcap ok '"in_pkts":5,"truncated":3,"in_bytes":5000000000,"out_bytes":4000000000'
        record fail.pcap fail '"in_pkts":5,"truncated":3,"in_bytes":7,"out_bytes":1,"error":"no"'
    } >records
    runs_from records pcap-report
    err_has " saved=1000749999 (20 %)"
    runs_from records pcap-report --output json
    json_is '.summary | .in_bytes == 5001000000 and .out_bytes == 4000250001 and .saved_bytes == 1000749999'
    json_is '.summary | has("run_ms") == false'
    record longer.pcap ok '"in_pkts":5,"truncated":3,"in_bytes":100,"out_bytes":101' >records
    runs_from records pcap-report
    err_has " saved=0 (0 %)"
}

@test "pcap-report --check-only: how long slimming takes, by what reading took and what is to be moved" {
    # Half of a large file goes: read, written, and both read again are three times what the check read.
    { sleep 2; record a.pcap ok '"in_pkts":5,"truncated":3,"in_bytes":1000000000,"out_bytes":500000000'; } |
        pcap-report --check-only --output json >out
    out_file=out
    json_is '.summary | (.elapsed_ms >= 1900) and ((.run_ms - .elapsed_ms * 3) | fabs) <= 10'
    for i in $(seq 500); do record "$i" ok '"in_pkts":5,"truncated":0,"in_bytes":100,"out_bytes":100'; done >records
    runs_from records pcap-report --check-only --output json
    json_is '.summary | (.run_ms - .elapsed_ms * 4 - 500 * 4 | fabs) <= 10'
}

@test "pcap-report: status 0 when nothing failed" {
    one_of_each | grep -v '"fail"' >records
    runs_from records pcap-report
    status_is 0
    err_has "done: ok=1 skip=5 fail=0 elapsed="
}

@test "pcap-report: a link type other than Ethernet is said" {
    record a.pcap ok "$FIGURES,\"linktype\":147" >records
    runs_from records pcap-report
    status_is 0
    settled_err_is "ok a.pcap pkts=5 truncated=3 in=599 out=494 (_ms) [link type 147 is not Ethernet: every packet kept]
done: ok=1 skip=0 fail=0 elapsed=_"
}

@test "pcap-report: large figures are not cut" {
    record a.pcap ok '"in_pkts":5000000000,"truncated":4294967296,"kept":1,"in_bytes":9007199254740993,"out_bytes":9223372036854775807,"elapsed_ms":4294967297,"linktype":1' >records
    runs_from records pcap-report
    status_is 0
    err_has "ok a.pcap pkts=5000000000 truncated=4294967296 in=9007199254740993 out=9223372036854775807 (4294967297ms)"
}

# ---- the JSON report ----

@test "pcap-report --output json: one line, the promised keys" {
    one_of_each >records
    runs_from records pcap-report --output json
    status_is 1
    err_empty
    [ "$(wc -l <"$out_file")" -eq 1 ]
    json_is '[.files[] | select(.file == "marked.pcap")] == []' # it is only counted
    runs_from records pcap-report --output json --all
    settled <"$out_file" | jq -c '(.files[0] |= {file, status, in_pkts, truncated, kept, in_bytes, out_bytes, elapsed_ms})' >have
    cat >want <<'END'
{"summary":{"ok":1,"skip":5,"fail":1,"elapsed_ms":0,"check_only":false,"in_bytes":599,"out_bytes":494,"saved_bytes":105},"files":[{"file":"ok.pcap","status":"ok","in_pkts":5,"truncated":3,"kept":2,"in_bytes":599,"out_bytes":494,"elapsed_ms":0},{"file":"fail.pcap","status":"fail","error":"offset 24, packet 1: no good"},{"file":"marked.pcap","status":"skipped_marker"},{"file":"symlink.pcap","status":"skipped_symlink"},{"file":"hard.pcap","status":"skipped_hardlink"},{"file":"dir.pcap","status":"skipped_not_regular"},{"file":"busy.pcap","status":"skipped_busy"}]}
END
    diff want have >&2
    json_is '.files[0].elapsed_ms == 12 and (.summary | keys) == ["check_only", "elapsed_ms", "fail", "in_bytes", "ok", "out_bytes", "saved_bytes", "skip"]'
}

@test "pcap-report --output json --check-only" {
    one_of_each | grep -v '"fail"' >records
    runs_from records pcap-report --output json --check-only
    status_is 0
    json_is '.summary.check_only == true and .summary.ok == 1 and .summary.skip == 5 and (.files | length) == 5'
}

@test "pcap-report --output json: what a scan found comes through whole" {
    pcap-scan "$FIXTURES/good-little-micro.pcap" "$FIXTURES/good-timestamps.pcap" "$FIXTURES/good-linktype-user0.pcap" \
        "$FIXTURES/good-big-nano.pcap" "$FIXTURES/good-no-packets.pcap" >records
    runs_from records pcap-report --output json
    status_is 0
    [ "$(jq -c '.files[]' "$out_file")" = "$(jq -c . records)" ]
}

@test "pcap-report --output json: what is only for stages does not show" {
    record a.pcap ok "$FIGURES,\"stage\":{\"started_ns\":5,\"source\":{\"device\":1,\"inode\":2,\"size\":3,\"mtime_sec\":4,\"mtime_ns\":5}}" >records
    runs_from records pcap-report --output json
    status_is 0
    json_is '.files[0] | has("stage") | not'
}

# ---- records that are not the end ----

@test "pcap-report: records that stopped on the way are failures" {
    record a.pcap cut "$FIGURES" >records
    record b.pcap verified "$FIGURES" >>records
    runs_from records pcap-report
    status_is 1
    settled_err_is "FAIL a.pcap: the run ended before it was replaced; it is as it was
FAIL b.pcap: the run ended before it was replaced; it is as it was
done: ok=0 skip=0 fail=2 elapsed=_"
    runs_from records pcap-report --output json
    status_is 1
    json_is '.summary.fail == 2 and ([.files[] | .status == "fail" and
        .error == "the run ended before it was replaced; it is as it was"] | all)'
}

@test "pcap-report --expect: records that never arrived are failures" {
    one_of_each | grep -v '"fail"' >records
    printf 'ok.pcap\0gone.pcap\0marked.pcap\0lost.pcap\0' >names
    runs_from records pcap-report --expect names
    status_is 1
    err_has "FAIL gone.pcap: no result arrived: a process of the run died; run again
FAIL lost.pcap: no result arrived: a process of the run died; run again
done: ok=1 skip=5 fail=2 elapsed="
    runs_from records pcap-report --expect names --output json
    status_is 1
    json_is '.summary == {ok: 1, skip: 5, fail: 2, elapsed_ms: .summary.elapsed_ms, check_only: false,
        in_bytes: 599, out_bytes: 494, saved_bytes: 105} and
        .files[5:] == [{file: "gone.pcap", status: "fail", error: "no result arrived: a process of the run died; run again"},
                       {file: "lost.pcap", status: "fail", error: "no result arrived: a process of the run died; run again"}]'
}

@test "pcap-report --expect: no record at all" {
    printf 'a.pcap\0b.pcap' >names
    runs pcap-report --expect names
    status_is 1
    settled_err_is "FAIL a.pcap: no result arrived: a process of the run died; run again
FAIL b.pcap: no result arrived: a process of the run died; run again
done: ok=0 skip=0 fail=2 elapsed=_"
}

@test "pcap-report --expect: names with newlines and of other encodings are found again" {
    local name
    mkdir w
    for name in $'new\nline.pcap' $'\xff.pcap' $'\xfe.pcap' "q'\"\\.pcap" $'\xef\xbf\xbd.pcap'; do
        cp "$FIXTURES/good-no-packets.pcap" "w/$name"
    done
    find w -name '*.pcap' -print0 >names
    pcap-scan --files0-from=names >records
    runs_from records pcap-report --expect names
    status_is 0
    err_has "done: ok=5 skip=0 fail=0 elapsed="
}

@test "pcap-report --expect: a list that cannot be read" {
    runs pcap-report --expect none
    refused_with "pcap-report: none: cannot open: No such file or directory"
}

@test "pcap-report: a dead stage does not go unnoticed when all that is left is marked" {
    record a.pcap skipped_marker >records
    printf 'a.pcap\0b.pcap\0' >names
    runs_from records pcap-report --expect names
    status_is 1
    err_lacks "no pcaps to process"
}

# ---- input that is bad ----

@test "pcap-report: lines that are no records" {
    {
        record a.pcap ok "$FIGURES"
        echo 'not json'
        echo '[]'
        echo '{"status":"ok"}'
        echo '{"file":"x","status":"wonderful"}'
        echo '{"file":"x"}'
        echo '{"file":"x","file":"y","status":"ok"}'
        record b.pcap ok "$FIGURES"
    } >records
    runs_from records pcap-report
    status_is 1
    err_has "ok a.pcap "
    err_has "ok b.pcap "
    err_has "done: ok=2 skip=0 fail=0"
    err_has "pcap-report: standard input: not a record: no JSON object"
    err_has "pcap-report: standard input: not a record: no file in it"
    err_has "pcap-report: standard input: not a record: no status that is known"
    [ "$(grep -c '^pcap-report: standard input: not a record: ' "$err_file")" -eq 6 ]
}

@test "pcap-report: only bad input is not nothing to process" {
    echo '{"file":"a.pca' >records
    runs_from records pcap-report --output json
    status_is 1
    err_lacks "no pcaps to process"
    json_is '.summary.ok == 0 and .files == []'
}

@test "pcap-report: a last line without its newline, a line that is too long, unreadable input" {
    record a.pcap ok "$FIGURES" | tr -d '\n' >records
    runs_from records pcap-report
    status_is 0
    err_has "ok a.pcap "
    { record a.pcap ok "$FIGURES"; head -c 70000 /dev/zero | tr '\0' x; } >records
    runs_from records pcap-report
    status_is 1
    err_has "ok a.pcap "
    err_has "pcap-report: standard input: a name or record in the list is longer than 65536 bytes"
    runs sh -c 'pcap-report <.'
    status_is 1
    err_is "pcap-report: standard input: cannot read the list: Is a directory"
}

# ---- names ----

@test "pcap-report --prefix goes before each name, the missing ones too" {
    one_of_each | head -n 2 >records
    printf 'ok.pcap\0fail.pcap\0gone.pcap\0' >names
    runs_from records pcap-report --prefix /data/pcap/ --expect names
    status_is 1
    settled_err_is "ok /data/pcap/ok.pcap pkts=5 truncated=3 in=599 out=494 (_ms)
FAIL /data/pcap/fail.pcap: offset 24, packet 1: no good
FAIL /data/pcap/gone.pcap: no result arrived: a process of the run died; run again
done: ok=1 skip=0 fail=2 elapsed=_"
    runs_from records pcap-report --prefix=/data/pcap/ --output json
    json_is '.files | map(.file) == ["/data/pcap/ok.pcap", "/data/pcap/fail.pcap"]'
}

@test "pcap-report: control characters in names are escaped on the terminal, exact in JSON" {
    printf '%s\n' '{"file":"a\n\u001b[2Jb\u007f\\\tc.pcap","status":"skipped_busy"}' '{"file":"a\ufffd.pcap","file_hex":"610aff2e70636170","status":"would_slim"}' >records
    runs_from records pcap-report --prefix $'p\r/'
    status_is 0
    out_is $'would slim: p\\015/a\\012\\377.pcap'
    err_has 'skip (another run is at work on it): p\015/a\012\033[2Jb\177\\\011c.pcap'
    [ "$(tr -d '\n' <"$err_file" | LC_ALL=C tr -d ' -~' | wc -c)" -eq 0 ] || explain "control characters"
    runs_from records pcap-report --output json
    json_is '.files == [{file: "a\n\u001b[2Jb\u007f\\\tc.pcap", status: "skipped_busy"},
        {file: "a\n\ufffd.pcap", file_hex: "610aff2e70636170", status: "would_slim"}]'
}

@test "pcap-report: control characters in errors are escaped on the terminal, too" {
    printf '%s\n' '{"file":"a.pcap","status":"fail","error":"x\n\u001b[2Jok b.pcap.tmp is in the way"}' >records
    runs_from records pcap-report
    status_is 1
    settled_err_is 'FAIL a.pcap: x\012\033[2Jok b.pcap.tmp is in the way
done: ok=0 skip=0 fail=1 elapsed=_'
}

# ---- --dry-run ----

@test "pcap-report --dry-run lists on standard output; the marked ones are not worth a word" {
    {
        record a.pcap would_slim
        record m.pcap skipped_marker
        record l.pcap skipped_symlink
        record b.pcap would_slim
    } >records
    runs_from records pcap-report --dry-run --prefix d/
    status_is 0
    out_is "would slim: d/a.pcap
would slim: d/b.pcap"
    err_is "skip (symbolic link): d/l.pcap"
    runs_from records pcap-report --dry-run --prefix d/ --output json
    status_is 0
    out_is '{"file":"d/a.pcap","status":"would_slim"}
{"file":"d/b.pcap","status":"would_slim"}'
    err_is "skip (symbolic link): d/l.pcap"
}

@test "pcap-report --dry-run: failures count" {
    { record a.pcap would_slim; record b.pcap fail '"error":"cannot open: No such file or directory"'; } >records
    runs_from records pcap-report --dry-run
    status_is 1
    out_is "would slim: a.pcap"
    err_is "FAIL b.pcap: cannot open: No such file or directory"
    runs_from records pcap-report --dry-run --output json
    status_is 1
    out_is '{"file":"a.pcap","status":"would_slim"}'
    err_is "FAIL b.pcap: cannot open: No such file or directory"
}

# ---- its output, signals ----

@test "pcap-report: a full disk" {
    one_of_each | head -n 1 >records
    runs sh -c 'pcap-report --output json >/dev/full <records'
    status_is 1
    err_is "pcap-report: standard output: cannot write: No space left on device"
    record a.pcap would_slim >records
    runs sh -c 'pcap-report --dry-run >/dev/full <records'
    status_is 1
    err_is "pcap-report: standard output: cannot write: No space left on device"
}

@test "pcap-report: a signal is noted, what still arrives is reported, and the status tells" {
    local pid
    mkfifo input
    printf 'a.pcap\0b.pcap\0' >names
    "${AT_A_TERMINAL[@]}" pcap-report --expect names <input >out.txt 2>err.txt 3>&- &
    pid=$!
    exec 7>input
    wait_for sh -c "grep -q '^SigCgt:.*[4567cdef]...$' /proc/$pid/status" # it catches SIGTERM (bit 14)
    kill -TERM "$pid"
    record a.pcap ok "$FIGURES" >&7
    exec 7>&-
    status=0
    wait "$pid" || status=$?
    out=$(cat out.txt) err=$(cat err.txt)
    err_has "ok a.pcap pkts=5 "
    err_has "interrupted: 1 file(s) not begun"
    err_lacks "no pcaps to process"
    status_is 143
}

@test "pcap-report: --foreseen: what does not come is no failure; with --output records nothing is said of it" {
    printf 'a.pcap\0b.pcap\0' >names
    record a.pcap ok "$FIGURES" >records
    runs_from records pcap-report --foreseen names
    status_is 0
    settled_err_is 'ok a.pcap pkts=5 truncated=3 in=599 out=494 (_ms)
done: ok=1 skip=0 fail=0 elapsed=_'
    runs pcap-report --foreseen names --expect names
    misuse_is pcap-report '--expect and --foreseen exclude each other'
}

@test "pcap-report: interrupted before anything arrived is not nothing to process" {
    local pid
    mkfifo input
    printf 'a.pcap\0b.pcap\0' >names
    "${AT_A_TERMINAL[@]}" pcap-report --expect names <input >out.txt 2>err.txt 3>&- &
    pid=$!
    exec 7>input
    wait_for sh -c "grep -q '^SigCgt:.*[4567cdef]...$' /proc/$pid/status"
    kill -TERM "$pid"
    exec 7>&-
    status=0
    wait "$pid" || status=$?
    out=$(cat out.txt) err=$(cat err.txt)
    err_is "interrupted: 2 file(s) not begun"
    status_is 143
}

# ---- a line a file as it arrives ----

@test "pcap-report --output ndjson: each record at once, the summary last" {
    local pid
    mkfifo input
    one_of_each >records
    "${AT_A_TERMINAL[@]}" pcap-report --output ndjson --all --prefix d/ <input >out.txt 2>err.txt 3>&- &
    pid=$!
    exec 7>input
    head -n 1 records >&7
    wait_for grep -q ok.pcap out.txt
    [ "$(wc -l <out.txt)" -eq 1 ]
    tail -n +2 records >&7
    exec 7>&-
    status=0
    wait "$pid" || status=$?
    status_is 1
    [ ! -s err.txt ]
    [ "$(wc -l <out.txt)" -eq 8 ]
    [ "$(jq -c '[.file, .status]' out.txt | head -n 7)" = '["d/ok.pcap","ok"]
["d/fail.pcap","fail"]
["d/marked.pcap","skipped_marker"]
["d/symlink.pcap","skipped_symlink"]
["d/hard.pcap","skipped_hardlink"]
["d/dir.pcap","skipped_not_regular"]
["d/busy.pcap","skipped_busy"]' ]
    tail -n 1 out.txt | settled >have
    echo '{"summary":{"ok":1,"skip":5,"fail":1,"elapsed_ms":0,"check_only":false,"in_bytes":599,"out_bytes":494,"saved_bytes":105}}' >want
    same_bytes have want
}

@test "pcap-report --output ndjson: nothing, a dry run" {
    runs pcap-report --output ndjson
    status_is 0
    settled_out_is '{"summary":{"ok":0,"skip":0,"fail":0,"elapsed_ms":0,"check_only":false,"in_bytes":0,"out_bytes":0,"saved_bytes":0}}'
    err_is "no pcaps to process"
    record a.pcap would_slim >records
    runs_from records pcap-report --dry-run --output ndjson
    status_is 0
    out_is '{"file":"a.pcap","status":"would_slim"}'
    err_empty
}

# ---- levels ----

LEVELLED='<6>ok ok.pcap pkts=5 truncated=3 in=599 out=494 (_ms)
<3>FAIL fail.pcap: offset 24, packet 1: no good
<4>skip (symbolic link): symlink.pcap
<4>skip (several hard links): hard.pcap
<4>skip (not a regular file): dir.pcap
<4>skip (another run is at work on it): busy.pcap
<6>done: ok=1 skip=5 fail=1 elapsed=_'

@test "pcap-report: levels for the journal, where standard error is its stream or where asked to" {
    one_of_each >records
    PCAP_SLIM_LOG=journal runs_from records pcap-report
    status_is 1
    settled_err_is "$LEVELLED"
    JOURNAL_STREAM=$(stat -c %d:%i records) runs_from records pcap-report
    err_has "
FAIL fail.pcap"
    : >log
    JOURNAL_STREAM=$(stat -c %d:%i log) runs sh -c 'pcap-report <records 2>log'
    status_is 1
    cp log "$err_file"
    settled_err_is "$LEVELLED"
    : >log
    PCAP_SLIM_LOG=plain JOURNAL_STREAM=$(stat -c %d:%i log) runs sh -c 'pcap-report <records 2>log'
    run grep -c '^<' log
    [ "$output" = 0 ]
}

@test "pcap-report: messages of every kind have their level" {
    echo nonsense >records
    PCAP_SLIM_LOG=journal runs_from records pcap-report
    err_has "<3>pcap-report: standard input: not a record: "
    PCAP_SLIM_LOG=journal runs pcap-report --nonsense
    err_is "<3>pcap-report: unknown option '--nonsense'
<3>Try 'pcap-report --help'."
    PCAP_SLIM_LOG=journal runs pcap-report
    err_is "<6>no pcaps to process"
}

# ---- metrics ----

# The samples of a file of metrics, read by the rules of the exposition format: NAME{LABELS} VALUE a line, sorted.
# D is the label of the directory at hand.
samples() { kit metrics "$1" | sed "s|directory=\"$(pwd -P)\"|D|"; }

@test "pcap-report --metrics: files by status, bytes, reasons, times" {
    local now
    one_of_each | sed 's/"linktype":1/"linktype":1,"by_reason":{"tls":{"packets":2,"bytes_saved":77},"ssh":{"packets":1,"bytes_saved":28}},"kept_by_reason":{"short":2}/' >records
    now=$(date +%s)
    printf 1234567 >fail.pcap
    runs_from records pcap-report --metrics m.prom
    status_is 1
    only_files . .err .out fail.pcap m.prom names records
    [ "$(stat -c %a m.prom)" = 644 ]
    samples m.prom >have
    grep -v 'timestamp\|duration\| 0$' have >figures
    cat >want <<END
pcap_slim_failed_runs_total{D} 1
pcap_slim_files_total{D,status="fail"} 1
pcap_slim_files_total{D,status="ok"} 1
pcap_slim_files_total{D,status="skipped_busy"} 1
pcap_slim_files_total{D,status="skipped_hardlink"} 1
pcap_slim_files_total{D,status="skipped_marker"} 1
pcap_slim_files_total{D,status="skipped_not_regular"} 1
pcap_slim_files_total{D,status="skipped_symlink"} 1
pcap_slim_info{D,version="$VERSION"} 1
pcap_slim_input_bytes_total{D} 599
pcap_slim_output_bytes_total{D} 494
pcap_slim_pending_bytes{D} 7
pcap_slim_pending_files{D} 2
pcap_slim_run_files{D,status="fail"} 1
pcap_slim_run_files{D,status="ok"} 1
pcap_slim_run_files{D,status="skipped_busy"} 1
pcap_slim_run_files{D,status="skipped_hardlink"} 1
pcap_slim_run_files{D,status="skipped_marker"} 1
pcap_slim_run_files{D,status="skipped_not_regular"} 1
pcap_slim_run_files{D,status="skipped_symlink"} 1
pcap_slim_run_input_bytes{D} 599
pcap_slim_run_input_file_bytes{D} 599
pcap_slim_run_output_bytes{D} 494
pcap_slim_run_output_file_bytes{D} 494
pcap_slim_run_reason_packets{D,reason="short"} 2
pcap_slim_run_reason_packets{D,reason="ssh"} 1
pcap_slim_run_reason_packets{D,reason="tls"} 2
pcap_slim_run_reason_saved_bytes{D,reason="ssh"} 28
pcap_slim_run_reason_saved_bytes{D,reason="tls"} 77
pcap_slim_run_saved_bytes{D} 105
pcap_slim_runs_total{D} 1
pcap_slim_saved_bytes_total{D} 105
END
    diff want figures >&2
    grep -qx 'pcap_slim_run_reason_saved_bytes{D,reason="quic"} 0' have
    grep -qx 'pcap_slim_last_success_timestamp_seconds{D} 0' have
    grep -q '^pcap_slim_run_duration_seconds{D} 0\.[0-9]*$' have
    [ "$(sed -n 's/^pcap_slim_run_timestamp_seconds{D} //p' have)" -ge "$now" ]
}

@test "pcap-report --metrics: the last success stays when a later run fails" {
    local success
    one_of_each | grep -v '"fail"' >records
    runs_from records pcap-report --metrics m.prom
    status_is 0
    success=$(samples m.prom | sed -n 's/^pcap_slim_last_success_timestamp_seconds{D} //p')
    [ "$success" -gt 1700000000 ]
    sed -i "s/^\(pcap_slim_last_success_timestamp_seconds{.*}\) .*/\1 1700000123/" m.prom
    one_of_each >records
    runs_from records pcap-report --metrics m.prom
    status_is 1
    samples m.prom | grep -qx 'pcap_slim_last_success_timestamp_seconds{D} 1700000123'
    : >records
    runs_from records pcap-report --metrics m.prom
    status_is 0
    [ "$(samples m.prom | sed -n 's/^pcap_slim_last_success_timestamp_seconds{D} //p')" -ge "$success" ]
}

@test "pcap-report --metrics: a place that cannot be written to is misuse, no rest is left" {
    one_of_each | head -n 1 >records
    runs_from records pcap-report --metrics none/m.prom
    status_is 2
    err_has "pcap-report: none/m.prom: cannot write the metrics: No such file or directory"
    mkdir m.prom
    runs_from records pcap-report --metrics m.prom
    status_is 2
    err_is "pcap-report: m.prom: cannot write the metrics: Is a directory"
    only_files . .err .out m.prom names records
}

@test "pcap-report --metrics: counters go on from the old file, whatever is in it" {
    value_of() { samples m.prom | sed -n "s/^$1 //p"; }
    one_of_each >records
    for _ in 1 2 3; do runs_from records pcap-report --metrics m.prom; done
    [ "$(value_of 'pcap_slim_runs_total{D}')" = 3 ]
    [ "$(value_of 'pcap_slim_failed_runs_total{D}')" = 3 ]
    [ "$(value_of 'pcap_slim_files_total{D,status="ok"}')" = 3 ]
    [ "$(value_of 'pcap_slim_saved_bytes_total{D}')" = 315 ]
    [ "$(value_of 'pcap_slim_run_saved_bytes{D}')" = 105 ]
    # Those of another directory are not ours.
    sed -i "s|directory=\"|&/elsewhere|" m.prom
    runs_from records pcap-report --metrics m.prom
    [ "$(value_of 'pcap_slim_runs_total{D}')" = 1 ]
    # What is no count begins at 0, and no file is too long, too strange or not there.
    for value in -1 1e9 '' x 99999999999999999999999999 18446744073709551615; do
        sed -i "s|^\(pcap_slim_runs_total{.*}\).*|\1 $value|" m.prom
        runs_from records pcap-report --metrics m.prom
        [ "$(value_of 'pcap_slim_runs_total{D}')" = 1 ] || explain "$value"
    done
    head -c 300000 /dev/urandom >m.prom
    runs_from records pcap-report --metrics m.prom
    [ "$(value_of 'pcap_slim_runs_total{D}')" = 1 ]
    printf 'pcap_slim_runs_total{directory="%s"} 41' "$(pwd -P)" >m.prom
    runs_from records pcap-report --metrics m.prom
    [ "$(value_of 'pcap_slim_runs_total{D}')" = 42 ]
}

@test "pcap-report --metrics: the name of the directory is escaped" {
    local here
    here=$(printf 'a "b"\\c\nd\377.')
    one_of_each >records
    mkdir "$here"
    cd "$here"
    runs_from ../records pcap-report --metrics ../m.prom
    cd ..
    printf 'pcap_slim_runs_total{directory="%s/a \\"b\\"\\\\c\\nd?."} 1\n' "$(pwd -P)" >want
    grep -qxFf want m.prom || explain "$(cat want; grep runs_total m.prom)"
}

@test "alert rules: promtool has no complaint, and each fires when it is to" {
    command -v promtool >/dev/null || skip "promtool is not installed"
    runs promtool check rules "$ROOT/packaging/prometheus/pcap-slim.rules.yml"
    status_is 0
    runs promtool test rules "$ROOT/tests/prometheus/rules.yml"
    status_is 0
}

@test "pcap-report --metrics: promtool has no complaint" {
    command -v promtool >/dev/null || skip "promtool is not installed"
    one_of_each >records
    runs_from records pcap-report --metrics m.prom
    runs_from m.prom promtool check metrics
    status_is 0
    out_empty
    err_empty
}

@test "pcap-report --metrics is for runs" {
    runs pcap-report --metrics m.prom --check-only
    misuse_is pcap-report "--metrics is for a run; it goes with neither --check-only nor --dry-run"
    runs pcap-report --metrics m.prom --dry-run
    misuse_is pcap-report "--metrics is for a run; it goes with neither --check-only nor --dry-run"
}

@test "pcap-report refuses a terminal as standard input" {
    runs kit terminal pcap-report
    status_is 2
    out_is "pcap-report: standard input is a terminal; records are expected there
Try 'pcap-report --help'."
}

@test "pcap-report: many packets that could not be looked into, and why, in one line; few are not worth one" {
    local reason
    for reason in not_ip fragment other_transport offloaded truncated_headers malformed linktype tunnel simple_packet; do
        record a.pcap ok "\"in_pkts\":200,\"truncated\":0,\"kept\":200,\"kept_by_reason\":{\"$reason\":100,\"short\":100}" >records
        runs_from records pcap-report
        err_has "100 of 200 packets could not be looked into ($reason 100); for tags and tunnels see --tunnels"
    done
    for reason in '"not_ip":99' '"cleartext":200' '"not_ip":100,"short":1900'; do
        record a.pcap ok "\"in_pkts\":200,\"truncated\":0,\"kept\":200,\"kept_by_reason\":{$reason}" >records
        runs_from records pcap-report
        case $err in *looked*) explain "not of $reason" ;; esac
    done
}
