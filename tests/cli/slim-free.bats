#!/usr/bin/env bats
# pcap-slim --until-free: oldest first until that much is free, then stop.
load slim-helpers

# Five captures, the oldest first; and a filesystem of 1000 blocks, of which 100 are free and each slim file frees 50.
setup_more() {
    local n
    mkdir d bin
    for n in 1 2 3 4 5; do
        cp "$SMALL" "d/$n.pcap"
        touch -d "$((60 - n)) minutes ago" "d/$n.pcap"
    done
    cat >bin/stat <<'SH'
#!/bin/sh
[ "$1 $2 $3 $4" = "-f -c %a %f %b %S ." ] || exec /usr/bin/stat "$@"
slim=$(find . -path '*/.slim_markers/*.pcap' | wc -l)
echo "$((100 + slim * 50)) $((150 + slim * 50)) 1050 4096"
SH
    chmod 755 bin/stat
    PATH=$PWD/bin:$PATH
}

marked() { find d -path '*/.slim_markers/*.pcap' -printf '%f\n' | LC_ALL=C sort | tr '\n' ' '; }
marked_are() { [ "$(marked)" = "$1" ] || explain "marked: $(marked)"; }

@test "--until-free: stops as soon as there is enough, and says so" {
    runs pcap-slim --dir d --until-free 20%
    status_is 0
    marked_are '1.pcap 2.pcap '
    err_has 'done: ok=2 skip=0 fail=0'
    [ "$(tail -n 1 "$err_file")" = 'pcap-slim: 20.0% (819200 bytes) free, 20% wanted: enough; 2 of 5 file(s) taken up' ] ||
        explain "the last line is another"
    err_lacks xargs
    err_lacks 'no result'
}

@test "--until-free: goes on where the last run stopped, and files that are marked cost nothing" {
    runs pcap-slim --dir d --until-free 15%
    status_is 0
    marked_are '1.pcap '
    runs pcap-slim --dir d --until-free 25% --output json
    status_is 0
    json_is '[.files[].file] == ["d/2.pcap", "d/3.pcap"]'
    err_is 'pcap-slim: 25.0% (1024000 bytes) free, 25% wanted: enough; 2 of 4 file(s) taken up'
}

@test "--until-free: enough already, and nothing is touched" {
    runs pcap-slim --dir d --until-free 10%
    status_is 0
    err_is 'no pcaps to process (enough is free)
pcap-slim: 10.0% (409600 bytes) free, 10% wanted: enough; 0 of 5 file(s) taken up'
    only_files d 1.pcap 2.pcap 3.pcap 4.pcap 5.pcap
    same_bytes "$SMALL" d/1.pcap
    runs pcap-slim --dir d --until-free 10% --output json
    status_is 0
    json_is '.files == []'
}

@test "--until-free: everything was slimmed and it is not enough: status 1" {
    runs pcap-slim --dir d --until-free 36%
    status_is 1
    err_has 'done: ok=5 skip=0 fail=0'
    err_has 'pcap-slim: 35.0% (1433600 bytes) free, 36% wanted: not enough; 5 of 5 file(s) taken up'
    runs pcap-slim --dir d --until-free 36%
    status_is 1
    err_is 'no pcaps to process (slim already, or to be left alone: 5)
pcap-slim: 35.0% (1433600 bytes) free, 36% wanted: not enough; 0 of 0 file(s) taken up'
}

@test "--until-free with workers: no more files too many than workers, each reported" {
    runs pcap-slim --dir d --until-free 20% --workers 2 --output json
    status_is 0
    json_is '.summary.ok >= 2 and .summary.ok <= 4 and .summary.fail == 0'
    [ "$(marked | wc -w)" = "$(jq .summary.ok "$out_file")" ] || explain "marked: $(marked)"
}

@test "--until-free: a file that fails does not end it, and the status is 1" {
    printf 'no capture' >d/1.pcap
    touch -d '59 minutes ago' d/1.pcap
    runs pcap-slim --dir d --until-free 20%
    status_is 1
    err_has 'FAIL d/1.pcap'
    err_has 'done: ok=2 skip=0 fail=1'
    err_has 'enough; 3 of 5 file(s) taken up'
}

@test "--until-free: amounts" {
    runs pcap-slim --dir d --until-free 800K
    status_is 0
    err_has 'pcap-slim: 20.0% (819200 bytes) free, 800K wanted: enough; 2 of 5 file(s) taken up'
    runs pcap-slim --dir d --until-free 1MB
    status_is 0
    err_has 'pcap-slim: 25.0% (1024000 bytes) free, 1MB wanted: enough; 1 of 3 file(s) taken up'
    runs pcap-slim --dir d --until-free 1M
    status_is 0
    err_has 'pcap-slim: 30.0% (1228800 bytes) free, 1M wanted: enough; 1 of 2 file(s) taken up'
    local amount
    for amount in 1G 1T 4000000T 1GB 1TB; do
        runs pcap-slim --dir d --until-free "$amount"
        status_is 1
        err_has "free, $amount wanted: not enough"
    done
}

@test "--until-free over a tree: oldest first over all directories" {
    mkdir d/sub
    mv d/1.pcap d/3.pcap d/sub
    runs pcap-slim --dir d --recursive --until-free 25%
    status_is 0
    marked_are '1.pcap 2.pcap 3.pcap '
    err_has 'enough; 3 of 5 file(s) taken up'
}

@test "--until-free with --check-only and --dry-run: a warning, and all files are looked at" {
    runs pcap-slim --dir d --until-free 20% --check-only
    status_is 0
    err_has 'pcap-slim: warning: --until-free has no effect with --check-only'
    err_has 'check: ok=5'
    runs pcap-slim --dir d --until-free 20% --dry-run
    status_is 0
    err_is 'pcap-slim: warning: --until-free has no effect with --dry-run'
}

@test "--until-free: amounts in units of both kinds" {
    local amount
    for amount in 400K 400KiB 409KB 1000KiB; do
        runs pcap-slim --dir d --until-free "$amount" --dry-run
        status_is 0
    done
    # 409,600 bytes are free.
    for amount in 400K 400KiB 409KB; do
        runs pcap-slim --dir d --until-free "$amount"
        status_is 0
        err_has "409600 bytes) free, $amount wanted: enough; 0 of 5"
    done
    runs pcap-slim --dir d --until-free 401KiB
    err_has "401KiB wanted: enough; 1 of 5"
}

@test "--until-free: misuse" {
    local bad
    for bad in '' 0% 100% 101% 5 % 20%% 1.5G -1G G 5Ki 4000001T 20g '20 %' '$(touch x)'; do
        runs pcap-slim --dir d --until-free "$bad"
        misused "--until-free takes a share of the filesystem (20%) or an amount (500G, 500GiB, 500GB), not '$bad'"
    done
}

@test "--until-free: a signal ends it like any run" {
    make_big d/0.pcap 20
    touch -d '2 hours ago' d/0.pcap
    starts pcap-slim --dir d --until-free 20% --max-io-mbps 2
    wait_for test -e d/0.pcap.tmp
    kill -TERM "$run"
    ends
    status_is 143
    nothing_runs
    [ ! -e d/0.pcap.tmp ]
}

@test "--until-free on a real filesystem that is nearly full" {
    is_root || skip "only root can mount one"
    mkdir full
    mount -t tmpfs -o size=24m none full 2>/dev/null || skip "no filesystem can be mounted here"
    local n
    make_big one 4
    for n in 1 2 3 4 5; do
        cp one "full/$n.pcap"
        touch -d "$((60 - n)) minutes ago" "full/$n.pcap"
    done
    rm bin/stat
    runs pcap-slim --dir full --until-free 40%
    ls full/.slim_markers >marked 2>&1
    umount full
    status_is 0
    [ "$(cat marked)" = '1.pcap
2.pcap' ] || explain "marked: $(cat marked)"
    err_has 'enough; 2 of 5 file(s) taken up'
}

@test "--until-free with --length zero, which frees nothing: misuse, wherever it comes from" {
    local before what
    before=$(picture d)
    echo 'length = zero' >policy
    for what in --length=zero --policy-file=policy; do
        runs pcap-slim --dir d --until-free 20% "$what"
        misused '--until-free does not go with --length zero, which leaves every file as long as it is'
    done
    unchanged d "$before"
    # Where it has no effect there is a warning alone.
    runs pcap-slim --dir d --until-free 20% --length zero --check-only
    status_is 0
    err_has 'warning: --until-free has no effect with --check-only'
    runs pcap-slim --dir d --until-free 20% --length snap
    status_is 0
}
