"""Where the link header of a frame ends and what it announces, for the oracle: one function a link type, each written from
the link type registry (https://www.tcpdump.org/linktypes.html) and the documents that it names, never from the C sources.

A function takes the frame and returns (ethertype, offset of what is announced, lengths), or raises Unreachable (or IndexError
or struct.error, where the frame ends first). lengths: of what the header says about the length of what it carries, a list of
(place of a field of 16 bits, its byte order, the place it counts from).
"""

import struct

IP4, IP6, MPLS, MPLS_MULTICAST = 0x0800, 0x86DD, 0x8847, 0x8848
NO_ETHERTYPE = (770, 803, 824)  # ARPHRD: frame relay, radiotap, netlink


class Unreachable(Exception):
    pass


def be(frame, at, size=2):
    if at + size > len(frame):
        raise IndexError
    return int.from_bytes(frame[at:at + size], "big")


def le(frame, at, size=2):
    if at + size > len(frame):
        raise IndexError
    return int.from_bytes(frame[at:at + size], "little")


def whole(frame, size):
    if len(frame) < size:
        raise IndexError
    return size


def family(number):
    kinds = {2: IP4, 10: IP6, 24: IP6, 28: IP6, 30: IP6}
    if number not in kinds:
        raise Unreachable
    return kinds[number]


def version(frame, at):
    kinds = {4: IP4, 6: IP6}
    if frame[at] >> 4 not in kinds:
        raise Unreachable
    return kinds[frame[at] >> 4]


def ethernet(frame):
    return be(frame, 12), whole(frame, 14), []


def linux_sll(frame):
    if be(frame, 2) in NO_ETHERTYPE:
        raise Unreachable
    return be(frame, 14), 16, []


def linux_sll2(frame):
    if be(frame, 8) in NO_ETHERTYPE:
        raise Unreachable
    return be(frame, 0), whole(frame, 20), []


def null(frame):
    number = be(frame, 0, 4)
    return family(number if number < 256 else le(frame, 0, 4)), 4, []


def loop(frame):
    return family(be(frame, 0, 4)), 4, []


def raw(frame):
    return version(frame, 0), 0, []


def ipv4(frame):
    return IP4, 0, []


def ipv6(frame):
    return IP6, 0, []


def ppp_at(frame, at):
    if frame[at:at + 2] == b"\xff\x03":
        at += 2
    whole(frame, at + 2)
    size = 1 if frame[at] & 1 else 2
    kinds = {0x21: IP4, 0x57: IP6, 0x281: MPLS, 0x283: MPLS_MULTICAST}
    number = be(frame, at, size)
    if number not in kinds:
        raise Unreachable
    return kinds[number], at + size


def ppp(frame):
    return ppp_at(frame, 0) + ([],)


def c_hdlc(frame):
    if frame[0] not in (0x0F, 0x8F):
        raise Unreachable
    return be(frame, 2), 4, []


def ppp_hdlc(frame):
    return c_hdlc(frame) if frame[0] in (0x0F, 0x8F) else ppp(frame)


def ppp_ether(frame):
    if be(frame, 0) != 0x1100:
        raise Unreachable
    whole(frame, 6)
    return ppp_at(frame, 6) + ([(4, "big", 6)],)


def snap(frame, at):
    if be(frame, at, 3) != 0:
        raise Unreachable
    return be(frame, at + 3), at + 5


def llc(frame, at):
    head = be(frame, at, 3)
    if head == 0x060603:
        return IP4, at + 3
    if head != 0xAAAA03:
        raise Unreachable
    return snap(frame, at + 3)


def frelay(frame):
    at = 0
    while not frame[at] & 1:
        at += 1
    at += 1
    if not 2 <= at <= 4:
        raise Unreachable
    if frame[at] != 3:
        return be(frame, at), at + 2, []
    at += 1
    if frame[at] == 0:
        at += 1
    if frame[at] == 0x80:
        return snap(frame, at + 1) + ([],)
    kinds = {0xCC: IP4, 0x8E: IP6}
    if frame[at] not in kinds:
        raise Unreachable
    return kinds[frame[at]], at + 1, []


def pflog(frame):
    if frame[0] < 45:
        raise Unreachable
    return family(frame[1]), whole(frame, -(-frame[0] // 4) * 4), []


def nflog(frame):
    if frame[1] != 0:
        raise Unreachable
    for order, get in (("little", le), ("big", be)):
        at = 4
        try:
            while True:
                size, kind = get(frame, at), get(frame, at + 2)
                behind = at + -(-size // 4) * 4
                if size < 4:
                    break
                if kind == 9 and behind >= len(frame):
                    return family(frame[0]), at + 4, [(at, order, at)]
                if kind == 9 or behind >= len(frame):
                    break
                at = behind
        except IndexError:
            pass
    raise Unreachable


def wifi_at(frame, begin, padded=False):
    first, second = frame[begin], frame[begin + 1]
    sequence = le(frame, begin + 22)
    at = begin + 24
    if first & 0x0F != 0x08 or first & 0x40 or second & 0x44 or sequence & 0x0F:
        raise Unreachable
    if second & 3 == 3:
        at += 6
    if first & 0x80:
        if le(frame, at) & 0x80:
            raise Unreachable
        at += 6 if second & 0x80 else 2
    if padded:
        at += -(at - begin) % 4
    return llc(frame, at)


def wifi(frame):
    return wifi_at(frame, 0) + ([],)


def radiotap(frame):
    size = le(frame, 2)
    if frame[0] != 0 or not 8 <= size <= len(frame):
        raise Unreachable
    header = frame[:size]
    padded = False
    try:
        at = 4
        while le(header, at, 4) >> 31:
            at += 4
        at += 4
        if header[4] & 1:
            at += -at % 8 + 8
        if header[4] & 2:
            padded = bool(header[at] & 0x20)
    except IndexError:
        pass
    return wifi_at(frame, size, padded) + ([],)


def prism(frame):
    size = be(frame, 4, 4) if be(frame, 0, 4) & 0xFFFFF000 == 0x80211000 else 144
    if size < 8:
        raise Unreachable
    return wifi_at(frame, size) + ([],)


LINKS = {0: null, 1: ethernet, 9: ppp, 12: raw, 14: raw, 50: ppp_hdlc, 51: ppp_ether, 101: raw, 104: c_hdlc, 105: wifi,
         107: frelay, 108: loop, 113: linux_sll, 117: pflog, 119: prism, 127: radiotap, 228: ipv4, 229: ipv6, 239: nflog,
         276: linux_sll2}


def announced(frame, linktype):
    """(ethertype, offset, lengths), or None: the link type is not looked into, or its header announces nothing."""
    if linktype not in LINKS:
        return None
    try:
        found = LINKS[linktype](frame)
    except (Unreachable, IndexError, struct.error):
        return None
    return found if found[1] <= len(frame) else None
