# Several directories, one after the other: each as if it were alone, but that its records go to one report.

# One of them. Paths may be relative: each is entered from where the run began.
aim_at() {
    named=$1 prefix=${1%/}/
    case $1 in
    /*) where=$1 ;;
    *) where=$start/$1 ;;
    esac
}

# What there is in one, before the first is begun: for the line of progress, for how many were not begun, for why there
# was nothing to do. Each is listed again at its turn, hours later perhaps; what is wrong with the list is said then.
foresee() {
    early=''
    list_pending 2>/dev/null || return 0
    found_in_all=$((found_in_all + found)) young_in_all=$((young_in_all + young)) others_in_all=$((others_in_all + others))
    # shellcheck disable=SC2016 # expanded by the shell that runs it
    xargs -0 -r -a "$list" sh -c 'for name; do printf "%s\0" "$0$name"; done' "$prefix" >>"$scratch/foreseen" ||
        fail "cannot write to $scratch"
    [ "$pending$limits" = 0 ] || [ "$mode" = dry-run ] || say_what_goes
}

# Said once, and before there is a line of progress.
say_limits() {
    said=--quiet
    # shellcheck disable=SC2086 # words, checked by pcap-plan
    [ "$mode" = dry-run ] || [ -z "$limits" ] || pcap-run $limits --pace-fd 8 -- true
}

# Before that report there is one in each directory, which knows what was expected there. Only the last one is for people.
start_report() {
    mkfifo "$scratch/records" || fail "cannot write to $scratch"
    set --
    [ "$mode" = run ] || set -- "--$mode"
    {
        cd -- "$start" 2>/dev/null || : # it may be gone
        trap '' HUP INT QUIT TERM # until it has handlers for them
        # shellcheck disable=SC2086 # words or nothing
        exec pcap-report $sandbox $all --output "$output" --foreseen "$scratch/foreseen" $progress \
            ${markers:+--marker-dir "$markers"} ${left_out:+--left-out "$left_out"} "$@"
    } <"$scratch/records" &
    reporter=$!
    exec 5>"$scratch/records"
    output=records progress=--no-progress
}

# end_report STATUS, which the run will have. The records end with the last of those who may write some: this shell, in
# whose functions they are standard output. Of an interrupted run it would not be true that there was nothing to do.
end_report() {
    [ "$1" -le 128 ] || kill -TERM "$reporter"
    exec 5>&- >/dev/null
    wait "$reporter"
    reported=$?
    reporter=''
    return "$reported"
}

# The status of a run that a signal has ended.
status_of_signal() {
    case $signal in
    HUP) worst=129 ;;
    INT) worst=130 ;;
    QUIT) worst=131 ;;
    *) worst=143 ;;
    esac
}

# shellcheck disable=SC2120 # they are the directories
each_directory() {
    start=$PWD worst=0 found_in_all=0 young_in_all=0 others_in_all=0
    target=dir
    [ "$lost" -eq 0 ] || worst=1 # pcap-plan has said which cannot be entered
    eval "set -- $dirs"
    : >"$scratch/foreseen" || fail "cannot write to $scratch"
    for directory; do
        shift
        aim_at "$directory"
        if enter; then
            set -- "$@" "$directory"
            foresee
        else
            worst=1
        fi
    done
    found=$found_in_all young=$young_in_all others=$others_in_all
    why_nothing
    say_limits
    start_report
    while [ $# -gt 0 ] && [ -z "$signal" ]; do
        aim_at "$1"
        shift
        work >&5
        status=$?
        [ "$worst" -gt "$status" ] || worst=$status # one of a signal is the largest
    done
    [ $# -eq 0 ] || status_of_signal
    end_report "$worst" || [ "$worst" -ne 0 ] || worst=1
    return "$worst"
}
