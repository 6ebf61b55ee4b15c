#!/usr/bin/env bats
# pcap-scan --report: what slimming would save, as text and as a page.
load helpers

setup_more() {
    mkdir d
    cp "$FIXTURES"/good-real-tls13.pcap "$FIXTURES"/good-real-quic.pcap "$FIXTURES"/good-real-ssh.pcap d
}

# figures: a report without its title, which has the captures' names and the time in it.
figures() { tail -n +6 "$out_file"; }

@test "pcap-scan --report: the figures are those of the records" {
    local in_bytes out_bytes packets
    pcap-scan d/*.pcap >records
    in_bytes=$(jq -s "map(.in_bytes) | add" records) out_bytes=$(jq -s 'map(.out_bytes) | add' records)
    packets=$(jq -s 'map(.in_pkts) | add' records)
    runs pcap-scan --report d
    status_is 0
    err_empty
    figures >text
    [ "$(head -n 1 text | tr -d ,)" = "3 captures $packets packets $in_bytes bytes" ] || explain "not $packets and $in_bytes"
    [ "$(sed -n 's/^  slim  *\([0-9.]*\) kB .*/\1/p' text)" = "$(awk "BEGIN { printf \"%.1f\", $out_bytes / 1000 }")" ]
    [ "$(wc -L <text)" -le 80 ]
    # all that is saved has a reason and, with so few ports, a port
    for title in reason 'server port'; do
        sum=$(sed -n "/^Saved by $title/,/^\$/p" text | grep -oE ' [0-9.]+ %' | awk '{ s += $1 } END { printf "%.0f", s }')
        [ "$sum" -ge 99 ] && [ "$sum" -le 101 ] || explain "$title: $sum %"
    done
    grep -q '^  443/tcp ' text
    grep -q '^  443/udp ' text
    grep -q '^  22/tcp ' text
    grep -q '^They span ' text
}

@test "pcap-scan --report: files, a list, text as a word, and the same whatever the order" {
    runs pcap-scan --report d
    figures >want
    runs pcap-scan d/good-real-tls13.pcap d/good-real-quic.pcap d/good-real-ssh.pcap --report
    figures | diff want - || explain "other figures"
    runs pcap-scan --report=text d
    figures | diff want - || explain "other figures"
    runs pcap-scan --report text d
    figures | diff want - || explain "other figures"
    find d -name '*.pcap' -print0 >names
    runs pcap-scan --report --files0-from=names
    figures | diff want - || explain "other figures"
}

@test "pcap-scan --report: hosts against scapy" {
    "$PYTHON" - d/*.pcap >want <<'PY'
import collections, json, subprocess, sys
from scapy.all import IP, IPv6, RawPcapReader, Ether
saved = collections.Counter()
for path in sys.argv[1:]:
    slim = subprocess.run(["pcap-truncate", path], capture_output=True, check=True).stdout
    open("slim", "wb").write(slim)
    for (whole, _), (cut, _) in zip(RawPcapReader(path), RawPcapReader("slim")):
        ip = Ether(whole).getlayer(IP) or Ether(whole).getlayer(IPv6)
        if len(whole) > len(cut):
            for address in (ip.src, ip.dst):
                saved[address] += len(whole) - len(cut)
for address in saved:
    print(address)
PY
    runs pcap-scan --report d
    sed -n '/^Saved by host/,/^$/p' "$out_file" | awk 'NR > 1 && NF > 0 { print $1 }' | sort >have
    sort want | diff - have >&2
}

@test "pcap-scan --report html: well-formed, nothing from elsewhere, no script, told to readers that do not see" {
    runs pcap-scan --report html d
    status_is 0
    err_empty
    cp "$out_file" page.html
    "$PYTHON" - page.html <<'PY'
import html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
assert text.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
VOID = {"meta", "rect"}
class Reader(html.parser.HTMLParser):
    stack, ids, images, rows = [], set(), 0, 0
    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        assert tag not in ("script", "link", "img", "iframe", "object"), tag
        assert not any(k.startswith("on") or k in ("src", "href") for k in a), a
        if "id" in a:
            assert a["id"] not in self.ids
            self.ids.add(a["id"])
        if tag == "svg":
            assert a["role"] == "img" and ("aria-label" in a or "aria-labelledby" in a)
            self.images += 1
        self.rows += tag == "tr"
        if tag not in VOID:
            self.stack.append(tag)
    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.stack.pop() == tag, tag
r = Reader()
r.feed(text)
assert not r.stack and r.images >= 8 and r.rows >= 10, (r.stack, r.images, r.rows)
for reference in re.findall(r'aria-labelledby="([^"]*)"', text):
    assert reference in r.ids, reference
for needed in ("<title>", 'name="viewport"', "prefers-color-scheme:dark", "max-width:34rem", 'scope="col"'):
    assert needed in text, needed
assert not re.search(r"https?:|url\(|@import", text)
PY
}

@test "pcap-scan --report: a kept page says which captures, by what settings, and when" {
    local day
    mkdir 'a<b>&c'
    cp d/*.pcap 'a<b>&c'
    day=$(date -u +%Y-%m-%d)
    runs pcap-scan --report --policy flow --length snap --keep 'host 192.0.2.1 or tcp[0:2] < 9' 'a<b>&c'
    status_is 0
    [ "$(date -u +%Y-%m-%d)" = "$day" ] || day=$(date -u +%Y-%m-%d)
    head -n 1 "$out_file" | grep -qE "^What slimming would save, as of $day [0-9]{2}:[0-9]{2} UTC\$"
    [ "$(sed -n 3,4p "$out_file")" = "  captures  $PWD/a<b>&c
  settings  policy = flow; length = snap; keep = host 192.0.2.1 or tcp[0:2] < 9" ] || explain "$(sed -n 3,4p "$out_file")"
    runs pcap-scan --report html --policy flow --length snap --keep 'host 192.0.2.1 or tcp[0:2] < 9' 'a<b>&c'
    out_has "<p class=\"title\">$PWD/a&lt;b&gt;&amp;c</p>"
    grep -qE "as of $day [0-9]{2}:[0-9]{2} UTC; " "$out_file"
    out_has "; policy = flow; length = snap; keep = host 192.0.2.1 or tcp[0:2] &lt; 9</p>"
    cd d
    runs pcap-scan --report .
    out_has "  captures  $PWD
  settings  policy = packet; length = rewrite
"
    runs pcap-scan --report good-real-ssh.pcap good-real-quic.pcap
    out_has "  captures  2 names, the first $PWD/good-real-ssh.pcap"
    printf 'good-real-ssh.pcap\0' >names
    runs pcap-scan --report --files0-from=names
    out_has "  captures  those that $PWD/names names"
    runs sh -c 'pcap-scan --report <good-real-ssh.pcap'
    out_has "  captures  standard input"
    runs sh -c 'pcap-scan --report --files0-from=- <names'
    out_has "  captures  a list of names on standard input"
}

@test "pcap-scan --report: each reason is explained" {
    local reason
    runs pcap-scan --report --cut 'udp port 53' "$FIXTURES"/good-*.pcap
    cp "$out_file" text
    runs pcap-scan --report html --cut 'udp port 53' "$FIXTURES"/good-*.pcap
    sed -n '/^Saved by reason/,/^$/p' text | awk 'NF > 1 && NR > 1 { print $1 }' >reasons
    [ "$(wc -l <reasons)" -ge 5 ] || explain "too few: $(cat reasons)"
    while IFS= read -r reason; do
        grep -qE "^  $reason +[A-Za-z]" text || explain "$reason is not explained as text"
        grep -q "$reason<small>[A-Za-z]" "$out_file" || explain "$reason is not explained on the page"
    done <reasons
}

@test "pcap-scan --report: how much was looked into, and how much not and why, by link type and by tunnel" {
    cp "$FIXTURES"/good-linktype-{linux-sll2,user0,raw,linux-sll2-kept}.pcap "$FIXTURES"/good-tunnels.pcap d
    pcap-scan --tunnels all d/*.pcap >records
    # Link type, packets, looked into, cut, not; then why, a line each. From the records, whose captures have one link type each.
    jq -rs 'def unseen: ["not_ip", "fragment", "other_transport", "offloaded", "truncated_headers", "malformed", "linktype",
            "tunnel", "simple_packet"];
        group_by(.linktype) | map({n: .[0].linktype, p: (map(.in_pkts) | add), c: (map(.truncated) | add),
            w: ([.[].kept_by_reason | to_entries[] | select(.key as $k | unseen | index($k))] | group_by(.key) |
                map({k: .[0].key, v: (map(.value) | add)}))}) |
        map(. + {u: (.w | map(.v) | add // 0)}) | sort_by(-.p, .n)[] |
        "\(.n) \(.p) \(.p - .u) \(.c) \(.u)", (.w | sort_by(.k)[] | "\(.k) \(.v)")' records >want
    [ "$(wc -l <want)" -ge 8 ] || explain "too few: $(cat want)"
    runs pcap-scan --report --tunnels all d
    status_is 0
    [ "$(figures | wc -L)" -le 80 ]
    sed -n '/^By link type/,/^$/p' "$out_file" | sed '1d;/^$/d' | tr -d , |
        sed -E 's/Linux cooked v2/276/;s/Ethernet/1/;s/raw IP/101/;s/link type //' |
        awk 'NF == 2 { why[++n] = $1 " " $2; next } function put(i) { for (i = 1; i <= n; i++) print why[i] | "sort"; close("sort"); n = 0 }
             { put(); print $1, $2, $3, $4, $5; fflush() } END { put() }' >have
    diff want have || explain "$(cat "$out_file")"
    # The page has the same figures.
    cp "$out_file" text
    runs pcap-scan --report html --tunnels all d
    "$PYTHON" - text "$out_file" <<'PY'
import html, re, sys
text, page = (open(name).read() for name in sys.argv[1:])
def rows_of_text(title):
    rows = []
    for line in re.search(r"^%s.*\n((?:  .*\n)+)" % title, text, re.M).group(1).splitlines():
        if line.startswith("    "):
            rows[-1].append(" ".join(line.split()))
        else:
            rows.append([re.sub("  +", "|", line.strip())])
    return rows
def rows_of_page(name):
    part = re.search(r'<section aria-labelledby="%s">.*?</section>' % name, page, re.S).group(0)
    rows = []
    for row in re.findall(r'<tr><th scope="row">(.*?)</tr>', part):
        why = re.search("<small>not: (.*?)</small>", row)
        cells = [html.unescape(c) for c in re.split("<[^>]*>+", re.sub("<small>.*?</small>", "", row)) if c]
        rows.append(["|".join(cells)] + (why.group(1).split(", ") if why else []))
    return rows
for title, name in (("By link type", "links"), ("In tags and tunnels", "tunnels")):
    assert rows_of_text(title) == rows_of_page(name), (rows_of_text(title), rows_of_page(name))
assert len(rows_of_text("In tags and tunnels")) >= 2
for reason in re.search(r"^Why packets were not looked into\n((?:  .*\n)+)", text, re.M).group(1).splitlines():
    assert ": ".join(reason.split(None, 1)) in page, reason
PY
}

@test "pcap-scan --report: long addresses of IPv6 keep the columns" {
    "$PYTHON" - six.pcap <<'PY'
import sys
from scapy.all import Ether, IPv6, TCP, Raw, wrpcap
wrpcap(sys.argv[1], [Ether()/IPv6(src=f"2001:db8:1111:2222:3333:4444:5555:666{n}", dst="2001:db8::1")
                     / TCP(sport=443, dport=50000, seq=n)/Raw(b"\x17\x03\x03\x04\x00" + bytes(1000)) for n in range(9)])
PY
    runs pcap-scan --report six.pcap d
    status_is 0
    figures >text
    grep -q '^  2001:db8:1111:2222:3333:4444:5555:6661 ' text
    grep -oE '^  .* [0-9.]+ %' text | awk '{ print length }' | sort -u >ends
    [ "$(wc -l <ends)" -eq 1 ] || explain "$(cat text)"
    [ "$(wc -L <text)" -le 80 ]
}

@test "pcap-scan --report: nothing to save, nothing at all, no times" {
    mkdir e
    runs pcap-scan --report e
    status_is 0
    out_has "0 captures, 0 packets, 0 bytes"
    runs pcap-scan --report html e
    status_is 0
    out_has "</html>"
    runs pcap-scan --report "$FIXTURES/good-no-packets.pcap" "$FIXTURES/good-linktype-user0.pcap"
    status_is 0
    out_has "saved                           0 B    0.0 %"
}

@test "pcap-scan --report: a capture that cannot be read is said and counted, the others are reported" {
    head -c 100 "$FIXTURES/good-real-ssh.pcap" >d/short.pcap
    ln -s none d/link.pcap
    runs pcap-scan --report d
    status_is 1
    err_has "pcap-scan: d/short.pcap: offset"
    out_has "3 captures, "
    out_has "; 1 could not be read"
}

@test "pcap-scan --report: misuse" {
    runs pcap-scan --report=xml d
    misuse_is pcap-scan "--report takes text or html, not 'xml'"
    runs pcap-scan --report --pending --dry-run d
    misuse_is pcap-scan "--report needs what --dry-run does not read"
}

@test "pcap-scan --report --length zero: nothing is shorter, and how much would become zeros is said" {
    runs pcap-scan --length zero d/good-real-tls13.pcap d/good-real-ssh.pcap
    zeros=$(jq -s 'map(.zeroed_bytes) | add' "$out_file")
    runs pcap-scan --report --length zero d/good-real-tls13.pcap d/good-real-ssh.pcap
    status_is 0
    out_has '  saved                           0 B    0.0 %'
    [ "$(sed -n 's/^  zeros  *\([0-9.]*\) kB .*/\1/p' "$out_file")" = "$(awk "BEGIN { printf \"%.1f\", $zeros / 1000 }")" ] ||
        explain "not $zeros"
    out_has 'Zeros in the place of payload: the files would be as long as they are'
    [ "$(figures | wc -L)" -le 80 ]
    runs pcap-scan --report html --length zero d
    status_is 0
    out_has 'would become zeros in the place of payload'
    runs pcap-scan --report d
    case $out in *zeros*) explain "zeros are mentioned" ;; esac
}
