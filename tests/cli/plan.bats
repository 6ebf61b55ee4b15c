#!/usr/bin/env bats
# pcap-plan: the words of pcap-slim and its configuration file, taken apart. What the words mean is tried with pcap-slim
# itself; here: what the two say to each other.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir d scratches
    export TMPDIR=$PWD/scratches
}

@test "pcap-plan --help" { check_help pcap-plan; }
@test "pcap-plan --version" { check_version pcap-plan; }
@test "pcap-plan: help and version on a full disk" { check_full pcap-plan; }
@test "pcap-plan: unknown options" { check_unknown_options pcap-plan; }
@test "pcap-plan: options without their value" { check_needs_value pcap-plan --usual --options; }

# value_of NAME WORD...: what the plan for the words sets the variable to, as a shell takes it.
value_of() {
    local name=$1
    shift
    runs pcap-plan -- "$@"
    status_is 0
    sh -c "eval \"\$(cat)\"; printf '%s' \"\$$name\"" <"$out_file"
}

@test "whatever is in a value is nothing to the shell" {
    local name
    for name in "it's" "'" "''" '$(touch made)' '`touch made`' ';touch made;' '"' '\' '*' ' a  b ' "a'\$(touch made)'b" $'a\nb' $'\377'; do
        mkdir -p -- "d/$name"
        [ "$(value_of prefix --dir "d/$name")" = "d/$name/" ] || explain "$name: $(value_of prefix --dir "d/$name")"
        [ "$(value_of named --single "d/$name")" = "d/$name" ] || explain "$name"
        # What is to be asked for in a directory is evaluated once more.
        if [[ $name != *$'\n'* ]]; then
            [ "$(value_of globs --dir d --glob "$name" --glob x)" = " --glob='${name//\'/\'\\\'\'}' --glob='x'" ] || explain "$name"
        fi
    done
    [ ! -e made ] || explain "a value was run"
}

@test "a name that begins with a dash is no option of cd" {
    mkdir -- -
    [ "$(value_of where --dir=-)" = ./- ]
    [ "$(value_of where --dir=/)" = / ]
}

@test "the folder: the policy and the names that were given, with NULs, and what it is called" {
    runs pcap-plan -- --length snap a.pcap $'b\nc.pcap'
    status_is 0
    scratch=$(sed -n "s/^scratch='\(.*\)'$/\1/p" "$out_file")
    only_files scratches "${scratch##*/}"
    [ "$(stat -c %a "$scratch")" = 700 ]
    only_files "$scratch" list policy
    printf 'a.pcap\0b\nc.pcap\0' >expected
    same_bytes expected "$scratch/list"
    grep -qx 'length = snap' "$scratch/policy"
}

@test "misuse and what cannot be made leave no folder" {
    runs pcap-plan -- --dir d --workers 0
    misuse_is pcap-slim "--workers takes a whole number from 1 to 1024, not '0'"
    runs pcap-plan -- d
    status_is 2
    err_is "pcap-slim: 'd' is a directory; name it with --dir
Try 'pcap-slim --help'."
    [ -z "$(grep '^mode' "$out_file")" ] || explain "it says what to do"
    runs pcap-plan -- ''
    status_is 2
    err_is "pcap-slim: '' is not the name of a file
Try 'pcap-slim --help'."
    runs sh -c 'pcap-plan -- a.pcap >/dev/full'
    refused_with "pcap-slim: standard output: cannot write: No space left on device"
    only_files scratches
    TMPDIR=$PWD/nowhere runs pcap-plan -- a.pcap
    status_is 1
    err_is "pcap-slim: cannot make a folder for temporary files in $PWD/nowhere: No such file or directory"
}

@test "pcap-plan --options: name, what it is for, what stands for its value; for every program, and no other" {
    local program
    for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan; do
        runs pcap-plan --options "$program"
        status_is 0
        [ -z "$(grep -vP '^--[a-z0-9][a-z0-9-]*\t[^\t]+\t[^\t]*$' "$out_file")" ] || explain "$program"
        [ -z "$(cut -f 1 "$out_file" | sort | uniq -d)" ] || explain "$program has an option twice"
    done
    runs pcap-plan --options cat
    misuse_is pcap-plan "--options takes the name of a program, not 'cat'"
}

@test "a pcap-plan that says nothing, or not all, ends the run before anything happens" {
    cp -- "$BIN_DIR"/pcap-* .
    cp "$FIXTURES/good-little-micro.pcap" d/a.pcap
    before=$(picture d)
    for said in ':' "echo target=\\'dir\\'" 'echo "named='"'"'d"'; do
        printf '#!/bin/sh\n%s\n' "$said" >pcap-plan
        runs ./pcap-slim --dir d
        refused_with "pcap-slim: pcap-plan did not say what to do; is it of the same version?"
        unchanged d "$before"
    done
}
