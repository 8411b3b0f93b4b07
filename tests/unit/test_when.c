#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "err.h"
#include "when.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const int64_t OUTAGE = INT64_C(1673980495123); /* 2023-01-17T18:34:55.123Z */

static void writes_every_form(void **state)
{
    char dst[WHEN_BYTES];

    (void)state;
    assert_string_equal(when_hms(OUTAGE, dst), "18:34:55");
    assert_string_equal(when_hm(OUTAGE, dst), "18:34");
    assert_string_equal(when_date(OUTAGE, dst), "2023-01-17");
    assert_string_equal(when_iso(OUTAGE, dst), "2023-01-17T18:34:55Z");
    assert_string_equal(when_iso_ms(OUTAGE, dst), "2023-01-17T18:34:55.123Z");
    assert_string_equal(when_day_words(OUTAGE, dst), "17 January");
    assert_string_equal(when_hm_near(OUTAGE, OUTAGE + HOUR, dst), "18:34");
    assert_string_equal(when_hm_near(OUTAGE, OUTAGE + 6 * HOUR, dst), "2023-01-17 18:34");
    assert_string_equal(when_hm_near(OUTAGE, 0, dst), "18:34");
}

static void knows_the_calendar(void **state)
{
    static const struct {
        const char *iso;
        int64_t wall_s;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2000-02-29T12:00:00Z", 951825600},
        {"2000-03-01T00:00:00Z", 951868800},
        {"2023-02-28T23:59:59Z", 1677628799},
        {"2023-03-01T00:00:00Z", 1677628800},
        {"2024-02-29T23:59:59Z", 1709251199},
        {"2024-12-31T23:59:59Z", 1735689599},
        {"2025-01-01T00:00:00Z", 1735689600},
        {"2038-01-19T03:14:08Z", INT64_C(2147483648)},
        {"2100-02-28T23:59:59Z", INT64_C(4107542399)},
        {"2100-03-01T00:00:00Z", INT64_C(4107542400)},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
    };
    char dst[WHEN_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t wall_ms = 0;

        assert_string_equal(when_iso(rows[i].wall_s * SECOND, dst), rows[i].iso);
        assert_int_equal(when_parse_iso(rows[i].iso, &wall_ms), 0);
        assert_int_equal(wall_ms, rows[i].wall_s * SECOND);
    }
}

static void clamps_times_beyond_the_calendar(void **state)
{
    char dst[WHEN_BYTES];

    (void)state;
    assert_string_equal(when_iso_ms(INT64_MIN, dst), "0000-01-01T00:00:00.000Z");
    assert_string_equal(when_iso_ms(INT64_MAX, dst), "9999-12-31T23:59:59.999Z");
    assert_string_equal(when_iso_ms(-1, dst), "1969-12-31T23:59:59.999Z");
}

/* Six times a day and more, years around the leap rules, against libc. */
static void agrees_with_libc(void **state)
{
    int64_t t, step = 4 * HOUR - 61 * SECOND + 7;
    char ours[WHEN_BYTES], theirs[WHEN_BYTES];

    (void)state;
    for (t = INT64_C(1640995200000) - 366 * DAY; t < INT64_C(1640995200000) + 5 * 366 * DAY;
         t += step) {
        time_t s = (time_t)(t / SECOND);
        struct tm tm;
        struct when_civil c = when_split(t);
        int64_t back = 0;

        assert_non_null(gmtime_r(&s, &tm));
        assert_true(strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        assert_string_equal(when_iso(t, ours), theirs);
        assert_int_equal((int64_t)timegm(&tm) * SECOND + c.ms, t);
        assert_int_equal(when_join(&c, &back), 0);
        assert_int_equal(back, t);
    }
    /* and the years of four centuries, at their seams */
    for (int year = 1; year < 9999; year++) {
        struct tm tm = {.tm_year = year - 1900, .tm_mon = 1, .tm_mday = 29};
        struct when_civil c = when_split((int64_t)timegm(&tm) * SECOND);

        assert_int_equal(c.year, year);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
    }
}

static void refuses_fields_out_of_bounds(void **state)
{
    static const struct when_civil rows[] = {
        {-1, 1, 1, 0, 0, 0, 0},    {10000, 1, 1, 0, 0, 0, 0}, {2023, 0, 1, 0, 0, 0, 0},
        {2023, 13, 1, 0, 0, 0, 0}, {2023, 1, 0, 0, 0, 0, 0},  {2023, 1, 32, 0, 0, 0, 0},
        {2023, 2, 29, 0, 0, 0, 0}, {2024, 2, 30, 0, 0, 0, 0}, {2100, 2, 29, 0, 0, 0, 0},
        {2023, 4, 31, 0, 0, 0, 0}, {2023, 1, 1, 24, 0, 0, 0}, {2023, 1, 1, -1, 0, 0, 0},
        {2023, 1, 1, 0, 60, 0, 0}, {2023, 1, 1, 0, 0, 60, 0}, {2023, 1, 1, 0, 0, 0, 1000},
        {2023, 1, 1, 0, -1, 0, 0}, {2023, 1, 1, 0, 0, -1, 0}, {2023, 1, 1, 0, 0, 0, -1},
    };
    int64_t wall_ms = 42;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(when_join(&rows[i], &wall_ms), CRIER_EINVAL);
    assert_int_equal(wall_ms, 42);
}

static void words_durations(void **state)
{
    static const struct {
        int64_t ms;
        const char *words;
    } rows[] = {
        {-5, "0 s"},
        {0, "0 s"},
        {999, "0 s"},
        {SECOND, "1 s"},
        {45 * SECOND, "45 s"},
        {MINUTE - 1, "59 s"},
        {MINUTE, "1 min"},
        {3 * MINUTE + 59 * SECOND, "3 min"},
        {HOUR - 1, "59 min"},
        {HOUR, "1 h"},
        {2 * HOUR + 5 * MINUTE, "2 h 5 min"},
        {DAY - 1, "23 h 59 min"},
        {DAY, "1 d"},
        {3 * DAY + 4 * HOUR + 59 * MINUTE, "3 d 4 h"},
        {INT64_MIN, "0 s"},
        {INT64_MAX, "106751991167 d 7 h"},
    };
    char dst[WHEN_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(when_duration(rows[i].ms, dst), rows[i].words);
}

static void groups_counts(void **state)
{
    static const struct {
        int64_t n;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-3, "-3"},
        {999, "999"},
        {1000, "1,000"},
        {-1000, "-1,000"},
        {12345, "12,345"},
        {1234567, "1,234,567"},
        {INT64_MAX, "9,223,372,036,854,775,807"},
        {INT64_MIN, "-9,223,372,036,854,775,808"},
    };
    char dst[WHEN_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(when_count(rows[i].n, dst), rows[i].text);
}

static void reads_what_people_type(void **state)
{
    static const struct {
        const char *typed, *now, *wanted; /* NULL: refused */
    } rows[] = {
        {"18:33", "2023-01-17T18:34:55Z", "2023-01-17T18:33:00Z"},
        {"8:05", "2023-01-17T18:34:55Z", "2023-01-17T08:05:00Z"},
        {"1833", "2023-01-17T18:34:55Z", "2023-01-17T18:33:00Z"},
        {"18:33:10", "2023-01-17T18:34:55Z", "2023-01-17T18:33:10Z"},
        {" 18:33 UTC ", "2023-01-17T18:34:55Z", "2023-01-17T18:33:00Z"},
        {"18:33Z", "2023-01-17T18:34:55Z", "2023-01-17T18:33:00Z"},
        {"18:33 utc", "2023-01-17T18:34:55Z", "2023-01-17T18:33:00Z"},
        {"18:34:55", "2023-01-17T18:34:55Z", "2023-01-17T18:34:55Z"},
        /* over midnight, the year's end and a leap day */
        {"23:58", "2023-01-17T00:03:00Z", "2023-01-16T23:58:00Z"},
        {"23:58", "2024-01-01T00:03:00Z", "2023-12-31T23:58:00Z"},
        {"23:58", "2024-03-01T00:03:00Z", "2024-02-29T23:58:00Z"},
        {"23:58", "2023-03-01T00:03:00Z", "2023-02-28T23:58:00Z"},
        /* a slip of some minutes is not yesterday */
        {"18:40", "2023-01-17T18:34:55Z", NULL},
        {"19:34:54", "2023-01-17T18:34:55Z", NULL},
        {"19:34:55", "2023-01-17T18:34:55Z", "2023-01-16T19:34:55Z"},
        {"00:05", "2023-01-17T23:58:00Z", NULL},
        {"01:00", "2023-01-17T23:58:00Z", "2023-01-17T01:00:00Z"},
        /* with a date */
        {"2023-01-16 19:00", "2023-01-17T18:34:55Z", "2023-01-16T19:00:00Z"},
        {"2023-01-16T19:00Z", "2023-01-17T18:34:55Z", "2023-01-16T19:00:00Z"},
        {"2022-12-31 23:59:59 UTC", "2023-01-17T18:34:55Z", "2022-12-31T23:59:59Z"},
        {"2023-01-17 18:35", "2023-01-17T18:34:55Z", NULL},
        {"2024-02-30 18:35", "2025-01-17T18:34:55Z", NULL},
        {"2023-01-17", "2023-01-17T18:34:55Z", NULL},
        /* malformed */
        {"", "2023-01-17T18:34:55Z", NULL},
        {"   ", "2023-01-17T18:34:55Z", NULL},
        {"now", "2023-01-17T18:34:55Z", NULL},
        {"18", "2023-01-17T18:34:55Z", NULL},
        {"18:3", "2023-01-17T18:34:55Z", NULL},
        {"18:", "2023-01-17T18:34:55Z", NULL},
        {":33", "2023-01-17T18:34:55Z", NULL},
        {"18:60", "2023-01-17T18:34:55Z", NULL},
        {"24:00", "2023-01-17T18:34:55Z", NULL},
        {"18:33:60", "2023-01-17T18:34:55Z", NULL},
        {"18:33:", "2023-01-17T18:34:55Z", NULL},
        {"18:33 CET", "2023-01-17T18:34:55Z", NULL},
        {"18:33 pm", "2023-01-17T18:34:55Z", NULL},
        {"18:33x", "2023-01-17T18:34:55Z", NULL},
        {"-1:33", "2023-01-17T18:34:55Z", NULL},
        {"118:33", "2023-01-17T18:34:55Z", NULL},
        {"2023-1-17 18:33", "2023-01-17T18:34:55Z", NULL},
    };
    char dst[WHEN_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t now = 0, got = 42;
        int r;

        assert_int_equal(when_parse_iso(rows[i].now, &now), 0);
        r = when_parse_hm(rows[i].typed, now, &got);
        if (r != (rows[i].wanted ? 0 : CRIER_EINVAL))
            fail_msg("\"%s\": %d", rows[i].typed, r);
        if (rows[i].wanted)
            assert_string_equal(when_iso(got, dst), rows[i].wanted);
        else
            assert_int_equal(got, 42);
    }
}

static void survives_extreme_clocks(void **state)
{
    static const int64_t now[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    int64_t got;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof now / sizeof now[0]; i++) {
        (void)!when_parse_hm("12:00", now[i], &got);
        (void)!when_parse_hm("0000-01-01 12:00", now[i], &got);
    }
}

static void reads_machine_times(void **state)
{
    static const struct {
        const char *text;
        int64_t wall_ms; /* -1: refused */
    } rows[] = {
        {"2023-01-17T18:34:55Z", OUTAGE - 123},
        {"2023-01-17T18:34:55.123Z", OUTAGE},
        {"2023-01-17T18:34:55.1Z", OUTAGE - 23},
        {"2023-01-17T18:34:55.123456789Z", OUTAGE},
        {"2023-01-17t18:34:55z", OUTAGE - 123},
        {"2023-01-17 18:34:55Z", OUTAGE - 123},
        {"2023-01-17T18:34:55+00:00", OUTAGE - 123},
        {"2023-01-17T19:34:55+01:00", OUTAGE - 123},
        {"2023-01-17T12:04:55.123-06:30", OUTAGE},
        {"2016-12-31T23:59:60Z", INT64_C(1483228799000)},
        {"2023-01-17T18:34:55", -1},
        {"2023-01-17T18:34Z", -1},
        {"2023-01-17T18:34:55.Z", -1},
        {"2023-01-17T18:34:55Zx", -1},
        {"2023-01-17T18:34:55+0100", -1},
        {"2023-01-17T18:34:55+24:00", -1},
        {"2023-02-29T18:34:55Z", -1},
        {"2023-01-17T24:34:55Z", -1},
        {"", -1},
        {"x", -1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = -1;
        int r = when_parse_iso(rows[i].text, &got);

        if (r != (rows[i].wall_ms < 0 ? CRIER_EINVAL : 0) || got != rows[i].wall_ms)
            fail_msg("\"%s\": %d, %lld", rows[i].text, r, (long long)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_form),
        cmocka_unit_test(knows_the_calendar),
        cmocka_unit_test(clamps_times_beyond_the_calendar),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(refuses_fields_out_of_bounds),
        cmocka_unit_test(words_durations),
        cmocka_unit_test(groups_counts),
        cmocka_unit_test(reads_what_people_type),
        cmocka_unit_test(survives_extreme_clocks),
        cmocka_unit_test(reads_machine_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
