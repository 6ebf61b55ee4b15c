"""Readable conversations over UDP: names, management, flow records, field devices. By hand, from their specifications."""

import content
from talk import CLIENT, SERVER, Catalogue, counted, le16, le32, u8, u16, u24, u32, u64

catalogue = Catalogue("readable")
udp = catalogue.udp


@udp("dns", 53)
def dns(t):
    for _ in range(t.size(8, 16)):
        number = t.size(0, 65535)
        t.ask(content.dns(t.rng, number, False))
        t.reply(content.dns(t.rng, number, True))


@udp("dns-dnskey", 53)
def dns_signed(t):
    """Answers that are keys and signatures for the most part."""
    for _ in range(6):
        number = t.size(0, 65535)
        question = u16(number, 0x0120, 1, 0, 0, 1) + b"\x07example\x03org\0" + u16(48, 1) + b"\0" + u16(41, 4096, 0,
                0x8000, 0)
        t.ask(question)
        keys = b"".join(b"\xc0\x0c" + u16(48, 1) + u32(3600) +
                counted(2, u16(257) + b"\x03\x08\x03\x01\0\x01" + t.noise(256))
                        for _ in range(2))
        signature = b"\xc0\x0c" + u16(46, 1) + u32(3600) + counted(2, u16(48) + b"\x08\x02" +
                u32(3600, 1709251200, 1706659200) +
                                                                   u16(31589) + b"\x07example\x03org\0" + t.noise(256))
        t.reply(u16(number, 0x81A0, 1, 3, 0, 0) + b"\x07example\x03org\0" + u16(48, 1) + keys + signature)


@udp("sip", 5060)
def sip(t):
    t.ask(content.sip("INVITE", 1, content.SDP))
    t.reply(content.sip("SIP/2.0 100 Trying", 1))
    t.reply(content.sip("SIP/2.0 180 Ringing", 1))
    t.reply(content.sip("SIP/2.0 200 OK", 1, content.SDP))
    t.ask(content.sip("ACK", 1))
    for n in range(2, 9):
        t.ask(content.sip("OPTIONS", n))
        t.reply(content.sip("SIP/2.0 200 OK", n))
        t.ask(b"\r\n\r\n")


@udp("netflow-5", 2055)
def netflow5(t):
    sequence = t.size(0, 1 << 20)
    for n in range(8):
        flows = b"".join(u32(0xC0000200 + t.size(0, 255), 0xC6336400 + t.size(0, 255), 0xC0000201) + u16(3, 7) +
                         u32(t.size(1, 90), t.size(60, 90000), 4000000 + n * 60000, 4059000 + n * 60000) +
                         u16(t.size(1024, 65535), t.size(1, 1024)) + u8(0, 0x1B, 6, 0) + u16(0, 0) + u8(24, 24) + u16(0)
                         for _ in range(30))
        t.ask(u16(5, 30) + u32(4100000 + n * 60000, 1709280000 + n * 60, 123456, sequence + 30 * n) + u8(0, 1) +
                u16(0) + flows)


@udp("netflow-9", 2055)
def netflow9(t):
    fields = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4), (22, 4), (21, 4))
    for n in range(8):
        template = u16(256, len(fields)) + b"".join(u16(*f) for f in fields)
        sets = u16(0, 4 + len(template)) + template
        flows = b"".join(u32(0xC0000200 + t.size(0, 255), 0xC6336400 + t.size(0, 255)) + u16(t.size(1024, 65535), 443) +
                b"\x06" +
                         u32(t.size(60, 90000), t.size(1, 90), 4000000 + n, 4059000 + n) for _ in range(40))
        flows += bytes(-len(flows) % 4)
        t.ask(u16(9, 41) + u32(4100000 + n * 1000, 1709280000 + n, 700 + n, 0) + sets + u16(256, 4 + len(flows)) + flows)


@udp("ipfix", 4739)
def ipfix(t):
    for n in range(8):
        flows = b"".join(u32(0xC0000200 + t.size(0, 255), 0xC6336400 + t.size(0, 255)) + u16(t.size(1024, 65535), 53) +
                b"\x11" +
                         u64(t.size(60, 90000), t.size(1, 90)) + u32(1709280000 + n, 1709280001 + n) for _ in range(37))
        fields = u16(300, 9) + u16(8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 1, 8, 2, 8, 150, 4, 151, 4)
        body = u16(2, 4 + len(fields)) + fields + u16(300, 4 + len(flows)) + flows
        t.ask(u16(10, 16 + len(body)) + u32(1709280000 + n, 37 * n, 1) + body)


@udp("ipfix-of-addresses", 4739)
def ipfix_addresses(t):
    """Records of one size, a message a second, of anonymous addresses: noise behind a version, a length and a time."""
    for n in range(30):
        records = t.noise(16 * 24)
        t.ask(u16(10, 20 + len(records)) + u32(1709280000 + n, 24 * n, 7) + u16(300, 4 + len(records)) + records)


@udp("sflow", 6343)
def sflow(t):
    for n in range(8):
        samples = b""
        for m in range(4):
            frame = bytes.fromhex("0200000000020200000000010800") + bytes.fromhex("450005dc1234400040060000c0000201c6336402") + \
                u16(443, 51000) + u32(t.size(0, 1 << 31), 7) + b"\x50\x10\xff\xff" + bytes(4) + content.http_response(b"x" * 60)[:70]
            raw = u32(1, 16 + len(frame) + -len(frame) % 4, 1, 1518, 4, len(frame)) + frame + bytes(-len(frame) % 4)
            sample = u32(n * 4 + m, 3, 400, 400 * n, 0, 3, 7, 1) + raw
            samples += u32(1, len(sample)) + sample
        counter = u32(n, 3, 1, 1, 88) + content.counters(t.rng, 2)
        t.ask(u32(5, 1, 0xC0000201, 0, n, 4100000 + n, 5) + samples + u32(2, len(counter)) + counter)


@udp("syslog", 514)
def syslog(t):
    for n in range(t.size(10, 20)):
        t.ask(b"<%d>Mar  1 12:%02d:07 gw-%d sshd[%d]: " % (t.size(0, 190), n, t.size(1, 4), t.size(300, 9000)) +
              content.words(t.rng, t.size(60, 400)))


@udp("statsd", 8125)
def statsd(t):
    for n in range(16):
        t.ask(b"\n".join(b"api.%s.time:%d|ms|@0.1" % (t.rng.choice(content.WORDS).encode(),
                t.size(1, 900)) for _ in range(25)))


@udp("influx-lines", 8089)
def influx(t):
    for n in range(12):
        t.ask(b"\n".join(b"cpu,host=node%d usage=%.3f,idle=%.3f 17092800%02d000000000" % (m, t.rng.random(),
                t.rng.random(), n)
                         for m in range(20)))


@udp("gelf-gzip", 12201)
def gelf(t):
    """Log messages, each compressed: noise but for ten bytes."""
    for _ in range(12):
        t.ask(content.gz(t.rng, t.size(200, 1200)))


@udp("gelf-chunked", 12201)
def gelf_chunked(t):
    for _ in range(5):
        number, body = t.noise(8), content.gz(t.rng, 4000)
        for n in range(4):
            t.ask(b"\x1e\x0f" + number + u8(n, 4) + body[n * 1000:n * 1000 + 1000])


@udp("snmp", 161)
def snmp(t):
    for n in range(10):
        oid = content.der(6, bytes.fromhex("2b060102010202010a") + u8(n))
        for kind, value in ((0xA1, b"\x05\x00"), (0xA2, content.der(0x46, u64(t.size(1 << 33, 1 << 40))))):
            pdu = content.der(kind, content.der(2, u32(7000 + n)), b"\x02\x01\0\x02\x01\0",
                              content.der(0x30, content.der(0x30, oid, value)))
            t.say(CLIENT if kind == 0xA1 else SERVER, content.der(0x30, b"\x02\x01\x01\x04\x06public", pdu))


@udp("snmpv3-noauth", 161)
def snmpv3(t):
    for n in range(8):
        head = content.der(0x30, content.der(2, u32(n + 90)), b"\x02\x03\0\xff\xe3\x04\x01\x04\x02\x01\x03")
        security = content.der(4, content.der(0x30, content.der(4, b"\x80\0\x1f\x88\x80" + t.noise(8)),
                b"\x02\x01\x02\x02\x02\x10\x20",
                                              b"\x04\x05admin\x04\0\x04\0"))
        scoped = content.der(0x30, b"\x04\x0d" + b"\x80\0\x1f\x88\x80contexts", b"\x04\0",
                             content.der(0xA2, b"\x02\x01\x05\x02\x01\0\x02\x01\0", content.der(0x30, content.der(
                                 0x30, b"\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0",
                                 content.der(4, content.words(t.rng, 120))))))
        t.say(n % 2, content.der(0x30, b"\x02\x01\x03", head, security, scoped))


@udp("ntp", 123)
def ntp(t):
    for n in range(10):
        stamp = u32(0xE98F0000 + n * 64)
        t.ask(b"\x23\0\x06\xec" + bytes(36) + stamp + t.noise(4))
        t.reply(b"\x24\x02\x06\xe9" + u32(0x123, 0x456, 0xC0000201) + (stamp + t.noise(4)) * 4)


@udp("dhcp", 67)
def dhcp(t):
    number = t.noise(4)
    for n, kind in enumerate((1, 2, 3, 5, 3, 5)):
        body = u8(1 + n % 2, 1, 6, 0) + number + bytes(8) + u32(0xC0000250 if n % 2 else 0) + bytes(8) + b"\x02\0\0\0\0\x01" + \
            bytes(10 + 192) + bytes.fromhex("63825363") + u8(53, 1,
                    kind) + b"\x36\x04\xc0\0\x02\x01\x0c\x06laptop\x37\x05\x01\x03\x06\x0f\x2a\xff"
        t.say(n % 2, body + bytes(60))


@udp("tftp-firmware", 69)
def tftp(t):
    t.ask(b"\0\x01firmware.zip\0octet\0")
    file = content.zip_file(t.rng, 6000)
    for n, at in enumerate(range(0, len(file), 512)):
        t.reply(u16(3, n + 1) + file[at:at + 512])
        t.ask(u16(4, n + 1))


@udp("mqtt-sn", 1883)
def mqtt_sn(t):
    """Lengths that have the values of another protocol's message types come first."""
    t.ask(b"\x38\x04\x04\x01\0\x3c" + b"sensor-gateway-hall-07-north-side-of-the-building-"[:50])
    t.reply(b"\x03\x05\0")
    t.ask(b"\x26\x0a\0\0\0\x01" + b"plant/hall07/line2/temperature/x"[:32])
    t.reply(b"\x07\x0b\0\x01\0\x01\0")
    for n in range(t.size(14, 24)):
        length = (0x48, 0x44, 0x40)[n % 3] if n else 0x48
        t.ask(u8(length) + b"\x0c\x20" + u16(1, n) + (b"t=%06.2f;h=%05.2f;n=%06d;" % (
            t.rng.gauss(20, 3), t.rng.gauss(50, 5), n) + b"status=ok;" * 6)[:length - 7])


@udp("mqtt-sn-both-ways", 10000)
def mqtt_sn_both(t):
    t.ask(b"\x38\x04\x04\x01\0\x3c" + content.words(t.rng, 50))
    t.reply(b"\x40\x0c\x20" + u16(1, 0) + content.words(t.rng, 57))
    for n in range(20):
        t.say(n % 2, b"\x48\x0c\0" + u16(1, n) + content.floats(t.rng, 16)[:65] + content.words(t.rng, 3))


@udp("length-first-telemetry", 1194)
def length_first(t):
    """On OpenVPN's port, with the first bytes of its resets and data messages: a length, an ID, process values."""
    t.ask(b"\x38" + b"STATION7" + b"\0" + u32(0) + content.floats(t.rng, 10) + b"\0\0")
    t.reply(b"\x40" + b"CENTRAL1" + b"\x01" + u32(0) + b"STATION7" + u32(0) + content.floats(t.rng, 9) + b"\0\0")
    for n in range(1, 24):
        t.say(n % 2, b"\x48\0\0\x01" + u32(n) + content.floats(t.rng, 16))


@udp("coap", 5683)
def coap(t):
    for n in range(t.size(8, 14)):
        token = t.noise(4)
        t.ask(b"\x44\x01" + u16(7000 + n) + token + b"\xb7sensors\x04temp\x61\x32")
        t.reply(b"\x64\x45" + u16(7000 + n) + token + b"\xc1\x32\xff" + content.rows(t.rng, t.size(1, 10)))


@udp("coap-non", 5683)
def coap_non(t):
    for n in range(20):
        t.ask(b"\x50\x02" + u16(n) + b"\xb4data\xff" + content.floats(t.rng, t.size(10, 200)))


@udp("dnp3-udp", 20000)
def dnp3(t):
    for n in range(12):
        t.ask(b"\x05\x64\x0b\xc4" + le16(4, 3) + b"\x1c\x2a" + u8(0xC0 | n, 0xC0 | n) + b"\x01\x3c\x02\x06\x9a\x11")
        t.reply(b"\x05\x64\x64\x44" + le16(3, 4) + b"\x2b\x0a" + u8(0xC0 | n, 0xC0 | n) + b"\x81\0\0\x1e\x02\0\0\x0f" +
                content.sparse(t.rng, 96))


@udp("nfs", 2049)
def nfs(t):
    for n in range(8):
        call = u32(0x5A000000 + n, 0, 2, 100003, 3, 6, 1, 28, n, 4) + b"host" + u32(0, 0, 1, 0, 0, 0)
        t.ask(call + u32(32) + bytes.fromhex("01000601") + t.noise(12) + bytes(16) + u64(n * 1024) + u32(1024))
        t.reply(u32(0x5A000000 + n, 1, 0, 0, 0, 0, 0, 1, 1, 0o644, 1, 0, 0) + u64(40960, 40960) + u32(1024, 0) +
                content.words(t.rng, 1024))


@udp("kerberos", 88)
def kerberos(t):
    """Tickets are encrypted; that they are is no frame's business: nothing of it is cut."""
    for n in range(4):
        body = content.der(0x30, content.der(0xA2, b"\x1b\x0bEXAMPLE.ORG"), content.der(0xA3, b"\x1b\x06krbtgt"),
                content.der(
            0xA5, content.der(0x18, b"20240302120000Z")))
        t.ask(content.der(0x6A, content.der(0x30, b"\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a", content.der(0xA4, body))))
        ticket = content.der(0x61, content.der(0x30, b"\xa0\x03\x02\x01\x05\xa1\x0d\x1b\x0bEXAMPLE.ORG", content.der(
            0xA3, content.der(0x30, b"\xa0\x03\x02\x01\x12", content.der(0xA2, content.der(4, t.noise(300)))))))
        t.reply(content.der(0x6B, content.der(0x30, b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0b", ticket)))


@udp("memcached", 11211)
def memcached(t):
    for n in range(10):
        t.ask(u16(n, 0, 1, 0) + b"get user:%d\r\n" % n)
        body = content.rows(t.rng, 8)
        t.reply(u16(n, 0, 1, 0) + b"VALUE user:%d 0 %d\r\n" % (n, len(body)) + body + b"\r\nEND\r\n")


def gtp(number, kind, tunnel, body, first=0x48):
    return u8(first, kind) + u16(len(body) + 8) + u32(tunnel) + u24(number) + b"\0" + body


@udp("gtp-c", 2123)
def gtp_c(t):
    """Its first byte is 0x48: what OpenVPN gives a data message, with the fixed bit of QUIC."""
    for n in range(10):
        imsi = b"\x01\0\x08\0" + bytes.fromhex("13001032547698f0")
        apn = b"\x47\0\x11\0\x08internet\x07example"
        fteid = b"\x57\0\x09\0\x86" + t.noise(4) + u32(0xC0000205)
        t.ask(gtp(n, 32, 0, imsi + apn + fteid + b"\x52\0\x01\0\x06\x4d\0\x03\0\0\0\0" + bytes(40)))
        t.reply(gtp(n, 33, 0x11223344, b"\x02\0\x02\0\x10\0" + fteid + b"\x4f\0\x05\0\x01\xc0\0\x02\x63" + apn + bytes(30)))


@udp("gtp-u", 2152)
def gtp_u(t):
    """Tunnelled packets that are readable."""
    for n in range(12):
        inner = content.dns(t.rng, n, n % 2 == 1)
        packet = u8(0x45, 0) + u16(28 + len(inner), n, 0) + b"\x40\x11\0\0\x0a\0\0\x01\xc0\0\x02\x35" + u16(40000, 53,
                8 + len(inner), 0)
        packet += inner
        t.say(n % 2, u8(0x30, 255) + u16(len(packet)) + u32(0x1000 + n % 2) + packet)


@udp("radius", 1812)
def radius(t):
    for n in range(8):
        def attributes(*pairs):
            return b"".join(u8(kind, 2 + len(value)) + value for kind, value in pairs)
        ask = attributes((1, b"alice%d" % n), (2, t.noise(16)), (4, b"\xc0\0\x02\x05"), (31, b"02-00-00-00-00-07"),
                (80, t.noise(16)))
        t.ask(u8(1, n) + u16(20 + len(ask)) + t.noise(16) + ask)
        answer = attributes((6, u32(2)), (18, b"Welcome to the example network, " + content.words(t.rng, 60)),
                (25, t.noise(20)))
        t.reply(u8(2, n) + u16(20 + len(answer)) + t.noise(16) + answer)


@udp("bittorrent-utp", 6881)
def utp(t):
    """Pieces of a compressed file behind headers of 20 bytes."""
    for n in range(14):
        kind = 0x41 if n == 0 else (0x01 if n % 2 else 0x21)
        t.say(n % 2, u8(kind, 0) + u16(4711 + n % 2) + u32(4100000 + n * 900, 1200, 0xF0000) + u16(n, n) +
              (t.noise(1300) if kind == 0x01 else b""))


@udp("bittorrent-dht", 6881)
def dht(t):
    for n in range(8):
        t.ask(b"d1:ad2:id20:" + t.noise(20) + b"6:target20:" + t.noise(20) + b"e1:q9:find_node1:t2:aa1:y1:qe")
        t.reply(b"d1:rd2:id20:" + t.noise(20) + b"5:nodes208:" + t.noise(208) + b"e1:t2:aa1:y1:re")


@udp("modbus-udp", 502)
def modbus_udp(t):
    for n in range(10):
        t.ask(u16(n, 0, 6) + b"\x01\x03" + u16(100, 60))
        t.reply(u16(n, 0, 123) + b"\x01\x03\x78" + content.sparse(t.rng, 120))


@udp("json-lines", 5140)
def json_lines(t):
    for _ in range(12):
        t.ask(content.rows(t.rng, t.size(2, 12)))


@udp("csv-upper-case", 9999)
def csv(t):
    """Text whose every datagram begins with an upper-case letter, and is long."""
    for n in range(16):
        t.say(n % 2, b"\n".join(b"STATION%02d,%07.3f,%07.3f,OK" % (m, t.rng.gauss(20, 4),
                t.rng.gauss(1000, 9)) for m in range(40)))


@udp("counters-export", 7000)
def counter_export(t):
    for n in range(12):
        t.ask(content.counters(t.rng, 30, start=30 * n))


@udp("process-image", 2222)
def process_image(t):
    for n in range(20):
        t.say(n % 2, le32(0x800B2, n) + u16(8) + le16(n & 0xFFFF) + content.sparse(t.rng, 480))


def generic(following, body):
    """A payload of IKE behind its header."""
    return u8(following, 0) + u16(4 + len(body)) + body


def ike_sa_init(t, marker):
    """The first exchange of IKEv2. Returns the SPIs of both."""
    spis = t.noise(8), t.noise(8)
    transforms = bytes.fromhex("0300000c0100000c800e0100" "0300000802000005" "030000080300000c" "000000080400000e")
    proposal = u8(0, 0) + u16(8 + len(transforms)) + b"\x01\x01\0\x04" + transforms
    body = generic(34, proposal) + generic(40, u16(14, 0) + t.noise(256)) + generic(41, t.noise(32)) + \
        generic(0, u8(0, 0) + u16(16388) + t.noise(20))
    for side in (CLIENT, SERVER):
        peer = bytes(8) if side == CLIENT else spis[1]
        t.say(side, marker + spis[0] + peer + b"\x21\x20\x22" + u8(8 if side == CLIENT else 0x20) +
                u32(0, 28 + len(body)) + body)
    return spis[0] + spis[1]


@udp("ike-clear", 500)
def ike_clear(t):
    """IKE_SA_INIT, IKEv1 main mode up to its keys, and notifications: nothing of it is encrypted."""
    marker = bytes(4) if t.port == 4500 else b""
    for _ in range(2):
        ike_sa_init(t, marker)
    spis = t.noise(16)
    vendor = generic(13, bytes.fromhex("4a131c81070358455c5728f20e95452f")) + generic(0,
            bytes.fromhex("afcad71368a1f1c96b8696fc77570100"))
    for first, body in ((1, generic(13, bytes(40)) + vendor), (4, generic(10, t.noise(256)) + generic(0, t.noise(20)))):
        for side in (CLIENT, SERVER):
            t.say(side, marker + spis + u8(first) + b"\x10\x02\0" + u32(0, 28 + len(body)) + body)
    note = generic(0, u32(1) + b"\x01\0\0\x0e" + content.words(t.rng, 40))
    t.reply(marker + spis + b"\x0b\x10\x05\0" + u32(77, 28 + len(note)) + note)


udp("ike-clear-behind-nat", 4500, ike_clear)
