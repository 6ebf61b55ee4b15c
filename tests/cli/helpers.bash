# Shared by all bats files. BIN_DIR is the build under test (build/bin, or a sanitizer variant's).

ROOT=$(cd -P -- "$BATS_TEST_DIRNAME/../.." && pwd)
BIN_DIR=${BIN_DIR:-$ROOT/build/bin}
FIXTURES=$ROOT/fixtures
PYTHON=${PYTHON:-/usr/bin/python3}
PATH=$BIN_DIR:$PATH
export PATH ROOT FIXTURES PYTHON

# A fresh folder a test, removed by bats; tests run inside it.
setup() {
    cd -- "$BATS_TEST_TMPDIR" || return 1
    if declare -F setup_more >/dev/null; then setup_more; fi
}

# runs COMMAND...: run it with standard output and standard error in files of their own.
# Sets $status, $out and $err; $out_file and $err_file keep the bytes.
runs() {
    last_command="$*"
    out_file=$BATS_TEST_TMPDIR/.out err_file=$BATS_TEST_TMPDIR/.err
    status=0
    "$@" >"$out_file" 2>"$err_file" </dev/null || status=$?
    out=$(tr -d '\0' <"$out_file") err=$(tr -d '\0' <"$err_file")
}

# The same with standard input from a file: runs_from FILE COMMAND...
runs_from() {
    local input=$1
    shift
    last_command="$* <$input"
    out_file=$BATS_TEST_TMPDIR/.out err_file=$BATS_TEST_TMPDIR/.err
    status=0
    "$@" <"$input" >"$out_file" 2>"$err_file" || status=$?
    out=$(tr -d '\0' <"$out_file") err=$(tr -d '\0' <"$err_file")
}

explain() {
    {
        printf '%s\n' "$1"
        printf 'command: %s\nstatus:  %s\n' "${last_command-}" "${status-}"
        printf 'out:\n%s\nerr:\n%s\n' "${out-}" "${err-}"
    } >&2
    return 1
}

# Exact, never "not zero".
status_is() { [ "$status" -eq "$1" ] || explain "expected status $1"; }
out_is() { [ "$out" = "$1" ] || explain "expected standard output: $1"; }
err_is() { [ "$err" = "$1" ] || explain "expected standard error: $1"; }
out_has() { case $out in *"$1"*) ;; *) explain "expected in standard output: $1" ;; esac; }
err_has() { case $err in *"$1"*) ;; *) explain "expected in standard error: $1" ;; esac; }
err_lacks() { case $err in *"$1"*) explain "not expected in standard error: $1" ;; esac; }

# jq's answer to EXPRESSION over standard output is true.
json_is() { jq -e "$1" <"$out_file" >/dev/null || explain "jq -e '$1' is not true"; }

same_bytes() { cmp -- "$1" "$2" >&2 || explain "$1 and $2 differ"; }

# Nothing in folder $1 but the names that follow (dot files included).
only_files() {
    local dir=$1 want have
    shift
    want=$(printf '%s\n' "$@" | LC_ALL=C sort)
    have=$(LC_ALL=C ls -A -- "$dir")
    [ "$have" = "$want" ] || explain "in $dir expected: $want; found: $have"
}

# A fixture that the default policy cuts, its bytes once slim by the independent oracle.
oracle() { "$PYTHON" "$ROOT/tests/oracle/oracle.py" "$1" "$2"; }
