#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "secret_watch.h"

enum { HOLDER_BYTES = 32 + SECRET_WATCH_MAX * 24 }; /* of what it has, about */

static void finds_a_secret_wherever_it_stands(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } rows[] = {
        {"hunter2-and-more", true},
        {"!status edit 1 title hunter2-and-more", true},
        {"is hunter2-and-more the key?", true},
        {"xhunter2-and-morehunter2-and-more", true},
        {"s\xc3\xa9same-ouvre-toi", true},
        {"hunter2-and-mor", false},
        {"hunter2-and-morf", false},
        {"Hunter2-and-more", false},
        {"unter2-and-more", false},
        {"", false},
        {"seven77", false}, /* too short to be watched */
    };
    struct secret_watch *w = NULL;
    size_t i;

    (void)state;
    assert_int_equal(secret_watch_create(&w), 0);
    assert_false(secret_watch_finds(w, "hunter2-and-more"));
    assert_int_equal(secret_watch_add(w, "hunter2-and-more"), 0);
    assert_int_equal(secret_watch_add(w, "s\xc3\xa9same-ouvre-toi"), 0);
    assert_int_equal(secret_watch_add(w, "seven77"), CRIER_EINVAL);
    assert_int_equal(secret_watch_add(w, ""), CRIER_EINVAL);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (secret_watch_finds(w, rows[i].text) != rows[i].found)
            fail_msg("%s", rows[i].text);
    secret_watch_clear(w);
    assert_false(secret_watch_finds(w, "hunter2-and-more"));
    secret_watch_destroy(w);
    secret_watch_destroy(NULL);
}

static void holds_so_many_and_none_of_them_in_plain(void **state)
{
    struct secret_watch *w = NULL;
    char secret[32];
    size_t i;

    (void)state;
    assert_int_equal(secret_watch_create(&w), 0);
    for (i = 0; i < SECRET_WATCH_MAX; i++) {
        (void)snprintf(secret, sizeof secret, "secret-number-%zu", i);
        assert_int_equal(secret_watch_add(w, secret), 0);
    }
    assert_int_equal(secret_watch_add(w, "one-too-many"), CRIER_ELIMIT);
    assert_true(secret_watch_finds(w, "the secret-number-255"));
    assert_true(secret_watch_finds(w, "secret-number-0"));
    assert_false(secret_watch_finds(w, "secret-numbers"));
    assert_null(memmem(w, HOLDER_BYTES / 2, "secret", 6));
    secret_watch_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_secret_wherever_it_stands),
        cmocka_unit_test(holds_so_many_and_none_of_them_in_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
