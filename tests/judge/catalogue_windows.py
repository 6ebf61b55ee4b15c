"""SMB 1 to 3 without encryption: file sharing of which the packets are at most signed."""

import content
from talk import CLIENT, SERVER, Catalogue, le16, le32, le64, u8, u32

catalogue = Catalogue("null")
tcp = catalogue.tcp


def session_message(body):
    return u32(len(body)) + body


def smb2(t, command, number, side, body, signed, status=0):
    flags = (1 if side == SERVER else 0) | (8 if signed else 0)
    head = b"\xfeSMB" + le16(64, 1) + le32(status) + le16(command, 31) + le32(flags, 0) + le64(number) + le32(0xFEFF,
            5) + le64(0x400000000001)
    return session_message(head + (t.noise(16) if signed else bytes(16)) + body)


def smb2_session(dialect, signed, file):
    def make(t):
        offered = le16(36, 4, 1, 0) + le32(0x7F) + t.noise(16) + le32(112, 2) + le16(0x0202, 0x0210, 0x0302, 0x0311)
        contexts = le16(1, 38) + le32(0) + le16(1, 32, 1) + t.noise(32) + le16(2, 4) + le32(0) + le16(1, 2)
        t.ask(smb2(t, 0, 0, CLIENT, offered + contexts, False))
        t.reply(smb2(t, 0, 0, SERVER, le16(65, 1, dialect, 0) + t.noise(16) + le32(0x2F, 1 << 20, 1 << 20, 1 << 20) +
                le64(133537824000000000, 0), False))
        token = content.der(0x60, content.der(6, b"\x2b\x06\x01\x05\x05\x02"), b"NTLMSSP\0" + le32(1, 0xE2088297) +
                bytes(24))
        t.ask(smb2(t, 1, 1, CLIENT, le16(25, 1) + le32(1, 0) + le16(88, len(token)) + le64(0) + token, False))
        t.reply(smb2(t, 1, 1, SERVER, le16(9, 0, 72, 90) + b"NTLMSSP\0" + le32(2) + t.noise(8) +
                content.sparse(t.rng, 80), False, 0xC0000016))
        t.ask(smb2(t, 3, 3, CLIENT, le16(9, 0, 72, 40) + "\\\\files.example.org\\plant".encode("utf-16-le"), signed))
        t.reply(smb2(t, 3, 3, SERVER, le16(16, 1) + le32(0, 0, 0x1F01FF), signed))
        for n in range(5):
            name = f"reports\\{n}.csv".encode("utf-16-le")
            t.ask(smb2(t, 5, 4 + 3 * n, CLIENT, le16(57, 0) + bytes(40) + le16(120, len(name)) + bytes(8) + name, signed))
            t.reply(smb2(t, 5, 4 + 3 * n, SERVER, le16(89, 0) + le32(1) + le64(133537824000000000) * 4 +
                    le64(4096, 4000, 0, n, 7), signed))
            t.ask(smb2(t, 8, 5 + 3 * n, CLIENT, le16(49, 0) + le32(4096) + le64(0, n, 7) + bytes(17), signed))
            body = file(t)
            t.reply(smb2(t, 8, 5 + 3 * n, SERVER, le16(17, 80) + le32(len(body), 0, 0) + body, signed))
            body = content.rows(t.rng, 20)
            t.ask(smb2(t, 9, 6 + 3 * n, CLIENT, le16(49, 112) + le32(len(body)) + le64(0, n, 7) + bytes(16) + body, signed))
            t.reply(smb2(t, 9, 6 + 3 * n, SERVER, le16(17, 0) + le32(len(body)) + bytes(8), signed))
    return make


def text(t):
    return content.words(t.rng, t.size(2000, 6000))


tcp("smb2", 445, smb2_session(0x0210, False, text))
tcp("smb3-unencrypted", 445, smb2_session(0x0311, False, text))
tcp("smb3-signed", 445, smb2_session(0x0311, True, text))
tcp("smb3-signed-zip", 445, smb2_session(0x0311, True, lambda t: content.zip_file(t.rng, 5000)), every_port=False)
tcp("smb2-of-session-service", 139, smb2_session(0x0202, False, text), every_port=False)


@tcp("smb1", 445)
def smb1(t):
    def message(command, side, body):
        return session_message(b"\xffSMB" + u8(command) + le32(0) + u8(0x98 if side else 0x18) + le16(0xC853, 0) +
                bytes(10) + le16(1, 77, 1, 5) + body)

    t.ask(message(0x72, CLIENT, b"\0" + le16(12) + b"\x02NT LM 0.12\0"))
    t.reply(message(0x72, SERVER, b"\x11\0\0\x03" + le16(50, 1) + le32(16644, 65536, 0, 0x8001F3FD) + bytes(11) +
            le16(24) + t.noise(16)))
    t.ask(message(0x73, CLIENT, b"\x0c\xff\0\0\0" + content.sparse(t.rng, 120)))
    t.reply(message(0x73, SERVER, b"\x04\xff\0\0\0" + content.sparse(t.rng, 90)))
    for n in range(8):
        t.ask(message(0x2E, CLIENT, b"\x0c\xff\0\0\0" + le16(n) + le32(4096 * n) + le16(4096, 4096) + bytes(12)))
        body = content.words(t.rng, 4096) if n % 2 else content.zip_file(t.rng, 3000)
        t.reply(message(0x2E, SERVER, b"\x0c\xff\0\0\0" + le16(0, 0, 0, len(body) & 0xFFFF, 59) + bytes(12) + body))


@tcp("rpc-over-tcp", 135)
def rpc(t):
    """DCE/RPC with no authentication."""
    for n in range(10):
        body = content.sparse(t.rng, t.size(100, 1500))
        t.say(n % 2, b"\x05\0" + u8(0 if n % 2 == 0 else 2) + b"\x03\x10\0\0\0" + le16(24 + len(body), 0) +
                le32(n // 2, len(body)) + le16(0, n) + body)
