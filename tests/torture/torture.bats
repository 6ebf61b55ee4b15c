#!/usr/bin/env bats
# The short forms of the torture tests; the long ones: make torture (docs/RELIABILITY.md).
load ../cli/helpers

torture() {
    runs "$PYTHON" "$ROOT/tests/torture/$1.py" "${@:2}"
    grep -E '^# [0-9a-z]|# SKIP' "$out_file" | sed 's/^[^#]/# &/' >&3
    status_is 0
}

@test "system calls fail, one at a time" { torture inject --short --every 3; }
@test "kill -9, SIGINT and SIGTERM at random moments" { torture kill --kills 27 --signals 16; }
@test "the power fails at any instant" { torture power --short; }
@test "full disks, limits, places that cannot be written to" { torture limits --short; }
@test "8 drivers and 2 singles over one directory, beside 5 writers" { torture race --seconds 1 --files 100; }
