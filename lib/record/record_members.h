/*
 * What everything that writes or reads a record's JSON has in common. Private to this folder.
 */
#ifndef PCAPSLIM_RECORD_MEMBERS_H
#define PCAPSLIM_RECORD_MEMBERS_H

#include <jansson.h>
#include <stdint.h>

/* JSON integers are signed 64-bit in jansson; an inode or device number keeps its bits. */
static inline json_t *record_number(uint64_t value) {
    return json_integer((json_int_t)value);
}

/* A member that is an integer; a missing or other one reads as 0. */
static inline uint64_t record_get_number(const json_t *o, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

/* Every step may lack memory. A record with a member missing would be believed, so there is none then. */
static inline json_t *record_whole(json_t *o, int bad) {
    if (bad != 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

#endif
