"""What tshark takes each frame of a capture for: a handshake in the clear, ciphertext, or neither. For scripts/fidelity.

A segment that is part of a TLS record which ends in a later frame is what that record is.
"""

import collections
import json
import subprocess

from savefiles import RECORD_HEADER_BYTES, records

CLEAR, CIPHER, NEITHER = "clear", "ciphertext", "neither"
FIELDS = [
    "tcp.reassembled_in", "tls.record.content_type", "tls.record.opaque_type", "tls.handshake.type",
    "quic.long.packet_type", "quic.long.packet_type_v2", "quic.version", "quic.short", "quic.protected_payload",
    "quic.remaining_payload", "gquic.tag", "gquic.payload", "ssh.protocol", "ssh.message_code", "ssh.encrypted_packet",
    "isakmp.exchangetype", "isakmp.flag_e", "isakmp.enc.data", "esp.spi", "dtls.record.content_type",
    "dtls.record.special_type", "dtls.handshake.type", "dtls.app_data", "wg.type", "openvpn.opcode", "openvpn.data",
    "srtp.enc_payload", "smb2.header.transform.signature",
]
SEPARATOR = "\x1f"
QUIC_2 = "0x6b3343cf"


def of_tls(frame):
    """What the first record that ends in a frame is, and what each is; or None."""
    records = frame["tls.record.content_type"] or frame["tls.record.opaque_type"]
    if not records:
        return None
    hello = bool(frame["tls.handshake.type"])
    kinds = [CIPHER if r == "23" or (r == "22" and not hello) else CLEAR for r in records]
    return kinds[0], kinds


def of_quic(frame):
    kinds = []
    if frame["quic.long.packet_type_v2"]:
        kinds += [CLEAR if t in ("0", "1") else CIPHER for t in frame["quic.long.packet_type_v2"]]
    else:
        kinds += [CLEAR if t in ("0", "3") else CIPHER for t in frame["quic.long.packet_type"]]
    if frame["quic.short"] or (frame["quic.remaining_payload"] and not kinds):
        kinds.append(CIPHER)
    if frame["gquic.tag"]:
        kinds.append(CLEAR)
    elif frame["gquic.payload"]:
        kinds.append(CIPHER)
    return kinds


def of_others(frame):
    kinds = []
    if frame["ssh.protocol"] or frame["ssh.message_code"] or frame["dtls.handshake.type"]:
        kinds.append(CLEAR)
    if frame["isakmp.exchangetype"]:
        encrypted = frame["isakmp.enc.data"] or frame["isakmp.flag_e"] in (["1"], ["True"])
        kinds.append(CIPHER if encrypted else CLEAR)
    if frame["wg.type"]:
        kinds.append(CIPHER if frame["wg.type"] == ["4"] else CLEAR)
    if frame["openvpn.opcode"]:
        kinds.append(CIPHER if frame["openvpn.data"] else CLEAR)
    if "23" in frame["dtls.record.content_type"] or frame["dtls.record.special_type"] or frame["dtls.app_data"]:
        kinds.append(CIPHER)
    for field in ("ssh.encrypted_packet", "esp.spi", "srtp.enc_payload", "smb2.header.transform.signature"):
        if frame[field]:
            kinds.append(CIPHER)
    return kinds


def read_frames(path):
    command = ["tshark", "-n", "-2", "-r", path, "-T", "fields", "-E", "separator=" + SEPARATOR, "-E", "aggregator=,"]
    for field in FIELDS + ["frame.protocols"]:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    for line in out.decode("utf-8", "replace").split("\n")[:-1]:
        values = line.split(SEPARATOR)
        values += [""] * (len(FIELDS) + 1 - len(values))
        frame = {field: value.split(",") if value else [] for field, value in zip(FIELDS, values)}
        frame["protocol"] = values[len(FIELDS)].split(":")[-1]
        yield frame


def kinds_of_frames(path):
    """Returns for each frame a set of CLEAR and CIPHER, which is empty where tshark sees neither; and its protocol."""
    frames = list(read_frames(path))
    kinds = []
    for frame in frames:
        tls = of_tls(frame)
        found = set(of_quic(frame) + of_others(frame) + (tls[1] if tls else []))
        for later in frame["tcp.reassembled_in"]:
            ends = of_tls(frames[int(later) - 1]) if int(later) <= len(frames) else None
            if ends:
                found.add(ends[0])
        kinds.append(found)
    return kinds, [frame["protocol"] for frame in frames]


def reasons_to_cut(scan, path, options):
    """Why the policy `flow` cuts each packet, as pcap-scan has it; None where it does not."""
    out = subprocess.run([scan, "--packets", "--policy", "flow", *options, path], stdout=subprocess.PIPE, check=True).stdout
    packets = [json.loads(line) for line in out.splitlines()[:-1]]
    return [packet["reason"] if packet["cut"] else None for packet in packets]


def caplens(path):
    """Returns the captured length of each packet of a savefile."""
    with open(path, "rb") as file:
        return [len(record) - RECORD_HEADER_BYTES for record in records(file.read())]


class Share:
    """How the bytes that both policies remove from a capture compare."""

    def __init__(self, capture, slims, reasons):
        kinds, protocols = kinds_of_frames(capture)
        before = caplens(capture)
        packet, flow = caplens(slims["packet"]), caplens(slims["flow"])
        self.captured = sum(before)
        self.encrypted = sum(length for length, kind in zip(before, kinds) if CIPHER in kind)
        self.packet, self.flow = sum(before) - sum(packet), sum(before) - sum(flow)
        self.more = 0
        self.left = {CLEAR: 0, CIPHER: 0, NEITHER: 0}
        for by_packet, by_flow, kind in zip(packet, flow, kinds):
            difference = by_flow - by_packet
            if difference < 0:
                self.more -= difference
            else:
                self.left[CLEAR if CLEAR in kind else CIPHER if CIPHER in kind else NEITHER] += difference
        self.strange = collections.Counter()  # what is cut although tshark sees nothing encrypted: packets and bytes
        for was, left, kind, reason, protocol in zip(before, flow, kinds, reasons, protocols):
            if reason is not None and CIPHER not in kind:
                key = reason, protocol, CLEAR if CLEAR in kind else NEITHER
                self.strange[key, "packets"] += 1
                self.strange[key, "bytes"] += was - left

    def is_mostly_encrypted(self):
        return 2 * self.encrypted >= self.captured

    def add(self, other):
        both = Share.__new__(Share)
        for figure in ("captured", "encrypted", "packet", "flow", "more"):
            setattr(both, figure, getattr(self, figure) + getattr(other, figure))
        both.left = {kind: self.left[kind] + other.left[kind] for kind in self.left}
        return both

    def row(self, name):
        def per_cent(part, whole):
            return f"{100 * part / whole:.1f} %" if whole > 0 else "-"

        return (f"| {name} | {self.packet} | {self.flow} | {per_cent(self.flow, self.packet)} | {self.left[CLEAR]} | "
                f"{self.left[CIPHER]} | {self.left[NEITHER]} | {self.more} | "
                f"{per_cent(self.flow, self.packet - self.left[CLEAR])} |")
