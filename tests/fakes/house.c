#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_file.h"
#include "problems.h"

enum { SETTLE_ROUNDS = 1000 };

static void input(struct house *h, const struct input *in)
{
    assert_int_equal(courier_input(&h->courier, in, h->now), 0);
}

static void on_heard(void *ctx, const struct heard *line)
{
    struct house *h = ctx;

    assert_int_equal(courier_hear(&h->courier, h->hearing, line, h->now), 0);
}

static void on_event(void *ctx, const struct chat_event *event)
{
    struct input in = {.kind = INPUT_CHAT, .chat = event};

    input(ctx, &in);
}

static void on_answer(void *ctx, const struct page_answer *answer)
{
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};

    input(ctx, &in);
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct house *h = ctx;

    if (err)
        assert_int_equal(courier_store_failed(&h->courier, text, h->now), 0);
    else
        assert_int_equal(courier_committed(&h->courier, ticket, h->now), 0);
}

static void on_sealed(void *ctx, uint64_t ticket, const struct store_seal *seal, size_t n)
{
    struct house *h = ctx;

    courier_sealed(&h->courier, ticket, seal, n);
}

void house_settle(struct house *h)
{
    int round;

    for (round = 0; round < SETTLE_ROUNDS; round++) {
        size_t moved = 0;

        assert_int_equal(courier_commit(&h->courier), 0);
        if (h->disk_full && h->store.n_pending && !h->courier.sick)
            fake_store_fail(&h->store, "disk full");
        else if (!h->disk_full && !h->disk_hangs)
            moved += fake_store_complete_all(&h->store);
        h->page.wall_ms = h->now.wall_ms;
        if (h->page_answers)
            moved += fake_page_answer_all(&h->page);
        if (h->lines_show)
            moved += fake_chat_show(&h->chat);
        assert_int_equal(courier_commit(&h->courier), 0);
        if (!moved && (h->disk_full || h->disk_hangs || !courier_waiting(&h->courier)))
            return;
    }
    fail_msg("the house does not come to rest");
}

static void start_engine(struct house *h)
{
    struct store_port store = fake_store_port(&h->store);
    struct chat_port chat = fake_chat_port(&h->chat);
    struct page_port page = fake_page_port(&h->page);
    char place[200];
    size_t i, j;

    assert_int_equal(engine_create(h->settings, &h->engine), 0);
    assert_int_equal(store.load(store.ctx, engine_load_row, h->engine), 0);
    courier_init(&h->courier, h->engine, &chat, &page, &store);
    courier_prove_by(&h->courier, &(struct proof_port){&h->proof, fake_proof_check});
    assert_int_equal(courier_start(&h->courier, h->now), 0);
    house_settle(h);
    for (i = 0; i < h->settings->n_networks; i++) {
        const struct network_settings *n = &h->settings->network[i];

        for (j = 0; j < n->n_channels; j++) {
            (void)snprintf(place, sizeof place, "%s/%s", n->name, n->channel[j].name);
            fake_chat_joined(&h->chat, place);
        }
    }
    house_settle(h);
}

void house_init(struct house *h, const char *config_path)
{
    struct problems problems;

    memset(h, 0, sizeof *h);
    h->page_answers = h->lines_show = true;
    h->now.wall_ms = 1673978400000; /* 2023-01-17 18:00:00 UTC */
    h->now.boot_ms = 5000;
    problems_init(&problems);
    if (config_file_load(config_path, &problems, &h->settings) ||
        patterns_create(h->settings, &problems, &h->patterns)) {
        problems_print(&problems, stderr);
        fail_msg("%s has mistakes", config_path);
    }
    problems_finish(&problems);
    h->formats = patterns_format_port(h->patterns);
    h->hearing = hearing_create(h->settings, &h->formats);
    assert_non_null(h->hearing);
    fake_chat_init(&h->chat);
    fake_page_init(&h->page);
    fake_store_init(&h->store);
    h->chat.sink = (struct chat_sink){.ctx = h, .heard = on_heard, .event = on_event};
    h->page.sink = (struct page_sink){.ctx = h, .answer = on_answer};
    h->store.sink = (struct store_sink){.ctx = h, .sealed = on_sealed, .committed = on_committed};
    start_engine(h);
}

static void stop_engine(struct house *h)
{
    courier_finish(&h->courier);
    engine_destroy(h->engine);
    h->engine = NULL;
}

void house_finish(struct house *h)
{
    stop_engine(h);
    fake_chat_finish(&h->chat);
    fake_page_finish(&h->page);
    fake_store_finish(&h->store);
    hearing_destroy(h->hearing);
    patterns_destroy(h->patterns);
    settings_destroy(h->settings);
}

void house_restart(struct house *h, int64_t down_ms)
{
    fake_store_crash(&h->store);
    stop_engine(h);
    hearing_destroy(h->hearing);
    h->hearing = hearing_create(h->settings, &h->formats);
    assert_non_null(h->hearing);
    h->now.wall_ms += down_ms;
    h->now.boot_ms += down_ms;
    start_engine(h);
}

void house_wait(struct house *h, int64_t ms)
{
    struct input tick = {.kind = INPUT_TICK};

    h->now.wall_ms += ms;
    h->now.boot_ms += ms;
    input(h, &tick);
    assert_int_equal(courier_tick(&h->courier, h->now), 0);
    house_settle(h);
}

void house_wait_sliced(struct house *h, int64_t ms, int64_t step_ms)
{
    while (ms > 0) {
        int64_t slice = ms < step_ms ? ms : step_ms;

        house_wait(h, slice);
        ms -= slice;
    }
}

void house_say(struct house *h, const char *place, const char *nick, const char *account,
               const char *text)
{
    if (account && !strcmp(account, "="))
        account = nick;
    fake_chat_hear(&h->chat, place, nick, account, text, h->now.wall_ms);
    house_settle(h);
}

void house_icinga(struct house *h, const char *text)
{
    house_say(h, HOUSE_OPS, "icinga-wm", "=", text);
}

void house_jinxer(struct house *h, const char *text)
{
    house_say(h, HOUSE_OPS, "jinxer-wm", "=", text);
}

void house_deploy(struct house *h, const char *text)
{
    house_say(h, HOUSE_OPS, "logmsgbot", "=", text);
}

/* ---- looking
 * ------------------------------------------------------------------------------------- */

static void print_lines(const struct house *h)
{
    size_t i;

    for (i = 0; i < h->chat.n; i++)
        (void)fprintf(stderr, "  %s | %s\n", h->chat.line[i].place, h->chat.line[i].text);
}

void house_expect_last(struct house *h, const char *place, const char *text)
{
    const char *last = fake_chat_last(&h->chat, place);

    if (last && strstr(last, text))
        return;
    print_lines(h);
    fail_msg("the last line at %s is not: %s", place, text);
}

void house_expect_said(struct house *h, const char *place, const char *text)
{
    if (fake_chat_find(&h->chat, place, text))
        return;
    print_lines(h);
    fail_msg("not said at %s: %s", place, text);
}

void house_expect_unsaid(struct house *h, const char *place, const char *text)
{
    if (!fake_chat_find(&h->chat, place, text))
        return;
    print_lines(h);
    fail_msg("said at %s: %s", place, text);
}

/* ---- ready-made ------------------------------------------------------------------------------ */

int house_setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);

    assert_non_null(h);
    house_init(h, HOUSE_CFG);
    *state = h;
    return 0;
}

int house_teardown(void **state)
{
    house_finish(*state);
    free(*state);
    return 0;
}

void house_draft(struct house *h)
{
    house_deploy(h, STARTED);
    house_wait(h, 8 * MINUTE);
    house_icinga(h, EXCEPTIONS);
}

void house_publish(struct house *h)
{
    house_draft(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_expect_last(h, HOUSE_OPS, "1 is public since 18:08:00, investigating: ");
}
