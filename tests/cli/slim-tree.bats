#!/usr/bin/env bats
# pcap-slim: trees of directories, other names, and files by name.
load slim-helpers

# a.pcap, s1/b.pcap, s1/deep/c.pcap, s2/d.pcap, from the oldest to the youngest.
make_tree() {
    local name age=40
    mkdir -p d/s1/deep d/s2 d/empty
    for name in a s1/b s1/deep/c s2/d; do
        cp "$SMALL" "d/$name.pcap"
        touch -d "$age minutes ago" "d/$name.pcap"
        age=$((age - 10))
    done
    oracle "$SMALL" slim
}

# is_slim PATH...: slim, marked in its own directory, and nothing is left beside it.
is_slim() {
    local path bad=''
    for path; do
        cmp -- slim "$path" >&2 || bad=yes
        [ -f "${path%/*}/.slim_markers/${path##*/}" ] || bad=yes
        [ ! -e "$path.tmp" ] || bad=yes
        [ -z "$bad" ] || explain "$path is not slim"
    done
}

is_untouched() {
    local path bad=''
    for path; do
        cmp -- "$SMALL" "$path" >&2 || bad=yes
        [ ! -e "${path%/*}/.slim_markers/${path##*/}" ] || bad=yes
        [ -z "$bad" ] || explain "$path is not as it was"
    done
}

line() { echo "ok $1 pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of slim) (_ms)"; }

# ---- --recursive ----

@test "--recursive: every directory below, oldest first over all; markers beside each file, and nothing else" {
    make_tree
    runs pcap-slim --dir d --recursive
    status_is 0
    settled_err_is "$(line d/a.pcap)
$(line d/s1/b.pcap)
$(line d/s1/deep/c.pcap)
$(line d/s2/d.pcap)
done: ok=4 skip=0 fail=0 elapsed=_"
    is_slim d/a.pcap d/s1/b.pcap d/s1/deep/c.pcap d/s2/d.pcap
    only_files d .slim_markers a.pcap empty s1 s2
    only_files d/s1/.slim_markers b.pcap
    only_files d/empty
    runs pcap-slim --dir d --recursive
    status_is 0
    err_has 'done: ok=0 skip=4 fail=0'
}

@test "without --recursive subdirectories are not entered" {
    make_tree
    runs pcap-slim --dir d
    status_is 0
    is_slim d/a.pcap
    is_untouched d/s1/b.pcap d/s1/deep/c.pcap d/s2/d.pcap
}

@test "--recursive with workers, limits and directories that take turns" {
    local n
    mkdir -p d/0 d/1 d/2
    for ((n = 0; n < 60; n++)); do
        cp "$SMALL" "d/$((n % 3))/$n.pcap"
        touch -d "$((100 - n)) minutes ago" "d/$((n % 3))/$n.pcap"
    done
    oracle "$SMALL" slim
    runs pcap-slim --dir d/ --recursive --workers 3 --max-io-mbps 1000 --output json
    status_is 0
    json_is '.summary.ok == 60 and ([.files[].file] | unique | length) == 60'
    for ((n = 0; n < 60; n++)); do
        is_slim "d/$((n % 3))/$n.pcap"
    done
    only_files d 0 1 2
    [ ! -e d/0/.slim_markers/.lock ]
}

@test "--recursive with --check-only and --dry-run writes nothing" {
    local before
    make_tree
    before=$(picture d)
    runs pcap-slim --dir d --recursive --check-only
    status_is 0
    err_has 'ok d/s1/deep/c.pcap pkts=7'
    err_has 'check: ok=4 skip=0 fail=0'
    runs pcap-slim --dir d --recursive --dry-run
    status_is 0
    out_is 'would slim: d/a.pcap
would slim: d/s1/b.pcap
would slim: d/s1/deep/c.pcap
would slim: d/s2/d.pcap'
    unchanged d "$before"
}

@test "--recursive keeps to --age-minutes" {
    make_tree
    runs pcap-slim --dir d --recursive --age-minutes 25
    status_is 0
    is_slim d/a.pcap d/s1/b.pcap
    is_untouched d/s1/deep/c.pcap d/s2/d.pcap
}

@test "--recursive cleans up stale temporary files in every directory, and no others" {
    make_tree
    cp "$SMALL" d/s1/deep/dead.pcap.tmp
    cp "$SMALL" d/dead.pcap.tmp
    cp "$SMALL" d/s2/dead.cap.tmp
    touch -d '1 hour ago' d/s1/deep/dead.pcap.tmp d/dead.pcap.tmp d/s2/dead.cap.tmp
    cp "$SMALL" d/s2/young.pcap.tmp
    runs pcap-slim --dir d --recursive
    status_is 0
    [ "$(grep -c '^cleaned 1 stale .pcap.tmp file(s)$' "$err_file")" -eq 2 ] || explain "two were to be cleaned"
    [ ! -e d/s1/deep/dead.pcap.tmp ]
    [ ! -e d/dead.pcap.tmp ]
    [ -e d/s2/dead.cap.tmp ]
    [ -e d/s2/young.pcap.tmp ]
}

@test "--recursive: symbolic links are neither followed to directories nor to files" {
    make_tree
    mkdir outside
    cp "$SMALL" outside/x.pcap
    ln -s ../outside d/link
    ln -s ../outside d/link.pcap
    ln -s ../../outside/x.pcap d/s2/x.pcap
    runs pcap-slim --dir d --recursive
    status_is 0
    err_has 'skip (symbolic link): d/link.pcap'
    err_has 'skip (symbolic link): d/s2/x.pcap'
    err_has 'done: ok=4 skip=2 fail=0'
    only_files outside x.pcap
    is_untouched outside/x.pcap
}

# program NAME TEXT: one that is found before the system's.
program() {
    mkdir -p bin
    printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
    chmod 755 "bin/$1"
}

@test "--recursive: a directory that becomes a link once the files are listed leads nobody out of the tree" {
    make_tree
    mkdir outside
    cp "$SMALL" outside/b.pcap
    program xargs "case \"\$*\" in *\" -P \"*) mv s1 ../s1.moved && ln -s ../outside s1 ;; esac; exec /usr/bin/xargs \"\$@\""
    PATH=$PWD/bin:$PATH
    # The filters are found beside the script, before bin; the system's programs behind it.
    runs pcap-slim --dir d --recursive
    status_is 1
    err_has 'FAIL d/s1/b.pcap: a symbolic link or something else that is no directory stands in its path'
    err_has 'FAIL d/s1/deep/c.pcap: a symbolic link or something else that is no directory stands in its path'
    err_has 'done: ok=2 skip=0 fail=2'
    only_files outside b.pcap
    is_untouched outside/b.pcap
}

@test "--recursive: a folder that cannot be read keeps nobody from the others, and the status is 1" {
    make_tree
    chmod 777 . d d/s1 d/s1/deep d/s2 d/empty
    chmod 0 d/s1
    runs without_rights pcap-slim --dir d --recursive
    chmod 755 d/s1
    status_is 1
    err_has 'pcap-slim: warning: not all of d could be listed'
    err_has 'done: ok=2 skip=0 fail=0'
    is_slim d/a.pcap d/s2/d.pcap
}

@test "--recursive: two runs at once slim every file once" {
    local n
    mkdir -p d/0 d/1
    for ((n = 0; n < 40; n++)); do
        cp "$SMALL" "d/$((n % 2))/$n.pcap"
    done
    oracle "$SMALL" slim
    pcap-slim --dir d --recursive --workers 2 --output json >one 2>one.err 3>&- &
    other=$!
    runs pcap-slim --dir d --recursive --workers 2 --output json
    status_is 0
    wait "$other"
    [ "$(jq -s 'map(.summary.ok) | add' one "$out_file")" -eq 40 ] || explain "not each once: $(cat one)"
    [ "$(jq -s 'map(.summary.fail) | add' one "$out_file")" -eq 0 ] || explain "some failed: $(cat one)"
    for ((n = 0; n < 40; n++)); do
        is_slim "d/$((n % 2))/$n.pcap"
    done
}

@test "--recursive: SIGTERM ends every process, and no temporary file stays" {
    mkdir -p d/0 d/1
    make_big d/0/big.pcap 20
    cp d/0/big.pcap d/1/big.pcap
    cp d/0/big.pcap before
    starts pcap-slim --dir d --recursive --workers 2 --max-io-mbps 2
    wait_for test -e d/0/big.pcap.tmp
    wait_for test -e d/1/big.pcap.tmp
    kill -TERM "$run"
    ends
    status_is 143
    nothing_runs
    only_files d/0 big.pcap big.pcap.slim
    only_files d/1 big.pcap
    same_bytes before d/0/big.pcap
    same_bytes before d/1/big.pcap
}

@test "names in a tree may hold anything" {
    mkdir -p d/' a
b' d/-x
    cp "$SMALL" d/' a
b/c
d.pcap'
    cp "$SMALL" d/-x/-y.pcap
    runs pcap-slim --dir d --recursive --workers 2
    status_is 0
    err_has 'ok d/ a\012b/c\012d.pcap pkts=7'
    err_has 'ok d/-x/-y.pcap pkts=7'
    only_files d/-x/.slim_markers -y.pcap
}

# ---- --glob ----

@test "--glob: other names, and more than one pattern" {
    mkdir d
    cp "$SMALL" d/a.pcap
    cp "$SMALL" d/b.cap
    cp "$SMALL" d/ring_00001
    oracle "$SMALL" slim
    runs pcap-slim --dir d --glob '*.cap'
    status_is 0
    is_slim d/b.cap
    is_untouched d/a.pcap d/ring_00001
    runs pcap-slim --dir d --glob 'ring_[0-9]*' --glob=a.pcap
    status_is 0
    is_slim d/a.pcap d/ring_00001
}

@test "--glob: the patterns are not the shell's to expand" {
    mkdir d
    cp "$SMALL" d/a.cap
    touch a.cap b.cap
    runs pcap-slim --dir d --glob '*.cap'
    status_is 0
    err_has 'ok d/a.cap pkts=7'
}

@test "--glob '*': temporary files, markers and directories are never captures" {
    mkdir -p d/sub
    cp "$SMALL" d/a
    cp "$SMALL" d/b.tmp
    oracle "$SMALL" slim
    runs pcap-slim --dir d --glob '*'
    status_is 0
    settled_err_is "$(line d/a)
done: ok=1 skip=0 fail=0 elapsed=_"
    is_slim d/a
    same_bytes "$SMALL" d/b.tmp
    runs pcap-slim --dir d --glob '*' --recursive
    status_is 0
    settled_err_is "skip (marked): d/a
no pcaps to process (slim already: 1)
done: ok=0 skip=1 fail=0 elapsed=_"
}

@test "--glob: stale temporary files of those names are cleaned up, and no others" {
    mkdir d
    cp "$SMALL" d/a.cap.tmp
    cp "$SMALL" d/a.pcap.tmp
    touch -d '1 hour ago' d/*.tmp
    runs pcap-slim --dir d --glob '*.cap'
    status_is 0
    only_files d a.pcap.tmp
}

@test "--glob: misuse" {
    mkdir d
    local bad
    for bad in '' 'a/b' '/*'; do
        runs pcap-slim --dir d --glob "$bad"
        misused "--glob takes a pattern for names, without '/' and line breaks, not '$bad'"
    done
    runs pcap-slim --dir d --glob 'a
b'
    misused "--glob takes a pattern for names, without '/' and line breaks, not 'a\\012b'"
    runs pcap-commit --glob '*.cap' x
    misuse_is pcap-commit "--glob goes with --clean-stale"
}

# ---- FILE ----

@test "FILE...: whatever their names and wherever they are, each marked in its own directory" {
    make_tree
    cp "$SMALL" d/s2/e.cap
    runs pcap-slim d/s1/b.pcap d/s2/e.cap --workers 2 -- d/s1/deep/c.pcap
    status_is 0
    err_has 'done: ok=3 skip=0 fail=0'
    is_slim d/s1/b.pcap d/s2/e.cap d/s1/deep/c.pcap
    is_untouched d/a.pcap d/s2/d.pcap
}

@test "FILE: names as they are, with a dash behind --, twice, and missing ones" {
    cp "$SMALL" ./-a.pcap
    cp "$SMALL" b.pcap
    runs pcap-slim --output json -- -a.pcap b.pcap "$PWD/b.pcap" nowhere/c.pcap none.pcap
    status_is 1
    json_is '[.files[] | {(.file): .status}] | add | .["-a.pcap"] == "ok" and .["b.pcap"] == "ok"'
    json_is '.summary.ok == 2 and .summary.skip == 1 and .summary.fail == 2'
    json_is '.files[] | select(.file == "nowhere/c.pcap") | .error == "cannot open its directory: No such file or directory"'
    only_files .slim_markers -a.pcap b.pcap
}

@test "FILE with --check-only and --dry-run writes nothing" {
    make_tree
    local before
    before=$(picture d)
    runs pcap-slim --check-only d/a.pcap d/s1/b.pcap
    status_is 0
    err_has 'check: ok=2 skip=0 fail=0'
    runs pcap-slim --dry-run d/a.pcap d/s1/b.pcap
    status_is 0
    out_is 'would slim: d/a.pcap
would slim: d/s1/b.pcap'
    unchanged d "$before"
}

@test "FILE: a link to a directory in its path is the operator's word" {
    make_tree
    ln -s d/s1 link
    runs pcap-slim link/b.pcap
    status_is 0
    is_slim d/s1/b.pcap
}

@test "options about a directory have no effect on files, and say so" {
    make_tree
    runs pcap-slim d/a.pcap --age-minutes 900 --recursive --glob '*.x' --until-free 99%
    status_is 0
    is_slim d/a.pcap
    err_has 'pcap-slim: warning: --age-minutes has no effect with FILE
pcap-slim: warning: --recursive has no effect with FILE
pcap-slim: warning: --glob has no effect with FILE
pcap-slim: warning: --until-free has no effect with FILE'
}

# ---- the filters' share ----

@test "--beneath: filters refuse a name that leads up or through a link, and leave no trace there" {
    make_tree
    ln -s s1 d/link
    cd d
    printf '%s\0' link/b.pcap ../d/a.pcap "$PWD/a.pcap" s1/b.pcap >../names
    runs pcap-truncate --beneath --files0-from=../names
    status_is 0
    [ "$(jq -c '[.file, .status]' "$out_file" | head -n 2)" = '["link/b.pcap","fail"]
["../d/a.pcap","fail"]' ] || explain "not refused"
    out_has '"error":"it is not below the current directory"'
    [ "$(jq -r .status "$out_file" | tail -n 1)" = cut ] || explain "s1/b.pcap was to be cut"
    jq -c '.file = "link/b.pcap"' "$out_file" | tail -n 1 >../record
    runs_from ../record pcap-commit --beneath --records
    out_has 'a symbolic link or something else that is no directory stands in its path'
    runs_from ../record pcap-verify --beneath --records
    out_has 'a symbolic link or something else that is no directory stands in its path'
    runs pcap-scan --pending --beneath link/b.pcap
    out_has 'a symbolic link or something else that is no directory stands in its path'
    runs pcap-commit --beneath --clean-stale link
    refused_with 'pcap-commit: link: a symbolic link or something else that is no directory stands in its path'
    runs pcap-scan --beneath link/b.pcap
    misuse_is pcap-scan '--beneath goes with --pending'
}

@test "--exclude: neither such files nor such directories; of the command line rather than of the configuration file" {
    mkdir -p d/sub d/keep
    for file in d/a.pcap d/b.pcap d/sub/c.pcap d/keep/c.pcap; do cp "$SMALL" "$file"; done
    oracle "$SMALL" slim
    printf 'exclude = keep\n' >conf
    runs pcap-slim --config conf --dir d --recursive --exclude 'b*' --exclude keep
    status_is 0
    err_has 'done: ok=2 skip=0 fail=0'
    is_slim d/a.pcap
    is_slim d/sub/c.pcap
    same_bytes "$SMALL" d/b.pcap
    only_files d/keep c.pcap
    runs pcap-slim --config conf --dir d --recursive --dry-run
    out_is 'would slim: d/b.pcap'
    runs pcap-slim --exclude x d/a.pcap
    err_has 'warning: --exclude has no effect with FILE'
}
