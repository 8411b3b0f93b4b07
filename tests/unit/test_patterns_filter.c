/* Many texts looked for in one pass, beside looking for each alone; and patterns' own texts, beside
 * PCRE2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "patterns_filter.h"
#include "patterns_literal.h"

enum { TEXTS = 60, LINE = 200 };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* Few letters, so that texts overlap, end in one another and hold one another. */
static size_t make_text(uint32_t *seed, char *dst, size_t most)
{
    size_t n = 1 + draw(seed, (uint32_t)most), i;

    for (i = 0; i < n; i++)
        dst[i] = (char)("ab\xc3\xa4"[draw(seed, 4)]);
    dst[n] = '\0';
    return n;
}

static void agrees_with_looking_for_each(void **state)
{
    uint32_t seed = 20230117;
    int round, i, k;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct patterns_filter *f = patterns_filter_create();
        char text[TEXTS][16], line[LINE + 1];
        size_t id[TEXTS];

        assert_non_null(f);
        for (i = 0; i < TEXTS; i++) {
            size_t n = make_text(&seed, text[i], 8);

            assert_int_equal(patterns_filter_add(f, text[i], n, &id[i]), 0);
        }
        assert_int_equal(patterns_filter_finish(f), 0);
        for (k = 0; k < 20; k++) {
            struct patterns_seen seen;
            size_t n = make_text(&seed, line, k < 10 ? 12 : LINE);

            patterns_filter_scan(f, line, n, &seen);
            for (i = 0; i < TEXTS; i++)
                if (patterns_seen(&seen, id[i]) != (strstr(line, text[i]) != NULL))
                    fail_msg("\"%s\" in \"%s\"", text[i], line);
        }
        patterns_filter_destroy(f);
    }
}

static void the_same_text_has_one_number(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;
    size_t a, b, c;

    (void)state;
    assert_non_null(f);
    assert_int_equal(patterns_filter_add(f, "PROBLEM - ", 10, &a), 0);
    assert_int_equal(patterns_filter_add(f, "PROBLEM", 7, &b), 0);
    assert_int_equal(patterns_filter_add(f, "PROBLEM - ", 10, &c), 0);
    assert_int_equal(a, c);
    assert_int_not_equal(a, b);
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "a PROBLEM here", 14, &seen);
    assert_false(patterns_seen(&seen, a));
    assert_true(patterns_seen(&seen, b));
    patterns_filter_scan(f, "", 0, &seen);
    assert_false(patterns_seen(&seen, b));
    patterns_filter_destroy(f);
}

/* More than there is room for may be in every line. */
static void texts_without_room_are_let_through(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;
    char text[32];
    size_t id, i;

    (void)state;
    assert_non_null(f);
    for (i = 0; i < PATTERNS_FILTER_TEXTS + 10; i++) {
        (void)snprintf(text, sizeof text, "text %zu.", i);
        assert_int_equal(patterns_filter_add(f, text, strlen(text), &id), 0);
        assert_int_equal(id, i < PATTERNS_FILTER_TEXTS ? i : PATTERNS_FILTER_TEXTS);
    }
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "text 255.", 9, &seen);
    for (i = 0; i < PATTERNS_FILTER_TEXTS; i++)
        assert_int_equal(patterns_seen(&seen, i), i == 255);
    assert_true(patterns_seen(&seen, PATTERNS_FILTER_TEXTS));
    patterns_filter_destroy(f);
}

static void nothing_to_look_for(void **state)
{
    struct patterns_filter *f = patterns_filter_create();
    struct patterns_seen seen;

    (void)state;
    assert_non_null(f);
    assert_int_equal(patterns_filter_finish(f), 0);
    patterns_filter_scan(f, "anything", 8, &seen);
    assert_false(patterns_seen(&seen, 0));
    patterns_filter_destroy(f);
    patterns_filter_destroy(NULL);
}

/* ---- what PCRE2 matches is never passed over ------------------------------------------------- */

enum { PATTERNS = 30000, TRIES = 40 };

/* Pieces of patterns in any order: most are none, and of the others each is another trap. */
static void make_pattern(uint32_t *seed, char *dst, size_t size)
{
    static const char *const parts[] = {
        "a",     "b",      "c",        "ab",    "\xc3\xa9", ".",     "\\d", "\\.",  "[",
        "]",     "(",      "(?:",      ")",     "|",        "*",     "+",   "?",    "{2}",
        "{0,1}", "{,2}",   "^",        "$",     "[:",       "alpha", ":]",  "[^",   "-",
        "(?i)",  "(?=",    "(?!",      "\\b",   "\\Q",      "\\E",   "x",   "[:x",  "(?x)",
        "#",     " ",      "(?i:",     "\\x61", "\\1",      "(?|",   "(?>", "{",    "}",
        "*+",    "??",     "\\]",      "\\\\",  "[.",       "(?-i)", "(?#", "(?1)", "\\R",
        "\\K",   "\\p{L}", "\\o{141}", "[[:x]", ":]]",      "[a]",
    };
    uint32_t n = 1 + draw(seed, 9);

    dst[0] = '\0';
    while (n--) {
        const char *part = parts[draw(seed, sizeof parts / sizeof parts[0])];

        assert_true(strlen(dst) + strlen(part) < size);
        (void)memcpy(dst + strlen(dst), part, strlen(part) + 1);
    }
}

/* The pattern's own characters, some left out, some of the other case. */
static size_t make_line(uint32_t *seed, const char *pattern, char *dst)
{
    size_t n = 0;

    for (; *pattern; pattern++)
        if (draw(seed, 5))
            dst[n++] = draw(seed, 6) ? *pattern : (char)(*pattern ^ 32);
    return n;
}

static size_t try_pattern(uint32_t *seed, const char *pattern, pcre2_code *code)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    char text[128], line[LINE];
    size_t n = patterns_literal(pattern, text, sizeof text), matches = 0;
    int i;

    assert_non_null(data);
    for (i = 0; n && i < TRIES; i++) {
        size_t bytes = make_line(seed, pattern, line);

        if (pcre2_match(code, (PCRE2_SPTR)line, bytes, 0, 0, data, NULL) < 0)
            continue;
        matches++;
        if (!memmem(line, bytes, text, n))
            fail_msg("%s matches \"%.*s\", which is without \"%s\"", pattern, (int)bytes, line,
                     text);
    }
    pcre2_match_data_free(data);
    return matches;
}

static void what_pcre2_matches_holds_the_text(void **state)
{
    uint32_t seed = 20250329;
    size_t matches = 0;
    int i;

    (void)state;
    for (i = 0; i < PATTERNS; i++) {
        char pattern[LINE];
        int error;
        PCRE2_SIZE at;
        pcre2_code *code;

        make_pattern(&seed, pattern, sizeof pattern);
        code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                             PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF |
                                 PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                             &error, &at, NULL);
        if (!code)
            continue;
        matches += try_pattern(&seed, pattern, code);
        pcre2_code_free(code);
    }
    assert_true(matches > 10000); /* else nothing was tried */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_looking_for_each),
        cmocka_unit_test(the_same_text_has_one_number),
        cmocka_unit_test(texts_without_room_are_let_through),
        cmocka_unit_test(nothing_to_look_for),
        cmocka_unit_test(what_pcre2_matches_holds_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
