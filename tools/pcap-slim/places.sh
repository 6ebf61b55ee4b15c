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

# A shell that cannot fork ends with 2, which means misuse here. A signal to the whole group would end rm(1), too. One
# that comes before signals are ignored calls this again: nothing else would remove the folder then.
# shellcheck disable=SC2317 # traps call it
leave() {
    status=${1:-$?}
    trap '' HUP INT QUIT TERM
    [ "$status" -ne 2 ] || [ -n "${misused-}" ] || status=1
    trap - EXIT
    [ -z "$scratch" ] || rm -rf -- "$scratch"
    exit "$status"
}

# A folder for the list of names, gone again however the run ends (but kill -9).
make_scratch() {
    case ${TMPDIR:=/tmp} in
    /*) ;;
    *) TMPDIR=$PWD/$TMPDIR ;;
    esac
    # Before there is one: a signal may come while it is made.
    scratch=''
    trap leave EXIT
    trap '' USR1 # there is no progress yet
    trap 'leave 129' HUP
    trap 'leave 130' INT
    trap 'leave 131' QUIT
    trap 'leave 143' TERM
    # mktemp(1) must live to say what it has made.
    scratch=$(
        trap '' HUP INT QUIT TERM
        mktemp -d "$TMPDIR/pcap-slim.XXXXXXXX"
    ) || fail "cannot make a folder for temporary files in $TMPDIR"
    list=$scratch/list
}

# The stage directory by a path that holds when another directory is the current one.
find_stage() {
    case $stage in
    '' | /*) ;;
    *) stage=$PWD/$stage ;;
    esac
    [ -z "$stage" ] || [ -d "$stage" ] || fail "$stage: there is no such stage directory"
}

# What was asked about the policy, judged before anything is touched, and written down once for all stages. The default
# needs no file.
make_policy() {
    policy=''
    [ -n "$asked" ] || return 0
    policy=$scratch/policy
    words=$(
        IFS=$NEWLINE
        set -f
        # shellcheck disable=SC2086 # words, a line each
        pcap-truncate $asked --print-policy 2>&1 >"$policy"
    ) && {
        check_policy
        return 0
    }
    status=$?
    words=${words%%"$NEWLINE"*}
    words=${words#pcap-truncate: }
    [ "$status" -ne 2 ] || misuse "$words"
    fail "$words"
}

# What goes together with other options or does not.
check_policy() {
    [ -z "$until" ] || ! grep -qx 'length = zero' "$policy" ||
        misuse "--until-free does not go with --length zero, which leaves every file as long as it is"
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
        name=$single prefix='' claims='' within=''
    fi
    printf '%s\0' "$name" >"$list" || fail "cannot write to $scratch"
}

# Files by their names as they are; each will be claimed in its own directory.
# shellcheck disable=SC2317 # an action of each_option
put_file() {
    [ "$1" = FILE ] || return 0
    [ -n "$2" ] || misuse "'' is not the name of a file"
    [ ! -d "$2" ] || misuse "'$2' is a directory; name it with --dir"
    printf '%s\0' "$2" >>"$list" || fail "cannot write to $scratch"
}
