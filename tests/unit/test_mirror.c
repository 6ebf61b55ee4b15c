/* Marker directories elsewhere: where they stand for a directory of captures, and that nothing else is touched. */
#include "claim.h"
#include "folders.h"
#include "mirror.h"
#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static const char *const ODD_NAMES[] = {"plain",        "two words", "line\nbreak", "%2Fsrv%", "-leading",
                                        "\xff\xfe raw", "a%00b",     ".hidden",     "...",     "tab\there"};

static struct marker_owner elsewhere(int root_fd) {
    return (struct marker_owner){.is_elsewhere = true, .root_fd = root_fd};
}

static int made_in(int fd, const char *name) {
    assert_int_equal(mkdirat(fd, name, 0755), 0);
    const int below = openat(fd, name, O_RDONLY | O_DIRECTORY);
    assert_true(below >= 0);
    return below;
}

/* Whatever a directory is called: markers stand below the other one at its path, and nothing is made beside captures.
 */
static void test_names(void **state) {
    const struct folder *f = *state;
    const int root_fd = made_in(f->fd, "markers");
    const int captures_fd = made_in(f->fd, "captures");
    const struct marker_owner owner = elsewhere(root_fd);
    for (size_t i = 0; i < COUNT_OF(ODD_NAMES); i++) {
        char path[PATH_MAX];
        char expected[2 * PATH_MAX];
        struct stat by_path, by_fd;
        const int fd = made_in(captures_fd, ODD_NAMES[i]);
        assert_int_equal(marker_directory_open(fd, false, &owner, NULL), -2);
        const int markers_fd = marker_directory_open(fd, true, &owner, NULL);
        assert_true(markers_fd >= 0);
        assert_int_equal(mirror_path(fd, path, sizeof path, NULL), 0);
        (void)snprintf(expected, sizeof expected, "%s/markers%s/" MARKER_DIRECTORY, f->path, path);
        assert_int_equal(stat(expected, &by_path), 0);
        assert_int_equal(fstat(markers_fd, &by_fd), 0);
        assert_int_equal(by_path.st_ino, by_fd.st_ino);
        assert_int_equal(faccessat(fd, MARKER_DIRECTORY, F_OK, 0), -1);
        (void)close(markers_fd);
        (void)close(fd);
    }
    (void)close(captures_fd);
    (void)close(root_fd);
}

/* A path as long as there can be one for a process that names it, and one component as long as a name can be. */
static void test_long_paths(void **state) {
    const struct folder *f = *state;
    char name[NAME_MAX + 1];
    char path[PATH_MAX];
    struct failure why;
    const int root_fd = made_in(f->fd, "markers");
    const struct marker_owner owner = elsewhere(root_fd);
    memset(name, 'x', NAME_MAX);
    name[NAME_MAX] = '\0';
    int fd = made_in(f->fd, name);
    unsigned deep = 1;
    while (mirror_path(fd, path, sizeof path, NULL) == 0) {
        const int markers_fd = marker_directory_open(fd, true, &owner, &why);
        assert_true(markers_fd >= 0);
        (void)close(markers_fd);
        const int below = made_in(fd, name);
        (void)close(fd);
        fd = below;
        deep++;
    }
    assert_true(deep > 10);
    assert_int_equal(marker_directory_open(fd, true, &owner, &why), -1);
    (void)close(fd);
    (void)close(root_fd);
}

static void test_directory_that_is_gone(void **state) {
    const struct folder *f = *state;
    struct failure why;
    const int root_fd = made_in(f->fd, "markers");
    const struct marker_owner owner = elsewhere(root_fd);
    const int fd = made_in(f->fd, "captures");
    assert_int_equal(unlinkat(f->fd, "captures", AT_REMOVEDIR), 0);
    assert_int_equal(mkdirat(f->fd, "captures (deleted)", 0755), 0); /* what /proc calls it */
    assert_int_equal(marker_directory_open(fd, true, &owner, &why), -1);
    assert_non_null(strstr(why.text, "no path from the root"));
    (void)close(fd);
    (void)close(root_fd);
}

/* Somebody's link in the way is an error, and leads nowhere. */
static void test_links(void **state) {
    const struct folder *f = *state;
    char path[PATH_MAX];
    struct failure why;
    const int root_fd = made_in(f->fd, "markers");
    const int fd = made_in(f->fd, "captures");
    const struct marker_owner owner = elsewhere(root_fd);
    assert_int_equal(mirror_path(fd, path, sizeof path, NULL), 0);
    *strchr(path + 1, '/') = '\0';
    assert_int_equal(symlinkat(f->path, root_fd, path + 1), 0);
    assert_int_equal(marker_directory_open(fd, true, &owner, &why), -1);
    assert_non_null(strstr(why.text, "a symbolic link?"));
    (void)close(fd);
    (void)close(root_fd);
}

/* Claims exclude each other there as beside the captures, and the last one out leaves no marker directory. */
static void test_claims(void **state) {
    const struct folder *f = *state;
    struct claims one, two, other;
    const int root_fd = made_in(f->fd, "markers");
    const int captures_fd = made_in(f->fd, "captures");
    const int others_fd = made_in(f->fd, "others");
    const struct marker_owner owner = elsewhere(root_fd);
    assert_int_equal(claims_open(&one, captures_fd, -1, &owner, NULL), 0);
    assert_int_equal(claims_open(&two, captures_fd, -1, &owner, NULL), 0);
    assert_int_equal(claims_open(&other, others_fd, -1, &owner, NULL), 0);
    assert_int_equal(claims_take(&one, "a.pcap", NULL), 1);
    assert_int_equal(claims_take(&two, "a.pcap", NULL), 0);
    assert_int_equal(claims_take(&other, "a.pcap", NULL), 1);
    claims_close(&other);
    claims_close(&two);
    assert_true(marker_directory_open(captures_fd, false, &owner, NULL) >= 0);
    claims_close(&one);
    assert_int_equal(marker_directory_open(captures_fd, false, &owner, NULL), -2);
    assert_int_equal(marker_directory_open(others_fd, false, &owner, NULL), -2);
    (void)close(others_fd);
    (void)close(captures_fd);
    (void)close(root_fd);
}

static void test_of_markers(void **state) {
    (void)state;
    static const char *const are[] = {".slim_markers", "/a/.slim_markers", "/a/.slim_markers/b", ".slim_markers/b",
                                      "/x.slim_markers/.slim_markers"};
    static const char *const are_not[] = {
        "", "/", ".", "/a/b", "/a/.slim_markersb", "/a/x.slim_markers", "/.slim_marker"};
    for (size_t i = 0; i < COUNT_OF(are); i++) {
        assert_true(mirror_is_of_markers(are[i]));
    }
    for (size_t i = 0; i < COUNT_OF(are_not); i++) {
        assert_false(mirror_is_of_markers(are_not[i]));
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_names), IN_FOLDER(test_long_paths), IN_FOLDER(test_directory_that_is_gone),
        IN_FOLDER(test_links), IN_FOLDER(test_claims),     cmocka_unit_test(test_of_markers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
