#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nearest.h"

static void counts_letters(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"confirm", "confirm", 0},
        {"CONFIRM", "confirm", 0},
        {"confrm", "confirm", 1},
        {"confiirm", "confirm", 1},
        {"confirn", "confirm", 1},
        {"cofnirm", "confirm", 1},
        {"abcd", "badc", 2},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3}, /* each letter is moved once only */
        {"discard", "confirm", 6},
    };
    char longest[66];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
    memset(longest, 'a', sizeof longest);
    longest[65] = '\0';
    assert_int_equal(nearest_distance(longest, "a"), SIZE_MAX);
    assert_int_equal(nearest_distance("a", longest), SIZE_MAX);
    longest[64] = '\0';
    assert_int_equal(nearest_distance(longest, "a"), 63);
}

static const char *find(const char *word)
{
    static const char *const known[] = {"show", "confirm", NULL, "edit", "edut", "text", "discard"};
    struct nearest n;
    size_t i;

    nearest_init(&n, word);
    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        nearest_offer(&n, known[i]);
    return n.best;
}

static void finds_what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(find("cnofirm"), "confirm");
    assert_string_equal(find("Discrad"), "discard");
    assert_string_equal(find("edet"), "edit"); /* the first of equally near ones */
    assert_string_equal(find("sow"), "show");
    assert_null(find("porridge"));
    assert_null(find("x"));
    assert_null(find(""));
    assert_null(find(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_letters),
        cmocka_unit_test(finds_what_was_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
