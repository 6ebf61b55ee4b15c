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
    /*) here=${0%/*} ;;
    */*) here=$PWD/${0%/*} ;;
    *) here='' ;;
    esac
    if [ -n "$here" ] && [ -x "$here/pcap-run" ]; then
        PATH=$here:$PATH
    fi
    command -v pcap-run >/dev/null 2>&1 || fail "pcap-run is not in PATH; is pcap-slim installed?"
}

# A shell that cannot fork ends with 2, which means misuse here. A signal to the whole group would end rm(1), too. One
# that comes before signals are ignored calls this again: nothing else would remove the folder then. One that came while
# the plan was made may leave it unread.
# shellcheck disable=SC2317 # traps call it
leave() {
    status=${1:-$?}
    trap '' HUP INT QUIT TERM
    [ "$status" -ne 2 ] || [ -n "${misused-}" ] || status=1
    trap - EXIT
    eval "$plan"
    [ -z "$reporter" ] || end_report "$status"
    [ -z "$lister" ] || kill "$lister" 2>/dev/null
    [ -z "$scratch" ] || rm -rf -- "$scratch"
    exit "$status"
}

# What is to be done, and a folder for the list of names, gone again however the run ends (but kill -9). Signals are
# taken before there is one: they may come while it is made.
make_plan() {
    plan='' scratch='' mode='' answer='' log=''
    target='' named='' where='' prefix='' files=0 policy='' stage='' markers='' # what, and where
    dirs='' lost=0 reporter='' said='' run='' signal='' lister=''                      # several directories; what is under way
    found=0 young=0 others=0 # what was seen of the names there
    globs='' excludes='' recursive='' age='' until='' until_typed='' # which files of a directory
    workers='' limits='' verify='' reads='' hash='' accept='' compress='' tail='' # how
    output='' progress='' metrics='' sandbox='' prune='' retry='' left_out='' quiet='' all='' kind=''
    trap leave EXIT
    trap '' USR1 # there is no progress yet
    trap 'leave 129' HUP
    trap 'leave 130' INT
    trap 'leave 131' QUIT
    trap 'leave 143' TERM
    plan=$(exec pcap-plan --usual "$CONFIG" -- "$@") || {
        status=$? plan=''
        [ "$status" -ne 2 ] || misused=yes
        exit "$status"
    }
    case $plan in
    *"
mode='"*"'") ;; # the last thing that is said: all is there
    *)
        plan=''
        fail "pcap-plan did not say what to do; is it of the same version?"
        ;;
    esac
    eval "$plan"
    list=$scratch/list
}
