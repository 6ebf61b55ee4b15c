#!/usr/bin/env bats
# --length zero on indexed zstd: every frame keeps its place, and the space comes back. Judge: indexed.py, which finds frames
# and records in its own way.

load slim-helpers

bats_require_minimum_version 1.5.0

INDEXED=$ROOT/tests/cli/indexed.py

setup_more() {
    "$PYTHON" "$ROOT/scripts/make-bench-capture" a.pcap 400000
    pcap-truncate --length zero a.pcap >slim.pcap
    "$PYTHON" "$INDEXED" make a.pcap a.pcap.zst 64000
    mkdir d
}

judge() { "$PYTHON" "$INDEXED" judge "$@"; }

@test "frames of every size and level keep their places, and a second run changes nothing" {
    local how
    "$PYTHON" "$ROOT/scripts/make-bench-capture" b.pcap 60000
    pcap-truncate --length zero b.pcap >b.slim
    for how in '1 -1 --no-check' '3000 -9 --no-check' '20000 -19 --single-thread' '200000 -5'; do # a process a frame
        # shellcheck disable=SC2086 # words
        "$PYTHON" "$INDEXED" make b.pcap b.zst $how
        runs pcap-truncate --accept zstd --length zero --record r.json b.zst
        status_is 0
        err_empty
        cp "$out_file" slim.zst
        [ "$(judge b.zst slim.zst b.slim)" -gt 0 ] || explain "$how: nothing was cut"
        [ "$(jq .frames_left r.json)" -eq 0 ]
        [ "$(jq .out_file_bytes r.json)" -eq "$(jq .in_file_bytes r.json)" ]
        runs pcap-verify --accept zstd --length zero --original b.zst slim.zst
        status_is 0
        runs pcap-verify --accept zstd --length zero --record r.json slim.zst
        status_is 0
        runs pcap-truncate --accept zstd --length zero slim.zst
        same_bytes "$out_file" slim.zst
        pcap-truncate --accept zstd --length zero <b.zst | cat | cmp - slim.zst
        printf x >>appended
        pcap-truncate --accept zstd --length zero b.zst >>appended
        tail -c +2 appended | cmp - slim.zst
        rm appended
    done
}

@test "skippable frames between them stay, an index or whatever they are" {
    printf 'P*M\030\013\000\000\000hello there' >skippable
    { cat skippable a.pcap.zst skippable && printf 'P*M\030\000\000\000\000'; } >b.zst
    runs pcap-truncate --accept zstd --length zero b.zst
    status_is 0
    cp "$out_file" slim.zst
    judge b.zst slim.zst slim.pcap
    [ "$(grep -c 'hello there' slim.zst)" -ge 1 ]
    cmp <(head -c 19 slim.zst) skippable
    runs pcap-verify --accept zstd --length zero --original b.zst slim.zst
    status_is 0
    sed 's/hello there/hello where/' slim.zst >bad.zst
    runs pcap-verify --accept zstd --length zero --original b.zst bad.zst
    status_is 1
    err_has 'is not zeros'
}

@test "the witness: a frame moved, padding that is not zero, one frame in the place of all" {
    pcap-truncate --accept zstd --length zero a.pcap.zst >slim.zst
    "$PYTHON" "$INDEXED" move slim.zst moved.zst
    "$PYTHON" "$INDEXED" pad slim.zst padded.zst
    pcap-truncate --accept zstd --length zero --compress zstd a.pcap.zst >one.zst
    for name in moved padded one; do
        zstd -dcq $name.zst | cmp - slim.pcap
        runs pcap-verify --accept zstd --length zero --original a.pcap.zst $name.zst
        status_is 1
        err_has 'so an index of it would be wrong'
        [ "$(jq -r .verdict "$out_file")" = bad ]
    done
    runs pcap-verify --accept zstd --length zero --compress zstd --original a.pcap.zst one.zst
    status_is 0
}

@test "what cannot keep an index true is refused with the reason" {
    { head -c 1000 a.pcap | zstd -q -c && tail -c +1001 a.pcap | zstd -q -c; } >b.zst
    runs pcap-truncate --accept zstd --length zero b.zst
    status_is 1
    err_has 'the zstd frame at offset 0 does not end where a record ends'
    err_has 'say --compress zstd'
    runs pcap-truncate --accept zstd --length zero --compress zstd b.zst
    status_is 0
    zstd -dcq <"$out_file" | cmp - slim.pcap
    editcap -F pcapng a.pcap - | zstd -q -c >c.zst
    runs pcap-truncate --accept zstd,pcapng --length zero c.zst
    status_is 1
    err_has 'pcapng'
    "$PYTHON" "$ROOT/scripts/make-bench-capture" large.pcap 6000000
    zstd -q -c large.pcap >large.zst
    runs pcap-truncate --accept zstd --length zero large.zst
    status_is 1
    err_has 'too large to keep '
    runs env PEAK=peak "$PYTHON" "$ROOT/tests/cli/kit.py" peak pcap-truncate --accept zstd --length zero a.pcap.zst
    [ "$(cat peak)" -le 16384 ] || explain "$(cat peak) KiB"
}

@test "in place: the index stays true, the disk space comes back, and a second run changes nothing" {
    local before after
    cp a.pcap.zst d/a.pcap.zst
    sync d/a.pcap.zst
    before=$(du -B1 d/a.pcap.zst | cut -f 1)
    runs pcap-slim --dir d --accept zstd --length zero
    status_is 0
    judge a.pcap.zst d/a.pcap.zst slim.pcap
    after=$(du -B1 d/a.pcap.zst | cut -f 1)
    # All but what is left, and a page at each end of each of 7 frames.
    [ "$after" -le $(($(zstd -q -c slim.pcap | wc -c) + 4096 * 2 * 7)) ] || explain "$before, $after"
    [ "$after" -lt $((before / 2)) ]
    [ "$(stat -c %s d/a.pcap.zst)" -eq "$(stat -c %s a.pcap.zst)" ]
    cp d/a.pcap.zst slim.zst
    runs pcap-slim --dir d --accept zstd --length zero --output json
    json_is '.summary.skip' 1
    runs pcap-slim --status d --accept zstd --hash xxh3
    status_is 0
    out_has 'slim=1 changed=0'
    rm -r d/.slim_markers
    runs pcap-slim --dir d --accept zstd --length zero --verify count
    status_is 0
    same_bytes d/a.pcap.zst slim.zst
}

@test "in place: pcap-truncate and pcap-commit are killed and fail at each of their calls" {
    local call number how hit=0
    for how in signal=KILL error=ENOSPC; do
        for call in lseek write renameat2 fsync; do
            for number in 1 4; do
                rm -rf d && mkdir d && cp a.pcap.zst d/a.pcap.zst
                printf 'd/a.pcap.zst\0' | strace -o trace -e "inject=$call:$how:when=$number" -e "trace=$call" \
                    pcap-truncate --accept zstd --length zero --files0-from=- >records 2>err || hit=$((hit + 1))
                pcap-verify --accept zstd --length zero --records <records >verified 2>err || true
                strace -o trace -e "inject=$call:$how:when=$number" -e "trace=$call" \
                    pcap-commit --records <verified >out 2>err || hit=$((hit + 1))
                cmp -s d/a.pcap.zst a.pcap.zst || judge a.pcap.zst d/a.pcap.zst slim.pcap ||
                    explain "neither the old nor the new one: $how $call $number"
                runs pcap-slim --dir d --accept zstd --length zero --retry-failed
                status_is 0
                judge a.pcap.zst d/a.pcap.zst slim.pcap
            done
        done
    done
    [ "$hit" -ge 5 ] || explain "only $hit were interrupted"
}
