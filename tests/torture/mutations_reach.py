"""For mutate.py --reach: what must be so before a cut in tunnels, other link types and other containers, and what the witness
asks of one there, taken out one by one."""

from mutation_tests import BIN_DIR, bats, replay, unit

FRAMES, WITNESS, BLOCKS, PCAPNG = (unit(room) for room in ("frames", "witness_frame", "witness_blocks", "pcapng"))
DRESSED = ["tests/tunnels/judge.py", BIN_DIR, "300", "1"]
CIRCUITS = unit("tunnel")

MUTATIONS = [
    # ---- what the witness refuses ----
    ("lengths around, to the witness", "lib/witness/witness_frame.c", ".expected = j->slim->length - layer->counted_from};",
     ".expected = i + 2 < j->at->layer_count ? bytes_get_be16(j->slim->bytes + layer->length_at)\n"
     ": j->slim->length - layer->counted_from};", WITNESS),
    ("checksums around, to the witness", "lib/witness/witness_frame.c", "    if (layer->may_be_none && field.expected == 0) {",
     "    if (!is_own) {\n        field.expected = bytes_get_be16(j->slim->bytes + layer->sum_at);\n    }\n"
     "    if (layer->may_be_none && field.expected == 0) {", WITNESS),
    ("the layer that is cut, to the witness", "lib/witness/witness_layout.c", "if (witness_enter(&way, frame)) {", "if (0) {", WITNESS),
    ("lengths inside, to the witness", "lib/witness/witness_frame.c", ".expected = j->slim->length - layer->counted_from};",
     ".expected = i + 2 == j->at->layer_count ? bytes_get_be16(j->slim->bytes + layer->length_at)\n"
     ": j->slim->length - layer->counted_from};", WITNESS),
    ("a checksum of none around, to the witness", "lib/witness/witness_frame.c", "if (is_none && (!is_own ||", "if (is_none && (is_own ||", WITNESS),
    ("that what is inside ends within what is around it, to the witness", "lib/witness/witness_tunnel.c",
     "(length == 0 || (length >= (first & 0x0f) * 4 && length <= room));", "(length == 0 || length >= (first & 0x0f) * 4);", replay("tunnel")),
    ("a decoder that stops behind the first frame, to the witness", "lib/witness/witness_unpack.c",
     "(u->part == PART_BETWEEN && look(u, 1, f) == 0 && there(u) == 0)", "(u->part == PART_BETWEEN && u->places.frames > 0)", replay("gzip")),
    ("compressed data that is cut short, to the witness", "lib/witness/witness_unpack.c",
     "    if (did.used_bytes == 0 && did.made_bytes == 0 && !did.ended) {",
     "    if (u->at_end && bytes == 0) {\n        u->part = PART_BETWEEN;\n        return 0;\n    }\n"
     "    if (did.used_bytes == 0 && did.made_bytes == 0 && !did.ended) {", replay("zstd")),
    ("a block that is lost, to the witness", "lib/witness/witness_blocks.c", "            if (original_ends && slim_ends) {",
     "            if (slim_ends) {", BLOCKS),
    ("a block that is more, to the witness", "lib/witness/witness_blocks.c", "            if (original_ends && slim_ends) {",
     "            if (original_ends) {", BLOCKS),
    ("blocks that stay, to the witness", "lib/witness/witness_blocks.c", "if (memcmp(at(slim), at(original), chunk_bytes) != 0) {", "if (0) {", BLOCKS),
    ("options, to the witness", "lib/witness/witness_blocks.c", "memcmp(slim->options, original->options, slim->options_bytes) != 0) {", "0) {", BLOCKS),
    ("padding, to the witness", "lib/witness/witness_blocks.c", "return memcmp(slim->padding, wanted, slim->padding_bytes) == 0", "return wanted != NULL", BLOCKS),
    ("interface and time of a packet, to the witness", "lib/witness/witness_blocks.c",
     "if (memcmp(slim->block + BODY_AT, original->block + BODY_AT, PACKET_TIME_END - BODY_AT) != 0) {", "if (0) {", BLOCKS),
    ("the original length of a packet, to the witness", "lib/witness/witness_blocks.c",
     "if (memcmp(slim->block + PACKET_ORIGINAL_AT, original->block + PACKET_ORIGINAL_AT, 4) != 0) {", "if (0) {", BLOCKS),
    ("the length at the end of a block, to the witness", "lib/witness/witness_blocks.c", "    if (get32(w, p) != s->total_bytes) {", "    if (p == NULL) {", BLOCKS),
    ("the byte order of a section, to the witness", "lib/witness/witness_blocks.c",
     "w->big_endian = bytes_get_be32(at(&w->original) + BODY_AT) == MAGIC;", "w->big_endian = false;", BLOCKS),
    ("the link type of each interface, to the witness", "lib/witness/witness_blocks.c", "*link_type = w->link_types[id];", "*link_type = w->link_types[0];", BLOCKS),

    # ---- what is made true around a cut ----
    ("lengths around a cut", "lib/packet/envelope.c", "if (!zero && kind->length != NONE) {", "if (!zero && kind->length != NONE && i >= e->outer) {", FRAMES),
    ("checksums around a cut", "lib/packet/envelope.c", "if (kind->checksum == 0 || (zero", "if (kind->checksum == 0 || i < e->outer || (zero", FRAMES),
    ("a checksum of none around a cut", "lib/packet/envelope.c", "(incremental || i < e->outer)", "incremental", FRAMES),
    ("checksums around zeros", "lib/packet/envelope.c", "(kind->header_only || terms.checksum == CUT_KEEP)", "(true || terms.checksum == CUT_KEEP)", DRESSED),
    ("checksums around that were wrong", "lib/packet/envelope.c", "        if (incremental && layer->was_known) {", "        if (incremental && layer->was_known && i >= e->outer) {", unit("envelope")),
    ("from where GTP-U counts", "lib/packet/envelope.c", ".counted_from = GTP_HEADER_BYTES}", ".counted_from = 0}", FRAMES),
    ("the length of IEEE 802.3", "lib/packet/tunnel_llc.c", "    way_add_layer(w, LAYER_8023, w->type_at, w->end);\n", "", FRAMES),
    ("the length of PPPoE", "lib/packet/tunnel_ppp.c", "    way_add_layer(w, LAYER_PPPOE, w->at, w->end);\n", "", FRAMES),
    ("the length of L2TP", "lib/packet/tunnel_ppp.c", "        way_add_layer(w, LAYER_L2TP, w->at, w->end);\n", "", FRAMES),
    ("the length of PPTP", "lib/packet/tunnel_gre.c", ": header_bytes > PPTP_HEADER_MIN_BYTES                           ? LAYER_PPTP_12",
     ": header_bytes > PPTP_HEADER_MIN_BYTES                           ? LAYER_PPTP_8", FRAMES),
    ("the checksum of GRE", "lib/packet/tunnel_gre.c", "    if (flags & GRE_HAS_CHECKSUM) {", "    if (flags == 0xffff) {", FRAMES),

    # ---- what is believed ----
    ("an IP packet inside that is one", "lib/packet/tunnel.c", "(reached == REACHED_IP && !way_is_ip(w, w->at, w->ethertype))) {", "false) {", FRAMES),
    ("that what is inside ends within what is around it", "lib/packet/tunnel.c",
     "(total_bytes >= (uint32_t)(ip[0] & 0x0f) * 4 && total_bytes <= w->end - at);", "total_bytes >= (uint32_t)(ip[0] & 0x0f) * 4;", FRAMES),
    ("how deep tunnels may be", "lib/packet/tunnel.c", "if (row == NULL || *depth >= TUNNEL_DEPTH_MAX) {", "if (row == NULL || *depth >= TUNNEL_DEPTH_MAX + 1) {", FRAMES),
    ("how deep tunnels of IP may be", "lib/packet/tunnel.c", "    if (*depth >= TUNNEL_DEPTH_MAX) {", "    if (*depth >= TUNNEL_DEPTH_MAX + 1) {", FRAMES),
    ("the kinds that were asked for", "lib/packet/tunnel_way.h", "return (w->enabled & bit) != 0;", "return bit != 0;", bats("oracle/tunnels", "by its name")),
    ("a datagram's own length", "lib/packet/tunnel.c", "|| bytes > l->packet_end - l->transport_offset) {", ") {", FRAMES),
    ("flags of VXLAN", "lib/packet/tunnel_vxlan.c", "if ((header[0] & ~(unsigned)(VXLAN_HAS_VNI | GPE_TO_MANY)) != GPE_HAS_PROTOCOL) {", "if (header[0] == 0) {", FRAMES),
    ("options of GENEVE", "lib/packet/tunnel_geneve.c", "!options_are_whole(header + GENEVE_HEADER_BYTES, options_bytes) || ", "", FRAMES),
    ("control packets of GENEVE", "lib/packet/tunnel_geneve.c", " || (header[1] & GENEVE_CONTROL) != 0", "", FRAMES),
    ("messages of GTP that carry nothing", "lib/packet/tunnel_gtp.c", "header[1] != GTP_G_PDU) {", "header[1] == 0) {", FRAMES),
    ("the length of GTP", "lib/packet/tunnel_gtp.c", "payload_bytes > w->end - w->at - GTP_HEADER_BYTES || ", "", FRAMES),
    ("control packets of NSH", "lib/packet/tunnel_nsh.c", "(header[0] & (NSH_VERSION_MASK | NSH_CONTROL)) != 0", "(header[0] & NSH_VERSION_MASK) != 0", FRAMES),
    ("the discovery of PPPoE", "lib/packet/tunnel_ppp.c", "|| header[PPPOE_CODE] != 0 ||", "||", FRAMES),
    ("a length of PPPoE that is more", "lib/packet/tunnel_ppp.c", "        bytes_get_be16(header + PPPOE_LENGTH) > w->end - w->at - PPPOE_HEADER_BYTES || ", "        ", FRAMES),
    ("control messages of L2TP", "lib/packet/tunnel_ppp.c", "!= L2TP_DATA_OF_VERSION_2 ||", "== 0xffff ||", FRAMES),
    ("a length of L2TP that is more", "lib/packet/tunnel_ppp.c", " || bytes > w->end - w->at) {", ") {", FRAMES),
    ("words behind labels that are none", "lib/packet/tunnel_mpls.c", "const bool has_word = bytes_get_be16(way_header(w)) == 0;", "const bool has_word = true;", FRAMES),
    ("what is sure before what may be, behind labels", "lib/packet/tunnel_mpls.c", "(has_word && go_to_ethernet(w, word_bytes, false)) || go_to_ethernet(w, 0, false) ||", "go_to_ethernet(w, 0, true) ||", FRAMES),
    ("the version of ERSPAN", "lib/packet/tunnel_erspan.c", "|| way_header(w)[0] >> 4 != ERSPAN_II_VERSION) {", ") {", FRAMES),
    ("the flags of PPTP", "lib/packet/tunnel_gre.c", "!= (GRE_HAS_KEY | 1) ||", "== 0 ||", FRAMES),
    ("a total length of 0 inside", "lib/packet/tunnel.c", "if (out->as == LOCATED_OFFLOADED && terms->offloaded) {", "if (out->as == LOCATED_OFFLOADED) {", FRAMES),
    ("the shorter way to VXLAN, which must agree", "lib/packet/tunnel_plain.h", "return is_ordinary && inner->packet_end + PLAIN_INNER <= PLAIN_TRANSPORT + udp_bytes;", "return is_ordinary && udp_bytes > 0;", replay("tunnel")),
    ("networks of VXLAN that are told apart", "lib/packet/tunnel_vxlan.c", "    way_mark(w, bytes_get_be32(header + VXLAN_VNI) >> 8);\n", "", CIRCUITS),
    ("networks of GENEVE that are told apart", "lib/packet/tunnel_geneve.c", "    way_mark(w, bytes_get_be32(header + GENEVE_VNI) >> 8);\n", "", CIRCUITS),
    ("endpoints of GTP, which differ by direction", "lib/packet/tunnel_gtp.c", "    w->end = w->at + GTP_HEADER_BYTES + payload_bytes;\n", "    w->end = w->at + GTP_HEADER_BYTES + payload_bytes;\n    way_mark(w, bytes_get_be32(header + 4));\n", CIRCUITS),

    # ---- link types ----
    ("devices without ethertypes in SLL", "lib/packet/link.c", "return device != ARPHRD_FRAD && device != ARPHRD_IEEE80211_RADIOTAP && device != ARPHRD_NETLINK;", "return device != 0xffff;", FRAMES),
    ("the address of Cisco's HDLC", "lib/packet/link.c", "(frame[0] == C_HDLC_UNICAST || frame[0] == C_HDLC_MULTICAST)", "true", FRAMES),
    ("a payload of NFLOG that is not the last", "lib/packet/link_logged.c", "return is_last ? at : 0;", "return at;", FRAMES),
    ("what a link header says of the end", "lib/packet/link.c", "if (has_end && l->packet_end > end) {", "if (has_end && l->packet_end > end && end == 0) {", FRAMES),
    ("protected frames of wireless networks", "lib/packet/link_wireless.c", "(WIFI_PROTECTED | WIFI_MORE_FRAGMENTS)", "WIFI_MORE_FRAGMENTS", FRAMES),
    ("fragments of wireless networks", "lib/packet/link_wireless.c", "(WIFI_PROTECTED | WIFI_MORE_FRAGMENTS)", "WIFI_PROTECTED", FRAMES),
    ("last fragments of wireless networks", "lib/packet/link_wireless.c", " || (mac[WIFI_SEQUENCE] & WIFI_FRAGMENT_MASK) != 0", "", FRAMES),
    ("several frames in one of wireless networks", "lib/packet/link_wireless.c", "|| (mac[header_bytes] & WIFI_AGGREGATE) != 0", "", FRAMES),
    ("headers of radiotap that are padded", "lib/packet/link_wireless.c", "says_padded(frame, header_bytes)", "says_padded(frame, 0)", FRAMES),

    # ---- pcapng ----
    ("zeros in the padding", "lib/capture/pcapng.c", "    memset(block + end_at, 0, padding_bytes);\n", "", PCAPNG),
    ("zeros in the padding of ordinary blocks", "lib/capture/pcapng.c", "    memset(frame + to_bytes, 0, pcapng_padding_bytes(to_bytes));\n", "", PCAPNG),
    ("options behind a cut", "lib/capture/pcapng.c", "        memmove(block + end_at + padding_bytes, block + behind_at, r->there_bytes - behind_at);\n", "", PCAPNG),
    ("the length at the end of a cut block", "lib/capture/pcapng.c", "    if (r->there_bytes == r->whole_bytes) {", "    if (r->there_bytes != r->whole_bytes) {", PCAPNG),
    ("that simple packets are kept", "lib/capture/pcapng.c", "    out->is.origlen_bytes = origlen_bytes;\n", "    out->is.origlen_bytes = origlen_bytes;\n    out->may_be_cut = true;\n", bats("pcapng", "whatever is in it")),
    ("the length at the end of a block", "lib/capture/pcapng.c", "    return there_bytes < whole_bytes ||", "    return there_bytes < whole_bytes || at != NULL ||", bats("pcapng", "a length that lies")),
    ("interfaces that are described", "lib/capture/pcapng.c", "if (id >= s->interface_count) {", "if (id >= PCAPNG_INTERFACES_MAX) {", PCAPNG),
    ("room for what was captured", "lib/capture/pcapng.c", "if (caplen_bytes > room_bytes) {", "if (caplen_bytes > room_bytes + 4) {", PCAPNG),
    ("the keys that a capture has", "lib/pass/secrets.c", "return d.cut && can_read(s->known, d.reason) ?", "return d.cut && s->known == 0xffff ?", bats("pcapng", "has the keys to")),
    ("keys that come too late", "lib/pass/slim.c", "if (p->policy->settings.kind == POLICY_FLOW && secrets_follow(", "if (p->policy == NULL && secrets_follow(", bats("pcapng", "keys behind")),

    # ---- compression ----
    ("a decoder that stops behind the first frame", "lib/stream/unpack.c", "    if (u->end == u->begin) {\n        return 0;", "    if (u->end == u->begin || u->used_bytes > 0) {\n        return 0;", replay("gzip")),
]
