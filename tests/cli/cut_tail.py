#!/usr/bin/python3
"""Captures that end anywhere, as after a crash, through the filters with --cut-tail keep.

    cut_tail.py sweep IN OPTION...     cut in every header of a record, behind it and before its end, the slim must be that
                                       of the whole records and then the rest of the bytes; the witness must find it good,
                                       and no other tail
    cut_tail.py whole IN               how many bytes of IN are whole records

Where records end is found here by itself.
"""

import os
import struct
import subprocess
import sys
import tempfile

FILE_HEADER = 24


def ends(data):
    """The offsets at which a capture may end with a whole record."""
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return block_ends(data)
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = FILE_HEADER
    found = [at]
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        if at <= len(data):
            found.append(at)
    return found


def block_ends(data):
    at, order, found = 0, "<", [0]
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = ">" if data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
        at += struct.unpack_from(order + "I", data, at + 4)[0]
        if at <= len(data):
            found.append(at)
    return found


def lengths(data, boundaries):
    """Where to cut: the first bytes of each record, some in the middle, the last ones."""
    for begin, end in zip(boundaries, boundaries[1:]):
        for n in range(max(begin + 1, FILE_HEADER + (data[0] == 0x0A) * 4), end):
            if n - begin <= 20 or end - n <= 4 or (n - begin) % 97 == 0:
                yield n


def run(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=False)


def sweep(path, options):
    with open(path, "rb") as file:
        data = file.read()
    truncate = ["pcap-truncate", "--accept", "all", *options]
    boundaries = ends(data)
    is_plain = not options and data[:4] == b"\xd4\xc3\xb2\xa1"
    cut = list(lengths(data, boundaries))[:: 1 if is_plain else 3]  # the places are alike in each mode and byte order
    slims = {}
    for number, n in enumerate(cut):
        whole = max(b for b in boundaries if b <= n)
        if whole not in slims:
            slims[whole] = run(truncate, data[:whole]).stdout if whole > 0 else b""
        done = run([*truncate, "--cut-tail", "keep"], data[:n])
        if done.returncode != 0 or done.stdout != slims[whole] + data[whole:n]:
            sys.exit(f"{path} {options}: wrong at length {n}: {done.stderr.decode()}")
        refused = run(truncate, data[:n]) if number % 4 == 0 else None
        if refused and (refused.returncode != 1 or b"--cut-tail keep" not in refused.stderr):
            sys.exit(f"{path} {options}: not refused at length {n}: {refused.stderr.decode()}")
    for n in (cut[0], cut[len(cut) // 3], cut[-16], cut[-1]):
        judge(data[:n], slims[max(b for b in boundaries if b <= n)], n - max(b for b in boundaries if b <= n), options)
    print(len(cut))


def judge(original, slim, tail_bytes, options):
    """The witness, over files: good is the tail as it was and nothing else."""
    tail = original[-tail_bytes:]
    wrong = [b"", tail[:-1], tail + b"\0", bytes([tail[0] ^ 1]) + tail[1:], tail[:-1] + bytes([tail[-1] ^ 0x80])]
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "original")
        with open(name, "wb") as file:
            file.write(original)
        verify = ["pcap-verify", "--cut-tail", "keep", "--original", name, *options]
        if run(verify, slim + tail).returncode != 0:
            sys.exit(f"the witness refuses a tail of {tail_bytes}: {run(verify, slim + tail).stderr.decode()}")
        if run(["pcap-verify", "--original", name, *options], slim + tail).returncode != 1:
            sys.exit(f"the witness takes a tail of {tail_bytes} by itself")
        for other in wrong:
            if run(verify, slim + other).returncode != 1:
                sys.exit(f"the witness takes {other!r} for a tail of {tail_bytes}: {tail!r}")


def main(arguments):
    if arguments[0] == "sweep":
        sweep(arguments[1], arguments[2:])
    else:
        with open(arguments[1], "rb") as file:
            print(ends(file.read())[-1])


main(sys.argv[1:])
