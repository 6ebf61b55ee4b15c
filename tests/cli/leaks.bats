#!/usr/bin/env bats
# Each program, at its work and where it fails, frees what it took. Of the build with ASan this asks LeakSanitizer, which
# makes a start dear, so that all other tests of that build leave it out. Of any other build only the statuses are asked.
load helpers

setup_more() {
    case ${ASAN_OPTIONS-} in
    *detect_leaks=0*) export ASAN_OPTIONS=${ASAN_OPTIONS/detect_leaks=0/detect_leaks=1} ;;
    esac
    mkdir w
    cp "$FIXTURES/good-payload-tcp.pcap" w/a.pcap
    cp "$FIXTURES/good-real-tls13.pcap" w/b.pcap
    head -c 1000 w/b.pcap >w/short.pcap
    touch -d '2020-01-02' w/*
}

# ends STATUS COMMAND...: with that status, and nothing is said of memory.
ends() {
    runs "${@:2}"
    status_is "$1"
    err_lacks Sanitizer
}

@test "no leak: pcap-scan" {
    ends 0 pcap-scan --policy flow w/a.pcap w/b.pcap
    ends 0 pcap-scan --packets w/b.pcap
    ends 0 pcap-scan --report --policy flow w/b.pcap
    ends 0 pcap-scan --keep 'tcp port 443' w/b.pcap
    ends 1 pcap-scan w/short.pcap
}

@test "no leak: pcap-truncate" {
    editcap -F pcapng w/b.pcap b.pcapng
    gzip -k w/b.pcap
    ends 0 pcap-truncate --policy flow --length zero w/b.pcap
    ends 0 pcap-truncate --policy flow --tunnels all --checksum incremental --accept pcapng b.pcapng
    ends 0 pcap-truncate --accept gzip w/b.pcap.gz
    ends 1 pcap-truncate w/short.pcap
    ends 2 pcap-truncate --policy none w/b.pcap
}

@test "no leak: the stages" {
    printf 'w/%s.pcap\0' a b short none >names
    ends 1 sh -c 'pcap-truncate --files0-from=names >cut; echo "status $?" >&2; pcap-verify --records <cut >verified &&
        pcap-commit --records <verified >done; pcap-report --expect names <done'
    err_has 'ok w/a.pcap'
    ends 0 pcap-status w
    ends 0 pcap-verify --original "$FIXTURES/good-payload-tcp.pcap" w/a.pcap
    ends 1 pcap-verify --original "$FIXTURES/good-payload-tcp.pcap" w/b.pcap
}

@test "no leak: pcap-plan, pcap-run" {
    ends 0 pcap-plan -- --dir w --policy flow --exclude '*.tmp'
    ends 2 pcap-plan -- --dir w --workers none
    ends 0 pcap-run --claim-fd 9 --dir w true
}
