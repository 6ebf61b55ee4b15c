#!/usr/bin/env bats
# Every recipe of the README and of docs/FLEET.md, as it stands there.
load slim-helpers

setup_more() {
    mkdir -p srv/pcap srv/store bin
    export HOME=$PWD
    TLS=$FIXTURES/good-real-tls13.pcap
    HTTP=$FIXTURES/good-real-http.pcap
    # Who captures gets a recording, one a file; everything else they do themselves.
    cat >bin/tcpdump <<'SH'
#!/bin/sh
case " $* " in
*" -i eth0 "*) ;;
*) exec /usr/bin/tcpdump "$@" ;;
esac
out='' hook=''
while [ $# -gt 0 ]; do
    case $1 in
    -w) out=$2 ;;
    -z) hook=$2 ;;
    esac
    shift
done
[ "$out" != - ] || exec cat "$TLS"
out=$(date +"$out")
cp "$TLS" "$out"
exec "$hook" "$out"
SH
    cat >bin/dumpcap <<'SH'
#!/bin/sh
for word; do last=$word; done
for n in 00001 00002; do
    cp "$TLS" "${last%.pcap}_${n}_20260101000000.pcap"
    echo "${last%.pcap}_${n}_20260101000000.pcap"
done
SH
    cat >bin/ssh <<'SH'
#!/bin/sh
[ "$1" = sensor ] || exit 255
shift
exec sh -c "$*"
SH
    chmod 755 bin/*
    export TLS
    PATH=$PWD/bin:$PATH
}

# recipe FILE HEADING [N]: the (Nth) sh block below a heading, with our folders in the place of /srv, /store and those of other systems.
recipe() {
    awk -v heading="$2" -v wanted="${3:-1}" '
        /^##/ && !inside { here = ($0 ~ /^##+ / && substr($0, index($0, " ") + 1) == heading) }
        here && /^```sh$/ { inside = 1; n++; next }
        /^```$/ { inside = 0 }
        inside && n == wanted' "$ROOT/$1" | sed -e "s|/srv/pcap|srv/pcap|g" -e "s|/store|srv/store|g" \
        -e "s|/opt/arkime/raw|srv/arkime|g" -e "s|/var/log/suricata|srv/suricata|g" -e "s|/nsm/suripcap|srv/suripcap|g"
}

# runs_recipe HEADING
runs_recipe() {
    recipe README.md "$1" >recipe.sh
    [ -s recipe.sh ] || explain "there is no recipe '$1'"
    runs sh -e recipe.sh
    status_is 0
}

slim_of_tls() { pcap-truncate <"$TLS" >want && same_bytes want "$1"; }

@test "recipe: After a crash of what wrote the captures" {
    head -c -100 "$TLS" >srv/pcap/a.pcap
    touch -d '1 hour ago' srv/pcap/a.pcap
    pcap-truncate --cut-tail keep srv/pcap/a.pcap >want
    runs_recipe 'After a crash of what wrote the captures'
    status_is 0
    same_bytes srv/pcap/a.pcap want
}

@test "recipe: One capture to another" {
    cp "$TLS" a.pcap
    runs_recipe 'One capture to another'
    out_is good
    slim_of_tls a.slim.pcap
}

@test "recipe: As it is captured" {
    runs_recipe 'As it is captured'
    slim_of_tls a.slim.pcap
}

@test "recipe: Each file of tcpdump's as it is closed" {
    runs_recipe "Each file of tcpdump's as it is closed"
    local file
    file=$(echo srv/pcap/*.pcap)
    slim_of_tls "$file"
    [ -f "srv/pcap/.slim_markers/${file##*/}" ]
}

@test "recipe: Each file of dumpcap's ring as it is closed" {
    runs_recipe "Each file of dumpcap's ring as it is closed"
    slim_of_tls srv/pcap/ring_00001_20260101000000.pcap
    slim_of_tls srv/pcap/ring_00002_20260101000000.pcap
}

@test "recipe: A ring of dumpcap's, from time to time" {
    editcap -F pcapng "$TLS" a.pcapng
    cp a.pcapng srv/pcap/ring_00001_20260101000000.pcapng
    cp a.pcapng srv/pcap/ring_00002_20260101001000.pcapng
    cp "$TLS" srv/pcap/ring_00003_20260101002000.pcap
    touch -d '1 hour ago' srv/pcap/*_00001_* srv/pcap/*_00003_*
    pcap-truncate --accept pcapng a.pcapng >want
    runs_recipe "A ring of dumpcap's, from time to time"
    err_has 'ok=2 skip=0'
    same_bytes want srv/pcap/ring_00001_20260101000000.pcapng
    same_bytes a.pcapng srv/pcap/ring_00002_20260101001000.pcapng
    slim_of_tls srv/pcap/ring_00003_20260101002000.pcap
}

@test "recipe: pcapng" {
    editcap -F pcapng "$TLS" a.pcapng
    runs_recipe pcapng
    runs pcap-verify --original a.pcapng a.slim.pcapng
    status_is 0
    [ "$(tcpdump -nr a.slim.pcapng 2>/dev/null | wc -l)" -eq 71 ]
    [ "$(stat -c %s a.slim.pcapng)" -lt "$(stat -c %s a.pcapng)" ]
}

@test "recipe: A compressed archive" {
    zstd -q "$TLS" -o a.pcap.zst
    runs_recipe 'A compressed archive'
    zstd -dq a.slim.pcap.zst -o a.slim.pcap
    slim_of_tls a.slim.pcap
}

@test "recipe: What stays readable" {
    cp "$HTTP" a.pcap
    runs_recipe 'What stays readable'
    [ -n "$out" ] || explain "no request was readable"
}

@test "recipe: From another machine" {
    cp "$TLS" srv/pcap/a.pcap
    runs_recipe 'From another machine'
    slim_of_tls a.slim.pcap
}

@test "recipe: Files that find finds" {
    mkdir srv/pcap/sub
    cp "$TLS" srv/pcap/sub/a.cap
    touch -d '1 hour ago' srv/pcap/sub/a.cap
    cp "$TLS" srv/pcap/young.cap
    runs_recipe 'Files that find finds'
    slim_of_tls srv/pcap/sub/a.cap
    same_bytes "$TLS" srv/pcap/young.cap
    # and again: a marker, which has the name of its capture, is no capture
    find srv -exec touch -d '1 hour ago' {} +
    runs_recipe 'Files that find finds'
    err_has 'fail=0'
}

@test "recipe: How much was saved so far" {
    cp "$TLS" srv/pcap/a.pcap
    cp "$HTTP" srv/pcap/b.pcap
    pcap-slim --dir srv/pcap
    runs_recipe 'How much was saved so far'
    json_is ".before == $(cat "$TLS" "$HTTP" | wc -c) and .after == $(cat srv/pcap/*.pcap | wc -c)"
}

@test "recipe: Chain of custody" {
    cp "$TLS" srv/pcap/a.pcap
    cp "$HTTP" srv/pcap/b.pcap
    runs_recipe 'Chain of custody'
    out_is 'a.pcap: OK
b.pcap: OK'
    jq -e ".in_sha256 == \"$(sha256sum <"$TLS" | cut -d ' ' -f 1)\"" srv/pcap/.slim_markers/a.pcap
}

@test "recipe: A disk that is filling up" {
    cp "$TLS" srv/pcap/a.pcap
    printf '#!/bin/sh\n[ "$1" = -f ] || exec /usr/bin/stat "$@"\n[ -e .slim_markers/a.pcap ] && echo 200 200 1000 4096 || echo 100 100 1000 4096\n' >bin/stat
    chmod 755 bin/stat
    runs_recipe 'A disk that is filling up'
    err_has '20.0% (819200 bytes) free, 20% wanted: enough; 1 of 1 file(s) taken up'
    slim_of_tls srv/pcap/a.pcap
}

# old NAME...: recordings under these names, finished two hours ago.
old() {
    local name
    for name; do
        mkdir -p "${name%/*}"
        cp "$TLS" "$name"
        touch -d '2 hours ago' "$name"
    done
}

# An index by offset stays true, and Arkime takes each record for a whole packet: captured is original length.
records_are_whole_and_in_place() {
    "$PYTHON" - "$TLS" "$1" <<'PY'
import struct, sys
def records(data):
    at, found = 24, []
    while at < len(data):
        captured, original = struct.unpack_from("<II", data, at + 8)
        found.append((at, captured, original))
        at += 16 + captured
    return found
whole, slim = (open(path, "rb").read() for path in sys.argv[1:])
assert whole != slim and records(whole) == records(slim)
assert all(captured == original for _, captured, original in records(slim))
PY
}

@test "recipe: Arkime" {
    old srv/arkime/node-260101-00000001.pcap srv/arkime/node-260101-00000002.pcap.zst
    "$PYTHON" "$ROOT/tests/cli/indexed.py" make "$TLS" a.zst 4000
    cat a.zst >srv/arkime/node-260101-00000002.pcap.zst
    touch -d '2 hours ago' srv/arkime/*.zst
    runs_recipe Arkime
    records_are_whole_and_in_place srv/arkime/node-260101-00000001.pcap
    [ "$("$PYTHON" "$ROOT/tests/cli/indexed.py" judge a.zst srv/arkime/*.zst srv/arkime/*.pcap)" -gt 0 ]
}

@test "recipe: Malcolm" {
    old Malcolm/pcap/processed/a.pcap Malcolm/pcap/upload/b.pcap Malcolm/pcap/processed/AUTOZEEK,c.pcapng
    editcap -F pcapng "$TLS" c.pcapng
    cat c.pcapng >Malcolm/pcap/processed/AUTOZEEK,c.pcapng
    touch -d '2 hours ago' Malcolm/pcap/processed/*
    pcap-truncate --accept pcapng --policy flow --length zero c.pcapng >want
    runs_recipe Malcolm
    same_bytes want Malcolm/pcap/processed/AUTOZEEK,c.pcapng
    records_are_whole_and_in_place Malcolm/pcap/processed/a.pcap
    same_bytes "$TLS" Malcolm/pcap/upload/b.pcap
}

@test "recipe: Suricata" {
    old srv/suricata/log.pcap.1700000000 srv/suricata/eve.json
    lz4 -q -c "$TLS" >srv/suricata/log.pcap.1700000300.lz4
    touch -d '2 hours ago' srv/suricata/*.lz4
    cp "$TLS" srv/suricata/log.pcap.1700000600
    runs_recipe Suricata
    pcap-truncate --policy flow <"$TLS" >want
    same_bytes want srv/suricata/log.pcap.1700000000
    lz4 -dcq srv/suricata/log.pcap.1700000300.lz4 | cmp - want
    same_bytes "$TLS" srv/suricata/log.pcap.1700000600
    same_bytes "$TLS" srv/suricata/eve.json
}

@test "recipe: Security Onion" {
    old srv/suripcap/1/so-pcap.1700000000 srv/suripcap/2/so-pcap.1700000000 srv/suripcap/2/other
    lz4 -q -c "$TLS" >srv/suripcap/1/so-pcap.1700000300.lz4
    touch -d '2 hours ago' srv/suripcap/1/*.lz4
    runs_recipe 'Security Onion'
    pcap-truncate --policy flow <"$TLS" >want
    same_bytes want srv/suripcap/1/so-pcap.1700000000
    same_bytes want srv/suripcap/2/so-pcap.1700000000
    lz4 -dcq srv/suripcap/1/so-pcap.1700000300.lz4 | cmp - want
    same_bytes "$TLS" srv/suripcap/2/other
}

@test "recipe: Zeek" {
    printf '#!/bin/sh\n[ "$*" = "-C -r -" ] || exit 1\nexec cat >read-by-zeek\n' >bin/zeek
    chmod 755 bin/zeek
    cp "$TLS" a.pcap
    runs_recipe Zeek
    pcap-truncate --policy flow --length snap <"$TLS" >want
    same_bytes want read-by-zeek
}

@test "README: every recipe has a test, and every test a recipe" {
    sed -n -e '/^## With Arkime/,/^## When/p' -e '/^## Recipes$/,/^## /p' "$ROOT/README.md" | sed -n 's/^### //p' |
        LC_ALL=C sort >recipes
    {
        sed -n 's/^@test "recipe: \(.*\)" {$/\1/p' "$BATS_TEST_FILENAME"
        echo 'All sensors at once' # fleet.bats
    } | LC_ALL=C sort >tests
    same_bytes recipes tests
}

@test "README: quickstart shows what slimming gave, and what building printed only where it failed" {
    mkdir -p clone/scripts clone/build
    cp "$ROOT/scripts/quickstart" clone/scripts
    ln -s "$FIXTURES" clone/fixtures
    ln -s "$BIN_DIR" clone/build/bin
    echo 'echo noise of a package' >clone/scripts/install-deps
    printf 'all:\n\t@echo noise of a compiler; test ! -e broken\n' >clone/Makefile
    runs sh clone/scripts/quickstart
    status_is 0
    out_has '$ pcap-slim --dir captures'
    out_has ' 13 captures verified against their originals'
    err_has 'done: ok=13 skip=0 fail=0'
    [[ $out$err != *noise* ]] || explain "$out$err"
    : >clone/broken
    runs sh clone/scripts/quickstart
    status_is 1
    err_has 'noise of a compiler'
}

@test "README: install, first run and settings as they stand there" {
    cp "$TLS" srv/pcap/a.pcap
    touch -d '1 hour ago' srv/pcap/a.pcap
    recipe README.md 'First run on a sensor' 1 >first.sh
    runs sh -e first.sh
    status_is 0
    err_has 'check: ok=1'
    same_bytes "$TLS" srv/pcap/a.pcap
    recipe README.md 'First run on a sensor' 2 >second.sh
    runs sh -e second.sh
    status_is 0
    slim_of_tls srv/pcap/a.pcap
    rm -r srv/pcap/.slim_markers
    sed -n '/^## Leave it running$/,/^## /p' "$ROOT/README.md" | awk '/^```$/ { n++; next } n == 1' | sed 's|/srv|srv|' >conf
    [ "$(wc -l <conf)" -eq 4 ] || explain "$(cat conf)"
    runs pcap-slim --config conf --check-only
    status_is 0
    err_has 'check: ok=1'
}

@test "versions are the same wherever they stand" {
    head -n 1 "$ROOT/packaging/debian/changelog" | grep -qF "pcap-slim ($VERSION-"
    grep -qx "Version:        $VERSION" "$ROOT/packaging/rpm/pcap-slim.spec"
    grep -qF "pcap-slim:$VERSION" "$ROOT/docs/fleet/indexed-job.yaml"
    grep -qF "## $VERSION" "$ROOT/CHANGELOG.md"
}

@test "man pages and --help name the options of the table and no others; pages have the sections that all have" {
    local program page
    for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan; do
        page=$ROOT/docs/man/$program.1
        pcap-plan --options "$program" | cut -f 1 | LC_ALL=C sort -u >table
        { cat table; echo --SETTING; } >may_be_named
        # What a policy is made of has a page of its own.
        { grep -ohE 'Fl -[a-z0-9][a-z0-9-]*' "$page" "$ROOT/docs/man/pcap-slim-policy.5" | sed 's/Fl -/--/'
            sed -n 's/^\.It Cm //p' "$ROOT/docs/man/pcap-slim-policy.5" | tr ' ' '\n' | sed 's/^/--/'; } | LC_ALL=C sort -u >explained
        [ -z "$(LC_ALL=C comm -23 table explained)" ] || explain "not in the page of $program: $(LC_ALL=C comm -23 table explained)"
        { sed -n 's/^\.It Fl /Fl /p' "$page" | grep -oE 'Fl -[a-z0-9][a-z0-9-]*' | sed 's/Fl -/--/'
            "$program" --help | sed '/^Example/q' | grep -oE -- '--[a-zA-Z0-9][a-z0-9A-Z-]+'; } >named
        [ -z "$(grep -vxFf may_be_named named)" ] || explain "$program takes no $(grep -vxFf may_be_named named)"
    done
    for page in "$ROOT"/docs/man/*.[15]; do
        for option in NAME DESCRIPTION 'EXIT STATUS' EXAMPLES; do
            grep -qx ".Sh $option" "$page" || explain "$page has no $option"
        done
        head -n 1 "$page" | grep -q '^\.Dd ' || explain "$page is not mdoc"
    done
}
