#!/usr/bin/env python3
"""Inputs for the harnesses out of the fixtures.

seeds.py FIXTURES OUT           makes OUT/<harness>/ of all of them
seeds.py --frames FIXTURES OUT  of the table of frames, frames.txt, alone
"""

import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
import blocks  # pylint: disable=wrong-import-position

# Link types by their places in the table of lib/packet/link.c, by which inputs of the harness `tunnel` name them.
LINKS = [1, 0, 108, 101, 12, 14, 228, 229, 9, 50, 51, 104, 113, 276, 117, 239, 107, 105, 127, 119]

SMALL = 6000  # captures up to this many bytes go in whole, of larger ones the beginning


def order(header):
    return ">" if header[0] == 0xA1 else "<"


def records(data):
    """(record header, frame) of a capture, as far as it is whole."""
    at = 24
    while at + 16 <= len(data):
        caplen = struct.unpack(order(data) + "I", data[at + 8 : at + 12])[0]
        if at + 16 + caplen > len(data):
            return
        yield data[at : at + 16], data[at + 16 : at + 16 + caplen]
        at += 16 + caplen


def beginning(data):
    if len(data) <= SMALL:
        return data
    out = data[:24]
    for header, frame in records(data):
        if len(out) + 16 + len(frame) > SMALL:
            break
        out += header + frame
    return out


def put_table(out, table):
    """Its frames, and pairs of a frame and what is left of it, the place where the one ends in front."""
    for number, line in enumerate(table.read_text("ascii").splitlines()):
        if not line or line.startswith("#"):
            continue
        link, frame, slim, _ = line.split(" ", 3)
        frame = bytes.fromhex(frame.replace("-", ""))
        link = int(link.split("+")[0])
        if link in LINKS:
            put(out, "tunnel", f"row-{number:03}", bytes([LINKS.index(link), number % 6]) + frame)
        if link != 1:
            continue
        slim = b"" if slim == "kept" else bytes.fromhex(slim)
        put(out, "frame", f"row-{number:03}", frame)
        put(out, "witness_frame", f"row-{number:03}", len(slim).to_bytes(2, "big") + slim + frame)


def put_blocks(out, frames):
    """pcapng of random blocks, and what to make blocks of: a letter, a length, a frame."""
    for seed in range(12):
        maker = blocks.Maker(seed, "tame")
        data = maker.make()
        ends = [at for at, _, _, _ in blocks.blocks(data)] + [len(data)]
        put(out, "blocks", f"made-{seed:02}", data[: max(end for end in ends if end <= 2 * SMALL)])
    for number in range(0, len(frames), 40):
        some = frames[number : number + 8]
        letters = bytes([4, 12, 20, 68, 28, 3, 4, 4])
        body = b"".join(
            bytes([letter]) + len(frame).to_bytes(2, "big") + frame for letter, frame in zip(letters, some))
        put(out, "blocks", f"told-{number:05}", bytes([number // 40 % 2]) + b"\x41\0\0" + body)


PACKERS = {
    "gzip": ["gzip -c", "gzip -9c"],
    "zstd": ["zstd -qc", "zstd -qc --no-check -9", "zstd -qc --single-thread -B1000"],
    "lz4": ["lz4 -qc", "lz4 -qc -B4 -BD -BX", "lz4 -qc --content-size --no-frame-crc"],
    "xz": ["xz -0c", "xz -0c --check=sha256", "xz -0c --block-size=700"],
}


def put_packed(out, captures):
    """Files of the tools' own, one and several together, and scripts with every letter alone and in company."""
    texts = [captures[i % len(captures)] for i in range(4)]
    for harness, commands in PACKERS.items():
        packed = [
            subprocess.run(c.split(), input=t, stdout=subprocess.PIPE, check=True).stdout
            for c in commands for t in texts[:2]
        ]
        for number, data in enumerate(packed + [b"".join(packed)]):
            put(out, harness, f"tool-{number}", bytes([0x80 | number % 8 | 0x38]) + data)
        letters = [kind | flags for kind in range(8) for flags in (0, 0x58, 0xA8)]
        words = [letter_and(letter, texts[letter % 4]) for letter in letters]
        for letter, word in zip(letters, words):
            put(out, harness, f"letter-{letter:02x}", bytes([letter & 0x3F]) + words[0] + word + words[3])
        for number in range(4):
            some = b"".join(words[number::4])
            put(out, harness, f"words-{number}", bytes([number]) + some)
    for number in range(12):
        zstd = [letter_and(kind, texts[kind % 4]) for kind in (0x18, 3, 0x0A, 0x1A, 0x09, 0x0B)]
        put(out, "indexed", f"{number}", bytes([40 * number % 256, number, 7 + number, 99, number]) + b"".join(zstd))


def letter_and(letter, text):
    some = text[: 20 + letter * 37 % 300]
    return bytes([letter]) + len(some).to_bytes(2, "big") + some


def main():
    table_alone = sys.argv[1] == "--frames"
    fixtures, out = map(pathlib.Path, sys.argv[1 + table_alone :][:2])
    put_table(out, fixtures / "frames.txt")
    if table_alone:
        return
    frames = set()
    for path in sorted(fixtures.glob("*.pcap")):
        data = path.read_bytes()
        for harness, tail in (("framing", b""), ("slim", b""), ("witness", b"\0\x50\1")):
            put(out, harness, path.stem, beginning(data) + tail)
        if path.name.startswith("good-") and data[:24] and len(data) > 24:
            frames |= {frame for _, frame in records(data) if len(frame) < 700}
    for number, frame in enumerate(sorted(frames)):
        put(out, "frame", f"{number:05}", frame)
        if number % 3 == 0:
            put(out, "witness_frame", f"{number:05}", b"\0\7" + frame)
    put_blocks(out, sorted(frames))
    put_packed(out, [path.read_bytes()[:1500] for path in sorted(fixtures.glob("good-real-*.pcap"))])
    for path in sorted((pathlib.Path(__file__).parent / "records").glob("*")):
        put(out, "record", path.name, path.read_bytes())


def put(out, harness, name, data):
    folder = out / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


main()
