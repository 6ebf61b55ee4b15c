/*
 * Run the inputs that are named (files, or folders of files) through one harness, without libFuzzer: what CI does under
 * ASan and UBSan. Prints how many there were; a harness that finds something ends the process.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHORT_BYTES = 128 };

static unsigned long replayed;
static const char *at_work;

/* Says which input it was when the harness ended the process. */
static void say_where(void) {
    if (at_work != NULL) {
        (void)fprintf(stderr, "input: %s\n", at_work);
    }
}

static uint8_t *read_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    if (file != NULL && data != NULL && fread(data, 1, size + 1, file) != size) {
        free(data);
        data = NULL;
    }
    if (file == NULL) {
        free(data);
        return NULL;
    }
    (void)fclose(file);
    return data;
}

static int replay_file(const char *path, size_t size) {
    uint8_t *data = read_file(path, size);
    if (data == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    at_work = path;
    /* Of a short one every beginning as well: a length that is one too many is what goes wrong most easily. */
    for (size_t length = size <= SHORT_BYTES ? 0 : size; length <= size; length++) {
        uint8_t *exact = fuzz_exact(data, length);
        (void)LLVMFuzzerTestOneInput(exact, length);
        free(exact);
    }
    at_work = NULL;
    free(data);
    replayed++;
    return 0;
}

static int replay(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) {
        (void)fprintf(stderr, "cannot find %s\n", path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode)) {
        return replay_file(path, (size_t)st.st_size);
    }
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    int status = count < 0;
    for (int i = 0; i < count; i++) {
        char inside[4096];
        (void)snprintf(inside, sizeof inside, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            status |= replay(inside);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return status;
}

#if defined(__SANITIZE_ADDRESS__)
void __sanitizer_set_death_callback(void (*callback)(void));
#endif

int main(int argc, char **argv) {
    int status = 0;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(say_where);
#else
    (void)say_where;
#endif
    for (int i = 1; i < argc; i++) {
        status |= replay(argv[i]);
    }
    (void)printf("%lu inputs\n", replayed);
    return status;
}
