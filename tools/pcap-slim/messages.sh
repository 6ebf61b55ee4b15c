# One line, whatever control characters are in a name it quotes.
say() {
    printf '%s: %s' "$PROGRAM" "$1" | tr '\001-\037\177' '[?*]' >&2
    echo >&2
}

# What a configuration file says is wrong at its line: origin.
misuse() {
    say "${origin-}$1"
    printf "Try '%s --help'.\n" "$PROGRAM" >&2
    exit 2
}

fail() {
    say "$1"
    exit 1
}

warn() {
    say "warning: $1"
}
