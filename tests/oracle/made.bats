#!/usr/bin/env bats
# What scripts made is what is in the tree, by the oracle's word, too. No program of ours takes part.
load ../cli/helpers

@test "the table of frames: the oracle, and scapy where it has an opinion, leave what stands in it" {
    runs "$PYTHON" "$ROOT/tests/oracle/oracle.py" --frames "$FIXTURES/frames.txt"
    status_is 0
    sed 's/^/# /' "$out_file" >&3
    runs "$PYTHON" "$ROOT/scripts/make-frames" made.txt
    status_is 0
    same_bytes made.txt "$FIXTURES/frames.txt"
}

@test "the synthetic fixtures are what their script makes" {
    "$PYTHON" "$ROOT/scripts/make-fixtures" "$PWD/made" >/dev/null
    local file
    for file in made/*; do
        case $file in *.md) continue ;; esac
        same_bytes "$file" "$FIXTURES/${file##*/}"
    done
}
