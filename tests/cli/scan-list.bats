#!/usr/bin/env bats
# pcap-scan --list: which captures there are, the oldest first, and whether any is pending.

load helpers

bats_require_minimum_version 1.5.0

# at MINUTES FILE...: made so many minutes ago
at() {
    local minutes=$1 file
    shift
    for file; do
        mkdir -p -- "$(dirname -- "./$file")"
        cp "$FIXTURES/good-little-micro.pcap" "./$file"
        touch -d "@$(($(date +%s) - minutes * 60))" -- "./$file"
    done
}

setup_more() {
    mkdir w
    cd w
    at 30 b.pcap
    at 20 a.pcap
    at 10 c.pcap
    at 25 below/d.pcap
}

# marked FILE...
marked() {
    local file
    for file; do
        mkdir -p -- "$(dirname -- "./$file")/.slim_markers"
        : >"$(dirname -- "./$file")/.slim_markers/${file##*/}"
    done
}

# lists NUMBER PENDING NAME...: what was said and what is in the list
lists() {
    [ "$(head -n 1 "$out_file" | cut -d ' ' -f 1,2)" = "$1 $2" ] || explain "expected $1 $2"
    shift 2
    [ "$(tr '\0' '\n' <../list)" = "$(printf '%s\n' "$@")" ] || explain "in the list: $(tr '\0' '\n' <../list)"
}

@test "by age, then by name; no temporary file, nothing of a marker directory, nothing below" {
    at 30 bb.pcap
    at 40 x.pcap.tmp .slim_markers/x.pcap
    runs pcap-scan --list ../list
    status_is 0
    err_empty
    lists 4 1 b.pcap bb.pcap a.pcap c.pcap
    runs pcap-scan --list ../list --glob '*'
    status_is 0
    lists 4 1 b.pcap bb.pcap a.pcap c.pcap
}

@test "fractions of a second count" {
    touch -d '2024-01-01 00:00:00.2' a.pcap
    touch -d '2024-01-01 00:00:00.1' c.pcap
    runs pcap-scan --list ../list
    lists 3 1 c.pcap a.pcap b.pcap
}

@test "--recursive, --age-minutes, --glob: which" {
    at 15 e.cap f.cap.x
    runs pcap-scan --list ../list --recursive
    lists 4 1 b.pcap below/d.pcap a.pcap c.pcap
    runs pcap-scan --list ../list --age-minutes 15
    lists 2 1 b.pcap a.pcap
    runs pcap-scan --list ../list --glob '?.cap' --glob 'a*'
    lists 2 1 a.pcap e.cap
    ln -s below link
    runs pcap-scan --list ../list --recursive --glob 'd*'
    lists 1 1 below/d.pcap
    runs pcap-scan --list ../list --glob nothing
    status_is 0
    out_is '0 0 0 0 6'
    [ ! -s ../list ]
}

@test "none is pending: their records follow, in that order; one is: no record" {
    marked a.pcap b.pcap c.pcap
    runs pcap-scan --list ../list
    status_is 0
    lists 3 0 b.pcap a.pcap c.pcap
    [ "$(sed 1d "$out_file" | jq -r '.file + " " + .status' | tr '\n' ' ')" = 'b.pcap skipped_marker a.pcap skipped_marker c.pcap skipped_marker ' ] ||
        explain "records"
    rm .slim_markers/b.pcap # the oldest, which is looked at last
    runs pcap-scan --list ../list
    status_is 0
    out_is '3 1 3 0 0'
}

@test "--pending: only those, and all of them" {
    marked a.pcap below/d.pcap
    runs pcap-scan --list ../list --pending --recursive
    status_is 0
    out_is '2 1 4 0 0'
    lists 2 1 b.pcap c.pcap
}

@test "what cannot be read: a directory below is said, and the status is 1; this one, and nothing is listed" {
    chmod 0 below
    runs without_rights pcap-scan --list ../list --recursive
    status_is 1
    err_has 'pcap-scan: below: '
    lists 3 1 b.pcap a.pcap c.pcap
    chmod 700 below
    chmod 0 .
    runs without_rights pcap-scan --list ../list
    chmod 700 .
    status_is 1
    out_empty
    err_has 'pcap-scan: '
}

@test "a list that cannot be written" {
    runs pcap-scan --list nowhere/list
    refused_with "pcap-scan: nowhere/list: cannot write: No such file or directory"
    runs pcap-scan --list /dev/full
    status_is 1
    err_is "pcap-scan: /dev/full: cannot write: No space left on device"
}

@test "what goes with it" {
    runs pcap-scan --list ../list a.pcap
    misuse_is pcap-scan "--list goes without FILE and --files0-from"
    runs pcap-scan --recursive a.pcap
    misuse_is pcap-scan "--recursive goes with --list"
    runs pcap-scan --glob x a.pcap
    misuse_is pcap-scan "--glob goes with --list"
    runs pcap-scan --list ../list --files0-from -
    misuse_is pcap-scan "--list goes without FILE and --files0-from"
}

@test "--exclude: neither such names nor what is in directories so called" {
    mkdir out
    cp b.pcap out/e.pcap
    runs pcap-scan --list ../list --recursive --exclude out --exclude 'a*'
    status_is 0
    lists 3 1 b.pcap below/d.pcap c.pcap
    runs pcap-scan --list ../list --exclude '*'
    out_is '0 0 0 0 3'
    runs pcap-scan --exclude x a.pcap
    misuse_is pcap-scan "--exclude goes with --list"
    runs pcap-scan --list ../list --exclude a/b
    misuse_is pcap-scan "--exclude takes a pattern for names, without '/' and line breaks, not 'a/b'"
}
