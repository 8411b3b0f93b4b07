/* When crier speaks without being asked, and when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "house.h"
#include "records.h"

enum { LINES_MAX = 4000 };

static void put_text(char **field, const char *text)
{
    assert_int_equal(record_set_text(field, text), 0);
}

/* sre1 is on duty, #sre is the second channel; deployer1 and deployer2 are there. */
static void staff(struct house *h)
{
    struct reminder_settings *r = &h->settings->reminders;

    r->on_duty.item = calloc(1, sizeof *r->on_duty.item);
    assert_non_null(r->on_duty.item);
    r->on_duty.n = 1;
    put_text(&r->on_duty.item[0], "sre1");
    put_text(&r->second_channel, HOUSE_SRE);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep2", true);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
    fake_chat_member(&h->chat, HOUSE_OPS, "reader1", true);
}

static size_t lines(const struct house *h, const char *place)
{
    return fake_chat_count(&h->chat, place);
}

/* Waits until a line is said, and returns after how long; fails when it takes longer than most. */
static int64_t wait_for_line(struct house *h, const char *place, int64_t most_ms)
{
    size_t before = lines(h, place);
    int64_t ms;

    for (ms = 0; ms <= most_ms; ms += SECOND) {
        if (lines(h, place) > before)
            return ms;
        house_wait(h, SECOND);
    }
    house_expect_last(h, place, "a line that did not come");
    return -1;
}

static void expect_silence(struct house *h, int64_t ms)
{
    size_t before = h->chat.n;

    house_wait_sliced(h, ms, 10 * SECOND);
    if (h->chat.n != before)
        house_expect_last(h, NULL, "(silence)");
}

/* ---- the ladder
 * ------------------------------------------------------------------------------------- */

static void unconfirmed_draft_climbs(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * MINUTE), 2 * MINUTE);
    /* the suspect's deployer first; reader1 may not */
    house_expect_last(h, HOUSE_OPS,
                      "page is green, 1 alert red for 2 min: dep1, dep2: `!status confirm 1.1` or "
                      "`discard 1`");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 4 * MINUTE), 3 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "page is green, 1 alert red for 5 min: sre1: `!status confirm");
    assert_int_equal(wait_for_line(h, HOUSE_SRE, 6 * MINUTE), 5 * MINUTE);
    house_expect_last(h, HOUSE_SRE,
                      "page is green, 1 alert red for 10 min, nobody answers in #ops: `!status "
                      "confirm 1.1` publishes it (");
    house_expect_said(h, HOUSE_SRE, "DRAFT 1.1, not public: \"Errors for logged-in users. People");
    house_say(h, HOUSE_SRE, "sre1", "=", "!status confirm 1.1");
    house_expect_said(h, HOUSE_SRE, "1 is public since 18:18:00");
}

static void nobody_is_called_who_is_not_there(void **state)
{
    struct house *h = *state;

    staff(h);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep1", false);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep2", false);
    house_draft(h);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 6 * MINUTE), 5 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "red for 5 min: sre1: ");
    house_expect_unsaid(h, HOUSE_OPS, "dep2");
}

static void who_deployed_is_called_first(void **state)
{
    struct house *h = *state;

    staff(h);
    house_deploy(h, "!log deployer2@deploy1002 Started scap: Backport for "
                    "[[gerrit:880004|Example change (T1)]]");
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "red for 2 min: dep2, dep1: ");
}

/* What fired when the draft opened has recovered, something else fires: that has its own time. */
static void time_is_that_of_what_fires(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_wait(h, 90 * SECOND);
    house_jinxer(h, FRONTEND);
    house_wait(h, 10 * SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 110 * SECOND);
    house_expect_last(h, HOUSE_OPS, "page is green, 1 alert red for 2 min: dep1");
}

static void sick_disk_saves_no_reminders_up(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    h->disk_full = true;
    house_deploy(h, FINISHED); /* which cannot be written down */
    house_wait_sliced(h, 12 * MINUTE, 10 * SECOND);
    h->disk_full = false;
    house_wait_sliced(h, 10 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS, "my database can be written again");
    house_expect_unsaid(h, NULL, "page is green");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "page is green, 1 alert red for 1");
}

static void kicked_out_means_nobody_is_known_to_be_there(void **state)
{
    struct house *h = *state;

    staff(h);
    fake_chat_left(&h->chat, HOUSE_OPS, "kicked");
    fake_chat_joined(&h->chat, HOUSE_OPS);
    house_draft(h);
    house_wait_sliced(h, 4 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "page is green");
}

static void no_names_no_line(void **state)
{
    struct house *h = *state;

    house_draft(h); /* nobody on duty, no second channel, nobody known to be there */
    expect_silence(h, 50 * MINUTE);
}

static void recovery_ends_it(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 20 * MINUTE, SECOND);
    house_expect_unsaid(h, NULL, "page is green");
}

static const char *const reactions[] = {
    "!status note 1 on it",
    "!status edit 1 impact minor",
    "!status discard 1",
    "!status confirm 1.1",
};

static void any_reaction_ends_it(void **state)
{
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof reactions / sizeof reactions[0]; i++) {
        staff(h);
        house_draft(h);
        house_wait(h, 3 * MINUTE);
        house_expect_last(h, HOUSE_OPS, "red for 2 min: dep1");
        house_say(h, HOUSE_OPS, "deployer2", "=", reactions[i]);
        fake_chat_clear(&h->chat);
        house_wait_sliced(h, 29 * MINUTE, SECOND);
        house_expect_unsaid(h, NULL, "page is green");
        house_teardown(state);
        house_setup(state);
        h = *state;
    }
}

static void who_may_not_does_not_end_it(void **state)
{
    static const char *const said[] = {"!status note 1 x", "!status confirm 1.1"};
    struct house *h = *state;
    size_t i;

    staff(h);
    house_draft(h);
    house_wait(h, MINUTE);
    for (i = 0; i < 2; i++)
        house_say(h, HOUSE_OPS, "stranger", NULL, said[i]);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status show 1");
    house_wait_sliced(h, MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "red for 2 min: dep1, dep2: ");
}

static void it_begins_again_after_half_an_hour(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_wait(h, MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 1 on it");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 32 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "page is green, 1 alert red for 33 min: dep1, dep2: ");
}

static void worse_begins_again_at_once(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_wait(h, MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 1 on it");
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: ");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * MINUTE), 2 * MINUTE);
    house_expect_last(h, HOUSE_OPS,
                      "page is green, 2 alerts red for 3 min: dep1, dep2: `!status confirm 1.2`");
}

/* A confirm that published nothing leaves a red page green: silence would be wrong. */
static void confirm_in_vain_is_no_end(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_wait(h, MINUTE);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * MINUTE), 2 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "dep1, dep2: `!status confirm 1.2` or `discard 1`");
}

static void nobody_ever_is_asked_now_and_then(void **state)
{
    struct house *h = *state;
    size_t said;

    staff(h);
    house_draft(h);
    house_wait_sliced(h, 10 * MINUTE, SECOND);
    said = h->chat.n;
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 30 * MINUTE);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 30 * MINUTE);
    assert_int_equal(h->chat.n, said + 2);
}

static void widening_is_called_out(void **state)
{
    struct house *h = *state;

    staff(h);
    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, wider");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * MINUTE), 2 * MINUTE);
    house_expect_last(h, HOUSE_OPS,
                      "the page has less than 1.2, 2 alerts red for 4 min: dep1, dep2: `!status "
                      "confirm 1.2` or `discard 1`");
}

/* What a restart finds goes on where it was, beginning with the channel's return. */
static void restart_in_the_middle(void **state)
{
    struct house *h = *state;
    size_t before;

    staff(h);
    house_draft(h);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "red for 2 min: dep1");
    house_restart(h, HOUR);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
    before = lines(h, HOUSE_OPS);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 5 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "red for 1 h 8 min: sre1: ");
    assert_int_equal(lines(h, HOUSE_OPS), before + 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 1 on it");
    house_restart(h, MINUTE);
    house_wait_sliced(h, 25 * MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "`!status confirm 1.1` publishes it"); /* shown after a start */
}

/* ---- public and stale
 * ------------------------------------------------------------------------------ */

static void nothing_was_said_for_long(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * SECOND);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 30 * MINUTE - 2 * SECOND);
    house_expect_last(h, HOUSE_OPS,
                      "1 is public since 18:08, nothing was said for 30 min; alerts: 1 firing. "
                      "`!status update 1 identified: TEXT`, or `resolve 1`");
    house_wait(h, 10 * MINUTE);
    house_restart(h, 10 * MINUTE);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * HOUR), 40 * MINUTE);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * HOUR), 2 * HOUR);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * HOUR), 2 * HOUR);
    /* a word begins it anew */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know why.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_wait(h, 2 * SECOND);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 30 * MINUTE - 2 * SECOND);
    house_expect_last(h, HOUSE_OPS, "`!status update 1 monitoring: TEXT`, or `resolve 1`");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * HOUR), HOUR);
}

static void mute_holds_what_is_stale(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status mute 2h on it");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 3 * HOUR), 2 * HOUR);
    house_expect_last(h, HOUSE_OPS, "reminders are back");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), MINUTE);
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:08, nothing was said for 2 h");
}

/* What only matters a little leaves a quarter to what matters. */
static void reminders_leave_room(void **state)
{
    struct house *h = *state;
    int i;

    h->settings->reminders.lines_per_hour = 28;
    staff(h);
    house_draft(h);
    for (i = 0; i < 4; i++) { /* 11 of the 14 lines that may come at once */
        fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
        fake_chat_joined(&h->chat, HOUSE_OPS);
        fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
        house_settle(h);
    }
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "page is green");
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: ");
    house_expect_unsaid(h, HOUSE_OPS, "I have said much");
    /* as soon as there is room again */
    house_wait_sliced(h, 15 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "page is green");
}

static void monitoring_for_long(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 monitoring: Better now.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_wait_sliced(h, 59 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "in monitoring for");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS,
                      "1 is in monitoring for 1 h; alerts: 1 firing. `!status resolve 1`, or "
                      "`!status update 1 identified: TEXT`");
}

static void page_says_outage_and_all_is_quiet(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    house_publish(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 20 * MINUTE);
    house_expect_last(
        h, HOUSE_OPS,
        "page says outage (1), alarms quiet for 20 min: monitoring is ready: `!status "
        "update 1 monitoring: TEXT`, or `resolve 1`");
    expect_silence(h, 59 * MINUTE);
}

/* A new contradiction does not wait for the pace of the old reminder. */
static void quiet_after_a_reminder_is_news(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    house_publish(h);
    house_wait_sliced(h, 31 * MINUTE, 10 * SECOND); /* 18:39 */
    house_expect_last(h, HOUSE_OPS, "nothing was said for 30 min");
    house_icinga(h, EXCEPTIONS_OK);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, 2 * HOUR), 29 * MINUTE); /* 30 after the other */
    house_expect_last(h, HOUSE_OPS, "page says outage (1), alarms quiet for 29 min");
}

/* A bot that has left tells of nothing, which is not health. */
static void silence_of_the_bots_is_not_health(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    h->settings->reminders.update_ms = 0;
    fake_chat_member(&h->chat, HOUSE_OPS, "icinga-wm", true);
    house_publish(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    fake_chat_member(&h->chat, HOUSE_OPS, "icinga-wm", false);
    house_wait_sliced(h, 40 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "alarms quiet");
    fake_chat_member(&h->chat, HOUSE_OPS, "icinga-wm", true);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "alarms quiet");
}

/* ---- the page and the alarms
 * ----------------------------------------------------------------------- */

static void three_at_leisure(struct house *h)
{
    static const char *const names[] = {"A", "B", "C"};
    char line[200];
    size_t i;

    for (i = 0; i < 3; i++) { /* too slow for a storm */
        (void)snprintf(line, sizeof line, "FIRING: Latency%s: slow pages", names[i]);
        (void)snprintf(line, sizeof line,
                       "PROBLEM - Latency %s on alert1001 is CRITICAL: 2.6e+04 gt 100", names[i]);
        house_icinga(h, line);
        house_wait_sliced(h, 4 * MINUTE, 10 * SECOND);
    }
}

static void green_page_and_red_alarms(void **state)
{
    struct house *h = *state;

    three_at_leisure(h); /* 18:00, 18:04, 18:08; now 18:12 */
    assert_null(fake_chat_last(&h->chat, NULL));
    assert_true(wait_for_line(h, HOUSE_OPS, 10 * MINUTE) <= 4 * MINUTE);
    house_expect_last(
        h, HOUSE_OPS,
        "page is green, 3 alerts red for 6 min (Latency A on alert1001, ...): `!status "
        "open TITLE` makes a draft");
    house_wait_sliced(h, 29 * MINUTE, 10 * SECOND);
    assert_int_equal(h->chat.n, 1);
    house_restart(h, 10 * SECOND);
    house_wait_sliced(h, 8 * MINUTE, 10 * SECOND);
    assert_int_equal(h->chat.n, 2);
    house_expect_last(h, HOUSE_OPS, "red for");
}

static void what_cannot_be_read_is_not_called_green(void **state)
{
    struct house *h = *state;

    house_wait_sliced(h, 6 * MINUTE, 10 * SECOND); /* it was read once, a while ago */
    h->page.read_fails = true;
    three_at_leisure(h);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    assert_null(fake_chat_last(&h->chat, NULL));
    h->page.read_fails = false;
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_last(h, HOUSE_OPS, "page is green, 3 alerts red");
}

static void page_that_says_something_is_not_green(void **state)
{
    struct house *h = *state;

    (void)fake_page_by_hand(&h->page, "We have a problem", STEP_INVESTIGATING, IMPACT_MAJOR);
    three_at_leisure(h);
    house_expect_said(h, HOUSE_OPS, "on the page by hand, number 1: ");
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "page is green");
}

static void planned_work_is_no_contradiction(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "sre1", "=", "!status maintenance 2h Reading: new servers");
    fake_chat_clear(&h->chat);
    three_at_leisure(h);
    expect_silence(h, 90 * MINUTE);
    house_wait_sliced(h, 30 * MINUTE, 10 * SECOND); /* it is over, and they still fire */
    assert_non_null(fake_chat_last(&h->chat, HOUSE_OPS));
}

static void discarded_alerts_are_no_contradiction(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1 known");
    fake_chat_clear(&h->chat);
    expect_silence(h, HOUR);
}

static void by_hand_and_all_is_quiet(void **state)
{
    struct house *h = *state;
    int64_t seen;
    const char *id;

    house_wait_sliced(h, 37 * MINUTE, 10 * SECOND);
    id = fake_page_by_hand(&h->page, "We have a problem", STEP_IDENTIFIED, IMPACT_MAJOR);
    assert_true(wait_for_line(h, HOUSE_OPS, 6 * MINUTE) > 0); /* nothing else is open */
    house_expect_last(h, HOUSE_OPS, "on the page by hand, number 1: ");
    seen = h->now.boot_ms;
    (void)wait_for_line(h, HOUSE_OPS, HOUR);
    assert_true(h->now.boot_ms - seen >= 20 * MINUTE && h->now.boot_ms - seen <= 21 * MINUTE);
    house_expect_last(
        h, HOUSE_OPS,
        "page says outage (1, by hand), alarms quiet for 20 min: monitoring is ready: "
        "`!status adopt 1` goes on with it here");
    expect_silence(h, 50 * MINUTE);
    fake_page_post(&h->page, id, STEP_MONITORING, "Looks better.");
    expect_silence(h, 4 * HOUR);
}

static void told_elsewhere(struct house *h)
{
    size_t i;

    for (i = 0; i < h->settings->n_rules; i++)
        put_text(&h->settings->rule[i].channel, HOUSE_SRE);
}

/* crier cannot hear the bots: what it does not hear is not quiet. */
static void channel_that_is_lost_is_not_quiet(void **state)
{
    struct house *h = *state;

    told_elsewhere(h);
    (void)fake_page_by_hand(&h->page, "We have a problem", STEP_IDENTIFIED, IMPACT_MAJOR);
    house_wait_sliced(h, 6 * MINUTE, 10 * SECOND);
    house_expect_last(h, HOUSE_SRE, "on the page by hand, number 1: ");
    fake_chat_left(&h->chat, HOUSE_OPS, "kicked");
    expect_silence(h, HOUR);
    fake_chat_joined(&h->chat, HOUSE_OPS);
    expect_silence(h, 19 * MINUTE);
    assert_true(wait_for_line(h, HOUSE_SRE, 2 * MINUTE) >= 0);
    house_expect_last(h, HOUSE_SRE, "alarms quiet for 20 min");
}

static void reaction_to_one_made_by_hand(void **state)
{
    struct house *h = *state;

    (void)fake_page_by_hand(&h->page, "We have a problem", STEP_IDENTIFIED, IMPACT_MAJOR);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 1 that was me");
    expect_silence(h, 19 * MINUTE);
    (void)wait_for_line(h, HOUSE_OPS, 2 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "page says outage (1, by hand), alarms quiet for");
}

static void idle_page_is_read_now_and_then(void **state)
{
    struct house *h = *state;

    house_wait_sliced(h, HOUR, 10 * SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_LIST), 12);
}

/* ---- mute -------------------------------------------------------------------------------------
 */

static void mute_holds_and_ends_by_itself(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_say(h, HOUSE_OPS, "sre1", "=", "!status mute 20m we are on it");
    house_expect_last(h, HOUSE_OPS,
                      "no reminders until 18:28; drafts, proposals and failures still speak. "
                      "`!status unmute` ends it");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, "reminders are muted until 18:28 by sre1 | 1 draft, ");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 20 * MINUTE);
    house_expect_last(h, HOUSE_OPS,
                      "reminders are back: the time that sre1 muted them for is over");
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 2 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "red for 22 min: dep1, dep2: ");
}

static void mute_lets_drafts_speak(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "deployer1", "=", "!status mute 9h maintenance of the wiki farm");
    house_expect_last(h, HOUSE_OPS, "no reminders until 02:00 (8 h is the most); drafts");
    house_draft(h);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    fake_chat_clear(&h->chat);
    expect_silence(h, 9 * HOUR); /* nothing is open: nobody cares that it is over */
}

static void mute_outlives_a_restart_and_no_clock(void **state)
{
    struct house *h = *state;

    staff(h);
    house_draft(h);
    house_say(h, HOUSE_OPS, "sre1", "=", "!status mute 30m we are on it");
    house_restart(h, 5 * MINUTE);
    assert_int_equal(wait_for_line(h, HOUSE_OPS, HOUR), 25 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "reminders are back");
    house_say(h, HOUSE_OPS, "sre1", "=", "!status mute 8h we are on it");
    h->now.wall_ms -= 50LL * HOUR; /* somebody sets the clock back */
    house_restart(h, 0);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, "reminders are muted until 00:38");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status unmute");
    house_expect_last(h, HOUSE_OPS, "reader1: refused");
    house_say(h, HOUSE_OPS, "sre1", "=", "!status unmute");
    house_expect_last(h, HOUSE_OPS, "reminders are back");
    house_say(h, HOUSE_OPS, "sre1", "=", "!status unmute");
    house_expect_last(h, HOUSE_OPS, "sre1: reminders are not muted");
}

/* ---- mails -------------------------------------------------------------------------------------
 */

static void third_mail_is_told(void **state)
{
    struct house *h = *state;
    int i;

    for (i = 0; i < STEP_COUNT; i++)
        h->settings->page[0].notify[i] = true;
    h->page.subscribers = 12345;
    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know why.");
    house_expect_last(h, HOUSE_OPS, "publishes it (12,345 subscribers)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 monitoring: Better now.");
    house_expect_last(
        h, HOUSE_OPS,
        "publishes it (3rd mail in 10 min to 12,345 subscribers: add `quiet` to spare them)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3 quiet");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: Better than before.");
    house_expect_last(h, HOUSE_OPS, "publishes it (no mail)");
    house_wait(h, 11 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: Over.");
    house_expect_last(h, HOUSE_OPS, "publishes it (12,345 subscribers)");
}

/* ---- the budget
 * ---------------------------------------------------------------------------------- */

/* When each line was said; answers to people are left out by saying nothing in these tests. */
struct record {
    int64_t at[LINES_MAX];
    size_t n;
    size_t first; /* line of the house that is the first */
};

static void take_times(struct record *r, const struct house *h)
{
    while (r->first + r->n < h->chat.n && r->n < LINES_MAX)
        r->at[r->n++] = h->now.boot_ms;
}

static void expect_within(const struct record *r, int64_t budget)
{
    size_t i;

    for (i = 0; i + (size_t)budget < r->n; i++)
        if (r->at[i + (size_t)budget] - r->at[i] <= HOUR)
            fail_msg("%d lines within %d s, from line %zu", (int)budget + 1,
                     (int)((r->at[i + (size_t)budget] - r->at[i]) / 1000), i);
}

/* One alert more each minute, each on something worse or new: as many revisions as there can be. */
static void worsen(struct house *h, int minute)
{
    static const char *const lines[] = {EXCEPTIONS,  FRONTEND,
                                        SEARCH,      EXCEPTIONS_OK,
                                        FRONTEND_OK, "RESOLVED: SearchDown: search is down #page"};
    if (minute % 2)
        house_icinga(h, lines[(minute / 2) % 6]);
    else
        house_jinxer(h, lines[(minute / 2) % 6]);
}

static void storm_for_hours(struct house *h, struct record *r, int minutes, bool restarts)
{
    int i;

    for (i = 0; i < minutes; i++) {
        char line[200];

        worsen(h, i);
        (void)snprintf(line, sizeof line, "!status edit 1 impact %s", i % 2 ? "major" : "minor");
        take_times(r, h);
        if (restarts && i % 7 == 3)
            house_restart(h, SECOND);
        else
            fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
        fake_chat_joined(&h->chat, HOUSE_OPS); /* everything is shown once more */
        house_settle(h);
        take_times(r, h);
        house_wait_sliced(h, MINUTE, 20 * SECOND);
        take_times(r, h);
    }
}

static void no_hour_has_more_lines_than_that(void **state)
{
    static const int64_t budgets[] = {30, 4, 7, 100};
    struct record *r = calloc(1, sizeof *r);
    size_t i;

    assert_non_null(r);
    for (i = 0; i < 8; i++) {
        struct house *h = *state;

        memset(r, 0, sizeof *r);
        h->settings->reminders.lines_per_hour = budgets[i / 2];
        staff(h);
        house_draft(h);
        take_times(r, h);
        house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
        house_expect_said(h, HOUSE_OPS, "`!status confirm 1.1` publishes it");
        storm_for_hours(h, r, 200, i % 2);
        expect_within(r, budgets[i / 2]);
        assert_true(r->n > (size_t)budgets[i / 2]); /* it was tried */
        house_expect_said(h, HOUSE_OPS, "I have said much about 1 and am quiet about it until");
        house_teardown(state);
        house_setup(state);
    }
    free(r);
}

static void after_the_silence_the_present_words_are_shown(void **state)
{
    struct house *h = *state;
    const char *confirm = "!status confirm 1.2";
    int i;

    house_draft(h);
    for (i = 0; i < 10; i++) {
        fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
        fake_chat_joined(&h->chat, HOUSE_OPS);
        house_settle(h);
    }
    house_expect_last(h, HOUSE_OPS,
                      "I have said much about 1 and am quiet about it until 18:24, whatever comes: "
                      "`!status` shows everything");
    house_wait(h, MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_last(h, HOUSE_OPS, "I have said much");
    /* what was not shown is shown by who asks for it */
    house_say(h, HOUSE_OPS, "deployer1", "=", confirm);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: ");
    house_expect_last(h, HOUSE_OPS, "nothing is published, 1.2 had not been shown here");
    house_jinxer(h, SEARCH);
    house_wait_sliced(h, 14 * MINUTE, 10 * SECOND);
    house_expect_last(h, HOUSE_OPS, "nothing is published");
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: ");
    /* another incident has its own */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Something else");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1");
}

/* Also what is told of an incident after its end counts. */
static void end_is_within_the_budget(void **state)
{
    struct house *h = *state;
    int i;

    house_draft(h);
    for (i = 0; i < 10; i++) {
        fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
        fake_chat_joined(&h->chat, HOUSE_OPS);
        house_settle(h);
    }
    house_expect_last(h, HOUSE_OPS, "I have said much about 1");
    /* answers come nevertheless */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 impact minor");
    house_expect_last(h, HOUSE_OPS, "`!status confirm 1.2` publishes it");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: Over.");
    house_expect_last(h, HOUSE_OPS, "`!status confirm 1.3` publishes it");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_wait_sliced(h, MINUTE, SECOND);
    house_expect_last(h, HOUSE_OPS, "1 is resolved on the page since");
    house_expect_unsaid(h, HOUSE_OPS, "visible to readers");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1 is closed");
}

/* The whole channel of an hour in which nobody answers, as the note on it quotes it. */
static void hour_with_nobody_answering(void **state)
{
    struct house *h = *state;
    struct record *r = calloc(1, sizeof *r);
    size_t i;
    int minute;

    assert_non_null(r);
    staff(h);
    house_draft(h);
    take_times(r, h);
    for (minute = 0; minute < 60; minute++) {
        if (minute == 3)
            house_jinxer(h, FRONTEND);
        if (minute == 6)
            house_jinxer(h, SEARCH);
        house_wait_sliced(h, MINUTE, SECOND);
        take_times(r, h);
    }
    expect_within(r, 30);
    if (getenv("CRIER_SHOW"))
        for (i = 0; i < h->chat.n; i++)
            (void)fprintf(stderr, "%3d min %s | %s\n", (int)((r->at[i] - r->at[0]) / MINUTE),
                          h->chat.line[i].place, h->chat.line[i].text);
    assert_true(h->chat.n <= 16);
    free(r);
}

static void slicing_of_ticks_changes_no_reminder(void **state)
{
    static const int64_t slices[] = {HOUR, 997, 31};
    struct house *first = *state, other[2];
    size_t i, k;

    for (i = 0; i < 3; i++) {
        struct house *h = i ? &other[i - 1] : first;

        if (i)
            house_init(h, HOUSE_CFG);
        staff(h);
        three_at_leisure(h);
        house_wait_sliced(h, 10 * MINUTE, 10 * SECOND); /* the page is asked, and answers */
        house_jinxer(h, SEARCH);
        house_wait_sliced(h, 17 * MINUTE, slices[i]);
        house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
        house_wait_sliced(h, 20 * SECOND, SECOND); /* the same */
        house_wait_sliced(h, 100 * MINUTE, slices[i]);
        house_say(h, HOUSE_OPS, "deployer1", "=", "!status mute 20m x");
        house_wait_sliced(h, HOUR, slices[i]);
    }
    for (i = 0; i < 2; i++) {
        for (k = 0; k < first->chat.n && k < other[i].chat.n; k++)
            assert_string_equal(first->chat.line[k].text, other[i].chat.line[k].text);
        assert_int_equal(first->chat.n, other[i].chat.n);
        house_finish(&other[i]);
    }
    house_expect_said(first, HOUSE_OPS, "nothing was said for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(unconfirmed_draft_climbs),
        HOUSE_TEST(nobody_is_called_who_is_not_there),
        HOUSE_TEST(who_deployed_is_called_first),
        HOUSE_TEST(time_is_that_of_what_fires),
        HOUSE_TEST(sick_disk_saves_no_reminders_up),
        HOUSE_TEST(kicked_out_means_nobody_is_known_to_be_there),
        HOUSE_TEST(no_names_no_line),
        HOUSE_TEST(recovery_ends_it),
        HOUSE_TEST(any_reaction_ends_it),
        HOUSE_TEST(who_may_not_does_not_end_it),
        HOUSE_TEST(it_begins_again_after_half_an_hour),
        HOUSE_TEST(worse_begins_again_at_once),
        HOUSE_TEST(confirm_in_vain_is_no_end),
        HOUSE_TEST(nobody_ever_is_asked_now_and_then),
        HOUSE_TEST(widening_is_called_out),
        HOUSE_TEST(restart_in_the_middle),
        HOUSE_TEST(nothing_was_said_for_long),
        HOUSE_TEST(mute_holds_what_is_stale),
        HOUSE_TEST(reminders_leave_room),
        HOUSE_TEST(monitoring_for_long),
        HOUSE_TEST(page_says_outage_and_all_is_quiet),
        HOUSE_TEST(quiet_after_a_reminder_is_news),
        HOUSE_TEST(silence_of_the_bots_is_not_health),
        HOUSE_TEST(green_page_and_red_alarms),
        HOUSE_TEST(what_cannot_be_read_is_not_called_green),
        HOUSE_TEST(page_that_says_something_is_not_green),
        HOUSE_TEST(planned_work_is_no_contradiction),
        HOUSE_TEST(discarded_alerts_are_no_contradiction),
        HOUSE_TEST(by_hand_and_all_is_quiet),
        HOUSE_TEST(channel_that_is_lost_is_not_quiet),
        HOUSE_TEST(reaction_to_one_made_by_hand),
        HOUSE_TEST(idle_page_is_read_now_and_then),
        HOUSE_TEST(mute_holds_and_ends_by_itself),
        HOUSE_TEST(mute_lets_drafts_speak),
        HOUSE_TEST(mute_outlives_a_restart_and_no_clock),
        HOUSE_TEST(third_mail_is_told),
        HOUSE_TEST(no_hour_has_more_lines_than_that),
        HOUSE_TEST(after_the_silence_the_present_words_are_shown),
        HOUSE_TEST(end_is_within_the_budget),
        HOUSE_TEST(hour_with_nobody_answering),
        HOUSE_TEST(slicing_of_ticks_changes_no_reminder),
    };

    return cmocka_run_group_tests_name("engine_remind", tests, NULL, NULL);
}
