/* Which deploy is suspected, and when none is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define SYNCED \
    "!log deployer1@deploy1002 Synchronized wmf-config/A.php: Turn it on (duration: 01m 05s)"
#define REVERTED \
    "!log deployer1@deploy1002 Synchronized wmf-config/A.php: Revert \"x\" (duration: 01m 05s)"
#define SUSPECTED "1: deployer1's sync-file has just ended: it is the suspect"

enum { FRONTEND_RULE = 2 }; /* in tests/data/house.cfg */

/* The page is first, the sync that did it is logged when it is done. */
static void sync_that_ends_behind_the_page(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    fake_chat_clear(&h->chat);
    house_wait(h, 50 * SECOND);
    house_deploy(h, SYNCED);
    house_expect_last(h, HOUSE_OPS, SUSPECTED);
    fake_chat_clear(&h->chat);
    house_deploy(h, SYNCED); /* one is enough */
    house_expect_unsaid(h, HOUSE_OPS, "suspect");
}

static void sync_of_somebody_who_mends_it(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_wait(h, 10 * SECOND);
    house_deploy(h, REVERTED);
    house_wait(h, 90 * SECOND);
    house_deploy(h, SYNCED);
    house_expect_unsaid(h, HOUSE_OPS, "suspect");
}

/* One that was announced had its chance when the page came. */
static void end_of_what_was_announced(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "your scap backport is running");
    house_deploy(h, FINISHED);
    house_deploy(h, SYNCED);
    house_expect_unsaid(h, HOUSE_OPS, "it is the suspect");
}

static void what_no_deploy_can_cause(void **state)
{
    struct house *h = *state;

    assert_string_equal(h->settings->rule[FRONTEND_RULE].name, "frontend");
    h->settings->rule[FRONTEND_RULE].suspect_deploys = false;
    house_deploy(h, STARTED);
    house_jinxer(h, FRONTEND);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1");
    house_deploy(h, SYNCED);
    house_expect_unsaid(h, HOUSE_OPS, "scap backport");
    house_expect_unsaid(h, HOUSE_OPS, "suspect");
}

static void late_suspect_outlives_a_restart(void **state)
{
    struct house *h = *state;

    house_jinxer(h, FRONTEND);
    house_deploy(h, SYNCED);
    house_restart(h, 10 * SECOND);
    fake_chat_clear(&h->chat);
    house_say(h, HOUSE_OPS, "deployer2", "=", "!status show 1");
    house_expect_said(h, HOUSE_OPS, "sync-file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(sync_that_ends_behind_the_page),  HOUSE_TEST(sync_of_somebody_who_mends_it),
        HOUSE_TEST(end_of_what_was_announced),       HOUSE_TEST(what_no_deploy_can_cause),
        HOUSE_TEST(late_suspect_outlives_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
