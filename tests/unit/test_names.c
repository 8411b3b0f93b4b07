/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "names.h"

static void set(struct names *s, char **field, const char *value)
{
    assert_int_equal(names_set(s, field, value), 0);
    assert_string_equal(*field, value ? value : "");
}

static void a_name_is_kept_once_and_as_long_as_it_is_held(void **state)
{
    char text[] = "mw1001", *a = NULL, *b = NULL;
    struct names s;

    (void)state;
    names_init(&s);
    set(&s, &a, text);
    text[0] = 'x'; /* it is a copy */
    assert_string_equal(a, "mw1001");
    set(&s, &b, "mw1001");
    assert_ptr_equal(a, b);
    assert_int_equal(s.n, 1);
    set(&s, &b, "mw1002");
    assert_string_equal(a, "mw1001");
    assert_int_equal(s.n, 2);
    names_drop(&s, &a);
    assert_null(a);
    assert_int_equal(s.n, 1);
    names_drop(&s, &a); /* nothing in it */
    set(&s, &b, b);     /* what it holds already */
    set(&s, &b, NULL);
    assert_int_equal(s.n, 1);
    names_drop(&s, &b);
    assert_int_equal(s.n, 0);
    names_finish(&s);
    names_finish(&s);
}

/* Past every growth of the table; in the end whatever is still held is freed (LeakSanitizer). */
static void many_names_are_told_apart(void **state)
{
    enum { MANY = 5000 };
    static char *field[MANY];
    char text[32];
    struct names s;
    size_t i;

    (void)state;
    names_init(&s);
    for (i = 0; i < MANY; i++) {
        (void)snprintf(text, sizeof text, "host%zu", i);
        set(&s, &field[i], text);
    }
    assert_int_equal(s.n, MANY);
    for (i = 0; i < MANY; i += 2)
        names_drop(&s, &field[i]);
    assert_int_equal(s.n, MANY / 2);
    for (i = 1; i < MANY; i += 2) {
        char *again = NULL;

        (void)snprintf(text, sizeof text, "host%zu", i);
        assert_string_equal(field[i], text);
        set(&s, &again, text);
        assert_ptr_equal(again, field[i]);
        names_drop(&s, &again);
    }
    assert_int_equal(s.n, MANY / 2);
    names_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_kept_once_and_as_long_as_it_is_held),
        cmocka_unit_test(many_names_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
