/* No amount of commands or of alerts floods the channel, and nobody who may is muted by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "drafts.h"
#include "house.h"

/* ---- commands -------------------------------------------------------------------------------- */

static size_t said(const struct house *h, const char *place, const char *text)
{
    size_t i, n = 0;

    for (i = 0; i < h->chat.n; i++)
        n += (!place || !strcmp(h->chat.line[i].place, place)) &&
             strstr(h->chat.line[i].text, text) != NULL;
    return n;
}

static void deployer(struct house *h, const char *nick, const char *text)
{
    house_say(h, HOUSE_OPS, nick, "=", text);
}

static void a_person_is_answered_so_often_in_a_minute(void **state)
{
    struct house *h = *state;
    size_t i;

    for (i = 0; i < 500; i++)
        deployer(h, "deployer1", "!status");
    assert_int_equal(said(h, HOUSE_OPS, "nothing is open"), 20);
    assert_int_equal(said(h, HOUSE_OPS, "that was 20 commands in a minute"), 1);
    deployer(h, "deployer1", "!status nonsense"); /* mistakes count as well */
    house_expect_last(h, HOUSE_OPS, "that was 20 commands in a minute");
    deployer(h, "deployer2", "!status"); /* others are not meant */
    assert_int_equal(said(h, HOUSE_OPS, "nothing is open"), 21);
    house_wait(h, 3 * SECOND); /* one more, which is not told again */
    for (i = 0; i < 10; i++)
        deployer(h, "deployer1", "!status");
    assert_int_equal(said(h, HOUSE_OPS, "nothing is open"), 22);
    assert_int_equal(said(h, HOUSE_OPS, "that was 20 commands in a minute"), 1);
    house_wait(h, MINUTE);
    for (i = 0; i < 30; i++)
        deployer(h, "deployer1", "!status");
    assert_int_equal(said(h, HOUSE_OPS, "nothing is open"), 42);
    assert_int_equal(said(h, HOUSE_OPS, "that was 20 commands in a minute"), 2);
}

static void whoever_said_too_much_can_still_confirm(void **state)
{
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < 100; i++)
        deployer(h, "deployer1", "!status note 1 abc");
    assert_int_equal(said(h, HOUSE_OPS, "noted for the report"), 20);
    deployer(h, "deployer1", "!status edit 1 title Everything is broken"); /* not heeded */
    house_expect_unsaid(h, HOUSE_OPS, "Everything is broken");
    deployer(h, "deployer1", "!status confirm 1.1");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

static void whoever_said_too_much_can_still_discard(void **state)
{
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < 100; i++)
        deployer(h, "deployer1", "!status show 1");
    deployer(h, "deployer1", "!status discard 1 no outage");
    house_expect_last(h, HOUSE_OPS, "1 discarded");
}

/* A script of somebody who may that says the same for ever. */
static void a_flood_of_confirms_gets_few_answers(void **state)
{
    struct house *h = *state;
    size_t i, before;

    house_publish(h);
    before = h->chat.n;
    for (i = 0; i < 1000; i++)
        deployer(h, "deployer1", "!status confirm 1.1");
    assert_in_range(h->chat.n - before, 15, 21); /* those of the minute, and one beyond */
    house_wait(h, 30 * SECOND);
    before = h->chat.n;
    for (i = 0; i < 300; i++) {
        house_wait(h, 10);
        deployer(h, "deployer1", "!status confirm 1.7");
    }
    assert_in_range(h->chat.n - before, 10, 13); /* what has run out since, and one beyond */
    assert_int_equal(fake_store_count(&h->store, RECORD_OUTBOX), 1);
}

/* The same where several wait, so that the answer is a list. */
static void a_flood_of_confirms_without_a_number_gets_few_answers(void **state)
{
    struct house *h = *state;
    size_t i, before;

    house_draft(h);
    deployer(h, "deployer2", "!status open Pages load slowly");
    for (i = 0; i < 30; i++)
        deployer(h, "deployer1", "!status confirm");
    before = h->chat.n;
    for (i = 0; i < 200; i++)
        deployer(h, "deployer1", "!status confirm");
    assert_in_range(h->chat.n - before, 0, 6);
}

/* Whoever asks again and again is answered now and then, and the database does not grow by it. */
static void showing_it_again_adds_nothing_to_the_database(void **state)
{
    struct house *h = *state;
    size_t before, i;

    house_draft(h);
    house_say(h, HOUSE_OPS, "stranger", NULL, "!status show 1");
    before = h->store.n_rows;
    for (i = 0; i < 50; i++) {
        house_wait(h, MINUTE);
        house_say(h, HOUSE_OPS, "stranger", NULL, "!status show 1");
        house_expect_last(h, HOUSE_OPS, "`!status confirm 1.1` publishes it");
    }
    assert_in_range(h->store.n_rows - before, 0, 10);
}

/* All on the list together: questions wait, what changes something does not. */
static void a_channel_of_people_is_answered_so_often_in_a_minute(void **state)
{
    struct house *h = *state;
    size_t i;

    h->settings->chat.channel_commands_per_minute = 25;
    house_draft(h);
    for (i = 0; i < 15; i++) {
        deployer(h, "deployer1", "!status note 1 abc");
        deployer(h, "sre1", "!status note 1 abc");
    }
    assert_int_equal(said(h, HOUSE_OPS, "noted for the report"), 30);
    deployer(h, "deployer2", "!status show 1");
    house_expect_last(h, HOUSE_OPS, "for a moment I answer no questions");
    deployer(h, "deployer2", "!status who");
    assert_int_equal(said(h, NULL, "for a moment I answer no questions"), 1);
    house_say(h, "net/deployer2", "deployer2", "=",
              "!status who"); /* in private it does not count */
    assert_int_equal(said(h, "net/deployer2", "you are deployer2"), 1);
    deployer(h, "deployer2", "!status confirm 1.1");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
}

static void strangers_use_up_nobodys_measure(void **state)
{
    struct house *h = *state;
    char nick[32];
    size_t i, before;

    house_draft(h);
    before = h->chat.n;
    for (i = 0; i < 2000; i++) {
        (void)snprintf(nick, sizeof nick, "troll%zu", i);
        house_say(h, HOUSE_OPS, nick, i % 2 ? "=" : NULL, "!status confirm 1.1");
    }
    assert_int_equal(h->chat.n - before, 4);
    deployer(h, "deployer1", "!status show 1");
    assert_true(h->chat.n - before > 4);
    deployer(h, "deployer1", "!status confirm 1.1");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    /* refusals that are not answered are no rows of the incident */
    assert_true(fake_store_count(&h->store, RECORD_TIMELINE) < 40);
}

/* Somebody on the list without a role, beyond their measure: nothing grows by what they say. */
static void refusals_beyond_the_measure_are_silent(void **state)
{
    struct house *h = *state;
    size_t i, rows;

    house_draft(h);
    for (i = 0; i < 30; i++)
        deployer(h, "reader1", "!status confirm 1.1");
    assert_int_equal(said(h, HOUSE_OPS, "reader1: refused"), 20);
    rows = fake_store_count(&h->store, RECORD_TIMELINE);
    for (i = 0; i < 300; i++)
        deployer(h, "reader1", "!status confirm 1.1");
    assert_int_equal(said(h, HOUSE_OPS, "reader1: refused"), 20);
    assert_int_equal(fake_store_count(&h->store, RECORD_TIMELINE), rows);
}

/* ---- drafts ---------------------------------------------------------------------------------- */

static void page(struct house *h, const char *check)
{
    char *line = buf_printf("FIRING: %s: it does not work #page", check);

    assert_non_null(line);
    house_jinxer(h, line);
    free(line);
}

/* Opens drafts of their own: each is dropped before the next alert comes. */
static void open_and_drop(struct house *h, int first, int n)
{
    char text[64];
    int i;

    for (i = first; i < first + n; i++) {
        (void)snprintf(text, sizeof text, "SearchDown%d", i);
        page(h, text);
        (void)snprintf(text, sizeof text, "!status discard %d", i);
        house_say(h, HOUSE_OPS, i % 2 ? "sre1" : "deployer1", "=", text);
        house_wait(h, 10 * SECOND);
    }
}

static void a_mad_source_opens_so_many_drafts_in_an_hour(void **state)
{
    struct house *h = *state;
    size_t before;
    int i;

    open_and_drop(h, 1, 6);
    assert_int_equal(said(h, HOUSE_OPS, "DRAFT "), 6);
    before = h->chat.n;
    for (i = 100; i < 400; i++) {
        char check[32];

        (void)snprintf(check, sizeof check, "SearchDown%d", i);
        page(h, check);
        house_wait(h, SECOND);
    }
    assert_int_equal(h->chat.n - before, 1);
    house_expect_last(h, HOUSE_OPS,
                      "6 drafts within an hour: no more by jinxer before 19:00. page "
                      "SearchDown100, it does not work 18:01:00 opens none; `!status "
                      "open TITLE` makes one by hand");
    assert_int_equal(fake_store_count(&h->store, RECORD_INCIDENT), 6);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Search does not work");
    house_expect_said(h, HOUSE_OPS, "DRAFT 7.1");
}

static void a_restart_does_not_forget_how_many(void **state)
{
    struct house *h = *state;

    open_and_drop(h, 1, 6);
    house_restart(h, 20 * MINUTE);
    page(h, "SearchDown7");
    house_expect_last(h, HOUSE_OPS, "no more by jinxer before 19:00");
    assert_int_equal(fake_store_count(&h->store, RECORD_INCIDENT), 6);
}

/* What pages is not lost: it opens one when there is room. */
static void a_page_that_goes_on_opens_one_later(void **state)
{
    struct house *h = *state;

    open_and_drop(h, 1, 6);
    page(h, "SearchDown7");
    house_expect_last(h, HOUSE_OPS, "opens none");
    house_wait_sliced(h, 57 * MINUTE, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 7.1");
    house_wait_sliced(h, 4 * MINUTE, MINUTE);
    house_expect_said(h, HOUSE_OPS, "DRAFT 7.1");
    house_wait_sliced(h, 2 * HOUR, MINUTE);
    assert_int_equal(fake_store_count(&h->store, RECORD_OPENING), 0); /* nothing is kept for ever */
}

/* Another source is not held back for the mad one, until both are too many. */
static void each_source_has_its_own_and_all_have_one(void **state)
{
    struct house *h = *state;

    h->settings->triage.max_drafts_per_hour = 7;
    open_and_drop(h, 1, 6);
    page(h, "SearchDown7");
    house_expect_last(h, HOUSE_OPS, "6 drafts within an hour: no more by jinxer");
    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 7.1");
    house_say(h, HOUSE_OPS, "sre1", "=", "!status discard 7");
    house_icinga(h, EXCEPTIONS_OK);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_last(h, HOUSE_OPS, "7 drafts within an hour: no more by icinga before 19:00");
    assert_int_equal(fake_store_count(&h->store, RECORD_INCIDENT), 7);
}

/* A real storm: one incident, which everything joins. */
static void a_storm_is_one_draft_and_far_from_the_limit(void **state)
{
    struct house *h = *state;
    int i;

    house_draft(h);
    for (i = 0; i < 200; i++) {
        char check[32];

        (void)snprintf(check, sizeof check, "SearchDown%d", i);
        page(h, check);
    }
    house_expect_unsaid(h, HOUSE_OPS, "within an hour");
    assert_int_equal(fake_store_count(&h->store, RECORD_INCIDENT), 1);
    assert_int_equal(fake_store_count(&h->store, RECORD_OPENING), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_person_is_answered_so_often_in_a_minute),
        HOUSE_TEST(whoever_said_too_much_can_still_confirm),
        HOUSE_TEST(whoever_said_too_much_can_still_discard),
        HOUSE_TEST(a_flood_of_confirms_gets_few_answers),
        HOUSE_TEST(a_flood_of_confirms_without_a_number_gets_few_answers),
        HOUSE_TEST(showing_it_again_adds_nothing_to_the_database),
        HOUSE_TEST(a_channel_of_people_is_answered_so_often_in_a_minute),
        HOUSE_TEST(strangers_use_up_nobodys_measure),
        HOUSE_TEST(refusals_beyond_the_measure_are_silent),
        HOUSE_TEST(a_mad_source_opens_so_many_drafts_in_an_hour),
        HOUSE_TEST(a_restart_does_not_forget_how_many),
        HOUSE_TEST(a_page_that_goes_on_opens_one_later),
        HOUSE_TEST(each_source_has_its_own_and_all_have_one),
        HOUSE_TEST(a_storm_is_one_draft_and_far_from_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
