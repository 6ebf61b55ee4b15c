#!/usr/bin/python3
"""Compressed captures in every variety, judged by the tools of each compression and by Python's zlib and lzma.

    packed.py good gzip|zstd|lz4|xz CAPTURE SLIM     each variety must be read, and what is written be SLIM in it
    packed.py bad gzip|zstd|lz4|xz CAPTURE           each must be refused by every program, with a place or a reason
    packed.py cut gzip|zstd|lz4|xz CAPTURE           cut short anywhere, and with something behind it
    packed.py flip gzip|zstd|lz4|xz CAPTURE          with one bit turned: refused, or the very same capture

Prints a line for each variety that went wrong and leaves with 1 then. Programs are those in PATH.
"""

import gzip
import lzma
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SKIPPABLE = struct.pack("<II", 0x184D2A53, 11) + b"hello there"
EMPTY_SKIPPABLE = struct.pack("<II", 0x184D2A5F, 0)


def run(*command, data=None):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def tool(*command, data):
    done = run(*command, data=data)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.decode()}")
    return done.stdout


def halves(data):
    """Within a record, so that a frame begins anywhere."""
    at = len(data) // 3
    return data[:at], data[at:]


def member(data, level=6, flags=0, extra=b"", xfl=0):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    header = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, xfl, 255) + extra
    if flags & 2:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    return header + packed + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def bgzf(data):
    """Blocks of at most 64 KiB, each a member with its length in an extra field, and an empty one at the end."""
    out = b""
    for at in list(range(0, len(data), 60000)) + [len(data)]:
        piece = member(data[at : at + 60000] if at < len(data) else b"", flags=4, extra=struct.pack("<H2sHH", 6, b"BC", 2, 0))
        out += piece[:16] + struct.pack("<H", len(piece) - 1) + piece[18:]
    return out


def good_gzip(data):
    a, b = halves(data)
    for level in (0, 1, 6, 9):
        yield f"python {level}", gzip.compress(data, level)
    yield "gzip -1", tool("gzip", "-1", "-c", data=data)
    yield "gzip -9", tool("gzip", "-9", "-c", data=data)
    yield "two members", gzip.compress(a) + gzip.compress(b)
    yield "empty members", gzip.compress(b"") + gzip.compress(a) + gzip.compress(b"") + gzip.compress(b) + gzip.compress(b"")
    yield "all of the header", member(data, flags=4 | 8 | 16 | 2, extra=struct.pack("<H", 300) + bytes(300) + b"name\0" + b"note\0")
    yield "bgzf", bgzf(data)
    yield "a member a byte", b"".join(gzip.compress(data[i : i + 1]) for i in range(200)) + gzip.compress(data[200:])
    if shutil.which("pigz"):
        yield "pigz -i", tool("pigz", "-i", "-b", "128", "-c", data=data)
    if shutil.which("bgzip"):
        yield "bgzip", tool("bgzip", "-c", data=data)


def zstd(data, *options):
    return tool("zstd", "-q", "-c", *options, data=data)


def good_zstd(data):
    a, b = halves(data)
    for level in ("-1", "-3", "-9", "-19", "--fast=5"):
        yield level, zstd(data, level)
    yield "with no checksum", zstd(data, "--no-check")
    yield "its size told", zstd(data, f"--stream-size={len(data)}")
    yield "threads", zstd(data, "-T2", "-B1048576")
    yield "--adapt", zstd(data, "--adapt")
    yield "--rsyncable", zstd(data, "-T1", "--rsyncable")
    yield "--long=23", zstd(data, "--long=23")
    yield "two frames, one with no checksum", zstd(a) + zstd(b, "--no-check")
    yield "empty frames", zstd(b"") + zstd(a) + zstd(b"", "--no-check") + zstd(b) + zstd(b"")
    yield "skippable frames", SKIPPABLE + zstd(a) + EMPTY_SKIPPABLE + SKIPPABLE + zstd(b) + SKIPPABLE
    yield "a long skippable frame", struct.pack("<II", 0x184D2A50, 700000) + bytes(700000) + zstd(data)
    yield "many frames", b"".join(zstd(data[i : i + 4000]) for i in range(0, min(len(data), 160000), 4000)) + zstd(data[160000:])


def lz4(data, *options):
    return tool("lz4", "-q", "-c", *options, data=data)


def good_lz4(data):
    a, b = halves(data)
    for options in (["-1"], ["-9"], ["-B4"], ["-B5"], ["-B7"], ["-BD"], ["-BD", "-B4"], ["-BX"], ["--no-frame-crc"], ["-BD", "-BX", "-12"]):
        yield " ".join(options), lz4(data, *options)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield "its size told", tool("lz4", "-q", "-c", "--content-size", file.name, data=b"")
    yield "two frames, one with no checksum", lz4(a) + lz4(b, "--no-frame-crc")
    yield "empty frames", lz4(b"") + lz4(a) + lz4(b"") + lz4(b) + lz4(b"")
    yield "skippable frames", SKIPPABLE + lz4(a) + EMPTY_SKIPPABLE + SKIPPABLE + lz4(b) + SKIPPABLE


def good_xz(data):
    a, b = halves(data)
    for preset in (0, 6):
        yield f"preset {preset}", lzma.compress(data, preset=preset)
    for check in (lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_SHA256):
        yield f"check {check}", lzma.compress(data, check=check)
    yield "two streams", lzma.compress(a) + lzma.compress(b)
    yield "padding", lzma.compress(a) + bytes(8) + lzma.compress(b) + bytes(4)
    yield "blocks", tool("xz", "-c", "--block-size=100000", data=data)


GOOD = {"gzip": good_gzip, "zstd": good_zstd, "lz4": good_lz4, "xz": good_xz}
UNPACK = {"gzip": ("gzip", "-dc"), "zstd": ("zstd", "-dcq"), "lz4": ("lz4", "-dcq"), "xz": ("xz", "-dc")}


def bad_gzip(data):
    packed = gzip.compress(data)
    yield "a wrong checksum", packed[:-8] + b"\0\0\0\0" + packed[-4:]
    yield "a wrong length", packed[:-1] + bytes([packed[-1] ^ 1])
    yield "a wrong header checksum", member(data, flags=2)[:10] + b"\x12\x34" + member(data, flags=2)[12:]
    yield "an unknown method", packed[:2] + b"\x07" + packed[3:]
    yield "a reserved flag", packed[:3] + b"\x80" + packed[4:]
    yield "zstd behind it", packed + zstd(data)
    yield "an empty member behind it, but for its first bytes", packed + b"\x1f\x8c" + gzip.compress(b"")[2:]
    yield "zeros behind it, as on a tape", packed + bytes(512)
    yield "a name without an end", b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 300000
    yield "a magic number", b"\x1f\x8b"


def bad_zstd(data):
    packed = zstd(data)
    yield "a window of 128 MiB", zstd(data, "--long=27")
    yield "a window of 32 MiB", zstd(data, "--ultra", "-20")
    with tempfile.NamedTemporaryFile() as words:
        words.write(data[:50000])
        words.flush()
        yield "a dictionary", zstd(data, "-D", words.name)
    yield "a wrong checksum", packed[:-1] + bytes([packed[-1] ^ 1])
    yield "gzip behind it", packed + gzip.compress(data)
    yield "lz4 behind it", packed + lz4(data)
    yield "a skippable frame that is cut short", packed + SKIPPABLE[:-1]
    yield "half of a skippable header", packed + SKIPPABLE[:6]
    yield "a skippable frame that says 4 GiB", packed + struct.pack("<II", 0x184D2A50, 0xFFFFFFFF) + b"and has less"
    yield "only skippable frames", SKIPPABLE + EMPTY_SKIPPABLE
    yield "nothing of zstd behind a skippable frame", SKIPPABLE + data
    yield "only empty frames", zstd(b"") + zstd(b"")
    yield "a magic number", packed[:4]
    yield "a reserved block", packed[:6] + b"\x07\0\0" + packed[9:]


def bad_lz4(data):
    packed = lz4(data)
    yield "the legacy format", lz4(data, "-l")
    yield "the legacy format behind it", packed + lz4(data, "-l")
    with tempfile.NamedTemporaryFile() as words:
        words.write(data[:50000])
        words.flush()
        yield "a dictionary", with_dictionary_id(lz4(data, "-D", words.name))
    yield "a wrong checksum", packed[:-1] + bytes([packed[-1] ^ 1])
    yield "zstd behind it", packed + zstd(data)
    yield "a skippable frame that is cut short", packed + SKIPPABLE[:-1]
    yield "only empty frames", lz4(b"") + lz4(b"")
    yield "a wrong header checksum", packed[:6] + bytes([packed[6] ^ 1]) + packed[7:]


def xxh32(data):
    return int(tool("xxhsum", "-q", "-H0", "-", data=data).split()[0], 16)


def with_dictionary_id(packed):
    """lz4(1) writes none; a frame that has one is read wrongly by who does not look."""
    header = bytes([packed[4] | 1]) + packed[5:6] + struct.pack("<I", 77)
    return packed[:4] + header + bytes([xxh32(header) >> 8 & 0xFF]) + packed[7:]


def bad_xz(data):
    packed = lzma.compress(data)
    yield "a dictionary of 64 MiB", lzma.compress(data, preset=9)
    yield "padding of 3 bytes", packed + bytes(3)
    yield "padding of 5 bytes", packed + bytes(5) + lzma.compress(data)
    yield "zstd behind it", packed + zstd(data)
    yield "a wrong index", packed[:-20] + bytes([packed[-20] ^ 1]) + packed[-19:]


BAD = {"gzip": bad_gzip, "zstd": bad_zstd, "lz4": bad_lz4, "xz": bad_xz}


class Trial:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir="."))
        self.wrong = self.tried = 0

    def path(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def complain(self, name, what, done=None):
        words = done.stderr.decode(errors="replace").strip() if done else ""
        print(f"{name}: {what} {words}")
        self.wrong += 1


def try_good(trial, kind, data, slim):
    plain, slim_path = trial.path("plain", data), trial.path("slim", slim)
    for name, packed in GOOD[kind](data):
        trial.tried += 1
        path = trial.path("in", packed)
        assert tool(*UNPACK[kind], data=packed) == data, name
        write = [] if kind != "xz" else ["--compress", "zstd"]
        done = run("pcap-truncate", "--accept", kind, *write, path)
        if done.returncode != 0:
            trial.complain(name, "is not read:", done)
            continue
        out = trial.path("out", done.stdout)
        as_what = kind if kind != "xz" else "zstd"
        judged = run(*UNPACK[as_what], out)
        if judged.returncode != 0 or judged.stdout != slim:
            trial.complain(name, f"{as_what} does not read what was written:", judged)
        if run("pcap-truncate", "--accept", kind, *write, data=packed).stdout != done.stdout:
            trial.complain(name, "other bytes come out of a pipe")
        for original in (path, plain):
            done = run("pcap-verify", "--accept", "all", "--original", original, out)
            if done.returncode != 0:
                trial.complain(name, f"the witness does not agree ({original}):", done)
        done = run("pcap-verify", "--accept", "all", "--original", path, slim_path)
        if done.returncode != 0:
            trial.complain(name, "the witness does not read it:", done)
        if run("pcap-scan", "--accept", kind, path).returncode != 0:
            trial.complain(name, "is not scanned")


def must_refuse(trial, kind, name, packed, plain):
    """plain: the capture, of which nothing may be told apart where a program takes the file after all."""
    trial.tried += 1
    path = trial.path("in", packed)
    for program in (["pcap-scan"], ["pcap-truncate", "--compress", "none"], ["pcap-verify", "--original", plain]):
        done = run(*program, "--accept", kind, path)
        if done.returncode != 1 or not done.stderr.startswith(f"{program[0]}: {path}: ".encode()):
            trial.complain(name, f"{program[0]} leaves with {done.returncode}:", done)
    done = run("pcap-verify", "--accept", kind, "--original", path, plain)
    if done.returncode != 1:
        trial.complain(name, "the witness takes it for an original:", done)


def try_bad(trial, kind, data):
    plain = trial.path("plain", data)
    for name, packed in BAD[kind](data):
        must_refuse(trial, kind, name, packed, plain)


def some_of(kind, data):
    """Varieties, small ones."""
    varieties = list(GOOD[kind](data))
    return varieties[:4] + varieties[-4:]


def try_cut(trial, kind, data):
    plain = trial.path("plain", data)
    chance = random.Random(7)
    for name, packed in some_of(kind, data):
        places = {5, len(packed) - 1, len(packed) - 5, chance.randrange(6, len(packed))}
        for at in sorted(places):
            if not ends_well(kind, packed[:at], data):
                must_refuse(trial, kind, f"{name}, cut at {at} of {len(packed)}", packed[:at], plain)
        for tail in (b"\0", packed[:-1]):
            if not ends_well(kind, packed + tail, data):
                must_refuse(trial, kind, f"{name}, {len(tail)} bytes behind", packed + tail, plain)


def ends_well(kind, packed, data):
    """Whether it is still a whole capture for the tool of the compression: cut between frames, behind the last record."""
    done = run(*UNPACK[kind], data=packed)
    return done.returncode == 0 and not done.stderr and done.stdout == data


def try_flip(trial, kind, data):
    """Without a checksum over it (a header's time, a skippable frame) a bit may be turned and the capture be the same."""
    plain = trial.path("plain", data)
    slim = run("pcap-truncate", plain).stdout
    chance = random.Random(11)
    for name, packed in some_of(kind, data):
        if "no " in name or name in ("check 0", "--no-frame-crc"):
            continue
        for at in [chance.randrange(len(packed)) for _ in range(4)]:
            bad = packed[:at] + bytes([packed[at] ^ 1 << chance.randrange(8)]) + packed[at + 1 :]
            path = trial.path("in", bad)
            trial.tried += 1
            done = run("pcap-truncate", "--accept", kind, "--compress", "none", "--policy", "packet", path)
            if done.returncode not in (0, 1) or (done.returncode == 0 and done.stdout != slim):
                trial.complain(f"{name}, a bit at {at}", f"status {done.returncode}", done)
            done = run("pcap-verify", "--accept", kind, "--original", plain, path)
            if done.returncode not in (0, 1) or (done.returncode == 0 and run(*UNPACK[kind], data=bad).stdout != data):
                trial.complain(f"{name}, a bit at {at}", f"the witness says {done.returncode}", done)


def main():
    what, kind, capture = sys.argv[1:4]
    data = pathlib.Path(capture).read_bytes()
    trial = Trial()
    if what == "good":
        try_good(trial, kind, data, pathlib.Path(sys.argv[4]).read_bytes())
    elif what == "bad":
        try_bad(trial, kind, data)
    elif what == "cut":
        try_cut(trial, kind, data)
    else:
        try_flip(trial, kind, data)
    if trial.tried < 5:
        raise SystemExit("hardly anything was tried")
    sys.exit(1 if trial.wrong else 0)


if __name__ == "__main__":
    main()
