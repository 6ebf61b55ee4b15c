#!/usr/bin/env bats
# pcap-slim over a directory: reports, order and age, the rules of replacing in place, stale temporary files.
load slim-helpers

setup_file() { make_oracle; }
setup_more() { mkdir d; }
teardown_more() { [ -z "${public-}" ] || rm -rf -- "$public"; }

# A folder that other users can reach, $public, and a way to be one: as_other COMMAND...
make_public() {
    is_root || skip "needs root to become another user"
    public=$(mktemp -d "${TMPDIR:-/tmp}/pcap-slim-test.XXXXXXXX")
    chmod 755 "$public"
    as_other test -x "$BIN_DIR/pcap-slim" -a -x "$public" || skip "other users cannot reach the programs"
}
as_other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# picture of a folder without what a look for pending files may touch: the marker directory's time.
contents() { picture "$1" | grep -v '^\./\.slim_markers d\|^\. d'; }
same_contents() { [ "$(contents "$1")" = "$2" ] || explain "$1 changed: $(diff <(echo "$2") <(contents "$1"))"; }

# Three captures: one slimmed, one that is no Ethernet, one that is damaged; 1, 2 and 3 minutes old.
three() {
    cp "$SMALL" d/a.pcap
    cp "$FIXTURES/good-linktype-user0.pcap" d/raw.pcap
    cp "$FIXTURES/bad-body-first.pcap" d/bad.pcap
    touch -d '3 minutes ago' d/a.pcap
    touch -d '2 minutes ago' d/raw.pcap
    touch -d '1 minute ago' d/bad.pcap
}
IN=$(stat -c %s "$SMALL")
OUT() { bytes_of "$ORACLE/good-payload-tcp.pcap"; }
BAD='offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it'

good_fixtures() { cp -- "$FIXTURES"/good-*.pcap "$1/"; }

# The captures in $1 are the oracle's, every one is marked, nothing else is there.
all_right() {
    local file n=0
    diff -rq --exclude=.slim_markers -- "$1" "$ORACLE" >&2 || explain "not the oracle's"
    for file in "$ORACLE"/good-*.pcap; do
        file=${file##*/}
        [ -s "$1/.slim_markers/$file" ] || explain "$file has no marker"
        n=$((n + 1))
    done
    [ "$n" -gt 50 ]
    [ "$(find "$1" -type f | wc -l)" -eq $((2 * n)) ] || explain "other files: $(find "$1" -type f)"
    [ "$(find "$1" -mindepth 1 -type d | wc -l)" -eq 1 ] || explain "other folders"
}

# ---- reports ----

# said: whether it was said, exactly and once, what the policy packet cuts besides
said() { [ "$(grep -cxF -- "$WHAT_GOES" "$err_file")" -eq 1 ]; }

@test "what the policy packet cuts besides is said before the first run, and by --check-only; not otherwise" {
    three
    mkdir e
    cp d/a.pcap e/a.pcap
    cp d/a.pcap e/b.pcap
    runs pcap-slim --dir d --output json
    ! said
    rm -r d/.slim_markers
    runs pcap-slim --dir d --policy flow
    ! said
    rm -r d/.slim_markers
    runs pcap-slim --dir d -q
    ! said
    rm -r d/.slim_markers
    runs pcap-slim --dir d --dry-run
    ! said
    runs pcap-slim --dir d
    said
    runs pcap-slim --dir d --retry-failed
    ! said
    runs pcap-slim --single e/a.pcap
    said
    runs pcap-slim --dir e
    ! said
    cp d/a.pcap e/c.pcap
    runs pcap-slim --dir e --check-only
    said
    mkdir empty
    runs pcap-slim --dir empty
    ! said
    mkdir m
    runs pcap-slim --dir e --marker-dir m
    said
    cp "$FIXTURES/good-little-micro.pcap" e/d.pcap
    runs pcap-slim --dir e --marker-dir m
    ! said
}

@test "human report: done, marked, refused, not Ethernet; status 1 when a file failed" {
    three
    runs pcap-slim --dir d
    status_is 1
    out_is ''
    settled_err_is "ok d/a.pcap pkts=7 truncated=3 in=$IN out=$(OUT) (_ms)
ok d/raw.pcap pkts=2 truncated=0 in=264 out=264 (_ms) [link type 147 is not Ethernet: every packet kept]
FAIL d/bad.pcap: $BAD
done: ok=2 skip=0 fail=1 elapsed=_"
    runs pcap-slim --dir d
    status_is 0
    out_is ''
    settled_err_is "skip (marked): d/a.pcap
skip (marked): d/raw.pcap
skip (failed before: $BAD): d/bad.pcap
done: ok=0 skip=3 fail=0 elapsed=_"
    rm d/bad.pcap
    runs pcap-slim --dir d
    status_is 0
    out_is ''
    settled_err_is "skip (marked): d/a.pcap
skip (marked): d/raw.pcap
no pcaps to process (slim already: 2)
done: ok=0 skip=2 fail=0 elapsed=_"
}

# The keys that pcap-slim-record(5) promises are there with their types, in one line and nothing else.
json_is_sound() {
    [ "$(wc -l <"$out_file")" -eq 1 ] || explain "not one line"
    json_is '(keys == ["files", "summary"]) and
        (.summary | keys - ["run_ms"] == ["check_only", "elapsed_ms", "fail", "in_bytes", "ok", "out_bytes", "saved_bytes", "skip"]) and
        (.summary | [.ok, .skip, .fail, .elapsed_ms | type == "number"] | all) and
        (.summary.in_bytes == ([.files[] | select(.status == "ok") | .in_bytes] | add // 0)) and
        (.summary.out_bytes == ([.files[] | select(.status == "ok") | .out_bytes] | add // 0)) and
        (.summary | .saved_bytes == .in_bytes - .out_bytes and has("run_ms") == (.check_only and .ok > 0)) and
        (.summary.check_only | type == "boolean") and
        (.files | type == "array") and
        ([.files[] | (.file | type == "string") and (.status | type == "string")] | all) and
        ([.files[] | select(.status == "ok") | .in_pkts, .truncated, .kept, .in_bytes, .out_bytes, .elapsed_ms |
            type == "number"] | all) and
        ([.files[] | select(.status == "ok") | has("error") | not] | all) and
        ([.files[] | select(.status == "ok") | .kept + .truncated == .in_pkts] | all) and
        ([.files[] | select(.status == "fail") | (.error | type == "string" and length > 0)] | all) and
        ([.files[] | select(.status == "fail") | has("in_pkts") or has("truncated") or has("kept") or has("in_bytes") or
            has("out_bytes") | not] | all) and
        ([.files[] | select(.status | startswith("skipped_")) | keys - ["error", "error_kind"] == ["file", "status"]] | all) and
        ([.files[] | select(.status == "skipped_failed") | .error | type == "string" and length > 0] | all) and
        (.summary.ok == ([.files[] | select(.status == "ok")] | length)) and
        (.summary.fail == ([.files[] | select(.status == "fail")] | length)) and
        (.summary.skip >= ([.files[] | select(.status | startswith("skipped_"))] | length)) and
        (.summary.ok + .summary.fail + .summary.skip >= (.files | length))'
}

@test "json report: the promised keys, types and figures; one line; status 1 when a file failed" {
    three
    runs pcap-slim --dir d --output json
    status_is 1
    err_is ''
    json_is_sound
    json_is ".summary | .ok == 2 and .skip == 0 and .fail == 1 and .check_only == false"
    json_is "[.files[].file] == [\"d/a.pcap\", \"d/raw.pcap\", \"d/bad.pcap\"]"
    json_is ".files[0] | .status == \"ok\" and .in_pkts == 7 and .truncated == 3 and .kept == 4 and
        .in_bytes == $IN and .out_bytes == $(OUT)"
    json_is '.files[1] | .status == "ok" and .in_pkts == 2 and .truncated == 0 and .kept == 2 and .linktype == 147'
    json_is ".files[2] | .status == \"fail\" and .error == \"$BAD\""
    runs pcap-slim --dir d --output json --all
    status_is 0
    json_is_sound
    json_is '.summary | .ok == 0 and .skip == 3 and .fail == 0'
    json_is '[.files[].status] == ["skipped_marker", "skipped_marker", "skipped_failed"]'
    # Without --all what is slim already is only counted.
    runs pcap-slim --dir d --output json
    json_is '.summary.skip == 3 and [.files[].file] == ["d/bad.pcap"]'
    runs pcap-slim --dir d --output ndjson
    [ "$(jq -r '.file // .summary.skip' "$out_file" | tr '\n' ' ')" = 'd/bad.pcap 3 ' ] || explain "other lines"
    runs pcap-slim --dir d --output ndjson -v
    [ "$(wc -l <"$out_file")" -eq 4 ]
}

@test "json report of --single: the path as it was given" {
    cp "$SMALL" d/a.pcap
    runs pcap-slim --single "./d//a.pcap" --output json
    status_is 0
    json_is_sound
    json_is '.files[0].file == "./d//a.pcap" and .files[0].status == "ok"'
}

@test "figures of every synthetic fixture are those of fixtures/README.md and of the files" {
    good_fixtures d
    runs pcap-slim --dir d --output json
    status_is 0
    json_is_sound
    "$PYTHON" - "$out_file" "$FIXTURES" d <<'PY'
import json, os, re, sys
report, fixtures, folder = sys.argv[1:]
want = {}
for line in open(os.path.join(fixtures, "README.md")):
    row = re.match(r"\| (good-\S+\.pcap) \| (\d+) \| ([\d\- ]+|none) \|", line)
    if row:
        ends = [span.split("-") for span in row[3].split()] if row[3] != "none" else []
        want[row[1]] = (int(row[2]), sum(int(e[-1]) - int(e[0]) + 1 for e in ends))
checked = 0
for f in json.load(open(report))["files"]:
    name = os.path.basename(f["file"])
    assert f["in_bytes"] == os.path.getsize(os.path.join(fixtures, name)), f
    assert f["out_bytes"] == os.path.getsize(os.path.join(folder, name)), f
    if name in want:
        assert (f["in_pkts"], f["truncated"]) == want[name], (f, want[name])
        checked += 1
assert checked == len(want) > 50, (checked, len(want))
PY
}

@test "--check-only: figures of what a run then gives, and nothing at all is written" {
    good_fixtures d
    cp "$FIXTURES"/bad-*.pcap "$FIXTURES"/unsupported-*.pcap d/
    touch -d '1 hour ago' d/dead.pcap.tmp
    local before
    before=$(picture d)
    runs pcap-slim --dir d --check-only --output json
    status_is 1
    err_is ''
    json_is_sound
    json_is '.summary.check_only == true'
    unchanged d "$before"
    jq -S '[.files[] | {file, status, in_pkts, truncated, kept, in_bytes, out_bytes, error}]' <"$out_file" >check.json
    runs pcap-slim --dir d --output json
    status_is 1
    json_is_sound
    json_is '.summary.check_only == false'
    jq -S '[.files[] | {file, status, in_pkts, truncated, kept, in_bytes, out_bytes, error}]' <"$out_file" >run.json
    diff check.json run.json >&2
    [ "$(jq length run.json)" -gt 100 ]
}

@test "--check-only: human report, marked files too, several workers, a file alone" {
    three
    runs pcap-slim --single d/a.pcap
    local before
    before=$(picture d)
    runs pcap-slim --dir d --check-only
    status_is 1
    out_is ''
    settled_err_is "skip (marked): d/a.pcap
ok d/raw.pcap pkts=2 truncated=0 in=264 out=264 (_ms) [link type 147 is not Ethernet: every packet kept]
FAIL d/bad.pcap: $BAD
slimming takes about _ with these settings
check: ok=1 skip=1 fail=1 elapsed=_"
    runs pcap-slim --dir d --check-only --workers 3 --output json
    status_is 1
    json_is_sound
    json_is '.summary | .ok == 1 and .skip == 1 and .fail == 1'
    runs pcap-slim --single d/raw.pcap --check-only
    status_is 0
    settled_err_is "ok d/raw.pcap pkts=2 truncated=0 in=264 out=264 (_ms) [link type 147 is not Ethernet: every packet kept]
slimming takes about _ with these settings
check: ok=1 skip=0 fail=0 elapsed=_"
    unchanged d "$before"
}

@test "--check-only works in a directory that cannot be written to, as a user that owns nothing; a run fails there" {
    make_public
    cp "$SMALL" "$public/a.pcap"
    cp "$SMALL" "$public/b.pcap"
    chmod 644 "$public"/*.pcap
    local before
    before=$(picture "$public")
    runs as_other pcap-slim --dir "$public" --check-only
    status_is 0
    err_has 'check: ok=2 skip=0 fail=0'
    runs as_other pcap-slim --dir "$public" --dry-run
    status_is 0
    err_is ''
    runs as_other pcap-slim --dir "$public"
    status_is 1
    err_has "FAIL $public/a.pcap: cannot make the marker directory .slim_markers: Permission denied"
    err_has 'done: ok=0 skip=0 fail=2'
    unchanged "$public" "$before"
}

@test "--dry-run: human and json, oldest first, nothing is written" {
    three
    runs pcap-slim --single d/raw.pcap
    touch -d '1 hour ago' d/dead.pcap.tmp
    local before
    before=$(picture d)
    runs pcap-slim --dir d --dry-run
    status_is 0
    err_is ''
    out_is "would slim: d/a.pcap
would slim: d/bad.pcap"
    runs pcap-slim --dir d --dry-run --output json
    status_is 0
    err_is ''
    out_is '{"file":"d/a.pcap","status":"would_slim"}
{"file":"d/bad.pcap","status":"would_slim"}'
    runs pcap-slim --single d/a.pcap --dry-run
    status_is 0
    out_is 'would slim: d/a.pcap'
    runs pcap-slim --single d/raw.pcap --dry-run
    status_is 0
    out_is ''
    err_is 'no pcaps to process (slim already: 1)'
    unchanged d "$before"
}

@test "nothing pending: said, and under json the empty report" {
    local empty='{"summary":{"ok":0,"skip":0,"fail":0,"elapsed_ms":0,"check_only":false,"in_bytes":0,"out_bytes":0,"saved_bytes":0},"files":[]}'
    runs pcap-slim --dir d
    status_is 0
    out_is ''
    err_is 'no pcaps to process (nothing is there)'
    runs pcap-slim --dir d --output json
    status_is 0
    err_is 'no pcaps to process (nothing is there)'
    settled_out_is "$empty"
    runs pcap-slim --dir d --check-only --output json
    status_is 0
    err_is 'no pcaps to process (nothing is there)'
    settled_out_is "${empty/false/true}"
    runs pcap-slim --dir d --dry-run
    status_is 0
    out_is ''
    err_is 'no pcaps to process (nothing is there)'
    runs pcap-slim --dir d --dry-run --output json
    status_is 0
    err_is 'no pcaps to process (nothing is there)'
    settled_out_is "$empty"
    only_files d
}

@test "all marked: nothing pending, and nothing is touched" {
    three
    rm d/bad.pcap
    runs pcap-slim --dir d
    local before mode
    before=$(contents d)
    for mode in '' --dry-run --check-only; do
        runs pcap-slim --dir d $mode
        status_is 0
        err_has 'no pcaps to process'
        runs pcap-slim --dir d $mode --output json
        status_is 0
        err_is 'no pcaps to process (slim already: 2)'
        json_is '.summary | .ok == 0 and .fail == 0'
    done
    same_contents d "$before"
}

@test "all marked: five processes" {
    three
    rm d/bad.pcap
    runs pcap-slim --dir d
    status_is 0
    runs traced --trace=execve log pcap-slim --dir d
    status_is 0
    [ "$(find . -maxdepth 1 -name 'log.*' | wc -l)" -eq 5 ] || explain "$(cat log.*)"
}

@test "standard output that cannot be written: status 1" {
    cp "$SMALL" d/a.pcap
    runs sh -c 'pcap-slim --dir d --output json --check-only >/dev/full'
    status_is 1
    runs sh -c 'pcap-slim --dir d --output json --dry-run >/dev/full'
    status_is 1
    runs sh -c 'pcap-slim --dir d --dry-run >/dev/full'
    status_is 1
    runs sh -c 'pcap-slim --dir d --output json >/dev/full'
    status_is 1
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
    [ -s d/.slim_markers/a.pcap ]
}

# ---- what is taken, and in which order ----

@test "oldest first, to the nanosecond and before 1970" {
    local name
    for name in z y x w v; do
        cp "$SMALL" "d/$name.pcap"
    done
    touch -d '1969-12-31 23:00:00 UTC' d/v.pcap
    touch -d '2020-01-01 00:00:00.000000001 UTC' d/z.pcap
    touch -d '2020-01-01 00:00:00.000000002 UTC' d/x.pcap
    touch -d '2020-01-01 00:00:00.1 UTC' d/y.pcap
    touch -d '2019-12-31 23:59:59.999999999 UTC' d/w.pcap
    runs pcap-slim --dir d --dry-run
    out_is "would slim: d/v.pcap
would slim: d/w.pcap
would slim: d/z.pcap
would slim: d/x.pcap
would slim: d/y.pcap"
    runs pcap-slim --dir d --output json
    json_is '[.files[].file] == ["d/v.pcap", "d/w.pcap", "d/z.pcap", "d/x.pcap", "d/y.pcap"]'
    runs pcap-slim --dir d
    [ "$(grep -o '[vwxyz]\.pcap' "$err_file" | tr -d '\n')" = v.pcapw.pcapz.pcapx.pcapy.pcap ] || explain "another order"
}

@test "--age-minutes: at least N minutes old, boundaries" {
    cp "$SMALL" d/young.pcap
    cp "$SMALL" d/just.pcap
    cp "$SMALL" d/old.pcap
    cp "$SMALL" d/tomorrow.pcap
    touch -d "@$(($(date +%s) - 500))" d/young.pcap
    touch -d "@$(($(date +%s) - 601))" d/just.pcap
    touch -d "@$(($(date +%s) - 6000))" d/old.pcap
    touch -d tomorrow d/tomorrow.pcap
    runs pcap-slim --dir d --dry-run --age-minutes 10
    out_is "would slim: d/old.pcap
would slim: d/just.pcap"
    runs pcap-slim --dir d --dry-run --age-minutes 11
    out_is 'would slim: d/old.pcap'
    runs pcap-slim --dir d --dry-run --age-minutes 100
    out_is 'would slim: d/old.pcap'
    runs pcap-slim --dir d --dry-run --age-minutes 101
    out_is ''
    runs pcap-slim --dir d --dry-run --age-minutes 0
    out_has young.pcap
    runs pcap-slim --dir d --age-minutes 10
    status_is 0
    only_files d/.slim_markers just.pcap old.pcap
    same_bytes "$SMALL" d/young.pcap
}

@test "a file that was only just written is 0 minutes old" {
    local n
    for n in 1 2 3 4 5; do
        cp "$SMALL" d/now.pcap
        runs pcap-slim --dir d --dry-run --age-minutes 0
        out_is 'would slim: d/now.pcap'
    done
}

@test "--age-minutes goes for --check-only, too" {
    cp "$SMALL" d/young.pcap
    runs pcap-slim --dir d --check-only --age-minutes 1
    status_is 0
    err_is 'no pcaps to process (younger than 1 min: 1)'
}

@test "only *.pcap directly in PATH: no subfolders, no other endings, hidden ones too" {
    mkdir d/sub d/folder.pcap
    local name
    for name in sub/a.pcap folder.pcap/a.pcap a.pcapng a.pcap.gz a.PCAP a.pcap.tmp pcap apcap a.pcap.tmp.x b.tmp; do
        cp "$SMALL" "d/$name"
    done
    cp "$SMALL" d/.hidden.pcap
    cp "$SMALL" d/.pcap
    local before after
    before=$(picture d | grep -v ' d \|hidden\|[.]/[.]pcap')
    runs pcap-slim --dir d --output json
    status_is 0
    json_is '[.files[] | .file + " " + .status] | sort ==
        ["d/.hidden.pcap ok", "d/.pcap ok", "d/folder.pcap skipped_not_regular"]'
    rm -r d/.slim_markers
    after=$(picture d | grep -v ' d \|hidden\|[.]/[.]pcap')
    [ "$before" = "$after" ] || explain "others were touched: $(diff <(echo "$before") <(echo "$after"))"
}

# ---- in place ----

@test "every good fixture is byte-identical to the oracle, whatever the workers, reads and check" {
    local options n=0
    for options in '--workers 1' '--workers 2' '--workers 4 --mmap' '--no-mmap' '--mmap --verify count' \
        '--workers 3 --verify count --no-mmap' '--max-io-mbps 500 --max-cpu-percent 90 --workers 2'; do
        n=$((n + 1))
        mkdir "d$n"
        good_fixtures "d$n"
        # shellcheck disable=SC2086
        runs pcap-slim --dir "d$n" $options --output json
        status_is 0
        json_is '.summary | .skip == 0 and .fail == 0'
        all_right "d$n"
    done
}

@test "a second run skips everything and changes nothing; without the markers it gives the same bytes" {
    good_fixtures d
    runs pcap-slim --dir d
    local before
    before=$(contents d)
    runs pcap-slim --dir d --output json
    status_is 0
    json_is '.summary | .ok == 0 and .fail == 0 and .skip > 50'
    same_contents d "$before"
    rm -r d/.slim_markers
    runs pcap-slim --dir d --workers 2 --output json
    status_is 0
    json_is '([.files[].truncated] | add) == 0'
    all_right d
}

@test "refused files: nothing of them is changed, nothing is left, each message names the reason" {
    cp "$FIXTURES"/bad-*.pcap "$FIXTURES"/unsupported-*.pcap d/
    local before files
    files=$(find d -name '*.pcap' | wc -l)
    before=$(contents d)
    runs pcap-slim --dir d --workers 2 --output json
    status_is 1
    json_is_sound
    json_is ".summary | .ok == 0 and .skip == 0 and .fail == $files"
    json_is '.files[] | select(.file == "d/unsupported-pcapng-name.pcap") | .error |
        contains("pcapng") and contains("editcap -F pcap IN OUT")'
    json_is '[.files[] | select(.file | contains("-gzip-")) | .error | contains("gzip")] == [true]'
    json_is '[.files[] | select(.file | contains("-version-2.3")) | .error | contains("2.3")] | all'
    # but for a note about each
    [ "$(find d/.slim_markers -type f | wc -l)" -eq "$files" ] || explain "$(find d/.slim_markers)"
    rm -r d/.slim_markers
    same_contents d "$before"
}

@test "mode, owner, mtime to the nanosecond, extended attributes and ACLs are kept" {
    cp "$SMALL" d/a.pcap
    chmod 4750 d/a.pcap
    ! is_root || chown 12345:23456 d/a.pcap
    chmod 4750 d/a.pcap
    local attributes=yes
    "$PYTHON" - d/a.pcap <<'PY' || attributes=no
import os, struct, sys
os.setxattr(sys.argv[1], "user.sensor", b"eth0\0\xff")
os.setxattr(sys.argv[1], "user.empty", b"")
# Version 2; user::rwx, user:4242:r--, group::r-x, mask::r-x, other::---
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in (
    (1, 7, 0xFFFFFFFF), (2, 4, 4242), (4, 5, 0xFFFFFFFF), (16, 5, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)))
os.setxattr(sys.argv[1], "system.posix_acl_access", acl)
PY
    touch -d '2021-02-03 04:05:06.123456789 UTC' d/a.pcap
    touch -a -d '2022-02-03 04:05:06.987654321 UTC' d/a.pcap
    about() {
        stat -c '%a %u %g %X %Y %x %y' d/a.pcap
        "$PYTHON" -c 'import os
for n in sorted(os.listxattr("d/a.pcap")): print(n, os.getxattr("d/a.pcap", n).hex())'
    }
    local before
    before=$(about)
    runs pcap-slim --dir d
    status_is 0
    [ "$(about)" = "$before" ] || explain "was: $before; is: $(about)"
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
    [ "$attributes" = yes ] || skip "this filesystem has no extended attributes; the rest is kept"
}

@test "modes that let nobody read are kept, and do not stop their owner" {
    is_root || skip "needs root"
    cp "$SMALL" d/a.pcap
    chmod 000 d/a.pcap
    runs pcap-slim --dir d
    status_is 0
    [ "$(stat -c %a d/a.pcap)" = 0 ]
}

@test "marker: mode 0644 in a 0755 directory whatever the umask, one JSON record of the file" {
    local mask
    for mask in 077 000 022 777; do
        rm -rf d/.slim_markers
        cp "$SMALL" d/a.pcap
        runs sh -c "umask $mask; exec pcap-slim --dir d --output json"
        status_is 0
        [ "$(stat -c %a d/.slim_markers)" = 755 ] || explain "folder under umask $mask: $(stat -c %a d/.slim_markers)"
        [ "$(stat -c %a d/.slim_markers/a.pcap)" = 644 ] || explain "marker under umask $mask"
        [ "$(stat -c %a d/a.pcap)" = 644 ] || explain "capture under umask $mask"
        only_files d/.slim_markers a.pcap
        [ "$(wc -l <d/.slim_markers/a.pcap)" -eq 1 ]
        [ "$(jq -S . d/.slim_markers/a.pcap)" = "$(jq -S '.files[0] | .file = "a.pcap"' "$out_file")" ] ||
            explain "the marker is not the report's record"
    done
}

@test "marker: the owner is sensor:sensor where that user exists, else the caller" {
    is_root || skip "needs root to add a user"
    command -v useradd >/dev/null || skip "needs useradd"
    getent passwd sensor >/dev/null && skip "there is a user sensor here already"
    cp "$SMALL" d/a.pcap
    cp "$SMALL" d/b.pcap
    runs pcap-slim --single d/a.pcap
    [ "$(stat -c %u:%g d/.slim_markers d/.slim_markers/a.pcap | sort -u)" = 0:0 ] || explain "not the caller's"
    rm -r d/.slim_markers
    useradd --system --no-create-home --user-group sensor
    runs pcap-slim --dir d
    local owners own=unreachable
    owners=$(stat -c %U:%G d/.slim_markers d/.slim_markers/a.pcap d/.slim_markers/b.pcap | sort -u)
    # Who may not give files away stays the owner.
    if as_other test -x "$BIN_DIR/pcap-slim"; then
        public=$(mktemp -d "${TMPDIR:-/tmp}/pcap-slim-test.XXXXXXXX")
        cp "$SMALL" "$public/a.pcap"
        chown -R 65534:65534 "$public"
        as_other "$BIN_DIR/pcap-slim" --dir "$public" 2>/dev/null
        own=$(stat -c %u:%g "$public/.slim_markers" "$public/.slim_markers/a.pcap" | sort -u)
    fi
    userdel sensor
    ! getent group sensor >/dev/null || groupdel sensor
    status_is 0
    [ "$owners" = sensor:sensor ] || explain "owners: $owners"
    [ "$own" = 65534:65534 ] || [ "$own" = unreachable ] || explain "owner of the unprivileged marker: $own"
}

@test "a marker of any kind is a marker: empty, a folder, a dangling link" {
    mkdir d/.slim_markers d/.slim_markers/b.pcap
    : >d/.slim_markers/a.pcap
    ln -s nowhere d/.slim_markers/c.pcap
    local name
    for name in a b c; do cp "$SMALL" "d/$name.pcap"; done
    local before
    before=$(contents d)
    runs pcap-slim --dir d --output json
    status_is 0
    json_is '.summary | .skip == 3 and .ok == 0'
    same_contents d "$before"
}

@test "a marker directory that is a symbolic link or a file: the files fail, nothing is written through it" {
    cp "$SMALL" d/a.pcap
    mkdir elsewhere
    ln -s ../elsewhere d/.slim_markers
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: .slim_markers is not a directory of its own'
    only_files elsewhere
    same_bytes "$SMALL" d/a.pcap
    rm d/.slim_markers
    : >d/.slim_markers
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: .slim_markers is not a directory of its own'
    same_bytes "$SMALL" d/a.pcap
    only_files d .slim_markers a.pcap
}

@test "a directory that cannot be written to: each file fails and is as it was" {
    cp "$SMALL" d/a.pcap
    chmod 555 d
    local before
    before=$(picture d)
    runs without_rights pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: '
    err_has 'Permission denied'
    err_has 'done: ok=0 skip=0 fail=1'
    unchanged d "$before"
    chmod 755 d
}

@test "a full disk: the file fails, is as it was, and no temporary file stays" {
    is_root || skip "needs root to mount"
    cp "$SMALL" small.pcap
    repeat small.pcap big.pcap 3000
    mkdir full
    mount -t tmpfs -o size=8m tmpfs full || skip "no mounts here"
    cp big.pcap full/a.pcap
    head -c 1000000 /dev/zero >full/ballast
    while head -c 65536 /dev/zero >>full/ballast; do :; done 2>/dev/null
    local problem=
    runs pcap-slim --dir full
    cmp big.pcap full/a.pcap || problem="the capture was changed"
    [ -z "$(find full -name '*.tmp' -o -name a.pcap -path '*markers*')" ] || problem="something was left: $(find full)"
    umount full
    [ -z "$problem" ] || explain "$problem"
    status_is 1
    err_has 'FAIL full/a.pcap: cannot write the slim capture: No space left on device; up to '
}

# ---- what is not replaced ----

@test "symbolic links, hard links, FIFOs, sockets, devices and directories called x.pcap: skipped with a message" {
    cp "$SMALL" target
    ln -s ../target d/link.pcap
    ln -s nowhere d/dangling.pcap
    cp "$SMALL" d/hard.pcap
    ln d/hard.pcap other-name
    mkfifo d/fifo.pcap
    mkdir d/folder.pcap
    "$PYTHON" -c 'import os, socket; os.chdir("d"); socket.socket(socket.AF_UNIX).bind("socket.pcap")'
    cp "$SMALL" d/plain.pcap
    runs timeout 20 pcap-slim --dir d
    status_is 0
    err_has 'skip (symbolic link): d/link.pcap'
    err_has 'skip (symbolic link): d/dangling.pcap'
    err_has 'skip (several hard links): d/hard.pcap'
    err_has 'skip (not a regular file): d/fifo.pcap'
    err_has 'skip (not a regular file): d/folder.pcap'
    err_has 'skip (not a regular file): d/socket.pcap'
    err_has 'ok d/plain.pcap'
    err_has 'done: ok=1 skip=6 fail=0'
    same_bytes "$SMALL" target
    same_bytes "$SMALL" d/hard.pcap
    [ -L d/link.pcap ]
    [ -L d/dangling.pcap ]
    [ -p d/fifo.pcap ]
    [ -S d/socket.pcap ]
    only_files d/.slim_markers plain.pcap
    rm -r d/.slim_markers
    runs timeout 20 pcap-slim --dir d --check-only --output json
    status_is 0
    json_is '[.files[].status] | sort == ["ok", "skipped_hardlink", "skipped_not_regular", "skipped_not_regular",
        "skipped_not_regular", "skipped_symlink", "skipped_symlink"]'
    runs timeout 20 pcap-slim --dir d --dry-run
    out_is 'would slim: d/plain.pcap'
    runs timeout 20 pcap-slim --single d/link.pcap
    status_is 0
    err_has 'skip (symbolic link): d/link.pcap'
    runs timeout 20 pcap-slim --single d/fifo.pcap
    status_is 0
    err_has 'skip (not a regular file): d/fifo.pcap'
}

# ---- temporary files that were left ----

@test "stale temporary files are removed and counted; younger ones and others stay" {
    local name
    for name in a b c; do : >"d/$name.pcap.tmp"; done
    : >d/fresh.pcap.tmp
    : >d/other.tmp
    : >d/a.pcapng.tmp
    : >d/a.pcap.tmp2
    mkdir d/folder.pcap.tmp d/sub
    : >d/sub/a.pcap.tmp
    ln -s nowhere d/link.pcap.tmp
    touch -h -d '1 hour ago' d/*.tmp d/*.tmp2 d/sub/a.pcap.tmp
    touch -d "@$(($(date +%s) - 290))" d/fresh.pcap.tmp
    touch -d "@$(($(date +%s) - 302))" d/c.pcap.tmp
    runs pcap-slim --dir d
    status_is 0
    err_is 'cleaned 3 stale .pcap.tmp file(s)
no pcaps to process (names that do not match: 5)'
    only_files d a.pcap.tmp2 a.pcapng.tmp folder.pcap.tmp fresh.pcap.tmp link.pcap.tmp other.tmp sub
    only_files d/sub a.pcap.tmp
    runs pcap-slim --dir d
    err_is 'no pcaps to process (names that do not match: 5)'
}

@test "--check-only, --dry-run and --single clean nothing up" {
    : >d/a.pcap.tmp
    touch -d '1 hour ago' d/a.pcap.tmp
    cp "$SMALL" d/b.pcap
    runs pcap-slim --dir d --check-only
    runs pcap-slim --dir d --dry-run
    runs pcap-slim --single d/b.pcap
    [ -e d/a.pcap.tmp ]
}

@test "an old temporary file that another process has open for writing is in use" {
    : >d/a.pcap.tmp
    exec 7>>d/a.pcap.tmp
    touch -d '1 hour ago' d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 0
    err_is 'no pcaps to process (names that do not match: 1)'
    [ -e d/a.pcap.tmp ]
    exec 7>&-
    runs pcap-slim --dir d
    err_has 'cleaned 1 stale .pcap.tmp file(s)'
}

@test "the temporary file of a live run is kept, however old it is" {
    make_big d/big.pcap 4
    mv d/big.pcap.slim big.slim
    starts pcap-slim --dir d --max-io-mbps 2
    wait_for is_written d/big.pcap.tmp
    touch -d '1 hour ago' d/big.pcap.tmp
    pcap-slim --dir d >other.out 2>other.err
    [ -e d/big.pcap.tmp ] || explain "gone"
    [ "$(settled <other.err)" = 'skip (another run is at work on it): d/big.pcap
done: ok=0 skip=1 fail=0 elapsed=_' ] || explain "the other run: $(cat other.err)"
    ends
    # A touched temporary file may fail the file; it must not be lost.
    if [ "$status" -eq 0 ]; then
        same_bytes d/big.pcap big.slim
    else
        [ "$(bytes_of d/big.pcap)" -gt 3000000 ]
    fi
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/big.pcap big.slim
}

@test "a dead run's temporary file of a pending capture does not wait five minutes" {
    cp "$SMALL" d/a.pcap
    head -c 500 "$SMALL" >d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 0
    same_bytes d/a.pcap "$ORACLE/good-payload-tcp.pcap"
    only_files d .slim_markers a.pcap
}

@test "a symbolic link at the temporary file's name is refused and its target untouched" {
    cp "$SMALL" d/a.pcap
    echo precious >precious
    ln -s ../precious d/a.pcap.tmp
    touch -h -d '1 hour ago' d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: a.pcap.tmp is in the way'
    [ "$(cat precious)" = precious ]
    same_bytes "$SMALL" d/a.pcap
    [ -L d/a.pcap.tmp ]
    rm d/a.pcap.tmp
    ln -s nowhere d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 1
    [ ! -e d/nowhere ]
}

@test "a hard link, a folder and a FIFO at the temporary file's name are refused" {
    cp "$SMALL" d/a.pcap
    echo precious >precious
    ln precious d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: a.pcap.tmp is in the way'
    [ "$(cat precious)" = precious ]
    rm d/a.pcap.tmp
    mkdir d/a.pcap.tmp
    runs pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: a.pcap.tmp is in the way'
    rmdir d/a.pcap.tmp
    mkfifo d/a.pcap.tmp
    runs timeout 20 pcap-slim --dir d
    status_is 1
    err_has 'FAIL d/a.pcap: a.pcap.tmp is in the way'
    same_bytes "$SMALL" d/a.pcap
    only_files d/.slim_markers .failed
}

@test "why there is nothing to do" {
    cp "$SMALL" d/a.pcap
    cp "$SMALL" d/b.pcap
    touch -d '1 hour ago' d/a.pcap
    : >d/README
    runs pcap-slim --dir d --age-minutes 15
    runs pcap-slim --dir d --age-minutes 15
    status_is 0
    settled_err_is 'skip (marked): d/a.pcap
no pcaps to process (slim already: 1, younger than 15 min: 1)
done: ok=0 skip=1 fail=0 elapsed=_'
    runs pcap-slim --dir d --glob '*.cap'
    err_is 'no pcaps to process (names that do not match: 3)'
    runs pcap-slim d/a.pcap
    err_has 'no pcaps to process (slim already: 1)'
}

@test "a directory that cannot be entered: the reason" {
    make_public
    mkdir "$public/locked"
    chmod 700 "$public/locked"
    runs as_other pcap-slim --dir "$public/locked"
    status_is 1
    err_is "pcap-slim: $public/locked: cannot enter this directory: Permission denied"
}

@test "a read-only mount is said with what a unit of systemd may lack" {
    is_root || skip "mounting needs root"
    mkdir ro
    mount -t tmpfs tmpfs ro
    cp "$SMALL" ro/a.pcap
    mount -o remount,ro ro
    runs pcap-slim --dir ro
    umount ro
    status_is 1
    err_has 'FAIL ro/a.pcap: cannot make the marker directory .slim_markers: Read-only file system; under systemd, ReadWritePaths= must name the directory'
}

@test "a disk that is nearly full: the smallest first, one after the other, so that each makes room for the next" {
    is_root || skip "mounting needs root"
    mkdir full
    mount -t tmpfs -o size=400k tmpfs full
    repeat "$FIXTURES/good-real-ssh.pcap" full/large.pcap 3 # slim it takes 73 kB
    touch -d '1 hour ago' full/large.pcap
    # Slim these take 12 kB each, and 48 kB now.
    for n in 1 2; do cp "$FIXTURES/good-real-tls13.pcap" "full/small$n.pcap"; done
    head -c 400K /dev/zero >full/ballast 2>/dev/null || true
    truncate -s -28K full/ballast
    runs pcap-slim --dir full --output ndjson
    umount full
    status_is 0
    err_has 'pcap-scan: warning: 28672 bytes are free, fewer than a capture has: the smallest come first'
    [ "$(jq -r '.file // empty' "$out_file" | tail -n 1)" = full/large.pcap ] || explain "the largest did not come last"
}

@test "a disk without room for a marker before the old capture is gone" {
    is_root || skip "mounting needs root"
    local way
    mkdir full
    for way in "pcap-slim --dir full" "pcap-slim --dir full --compress none --length snap" "sh -c 'pcap-truncate <full/a.pcap | pcap-commit full/a.pcap'"; do
        mount -t tmpfs -o size=200k tmpfs full
        cp "$FIXTURES/good-real-tls13.pcap" full/a.pcap
        head -c 200K /dev/zero >full/ballast 2>/dev/null || true
        truncate -s -16K full/ballast # slim it takes 12,360 bytes: four pages
        eval "runs $way"
        umount full
        status_is 0
    done
}

@test "no room at all: how much is needed and how much is there" {
    is_root || skip "mounting needs root"
    mkdir full
    mount -t tmpfs -o size=100k tmpfs full
    cp "$FIXTURES/good-real-ssh.pcap" full/a.pcap
    head -c 100K /dev/zero >full/ballast 2>/dev/null || true
    truncate -s -12K full/ballast
    runs pcap-slim --dir full
    umount full
    status_is 1
    err_has 'FAIL full/a.pcap: cannot write the slim capture: No space left on device; up to 60166 bytes are needed, '
    err_has ' are free'
}
