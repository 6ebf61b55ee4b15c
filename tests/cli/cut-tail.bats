#!/usr/bin/env bats
# --cut-tail: a capture whose last record is cut short, as a crash leaves it. What is right is said by cut_tail.py, which
# finds for itself where records end.
load slim-helpers

setup_more() {
    export PYTHONDONTWRITEBYTECODE=1
    mkdir w
    # A crash: 12 of the last record's bytes are there.
    head -c 1992 "$SMALL" >cut.pcap
    whole=$("$PYTHON" "$ROOT/tests/cli/cut_tail.py" whole cut.pcap)
    tail=$((1992 - whole))
    head -c "$whole" cut.pcap >whole.pcap
    oracle whole.pcap whole.slim
    tail -c "$tail" cut.pcap | cat whole.slim - >want
}

sweep() { "$PYTHON" "$ROOT/tests/cli/cut_tail.py" sweep "$@" >swept && [ "$(cat swept)" -gt 40 ]; }

@test "cut tail: wherever a capture is cut, what is before is slimmed and the rest stays" {
    sweep "$SMALL"
}

@test "cut tail: in every length mode and policy" {
    sweep "$SMALL" --length zero
    sweep "$SMALL" --length snap
    sweep "$SMALL" --policy flow
}

@test "cut tail: nanoseconds, big-endian" {
    "$PYTHON" - "$SMALL" big.pcap <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
out, at = struct.pack(">I", 0xA1B23C4D) + struct.pack(">HHiIII", *struct.unpack_from("<HHiIII", data, 4)), 24
while at < len(data):
    head = struct.unpack_from("<IIII", data, at)
    out += struct.pack(">IIII", *head) + data[at + 16 : at + 16 + head[2]]
    at += 16 + head[2]
open(sys.argv[2], "wb").write(out)
PY
    sweep big.pcap
}

@test "cut tail: pcapng, of either byte order" {
    editcap -F pcapng "$SMALL" little.pcapng
    sweep little.pcapng
    for seed in $(seq 1 40); do
        "$PYTHON" "$ROOT/tests/oracle/blocks.py" make "$seed" big.pcapng one
        if [ "$(od -An -tx1 -j8 -N1 big.pcapng)" = ' 1a' ] && [ "$(stat -c %s big.pcapng)" -lt 6000 ]; then break; fi
    done
    [ "$(od -An -tx1 -j8 -N1 big.pcapng)" = ' 1a' ]
    sweep big.pcapng
}

@test "cut tail: refused without the option, which is named" {
    cp cut.pcap w/a.pcap
    runs pcap-slim --dir w
    status_is 1
    err_has "FAIL w/a.pcap: offset $whole, packet "
    err_has "the capture is damaged or still being written; --cut-tail keep slims what is before it"
    same_bytes w/a.pcap cut.pcap
    runs pcap-slim --dir w --cut-tail refuse
    status_is 0
    err_has "skip (failed before: "
}

@test "cut tail: in place, also what was refused before; report, marker, status and metrics say it" {
    cp cut.pcap w/a.pcap
    pcap-slim -q --dir w 2>/dev/null || true
    runs pcap-slim --dir w --cut-tail keep --dry-run
    out_is 'would slim: w/a.pcap'
    runs pcap-slim --dir w --cut-tail keep --metrics m.prom --hash sha256
    status_is 0
    err_has " [$tail bytes of a packet that is cut short stand at its end as before]"
    same_bytes w/a.pcap want
    [ "$(jq .tail_bytes w/.slim_markers/a.pcap)" -eq "$tail" ]
    [ "$(jq -r .cut_tail w/.slim_markers/a.pcap)" = keep ]
    [ "$(jq .out_bytes w/.slim_markers/a.pcap)" -eq "$(bytes_of want)" ]
    grep -q "^pcap_slim_run_tail_bytes{directory=\".*\"} $tail\$" m.prom
    kit metrics m.prom >/dev/null
    for hash in '' --hash=xxh3 --hash=sha256; do
        runs pcap-slim --status w $hash
        status_is 0
        out_has "slim          a.pcap: $tail bytes of a packet that is cut short stand at its end"
    done
    runs pcap-slim --dir w --cut-tail keep
    status_is 0
    err_has 'skip (marked): w/a.pcap'
    only_files w .slim_markers a.pcap
}

@test "cut tail: verified by counting, mapped, with several workers, looked at only" {
    for options in '--verify count' --mmap '-j 3' '--length zero' '--policy flow'; do
        cp cut.pcap w/a.pcap
        cp whole.pcap w/b.pcap
        rm -rf w/.slim_markers
        pcap-truncate ${options/*-[vmj]*/} whole.pcap >slim
        runs pcap-slim --dir w --check-only --cut-tail keep --output json ${options/*-[vj]*/}
        status_is 0
        json_is ".summary.tail_bytes == $tail and .files[0].tail_bytes == $tail and (.files[1] | has(\"tail_bytes\") | not)"
        runs pcap-slim --dir w --cut-tail keep --output json $options
        status_is 0
        json_is ".summary.tail_bytes == $tail"
        tail -c "$tail" cut.pcap | cat slim - >want
        same_bytes w/a.pcap want
        same_bytes w/b.pcap slim
    done
}

@test "cut tail: by hand" {
    cp cut.pcap w/a.pcap
    runs sh -c 'pcap-truncate --cut-tail keep --record r w/a.pcap | pcap-commit --cut-tail keep w/a.pcap'
    status_is 0
    json_is ".tail_bytes == $tail"
    same_bytes w/a.pcap want
    runs pcap-verify --record r want
    status_is 0
    head -c -1 want >short
    runs pcap-verify --record r short
    status_is 1
}

@test "cut tail: in a configuration file, over which the command line is" {
    cp cut.pcap w/a.pcap
    printf 'dir = w\ncut-tail = keep\n' >conf
    runs pcap-slim --config conf --cut-tail refuse
    status_is 1
    runs pcap-slim --config conf
    status_is 0
    same_bytes w/a.pcap want
    runs pcap-slim --dir w --cut-tail drop
    status_is 2
    err_has "--cut-tail takes refuse or keep, not 'drop'"
}

@test "cut tail: what a record says of it counts, not what a stage behind it believes" {
    cp cut.pcap w/a.pcap
    printf 'w/a.pcap\0' | pcap-truncate --cut-tail keep --files0-from=- >records
    pcap-verify --records <records >verified
    [ "$(jq -r .verdict verified)" = good ]
    sed "s/\"tail_bytes\":$tail/\"tail_bytes\":$((tail + 1))/" records >more
    pcap-verify --records <more >verified
    [ "$(jq -r .error verified)" = "the slim capture is not good: $tail bytes behind the last whole packet, the record says $((tail + 1))" ]
    sed 's/,"cut_tail":"keep"//' records >without
    pcap-verify --records <without >verified
    [ "$(jq -r .verdict verified)" = unknown ]
}

@test "cut tail: damage elsewhere stays damage" {
    "$PYTHON" - "$SMALL" <<'PY'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
for name, caplen in (("buffer", 262144), ("more", 300000), ("million", 10**6), ("lie", 0xFFFFFFFF)):
    struct.pack_into("<I", data, 24 + 8, caplen)
    open("w/" + name + ".pcap", "wb").write(data + bytes(200000 if name == "million" else 0))
PY
    for file in w/*.pcap; do
        cp "$file" before
        runs pcap-slim --cut-tail keep "$file"
        status_is 1
        err_lacks --cut-tail
        same_bytes "$file" before
    done
    head -c 20 "$SMALL" >w/header.pcap
    runs pcap-slim --cut-tail keep w/header.pcap
    status_is 1
}

@test "cut tail: what is still being written stays as it is" {
    cp cut.pcap w/a.pcap
    exec 4>>w/a.pcap
    runs pcap-slim --dir w --cut-tail keep
    exec 4>&-
    status_is 1
    err_has 'still being written: a process has it open for writing'
    same_bytes w/a.pcap cut.pcap
    runs pcap-slim --dir w --cut-tail keep --age-minutes 5
    err_has 'no pcaps to process (younger than 5 min: 1)'
    same_bytes w/a.pcap cut.pcap
}

@test "cut tail: of what is compressed, too, as long as that is whole" {
    gzip -c cut.pcap >w/a.pcap.gz
    runs pcap-slim --accept gzip --dir w --cut-tail keep
    status_is 0
    gzip -dc w/a.pcap.gz | cmp - want
    [ "$(jq .tail_bytes w/.slim_markers/a.pcap.gz)" -eq "$tail" ]
    gzip -c cut.pcap | head -c -9 >w/b.pcap.gz
    cp w/b.pcap.gz before
    runs pcap-slim --accept gzip --dir w --cut-tail keep
    status_is 1
    same_bytes w/b.pcap.gz before
}
