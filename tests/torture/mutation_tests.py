"""The tests that mutations name: a command from the top of the tree, over programs that are built without optimising at link
time."""

BIN_DIR = "build/dev/bin"


def unit(name):
    return [f"build/dev/tests/test_{name}"]


def bats(file, name):
    return ["bats", f"tests/{file if '/' in file else 'cli/' + file}.bats", "-f", name]


def replay(harness):
    return ["env", f"FUZZ_HARNESSES={harness}", "FUZZ_VARIANT=dev", "sh", "scripts/fuzz", "replay"]
