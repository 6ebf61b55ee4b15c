"""TLS and DTLS as they are on the wire, from RFC 5246, 8446, 6347 and 7685."""

import content
from talk import CLEAR, CLIENT, HEAD, SECRET, SERVER, counted, u8, u16, u24, u64

RSA_AES, ECDHE_AES, TLS13_AES = 0x003C, 0xC02F, 0x1301
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
CCS = b"\x14\x03\x03\0\x01\x01"
ORDINARY = (0x1301, 0x1302, 0xC02B, 0xC02F, 0xC030, 0x009C, 0x003C, 0x002F)


def record(kind, body, version=b"\x03\x03"):
    return u8(kind) + version + counted(2, body)


def message(kind, body):
    return u8(kind) + counted(3, body)


def handshake(*messages):
    return record(22, b"".join(messages))


def extension(kind, body):
    return u16(kind) + counted(2, body)


def client_hello(t, suites=ORDINARY, host="www.example.org", padded_to=0, more=b"", key_share=32, thirteen=True, dtls=b""):
    """`padded_to`: with an extension of zeros at its end (RFC 7685), which is how browsers have it."""
    extensions = extension(0, counted(2, b"\0" + counted(2, host.encode()))) + extension(10, counted(2, u16(29, 23, 24))) + \
        extension(13, counted(2, u16(0x0403, 0x0804, 0x0401, 0x0503))) + more
    if thirteen:
        extensions += extension(43, counted(1, u16(0xFEFC, 0xFEFD) if dtls else u16(0x0304, 0x0303))) + \
            extension(51, counted(2, u16(29) + counted(2, t.noise(key_share))))
    session = counted(1, t.noise(32)) if not dtls else b"\0" + dtls
    head = (b"\xfe\xfd" if dtls else b"\x03\x03") + t.noise(32) + session + counted(2, u16(*suites)) + b"\x01\0"
    length = len(head) + 2 + len(extensions)
    if padded_to > length + 8:
        extensions += extension(21, bytes(padded_to - length - 8))
    return message(1, head + counted(2, extensions))


def server_hello(t, suite=ECDHE_AES, thirteen=False, retry=False, more=b"", version=b"\x03\x03"):
    extensions = more
    if thirteen or retry:
        extensions += extension(43, b"\x03\x04") + extension(51, u16(29) + (b"" if retry else counted(2, t.noise(32))))
    else:
        extensions += extension(0xFF01, b"\0")
    return message(2, version + (RETRY if retry else t.noise(32)) +
            (b"\0" if version == b"\xfe\xfd" else counted(1, t.noise(32))) +
                   u16(suite) + b"\0" + counted(2, extensions))


def certificates(t, host="www.example.org"):
    return message(11, counted(3, b"".join(counted(3, content.certificate(t.rng, name)) for name in (host,
            "ca.example.org"))))


def key_exchange(t):
    return message(12, b"\x03\0\x1d\x20" + t.noise(32) + u16(0x0804) + counted(2, t.noise(256)))


DONE = message(14, b"")


def secret_record(t, kind, length, version=b"\x03\x03"):
    """(label, bytes) twice: the header, and noise."""
    return (HEAD, u8(kind) + version + u16(length)), (SECRET, t.noise(length))


def secret_data(t, side, *lengths):
    for length in lengths:
        t.say(side, *secret_record(t, 23, length))


def hello_of(t, before=b"", together=True, **hello):
    """The client's hello behind what comes before it, in the same segment or not."""
    first = handshake(client_hello(t, **hello))
    if together:
        t.ask(before + first)
    else:
        if before:
            t.ask(before)
        t.ask(first)


def rest12(t, suite=ECDHE_AES, answer=b""):
    """From the ServerHello to both Finished. `answer`: what the server says in front of it, in the same segment."""
    t.reply(answer, handshake(server_hello(t, suite)), handshake(certificates(t)), handshake(key_exchange(t)),
            handshake(DONE))
    t.ask(handshake(message(16, counted(1, t.noise(65)))), CCS, *secret_record(t, 22, 40))
    t.reply(CCS, *secret_record(t, 22, 40))


def transfer(t, scale=1):
    """Requests and answers, all of it ciphertext."""
    for _ in range(t.size(3, 5)):
        secret_data(t, CLIENT, t.size(300, 700))
        t.reply(*[part for _ in range(4) for part in secret_record(t, 23, t.size(900, 3000) * scale)])


def session12(t, before=b"", together=True, answer=b"", **hello):
    hello_of(t, before, together, thirteen=False, **hello)
    rest12(t, answer=answer)
    transfer(t)


def rest13(t, answer=b""):
    t.reply(answer, handshake(server_hello(t, TLS13_AES, thirteen=True)), CCS, *secret_record(t, 23, 36),
            *secret_record(t, 23, 2600),
            *secret_record(t, 23, 281), *secret_record(t, 23, 53))
    t.ask(CCS, *secret_record(t, 23, 53))


def session13(t, before=b"", together=True, answer=b"", **hello):
    hello_of(t, before, together, **hello)
    rest13(t, answer)
    transfer(t)


# ---------------------------------------------------------------- DTLS


def dtls_record(kind, epoch, number, body):
    return u8(kind) + b"\xfe\xfd" + u64(epoch << 48 | number) + counted(2, body)


def dtls_message(kind, body, number=0):
    return u8(kind) + u24(len(body)) + u16(number) + u24(0) + counted(3, body)


def dtls_pieces(kind, body, number, size):
    """A message in fragments."""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        yield u8(kind) + u24(len(body)) + u16(number) + u24(at) + counted(3, piece)


def dtls_secret(t, kind, number, length):
    return (CLEAR, u8(kind) + b"\xfe\xfd" + u64(1 << 48 | number) + u16(length)), (SECRET, t.noise(length))


def dtls_handshake(t, suite, offered=None, more_client=b"", more_server=b"", finished=None, pieces=None):
    """`finished`: what both say behind their ChangeCipherSpec; None for ciphertext. `pieces`: the ServerHello in fragments."""
    hello = client_hello(t, offered or (suite, 0x00FF), thirteen=False, dtls=b"\0", more=more_client)[4:]
    t.ask(dtls_record(22, 0, 0, dtls_message(1, hello)))
    t.reply(dtls_record(22, 0, 0, dtls_message(3, b"\xfe\xfd" + counted(1, t.noise(20)))))
    cookie = client_hello(t, offered or (suite, 0x00FF), thirteen=False, dtls=counted(1, t.noise(20)), more=more_client)[4:]
    t.ask(dtls_record(22, 0, 1, dtls_message(1, cookie, 1)))
    chosen = server_hello(t, suite, version=b"\xfe\xfd", more=more_server)[4:]
    if pieces:
        for n, piece in enumerate(dtls_pieces(2, chosen, 1, pieces)):
            t.reply(dtls_record(22, 0, 1 + n, piece))
        t.reply(dtls_record(22, 0, 20, dtls_message(14, b"", 2)))
    else:
        t.reply(dtls_record(22, 0, 1, dtls_message(2, chosen, 1)), dtls_record(22, 0, 2, dtls_message(14, b"", 2)))
    exchange = dtls_record(22, 0, 2, dtls_message(16, counted(2, b"client-identity"), 2))
    for side, before in ((CLIENT, exchange), (SERVER, b"")):
        if finished is None:
            t.say(side, before, dtls_record(20, 0, 3, b"\x01"), *dtls_secret(t, 22, 0, 48))
        else:
            t.say(side, before, dtls_record(20, 0, 3, b"\x01"), dtls_record(22, 1, 0, finished))
