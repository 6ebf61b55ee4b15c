"""Talks over UDP, and ESP: QUIC, IKE, DTLS with SRTP, WireGuard, OpenVPN, and what is none of them on their ports."""

import struct

from talks import CLIENT, SECRET, SERVER, Talk

STUN = bytes.fromhex("000100502112a442")
V1, V2, DRAFT_29, MVFST, Q050, Q046 = 1, 0x6B3343CF, 0xFF00001D, 0xFACEB002, 0x51303530, 0x51303436
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)


class Udp(Talk):
    def __init__(self, name, port, cuts=True):
        super().__init__(name, port, udp=True, cuts=cuts)

    def secret(self, length):
        return SECRET, self.noise(length)


# ---------------------------------------------------------------- QUIC


def varint(value):
    return bytes([value]) if value < 64 else struct.pack(">H", 0x4000 | value)


class Quic(Udp):
    def __init__(self, name, port, version):
        super().__init__(name, port)
        self.version, self.ids = version, (self.noise(8), self.noise(8))

    def long(self, side, kind, payload, token=b""):
        """A packet with a long header, its payload included."""
        shift = 1 if self.version == V2 else 0
        first = bytes([0xC0 | (kind + shift) % 4 << 4 | self.noise(1)[0] & 15])
        ids = b"".join(bytes([len(i)]) + i for i in (self.ids[1 - side], self.ids[side]))
        head = first + struct.pack(">I", self.version) + ids
        if kind == RETRY:
            return head + token + self.noise(16)
        if kind == INITIAL:
            head += varint(len(token)) + token
        return head + varint(payload) + self.noise(payload)

    def short(self, side, length):
        noise = self.noise(length)
        return SECRET, bytes([0x40 | noise[0] & 0x3F]) + self.ids[1 - side] + noise

    def handshake(self, token=b""):
        self.say(CLIENT, self.long(CLIENT, INITIAL, 1150, token))
        self.say(CLIENT, self.long(CLIENT, INITIAL, 600, token), (SECRET, self.long(CLIENT, ZERO_RTT, 500)))
        self.say(CLIENT, (SECRET, self.long(CLIENT, ZERO_RTT, 1000)))
        self.say(SERVER, self.long(SERVER, INITIAL, 120), (SECRET, self.long(SERVER, HANDSHAKE, 800)),
                 self.short(SERVER, 100))
        self.say(SERVER, (SECRET, self.long(SERVER, HANDSHAKE, 1100)))
        self.say(CLIENT, self.long(CLIENT, INITIAL, 40), (SECRET, self.long(CLIENT, HANDSHAKE, 90)),
                 (SECRET, bytes(900)))  # padding
        self.say(CLIENT, (SECRET, self.long(CLIENT, HANDSHAKE, 90)), self.short(CLIENT, 300))

    def transfer(self, datagrams=20):
        for n in range(datagrams):
            self.say(n % 3 == 0, self.short(n % 3 == 0, 1200 if n % 3 else 60))


def quic():
    for name, version, port in (("QUIC 1", V1, 443), ("QUIC 1 on another port", V1, 8443), ("QUIC 2", V2, 443),
                                ("QUIC, a draft", DRAFT_29, 4433), ("QUIC of Facebook", MVFST, 443),
                                ("Google QUIC 50", Q050, 443)):
        t = Quic(name, port, version)
        t.handshake()
        t.transfer()
        yield t
    t = Quic("QUIC with Retry", 443, V1)
    t.say(CLIENT, t.long(CLIENT, INITIAL, 1150))
    t.say(SERVER, t.long(SERVER, RETRY, 0, t.noise(120)))
    t.handshake(t.noise(120))
    t.transfer()
    yield t
    t = Quic("QUIC with Version Negotiation", 443, 0x1A2A3A4A)
    t.say(CLIENT, t.long(CLIENT, INITIAL, 1150))
    t.say(SERVER, b"\xca" + bytes(4) + b"\x08" + t.ids[0] + b"\x08" + t.ids[1] + bytes.fromhex("000000016b3343cf" * 5))
    t.version = V1
    t.handshake()
    t.transfer()
    yield t


def google_quic(name, version, long_headers):
    """Its handshake is readable: a hash in place of a tag, and CHLO and REJ as they stand."""
    t = Udp(name, 443)
    connection = t.noise(8)

    def fnv(data, prime=(1 << 88) | 0x13B):
        h = 0x6C62272E07BB014262B821756295C58D
        for byte in data:
            h = ((h ^ byte) * prime) & ((1 << 128) - 1)
        return (h & ((1 << 96) - 1)).to_bytes(12, "little")

    def clear(side, number, body):
        if long_headers:
            ids = b"\x50" + connection if side == CLIENT else b"\x05" + connection
            head = b"\xc3" + version + ids + struct.pack(">I", number)
        else:
            head = (b"\x09" + connection + version if side == CLIENT else b"\x08" + connection) + bytes([number])
        # the peer's perspective is hashed, too, in these versions
        return head + fnv(head + body + (b"Client" if side == CLIENT else b"Server")) + body

    def data(side, number):
        head = (b"\x43" + (connection if side == CLIENT else b"") + struct.pack(">I", number)) if long_headers \
            else b"\x08" + connection + bytes([number])
        return SECRET, head + t.noise(1200)

    t.say(CLIENT, clear(CLIENT, 1, b"\xa0\x01\x04\x00CHLO" + t.noise(1000)))
    t.say(SERVER, clear(SERVER, 1, b"\xa0\x01\x04\x00REJ\x00" + t.noise(1000)))
    t.say(CLIENT, clear(CLIENT, 2, b"\xa0\x01\x04\x00CHLO" + t.noise(1000)))
    for number in range(3, 20):
        t.say(number % 2, data(number % 2, number))
    return t


def migrated():
    """A connection that goes on with other ports: short headers only."""
    t = Quic("QUIC that has moved here", 443, V1)
    t.transfer(30)
    t.cuts = False  # six datagrams that look like it are asked for first
    return t


def not_quic():
    t = Udp("STUN, DNS and text on the port of QUIC", 443, cuts=False)
    for n in range(10):
        t.say(CLIENT, STUN + t.noise(92))
        t.say(SERVER, STUN + t.noise(92))
        t.say(CLIENT, b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01")
        t.say(SERVER, b"a line of text, with the fixed bit of QUIC set in its first byte, as in most letters\r\n")
        t.say(SERVER, b"@" + bytes(120))
    return t


# ---------------------------------------------------------------- IKE and ESP


def ike(t, version, exchange, flags, first, body, secret=b""):
    head = t.spis + bytes([first, version, exchange, flags]) + struct.pack(">II", 1, 28 + len(body) + len(secret))
    return head + body


def payload(following, body):
    return bytes([following, 0]) + struct.pack(">H", 4 + len(body)) + body


def ikev2(name, marker):
    t = Udp(name, 4500 if marker else 500)
    t.spis = t.noise(16)
    encrypted = t.noise(300)
    sa = payload(34, t.noise(400)) + payload(40, t.noise(260)) + payload(43, t.noise(32)) + payload(0, t.noise(16))
    for side in (CLIENT, SERVER):
        t.say(side, marker + ike(t, 0x20, 34, 8, 33, sa))
    for side in (CLIENT, SERVER):
        sk = struct.pack(">BBH", 35, 0, 4 + 300)
        t.say(side, marker + ike(t, 0x20, 35, 8, 46, sk, encrypted), (SECRET, encrypted))
        notify = payload(46, t.noise(8))
        t.say(side, marker + ike(t, 0x20, 36, 0, 41, notify + sk, encrypted), (SECRET, encrypted))
        for part in (1, 2):
            skf = struct.pack(">BBHHH", 35, 0, 8 + 300, part, 2)
            t.say(side, marker + ike(t, 0x20, 35, 8, 53, skf, encrypted), (SECRET, encrypted))
    if marker:
        t.say(CLIENT, b"\xff")  # keep-alive
        spis = 0x11223344, 0x55667788
        for n in range(1, 12):
            t.say(n % 2, (SECRET, struct.pack(">II", spis[n % 2], n) + t.noise(500)))
    return t


def ikev1(name, exchange):
    t = Udp(name, 500)
    t.spis = t.noise(16)
    for side in (CLIENT, SERVER, CLIENT, SERVER):
        t.say(side, ike(t, 0x10, exchange, 0, 1, payload(13, t.noise(200)) + payload(0, t.noise(20))))
    for side in (CLIENT, SERVER):
        encrypted = t.noise(200)
        t.say(side, ike(t, 0x10, exchange, 1, 5, b"", encrypted), (SECRET, encrypted))
        t.say(side, ike(t, 0x10, 32, 1, 8, b"", encrypted), (SECRET, encrypted))
    return t


def esp():
    t = Talk("ESP", 0)
    t.protocol = 50
    for n in range(1, 30):
        t.say(n % 2, (SECRET, t.noise(40 + 40 * n)))
    return t


# ---------------------------------------------------------------- DTLS, SRTP


def dtls_record(kind, epoch, sequence, body, version=b"\xfe\xfd", connection=b""):
    return bytes([kind]) + version + struct.pack(">HHI", epoch, 0, sequence) + connection + \
        struct.pack(">H", len(body)) + body


def dtls_message(kind, body):
    length = struct.pack(">I", len(body))[1:]
    return bytes([kind]) + length + b"\x00\x00" + bytes(3) + length + body


SRTP_OFFER = b"\x00\x0e\x00\x07\x00\x04\x00\x07\x00\x01\x00"
SRTP_CHOICE = b"\x00\x0e\x00\x05\x00\x02\x00\x07\x00"
CHOSEN_13 = b"\x00\x2b\x00\x02\xfe\xfc"


def dtls_handshake(t, extensions_client=b"", extensions_server=b""):
    hello = b"\xfe\xfd" + t.noise(32) + b"\x00\x00\x00\x04\x13\x01\xc0\x2b\x01\x00"
    t.say(CLIENT, dtls_record(22, 0, 0, dtls_message(1, hello + extensions_client + t.noise(60))))
    t.say(SERVER, dtls_record(22, 0, 0, dtls_message(3, b"\xfe\xfd\x14" + t.noise(20))))
    t.say(CLIENT, dtls_record(22, 0, 1, dtls_message(1, hello + extensions_client + t.noise(60))))
    chosen = b"\xfe\xfd" + t.noise(32) + b"\x00\xc0\x2b\x00"
    t.say(SERVER, dtls_record(22, 0, 1, dtls_message(2, chosen + extensions_server)),
          dtls_record(22, 0, 2, dtls_message(11, t.noise(800))))


def dtls12(name="DTLS 1.2", connection=b"", extensions_client=b"", extensions_server=b"", port=4433):
    t = Udp(name, port)
    dtls_handshake(t, extensions_client, extensions_server)
    t.say(CLIENT, dtls_record(22, 0, 2, dtls_message(16, t.noise(65))), dtls_record(20, 0, 3, b"\x01"),
          dtls_record(22, 1, 0, t.noise(48)))
    t.say(SERVER, dtls_record(20, 0, 3, b"\x01"), dtls_record(22, 1, 0, t.noise(48)))
    for n in range(1, 20):
        t.say(n % 2, (SECRET, dtls_record(25 if connection else 23, 1, n, t.noise(500), connection=connection)))
    t.say(CLIENT, (SECRET, dtls_record(21, 1, 20, t.noise(26))))
    return t


def dtls13():
    t = Udp("DTLS 1.3", 4433)
    dtls_handshake(t, b"", CHOSEN_13)
    for n in range(1, 20):
        t.say(n % 2, (SECRET, b"\x2e" + struct.pack(">HH", n, 500) + t.noise(500)))
    return t


def srtp():
    t = dtls12("DTLS-SRTP", extensions_client=SRTP_OFFER, extensions_server=SRTP_CHOICE, port=50002)
    for n in range(1, 30):
        t.say(n % 2, b"\x80\x6f" + struct.pack(">HII", n, 960 * n, 7), (SECRET, t.noise(300)))
        t.say(n % 2, b"\x93\x6f" + struct.pack(">HII", n, 960 * n, 7) + t.noise(12) + b"\xbe\xde\x00\x04" +
              t.noise(16), (SECRET, t.noise(300)))
        t.say(n % 2, b"\x81\xc8\x00\x06" + t.noise(4), (SECRET, t.noise(90)))
        t.say(n % 2, STUN + t.noise(92))
    return t


def rtp():
    t = Udp("RTP that nobody has agreed to encrypt", 50004, cuts=False)
    for n in range(1, 30):
        t.say(n % 2, b"\x80\x00" + struct.pack(">HII", n, 160 * n, 7) + t.noise(160))
    return t


# ---------------------------------------------------------------- WireGuard, OpenVPN


def wireguard():
    t = Udp("WireGuard", 51820)
    index = t.noise(4), t.noise(4), t.noise(4), t.noise(4)

    def exchange(initiator, responder):
        t.say(CLIENT, b"\x01\0\0\0" + initiator + t.noise(140))
        t.say(SERVER, b"\x02\0\0\0" + responder + initiator + t.noise(80))

    def transfer(initiator, responder, count):
        for n in range(count):
            receiver = initiator if n % 2 else responder
            t.say(n % 2, (SECRET, b"\x04\0\0\0" + receiver + struct.pack("<Q", n) + t.noise(16 * (1 + n) + 16 + n % 4)))

    t.say(CLIENT, b"\x01\0\0\0" + index[0] + t.noise(140))
    t.say(SERVER, b"\x03\0\0\0" + index[0] + t.noise(56))  # a cookie
    exchange(index[0], index[1])
    transfer(index[0], index[1], 30)
    exchange(index[2], index[3])
    transfer(index[0], index[1], 4)  # what was under way
    transfer(index[2], index[3], 30)
    return t


def openvpn():
    t = Udp("OpenVPN", 1194)
    sessions = t.noise(8), t.noise(8)
    t.say(CLIENT, b"\x38" + sessions[0] + t.noise(33))
    t.say(SERVER, b"\x40" + sessions[1] + t.noise(45))
    for n in range(4):
        t.say(CLIENT, b"\x28" + sessions[0] + t.noise(30))
        t.say(CLIENT, b"\x20" + sessions[0] + t.noise(900))
        t.say(SERVER, b"\x20" + sessions[1] + t.noise(1100))
    for n in range(1, 20):
        t.say(n % 2, (SECRET, b"\x48\x00\x00\x01" + struct.pack(">I", n) + t.noise(900)))
    t.say(SERVER, b"\x18" + sessions[1] + t.noise(900))  # soft reset
    t.say(SERVER, b"\x21" + sessions[1] + t.noise(900))
    for n in range(1, 20):
        t.say(n % 2, (SECRET, b"\x49\x00\x00\x01" + struct.pack(">I", n) + t.noise(900)))
    return t


def all_talks():
    yield from quic()
    yield google_quic("Google QUIC 43", b"Q043", False)
    yield migrated()
    yield not_quic()
    yield ikev2("IKEv2", b"")
    yield ikev2("IKEv2 through NAT, and ESP in UDP", bytes(4))
    yield ikev1("IKEv1, main mode", 2)
    yield ikev1("IKEv1, aggressive mode", 4)
    yield esp()
    yield dtls12()
    yield dtls12("DTLS 1.2 with connection IDs", b"\x07connid", port=5684)
    yield dtls13()
    yield srtp()
    yield rtp()
    yield wireguard()
    yield openvpn()
