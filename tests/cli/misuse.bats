#!/usr/bin/env bats
# Misuse names the option that was probably meant, in every program.
load helpers

# meant PROGRAM TYPED OPTION
meant() {
    runs "$1" "$2"
    misuse_is "$1" "unknown option '${2%%=*}'; did you mean '$3'?"
}

@test "every filter names the option that was probably meant" {
    meant pcap-truncate --recrod=x --record
    meant pcap-truncate --max-io-mpbs=3 --max-io-mbps
    meant pcap-verify --orginal --original
    meant pcap-commit --clean-stales=d --clean-stale
    meant pcap-scan --pendign --pending
    meant pcap-report --outptu=json --output
    meant pcap-run --clam-fd --claim-fd
}

@test "pcap-slim names the option that was probably meant" {
    meant pcap-slim --wokers --workers
    meant pcap-slim --wokers=3 --workers
    meant pcap-slim --age --age-minutes
    meant pcap-slim --directory=x --dir
    meant pcap-slim --checkonly --check-only
    meant pcap-slim --dryrun --dry-run
}

@test "what is near nothing, or holds what a shell would act on, is named as it is" {
    local word
    for word in --nonsense '--*' '--$(touch x)' '--;touch x' "--'" '--a b'; do
        runs pcap-slim --dir d "$word"
        misuse_is pcap-slim "unknown option '$word'"
    done
    [ -z "$(ls)" ] || explain "something ran"
}
