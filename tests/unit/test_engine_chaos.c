/* Random outages: whatever comes in whatever order, some things always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

enum { STEPS = 220, SEEDS = 12, SEEDS_SLICED = 20 };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

#define BY "!log deployer1@deploy1002 "
#define CHANGE_OF(text) " scap: Backport for [[gerrit:880005|" text "]]"

static const char *const deploys[] = {
    STARTED,
    FINISHED,
    BY "Started" CHANGE_OF("Revert \"Example change\""),
    BY "Finished" CHANGE_OF("Revert \"Example change\"") " (duration: 08m 57s)",
    BY "scap failed: average error rate increased; was" CHANGE_OF("Revert \"Example change\""),
    BY "deployer1: Rolling back deployment",
    "!log deployer2@deploy1002 Started" CHANGE_OF("Revert \"Revert \"Example change\"\""),
    "!log deployer2@deploy1002 Finished" CHANGE_OF("Revert \"Other\"") " (duration: 08m 57s)",
    "!log sre1@cumin1001 conftool action : set/pooled=no; selector: name=mw1349",
};

static const char *const alerts[] = {
    EXCEPTIONS,
    EXCEPTIONS_OK,
    EXCEPTIONS_IS("WARNING"),
    "PROBLEM - Latency of something on mw1 is CRITICAL: slow",
    "RECOVERY - Latency of something on mw1 is OK: fine",
};

static const char *const pages[] = {FRONTEND, FRONTEND_OK, SEARCH,
                                    "RESOLVED: SearchDown: search is down #page"};

static const char *const commands[] = {
    "!status confirm",
    "!status confirm 1",
    "!status confirm 2",
    "!status confirm 1 quiet",
    "!status discard 1",
    "!status discard 2",
    "!status edit 1 title Trouble for editors",
    "!status edit 1 body Some of you may see errors.",
    "!status edit 1 impact critical",
    "!status edit 1 start 17:55",
    "!status text 1 everyone",
    "!status update 1 identified: We know what it is.",
    "!status update 1 monitoring: It looks better.",
    "!status resolve 1",
    "!status retract 1",
    "!status correct 1: That was not quite so.",
    "!status open Something is odd",
    "!status adopt 2 into 1",
    "!status mute 20m enough",
    "!status unmute",
    "!status maintenance 20m Editing: new servers",
    "!status maintenance end 1",
    "!status note 1 looking",
    "!status",
    "!status show 1",
};

/* Somebody works on the page by hand. */
static void by_hand(struct house *h, uint32_t *seed)
{
    const struct page_incident *p = NULL;

    if (h->page.n_incidents)
        p = &h->page.incident[draw(seed, (uint32_t)h->page.n_incidents)];
    switch (draw(seed, 4)) {
    case 0:
        if (h->page.n_incidents < 8)
            (void)fake_page_by_hand(&h->page, "Trouble", (enum step)draw(seed, STEP_RESOLVED),
                                    IMPACT_MINOR);
        break;
    case 1:
        if (p)
            fake_page_edit(&h->page, p->remote_id, NULL, "By hand: some of you may see errors.");
        break;
    case 2:
        if (p)
            fake_page_post(&h->page, p->remote_id, (enum step)draw(seed, STEP_COUNT),
                           "By hand: an update.");
        break;
    default:
        fake_page_set_component(&h->page, NULL, "Editing",
                                (enum component_status)draw(seed, COMPONENT_UNDER_MAINTENANCE + 1));
        break;
    }
}

enum act { ACT_NOTHING, ACT_SIGNAL, ACT_CURE, ACT_COMMAND, ACT_JOINED };

static enum act act(struct house *h, uint32_t *seed, bool jumps)
{
    uint32_t which;
    enum fake_outcome outcome;
    const char *const *list = draw(seed, 3) ? alerts : pages;

    switch (draw(seed, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (list == alerts)
            house_icinga(h, alerts[draw(seed, sizeof alerts / sizeof *alerts)]);
        else
            house_jinxer(h, pages[draw(seed, sizeof pages / sizeof *pages)]);
        return ACT_SIGNAL;
    case 4:
    case 5:
        which = draw(seed, sizeof deploys / sizeof *deploys);
        house_deploy(h, deploys[which]);
        return which == 1 || which == 3 || which >= 7 ? ACT_CURE : ACT_SIGNAL;
    case 6:
    case 7:
    case 8:
        house_say(h, draw(seed, 6) ? HOUSE_OPS : HOUSE_SRE, draw(seed, 4) ? "deployer1" : "sre1",
                  "=", commands[draw(seed, sizeof commands / sizeof *commands)]);
        return ACT_COMMAND;
    case 9:
        house_say(h, HOUSE_OPS, "deployer2", "=", commands[draw(seed, 4)]);
        return ACT_COMMAND;
    case 10:
        outcome = (enum fake_outcome)draw(seed, FAKE_DOUBT_APPLY_LATER);
        fake_page_script(&h->page, outcome);
        break;
    case 11:
        h->page_answers = draw(seed, 3) != 0;
        house_settle(h);
        break;
    case 12:
        h->disk_full = !draw(seed, 4);
        break;
    case 13: /* lines may be lost on their way */
        h->lines_show = draw(seed, 2) != 0;
        break;
    case 14:
        if (jumps && !draw(seed, 4))
            h->now.wall_ms += (int64_t)draw(seed, 3 * HOUR) - 90 * MINUTE;
        break;
    case 15:
        if (draw(seed, 3)) {
            by_hand(h, seed);
        } else if (draw(seed, 2)) {
            h->settings->follow.propose = draw(seed, 4) != 0;
            h->settings->rule[1].watched = draw(seed, 4) != 0;
            h->settings->n_rules = draw(seed, 4) ? 6 : 1;
            engine_reload(h->engine, h->settings);
        } else {
            fake_chat_left(&h->chat, HOUSE_OPS, "netsplit");
            house_wait_sliced(h, (int64_t)draw(seed, 100) * SECOND, 5 * SECOND);
            fake_chat_joined(&h->chat, HOUSE_OPS);
            house_settle(h);
            return ACT_JOINED;
        }
        break;
    default:
        break;
    }
    return ACT_NOTHING;
}

/* What was said, when, and whether a command was behind it. */
struct watch {
    uint32_t seed;
    int64_t at[60000];
    bool asked[60000];
    size_t n;
    int64_t shown_anew_ms; /* a restart, or a join, shows what waits once more */
    bool mended;           /* the log told of something that may have mended it */
};

static void look(struct watch *w, const struct house *h, bool asked)
{
    while (w->n < h->chat.n) {
        assert_true(w->n < sizeof w->at / sizeof *w->at);
        w->at[w->n] = h->now.boot_ms;
        w->asked[w->n++] = asked;
    }
}

static void fail_at(const struct house *h, const struct watch *w, size_t to, const char *why)
{
    size_t i = to > 40 ? to - 40 : 0;

    for (; i <= to && i < h->chat.n; i++)
        (void)fprintf(stderr, "%7d s %c %s | %s\n", (int)(w->at[i] / 1000), w->asked[i] ? '>' : ' ',
                      h->chat.line[i].place, h->chat.line[i].text);
    fail_msg("seed %u: %s", w->seed, why);
}

static long number_at(const char *text)
{
    long n = 0;

    for (; *text >= '0' && *text <= '9' && n < 1000; text++)
        n = n * 10 + (*text - '0');
    return n;
}

/* The incident that a line is about, 0: not known. */
static long number_of(const char *text)
{
    const char *confirm = strstr(text, "`!status confirm ");

    if (!strncmp(text, "DRAFT ", 6))
        return number_at(text + 6);
    if (!strncmp(text, "PROPOSAL ", 9))
        return number_at(text + 9);
    if (confirm)
        return number_at(confirm + 17);
    return number_at(text);
}

static bool counts(const struct house *h, const struct watch *w, size_t i)
{
    return !w->asked[i] && h->chat.line[i].priority != SAY_ANSWER;
}

static void expect_budget(const struct house *h, const struct watch *w)
{
    size_t i, j;

    for (i = 0; i < w->n; i++) {
        long id = number_of(h->chat.line[i].text), n = 0;

        if (!id || !counts(h, w, i))
            continue;
        for (j = i; j < w->n && w->at[j] - w->at[i] < HOUR; j++)
            if (counts(h, w, j) && number_of(h->chat.line[j].text) == id && ++n > 30)
                fail_at(h, w, j, "too many lines");
    }
}

static void expect_nothing_twice(const struct house *h, const struct watch *w, size_t from)
{
    size_t i, j;

    for (j = from; j < w->n; j++) {
        if (!counts(h, w, j) || strstr(h->chat.line[j].text, "sending it again") ||
            strstr(h->chat.line[j].text, "publishes it (") || /* the words are before it */
            strstr(h->chat.line[j].text, "visible to readers") ||
            w->at[j] < w->shown_anew_ms + MINUTE)
            continue;
        for (i = j; i-- > 0 && w->at[j] - w->at[i] < MINUTE;)
            if (!strcmp(h->chat.line[i].place, h->chat.line[j].place) &&
                !strcmp(h->chat.line[i].text, h->chat.line[j].text))
                fail_at(h, w, j, "said twice");
    }
}

static void expect_no_false_cure(const struct house *h, const struct watch *w, size_t from)
{
    size_t i;

    for (i = from; i < w->n && !w->mended; i++)
        if (strstr(h->chat.line[i].text, "A fix is in place"))
            fail_at(h, w, i, "nothing has mended it");
}

/* The highest number of an incident so far. */
static long opened(const struct house *h)
{
    long most = 0;
    size_t i;

    for (i = 0; i < h->chat.n; i++)
        if (number_of(h->chat.line[i].text) > most && !strncmp(h->chat.line[i].text, "DRAFT ", 6))
            most = number_of(h->chat.line[i].text);
    return most;
}

static void let_it_end(struct house *h, struct watch *w)
{
    static const char *const over[] = {EXCEPTIONS_OK, "RECOVERY - Latency of something on mw1 is "
                                                      "OK: fine"};
    char line[64];
    int i, id;

    h->page_answers = true;
    h->disk_full = false;
    h->lines_show = true;
    h->settings->n_rules = 6;
    h->settings->rule[1].watched = h->settings->follow.propose = true;
    engine_reload(h->engine, h->settings);
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    for (i = 0; i < 2; i++)
        house_icinga(h, over[i]);
    house_jinxer(h, FRONTEND_OK);
    house_jinxer(h, "RESOLVED: SearchDown: search is down #page");
    look(w, h, true);
    for (i = 0; i < 400 && engine_open_incidents(h->engine); i++) {
        house_wait_sliced(h, MINUTE, 10 * SECOND);
        look(w, h, false);
        if (i <= 30 || i % 4)
            continue;
        for (id = 1; id <= opened(h); id++) {
            if (i > 200 && i % 8) {
                (void)snprintf(line, sizeof line, "!status resolve %d: It is over.", id);
                house_say(h, HOUSE_OPS, "deployer1", "=", line);
            }
            house_wait_sliced(h, 15 * SECOND, SECOND);
            (void)snprintf(line, sizeof line, "!status confirm %d", id);
            house_say(h, HOUSE_OPS, "deployer1", "=", line);
        }
        look(w, h, true);
    }
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status");
    look(w, h, true);
    if (engine_open_incidents(h->engine))
        fail_at(h, w, w->n - 1, "it does not end");
    house_wait_sliced(h, 20 * MINUTE, 10 * SECOND);
    look(w, h, false);
}

static void play(struct house *h, uint32_t seed, bool restarts)
{
    struct watch *w = calloc(1, sizeof *w);
    bool jumps = seed % 4 < 2; /* of the wall clock */
    uint32_t slices;
    size_t from;
    int i;

    assert_non_null(w);
    w->seed = seed;
    fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
    fake_chat_member(&h->chat, HOUSE_OPS, "dep2", true);
    house_deploy(h, STARTED);
    for (i = 0; i < STEPS; i++) {
        enum act done = act(h, &seed, jumps);

        from = w->n;
        look(w, h, done == ACT_COMMAND);
        w->mended = w->mended || done == ACT_CURE;
        if (done == ACT_JOINED)
            w->shown_anew_ms = h->now.boot_ms;
        if (restarts && !draw(&seed, 25)) {
            house_restart(h, draw(&seed, 2) ? SECOND : (int64_t)draw(&seed, 20) * MINUTE);
            fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
            w->shown_anew_ms = h->now.boot_ms;
            look(w, h, false);
        }
        if (h->disk_full) /* what waits for the disk is said at once then */
            w->shown_anew_ms = h->now.boot_ms + 150 * SECOND;
        for (slices = draw(&seed, 30); slices; slices--) {
            house_wait(h, 5 * SECOND);
            look(w, h, false);
        }
        expect_no_false_cure(h, w, from);
        expect_nothing_twice(h, w, from);
    }
    let_it_end(h, w);
    if (!restarts || !jumps) /* what is stored knows the wall clock alone */
        expect_budget(h, w);
    free(w);
}

/* Of every other seed crier is killed now and then. CRIER_SEED is where to begin. */
static void nothing_false_nothing_twice_nothing_for_ever(void **state)
{
    const char *from = getenv("CRIER_SEED");
    uint32_t seed, first = from ? (uint32_t)strtoul(from, NULL, 10) : 1;

    (void)state;
    for (seed = first; seed < first + SEEDS; seed++) {
        struct house h;

        house_init(&h, HOUSE_CFG);
        h.settings->chat.two_for_critical = seed % 3 == 0;
        play(&h, seed, seed % 2);
        house_finish(&h);
    }
}

/* The same signals at the same times; only the ticks between them come in other slices. The page
 * does not answer, since it would do so at the end of a tick. */
static void slice(struct house *h, uint32_t seed, int64_t step_ms)
{
    int i;

    h->page_answers = false;
    h->settings->reminders.draft_ms = MINUTE;
    fake_chat_member(&h->chat, HOUSE_OPS, "dep1", true);
    house_deploy(h, STARTED);
    for (i = 0; i < 60; i++) {
        uint32_t what = draw(&seed, 10);

        if (what < 5)
            house_icinga(h, alerts[draw(&seed, sizeof alerts / sizeof *alerts)]);
        else if (what < 7)
            house_jinxer(h, pages[draw(&seed, sizeof pages / sizeof *pages)]);
        else if (what < 9)
            house_deploy(h, deploys[draw(&seed, sizeof deploys / sizeof *deploys)]);
        house_wait_sliced(h, (int64_t)draw(&seed, 600) * SECOND, step_ms);
    }
}

static void slices_of_time_make_no_difference(void **state)
{
    static const int64_t steps[] = {HOUR, 997, 10 * SECOND};
    uint32_t seed;
    size_t i, k;

    (void)state;
    for (seed = 1; seed <= SEEDS_SLICED; seed++) {
        struct house h[3];

        for (i = 0; i < 3; i++) {
            house_init(&h[i], HOUSE_CFG);
            slice(&h[i], seed, steps[i]);
        }
        assert_true(h[0].chat.n > 5);
        for (i = 1; i < 3; i++) {
            for (k = 0; k < h[0].chat.n && k < h[i].chat.n; k++)
                if (strcmp(h[0].chat.line[k].text, h[i].chat.line[k].text) != 0)
                    fail_msg("seed %u, slices of %d ms: \"%s\" and \"%s\"", seed, (int)steps[i],
                             h[0].chat.line[k].text, h[i].chat.line[k].text);
            assert_int_equal(h[0].chat.n, h[i].chat.n);
        }
        for (i = 0; i < 3; i++)
            house_finish(&h[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_false_nothing_twice_nothing_for_ever),
        cmocka_unit_test(slices_of_time_make_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
