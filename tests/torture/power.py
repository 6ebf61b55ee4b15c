#!/usr/bin/python3
"""The order of durability, and power loss at any instant, simulated over a trace of what a run wrote.

    power.py [--short] [--seed N]

A batch is slimmed under strace(1). Every call that changes the folder of captures is replayed onto a model of it, in
which nothing is on the disk until it is synced: data of a file when it was synced, names of a directory when that was.
After each call the power may fail. What is then on the disk is any subset of the unsynced changes of names, in their
order (POSIX promises no more), with unsynced data missing, cut short or all there. In each such state each capture must
be old whole or new whole (both may be there where the name changes), and a marker may stand only beside a slim one. A sample of the states is then made for real,
and a plain re-run must finish the job.
"""

import argparse
import itertools
import os
import random
import re
import shutil
import sys

import box as torture

CALLS = (
    "openat,open,creat,close,write,pwrite64,writev,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,"
    "linkat,symlinkat,truncate,ftruncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,sync,syncfs,fchmod,fchmodat,"
    "fchown,fchownat,utimensat,fsetxattr,fremovexattr,setxattr,dup,dup2,dup3,lseek"
)
UNMODELLED = ("writev", "copy_file_range", "sendfile", "fallocate", "link", "linkat", "symlinkat", "sync", "syncfs", "setxattr")
ENUMERATED = 10  # unsynced changes of names of which every subset is tried; of more, a random choice


# ---- the trace ----


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), text)


class Call:
    def __init__(self, pid, name, arguments, result, begun):
        self.pid, self.name, self.arguments, self.result, self.begun = pid, name, arguments, result, begun


def read_trace(path):
    """Calls in the order in which they ended; `begun` is where among them each began."""
    pending, calls = {}, []
    for line in torture.read(path).splitlines():
        match = re.match(rb"(\d+) +(.*)$", line)
        pid, rest = match.group(1), match.group(2)
        begun = len(calls)
        if rest.endswith(b"<unfinished ...>"):
            pending[pid] = (rest[: -len(b"<unfinished ...>")].rstrip(), begun)
            continue
        resumed = re.match(rb"<\.\.\. \w+ resumed>(.*)$", rest)
        if resumed:
            first, begun = pending.pop(pid)
            rest = first + resumed.group(1)
        match = re.match(rb"(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)", rest)
        if match:
            calls.append(Call(pid, match.group(1).decode(), match.group(2), match.group(3), begun))
    return calls


def strings(arguments):
    return [unescape(s) for s in re.findall(rb'"((?:\\x[0-9a-f]{2})*)"', arguments)]


def descriptors(arguments):
    """(number, path) of each descriptor argument, AT_FDCWD with its path too."""
    return [(n, unescape(p)) for n, p in re.findall(rb"\b(\d+|AT_FDCWD)<([^>]*)>", arguments)]


# ---- the model ----


class File:
    def __init__(self, data=b"", new=True):
        self.durable = data  # what is surely on the disk
        self.now = data
        self.dirty = []  # what changed since it was synced: "data", or the name of a call
        self.new = new

    def possible(self, dice):
        """Contents that it may have after a power loss."""
        if not self.dirty:
            return [self.now]
        return [self.durable, self.now[: dice.randrange(len(self.now) + 1)], self.now]


class Directory:
    def __init__(self, names=None):
        self.durable = dict(names or {})
        self.now = dict(names or {})
        self.changes = []  # (number of the call, what, name, name or file)

    def change(self, at, what, name, other):
        self.changes.append((at, what, name, other))
        apply(self.now, what, name, other)

    def sync(self, begun):
        synced = [c for c in self.changes if c[0] < begun]
        for _, what, name, other in synced:
            apply(self.durable, what, name, other)
        self.changes = self.changes[len(synced) :]


def apply(names, what, name, other):
    if what == "make":
        names[name] = other
    elif what == "remove":
        names.pop(name, None)
    elif what == "exchange":
        names[name], names[other[0]] = other[2], other[1]
    elif what == "rename":  # other: (new name, file), so that it holds also where the making is lost
        names.pop(name, None)
        names[other[0]] = other[1]


class Model:
    """The folder of captures and its marker folder."""

    def __init__(self, box):
        self.root = os.fsencode(box.d)
        self.folders = {self.root: Directory()}
        self.fds = {}  # (pid, number) -> [File, offset]
        self.log = []  # for the order of durability: (call, name, File)
        for name in os.listdir(self.root):
            path = os.path.join(self.root, name)
            if os.path.isfile(path):
                self.folders[self.root].durable[name] = File(torture.read(path), new=False)
        self.folders[self.root].now = dict(self.folders[self.root].durable)

    def where(self, base, name):
        """(Directory, name in it) of a path that lies in the folders of the model, else (None, None)."""
        path = os.path.normpath(os.path.join(base, name))
        return self.folders.get(os.path.dirname(path)), os.path.basename(path)

    def replay(self, at, call):
        """Returns whether anything of the model changed."""
        if call.result.startswith(b"-") or call.result == b"?":
            return False
        fds, texts = descriptors(call.arguments), strings(call.arguments)
        handler = getattr(self, "on_" + call.name, None)
        if handler is not None:
            return handler(at, call, fds, texts)
        if any(p.startswith(self.root) for _, p in fds) and call.name in UNMODELLED:
            torture.fail(f"the model does not know {call.name}")
        return False

    def on_openat(self, at, call, fds, texts):
        folder, name = self.where(fds[0][1], texts[0])
        if folder is None:
            return False
        made = b"O_CREAT" in call.arguments and name not in folder.now
        if made:
            folder.change(at, "make", name, File())
        file = folder.now.get(name)
        if isinstance(file, File):
            self.fds[call.pid, call.result] = [file, 0]
            if b"O_TRUNC" in call.arguments and file.now:
                file.now = b""
                file.dirty.append("data")
        return made

    def on_close(self, _at, call, fds, _texts):
        self.fds.pop((call.pid, fds[0][0]) if fds else None, None)
        return False

    def on_write(self, _at, call, fds, texts):
        entry = self.fds.get((call.pid, fds[0][0]))
        if entry is None or not fds[0][1].startswith(self.root):
            return False
        file, offset = entry
        data = texts[0][: int(call.result)]
        file.now = file.now[:offset].ljust(offset, b"\0") + data + file.now[offset + len(data) :]
        file.dirty.append("data")
        entry[1] += len(data)
        return True

    def on_lseek(self, _at, call, fds, _texts):
        """Where zeros are passed over: the hole is there with the next write."""
        entry = self.fds.get((call.pid, fds[0][0]))
        if entry is not None:
            entry[1] = int(call.result)
        return False

    def touch(self, call, fds):
        entry = self.fds.get((call.pid, fds[0][0])) if fds else None
        if entry is None:
            return False
        entry[0].dirty.append(call.name)
        return True

    def on_fchmod(self, _at, call, fds, _texts):
        return self.touch(call, fds)

    on_fchown = on_utimensat = on_fsetxattr = on_fremovexattr = on_fchmod

    def on_ftruncate(self, _at, call, _fds, _texts):
        torture.fail("the model does not know ftruncate")

    def on_fsync(self, at, call, fds, _texts):
        folder = self.folders.get(fds[0][1])
        if folder is not None:
            folder.sync(call.begun)
            self.log.append(("sync of the directory", None, None))
            return True
        entry = self.fds.get((call.pid, fds[0][0]))
        if entry is None:
            return False
        entry[0].durable, entry[0].dirty = entry[0].now, []
        self.log.append(("sync", None, entry[0]))
        return True

    on_fdatasync = on_fsync

    def on_renameat(self, at, call, fds, texts):
        source, name = self.where(fds[0][1], texts[0])
        target, new_name = self.where(fds[1][1], texts[1])
        if source is None or source is not target:
            return False
        file = source.now[name]
        source.change(at, "rename", name, (new_name, file))
        self.log.append(("rename", new_name, file))
        return True

    def on_renameat2(self, at, call, fds, texts):
        if b"RENAME_EXCHANGE" not in call.arguments:
            return self.on_renameat(at, call, fds, texts)
        source, name = self.where(fds[0][1], texts[0])
        target, new_name = self.where(fds[1][1], texts[1])
        if source is None or source is not target:
            return False
        file = source.now[name]
        source.change(at, "exchange", name, (new_name, file, source.now[new_name]))
        self.log.append(("rename", new_name, file))
        return True

    def on_unlinkat(self, at, call, fds, texts):
        folder, name = self.where(fds[0][1], texts[0])
        if folder is None or name not in folder.now:
            return False
        folder.change(at, "remove", name, None)
        if b"AT_REMOVEDIR" in call.arguments:
            del self.folders[os.path.join(self.root, name)]
        return True

    def on_mkdirat(self, at, call, fds, texts):
        folder, name = self.where(fds[0][1], texts[0])
        if folder is None:
            return False
        self.folders[os.path.join(self.root, name)] = made = Directory()
        folder.change(at, "make", name, made)
        return True

    # ---- after a power loss ----

    def states_of_names(self, dice):
        """What may be on the disk of the folder: dicts of names."""
        folder = self.folders[self.root]
        n = len(folder.changes)
        if n <= ENUMERATED:
            choices = itertools.product((False, True), repeat=n)
        else:
            choices = [[dice.random() < 0.5 for _ in range(n)] for _ in range(2**ENUMERATED)]
        for kept in choices:
            names = dict(folder.durable)
            for keep, (_, what, name, other) in zip(kept, folder.changes):
                if keep:
                    apply(names, what, name, other)
            yield names


def faults_of_file(c, name, file, dice):
    whole = [c.old] * (name == c.name) + [c.new] * (name == c.new_name)
    faults = []
    if file.new and file.dirty:
        faults.append(f"{name} is a new file that is not synced: {sorted(set(file.dirty))}")
    if any(data not in whole for data in file.possible(dice)):
        faults.append(f"{name} is neither old nor new")
    return faults


def faults_of_state(box, names, dice):
    """Each capture old whole or new whole, data and attributes; a marker, if it is there, only beside a new one."""
    faults = []
    markers = names.get(os.fsencode(torture.MARKERS))
    for c in box.captures:
        there = [n for n in dict.fromkeys((c.name, c.new_name)) if os.fsencode(n) in names]
        if not there:
            faults.append(f"{c.name} is lost")
        for name in there:
            faults += faults_of_file(c, name, names[os.fsencode(name)], dice)
        # Whatever has been made in there may be on the disk, and nobody syncs it.
        slim = names.get(os.fsencode(c.new_name))
        if markers is not None and os.fsencode(c.new_name) in markers.now and (
                slim is None or any(data != c.new for data in slim.possible(dice))):
            faults.append(f"{c.name} may be marked and not slim")
    return faults


def key_of_state(names, markers):
    """What a re-run could tell apart."""
    return tuple(sorted((n, id(f), len(getattr(f, "now", b"")), bool(getattr(f, "dirty", ()))) for n, f in names.items())), markers


def put_capture(box, c, names):
    """What there is of a capture: with its attributes, under one name or two."""
    path, new_path = (os.path.join(box.d, n) for n in (c.name, c.new_name))
    if new_path != path and os.fsencode(c.new_name) in names:
        shutil.copy2(path, new_path)
        shutil.chown(new_path, os.lstat(path).st_uid, os.lstat(path).st_gid)
    if os.fsencode(c.name) not in names:
        os.unlink(path)
    for name in {path, new_path}:
        file = names.get(os.fsencode(os.path.basename(name)))
        if file is not None and file.new:
            torture.write(name, file.now)
            os.utime(name, ns=(0, c.attributes["mtime"]))


def rerun_on(box, names, marked, dice):
    """Make the state for real and finish the job. Returns faults."""
    box.fill()
    for c in box.captures:
        put_capture(box, c, names)
    for name, file in names.items():
        path = os.path.join(os.fsencode(box.d), name)
        if isinstance(file, File) and not os.path.exists(path):
            with open(path, "wb") as out:
                out.write(dice.choice(file.possible(dice)))
            of = [c for c in box.captures if os.fsencode(c.name) + b".tmp" == name]
            if not file.new and of:  # the capture as it was, exchanged and not yet removed
                os.utime(path, ns=(0, of[0].attributes["mtime"]))
    if marked is not None:
        os.mkdir(os.path.join(box.d, torture.MARKERS))
        for name in marked:
            with open(os.path.join(os.fsencode(box.d), os.fsencode(torture.MARKERS), name), "wb"):
                pass  # its record may be lost
    return box.faults_of_rerun()


# ---- a scenario ----


def faults_of_order(log, captures):
    """Data synced before the rename, the directory after it, the marker last. captures: the names of the slim ones."""
    faults, renamed = [], 0
    markers = {}
    for n, (what, name, file) in enumerate(log):
        if what == "rename" and name in captures:
            renamed += 1
            before = [k for k in range(n) if log[k][0] == "sync" and log[k][2] is file]
            after = [k for k in range(n + 1, len(log)) if log[k][0] == "sync of the directory"]
            marker = [k for k in range(len(log)) if log[k][0] == "marker" and log[k][1] == name]
            if not before:
                faults.append(f"{name}: renamed before it was synced")
            if not after:
                faults.append(f"{name}: the directory was not synced after the rename")
            if not marker or (after and marker[0] < after[0]):
                faults.append(f"{name}: not marked after the sync of the directory")
            markers[name] = marker
    if renamed != len(captures):
        faults.append(f"{renamed} renames of {len(captures)} captures")
    return faults


class Outcome:
    def __init__(self):
        self.points = self.states = self.reruns = 0
        self.faults = []


def power_loss(box, command, dice, reruns):
    outcome = Outcome()
    log_path = os.path.join(box.base, "trace")
    box.fill()
    model = Model(box)
    status, _, err = box.run(["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", "trace=" + CALLS, "-o", log_path, *command])
    if status != 0:
        torture.fail(f"not slimmed: {err.decode()}")
    seen = {}
    for at, call in enumerate(read_trace(log_path)):
        markers = model.folders.get(os.path.join(model.root, os.fsencode(torture.MARKERS)))
        before = set(markers.now) if markers else set()
        if not model.replay(at, call):
            continue
        markers = model.folders.get(os.path.join(model.root, os.fsencode(torture.MARKERS)))
        for name in set(markers.now if markers else ()) - before:
            model.log.append(("marker", name, None))
        outcome.points += 1
        for names in model.states_of_names(dice):
            outcome.states += 1
            faults = faults_of_state(box, names, dice)
            if faults and len(outcome.faults) < 20:
                outcome.faults.append(f"power lost after {call.name} ({at}): " + "; ".join(faults))
            marked = names.get(os.fsencode(torture.MARKERS))
            possible = () if marked is None else tuple(sorted(n for n in marked.now if n not in (b".lock", os.fsencode(torture.NOTES))))
            if not faults:
                for some in {(), possible}:
                    snapshot = {n: freeze(f) for n, f in names.items()}
                    seen.setdefault(key_of_state(names, some), (snapshot, None if marked is None else some))
    outcome.faults += faults_of_order(model.log, {os.fsencode(c.new_name) for c in box.captures})
    states = list(seen.values())
    for names, marked in states if len(states) <= reruns else dice.sample(states, reruns):
        outcome.reruns += 1
        faults = rerun_on(box, names, marked, dice)
        if faults and len(outcome.faults) < 20:
            outcome.faults.append(f"{sorted(names)}, marked: {marked}: " + "; ".join(faults))
    return outcome


def freeze(file):
    """As it is now: the model goes on."""
    if not isinstance(file, File):
        return file
    copy = File(file.durable, file.new)
    copy.now, copy.dirty = file.now, list(file.dirty)
    return copy


SPEC = [
    ("a.pcap", "good-payload-tcp.pcap", {}),
    ("b.pcap", "good-ssh-and-tls.pcap", {}),
    ("c.pcap", "good-real-quic.pcap", {}),
    ("kept.pcap", "good-other-protocols.pcap", {}),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", type=int, default=4711)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    captures = torture.captures_named(SPEC)
    number = bad = points = states = reruns = 0
    box = torture.Box(captures)
    slim = os.path.join(box.bin, "pcap-slim")
    one = torture.Box(captures[:1])
    by_hand = ["/bin/sh", "-c", "pcap-truncate <d/a.pcap | pcap-commit d/a.pcap >/dev/null"]
    packed = {kind: torture.Box(torture.captures_named(SPEC[1:3], kind), kind=kind) for kind in ("compress", "indexed")}
    rows = [
        ("one worker", box, [slim, "--dir", "d"], 25),
        ("two workers", box, [slim, "--dir", "d", "--workers", "2"], 25),
        ("by hand", one, by_hand, 25),
    ] + [(kind, b, [os.path.join(b.bin, "pcap-slim"), "--dir", "d", *b.options], 5) for kind, b in packed.items()]
    for what, here, command, in_short in rows:
        outcome = power_loss(here, command, dice, in_short if arguments.short else 2000)
        for fault in outcome.faults:
            print(f"# {fault}")
        number += 1
        bad += bool(outcome.faults)
        points += outcome.points
        states += outcome.states
        reruns += outcome.reruns
        print(
            f"{'not ok' if outcome.faults else 'ok'} {number} - power loss, {what}: {outcome.points} points, "
            f"{outcome.states} states of the disk, {outcome.reruns} re-runs",
            flush=True,
        )
    for each in (box, one, *packed.values()):
        each.close()
    print(f"1..{number}")
    print(f"# power lost at {points} points, {states} states of the disk judged, {reruns} made for real and re-run")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
