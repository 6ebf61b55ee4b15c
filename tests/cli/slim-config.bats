#!/usr/bin/env bats
# pcap-slim: the configuration file. It is read line by line and never run; the command line wins.
load slim-helpers

setup_more() {
    mkdir d other
    cp "$SMALL" d/a.pcap
    cp "$SMALL" other/b.cap
}

# config LINE...: a configuration file, conf.
config() { printf '%s\n' "$@" >conf; }

# wrong LINE MESSAGE: misuse at that line, and nothing is slimmed.
wrong() {
    runs pcap-slim --config conf --dir d
    misused "conf: line $1: $2"
    [ ! -e d/.slim_markers ] || explain "something was slimmed"
}

@test "every option of a run can be set; the report says that they hold" {
    config '# a comment' '' '   ' "dir=$PWD/d" 'workers = 2' "	age-minutes	=	0	" 'verify = count' 'output = json' \
        'max-io-mbps = 100' 'max-cpu-percent = 100' 'cpu-backoff-above = 99' 'cpu-backoff-strength = 0.1' \
        'recursive = no' 'mmap = yes' 'glob = *.pcap' 'glob = *.cap'
    runs pcap-slim --config conf
    status_is 0
    json_is '.files | length == 1'
    json_is ".files[0].file == \"$PWD/d/a.pcap\" and .files[0].check == \"count\""
    err_is 'limits: read + write 100 MB/s, CPU 100 % of the machine, backing off above 99 % host load (strength 0.1)'
}

@test "a last line without a newline, and lines that end with carriage return and newline" {
    printf 'dir = d\r\noutput = json' >conf
    runs pcap-slim --config conf
    status_is 0
    json_is '.files[0].file == "d/a.pcap"'
}

@test "the command line wins, with --config before and behind" {
    config 'dir = d' 'output = json' 'verify = count' 'glob = *.pcap'
    runs pcap-slim --verify full --config conf --output human --check-only
    status_is 0
    out_is ''
    runs pcap-slim --dir other --config=conf --glob '*.cap'
    status_is 0
    json_is '.files | length == 1'
    json_is '.files[0].file == "other/b.cap"'
    [ ! -e d/.slim_markers ]
}

@test "a target on the command line takes the place of the one in the file" {
    config 'dir = d' 'workers = 3' 'age-minutes = 900' 'recursive = yes' 'until-free = 99%'
    runs pcap-slim --config conf --single other/b.cap
    status_is 0
    err_lacks warning
    [ -e other/.slim_markers/b.cap ]
    [ ! -e d/.slim_markers ]
    rm -r other/.slim_markers
    runs pcap-slim --config conf other/b.cap
    status_is 0
    err_lacks warning
    [ -e other/.slim_markers/b.cap ]
    [ ! -e d/.slim_markers ]
}

@test "what a flag in the file says is taken back by its opposite" {
    mkdir d/sub
    cp "$SMALL" d/sub/c.pcap
    config 'dir = d' 'recursive = yes' 'mmap = yes' 'keep-checksum = yes' 'length = zero' 'output = json'
    runs pcap-slim --config conf --check-only
    json_is '(.files | length) == 2 and .files[0].checksum == "keep"'
    runs pcap-slim --config conf --check-only --no-recursive --no-mmap --no-keep-checksum
    status_is 0
    json_is '(.files | length) == 1 and .files[0].checksum == "compute"'
    config 'recursive = no' 'keep-checksum = no' 'mmap = no' 'checksum = incremental' 'dir = d' 'output = json'
    runs pcap-slim --config conf --check-only
    status_is 0
    json_is '(.files | length) == 1 and .files[0].checksum == "incremental"'
}

# The words that a run hands to its filters, and to its report.
words_of_run() {
    mkdir -p bin
    ln -sf "$BIN_DIR"/pcap-* bin
    rm -f bin/pcap-slim bin/pcap-scan bin/pcap-report
    cp "$BIN_DIR/pcap-slim" bin
    for program in pcap-scan pcap-report; do
        printf '#!/bin/sh\necho "$0 $*" >>%s/words\nexec "%s" "$@"\n' "$PWD" "$BIN_DIR/$program" >"bin/$program"
        chmod 755 "bin/$program"
    done
    rm -f words
    runs bin/pcap-slim --config conf --dir d --check-only "$@"
    status_is 0
}

@test "sandbox and progress: yes or no, by either name, and the command line wins" {
    local line
    for line in 'sandbox = no' 'no-sandbox = yes'; do
        config "$line" 'progress = no'
        words_of_run
        [ "$(grep -c -- --no-sandbox words) $(grep -c -- --no-progress words)" = '3 1' ] || explain "$line: $(cat words)"
        words_of_run --sandbox --progress
        [ "$(grep -c -- --no-sandbox words) $(grep -c -- --no-progress words)" = '0 0' ] || explain "$line: $(cat words)"
    done
    for line in 'sandbox = yes' 'no-sandbox = no'; do
        config "$line" 'progress = yes'
        words_of_run
        [ "$(grep -c -- --no-sandbox words) $(grep -c -- --no-progress words)" = '0 0' ] || explain "$line: $(cat words)"
        words_of_run --no-sandbox --no-progress
        [ "$(grep -c -- --no-sandbox words) $(grep -c -- --no-progress words)" = '3 1' ] || explain "$line: $(cat words)"
    done
}

@test "what is wrong is said with file and line, and with the setting that was probably meant" {
    config 'workers = 2' 'wokers = 2'
    wrong 2 "unknown setting 'wokers'; did you mean 'workers'?"
    config '' 'nonsense = 1'
    wrong 2 "unknown setting 'nonsense'"
    config 'workers 2'
    wrong 1 "expected key = value, not 'workers 2'"
    config '#' 'workers = 0'
    wrong 2 "--workers takes a whole number from 1 to 1024, not '0'"
    config 'workers ='
    wrong 1 "'workers' needs a value"
    config 'recursive = maybe'
    wrong 1 "'recursive' takes yes or no, not 'maybe'"
    config 'recursive ='
    wrong 1 "'recursive' takes yes or no, not ''"
    config 'workers = 1' 'workers = 2'
    wrong 2 "'workers' is set twice"
    config 'mmap = yes' 'mmap = no'
    wrong 2 "'mmap' is set twice"
    config 'output = "json"'
    wrong 1 "values are written without quotes: output = \"json\""
    config '--workers = 2'
    wrong 1 "unknown setting '--workers'; did you mean 'workers'?"
    config '= 2'
    wrong 1 "unknown setting ''"
    config 'Workers = 2'
    wrong 1 "unknown setting 'Workers'; did you mean 'workers'?"
}

@test "what is about one call cannot be set" {
    local key
    for key in single check-only dry-run config help version; do
        config "$key = yes"
        wrong 1 "'$key' is for the command line only"
    done
}

@test "it is never run" {
    config 'dir = $(touch ran)' 'age-minutes = `touch ran`'
    wrong 2 "--age-minutes takes a whole number of minutes, not '\`touch ran\`'"
    config 'dir = $(touch ran)'
    runs pcap-slim --config conf
    status_is 1
    err_is 'pcap-slim: $(touch ran): cannot enter this directory: No such file or directory'
    config 'glob = $(touch ran)' 'glob = *;touch ran' "glob = '\$(touch ran)"
    runs pcap-slim --config conf --dir d
    status_is 0
    err_is 'no pcaps to process (names that do not match: 1)'
    [ ! -e ran ]
}

@test "a file that is named must be there; a folder is none" {
    runs pcap-slim --config missing --dir d
    misused 'missing: cannot read this configuration file'
    runs pcap-slim --config d --dir d
    misused 'd: cannot read this configuration file'
    runs pcap-slim --config '' --dir d
    misused '--config takes the path of a file'
    echo 'dir = d' >conf
    chmod 0 conf
    runs without_rights pcap-slim --config conf
    misused 'conf: cannot read this configuration file'
    [ ! -e d/.slim_markers ]
}

@test "an empty file, and one that is a pipe" {
    runs pcap-slim --config /dev/null --dir d --check-only
    status_is 0
    runs sh -c 'echo "dir = d" | pcap-slim --config /dev/stdin --check-only'
    status_is 0
    err_has 'ok d/a.pcap'
}

# The program with another usual path, as /etc is not ours.
usual() {
    mkdir bin
    sed "s|^CONFIG=.*|CONFIG='$PWD/usual.conf'|" "$BIN_DIR/pcap-slim" >bin/pcap-slim
    chmod 755 bin/pcap-slim
}

@test "the usual file is /etc/pcap-slim.conf; it need not be there, and --config takes its place" {
    grep -qx 'CONFIG=/etc/pcap-slim.conf' "$BIN_DIR/pcap-slim"
    usual
    runs bin/pcap-slim --dir d --check-only --output json
    status_is 0
    printf 'output = json\ndir = d\n' >usual.conf
    runs bin/pcap-slim --check-only
    status_is 0
    json_is '.files[0].file == "d/a.pcap"'
    runs bin/pcap-slim --config /dev/null --check-only
    misused 'one of --dir PATH, --single PATH and FILE is needed'
    echo nonsense >usual.conf
    runs bin/pcap-slim --dir d
    misused "$PWD/usual.conf: line 1: expected key = value, not 'nonsense'"
    runs bin/pcap-slim --help
    status_is 0
    runs bin/pcap-slim --version
    status_is 0
}
