/* A store that does not write: what is refused, what is still said, and what goes on afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "house.h"

#define KIT_WHERE "1 by hand at https://manage.statuspage.io/pages/"
#define KIT_AS "investigating, MAJOR, Editing: partial outage"
#define KIT_WORDS                                                                             \
    "title \"Errors for logged-in users\", text \"People who are logged in may see an error " \
    "instead of pages; we are investigating.\""
#define SICK "my database cannot be written (disk full): nothing can be confirmed or published"
#define WELL "my database can be written again: what waited goes on now"

/* The disk is full, which shows at the next row. */
static void fill_disk(struct house *h)
{
    h->disk_full = true;
    house_deploy(h, "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:1|Other (T2)]]");
    house_expect_said(h, HOUSE_OPS, SICK);
    house_expect_said(h, HOUSE_SRE, SICK);
}

static void heal(struct house *h)
{
    h->disk_full = false;
    house_settle(h);
}

/* ---- refused ------------------------------------------------------------------------------- */

static void changing_commands_are_refused_with_the_kit(void **state)
{
    static const char *const commands[] = {
        "!status confirm",
        "!status confirm 1.1",
        "!status edit 1 impact minor",
        "!status discard 1",
        "!status text 1 slow",
        "!status update 1 identified: We know",
        "!status resolve 1",
        "!status correct 1: Other words",
        "!status retract 1",
        "!status adopt 1",
        "!status confirm 1 quiet",
        "!status edit 1 start 18:00",
    };
    struct house *h = *state;
    size_t i;

    house_draft(h);
    fill_disk(h);
    for (i = 0; i < sizeof commands / sizeof *commands; i++) {
        size_t before = fake_chat_count(&h->chat, HOUSE_OPS);

        house_wait(h, 5 * SECOND);
        house_say(h, HOUSE_OPS, "deployer1", "=", commands[i]);
        if (fake_chat_count(&h->chat, HOUSE_OPS) != before + 3)
            fail_msg("%s: %s", commands[i], fake_chat_last(&h->chat, HOUSE_OPS));
        house_expect_last(h, HOUSE_OPS, KIT_WORDS);
        assert_non_null(strstr(h->chat.line[h->chat.n - 3].text,
                               "deployer1: my database cannot be written: nothing can be "
                               "confirmed or changed, and this was not taken"));
        assert_non_null(strstr(h->chat.line[h->chat.n - 2].text, KIT_WHERE));
        assert_non_null(strstr(h->chat.line[h->chat.n - 2].text, KIT_AS));
    }
    heal(h);
    house_wait(h, 30 * MINUTE);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0); /* none of it was taken */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status show 1");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public");
}

static void opening_by_hand_is_refused(void **state)
{
    struct house *h = *state;

    fill_disk(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Pages load slowly");
    house_expect_last(h, HOUSE_OPS, "by hand: https://manage.statuspage.io/pages/");
    heal(h);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* Strangers are refused as ever: a few, then silence. */
static void strangers_get_no_flood(void **state)
{
    struct house *h = *state;
    size_t before;
    int i;

    house_draft(h);
    fill_disk(h);
    before = fake_chat_count(&h->chat, HOUSE_OPS);
    for (i = 0; i < 20; i++)
        house_say(h, HOUSE_OPS, "stranger", NULL, "!status confirm 1.1");
    assert_true(fake_chat_count(&h->chat, HOUSE_OPS) <= before + 12);
    heal(h);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
}

/* ---- still answered ------------------------------------------------------------------------ */

static void reads_are_answered(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fill_disk(h);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status");
    house_expect_said(h, HOUSE_OPS, "`!status show N` has the words to post by hand");
    house_expect_last(h, HOUSE_OPS, "1 draft, not public");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show 1");
    house_expect_last(h, HOUSE_OPS, KIT_WORDS);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show");
    house_expect_last(h, HOUSE_OPS, KIT_WORDS);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show 9");
    house_expect_last(h, HOUSE_OPS, "there is no 9");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status frobnicate");
    house_expect_last(h, HOUSE_OPS, "reader1: ");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status help confirm");
    house_expect_last(h, "net/reader1", "confirm");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status who");
    house_expect_last(h, "net/deployer1", "you are ");
}

/* What is handed out while nothing is written does not make anything confirmable: after a crash the
 * same number could be other words. */
static void the_kit_does_not_count_as_shown(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fill_disk(h);
    house_say(h, HOUSE_SRE, "deployer1", "=", "!status show 1");
    house_expect_last(h, HOUSE_SRE, KIT_WORDS);
    heal(h);
    house_say(h, HOUSE_SRE, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_expect_said(h, HOUSE_SRE, "DRAFT 1.1, not public"); /* here they are, to be confirmed */
    house_say(h, HOUSE_SRE, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

/* ---- goes on -------------------------------------------------------------------------------- */

static void an_outage_that_begins_then_is_told_and_kept(void **state)
{
    struct house *h = *state;
    size_t i;

    house_deploy(h, STARTED);
    fill_disk(h);
    house_wait(h, 8 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "an outage may have begun (");
    house_expect_last(h, HOUSE_OPS, KIT_WORDS);
    for (i = h->chat.n - 3; i < h->chat.n; i++) /* or one would overtake the other */
        assert_int_equal(h->chat.line[i].priority, SAY_PROMPT);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.1"); /* which looks as if it could be confirmed */
    assert_null(fake_store_row(&h->store, RECORD_INCIDENT, 1));
    heal(h);
    house_expect_said(h, HOUSE_OPS, WELL);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public");
    assert_non_null(fake_store_row(&h->store, RECORD_INCIDENT, 1));
    house_wait(h, 20 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since ");
}

/* What the disk never took never happened. */
static void a_crash_while_it_is_full_forgets_only_what_was_not_written(void **state)
{
    struct house *h = *state;

    house_draft(h);
    fill_disk(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    h->disk_full = false;
    house_restart(h, MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since ");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

static void confirm_that_is_caught(struct house *h)
{
    house_draft(h);
    h->disk_full = true; /* and nobody knows yet */
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_said(h, HOUSE_OPS, SICK);
    house_expect_said(h, HOUSE_OPS, "1.1 is confirmed and may be held back by that");
    house_expect_last(h, HOUSE_OPS, KIT_WORDS);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
}

static void a_confirm_that_is_caught_goes_on_soon_after(void **state)
{
    struct house *h = *state;

    confirm_that_is_caught(h);
    house_wait(h, 5 * SECOND);
    heal(h);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    house_expect_last(h, HOUSE_OPS, "1 is public since ");
}

static void a_confirm_that_is_caught_goes_on_within_its_time(void **state)
{
    struct house *h = *state;

    confirm_that_is_caught(h);
    house_wait_sliced(h, 10 * MINUTE, 10 * SECOND);
    heal(h);
    house_wait_sliced(h, 10 * SECOND, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    house_expect_said(h, HOUSE_OPS, "1 is public since ");
}

static void a_confirm_that_is_caught_too_long_is_withdrawn(void **state)
{
    struct house *h = *state;

    confirm_that_is_caught(h);
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    heal(h);
    house_wait_sliced(h, 10 * MINUTE, SECOND);
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_expect_said(h, HOUSE_OPS, "was confirmed 20 min ago and could not be sent: withdrawn");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
}

/* A request that was out already: its answer is taken and told once it can be kept. */
static void an_answer_of_the_page_is_kept(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    fill_disk(h);
    h->page_answers = true;
    house_settle(h);
    house_expect_unsaid(h, HOUSE_OPS, "1 is public since ");
    house_wait_sliced(h, 30 * MINUTE, 10 * SECOND);
    heal(h);
    house_wait_sliced(h, 5 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 is public since 18:08:00");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 1);
    assert_int_equal(h->page.n_incidents, 1);
}

/* ---- limits and noise --------------------------------------------------------------------------
 */

static void signals_beyond_the_limit_are_counted(void **state)
{
    struct house *h = *state;
    size_t rows;
    int i;

    fill_disk(h);
    h->courier.rows_max = 40;
    for (i = 0; i < 100; i++) {
        char line[200];

        (void)snprintf(line, sizeof line,
                       "PROBLEM - Some check %d on host%d is CRITICAL: it is broken", i, i);
        house_icinga(h, line);
    }
    rows = h->courier.turn.batch.n;
    assert_true(rows >= 40 && rows < 50);
    assert_true(h->courier.untaken > 50 && h->courier.untaken < 100);
    /* one and the same alert again and again takes no more room */
    h->courier.rows_max = 1000000;
    for (i = 0; i < 200; i++)
        house_icinga(h, "PROBLEM - Some check 1 on host1 is CRITICAL: it is broken");
    assert_true(h->courier.turn.batch.n < rows + 20);
    heal(h);
    house_expect_said(h, HOUSE_OPS, "alerts and deploys came meanwhile that I could not keep");
    house_expect_said(h, HOUSE_SRE, "alerts and deploys came meanwhile that I could not keep");
    assert_int_equal(courier_waiting(&h->courier), 0);
}

static size_t count_said(const struct house *h, const char *text)
{
    size_t i, n = 0;

    for (i = 0; i < h->chat.n; i++)
        n += strstr(h->chat.line[i].text, text) != NULL;
    return n;
}

static void a_disk_that_comes_and_goes_is_told_once_a_minute(void **state)
{
    struct house *h = *state;
    int i;

    house_draft(h);
    for (i = 0; i < 30; i++) {
        h->disk_full = true;
        house_icinga(h, EXCEPTIONS);
        house_wait(h, SECOND);
        heal(h);
        house_wait(h, SECOND);
    }
    assert_int_equal(count_said(h, SICK), 2); /* once at each place */
    house_wait(h, MINUTE);
    h->disk_full = true;
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(count_said(h, SICK), 4);
}

static void a_disk_that_hangs_is_noticed(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->disk_hangs = true;
    house_icinga(h, "PROBLEM - Another check on host7 is CRITICAL: it is broken");
    assert_int_equal(courier_waiting(&h->courier), 1);
    assert_true(courier_deadline(&h->courier) == h->now.boot_ms + COURIER_STALL_MS);
    house_wait(h, COURIER_STALL_MS - 1);
    house_expect_unsaid(h, HOUSE_OPS, "cannot be written");
    house_wait(h, 1);
    house_expect_said(h, HOUSE_OPS, "my database cannot be written (the disk has not answered");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, KIT_WORDS);
    h->disk_hangs = false;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, WELL);
    assert_true(courier_deadline(&h->courier) == NOW_NEVER);
}

static void a_store_that_takes_no_more_is_a_sick_one(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->disk_hangs = true;
    house_icinga(h, "PROBLEM - Another check on host7 is CRITICAL: it is broken");
    h->store.refuse = CRIER_ELIMIT;
    house_icinga(h, "PROBLEM - A third check on host8 is CRITICAL: it is broken");
    house_expect_said(h, HOUSE_OPS, "too much waits for the disk");
    h->store.refuse = 0;
    h->disk_hangs = false;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, WELL);
    assert_int_equal(courier_waiting(&h->courier), 0);
    assert_int_equal(h->courier.turn.batch.n, 0);
}

/* On the way out, what has gathered is handed over for a last try. */
static void leaving_hands_over_what_has_gathered(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    fill_disk(h);
    house_wait(h, 8 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    assert_true(h->courier.turn.batch.n > 0);
    assert_int_equal(courier_flush(&h->courier), 0);
    assert_int_equal(h->courier.turn.batch.n, 0);
    h->store.sink.committed = NULL; /* the port is being closed: nobody is told */
    (void)fake_store_complete_all(&h->store);
    h->disk_full = false;
    assert_non_null(fake_store_row(&h->store, RECORD_INCIDENT, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(changing_commands_are_refused_with_the_kit),
        HOUSE_TEST(opening_by_hand_is_refused),
        HOUSE_TEST(strangers_get_no_flood),
        HOUSE_TEST(reads_are_answered),
        HOUSE_TEST(the_kit_does_not_count_as_shown),
        HOUSE_TEST(an_outage_that_begins_then_is_told_and_kept),
        HOUSE_TEST(a_crash_while_it_is_full_forgets_only_what_was_not_written),
        HOUSE_TEST(a_confirm_that_is_caught_goes_on_soon_after),
        HOUSE_TEST(a_confirm_that_is_caught_goes_on_within_its_time),
        HOUSE_TEST(a_confirm_that_is_caught_too_long_is_withdrawn),
        HOUSE_TEST(an_answer_of_the_page_is_kept),
        HOUSE_TEST(signals_beyond_the_limit_are_counted),
        HOUSE_TEST(a_disk_that_comes_and_goes_is_told_once_a_minute),
        HOUSE_TEST(a_disk_that_hangs_is_noticed),
        HOUSE_TEST(a_store_that_takes_no_more_is_a_sick_one),
        HOUSE_TEST(leaving_hands_over_what_has_gathered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
