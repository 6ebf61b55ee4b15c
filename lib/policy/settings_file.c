#include "settings.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Cut a line of a policy file in two, in place. Returns false when there is no '=' in it. */
static bool split(char *line, char **name, char **value) {
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    *value = equals + 1;
    *name = text_trimmed(line);
    return true;
}

/* Note from which line the expressions are that have just come. */
static void note_line(struct settings_expressions *list, size_t had, unsigned long line) {
    for (; had < list->count; had++) {
        list->lines[had] = line;
    }
}

/* In which line each setting was; 0: not yet. */
struct seen {
    unsigned long lines[SETTINGS_COUNT];
};

static int take_line(struct settings *s, char *line, unsigned long number, struct seen *seen, struct failure *f) {
    char *name, *value;
    bool may_repeat;
    const char first = line[strspn(line, TEXT_BLANKS)];
    if (first == '\0' || first == '#') {
        return 0;
    }
    if (!split(line, &name, &value)) {
        return failure_set(f, "line %lu: '%.200s' is not 'name = value'; a comment begins with #", number, line);
    }
    const int place = settings_place(name, &may_repeat);
    if (place < 0) {
        return failure_set(f, "line %lu: there is no setting '%.200s'; see pcap-slim-policy(5)", number, name);
    }
    if (seen->lines[place] != 0 && !may_repeat) {
        return failure_set(f, "line %lu: %s is there already, in line %lu", number, name, seen->lines[place]);
    }
    seen->lines[place] = number;
    const size_t had_keep = s->keep.count;
    const size_t had_cut = s->cut_always.count;
    if (settings_set(s, name, value, f) != 0) {
        return failure_before(f, "line %lu: ", number);
    }
    note_line(&s->keep, had_keep, number);
    note_line(&s->cut_always, had_cut, number);
    return 0;
}

int settings_parse(struct settings *s, char *text, struct failure *f) {
    struct seen seen = {{0}};
    for (unsigned long number = 1; text != NULL; number++) {
        char *line = strsep(&text, "\n");
        if (take_line(s, line, number, &seen, f) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The whole file with a NUL behind it, to be freed; NULL with f set. */
static char *read_text(int fd, struct failure *f) {
    char *text = malloc(SETTINGS_FILE_BYTES + 1);
    size_t have_bytes = 0;
    ssize_t got = 1;
    if (text == NULL) {
        (void)failure_memory(f);
        return NULL;
    }
    while (got != 0 && have_bytes <= SETTINGS_FILE_BYTES) {
        got = read(fd, text + have_bytes, SETTINGS_FILE_BYTES + 1 - have_bytes);
        if (got < 0 && errno != EINTR) {
            (void)failure_errno(f, errno, "cannot read");
            free(text);
            return NULL;
        }
        have_bytes += got > 0 ? (size_t)got : 0;
    }
    if (have_bytes > SETTINGS_FILE_BYTES || memchr(text, '\0', have_bytes) != NULL) {
        (void)failure_set(f, "not a policy file: %s",
                          have_bytes > SETTINGS_FILE_BYTES ? "over 1 MiB" : "there is a NUL byte in it");
        free(text);
        return NULL;
    }
    text[have_bytes] = '\0';
    return text;
}

int settings_read(struct settings *s, int fd, struct failure *f) {
    char *text = read_text(fd, f);
    int status = text != NULL ? settings_parse(s, text, f) : -1;
    free(text);
    return status;
}
