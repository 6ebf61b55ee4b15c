#!/usr/bin/python3
"""Many runs at once over one directory, beside capture tools that still write.

    race.py [--seconds N] [--files N] [--seed N]

Round after round, N captures: 8 drivers with two workers each, one after the other again and again, and two that take
single files, until all is slim. Every file must be slimmed exactly once, by what the reports say together, and be right.
Meanwhile one capture tool keeps its file open and appends to it, one opens its file anew for every packet, one replaces
its file by a new one, one removes and makes it again, one cuts its file short and writes it anew. What those write must
be there in the end, to the last packet. Prints TAP.
"""

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import threading
import time

import box as torture

DRIVERS = 8
SINGLES = 2
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def packet(n):
    """A packet of cleartext: slimming leaves it as it is, so what was written can be compared to the byte."""
    data = b"\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5" + struct.pack("<I", n) * 20
    return struct.pack("<IIII", 1700000000 + n, n, len(data), len(data)) + data


class Writer(threading.Thread):
    """A capture tool, writing its file in its own way until it is told to stop. written: what must be there then."""

    def __init__(self, folder, way):
        super().__init__()
        self.name_of_file, self.way = f"live {way}.pcap", way
        self.path = os.path.join(folder, self.name_of_file)
        self.stopped = threading.Event()
        self.written = HEADER
        self.times = 0
        with open(self.path, "wb") as out:
            out.write(HEADER)

    def run(self):
        held = open(self.path, "ab", buffering=0) if self.way == "held open" else None
        while not self.stopped.is_set():
            self.times += 1
            getattr(self, self.way.replace(" ", "_"))(held)
            time.sleep(0.003)
        if held is not None:
            held.close()

    def held_open(self, held):
        held.write(packet(self.times))
        self.written += packet(self.times)

    def opened_anew(self, _held):
        with open(self.path, "ab", buffering=0) as out:
            out.write(packet(self.times))
        self.written += packet(self.times)

    def replaced(self, _held):
        self.written = HEADER + packet(self.times)
        with open(self.path + ".new", "wb") as out:
            out.write(self.written)
        os.rename(self.path + ".new", self.path)

    def removed(self, _held):
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        self.written = HEADER + packet(self.times)
        with open(self.path, "wb", buffering=0) as out:
            out.write(self.written)

    def cut_short(self, _held):
        self.written = HEADER + packet(self.times) * (self.times % 50)
        with open(self.path, "r+b", buffering=0) as out:
            out.truncate(24)
            out.seek(24)
            out.write(self.written[24:])


WAYS = ("held open", "opened anew", "replaced", "removed", "cut short")


class Round:
    def __init__(self, box, dice):
        self.box, self.dice = box, dice
        self.reports, self.faults = [], []
        self.lock = threading.Lock()
        self.names = {c.name for c in box.captures}

    def slim(self, *options):
        """One run. Returns its report's entries."""
        process = subprocess.run(
            [os.path.join(self.box.bin, "pcap-slim"), "--output", "json", "--all", *options],
            cwd=self.box.base, env=self.box.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False,
        )
        with self.lock:
            if process.returncode not in (0, 1):
                self.faults.append(f"exit {process.returncode}: {process.stderr.decode(errors='replace')[-500:]}")
                return []
            entries = json.loads(process.stdout)["files"]
            failed = [e for e in entries if e["status"] == "fail"]
            if bool(failed) != (process.returncode == 1):
                self.faults.append(f"exit {process.returncode} and {len(failed)} failed")
            self.reports += entries
            return entries

    def drive(self, options):
        while not all(self.box.is_marked(c) for c in self.box.captures) and not self.faults:
            self.slim("--dir", "d", "--workers", "2", *options)

    def single(self, seed):
        dice = random.Random(seed)
        while not self.faults:
            rest = [c for c in self.box.captures if not self.box.is_marked(c)]
            if not rest:
                return
            self.slim("--single", os.path.join("d", dice.choice(rest).name))

    def judge(self, writers):
        done = {}
        for entry in self.reports:
            name = entry["file"].removeprefix("d/")
            if entry["status"] == "ok":
                done[name] = done.get(name, 0) + 1
            elif name in self.names and entry["status"] not in ("skipped_marker", "skipped_busy"):
                self.faults.append(f"{name}: {entry['status']} {entry.get('error')}")
            elif entry["status"] == "fail" and not is_true_of_a_live_one(entry["error"]):
                self.faults.append(f"{name}: {entry['error']}")
        for c in self.box.captures:
            if done.get(c.name) != 1:
                self.faults.append(f"{c.name} was slimmed {done.get(c.name, 0)} times")
            if torture.read(os.path.join(self.box.d, c.name)) != c.new:
                self.faults.append(f"{c.name} is not its slim")
        for writer in writers:
            have = torture.read(writer.path)
            if have != writer.written:
                self.faults.append(f"{writer.name_of_file}: {len(have)} bytes, {len(writer.written)} were written")
        allowed = self.names | {w.name_of_file for w in writers} | {torture.MARKERS}
        for name in os.listdir(self.box.d):
            if name not in allowed:
                self.faults.append(f"{name} is left behind")
        if os.path.lexists(os.path.join(self.box.d, torture.MARKERS, ".lock")):
            self.faults.append(".lock is left behind")


def is_true_of_a_live_one(error):
    """A file that is being written: damaged at its end, changing, gone for a moment."""
    return any(
        words in error
        for words in ("still being written", "cannot open: No such file", "is cut short", "not a pcap", "shrank", "is empty")
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=4711)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    fixtures = sorted(n for n in os.listdir(torture.FIXTURES) if n.startswith("good-") and n.endswith(".pcap"))
    spec = [(f"{n} {fixtures[n % len(fixtures)]}", fixtures[n % len(fixtures)], {}) for n in range(arguments.files)]
    box = torture.Box(torture.captures_named(spec))
    until = time.monotonic() + arguments.seconds
    rounds = slimmed = runs = appended = 0
    faults = []
    while not faults and (rounds == 0 or time.monotonic() < until):
        box.fill()
        this = Round(box, dice)
        writers = [Writer(box.d, way) for way in WAYS]
        workers = [
            threading.Thread(target=this.drive, args=(dice.choice(((), ("--mmap",), ("--no-mmap",), ("--verify", "count"))),))
            for _ in range(DRIVERS)
        ] + [threading.Thread(target=this.single, args=(dice.random(),)) for _ in range(SINGLES)]
        for thread in writers + workers:
            thread.start()
        for thread in workers:
            thread.join()
        for writer in writers:
            writer.stopped.set()
            writer.join()
        this.judge(writers)
        faults = this.faults
        rounds += 1
        slimmed += len(box.captures)
        runs += len(this.reports)
        appended += sum(w.times for w in writers)
    for fault in faults[:20]:
        print(f"# {fault}")
    print(
        f"{'not ok' if faults else 'ok'} 1 - {DRIVERS} drivers and {SINGLES} singles: {rounds} rounds, {slimmed} files, each "
        f"slimmed once; {len(WAYS)} writers wrote {appended} times, nothing of it lost"
    )
    print("1..1")
    box.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
