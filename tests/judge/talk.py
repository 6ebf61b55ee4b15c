"""A conversation of which each byte is labelled by whoever makes it. Nothing here knows what the program believes."""

import random
import struct

CLEAR = 0  # readable: must stay
SECRET = 1  # ciphertext: may go, and goes where the stream is proven
HEAD = 2  # a length by which a reader finds the next unit: must stay unless ciphertext comes before it in its packet
OPEN = 3  # neither is claimed: ciphertext that a readable conversation carries as its content
CLIENT, SERVER = 0, 1

MUST_NOT_GO = bytes([CLEAR])
BEFORE_SECRETS = bytes([HEAD])
SECRETS = bytes([SECRET])


class Talk:
    """Between a client and a server. Turns are ("say", side, payload, labels) or ("again", with_syn, same_numbers)."""

    def __init__(self, entry, seed):
        self.name, self.transport, self.port = entry.name, entry.transport, entry.port
        self.rng = random.Random(f"{seed}/{entry.name}")
        self.turns = []

    def noise(self, length):
        return self.rng.randbytes(length)

    def size(self, least, most):
        return self.rng.randint(least, most)

    def say(self, side, *parts):
        """What one side sends at once: bytes, which are readable, or pairs of label and bytes."""
        payload, labels = [], []
        for part in parts:
            label, data = part if isinstance(part, tuple) else (CLEAR, part)
            payload.append(data)
            labels.append(bytes([label]) * len(data))
        self.turns.append(("say", side, b"".join(payload), b"".join(labels)))

    def ask(self, *parts):
        self.say(CLIENT, *parts)

    def reply(self, *parts):
        self.say(SERVER, *parts)

    def lines(self, *exchange):
        """Lines of text: `C: ` and `S: ` say who. Consecutive lines of one side go out apart."""
        for line in exchange:
            who, text = line[:3], line[3:]
            self.say(CLIENT if who == "C: " else SERVER, text.encode() + b"\r\n")

    def again(self, with_syn, same_numbers=False):
        """The same addresses and ports, another connection, of which the SYN is in the capture or not."""
        self.turns.append(("again", with_syn, same_numbers))

    def both_ways(self, *parts_a_side):
        for side, parts in zip((CLIENT, SERVER), parts_a_side):
            self.say(side, *parts)


class Entry:
    """One conversation of the catalogue. `every_port`: on each port of the lists; else on its own, on 443 and on a random one.
    `own_ports`: only between these two, where the ports are half of what says what it is.
    `known_from_start`: its content looks like noise behind framing, so that only its beginning can say what it is.
    `told_by_the_other_side`: where that is missing, or comes late, nothing tells it from what it carries.
    `least_cut`: of a proven stream, the share of its ciphertext that must go when it is seen from its beginning."""

    def __init__(self, make, name, transport, port, every_port=True, own_ports=None, known_from_start=False,
                 told_by_the_other_side=False, least_cut=None):
        self.make, self.name, self.transport, self.port = make, name, transport, port
        self.every_port, self.own_ports, self.known_from_start, self.least_cut = every_port, own_ports, known_from_start, least_cut
        self.told_by_the_other_side = told_by_the_other_side

    def is_tried_in(self, layout):
        return not (layout == "middle" and self.known_from_start) and \
            not (layout in ("client", "server", "vlan", "shuffled") and self.told_by_the_other_side)

    def talk(self, seed):
        talk = Talk(self, seed)
        self.make(talk)
        return talk


class Catalogue:
    def __init__(self, kind):
        self.kind, self.entries = kind, []

    def add(self, name, transport, port, make=None, **how):
        """Adds a conversation; without `make` it is a decorator."""
        if make is None:
            return lambda function: self.add(name, transport, port, function, **how)
        self.entries.append(Entry(make, name, transport, port, **how))
        return make

    def tcp(self, name, port, make=None, **how):
        return self.add(name, "tcp", port, make, **how)

    def udp(self, name, port, make=None, **how):
        return self.add(name, "udp", port, make, **how)

    def esp(self, name, make=None, **how):
        return self.add(name, "esp", 0, make, **how)


def u8(*values):
    return bytes(values)


def u16(*values):
    return struct.pack(f">{len(values)}H", *values)


def u24(value):
    return struct.pack(">I", value)[1:]


def u32(*values):
    return struct.pack(f">{len(values)}I", *[value & 0xFFFFFFFF for value in values])


def u64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def le16(*values):
    return struct.pack(f"<{len(values)}H", *values)


def le32(*values):
    return struct.pack(f"<{len(values)}I", *[value & 0xFFFFFFFF for value in values])


def le64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def counted(width, data):
    """Data behind its own length, of so many bytes."""
    return len(data).to_bytes(width, "big") + data
