#!/usr/bin/env python3
"""A directory that belongs to somebody less trusted, while we run as root.

Whatever stands there and however its owner exchanges it under our hands: nothing outside the directory is read,
written, given away, made or deleted. Outside stands a tree of canaries: files like those that the tools are after. It
is compared in contents, modes, owners, times (also of inode changes) and names, and a trace says what was opened.

usage: directory.py BIN_DIR FIXTURES [SECONDS]   (SECONDS of racing for each adversary, default 4). Prints TAP; needs root.
"""

import ctypes
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
BIN, FIXTURES = map(os.path.abspath, sys.argv[1:3])
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 4.0
LIBC = ctypes.CDLL(None, use_errno=True)
GOOD = os.path.join(FIXTURES, "good-little-micro.pcap")
BAD = os.path.join(FIXTURES, "bad-body-none.pcap")

number = 0
failures = 0


def check(name, problems):
    global number, failures
    number += 1
    if problems:
        failures += 1
        print(f"not ok {number} - {name}")
        for line in problems[:20]:
            print("#", line)
    else:
        print(f"ok {number} - {name}")
    sys.stdout.flush()


class Ground:
    """A folder with `captures`, nobody's, and `canary`, root's."""

    def __init__(self, top):
        self.top = tempfile.mkdtemp(dir=top)
        os.chmod(self.top, 0o777)  # the adversary may exchange captures itself
        self.captures = os.path.join(self.top, "captures")
        self.away = os.path.join(self.top, "away")
        self.canary = os.path.join(self.top, "..", os.path.basename(self.top) + "-canary")
        self.canary = os.path.abspath(self.canary)
        os.mkdir(self.captures)
        os.mkdir(self.canary)
        for name in ("a.pcap", "b.pcap", "a.pcap.tmp", "b.pcap.tmp", ".lock", "plain"):
            shutil.copyfile(GOOD, os.path.join(self.canary, name))
            os.chmod(os.path.join(self.canary, name), 0o600)
            os.utime(os.path.join(self.canary, name), (1_000_000_000, 1_000_000_000))
        os.mkdir(os.path.join(self.canary, ".slim_markers"))
        for folder in (self.canary, os.path.join(self.canary, ".slim_markers")):
            os.chmod(folder, 0o755)
            os.utime(folder, (1_000_000_000, 1_000_000_000))
        os.chown(self.captures, NOBODY, NOBODY)
        os.utime(os.path.join(self.canary, "a.pcap.tmp"))  # young: no stale file whose name may go
        self.log = os.path.join(top, os.path.basename(self.top) + ".trace")
        self.before = self.picture()

    def picture(self):
        seen = {}
        for folder, folders, files in os.walk(self.canary):
            for name in [""] + files:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                content = open(path, "rb").read() if name else None
                # Links from the adversary's side count for the canary's inode; how many there are is not ours to judge.
                seen[path] = (st.st_mode, st.st_uid, st.st_gid, st.st_ino, st.st_size, st.st_mtime_ns, content)
        return seen

    def put_back(self):
        """The directory in its place again, whatever the adversary was about to do with it."""
        if os.path.islink(self.captures):
            os.unlink(self.captures)
        if not os.path.lexists(self.captures) and os.path.exists(self.away):
            os.rename(self.away, self.captures)

    def capture(self, name, of=GOOD):
        path = os.path.join(self.captures, name)
        shutil.copyfile(of, path)
        os.chown(path, NOBODY, NOBODY)
        return path

    def run(self, *arguments, trace=True, timeout=120):
        command = [os.path.join(BIN, "pcap-slim"), *arguments]
        if trace:
            for path in glob.glob(self.log + ".*"):
                os.unlink(path)
            command = ["strace", "-ff", "-y", "-q", "-o", self.log] + command
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def problems(self, traced=True):
        wrong = []
        after = self.picture()
        for path in sorted(set(self.before) | set(after)):
            if self.before.get(path) != after.get(path):
                wrong.append(f"{path}: {self.before.get(path, 'absent')} became {after.get(path, 'absent')}"[:300])
        if traced:
            wrong += self.trace_problems()
        return wrong

    def trace_problems(self):
        """Calls that reached into the canary: a descriptor of something in it that was read, written or changed."""
        wrong = []
        in_canary = re.escape(f"<{self.canary}")
        touching = re.compile(
            r"\b(read|pread64|readv|write|pwrite64|mmap|fchmod|fchown|ftruncate|fsync|getdents64|fsetxattr|fgetxattr|"
            r"unlinkat|mkdirat|renameat2?|openat|utimensat|linkat|symlinkat)\(.*" + in_canary
        )
        for line in self.traced_calls():
            if touching.search(line) and " = -1 " not in line and not self.is_a_look(line):
                wrong.append(line.strip()[:300])
        return wrong

    def traced_calls(self):
        """Each a line: strace has written a file for each process, so that no call comes into the middle of another."""
        for path in sorted(glob.glob(self.log + ".*")):
            with open(path, errors="replace") as log:
                yield from log

    def is_a_look(self, line):
        """Opening a second name of a file to find that it is one is a look; reading it is not."""
        return bool(re.search(r"openat\(.*O_NOFOLLOW.*\) = \d+<", line)) and "/captures" in line.split(" = ")[0]


def lay_traps(g):
    """Every kind of thing at every name that matters. Returns the names and what is expected of each."""
    expected = {}
    inside = lambda name: os.path.join(g.captures, name)
    outside = lambda name: os.path.join(g.canary, name)
    g.capture("good.pcap")
    expected["good.pcap"] = "ok"
    os.symlink(outside("a.pcap"), inside("symlink.pcap"))
    expected["symlink.pcap"] = "skipped_symlink"
    os.link(outside("b.pcap"), inside("hardlink.pcap"))
    expected["hardlink.pcap"] = "skipped_hardlink"
    os.mkfifo(inside("fifo.pcap"))
    expected["fifo.pcap"] = "skipped_not_regular"
    socket.socket(socket.AF_UNIX).bind(inside("socket.pcap"))
    expected["socket.pcap"] = "skipped_not_regular"
    os.mknod(inside("device.pcap"), stat.S_IFCHR | 0o666, os.makedev(1, 5))
    expected["device.pcap"] = "skipped_not_regular"
    os.mkdir(inside("directory.pcap"))
    shutil.copyfile(GOOD, inside("directory.pcap/inner.pcap"))
    expected["directory.pcap"] = "skipped_not_regular"
    for kind in ("symlink", "dangling", "hardlink", "fifo", "socket", "directory"):
        name = f"tmp-{kind}.pcap"
        g.capture(name)
        expected[name] = "fail"
        tmp = inside(name + ".tmp")
        if kind == "symlink":
            os.symlink(outside("plain"), tmp)
        elif kind == "dangling":
            os.symlink(outside("new"), tmp)
        elif kind == "hardlink":
            os.link(outside("a.pcap.tmp"), tmp)
        elif kind == "fifo":
            os.mkfifo(tmp)
        elif kind == "socket":
            socket.socket(socket.AF_UNIX).bind(tmp)
        else:
            os.mkdir(tmp)
    # Stale by their times: only the name of a regular file may go.
    os.symlink(outside("plain"), inside("stale-symlink.pcap.tmp"))
    os.utime(inside("stale-symlink.pcap.tmp"), (1_000_000_000, 1_000_000_000), follow_symlinks=False)
    os.mkfifo(inside("stale-fifo.pcap.tmp"))
    os.utime(inside("stale-fifo.pcap.tmp"), (1_000_000_000, 1_000_000_000))
    # A marker that is a link counts as a marker and is not followed.
    os.mkdir(inside(".slim_markers"))
    os.chown(inside(".slim_markers"), NOBODY, NOBODY)
    g.capture("marked.pcap")
    os.symlink(outside("new"), inside(".slim_markers/marked.pcap"))
    expected["marked.pcap"] = "skipped_marker"
    return expected


def test_traps(top):
    g = Ground(top)
    expected = lay_traps(g)
    for mode in (["--check-only"], []):
        result = g.run("--dir", g.captures, "--output", "json", "--all", *mode)
        wrong = g.problems()
        try:
            found = {os.path.basename(f["file"]): f["status"] for f in json.loads(result.stdout)["files"]}
        except (ValueError, KeyError):
            found = {}
            wrong.append(f"no report: {result.stdout[:200]} {result.stderr[:500]}")
        want = {k: "ok" if mode and v == "fail" else v for k, v in expected.items()}
        wrong += [f"{k}: expected {want.get(k)}, found {found.get(k)}" for k in set(want) | set(found) if want.get(k) != found.get(k)]
        for name in ("stale-symlink.pcap.tmp", "stale-fifo.pcap.tmp", "tmp-symlink.pcap.tmp", "tmp-hardlink.pcap.tmp"):
            if not os.path.lexists(os.path.join(g.captures, name)):
                wrong.append(f"{name} is gone")
        check(f"links, FIFOs, sockets, devices and directories at every name: {' '.join(mode) or 'a run'}", wrong)


def test_marker_directory(top):
    for kind in ("symlink", "fifo", "file"):
        g = Ground(top)
        path = g.capture("a.pcap")
        markers = os.path.join(g.captures, ".slim_markers")
        if kind == "symlink":
            os.symlink(os.path.join(g.canary, ".slim_markers"), markers)
        elif kind == "fifo":
            os.mkfifo(markers)
        else:
            open(markers, "w").close()
        result = g.run("--dir", g.captures)
        wrong = g.problems()
        if result.returncode != 1 or open(path, "rb").read() != open(GOOD, "rb").read():
            wrong.append(f"status {result.returncode}, or the capture changed: {result.stderr}")
        check(f"the marker directory is a {kind}: refused", wrong)


def test_lock_file(top):
    for kind in ("symlink", "hardlink", "fifo", "directory"):
        g = Ground(top)
        path = g.capture("a.pcap")
        markers = os.path.join(g.captures, ".slim_markers")
        os.mkdir(markers)
        lock = os.path.join(markers, ".lock")
        if kind == "symlink":
            os.symlink(os.path.join(g.canary, ".lock"), lock)
        elif kind == "hardlink":
            os.link(os.path.join(g.canary, ".lock"), lock)
        elif kind == "fifo":
            os.mkfifo(lock)
        else:
            os.mkdir(lock)
        result = g.run("--dir", g.captures)
        wrong = g.problems()
        wrong += [line.strip()[:200] for line in g.traced_calls() if "F_OFD_SETLK" in line and g.canary in line]
        if result.returncode != 1 or open(path, "rb").read() != open(GOOD, "rb").read():
            wrong.append(f"status {result.returncode}, or the capture changed: {result.stderr}")
        check(f"the lock file is a {kind}: refused", wrong)


def test_notes(top):
    """What failed is noted in the marker directory: traps at the names that this takes."""
    for kind in ("symlink", "fifo", "file", "inside"):
        g = Ground(top)
        g.capture("bad.pcap", of=BAD)
        g.capture("worse.pcap", of=BAD)
        notes = os.path.join(g.captures, ".slim_markers", ".failed")
        os.makedirs(os.path.dirname(notes))
        if kind == "symlink":
            os.symlink(g.canary, notes)
        elif kind == "fifo":
            os.mkfifo(notes)
        elif kind == "file":
            open(notes, "w").close()
        else:
            os.mkdir(notes)
            os.symlink(os.path.join(g.canary, "a.pcap"), os.path.join(notes, "bad.pcap"))
            os.link(os.path.join(g.canary, "b.pcap"), os.path.join(notes, "worse.pcap"))
        for arguments, status in ((["--dir", g.captures], 1), (["--status", g.captures], 1)):
            result = g.run(*arguments)
            wrong = g.problems()
            if result.returncode != status:
                wrong.append(f"status {result.returncode}: {result.stderr}")
            check(f"notes of failures, a {kind} at their place: {arguments[0]}", wrong)
        # The capture is slim now: its note is to go, and nothing else.
        g.capture("bad.pcap")
        g.run("--dir", g.captures)
        check(f"notes of failures, a {kind} at their place: removed", g.problems())
        g.run("--status", g.captures, "--prune-markers")
        check(f"notes of failures, a {kind} at their place: pruned", g.problems())


# ---- somebody who exchanges things in a loop ----


def exchange(a, b):
    """Exchange two names at once: renameat2(2), RENAME_EXCHANGE."""
    return LIBC.renameat2(-100, a.encode(), -100, b.encode(), 2)


def exchange_for_a_moment(name, other):
    exchange(name, other)
    time.sleep(random.random() * 0.0005)
    exchange(name, other)


def put_away(path):
    """What a move that failed half way may have left."""
    try:
        os.unlink(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


def adversary_files(g):
    """Captures and their temporary files become links out, and back."""
    names = ["a.pcap", "b.pcap", "a.pcap.tmp", "b.pcap.tmp"]
    while True:
        name = os.path.join(g.captures, random.choice(names))
        other = os.path.join(g.captures, "hidden")
        try:
            if random.random() < 0.7:
                os.symlink(os.path.join(g.canary, os.path.basename(name)), other)
            else:
                os.mkfifo(other)
            exchange_for_a_moment(name, other)
        except OSError:
            pass
        try:
            os.unlink(other)
        except OSError:
            pass


def adversary_markers(g):
    """The marker directory and the lock file become links out, and back."""
    while True:
        name = os.path.join(g.captures, random.choice([".slim_markers", ".slim_markers/.lock"]))
        other = os.path.join(g.captures, "hidden")
        try:
            target = ".slim_markers" if name.endswith("markers") else ".lock"
            os.symlink(os.path.join(g.canary, target), other)
            exchange_for_a_moment(name, other)
            os.unlink(other)
        except OSError:
            put_away(other)


def adversary_notes(g):
    """A capture that fails is there, and the directory of notes becomes a link out, and back."""
    bad = os.path.join(g.captures, "b.pcap")
    notes = os.path.join(g.captures, ".slim_markers", ".failed")
    other = os.path.join(g.captures, "hidden")
    while True:
        try:
            os.truncate(bad, 30)
        except OSError:
            pass
        try:
            os.symlink(g.canary, other)
            if os.path.isdir(notes):
                exchange_for_a_moment(notes, other)
            elif random.random() < 0.2:
                os.rename(other, notes)
                time.sleep(random.random() * 0.002)
                os.unlink(notes)
            os.unlink(other)
        except OSError:
            put_away(other)


def adversary_parent(g):
    """The whole directory is moved away and a link out stands in its place: from when the run has entered it."""
    lock = os.path.join(g.captures, ".slim_markers", ".lock")
    while not os.path.exists(lock):
        pass
    while True:
        try:
            os.rename(g.captures, g.away)
            os.symlink(g.canary, g.captures)
            time.sleep(0.001 * random.random())
        except OSError:
            pass
        g.put_back()


def start(adversary, g):
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            adversary(g)
        finally:
            os._exit(0)
    return child


def stop(child):
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def lay_out(g):
    """Fresh captures without markers."""
    shutil.rmtree(os.path.join(g.captures, ".slim_markers"), ignore_errors=True)
    for capture in ("a.pcap", "b.pcap"):
        for path in (capture, capture + ".tmp"):
            try:
                os.unlink(os.path.join(g.captures, path))
            except OSError:
                pass
        try:  # exclusively, for the adversary may have put a link there
            fd = os.open(os.path.join(g.captures, capture), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with open(GOOD, "rb") as good:
                os.write(fd, good.read())
            os.close(fd)
        except OSError:
            pass


def race(top, name, adversary, anew=False):
    """anew: the adversary begins with each run, which then finds the directory in its place."""
    g = Ground(top)
    runs = traced = 0
    wrong = []
    child = None if anew else start(adversary, g)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not wrong:
        lay_out(g)
        trace = runs % 3 == 2
        if anew:
            child = start(adversary, g)
        g.run("--dir", g.captures, *(["--check-only"] if runs % 5 == 4 and not anew else []), trace=trace)
        if anew:
            stop(child)
            g.put_back()
        runs += 1
        traced += trace
        wrong = g.problems(traced=trace)
    if not anew:
        stop(child)
    check(f"{name}, against {runs} runs, {traced} of them traced", wrong)


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        return 0
    top = tempfile.mkdtemp(prefix="pcap-slim-hostile.")
    os.chmod(top, 0o755)
    random.seed(4)
    try:
        test_traps(top)
        test_marker_directory(top)
        test_lock_file(top)
        test_notes(top)
        race(top, "captures and temporary files are exchanged for links and FIFOs", adversary_files)
        race(top, "marker directory and lock file are exchanged for links", adversary_markers)
        race(top, "the directory of notes is exchanged for a link out", adversary_notes)
        race(top, "the directory is moved away and a link stands in its place", adversary_parent, anew=True)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f"1..{number}")
    return 1 if failures else 0


sys.exit(main())
