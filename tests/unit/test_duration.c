#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "duration.h"
#include "err.h"

static void reads_what_people_write(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"500 ms", 500},
        {"10 s", 10000},
        {"10s", 10000},
        {" 15  min ", 900000},
        {"2 h", 7200000},
        {"1 d", 86400000},
        {"1 min 30 s", 90000},
        {"1h30min", 5400000},
        {"1 d 2 h 3 min 4 s 5 ms", 93784005},
        {"30m", 1800000},
        {"90 seconds", 90000},
        {"1 second", 1000},
        {"2 sec", 2000},
        {"1 minute", 60000},
        {"3 minutes", 180000},
        {"1 hour", 3600000},
        {"2 hours 1 s", 7201000},
        {"1 day", 86400000},
        {"3650 days", DURATION_MAX_MS},
        {"0 s", 0},
        {"007 s", 7000},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        if (duration_parse(rows[i].text, &ms) != 0 || ms != rows[i].ms)
            fail_msg("\"%s\" is %ld", rows[i].text, (long)ms);
    }
}

static void refuses_the_rest(void **state)
{
    static const struct {
        const char *text;
        int r;
    } rows[] = {
        {NULL, CRIER_EINVAL},
        {"", CRIER_EINVAL},
        {"  ", CRIER_EINVAL},
        {"15", CRIER_EINVAL},
        {"min", CRIER_EINVAL},
        {"1.5 h", CRIER_EINVAL},
        {"-1 s", CRIER_EINVAL},
        {"+1 s", CRIER_EINVAL},
        {"1 parsec", CRIER_EINVAL},
        {"1 S", CRIER_EINVAL},
        {"1 s 1 min", CRIER_EINVAL},
        {"1 s 1 s", CRIER_EINVAL},
        {"1 s 1", CRIER_EINVAL},
        {"1 s, 1 ms", CRIER_EINVAL},
        {"0x10 s", CRIER_EINVAL},
        {"3650 d 1 ms", CRIER_ELIMIT},
        {"3651 d", CRIER_ELIMIT},
        {"99999999999999999999999999 ms", CRIER_ELIMIT},
        {"9223372036854775807 d", CRIER_ELIMIT},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -7;
        int r = duration_parse(rows[i].text, &ms);

        if (r != rows[i].r || ms != -7)
            fail_msg("\"%s\" gives %d", rows[i].text ? rows[i].text : "NULL", r);
    }
}

static void writes_what_it_reads(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 s"},
        {1, "1 ms"},
        {999, "999 ms"},
        {1000, "1 s"},
        {90000, "1 min 30 s"},
        {3600000, "1 h"},
        {93784005, "1 d 2 h 3 min 4 s 5 ms"},
        {DURATION_MAX_MS, "3650 d"},
    };
    char text[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        assert_string_equal(duration_text(text, sizeof text, rows[i].ms), rows[i].text);
        assert_int_equal(duration_parse(text, &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
    (void)duration_text(text, 48, INT64_MAX); /* fits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(writes_what_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
