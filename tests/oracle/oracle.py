#!/usr/bin/python3
"""An independent oracle for pcap-slim.

    oracle.py IN OUT                   slim IN to OUT (policy packet)
    oracle.py --batch LISTFILE OUTDIR  slim every path in LISTFILE (NUL-separated) to
                                       OUTDIR/<index>.out, or write the reason why not to
                                       OUTDIR/<index>.refused; index counts from 0
    oracle.py --length=MODE --checksum=HOW ...
                                       rewrite (default), snap or zero; compute (default),
                                       incremental or keep
    oracle.py --frames TABLE           check a table of frames (fixtures/frames.txt): what is left
                                       of each is what this program and scapy leave of it
    oracle.py --cross-check ...        either of the above, and let scapy dissect and rebuild
                                       every cut frame on its own as a second opinion

Exit: 0 done, 1 IN is refused (one line on standard error, OUT not written), 2 usage,
3 the second opinion differs.

Written from the specification alone, never from the C sources, so that an agreement between the
two says something. It favours the obvious over the fast: whole file in memory, one function for
each rule.

Header walking is byte code and not scapy's, because scapy forgives: it repairs lengths, goes on
behind a header that lies, dissects what a tunnel carries, takes padding off, drops a source route
that it cannot read. What a pseudo-header is, and the sum over it, come from scapy.
"""

import os
import socket
import struct
import sys

sys.dont_write_bytecode = True  # a source tree is no place for a cache
import links  # noqa: E402

from scapy.layers.inet import IP, TCP, UDP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Dot1Q, Ether
from scapy.packet import NoPayload, Raw
from scapy.utils import checksum

# ---------------------------------------------------------------- what is cut

KEEP_BYTES = 24
LOOKED_AT_BYTES = 256 * 1024 - 16  # of a frame; a checksum that covers more cannot be told to be right or wrong
LENGTHS = ("rewrite", "snap", "zero")
CHECKSUMS = ("compute", "incremental", "keep")
TLS_PORTS = {443, 853, 465, 993, 995, 8443, 5061}
TLS_KEPT_FIRST_BYTES = {0x14, 0x15, 0x16, 0x18}
TLS_APPLICATION_DATA = 0x17
SSH_PORT = 22
UDP_PORTS = {443, 500, 4500}  # QUIC, and IPsec with and without NAT traversal

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_IPV6 = 0x86DD
ETHERTYPE_VLAN = 0x8100  # 802.1Q only: an 802.1ad tag (0x88a8) ends the search

PROTO_TCP = 6
PROTO_UDP = 17
EXT_HOP_BY_HOP = 0
EXT_ROUTING = 43
EXT_FRAGMENT = 44
EXT_AH = 51
EXT_DESTINATION = 60

OPT_END = 0
OPT_NOP = 1
OPT_LSRR = 131
OPT_SSRR = 137


def u16(data, off):
    return struct.unpack_from("!H", data, off)[0]


class Datagram:
    """Where things are in a frame. Offsets count from the start of the frame."""

    __slots__ = ("version", "l3", "l4", "end", "said_end", "proto", "src", "dst", "ihl")


def network_header(frame, linktype=1):
    """(ethertype, offset) of what the link header and its 802.1Q tags announce, or None."""
    found = links.announced(frame, linktype)
    if found is None:
        return None
    ethertype, off, _ = found
    while ethertype == ETHERTYPE_VLAN:
        # the tag's priority and VLAN number; the next ethertype follows
        if len(frame) < off + 4:
            return None
        ethertype, off = u16(frame, off + 2), off + 4
    return ethertype, off


def source_route_destination(options, dst):
    """The address the pseudo-header takes when the options of an IPv4 header hold a source route."""
    found = []
    off = 0
    while off < len(options):
        kind = options[off]
        if kind == OPT_END:
            break
        if kind == OPT_NOP:
            off += 1
            continue
        if off + 1 >= len(options):
            break
        length = options[off + 1]
        # A length that cannot be walked by: nothing behind it can be trusted to be an option.
        if length < 2 or off + length > len(options):
            break
        if kind in (OPT_LSRR, OPT_SSRR):
            # kind, length, pointer, then addresses; a ragged end is not an address
            addresses = options[off + 3:off + length]
            count = len(addresses) // 4
            found.append(addresses[4 * count - 4:4 * count] if count else None)
        off += length
    # With two source routes there is no telling which one the sender's checksum followed.
    if len(found) == 1 and found[0] is not None:
        return found[0]
    return dst


def ipv4(frame, l3):
    if len(frame) < l3 + 20:
        return None
    if frame[l3] >> 4 != 4:
        return None
    ihl = (frame[l3] & 0x0F) * 4
    if ihl < 20 or len(frame) < l3 + ihl:
        return None
    total = u16(frame, l3 + 2)
    # 0 is what segmentation offload leaves behind; the true length is not in the capture.
    if total == 0 or total < ihl:
        return None
    if u16(frame, l3 + 6) & 0x3FFF:  # MF or an offset; DF and the reserved bit say nothing
        return None
    d = Datagram()
    d.version = 4
    d.l3 = l3
    d.ihl = ihl
    d.l4 = l3 + ihl
    d.said_end = l3 + total
    d.end = min(d.said_end, len(frame))
    d.proto = frame[l3 + 9]
    d.src = frame[l3 + 12:l3 + 16]
    d.dst = source_route_destination(frame[l3 + 20:l3 + ihl], frame[l3 + 16:l3 + 20])
    return d


def routing_destination(header, dst):
    """The final destination that a routing header with segments left > 0 names."""
    kind = header[2]
    addresses = header[8:]
    count = len(addresses) // 16
    if count == 0:
        return dst
    if kind in (0, 2):
        return addresses[16 * count - 16:16 * count]
    if kind == 4:
        return addresses[:16]  # a segment list is stored backwards: [0] is the last stop
    return dst


def ipv6(frame, l3):
    if len(frame) < l3 + 40:
        return None
    if frame[l3] >> 4 != 6:
        return None
    d = Datagram()
    d.version = 6
    d.l3 = l3
    d.ihl = 40
    # A payload length of 0 (a jumbogram, or segmentation offload) ends before any L4 header.
    d.said_end = l3 + 40 + u16(frame, l3 + 4)
    d.end = min(d.said_end, len(frame))
    d.src = frame[l3 + 8:l3 + 24]
    plain = frame[l3 + 24:l3 + 40]
    d.dst = plain
    proto = frame[l3 + 6]
    off = l3 + 40
    while proto not in (PROTO_TCP, PROTO_UDP):
        if proto not in (EXT_HOP_BY_HOP, EXT_ROUTING, EXT_FRAGMENT, EXT_AH, EXT_DESTINATION):
            return None
        if off + 8 > d.end:  # none of them is shorter
            return None
        if proto == EXT_FRAGMENT:
            # offset in the upper 13 bits, then two reserved ones, then M
            if u16(frame, off + 2) & 0xFFF9:
                return None
            length = 8
        elif proto == EXT_AH:
            length = (frame[off + 1] + 2) * 4  # AH alone counts in words of 4, less 2
        else:
            length = (frame[off + 1] + 1) * 8
        if off + length > d.end:
            return None
        if proto == EXT_ROUTING and frame[off + 3] > 0:
            # Always from the plain destination: the last header that is still in use decides.
            d.dst = routing_destination(frame[off:off + length], plain)
        proto = frame[off]
        off += length
    d.proto = proto
    d.l4 = off
    return d


def cut_at(frame, d):
    """The offset behind the last byte to keep, or None to keep the frame as it is."""
    if d.proto == PROTO_TCP:
        if d.l4 + 20 > d.end:
            return None
        header = (frame[d.l4 + 12] >> 4) * 4
        if header < 20:
            return None
    elif d.proto == PROTO_UDP:
        header = 8
        if d.l4 + header > d.end:
            return None
    else:
        return None
    start = d.l4 + header
    if d.end - start <= KEEP_BYTES:
        return None
    ports = {u16(frame, d.l4), u16(frame, d.l4 + 2)}
    if d.proto == PROTO_UDP:
        encrypted = bool(ports & UDP_PORTS)
    else:
        first = frame[start]
        if ports & TLS_PORTS:
            encrypted = first not in TLS_KEPT_FIRST_BYTES
        else:
            encrypted = first == TLS_APPLICATION_DATA
        if SSH_PORT in ports and frame[start:start + 4] != b"SSH-":
            encrypted = True
    return start + KEEP_BYTES if encrypted else None


def sum_of(d, segment):
    """The TCP or UDP checksum of a segment whose own checksum field is zero."""
    if d.version == 4:
        # A bare header: scapy would follow a source route by rules of its own.
        under = IP(src=socket.inet_ntop(socket.AF_INET, d.src),
                   dst=socket.inet_ntop(socket.AF_INET, d.dst))
        return in4_chksum(d.proto, under, segment)
    under = IPv6(src=socket.inet_ntop(socket.AF_INET6, d.src),
                 dst=socket.inet_ntop(socket.AF_INET6, d.dst))
    return in6_chksum(d.proto, under, segment)


def rfc1624(was, right_was, right_now):
    """Equation 3: HC' = ~(~HC + ~m + m'), where ~m and ~m' are what would have been, and is, right."""
    total = (was ^ 0xFFFF) + right_was + (right_now ^ 0xFFFF)
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total ^ 0xFFFF


def sum_at(d):
    return 6 if d.proto == PROTO_UDP else 16


def without_sum(d, segment):
    at = sum_at(d)
    return segment[:at] + b"\0\0" + segment[at + 2:]


def covered_by_sum(frame, d):
    """How long the segment is by its headers, captured or not."""
    said = d.said_end - d.l4
    if d.proto == PROTO_UDP and 8 <= u16(frame, d.l4 + 4) < said:
        return u16(frame, d.l4 + 4)
    return said


def put_sum(frame, new, d, segment, covered, how, carry):
    """Write the checksum for a segment into new. carry: whether the old one can be told to be right or wrong."""
    at = d.l4 + sum_at(d)
    was = u16(frame, at)
    value = sum_of(d, without_sum(d, segment))
    if how == "incremental" and d.proto == PROTO_UDP and was == 0:
        return  # there was none
    if how == "incremental" and carry:
        old = frame[d.l4:min(d.l4 + covered, d.end)].ljust(covered, b"\0")
        value = rfc1624(was, sum_of(d, without_sum(d, old)), value)
    if d.proto == PROTO_UDP and value == 0:
        value = 0xFFFF  # 0 would say that there is no checksum
    struct.pack_into("!H", new, at, value)


def zero_frame(frame, d, end, how):
    new = bytearray(frame[:end] + bytes(d.end - end) + frame[d.end:])
    if how != "keep":
        covered = covered_by_sum(frame, d)
        # what was not captured counts as zeros; where a difference is taken, it is the same before and after
        segment = bytes(new[d.l4:min(d.l4 + covered, d.end)]).ljust(covered, b"\0")
        put_sum(frame, new, d, segment, covered, how, d.end <= LOOKED_AT_BYTES)
    return bytes(new)


def rewrite_frame(frame, d, end, how):
    new = bytearray(frame[:end])
    if d.version == 4:
        struct.pack_into("!H", new, d.l3 + 2, end - d.l3)
        header = bytes(new[d.l3:d.l3 + 10]) + b"\0\0" + bytes(new[d.l3 + 12:d.l3 + d.ihl])
        value = checksum(header)
        if how == "incremental":
            old = frame[d.l3:d.l3 + 10] + b"\0\0" + frame[d.l3 + 12:d.l3 + d.ihl]
            value = rfc1624(u16(frame, d.l3 + 10), checksum(old), value)
        struct.pack_into("!H", new, d.l3 + 10, value)
    else:
        struct.pack_into("!H", new, d.l3 + 4, end - d.l3 - 40)
    if d.proto == PROTO_UDP:
        struct.pack_into("!H", new, d.l4 + 4, end - d.l4)
    covered = covered_by_sum(frame, d)
    put_sum(frame, new, d, bytes(new[d.l4:]), covered, how, min(d.end, LOOKED_AT_BYTES) - d.l4 >= covered)
    return bytes(new)


def slim_frame(frame, length="rewrite", how="compute", linktype=1):
    """The bytes that the frame is to have; the same object when it is kept."""
    announced = network_header(frame, linktype)
    if announced is None:
        return frame
    ethertype, l3 = announced
    if ethertype == ETHERTYPE_IPV4:
        d = ipv4(frame, l3)
    elif ethertype == ETHERTYPE_IPV6:
        d = ipv6(frame, l3)
    else:
        return frame
    if d is None:
        return frame
    end = cut_at(frame, d)
    lengths = links.announced(frame, linktype)[2]
    # A link header that says that the packet is shorter than the packet says lies, or the packet does.
    if end is None or any(base + int.from_bytes(frame[at:at + 2], order) < d.said_end for at, order, base in lengths):
        return frame

    if length == "zero":
        return zero_frame(frame, d, end, how)
    if length == "snap":
        return frame[:end]
    new = bytearray(rewrite_frame(frame, d, end, how))
    for at, order, base in lengths:
        new[at:at + 2] = (end - base).to_bytes(2, order)
    return bytes(new)


# ---------------------------------------------------------------- second opinion

class Disagreement(Exception):
    pass


SCAPY_LINKS = {1: Ether, 113: CookedLinux, 276: CookedLinuxV2}


def scapy_opinion(frame, linktype=1):
    """What scapy makes of a frame that is to be cut, or None where it is not faithful to the rules:
    anything but a link header, 802.1Q, a bare IPv4 or IPv6 header and TCP or UDP, in that order."""
    if linktype not in SCAPY_LINKS:
        return None
    packet = SCAPY_LINKS[linktype](frame)
    layer = packet.payload
    while type(layer) is Dot1Q:
        layer = layer.payload
    ip, l4 = layer, layer.payload
    if type(ip) not in (IP, IPv6) or type(l4) not in (TCP, UDP):
        return None
    if type(ip) is IP and ip.options:
        return None
    # Options that scapy cannot write back the way it read them are none of its business here.
    # Setting a field makes it build the header anew instead of repeating what it read.
    l4.chksum = l4.chksum
    if bytes(l4.original)[:len(l4.original) - len(l4.payload.original)] != l4.self_build():
        return None
    data = bytes(l4.payload.original) if not isinstance(l4.payload, NoPayload) else b""
    l4.remove_payload()
    if type(l4) is UDP:
        l4.len = None
    l4.chksum = None
    if type(ip) is IP:
        ip.len = None
        ip.chksum = None
    else:
        ip.plen = None
    return bytes(packet / Raw(data[:KEEP_BYTES]))


# ---------------------------------------------------------------- savefile

class Refused(Exception):
    pass


MAX_RECORD = 256 * 1024 * 1024
FILE_HEADER = 24
RECORD_HEADER = 16

BYTE_ORDER = {
    b"\xd4\xc3\xb2\xa1": "<",  # microseconds
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",  # nanoseconds
    b"\xa1\xb2\x3c\x4d": ">",
}

RELATIVES = {
    0xA1B2CD34: "a pcap with extended record headers (magic a1b2cd34)",
    0xA1B2C3D5: "a relative of pcap (magic a1b2c3d5)",
    0xA1B234CD: "a relative of pcap (magic a1b234cd)",
    0xA12B3C4D: "a relative of pcap (magic a12b3c4d)",
    0xA1E2CB12: "a netsniff-ng capture (magic a1e2cb12)",
    0xB1B2C3D4: "a netsniff-ng capture (magic b1b2c3d4)",
    0xB1B23C4D: "a netsniff-ng capture (magic b1b23c4d)",
    0x1C0001AC: "an IXIA hardware capture (magic 1c0001ac)",
    0x1C0001AB: "an IXIA software capture (magic 1c0001ab)",
}

COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xfd7zXZ\x00", "xz"),
)


def slim_capture(data, cross_check=False, length="rewrite", how="compute"):
    """The bytes of the slim capture. Raises Refused."""
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        raise Refused("pcapng, not pcap; convert it with: editcap -F pcap IN OUT")
    for prefix, name in COMPRESSED:
        if data.startswith(prefix):
            raise Refused("compressed with " + name)
    if magic not in BYTE_ORDER:
        if len(magic) == 4:
            for order in "<>":
                relative = RELATIVES.get(struct.unpack(order + "I", magic)[0])
                if relative:
                    raise Refused(relative)
        raise Refused("not a capture")
    if len(data) < FILE_HEADER:
        raise Refused("not a capture: %d bytes are shorter than the file header" % len(data))
    order = BYTE_ORDER[magic]
    version = struct.unpack_from(order + "HH", data, 4)
    if version != (2, 4):
        raise Refused("version %d.%d, not 2.4" % version)
    # The upper half holds what is known of the FCS.
    linktype = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF

    record = struct.Struct(order + "IIII")
    parts = [data[:FILE_HEADER]]
    off = FILE_HEADER
    number = 0
    while off < len(data):
        number += 1
        where = "packet %d at byte %d: " % (number, off)
        if len(data) - off < RECORD_HEADER:
            raise Refused(where + "record header cut short")
        seconds, fraction, incl_len, orig_len = record.unpack_from(data, off)
        if incl_len > MAX_RECORD:
            raise Refused(where + "claims %d bytes, over 256 MiB" % incl_len)
        body = off + RECORD_HEADER
        if len(data) - body < incl_len:
            raise Refused(where + "body cut short")
        frame = data[body:body + incl_len]
        slim = slim_frame(frame, length, how, linktype)
        if cross_check and slim is not frame:
            opinion = scapy_opinion(frame, linktype)
            if opinion is not None and opinion != slim:
                raise Disagreement("%sbytes %s, scapy %s" % (where, slim.hex(), opinion.hex()))
        parts.append(record.pack(seconds, fraction, len(slim), orig_len))
        parts.append(slim)
        off = body + incl_len
    return b"".join(parts)


def slim_file(source, target, cross_check=False, length="rewrite", how="compute"):
    try:
        with open(source, "rb") as f:
            data = f.read()
    except OSError as e:
        raise Refused("cannot be read: %s" % e.strerror) from None
    slim = slim_capture(data, cross_check, length, how)  # refuses before anything is written
    with open(target, "wb") as f:
        f.write(slim)


def frames_of(table):
    """(link type, frame, what is left of it or None where it is kept, why) of each row."""
    with open(table, encoding="ascii") as rows:
        for line in rows:
            if line.strip() and not line.startswith("#"):
                link, frame, slim, why = line.rstrip("\n").split(" ", 3)
                if "+" in link:
                    continue  # of tunnels, which the rules here do not look into: tests/tunnels
                yield (int(link), bytes.fromhex(frame.replace("-", "")),
                       None if slim == "kept" else bytes.fromhex(slim), why)


def check_frames(table):
    """How many rows there are, and how many of them scapy has an opinion on."""
    rows = opinions = 0
    for link, frame, want, why in frames_of(table):
        slim = slim_frame(frame, linktype=link)
        if (None if slim is frame else slim) != want:
            raise Disagreement("%s: %s" % (why, "kept" if slim is frame else slim.hex()))
        opinion = scapy_opinion(frame, link) if want is not None else None
        if opinion not in (None, want):
            raise Disagreement("%s: scapy says %s" % (why, opinion.hex()))
        rows += 1
        opinions += opinion is not None
    print("%d frames, %d judged by scapy as well" % (rows, opinions))


def batch(listfile, outdir, cross_check, length, how):
    with open(listfile, "rb") as f:
        paths = [p for p in f.read().split(b"\0") if p]
    os.makedirs(outdir, exist_ok=True)
    for index, path in enumerate(paths):
        target = os.path.join(outdir, "%d.out" % index)
        refused = os.path.join(outdir, "%d.refused" % index)
        # An answer left by an earlier run must not stand in for this one's.
        for stale in (target, refused):
            if os.path.exists(stale):
                os.unlink(stale)
        try:
            slim_file(path, target, cross_check, length, how)
        except Refused as e:  # an error while writing is no verdict on the capture: let it end the run
            with open(refused, "w") as f:
                f.write("%s\n" % e)
        except Disagreement as e:
            raise Disagreement("%s: %s" % (os.fsdecode(path), e)) from None


def main(argv):
    args = argv[1:]
    cross_check = "--cross-check" in args
    if cross_check:
        args.remove("--cross-check")
    length, how = "rewrite", "compute"
    for word in LENGTHS:
        if "--length=" + word in args:
            args.remove("--length=" + word)
            length = word
    for word in CHECKSUMS:
        if "--checksum=" + word in args:
            args.remove("--checksum=" + word)
            how = word
    if cross_check and (length, how) != ("rewrite", "compute"):
        print("oracle.py: --cross-check is for the default only", file=sys.stderr)
        return 2
    try:
        if len(args) == 3 and args[0] == "--batch":
            batch(args[1], args[2], cross_check, length, how)
        elif len(args) == 2 and args[0] == "--frames":
            check_frames(args[1])
        elif len(args) == 2 and not args[0].startswith("-"):
            slim_file(args[0], args[1], cross_check, length, how)
        else:
            print("usage: oracle.py [--cross-check] IN OUT\n"
                  "       oracle.py [--cross-check] --batch LISTFILE OUTDIR", file=sys.stderr)
            return 2
    except Refused as e:
        print("oracle.py: %s" % e, file=sys.stderr)
        return 1
    except Disagreement as e:
        print("oracle.py: disagreement: %s" % e, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
