/* A recorded outage played with fakes around it, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "config_file.h"
#include "drill.h"
#include "drill_names.h"
#include "drill_settings.h"
#include "err.h"
#include "fake_chat.h"
#include "fake_page.h"
#include "fake_store.h"
#include "hearing.h"
#include "patterns.h"
#include "problems.h"
#include "scenarios.h"

#define WIKIMEDIA "config/wikimedia.cfg"
#define PRACTICE "libera/#wikimedia-status-practice"
#define SHIPPED "config/scenarios"
#define CORPUS "tests/data/scenarios"

enum {
    SECOND = 1000,
    MINUTE = 60 * 1000,
    REAL_BOOT_MS = 77000,
    NUMBER_BYTES = 32,
    OTHER_NUMBER = 6,
    NUMBER = 7
};

struct bench {
    struct settings *real;
    struct settings *settings;
    struct patterns *patterns;
    struct drill_scenario scenario;
    struct fake_chat chat;
    struct fake_page page;
    struct fake_store store;
    struct drill *drill;
    int64_t boot_ms;
    bool holds_page;  /* requests are not answered */
    bool keeps_quiet; /* no line is shown */
};

static void on_answer(void *ctx, const struct page_answer *answer)
{
    struct bench *b = ctx;

    assert_int_equal(drill_answer(b->drill, answer, b->boot_ms), 0);
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct bench *b = ctx;

    (void)text;
    assert_int_equal(drill_stored(b->drill, ticket, err, b->boot_ms), err);
}

static void on_event(void *ctx, const struct chat_event *event)
{
    struct bench *b = ctx;

    assert_int_equal(drill_chat(b->drill, event, b->boot_ms), 0);
}

static void on_heard(void *ctx, const struct heard *line)
{
    struct bench *b = ctx;

    assert_int_equal(drill_hear(b->drill, line, b->boot_ms), 0);
}

static void settle(struct bench *b)
{
    size_t moved;

    do {
        moved = fake_store_complete_all(&b->store);
        b->page.wall_ms = drill_now(b->drill, b->boot_ms).wall_ms;
        if (!b->holds_page)
            moved += fake_page_answer_all(&b->page);
        if (!b->keeps_quiet)
            moved += fake_chat_show(&b->chat);
        assert_int_equal(drill_turn(b->drill, b->boot_ms), 0);
    } while (moved);
}

/* So much real time goes by, from deadline to deadline. */
static void wait_ms(struct bench *b, int64_t ms)
{
    int64_t end = b->boot_ms + ms, before = -1;
    int still = 0;

    settle(b);
    while (drill_deadline(b->drill) <= end) {
        int64_t due = drill_deadline(b->drill);

        b->boot_ms = due > b->boot_ms ? due : b->boot_ms;
        settle(b);
        still = b->boot_ms == before ? still + 1 : 0;
        before = b->boot_ms;
        if (still > 1000)
            fail_msg("it goes round at %lld", (long long)b->boot_ms);
    }
    b->boot_ms = end;
    settle(b);
}

static void read_scenario(struct drill_scenario *s, const char *dir, const char *name)
{
    char why[500] = "";

    if (scenarios_load(dir, name, s, why, sizeof why))
        fail_msg("%s", why);
}

/* @return as drill_create(). */
static int bench_try(struct bench *b)
{
    struct drill_options options;
    struct drill_page page = {"pppppppppppp", "http://127.0.0.1:1", "http://127.0.0.1:1",
                              "http://drill.example", "/nowhere/key"};
    struct problems problems;
    int r;

    problems_init(&problems);
    if (config_file_load(WIKIMEDIA, &problems, &b->real)) {
        problems_print(&problems, stderr);
        fail_msg("mistakes");
    }
    assert_int_equal(drill_settings_make(b->real, PRACTICE, &b->settings), 0);
    assert_int_equal(drill_settings_page(b->settings, &page), 0);
    assert_int_equal(patterns_create(b->settings, &problems, &b->patterns), 0);
    problems_finish(&problems);
    fake_chat_init(&b->chat);
    fake_page_init(&b->page);
    fake_store_init(&b->store);
    b->chat.sink = (struct chat_sink){.ctx = b, .heard = on_heard, .event = on_event};
    b->page.sink = (struct page_sink){.ctx = b, .answer = on_answer};
    b->store.sink = (struct store_sink){.ctx = b, .committed = on_committed};
    b->boot_ms = REAL_BOOT_MS;
    if (!b->scenario.name)
        read_scenario(&b->scenario, SHIPPED, "2023-01-17");
    options = (struct drill_options){.settings = b->settings,
                                     .formats = patterns_format_port(b->patterns),
                                     .scenario = &b->scenario,
                                     .place = PRACTICE,
                                     .player = "newcomer",
                                     .number = NUMBER,
                                     .url = "http://drill.example",
                                     .chat = fake_chat_port(&b->chat),
                                     .page = fake_page_port(&b->page),
                                     .store = fake_store_port(&b->store)};
    r = drill_create(&options, &b->drill);
    if (r)
        return r;
    assert_int_equal(drill_start(b->drill, b->boot_ms), 0);
    settle(b);
    return 0;
}

static void bench_init(struct bench *b)
{
    assert_int_equal(bench_try(b), 0);
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    bench_init(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    drill_destroy(b->drill);
    patterns_destroy(b->patterns);
    settings_destroy(b->settings);
    settings_destroy(b->real);
    drill_scenario_finish(&b->scenario);
    fake_chat_finish(&b->chat);
    fake_page_finish(&b->page);
    fake_store_finish(&b->store);
    free(b);
    return 0;
}

#define DRILL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void say(struct bench *b, const char *nick, const char *account, const char *text)
{
    fake_chat_hear(&b->chat, PRACTICE, nick, account, text, 0);
    settle(b);
}

static void print_lines(const struct bench *b)
{
    size_t i;

    for (i = 0; i < b->chat.n; i++)
        (void)fprintf(stderr, "%s: %s\n", b->chat.line[i].place, b->chat.line[i].text);
}

static void expect(struct bench *b, const char *text)
{
    if (!fake_chat_find(&b->chat, PRACTICE, text)) {
        print_lines(b);
        fail_msg("nobody said \"%s\"", text);
    }
}

static void expect_unsaid(struct bench *b, const char *text)
{
    if (fake_chat_find(&b->chat, NULL, text)) {
        print_lines(b);
        fail_msg("somebody said \"%s\"", text);
    }
}

/* Real time goes by until crier says that; as little as it takes. */
static const char *wait_for(struct bench *b, const char *text, int64_t most_ms)
{
    int64_t end = b->boot_ms + most_ms;

    while (!fake_chat_find(&b->chat, PRACTICE, text) && b->boot_ms < end)
        wait_ms(b, 250);
    expect(b, text);
    return fake_chat_find(&b->chat, PRACTICE, text)->text;
}

/* What is between backticks in crier's newest prompt. */
static void do_as_told(struct bench *b)
{
    const struct fake_line *prompt = fake_chat_find(&b->chat, PRACTICE, "`!status confirm D1.");
    char typed[80];
    const char *from;

    assert_non_null(prompt);
    from = strstr(prompt->text, "`!status confirm D1.") + 1;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(from, "`"), from);
    fake_chat_clear(&b->chat);
    say(b, "newcomer", "newcomer", typed);
}

static void plays_an_outage_to_the_score(void **state)
{
    struct bench *b = *state;
    size_t i;

    expect(b, "DRILL | 2023-01-17: a backport breaks every page");
    expect(b, "http://drill.example");
    wait_for(b, "DRAFT D1.1, not public:", MINUTE);
    expect(b, "DRILL | <icinga-wm> PROBLEM - MediaWiki exceptions");
    do_as_told(b);
    wait_for(b, "D1 is public since 18:3", 10 * SECOND);
    for (i = 0; i < 400 && !drill_is_over(b->drill); i++) {
        if (fake_chat_find(&b->chat, PRACTICE, "`!status confirm D1."))
            do_as_told(b);
        wait_ms(b, SECOND);
    }
    expect(b, "SCORE: draft 0 s after the first alert, confirmed");
    expect(b, "the page was never updated");
    expect(b, "instead of never.");
    assert_true(drill_is_over(b->drill));
    assert_true(b->boot_ms - REAL_BOOT_MS < 3 * MINUTE);
    assert_int_equal(b->page.n_incidents, 1);
    assert_int_equal(b->page.incident[0].step, STEP_RESOLVED);
    assert_int_equal(drill_deadline(b->drill), NOW_NEVER);
}

static void every_line_is_marked_and_yields(void **state)
{
    struct bench *b = *state;
    size_t i, j;

    for (j = 0; j < 3; j++) {
        wait_for(b, "`!status confirm D1.", 3 * MINUTE);
        for (i = 0; i < b->chat.n; i++) {
            const struct fake_line *line = &b->chat.line[i];

            assert_int_equal(strncmp(line->text, HEARING_DRILL, sizeof HEARING_DRILL - 1), 0);
            assert_int_equal(line->priority, SAY_REMINDER);
            assert_true(strlen(line->text) <= 320);
            assert_null(strstr(line->text, "73400000"));
            assert_true(!line->token || (line->token & DRILL_TOKEN));
            assert_string_equal(line->place, PRACTICE);
        }
        do_as_told(b);
    }
}

static void goes_at_real_speed_while_something_waits(void **state)
{
    struct bench *b = *state;
    int64_t wall_ms;

    wait_for(b, "DRAFT D1.1", MINUTE);
    wall_ms = drill_now(b->drill, b->boot_ms).wall_ms;
    wait_ms(b, 40 * SECOND);
    assert_int_equal(drill_now(b->drill, b->boot_ms).wall_ms, wall_ms + 40 * SECOND);
    expect_unsaid(b, "sync-world aborted"); /* 47 s after the alert */
    wait_ms(b, 10 * SECOND);
    expect(b, "sync-world aborted");
}

static void skips_nothing_while_the_page_owes_an_answer(void **state)
{
    struct bench *b = *state;
    int64_t wall_ms;

    wait_for(b, "DRAFT D1.1", MINUTE);
    b->holds_page = true;
    do_as_told(b);
    wall_ms = drill_now(b->drill, b->boot_ms).wall_ms;
    wait_ms(b, 10 * SECOND);
    assert_int_equal(drill_now(b->drill, b->boot_ms).wall_ms, wall_ms + 10 * SECOND);
    b->holds_page = false;
    wait_for(b, "D1 is public", 10 * SECOND);
}

static void coaches_whoever_is_lost(void **state)
{
    struct bench *b = *state;

    wait_for(b, "DRAFT D1.1", MINUTE);
    fake_chat_clear(&b->chat);
    wait_ms(b, 29 * SECOND);
    expect_unsaid(b, "newcomer:");
    wait_ms(b, 2 * SECOND);
    expect(b, "newcomer: readers know nothing yet. Read the draft above; if it is true, type "
              "`!status confirm D1.1`");
    fake_chat_clear(&b->chat);
    wait_ms(b, 58 * SECOND);
    expect_unsaid(b, "it still waits");
    wait_ms(b, 3 * SECOND);
    expect(b, "newcomer: it still waits: `!status confirm D1.");
    assert_int_equal(drill_result(b->drill)->hints, 1);
}

static void ends_when_nobody_plays(void **state)
{
    struct bench *b = *state;

    wait_for(b, "DRAFT D1.1", MINUTE);
    wait_ms(b, 70 * MINUTE);
    assert_true(drill_is_over(b->drill));
    expect(b, "SCORE: draft 0 s after the first alert; nobody confirmed it");
}

static void teaches_in_three_lines(void **state)
{
    struct bench *b = *state;

    wait_for(b, "DRAFT D1.1", MINUTE);
    fake_chat_clear(&b->chat);
    say(b, "newcomer", "newcomer", "!status help");
    assert_int_equal(fake_chat_count(&b->chat, PRACTICE), 3);
    expect(b, "`!status confirm N.R`");
    fake_chat_clear(&b->chat);
    say(b, "newcomer", "newcomer", "!status confrim");
    assert_int_equal(fake_chat_count(&b->chat, PRACTICE), 4); /* the refusal, and once the lesson */
    fake_chat_clear(&b->chat);
    say(b, "newcomer", "newcomer", "!status confrim");
    assert_int_equal(fake_chat_count(&b->chat, PRACTICE), 1);
    fake_chat_clear(&b->chat);
    say(b, "stranger", NULL, "!status confirm D1.1");
    assert_int_equal(fake_chat_count(&b->chat, PRACTICE), 4);
    expect(b, "stranger: refused, you are not logged in to services");
    assert_int_equal(b->page.n_incidents, 0);
}

static void plain_numbers_are_refused(void **state)
{
    struct bench *b = *state;
    static const char *const typed[] = {"!status confirm 1.1",    "!status confirm 1",
                                        "!status discard 1",      "!status confirm quiet 1.1",
                                        "!status show 1",         "!status adopt 1 into D1",
                                        "!status adopt D1 into 1"};
    size_t i;

    wait_for(b, "DRAFT D1.1", MINUTE);
    for (i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        fake_chat_clear(&b->chat);
        say(b, "newcomer", "newcomer", typed[i]);
        expect(b, "newcomer: 1");
        expect(b, "is none of this drill's");
    }
    assert_int_equal(b->page.n_incidents, 0);
    fake_chat_clear(&b->chat);
    wait_ms(b, 10 * SECOND);
    say(b, "newcomer", "newcomer", "!status confirm");
    wait_for(b, "D1 is public", 10 * SECOND);
}

static void a_guest_plays_with_any_command(void **state)
{
    struct bench *b = *state;
    size_t people = b->settings->n_people;

    wait_for(b, "DRAFT D1.1", MINUTE);
    say(b, "guest", "guest1", "!status edit D1 title Errors when you edit");
    expect(b, "DRAFT D1.2, not public: \"Errors when you edit.");
    say(b, "guest", "guest1", "!status confirm D1.2");
    wait_for(b, "D1 is public", 10 * SECOND);
    assert_string_equal(b->page.incident[0].title, "Errors when you edit");
    assert_int_equal(b->settings->n_people, people + 1);
}

static void tells_when_it_is_ended(void **state)
{
    struct bench *b = *state;

    wait_for(b, "DRAFT D1.1", MINUTE);
    drill_end(b->drill, "a real draft", b->boot_ms);
    expect(b, "DRILL | The drill is over: a real draft");
    fake_chat_clear(&b->chat);
    drill_end(b->drill, "again", b->boot_ms);
    say(b, "newcomer", "newcomer", "!status confirm D1.1");
    wait_ms(b, MINUTE);
    assert_int_equal(b->chat.n, 0);
    assert_int_equal(b->page.n_incidents, 0);
}

static void late_words_about_another_drill_mean_nothing(void **state)
{
    struct bench *b = *state;
    size_t i;

    b->keeps_quiet = true;
    wait_for(b, "DRAFT D1.1", 5 * MINUTE); /* the server says nothing, but that is no end */
    for (i = 0; i < 2000; i++) {
        uint64_t other = (uint64_t)(OTHER_NUMBER) << 48, token = i | DRILL_TOKEN | other;
        struct chat_event event = {
            .kind = CHAT_SHOWN, .place = PRACTICE, .text = "", .token = token};

        assert_int_equal(drill_chat(b->drill, &event, b->boot_ms), 0);
    }
    say(b, "newcomer", "newcomer", "!status confirm D1.1");
    expect(b, "nothing is published, D1.1 had not been shown here");
    assert_int_equal(b->page.n_incidents, 0);
}

static void skips_nothing_before_its_lines_were_read(void **state)
{
    struct bench *b = *state;
    int64_t wall_ms;

    b->keeps_quiet = true;
    wait_for(b, "Started scap", MINUTE);
    wall_ms = drill_now(b->drill, b->boot_ms).wall_ms;
    wait_ms(b, 10 * SECOND);
    assert_int_equal(drill_now(b->drill, b->boot_ms).wall_ms, wall_ms + 10 * SECOND);
    b->keeps_quiet = false;
    wait_for(b, "DRAFT D1.1", MINUTE);
}

/* ---- other outages --------------------------------------------------------------------------- */

/* Plays another scenario, with somebody who does what crier says. @return real ms that it took. */
static int64_t play(struct bench *b, const char *as_told, int64_t most_ms)
{
    while (!drill_is_over(b->drill) && b->boot_ms - REAL_BOOT_MS < most_ms) {
        const struct fake_line *told = fake_chat_find(&b->chat, PRACTICE, as_told);

        if (told) {
            char typed[80];
            const char *from = strstr(told->text, "`!status ") + 1;

            (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(from, "`"), from);
            fake_chat_clear(&b->chat);
            say(b, "newcomer", "newcomer", typed);
        }
        wait_ms(b, SECOND);
    }
    return b->boot_ms - REAL_BOOT_MS;
}

static struct bench *other_bench(void)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(drill_scenario_init(&b->scenario, "made-up"), 0);
    return b;
}

static void every_shipped_scenario_comes_to_its_end(void **state)
{
    static const char *const name[] = {"2023-01-17", "2025-03-29"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof name / sizeof name[0]; i++) {
        struct bench *b = calloc(1, sizeof *b);
        void *it = b;

        assert_non_null(b);
        read_scenario(&b->scenario, SHIPPED, name[i]);
        bench_init(b);
        assert_true(play(b, "`!status confirm D", 10 * MINUTE) < 5 * MINUTE);
        expect(b, "SCORE: ");
        assert_int_equal(b->page.n_incidents, 1);
        assert_int_equal(b->page.incident[0].step, STEP_RESOLVED);
        assert_true(drill_result(b->drill)->resolved_wall_ms > 0);
        (void)teardown(&it);
    }
}

/* Any log that opens a draft: whoever does what crier says comes to the score card. */
static void every_log_can_be_played(void **state)
{
    char names[8000], *next = names, *name;
    size_t played = 0;

    (void)state;
    (void)scenarios_list(CORPUS, names, sizeof names);
    while ((name = strsep(&next, ", ")) != NULL) {
        struct bench *b = calloc(1, sizeof *b);
        void *it = b;
        int64_t took_ms;
        int r;

        assert_non_null(b);
        if (*name) {
            read_scenario(&b->scenario, CORPUS, name);
            r = bench_try(b);
            if (!r) {
                played++;
                took_ms = play(b, "`!status ", 60 * MINUTE);
                if (getenv("DRILL_TIMES"))
                    (void)fprintf(stderr, "%s: %lld s, %zu incidents\n", name,
                                  (long long)took_ms / SECOND, b->page.n_incidents);
                expect(b, "SCORE: ");
                assert_true(b->page.n_incidents > 0);
                assert_true(took_ms < 60 * MINUTE);
            }
        }
        (void)teardown(&it);
    }
    assert_true(played > 10);
}

#define PAGES "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page"

static void people_end_what_never_recovers(void **state)
{
    struct bench *b = other_bench();
    void *it = b;

    (void)state;
    assert_int_equal(drill_scenario_line(&b->scenario, 1673980380000, "jinxer-wm", PAGES, ""), 0);
    bench_init(b);
    wait_for(b, "DRAFT D1.1", MINUTE);
    do_as_told(b);
    wait_for(b, "Is it over? Then type `!status resolve D1`", 5 * MINUTE);
    fake_chat_clear(&b->chat);
    say(b, "newcomer", "newcomer", "!status resolve D1");
    (void)play(b, "`!status confirm D", 5 * MINUTE);
    expect(b, "SCORE: draft 0 s after the first alert, confirmed");
    assert_int_equal(b->page.incident[0].step, STEP_RESOLVED);
    (void)teardown(&it);
}

static void a_storm_is_a_handful_of_lines(void **state)
{
    struct bench *b = other_bench();
    void *it = b;
    int i;

    (void)state;
    assert_int_equal(drill_scenario_line(&b->scenario, 1673980380000, "jinxer-wm", PAGES, ""), 0);
    for (i = 0; i < DRILL_LINES_MAX - 1; i++) {
        char text[200];

        (void)snprintf(text, sizeof text,
                       "PROBLEM - PHP7 rendering on mw%d is CRITICAL: timed out after 10 s", i);
        assert_int_equal(
            drill_scenario_line(&b->scenario, 1673980380000 + i * 3, "icinga-wm", text, ""), 0);
    }
    assert_int_equal(drill_scenario_line(&b->scenario, 1673980380000, "a", "b", ""), CRIER_ELIMIT);
    bench_init(b);
    wait_ms(b, 60 * SECOND);
    assert_true(fake_chat_count(&b->chat, PRACTICE) < 90);
    expect(b, "more lines");
    (void)teardown(&it);
}

static void a_log_that_opens_no_draft_is_no_drill(void **state)
{
    struct bench *b = other_bench();
    struct problems problems;
    struct drill_options options = {.place = PRACTICE, .player = "a", .url = ""};
    struct drill *d = NULL;
    void *it = b;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load(WIKIMEDIA, &problems, &b->real), 0);
    assert_int_equal(drill_settings_make(b->real, PRACTICE, &b->settings), 0);
    assert_int_equal(patterns_create(b->settings, &problems, &b->patterns), 0);
    problems_finish(&problems);
    options.settings = b->settings;
    options.formats = patterns_format_port(b->patterns);
    options.scenario = &b->scenario;
    assert_int_equal(drill_create(&options, &d), CRIER_ENOENT);
    assert_int_equal(drill_scenario_line(&b->scenario, 1000, "someuser", PAGES, ""), 0);
    assert_int_equal(drill_create(&options, &d), CRIER_ENOENT);
    (void)teardown(&it);
}

/* ---- what it is made of ---------------------------------------------------------------------- */

static void the_copy_holds_nothing_real(void **state)
{
    struct settings *real = NULL, *s = NULL;
    struct problems problems;
    size_t i, k, talk = 0;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load(WIKIMEDIA, &problems, &real), 0);
    problems_finish(&problems);
    assert_int_equal(drill_settings_make(real, PRACTICE, &s), 0);
    assert_int_equal(s->n_pages, 1);
    assert_null(s->page[0].key_file);
    assert_null(s->page[0].key_env);
    assert_string_not_equal(s->page[0].page_id, real->page[0].page_id);
    assert_string_not_equal(s->page[0].api_url, real->page[0].api_url);
    assert_string_not_equal(s->page[0].public_url, real->page[0].public_url);
    assert_string_not_equal(s->page[0].admin_url, real->page[0].admin_url);
    for (i = 0; i < s->n_networks; i++) {
        assert_null(s->network[i].sasl_password_file);
        for (k = 0; k < s->network[i].n_channels; k++)
            talk += (s->network[i].channel[k].roles & CHANNEL_TALK) != 0;
    }
    assert_int_equal(talk, 1);
    for (i = 0; i < s->n_rules; i++)
        assert_string_equal(s->rule[i].channel, PRACTICE);
    for (i = 0; i < s->n_sources; i++) {
        assert_int_equal(s->source[i].files.n, 0);
        assert_null(s->source[i].feed);
        assert_false(s->source[i].webhook);
    }
    assert_int_equal(s->pager.command.n, 0);
    assert_int_equal(s->reminders.on_duty.n, 0);
    assert_int_equal(drill_settings_make(real, "libera/#nowhere", &s), CRIER_ENOENT);
    settings_destroy(s);
    settings_destroy(real);
}

static void guests_have_an_end(void **state)
{
    struct settings *real = NULL, *s = NULL;
    struct problems problems;
    char name[NUMBER_BYTES];
    int i;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load(WIKIMEDIA, &problems, &real), 0);
    problems_finish(&problems);
    assert_int_equal(drill_settings_make(real, PRACTICE, &s), 0);
    for (i = 0; i < DRILL_GUESTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "guest%d", i);
        assert_int_equal(drill_settings_guest(s, "libera", name, name), 0);
    }
    assert_int_equal(drill_settings_guest(s, "libera", "more", "more"), CRIER_ELIMIT);
    settings_destroy(s);
    settings_destroy(real);
}

static void reads_names(void **state)
{
    static const struct {
        const char *typed, *taken; /* NULL: a number without D */
    } rows[] = {
        {"!status confirm D1.2", "!status confirm 734000001.2"},
        {"!status confirm d12.2 quiet", "!status confirm 734000012.2 quiet"},
        {"!status confirm quiet D1", "!status confirm quiet 734000001"},
        {"`!status confirm D1.1`", "`!status confirm 734000001.1`"},
        {"!status confirm", "!status confirm"},
        {"!status", "!status"},
        {"!status confirm #D1.2.", "!status confirm 734000001.2."},
        {"!status confirm 1.1", NULL},
        {"!status confirm #1.1", NULL},
        {"!status CONFIRM 1", NULL},
        {"!status confirm 734000001.1", NULL},
        {"!status edit D1 title D1 is 1", "!status edit 734000001 title D1 is 1"},
        {"!status update D1 identified: D1", "!status update 734000001 identified: D1"},
        {"!status resolve D1: done", "!status resolve 734000001: done"},
        {"!status adopt D2 into D1", "!status adopt 734000002 into 734000001"},
        {"!status adopt D2 into 1", NULL},
        {"!status open 1 thing", "!status open 1 thing"},
        {"!status mute 30m D1", "!status mute 30m D1"},
        {"!status confirm D", "!status confirm D"},
        {"!status confirm D123456", "!status confirm D123456"},
        {"!status: show D1", "!status: show 734000001"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *plain;
        struct buf b;
        bool ok;

        buf_init(&b, 1000);
        ok = drill_names_read(&b, "!status", rows[i].typed, &plain);
        if (ok != (rows[i].taken != NULL) || (ok && strcmp(buf_str(&b), rows[i].taken) != 0))
            fail_msg("%s: %s", rows[i].typed, ok ? buf_str(&b) : "refused");
        buf_finish(&b);
    }
}

static void shows_names(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    drill_names_show(&b, "734000001.2, 734000012; 1734000001 7340000012 734100000 734000000");
    assert_string_equal(buf_str(&b), "D1.2, D12; 1734000001 7340000012 734100000 D0");
    buf_finish(&b);
}

static void reads_the_head_of_a_scenario(void **state)
{
    struct drill_scenario s;

    (void)state;
    assert_int_equal(drill_scenario_init(&s, "x"), 0);
    assert_int_equal(drill_scenario_comment(&s, "# anything: else"), 0);
    assert_int_equal(drill_scenario_comment(&s, "# title:  two \x03"
                                                "4words "),
                     0);
    assert_string_equal(s.title, "two words");
    assert_int_equal(drill_scenario_comment(&s, "# began: 2023-01-17 18:33"), 0);
    assert_true(s.began.known && !s.began.never && s.began.wall_ms == 1673980380000);
    assert_int_equal(drill_scenario_comment(&s, "#public: never"), 0);
    assert_true(s.published.known && s.published.never);
    assert_int_equal(drill_scenario_comment(&s, "# resolved: 18:33"), CRIER_EINVAL);
    assert_int_equal(drill_scenario_comment(&s, "# updates: many"), CRIER_EINVAL);
    assert_int_equal(drill_scenario_comment(&s, "# updates: 12"), 0);
    assert_int_equal(s.updates, 12);
    assert_false(s.resolved.known);
    assert_int_equal(drill_scenario_line(&s, 2000, "a", "x\x02y", ""), 0);
    assert_int_equal(drill_scenario_line(&s, 1000, "b", "z", ""), 0);
    assert_string_equal(s.line[0].text, "xy");
    assert_int_equal(s.line[1].wall_ms, 2000);
    drill_scenario_finish(&s);
    assert_true(drill_scenario_name_is_good("2023-01-17"));
    assert_false(drill_scenario_name_is_good(""));
    assert_false(drill_scenario_name_is_good(".."));
    assert_false(drill_scenario_name_is_good("../crier"));
    assert_false(drill_scenario_name_is_good("a/b"));
}

static void scores(void **state)
{
    static const int64_t at = 1673980380000; /* 18:33 */
    struct drill_scenario sc = {.updates = -1};
    struct drill_score s = {.alert_wall_ms = at,
                            .drafted_wall_ms = at,
                            .confirmed_wall_ms = at + 12000,
                            .published_wall_ms = at + 12400,
                            .updates = 2,
                            .resolved_wall_ms = at + 60 * MINUTE};
    char lines[DRILL_SCORE_LINES][DRILL_SCORE_BYTES];

    (void)state;
    assert_int_equal(drill_score_lines(&s, &sc, lines), 1);
    assert_string_equal(lines[0],
                        "SCORE: draft 0 s after the first alert, confirmed 12 s later, public 12 s "
                        "after the alert at 18:33:12; 2 updates; resolved at 19:33:00; without a "
                        "hint");
    sc.began = (struct drill_time){true, false, at - 30000};
    sc.published = (struct drill_time){true, true, 0};
    assert_int_equal(drill_score_lines(&s, &sc, lines), 3);
    assert_string_equal(lines[1],
                        "Really, on 2023-01-17: it began at 18:32; the page was never updated");
    assert_string_equal(lines[2], "Readers knew 42 s after it began, instead of never.");
    sc.published = (struct drill_time){true, false, at + 7 * MINUTE};
    sc.resolved = (struct drill_time){true, false, at + 90 * MINUTE};
    sc.updates = 1;
    assert_int_equal(drill_score_lines(&s, &sc, lines), 3);
    assert_string_equal(lines[1], "Really, on 2023-01-17: it began at 18:32; public at 18:40, 7 "
                                  "min 30 s after that; 1 update; resolved at 20:03");
    assert_string_equal(lines[2], "Readers knew 6 min 48 s sooner than then.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRILL_TEST(plays_an_outage_to_the_score),
        DRILL_TEST(every_line_is_marked_and_yields),
        DRILL_TEST(goes_at_real_speed_while_something_waits),
        DRILL_TEST(skips_nothing_while_the_page_owes_an_answer),
        DRILL_TEST(coaches_whoever_is_lost),
        DRILL_TEST(ends_when_nobody_plays),
        DRILL_TEST(teaches_in_three_lines),
        DRILL_TEST(plain_numbers_are_refused),
        DRILL_TEST(a_guest_plays_with_any_command),
        DRILL_TEST(tells_when_it_is_ended),
        DRILL_TEST(late_words_about_another_drill_mean_nothing),
        DRILL_TEST(skips_nothing_before_its_lines_were_read),
        cmocka_unit_test(every_shipped_scenario_comes_to_its_end),
        cmocka_unit_test(every_log_can_be_played),
        cmocka_unit_test(people_end_what_never_recovers),
        cmocka_unit_test(a_storm_is_a_handful_of_lines),
        cmocka_unit_test(a_log_that_opens_no_draft_is_no_drill),
        cmocka_unit_test(the_copy_holds_nothing_real),
        cmocka_unit_test(guests_have_an_end),
        cmocka_unit_test(reads_names),
        cmocka_unit_test(shows_names),
        cmocka_unit_test(reads_the_head_of_a_scenario),
        cmocka_unit_test(scores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
