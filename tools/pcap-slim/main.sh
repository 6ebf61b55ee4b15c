# What is slim in a directory and what is not. Does not return.
say_status() {
    is_in --hash "$typed" || hash='' # one in the configuration file is for runs: this would read every capture
    # shellcheck disable=SC2086 # nothing or a word
    exec pcap-status $sandbox $prune ${hash:+--hash "$hash"} ${age:+--age-minutes "$age"} --output "$output" -- "$status_dir"
}

main() {
    find_log "${PCAP_SLIM_LOG:-auto}"
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
    [ -z "$status_dir" ] || say_status
    make_scratch
    make_policy
    find_stage
    claims='--claim-fd 9' within='--within .' directories='' incomplete='' prefix=''
    if [ -n "$dir_given" ]; then
        enter_dir
        directories=$recursive
        [ "$mode" != run ] || clean_up || fail "$dir: cannot clean up"
        list_pending
    elif [ -n "$single_given" ]; then
        enter_dir_of_single
    else
        directories=yes within=''
        each_option put_file "$@"
    fi
    [ -z "$until" ] || clear_list_if_enough
    limits=${io:+"--max-io-mbps $io "}${cpu:+"--max-cpu-percent $cpu "}${above:+"--cpu-backoff-above $above "}
    [ -z "$above" ] || limits="$limits${strength:+"--cpu-backoff-strength $strength "}"
    batch_size
    export_run
    # shellcheck disable=SC2086 # $limits, $shared, $claims, $sandbox and $within are words, checked above
    case $mode in
    dry-run)
        pcap-scan $sandbox $within --pending --dry-run $SLIM_BENEATH --files0-from="$list" |
            pcap-report $sandbox --dry-run --output "$output" --prefix "$prefix" --expect "$list"
        ;;
    check-only) run_and_wait pcap-run $limits $shared -- sh -c "$CHECK" ;;
    run)
        [ -z "$directories" ] || claims='' # the batches see to them
        run_and_tidy pcap-run $limits $shared $claims -- sh -c "$RUN"
        ;;
    esac
    status=$?
    [ -z "$until" ] || say_free
    [ -z "$incomplete" ] || [ "$status" -ne 0 ] || status=1
    exit "$status"
}

main "$@"
