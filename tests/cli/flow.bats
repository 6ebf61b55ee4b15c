#!/usr/bin/env bats
# The policy flow, end to end on real recordings.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir w
}

@test "flow: every fixture is verified, and slimming twice is slimming once" {
    for length in rewrite snap zero; do
        rm -rf w
        mkdir w
        cp "$FIXTURES"/good-*.pcap w
        pcap-slim --policy flow --length $length --dir w --output json >report 2>/dev/null
        jq -e '.summary | .ok > 100 and .fail == 0' report >/dev/null
        rm -r w/.slim_markers
        printf '%s\0' w/*.pcap | pcap-truncate --policy flow --length $length --files0-from=- >records
        jq -s -e 'length > 100 and all(.[]; .status == "cut" and .truncated == 0)' records >/dev/null
    done
    for slim in w/*.pcap; do # as a filter, where it writes
        pcap-truncate --policy flow --length zero "$slim" | cmp - "$slim"
    done
}

@test "flow: a cut that leaves more than the floor is right only where the policy says so" {
    pcap-truncate --policy flow "$FIXTURES/good-real-tls12-chain.pcap" >slim
    run -1 pcap-verify --original "$FIXTURES/good-real-tls12-chain.pcap" slim
}

@test "flow: records name the policy and its reasons" {
    runs pcap-scan --policy flow "$FIXTURES/good-real-ssh.pcap"
    [ "$status" -eq 0 ] || return 1
    json_is '.policy == "flow" and .by_reason.ssh.packets > 0 and .kept_by_reason.handshake > 0'
}

@test "flow: committed by hand and by the driver" {
    cp "$FIXTURES/good-real-tls12-chain.pcap" w/a.pcap
    cp "$FIXTURES/good-real-tls12-chain.pcap" w/b.pcap
    pcap-truncate --policy flow w/a.pcap >slim
    pcap-commit --policy flow w/a.pcap <slim >/dev/null
    cmp slim w/a.pcap
    pcap-slim --dir w --policy flow --flows 1000 --output json >report
    cmp w/a.pcap w/b.pcap
    jq -e '.policy == "flow"' w/.slim_markers/b.pcap >/dev/null
}

@test "flow: certificates, QUIC names and key exchanges stay" {
    command -v tshark >/dev/null || skip "no tshark"
    for pair in tls12-chain:tls.handshake.certificate quic:tls.handshake.extensions_server_name ssh:ssh.kex.hassh \
        ipsec:isakmp.exchangetype http:http.request.full_uri; do
        capture=$FIXTURES/good-real-${pair%%:*}.pcap
        pcap-truncate --policy flow "$capture" >slim
        tshark -n -r "$capture" -T fields -e "${pair#*:}" 2>/dev/null | grep . | sort >before
        tshark -n -r slim -T fields -e "${pair#*:}" 2>/dev/null | grep . | sort >after
        [ -s before ] || return 1
        cmp before after
    done
}

# halves CAPTURE: two files that a rotating writer might have made of it, ./1 and ./2
halves() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$ROOT/scripts "$PYTHON" - "$1" <<'PYTHON'
import sys
from savefiles import pieces
for number, piece in enumerate(pieces(open(sys.argv[1], "rb").read(), 2), 1):
    open(str(number), "wb").write(piece)
PYTHON
}

@test "flow: of a capture that begins in the middle as much goes as of the whole one" {
    PCAP_SLIM_BIN=$BIN_DIR PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$ROOT/scripts/rotation" --pieces 2 --least 30000 \
        "$FIXTURES" >table
    for name in quic tls13 offload tls12-chain; do
        share=$(sed -n "s/^| good-real-$name.pcap .*| \([0-9]*\)\..*/\1/p" table)
        [ "$share" -ge 98 ] || { cat table && return 1; }
    done
}

@test "flow: a capture that begins in the middle is verified, slimmed twice as once, and by a slow pipe as from a file" {
    for name in quic tls13 offload tls12-chain ssh ipsec nano; do
        halves "$FIXTURES/good-real-$name.pcap"
        for length in rewrite snap zero; do
            pcap-truncate --policy flow --length $length 2 >slim
            pcap-verify --policy flow --length $length --original 2 slim >/dev/null
            pcap-truncate --policy flow --length $length slim | cmp - slim
            "$PYTHON" -c 'import os
data = open("2", "rb").read()
for at in range(0, len(data), 997):
    os.write(1, data[at:at + 997])' | pcap-truncate --policy flow --length $length | cmp - slim
        done
    done
}

# What tshark reads stays, and of the bytes at least so many in a hundred go: tunnel NAME LENGTH SHARE FIELD...
tunnel() {
    local capture=$FIXTURES/good-tunnel-$1.pcap length=$2 share=$3 field
    shift 3
    pcap-truncate --policy flow --length "$length" "$capture" >slim
    [ "$(($(wc -c <slim) * 100))" -le "$(($(wc -c <"$capture") * (100 - share)))" ]
    for field; do
        tshark -n -r "$capture" -T fields -e "$field" 2>/dev/null | grep . | sort >before
        tshark -n -r slim -T fields -e "$field" 2>/dev/null | grep . | sort >after
        [ -s before ]
        comm -23 before after >lost
        cmp lost /dev/null
    done
}

@test "flow: tunnels keep their handshakes and lose their data" {
    command -v tshark >/dev/null || skip "no tshark"
    tunnel wireguard rewrite 80 wg.sender wg.ephemeral
    tunnel openvpn rewrite 50 openvpn.opcode openvpn.sessionid
    # Over TCP nothing proves its data, only the TLS in it. In no other mode does tshark find what is behind cut messages.
    tunnel openvpn-tcp snap 0 openvpn.sessionid openvpn.opcode
    tunnel smb3 rewrite 70 smb2.cmd ntlmssp.auth.username
    tunnel dtls rewrite 60 dtls.handshake.type dtls.handshake.certificate dtls.use_srtp.protection_profile
    tunnel quic2 rewrite 80 tls.handshake.extensions_server_name
}
