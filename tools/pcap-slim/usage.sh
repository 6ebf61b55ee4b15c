usage() {
    cat <<'EOF'
Usage: pcap-slim --dir PATH | --single PATH | FILE... [OPTION...]
       pcap-slim --status DIR [OPTION...]
Slim finished captures in place: encrypted payload is cut to its first 24 bytes.

Files   --dir PATH (oldest first)  --recursive  --glob PATTERN  --single PATH
        --age-minutes N (not younger)  --until-free 20%|500G (until so much is)
Look    --check-only (what would be saved)  --dry-run (only list)
Work    --workers N (files in parallel)  --verify full|count  --mmap  --no-mmap
        --stage-dir DIR (temporary files)  --no-sandbox  --config FILE
Policy  --policy packet|flow  --length rewrite|snap|zero  --policy-file FILE
        --keep EXPR  --cut EXPR (and more: pcap-slim-policy(5))
Limits  --max-io-mbps N  --max-cpu-percent N  --cpu-backoff-above N
        --cpu-backoff-strength F
Report  --output human|json|ndjson  --metrics FILE (for Prometheus)
        --no-progress  --log auto|plain|journal
Audit   --hash sha256|xxh3 (digests in the markers)  --prune-markers
        --status DIR (what is slim, pending, failed, changed)
Undo    --no-recursive  --progress  --sandbox (what the configuration file sets)
        --help  --version

Each is explained in pcap-slim(1). Exit: 0 well, 1 a file failed, 2 misuse.
Examples:
  pcap-slim --dir /data/pcap --check-only
  pcap-slim --dir /data/pcap --age-minutes 15 --workers 2 --max-io-mbps 50
EOF
}
