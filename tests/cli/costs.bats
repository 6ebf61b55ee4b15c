#!/usr/bin/env bats
# What a capture costs, as far as it does not depend on time: system calls, bytes that are read.

load slim-helpers

bats_require_minimum_version 1.5.0

# calls_of NUMBER CHECK: of the three stages over so many small captures
calls_of() {
    rm -rf w trace.*
    mkdir w
    for n in $(seq "$1"); do cp "$SMALL" "w/$n.pcap"; done
    printf '%s\0' w/*.pcap >names
    traced trace sh -c 'pcap-truncate --no-sandbox --announce --files0-from=names |
        pcap-verify --no-sandbox --records --check "$1" | pcap-commit --no-sandbox --records' stages "$2" >records
    calls trace '^[a-z]'
}

@test "a small capture takes some 75 system calls, however it is verified" {
    # What it takes to begin is in both. A few more or less are how records fall together.
    for check in count full; do
        few=$(calls_of 4 "$check")
        many=$(calls_of 16 "$check")
        [ $(((many - few) / 12)) -le 84 ] || explain "$check: $(((many - few) / 12)) system calls a capture"
    done
}

# bytes_read FILE: by read(2) and its like, of all the processes
bytes_read() {
    cat trace.* | sed -nE "s|^p?read(64)?\([0-9]+<[^>]*/$1(\(deleted\))?>, .* = ([0-9]+)\$|\3|p" | awk '{ sum += $1 } END { print sum + 0 }'
}
# reads CHECK TIMES: so many times the original and once what takes its place, but for a few headers
reads() {
    rm -rf w trace.*
    mkdir w
    cp big w/a.pcap
    traced -y --trace=read,pread64 --string-limit=0 trace pcap-slim --no-sandbox --dir w --quiet --verify "$1"
    same_bytes w/a.pcap big.slim
    original=$(bytes_read a.pcap) slim=$(bytes_read a.pcap.tmp)
    [ $((original - $2 * $(bytes_of big))) -le 4096 ] || explain "$1: $original bytes of the original"
    [ $((slim - $(bytes_of big.slim))) -le 4096 ] || explain "$1: $slim bytes of the slim capture"
    { [ "$original" -ge $(($2 * $(bytes_of big))) ] && [ "$slim" -ge "$(bytes_of big.slim)" ]; } || explain "the trace has not all"
}

@test "a large capture is read by who cuts it and by who verifies it, once; its slim capture by the latter" {
    make_big big 8
    reads full 2
    reads count 1
}
