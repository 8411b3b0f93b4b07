#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "html.h"

static void escapes_what_is_foreign(void **state)
{
    static const struct {
        const char *text;
        const char *html;
    } rows[] = {
        {"", ""},
        {"plain words", "plain words"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload='x' & y", "&quot; onload=&#39;x&#39; &amp; y"},
        {"&lt;", "&amp;lt;"},
        {"]]>", "]]&gt;"},
        {"a\nb\tc", "a b c"},
        {"a\x01\x02\x1f\x7f"
         "b\r",
         "ab"},
        {"a\xe2\x80\xae"
         "b\xe2\x80\x8f\xe2\x81\xa6",
         "ab"}, /* bidi */
        {"zero\xe2\x80\x8bwidth", "zerowidth"},
        {"\xef\xbf\xbe\xef\xbf\xbf", ""}, /* no characters of XML */
        {"caf\xc3\xa9 \xf0\x9f\x94\xa5", "caf\xc3\xa9 \xf0\x9f\x94\xa5"},
        {"bad \xc3( \xff", "bad ?( ?"},
        {"cut \xe2\x82", "cut ??"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b;

        buf_init(&b, 1000);
        html_text(&b, rows[i].text);
        assert_string_equal(buf_str(&b), rows[i].html);
        buf_finish(&b);
    }
}

static void takes_null_for_nothing(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    html_text(&b, NULL);
    html_cut(&b, NULL, 3);
    html_paragraphs(&b, NULL);
    assert_string_equal(buf_str(&b), "");
    buf_finish(&b);
}

static void cuts_by_characters_that_are_seen(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *html;
    } rows[] = {
        {"abc", 3, "abc"},
        {"abcd", 3, "ab\xe2\x80\xa6"},
        {"abc\xe2\x80\x8b", 3, "abc"},
        {"<<<<", 3, "&lt;&lt;\xe2\x80\xa6"},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3, "\xc3\xa9\xc3\xa9\xe2\x80\xa6"},
        {"ab", 1, "\xe2\x80\xa6"},
        {"\xff\xff\xff", 2, "?\xe2\x80\xa6"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b;

        buf_init(&b, 1000);
        html_cut(&b, rows[i].text, rows[i].max);
        assert_string_equal(buf_str(&b), rows[i].html);
        buf_finish(&b);
    }
}

static void makes_paragraphs(void **state)
{
    static const struct {
        const char *text;
        const char *html;
    } rows[] = {
        {"", ""},
        {"\n\n", ""},
        {"one", "<p>one</p>"},
        {"one\ntwo", "<p>one<br>two</p>"},
        {"one\r\n\r\ntwo", "<p>one</p><p>two</p>"},
        {"\n\none\n\n\n<b>\n", "<p>one</p><p>&lt;b&gt;</p>"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b;

        buf_init(&b, 1000);
        html_paragraphs(&b, rows[i].text);
        assert_string_equal(buf_str(&b), rows[i].html);
        buf_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_is_foreign),
        cmocka_unit_test(takes_null_for_nothing),
        cmocka_unit_test(cuts_by_characters_that_are_seen),
        cmocka_unit_test(makes_paragraphs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
