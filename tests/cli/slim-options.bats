#!/usr/bin/env bats
# pcap-slim: every flag, every misuse, and where a directory may be and what it may be called.
load slim-helpers

setup_more() {
    mkdir d
    cp "$SMALL" d/a.pcap
    # What a run would clean up and slim.
    cp "$SMALL" d/dead.pcap.tmp
    touch -d '1 hour ago' d/dead.pcap.tmp
}

# rejects MESSAGE ARGUMENT...: misuse with this message, and nothing is touched.
rejects() {
    local message=$1 before
    shift
    before=$(seen)
    runs pcap-slim "$@"
    misused "$message"
    [ "$(seen)" = "$before" ] || explain "something was touched"
}

# Cheaper than picture, and enough: any run would at least remove the stale temporary file.
seen() { echo * && stat -c '%n %i %s %y %z' d d/*; }

# takes ARGUMENT...: no misuse, and a.pcap is slim.
takes() {
    rm -rf d/.slim_markers
    cp "$SMALL" d/a.pcap
    runs pcap-slim "$@"
    status_is 0
    [ -f d/.slim_markers/a.pcap ] || explain "not slimmed"
}

# ---- help and version ----

@test "--help: on standard output, fits a screen, names every flag, status 0" {
    runs pcap-slim --help
    status_is 0
    err_is ''
    [ "$(wc -l <"$out_file")" -le 24 ] || explain "more than 24 lines"
    [ "$(wc -L <"$out_file")" -le 80 ] || explain "lines of more than 80"
    local flag
    for flag in dir single recursive glob until-free config workers age-minutes dry-run check-only verify output max-io-mbps max-cpu-percent \
        cpu-backoff-above cpu-backoff-strength mmap no-mmap help version; do
        out_has "--$flag"
    done
    out_has 'Usage: pcap-slim {--dir PATH}... | --single PATH | FILE... [OPTION...]'
}

@test "--version: the name and the version, status 0" {
    runs pcap-slim --version
    status_is 0
    out_is "pcap-slim $(cat "$ROOT/VERSION")"
    err_is ''
}

@test "--help and --version do nothing else, and see the rest of the line all the same" {
    local before
    before=$(picture d)
    runs pcap-slim --dir d --help
    status_is 0
    runs pcap-slim --version --dir d
    status_is 0
    unchanged d "$before"
    rejects "unknown option '--bogus'" --help --bogus
}

@test "letters: -h, -V, -n, -j N and -jN are their long forms" {
    pcap-slim --help >help
    runs pcap-slim -h
    same_bytes help "$out_file"
    runs pcap-slim -V
    out_is "pcap-slim $VERSION"
    runs pcap-slim -n --dir d
    status_is 0
    out_has 'would slim: '
    for word in '-j 2' -j2; do
        [ "$(pcap-plan -- --dir d $word | grep ^workers)" = workers=2 ] || explain "$word"
    done
    rejects "option '-j' needs a value" --dir d -j
    rejects "--workers takes a whole number from 1 to 1024, not '=2'" --dir d -j=2
    rejects "unknown option '-nh'" --dir d -nh
}

@test "--help and --version with standard output full: status 1" {
    runs sh -c 'pcap-slim --help >/dev/full'
    status_is 1
    runs sh -c 'pcap-slim --version >/dev/full'
    status_is 1
}

# ---- what is named ----

@test "neither --dir nor --single: misuse" {
    rejects "one of --dir PATH, --single PATH and FILE is needed"
    rejects "one of --dir PATH, --single PATH and FILE is needed" --check-only
    rejects "one of --dir PATH, --single PATH and FILE is needed" --workers 2 --output json
}

@test "--dir and --single exclude each other, in either order" {
    rejects "--dir and --single exclude each other" --dir d --single d/a.pcap
    rejects "--dir and --single exclude each other" --single d/a.pcap --dir d
    rejects "--dir and --single exclude each other" --single= --dir=
}

@test "an empty path: misuse" {
    rejects "--dir takes the path of a directory" --dir ''
    rejects "--dir takes the path of a directory" --dir=
    rejects "--single takes the path of a file" --single ''
    rejects "--single takes the path of a file" --single=
}

@test "unknown options and operands: misuse" {
    rejects "unknown option '--bogus'" --dir d --bogus
    rejects "unknown option '--bogus'" --dir d --bogus=3
    rejects "unknown option '--worker'; did you mean '--workers'?" --dir d --worker 2
    rejects "unknown option '-d'" -d d
    rejects "unknown option '-hV'" -hV
    rejects "unknown option '-h=1'" -h=1
    rejects "unknown option '-'" --dir d -
    rejects "'d' is a directory; name it with --dir" d
    rejects "'d' is a directory; name it with --dir" -- d
    rejects "--dir and FILE exclude each other" --dir d e
    rejects "--dir and FILE exclude each other" --dir d ''
    rejects "--single and FILE exclude each other" --single d/a.pcap e
    rejects "'' is not the name of a file" d/a.pcap ''
    rejects "unknown option '--\$(touch x)%s'" --dir d '--$(touch x)%s'
}

@test "an option without its value, and a value for an option that takes none: misuse" {
    local option
    for option in dir single glob until-free config workers age-minutes verify output max-io-mbps max-cpu-percent cpu-backoff-above \
        cpu-backoff-strength; do
        rejects "option '--$option' needs a value" "--$option"
    done
    for option in recursive dry-run check-only mmap no-mmap help version; do
        rejects "option '--$option' takes no value" --dir d "--$option=yes"
        rejects "option '--$option' takes no value" --dir d "--$option="
    done
}

@test "--opt=value and --opt value are the same, for every option that takes one" {
    takes --dir=d --workers=2 --age-minutes=0 --verify=full --output=human --max-io-mbps=1000 --max-cpu-percent=100 \
        --cpu-backoff-above=99 --cpu-backoff-strength=0.1
    takes --dir d --workers 2 --age-minutes 0 --verify full --output human --max-io-mbps 1000 --max-cpu-percent 100 \
        --cpu-backoff-above 99 --cpu-backoff-strength 0.1
    takes --single=d/a.pcap
    takes --single d/a.pcap
}

@test "an option given twice: the last one counts" {
    takes --dir d --output human --output json --workers 3 --workers 1
    json_is '.files[0].file == "d/a.pcap"'
}

# ---- numbers ----

@test "--workers: 1 to 1024" {
    local bad
    for bad in 0 00 -1 +1 1.5 1025 99999999999999999999 '' ' 2' '2 ' 2x 0x2 two '$(touch x)' '1;touch x' '*'; do
        rejects "--workers takes a whole number from 1 to 1024, not '$bad'" --dir d --workers "$bad"
        rejects "--workers takes a whole number from 1 to 1024, not '$bad'" --dir d "--workers=$bad"
    done
    takes --dir d --workers 1
    takes --dir d --workers 1024
    takes --dir d --workers 010
    takes --dir d --workers 08
    takes --dir d --workers 000000002
}

@test "--age-minutes: 0 to 99999999, and 010 is ten" {
    local bad
    for bad in -1 1.5 100000000 99999999999999999999 '' x '1 2'; do
        rejects "--age-minutes takes a whole number of minutes, not '$bad'" --dir d --age-minutes "$bad"
    done
    takes --dir d --age-minutes 0
    runs pcap-slim --dir d --dry-run --age-minutes 99999999
    status_is 0
    err_is 'no pcaps to process (younger than 99999999 min: 1)'
    rm -r d/.slim_markers
    touch -d '9 minutes ago' d/a.pcap
    runs pcap-slim --dir d --dry-run --age-minutes 010
    err_is 'no pcaps to process (younger than 10 min: 1)'
    runs pcap-slim --dir d --dry-run --age-minutes 08
    out_is 'would slim: d/a.pcap'
    runs pcap-slim --dir d --dry-run --age-minutes 000
    out_is 'would slim: d/a.pcap'
}

@test "--max-io-mbps: any number above 0" {
    local bad
    for bad in 0 0.0 .0 00 . '' -1 1e3 1,5 1.2.3 x ' 1' inf nan; do
        rejects "--max-io-mbps takes megabytes (10^6 bytes, not bits) a second: a number above 0, not '$bad'" --dir d --max-io-mbps "$bad"
    done
    takes --dir d --max-io-mbps 0.5
    takes --dir d --max-io-mbps .5
    takes --dir d --max-io-mbps 5.
    takes --dir d --max-io-mbps 010
    err_has 'limits: read + write 10 MB/s'
    takes --dir d --max-io-mbps 1000000
}

@test "--max-io-mbps out of any reasonable range: misuse of pcap-slim, and nothing is touched" {
    rejects "--max-io-mbps takes megabytes (10^6 bytes, not bits) a second: a number above 0, not '0.0000000000000000000001'" --dir d \
        --max-io-mbps 0.0000000000000000000001
    rejects "--max-io-mbps takes megabytes (10^6 bytes, not bits) a second: a number above 0, not '99999999999999999999'" --dir d \
        --max-io-mbps 99999999999999999999
}

@test "--max-cpu-percent: 1 to 100" {
    local bad
    for bad in 0 101 -1 1.5 50% '' x 99999999999999999999; do
        rejects "--max-cpu-percent takes a whole number from 1 to 100, not '$bad'" --dir d --max-cpu-percent "$bad"
    done
    takes --dir d --max-cpu-percent 1
    takes --dir d --max-cpu-percent 100
    takes --dir d --max-cpu-percent 010
    err_has 'limits: CPU 10 % of the machine'
}

@test "--cpu-backoff-above: 0 to 100" {
    local bad
    for bad in 101 -1 1.5 '' x 99999999999999999999; do
        rejects "--cpu-backoff-above takes a whole number from 0 to 100, not '$bad'" --dir d --cpu-backoff-above "$bad"
    done
    takes --dir d --cpu-backoff-above 0
    takes --dir d --cpu-backoff-above 100
}

@test "--cpu-backoff-strength: 0.0 to 1.0" {
    local bad
    for bad in 1.1 1.01 1.0000001 2 10 -0.5 '' . x 0.5.1 1e-1; do
        rejects "--cpu-backoff-strength takes a number from 0.0 to 1.0, not '$bad'" --dir d --cpu-backoff-above 50 \
            --cpu-backoff-strength "$bad"
    done
    local good
    for good in 0 0.0 .5 0.25 1 1. 1.0 1.000; do
        takes --dir d --cpu-backoff-above 50 --cpu-backoff-strength "$good"
    done
}

@test "--cpu-backoff-strength above 1 with a leading nought: misuse of pcap-slim, and nothing is touched" {
    rejects "--cpu-backoff-strength takes a number from 0.0 to 1.0, not '09'" --dir d --cpu-backoff-above 50 \
        --cpu-backoff-strength 09
}

@test "--cpu-backoff-strength without --cpu-backoff-above: a warning" {
    takes --dir d --cpu-backoff-strength 0.3
    err_has 'pcap-slim: warning: --cpu-backoff-strength has no effect without --cpu-backoff-above'
    err_lacks 'limits:'
}

@test "--output and --verify: only the words they know" {
    local bad
    for bad in '' JSON text human,json; do
        rejects "--output takes human, json or ndjson, not '$bad'" --dir d --output "$bad"
    done
    for bad in '' none Full; do
        rejects "--verify takes full or count, not '$bad'" --dir d --verify "$bad"
    done
    takes --dir d --verify full --output json
    json_is '.files[0].check == "full"'
    takes --dir d --verify count --output json
    json_is '.files[0].check == "count"'
    takes --dir d --output json
    json_is '.files[0].check == "full"'
}

@test "--mmap and --no-mmap: both taken, alone and together" {
    takes --dir d --mmap
    takes --dir d --no-mmap
    takes --dir d --mmap --no-mmap
}

@test "--workers and --age-minutes with --single: a warning, and status 0" {
    touch -d '1 hour ago' d/a.pcap
    runs pcap-slim --single d/a.pcap --workers 3 --age-minutes 600
    status_is 0
    settled_err_is "pcap-slim: warning: --workers has no effect with --single
pcap-slim: warning: --age-minutes has no effect with --single
ok d/a.pcap pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of d/a.pcap) (_ms)
done: ok=1 skip=0 fail=0 elapsed=_"
}

@test "with --single nothing else in the directory is touched, no stale temporary file either" {
    cp "$SMALL" d/b.pcap
    runs pcap-slim --single d/a.pcap
    status_is 0
    only_files d .slim_markers a.pcap b.pcap dead.pcap.tmp
    only_files d/.slim_markers a.pcap
    same_bytes "$SMALL" d/b.pcap
}

@test "--dry-run goes before --check-only, in either order" {
    runs pcap-slim --dir d --dry-run --check-only
    status_is 0
    out_is 'would slim: d/a.pcap'
    err_is ''
    runs pcap-slim --dir d --check-only --dry-run
    status_is 0
    out_is 'would slim: d/a.pcap'
    err_is ''
}

# ---- the directory and its name ----

# slims DIRECTORY PREFIX: the one capture in it, and it is called PREFIX/a.pcap.
slims() {
    rm -rf "$1/.slim_markers"
    cp "$SMALL" "$1/a.pcap"
    runs pcap-slim --dir "$1"
    status_is 0
    settled_err_is "ok $2a.pcap pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of "$1/a.pcap") (_ms)
done: ok=1 skip=0 fail=0 elapsed=_"
    only_files "$1/.slim_markers" a.pcap
    [ ! -e "$1/a.pcap.tmp" ]
}

@test "a directory as the operator names it: relative, absolute, trailing slashes, dots" {
    mkdir -p x/y
    slims x x/
    slims ./x ./x/
    slims "$PWD/x" "$PWD/x/"
    slims x/ x/
    slims x// x//
    slims x/y/.. x/y/../
}

@test "the current directory and its parent" {
    mkdir -p x/y
    cd x/y
    slims . ./
    slims .. ../
    slims ./ ./
}

@test "a directory called - and one called -d" {
    mkdir -- - -d --dir
    slims ./- ./-/
    cp "$SMALL" ./-/a.pcap && rm -r ./-/.slim_markers
    OLDPWD=/ runs pcap-slim --dir -
    status_is 0
    err_has 'ok -/a.pcap pkts=7'
    only_files ./- .slim_markers a.pcap
    cp "$SMALL" ./-d/a.pcap
    runs pcap-slim --dir -d
    status_is 0
    err_has 'ok -d/a.pcap pkts=7'
    cp "$SMALL" ./--dir/a.pcap
    runs pcap-slim --dir --dir
    status_is 0
    err_has 'ok --dir/a.pcap pkts=7'
}

@test "CDPATH does not lead elsewhere" {
    mkdir -p elsewhere/d
    CDPATH=$PWD/elsewhere runs pcap-slim --dir d
    status_is 0
    [ -f d/.slim_markers/a.pcap ]
    only_files elsewhere/d
}

@test "a directory whose name has a newline, a format, a command, a glob, a backslash, quotes, a leading blank" {
    local dir shown
    while IFS= read -r -d '' dir; do
        shown=${dir//\\/\\\\}
        shown=${shown//$'\n'/\\012}
        mkdir -p -- "$dir"
        slims "$dir" "$shown/"
    done < <(printf '%s\0' $'new\nline' '%s%n' '$(touch x)' '`touch x`' '*' 'back\slash' '"quoted" '\''twice'\''' ' blank ' \
        'semi;touch x' 'a&b' '~' '#')
    [ ! -e x ]
    runs pcap-slim --dir $'new\nline' --output json --all
    json_is '.files[0].file == "new\nline/a.pcap"'
}

@test "a directory whose name ends in a newline" {
    mkdir $'end\n'
    slims $'end\n' 'end\012/'
}

@test "a missing directory: status 1, nothing made" {
    local mode
    for mode in '' --check-only --dry-run --output=json; do
        runs pcap-slim --dir no/such $mode
        status_is 1
        out_is ''
        err_is 'pcap-slim: no/such: cannot enter this directory: No such file or directory'
    done
    [ ! -e no ]
}

@test "a file instead of a directory: misuse that names the way, and it stays as it is" {
    runs pcap-slim --dir d/a.pcap
    misused "--dir: 'd/a.pcap' is a file; name it without --dir"
    runs pcap-slim --dir d/a.pcap/x
    status_is 1
    err_is 'pcap-slim: d/a.pcap/x: cannot enter this directory: Not a directory'
    same_bytes "$SMALL" d/a.pcap
    only_files d a.pcap dead.pcap.tmp
}

@test "a symbolic link to a directory is followed, a dangling one is not there" {
    mkdir real
    cp "$SMALL" real/a.pcap
    ln -s real link
    ln -s nowhere dangling
    runs pcap-slim --dir link
    status_is 0
    err_has 'ok link/a.pcap pkts=7'
    [ -f real/.slim_markers/a.pcap ]
    runs pcap-slim --dir dangling
    status_is 1
    err_is 'pcap-slim: dangling: cannot enter this directory: No such file or directory'
}

@test "a name with a control character in it is shown escaped in messages, too" {
    runs pcap-slim --dir $'no\nsuch'
    status_is 1
    [ "$(wc -l <"$err_file")" -eq 1 ] || explain "more than a line"
}

# ---- limits ----

@test "the line about limits, exactly; none without limits; none where nothing is read" {
    takes --dir d --max-io-mbps 1.5
    err_has 'limits: read + write 1.5 MB/s
'
    takes --dir d --max-cpu-percent 20
    err_has 'limits: CPU 20 % of the machine
'
    takes --dir d --cpu-backoff-above 75
    err_has 'limits: backing off above 75 % host load (strength 0.5)
'
    takes --dir d --max-io-mbps 12.25 --max-cpu-percent 20 --cpu-backoff-above 75 --cpu-backoff-strength .25
    err_has 'limits: read + write 12.25 MB/s, CPU 20 % of the machine, backing off above 75 % host load (strength 0.25)
'
    [ "$(grep -c limits: "$err_file")" -eq 1 ] || explain "said more than once"
    takes --dir d
    err_lacks limits:
    runs pcap-slim --dir d --check-only --max-io-mbps 100
    err_has 'limits: read + write 100 MB/s
'
    runs pcap-slim --single d/a.pcap --max-io-mbps 100
    err_has 'limits: read + write 100 MB/s
'
}

# ---- how it is called ----

@test "through a symbolic link, and from PATH without the filters' folder" {
    mkdir bin
    ln -s "$BIN_DIR/pcap-slim" bin/ps
    runs bin/ps --dir d
    status_is 0
    err_has 'ok d/a.pcap pkts=7'
}

@test "the filters beside the driver are used, not others in PATH" {
    mkdir evil
    printf '#!/bin/sh\ntouch "%s/evil/ran"\nexit 1\n' "$PWD" | tee evil/pcap-run evil/pcap-truncate evil/pcap-commit >/dev/null
    chmod +x evil/*
    PATH=$PWD/evil:$PATH runs "$BIN_DIR/pcap-slim" --dir d
    status_is 0
    [ ! -e evil/ran ]
}

@test "without its filters: a clear message, status 1, nothing touched" {
    mkdir alone
    cp "$BIN_DIR/pcap-slim" alone/
    local before
    before=$(picture d)
    PATH=/usr/bin:/bin runs alone/pcap-slim --dir d
    status_is 1
    err_is 'pcap-slim: pcap-run is not in PATH; is pcap-slim installed?'
    unchanged d "$before"
}

@test "without a place for temporary files: a clear message, status 1, nothing touched" {
    local before
    before=$(picture d)
    TMPDIR=/no/such runs pcap-slim --dir d
    status_is 1
    err_has 'pcap-slim: cannot make a folder for temporary files'
    unchanged d "$before"
}

@test "TMPDIR with blanks and a newline in its name; nothing is left in it" {
    local tmp=$PWD/$'t m\np'
    mkdir "$tmp"
    TMPDIR=$tmp runs pcap-slim --dir d
    status_is 0
    only_files "$tmp"
    TMPDIR=$tmp runs pcap-slim --dir d --check-only
    only_files "$tmp"
    TMPDIR=$tmp runs pcap-slim --dir d --dry-run
    only_files "$tmp"
    TMPDIR=$tmp runs pcap-slim --dir nowhere
    only_files "$tmp"
}

@test "with standard input, output and error closed" {
    takes_closed() {
        rm -rf d/.slim_markers
        cp "$SMALL" d/a.pcap
        "$@" || true
        [ -f d/.slim_markers/a.pcap ] || explain "not slimmed"
        [ "$(bytes_of d/a.pcap)" -lt "$(bytes_of "$SMALL")" ] || explain "not smaller"
        pcap-verify --original "$SMALL" d/a.pcap >/dev/null
        same_bytes "$BATS_TEST_TMPDIR/want" d/a.pcap
    }
    pcap-truncate <"$SMALL" >"$BATS_TEST_TMPDIR/want"
    takes_closed sh -c 'pcap-slim --dir d <&-'
    takes_closed sh -c 'pcap-slim --dir d >&-'
    takes_closed sh -c 'pcap-slim --dir d 2>&-'
    takes_closed sh -c 'pcap-slim --dir d --max-io-mbps 100 <&- >&- 2>&-'
}

@test "-q: nothing on standard error unless something failed" {
    local mode
    ln -s a.pcap d/link.pcap
    touch -d '1 hour ago' d/dead.pcap.tmp
    for mode in '--check-only' '' '' '--output json' '--max-io-mbps 100 --workers 2' '--until-free 1K' '--age-minutes 9' \
        '--cpu-backoff-strength 0.3'; do
        runs pcap-slim -q --dir d $mode
        status_is 0
        err_is ''
    done
    [ -f d/.slim_markers/a.pcap ]
    [ ! -e d/dead.pcap.tmp ]
    cp "$FIXTURES/bad-body-none.pcap" d/b.pcap
    runs pcap-slim -q --dir d
    status_is 1
    settled_err_is "FAIL d/b.pcap: offset 348, packet 4: packet cut short after 0 of 60 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
done: ok=0 skip=2 fail=1 elapsed=_"
    runs pcap-slim -q --dir d
    status_is 0
    err_is ''
    runs pcap-slim -q --dir none
    status_is 1
    err_is 'pcap-slim: none: cannot enter this directory: No such file or directory'
    runs pcap-slim -q --dir d --until-free 99%
    status_is 1
    err_has '99% wanted: not enough'
    printf 'quiet = yes\n' >conf
    runs pcap-slim --config conf --dir d
    err_is ''
    runs pcap-slim --config conf --dir d --no-quiet
    err_has 'done: ok=0'
}
