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
    make_policy
    find_stage
    claims='--claim-fd 9' within='--within .'
    if [ -n "$dir_given" ]; then
        enter_dir
        # shellcheck disable=SC2086 # nothing or a word
        [ "$mode" != run ] || pcap-commit $sandbox ${stage:+--stage-dir "$stage"} --clean-stale . ||
            fail "$dir: cannot clean up"
        list_pending
    else
        enter_dir_of_single
    fi
    limits=${io:+"--max-io-mbps $io "}${cpu:+"--max-cpu-percent $cpu "}${above:+"--cpu-backoff-above $above "}
    [ -z "$above" ] || limits="$limits${strength:+"--cpu-backoff-strength $strength "}"
    batch_size
    export_run
    # shellcheck disable=SC2086 # $limits, $claims, $sandbox and $within are words, checked above
    case $mode in
    dry-run)
        pcap-scan $sandbox $within --pending --dry-run --files0-from="$list" |
            pcap-report $sandbox --dry-run --output "$output" --prefix "$prefix" --expect "$list"
        ;;
    check-only) run_and_wait pcap-run $limits ${limits:+--pace-fd 8} -- sh -c "$CHECK" ;;
    run) run_and_wait pcap-run $limits ${limits:+--pace-fd 8} $claims -- sh -c "$RUN" ;;
    esac
    exit $?
}

main "$@"
