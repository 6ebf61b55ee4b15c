"""Readable conversations over TCP whose frames are binary: databases, brokers, field devices, routing, directories."""

import content
from talk import Catalogue, counted, le16, le32, le64, u8, u16, u24, u32

catalogue = Catalogue("readable")
tcp = catalogue.tcp


@tcp("mqtt", 1883)
def mqtt(t):
    t.ask(b"\x10" + counted(1, b"\0\x04MQTT\x04\x02\0\x3c" + counted(2, b"sensor-17")))
    t.reply(b"\x20\x02\0\0")
    for n in range(14):
        body = counted(2, b"plant/hall7/temp") + (content.floats(t.rng, 20) if n % 2 else content.rows(t.rng, 1)[:80])
        t.say(n % 4 == 3, b"\x30" + counted(1, body))


@tcp("modbus", 502)
def modbus(t):
    for n in range(16):
        t.ask(u16(n, 0, 6) + b"\x11\x03" + u16(0x6B, 100))
        t.reply(u16(n, 0, 203) + b"\x11\x03\xc8" + content.sparse(t.rng, 200))


@tcp("dnp3", 20000)
def dnp3(t):
    for n in range(12):
        t.ask(b"\x05\x64\x14\xc4" + le16(4, 3) + b"\xc7\x17" + u8(0xC0 | n) +
                b"\xc3\x01\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06\x3c\x01\x06\x7a\x6f")
        t.reply(b"\x05\x64\xff\x44" + le16(3, 4) + b"\x2b\x0a" + u8(0xC0 | n, 0xE3) + b"\x81\0\0\x1e\x01\x01" +
                content.sparse(t.rng, 270))


@tcp("s7", 102)
def s7(t):
    t.ask(bytes.fromhex("0300001611e00000001400c1020100c2020102c0010a"))
    t.reply(bytes.fromhex("0300001611d00014000c00c0010ac1020100c2020102"))
    for n in range(14):
        t.ask(b"\x03\0\0\x1f\x02\xf0\x80\x32\x01\0\0" + u16(n) + b"\0\x0e\0\0\x04\x01\x12\x0a\x10\x02\0\xc8\0\x01\x84\0\0\0")
        body = content.floats(t.rng, 50)
        t.reply(b"\x03\0" + u16(25 + len(body)) + b"\x02\xf0\x80\x32\x03\0\0" + u16(n) + b"\0\x02" +
                u16(4 + len(body)) + b"\0\0\x04\x01\xff\x04" +
                u16(len(body) * 8) + body)


@tcp("iec-104", 2404)
def iec104(t):
    t.ask(b"\x68\x04\x07\0\0\0")
    t.reply(b"\x68\x04\x0b\0\0\0")
    for n in range(16):
        t.reply(b"\x68" + counted(1, le16(2 * n, 0) + b"\x0d\x06\x03\0\x01\0" +
                b"".join(le16(m) + b"\0" + content.floats(t.rng, 1) + b"\0"
                                                                                      for m in range(20))))


@tcp("opc-ua", 4840)
def opc_ua(t):
    """Security policy None."""
    policy = b"http://opcfoundation.org/UA/SecurityPolicy#None"
    t.ask(b"HELF" + le32(56, 0, 65536, 65536, 0, 0, 24) + b"opc.tcp://plc.example.org")
    t.reply(b"ACKF" + le32(28, 0, 65536, 65536, 0, 0))
    t.ask(b"OPNF" + le32(132, 0, len(policy)) + policy + le32(-1, -1, 1, 1) + bytes(57))
    t.reply(b"OPNF" + le32(135, 7, len(policy)) + policy + le32(-1, -1, 1, 1) + bytes(60))
    for n in range(12):
        body = content.floats(t.rng, 80) + content.sparse(t.rng, 64)
        t.say(n % 2, b"MSGF" + le32(24 + len(body), 7, 1, 2 + n, 2 + n) + body)


@tcp("nfs-tcp", 2049)
def nfs(t):
    for n in range(8):
        call = u32(0x5A000000 + n, 0, 2, 100003, 4, 1, 1, 24, n, 4) + b"host" + u32(0, 0, 0, 0, 0, 3, 22, 28) + t.noise(28)
        t.ask(u32(0x80000000 | len(call)) + call)
        body = u32(0x5A000000 + n, 1, 0, 0, 0, 0, 0, 0, 3, 25, 0, 1,
                4096) + (content.words(t.rng, 4096) if n % 2 else content.sparse(t.rng, 4096))
        t.reply(u32(0x80000000 | len(body)) + body)


@tcp("kerberos-tcp", 88)
def kerberos(t):
    for _ in range(3):
        request = content.der(0x6A, content.der(0x30, b"\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a",
                content.der(0xA4, content.der(
            0x30, content.der(0xA2, b"\x1b\x0bEXAMPLE.ORG"), content.der(0xA3, b"\x1b\x06krbtgt")))))
        t.ask(counted(4, request))
        t.reply(counted(4, content.der(0x6B, content.der(0x30, b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0b", content.der(
            0xA5, content.der(0x61, content.der(0x30, b"\xa1\x0d\x1b\x0bEXAMPLE.ORG", content.der(4, t.noise(1100)))))))))


def ldap_message(number, *parts):
    return content.der(0x30, content.der(2, u8(number)), *parts)


@tcp("ldap", 389)
def ldap(t):
    t.ask(ldap_message(1, content.der(0x60, b"\x02\x01\x03", content.der(4, b"cn=admin,dc=example,dc=org"),
            content.der(0x80, b"secret"))))
    t.reply(ldap_message(1, content.der(0x61, b"\x0a\x01\0\x04\0\x04\0")))
    for n in range(2, 9):
        t.ask(ldap_message(n, content.der(0x63, content.der(4, b"dc=example,dc=org"),
                b"\x0a\x01\x02\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\0",
                                          content.der(0x87, b"objectClass"), b"\x30\0")))
        entry = content.der(0x30, *[content.der(0x30, content.der(4, kind),
                content.der(0x31, content.der(4, value))) for kind, value in (
            (b"cn", b"Alice %d" % n), (b"description", content.words(t.rng, 700)),
            (b"userCertificate;binary", content.certificate(t.rng, "alice")))])
        t.reply(ldap_message(n, content.der(0x64, content.der(4, b"cn=alice,dc=example,dc=org"), entry)),
                ldap_message(n, content.der(0x65, b"\x0a\x01\0\x04\0\x04\0")))


@tcp("ldap-starttls-refused", 389)
def ldap_refused(t):
    t.ask(ldap_message(1, content.der(0x77, content.der(0x80, b"1.3.6.1.4.1.1466.20037"))))
    t.reply(ldap_message(1, content.der(0x78, b"\x0a\x01\x02\x04\0\x04\x0bunsupported")))
    ldap(t)


def postgres_clear(t):
    t.ask(u32(8 + 33, 0x30000) + b"user\0app\0database\0shop\0\0" + bytes(9))
    t.reply(b"R" + u32(8, 0), b"S" + u32(25) + b"server_version\x0016.1\0\0", b"Z\0\0\0\x05I")
    for n in range(6):
        query = b"SELECT * FROM orders WHERE id > %d;\0" % n
        t.ask(b"Q" + u32(4 + len(query)) + query)
        rows = b"".join(b"D" + counted_all(u16(2) + counted(4, b"%d" % m) +
                counted(4, content.words(t.rng, 120))) for m in range(20))
        t.reply(b"T" + counted_all(u16(1) + b"id\0" + bytes(18)), rows, b"C" + counted_all(b"SELECT 20\0"), b"Z\0\0\0\x05I")


def counted_all(data):
    """Data behind a length that counts itself."""
    return u32(4 + len(data)) + data


tcp("postgresql", 5432, postgres_clear)


@tcp("postgresql-ssl-refused", 5432)
def postgres_refused(t):
    t.ask(u32(8, 80877103))
    t.reply(b"N")
    postgres_clear(t)


@tcp("mysql", 3306)
def mysql(t):
    """The server does not offer encryption; results are compressed by nobody."""
    def packet(number, body):
        return le32(len(body))[:3] + u8(number) + body

    t.reply(packet(0, b"\x0a8.0.36\0" + le32(77) + t.noise(8) + b"\0" + le16(0xF7DF & ~0x0800) + b"\xff\x02\0" +
            le16(0xC1FF) + b"\x15" + bytes(10) +
                   t.noise(12) + b"\0mysql_native_password\0"))
    t.ask(packet(1, le32(0x000FA285) + le32(1 << 24) + b"\xff" + bytes(23) + b"app\0\x14" + t.noise(20) +
            b"mysql_native_password\0"))
    t.reply(packet(2, b"\0\0\0\x02\0\0\0"))
    for n in range(6):
        t.ask(packet(0, b"\x03SELECT * FROM readings LIMIT %d" % n))
        t.reply(packet(1, b"\x02"), *[packet(m, counted(1, b"%d" % m) +
                counted(1, content.words(t.rng, 150))) for m in range(2, 30)])


@tcp("mysql-blobs", 3306)
def mysql_blobs(t):
    """Compressed files in rows: packets follow each other by their lengths, and what is in them looks like noise."""
    for n in range(8):
        t.ask(le32(24)[:3] + b"\0\x03SELECT data FROM f;    "[:25])
        for m in range(1, 4):
            blob = content.gz(t.rng, t.size(700, 4000))
            body = b"\xfd" + le32(len(blob))[:3] + blob
            t.reply(le32(len(body))[:3] + u8(m) + body)


@tcp("tds-clear", 1433)
def tds(t):
    """Prelogin without encryption (ENCRYPT_NOT_SUP)."""
    prelogin = b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff" + b"\x0f\0\x07\xd0\0\0\x02"
    t.ask(b"\x12\x01" + u16(8 + len(prelogin)) + b"\0\0\x01\0" + prelogin)
    t.reply(b"\x04\x01" + u16(8 + len(prelogin)) + b"\0\0\x01\0" + prelogin)
    for n in range(8):
        sql = ("SELECT * FROM plant.readings WHERE n = %d" % n).encode("utf-16-le")
        t.ask(b"\x01\x01" + u16(8 + len(sql)) + b"\0\0\x01\0" + sql)
        rows = b"".join(b"\xd1" + le32(m) + le16(120) + content.words(t.rng,
                60).decode().encode("utf-16-le") for m in range(25))
        t.reply(b"\x04\x01" + u16(8 + len(rows)) + b"\0\x35\x01\0" + rows)


@tcp("rdp-negotiation-refused", 3389)
def rdp(t):
    """Standard security without encryption, as lab machines have it."""
    t.ask(bytes.fromhex("0300002722e00000000000") + b"Cookie: mstshash=a\r\n" + bytes.fromhex("0100080003000000"))
    t.reply(bytes.fromhex("030000130ed000001234000300080005000000"))
    for n in range(14):
        body = content.sparse(t.rng, t.size(100, 900))
        t.say(n % 2, b"\x03\0" + u16(7 + len(body)) + b"\x02\xf0\x80" + body)


@tcp("cassandra", 9042)
def cassandra(t):
    t.ask(b"\x04\0\0\0\x01" + counted(4, u16(1) + counted(2, b"CQL_VERSION") + counted(2, b"3.0.0")))
    t.reply(b"\x84\0\0\0\x02\0\0\0\0")
    for n in range(8):
        t.ask(b"\x04\0" + u16(n) + b"\x07" + counted(4, counted(4,
                b"SELECT * FROM plant.readings WHERE site = %d" % n) + b"\0\x01\0"))
        t.reply(b"\x84\0" + u16(n) + b"\x08" + counted(4, u32(2, 1, 2) +
                b"".join(counted(4, content.floats(t.rng, 2)) for _ in range(150))))


@tcp("mongodb", 27017)
def mongodb(t):
    def document(*pairs):
        body = b"".join(b"\x02" + key + b"\0" + le32(len(value) + 1) + value + b"\0" for key, value in pairs)
        return le32(5 + len(body)) + body + b"\0"

    for n in range(8):
        body = le32(0) + b"\0" + document((b"find", b"orders"), (b"$db", b"shop"))
        t.ask(le32(16 + len(body), n, 0, 2013) + body)
        body = le32(0) + b"\0" + b"".join(document((b"name", b"order"),
                (b"note", content.words(t.rng, 200))) for _ in range(8))
        t.reply(le32(16 + len(body), 900 + n, n, 2013) + body)


@tcp("kafka", 9092)
def kafka(t):
    for n in range(8):
        batch = u32(0, n, 61) + bytes(4) + b"\x02" + t.noise(4) + content.rows(t.rng, 12)
        t.ask(counted(4, u16(0, 9) + u32(n) + counted(2, b"producer-1") + b"\0\0\xff\xff" + counted(1, b"readings") + batch))
        t.reply(counted(4, u32(n) + counted(1, b"readings") + u32(0, 0, n) + bytes(20)))


@tcp("kafka-zstd", 9092)
def kafka_compressed(t):
    for n in range(8):
        t.ask(counted(4, u16(0, 9) + u32(n) + counted(2, b"producer-1") + u32(0, n, 61) + bytes(4) + b"\x02" +
                t.noise(4) + u16(4) +
                      b"\x28\xb5\x2f\xfd" + t.noise(t.size(1000, 5000))))
        t.reply(counted(4, u32(n) + bytes(30)))


@tcp("amqp", 5672)
def amqp(t):
    t.ask(b"AMQP\0\0\x09\x01")
    for n in range(12):
        body = content.rows(t.rng, 6)
        t.say(n % 2, b"\x01\0\x01" + counted(4, u16(60, 40, 0) + counted(1, b"amq.topic") + counted(1, b"plant.seven") +
                b"\0") + b"\xce",
              b"\x02\0\x01" + counted(4, u16(60, 0, 0, 0) + u16(0, len(body)) + u16(0x8000) +
              counted(1, b"text/json")) + b"\xce",
              b"\x03\0\x01" + counted(4, body) + b"\xce")


@tcp("vnc", 5900)
def vnc(t):
    """Security type None, raw and zlib rectangles."""
    t.reply(b"RFB 003.008\n")
    t.ask(b"RFB 003.008\n")
    t.reply(b"\x01\x01")
    t.ask(b"\x01")
    t.reply(bytes(4))
    t.ask(b"\x01")
    t.reply(u16(1024, 768) + bytes.fromhex("20180001 00ff00ff00ff 100800 000000") + counted(4, b"hall-7"))
    for n in range(8):
        t.ask(b"\x03\x01" + u16(0, 0, 1024, 768), b"\x05\0" + u16(300 + n, 200))
        picture = content.sparse(t.rng, 4096) if n % 2 else content.gz(t.rng, 4000)[10:]
        t.reply(b"\0\0" + u16(1) + u16(64, 0, 32, 32) + u32(0 if n % 2 else 6) + (b"" if n % 2 else u32(len(picture))) +
                picture)


@tcp("bgp", 179)
def bgp(t):
    marker = b"\xff" * 16

    def message(kind, body):
        return marker + u16(19 + len(body)) + u8(kind) + body

    for side in (0, 1):
        t.say(side, message(1, b"\x04" + u16(65001 + side, 180) + b"\xc0\0\x02" + u8(side) +
                b"\x10\x02\x0e\x01\x04\0\x01\0\x01\x02\0\x41\x04" + u32(65001)))
        t.say(side, message(4, b""))
    for n in range(10):
        routes = b"".join(b"\x18\xc6\x33" + u8(m) for m in range(150))
        attributes = b"\x40\x01\x01\0\x40\x02\x0a\x02\x02" + u32(65001, 64500 + n) + b"\x40\x03\x04\xc0\0\x02\x01"
        t.say(n % 2, message(2, u16(0, len(attributes)) + attributes + routes), message(4, b""))


@tcp("diameter", 3868)
def diameter(t):
    def pair(code, value):
        return u32(code) + b"\x40" + u24(8 + len(value)) + value + bytes(-len(value) % 4)

    for n in range(8):
        for side, flags in ((0, 0xC0), (1, 0x40)):
            body = pair(263, b"hss.example.org;1709280000;%d" % n) + pair(264, b"mme.example.org") + pair(296,
                    b"example.org") + \
                pair(1, b"228011234567890") + (pair(268, u32(2001)) +
                        pair(1400, content.sparse(t.rng, 300)) if side else b"")
            t.say(side, b"\x01" + u24(20 + len(body)) + u8(flags) + u24(316) + u32(16777251, n, 0x77000000 + n) + body)


@tcp("bittorrent", 6881)
def bittorrent(t):
    for side in (0, 1):
        t.say(side, b"\x13BitTorrent protocol" + bytes(5) + b"\x10\0\x05" + t.noise(20) + b"-TR3000-" + t.noise(12))
    t.reply(counted(4, b"\x05" + b"\xff" * 90), counted(4, b"\x01"))
    for n in range(3):
        t.ask(b"".join(counted(4, b"\x06" + u32(n, m * 16384, 16384)) for m in range(2)))
        t.reply(counted(4, b"\x07" + u32(n, 0) + t.noise(16384)))


@tcp("rtmp", 1935)
def rtmp(t):
    for side in (0, 1):
        t.say(side, b"\x03" + bytes(8) + t.noise(1528))
    for n in range(20):
        t.ask(b"\x06" + u24(40 * n) + u24(1200) + b"\x09\x01\0\0\0" + (b"\x27\x01\0\0\0" + t.noise(1195)))


@tcp("x11", 6000)
def x11(t):
    t.ask(b"l\0" + le16(11, 0, 0, 0, 0))
    t.reply(b"\x01\0" + le16(11, 0, 60) + content.sparse(t.rng, 240))
    for n in range(14):
        body = content.sparse(t.rng, t.size(100, 1500) // 4 * 4)
        t.ask(b"\x48\x02" + le16(1 + len(body) // 4) + body)
        t.reply(b"\x1c\0" + le16(n) + content.sparse(t.rng, 28))


@tcp("netbackup-blocks", 13782)
def blocks(t):
    """Blocks behind lengths, deduplicated and compressed: frames that go on as records do, and noise in them."""
    for n in range(12):
        body = t.noise(t.size(800, 5000))
        t.ask(b"BLK1" + le32(n, len(body)) + le64(n * 65536) + body)


@tcp("tls-like-lengths", 9443)
def records_of_text(t):
    """A protocol of somebody's own that frames as TLS does, and carries text and process values."""
    for n in range(20):
        body = content.words(t.rng, t.size(200, 1500)) if n % 2 else content.floats(t.rng, 200)
        t.say(n % 4 > 1, b"\x17\x03\x03" + u16(len(body)) + body)


@tcp("ssh-like-lengths", 2222)
def packets_of_text(t):
    """Lengths of four bytes, small padding, blocks of eight."""
    for n in range(20):
        body = content.words(t.rng, 8 * t.size(20, 150) - 1)
        t.say(n % 2, u32(1 + len(body)) + b"\x04" + body)
