/* What goes wrong with the engine: each test was a fault once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_file.h"
#include "house.h"
#include "problems.h"

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

    house_draft(h);
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

    house_publish(h);
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

    house_publish(h);
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

    house_publish(h);
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

    house_publish(h);
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

    house_publish(h);
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

    house_publish(h);
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

/* ---- the way to the page ----------------------------------------------------------------- */

static size_t last_request(const struct house *h, enum page_op op)
{
    size_t i;

    for (i = h->page.n; i-- > 0;)
        if (h->page.request[i].req.op == op)
            return i;
    fail_msg("no such request");
    return 0;
}

/* A step that waited behind another for too long is as stale as that one would be. */
static void stale_confirm_behind_another_is_withdrawn(void **state)
{
    struct house *h = *state;
    int i;

    house_publish(h);
    fake_page_script(&h->page, FAKE_DOUBT_APPLY_LATER);
    h->page.read_fails = true;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
    house_wait(h, 4 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    for (i = 0; i < 30; i++)
        house_wait(h, MINUTE);
    assert_int_equal(fake_page_apply_late(&h->page), 1);
    h->page.read_fails = false;
    house_wait_sliced(h, 3 * MINUTE, 10 * SECOND);
    house_expect_said(h, HOUSE_OPS, "1 updated at");
    house_expect_said(h, HOUSE_OPS, "and could not be sent: withdrawn");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 1);
    assert_int_equal(engine_open_incidents(h->engine), 1);
}

/* What was confirmed behind a refused step is not lost without a word. */
static void refusal_shows_what_it_took_along(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_wait(h, 61 * SECOND);
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    fake_chat_clear(&h->chat);
    fake_page_script(&h->page, FAKE_REFUSE);
    h->page_answers = true;
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1.1 was NOT published");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2, not public: \"Pages not loading.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    assert_int_equal(h->page.n_incidents, 1);
}

static void refused_quiet_draft_is_closed_in_the_end(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_icinga(h, EXCEPTIONS_OK);
    fake_page_script(&h->page, FAKE_REFUSE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1.1 was NOT published");
    house_wait(h, 61 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

static void lost_answer(void *ctx, const struct page_answer *answer)
{
    (void)ctx;
    (void)answer;
}

/* After a crash nobody would know that a confirmed step hangs. */
static void doubt_after_a_restart_is_told(void **state)
{
    struct house *h = *state;
    struct page_sink sink = h->page.sink;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    fake_chat_clear(&h->chat);
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    h->page.sink.answer = lost_answer; /* it dies with the process */
    (void)fake_page_answer_all(&h->page);
    h->page.sink = sink;
    h->page_answers = true;
    h->page.read_fails = true;
    house_restart(h, 10 * SECOND);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1.1 is not public yet");
}

/* Without the page's number the next step would make a second incident. */
static void created_without_a_number_is_looked_for(void **state)
{
    struct page_answer empty = {.result = PAGE_OK, .http_status = 201, .error = ""};
    struct house *h = *state;

    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    while (h->page.request[last_request(h, PAGE_CREATE)].answered == false &&
           last_request(h, PAGE_CREATE) > 0 &&
           !h->page.request[last_request(h, PAGE_CREATE) - 1].answered)
        (void)fake_page_answer(&h->page);
    fake_page_answer_with(&h->page, last_request(h, PAGE_CREATE), &empty);
    h->page_answers = true;
    house_settle(h);
    house_expect_unsaid(h, HOUSE_OPS, "1 is public since");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    assert_int_equal(h->page.n_incidents, 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    assert_int_equal(h->page.n_incidents, 1);
}

static void endless_error_of_the_page_is_cut(void **state)
{
    char error[3000];
    struct page_answer refused = {.result = PAGE_REFUSED, .http_status = 422, .error = error};
    struct house *h = *state;

    memset(error, 'x', sizeof error - 1);
    error[sizeof error - 1] = '\0';
    house_draft(h);
    h->page_answers = false;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    fake_page_answer_with(&h->page, last_request(h, PAGE_CREATE), &refused);
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1.1 was NOT published");
}

/* ---- shown whole --------------------------------------------------------------------------- */

static void tell_shown(struct house *h, const struct fake_line *line, bool shown)
{
    struct chat_event event = {
        .kind = shown ? CHAT_SHOWN : CHAT_UNSHOWN, .place = "", .text = "", .token = line->token};

    h->chat.sink.event(h->chat.sink.ctx, &event);
    house_settle(h);
}

/* Impact and components may stand in the second line: then both must be taken, whole. */
static void revision_counts_as_shown_with_both_of_its_lines(void **state)
{
    static const char body[] =
        "Many people may see an error instead of pages, and searching takes much longer than it "
        "should. We know about this and we are looking for the reason. We will write here again "
        "as soon as there is anything new to tell, and in an hour in any case. Thank you for "
        "your patience.";
    struct house *h = *state;
    const struct fake_line *words, *prompt;
    struct fake_line first;
    char line[400];

    house_draft(h);
    h->lines_show = false;
    (void)snprintf(line, sizeof line, "!status edit 1 body %.270s", body);
    house_say(h, HOUSE_OPS, "deployer1", "=", line);
    house_say(h, HOUSE_OPS, "deployer1", "=",
              "!status edit 1 components Reading: degraded, Editing: degraded, Search: degraded");
    words = fake_chat_find(&h->chat, HOUSE_OPS, "DRAFT 1.3, not public");
    prompt = fake_chat_find(&h->chat, HOUSE_OPS, "confirm 1.3` publishes");
    assert_non_null(words);
    assert_non_null(prompt);
    assert_null(strstr(words->text, "MAJOR"));
    assert_non_null(strstr(prompt->text, "MAJOR, Reading: degraded performance, "));
    assert_int_not_equal(words->token, 0);
    assert_int_not_equal(prompt->token, 0);
    assert_int_not_equal(words->token, prompt->token);
    first = *words; /* what is said next moves it */
    tell_shown(h, prompt, true);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    assert_int_equal(h->page.n_incidents, 0);
    tell_shown(h, &first, true);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    assert_int_equal(h->page.n_incidents, 1);
}

/* A channel may refuse the line with the words (for one of them) and take the one behind it. */
static void words_that_were_refused_are_not_shown_by_the_prompt(void **state)
{
    static const bool words_first[] = {true, false};
    struct house *h = *state;
    char line[400];
    size_t i;

    house_draft(h);
    h->lines_show = false;
    for (i = 0; i < 2; i++) {
        char heading[40], prompt[40];

        (void)snprintf(line, sizeof line, "!status edit 1 body %zu %0260d", i, 0);
        house_say(h, HOUSE_OPS, "deployer1", "=", line);
        (void)snprintf(line, sizeof line,
                       "!status edit 1 components Reading: degraded, Editing: "
                       "degraded, Search: degraded");
        if (!i)
            house_say(h, HOUSE_OPS, "deployer1", "=", line);
        (void)snprintf(heading, sizeof heading, "DRAFT 1.%zu, not public", 3 + i);
        (void)snprintf(prompt, sizeof prompt, "confirm 1.%zu` publishes", 3 + i);
        if (words_first[i])
            tell_shown(h, fake_chat_find(&h->chat, HOUSE_OPS, heading), false);
        tell_shown(h, fake_chat_find(&h->chat, HOUSE_OPS, prompt), true);
        if (!words_first[i])
            tell_shown(h, fake_chat_find(&h->chat, HOUSE_OPS, heading), false);
        (void)snprintf(line, sizeof line, "!status confirm 1.%zu", 3 + i);
        house_say(h, HOUSE_OPS, "deployer1", "=", line);
        assert_int_equal(h->page.n_incidents, 0);
    }
}

/* Reasons may be cut off, never what will be public. */
static void components_are_never_cut_off(void **state)
{
    struct house *h = *state;
    char name[2][201], line[600];
    size_t i;

    house_draft(h);
    for (i = 0; i < 2; i++) {
        memset(name[i], i ? 'B' : 'A', 200);
        name[i][200] = '\0';
        free(h->settings->component[i].name);
        h->settings->component[i].name = strdup(name[i]);
    }
    (void)snprintf(line, sizeof line, "!status edit 1 components %s: major, %s: major", name[0],
                   name[1]);
    house_say(h, HOUSE_OPS, "deployer1", "=", line);
    (void)snprintf(line, sizeof line, "MAJOR, %s: major outage, %s: major outage. dep1: `", name[0],
                   name[1]);
    house_expect_last(h, HOUSE_OPS, line);
}

/* ---- deploys --------------------------------------------------------------------------------- */

#define CHANGE "[[gerrit:880004|Example (T1)]], "

/* The end of a deploy, in a line so long that its bot split it, is the end of that one deploy. */
static void split_end_is_no_deploy_of_its_own(void **state)
{
    struct house *h = *state;
    char line[421] = "!log deployer1@deploy1002 Finished scap: Backport for ";
    size_t n = strlen(line);

    for (; n < sizeof line - 1; n++) /* cut where the bot cuts it */
        line[n] = CHANGE[n % (sizeof CHANGE - 1)];
    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_deploy(h, line);
    house_deploy(h, "880005|Example change (T3)]] (duration: 09m 12s)");
    assert_int_equal(fake_store_count(&h->store, RECORD_DEPLOY), 1);
}

/* A deploy whose end was never told is over when the same person starts the same again. */
static void lost_end_does_not_blame_for_hours(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, 10 * MINUTE);
    house_deploy(h, STARTED);
    house_wait(h, 5 * MINUTE);
    house_deploy(h, "!log deployer1@deploy1002 Finished scap: Backport for [[gerrit:880004|Example "
                    "change (T1)]] (duration: 05m 00s)");
    house_wait(h, 30 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

static void deploy_on_the_test_servers_is_not_blamed_first(void **state)
{
    struct house *h = *state;

    house_deploy(h, "!log deployer2@deploy1002 Started scap: Config: example");
    house_wait(h, 2 * MINUTE);
    house_deploy(h, STARTED);
    house_deploy(h, "!log deployer1@deploy1002 deployer1: Backport for [[gerrit:880004|Example "
                    "change (T1)]] synced to the testservers: mwdebug1001");
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_expect_last(h, HOUSE_OPS, "dep2: ");
}

/* ---- another configuration ------------------------------------------------------------------ */

/* The rule that an alert was counted by is another now. */
static void reload_counts_alerts_anew(void **state)
{
    struct house *h = *state;

    house_draft(h);
    h->settings->rule[1].watched = false;
    engine_reload(h->engine, h->settings);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait(h, 62 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* The id or the key of the page may be another, and wrong. */
static void reload_looks_whether_the_page_is_there(void **state)
{
    struct house *h = *state;
    size_t before = fake_page_count(&h->page, PAGE_CHECK);

    house_wait(h, 3 * MINUTE);
    assert_int_equal(fake_page_count(&h->page, PAGE_CHECK), before);
    engine_reload(h->engine, h->settings);
    house_wait(h, 0);
    assert_int_equal(fake_page_count(&h->page, PAGE_CHECK), before + h->settings->n_pages);
    house_wait(h, 3 * MINUTE); /* once */
    assert_int_equal(fake_page_count(&h->page, PAGE_CHECK), before + h->settings->n_pages);
}

/* Nothing of a configuration is held on to once another is in place. */
static void reload_lets_the_old_rules_go(void **state)
{
    struct house *h = *state;
    struct settings *other = NULL;
    struct problems problems;

    problems_init(&problems);
    assert_int_equal(config_file_load(HOUSE_CFG, &problems, &other), 0);
    problems_finish(&problems);
    engine_reload(h->engine, other);
    house_draft(h);
    engine_reload(h->engine, h->settings);
    settings_destroy(other);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait(h, 62 * MINUTE);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* The home channel is configured no more: the draft must not wait where nobody is. */
static void reload_that_takes_the_home_away_moves_in(void **state)
{
    struct house *h = *state;
    struct channel_settings *c = &h->settings->network[0].channel[0];

    house_draft(h);
    assert_string_equal(c->name, "#ops");
    c->roles = CHANNEL_WATCH;
    fake_chat_clear(&h->chat);
    engine_reload(h->engine, h->settings);
    house_wait(h, MINUTE);
    house_expect_said(h, HOUSE_SRE, "DRAFT 1.1, not public: ");
    house_say(h, HOUSE_SRE, "deployer1", "=", "!status confirm 1.1");
    house_expect_said(h, HOUSE_SRE, "1 is public since");
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), 0);
}

static void approval_of_somebody_removed_does_not_count(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    h->settings->person[0].name[0] = 'x';
    engine_reload(h->engine, h->settings);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status confirm 1.1");
    assert_int_equal(fake_page_count(&h->page, PAGE_CREATE), 0);
    house_expect_last(h, HOUSE_OPS, "1.1 is critical and needs a second person");
}

/* ---- limits --------------------------------------------------------------------------------- */

static void page_without_room_is_told_and_opens_later(void **state)
{
    struct house *h = *state;

    h->settings->triage.max_open = 1;
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status open Something odd");
    house_wait(h, 11 * MINUTE);
    fake_chat_clear(&h->chat);
    house_jinxer(h, SEARCH);
    house_expect_last(h, HOUSE_OPS, "1 are open, the most there may be: page SearchDown");
    house_jinxer(h, "FIRING: MediaWiki exceptions: many #page");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 1);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status discard 1");
    house_wait(h, MINUTE);
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1");
}

static void strangers_get_few_answers(void **state)
{
    static const char *const lines[] = {"!status show 1", "!status", "!status help", "!status who",
                                        "!status confirm 1.1"};
    struct house *h = *state;
    char nick[20], place[30];
    size_t rows, k;
    int i;

    house_draft(h);
    fake_chat_clear(&h->chat);
    rows = fake_store_count(&h->store, RECORD_TIMELINE);
    for (i = 0; i < 100; i++)
        house_say(h, HOUSE_OPS, "mallory", "=", lines[i % 5]);
    assert_in_range(fake_chat_count(&h->chat, HOUSE_OPS), 1, 8);
    for (i = 0; i < 100; i++) {
        (void)snprintf(nick, sizeof nick, "m%d", i);
        (void)snprintf(place, sizeof place, "net/%s", nick);
        house_say(h, place, nick, NULL, "!status show 1");
    }
    assert_in_range(fake_chat_count(&h->chat, NULL), 1, 40);
    assert_in_range(fake_store_count(&h->store, RECORD_TIMELINE) - rows, 0, 12);
    for (k = 0; k < h->chat.n; k++) /* and they are overtaken, by what is told unasked too */
        assert_int_equal(h->chat.line[k].priority, SAY_STRANGER);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status show 1"); /* on the list: never muted */
    house_expect_last(h, HOUSE_OPS, "confirm 1.1");
    assert_int_equal(h->chat.line[h->chat.n - 1].priority, SAY_ANSWER);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public");
}

static void practice_channel_publishes_nothing(void **state)
{
    struct house *h = *state;

    h->settings->network[0].channel[1].roles = CHANNEL_PRACTICE;
    house_say(h, HOUSE_SRE, "deployer1", "=", "!status open Just practising");
    house_expect_last(h, HOUSE_SRE, "practice");
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* ---- what people decided -------------------------------------------------------------------- */

/* A person lowered what the alerts asked for; only what comes after that may raise it. */
static void lowered_impact_stays_lowered(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_wait(h, 2 * MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status edit 1 impact minor");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.2");
    house_restart(h, 10 * SECOND);
    house_wait(h, 2 * MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "1.3");
    house_jinxer(h, SEARCH);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.3");
    house_expect_said(h, HOUSE_OPS, "MINOR, Editing: partial outage, Search: major outage");
    house_icinga(h, EXCEPTIONS_OK);
    house_wait(h, 2 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_wait(h, 2 * MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "1.4");
}

/* A reading that began before a step was published brings the words of before: nobody edited. */
static void old_reading_is_no_edit_by_hand(void **state)
{
    struct house *h = *state;
    struct page_incident before, after;
    struct page_answer answer = {.result = PAGE_OK, .http_status = 200, .error = ""};
    char new_body[] = "We know the cause.", key_step[] = "2", title[200], body[400];

    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: We know the cause.");
    before = h->page.incident[0];
    (void)snprintf(title, sizeof title, "%s", before.title);
    (void)snprintf(body, sizeof body, "%s", before.body);
    before.title = title;
    before.body = body;
    after = before;
    after.body = new_body;
    after.key_step = key_step;
    after.step = STEP_IDENTIFIED;
    h->page_answers = false;
    house_wait(h, MINUTE);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 monitoring: We are watching.");
    answer.n_incidents = 1;
    answer.incident = &after;
    fake_page_answer_with(&h->page, last_request(h, PAGE_UPDATE), &answer);
    house_settle(h);
    house_expect_said(h, HOUSE_OPS, "1 updated at");
    answer.incident = &before;
    fake_page_answer_with(&h->page, last_request(h, PAGE_LIST), &answer);
    house_settle(h);
    house_expect_unsaid(h, HOUSE_OPS, "by hand");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    assert_int_equal(fake_page_count(&h->page, PAGE_UPDATE), 2);
}

/* Somebody wrote a whole page by hand: it is told in one line, and what fires then in ours. */
static void long_words_by_hand_are_told_in_short(void **state)
{
    struct house *h = *state;
    char body[4000];
    size_t i;

    house_publish(h);
    for (i = 0; i < sizeof body - 1; i++)
        body[i] = "slowly "[i % 7];
    body[sizeof body - 1] = '\0';
    house_wait(h, 2 * MINUTE);
    free(h->page.incident[0].body);
    h->page.incident[0].body = strdup(body);
    house_wait(h, MINUTE);
    house_expect_last(h, HOUSE_OPS, "1 was changed on the page by hand");
    assert_in_range(strlen(fake_chat_last(&h->chat, HOUSE_OPS)), 1, 400);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status show 1");
    for (i = 0; i < h->chat.n; i++)
        assert_in_range(strlen(h->chat.line[i].text), 1, 450);
    house_jinxer(h, SEARCH);
    house_expect_said(h, HOUSE_OPS, "wider, not public: \"Search not working. Search may");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(warning_that_becomes_critical_drafts),
        HOUSE_TEST(warnings_that_become_critical_are_a_storm),
        HOUSE_TEST(critical_that_becomes_a_warning_is_quiet),
        HOUSE_TEST(missed_recovery_does_not_silence_for_good),
        HOUSE_TEST(missed_recovery_does_not_hide_a_bad_deploy),
        HOUSE_TEST(storm_goes_on_after_a_restart),
        HOUSE_TEST(held_alert_outlives_a_storm),
        HOUSE_TEST(end_on_its_way_is_no_ground_to_build_on),
        HOUSE_TEST(proposal_builds_on_what_is_on_its_way),
        HOUSE_TEST(component_taken_out_is_given_back),
        HOUSE_TEST(end_gives_back_only_what_is_free_when_confirmed),
        HOUSE_TEST(correction_shows_only_what_it_changes),
        HOUSE_TEST(proposal_keeps_a_widening_that_waits),
        HOUSE_TEST(alerts_of_another_page_stay_out),
        HOUSE_TEST(stale_confirm_behind_another_is_withdrawn),
        HOUSE_TEST(refusal_shows_what_it_took_along),
        HOUSE_TEST(refused_quiet_draft_is_closed_in_the_end),
        HOUSE_TEST(doubt_after_a_restart_is_told),
        HOUSE_TEST(created_without_a_number_is_looked_for),
        HOUSE_TEST(endless_error_of_the_page_is_cut),
        HOUSE_TEST(revision_counts_as_shown_with_both_of_its_lines),
        HOUSE_TEST(words_that_were_refused_are_not_shown_by_the_prompt),
        HOUSE_TEST(components_are_never_cut_off),
        HOUSE_TEST(split_end_is_no_deploy_of_its_own),
        HOUSE_TEST(lost_end_does_not_blame_for_hours),
        HOUSE_TEST(deploy_on_the_test_servers_is_not_blamed_first),
        HOUSE_TEST(reload_counts_alerts_anew),
        HOUSE_TEST(reload_looks_whether_the_page_is_there),
        HOUSE_TEST(reload_lets_the_old_rules_go),
        HOUSE_TEST(reload_that_takes_the_home_away_moves_in),
        HOUSE_TEST(approval_of_somebody_removed_does_not_count),
        HOUSE_TEST(page_without_room_is_told_and_opens_later),
        HOUSE_TEST(strangers_get_few_answers),
        HOUSE_TEST(practice_channel_publishes_nothing),
        HOUSE_TEST(lowered_impact_stays_lowered),
        HOUSE_TEST(old_reading_is_no_edit_by_hand),
        HOUSE_TEST(long_words_by_hand_are_told_in_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
