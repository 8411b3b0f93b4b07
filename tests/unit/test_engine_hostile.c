/* What goes wrong with the engine: each test was a fault once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#ifndef HOUSE_CFG
#define HOUSE_CFG "tests/data/house.cfg"
#endif

#define EXCEPTIONS_IS(severity)                                                                    \
    "PROBLEM - MediaWiki exceptions and fatals per minute for appserver on alert1001 is " severity \
    ": 2.651e+04 gt 100"
#define EXCEPTIONS EXCEPTIONS_IS("CRITICAL")
#define EXCEPTIONS_OK                                                                          \
    "RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: " \
    "(C)100 gt (W)50 gt 2"
#define FRONTEND "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page"
#define SEARCH "FIRING: SearchDown: search is down #page"
#define STARTED \
    "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880004|Example change (T1)]]"

enum { SECOND = 1000, MINUTE = 60 * 1000, HOUR = 60 * 60 * 1000 };

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);

    house_init(h, HOUSE_CFG);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    house_finish(*state);
    free(*state);
    return 0;
}

static void draft(struct house *h)
{
    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_icinga(h, EXCEPTIONS);
}

__attribute__((unused)) static void publish(struct house *h)
{
    draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:08:00, investigating: ");
}

/* ---- alerts -------------------------------------------------------------------------------- */

static void warning_that_becomes_critical_drafts(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_icinga(h, EXCEPTIONS_IS("WARNING"));
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_expect_last(h, HOUSE_OPS, "18:02:00"); /* since when it matters */
}

static void warnings_that_become_critical_are_a_storm(void **state)
{
    struct house *h = *state;
    char line[100];
    int i;

    for (i = 0; i < 3; i++) {
        (void)snprintf(line, sizeof line, "PROBLEM - Latency on mw%d is WARNING: slow", i);
        house_icinga(h, line);
    }
    house_wait(h, 8 * MINUTE);
    for (i = 0; i < 3; i++) {
        (void)snprintf(line, sizeof line, "PROBLEM - Latency on mw%d is CRITICAL: slow", i);
        house_icinga(h, line);
    }
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

/* A critical alert that is only a warning now tells readers nothing: the draft is quiet. */
static void critical_that_becomes_a_warning_is_quiet(void **state)
{
    struct house *h = *state;

    draft(h);
    house_icinga(h, EXCEPTIONS_IS("WARNING"));
    house_wait(h, 61 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* Its recovery was never told: days later it is a new outage, not a repetition. */
static void missed_recovery_does_not_silence_for_good(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_wait(h, 23 * HOUR);
    house_jinxer(h, FRONTEND); /* repeats: still what people closed */
    house_restart(h, 20 * HOUR);
    house_jinxer(h, FRONTEND);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_restart(h, 20 * HOUR);
    house_wait(h, 5 * HOUR);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1");
}

static void missed_recovery_does_not_hide_a_bad_deploy(void **state)
{
    struct house *h = *state;

    house_icinga(h, EXCEPTIONS);
    house_wait(h, 25 * HOUR);
    house_deploy(h, STARTED);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

/* The order of alerts by time outlives a restart: what counts a storm looks at the newest only. */
static void storm_goes_on_after_a_restart(void **state)
{
    struct house *h = *state;

    house_icinga(h, "PROBLEM - Latency on mw1 is WARNING: slow");
    house_icinga(h, "PROBLEM - Latency on mw2 is WARNING: slow");
    house_icinga(h, "PROBLEM - Disk space on db1 is CRITICAL: full");
    house_wait(h, 7 * MINUTE);
    house_icinga(h, "PROBLEM - Latency on mw1 is CRITICAL: slow");
    house_icinga(h, "PROBLEM - Latency on mw2 is CRITICAL: slow");
    house_restart(h, 10 * SECOND);
    house_icinga(h, "PROBLEM - Latency on mw3 is CRITICAL: slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

/* ---- storms -------------------------------------------------------------------------------- */

/* What people closed is not forgotten when there is too much to remember. */
static void held_alert_outlives_a_storm(void **state)
{
    struct house *h = *state;
    char line[100];
    int i;

    h->settings->triage.max_signals = 100;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    fake_chat_clear(&h->chat);
    house_jinxer(h, SEARCH);
    for (i = 0; i < 300; i++) {
        (void)snprintf(line, sizeof line, "PROBLEM - Disk space on db%03d is CRITICAL: full", i);
        house_icinga(h, line);
    }
    house_jinxer(h, FRONTEND);
    house_wait(h, 2 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 1);
    house_expect_unsaid(h, HOUSE_OPS, "Editing: major outage");
    assert_in_range(fake_store_count(&h->store, RECORD_ALERT), 1, 100);
}

/* ---- what is published --------------------------------------------------------------------- */

/* "!status resolve 1" is confirmed and the page is slow: what fires now is another outage. */
static void end_on_its_way_is_no_ground_to_build_on(void **state)
{
    struct house *h = *state;

    publish(h);
    house_wait(h, 2 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_jinxer(h, FRONTEND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.3");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public: \"Pages not loading.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, identified");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1.2 ends it and is being sent");
    h->page_answers = true;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    assert_int_equal(engine_open_incidents(h->engine), 1);
}

static void proposal_builds_on_what_is_on_its_way(void **state)
{
    struct house *h = *state;

    publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 title Nobody can edit");
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, identified, not public: \"Nobody can edit. We know");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 impact minor");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, identified, not public: ");
}

/* The page keeps what it is not told: a component that is taken out must be given back. */
static void component_taken_out_is_given_back(void **state)
{
    struct house *h = *state;

    publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 components Reading: partial");
    house_expect_said(h, HOUSE_OPS, "MAJOR, Reading: partial outage, Editing: operational");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    assert_int_equal(components_find(&h->page.now, "Editing")->status, COMPONENT_OPERATIONAL);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status text 1 everyone");
    house_expect_said(h, HOUSE_OPS, "Pages not loading. Reading: many people");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS, "MAJOR, Reading: operational, Editing: operational");
}

/* Another incident came to hold the component after the end was proposed. */
static void end_gives_back_only_what_is_free_when_confirmed(void **state)
{
    struct house *h = *state;

    publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_wait(h, 11 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status open Edits may fail");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status edit 2 components Editing: degraded");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 2.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_said(h, HOUSE_OPS, "MAJOR, Editing: degraded performance");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1 is resolved on the page");
    assert_int_equal(components_find(&h->page.now, "Editing")->status,
                     COMPONENT_DEGRADED_PERFORMANCE);
}

/* A correction changes the text on the page and nothing else; so it must not show anything else. */
static void correction_shows_only_what_it_changes(void **state)
{
    static const char *const edits[] = {"title Nobody can edit", "impact critical",
                                        "components Reading: partial"};
    struct house *h = *state;
    char line[100];
    size_t i;

    publish(h);
    house_wait(h, 2 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: Some people may see errors.");
    for (i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        (void)snprintf(line, sizeof line, "!status edit 1 %s", edits[i]);
        house_say(h, HOUSE_OPS, "deployer1", "=", line);
        house_expect_last(h, HOUSE_OPS, "1.2 corrects the text alone");
    }
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status text 1 slow");
    house_expect_last(h, HOUSE_OPS, "1.2 corrects the text alone");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body A few people may see errors.");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, corrects the last text");
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, wider, not public: ");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.4");
    assert_int_equal(fake_page_count(&h->page, PAGE_CORRECT), 0);
    assert_int_equal(components_find(&h->page.now, "Reading")->status, COMPONENT_MAJOR_OUTAGE);
}

static void proposal_keeps_a_widening_that_waits(void **state)
{
    struct house *h = *state;

    publish(h);
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, wider");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, identified");
    house_expect_said(h, HOUSE_OPS,
                      "We know the cause.\" CRITICAL, Editing: major outage, Reading: major");
}

static void alerts_of_another_page_stay_out(void **state)
{
    struct house *h = *state;
    struct rule_settings *rule = &h->settings->rule[4];

    assert_string_equal(rule->name, "search");
    free(rule->page);
    rule->page = strdup("other");
    house_icinga(h, "PROBLEM - SearchDown on s1 is CRITICAL: down");
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "CRITICAL, Reading: major outage, Editing: major outage");
    house_expect_unsaid(h, HOUSE_OPS, "Search:");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(warning_that_becomes_critical_drafts),
        T(warnings_that_become_critical_are_a_storm),
        T(critical_that_becomes_a_warning_is_quiet),
        T(missed_recovery_does_not_silence_for_good),
        T(missed_recovery_does_not_hide_a_bad_deploy),
        T(storm_goes_on_after_a_restart),
        T(held_alert_outlives_a_storm),
        T(end_on_its_way_is_no_ground_to_build_on),
        T(proposal_builds_on_what_is_on_its_way),
        T(component_taken_out_is_given_back),
        T(end_gives_back_only_what_is_free_when_confirmed),
        T(correction_shows_only_what_it_changes),
        T(proposal_keeps_a_widening_that_waits),
        T(alerts_of_another_page_stay_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
