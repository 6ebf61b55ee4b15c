#!/usr/bin/env bats
# Others in the same directory.
load slim-helpers

@test "8 drivers and singles over one directory: each file slimmed exactly once, none wrong" {
    mkdir d
    local n
    for n in $(seq 200); do cp "$SMALL" "d/$n.pcap"; done
    oracle "$SMALL" want
    for n in 1 2 3 4 5 6 7 8; do
        pcap-slim --dir d --workers 2 --output json >"report.$n" 2>"errors.$n" 3>&- &
    done
    for n in 7 77 177; do
        pcap-slim --single "d/$n.pcap" --output json >"report.single.$n" 2>/dev/null 3>&- &
    done
    wait
    for n in $(seq 200); do
        same_bytes "d/$n.pcap" want
    done
    [ "$(jq -s 'map(.summary.ok) | add' report.*)" -eq 200 ] || explain "not slimmed exactly once"
    [ "$(jq -s 'map(.summary.fail) | add' report.*)" -eq 0 ] || explain "$(jq -c '.files[] | select(.status == "fail")' report.*)"
    [ "$(ls -A d | wc -l)" -eq 201 ] || explain "something is left behind: $(ls -A d | grep -v 'pcap$')"
    [ "$(ls -A d/.slim_markers | wc -l)" -eq 200 ] || explain "the lock file is left behind"
}

@test "a capture that a process has open for writing is left alone" {
    mkdir d
    cp "$SMALL" d/a.pcap
    exec 8>>d/a.pcap
    runs pcap-slim --dir d
    exec 8>&-
    status_is 1
    err_has 'FAIL d/a.pcap: still being written: a process has it open for writing'
    same_bytes d/a.pcap "$SMALL"
    only_files d a.pcap
}

@test "a capture that grows while it is slimmed is left alone" {
    mkdir d
    make_big d/a.pcap 4
    rm d/a.pcap.slim
    starts pcap-slim --dir d --max-io-mbps 2
    wait_for test -s d/a.pcap.tmp
    head -c 1514 /dev/zero >>d/a.pcap
    cp d/a.pcap grown
    ends
    status_is 1
    err_has 'FAIL d/a.pcap:'
    same_bytes d/a.pcap grown
    only_files d a.pcap
}

@test "a capture that is replaced while it is slimmed is left alone" {
    mkdir d
    make_big d/a.pcap 4
    rm d/a.pcap.slim
    starts pcap-slim --dir d --max-io-mbps 2
    wait_for test -s d/a.pcap.tmp
    cp "$SMALL" new
    mv new d/a.pcap
    ends
    status_is 1
    err_has 'FAIL d/a.pcap: still being written'
    same_bytes d/a.pcap "$SMALL"
    only_files d a.pcap
}

@test "a capture that shrinks under a mapping fails, and no process dies of it" {
    mkdir d
    make_big d/a.pcap 6
    rm d/a.pcap.slim
    starts pcap-slim --dir d --max-io-mbps 2 --mmap
    wait_for test -s d/a.pcap.tmp
    truncate -s 1000000 d/a.pcap
    ends
    status_is 1
    err_has 'FAIL d/a.pcap:'
    err_lacks 'a process of the run died'
    [ "$(stat -c %s d/a.pcap)" -eq 1000000 ]
    only_files d a.pcap
}
