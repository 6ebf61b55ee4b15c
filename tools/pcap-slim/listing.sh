list_pending() {
    set -- . -ignore_readdir_race -mindepth 1 -maxdepth 1 -name '*.pcap'
    if [ -n "$age" ]; then
        now=$(date +%s.%N)
        set -- "$@" ! -newermt "@$((${now%.*} - age * 60)).${now#*.}"
    fi
    find "$@" -printf '%T@ %f\0' >"$scratch/found" || fail "${dir}: cannot list this directory"
    sort -z -n <"$scratch/found" >"$scratch/sorted" || fail "cannot write to $scratch"
    cut -z -d ' ' -f 2- <"$scratch/sorted" >"$list" || fail "cannot write to $scratch"
}
