#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"

static void begins_empty(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.len, 0);
    assert_int_equal(buf_error(&b), 0);
    buf_shift(&b, 3);
    buf_truncate(&b, 0);
    buf_clear(&b);
    buf_adds(&b, NULL);
    buf_add(&b, NULL, 0);
    assert_string_equal(buf_str(&b), "");
    buf_finish(&b);
    buf_finish(&b); /* a finished one may be finished again */
}

static void appends_and_terminates(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_adds(&b, "one");
    buf_addc(&b, ' ');
    buf_addf(&b, "%d %s", 2, "three");
    buf_add(&b, "\0x", 2);
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(b.len, 13);
    assert_memory_equal(b.data, "one 2 three\0x", 14);
    buf_finish(&b);
}

static void keeps_its_maximum(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_adds(&b, "12345");
    assert_int_equal(buf_error(&b), 0);
    buf_adds(&b, "");
    assert_int_equal(buf_error(&b), 0);
    buf_addc(&b, '6');
    assert_int_equal(buf_error(&b), CRIER_ELIMIT);
    assert_string_equal(buf_str(&b), "12345");
    /* sticky, also for what would fit */
    buf_truncate(&b, 1);
    buf_adds(&b, "x");
    buf_addf(&b, "%s", "y");
    assert_string_equal(buf_str(&b), "1");
    assert_null(buf_take(&b));
    buf_clear(&b);
    assert_int_equal(buf_error(&b), 0);
    buf_adds(&b, "ok");
    assert_string_equal(buf_str(&b), "ok");
    buf_finish(&b);
}

static void appends_whole_or_not_at_all(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_adds(&b, "123456");
    buf_addf(&b, "%s", "789");
    assert_int_equal(buf_error(&b), CRIER_ELIMIT);
    assert_string_equal(buf_str(&b), "123456");
    buf_finish(&b);
    buf_init(&b, 8);
    buf_add(&b, "x", SIZE_MAX); /* far beyond, and no byte of it is read */
    assert_int_equal(buf_error(&b), CRIER_ELIMIT);
    buf_finish(&b);
}

static void grows_to_the_last_byte(void **state)
{
    static const size_t sizes[] = {1, 62, 63, 64, 65, 127, 128, 1000, 4096};
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf b;

        buf_init(&b, sizes[i]);
        for (j = 0; j < sizes[i]; j++)
            buf_addc(&b, (char)('a' + j % 26));
        assert_int_equal(buf_error(&b), 0);
        assert_int_equal(strlen(buf_str(&b)), sizes[i]);
        assert_true(b.cap <= sizes[i] + 1);
        buf_addc(&b, 'x');
        assert_int_equal(buf_error(&b), CRIER_ELIMIT);
        buf_finish(&b);
    }
}

static void shifts_and_truncates(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_adds(&b, "hello world");
    buf_shift(&b, 6);
    assert_string_equal(buf_str(&b), "world");
    buf_shift(&b, 0);
    assert_string_equal(buf_str(&b), "world");
    buf_truncate(&b, 9);
    assert_string_equal(buf_str(&b), "world");
    buf_truncate(&b, 2);
    assert_string_equal(buf_str(&b), "wo");
    buf_shift(&b, 99);
    assert_string_equal(buf_str(&b), "");
    buf_adds(&b, "again");
    assert_string_equal(buf_str(&b), "again");
    buf_finish(&b);
}

static void hands_over_its_content(void **state)
{
    struct buf b;
    char *p;

    (void)state;
    buf_init(&b, 100);
    p = buf_take(&b);
    assert_string_equal(p, "");
    free(p);
    buf_adds(&b, "mine");
    p = buf_take(&b);
    assert_string_equal(p, "mine");
    free(p);
    assert_string_equal(buf_str(&b), "");
    buf_adds(&b, "next");
    assert_string_equal(buf_str(&b), "next");
    buf_finish(&b);
}

static void prints_into_new_memory(void **state)
{
    char *big = malloc((1U << 20) + 2), *p;

    (void)state;
    p = buf_printf("%s-%d", "x", 7);
    assert_string_equal(p, "x-7");
    free(p);
    p = buf_printf("%s", "");
    assert_string_equal(p, "");
    free(p);
    assert_non_null(big);
    memset(big, 'x', (1U << 20) + 1);
    big[1U << 20] = '\0';
    p = buf_printf("%s", big);
    assert_non_null(p);
    free(p);
    big[1U << 20] = 'x';
    big[(1U << 20) + 1] = '\0';
    assert_null(buf_printf("%s", big));
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_empty),           cmocka_unit_test(appends_and_terminates),
        cmocka_unit_test(keeps_its_maximum),      cmocka_unit_test(appends_whole_or_not_at_all),
        cmocka_unit_test(grows_to_the_last_byte), cmocka_unit_test(shifts_and_truncates),
        cmocka_unit_test(hands_over_its_content), cmocka_unit_test(prints_into_new_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
