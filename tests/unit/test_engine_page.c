/* The engine and what the page really has: hands on the page, twins, what readers see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

static const char *publish(struct house *h)
{
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since");
    house_wait_sliced(h, 5 * SECOND, SECOND);
    return h->page.incident[h->page.n_incidents - 1].remote_id;
}

/* ---- seen from outside
 * ------------------------------------------------------------------------------ */

static void visible_is_said(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_expect_said(h, HOUSE_OPS, "1 is visible to readers after 1 s");
}

static void lag_is_waited_for(void **state)
{
    struct house *h = *state;

    h->page.public_lag = 2;
    (void)publish(h);
    house_expect_unsaid(h, HOUSE_OPS, "visible to readers");
    house_wait_sliced(h, 5 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is visible to readers after 7 s");
    house_expect_unsaid(h, HOUSE_OPS, "NOT visible");
}

static void old_state_is_said_loudly_once(void **state)
{
    struct house *h = *state;
    size_t lines;

    h->page.public_lag = -1;
    (void)publish(h);
    house_wait_sliced(h, 40 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is NOT visible to readers after 30 s");
    lines = fake_chat_count(&h->chat, HOUSE_OPS);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), lines);
    h->page.public_lag = 0;
    house_wait_sliced(h, MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is visible to readers after 4 min");
}

/* In a busy channel the news of two steps are one line, and it is the newer. */
static void what_readers_see_is_told_once(void **state)
{
    struct house *h = *state;

    h->page.public_lag = -1;
    (void)publish(h);
    h->chat.hold = true;
    house_wait_sliced(h, 40 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is NOT visible to readers after 30 s");
    h->page.public_lag = 0;
    house_wait_sliced(h, MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is visible to readers after");
    house_expect_unsaid(h, HOUSE_OPS, "1 is NOT visible");
}

/* ---- hands on the page
 * ------------------------------------------------------------------------------- */

static void foreign_incident_gets_a_number(void **state)
{
    struct house *h = *state;

    (void)fake_page_by_hand(&h->page, "We have a problem", STEP_IDENTIFIED, IMPACT_MAJOR);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS,
                      "on the page by hand, number 2: \"We have a problem\", identified");
    house_expect_said(h, HOUSE_OPS, "`!status adopt 2`");
    house_wait(h, 5 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, "2 ");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 2");
    house_expect_last(h, HOUSE_OPS, "2 was made by hand on the page: `!status adopt 2` first");
}

static void adopt_goes_on_with_it(void **state)
{
    struct house *h = *state;
    const char *remote =
        fake_page_by_hand(&h->page, "We have a problem", STEP_INVESTIGATING, IMPACT_MAJOR);
    char id[40];

    (void)snprintf(id, sizeof id, "%s", remote);
    fake_page_set_component(&h->page, id, "Search", COMPONENT_PARTIAL_OUTAGE);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status adopt 2");
    house_expect_last(h, HOUSE_OPS,
                      "2 goes on with the page's \"We have a problem\", investigating");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 2 identified: We know the cause.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 2.3");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    assert_string_equal(fake_page_last(&h->page, PAGE_UPDATE)->remote_id, id);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 2");
    house_expect_said(h, HOUSE_OPS, "MAJOR, Search: operational");
}

static void adopt_into_a_draft_makes_no_second_incident(void **state)
{
    struct house *h = *state;

    (void)fake_page_by_hand(&h->page, "We have a problem", STEP_INVESTIGATING, IMPACT_MINOR);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status adopt 2 into 1");
    house_expect_said(h, HOUSE_OPS, "1 goes on with the page's \"We have a problem\"");
    house_expect_said(h, HOUSE_OPS,
                      "PROPOSAL 1.3, investigating, not public: \"We have a problem. Reading "
                      "and Editing: many people may see an error");
    house_expect_said(h, HOUSE_OPS, "CRITICAL, Reading: major outage, Editing: major outage");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    assert_int_equal(h->page.n_incidents, 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status show 2");
    house_expect_last(h, HOUSE_OPS, "2 is closed");
}

static void bad_adoptions_are_refused(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status adopt 1");
    house_expect_last(h, HOUSE_OPS, "1 is crier's own");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status adopt 7");
    house_expect_last(h, HOUSE_OPS, "there is no 7");
    house_say(h, HOUSE_OPS, "mallory", "=", "!status adopt 1");
    house_expect_last(h, HOUSE_OPS, "refused");
}

static void edit_by_hand_is_taken_over(void **state)
{
    struct house *h = *state;
    const char *remote = publish(h);

    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: Proposed by me.");
    fake_page_post(&h->page, remote, STEP_IDENTIFIED, "Written by hand.");
    house_wait_sliced(h, 70 * SECOND, SECOND);
    house_expect_said(h, HOUSE_OPS,
                      "1 was changed on the page by hand, now identified: \"Written by "
                      "hand.\" (proposal 1.2 is dropped)");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 0);
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    assert_null(strstr(fake_chat_last(&h->chat, HOUSE_OPS), "by hand"));
}

static void what_crier_wrote_is_no_edit(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: Fewer people see errors.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "by hand");
}

static void resolved_by_hand_is_over(void **state)
{
    struct house *h = *state;
    const char *remote = publish(h);

    fake_page_post(&h->page, remote, STEP_RESOLVED, "Over.");
    house_wait_sliced(h, 70 * SECOND, SECOND);
    house_expect_last(h, HOUSE_OPS, "1 was resolved on the page by hand");
    assert_int_equal(engine_open_incidents(h->engine), 0);
    house_jinxer(h, FRONTEND);
    assert_int_equal(engine_open_incidents(h->engine), 0); /* held until it recovers */
}

static void removed_by_hand_is_over(void **state)
{
    struct house *h = *state;
    const char *remote = publish(h);

    fake_page_remove(&h->page, remote);
    house_wait_sliced(h, 70 * SECOND, SECOND);
    house_expect_last(h, HOUSE_OPS, "1 was removed from the page by hand");
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

static void page_that_cannot_be_read_ends_nothing(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    h->page.read_fails = true;
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    assert_int_equal(engine_open_incidents(h->engine), 1);
}

/* ---- what a resolve gives back
 * --------------------------------------------------------------------------- */

static void resolve_heeds_incidents_made_by_hand(void **state)
{
    struct house *h = *state;
    char id[40];

    (void)publish(h);
    (void)snprintf(id, sizeof id, "%s",
                   fake_page_by_hand(&h->page, "Other", STEP_IDENTIFIED, IMPACT_MINOR));
    fake_page_set_component(&h->page, id, "Reading", COMPONENT_PARTIAL_OUTAGE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS, "Reading: partial outage, Editing: operational");
}

static void maintenance_stays_maintenance(void **state)
{
    struct house *h = *state;

    fake_page_set_component(&h->page, NULL, "Editing", COMPONENT_UNDER_MAINTENANCE);
    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_said(h, HOUSE_OPS, "Reading: operational, Editing: under maintenance");
}

static void resolve_does_not_wait_for_a_dead_page(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_expect_unsaid(h, HOUSE_OPS, "PROPOSAL");
    house_wait(h, 3 * SECOND);
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.2, resolved");
}

/* ---- twins
 * ----------------------------------------------------------------------------------------------------
 */

static void late_twin_is_removed(void **state)
{
    struct house *h = *state;

    fake_page_script(&h->page, FAKE_DOUBT_APPLY_LATER);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 2 * MINUTE, SECOND); /* grace passed, sent again */
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 2);
    assert_int_equal(fake_page_apply_late(&h->page), 1);
    assert_int_equal(h->page.n_incidents, 2);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    assert_int_equal(h->page.n_incidents, 1);
    assert_int_equal(fake_page_count(&h->page, PAGE_DELETE), 1);
    house_expect_said(h, HOUSE_OPS, "the page had 1 twice");
    house_expect_unsaid(h, HOUSE_OPS, "on the page by hand");
}

static void twin_of_what_is_over_is_removed(void **state)
{
    struct house *h = *state;
    const struct record_incident *inc;
    size_t i;

    fake_page_script(&h->page, FAKE_DOUBT_APPLY_LATER);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait_sliced(h, 70 * SECOND, SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page");
    house_restart(h, MINUTE);
    assert_int_equal(fake_page_apply_late(&h->page), 1);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    assert_int_equal(h->page.n_incidents, 1);
    assert_int_equal(h->page.incident[0].step, STEP_RESOLVED);
    house_expect_said(h, HOUSE_OPS, "the page had 1 twice");
    house_expect_unsaid(h, HOUSE_OPS, "on the page by hand");
    for (i = 0; i < h->page.now.n; i++)
        assert_int_equal(h->page.now.item[i].status, COMPONENT_OPERATIONAL);
    /* and after that nothing of it is kept, or looked for */
    house_wait_sliced(h, 12 * MINUTE, SECOND);
    inc = fake_store_row(&h->store, RECORD_INCIDENT, 1);
    assert_int_equal(inc->live, 0);
}

/* Where the first of two was seen late, what was said since stays public. */
static void twin_with_more_to_say_stays(void **state)
{
    struct house *h = *state;

    fake_page_script(&h->page, FAKE_APPLY_TWICE);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_DELETE), 1);
    assert_int_equal(h->page.n_incidents, 1);
    assert_int_equal(h->page.incident[0].step, STEP_IDENTIFIED);
    house_expect_unsaid(h, HOUSE_OPS, "changed on the page by hand");
}

static void other_instances_incidents_are_no_twins(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    (void)fake_page_by_hand(&h->page, "Errors", STEP_INVESTIGATING, IMPACT_MAJOR);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_DELETE), 0);
    assert_int_equal(h->page.n_incidents, 2);
}

/* ---- updates in doubt
 * ------------------------------------------------------------------------------------------ */

static void doubtful_update_is_settled_by_reading_that_incident(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    fake_page_script(&h->page, FAKE_DOUBT_APPLIED);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_said(h, HOUSE_OPS, "1 updated at");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    assert_int_equal(fake_page_count(&h->page, PAGE_GET), 1);
}

static void status_tells_what_is_being_sent(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status");
    house_expect_last(h, HOUSE_OPS, "; 1.2 is confirmed and being sent");
}

static void lost_update_is_sent_again_after_the_grace(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_wait_sliced(h, 55 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    house_wait_sliced(h, 15 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 2);
    house_expect_said(h, HOUSE_OPS, "1 updated at");
}

static void show_hands_out_the_words_while_the_page_is_down(void **state)
{
    struct house *h = *state;
    size_t i;

    for (i = 0; i < 30; i++)
        fake_page_script(&h->page, FAKE_UNSENT);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 is not public yet: queued, retrying");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show 1");
    house_expect_said(h, HOUSE_OPS,
                      "1 by hand at https://manage.statuspage.io/pages/mainpage1234: "
                      "investigating, CRITICAL, Reading: major outage");
    house_expect_last(h, HOUSE_OPS,
                      "title \"Pages not loading\", text \"Reading and Editing: many");
}

static void update_of_a_removed_incident_ends_in_words(void **state)
{
    struct house *h = *state;
    const char *remote = publish(h);
    char id[40];

    (void)snprintf(id, sizeof id, "%s", remote);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    fake_page_remove(&h->page, id);
    h->page_answers = true;
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "somebody has removed the incident from the page");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
}

/* ---- told once, whatever happens to the channel
 * --------------------------------------------------------------- */

static void done_is_told_after_a_crash(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    h->lines_show = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status show 1");
    (void)fake_chat_show(&h->chat);
    house_settle(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:00:00");
    fake_chat_clear(&h->chat); /* it never reached the channel */
    h->lines_show = true;
    house_restart(h, 30 * SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is public since 18:00:00");
    fake_chat_clear(&h->chat);
    house_restart(h, 30 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "1 is public since");
}

static void resolved_is_told_after_a_gap(void **state)
{
    struct house *h = *state;

    (void)publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
    h->page_answers = true;
    house_settle(h);
    fake_chat_clear(&h->chat);
    fake_chat_joined(&h->chat, HOUSE_OPS);
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 is resolved on the page since");
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(visible_is_said),
        HOUSE_TEST(what_readers_see_is_told_once),
        HOUSE_TEST(lag_is_waited_for),
        HOUSE_TEST(old_state_is_said_loudly_once),
        HOUSE_TEST(foreign_incident_gets_a_number),
        HOUSE_TEST(adopt_goes_on_with_it),
        HOUSE_TEST(adopt_into_a_draft_makes_no_second_incident),
        HOUSE_TEST(bad_adoptions_are_refused),
        HOUSE_TEST(edit_by_hand_is_taken_over),
        HOUSE_TEST(what_crier_wrote_is_no_edit),
        HOUSE_TEST(resolved_by_hand_is_over),
        HOUSE_TEST(removed_by_hand_is_over),
        HOUSE_TEST(page_that_cannot_be_read_ends_nothing),
        HOUSE_TEST(resolve_heeds_incidents_made_by_hand),
        HOUSE_TEST(maintenance_stays_maintenance),
        HOUSE_TEST(resolve_does_not_wait_for_a_dead_page),
        HOUSE_TEST(late_twin_is_removed),
        HOUSE_TEST(twin_of_what_is_over_is_removed),
        HOUSE_TEST(twin_with_more_to_say_stays),
        HOUSE_TEST(other_instances_incidents_are_no_twins),
        HOUSE_TEST(doubtful_update_is_settled_by_reading_that_incident),
        HOUSE_TEST(status_tells_what_is_being_sent),
        HOUSE_TEST(lost_update_is_sent_again_after_the_grace),
        HOUSE_TEST(show_hands_out_the_words_while_the_page_is_down),
        HOUSE_TEST(update_of_a_removed_incident_ends_in_words),
        HOUSE_TEST(done_is_told_after_a_crash),
        HOUSE_TEST(resolved_is_told_after_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
