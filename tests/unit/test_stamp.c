/* stamp: times that lines of log files begin with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stamp.h"
#include "when.h"

#define NOW 1673980500000 /* 2023-01-17T18:35:00Z */

struct good_case {
    const char *line;
    const char *when;
    bool zoned;
    const char *rest;
    const char *text; /* behind the tag; NULL: no tag */
};

static void test_good(void **state)
{
    static const struct good_case cases[] = {
        {"2023-01-17T18:34:55Z text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"2023-01-17 18:34:55 text", "2023-01-17T18:34:55.000Z", false, "text", NULL},
        {"2023-01-17 18:34:55,123 a b: c", "2023-01-17T18:34:55.123Z", false, "a b: c", "c"},
        {"2023-01-17 18:34:55,123 a b c", "2023-01-17T18:34:55.123Z", false, "a b c", NULL},
        {"2023-01-17T18:34:55.123456+00:00 host prog[1]: text", "2023-01-17T18:34:55.123Z", true,
         "host prog[1]: text", "text"},
        {"2023-01-17T19:34:55+0100 text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"[2023-01-17 18:34:55] text", "2023-01-17T18:34:55.000Z", false, "text", NULL},
        {"[2023-01-17 13:34:55 -05:00] text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"2023-01-17 18:34:55 UTC text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"2023-01-17T18:34:55Z: text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"[1673980495] text", "2023-01-17T18:34:55.000Z", true, "text", NULL},
        {"[1673980495.5] SERVICE ALERT: a;b", "2023-01-17T18:34:55.500Z", true,
         "SERVICE ALERT: a;b", "a;b"},
        {"Jan 17 18:34:55 host prog[1]: text", "2023-01-17T18:34:55.000Z", false,
         "host prog[1]: text", "text"},
        {"Jan  7 18:34:55 host prog: text", "2023-01-07T18:34:55.000Z", false, "host prog: text",
         "text"},
        {"Jan 18 18:00:00 host prog: text", "2023-01-18T18:00:00.000Z", false, "host prog: text",
         "text"},
        {"Dec 31 23:59:59 text", "2022-12-31T23:59:59.000Z", false, "text", NULL},
        {"Jan 17 18:34:55 host prog: ", "2023-01-17T18:34:55.000Z", false, "host prog: ", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct good_case *c = &cases[i];
        char when[WHEN_BYTES];
        struct stamp s;

        if (!stamp_read(c->line, NOW, &s))
            fail_msg("no time: %s", c->line);
        assert_string_equal(when_iso_ms(s.wall_ms, when), c->when);
        assert_int_equal(s.zoned, c->zoned);
        assert_string_equal(c->line + s.after_time, c->rest);
        if (c->text)
            assert_string_equal(c->line + s.after_tag, c->text);
        else if (s.after_tag)
            fail_msg("a tag: %s", c->line);
    }
}

static void test_none(void **state)
{
    static const char *const lines[] = {
        "",
        "[",
        "]",
        "PROBLEM - Host mw1 is DOWN",
        "2023",
        "2023-01-17",
        "2023-01-17 18:34:55",
        "2023-01-17 18:34:55 ",
        "2023-13-17 18:34:55 text",
        "2023-02-30 18:34:55 text",
        "2023-01-17 24:34:55 text",
        "2023-01-17x18:34:55 text",
        "2023-01-17 18:34:55text",
        "[2023-01-17 18:34:55 text",
        "[167398049] text",
        "[16739804951] text",
        "[1673980495]text",
        "Jan 17 text",
        "Jam 17 18:34:55 text",
        "Jan 32 18:34:55 text",
        "Feb 29 18:34:55 text",
        "Jan 17 18:34:55",
        "2023-01-17T18:34:55+9999 text",
        "2023-01-17T18:34:55+0 text",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct stamp s;

        if (stamp_read(lines[i], NOW, &s))
            fail_msg("a time: %s", lines[i]);
    }
}

/* Every line cut short reads within its bounds (the sanitizers look). */
static void test_cut(void **state)
{
    static const char *const lines[] = {"[2023-01-17 13:34:55.123 -05:00] host prog[1]: text",
                                        "Jan 17 18:34:55 host prog[1]: text", "[1673980495.5] x"};
    char part[80];
    size_t i, n;

    (void)state;
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (n = 0; n <= strlen(lines[i]); n++) {
            struct stamp s;

            memcpy(part, lines[i], n);
            part[n] = '\0';
            if (stamp_read(part, NOW, &s))
                assert_true(s.after_time < n && s.after_tag < n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
