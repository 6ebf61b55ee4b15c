#!/usr/bin/python3
"""Indexed zstd, as Arkime writes it: independent frames, each beginning with a record, addressed by the offset of the frame
and the offset within.

    indexed.py make CAPTURE OUT FRAME_BYTES [OPTION...]   frames of at least so many bytes, by zstd with these options
    indexed.py judge CAPTURE.zst SLIM.zst SLIM            every record of SLIM, a plain savefile, is found in SLIM.zst where
                                                          the index of CAPTURE.zst says; what fills the rooms is zeros.
                                                          Prints how many frames are others than before
    indexed.py move SLIM.zst OUT | pad SLIM.zst OUT       a frame moved by an empty skippable frame; padding not zero

Frames are found here by their headers (RFC 8878, section 3.1), and unpacked each by itself with the tool zstd.
"""

import os
import struct
import subprocess
import sys
import tempfile


def tool(*words, data):
    return subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def records(data):
    """Offsets at which a record begins, and the end."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at < len(data):
        yield at
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
    yield at


def frames(data):
    """(offset, length, is it skippable) of each."""
    at = 0
    while at < len(data):
        begin = at
        magic, second = struct.unpack_from("<II", data, at)
        if magic & 0xFFFFFFF0 == 0x184D2A50:
            at += 8 + second
            yield begin, at - begin, True
            continue
        assert magic == 0xFD2FB528, hex(magic)
        flags = data[at + 4]
        single = flags >> 5 & 1
        at += 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + ((1 if single else 0), 2, 4, 8)[flags >> 6]
        last = False
        while not last:
            block = int.from_bytes(data[at : at + 3], "little")
            last = bool(block & 1)
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
        at += 4 if flags & 4 else 0
        yield begin, at - begin, False


def make(capture, out, frame_bytes, *options):
    data = open(capture, "rb").read()
    begin = 0
    with open(out, "wb") as file:
        for at in records(data):
            if at - begin >= int(frame_bytes) or at == len(data):
                file.write(tool("zstd", "-q", "-c", *options, data=data[begin:at]))
                begin = at


def contents(data, places):
    """What is in each of the frames at (offset, length): of one process, which takes a file for each."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, f"{n:06}") for n in range(len(places))]
        for name, (offset, length, _) in zip(names, places):
            with open(name + ".zst", "wb") as file:
                file.write(data[offset : offset + length])
        subprocess.run(["zstd", "-dq", *(name + ".zst" for name in names)], check=True)
        for name in names:
            with open(name, "rb") as file:
                yield file.read()


def judge(before, after, slim):
    before, after, slim = (open(name, "rb").read() for name in (before, after, slim))
    assert len(before) == len(after), "another length"
    changed = at = 0
    starts = set(records(slim)) | {0}
    old = [f for f in frames(before) if not f[2]]
    new = [f for f in frames(after) if not f[2]]
    assert [f[0] for f in old] == [f[0] for f in new], "frames have moved"
    for (offset, old_bytes, _), (_, new_bytes, _), content in zip(old, new, contents(after, new)):
        assert at in starts, "a frame does not begin with a record"
        assert content == slim[at : at + len(content)], f"the frame at {offset} has other records"
        at += len(content)
        changed += before[offset : offset + old_bytes] != after[offset : offset + new_bytes]
    assert at == len(slim), "records are missing"
    for offset, length, skippable in frames(after):
        rest = after[offset + 8 : offset + length]
        assert not skippable or rest == bytes(len(rest)) or rest == before[offset + 8 : offset + length], "no zeros"
    print(changed)


def first_padding(data):
    return next((at, length) for at, length, skippable in frames(data) if skippable and length > 16)


def move(slim, out):
    data = open(slim, "rb").read()
    at, length = first_padding(data)
    empty = struct.pack("<II", 0x184D2A50, 0)
    begin = max(f[0] for f in frames(data) if f[0] < at)
    less = struct.pack("<II", 0x184D2A50, length - 16) + bytes(length - 16)
    open(out, "wb").write(data[:begin] + empty + data[begin:at] + less + data[at + length :])


def pad(slim, out):
    data = bytearray(open(slim, "rb").read())
    at, length = first_padding(data)
    data[at + length - 1] = 1
    open(out, "wb").write(data)


if __name__ == "__main__":
    {"make": make, "judge": judge, "move": move, "pad": pad}[sys.argv[1]](*sys.argv[2:])
