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

# A pattern for names that find(1) and fnmatch(3) take, on one line?
is_name_pattern() {
    case $1 in
    '' | */* | *"$NEWLINE"*) return 1 ;;
    esac
}

# A share (20%), or an amount (500G)? Sets amount to the share as it is or to bytes: K, M, G, T are powers of 1024, KB,
# MB, GB, TB of 1000, as in du(1).
is_amount() {
    digits=${1%%[!0-9]*}
    is_whole "$digits" 1 4000000 || return 1
    amount=$whole
    case ${1#"$digits"} in
    %)
        [ "$whole" -le 99 ] || return 1
        amount=$whole%
        ;;
    K) amount=$((whole * 1024)) ;;
    M) amount=$((whole * 1048576)) ;;
    G) amount=$((whole * 1073741824)) ;;
    T) amount=$((whole * 1099511627776)) ;;
    KB) amount=$((whole * 1000)) ;;
    MB) amount=$((whole * 1000000)) ;;
    GB) amount=$((whole * 1000000000)) ;;
    TB) amount=$((whole * 1000000000000)) ;;
    *) return 1 ;;
    esac
}
