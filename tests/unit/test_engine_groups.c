/* Groups of Alertmanager in the engine: what is heard by webhook, in the channel, again, late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define KEY "{}:{alertname=\"SearchDown\"}"
#define SEARCH_OK "RESOLVED: SearchDown: search is down #page"

enum { JINXER = 1 };

static struct signal group(enum signal_kind kind, const char *key, const char *check,
                           const char *summary)
{
    return (struct signal){.kind = kind,
                           .source = "jinxer",
                           .place = "webhook:jinxer",
                           .check = check,
                           .host = "",
                           .summary = summary,
                           .severity = SEVERITY_CRITICAL,
                           .count = 1,
                           .tool = "",
                           .user = "",
                           .deploy_host = "",
                           .change = "",
                           .raw = kind == SIGNAL_FIRING ? "FIRING: by webhook"
                                                        : "RESOLVED: by webhook",
                           .group_key = key};
}

static void post(struct house *h, struct signal s)
{
    s.wall_ms = h->now.wall_ms;
    assert_int_equal(h->formats.judge(h->formats.ctx, JINXER, &s), 0);
    assert_int_equal(courier_signal(&h->courier, &s, h->now), 0);
    house_settle(h);
}

static void fires(struct house *h)
{
    post(h, group(SIGNAL_FIRING, KEY, "SearchDown", "search is down #page"));
}

static void recovers(struct house *h)
{
    post(h, group(SIGNAL_RESOLVED, KEY, "SearchDown", "search is down #page"));
}

/* Committed rows of the timeline that are about alerts, with this text in them; NULL: any. */
static size_t rows(const struct house *h, const char *text)
{
    size_t i, n = 0;

    for (i = 0; i < h->store.n_rows; i++) {
        const struct record_timeline *r = h->store.row[i].record;

        if (h->store.row[i].table == RECORD_TIMELINE &&
            (!strcmp(r->kind, "firing") || !strcmp(r->kind, "paging") ||
             !strcmp(r->kind, "resolved") || !strcmp(r->kind, "flapped")) &&
            (!text || strstr(r->text, text)))
            n++;
    }
    return n;
}

static size_t firing(const struct house *h)
{
    size_t i, n = 0;

    for (i = 0; i < h->store.n_rows; i++)
        if (h->store.row[i].table == RECORD_ALERT)
            n += ((const struct record_alert *)h->store.row[i].record)->firing ? 1 : 0;
    return n;
}

static size_t alerts(const struct house *h)
{
    return fake_store_count(&h->store, RECORD_ALERT);
}

static size_t incidents(const struct house *h)
{
    return fake_store_count(&h->store, RECORD_INCIDENT);
}

/* ---- one outage, two ears -------------------------------------------------------------------- */

static void webhook_then_channel(void **state)
{
    struct house *h = *state;

    fires(h);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_wait(h, 3 * SECOND);
    house_jinxer(h, SEARCH);
    assert_int_equal(incidents(h), 1);
    assert_int_equal(alerts(h), 1);
    assert_int_equal(rows(h, NULL), 1);
    house_wait(h, MINUTE);
    recovers(h);
    house_jinxer(h, SEARCH_OK);
    assert_int_equal(rows(h, NULL), 2);
    assert_int_equal(rows(h, "RESOLVED: by webhook"), 1);
    assert_int_equal(firing(h), 0);
}

static void channel_then_webhook(void **state)
{
    struct house *h = *state;

    house_jinxer(h, SEARCH);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_wait(h, 3 * SECOND);
    fires(h);
    assert_int_equal(alerts(h), 1);
    assert_int_equal(rows(h, NULL), 1);
    assert_int_equal(rows(h, "FIRING: SearchDown"), 1);
    house_jinxer(h, SEARCH_OK);
    recovers(h);
    assert_int_equal(rows(h, NULL), 2);
    assert_int_equal(rows(h, "RESOLVED: SearchDown"), 1);
    assert_int_equal(firing(h), 0);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 1.2");
}

static void repeats_change_nothing(void **state)
{
    struct house *h = *state;
    size_t said;
    int i;

    fires(h);
    said = h->chat.n;
    for (i = 0; i < 20; i++) {
        house_wait(h, SECOND);
        fires(h);
        house_jinxer(h, SEARCH);
    }
    assert_int_equal(alerts(h), 1);
    assert_int_equal(rows(h, NULL), 1);
    assert_int_equal(h->chat.n, said);
    recovers(h);
    said = h->chat.n;
    for (i = 0; i < 20; i++)
        recovers(h);
    assert_int_equal(rows(h, NULL), 2);
    assert_int_equal(h->chat.n, said);
}

static void it_fires_again_after_its_recovery(void **state)
{
    struct house *h = *state;

    fires(h);
    house_wait(h, MINUTE);
    recovers(h);
    house_wait(h, MINUTE);
    fires(h);
    assert_int_equal(alerts(h), 1);
    assert_int_equal(firing(h), 1);
    assert_int_equal(rows(h, NULL), 3);
}

static void restarts_double_nothing(void **state)
{
    struct house *h = *state;

    fires(h);
    house_restart(h, 10 * SECOND);
    fires(h);
    house_jinxer(h, SEARCH);
    assert_int_equal(incidents(h), 1);
    assert_int_equal(alerts(h), 1);
    assert_int_equal(rows(h, NULL), 1);
    recovers(h);
    house_restart(h, 10 * SECOND);
    recovers(h);
    house_jinxer(h, SEARCH_OK);
    assert_int_equal(rows(h, NULL), 2);
    assert_int_equal(firing(h), 0);
}

/* ---- which alert it is ----------------------------------------------------------------------- */

/* The first alert of a group may be another one next time. */
static void a_group_is_known_by_its_key(void **state)
{
    struct house *h = *state;

    fires(h);
    post(h, group(SIGNAL_FIRING, KEY, "SearchDown", "search is down in codfw"));
    post(h, group(SIGNAL_FIRING, KEY, "SearchSlow", "search is slow"));
    assert_int_equal(alerts(h), 1);
    house_jinxer(h, "FIRING: SearchLost: search is lost"); /* of another group */
    assert_int_equal(alerts(h), 2);
    post(h, group(SIGNAL_RESOLVED, KEY, "SearchLost", "search is lost"));
    assert_int_equal(firing(h), 1);
    house_jinxer(h, "RESOLVED: SearchLost: search is lost");
    assert_int_equal(firing(h), 0);
}

static void groups_of_the_same_words_are_two(void **state)
{
    struct house *h = *state;

    fires(h);
    post(h, group(SIGNAL_FIRING, "{}:{cluster=\"b\"}", "SearchDown", "search is down"));
    assert_int_equal(alerts(h), 2);
    post(h, group(SIGNAL_RESOLVED, "{}:{cluster=\"b\"}", "SearchDown", "search is down"));
    assert_int_equal(firing(h), 1);
    post(h, group(SIGNAL_RESOLVED, "{}:{cluster=\"c\"}", "SearchDown", "search is down"));
    assert_int_equal(firing(h), 1); /* never heard of: not somebody else's */
    recovers(h);
    assert_int_equal(firing(h), 0);
}

/* A recovery whose beginning was never heard ends nothing that merely has the same name. */
static void a_group_from_nowhere_ends_nothing(void **state)
{
    struct house *h = *state;

    house_jinxer(h, "FIRING: SearchDown: something quite different");
    recovers(h);
    assert_int_equal(firing(h), 1);
}

/* The second ear's recovery of what people have closed ends no other alert of that check. */
static void an_echo_ends_nothing_else(void **state)
{
    struct house *h = *state;

    fires(h);
    house_say(h, HOUSE_OPS, "dep1", "deployer1", "!status discard 1");
    house_jinxer(h, "FIRING: SearchDown: something quite different");
    assert_int_equal(firing(h), 2);
    recovers(h);
    house_jinxer(h, SEARCH_OK);
    assert_int_equal(firing(h), 1);
    house_restart(h, SECOND);
    house_jinxer(h, SEARCH_OK);
    recovers(h);
    assert_int_equal(firing(h), 1);
}

/* What people closed stays closed, whichever ear repeats it and however it words it. */
static void what_is_closed_is_not_reopened_by_the_other_ear(void **state)
{
    struct house *h = *state;
    struct signal s = group(SIGNAL_FIRING, KEY, "SearchDown", "search is down");
    int i;

    s.severity = SEVERITY_WARNING; /* the channel's line says critical */
    house_jinxer(h, SEARCH);
    house_say(h, HOUSE_OPS, "dep1", "deployer1", "!status discard 1");
    for (i = 0; i < 4; i++) {
        house_wait(h, MINUTE);
        post(h, s);
        house_wait(h, MINUTE);
        house_jinxer(h, SEARCH);
    }
    assert_int_equal(incidents(h), 1);
    assert_int_equal(alerts(h), 1);
    house_expect_unsaid(h, HOUSE_OPS, "DRAFT 2");
    post(h, group(SIGNAL_RESOLVED, KEY, "SearchDown", "search is down"));
    house_wait(h, MINUTE);
    house_jinxer(h, SEARCH); /* a new one */
    house_expect_said(h, HOUSE_OPS, "DRAFT 2.1");
}

/* The channel's line says critical, the group's label a warning: the label is believed. */
static void what_the_labels_said_is_not_unsaid_by_the_channel(void **state)
{
    struct house *h = *state;
    struct signal s = group(SIGNAL_FIRING, KEY, "SearchDown", "search is down");
    int i;

    s.severity = SEVERITY_WARNING;
    house_deploy(h, STARTED);
    house_jinxer(h, "FIRING: SearchDown: search is down");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_say(h, HOUSE_OPS, "dep1", "deployer1", "!status discard 1");
    for (i = 0; i < 3; i++) {
        house_wait(h, SECOND);
        post(h, s);
        house_wait(h, SECOND);
        house_jinxer(h, "FIRING: SearchDown: search is down");
    }
    assert_int_equal(incidents(h), 1);
    assert_int_equal(alerts(h), 1);
}

/* A line that shows no severity has its row; Alertmanager tells how bad it is. */
static void a_line_is_completed_without_a_second_row(void **state)
{
    struct house *h = *state;
    struct signal s = group(SIGNAL_FIRING, NULL, "SearchDown", "search is down");

    house_deploy(h, STARTED);
    s.place = HOUSE_OPS;
    s.severity = SEVERITY_UNKNOWN;
    post(h, s);
    assert_int_equal(incidents(h), 0);
    assert_int_equal(rows(h, NULL), 1);
    post(h, group(SIGNAL_FIRING, KEY, "SearchDown", "search is down"));
    assert_int_equal(incidents(h), 1);
    assert_int_equal(rows(h, NULL), 1);
}

/* The group's label says that it is a page, which the line in the channel did not. */
static void a_page_by_label_opens_what_the_line_did_not(void **state)
{
    struct house *h = *state;
    struct signal s = group(SIGNAL_FIRING, KEY, "SearchDown", "search is down");

    house_jinxer(h, "FIRING: SearchDown: search is down");
    assert_int_equal(incidents(h), 0);
    s.paging = true;
    post(h, s);
    assert_int_equal(incidents(h), 1);
    assert_int_equal(alerts(h), 1);
}

/* ---- late ------------------------------------------------------------------------------------ */

static void what_a_slower_ear_says_of_the_past_is_passed_over(void **state)
{
    struct house *h = *state;
    struct signal late = group(SIGNAL_FIRING, NULL, "SearchDown", "search is down");

    fires(h);
    late.wall_ms = h->now.wall_ms + 1;
    late.place = "file:/var/log/alerts.log";
    house_wait(h, MINUTE);
    recovers(h);
    assert_int_equal(firing(h), 0);
    house_wait(h, SECOND);
    assert_int_equal(courier_signal(&h->courier, &late, h->now), 0);
    house_settle(h);
    assert_int_equal(firing(h), 0);
    assert_int_equal(rows(h, NULL), 2);

    house_wait(h, MINUTE);
    fires(h);
    late.kind = SIGNAL_RESOLVED;
    assert_int_equal(courier_signal(&h->courier, &late, h->now), 0);
    house_settle(h);
    assert_int_equal(firing(h), 1);
}

/* Through one ear the order counts, not a clock that was set back. */
static void a_clock_that_is_set_back_hides_no_alert(void **state)
{
    struct house *h = *state;

    fires(h);
    recovers(h);
    h->now.wall_ms -= HOUR;
    fires(h);
    assert_int_equal(firing(h), 1);
    h->now.wall_ms -= HOUR;
    recovers(h);
    assert_int_equal(firing(h), 0);
}

/* ---- when the answer may leave --------------------------------------------------------------- */

static void the_answer_waits_for_the_disk(void **state)
{
    struct house *h = *state;
    uint64_t ticket;

    struct signal s = group(SIGNAL_FIRING, KEY, "SearchDown", "search is down");

    h->disk_hangs = true;
    ticket = courier_ticket(&h->courier);
    assert_true(courier_has_stored(&h->courier, ticket)); /* nothing changed yet */
    s.rule = -1;
    assert_int_equal(courier_signal(&h->courier, &s, h->now), 0);
    assert_false(courier_has_stored(&h->courier, ticket)); /* not even on its way */
    house_settle(h);
    assert_false(courier_has_stored(&h->courier, ticket));
    /* told again meanwhile: that is no more on the disk than the first time */
    ticket = courier_ticket(&h->courier);
    post(h, group(SIGNAL_RESOLVED, "{}:{x=\"y\"}", "Unheard", "of"));
    assert_false(courier_has_stored(&h->courier, ticket));
    h->disk_hangs = false;
    house_settle(h);
    assert_true(courier_has_stored(&h->courier, ticket));
    assert_true(courier_has_stored(&h->courier, courier_ticket(&h->courier)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(webhook_then_channel),
        HOUSE_TEST(channel_then_webhook),
        HOUSE_TEST(repeats_change_nothing),
        HOUSE_TEST(it_fires_again_after_its_recovery),
        HOUSE_TEST(restarts_double_nothing),
        HOUSE_TEST(a_group_is_known_by_its_key),
        HOUSE_TEST(groups_of_the_same_words_are_two),
        HOUSE_TEST(a_group_from_nowhere_ends_nothing),
        HOUSE_TEST(an_echo_ends_nothing_else),
        HOUSE_TEST(what_is_closed_is_not_reopened_by_the_other_ear),
        HOUSE_TEST(what_the_labels_said_is_not_unsaid_by_the_channel),
        HOUSE_TEST(a_line_is_completed_without_a_second_row),
        HOUSE_TEST(a_page_by_label_opens_what_the_line_did_not),
        HOUSE_TEST(what_a_slower_ear_says_of_the_past_is_passed_over),
        HOUSE_TEST(a_clock_that_is_set_back_hides_no_alert),
        HOUSE_TEST(the_answer_waits_for_the_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
