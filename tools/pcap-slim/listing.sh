# Call "$@" with the tests of find(1) for the names of --glob behind its arguments.
with_globs() {
    set -f
    old_ifs=$IFS
    IFS=$NEWLINE
    or='('
    for glob in $globs; do
        set -- "$@" "$or" -name "$glob"
        or=-o
    done
    IFS=$old_ifs
    set +f
    "$@" ')'
}

# Temporary files that dead runs left behind.
clean_up() {
    # shellcheck disable=SC2086 # nothing or a word
    set -- $sandbox ${stage:+--stage-dir "$stage"} --clean-stale
    set -f
    old_ifs=$IFS
    IFS=$NEWLINE
    for glob in $globs; do
        set -- "--glob=$glob" "$@"
    done
    IFS=$old_ifs
    set +f
    if [ -z "$recursive" ]; then
        pcap-commit "$@" .
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

# Into the list: what is to be slimmed, oldest first. Temporary files are never captures, whatever the pattern.
list_pending() {
    set -- find . -ignore_readdir_race -mindepth 1
    [ -n "$recursive" ] || set -- "$@" -maxdepth 1
    [ -z "$until" ] || set -- "$@" -xdev # what is elsewhere frees nothing here
    set -- "$@" -name .slim_markers -prune -o ! -name '*.tmp'
    if [ -n "$recursive" ] || [ "$globs" != "*.pcap$NEWLINE" ]; then
        set -- "$@" ! -type d
    fi
    if [ -n "$age" ]; then
        now=$(date +%s.%N) || fail "cannot read the clock"
        set -- "$@" ! -newermt "@$((${now%.*} - age * 60)).${now#*.}"
    fi
    with_globs print_found "$@" >"$scratch/found" || not_listed
    sort -z -n <"$scratch/found" >"$scratch/sorted" || fail "cannot write to $scratch"
    cut -z -d ' ' -f 2- <"$scratch/sorted" >"$list" || fail "cannot write to $scratch"
}

# shellcheck disable=SC2317 # called by name
print_found() { "$@" -printf '%T@ %P\0'; }

# One folder of many that cannot be read keeps nobody from the others; but the run is no success.
not_listed() {
    [ -n "$recursive" ] || fail "${dir}: cannot list this directory"
    warn "not all of $dir could be listed"
    incomplete=yes
}
