# fish completion for pcap-slim and its filters. What a program takes is asked of its --help.

function __pcap_slim_options
    set -l words (commandline -opc)
    command $words[1] --help 2>/dev/null | string match -ra -- '--[a-z0-9][a-z0-9-]+' | sort -u
end

# The words that the option before the cursor takes, where --help lists them: "--output human|json".
function __pcap_slim_choices
    set -l words (commandline -opc)
    string match -q -- '--*' $words[-1]; or return 1
    set -l found (command $words[1] --help 2>/dev/null | string match -r -- "$words[-1] ([a-z0-9]+(?:\|[a-z0-9]+)+)")
    test (count $found) -ge 2; or return 1
    string split -- '|' $found[2]
end

for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__pcap_slim_options)'
    complete -c $program -n '__pcap_slim_choices >/dev/null' -f -a '(__pcap_slim_choices)'
end
