#!/usr/bin/env bats
# pcap-scan: what slimming would do, as records.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir w
    cp "$FIXTURES/good-little-micro.pcap" w/a.pcap
}

# ---- the face ----

@test "pcap-scan --help" { check_help pcap-scan; }
@test "pcap-scan --version" { check_version pcap-scan; }
@test "pcap-scan: help and version on a full disk" { check_full pcap-scan; }
@test "pcap-scan: unknown options" { check_unknown_options pcap-scan; }
@test "pcap-scan: an unknown option behind the operand is named" { check_option_behind_operand pcap-scan; }

@test "pcap-scan: options without their value" {
    check_needs_value pcap-scan --files0-from --max-io-mbps --max-cpu-percent --cpu-backoff-above \
        --cpu-backoff-strength --pace-fd
}

@test "pcap-scan: values where none is taken" {
    check_takes_no_value pcap-scan --pending --dry-run --mmap --no-mmap --help --version
}

@test "pcap-scan: limits that are none" { check_limits_misuse pcap-scan; }

@test "pcap-scan: --files0-from with FILE" {
    runs pcap-scan --files0-from=- w/a.pcap
    misuse_is pcap-scan "--files0-from goes without FILE"
}

@test "pcap-scan: --dry-run without --pending" {
    runs pcap-scan --dry-run w/a.pcap
    misuse_is pcap-scan "--dry-run goes with --pending"
}

@test "pcap-scan: -- ends the options" {
    cp w/a.pcap ./--help
    runs pcap-scan -- --help
    status_is 0
    json_is '.file == "--help" and .in_pkts == 14'
}

# ---- the record ----

@test "pcap-scan: the record of a capture" {
    runs pcap-scan w/a.pcap
    status_is 0
    err_empty
    settled_out_is '{"file":"w/a.pcap","status":"ok","in_pkts":14,"truncated":5,"kept":9,"in_bytes":1654,"out_bytes":1343,"elapsed_ms":0,"policy":"packet","by_reason":{"tls":{"packets":2,"bytes_saved":143},"ssh":{"packets":1,"bytes_saved":28},"quic":{"packets":1,"bytes_saved":76},"ipsec":{"packets":1,"bytes_saved":64}},"kept_by_reason":{"cleartext":5,"short":3,"not_ip":1},"linktype":1,"linktype_high":0,"byte_order":"little","resolution":"us","snaplen":262144,"first_timestamp":"1700000000.000001","last_timestamp":"1700000013.013001","oddities":{},"length_mode":"rewrite","checksum":"compute","policy_digest":"'"$DEFAULT_POLICY"'"}'
}

@test "pcap-scan: --packets tells of each packet what is decided on it, and why; then comes the record" {
    runs pcap-scan --packets w/a.pcap
    status_is 0
    err_empty
    [ "$(wc -l <"$out_file")" -eq 15 ]
    head -n 14 "$out_file" | jq -c -s '[.[] | select(.cut)] | group_by(.reason) | map({(.[0].reason): length}) | add' >cuts
    [ "$(cat cuts)" = '{"ipsec":1,"quic":1,"ssh":1,"tls":2}' ]
    [ "$(head -n 1 "$out_file")" = "$(jq -c . <<<'{"packet":1,"caplen":60,"origlen":60,"cut":false,"reason":"not_ip","kept_bytes":60}')" ] ||
        { head -n 1 "$out_file" >&2 && return 1; }
    # what is left of the frames is what pcap-truncate leaves
    pcap-truncate w/a.pcap >slim
    [ $((24 + 14 * 16 + $(head -n 14 "$out_file" | jq -s 'map(.kept_bytes) | add'))) -eq "$(stat -c %s slim)" ]
}

@test "pcap-scan: --packets begins anew with each capture, and cannot write to a full disk" {
    cp w/a.pcap w/b.pcap
    runs pcap-scan --packets w/a.pcap w/b.pcap
    [ "$(jq -s 'map(select(.packet == 1)) | length' "$out_file")" -eq 2 ]
    run -1 sh -c 'pcap-scan --packets w/a.pcap >/dev/full'
    runs pcap-scan --packets --report w/a.pcap
    misuse_is pcap-scan "--packets goes without --dry-run and --report"
}

@test "pcap-scan: from standard input the same, named -" {
    runs pcap-scan w/a.pcap
    cp "$out_file" named
    runs_from w/a.pcap pcap-scan
    status_is 0
    err_empty
    json_is '.file == "-"'
    [ "$(jq 'del(.file, .elapsed_ms)' named)" = "$(jq 'del(.file, .elapsed_ms)' "$out_file")" ]
    kit drip w/a.pcap | pcap-scan --mmap >dripped
    [ "$(jq 'del(.file, .elapsed_ms)' named)" = "$(jq 'del(.file, .elapsed_ms)' dripped)" ]
}

@test "pcap-scan: byte order and resolution" {
    cd -- "$FIXTURES"
    runs pcap-scan good-little-micro.pcap good-little-nano.pcap good-big-micro.pcap good-big-nano.pcap
    status_is 0
    jq -e -s 'map([.byte_order, .resolution, .in_pkts, .truncated, .first_timestamp, .last_timestamp]) == [
        ["little", "us", 14, 5, "1700000000.000001", "1700000013.013001"],
        ["little", "ns", 14, 5, "1700000000.000000001", "1700000013.000013001"],
        ["big", "us", 14, 5, "1700000000.000001", "1700000013.013001"],
        ["big", "ns", 14, 5, "1700000000.000000001", "1700000013.000013001"]]' "$out_file" >/dev/null
}

@test "pcap-scan: link types, and what else their field holds" {
    runs pcap-scan "$FIXTURES/good-linktype-user0-looks-like-ethernet.pcap"
    status_is 0
    json_is '.linktype == 147 and .linktype_high == 0 and .truncated == 0 and .by_reason == {}
        and .kept_by_reason == {linktype: 2} and .in_bytes == .out_bytes'
    runs pcap-scan "$FIXTURES/good-linktype-257.pcap"
    json_is '.linktype == 257 and .kept_by_reason == {linktype: 1}'
    runs pcap-scan "$FIXTURES/good-linktype-swapped.pcap"
    json_is '.linktype == 256 and .truncated == 0'
    runs pcap-scan "$FIXTURES/good-linktype-upper-bits.pcap"
    json_is '.linktype == 1 and .linktype_high == 65535 and .byte_order == "big" and .truncated == 1'
    runs pcap-scan "$FIXTURES/good-fcs-linktype.pcap"
    json_is '.linktype == 1 and .linktype_high == 9216 and .truncated == 2'
}

@test "pcap-scan: no packets, no timestamps" {
    runs pcap-scan "$FIXTURES/good-no-packets-big.pcap"
    status_is 0
    err_empty
    settled_out_is '{"file":"'"$FIXTURES"'/good-no-packets-big.pcap","status":"ok","in_pkts":0,"truncated":0,"kept":0,"in_bytes":24,"out_bytes":24,"elapsed_ms":0,"policy":"packet","by_reason":{},"kept_by_reason":{},"linktype":1,"linktype_high":0,"byte_order":"big","resolution":"us","snaplen":262144,"oddities":{},"length_mode":"rewrite","checksum":"compute","policy_digest":"'"$DEFAULT_POLICY"'"}'
}

@test "pcap-scan: each oddity is counted" {
    # odd FIXTURE ODDITIES
    odd() {
        runs pcap-scan "$FIXTURES/good-$1.pcap"
        status_is 0
        err_empty
        json_is ".oddities == $2"
    }
    odd little-micro '{}'
    odd snaplen-smaller '{caplen_over_snaplen: 4, sliced: 1}'
    odd captured-exceeds-original '{caplen_over_origlen: 4, sliced: 1}'
    odd already-slim '{sliced: 5}'
    odd empty-packets '{sliced: 2, empty_packet: 3}'
    odd timestamps '{time_backwards: 2, fraction_out_of_range: 6}'
    odd timestamps-nano '{time_backwards: 1, fraction_out_of_range: 2}'
    odd file-header '{caplen_over_snaplen: 2}'
    odd file-header-big '{}'
    kit big cleartext 262129 >big
    runs pcap-scan big
    json_is '.oddities == {oversize_packet: 1} and .kept_by_reason == {cleartext: 1}'
    kit big tls 262128 >big
    runs pcap-scan big
    json_is '.oddities == {} and .by_reason == {tls: {packets: 3, bytes_saved: 262202}}'
    kit big tls 1000000 >big
    runs pcap-scan big
    json_is '.oddities == {caplen_over_snaplen: 1, oversize_packet: 1} and
        .by_reason == {tls: {packets: 3, bytes_saved: 1000074}} and .in_bytes - .out_bytes == 1000074'
}

@test "pcap-scan: figures add up on every good fixture" {
    runs pcap-scan "$FIXTURES"/good-*
    status_is 0
    err_empty
    [ "$(wc -l <"$out_file")" -eq "$(find "$FIXTURES" -name 'good-*' | wc -l)" ]
    jq -e -s 'all(.[];
        .status == "ok" and .kept + .truncated == .in_pkts and
        ([.by_reason[].bytes_saved] | add // 0) == .in_bytes - .out_bytes and
        ([.by_reason[].packets] | add // 0) == .truncated and
        ([.kept_by_reason[]] | add // 0) == .kept and
        (.by_reason | keys - ["tls", "ssh", "quic", "ipsec"] == []))' "$out_file" >/dev/null
}

@test "pcap-scan: in_bytes and out_bytes are the sizes before and after, for every good fixture" {
    runs sh -c '
        for f; do
            stat -c %s -- "$f"
            pcap-truncate "$f" | wc -c
        done' sh "$FIXTURES"/good-*
    cp "$out_file" sizes
    pcap-scan --no-mmap "$FIXTURES"/good-* | jq '.in_bytes, .out_bytes' >buffered
    same_bytes buffered sizes
    pcap-scan --mmap "$FIXTURES"/good-* | jq '.in_bytes, .out_bytes' >mapped
    same_bytes mapped sizes
}

@test "pcap-scan: the packets cut are those of the fixtures' table" {
    # | name | packets | cut | ...: "1-3 5" or "none"
    awk -F ' *[|] *' '$2 ~ /^good-/ && $3 ~ /^[0-9]+$/ {
        cut = 0
        if ($4 != "none") {
            n = split($4, ranges, " ")
            for (i = 1; i <= n; i++) { m = split(ranges[i], ends, "-"); cut += (m == 2 ? ends[2] - ends[1] : 0) + 1 }
        }
        print $2, $3, cut
    }' "$FIXTURES/README.md" | sort >table
    [ "$(wc -l <table)" -gt 50 ]
    (cd -- "$FIXTURES" && cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/table" | xargs pcap-scan) |
        jq -r '"\(.file) \(.in_pkts) \(.truncated)"' | sort >have
    diff table have >&2
}

# ---- several files ----

@test "pcap-scan: several files, a record each in their order, the bad ones too" {
    cp "$FIXTURES/bad-body-first.pcap" w/b.pcap
    runs pcap-scan w/a.pcap w/b.pcap w/none.pcap "$FIXTURES/good-no-packets.pcap"
    status_is 1
    err_is "pcap-scan: w/b.pcap: offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
pcap-scan: w/none.pcap: cannot open: No such file or directory"
    jq -e -s 'map(.status) == ["ok", "fail", "fail", "ok"] and .[1].file == "w/b.pcap" and
        (.[1] | has("in_pkts") or has("out_bytes") | not) and
        .[1].error == "offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it" and
        .[2] == {file: "w/none.pcap", status: "fail", error: "cannot open: No such file or directory", error_kind: "system"}' "$out_file" >/dev/null
}

@test "pcap-scan: a capture that is refused" {
    runs_from "$FIXTURES/unsupported-pcapng-little.pcapng" pcap-scan
    status_is 1
    err_is "pcap-scan: standard input: not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT"
    settled_out_is '{"file":"-","status":"fail","elapsed_ms":0,"error":"not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT","error_kind":"contents"}'
}

@test "pcap-scan --files0-from: from standard input, from a file, names of any kind" {
    local names=(w/a.pcap $'w/new\nline.pcap' "w/q'\"uote\\.pcap" $'w/\xff\xfe.pcap' -dash.pcap 'w/ space .pcap') n
    for n in "${names[@]:1}"; do cp w/a.pcap "./$n"; done
    printf '%s\0' "${names[@]}" >list
    runs_from list pcap-scan --files0-from=-
    status_is 0
    err_empty
    [ "$(wc -l <"$out_file")" -eq 6 ]
    cp "$out_file" piped
    jq -e -s 'all(.in_pkts == 14) and
        map(.file) == ["w/a.pcap", "w/new\nline.pcap", "w/q'\''\"uote\\.pcap", "w/\ufffd\ufffd.pcap", "-dash.pcap", "w/ space .pcap"] and
        map(.file_hex) == [null, null, null, "772ffffe2e70636170", null, null]' "$out_file" >/dev/null
    runs pcap-scan --files0-from list
    status_is 0
    [ "$(jq -c 'del(.elapsed_ms)' piped)" = "$(jq -c 'del(.elapsed_ms)' "$out_file")" ]
}

@test "pcap-scan --files0-from: no name, empty names, no final NUL" {
    : >list
    runs pcap-scan --files0-from=list
    status_is 0
    out_empty
    err_empty
    printf '\0\0w/a.pcap\0\0w/a.pcap' >list
    runs pcap-scan --files0-from=list
    status_is 0
    [ "$(wc -l <"$out_file")" -eq 2 ]
}

@test "pcap-scan --files0-from: a list that cannot be read" {
    runs pcap-scan --files0-from=none
    refused_with "pcap-scan: none: cannot open: No such file or directory"
    runs pcap-scan --files0-from=.
    refused_with "pcap-scan: .: cannot read the list: Is a directory"
    head -c 70000 /dev/zero | tr '\0' x >list
    runs pcap-scan --files0-from=list
    refused_with "pcap-scan: list: a name or record in the list is longer than 65536 bytes"
}

# ---- --pending ----

@test "pcap-scan --pending: what is left alone, and why" {
    local before
    mkdir w/.slim_markers w/dir.pcap
    cp w/a.pcap w/marked.pcap
    : >w/.slim_markers/marked.pcap
    ln -s a.pcap w/symlink.pcap
    cp w/a.pcap w/hard.pcap
    ln w/hard.pcap w/hard2.pcap
    mkfifo w/fifo.pcap
    cp "$FIXTURES/bad-empty.pcap" w/bad.pcap
    before=$(picture w)
    runs timeout 20 pcap-scan --pending w/a.pcap w/marked.pcap w/symlink.pcap w/hard.pcap w/hard2.pcap w/dir.pcap w/fifo.pcap \
        w/bad.pcap w/none.pcap
    status_is 1
    err_empty
    jq -e -s 'map(.status) == ["ok", "skipped_marker", "skipped_symlink", "skipped_hardlink", "skipped_hardlink",
            "skipped_not_regular", "skipped_not_regular", "fail", "fail"] and
        .[1] == {file: "w/marked.pcap", status: "skipped_marker"} and
        .[7].error == "not a capture: the file is empty" and
        .[8].error == "cannot open: No such file or directory" and .[0].in_pkts == 14' "$out_file" >/dev/null
    unchanged w "$before"
    runs timeout 20 pcap-scan --pending w/a.pcap w/marked.pcap w/symlink.pcap w/hard.pcap w/dir.pcap w/fifo.pcap
    status_is 0
}

@test "pcap-scan --pending --dry-run lists only, without reading" {
    local before
    cp "$FIXTURES/bad-empty.pcap" w/bad.pcap
    mkdir w/.slim_markers
    cp w/a.pcap w/marked.pcap
    ln -s anywhere w/.slim_markers/marked.pcap
    before=$(picture w)
    runs pcap-scan --pending --dry-run w/a.pcap w/bad.pcap w/marked.pcap
    status_is 0
    err_empty
    out_is '{"file":"w/a.pcap","status":"would_slim"}
{"file":"w/bad.pcap","status":"would_slim"}
{"file":"w/marked.pcap","status":"skipped_marker"}'
    unchanged w "$before"
}

@test "pcap-scan --pending: files of several directories and the paths that are no file's" {
    mkdir v v/.slim_markers
    cp w/a.pcap v
    : >v/.slim_markers/a.pcap
    runs pcap-scan --pending w/a.pcap v/a.pcap w/a.pcap w/ w/.. no/such/dir/a.pcap
    status_is 1
    jq -e -s 'map(.status) == ["ok", "skipped_marker", "ok", "fail", "fail", "fail"] and
        .[3].error == "this is not the name of a file" and .[4].error == "this is not the name of a file" and
        .[5].error == "cannot open its directory: No such file or directory"' "$out_file" >/dev/null
}

@test "pcap-scan --pending: a marker directory that is a link is not followed" {
    mkdir elsewhere
    ln -s ../elsewhere w/.slim_markers
    runs pcap-scan --pending w/a.pcap
    status_is 1
    json_is '.status == "fail" and .error == ".slim_markers is not a directory of its own (a symbolic link?); remove it"'
}

@test "pcap-scan: writes nothing, without --pending either" {
    local before
    cp "$FIXTURES/bad-body-first.pcap" w/b.pcap
    before=$(picture w)
    runs pcap-scan w/a.pcap w/b.pcap
    status_is 1
    runs sh -c 'find w -name "*.pcap" -print0 | pcap-scan --files0-from=- --pending --mmap'
    status_is 1
    unchanged w "$before"
}

@test "pcap-scan --pending leaves the access time alone" {
    touch -a -d '2001-02-03 04:05:06 UTC' w/a.pcap
    runs pcap-scan --pending w/a.pcap
    status_is 0
    [ "$(stat -c %X w/a.pcap)" = 981173106 ]
}

# ---- its output, limits ----

@test "pcap-scan: a full disk, a reader that goes away" {
    runs sh -c 'pcap-scan w/a.pcap >/dev/full'
    refused_with "pcap-scan: cannot hand on a record: No space left on device"
    runs bash -c 'trap "" PIPE; { sleep 0.1; pcap-scan w/a.pcap w/a.pcap; echo "$?" >&2; } | :'
    err_is "pcap-scan: cannot hand on a record: Broken pipe
1"
}

@test "pcap-scan: limits change nothing" {
    pcap-scan w/a.pcap | settled >want
    runs pcap-scan --max-io-mbps 50 --max-cpu-percent 100 --cpu-backoff-above 95 --cpu-backoff-strength 0 w/a.pcap
    status_is 0
    err_empty
    settled_out_is "$(cat want)"
    runs bash -c 'pcap-scan --pace-fd 7 w/a.pcap 7</dev/null'
    status_is 1
    out_empty
    err_has "7"
}

@test "pcap-scan: large packets in bounded memory" {
    grep -q __asan_init "$(command -v pcap-scan)" && skip "a sanitizer's memory is not the program's"
    kit big cleartext 20000000 >big
    PEAK=$PWD/peak runs kit peak pcap-scan big
    status_is 0
    json_is '.in_bytes == 20000380 and .out_bytes == 20000228'
    [ "$(cat peak)" -lt 16384 ] || explain "peak memory: $(cat peak) KiB"
    rm big
}

# ---- the page cache ----

# Pages of FILE in it.
pages() {
    fincore -n -b -o PAGES "$1" | tr -d ' '
}

cached_capture() {
    cp "$FIXTURES/good-real-http.pcap" w/b.pcap
    sync w/b.pcap
    cat w/b.pcap >copy
}

@test "a capture that was not in the page cache is not there after a scan" {
    cached_capture
    dd if=w/b.pcap iflag=nocache count=0 status=none
    [ "$(pages w/b.pcap)" -eq 0 ] || skip "this filesystem keeps its pages"
    pcap-scan w/b.pcap >record
    [ "$(pages w/b.pcap)" -eq 0 ]
}

@test "a scan leaves in the page cache what was there before" {
    cached_capture
    there=$(pages w/b.pcap)
    [ "$there" -gt 0 ]
    pcap-scan w/b.pcap >record
    [ "$(pages w/b.pcap)" -eq "$there" ]
}

@test "pcap-scan --print0 of standard input, which has no name to print" {
    runs_from /dev/null pcap-scan --pending --dry-run --print0
    status_is 1
    out_empty
}

# ---- what stands at the name when it is opened is not what was looked at ----

# exchanged KIND STATUS: pcap-scan --pending of a file whose place KIND takes meanwhile, and how that ends.
exchanged() {
    cp "$FIXTURES/good-little-micro.pcap" w/a.pcap
    runs env LD_PRELOAD="$PWD/exchange.so" EXCHANGE=a.pcap EXCHANGE_WITH="$1" pcap-scan --no-sandbox --pending -- w/a.pcap
    status_is "$2"
    err_is ''
    [ ! -e "w/$1" ] || explain "$1 was not exchanged"
    rm -f w/a.pcap
}

@test "pcap-scan --pending: a file that is exchanged for a link, a FIFO or a second name is not read" {
    gcc -shared -fPIC -o exchange.so "$BATS_TEST_DIRNAME/exchange.c"
    case $BIN_DIR in */asan/*) skip "a sanitizer wants to be loaded first" ;; esac
    cp "$FIXTURES/good-real-ssh.pcap" elsewhere
    ln -s ../elsewhere w/link
    exchanged link 1
    json_is '.status == "fail" and .error == "cannot open: Too many levels of symbolic links"'
    mkfifo w/fifo
    exchanged fifo 1
    json_is '.status == "fail" and .error == "it is no longer a regular file of one name"'
    ln elsewhere w/second
    exchanged second 1
    json_is '.status == "fail" and .error == "it is no longer a regular file of one name"'
    cp elsewhere w/regular
    exchanged regular 0
    json_is '.status == "ok" and .in_pkts == 164'
}

@test "pcap-scan DIR: each capture in it, by name" {
    mkdir dir
    cp "$FIXTURES/good-real-ssh.pcap" dir/b.pcap
    cp "$FIXTURES/good-real-dns.pcap" dir/a.pcap
    : >dir/README
    mkdir dir/c.pcap
    runs pcap-scan dir
    status_is 0
    err_empty
    [ "$(jq -r .file "$out_file" | tr '\n' ' ')" = 'dir/a.pcap dir/b.pcap ' ] || explain "other files"
    runs pcap-scan dir none
    status_is 1
}
