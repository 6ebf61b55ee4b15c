#!/usr/bin/python3
"""Let tshark judge the checksums that a cut has rewritten.

    checksums.py ORIGINAL SLIM     every packet that is shorter in SLIM than in ORIGINAL must have
                                   good IPv4 header, TCP and UDP checksums
    checksums.py --zero ...        likewise, but for every packet that is as long and has other bytes:
                                   TCP and UDP checksums, for length mode zero touches no other
    checksums.py --batch LISTFILE  the same for many pairs: ORIGINAL, SLIM, ORIGINAL, SLIM, ...,
                                   NUL-separated; one tshark for all of them

Prints "N cut packets, all checksums right", or a line for each bad one. Before it, a line for
each reason why tshark could not be taken at its word, with a count (see SHORTCOMINGS).

Exit: 0 all right, 1 something is wrong, 2 usage, or tshark cannot be run.

How tshark is fed, and why:

- It verifies a TCP or UDP checksum only when the packet was captured whole. A slim packet says by
  its original length that it was not, so tshark would answer "unverified". Therefore the cut
  packets are copied to a scratch capture whose records claim the captured length as the original.
- The scratch capture holds cut packets only, of all pairs, so packet N there is the Nth cut one.
- All protocols but those around the outermost TCP or UDP header are switched off. What a payload
  happens to look like can then neither raise an error nor add a second, inner checksum.
"""

import os
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # a source tree is no place for a cache
import links  # noqa: E402

# What tshark says in a checksum's status field.
BAD, GOOD, UNVERIFIED, NOT_PRESENT, ILLEGAL = "0", "1", "2", "3", "4"
WORD = {BAD: "bad", GOOD: "good", UNVERIFIED: "unverified", NOT_PRESENT: "not present",
        ILLEGAL: "illegal", "": "none"}

PROTOCOLS = ("frame", "eth", "ethertype", "vlan", "ip", "ipv6", "ipv6.hopopts", "ipv6.dstopts",
             "ipv6.routing", "ipv6.fraghdr", "ah", "tcp", "udp")

ORDER = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<",
         b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}


class Problem(Exception):
    pass


# ---------------------------------------------------------------- reading

def records(path):
    """Yield (link type, seconds, fraction, captured length, original length, function that reads the bytes)."""
    with open(path, "rb") as f:
        header = f.read(24)
        if len(header) < 24 or header[:4] not in ORDER:
            raise Problem("%s: not a capture" % path)
        order = ORDER[header[:4]]
        linktype = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
        while True:
            head = f.read(16)
            if not head:
                return
            if len(head) < 16:
                raise Problem("%s: record header cut short" % path)
            seconds, fraction, captured, original = struct.unpack(order + "IIII", head)
            body = f.tell()

            def read():
                frame = f.read(captured)
                if len(frame) < captured:
                    raise Problem("%s: body cut short" % path)
                return frame

            yield linktype, seconds, fraction, captured, original, read
            f.seek(body + captured)


def as_ethernet(linktype, frame, slim, number):
    """The packet of a frame that was changed behind an Ethernet header: all are shown in one capture."""
    if linktype == 1:
        return frame
    found = links.announced(frame, linktype)
    if found is None:
        raise Problem("%s: packet %d was changed, but its link type is not looked into" % (slim, number))
    return bytes(12) + struct.pack("!H", found[0]) + frame[found[1]:]


def zeroed(old, new, slim, number):
    """The frame of a packet that has other bytes than it had, or None."""
    if new[3] != old[3]:
        raise Problem("%s: packet %d has another captured length" % (slim, number))
    frame = new[5]()
    if frame == old[5]():
        return None
    return as_ethernet(new[0], frame, slim, number)


def cut_packets(original, slim, zero):
    """Yield (packet number, frame) for every packet that became shorter, or (zero) has other bytes."""
    olds, news = records(original), records(slim)
    number = 0
    while True:
        old, new = next(olds, None), next(news, None)
        if old is None and new is None:
            return
        number += 1
        if old is None or new is None:
            raise Problem("%s: packet %d is in only one of the two" % (slim, number))
        if old[:3] + old[4:5] != new[:3] + new[4:5]:
            raise Problem("%s: packet %d has another link type, time or original length" % (slim, number))
        if zero:
            frame = zeroed(old, new, slim, number)
            if frame is not None:
                yield number, frame
            continue
        if new[3] > old[3]:
            raise Problem("%s: packet %d grew" % (slim, number))
        if new[3] < old[3]:
            yield number, as_ethernet(new[0], new[5](), slim, number)


# ---------------------------------------------------------------- tshark

def run(command, env):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)
    except OSError as e:
        print("checksums.py: tshark: %s" % e.strerror, file=sys.stderr)
        sys.exit(2)
    if done.returncode != 0:
        # a usage error is followed by pages of help
        print("checksums.py: tshark failed: %s" % done.stderr.strip()[:300], file=sys.stderr)
        sys.exit(2)
    return done.stdout


def tshark(scratch, folder):
    """Yield (IPv4, TCP, UDP) status and whether there is an IPv4 and an IPv6 header, packet by packet."""
    # A folder of its own: a user's preferences could switch any of this off again.
    env = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, WIRESHARK_CONFIG_DIR=folder)
    # tshark 4.0 has no option that disables all protocols, but it reads a list of them.
    listing = run(["tshark", "-G", "protocols"], env)
    names = [line.split("\t")[2] for line in listing.splitlines()]
    missing = set(PROTOCOLS) - set(names)
    if missing:
        print("checksums.py: tshark knows no protocol %s" % " ".join(sorted(missing)), file=sys.stderr)
        sys.exit(2)
    with open(os.path.join(folder, "disabled_protos"), "w") as f:
        f.writelines(name + "\n" for name in names if name not in PROTOCOLS)
    command = ["tshark", "-n", "-r", scratch]
    for pref in ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE",
                 "tcp.desegment_tcp_streams:FALSE", "tcp.analyze_sequence_numbers:FALSE",
                 "ip.defragment:FALSE", "ipv6.defragment:FALSE",
                 # IPv4 headers keep their length: a total length of 0 is not to be explained away
                 "ip.tso_support:FALSE"):
        command += ["-o", pref]
    # Only the first, which is the outermost, of each field.
    command += ["-T", "fields", "-E", "occurrence=f", "-E", "separator=|"]
    # ip.version is no sign of IPv4: tshark gives it to IPv6 packets too.
    for field in ("frame.number", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status",
                  "ip.len", "ipv6.plen"):
        command += ["-e", field]
    out = run(command, env)
    for expected, line in enumerate(out.splitlines(), 1):
        fields = line.split("|")
        assert int(fields[0]) == expected, line
        yield tuple(fields[1:])


def verdict(answer, zero):
    """None when tshark finds all of a packet's checksums good, else what it finds."""
    ip, tcp, udp, is4, is6 = answer
    l4 = [s for s in (tcp, udp) if s]
    if zero and l4 == [GOOD]:
        return None
    if is4 and not is6 and ip == GOOD and l4 == [GOOD]:
        return None
    if is6 and not is4 and not ip and l4 == [GOOD]:
        return None
    return "IPv4 %s, TCP %s, UDP %s" % (WORD.get(ip, ip), WORD.get(tcp, tcp), WORD.get(udp, udp))


# ---------------------------------------------------------------- where tshark is no judge

# SHORTCOMINGS. For these, and only these, an answer of tshark's other than "good" is put to the
# test by adding up the packet here, and counted in the output:
#
# - A source route whose pointer says that every stop was made: tshark takes the plain destination,
#   the rule is the last route address.
# - Two source routes, or one whose length is not 3 plus a multiple of 4: tshark settles on another
#   address than the rule does.
# - IPv4 options that cannot be walked: likewise, or the packet is malformed to it and it shows no
#   TCP or UDP at all.
# - Routing headers whose length and contents do not agree: malformed, for most.
# - Routing header type 3, and type 2 with more than one address: tshark does not settle on the
#   address of the rule.
# - A home address in the destination options: tshark takes it as the source address, the rule
#   names no other source than the header's.
#
# Seen with tshark 4.0.17. Ordinary source routes and routing headers are on tshark's side of the line.

def u16(data, off):
    return struct.unpack_from("!H", data, off)[0]


def ipv4_shortcoming(options):
    routes = 0
    odd = None
    off = 0
    while off < len(options) and options[off] != 0:
        if options[off] == 1:
            off += 1
            continue
        length = options[off + 1] if off + 1 < len(options) else 0
        if length < 2 or off + length > len(options):
            return "IPv4 options that cannot be walked"
        if options[off] in (131, 137):
            routes += 1
            if length < 7 or (length - 3) % 4:
                odd = "source route of an odd length"
            elif options[off + 2] > length:
                odd = "source route with every stop made"
        off += length
    return "several source routes" if routes > 1 else odd


def ipv6_shortcoming(frame, l3, l4):
    kind = frame[l3 + 6]
    off = l3 + 40
    while off < l4:
        if kind == 43:
            size = 8 * (frame[off + 1] + 1)
            addresses, ragged = divmod(size - 8, 16)
            routing_type, left = frame[off + 2], frame[off + 3]
            if routing_type == 3:
                return "routing header type 3"
            if routing_type == 2 and addresses != 1:
                return "routing header type 2 without exactly one address"
            if routing_type in (0, 4) and (addresses == 0 or left > addresses):
                return "routing header with fewer addresses than segments left"
            if routing_type == 0 and ragged:
                return "routing header of an odd length"
            if routing_type == 4 and frame[off + 4] >= addresses:
                return "segment routing header with a last entry beyond its end"
        elif kind == 60 and frame[off + 2:off + 8].find(b"\xc9\x10") >= 0:
            return "home address option"
        elif kind == 44:
            size = 8
        if kind in (0, 60):
            size = 8 * (frame[off + 1] + 1)
        elif kind == 51:
            size = 4 * (frame[off + 1] + 2)
        kind = frame[off]
        off += size
    return None


def add_up(block):
    if len(block) % 2:
        block += b"\0"
    total = sum(struct.unpack("!%dH" % (len(block) // 2), block))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def by_hand(frame, zero):
    """(reason why tshark is no judge or None, whether the sums are right)."""
    # Only here, and late: scapy takes its time to load, and most runs never come here.
    import oracle
    announced = oracle.network_header(frame)
    if announced is None:
        return None, False
    ethertype, l3 = announced
    d = oracle.ipv4(frame, l3) if ethertype == oracle.ETHERTYPE_IPV4 else oracle.ipv6(frame, l3)
    if d is None:
        return None, False
    if d.version == 4:
        reason = ipv4_shortcoming(frame[l3 + 20:d.l4])
        if not zero and add_up(frame[l3:d.l4]) != 0xFFFF:
            return reason, False
    else:
        reason = ipv6_shortcoming(frame, l3, d.l4)
    segment = frame[d.l4:]
    if zero:
        # With no length changed, the capture may lack the end of a segment, and lengths may lie.
        covered = oracle.covered_by_sum(frame, d)
        if d.said_end > len(frame):
            reason = "not wholly captured"
        elif d.proto == oracle.PROTO_UDP and u16(frame, d.l4 + 4) != d.said_end - d.l4:
            reason = "a UDP length that is not the IP length's"
        segment = frame[d.l4:min(d.l4 + covered, d.end)].ljust(covered, b"\0")
    if d.proto == oracle.PROTO_UDP and u16(segment, 6) == 0:
        return reason, False
    return reason, add_up(d.src + d.dst + struct.pack("!II", len(segment), d.proto) + segment) == 0xFFFF


# ---------------------------------------------------------------- all together

def check(pairs, zero):
    wrong = []
    overruled = {}
    where = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = os.path.join(folder, "cut.pcap")
        with open(scratch, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for original, slim in pairs:
                try:
                    for number, frame in cut_packets(original, slim, zero):
                        f.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)))
                        where.append((slim, number, f.tell(), len(frame)))
                        f.write(frame)
                except (Problem, OSError) as e:
                    wrong.append(str(e))
        answers = list(tshark(scratch, folder)) if where else []
        if len(answers) != len(where):
            wrong.append("tshark saw %d of %d packets" % (len(answers), len(where)))
        with open(scratch, "rb") as f:
            for (slim, number, offset, length), answer in zip(where, answers):
                finding = verdict(answer, zero)
                if finding is None:
                    continue
                f.seek(offset)
                reason, right = by_hand(f.read(length), zero)
                if reason and right:
                    overruled[reason] = overruled.get(reason, 0) + 1
                else:
                    wrong.append("%s: packet %d: %s" % (slim, number, finding))
    return len(where), overruled, wrong


def main(argv):
    zero = "--zero" in argv
    if zero:
        argv = [word for word in argv if word != "--zero"]
    if len(argv) == 3 and argv[1] == "--batch":
        try:
            with open(argv[2], "rb") as f:
                paths = [os.fsdecode(p) for p in f.read().split(b"\0") if p]
        except OSError as e:
            print("checksums.py: %s: %s" % (argv[2], e.strerror), file=sys.stderr)
            return 2
        if len(paths) % 2:
            print("checksums.py: %s: an odd number of paths" % argv[2], file=sys.stderr)
            return 2
        pairs = list(zip(paths[::2], paths[1::2]))
    elif len(argv) == 3 and not argv[1].startswith("-"):
        pairs = [(argv[1], argv[2])]
    else:
        print("usage: checksums.py [--zero] ORIGINAL SLIM\n       checksums.py [--zero] --batch LISTFILE", file=sys.stderr)
        return 2
    count, overruled, wrong = check(pairs, zero)
    for reason, n in sorted(overruled.items()):
        print("%d added up without tshark: %s" % (n, reason))
    if wrong:
        print("\n".join(wrong))
        print("%d cut packets, %d wrong" % (count, len(wrong)))
        return 1
    print("%d cut packets, all checksums right" % count)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
