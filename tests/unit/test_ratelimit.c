#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ratelimit.h"

enum { WINDOW = 1000 };

static void urgent_may_use_all(void **state)
{
    struct ratelimit r;
    int i;

    (void)state;
    ratelimit_init(&r, 6, WINDOW);
    for (i = 0; i < 6; i++)
        assert_true(ratelimit_take(&r, true, 100 + i));
    assert_false(ratelimit_take(&r, true, 106));
    assert_int_equal(ratelimit_free_at(&r, true), 100 + WINDOW);
    assert_false(ratelimit_take(&r, true, 100 + WINDOW - 1));
    assert_true(ratelimit_take(&r, true, 100 + WINDOW));
    assert_false(ratelimit_take(&r, true, 100 + WINDOW));
    assert_true(ratelimit_take(&r, true, 101 + WINDOW));
}

static void background_leaves_half(void **state)
{
    struct ratelimit r;
    int i;

    (void)state;
    ratelimit_init(&r, 6, WINDOW);
    for (i = 0; i < 3; i++)
        assert_true(ratelimit_take(&r, false, i));
    assert_false(ratelimit_take(&r, false, 10));
    assert_int_equal(ratelimit_free_at(&r, false), WINDOW);
    for (i = 0; i < 3; i++)
        assert_true(ratelimit_take(&r, true, 20 + i));
    assert_false(ratelimit_take(&r, true, 30));
    /* Urgent ones count for background as well: three of the six must have left the window. */
    assert_int_equal(ratelimit_free_at(&r, false), 20 + WINDOW);
}

static void never_more_than_the_limit_in_any_window(void **state)
{
    struct ratelimit r;
    int64_t sent[4000];
    size_t n = 0, i;
    int64_t t;

    (void)state;
    ratelimit_init(&r, 60, WINDOW);
    for (t = 0; t < 20000; t += 7)
        while (ratelimit_take(&r, t % 3 == 0, t) && n < 4000)
            sent[n++] = t;
    assert_true(n > 19 * 30);
    for (i = 60; i < n; i++)
        assert_true(sent[i] - sent[i - 60] >= WINDOW);
}

static void hold_keeps_background_back(void **state)
{
    struct ratelimit r;

    (void)state;
    ratelimit_init(&r, 6, WINDOW);
    ratelimit_hold(&r, 5000);
    ratelimit_hold(&r, 4000);
    assert_false(ratelimit_take(&r, false, 4999));
    assert_true(ratelimit_take(&r, true, 4999));
    assert_true(ratelimit_take(&r, false, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_may_use_all),
        cmocka_unit_test(background_leaves_half),
        cmocka_unit_test(never_more_than_the_limit_in_any_window),
        cmocka_unit_test(hold_keeps_background_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
