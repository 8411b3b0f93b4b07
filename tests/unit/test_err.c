#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"

static void every_code_has_words_of_its_own(void **state)
{
    int i, j;

    (void)state;
    for (i = CRIER_ECORRUPT; i <= 0; i++) {
        assert_true(crier_strerror(i)[0] != '\0');
        assert_string_not_equal(crier_strerror(i), "unknown error");
        for (j = CRIER_ECORRUPT; j < i; j++)
            assert_string_not_equal(crier_strerror(i), crier_strerror(j));
    }
}

static void other_numbers_have_words_too(void **state)
{
    static const int rows[] = {1, CRIER_ECORRUPT - 1, INT_MIN, INT_MAX};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(crier_strerror(rows[i]), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_words_of_its_own),
        cmocka_unit_test(other_numbers_have_words_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
