#!/usr/bin/env bats
# The hook that `make hooks` installs: what is badly formatted, or a script with a fault, is not committed.
load helpers

# A scratch repository of these sources, with the hook; a commit in it says nothing of what it had to build.
setup_more() {
    git -c advice.detachedHead=false clone -q --no-hardlinks "$ROOT" clone || skip "no repository here"
    cd clone
    cp "$ROOT/scripts/pre-commit" "$ROOT/scripts/install-hooks" scripts/
    git add -A
    git config user.name test
    git config user.email test@example.org
    git diff --cached --quiet || git commit -qm "what is tried"
    sh scripts/install-hooks
}

commit() { runs git commit -qm "$1"; }

@test "a badly formatted source is refused, a good one accepted" {
    printf 'static inline int  one( void ) { return 1; }\n' >tests/fuzz/one.h
    git add tests/fuzz/one.h
    commit bad
    status_is 1
    err_has one.h
    printf 'static inline int one(void) {\n    return 1;\n}\n' >tests/fuzz/one.h
    git add tests/fuzz/one.h
    commit good
    status_is 0
    [ -z "$(git status --porcelain)" ] || explain "$(git status --porcelain)"
}

@test "a script that shellcheck finds at fault is refused, a good one accepted" {
    # $1: for the script
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nrm $1\n' >scripts/one
    git add scripts/one
    commit bad
    status_is 1
    err_has SC2086
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nrm "$1"\n' >scripts/one
    git add scripts/one
    commit good
    status_is 0
}

@test "a unit test that fails is refused" {
    export MAKEFLAGS='-- LIB= FACE=' # it needs nothing of the library, which is not built for it
    printf '#include <stdio.h>\nint main(void) {\n    return puts("no") < 0;\n}\n' >tests/unit/test_one.c
    git add tests/unit/test_one.c
    commit good
    status_is 0
    printf '#include <stdio.h>\nint main(void) {\n    return puts("no") > 0;\n}\n' >tests/unit/test_one.c
    git add tests/unit/test_one.c
    commit bad
    status_is 1
}
