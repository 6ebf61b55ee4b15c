#!/usr/bin/env bats
# The policy flow, judged by conversations that know of each byte whether it can be read. See judge.py for single ones.

load ../cli/helpers

bats_require_minimum_version 1.5.0

setup_file() {
    export JUDGED="$BATS_FILE_TMPDIR/judged"
    BIN_DIR="$BIN_DIR" "$PYTHON" "$BATS_TEST_DIRNAME/judge.py" >"$JUDGED" || true
}

@test "judge: no readable byte of any conversation is cut, in any layout, on any port" {
    run grep -B 1 -E 'readable bytes cut, in|headers cut|payload changed' "$JUDGED"
    echo "$output" | head -n 80
    [ "$status" -eq 1 ]
    grep -q '^1\.\.' "$JUDGED" # it came to its end
}

@test "judge: streams whose encryption was agreed on in the capture go" {
    run grep -B 2 'of its ciphertext goes, seen whole' "$JUDGED"
    echo "$output" | head -n 80
    [ "$status" -eq 1 ]
    grep -q '^1\.\.' "$JUDGED"
}

@test "judge: captures made by hand are cut as they should be" {
    [ -n "${CASES:-}" ] || skip "CASES is not set"
    run "$PYTHON" "$BATS_TEST_DIRNAME/judge.py" --cases "$CASES"
    echo "$output"
    [ "$status" -eq 0 ]
}
