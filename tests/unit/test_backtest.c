/* Two configurations on the same lines, and how their drafts differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backtest.h"
#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "patterns.h"
#include "problems.h"
#include "replay.h"
#include "settings.h"

#define EIGHTEEN INT64_C(1673978400000) /* 2023-01-17 18:00:00 UTC */

enum { TEXT_MAX = 1 << 16 };

struct side {
    struct backtest *backtest;
    enum backtest_side which;
    struct settings *settings;
    struct patterns *patterns;
    struct replay *replay;
};

struct bench {
    struct side side[BACKTEST_SIDES];
    struct backtest *backtest;
    struct buf text, json;
};

static void on_event(void *ctx, const struct replay_event *event)
{
    struct side *s = ctx;

    backtest_event(s->backtest, s->which, event);
}

static struct settings *load(void)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/tests/data/house.cfg", root ? root : ".");
    struct settings *s = NULL;
    struct problems problems;

    assert_non_null(path);
    problems_init(&problems);
    if (config_file_load(path, &problems, &s)) {
        problems_print(&problems, stderr);
        fail_msg("%s has mistakes", path);
    }
    problems_finish(&problems);
    free(path);
    return s;
}

/* Both sides have tests/data/house.cfg; the test changes them before begin(). */
static void init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->side[BACKTEST_OLD].settings = load();
    b->side[BACKTEST_NEW].settings = load();
}

static void begin(struct bench *b)
{
    int i;

    assert_int_equal(backtest_create(b->side[BACKTEST_OLD].settings, b->side[BACKTEST_NEW].settings,
                                     &b->backtest),
                     0);
    for (i = 0; i < BACKTEST_SIDES; i++) {
        struct side *s = &b->side[i];
        struct replay_options options = {
            .silent = true, .run_on_ms = REPLAY_RUN_ON_MS, .sink = {.ctx = s, .event = on_event}};
        struct format_port formats;
        struct problems problems;

        s->backtest = b->backtest;
        s->which = (enum backtest_side)i;
        problems_init(&problems);
        assert_int_equal(patterns_create(s->settings, &problems, &s->patterns), 0);
        problems_finish(&problems);
        formats = patterns_format_port(s->patterns);
        assert_int_equal(replay_create(s->settings, &formats, &options, &s->replay), 0);
    }
}

static void line(struct bench *b, int64_t second, const char *nick, const char *text)
{
    struct replay_line l = {
        .wall_ms = EIGHTEEN + second * 1000, .nick = nick, .text = text, .channel = "#ops"};
    int i;

    for (i = 0; i < BACKTEST_SIDES; i++)
        assert_int_equal(replay_line(b->side[i].replay, &l), 0);
    assert_int_equal(backtest_settle(b->backtest), 0);
}

static void end(struct bench *b)
{
    const struct backtest_difference *d;
    size_t i;

    for (i = 0; i < BACKTEST_SIDES; i++)
        assert_int_equal(replay_end(b->side[i].replay), 0);
    assert_int_equal(backtest_settle(b->backtest), 0);
    assert_int_equal(backtest_compare(b->backtest), 0);
    buf_init(&b->text, TEXT_MAX);
    buf_init(&b->json, TEXT_MAX);
    for (i = 0; (d = backtest_difference(b->backtest, i)); i++) {
        backtest_text(&b->text, d);
        backtest_json(&b->json, d);
    }
    assert_int_equal(buf_error(&b->text), 0);
    assert_int_equal(buf_error(&b->json), 0);
}

static void finish(struct bench *b)
{
    int i;

    backtest_destroy(b->backtest);
    for (i = 0; i < BACKTEST_SIDES; i++) {
        replay_destroy(b->side[i].replay);
        patterns_destroy(b->side[i].patterns);
        settings_destroy(b->side[i].settings);
    }
    buf_finish(&b->text);
    buf_finish(&b->json);
}

static void expect(const struct bench *b, const char *text)
{
    if (strcmp(buf_str(&b->text), text) != 0)
        fail_msg("that is not:\n%s\nbut\n%s", text, buf_str(&b->text));
}

static struct rule_settings *rule(struct bench *b, enum backtest_side side, const char *name)
{
    struct settings *s = b->side[side].settings;
    size_t i;

    for (i = 0; i < s->n_rules; i++)
        if (!strcmp(s->rule[i].name, name))
            return &s->rule[i];
    fail_msg("there is no rule %s", name);
    return NULL;
}

static void set(char **field, const char *text)
{
    free(*field);
    *field = strdup(text);
    assert_non_null(*field);
}

/* As if that rule were not there. */
static void take_out(struct bench *b, enum backtest_side side, const char *name)
{
    struct rule_settings *r = rule(b, side, name);

    set(&r->name, "another");
    set(&r->check, "^matches nothing$");
}

#define DEPLOY "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880001|New headings]]"
#define EXCEPTIONS                                                                        \
    "PROBLEM - MediaWiki exceptions and fatals per minute for appserver on alert1001 is " \
    "CRITICAL: 5 gt 1"
#define PAGE "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page"

static void deploy_and_alert(struct bench *b)
{
    line(b, 0, "logmsgbot", DEPLOY);
    line(b, 100, "icinga-wm", EXCEPTIONS);
}

static void test_the_same_twice(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    begin(&b);
    deploy_and_alert(&b);
    line(&b, 2000, "jinxer-wm", "(SearchDown) firing: search is away #page");
    end(&b);
    expect(&b, "");
    assert_int_equal(backtest_drafts(b.backtest, BACKTEST_OLD), 2);
    assert_int_equal(backtest_drafts(b.backtest, BACKTEST_NEW), 2);
    finish(&b);
}

static void test_nothing_at_all(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    begin(&b);
    end(&b);
    expect(&b, "");
    finish(&b);
}

static void test_a_rule_that_is_gone_and_back(void **state)
{
    static const char json[] =
        "{\"time\":\"2023-01-17T18:01:40.000Z\",\"event\":\"lost\",\"by_ms\":0,\"before\":{"
        "\"time\":"
        "\"2023-01-17T18:01:40.000Z\",\"title\":\"Errors for logged-in "
        "users\",\"impact\":\"major\","
        "\"components\":[{\"name\":\"Editing\",\"status\":\"partial_outage\"}],\"rule\":"
        "\"exceptions\","
        "\"suspect\":\"deployer1's scap backport of "
        "18:00:00\",\"page\":\"main\",\"source\":\"icinga\","
        "\"alert\":\"MediaWiki exceptions and fatals per minute for appserver on alert1001\"},"
        "\"now\":null,\"reason\":\"rule \\\"exceptions\\\" is gone; MediaWiki exceptions and "
        "fatals per "
        "minute for appserver on alert1001, now: no rule matches it\"}\n";
    struct bench b;
    int which;

    (void)state;
    for (which = BACKTEST_OLD; which <= BACKTEST_NEW; which++) {
        init(&b);
        take_out(&b, (enum backtest_side)which, "exceptions");
        begin(&b);
        deploy_and_alert(&b);
        end(&b);
        if (which == BACKTEST_NEW) {
            expect(&b, "2023-01-17 18:01:40 lost \"Errors for logged-in users\" MAJOR Editing: "
                       "partial outage; because rule \"exceptions\" is gone; MediaWiki exceptions "
                       "and fatals per minute for appserver on alert1001, now: no rule matches "
                       "it\n");
            assert_string_equal(buf_str(&b.json), json);
        } else {
            expect(&b, "2023-01-17 18:01:40 gained \"Errors for logged-in users\" MAJOR Editing: "
                       "partial outage; because rule \"exceptions\" is new; MediaWiki exceptions "
                       "and fatals per minute for appserver on alert1001, before: no rule matches "
                       "it\n");
        }
        assert_int_equal(backtest_count(b.backtest, BACKTEST_LOST), which == BACKTEST_NEW);
        assert_int_equal(backtest_count(b.backtest, BACKTEST_GAINED), which == BACKTEST_OLD);
        finish(&b);
    }
}

static void test_an_alert_that_is_ignored_now(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    rule(&b, BACKTEST_NEW, "exceptions")->ignore = true;
    begin(&b);
    deploy_and_alert(&b);
    end(&b);
    expect(&b, "2023-01-17 18:01:40 lost \"Errors for logged-in users\" MAJOR Editing: partial "
               "outage; because rule \"exceptions\" opened it; MediaWiki exceptions and fatals per "
               "minute for appserver on alert1001, now: ignored by rule \"exceptions\"\n");
    finish(&b);
}

static void test_a_source_that_is_gone(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    set(&b.side[BACKTEST_NEW].settings->source[0].name, "nagios");
    set(&b.side[BACKTEST_NEW].settings->source[0].accounts.item[0], "net/nagios-wm");
    begin(&b);
    deploy_and_alert(&b);
    end(&b);
    expect(&b, "2023-01-17 18:01:40 lost \"Errors for logged-in users\" MAJOR Editing: partial "
               "outage; because rule \"exceptions\" opened it; MediaWiki exceptions and fatals per "
               "minute for appserver on alert1001: source \"icinga\" is gone\n");
    finish(&b);
}

static void storm(struct bench *b)
{
    line(b, 0, "icinga-wm", "PROBLEM - Latency a on mw1001 is CRITICAL: slow");
    line(b, 30, "icinga-wm", "PROBLEM - Latency b on mw1002 is CRITICAL: slow");
    line(b, 60, "icinga-wm", "PROBLEM - Latency c on mw1003 is CRITICAL: slow");
    line(b, 90, "icinga-wm", "PROBLEM - Latency d on mw1004 is CRITICAL: slow");
}

static void test_a_storm_that_must_be_greater(void **state)
{
    struct bench b;
    int which;

    (void)state;
    for (which = BACKTEST_OLD; which <= BACKTEST_NEW; which++) {
        init(&b);
        b.side[which].settings->triage.storm_count = 4;
        begin(&b);
        storm(&b);
        end(&b);
        if (which == BACKTEST_NEW)
            expect(&b, "2023-01-17 18:01:30 later by 30 s \"Slow pages\" MINOR Reading: degraded "
                       "performance; because Latency c on mw1003, now: no deploy within 15 min and "
                       "only 3 of 4 for a storm (rule \"latency\")\n");
        else
            expect(&b, "2023-01-17 18:01:00 earlier by 30 s \"Slow pages\" MINOR Reading: degraded "
                       "performance; because Latency c on mw1003, before: no deploy within 15 min "
                       "and only 3 of 4 for a storm (rule \"latency\")\n");
        assert_int_equal(backtest_count(b.backtest, BACKTEST_LATER), which == BACKTEST_NEW);
        assert_int_equal(backtest_count(b.backtest, BACKTEST_EARLIER), which == BACKTEST_OLD);
        assert_int_equal(backtest_difference(b.backtest, 0)->by_ms, 30000);
        finish(&b);
    }
}

static void test_other_words(void **state)
{
    struct bench b;
    struct rule_settings *r;

    (void)state;
    init(&b);
    r = rule(&b, BACKTEST_NEW, "exceptions");
    set(&r->name, "errors");
    r->impact = IMPACT_CRITICAL;
    r->component[0].status = COMPONENT_MAJOR_OUTAGE;
    set(&b.side[BACKTEST_NEW].settings->wording[0].title, "Errors for some");
    begin(&b);
    deploy_and_alert(&b);
    end(&b);
    expect(&b, "2023-01-17 18:01:40 changed \"Errors for some\" CRITICAL Editing: major outage; "
               "because title was \"Errors for logged-in users\"; impact was major, now critical; "
               "components were Editing: partial outage, now Editing: major outage; rule was "
               "\"exceptions\", now \"errors\"\n");
    finish(&b);
}

/* What widens it later is compared too. */
static void test_the_end_of_the_words(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    take_out(&b, BACKTEST_NEW, "frontend");
    begin(&b);
    deploy_and_alert(&b);
    line(&b, 300, "jinxer-wm", "(FrontendUnavailable) firing: varnish-text is away");
    end(&b);
    expect(&b, "2023-01-17 18:01:40 changed \"Errors for logged-in users\" MAJOR Editing: partial "
               "outage; because title in the end was \"Pages not loading\"; impact in the end was "
               "critical, now major; components in the end were Editing: major outage, Reading: "
               "major outage, now Editing: partial outage\n");
    finish(&b);
}

/* Another alert of the same outage opens it: later, not lost. */
static void test_the_same_outage_by_another_alert(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    take_out(&b, BACKTEST_NEW, "exceptions");
    begin(&b);
    deploy_and_alert(&b);
    line(&b, 200, "jinxer-wm", PAGE);
    end(&b);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_LATER), 1);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_LOST), 0);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_GAINED), 0);
    assert_non_null(
        strstr(buf_str(&b.text), "18:03:20 later by 1 min 40 s \"Pages not loading\" CRITICAL"));
    assert_non_null(strstr(buf_str(&b.text), "because rule \"exceptions\" is gone; MediaWiki"));
    finish(&b);
}

/* What shares no alert, and is too far away or hurts something else, is another outage. */
static void test_another_outage(void **state)
{
    static const int64_t after[] = {2000, 200};
    static const char *const text[] = {PAGE, "(SearchDown) firing: search is away #page"};
    struct bench b;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        init(&b);
        take_out(&b, BACKTEST_NEW, "exceptions");
        rule(&b, BACKTEST_OLD, i ? "search" : "frontend")->ignore = true;
        begin(&b);
        deploy_and_alert(&b);
        line(&b, after[i], "jinxer-wm", text[i]);
        end(&b);
        assert_int_equal(backtest_count(b.backtest, BACKTEST_LOST), 1);
        assert_int_equal(backtest_count(b.backtest, BACKTEST_GAINED), 1);
        assert_int_equal(backtest_difference(b.backtest, 0)->kind, BACKTEST_LOST);
        finish(&b);
    }
}

/* The same alert opens both, whatever they say. */
static void test_other_components_altogether(void **state)
{
    struct rule_settings *r;
    struct bench b;

    (void)state;
    init(&b);
    r = rule(&b, BACKTEST_NEW, "exceptions");
    set(&r->component[0].name, "Search");
    r->component[0].component_index = 2;
    begin(&b);
    deploy_and_alert(&b);
    end(&b);
    expect(&b, "2023-01-17 18:01:40 changed \"Errors for logged-in users\" MAJOR Search: partial "
               "outage; because components were Editing: partial outage, now Search: partial "
               "outage\n");
    finish(&b);
}

/* It was over before the other began. */
static void test_one_after_the_other(void **state)
{
    struct bench b;
    int side;

    (void)state;
    init(&b);
    for (side = 0; side < BACKTEST_SIDES; side++) {
        b.side[side].settings->triage.draft_quiet_ms = 60000;
        b.side[side].settings->triage.lookback_ms = 1000;
    }
    take_out(&b, BACKTEST_NEW, "exceptions");
    rule(&b, BACKTEST_OLD, "frontend")->ignore = true;
    begin(&b);
    deploy_and_alert(&b);
    line(&b, 110, "icinga-wm",
         "RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: "
         "0");
    line(&b, 600, "jinxer-wm", PAGE);
    end(&b);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_LOST), 1);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_GAINED), 1);
    finish(&b);
}

static void test_two_that_become_one(void **state)
{
    struct bench b;

    (void)state;
    init(&b);
    b.side[BACKTEST_NEW].settings->triage.join_window_ms = 60 * 60 * 1000;
    begin(&b);
    line(&b, 0, "jinxer-wm", PAGE);
    line(&b, 1500, "jinxer-wm", "(SearchDown) firing: search is away #page");
    end(&b);
    assert_non_null(strstr(buf_str(&b.text),
                           "2023-01-17 18:25:00 lost \"Search not working\" MINOR Search: major "
                           "outage; because rule \"search\" opened it; SearchDown, search is away, "
                           "now: it joins \"Pages not loading\" of 18:00:00\n"));
    assert_int_equal(backtest_count(b.backtest, BACKTEST_LOST), 1);
    assert_int_equal(backtest_count(b.backtest, BACKTEST_CHANGED), 1);
    finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_twice),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_a_rule_that_is_gone_and_back),
        cmocka_unit_test(test_an_alert_that_is_ignored_now),
        cmocka_unit_test(test_a_source_that_is_gone),
        cmocka_unit_test(test_a_storm_that_must_be_greater),
        cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_the_end_of_the_words),
        cmocka_unit_test(test_the_same_outage_by_another_alert),
        cmocka_unit_test(test_another_outage),
        cmocka_unit_test(test_other_components_altogether),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_two_that_become_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
