/* Planned work: what a window covers opens nothing, and what it does not cover does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

/* Editing alone, and pages somebody. */
#define EDITS                                                                                   \
    "PROBLEM - MediaWiki exceptions and fatals per minute for appserver #page on alert1001 is " \
    "CRITICAL: 2.651e+04 gt 100"
#define EDITS_OK                                                                                 \
    "RECOVERY - MediaWiki exceptions and fatals per minute for appserver #page on alert1001 is " \
    "OK: (C)100 gt (W)50 gt 2"
#define READ_ONLY(word) \
    "!log sre1@cumin1002 MediaWiki read-only period " word ": 2023-01-17 14:00:09.123"
#define SYNCHRONIZED                                                                          \
    "!log deployer1@deploy1002 Synchronized wmf-config/InitialiseSettings.php: Example (T1) " \
    "(duration: 00m 51s)"
#define OTHER_DC                                                                             \
    "!log sre1@cumin1002 [NON-PRIMARY-DC] MediaWiki read-only period starts at: 2023-01-17 " \
    "14:00:09.123"

/* As if all that a test says had not been said within a minute. */
static void talk_freely(struct house *h)
{
    h->settings->chat.commands_per_minute = 1000;
    h->settings->chat.channel_commands_per_minute = 1000;
}

static void sre(struct house *h, const char *text)
{
    house_say(h, HOUSE_OPS, "sre1", "=", text);
}

static void confirm(struct house *h)
{
    house_wait_sliced(h, 20 * SECOND, SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm");
}

static size_t lines(const struct house *h)
{
    return fake_chat_count(&h->chat, NULL);
}

static size_t drafts(const struct house *h)
{
    return engine_open_incidents(h->engine);
}

/* The configuration is read again, with one window in it; times in minutes from now. */
static struct maintenance_settings configured;

static void configure(struct house *h, int from_min, int until_min, bool wanted)
{
    static char name[] = "new servers", component[] = "Editing";
    static char *components[] = {component}, check[] = "Foo*", *checks[] = {check};

    configured = (struct maintenance_settings){
        .name = name,
        .from_wall_ms = h->now.wall_ms + (int64_t)from_min * MINUTE,
        .until_wall_ms = h->now.wall_ms + (int64_t)until_min * MINUTE,
        .components = {.item = components, .n = 1},
        .checks = {.item = checks, .n = until_min > 60},
    };
    h->settings->maintenance = &configured;
    h->settings->n_maintenance = wanted;
    engine_reload(h->engine, h->settings);
    house_wait(h, 0);
}

static int teardown(void **state)
{
    struct house *h = *state;

    h->settings->maintenance = NULL; /* not settings_destroy()'s */
    h->settings->n_maintenance = 0;
    return house_teardown(state);
}

#define CONFIGURED_TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, teardown)

/* ---- what a window covers -------------------------------------------------------------------- */

static void covered_page_opens_nothing_and_is_told_once(void **state)
{
    struct house *h = *state;
    size_t before;

    sre(h, "!status maintenance 2h Editing: new database servers");
    house_expect_last(h, HOUSE_OPS,
                      "maintenance 1 of Editing until 20:00 UTC: what it covers opens no draft; "
                      "`!status maintenance end 1` ends it");
    house_wait(h, MINUTE);
    before = lines(h);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 0);
    assert_int_equal(lines(h), before + 1);
    house_expect_last(h, HOUSE_OPS,
                      "no draft for page MediaWiki exceptions and fatals per minute for appserver "
                      "on alert1001 18:01:00: maintenance of Editing until 20:00 covers it. A "
                      "draft by hand: `!status open`; if it is no part of the work: `!status "
                      "maintenance end 1`");
    house_wait(h, MINUTE);
    house_icinga(h, EDITS_OK);
    house_icinga(h, EDITS);
    house_icinga(h, "PROBLEM - MediaWiki exceptions and fatals per minute for api #page on "
                    "alert1001 is CRITICAL: 3 gt 1");
    assert_int_equal(lines(h), before + 1);
    assert_int_equal(drafts(h), 0);
}

static void deploys_and_storms_do_not_change_that(void **state)
{
    struct house *h = *state;
    char line[200];
    int i;

    sre(h, "!status maintenance 2h Editing: new database servers");
    house_deploy(h, STARTED);
    house_icinga(h, EXCEPTIONS);
    for (i = 0; i < 10; i++) {
        (void)snprintf(line, sizeof line,
                       "PROBLEM - MediaWiki exceptions and fatals per minute for set%d on "
                       "alert1001 is CRITICAL: 2 gt 1",
                       i);
        house_icinga(h, line);
    }
    house_deploy(h, FINISHED);
    house_wait(h, 30 * MINUTE);
    assert_int_equal(drafts(h), 0);
}

static void what_is_not_covered_opens_and_says_so(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 90 min Editing: new database servers");
    house_icinga(h, EDITS);
    house_jinxer(h, FRONTEND); /* Reading as well */
    assert_int_equal(drafts(h), 1);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Pages not loading. ");
    house_expect_last(h, HOUSE_OPS, "During maintenance of Editing until 19:30. Why: page Front");
    house_expect_unsaid(h, HOUSE_OPS, "alerts)"); /* the covered one is none of its */
    /* and what is covered makes it neither worse nor later */
    house_wait(h, 5 * MINUTE);
    house_jinxer(h, FRONTEND_OK);
    house_wait(h, 61 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "1 closed without publishing");
}

static void two_windows_cover_nothing_together(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 2h Editing: one thing");
    sre(h, "!status maintenance 2h Reading: another");
    house_jinxer(h, FRONTEND); /* both are hurt at once: neither work explains it */
    assert_int_equal(drafts(h), 1);
}

static void checks_are_covered_by_name(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 1h check searchd*, Foo?ar: moving the index");
    house_expect_last(h, HOUSE_OPS, "maintenance 1 of searchd* and Foo?ar until 19:00 UTC");
    house_jinxer(h, SEARCH);
    assert_int_equal(drafts(h), 0);
    house_expect_last(h, HOUSE_OPS, "no draft for page SearchDown");
    house_jinxer(h, FRONTEND);
    assert_int_equal(drafts(h), 1);
}

static void a_covered_alert_does_not_widen(void **state)
{
    struct house *h = *state;

    house_jinxer(h, SEARCH);
    assert_int_equal(drafts(h), 1);
    sre(h, "!status maintenance 2h Editing: new database servers");
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_icinga(h, EDITS); /* would join: it pages within ten minutes */
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
    house_jinxer(h, "RESOLVED: SearchDown: search is down #page");
    house_wait(h, 61 * MINUTE);
    house_expect_said(h, HOUSE_OPS, "1 closed without publishing");
    assert_int_equal(drafts(h), 0);
}

/* Nor one that is the incident's own, and gets worse because of the work. */
static void an_alert_of_the_incident_does_not_widen_it(void **state)
{
    struct house *h = *state;

    house_icinga(h, EXCEPTIONS_IS("WARNING"));
    house_jinxer(h, SEARCH);
    house_expect_last(h, HOUSE_OPS, "(2 alerts)");
    sre(h, "!status maintenance 30m Editing: new database servers");
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show 1");
    house_expect_unsaid(h, HOUSE_OPS, "MediaWiki"); /* nor is it a reason */
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
    house_wait_sliced(h, 25 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2"); /* after its end it does */
    house_expect_said(h, HOUSE_OPS, "Editing: partial outage");
}

static void covered_alerts_are_no_part_of_a_storm(void **state)
{
    static const char *const critical[] = {"MediaWiki exceptions a", "MediaWiki exceptions b",
                                           "Latency a", "Latency b", "Latency c"};
    struct house *h = *state;
    char line[200];
    size_t i;

    sre(h, "!status maintenance 2h Editing: new database servers");
    for (i = 0; i < sizeof critical / sizeof critical[0]; i++) {
        assert_int_equal(drafts(h), 0);
        (void)snprintf(line, sizeof line, "PROBLEM - %s on alert1001 is CRITICAL: 2 gt 1",
                       critical[i]);
        house_icinga(h, line);
    }
    assert_int_equal(drafts(h), 1);
    house_expect_last(h, HOUSE_OPS, "(3 alerts)");
}

/* A sync that announces its end alone is the suspect for what the window does not cover. */
static void covered_alerts_hide_no_others(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 2h Editing: new database servers");
    house_icinga(h, EXCEPTIONS);
    house_icinga(h, "PROBLEM - Latency a on alert1001 is CRITICAL: 2 gt 1");
    house_deploy(h, SYNCHRONIZED);
    assert_int_equal(drafts(h), 1);
    house_expect_said(h, HOUSE_OPS, "Why: Latency a on alert1001");
}

/* What means nothing to readers is no part of the work, nor of anything else. */
static void what_has_no_components_is_not_covered(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 2h Editing: new database servers");
    house_icinga(h, "PROBLEM - Something else on host1 is CRITICAL: 2 gt 1");
    house_jinxer(h, SEARCH);
    house_expect_last(h, HOUSE_OPS, "(2 alerts)");
}

/* One of the incident's own alerts that fires again because of the work is no relapse. */
static void planned_work_is_no_relapse(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 3 * MINUTE, 10 * SECOND);
    confirm(h);
    house_expect_last(h, HOUSE_OPS, "1 updated at 18:16:20 without mail, monitoring: ");
    sre(h, "!status maintenance 2h Editing: new database servers");
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "fire again");
    sre(h, "!status maintenance end 1"); /* until the work is over */
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "alerts fire again");
}

/* What was burning before the work began goes on counting. */
static void an_outage_does_not_end_with_a_window(void **state)
{
    struct house *h = *state;

    house_publish(h);
    sre(h, "!status maintenance 2h Editing: we know");
    house_wait_sliced(h, 70 * MINUTE, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "quiet");
}

/* ---- its end --------------------------------------------------------------------------------- */

static void what_still_fires_at_the_end_begins_then(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 30m Editing: new database servers");
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EDITS);
    house_wait_sliced(h, 24 * MINUTE + 59 * SECOND, SECOND);
    assert_int_equal(drafts(h), 0);
    house_wait(h, SECOND);
    assert_int_equal(drafts(h), 1);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Errors for logged-in users. ");
    house_expect_last(h, HOUSE_OPS, "on alert1001 18:30:00");
    house_expect_unsaid(h, HOUSE_OPS, "During maintenance");
}

static void what_recovered_in_time_opens_nothing(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 30m Editing: new database servers");
    house_icinga(h, EDITS);
    house_wait(h, 29 * MINUTE);
    house_icinga(h, EDITS_OK);
    house_wait(h, 10 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
}

static void a_storm_of_held_alerts_counts_at_the_end(void **state)
{
    struct house *h = *state;
    char line[200];
    int i;

    sre(h, "!status maintenance 30m Editing: new database servers");
    for (i = 0; i < 3; i++) {
        (void)snprintf(line, sizeof line,
                       "PROBLEM - MediaWiki exceptions and fatals per minute for set%d on "
                       "alert1001 is CRITICAL: 2 gt 1",
                       i);
        house_icinga(h, line);
        house_wait(h, 6 * MINUTE);
    }
    house_wait(h, 11 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait(h, 2 * MINUTE);
    assert_int_equal(drafts(h), 1);
    house_expect_last(h, HOUSE_OPS, "(3 alerts)");
}

static void another_window_goes_on_covering(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 30m Editing: one");
    sre(h, "!status maintenance 1h Editing, Reading: two");
    house_icinga(h, EDITS);
    house_wait(h, 31 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait(h, 30 * MINUTE);
    assert_int_equal(drafts(h), 1);
}

static void ending_by_hand_is_an_end(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 2h Editing: new database servers");
    house_icinga(h, EDITS);
    sre(h, "!status maintenance end 2");
    house_expect_last(h, HOUSE_OPS, "say which one: `!status maintenance end N`");
    assert_int_equal(drafts(h), 0);
    sre(h, "!status maintenance end 1");
    house_expect_said(h, HOUSE_OPS,
                      "maintenance 1 of Editing is over: what still fires counts from now");
    assert_int_equal(drafts(h), 1);
}

/* ---- announced ------------------------------------------------------------------------------- */

static void announced_read_only_periods_are_covered(void **state)
{
    struct house *h = *state;

    house_deploy(h, READ_ONLY("starts at"));
    house_wait(h, MINUTE);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 0);
    house_expect_last(h, HOUSE_OPS, "read-only period of Editing since 18:00 covers it");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, READ_ONLY("ends at"));
    house_wait(h, MINUTE);
    house_deploy(h, READ_ONLY("ends at")); /* heard twice */
    /* five minutes of grace */
    house_wait(h, 3 * MINUTE + 59 * SECOND);
    assert_int_equal(drafts(h), 0);
    house_wait(h, SECOND);
    assert_int_equal(drafts(h), 1);
}

static void grace_is_enough_for_what_recovers(void **state)
{
    struct house *h = *state;

    house_deploy(h, READ_ONLY("starts at"));
    house_icinga(h, EDITS);
    house_wait(h, 2 * MINUTE);
    house_deploy(h, READ_ONLY("ends at"));
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EDITS_OK);
    house_wait(h, 20 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
}

static void a_period_without_an_end_is_over_some_time(void **state)
{
    struct house *h = *state;

    house_deploy(h, READ_ONLY("starts at"));
    house_icinga(h, EDITS);
    house_wait_sliced(h, 59 * MINUTE, MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait_sliced(h, 2 * MINUTE, MINUTE);
    assert_int_equal(drafts(h), 1);
}

static void the_other_data_centre_is_no_period(void **state)
{
    struct house *h = *state;

    house_deploy(h, OTHER_DC);
    house_deploy(h, READ_ONLY("ends at")); /* of nothing */
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
}

static void without_components_periods_are_noted_only(void **state)
{
    struct house *h = *state;
    size_t n = h->settings->read_only.components.n;

    h->settings->read_only.components.n = 0;
    house_deploy(h, READ_ONLY("starts at"));
    h->settings->read_only.components.n = n;
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
}

/* ---- restart, reload, the configuration ------------------------------------------------------ */

static void a_restart_keeps_the_window(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 1h Editing: new database servers");
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EDITS);
    house_restart(h, 5 * MINUTE);
    fake_chat_clear(&h->chat);
    house_wait(h, MINUTE);
    house_icinga(h, EDITS);
    house_icinga(h, EDITS_OK);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 0);
    house_expect_unsaid(h, HOUSE_OPS, "no draft for"); /* it was told before */
    sre(h, "!status maintenance");
    house_expect_last(h, HOUSE_OPS,
                      "UTC: 1 open: Editing until 19:00 (sre1: new database servers)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status maintenance"); /* anybody may know */
    house_expect_last(h, HOUSE_OPS, "UTC: 1 open: Editing until 19:00");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status maintenance end 1");
    house_expect_last(h, HOUSE_OPS, "refused");
    house_wait(h, 48 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait(h, 2 * MINUTE);
    assert_int_equal(drafts(h), 1);
    house_restart(h, MINUTE);
    sre(h, "!status maintenance");
    house_expect_last(h, HOUSE_OPS, "nothing is planned");
}

static void an_end_while_crier_is_away_is_made_up_for(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 1h Editing: new database servers");
    house_icinga(h, EDITS);
    house_restart(h, 2 * HOUR);
    assert_int_equal(drafts(h), 1);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_expect_last(h, HOUSE_OPS, "20:00:00"); /* it counts from then on */
}

/* A clock set back does not make a window longer than it was. */
static void a_clock_set_back_lengthens_nothing(void **state)
{
    struct house *h = *state;

    sre(h, "!status maintenance 1h Editing: new database servers");
    house_icinga(h, EDITS);
    house_wait(h, 30 * MINUTE);
    h->now.wall_ms -= 5 * HOUR;
    house_wait(h, 29 * MINUTE);
    assert_int_equal(drafts(h), 0);
    house_restart(h, 0);
    assert_int_equal(drafts(h), 0);
    house_wait(h, 61 * MINUTE);
    assert_int_equal(drafts(h), 1);
}

static void windows_of_the_configuration(void **state)
{
    struct house *h = *state;

    configure(h, 10, 40, true);
    sre(h, "!status maintenance");
    house_expect_last(h, HOUSE_OPS, "UTC: 1 planned: Editing from 18:10 until 18:40 (new servers)");
    house_wait(h, 9 * MINUTE);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1); /* not yet */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_icinga(h, EDITS_OK);
    house_wait(h, MINUTE);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 0);
    house_expect_last(h, HOUSE_OPS, "maintenance of Editing until 18:40 covers it");
    house_restart(h, MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait_sliced(h, 28 * MINUTE, MINUTE);
    assert_int_equal(drafts(h), 0);
    house_wait(h, MINUTE);
    assert_int_equal(drafts(h), 1);
    house_wait(h, MINUTE);
    sre(h, "!status maintenance");
    house_expect_last(h, HOUSE_OPS, "nothing is planned");
}

static void a_reload_adapts_windows(void **state)
{
    struct house *h = *state;

    configure(h, -10, 60, true);
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 0);
    configure(h, -10, 30, true); /* shorter */
    house_wait(h, 29 * MINUTE);
    assert_int_equal(drafts(h), 0);
    configure(h, 0, 30, false); /* taken out: it is over */
    assert_int_equal(drafts(h), 1);
}

static void ended_by_hand_stays_ended(void **state)
{
    struct house *h = *state;

    configure(h, -10, 60, true);
    sre(h, "!status maintenance end");
    house_expect_last(h, HOUSE_OPS, "maintenance 1 of Editing is over");
    house_wait(h, 5 * MINUTE);
    house_restart(h, MINUTE);
    house_wait(h, 5 * MINUTE);
    sre(h, "!status maintenance end 1");
    house_expect_last(h, HOUSE_OPS, "1 is ended already");
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
    configure(h, -10, 90, true); /* other times: planned anew */
    sre(h, "!status");
    house_expect_last(h, HOUSE_OPS, " | maintenance of Editing, checks Foo* until 19:41");
}

static void slices_of_time_make_no_difference(void **state)
{
    struct house *h = *state;
    size_t said[2];
    int i;

    for (i = 0; i < 2; i++) {
        if (i) {
            house_finish(h);
            house_init(h, HOUSE_CFG);
        }
        sre(h, "!status maintenance 30m Editing: a");
        sre(h, "!status maintenance 45m Editing: b");
        house_icinga(h, EDITS);
        if (i)
            house_wait(h, HOUR);
        else
            house_wait_sliced(h, HOUR, SECOND);
        house_expect_said(h, HOUSE_OPS, "on alert1001 18:45:00");
        said[i] = lines(h);
    }
    assert_int_equal(said[0], said[1]);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void answers_to_commands(void **state)
{
    static const struct {
        const char *typed, *answer;
    } rows[] = {
        {"", "nothing is planned; `!status maintenance 2h Reading: REASON` keeps drafts away"},
        {" Editing: x", "say for how long: `!status maintenance 2h Reading: REASON`"},
        {" 2h", "say of what"},
        {" 2h: x", "say of what"},
        {" 2h Editing", "say why"},
        {" 2h Editing:", "say why"},
        {" 2h Edits: x", "\"Edits\" is no component; they are Reading, Editing, Search"},
        {" 2h Editing,Foo bar: x", "\"Foo bar\" is no component"},
        {" 25h Editing: x", "from 1 min to 24 h"},
        {" 10s Editing: x", "from 1 min to 24 h"},
        {" 0h Editing: x", "say for how long"},
        {" 99999999999999999999h Editing: x", "say for how long"},
        {" 2h check: x", "say which checks"},
        {" 2h check *: x", "\"*\" would cover everything or nothing"},
        {" 2h check Foo*", "say why"},
        {" 14:00-14:00 Editing: x", "say for how long"},
        {" 25:00-26:00 Editing: x", "say for how long"},
        {" end", "say which one"},
        {" end 1", "say which one"},
        {" end 99999999999", "say which one"},
        {" end x", "say which one"},
        {" 2h Editing: x", "maintenance 1 of Editing until 20:00 UTC"},
        {" 1 h 30 min editing, READING and search: x",
         "maintenance 2 of Editing, Reading and Search until 19:30 UTC"},
        {" 90m Editing,Editing: x", "maintenance 3 of Editing until 19:30 UTC"},
        {" 24 h check Foo*: x", "maintenance 4 of Foo* until 2023-01-18 18:00 UTC"},
        {" 17:30-18:30 Editing: x", "maintenance 5 of Editing until 18:30 UTC"},
        {" 19:00 - 20:15 UTC Editing: x", "maintenance 6 of Editing from 19:00 until 20:15 UTC"},
        {" 23:30-0:30 Editing: x",
         "maintenance 7 of Editing from 23:30 until 2023-01-18 00:30 UTC"},
        {" 16:00-17:00 Editing: x",
         "maintenance 8 of Editing from 2023-01-18 16:00 until 2023-01-18 17:00 UTC"},
        {" end 8", "maintenance 8 of Editing is taken back"},
        {" end 7.", "maintenance 7 of Editing is taken back"},
        {" end #5", "maintenance 5 of Editing is over"},
        {" end", "say which one"}, /* several are open */
        {"", " | 6 planned: Editing from 19:00 until 20:15 (sre1: x)"},
    };
    struct house *h = *state;
    char line[200];
    size_t i;

    talk_freely(h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t before = lines(h);

        (void)snprintf(line, sizeof line, "!status maintenance%s", rows[i].typed);
        sre(h, line);
        if (!strstr(fake_chat_last(&h->chat, HOUSE_OPS), rows[i].answer))
            fail_msg("%s: %s", line, fake_chat_last(&h->chat, HOUSE_OPS));
        assert_in_range(lines(h) - before, 1, 2);
    }
}

/* Names that end or begin like others. */
static void components_are_told_apart(void **state)
{
    struct house *h = *state;
    static struct component_settings three[3];
    static char names[][24] = {"Search", "Wiki Search", "Search, mobile"};
    struct component_settings *real = h->settings->component;
    size_t n = h->settings->n_components, i;

    for (i = 0; i < 3; i++) {
        three[i] = real[0];
        three[i].name = names[i];
    }
    h->settings->component = three;
    h->settings->n_components = 3;
    sre(h, "!status maintenance 2h wiki search, search: x");
    house_expect_last(h, HOUSE_OPS, "1 of Wiki Search and Search until");
    sre(h, "!status maintenance 2h search, mobile, search: x");
    house_expect_last(h, HOUSE_OPS, "2 of Search, mobile and Search until");
    sre(h, "!status maintenance 2h searching: x");
    house_expect_last(h, HOUSE_OPS, "is no component");
    h->settings->component = real;
    h->settings->n_components = n;
}

static void sres_alone_may_plan(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "deployer1", "=", "!status maintenance 2h Editing: x");
    house_expect_last(h, HOUSE_OPS, "deployer1: refused, your role does not cover it");
    house_say(h, HOUSE_OPS, "stranger", NULL, "!status maintenance 2h Editing: x");
    house_expect_last(h, HOUSE_OPS, "refused");
    house_icinga(h, EDITS);
    assert_int_equal(drafts(h), 1);
}

static void status_mentions_it(void **state)
{
    struct house *h = *state;
    struct buf planned;

    buf_init(&planned, 1000);
    engine_planned(h->engine, &planned);
    assert_string_equal(buf_str(&planned), "");
    sre(h, "!status maintenance 2h Editing: x");
    sre(h, "!status maintenance 1h Search: x");
    sre(h, "!status maintenance 20:00-21:00 Reading: x");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS,
                      "nothing is open, maintenance of Editing until 20:00 and 1 more; `!status "
                      "open TITLE` makes a draft by hand");
    assert_null(strstr(fake_chat_last(&h->chat, HOUSE_OPS), " | maintenance")); /* once */
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, " | maintenance of Editing until 20:00 and 1 more");
    engine_planned(h->engine, &planned); /* all of them; what has not begun is not open */
    assert_string_equal(buf_str(&planned),
                        "maintenance of Editing until 20:00; maintenance of Search until 19:00");
    buf_finish(&planned);
}

/* Whoever silences alerts in private is heard by everybody. */
static void private_plans_are_told(void **state)
{
    struct house *h = *state;

    house_say(h, "net/sre1", "sre1", "=", "!status maintenance 2h Editing: x");
    house_expect_last(h, "net/sre1", "maintenance 1 of Editing until 20:00 UTC");
    house_expect_last(h, HOUSE_OPS, "maintenance 1 of Editing until 20:00 UTC");
    house_say(h, "net/sre1", "sre1", "=", "!status maintenance end 1");
    house_expect_last(h, HOUSE_OPS, "maintenance 1 of Editing is over");
    house_expect_last(h, HOUSE_OPS, "(sre1)");
}

static void there_is_a_limit(void **state)
{
    struct house *h = *state;
    int i;

    talk_freely(h);
    for (i = 0; i < 50; i++)
        sre(h, "!status maintenance 2h Editing: x");
    house_expect_last(h, HOUSE_OPS, "maintenance 50 of Editing");
    sre(h, "!status maintenance 2h Editing: x");
    house_expect_last(h, HOUSE_OPS, "50 are planned, the most there may be");
    sre(h, "!status maintenance");
    house_expect_last(h, HOUSE_OPS, " more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(covered_page_opens_nothing_and_is_told_once),
        HOUSE_TEST(deploys_and_storms_do_not_change_that),
        HOUSE_TEST(what_is_not_covered_opens_and_says_so),
        HOUSE_TEST(two_windows_cover_nothing_together),
        HOUSE_TEST(checks_are_covered_by_name),
        HOUSE_TEST(a_covered_alert_does_not_widen),
        HOUSE_TEST(an_alert_of_the_incident_does_not_widen_it),
        HOUSE_TEST(covered_alerts_are_no_part_of_a_storm),
        HOUSE_TEST(covered_alerts_hide_no_others),
        HOUSE_TEST(what_has_no_components_is_not_covered),
        HOUSE_TEST(planned_work_is_no_relapse),
        HOUSE_TEST(an_outage_does_not_end_with_a_window),
        HOUSE_TEST(what_still_fires_at_the_end_begins_then),
        HOUSE_TEST(what_recovered_in_time_opens_nothing),
        HOUSE_TEST(a_storm_of_held_alerts_counts_at_the_end),
        HOUSE_TEST(another_window_goes_on_covering),
        HOUSE_TEST(ending_by_hand_is_an_end),
        HOUSE_TEST(announced_read_only_periods_are_covered),
        HOUSE_TEST(grace_is_enough_for_what_recovers),
        HOUSE_TEST(a_period_without_an_end_is_over_some_time),
        HOUSE_TEST(the_other_data_centre_is_no_period),
        HOUSE_TEST(without_components_periods_are_noted_only),
        HOUSE_TEST(a_restart_keeps_the_window),
        HOUSE_TEST(an_end_while_crier_is_away_is_made_up_for),
        HOUSE_TEST(a_clock_set_back_lengthens_nothing),
        CONFIGURED_TEST(windows_of_the_configuration),
        CONFIGURED_TEST(a_reload_adapts_windows),
        CONFIGURED_TEST(ended_by_hand_stays_ended),
        HOUSE_TEST(slices_of_time_make_no_difference),
        HOUSE_TEST(answers_to_commands),
        HOUSE_TEST(components_are_told_apart),
        HOUSE_TEST(sres_alone_may_plan),
        HOUSE_TEST(status_mentions_it),
        HOUSE_TEST(private_plans_are_told),
        HOUSE_TEST(there_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
