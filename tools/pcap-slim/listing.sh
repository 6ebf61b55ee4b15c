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
# anything to do (0; 1; 2: and room is short; 3: and more names will come), the others to what else was seen. With
# --until-free what is marked already would only be started for nothing, file by file, and what is elsewhere frees nothing
# here.
# shellcheck disable=SC2120 # they are the patterns
list_pending() {
    eval "set -- $globs $excludes"
    # shellcheck disable=SC2086 # words or none
    set -- pcap-scan $sandbox $within ${markers:+--marker-dir "$markers"} --list="$list" $recursive ${age:+--age-minutes "$age"} \
        ${policy:+--policy-file "$policy"} $accept $tail $retry ${until:+--pending --one-filesystem} "$@"
    if [ -z "$early" ]; then
        "$@" >"$scratch/found" || not_listed || return 1
    else
        list_early "$@" || return 1
    fi
    read -r files pending found young others <"$scratch/found"
}

# Why there is nothing to do, as far as records do not tell: set left_out, from what list_pending has set.
why_nothing() {
    left_out=''
    [ "$young" -eq 0 ] || left_out="younger than ${age#"${age%%[!0]*}"} min: $young" # 010 is ten
    [ "$others" -eq 0 ] || left_out="${left_out:+$left_out, }names that do not match: $others"
    [ "$((found + young + others))" -ne 0 ] || left_out='nothing is there'
    # Then only what is pending was listed.
    [ -z "$until" ] || [ "$files" -ne 0 ] || [ "$found" -eq 0 ] || left_out="slim already, or to be left alone: $found"
}

# Of a long list the first names are enough to begin with: pending is 3 then, and the lister goes on in the background.
# The pipe is at its end when they are there, or when it is over.
list_early() {
    "$@" --begin-fd 4 >"$scratch/found" 4>"$scratch/begun" &
    lister=$!
    read -r _ <"$scratch/begun"
    [ ! -s "$scratch/found" ] || read -r _ pending _ <"$scratch/found"
    [ "$pending" -ne 3 ] || return 0
    end_list
}

end_list() {
    wait "$lister"
    lister_status=$?
    lister=''
    [ "$lister_status" -eq 0 ] || not_listed
}

# What there is in a directory, and what dead runs left there is gone. To look for that takes as long as to list all: of
# a long list it comes behind the work. Whoever takes up a capture removes what is in its way.
take_stock() {
    early=''
    if [ "$mode$recursive$until$stage" = run ]; then
        early=yes
        list_pending || return 1
        [ "$pending" -ne 3 ] && has_tmp || return 0
        early=''
    fi
    [ "$mode" != run ] || clean_up || cannot "$named: cannot clean up" || return 1
    list_pending
}

# Of a list that was begun early: whether it came to its end. Nobody wants the rest of it for a run that was interrupted.
finish_list() {
    if [ -n "$signal" ]; then
        [ -z "$lister" ] || kill "$lister" 2>/dev/null
        lister=''
        return
    fi
    [ -n "$lister" ] || return 0
    end_list || return 1
    clean_up || cannot "$named: cannot clean up"
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
