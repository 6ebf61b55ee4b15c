# The configuration file: lines "key = value", where a key is a long option without its dashes. It is read, never run.

CONFIG=@SYSCONFDIR@/pcap-slim.conf

trim() {
    trimmed=${1#"${1%%[![:space:]]*}"}
    trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
}

# The one that was named must be there; the usual one need not.
read_settings() {
    settings=' '
    if [ -z "$config" ]; then
        [ -e "$CONFIG" ] || return 0
        config=$CONFIG
    fi
    if [ -d "$config" ] || ! (: <"$config") 2>/dev/null; then
        misuse "$config: cannot read this configuration file"
    fi
    number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        origin="$config: line $number: "
        trim "$line"
        case $trimmed in
        '' | '#'*) ;;
        *=*) take_setting "${trimmed%%=*}" "${trimmed#*=}" ;;
        *) misuse "expected key = value, not '$trimmed'" ;;
        esac
    done <"$config"
    origin=''
    keep_settings
}

take_setting() {
    trim "$1"
    key=$trimmed
    trim "$2"
    value=$trimmed
    if is_in "--$key" "$COMMAND_LINE_ONLY"; then
        misuse "'$key' is for the command line only"
    elif is_in "--$key" "$VALUED_OPTIONS"; then
        [ -n "$value" ] || misuse "'$key' needs a value"
        case $value in
        \"*\" | \'*\') misuse "values are written without quotes: $key = $value" ;;
        esac
        once "$key"
        take_option "--$key" "$value"
    elif is_in "--$key" "$FLAG_OPTIONS"; then
        once "$key"
        case $key=$value in
        *=yes) take_option "--$key" '' ;;
        sandbox=no | progress=no) take_option "--no-$key" '' ;; # they are so unless told
        *=no) ;;
        *) misuse "'$key' takes yes or no, not '$value'" ;;
        esac
    else
        options=$(printf '%s' "$VALUED_OPTIONS$FLAG_OPTIONS" | sed 's/--//g')
        misuse "unknown setting '$key'$(did_you_mean "$key" "$options" '')"
    fi
}

# Set twice, it is not clear which one is meant.
once() {
    if is_in "$1" "$settings" && ! is_in "--$1" "$REPEATED_OPTIONS"; then
        misuse "'$1' is set twice"
    fi
    settings="$settings$1 "
}

# What the command line replaces as a whole: the target, and what may be given several times. What is about reports of
# runs is not about --status.
keep_settings() {
    set_dir=$dir set_globs=$globs set_output=$output
    dir='' dir_given='' globs=''
}

use_settings() {
    if [ -n "$status_dir" ]; then
        [ "${set_output-} $output" != 'ndjson ndjson' ] || is_in --output "$typed" || output=json
        return
    fi
    if [ -z "$dir_given$single_given" ] && [ "$files" -eq 0 ] && [ -n "${set_dir-}" ]; then
        dir=$set_dir dir_given=yes
    fi
    : "${globs:=${set_globs-}}"
}
