# bash completion for pcap-slim and its filters. What a program takes is asked of its --help, so this never lags behind.

_pcap_slim_help() { command "$1" --help 2>/dev/null; }

# The words that the option $2 of program $1 takes, where --help lists them: "--output human|json".
_pcap_slim_choices() {
    _pcap_slim_help "$1" | grep -oE -- "$2 [a-z0-9]+(\|[a-z0-9]+)+" | head -n 1 | sed -e 's/^[^ ]* //' -e 's/|/ /g'
}

_pcap_slim() {
    local program=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices
    COMPREPLY=()
    # bash splits --output=json into three words.
    if [[ $word == = ]]; then
        word=''
    elif [[ $before == = ]] && ((COMP_CWORD > 1)); then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $before in
    --dir | --clean-stale | --status)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        compopt -o filenames 2>/dev/null
        return
        ;;
    --workers | --age-minutes | --max-* | --cpu-* | --*-fd | --glob | --prefix | --until-free | --flows | --nearest)
        return
        ;;
    --*)
        choices=$(_pcap_slim_choices "$program" "$before")
        if [[ -n $choices ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
            return
        fi
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_pcap_slim_help "$program" | grep -oE -- '--[a-z0-9][a-z0-9-]+' | sort -u)" -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    compopt -o filenames 2>/dev/null
}

complete -F _pcap_slim pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status
