#!/usr/bin/python3
"""Slimming what is dressed is dressing what is slimmed: tried on frames of fixtures/frames.txt and others, in random dresses.

    judge.py BIN_DIR [COUNT [SEED]]     for each length mode and way of checksums, COUNT dressed frames each

The slim form of a frame is the oracle's (tests/oracle), of its dress that of dress.py; pcap-truncate must leave the same bytes,
pcap-verify find them good, and tshark every length and checksum of what is cut right (mode rewrite). Nothing of lib/ is used.

Exit: 0 all the same, 1 not, 2 cannot tell.
"""

import os
import random
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "oracle"))

import oracle  # noqa: E402
from dress import FRAME, IP4, IP6, Dress, checksum  # noqa: E402

MODES = (("rewrite", "compute"), ("rewrite", "incremental"), ("snap", "compute"), ("zero", "compute"), ("zero", "incremental"),
         ("zero", "keep"))
WITHOUT_LENGTH = {"qinq", "vntag", "pbb", "mpls", "nsh"}  # nothing of them says where a packet in them ends
TUNNELS_THEMSELVES = ("802.1ad", "IPv4 in IPv4", "GRE", "802.3")


def table():
    for link, frame, _, why in oracle.frames_of(os.path.join(ROOT, "fixtures", "frames.txt")):
        if link == 1 and not any(word in why for word in TUNNELS_THEMSELVES):
            yield frame


def made(rng):
    """A frame of TCP or UDP, of any length, to a port that matters or not."""
    size = rng.choice((rng.randrange(0, 40), rng.randrange(24, 27), rng.randrange(300)))
    payload = bytes([rng.choice((0x17, 0x16, 0x14, 0x47))]) + bytes(rng.randrange(256) for _ in range(size))
    ports = struct.pack("!HH", rng.randrange(1024, 4000), rng.choice((443, 443, 22, 80, 4500, 853)))
    six = rng.random() < 0.4
    ends = bytes(rng.randrange(256) for _ in range(32 if six else 8))
    if rng.random() < 0.6:
        head = ports + struct.pack("!IIBBHHH", 1, 2, 0x50, 0x18, 1000, 0, 0)
        at, protocol = 16, 6
    else:
        head = ports + struct.pack("!HH", 8 + len(payload), 0)
        at, protocol = 6, 17
    value = checksum(ends + struct.pack("!HH", protocol, len(head) + len(payload)) + head + payload) or 0xFFFF
    value = rng.choice((value, value, value, 0x1234, 0))
    data = head[:at] + struct.pack("!H", value) + head[at + 2:] + payload
    if six:
        packet = struct.pack("!IHBB", 6 << 28, len(data), protocol, 64) + ends + data
    else:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0x4000, 64, protocol, 0) + ends
        packet = ip[:10] + struct.pack("!H", rng.choice((checksum(ip), 0x4321))) + ip[12:] + data
    tag = struct.pack("!HH", 0x8100, rng.randrange(4096)) if rng.random() < 0.2 else b""
    return b"\2" + bytes(11) + tag + (b"\x86\xdd" if six else b"\x08\0") + packet + bytes(rng.choice((0, 0, 0, 5)))


def is_longer(frame):
    """Whether an IP packet says that it is longer than its frame: a tunnel that ends before it is not believed."""
    announced = oracle.network_header(frame)
    if announced is None or announced[0] not in (IP4, IP6):
        return False
    packet = (oracle.ipv4 if announced[0] == IP4 else oracle.ipv6)(frame, announced[1])
    return packet is not None and packet.said_end > len(frame)


def dressed(seed, frame, strip, depth, only, trailer):
    rng = random.Random(seed)
    dress = Dress(rng, trailer)
    thing = (FRAME, frame)
    if strip:
        thing = (int.from_bytes(frame[12:14], "big"), frame[14:])
    return dress.wrap(thing, depth, only), dress.names


class Case:
    def __init__(self, rng, frames):
        self.frame = rng.choice(frames) if rng.random() < 0.4 else made(rng)
        kind = self.frame[12:14]
        version = self.frame[14] >> 4 if len(self.frame) > 14 else 0
        self.strip = (kind, version) in ((b"\x08\0", 4), (b"\x86\xdd", 6)) and rng.random() < 0.6
        self.whole = not is_longer(self.frame)  # behind one that is not, a trailer would be taken for what it lacks
        self.seed = rng.getrandbits(64)
        self.depth = rng.choice((1, 1, 1, 2, 2, 3, 4))
        self.only = rng.choice(Dress.KINDS)
        self.original, self.names = dressed(self.seed, self.frame, self.strip, self.depth, self.only, self.whole)
        if self.original is None:
            self.only = None
            self.original, self.names = dressed(self.seed, self.frame, self.strip, self.depth, None, self.whole)
        self.longer = not self.whole and not WITHOUT_LENGTH.issuperset(self.names)

    def expected(self, mode, how):
        slim = oracle.slim_frame(self.frame, mode, how)
        if slim is self.frame or self.longer:
            return self.original
        if mode == "rewrite":
            return dressed(self.seed, slim, self.strip, self.depth, self.only, False)[0]
        skip = 14 if self.strip else 0
        at = self.original.rfind(self.frame[skip:])
        if mode == "snap":
            return self.original[:at + len(slim) - skip]
        if how == "keep":
            return self.original[:at] + slim[skip:] + self.original[at + len(self.frame) - skip:]
        return dressed(self.seed, slim, self.strip, self.depth, self.only, self.whole)[0]


def capture(frames, originals=None):
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for number, frame in enumerate(frames):
        length = len(originals[number]) if originals else len(frame)
        out += [struct.pack("<IIII", 1700000000 + number, 0, len(frame), length), frame]
    return b"".join(out)


def frames_in(data):
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def run(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def judge_mode(folder, cases, mode, how, words):
    originals = [case.original for case in cases]
    options = ["--length", mode, "--checksum", how, "--tunnels", "all"]
    data = capture(originals)
    done = run([os.path.join(folder, "pcap-truncate")] + options, data)
    if done.returncode != 0:
        words.append("pcap-truncate: " + done.stderr.decode("utf-8", "replace").strip())
        return 0
    cut = 0
    for number, (case, frame) in enumerate(zip(cases, frames_in(done.stdout))):
        want = case.expected(mode, how)
        cut += want is not case.original
        if frame != want:
            words.append("%s %s, packet %d, %s (seed %d, depth %d, only %s, strip %s):\n  was  %s\n  want %s\n  have %s" % (
                mode, how, number, ",".join(case.names), case.seed, case.depth, case.only, case.strip, case.original.hex(),
                want.hex() if want is not case.original else "kept", frame.hex() if frame != case.original else "kept"))
    with tempfile.TemporaryDirectory() as place:
        names = [os.path.join(place, name) for name in ("original", "slim")]
        for name, content in zip(names, (data, done.stdout)):
            with open(name, "wb") as out:
                out.write(content)
        verified = run([os.path.join(folder, "pcap-verify")] + options + ["--original"] + names, b"")
        if verified.returncode != 0:
            words.append("%s %s: %s" % (mode, how, verified.stderr.decode("utf-8", "replace").strip()))
        again = run([os.path.join(folder, "pcap-truncate")] + options + [names[1]], b"")
        if again.stdout != done.stdout:
            words.append("%s %s: slimming again changes something" % (mode, how))
    return cut


def main(argv):
    if not 2 <= len(argv) <= 4:
        print(__doc__, file=sys.stderr)
        return 2
    count = int(argv[2]) if len(argv) > 2 else 1000
    seed = int(argv[3]) if len(argv) > 3 else 1
    rng = random.Random(seed)
    frames = list(table())
    cases = [Case(rng, frames) for _ in range(count)]
    words = []
    cut = 0
    for mode, how in MODES:
        cut += judge_mode(argv[1], cases, mode, how, words)
    worn = {}
    for case in cases:
        for name in case.names:
            worn[name] = worn.get(name, 0) + 1
    for line in words[:int(os.environ.get("SHOW", "5"))]:
        print(line)
    print("%d dressed frames in %d ways, %d cut in all, %d differ; worn: %s" % (
        count, len(MODES), cut, len(words), " ".join("%s %d" % item for item in sorted(worn.items()))))
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
