"""What a run takes of the page cache, and what it reads from the disk."""

import contextlib
import ctypes
import os
import pathlib
import resource
import subprocess
import time

SYS_CACHESTAT = 451  # Linux 6.5
PAGE_BYTES = os.sysconf("SC_PAGESIZE")
SAMPLE_S = 0.003
LIBC = ctypes.CDLL(None, use_errno=True)


class Range(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_uint64), ("length", ctypes.c_uint64)]  # a length of 0 is to the end


class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("cache", "dirty", "writeback", "evicted", "recently_evicted")]


def resident_bytes(path):
    """Of a file, now; 0 where there is none. Cheap enough to be asked every few milliseconds."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return 0
    counts = Counts()
    status = LIBC.syscall(SYS_CACHESTAT, fd, ctypes.byref(Range(0, 0)), ctypes.byref(counts), 0)
    error = ctypes.get_errno()
    os.close(fd)
    if status != 0:
        raise OSError(error, "cachestat(2), of Linux 6.5: " + os.strerror(error))
    return counts.cache * PAGE_BYTES


@contextlib.contextmanager
def memory_of(bytes_limit):
    """A memory cgroup (version 1 or 2) for a child to go into: its file of processes, or None where none can be made."""
    for parent, limit, files in (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "cgroup.procs"),
        ("/sys/fs/cgroup", "memory.max", "cgroup.procs"),
    ):
        group = pathlib.Path(parent) / f"pcap-slim-bench.{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(bytes_limit))
        except OSError:
            group.rmdir()
            continue
        try:
            yield group / files
        finally:
            time.sleep(0.1)
            group.rmdir()
        return
    yield None


def run(command, paths, processes=None):
    """Run a shell line, in the cgroup behind `processes` if there is one. Returns the bytes that it and its children read
    from the disk, and the most that all of the files had in the page cache at once."""
    line = command if processes is None else f"echo $$ >{processes} && {command}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(["sh", "-c", line])
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(resident_bytes(path) for path in paths))
        time.sleep(SAMPLE_S)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, line)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"read_bytes": (after.ru_inblock - before.ru_inblock) * 512, "peak_bytes": peak}
