#!/usr/bin/env bats
# Filters give up what they do not need: an attempt to open, make, connect, signal or run something is refused, and in normal
# work nothing is attempted that would be.

load helpers

setup_file() {
    gcc -D_GNU_SOURCE -shared -fPIC -o "$BATS_FILE_TMPDIR/escape.so" "$BATS_TEST_DIRNAME/escape.c" >&2
    bats_require_minimum_version 1.5.0
}

setup_more() {
    case $BIN_DIR in */asan/*) skip "sanitizer builds have no sandbox" ;; esac
    mkdir captures
    cp "$FIXTURES"/good-little-micro.pcap captures/a.pcap
    cp "$FIXTURES"/good-real-tls13.pcap captures/b.pcap
    cp "$FIXTURES"/bad-body-none.pcap captures/c.pcap
    printf 'a.pcap\0b.pcap\0' >names
    rm -f /tmp/pcap-slim-escaped
}

# escaping MOMENT COMMAND...: with somebody inside who tries to get out at the first read or write.
escaping() {
    local moment=$1
    shift
    env LD_PRELOAD="$BATS_FILE_TMPDIR/escape.so" ESCAPE_AT="$moment" "$@"
}

# nothing_escaped [STATUS]
nothing_escaped() {
    status_is "${1:-0}"
    err_is 'escape: open refused
escape: create refused
escape: socket refused
escape: signal refused
escape: owner refused
escape: signal of the owner refused
escape: exec refused'
    [ ! -e /tmp/pcap-slim-escaped ] || explain "something was created"
}

# Without the sandbox the same attempts succeed: what refuses them is the sandbox.
everything_escapes() {
    err_has 'escape: open done'
    err_has 'escape: socket done'
    err_has 'escape: signal done'
    err_has 'escape: owner done'
    err_has 'escape: signal of the owner done'
    err_lacks 'refused'
    rm -f /tmp/pcap-slim-escaped
}

@test "pcap-truncate as a filter: nothing can be opened, made, connected or run" {
    runs_from captures/b.pcap escaping read pcap-truncate
    nothing_escaped
    runs escaping write pcap-truncate --record r.json captures/b.pcap
    nothing_escaped
    [ -s r.json ]
    runs_from captures/b.pcap escaping write pcap-truncate --no-sandbox
    everything_escapes
}

@test "pcap-scan, pcap-verify and pcap-report over what is open" {
    runs_from captures/b.pcap escaping write pcap-scan
    nothing_escaped
    cp "$out_file" records
    runs_from records escaping read pcap-report --check-only --output json
    nothing_escaped
    pcap-truncate --record r.json captures/b.pcap >slim.pcap
    runs escaping write pcap-verify --original captures/b.pcap slim.pcap
    nothing_escaped
    runs escaping write pcap-verify --record r.json slim.pcap
    nothing_escaped
    runs escaping write pcap-verify --no-sandbox --record r.json slim.pcap
    everything_escapes
    runs_from records escaping read pcap-report --no-sandbox --check-only --output json
    everything_escapes
}

@test "pcap-status: files of its directory for reading, markers of files that are gone for deleting" {
    mkdir elsewhere
    pcap-slim --dir captures 2>/dev/null || [ $? -eq 1 ]
    rm captures/a.pcap
    runs escaping look pcap-status --hash sha256 captures
    nothing_escaped 1
    runs escaping look pcap-status captures
    nothing_escaped 1
    runs escaping look pcap-status --prune-markers captures
    nothing_escaped 1
    out_has 'pruned_marker a.pcap'
    runs escaping look pcap-status --no-sandbox captures
    everything_escapes
    runs escaping look pcap-slim --no-sandbox --status captures
    everything_escapes
    # A rule each: what may be opened lies beneath that directory, and is written to only to delete markers.
    runs traced -y --trace=landlock_add_rule,seccomp log pcap-status captures
    status_is 1
    calls_are log "parent_fd=[0-9]*<$(pwd -P)/captures>" 1
    calls_are log landlock_add_rule 1
    calls_are log 'SECCOMP_SET_MODE_FILTER, [^N]*\{' 1
    calls_are log LANDLOCK_ACCESS_FS_REMOVE_FILE 0
}

@test "stages within a directory: nothing outside it" {
    cd captures
    runs_from ../names escaping write pcap-truncate --within . --files0-from=-
    nothing_escaped
    cp "$out_file" ../cut
    runs_from ../cut escaping write pcap-verify --within . --records
    nothing_escaped
    cp "$out_file" ../verified
    runs_from ../verified escaping write pcap-commit --within . --records
    nothing_escaped
    runs pcap-scan --within . --pending -- a.pcap
    status_is 0
    json_is '.status == "skipped_marker"'
    runs escaping write pcap-scan --within . c.pcap b.pcap
    err_has 'escape: open refused'
}

@test "a stage within a directory refuses names outside it" {
    mkdir other
    printf '../captures/a.pcap\0' >names
    before=$(picture captures)
    cd other
    runs_from ../names pcap-truncate --within . --files0-from=-
    status_is 0
    json_is '.status == "fail" and .error == "cannot open its directory: Permission denied"'
    cd ..
    unchanged captures "$before"
    runs pcap-truncate --within /nonexistent --files0-from=names
    refused_with "pcap-truncate: /nonexistent: cannot open: No such file or directory"
}

@test "--within goes with stages, and both options are taken as others are" {
    runs pcap-truncate --within . captures/a.pcap
    misuse_is pcap-truncate "--within goes with --files0-from"
    runs pcap-verify --within . --original captures/a.pcap captures/a.pcap
    misuse_is pcap-verify "--within goes with --records"
    runs pcap-commit --within . captures/a.pcap
    misuse_is pcap-commit "--within goes with --records"
    for program in pcap-truncate pcap-verify pcap-commit pcap-scan; do
        check_needs_value "$program" --within
        check_takes_no_value "$program" --no-sandbox
    done
    check_takes_no_value pcap-report --no-sandbox
    check_takes_no_value pcap-slim --no-sandbox
}

@test "pcap-commit by hand: only the target's directory" {
    pcap-truncate captures/b.pcap >slim.pcap
    runs_from slim.pcap escaping write pcap-commit captures/b.pcap
    nothing_escaped
    same_bytes slim.pcap captures/b.pcap
    cp "$FIXTURES"/good-real-tls13.pcap captures/d.pcap
    runs_from slim.pcap escaping write pcap-commit --no-sandbox captures/d.pcap
    everything_escapes
}

# In the trace, from a process's own filter on: nothing refused, nothing run, no socket. The trace is removed.
trace_is_clean() {
    "$PYTHON" - "$1" "$2" <<'EOF'
import glob, os, re, sys
entered = 0
for path in glob.glob(sys.argv[1] + ".[0-9]*"):
    inside = False
    for call in open(path, errors="replace"):
        if inside and (re.search(r"= -1 (EPERM|EACCES)", call) or re.match(r"(exec|socket|clone|fork|vfork)", call)):
            sys.exit("inside the sandbox: " + call)
        if inside and sys.argv[2] == "streams" and call.startswith("open"):
            sys.exit("opened inside the sandbox: " + call)
        if re.match(r"seccomp\(SECCOMP_SET_MODE_FILTER, .* = 0$", call) and "NULL" not in call:
            inside = True
    entered += inside
    os.unlink(path)
if not entered:
    sys.exit("no process went into the sandbox")
EOF
}

@test "in normal work nothing is attempted that is refused" {
    runs traced log pcap-truncate --hash sha256 --record r.json captures/b.pcap
    status_is 0
    trace_is_clean log streams
    runs_from captures/b.pcap traced log pcap-truncate --mmap --max-io-mbps 100 --cpu-backoff-above 1 --max-cpu-percent 90
    status_is 0
    trace_is_clean log streams
    pcap-truncate captures/b.pcap >slim.pcap
    runs traced log pcap-verify --hash sha256 --original captures/b.pcap slim.pcap
    status_is 0
    trace_is_clean log streams
    runs traced log pcap-slim --dir captures --check-only
    status_is 1
    trace_is_clean log files
    runs traced log pcap-slim --dir captures --hash sha256 --max-io-mbps 100 --cpu-backoff-above 1 --output json
    status_is 1
    json_is '.summary.ok == 2 and .summary.fail == 1'
    trace_is_clean log files
    runs traced log pcap-slim --single captures/a.pcap
    status_is 0
    trace_is_clean log files
    rm captures/a.pcap
    runs traced log pcap-status --hash sha256 --prune-markers --output json captures
    status_is 1
    json_is '.summary.pruned_marker == 1 and .summary.slim == 1'
    trace_is_clean log files
}

@test "attributes, stale files and leftovers inside the sandbox" {
    is_root || skip "another owner's files need root"
    chown 65534:65534 captures captures/a.pcap
    setfattr -n user.note -v kept captures/a.pcap
    printf x >captures/old.pcap.tmp
    touch -d '1 hour ago' captures/old.pcap.tmp
    cp captures/b.pcap captures/b.pcap.tmp
    runs traced log pcap-slim --dir captures
    status_is 1
    err_has 'cleaned 1 stale .pcap.tmp file(s)'
    err_has 'ok=2 skip=0 fail=1'
    trace_is_clean log files
    [ "$(getfattr --only-values -n user.note captures/a.pcap)" = kept ]
    [ "$(stat -c %u:%g captures/a.pcap)" = 65534:65534 ]
}

@test "a writer is noticed inside the sandbox as well" {
    exec 8>>captures/a.pcap
    runs traced log pcap-slim --dir captures
    exec 8>&-
    status_is 1
    err_has 'FAIL captures/a.pcap: still being written: a process has it open for writing'
    trace_is_clean log files
}

@test "a kernel that has neither is no reason to say anything" {
    pcap-truncate captures/b.pcap >want
    runs strace -o log -e inject=seccomp,landlock_create_ruleset:error=ENOSYS \
        -e inject=prctl:error=EINVAL pcap-truncate captures/b.pcap
    status_is 0
    err_is ''
    same_bytes want "$out_file"
    runs strace -f -o log -e inject=seccomp,landlock_create_ruleset:error=ENOSYS pcap-slim --dir captures
    status_is 1
    err_has 'ok=2 skip=0 fail=1'
    err_lacks sandbox
}

@test "pcap-slim keeps its stages within the directory, and the stage directory where there is one" {
    mkdir stage
    local here
    here=$(pwd -P)
    runs traced -y --trace=landlock_add_rule log pcap-slim --dir captures --stage-dir stage
    status_is 1
    # pcap-commit --clean-stale and three stages, each with both directories; pcap-scan --list, with that of the captures;
    # pcap-report has none.
    calls_are log "parent_fd=[0-9]*<$here/captures>" 5
    calls_are log "parent_fd=[0-9]*<$here/stage>" 4
    calls_are log landlock_add_rule 9
    runs traced -y --trace=landlock_add_rule check pcap-slim --single captures/c.pcap --check-only --retry-failed
    status_is 1
    calls_are check "parent_fd=[0-9]*<$here/captures>" 1
    calls_are check landlock_add_rule 1
}

@test "pcap-slim --no-sandbox: no filter goes in" {
    runs traced log pcap-slim --no-sandbox --dir captures
    status_is 1
    calls_are log 'landlock|SECCOMP_SET_MODE' 0
    runs traced with pcap-slim --dir captures
    [ "$(calls with landlock_restrict_self)" -gt 0 ]
    [ "$(calls with SECCOMP_SET_MODE_FILTER)" -gt 0 ]
}
