#!/usr/bin/env bats
# The policy flow over conversations whose readable bytes are known by how they are made.

load ../cli/helpers

bats_require_minimum_version 1.5.0

@test "conversations: what is readable stays and what is encrypted goes, in whatever segments and order" {
    runs "$PYTHON" "$BATS_TEST_DIRNAME/conversations.py" "$BIN_DIR/pcap-truncate"
    status_is 0
}
