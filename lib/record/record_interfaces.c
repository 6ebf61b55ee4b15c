#include "record_interfaces.h"

#include "names.h"
#include "record_members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char PCAPNG[] = "pcapng";

#define RESOLUTION_OF_2 0x80

/* ---- out ---- */

static int format_figures(json_t *o, const struct tally_interface *i) {
    int bad = json_object_set_new(o, "in_pkts", record_number(i->packets));
    bad |= json_object_set_new(o, "truncated", record_number(i->cut_packets));
    bad |= json_object_set_new(o, "in_bytes", record_number(i->in_bytes));
    bad |= json_object_set_new(o, "bytes_saved", record_number(i->saved_bytes));
    return bad;
}

/* "10^-6" seconds, as if_tsresol has it. */
static json_t *format_resolution(uint8_t resolution) {
    const unsigned base = resolution & RESOLUTION_OF_2 ? 2 : 10;
    return json_sprintf("%u^-%u", base, resolution & ~(unsigned)RESOLUTION_OF_2);
}

static json_t *format_interface(const struct tally_interface *i) {
    json_t *o = json_object();
    int bad = json_object_set_new(o, "section", record_number(i->section));
    bad |= json_object_set_new(o, "interface", record_number(i->id));
    if (i->name[0] != '\0') {
        char *shown = names_utf8(i->name);
        bad |= json_object_set_new(o, "name", shown != NULL ? json_string(shown) : NULL);
        free(shown);
    }
    bad |= json_object_set_new(o, "linktype", record_number(i->linktype));
    bad |= json_object_set_new(o, "snaplen", record_number(i->snaplen_bytes));
    bad |= json_object_set_new(o, "resolution", format_resolution(i->resolution));
    if (i->fcs_bytes != 0) {
        bad |= json_object_set_new(o, "fcs_bytes", record_number(i->fcs_bytes));
    }
    bad |= format_figures(o, i);
    return record_whole(o, bad);
}

int record_interfaces_format(json_t *o, const struct tally *t) {
    if (t->savefile.container != CONTAINER_PCAPNG) {
        return 0;
    }
    json_t *all = json_array();
    int bad = json_object_set_new(o, "container", json_string(PCAPNG));
    for (uint64_t i = 0; i < t->interface_count && i < TALLY_INTERFACES_MAX; i++) {
        bad |= json_array_append_new(all, format_interface(&t->interfaces[i]));
    }
    bad |= json_object_set_new(o, "interfaces", all);
    if (t->interface_count > TALLY_INTERFACES_MAX) {
        json_t *others = json_object();
        bad |= json_object_set_new(others, "interfaces", record_number(t->interface_count - TALLY_INTERFACES_MAX));
        bad |= format_figures(others, &t->interfaces[TALLY_INTERFACES_MAX]);
        bad |= json_object_set_new(o, "other_interfaces", others);
    }
    return bad;
}

/* ---- in ---- */

static void parse_figures(const json_t *o, struct tally_interface *i) {
    i->packets = record_get_number(o, "in_pkts");
    i->cut_packets = record_get_number(o, "truncated");
    i->in_bytes = record_get_number(o, "in_bytes");
    i->saved_bytes = record_get_number(o, "bytes_saved");
}

static uint8_t parse_resolution(const json_t *o) {
    const char *text = json_string_value(json_object_get(o, "resolution"));
    const char *exponent = text != NULL ? strstr(text, "^-") : NULL;
    const unsigned long n = exponent != NULL ? strtoul(exponent + 2, NULL, 10) : 0;
    return n < RESOLUTION_OF_2 ? (uint8_t)(n | (text != NULL && text[0] == '2' ? RESOLUTION_OF_2 : 0)) : 0;
}

static void parse_interface(const json_t *o, struct tally_interface *i) {
    const char *name = json_string_value(json_object_get(o, "name"));
    i->section = (uint32_t)record_get_number(o, "section");
    i->id = (uint32_t)record_get_number(o, "interface");
    (void)strncpy(i->name, name != NULL ? name : "", sizeof i->name - 1);
    i->linktype = (uint16_t)record_get_number(o, "linktype");
    i->snaplen_bytes = (uint32_t)record_get_number(o, "snaplen");
    i->resolution = parse_resolution(o);
    i->fcs_bytes = (uint8_t)record_get_number(o, "fcs_bytes");
    parse_figures(o, i);
}

void record_interfaces_parse(const json_t *o, struct tally *t) {
    const char *container = json_string_value(json_object_get(o, "container"));
    const json_t *all = json_object_get(o, "interfaces");
    const json_t *others = json_object_get(o, "other_interfaces");
    if (container == NULL || strcmp(container, PCAPNG) != 0) {
        return;
    }
    t->savefile.container = CONTAINER_PCAPNG;
    for (size_t i = 0; i < json_array_size(all) && i < TALLY_INTERFACES_MAX; i++) {
        parse_interface(json_array_get(all, i), &t->interfaces[i]);
        t->interface_count++;
    }
    if (t->interface_count == TALLY_INTERFACES_MAX) {
        t->interface_count += record_get_number(others, "interfaces");
        parse_figures(others, &t->interfaces[TALLY_INTERFACES_MAX]);
    }
}
