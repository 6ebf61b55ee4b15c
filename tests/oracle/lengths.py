"""Slim captures by a length mode and judge each: for lengths.bats.

    lengths.py LIST WANT PAIRS PCAP-TRUNCATE OPTION...

LIST has the names of captures, NUL after each; WANT is the folder that `oracle.py --batch` made of it. pcap-truncate has to
give the oracle's bytes, pcap-verify has to find them good, and slimming again has to change nothing; or both refuse. PAIRS
gets (original, slim) with a NUL after each; the slim captures are put into the current directory. One program a line of
shell would be a process each for comparing, too: of all that is started here this is most of the time.
"""

import os
import subprocess
import sys


def run(arguments, path):
    with open(path, "rb") as file:
        done = subprocess.run(arguments, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=False,
                              check=False)
    return done.returncode, done.stdout


def content(path):
    with open(path, "rb") as file:
        return file.read()


def judge(path, number, want, options):
    """Returns the name of the slim capture, None where both refuse, or False where something is wrong."""
    status, slim = run(["pcap-truncate", *options], path)
    if status == 1 and os.path.exists(f"{want}/{number}.refused"):
        return None
    if status != 0 or not os.path.exists(f"{want}/{number}.out") or slim != content(f"{want}/{number}.out"):
        return False
    name = f"slim.{number}"
    with open(name, "wb") as file:
        file.write(slim)
    if run(["pcap-verify", *options, "--original", path, name], os.devnull)[0] != 0:
        return False
    return name if run(["pcap-truncate", *options], name) == (0, slim) else False


def main(list_path, want, pairs_path, *options):
    good, bad = 0, 0
    with open(pairs_path, "wb") as pairs:
        for number, path in enumerate(content(list_path).split(b"\0")[:-1]):
            name = judge(path, number, want, options)
            if name is False:
                bad += 1
                print("differs, is not verified, or changes again:", os.fsdecode(path), file=sys.stderr)
            elif name is not None:
                good += 1
                pairs.write(path + b"\0" + os.fsencode(os.path.abspath(name)) + b"\0")
    print(f"# {' '.join(options)}: {good} identical, verified, idempotent; {bad} not")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
