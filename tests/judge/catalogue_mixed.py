"""Conversations in which a proof ends, or never was one: readable bytes beside, behind and before ciphertext, each labelled."""

import content
import tls
from catalogue_dtls import agreed, coap_over, esp_packet, inner_ip, inner_packets
from catalogue_media import MAGIC, channel_data, stun
from catalogue_null import AES, requests, session as null_session, ssh_beginning, ssh_shell
from catalogue_udp import ike_sa_init
from catalogue_proven import Quic, esp as esp_encrypted, openvpn, wireguard
from talk import CLIENT, SECRET, SERVER, Catalogue, counted, u8, u16, u32

catalogue = Catalogue("mixed")
tcp, udp, esp = catalogue.tcp, catalogue.udp, catalogue.esp


def text(t, turns=10):
    for n in range(turns):
        t.say(n % 2, content.words(t.rng, t.size(100, 2000)) + b"\r\n")


def goodbye(t):
    t.ask(*tls.secret_record(t, 21, 26))
    t.reply(*tls.secret_record(t, 21, 26))


@tcp("two-tls12-sessions", 443)
def two_sessions(t):
    tls.session12(t)
    goodbye(t)
    tls.session12(t)


@tcp("tls13-then-tls12-session", 443)
def two_kinds(t):
    tls.session13(t)
    tls.session12(t)


@tcp("tls12-then-null-session", 443)
def then_null(t):
    tls.session12(t)
    goodbye(t)
    null_session(t, 0x003B)


@tcp("null-then-tls12-session", 443)
def null_first(t):
    null_session(t, 0x0002)
    tls.session12(t)


def retry(pieces, ccs_by_client=True):
    """HelloRetryRequest, and a second hello with a large key share, in several records."""
    def make(t):
        t.ask(tls.handshake(tls.client_hello(t)))
        t.reply(tls.handshake(tls.server_hello(t, 0x1301, retry=True)))
        t.reply(tls.CCS)
        hello = tls.client_hello(t, key_share=t.size(500, 1216))
        ends = [len(hello) * (n + 1) // pieces for n in range(pieces)]
        records = b"".join(tls.handshake(hello[a:b]) for a, b in zip([0] + ends, ends))
        t.ask((tls.CCS if ccs_by_client else b"") + records)
        tls.rest13(t)
        tls.transfer(t)
    return make


tcp("retry-hello-whole", 443, retry(1))
tcp("retry-hello-in-two-records", 443, retry(2))
tcp("retry-hello-in-five-records", 443, retry(5, False))


@tcp("ccs-then-fragmented-hello", 443)
def ccs_first(t):
    t.ask(tls.handshake(tls.client_hello(t)))
    t.ask(tls.CCS)
    hello = tls.client_hello(t, key_share=600)
    t.ask(b"".join(tls.handshake(hello[at:at + 200]) for at in range(0, len(hello), 200)))


@tcp("hello-in-many-records", 443)
def fragmented(t):
    hello = tls.client_hello(t, padded_to=512)
    t.ask(b"".join(tls.handshake(hello[at:at + 90]) for at in range(0, len(hello), 90)))
    tls.rest13(t)
    tls.transfer(t)


@tcp("certificates-over-records", 443)
def large_certificates(t):
    t.ask(tls.handshake(tls.client_hello(t, thirteen=False)))
    chain = b"".join(counted(3, content.certificate(t.rng, f"host{n}.example.org")) for n in range(24))
    whole = tls.server_hello(t) + tls.message(11, counted(3, chain)) + tls.key_exchange(t) + tls.DONE
    t.reply(b"".join(tls.handshake(whole[at:at + 4000]) for at in range(0, len(whole), 4000)))
    t.ask(tls.handshake(tls.message(16, counted(1, t.noise(65)))), tls.CCS, *tls.secret_record(t, 22, 40))
    t.reply(tls.CCS, *tls.secret_record(t, 22, 40))
    tls.transfer(t)


@tcp("handshake-that-fails", 443)
def fails(t):
    t.ask(tls.handshake(tls.client_hello(t)))
    t.reply(tls.record(21, b"\x02\x28"))
    t.ask(tls.handshake(tls.client_hello(t, thirteen=False)))
    t.reply(tls.record(21, b"\x02\x46"))


@tcp("ftp-clear-command-channel-and-auth-again", 21)
def ftp(t):
    t.lines("S: 220 hi", "C: AUTH TLS", "S: 234 go")
    tls.session12(t)
    goodbye(t)
    t.lines("C: PASV", "S: 227 Entering Passive Mode (192,0,2,1,195,80).", "C: LIST",
            "S: 150 Here comes the directory listing.", "S: 226 Ok")
    text(t, 6)
    t.lines("C: AUTH TLS", "S: 234 go")
    tls.session12(t)


@tcp("tls-then-text", 8443)
def tls_then_text(t):
    """A session is closed, and the same connection goes on without."""
    tls.session12(t)
    goodbye(t)
    text(t)


for with_syn in (True, False):
    how = "with-syn" if with_syn else "without-syn"

    def again(name, port, first, second, with_syn=with_syn, how=how):
        def make(t):
            first(t)
            t.again(with_syn)
            second(t)
        tcp(f"ports-again-{how}-{name}", port, make)

    again("tls-then-text", 8443, tls.session12, text)
    again("tls-then-http", 443, tls.session13, lambda t: [t.ask(content.http_request("a.example")),
            t.reply(content.http_response(content.html(t.rng, 6000)))])
    again("tls-then-null", 443, tls.session12, lambda t: null_session(t, 0x003B))
    again("tls-then-tls", 443, tls.session12, tls.session12)
    again("text-then-tls", 443, text, tls.session13)
    again("ssh-then-text", 22, lambda t: [ssh_beginning(t, (AES, AES), (AES, AES)), ssh_shell(t, (SECRET, SECRET))], text)
    again("tls-then-counters", 443, tls.session12, lambda t: [t.say(n % 2, content.counters(t.rng, 40)) for n in range(8)])
    again("tls-then-null-in-the-middle", 443, tls.session12, lambda t: requests(t, 32))


@tcp("tls-then-gzip-on-the-same-ports", 443, known_from_start=True)
def then_download(t):
    tls.session12(t)
    t.again(True)
    t.ask(content.http_request("files.example.org", "/log.gz"))
    t.reply(content.http_response(content.gz(t.rng, 20000), "application/gzip"))


@tcp("ports-again-without-syn-and-with-the-same-numbers", 443, every_port=False, known_from_start=True)
def same_numbers(t):
    """As a machine has it that always begins with the same number: all lies in what was seen before, and is readable."""
    tls.session12(t)
    for _ in range(4):
        tls.transfer(t)
    t.again(False, same_numbers=True)
    for _ in range(2):
        t.ask(content.http_request("files.example.org", "/log.gz"))
        t.reply(content.http_response(content.gz(t.rng, 9000), "application/gzip"))


@tcp("ssh-behind-text-in-both-directions", 22)
def ssh_then(t):
    """Readable and encrypted connections of one pair of ports, by turns."""
    text(t, 4)
    t.again(True)
    ssh_beginning(t, (AES, AES), (AES, AES))
    ssh_shell(t, (SECRET, SECRET))
    t.again(True)
    ssh_beginning(t, ("none", "none"), ("none", "none"))
    ssh_shell(t)


# ---------------------------------------------------------------- datagrams


def calls(t, count=24, first=0):
    for n in range(first, first + count):
        t.say(n % 2, content.rtp(n // 2, 0, content.g711(n), 0x7700 + n % 2))


def after_srtp(then):
    def make(t):
        agreed(t, 1)
        for n in range(30):
            t.say(n % 2, content.rtp(n // 2, 111, b"", 0x1000 + n % 2), (SECRET, t.noise(t.size(90, 300))))
        then(t)
    return make


def dtls_null_of(t):
    tls.dtls_handshake(t, 0x003B, finished=tls.dtls_message(20, t.noise(12), 3) + t.noise(32))
    coap_over(t, 32)


udp("srtp-then-rtp", 50000, after_srtp(calls))
udp("srtp-then-text", 50000, after_srtp(text))
udp("srtp-then-sip", 5060, after_srtp(lambda t: [t.say(n % 2,
        content.sip("OPTIONS" if n % 2 == 0 else "SIP/2.0 200 OK", n)) for n in range(8)]))
udp("srtp-then-rtcp", 50000, after_srtp(lambda t: [t.say(n % 2, content.rtcp(n, 0x9900 + n % 2)) for n in range(12)]))
udp("srtp-then-dtls-null", 50000, after_srtp(dtls_null_of))


@udp("dtls-then-dtls-null", 5684)
def dtls_twice(t):
    tls.dtls_handshake(t, 0xC02B, (0xC02B,))
    for n in range(1, 12):
        t.say(n % 2, *tls.dtls_secret(t, 23, n, 400))
    dtls_null_of(t)


@udp("dtls-then-coap", 5684)
def dtls_then_coap(t):
    tls.dtls_handshake(t, 0xC02B, (0xC02B,))
    for n in range(1, 12):
        t.say(n % 2, *tls.dtls_secret(t, 23, n, 400))
    for n in range(10):
        t.say(n % 2, b"\x44\x01" + u16(n) + t.noise(4) + b"\xff" + content.rows(t.rng, 4))


def quic_then(then):
    def make(t):
        connection = Quic(t)
        connection.handshake()
        connection.transfer(12)
        then(t)
    return make


def relay(t):
    t.ask(stun(t, 3, b"\0\x19\0\x04\x11\0\0\0"))
    t.reply(stun(t, 0x0103, b"\0\x16\0\x08\0\x01\x9c\x40\xe1\x12\xa6\x43"))
    for n in range(24):
        t.say(n % 2, channel_data(0x4001, content.rtp(n // 2, 0, content.g711(n), 0x1000 + n % 2)))


udp("stun-and-relay-in-a-quic-flow", 443, quic_then(relay))
udp("quic-then-text", 443, quic_then(text))
udp("quic-then-sip", 443, quic_then(lambda t: [t.say(n % 2, content.sip("INVITE", n, content.SDP)) for n in range(8)]))


@udp("quic-and-stun-by-turns", 443)
def quic_and_stun(t):
    connection = Quic(t)
    connection.handshake()
    for n in range(8):
        connection.transfer(3)
        t.ask(stun(t, 1, b"\x80\x22\0\x08example!"))
        t.reply(stun(t, 0x0101, b"\0\x20\0\x08\0\x01" + MAGIC[:2] + t.noise(4)))


def after_one_initial(then):
    def make(t):
        t.ask(b"\xc3" + u32(1) + counted(1, t.noise(8)) + b"\0\0" + u16(0x4000 | 1182) + t.noise(1182))
        then(t)
    return make


udp("sip-after-one-quic-initial", 5060, after_one_initial(
    lambda t: [t.say(n % 2, content.sip("OPTIONS" if n % 2 == 0 else "SIP/2.0 200 OK", n)) for n in range(10)]))
udp("text-after-one-quic-initial", 9999, after_one_initial(text))
udp("rtp-after-one-quic-initial", 9999, after_one_initial(calls))
udp("relay-after-one-quic-initial", 3478, after_one_initial(relay))
udp("television-after-one-quic-initial", 1234, after_one_initial(lambda t: [t.ask(content.mpeg_ts(t.rng,
        n)) for n in range(12)]))


def then_text(first):
    def make(t):
        first(t)
        text(t)
    return make


udp("wireguard-then-text", 51820, then_text(wireguard()))
udp("openvpn-then-text", 1194, then_text(openvpn))
udp("esp-in-udp-then-ike", 4500, lambda t: [esp_encrypted()(t),
        t.ask(bytes(4) + t.noise(16) + b"\x21\x20\x22\x08" + u32(0, 300) + content.sparse(t.rng, 272))])


@udp("ike-with-its-encrypted-payloads", 500)
def ike(t):
    """The headers of what is encrypted stay, and what is in the clear does."""
    marker = bytes(4) if t.port == 4500 else b""
    spis = ike_sa_init(t, marker)
    for n in range(1, 5):
        for side in (CLIENT, SERVER):
            length = t.size(60, 400)
            t.say(side, marker + spis + b"\x2e\x20\x23" + u8(0x20 if side else 8) + u32(n, 28 + 4 + length),
                    (SECRET, u8(35, 0) + u16(4 + length) + t.noise(length)))


@esp("esp-and-esp-null-between-the-same-hosts")
def both_esp(t):
    spis = 0x1001, 0x1002, 0x2001, 0x2002
    for n, (side, following, body) in enumerate(inner_packets(t, 40)):
        t.say(side, u32(spis[side], n), (SECRET, t.noise(4 * t.size(30, 300))))
        t.say(side, esp_packet(t, spis[2 + side], n, 4, inner_ip(side, following, body), 0, 12))


@esp("esp-null-behind-esp-under-one-index")
def reused_index(t):
    """An index is given again, after a restart, to an association that only authenticates."""
    esp_encrypted((0x5001, 0x5002))(t)
    for n, (side, following, body) in enumerate(inner_packets(t, 30)):
        t.say(side, esp_packet(t, 0x5001 + side, 1 + n // 2, following, body, 0, 12))
