#!/usr/bin/env bats
# `make static`: programs that need nothing of a system but its kernel, whatever its nsswitch.conf names. Skipped where they
# have not been built; scripts/check-packages builds them.
load helpers

setup_more() {
    BIN_DIR=$ROOT/build/static/bin
    [ -x "$BIN_DIR/pcap-truncate" ] || skip "make static has not been run"
    PATH=$BIN_DIR:$PATH
    mkdir d
    cp "$FIXTURES/good-real-tls13.pcap" d/a.pcap
}

# with_switch COMMAND...: where users and everything else are looked up with systemd's library, too.
with_switch() {
    printf '%s: files systemd\n' passwd group hosts services protocols networks ethers >nsswitch.conf
    # shellcheck disable=SC2016 # expanded inside
    unshare -m sh -c 'mount --bind nsswitch.conf /etc/nsswitch.conf && exec "$@"' sh "$@"
}

@test "a system that looks users up with systemd's library" {
    is_root || skip "another nsswitch.conf needs root"
    unshare -m true 2>unshare.err || skip "no mount namespaces here"
    [ -n "$(find /lib /usr/lib -name 'libnss_systemd.so.2' 2>find.err)" ] || skip "libnss-systemd is not installed"
    runs with_switch pcap-slim --dir d
    status_is 0
    err_has 'done: ok=1 skip=0 fail=0'
    runs with_switch pcap-status --prune-markers d
    status_is 0
}

@test "a tree without any library: the filters, and the owner of markers from its own files" {
    is_root || skip "chroot needs root"
    mkdir -p tree/etc tree/d tree/bin
    cp "$BIN_DIR"/pcap-* tree/bin/
    cp d/a.pcap tree/d/
    printf 'root:x:0:0::/:/bin/sh\nsensor:x:77:78::/:/bin/sh\n' >tree/etc/passwd
    printf 'other:x:80:\nsensor:x:79:\n' >tree/etc/group
    printf 'passwd: files systemd ldap\ngroup: files systemd ldap\n' >tree/etc/nsswitch.conf
    printf 'd/a.pcap\0' >names
    runs_from names chroot tree /bin/pcap-truncate --keep 'port 80' --files0-from=-
    status_is 0
    cp "$out_file" cut
    runs_from cut chroot tree /bin/pcap-verify --keep 'port 80' --records
    cp "$out_file" verified
    runs_from verified chroot tree /bin/pcap-commit --keep 'port 80' --records
    status_is 0
    json_is '.status == "ok" and .truncated == 34'
    [ "$(stat -c %u:%g tree/d/.slim_markers/a.pcap)" = 77:79 ]
    runs chroot tree /bin/pcap-status d
    status_is 0
    # Lines that end in nothing, and one that no buffer holds.
    { printf 'broken\n::\n' && head -c 100000 /dev/zero | tr '\0' x && printf '\nsensor:x:5:5::/:/bin/sh\n'; } >tree/etc/passwd
    runs chroot tree /bin/pcap-commit --clean-stale d
    status_is 0
}

@test "expressions: numbers are understood, names are not known" {
    is_root || skip "another nsswitch.conf needs root"
    unshare -m true 2>unshare.err || skip "no mount namespaces here"
    "$ROOT/build/bin/pcap-truncate" --keep 'tcp port 443 or host ::1' d/a.pcap >want || skip "make has not been run"
    runs with_switch pcap-truncate --keep 'tcp port 443 or host ::1' d/a.pcap
    status_is 0
    same_bytes want "$out_file"
    local names='port http/host localhost/net loopback/ether host somebody/ip proto something' name
    while IFS= read -r -d / name; do
        runs with_switch pcap-truncate --keep "$name" d/a.pcap
        status_is 2
        err_has "pcap-truncate: --keep: the expression '$name': unknown"
    done <<<"$names/"
}

@test "compressed captures, whose libraries are in the programs" {
    local kind
    pcap-truncate d/a.pcap >slim.pcap
    for kind in gzip zstd lz4 xz; do
        "$kind" -c <d/a.pcap >a.packed 2>/dev/null
        runs pcap-truncate --accept "$kind" --compress zstd a.packed
        status_is 0
        zstd -dcq <"$out_file" | cmp - slim.pcap
        cp "$out_file" slim.zst
        runs pcap-verify --accept "zstd,$kind" --original a.packed slim.zst
        status_is 0
    done
}
