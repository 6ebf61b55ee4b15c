#include "record_files.h"

#include "record_members.h"

#include <string.h>

int record_files_format(json_t *o, const struct record *r) {
    if (r->in_codec == CODEC_NONE && r->out_codec == CODEC_NONE) {
        return 0;
    }
    int bad = json_object_set_new(o, "in_compression", json_string(codec_name(r->in_codec)));
    bad |= json_object_set_new(o, "in_file_bytes", record_number(r->in_file_bytes));
    if (r->out_file_bytes > 0) {
        bad |= json_object_set_new(o, "out_compression", json_string(codec_name(r->out_codec)));
        bad |= json_object_set_new(o, "out_file_bytes", record_number(r->out_file_bytes));
    }
    if (r->frames > 0) {
        bad |= json_object_set_new(o, "frames", record_number(r->frames));
        bad |= json_object_set_new(o, "frames_left", record_number(r->left_frames));
    }
    return bad;
}

static enum codec_id parse_codec(const json_t *o, const char *key) {
    const char *name = json_string_value(json_object_get(o, key));
    enum codec_id id = CODEC_NONE;
    return name != NULL && codec_of_name(name, strlen(name), &id) ? id : CODEC_NONE;
}

void record_files_parse(const json_t *o, struct record *r) {
    r->in_codec = parse_codec(o, "in_compression");
    r->out_codec = parse_codec(o, "out_compression");
    r->in_file_bytes = record_get_number(o, "in_file_bytes");
    r->frames = record_get_number(o, "frames");
    r->left_frames = record_get_number(o, "frames_left");
    r->out_file_bytes = record_get_number(o, "out_file_bytes");
}
