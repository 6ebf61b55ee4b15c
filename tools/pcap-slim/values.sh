# A whole number of at most 9 digits (so that shell arithmetic holds) between $2 and $3? Sets whole to it without
# leading zeros, with which a shell would take it for octal.
is_whole() {
    case $1 in
    '' | *[!0-9]* | ??????????*) return 1 ;;
    esac
    whole=${1#"${1%%[!0]*}"}
    whole=${whole:-0}
    [ "$whole" -ge "$2" ] && [ "$whole" -le "$3" ]
}

# Digits with at most one point? Sets whole (without leading zeros) and fraction.
is_decimal() {
    case $1 in
    '' | . | *[!0-9.]* | *.*.*) return 1 ;;
    esac
    fraction=''
    case $1 in
    *.*) fraction=${1#*.} ;;
    esac
    whole=${1%%.*}
    whole=${whole#"${whole%%[!0]*}"}
}

# A rate in MB/s from 0.001 to 1000000?
is_rate() {
    is_decimal "$1" || return 1
    case $whole in
    '') case $fraction in [1-9]* | 0[1-9]* | 00[1-9]*) ;; *) return 1 ;; esac ;;
    ???????) [ "$whole" = 1000000 ] && [ -z "$(printf %s "$fraction" | tr -d 0)" ] ;;
    ????????*) return 1 ;;
    esac
}

# A share from 0.0 to 1.0?
is_share() {
    is_decimal "$1" || return 1
    case $whole in
    '') ;;
    1) [ -z "$(printf %s "$fraction" | tr -d 0)" ] ;;
    *) return 1 ;;
    esac
}
