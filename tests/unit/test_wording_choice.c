/* Choosing among the prepared wordings, in the channel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

static void say(struct house *h, const char *text)
{
    house_say(h, HOUSE_OPS, "deployer1", "=", text);
}

static void those_that_fit_come_first(void **state)
{
    struct house *h = *state;

    house_jinxer(h, SEARCH);
    say(h, "!status text 1");
    house_expect_last(
        h, HOUSE_OPS,
        "`!status text 1 NAME`: search \"Search not working\", logged-in \"Errors for "
        "logged-in users\", everyone \"Pages not loading\", slow \"Slow pages\"");
    house_wait_sliced(h, 11 * MINUTE, MINUTE);
    house_jinxer(h, "FIRING: LatencyHigh: pages are slow #page");
    say(h, "!status text 2:");
    house_expect_last(h, HOUSE_OPS, "NAME`: slow \"Slow pages\", ");
    house_wait_sliced(h, 11 * MINUTE, MINUTE);
    /* of the same components, such as are as bad first */
    say(h, "!status edit 1 components Reading major outage, Editing major outage");
    say(h, "!status edit 1 impact minor");
    say(h, "!status text 1");
    house_expect_last(h, HOUSE_OPS, "NAME`: slow \"Slow pages\", logged-in \"");
    say(h, "!status edit 1 impact critical");
    say(h, "!status text 1");
    house_expect_last(h, HOUSE_OPS, "NAME`: everyone \"Pages not loading\", logged-in \"");
}

static void two_lines_are_enough(void **state)
{
    struct house *h = *state;
    static struct wording_settings many[40];
    static char names[40][24];
    struct wording_settings *real = h->settings->wording;
    size_t n = h->settings->n_wordings, i, before;

    house_draft(h);
    for (i = 0; i < 40; i++) {
        many[i] = real[i % n];
        (void)snprintf(names[i], sizeof names[i], "wording-%zu", i);
        many[i].name = names[i];
    }
    h->settings->wording = many;
    h->settings->n_wordings = 40;
    before = fake_chat_count(&h->chat, HOUSE_OPS);
    say(h, "!status text 1");
    h->settings->wording = real;
    h->settings->n_wordings = n;
    assert_int_equal(fake_chat_count(&h->chat, HOUSE_OPS), before + 2);
    house_expect_last(h, HOUSE_OPS, " more");
    assert_true(strlen(fake_chat_last(&h->chat, HOUSE_OPS)) <= 400);
}

/* What recovered by itself does not claim a fix in other words either. */
static void another_wording_of_the_same_kind(void **state)
{
    struct house *h = *state;
    static char mine[] = "Pages seem to load again.", other[] = "Pages seem to be fast again.";
    int from = settings_find_wording(h->settings, "logged-in");
    int to = settings_find_wording(h->settings, "slow");
    struct wording_settings *w = h->settings->wording;
    char *kept[2] = {w[from].recovered, w[to].recovered};

    w[from].recovered = mine;
    w[to].recovered = other;
    house_publish(h);
    house_wait_sliced(h, MINUTE, SECOND);
    house_deploy(h, FINISHED);
    house_icinga(h, EXCEPTIONS_OK);
    house_wait_sliced(h, 3 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS,
                      "monitoring, not public: \"Errors for logged-in users. Pages "
                      "seem to load again.\"");
    say(h, "!status text 1 slow");
    house_expect_said(h, HOUSE_OPS, "not public: \"Slow pages. Pages seem to be fast again.\"");
    w[from].recovered = kept[0];
    w[to].recovered = kept[1];
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(those_that_fit_come_first),
        HOUSE_TEST(two_lines_are_enough),
        HOUSE_TEST(another_wording_of_the_same_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
