"""Conversations whose every byte is known to be readable or encrypted, and captures of them. For conversations.py.

Nothing here is shared with the programs: what must stay follows from how a conversation is made.
"""

import hashlib
import random
import struct

CLEAR, SECRET = 1, 0
CLIENT, SERVER = 0, 1


def noise(length, seed):
    out, block = [], 0
    while 32 * block < length:
        out.append(hashlib.sha256(f"{seed}/{block}".encode()).digest())
        block += 1
    return b"".join(out)[:length]


class Talk:
    """Between a client and a server. `cuts`: whether encrypted bytes are expected to go, too, not only readable ones to stay."""

    def __init__(self, name, port, udp=False, cuts=True):
        self.name, self.port, self.udp, self.cuts = name, port, udp, cuts
        self.turns = []  # (side, payload, a label for each byte, where units begin)
        self.count = 0
        self.fast_open = False
        self.protocol = 17 if udp else 6
        self.keeps_partial_heads = False  # and with them the segment that ends in one
        self.needs_beginning = False  # what is readable cannot be told where the beginning is missing

    def noise(self, length):
        self.count += 1
        return noise(length, f"{self.name}/{self.count}")

    def say(self, side, *parts):
        """Each part: bytes, which are readable, or a pair of label and bytes."""
        payload, labels, begins = b"", b"", []
        for part in parts:
            label, data = (CLEAR, part) if isinstance(part, bytes) else part
            begins.append(len(payload))
            payload += data
            labels += bytes([label]) * len(data)
        self.turns.append((side, payload, labels, begins))


def stays(labels):
    """Up to the last readable byte."""
    return labels.rfind(bytes([CLEAR])) + 1


# ---------------------------------------------------------------- packets of talks


class Packet:
    def __init__(self, talk, side, seq, payload, labels, flags=0x18):
        self.talk, self.side, self.seq, self.payload, self.labels, self.flags = talk, side, seq, payload, labels, flags


def frame_of(packet, number):
    talk = packet.talk
    client, server = struct.pack(">HH", 0xC000, number), struct.pack(">HH", 0xC633, 1)
    ports = (40000 + number % 20000, talk.port)
    if packet.side == SERVER:
        client, server, ports = server, client, ports[::-1]
    if talk.protocol == 50:
        transport = struct.pack(">II", 0x1000 + number + packet.side, packet.seq & 0xFFFFFFFF)
    elif talk.udp:
        transport = struct.pack(">HHHH", *ports, 8 + len(packet.payload), 0)
    else:
        transport = struct.pack(">HHIIBBHHH", *ports, packet.seq & 0xFFFFFFFF, 0, 0x50, packet.flags, 65535, 0, 0)
    length = len(transport) + len(packet.payload)
    if number % 3 == 2:
        prefix = bytes.fromhex("20010db800000000") + bytes(4)
        ip = struct.pack(">IHBB", 0x60000000, length, talk.protocol, 64) + prefix + client + prefix + server
        ethertype = b"\x86\xdd"
    else:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 1, 0x4000, 64, talk.protocol, 0) + client + server
        ethertype = b"\x08\x00"
    tag = b"\x81\x00\x00\x07" if number % 4 == 1 else b""
    headers = bytes(12) + tag + ethertype + ip + transport
    return headers + packet.payload, len(headers)


def packets_of(talk, layout):
    """layout: how a TCP stream is laid into segments."""
    next_seq = [layout.first_seq, (layout.first_seq * 7 + 99) & 0xFFFFFFFF]
    packets = []
    datagrams = talk.protocol != 6
    if not datagrams and layout.syn:
        for side in (CLIENT, SERVER):
            if side == CLIENT and talk.fast_open:
                _, payload, labels, _ = talk.turns[0]
                packets.append(Packet(talk, side, next_seq[side], payload, labels, 0x02))
            else:
                packets.append(Packet(talk, side, next_seq[side], b"", b"", 0x02 if side == CLIENT else 0x12))
            next_seq[side] += 1
    for n, (side, payload, labels, begins) in enumerate(talk.turns):
        if datagrams:
            packets.append(Packet(talk, side, n, payload, labels))
            continue
        turn = []
        for begin, end in layout.pieces(payload, begins):
            turn.append(Packet(talk, side, next_seq[side] + begin, payload[begin:end], labels[begin:end]))
        next_seq[side] += len(payload)
        if not (n == 0 and talk.fast_open and layout.syn):
            packets += layout.disturb(turn)
    return packets


class Layout:
    """In order, segments of a size."""

    syn = True
    certain = True  # nothing is missing, so encrypted bytes are expected to go
    first_seq = 1000

    def __init__(self, size=1460, first_seq=1000):
        self.size, self.first_seq = size, first_seq
        self.name = f"segments of {size} from {first_seq:#x}"

    def pieces(self, payload, begins):
        return [(at, min(at + self.size, len(payload))) for at in range(0, len(payload), self.size)]

    def disturb(self, turn):
        return turn


class SplitHeaders(Layout):
    """A segment ends so many bytes behind the beginning of each unit, of those that begin a turn or of the others."""

    def __init__(self, behind, first=False):
        super().__init__()
        self.behind, self.certain, self.first = behind, not first, first
        self.name = f"segments that end {behind} bytes into a {'first ' if first else ''}header"

    def pieces(self, payload, begins):
        ends = {b + self.behind for b in begins if 0 < b + self.behind < len(payload) and (b == 0) == self.first}
        ends = sorted(ends | {len(payload)})
        return list(zip([0] + ends[:-1], ends))


class Disturbed(Layout):
    """Repeated, overlapping, out of order, and as many lost as are asked for."""

    certain = False

    def __init__(self, seed, lost, syn=True):
        super().__init__(random.Random(seed).choice((90, 300, 536, 1460)), 0xFFFFF800 + seed * 64)
        self.random, self.lost, self.syn = random.Random(seed), lost, syn
        self.name = f"disturbed {seed}, {lost} % lost" + ("" if syn else ", no SYN")

    def disturb(self, turn):
        out = []
        for n, packet in enumerate(turn):
            chance = self.random.random()
            if chance < self.lost / 100:
                continue
            out.append(packet)
            if chance > 0.9:  # again
                out.append(packet)
            elif chance > 0.8 and n > 0:  # with the end of the one before
                before = turn[n - 1]
                cut = self.random.randrange(len(before.payload))
                out.append(Packet(packet.talk, packet.side, before.seq + cut, before.payload[cut:] + packet.payload,
                                  before.labels[cut:] + packet.labels))
            elif chance > 0.75 and packet.seq > 0:  # a keep-alive: one byte that has been
                out.append(Packet(packet.talk, packet.side, packet.seq - 1, b"\0", bytes([SECRET])))
        for n in range(len(out) - 1):
            if self.random.random() < 0.2:
                out[n], out[n + 1] = out[n + 1], out[n]
        return out


def write_capture(path, talks, layout, together=False):
    """Returns (packet, bytes of headers) for each packet. together: packets of all talks alternate."""
    lists = [[(number, packet) for packet in packets_of(talk, layout)] for number, talk in enumerate(talks)]
    if together:
        order = [entry for n in range(max(map(len, lists))) for entries in lists for entry in entries[n:n + 1]]
    else:
        order = [entry for entries in lists for entry in entries]
    written = []
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, packet in order:
            frame, header_bytes = frame_of(packet, number)
            file.write(struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
            written.append((packet, header_bytes))
    return written
