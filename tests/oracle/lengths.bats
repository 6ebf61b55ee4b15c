#!/usr/bin/env bats
# The other length modes against the oracle, tshark and the witness: fixtures and, where it is there, the corpus.
load ../cli/helpers

# All of it that is a capture, in ./list; of each EVERY captures one, another one in each test.
list_all() {
    find "$FIXTURES" ${CORPUS:+"$CORPUS"} -type f ! -name '*.md' -print0 | LC_ALL=C sort -z |
        sed -zn "$((BATS_TEST_NUMBER % ${EVERY:-1} + 1))~${EVERY:-1}p" >list
}

# judge LENGTH CHECKSUM: pcap-truncate gives the oracle's bytes, the witness finds them good, cutting again changes
# nothing. Leaves pairs (original, slim) in ./pairs.
judge() {
    list_all
    rm -rf want
    "$PYTHON" "$ROOT/tests/oracle/oracle.py" "--length=$1" "--checksum=$2" --batch list want
    "$PYTHON" "$ROOT/tests/oracle/lengths.py" list want pairs --length "$1" --checksum "$2" >&3
}

@test "snap: the oracle's bytes" {
    judge snap compute
}

@test "zero: the oracle's bytes, and tshark finds every checksum right" {
    judge zero compute
    "$PYTHON" "$ROOT/tests/oracle/checksums.py" --zero --batch pairs >checksums || { cat checksums >&2 && false; }
    sed 's/^/# /' checksums >&3
}

@test "zero: checksums kept, and changed by the difference" {
    judge zero keep
    judge zero incremental
}

@test "rewrite: checksums changed by the difference" {
    judge rewrite incremental
}

# tags COUNT: frames with so many tags, TCP and UDP, with a checksum that is right, one that is wrong, and none.
tags() {
    "$PYTHON" - "$1" <<'PY'
import struct, sys
out = sys.stdout.buffer
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 20, 1))
for number, (protocol, wrong) in enumerate((p, w) for p in (6, 17) for w in (0, 0x1234, None)):
    payload = b"\x17" + bytes(range(1, 200)) * 2
    if protocol == 6:
        head, at = struct.pack("!HHIIBBHHH", 50000, 443, 1, 1, 5 << 4, 0x18, 1000, 0, 0), 16
    else:
        head, at = struct.pack("!HHHH", 50000, 443, 8 + len(payload), 0), 6
    length = len(head) + len(payload)
    addresses = b"\xc0\0\2\1\xc0\0\2\2"
    data = addresses + struct.pack("!HH", protocol, length) + head + payload
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data[:len(data) // 2 * 2])) + (data[-1] << 8) * (len(data) % 2)
    check = 0 if wrong is None else (~(total % 0xFFFF) & 0xFFFF) ^ wrong
    head = head[:at] + struct.pack("!H", check) + head[at + 2:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, protocol, 0) + addresses
    frame = bytes(12) + b"\x81\0\0\1" * int(sys.argv[1]) + b"\x08\0" + ip + head + payload + b"trailer"
    out.write(struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame)
PY
}

# Up to frames of which the end is behind the read buffer, where nobody can say whether a checksum was right.
@test "checksums changed by the difference behind very many tags" {
    local count mode
    for count in 1 1000 16000 65400 65420 65440 65500; do
        tags $count >tags.pcap
        for mode in rewrite zero; do
            "$PYTHON" "$ROOT/tests/oracle/oracle.py" --length=$mode --checksum=incremental tags.pcap want
            pcap-truncate --length $mode --checksum incremental tags.pcap >have
            same_bytes have want
            runs pcap-verify --length $mode --checksum incremental --original tags.pcap have
            status_is 0
        done
    done
}

# A frame whose payload begins in the buffer and ends behind it, for all the tags before it.
@test "payload behind the read buffer becomes zeros, too" {
    "$PYTHON" - >tags.pcap <<'PY'
import struct, sys
tcp = struct.pack("!HHIIBBHHH", 50000, 443, 1, 1, 5 << 4, 0x18, 1000, 0, 0)
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 340, 1, 0, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
frame = b"\2\0\0\0\0\1\2\0\0\0\0\2" + b"\x81\0\0\1" * 65500 + b"\x08\0" + ip + tcp + b"\x17" * 300 + b"trailer"
out = sys.stdout.buffer
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 20, 1))
for second in range(2):
    out.write(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)
PY
    local mode
    for mode in zero snap rewrite; do
        "$PYTHON" "$ROOT/tests/oracle/oracle.py" --length=$mode tags.pcap want
        pcap-truncate --length $mode tags.pcap >have
        same_bytes have want
        runs pcap-verify --length $mode --original tags.pcap have
        status_is 0
        pcap-truncate --length $mode have >again
        same_bytes again have
    done
    runs pcap-scan --length zero tags.pcap
    json_is '.zeroed_bytes == 552 and .oddities.oversize_packet == 2'
}
