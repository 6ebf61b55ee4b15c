#!/usr/bin/python3
"""Run a command and write what CPU time it took, with every process that came of it: cputime.py FILE COMMAND...

afl-fuzz kills its fork server and does not wait for it, so that time(1) never hears of most of the work. Here orphans
come to this process (PR_SET_CHILD_SUBREAPER), which waits for them. Writes "cpu USER SYSTEM", in seconds; ends with the
command's status.
"""

import ctypes
import os
import resource
import sys

PR_SET_CHILD_SUBREAPER = 36


def main():
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("cputime.py: no orphans here")
    child = os.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    status = None
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            break
        if pid == child:
            status = ended
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        print(f"cpu {used.ru_utime:.2f} {used.ru_stime:.2f}", file=out)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
