# Several directories, one after the other: each as if it were alone, but that its records go to one report.

# Before that report there is one in each directory, which knows what was expected there. Only the last one is for people.
start_report() {
    mkfifo "$scratch/records" || fail "cannot write to $scratch"
    set --
    [ "$mode" = run ] || set -- "--$mode"
    {
        trap '' HUP INT QUIT TERM # until it has handlers for them
        # shellcheck disable=SC2086 # words or nothing
        exec pcap-report $sandbox $all --output "$output" --no-progress "$@"
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

# Not from one place to the next, but each from where the run began: paths may be relative.
# shellcheck disable=SC2120 # they are the directories
each_directory() {
    start=$PWD worst=0
    target=dir
    [ "$lost" -eq 0 ] || worst=1 # pcap-plan has said which cannot be entered
    eval "set -- $dirs"
    start_report
    while [ $# -gt 0 ] && [ -z "$signal" ]; do
        named=$1 prefix=${1%/}/
        case $1 in
        /*) where=$1 ;;
        *) where=$start/$1 ;;
        esac
        shift
        work >&5
        status=$?
        [ "$worst" -gt "$status" ] || worst=$status # one of a signal is the largest
    done
    if [ $# -gt 0 ]; then
        say "$warning" "interrupted: directories not begun: $#"
        status_of_signal
    fi
    end_report "$worst" || [ "$worst" -ne 0 ] || worst=1
    return "$worst"
}
