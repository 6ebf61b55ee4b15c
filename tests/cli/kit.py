#!/usr/bin/python3
"""What the command line tests need and no common tool does.

    kit.py drip FILE              FILE to standard output in pieces of 1 to 7 bytes, each only
                                  when the reader has taken the one before
    kit.py terminal COMMAND...    run COMMAND with a terminal as standard input and output; print
                                  its standard error and leave with its status
    kit.py screen SIZES COMMAND...
                                  run COMMAND with a terminal as standard output and error; what it
                                  wrote goes to the file $SCREEN_RAW, what is left on the screen at
                                  the end to standard output. SIZES: its columns, "80"; with more,
                                  "80,40", the window changes to the next once a line was drawn
    kit.py metrics FILE           the samples of a file in Prometheus' text format, strictly parsed
    kit.py peak COMMAND...        run COMMAND; its peak memory in KiB goes to the file $PEAK
    kit.py big cleartext|tls N    a capture of three packets, the second captured with N bytes:
                                  cleartext is kept whole; tls is a small packet in a frame of N
    kit.py patch FILE OFFSET HEX  overwrite bytes of FILE
    kit.py setxattr FILE NAME VALUE, kit.py getxattr FILE NAME
"""

import fcntl
import os
import pty
import re
import resource
import select
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


def shown(pieces):
    """
    What is on a screen (that is tall enough) after pieces of output, each with the window's width at that time. It breaks
    lines anew when the window changes, as most terminals do: the cursor stays on its character. A line here is what ends
    with a newline, however many rows it takes.
    """
    lines, row, column = [[]], 0, 0
    for columns, token in ((c, t) for c, data in pieces for t in re.findall(rb"\x1b\[[0-9;]*[A-Za-z]|[\x00-\xff]", data)):
        if token == b"\r":
            column -= column % columns
        elif token == b"\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append([])
        elif token == b"\x1b[J":
            del lines[row + 1 :]
            del lines[row][column:]
        elif token.startswith(b"\x1b["):
            if not token.endswith(b"m"):
                sys.exit(f"screen: unknown sequence {token}")
        else:
            lines[row].extend(b" " * (column + 1 - len(lines[row])))
            lines[row][column] = token[0]
            column += 1
    return b"\n".join(bytes(line).rstrip() for line in lines).rstrip(b"\n") + b"\n"


def screen(sizes, command):
    sizes = [int(size) for size in sizes.split(",")]
    ours, theirs = pty.openpty()

    def resize(columns):
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 100, columns, 0, 0))

    resize(sizes[0])
    # A session of its own with the terminal as its controlling one, so that SIGWINCH finds the command.
    def prepare():
        os.setsid()
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)

    done = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, preexec_fn=prepare)
    os.close(theirs)
    data, left, since, pieces = b"", sizes[1:], 0, []
    deadline = time.monotonic() + 60
    while True:
        if not select.select([ours], [], [], 1)[0]:
            if time.monotonic() > deadline:
                done.kill()
                sys.exit("screen: no end")
            continue
        try:
            piece = os.read(ours, 4096)
        except OSError: # EIO: everybody has closed it
            break
        if not piece:
            break
        data += piece
        if left and b"\x1b[J\r" in data[since:]:
            pieces.append((sizes[-1 - len(left)], data[since:]))
            since = len(data)
            resize(left.pop(0))
    with open(os.environ["SCREEN_RAW"], "wb") as file:
        file.write(data)
    pieces.append((sizes[-1 - len(left)], data[since:]))
    sys.stdout.buffer.write(shown(pieces))
    return done.wait()


METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*\}'


def metrics(path):
    """The text format 0.0.4: every sample under a HELP and a TYPE of its name, no series twice, a newline at the end."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.endswith("\n"):
        sys.exit("metrics: no newline at the end")
    helped, typed, finished, current, series = set(), set(), set(), None, set()
    for line in text.splitlines():
        if match := re.fullmatch(rf"# HELP ({METRIC}) \S.*", line):
            if match[1] in helped:
                sys.exit(f"metrics: twice: {line}")
            helped.add(match[1])
            if current is not None:
                finished.add(current)
            current = match[1]
        elif match := re.fullmatch(rf"# TYPE ({METRIC}) (gauge|counter)", line):
            if match[1] != current or match[1] in typed:
                sys.exit(f"metrics: out of place: {line}")
            typed.add(match[1])
        elif match := re.fullmatch(rf"({METRIC})((?:{LABELS})?) (\S+)", line):
            float(match[3])
            if match[1] != current or match[1] not in typed or match[1] in finished or match[1] + match[2] in series:
                sys.exit(f"metrics: out of place: {line}")
            series.add(match[1] + match[2])
        else:
            sys.exit(f"metrics: no line of the format: {line}")
    print("\n".join(sorted(line for line in text.splitlines() if not line.startswith("#"))))


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
    elif what == "screen":
        return screen(arguments[0], arguments[1:])
    elif what == "metrics":
        metrics(arguments[0])
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
