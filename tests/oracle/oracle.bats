#!/usr/bin/env bats
# pcap-truncate against the oracle that was written from the specification alone, and tshark's word on checksums.
load ../cli/helpers

# Everything in fixtures/ and, where it is there, the corpus, or of it EVERY captures one, another one in each test:
# NUL-terminated names in ./list, the oracle's results in ./want, ours in ./have (N.out, or N.refused with the message).
slim_all() {
    find "$@" -type f ! -name '*.md' -print0 | LC_ALL=C sort -z |
        sed -zn "$((BATS_TEST_NUMBER % ${EVERY:-1} + 1))~${EVERY:-1}p" >list
    mkdir want have
    "$PYTHON" "$ROOT/tests/oracle/oracle.py" --batch list want
    local n=0 file
    while IFS= read -r -d '' file; do
        if pcap-truncate <"$file" >have/$n.out 2>have/$n.err; then
            rm have/$n.err
        else
            [ $? -eq 1 ] || { echo "$file: status is neither 0 nor 1" >&2 && return 1; }
            mv have/$n.err have/$n.refused
            rm have/$n.out
        fi
        n=$((n + 1))
    done <list
    echo "$n" >count
}

# Both slimmed it to the same bytes, or both refused it.
compare_all() {
    local n=0 bad=0 same=0 refused=0 file
    while IFS= read -r -d '' file; do
        if [ -f want/$n.out ] && [ -f have/$n.out ] && cmp -s want/$n.out have/$n.out; then
            same=$((same + 1))
        elif [ -f want/$n.refused ] && [ -f have/$n.refused ]; then
            refused=$((refused + 1))
        else
            echo "differs: $file" >&2
            bad=$((bad + 1))
        fi
        n=$((n + 1))
    done <list
    echo "# $same identical, $refused refused by both, $bad differ" >&3
    [ "$bad" -eq 0 ]
    [ "$same" -gt 0 ]
}

# Pairs (original, slim) of what was slimmed, for the checksum check.
check_checksums() {
    local n=0 file
    while IFS= read -r -d '' file; do
        if [ -f have/$n.out ]; then
            printf '%s\0%s\0' "$file" "$PWD/have/$n.out"
        fi
        n=$((n + 1))
    done <list >pairs
    "$PYTHON" "$ROOT/tests/oracle/checksums.py" --batch pairs | sed 's/^/# /' >&3
    [ "${PIPESTATUS[0]}" -eq 0 ]
}

@test "byte-identical to the oracle on every fixture, and tshark finds every checksum right" {
    slim_all "$FIXTURES"
    compare_all
    check_checksums
}

@test "byte-identical to the oracle on every capture of the corpus, and tshark finds every checksum right" {
    [ -n "${CORPUS-}" ] || skip "no corpus here"
    slim_all "$CORPUS"
    compare_all
    check_checksums
}

@test "slimming a slim capture changes nothing, on every fixture and the corpus" {
    slim_all "$FIXTURES" ${CORPUS:+"$CORPUS"}
    local slim
    for slim in have/*.out; do
        pcap-truncate <"$slim" >again
        same_bytes "$slim" again
    done
}

@test "pcap-verify finds the oracle's own slim captures good" {
    slim_all "$FIXTURES"
    local n=0 file
    while IFS= read -r -d '' file; do
        if [ -f want/$n.out ]; then
            runs pcap-verify --original "$file" want/$n.out
            status_is 0
        fi
        n=$((n + 1))
    done <list
}
