# Into the directory: from here on it is the current one, whatever happens to its name.
enter() {
    [ -z "$where" ] || cd -P -- "$where" 2>/dev/null || cannot "$named: cannot enter this directory" || return 1
    claims='--claim-fd 9' within='--within .' directories=''
    case $target in
    dir) directories=$recursive ;;
    single) [ -n "$where" ] || claims='' within='' ;; # a stage will say what is wrong with it
    files) directories=yes within='' ;;               # each will be claimed in its own directory
    esac
}

# From records to a report of what is there, where nothing is to be done.
report() {
    # shellcheck disable=SC2086 # a word or nothing
    pcap-report $sandbox $all --output "$output" --prefix "$prefix" --expect "$list" ${left_out:+--left-out "$left_out"} "$@"
}

main() {
    find_filters
    make_plan "$@"
    # shellcheck disable=SC2086 # words, checked by pcap-plan
    case $mode in
    answer)
        printf '%s\n' "$answer" || exit 1
        exit 0
        ;;
    status)
        eval "set -- $globs $excludes"
        exec pcap-status $sandbox ${markers:+--marker-dir "$markers"} $prune $hash $accept $recursive ${age:+--age-minutes "$age"} --output "$output" "$@" -- "$named"
        ;;
    esac
    [ -z "$log" ] || export PCAP_SLIM_LOG="$log" # the filters find out for themselves where their messages go, unless told
    [ -z "$quiet" ] || export PCAP_SLIM_QUIET="$quiet"
    case $target in
    dirs) each_directory ;;
    *) work ;;
    esac
    exit "$?"
}

# What the default costs, before anything is cut: once, where nothing was slimmed before.
say_what_goes() {
    [ "$kind$output$quiet$told" = packethuman ] || return 0
    [ "$mode" = check-only ] || { [ "$mode$target" != runfiles ] && [ ! -d "${markers:+$markers$PWD/}.slim_markers" ]; } || return 0
    told=yes
    say "$info" "the policy packet also cuts certificates and names that can be read; --policy flow keeps them"
}

# In one place, from the list to the report.
work() {
    incomplete='' pending=1 early='' lister='' doing=$mode
    enter || return 1
    if [ "$target" = dir ]; then
        take_stock || return 1
        why_nothing
    fi
    [ -z "$until" ] || clear_list_if_enough
    batch_size
    export_run
    [ "$pending" -ne 0 ] || [ -n "$limits$until" ] || doing=nothing-to-$mode
    case $doing in run | check-only) say_what_goes ;; esac
    # shellcheck disable=SC2086 # words, checked by pcap-plan
    case $doing in
    nothing-to-*) { # the records are there already
        read -r files pending found young others
        case $doing in
        *-dry-run) report --dry-run ;;
        *-check-only) report $progress --check-only ;;
        *) report $progress ${metrics:+--metrics "$metrics"} ;;
        esac
    } <"$scratch/found" ;;
    dry-run)
        pcap-scan $sandbox $within ${markers:+--marker-dir "$markers"} ${policy:+--policy-file "$policy"} $accept $tail $retry --pending --dry-run $SLIM_BENEATH --files0-from="$list" | report --dry-run
        ;;
    check-only) run_and_wait pcap-run $said $limits $shared -- sh -c "$CHECK" ;;
    run)
        [ -z "$directories" ] || claims='' # the batches see to them
        run_and_tidy pcap-run $said $limits $shared $claims ${markers:+--marker-dir "$markers"} -- sh -c "$RUN"
        ;;
    esac
    status=$?
    [ -z "$until" ] || say_free
    finish_list || incomplete=yes
    [ -z "$incomplete" ] || [ "$status" -ne 0 ] || status=1
    return "$status"
}

main "$@"
