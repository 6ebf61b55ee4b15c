# fish completion for pcap-slim and its filters. What a program takes is asked of pcap-plan, which has the table of
# options: name, what it is for, what stands for its value.

function __pcap_slim_rows
    set -l words (commandline -opc)
    command pcap-plan --options (string replace -r '.*/' '' -- $words[1]) 2>/dev/null
end

function __pcap_slim_options
    __pcap_slim_rows | string replace -r '\t[^\t]*$' ''
end

# The words that the option before the cursor takes.
function __pcap_slim_choices
    set -l words (commandline -opc)
    string match -q -- '--*' $words[-1]; or return 1
    set -l found (__pcap_slim_rows | string match -r -- "^$words[-1]\t[^\t]*\t(.*\|.*)\$")
    test (count $found) -ge 2; or return 1
    string split -- '|' $found[2]
end

for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__pcap_slim_options)'
    complete -c $program -n '__pcap_slim_choices >/dev/null' -f -a '(__pcap_slim_choices)'
end
