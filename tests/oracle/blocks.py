#!/usr/bin/python3
"""pcapng made and read without a line of what it judges.

  blocks.py make SEED OUT [KIND]     a random capture: any (default), one (link type and snaplen, for flows), tame (what
                                     Wireshark reads, too)
  blocks.py judge IN SLIM -- COMMAND...
                                     whether SLIM is what COMMAND, a filter over plain pcap, makes of the packets of IN,
                                     with everything else of IN as it was; to the byte
  blocks.py list FILE                a line a block: offset, type, total length
  blocks.py damage IN FOLDER         copies of IN that each lie in another way; prints name, tab, what must be said

Packets of a capture with several link types are judged link type by link type, each as a file of plain pcap. Simple
Packet Blocks must be as they were.
"""
import os
import random
import struct
import subprocess
import sys

SECTION, INTERFACE, PACKET, SIMPLE, NAMES, STATISTICS, ENHANCED, JOURNAL, SECRETS = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 9, 10
CUSTOM, CUSTOM_NO_COPY = 0xBAD, 0x40000BAD
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")


# ---- reading ----

class Bad(Exception):
    pass


def pad(length):
    return -length % 4


def blocks(data):
    """Each block: (offset, byte order, type, body)."""
    at, order = 0, "<"
    while at < len(data):
        if data[at : at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, total = struct.unpack_from(order + "II", data, at)
        if total < 12 or total % 4 or at + total > len(data):
            raise Bad(f"offset {at}: a block of {total} bytes")
        if struct.unpack_from(order + "I", data, at + total - 4)[0] != total:
            raise Bad(f"offset {at}: two lengths")
        yield at, order, kind, data[at + 8 : at + total - 4]
        at += total


class Frame:
    """A packet that may be cut: where it is in the list of pieces, its link type, its bytes."""

    def __init__(self, order, kind, body, link_type):
        self.order, self.kind, self.body, self.link_type = order, kind, body, link_type
        self.caplen, self.origlen = struct.unpack_from(order + "II", body, 12)
        self.bytes = body[20 : 20 + self.caplen]
        self.padding = body[20 + self.caplen : 20 + self.caplen + pad(self.caplen)]
        self.options = body[20 + self.caplen + pad(self.caplen) :]

    def block(self, frame):
        """With another frame in it."""
        padding = self.padding if len(frame) == self.caplen else bytes(pad(len(frame)))
        body = self.body[:12] + struct.pack(self.order + "II", len(frame), self.origlen) + frame + padding + self.options
        return whole(self.order, self.kind, body)


def whole(order, kind, body):
    total = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + total + body + total


def pieces(data):
    """Bytes that stay and frames that may not, one behind the other."""
    links = []
    for at, order, kind, body in blocks(data):
        if kind == SECTION:
            links = []
        elif kind == INTERFACE:
            links.append(struct.unpack_from(order + "H", body)[0])
        if kind in (ENHANCED, PACKET):
            interface = struct.unpack_from(order + ("I" if kind == ENHANCED else "H"), body)[0]
            yield Frame(order, kind, body, links[interface])
        else:
            yield data[at : at + len(body) + 12]


# ---- judging ----

def as_pcap(frames, link_type, snaplen):
    out = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)]
    for n, f in enumerate(frames):
        out.append(struct.pack("<IIII", n, 0, f.caplen, f.origlen) + f.bytes)
    return b"".join(out)


def from_pcap(data):
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16 : at + 16 + length]
        at += 16 + length


def first_snaplen(data):
    for _, order, kind, body in blocks(data):
        if kind == INTERFACE:
            return struct.unpack_from(order + "I", body, 4)[0] or 0xFFFFFFFF
    return 262144


def expected(data, command):
    parts = list(pieces(data))
    frames = [p for p in parts if isinstance(p, Frame)]
    for link_type in {f.link_type for f in frames}:
        these = [f for f in frames if f.link_type == link_type]
        run = subprocess.run(command, input=as_pcap(these, link_type, first_snaplen(data)), stdout=subprocess.PIPE,
                             check=True)
        slim = list(from_pcap(run.stdout))
        assert len(slim) == len(these)
        for f, s in zip(these, slim):
            f.slim = s
    cut = sum(f.slim != f.bytes for f in frames)
    return b"".join(p.block(p.slim) if isinstance(p, Frame) else p for p in parts), cut


def judge(path, slim_path, command):
    with open(path, "rb") as file, open(slim_path, "rb") as slim_file:
        data, slim = file.read(), slim_file.read()
    want, cut = expected(data, command)
    if slim != want:
        at = next((i for i, (a, b) in enumerate(zip(slim, want)) if a != b), min(len(slim), len(want)))
        sys.exit(f"{slim_path}: byte {at} is not as expected ({len(slim)} bytes, {len(want)} expected)")
    print(cut)


# ---- making ----

def fixture_frames():
    """Frames of all fixtures that are plain pcap, by link type."""
    frames = {}
    for name in sorted(os.listdir(FIXTURES)):
        if not name.startswith("good-") or not name.endswith(".pcap"):
            continue
        with open(os.path.join(FIXTURES, name), "rb") as file:
            data = file.read()
        order = "<" if data[0] in (0xD4, 0x4D) else ">"
        link_type = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
        at = 24
        while at < len(data):
            length, original = struct.unpack_from(order + "II", data, at + 8)
            frames.setdefault(link_type, []).append((data[at + 16 : at + 16 + length], original))
            at += 16 + length
    return frames


class Maker:
    def __init__(self, seed, kind):
        self.random = random.Random(seed)
        self.one = kind == "one"
        self.small = kind in ("one", "tame")
        self.tame = kind == "tame"
        self.frames = fixture_frames()
        self.out = []
        self.order = "<"
        self.interfaces = []
        self.time = 1700000000

    def option(self, code, value):
        r = self.random
        padding = bytes(pad(len(value))) if r.random() < 0.9 else r.randbytes(pad(len(value)))
        return struct.pack(self.order + "HH", code, len(value)) + value + padding

    def options(self, codes):
        """None, or some, with an end or without one, or with something behind the end."""
        r = self.random
        if r.random() < 0.4:
            return b""
        some = b"".join(self.option(*self.pick_option(codes)) for _ in range(r.randrange(1, 4)))
        end = r.choice([bytes(4), bytes(4), b"", bytes(4) + r.randbytes(8)])
        return some + end

    def pick_option(self, codes):
        r = self.random
        code = r.choice([1, 2988] if self.tame else list(codes) + [1, 2988, 19372, 0x7FFF])
        length = codes.get(code)
        if code == 1:
            return code, b"a comment, 25 % of \xc3\xa4ll"[: r.randrange(25)]
        if code in (2988, 19372):
            return code, struct.pack(self.order + "I", 32473) + r.randbytes(r.randrange(9))
        return code, r.randbytes(length if length is not None else r.randrange(40))

    def put(self, kind, body):
        self.out.append(whole(self.order, kind, body + bytes(pad(len(body)))))

    def section(self):
        r = self.random
        self.order = r.choice("<>") if not self.one or not self.out else self.order
        self.interfaces = []
        body = struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, r.choice([0, 0, 2]), r.choice([-1, -1, 4096]))
        self.put(SECTION, body + self.options({2: None, 3: None, 4: None}))

    def interface(self):
        r = self.random
        link_type = 1 if self.one else r.choice([1, 1, 1, 276, 101, 113] + ([] if self.tame else [147, 0xFFFF] + sorted(self.frames)))
        snaplen = 262144 if self.one else r.choice([0, 65535, 262144, 96])
        resolution = r.choice([6, 9, 3] if self.tame else [6, 6, 9, 3, 0, 0x80 | 20, 12, 0x80 | 63, 127])
        body = struct.pack(self.order + "HHI", link_type, r.choice([0, 0, 7]), snaplen)
        options = self.options({2: None, 3: None, 4: 8, 8: 8, 11: None, 13: 1, 14: 8})
        if r.random() < 0.6:
            options = self.option(9, bytes([resolution])) + options
        self.put(INTERFACE, body + options)
        self.interfaces.append((link_type, snaplen, resolution))

    def frame(self, link_type):
        r = self.random
        frame, original = r.choice(self.frames.get(link_type) or self.frames[1])
        if r.random() < 0.03 and not self.small:
            frame = frame + bytes(r.choice([300000, 262144 - len(frame) - 28, 600001]))
        return frame, max(original, len(frame))

    def time_stamp(self):
        r = self.random
        self.time += r.randrange(-3, 30)
        return divmod(r.getrandbits(64) if r.random() < 0.05 and not self.tame else self.time * 10**6 + r.randrange(10**6), 1 << 32)

    def packet(self, kind):
        r = self.random
        number = r.randrange(len(self.interfaces))
        frame, original = self.frame(self.interfaces[number][0])
        high, low = self.time_stamp()
        which = struct.pack(self.order + "I", number) if kind == ENHANCED else struct.pack(
            self.order + "HH", number, r.choice([0, 0xFFFF]))
        padding = bytes(pad(len(frame))) if r.random() < 0.8 else r.randbytes(pad(len(frame)))
        options = self.options({2: 4, 3: None, 4: 8, 5: 8, 6: 4, 7: None})
        if r.random() < 0.01 and not self.small:
            options = b"".join(self.option(1, bytes(65000)) for _ in range(5)) + options
        body = which + struct.pack(self.order + "IIII", high, low, len(frame), original) + frame + padding + options
        self.put(kind, body)

    def simple(self):
        frame, original = self.frame(self.interfaces[0][0])
        snaplen = self.interfaces[0][1]
        if snaplen:
            frame = frame[:snaplen]
        original = len(frame) if not snaplen or len(frame) < snaplen else max(original, len(frame))
        self.put(SIMPLE, struct.pack(self.order + "I", original) + frame)

    def other(self):
        r = self.random
        kind = r.choice([NAMES, STATISTICS, CUSTOM, CUSTOM_NO_COPY] + ([] if self.tame else [JOURNAL, 0x204, 0x80000001, 7]))
        if kind == STATISTICS:
            body = struct.pack(self.order + "III", 0, 0, r.getrandbits(32)) + self.options({2: 8, 3: 8, 4: 8, 5: 8})
        elif kind == NAMES:
            body = struct.pack(self.order + "HH4s8sHH", 1, 12, bytes([192, 0, 2, 1]), b"a.test\0\0", 0, 0)
        elif kind == JOURNAL:
            body = b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=x\n"
        elif kind in (CUSTOM, CUSTOM_NO_COPY):
            body = struct.pack(self.order + "I", 32473) + r.randbytes(4 * r.randrange(20))
        else:
            body = r.randbytes(4 * (100000 if r.random() < 0.1 and not self.small else r.randrange(30)))
        self.put(kind, body)

    def make(self):
        r = self.random
        for _ in range(1 if self.one else r.randrange(1, 4)):
            self.section()
            for _ in range(r.randrange(0, 3)):
                self.other() if r.random() < 0.5 else None
            self.interface()
            for _ in range(r.randrange(10, 80)):
                what = r.random()
                if what < 0.72:
                    self.packet(ENHANCED)
                elif what < 0.78:
                    self.packet(PACKET)
                elif what < 0.84 and not self.one:
                    self.simple()
                elif what < 0.9:
                    self.interface()
                else:
                    self.other()
        return b"".join(self.out)


# ---- lies ----

def damage(path, folder):
    with open(path, "rb") as file:
        data = file.read()
    found = {}
    for at, order, kind, body in blocks(data):
        found.setdefault(kind, (at, order, len(body) + 12))
    at, order, total = found[ENHANCED]
    name, _, name_total = found[NAMES]
    section = found[SECTION][0]

    def changed(offset, fmt, value):
        return data[:offset] + struct.pack(order + fmt, value) + data[offset + struct.calcsize(fmt) :]

    lies = {
        "first-length-longer": (changed(at + 4, "I", total + 4), "total length at the end of a block"),
        "first-length-shorter": (changed(at + 4, "I", total - 4), "captured length|total length at the end of a block"),
        "first-length-tiny": (changed(at + 4, "I", 8), "with total length 8"),
        "first-length-zero": (changed(at + 4, "I", 0), "with total length 0"),
        "first-length-odd": (changed(at + 4, "I", total + 1), "a multiple of 4"),
        "first-length-huge": (changed(at + 4, "I", 0xFFFFFFFC), "cut short after"),
        "last-length": (changed(at + total - 4, "I", total + 4), "total length at the end of a block"),
        "captured-longer": (changed(at + 20, "I", total), "but its block has room for"),
        "captured-huge": (changed(at + 20, "I", 0xFFFFFFFF), "over 256 MiB"),
        "no-such-interface": (changed(at + 8, "I", 9), "captured on interface 9, but its section has described"),
        "other-block-last-length": (changed(name + name_total - 4, "I", 0), "total length at the end of a block"),
        "no-interface": (data[: found[INTERFACE][0]] + data[found[INTERFACE][0] + found[INTERFACE][2] :],
                         "captured on interface 0, but its section has described 0"),
        "later-magic": (data + data[:8] + b"\0\0\0\0" + data[12:28], "byte-order magic 00000000"),
        "later-version": (data + data[:12] + struct.pack(order + "H", 2) + data[14:], "pcapng version 2."),
        "first-magic": (data[:8] + b"\0\0\0\0" + data[12:], "byte-order magic 00000000"),
        "first-version": (changed(section + 12, "H", 2), "pcapng version 2."),
        "cut-header": (data[: at + 5], "block header cut short after 5 of 12 bytes"),
        "cut-packet": (data[: at + total - 1], "packet cut short after"),
        "cut-block": (data[: name + name_total - 2], "block cut short after"),
        "not-even-a-section": (data[:20], "not a capture: 20 bytes"),
        "zeros-behind": (data + bytes(16), "with total length 0"),
        "text-behind": (data + b"this is no block, but text", "."),
    }
    for lie, (content, words) in lies.items():
        with open(os.path.join(folder, lie + ".pcapng"), "wb") as file:
            file.write(content)
        print(f"{lie}.pcapng\t{words}")


def main(arguments):
    if arguments[0] == "make":
        with open(arguments[2], "wb") as file:
            file.write(Maker(int(arguments[1]), arguments[3] if len(arguments) > 3 else "any").make())
    elif arguments[0] == "judge":
        judge(arguments[1], arguments[2], arguments[arguments.index("--") + 1 :])
    elif arguments[0] == "list":
        with open(arguments[1], "rb") as file:
            for at, _, kind, body in blocks(file.read()):
                print(at, kind, len(body) + 12)
    elif arguments[0] == "damage":
        damage(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
