#!/usr/bin/env bats
# The operator's own rules: length modes, keep and cut, ports, policy files, through the filters and the driver.

load slim-helpers

bats_require_minimum_version 1.5.0

MICRO=$FIXTURES/good-little-micro.pcap # 14 packets, 5 cut: 2 TLS, SSH, QUIC, IPsec

cut_reasons() { pcap-scan "$@" | jq -c '.by_reason | map_values(.packets)'; }
kept_reasons() { pcap-scan "$@" | jq -c '.kept_by_reason'; }

setup_more() { cp "$MICRO" a.pcap; }

# chain OPTION...: cut, verified in full strength, cut once more to the same bytes.
chain() {
    pcap-truncate "$@" a.pcap >slim
    runs pcap-verify "$@" --original a.pcap slim
    status_is 0
    json_is '.verdict == "good"'
    pcap-truncate "$@" slim >again
    same_bytes again slim
}

# ---- length modes ----

@test "length: each mode is verified as itself and as no other" {
    local mode other
    for mode in rewrite snap zero; do
        chain --length $mode
        cp slim $mode
    done
    [ "$(bytes_of snap)" -eq "$(bytes_of rewrite)" ]
    [ "$(bytes_of zero)" -eq "$(bytes_of a.pcap)" ]
    for mode in rewrite:1 snap:2 zero:3; do
        for other in rewrite:1 snap:2 zero:3; do
            runs pcap-verify --length "${other%:*}" --original a.pcap "${mode%:*}"
            status_is $((${mode#*:} != ${other#*:}))
        done
    done
    same_bytes rewrite <(pcap-truncate a.pcap)
}

@test "length: the record counts zeros apart from bytes saved" {
    runs pcap-scan --length zero a.pcap
    json_is '.in_bytes == .out_bytes and .zeroed_bytes == 311 and .truncated == 5 and .length_mode == "zero" and
        ([.by_reason[].bytes_zeroed] | add) == 311 and ([.by_reason[].bytes_saved] | add) == 0'
    runs pcap-scan --length snap a.pcap
    json_is '.in_bytes - .out_bytes == 311 and (has("zeroed_bytes") | not) and .length_mode == "snap"'
    runs pcap-slim --single a.pcap --length zero
    status_is 0
    settled_err_is "ok a.pcap pkts=14 truncated=5 in=1654 out=1654 (_ms) [311 bytes of payload are zeros: the file is as long as before]
done: ok=1 skip=0 fail=0 elapsed=_"
}

@test "length: checksums as asked" {
    chain --length zero --keep-checksum
    cp slim kept
    chain --length zero
    [ "$(cmp -l kept slim | wc -l)" -gt 0 ]
    runs pcap-verify --length zero --original a.pcap kept
    status_is 1
    err_has "checksum is"
    chain --length zero --checksum incremental
    chain --checksum incremental
}

@test "length: what does not go together is misuse" {
    runs pcap-truncate --keep-checksum a.pcap
    misuse_is pcap-truncate "checksum keep goes with length zero only"
    runs pcap-scan --length snap --checksum incremental a.pcap
    misuse_is pcap-scan "checksum incremental goes with length rewrite or zero: snap changes no checksum"
    runs pcap-verify --length=zeros --original a.pcap a.pcap
    misuse_is pcap-verify "--length takes rewrite, snap or zero, not 'zeros'"
    runs pcap-commit --payload-bytes 65536 a.pcap
    misuse_is pcap-commit "--payload-bytes takes a whole number from 0 to 65535, not '65536'"
}

@test "length: by hand through pcap-commit, which must be told the same" {
    pcap-truncate --length zero a.pcap >slim
    runs_from slim pcap-commit a.pcap
    status_is 1
    same_bytes a.pcap "$MICRO"
    runs_from slim pcap-commit --length zero a.pcap
    status_is 0
    json_is '.length_mode == "zero" and .verdict == "good"'
    same_bytes a.pcap slim
    jq -e '.length_mode == "zero" and (.policy_text | contains("length = zero\n"))' .slim_markers/a.pcap >/dev/null
}

@test "length: oversize packets, zeros and snapped" {
    local kind
    for kind in tls cleartext; do
        kit big $kind 700000 >a.pcap
        chain --length zero
        [ "$(bytes_of slim)" -eq "$(bytes_of a.pcap)" ]
        chain --length snap
    done
}

# ---- what to cut ----

@test "rules: keep and cut, and keep wins" {
    [ "$(cut_reasons a.pcap)" = '{"tls":2,"ssh":1,"quic":1,"ipsec":1}' ]
    [ "$(cut_reasons --keep 'tcp port 443' a.pcap)" = '{"ssh":1,"quic":1,"ipsec":1}' ]
    [ "$(kept_reasons --keep 'tcp port 443' a.pcap | jq .rule_keep)" = 2 ]
    [ "$(cut_reasons --keep 'tcp port 443' --keep 'port 22' a.pcap)" = '{"quic":1,"ipsec":1}' ]
    [ "$(cut_reasons --cut tcp a.pcap | jq '.rule_cut > 0 and .quic == 1')" = true ]
    [ "$(cut_reasons --cut tcp --keep tcp a.pcap)" = '{"quic":1,"ipsec":1}' ]
    chain --keep 'tcp port 443' --cut 'tcp' --length zero
    chain --cut 'ip or ip6' --payload-bytes 0
}

@test "rules: ports and payload bytes" {
    [ "$(cut_reasons --quic-ports= --ipsec-ports '' a.pcap)" = '{"tls":2,"ssh":1}' ]
    [ "$(cut_reasons --ssh-ports 2222,23 a.pcap | jq 'has("ssh")')" = false ]
    runs pcap-truncate --tls-ports 443,x a.pcap
    misuse_is pcap-truncate "--tls-ports takes port numbers from 1 to 65535 with commas between them, not '443,x'"
    chain --payload-bytes 0
    chain --payload-bytes 3 --length snap
    chain --payload-bytes 100 --length zero
    runs pcap-verify --payload-bytes 99 --length zero --original a.pcap slim
    status_is 1
}

@test "rules: the first packets of each flow" {
    cp "$FIXTURES/good-real-tls13.pcap" a.pcap
    local all few
    all=$(pcap-scan a.pcap | jq .truncated)
    few=$(pcap-scan --min-packets 12 a.pcap | jq .truncated)
    [ "$few" -lt "$all" ]
    [ "$(pcap-scan --min-packets 100000 a.pcap | jq .truncated)" -eq 0 ]
    [ "$(pcap-scan --min-packets 12 a.pcap | jq .kept_by_reason.first_packets)" -eq $((all - few)) ]
    chain --min-packets 12
    chain --min-packets 12 --length zero
    chain --min-packets 12 --length snap
}

@test "rules: other link types keep every packet, whatever the expressions" {
    runs pcap-truncate --cut ip "$FIXTURES/good-linktype-user0.pcap"
    status_is 0
    same_bytes "$out_file" "$FIXTURES/good-linktype-user0.pcap"
}

@test "rules: expressions are of the capture's link type; names in them were looked up before" {
    local sll2="$FIXTURES/good-linktype-linux-sll2.pcap"
    [ "$(pcap-scan "$sll2" | jq .truncated)" -eq 8 ]
    [ "$(pcap-scan --keep 'tcp dst port https' "$sll2" | jq .kept_by_reason.rule_keep)" -eq 2 ]
    cp "$sll2" a.pcap
    chain --keep udp
    chain --min-packets 1
    runs pcap-truncate --keep vlan a.pcap
    status_is 1
    err_has "a.pcap: the expression 'vlan': "
}

@test "rules: an expression that does not compile is misuse, in libpcap's words" {
    runs pcap-truncate --keep 'host and' a.pcap
    misuse_is pcap-truncate "--keep: the expression 'host and': can't parse filter expression: syntax error"
    runs pcap-scan --cut ' ' a.pcap
    misuse_is pcap-scan "--cut takes an expression, see pcap-filter(7); an empty one would match every packet"
    runs pcap-truncate --cut 'ip broadcast' a.pcap
    status_is 2
    err_has "netmask not known"
}

@test "rules: a filter that decides is not linked with libpcap, and loads it only for an expression" {
    local program
    case $BIN_DIR in */asan/*) skip "a sanitizer's build" ;; esac
    for program in pcap-truncate pcap-scan; do
        [ "$(ldd "$BIN_DIR/$program" | grep -c libpcap)" -eq 0 ]
    done
    command -v strace >/dev/null || skip "no strace"
    traced --trace=openat without pcap-scan --min-packets 3 a.pcap >/dev/null
    calls_are without libpcap 0
    traced --trace=openat with pcap-scan --keep ip a.pcap >/dev/null
    [ "$(calls with 'libpcap.*= [0-9]')" -ge 1 ]
}

# ---- policy files ----

@test "policy file: options override it, wherever they stand; expressions add up" {
    cat >policy <<'END'
# sensor 7
length = zero
payload-bytes = 40
keep = tcp port 443
END
    runs pcap-truncate --payload-bytes 30 --policy-file policy --keep 'udp port 53 and "x" = "x"' --print-policy
    status_is 2
    runs pcap-truncate --payload-bytes 30 --policy-file policy --keep 'udp port 53' --print-policy
    status_is 0
    err_empty
    out_is 'policy = packet
flows = 400000
length = zero
checksum = compute
payload-bytes = 30
tls-ports = 443,465,853,993,995,5061,8443
quic-ports = 443
ipsec-ports = 500,4500
ssh-ports = 22
tunnels = none
vxlan-ports = 4789,4790,8472
geneve-ports = 6081
gtp-ports = 2152
min-packets = 0
match = frame
keep = tcp port 443
keep = udp port 53'
    cp "$out_file" printed
    runs pcap-truncate --policy-file printed --print-policy
    same_bytes "$out_file" printed
    [ "$(cut_reasons --policy-file policy a.pcap)" = "$(cut_reasons --length zero --payload-bytes 40 --keep 'tcp port 443' a.pcap)" ]
}

@test "policy file: errors have the file and the line" {
    printf 'length = zero\n\nlenght = snap\n' >policy
    runs pcap-truncate --policy-file policy a.pcap
    misuse_is pcap-truncate "policy: line 3: there is no setting 'lenght'; see pcap-slim-policy(5)"
    printf 'keep = ip\nkeep = host and\n' >policy
    runs pcap-scan --policy-file policy a.pcap
    misuse_is pcap-scan "policy: line 2: keep: the expression 'host and': can't parse filter expression: syntax error"
    runs pcap-scan --policy-file nowhere a.pcap
    refused_with "pcap-scan: nowhere: cannot open: No such file or directory"
    runs pcap-scan --policy-file policy --policy-file policy a.pcap
    misuse_is pcap-scan "--policy-file can be there once"
    head -c 2000000 /dev/zero >policy
    runs pcap-scan --policy-file policy a.pcap
    misuse_is pcap-scan "policy: not a policy file: over 1 MiB"
}

# ---- the driver ----

@test "pcap-slim: passes everything on, quotes and all; marker and report name the policy" {
    mkdir -p "d i'r" "t m'p"
    cp "$MICRO" "d i'r/a.pcap"
    cp "$MICRO" "d i'r/b.pcap"
    cat >'my policy' <<'END'
min-packets = 1
END
    pcap-truncate --policy-file 'my policy' --length zero --keep 'tcp port 443 and (host 192.0.2.1 or ip[0] & 0xf != 5)' \
        --cut 'udp port 53' --ssh-ports= "$MICRO" >want
    runs env TMPDIR="$PWD/t m'p" pcap-slim --dir "d i'r" --workers 2 --output json --policy-file 'my policy' --length=zero \
        --keep 'tcp port 443 and
            (host 192.0.2.1 or ip[0] & 0xf != 5)' --cut 'udp port 53' --ssh-ports ''
    status_is 0
    same_bytes "d i'r/a.pcap" want
    same_bytes "d i'r/b.pcap" want
    json_is '[.files[].policy_text] | unique | length == 1'
    json_is '.files[0].policy_text | contains("ssh-ports =\n") and contains("\ncut = udp port 53\n")'
    jq -e '.policy_digest | test("^xxh3:[0-9a-f]{16}$")' "d i'r/.slim_markers/a.pcap" >/dev/null
    only_files "t m'p"
}

@test "pcap-slim: --check-only and --verify count by a policy" {
    mkdir d
    cp "$MICRO" d/a.pcap
    runs pcap-slim --dir d --check-only --output json --payload-bytes 0 --cut ip
    json_is '.files[0].out_bytes == '"$(pcap-truncate --payload-bytes 0 --cut ip "$MICRO" | wc -c)"
    runs pcap-slim --dir d --verify count --length snap
    status_is 0
    same_bytes d/a.pcap <(pcap-truncate --length snap "$MICRO")
}

@test "pcap-slim: a bad policy is said before anything is touched" {
    mkdir d
    cp "$MICRO" d/a.pcap
    touch -d '1 hour ago' d/b.pcap.tmp
    local before
    before=$(picture d)
    runs pcap-slim --dir d --keep 'host and'
    misused "--keep: the expression 'host and': can't parse filter expression: syntax error"
    echo 'lenght = 1' >policy
    runs pcap-slim --dir d --policy-file policy
    misused "policy: line 1: there is no setting 'lenght'; see pcap-slim-policy(5)"
    runs pcap-slim --dir d --policy-file nowhere
    refused_with "pcap-slim: nowhere: cannot open: No such file or directory"
    runs pcap-slim --dir d --keep-checksum
    misused "checksum keep goes with length zero only"
    unchanged d "$before"
}

@test "stages: a stage that was given another policy than the record names refuses" {
    printf 'a.pcap\0' | pcap-truncate --length snap --files0-from=- >cut.json
    runs_from cut.json pcap-verify --records --length zero
    status_is 0
    json_is '.status == "fail" and (.error | contains("it was slimmed by another policy than this stage was given"))'
    runs_from cut.json pcap-verify --records
    json_is '.status == "verified" and .verdict == "good"'
    runs_from cut.json pcap-verify --records --length snap
    json_is '.status == "verified"'
}

@test "the settings as text are whole or none when memory runs out" {
    case $BIN_DIR in */asan/*) skip "a sanitizer has an allocator of its own" ;; esac
    local n allocations succeeded=0
    gcc -shared -fPIC -o shim.so "$ROOT/tests/torture/shim.c" -ldl
    printf 'keep = host %20000s\n' 192.0.2.1 >policy
    pcap-truncate --policy-file policy --print-policy >want
    LD_PRELOAD=./shim.so SHIM_COUNTS=counts pcap-truncate --policy-file policy --print-policy >out
    same_bytes want out
    read -r _ _ allocations <counts
    [ "$allocations" -gt 10 ] || explain "only $allocations allocations"
    for n in $(seq "$allocations"); do
        runs env LD_PRELOAD=./shim.so SHIM_NO_MEMORY="$n" SHIM_SPARE=libpcap \
            pcap-truncate --policy-file policy --print-policy
        if [ "$status" -eq 0 ]; then
            succeeded=$((succeeded + 1))
            same_bytes want "$out_file"
        else
            [ "$status" -le 2 ] || explain "memory $n: status $status"
            out_is ''
        fi
    done
    [ "$succeeded" -lt "$allocations" ] || explain "nothing failed"
}
