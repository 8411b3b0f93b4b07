#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

static void tells_well_formed_from_malformed(void **state)
{
    static const struct {
        const char *text;
        size_t bytes; /* of the first character; 0: malformed or the end */
        uint32_t code_point;
    } rows[] = {
        {"", 0, 0},
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc3\xa9", 2, 0xe9},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xe2\x82\xac", 3, 0x20ac},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        /* malformed, RFC 3629 sections 3 and 4 */
        {"\x80", 0, 0},
        {"\xbf", 0, 0},
        {"\xc0\x80", 0, 0},         /* overlong NUL */
        {"\xc1\xbf", 0, 0},         /* overlong */
        {"\xe0\x9f\xbf", 0, 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0, 0}, /* overlong */
        {"\xed\xa0\x80", 0, 0},     /* surrogate */
        {"\xed\xbf\xbf", 0, 0},     /* surrogate */
        {"\xf4\x90\x80\x80", 0, 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 0, 0},
        {"\xff", 0, 0},
        {"\xc3", 0, 0},
        {"\xc3(", 0, 0},
        {"\xe2\x82", 0, 0},
        {"\xe2(\xac", 0, 0},
        {"\xf0\x9f\x92", 0, 0},
        {"\xf0\x9f\x92(", 0, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* on the heap, so that a byte read too far is seen */
        char *text = strdup(rows[i].text);

        assert_non_null(text);
        if (utf8_char_bytes(text) != rows[i].bytes)
            fail_msg("row %zu: %zu bytes", i, utf8_char_bytes(text));
        if (rows[i].bytes)
            assert_int_equal(utf8_decode(text), rows[i].code_point);
        assert_int_equal(utf8_is_valid(text), rows[i].bytes > 0 || !*text);
        free(text);
    }
}

static void counts_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(""), 0);
    assert_int_equal(utf8_length("abc"), 3);
    assert_int_equal(utf8_length("na\xc3\xafve \xe2\x82\xac"), 7);
    assert_int_equal(utf8_length("\xff\xff"), 2);
    assert_int_equal(utf8_length("\xe2\x82"), 2);
}

static void cuts_between_characters(void **state)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9z";
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_int_equal(utf8_cut(text, i), wanted[i]);
    assert_int_equal(utf8_cut("\xff\xff\xff", 2), 2);
    assert_int_equal(utf8_cut("", 5), 0);
}

static void prints_whole_characters(void **state)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9z";
    size_t size;

    (void)state;
    for (size = 0; size < 16; size++) {
        char *dst = malloc(size + 1);
        size_t n;

        assert_non_null(dst);
        dst[size] = '!';
        n = utf8_print(dst, size, "%s", text);
        assert_int_equal(dst[size], '!');
        assert_int_equal(n, size ? utf8_cut(text, size - 1) : 0);
        if (size) {
            assert_int_equal(strlen(dst), n);
            assert_memory_equal(dst, text, n);
        }
        free(dst);
    }
}

static void prints_what_is_malformed_too(void **state)
{
    char dst[4];

    (void)state;
    assert_int_equal(utf8_print(dst, sizeof dst, "%s", "\x80\x80\x80\x80\x80"), 3);
    assert_int_equal(utf8_print(dst, sizeof dst, "%s", "ab\xff\xff"), 2);
    assert_int_equal(utf8_print(dst, sizeof dst, "%s", "\xff\xff\xff"), 3);
}

static void knows_unsafe_characters(void **state)
{
    static const uint32_t bad[] = {
        0x00,   0x03,   0x0a,    0x1b,     0x1f,    0x7f,    0x80,    0x85,    0x9f,   0xad,
        0x34f,  0x61c,  0x115f,  0x180e,   0x200b,  0x200d,  0x200f,  0x2028,  0x2029, 0x202a,
        0x202e, 0x2060, 0x2066,  0x2069,   0x2800,  0x3164,  0xfdd0,  0xfeff,  0xffa0, 0xfff9,
        0xfffe, 0xffff, 0x1fffe, 0x10ffff, 0x1d173, 0xe0001, 0xe0041, 0xe0100, 0xe01ef};
    static const uint32_t good[] = {' ',    'a',    '~',    0xa0,    0xe9,   0x2013,
                                    0x2019, 0x20ac, 0x4e2d, 0x1f4a9, 0xfe0f, 0xfffd};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!utf8_is_unsafe(bad[i]))
            fail_msg("U+%04X", (unsigned)bad[i]);
    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        if (utf8_is_unsafe(good[i]))
            fail_msg("U+%04X", (unsigned)good[i]);
}

static void knows_white_space(void **state)
{
    static const uint32_t yes[] = {'\t',   '\n',   '\r',   ' ',    0x85,   0xa0,   0x1680,
                                   0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(utf8_is_space(yes[i]));
    assert_false(utf8_is_space('a'));
    assert_false(utf8_is_space(0x200b));
    assert_false(utf8_is_space(0));
}

/* A text that may hold NUL bytes. */
#define TEXT(s) s, sizeof s - 1

static void cleans_text(void **state)
{
    static const struct {
        const char *src;
        size_t n;
        const char *wanted;
    } rows[] = {
        {TEXT(""), ""},
        {TEXT("   "), ""},
        {TEXT("plain"), "plain"},
        {TEXT("  two   words \r\n"), "two words"},
        {TEXT("a\tb\nc"), "a b c"},
        {TEXT("a\0b"), "ab"},
        {TEXT("\0"), ""},
        /* mIRC: bold, colours with and without background, hex colours, reset */
        {TEXT("\002bold\017"), "bold"},
        {TEXT("\0034red\003"), "red"},
        {TEXT("\00304,12PROBLEM\003 - x"), "PROBLEM - x"},
        {TEXT("\003123"), "3"},
        {TEXT("\0031,234"), "4"},
        {TEXT("\0031,x"), ",x"},
        {TEXT("\003,5"), ",5"},
        {TEXT("\0031,"), ","},
        {TEXT("\003"), ""},
        {TEXT("\004ff0000hot"), "hot"},
        {TEXT("\004ff0000,00ff00hot"), "hot"},
        {TEXT("\004ff0000,00ffhot"), ",00ffhot"},
        {TEXT("\004ff00 cold"), "ff00 cold"},
        {TEXT("\035\037\036\026\021x"), "x"},
        {TEXT("\00304 \00305 x"), "x"},
        {TEXT("a\00304 \00305 b"), "a b"},
        /* white space of other sorts is a space, and single */
        {TEXT("a\xc2\xa0 \xe2\x80\x83\xe3\x80\x80"
              "b\xc2\xa0"),
         "a b"},
        {TEXT("a\xe2\x80\xa8"
              "b"),
         "a b"},
        {TEXT("a\xc2\x85"
              "b"),
         "a b"},
        {TEXT("a\x0b"
              "b"),
         "a b"},
        /* invisible and reversing characters are dropped */
        {TEXT("a\xe2\x80\x8b"
              "b"),
         "ab"},
        {TEXT("\xe2\x80\xae"
              "evil\xe2\x80\xac"),
         "evil"},
        {TEXT("\xef\xbb\xbfx"), "x"},
        {TEXT("a\xe2\x80\x8b \xe2\x80\x8b"
              "b"),
         "a b"},
        {TEXT("a\xc2\x9b"
              "1mb"),
         "a1mb"},
        {TEXT("a\x1b[1mb"), "a[1mb"},
        /* five marks stay on one character, over whatever is dropped between them */
        {TEXT("e\xcc\x81\xcc\x82 ok"), "e\xcc\x81\xcc\x82 ok"},
        {TEXT("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x82x\xcc\x82"),
         "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81x\xcc\x82"},
        {TEXT("e\xcc\x81\xcc\x81\xcc\x81\xe2\x80\x8b\xcc\x81\xcc\x81\002\xcc\x81"),
         "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"},
        {TEXT("\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88"), "\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88"},
        {TEXT("a\xf3\xa0\x81\x81"
              "b"),
         "ab"},
        /* malformed bytes, one mark each; nothing valid is born of the pieces */
        {TEXT("\xff\xfe"), "??"},
        {TEXT("caf\xe9 au lait"), "caf? au lait"},
        {TEXT("\xe2\x82"), "??"},
        {TEXT("\xe2\x80\003\x8b"), "???"},
        {TEXT("\xe2\0\x82\xac"), "???"},
        {TEXT("\xed\xa0\x80"), "???"},
        {TEXT("caf\xc3\xa9 \xf0\x9f\x92\xa9"), "caf\xc3\xa9 \xf0\x9f\x92\xa9"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *src = malloc(rows[i].n + 1), *dst = malloc(rows[i].n + 1);
        size_t n;

        assert_non_null(src);
        assert_non_null(dst);
        memcpy(src, rows[i].src, rows[i].n);
        src[rows[i].n] = '!'; /* no NUL is needed behind it */
        n = utf8_clean(src, rows[i].n, dst);
        if (strcmp(dst, rows[i].wanted) != 0)
            fail_msg("row %zu: \"%s\"", i, dst);
        assert_int_equal(n, strlen(dst));
        /* in place, and a second time: the same */
        assert_int_equal(utf8_clean(src, rows[i].n, src), n);
        assert_string_equal(src, dst);
        assert_int_equal(utf8_clean(src, n, src), n);
        assert_string_equal(src, dst);
        free(src);
        free(dst);
    }
}

static void tells_what_it_removed(void **state)
{
    static const struct {
        const char *src;
        size_t n;
        const char *wanted;
    } rows[] = {
        {TEXT(""), ""},
        {TEXT("  plain \t text \r\n"), ""},
        {TEXT("\00304red\003 and \002bold\017"), "4 colour or style codes"},
        {TEXT("\002b"), "1 colour or style code"},
        {TEXT("some pages\xe2\x80\xae load"), "U+202E after \"pages\""},
        {TEXT("some pages \xe2\x80\xae load"), "U+202E after \"pages\""},
        {TEXT("\xef\xbb\xbf"
              "a\0b\x1b"),
         "U+FEFF at the beginning, U+0000 after \"a\", 1 invisible "
         "character more"},
        {TEXT("o\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b"),
         "U+200B after \"o\", U+200B after \"o\", 2 invisible characters more"},
        {TEXT("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"), "2 piled-up accents"},
        {TEXT("caf\xe9"), "1 byte that is no UTF-8"},
        {TEXT("abcdefghijklmnopqrstuvwxyz\xc3\xa9\x01"),
         "U+0001 after \"fghijklmnopqrstuvwxyz\xc3\xa9\""},
        {TEXT("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
              "\xa9\xc3\xa9"
              "\x01"),
         "U+0001 after "
         "\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
         "\xa9\""},
    };
    char got[UTF8_REMOVED_BYTES];
    size_t i, size;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *src = malloc(rows[i].n + 1);

        assert_non_null(src);
        memcpy(src, rows[i].src, rows[i].n);
        src[rows[i].n] = '!';
        assert_int_equal(utf8_removed(src, rows[i].n, got, sizeof got), strlen(rows[i].wanted));
        if (strcmp(got, rows[i].wanted) != 0)
            fail_msg("row %zu: %s", i, got);
        for (size = 0; size < 60; size++) {
            char *dst = malloc(size ? size : 1);
            size_t n;

            assert_non_null(dst);
            n = utf8_removed(src, rows[i].n, dst, size);
            assert_true(size ? n < size && n == strlen(dst) && utf8_is_valid(dst) : n == 0);
            free(dst);
        }
        free(src);
    }
}

static void knows_marks(void **state)
{
    static const uint32_t marks[] = {0x300, 0x301,  0x36f,  0x483,  0x5b0,
                                     0xe31, 0x20d0, 0xfe20, 0x1e94a};
    static const uint32_t others[] = {0, 'a', 0x2ff, 0x370, 0x5d0, 0xe01, 0x4e00, 0x10ffff};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof marks / sizeof marks[0]; i++)
        assert_true(utf8_is_mark(marks[i]));
    for (i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(utf8_is_mark(others[i]));
}

/* Whatever comes in, what comes out is valid, safe, single-spaced, and stays the same. */
static void cleans_noise(void **state)
{
    static const unsigned char alphabet[] = {0,    3,    4,    ' ',  '\n', '0',  'f',  ',',  'z',
                                             0x80, 0x8b, 0xa0, 0xbf, 0xc2, 0xe2, 0xed, 0xf0, 0xf3,
                                             0xf4, 0xff, 0x9f, 0x81, 0xef, 0xbb, 0xcc, 0xcc};
    uint32_t seed = 20230117;
    int round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        char src[24], dst[25], again[25];
        size_t n, i, size = (size_t)round % sizeof src;

        for (i = 0; i < size; i++) {
            seed = seed * 1664525 + 1013904223;
            src[i] = (char)alphabet[(seed >> 16) % sizeof alphabet];
        }
        n = utf8_clean(src, size, dst);
        assert_true(n <= size);
        assert_int_equal(strlen(dst), n);
        assert_true(utf8_is_valid(dst));
        assert_null(strstr(dst, "  "));
        assert_true(!n || (dst[0] != ' ' && dst[n - 1] != ' '));
        for (i = 0; i < n; i += utf8_char_bytes(dst + i))
            assert_false(utf8_is_unsafe(utf8_decode(dst + i)));
        assert_int_equal(utf8_clean(dst, n, again), n);
        assert_string_equal(again, dst);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_well_formed_from_malformed),
        cmocka_unit_test(counts_characters),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(prints_whole_characters),
        cmocka_unit_test(prints_what_is_malformed_too),
        cmocka_unit_test(knows_unsafe_characters),
        cmocka_unit_test(knows_white_space),
        cmocka_unit_test(cleans_text),
        cmocka_unit_test(tells_what_it_removed),
        cmocka_unit_test(knows_marks),
        cmocka_unit_test(cleans_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
