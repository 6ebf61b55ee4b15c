# Temporary files that dead runs left behind.
clean_up() {
    eval "set -- $globs"
    # shellcheck disable=SC2086 # nothing or a word
    set -- $sandbox ${stage:+--stage-dir "$stage"} ${markers:+--marker-dir "$markers"} "$@" --clean-stale
    if [ -z "$recursive" ]; then
        if [ -n "$stage" ] || has_tmp; then
            pcap-commit "$@" .
        fi
        return
    fi
    if [ -n "$stage" ]; then # their temporary files are elsewhere
        find . -ignore_readdir_race -type d -print0 >"$scratch/found" 2>/dev/null
    else
        find . -ignore_readdir_race -name '*.tmp' -type f -mmin +4 -printf '%h\0' >"$scratch/found" 2>/dev/null
    fi
    sort -z -u <"$scratch/found" >"$scratch/sorted" || fail "cannot write to $scratch"
    xargs -0 -r -n 1 -a "$scratch/sorted" pcap-commit --beneath "$@"
}

# Whether there is anything that may be a temporary file: mostly there is none, and nothing needs to be started.
has_tmp() {
    for file in *.tmp .*.tmp; do
        [ ! -f "$file" ] || return 0
    done
    return 1
}

# Into the list: what is to be slimmed, oldest first. Sets files to how many there are, pending to whether there is
# anything to do (0; 1; 2: and room is short), left_out to why not, as far as the list does not tell. With --until-free what is
# marked already would only be started for nothing, file by file, and what is elsewhere frees nothing here.
# shellcheck disable=SC2120 # they are the patterns
list_pending() {
    eval "set -- $globs $excludes"
    # shellcheck disable=SC2086 # words or none
    pcap-scan $sandbox $within ${markers:+--marker-dir "$markers"} --list="$list" $recursive ${age:+--age-minutes "$age"} \
        ${policy:+--policy-file "$policy"} $accept $tail $retry ${until:+--pending --one-filesystem} "$@" >"$scratch/found" || not_listed || return 1
    read -r files pending left_out <"$scratch/found"
}

# One folder of many that cannot be read keeps nobody from the others; but the run is no success.
not_listed() {
    if [ -z "$recursive" ] || [ ! -s "$scratch/found" ]; then
        cannot "$named: cannot list this directory"
        return
    fi
    warn "not all of $named could be listed"
    incomplete=yes
}
