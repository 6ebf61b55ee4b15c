"""Readable conversations over TCP whose commands are text: the web, mail, files, terminals, databases' text protocols, downloads."""

import base64
import struct

import content
import tls
from talk import OPEN, Catalogue, counted, u8, u16, u24, u32

catalogue = Catalogue("readable")
tcp = catalogue.tcp


@tcp("http", 80)
def http(t):
    for n in range(t.size(3, 7)):
        t.ask(content.http_request("intranet.example.org", f"/page/{n}"))
        t.reply(content.http_response(content.html(t.rng, t.size(800, 6000))))


@tcp("http-json-post", 8080)
def http_post(t):
    for n in range(5):
        t.ask(content.http_request("api.example.org", f"/v1/batch/{n}", "POST", content.rows(t.rng, t.size(5, 60))))
        t.reply(content.http_response(b"{\"accepted\":true}", "application/json"))


def download(make, kind, name):
    def conversation(t):
        t.ask(content.http_request("files.example.org", "/" + name))
        t.reply(content.http_response(make(t.rng, t.size(20000, 40000)), kind, ("Accept-Ranges: bytes",)))
    return conversation


tcp("download-gzip", 80, download(content.gz, "application/gzip", "log.gz"))
tcp("download-jpeg", 80, download(content.jpeg, "image/jpeg", "photo.jpg"))
tcp("download-zip", 80, download(content.zip_file, "application/zip", "reports.zip"))
tcp("download-mp4", 80, download(content.mp4, "video/mp4", "film.mp4"))


def recorded_tls(t):
    """What one side said, as a tool that takes connections apart has written it down."""
    return tls.handshake(tls.client_hello(t)) + tls.CCS + b"".join(tls.record(23, t.noise(900)) for _ in range(9))


def recorded_smb(t):
    size = t.size(9000, 12000)
    return b"\0" + (52 + size).to_bytes(3, "big") + b"\xfdSMB" + t.noise(32) + struct.pack("<I", size) + b"\0\0\x01\0" + \
        t.noise(8 + size)


def recorded_ssh(t):
    lists = (b"curve25519-sha256", b"ssh-ed25519", b"aes256-ctr", b"aes256-ctr", b"hmac-sha2-256", b"hmac-sha2-256",
             b"none", b"none", b"", b"")
    kexinit = b"\x14" + t.noise(16) + b"".join(counted(4, name) for name in lists) + bytes(5)
    packets = [u32(len(body) + 1 + padding) + u8(padding) + body + bytes(padding) for body, padding in (
        (kexinit, 4 + (-len(kexinit) - 9) % 8), (b"\x1e" + counted(4, t.noise(32)), 6), (b"\x15", 10))]
    return b"SSH-2.0-OpenSSH_9.6\r\n" + b"".join(packets) + t.noise(9000)


def recorded(make, with_syn):
    """A download of it: the header comes in a segment of its own, so that the body's begins as that connection did."""
    def conversation(t):
        if not with_syn:
            t.again(False)
        for _ in range(2):
            t.ask(content.http_request("captures.example.org", "/stream.bin"))
            response = content.http_response(make(t), "application/octet-stream")
            at = response.index(b"\r\n\r\n") + 4
            t.reply(response[:at])
            t.reply(response[at:])
    return conversation


for protocol, make_recorded in (("tls", recorded_tls), ("smb", recorded_smb), ("ssh", recorded_ssh)):
    for syn in ("", "-without-syn"):
        tcp(f"download-of-recorded-{protocol}{syn}", 80, recorded(make_recorded, not syn), known_from_start=True,
            told_by_the_other_side=True)


@tcp("http-gzip-encoding-chunked", 80)
def chunked(t):
    t.ask(content.http_request("www.example.org", "/", more=("Accept-Encoding: gzip",)))
    body = content.gz(t.rng, 24000)
    chunks = b"".join(b"%x\r\n" % len(body[at:at + 4096]) + body[at:at + 4096] + b"\r\n" for at in range(0, len(body), 4096))
    t.reply(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")


def frame(kind, flags, stream, body):
    return u24(len(body)) + u8(kind, flags) + u32(stream) + body


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def header_block(path):
    """HPACK without Huffman: names of the static table, values as they are."""
    return b"\x83\x86\x44" + counted(1, path) + b"\x41" + counted(1, b"api.example.org") + b"\x5f" + counted(1,
            b"application/grpc")


@tcp("http2-clear", 80)
def http2(t):
    t.ask(PREFACE + frame(4, 0, 0, u16(3) + u32(100) + u16(4) + u32(65535)), frame(8, 0, 0, u32(1 << 20)))
    t.reply(frame(4, 0, 0, u16(3) + u32(128)), frame(4, 1, 0, b""))
    for n in range(6):
        t.ask(frame(1, 5, 1 + 2 * n, header_block(b"/page/%d" % n)))
        body = content.html(t.rng, t.size(500, 5000))
        t.reply(frame(1, 4, 1 + 2 * n, b"\x88\x5f" + counted(1, b"text/html")), frame(0, 1, 1 + 2 * n, body))


@tcp("grpc-clear", 50051)
def grpc(t):
    t.ask(PREFACE + frame(4, 0, 0, b""))
    t.reply(frame(4, 0, 0, b""))
    for n in range(8):
        message = b"\x0a" + counted(1, b"sensor-%d" % n) + b"\x12" + counted(1, content.floats(t.rng, 25)) + b"\x18\x07"
        t.ask(frame(1, 4, 1 + 2 * n, header_block(b"/plant.Readings/Put")),
                frame(0, 1, 1 + 2 * n, b"\0" + counted(4, message)))
        t.reply(frame(1, 4, 1 + 2 * n, b"\x88"), frame(0, 0, 1 + 2 * n, b"\0" +
                counted(4, b"\x08\x01\x12" + counted(1, content.words(t.rng, 90)))),
                frame(1, 5, 1 + 2 * n, b"\x40\x0bgrpc-status\x010"))


@tcp("websocket", 80)
def websocket(t):
    """What the client says is masked: XOR with four bytes that stand before it."""
    t.ask(content.http_request("chat.example.org", "/ws", more=("Upgrade: websocket", "Connection: Upgrade",
                                                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                                                "Sec-WebSocket-Version: 13")))
    t.reply(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    for _ in range(10):
        text, mask = content.rows(t.rng, t.size(1, 9)), t.noise(4)
        t.ask(b"\x81\xfe" + u16(len(text)) + mask + bytes(c ^ mask[n % 4] for n, c in enumerate(text)))
        t.reply(b"\x81\x7e" + counted(2, content.rows(t.rng, t.size(3, 20))))


@tcp("ftp", 21)
def ftp(t):
    t.lines("S: 220 (vsFTPd 3.0.5)", "C: USER anonymous", "S: 331 Please specify the password.", "C: PASS guest@example.org",
            "S: 230 Login successful.")
    for n in range(6):
        t.lines("C: PASV", "S: 227 Entering Passive Mode (192,0,2,1,195,80).", f"C: RETR report-{n}.csv",
                f"S: 150 Opening BINARY mode data connection for report-{n}.csv (90210 bytes).", "S: 226 Transfer complete.")


@tcp("ftp-data-text", 20)
def ftp_data(t):
    t.reply(content.words(t.rng, t.size(8000, 20000)))


@tcp("ftp-data-zip", 20)
def ftp_data_zip(t):
    t.reply(content.zip_file(t.rng, 20000))


@tcp("smtp", 25)
def smtp(t):
    t.lines("S: 220 mx.example.net ESMTP", "C: EHLO mail.example.org",
            "S: 250-mx.example.net\r\n250-SIZE 36700160\r\n250 8BITMIME",
            "C: MAIL FROM:<alice@example.org>", "S: 250 2.1.0 Ok", "C: RCPT TO:<bob@example.net>", "S: 250 2.1.5 Ok",
            "C: DATA",
            "S: 354 End data with <CR><LF>.<CR><LF>")
    t.ask(b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: figures\r\nMIME-Version: 1.0\r\n\r\n" +
            content.words(t.rng, 3000) +
          b"\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content.gz(t.rng, 9000)) +
          b"\r\n.\r\n")
    t.lines("S: 250 2.0.0 Ok: queued as 4TmQ2L3Hsgz", "C: QUIT", "S: 221 2.0.0 Bye")


@tcp("smtp-bdat-binary", 25)
def bdat(t):
    t.lines("S: 220 mx.example.net ESMTP", "C: EHLO mail.example.org", "S: 250-CHUNKING\r\n250 BINARYMIME",
            "C: MAIL FROM:<a@example.org> BODY=BINARYMIME", "S: 250 Ok", "C: RCPT TO:<b@example.net>", "S: 250 Ok")
    body = content.jpeg(t.rng, 15000)
    t.ask(b"BDAT %d LAST\r\n" % len(body) + body)
    t.lines("S: 250 Ok")


@tcp("imap", 143)
def imap(t):
    t.lines("S: * OK IMAP4rev1 ready", "C: a1 LOGIN alice secret", "S: a1 OK Logged in", "C: a2 SELECT INBOX",
            "S: * 172 EXISTS\r\n* FLAGS (\\Answered \\Seen)\r\na2 OK [READ-WRITE] Select completed")
    for n in range(5):
        body = content.words(t.rng, t.size(500, 3000))
        t.ask(b"a%d FETCH %d BODY[]\r\n" % (n + 3, n + 1))
        t.reply(b"* %d FETCH (BODY[] {%d}\r\n" % (n + 1, len(body)) + body + b")\r\na%d OK Fetch completed\r\n" % (n + 3))


@tcp("pop3", 110)
def pop3(t):
    t.lines("S: +OK ready", "C: USER alice", "S: +OK", "C: PASS secret", "S: +OK Logged in.", "C: LIST",
            "S: +OK 2 messages:\r\n1 900\r\n2 1200\r\n.")
    for n in (1, 2, 3):
        t.ask(b"RETR %d\r\n" % n)
        t.reply(b"+OK\r\nFrom: a@example.org\r\n\r\n" + content.words(t.rng, 2000) + b"\r\n.\r\n")


@tcp("nntp", 119)
def nntp(t):
    t.lines("S: 200 news.example.org ready", "C: GROUP misc.test", "S: 211 1234 3000234 3002322 misc.test")
    for n in range(4):
        t.ask(b"ARTICLE %d\r\n" % (3000234 + n))
        t.reply(b"220 %d <x@example.org>\r\nSubject: =ybegin\r\n\r\n" % n + content.words(t.rng, 2500) + b"\r\n.\r\n")


@tcp("telnet", 23)
def telnet(t):
    t.reply(bytes.fromhex("fffd18fffd20fffd23fffd27"))
    t.ask(bytes.fromhex("fffb18fffb20fffc23fffb27"))
    t.reply(b"\r\nlogin: ")
    for character in b"alice\r\nls -l /var/log\r\n":
        t.ask(bytes([character]))
        t.reply(bytes([character]))
    t.reply(b"\r\n".join(b"-rw-r--r-- 1 root root %8d Mar  1 12:00 messages.%d" % (t.size(900, 99999),
            n) for n in range(30)))


@tcp("irc", 6667)
def irc(t):
    t.lines("C: NICK alice", "C: USER alice 0 * :Alice", "S: :irc.example.org 001 alice :Welcome")
    for _ in range(12):
        t.say(t.size(0, 1), b"PRIVMSG #plant :" + content.words(t.rng, t.size(30, 200)).replace(b"\n", b" ") + b"\r\n")


@tcp("xmpp", 5222)
def xmpp(t):
    t.ask(b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' version='1.0'>")
    t.reply(b"<stream:stream from='example.org' id='x1'><stream:features><mechanisms/></stream:features>")
    for n in range(10):
        t.say(n % 2, b"<message to='bob@example.org'><body>" + content.words(t.rng, 300) + b"</body></message>")


@tcp("redis", 6379)
def redis(t):
    for n in range(12):
        value = content.rows(t.rng, 4) if n % 3 else content.gz(t.rng, 900)
        t.ask(b"*3\r\n$3\r\nSET\r\n$%d\r\nkey:%d\r\n$%d\r\n" % (len(b"key:%d" % n), n, len(value)) + value + b"\r\n")
        t.reply(b"+OK\r\n")
        t.ask(b"*2\r\n$3\r\nGET\r\n$%d\r\nkey:%d\r\n" % (len(b"key:%d" % n), n))
        t.reply(b"$%d\r\n" % len(value) + value + b"\r\n")


@tcp("memcached-tcp", 11211)
def memcached(t):
    for n in range(10):
        value = content.html(t.rng, 1500)
        t.ask(b"set page:%d 0 900 %d\r\n" % (n, len(value)) + value + b"\r\n")
        t.reply(b"STORED\r\n")
        t.ask(b"get page:%d\r\n" % n)
        t.reply(b"VALUE page:%d 0 %d\r\n" % (n, len(value)) + value + b"\r\nEND\r\n")


@tcp("syslog-tcp", 601)
def syslog(t):
    for n in range(15):
        line = b"<34>1 2024-03-01T12:00:%02dZ gw app - ID47 - " % n + content.words(t.rng, t.size(80, 500))
        t.ask(b"%d " % len(line) + line)


@tcp("sip-tcp", 5060)
def sip(t):
    t.ask(content.sip("INVITE", 1, content.SDP))
    t.reply(content.sip("SIP/2.0 100 Trying", 1), content.sip("SIP/2.0 200 OK", 1, content.SDP))
    for n in range(2, 10):
        t.ask(content.sip("OPTIONS", n))
        t.reply(content.sip("SIP/2.0 200 OK", n))


@tcp("plain-text-that-never-ends-a-line", 7777)
def one_line(t):
    for n in range(8):
        t.say(n % 2, content.words(t.rng, 2000).replace(b"\n", b" "))


@tcp("counters-stream", 7001)
def counter_stream(t):
    for n in range(8):
        t.ask(content.counters(t.rng, 60, 60 * n))


@tcp("sparse-stream", 7002)
def sparse_stream(t):
    for n in range(8):
        t.say(n % 2, content.sparse(t.rng, 3000))


@tcp("raw-gzip-stream", 9000)
def raw_gzip(t):
    """A backup through a plain socket: ten bytes of header, then noise to the end. No frame, so no proof."""
    t.ask(content.gz(t.rng, 40000))


@tcp("raw-mp4-stream", 9000)
def raw_mp4(t):
    t.reply(content.mp4(t.rng, 30000))


@tcp("noise-in-both-directions", 9000)
def both(t):
    """Two compressed streams at once, of a replication tool."""
    for _ in range(12):
        t.ask(content.gz(t.rng, t.size(500, 3000))[10:])
        t.reply(content.gz(t.rng, t.size(500, 3000))[10:])


@tcp("rsync-compressed", 873)
def rsync(t):
    t.lines("S: @RSYNCD: 31.0 sha512 sha256", "C: @RSYNCD: 31.0 sha512 sha256", "C: module", "S: @RSYNCD: OK")
    for _ in range(12):
        body = content.gz(t.rng, t.size(900, 3000))[10:]
        t.reply(u8(len(body) & 255, len(body) >> 8, 0, 7) + body)
        t.ask(u8(4, 0, 0, 7) + u32(1))


@tcp("git-pack", 9418)
def git(t):
    t.ask(b"0033git-upload-pack /project.git\0host=example.org\0")
    t.reply(b"".join(b"003f%040x refs/heads/branch-%d\n" % (t.rng.getrandbits(160), n) for n in range(8)) + b"0000")
    t.ask(b"0032want %040x\n00000009done\n" % t.rng.getrandbits(160))
    pack = b"PACK" + u32(2, 90) + content.gz(t.rng, 20000)[10:]
    t.reply(b"0008NAK\n" + b"".join(b"%04x\x01" % (len(pack[at:at + 8000]) + 5) +
            pack[at:at + 8000] for at in range(0, len(pack), 8000)) + b"0000")


@tcp("dns-tcp", 53)
def dns(t):
    for _ in range(8):
        number = t.size(0, 65535)
        t.ask(counted(2, content.dns(t.rng, number, False)))
        t.reply(counted(2, content.dns(t.rng, number, True)))


@tcp("zone-transfer", 53)
def zone(t):
    t.ask(counted(2, u16(7, 0, 1, 0, 0, 0) + b"\x07example\x03org\0" + u16(252, 1)))
    for n in range(6):
        answers = b"".join(b"\x05host%d\xc0\x0c" % (m % 10) + u16(1, 1) + u32(3600) +
                counted(2, b"\xc0\0\x02" + u8(m)) for m in range(120))
        t.reply(counted(2, u16(7, 0x8480, 1, 120, 0, 0) + b"\x07example\x03org\0" + u16(252, 1) + answers))


def refused(name, port, *exchange):
    """Encryption is offered or asked for, the other side declines, and the rest is in the clear."""
    def make(t):
        t.lines(*exchange)
        for n in range(8):
            t.say(n % 2, content.words(t.rng, t.size(200, 2500)) + b"\r\n")
    tcp(name, port, make)


refused("starttls-refused-smtp", 25, "S: 220 mx ESMTP", "C: EHLO a.example.org", "S: 250-mx\r\n250 STARTTLS", "C: STARTTLS",
        "S: 454 4.7.0 TLS not available due to local problem", "C: MAIL FROM:<a@example.org>", "S: 250 Ok", "C: DATA",
        "S: 354 go")
refused("starttls-offered-not-taken-smtp", 25, "S: 220 mx ESMTP", "C: EHLO a.example.org", "S: 250-mx\r\n250 STARTTLS",
        "C: MAIL FROM:<a@example.org>", "S: 250 Ok", "C: DATA", "S: 354 go")
refused("starttls-refused-imap", 143, "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready", "C: a STARTTLS", "S: a BAD no",
        "C: b LOGIN a b", "S: b OK")
refused("stls-refused-pop3", 110, "S: +OK ready", "C: STLS", "S: -ERR no TLS", "C: USER a", "S: +OK")
refused("auth-tls-refused-ftp", 21, "S: 220 hi", "C: AUTH TLS", "S: 534 Local policy on server does not allow TLS",
        "C: USER a", "S: 331 go")
refused("starttls-refused-xmpp", 5222, "C: <stream:stream to='example.org'>",
        "S: <stream:features><starttls/></stream:features>",
        "C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
refused("starttls-refused-sieve", 4190, "S: \"STARTTLS\"\r\nOK ready", "C: STARTTLS", "S: NO \"not now\"",
        "C: LISTSCRIPTS", "S: OK")
refused("starttls-refused-nntp", 119, "S: 200 ready", "C: STARTTLS", "S: 580 Can not initiate TLS negotiation",
        "C: GROUP a.b", "S: 211 go")
refused("connect-then-plain-http", 3128, "C: CONNECT app.example.org:80 HTTP/1.1\r\nHost: app.example.org:80\r\n",
        "S: HTTP/1.1 200 Connection established\r\n", "C: GET / HTTP/1.1\r\nHost: app.example.org\r\n",
        "S: HTTP/1.1 200 OK\r\n")
refused("proxy-v1-then-plain-http", 80, "C: PROXY TCP4 192.0.2.1 198.51.100.2 51000 80",
        "C: GET / HTTP/1.1\r\nHost: a.example\r\n",
        "S: HTTP/1.1 200 OK\r\n")


@tcp("socks5-then-plain-http", 1080)
def socks(t):
    t.ask(b"\x05\x01\0")
    t.reply(b"\x05\0")
    t.ask(b"\x05\x01\0\x03" + counted(1, b"www.example.org") + u16(80))
    t.reply(b"\x05\0\0\x01\0\0\0\0\0\0")
    http(t)


@tcp("proxy-v2-then-text", 80)
def proxy_v2(t):
    t.ask(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02" + u16(51000, 80) +
            content.http_request("a.example"))
    t.reply(content.http_response(content.html(t.rng, 5000)))


def captured(number, protocol, ports, body_bytes):
    """A pcap record and the headers of the packet in it, up to its payload of so many bytes."""
    more = u16(8 + body_bytes, 0) if protocol == 17 else u32(number * 1448, 7) + b"\x50\x10\xff\xff\0\0\0\0"
    head = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + u8(0x45, 0) + u16(24 + len(more) + body_bytes, number, 0x4000) + \
        u8(64, protocol, 0, 0) + b"\xc0\0\x02\x01\xc6\x33\x64\x02" + u16(*ports) + more
    return struct.pack("<IIII", 1709280000 + number, 1234 * number, len(head) + body_bytes, len(head) + body_bytes) + head


def capture_of_tls(t, number):
    """Packets whose headers are readable, and whose payload is somebody's ciphertext."""
    for size in (1443, 1443, t.size(100, 1400)):
        yield captured(number, 6, (443, 51000), 5 + size) + b"\x17\x03\x03" + u16(size)
        yield OPEN, t.noise(size)
        number += 1


@tcp("pcap-over-tcp", 57012)
def pcap_over_tcp(t):
    """A capture of encrypted traffic, sent as it is: framed like TLS within, but nothing about this connection is."""
    parts = [b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(8) + b"\xff\xff\0\0\x01\0\0\0"]
    for n in range(t.size(12, 20)):
        parts += list(capture_of_tls(t, n * 3))
    t.reply(*parts)


@tcp("pcap-over-tcp-of-small-pieces", 57012)
def pcap_of_pieces(t):
    """What it carries are segments of a session that has long begun: of a few sizes, cut anywhere."""
    parts = []
    for n in range(t.size(60, 120)):
        size = t.rng.choice((12, 20, 82, 82, 334, 664, 1448, 1448))
        parts += [captured(n, 6, (443, 51000), size), (OPEN, t.noise(size))]
    t.reply(*parts)


@tcp("pcap-over-tcp-of-long-records", 57012)
def pcap_of_records(t):
    """Records of 16 KiB over many segments, as a download has them."""
    for n in range(3):
        stream = b"".join(b"\x17\x03\x03\x40\x18" + t.noise(16408) for _ in range(2))
        t.reply(*[part for at in range(0, len(stream), 1448) for part in (
            captured(n * 30 + at // 1448, 6, (443, 51000), len(stream[at:at + 1448])), (OPEN, stream[at:at + 1448]))])


def records_at_segments(sizes):
    """The carried records begin where this connection's segments do, as they will now and then."""
    def make(t):
        number, before = 0, b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(8) + b"\xff\xff\0\0\x01\0\0\0"
        for n in range(t.size(8, 14)):
            size = t.size(*sizes)
            stream = b"\x17\x03\x03" + u16(size) + t.noise(size)
            pieces = [stream[at:at + 1448] for at in range(0, len(stream), 1448)]
            t.reply(before, captured(number, 6, (443, 51000), len(pieces[0])))
            parts = [pieces[0][:5], (OPEN, pieces[0][5:])]
            for piece in pieces[1:]:
                number += 1
                parts += [captured(number, 6, (443, 51000), len(piece)), (OPEN, piece)]
            t.reply(*parts)
            number, before = number + 1, b""
    return make


tcp("pcap-over-tcp-records-at-segments", 57012, records_at_segments((200, 1400)))
tcp("pcap-over-tcp-long-records-at-segments", 57012, records_at_segments((5000, 16400)))


@tcp("pcap-over-tcp-of-text", 57012)
def pcap_of_text(t):
    body = b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(8) + b"\xff\xff\0\0\x01\0\0\0"
    for n in range(25):
        body += captured(n, 17, (5060, 5060), 392) + content.words(t.rng, 392)
    t.reply(body)
