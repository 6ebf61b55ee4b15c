#!/usr/bin/env bats
# pcap-status and pcap-slim --status: what is slim, what is not, and what is no longer what it was.
load helpers

setup_more() {
    mkdir d
    cp "$FIXTURES/good-real-ssh.pcap" d/a.pcap
    cp "$FIXTURES/good-real-quic.pcap" d/b.pcap
    pcap-slim --dir d 2>slim.log
}

# What setup_more slimmed, before and after.
totals() { echo "in=119321 out=29842 saved=89479 (74 %)"; }

@test "pcap-status --help" { check_help pcap-status; }
@test "pcap-status --version" { check_version pcap-status; }
@test "pcap-status: help and version on a full disk" { check_full pcap-status; }
@test "pcap-status: unknown options" { check_unknown_options pcap-status; }
@test "pcap-status: options without their value" { check_needs_value pcap-status --age-minutes --output --hash; }
@test "pcap-status: values where none is taken" { check_takes_no_value pcap-status --prune-markers --no-sandbox --help; }

@test "pcap-status: slim, pending, too young, left alone" {
    cp "$FIXTURES/good-real-dns.pcap" d/c.pcap
    touch -d '1 hour ago' d/c.pcap
    cp "$FIXTURES/good-real-dns.pcap" d/e.pcap
    ln -s a.pcap d/l.pcap
    ln d/e.pcap other
    runs pcap-status d
    status_is 0
    out_is "slim          a.pcap
slim          b.pcap
pending       c.pcap
left_alone    e.pcap: several hard links
left_alone    l.pcap: symbolic link
status: slim=2 changed=0 failed=0 pending=1 too_young=0 left_alone=2 orphan_marker=0 pruned_marker=0 $(totals)"
    rm other
    runs pcap-status --age-minutes 30 d
    out_has "pending       c.pcap"
    out_has "too_young     e.pcap"
    runs pcap-slim --status d --age-minutes 30 --output json
    status_is 0
    json_is '.summary.slim == 2 and .summary.pending == 1 and .summary.too_young == 1 and (.files | length) == 5'
    json_is '.summary | .in_bytes == 119321 and .out_bytes == 29842 and .saved_bytes == 89479'
}

@test "pcap-status: another file of that name, by size; one that changed, by content with --hash" {
    local before
    printf x >>d/a.pcap
    kit patch d/b.pcap 60 ff
    touch -d "@$(jq -r .mtime d/.slim_markers/b.pcap)" d/b.pcap
    before=$(picture d)
    runs pcap-status d
    status_is 0
    out_has "pending       a.pcap: 24387 bytes, its marker says 24386"
    out_has "slim          b.pcap"
    runs pcap-status --hash xxh3 d
    status_is 1
    out_has "changed       b.pcap: digest "
    unchanged d "$before"
}

@test "pcap-status --prune-markers: only markers whose file is gone" {
    rm d/a.pcap
    mkdir d/.slim_markers/dir.pcap
    ln -s ../../slim.log d/.slim_markers/link.pcap
    : >d/.slim_markers/b.pcap
    runs pcap-status d
    out_has "orphan_marker a.pcap: there is no such file any more"
    out_has "slim          b.pcap: its marker holds no record to compare with"
    only_files d/.slim_markers a.pcap b.pcap dir.pcap link.pcap
    runs pcap-slim --status d --prune-markers
    status_is 0
    out_has "pruned_marker a.pcap"
    only_files d/.slim_markers b.pcap dir.pcap link.pcap
    [ -e slim.log ]
}

@test "pcap-status: markers that are FIFOs, links, second names, long lines" {
    rm d/.slim_markers/*
    mkfifo d/.slim_markers/a.pcap
    head -c 1000000 /dev/zero | tr '\0' x >d/.slim_markers/b.pcap
    cp d/b.pcap d/c.pcap
    cp d/b.pcap d/e.pcap
    ln -s /dev/zero d/.slim_markers/c.pcap
    printf '{"file":"e.pcap","status":"ok","in_pkts":1,"out_bytes":7}\n' >secret
    ln secret d/.slim_markers/e.pcap
    runs timeout 20 pcap-status d
    status_is 0
    for name in a b c e; do out_has "slim          $name.pcap: its marker holds no record to compare with"; done
}

@test "pcap-status: no markers, a marker directory that is a link, no directory" {
    mkdir e f
    runs pcap-status e
    status_is 0
    out_is "status: slim=0 changed=0 failed=0 pending=0 too_young=0 left_alone=0 orphan_marker=0 pruned_marker=0 in=0 out=0 saved=0 (0 %)"
    ln -s ../d/.slim_markers f/.slim_markers
    runs pcap-status --prune-markers f
    status_is 1
    err_has "is not a directory of its own"
    [ -e d/.slim_markers/a.pcap ]
    runs pcap-status none
    refused_with "pcap-status: none: cannot open: No such file or directory"
}

@test "pcap-slim --status: what the configuration file says about runs does no harm" {
    printf 'dir = elsewhere\noutput = ndjson\nrecursive = yes\nhash = sha256\n' >conf
    runs pcap-slim --config conf --status d
    status_is 0
    json_is '.summary.slim == 2'
    runs pcap-slim --config conf --status d --output human
    status_is 0
    out_has 'slim          a.pcap'
}

@test "pcap-slim --status: misuse" {
    runs pcap-slim --status d d/a.pcap
    misuse_is pcap-slim "--status takes one directory and goes without FILE"
    runs pcap-slim --status d --output ndjson
    misuse_is pcap-slim "--status takes --output human or json"
    runs pcap-slim --prune-markers --dir d
    misuse_is pcap-slim "--prune-markers goes with --status"
    runs pcap-slim --status d --dir d
    misuse_is pcap-slim "--status goes with neither --dir nor --single"
}

@test "--status: trees, patterns, what is excluded; the same in the configuration file" {
    mkdir -p d/sub/deep d/skipped d/.slim_markers.not
    cp "$FIXTURES/good-real-tls13.pcap" d/sub/deep/c.pcap
    cp "$FIXTURES/good-real-tls13.pcap" d/sub/x.cap
    cp "$FIXTURES/good-real-tls13.pcap" d/skipped/y.pcap
    cp "$FIXTURES/good-real-tls13.pcap" d/sub/z.pcap.tmp
    ln -s sub d/link
    pcap-slim d/sub/deep/c.pcap 2>>slim.log
    runs pcap-slim --status d --recursive
    status_is 0
    out_is "slim          a.pcap
slim          b.pcap
pending       skipped/y.pcap
slim          sub/deep/c.pcap
status: slim=3 changed=0 failed=0 pending=1 too_young=0 left_alone=0 orphan_marker=0 pruned_marker=0 in=167817 out=42202 saved=125615 (74 %)"
    runs pcap-slim --status d --recursive --glob '*.cap' --glob 'c*'
    out_has "pending       sub/x.cap
slim          sub/deep/c.pcap
status: slim=1 "
    runs pcap-slim --status d --recursive --exclude skipped --exclude 'a.*'
    out_is "slim          b.pcap
slim          sub/deep/c.pcap
status: slim=2 changed=0 failed=0 pending=0 too_young=0 left_alone=0 orphan_marker=0 pruned_marker=0 in=107651 out=17816 saved=89835 (83 %)"
    printf 'recursive = yes\nexclude = skipped\nglob = c.*\n' >conf
    runs pcap-slim --config conf --status d --output json
    json_is '[.files[].file] == ["sub/deep/c.pcap"]'
    runs pcap-slim --config conf --status d --glob '[ab].*'
    out_has 'slim          a.pcap
slim          b.pcap
status: '
    chmod 0 d/sub/deep
    runs without_rights pcap-slim --status d --recursive
    status_is 1
    err_has 'pcap-status: sub/deep/: '
    out_has 'pending       skipped/y.pcap'
    chmod 755 d/sub/deep
}

@test "--status: what was slimmed or failed under another name is said, too, unless patterns are given" {
    mv d/a.pcap d/ring.pcap0
    cp "$FIXTURES/good-real-ssh.pcap" d/ring.pcap0
    pcap-slim d/ring.pcap0 2>>slim.log
    : >d/empty.dmp
    cp "$FIXTURES/good-real-ssh.pcap" d/other.dmp
    runs pcap-slim d/empty.dmp
    runs pcap-slim --status d
    status_is 1
    out_has 'slim          ring.pcap0'
    out_has 'failed        empty.dmp: not a capture: the file is empty'
    out_has 'slim=2 changed=0 failed=1 pending=0'
    cp "$FIXTURES/good-real-dns.pcap" d/ring.pcap0
    runs pcap-slim --status d
    out_has 'pending       ring.pcap0: 10131 bytes, its marker says 24386'
    runs pcap-slim --status d --glob '*.pcap'
    status_is 0
    out_has 'slim=1 changed=0 failed=0 pending=0'
}

@test "--status: a file that failed makes the status 1" {
    : >d/c.pcap
    pcap-slim --dir d 2>>slim.log || true
    runs pcap-slim --status d
    status_is 1
    out_has 'slim=2 changed=0 failed=1'
    runs pcap-slim --status d --exclude c.pcap
    status_is 0
}

@test "--status --prune-markers: in a tree, every directory's own" {
    mkdir d/sub
    cp "$FIXTURES/good-real-tls13.pcap" d/sub/c.pcap
    pcap-slim --dir d --recursive 2>>slim.log
    rm d/sub/c.pcap d/a.pcap
    runs pcap-slim --status d --recursive --prune-markers
    status_is 0
    out_has 'pruned_marker a.pcap'
    out_has 'pruned_marker sub/c.pcap'
    only_files d/sub .slim_markers
    only_files d/sub/.slim_markers
}
