#!/usr/bin/python3
"""Full disks, limits, and places that cannot be written to.

    limits.py [--short]

The same batch again and again, each time with a little more room: on a tmpfs of 64 MB that is full but for so many pages,
or out of so many inodes, with TMPDIR on it or elsewhere; with a limit on file sizes, open files, memory; in a directory
that is read-only, or whose marker directory is. Each time the files are judged; then the obstacle goes, and a plain re-run
must finish the job. Needs root for the mounts; where there can be none, that part is skipped and said to be. Prints TAP.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import box as torture

SPEC = [
    ("a.pcap", "good-payload-tcp.pcap", {}),
    ("b.pcap", "good-real-tls12-chain.pcap", {}),
    ("c.pcap", "good-real-quic.pcap", {}),
    ("kept.pcap", "good-other-protocols.pcap", {}),
]
PAGE = 4096
TMPFS_BYTES = 64 << 20


class Trouble:
    """Counts and says what was tried under one heading."""

    def __init__(self):
        self.number = self.points = self.bad = 0

    def report(self, what, outcomes):
        """outcomes: pairs of a label and its faults; statuses of both kinds must have been seen."""
        faults = [(label, f) for label, f, _ in outcomes if f]
        for label, fault in faults:
            print(f"# {what}, {label}: " + "; ".join(fault))
        seen = {status for _, _, status in outcomes}
        if seen == {0}:
            faults.append(("", ["it never was in the way"]))
            print(f"# {what}: it never was in the way")
        self.number += 1
        self.points += len(outcomes)
        self.bad += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.number} - {what}: {len(outcomes)} points", flush=True)

    def skip(self, what, why):
        self.number += 1
        print(f"ok {self.number} - {what} # SKIP {why}", flush=True)


def attempt(box, label, prefix=(), env=None, undo=lambda: None, killed=False):
    """One run under the obstacle, judged; then without it. Returns (label, faults, status)."""
    command = [*prefix, os.path.join(box.bin, "pcap-slim"), "--dir", "d", "--output", "json", "--all"]
    status, out, err = box.run(command, env=env)
    # Where pcap-commit cannot even be loaded nobody removes temporary files; the next run does.
    faults = box.faults_of_files(killed=killed or b"error while loading shared libraries" in err)
    # A shell or a program that cannot even be loaded ends in its own way; nothing can be expected but that it is not 0.
    faults += box.faults_of_report(status if status in (None, 0) else 1, out, err)
    undo()
    return label, faults + box.faults_of_rerun(), status


# ---- limits of a process ----


def limited(box, option, values):
    outcomes = []
    for value in values:
        box.fill()
        outcomes.append(attempt(box, str(value), prefix=["prlimit", f"--{option}={value}:{value}"]))
    return outcomes


# ---- a full disk ----


def fill_up(folder, spare_pages):
    """Use up a tmpfs but for so many pages. Returns the path of what does."""
    ballast = os.path.join(folder, "ballast")
    with open(ballast, "wb") as out:
        free = os.statvfs(folder)
        try:
            os.posix_fallocate(out.fileno(), 0, max(1, (free.f_bavail - spare_pages) * free.f_frsize))
        except OSError:
            pass
    return ballast


def use_up_inodes(folder, spare):
    names = []
    while os.statvfs(folder).f_favail > spare:
        names.append(os.path.join(folder, f"inode.{len(names)}"))
        with open(names[-1], "wb"):
            pass
    return names


def mount(where, options):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", where], check=False).returncode == 0


def on_a_tmpfs(captures, options, spares, use_up, elsewhere):
    """elsewhere: TMPDIR, or None for one on the full disk."""
    where = tempfile.mkdtemp(prefix="torture.full.")
    outcomes = []
    if not mount(where, options):
        os.rmdir(where)
        return None
    box = torture.Box(captures, base=where)
    try:
        for spare in spares:
            box.fill()
            used = use_up(where, spare)
            used = used if isinstance(used, list) else [used]
            env = {"TMPDIR": elsewhere} if elsewhere else None

            def undo(names=used):
                for name in names:
                    os.unlink(name)

            outcomes.append(attempt(box, f"{spare} left", env=env, undo=undo))
    finally:
        subprocess.run(["umount", where], check=True)
        os.rmdir(where)
    return outcomes


# ---- places that cannot be written to ----


def read_only(box):
    """The directory is mounted read-only."""
    box.fill()
    d = box.d
    if subprocess.run(["mount", "--bind", d, d], check=False).returncode:
        return None
    subprocess.run(["mount", "-o", "remount,bind,ro", d], check=True)
    return [attempt(box, "read-only", undo=lambda: subprocess.run(["umount", d], check=True))]


def unwritable(box, which):
    """No write permission, for a process that permissions hold for."""
    box.fill()
    path = os.path.join(box.d, which)
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o555)
    prefix = []
    if os.geteuid() == 0:  # root without its powers is an owner like others
        prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        for c in box.captures:
            os.chown(os.path.join(box.d, c.name), 0, 0)
            c.attributes = torture.attributes(os.path.join(box.d, c.name))
    return [attempt(box, "mode 0555", prefix=prefix, undo=lambda: os.chmod(path, 0o755))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    if os.geteuid() == 0 and "TORTURE_NAMESPACE" not in os.environ:
        # Mounts of our own, gone with us.
        os.environ["TORTURE_NAMESPACE"] = "1"
        if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0:
            os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])
    captures = torture.captures_named(SPEC)
    trouble = Trouble()
    box = torture.Box(captures)
    step = 7 if short else 1
    largest = max(len(c.new) for c in captures)
    trouble.report("RLIMIT_FSIZE", limited(box, "fsize", [*range(0, largest + 4096, 4096 if short else 512), 1, 24, largest]))
    trouble.report("RLIMIT_NOFILE", limited(box, "nofile", range(3, 24, 2 if short else 1)))
    trouble.report("RLIMIT_AS", limited(box, "as", range(1 << 20, 40 << 20, (6 << 20) if short else (1 << 19))))
    trouble.report("directory without write permission", unwritable(box, ""))
    trouble.report("marker directory without write permission", unwritable(box, torture.MARKERS))
    elsewhere = tempfile.mkdtemp(prefix="torture.elsewhere.")
    size = f"size={TMPFS_BYTES}"
    pages = [*range(0, 40, step), 64, 128]
    inodes = [*range(0, 24, 4 if short else 1)]
    for what, outcomes in (
        ("read-only directory", lambda: read_only(box)),
        ("tmpfs of 64 MB, so many pages left", lambda: on_a_tmpfs(captures, size, pages, fill_up, elsewhere)),
        ("tmpfs of 64 MB, TMPDIR too", lambda: on_a_tmpfs(captures, size, pages[:12], fill_up, None)),
        ("tmpfs, so many inodes left", lambda: on_a_tmpfs(captures, "nr_inodes=400", inodes, use_up_inodes, elsewhere)),
    ):
        done = outcomes() if os.geteuid() == 0 else None
        if done is None:
            trouble.skip(what, "needs root and the right to mount")
        else:
            trouble.report(what, done)
    shutil.rmtree(elsewhere)
    box.close()
    print(f"1..{trouble.number}")
    print(f"# {trouble.points} points with too little room, {trouble.bad} headings with a fault")
    return 1 if trouble.bad else 0


if __name__ == "__main__":
    sys.exit(main())
