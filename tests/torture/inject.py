#!/usr/bin/python3
"""Every system call of a run fails, one at a time.

    inject.py [--short] [--every N] [--only TEXT] [--jobs N] [--one CALL/NUMBER/ERROR]

For each scenario and each program of it: the calls that it makes after it has been loaded are listed from a trace, then
the scenario is run again for each call, each occurrence and each error that the call can give, with strace(1) making
that one call of that one program fail. A preloaded library does the same for short writes, short reads and memory.
After each run the files are judged, then a plain re-run must finish the job. Prints TAP.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import threading

import box as torture

# What each call can give, by what is plausible on local, network and FUSE filesystems. LOST: the call says that all is
# written, and nothing is.
ERRORS = {
    "openat": ("EIO", "EACCES", "EMFILE", "ENOMEM", "EINTR"),
    "openat+": ("EIO", "ENOSPC", "EDQUOT", "EACCES", "EMFILE", "ENOMEM", "EINTR"),  # creates
    "read": ("EIO", "EINTR", "ENOMEM"),
    "pread64": ("EIO", "EINTR"),
    "write": ("EIO", "ENOSPC", "EDQUOT", "EINTR", "LOST"),
    "close": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "renameat": ("EIO", "ENOSPC", "EDQUOT", "EACCES", "ENOMEM", "EINTR"),
    "renameat2": ("EIO", "ENOSPC", "EDQUOT", "EACCES", "ENOMEM", "EINTR", "EINVAL"),
    "unlinkat": ("EIO", "EACCES", "ENOMEM", "EINTR"),
    "unlink": ("EIO", "EACCES"),
    "rmdir": ("EIO", "EACCES"),
    "mkdirat": ("EIO", "ENOSPC", "EDQUOT", "EACCES", "ENOMEM"),
    "mkdir": ("EIO", "ENOSPC", "EACCES"),
    "newfstatat": ("EIO", "EACCES", "ENOMEM", "EINTR"),
    "fstat": ("EIO", "ENOMEM"),
    "statfs": ("EIO", "EINTR"),
    "fstatfs": ("EIO", "EINTR"),
    "fcntl": ("ENOLCK", "EINTR", "EAGAIN", "EMFILE", "ENOMEM"),
    "flock": ("EINTR", "ENOLCK", "EAGAIN"),
    "fchown": ("EIO", "EPERM", "EDQUOT", "ENOSPC"),
    "fchmod": ("EIO", "EPERM", "ENOSPC"),
    "utimensat": ("EIO", "EPERM", "ENOSPC"),
    "flistxattr": ("EIO", "ENOMEM", "EOPNOTSUPP"),
    "fgetxattr": ("EIO", "ENODATA", "ENOMEM"),
    "fsetxattr": ("EIO", "ENOSPC", "EDQUOT", "EPERM"),
    "fremovexattr": ("EIO", "ENOSPC", "EPERM"),
    "mmap": ("ENOMEM", "EACCES", "EAGAIN"),
    "munmap": ("ENOMEM",),
    "madvise": ("EIO", "ENOMEM"),
    "lseek": ("EIO",),
    "getdents64": ("EIO", "ENOMEM"),
    "ftruncate": ("EIO", "ENOSPC", "EINTR"),
    "memfd_create": ("EMFILE", "ENOMEM"),
    "dup2": ("EMFILE", "EBUSY", "EINTR"),
    "dup": ("EMFILE",),
    "pipe2": ("EMFILE", "ENFILE"),
    "pipe": ("EMFILE", "ENFILE"),
    "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"),
    "vfork": ("EAGAIN", "ENOMEM"),
    "fork": ("EAGAIN", "ENOMEM"),
    "wait4": ("EINTR",),
    "socket": ("EMFILE", "ENOMEM"),
    "connect": ("EINTR", "ENOMEM"),
    "fadvise64": ("EIO",),
    "sync_file_range": ("EIO", "ENOSPC"),
    "fchdir": ("EIO", "EACCES"),
    "chdir": ("EIO", "EACCES"),
}
LIBRARY = re.compile(r"read\(\d+<[^>]*\.so[.0-9]*>")  # by the loader, which does not try again
LOSES = re.compile(r"write\(\d+<[^>]*(\.tmp|pipe:\[\d+\])>")  # the slim capture, records between stages
CREATES = ("O_CREAT",)
ATTRIBUTE_CALLS = ("fchown", "fchmod", "utimensat", "flistxattr", "fgetxattr", "fsetxattr", "fremovexattr")
RIGHTS = ("EPERM", "EACCES", "EOPNOTSUPP", "ENODATA")  # then an attribute may go
RETRIED = ("read", "write", "fsync", "wait4")  # EINTR must not fail a file
STAGES = ("pcap-run", "pcap-plan", "pcap-scan", "pcap-truncate", "pcap-verify", "pcap-commit", "pcap-report")
# These in full in the short form; of the others one error each.
IMPORTANT = ("openat+", "write", "close", "fsync", "renameat2", "mkdirat", "unlinkat", "clone", "vfork", "pipe2", "read")


class Scenario:
    """A way to slim captures. command(box) -> argv; programs: which are tortured, with a condition for the wrapper;
    kind: of the captures, of torture.KINDS."""

    def __init__(self, name, captures, command, programs, stale=False, kind="plain"):
        self.name, self.captures, self.command, self.programs, self.stale = name, captures, command, programs, stale
        self.kind = kind


SMALL = "good-payload-tcp.pcap"
ONE = [("a.pcap", SMALL, {"leftover": True})]
LARGE = [("a.pcap", "good-other-protocols.pcap", {"times": 7000})]  # verified while it is cut; all of it stays
BATCH = [
    ("a.pcap", SMALL, {}),
    ("b.pcap", "good-ssh-and-tls.pcap", {"leftover": True}),
    ("done.pcap", "good-udp-ports.pcap", {"marked": True}),
    ("kept.pcap", "good-other-protocols.pcap", {}),
]
PACKED = [("a.pcap", "good-ssh-and-tls.pcap", {}), ("b.pcap", "good-real-quic.pcap", {})]
ALWAYS = "true"
IS_BATCH = '[ "$3" = batch ]'
IS_RUN = '[ "$3" != batch ]'
NO_CLEANING = '[ "${1#--clean-}" = "$1" ]'
CLEANING = '[ "$1" = --clean-stale ]'


def driver(*options):
    return lambda box: [os.path.join(box.bin, "pcap-slim"), "--output", "json", "--all", *box.options, *options]


def chain(text):
    return lambda box: ["/bin/bash", "-o", "pipefail", "-c", text]


STAGE_CHAIN = """cd d && printf '%s\\0' a.pcap b.pcap done.pcap kept.pcap | pcap-truncate --files0-from=- |
    pcap-verify --records | pcap-commit --records | pcap-report --output json --all --prefix d/"""


def scenarios():
    stages = [(s, NO_CLEANING) for s in STAGES if s != "pcap-scan"]
    shells = [("pcap-slim", None), ("sh run", IS_RUN), ("sh batch", IS_BATCH), ("xargs", ALWAYS)]
    listing = [("pcap-scan", ALWAYS)]
    movers = [("pcap-truncate", ALWAYS), ("pcap-verify", ALWAYS), ("pcap-commit", NO_CLEANING)]
    return [
        Scenario("single", ONE, driver("--single", "d/a.pcap"), stages),
        Scenario(
            "batch",
            BATCH,
            driver("--dir", "d", "--age-minutes", "1"),
            stages + shells + listing + [("pcap-commit clean", CLEANING)],
            stale=True,
        ),
        Scenario("announced", LARGE, driver("--single", "d/a.pcap"), [("pcap-truncate", ALWAYS), ("pcap-verify", ALWAYS)]),
        Scenario("mapped", ONE, driver("--single", "d/a.pcap", "--mmap"), [("pcap-truncate", ALWAYS)]),
        Scenario(
            "limited",
            BATCH[:2],
            driver("--dir", "d", "--max-io-mbps", "1000", "--verify", "count"),
            [("pcap-run", ALWAYS), ("pcap-truncate", ALWAYS), ("pcap-verify", ALWAYS)],
        ),
        Scenario("compress", PACKED, driver("--dir", "d"), movers, kind="compress"),
        Scenario("indexed", PACKED, driver("--dir", "d"), movers, kind="indexed"),
        Scenario("by hand", ONE, chain("pcap-truncate <d/a.pcap | pcap-commit d/a.pcap >scratch/record"), [
            ("pcap-truncate", ALWAYS), ("pcap-commit", ALWAYS)]),
        Scenario("chain", BATCH, chain(STAGE_CHAIN), [
            ("pcap-truncate", ALWAYS), ("pcap-verify", ALWAYS), ("pcap-commit", ALWAYS), ("pcap-report", ALWAYS)]),
    ]


# ---- one run ----


def program_of(label):
    return label.split()[0]


def trace_options(point):
    if point.error == "LOST":
        how = f"retval={point.lost_bytes}"
    else:
        how = f"error={point.error}"
    return f"-e trace={point.call} -e inject={point.call}:{how}:when={point.number}"


class Point:
    """One thing that goes wrong. call: a system call, or a variable of the shim."""

    def __init__(self, call, number, error, kind, lost_bytes=0):
        self.call, self.number, self.error, self.kind, self.lost_bytes = call, number, error, kind, lost_bytes

    def __str__(self):
        return f"{self.call}/{self.number}/{self.error}"


def prepare(box, label, condition, how, log):
    """Wrap the program, or return a prefix for the command where it is the driver itself."""
    box.unwrap()
    for old in os.listdir(box.base):
        if old.startswith("log."):
            os.unlink(os.path.join(box.base, old))
    if condition is None:
        return ["strace", "-o", log + ".0", *how.split()]
    run = how if how.startswith("env ") else f"strace -o {log}.$$ {how}"
    box.wrap(program_of(label), f'if {condition}; then exec {run} "$REAL" "$@"; fi\nexec "$REAL" "$@"')
    return []


def logs(box):
    for name in sorted(os.listdir(box.base)):
        if name.startswith("log."):
            with open(os.path.join(box.base, name), encoding="latin-1") as file:
                yield file.read()


def baseline(box, scenario, label, condition):
    """The calls of the program after it has been loaded: a list of (call, number, line)."""
    log = os.path.join(box.base, "log")
    box.fill(stale=scenario.stale)
    prefix = prepare(box, label, condition, "-y", log)
    status, _, err = box.run(prefix + scenario.command(box))
    if status != 0:
        torture.fail(f"{scenario.name}: not slimmed without any fault: {err.decode()}")
    calls = []
    for text in logs(box):
        seen, begun = {}, False
        begin = "rt_sigaction(SIGIO" if label.startswith("pcap-") and condition is not None else "munmap("
        for line in text.splitlines():
            match = re.match(r"(\w+)\(", line)
            if match is None:
                continue
            call = match.group(1)
            seen[call] = seen.get(call, 0) + 1
            if begun:
                calls.append((call, seen[call], line))
            elif line.startswith(begin):
                begun = True
    return calls


def points_of_calls(calls, is_shell):
    points = []
    for call, number, line in calls:
        if call == "close" and is_shell:  # the kernel closes whatever it returns; strace does not, and a pipe stays open
            continue
        kind = call + "+" if call == "openat" and any(flag in line for flag in CREATES) else call
        for error in ERRORS.get(kind, ()):
            lost = re.search(r"= (\d+)$", line)
            if error == "LOST" and (lost is None or int(lost.group(1)) == 0 or not LOSES.match(line)):
                continue
            what = kind + " of records" if error == "LOST" and "pipe:" in line else kind
            what = "read of a library" if LIBRARY.match(line) else what
            points.append(Point(call, number, error, what, int(lost.group(1)) if lost else 0))
    return points


# JSON takes hundreds of small pieces of memory a record; every so many is tried.
MEMORY_STRIDE = 5
SHIM_CALLS = ("SHIM_SHORT_WRITE", "SHIM_SHORT_READ", "SHIM_NO_MEMORY")


def points_of_shim(box, scenario, label, condition, shim):
    counts = os.path.join(box.base, "counts")
    box.fill(stale=scenario.stale)
    prepare(box, label, condition, f"env LD_PRELOAD={shim} SHIM_COUNTS={counts}", os.path.join(box.base, "log"))
    if box.run(scenario.command(box))[0] != 0:
        torture.fail(f"{scenario.name}: {label}: not slimmed with the library preloaded")
    with open(counts, encoding="ascii") as file:
        numbers = [int(n) for n in file.read().split()]
    return [
        Point(call, n, "-", call)
        for call, count in zip(SHIM_CALLS, numbers)
        for n in range(1, count + 1, MEMORY_STRIDE if call == "SHIM_NO_MEMORY" else 1)
        # It takes no memory itself, and the C library's getpwnam_r() dies without.
        if (label, call) != ("pcap-run", "SHIM_NO_MEMORY")
    ]


def try_point(box, scenario, label, condition, point, shim):
    """Returns (whether the fault took place, faults)."""
    log = os.path.join(box.base, "log")
    box.fill(stale=scenario.stale)
    if point.call in SHIM_CALLS:
        how = f"env LD_PRELOAD={shim} {point.call}={point.number}"
    else:
        how = trace_options(point)
    prefix = prepare(box, label, condition, how, log)
    status, out, err = box.run(prefix + scenario.command(box))
    if status == 2 and b"Cannot fork" in err:
        status = 1  # the driver's shell, when it cannot even start rm(1)
    took_place = point.call in SHIM_CALLS or any("(INJECTED)" in text for text in logs(box))
    lax = point.call in ATTRIBUTE_CALLS and point.error in RIGHTS
    is_hand = scenario.name in ("by hand", "chain")
    # By hand nobody comes behind the stages: what a stage leaves that lost its records, or that it could not remove, the
    # next run takes away.
    may_leave_tmp = status != 0 and (scenario.name == "chain" or (is_hand and point.call == "unlinkat"))
    faults = box.faults_of_files(killed=may_leave_tmp, lax_attributes=lax)
    if is_hand and status is not None and status > 1:
        status = 1  # the shell's, whatever a signal or a missing program makes of it
    # stdio does not try again; signals do not interrupt these (SA_RESTART).
    is_stdio = program_of(label) in ("pcap-report", "pcap-run", "pcap-plan", "pcap-scan")
    is_busy = point.error == "EAGAIN" and point.call == "fcntl"  # says that another run has claimed it
    faults += box.faults_of_report(status, out if scenario.name != "by hand" else box_record(box), err, is_busy)
    if point.error == "EINTR" and point.kind in RETRIED and program_of(label) in STAGES and not is_stdio and status:
        faults.append(f"an interrupted call is not tried again: exit {status} {err.decode(errors='replace')}")
    is_of_a_file = point.call.startswith("SHIM_SHORT") and label != "pcap-run"  # that moves memory only
    if is_of_a_file and status != 0:
        faults.append(f"a call that moves a part only fails a file: exit {status} {err.decode(errors='replace')}")
    # A new name is given without replacing anything, or not at all.
    if (point.call, point.error) == ("renameat2", "EINVAL") and status != 0 and scenario.kind != "compress":
        faults.append(f"without an exchange of names it is not replaced: exit {status} {err.decode(errors='replace')}")
    # Who makes the folder and who removes it: nobody else knows of it.
    is_of_the_folder = program_of(label) == "pcap-slim" or (program_of(label), point.error) == ("pcap-plan", "LOST")
    if any(os.listdir(box.scratch)) and scenario.name != "by hand" and not is_of_the_folder:
        faults.append(f"left in TMPDIR: {os.listdir(box.scratch)}")
    return took_place, faults + box.faults_of_rerun(lax_attributes=lax)


def box_record(box):
    try:
        line = torture.read(os.path.join(box.scratch, "record")).strip()
    except OSError:
        return b""
    return b'{"files":[' + line + b"]}" if line else b""


# ---- all of them ----


def sample(points, label):
    """For the short form: each call with each error that matters once, later occurrences before earlier ones."""
    chosen, seen = [], set()
    for point in reversed(points):
        errors = point.error if point.kind in IMPORTANT and program_of(label) in STAGES else ""
        key = (point.kind, errors)
        if point.call == "SHIM_NO_MEMORY":
            key = (point.kind, point.number // 60)
        if point.call == "SHIM_SHORT_WRITE":
            key = (point.kind, point.number)
        if key not in seen:
            seen.add(key)
            chosen.append(point)
    return chosen


def campaign(arguments):
    shim_folder = tempfile.mkdtemp(prefix="shim.")
    shim = os.path.join(shim_folder, "shim.so")
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", shim, os.path.join(torture.HERE, "shim.c"), "-ldl"], check=True
    )
    made, number, total, bad, local = {}, 0, 0, 0, threading.local()
    pool = concurrent.futures.ThreadPoolExecutor(arguments.jobs)
    for scenario in scenarios():
        if arguments.short and scenario.name not in ("batch", "mapped", "by hand"):
            continue
        captures = torture.captures_named(scenario.captures, scenario.kind)
        boxes = []

        def work(task):
            if getattr(local, "scenario", None) is not scenario:
                local.scenario = scenario
                mine = [torture.Capture(c.name, c.old, c.new, c.marked, c.leftover, c.new_name) for c in captures]
                local.box = torture.Box(mine, kind=scenario.kind)
                boxes.append(local.box)
            return task[2], try_point(local.box, scenario, *task, shim)

        first = torture.Box(captures, kind=scenario.kind)
        for label, condition in scenario.programs:
            if arguments.only and arguments.only not in f"{scenario.name}/{label}":
                continue
            points = points_of_calls(baseline(first, scenario, label, condition), label.split()[0] in ("sh", "pcap-slim"))
            if label.startswith("pcap-") and condition is not None:
                points += points_of_shim(first, scenario, label, condition, shim)
            if arguments.short:
                points = sample(points, label)
            if label == "pcap-report":  # what it writes is read by nobody here who could tell
                points = [p for p in points if p.error != "LOST"]
            points = points[number % arguments.every :: arguments.every] or points[:1]
            if arguments.one:
                points = [p for p in points if str(p) == arguments.one]
            tried, failed = 0, []
            for point, (took_place, faults) in pool.map(work, [(label, condition, p) for p in points]):
                tried += took_place
                if faults:
                    failed.append(f"# {scenario.name}/{label}/{point}: " + "; ".join(faults))
            number += 1
            total += tried
            bad += len(failed)
            print("\n".join(failed + [""]) if failed else "", end="")
            print(f"{'not ok' if failed else 'ok'} {number} - inject: {scenario.name}, {label}: {tried} points", flush=True)
            made[label] = made.get(label, 0) + tried
        first.close()
        for each in boxes:
            each.close()
    pool.shutdown()
    os.unlink(shim)
    os.rmdir(shim_folder)
    print(f"1..{number}")
    print(f"# {total} points tried, {bad} with a fault")
    return 1 if bad or not total else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of a program's points each Nth")
    parser.add_argument("--only", default="")
    parser.add_argument("--one", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return campaign(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
