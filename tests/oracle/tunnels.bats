#!/usr/bin/env bats
# Frames in tags and tunnels: what is left of a dressed frame is what is left of the frame, dressed.
load ../cli/helpers

@test "frames in random dresses, in every length mode: the same bytes, verified, and slimming again changes nothing" {
    runs "$PYTHON" "$ROOT/tests/tunnels/judge.py" "$BIN_DIR" "${DRESSES-800}" "${DRESS_SEED-1}"
    sed 's/^/# /' "$out_file" >&3
    status_is 0
}

@test "without --tunnels nothing in a tunnel is cut, and a single kind is looked into by its name" {
    awk '$1 == "1+tunnels" && $3 != "kept" && / vxlan$/ { print $2; exit }' "$FIXTURES/frames.txt" >row
    "$PYTHON" - "$(cat row)" >vxlan.pcap <<'PY'
import struct, sys
frame = bytes.fromhex(sys.argv[1])
head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
sys.stdout.buffer.write(head + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
PY
    [ "$(pcap-scan vxlan.pcap | jq .truncated)" -eq 0 ]
    [ "$(pcap-scan --tunnels all vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --tunnels vxlan vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --tunnels gre,gtp vxlan.pcap | jq .truncated)" -eq 0 ]
    [ "$(pcap-scan --tunnels vxlan --vxlan-ports 1 vxlan.pcap | jq .truncated)" -eq 0 ]
    pcap-truncate --tunnels vxlan vxlan.pcap >slim
    [ "$(bytes_of slim)" -lt "$(bytes_of vxlan.pcap)" ]
    runs pcap-verify --tunnels vxlan --original vxlan.pcap slim
    status_is 0
    runs pcap-verify --original vxlan.pcap slim
    status_is 1
}
