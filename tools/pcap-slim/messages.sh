# say LEVEL TEXT: one line, whatever control characters are in a name it quotes.
say() {
    message="$1$PROGRAM: $2"
    case $message in
    *[[:cntrl:]]*) message=$(printf '%s' "$message" | tr '\001-\037\177' '[?*]') ;;
    esac
    printf '%s\n' "$message" >&2
}

fail() {
    say "$error" "$1"
    exit 1
}

# What ends the work in one directory, but not that in others.
cannot() {
    say "$error" "$1"
    return 1
}

warn() {
    say "$warning" "warning: $1"
}
