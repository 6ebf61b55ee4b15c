#!/usr/bin/env bats
# Frames in tags and tunnels: what is left of a dressed frame is what is left of the frame, dressed.
load ../cli/helpers

# One packet of TLS in VXLAN, in ./vxlan.pcap.
one_in_vxlan() {
    head -c 24 "$FIXTURES/good-little-micro.pcap" >one.pcap
    tail -c +501 "$FIXTURES/good-little-micro.pcap" | head -c 171 >>one.pcap # the packet of docs/ALGORITHM.md
    "$PYTHON" "$ROOT/tests/bench/in-vxlan" one.pcap vxlan.pcap
}

@test "frames in random dresses, in every length mode: the same bytes, verified, and slimming again changes nothing" {
    runs "$PYTHON" "$ROOT/tests/tunnels/judge.py" "$BIN_DIR" "${DRESSES-800}" "${DRESS_SEED-1}"
    sed 's/^/# /' "$out_file" >&3
    status_is 0
}

@test "without --tunnels nothing in a tunnel is cut, and a single kind is looked into by its name" {
    one_in_vxlan
    [ "$(pcap-scan vxlan.pcap | jq .truncated)" -eq 0 ]
    [ "$(pcap-scan --tunnels all vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --tunnels vxlan vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --tunnels gre,gtp vxlan.pcap | jq .truncated)" -eq 0 ]
    [ "$(pcap-scan --tunnels vxlan --vxlan-ports 1 vxlan.pcap | jq .truncated)" -eq 0 ]
    pcap-truncate --tunnels vxlan vxlan.pcap >slim
    [ "$(stat -c %s slim)" -lt "$(stat -c %s vxlan.pcap)" ]
    runs pcap-verify --tunnels vxlan --original vxlan.pcap slim
    status_is 0
    runs pcap-verify --original vxlan.pcap slim
    status_is 1
}

@test "expressions match the frame as captured; with --inner the packet in it" {
    one_in_vxlan
    [ "$(pcap-scan --policy packet --tunnels all --keep 'udp port 4789' vxlan.pcap | jq .kept_by_reason.rule_keep)" -eq 1 ]
    [ "$(pcap-scan --tunnels all --keep 'tcp port 443' vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --tunnels all --inner --keep 'tcp port 443' vxlan.pcap | jq .kept_by_reason.rule_keep)" -eq 1 ]
    [ "$(pcap-scan --tunnels all --inner --keep 'udp port 4789' vxlan.pcap | jq .truncated)" -eq 1 ]
    [ "$(pcap-scan --inner --keep 'tcp port 443' vxlan.pcap | jq .kept_by_reason.tunnel)" -eq 1 ]
    runs pcap-scan --inner --keep 'wlan host 02:00:00:00:00:01' vxlan.pcap
    [ "$status" -ne 0 ]
}

@test "a run says how much it could not look into, and a scan what was in tunnels" {
    one_in_vxlan
    "$PYTHON" - vxlan.pcap >many.pcap <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(data[:24] + data[24:] * 120)
PY
    pcap-scan many.pcap | pcap-report 2>report
    grep -q '^120 of 120 packets could not be looked into (tunnel 120); for tags and tunnels see --tunnels$' report
    pcap-scan --tunnels all many.pcap | pcap-report 2>report
    ! grep -q 'looked into' report
    [ "$(pcap-scan --tunnels all many.pcap | jq -c .by_tunnel)" = '{"vxlan":{"packets":120,"truncated":120}}' ]
    pcap-scan --tunnels all --report many.pcap >report
    grep -qE '^  vxlan +120 +120 +120 +0$' report
    pcap-scan --report many.pcap >report
    grep -qE '^  Ethernet +120 +0 +0 +120$' report
    grep -qE '^    tunnel +120$' report
}

# dressed_alike CAPTURE: with the policy flow the slim of the dressed capture is the dressed slim.
dressed_alike() {
    "$PYTHON" "$ROOT/tests/bench/in-vxlan" "$1" dressed.pcap
    pcap-truncate --policy flow dressed.pcap >slim-dressed.pcap
    pcap-truncate --policy flow "$1" >slim.pcap
    "$PYTHON" "$ROOT/tests/bench/in-vxlan" slim.pcap dressed-slim.pcap
    cmp slim-dressed.pcap dressed-slim.pcap
}

@test "many packets in VXLAN, of which flow takes a shorter way from the second buffer on: as without VXLAN" {
    "$PYTHON" "$ROOT/scripts/make-bench-capture" bare.pcap 3e6
    dressed_alike bare.pcap
    [ "$(stat -c %s slim-dressed.pcap)" -lt 1500000 ]
    pcap-truncate --policy flow slim-dressed.pcap >again.pcap # all of these have lost bytes before
    cmp slim-dressed.pcap again.pcap
    pcap-truncate --length snap bare.pcap >snapped.pcap
    dressed_alike snapped.pcap
    runs pcap-scan --policy flow dressed.pcap
    [ "$(jq .kept_by_reason.cut_before <<<"$out")" -gt 1000 ]
}

@test "conversations in tunnels, and with lengths of 0: flow leaves of them what it leaves of them bare" {
    runs "$PYTHON" "$ROOT/tests/tunnels/flows.py" "$BIN_DIR" "$FIXTURES"/good-real-{ipsec,ipv6,quic,ssh,tls-otherport,tls12-chain,tls13}.pcap
    sed 's/^/# /' "$out_file" >&3
    status_is 0
}
