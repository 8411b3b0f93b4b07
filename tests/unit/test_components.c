#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "components.h"
#include "err.h"

static void text_form_is_read(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        int want;
        size_t n;
        const char *again; /* what components_text() makes of it; NULL: the same */
    } rows[] = {
        {"NULL", NULL, 0, 0, ""},
        {"empty", "", 0, 0, NULL},
        {"one", "partial_outage Editing", 0, 1, NULL},
        {"two, in their order", "major_outage Reading\noperational Editing", 0, 2, NULL},
        {"a newline at the end", "operational A\n", 0, 1, "operational A"},
        {"a name with spaces", "degraded_performance API (west, new)", 0, 1, NULL},
        {"a name like a status", "under_maintenance operational", 0, 1, NULL},
        {"UTF-8", "operational Übersicht 概要", 0, 1, NULL},
        {"no status", "Editing", CRIER_EINVAL, 0, ""},
        {"unknown status", "broken Editing", CRIER_EINVAL, 0, ""},
        {"no name", "operational ", CRIER_EINVAL, 0, ""},
        {"two spaces", "operational  A", CRIER_EINVAL, 0, ""},
        {"a space at the end", "operational A ", CRIER_EINVAL, 0, ""},
        {"a control character", "operational A\tB", CRIER_EINVAL, 0, ""},
        {"CRLF", "operational A\r\noperational B", CRIER_EINVAL, 0, ""},
        {"an empty line", "operational A\n\noperational B", CRIER_EINVAL, 0, ""},
        {"the same twice", "operational A\nmajor_outage A", CRIER_EINVAL, 0, ""},
        {"good, then bad", "operational A\nbad", CRIER_EINVAL, 0, ""},
        {"an endless status",
         "operationaloperationaloperationaloperationaloperationaloperational A", CRIER_EINVAL, 0,
         ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct components c;
        char *text;

        print_message("%s\n", rows[i].name);
        components_init(&c);
        assert_int_equal(components_set(&c, "Old", COMPONENT_MAJOR_OUTAGE), 0);
        assert_int_equal(components_parse(&c, rows[i].text), rows[i].want);
        assert_int_equal(c.n, rows[i].n);
        text = components_text(&c);
        assert_string_equal(text, rows[i].again ? rows[i].again : rows[i].text);
        free(text);
        components_finish(&c);
    }
}

static void raises_only_to_what_is_worse(void **state)
{
    static const struct {
        enum component_status before, raise, after;
        bool changed;
    } rows[] = {
        {COMPONENT_OPERATIONAL, COMPONENT_PARTIAL_OUTAGE, COMPONENT_PARTIAL_OUTAGE, true},
        {COMPONENT_PARTIAL_OUTAGE, COMPONENT_PARTIAL_OUTAGE, COMPONENT_PARTIAL_OUTAGE, false},
        {COMPONENT_MAJOR_OUTAGE, COMPONENT_PARTIAL_OUTAGE, COMPONENT_MAJOR_OUTAGE, false},
        {COMPONENT_UNDER_MAINTENANCE, COMPONENT_DEGRADED_PERFORMANCE,
         COMPONENT_DEGRADED_PERFORMANCE, true},
        {COMPONENT_PARTIAL_OUTAGE, COMPONENT_OPERATIONAL, COMPONENT_PARTIAL_OUTAGE, false},
    };
    struct components c;
    bool changed = false;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        components_init(&c);
        assert_int_equal(components_set(&c, "A", rows[i].before), 0);
        changed = !rows[i].changed;
        assert_int_equal(components_raise(&c, "A", rows[i].raise, &changed), 0);
        assert_int_equal(changed, rows[i].changed);
        assert_int_equal(components_find(&c, "A")->status, rows[i].after);
        assert_int_equal(c.n, 1);
        components_finish(&c);
    }
    components_init(&c);
    assert_int_equal(components_raise(&c, "New", COMPONENT_OPERATIONAL, &changed), 0);
    assert_true(changed);
    assert_int_equal(components_raise(&c, "New", COMPONENT_MAJOR_OUTAGE, NULL), 0);
    assert_int_equal(components_find(&c, "New")->status, COMPONENT_MAJOR_OUTAGE);
    assert_null(components_find(&c, "new"));
    assert_int_equal(components_raise(&c, "", COMPONENT_MAJOR_OUTAGE, NULL), CRIER_EINVAL);
    components_finish(&c);
}

static void limits_hold(void **state)
{
    struct components c, again;
    char name[COMPONENT_NAME_MAX * 4 + 8];
    char *text;
    size_t i;

    (void)state;
    components_init(&c);
    components_init(&again);
    for (i = 0; i < COMPONENTS_MAX; i++) {
        size_t n = (size_t)snprintf(name, sizeof name, "%02zu", i);

        for (; n < 2 + (COMPONENT_NAME_MAX - 2) * 4; n += 4)
            memcpy(name + n, "\xf0\x9f\x94\xa5", 5);
        assert_int_equal(components_set(&c, name, COMPONENT_DEGRADED_PERFORMANCE), 0);
    }
    assert_int_equal(components_set(&c, "one more", COMPONENT_OPERATIONAL), CRIER_ELIMIT);
    assert_int_equal(components_set(&c, name, COMPONENT_OPERATIONAL), 0); /* there already */
    assert_int_equal(c.n, COMPONENTS_MAX);
    text = components_text(&c); /* the largest there can be */
    assert_non_null(text);
    assert_int_equal(components_parse(&again, text), 0);
    assert_true(components_equal(&c, &again));
    free(text);
    components_finish(&c);
    components_finish(&again);

    memset(name, 'x', COMPONENT_NAME_MAX + 1);
    name[COMPONENT_NAME_MAX + 1] = '\0';
    assert_int_equal(components_set(&c, name, COMPONENT_OPERATIONAL), CRIER_ELIMIT);
    assert_int_equal(c.n, 0);
}

static void order_does_not_matter(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"", "", true},
        {"operational A", "operational A", true},
        {"operational A\nmajor_outage B", "major_outage B\noperational A", true},
        {"operational A", "major_outage A", false},
        {"operational A", "operational B", false},
        {"operational A", "operational A\noperational B", false},
        {"operational A\noperational B", "operational A", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct components a, b;

        components_init(&a);
        components_init(&b);
        assert_int_equal(components_parse(&a, rows[i].a), 0);
        assert_int_equal(components_parse(&b, rows[i].b), 0);
        assert_int_equal(components_equal(&a, &b), rows[i].equal);
        components_finish(&a);
        components_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_form_is_read),
        cmocka_unit_test(raises_only_to_what_is_worse),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(order_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
