#!/usr/bin/python3
"""Does the policy `flow` keep all that is readable, and does what is proven go? Judged by what each conversation is made of.

    judge.py                    every conversation, each layout and port; TAP, one test a conversation
    judge.py --list             the conversations
    judge.py --only NAME        those whose name contains NAME (may be repeated)
    judge.py --kind KIND        readable, null, mixed or proven (may be repeated)
    judge.py --seed N           other sizes, contents and segments
    judge.py --random N         N rounds, each with a seed that is drawn and printed
    judge.py --cases DIR        captures made by hand, with NAME.must-stay beside them
    judge.py --keep DIR         leaves the captures there, to look at
    judge.py --figures          for each conversation with ciphertext, how much of it goes in each layout
    judge.py -v                 every instance that loses something

Environment: BIN_DIR (default build/bin).
"""

import argparse
import collections
import os
import random
import subprocess
import sys
import tempfile

import cases
import catalogue_binary
import catalogue_dtls
import catalogue_media
import catalogue_mixed
import catalogue_null
import catalogue_proven
import catalogue_tcp
import catalogue_udp
import catalogue_windows
from layouts import LAYOUTS, WHOLE, Capture, ports_of, records
from talk import BEFORE_SECRETS, MUST_NOT_GO, SECRETS

CATALOGUES = [module.catalogue for module in (catalogue_udp, catalogue_media, catalogue_tcp, catalogue_binary,
        catalogue_windows,
                                              catalogue_null, catalogue_dtls, catalogue_mixed, catalogue_proven)]
FLOOR_BYTES = 24  # what the program leaves of a packet in any case
NOT_WORTH_IT_BYTES = 8  # a cut that would save no more is not made
CAPTURE_BYTES = 24 << 20  # then the next one is begun


class Instance:
    """One conversation on one port in one layout, and what became of it."""

    def __init__(self, entry, layout, port):
        self.entry, self.layout, self.port = entry, layout, port
        self.lost_bytes = self.lost_packets = 0  # readable
        self.gone_bytes = self.could_go_bytes = 0  # ciphertext
        self.wrong = set()

    @property
    def name(self):
        return f"{self.entry.name}, {self.layout}, port {self.port}"

    def judge(self, packet, header_bytes, kept):
        labels, payload = packet.labels, packet.payload
        left = len(kept) - header_bytes
        if left < 0:
            self.wrong.add("headers cut")
            left = 0
        elif kept[header_bytes:] != payload[:left]:
            self.wrong.add("payload changed")
        first_secret = labels.find(SECRETS)
        heads = labels.rfind(BEFORE_SECRETS, 0, first_secret if first_secret >= 0 else len(labels))
        must = max(labels.rfind(MUST_NOT_GO), heads) + 1
        if left < must:
            self.lost_packets += 1
            self.lost_bytes += labels.count(MUST_NOT_GO, left) + max(0, heads + 1 - left)
        if first_secret >= 0 and len(payload) > must + FLOOR_BYTES + NOT_WORTH_IT_BYTES:
            reach = must + FLOOR_BYTES
            self.could_go_bytes += labels.count(SECRETS, reach)
            self.gone_bytes += labels.count(SECRETS, max(left, reach))


def planned(chosen, seed):
    """(instance, entry, talk, layout, pair, rng) for everything that is to be tried."""
    for entry in chosen:
        talk = entry.talk(seed)
        rng = random.Random(f"{seed}/{entry.name}/layouts")
        for pair in ports_of(entry, rng):
            for layout in LAYOUTS:
                if entry.is_tried_in(layout):
                    yield Instance(entry, layout, pair[0]), entry, talk, layout, pair, rng


def run(program, capture, path):
    capture.write(path)
    done = subprocess.run([program, "--policy", "flow", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{program}: status {done.returncode}: {done.stderr.decode(errors='replace')}")
    slim = list(records(done.stdout))
    if len(slim) != len(capture.known):
        raise SystemExit(f"{path}: {len(capture.known)} packets become {len(slim)}")
    for (instance, packet, header_bytes), kept in zip(capture.known, slim):
        instance.judge(packet, header_bytes, kept)


def try_all(program, chosen, seed, folder):
    """Returns the instances of each entry, judged."""
    instances = collections.defaultdict(list)
    capture, number, captures = Capture(), 0, 0

    def finish():
        nonlocal capture, captures
        run(program, capture, os.path.join(folder, f"judge-{seed}-{captures}.pcap"))
        capture, captures = Capture(), captures + 1

    for instance, entry, talk, layout, pair, rng in planned(chosen, seed):
        number += 1
        capture.add(instance, number, entry, talk, layout, pair, rng)
        instances[entry].append(instance)
        if capture.size_bytes > CAPTURE_BYTES:
            finish()
    finish()
    return instances


def share(instances):
    could = sum(instance.could_go_bytes for instance in instances)
    return sum(instance.gone_bytes for instance in instances) / could if could else None


def percent(value):
    return "  -  " if value is None else f"{100 * value:5.1f}"


def report(instances, options, counts):
    """One TAP line an entry; counts are updated."""
    for entry, tried in instances.items():
        counts["tests"] += 1
        losing = [instance for instance in tried if instance.lost_bytes or instance.wrong]
        whole = share([instance for instance in tried if instance.layout in WHOLE])
        lost = sum(instance.lost_bytes for instance in losing)
        too_little = entry.least_cut is not None and (whole or 0) < entry.least_cut
        notes = f" # {percent(whole).strip()} % of its ciphertext goes" if entry.least_cut is not None else ""
        print(f"{'not ok' if losing or too_little else 'ok'} {counts['tests']} - {entry.name}{notes}")
        if losing:
            worst = collections.Counter()
            for instance in losing:
                worst[instance.layout] += 1
            print(f"#   {lost} readable bytes cut, in {len(losing)} of {len(tried)} instances: "
                  + ", ".join(f"{layout} {count}" for layout, count in worst.items())
                  + "; ports " + " ".join(sorted({instance.port for instance in losing})))
            for wrong in sorted(set().union(*[instance.wrong for instance in losing])):
                print(f"#   {wrong}")
            if options.verbose:
                for instance in losing:
                    print(f"#     {instance.name}: {instance.lost_bytes} in {instance.lost_packets} packets")
        if too_little:
            print(f"#   only {percent(whole).strip()} % of its ciphertext goes, seen whole; at least {100 * entry.least_cut:.0f} % should")
        if options.figures and share(tried) is not None:
            print("#   goes, in %: " + ", ".join(
                f"{layout} {percent(share([i for i in tried if i.layout == layout])).strip()}" for layout in LAYOUTS))
        counts["failed"] += bool(losing or too_little)
        counts["lost bytes"] += lost
        counts["losing"] += bool(losing)
        counts["uncut"] += too_little
        counts["instances"] += len(tried)
        counts["gone"] += sum(instance.gone_bytes for instance in tried)
        counts["could go"] += sum(instance.could_go_bytes for instance in tried)


def parsed(arguments):
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", type=int)
    parser.add_argument("--cases")
    parser.add_argument("--keep")
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args(arguments)


def main(arguments):
    options = parsed(arguments)
    program = os.path.join(os.environ.get("BIN_DIR") or "build/bin", "pcap-truncate")
    if options.cases:
        return cases.main(program, options.cases)
    entries = [(catalogue.kind, entry) for catalogue in CATALOGUES for entry in catalogue.entries]
    names = collections.Counter(entry.name for _, entry in entries)
    assert max(names.values()) == 1, names.most_common(1)
    chosen = [(kind, entry) for kind, entry in entries if (not options.kind or kind in options.kind) and
              (not options.only or any(part in entry.name for part in options.only))]
    if options.list:
        for kind, entry in chosen:
            print(f"{kind:9}{entry.transport:4} {entry.name}")
        print(f"{len(chosen)} conversations, {len(LAYOUTS)} layouts")
        return 0
    if not chosen:
        print("no such conversation: see --list", file=sys.stderr)
        return 2
    seeds = range(options.seed, options.seed + 1)
    if options.random:
        first = random.SystemRandom().randrange(1 << 30)
        seeds = range(first, first + options.random)
    counts = collections.Counter()
    for seed in seeds:
        with tempfile.TemporaryDirectory() as scratch:
            print(f"# seed {seed}")
            report(try_all(program, [entry for _, entry in chosen], seed, options.keep or scratch), options, counts)
    print(f"1..{counts['tests']}")
    print(f"# {counts['tests']} conversations in {counts['instances']} instances: {counts['losing']} lose readable bytes, "
          f"{counts['lost bytes']} in all; {counts['uncut']} keep ciphertext that is proven; "
          f"{counts['gone']} of {counts['could go']} bytes of ciphertext go, over all layouts")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
