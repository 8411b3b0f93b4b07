/* Many texts looked for in one pass, beside looking for each alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patterns_filter.h"

enum { TEXTS = 60, LINE = 200 };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* Few letters, so that texts overlap, end in one another and hold one another. */
static size_t make_text(uint32_t *seed, char *dst, size_t most)
{
    size_t n = 1 + draw(seed, (uint32_t)most), i;

    for (i = 0; i < n; i++)
        dst[i] = (char)("ab\xc3\xa4"[draw(seed, 4)]);
    dst[n] = '\0';
    return n;
}

static void agrees_with_looking_for_each(void **state)
{
    uint32_t seed = 20230117;
    int round, i, k;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct patterns_filter *f = patterns_filter_create();
        char text[TEXTS][16], line[LINE + 1];
        size_t id[TEXTS];

        assert_non_null(f);
        for (i = 0; i < TEXTS; i++) {
            size_t n = make_text(&seed, text[i], 8);

            assert_int_equal(patterns_filter_add(f, text[i], n, &id[i]), 0);
        }
        assert_int_equal(patterns_filter_finish(f), 0);
        for (k = 0; k < 20; k++) {
            struct patterns_seen seen;
            size_t n = make_text(&seed, line, k < 10 ? 12 : LINE);

            patterns_filter_scan(f, line, n, &seen);
            for (i = 0; i < TEXTS; i++)
                if (patterns_seen(&seen, id[i]) != (strstr(line, text[i]) != NULL))
                    fail_msg("\"%s\" in \"%s\"", text[i], line);
        }
        patterns_filter_destroy(f);
    }
}

static void the_same_text_has_one_number(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;
    size_t a, b, c;

    (void)state;
    assert_non_null(f);
    assert_int_equal(patterns_filter_add(f, "PROBLEM - ", 10, &a), 0);
    assert_int_equal(patterns_filter_add(f, "PROBLEM", 7, &b), 0);
    assert_int_equal(patterns_filter_add(f, "PROBLEM - ", 10, &c), 0);
    assert_int_equal(a, c);
    assert_int_not_equal(a, b);
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "a PROBLEM here", 14, &seen);
    assert_false(patterns_seen(&seen, a));
    assert_true(patterns_seen(&seen, b));
    patterns_filter_scan(f, "", 0, &seen);
    assert_false(patterns_seen(&seen, b));
    patterns_filter_destroy(f);
}

/* More than there is room for may be in every line. */
static void texts_without_room_are_let_through(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;
    char text[32];
    size_t id, i;

    (void)state;
    assert_non_null(f);
    for (i = 0; i < PATTERNS_FILTER_TEXTS + 10; i++) {
        (void)snprintf(text, sizeof text, "text %zu.", i);
        assert_int_equal(patterns_filter_add(f, text, strlen(text), &id), 0);
        assert_int_equal(id, i < PATTERNS_FILTER_TEXTS ? i : PATTERNS_FILTER_TEXTS);
    }
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "text 255.", 9, &seen);
    for (i = 0; i < PATTERNS_FILTER_TEXTS; i++)
        assert_int_equal(patterns_seen(&seen, i), i == 255);
    assert_true(patterns_seen(&seen, PATTERNS_FILTER_TEXTS));
    patterns_filter_destroy(f);
}

static void nothing_to_look_for(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;

    (void)state;
    assert_non_null(f);
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "anything", 8, &seen);
    assert_false(patterns_seen(&seen, 0));
    patterns_filter_destroy(f);
    patterns_filter_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_looking_for_each),
        cmocka_unit_test(the_same_text_has_one_number),
        cmocka_unit_test(texts_without_room_are_let_through),
        cmocka_unit_test(nothing_to_look_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
