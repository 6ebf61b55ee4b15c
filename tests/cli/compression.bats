#!/usr/bin/env bats
# --accept and --compress of the filters, on compressed captures in every variety. What they do in place: slim-packed.bats.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    cat "$FIXTURES/good-real-tls13.pcap" >a.pcap
    pcap-truncate a.pcap >slim.pcap
}

# Of every kind that a capture may have: some hundred KB, cleartext and ciphertext.
make_capture() {
    "$PYTHON" "$ROOT/scripts/make-bench-capture" many.pcap 400000
    pcap-truncate many.pcap >many.slim
}

packed() { # WHAT KIND
    make_capture
    runs "$PYTHON" "$ROOT/tests/cli/packed.py" "$1" "$2" many.pcap many.slim
    out_empty
    status_is 0
}

@test "gzip: members, headers and levels of every sort" { packed good gzip; }
@test "zstd: frames, windows and skippable frames of every sort" { packed good zstd; }
@test "lz4: frames, blocks and checksums of every sort" { packed good lz4; }
@test "xz: streams, checks and padding of every sort" { packed good xz; }
@test "gzip: what is refused" { packed bad gzip; }
@test "zstd: what is refused" { packed bad zstd; }
@test "lz4: what is refused" { packed bad lz4; }
@test "xz: what is refused" { packed bad xz; }
@test "gzip: cut short, and with something behind it" { packed cut gzip; }
@test "zstd: cut short, and with something behind it" { packed cut zstd; }
@test "lz4: cut short, and with something behind it" { packed cut lz4; }
@test "xz: cut short, and with something behind it" { packed cut xz; }
@test "gzip: a bit turned" { packed flip gzip; }
@test "zstd: a bit turned" { packed flip zstd; }
@test "lz4: a bit turned" { packed flip lz4; }
@test "xz: a bit turned" { packed flip xz; }

@test "without --accept compressed captures are refused, and the option is named" {
    local kind
    for kind in gzip zstd lz4 xz; do
        "$kind" -c <a.pcap >a.packed 2>/dev/null
        runs pcap-truncate a.packed
        status_is 1
        out_empty
        err_has "take it with --accept $kind, or unpack it first"
        runs pcap-truncate --accept none a.packed
        status_is 1
        runs pcap-truncate --accept pcapngg a.packed
        status_is 2
    done
}

@test "what is accepted is not asked for: plain captures are what they were" {
    runs pcap-truncate --accept all a.pcap
    status_is 0
    same_bytes "$out_file" slim.pcap
    runs pcap-truncate --accept gzip a.pcap
    same_bytes "$out_file" slim.pcap
    runs pcap-truncate --accept all --mmap a.pcap
    same_bytes "$out_file" slim.pcap
}

@test "mapped reads of what is compressed" {
    zstd -q -c <a.pcap >a.zst
    runs pcap-truncate --accept zstd a.zst
    cp "$out_file" read.zst
    runs pcap-truncate --accept zstd --mmap a.zst
    status_is 0
    same_bytes "$out_file" read.zst
}

@test "--compress: from everything to everything" {
    local from to
    cp a.pcap a.none
    for from in gzip zstd lz4 xz; do "$from" -c <a.pcap >a.$from 2>/dev/null; done
    for from in none gzip zstd lz4 xz; do
        for to in none gzip zstd lz4 gzip:9 zstd:1 lz4:9; do
            runs pcap-truncate --accept all --compress "$to" a.$from
            status_is 0
            err_empty
            case $to in
            none) cp "$out_file" out ;;
            *) "${to%:*}" -dc <"$out_file" >out 2>/dev/null ;;
            esac
            same_bytes out slim.pcap
        done
    done
}

@test "--compress: misuse" {
    local word
    for word in '' xz bzip2 zstd: zstd:20 zstd:0 gzip:10 none:1 lz4:x; do
        runs pcap-truncate --compress "$word" a.pcap
        status_is 2
        out_empty
        err_has "pcap-truncate: --compress '$word': "
    done
}

@test "xz is only read" {
    xz -c <a.pcap >a.xz
    runs pcap-truncate --accept xz a.xz
    status_is 1
    out_empty
    err_has 'xz is only read; say with --compress what is to be written'
    runs pcap-scan --accept xz a.xz
    status_is 0
}

@test "the level is the one that the input seems to have had" {
    local level
    for level in 1 6 9; do
        gzip -c "-$level" <a.pcap >a.gz
        pcap-truncate --accept gzip a.gz >as-it-came
        pcap-truncate --accept gzip --compress "gzip:$level" a.gz >told
        cmp as-it-came told
    done
    "$PYTHON" "$ROOT/scripts/make-bench-capture" large.pcap 3000000
    for level in 1 2 3; do
        zstd -q -c "-$level" <large.pcap >large.zst
        pcap-truncate --accept zstd large.zst >as-it-came
        pcap-truncate --accept zstd --compress "zstd:$level" large.zst >told
        cmp as-it-came told
        pcap-truncate --accept zstd --compress zstd large.zst >told
        cmp as-it-came told
    done
}

@test "the record tells the sizes of the files beside those of the captures" {
    gzip -c <a.pcap >a.gz
    runs pcap-truncate --accept gzip --compress zstd --record r.json a.gz
    status_is 0
    [ "$(jq .in_bytes r.json)" -eq "$(stat -c %s a.pcap)" ]
    [ "$(jq .in_file_bytes r.json)" -eq "$(stat -c %s a.gz)" ]
    [ "$(jq .out_bytes r.json)" -eq "$(stat -c %s slim.pcap)" ]
    [ "$(jq .out_file_bytes r.json)" -eq "$(stat -c %s "$out_file")" ]
    [ "$(jq -r .in_compression,.out_compression r.json | tr '\n' ' ')" = "gzip zstd " ]
    [ "$(jq -r .digest r.json)" = "xxh3:$(xxhsum -q -H3 "$out_file" | sed 's/.* = //; s/XXH3_//; s/ .*//')" ]
    cp "$out_file" out.zst
    runs pcap-verify --accept zstd --record r.json out.zst
    status_is 0
    zstd -dc out.zst 2>/dev/null | zstd -q -19 -c >other.zst
    runs pcap-verify --accept zstd --record r.json other.zst
    status_is 1
    err_has 'its bytes are not those that were written'
    runs pcap-scan --accept gzip a.gz
    status_is 0
    [ "$(jq 'has("out_file_bytes")' "$out_file")" = false ]
    [ "$(jq .in_file_bytes "$out_file")" -eq "$(stat -c %s a.gz)" ]
}

@test "the witness: a compressed capture that is another one is no slim" {
    local kind
    for kind in gzip zstd lz4; do
        "$kind" -c <a.pcap >a.$kind 2>/dev/null
        "$kind" -c <slim.pcap >slim.$kind 2>/dev/null
        runs pcap-verify --accept "$kind" --original a.$kind slim.$kind
        status_is 0
        # half of it, the rest in a frame of its own, the frames in another order
        head -c 2000 slim.pcap | "$kind" -c >1 2>/dev/null
        tail -c +2001 slim.pcap | "$kind" -c >2 2>/dev/null
        cat 1 2 >both
        runs pcap-verify --accept "$kind" --original a.$kind both
        status_is 0
        runs pcap-verify --accept "$kind" --original a.$kind 1
        status_is 1
        cat 2 1 >both
        runs pcap-verify --accept "$kind" --original a.$kind both
        status_is 1
        cat 1 2 2 >both
        runs pcap-verify --accept "$kind" --original a.$kind both
        status_is 1
        [ "$(jq -r .verdict "$out_file")" = bad ]
    done
}

@test "little memory, whatever is claimed" {
    local kind
    "$PYTHON" "$ROOT/scripts/make-bench-capture" large.pcap 24000000
    zstd -q -19 -c <large.pcap >19.zst
    lz4 -q -B7 -BD -c <large.pcap >7.lz4
    xz -6 -T1 -c <large.pcap >6.xz
    for kind in 19.zst 7.lz4 6.xz; do
        runs env PEAK=peak "$PYTHON" "$ROOT/tests/cli/kit.py" peak pcap-truncate --accept all --compress zstd $kind
        status_is 0
        [ "$(cat peak)" -le 16384 ] || explain "$kind: $(cat peak) KiB to cut"
        cp "$out_file" out.zst
        runs env PEAK=peak "$PYTHON" "$ROOT/tests/cli/kit.py" peak pcap-verify --accept all --original $kind out.zst
        status_is 0
        [ "$(cat peak)" -le 16384 ] || explain "$kind: $(cat peak) KiB to verify"
    done
}

@test "a bomb takes no memory" {
    "$PYTHON" "$ROOT/tests/cli/kit.py" big cleartext 200000000 | gzip -9 -c | gzip -dc | zstd -q -3 -c >bomb.zst
    [ "$(stat -c %s bomb.zst)" -lt 100000 ]
    runs env PEAK=peak "$PYTHON" "$ROOT/tests/cli/kit.py" peak pcap-truncate --accept zstd bomb.zst
    status_is 0
    [ "$(cat peak)" -le 16384 ]
    [ "$(stat -c %s "$out_file")" -lt 100000 ]
}

@test "pcap-commit by hand: what arrives may be packed by somebody else, as the file is" {
    gzip -c <a.pcap >a.gz
    gzip -9 -c <slim.pcap >slim.gz
    cp a.gz before.gz
    runs_from slim.pcap pcap-commit --accept gzip a.gz
    status_is 1
    err_has 'its compression is none, not gzip'
    same_bytes a.gz before.gz
    gzip -9 -c <a.pcap >whole.gz
    runs_from whole.gz pcap-commit --accept gzip a.gz
    status_is 1
    err_has 'is not what the policy makes of it'
    same_bytes a.gz before.gz
    runs_from slim.gz pcap-commit --accept gzip a.gz
    status_is 0
    same_bytes a.gz slim.gz
    [ "$(jq .out_file_bytes .slim_markers/a.gz)" -eq "$(stat -c %s slim.gz)" ]
    runs pcap-status .
    status_is 0
}

@test "pcapng within each compression is what it is outside, and needs both names" {
    local kind
    editcap -F pcapng a.pcap a.pcapng
    pcap-truncate --accept pcapng a.pcapng >slim.pcapng
    for kind in gzip zstd lz4 xz; do
        "$kind" -c <a.pcapng >a.packed 2>/dev/null
        runs pcap-truncate --accept "pcapng,$kind" --compress zstd a.packed
        status_is 0
        cp "$out_file" slim.zst
        zstd -dcq slim.zst | cmp - slim.pcapng
        runs pcap-verify --accept "pcapng,zstd,$kind" --original a.packed slim.zst
        status_is 0
        runs pcap-truncate --accept "$kind" --compress zstd a.packed
        status_is 1
        err_has 'this is a pcapng capture; take it with --accept pcapng'
        runs pcap-truncate --accept pcapng a.packed
        status_is 1
        err_has "take it with --accept $kind, or unpack it first"
        runs pcap-scan --accept all a.packed
        status_is 0
        [ "$(jq .in_bytes "$out_file")" -eq "$(stat -c %s a.pcapng)" ]
    done
}

@test "the witness: pcapng that is compressed, cut short or damaged" {
    local kind verdict
    editcap -F pcapng a.pcap a.pcapng
    pcap-truncate --accept pcapng a.pcapng >slim.pcapng
    for kind in gzip zstd lz4; do
        "$kind" -c <a.pcapng >a.packed 2>/dev/null
        "$kind" -c <slim.pcapng >good 2>/dev/null
        head -c -3 good >short
        { cat good && printf x; } >behind
        "$kind" -dc <good 2>/dev/null | head -c -4 | "$kind" -c >less 2>/dev/null
        for verdict in short behind less; do
            runs pcap-verify --accept "pcapng,$kind" --original a.packed $verdict
            status_is 1
            [ "$(jq -r .verdict "$out_file")" = bad ] || explain "$kind: $verdict"
        done
        head -c -3 a.packed >original
        runs pcap-verify --accept "pcapng,$kind" --original original good
        status_is 1
        [ "$(jq -r .verdict "$out_file")" = unknown ]
    done
}

@test "what is compressed twice is refused, and not with an option that was given" {
    gzip -c <a.pcap | zstd -q -c >a.gz.zst
    runs pcap-truncate --accept all a.gz.zst
    status_is 1
    out_empty
    err_has 'it is compressed twice; unpack it once first'
    runs pcap-truncate --accept zstd a.gz.zst
    status_is 1
    err_has 'take it with --accept gzip, or unpack it first'
}
