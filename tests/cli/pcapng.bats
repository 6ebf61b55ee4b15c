#!/usr/bin/env bats
# pcapng, in and out. Judges: tests/oracle/blocks.py, which makes and reads it with no line of what is judged, tshark and
# capinfos. What becomes of frames is judged elsewhere: the same frames as plain pcap must come to the same.
load helpers

BLOCKS=$ROOT/tests/oracle/blocks.py

setup_more() {
    mkdir w
    editcap -F pcapng "$FIXTURES/good-real-tls13.pcap" a.pcapng
}

blocks() { "$PYTHON" "$BLOCKS" "$@"; }

# with_blocks [ARG...]: run the program on standard input, which may import blocks
with_blocks() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${BLOCKS%/*} "$PYTHON" - "$@"; }

# judged_as IN OPTION...: the slim of IN is that of its packets as plain pcap, in everything else it is as it was, the
# witness finds it good, counting comes to the same, and slimming it again changes nothing. Adds to $cut how many were cut.
judged_as() {
    local in=$1 more
    shift
    pcap-truncate --accept pcapng --record record "$@" "$in" >slim || return 1
    more=$(blocks judge "$in" slim -- pcap-truncate "$@") || return 1
    cut=$((cut + more))
    pcap-verify --original "$in" "$@" slim >/dev/null || return 1
    pcap-verify --record record slim >/dev/null || return 1
    pcap-scan --accept pcapng "$@" "$in" >scanned || return 1
    jq -e -n --slurpfile record record --slurpfile scanned scanned --argjson cut "$more" --argjson size "$(stat -c %s slim)" '
        ($record[0] | del(.elapsed_ms, .file, .digest)) == ($scanned[0] | del(.elapsed_ms, .file)) and
        $record[0].truncated == $cut and $record[0].out_bytes == $size' >/dev/null || return 1
    pcap-truncate --accept pcapng "$@" slim | cmp - slim
}

# random FROM TO KIND OPTION...: many of them
random() {
    local seed from=$1 to=$2 kind=$3
    shift 3
    cut=0
    for seed in $(seq "$from" "$to"); do
        blocks make "$seed" "r$seed.pcapng" "$kind"
        judged_as "r$seed.pcapng" "$@" || {
            echo "blocks.py make $seed r$seed.pcapng $kind: $*" >&2
            return 1
        }
        rm "r$seed.pcapng"
    done
    [ "$cut" -gt 0 ]
}

@test "pcapng: whatever is in it, everything but cut frames comes out as it was" {
    random 1 16 any
}

@test "pcapng: lengths kept, zeros, other checksums" {
    random 101 104 any --length zero
    random 111 114 any --length snap
    random 121 122 any --length zero --checksum incremental
    random 131 132 any --length zero --checksum keep
}

@test "pcapng: flows are followed as in plain pcap" {
    random 201 206 one --policy flow
    random 221 223 one --policy flow --length zero
}

@test "pcapng: rules of the operator, and frames of which nothing stays" {
    random 301 302 one --keep 'port 443 and tcp' --payload-bytes 0
}

@test "pcapng: recordings and link types, converted, come to the same as they are" {
    cut=0
    for capture in "$FIXTURES"/good-{real,linktype,tunnel}-*.pcap; do
        editcap -F pcapng "$capture" c.pcapng 2>/dev/null || continue # a link type that it does not know
        judged_as c.pcapng --policy flow || return 1
    done
    [ "$cut" -gt 0 ]
}

@test "pcapng: tshark and capinfos read it as before" {
    for seed in 1 2 3; do
        blocks make $seed in.pcapng tame
        pcap-truncate --accept pcapng in.pcapng >slim.pcapng
        for file in in slim; do
            tshark -r $file.pcapng -T fields -e frame.number -e frame.time_epoch -e frame.interface_id -e frame.len \
                -e frame.comment -e frame.encap_type >$file.txt 2>$file.err
            capinfos -c -E -T -r -m $file.pcapng | sed "s/^$file//" >$file.info
        done
        if grep -q damaged in.err; then
            cat in.err >&2
            return 1
        fi
        [ -s in.txt ]
        cmp in.txt slim.txt
        cmp in.info slim.info
    done
}

@test "pcapng: the checksums of what was cut are right" {
    pcap-truncate --accept pcapng a.pcapng >slim.pcapng
    tshark -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -r slim.pcapng \
        -Y 'tcp.len == 24 && (ip.checksum.status == 0 || tcp.checksum.status == 0)' >wrong 2>/dev/null
    [ ! -s wrong ]
    [ "$(tshark -r slim.pcapng -Y 'tcp.len == 24' 2>/dev/null | wc -l)" -gt 20 ]
}

@test "pcapng: a length that lies, or is cut short, is said, and the file stays as it is" {
    blocks make 3 in.pcapng one
    mkdir lies
    blocks damage in.pcapng lies >lies.txt
    [ "$(wc -l <lies.txt)" -gt 20 ]
    while IFS=$'\t' read -r name words; do
        cp "lies/$name" before
        runs pcap-slim --accept pcapng --single "lies/$name"
        [ "$status" -eq 1 ] || explain "$name: taken"
        grep -qE "FAIL lies/$name: .*($words)" <<<"$err" || explain "$name: not said: $words"
        cmp before "lies/$name"
        [ ! -e "lies/$name.tmp" ]
        runs_from before pcap-scan --accept pcapng
        [ "$status" -eq 1 ] || explain "$name: scanned"
    done <lies.txt
}

@test "pcapng: what comes in pieces comes to the same" {
    blocks make 5 in.pcapng
    pcap-truncate --accept pcapng in.pcapng >want
    pcap-truncate --accept pcapng --mmap in.pcapng | cmp - want
    (dd bs=7 count=600 && dd bs=4099) <in.pcapng 2>/dev/null | pcap-truncate --accept pcapng | cmp - want
}

@test "pcapng: in place, marked, with digests, and its status" {
    cp a.pcapng "$FIXTURES/good-real-ssh.pcap" w
    pcap-truncate --accept pcapng a.pcapng >want
    runs pcap-slim --accept pcapng --hash sha256 --dir w
    [ "$status" -eq 0 ] || explain "it failed"
    grep -q '^done: ok=2 skip=0 fail=0' <<<"$err" || explain "not both"
    cmp w/a.pcapng want
    [ "$(jq -r .out_sha256 w/.slim_markers/a.pcapng)" = "$(sha256sum <want | cut -d' ' -f1)" ]
    [ "$(jq -r .in_sha256 w/.slim_markers/a.pcapng)" = "$(sha256sum <a.pcapng | cut -d' ' -f1)" ]
    runs pcap-slim --accept pcapng --status w --hash xxh3
    [ "$status" -eq 0 ] || explain "changed"
    grep -q '^slim *a.pcapng$' <<<"$out" || explain "not there"
    runs pcap-slim --accept pcapng --dir w
    grep -q 'ok=0 skip=2 fail=0' <<<"$err" || explain "taken up again"
    touch -r w/a.pcapng time
    printf x | dd of=w/a.pcapng bs=1 seek=200 conv=notrunc status=none
    touch -r time w/a.pcapng
    runs pcap-slim --accept pcapng --status w --hash xxh3
    [ "$status" -eq 1 ] || explain "a change was not seen"
}

@test "pcapng: by hand, as a filter before pcap-commit" {
    cp a.pcapng w/a.pcapng
    pcap-truncate --accept pcapng a.pcapng >slim
    runs_from slim pcap-commit w/a.pcapng
    [ "$status" -eq 1 ] || explain "taken without --accept"
    cmp a.pcapng w/a.pcapng
    runs_from slim pcap-commit --accept pcapng w/a.pcapng
    [ "$status" -eq 0 ] || explain "not taken"
    cmp slim w/a.pcapng
}

@test "pcapng: only where it was asked for, under either name" {
    cp a.pcapng w/a.pcapng
    cp a.pcapng w/b.pcap
    runs pcap-slim --dir w
    [ "$status" -eq 1 ] || explain "taken"
    grep -qF 'FAIL w/b.pcap: not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT' <<<"$err" || explain "not said"
    grep -q 'done: ok=0 skip=0 fail=1' <<<"$err" || explain "it looked at more"
    runs pcap-slim --dir w --accept none
    grep -q 'done: ok=0 skip=1 fail=0' <<<"$err" || explain "it does not remember"
    runs pcap-slim --dir w --accept all
    [ "$status" -eq 0 ] || explain "refused"
    grep -q 'done: ok=2 skip=0 fail=0' <<<"$err" || explain "not both"
    runs pcap-slim --accept pcapng --glob '*.none' --dir w
    grep -q 'no pcaps to process' <<<"$err" || explain "patterns do not count"
    runs pcap-truncate --accept pcapnx a.pcapng
    [ "$status" -eq 2 ] || explain "a word that is none"
    grep -qF -- "--accept takes names with commas between: none, all, pcapng, gzip, zstd, lz4, xz, not 'pcapnx'" <<<"$err" || explain "not said"
}

@test "pcapng: accepted in a configuration file" {
    cp a.pcapng w/a.pcapng
    printf 'accept = pcapng\ndir = w\n' >conf
    runs pcap-slim --config conf --check-only
    [ "$status" -eq 0 ] || explain "refused"
    grep -q '^ok w/a.pcapng pkts=71 truncated=34' <<<"$err" || explain "not looked at"
    runs pcap-slim --config conf
    grep -q 'done: ok=1' <<<"$err" || explain "not slimmed"
}

@test "pcapng: pcap-scan tells interfaces apart" {
    mergecap -F pcapng -w m.pcapng "$FIXTURES/good-real-tls13.pcap" "$FIXTURES/good-linktype-linux-sll2.pcap"
    runs pcap-scan --accept pcapng m.pcapng
    [ "$status" -eq 0 ] || explain "failed"
    json_is '.container == "pcapng" and ([.interfaces[] | .linktype] == [1, 276])'
    json_is '.in_pkts == ([.interfaces[].in_pkts] | add) and .truncated == ([.interfaces[].truncated] | add)'
    json_is '([.interfaces[].bytes_saved] | add) == ([.by_reason[].bytes_saved] | add)'
    json_is '.interfaces[0].truncated == 34 and .interfaces[1].truncated > 0'
    runs pcap-scan --accept pcapng --report text m.pcapng
    [ "$status" -eq 0 ] || explain "no report"
}

@test "pcapng: many interfaces are counted, the last ones together" {
    with_blocks <<'PYTHON'
import blocks as b, struct, sys
out = b.whole("<", b.SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
for i in range(40):
    out += b.whole("<", b.INTERFACE, struct.pack("<HHIHH4sHH", 1, 0, 0, 2, 4, b"eth%d" % (i % 10), 0, 0))
for i in range(40):
    out += b.whole("<", b.ENHANCED, struct.pack("<IIIII", i, 0, i, 60, 60) + bytes(60))
open("many.pcapng", "wb").write(out)
PYTHON
    runs pcap-scan --accept pcapng many.pcapng
    json_is '(.interfaces | length) == 32 and .other_interfaces.interfaces == 8 and .other_interfaces.in_pkts == 8'
    json_is '.interfaces[3].name == "eth3" and .interfaces[3].interface == 3 and .interfaces[3].in_pkts == 1'
}

# keys CONTENT TYPE WHERE: a.pcapng with a Decryption Secrets Block first or last
keys() {
    with_blocks "$@" <<'PYTHON'
import blocks as b, struct, sys
data = open("a.pcapng", "rb").read()
secrets = sys.argv[1].encode()
secrets += bytes(b.pad(len(secrets)))
block = b.whole("<", b.SECRETS, struct.pack("<II", int(sys.argv[2], 16), len(sys.argv[1])) + secrets)
at = next(b.blocks(data))[3]
first = len(at) + 12
sys.stdout.buffer.write(data[:first] + block + data[first:] if sys.argv[3] == "first" else data + block)
PYTHON
}

@test "pcapng: what a capture has the keys to, the policy flow keeps" {
    pcap-truncate --policy flow --accept pcapng --record record a.pcapng >slim
    [ "$(jq .truncated record)" -gt 10 ]
    keys "CLIENT_RANDOM 00 00" 544c534b first >k.pcapng
    pcap-truncate --policy flow --accept pcapng --record record k.pcapng | cmp - k.pcapng
    [ "$(jq .kept_by_reason.secrets record)" -gt 10 ]
    keys "another" 12345678 first >k.pcapng # nobody knows to what
    pcap-truncate --policy flow --accept pcapng k.pcapng | cmp - k.pcapng
    keys "wireguard" 57474b4c first >k.pcapng
    pcap-truncate --policy flow --accept pcapng --record record k.pcapng >slim
    [ "$(jq .truncated record)" -gt 10 ]
    pcap-truncate --accept pcapng --record record k.pcapng >slim # the policy packet goes by ports
    [ "$(jq .truncated record)" -eq 34 ]
    keys "CLIENT_RANDOM 00 00" 544c534b first | cat - a.pcapng >two.pcapng # keys are those of a section
    pcap-truncate --policy flow --accept pcapng --record record two.pcapng >slim
    [ "$(jq .kept_by_reason.secrets record)" -gt 10 ]
    [ "$(jq .truncated record)" -gt 10 ]
}

@test "pcapng: keys behind what they make readable are no success, and nothing is lost" {
    keys "CLIENT_RANDOM 00 00" 544c534b last >w/k.pcapng
    cp w/k.pcapng before
    runs pcap-slim --policy flow --accept pcapng --single w/k.pcapng
    [ "$status" -eq 1 ] || explain "taken"
    grep -q 'keys stand behind packets of their section' <<<"$err" || explain "not said"
    cmp before w/k.pcapng
    pcap-slim --accept pcapng --single w/k.pcapng
}

@test "pcapng: memory is bounded whatever a block claims" {
    with_blocks <<'PYTHON'
import blocks as b, struct, sys
start = b.whole("<", b.SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
interface = b.whole("<", b.INTERFACE, struct.pack("<HHI", 1, 0, 0))
open("interfaces.pcapng", "wb").write(start + interface * 65537)
open("claims.pcapng", "wb").write(start + interface + struct.pack("<II", 6, 0xFFFFFFF0) + bytes(3000000))
with open("custom.pcapng", "wb") as file:
    file.write(start + interface)
    total = 200 << 20
    file.write(struct.pack("<III", 0xBAD, total, 32473))
    file.seek(total - 16, 1)
    file.write(struct.pack("<I", total))
PYTHON
    for file in interfaces claims; do
        runs /usr/bin/time -f '%M' pcap-scan --accept pcapng $file.pcapng
        [ "$status" -eq 1 ] || explain "taken"
        [ "$(tail -n 1 <<<"$err")" -lt 24000 ] || explain "$file: too much memory"
    done
    runs_from interfaces.pcapng pcap-scan --accept pcapng
    grep -q 'more than 65536 interfaces in one section' <<<"$err" || explain "not said"
    runs /usr/bin/time -f '%M' pcap-verify --original custom.pcapng custom.pcapng
    [ "$status" -eq 0 ] || explain "not the same"
    [ "$(tail -n 1 <<<"$err")" -lt 24000 ] || explain "too much memory"
}
