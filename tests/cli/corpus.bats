#!/usr/bin/env bats
# Real captures from other projects, a folder of them named by $CORPUS.

load helpers

bats_require_minimum_version 1.5.0

setup_more() {
    [ -n "${CORPUS-}" ] && [ -d "$CORPUS" ] || skip "CORPUS names no folder of captures"
    # Everything in it that is or was named like a capture; found by number, for names may repeat.
    find "$CORPUS" -type f ! -name '*.md' ! -name '*.txt' -print0 | LC_ALL=C sort -z >list
    [ -s list ] || skip "there are no captures in $CORPUS"
    count=$(tr -cd '\0' <list | wc -c)
}

# What pcap-truncate may say of a file that it refuses.
REASONS='not a capture: |not processed: |offset [0-9]+, packet [0-9]+: (record header|packet) cut short after [0-9]+ of [0-9]+ bytes|offset [0-9]+, packet [0-9]+: captured length [0-9]+ is over 256 MiB'

@test "corpus: pcap-truncate ends with 0, or with 1 and a reason; what it made is good to pcap-verify" {
    runs xargs -0 -a list sh -c '
        good=0
        for f; do
            before=$(sha256sum <"$f")
            pcap-truncate --record record.json "$f" >slim 2>err
            status=$?
            [ "$(sha256sum <"$f")" = "$before" ] || echo "changed: $f"
            case $status in
            0)
                good=$((good + 1))
                [ ! -s err ] || echo "said something: $f: $(cat err)"
                pcap-verify --original "$f" slim >/dev/null || echo "not good: $f"
                pcap-verify --record record.json slim >/dev/null || echo "not as recorded: $f"
                pcap-truncate --mmap "$f" | cmp - slim || echo "mapped otherwise: $f"
                pcap-truncate slim | cmp - slim || echo "not idempotent: $f"
                ;;
            1)
                [ "$(wc -l <err)" -eq 1 ] && grep -qE "^pcap-truncate: .*: ($0)" err || echo "no reason: $f: $(cat err)"
                ;;
            *) echo "status $status: $f" ;;
            esac
        done
        echo "$good"' "$REASONS"
    status_is 0
    err_empty
    [ "$(wc -l <"$out_file")" -eq 1 ] || explain "one line expected, the number of captures slimmed"
    [ "$out" -ge 1 ]
    echo "# slimmed $out of $count" >&3
}

@test "corpus: pcap-scan foretells what pcap-truncate does" {
    pcap-scan --files0-from=list >records 2>scan.err || :
    [ "$(wc -l <records)" -eq "$count" ]
    jq -e -s 'map(select(.status == "ok")) | all(.[]; .kept + .truncated == .in_pkts and
        ([.by_reason[].bytes_saved] | add // 0) == .in_bytes - .out_bytes)' records >/dev/null
    jq -r 'if .status == "ok" then .out_bytes else "refused: " + .error end' records >foretold
    runs xargs -0 -a list sh -c '
        for f; do
            if pcap-truncate "$f" >slim 2>err; then
                stat -c %s slim
            else
                sed "s|^pcap-truncate: $f: |refused: |" err
            fi
        done' sh
    status_is 0
    same_bytes foretold "$out_file"
}

@test "corpus: the chain in place; what is refused is unchanged, and a second run finds nothing to do" {
    local n=0 file
    mkdir w
    while IFS= read -r -d '' file; do
        n=$((n + 1))
        cp -- "$file" "w/$n.pcap"
    done <list
    (cd w && sha256sum -- *.pcap) >before
    (cd w && ls | tr '\n' '\0') >names
    cd w
    runs pcap-run --claim-fd 9 sh -c 'pcap-truncate --files0-from=../names --claim-fd 9 | pcap-verify --records |
        pcap-commit --records --claim-fd 9 | tee ../records | pcap-report --expect ../names --output json'
    [ "$status" -le 1 ] || explain "status 0 or 1"
    err_empty
    json_is ".summary.ok + .summary.fail == $count and .summary.skip == 0 and (.files | length) == $count"
    jq -r 'select(.status == "fail") | .error' ../records | grep -vE "^($REASONS)" >../others || :
    [ ! -s ../others ] || explain "$(cat ../others)"
    # Unchanged if refused; a good slim of the original if not.
    jq -r 'select(.status == "fail") | .file' ../records | sort >../refused
    while IFS= read -r file; do grep -F "  $file" ../before; done <../refused >../unchanged
    [ ! -s ../unchanged ] || sha256sum --quiet -c ../unchanged >&2
    [ "$(find . -name '*.tmp')" = '' ]
    [ "$(ls .slim_markers | wc -l)" -eq "$(jq -r 'select(.status == "ok") | .file' ../records | wc -l)" ]
    runs pcap-run --claim-fd 9 sh -c 'pcap-truncate --files0-from=../names --claim-fd 9 | pcap-verify --records |
        pcap-commit --records --claim-fd 9 | pcap-report --output json'
    json_is ".summary.ok == 0 and .summary.fail == $(wc -l <../refused)"
}

@test "corpus: the README's figures are those of the captures it names" {
    local name before after file
    sed -n 's/^| \([a-z0-9_-]*\.pcap\) [^|]*| \([0-9,]*\) | \([0-9,]*\) |.*/\1 \2 \3/p' "$ROOT/README.md" | tr -d , >rows
    [ "$(wc -l <rows)" -ge 5 ] || explain "only $(cat rows)"
    while read -r name before after; do
        file=$(find "$CORPUS" -name "$name" | head -n 1)
        [ -n "$file" ] || skip "$name is not in $CORPUS"
        runs pcap-scan "$file"
        json_is ".in_bytes == $before and .out_bytes == $after"
    done <rows
}
