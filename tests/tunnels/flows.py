#!/usr/bin/python3
"""Conversations in tunnels: the policy `flow` leaves of a dressed conversation what it leaves of the conversation, dressed.

    flows.py BIN_DIR CAPTURE...     captures of Ethernet, little endian, microseconds

Every packet gets addresses, source port, TEID, label, call or sequence number of its direction, or of its own, as the tunnel has
it: both directions are one flow all the same. The same with IP lengths of 0, which segmentation offload leaves.

Exit: 0 all the same, 1 not.
"""

import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from dress import checksum  # noqa: E402

ETHERNET = b"\2\0\0\0\0\2\2\0\0\0\0\1"


def ip(protocol, payload, number, there):
    ends = b"\x0a\0\0\1\x0a\0\0\2" if there else b"\x0a\0\0\2\x0a\0\0\1"
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number & 0xFFFF, 0, 64, protocol, 0) + ends
    return ETHERNET + b"\x08\0" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(port, payload, number, there):
    source = 50000 + (number * 7 if there else 3) % 9000
    return ip(17, struct.pack("!HHHH", source, port, 8 + len(payload), 0) + payload, number, there)


def ppp(frame):
    return (b"\0\x21" if frame[12:14] == b"\x08\0" else b"\0\x57") + frame[14:]


# A frame, its number, whether it goes there or back.
DRESSES = {
    "vxlan": lambda f, n, t: udp(4789, b"\x08\0\0\0\0\0\x2a\0" + f, n, t),
    "geneve": lambda f, n, t: udp(6081, b"\0\0\x65\x58\0\0\x2a\0" + f, n, t),
    "gtp": lambda f, n, t: udp(2152, struct.pack("!BBHI", 0x30, 255, len(f) - 14, 7 if t else 99) + f[14:], n, t),
    "l2tp": lambda f, n, t: udp(1701, struct.pack("!HHH", 2, 5 if t else 6, 77 if t else 3) + ppp(f), n, t),
    "mpls": lambda f, n, t: ETHERNET + b"\x88\x47" + (b"\0\1\x01\x40" if t else b"\0\x23\x41\x40") + f[14:],
    "pppoe": lambda f, n, t: ETHERNET + b"\x88\x64\x11\0\0\5" + struct.pack("!H", len(f) - 12) + ppp(f),
    "ipip": lambda f, n, t: ip(4 if f[12:14] == b"\x08\0" else 41, f[14:], n, t),
    "gre": lambda f, n, t: ip(47, b"\x30\0" + f[12:14] + b"\0\0\0\7" + struct.pack("!I", n) + f[14:], n, t),
    "erspan": lambda f, n, t: ip(47, b"\x10\0\x88\xbe" + struct.pack("!I", n) + b"\x10\0\0\5\0\0\0\0" + f, n, t),
}


def frames_of(data):
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at:at + 8], data[at + 16:at + 16 + size]
        at += 16 + size


def capture(header, frames):
    return header + b"".join(time + struct.pack("<II", len(frame), len(frame)) + frame for time, frame in frames)


def without_trailer(frame):
    """An IP packet wholly captured, and nothing behind it; None for all else."""
    if len(frame) < 54 or frame[12:14] not in (b"\x08\0", b"\x86\xdd"):
        return None
    end = 14 + int.from_bytes(frame[16:18], "big") if frame[12:14] == b"\x08\0" else 54 + int.from_bytes(frame[18:20], "big")
    return frame[:end] if 54 < end <= len(frame) else None


def goes_there(frame):
    return frame[26:30] < frame[30:34] if frame[12:14] == b"\x08\0" else frame[22:38] < frame[38:54]


def without_length(frame):
    at = 16 if frame[12:14] == b"\x08\0" else 18
    return frame[:at] + b"\0\0" + frame[at + 2:]


def slim(folder, data):
    command = [os.path.join(folder, "pcap-truncate"), "--policy", "flow"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def main(argv):
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    packets = cut = wrong = 0
    for name in argv[2:]:
        with open(name, "rb") as file:
            data = file.read()
        frames = [(time, without_trailer(frame)) for time, frame in frames_of(data)]
        frames = [(time, frame) for time, frame in frames if frame is not None]
        left = [frame for _, frame in frames_of(slim(argv[1], capture(data[:24], frames)))]
        packets += len(frames)
        cut += sum(len(one) != len(was) for one, (_, was) in zip(left, frames))
        for kind, dress in DRESSES.items():
            worn = [(time, dress(frame, n, goes_there(frame))) for n, (time, frame) in enumerate(frames)]
            have = [frame for _, frame in frames_of(slim(argv[1], capture(data[:24], worn)))]
            want = [dress(frame, n, goes_there(frame)) for n, frame in enumerate(left)]
            if have != want:
                wrong += 1
                print("%s in %s: %d of %d packets differ" % (name, kind, sum(a != b for a, b in zip(have, want)), len(want)))
        offloaded = [(time, without_length(frame)) for time, frame in frames]
        have = [frame for _, frame in frames_of(slim(argv[1], capture(data[:24], offloaded)))]
        if [len(frame) for frame in have] != [len(frame) for frame in left]:
            wrong += 1
            print("%s with lengths of 0: other packets are cut" % name)
    print("%d packets, %d of them cut, in %d dresses: %d conversations differ" % (packets, cut, len(DRESSES), wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
