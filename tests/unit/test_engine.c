/* The engine as a whole, on a virtual clock, with fakes for everything outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

/* ---- when it speaks
 * --------------------------------------------------------------------------------- */

static void critical_during_deploy_drafts(void **state)
{
    struct house *h = *state;

    house_draft(h);
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), 2);
    assert_string_equal(
        h->chat.line[0].text,
        "DRAFT 1.1, not public: \"Errors for logged-in users. People who are logged "
        "in may see an error instead of pages; we are investigating.\" MAJOR, "
        "Editing: partial outage");
    house_expect_last(h, HOUSE_OPS,
                      "dep1: `!status confirm 1.1` publishes it (12,345 subscribers)");
    house_expect_last(h, HOUSE_OPS, "18:08:00");
    house_expect_last(h, HOUSE_OPS, "your scap backport is running since 18:00");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    assert_int_equal(fake_page_count(&h->page, PAGE_WARM), 1);
}

static void critical_after_deploy_drafts(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_deploy(h, FINISHED);
    house_wait(h, 14 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_expect_last(h, HOUSE_OPS, "your scap backport of 18:00 ended 14 min before");
}

static void critical_long_after_deploy_is_silent(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_deploy(h, FINISHED);
    house_wait(h, 16 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void critical_without_deploy_is_silent(void **state)
{
    struct house *h = *state;

    house_icinga(h, EXCEPTIONS);
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void sync_announced_at_its_end_is_the_suspect(void **state)
{
    struct house *h = *state;

    house_icinga(h, EXCEPTIONS);
    house_wait(h, 40 * SECOND);
    house_deploy(h, "!log deployer1@deploy1002 Synchronized wmf-config/InitialiseSettings.php: "
                    "Config: example (T1) (duration: 01m 05s)");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

static void paging_drafts_at_once(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.1, not public: \"Pages not loading. Reading and Editing: "
                      "many people may see an error");
    house_expect_said(h, HOUSE_OPS, "CRITICAL, Reading: major outage, Editing: major outage");
    house_expect_said(h, HOUSE_SRE, "DRAFT 1.1, not public: \"Pages not loading\", see #ops");
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_SRE), 1);
}

static void storm_drafts_at_the_third(void **state)
{
    struct house *h = *state;

    house_icinga(h, "PROBLEM - Latency on mw1001 is CRITICAL: slow");
    house_icinga(h, "PROBLEM - Latency on mw1002 is CRITICAL: slow");
    house_icinga(h, "PROBLEM - Latency on mw1002 is CRITICAL: slower");
    house_icinga(h, "PROBLEM - Latency on test1003 is CRITICAL: slow");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
    house_icinga(h, "PROBLEM - Latency on mw1003 is CRITICAL: slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Slow pages.");
    house_expect_last(h, HOUSE_OPS, "(3 alerts)");
}

static void slow_storm_is_silent(void **state)
{
    struct house *h = *state;

    house_icinga(h, "PROBLEM - Latency on mw1001 is CRITICAL: slow");
    house_wait(h, 3 * MINUTE);
    house_icinga(h, "PROBLEM - Latency on mw1002 is CRITICAL: slow");
    house_wait(h, 3 * MINUTE);
    house_icinga(h, "PROBLEM - Latency on mw1003 is CRITICAL: slow");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void others_words_are_chatter(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_say(h, HOUSE_OPS, "icinga-wm", NULL, EXCEPTIONS);
    house_say(h, HOUSE_OPS, "jinxer-wm", "deployer1", FRONTEND);
    house_say(h, HOUSE_SRE, "jinxer-wm", "jinxer-wm", FRONTEND);
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void storm_is_a_handful_of_lines(void **state)
{
    struct house *h = *state;
    char line[200];
    int i;

    house_jinxer(h, FRONTEND);
    for (i = 0; i < 3000; i++) {
        (void)snprintf(line, sizeof line, "PROBLEM - Latency on mw%04d is CRITICAL: slow", i);
        house_icinga(h, line);
        if (i % 100 == 0)
            house_wait(h, SECOND);
    }
    assert_int_equal(engine_open_incidents(h->engine), 1);
    assert_in_range(fake_chat_count(&h->chat, NULL), 3, 12);
}

/* ---- what changes words
 * ------------------------------------------------------------------------------- */

static void worse_alert_makes_a_revision_at_most_once_a_minute(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 10 * SECOND);
    house_jinxer(h, FRONTEND);
    house_expect_unsaid(h, HOUSE_OPS, "1.2");
    house_wait(h, 50 * SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Pages not loading.");
    house_expect_said(h, HOUSE_OPS, "CRITICAL, Editing: major outage, Reading: major outage");
    assert_int_equal(engine_open_incidents(h->engine), 1);
}

static void same_or_milder_alert_makes_none(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, "PROBLEM - MediaWiki exceptions and fatals per minute for api on alert1001 is "
                    "CRITICAL: 200 gt 100");
    house_icinga(h, EXCEPTIONS);
    house_wait(h, 2 * MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "1.2");
}

static void superseded_revision_is_refused_and_the_new_one_shown(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_expect_last(h, HOUSE_OPS,
                      "deployer1: nothing is published, 1.1 was replaced: `!status "
                      "confirm 1.2` publishes it");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

static void widening_after_publication_is_a_proposal(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, wider, not public: \"Pages not loading.");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 0);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    assert_int_equal(fake_page_last(&h->page, PAGE_UPDATE)->impact, IMPACT_CRITICAL);
    assert_string_equal(fake_page_last(&h->page, PAGE_UPDATE)->title, "Pages not loading");
}

/* Words that were only proposed do not come back when the incident ends. */
static void resolve_speaks_of_what_was_public(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, SECOND);
    house_deploy(h, "!log deployer1@deploy1002 sync-world aborted: Backport for "
                    "[[gerrit:880004|Example change (T1)]] (duration: 09m 31s)");
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_last(h, HOUSE_OPS, "your scap backport of 18:00 aborted 18:08");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, resolved, not public: \"Errors for logged-in users. "
                      "This is over. From about 18:08 UTC people who were logged in");
}

static void unrelated_outage_is_another_incident(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 11 * MINUTE);
    house_jinxer(h, "FIRING: SearchDown: search is down #page");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public: \"Search not working.");
}

/* ---- what a confirm does
 * -------------------------------------------------------------------------------- */

static void confirm_publishes_exactly_what_was_shown(void **state)
{
    struct house *h = *state;
    const struct page_request *req;

    house_publish(h);
    req = fake_page_last(&h->page, PAGE_CREATE);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_string_equal(req->title, "Errors for logged-in users");
    assert_string_equal(req->body,
                        "People who are logged in may see an error instead of pages; we are "
                        "investigating.");
    assert_int_equal(req->step, STEP_INVESTIGATING);
    assert_int_equal(req->impact, IMPACT_MAJOR);
    assert_int_equal(req->components.n, 1);
    assert_string_equal(req->components.item[0].name, "Editing");
    assert_int_equal(req->components.item[0].status, COMPONENT_PARTIAL_OUTAGE);
    assert_true(req->notify);
    assert_true(req->urgent);
    assert_non_null(strstr(req->key_incident, "-1"));
}

static void confirm_twice_publishes_once(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is confirmed already");
    h->page_answers = true;
    house_settle(h);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is public already");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_mails, 1);
}

static void quiet_sends_no_mail(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1 quiet");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_mails, 0);
}

static void plain_confirm_right_after_showing_asks_for_the_number(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 9 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm");
    house_expect_last(h, HOUSE_OPS, "1.1 has only just been shown");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1");
    house_expect_last(h, HOUSE_OPS, "1.1 has only just been shown");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_wait(h, SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

static void what_was_not_shown_cannot_be_confirmed(void **state)
{
    struct house *h = *state;

    h->lines_show = false;
    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    h->lines_show = true;
    house_settle(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

static void another_place_must_have_seen_it_too(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_SRE, "sre1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_expect_last(h, HOUSE_SRE,
                      "sre1: nothing is published, 1.1 had not been shown here: `!status "
                      "confirm 1.1` publishes it");
    house_say(h, HOUSE_SRE, "sre1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    house_expect_last(h, HOUSE_SRE, "1 is public since");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
}

static void only_those_who_may_are_obeyed(void **state)
{
    static const struct {
        const char *nick, *account, *why;
    } rows[] = {
        {"deployer1", NULL, "not logged in"},
        {"mallory", "mallory", "not on my list"},
        {"reader1", "reader1", "your role does not cover it"},
        {"deployer1", "Deployer1x", "not on my list"},
    };
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        house_say(h, HOUSE_OPS, rows[i].nick, rows[i].account, "!status confirm 1.1");
        house_expect_last(h, HOUSE_OPS, rows[i].why);
        house_expect_last(h, HOUSE_OPS, "May do this: deployers");
    }
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
}

static void refusals_to_strangers_are_few(void **state)
{
    struct house *h = *state;
    size_t before;
    int i;

    house_draft(h);
    before = fake_chat_count(&h->chat, HOUSE_OPS);
    for (i = 0; i < 50; i++)
        house_say(h, HOUSE_OPS, "mallory", "=", "!status confirm 1.1");
    assert_in_range(fake_chat_count(&h->chat, HOUSE_OPS) - before, 1, 4);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public");
}

static void unclear_or_late_page_is_told(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait(h, 1900);
    house_expect_unsaid(h, HOUSE_OPS, "taken, sending");
    house_wait(h, 100);
    house_expect_last(h, HOUSE_OPS, "confirm 1.1 taken, sending");
    h->page_answers = true;
    house_settle(h);
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:08:02");
}

/* ---- the outbox
 * -------------------------------------------------------------------------------------------- */

static void busy_page_is_tried_again(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_UNSENT);
    fake_page_script(&h->page, FAKE_UNSENT);
    h->page.retry_after_ms = 30 * SECOND;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is not public yet: queued, retrying");
    house_wait(h, 29 * SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    house_wait(h, 5 * SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 2);
    house_wait_sliced(h, 60 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 3);
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    assert_int_equal(h->page.n_incidents, 1);
}

/* A busy channel is told late, and then not what has ceased to be true meanwhile. */
static void progress_is_not_told_after_the_end(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    h->chat.hold = true;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is not public yet: no clear answer");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    assert_int_equal(h->page.n_incidents, 1);
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    house_expect_unsaid(h, HOUSE_OPS, "1.1 is not public yet");
    house_expect_unsaid(h, HOUSE_OPS, "1.1 is not on the page");
    h->chat.hold = false;
    fake_chat_send(&h->chat);
    house_settle(h);

    /* what was said stays said, and another step's line is another */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: Found.");
    house_wait(h, SECOND);
    h->chat.hold = true;
    fake_page_script(&h->page, FAKE_UNSENT);
    fake_page_script(&h->page, FAKE_REFUSE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1.2 is not public yet: queued, retrying");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "1.2 is not public yet");
    house_expect_said(h, HOUSE_OPS, "1.2 was NOT published");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

static void doubt_is_settled_by_reading(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_DOUBT_APPLIED);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_incidents, 1);
}

static void lost_request_is_sent_again_after_the_grace(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 55 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    house_wait_sliced(h, 10 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 2);
    assert_int_equal(h->page.n_incidents, 1);
    house_expect_said(h, HOUSE_OPS, "1.1 is not on the page: sending it again");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

/* What was read before the grace was over says nothing about what came in its last moment. */
static void reading_from_within_the_grace_is_not_trusted(void **state)
{
    struct house *h = *state;
    size_t reading = 0;
    struct page_answer nothing = {
        .result = PAGE_OK, .recent = true, .error = "", .subscribers = -1};

    house_draft(h);
    fake_page_script(&h->page, FAKE_DOUBT_APPLY_LATER);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 52 * SECOND, SECOND);
    h->page_answers = false;
    house_wait_sliced(h, 10 * SECOND,
                      SECOND); /* it is read at 55 s, and the answer takes its time */
    assert_int_equal(fake_page_apply_late(&h->page), 1);
    while (reading < h->page.n &&
           (h->page.request[reading].answered || h->page.request[reading].req.op != PAGE_LIST ||
            !h->page.request[reading].req.outbox_id))
        reading++;
    assert_true(reading < h->page.n);
    fake_page_answer_with(&h->page, reading, &nothing);
    h->page_answers = true;
    house_wait_sliced(h, 30 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_incidents, 1);
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

static void late_application_is_found(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_DOUBT_APPLY_LATER);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 30 * SECOND, SECOND);
    assert_int_equal(fake_page_apply_late(&h->page), 1);
    house_wait_sliced(h, 60 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_incidents, 1);
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

static void refused_by_the_page_keeps_the_words(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fake_page_script(&h->page, FAKE_REFUSE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 was NOT published, the page refused it");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    assert_int_equal(h->page.n_incidents, 1);
}

static void stale_confirm_is_withdrawn(void **state)
{
    struct house *h = *state;
    int i;

    house_draft(h);
    for (i = 0; i < 100; i++)
        fake_page_script(&h->page, FAKE_UNSENT);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 17 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn");
    h->page.n_script = h->page.next_script;
    house_wait_sliced(h, 10 * MINUTE, 10 * SECOND);
    assert_int_equal(h->page.n_incidents, 0);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    assert_int_equal(h->page.n_incidents, 1);
}

static void nothing_leaves_before_its_commit(void **state)
{
    struct house *h = *state;
    size_t said;

    house_draft(h);
    said = h->chat.n;
    fake_chat_hear(&h->chat, HOUSE_OPS, "deployer1", "deployer1", "!status confirm 1.1",
                   h->now.wall_ms);
    assert_int_equal(courier_commit(&h->courier), 0);
    assert_int_equal(h->chat.n, said);
    fake_store_fail(&h->store, "disk full"); /* which is told, see test_engine_disk.c */
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_settle(h);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

/* ---- a life
 * -------------------------------------------------------------------------------------------------
 */

static void a_whole_life(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 5 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=",
              "!status update 1 identified: A change is being undone. Errors go on for now.");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.2, identified, not public: \"Errors for logged-in users. "
                      "A change is being undone. Errors go on for now.\"");
    house_expect_last(h, HOUSE_OPS, "publishes it (no mail)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1 updated at 18:13:00 without mail, identified");
    /* the title did not change, so whatever the page has stays */
    assert_string_equal(fake_page_last(&h->page, PAGE_UPDATE)->title, "");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, resolved, not public: \"Errors for logged-in users. This "
                      "is over. From about 18:08 UTC people who were logged in may have seen "
                      "errors.\" MAJOR, Editing: operational");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1 is resolved on the page since 18:13:00");
    assert_int_equal(engine_open_incidents(h->engine), 0);
    assert_int_equal(h->page.n_incidents, 1);
    assert_int_equal(h->page.incident[0].step, STEP_RESOLVED);
    assert_int_equal(h->page.incident[0].components.item[0].status, COMPONENT_OPERATIONAL);
    /* the alert still fires: what people closed stays closed until it recovers */
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_icinga(h, EXCEPTIONS_OK);
    house_deploy(h, STARTED);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1");
}

static void resolve_leaves_what_others_claim(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 11 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Edits may fail");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 2 components Editing: degraded");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 2.2");
    house_expect_last(h, HOUSE_OPS, "2 is public since");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS, "MAJOR, Editing: degraded performance");
}

static void correct_and_retract(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: Some people may see errors.");
    house_expect_last(h, HOUSE_OPS, "publishes it (no mail)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1 corrected at");
    assert_int_equal(fake_page_count(&h->page, PAGE_CORRECT), 1);
    assert_int_equal(h->page.n_mails, 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status retract 1");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, closes it as a false alarm, not public: ");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

static void edits_make_revisions_that_signals_keep(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 title Errors for some users");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Errors for some users. People who");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 impact minor");
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.3, not public: \"Errors for some users. People who are logged "
                      "in may see an error instead of pages; we are investigating.\" MINOR");
    house_wait(h, 2 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.4, not public: \"Errors for some users.");
    house_expect_said(h, HOUSE_OPS, "CRITICAL, Editing: major outage, Reading: major outage");
}

/* Prepared words name the components that the revision has, until a person writes others. */
static void prepared_words_follow_edited_components(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status text 1 everyone");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Pages not loading. Editing: many");
    house_say(h, HOUSE_OPS, "deployer1", "=",
              "!status edit 1 components Reading: partial, Editing: major");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: \"Pages not loading. Reading and ");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 title Nothing loads");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 components Reading: major");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.5, not public: \"Nothing loads. Reading: many");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body Reading is slow.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 components Editing: major");
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.7, not public: \"Nothing loads. Reading is slow.\" MAJOR, "
                      "Editing: major outage");
}

/* So they do with the start. */
static void prepared_words_follow_an_edited_start(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, resolved, not public: ");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 start 18:01");
    house_expect_said(h, HOUSE_OPS, "1: began about 18:01 UTC");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, resolved, not public: \"Errors for logged-in users. This is "
                      "over. From about 18:01 UTC people");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body All is well again.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 start 18:02");
    house_expect_last(h, HOUSE_OPS, "1: began about 18:02 UTC");
}

static void bad_edits_say_what_to_do(void **state)
{
    static const struct {
        const char *command, *answer;
    } rows[] = {
        {"!status edit 1 impact huge", "impact is one of none, minor, major, critical"},
        {"!status edit 1 components Foo: partial", "Foo"},
        {"!status edit 1 body The kafka cluster is down", "kafka"},
        {"!status edit 1 body <b>bold</b>", "<"},
        {"!status edit 1 start 25:99", "18:33"},
        {"!status edit 9 title X", "there is no 9"},
        {"!status edit 1 title", "edit"},
        {"!status confrim 1.1", "confirm"},
        {"!status confirm 1.1 please", "confirm"},
        {"!status text 1 nonsense", "no wording is called that; `!status text 1 NAME`: logged-in "
                                    "\"Errors for logged-in users\", "},
        {"!status discard 1.7", "1.7 is not what waits now, 1.1 is"},
        {"!status edit 1.7 impact minor", "1.7 is not what waits now, 1.1 is"},
        {"!status update 1 identified: X", "not public yet"},
        {"!status resolve 1", "not public yet"},
    };
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t before = fake_chat_count(&h->chat, HOUSE_OPS);

        house_say(h, HOUSE_OPS, "deployer1", "=", rows[i].command);
        house_expect_last(h, HOUSE_OPS, rows[i].answer);
        assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), before + 1);
    }
    house_expect_unsaid(h, HOUSE_OPS, "1.2");
}

static void text_takes_another_wording(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status text 1 slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Slow pages. Pages may load slowly;");
}

static void discard_holds_the_alerts(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1 just a test");
    house_expect_last(h, HOUSE_OPS, "1 discarded");
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is closed");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
}

static void quiet_draft_is_closed_once(void **state)
{
    struct house *h = *state;
    size_t before;

    house_draft(h);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait(h, 59 * MINUTE);
    before = fake_chat_count(&h->chat, HOUSE_OPS);
    assert_int_equal(engine_open_incidents(h->engine), 1);
    house_wait(h, MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_expect_last(h, HOUSE_OPS, "1 closed without publishing: its alerts are quiet for 1 h");
    house_wait(h, 2 * HOUR);
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), before + 1);
}

static void status_and_help(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, "nothing is open");
    house_draft(h);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_last(h, HOUSE_OPS,
                      "1 draft, not public, `!status confirm 1.1`: \"Errors for logged-in users\"");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status help");
    house_expect_said(h, "net/reader1", "confirm");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status who");
    house_expect_said(h, "net/deployer1", "you are deployer1: deployer");
}

static void lost_answer(void *ctx, const struct page_answer *answer)
{
    (void)ctx;
    (void)answer;
}

/* ---- restarts and time
 * ------------------------------------------------------------------------------------- */

/* @return true when a stored line of incident 1's timeline contains the text. */
static bool in_timeline(const struct house *h, const char *text)
{
    size_t i;

    for (i = 0; i < h->store.n_rows; i++) {
        const struct record_timeline *r = h->store.row[i].record;

        if (h->store.row[i].table == RECORD_TIMELINE && r->incident == 1 && strstr(r->text, text))
            return true;
    }
    return false;
}

static void restart_keeps_everything(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!log trying something");
    house_wait(h, 3 * MINUTE);
    house_restart(h, 10 * SECOND);
    house_icinga(h, EXCEPTIONS);
    assert_true(in_timeline(h, "trying something")); /* the lookback was kept, too */
    house_expect_last(h, HOUSE_OPS, "your scap backport is running since 18:00");
    fake_chat_clear(&h->chat);
    house_restart(h, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Errors for logged-in users.");
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), 2);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    house_restart(h, 10 * SECOND);
    house_icinga(h, EXCEPTIONS);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is public already");
    assert_int_equal(h->page.n_incidents, 1);
}

/* The request has left; the process dies before the answer, whether the page applied it or not. */
static void crash_with_a_request_in_flight_publishes_once(void **state)
{
    static const enum fake_outcome outcomes[] = {FAKE_DOUBT_LOST, FAKE_DOUBT_APPLIED};
    static const char *const pages[] = {FRONTEND, "FIRING: SearchDown: search is down #page"};
    struct house *h = *state;
    size_t i;

    for (i = 0; i < 2; i++) {
        struct page_sink sink = h->page.sink;
        char confirm[40];

        house_jinxer(h, pages[i]);
        h->page_answers = false;
        (void)snprintf(confirm, sizeof confirm, "!status confirm %zu.1", i + 1);
        house_say(h, HOUSE_OPS, "deployer1", "=", confirm);
        assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), i ? 3 : 1);
        fake_page_script(&h->page, outcomes[i]);
        h->page.sink = (struct page_sink){.ctx = h, .answer = lost_answer};
        (void)fake_page_answer_all(&h->page);
        h->page.sink = sink;
        h->page_answers = true;
        house_restart(h, 5 * SECOND);
        house_wait_sliced(h, 2 * MINUTE, SECOND);
        house_expect_said(h, HOUSE_OPS, i ? "2 is public since" : "1 is public since");
        assert_int_equal(h->page.n_incidents, i + 1);
        assert_int_equal(h->page.n_mails, i + 1);
        house_wait(h, 11 * MINUTE);
    }
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 3);
}

/* Inputs come at the same times; between them time passes in one tick or in many. */
static void slicing_of_ticks_changes_nothing(void **state)
{
    static const int64_t slices[] = {HOUR, 997, 10};
    struct house *first = *state, other[2];
    size_t i, k;

    for (i = 0; i < 3; i++) {
        struct house *h = i ? &other[i - 1] : first;

        if (i)
            house_init(h, HOUSE_CFG);
        house_draft(h);
        house_wait_sliced(h, 10 * SECOND, slices[i]);
        house_jinxer(h, FRONTEND);
        house_wait_sliced(h, 3 * MINUTE, slices[i]);
        for (k = 0; k < 40; k++)
            fake_page_script(&h->page, k % 3 ? FAKE_UNSENT : FAKE_DOUBT_LOST);
        h->page_answers = false;
        house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
        for (k = 0; k < 100; k++) { /* the page answers every 10 s */
            house_wait_sliced(h, 10 * SECOND, slices[i]);
            (void)fake_page_answer(&h->page);
        }
        h->page_answers = true;
        house_icinga(h, EXCEPTIONS_OK);
        house_jinxer(h, FRONTEND_OK);
        house_wait_sliced(h, HOUR, i == 2 ? 9999 : slices[i]);
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(first->chat.n, other[i].chat.n);
        for (k = 0; k < first->chat.n; k++)
            assert_string_equal(first->chat.line[k].text, other[i].chat.line[k].text);
        assert_int_equal(first->page.n, other[i].page.n);
        house_finish(&other[i]);
    }
    house_expect_said(first, HOUSE_OPS, "1.2 is not public yet");
}

/* Somebody sets the clock, by days and both ways: what is due in memory stays due when it was. */
static void set_clocks_move_no_deadline(void **state)
{
    static const int64_t jumps[] = {26LL * HOUR, -50LL * HOUR};
    struct house *h = *state;
    size_t i, k;

    for (i = 0; i < 2; i++) {
        char confirm[40];

        house_deploy(h, STARTED);
        house_wait(h, 5 * MINUTE);
        h->now.wall_ms += jumps[i];
        house_icinga(h, EXCEPTIONS);
        house_expect_last(h, HOUSE_OPS, "your scap backport is running since");
        h->now.wall_ms -= 2 * jumps[i];
        for (k = 0; k < 40; k++)
            fake_page_script(&h->page, FAKE_UNSENT);
        (void)snprintf(confirm, sizeof confirm, "!status confirm %zu.1", i + 1);
        house_say(h, HOUSE_OPS, "deployer1", "=", confirm);
        house_wait_sliced(h, 14 * MINUTE, 10 * SECOND);
        house_expect_unsaid(h, HOUSE_OPS, "withdrawn");
        house_wait_sliced(h, 3 * MINUTE, 10 * SECOND);
        house_expect_said(h, HOUSE_OPS, "withdrawn");
        h->page.n_script = h->page.next_script;
        (void)snprintf(confirm, sizeof confirm, "!status discard %zu", i + 1);
        house_say(h, HOUSE_OPS, "deployer1", "=", confirm);
        house_icinga(h, EXCEPTIONS_OK);
        house_deploy(h, FINISHED);
        fake_chat_clear(&h->chat);
    }
}

/* A stored deadline is never longer than it was, however the clock was set while crier was down. */
static void a_clock_set_while_down_keeps_no_stale_approval(void **state)
{
    struct house *h = *state;
    size_t k;

    house_draft(h);
    for (k = 0; k < 40; k++)
        fake_page_script(&h->page, FAKE_UNSENT);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    h->now.wall_ms -= 48LL * HOUR;
    house_restart(h, SECOND);
    house_wait_sliced(h, 16 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn");
}

static void gap_shows_the_draft_again(void **state)
{
    struct house *h = *state;

    h->lines_show = false;
    house_draft(h);
    fake_chat_unshow(&h->chat);
    fake_chat_left(&h->chat, HOUSE_OPS, "connection lost");
    house_settle(h);
    fake_chat_clear(&h->chat);
    h->lines_show = true;
    fake_chat_joined(&h->chat, HOUSE_OPS);
    house_settle(h);
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), 2);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
}

static void two_people_for_critical(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is critical and needs a second person");
    house_say(h, HOUSE_OPS, "deployer1", "deployer1-alt", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "you confirmed 1.1 already");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_wait(h, 5 * MINUTE);
    house_expect_last(h, HOUSE_OPS, "still needs a second person");
    house_expect_last(h, HOUSE_OPS, "`!status edit 1 impact major`");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status resolve 1");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1 is resolved on the page");
}

/* A configuration without the rule was read meanwhile. */
static void nobody_is_called_as_second_where_one_is_enough(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    h->settings->chat.two_for_critical = false;
    house_wait(h, 5 * MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "still needs a second person");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
}

static void first_approval_goes_stale(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait(h, 10 * MINUTE);
    house_restart(h, 5 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is critical and needs a second person");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
}

static void edit_starts_the_approval_over(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 title Pages do not load");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "1.2 is critical and needs a second person");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status edit 1 impact major");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(critical_during_deploy_drafts),
        HOUSE_TEST(critical_after_deploy_drafts),
        HOUSE_TEST(critical_long_after_deploy_is_silent),
        HOUSE_TEST(critical_without_deploy_is_silent),
        HOUSE_TEST(sync_announced_at_its_end_is_the_suspect),
        HOUSE_TEST(paging_drafts_at_once),
        HOUSE_TEST(storm_drafts_at_the_third),
        HOUSE_TEST(slow_storm_is_silent),
        HOUSE_TEST(others_words_are_chatter),
        HOUSE_TEST(storm_is_a_handful_of_lines),
        HOUSE_TEST(worse_alert_makes_a_revision_at_most_once_a_minute),
        HOUSE_TEST(same_or_milder_alert_makes_none),
        HOUSE_TEST(superseded_revision_is_refused_and_the_new_one_shown),
        HOUSE_TEST(widening_after_publication_is_a_proposal),
        HOUSE_TEST(resolve_speaks_of_what_was_public),
        HOUSE_TEST(unrelated_outage_is_another_incident),
        HOUSE_TEST(confirm_publishes_exactly_what_was_shown),
        HOUSE_TEST(confirm_twice_publishes_once),
        HOUSE_TEST(quiet_sends_no_mail),
        HOUSE_TEST(plain_confirm_right_after_showing_asks_for_the_number),
        HOUSE_TEST(what_was_not_shown_cannot_be_confirmed),
        HOUSE_TEST(another_place_must_have_seen_it_too),
        HOUSE_TEST(only_those_who_may_are_obeyed),
        HOUSE_TEST(refusals_to_strangers_are_few),
        HOUSE_TEST(unclear_or_late_page_is_told),
        HOUSE_TEST(busy_page_is_tried_again),
        HOUSE_TEST(progress_is_not_told_after_the_end),
        HOUSE_TEST(doubt_is_settled_by_reading),
        HOUSE_TEST(lost_request_is_sent_again_after_the_grace),
        HOUSE_TEST(reading_from_within_the_grace_is_not_trusted),
        HOUSE_TEST(late_application_is_found),
        HOUSE_TEST(refused_by_the_page_keeps_the_words),
        HOUSE_TEST(stale_confirm_is_withdrawn),
        HOUSE_TEST(nothing_leaves_before_its_commit),
        HOUSE_TEST(a_whole_life),
        HOUSE_TEST(resolve_leaves_what_others_claim),
        HOUSE_TEST(correct_and_retract),
        HOUSE_TEST(edits_make_revisions_that_signals_keep),
        HOUSE_TEST(prepared_words_follow_edited_components),
        HOUSE_TEST(prepared_words_follow_an_edited_start),
        HOUSE_TEST(bad_edits_say_what_to_do),
        HOUSE_TEST(text_takes_another_wording),
        HOUSE_TEST(discard_holds_the_alerts),
        HOUSE_TEST(quiet_draft_is_closed_once),
        HOUSE_TEST(status_and_help),
        HOUSE_TEST(restart_keeps_everything),
        HOUSE_TEST(crash_with_a_request_in_flight_publishes_once),
        HOUSE_TEST(slicing_of_ticks_changes_nothing),
        HOUSE_TEST(set_clocks_move_no_deadline),
        HOUSE_TEST(a_clock_set_while_down_keeps_no_stale_approval),
        HOUSE_TEST(gap_shows_the_draft_again),
        HOUSE_TEST(two_people_for_critical),
        HOUSE_TEST(nobody_is_called_as_second_where_one_is_enough),
        HOUSE_TEST(first_approval_goes_stale),
        HOUSE_TEST(edit_starts_the_approval_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
