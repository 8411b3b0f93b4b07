/* Everything stored about one incident: owned copies, an order, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chronicle.h"

static void take_row(struct chronicle *c, int64_t id, int64_t wall_ms, const char *kind)
{
    char k[40], text[] = "text";
    struct record_timeline row = {.id = id, .wall_ms = wall_ms, .kind = k, .text = text};

    (void)snprintf(k, sizeof k, "%s", kind);
    assert_int_equal(chronicle_take(c, RECORD_TIMELINE, &row), 0);
}

static void rows_are_copied(void **state)
{
    char title[] = "title";
    struct record_revision rev = {.id = 9, .number = 3, .title = title};
    struct record_outbox first = {.id = 4, .revision = 3}, second = {.id = 6, .revision = 3};
    struct record_incident incident = {.id = 1};
    struct record_meta other = {.id = 1};
    struct chronicle c;

    (void)state;
    chronicle_init(&c);
    assert_int_equal(chronicle_take(&c, RECORD_REVISION, &rev), 0);
    title[0] = 'x';
    assert_int_equal(chronicle_take(&c, RECORD_OUTBOX, &second), 0);
    assert_int_equal(chronicle_take(&c, RECORD_OUTBOX, &first), 0);
    assert_int_equal(chronicle_take(&c, RECORD_META, &other), 0); /* passed over */
    assert_int_equal(c.incident.id, 0);
    assert_int_equal(chronicle_take(&c, RECORD_INCIDENT, &incident), 0);
    assert_int_equal(chronicle_take(&c, RECORD_INCIDENT, &incident), 0); /* the last one counts */
    assert_string_equal(chronicle_revision(&c, 3)->title, "title");
    assert_null(chronicle_revision(&c, 4));
    assert_int_equal(chronicle_outbox(&c, 3)->id, 6); /* the newest */
    assert_null(chronicle_outbox(&c, 2));
    assert_string_equal(c.incident.page, ""); /* never NULL */
    chronicle_sort(&c);
    assert_int_equal(c.outbox[0].id, 4);
    chronicle_finish(&c);
    chronicle_finish(&c); /* an empty one */
}

static void rows_are_in_order(void **state)
{
    static const int64_t want[] = {3, 5, 4, 1, 2};
    struct chronicle c;
    size_t i;

    (void)state;
    chronicle_init(&c);
    chronicle_sort(&c);
    take_row(&c, 1, 300, "note");
    take_row(&c, 2, 400, "firing");
    take_row(&c, 3, 100, "note");
    take_row(&c, 4, 200, "draft");
    take_row(&c, 5, 200, "firing"); /* what was heard comes before what was made of it */
    chronicle_sort(&c);
    assert_int_equal(c.n_timeline, 5);
    for (i = 0; i < 5; i++)
        assert_int_equal(c.timeline[i].id, want[i]);
    chronicle_finish(&c);
}

static void signals_and_people(void **state)
{
    static const struct {
        const char *kind;
        bool is_signal;
    } rows[] = {
        {"firing", true},
        {"paging", true},
        {"resolved", true},
        {"flapped", true},
        {"log", true},
        {"mitigation", true},
        {"deploy started", true},
        {"acknowledged", true},
        {"maintenance", true},
        {"note", false},
        {"confirm", false},
        {"draft", false},
        {"published", false},
        {"", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char kind[40];
        struct record_timeline row = {.kind = kind};

        (void)snprintf(kind, sizeof kind, "%s", rows[i].kind);
        if (chronicle_is_signal(&row) != rows[i].is_signal)
            fail_msg("%s", kind);
    }
}

/* However much bots say, there is room for what people did. */
static void a_storm_leaves_room_for_people(void **state)
{
    struct chronicle c;
    int64_t i;

    (void)state;
    chronicle_init(&c);
    for (i = 0; i < CHRONICLE_SIGNALS_MAX + 100; i++)
        take_row(&c, i, i, "firing");
    assert_int_equal(c.n_timeline, CHRONICLE_SIGNALS_MAX);
    assert_int_equal(c.n_omitted, 100);
    take_row(&c, i, i, "confirm");
    i++;
    assert_int_equal(c.n_timeline, CHRONICLE_SIGNALS_MAX + 1);
    while (i < CHRONICLE_ROWS_MAX + 300) {
        take_row(&c, i, i, "note");
        i++;
    }
    assert_int_equal(c.n_timeline, CHRONICLE_ROWS_MAX);
    assert_int_equal(c.n_omitted + c.n_timeline, i);
    chronicle_finish(&c);
}

static void lists_keep_their_order(void **state)
{
    struct record_incident a = {.id = 8}, b = {.id = 7};
    struct record_meta other = {.id = 1};
    struct chronicle_list l;

    (void)state;
    chronicle_list_init(&l);
    assert_int_equal(chronicle_list_take(&l, RECORD_INCIDENT, &a), 0);
    assert_int_equal(chronicle_list_take(&l, RECORD_META, &other), 0);
    assert_int_equal(chronicle_list_take(&l, RECORD_INCIDENT, &b), 0);
    assert_int_equal(l.n, 2);
    assert_int_equal(l.incident[0].id, 8);
    assert_int_equal(l.incident[1].id, 7);
    chronicle_list_finish(&l);
}

static void times_that_no_clock_says_are_not_known(void **state)
{
    struct record_incident incident = {.id = 1,
                                       .state = -3,
                                       .opened_wall_ms = INT64_MAX,
                                       .started_wall_ms = INT64_MIN,
                                       .closed_wall_ms = 1673980000000};
    struct chronicle c;

    (void)state;
    chronicle_init(&c);
    assert_int_equal(chronicle_take(&c, RECORD_INCIDENT, &incident), 0);
    take_row(&c, 1, -1, "firing");
    assert_int_equal(c.incident.opened_wall_ms, 0);
    assert_int_equal(c.incident.started_wall_ms, 0);
    assert_int_equal(c.incident.closed_wall_ms, 1673980000000);
    assert_int_equal(c.incident.state, -3); /* no time */
    assert_int_equal(c.timeline[0].wall_ms, 0);
    chronicle_finish(&c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_copied),
        cmocka_unit_test(rows_are_in_order),
        cmocka_unit_test(signals_and_people),
        cmocka_unit_test(a_storm_leaves_room_for_people),
        cmocka_unit_test(lists_keep_their_order),
        cmocka_unit_test(times_that_no_clock_says_are_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
