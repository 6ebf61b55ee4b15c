"""Talks over UDP, and ESP: QUIC, IKE, DTLS with SRTP, WireGuard, OpenVPN, and what is none of them on their ports."""

import struct

from talks import CLIENT, SECRET, SERVER, Talk

STUN = bytes.fromhex("000100502112a442")
V1, V2, DRAFT_29, MVFST, Q050 = 1, 0x6B3343CF, 0xFF00001D, 0xFACEB002, 0x51303530
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
        self.say(CLIENT, self.long(CLIENT, INITIAL, 40), self.long(CLIENT, HANDSHAKE, 90), bytes(900))  # padding is no ciphertext
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


def google_quic():
    """Up to version 43 there is no long header. What of it is readable is told by nothing but a hash: all of it stays."""
    t = Udp("Google QUIC 43", 443, cuts=False)
    connection = t.noise(8)
    t.say(CLIENT, b"\x09" + connection + b"Q043\x01" + t.noise(12) + b"\xa0\x01\x04\x00CHLO" + t.noise(1000))
    t.say(SERVER, b"\x08" + connection + b"\x01" + t.noise(12) + b"\xa0\x01\x04\x00REJ\x00" + t.noise(1000))
    for number in range(3, 20):
        t.say(number % 2, b"\x08" + connection + bytes([number]) + t.noise(1200))
    return t


def migrated():
    """A connection that goes on with other ports: short headers only."""
    t = Quic("QUIC that has moved here", 443, V1)
    t.transfer(30)
    t.cuts = False  # four datagrams of each connection ID are asked for first
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
        t.say(n % 2, struct.pack(">II", 0x1001 + n % 2, n), (SECRET, t.noise(40 + 40 * n)))
    return t


def esp_null():
    """Numbers that go on, as in ESP, and packets with nothing but a check in them: HMAC-SHA1-96."""
    t = Talk("ESP that only authenticates", 0, cuts=False)
    t.protocol = 50
    for n in range(1, 30):
        body = struct.pack(">HHHH", 5060, 5060, 8 + 150, 0) + t.noise(150)
        t.say(n % 2, struct.pack(">II", 0x3001 + n % 2, n) + body + b"\x01\x02\x02\x11" + t.noise(12))
    return t


# ---------------------------------------------------------------- DTLS, SRTP


def dtls_record(kind, epoch, sequence, body, version=b"\xfe\xfd", connection=b""):
    return bytes([kind]) + version + struct.pack(">HHI", epoch, 0, sequence) + connection + \
        struct.pack(">H", len(body)) + body


def dtls_message(kind, body):
    length = struct.pack(">I", len(body))[1:]
    return bytes([kind]) + length + b"\x00\x00" + bytes(3) + length + body


def use_srtp(*profiles):
    return struct.pack(">HHH", 14, 3 + 2 * len(profiles), 2 * len(profiles)) + struct.pack(f">{len(profiles)}H", *profiles) + b"\x00"


CHOSEN_13 = b"\x00\x2b\x00\x02\xfe\xfc"
ECDHE_AES, PSK_NULL, TLS13_AES = 0xC02B, 0x002C, 0x1301


def block(extensions):
    return struct.pack(">H", len(extensions)) + extensions


def dtls_handshake(t, suite, extensions_client=b"", extensions_server=b""):
    key_share = struct.pack(">HH", 51, 60) + t.noise(60)
    suites = struct.pack(">HHHH", 6, TLS13_AES, ECDHE_AES, PSK_NULL)
    before, behind = b"\xfe\xfd" + t.noise(32) + b"\x00", suites + b"\x01\x00" + block(key_share + extensions_client)
    t.say(CLIENT, dtls_record(22, 0, 0, dtls_message(1, before + b"\x00" + behind)))
    cookie = t.noise(20)
    t.say(SERVER, dtls_record(22, 0, 0, dtls_message(3, b"\xfe\xfd\x14" + cookie)))
    t.say(CLIENT, dtls_record(22, 0, 1, dtls_message(1, before + b"\x14" + cookie + behind)))
    chosen = b"\xfe\xfd" + t.noise(32) + b"\x00" + struct.pack(">H", suite) + b"\x00" + block(extensions_server)
    t.say(SERVER, dtls_record(22, 0, 1, dtls_message(2, chosen)), dtls_record(22, 0, 2, dtls_message(11, t.noise(800))))


def dtls12(name="DTLS 1.2", connection=b"", extensions_client=b"", extensions_server=b"", port=4433):
    t = Udp(name, port)
    dtls_handshake(t, ECDHE_AES, extensions_client, extensions_server)
    t.say(CLIENT, dtls_record(22, 0, 2, dtls_message(16, t.noise(65))), dtls_record(20, 0, 3, b"\x01"),
          dtls_record(22, 1, 0, t.noise(48)))
    t.say(SERVER, dtls_record(20, 0, 3, b"\x01"), dtls_record(22, 1, 0, t.noise(48)))
    for n in range(1, 20):
        t.say(n % 2, (SECRET, dtls_record(25 if connection else 23, 1, n, t.noise(500), connection=connection)))
    t.say(CLIENT, (SECRET, dtls_record(21, 1, 20, t.noise(26))))
    return t


def dtls_null():
    """The server takes the one suite of those offered that only authenticates."""
    t = Udp("DTLS that only authenticates", 5685, cuts=False)
    dtls_handshake(t, PSK_NULL)
    for n in range(1, 30):
        line = b"GET coap://sensor-%d/temperature?of=%d" % (n % 4, n) * (1 + n % 5)
        t.say(n % 2, dtls_record(23, 1, n, line + t.noise(20)))
    return t


def dtls13():
    t = Udp("DTLS 1.3", 4433)
    dtls_handshake(t, TLS13_AES, b"", CHOSEN_13)
    for n in range(1, 20):
        t.say(n % 2, (SECRET, b"\x2e" + struct.pack(">HH", n, 500) + t.noise(500)))
    return t


def srtp():
    t = dtls12("DTLS-SRTP", extensions_client=use_srtp(7, 1), extensions_server=use_srtp(7), port=50002)
    for n in range(1, 30):
        t.say(n % 2, b"\x80\x6f" + struct.pack(">HII", n, 960 * n, 7), (SECRET, t.noise(300)))
        t.say(n % 2, b"\x93\x6f" + struct.pack(">HII", n, 960 * n, 7) + t.noise(12) + b"\xbe\xde\x00\x04" +
              t.noise(16), (SECRET, t.noise(300)))
        index = struct.pack(">I", (n % 3 > 0) << 31 | n)  # the E bit of SRTCP; with AES-GCM nothing comes behind it
        if n % 3:
            t.say(n % 2, b"\x81\xc8\x00\x06" + t.noise(4), (SECRET, t.noise(90) + index))
        else:
            t.say(n % 2, b"\x81\xc8\x00\x06" + t.noise(94) + index)
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
    t.say(SERVER, b"\x40" + sessions[1] + t.noise(28) + b"\x01" + bytes(4) + sessions[0] + bytes(4))
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
    yield google_quic()
    yield migrated()
    yield not_quic()
    yield ikev2("IKEv2", b"")
    yield ikev2("IKEv2 through NAT, and ESP in UDP", bytes(4))
    yield ikev1("IKEv1, main mode", 2)
    yield ikev1("IKEv1, aggressive mode", 4)
    yield esp()
    yield esp_null()
    yield dtls12()
    yield dtls12("DTLS 1.2 with connection IDs", b"\x07connid", port=5684)
    yield dtls_null()
    yield dtls13()
    yield srtp()
    yield rtp()
    yield wireguard()
    yield openvpn()
