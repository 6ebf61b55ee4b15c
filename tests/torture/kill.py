#!/usr/bin/python3
"""Death and interruption at any instant.

    kill.py [--kills N] [--signals N] [--seed N] [--kind KIND] [--marker-dir] [--cut-tail]

A batch of captures is slimmed with two workers; at a random moment one process of the run, or the whole run, gets
SIGKILL, or the run gets SIGINT or SIGTERM. Then the files are judged, and a plain re-run must finish the job. The
moments are spread over the length of a run, as measured. KIND: plain, or compress (the name changes), or indexed (frames of
zstd keep their places). --marker-dir: the markers are elsewhere. --cut-tail: every third capture ends in a record that is
cut short. Prints TAP.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time

import box as torture

FILES = 24
LARGE = 4000  # times a fixture: enough to be announced, and verified while it is cut
FIXTURES = ("good-payload-tcp.pcap", "good-ssh-and-tls.pcap", "good-real-quic.pcap", "good-other-protocols.pcap")
CUT_SHORT = bytes(8) + b"\x64\0\0\0" + b"\x64\0\0\0" + b"the first bytes"  # of a record of 100, little endian
WHOLE = "the whole run"
VICTIMS = (WHOLE, "pcap-truncate", "pcap-verify", "pcap-commit", "pcap-report", "pcap-run", "xargs", "sh", "pcap-slim")
# Those leave nobody who would tidy up.
NOBODY_LEFT = (WHOLE, "pcap-slim", "pcap-run", "sh")


class Late(Exception):
    """The report was started so slowly that the signal was over: true, but not as good as it could be."""


class Run:
    """A run in a session of its own, its output in files: who is killed must not keep a pipe open."""

    def __init__(self, box):
        self.out_path, self.err_path = os.path.join(box.base, "out"), os.path.join(box.base, "err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [os.path.join(box.bin, "pcap-slim"), "--dir", "d", "--workers", "2", "--output", "json", "--all",
                 *box.options],
                cwd=box.base, env=box.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            )
        self.session = self.process.pid

    def end(self):
        """Returns (status, out, err); status None if something of it does not end."""
        over = torture.wait_for_session(self.session)
        if not over:
            torture.kill_session(self.session)
        status = self.process.wait()
        return status if over else None, torture.read(self.out_path), torture.read(self.err_path)


def length_of_a_run(box):
    lengths = []
    for _ in range(5):
        box.fill()
        begun = time.monotonic()
        if Run(box).end()[0] != 0:
            torture.fail("not slimmed without any kill")
        lengths.append(time.monotonic() - begun)
    return sorted(lengths)[2]


def pause(seconds):
    """A sleep that is exact where the moment matters."""
    until = time.monotonic() + seconds
    if seconds > 0.002:
        time.sleep(seconds - 0.002)
    while time.monotonic() < until:
        pass


def kill_somebody(run, wanted, dice):
    """kill -9 of the wanted process, or of another of the run where there is none now. Returns who it was, or None."""
    pids = torture.session_pids(run.session)
    if not pids:
        return None
    if wanted == WHOLE:
        torture.kill_session(run.session)
        return WHOLE
    mine = [p for p, name in pids.items() if name == wanted] or list(pids)
    pid = dice.choice(mine)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return pids[pid]


def judge_killed(box, run, who):
    status, out, err = run.end()
    if status is None:
        return ["the run does not end"]
    faults = box.faults_of_files(killed=who in NOBODY_LEFT)
    if status >= 0 and who not in NOBODY_LEFT:
        faults += box.faults_of_report(min(status, 1), out, err)
    return faults


def judge_signalled(box, run, number):
    status, out, err = run.end()
    if status is None:
        return ["the run does not end"]
    faults = box.faults_of_files()
    left = os.listdir(box.scratch)
    if left:
        faults.append(f"left in TMPDIR: {left}")
    done = {name for c in box.captures if box.is_done(c) for name in (c.name, c.new_name)}
    # It may come when all is done, or before there is a shell that could handle it.
    if status not in (128 + number, -number) and not (status == 0 and all(box.is_done(c) for c in box.captures)):
        faults.append(f"exit {status} after signal {number}: {err.decode(errors='replace')}")
    entries = box.entries(out)
    if entries is None:
        return faults if status != 0 else faults + ["exit 0 and no report"]
    return faults + faults_of_interrupted(box, entries, done, err)


def faults_of_interrupted(box, entries, done, err):
    faults = []
    said = {e["file"].removeprefix("d/"): e for e in entries}
    not_done = re.search(rb"interrupted: (\d+) file", err)
    if len(said) + (int(not_done.group(1)) if not_done else 0) != len(box.captures):
        faults.append(f"{len(said)} files in the report, {not_done and not_done.group(0)}, {len(box.captures)} there are")
    for name, entry in said.items():
        if entry["status"] == "ok" and name not in done:
            faults.append(f"{name} is reported as ok, and is not slim and marked")
        if entry["status"] != "ok" and entry.get("error") != "interrupted":
            if entry.get("error", "").startswith("no result arrived"):
                raise Late
            faults.append(f"{name}: {entry['status']} {entry.get('error')}")
    return faults


class Campaign:
    def __init__(self, arguments):
        self.dice = random.Random(arguments.seed)
        spec = []
        for n in range(FILES):
            how = {"times": LARGE} if n % 6 == 1 else {}
            if arguments.cut_tail and n % 3 == 1:
                how["tail"] = CUT_SHORT
            spec.append((f"{n:02} {FIXTURES[n % len(FIXTURES)]}", FIXTURES[n % len(FIXTURES)], how))
        captures = torture.captures_named(spec, arguments.kind)
        self.box = torture.Box(captures, kind=arguments.kind, elsewhere=arguments.marker_dir)
        self.box.options += ["--cut-tail", "keep"] if arguments.cut_tail else []
        self.length = length_of_a_run(self.box)
        self.number = self.bad = self.late = 0

    def try_once(self, act, judge):
        """Returns who was hit, or None where the run was over."""
        self.box.fill()
        run = Run(self.box)
        pause(self.dice.uniform(0, self.length * 1.1))
        who = act(run)
        try:
            faults = judge(self.box, run, who)
        except Late:
            faults = []
            self.late += 1
        faults += self.box.faults_of_rerun()
        if faults:
            print(f"# {who}: " + "; ".join(faults), flush=True)
        return who, bool(faults)

    def report(self, what, hits, bad):
        self.number += 1
        self.bad += bad
        print(f"{'not ok' if bad else 'ok'} {self.number} - {what}: {hits}", flush=True)

    def kills(self, wanted, count):
        hits, bad = {}, 0
        while sum(hits.values()) < count:
            who, faulty = self.try_once(lambda run: kill_somebody(run, wanted, self.dice), judge_killed)
            bad += faulty
            if who is not None:
                hits[who] = hits.get(who, 0) + 1
        self.report(f"kill -9 of {wanted}", ", ".join(f"{n} of {name}" for name, n in sorted(hits.items())), bad)
        return sum(hits.values())

    def signals(self, number, count):
        """As kill(1) sends it, to the driver; or as a terminal does, to its process group; sometimes twice."""

        def act(run):
            try:
                for _ in range(self.dice.choice((1, 1, 1, 2))):
                    if self.dice.random() < 0.5:
                        os.kill(run.session, number)
                    else:
                        os.killpg(run.session, number)
                    pause(self.dice.uniform(0, 0.005))
            except ProcessLookupError:
                return None
            return number

        bad = sent = 0
        while sent < count:
            who, faulty = self.try_once(act, lambda box, run, _: judge_signalled(box, run, number))
            bad += faulty
            sent += who is not None
        if self.late > max(1, count / 20):
            print(f"# {self.late} times a report did not know of the signal")
            bad += 1
        self.report(f"{signal.Signals(number).name}", f"{sent} moments", bad)
        self.late = 0
        return sent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--signals", type=int, default=400)
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--kind", choices=torture.KINDS, default="plain")
    parser.add_argument("--marker-dir", action="store_true")
    parser.add_argument("--cut-tail", action="store_true")
    arguments = parser.parse_args()
    campaign = Campaign(arguments)
    print(f"# {arguments.kind}, seed {arguments.seed}, a run of {FILES} files takes {campaign.length * 1000:.0f} ms")
    killed = sent = 0
    shares = {WHOLE: 2}
    each = arguments.kills / (len(VICTIMS) + 1)
    for n, wanted in enumerate(VICTIMS):
        so_far = sum(shares.get(v, 1) for v in VICTIMS[: n + 1]) * each
        killed += campaign.kills(wanted, round(so_far) - killed)
    for number in (signal.SIGINT, signal.SIGTERM):
        sent += campaign.signals(number, arguments.signals // 2)
    print(f"1..{campaign.number}")
    print(f"# {killed} kills and {sent} signals at random moments, {campaign.bad} with a fault")
    campaign.box.close()
    return 1 if campaign.bad else 0


if __name__ == "__main__":
    sys.exit(main())
