/* What the engine keeps and stores, as the board shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"
#include "chronicle.h"
#include "lanes_story.h"

#include "house.h"

/* All that is open, from memory. @return how many. */
static int open_now(struct house *h, struct chronicle *c)
{
    chronicle_finish(c);
    chronicle_init(c);
    assert_int_equal(engine_visit_open(h->engine, chronicle_take, c), 0);
    chronicle_sort(c);
    return c->incident.id != 0;
}

static void stored(struct house *h, int64_t incident, struct chronicle *c)
{
    struct store_port store = h->courier.store;

    chronicle_finish(c);
    chronicle_init(c);
    assert_int_equal(store.read(store.ctx, incident, chronicle_take, c), 0);
    chronicle_sort(c);
}

static void what_is_open_is_in_memory(void **state)
{
    struct house *h = *state;
    struct chronicle c;
    struct buf b;
    struct board_view view = {.prefix = "!status", .sick = true};

    chronicle_init(&c);
    assert_false(open_now(h, &c));
    house_draft(h);
    h->disk_full = true;
    assert_true(open_now(h, &c));
    assert_int_equal(c.incident.state, INCIDENT_DRAFT);
    assert_int_equal(c.n_revisions, 1);
    view.now_wall_ms = h->now.wall_ms;
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, &c, 1, NULL, 0);
    assert_int_equal(buf_error(&b), 0);
    assert_non_null(strstr(buf_str(&b), "<code>!status confirm 1.1</code>"));
    assert_non_null(strstr(buf_str(&b), "Errors for logged-in users"));
    buf_finish(&b);
    chronicle_finish(&c);
}

static int stop(void *ctx, enum record_table t, const void *record)
{
    int *n = ctx;

    (void)t;
    (void)record;
    return ++*n == 2 ? 5 : 0;
}

static void a_visit_ends_when_it_is_told_to(void **state)
{
    struct house *h = *state;
    int n = 0;

    house_draft(h);
    assert_int_equal(engine_visit_open(h->engine, stop, &n), 5);
    assert_int_equal(n, 2);
}

static void the_picture_is_made_of_what_is_stored(void **state)
{
    struct house *h = *state;
    struct chronicle c;
    struct lanes_story s;

    chronicle_init(&c);
    house_publish(h);
    stored(h, 1, &c);
    assert_int_equal(lanes_story_init(&s, &c, h->now.wall_ms), 0);
    assert_true(s.told);
    assert_true(s.ongoing);
    assert_int_equal(s.n_alerts, 1);
    assert_true(s.span[0].open);
    assert_int_equal(s.n_deploys, 1);
    assert_true(s.deploy[0].suspect);
    assert_int_equal(s.n_acts, 1);
    assert_string_equal(s.act[0].kind, "confirm");
    assert_int_equal(s.n_status, 2);
    assert_true(s.status[0].silent);
    assert_int_equal(s.status[1].step, STEP_INVESTIGATING);
    assert_int_equal(s.status[1].from_ms, s.told_ms);
    assert_int_equal(s.waited_ms, s.told_ms - s.outage_ms);
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(what_is_open_is_in_memory),
        HOUSE_TEST(a_visit_ends_when_it_is_told_to),
        HOUSE_TEST(the_picture_is_made_of_what_is_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
