#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "irc_line.h"
#include "irc_session.h"

#define A100                                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A500 A100 A100 A100 A100 A100

static char *heap(const char *s, size_t n)
{
    char *p = malloc(n + 1);

    assert_non_null(p);
    memcpy(p, s, n);
    p[n] = 'X'; /* whatever was behind it */
    return p;
}

/* ---- the filter --------------------------------------------------------------------------- */

static const struct {
    const char *name, *line;
    size_t bytes;      /* 0: strlen */
    const char *clean; /* without CRLF; "": not for the library; NULL: malformed */
} filter[] = {
    {"ordinary", ":a!u@h.example PRIVMSG #c :hello there", 0, ":a!u@s7 PRIVMSG #c :hello there"},
    {"text without colon", ":a!u@h PRIVMSG #c hello", 0, ":a!u@s7 PRIVMSG #c :hello"},
    {"CR at the end", ":a!u@h PRIVMSG #c :x\r", 0, ":a!u@s7 PRIVMSG #c :x"},
    {"two CR at the end", ":a!u@h PRIVMSG #c :x\r\r", 0, ":a!u@s7 PRIVMSG #c :x"},
    {"tags", "@account=a;time=x :a!u@h PRIVMSG #c :x", 0, ":a!u@s7 PRIVMSG #c :x"},
    {"double spaces", ":a!u@h  KICK  #c   b  :out", 0, ":a!u@s7 KICK #c b :out"},
    {"lower case", ":a!u@h privmsg #c :x", 0, ":a!u@s7 PRIVMSG #c :x"},
    {"empty", "", 0, NULL},
    {"CR alone", "\r", 0, NULL},
    {"space alone", " ", 0, NULL},
    {"prefix alone", ":a!u@h", 0, NULL},
    {"prefix and spaces", ":a!u@h  ", 0, NULL},
    {"empty prefix", ": PRIVMSG #c :x", 0, NULL},
    {"tags alone", "@a=b", 0, NULL},
    {"NUL inside", ":a!u@h PRIVMSG #c :x\0y", 22, NULL},
    {"CR inside", ":a!u@h PRIVMSG #c :x\ry", 0, NULL},
    {"numeric 000", ":s 000 me :x", 0, NULL},
    {"two digits", ":s 12 me :x", 0, NULL},
    {"no word", ":s 00A me :x", 0, NULL},
    {"quit without reason", ":a!u@h QUIT", 0, ":a!u@s7 QUIT :"},
    {"away", ":a!u@h AWAY", 0, ""},
    {"notice without text", "NOTICE", 0, ""},
    {"notice with target only", "NOTICE me", 0, ""},
    {"privmsg with target only", ":a!u@h PRIVMSG #c", 0, ""},
    {"privmsg of three", ":a!u@h PRIVMSG #c x :y", 0, ""},
    {"privmsg by a server", ":irc.test PRIVMSG #c :x", 0, ""},
    {"notice by a server", ":irc.test NOTICE * :*** hello", 0, ":irc.test NOTICE * :*** hello"},
    {"nick without prefix", "NICK x", 0, ""},
    {"nick by a server", ":irc.test NICK x", 0, ""},
    {"no prefix", "001 me :hi", 0, ":srv 001 me :hi"},
    {"numeric without params", ":s 433", 0, ""},
    {"ping", "PING :x", 0, ""},
    {"cap", ":s CAP * LS :sasl", 0, ""},
    {"tagmsg", "@+typing=active :a!u@h TAGMSG #c", 0, ""},
    {"kill", ":a!u@h KILL me :x", 0, ""},
    {"dcc", ":a!u@h PRIVMSG me :\001DCC CHAT chat 1 2\001", 0, ""},
    {"finger", ":a!u@h PRIVMSG me :\001FINGER\001", 0, ""},
    {"finger without end", ":a!u@h PRIVMSG me :\001FINGER", 0, ""},
    {"ctcp reply", ":a!u@h NOTICE me :\001VERSION x\001", 0, ""},
    {"action", ":a!u@h PRIVMSG #c :\001ACTION waves\001", 0,
     ":a!u@s7 PRIVMSG #c :\001ACTION waves\001"},
    {"action without end", ":a!u@h PRIVMSG #c :\001ACTION waves", 0,
     ":a!u@s7 PRIVMSG #c :\001ACTION waves\001"},
    {"long action", ":a!u@h PRIVMSG #c :\001ACTION " A100 A100 "\001", 0,
     ":a!u@s7 PRIVMSG #c :\001ACTION " A100 "\001"},
    {"action as notice", ":a!u@h NOTICE #c :\001ACTION waves\001", 0, ""},
    {"not quite action", ":a!u@h PRIVMSG #c :\001ACTIONS x\001", 0, ""},
    {"fourteen params", ":s 005 me a b c d e f g h i j k :are supported", 0,
     ":s 005 me a b c d e f g h :i"},
    {"join with account", ":a!u@h JOIN #c acct :real name", 0, ":a!u@s7 JOIN #c acct :real name"},
    {"long text is cut", ":a!u@h PRIVMSG #c :" A500 A100, 0, "cut"},
    {"long middle", ":a!u@h KICK " A500 " b :x", 0, ""},
    {"long prefix", ":" A500 "!u@h QUIT :x", 0, ""},
    {"nobody with a !", ":! NOTICE * :x", 0, ""},
    {"server with an @", ":a@b NOTICE * :x", 0, ":a@b NOTICE * :x"},
};

static void test_filter(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof filter / sizeof filter[0]; i++) {
        size_t n = filter[i].bytes ? filter[i].bytes : strlen(filter[i].line);
        char *line = heap(filter[i].line, n), clean[IRC_LINE_CLEAN_BYTES + 3];
        struct irc_msg m;
        int r = irc_line_parse(line, n, &m);

        if ((filter[i].clean == NULL) != (r == CRIER_EINVAL))
            fail_msg("%s: parse gave %d", filter[i].name, r);
        if (!r) {
            size_t got = irc_line_clean(&m, "s7", "srv", clean);

            if (!strcmp(filter[i].clean, "cut")) {
                assert_int_equal(got, IRC_LINE_CLEAN_BYTES + 2);
                assert_int_equal(strlen(clean), got);
            } else if (!*filter[i].clean) {
                if (got)
                    fail_msg("%s: passed as %s", filter[i].name, clean);
            } else {
                if (got < 2 || strlen(clean) != got || strcmp(clean + got - 2, "\r\n") != 0)
                    fail_msg("%s: %zu bytes", filter[i].name, got);
                clean[got - 2] = '\0';
                assert_string_equal(clean, filter[i].clean);
            }
        }
        free(line);
    }
}

static void test_cut_keeps_characters(void **state)
{
    char line[700] = ":a!u@h PRIVMSG #c :", clean[IRC_LINE_CLEAN_BYTES + 3];
    struct irc_msg m;
    size_t used = strlen(line), got;

    (void)state;
    while (used < 650) {
        memcpy(line + used, "\xe2\x82\xac", 3);
        used += 3;
    }
    assert_int_equal(irc_line_parse(line, used, &m), 0);
    got = irc_line_clean(&m, "s7", "srv", clean);
    assert_in_range(got, IRC_LINE_CLEAN_BYTES - 2, IRC_LINE_CLEAN_BYTES + 2);
    assert_int_equal((unsigned char)clean[got - 3], 0xac);
}

/* ---- parsing ------------------------------------------------------------------------------ */

static void test_parts(void **state)
{
    char line[] = "@a=1;account=al\\:ice\\s\\\\;b;account=last :nick!user@real.host 005 me "
                  "p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11 p12 p13 p14 :not cut";
    char value[32], small[4];
    struct irc_msg m;

    (void)state;
    assert_int_equal(irc_line_parse(line, strlen(line), &m), 0);
    assert_string_equal(m.nick, "nick");
    assert_string_equal(m.user, "user");
    assert_string_equal(m.host, "real.host");
    assert_int_equal(m.numeric, 5);
    assert_int_equal(m.n_params, IRC_LINE_PARAMS);
    assert_string_equal(m.param[14], "p14 :not cut");
    assert_true(irc_line_tag(&m, "account", value, sizeof value));
    assert_string_equal(value, "last");
    assert_true(irc_line_tag(&m, "b", value, sizeof value));
    assert_string_equal(value, "");
    assert_false(irc_line_tag(&m, "accoun", value, sizeof value));
    assert_false(irc_line_tag(&m, "account", small, sizeof small));
    assert_string_equal(irc_line_param(&m, 99), "");
}

static void test_tag_escapes(void **state)
{
    char line[] = "@account=al\\:ice\\s\\\\x\\ :n!u@h PRIVMSG #c :x";
    char value[32];
    struct irc_msg m;

    (void)state;
    assert_int_equal(irc_line_parse(line, strlen(line), &m), 0);
    assert_true(irc_line_tag(&m, "account", value, sizeof value));
    assert_string_equal(value, "al;ice \\x");
}

/* ---- names -------------------------------------------------------------------------------- */

static const struct {
    const char *token, *a, *b;
    int same;
} names[] = {
    {"CASEMAPPING=rfc1459", "#Ops[x]", "#oPS{X}", 1},
    {"CASEMAPPING=rfc1459", "a^", "A~", 1},
    {"CASEMAPPING=strict-rfc1459", "a^", "A~", 0},
    {"CASEMAPPING=strict-rfc1459", "[", "{", 1},
    {"CASEMAPPING=ascii", "[", "{", 0},
    {"CASEMAPPING=ascii", "ABC", "abc", 1},
    {"CASEMAPPING=rfc1459", "crier", "crier2", 0},
    {"CASEMAPPING=rfc1459", "crier2", "crier", 0},
};

static void test_names(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[128];
        struct irc_support s;
        struct irc_msg m;

        irc_support_init(&s);
        (void)snprintf(line, sizeof line, ":s 005 me %s :are supported", names[i].token);
        assert_int_equal(irc_line_parse(line, strlen(line), &m), 0);
        irc_support_read(&s, &m);
        if (irc_same(&s, names[i].a, names[i].b) != (names[i].same != 0))
            fail_msg("%s: %s and %s", names[i].token, names[i].a, names[i].b);
    }
}

static void test_support(void **state)
{
    char line[] = ":s 005 me NICKLEN=30 CHANTYPES=#! STATUSMSG=@+ NICKLEN=9999 X :are supported";
    struct irc_support s;
    struct irc_msg m;

    (void)state;
    irc_support_init(&s);
    assert_true(irc_support_is_channel(&s, "&x"));
    assert_int_equal(irc_line_parse(line, strlen(line), &m), 0);
    irc_support_read(&s, &m);
    assert_int_equal(s.nick_bytes, 30);
    assert_string_equal(s.statusmsg, "@+");
    assert_true(irc_support_is_channel(&s, "!x"));
    assert_false(irc_support_is_channel(&s, "&x"));
    assert_false(irc_support_is_channel(&s, "#"));
    assert_false(irc_support_is_channel(&s, ""));
}

/* ---- cutting ------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    size_t max, cut, next;
} cuts[] = {
    {"hello world", 20, 11, 11},
    {"hello world", 11, 11, 11},
    {"hello world", 5, 5, 6}, /* at the space, which goes */
    {"aaaa bbbb cccc dddd", 17, 14, 15},
    {"a bcdefghijklmnop", 12, 12, 12}, /* too far back for a space */
    {"\xe2\x82\xac\xe2\x82\xac", 5, 3, 3},
    {"\xf0\x9f\x98\x80x", 4, 4, 4},
    {"\xff\xff\xff\xff\xff", 4, 4, 4},
};

static void test_cut(void **state)
{
    size_t i, next;

    (void)state;
    for (i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        size_t n = irc_line_cut(cuts[i].text, cuts[i].max, &next);

        if (n != cuts[i].cut || next != cuts[i].next)
            fail_msg("%s at %zu: %zu, %zu", cuts[i].text, cuts[i].max, n, next);
    }
}

static void test_room(void **state)
{
    (void)state;
    /* ":crier!bot@host PRIVMSG #c :" is 28 bytes. */
    assert_int_equal(irc_line_room("crier", "bot", "host", "PRIVMSG", "#c"), 510 - 28);
    assert_int_equal(irc_line_room(A500, "bot", "host", "PRIVMSG", "#c"), 64);
}

static void test_nicks(void **state)
{
    (void)state;
    assert_true(irc_line_is_nick("crier_[x]"));
    assert_false(irc_line_is_nick(""));
    assert_false(irc_line_is_nick("%s"));
    assert_false(irc_line_is_nick("1x"));
    assert_false(irc_line_is_nick("a b"));
    assert_false(irc_line_is_nick("a\r"));
}

/* ---- with the library behind ---------------------------------------------------------------- */

struct seen {
    char text[65536];
    size_t used;
};

static void on_event(void *ctx, const struct irc_event *e)
{
    struct seen *s = ctx;
    int n = snprintf(s->text + s->used, sizeof s->text - s->used, "%d/%u %s [%s] [%s]\n",
                     (int)e->kind, e->numeric, e->origin, e->param[0], e->param[1]);

    if (n > 0 && (size_t)n < sizeof s->text - s->used)
        s->used += (size_t)n;
}

static void on_line(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    (void)line;
    (void)n;
}

/* Each line of the table goes through the library between two good ones: it must neither crash nor
 * go deaf, and never take words of one line for another's. */
static void test_library_survives(void **state)
{
    static struct seen seen;
    struct irc_session_sink sink = {&seen, on_event, on_line};
    struct irc_session *s = NULL;
    char mark[64], clean[IRC_LINE_CLEAN_BYTES + 3];
    size_t i;
    int turns;

    (void)state;
    memset(&seen, 0, sizeof seen);
    assert_int_equal(irc_session_create("crier", &sink, &s), 0);
    for (i = 0; i < sizeof filter / sizeof filter[0]; i++) {
        size_t n = filter[i].bytes ? filter[i].bytes : strlen(filter[i].line);
        char *line = heap(filter[i].line, n);
        struct irc_msg m;

        seen.used = 0;
        seen.text[0] = '\0';
        if (!irc_line_parse(line, n, &m)) {
            size_t got = irc_line_clean(&m, "s7", "srv", clean);

            if (got)
                assert_int_equal(irc_session_feed(s, clean, got), 0);
        }
        free(line);
        (void)snprintf(mark, sizeof mark, ":m!u@s%zu PRIVMSG #mark :%zu\r\n", i, i);
        assert_int_equal(irc_session_feed(s, mark, strlen(mark)), 0);
        (void)snprintf(mark, sizeof mark, "m!u@s%zu [#mark] [%zu]\n", i, i);
        for (turns = 0; turns < 10000 && !strstr(seen.text, mark); turns++)
            assert_int_equal(irc_session_pump(s), 0);
        if (!strstr(seen.text, mark))
            fail_msg("%s: deaf, heard %s", filter[i].name, seen.text);
        if (strstr(seen.text, "[#mark] [") !=
            strstr(seen.text, mark) + strlen(mark) - strlen(strstr(mark, "[#mark]")))
            fail_msg("%s: heard %s", filter[i].name, seen.text);
    }
    irc_session_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter), cmocka_unit_test(test_cut_keeps_characters),
        cmocka_unit_test(test_parts),  cmocka_unit_test(test_tag_escapes),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_support),
        cmocka_unit_test(test_cut),    cmocka_unit_test(test_room),
        cmocka_unit_test(test_nicks),  cmocka_unit_test(test_library_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
