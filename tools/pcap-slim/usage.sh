usage() {
    cat <<'EOF'
Usage: pcap-slim --dir PATH | --single PATH | FILE... [OPTION...]
Slim finished captures in place: every packet, timestamp, header and cleartext byte stays, each
encrypted payload keeps its first 24 bytes.

Files   --dir PATH (every pending *.pcap in it, oldest first)  --single PATH
        --recursive  --glob PATTERN (other names)  --age-minutes N (not younger)
        --until-free 20%|500G (stop when that much is free)
Look    --check-only (what would be saved)  --dry-run (only list)
Work    --workers N (files in parallel)  --verify full|count  --mmap  --no-mmap  --no-sandbox
        --stage-dir DIR (temporary files there)  --config FILE (not /etc/pcap-slim.conf)
Policy  --policy packet|flow (each packet by itself, or flows)  --length rewrite|snap|zero
        --keep EXPR, --cut EXPR (pcap-filter(7))  --policy-file FILE (pcap-slim-policy(5))
Limits  --max-io-mbps N  --max-cpu-percent N  --cpu-backoff-above N  --cpu-backoff-strength F
Audit   --hash sha256|xxh3 (digests before and after, in the markers)
        --status DIR (what is slim, pending, changed)  --prune-markers (of files that are gone)
Report  --output human|json|ndjson  --metrics FILE (for Prometheus)  --no-progress
        --log auto|plain|journal
        --help  --version

Each is explained in pcap-slim(1). Exit status: 0 all well, 1 a file failed, 2 misuse.
Examples:
  pcap-slim --dir /data/pcap --check-only
  pcap-slim --dir /data/pcap --age-minutes 15 --workers 2 --max-io-mbps 50 --output json
EOF
}
