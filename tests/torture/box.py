"""What the torture tests share: a folder of captures, runs over it, and the judgement of what a run left behind.

A box is a scratch folder with `bin/` (the programs, one of which may be wrapped), `d/` (the captures) and `scratch/`
(TMPDIR of the run). The judge knows what each capture was and what the independent oracle makes of it.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.abspath(os.environ.get("BIN_DIR", os.path.join(ROOT, "build", "bin")))
FIXTURES = os.path.join(ROOT, "fixtures")
ORACLE = os.path.join(ROOT, "tests", "oracle", "oracle.py")
PROGRAMS = ("pcap-slim", "pcap-run", "pcap-truncate", "pcap-verify", "pcap-commit", "pcap-report", "pcap-scan", "pcap-plan")
MARKERS = ".slim_markers"
NOTES = ".failed"  # in it: a note about each capture that failed
TIMEOUT_S = 60

# Endings of a FAIL that are true of a file that has been replaced all the same.
STATUSES = ("ok", "fail", "skipped_marker", "skipped_busy")
REPLACED_BUT = ("slimmed, but ", "replaced, but ", "no result arrived")


def fail(text):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {text}")


def slim_by_oracle(paths):
    """What the oracle makes of each file: {path: bytes}."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "list"), "wb") as out:
            out.write(b"".join(os.fsencode(p) + b"\0" for p in paths))
        want = os.path.join(folder, "want")
        os.mkdir(want)
        subprocess.run([sys.executable, ORACLE, "--batch", os.path.join(folder, "list"), want], check=True)
        slim = {}
        for n, path in enumerate(paths):
            with open(os.path.join(want, f"{n}.out"), "rb") as file:
                slim[path] = file.read()
        return slim


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def attributes(path):
    """What is to stay of a file besides its bytes."""
    st = os.lstat(path)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {
        "mode": stat.S_IMODE(st.st_mode),
        "owner": (st.st_uid, st.st_gid),
        "mtime": st.st_mtime_ns,
        "xattr": [(n, os.getxattr(path, n, follow_symlinks=False)) for n in names],
    }


class Capture:
    """A capture of the box: its name, its bytes, its slim."""

    def __init__(self, name, old, new, marked=False, leftover=None, new_name=None):
        self.name, self.old, self.new = name, old, new
        self.new_name = new_name or name  # that of its slim
        self.marked = marked  # slim and marked before the run
        self.leftover = leftover  # bytes of NAME.tmp that a dead run left
        self.attributes = None


# What a box is slimmed with beside the defaults, and what becomes of a capture then.
KINDS = {
    "plain": (),
    "compress": ("--accept", "zstd", "--compress", "zstd"),
    "indexed": ("--accept", "zstd", "--length", "zero"),
}
INDEXED = os.path.join(ROOT, "tests", "cli", "indexed.py")
FRAME_BYTES = 3000


def tool(*command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def as_kind(c, kind):
    """The capture, plain so far, as one that gets compressed, or as indexed zstd. What the filter makes of it is its slim if
    judges that share nothing with it say so."""
    filter_of_kind = [os.path.join(BIN, "pcap-truncate"), *KINDS[kind]]
    if kind == "compress":
        slim, c.new_name = c.new, c.name + ".zst"
        c.new = tool(*filter_of_kind, data=c.old)
        if tool("zstd", "-dcq", data=c.new) != slim:
            fail(f"{c.new_name} is not the slim of {c.name}")
    elif kind == "indexed":
        with tempfile.TemporaryDirectory() as folder:
            plain, packed, slim, slim_packed = (os.path.join(folder, n) for n in ("plain", "packed", "slim", "slim.zst"))
            write(plain, c.old)
            subprocess.run([sys.executable, INDEXED, "make", plain, packed, str(FRAME_BYTES)], check=True)
            write(slim, tool(os.path.join(BIN, "pcap-truncate"), "--length", "zero", data=c.old))
            c.name = c.new_name = c.name + ".zst"
            c.old = read(packed)
            c.new = tool(*filter_of_kind, data=c.old)
            write(slim_packed, c.new)
            subprocess.run([sys.executable, INDEXED, "judge", packed, slim_packed, slim], check=True, stdout=subprocess.DEVNULL)
    return c


class Box:
    """A folder to torture in. captures: a list of Capture, each of that kind. elsewhere: markers are in `m/`."""

    def __init__(self, captures, base=None, kind="plain", elsewhere=False):
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="torture.", dir=base))
        self.bin = os.path.join(self.base, "bin")
        self.real = os.path.join(self.base, "real")
        self.d = os.path.join(self.base, "d")
        self.scratch = os.path.join(self.base, "scratch")
        self.m = os.path.join(self.base, "m")
        self.elsewhere = elsewhere
        self.markers = os.path.join(self.m + self.d if elsewhere else self.d, MARKERS)
        self.options = [*KINDS[kind], *(("--marker-dir", self.m) if elsewhere else ())]
        self.captures = captures
        os.mkdir(self.bin)
        os.mkdir(self.real)
        for program in PROGRAMS:
            # Hard names, no links: the driver looks for the filters in its own folder.
            shutil.copy2(os.path.join(BIN, program), os.path.join(self.real, program))
        self.unwrap()
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": self.scratch, "LC_ALL": "C", "HOME": "/"}
        self.leftovers = {}
        self.stale = False

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)

    # ---- programs ----

    def unwrap(self):
        shutil.rmtree(self.bin)
        os.mkdir(self.bin)
        for program in PROGRAMS:
            os.link(os.path.join(self.real, program), os.path.join(self.bin, program))

    def wrap(self, program, script):
        """In the place of a program of the run: a script. $REAL is the program itself."""
        real = os.path.join(self.real, program) if program in PROGRAMS else shutil.which(program, path=self.env["PATH"])
        path = os.path.join(self.bin, program)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"#!/bin/sh\nREAL={real}\n{script}\n")
        os.chmod(path, 0o755)

    # ---- captures ----

    def fill(self, stale=False):
        """As before the first run. stale: with an hour old temporary file of a capture that is gone."""
        for folder in (self.d, self.scratch, self.m):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
        self.leftovers, self.stale = {}, stale
        for n, c in enumerate(self.captures):
            path = os.path.join(self.d, c.name)
            with open(path, "wb") as out:
                out.write(c.new if c.marked else c.old)
            if os.geteuid() == 0:
                os.chown(path, 12345, 23456)
            os.chmod(path, 0o640)
            try:
                os.setxattr(path, "user.case", b"4711")
            except OSError:
                pass
            # One second apart, an hour ago: the order of the run.
            os.utime(path, ns=(1_600_000_000_000_000_001, (1_600_000_000 + n) * 10**9 + 123456789))
            c.attributes = attributes(path)
            if c.marked:
                os.makedirs(self.markers, exist_ok=True)
                with open(os.path.join(self.markers, c.name), "w", encoding="utf-8") as out:
                    out.write("{}\n")
            if c.leftover is not None:
                with open(path + ".tmp", "wb") as out:
                    out.write(c.leftover)
                self.leftovers[c.name + ".tmp"] = os.lstat(path + ".tmp").st_ino
        if stale:
            path = os.path.join(self.d, "gone.pcap.tmp")
            with open(path, "wb") as out:
                out.write(b"x")
            os.utime(path, (1_600_000_000, 1_600_000_000))
            self.leftovers["gone.pcap.tmp"] = os.lstat(path).st_ino

    # ---- runs ----

    def run(self, command, env=None, timeout=TIMEOUT_S):
        """command: a list; programs are found in bin/. Returns (status, stdout, stderr)."""
        environment = dict(self.env, **(env or {}))
        environment["PATH"] = self.bin + ":" + environment["PATH"]
        process = subprocess.Popen(
            command,
            cwd=self.base,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill_session(process.pid)
            process.communicate()
            return None, b"", b"timeout"
        return process.returncode, out, err

    def slim_dir(self, *options, **how):
        return self.run([os.path.join(self.bin, "pcap-slim"), "--dir", "d", "--output", "json", "--all", *self.options, *options], **how)

    # ---- judgement ----

    def is_marked(self, c):
        return os.path.lexists(os.path.join(self.markers, c.new_name))

    def is_done(self, c):
        """Slim, under its name, and marked."""
        path = os.path.join(self.d, c.new_name)
        return os.path.exists(path) and read(path) == c.new and self.is_marked(c)

    def faults_of_capture(self, c, lax_attributes):
        """Old whole or new whole; where the name changes both may be there for a while, each whole."""
        faults = []
        there = [n for n in dict.fromkeys((c.name, c.new_name)) if os.path.lexists(os.path.join(self.d, n))]
        if not there:
            return [f"{c.name} is lost"]
        for name in there:
            path = os.path.join(self.d, name)
            have = read(path)
            if have not in [c.old] * (name == c.name) + [c.new] * (name == c.new_name):
                faults.append(f"{name} is neither old nor new ({len(have)} bytes)")
            if not lax_attributes and attributes(path) != c.attributes:
                faults.append(f"{name} has other attributes: {attributes(path)}, was {c.attributes}")
        if self.is_marked(c) and not self.is_done(c):
            faults.append(f"{c.name} is marked and not slim")
        return faults

    def faults_of_files(self, killed=False, lax_attributes=False):
        """Old whole or new whole, markers only beside slim files, nothing else there."""
        faults = []
        for c in self.captures:
            faults += self.faults_of_capture(c, lax_attributes)
        names = {name for c in self.captures for name in (c.name, c.new_name)}
        for name in sorted(os.listdir(self.d)):
            if name in names or (name == MARKERS and not self.elsewhere):
                continue
            known = self.leftovers.get(name)
            if known is not None and os.lstat(os.path.join(self.d, name)).st_ino == known:
                continue  # it was there before
            if not (killed and name.endswith(".tmp")):
                faults.append(f"{name} is left behind")
        if os.path.isdir(self.markers):
            for name in sorted(os.listdir(self.markers)):
                if name not in names and name not in (".lock", NOTES):
                    faults.append(f"{MARKERS}/{name} is left behind")
        if os.path.isdir(os.path.join(self.markers, NOTES)):
            for name in sorted(os.listdir(os.path.join(self.markers, NOTES))):
                if name not in names and not (killed and name.startswith(".new-")):
                    faults.append(f"{MARKERS}/{NOTES}/{name} is left behind")
        return faults

    def faults_of_report(self, status, out, err, may_be_busy=False):
        """Exit status and report tell the truth."""
        faults = []
        done = {c.name: self.is_done(c) for c in self.captures}
        if status is None:
            return ["the run does not end"]
        if status == 0 and not all(done.values()) and not (may_be_busy and b'"skipped_busy"' in out):
            faults.append(f"exit 0, not done: {[n for n in done if not done[n]]}")
        if status not in (0, 1):
            faults.append(f"exit {status}: {err.decode(errors='replace')[-300:]}")
        entries = self.entries(out)
        if entries is None:
            if status == 0:
                faults.append("exit 0 and no report")
            return faults
        if status == 1 and b"out of memory" in err:
            entries = entries + [{"file": c.name, "status": "fail", "error": "no result arrived"} for c in self.captures
                                 if not any(e.get("file") == "d/" + c.name for e in entries)]
        return faults + self.faults_of_entries(entries, done, status)

    @staticmethod
    def entries(out):
        """The files of a JSON report, or None where there is none."""
        try:
            return json.loads(out)["files"] if out.strip() else None
        except ValueError:
            return None

    def faults_of_entries(self, entries, done, status):
        faults = []
        seen = {}
        for entry in entries:
            seen.setdefault(entry["file"].removeprefix("d/"), []).append(entry)
        for c in self.captures:
            mine = seen.get(c.name, [])
            if c.new_name != c.name:  # a run that died between the names has left both
                mine = (mine + seen.get(c.new_name, []))[:1] if len(mine) < 2 else mine
            if len(mine) != 1:
                faults.append(f"{c.name} is in the report {len(mine)} times")
                continue
            how, error = mine[0].get("status", "none"), mine[0].get("error", "")
            if how not in STATUSES:
                faults.append(f"{c.name} has an unknown status in the report: {how}")
            if how in ("ok", "skipped_marker") and not done[c.name]:
                faults.append(f"{c.name} is reported as {how}, and is not slim and marked")
            if how == "fail" and status == 0:
                faults.append(f"{c.name} failed, exit 0")
            if how == "ok" and error:
                faults.append(f"{c.name} is reported as ok, and with an error: {error}")
            path = os.path.join(self.d, c.new_name)
            is_old_gone = c.new_name == c.name or not os.path.exists(os.path.join(self.d, c.name))
            is_new = is_old_gone and os.path.exists(path) and read(path) == c.new and c.new != c.old and not c.marked
            if how == "fail" and is_new and not error.startswith(REPLACED_BUT):
                faults.append(f"{c.name} is replaced, and the report says: {error}")
        return faults

    def faults_of_rerun(self, lax_attributes=False):
        """A plain re-run finishes the job and tidies up."""
        self.unwrap()
        status, out, err = self.slim_dir()
        self.leftovers = {}
        faults = self.faults_of_files(lax_attributes=lax_attributes) + self.faults_of_report(status, out, err)
        if status != 0:
            faults.append(f"exit {status}: {out.decode(errors='replace')} {err.decode(errors='replace')}")
        for c in self.captures:
            if not self.is_marked(c):
                faults.append(f"{c.name} has no marker")
            if c.name != c.new_name and os.path.lexists(os.path.join(self.d, c.name)):
                faults.append(f"{c.name} is still there")
        if os.path.lexists(os.path.join(self.markers, ".lock")):
            faults.append(".lock is left behind")
        return [f"re-run: {fault}" for fault in faults]


# ---- processes ----


def session_pids(session):
    """The living processes of a session: {pid: name}."""
    pids = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    text = file.read()
            except OSError:
                continue
            name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
            if int(rest[3]) == session and rest[0] not in "ZX":
                pids[int(entry)] = name
    return pids


def kill_session(session):
    for _ in range(100):
        pids = session_pids(session)
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def wait_for_session(session, timeout=TIMEOUT_S):
    """Until nothing of the session runs any more. Returns whether it came to that."""
    deadline = time.monotonic() + timeout
    while session_pids(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


# ---- captures to take ----


def captures_named(spec, kind="plain"):
    """spec: a list of (name, fixture, keywords of Capture); kind: of KINDS."""
    paths = [os.path.join(FIXTURES, fixture) for _, fixture, _ in spec]
    slim = slim_by_oracle(sorted(set(paths)))
    made = []
    for (name, _, keywords), path in zip(spec, paths):
        times = keywords.get("times", 1)  # its packets, so often: a capture that is verified while it is cut
        old, new = (data[:24] + data[24:] * times for data in (read(path), slim[path]))
        tail = keywords.get("tail", b"")  # of a record that a crash has cut short
        c = as_kind(Capture(name, old + tail, new + tail), kind)
        for key, value in keywords.items():
            setattr(c, key, value)
        if c.leftover is True:
            c.leftover = c.old[:100]
        made.append(c)
    return made
