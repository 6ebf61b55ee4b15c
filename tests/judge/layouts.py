"""Lays a conversation into packets: on which ports, from where on, in which order, once or twice, with which tags."""

import struct

from talk import CLIENT, SERVER

TCP_PORTS = (443, 853, 465, 993, 995, 8443, 5061, 22)
UDP_PORTS = (443, 500, 4500)
FROM_PORTS = (443, 4500)  # what comes from these ports, as exporters and proxies have it
LAYOUTS = ("start", "middle", "client", "server", "span", "vlan", "shuffled")
WHOLE = ("start", "span")  # nothing is missing, all is in order, and both directions are one flow whatever a flow is taken to be
SEGMENT_BYTES = (1448, 1460, 1200, 536)


class Packet:
    __slots__ = ("side", "flags", "seq", "ack", "payload", "labels", "gap")

    def __init__(self, side, flags, seq, ack, payload, labels, gap=False):
        self.side, self.flags, self.seq, self.ack, self.payload, self.labels, self.gap = side, flags, seq, ack, payload, labels, gap


def ports_of(entry, rng):
    """(name, client port, server port) for each pair of ports that a conversation is tried on."""
    def any_port():
        return rng.randrange(20000, 60000)

    if entry.transport == "esp":
        return [("-", 0, 0)]
    if entry.own_ports:
        return [("own", *entry.own_ports)]
    pairs = [("own", any_port(), entry.port), ("random", any_port(), any_port())]
    if not entry.every_port:
        return pairs + [("443", any_port(), 443)]
    lists = TCP_PORTS if entry.transport == "tcp" else UDP_PORTS
    pairs += [(str(port), any_port(), port) for port in lists]
    if entry.transport == "udp":
        pairs += [(f"from {port}", port, any_port()) for port in FROM_PORTS]
    return pairs


def segments(talk, rng):
    """All packets of a conversation, in order."""
    if talk.transport != "tcp":
        packets = [Packet(turn[1], 0, n, 0, turn[2], turn[3]) for n, turn in enumerate(talk.turns) if turn[0] == "say"]
        return packets
    size = rng.choice(SEGMENT_BYTES + (rng.randrange(60, 1460),))
    packets, position, first = [], [0, 0], [rng.randrange(1 << 32), rng.randrange(1 << 32)]

    def begin(with_syn, gap=False, same_numbers=True):
        position[:] = first if same_numbers else (rng.randrange(1 << 32), rng.randrange(1 << 32))
        if with_syn:
            packets.append(Packet(CLIENT, 0x02, position[CLIENT], 0, b"", b"", gap))
            packets.append(Packet(SERVER, 0x12, position[SERVER], position[CLIENT] + 1, b"", b""))
            packets.append(Packet(CLIENT, 0x10, position[CLIENT] + 1, position[SERVER] + 1, b"", b""))
        position[:] = position[0] + 1, position[1] + 1

    begin(True)
    for turn in talk.turns:
        if turn[0] == "again":
            begin(turn[1], True, turn[2])
            continue
        _, side, payload, labels = turn
        for at in range(0, len(payload), size):
            piece = payload[at:at + size]
            flags = 0x18 if at + size >= len(payload) else 0x10
            packets.append(Packet(side, flags, position[side], position[1 - side], piece, labels[at:at + size]))
            position[side] += len(piece)
    packets.append(Packet(CLIENT, 0x11, position[CLIENT], position[SERVER], b"", b""))
    packets.append(Packet(SERVER, 0x11, position[SERVER], position[CLIENT] + 1, b"", b""))
    return packets


def arranged(talk, layout, rng):
    """The packets of a conversation as a layout has them."""
    packets = segments(talk, rng)
    if layout == "middle":
        return packets[max(1, int(len(packets) * rng.uniform(0.15, 0.7))):]
    if layout in ("client", "server"):
        side = CLIENT if layout == "client" else SERVER
        return [packet for packet in packets if packet.side == side]
    if layout == "span":
        late = rng.choice((0, 0, 1, 2))  # the copy comes at once, or after the next packets
        keyed = [(n, 0, p) for n, p in enumerate(packets)] + [(n + late + 0.5, 1, p) for n, p in enumerate(packets)]
        return [packet for _, _, packet in sorted(keyed, key=lambda k: k[:2])]
    if layout == "shuffled":
        keyed = [(n + (rng.choice((1.5, 2.5, 3.5)) if p.payload and rng.random() < 0.25 else 0), n, p)
                 for n, p in enumerate(packets)]
        return [packet for _, _, packet in sorted(keyed, key=lambda k: k[:2])]
    return packets


def framer(transport, number, client_port, server_port, tags):
    """A function that gives a packet its headers: returns them and the bytes of them."""
    six = number % 5 == 3
    low = struct.pack(">H", number & 0xFFFF)
    if six:
        prefix = bytes.fromhex("20010db8") + bytes(8)
        addresses = prefix + b"\x0a" + bytes([number >> 16]) + low, prefix + b"\xc6" + bytes([number >> 16]) + low
    else:
        addresses = b"\x0a" + bytes([number >> 16]) + low, b"\xc6" + bytes([18 + (number >> 16)]) + low
    ports = struct.pack(">HH", client_port, server_port), struct.pack(">HH", server_port, client_port)
    kind = b"\x86\xdd" if six else b"\x08\x00"
    ethernet = tuple(b"\x02" + bytes(4) + bytes([2 - side]) + b"\x02" + bytes(4) + bytes([1 + side]) +
                     (struct.pack(">HH", 0x8100, tags[side]) if tags else b"") + kind for side in (CLIENT, SERVER))
    protocol = {"tcp": 6, "udp": 17, "esp": 50}[transport]
    ends = addresses[0] + addresses[1], addresses[1] + addresses[0]

    def frame(packet, identification):
        side, payload = packet.side, packet.payload
        if protocol == 6:
            head = ports[side] + struct.pack(">IIBBHHH", packet.seq & 0xFFFFFFFF, packet.ack & 0xFFFFFFFF, 0x50,
                    packet.flags,
                                             65535, 0, 0)
        elif protocol == 17:
            head = ports[side] + struct.pack(">HH", 8 + len(payload), 0)
        else:
            head = b""
        length = len(head) + len(payload)
        if six:
            ip = struct.pack(">IHBB", 0x60000000, length, protocol, 64)
        else:
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, identification & 0xFFFF, 0x4000, 64, protocol, 0)
        return ethernet[side] + ip + ends[side] + head

    return frame


class Capture:
    """A pcap in the making, and what is known of each packet in it."""

    def __init__(self):
        self.parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
        self.size_bytes = 0
        self.known = []  # (instance, packet, bytes of headers)
        self.now_us = 1_700_000_000_000_000

    def add(self, instance, number, entry, talk, layout, pair, rng):
        tags = (10, 20) if layout == "vlan" else None
        frame = framer(entry.transport, number, pair[1], pair[2], tags)
        for n, packet in enumerate(arranged(talk, layout, rng)):
            self.now_us += 20_000_000 if packet.gap else 900
            head = frame(packet, n)
            length = len(head) + len(packet.payload)
            self.parts.append(struct.pack("<IIII", self.now_us // 1_000_000, self.now_us % 1_000_000, length, length) +
                    head +
                              packet.payload)
            self.size_bytes += 16 + length
            self.known.append((instance, packet, len(head)))

    def write(self, path):
        with open(path, "wb") as file:
            file.write(b"".join(self.parts))


def records(data):
    """The packets of a pcap of the kind that Capture writes."""
    at = 24
    while at < len(data):
        length, = struct.unpack_from("<I", data, at + 8)
        yield data[at + 16:at + 16 + length]
        at += 16 + length
