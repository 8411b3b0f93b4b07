/* Expectations of scenarios: how they are written, and how what happened is held against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "expect.h"
#include "problems.h"

#define HEAD "scenario \"one\"\n  log a.log\n"
#define MIDNIGHT INT64_C(1673913600000) /* 2023-01-17 */
#define AT(h, m, s) (MIDNIGHT + (((h)*60 + (m)) * 60 + (s)) * INT64_C(1000))

static struct expect *parse(const char *text, struct problems *problems)
{
    struct expect *e = NULL;

    problems_init(problems);
    assert_int_equal(expect_parse("x.txt", text, strlen(text), problems, &e), 0);
    return e;
}

static struct expect *parse_good(const char *text)
{
    struct problems problems;
    struct expect *e = parse(text, &problems);

    if (problems.n)
        fail_msg("%s:%d: %s", problems.item[0].file, problems.item[0].line, problems.item[0].text);
    problems_finish(&problems);
    return e;
}

/* ---- mistakes -------------------------------------------------------------------------------- */

struct mistake {
    const char *text;
    int line;
    const char *said; /* part of it */
};

static const struct mistake mistakes[] = {
    {"", 1, "there is no scenario"},
    {"# nothing\n", 1, "there is no scenario"},
    {"draft at 18:34\n", 1, "begin with a scenario"},
    {"scenario\n log a\n no draft\n", 1, "a scenario needs a name"},
    {"scenario \"one\n", 1, "a \" without its end"},
    {"scenario one\n no draft\n", 1, "has no log"},
    {HEAD, 1, "expects nothing"},
    {HEAD "line 18:00 <a> b\nno draft\n", 1, "a log and lines of its own"},
    {HEAD "drafts\n", 3, "\"drafts\" is not known"},
    {HEAD "no\n", 3, "\"\" is not known"},
    {HEAD "investigating by 18:00\n", 3, "is not known"},
    {HEAD "identified by 18:00\n", 3, "below the `draft`"},
    {HEAD "draft at 18\n", 3, "\"18\" is no time"},
    {HEAD "draft at 24:00\n", 3, "no time"},
    {HEAD "draft at 18:60\n", 3, "no time"},
    {HEAD "draft at 18:00:00:00\n", 3, "no time"},
    {HEAD "draft at 2023-02-30 18:00\n", 3, "no time"},
    {HEAD "draft at\n", 3, "no time"},
    {HEAD "draft from 18:00\n", 3, "from 18:30 to 18:40"},
    {HEAD "draft at 18:00 impact huge\n", 3, "write none, minor, major or critical"},
    {HEAD "draft at 18:00 impact\n", 3, "impact needs a value"},
    {HEAD "draft at 18:00 components \"Editing\"\n", 3, "is no component"},
    {HEAD "draft at 18:00 components \"Editing: broken\"\n", 3, "is no component"},
    {HEAD "draft at 18:00 colour red\n", 3, "\"colour\" is not known here"},
    {HEAD "incidents many\n", 3, "\"many\" is no number"},
    {HEAD "incidents 1234567890\n", 3, "is no number"},
    {HEAD "incidents 1 2\n", 3, "one word too many"},
    {HEAD "say 12\n", 3, "say at most 12"},
    {HEAD "say at most 12 by 19:00 components \"Editing: operational\"\n", 3,
     "a time and nothing else"},
    {HEAD "confirm soon\n", 3, "confirm after 30s"},
    {HEAD "log\n", 3, "log needs the name"},
    {"scenario x\nday monday\nline 18:00 <a> b\nno draft\n", 2, "write a day"},
    {"scenario x\nline 18:00 nobody\nno draft\n", 2, "who says it"},
    {"scenario x\nline 18:00 <> b\nno draft\n", 2, "who says it"},
};

static void test_mistakes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const struct mistake *m = &mistakes[i];
        struct problems problems;
        struct expect *e = parse(m->text, &problems);

        if (problems.n != 1 || problems.item[0].line != m->line ||
            !strstr(problems.item[0].text, m->said))
            fail_msg("%s: %zu problems: %d: %s", m->text, problems.n,
                     problems.n ? problems.item[0].line : 0,
                     problems.n ? problems.item[0].text : "");
        problems_finish(&problems);
        expect_destroy(e);
    }
}

static void test_the_rest_can_be_run(void **state)
{
    struct problems problems;
    struct expect *e = parse("scenario one\n log a\n no draft\n"
                             "scenario two\n log b\n draft when it breaks\n"
                             "scenario three\n log c\n no draft\n",
                             &problems);

    (void)state;
    assert_int_equal(problems.n, 1);
    assert_int_equal(e->n, 3);
    assert_false(e->scenario[0].wrong);
    assert_true(e->scenario[1].wrong);
    assert_false(e->scenario[2].wrong);
    problems_finish(&problems);
    expect_destroy(e);
}

static void test_too_large_and_binary(void **state)
{
    static char big[(4 << 20) + 1];
    struct problems problems;
    struct expect *e = NULL;

    (void)state;
    problems_init(&problems);
    memset(big, '\n', sizeof big);
    assert_int_equal(expect_parse("x", big, sizeof big, &problems, &e), CRIER_ELIMIT);
    assert_int_equal(expect_parse("x", "a\0b", 3, &problems, &e), CRIER_ELIMIT);
    assert_null(e);
    problems_finish(&problems);
}

static void test_lines_of_a_log(void **state)
{
    struct expect *e =
        parse_good("scenario x # a comment\n"
                   "  day 2023-01-17\n"
                   "  line 18:34:55 <icinga-wm> PROBLEM - \"a\" # of <b> is DOWN: 1\n"
                   "  line 18:35 * deployer1 waves\n"
                   "  line 2023-01-18 00:00:01 < +jinxer-wm> FIRING: A: b #page\n"
                   "  no draft\n");
    const struct scenario *s = &e->scenario[0];

    (void)state;
    assert_string_equal(s->name, "x");
    assert_int_equal(s->n_lines, 3);
    assert_int_equal(expect_line_wall_ms(s, &s->lines[0]), AT(18, 34, 55));
    assert_string_equal(s->lines[0].nick, "icinga-wm");
    assert_string_equal(s->lines[0].text, "PROBLEM - \"a\" # of <b> is DOWN: 1");
    assert_int_equal(expect_line_wall_ms(s, &s->lines[1]), AT(18, 35, 0));
    assert_true(s->lines[1].action);
    assert_string_equal(s->lines[1].nick, "deployer1");
    assert_string_equal(s->lines[1].text, "waves");
    assert_int_equal(expect_line_wall_ms(s, &s->lines[2]), AT(24, 0, 1));
    assert_string_equal(s->lines[2].nick, "jinxer-wm");
    assert_string_equal(s->lines[2].text, "FIRING: A: b #page");
    expect_destroy(e);
}

static void test_what_holds_for_all(void **state)
{
    struct expect *e = parse_good("confirm after 1 min 30 s\nobey\n"
                                  "scenario one\n log a\n no draft\n"
                                  "scenario two\n confirm never\n log b\n log c\n no draft\n");

    (void)state;
    assert_true(e->scenario[0].confirm && e->scenario[0].obey);
    assert_int_equal(e->scenario[0].confirm_after_ms, 90000);
    assert_false(e->scenario[1].confirm);
    assert_int_equal(e->scenario[1].logs.n, 2);
    expect_destroy(e);
}

/* ---- judging --------------------------------------------------------------------------------- */

static char user[] = "deployer1", tool[] = "scap", change[] = "Backport for [[gerrit:1|A]]";
static const struct record_deploy suspect = {.user = user, .tool = tool, .change_text = change};

/* Two incidents: the first goes all the way, the second is closed. */
static const struct replay_event events[] = {
    {.kind = REPLAY_SAY, .wall_ms = AT(18, 34, 55)},
    {.kind = REPLAY_DRAFT,
     .wall_ms = AT(18, 34, 55) + 999,
     .incident = 7,
     .revision = 1,
     .title = "Errors",
     .has_words = true,
     .impact = IMPACT_MAJOR,
     .components = "partial_outage Editing",
     .rule = "exceptions",
     .suspect = &suspect},
    {.kind = REPLAY_PUBLISH, .wall_ms = AT(18, 35, 30), .incident = 7, .title = "Errors"},
    {.kind = REPLAY_SAY, .wall_ms = AT(18, 36, 0)},
    {.kind = REPLAY_PROPOSAL,
     .wall_ms = AT(18, 39, 5),
     .incident = 7,
     .title = "Errors",
     .has_words = true,
     .impact = IMPACT_MAJOR,
     .step = STEP_IDENTIFIED,
     .components = "partial_outage Editing\ndegraded_performance Reading"},
    {.kind = REPLAY_SAY, .wall_ms = AT(18, 39, 5)},
    {.kind = REPLAY_DRAFT,
     .wall_ms = AT(24, 5, 0),
     .incident = 9,
     .title = "Search",
     .has_words = true,
     .impact = IMPACT_MINOR,
     .components = ""},
    {.kind = REPLAY_DISCARD, .wall_ms = AT(25, 5, 0), .incident = 9},
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* @return how many do not hold; *ret_diff for free(). */
static size_t judge(const char *statements, char **ret_diff)
{
    char text[2000];
    struct expect *e;
    struct expect_run *run;
    struct buf diff;
    size_t i, failed = 0;

    (void)snprintf(text, sizeof text, HEAD "%s\n", statements);
    e = parse_good(text);
    run = expect_run_create(e, 0);
    assert_non_null(run);
    for (i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct replay_event ev = events[i];

        ev.title = or_empty(ev.title);
        ev.components = or_empty(ev.components);
        ev.rule = or_empty(ev.rule);
        ev.text = ev.channel = ev.page = ev.body = "";
        expect_run_event(run, &ev);
    }
    buf_init(&diff, 100000);
    assert_int_equal(expect_judge(run, AT(18, 16, 20), &diff, &failed), 0);
    *ret_diff = strdup(buf_str(&diff));
    assert_non_null(*ret_diff);
    buf_finish(&diff);
    expect_run_destroy(run);
    expect_destroy(e);
    return failed;
}

struct verdict {
    const char *statements; /* the head is two lines long */
    const char *diff;       /* "": they hold */
};

#define BOTH "draft\ndraft\n"

static const struct verdict verdicts[] = {
    {BOTH, ""},
    {"draft at 18:34:55 title \"Errors\" impact major components \"Editing: partial outage\" "
     "suspect deployer1 change gerrit:1 rule exceptions\ndraft at 00:05:00 suspect none components "
     "none",
     ""},
    {"draft by 18:34:55\ndraft by 00:05", ""},
    {"draft from 18:34:50 to 18:34:55\ndraft after 2023-01-18 00:05", ""},
    {BOTH "closed by 01:05", ""},
    {BOTH "no identified", ""},
    {"draft\npublished by 18:35:30\nidentified at 18:39:05 components \"Reading: degraded "
     "performance, Editing: partial_outage\"\nno resolved\nno monitoring before 19:00\ndraft\n",
     ""},
    {BOTH "no draft before 18:34:55\nno draft from 18:35 to 23:00", ""},
    {"incidents 2", ""},
    {BOTH "say at most 3\nsay at most 2 after 18:35\nsay at most 0 after 19:00", ""},
    {"no draft", "  x.txt:1: a draft that no `draft` of this scenario tells of\n"
                 "    + draft at 18:34:55 \"Errors\" rule \"exceptions\" suspect deployer1\n"
                 "  x.txt:1: a draft that no `draft` of this scenario tells of\n"
                 "    + draft at 2023-01-18 00:05:00 \"Search\" rule \"\" suspect none\n"},
    {"draft", "  x.txt:1: a draft that no `draft` of this scenario tells of\n"
              "    + draft at 2023-01-18 00:05:00 \"Search\" rule \"\" suspect none\n"},
    {BOTH "draft at 19:00", "  x.txt:5: draft at 19:00\n    - draft\n    + none\n"},
    {"incidents 3", "  x.txt:3: incidents 3\n    - incidents 3\n    + incidents 2\n"},
    {"draft at 18:34:54 title \"Other\" impact minor components \"Reading: major outage\" suspect "
     "none change x rule y\ndraft",
     "  x.txt:3: draft at 18:34:54 title \"Other\" impact minor components \"Reading: major "
     "outage\" suspect none change x rule y\n"
     "    - draft at 18:34:54\n    + draft at 18:34:55\n"
     "    - title \"Other\"\n    + title \"Errors\"\n"
     "    - impact minor\n    + impact major\n"
     "    - components \"Reading: major outage\"\n    + components \"Editing: partial outage\"\n"
     "    - suspect none\n    + suspect deployer1\n"
     "    - change \"x\"\n    + change \"Backport for [[gerrit:1|A]]\"\n"
     "    - rule \"y\"\n    + rule \"exceptions\"\n"},
    {"draft\nno identified before 18:39:06\ndraft",
     "  x.txt:4: no identified before 18:39:06\n    + identified at 18:39:05 \"Errors\"\n"},
    {"draft\nmonitoring by 19:00\ndraft",
     "  x.txt:4: monitoring by 19:00\n    - monitoring\n    + none\n"},
    {"draft\nidentified after 18:40\ndraft",
     "  x.txt:4: identified after 18:40\n    - identified after 18:40:00\n    + identified at "
     "18:39:05\n"},
    {"draft\npublished before 18:35:30\ndraft",
     "  x.txt:4: published before 18:35:30\n    - published before 18:35:30\n    + published at "
     "18:35:30\n"},
    {BOTH "no draft before 18:34:56",
     "  x.txt:5: no draft before 18:34:56\n    + draft at 18:34:55 \"Errors\"\n"},
    {BOTH "no closed", "  x.txt:5: no closed\n    + closed at 2023-01-18 01:05:00 \"\"\n"},
    {BOTH "say at most 2", "  x.txt:5: say at most 2\n    - at most 2 lines\n    + 3 lines\n"},
};

static void test_verdicts(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        char *diff;
        size_t failed = judge(verdicts[i].statements, &diff);

        if (strcmp(diff, verdicts[i].diff) != 0)
            fail_msg("%s:\n%s\nis not:\n%s", verdicts[i].statements, diff, verdicts[i].diff);
        assert_int_equal(failed == 0, *diff == '\0');
        free(diff);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_the_rest_can_be_run),
        cmocka_unit_test(test_too_large_and_binary),
        cmocka_unit_test(test_lines_of_a_log),
        cmocka_unit_test(test_what_holds_for_all),
        cmocka_unit_test(test_verdicts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
