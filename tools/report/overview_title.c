#include "overview_title.h"

#include "names.h"
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The absolute path, where there is one: ".", a month later, says nothing. */
static char *shown_path(const char *name) {
    char *whole = realpath(name, NULL);
    char *shown = names_printable(whole != NULL ? whole : name);
    free(whole);
    return shown;
}

static char *captures_named(char *const *names, const char *list) {
    struct text text = {.at = NULL};
    const char *first = list != NULL && strcmp(list, "-") != 0 ? list : *names;
    if (first == NULL) {
        (void)text_add(&text, "%s", list != NULL ? "a list of names on standard input" : "standard input");
        return text_take(&text);
    }
    char *shown = shown_path(first);
    if (shown == NULL) {
        return NULL;
    }
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    if (list != NULL) {
        (void)text_add(&text, "those that %s names", shown);
    } else if (count > 1) {
        (void)text_add(&text, "%zu names, the first %s", count, shown);
    } else {
        (void)text_add(&text, "%s", shown);
    }
    free(shown);
    return text_take(&text);
}

static bool begins(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

/* Whether one of the lines of text is that line. */
static bool has_line(const char *text, const char *line) {
    const size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++) {
        if ((at == text || at[-1] == '\n') && at[length] == '\n') {
            return true;
        }
    }
    return false;
}

/* The policy and the length mode always, of all other settings those that are not what the policy has anyway. */
static char *policy_words(const struct settings *s) {
    struct settings usual;
    struct text words = {.at = NULL};
    settings_init(&usual);
    usual.policy.kind = s->policy.kind;
    char *asked = settings_text(s);
    char *plain = settings_text(&usual);
    char *rest = NULL;
    const char *between = "";
    for (char *line = asked != NULL && plain != NULL ? strtok_r(asked, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (begins(line, "policy = ") || begins(line, "length = ") || !has_line(plain, line)) {
            (void)text_add(&words, "%s%s", between, line);
            between = "; ";
        }
    }
    free(asked);
    free(plain);
    settings_free(&usual);
    return text_take(&words);
}

int overview_title_make(struct overview_title *t, char *const *names, const char *list, const struct settings *s,
                        struct failure *f) {
    const time_t now = time(NULL);
    struct tm utc;
    t->captures = captures_named(names, list);
    char *words = policy_words(s);
    t->policy = words != NULL ? names_printable(words) : NULL; /* expressions have whatever bytes were given */
    free(words);
    if (gmtime_r(&now, &utc) == NULL || strftime(t->made, sizeof t->made, "%Y-%m-%d %H:%M UTC", &utc) == 0) {
        t->made[0] = '\0';
    }
    return t->captures != NULL && t->policy != NULL ? 0 : failure_memory(f);
}

void overview_title_free(struct overview_title *t) {
    free(t->captures);
    free(t->policy);
    *t = (struct overview_title){.captures = NULL};
}
