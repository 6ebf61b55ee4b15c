#!/usr/bin/env bats
# What tshark says is missing from a capture, before and after, in each length mode.
load ../cli/helpers

# gaps CAPTURE: packets where tshark says that something before them was not captured.
gaps() { tshark -n -r "$1" -Y 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment' 2>/dev/null | wc -l; }

@test "snap and zero raise no false gap warnings in tshark; rewrite does" {
    local file mode before rewritten=0
    for file in "$FIXTURES"/good-real-*.pcap; do
        for mode in rewrite snap zero; do
            pcap-truncate --length $mode "$file" >$mode
        done
        before=$(gaps "$file")
        for mode in snap zero; do
            [ "$(gaps $mode)" -eq "$before" ]
        done
        rewritten=$((rewritten + $(gaps rewrite) - before))
    done
    echo "# rewrite: $rewritten false gap warnings; snap and zero: none" >&3
    [ "$rewritten" -gt 0 ]
}
