#include "witness_link.h"

#include "linktype.h"

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_LABELS = 0x8847, TYPE_LABELS_TO_MANY = 0x8848 };

/* AF_INET is 2 everywhere, AF_INET6 10 (Linux), 24 (OpenBSD, NetBSD), 28 (FreeBSD) or 30 (Darwin). */
static witness_type type_of_family(uint32_t family) {
    if (family == 10 || family == 24 || family == 28 || family == 30) {
        return TYPE_IPV6;
    }
    return family == 2 ? TYPE_IPV4 : 0;
}

witness_type witness_type_of_ip(const struct witness_cursor *c) {
    const unsigned version = witness_peek(c) / 16;
    return version == 6 ? TYPE_IPV6 : version == 4 ? TYPE_IPV4 : 0;
}

static witness_type open_ethernet(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    witness_skip(c, 12);
    return (witness_type)witness_take(c, 2);
}

/* There is no ethertype where the device is a frame relay access device, a monitor of wireless networks or netlink. */
static bool is_without_type(uint32_t arphrd) {
    return arphrd == 770 || arphrd == 803 || arphrd == 824;
}

static witness_type open_sll(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    witness_skip(c, 2);
    const uint32_t arphrd = witness_take(c, 2);
    witness_skip(c, 10);
    const uint32_t type = witness_take(c, 2);
    return is_without_type(arphrd) ? 0 : (witness_type)type;
}

static witness_type open_sll2(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t type = witness_take(c, 2);
    witness_skip(c, 6);
    const uint32_t arphrd = witness_take(c, 2);
    witness_skip(c, 10);
    return is_without_type(arphrd) ? 0 : (witness_type)type;
}

/* Families are below 256, so that only one byte order of four bytes makes sense. */
static witness_type open_null(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t family = witness_take(c, 4);
    return type_of_family(family >> 24 != 0 && (family & 0xffffff) == 0 ? family >> 24 : family);
}

static witness_type open_loop(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    return type_of_family(witness_take(c, 4));
}

static witness_type open_raw(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    return witness_type_of_ip(c);
}

static witness_type open_ipv4(struct witness_cursor *c, struct witness_layout *l) {
    (void)c;
    (void)l;
    return TYPE_IPV4;
}

static witness_type open_ipv6(struct witness_cursor *c, struct witness_layout *l) {
    (void)c;
    (void)l;
    return TYPE_IPV6;
}

/* A protocol number whose first byte is odd has no second one. */
witness_type witness_open_ppp(struct witness_cursor *c) {
    uint32_t protocol = witness_take(c, 1);
    if (protocol == 0xff && witness_peek(c) == 3) {
        witness_skip(c, 1);
        protocol = witness_take(c, 1);
    }
    if (protocol % 2 == 0) {
        protocol = protocol << 8 | witness_take(c, 1);
    } else if (c->at == c->length) {
        c->overran = true; /* nothing is behind it */
    }
    switch (protocol) {
    case 0x0021:
        return TYPE_IPV4;
    case 0x0057:
        return TYPE_IPV6;
    case 0x0281:
        return TYPE_LABELS;
    case 0x0283:
        return TYPE_LABELS_TO_MANY;
    default:
        return 0;
    }
}

static witness_type open_ppp(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    return witness_open_ppp(c);
}

static witness_type open_c_hdlc(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t address = witness_take(c, 1);
    witness_skip(c, 1);
    const uint32_t type = witness_take(c, 2);
    return address == 0x0f || address == 0x8f ? (witness_type)type : 0;
}

static witness_type open_hdlc(struct witness_cursor *c, struct witness_layout *l) {
    const unsigned first = witness_peek(c);
    return first == 0x0f || first == 0x8f ? open_c_hdlc(c, l) : witness_open_ppp(c);
}

/* Version and type, code 0, session, length of what is behind it. */
static witness_type open_pppoe(struct witness_cursor *c, struct witness_layout *l) {
    const uint32_t begin = witness_take(c, 2);
    witness_skip(c, 2);
    const size_t length_at = c->at;
    const size_t length = witness_take(c, 2);
    if (begin != 0x1100 || c->overran) {
        return 0;
    }
    l->bound_at = c->at + length;
    witness_add_layer(l,
                      (struct witness_layer){.length = "PPPoE length", .length_at = length_at, .counted_from = c->at});
    return witness_open_ppp(c);
}

static witness_type open_snap(struct witness_cursor *c) {
    const uint32_t organisation = witness_take(c, 3);
    const uint32_t type = witness_take(c, 2);
    return organisation == 0 ? (witness_type)type : 0;
}

witness_type witness_open_llc(struct witness_cursor *c) {
    const uint32_t begin = witness_take(c, 3);
    if (begin == 0x060603) {
        return TYPE_IPV4;
    }
    return begin == 0xaaaa03 ? open_snap(c) : 0;
}

/* Two to four bytes of address; then 03 and an identifier, or an ethertype. */
static witness_type open_frame_relay(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    unsigned address_bytes = 1;
    while (address_bytes < 5 && witness_take(c, 1) % 2 == 0) {
        address_bytes++;
    }
    if (address_bytes < 2 || address_bytes > 4) {
        return 0;
    }
    if (witness_peek(c) != 3) {
        return (witness_type)witness_take(c, 2);
    }
    witness_skip(c, 1);
    uint32_t identifier = witness_take(c, 1);
    identifier = identifier == 0 ? witness_take(c, 1) : identifier;
    switch (identifier) {
    case 0xcc:
        return TYPE_IPV4;
    case 0x8e:
        return TYPE_IPV6;
    case 0x80:
        return open_snap(c);
    default:
        return 0;
    }
}

static witness_type open_pflog(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t said = witness_take(c, 1);
    const uint32_t family = witness_take(c, 1);
    if (said < 45) {
        return 0;
    }
    witness_skip(c, (said + 3) / 4 * 4 - 2);
    return type_of_family(family);
}

/* The attributes in one byte order: where the one is that ends the frame, if that is the payload; else 0. */
static size_t find_payload(struct witness_cursor c, uint32_t (*take)(struct witness_cursor *, unsigned)) {
    for (;;) {
        const size_t at = c.at;
        const size_t length = take(&c, 2);
        const uint32_t kind = take(&c, 2);
        const size_t padded = (length + 3) / 4 * 4;
        if (c.overran || length < 4) {
            return 0;
        }
        if (at + padded >= c.length) {
            return kind == 9 ? at : 0;
        }
        if (kind == 9) {
            return 0;
        }
        witness_skip(&c, padded - 4);
    }
}

static witness_type open_nflog(struct witness_cursor *c, struct witness_layout *l) {
    const uint32_t family = witness_take(c, 1);
    const uint32_t version = witness_take(c, 1);
    witness_skip(c, 2);
    const size_t as_little = find_payload(*c, witness_take_little);
    const size_t at = as_little != 0 ? as_little : find_payload(*c, witness_take);
    if (version != 0 || at == 0) {
        return 0;
    }
    c->at = at;
    l->bound_at = at + (as_little != 0 ? witness_take_little(c, 2) : witness_take(c, 2));
    witness_skip(c, 2);
    witness_add_layer(
        l, (struct witness_layer){
               .length = "NFLOG payload length", .length_at = at, .is_little = as_little != 0, .counted_from = at});
    return type_of_family(family);
}

/* A data frame in the clear, whole and by itself. padded: what is behind its header begins at a multiple of four. */
static witness_type open_wireless(struct witness_cursor *c, bool padded) {
    const size_t begin = c->at;
    const uint32_t kind = witness_take(c, 1);
    const uint32_t flags = witness_take(c, 1);
    witness_skip(c, 20);
    const uint32_t sequence = witness_take(c, 2);
    uint32_t quality = 0;
    if ((flags & 3) == 3) {
        witness_skip(c, 6);
    }
    if (kind >= 0x80) {
        quality = witness_take(c, 2);
        witness_skip(c, flags & 0x80 ? 4 : 0);
    }
    /* version 0, type 2, not one of the subtypes without data; fragment number 0, more fragments, protected; A-MSDU */
    if ((kind & 0x4f) != 0x08 || (sequence & 0x0f00) != 0 || (flags & 0x44) != 0 || (quality & 0x8000) != 0) {
        return 0;
    }
    if (padded) {
        witness_skip(c, (4 - (c->at - begin) % 4) % 4);
    }
    return witness_open_llc(c);
}

static witness_type open_ieee80211(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    return open_wireless(c, false);
}

/* The byte of flags is the first field, or behind a clock of eight bytes that is aligned; bit 20 says padded. */
static witness_type open_radiotap(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t version = witness_take(c, 1);
    witness_skip(c, 1);
    const uint32_t length = witness_take_little(c, 2);
    struct witness_cursor fields = {c->bytes, length <= c->length ? length : 0, c->at, false};
    if (version != 0 || length < 8 || length > c->length) {
        return 0;
    }
    const uint32_t present = witness_take_little(&fields, 4);
    for (uint32_t more = present; more >> 31 != 0;) {
        more = witness_take_little(&fields, 4);
    }
    if (present & 1) {
        witness_skip(&fields, (8 - fields.at % 8) % 8 + 8);
    }
    const uint32_t flags = present & 2 ? witness_take(&fields, 1) : 0;
    witness_skip(c, length - c->at);
    return open_wireless(c, !fields.overran && (flags & 0x20) != 0);
}

/* 144 bytes, or what a header of AVS says of itself. */
static witness_type open_prism(struct witness_cursor *c, struct witness_layout *l) {
    (void)l;
    const uint32_t magic = witness_take(c, 4);
    const uint32_t said = witness_take(c, 4);
    const uint32_t length = magic >> 12 == 0x80211 ? said : 144;
    if (length < 8) {
        return 0;
    }
    witness_skip(c, length - 8);
    return open_wireless(c, false);
}

/* What is looked into: a new link type is a row. */
static const struct link {
    uint16_t number;
    witness_type (*open)(struct witness_cursor *c, struct witness_layout *l);
} LINKS[] = {
    {LINKTYPE_NULL, open_null},
    {LINKTYPE_ETHERNET, open_ethernet},
    {LINKTYPE_PPP, open_ppp},
    {LINKTYPE_RAW_OF_BSD, open_raw},
    {LINKTYPE_RAW_OF_OPENBSD, open_raw},
    {LINKTYPE_PPP_HDLC, open_hdlc},
    {LINKTYPE_PPP_ETHER, open_pppoe},
    {LINKTYPE_RAW, open_raw},
    {LINKTYPE_C_HDLC, open_c_hdlc},
    {LINKTYPE_IEEE802_11, open_ieee80211},
    {LINKTYPE_FRELAY, open_frame_relay},
    {LINKTYPE_LOOP, open_loop},
    {LINKTYPE_LINUX_SLL, open_sll},
    {LINKTYPE_PFLOG, open_pflog},
    {LINKTYPE_IEEE802_11_PRISM, open_prism},
    {LINKTYPE_IEEE802_11_RADIOTAP, open_radiotap},
    {LINKTYPE_IPV4, open_ipv4},
    {LINKTYPE_IPV6, open_ipv6},
    {LINKTYPE_NFLOG, open_nflog},
    {LINKTYPE_LINUX_SLL2, open_sll2},
};

static const struct link *find_link(uint16_t number) {
    for (size_t i = 0; i < sizeof LINKS / sizeof LINKS[0]; i++) {
        if (LINKS[i].number == number) {
            return &LINKS[i];
        }
    }
    return NULL;
}

bool witness_link_type_is_known(uint16_t link_type) {
    return find_link(link_type) != NULL;
}

witness_type witness_open_link(uint16_t link_type, struct witness_cursor *c, struct witness_layout *l) {
    const struct link *link = find_link(link_type);
    const witness_type type = link == NULL ? 0 : link->open(c, l);
    return c->overran ? 0 : type;
}
