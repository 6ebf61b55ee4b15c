#!/usr/bin/env bats
# Verification that follows the cut through the same file: pcap-truncate --announce | pcap-verify --records

load slim-helpers

bats_require_minimum_version 1.5.0

MIB=1048576

# w/a.pcap, of 8 MB; slim: what it is to become; lines: what pcap-truncate says of it.
setup_more() {
    mkdir w
    make_big "$BATS_FILE_TMPDIR/big" 8
    cp "$BATS_FILE_TMPDIR/big" w/a.pcap
    mv "$BATS_FILE_TMPDIR/big.slim" slim
    background=''
}

teardown_more() { end_background; }

# Into the file lines; w/a.pcap.tmp is whole then.
announce() {
    printf 'w/a.pcap\0' | pcap-truncate --announce --files0-from=- | cat >lines
    same_bytes w/a.pcap.tmp slim
    jq -c 'select(.status == "cutting")' lines >announcements
    jq -c 'select(.status == "cut")' lines >cut
}

# What pcap-verify reads is what is written to descriptor 7: verifies OPTION...
verifies() {
    mkfifo in
    "${AT_A_TERMINAL[@]}" pcap-verify --records "$@" <in >verified 2>errors 3>&- &
    background=$!
    exec 7>in
}
says() { cat -- "$@" >&7; }
verified() {
    exec 7>&-
    status=0
    wait "$background" || status=$?
    background=''
    status_is 0
    [ ! -s errors ] || explain "$(cat errors)"
}

# How far process $1 has read file $2.
read_of() {
    local fd
    for fd in "/proc/$1/fd/"*; do
        if [ "$(readlink "$fd")" = "$(readlink -f "$2")" ]; then
            sed -n 's/^pos:[[:space:]]*//p' "/proc/$1/fdinfo/${fd##*/}"
            return
        fi
    done
    return 1
}
has_read() { [ "$(read_of "$1" "$2")" = "$3" ]; }

@test "announcements: every megabyte or so, how far the slim capture is final; then the record as without them" {
    announce
    jq -e -s --argjson size "$(bytes_of w/a.pcap)" --argjson slim "$(bytes_of slim)" '
        all(.[]; .file == "w/a.pcap" and (has("in_pkts") or has("digest") | not)) and
        ([.[].stage.read_bytes] | [., [0] + .] | transpose | .[:-1] | all(.[0] - .[1] | . >= 1048576 and . < 1572864)) and
        (.[-1].stage.read_bytes | . <= $size and $size - . < 1572864) and
        ([.[].stage.written_bytes] | . == sort and .[0] > 0 and .[-1] <= $slim)' announcements >/dev/null ||
        explain "$(cat announcements)"
    rm w/a.pcap.tmp
    printf 'w/a.pcap\0' | pcap-truncate --files0-from=- >plain
    [ "$(jq -S 'del(.stage)' cut)" = "$(jq -S 'del(.stage)' plain)" ]
    [ "$(wc -l <plain)" -eq 1 ]
}

@test "announcements: none of a small capture, and none into a file" {
    cp "$SMALL" w/b.pcap
    printf 'w/b.pcap\0' | pcap-truncate --announce --files0-from=- | cat >lines
    [ "$(jq -r .status lines)" = cut ]
    printf 'w/a.pcap\0' | pcap-truncate --announce --files0-from=- >lines
    [ "$(jq -r .status lines)" = cut ]
    same_bytes w/a.pcap.tmp slim
}

@test "announcements go with --files0-from, and no other stage minds them" {
    runs pcap-truncate --announce w/a.pcap
    misuse_is pcap-truncate "--announce goes with --files0-from"
    announce
    runs_from announcements pcap-commit --records
    status_is 0
    out_empty
    err_empty
    same_bytes w/a.pcap.tmp slim
    runs_from announcements pcap-report --output json
    status_is 0
    json_is '.summary == {"ok": 0, "skip": 0, "fail": 0} + (.summary | del(.ok, .skip, .fail))'
}

@test "the cut waits for the verification, a few megabytes ahead of it" {
    repeat w/a.pcap w/b.pcap 5
    mkfifo in
    printf 'w/b.pcap\0' >names
    "${AT_A_TERMINAL[@]}" pcap-truncate --announce --files0-from=names >in 3>&- &
    background=$!
    exec 7<in
    waits() { grep -q pipe "/proc/$background/wchan" && [ "$(read_of "$background" w/b.pcap)" -gt $((8 * MIB)) ]; }
    wait_for waits
    [ "$(read_of "$background" w/b.pcap)" -lt $((12 * MIB)) ] || explain "it has read $(read_of "$background" w/b.pcap) bytes"
    pcap-verify --records <&7 >verified 7<&-
    exec 7<&-
    jq -e '.status == "verified"' verified >/dev/null
}

@test "nothing is read that is not final; and all of it once the record says that it is whole" {
    announce
    verifies
    head -n 1 announcements >first
    says first
    wait_for has_read "$background" w/a.pcap.tmp "$(jq .stage.written_bytes first)"
    sed -n 3p announcements >third
    says third
    wait_for has_read "$background" w/a.pcap.tmp "$(jq .stage.written_bytes third)"
    says first # how far it is final can only grow
    says cut
    verified
    jq -e -s 'length == 1 and .[0].status == "verified" and .[0].verdict == "good"' verified >/dev/null
}

@test "the verdict over an announced capture is that over one that was not: full, count, digests" {
    announce
    for check in full count; do
        pcap-verify --records --hash sha256 --check "$check" <cut >plain
        pcap-verify --records --hash sha256 --check "$check" <lines >followed
        same_bytes plain followed
        jq -e --arg check "$check" '.status == "verified" and .check == $check and has("out_sha256")' plain >/dev/null
    done
    # A byte behind the 24 of the first frame's payload, and one of the last packet.
    for at in 100 $(($(bytes_of slim) - 1)); do
        "$PYTHON" -c 'import sys
with open("w/a.pcap.tmp", "r+b") as f:
    f.seek(int(sys.argv[1])); byte = f.read(1)[0]
    f.seek(int(sys.argv[1])); f.write(bytes([byte ^ 1]))' "$at"
        touch -d "@$(jq -r '.stage.tmp | "\(.mtime_sec).\(.mtime_ns + 1000000000 | tostring[1:])"' cut)" w/a.pcap.tmp
        for check in full count; do
            pcap-verify --records --check "$check" <cut >plain
            pcap-verify --records --check "$check" <lines >followed
            same_bytes plain followed
            jq -e '.status == "fail" and .verdict == "bad"' plain >/dev/null
        done
    done
}

@test "a capture that is written compressed: how far the file is final; its compression is what the record says" {
    "$PYTHON" "$ROOT/scripts/make-bench-capture" w/a.pcap 16000000
    printf 'w/a.pcap\0' | pcap-truncate --announce --compress zstd --files0-from=- | cat >lines
    jq -c 'select(.status == "cutting")' lines >announcements
    jq -c 'select(.status == "cut")' lines >cut
    jq -e -s --argjson bytes "$(bytes_of w/a.pcap.tmp)" 'length > 10 and .[-1].stage.written_bytes > 0 and
        all(.stage.written_bytes <= $bytes)' announcements >/dev/null
    for check in full count; do
        pcap-verify --records --compress zstd --check "$check" <cut >plain
        pcap-verify --records --compress zstd --check "$check" <lines >followed
        same_bytes plain followed
        jq -e '.status == "verified"' plain >/dev/null
    done
    { cat announcements && jq -c '.out_compression = "lz4"' cut; } | pcap-verify --records --compress zstd >followed
    jq -c '.out_compression = "lz4"' cut | pcap-verify --records --compress zstd >plain
    same_bytes plain followed
    jq -e '.status == "fail" and (.error | contains("its compression is zstd, not lz4"))' followed >/dev/null
}

@test "a capture that a crash has cut short is followed to where it ends" {
    head -c -700 w/a.pcap >short
    mv short w/a.pcap
    printf 'w/a.pcap\0' | pcap-truncate --announce --cut-tail keep --files0-from=- | cat >lines
    jq -c 'select(.status == "cut")' lines >cut
    jq -e -s 'length > 5' lines >/dev/null
    for check in full count; do
        pcap-verify --records --check "$check" <cut >plain
        pcap-verify --records --check "$check" <lines >followed
        same_bytes plain followed
        jq -e '.status == "verified"' plain >/dev/null
    done
}

@test "whoever cut dies, fails, or is one of several that write into the pipe" {
    announce
    for check in full count; do
        head -n 3 lines | pcap-verify --records --check "$check" >verified
        [ ! -s verified ]
        { head -n 3 lines && jq -c '.status = "fail" | .error = "x"' cut; } | pcap-verify --records --check "$check" >verified
        [ "$(jq -r '.status + .error' verified)" = failx ]
        cp "$SMALL" w/b.pcap
        printf 'w/b.pcap\0' | pcap-truncate --files0-from=- >other
        { head -n 2 lines && cat other && tail -n +3 lines; } | pcap-verify --records --check "$check" >verified
        jq -e -s 'map(.file) == ["w/b.pcap", "w/a.pcap"] and all(.status == "verified")' verified >/dev/null
        rm w/b.pcap.tmp
    done
}

@test "what was announced must be what the record says: the same file, unchanged, the same policy" {
    announce
    verifies
    head -n 3 lines >&7
    wait_for has_read "$background" w/a.pcap.tmp "$(sed -n 3p lines | jq .stage.written_bytes)"
    touch w/a.pcap.tmp # as if somebody had written where it was read already
    says cut
    verified
    [ "$(jq -r .error verified)" = "its temporary file was taken away or changed by another process" ]
    announce_again() { rm w/a.pcap.tmp && announce; }
    announce_again
    { cat announcements && jq -c '.policy_digest = "xxh3:0000000000000000"' cut; } | pcap-verify --records >verified
    jq -e '.status == "fail" and .error == "it was announced with another policy than it was slimmed by"' verified >/dev/null
    # An announcement of a file that is not there any more is nothing; the record says it all.
    jq -c '.stage.tmp.inode = 1' announcements >elsewhere
    { cat elsewhere cut; } | pcap-verify --records >verified
    jq -e '.status == "verified"' verified >/dev/null
}

@test "a slim capture that the disk does not take fails where it is verified" {
    make_big more 60 # 3 MB of it stay, which is more than a piece
    mv more w/a.pcap && mv more.slim slim
    announce
    runs_from lines strace -f -o trace -e inject=sync_file_range:error=EIO:when=1 pcap-verify --no-sandbox --records
    status_is 0
    json_is '.status == "fail" and .error == "the slim capture cannot be verified: cannot write the slim capture: Input/output error"'
    runs_from lines strace -f -o trace -e inject=sync_file_range:error=EINVAL pcap-verify --no-sandbox --records
    json_is '.status == "verified"'
}

# ---- the page cache ----

pages() { fincore -n -b -o PAGES "$1" | tr -d ' '; }

@test "what was verified is given back to the page cache, of both files, before they are put in place" {
    repeat w/a.pcap w/b.pcap 8
    repeat slim slim.b 8
    page=$(getconf PAGESIZE)
    for check in full count; do
        sync w/b.pcap
        printf 'w/b.pcap\0' | pcap-truncate --announce --files0-from=- | pcap-verify --records --check "$check" >verified
        jq -e '.status == "verified"' verified >/dev/null
        same_file=$(($(pages w/b.pcap) * page)) slim_file=$(($(pages w/b.pcap.tmp) * page))
        [ "$same_file" -lt $((20 * MIB)) ] || explain "$check: $same_file bytes of the original are cached"
        [ "$slim_file" -lt $((5 * MIB)) ] || explain "$check: $slim_file bytes of the slim capture are cached"
        cmp w/b.pcap.tmp slim.b
        rm w/b.pcap.tmp
    done
}

@test "a slim capture that was put in place is given back, to its last page" {
    pcap-slim --quiet --single w/a.pcap
    [ "$(pages w/a.pcap)" -eq 0 ] || explain "$(pages w/a.pcap) pages are cached"
    same_bytes w/a.pcap slim
}

@test "pcap-slim follows: with two workers, mapped, limited, counted" {
    for n in 1 2 3; do cp w/a.pcap w/$n.pcap; done
    cp w/1.pcap keep
    for options in "--workers 2" "--mmap" "--verify count --max-io-mbps 500" "--hash sha256"; do
        rm -rf w/.slim_markers
        for n in a 1 2 3; do cp keep w/$n.pcap; done
        # shellcheck disable=SC2086 # words
        traced --trace=write --string-limit=100 trace pcap-slim --dir w $options
        for n in a 1 2 3; do same_bytes w/$n.pcap slim; done
        [ "$(calls trace 'cutting')" -ge 12 ] || explain "not announced"
        rm -f trace.*
    done
}
