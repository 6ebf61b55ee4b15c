# Options. Each is taken by take_option, whether it comes from the command line or from elsewhere.

VALUED_OPTIONS=' --dir --single --glob --until-free --workers --age-minutes --verify --output --max-io-mbps
 --max-cpu-percent --cpu-backoff-above --cpu-backoff-strength --stage-dir --config --policy --flows --length --checksum
 --payload-bytes --tls-ports --quic-ports --ipsec-ports --ssh-ports --min-packets --keep --cut --policy-file
 --metrics --log --status --hash '
FLAG_OPTIONS=' --recursive --no-recursive --dry-run --check-only --mmap --no-mmap --sandbox --no-sandbox --keep-checksum
 --no-keep-checksum --progress --no-progress --prune-markers --help --version '
REPEATED_OPTIONS=' --glob --keep --cut '
# What a configuration file cannot hold, because it is about this one call.
COMMAND_LINE_ONLY=' --status --prune-markers --single --dry-run --check-only --config --help --version '

# Whether the word $1 is in the list $2.
is_in() {
    case $1 in
    '' | *[!a-z0-9-]*) return 1 ;;
    esac
    case $2 in
    *[[:space:]]"$1"[[:space:]]*) return 0 ;;
    esac
    return 1
}

# The end of a complaint about the word $1: which word of the list $2 was probably meant, or nothing. $3 goes before it.
did_you_mean() (
    find_filters
    # shellcheck disable=SC2086 # words
    near=$(pcap-run --nearest="$1" -- $2) || exit 0
    printf "; did you mean '%s%s'?" "$3" "$near"
) 2>/dev/null

unknown_option() {
    options=$(printf '%s' "$VALUED_OPTIONS$FLAG_OPTIONS" | sed 's/--//g')
    misuse "unknown option '$1'$(did_you_mean "${1#--}" "$options" --)"
}

set_defaults() {
    dir='' single='' recursive='' globs='' until='' until_typed='' workers='' age='' output=human verify=full mode=run
    metrics='' log='' progress='' status_dir='' prune=''
    asked='' reads='' sandbox='' io='' cpu='' above='' strength=''
    hash='' stage='' stage_given='' dir_given='' single_given='' files=0 help='' version='' config=''
    origin='' typed=' '
}

# Options about the policy are left to a filter to judge (make_policy): words, a line each. A line break in a value, as
# an expression may have, means no more than a blank.
ask() {
    case $1 in
    *"$NEWLINE"*) asked=$asked$NEWLINE$(printf %s "$1" | tr '\n' ' ') ;;
    *) asked=$asked$NEWLINE$1 ;;
    esac
}

# take_option NAME VALUE: NAME is one of the above, VALUE empty for a flag; or NAME is FILE for an operand.
take_option() {
    case $1 in
    --dir) dir=$2 dir_given=yes ;;
    --single) single=$2 single_given=yes ;;
    FILE) files=$((files + 1)) ;;
    --recursive) recursive=yes ;;
    --no-recursive) recursive='' ;;
    --glob)
        is_name_pattern "$2" || misuse "--glob takes a pattern for names, without '/' and line breaks, not '$2'"
        globs=$globs$2$NEWLINE
        ;;
    --until-free)
        is_amount "$2" || misuse "--until-free takes a share of the filesystem (20%) or an amount (500G), not '$2'"
        until=$amount until_typed=$2
        ;;
    --workers)
        is_whole "$2" 1 1024 || misuse "--workers takes a whole number from 1 to 1024, not '$2'"
        workers=$whole
        ;;
    --age-minutes)
        is_whole "$2" 0 99999999 || misuse "--age-minutes takes a whole number of minutes, not '$2'"
        age=$whole
        ;;
    --dry-run) mode=dry-run ;;
    --check-only) [ "$mode" = dry-run ] || mode=check-only ;;
    --verify)
        case $2 in
        full | count) verify=$2 ;;
        *) misuse "--verify takes full or count, not '$2'" ;;
        esac
        ;;
    --output)
        case $2 in
        human | json | ndjson) output=$2 ;;
        *) misuse "--output takes human, json or ndjson, not '$2'" ;;
        esac
        ;;
    --metrics)
        case $2 in
        '') misuse "--metrics takes the path of a file" ;;
        /*) metrics=$2 ;;
        *) metrics=$PWD/$2 ;; # the run is in another directory
        esac
        ;;
    --no-progress) progress=$1 ;;
    --progress) progress='' ;;
    --status)
        [ -n "$2" ] || misuse "--status takes the path of a directory"
        status_dir=$2
        ;;
    --prune-markers) prune=$1 ;;
    --log)
        case $2 in
        auto | plain | journal) log=$2 ;;
        *) misuse "--log takes auto, plain or journal, not '$2'" ;;
        esac
        find_log "$log"
        ;;
    --max-io-mbps)
        is_rate "$2" || misuse "--max-io-mbps takes a number of MB/s above 0, not '$2'"
        io=$2
        ;;
    --max-cpu-percent)
        is_whole "$2" 1 100 || misuse "--max-cpu-percent takes a whole number from 1 to 100, not '$2'"
        cpu=$whole
        ;;
    --cpu-backoff-above)
        is_whole "$2" 0 100 || misuse "--cpu-backoff-above takes a whole number from 0 to 100, not '$2'"
        above=$whole
        ;;
    --cpu-backoff-strength)
        is_share "$2" || misuse "--cpu-backoff-strength takes a number from 0.0 to 1.0, not '$2'"
        strength=$2
        ;;
    --keep-checksum) ask "$1" ;;
    --no-keep-checksum) ask --checksum=compute ;;
    --policy | --flows | --length | --checksum | --payload-bytes | --tls-ports | --quic-ports | --ipsec-ports | \
        --ssh-ports | --min-packets | --keep | --cut | --policy-file) ask "$1=$2" ;;
    --stage-dir) stage=$2 stage_given=yes ;;
    --hash)
        case $2 in
        sha256 | xxh3) hash=$2 ;;
        *) misuse "--hash takes sha256 or xxh3, not '$2'" ;;
        esac
        ;;
    --mmap | --no-mmap) reads=$1 ;;
    --no-sandbox) sandbox=$1 ;;
    --sandbox) sandbox='' ;;
    --help) help=yes ;;
    --version) version=yes ;;
    esac
}

# shellcheck disable=SC2317 # actions of each_option are called by name
# Before anything else is known: what says where the rest comes from, or that there is no rest.
take_first() {
    case $1 in
    --config)
        [ -n "$2" ] || misuse "--config takes the path of a file"
        config=$2
        ;;
    --help | --version) take_option "$1" '' ;;
    esac
}

# shellcheck disable=SC2317
take_typed() {
    typed="$typed$1 "
    take_option "$1" "$2"
}

# each_option ACTION ARGUMENT...: ACTION NAME VALUE for each option, ACTION FILE NAME for each operand.
each_option() {
    action=$1
    shift
    while [ $# -gt 0 ]; do
        option=${1%%=*}
        if is_in "$option" "$VALUED_OPTIONS"; then
            case $1 in
            *=*) value=${1#*=} ;;
            *)
                [ $# -gt 1 ] || misuse "option '$option' needs a value"
                value=$2
                shift
                ;;
            esac
            "$action" "$option" "$value"
        elif is_in "$option" "$FLAG_OPTIONS"; then
            [ "$option" = "$1" ] || misuse "option '$option' takes no value"
            "$action" "$option" ''
        else
            case $1 in
            --)
                shift
                break
                ;;
            --*) unknown_option "$option" ;;
            -*) misuse "unknown option '$1'" ;;
            *) "$action" FILE "$1" ;;
            esac
        fi
        shift
    done
    for file; do
        "$action" FILE "$file"
    done
}

# The configuration file first, then the command line, which wins.
parse_options() {
    set_defaults
    each_option take_first "$@"
    [ -n "$help$version" ] || read_settings
    each_option take_typed "$@"
    use_settings
}

has_no_effect() {
    if is_in "$1" "$typed"; then
        warn "$1 has no effect with $2"
    fi
}

check_target() {
    [ -z "$dir_given" ] || [ -z "$single_given" ] || misuse "--dir and --single exclude each other"
    [ "$files" -eq 0 ] || [ -z "$dir_given" ] || misuse "--dir and FILE exclude each other"
    [ "$files" -eq 0 ] || [ -z "$single_given" ] || misuse "--single and FILE exclude each other"
    [ -n "$dir_given$single_given" ] || [ "$files" -gt 0 ] ||
        misuse "one of --dir PATH, --single PATH and FILE is needed"
    [ -z "$dir_given" ] || [ -n "$dir" ] || misuse "--dir takes the path of a directory"
    [ -z "$single_given" ] || [ -n "$single" ] || misuse "--single takes the path of a file"
    [ -z "$stage_given" ] || [ -n "$stage" ] || misuse "--stage-dir takes the path of a directory"
}

# What is about a directory says nothing about files that are named.
check_options() {
    [ -z "$prune" ] || [ -n "$status_dir" ] || misuse "--prune-markers goes with --status"
    if [ -n "$status_dir" ]; then
        [ -z "$dir_given$single_given" ] || misuse "--status goes with neither --dir nor --single"
        [ "$files" -eq 0 ] || misuse "--status takes one directory and goes without FILE"
        [ "$output" != ndjson ] || misuse "--status takes --output human or json"
        return
    fi
    check_target
    if [ -z "$dir_given" ]; then
        target=${single_given:+--single}
        [ -z "$single_given" ] || has_no_effect --workers --single
        for option in --age-minutes --recursive --glob --until-free; do
            has_no_effect "$option" "${target:-FILE}"
        done
        age='' recursive='' globs='' until=''
    fi
    [ -z "$single_given" ] || workers=1
    if [ "$mode" != run ]; then
        has_no_effect --until-free "--$mode"
        has_no_effect --hash "--$mode"
        until=''
    fi
    if [ -n "$strength" ] && [ -z "$above" ]; then
        warn "--cpu-backoff-strength has no effect without --cpu-backoff-above"
    fi
    if [ -n "$metrics" ] && [ "$mode" != run ]; then
        warn "--metrics has no effect with --$mode"
        metrics=''
    fi
    : "${workers:=1}"
    [ -n "$globs" ] || globs="*.pcap$NEWLINE"
}
