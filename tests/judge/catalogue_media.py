"""Readable sound and pictures: RTP, RTCP, TURN and television, which nobody has agreed to encrypt. What coders make looks like noise."""

import content
from talk import Catalogue, u8, u16, u32

catalogue = Catalogue("readable")
udp, tcp = catalogue.udp, catalogue.tcp
MAGIC = bytes.fromhex("2112a442")


def stun(t, kind, body=b""):
    return u16(kind, len(body)) + MAGIC + t.noise(12) + body


def channel_data(channel, body):
    return u16(channel, len(body)) + body + bytes(-len(body) % 4)


@udp("rtp-g711", 40000)
def rtp_g711(t):
    for n in range(t.size(30, 50)):
        t.say(n % 2, content.rtp(n // 2, 0, content.g711(n), 0x1000 + n % 2))


@udp("rtp-g729", 40000)
def rtp_g729(t):
    for n in range(t.size(30, 50)):
        t.say(n % 2, content.rtp(n // 2, 18, content.g729(t.rng), 0x1000 + n % 2))


@udp("rtp-opus", 40000)
def rtp_opus(t):
    for n in range(t.size(30, 50)):
        t.say(n % 2, content.rtp(n // 2, 111, content.opus(t.rng), 0x1000 + n % 2, 960))


@udp("rtp-h264", 40000)
def rtp_h264(t):
    for n in range(24):
        t.ask(content.rtp(n, 96, b"\x7c" + u8(0x81 if n % 8 == 0 else 1) + t.noise(1100), 0x77, 3000))


@udp("rtcp", 40001)
def rtcp(t):
    for n in range(14):
        t.say(n % 2, content.rtcp(n, 0x1000 + n % 2))


@udp("rtp-and-rtcp-on-one-port", 50000)
def rtcp_mux(t):
    for n in range(40):
        t.say(n % 2, content.rtp(n // 2, 0, content.g711(n), 0x1000 + n % 2))
        if n % 7 == 0:
            t.say(n % 2, content.rtcp(n, 0x1000 + n % 2))
        if n % 9 == 0:
            t.say(n % 2, stun(t, 1, b"\x80\x22\0\x08example!"))


def turn(coder):
    def make(t):
        t.ask(stun(t, 0x0003, b"\0\x19\0\x04\x11\0\0\0"))
        t.reply(stun(t, 0x0103, b"\0\x16\0\x08\0\x01\x9c\x40\xe1\x12\xa6\x43"))
        t.ask(stun(t, 0x0009, b"\0\x0c\0\x04\x40\x01\0\0"))
        t.reply(stun(t, 0x0109))
        for n in range(t.size(30, 60)):
            t.say(n % 2, channel_data(0x4001 + n % 3, coder(t, n)))
            if n % 12 == 11:
                t.ask(stun(t, 0x0004, b"\0\x0d\0\x04\0\0\x02\x58"))
                t.reply(stun(t, 0x0104))
    return make


def coded(kind, coder, step):
    return lambda t, n: content.rtp(n // 2, kind, coder(t, n), 0x1000 + n % 2, step)


g711 = coded(0, lambda t, n: content.g711(n), 160)
udp("turn-rtp-g711", 3478, turn(g711))
udp("turn-rtp-g729", 3478, turn(coded(18, lambda t, n: content.g729(t.rng), 160)))
udp("turn-rtp-opus", 3478, turn(coded(111, lambda t, n: content.opus(t.rng), 960)))
udp("turn-text", 3478, turn(lambda t, n: content.words(t.rng, t.size(40, 500))))
tcp("turn-tcp-rtp-g711", 3478, turn(g711))


@udp("channel-data-without-stun", 3478)
def channels_only(t):
    """The relay was asked for long before the capture began."""
    for n in range(30):
        t.say(n % 2, channel_data(0x4000 + n % 2, g711(t, n)))


@udp("mpeg-ts", 1234)
def television(t):
    """Each packet begins with 0x47, which has the fixed bit of QUIC; nearly all else is compressed video."""
    for n in range(20):
        t.ask(content.mpeg_ts(t.rng, n))


@udp("raw-opus-0x78", 5004)
def raw_opus(t):
    """A coder's frames as they are: the first byte is that of a short QUIC header, the others are noise."""
    for n in range(24):
        t.say(n % 2, content.opus(t.rng))


@udp("sound-behind-index-and-sequence", 4500)
def rtp_behind_sequence(t):
    """SPI-like and sequence-like words before sound."""
    for n in range(1, 30):
        t.say(n % 2, u32(0x0A000001 + n % 2, n) + content.g711(n))


@tcp("rtsp-interleaved", 554)
def rtsp(t):
    t.lines("C: OPTIONS rtsp://cam.example.org/1 RTSP/1.0\r\nCSeq: 1\r\n",
            "S: RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY\r\n",
            "C: SETUP rtsp://cam.example.org/1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n",
            "S: RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 12345678\r\n",
            "C: PLAY rtsp://cam.example.org/1 RTSP/1.0\r\nCSeq: 3\r\n",
            "S: RTSP/1.0 200 OK\r\nCSeq: 3\r\n")
    for n in range(20):
        packet = content.rtp(n, 96, b"\x7c\x01" + t.noise(t.size(300, 1300)), 0x77, 3000)
        t.reply(b"$\0" + u16(len(packet)) + packet)


@udp("rtp-telephone-events", 40000)
def telephone_events(t):
    for n in range(30):
        if n % 5 == 4:
            t.say(n % 2, content.rtp(n // 2, 101, u8(n % 10, 0x0A) + u16(160 * n), 0x1000 + n % 2))
        else:
            t.say(n % 2, content.rtp(n // 2, 8, content.g711(n), 0x1000 + n % 2))


@tcp("raw-pcm-over-tcp", 4713)
def pcm(t):
    """Sixteen-bit samples from start to end, without any frame."""
    for n in range(20):
        t.reply(b"".join(u16((sample * 257 ^ 0x5500) & 0xFFF0) for sample in content.g711(n, 700)))
