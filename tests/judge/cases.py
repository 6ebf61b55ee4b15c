"""Captures made by hand, each with the readable ranges of its payloads: what the program does to them. For judge.py --cases.

NAME.must-stay has lines of packet number (from 1), first byte, byte behind the last, in the payload of the transport; of ESP
the payload is that of IP. A capture without such a file: `null` in its name says that nothing of it may go; of merged
WireGuard datagrams the handshake messages must stay; of the others something must go.
"""

import os
import struct
import subprocess

import layouts

MOST_LEFT = 0.6  # of a capture that is encrypted for the most part, in bytes of the file


def payload_at(frame):
    """Where the payload of the transport begins, of Ethernet; None where there is none."""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    if frame[at:at + 2] != b"\x08\x00":
        return None
    at += 2
    protocol, at = frame[at + 9], at + 4 * (frame[at] & 15)
    if protocol == 6:
        return at + 4 * (frame[at + 12] >> 4)
    return at + 8 if protocol == 17 else at


def wireguard_ranges(frames):
    """Handshake messages, wherever they stand in a datagram."""
    for n, frame in enumerate(frames):
        begin = payload_at(frame)
        if begin is None:
            continue
        for kind, length in ((1, 148), (2, 92)):
            at = frame.find(struct.pack("<I", kind), begin)
            if at >= 0 and at + length == len(frame):
                yield n + 1, at - begin, len(frame) - begin


def judge(program, path):
    """Returns what is wrong, as lines, and a note."""
    with open(path, "rb") as file:
        data = file.read()
    frames = list(layouts.records(data))
    done = subprocess.run([program, "--policy", "flow", path], stdout=subprocess.PIPE, check=True)
    slim = list(layouts.records(done.stdout))
    if len(slim) != len(frames):
        return [f"{len(frames)} packets become {len(slim)}"], ""
    note = f"{len(data)} bytes become {len(done.stdout)}"
    ranges, name = path[:-len(".pcap")] + ".must-stay", os.path.basename(path)
    must_shrink = False
    if os.path.exists(ranges):
        with open(ranges, encoding="ascii") as file:
            stays = [tuple(map(int, line.split())) for line in file if line.strip()]
        # all else is ciphertext, so a capture with enough of that must become smaller, unless it is content of what is readable
        payload = sum(len(frame) - (payload_at(frame) or len(frame)) for frame in frames)
        must_shrink = sum(end - begin for _, begin, end in stays) < payload // 2 and "pcap_over" not in name
    elif "null" in name:
        stays = [(n + 1, 0, len(frame) - payload_at(frame)) for n, frame in enumerate(frames)]
    elif "wireguard" in name:
        stays = list(wireguard_ranges(frames))
    else:
        stays, must_shrink = [], True
    wrong, lost = [], 0
    for number, begin, end in stays:
        left = len(slim[number - 1]) - payload_at(frames[number - 1])
        lost += max(0, end - max(begin, left))
    if lost:
        wrong.append(f"{lost} readable bytes cut")
    if must_shrink and len(done.stdout) > MOST_LEFT * len(data):
        wrong.append(f"encrypted, and {note}")
    return wrong, note


def main(program, folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".pcap"))
    failed = 0
    for number, name in enumerate(names, 1):
        wrong, note = judge(program, os.path.join(folder, name))
        print(f"{'not ok' if wrong else 'ok'} {number} - {name} # {note}")
        for line in wrong:
            print(f"#   {line}")
        failed += bool(wrong)
    print(f"1..{len(names)}")
    print(f"# {len(names)} captures, {failed} not as they should be")
    return 1 if failed or not names else 0
