"""Talks over TCP: TLS in its variants, what begins in the clear, SSH, SMB, and OpenVPN, which is not followed."""

import struct

from talks import CLEAR, CLIENT, SECRET, SERVER, Talk

CCS = b"\x14\x03\x03\x00\x01\x01"


def record(kind, body, version=b"\x03\x03"):
    return bytes([kind]) + version + struct.pack(">H", len(body)) + body


def message(kind, body):
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def handshake(*messages):
    return record(0x16, b"".join(messages))


class Tls(Talk):
    def client_hello(self, length=220):
        return message(1, b"\x03\x03" + self.noise(32) + b"\x20" + self.noise(32) + b"\x00\x02\x13\x01\x01\x00" +
                       self.noise(length))

    def server_hello(self, suite=b"\xc0\x2f"):
        return message(2, b"\x03\x03" + self.noise(32) + b"\x20" + self.noise(32) + suite + b"\x00\x00\x06" +
                       b"\x00\x2b\x00\x02\x03\x04")

    def hello_retry(self):
        return message(2, b"\x03\x03" + bytes.fromhex(
            "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") + b"\x20" + self.noise(32) +
            b"\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04")

    def certificate(self, length=3300):
        return message(11, self.noise(length))

    def secret(self, kind, length):
        return SECRET, record(kind, self.noise(length))

    def data(self, side, *lengths):
        self.say(side, *[self.secret(0x17, length) for length in lengths])

    def download(self):
        self.data(CLIENT, 300)
        self.data(SERVER, 1200, 4000, 16384, 700, 30)
        self.data(CLIENT, 900)
        self.data(SERVER, 2000, 2000, 2000)

    def full_handshake(self):
        self.say(CLIENT, handshake(self.client_hello()))
        self.say(SERVER, handshake(self.server_hello()), handshake(self.certificate()),
                 handshake(message(12, self.noise(300))), handshake(message(14, b"")))
        self.say(CLIENT, handshake(message(16, self.noise(66))), CCS, self.secret(0x16, 40))
        self.say(SERVER, handshake(message(4, self.noise(190))), CCS, self.secret(0x16, 40))


def tls12(name="TLS 1.2", port=443, **more):
    t = Tls(name, port, **more)
    t.full_handshake()
    t.download()
    return t


def tls12_messages_in_one_record():
    t = Tls("TLS 1.2, all messages in one record", 8443)
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(SERVER, handshake(t.server_hello(), t.certificate(5000), message(12, t.noise(300)), message(14, b"")))
    t.say(CLIENT, handshake(message(11, t.noise(2000)), message(16, t.noise(66)), message(15, t.noise(264))), CCS,
          t.secret(0x16, 40))
    t.say(SERVER, CCS, t.secret(0x16, 40))
    t.download()
    return t


def tls12_certificate_over_records():
    t = Tls("a Certificate over several records", 4433)
    t.say(CLIENT, handshake(t.client_hello()))
    chain = t.certificate(40000)
    t.say(SERVER, handshake(t.server_hello()),
          *[record(0x16, chain[at:at + 16384]) for at in range(0, len(chain), 16384)], handshake(message(14, b"")))
    t.say(CLIENT, handshake(message(16, t.noise(66))), CCS, t.secret(0x16, 40))
    t.say(SERVER, CCS, t.secret(0x16, 40))
    t.download()
    return t


def tls12_resumed():
    t = Tls("TLS 1.2, resumed", 993)
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(SERVER, handshake(t.server_hello()), CCS, t.secret(0x16, 40))
    t.say(CLIENT, CCS, t.secret(0x16, 40))
    t.download()
    return t


def tls12_renegotiated():
    t = tls12("TLS 1.2, renegotiated", 8080)
    t.say(SERVER, t.secret(0x16, 24))
    t.say(CLIENT, t.secret(0x16, 300))
    t.say(SERVER, t.secret(0x16, 4000))
    t.say(CLIENT, t.secret(0x16, 100), t.secret(0x14, 17), t.secret(0x16, 40))
    t.say(SERVER, t.secret(0x14, 17), t.secret(0x16, 40))
    t.download()
    t.say(CLIENT, t.secret(0x15, 26))
    return t


def tls12_hello_request():
    t = Tls("HelloRequest in the clear", 443)
    t.say(SERVER, handshake(message(0, b"")))
    t.full_handshake()
    t.download()
    return t


def tls12_alert():
    t = Tls("a handshake that fails", 443, cuts=False)
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(SERVER, handshake(t.server_hello()), handshake(t.certificate()))
    t.say(CLIENT, record(0x15, b"\x02\x30"))
    return t


def tls12_heartbeat():
    t = Tls("heartbeats before and behind encryption", 443)
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(CLIENT, record(0x18, b"\x01\x40\x00" + t.noise(60)))
    t.say(SERVER, handshake(t.server_hello()), record(0x18, b"\x02\x40\x00" + t.noise(16000)),
          handshake(message(14, b"")))
    t.say(CLIENT, handshake(message(16, t.noise(66))), CCS, t.secret(0x16, 40))
    t.say(SERVER, CCS, t.secret(0x16, 40))
    t.say(CLIENT, t.secret(0x18, 900))
    t.download()
    return t


def tls10_old_hello():
    t = Tls("an SSL 2.0 compatible ClientHello", 443)
    body = b"\x01\x03\x01" + struct.pack(">HHH", 30, 0, 32) + t.noise(62)
    t.say(CLIENT, struct.pack(">H", 0x8000 | len(body)) + body)
    t.say(SERVER, handshake(t.server_hello()), handshake(t.certificate()), handshake(message(14, b"")))
    t.say(CLIENT, handshake(message(16, t.noise(66))), CCS, t.secret(0x16, 40))
    t.say(SERVER, CCS, t.secret(0x16, 40))
    t.download()
    return t


def tls_null_cipher():
    t = Tls("a cipher that does not encrypt", 443, cuts=False)
    t.needs_beginning = True
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(SERVER, handshake(t.server_hello(b"\x00\x3b")), handshake(t.certificate()), handshake(message(14, b"")))
    t.say(CLIENT, handshake(message(16, t.noise(66))), CCS)
    t.say(SERVER, CCS, record(0x17, b"readable " * 300))
    t.say(CLIENT, record(0x17, b"readable " * 100))
    return t


def tls13(name="TLS 1.3", port=853):
    t = Tls(name, port)
    t.say(CLIENT, handshake(t.client_hello(1700)))
    t.say(SERVER, handshake(t.server_hello(b"\x13\x01")), CCS, t.secret(0x17, 40), t.secret(0x17, 3500),
          t.secret(0x17, 280))
    t.say(CLIENT, CCS, t.secret(0x17, 60))
    t.download()
    return t


def tls13_retry():
    t = Tls("HelloRetryRequest", 443)
    t.say(CLIENT, handshake(t.client_hello()))
    t.say(SERVER, handshake(t.hello_retry()), CCS)
    t.say(CLIENT, CCS, handshake(t.client_hello(400)))
    t.say(SERVER, handshake(t.server_hello(b"\x13\x01")), t.secret(0x17, 40), t.secret(0x17, 3500))
    t.say(CLIENT, t.secret(0x17, 60))
    t.download()
    return t


def tls13_early_data():
    t = Tls("early data", 443)
    t.say(CLIENT, handshake(t.client_hello()), CCS, t.secret(0x17, 5000), t.secret(0x17, 300))
    t.say(SERVER, handshake(t.server_hello(b"\x13\x01")), CCS, t.secret(0x17, 40), t.secret(0x17, 3500))
    t.say(CLIENT, t.secret(0x17, 21), t.secret(0x17, 60))
    t.download()
    return t


def tls13_early_data_refused():
    t = Tls("early data refused by HelloRetryRequest", 443)
    t.say(CLIENT, handshake(t.client_hello()), CCS, t.secret(0x17, 5000), t.secret(0x17, 300))
    t.say(SERVER, handshake(t.hello_retry()), CCS)
    t.say(CLIENT, handshake(t.client_hello(400)))
    t.say(SERVER, handshake(t.server_hello(b"\x13\x01")), t.secret(0x17, 40), t.secret(0x17, 3500))
    t.say(CLIENT, t.secret(0x17, 60))
    t.download()
    return t


def tls_fast_open():
    t = tls13("a ClientHello in the SYN", 443)
    t.fast_open = True
    return t


def begun_in_the_clear(name, port, *lines):
    """lines: side and bytes."""
    t = Tls(name, port)
    for side, line in lines:
        t.say(side, line)
    t.full_handshake()
    t.download()
    return t


def starttls():
    s, c = SERVER, CLIENT
    yield begun_in_the_clear("STARTTLS in SMTP", 25, (s, b"220 mx.example.org ESMTP\r\n"), (c, b"EHLO there\r\n"),
                             (s, b"250-mx.example.org\r\n250-SIZE 50000000\r\n250 STARTTLS\r\n"), (c, b"STARTTLS\r\n"),
                             (s, b"220 2.0.0 Ready to start TLS\r\n"))
    yield begun_in_the_clear("STARTTLS in IMAP", 143, (s, b"* OK IMAP4rev1 ready\r\n"), (c, b"a STARTTLS\r\n"),
                             (s, b"a OK begin TLS\r\n"))
    yield begun_in_the_clear("STLS in POP3", 110, (s, b"+OK ready\r\n"), (c, b"STLS\r\n"), (s, b"+OK\r\n"))
    yield begun_in_the_clear("AUTH TLS in FTP", 21, (s, b"220 ftp\r\n"), (c, b"AUTH TLS\r\n"), (s, b"234 go\r\n"))
    yield begun_in_the_clear("starttls in XMPP", 5222, (c, b"<?xml version='1.0'?><stream:stream to='example.org'>"),
                             (s, b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
                             (c, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), (s, b"<proceed/>"))
    yield begun_in_the_clear("StartTLS in LDAP", 389,
                             (c, bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"),
                             (s, bytes.fromhex("300c02010178070a010004000400")))
    yield begun_in_the_clear("SSLRequest of PostgreSQL", 5432, (c, bytes.fromhex("0000000804d2162f")), (s, b"S"))
    yield begun_in_the_clear("SSL in MySQL", 3306, (s, b"\x4a\x00\x00\x00\x0a8.0.30\x00" + bytes(66)),
                             (c, b"\x20\x00\x00\x01\x85\xae\xff\x00" + bytes(28)))
    yield begun_in_the_clear("TLS in RDP", 3389, (c, bytes.fromhex("030000130ee000000000000100080003000000")),
                             (s, bytes.fromhex("030000130ed000001234000209080002000000")))
    yield begun_in_the_clear("CONNECT", 3128, (c, b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n"),
                             (s, b"HTTP/1.1 200 Connection established\r\n\r\n"))
    yield begun_in_the_clear("SOCKS", 1080, (c, b"\x05\x01\x00"), (s, b"\x05\x00"),
                             (c, b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"), (s, b"\x05\x00\x00\x01\0\0\0\0\0\0"))


def tls_given_up_again():
    """CCC in FTP: TLS ends, and the connection goes on in the clear."""
    t = Tls("clear again behind TLS", 21)
    t.say(SERVER, b"220 ftp\r\n")
    t.say(CLIENT, b"AUTH TLS\r\n")
    t.say(SERVER, b"234 go\r\n")
    t.full_handshake()
    t.download()
    t.say(CLIENT, t.secret(0x17, 40), t.secret(0x15, 26))
    t.say(SERVER, t.secret(0x17, 40), t.secret(0x15, 26))
    for n in range(8):
        t.say(CLIENT, b"PORT 192,0,2,1,200,%d and so much more that it would be worth cutting it away\r\n" % n)
        t.say(SERVER, b"200 PORT command successful, and this is such a long line for the same reason\r\n")
    return t


def plain_on_443():
    t = Talk("HTTP on 443", 443, cuts=False)
    for n in range(4):
        t.say(CLIENT, b"GET /%d HTTP/1.1\r\nHost: example.org\r\nCookie: " % n + b"c" * 700 + b"\r\n\r\n")
        t.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"text " * 1000)
    yield t
    t = Talk("HTTP/2 in the clear on 443", 443, cuts=False)
    t.needs_beginning = True
    t.say(CLIENT, b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    t.say(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    t.say(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
    for n in range(6):  # frames of data of a length that looks like the beginning of a record
        t.say(SERVER, b"\x16\x03\x01\x00\x00\x00\x00\x00\x01" + t.noise(1200))
        t.say(SERVER, b"\x17\x03\x03\x10\x00\x00\x00\x00\x01" + t.noise(1200))
    yield t
    t = Talk("noise on 443", 443, cuts=False)
    for side in (CLIENT, SERVER, CLIENT, SERVER):
        t.say(side, t.noise(20000))
    yield t
    t = Talk("records of another protocol, by chance like TLS", 9000, cuts=False)
    t.needs_beginning = True
    for n in range(12):
        t.say(CLIENT, b"\x17\x03\x03" + struct.pack(">H", 500) + b"a readable body that is shorter than it says")
        t.say(SERVER, b"ok\n")
    yield t


def ssh_packet(number, body):
    padding = 8 + -(len(body) + 6 + 8) % 8
    return struct.pack(">IBB", len(body) + 2 + padding, padding, number) + body + bytes(padding)


def kexinit(t, *ciphers):
    """ciphers: to the server and back; behind the lists there is some more."""
    lists = [b"curve25519-sha256,ecdh-sha2-nistp256", b"ssh-ed25519,rsa-sha2-512", *ciphers]
    return ssh_packet(20, t.noise(16) + b"".join(struct.pack(">I", len(names)) + names for names in lists) +
                      t.noise(900))


GOOD = b"chacha20-poly1305@openssh.com,aes128-ctr"
ONE_IS_NONE = b"aes128-ctr,none"


def ssh(name, port, kex, strict=False, ciphers=((GOOD, GOOD), (GOOD, GOOD)), cuts=True):
    """ciphers: that the client offers, to the server and back, and those that the server does."""
    t = Talk(name, port, cuts=cuts)
    label = SECRET if cuts else CLEAR
    t.say(CLIENT, b"SSH-2.0-OpenSSH_9.6\r\n")
    t.say(SERVER, b"SSH-2.0-OpenSSH_9.6p1 Debian\r\n")
    t.say(CLIENT, kexinit(t, *ciphers[CLIENT]))
    t.say(SERVER, kexinit(t, *ciphers[SERVER]))
    for client_number, server_number in kex:
        t.say(CLIENT, ssh_packet(client_number, t.noise(700)))
        t.say(SERVER, ssh_packet(server_number, t.noise(900)))
    if not strict:
        t.say(SERVER, ssh_packet(2, t.noise(30)))  # ignore
    t.say(SERVER, ssh_packet(21, b""), (label, t.noise(300)))
    t.say(CLIENT, ssh_packet(21, b""))
    for _ in range(6):
        t.say(CLIENT, (label, t.noise(2000)))
        t.say(SERVER, (label, t.noise(5000)))
    return t


def ssh_banner_late():
    """RFC 4253 section 4.2: a server may send other lines first."""
    t = Talk("SSH, lines before the banner", 22)
    t.say(SERVER, b"Unauthorized use is prohibited.\r\nReally.\r\n")
    t.say(SERVER, b"SSH-2.0-OpenSSH_9.6p1\r\n")
    t.say(CLIENT, b"SSH-2.0-OpenSSH_9.6\r\n")
    for side in (CLIENT, SERVER):
        t.say(side, kexinit(t, GOOD, GOOD))
        t.say(side, ssh_packet(30, t.noise(500)))
        t.say(side, ssh_packet(21, b""))
        t.say(side, (SECRET, t.noise(4000)))
    return t


def smb_message(first, body):
    return struct.pack(">I", 4 + len(body)) + bytes([first]) + b"SMB" + body


def smb():
    t = Talk("SMB 3, some of it encrypted", 445)
    t.say(CLIENT, smb_message(0xFF, t.noise(60)))
    for _ in range(3):
        t.say(CLIENT, smb_message(0xFE, t.noise(400)))
        t.say(SERVER, smb_message(0xFE, t.noise(600)))
    t.say(SERVER, smb_message(0xFC, t.noise(2000)))  # compressed, not encrypted
    for _ in range(5):
        head = t.noise(48)
        t.say(CLIENT, struct.pack(">I", 52 + 3000) + b"\xfdSMB" + head, (SECRET, t.noise(3000)))
        t.say(SERVER, smb_message(0xFE, t.noise(300)), struct.pack(">I", 52 + 9000) + b"\xfdSMB" + t.noise(48),
              (SECRET, t.noise(9000)))
    t.say(SERVER, b"\x85\x00\x00\x00", smb_message(0xFE, t.noise(100)))
    return t


def openvpn_packet(opcode, body):
    packet = bytes([opcode << 3]) + body
    return struct.pack(">H", len(packet)) + packet


def openvpn():
    """Not followed over TCP: all of it stays."""
    t = Talk("OpenVPN over TCP", 1194, cuts=False)
    sessions = t.noise(8), t.noise(8)
    t.say(CLIENT, openvpn_packet(7, sessions[0] + t.noise(33)))
    t.say(SERVER, openvpn_packet(8, sessions[1] + t.noise(45)))
    t.say(CLIENT, openvpn_packet(5, sessions[0] + t.noise(20)), openvpn_packet(4, sessions[0] + t.noise(300)))
    for _ in range(6):
        t.say(CLIENT, openvpn_packet(9, t.noise(800)))
        t.say(SERVER, openvpn_packet(9, t.noise(1300)), openvpn_packet(9, t.noise(1300)))
    return t


def all_talks():
    yield tls12()
    yield tls12_messages_in_one_record()
    yield tls12_certificate_over_records()
    yield tls12_resumed()
    yield tls12_renegotiated()
    yield tls12_hello_request()
    yield tls12_alert()
    yield tls12_heartbeat()
    yield tls10_old_hello()
    yield tls_null_cipher()
    yield tls13()
    yield tls13("TLS 1.3 on another port", 50000)
    yield tls13_retry()
    yield tls13_early_data()
    yield tls13_early_data_refused()
    yield tls_fast_open()
    yield from starttls()
    yield tls_given_up_again()
    yield from plain_on_443()
    yield ssh("SSH", 22, [(30, 31)])
    yield ssh("SSH, group exchange", 2222, [(34, 31), (32, 33)])
    yield ssh("SSH, a guess that was wrong", 22, [(30, 31), (30, 31)], strict=True)
    yield ssh("SSH, one side has no none", 22, [(30, 31)], ciphers=((GOOD, GOOD), (ONE_IS_NONE, ONE_IS_NONE)))
    none = ssh("SSH, none may be chosen", 22, [(30, 31)], ciphers=((GOOD, ONE_IS_NONE), (GOOD, ONE_IS_NONE)),
               cuts=False)
    none.needs_beginning = True
    yield none
    yield ssh_banner_late()
    yield smb()
    yield openvpn()
