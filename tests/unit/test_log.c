#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "utf8.h"

enum { CAUGHT_BYTES = 8192 };

/* stderr goes into a file of its own between catch_begin() and catch_end(). */
struct catch
{
    FILE *file;
    int saved;
    char text[CAUGHT_BYTES];
};

static void catch_begin(struct catch *c)
{
    c->file = tmpfile();
    assert_non_null(c->file);
    c->saved = dup(STDERR_FILENO);
    assert_true(c->saved >= 0);
    assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static const char *catch_end(struct catch *c)
{
    size_t n;

    assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
    close(c->saved);
    rewind(c->file);
    n = fread(c->text, 1, sizeof c->text - 1, c->file);
    c->text[n] = '\0';
    (void)fclose(c->file);
    return c->text;
}

static void writes_one_line_for_each(void **state)
{
    struct catch c;

    (void)state;
    catch_begin(&c);
    log_debug("irc", "not shown");
    log_info("irc", "joined %s", "#test");
    log_warnx("page", "status %d", 502);
    log_errorx("store", "full");
    log_audit("confirm %s", "7.2");
    assert_string_equal(catch_end(&c), "info irc: joined #test\n"
                                       "warn page: status 502\n"
                                       "error store: full\n"
                                       "audit confirm 7.2\n");
}

static void keeps_the_threshold(void **state)
{
    struct catch c;

    (void)state;
    catch_begin(&c);
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("a", "1");
    log_set_level(LOG_LEVEL_ERROR);
    log_info("a", "2");
    log_warnx("a", "3");
    errno = EIO;
    log_warn("a", "4");
    log_errorx("a", "5");
    log_audit("always");
    log_set_level(LOG_LEVEL_INFO);
    assert_string_equal(catch_end(&c), "debug a: 1\nerror a: 5\naudit always\n");
}

static void adds_the_reason_and_leaves_errno(void **state)
{
    struct catch c;

    (void)state;
    catch_begin(&c);
    errno = ENOENT;
    log_warn("config", "open %s", "x.cfg");
    assert_int_equal(errno, ENOENT);
    log_warnx("config", "no reason");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(catch_end(&c), "warn config: open x.cfg: No such file or directory\n"
                                       "warn config: no reason\n");
}

static void stays_one_line_whatever_comes(void **state)
{
    struct catch c;
    char big[5000];
    const char *text;

    (void)state;
    catch_begin(&c);
    log_info("irc", "a\nfake: b\r\x1b[31m\t\x7f");
    assert_string_equal(catch_end(&c), "info irc: a?fake: b??[31m??\n");

    /* too long: cut between characters and marked */
    for (size_t i = 0; i + 2 < sizeof big; i += 2)
        memcpy(big + i, "\xc3\xa9", 3);
    for (int shift = 0; shift < 2; shift++) {
        catch_begin(&c);
        log_info(shift ? "ab" : "abc", "%s", big);
        text = catch_end(&c);
        assert_true(strlen(text) > 2000 && strlen(text) < 2048);
        assert_string_equal(text + strlen(text) - 4, "...\n");
        assert_true(utf8_is_valid(text));
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    }
    /* the module alone, and the reason, may be what is too long */
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    catch_begin(&c);
    log_info(big, "%s", big);
    assert_true(strlen(catch_end(&c)) < 2048);
    big[2030] = '\0';
    catch_begin(&c);
    errno = ENOENT;
    log_warn("m", "%s", big);
    text = catch_end(&c);
    assert_true(strlen(text) < 2048);
    assert_string_equal(text + strlen(text) - 4, "...\n");
}

static void quotes_foreign_text(void **state)
{
    static const struct {
        size_t size;
        const char *text, *wanted;
    } rows[] = {
        {64, NULL, "(none)"},
        {64, "", "\"\""},
        {64, "plain", "\"plain\""},
        {64, "a \"b\" \\", "\"a \\x22b\\x22 \\x5c\""},
        {64, "\r\n\x1b\x7f", "\"\\x0d\\x0a\\x1b\\x7f\""},
        {64, "caf\xc3\xa9", "\"caf\xc3\xa9\""},
        {64, "\xe9\xff", "\"\\xe9\\xff\""},
        {64, "\xc2\x85", "\"\\xc2\\x85\""},
        {64, "\xe2\x80\xae", "\"\\xe2\\x80\\xae\""},
        /* 16 bytes are two quotes, the NUL, and 13 more */
        {16, "1234567890123", "\"1234567890123\""},
        {16, "12345678901234", "\"1234567890...\""},
        {16,
         "123456789\xc3\xa9"
         "12",
         "\"123456789\xc3\xa9"
         "12\""},
        {16,
         "123456789\xc3\xa9"
         "123",
         "\"123456789...\""},
        {16, "\n\n\n", "\"\\x0a\\x0a\\x0a\""},
        {16, "\n\n\n\n", "\"\\x0a\\x0a...\""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *dst = malloc(rows[i].size);

        assert_non_null(dst);
        assert_ptr_equal(log_quote(dst, rows[i].size, rows[i].text), dst);
        assert_string_equal(dst, rows[i].wanted);
        free(dst);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line_for_each),
        cmocka_unit_test(keeps_the_threshold),
        cmocka_unit_test(adds_the_reason_and_leaves_errno),
        cmocka_unit_test(stays_one_line_whatever_comes),
        cmocka_unit_test(quotes_foreign_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
