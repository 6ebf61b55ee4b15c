#!/usr/bin/env bats
# --accept and --compress in place. The filters: compression.bats.

load slim-helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir d
    cp "$SMALL" a.pcap
    pcap-truncate a.pcap >slim.pcap
}

unpacked_is() { # FILE SLIM
    case $1 in
    *.gz) gzip -dc "$1" >.unpacked ;;
    *.zst) zstd -dcq "$1" >.unpacked ;;
    *.lz4) lz4 -dcq "$1" >.unpacked ;;
    *) cp "$1" .unpacked ;;
    esac
    cmp .unpacked "$2"
}

put_all() {
    cp a.pcap d/a.pcap
    gzip -c <a.pcap >d/b.pcap.gz
    zstd -q -c <a.pcap >d/c.pcap.zst
    lz4 -q -c <a.pcap >d/d.pcap.lz4
    xz -c <a.pcap >d/e.pcap.xz
}

@test "what is accepted is listed and slimmed, in the compression that came" {
    put_all
    cp d/e.pcap.xz e.before
    runs pcap-slim --dir d --accept gzip,zstd,lz4
    status_is 0
    unpacked_is d/a.pcap slim.pcap
    unpacked_is d/b.pcap.gz slim.pcap
    unpacked_is d/c.pcap.zst slim.pcap
    unpacked_is d/d.pcap.lz4 slim.pcap
    same_bytes d/e.pcap.xz e.before
    err_has "[on the disk: gzip "
    runs pcap-status d
    out_has 'slim=4 changed=0 failed=0 pending=0'
    runs pcap-slim --dir d --accept gzip,zstd,lz4 --output json
    json_is '.summary.skip' 4
    runs pcap-status --hash xxh3 d
    status_is 0
    out_has 'slim=4 changed=0'
}

@test "without --accept compressed captures are not listed" {
    put_all
    runs pcap-slim --dir d --output json
    status_is 0
    json_is '.summary.ok' 1
}

@test "--compress: names, markers and nothing else" {
    put_all
    chmod 640 d/a.pcap
    touch -d '2020-02-02 02:02:02' d/a.pcap
    runs pcap-slim --dir d --accept all --compress zstd:5 --hash sha256
    status_is 0
    [ "$(ls -A d d/.slim_markers | tr '\n' ' ')" = "d: .slim_markers a.pcap.zst b.pcap.zst c.pcap.zst d.pcap.zst e.pcap.zst  d/.slim_markers: a.pcap.zst b.pcap.zst c.pcap.zst d.pcap.zst e.pcap.zst " ]
    [ "$(stat -c %a d/a.pcap.zst)" = 640 ]
    [ "$(date -r d/a.pcap.zst +%Y)" = 2020 ]
    for name in a b c d e; do unpacked_is d/$name.pcap.zst slim.pcap; done
    [ "$(jq -r .out_sha256 d/.slim_markers/a.pcap.zst)" = "$(sha256sum <d/a.pcap.zst | cut -d ' ' -f 1)" ]
    runs pcap-status --hash sha256 d
    out_has 'slim=5 changed=0'
    rm -r d/.slim_markers
    runs pcap-slim --dir d --accept all --compress none
    status_is 0
    [ "$(ls d | tr '\n' ' ')" = "a.pcap b.pcap c.pcap d.pcap e.pcap " ]
    for name in a b c d e; do unpacked_is d/$name.pcap slim.pcap; done
}

@test "--compress: another file has the new name" {
    cp a.pcap d/a.pcap
    echo mine >d/a.pcap.gz
    runs pcap-slim --dir d --compress gzip
    status_is 1
    err_has 'a.pcap.gz is there already and is another file'
    same_bytes d/a.pcap a.pcap
    [ "$(cat d/a.pcap.gz)" = mine ]
    [ ! -e d/a.pcap.tmp ]
    rm d/a.pcap.gz
    ln -s ../a.pcap d/a.pcap.gz
    runs pcap-slim --dir d --compress gzip --retry-failed
    status_is 1
    same_bytes d/a.pcap a.pcap
    [ -L d/a.pcap.gz ]
}

@test "--compress: a run that was killed between the names is finished" {
    cp a.pcap d/a.pcap
    pcap-truncate --compress zstd a.pcap >d/a.pcap.zst
    runs pcap-slim --dir d --accept zstd --compress zstd
    status_is 0
    [ "$(ls d)" = a.pcap.zst ]
    unpacked_is d/a.pcap.zst slim.pcap
    [ -s d/.slim_markers/a.pcap.zst ]
}

# judge AFTER: one of the two is whole, and a run finishes the job
judge() {
    if [ -e d/a.pcap ]; then
        cmp d/a.pcap a.pcap || explain "the original is not whole: $1"
    elif [ -e d/a.pcap.tmp ] && [ ! -e d/a.pcap.zst ]; then
        explain "neither stands under a name of its own: $1"
    fi
    [ ! -e d/a.pcap.zst ] || unpacked_is d/a.pcap.zst slim.pcap || explain "the slim one is not whole: $1"
    [ -e d/a.pcap ] || [ -e d/a.pcap.zst ] || explain "both are gone: $1"
    runs pcap-slim --dir d --accept zstd --compress zstd --retry-failed
    status_is 0
    [ "$(ls d | grep -v tmp)" = a.pcap.zst ] || explain "not finished: $1"
    unpacked_is d/a.pcap.zst slim.pcap
}

@test "--compress: pcap-commit is killed at each of its calls" {
    local call number hit=0
    for call in renameat2 unlinkat fsync fchmod utimensat openat; do
        for number in 1 2 3 4 5; do
            rm -rf d && mkdir d && cp a.pcap d/a.pcap
            printf 'd/a.pcap\0' | pcap-truncate --compress zstd --files0-from=- |
                pcap-verify --compress zstd --records >records
            strace -o trace -e "inject=$call:signal=KILL:when=$number" -e "trace=$call" \
                pcap-commit --records <records >out 2>err || hit=$((hit + 1))
            judge "$call $number"
        done
    done
    [ "$hit" -ge 8 ]
}

@test "--compress: each call of pcap-commit fails" {
    local call number
    for call in renameat2 unlinkat fsync; do
        for number in 1 2 3; do
            rm -rf d && mkdir d && cp a.pcap d/a.pcap
            printf 'd/a.pcap\0' | pcap-truncate --compress zstd --files0-from=- |
                pcap-verify --compress zstd --records >records
            strace -o trace -e "inject=$call:error=EIO:when=$number" -e "trace=$call" \
                pcap-commit --records <records >out 2>err || true
            [ ! -e d/a.pcap.tmp ] || explain "a temporary file is left: $call $number fails"
            judge "$call $number fails"
        done
    done
}

@test "an interrupted writing of what is compressed leaves nothing in the way" {
    cp a.pcap d/a.pcap
    head -c 100 <(pcap-truncate --compress zstd a.pcap) >d/a.pcap.tmp
    runs pcap-slim --dir d --compress zstd
    status_is 0
    [ "$(ls d)" = a.pcap.zst ]
}

@test "xz in place needs --compress" {
    xz -c <a.pcap >d/a.pcap.xz
    cp d/a.pcap.xz before
    runs pcap-slim --dir d --accept xz
    status_is 1
    err_has 'xz is only read'
    same_bytes d/a.pcap.xz before
    runs pcap-slim --dir d --accept xz --compress lz4 --retry-failed
    status_is 0
    unpacked_is d/a.pcap.lz4 slim.pcap
    [ ! -e d/a.pcap.xz ]
}

@test "--stage-dir and --compress" {
    mkdir stage
    cp a.pcap d/a.pcap
    runs pcap-slim --dir d --stage-dir stage --compress gzip
    status_is 0
    [ "$(ls d)" = a.pcap.gz ]
    [ -z "$(ls stage)" ]
    unpacked_is d/a.pcap.gz slim.pcap
}

@test "pcapng in each compression, by its usual names" {
    local kind
    editcap -F pcapng a.pcap d/a.pcapng
    pcap-truncate --accept pcapng d/a.pcapng >slim.pcapng
    gzip -c <d/a.pcapng >d/b.pcapng.gz
    zstd -q -c <d/a.pcapng >d/c.pcapng.zst
    lz4 -q -c <d/a.pcapng >d/d.pcapng.lz4
    runs pcap-slim --dir d --accept all --output json
    status_is 0
    json_is '.summary.ok' 4
    unpacked_is d/a.pcapng slim.pcapng
    for kind in b.pcapng.gz c.pcapng.zst d.pcapng.lz4; do unpacked_is "d/$kind" slim.pcapng; done
    runs pcap-slim --status d --accept all --hash xxh3
    status_is 0
    out_has 'slim=4 changed=0'
}
