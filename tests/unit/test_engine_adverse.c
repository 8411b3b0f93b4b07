/* What comes while something else is on its way, or when nobody expects it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "house.h"

#define REVERT_OF(phase)                                                                       \
    "!log deployer1@deploy1002 " phase " scap: Backport for [[gerrit:880005|Revert \"Example " \
    "change\"]]"
#define REVERT REVERT_OF("Started")
#define OTHER_REVERT(phase) \
    "!log deployer2@deploy1002 " phase " scap: Backport for [[gerrit:1|Revert \"Other\"]]"

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

static void page_is_away(struct house *h, int answers)
{
    while (answers--)
        fake_page_script(&h->page, FAKE_UNSENT);
}

/* Monitoring is public, PROPOSAL 1.3 waits for a confirm. */
static void propose_the_end(struct house *h)
{
    house_publish(h);
    house_wait_sliced(h, 6 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    confirm(h, "");
    house_wait_sliced(h, 11 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, resolved");
}

/* ---- it fires again while its end is under way ----------------------------------------------- */

static void what_fires_again_is_not_closed_with_it(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    h->page_answers = false;
    confirm(h, "");
    house_wait(h, SECOND);
    house_icinga(h, EXCEPTIONS);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 2.");
    house_wait(h, SECOND);
    h->page_answers = true;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public: \"Errors for logged-in users. People");
}

static void the_same_with_a_draft_that_is_over(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    h->page_answers = false;
    confirm(h, " 1.2");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    h->page_answers = true;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 is public since 18:13:20, resolved");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public: \"Errors for logged-in users. People");
}

static void what_fired_before_stays_closed(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: It is over.");
    h->page_answers = false;
    confirm(h, " 1.2");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    h->page_answers = true;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 2.");
}

static void an_end_that_is_not_sent_yet_is_taken_back(void **state)
{
    struct house *h = *state;
    size_t updates;

    propose_the_end(h);
    updates = fake_page_count(&h->page, PAGE_UPDATE);
    page_is_away(h, 1);
    confirm(h, "");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), updates + 1);
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "could not be sent: withdrawn, since its alerts fire again");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, investigating");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), updates + 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_said(h, HOUSE_OPS, "1.3 was replaced");
}

static void a_draft_that_is_over_is_taken_back(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 5 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    page_is_away(h, 1);
    confirm(h, " 1.2");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "could not be sent: withdrawn, since its alerts fire again");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: \"Errors for logged-in users. People");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

static void quiet_again_before_it_could_be_sent(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    page_is_away(h, 1);
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    house_expect_unsaid(h, HOUSE_OPS, "withdrawn");
}

static void an_end_in_doubt_is_looked_for_first(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    fake_page_script(&h->page, FAKE_DOUBT_APPLIED);
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public");
}

static void an_end_that_was_lost_is_not_sent_again(void **state)
{
    struct house *h = *state;
    size_t updates;

    propose_the_end(h);
    updates = fake_page_count(&h->page, PAGE_UPDATE);
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn, since its alerts fire again");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, investigating");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), updates + 1);
}

static void an_end_that_is_refused_does_not_wait_while_it_fires(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    fake_page_script(&h->page, FAKE_REFUSE);
    h->page_answers = false;
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    h->page_answers = true;
    house_settle(h);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1.3 was NOT published");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, investigating");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_expect_said(h, HOUSE_OPS, "1.3 was replaced");
}

static void a_restart_forgets_nothing_of_that(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    page_is_away(h, 1);
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_restart(h, SECOND);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn, since its alerts fire again");
    house_expect_unsaid(h, HOUSE_OPS, "resolved on the page");
}

static void nothing_is_proposed_behind_the_end(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Something is odd");
    house_wait(h, MINUTE);
    house_icinga(h, "PROBLEM - Latency of something on mw1 is CRITICAL: slow"); /* joins */
    house_wait(h, 2 * MINUTE);
    house_icinga(h, "RECOVERY - Latency of something on mw1 is OK: fine");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, over already");
    page_is_away(h, 100);
    confirm(h, " 1.2");
    house_restart(h, SECOND);
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "1.3");
    house_icinga(h, "PROBLEM - Latency of something on mw1 is CRITICAL: slow");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn, since its alerts fire again");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: \"Something is odd. Pages may load");
}

static void the_same_of_a_rule(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    page_is_away(h, 100);
    confirm(h, " 1.2");
    house_restart(h, SECOND);
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "1.3");
}

static void what_came_meanwhile_is_told_when_the_end_comes_to_nothing(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    page_is_away(h, 1);
    confirm(h, "");
    house_wait(h, 100);
    house_icinga(h, EXCEPTIONS);
    house_jinxer(h, FRONTEND); /* opens its own, since this one ends */
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1, not public: \"Pages not loading");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, investigating");
}

/* ---- a confirm that comes to nothing --------------------------------------------------------- */

static void back_from_monitoring_tells_why(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_deploy(h, REVERT);
    confirm(h, "");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 monitoring: It looks better.");
    house_wait(h, MINUTE);
    confirm(h, " 1.3");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, identified");
    house_expect_said(h, HOUSE_OPS, "Why: its alerts fire");
}

static void what_waited_for_the_disk_is_said_once(void **state)
{
    struct house *h = *state;
    size_t i, n = 0;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know why.");
    page_is_away(h, 2);
    confirm(h, "");
    h->disk_full = true;
    house_icinga(h, EXCEPTIONS_OK); /* the words for that cannot be said */
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    h->disk_full = false;
    house_wait_sliced(h, MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "could not be sent: withdrawn");
    for (i = 0; i < h->chat.n; i++)
        n += strstr(h->chat.line[i].text, "PROPOSAL 1.3, ") != NULL;
    assert_int_equal(n, 1);
}

static void a_stale_draft_shows_what_is_true_alone(void **state)
{
    struct house *h = *state;

    house_draft(h);
    page_is_away(h, 100);
    confirm(h, "");
    house_wait(h, SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "withdrawn. What is true now needs a new confirm");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, over already");
    house_expect_last(h, HOUSE_OPS, "`!status confirm 1.2` publishes it");
}

static void retries_are_no_doubt(void **state)
{
    struct house *h = *state;

    house_draft(h);
    page_is_away(h, 100);
    confirm(h, "");
    house_wait_sliced(h, 10 * MINUTE, MINUTE);
    house_expect_said(h, HOUSE_OPS, "queued, retrying, 2 min so far");
    house_expect_unsaid(h, HOUSE_OPS, "no clear answer");
}

/* ---- what is never told, or told again ------------------------------------------------------- */

static void a_revert_whose_end_is_never_told(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 6 * MINUTE);
    house_deploy(h, REVERT);
    confirm(h, "");
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 2 * HOUR, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.3"); /* it may still be running */
    house_wait_sliced(h, HOUR, MINUTE);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, resolved");
}

static void another_revert_is_another_reason(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_deploy(h, OTHER_REVERT("Started"));
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, OTHER_REVERT("Finished") " (duration: 02m 00s)");
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.3");
    house_deploy(h, REVERT);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, identified");
}

static void another_relapse_is_another_reason(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.4, investigating");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.5");
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS);
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.5, investigating");
}

static void an_edit_by_hand_does_not_end_the_proposals(void **state)
{
    struct house *h = *state;

    propose_the_end(h);
    fake_page_edit(&h->page, "remote1", NULL, "A typing error is mended.");
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "(proposal 1.3 is dropped)");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.5, resolved");
    house_wait_sliced(h, 10 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL 1.6");
}

static void a_draft_that_is_over_adopts_no_end(void **state)
{
    struct house *h = *state;

    house_draft(h);
    (void)fake_page_by_hand(&h->page, "Errors", STEP_INVESTIGATING, IMPACT_MINOR);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "number 2");
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, over already");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status adopt 2 into 1");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 goes on with the page's \"Errors\", investigating");
    house_expect_unsaid(h, HOUSE_OPS, "investigating, not public: \"Errors. This is over");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.4, monitoring, not public: \"Errors. Pages should load again");
}

static void a_title_that_leaves_no_room_is_told_once(void **state)
{
    struct house *h = *state;
    struct buf line;
    size_t i, n = 0;

    buf_init(&line, 300);
    buf_adds(&line, "!status edit 1 title ");
    while (line.len < 260)
        buf_adds(&line, "Abcdef hij ");
    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body Short.");
    house_say(h, HOUSE_OPS, "deployer1", "=", buf_str(&line));
    confirm(h, " 1.3");
    for (i = 0; i < 6; i++) {
        house_deploy(h, REVERT);
        house_wait(h, 2 * MINUTE);
    }
    for (i = 0; i < h->chat.n; i++)
        n += strstr(h->chat.line[i].text, "its title leaves no room for words") != NULL;
    assert_int_equal(n, 1);
    buf_finish(&line);
}

static void what_people_worded_is_doubted_once(void **state)
{
    struct house *h = *state;
    size_t before;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 body It is much better.");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.3, monitoring");
    house_wait(h, MINUTE);
    before = lines(h);
    house_icinga(h, EXCEPTIONS);
    house_expect_last(h, HOUSE_OPS, "1.3 waits with monitoring, but its alerts fire again: ");
    house_icinga(h, EXCEPTIONS_OK);
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(lines(h), before + 1);
    confirm(h, " 1.3"); /* theirs to decide */
    house_expect_said(h, HOUSE_OPS, "1 updated at");
}

static void a_rule_that_goes_is_no_recovery(void **state)
{
    struct house *h = *state;
    size_t rules = h->settings->n_rules;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    h->settings->n_rules = 1;
    engine_reload(h->engine, h->settings);
    house_wait_sliced(h, 15 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_unsaid(h, HOUSE_OPS, "resolved, not public");
    h->settings->n_rules = rules;
    engine_reload(h->engine, h->settings);
    house_wait_sliced(h, 11 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "resolved, not public");
}

/* ---- two at once ----------------------------------------------------------------------------- */

static void what_another_claimed_is_not_how_it_was(void **state)
{
    struct house *h = *state;

    fake_page_set_component(&h->page, NULL, "Search", COMPONENT_UNDER_MAINTENANCE);
    house_publish(h); /* Editing: partial outage */
    house_wait_sliced(h, 12 * MINUTE, 10 * SECOND);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status open Other trouble");
    house_say(h, HOUSE_OPS, "deployer2", "=",
              "!status edit 2 components Editing: degraded, Search: major");
    house_wait(h, 20 * SECOND);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 2.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: It is over.");
    house_wait(h, 20 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status resolve 2: It is over.");
    house_expect_said(h, HOUSE_OPS, "Editing: operational, Search: under maintenance");
    house_wait(h, 20 * SECOND);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 2.3");
    house_expect_said(h, HOUSE_OPS, "2 is resolved on the page");
    assert_int_equal(components_find(&h->page.now, "Editing")->status, COMPONENT_OPERATIONAL);
}

static void a_fix_that_did_not_hold_is_not_in_place(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait(h, 2 * MINUTE);
    house_deploy(h, "!log deployer1@deploy1002 deployer1: Rolling back deployment");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
    house_expect_last(h, HOUSE_OPS, "Why: deployer1 rolls back");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, FINISHED);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, monitoring, not public: \"Errors for logged-in "
                      "users. A fix is in place.");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, "!log deployer2@deploy1002 Started scap: Backport for "
                    "[[gerrit:880009|Second try (T1)]]");
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_last(h, HOUSE_OPS, "1.3 withdrawn: its alerts fire again");
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.4, monitoring, not public: \"Errors for logged-in "
                      "users. Pages should load again");
}

#define BACKPORT(phase, of) \
    "!log deployer1@deploy1002 " phase " scap: Backport for [[gerrit:880005|" of "]]"

static void the_revert_of_what_broke_it_may_bring_a_change_back(void **state)
{
    struct house *h = *state;

    house_deploy(h, BACKPORT("Started", "Revert \"Good change\""));
    house_wait(h, 2 * MINUTE);
    house_deploy(h, BACKPORT("Finished", "Revert \"Good change\"") " (duration: 02m 00s)");
    house_jinxer(h, FRONTEND);
    confirm(h, " 1.1");
    house_wait(h, MINUTE);
    house_deploy(h, BACKPORT("Started", "Revert \"Revert \"Other change\"\""));
    house_wait(h, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
    house_deploy(h, BACKPORT("Started", "Revert \"Revert \"Good change\"\""));
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, identified");
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void a_clock_set_on_makes_nothing_stale(void **state)
{
    struct house *h = *state;

    house_publish(h);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    h->now.wall_ms += 5 * HOUR;
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "nothing was said for");
    house_wait_sliced(h, 6 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "nothing was said for 30 min");
}

static void a_clock_set_on_makes_quiet_no_longer(void **state)
{
    struct house *h = *state;

    h->settings->follow.propose = false;
    house_publish(h);
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 14 * MINUTE, 10 * SECOND);
    h->now.wall_ms += 5 * HOUR;
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "page says outage");
    house_wait_sliced(h, 2 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "page says outage (1), alarms quiet for 20 min");
}

/* ---- mails ----------------------------------------------------------------------------------- */

static void mails_of_what_is_over_count(void **state)
{
    struct house *h = *state;

    house_draft(h);
    confirm(h, " 1.1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: It is over.");
    confirm(h, " 1.2");
    house_wait_sliced(h, 5 * MINUTE, 10 * SECOND);
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_jinxer(h, SEARCH);
    house_expect_said(h, HOUSE_OPS, "`!status confirm 2.1` publishes it (3rd mail in 10 min");
}

static void a_clock_set_back_makes_no_mails(void **state)
{
    struct house *h = *state;

    h->settings->page[0].notify[STEP_IDENTIFIED] = true;
    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know why.");
    confirm(h, " 1.2");
    house_wait_sliced(h, HOUR, MINUTE);
    h->now.wall_ms -= 5 * HOUR;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: It is over.");
    house_expect_said(h, HOUSE_OPS, "`!status confirm 1.3` publishes it (12,345 subscribers)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(what_fires_again_is_not_closed_with_it),
        HOUSE_TEST(the_same_with_a_draft_that_is_over),
        HOUSE_TEST(what_fired_before_stays_closed),
        HOUSE_TEST(an_end_that_is_not_sent_yet_is_taken_back),
        HOUSE_TEST(a_draft_that_is_over_is_taken_back),
        HOUSE_TEST(quiet_again_before_it_could_be_sent),
        HOUSE_TEST(an_end_in_doubt_is_looked_for_first),
        HOUSE_TEST(an_end_that_was_lost_is_not_sent_again),
        HOUSE_TEST(an_end_that_is_refused_does_not_wait_while_it_fires),
        HOUSE_TEST(a_restart_forgets_nothing_of_that),
        HOUSE_TEST(nothing_is_proposed_behind_the_end),
        HOUSE_TEST(the_same_of_a_rule),
        HOUSE_TEST(what_came_meanwhile_is_told_when_the_end_comes_to_nothing),
        HOUSE_TEST(a_stale_draft_shows_what_is_true_alone),
        HOUSE_TEST(back_from_monitoring_tells_why),
        HOUSE_TEST(what_waited_for_the_disk_is_said_once),
        HOUSE_TEST(retries_are_no_doubt),
        HOUSE_TEST(a_revert_whose_end_is_never_told),
        HOUSE_TEST(another_revert_is_another_reason),
        HOUSE_TEST(another_relapse_is_another_reason),
        HOUSE_TEST(an_edit_by_hand_does_not_end_the_proposals),
        HOUSE_TEST(a_draft_that_is_over_adopts_no_end),
        HOUSE_TEST(a_title_that_leaves_no_room_is_told_once),
        HOUSE_TEST(what_people_worded_is_doubted_once),
        HOUSE_TEST(a_rule_that_goes_is_no_recovery),
        HOUSE_TEST(what_another_claimed_is_not_how_it_was),
        HOUSE_TEST(a_fix_that_did_not_hold_is_not_in_place),
        HOUSE_TEST(the_revert_of_what_broke_it_may_bring_a_change_back),
        HOUSE_TEST(a_clock_set_on_makes_nothing_stale),
        HOUSE_TEST(a_clock_set_on_makes_quiet_no_longer),
        HOUSE_TEST(mails_of_what_is_over_count),
        HOUSE_TEST(a_clock_set_back_makes_no_mails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
