#!/usr/bin/env bats
# pcap-slim: any name a file can have.
load slim-helpers

setup_file() { make_oracle; }
setup_more() {
    mkdir d
    RIGHT=$ORACLE/good-payload-tcp.pcap
}

# A name for each thing that a shell, xargs, find, printf, JSON or an option parser could trip over; NUL behind each.
nasty_names() {
    printf '%s\0' ' blank  blanks ' 'tab	tab' $'new\nline' $'\nfirst' '"double"' "'single'" "it's" 'back\slash' 'end\' '-dash' '--dir' '-' '--' '*' '?' '[a]' '{a,b}' '~' '#' '$HOME' \
        '$(touch x)' '`touch x`' ';touch x' '&' '|' '>x' '%s%n%d' '{}' '!' '=' 'a=b' ':' $'\a\b\e[31m' $'\x7f' \
        'ünïcödé' '漢字' '🙂' $'\u202egpj' $'latin1-\xe9' $'\xff\xfe' $'cut-\xe6\xbc' $'\xc0\xaf' $'\xed\xa0\x80' '.hidden' '..x' \
        'a.pcap' 'a.pcap.tmp' 'batch' '"}],"x":[{"'
}

# all_nasty FUNCTION: call it with every name, ending and all.
all_nasty() {
    local name
    # In a UTF-8 locale read takes a NUL for the rest of a cut-off character.
    while LC_ALL=C IFS= read -r -d '' name; do
        "$1" "$name.pcap" # no || here: it would switch off errexit inside
    done < <(nasty_names)
}

make_one() { cp -- "$SMALL" "d/$1"; }
one_is_right() {
    cmp -- "d/$1" "$RIGHT" >&2 || explain "$1 is not slim"
    [ -s "d/.slim_markers/$1" ] || explain "$1 has no marker"
    count=$((count + 1))
}
# Three ways to name one file, beside another one: --single=NAME, by its folder, and bare from its own directory, where a
# leading dash is no option either.
one_single() {
    rm -rf d
    mkdir d
    make_one "$1"
    make_one bystander.pcap
    runs pcap-slim "--single=d/$1" --check-only
    status_is 0
    err_has 'ok d/'
    same_bytes "$SMALL" "d/$1"
    runs pcap-slim --single "d/$1"
    status_is 0
    one_is_right "$1"
    same_bytes "$SMALL" d/bystander.pcap
    make_one "$1"
    rm -r d/.slim_markers
    cd d
    runs pcap-slim --single "$1"
    cd ..
    status_is 0
    one_is_right "$1"
}

@test "--dir: every name, with 1 and 3 workers, --check-only and --dry-run" {
    local names workers
    names=$(nasty_names | tr -cd '\0' | wc -c)
    [ "$names" -gt 40 ]
    for workers in 1 3; do
        rm -rf d && mkdir d
        all_nasty make_one
        runs pcap-slim --dir d --dry-run
        status_is 0
        [ "$(wc -l <"$out_file")" -eq "$names" ] || explain "not a line a file"
        runs pcap-slim --dir d --check-only --workers "$workers" --output json
        status_is 0
        json_is ".summary | .ok == $names and .skip == 0 and .fail == 0"
        runs pcap-slim --dir d --workers "$workers"
        status_is 0
        [ "$(wc -l <<<"$err")" -eq $((names + 1)) ] || explain "not a line a file"
        err_has "done: ok=$names skip=0 fail=0"
        count=0
        all_nasty one_is_right
        [ "$count" -eq "$names" ]
        [ "$(find d -type f -printf x | wc -c)" -eq $((2 * names)) ] || explain "other files: $(find d -type f)"
        runs pcap-slim --dir d
        status_is 0
        err_has "done: ok=0 skip=$names fail=0"
        [ ! -e x ]
        [ ! -e d/x ]
    done
}

@test "--single: every name, with its folder, bare, and as --single=NAME" {
    all_nasty one_single
    [ ! -e x ]
    [ ! -e d/x ]
}

@test "human report: control characters and backslashes are escaped, other bytes are not" {
    make_one $'new\nline\t\e[31m\\.pcap'
    runs pcap-slim --dir d
    settled_err_is "ok d/new\\012line\\011\\033[31m\\\\.pcap pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of "$RIGHT") (_ms)
done: ok=1 skip=0 fail=0 elapsed=_"
    rm -rf d && mkdir d
    make_one 'ünï 漢字.pcap'
    runs pcap-slim --dir d
    err_has 'ok d/ünï 漢字.pcap pkts=7'
}

@test "json report: names as they are; U+FFFD and file_hex for bytes that are not UTF-8" {
    make_one $'latin1-\xe9\\".pcap'
    make_one $'ünï\n.pcap'
    runs pcap-slim --dir d --output json
    status_is 0
    json_is '[.files[].file] | sort == ["d/latin1-\ufffd\\\".pcap", "d/ünï\n.pcap"]'
    json_is '.files[] | select(.file | startswith("d/latin1")) | .file_hex == "642f6c6174696e312de95c222e70636170"'
    json_is '.files[] | select(.file | startswith("d/ü")) | has("file_hex") | not'
    ! LC_ALL=C grep -q $'\xe9' "$out_file" || explain "not UTF-8"
    runs pcap-slim --dir d --output json --all
    json_is '[.files[].status] == ["skipped_marker", "skipped_marker"]'
    rm -r d/.slim_markers
    runs pcap-slim --dir d --dry-run --output json
    [ "$(jq -r '.file_hex // empty' "$out_file")" = 642f6c6174696e312de95c222e70636170 ] || explain "no file_hex"
}

@test "a directory and a file that are not UTF-8, both" {
    mkdir $'d/\xe9'
    cp "$SMALL" $'d/\xe9/\xe8.pcap'
    runs pcap-slim --dir $'d/\xe9' --output json
    status_is 0
    json_is '.files[0] | .file == "d/\ufffd/\ufffd.pcap" and .file_hex == "642fe92fe82e70636170"'
}

# long N: a name of N bytes that ends in .pcap.
long() { printf "%$(($1 - 5))s.pcap" '' | tr ' ' n; }

@test "251 bytes: just fits with .tmp" {
    local name
    name=$(long 251)
    [ "${#name}" -eq 251 ]
    make_one "$name"
    runs pcap-slim --dir d
    status_is 0
    count=0
    one_is_right "$name"
    rm -r d/.slim_markers
    make_one "$name"
    runs pcap-slim --single "d/$name"
    status_is 0
    one_is_right "$name"
}

@test "252 to 255 bytes: a clear failure, the file is as it was, the others are done" {
    local n name
    for n in 252 253 254 255; do make_one "$(long $n)"; done
    make_one a.pcap
    runs pcap-slim --dir d --output json
    status_is 1
    json_is '.summary | .ok == 1 and .fail == 4'
    for n in 252 253 254 255; do
        name=$(long $n)
        json_is ".files[] | select(.file == \"d/$name\") | .status == \"fail\" and
            .error == \"its name of $n bytes leaves no room for .tmp (255 in all); shorten it\""
        same_bytes "$SMALL" "d/$name"
        runs pcap-slim --single "d/$name"
        status_is 1
        settled_err_is "FAIL d/$name: its name of $n bytes leaves no room for .tmp (255 in all); shorten it
done: ok=0 skip=0 fail=1 elapsed=_"
        runs pcap-slim --dir d --output json
    done
    only_files d/.slim_markers .failed a.pcap
    [ "$(find d/.slim_markers/.failed -type f | wc -l)" -eq 4 ]
    [ "$(find d -maxdepth 1 -type f | wc -l)" -eq 5 ]
}

@test "names of 251 bytes of UTF-8 and in a deep folder" {
    local name deep=d i
    name=$(printf 'ü%.0s' {1..123}).pcap
    make_one "$name"
    runs pcap-slim --dir d --output json
    status_is 0
    json_is ".files[0].file == \"d/$name\""
    for i in {1..15}; do deep=$deep/$(printf "%200s" '' | tr ' ' d); done
    mkdir -p "$deep"
    cp "$SMALL" "$deep/a.pcap"
    runs pcap-slim --dir "$deep"
    status_is 0
    same_bytes "$deep/a.pcap" "$RIGHT"
    runs pcap-slim --single "$deep/a.pcap"
    status_is 0
    err_has 'no pcaps to process'
}

@test "a file called .lock or .slim_markers by --single" {
    cp "$SMALL" d/.lock
    runs pcap-slim --single d/.lock
    status_is 1
    settled_err_is 'FAIL d/.lock: a capture of this name cannot have a marker; rename it
done: ok=0 skip=0 fail=1 elapsed=_'
    same_bytes "$SMALL" d/.lock
    only_files d .lock
    mkdir d/.slim_markers
    runs pcap-slim --single d/.slim_markers
    status_is 0
    err_has 'skip (not a regular file): d/.slim_markers'
}

@test "--single of a name without .pcap, and of names that are no file's" {
    cp "$SMALL" d/capture
    runs pcap-slim --single d/capture
    status_is 0
    same_bytes d/capture "$RIGHT"
    local name
    for name in d/ . .. / d/. d/..; do
        runs pcap-slim --single "$name"
        status_is 1
        settled_err_is "FAIL $name: this is not the name of a file
done: ok=0 skip=0 fail=1 elapsed=_"
    done
    runs pcap-slim --single d
    status_is 0
    err_has 'skip (not a regular file): d'
    runs pcap-slim --single d/none.pcap
    status_is 1
    settled_err_is 'FAIL d/none.pcap: cannot open: No such file or directory
done: ok=0 skip=0 fail=1 elapsed=_'
    runs pcap-slim --single none/none.pcap
    status_is 1
    settled_err_is 'FAIL none/none.pcap: cannot open its directory: No such file or directory
done: ok=0 skip=0 fail=1 elapsed=_'
    [ ! -e none ]
}

@test "a thousand and more files: every one is reported once" {
    "$PYTHON" -c 'import sys
for i in range(1100): open(f"d/a name of some length {i}.pcap", "wb").write(open(sys.argv[1], "rb").read())' \
        "$FIXTURES/good-no-packets.pcap"
    runs pcap-slim --dir d --workers 2 --output json --verify count
    status_is 0
    json_is '.summary | .ok == 1100 and .skip == 0 and .fail == 0'
    json_is '[.files[].file] | unique | length == 1100'
}
