#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "breakglass.h"
#include "guess_pace.h"
#include "house.h"
#include "used_steps.h"

#define PRIVATE "net/somebody"

/* The code of deployer1 that many seconds from now. */
static const char *code_in(const struct house *h, int seconds)
{
    static char code[4][8];
    static int i;

    i = (i + 1) % 4;
    return fake_proof_code(&h->proof, h->now.wall_ms + (int64_t)seconds * SECOND, code[i]);
}

static void enrol(struct house *h)
{
    h->proof.person[0] = "deployer1";
    h->proof.person[1] = "sre1";
    h->proof.person[2] = "reader1";
}

static void tell_enrolled(struct house *h)
{
    struct proof_answer answer = {.key = "", .enrolled = 3};
    struct input in = {.kind = INPUT_PROOF, .proof = &answer};

    assert_int_equal(courier_input(&h->courier, &in, h->now), 0);
}

/* Somebody without an account, by private message. */
static void type(struct house *h, const char *nick, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void type(struct house *h, const char *nick, const char *fmt, ...)
{
    char text[300], place[100];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)snprintf(place, sizeof place, "net/%s", nick);
    house_say(h, place, nick, NULL, text);
}

static void draft(struct house *h)
{
    house_draft(h);
    house_wait(h, 2 * SECOND);
    enrol(h);
}

static size_t creates(const struct house *h)
{
    size_t i, n = 0;

    for (i = 0; i < h->page.n; i++)
        n += h->page.request[i].req.op == PAGE_CREATE;
    return n;
}

#define expect_nothing_public(h) assert_int_equal(creates(h), 0)

/* ---- the way in ------------------------------------------------------------------------------ */

static void a_right_code_publishes_once_and_is_said_aloud(void **state)
{
    struct house *h = *state;

    draft(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, HOUSE_OPS,
                      "deployer1 confirmed 1.1 by one-time password (break-glass), as "
                      "somebody!user@host.example");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    house_expect_said(h, PRIVATE, "1 is public since");
    assert_int_equal(creates(h), 1);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "1.1 is public already");
    assert_int_equal(creates(h), 1);
}

static void a_code_works_once_also_after_a_restart(void **state)
{
    struct house *h = *state;
    char code[8];

    draft(h);
    (void)snprintf(code, sizeof code, "%s", code_in(h, 0));
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code);
    assert_int_equal(fake_store_count(&h->store, RECORD_ENROLMENT), 1);
    house_say(h, HOUSE_OPS, "dep2", "deployer2", "!status update 1 identified: We know the cause.");
    house_wait(h, SECOND);
    type(h, "somebody", "!status breakglass 1.2 %s deployer1", code);
    house_expect_last(h, PRIVATE, "that code was used already, and each works once");
    house_restart(h, SECOND);
    type(h, "somebody", "!status breakglass 1.2 %s deployer1", code);
    house_expect_last(h, PRIVATE, "that code was used already, and each works once");
    assert_int_equal(h->page.n_updates_made, 1);
    h->now.wall_ms -= 20 * SECOND; /* nor does it when the clock goes back */
    type(h, "somebody", "!status breakglass 1.2 %s deployer1", code);
    house_wait(h, 3 * SECOND);
    assert_int_equal(h->page.n_updates_made, 1);
    h->proof.plus = 500; /* another enrolment has other codes, and another name */
    h->proof.key = "k2";
    house_wait(h, 10 * SECOND);
    type(h, "somebody", "!status breakglass 1.2 %s deployer1", code_in(h, 0));
    house_wait(h, SECOND);
    assert_int_equal(h->page.n_updates_made, 2);
}

static void the_steps_around_count_and_no_others(void **state)
{
    static const struct {
        int seconds;
        bool right;
    } rows[] = {{-60, false}, {-30, true}, {0, true}, {30, true}, {60, false}};
    struct house *h = *state;
    size_t i;

    draft(h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t before = h->proof.checks;

        type(h, "somebody", "!status breakglass 1.1 %s deployer2", code_in(h, rows[i].seconds));
        house_expect_last(h, PRIVATE, "deployer2 is not enrolled");
        assert_int_equal(h->proof.checks, before + 1);
    }
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].right)
            continue;
        type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, rows[i].seconds));
        house_wait(h, 10 * SECOND);
        house_expect_last(h, PRIVATE, "that is no code of deployer1 that is good now");
    }
    expect_nothing_public(h);
    type(h, "somebody", "!status breakglass 1.1 %s %s deployer1", code_in(h, 0), code_in(h, 30));
    assert_int_equal(creates(h), 1);
}

static void a_slip_in_the_number_costs_no_code(void **state)
{
    struct house *h = *state;

    draft(h);
    type(h, "somebody", "!status breakglass 1.7 %s deployer1", code_in(h, 0));
    house_expect_said(h, PRIVATE, "1.7 does not exist");
    type(h, "somebody", "!status breakglass 9.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "there is no 9");
    type(h, "somebody", "!status breakglass 1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "the whole number is needed");
    type(h, "somebody", "!status breakglass 1.1 123 deployer1");
    house_expect_last(h, PRIVATE, "a code has 6 to 8 digits");
    assert_int_equal(h->proof.checks, 0);
    type(h, "somebody", "!status breakglass 1.1 %s nobody", code_in(h, 0));
    house_expect_last(h, PRIVATE, "whose code is it?");
    type(h, "somebody", "!status breakglass 1.1 %s", code_in(h, 0));
    house_expect_last(h, PRIVATE, "whose code is it?");
    expect_nothing_public(h);
    type(h, "dep1", "!status breakglass 1.1 %s",
         code_in(h, 0)); /* the nick claims, the code shows */
    assert_int_equal(creates(h), 1);
}

static void a_code_said_in_the_channel_is_void(void **state)
{
    struct house *h = *state;
    char code[8];

    draft(h);
    (void)snprintf(code, sizeof code, "%s", code_in(h, 0));
    house_say(h, HOUSE_OPS, "somebody", NULL, "!status breakglass 1.1 000000 deployer1");
    house_expect_last(h, HOUSE_OPS, "never where others read it");
    {
        char text[100];

        (void)snprintf(text, sizeof text, "!status breakglass %s deployer1", code); /* no number */
        house_say(h, HOUSE_OPS, "somebody", NULL, text);
    }
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code);
    house_expect_last(h, PRIVATE, "that code was used already");
    expect_nothing_public(h);
    house_wait(h, 30 * SECOND);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_wait(h, 5 * SECOND);
    assert_int_equal(creates(h), 1);
}

static void a_code_over_plain_tcp_is_void(void **state)
{
    struct house *h = *state;

    draft(h);
    h->chat.plain = true;
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "my connection to net is not encrypted");
    h->chat.plain = false;
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "that code was used already");
    expect_nothing_public(h);
}

static void whoever_may_not_confirm_may_not_so_either(void **state)
{
    struct house *h = *state;

    draft(h);
    type(h, "somebody", "!status breakglass 1.1 %s reader1", code_in(h, 0)); /* enrolled, no role */
    house_expect_last(h, PRIVATE, "the role of reader1 does not cover it");
    assert_int_equal(h->proof.checks, 0);
    expect_nothing_public(h);
}

static void it_counts_as_one_of_two(void **state)
{
    struct house *h = *state;

    h->settings->chat.two_for_critical = true;
    enrol(h);
    house_jinxer(h, FRONTEND);
    house_wait(h, 2 * SECOND);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, HOUSE_OPS, "deployer1 confirmed 1.1 by one-time password (break-glass)");
    house_expect_last(h, HOUSE_OPS, "is critical and needs a second person");
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 30));
    house_expect_last(h, PRIVATE, "you confirmed 1.1 already");
    expect_nothing_public(h);
    type(h, "other", "!status breakglass 1.1 %s sre1", code_in(h, 0));
    assert_int_equal(creates(h), 1);
}

static void words_that_nobody_saw_are_shown_first_and_the_code_is_kept(void **state)
{
    struct house *h = *state;

    enrol(h);
    h->lines_show = false;
    house_draft(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, PRIVATE, "1.1 had not been shown here");
    assert_int_equal(h->proof.checks, 0);
    h->lines_show = true;
    house_settle(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    assert_int_equal(creates(h), 1);
}

static void refusals_point_to_it_once_somebody_is_enrolled(void **state)
{
    struct house *h = *state;

    draft(h);
    house_say(h, HOUSE_OPS, "dep1", NULL, "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "May do this: deployers");
    tell_enrolled(h);
    house_say(h, HOUSE_OPS, "dep1", NULL, "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS,
                      "if you are enrolled: `/msg crier !status breakglass N.R CODE`");
    h->chat.me = "crier_"; /* somebody has taken the nick, and would get the code */
    house_say(h, HOUSE_OPS, "dep1", NULL, "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS,
                      "`/msg crier_ !status breakglass N.R CODE` (I am not crier now, do not write "
                      "there)");
}

static void a_sick_disk_takes_no_code(void **state)
{
    struct house *h = *state;

    draft(h);
    h->disk_full = true;
    house_icinga(h, EXCEPTIONS_OK);
    house_settle(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, PRIVATE, "my database cannot be written");
    assert_int_equal(h->proof.checks, 0);
    expect_nothing_public(h);
}

/* ---- slips of the worst ten minutes ---------------------------------------------------------- */

static void the_name_may_stand_before_quiet(void **state)
{
    struct house *h = *state;

    draft(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1 quiet", code_in(h, 0));
    assert_int_equal(creates(h), 1);
    house_expect_said(h, PRIVATE, "without mail");
}

static void expect_void(struct house *h, const char *place, const char *nick, const char *before,
                        const char *behind)
{
    char text[200], code[8], host[40];

    (void)snprintf(code, sizeof code, "%s", code_in(h, 0));
    (void)snprintf(text, sizeof text, "%s%s%s", before, code, behind);
    house_say(h, place, nick, NULL, text);
    (void)snprintf(host, sizeof host, "x@h%zu.example", h->proof.checks);
    h->chat.userhost = host; /* which is not slowed down for the codes before */
    type(h, "onlooker", "!status breakglass 1.1 %s deployer1", code);
    h->chat.userhost = NULL;
    house_wait(h, 5 * SECOND);
    if (creates(h))
        fail_msg("an onlooker could use it: %s", text);
    house_wait(h, MINUTE);
}

static void a_code_that_slips_into_a_channel_is_void_however_it_is_typed(void **state)
{
    static const struct {
        const char *place, *nick, *before, *behind;
    } rows[] = {
        {HOUSE_OPS, "somebody", "!status breakglass 1.1 ", ""}, /* whose it is, is not said */
        {HOUSE_OPS, "dep1", "!status breakglass 123 ", ""},
        {HOUSE_OPS, "dep1", "!status breakglass 1.123 ", ""},
        {HOUSE_OPS, "dep1", " /msg crier !status breakglass 1.1 ", ""},
        {HOUSE_OPS, "somebody", "msg crier !status breakglass 1.1 ", " deployer1"},
        {HOUSE_OPS, "dep1", "breakglass 1.1 ", ""},
        {HOUSE_OPS, "dep1", "crier: breakglass ", " 1.1"},
        {HOUSE_SRE, "dep1", "!status breakglass 1.1 ", ""},
        {HOUSE_OPS, "dep1", "!status breakglass 1.1 000000", ""},
        {HOUSE_OPS, "dep1", "!status confirm ", ""},
        {HOUSE_OPS, "somebody", "!status show ", ""},
        {"net/#logs", "dep1", "!status breakglass 1.1 ", ""}, /* where crier only listens */
    };
    struct house *h = *state;
    size_t i;

    draft(h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_void(h, rows[i].place, rows[i].nick, rows[i].before, rows[i].behind);
        house_expect_last(h, "net/onlooker", "that code was used already");
    }
    house_expect_unsaid(h, "net/#logs", "");
}

/* Whoever mistypes it is told so, whatever strangers have asked for in that minute; and what they
 * are shown instead says how to go on with a code. */
static void mistakes_are_told_although_strangers_chatter(void **state)
{
    struct house *h = *state;
    int i;

    draft(h);
    for (i = 0; i < 10; i++)
        type(h, "evil", "!status help");
    type(h, "dep1", "!status breakglass 1.1 <%s>", code_in(h, 0));
    house_expect_last(h, "net/dep1", "a code has digits only: type `!status breakglass N.R CODE");
    type(h, "dep1", "!status breakglass 1.7 %s", code_in(h, 0));
    house_expect_last(h, "net/dep1",
                      "1.7 does not exist, with a code `!status breakglass 1.1 CODE`");
}

/* A notice is no command, also where there is something in it that has to be made void. */
static void a_notice_that_speaks_of_it_is_no_command(void **state)
{
    struct house *h = *state;
    char text[100];
    struct heard line = {.network = "net",
                         .place = HOUSE_OPS,
                         .nick = "deployer1",
                         .userhost = "user@host.example",
                         .identity = IDENTITY_ACCOUNT,
                         .account = "deployer1",
                         .text = "!status discard 1 breakglass 1",
                         .notice = true,
                         .obey = true};
    size_t before;

    draft(h);
    before = h->chat.n;
    assert_int_equal(courier_hear(&h->courier, h->hearing, &line, h->now), 0);
    house_settle(h);
    (void)snprintf(text, sizeof text, "!status breakglass 1.1 %s", code_in(h, 0));
    line.text = text;
    assert_int_equal(courier_hear(&h->courier, h->hearing, &line, h->now), 0);
    house_settle(h);
    assert_int_equal(h->chat.n, before);
    type(h, "onlooker", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, "net/onlooker", "that code was used already");
}

/* A channel that crier was not in hears of it when crier is there again, also after a restart. */
static void a_channel_that_was_away_hears_of_it_later(void **state)
{
    struct house *h = *state;
    struct chat_event lost = {.kind = CHAT_LEFT, .place = HOUSE_OPS, .text = "kicked"};

    draft(h);
    h->chat.sink.event(h->chat.sink.ctx, &lost);
    house_settle(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, HOUSE_SRE, "deployer1 confirmed 1.1 by one-time password (break-glass)");
    house_expect_unsaid(h, HOUSE_OPS, "1 is public since");
    house_restart(h, SECOND);
    house_expect_said(h, HOUSE_OPS, "/incidents/remote1 (by one-time password of deployer1)");
}

/* The disk hangs while the code is on its way: nobody wants that sent when all is over. */
static void a_confirm_that_waited_for_the_disk_for_long_is_not_published(void **state)
{
    struct house *h = *state;

    draft(h);
    h->disk_hangs = true;
    house_icinga(h, "PROBLEM - Another check on host7 is CRITICAL: it is broken");
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_wait_sliced(h, 20 * MINUTE, MINUTE);
    h->disk_hangs = false;
    house_settle(h);
    house_wait(h, SECOND);
    house_expect_last(h, PRIVATE, "nothing is published: my database was away for too long");
    expect_nothing_public(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    assert_int_equal(creates(h), 1);
}

/* Somebody floods the channel with guesses, so that a slip of a deployer goes unnoticed. */
static void strangers_cannot_keep_a_slip_from_being_made_void(void **state)
{
    struct house *h = *state;
    char text[120];
    int i;

    draft(h);
    for (i = 0; i < 200; i++) {
        (void)snprintf(text, sizeof text, "!status breakglass 1.1 9%05d deployer1 deployer2 sre1",
                       i);
        house_say(h, HOUSE_OPS, "evil", NULL, text);
    }
    expect_void(h, HOUSE_OPS, "dep1", "!status breakglass 1.1 ", "");
}

/* ---- guessing -------------------------------------------------------------------------------- */

static void wrong_codes_slow_down_their_source(void **state)
{
    struct house *h = *state;
    int i;

    draft(h);
    h->chat.userhost = "x@evil.example";
    for (i = 0; i < 3; i++) {
        type(h, "evil", "!status breakglass 1.1 00000%d deployer1", i);
        house_wait(h, SECOND); /* it is looked at */
        house_wait(h, 20 * SECOND);
    }
    assert_int_equal(h->proof.checks, 3);
    type(h, "evil", "!status breakglass 1.1 000003 deployer1");
    house_wait(h, SECOND);
    type(h, "evil", "!status breakglass 1.1 000004 deployer1");
    assert_int_equal(h->proof.checks, 4);
    house_expect_last(h, "net/evil", "after wrong codes from your host, this one is looked at in");
    type(h, "evil2", "!status breakglass 1.1 000005 deployer1");
    house_expect_last(h, "net/evil2", "another code from your host still waits");
    h->chat.userhost = NULL; /* and everybody else hardly */
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    expect_nothing_public(h);
    house_wait(h, 2 * SECOND);
    assert_int_equal(creates(h), 1);
}

/* From any number of hosts, as fast as they like: the right pair is taken in the step that hears
 * it, from a host of the guessers themselves. */
static void nobody_is_locked_out_by_guessing_from_many_hosts(void **state)
{
    struct house *h = *state;
    char host[60], nick[40];
    int i;

    draft(h);
    for (i = 0; i < 3000; i++) {
        (void)snprintf(host, sizeof host, "x@h%d.evil.example", i);
        (void)snprintf(nick, sizeof nick, "evil%d", i);
        h->chat.userhost = host;
        type(h, nick,
             i % 3 ? "!status breakglass 1.1 %06d deployer1"
                   : "!status breakglass 1.1 %06d 111111 deployer1",
             i);
    }
    house_expect_said(h, HOUSE_OPS, "somebody is guessing one-time passwords: 20 wrong ones");
    type(h, "dep1", "!status breakglass 1.1 %s", code_in(h, 0));
    house_expect_last(h, "net/dep1", "too many wrong codes came lately: send two codes");
    expect_nothing_public(h);
    type(h, "dep1", "!status breakglass 1.1 %s %s", code_in(h, 0), code_in(h, 30));
    assert_int_equal(creates(h), 1);
    /* told once, not for each */
    {
        size_t n = 0, k;

        for (k = 0; k < h->chat.n; k++)
            n += !strcmp(h->chat.line[k].place, HOUSE_OPS) &&
                 strstr(h->chat.line[k].text, "somebody is guessing") != NULL;
        assert_int_equal(n, 1);
    }
}

static void guesses_in_a_day_are_few(void **state)
{
    struct guess_pace p = {.n = 0};
    char host[40];
    int64_t t;
    int n = 0;

    (void)state;
    for (t = 0; t < (int64_t)24 * 60 * 60 * 1000; t += 500) {
        if (!guess_pace_may(&p, 0, t))
            continue;
        n++;
        (void)snprintf(host, sizeof host, "net h%d", n);
        assert_true(guess_pace_due(&p, host, t) - t <= GUESS_PACE_ALL_MS);
        guess_pace_wrong(&p, host, true, t);
        assert_true(p.n <= GUESS_PACE_SOURCES);
    }
    assert_in_range(n, 300, 341); /* times 3 in a million: 0.1 % */
    for (n = 0; n < 50; n++)
        guess_pace_wrong(&p, "net one", false, t);
    assert_true(guess_pace_due(&p, "NET one", t) - t <= GUESS_PACE_LONGEST_MS + GUESS_PACE_ALL_MS);
    assert_true(guess_pace_due(&p, "net one", t) - t >= GUESS_PACE_LONGEST_MS);
    guess_pace_right(&p, "net one");
    assert_true(guess_pace_due(&p, "net one", t) - t <= GUESS_PACE_ALL_MS);
}

/* ---- nothing of a code is kept --------------------------------------------------------------- */

static void no_code_is_kept_anywhere(void **state)
{
    static const char *const lines[] = {
        "!status breakglass 1.1 654987 deployer1",
        "!status breakglass 1.1 654 987 deployer1",
        "!status breakglas 1.1 654987 deployer1",
        "!status breakglass 654987 deployer1",
        "!status otp 1.1 654987",
        "!status confirm 1.1 654987",
        "!status confirm 654987",
        "!status 654987",
        "!status discard 1 654987",
        "!status note 1 code 654987",
        "!status help 654987",
    };
    struct house *h = *state;
    size_t i, k;

    draft(h);
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        type(h, "somebody", "%s", lines[i]);
        house_say(h, HOUSE_OPS, "somebody", NULL, lines[i]);
        house_wait(h, MINUTE);
    }
    for (i = 0; i < h->chat.n; i++)
        if (strstr(h->chat.line[i].text, "654987"))
            fail_msg("said: %s", h->chat.line[i].text);
    for (i = 0; i < h->store.n_rows; i++) {
        const struct table *t = record_table(h->store.row[i].table);

        for (k = 0; k < t->n_columns; k++) {
            const char *text = NULL;

            if (t->column[k].type != COLUMN_TEXT)
                continue;
            memcpy(&text, (const char *)h->store.row[i].record + t->column[k].offset, sizeof text);
            if (text && (strstr(text, "654987") || strstr(text, "654 987")))
                fail_msg("stored in %s.%s: %s", t->name, t->column[k].name, text);
        }
    }
    expect_nothing_public(h);
}

/* ---- used steps ------------------------------------------------------------------------------ */

static void used_steps_keep_the_newest_and_a_floor(void **state)
{
    struct used_steps u, again;
    char text[USED_STEPS_BYTES];
    int64_t i;

    (void)state;
    used_steps_parse(&u, 0, "");
    used_steps_add(&u, 9000000); /* the clock was far ahead once */
    for (i = 1; i <= 40; i++)
        used_steps_add(&u, 1000 + i);
    assert_int_equal(u.n, USED_STEPS_MAX);
    for (i = 1; i <= 40; i++)
        assert_true(used_steps_has(&u, 1000 + i));
    assert_false(used_steps_has(&u, 1041)); /* nobody is locked out until then */
    assert_true(used_steps_has(&u, 9000000));
    assert_true(used_steps_has(&u, 5));
    used_steps_parse(&again, u.floor_step, used_steps_print(&u, text));
    assert_memory_equal(&again, &u, sizeof u);
    used_steps_parse(&u, 7, "10 11 x 12");
    assert_true(used_steps_has(&u, 11));
    assert_false(used_steps_has(&u, 12));
    used_steps_parse(&u, 7, "10 99999999999999999999");
    assert_true(used_steps_has(&u, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_right_code_publishes_once_and_is_said_aloud),
        HOUSE_TEST(a_code_works_once_also_after_a_restart),
        HOUSE_TEST(the_steps_around_count_and_no_others),
        HOUSE_TEST(a_slip_in_the_number_costs_no_code),
        HOUSE_TEST(a_code_said_in_the_channel_is_void),
        HOUSE_TEST(a_code_over_plain_tcp_is_void),
        HOUSE_TEST(whoever_may_not_confirm_may_not_so_either),
        HOUSE_TEST(it_counts_as_one_of_two),
        HOUSE_TEST(words_that_nobody_saw_are_shown_first_and_the_code_is_kept),
        HOUSE_TEST(refusals_point_to_it_once_somebody_is_enrolled),
        HOUSE_TEST(a_sick_disk_takes_no_code),
        HOUSE_TEST(the_name_may_stand_before_quiet),
        HOUSE_TEST(a_code_that_slips_into_a_channel_is_void_however_it_is_typed),
        HOUSE_TEST(mistakes_are_told_although_strangers_chatter),
        HOUSE_TEST(a_channel_that_was_away_hears_of_it_later),
        HOUSE_TEST(a_notice_that_speaks_of_it_is_no_command),
        HOUSE_TEST(a_confirm_that_waited_for_the_disk_for_long_is_not_published),
        HOUSE_TEST(strangers_cannot_keep_a_slip_from_being_made_void),
        HOUSE_TEST(wrong_codes_slow_down_their_source),
        HOUSE_TEST(nobody_is_locked_out_by_guessing_from_many_hosts),
        cmocka_unit_test(guesses_in_a_day_are_few),
        HOUSE_TEST(no_code_is_kept_anywhere),
        cmocka_unit_test(used_steps_keep_the_newest_and_a_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
