/* Recorded outages in a directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "scenarios.h"

enum { PATH_BYTES = 200, WHY_BYTES = 400 };

#define LINE "[2023-01-17 18:34:55] <icinga-wm> something"

struct room {
    char dir[PATH_BYTES];
};

static int set_up(void **state)
{
    struct room *room = calloc(1, sizeof *room);

    assert_non_null(room);
    (void)snprintf(room->dir, sizeof room->dir, "/tmp/crier-scenarios-XXXXXX");
    assert_non_null(mkdtemp(room->dir));
    *state = room;
    return 0;
}

static void path_of(const struct room *room, const char *file, char path[2 * PATH_BYTES])
{
    (void)snprintf(path, 2 * PATH_BYTES, "%s/%s", room->dir, file);
}

static const char *const files[] = {"b.log",       "a.log",    "empty.log", "head.log",
                                    "not-one.txt", ".hid.log", "dir.log",   "with space.log"};

static int tear_down(void **state)
{
    struct room *room = *state;
    char path[2 * PATH_BYTES];
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        path_of(room, files[i], path);
        (void)remove(path);
    }
    (void)rmdir(room->dir);
    free(room);
    return 0;
}

static void put(const struct room *room, const char *file, const char *text)
{
    char path[2 * PATH_BYTES];
    FILE *f;

    path_of(room, file, path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void refuse(const struct room *room, const char *name, int err, const char *why_wanted)
{
    struct drill_scenario s;
    char why[WHY_BYTES] = "";

    assert_int_equal(scenarios_load(room->dir, name, &s, why, sizeof why), err);
    if (!strstr(why, why_wanted))
        fail_msg("%s", why);
}

static void loads_head_and_lines(void **state)
{
    const struct room *room = *state;
    struct drill_scenario s;
    char why[WHY_BYTES];

    put(room, "b.log", "# title: B\n# public: never\n# updates: x\n# more\n" LINE "\n" LINE "\n");
    put(room, "a.log", "# title: A\n" LINE "\nrubbish\n# title: late\n" LINE "\n");
    assert_int_equal(scenarios_load(room->dir, "b", &s, why, sizeof why), 0);
    assert_string_equal(s.title, "B");
    assert_true(s.published.never);
    assert_int_equal(s.updates, -1);
    assert_int_equal(s.n_lines, 2);
    drill_scenario_finish(&s);
    assert_int_equal(scenarios_load(room->dir, "", &s, why, sizeof why), 0); /* the first */
    assert_string_equal(s.name, "a");
    assert_string_equal(s.title, "A"); /* what comes behind a line is no head */
    assert_int_equal(s.n_lines, 2);
    drill_scenario_finish(&s);
}

static void names_what_there_is(void **state)
{
    const struct room *room = *state;
    char list[80], path[2 * PATH_BYTES];

    assert_string_equal(scenarios_list("/nowhere/at/all", list, sizeof list), "");
    refuse(room, "", CRIER_ENOENT, "there is no scenario in ");
    refuse(room, "x", CRIER_ENOENT, "there is no scenario in ");
    put(room, "b.log", LINE "\n");
    put(room, "a.log", LINE "\n");
    put(room, "not-one.txt", LINE "\n");
    put(room, ".hid.log", LINE "\n");
    put(room, "with space.log", LINE "\n");
    path_of(room, "dir.log", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_string_equal(scenarios_list(room->dir, list, sizeof list), "a, b, dir");
    assert_string_equal(scenarios_list(room->dir, list, 6), "a, b");
    refuse(room, "x", CRIER_ENOENT, "there is no scenario \"x\"; there are: a, b, dir");
    refuse(room, "dir", CRIER_ENOENT, "\"dir\"");
    refuse(room, "with space", CRIER_ENOENT, "there are: ");
    refuse(room, "../a", CRIER_ENOENT, "there are: ");
    refuse(room, ".hid", CRIER_ENOENT, "there are: ");
}

static void refuses_what_cannot_be_played(void **state)
{
    const struct room *room = *state;

    put(room, "empty.log", "");
    put(room, "head.log", "# title: nothing behind it\n");
    refuse(room, "empty", CRIER_EINVAL, "no line of it can be read");
    refuse(room, "head", CRIER_EINVAL, "no line of it can be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loads_head_and_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_what_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_played, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
