#!/usr/bin/python3
"""What the command line tests need and no common tool does.

    kit.py drip FILE              FILE to standard output in pieces of 1 to 7 bytes, each only
                                  when the reader has taken the one before
    kit.py terminal COMMAND...    run COMMAND with a terminal as standard input and output; print
                                  its standard error and leave with its status
    kit.py peak COMMAND...        run COMMAND; its peak memory in KiB goes to the file $PEAK
    kit.py big cleartext|tls N    a capture of three packets, the second captured with N bytes:
                                  cleartext is kept whole; tls is a small packet in a frame of N
    kit.py patch FILE OFFSET HEX  overwrite bytes of FILE
    kit.py setxattr FILE NAME VALUE, kit.py getxattr FILE NAME
"""

import fcntl
import os
import pty
import resource
import struct
import subprocess
import sys
import termios
import time


def drip(path):
    with open(path, "rb") as file:
        data = file.read()
    unread = bytearray(4)
    at = piece = 0
    while at < len(data):
        piece = piece % 7 + 1
        os.write(1, data[at : at + piece])
        at += piece
        deadline = time.monotonic() + 30
        while fcntl.ioctl(1, termios.FIONREAD, unread) == 0 and any(unread):
            if time.monotonic() > deadline:
                sys.exit("drip: nobody reads")
            os.sched_yield()


def terminal(command):
    ours, theirs = pty.openpty()
    done = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(theirs)
    os.close(ours)
    sys.stdout.buffer.write(done.stderr)
    return done.returncode


def peak(command):
    status = subprocess.run(command, check=False).returncode
    with open(os.environ["PEAK"], "w", encoding="ascii") as file:
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)
    return status


def tcp_frame(port, payload):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 1, 0, 64, 6, 0, b"\xc6\x33\x64\x01", b"\xc6\x33\x64\x02")
    tcp = struct.pack(">HHIIBBHHH", 40000, port, 1, 1, 5 << 4, 0x18, 512, 0, 0)
    return b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0" + ip + tcp + payload


def big(kind, size):
    tls = bytes([0x17, 3, 3]) + bytes(range(97))
    small = tcp_frame(443, tls)
    large = small if kind == "tls" else tcp_frame(80, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    filler = bytes(range(256)) * (size // 256 + 1)
    large += filler[: size - len(large)]
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    for second, frame in enumerate((small, large, small)):
        out.write(struct.pack("<IIII", 1700000000 + second, 0, len(frame), len(frame)))
        out.write(frame)


def patch(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "drip":
        drip(arguments[0])
    elif what == "terminal":
        return terminal(arguments)
    elif what == "peak":
        return peak(arguments)
    elif what == "big":
        big(arguments[0], int(arguments[1]))
    elif what == "patch":
        patch(arguments[0], int(arguments[1]), bytes.fromhex(arguments[2]))
    elif what == "setxattr":
        os.setxattr(arguments[0], arguments[1], os.fsencode(arguments[2]))
    elif what == "getxattr":
        print(os.getxattr(arguments[0], arguments[1]).decode())
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
