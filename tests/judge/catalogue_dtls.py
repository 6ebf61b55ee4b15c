"""Datagrams whose encryption was negotiated away: DTLS with suites that only authenticate, SRTP's NULL profiles, ESP NULL,
OpenVPN's `cipher none`, IKE with ENCR_NULL."""

import content
import tls
from catalogue_udp import generic, ike_sa_init
from talk import CLIENT, SECRET, SERVER, Catalogue, counted, u8, u16, u32
from tls import dtls_record, extension

catalogue = Catalogue("null")
udp, esp = catalogue.udp, catalogue.esp
MAC_BYTES = {0x003B: 32, 0x0002: 20, 0xC006: 20, 0xC010: 20, 0x00B0: 32, 0x002C: 20, 0xC03A: 32, 0x0082: 32}


def coap_over(t, mac):
    for n in range(1, t.size(10, 18)):
        t.ask(dtls_record(23, 1, n, b"\x44\x01" + u16(n) + t.noise(4) + b"\xb7sensors\x04temp" + t.noise(mac)))
        body = content.rows(t.rng, 4) if n % 2 else content.floats(t.rng, 60)
        t.reply(dtls_record(23, 1, n, b"\x64\x45" + u16(n) + t.noise(4) + b"\xff" + body + t.noise(mac)))


def dtls_null(suite, offered=None, pieces=None):
    def make(t):
        mac = MAC_BYTES[suite]
        tls.dtls_handshake(t, suite, offered, finished=tls.dtls_message(20, t.noise(12), 3) + t.noise(mac), pieces=pieces)
        coap_over(t, mac)
    return make


for number in MAC_BYTES:
    udp(f"dtls-null-{number:04x}", 5684, dtls_null(number), every_port=number in (0x003B, 0xC006))
udp("dtls-null-offered-among-others", 5684, dtls_null(0x003B, (0xC02B, 0x003B, 0x00FF)))
udp("dtls-null-hello-in-fragments", 5684, dtls_null(0xC010, pieces=20))


# ---------------------------------------------------------------- SRTP


def use_srtp(*profiles):
    return extension(14, counted(2, u16(*profiles)) + b"\0")


def agreed(t, profile, offered=None):
    """DTLS that encrypts its own Finished, and with it the profile of SRTP that the server chose."""
    tls.dtls_handshake(t, 0xC02B, (0xC02B, 0xC02F), use_srtp(*(offered or (profile,))), use_srtp(profile))


def srtcp(t, number, encrypted, tag):
    """A compound packet, its E bit and index, and a tag."""
    whole = content.rtcp(number, 0x1000 + number % 2)
    if not encrypted:
        return (whole + u32(number) + t.noise(tag),)
    return whole[:8], (SECRET, t.noise(len(whole) - 8) + u32(0x80000000 | number) + t.noise(tag))


def srtp_null(profile, tag):
    def make(t):
        agreed(t, profile)
        for n in range(40):
            sound = content.opus(t.rng) if n % 10 == 9 else content.g711(n)
            t.say(n % 2, content.rtp(n // 2, 111 if n % 10 == 9 else 0, sound, 0x1000 + n % 2) + t.noise(tag))
            if n % 8 == 0:
                t.say(n % 2, *srtcp(t, n, False, 10))
    return make


udp("srtp-null-0005", 50000, srtp_null(5, 10))
udp("srtp-null-0006", 50000, srtp_null(6, 4))


@udp("srtp-null-offered-among-others", 50000)
def srtp_null_among(t):
    agreed(t, 5, (7, 1, 5))
    for n in range(30):
        t.say(n % 2, content.rtp(n // 2, 0, content.g711(n), 0x1000 + n % 2) + t.noise(10))


@udp("srtcp-clear", 50000)
def srtcp_clear(t):
    """SRTP whose sound is encrypted and whose reports are not: their E bit is 0."""
    agreed(t, 1)
    for n in range(30):
        t.say(n % 2, content.rtp(n // 2, 0, b"", 0x1000 + n % 2), (SECRET, t.noise(170)))
        if n % 3 == 0:
            t.say(n % 2, *srtcp(t, n, False, 10))


@udp("srtcp-only-clear", 50001)
def srtcp_only(t):
    agreed(t, 1)
    for n in range(16):
        t.say(n % 2, *srtcp(t, n, False, 10))


# ---------------------------------------------------------------- ESP


def inner_udp(ports, body):
    return u16(*ports, 8 + len(body), 0) + body


def inner_tcp(ports, number, body):
    return u16(*ports) + u32(1000 + number, 7) + b"\x50\x18\xff\xff\0\0\0\0" + body


def inner_ip(side, protocol, body):
    ends = b"\xac\x10\0\x07\xac\x10\x01\x09" if side == CLIENT else b"\xac\x10\x01\x09\xac\x10\0\x07"
    return u8(0x45, 0) + u16(20 + len(body), 7, 0x4000) + u8(64, protocol, 0x12, 0x34) + ends + body


def inner_packets(t, count):
    """(side, next header, transport) of a site's everyday traffic."""
    for n in range(count):
        side = n % 2
        kind = n // 2 % 5
        if kind == 0:
            yield side, 17, inner_udp((5060, 5060), content.sip("OPTIONS" if side == CLIENT else "SIP/2.0 200 OK", n))
        elif kind == 1:
            yield side, 17, inner_udp((40000, 53) if side == CLIENT else (53, 40000), content.dns(t.rng, n, side == SERVER))
        elif kind == 2:
            yield side, 17, inner_udp((40000, 40002), content.rtp(n, 0, content.g711(n)))
        elif kind == 3:
            yield side, 6, inner_tcp((50001, 80) if side == CLIENT else (80, 50001), n,
                    content.words(t.rng, t.size(200, 1200)))
        else:
            yield side, 1, u8(8 if side == CLIENT else 0, 0, 0x12, 0x34) + u16(7, n) + bytes(range(16, 72))


def esp_packet(t, spi, number, following, body, iv, icv):
    padding = -(len(body) + 2) % 4
    return u32(spi, number) + t.noise(iv) + body + bytes(range(1, padding + 1)) + u8(padding, following) + t.noise(icv)


def esp_null(tunnel, icv, iv=0, packets=inner_packets, before=None):
    def make(t):
        spis = t.size(256, 1 << 31), t.size(256, 1 << 31)
        numbers = [0, 0]
        if before:
            before(t)
        for side, following, body in packets(t, t.size(20, 40)):
            numbers[side] += 1
            if tunnel:
                following, body = 4, inner_ip(side, following, body)
            t.say(side, esp_packet(t, spis[side], numbers[side], following, body, iv, icv))
    return make


def zip_over_tcp(t, count):
    """Segments of a download: readable headers, and noise that only they make something of."""
    for n in range(count):
        yield (SERVER, 6, inner_tcp((80, 50001), n * 1300, t.noise(1300))) if n % 3 else (CLIENT, 6,
                inner_tcp((50001, 80), n, b""))


def g729_only(t, count):
    for n in range(count):
        yield n % 2, 17, inner_udp((40000, 40002), content.rtp(n // 2, 18, content.g729(t.rng), 0x1000 + n % 2))


def ike_in_the_clear(t):
    """What comes before: IKE_SA_INIT, with the marker of UDP 4500."""
    ike_sa_init(t, bytes(4))
    t.ask(b"\xff")


for mode in ("transport", "tunnel"):
    for icv_bytes in (0, 12, 16):
        esp(f"esp-null-{mode}-icv-{icv_bytes}", esp_null(mode == "tunnel", icv_bytes))
        udp(f"esp-null-in-udp-{mode}-icv-{icv_bytes}", 4500, esp_null(mode == "tunnel", icv_bytes),
                every_port=icv_bytes == 12)
esp("esp-null-tunnel-gmac", esp_null(True, 16, iv=8))
esp("esp-null-transport-gmac", esp_null(False, 16, iv=8))
esp("esp-null-tunnel-sha512-icv-32", esp_null(True, 32))
esp("esp-null-tunnel-of-downloads", esp_null(True, 12, packets=zip_over_tcp))
esp("esp-null-transport-of-downloads", esp_null(False, 12, packets=zip_over_tcp))
esp("esp-null-transport-of-g729", esp_null(False, 12, packets=g729_only))
udp("esp-null-in-udp-behind-ike", 4500, esp_null(True, 12, before=ike_in_the_clear))
udp("esp-null-in-udp-of-g729", 4500, esp_null(False, 12, packets=g729_only), every_port=False)


def hidden_length(t, count):
    """Packets of a tunnel, with bytes behind them that hide how long they are (RFC 4303 section 2.7)."""
    for n in range(count):
        yield n % 2, 4, inner_ip(n % 2, 17, inner_udp((40000, 443), t.noise(t.size(60, 900)))) + bytes(t.size(4, 300))


def other_protocols(t, count):
    """What routers and bridges say to each other, and packets behind headers of IPv6: noise but for a few bytes."""
    inner = inner_udp((40000, 443), t.noise(t.size(60, 900)))
    packets = ((89, b"\x02\x04" + u16(324) + t.noise(320)), (115, t.noise(12) + t.noise(14) + inner_ip(0, 17, inner)),
               (97, b"\x30\0" + t.noise(12) + b"\x08\0" + inner_ip(0, 17, inner)), (51, b"\x11\x04\0\0" + t.noise(20) + inner),
               (60, b"\x11\0\x01\x04\0\0\0\0" + inner), (108, b"\x04\0\0\x02" + t.noise(400)), (103, b"\x21\0" + t.noise(300)),
               (137, b"\x12\x34\x51\x40" + inner_ip(0, 17, inner)), (47, b"\xb0\0\x86\xdd" + t.noise(300)),
               (136, u16(5000, 5001, 8) + t.noise(300)))
    for n in range(count):
        protocol, body = packets[n // 2 % len(packets)]
        yield n % 2, protocol, body


esp("esp-null-tunnel-of-hidden-lengths", esp_null(False, 12, packets=hidden_length))
esp("esp-null-of-other-protocols", esp_null(False, 16, packets=other_protocols))
udp("esp-null-in-udp-of-other-protocols", 4500, esp_null(False, 24, packets=other_protocols), every_port=False)


def openvpn_none(hmac, compression, first):
    """`cipher none`: packets behind an HMAC and a number; what they carry is somebody's download."""
    def make(t):
        sessions = t.noise(8), t.noise(8)
        t.ask(b"\x38" + sessions[0] + b"\0" + u32(0))
        t.reply(b"\x40" + sessions[1] + b"\x01" + u32(0) + sessions[0] + u32(0))
        t.ask(b"\x28" + sessions[0] + b"\x01" + u32(0) + sessions[1])
        for n in range(1, 40):
            packet = inner_ip(n % 2, 17, inner_udp((50001, 443), t.noise(t.size(100, 1200))))
            t.say(n % 2, first + t.noise(hmac) + u32(n) + compression + packet)
    return make


udp("openvpn-none", 1194, openvpn_none(20, b"", b"\x48\0\0\x01"), every_port=False, known_from_start=True)
udp("openvpn-none-sha512-compression-asked", 1194, openvpn_none(64, b"\xfa", b"\x30"), every_port=False, known_from_start=True)
udp("openvpn-none-sha256-bridge", 1194, openvpn_none(32, b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", b"\x30"),
        every_port=False, known_from_start=True)


def ike_null(vector, check):
    """ENCR_NULL, or NULL with GMAC: signatures, nonces and keys of which each payload's header is readable."""
    def make(t):
        spis = t.noise(16)
        for n in range(1, 5):
            for side in (CLIENT, SERVER):
                inside = t.noise(vector) + generic(40, u8(1, 0, 0, 0) + t.noise(256)) + generic(0, t.noise(64)) + \
                    b"\x01\x02\x02" + t.noise(check)
                t.say(side, spis + b"\x2e\x20\x23" + u8(0x20 if side else 8) + u32(n, 28 + 4 + len(inside)) + u8(39, 0) +
                        u16(4 + len(inside)) + inside)
    return make


udp("ike-null", 500, ike_null(0, 12), every_port=False)
udp("ike-null-gmac", 500, ike_null(8, 16), every_port=False)
