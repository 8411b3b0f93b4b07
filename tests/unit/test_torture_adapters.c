/*
 * The way from an alert to a resolved incident with the real store and the real client of the
 * status page, in front of the sandbox, with each call that can fail failing in turn.
 *
 * Tries a sample of them in a minute; with TORTURE_ALL=1 in the environment, as `make torture`
 * runs it, all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stage.h"

/* The libraries' calls of these end here, since a program's own functions come first. */
ssize_t send(int fd, const void *data, size_t n, int flags)
{
    return torture_send(fd, data, n, flags);
}

ssize_t recv(int fd, void *data, size_t n, int flags)
{
    return torture_recv(fd, data, n, flags);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t n)
{
    return torture_connect(fd, address.__sockaddr__, n);
}

int fdatasync(int fd)
{
    return torture_fdatasync(fd);
}

int fsync(int fd)
{
    return torture_fdatasync(fd);
}

static int set_up(void **state)
{
    struct stage *s = calloc(1, sizeof *s);

    assert_non_null(s);
    torture_hook_libraries();
    torture_hook_disk();
    stage_init(s, "tests/data/house.cfg", true);
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

    assert_true(stage_run(s, NULL) > 500);
    assert_int_equal(s->n_starts, 1);
}

static void each_allocation_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC};

    stage_try_all(*state, plan, 20, 100);
}

static void each_allocation_of_a_library_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_LIBRARY};

    stage_try_all(*state, plan, 100, 100);
}

static void each_allocation_of_the_writers_library_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_LIBRARY, .threads = true};

    stage_try_all(*state, plan, 20, 50);
}

static void each_call_of_sqlite_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_SQL};

    stage_try_all(*state, plan, 20, 16);
}

static void each_call_of_sqlite_by_the_writer_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_SQL, .threads = true};

    stage_try_all(*state, plan, 20, 12);
}

static void each_access_to_the_disk_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_DISK};

    stage_try_all(*state, plan, 10, 16);
}

static void each_access_to_the_disk_by_the_writer_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_DISK, .threads = true};

    stage_try_all(*state, plan, 10, 12);
    plan.lasting = true;
    stage_try_all(*state, plan, 20, 8);
}

static void each_use_of_the_network_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_NET};

    stage_try_all(*state, plan, 5, 16);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fails),
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_allocation_of_a_library_fails),
        cmocka_unit_test(each_allocation_of_the_writers_library_fails),
        cmocka_unit_test(each_call_of_sqlite_fails),
        cmocka_unit_test(each_call_of_sqlite_by_the_writer_fails),
        cmocka_unit_test(each_access_to_the_disk_fails),
        cmocka_unit_test(each_access_to_the_disk_by_the_writer_fails),
        cmocka_unit_test(each_use_of_the_network_fails),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
