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

# Before a program: signals as they are at a terminal. nohup, and a shell for what it puts into the background, leave some
# ignored, which whoever is started inherits and rightly obeys; a shell cannot take that back.
AT_A_TERMINAL=(env "--default-signal=HUP,INT,QUIT,PIPE,TERM")

# program_or_function COMMAND... scripts/run-tests has taken the signals back for all that it starts, and a process less
# for each program is much of the time of short tests.
program_or_function() {
    if [ -z "${SIGNALS_RESET-}" ] && [ "$(type -t -- "$1")" = file ]; then
        "${AT_A_TERMINAL[@]}" "$@"
    else
        "$@"
    fi
}

# Said once in a directory; slim-dir.bats has when.
WHAT_GOES='pcap-slim: the policy packet also cuts certificates and names that can be read; --policy flow keeps them'

# read_text VARIABLE FILE: what $(tr -d '\0' <FILE) gives, without two processes for what has no NUL.
read_text() {
    local text LC_ALL=C
    if IFS= read -r -d '' text <"$2"; then
        text=$(tr -d '\0' <"$2")
    fi
    printf -v "$1" %s "${text%"${text##*[!$'\n']}"}"
}

# What a run said on standard error, without that line, which would be in nearly all of them.
read_err() {
    read_text err "$err_file"
    case $err in *"$WHAT_GOES"*) err=$(grep -avxF -- "$WHAT_GOES" <<<"$err") || : ;; esac
}

# runs COMMAND...: run it with standard output and standard error in files of their own.
# Sets $status, $out and $err; $out_file and $err_file keep the bytes.
runs() {
    last_command="$*"
    out_file=$BATS_TEST_TMPDIR/.out err_file=$BATS_TEST_TMPDIR/.err
    status=0
    program_or_function "$@" >"$out_file" 2>"$err_file" </dev/null || status=$?
    read_text out "$out_file"
    read_err
}

# The same with standard input from a file: runs_from FILE COMMAND...
runs_from() {
    local input=$1
    shift
    last_command="$* <$input"
    out_file=$BATS_TEST_TMPDIR/.out err_file=$BATS_TEST_TMPDIR/.err
    status=0
    program_or_function "$@" <"$input" >"$out_file" 2>"$err_file" || status=$?
    read_text out "$out_file"
    read_err
}

# What every assertion below ends in. Inside `f || g`, `f && g` and `if f` bash does not stop at a failed command of f, so
# it also leaves a note, at which teardown fails the test; scripts/lint keeps assertions out of such places.
explain() {
    {
        printf '%s\n' "$1"
        printf 'command: %s\nstatus:  %s\n' "${last_command-}" "${status-}"
        printf 'out:\n%s\nerr:\n%s\n' "${out-}" "${err-}"
    } >&2
    : >"$BATS_TEST_TMPDIR/.explained"
    return 1
}

# A file's own goes into teardown_more.
teardown() {
    if declare -F teardown_more >/dev/null; then teardown_more; fi
    [ ! -e "$BATS_TEST_TMPDIR/.explained" ]
}

# Of tests that leave something running: the process in $background, which may wait for descriptor 7 to be closed.
end_background() {
    exec 7>&- 2>/dev/null || :
    [ -z "$background" ] || kill -9 "$background" 2>/dev/null || :
    wait
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

# ---- for the filters ----

VERSION=$(cat "$ROOT/VERSION")
export VERSION

# What records say of the default policy: the digest of its settings.
DEFAULT_POLICY=xxh3:5c4b76876f7283a3

kit() { "$PYTHON" "$ROOT/tests/cli/kit.py" "$@"; }

err_empty() { err_is ''; }
out_empty() { out_is ''; }

# Misuse: status 2, nothing on standard output, TEXT and where help is: misuse_is PROGRAM TEXT
misuse_is() {
    status_is 2
    out_empty
    err_is "$1: $2
Try '$1 --help'."
}

# Status 1 with exactly TEXT on standard error, nothing on standard output.
refused_with() {
    status_is 1
    out_empty
    err_is "$1"
}

# Everything about a folder that a program could change, access times apart: names, kinds, modes, owners,
# links, sizes, times, inodes and contents.
picture() {
    (cd -- "$1" && find . -printf '%p %y %m %U %G %n %s %T@ %i %l\n' | LC_ALL=C sort &&
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum --)
}

# unchanged FOLDER PICTURE
unchanged() { [ "$(picture "$1")" = "$2" ] || explain "$1 changed: $(diff <(printf '%s\n' "$2") <(picture "$1"))"; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# A command that file modes hold for, also where the tests run as root.
without_rights() {
    if is_root; then
        setpriv --bounding-set=-all --inh-caps=-all "$@"
    else
        "$@"
    fi
}

# wait_for COMMAND...: until it succeeds, a minute at most, which a busy machine may well need.
wait_for() {
    local end=$((SECONDS + 60))
    while [ "$SECONDS" -lt "$end" ]; do
        if "$@" 2>/dev/null; then return 0; fi
        sleep 0.02
    done
    explain "waited in vain for: $*"
}

# ---- traces ----

# traced [OPTION...] LOG COMMAND...: under strace(1), each process into a file of its own, LOG.PID. In one file for all
# a call is two lines when a call of another process comes between, so that lines are not calls.
traced() {
    local options=()
    while [[ $1 == -* ]]; do
        options+=("$1")
        shift
    done
    "${AT_A_TERMINAL[@]}" strace -ff -qq "${options[@]}" -o "$@"
}

# calls LOG REGEX: how many calls of all the processes match.
calls() { cat -- "$1".[0-9]* | grep -cE -- "$2" || true; }

# calls_are LOG REGEX NUMBER
calls_are() {
    local have
    have=$(calls "$1" "$2")
    [ "$have" -eq "$3" ] || explain "expected $3 calls $2, found $have: $(grep -hE -- "$2" "$1".[0-9]* | head -n 20)"
}

# The same output with what the clock puts into it made equal.
settled() {
    sed -E 's/elapsed=[0-9]+\.[0-9]s saved=[0-9]+ \([0-9]+ %\)$/elapsed=_/; s/takes about [0-9:]+ /takes about _ /
        s/\([0-9]+ms\)/(_ms)/; s/"(elapsed|run)_ms":[0-9]+/"\1_ms":0/g'
}
settled_err_is() {
    local have
    read_err # a test may have made the file
    have=$(settled <<<"$err")
    [ "$have" = "$1" ] || explain "expected standard error (settled): $1"
}
settled_out_is() {
    local have
    have=$(settled <"$out_file")
    [ "$have" = "$1" ] || explain "expected standard output (settled): $1"
}

# What every program's face does: check_help, check_version, check_full PROGRAM
check_help() {
    runs "$1" --help
    status_is 0
    err_empty
    out_has "Usage: $1"
    out_has "--version"
    [ "$(wc -l <"$out_file")" -le 24 ] || explain "the help text is longer than a screen"
    [ "$(wc -L <"$out_file")" -le 80 ] || explain "the help text is wider than a screen"
}

check_version() {
    runs "$1" --version
    status_is 0
    err_empty
    out_is "$1 $VERSION"
}

# Standard output that cannot be written is a failure, not a success without output.
check_full() {
    local word
    for word in --help --version -h -V; do
        runs sh -c 'exec "$0" "$1" >/dev/full' "$1" "$word"
        refused_with "$1: standard output: cannot write: No space left on device"
        runs sh -c 'exec "$0" "$1" >&-' "$1" "$word"
        refused_with "$1: standard output: cannot write: Bad file descriptor"
    done
}

# Options that do not exist, before and behind an operand.
check_unknown_options() {
    local program=$1 word
    for word in --nonsense --nonsense=3 -x; do
        runs "$program" "$word" </dev/null
        misuse_is "$program" "unknown option '${word%%=*}'"
    done
    runs "$program" -xy </dev/null
    misuse_is "$program" "unknown option '-x'"
}

check_option_behind_operand() {
    runs "$1" operand --nonsense
    misuse_is "$1" "unknown option '--nonsense'"
}

# check_needs_value PROGRAM OPTION...
check_needs_value() {
    local program=$1 option
    shift
    for option; do
        runs "$program" "$option"
        misuse_is "$program" "option '$option' needs a value"
    done
}

# check_takes_no_value PROGRAM OPTION...
check_takes_no_value() {
    local program=$1 option
    shift
    for option; do
        runs "$program" "$option=3"
        misuse_is "$program" "option '$option' takes no value"
    done
}

# Limits out of range or no numbers.
check_limits_misuse() {
    local program=$1 value
    for value in 0 -1 x '' 0.0001 1e3 1000001 inf 5x . 1..2 ' 5'; do
        runs "$program" "--max-io-mbps=$value" x
        misuse_is "$program" "--max-io-mbps takes megabytes (10^6 bytes, not bits) a second: a number above 0, not '$value'"
    done
    for value in 0 101 -1 x '' 1.5 5x 99999999999999999999; do
        runs "$program" "--max-cpu-percent=$value" x
        misuse_is "$program" "--max-cpu-percent takes a whole number from 1 to 100, not '$value'"
    done
    for value in 101 -1 x '' 1.5; do
        runs "$program" "--cpu-backoff-above=$value" x
        misuse_is "$program" "--cpu-backoff-above takes a whole number from 0 to 100, not '$value'"
    done
    for value in 1.1 -0.1 x '' 2 nan; do
        runs "$program" "--cpu-backoff-strength=$value" x
        misuse_is "$program" "--cpu-backoff-strength takes a number from 0.0 to 1.0, not '$value'"
    done
    for value in -1 x '' 1025 3x; do
        runs "$program" "--pace-fd=$value" x
        status_is 2
        err_has "--pace-fd takes the number of a descriptor"
        err_has "not '$value'"
    done
}
