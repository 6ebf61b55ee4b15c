# bash completion for pcap-slim and its filters. What a program takes is asked of pcap-plan, which has the table of
# options: name, what it is for, what stands for its value.

_pcap_slim() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} option help takes
    local -a names=() lines=()
    COMPREPLY=()
    # bash splits --output=json into three words.
    if [[ $word == = ]]; then
        word=''
    elif [[ $before == = ]] && ((COMP_CWORD > 1)); then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    while IFS=$'\t' read -r option help takes; do
        if [[ $option == "$before" && -n $takes ]]; then
            case $takes in
            *'|'*) mapfile -t COMPREPLY < <(compgen -W "${takes//|/ }" -- "$word") ;;
            DIR)
                mapfile -t COMPREPLY < <(compgen -d -- "$word")
                compopt -o filenames 2>/dev/null
                ;;
            F | FILE | LIST | RECORDS)
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
                compopt -o filenames 2>/dev/null
                ;;
            esac
            return
        fi
        if [[ $option == "$word"* ]]; then
            names+=("$option")
            lines+=("$(printf '%-24s (%s)' "$option" "$help")")
        fi
    done < <(command pcap-plan --options "${1##*/}" 2>/dev/null)
    if [[ $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
    elif ((${#names[@]} == 1)) || [[ ${COMP_TYPE-} == 37 || ${COMP_TYPE-} == 42 ]]; then
        COMPREPLY=("${names[@]}") # it goes into the line as it is
    else
        COMPREPLY=("${lines[@]}")
        compopt -o nosort 2>/dev/null
    fi
}

complete -F _pcap_slim pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan
