#!/bin/sh
# pcap-slim: slim finished captures in place. The chain of filters; pcap-plan takes the words apart, the filters do the
# work.
#
# A run is: list the pending files, oldest first, into a file of NUL-terminated names; hand them in batches to
# WORKERS chains of pcap-truncate | pcap-verify | pcap-commit (one process a stage and batch); turn the records
# that come out into the report. pcap-run holds the run together: limits, claims, signals.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH
trap '' XFSZ # a limit on file sizes is an error like a full disk, and no death that leaves the scratch folder behind

PROGRAM=pcap-slim
CONFIG=@SYSCONFDIR@/pcap-slim.conf
told=''
error='' warning='' info='' # what pcap-plan says goes before a line of each level
