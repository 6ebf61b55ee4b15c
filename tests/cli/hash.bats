#!/usr/bin/env bats
# --hash sha256: digests of a capture before and after, in records, markers and reports, and what tells that a file is no
# longer what its marker says.
load slim-helpers

setup_more() {
    mkdir d
    cp "$FIXTURES/good-real-ssh.pcap" d/a.pcap
    cp "$FIXTURES/good-real-quic.pcap" d/b.pcap
    cp -r d before
}

sha256_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# digests_are RECORD BEFORE AFTER: its digests are those of these two files.
digests_are() {
    [ "$(jq -r .in_sha256 "$1")" = "$(sha256_of "$2")" ] || explain "in_sha256 is not that of $2: $(cat "$1")"
    [ "$(jq -r .out_sha256 "$1")" = "$(sha256_of "$3")" ] || explain "out_sha256 is not that of $3: $(cat "$1")"
}

all_are_right() {
    status_is 0
    digests_are d/.slim_markers/a.pcap before/a.pcap d/a.pcap
    digests_are d/.slim_markers/b.pcap before/b.pcap d/b.pcap
    [ "$(sha256_of before/a.pcap)" != "$(sha256_of d/a.pcap)" ]
}

again() {
    rm -r d
    cp -r before d
}

@test "a run: markers and report hold the digests before and after" {
    runs pcap-slim --dir d --hash sha256 --output json
    all_are_right
    json_is ".files[0].in_sha256 == \"$(sha256_of before/a.pcap)\" or .files[1].in_sha256 == \"$(sha256_of before/a.pcap)\""
    json_is '[.files[] | has("out_sha256")] == [true, true]'
}

@test "whatever the way of reading, verifying and the number of workers" {
    local options
    for options in --mmap '--verify count' '--workers 2' '--max-io-mbps 50' '--length zero' '--no-sandbox'; do
        again
        # shellcheck disable=SC2086
        runs pcap-slim --dir d --hash=sha256 $options
        all_are_right
    done
    again
    mkdir tree
    mv d tree
    runs pcap-slim --hash sha256 --recursive --dir tree
    mv tree/d .
    all_are_right
    again
    runs pcap-slim --hash sha256 d/a.pcap d/b.pcap
    all_are_right
    again
    mkdir stage
    runs pcap-slim --dir d --hash sha256 --stage-dir stage
    all_are_right
}

@test "without it, and with xxh3, there are none" {
    runs pcap-slim --dir d --hash xxh3 --output json
    status_is 0
    json_is '[.files[] | has("in_sha256") or has("out_sha256")] == [false, false]'
    again
    runs pcap-slim --dir d
    status_is 0
    ! grep -l sha256 d/.slim_markers/* >&2
}

@test "in the configuration file; the command line wins" {
    echo 'hash = sha256' >conf
    runs pcap-slim --config conf --dir d
    all_are_right
    again
    runs pcap-slim --config conf --dir d --hash xxh3
    status_is 0
    ! grep -l sha256 d/.slim_markers/* >&2
    # For --status it would mean to read everything.
    kit patch d/b.pcap 60 ff
    as_marked b.pcap
    runs pcap-slim --config conf --status d
    status_is 0
    runs pcap-slim --config conf --status d --hash xxh3
    status_is 1
}

@test "what sha256sum says, as the manual has it" {
    pcap-slim --dir d --hash sha256 2>/dev/null
    cd d
    runs sh -c "sed -n 's/.*\"out_sha256\":\"\\([0-9a-f]*\\)\".*/\\1  a.pcap/p' .slim_markers/a.pcap | sha256sum -c"
    out_is 'a.pcap: OK'
    runs sh -c 'jq -r "\"\(.in_sha256)  ../before/\(.file)\"" .slim_markers/*.pcap | sha256sum -c'
    out_is '../before/a.pcap: OK
../before/b.pcap: OK'
}

@test "a file that failed has no digest after, for no file has it" {
    cat before/a.pcap before/b.pcap >d/a.pcap
    runs pcap-slim --dir d --hash sha256 --output json
    status_is 1
    json_is '.files[] | select(.status == "fail") | has("in_sha256") or has("out_sha256") | not'
    again
    mkdir d/.slim_markers
    pcap-truncate --hash sha256 --files0-from=- >records < <(printf 'd/a.pcap\0')
    pcap-verify --hash sha256 --records <records >verified
    printf x >>d/a.pcap
    runs_from verified pcap-commit --hash sha256 --records
    json_is ".status == \"fail\" and .in_sha256 == \"$(sha256_of before/a.pcap)\" and (has(\"out_sha256\") | not)"
}

# ---- by hand ----

@test "pcap-truncate --record: what was read and what was written" {
    runs_from before/a.pcap pcap-truncate --hash sha256 --record r
    status_is 0
    digests_are r before/a.pcap "$out_file"
    runs pcap-truncate --hash=sha256 --mmap --record r before/b.pcap
    status_is 0
    digests_are r before/b.pcap "$out_file"
    runs pcap-truncate --hash xxh3 --record r before/b.pcap
    status_is 0
    ! grep sha256 r >&2
    cat before/a.pcap before/b.pcap >bad.pcap
    runs pcap-truncate --hash sha256 --record r bad.pcap
    status_is 1
    ! grep sha256 r >&2
}

@test "pcap-verify: of what was read" {
    pcap-truncate --record r.json <before/a.pcap >a.slim
    runs pcap-verify --hash sha256 --original before/a.pcap a.slim
    status_is 0
    cp "$out_file" r
    digests_are r before/a.pcap a.slim
    runs pcap-verify --hash sha256 --record r.json a.slim
    status_is 0
    json_is ".out_sha256 == \"$(sha256_of a.slim)\" and (has(\"in_sha256\") | not)"
    runs pcap-verify --hash sha256 --original before/b.pcap a.slim
    status_is 1
    json_is '[has("in_sha256"), has("out_sha256")] == [false, false]'
}

@test "pcap-verify --record: a SHA-256 digest in the record counts, asked or not" {
    pcap-truncate --hash sha256 --record r.json <before/a.pcap >a.slim
    runs pcap-verify --record r.json a.slim
    status_is 0
    sed -i 's/\("out_sha256":"\)[0-9a-f]\{4\}/\10000/' r.json
    runs pcap-verify --record r.json a.slim
    status_is 1
    err_is 'pcap-verify: a.slim: its SHA-256 digest is not that of the record'
    json_is '.verdict == "bad" and (has("out_sha256") | not)'
}

@test "pcap-commit by hand: before, and what stands there now" {
    pcap-truncate <d/a.pcap >a.slim
    runs_from a.slim pcap-commit --hash sha256 d/a.pcap
    status_is 0
    digests_are d/.slim_markers/a.pcap before/a.pcap d/a.pcap
    digests_are "$out_file" before/a.pcap d/a.pcap
    runs_from a.slim pcap-commit --hash sha256 d/b.pcap
    status_is 1
    json_is '[has("in_sha256"), has("out_sha256")] == [true, false]'
    same_bytes before/b.pcap d/b.pcap
}

@test "pcap-commit as a stage: a record that comes without digests fails" {
    pcap-truncate --files0-from=- < <(printf 'd/a.pcap\0') | pcap-verify --hash sha256 --records >verified
    runs_from verified pcap-commit --hash sha256 --records
    status_is 0
    json_is '.status == "fail" and (.error | startswith("its record lacks SHA-256 digests"))'
    same_bytes before/a.pcap d/a.pcap
    only_files d a.pcap b.pcap
}

@test "misuse" {
    local program
    for program in pcap-truncate pcap-verify pcap-commit pcap-status; do
        runs "$program" --hash md5
        misuse_is "$program" "--hash takes sha256 or xxh3, not 'md5'"
        runs "$program" --hash
        misuse_is "$program" "option '--hash' needs a value"
    done
    runs pcap-slim --dir d --hash SHA256
    misused "--hash takes sha256 or xxh3, not 'SHA256'"
    runs pcap-truncate --hash sha256 before/a.pcap
    misuse_is pcap-truncate '--hash sha256 goes with --record or --files0-from'
    runs pcap-slim --dir d --hash sha256 --check-only
    status_is 0
    err_has 'warning: --hash has no effect with --check-only'
}

@test "only what makes digests is linked with the library for it" {
    case $BIN_DIR in */asan/*) skip "release only" ;; esac
    local program
    for program in pcap-scan pcap-report pcap-run; do
        ! ldd "$BIN_DIR/$program" | grep nettle >&2 || explain "$program"
    done
    ldd "$BIN_DIR/pcap-truncate" | grep -q nettle
}

# ---- afterwards ----

# as_marked NAME: give the file the modification time that its marker has.
as_marked() { touch -d "@$(jq -r .mtime "d/.slim_markers/$1")" "d/$1"; }

@test "--status --hash sha256: one whose bytes changed, in spite of size, time and the other digest" {
    pcap-slim --dir d --hash sha256 2>/dev/null
    runs pcap-slim --status d --hash sha256
    status_is 0
    kit patch d/b.pcap 60 ff
    as_marked b.pcap
    runs pcap-slim --status d
    status_is 0
    runs pcap-slim --status d --hash sha256
    status_is 1
    out_has 'changed       b.pcap: digest '
    # Somebody who can forge the short digest.
    sed -i "s/\"digest\":\"[^\"]*\"/\"digest\":\"xxh3:$(xxh3_of d/b.pcap)\"/" d/.slim_markers/b.pcap
    runs pcap-slim --status d --hash xxh3
    status_is 0
    runs pcap-status --hash sha256 d
    status_is 1
    out_has 'changed       b.pcap: its SHA-256 digest is not that of its marker'
    out_has 'slim          a.pcap'
}

xxh3_of() { xxhsum -H3 "$1" | sed 's/XXH3_//; s/ .*//'; }

@test "--status: a modification time that is not the marker's is another file's, whatever its bytes" {
    pcap-slim --dir d --hash sha256 2>/dev/null
    touch d/a.pcap
    for hash in '' '--hash sha256' '--hash xxh3'; do
        runs pcap-slim --status d $hash
        status_is 0
        out_has 'pending       a.pcap: last modified at '
        out_has 'slim          b.pcap'
    done
    as_marked a.pcap
    runs pcap-slim --status d
    status_is 0
    runs pcap-slim --status d --output json
    json_is '.summary.slim == 2 and .summary.changed == 0'
    touch -d '1969-12-31 12:00:00.5 UTC' before/a.pcap
    again
    touch -d '1969-12-31 12:00:00.5 UTC' d/a.pcap
    pcap-slim --dir d 2>/dev/null
    runs pcap-slim --status d
    status_is 0
}

@test "--status --hash sha256: a marker without that digest is said" {
    pcap-slim --dir d 2>/dev/null
    runs pcap-slim --status d --hash sha256
    status_is 0
    out_has 'slim          a.pcap: its marker holds no SHA-256 digest'
    kit patch d/a.pcap 60 ff
    as_marked a.pcap
    runs pcap-slim --status d --hash sha256
    status_is 1
    out_has 'changed       a.pcap: digest '
}
