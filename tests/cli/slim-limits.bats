#!/usr/bin/env bats
# The limits hold for the whole run, all processes together.
load slim-helpers

@test "the limits are kept over any 5 seconds (the short form of tests/limits/measure)" {
    runs "$PYTHON" "$ROOT/tests/limits/measure" --short --bin "$BIN_DIR" --tmp "$PWD"
    sed 's/^/# /' "$out_file" >&3
    status_is 0
}
