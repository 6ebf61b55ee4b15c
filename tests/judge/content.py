"""What real conversations carry: prose, records, counters, sparse binary, sampled sound, compressed files, certificates."""

import functools
import gzip
import io
import json
import math
import random
import struct
import zipfile

from talk import counted, u16, u32, u64

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one
you were her all she there would their we him been has when who will more no if out so said what up its about into than them can
only other new some could time these two may then do first any my now such like our over man me even most made after also did many
before must through back years where much your way well down should because each just those people too pump valve pressure engine
turbine invoice customer delivery network packet router switch latency temperature sensor warning degraded restored""".split()


def words(rng, length):
    """Prose of so many bytes."""
    text = ""
    while len(text) < length:
        sentence = " ".join(rng.choices(WORDS, k=rng.randint(5, 16)))
        text += sentence.capitalize() + rng.choice((". ", ".\n", "? ", ", ")) + rng.choice(("", "",
                f"({rng.randrange(2000)}) "))
    return text[:length].encode()


def rows(rng, count):
    """Records as JSON, as an API or a log has them."""
    return json.dumps([{"id": 1000 + n, "name": rng.choice(WORDS), "value": round(rng.gauss(20, 4), 2),
            "ok": rng.random() > 0.1,
                        "at": f"2024-03-{rng.randint(1, 28):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z"}
                       for n in range(count)]).encode()


def html(rng, length):
    body = b"".join(b"<p class=\"t%d\">" % rng.randrange(9) + words(rng, rng.randint(60, 300)) + b"</p>\n"
                    for _ in range(length // 200))
    return b"<!DOCTYPE html>\n<html><head><title>Report</title></head>\n<body>\n" + body + b"</body></html>\n"


def counters(rng, count, start=0):
    """Interface counters as an exporter sends them: 64 bits, growing, mostly small in the high bytes."""
    return b"".join(u32(start + n, 6, 0, 1000000000) + u64(rng.randrange(1 << 34), rng.randrange(1 << 22)) + u32(3, 0, 0)
                    for n in range(count))


def sparse(rng, length):
    """Binary that is mostly zero: fixed-size records with a few values set, as process images and databases have them."""
    data = bytearray(length)
    for at in range(0, length - 8, 16):
        data[at] = rng.randrange(8)
        if rng.random() < 0.4:
            data[at + 4:at + 6] = u16(rng.randrange(4096))
    return bytes(data)


def floats(rng, count):
    """Process values: slowly drifting 32-bit floats."""
    value, out = rng.uniform(10, 90), []
    for _ in range(count):
        value += rng.gauss(0, 0.05)
        out.append(struct.pack(">f", value))
    return b"".join(out)


# ---------------------------------------------------------------- sound


def mulaw(sample):
    sign, sample = (0x80, -sample) if sample < 0 else (0, sample)
    sample = min(sample, 32635) + 0x84
    exponent = max(sample.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | (sample >> (exponent + 3)) & 15) & 0xFF


@functools.lru_cache(maxsize=1)
def speech(seed):
    """Four seconds of G.711 (u-law), 8000 samples a second: voiced and unvoiced sounds and pauses, with a line's noise."""
    rng = random.Random(seed)
    out, phase = bytearray(), 0.0
    while len(out) < 32000:
        kind, pitch, loud = rng.choice("vvvup"), rng.uniform(90, 220), rng.uniform(2000, 12000)
        harmonics = [(k, rng.random() / k) for k in range(1, 9)]
        for n in range(rng.randint(600, 1800)):
            phase += 2 * math.pi * pitch / 8000
            swell = math.sin(math.pi * min(n / 600, 1))
            if kind == "v":
                value = loud * swell * sum(a * math.sin(k * phase) for k, a in harmonics) / 2
            else:
                value = rng.gauss(0, loud / 8 * swell) if kind == "u" else 0
            out.append(mulaw(int(value + rng.gauss(0, 12))))
    return bytes(out)


def g711(at, length=160):
    sound = speech(7)
    begin = at * length % (len(sound) - length)
    return sound[begin:begin + length]


def g729(rng, frames=2):
    """10 bytes a 10 ms: what CS-ACELP leaves of speech. Nearly noise, but the predictor and pitch fields move slowly."""
    return b"".join(bytes([rng.choice((0x78, 0x52, 0x30, 0x6A)), rng.randrange(256),
            rng.choice((0x80, 0xA0)) | rng.randrange(32)])
                    + rng.randbytes(7) for _ in range(frames))


def opus(rng):
    """One frame of a range coder behind its table-of-contents byte."""
    return b"\x78" + rng.randbytes(rng.randint(50, 130))


# ---------------------------------------------------------------- compressed files


def gz(rng, length):
    """A gzip file of about so many bytes."""
    body = gzip.compress(words(rng, length), 6, mtime=0)
    while len(body) < length:
        body += gzip.compress(words(rng, length), 9, mtime=0)
    return body[:length]


def zip_file(rng, length):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        n = 0
        while out.tell() < length:
            info = zipfile.ZipInfo(f"report-{n}.txt", (2024, 3, 1, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, words(rng, rng.randint(2000, 9000)))
            n += 1
    return out.getvalue()


def jpeg(rng, length):
    """JFIF headers with real quantization tables, then entropy-coded data in which FF is stuffed."""
    quant = bytes(min(255, 3 + n * 2) for n in range(64))
    head = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xdb\x00\x43\x00" + quant
    head += bytes.fromhex("ffc00011080200030003012200021101031101ffc4001f0000010501010101010100000000000000000102030405060708090a0b")
    head += bytes.fromhex("ffda000c03010002110311003f00")
    return head + rng.randbytes(length).replace(b"\xff", b"\xff\x00") + b"\xff\xd9"


def mp4(rng, length):
    def box(kind, body):
        return u32(8 + len(body)) + kind + body

    sizes = b"".join(u32(rng.randint(300, 9000)) for _ in range(200))
    table = box(b"stsz", u32(0, 0, 200) + sizes) + box(b"stco", u32(0, 20) +
            b"".join(u32(4000 + 9000 * n) for n in range(20)))
    moov = box(b"moov", box(b"mvhd", bytes(12) + u32(1000, 60000) + bytes(80)) + box(b"trak", box(b"mdia", table)))
    return box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41") + moov + box(b"mdat", rng.randbytes(length))


def mpeg_ts(rng, number, packets=7):
    """Transport stream packets, as multicast television sends them: a header of four bytes, then compressed video."""
    return b"".join(b"\x47" + u16(0x0100 | (0x4000 if n == 0 and number % 8 == 0 else 0)) +
                    bytes([0x10 | (number * packets + n) % 16]) + rng.randbytes(184) for n in range(packets))


# ---------------------------------------------------------------- certificates


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes(2 if len(body) > 255 else 1, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def certificate(rng, host, key_bytes=256):
    """X.509 as DER: names, dates, extensions in the clear, and the noise of a modulus and a signature."""
    def name(text):
        attributes = ((3, text), (10, "Example Trust Services"), (6, "CH"))
        return der(0x30, *[der(0x31, der(0x30, der(6, b"\x55\x04" + bytes([kind])),
                der(19 if kind == 6 else 12, value.encode())))
                           for kind, value in attributes])

    algorithm = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")), b"\x05\x00")
    key = der(3, b"\0", der(0x30, der(2, b"\0" + rng.randbytes(key_bytes)), der(2, b"\x01\0\x01")))
    names = der(0x30, *[der(0x82, f"{prefix}.{host}".encode()) for prefix in ("www", "mail", "api", "static", "login")])
    extensions = der(0xA3, der(0x30, der(0x30, der(6, b"\x55\x1d\x11"), der(4, names)),
                               der(0x30, der(6, b"\x55\x1d\x13"), der(4, b"\x30\x00"))))
    inside = der(0x30, der(0xA0, b"\x02\x01\x02"), der(2, rng.randbytes(16)), algorithm, name("Example CA 3"),
                 der(0x30, der(0x17, b"240101000000Z"), der(0x17, b"250101000000Z")), name(host),
                 der(0x30, algorithm, key), extensions)
    return der(0x30, inside, algorithm, der(3, b"\0", rng.randbytes(key_bytes)))


# ---------------------------------------------------------------- messages that many protocols carry


def http_request(host, path="/api/v1/readings?site=7", method="GET", body=b"", more=()):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "User-Agent: curl/8.5.0", "Accept: */*", *more]
    if body:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def http_response(body, kind="text/html", more=()):
    lines = ["HTTP/1.1 200 OK", "Date: Fri, 01 Mar 2024 12:00:00 GMT", "Server: nginx", f"Content-Type: {kind}",
             f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sip(method, number, body=b""):
    first = method if method.startswith("SIP/") else f"{method} sip:bob@example.net SIP/2.0"
    return (f"{first}\r\nVia: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK{number:08x}\r\nMax-Forwards: 70\r\n"
            f"From: Alice <sip:alice@example.com>;tag=88sja8x\r\nTo: Bob <sip:bob@example.net>\r\nCall-ID: 987asjd97y7atg\r\n"
            f"CSeq: {number} INVITE\r\nContact: <sip:alice@192.0.2.4>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


SDP = (b"v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.4\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"
       b"m=audio 49170 RTP/AVP 0 18\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=sendrecv\r\n")


def dns(rng, number, response):
    name = b"".join(counted(1, label.encode()) for label in (rng.choice(WORDS), "example",
            rng.choice(("org", "net")))) + b"\0"
    head = u16(number, 0x8180 if response else 0x0100, 1, 3 if response else 0, 0, 0)
    answers = b"".join(b"\xc0\x0c" + u16(1, 1) + u32(300) + counted(2, bytes([192, 0, 2, rng.randrange(256)]))
                       for _ in range(3)) if response else b""
    return head + name + u16(1, 1) + answers


def rtp(number, kind, body, ssrc=0x1F2E3D4C, step=160):
    return bytes([0x80, kind]) + u16(number & 0xFFFF) + u32(number * step, ssrc) + body


def rtcp(number, ssrc=0x1F2E3D4C):
    report = b"\x81\xc8" + u16(12) + u32(ssrc, 0xE9A1B2C3 + number, 0x40000000, 160 * number, number, 160 * number,
                                         0x5A5A1234, 0, number, 17, 0, 0)
    return report + b"\x81\xca" + u16(5) + u32(ssrc) + b"\x01\x0dalice@host.ch\0"
