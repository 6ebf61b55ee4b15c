#!/usr/bin/env bats
# Any file name works.
load slim-helpers

NAMES=($'new\nline.pcap' 'two  words.pcap' "quote's.pcap" 'double"quote.pcap' 'back\slash.pcap' '-x.pcap' '--help.pcap'
    '*.pcap' '$(touch x).pcap' '`touch x`.pcap' ';touch x.pcap' $'\xff\xfe.pcap' $'tab\t.pcap' '%s%n.pcap' $'end\n.pcap' '~.pcap')

@test "--dir: every odd name is slimmed and reported exactly" {
    mkdir d
    local name
    for name in "${NAMES[@]}"; do cp "$SMALL" "d/$name"; done
    oracle "$SMALL" want
    runs pcap-slim --dir d --output json --workers 2
    status_is 0
    json_is ".summary.ok == ${#NAMES[@]}"
    for name in "${NAMES[@]}"; do
        same_bytes "d/$name" want
        [ -f "d/.slim_markers/$name" ] || explain "no marker for $name"
    done
    jq -e '.files[] | select(.file == "d/new\nline.pcap")' <"$out_file" >/dev/null
    jq -e '.files[] | select(.file_hex == "642ffffe2e70636170") | .file == "d/\ufffd\ufffd.pcap"' <"$out_file" >/dev/null
    [ "$(ls -A d | wc -l)" -eq $((${#NAMES[@]} + 1)) ]
    [ ! -e x ] && [ ! -e d/x ]
}

@test "--single: every odd name, from inside and from outside" {
    mkdir d
    oracle "$SMALL" want
    local name
    for name in "${NAMES[@]}"; do
        cp "$SMALL" "d/$name"
        runs pcap-slim --single "d/$name"
        status_is 0
        same_bytes "d/$name" want
        [ -f "d/.slim_markers/$name" ]
    done
    rm -r d/.slim_markers
    cp "$SMALL" "d/-x.pcap"
    cd d
    runs pcap-slim --single -x.pcap
    status_is 0
    same_bytes ./-x.pcap ../want
}

@test "251 bytes just fit with .tmp; 252 to 255 are a clear failure" {
    mkdir d
    local n name
    for n in 251 252 255; do
        name=$(printf "%0$((n - 5))d" 0).pcap
        cp "$SMALL" "d/$name"
    done
    runs pcap-slim --dir d
    status_is 1
    err_has 'done: ok=1 skip=0 fail=2'
    err_has 'its name of 252 bytes leaves no room for .tmp (255 in all); shorten it'
    err_has 'its name of 255 bytes leaves no room for .tmp (255 in all); shorten it'
    [ "$(ls -A d/.slim_markers | wc -l)" -eq 1 ]
}

@test "a report cannot be forged by a name" {
    mkdir d
    cp "$SMALL" $'d/x\ndone: ok=9 skip=0 fail=0 elapsed=0.0s\n.pcap'
    runs pcap-slim --dir d
    status_is 0
    [ "$(wc -l <"$err_file")" -eq 2 ] || explain "more than two lines"
}

@test "programs are never taken from the capture's directory" {
    mkdir d
    cp "$SMALL" d/a.pcap
    local tool
    for tool in find sort cut xargs sh tr pcap-run pcap-truncate date; do
        printf '#!/bin/sh\ntouch "%s/pwned"\n' "$PWD" >"d/$tool"
        chmod +x "d/$tool"
    done
    runs env PATH=".:$PATH:" pcap-slim --dir d
    status_is 0
    [ ! -e pwned ] || explain "a program of the directory ran"
}
