usage() {
    cat <<'EOF'
Usage: pcap-slim --dir PATH | --single PATH [OPTION...]
Slim finished captures in place: every packet, timestamp, header and cleartext byte stays, each
encrypted payload keeps its first 24 bytes.

  --dir PATH                every pending *.pcap directly in PATH, oldest first
  --single PATH             one file
  --workers N               files in parallel (default 1)
  --age-minutes N           only files last written at least N minutes ago
  --dry-run                 list what would be slimmed; write nothing
  --check-only              say what slimming would save; write nothing
  --verify full|count       check each slim capture against every packet of its original (default),
                            or only its packet count and digest
  --policy packet|flow      judge each packet by itself (default), or follow flows
  --length rewrite|snap|zero  how a cut packet is written (default rewrite)
  --keep EXPR, --cut EXPR   packets never, or always, to be cut: pcap-filter(7); repeatable
  --policy-file FILE        these and all other settings from a file: pcap-slim-policy(5)
  --stage-dir DIR           temporary files go there (same filesystem), not beside the captures
  --output human|json       format of the report (default human)
  --max-io-mbps N           cap on bytes read and written, 10^6 a second, all processes together
  --max-cpu-percent N       cap on the share of the whole machine's CPU, 1 to 100
  --cpu-backoff-above N     lower the CPU target while the host is busier than N %
  --cpu-backoff-strength F  how much, 0.0 to 1.0 (default 0.5)
  --mmap, --no-mmap         force mapped or buffered reads (default: what is faster)
  --no-sandbox              let the filters keep all rights (for debugging)
  --help, --version

Exit status: 0 all well, 1 a file failed, 2 misuse.
Examples:
  pcap-slim --dir /data/pcap --check-only
  pcap-slim --dir /data/pcap --age-minutes 15 --workers 2 --max-io-mbps 50 --output json
EOF
}
