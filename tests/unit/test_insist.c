#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

/* ---- what looks internal --------------------------------------------------------------------- */

static size_t lines(const struct house *h)
{
    return fake_chat_count(&h->chat, NULL);
}

static void say(struct house *h, const char *who, const char *text)
{
    house_say(h, HOUSE_OPS, who, "=", text);
}

#define ASKED "Please reword, or say the same again within 5 min"

static void what_looks_internal_is_asked_once_more(void **state)
{
    struct house *h = *state;
    size_t before;

    house_draft(h);
    before = lines(h);
    say(h, "deployer1", "!status edit 1 title Errors on mw1414 and kafka, see T12345");
    house_expect_last(h, HOUSE_OPS,
                      "deployer1: \"mw1414\" looks like the name of a machine, \"T12345\" like a "
                      "ticket, \"kafka\" is an internal word. " ASKED " if all may read it");
    assert_int_equal(lines(h), before + 1);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
    say(h, "deployer1", "!status edit 1 title Errors on mw1414 and kafka, see T12345");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Errors on mw1414 and kafka");
    assert_int_equal(lines(h), before + 3); /* the draft, and how to publish it */
    say(h, "deployer1", "!status confirm 1.2");
    assert_int_equal(h->page.n_incidents, 1);
    assert_string_equal(h->page.incident[0].title, "Errors on mw1414 and kafka, see T12345");
}

static void what_is_repeated_in_part_ends_with_dots(void **state)
{
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1",
        "!status edit 1 body See https://phabricator.wikimedia.org/T123456 for more.");
    house_expect_last(h, HOUSE_OPS,
                      "\"https://phabricator.wikimedia.org/T12345...\" looks like a link");
    say(h, "deployer1", "!status edit 1 body See https://example.org/ for more.");
    house_expect_last(h, HOUSE_OPS, "\"https://example.org/\" looks like a link");
}

/* Only the same person, the same text, the same incident, in time, and each time anew. */
static void nothing_else_answers_the_question(void **state)
{
    static const char typed[] = "!status edit 1 body Errors on mw1414.";
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1", typed);
    say(h, "deployer2", typed);
    house_expect_last(h, HOUSE_OPS, "deployer2: \"mw1414\"");
    say(h, "deployer1", "!status edit 1 body Errors on mw1415.");
    house_expect_last(h, HOUSE_OPS, "\"mw1415\"");
    say(h, "deployer1", "!status edit 1 title Errors on mw1414.");
    house_expect_last(h, HOUSE_OPS, "\"mw1414\"");
    say(h, "deployer1", "!status open Errors on mw1414.");
    house_expect_last(h, HOUSE_OPS, "\"mw1414\"");
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 2.1");
    house_wait(h, 5 * MINUTE);
    say(h, "deployer1", typed);
    house_expect_last(h, HOUSE_OPS, ASKED);
    house_restart(h, SECOND);
    say(h, "deployer1", typed);
    house_expect_last(h, HOUSE_OPS, ASKED);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
    say(h, "deployer1", typed);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2");
    /* that answered it: for the next time it is asked again */
    say(h, "deployer1", "!status edit 1 body Errors.");
    say(h, "deployer1", typed);
    house_expect_last(h, HOUSE_OPS, ASKED);
}

/* The other part of the words was asked about when it was typed. */
static void nobody_is_asked_about_words_of_before(void **state)
{
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1", "!status edit 1 title Errors on mw1414");
    say(h, "deployer1", "!status edit 1 title Errors on mw1414");
    say(h, "deployer2", "!status edit 1 body Some pages show errors.");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: \"Errors on mw1414. Some pages");
    say(h, "deployer2", "!status edit 1 impact minor");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.4, not public: \"Errors on mw1414. Some pages");
    say(h, "deployer2", "!status confirm 1.4");
    assert_int_equal(h->page.n_incidents, 1);
    /* and what signals propose goes on with them */
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 30 * MINUTE, 10 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "leaves no room");
    house_expect_said(h, HOUSE_OPS, "PROPOSAL 1.5, ");
}

static void every_way_to_public_words_is_asked(void **state)
{
    static const char *const typed[] = {
        "!status update 1 identified: The cause is db1123.",
        "!status correct 1: The cause is db1123.",
        "!status resolve 1: It was db1123.",
        "!status edit 1 title All of db1123",
        "!status edit 1 body It was db1123 only.",
        "!status open Errors of db1123",
    };
    struct house *h = *state;
    size_t i;

    house_publish(h);
    for (i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        char shown[64];

        say(h, "deployer1", typed[i]);
        house_expect_last(h, HOUSE_OPS, "\"db1123\" looks like the name of a machine. " ASKED);
        say(h, "deployer1", typed[i]);
        (void)snprintf(shown, sizeof shown, i < 5 ? " 1.%zu, " : "DRAFT 2.1", i + 2);
        house_expect_said(h, HOUSE_OPS, shown);
    }
}

/* Nobody can insist on these. */
static void what_cannot_be_shown_stays_refused(void **state)
{
    static const struct {
        const char *typed, *why;
    } rows[] = {{"!status edit 1 body a <b> mw1414", "has a <"},
                {"!status edit 1 body a {since} mw1414", "has a {"}};
    struct house *h = *state;
    size_t i, k;

    house_draft(h);
    for (i = 0; i < 2; i++)
        for (k = 0; k < 3; k++) {
            say(h, "deployer1", rows[i].typed);
            house_expect_last(h, HOUSE_OPS, rows[i].why);
        }
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
}

/* @return the row that says so, or NULL. */
static const struct record_timeline *insisted(const struct house *h)
{
    int64_t id;

    for (id = 1; id < 1000; id++) {
        const struct record_timeline *row = fake_store_row(&h->store, RECORD_TIMELINE, id);

        if (row && !strcmp(row->kind, "insisted"))
            return row;
    }
    return NULL;
}

static void it_is_recorded_that_somebody_insisted(void **state)
{
    struct house *h = *state;
    const struct record_timeline *row;

    house_draft(h);
    say(h, "deployer1", "!status edit 1 body Errors on mw1414.");
    assert_null(insisted(h));
    say(h, "deployer1", "!status edit 1 body Errors on mw1414.");
    row = insisted(h);
    if (!row)
        fail_msg("nothing says that somebody insisted");
    assert_string_equal(row->who, "deployer1");
    assert_string_equal(row->text, "\"mw1414\" looks like the name of a machine");
    assert_int_equal(row->ref, 2);
}

/* ---- the shape of a key ---------------------------------------------------------------------- */

#define KEY "AKIAIOSFODNN7EXAMPLE"

static void what_looks_like_a_key_needs_two_people(void **state)
{
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1", "!status edit 1 body We use " KEY " now.");
    house_expect_last(h, HOUSE_OPS,
                      "\"AKIA...\" looks like a key or password. " ASKED
                      ": two people have to confirm it then");
    house_expect_unsaid(h, HOUSE_OPS, KEY);
    say(h, "deployer1", "!status edit 1 body We use " KEY " now.");
    house_expect_last(h, HOUSE_OPS, "publishes it (two people, as it may hold a key or password; ");
    say(h, "deployer1", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS,
                      "1.2 has what looks like a key or password and needs a second person");
    say(h, "deployer1", "!status confirm 1.2");
    house_expect_last(h, HOUSE_OPS, "you confirmed 1.2 already");
    assert_int_equal(h->page.n_incidents, 0);
    house_wait(h, h->settings->chat.second_person_ms);
    house_expect_last(h, HOUSE_OPS,
                      "Or without what looks like a key or password: `!status edit 1");
    say(h, "deployer2", "!status confirm 1.2");
    assert_int_equal(h->page.n_incidents, 1);
}

/* Whoever makes a newer revision with the same words, and after a restart. */
static void newer_revisions_of_a_key_need_two_people(void **state)
{
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1", "!status edit 1 title Key " KEY);
    say(h, "deployer1", "!status edit 1 title Key " KEY);
    say(h, "deployer2", "!status edit 1 impact minor");
    say(h, "deployer2", "!status confirm 1.3");
    house_expect_last(h, HOUSE_OPS, "1.3 has what looks like a key or password");
    house_jinxer(h, FRONTEND); /* signals widen it and keep the words */
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.4");
    house_restart(h, SECOND);
    say(h, "deployer2", "!status confirm 1.4");
    house_expect_last(h, HOUSE_OPS, "1.4 has what looks like a key or password");
    say(h, "deployer1", "!status confirm 1.4");
    assert_int_equal(h->page.n_incidents, 1);
    /* once it is public there is nothing left to guard */
    say(h, "deployer1", "!status update 1 identified: We know the cause.");
    say(h, "deployer1", "!status confirm 1.5");
    house_expect_last(h, HOUSE_OPS, "identified");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
}

/* One confirm of it is no confirm of the next, whoever gives it. */
static void an_edit_in_between_starts_anew(void **state)
{
    struct house *h = *state;

    house_draft(h);
    say(h, "deployer1", "!status edit 1 title Key " KEY);
    say(h, "deployer1", "!status edit 1 title Key " KEY);
    say(h, "deployer1", "!status confirm 1.2");
    say(h, "deployer1", "!status edit 1 impact minor");
    say(h, "deployer2", "!status confirm 1.3");
    assert_int_equal(h->page.n_incidents, 0);
    say(h, "deployer2", "!status edit 1 title Errors");
    say(h, "deployer2", "!status confirm 1.4");
    assert_int_equal(h->page.n_incidents, 1);
}

/* ---- what was taken out ---------------------------------------------------------------------- */

static void it_is_told_what_was_taken_out(void **state)
{
    struct house *h = *state;
    size_t before;

    house_draft(h);
    before = lines(h);
    say(h, "deployer1", "!status edit 1 title \00304Errors\003 on pages\xe2\x80\xae now");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Errors on pages now. ");
    house_expect_last(h, HOUSE_OPS,
                      "deployer1: removed from your text: 2 colour or style codes, U+202E after "
                      "\"pages\". `!status confirm 1.2` publishes it");
    assert_int_equal(lines(h), before + 2);
    say(h, "deployer1", "!status edit 1 title  \"Errors  on pages\"");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3, not public: \"Errors on pages. ");
    house_expect_last(h, HOUSE_OPS, "dep1: `!status confirm 1.3`");
}

static void it_is_told_for_an_end_too(void **state)
{
    struct house *h = *state;

    house_publish(h);
    say(h, "deployer1", "!status resolve 1: It is o\xe2\x80\x8bver.");
    house_expect_said(h, HOUSE_OPS, "It is over.");
    house_expect_last(h, HOUSE_OPS, "deployer1: removed from your text: U+200B after \"o\".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(what_looks_internal_is_asked_once_more),
        HOUSE_TEST(what_is_repeated_in_part_ends_with_dots),
        HOUSE_TEST(nothing_else_answers_the_question),
        HOUSE_TEST(nobody_is_asked_about_words_of_before),
        HOUSE_TEST(every_way_to_public_words_is_asked),
        HOUSE_TEST(what_cannot_be_shown_stays_refused),
        HOUSE_TEST(it_is_recorded_that_somebody_insisted),
        HOUSE_TEST(what_looks_like_a_key_needs_two_people),
        HOUSE_TEST(newer_revisions_of_a_key_need_two_people),
        HOUSE_TEST(an_edit_in_between_starts_anew),
        HOUSE_TEST(it_is_told_what_was_taken_out),
        HOUSE_TEST(it_is_told_for_an_end_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
