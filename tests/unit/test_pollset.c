#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>

#include "now.h"
#include "pollset.h"

static void keeps_what_was_added(void **state)
{
    struct pollset p;
    int fd;

    (void)state;
    pollset_init(&p);
    for (fd = 0; fd < 100; fd++)
        pollset_add(&p, fd, POLLIN);
    assert_int_equal(p.n, 100);
    assert_int_equal(p.err, 0);
    for (fd = 0; fd < 100; fd++) {
        assert_int_equal(p.item[fd].fd, fd);
        assert_int_equal(p.item[fd].want, POLLIN);
        assert_int_equal(p.item[fd].got, 0);
    }
    pollset_clear(&p);
    assert_int_equal(p.n, 0);
    pollset_finish(&p);
    assert_null(p.item);
}

static void ignores_what_cannot_be_waited_for(void **state)
{
    struct pollset p;

    (void)state;
    pollset_init(&p);
    pollset_add(&p, -1, POLLIN);
    pollset_add(&p, 3, 0);
    assert_int_equal(p.n, 0);
    assert_int_equal(pollset_got(&p, -1), 0);
    pollset_finish(&p);
}

static void takes_the_earliest_deadline(void **state)
{
    struct pollset p;

    (void)state;
    pollset_init(&p);
    assert_true(p.deadline_boot_ms == NOW_NEVER);
    pollset_deadline(&p, 500);
    pollset_deadline(&p, NOW_NEVER);
    pollset_deadline(&p, 300);
    pollset_deadline(&p, 400);
    assert_true(p.deadline_boot_ms == 300);
    pollset_clear(&p);
    assert_true(p.deadline_boot_ms == NOW_NEVER);
    pollset_finish(&p);
}

static void joins_the_events_of_one_descriptor(void **state)
{
    struct pollset p;

    (void)state;
    pollset_init(&p);
    pollset_add(&p, 7, POLLIN);
    pollset_add(&p, 8, POLLIN);
    pollset_add(&p, 7, POLLOUT);
    p.item[0].got = POLLIN;
    p.item[2].got = POLLOUT;
    assert_int_equal(pollset_got(&p, 7), POLLIN | POLLOUT);
    assert_int_equal(pollset_got(&p, 8), 0);
    assert_int_equal(pollset_got(&p, 9), 0);
    pollset_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_added),
        cmocka_unit_test(ignores_what_cannot_be_waited_for),
        cmocka_unit_test(takes_the_earliest_deadline),
        cmocka_unit_test(joins_the_events_of_one_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
