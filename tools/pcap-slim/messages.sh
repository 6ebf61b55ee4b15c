# Whether lines of standard error begin with a level for the journal, sd-daemon(3): $1 is journal, plain or auto, which
# is journal where systemd has connected standard error to it. Sets error, warning and info to what goes before such lines.
find_log() {
    error='' warning='' info=''
    case $1 in
    plain) return ;;
    auto)
        [ -n "${JOURNAL_STREAM-}" ] || return
        [ "$(stat -L -c %d:%i /proc/self/fd/3 3>&2 2>/dev/null)" = "$JOURNAL_STREAM" ] || return
        ;;
    esac
    error='<3>' warning='<4>' info='<6>'
}

# say LEVEL TEXT: one line, whatever control characters are in a name it quotes.
say() {
    printf '%s%s: %s' "$1" "$PROGRAM" "$2" | tr '\001-\037\177' '[?*]' >&2
    echo >&2
}

# What a configuration file says is wrong at its line: origin.
misuse() {
    say "$error" "${origin-}$1"
    printf "%sTry '%s --help'.\n" "$error" "$PROGRAM" >&2
    misused=yes
    exit 2
}

fail() {
    say "$error" "$1"
    exit 1
}

warn() {
    say "$warning" "warning: $1"
}
