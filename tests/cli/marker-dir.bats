#!/usr/bin/env bats
# --marker-dir: markers, notes and claims of many trees in one directory, and nothing beside the captures.
load slim-helpers

setup_more() {
    mkdir w m
    cp "$SMALL" w/a.pcap
    cp "$SMALL" w/b.pcap
    here=$(pwd -P)
    pcap-truncate "$SMALL" >slim
}

# What appears in the tree while a command runs, as whoever watches it with inotify(7) sees it: seen_by_inotify DIR COMMAND...
seen_by_inotify() {
    "$PYTHON" - "$@" <<'PY'
import ctypes, os, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_NONBLOCK)
CREATE, MOVED_TO = 0x100, 0x80
for folder, _, _ in os.walk(sys.argv[1]):
    if libc.inotify_add_watch(fd, os.fsencode(folder), CREATE | MOVED_TO) < 0:
        sys.exit("inotify_add_watch")
done = subprocess.run(sys.argv[2:], check=False)
names, at = set(), 0
try:
    data = os.read(fd, 1 << 20)
except BlockingIOError:
    data = b""
while at < len(data):
    length = struct.unpack_from("iIII", data, at)[3]
    names.add(data[at + 16 : at + 16 + length].rstrip(b"\0").decode())
    at += 16 + length
print(*sorted(names))
sys.exit(done.returncode)
PY
}

@test "marker dir: nothing but the captures themselves ever appears in the tree" {
    mkdir w/sub stage
    cp "$SMALL" w/sub/c.pcap
    runs seen_by_inotify w pcap-slim --dir w --recursive --marker-dir m --stage-dir stage -j 2
    status_is 0
    out_is 'a.pcap b.pcap c.pcap'
    only_files w a.pcap b.pcap sub
    only_files "m$here/w/.slim_markers" a.pcap b.pcap
    only_files "m$here/w/sub/.slim_markers" c.pcap
    only_files stage
    cp "$FIXTURES/bad-text.pcap" w/x.pcap
    runs seen_by_inotify w pcap-slim --dir w --marker-dir m --stage-dir stage
    status_is 1
    out_is ''
    only_files "m$here/w/.slim_markers" .failed a.pcap b.pcap
    only_files "m$here/w/.slim_markers/.failed" x.pcap
}

@test "marker dir: without a stage directory temporary files come and go, and no more" {
    runs seen_by_inotify w pcap-slim --dir w --marker-dir m
    status_is 0
    out_is 'a.pcap a.pcap.tmp b.pcap b.pcap.tmp'
    only_files w a.pcap b.pcap
}

@test "marker dir: what is marked there is skipped, by every way to name it" {
    pcap-slim -q --dir w --marker-dir m
    same_bytes w/a.pcap slim
    for way in '--dir w' '--dir ./w/' "--dir $here/w" '--dir w --recursive' '--single w/a.pcap' 'w/a.pcap w/b.pcap' \
        "$here/w/a.pcap" '--dir w --dry-run' '--dir w --check-only' '--dir w --until-free 99%' '--dir w -j 4'; do
        runs pcap-slim $way --marker-dir m
        out_is ''
        case $way in
        *until*) err_has '0 of 0 file(s) taken up' ;;
        *dry-run*) err_is 'no pcaps to process (slim already: 2)' ;;
        *single* | "$here/w/a.pcap") err_has ': ok=0 skip=1 fail=0' ;;
        *) err_has ': ok=0 skip=2 fail=0' ;;
        esac
    done
    ln -s w link
    runs pcap-slim --dir link --marker-dir m
    err_has 'skip=2'
}

@test "marker dir: only those markers count that are there" {
    pcap-slim -q --dir w
    runs pcap-slim --dir w --marker-dir m
    status_is 0
    err_has 'done: ok=2 skip=0'
    same_bytes w/a.pcap slim
    rm -r w/.slim_markers
    runs pcap-slim --dir w --dry-run
    [ "$(wc -l <"$out_file")" -eq 2 ] || explain "markers elsewhere count without the option"
}

@test "marker dir: one for many trees, whose files of one name are told apart" {
    mkdir v
    cp "$FIXTURES/good-real-tls13.pcap" v/a.pcap
    runs pcap-slim --dir w --dir v --marker-dir m
    status_is 0
    err_has 'done: ok=3'
    [ "$(jq .in_pkts "m$here/w/.slim_markers/a.pcap")" -eq 7 ]
    [ "$(jq .in_pkts "m$here/v/.slim_markers/a.pcap")" -eq 71 ]
    runs pcap-slim --dir w --dir v --marker-dir m
    err_has 'done: ok=0 skip=3'
    mv v w/v
    runs pcap-slim --dir w/v --marker-dir m --dry-run
    out_is 'would slim: w/v/a.pcap'
}

@test "marker dir: --status and --prune-markers" {
    cp "$FIXTURES/bad-text.pcap" w/x.pcap
    pcap-slim -q --dir w --marker-dir m 2>/dev/null || true
    runs pcap-slim --status w --marker-dir m
    status_is 1
    out_has 'slim          a.pcap'
    out_has 'failed        x.pcap: '
    out_has 'status: slim=2 changed=0 failed=1 pending=0'
    runs pcap-slim --status w
    out_has 'status: slim=0 changed=0 failed=0 pending=3'
    runs pcap-slim --status w --marker-dir m --hash xxh3
    out_has 'slim=2 changed=0'
    rm w/a.pcap w/x.pcap
    runs pcap-slim --status w --marker-dir m --prune-markers
    status_is 0
    out_has 'pruned_marker a.pcap'
    out_has 'pruned_marker x.pcap'
    only_files "m$here/w/.slim_markers" b.pcap
    only_files w b.pcap
}

@test "marker dir: one that cannot be used is said before any capture is touched" {
    before=$(picture w)
    for option in '' --dry-run --check-only; do
        runs pcap-slim --dir w --marker-dir nowhere $option
        status_is 1
        err_is "pcap-slim: $PWD/nowhere: there is no such directory of markers; make it, or name another one with --marker-dir"
    done
    runs pcap-slim --status w --marker-dir w/a.pcap
    status_is 1
    err_has 'there is no such directory of markers'
    runs pcap-slim --dir w --marker-dir ''
    status_is 2
    unchanged w "$before"
}

@test "marker dir: a read-only one, too" {
    before=$(picture w)
    chmod 555 m
    runs without_rights pcap-slim --dir w --marker-dir m
    chmod 755 m
    status_is 1
    err_is "pcap-slim: $PWD/m: markers cannot be kept in this directory: Permission denied"
    unchanged w "$before"
}

@test "marker dir: whatever a directory and its captures are called" {
    for name in 'two words' $'line\nbreak' '%2Fsrv%2F' -leading $'\xff\xfe' '*' "it's" '$(x)'; do
        mkdir "w/$name"
        cp "$SMALL" "w/$name/$name.pcap"
    done
    rm w/?.pcap
    runs pcap-slim --dir w --recursive --marker-dir m -j 2
    status_is 0
    err_has 'done: ok=8 skip=0 fail=0'
    for name in 'two words' $'line\nbreak' '%2Fsrv%2F' -leading $'\xff\xfe' '*' "it's" '$(x)'; do
        same_bytes "w/$name/$name.pcap" slim
        [ -s "m$here/w/$name/.slim_markers/$name.pcap" ] || explain "no marker of $name"
    done
    [ "$(find w -mindepth 2 -printf x | wc -c)" -eq 8 ] || explain "there is more: $(find w)"
    runs pcap-slim --dir w --recursive --marker-dir m
    err_has 'done: ok=0 skip=8 fail=0'
    runs pcap-slim --marker-dir m --single "w/two words/two words.pcap"
    err_has 'skip=1'
    cd w
    runs pcap-slim --marker-dir ../m -- "-leading/-leading.pcap"
    err_has 'skip=1'
}

@test "marker dir: by hand, stage by stage" {
    cd w
    printf 'a.pcap\0b.pcap\0' | pcap-truncate --marker-dir ../m --files0-from=- | pcap-verify --records |
        pcap-commit --marker-dir ../m --records >records
    [ "$(jq -r .status records | sort -u)" = ok ]
    only_files . a.pcap b.pcap records
    cp "$SMALL" c.pcap
    runs sh -c 'pcap-truncate c.pcap | pcap-commit --marker-dir ../m c.pcap'
    status_is 0
    only_files "../m$here/w/.slim_markers" a.pcap b.pcap c.pcap
    only_files . a.pcap b.pcap c.pcap records
    runs pcap-scan --marker-dir ../m --pending a.pcap
    json_is '.status == "skipped_marker"'
}

@test "marker dir: in a configuration file, and beneath the tree itself" {
    mkdir w/.m
    printf 'dir = w\nrecursive = yes\nmarker-dir = w/.m\n' >conf
    runs pcap-slim --config conf
    status_is 0
    err_has 'done: ok=2 skip=0'
    runs pcap-slim --config conf
    err_has 'done: ok=0 skip=2'
    [ -s "w/.m$here/w/.slim_markers/a.pcap" ]
}

@test "marker dir: two runs at once never work on the same file" {
    rm w/*
    for n in $(seq 60); do cp "$SMALL" "w/$n.pcap"; done
    pcap-slim --dir w --marker-dir m --output ndjson >one 2>one.err &
    pcap-slim --dir w --marker-dir m --output ndjson >two 2>two.err
    wait
    [ "$(jq -r 'select(.status == "ok") | .file' one two | sort | uniq -d | wc -l)" -eq 0 ]
    [ "$(jq -r 'select(.status == "ok") | .file' one two | wc -l)" -eq 60 ]
    [ "$(jq -r 'select(.status == "fail") | .file' one two | wc -l)" -eq 0 ]
    for n in $(seq 60); do same_bytes "w/$n.pcap" slim; done
    [ "$(ls "m$here/w/.slim_markers" | wc -l)" -eq 60 ]
    [ ! -e "m$here/w/.slim_markers/.lock" ]
}

@test "marker dir: the progress total leaves out what is marked there" {
    pcap-slim -q --single w/a.pcap --marker-dir m
    export SCREEN_RAW=raw
    "$PYTHON" "$ROOT/tests/cli/kit.py" screen 80 env TERM=xterm pcap-slim --dir w --marker-dir m --max-io-mbps 0.002 >screen
    grep -qa 'of 1 file' raw || grep -qa '/1 ' raw || explain "$(tr '\r' '\n' <raw)"
}

@test "markers given as captures are left alone, and said" {
    pcap-slim -q --dir w
    before=$(picture w)
    find w -name '*.pcap' -print0 | LC_ALL=C sort -z | xargs -0 pcap-slim 2>err
    grep -q 'skip (no capture: in a directory of markers): w/.slim_markers/a.pcap' err
    grep -q 'done: ok=0 skip=4 fail=0' err
    for way in '--single w/.slim_markers/a.pcap' 'w/.slim_markers/a.pcap' '--dir w/.slim_markers'; do
        runs pcap-slim $way --output json
        status_is 0
        json_is '.files[0].status == "skipped_is_marker" and .summary.fail == 0'
    done
    cd w/.slim_markers
    runs pcap-slim a.pcap
    status_is 0
    err_has 'skip (no capture: in a directory of markers): a.pcap'
    cd ../..
    find w -mindepth 3 | (! grep .)
    runs sh -c 'pcap-truncate w/a.pcap | pcap-commit w/.slim_markers/a.pcap'
    status_is 1
    err_has 'left alone: no capture: in a directory of markers'
    [ "$(picture w | grep -v '^\(./\)\?.slim_markers ' )" = "$(grep -v '^\(./\)\?.slim_markers ' <<<"$before")" ]
}

# Time says nothing on a busy machine; every call of every process is counted.
calls_of() { strace -f -c -o counted pcap-slim -q "$@" && awk '/total$/ { print $4 }' counted; }

@test "marker dir: of 10,000 files no more is asked than with markers beside them" {
    mkdir many others
    mkdir -p many/.slim_markers "m$here/others/.slim_markers"
    (cd many && seq -f '%g.pcap' 10000 | xargs touch && seq -f '.slim_markers/%g.pcap' 10000 | xargs touch)
    (cd others && seq -f '%g.pcap' 10000 | xargs touch)
    (cd "m$here/others/.slim_markers" && seq -f '%g.pcap' 10000 | xargs touch)
    beside=$(calls_of --dir many)
    elsewhere=$(calls_of --dir others --marker-dir m)
    [ "$beside" -gt 20000 ]
    [ "$elsewhere" -lt $((beside + 200)) ] || explain "$elsewhere calls, $beside with markers beside"
}

@test "marker dir: a capture that is slimmed costs no more calls" {
    mkdir v
    for n in $(seq 100); do cp "$SMALL" "w/$n.pcap" && cp "$SMALL" "v/$n.pcap"; done
    rm w/[ab].pcap
    beside=$(calls_of --dir v)
    elsewhere=$(calls_of --dir w --marker-dir m)
    [ "$elsewhere" -lt $((beside + 300)) ] || explain "$elsewhere calls, $beside with markers beside"
}
