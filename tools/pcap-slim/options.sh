# Options. Each is taken by take_option, whether it comes from the command line or from elsewhere.

VALUED_OPTIONS=' --dir --single --workers --age-minutes --verify --output --max-io-mbps --max-cpu-percent
 --cpu-backoff-above --cpu-backoff-strength --stage-dir --policy --flows --length --checksum --payload-bytes
 --tls-ports --quic-ports --ipsec-ports --ssh-ports --min-packets --keep --cut --policy-file '
FLAG_OPTIONS=' --dry-run --check-only --mmap --no-mmap --no-sandbox --keep-checksum --help --version '

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
    dir='' single='' workers='' age='' output=human verify=full mode=run
    asked='' reads='' sandbox='' io='' cpu='' above='' strength=''
    stage='' stage_given='' dir_given='' single_given='' help='' version=''
}

# Options about the policy are left to a filter to judge (make_policy): words, a line each. A line break in a value, as
# an expression may have, means no more than a blank.
ask() {
    case $1 in
    *"$NEWLINE"*) asked=$asked$NEWLINE$(printf %s "$1" | tr '\n' ' ') ;;
    *) asked=$asked$NEWLINE$1 ;;
    esac
}

# take_option NAME VALUE: NAME is one of the above, VALUE empty for a flag.
take_option() {
    case $1 in
    --dir) dir=$2 dir_given=yes ;;
    --single) single=$2 single_given=yes ;;
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
        human | json) output=$2 ;;
        *) misuse "--output takes human or json, not '$2'" ;;
        esac
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
    --policy | --flows | --length | --checksum | --payload-bytes | --tls-ports | --quic-ports | --ipsec-ports | \
        --ssh-ports | --min-packets | --keep | --cut | --policy-file) ask "$1=$2" ;;
    --stage-dir) stage=$2 stage_given=yes ;;
    --mmap | --no-mmap) reads=$1 ;;
    --no-sandbox) sandbox=$1 ;;
    --help) help=yes ;;
    --version) version=yes ;;
    esac
}

parse_options() {
    set_defaults
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
            take_option "$option" "$value"
        elif is_in "$option" "$FLAG_OPTIONS"; then
            [ "$option" = "$1" ] || misuse "option '$option' takes no value"
            take_option "$option" ''
        else
            case $1 in
            --*) unknown_option "$option" ;;
            -*) misuse "unknown option '$1'" ;;
            *) misuse "'$1' is not an option; name a directory with --dir or a file with --single" ;;
            esac
        fi
        shift
    done
}

check_options() {
    [ -z "$dir_given" ] || [ -z "$single_given" ] || misuse "--dir and --single exclude each other"
    [ -n "$dir_given" ] || [ -n "$single_given" ] || misuse "one of --dir PATH and --single PATH is needed"
    [ -z "$dir_given" ] || [ -n "$dir" ] || misuse "--dir takes the path of a directory"
    [ -z "$single_given" ] || [ -n "$single" ] || misuse "--single takes the path of a file"
    [ -z "$stage_given" ] || [ -n "$stage" ] || misuse "--stage-dir takes the path of a directory"
    if [ -n "$single_given" ]; then
        [ -z "$workers" ] || warn "--workers has no effect with --single"
        [ -z "$age" ] || warn "--age-minutes has no effect with --single"
        workers=1 age=''
    fi
    if [ -n "$strength" ] && [ -z "$above" ]; then
        warn "--cpu-backoff-strength has no effect without --cpu-backoff-above"
    fi
    : "${workers:=1}"
}
