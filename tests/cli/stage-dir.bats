#!/usr/bin/env bats
# --stage-dir: temporary files in a directory of their own, for whoever watches the captures' directory.

load slim-helpers

bats_require_minimum_version 1.5.0

# w/a.pcap and v/a.pcap, of the same name; stage: for both; slim: what each is to become.
setup_more() {
    mkdir w v stage
    cp "$SMALL" w/a.pcap
    cp "$SMALL" v/a.pcap
    pcap-truncate "$SMALL" >slim
}

tmp_of() { printf 'a.pcap.%x.tmp' "$(stat -c %i "$1")"; }

@test "stage-dir: a run leaves no temporary file in either directory" {
    runs pcap-slim --dir w --stage-dir stage
    status_is 0
    settled_err_is "ok w/a.pcap pkts=7 truncated=3 in=$(bytes_of "$SMALL") out=$(bytes_of slim) (_ms)
done: ok=1 skip=0 fail=0 elapsed=_"
    same_bytes w/a.pcap slim
    only_files w .slim_markers a.pcap
    only_files stage
}

@test "stage-dir: the captures' directory sees a rename and nothing else" {
    command -v strace >/dev/null || skip "no strace"
    runs traced --trace=openat,renameat,renameat2,unlinkat trace pcap-slim --dir w --stage-dir stage
    status_is 0
    same_bytes w/a.pcap slim
    calls_are trace '"a\.pcap\.tmp"' 0
    calls_are trace 'renameat2?\([0-9]+, "'"$(tmp_of w)"'", [0-9]+, "a\.pcap"' 1
}

@test "stage-dir: the same name in two directories, the stages one by one" {
    printf 'w/a.pcap\0v/a.pcap\0' | pcap-truncate --files0-from=- --stage-dir stage >cut.json
    only_files w a.pcap
    only_files stage "$(tmp_of w)" "$(tmp_of v)"
    same_bytes "stage/$(tmp_of w)" slim
    same_bytes "stage/$(tmp_of v)" slim
    runs_from cut.json pcap-verify --records --stage-dir stage
    status_is 0
    cp "$out_file" verified.json
    runs_from verified.json pcap-commit --records --stage-dir stage
    status_is 0
    [ "$(jq -r .status "$out_file" | sort | uniq -c | tr -s ' ')" = ' 2 ok' ]
    only_files stage
    same_bytes w/a.pcap slim
    same_bytes v/a.pcap slim
}

@test "stage-dir: a stage that is not told of it finds nothing and replaces nothing" {
    printf 'w/a.pcap\0' | pcap-truncate --files0-from=- --stage-dir stage >cut.json
    runs_from cut.json pcap-verify --records
    status_is 0
    json_is '.status == "fail" and (.error | startswith("its temporary file was taken away"))'
    pcap-verify --records --stage-dir stage <cut.json >verified.json
    runs_from verified.json pcap-commit --records
    status_is 0
    json_is '.status == "fail"'
    same_bytes w/a.pcap "$SMALL"
}

@test "stage-dir: by hand" {
    runs_from slim pcap-commit --stage-dir stage w/a.pcap
    status_is 0
    same_bytes w/a.pcap slim
    only_files stage
    head -c 100 slim >half
    runs_from half pcap-commit --stage-dir stage v/a.pcap
    status_is 1
    same_bytes v/a.pcap "$SMALL"
    only_files stage
}

@test "stage-dir: another filesystem is refused before anything is done" {
    [ "$(stat -c %d /proc)" != "$(stat -c %d w)" ]
    local before
    before=$(picture w)
    runs pcap-slim --dir w --stage-dir /proc
    status_is 1
    err_is "pcap-commit: .: the stage directory is not on its filesystem; name one that is, or none
pcap-slim: w: cannot clean up"
    unchanged w "$before"
    runs pcap-slim --single w/a.pcap --stage-dir /proc
    status_is 1
    err_has "FAIL w/a.pcap: the stage directory is not on its filesystem; name one that is, or none"
    only_files w a.pcap
    same_bytes w/a.pcap "$SMALL"
}

@test "stage-dir: another mount of the same filesystem is refused, too" {
    is_root || skip "needs root"
    unshare --mount true 2>/dev/null || skip "no mount namespaces here"
    mkdir bound
    runs unshare --mount sh -c 'mount --bind stage bound && pcap-slim --single w/a.pcap --stage-dir bound'
    status_is 1
    err_has "FAIL w/a.pcap: the stage directory is not on its filesystem"
    same_bytes w/a.pcap "$SMALL"
}

@test "stage-dir: what a dead run left there goes after 5 minutes, other directories' not" {
    local w v
    w=$(tmp_of w) v=$(tmp_of v)
    for name in "$w" "$v" "b.pcap.${w#a.pcap.}" a.pcap.tmp; do
        echo half >"stage/$name"
        touch -d '6 minutes ago' "stage/$name"
    done
    echo half >"stage/c.pcap.${w#a.pcap.}"
    runs pcap-slim --dir w --stage-dir stage
    status_is 0
    err_has "cleaned 2 stale .pcap.tmp file(s)"
    only_files stage "$v" a.pcap.tmp "c.pcap.${w#a.pcap.}"
    same_bytes w/a.pcap slim
}

@test "stage-dir: a link in the way is not followed" {
    echo precious >target
    ln -s ../target "stage/$(tmp_of w)"
    runs pcap-slim --dir w --stage-dir stage
    status_is 1
    err_has "is in the way and not a plain file (a symbolic link); remove it"
    [ "$(cat target)" = precious ]
    same_bytes w/a.pcap "$SMALL"
}

@test "stage-dir: odd names, relative and absolute" {
    local name="s p'a\"c\$e *"
    mkdir "$name" "$name/w"
    cp "$SMALL" "$name/w/a.pcap"
    mkdir "$name/-x"
    runs pcap-slim --dir "$name/w" --stage-dir "$name/-x"
    status_is 0
    same_bytes "$name/w/a.pcap" slim
    runs pcap-slim --dir v --workers 2 --stage-dir "$PWD/$name/-x"
    status_is 0
    same_bytes v/a.pcap slim
    only_files "$name/-x"
}

@test "stage-dir: misuse" {
    runs pcap-slim --dir w --stage-dir=
    misused "--stage-dir takes the path of a directory"
    runs pcap-slim --dir w --stage-dir nowhere
    refused_with "pcap-slim: $PWD/nowhere: there is no such stage directory"
    runs pcap-truncate --stage-dir stage w/a.pcap
    misuse_is pcap-truncate "--stage-dir goes with --files0-from"
    runs pcap-verify --stage-dir stage --original w/a.pcap slim
    misuse_is pcap-verify "--stage-dir goes with --records"
    runs pcap-truncate --files0-from=/dev/null --stage-dir slim
    refused_with "pcap-truncate: slim: cannot open this stage directory: Not a directory"
    runs pcap-verify --records --stage-dir nowhere
    refused_with "pcap-verify: nowhere: cannot open this stage directory: No such file or directory"
    runs pcap-commit --stage-dir nowhere w/a.pcap
    refused_with "pcap-commit: nowhere: cannot open this stage directory: No such file or directory"
    same_bytes w/a.pcap "$SMALL"
}

@test "stage-dir: with --recursive, files of one name in every directory of a tree" {
    mkdir -p d/x/y
    for folder in d d/x d/x/y; do
        cp "$SMALL" $folder/a.pcap
    done
    runs pcap-slim --dir d --recursive --workers 3 --stage-dir stage
    status_is 0
    for folder in d d/x d/x/y; do
        same_bytes $folder/a.pcap slim
        [ -e $folder/.slim_markers/a.pcap ]
    done
    only_files stage
    [ -z "$(find d -name '*.tmp')" ]
}

@test "stage-dir: inside of the tree, nothing in it is taken for a capture" {
    mkdir -p d/stage d/x
    cp "$SMALL" d/x/a.pcap
    cp "$SMALL" d/stage/"$(tmp_of d/x)"
    runs pcap-slim --dir d --recursive --stage-dir d/stage
    status_is 0
    same_bytes d/x/a.pcap slim
    [ "$(grep -c '^ok ' "$err_file")" -eq 1 ]
}
