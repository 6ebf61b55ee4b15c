"""Savefiles and the programs that read them, for the scripts beside this one."""

import os
import struct

FILE_HEADER_BYTES, RECORD_HEADER_BYTES = 24, 16
ORDERS = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}


def program(name):
    """The path of a program: in the folder that PCAP_SLIM_BIN names, or in build/bin beside this script's folder."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.path.join(os.environ.get("PCAP_SLIM_BIN", os.path.join(here, "build", "bin")), name)


def files(folder):
    """The paths of all files in a folder and below, in order."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(where, name)


def captures(folder):
    """The paths of those that are called captures."""
    return (path for path in files(folder) if path.endswith((".pcap", ".pcapng", ".cap")))


def records(data):
    """The records of a savefile, headers included."""
    order, at = ORDERS[data[:4]], FILE_HEADER_BYTES
    while at + RECORD_HEADER_BYTES <= len(data):
        end = at + RECORD_HEADER_BYTES + struct.unpack_from(order + "I", data, at + 8)[0]
        yield data[at:end]
        at = end


def pieces(data, count):
    """Savefiles that make up a savefile, of about the same size, as a rotating writer makes them."""
    room = (len(data) - FILE_HEADER_BYTES) / count
    out, used = [[] for _ in range(count)], 0
    for record in records(data):
        out[min(count - 1, int(used / room))].append(record)
        used += len(record)
    return [data[:FILE_HEADER_BYTES] + b"".join(piece) for piece in out if piece]
