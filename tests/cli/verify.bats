#!/usr/bin/env bats
# pcap-verify by hand: against the original, and against the record. As a stage: stages.bats.

load helpers

bats_require_minimum_version 1.5.0

# original and slim: TCP payloads of 0, 1, 23, 24, 25, 26 and 1448 bytes; the last three packets are cut.
# The fifth begins at 352: record header, Ethernet at 368, IPv4 at 382, TCP at 402, payload at 422.
setup_more() {
    cp "$FIXTURES/good-payload-tcp.pcap" original
    pcap-truncate --record record.json original >slim
}

# ---- the face ----

@test "pcap-verify --help" { check_help pcap-verify; }
@test "pcap-verify --version" { check_version pcap-verify; }
@test "pcap-verify: help and version on a full disk" { check_full pcap-verify; }
@test "pcap-verify: unknown options" { check_unknown_options pcap-verify; }
@test "pcap-verify: an unknown option behind the operand is named" { check_option_behind_operand pcap-verify; }

@test "pcap-verify: options without their value" {
    check_needs_value pcap-verify --original --record --check --max-io-mbps --max-cpu-percent --cpu-backoff-above \
        --cpu-backoff-strength --pace-fd
}

@test "pcap-verify: values where none is taken" { check_takes_no_value pcap-verify --records --help --version; }
@test "pcap-verify: limits that are none" { check_limits_misuse pcap-verify; }

@test "pcap-verify: exactly one of --original, --record and --records" {
    local words
    for words in '' 'slim' '--original original --record record.json slim' '--original original --records' \
        '--record record.json --records' '--original original --record record.json --records' '--check full slim'; do
        runs pcap-verify $words
        misuse_is pcap-verify "one of --original FILE, --record FILE and --records is needed"
    done
}

@test "pcap-verify: operands that are too many" {
    runs pcap-verify --original original slim slim
    misuse_is pcap-verify "one SLIM at most"
    runs pcap-verify --record record.json slim slim
    misuse_is pcap-verify "one SLIM at most"
    runs pcap-verify --records slim
    misuse_is pcap-verify "--records goes without SLIM"
}

@test "pcap-verify: --check takes two words and only goes with --records" {
    local word
    for word in none FULL '' counts; do
        runs pcap-verify --records --check "$word"
        misuse_is pcap-verify "--check takes full or count, not '$word'"
    done
    runs pcap-verify --original original --check count slim
    status_is 2
    err_has "--check"
}

@test "pcap-verify: a --pace-fd that is no run's" {
    runs bash -c 'pcap-verify --original original --pace-fd 7 slim 7</dev/null'
    status_is 1
    out_empty
    err_has "7"
}

# ---- good ----

@test "pcap-verify --original: good" {
    runs pcap-verify --original original slim
    status_is 0
    err_empty
    out_is '{"file":"slim","status":"ok","check":"full","verdict":"good","checked_pkts":7}'
}

@test "pcap-verify --record: good" {
    runs pcap-verify --record record.json slim
    status_is 0
    err_empty
    out_is '{"file":"slim","status":"ok","check":"count","verdict":"good","checked_pkts":7}'
}

@test "pcap-verify: from standard input, in small pieces and under limits" {
    runs_from slim pcap-verify --original original
    status_is 0
    out_is '{"file":"-","status":"ok","check":"full","verdict":"good","checked_pkts":7}'
    kit drip slim | pcap-verify --original original >have
    printf '%s\n' "$out" | cmp - have
    kit drip slim | pcap-verify --record record.json | jq -e '.verdict == "good"' >/dev/null
    runs pcap-verify --max-io-mbps 90 --max-cpu-percent 99 --cpu-backoff-above 90 --original original slim
    status_is 0
}

@test "pcap-verify: writes nothing" {
    local before
    mkdir w
    mv original slim record.json w
    before=$(picture w)
    runs pcap-verify --original w/original w/slim
    status_is 0
    runs pcap-verify --record w/record.json w/slim
    status_is 0
    kit patch w/slim 430 ff
    before=$(picture w)
    runs pcap-verify --original w/original w/slim
    status_is 1
    runs pcap-verify --record w/record.json w/slim
    status_is 1
    unchanged w "$before"
}

@test "pcap-verify: the original is a slim of itself, and so is the slim of the slim" {
    runs pcap-verify --original original original
    status_is 0
    runs pcap-verify --original slim slim
    status_is 0
}

@test "pcap-verify: both strengths find every good fixture good" {
    runs sh -c '
        for f; do
            pcap-truncate --record r "$f" >s && pcap-verify --original "$f" s >full && pcap-verify --record r s >count &&
                grep -q "\"verdict\":\"good\"" full && grep -q "\"verdict\":\"good\"" count || echo "$f"
        done' sh "$FIXTURES"/good-*
    status_is 0
    out_empty
    err_empty
}

@test "pcap-verify: a packet of 20,000,000 bytes, kept and cut" {
    local kind
    for kind in cleartext tls; do
        kit big $kind 20000000 >big
        pcap-truncate --record big.json big >big.slim
        runs pcap-verify --original big big.slim
        status_is 0
        json_is '.checked_pkts == 3'
        runs pcap-verify --record big.json big.slim
        status_is 0
        json_is '.checked_pkts == 3'
    done
    kit patch big.slim 200 ff
    runs pcap-verify --original big big.slim
    status_is 1
    rm big big.slim
}

# ---- bad: a field at a time ----

# bad OFFSET HEX MESSAGE: change the slim capture there; what --original says, and that --record sees it, too.
bad() {
    cp slim changed
    kit patch changed "$1" "$2"
    ! cmp -s slim changed || explain "nothing changed at $1"
    runs pcap-verify --original original changed
    status_is 1
    err_is "pcap-verify: changed: $3"
    json_is '.file == "changed" and .status == "fail" and .check == "full" and .verdict == "bad"'
    [ "$(jq -r .error "$out_file")" = "$3" ] || explain "another error in the record"
    runs pcap-verify --record record.json changed
    status_is 1
    json_is '.file == "changed" and .status == "fail" and .check == "count" and .verdict == "bad"'
}

@test "pcap-verify: a changed file header" {
    bad 0 00 "slim capture: byte 0 of the file header is 00, not d4"
    bad 4 03 "slim capture: byte 4 of the file header is 03, not 02"
    bad 6 03 "slim capture: byte 6 of the file header is 03, not 04"
    bad 8 01 "slim capture: byte 8 of the file header is 01, not 00"
    bad 15 01 "slim capture: byte 15 of the file header is 01, not 00"
    bad 17 01 "slim capture: byte 17 of the file header is 01, not 00"
    bad 20 02 "slim capture: byte 20 of the file header is 02, not 01"
    bad 23 10 "slim capture: byte 23 of the file header is 10, not 00"
}

@test "pcap-verify: a changed timestamp or original length" {
    bad 352 00 "packet 5: the timestamp is 1700000000.004001000, not 1700000004.004001000"
    bad 356 a0 "packet 5: the timestamp is 1700000004.004000000, not 1700000004.004001000"
    bad 364 4e "packet 5: the original length is 78, not 79"
    bad 24 01 "packet 1: the timestamp is 1700000001.000001000, not 1700000000.000001000"
    bad 36 37 "packet 1: the original length is 55, not 54"
}

@test "pcap-verify: a cut that leaves too little or too much" {
    bad 360 4d "packet 5: the cut leaves 23 bytes of payload, not 24"
    bad 360 36 "packet 5: the cut leaves 0 bytes of payload, not 24"
    bad 360 35 "packet 5: the cut leaves 53 bytes of 54 bytes of headers"
    bad 454 4f "packet 6: the cut leaves 25 bytes of payload, not 24"
}

@test "pcap-verify: changed lengths and checksums in a cut packet" {
    bad 384 ff "packet 5: IPv4 total length is 65344, not 64"
    bad 385 41 "packet 5: IPv4 total length is 65, not 64"
    bad 392 ff "packet 5: IPv4 header checksum is ff4d, not 3c4d"
    bad 418 ff "packet 5: TCP checksum is ff0a, not b70a"
    bad 419 0b "packet 5: TCP checksum is b70b, not b70a"
}

@test "pcap-verify: other bytes of a cut packet" {
    bad 368 ff "packet 5: byte 0 of the frame is ff, not 02"
    bad 380 86 "packet 5: byte 12 of the frame is 86, not 08"
    bad 390 41 "packet 5: byte 22 of the frame is 41, not 40"
    bad 400 ff "packet 5: byte 32 of the frame is ff, not 64"
    bad 415 19 "packet 5: byte 47 of the frame is 19, not $(od -An -tx1 -j415 -N1 original | tr -d ' ')"
    bad 423 ff "packet 5: byte 55 of the frame is ff, not c9"
    bad 445 ff "packet 5: byte 77 of the frame is ff, not $(od -An -tx1 -j445 -N1 original | tr -d ' ')"
}

@test "pcap-verify: any byte of an uncut packet" {
    bad 60 ff "packet 1: not cut, but byte 20 of the frame is ff, not 40"
    bad 164 00 "packet 2: not cut, but byte 54 of the frame is 00, not $(od -An -tx1 -j164 -N1 original | tr -d ' ')"
}

@test "pcap-verify: UDP length and checksum" {
    cp "$FIXTURES/good-payload-udp.pcap" original
    pcap-truncate --record record.json original >slim
    bad 359 21 "packet 5: UDP length is 33, not 32"
    bad 358 01 "packet 5: UDP length is 288, not 32"
    bad 360 0000 "packet 5: UDP checksum is 0000, not $(od -An -tx1 -j360 -N2 slim | tr -d ' ')"
}

@test "pcap-verify: IPv6 payload length" {
    cp "$FIXTURES/good-payload-ipv6.pcap" original
    pcap-truncate --record record.json original >slim
    bad 466 01 "packet 5: IPv6 payload length is 300, not 44"
    bad 467 2d "packet 5: IPv6 payload length is 45, not 44"
}

@test "pcap-verify: every single byte matters" {
    cat >each.py <<'END'
import subprocess, sys
slim = open("slim", "rb").read()
for at in range(len(slim)):
    for how in (["--original", "original"], ["--record", "record.json"]):
        changed = bytearray(slim)
        changed[at] ^= 1
        done = subprocess.run(["pcap-verify"] + how, input=bytes(changed), capture_output=True)
        if done.returncode != 1 or not done.stderr:
            print(at, how, done.returncode, done.stdout, done.stderr)
END
    cp "$FIXTURES/good-file-header-big.pcap" original
    pcap-truncate --record record.json original >slim
    runs "$PYTHON" each.py
    status_is 0
    out_empty
    err_empty
}

@test "pcap-verify: cut at every byte, both strengths" {
    cat >each.py <<'END'
import subprocess
slim = open("slim", "rb").read()
for size in range(len(slim)):
    for how in (["--original", "original"], ["--record", "record.json"]):
        done = subprocess.run(["pcap-verify"] + how, input=slim[:size], capture_output=True)
        if done.returncode != 1 or done.stderr.count(b"\n") != 1:
            print(size, how, done.returncode, done.stdout, done.stderr)
END
    cp "$FIXTURES/good-file-header.pcap" original
    pcap-truncate --record record.json original >slim
    runs "$PYTHON" each.py
    status_is 0
    out_empty
    err_empty
}

# ---- bad: packets ----

# bad_slim SLIM MESSAGE
bad_slim() {
    runs pcap-verify --original original "$1"
    status_is 1
    err_is "pcap-verify: $1: $2"
    json_is '.status == "fail" and .verdict == "bad"'
}

@test "pcap-verify --original: packets missing, too many, in another order" {
    head -c 352 slim >fewer
    bad_slim fewer "the slim capture ends after 4 packets, the original has more"
    { cat slim; tail -c 94 slim; } >more
    bad_slim more "the original ends after 7 packets, the slim capture has more"
    { head -c 352 slim; tail -c +447 slim; } >gap
    bad_slim gap "packet 5: the timestamp is 1700000005.005001000, not 1700000004.004001000"
    head -c 24 slim >none
    bad_slim none "the slim capture ends after 0 packets, the original has more"
}

@test "pcap-verify --original: a slim capture that ends in the middle of something" {
    head -c -1 slim >short
    bad_slim short "slim capture: offset 540, packet 7: cut short"
    head -c 550 slim >short
    bad_slim short "slim capture: offset 540, packet 7: cut short"
    head -c 20 slim >short
    bad_slim short "slim capture: ends after 20 bytes, within the file header"
    : >short
    bad_slim short "slim capture: ends after 0 bytes, within the file header"
}

@test "pcap-verify --original: another capture, another format" {
    pcap-truncate "$FIXTURES/good-payload-udp.pcap" >other
    bad_slim other "packet 1: the original length is 42, not 54"
    cp "$FIXTURES/unsupported-pcapng-little.pcapng" other
    bad_slim other "slim capture: byte 0 of the file header is 0a, not d4"
    runs pcap-verify --original other slim
    status_is 1
    err_is "pcap-verify: slim: slim capture: byte 0 of the file header is d4, not 0a"
    cp "$FIXTURES/good-payload-tcp.pcap" longer
    cp slim original
    bad_slim longer "packet 5: 79 bytes, longer than the original's 78"
}

@test "pcap-verify --original: a packet cut that must not be" {
    # A cleartext packet of another link type, cut as if it were Ethernet.
    cp "$FIXTURES/good-payload-tcp.pcap" original
    kit patch original 20 93
    kit patch slim 20 93
    bad_slim slim "packet 5: cut, though the link type is 147, not Ethernet"
}

@test "pcap-verify --original: originals that are no pcap" {
    # about ORIGINAL MESSAGE
    about() {
        runs pcap-verify --original "$1" slim
        status_is 1
        err_is "pcap-verify: slim: original: $2"
    }
    about "$FIXTURES/unsupported-gzip.pcap.gz" "not a pcap file (it begins with 1f8b0800)"
    about "$FIXTURES/unsupported-version-2.3-little.pcap" "not version 2.4 of the pcap format"
    about "$FIXTURES/unsupported-a1b2cd34-little.pcap" "not a pcap file (it begins with 34cdb2a1)"
    about "$FIXTURES/bad-empty.pcap" "ends after 0 bytes, within the file header"
    about "$FIXTURES/bad-file-header-23.pcap" "ends after 23 bytes, within the file header"
    cp original damaged
    truncate -s -1 damaged
    about damaged "offset $(($(stat -c %s original) - 1502 - 16)), packet 7: cut short"
    about . "cannot read: Is a directory"
}

@test "pcap-verify: files that cannot be opened" {
    runs pcap-verify --original none slim
    refused_with "pcap-verify: none: cannot open: No such file or directory"
    runs pcap-verify --original original none
    refused_with "pcap-verify: none: cannot open: No such file or directory"
    runs pcap-verify --record none slim
    refused_with "pcap-verify: none: cannot open: No such file or directory"
    runs pcap-verify --record record.json none
    refused_with "pcap-verify: none: cannot open: No such file or directory"
}

# ---- the record ----

@test "pcap-verify --record: figures that are not those of the capture" {
    jq -c '.in_pkts = 8' record.json >wrong.json
    runs pcap-verify --record wrong.json slim
    status_is 1
    err_is "pcap-verify: slim: 7 packets, the record says 8"
    jq -c '.digest = "xxh3:0123456789abcdef"' record.json >wrong.json
    runs pcap-verify --record wrong.json slim
    status_is 1
    err_is "pcap-verify: slim: its bytes are not those that were written: digest $(jq -r .digest record.json | cut -c 6-), the record says 0123456789abcdef"
    jq -c '.out_bytes += 1' record.json >wrong.json
    runs pcap-verify --record wrong.json slim
    status_is 1
    err_has "its bytes are not those that were written"
}

@test "pcap-verify --record: the record of another capture, or a changed byte" {
    pcap-truncate --record other.json "$FIXTURES/good-payload-udp.pcap" >/dev/null
    runs pcap-verify --record other.json slim
    status_is 1
    err_has "pcap-verify: slim: its bytes are not those that were written: digest "
    kit patch slim 440 00
    runs pcap-verify --record record.json slim
    status_is 1
    err_has "pcap-verify: slim: its bytes are not those that were written: digest "
    json_is '.verdict == "bad" and .checked_pkts == 7'
}

@test "pcap-verify --record: a slim capture that ends too early" {
    head -c -1 slim >short
    runs pcap-verify --record record.json short
    status_is 1
    err_is "pcap-verify: short: offset 540, packet 7: packet cut short after 77 of 78 bytes; the capture is damaged or still being written"
    head -c 352 slim >short
    runs pcap-verify --record record.json short
    status_is 1
    err_is "pcap-verify: short: 4 packets, the record says 7"
}

@test "pcap-verify --record: the record of a pass that failed, or of a scan" {
    pcap-truncate --record failed.json "$FIXTURES/bad-body-first.pcap" >/dev/null 2>&1 || :
    runs pcap-verify --record failed.json slim
    refused_with "pcap-verify: failed.json: this record has no packet count and digest of a capture that was written"
    pcap-scan original >scan.json
    runs pcap-verify --record scan.json slim
    refused_with "pcap-verify: scan.json: this record has no packet count and digest of a capture that was written"
    jq -c '.status = "fail"' record.json >failed.json
    runs pcap-verify --record failed.json slim
    refused_with "pcap-verify: failed.json: this record has no packet count and digest of a capture that was written"
}

@test "pcap-verify --record: no record" {
    : >none.json
    runs pcap-verify --record none.json slim
    refused_with "pcap-verify: none.json: no record in it"
    echo '[1, 2]' >none.json
    runs pcap-verify --record none.json slim
    refused_with "pcap-verify: none.json: not a record: no JSON object"
    echo '{"status":"ok"}' >none.json
    runs pcap-verify --record none.json slim
    refused_with "pcap-verify: none.json: not a record: no file in it"
    echo '{"file":"x","status":"splendid"}' >none.json
    runs pcap-verify --record none.json slim
    refused_with "pcap-verify: none.json: not a record: no status that is known"
    runs pcap-verify --record slim slim
    status_is 1
    out_empty
    err_has "pcap-verify: slim: not a record: "
    head -c 70000 /dev/zero | tr '\0' x >long.json
    runs pcap-verify --record long.json slim
    refused_with "pcap-verify: long.json: a name or record in the list is longer than 65536 bytes"
}

@test "pcap-verify: a record that cannot be written is a failure" {
    runs sh -c 'pcap-verify --original original slim >/dev/full'
    refused_with "pcap-verify: cannot hand on a record: No space left on device"
    runs sh -c 'pcap-verify --record record.json slim >/dev/full'
    refused_with "pcap-verify: cannot hand on a record: No space left on device"
}

@test "pcap-verify: behind pcap-truncate, the left side dying half-way" {
    runs sh -c 'pcap-truncate original | head -c 400 | pcap-verify --original original'
    status_is 1
    err_is "pcap-verify: standard input: slim capture: offset 352, packet 5: cut short"
    runs sh -c 'pcap-truncate original | pcap-verify --original original'
    status_is 0
}
