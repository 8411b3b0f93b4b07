/* Logs through the whole program on the log's clock. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "house.h"
#include "patterns.h"
#include "problems.h"
#include "replay.h"
#include "replay_nicks.h"
#include "replay_text.h"
#include "settings.h"
#include "when.h"

#define WIKIMEDIA "config/wikimedia.cfg"
#define EIGHTEEN INT64_C(1673978400000) /* 2023-01-17 18:00:00 UTC */

enum { TEXT_MAX = 1 << 20 };

struct bench {
    struct settings *settings;
    struct patterns *patterns;
    struct replay *replay;
    struct buf text; /* all events but says, as lines */
    struct buf json;
    bool why;
    bool says;
};

static void on_event(void *ctx, const struct replay_event *event)
{
    struct bench *b = ctx;

    if (event->kind == REPLAY_SAY && !b->says)
        return;
    replay_text(&b->text, b->settings, event, b->why);
    replay_json(&b->json, b->settings, event, b->why);
}

static void bench_init(struct bench *b, const char *config, const struct replay_options *options)
{
    struct replay_options o = *options;
    struct format_port formats;
    struct problems problems;

    memset(b, 0, sizeof *b);
    buf_init(&b->text, TEXT_MAX);
    buf_init(&b->json, TEXT_MAX);
    problems_init(&problems);
    if (config_file_load(config, &problems, &b->settings) ||
        patterns_create(b->settings, &problems, &b->patterns)) {
        problems_print(&problems, stderr);
        fail_msg("%s has mistakes", config);
    }
    problems_finish(&problems);
    b->why = o.silent;
    o.sink = (struct replay_sink){.ctx = b, .event = on_event};
    if (!o.run_on_ms)
        o.run_on_ms = REPLAY_RUN_ON_MS;
    formats = patterns_format_port(b->patterns);
    assert_int_equal(replay_create(b->settings, &formats, &o, &b->replay), 0);
}

static void bench_finish(struct bench *b)
{
    replay_destroy(b->replay);
    patterns_destroy(b->patterns);
    settings_destroy(b->settings);
    buf_finish(&b->text);
    buf_finish(&b->json);
}

static void line_in(struct bench *b, const char *channel, int64_t second, const char *nick,
                    const char *text)
{
    struct replay_line line = {
        .wall_ms = EIGHTEEN + second * 1000, .nick = nick, .text = text, .channel = channel};

    assert_int_equal(replay_line(b->replay, &line), 0);
}

static void line(struct bench *b, int64_t second, const char *nick, const char *text)
{
    line_in(b, "", second, nick, text);
}

static void end(struct bench *b)
{
    assert_int_equal(replay_end(b->replay), 0);
}

static void expect(const struct bench *b, const char *text)
{
    if (!strcmp(buf_str(&b->text), text))
        return;
    print_message("%s", buf_str(&b->text));
    fail_msg("that is not:\n%s", text);
}

static void expect_some(const struct bench *b, const char *text)
{
    if (strstr(buf_str(&b->text), text))
        return;
    print_message("%s", buf_str(&b->text));
    fail_msg("in that there is no: %s", text);
}

/* One line of a recorded outage: "[2023-01-17 18:16:20] <nick> text". */
static bool next_line(FILE *log, char *line, size_t size, struct replay_line *ret)
{
    while (fgets(line, (int)size, log)) {
        struct when_civil c = {0};
        char *nick = strchr(line, '<'), *close = strstr(line, "> ");

        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '[' || !nick || !close)
            continue;
        *close = '\0';
        if (sscanf(line, "[%d-%d-%d %d:%d:%d]", &c.year, &c.month, &c.day, &c.hour, &c.minute,
                   &c.second) != 6 ||
            when_join(&c, &ret->wall_ms))
            continue;
        ret->nick = nick + 1;
        ret->text = close + 2;
        ret->channel = "#wikimedia-operations";
        return true;
    }
    return false;
}

static void feed(struct bench *b, const char *path)
{
    FILE *log = fopen(path, "r");
    struct replay_line l = {0};
    char text[2000];

    assert_non_null(log);
    while (next_line(log, text, sizeof text, &l))
        assert_int_equal(replay_line(b->replay, &l), 0);
    (void)fclose(log);
    end(b);
}

/* ---- the recorded outages -------------------------------------------------------------------- */

static const struct replay_options confirming = {.assume_confirm = true,
                                                 .confirm_after_ms = 30 * SECOND};

#define WORDS_2023 " \"Wikipedia and other wikis not loading for many people\" MAJOR Editing: "
#define BOTH_2023 WORDS_2023 "partial outage, Reading: partial outage"
#define OVER_2023 WORDS_2023 "operational, Reading: operational"
#define QUIET_2023 "; because its alerts are quiet since 18:49:10, mended at 18:48:02\n"
#define EXCEPTIONS_2023 "MediaWiki exceptions and fatals per minute for appserver on alert1001"

static const char outage_2023[] =
    "2023-01-17 18:34:55 draft 1.1 \"Errors for logged-in users\" MAJOR Editing: partial outage; "
    "suspect deployer1's scap backport; because " EXCEPTIONS_2023 " 18:34:55\n"
    "2023-01-17 18:35:25 publish 1.1 investigating \"Errors for logged-in users\" MAJOR Editing: "
    "partial outage\n"
    "2023-01-17 18:37:43 proposal 1.2 investigating" BOTH_2023 "; because " EXCEPTIONS_2023
    " 18:34:55; page FrontendUnavailable, varnish-text has reduced HTTP availability 18:37:43\n"
    "2023-01-17 18:38:13 update 1.2 investigating" BOTH_2023 "\n"
    "2023-01-17 18:39:05 proposal 1.3 identified" BOTH_2023
    "; because deployer1's revert since 18:39:05\n"
    "2023-01-17 18:39:35 update 1.3 identified" BOTH_2023 "\n"
    "2023-01-17 18:49:10 proposal 1.4 monitoring" BOTH_2023 QUIET_2023
    "2023-01-17 18:49:40 update 1.4 monitoring" BOTH_2023 "\n"
    "2023-01-17 18:59:10 proposal 1.5 resolved" OVER_2023 QUIET_2023
    "2023-01-17 18:59:40 resolve 1.5 resolved" OVER_2023 "\n";

#define MEDIA " \"Images and other media may not load\" MINOR Reading: "

static const char outage_2025[] =
    "2025-03-29 15:30:04 draft 1.1" MEDIA "degraded performance; because page "
    "VarnishUnavailable, varnish-upload has reduced HTTP availability 15:30:04\n"
    "2025-03-29 15:30:34 publish 1.1 investigating" MEDIA "degraded performance\n"
    "2025-03-29 16:19:09 proposal 1.2 monitoring" MEDIA
    "degraded performance; because its alerts are quiet since 16:19:09\n"
    "2025-03-29 16:19:39 update 1.2 monitoring" MEDIA "degraded performance\n"
    "2025-03-29 16:29:09 proposal 1.3 resolved" MEDIA
    "operational; because its alerts are quiet since 16:19:09\n"
    "2025-03-29 16:29:39 resolve 1.3 resolved" MEDIA "operational\n";

static void outage(const char *path, const char *events)
{
    struct bench b;

    bench_init(&b, WIKIMEDIA, &confirming);
    feed(&b, path);
    expect(&b, events);
    assert_int_equal(replay_open_incidents(b.replay), 0);
    bench_finish(&b);
}

static void the_outage_of_2023(void **state)
{
    (void)state;
    outage("tests/data/outage-2023-01-17.log", outage_2023);
}

static void the_outage_of_2025(void **state)
{
    (void)state;
    outage("tests/data/outage-2025-03-29.log", outage_2025);
}

/* A line of the one, a line of the other. */
static void two_replays_side_by_side(void **state)
{
    FILE *log[2] = {fopen("tests/data/outage-2023-01-17.log", "r"),
                    fopen("tests/data/outage-2025-03-29.log", "r")};
    struct bench b[2];
    struct replay_line l = {0};
    char text[2000];
    bool more[2] = {true, true};
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_non_null(log[i]);
        bench_init(&b[i], WIKIMEDIA, &confirming);
    }
    while (more[0] || more[1])
        for (i = 0; i < 2; i++) {
            more[i] = more[i] && next_line(log[i], text, sizeof text, &l);
            if (more[i])
                assert_int_equal(replay_line(b[i].replay, &l), 0);
        }
    for (i = 0; i < 2; i++) {
        end(&b[i]);
        (void)fclose(log[i]);
    }
    expect(&b[0], outage_2023);
    expect(&b[1], outage_2025);
    bench_finish(&b[0]);
    bench_finish(&b[1]);
}

/* However often somebody looks at the clock meanwhile. */
static void looking_changes_nothing(void **state)
{
    FILE *log = fopen("tests/data/outage-2023-01-17.log", "r");
    struct replay_line l = {0};
    struct bench b;
    char text[2000];

    (void)state;
    assert_non_null(log);
    bench_init(&b, WIKIMEDIA, &confirming);
    while (next_line(log, text, sizeof text, &l)) {
        while (replay_now(b.replay) && replay_now(b.replay) + 7777 < l.wall_ms)
            assert_int_equal(replay_until(b.replay, replay_now(b.replay) + 7777), 0);
        assert_int_equal(replay_line(b.replay, &l), 0);
    }
    (void)fclose(log);
    end(&b);
    expect(&b, outage_2023);
    bench_finish(&b);
}

/* ---- people ---------------------------------------------------------------------------------- */

static const struct replay_options alone = {.confirm_after_ms = 0};

static void nobody_confirms(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &alone);
    line(&b, 0, "logmsgbot", STARTED);
    line(&b, 480, "icinga-wm", EXCEPTIONS);
    line(&b, 600, "icinga-wm", EXCEPTIONS_OK);
    end(&b);
    expect_some(&b, "2023-01-17 18:08:00 draft 1.1 \"Errors for logged-in users\"");
    expect_some(&b, "2023-01-17 19:10:00 discard 1.");
    expect_some(&b, "; because alerts quiet, nobody confirmed\n");
    assert_int_equal(replay_figures(b.replay)->published, 0);
    assert_int_equal(replay_figures(b.replay)->discarded, 1);
    bench_finish(&b);
}

/* What fires on is not looked at forever. */
static void the_clock_stops_after_a_while(void **state)
{
    struct replay_options o = {.run_on_ms = 10 * MINUTE};
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &o);
    line(&b, 0, "jinxer-wm", FRONTEND);
    end(&b);
    assert_int_equal(replay_open_incidents(b.replay), 1);
    assert_true(replay_now(b.replay) <= EIGHTEEN + 10 * MINUTE);
    bench_finish(&b);
}

static void commands_in_the_log(void **state)
{
    struct replay_options o = {.obey = true};
    struct bench b;
    int obey;

    (void)state;
    for (obey = 0; obey < 2; obey++) {
        bench_init(&b, HOUSE_CFG, obey ? &o : &alone);
        line(&b, 0, "jinxer-wm", FRONTEND);
        line(&b, 20, "somebody", "!status confirm 1.1");
        line(&b, 30, "reader1", "!status confirm 1.1");
        assert_int_equal(replay_figures(b.replay)->published, 0);
        line(&b, 40, "dep1", "!status confirm 1.1");
        end(&b);
        assert_int_equal(replay_figures(b.replay)->commands, 2);
        assert_int_equal(replay_figures(b.replay)->published, obey);
        if (obey)
            expect_some(&b, "2023-01-17 18:00:40 publish 1.1 investigating \"Pages not loading\"");
        bench_finish(&b);
    }
}

static void write_config(char *path, const char *more)
{
    FILE *in = fopen(HOUSE_CFG, "r"), *out;
    char line_text[2000];
    int fd;

    assert_non_null(in);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    out = fdopen(fd, "w");
    assert_non_null(out);
    while (fgets(line_text, sizeof line_text, in)) {
        if (strstr(line_text, "@include"))
            (void)fprintf(out, "@include \"../../config/formats.cfg\"\n");
        else if (!strstr(line_text, "two_for_critical") &&
                 !strstr(line_text, "name = \"jinxer\"") &&
                 !strstr(line_text, "name = \"deployer1\"; acc"))
            (void)fputs(line_text, out);
        if (strstr(line_text, "people = (")) /* by a mask, as where there are no services */
            (void)fputs("{ name = \"masked\"; hostmasks = [\"net/m*!~m@*.example.org\"]; nick = "
                        "\"mm\"; roles = [\"deployer\"]; },\n",
                        out);
        if (strstr(line_text, "sources = ("))
            (void)fputs("{ name = \"jinxer\"; hostmasks = [\"net/jinxer-wm!~j@bot.example.org\"]; "
                        "channels = [\"net/#ops\"]; formats = [\"jinxer\"]; },\n",
                        out);
    }
    (void)fputs(more, out);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void two_people_confirm_what_is_critical(void **state)
{
    char path[] = "tests/data/replay-XXXXXX";
    struct bench b;

    (void)state;
    write_config(path, "chat: { two_for_critical = true; };\n");
    bench_init(&b, path, &confirming);
    (void)remove(path);
    line(&b, 0, "jinxer-wm", FRONTEND);
    end(&b);
    expect_some(&b, "2023-01-17 18:01:00 publish 1.1 investigating \"Pages not loading\" CRITICAL");
    assert_int_equal(replay_figures(b.replay)->published, 1);
    bench_finish(&b);
}

static void nobody_may_confirm(void **state)
{
    struct replay_options o = confirming;
    struct bench b;
    struct replay *r = NULL;
    struct format_port formats;
    size_t i;

    (void)state;
    bench_init(&b, HOUSE_CFG, &alone);
    for (i = 0; i < b.settings->n_people; i++)
        b.settings->person[i].roles = 0;
    formats = patterns_format_port(b.patterns);
    assert_int_equal(replay_create(b.settings, &formats, &o, &r), CRIER_ENOENT);
    assert_null(r);
    bench_finish(&b);
}

/* ---- nicks and channels ---------------------------------------------------------------------- */

static void nicks_stand_for_sources(void **state)
{
    static const struct {
        const char *nick, *channel;
        bool known, heard;
    } rows[] = {
        {"icinga-wm", "", true, true},
        {"icinga-wm", "#ops", true, true},
        {"Icinga-WM", "OPS", true, true},
        {"icinga-wm_", "#ops", true, true},
        {"icinga-wm__", "#ops", true, true},
        {"icinga-wm|away", "#ops", true, true},
        {"icinga-wm_|away", "", true, true},
        {"icinga-wm`", "", true, true},
        {"icinga-wm", "#sre", true, false},
        {"icinga-wm", "#elsewhere", true, true},
        {"icinga-wmf", "", false, false},
        {"icinga", "", false, false},
        {"xicinga-wm", "", false, false},
        {"_", "", false, false},
        {"|", "", false, false},
        {"", "", false, false},
        {"sre1", "", true, false},
        {"dep1_", "", true, false},
        {"someuser_", "", false, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;

        bench_init(&b, HOUSE_CFG, &alone);
        line_in(&b, rows[i].channel, 0, rows[i].nick, EXCEPTIONS);
        if (replay_figures(b.replay)->spoken != rows[i].known ||
            replay_figures(b.replay)->alerts != rows[i].heard ||
            replay_figures(b.replay)->unheard != !strcmp(rows[i].channel, "#sre"))
            fail_msg("\"%s\" in \"%s\"", rows[i].nick, rows[i].channel);
        bench_finish(&b);
    }
}

static void actions_and_dirt(void **state)
{
    struct replay_line l = {
        .wall_ms = EIGHTEEN, .nick = "icinga-wm", .channel = "", .text = EXCEPTIONS};
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &alone);
    l.action = true;
    assert_int_equal(replay_line(b.replay, &l), 0);
    assert_int_equal(replay_figures(b.replay)->alerts, 0);
    l.action = false;
    l.notice = true;
    l.text = "\00304PROBLEM\017 -  MediaWiki exceptions and fatals per minute for appserver on "
             "alert1001 is \002CRITICAL\002: 2.651e+04 gt 100\r";
    assert_int_equal(replay_line(b.replay, &l), 0);
    assert_int_equal(replay_figures(b.replay)->alerts, 1);
    l.text = "\001\002\003";
    assert_int_equal(replay_line(b.replay, &l), 0);
    l.text = "";
    assert_int_equal(replay_line(b.replay, &l), 0);
    l.text = "hello \xff\xfe there";
    assert_int_equal(replay_line(b.replay, &l), 0);
    assert_int_equal(replay_unmatched(b.replay, 0), 1);
    assert_int_equal(replay_unmatched(b.replay, 1), 0);
    bench_finish(&b);
}

static void people_log_what_they_do(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &alone);
    line(&b, 0, "dep1", "!log depooled a server");
    line(&b, 1, "passer-by", "!log depooled a server");
    line(&b, 2, "dep1", "PROBLEM - what now");
    assert_int_equal(replay_figures(b.replay)->signals, 1);
    assert_int_equal(replay_unmatched(b.replay, 3), 0);
    bench_finish(&b);
}

/* The clock of the log may stand still or go back; crier's does not. */
static void a_clock_that_goes_back(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &confirming);
    line(&b, 0, "logmsgbot", STARTED);
    line(&b, 480, "icinga-wm", EXCEPTIONS);
    line(&b, 20, "icinga-wm", EXCEPTIONS);
    line(&b, 500, "jinxer-wm", SEARCH);
    end(&b);
    expect_some(&b, "2023-01-17 18:08:30 publish 1.1");
    assert_int_equal(replay_figures(b.replay)->last_wall_ms, EIGHTEEN + 500 * SECOND);
    bench_finish(&b);
}

/* ---- why ------------------------------------------------------------------------------------- */

static const struct replay_options explaining = {.silent = true};

#define LATENCY(host) "PROBLEM - Latency on " host " is CRITICAL: slow"

static void why_nothing_opened(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &explaining);
    line(&b, 0, "icinga-wm", "PROBLEM - Latency on test1 is CRITICAL: slow");
    line(&b, 1, "icinga-wm", "PROBLEM - Disk on db1 is CRITICAL: full");
    line(&b, 2, "icinga-wm", "PROBLEM - Latency on mw1 is WARNING: slow");
    line(&b, 3, "icinga-wm", LATENCY("mw1"));
    line(&b, 4, "icinga-wm", LATENCY("mw1"));
    line(&b, 5, "icinga-wm", LATENCY("mw2"));
    line(&b, 6, "icinga-wm", LATENCY("mw3"));
    line(&b, 7, "icinga-wm", LATENCY("mw4"));
    expect(&b,
           "2023-01-17 18:00:00 silent icinga critical Latency on test1: ignored by rule \"test "
           "hosts\"\n"
           "2023-01-17 18:00:01 silent icinga critical Disk on db1: no rule matches it\n"
           "2023-01-17 18:00:03 silent icinga critical Latency on mw1: no deploy within 15 min and "
           "only 1 of 3 for a storm (rule \"latency\")\n"
           "2023-01-17 18:00:05 silent icinga critical Latency on mw2: no deploy within 15 min and "
           "only 2 of 3 for a storm (rule \"latency\")\n"
           "2023-01-17 18:00:06 draft 1.1 \"Slow pages\" MINOR Reading: degraded performance; "
           "because Latency on mw3 18:00:06\n"
           "2023-01-17 18:00:06 why 1 rule \"latency\" opened it\n"
           "2023-01-17 18:00:06 why 1 18:00:01 icinga critical Disk on db1\n"
           "2023-01-17 18:00:06 why 1 18:00:03 icinga critical Latency on mw1 (rule \"latency\")\n"
           "2023-01-17 18:00:06 why 1 18:00:05 icinga critical Latency on mw2 (rule \"latency\")\n"
           "2023-01-17 18:00:06 why 1 18:00:06 icinga critical Latency on mw3 (rule \"latency\")\n"
           "2023-01-17 18:00:07 silent icinga critical Latency on mw4: joined 1\n");
    assert_int_equal(replay_figures(b.replay)->silent, 5);
    bench_finish(&b);
}

static void held_and_planned(void **state)
{
    struct replay_options o = {.silent = true, .obey = true};
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &o);
    line(&b, 0, "jinxer-wm", FRONTEND);
    line(&b, 10, "dep1", "!status discard 1 a test");
    line(&b, 20, "jinxer-wm", FRONTEND);
    expect_some(&b, "2023-01-17 18:00:10 discard 1.1; because !status discard 1 a test\n");
    expect_some(&b, "2023-01-17 18:00:20 silent jinxer page FrontendUnavailable, varnish-text has "
                    "reduced HTTP availability: held until it recovers, since people closed what "
                    "it belonged to\n");
    line(&b, 30, "sre1", "!status maintenance 30 min Search: upgrade");
    line(&b, 40, "jinxer-wm", SEARCH);
    expect_some(&b, "2023-01-17 18:00:40 silent jinxer page SearchDown, search is down: covered by "
                    "maintenance\n");
    assert_int_equal(replay_figures(b.replay)->drafts, 1);
    bench_finish(&b);
}

static void full_and_unwatched(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, WIKIMEDIA, &explaining);
    b.settings->triage.max_open = 1;
    line(&b, 0, "icinga-wm", "PROBLEM - Apache HTTP on mw1163 is CRITICAL: Connection refused");
    line(&b, 1, "deployer1", "!log restarting Apache");
    expect(
        &b,
        "2023-01-17 18:00:00 silent icinga critical Apache HTTP on mw1163: fewer than the 10 that "
        "rule \"servers\" asks for within 5 min\n");
    line(&b, 2, "icinga-wm", "PROBLEM - BGP status on cr1-eqiad is CRITICAL: down");
    expect_some(&b,
                "18:00:02 silent icinga critical BGP status on cr1-eqiad: rule \"network\" is not "
                "watched and nobody is paged: it can only join\n");
    line(&b, 3600, "jinxer-wm", "FIRING: CirrusSearchPoolCounterRejectionTooHigh: busy #page");
    line(&b, 7200, "jinxer-wm", "FIRING: SessionStoreErrorRateHigh: errors #page");
    expect_some(&b, "2023-01-17 19:00:00 draft 1.1 \"Search may not work\"");
    expect_some(&b,
                "silent jinxer page SessionStoreErrorRateHigh, errors: 1 are open, the most there "
                "may be (triage.max_open)\n");
    bench_finish(&b);
}

/* A source that opens drafts for ever is told of, with its limit. */
static void too_many_drafts_are_explained(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, WIKIMEDIA, &explaining);
    b.settings->triage.max_source_drafts_per_hour = 1;
    line(&b, 3600, "jinxer-wm", "FIRING: CirrusSearchPoolCounterRejectionTooHigh: busy #page");
    line(&b, 4800, "jinxer-wm", "FIRING: SessionStoreErrorRateHigh: errors #page");
    expect_some(&b, "2023-01-17 19:00:00 draft 1.1 \"Search may not work\"");
    expect_some(&b,
                "silent jinxer page SessionStoreErrorRateHigh, errors: too many drafts within an "
                "hour (triage.max_source_drafts_per_hour 1, max_drafts_per_hour 12)\n");
    bench_finish(&b);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_lines(void **state)
{
    struct replay_options o = {.silent = true};
    struct bench b;
    const char *all;

    (void)state;
    bench_init(&b, HOUSE_CFG, &o);
    b.says = true;
    line(&b, 0, "logmsgbot", STARTED);
    line(&b, 480, "icinga-wm", EXCEPTIONS);
    line(&b, 481, "icinga-wm", "PROBLEM - Disk on db\"1 is CRITICAL: full");
    all = buf_str(&b.json);
    assert_non_null(strstr(
        all, "{\"time\":\"2023-01-17T18:08:00.000Z\",\"event\":\"draft\",\"incident\":1,"
             "\"revision\":1,\"title\":\"Errors for logged-in users\",\"body\":\"People who are "
             "logged in may see an error instead of pages; we are investigating.\",\"impact\":"
             "\"major\",\"components\":[{\"name\":\"Editing\",\"status\":\"partial_outage\"}],"
             "\"status\":\"investigating\",\"suspect\":{\"user\":\"deployer1\",\"tool\":\"scap "
             "backport\",\"change\":\"Backport for [[gerrit:880004|Example change (T1)]]\","
             "\"started\":\"2023-01-17T18:00:00.000Z\",\"ended\":null},\"page\":\"main\","
             "\"channel\":\"net/#ops\",\"rule\":\"exceptions\",\"text\":\""));
    assert_non_null(strstr(
        all,
        "\"signals\":[{\"time\":\"2023-01-17T18:08:00.000Z\",\"source\":\"icinga\",\"check\":"
        "\"MediaWiki exceptions and fatals per minute for appserver\",\"host\":\"alert1001\""));
    assert_non_null(strstr(all, "\"event\":\"say\",\"channel\":\"net/#ops\",\"text\":\"DRAFT 1.1"));
    assert_non_null(strstr(all, "\"decision\":\"joined\",\"source\":\"icinga\",\"check\":\"Disk\","
                                "\"host\":\"db\\\"1\""));
    bench_finish(&b);
}

/* ---- many lines ------------------------------------------------------------------------------ */

/* Of the sanitizer's heap, where there is one. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

/* Lines that match nothing take no memory, and a year without news is soon over. */
static void chatter_takes_no_memory(void **state)
{
    struct bench b;
    size_t before = 0;
    int i;

    (void)state;
    bench_init(&b, HOUSE_CFG, &alone);
    for (i = 0; i < 20000; i++) {
        line(&b, i, "someuser", "is it just me or is the site down?");
        line(&b, i, "icinga-wm", "I am back");
        line(&b, i, "dep1", "looking into it");
        if (i == 100)
            before = heap_bytes();
    }
    assert_true(heap_bytes() <= before + 1000);
    assert_int_equal(replay_unmatched(b.replay, 0), 20000);
    bench_finish(&b);
}

static void a_year_goes_by(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &confirming);
    line(&b, 0, "jinxer-wm", FRONTEND);
    line(&b, 60, "jinxer-wm", FRONTEND_OK);
    line(&b, 365 * 86400, "jinxer-wm", FRONTEND);
    line(&b, 365 * 86400 + 60, "jinxer-wm", FRONTEND_OK);
    end(&b);
    expect_some(&b, "2024-01-17 18:00:00 draft 2.1");
    assert_int_equal(replay_figures(b.replay)->published, 2);
    assert_int_equal(replay_figures(b.replay)->resolved, 2);
    assert_int_equal(replay_open_incidents(b.replay), 0);
    bench_finish(&b);
}

/* A slip in a date is no reason to wait for an answer until tomorrow. */
static void eight_thousand_years_go_by(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, HOUSE_CFG, &confirming);
    line(&b, 0, "jinxer-wm", FRONTEND);
    line(&b, INT64_C(8000) * 365 * 86400, "jinxer-wm", FRONTEND_OK);
    line(&b, INT64_C(8000) * 365 * 86400 + 60, "jinxer-wm", SEARCH);
    end(&b);
    expect_some(&b, " publish 1.1 ");
    expect_some(&b, " resolve 1.");
    expect_some(&b, " publish 2.1 ");
    bench_finish(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_outage_of_2023),
        cmocka_unit_test(the_outage_of_2025),
        cmocka_unit_test(two_replays_side_by_side),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(nobody_confirms),
        cmocka_unit_test(the_clock_stops_after_a_while),
        cmocka_unit_test(commands_in_the_log),
        cmocka_unit_test(two_people_confirm_what_is_critical),
        cmocka_unit_test(nobody_may_confirm),
        cmocka_unit_test(nicks_stand_for_sources),
        cmocka_unit_test(actions_and_dirt),
        cmocka_unit_test(people_log_what_they_do),
        cmocka_unit_test(a_clock_that_goes_back),
        cmocka_unit_test(why_nothing_opened),
        cmocka_unit_test(held_and_planned),
        cmocka_unit_test(full_and_unwatched),
        cmocka_unit_test(too_many_drafts_are_explained),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(chatter_takes_no_memory),
        cmocka_unit_test(a_year_goes_by),
        cmocka_unit_test(eight_thousand_years_go_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
