#!/usr/bin/python3
"""Does the policy `flow` keep what is readable, and cut what is encrypted, in conversations made for it?

    conversations.py PCAP-TRUNCATE [-v]

What is readable follows from how a conversation is made (protocols_tcp.py, protocols_udp.py), so nothing of ours judges
itself. Each is laid into packets in many ways. In all of them every readable byte must stay; where nothing is missing,
encrypted bytes must go. Prints TAP.
"""

import collections
import os
import struct
import subprocess
import sys
import tempfile

import protocols_tcp
import protocols_udp
from talks import SECRET, Disturbed, Layout, SplitHeaders, stays, write_capture

FLOOR = 24
NOT_WORTH_IT = 8  # a cut that would save no more is not made
MUST_GO = 0.95


def read_lengths(data):
    at, lengths = 24, []
    while at < len(data):
        lengths.append(struct.unpack_from("<I", data, at + 8)[0])
        at += 16 + lengths[-1]
    return lengths


def judge(program, path, talks, layout, together, options):
    """Returns what is wrong, as lines."""
    written = write_capture(path, talks, layout, together)
    done = subprocess.run([program, "--policy", "flow", *options, path], stdout=subprocess.PIPE, check=True)
    lengths = read_lengths(done.stdout)
    whole = layout.certain and not options
    wrong = [] if len(lengths) == len(written) else [f"{len(written)} packets become {len(lengths)}"]
    gone, could_go = collections.Counter(), collections.Counter()
    for n, ((packet, header_bytes), length) in enumerate(zip(written, lengths)):
        kept = length - header_bytes
        must = stays(packet.labels)
        if packet.talk.needs_beginning and not whole:
            continue
        if kept < must:
            wrong.append(f"{packet.talk.name}: packet {n + 1} keeps {kept} of {must} readable bytes")
        elif kept < len(packet.payload) and not packet.talk.cuts and SECRET not in packet.labels:
            wrong.append(f"{packet.talk.name}: packet {n + 1} is cut, and nothing in it is encrypted")
        floor = must + FLOOR + NOT_WORTH_IT
        if len(packet.payload) > floor:
            could_go[packet.talk] += len(packet.payload) - must - FLOOR
            gone[packet.talk] += len(packet.payload) - kept
    if whole:
        for talk in talks:
            partial = isinstance(layout, SplitHeaders) and talk.keeps_partial_heads
            if talk.cuts and not partial and gone[talk] < MUST_GO * could_go[talk]:
                wrong.append(f"{talk.name}: only {gone[talk]} of {could_go[talk]} encrypted bytes go")
    return wrong, sum(gone.values()), sum(could_go.values())


def layouts():
    for size in (1460, 536, 211, 100):
        yield Layout(size), False, []
    yield Layout(1460, 0xFFFFF000), False, []
    yield Layout(700, 0x7FFFFFFF), False, []
    for behind in range(1, 7):
        yield SplitHeaders(behind), False, []
        yield SplitHeaders(behind, first=True), False, []
    yield Layout(), True, []
    for flows in (1, 3, 20):
        yield Layout(700), True, ["--flows", str(flows)]
    for seed in range(8):
        yield Disturbed(seed, 0), seed % 2 == 1, []
        yield Disturbed(seed, 10), seed % 2 == 1, []
        yield Disturbed(seed, 10, syn=False), seed % 2 == 1, []


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    failed = number = 0
    talks = list(protocols_tcp.all_talks()) + list(protocols_udp.all_talks())
    with tempfile.TemporaryDirectory() as scratch:
        for layout, together, options in layouts():
            number += 1
            path = os.path.join(scratch, "talks.pcap")
            wrong, gone, could_go = judge(arguments[0], path, talks, layout, together, options)
            name = f"{layout.name}{', all at once' if together else ''} {' '.join(options)}".rstrip()
            print(f"{'not ' if wrong else ''}ok {number} - {len(talks)} conversations: {name}")
            if "-v" in arguments:
                print(f"#   {gone} of {could_go} encrypted bytes go")
            for line in wrong[:20]:
                print("#   " + line)
            failed += bool(wrong)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
