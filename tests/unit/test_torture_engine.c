/* The way from an alert to a resolved incident, among fakes, with each allocation failing in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "json_memory.h"
#include "stage.h"

static int set_up(void **state)
{
    struct stage *s = calloc(1, sizeof *s);

    assert_non_null(s);
    stage_init(s, "tests/data/house.cfg", false);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage_finish(*state);
    free(*state);
    return 0;
}

static void nothing_fails(void **state)
{
    struct stage *s = *state;

    assert_true(stage_run(s, NULL) > 300);
    assert_int_equal(s->n_starts, 1);
}

static void each_allocation_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC};

    stage_try_all(*state, plan, 1, SIZE_MAX);
}

static void all_allocations_fail_from_each_on(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC, .lasting = true};

    stage_try_all(*state, plan, 1, SIZE_MAX);
}

static void each_allocation_fails_between_crashes(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC};
    struct stage *s = *state;

    s->crash_confirms = true;
    stage_try_all(s, plan, 1, SIZE_MAX);
    s->crash_confirms = false;
}

/* jansson is never told that there is no memory. */
static void without_memory_for_json_it_leaves(void **state)
{
    static const struct torture_plan plan = {.kind = TORTURE_ALLOC, .nth = 1};
    int status = 0;
    pid_t pid;

    (void)state;
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        json_memory_or_leave();
        torture_begin(&plan);
        (void)torture_enter(true);
        _exit(json_object() ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_OSERR);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fails),
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(all_allocations_fail_from_each_on),
        cmocka_unit_test(each_allocation_fails_between_crashes),
        cmocka_unit_test(without_memory_for_json_it_leaves),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
