"""How long a run takes to begin: from its start to the first temporary file."""

import ctypes
import os
import select
import shlex
import signal
import struct
import subprocess
import time

IN_CREATE = 0x100
EVENT = struct.Struct("iIII")  # inotify(7): what, mask, cookie, length of the name that follows
LIBC = ctypes.CDLL(None, use_errno=True)


def names(data):
    at = 0
    while at < len(data):
        length = EVENT.unpack_from(data, at)[3]
        yield data[at + EVENT.size : at + EVENT.size + length].rstrip(b"\0")
        at += EVENT.size + length


def first_tmp_s(command, directory):
    """Run command on directory until there is a .tmp in it; then it is interrupted. Returns seconds."""
    fd = LIBC.inotify_init1(os.O_CLOEXEC)
    if fd < 0 or LIBC.inotify_add_watch(fd, os.fsencode(directory), IN_CREATE) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    began = time.monotonic()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(shlex.split(command), start_new_session=True, **quiet)
    took = None
    while took is None:
        if not select.select([fd], [], [], 60)[0]:
            break
        if any(name.endswith(b".tmp") for name in names(os.read(fd, 65536))):
            took = time.monotonic() - began
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    os.close(fd)
    if took is None:
        raise TimeoutError("no temporary file in a minute")
    return took
