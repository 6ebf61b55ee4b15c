"""Streams whose encryption is agreed on in front of whoever looks: their ciphertext goes, and nothing else does."""

import functools

import content
import tls
from catalogue_dtls import agreed, ike_in_the_clear, srtcp
from catalogue_null import AES, ssh_beginning, ssh_shell
from talk import CLEAR, CLIENT, OPEN, SECRET, SERVER, Catalogue, counted, le16, le32, le64, u8, u16, u32

catalogue = Catalogue("proven")

# The share of the ciphertext that must go of a stream seen whole; 0.95 where nothing is said.
LEAST_CUT = 0.95
LEAST_CUT_OF = {
    "esp": 0.90,  # of these, packets until they are believed
    "esp-in-udp-spi-40-one-way": 0.80,
    "quic-merged-datagrams": 0.90,
    "quic": 0.90,
    "srtp": 0.90,
}


def proven(name, transport, port, make, **how):
    catalogue.add(name, transport, port, make, least_cut=LEAST_CUT_OF.get(name, LEAST_CUT), **how)


def tcp(name, port, make, **how):
    proven(name, "tcp", port, make, **how)


def udp(name, port, make, **how):
    proven(name, "udp", port, make, **how)


tcp("tls12", 443, tls.session12)
tcp("tls13", 443, tls.session13)
tcp("tls13-padded-hello", 443, lambda t: tls.session13(t, padded_to=512))
tcp("tls12-padded-hello", 443, lambda t: tls.session12(t, padded_to=512))
tcp("tls13-two-segment-hello", 443, lambda t: tls.session13(t, key_share=1216, padded_to=2000))


@functools.partial(tcp, "hello-in-small-pieces-behind-starttls", 25)
def small_pieces(t):
    for side, line in ((1, b"220 mx"), (0, b"EHLO a"), (1, b"250 STARTTLS"), (0, b"STARTTLS"), (1, b"220 go")):
        t.say(side, line + b"\r\n")
    hello = tls.handshake(tls.client_hello(t, thirteen=False))
    for at in range(0, len(hello), 3):
        t.ask(hello[at:at + 3])
    tls.rest12(t)
    tls.transfer(t)


@functools.partial(tcp, "hello-behind-its-introduction-without-syn", 443)
def without_syn(t):
    t.again(False)
    tls.session12(t, b"PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n")


def behind(name, port, *exchange, last=b""):
    """A hello behind an introduction, in the same segment as what the client said last and apart from it, padded and not,
    TLS 1.2 and 1.3. `exchange`: (side, bytes) of both. `last`: what the client says right before its hello, unanswered.
    Without it an eager client sends its last request and its hello at once, and the server answers both at once."""
    def make(t, session, same_segment, padded_to):
        turns, before, answer = list(exchange), last, b""
        if same_segment and not last:
            answer, before = turns.pop()[1], turns.pop()[1]
        for side, data in turns:
            t.say(side, data)
        session(t, before, same_segment, answer, padded_to=padded_to)

    for version, session in (("12", tls.session12), ("13", tls.session13)):
        for how, same_segment, padded_to in (("same-segment", True, 0), ("apart", False, 0), ("padded", False, 512),
                                             ("padded-same-segment", True, 517)):
            tcp(f"{name}-tls{version}-{how}", port, functools.partial(make, session=session, same_segment=same_segment,
                    padded_to=padded_to),
                every_port=False)


def text(*lines):
    """Lines of text: `C: ` and `S: ` say who."""
    return [(CLIENT if line[:3] == "C: " else SERVER, line[3:].encode() + b"\r\n") for line in lines]


behind("proxy-v1", 443, last=b"PROXY TCP4 192.0.2.1 198.51.100.2 51000 443\r\n")
behind("proxy-v1-unknown", 443, last=b"PROXY UNKNOWN\r\n")
behind("proxy-v2", 443, last=b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02" + u16(51000, 443))
behind("proxy-v2-ipv6-and-tlvs", 443, last=b"\r\n\r\n\0\r\nQUIT\n\x21\x21" + counted(
    2, bytes(15) + b"\x01" + bytes(15) + b"\x02" + u16(51000, 443) + b"\x01\0\x02h2\x02\0\x0fwww.example.org\x05\0\x04abcd"))
behind("postgresql", 5432, (CLIENT, u32(8, 80877103)), (SERVER, b"S"))


def mysql_packet(number, body):
    return le32(len(body))[:3] + u8(number) + body


MYSQL_GREETING = b"\x0a8.0.36\0" + le32(77) + b"abcdefgh\0" + le16(0xFFFF) + b"\xff\x02\0" + le16(0xDFFF) + b"\x15" + bytes(10) + \
    b"ijklmnopqrst\0caching_sha2_password\0"
behind("mysql", 3306, (SERVER, mysql_packet(0, MYSQL_GREETING)),
        last=mysql_packet(1, le32(0x000FAE85, 1 << 24) + b"\xff" + bytes(23)))
behind("rdp", 3389, (CLIENT, bytes.fromhex("0300002b26e00000000000") + b"Cookie: mstshash=admin\r\n" +
        bytes.fromhex("0100080003000000")),
       (SERVER, bytes.fromhex("030000130ed000001234000200080002000000")))
behind("rdp-without-cookie", 3389, (CLIENT, bytes.fromhex("030000130ee000000000000100080001000000")),
       (SERVER, bytes.fromhex("030000130ed000001234000200080001000000")))
behind("connect", 3128, *text("C: CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nUser-Agent: curl/8.5.0\r\n",
                              "S: HTTP/1.1 200 Connection established\r\n"))
behind("connect-behind-a-refusal", 3128, *text(
    "C: CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n",
    "S: HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9\r\n\r\nno, not",
    "C: CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic YTpi\r\n",
    "S: HTTP/1.0 200 OK\r\n"))
behind("socks4", 1080, (CLIENT, b"\x04\x01" + u16(443) + b"\xc6\x33\x64\x02user\0"), (SERVER, b"\0\x5a" + bytes(6)))
behind("socks4a", 1080, (CLIENT, b"\x04\x01" + u16(443) + b"\0\0\0\x01user\0www.example.org\0"),
        (SERVER, b"\0\x5a" + bytes(6)))
behind("socks5", 1080, (CLIENT, b"\x05\x01\0"), (SERVER, b"\x05\0"),
        (CLIENT, b"\x05\x01\0\x03" + counted(1, b"www.example.org") + u16(443)),
       (SERVER, b"\x05\0\0\x01\0\0\0\0\0\0"))
behind("socks5-with-password", 1080, (CLIENT, b"\x05\x02\0\x02"), (SERVER, b"\x05\x02"),
        (CLIENT, b"\x01\x05alice\x06secret"),
       (SERVER, b"\x01\0"), (CLIENT, b"\x05\x01\0\x01\xc6\x33\x64\x02" + u16(443)), (SERVER, b"\x05\0\0\x01\0\0\0\0\0\0"))
behind("starttls-smtp", 25, *text("S: 220 mx.example.net ESMTP", "C: EHLO a.example.org",
                                  "S: 250-mx.example.net\r\n250-PIPELINING\r\n250 STARTTLS", "C: STARTTLS",
                                  "S: 220 2.0.0 Ready to start TLS"))
behind("starttls-submission-in-small-letters", 587, *text("S: 220 mx ESMTP", "C: EHLO a", "S: 250 STARTTLS",
        "C: starttls", "S: 220 go"))
behind("starttls-imap", 143, *text("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready", "C: a1 STARTTLS",
        "S: a1 OK Begin TLS negotiation now"))
behind("starttls-pop3", 110, *text("S: +OK ready", "C: CAPA", "S: +OK\r\nSTLS\r\n.", "C: STLS", "S: +OK Begin TLS"))
behind("starttls-ftp", 21, *text("S: 220 (vsFTPd 3.0.5)", "C: AUTH TLS", "S: 234 Proceed with negotiation."))
behind("starttls-ftp-auth-ssl", 21, *text("S: 220 hi", "C: FEAT", "S: 211-Features\r\n AUTH TLS\r\n211 End",
        "C: AUTH SSL", "S: 234 ok"))
behind("starttls-xmpp", 5222, *text(
    "C: <?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' version='1.0'>",
    "S: <stream:stream from='example.org'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    "C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
behind("starttls-sieve", 4190, *text("S: \"IMPLEMENTATION\" \"Dovecot\"\r\n\"STARTTLS\"\r\nOK \"ready.\"", "C: STARTTLS",
                                     "S: OK \"Begin TLS negotiation now.\""))
behind("starttls-nntp", 119, *text("S: 200 news.example.org", "C: STARTTLS", "S: 382 Continue with TLS negotiation"))
behind("starttls-irc", 6667, *text("C: STARTTLS", "S: :irc.example.org 670 * :STARTTLS successful, proceed with TLS handshake"))
behind("starttls-ldap", 389, (CLIENT, bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"),
       (SERVER, bytes.fromhex("300c02010178070a010004000400")))


def tds(t):
    """TLS inside packets of TDS until both have finished, then bare."""
    prelogin = b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff" + b"\x0f\0\x07\xd0\0\0\x01"

    def wrapped(side, *parts):
        length = 8 + sum(len(part[1]) if isinstance(part, tuple) else len(part) for part in parts)
        t.say(side, u8(0x12, 1) + u16(length) + b"\0\0\x01\0", *parts)

    t.ask(b"\x12\x01" + u16(8 + len(prelogin)) + b"\0\0\x01\0" + prelogin)
    t.reply(b"\x04\x01" + u16(8 + len(prelogin)) + b"\0\0\x01\0" + prelogin)
    wrapped(CLIENT, tls.handshake(tls.client_hello(t, thirteen=False)))
    wrapped(SERVER, tls.handshake(tls.server_hello(t)), tls.handshake(tls.certificates(t)),
            tls.handshake(tls.key_exchange(t)), tls.handshake(tls.DONE))
    wrapped(CLIENT, tls.handshake(tls.message(16, counted(1, t.noise(65)))), tls.CCS, *tls.secret_record(t, 22, 40))
    wrapped(SERVER, tls.CCS, *tls.secret_record(t, 22, 40))
    tls.transfer(t)


tcp("tds-prelogin", 1433, tds)


# ---------------------------------------------------------------- SSH, SMB


def ssh(**how):
    def make(t):
        ssh_beginning(t, (AES, AES), (AES, AES), **how)
        ssh_shell(t, (SECRET, SECRET), 20)
    return make


tcp("ssh", 22, ssh())
tcp("ssh-lines-before-the-banner", 22, ssh(lines=b"This host is watched.\r\nGo away if you are not asked.\r\n"))
for at in (1, 3, 7, 12):
    tcp(f"ssh-banner-split-at-{at}", 22, ssh(split=at), every_port=False)
tcp("ssh-lines-and-banner-split-in-a-line", 22, ssh(lines=b"A line before all.\r\n", split=9), every_port=False)
tcp("ssh-banner-that-ends-in-a-newline-only", 22, ssh(banners=(b"SSH-2.0-old\n", b"SSH-1.99-old\n")), every_port=False)


def smb3(t):
    def clear(command, side, body):
        whole = b"\xfeSMB" + le16(64, 1) + le32(0) + le16(command, 31) + le32(side, 0) + le64(command) + le32(0xFEFF,
                5) + le64(7) + bytes(16) + body
        return u32(len(whole)) + whole

    contexts = le16(1, 38) + le32(0) + le16(1, 32, 1) + t.noise(32) + le16(2, 4) + le32(0) + le16(1, 2)
    t.ask(clear(0, CLIENT, le16(36, 1, 1, 0) + le32(0x7F) + t.noise(16) + le32(104, 2) + le16(0x0311) + contexts))
    t.reply(clear(0, SERVER, le16(65, 1, 0x0311, 2) + t.noise(16) + le32(0x6F, 1 << 20, 1 << 20, 1 << 20) + bytes(24) +
            contexts))
    for side in (CLIENT, SERVER):
        t.say(side, clear(1, side, le16(25, 1) + bytes(20) + b"NTLMSSP\0" + content.sparse(t.rng, 100)))
    for n in range(20):
        length = t.size(300, 4000)
        t.say(n % 2, u32(52 + length) + b"\xfdSMB" + t.noise(16) + t.noise(11) + bytes(5) + le32(length) + le16(0, 1) +
                le64(7), (SECRET, t.noise(length)))


tcp("smb3-encrypted", 445, smb3, every_port=False)


# ---------------------------------------------------------------- datagrams


class Quic:
    """A connection whose IDs the long headers announce (RFC 9000)."""

    def __init__(self, t):
        self.t, self.ids = t, (t.noise(8), t.noise(8))

    def long(self, side, kind, length):
        # their first four bits are version-independent; the number is protected
        head = u8(0xC0 | kind << 4 | self.t.size(0, 15)) + u32(1) + counted(1, self.ids[1 - side]) + counted(1,
                self.ids[side])
        return head + (b"\0" if kind == 0 else b"") + u16(0x4000 | length)

    def short(self, side, length):
        return SECRET, u8(0x40 | self.t.size(0, 63)) + self.ids[1 - side] + self.t.noise(length - 9)

    def handshake(self):
        t = self.t
        t.ask(self.long(CLIENT, 0, 1170) + t.noise(1170))
        t.reply(self.long(SERVER, 0, 140) + t.noise(140), (OPEN, self.long(SERVER, 2, 900)), (SECRET, t.noise(900)))
        t.reply((OPEN, self.long(SERVER, 2, 1000)), (SECRET, t.noise(1000)))
        t.ask(self.long(CLIENT, 0, 40) + t.noise(40), (OPEN, self.long(CLIENT, 2, 80)), (SECRET, t.noise(80)),
                self.short(CLIENT, 500))

    def transfer(self, count, merged=1):
        for n in range(count):
            side = SERVER if n % 3 else CLIENT
            many = merged if side == SERVER else 1
            self.t.say(side, *[self.short(side, 1200 if side == SERVER else 60) for _ in range(many)])


def quic(t, merged=1):
    connection = Quic(t)
    connection.handshake()
    connection.transfer(t.size(24, 40), merged)


udp("quic", 443, quic)
udp("quic-merged-datagrams", 443, lambda t: quic(t, 8))


def dtls(t):
    tls.dtls_handshake(t, 0xC02B, (0xC02B, 0xC02F))
    for n in range(1, 24):
        t.say(n % 2, *tls.dtls_secret(t, 23, n, t.size(300, 1200)))


def srtp(t):
    agreed(t, 1)
    for n in range(40):
        t.say(n % 2, content.rtp(n // 2, 96, b"", 0x1000 + n % 2, 3000), (SECRET, t.noise(t.size(500, 1100))))
        if n % 8 == 0:
            t.say(n % 2, *srtcp(t, n, True, 10))


udp("dtls", 5684, dtls)
udp("srtp", 50000, srtp)


def wireguard_handshake(t):
    """Indices of both sides, and what they say for them."""
    index = t.noise(4), t.noise(4)
    return index, b"\x01\0\0\0" + index[0] + t.noise(140), b"\x02\0\0\0" + index[1] + index[0] + t.noise(80)


def wireguard(merged=1, handshakes_inside=False):
    def make(t):
        index, first, second = wireguard_handshake(t)
        t.ask(first)
        t.reply(second)
        number = [0, 0]

        def data(side, length):
            number[side] += 1
            return SECRET, b"\x04\0\0\0" + index[1 - side] + le64(number[side]) + t.noise(length)

        t.ask(data(CLIENT, 16))
        for n in range(t.size(24, 40)):
            side = SERVER if n % 3 else CLIENT
            length = 16 * t.size(12, 88) + 16
            parts = [data(side, length) for _ in range(merged if n % 4 else 1)]
            if merged > 1 and n % 5 == 0:
                parts.append(data(side, 64))  # a merged datagram's last may be shorter
            if handshakes_inside and n % 6 == 1:
                parts.append((CLEAR, first[:4] + t.noise(144)))
            t.say(side, *parts)
    return make


udp("wireguard", 51820, wireguard())
udp("wireguard-merged-datagrams", 51820, wireguard(6))
udp("wireguard-handshakes-behind-merged-data", 51820, wireguard(4, True))


def openvpn(t):
    sessions = t.noise(8), t.noise(8)
    t.ask(b"\x38" + sessions[0] + b"\0" + u32(0))
    t.reply(b"\x40" + sessions[1] + b"\x01" + u32(0) + sessions[0] + u32(0))
    t.ask(b"\x28" + sessions[0] + b"\x01" + u32(0) + sessions[1])
    for n in range(1, 5):
        t.ask(b"\x20" + sessions[0] + b"\0" + u32(n) + tls.handshake(tls.client_hello(t)))
        t.reply(b"\x20" + sessions[1] + b"\x01" + u32(n) + sessions[0] + u32(n) + t.noise(900))
    for n in range(1, 40):
        t.say(n % 2, b"\x48\0\0\x01", (SECRET, u32(n) + t.noise(t.size(300, 1300))))


udp("openvpn", 1194, openvpn)


def esp(spis=None, before=None):
    def make(t):
        both = spis or (t.size(256, 1 << 31), t.size(256, 1 << 31))
        if before:
            before(t)
        for n in range(2, 60):
            t.say(n % 2, u32(both[n % 2], n // 2), (SECRET, t.noise(4 * t.size(60, 330))))
    return make


proven("esp", "esp", 0, esp())
udp("esp-in-udp-behind-ike", 4500, esp(before=ike_in_the_clear), own_ports=(4500, 4500))
udp("esp-in-udp-from-a-port-of-nat", 4500, esp(before=ike_in_the_clear), own_ports=(1027, 4500))
udp("esp-in-udp-spi-40", 4500, esp((0x40123456, 0x48654321), ike_in_the_clear), own_ports=(4500, 4500))


def one_way(t):
    """No IKE, one direction, an index that another protocol's message type would have."""
    for n in range(1, 40):
        t.ask(u32(0x40123456, n), (SECRET, t.noise(400)))


udp("esp-in-udp-spi-40-one-way", 4500, one_way, own_ports=(4500, 4500))
