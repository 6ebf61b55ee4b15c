"""Connections over TCP whose encryption was negotiated away: TLS with suites that only authenticate, SSH with `none`."""

import content
import tls
from talk import CLIENT, SECRET, SERVER, Catalogue, counted, u8, u16, u32

catalogue = Catalogue("null")
tcp = catalogue.tcp

# From the IANA registry, RFC 6101 (FORTEZZA) and the drafts of GOST; the length of the MAC of each
NULL_SUITES = {0x0000: 0, 0x0001: 16, 0x0002: 20, 0x001C: 20, 0x002C: 20, 0x002D: 20, 0x002E: 20, 0x003B: 32,
        0x0082: 32, 0x0083: 32,
               0x00B0: 32, 0x00B1: 48, 0x00B4: 32, 0x00B5: 48, 0x00B8: 32, 0x00B9: 48, 0xC001: 20, 0xC006: 20, 0xC00B: 20,
               0xC010: 20, 0xC015: 20, 0xC039: 20, 0xC03A: 32, 0xC03B: 48, 0xFF87: 32}
INTEGRITY_SUITES = {0xC0B4: 32, 0xC0B5: 48}  # RFC 9150, for TLS 1.3
WIDELY_TRIED = (0x0002, 0x003B, 0xC010)


def clear_record(t, kind, body, mac):
    return tls.record(kind, body + t.noise(mac))


def requests(t, mac, body=None):
    """What is said behind the handshake: a request, counters, a page, process values."""
    for n in range(t.size(3, 5)):
        t.ask(clear_record(t, 23, content.http_request("plant.example.org", f"/values/{n}"), mac))
        t.reply(clear_record(t, 23, content.http_response(body(t) if body else content.html(t.rng, 1500)), mac))
        t.ask(clear_record(t, 23, content.counters(t.rng, t.size(5, 40)), mac))
        t.reply(clear_record(t, 23, content.floats(t.rng, 200) if not body else body(t), mac),
                clear_record(t, 23, content.rows(t.rng, 5), mac))


def session(t, suite, offered=None, split=None, over_records=None, body=None):
    """`split`: the ServerHello's segments end there; `over_records`: its records do."""
    mac = NULL_SUITES[suite]
    t.ask(tls.handshake(tls.client_hello(t, offered or (suite, 0x00FF), thirteen=False)))
    hello = tls.server_hello(t, suite)
    if over_records:
        hello = b"".join(tls.handshake(hello[a:b]) for a, b in zip((0,) + over_records, over_records + (len(hello),)))
    else:
        hello = tls.handshake(hello)
    rest = tls.handshake(tls.certificates(t)) + tls.handshake(tls.DONE)
    if split:
        for a, b in zip((0,) + split, split + (len(hello),)):
            t.reply(hello[a:b])
        t.reply(rest)
    else:
        t.reply(hello + rest)
    finished = tls.message(20, t.noise(12))
    t.ask(tls.handshake(tls.message(16, counted(2, t.noise(128)))), tls.CCS, clear_record(t, 22, finished, mac))
    t.reply(tls.CCS, clear_record(t, 22, tls.message(20, t.noise(12)), mac))
    requests(t, mac, body)
    t.ask(clear_record(t, 21, b"\x01\0", mac))


for number in NULL_SUITES:
    tcp(f"tls-null-{number:04x}", 4433, lambda t, number=number: session(t, number), every_port=number in WIDELY_TRIED)

for behind in (1, 3, 5, 6, 9, 11, 40, 43, 44, 60, 76, 77, 78, 80):
    tcp(f"tls-null-hello-split-at-{behind}", 4433, lambda t, behind=behind: session(t, 0x003B, split=(behind,)),
            every_port=behind == 40)
for behind in (1, 4, 38, 71, 72):
    tcp(f"tls-null-hello-in-records-at-{behind}", 4433, lambda t, behind=behind: session(t, 0x0002, over_records=(behind,)),
        every_port=behind == 38)
tcp("tls-null-hello-byte-by-byte", 4433, lambda t: session(t, 0x0001, split=tuple(range(1, 84))), every_port=False)
tcp("tls-null-hello-in-records-and-segments", 4433, lambda t: session(t, 0xC010, split=(20, 60), over_records=(30, 50)),
        every_port=False)
tcp("tls-null-offered-among-others", 4433, lambda t: session(t, 0x003B, (0xC02F, 0x003C, 0x003B, 0x00FF)))
tcp("tls-null-many-offered", 4433, lambda t: session(t, 0xC006, (0xC006, 0xC010, 0x003B, 0x0002, 0x0001, 0x00FF)))
tcp("tls-null-of-gzip", 4433, lambda t: session(t, 0x003B, body=lambda t: content.gz(t.rng, t.size(1500, 6000))),
        known_from_start=True)


@tcp("tls-null-resumed", 4433)
def resumed(t):
    t.ask(tls.handshake(tls.client_hello(t, (0x003B,), thirteen=False)))
    t.reply(tls.handshake(tls.server_hello(t, 0x003B)), tls.CCS, clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    t.ask(tls.CCS, clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    requests(t, 32)


@tcp("tls-null-renegotiated", 4433)
def renegotiated(t):
    """A second handshake inside the first session, which is readable, too."""
    session(t, 0x003B)
    t.ask(clear_record(t, 22, tls.client_hello(t, (0x003B,), thirteen=False), 32))
    t.reply(clear_record(t, 22, tls.server_hello(t, 0x003B) + tls.certificates(t) + tls.DONE, 32))
    t.ask(clear_record(t, 22, tls.message(16, t.noise(130)), 32), clear_record(t, 20, b"\x01", 32),
            clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    t.reply(clear_record(t, 20, b"\x01", 32), clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    requests(t, 32)


@tcp("tls-null-behind-starttls", 25)
def behind_starttls(t):
    t.lines("S: 220 mx ESMTP", "C: EHLO a", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go")
    session(t, 0x003B)


@tcp("tls-null-without-the-client-key-exchange", 4433)
def short(t):
    """A handshake of pre-shared keys: no certificates."""
    t.ask(tls.handshake(tls.client_hello(t, (0x00B0, 0x002C), thirteen=False)))
    t.reply(tls.handshake(tls.server_hello(t, 0x00B0), tls.DONE))
    t.ask(tls.handshake(tls.message(16, counted(2, b"plc-7"))), tls.CCS,
            clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    t.reply(tls.CCS, clear_record(t, 22, tls.message(20, t.noise(12)), 32))
    requests(t, 32)


def integrity(suite):
    def make(t):
        tag = INTEGRITY_SUITES[suite]

        def protected(kind, body):
            return tls.record(23, body + u8(kind) + t.noise(tag))

        t.ask(tls.handshake(tls.client_hello(t, (suite,))))
        t.reply(tls.handshake(tls.server_hello(t, suite, thirteen=True)), tls.CCS, protected(22, tls.message(8, b"\0\0")),
                protected(22, tls.certificates(t)), protected(22, tls.message(15, u16(0x0804) + counted(2, t.noise(256)))),
                protected(22, tls.message(20, t.noise(tag))))
        t.ask(tls.CCS, protected(22, tls.message(20, t.noise(tag))))
        for n in range(6):
            t.ask(protected(23, content.http_request("plc.example.org", f"/tag/{n}")))
            t.reply(protected(23, content.http_response(content.rows(t.rng, 20))), protected(23, content.floats(t.rng, 150)))
    return make


for number in INTEGRITY_SUITES:
    tcp(f"tls13-integrity-only-{number:04x}", 4433, integrity(number))


# ---------------------------------------------------------------- SSH


def kexinit(t, to_server, to_client, mac="hmac-sha2-256"):
    lists = ("curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519,rsa-sha2-512", to_server, to_client, mac, mac, "none",
            "none", "", "")
    return b"\x14" + t.noise(16) + b"".join(counted(4, names.encode()) for names in lists) + bytes(5)


def packet(t, body, mac=0, label=None, block=8):
    """A binary packet. `label`: None for one in the clear, else of a packet of which nothing can be read."""
    padding = -(5 + len(body)) % block
    padding += block if padding < 4 else 0
    whole = u32(1 + len(body) + padding) + u8(padding) + body + (t.noise(padding) if mac else bytes(padding)) + t.noise(mac)
    return whole if label is None else (label, t.noise(len(whole)))


def ssh_beginning(t, client_lists, server_lists, banners=(b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"),
        lines=b"", split=0):
    """`lines` come before the server's banner; `split`: the banner's first segment has so many bytes."""
    whole = lines + banners[SERVER]
    for piece in ((whole[:split], whole[split:]) if split else (whole,)):
        t.reply(piece)
    t.ask(banners[CLIENT])
    t.ask(packet(t, kexinit(t, *client_lists)))
    t.reply(packet(t, kexinit(t, *server_lists)))
    t.ask(packet(t, b"\x1e" + counted(4, t.noise(32))))
    t.reply(packet(t, b"\x1f" + counted(4, counted(4, b"ssh-ed25519") + counted(4, t.noise(32))) + counted(4, t.noise(32)) +
                   counted(4, counted(4, b"ssh-ed25519") + counted(4, t.noise(64)))), packet(t, b"\x15"))
    t.ask(packet(t, b"\x15"))


def ssh_shell(t, hidden=(None, None), turns=12, mac=32):
    """A login and a session; for each direction whether it is hidden (SECRET) or readable (None)."""
    t.ask(packet(t, b"\x05" + counted(4, b"ssh-userauth"), mac, hidden[CLIENT]))
    t.reply(packet(t, b"\x06" + counted(4, b"ssh-userauth"), mac, hidden[SERVER]))
    t.ask(packet(t, b"\x32" + counted(4, b"alice") + counted(4, b"ssh-connection") + counted(4, b"none"), mac,
            hidden[CLIENT]))
    t.reply(packet(t, b"\x34", mac, hidden[SERVER]))
    for n in range(turns):
        t.ask(packet(t, b"\x5e" + u32(0) + counted(4, content.words(t.rng, t.size(20, 300))), mac, hidden[CLIENT]))
        t.reply(packet(t, b"\x5e" + u32(0) + counted(4, content.words(t.rng,
                t.size(100, 1300)) if n % 3 else content.sparse(t.rng, 800)),
                       mac, hidden[SERVER]))


NONE, AES = "none", "aes128-ctr,aes256-ctr"


@tcp("ssh-none", 22)
def ssh_none(t):
    ssh_beginning(t, (NONE, NONE), (NONE, NONE))
    ssh_shell(t)


@tcp("ssh-none-preferred", 22)
def ssh_preferred(t):
    """The client has others, too, but `none` is its first that the server has."""
    ssh_beginning(t, ("none," + AES, "none," + AES), (AES + ",none", AES + ",none"))
    ssh_shell(t)


@tcp("ssh-none-all-that-the-server-has", 22)
def ssh_server_none(t):
    ssh_beginning(t, (AES + ",none", AES + ",none"), (NONE, NONE))
    ssh_shell(t)


@tcp("ssh-none-to-client", 22)
def ssh_none_to_client(t):
    ssh_beginning(t, (AES, NONE), (AES, NONE))
    ssh_shell(t, (SECRET, None))


@tcp("ssh-none-to-server", 22)
def ssh_none_to_server(t):
    ssh_beginning(t, (NONE, AES), (NONE, AES))
    ssh_shell(t, (None, SECRET))


@tcp("ssh-none-switched-to-later", 22)
def ssh_switch(t):
    """As HPN-SSH has it: logged in under a cipher, keys changed inside, and from there on bulk data in the clear."""
    ssh_beginning(t, (AES, AES), (AES, AES))
    ssh_shell(t, (SECRET, SECRET), 4)
    for size in (900, 48, 16):
        t.ask(packet(t, bytes(size), 32, SECRET))
        t.reply(packet(t, bytes(size), 32, SECRET))
    ssh_shell(t, turns=14)


@tcp("ssh-none-behind-lines", 22)
def ssh_lines(t):
    ssh_beginning(t, (NONE, NONE), (NONE, NONE), lines=b"This host is watched.\r\nGo away.\r\n")
    ssh_shell(t)
