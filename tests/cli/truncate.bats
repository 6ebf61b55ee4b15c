#!/usr/bin/env bats
# pcap-truncate as a filter. As the first stage of the chain: stages.bats.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir w
    cp "$FIXTURES/good-little-micro.pcap" w/a.pcap
}

# ---- the face ----

@test "pcap-truncate --help" { check_help pcap-truncate; }
@test "pcap-truncate --version" { check_version pcap-truncate; }
@test "pcap-truncate: help and version on a full disk" { check_full pcap-truncate; }
@test "pcap-truncate: unknown options" { check_unknown_options pcap-truncate; }
@test "pcap-truncate: an unknown option behind the operand is named" { check_option_behind_operand pcap-truncate; }

@test "pcap-truncate: options without their value" {
    check_needs_value pcap-truncate --record --files0-from --claim-fd --max-io-mbps --max-cpu-percent \
        --cpu-backoff-above --cpu-backoff-strength --pace-fd
}

@test "pcap-truncate: values where none is taken" {
    check_takes_no_value pcap-truncate --mmap --no-mmap --help --version
}

@test "pcap-truncate: limits that are none" { check_limits_misuse pcap-truncate; }

@test "pcap-truncate: misuse of --claim-fd" {
    local value
    for value in x -1 '' 1025; do
        runs pcap-truncate --claim-fd="$value"
        misuse_is pcap-truncate "--claim-fd takes the number of a descriptor, not '$value'"
    done
}

@test "pcap-truncate: two operands" {
    runs pcap-truncate w/a.pcap w/a.pcap
    misuse_is pcap-truncate "one FILE at most; for many use --files0-from"
}

@test "pcap-truncate: --files0-from with FILE or with --record" {
    runs pcap-truncate --files0-from=- w/a.pcap
    misuse_is pcap-truncate "--files0-from goes with neither FILE nor --record"
    runs pcap-truncate --files0-from=- --record r
    misuse_is pcap-truncate "--files0-from goes with neither FILE nor --record"
    only_files w a.pcap
}

@test "pcap-truncate: -- ends the options" {
    cp w/a.pcap ./--help
    runs pcap-truncate -- --help
    status_is 0
    err_empty
    pcap-truncate w/a.pcap >want
    same_bytes "$out_file" want
}

@test "pcap-truncate refuses to write to a terminal" {
    runs kit terminal pcap-truncate w/a.pcap
    status_is 2
    out_is "pcap-truncate: refusing to write a capture to a terminal; redirect standard output
Try 'pcap-truncate --help'."
}

# ---- what it does ----

@test "pcap-truncate: file to standard output, and nothing else is touched" {
    local before
    before=$(picture w)
    runs pcap-truncate w/a.pcap
    status_is 0
    err_empty
    [ "$(wc -c <"$out_file")" -eq 1343 ]
    unchanged w "$before"
}

@test "pcap-truncate: standard input gives the same bytes as FILE" {
    pcap-truncate w/a.pcap >want
    runs_from w/a.pcap pcap-truncate
    status_is 0
    err_empty
    same_bytes "$out_file" want
    runs sh -c 'cat w/a.pcap | pcap-truncate'
    status_is 0
    same_bytes "$out_file" want
}

@test "pcap-truncate is byte-identical to the oracle on every good fixture, mapped, buffered and again" {
    mkdir oracle
    printf '%s\0' "$FIXTURES"/good-* >list
    "$PYTHON" "$ROOT/tests/oracle/oracle.py" --batch list oracle
    runs sh -c '
        n=0
        for f; do
            pcap-truncate --no-mmap "$f" >buffered && pcap-truncate --mmap "$f" >mapped &&
                pcap-truncate mapped >again && cmp "oracle/$n.out" buffered && cmp buffered mapped &&
                cmp mapped again || echo "$f"
            n=$((n + 1))
        done
        echo "$n"' sh "$FIXTURES"/good-*
    err_empty
    out_is "$(find "$FIXTURES" -name 'good-*' | wc -l)"
    [ "$out" -gt 70 ]
}

@test "pcap-truncate: --mmap on a pipe, an empty file, behind the beginning of a file" {
    pcap-truncate w/a.pcap >want
    runs sh -c 'cat w/a.pcap | pcap-truncate --mmap'
    status_is 0
    same_bytes "$out_file" want
    : >empty
    runs pcap-truncate --mmap empty
    refused_with "pcap-truncate: empty: not a capture: the file is empty"
    { printf 'before it'; cat w/a.pcap; } >later
    runs sh -c '{ dd bs=9 count=1 of=/dev/null 2>/dev/null; pcap-truncate --mmap; } <later'
    status_is 0
    same_bytes "$out_file" want
}

@test "pcap-truncate: the last of --mmap and --no-mmap holds, and both are fine" {
    pcap-truncate w/a.pcap >want
    runs pcap-truncate --mmap --no-mmap --mmap w/a.pcap
    status_is 0
    same_bytes "$out_file" want
}

@test "pcap-truncate: --mmap maps, --no-mmap does not" {
    local how maps pid
    kit big cleartext 3000000 >big
    for how in --mmap --no-mmap; do
        rm -f out
        mkfifo out
        "${AT_A_TERMINAL[@]}" pcap-truncate $how big >out 3>&- &
        pid=$!
        exec 7<out
        head -c 100000 <&7 >/dev/null # and no more: it stops on the full pipe, half-way
        maps=$(grep -c "/big\$" "/proc/$pid/maps" || :)
        kill "$pid"
        exec 7<&-
        wait "$pid" || :
        if [ $how = --mmap ]; then [ "$maps" -gt 0 ]; else [ "$maps" -eq 0 ]; fi
    done
    rm big
}

@test "pcap-truncate: a pipe that delivers 1 to 7 bytes at a time" {
    local f
    for f in good-little-micro good-big-nano good-payload-udp good-empty-packets; do
        pcap-truncate "$FIXTURES/$f.pcap" >want
        kit drip "$FIXTURES/$f.pcap" | pcap-truncate >have
        same_bytes have want
    done
}

@test "pcap-truncate: a damaged capture in small pieces gives the same message" {
    kit drip "$FIXTURES/bad-record-header-15.pcap" | { runs_from /dev/stdin pcap-truncate; refused_partly; }
}
refused_partly() {
    status_is 1
    err_is "pcap-truncate: standard input: offset 348, packet 4: record header cut short after 15 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it"
}

@test "pcap-truncate: FIFO as FILE" {
    mkfifo f
    pcap-truncate w/a.pcap >want
    cat w/a.pcap >f 3>&- &
    runs timeout 20 pcap-truncate f
    status_is 0
    same_bytes "$out_file" want
}

@test "pcap-truncate: large packets, kept and cut, byte for byte and in bounded memory" {
    local kind size n=0
    mkdir oracle
    for kind in cleartext tls; do
        for size in 300000 262128 262129 20000000; do
            kit big $kind $size >$kind-$size
            printf '%s\0' $kind-$size >>list
        done
    done
    "$PYTHON" "$ROOT/tests/oracle/oracle.py" --batch list oracle
    for kind in cleartext tls; do
        for size in 300000 262128 262129 20000000; do
            PEAK=$PWD/peak runs kit peak pcap-truncate --record r.json $kind-$size
            status_is 0
            err_empty
            same_bytes "$out_file" "oracle/$n.out"
            [ "$(stat -c %s "oracle/$n.out")" -eq "$(jq .out_bytes r.json)" ]
            if ! grep -q __asan_init "$(command -v pcap-truncate)"; then
                [ "$(cat peak)" -lt 16384 ] || explain "peak memory: $(cat peak) KiB"
            fi
            pcap-truncate --mmap $kind-$size >mapped
            same_bytes mapped "oracle/$n.out"
            n=$((n + 1))
        done
    done
    ! cmp -s "oracle/3.out" cleartext-20000000 || explain "the small ones beside it are cut"
    [ "$(stat -c %s oracle/3.out)" -eq $((24 + 3 * 16 + 2 * 78 + 20000000)) ]
    [ "$(stat -c %s oracle/7.out)" -eq $((24 + 3 * (16 + 78))) ]
    rm -r oracle cleartext-* tls-*
}

@test "pcap-truncate: a large packet that ends too early" {
    kit big cleartext 2000000 | head -c 1000000 >short
    runs pcap-truncate short
    status_is 1
    err_is "pcap-truncate: short: offset 194, packet 2: packet cut short after 999790 of 2000000 bytes; the capture is damaged or still being written"
    kit big tls 2000000 | head -c 1000000 >short
    runs pcap-truncate short
    status_is 1
    err_is "pcap-truncate: short: offset 194, packet 2: packet cut short after 999790 of 2000000 bytes; the capture is damaged or still being written"
    rm short
}

# ---- the record ----

@test "pcap-truncate --record" {
    runs pcap-truncate --record r.json w/a.pcap
    status_is 0
    err_empty
    [ "$(wc -l <r.json)" -eq 1 ]
    [ "$(stat -c %a r.json)" = "$(printf '%o' $((0666 & ~$(umask) & 0644)))" ]
    jq -e --argjson out "$(wc -c <"$out_file")" '
        .file == "w/a.pcap" and .status == "ok" and .in_pkts == 14 and .truncated == 5 and .kept == 9 and
        .in_bytes == 1654 and .out_bytes == 1343 and .out_bytes == $out and (.elapsed_ms | type) == "number" and
        .by_reason == {tls: {packets: 2, bytes_saved: 143}, ssh: {packets: 1, bytes_saved: 28},
                       quic: {packets: 1, bytes_saved: 76}, ipsec: {packets: 1, bytes_saved: 64}} and
        .kept_by_reason == {cleartext: 5, short: 3, not_ip: 1} and
        .linktype == 1 and .byte_order == "little" and .resolution == "us" and .snaplen == 262144 and
        .first_timestamp == "1700000000.000001" and .last_timestamp == "1700000013.013001" and
        .oddities == {} and (.digest | test("^xxh3:[0-9a-f]{16}$")) and
        (has("stage") or has("error") or has("check") or has("verdict") | not)' r.json >/dev/null
}

@test "pcap-truncate --record: the digest is XXH3 of what was written" {
    command -v xxhsum >/dev/null || skip "no xxhsum"
    pcap-truncate --record r.json w/a.pcap >slim
    [ "xxh3:$(xxhsum -H3 slim | tr -d '\n' | grep -o '[0-9a-f]\{16\}')" = "$(jq -r .digest r.json)" ]
}

@test "pcap-truncate --record: the same record but for name and time by pipe, file, mapped" {
    local how
    pcap-truncate --record r0 --no-mmap w/a.pcap >/dev/null
    pcap-truncate --record r1 --mmap w/a.pcap >/dev/null
    pcap-truncate --record r2 <w/a.pcap >/dev/null
    kit drip w/a.pcap | pcap-truncate --record r3 >/dev/null
    for how in r1 r2 r3; do
        [ "$(jq -S 'del(.file, .elapsed_ms)' r0)" = "$(jq -S 'del(.file, .elapsed_ms)' $how)" ]
    done
    [ "$(jq -r .file r2)" = - ]
}

@test "pcap-truncate --record of a capture that is refused: status fail, no figures" {
    runs pcap-truncate --record r.json "$FIXTURES/bad-body-first.pcap"
    status_is 1
    jq -e '.status == "fail" and (.error | startswith("offset 24, packet 1: packet cut short after 13 of 114 bytes"))
        and (has("in_pkts") or has("digest") or has("out_bytes") | not)' r.json >/dev/null
}

@test "pcap-truncate --record replaces an old record, longer or not" {
    head -c 5000 /dev/zero | tr '\0' x >r.json
    pcap-truncate --record r.json w/a.pcap >/dev/null
    [ "$(wc -l <r.json)" -eq 1 ]
    jq -e '.status == "ok"' r.json >/dev/null
}

@test "pcap-truncate --record that cannot be written" {
    runs pcap-truncate --record no/such/r.json w/a.pcap
    status_is 1
    err_is "pcap-truncate: no/such/r.json: cannot write the record: No such file or directory"
    runs pcap-truncate --record /dev/full w/a.pcap
    status_is 1
    err_is "pcap-truncate: cannot hand on a record: No space left on device"
}

@test "pcap-truncate --record does not overwrite the capture that it reads" {
    cp w/a.pcap b.pcap
    runs pcap-truncate --record b.pcap b.pcap
    status_is 2
    same_bytes b.pcap w/a.pcap
}

@test "pcap-truncate: names that are not UTF-8, with quotes, with a newline" {
    local name
    name=$'q"\\\n\xff.pcap'
    cp w/a.pcap "w/$name"
    runs pcap-truncate --record r.json "w/$name"
    status_is 0
    jq -e '.file == "w/q\"\\\n\ufffd.pcap" and .file_hex == "772f71225c0aff2e70636170"' r.json >/dev/null
    : >"w/$name"
    runs pcap-truncate "w/$name"
    refused_with 'pcap-truncate: w/q"\\\012\377.pcap: not a capture: the file is empty'
}

# ---- what it refuses ----

# refusals OPTION FIXTURE...: a line each, name, status and message; with a + where bytes came out.
refusals() {
    (cd -- "$FIXTURES" && exec sh -c '
        how=$1 out=$2
        shift 2
        for f; do
            case $how in
            stdin) pcap-truncate <"$f" >"$out/o" 2>"$out/e" ;;
            *) pcap-truncate "$how" "$f" >"$out/o" 2>"$out/e" ;;
            esac
            status=$?
            [ ! -s "$out/o" ] || status="$status+"
            sed "s|^pcap-truncate: $f: ||; s|^pcap-truncate: standard input: ||; s|^|$f $status |" "$out/e"
        done' refusals "$1" "$BATS_TEST_TMPDIR/w" "${@:2}")
}

# The words for every fixture of a pattern are those of the table on standard input.
check_refusals() {
    local how want have files
    want=$(cat)
    files=$(cd -- "$FIXTURES" && LC_ALL=C && printf '%s\n' $1)
    for how in --no-mmap --mmap stdin; do
        have=$(refusals "$how" $files)
        [ "$have" = "$want" ] || explain "$how: $(diff <(printf '%s\n' "$want") <(printf '%s\n' "$have"))"
    done
}

@test "pcap-truncate: what is no capture, and damage with offset and packet number" {
    check_refusals 'bad-*' <<'END'
bad-body-first.pcap 1+ offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-body-none.pcap 1+ offset 348, packet 4: packet cut short after 0 of 60 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-body-one-short-big.pcap 1+ offset 248, packet 3: packet cut short after 83 of 84 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-body-one-short-nano.pcap 1+ offset 248, packet 3: packet cut short after 83 of 84 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-body-one-short-raw.pcap 1+ offset 248, packet 3: packet cut short after 83 of 84 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-body-one-short.pcap 1+ offset 248, packet 3: packet cut short after 83 of 84 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-empty.pcap 1 not a capture: the file is empty
bad-file-header-1.pcap 1 not a capture: 1 bytes, a pcap file header has 24
bad-file-header-20.pcap 1 not a capture: 20 bytes, a pcap file header has 24
bad-file-header-23.pcap 1 not a capture: 23 bytes, a pcap file header has 24
bad-file-header-3.pcap 1 not a capture: 3 bytes, a pcap file header has 24
bad-file-header-4.pcap 1 not a capture: 4 bytes, a pcap file header has 24
bad-length-256m-plus-1-big.pcap 1+ offset 348, packet 4: captured length 268435457 is over 256 MiB; the capture is damaged
bad-length-256m-plus-1.pcap 1+ offset 348, packet 4: captured length 268435457 is over 256 MiB; the capture is damaged
bad-length-256m.pcap 1+ offset 348, packet 4: packet cut short after 80 of 268435456 bytes; the capture is damaged or still being written
bad-length-2g.pcap 1+ offset 348, packet 4: captured length 2147483648 is over 256 MiB; the capture is damaged
bad-length-4g-first.pcap 1+ offset 24, packet 1: captured length 4294967295 is over 256 MiB; the capture is damaged
bad-length-4g.pcap 1+ offset 348, packet 4: captured length 4294967295 is over 256 MiB; the capture is damaged
bad-length-garbled.pcap 1+ offset 155, packet 2: captured length 1912602624 is over 256 MiB; the capture is damaged
bad-magic-middle-endian.pcap 1 not a capture: it begins with b2a1d4c3, no pcap magic number
bad-order-mixed.pcap 1+ offset 24, packet 1: captured length 1912602624 is over 256 MiB; the capture is damaged
bad-record-header-1.pcap 1+ offset 348, packet 4: record header cut short after 1 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-record-header-15.pcap 1+ offset 348, packet 4: record header cut short after 15 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-record-header-4.pcap 1+ offset 348, packet 4: record header cut short after 4 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-record-header-8.pcap 1+ offset 348, packet 4: record header cut short after 8 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-record-header-first.pcap 1+ offset 24, packet 1: record header cut short after 9 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
bad-text.pcap 1 not a capture: it begins with 54686973, no pcap magic number
bad-zeros.pcap 1 not a capture: it begins with 00000000, no pcap magic number
END
}

@test "pcap-truncate: known formats and other versions are named, and nothing comes out" {
    check_refusals 'unsupported-*' <<'END'
unsupported-1c0001ab-big.pcap 1 not processed: this is an Ixia lcap capture (magic 1c0001ab, big endian)
unsupported-1c0001ab-little.pcap 1 not processed: this is an Ixia lcap capture (magic 1c0001ab, little endian)
unsupported-1c0001ac-big.pcap 1 not processed: this is an Ixia lcap capture (magic 1c0001ac, big endian)
unsupported-1c0001ac-little.pcap 1 not processed: this is an Ixia lcap capture (magic 1c0001ac, little endian)
unsupported-a12b3c4d-big.pcap 1 not processed: this is a modified pcap capture (Navtel, magic a12b3c4d, big endian)
unsupported-a12b3c4d-little.pcap 1 not processed: this is a modified pcap capture (Navtel, magic a12b3c4d, little endian)
unsupported-a1b234cd-big.pcap 1 not processed: this is a modified pcap capture (Mesquita, magic a1b234cd, big endian)
unsupported-a1b234cd-little.pcap 1 not processed: this is a modified pcap capture (Mesquita, magic a1b234cd, little endian)
unsupported-a1b2c3d5-big.pcap 1 not processed: this is an Arkime short-header capture (magic a1b2c3d5, big endian)
unsupported-a1b2c3d5-little.pcap 1 not processed: this is an Arkime short-header capture (magic a1b2c3d5, little endian)
unsupported-a1b2cd34-big.pcap 1 not processed: this is a modified pcap capture (Kuznetzov, magic a1b2cd34, big endian)
unsupported-a1b2cd34-little.pcap 1 not processed: this is a modified pcap capture (Kuznetzov, magic a1b2cd34, little endian)
unsupported-a1e2cb12-big.pcap 1 not processed: this is a netsniff-ng capture (Borkmann, magic a1e2cb12, big endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-a1e2cb12-little.pcap 1 not processed: this is a netsniff-ng capture (Borkmann, magic a1e2cb12, little endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-b1b23c4d-big.pcap 1 not processed: this is a netsniff-ng capture (cooked, magic b1b23c4d, big endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-b1b23c4d-little.pcap 1 not processed: this is a netsniff-ng capture (cooked, magic b1b23c4d, little endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-b1b2c3d4-big.pcap 1 not processed: this is a netsniff-ng capture (cooked, magic b1b2c3d4, big endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-b1b2c3d4-little.pcap 1 not processed: this is a netsniff-ng capture (cooked, magic b1b2c3d4, little endian); record with netsniff-ng -T 0xa1b2c3d4
unsupported-gzip-name.pcap 1 not processed: this is a gzip file; take it with --accept gzip, or unpack it first
unsupported-gzip.pcap.gz 1 not processed: this is a gzip file; take it with --accept gzip, or unpack it first
unsupported-lz4-name.pcap 1 not processed: this is an lz4 file; take it with --accept lz4, or unpack it first
unsupported-lz4.pcap.lz4 1 not processed: this is an lz4 file; take it with --accept lz4, or unpack it first
unsupported-pcapng-big.pcapng 1 not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT
unsupported-pcapng-little.pcapng 1 not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT
unsupported-pcapng-name.pcap 1 not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT
unsupported-version-0.0-big.pcap 1 not processed: pcap version 0.0 (only 2.4 is)
unsupported-version-0.0-little.pcap 1 not processed: pcap version 0.0 (only 2.4 is)
unsupported-version-1.0-big.pcap 1 not processed: pcap version 1.0 (only 2.4 is)
unsupported-version-1.0-little.pcap 1 not processed: pcap version 1.0 (only 2.4 is)
unsupported-version-2.2-big.pcap 1 not processed: pcap version 2.2 (only 2.4 is)
unsupported-version-2.2-little.pcap 1 not processed: pcap version 2.2 (only 2.4 is)
unsupported-version-2.3-big.pcap 1 not processed: pcap version 2.3 (only 2.4 is)
unsupported-version-2.3-little.pcap 1 not processed: pcap version 2.3 (only 2.4 is)
unsupported-version-2.3-nano.pcap 1 not processed: pcap version 2.3 (only 2.4 is)
unsupported-version-2.5-big.pcap 1 not processed: pcap version 2.5 (only 2.4 is)
unsupported-version-2.5-little.pcap 1 not processed: pcap version 2.5 (only 2.4 is)
unsupported-version-3.0-big.pcap 1 not processed: pcap version 3.0 (only 2.4 is)
unsupported-version-3.0-little.pcap 1 not processed: pcap version 3.0 (only 2.4 is)
unsupported-version-543.0-big.pcap 1 not processed: pcap version 543.0 (only 2.4 is)
unsupported-version-543.0-little.pcap 1 not processed: pcap version 543.0 (only 2.4 is)
unsupported-version-swapped.pcap 1 not processed: pcap version 512.1024 (only 2.4 is)
unsupported-xz-name.pcap 1 not processed: this is an xz file; take it with --accept xz, or unpack it first
unsupported-xz.pcap.xz 1 not processed: this is an xz file; take it with --accept xz, or unpack it first
unsupported-zstd-name.pcap 1 not processed: this is a zstd file; take it with --accept zstd, or unpack it first
unsupported-zstd.pcap.zst 1 not processed: this is a zstd file; take it with --accept zstd, or unpack it first
END
}

@test "pcap-truncate: bzip2 and snoop are named, too" {
    printf 'BZh91AY&SY and so on, long enough' >a.bz2
    runs pcap-truncate a.bz2
    refused_with "pcap-truncate: a.bz2: not processed: this is a bzip2 file; unpack it first"
    printf 'snoop\0\0\0\0\0\0\2\0\0\0\4 and so on' >a.snoop
    runs pcap-truncate a.snoop
    refused_with "pcap-truncate: a.snoop: not processed: this is a snoop capture; convert it with: editcap -F pcap IN OUT"
}

@test "pcap-truncate: FILE that is not there, may not be read, is a directory" {
    runs pcap-truncate w/none.pcap
    refused_with "pcap-truncate: w/none.pcap: cannot open: No such file or directory"
    runs pcap-truncate w
    refused_with "pcap-truncate: w: offset 0: cannot read: Is a directory"
    runs pcap-truncate ''
    refused_with "pcap-truncate: : cannot open: No such file or directory"
    chmod 0 w/a.pcap
    runs without_rights pcap-truncate w/a.pcap
    refused_with "pcap-truncate: w/a.pcap: cannot open: Permission denied"
}

@test "pcap-truncate: standard input that is closed, a directory or write-only" {
    runs sh -c 'pcap-truncate <&-'
    refused_with "pcap-truncate: standard input: offset 0: cannot read: Bad file descriptor"
    runs sh -c 'pcap-truncate <.'
    refused_with "pcap-truncate: standard input: offset 0: cannot read: Is a directory"
}

# ---- its output ----

@test "pcap-truncate: a full disk" {
    runs sh -c 'pcap-truncate w/a.pcap >/dev/full'
    refused_with "pcap-truncate: w/a.pcap: cannot write the slim capture: No space left on device"
}

@test "pcap-truncate: standard output closed" {
    runs sh -c 'pcap-truncate w/a.pcap >&-'
    status_is 1
    err_has "cannot write"
    same_bytes w/a.pcap "$FIXTURES/good-little-micro.pcap"
}

@test "pcap-truncate: a reader that goes away ends it, by SIGPIPE or with a message" {
    kit big cleartext 3000000 >big
    runs bash -c 'pcap-truncate big | head -c 100 >/dev/null; echo "${PIPESTATUS[0]}"'
    out_is 141
    err_empty
    runs bash -c 'trap "" PIPE; { pcap-truncate big; echo "$?" >&2; } | head -c 100 >/dev/null'
    err_is "pcap-truncate: big: cannot write the slim capture: Broken pipe
1"
    rm big
}

# ---- limits ----

@test "pcap-truncate: limits change nothing but the time" {
    pcap-truncate w/a.pcap >want
    runs pcap-truncate --max-io-mbps 50.5 --max-cpu-percent 100 --cpu-backoff-above 90 --cpu-backoff-strength 0.25 w/a.pcap
    status_is 0
    err_empty
    same_bytes "$out_file" want
    runs pcap-truncate --max-io-mbps 0.001 --max-io-mbps 1000000 --cpu-backoff-strength 1 --cpu-backoff-strength=.5 w/a.pcap
    status_is 0
    same_bytes "$out_file" want
}

@test "pcap-truncate --max-io-mbps counts bytes read and written" {
    local before after
    kit big cleartext 1000000 >big
    before=$(date +%s%N)
    pcap-truncate --max-io-mbps 2 big >slim # 2 MB read and written: about a second
    after=$(date +%s%N)
    [ $((after - before)) -gt 600000000 ] || explain "took only $(((after - before) / 1000000)) ms"
    [ $((after - before)) -lt 3000000000 ] || explain "took $(((after - before) / 1000000)) ms"
    pcap-truncate big >want
    same_bytes slim want
    rm big slim want
}

@test "pcap-truncate: a --pace-fd that is no run's" {
    local how
    for how in '7</dev/null' '7<w/a.pcap' '7<&-'; do
        runs bash -c "pcap-truncate --pace-fd 7 w/a.pcap $how"
        status_is 1
        out_empty
        err_has "7"
        [ "$(wc -l <"$err_file")" -eq 1 ]
    done
}

@test "pcap-truncate: the capture as its own output is refused, as cat does" {
    cp "$FIXTURES/good-real-ssh.pcap" a.pcap
    for way in 'pcap-truncate a.pcap >>a.pcap' 'pcap-truncate <a.pcap >>a.pcap' 'pcap-truncate <a.pcap 1<>a.pcap'; do
        runs sh -c "$way"
        misuse_is pcap-truncate "the capture that is read is standard output, too; write to another file"
        same_bytes "$FIXTURES/good-real-ssh.pcap" a.pcap
    done
    # Another file, its hard link's other name, and what is at its end already.
    cp a.pcap b.pcap
    runs sh -c 'pcap-truncate a.pcap >>b.pcap'
    status_is 0
    ln a.pcap c.pcap
    runs sh -c 'pcap-truncate a.pcap >>c.pcap'
    status_is 2
}
