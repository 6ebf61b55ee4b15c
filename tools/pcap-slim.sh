#!/bin/sh
# pcap-slim: slim finished captures in place. Options, listing and the chain of filters; the filters do the work.
#
# A run is: list the pending files, oldest first, into a file of NUL-terminated names; hand them in batches to
# WORKERS chains of pcap-truncate | pcap-verify | pcap-commit (one process a stage and batch); turn the records
# that come out into the report. pcap-run holds the run together: limits, claims, signals.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH

PROGRAM=pcap-slim
VERSION=@VERSION@

usage() {
    cat <<'EOF'
Usage: pcap-slim --dir PATH | --single PATH [OPTION...]
Slim finished captures in place: every packet, timestamp, header and cleartext byte stays, each
encrypted payload keeps its first 24 bytes.

  --dir PATH                every pending *.pcap directly in PATH, oldest first
  --single PATH             one file
  --workers N               files in parallel (default 1)
  --age-minutes N           only files last written at least N minutes ago
  --dry-run                 list what would be slimmed; write nothing
  --check-only              say what slimming would save; write nothing
  --verify full|count       check each slim capture against every packet of its original (default),
                            or only its packet count and digest
  --output human|json       format of the report (default human)
  --max-io-mbps N           cap on bytes read and written, 10^6 a second, all processes together
  --max-cpu-percent N       cap on the share of the whole machine's CPU, 1 to 100
  --cpu-backoff-above N     lower the CPU target while the host is busier than N %
  --cpu-backoff-strength F  how much, 0.0 to 1.0 (default 0.5)
  --mmap, --no-mmap         force mapped or buffered reads (default: what is faster)
  --help, --version

Exit status: 0 all well, 1 a file failed, 2 misuse.
Examples:
  pcap-slim --dir /data/pcap --check-only
  pcap-slim --dir /data/pcap --age-minutes 15 --workers 2 --max-io-mbps 50 --output json
EOF
}

# One line, whatever control characters are in a name it quotes.
say() {
    printf '%s: %s' "$PROGRAM" "$1" | tr '\001-\037\177' '[?*]' >&2
    echo >&2
}

misuse() {
    say "$1"
    printf "Try '%s --help'.\n" "$PROGRAM" >&2
    exit 2
}

fail() {
    say "$1"
    exit 1
}

warn() {
    say "warning: $1"
}

# A whole number of at most 9 digits (so that shell arithmetic holds) between $2 and $3? Sets whole to it without
# leading zeros, with which a shell would take it for octal.
is_whole() {
    case $1 in
    '' | *[!0-9]* | ??????????*) return 1 ;;
    esac
    whole=${1#"${1%%[!0]*}"}
    whole=${whole:-0}
    [ "$whole" -ge "$2" ] && [ "$whole" -le "$3" ]
}

# Digits with at most one point? Sets whole (without leading zeros) and fraction.
is_decimal() {
    case $1 in
    '' | . | *[!0-9.]* | *.*.*) return 1 ;;
    esac
    fraction=''
    case $1 in
    *.*) fraction=${1#*.} ;;
    esac
    whole=${1%%.*}
    whole=${whole#"${whole%%[!0]*}"}
}

# A rate in MB/s from 0.001 to 1000000?
is_rate() {
    is_decimal "$1" || return 1
    case $whole in
    '') case $fraction in [1-9]* | 0[1-9]* | 00[1-9]*) ;; *) return 1 ;; esac ;;
    ???????) [ "$whole" = 1000000 ] && [ -z "$(printf %s "$fraction" | tr -d 0)" ] ;;
    ????????*) return 1 ;;
    esac
}

# A share from 0.0 to 1.0?
is_share() {
    is_decimal "$1" || return 1
    case $whole in
    '') ;;
    1) [ -z "$(printf %s "$fraction" | tr -d 0)" ] ;;
    *) return 1 ;;
    esac
}

parse_options() {
    dir='' single='' workers='' age='' output=human verify=full mode=run
    reads='' io='' cpu='' above='' strength=''
    dir_given='' single_given='' help='' version=''
    while [ $# -gt 0 ]; do
        option=$1
        shift
        value='' has_value=''
        case $option in
        --*=*)
            value=${option#*=}
            option=${option%%=*}
            has_value=attached
            ;;
        esac
        case $option in
        --dir | --single | --workers | --age-minutes | --verify | --output | --max-io-mbps | --max-cpu-percent | \
            --cpu-backoff-above | --cpu-backoff-strength)
            if [ -z "$has_value" ]; then
                [ $# -gt 0 ] || misuse "option '$option' needs a value"
                value=$1
                shift
            fi
            ;;
        *)
            [ -z "$has_value" ] || case $option in
            --dry-run | --check-only | --mmap | --no-mmap | --help | --version)
                misuse "option '$option' takes no value"
                ;;
            esac
            ;;
        esac
        case $option in
        --dir) dir=$value dir_given=yes ;;
        --single) single=$value single_given=yes ;;
        --workers)
            is_whole "$value" 1 1024 || misuse "--workers takes a whole number from 1 to 1024, not '$value'"
            workers=$whole
            ;;
        --age-minutes)
            is_whole "$value" 0 99999999 || misuse "--age-minutes takes a whole number of minutes, not '$value'"
            age=$whole
            ;;
        --dry-run) mode=dry-run ;;
        --check-only) [ "$mode" = dry-run ] || mode=check-only ;;
        --verify)
            case $value in
            full | count) verify=$value ;;
            *) misuse "--verify takes full or count, not '$value'" ;;
            esac
            ;;
        --output)
            case $value in
            human | json) output=$value ;;
            *) misuse "--output takes human or json, not '$value'" ;;
            esac
            ;;
        --max-io-mbps)
            is_rate "$value" || misuse "--max-io-mbps takes a number of MB/s above 0, not '$value'"
            io=$value
            ;;
        --max-cpu-percent)
            is_whole "$value" 1 100 || misuse "--max-cpu-percent takes a whole number from 1 to 100, not '$value'"
            cpu=$whole
            ;;
        --cpu-backoff-above)
            is_whole "$value" 0 100 || misuse "--cpu-backoff-above takes a whole number from 0 to 100, not '$value'"
            above=$whole
            ;;
        --cpu-backoff-strength)
            is_share "$value" || misuse "--cpu-backoff-strength takes a number from 0.0 to 1.0, not '$value'"
            strength=$value
            ;;
        --mmap | --no-mmap) reads=$option ;;
        --help) help=yes ;;
        --version) version=yes ;;
        -*) misuse "unknown option '$option'" ;;
        *) misuse "'$option' is not an option; name a directory with --dir or a file with --single" ;;
        esac
    done
}

check_options() {
    [ -z "$dir_given" ] || [ -z "$single_given" ] || misuse "--dir and --single exclude each other"
    [ -n "$dir_given" ] || [ -n "$single_given" ] || misuse "one of --dir PATH and --single PATH is needed"
    [ -z "$dir_given" ] || [ -n "$dir" ] || misuse "--dir takes the path of a directory"
    [ -z "$single_given" ] || [ -n "$single" ] || misuse "--single takes the path of a file"
    if [ -n "$single_given" ]; then
        [ -z "$workers" ] || warn "--workers has no effect with --single"
        [ -z "$age" ] || warn "--age-minutes has no effect with --single"
        workers=1 age=''
    fi
    if [ -n "$strength" ] && [ -z "$above" ]; then
        warn "--cpu-backoff-strength has no effect without --cpu-backoff-above"
    fi
    : "${workers:=1}"
}

# Programs are found in absolute places only: the current directory will be one that others may write to.
clean_path() {
    clean='' rest=$PATH:
    while [ -n "$rest" ]; do
        part=${rest%%:*}
        rest=${rest#*:}
        case $part in
        /*) clean=${clean:+$clean:}$part ;;
        esac
    done
    PATH=${clean:-/usr/bin:/bin}
    export PATH
}

# The filters beside this script are the ones to use, installed or not.
find_filters() {
    clean_path
    case $0 in
    */*)
        here=$(cd -P -- "${0%/*}/" 2>/dev/null && pwd) || here=''
        if [ -n "$here" ] && [ -x "$here/pcap-run" ]; then
            PATH=$here:$PATH
        fi
        ;;
    esac
    command -v pcap-run >/dev/null 2>&1 || fail "pcap-run is not in PATH; is pcap-slim installed?"
}

# A folder for the list of names, gone again however the run ends (but kill -9).
make_scratch() {
    case ${TMPDIR:=/tmp} in
    /*) ;;
    *) TMPDIR=$PWD/$TMPDIR ;;
    esac
    # Before there is one: a signal may come while it is made.
    scratch=''
    trap '[ -z "$scratch" ] || rm -rf -- "$scratch"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 131' QUIT
    trap 'exit 143' TERM
    scratch=$(mktemp -d "$TMPDIR/pcap-slim.XXXXXXXX") || fail "cannot make a folder for temporary files in $TMPDIR"
    list=$scratch/list
}

# Into the directory: from here on it is the current one, whatever happens to its name. Paths in reports keep
# the words of the operator: prefix.
enter_dir() {
    case $dir in
    /*) where=$dir ;;
    *) where=./$dir ;; # also for -, which cd takes for something else
    esac
    cd -P -- "$where" 2>/dev/null || fail "$dir: cannot enter this directory"
    case $dir in
    */) prefix=$dir ;;
    *) prefix=$dir/ ;;
    esac
}

enter_dir_of_single() {
    name=${single##*/}
    prefix=${single%"$name"}
    case $prefix in
    /*) where=$prefix ;;
    *) where=./$prefix ;;
    esac
    if [ -z "$name" ] || ! cd -P -- "$where" 2>/dev/null; then
        # The stage will say what is wrong with it.
        name=$single prefix='' claims=''
    fi
    printf '%s\0' "$name" >"$list" || fail "cannot write to $scratch"
}

list_pending() {
    set -- . -ignore_readdir_race -mindepth 1 -maxdepth 1 -name '*.pcap'
    if [ -n "$age" ]; then
        now=$(date +%s.%N)
        set -- "$@" ! -newermt "@$((${now%.*} - age * 60)).${now#*.}"
    fi
    find "$@" -printf '%T@ %f\0' >"$scratch/found" || fail "${dir}: cannot list this directory"
    sort -z -n <"$scratch/found" >"$scratch/sorted" || fail "cannot write to $scratch"
    cut -z -d ' ' -f 2- <"$scratch/sorted" >"$list" || fail "cannot write to $scratch"
}

# Files a batch: few enough that the workers end at about the same time, many enough that starting the processes
# of a batch does not count.
batch_size() {
    files=$(tr -cd '\0' <"$list" | wc -c)
    if [ "$workers" -eq 1 ]; then
        batch=$files
    else
        batch=$(((files + workers * 8 - 1) / (workers * 8)))
    fi
    [ "$batch" -ge 1 ] || batch=1
    [ "$batch" -le 1000 ] || batch=1000
}

# A signal may come while a chain is being started. What takes records has to outlive it, or those that are on their way
# are lost; so it ignores signals until it has handlers for them. pcap-run sends the signal again meanwhile.
# shellcheck disable=SC2089 # as below
HOLD='trap "" HUP INT QUIT TERM'
LET_GO='trap - HUP INT QUIT TERM'

# The command of a batch, for xargs: names are its arguments.
# shellcheck disable=SC2016,SC2089 # expanded by the shell that runs it
BATCH=$HOLD'
printf "%s\0" "$@" |
    { '$LET_GO'; exec pcap-truncate $SLIM_READS $SLIM_PACE $SLIM_CLAIMS --files0-from=-; } |
    pcap-verify $SLIM_PACE --records --check $SLIM_VERIFY |
    pcap-commit $SLIM_PACE $SLIM_CLAIMS --records'

# The command of the run, for pcap-run.
# shellcheck disable=SC2016
RUN=$HOLD'
    { '$LET_GO'
      exec xargs -0 -r -a "$SLIM_LIST" -P "$SLIM_WORKERS" -n "$SLIM_BATCH" sh -c "$SLIM_COMMAND" batch; } |
    pcap-report --output "$SLIM_OUTPUT" --prefix "$SLIM_PREFIX" --expect "$SLIM_LIST"'
# shellcheck disable=SC2016
CHECK=$HOLD'
    { '$LET_GO'
      exec xargs -0 -r -a "$SLIM_LIST" -P "$SLIM_WORKERS" -n "$SLIM_BATCH" \
          pcap-scan $SLIM_READS $SLIM_PACE --pending --; } |
    pcap-report --output "$SLIM_OUTPUT" --prefix "$SLIM_PREFIX" --expect "$SLIM_LIST" --check-only'

export_run() {
    SLIM_LIST=$list SLIM_WORKERS=$workers SLIM_BATCH=$batch SLIM_COMMAND=$BATCH
    SLIM_OUTPUT=$output SLIM_PREFIX=$prefix SLIM_VERIFY=$verify
    SLIM_READS=$reads SLIM_CLAIMS=$claims SLIM_PACE=''
    [ -z "$limits" ] || SLIM_PACE='--pace-fd 8'
    # shellcheck disable=SC2090 # as above
    export SLIM_LIST SLIM_WORKERS SLIM_BATCH SLIM_COMMAND SLIM_OUTPUT SLIM_PREFIX SLIM_VERIFY SLIM_READS SLIM_CLAIMS \
        SLIM_PACE
}

# A signal that comes before there is a process to pass it on to is passed on later.
pass_on() {
    signal=$1
    [ -z "$run" ] || kill "-$1" "$run" 2>/dev/null
}

# Wait for pcap-run, which passes signals on to its processes and ends after the last of them. In the background,
# because a shell handles a signal only when the command in the foreground has ended.
run_and_wait() {
    run='' signal=''
    trap 'pass_on HUP' HUP
    trap 'pass_on INT' INT
    trap 'pass_on QUIT' QUIT
    trap 'pass_on TERM' TERM
    "$@" &
    run=$!
    [ -z "$signal" ] || pass_on "$signal"
    while :; do
        wait "$run"
        status=$?
        kill -0 "$run" 2>/dev/null || return "$status"
    done
}

main() {
    parse_options "$@"
    if [ -n "$help" ]; then
        usage || exit 1
        exit 0
    fi
    if [ -n "$version" ]; then
        printf '%s %s\n' "$PROGRAM" "$VERSION" || exit 1
        exit 0
    fi
    check_options
    find_filters
    make_scratch
    claims='--claim-fd 9'
    if [ -n "$dir_given" ]; then
        enter_dir
        [ "$mode" != run ] || pcap-commit --clean-stale . || fail "$dir: cannot clean up"
        list_pending
    else
        enter_dir_of_single
    fi
    limits=${io:+"--max-io-mbps $io "}${cpu:+"--max-cpu-percent $cpu "}${above:+"--cpu-backoff-above $above "}
    [ -z "$above" ] || limits="$limits${strength:+"--cpu-backoff-strength $strength "}"
    batch_size
    export_run
    # shellcheck disable=SC2086 # $limits and $claims are words, checked above
    case $mode in
    dry-run)
        pcap-scan --pending --dry-run --files0-from="$list" |
            pcap-report --dry-run --output "$output" --prefix "$prefix" --expect "$list"
        ;;
    check-only) run_and_wait pcap-run $limits ${limits:+--pace-fd 8} -- sh -c "$CHECK" ;;
    run) run_and_wait pcap-run $limits ${limits:+--pace-fd 8} $claims -- sh -c "$RUN" ;;
    esac
    exit $?
}

main "$@"
