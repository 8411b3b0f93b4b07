/* The way out of an outage: proposals from the deploy log and the alerts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define REVERT_OF(phase)                                                                       \
    "!log deployer1@deploy1002 " phase " scap: Backport for [[gerrit:880005|Revert \"Example " \
    "change\"]]"
#define REVERT REVERT_OF("Started")
#define REVERTED REVERT_OF("Finished") " (duration: 08m 57s)"
#define ABORTED                                                                                  \
    "!log deployer1@deploy1002 sync-world aborted: Backport for [[gerrit:880004|Example change " \
    "(T1)]]"

static void confirm(struct house *h, const char *what)
{
    char line[64];

    (void)snprintf(line, sizeof line, "!status confirm%s", what);
    house_wait_sliced(h, 20 * SECOND, SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", line);
}

static size_t lines(const struct house *h)
{
    return fake_chat_count(&h->chat, HOUSE_OPS);
}

/* Public since 18:08, the revert from 18:14 to 18:23, alerts quiet at 18:25. */
static void publish_and_revert(struct house *h)
{
    house_publish(h);
    house_wait_sliced(h, 6 * MINUTE, 10 * SECOND);
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.2, identified, not public: \"Errors for logged-in users. We know "
                      "the cause. People who are logged in may still see an error instead of "
                      "pages.\" MAJOR, Editing: partial outage");
    house_expect_said(h, HOUSE_OPS, "`!status confirm 1.2` publishes it (no mail)");
    confirm(h, "");
    house_expect_last(h, HOUSE_OPS, "1 updated at 18:14:20 without mail, identified: ");
    house_wait_sliced(h, 9 * MINUTE, 10 * SECOND);
    house_deploy(h, REVERTED);
}

static void whole_way_takes_a_confirm_each(void **state)
{
    struct house *h = *state;
    size_t before;

    publish_and_revert(h);
    before = lines(h);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    assert_int_equal(lines(h), before); /* it is done, but alerts fire */
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(
        h, HOUSE_OPS,
        "PROPOSAL 1.3, monitoring, not public: \"Errors for logged-in users. A fix is "
        "in place. Pages should load again for people who are logged in; we are "
        "watching.\" MAJOR, Editing: partial outage");
    house_expect_last(h, HOUSE_OPS, "Why: its alerts are quiet since 18:25, mended at 18:23");
    confirm(h, " 1.3");
    house_wait_sliced(h, 9 * MINUTE + 39 * SECOND, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "resolved");
    house_wait_sliced(h, 5 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.4, resolved, not public: \"Errors for logged-in users. This is "
                      "over. From about 18:08 UTC people who were logged in may have seen "
                      "errors.\" MAJOR, Editing: operational");
    confirm(h, "");
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 3);
    house_wait_sliced(h, HOUR, 10 * SECOND);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

static void cancelled_sync_is_no_recovery(void **state)
{
    struct house *h = *state;
    size_t before;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    before = lines(h);
    house_deploy(h, ABORTED);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    assert_int_equal(lines(h), before);
}

static void widening_that_waits_goes_along(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 3 * MINUTE);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.2, wider, not public: \"Pages not loading. Editing");
    house_wait(h, 80 * SECOND);
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, identified, not public: \"Pages not loading. We know the "
                      "cause. Many people may still see an error instead of pages.\" CRITICAL, "
                      "Editing: major outage, Reading: major outage");
    confirm(h, " 1.2");
    house_expect_last(h, HOUSE_OPS, "1.2 was replaced");
    confirm(h, " 1.3");
    house_expect_last(h, HOUSE_OPS, "identified: ");
}

static void recovery_by_itself_claims_no_fix(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.2, monitoring, not public: \"Errors for logged-in users. Pages "
                      "should load again for people who are logged in; we are watching.\"");
}

static void recovery_during_the_revert_waits_for_its_end(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 5 * MINUTE);
    house_deploy(h, REVERT);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_unsaid(h, HOUSE_OPS, "monitoring");
    house_wait(h, MINUTE);
    house_deploy(h, REVERTED);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, monitoring");
}

static void revert_that_fails_takes_its_proposal_back(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 5 * MINUTE);
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_wait(h, MINUTE);
    house_jinxer(h, FRONTEND); /* what is wider stays true */
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, identified, not public: \"Pages not loading");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, REVERT_OF("scap failed: average error rate increased; was"));
    house_deploy(
        h, "!log deployer1@deploy1002 sync-world aborted: Backport for [[gerrit:880005|Revert "
           "\"Example change\"]]");
    house_expect_said(h, HOUSE_OPS, "1.3 withdrawn: what was to mend it did not go through");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.4, wider, not public: \"Pages not loading. Editing and Reading: "
                      "many people may see an error instead of pages; we are investigating.\"");
}

static void firing_again_goes_back(void **state)
{
    struct house *h = *state;

    publish_and_revert(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    confirm(h, "");
    house_expect_last(h, HOUSE_OPS, "monitoring: ");
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.4, investigating, not public: \"Errors for logged-in users. The "
                      "errors are back. People who are logged in may see them instead of pages.\"");
    house_expect_last(h, HOUSE_OPS, "Why: its alerts fire again");
    confirm(h, "");
    house_wait_sliced(h, 3 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.5");
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND); /* after a relapse quiet has to last */
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.5, monitoring, not public: \"Errors for logged-in "
                      "users. Pages should load again");
}

static void firing_again_withdraws_what_waits(void **state)
{
    struct house *h = *state;
    size_t before;

    publish_and_revert(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, monitoring");
    house_wait(h, 2 * MINUTE);
    before = lines(h);
    house_icinga(h, EXCEPTIONS);
    house_expect_last(h, HOUSE_OPS, "1.3 withdrawn: its alerts fire again");
    assert_int_equal(lines(h), before + 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1.3");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
}

static void flapping_is_damped(void **state)
{
    struct house *h = *state;
    size_t before;
    int i;

    house_publish(h);
    before = lines(h);
    for (i = 0; i < 30; i++) {
        house_wait_sliced(h, MINUTE, 10 * SECOND);
        house_icinga(h, i % 2 ? EXCEPTIONS : EXCEPTIONS_OK);
    }
    assert_true(lines(h) - before <= 10);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 11 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "resolved, not public");
}

static void discarded_proposal_stays_away(void **state)
{
    struct house *h = *state;
    size_t before;

    publish_and_revert(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_expect_last(h, HOUSE_OPS, "proposal 1.3 dropped");
    before = lines(h);
    house_wait_sliced(h, 9 * MINUTE, 10 * SECOND);
    assert_int_equal(lines(h), before);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, resolved");
}

static void words_of_people_are_left_to_them(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 5 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: It was our change.");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.3");
    confirm(h, "");
    house_wait(h, MINUTE);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, monitoring");
}

/* ---- drafts that nobody has confirmed -------------------------------------------------------- */

static void draft_that_is_over_is_asked_about(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.2, over already, not public: \"Errors for logged-in users. This is "
                      "over. From about 18:08 UTC people who were logged in may have seen "
                      "errors.\" MAJOR, Editing: operational");
    house_expect_last(h, HOUSE_OPS,
                      "`!status confirm 1.2` publishes it (12,345 subscribers), "
                      "`!status discard 1` drops it. Why: its alerts are quiet since "
                      "18:13");
    confirm(h, "");
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:13:20, resolved: ");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 0);
    assert_int_equal(fake_page_last(&h->page, PAGE_CREATE)->step, STEP_RESOLVED);
    house_wait_sliced(h, HOUR, 10 * SECOND);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 2.");
}

static void draft_that_is_not_over_after_all(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, over already");
    house_wait(h, 20 * SECOND);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(
        h, HOUSE_OPS,
        "DRAFT 1.3, not public: \"Errors for logged-in users. People who are logged in "
        "may see an error instead of pages; we are investigating.\" MAJOR, Editing: "
        "partial outage");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_said(h, HOUSE_OPS, "1.2 was replaced");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
}

static void draft_keeps_what_people_wrote(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 title Trouble for editors");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body Editors may see errors.");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.4, identified, not public: \"Trouble for editors. "
                      "Editors may see errors.\"");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, REVERTED);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "DRAFT 1.5, over already, not public: \"Trouble for editors. This is over.");
}

static void draft_that_is_over_is_closed_after_an_hour(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 61 * MINUTE, 10 * SECOND);
    house_expect_last(h, HOUSE_OPS, "1 closed without publishing");
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* ---- whose cure it is ------------------------------------------------------------------------ */

static void rollback_of_the_suspect_is_its_cure(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 3 * MINUTE);
    house_deploy(h, "!log deployer1@deploy1002 deployer1: Rolling back deployment");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_wait(h, 3 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_unsaid(h, HOUSE_OPS, "monitoring");
    house_deploy(h, FINISHED);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, monitoring, not public: \"Errors for logged-in "
                      "users. A fix is in place.");
}

static void revert_under_way_is_not_the_suspect(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_deploy(h, FINISHED);
    house_wait(h, MINUTE);
    house_deploy(h, REVERT); /* somebody saw it before the alerts did */
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "your scap backport of 18:00 ended");
    house_wait_sliced(h, 61 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, identified");
}

static void other_revert_long_after_changes_nothing(void **state)
{
    struct house *h = *state;
    size_t before;

    publish_and_revert(h);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    confirm(h, "");
    house_wait(h, MINUTE);
    before = lines(h);
    house_deploy(
        h, "!log deployer2@deploy1002 Started scap: Backport for [[gerrit:1|Revert \"Other\"]]");
    assert_int_equal(lines(h), before);
}

static void by_hand_without_alerts_follows_the_revert_alone(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Pages fail");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait(h, 2 * MINUTE);
    house_icinga(h, "PROBLEM - Latency of something on mw1 is WARNING: slow"); /* tells nothing */
    house_wait(h, MINUTE);
    house_icinga(h, "RECOVERY - Latency of something on mw1 is OK: fine");
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, REVERTED);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, monitoring");
    house_wait_sliced(h, HOUR, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "resolved, not public"); /* nothing says that it is over */
}

static void logged_mitigation_means_that_the_cause_is_known(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 3 * MINUTE);
    house_deploy(h, "!log sre1@cumin1001 conftool action : set/pooled=yes; selector: name=mw1349");
    house_deploy(h, "!log sre1@cumin1001 dbctl commit (dc=all): 'Repool db1100', diff saved");
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
    house_deploy(h, "!log sre1@cumin1001 conftool action : set/pooled=no; selector: name=mw1349");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_expect_last(h, HOUSE_OPS, "Why: mended at 18:11, as was logged");
    house_wait(h, 3 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, monitoring, not public: \"Errors for logged-in "
                      "users. A fix is in place.");
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void restart_goes_on(void **state)
{
    struct house *h = *state;

    publish_and_revert(h);
    house_restart(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, monitoring, not public: \"Errors for logged-in "
                      "users. A fix is in place.");
    confirm(h, " 1.3");
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_restart(h, MINUTE);
    house_wait_sliced(h, 4 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, resolved");
    house_restart(h, MINUTE);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.5");
}

static void note_for_the_report_of_what_is_over(void **state)
{
    struct house *h = *state;
    size_t rows;

    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    rows = fake_store_count(&h->store, RECORD_TIMELINE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 1 it was the cache");
    house_expect_last(h, HOUSE_OPS, "noted for the report of 1");
    assert_int_equal(fake_store_count(&h->store, RECORD_TIMELINE), rows + 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status note 2 it was the cache");
    house_expect_last(h, HOUSE_OPS, "there is no 2");
}

static void switched_off_it_is_silent(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    house_publish(h);
    house_deploy(h, REVERT);
    house_deploy(h, REVERTED);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
}

/* What version 2 of the schema added is 0 in a file that was of version 1. */
static void forget_what_is_new(struct house *h)
{
    size_t i;

    for (i = 0; i < h->store.n_rows; i++) {
        struct record_incident *inc = h->store.row[i].record;

        if (h->store.row[i].table != RECORD_INCIDENT)
            continue;
        inc->fix_deploy = inc->fixed_wall_ms = inc->alarmed = inc->relapses = 0;
        inc->speech_wall_ms = inc->hush_wall_ms = inc->ladder_wall_ms = inc->rung = 0;
        inc->reminded_wall_ms = inc->reacted_wall_ms = inc->nudges = inc->nudged_wall_ms = 0;
        inc->postmortem = 0;
    }
}

static void an_outage_of_an_older_file_is_followed_to_its_end(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    forget_what_is_new(h);
    house_restart(h, 10 * SECOND);
    house_deploy(h, FINISHED);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 12 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, ");
}

static void an_outage_that_was_quiet_in_an_older_file_is_followed_too(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_deploy(h, FINISHED);
    house_icinga(h, EXCEPTIONS_OK);
    forget_what_is_new(h);
    house_restart(h, 10 * SECOND);
    house_wait_sliced(h, 12 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, ");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        HOUSE_TEST(whole_way_takes_a_confirm_each),
        HOUSE_TEST(cancelled_sync_is_no_recovery),
        HOUSE_TEST(widening_that_waits_goes_along),
        HOUSE_TEST(recovery_by_itself_claims_no_fix),
        HOUSE_TEST(recovery_during_the_revert_waits_for_its_end),
        HOUSE_TEST(revert_that_fails_takes_its_proposal_back),
        HOUSE_TEST(firing_again_goes_back),
        HOUSE_TEST(firing_again_withdraws_what_waits),
        HOUSE_TEST(flapping_is_damped),
        HOUSE_TEST(discarded_proposal_stays_away),
        HOUSE_TEST(words_of_people_are_left_to_them),
        HOUSE_TEST(draft_that_is_over_is_asked_about),
        HOUSE_TEST(draft_that_is_not_over_after_all),
        HOUSE_TEST(draft_keeps_what_people_wrote),
        HOUSE_TEST(draft_that_is_over_is_closed_after_an_hour),
        HOUSE_TEST(rollback_of_the_suspect_is_its_cure),
        HOUSE_TEST(revert_under_way_is_not_the_suspect),
        HOUSE_TEST(other_revert_long_after_changes_nothing),
        HOUSE_TEST(by_hand_without_alerts_follows_the_revert_alone),
        HOUSE_TEST(logged_mitigation_means_that_the_cause_is_known),
        HOUSE_TEST(restart_goes_on),
        HOUSE_TEST(note_for_the_report_of_what_is_over),
        HOUSE_TEST(switched_off_it_is_silent),
        HOUSE_TEST(an_outage_of_an_older_file_is_followed_to_its_end),
        HOUSE_TEST(an_outage_that_was_quiet_in_an_older_file_is_followed_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
