#!/usr/bin/env bats
# Workers that take their names from one list: pcap-truncate --share-names

load slim-helpers

bats_require_minimum_version 1.5.0

setup_more() {
    mkdir w
    for n in $(seq -w 0 39); do cp "$SMALL" "w/$n.pcap"; done
    printf '%s\0' w/*.pcap >names
    pcap-truncate "$SMALL" >slim
}

@test "three processes and one list: each name goes to one of them" {
    exec 6<>names
    for n in 1 2 3; do pcap-truncate --files0-from=- --share-names <&6 >records.$n 6<&- & done
    exec 6<&-
    wait
    [ "$(cat records.* | jq -r .file | sort)" = "$(printf '%s\n' w/*.pcap)" ]
    jq -e -s 'length == 40 and all(.status == "cut")' records.* >/dev/null
    for file in w/*.pcap; do same_bytes "$file.tmp" slim; done
}

@test "one name at a time is taken: whoever dies takes none along" {
    printf 'w/00.pcap\0none/x.pcap\0w/01.pcap' >names # the last without its end is no name
    exec 6<>names
    runs_from /dev/null sh -c 'pcap-truncate --files0-from=- --share-names <&6'
    exec 6<&-
    status_is 1
    err_is "pcap-truncate: -: cannot take a name from the list: File name too long"
    jq -e -s 'map(.file) == ["w/00.pcap", "none/x.pcap"]' "$out_file" >/dev/null
    printf 'w/02.pcap\0w/03.pcap\0' >names
    exec 6<>names
    runs_from /dev/null sh -c 'pcap-truncate --files0-from=- --share-names <&6 >/dev/full'
    status_is 1
    pcap-truncate --files0-from=- --share-names <&6 >rest
    exec 6<&-
    # The one that has lost its reader has taken one name, and cleared up behind itself.
    [ "$(jq -r .file rest)" = w/03.pcap ]
    [ ! -e w/02.pcap.tmp ]
}

@test "a list that nobody can share" {
    runs_from names pcap-truncate --files0-from=- --share-names # open for reading only
    status_is 1
    err_is "pcap-truncate: -: cannot take a name from the list: Bad file descriptor"
    out_empty
    runs sh -c 'cat names | pcap-truncate --files0-from=- --share-names'
    status_is 1
    err_has "cannot take a name from the list: "
    runs pcap-truncate --share-names w/00.pcap
    misuse_is pcap-truncate "--share-names goes with --files0-from"
}

@test "pcap-slim starts each worker once, and no more of them than there are captures" {
    traced --trace=execve trace pcap-slim --dir w --workers 3
    for file in w/*.pcap; do same_bytes "$file" slim; done
    for program in pcap-truncate pcap-verify; do calls_are trace "execve\(\"[^\"]*/$program\".*= 0" 3; done
    rm -rf trace.* w/.slim_markers
    cp "$SMALL" w/40.pcap
    cp "$SMALL" w/41.pcap
    for n in $(seq -w 0 39); do rm w/"$n".pcap; done
    traced --trace=execve trace pcap-slim --dir w --workers 8
    for file in w/*.pcap; do same_bytes "$file" slim; done
    calls_are trace 'execve\("[^"]*/pcap-truncate".*= 0' 2
}
