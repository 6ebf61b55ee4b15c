#!/usr/bin/env bats
# pcap-slim, pcap-truncate and pcap-verify under limits. tests/limits/measure measures them at length.
load slim-helpers

# took_ms COMMAND...: $ms, and what runs sets.
took_ms() {
    local begin
    begin=$(date +%s%N)
    runs "$@"
    ms=$((($(date +%s%N) - begin) / 1000000))
}
# Bytes moved at MB/s take this long at least; how much longer is up to the machine.
no_faster_than() { [ "$ms" -ge "$1" ] || explain "took $ms ms, less than $1 ms"; }
no_slower_than() { [ "$ms" -le "$1" ] || explain "took $ms ms, more than $1 ms"; }

@test "over any 5 seconds: read + write within 10 % of the cap, CPU within 10 % plus 2 points, 1 and 2 workers" {
    local measure_status=0
    "$ROOT/tests/limits/measure" --short --bin "$BIN_DIR" >table 2>&1 || measure_status=$?
    sed 's/^/# /' table >&3
    [ "$measure_status" -eq 0 ]
}

@test "under limits the bytes are the same" {
    mkdir d
    make_big d/big.pcap 2
    mv d/big.pcap.slim big.slim
    runs pcap-slim --dir d --max-io-mbps 20 --max-cpu-percent 50 --cpu-backoff-above 30 --cpu-backoff-strength 1
    status_is 0
    err_has 'limits: read + write 20 MB/s, CPU 50 % of the machine, backing off above 30 % host load (strength 1)'
    same_bytes d/big.pcap big.slim
}

@test "the cap is one for all workers, and a mapped read counts, too" {
    mkdir d
    local i how
    make_big one.pcap 1
    for how in --no-mmap --mmap; do
        rm -rf d && mkdir d
        for i in 1 2 3 4; do cp one.pcap "d/$i.pcap"; done
        # 4 x (1 MB + 1 MB to verify, and the slim ones): 8.3 MB.
        took_ms pcap-slim --dir d --workers 4 --max-io-mbps 8 $how
        status_is 0
        no_faster_than 900
        no_slower_than 4000
    done
}

@test "--check-only is under the limits, too" {
    mkdir d
    make_big d/big.pcap 4
    rm d/big.pcap.slim
    took_ms pcap-slim --dir d --check-only --max-io-mbps 4
    status_is 0
    no_faster_than 850
    no_slower_than 4000
    took_ms pcap-slim --dir d --check-only --max-io-mbps 4 --mmap
    status_is 0
    no_faster_than 850
}

@test "a cap smaller than a read is kept, too" {
    mkdir d
    cp "$FIXTURES/good-real-tls13.pcap" d/a.pcap
    # Some 120 kB in all.
    took_ms pcap-slim --dir d --max-io-mbps 0.1
    status_is 0
    no_faster_than 1000
    no_slower_than 5000
}

@test "pcap-truncate by hand: --max-io-mbps, from a file and from a pipe" {
    make_big big.pcap 4
    took_ms pcap-truncate --max-io-mbps 4 big.pcap
    status_is 0
    same_bytes "$out_file" big.pcap.slim
    no_faster_than 900
    no_slower_than 4000
    took_ms sh -c 'cat big.pcap | pcap-truncate --max-io-mbps 4'
    status_is 0
    same_bytes "$out_file" big.pcap.slim
    no_faster_than 900
    took_ms pcap-truncate --max-io-mbps 4 --mmap big.pcap
    no_faster_than 900
}

@test "pcap-verify by hand: --max-io-mbps, with both strengths" {
    make_big big.pcap 4
    took_ms pcap-verify --original big.pcap --max-io-mbps 4 big.pcap.slim
    status_is 0
    no_faster_than 900
    no_slower_than 4000
    # Against a record only the slim capture is read: 0.25 MB.
    pcap-truncate --record record.json big.pcap >slim.pcap
    took_ms pcap-verify --record record.json --max-io-mbps 0.25 slim.pcap
    status_is 0
    no_faster_than 800
}

@test "pcap-truncate by hand: --max-cpu-percent" {
    "$PYTHON" - <<'PY'
import struct
frame = bytes(60)
with open("many.pcap", "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    out.write((struct.pack("<IIII", 1, 1, len(frame), len(frame)) + frame) * 1500000)
PY
    local processors used
    processors=$(getconf _NPROCESSORS_ONLN)
    took_ms bash -c 'TIMEFORMAT="%U %S"; time pcap-truncate --max-cpu-percent 5 many.pcap >/dev/null'
    status_is 0
    # CPU time / elapsed / processors: at most 5 % + 10 % of it + 2 points.
    used=$(awk -v ms="$ms" -v n="$processors" '{print ($1 + $2) * 100000 / ms / n}' "$err_file")
    awk -v used="$used" 'BEGIN {exit !(used <= 7.5 && used > 0)}' || explain "used $used % of the machine in $ms ms"
    rm many.pcap
}

@test "without limits nothing is slowed down" {
    mkdir d
    make_big d/big.pcap 20
    rm d/big.pcap.slim
    took_ms pcap-slim --dir d
    status_is 0
    err_lacks limits
    no_slower_than 5000
}

@test "a signal is obeyed at once, however slow the run" {
    mkdir d
    make_big d/big.pcap 1
    rm d/big.pcap.slim
    starts pcap-slim --dir d --max-io-mbps 0.01
    sleep 1
    local begin
    begin=$(date +%s%N)
    kill -TERM "$run"
    ends
    ms=$((($(date +%s%N) - begin) / 1000000))
    status_is 143
    no_slower_than 2000
    only_files d big.pcap
}
