"""Dresses: a frame put into tags and tunnels, with every optional field that they have, nested at random.

What slimming leaves of a dressed frame is what it leaves of the frame, dressed. Written from the RFCs, with nothing of lib/.

A thing is (what, bytes): what is "frame", an Ethernet frame, or an ethertype and the bytes are what that announces. A wrapper
takes a random generator and a thing and returns one. Each is drawn from the same seed for a frame and for what is left of it,
so that both get the same fields; only what depends on the payload (lengths, checksums) differs.
"""

import struct

IP4, IP6, MPLS, NSH, PPPOE, PBB, VNTAG, LENGTH = 0x0800, 0x86DD, 0x8847, 0x894F, 0x8864, 0x88E7, 0x8926, "length"
FRAME = "frame"


def add_up(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def checksum(data):
    return 0xFFFF ^ add_up(data)


class Dress:
    """One dress. seed: a random.Random. trailer: whether padding and trailers are put behind Ethernet frames; they go with a
    cut. sums: "right", "zero" (0 for UDP), "wrong" or "mixed"."""

    def __init__(self, rng, trailer=True, udp_none=None):
        self.rng = rng
        self.trailer = trailer
        self.names = []
        self.layers = 0

    def flip(self, chance=0.5):
        return self.rng.random() < chance

    def some(self, size):
        return bytes(self.rng.randrange(256) for _ in range(size))

    # ---- IP and UDP ----

    def options4(self):
        kind = self.rng.randrange(5)
        return (b"", b"", b"\1\1\1\1", b"\x94\4\0\0", b"\7\x0b\4" + self.some(8) + b"\0")[kind]

    def ipv4(self, protocol, payload, destination=None):
        options = self.options4()
        head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, self.rng.randrange(256), 20 + len(options) + len(payload),
                           self.rng.randrange(65536), 0x4000 * self.rng.randrange(2), self.rng.randrange(1, 256), protocol, 0)
        source, destination = self.source4, self.destination4
        head += source + destination + options
        return IP4, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload

    def extensions(self, protocol):
        """A chain of extension headers: (next header of the IPv6 header, their bytes, the final destination or None)."""
        kinds = []
        final = None
        for kind, chance in ((0, 0.15), (60, 0.15), (43, 0.15), (44, 0.1), (51, 0.08)):
            if self.flip(chance):
                kinds.append(kind)
        chain = b""
        for place, kind in enumerate(kinds):
            following = kinds[place + 1] if place + 1 < len(kinds) else protocol
            if kind in (0, 60):
                eights = self.rng.randrange(3)
                chain += bytes([following, eights, 1, 4 + 8 * eights]) + bytes(4 + 8 * eights)
            elif kind == 43:
                left = self.rng.randrange(2)
                hops = [self.some(16) for _ in range(self.rng.randrange(1, 3))]
                routing = self.rng.choice((0, 4))
                chain += bytes([following, 2 * len(hops), routing, left, len(hops) - 1 if routing == 4 else 0, 0, 0, 0]) + b"".join(hops)
                if left:
                    final = hops[0] if routing == 4 else hops[-1]
            elif kind == 44:
                chain += bytes([following, 0, 0, 0]) + self.some(4)
            else:
                chain += bytes([following, 4, 0, 0]) + self.some(20)
        return (kinds[0] if kinds else protocol), chain, final

    def ipv6(self, protocol, payload):
        first, chain, _ = self.chain
        head = struct.pack("!IHBB", 6 << 28 | self.rng.randrange(1 << 20), len(chain) + len(payload), first, self.rng.randrange(1, 256))
        return IP6, head + self.source6 + self.destination6 + chain + payload

    def choose_ip(self, protocol):
        self.is_6 = self.flip(0.4)
        self.source4, self.destination4 = b"\x0a" + self.some(3), b"\x0a" + self.some(3)
        self.source6, self.destination6 = b"\x20\x01" + self.some(14), b"\x20\x01" + self.some(14)
        self.chain = self.extensions(protocol) if self.is_6 else None

    def ip(self, protocol, payload):
        self.choose_ip(protocol)
        return self.ipv6(protocol, payload) if self.is_6 else self.ipv4(protocol, payload)

    def udp(self, port, payload):
        self.choose_ip(17)
        size = 8 + len(payload)
        source, port = self.rng.randrange(49152, 65536), port
        if self.flip(0.2):
            source = port
        head = struct.pack("!HHHH", source, port, size, 0)
        if self.is_6:
            ends = self.source6 + (self.chain[2] or self.destination6)
        else:
            ends = self.source4 + self.destination4
        if self.flip(0.6):
            value = checksum(ends + struct.pack("!HH", 17, size) + head + payload) or 0xFFFF
            head = head[:6] + struct.pack("!H", value)
        data = head + payload
        return self.ipv6(17, data) if self.is_6 else self.ipv4(17, data)

    # ---- frames and tags ----

    def frame(self, thing):
        what, data = thing
        if what == FRAME:
            return thing
        head = b"\2" + self.some(5) + b"\2" + self.some(5)
        tags = b""
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2, 3))):
            tags += struct.pack("!HH", self.rng.choice((0x8100, 0x8100, 0x88A8, 0x9100, 0x9200)), self.rng.randrange(65536))
            self.note("qinq")
        if what == LENGTH:
            kind = struct.pack("!H", len(data))
        else:
            kind = struct.pack("!H", what)
        behind = b""
        noise = self.some(self.rng.choice((0, 0, 4, 7)))
        if self.trailer:
            behind = noise
        return FRAME, head + tags + kind + data + behind

    def note(self, name):
        self.names.append(name)

    def vntag(self, thing):
        what, data = thing
        if what == LENGTH or what == FRAME:
            return None
        return VNTAG, self.some(4) + struct.pack("!H", what) + data

    def pbb(self, thing):
        return PBB, self.some(4) + self.frame(thing)[1]

    def llc(self, thing):
        what, data = thing
        if what not in (IP4, IP6, MPLS, PPPOE) or len(data) > 1400:
            return None
        if what == IP4 and self.flip(0.3):
            return LENGTH, b"\6\6\3" + data
        return LENGTH, b"\xaa\xaa\3\0\0\0" + struct.pack("!H", what) + data

    # ---- labels, sessions, chains ----

    def mpls(self, thing):
        what, data = thing
        labels = b"".join(self.some(2) + bytes([self.rng.randrange(128) * 2]) + self.some(1) for _ in range(self.rng.randrange(3)))
        labels += self.some(2) + bytes([self.rng.randrange(128) * 2 + 1]) + self.some(1)
        if what in (IP4, IP6):
            word = b"\0\0" + self.some(2) if self.flip(0.2) else b""
            return MPLS, labels + word + data
        what, data = self.frame(thing)
        word = b"\0\0" + self.some(2) if self.flip() else b""
        return MPLS, labels + word + data

    def ppp(self, thing, with_address=True):
        what, data = thing
        number = {IP4: 0x21, IP6: 0x57, MPLS: 0x281}.get(what)
        if number is None:
            return None
        head = b"\xff\3" if with_address and self.flip() else b""
        if number < 256 and self.flip(0.3):
            return head + bytes([number]) + data
        return head + struct.pack("!H", number) + data

    def pppoe(self, thing):
        data = self.ppp(thing, False)
        if data is None:
            return None
        return PPPOE, struct.pack("!BBHH", 0x11, 0, self.rng.randrange(65536), len(data)) + data

    def nsh(self, thing):
        what, data = thing
        number = {IP4: 1, IP6: 2, FRAME: 3, NSH: 4, MPLS: 5}.get(what)
        if number is None:
            what, data = self.frame(thing)
            number = 3
        if self.flip():
            kind, context = 1, self.some(16)
        else:
            kind, context = 2, self.some(4 * self.rng.randrange(4))
        length = 2 + len(context) // 4
        first = self.rng.randrange(64) << 6 | length
        return NSH, struct.pack("!HBB", first, kind, number) + self.some(4) + context + data

    # ---- tunnels over IP ----

    def ipip(self, thing):
        what, data = thing
        if what not in (IP4, IP6):
            return None
        return self.ip(4 if what == IP4 else 41, data)

    def gre(self, thing):
        what, data = thing
        if what in (LENGTH, PPPOE, PBB, VNTAG):
            what, data = self.frame(thing)
        flags = 0
        number = 0x6558 if what == FRAME else what
        if what in (IP4, IP6) and self.flip(0.2):
            number, data = 0x880B, self.ppp(thing)
            if self.flip():
                return self.pptp(data)
        optional = b""
        sequence = self.flip()
        routing = self.flip(0.15)
        if self.flip(0.4):
            flags |= 0x8000
        if routing:
            flags |= 0x4000
        if self.flip():
            flags |= 0x2000
            optional += self.some(4)
        if sequence:
            flags |= 0x1000
            optional += self.some(4)
        if routing:
            for _ in range(self.rng.randrange(3)):
                hops = self.some(4 * self.rng.randrange(1, 4))
                optional += struct.pack("!HBB", 0x0800, 0, len(hops)) + hops
            optional += bytes(4)
        return self.ip(47, self.gre_header(flags, number, optional, data))

    def gre_header(self, flags, number, optional, data):
        head = struct.pack("!HH", flags, number)
        if flags & 0xC000:
            head += b"\0\0\0\0"
        if flags & 0x8000:
            head = head[:4] + struct.pack("!H", checksum(head + optional + data)) + head[6:]
        return head + optional + data

    def pptp(self, data):
        flags = 0x2001
        optional = b""
        if self.flip():
            flags |= 0x1000
            optional += self.some(4)
        if self.flip():
            flags |= 0x80
            optional += self.some(4)
        return self.ip(47, struct.pack("!HHHH", flags, 0x880B, len(data), self.rng.randrange(65536)) + optional + data)

    def erspan(self, thing):
        kind = self.rng.choice((1, 2, 3))
        is_ip = kind == 3 and thing[0] in (IP4, IP6) and self.flip()
        data = thing[1] if is_ip else self.frame(thing)[1]
        key = self.some(4) if self.flip(0.3) else b""
        flags = (0x2000 if key else 0) | (0x8000 if self.flip(0.2) else 0)
        if kind == 1:
            return self.ip(47, self.gre_header(flags, 0x88BE, key, data))
        sequence = self.some(4)
        if kind == 2:
            head = struct.pack("!HH", 0x1000 | self.rng.randrange(4096), self.rng.randrange(65536)) + self.some(4)
            return self.ip(47, self.gre_header(flags | 0x1000, 0x88BE, key + sequence, head + data))
        more = self.flip()
        last = (0x0800 if is_ip else 0) | self.rng.randrange(512) << 1 & 0x03FE | more | self.rng.randrange(2) << 15
        head = struct.pack("!HH", 0x2000 | self.rng.randrange(4096), self.rng.randrange(65536)) + self.some(6)
        head += struct.pack("!H", last) + (self.some(8) if more else b"")
        return self.ip(47, self.gre_header(flags | 0x1000, 0x22EB, key + sequence, head + data))

    def vxlan(self, thing):
        data = self.frame(thing)[1]
        if self.flip(0.3):
            head = b"\x88" + bytes([self.rng.choice((0, 0x40, 0x08, 0x48))]) + self.some(2)
        else:
            head = b"\x08\0\0\0"
        return self.udp(self.rng.choice((4789, 8472)), head + self.some(3) + b"\0" + data)

    def gpe(self, thing):
        what, data = thing
        number = {IP4: 1, IP6: 2, FRAME: 3, NSH: 4, MPLS: 5}.get(what)
        if number is None:
            what, data = self.frame(thing)
            number = 3
        head = bytes([self.rng.choice((0x0C, 0x04, 0x0E)), 0, 0, number])
        return self.udp(4790, head + self.some(3) + b"\0" + data)

    def geneve(self, thing):
        what, data = thing
        if what in (LENGTH, PPPOE, PBB, VNTAG):
            what, data = self.frame(thing)
        number = 0x6558 if what == FRAME else what
        options = b""
        for _ in range(self.rng.randrange(4)):
            words = self.rng.randrange(5)
            options += self.some(3) + bytes([words]) + self.some(4 * words)
        head = bytes([len(options) // 4, self.rng.choice((0, 0x40))]) + struct.pack("!H", number)
        return self.udp(6081, head + self.some(3) + b"\0" + options + data)

    def gtp(self, thing):
        what, data = thing
        if what not in (IP4, IP6):
            return None
        flags = self.rng.choice((0, 0, 1, 2, 3, 4, 5, 6, 7))
        optional = b""
        if flags:
            optional = self.some(3)
            kinds = [self.rng.choice((0x40, 0x85, 0xC0, 0x20)) for _ in range(self.rng.randrange(1, 4))] if flags & 4 else []
            optional += bytes([kinds[0]]) if kinds else (b"\0" if flags & 4 else self.some(1))
            for place in range(len(kinds)):
                words = self.rng.randrange(1, 4)
                following = kinds[place + 1] if place + 1 < len(kinds) else 0
                optional += bytes([words]) + self.some(4 * words - 2) + bytes([following])
        head = struct.pack("!BBHI", 0x30 | flags, 255, len(optional) + len(data), self.rng.randrange(1 << 32))
        return self.udp(2152, head + optional + data)

    def l2tp(self, thing):
        data = self.ppp(thing)
        if data is None:
            return None
        flags = 2 | self.rng.choice((0, 0x100))
        head = b""
        has_length = self.flip()
        head += self.some(4)
        if self.flip():
            flags |= 0x0800
            head += self.some(4)
        if self.flip(0.3):
            flags |= 0x0200
            pad = self.some(self.rng.randrange(5))
            head += struct.pack("!H", len(pad)) + pad
        if has_length:
            flags |= 0x4000
            head = struct.pack("!H", 4 + len(head) + len(data)) + head
        return self.udp(1701, struct.pack("!H", flags) + head + data)

    def teredo(self, thing):
        what, data = thing
        if what != IP6:
            return None
        head = b""
        if self.flip(0.3):
            client, value = self.some(self.rng.randrange(4)), self.some(self.rng.randrange(4))
            head += bytes([0, 1, len(client), len(value)]) + client + value + self.some(9)
        if self.flip(0.3):
            head += b"\0\0" + self.some(6)
        return self.udp(3544, head + data)

    def mpls_in_ip(self, thing):
        if thing[0] != MPLS:
            return None
        return self.ip(137, thing[1])

    KINDS = ("vntag", "pbb", "llc", "mpls", "pppoe", "nsh", "ipip", "gre", "erspan", "vxlan", "gpe", "geneve", "gtp", "l2tp",
             "teredo", "mpls_in_ip")

    def wrap(self, thing, depth, only=None):
        """depth wrappers, and an Ethernet frame around. only: the name of the innermost."""
        done = 0
        for _ in range(200):
            if done == depth:
                break
            name = only if done == 0 and only else self.rng.choice(self.KINDS)
            if thing[0] == LENGTH:
                thing = self.frame(thing)
            wrapped = getattr(self, name)(thing)
            if wrapped is None:
                if done == 0 and only:
                    return None
                continue
            self.note(name)
            thing = wrapped
            done += 1
        return self.frame(thing)[1]
