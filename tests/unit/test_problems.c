#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "problems.h"
#include "settings.h"
#include "utf8.h"

static char *printed(const struct problems *p)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    problems_print(p, f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void in_the_order_of_file_and_line(void **state)
{
    char file[] = "b.cfg";
    struct where b9 = {file, 9}, b10 = {file, 10}, b0 = {file, 0}, a1 = {"a.cfg", 1};
    struct where none = {NULL, 7};
    struct problems p;
    char *output;

    (void)state;
    problems_init(&p);
    problems_add(&p, &b10, "ten");
    problems_add(&p, &b9, "nine, %s", "first");
    problems_add(&p, &a1, "of another file");
    problems_add(&p, &b9, "nine, second");
    problems_add(&p, &b0, "of no line");
    problems_add(&p, NULL, "of no file");
    problems_add(&p, &none, "of no file either");
    file[0] = 'x'; /* the names are copied */
    output = printed(&p);
    assert_string_equal(output, "of no file\n"
                                "of no file either\n"
                                "a.cfg:1: of another file\n"
                                "b.cfg: of no line\n"
                                "b.cfg:9: nine, first\n"
                                "b.cfg:9: nine, second\n"
                                "b.cfg:10: ten\n");
    free(output);
    problems_finish(&p);
    assert_int_equal(p.n, 0);
    problems_finish(&p);
}

static void foreign_text_is_cleaned(void **state)
{
    struct problems p;
    char text[6000];

    (void)state;
    problems_init(&p);
    problems_add(&p, NULL, "\"%s\" is wrong", "a\nb\x1b[31m\xff");
    assert_string_equal(p.item[0].text, "\"a b[31m?\" is wrong");

    memset(text, 'x', sizeof text);
    memcpy(text + 4092, "\xe2\x82\xac", 3); /* where it will be cut */
    text[sizeof text - 1] = '\0';
    problems_add(&p, NULL, "%s", text);
    assert_int_equal(strlen(p.item[1].text), 4095);
    assert_string_equal(p.item[1].text + 4089, "xxx...");
    assert_true(utf8_is_valid(p.item[1].text));
    problems_finish(&p);
}

static void no_more_than_a_thousand(void **state)
{
    struct where where = {"a.cfg", 1};
    struct problems p;
    int i;

    (void)state;
    problems_init(&p);
    for (i = 0; i < PROBLEMS_MAX + 10; i++)
        problems_add(&p, &where, "%d", i);
    assert_int_equal(p.n, PROBLEMS_MAX);
    assert_int_equal(p.err, 0);
    assert_string_equal(p.item[PROBLEMS_MAX - 2].text, "998");
    assert_non_null(strstr(p.item[PROBLEMS_MAX - 1].text, "there are more problems"));
    assert_string_equal(p.item[PROBLEMS_MAX - 1].file, "");
    problems_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_order_of_file_and_line),
        cmocka_unit_test(foreign_text_is_cleaned),
        cmocka_unit_test(no_more_than_a_thousand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
