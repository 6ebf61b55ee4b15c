# Files a batch: few enough that the workers end at about the same time, many enough that starting the processes
# of a batch does not count.
batch_size() {
    each=$list
    if [ -n "$until" ] || [ "$pending" -eq 2 ]; then
        batch=1 # it is asked before each file whether there is enough; or each makes room for the next
    elif [ "$pending" -eq 3 ]; then
        share_list
        return
    elif [ "$workers" -eq 1 ]; then
        batch=$files
    elif [ "$mode" = run ] && [ -z "$directories" ]; then
        share_list
        return
    else
        batch=$(((files + workers * 8 - 1) / (workers * 8)))
    fi
    [ "$batch" -ge 1 ] || batch=1
    [ "$batch" -le 1000 ] || batch=1000
}

# No batches: each worker is started once, and takes the next name from the list whenever it is ready.
share_list() {
    batch=1 each=$scratch/workers chains=$workers
    [ "$chains" -le "$files" ] || chains=$files # the others would find nothing
    chain=0
    while [ "$chain" -lt "$chains" ]; do
        chain=$((chain + 1))
        printf '%s\0' "$chain" || fail "cannot write to $scratch"
    done >"$each"
}

# A signal may come while a chain is being started. What takes records has to outlive it, or those that are on their way
# are lost; so it ignores signals until it has handlers for them. pcap-run sends the signal again meanwhile.
# shellcheck disable=SC2089 # as below
HOLD='trap "" HUP INT QUIT TERM'
LET_GO='trap - HUP INT QUIT TERM'

# Names in, records out.
# shellcheck disable=SC2016,SC2089 # expanded by the shell that runs it
CHAIN='
    { '$LET_GO'; exec pcap-truncate $SLIM_SANDBOX $SLIM_WITHIN ${SLIM_STAGE:+--stage-dir "$SLIM_STAGE"} \
          ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} \
          ${SLIM_POLICY:+--policy-file "$SLIM_POLICY"} $SLIM_RETRY \
          $SLIM_HASH $SLIM_ACCEPT $SLIM_COMPRESS $SLIM_READS $SLIM_SHARED $SLIM_CLAIMS $SLIM_BENEATH \
          --announce --files0-from=- $SLIM_SHARE; } |
    pcap-verify $SLIM_SANDBOX $SLIM_WITHIN ${SLIM_STAGE:+--stage-dir "$SLIM_STAGE"} \
        ${SLIM_POLICY:+--policy-file "$SLIM_POLICY"} $SLIM_HASH $SLIM_ACCEPT $SLIM_COMPRESS $SLIM_SHARED $SLIM_BENEATH \
        --records --check $SLIM_VERIFY |
    pcap-commit $SLIM_SANDBOX $SLIM_WITHIN ${SLIM_STAGE:+--stage-dir "$SLIM_STAGE"} \
        ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} \
        $SLIM_HASH $SLIM_SHARED $SLIM_CLAIMS $SLIM_BENEATH --records'

# The command of a batch, for xargs: names are its arguments.
# shellcheck disable=SC2016,SC2089
BATCH=$HOLD'
printf "%s\0" "$@" |'$CHAIN

# That of a worker that shares the list, which is descriptor 6.
# shellcheck disable=SC2016,SC2089
WORKER=$HOLD'
exec 0<&6 6<&-'$CHAIN

# The same as BATCH for names in several directories: neighbours in one directory make a chain, which holds the claims there.
# shellcheck disable=SC2016,SC2089
BATCHES=$HOLD'
directory_of() {
    case $1 in
    */*) directory=${1%/*}/ ;;
    *) directory=./ ;;
    esac
}
while [ $# -gt 0 ]; do
    directory_of "$1"
    here=$directory files=0
    for file; do
        directory_of "$file"
        [ "$directory" = "$here" ] || break
        files=$((files + 1))
    done
    printf "%s\0" "$@" | head -z -n "$files" |
        pcap-run --nested $SLIM_BENEATH --dir "$here" --claim-fd 9 \
            ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} -- sh -c "$SLIM_CHAIN" chain
    shift "$files"
done'

# Before a batch (of one file), with --until-free. A status of 255 ends xargs, which would complain: to nobody, as the
# true standard error is descriptor 3.
# shellcheck disable=SC2016,SC2089
UNLESS_ENOUGH='
exec 2>&3 3>&-
if ('$IS_ENOUGH'); then exit 255; fi
printf "%s\0" "$@" >>"$SLIM_TAKEN"
'

# The command of the run, for pcap-run.
# shellcheck disable=SC2016
RUN=$HOLD'
    { '$LET_GO'
      [ -z "$SLIM_UNTIL" ] || exec 3>&2 2>/dev/null
      exec xargs -0 -r -a "$SLIM_EACH" -P "$SLIM_WORKERS" -n "$SLIM_BATCH" sh -c "$SLIM_COMMAND" batch 6<>"$SLIM_LIST"; } |
    pcap-report $SLIM_SANDBOX $SLIM_ALL --output "$SLIM_OUTPUT" --prefix "$SLIM_PREFIX" --expect "$SLIM_LIST" \
        --failed "$SLIM_FAILED" ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} --progress-fd 7 $SLIM_PROGRESS ${SLIM_LEFT_OUT:+--left-out "$SLIM_LEFT_OUT"} \
        ${SLIM_METRICS:+--metrics "$SLIM_METRICS"} ${SLIM_UNTIL:+--taken "$SLIM_TAKEN"}'
# shellcheck disable=SC2016
CHECK=$HOLD'
    { '$LET_GO'
      exec xargs -0 -r -a "$SLIM_LIST" -P "$SLIM_WORKERS" -n "$SLIM_BATCH" \
          pcap-scan $SLIM_SANDBOX $SLIM_WITHIN ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} ${SLIM_POLICY:+--policy-file "$SLIM_POLICY"} \
              $SLIM_RETRY $SLIM_ACCEPT $SLIM_READS $SLIM_SHARED $SLIM_BENEATH --pending --; } |
    pcap-report $SLIM_SANDBOX $SLIM_ALL --output "$SLIM_OUTPUT" --prefix "$SLIM_PREFIX" --expect "$SLIM_LIST" \
        ${SLIM_MARKERS:+--marker-dir "$SLIM_MARKERS"} --progress-fd 7 $SLIM_PROGRESS ${SLIM_LEFT_OUT:+--left-out "$SLIM_LEFT_OUT"} --check-only'

export_run() {
    SLIM_LIST=$list SLIM_WORKERS=$workers SLIM_BATCH=$batch SLIM_COMMAND=$BATCH SLIM_CHAIN=$HOLD$CHAIN
    SLIM_OUTPUT=$output SLIM_PREFIX=$prefix SLIM_VERIFY=$verify SLIM_UNTIL=$until SLIM_STAGE=$stage
    SLIM_MARKERS=$markers
    SLIM_POLICY=$policy SLIM_READS="$reads $tail" SLIM_CLAIMS=$claims SLIM_BENEATH=${recursive:+--beneath}
    SLIM_SANDBOX=$sandbox SLIM_WITHIN=$within SLIM_RETRY=$retry SLIM_ALL=$all
    SLIM_PROGRESS=$progress SLIM_METRICS=$metrics SLIM_HASH=$hash
    SLIM_ACCEPT=$accept SLIM_COMPRESS=$compress SLIM_FAILED=$scratch/failed SLIM_LEFT_OUT=$left_out
    shared="--progress-fd 7${limits:+" --pace-fd 8"}" # what all processes of the run have in common, by descriptor
    SLIM_SHARED=$shared
    SLIM_EACH=$each SLIM_SHARE=''
    [ "$each" = "$list" ] || SLIM_COMMAND=$WORKER SLIM_SHARE=--share-names
    [ -z "$directories" ] || SLIM_COMMAND=$BATCHES
    [ -z "$until" ] || SLIM_COMMAND=$UNLESS_ENOUGH$SLIM_COMMAND
    # shellcheck disable=SC2090 # as above
    export SLIM_LIST SLIM_EACH SLIM_SHARE SLIM_WORKERS SLIM_BATCH SLIM_COMMAND SLIM_CHAIN SLIM_OUTPUT SLIM_PREFIX SLIM_VERIFY SLIM_UNTIL \
        SLIM_STAGE SLIM_POLICY SLIM_READS SLIM_CLAIMS SLIM_BENEATH SLIM_SHARED SLIM_SANDBOX SLIM_WITHIN \
        SLIM_PROGRESS SLIM_METRICS SLIM_HASH SLIM_ACCEPT SLIM_COMPRESS SLIM_FAILED SLIM_RETRY SLIM_ALL SLIM_MARKERS SLIM_LEFT_OUT
}

# A signal that comes before there is a process to pass it on to is passed on later.
pass_on() {
    signal=$1
    [ -z "$run" ] || kill "-$1" "$run" 2>/dev/null
}

# How far is it? The answer is pcap-report's: of several directories that of the one for all of them.
# shellcheck disable=SC2317 # called by a trap
ask_progress() {
    kill -USR1 "${reporter:-$run}" 2>/dev/null
}

# Wait for pcap-run, which passes signals on to its processes and ends after the last of them. In the background,
# because a shell handles a signal only when the command in the foreground has ended.
run_and_wait() {
    run=''
    trap 'pass_on HUP' HUP
    trap 'pass_on INT' INT
    trap 'pass_on QUIT' QUIT
    trap 'pass_on TERM' TERM
    trap '' USR1 # as long as pcap-run has no handler for it
    "$@" &
    run=$!
    trap ask_progress USR1
    [ -z "$signal" ] || pass_on "$signal"
    while :; do
        wait "$run"
        status=$?
        kill -0 "$run" 2>/dev/null || break
    done
    # Over 128 may be a signal that came just before the end: then the status is still to be had.
    if [ "$status" -gt 128 ]; then
        wait "$run" 2>/dev/null
        again=$?
        [ "$again" -eq 127 ] || status=$again
    fi
    run=''
    return "$status"
}

# A stage that died has taken its records with it, and nobody else knows of the temporary files in them. What failed is
# noted for --status. A program that died of something else than one of our signals has left a status that means nothing here.
run_and_tidy() {
    : >"$SLIM_FAILED" || fail "cannot write to $scratch"
    run_and_wait "$@"
    status=$?
    # shellcheck disable=SC2086 # an option or nothing
    [ "$status" -eq 0 ] ||
        pcap-commit ${policy:+--policy-file "$policy"} ${stage:+--stage-dir "$stage"} ${markers:+--marker-dir "$markers"} \
            $SLIM_BENEATH --clean-after "$list" --note-failed "$SLIM_FAILED"
    case $status in
    0 | 1 | 129 | 130 | 131 | 143) return "$status" ;;
    esac
    say "$error" "the run ended with status $status; every file is whole, old or new; run again"
    return 1
}
