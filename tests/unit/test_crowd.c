/* What tells of an outage only when so much of it fails at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

enum { LATENCY = 3, AT_ONCE = 6 }; /* the rule of that name in tests/data/house.cfg */

static void ask_for_a_crowd(struct house *h)
{
    assert_string_equal(h->settings->rule[LATENCY].name, "latency");
    h->settings->rule[LATENCY].at_once = AT_ONCE;
    h->settings->rule[LATENCY].host = strdup("^mw");
    assert_non_null(h->settings->rule[LATENCY].host);
}

static void server(struct house *h, int from, int to, const char *format)
{
    char line[200];
    int i;

    for (i = from; i <= to; i++) {
        (void)snprintf(line, sizeof line, format, i);
        house_icinga(h, line);
    }
}

static void break_down(struct house *h, int from, int to)
{
    server(h, from, to, "PROBLEM - Latency on mw%d is CRITICAL: slow");
}

static void recover(struct house *h, int from, int to)
{
    server(h, from, to, "RECOVERY - Latency on mw%d is OK: fast");
}

static void few_are_silent(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    house_deploy(h, STARTED);
    break_down(h, 1, AT_ONCE - 1);
    server(h, 1, AT_ONCE - 1, "PROBLEM - Latency of Apache on mw%d is CRITICAL: slow");
    server(h, AT_ONCE, AT_ONCE, "PROBLEM - Latency on mw%d is WARNING: slow");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void so_many_open_one(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    break_down(h, 1, AT_ONCE - 1);
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
    break_down(h, AT_ONCE, AT_ONCE);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Slow pages.");
    house_expect_last(h, HOUSE_OPS, "(6 alerts)");
    assert_int_equal(engine_open_incidents(h->engine), 1);
}

static void checks_count_where_no_host_is_asked_for(void **state)
{
    struct house *h = *state;

    h->settings->rule[LATENCY].at_once = 2;
    house_deploy(h, STARTED);
    house_icinga(h, "PROBLEM - Latency of GET on alert1001 is CRITICAL: slow");
    house_icinga(h, "PROBLEM - Latency of GET on alert1001 is CRITICAL: slower");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
    house_icinga(h, "PROBLEM - Latency of POST on alert1001 is CRITICAL: slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Slow pages.");
}

static void one_after_the_other_is_no_crowd(void **state)
{
    struct house *h = *state;
    int i;

    ask_for_a_crowd(h);
    for (i = 1; i <= 3 * AT_ONCE; i++) {
        break_down(h, i, i);
        house_wait(h, 2 * MINUTE);
    }
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
}

static void what_recovered_does_not_count(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    break_down(h, 1, 4);
    recover(h, 1, 4);
    break_down(h, 5, 8);
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
    break_down(h, 9, 10);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

static void a_page_needs_no_crowd(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    house_icinga(h, "PROBLEM - Latency #page on mw1 is CRITICAL: slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
}

/* One server that stays broken does not keep the outage open. */
static void it_is_over_when_few_are_left(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    break_down(h, 1, 8);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    recover(h, 1, 5);
    house_wait(h, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "monitoring");
    recover(h, 6, 6);
    house_expect_said(h, HOUSE_OPS, "monitoring");
}

static void a_restart_knows_the_crowd(void **state)
{
    struct house *h = *state;

    ask_for_a_crowd(h);
    break_down(h, 1, 8);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    house_restart(h, 30 * SECOND);
    house_wait(h, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "monitoring");
    recover(h, 1, 6);
    house_expect_said(h, HOUSE_OPS, "monitoring");
}

/* Different things that say nothing alone are a storm when they come together, and are awaited. */
static void a_storm_of_few(void **state)
{
    struct house *h = *state;

    h->settings->rule[LATENCY].at_once = 50;
    house_deploy(h, STARTED);
    house_icinga(h, "PROBLEM - Latency of GET on alert1001 is CRITICAL: slow");
    house_icinga(h, "PROBLEM - Latency of POST on alert1001 is CRITICAL: slow");
    assert_int_equal(fake_chat_count(&h->chat, NULL), 0);
    house_icinga(h, "PROBLEM - Latency of HEAD on alert1001 is CRITICAL: slow");
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public: \"Slow pages.");
    house_expect_last(h, HOUSE_OPS, "your scap backport is running");
    fake_chat_clear(&h->chat);
    house_wait(h, 30 * SECOND);
    house_expect_unsaid(h, HOUSE_OPS, "over already");
    house_icinga(h, "RECOVERY - Latency of GET on alert1001 is OK: fast");
    house_icinga(h, "RECOVERY - Latency of POST on alert1001 is OK: fast");
    house_icinga(h, "RECOVERY - Latency of HEAD on alert1001 is OK: fast");
    house_wait(h, MINUTE);
    house_expect_said(h, HOUSE_OPS, "over already");
}

/* Too much to remember: the page for which an incident is open is not forgotten, so it is not over.
 */
static void a_storm_does_not_hide_the_page(void **state)
{
    struct house *h = *state;

    h->settings->triage.max_signals = 100;
    house_jinxer(h, FRONTEND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    server(h, 1, 400, "PROBLEM - Latency on mw%d is CRITICAL: slow");
    server(h, 1, 400, "PROBLEM - Disk space on db%d is CRITICAL: full");
    server(h, 1, 400, "RECOVERY - Latency on mw%d is OK: fast");
    house_wait(h, HOUR);
    house_expect_unsaid(h, HOUSE_OPS, "monitoring");
    house_jinxer(h, FRONTEND_OK);
    house_expect_said(h, HOUSE_OPS, "monitoring");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(few_are_silent),
        HOUSE_TEST(so_many_open_one),
        HOUSE_TEST(checks_count_where_no_host_is_asked_for),
        HOUSE_TEST(one_after_the_other_is_no_crowd),
        HOUSE_TEST(what_recovered_does_not_count),
        HOUSE_TEST(a_page_needs_no_crowd),
        HOUSE_TEST(it_is_over_when_few_are_left),
        HOUSE_TEST(a_restart_knows_the_crowd),
        HOUSE_TEST(a_storm_of_few),
        HOUSE_TEST(a_storm_does_not_hide_the_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
