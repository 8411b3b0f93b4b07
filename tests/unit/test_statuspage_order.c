/* Each write once, in order, within the rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "page_bench.h"

/* ---- exactly one request */

/* libcurl repeats a request by itself when a connection that it reused dies without an answer. */
static void dead_connection_never_repeats_a_write(void **state)
{
    static const enum fake_http_fate fates[] = {FAKE_DROP, FAKE_RESET};
    static const enum page_op ops[] = {PAGE_CREATE, PAGE_UPDATE};
    struct page_bench *f = *state;
    char *longest = malloc(25001);
    size_t k, writes = 0;

    assert_non_null(longest);
    memset(longest, 'x', 25000);
    longest[25000] = '\0';
    for (k = 0; k < 8; k++) {
        const struct fake_http_reply dies = {fates[k & 1], 0, NULL, NULL};
        struct page_request read = page_bench_request(PAGE_LIST),
                            write = page_bench_request(ops[k >> 1 & 1]);
        const char *method = write.op == PAGE_CREATE ? "POST" : "PATCH";
        size_t connections;

        if (k & 4)
            write.body = longest;
        page_bench_forget_answers(f);
        page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
        page_bench_submit(f, &read);
        page_bench_await(f, 1);
        connections = fake_http_connections(f->http);

        fake_http_queue(f->http, method, "/incidents", dies);
        page_bench_submit(f, &write);
        page_bench_await(f, 2);
        page_bench_settle(f);
        writes++;
        assert_int_equal(fake_http_count_method(f->http, "POST") +
                             fake_http_count_method(f->http, "PATCH"),
                         writes);
        page_bench_assert_answer(f, 1, PAGE_DOUBTFUL, "connection lost: the page has closed it");
        /* It was indeed on the connection that the reading had opened. */
        assert_int_equal(fake_http_last(f->http, method)->connection, connections);
        page_bench_all_used(f);

        /* And the handle that was refused the repetition has not kept a grudge. */
        page_bench_queue(f, method, "/incidents", 200, PAGE_BENCH_INCIDENT);
        page_bench_submit(f, &write);
        page_bench_await(f, 3);
        writes++;
        page_bench_assert_answer(f, 2, PAGE_OK, "");
    }
    free(longest);
}

static void connection_closed_while_idle_is_not_used(void **state)
{
    struct page_bench *f = *state;
    struct page_request read = page_bench_request(PAGE_LIST),
                        write = page_bench_request(PAGE_CREATE);

    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    page_bench_submit(f, &read);
    page_bench_await(f, 1);
    fake_http_hang_up(f->http);
    page_bench_queue(f, "POST", "/incidents", 201, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &write);
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 1, PAGE_OK, "");
    assert_int_equal(fake_http_count_method(f->http, "POST"), 1);
    assert_int_equal(fake_http_connections(f->http), 2);
}

static void read_once(struct page_bench *f)
{
    struct page_request read = page_bench_request(PAGE_LIST);
    size_t n = f->n_answers + 1;

    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    page_bench_submit(f, &read);
    page_bench_await(f, n);
}

static void write_once(struct page_bench *f)
{
    struct page_request write = page_bench_request(PAGE_CREATE);
    size_t n = f->n_answers + 1;

    page_bench_queue(f, "POST", "/incidents", 201, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &write);
    page_bench_await(f, n);
    page_bench_assert_answer(f, n - 1, PAGE_OK, "");
}

static void long_idle_connection_is_not_used(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    int64_t until;

    options.max_idle_ms = 1000;
    page_bench_begin(f, &options);
    read_once(f);
    until = f->wait.now(f->wait.ctx).boot_ms + 2100; /* libcurl counts whole seconds */
    while (f->wait.now(f->wait.ctx).boot_ms < until)
        (void)page_bench_turn(f);
    write_once(f);
    assert_int_equal(fake_http_last(f->http, "POST")->connection, 2);
    page_bench_all_used(f);
}

/* The sleeping machine's connections have no other end any more, and libcurl cannot know. */
static void connection_from_before_a_sleep_is_not_used(void **state)
{
    struct page_bench *f = *state;

    read_once(f);
    write_once(f);
    assert_int_equal(fake_http_last(f->http, "POST")->connection, 1);
    f->ahead_ms += 3600000;
    write_once(f);
    assert_int_equal(fake_http_last(f->http, "POST")->connection, 2);
    read_once(f);
    assert_int_not_equal(fake_http_last(f->http, "GET")->connection, 1);
    page_bench_all_used(f);
}

static void warm_connection_carries_the_write(void **state)
{
    struct page_bench *f = *state;
    struct page_request warm = page_bench_request(PAGE_WARM),
                        write = page_bench_request(PAGE_CREATE);

    assert_int_equal(components_set(&write.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
    page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_submit(f, &warm);
    page_bench_submit(f, &warm);
    assert_true(statuspage_is_idle(f->page));
    page_bench_await_requests(f, 1);
    page_bench_settle(f);
    page_bench_queue(f, "POST", "/incidents", 201, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &write);
    components_finish(&write.components);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    /* One connection, and nothing between the confirm and the POST: one round trip. */
    assert_int_equal(fake_http_connections(f->http), 1);
    assert_int_equal(fake_http_count(f->http), 2);
    page_bench_all_used(f);
}

static void connection_is_kept_warm_for_a_while(void **state)
{
    struct page_bench *f = *state;
    struct page_request warm = page_bench_request(PAGE_WARM);
    int i;

    page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_submit(f, &warm);
    page_bench_await_requests(f, 1);
    page_bench_settle(f);
    for (i = 0; i < 3; i++) {
        f->ahead_ms += 41000;
        page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
        page_bench_await_requests(f, (size_t)i + 2);
        page_bench_settle(f);
    }
    /* The wait is not told to end at once for ever. */
    assert_true(page_bench_turn(f) > page_bench_told_time(f).boot_ms);
    f->ahead_ms += 31 * 60 * 1000;
    page_bench_settle(f);
    assert_true(page_bench_turn(f) > page_bench_told_time(f).boot_ms);
    assert_int_equal(fake_http_count(f->http), 4);
    assert_int_equal(f->n_answers, 0);
    page_bench_all_used(f);
}

/* ---- order and rate */

static void writes_of_one_incident_wait_for_each_other(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request first = page_bench_request(PAGE_UPDATE),
                        second = page_bench_request(PAGE_UPDATE);
    struct page_request other = page_bench_request(PAGE_CREATE),
                        read = page_bench_request(PAGE_SUBSCRIBERS);
    char other_key[] = "k1.8";

    options.total_timeout_ms = 3000;
    page_bench_begin(f, &options);
    first.urgent = false; /* and yet the later urgent one does not overtake it */
    first.outbox_id = 1;
    second.outbox_id = 2;
    other.key_incident = other_key;
    other.outbox_id = 3;
    fake_http_queue(f->http, "PATCH", "/incidents", stall);
    page_bench_queue(f, "PATCH", "/incidents", 200, PAGE_BENCH_INCIDENT);
    page_bench_queue(f, "POST", "/incidents", 201, PAGE_BENCH_INCIDENT);
    page_bench_queue(f, "GET", "/subscribers/count", 200, "{\"email\":1}");
    page_bench_submit(f, &first);
    page_bench_submit(f, &second);
    page_bench_submit(f, &other);
    page_bench_submit(f, &read);
    page_bench_await(f, 2);
    assert_int_equal(fake_http_count_method(f->http, "PATCH"), 1);
    assert_int_equal(fake_http_count(f->http), 3);
    page_bench_await(f, 4);
    assert_int_equal(f->answer[2].outbox_id, 1);
    assert_int_equal(f->answer[2].result, PAGE_DOUBTFUL);
    assert_int_equal(f->answer[3].outbox_id, 2);
    assert_int_equal(f->answer[3].result, PAGE_OK);
    page_bench_all_used(f);
}

/* Page 1 of the listing was read before the write: what it says is not the page any more. */
static void reading_that_overlaps_a_write_is_done_again(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request read = page_bench_request(PAGE_LIST);
    struct buf b;
    int i;

    options.rate_limit = 2; /* so the background reading waits in front of its page 2 */
    options.rate_window_ms = 10000000;
    page_bench_begin(f, &options);
    read.urgent = false;
    buf_init(&b, 1 << 16);
    for (i = 0; i < 100; i++)
        buf_addf(&b, "%s{\"id\":\"i%d\",\"status\":\"monitoring\"}", i ? "," : "[", i);
    buf_addc(&b, ']');
    page_bench_queue(f, "GET", "unresolved?page=1", 200, buf_str(&b));
    buf_finish(&b);
    page_bench_submit(f, &read);
    page_bench_await_requests(f, 1);
    write_once(f);
    page_bench_queue(f, "GET", "unresolved?page=2", 200, "[]");
    page_bench_queue(f, "GET", "unresolved?page=1", 200,
                     "[{\"id\":\"new\",\"status\":\"monitoring\"}]");
    for (i = 0; i < 2; i++) {
        f->ahead_ms += options.rate_window_ms + 1;
        page_bench_await_requests(f, (size_t)i + 3);
    }
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 1, PAGE_OK, "");
    assert_string_equal(f->answer[1].ids, "new,");
    page_bench_all_used(f);
}

static void background_waits_for_the_rate_limit_and_urgent_does_not(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request read = page_bench_request(PAGE_LIST),
                        urgent = page_bench_request(PAGE_LIST);
    int64_t start;
    int i;

    options.rate_limit = 6;
    options.rate_window_ms = 10000000;
    page_bench_begin(f, &options);
    read.urgent = false;
    for (i = 0; i < 8; i++)
        page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    for (i = 0; i < 4; i++)
        page_bench_submit(f, &read);
    start = page_bench_told_time(f).boot_ms;
    page_bench_await(f, 3);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 3);
    /* Not an error, and the loop is told when to come back. */
    assert_true(page_bench_turn(f) >= start + options.rate_window_ms);
    for (i = 0; i < 4; i++)
        page_bench_submit(f, &urgent);
    page_bench_await(f, 6);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 6);
    assert_true(page_bench_turn(f) >= start + options.rate_window_ms);
    f->ahead_ms += options.rate_window_ms + 1;
    page_bench_await(f, 8);
    page_bench_all_used(f);
}

static void pages_with_one_key_share_its_limit(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request read = page_bench_request(PAGE_LIST);
    struct settings *s = f->settings,
                    *more = page_bench_make_settings(fake_http_port(f->http), "http");
    char second[] = "second";

    s->page = realloc(s->page, 2 * sizeof *s->page);
    assert_non_null(s->page);
    s->page[1] = more->page[0];
    s->n_pages = 2;
    more->n_pages = 0;
    settings_destroy(more);
    page_bench_replace(&s->page[1].name, "second");
    page_bench_replace(&s->page[1].page_id, "pg2");
    options.rate_limit = 2;
    options.rate_window_ms = 10000000;
    page_bench_begin(f, &options);
    page_bench_queue(f, "GET", "/pg1/incidents/unresolved", 200, "[]");
    page_bench_queue(f, "GET", "/pg2/incidents/unresolved", 200, "[]");
    read.urgent = true;
    page_bench_submit(f, &read);
    page_bench_submit(f, &read);
    read.page = second;
    page_bench_submit(f, &read);
    page_bench_queue(f, "GET", "/pg1/incidents/unresolved", 200, "[]");
    page_bench_await(f, 2);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 2);
    f->ahead_ms += options.rate_window_ms + 1;
    page_bench_await(f, 3);
    assert_string_equal(f->answer[2].page, "second");
    page_bench_all_used(f);
}

static void retry_after_holds_back_background_only(void **state)
{
    struct page_bench *f = *state;
    const struct fake_http_reply calm = {FAKE_ANSWER, 429, "Retry-After: 30\r\n", ""};
    struct page_request read = page_bench_request(PAGE_LIST),
                        urgent = page_bench_request(PAGE_SUBSCRIBERS);

    read.urgent = false;
    fake_http_queue(f->http, "GET", "/incidents/unresolved", calm);
    page_bench_submit(f, &read);
    page_bench_await(f, 1);
    assert_int_equal(f->answer[0].retry_after_ms, 30000);
    f->ahead_ms -=
        PAGE_BENCH_PATIENCE_MS; /* a slow machine must not reach the end of the 30 s by itself */
    page_bench_queue(f, "GET", "/subscribers/count", 200, "{\"email\":1}");
    page_bench_submit(f, &read);
    page_bench_submit(f, &urgent);
    page_bench_await(f, 2);
    page_bench_settle(f);
    assert_int_equal(f->answer[1].op, PAGE_SUBSCRIBERS);
    assert_int_equal(fake_http_count(f->http), 2);
    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    f->ahead_ms += PAGE_BENCH_PATIENCE_MS + 30001;
    page_bench_await(f, 3);
    page_bench_all_used(f);
}

static void queue_has_an_end(void **state)
{
    struct page_bench *f = *state;
    struct page_request read = page_bench_request(PAGE_LIST);
    char nowhere[] = "nowhere";
    int i;

    read.page = nowhere;
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ENOENT);
    read = page_bench_request(PAGE_LIST);
    read.urgent = false;
    for (i = 0; i < 128; i++)
        page_bench_submit(f, &read);
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ELIMIT);
    read.urgent = true;
    for (i = 0; i < 128; i++)
        page_bench_submit(f, &read);
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ELIMIT);
}

static void sink_may_submit(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_SUBSCRIBERS);

    f->resubmit = page_bench_request(PAGE_LIST);
    page_bench_queue(f, "GET", "/subscribers/count", 200, "{\"email\":1}");
    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    assert_int_equal(f->answer[1].op, PAGE_LIST);
    page_bench_all_used(f);
}

static void destroy_ends_what_is_under_way(void **state)
{
    struct page_bench *f = *state;
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request r = page_bench_request(PAGE_CREATE), read = page_bench_request(PAGE_LIST);

    fake_http_queue(f->http, "POST", "/incidents", stall);
    page_bench_submit(f, &r);
    page_bench_await_requests(f, 1);
    page_bench_submit(f, &read);
    statuspage_destroy(f->page);
    f->page = NULL;
    assert_int_equal(f->n_answers, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, page_bench_set_up, page_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(dead_connection_never_repeats_a_write),
        TEST(connection_closed_while_idle_is_not_used),
        TEST(long_idle_connection_is_not_used),
        TEST(connection_from_before_a_sleep_is_not_used),
        TEST(warm_connection_carries_the_write),
        TEST(connection_is_kept_warm_for_a_while),
        TEST(writes_of_one_incident_wait_for_each_other),
        TEST(reading_that_overlaps_a_write_is_done_again),
        TEST(background_waits_for_the_rate_limit_and_urgent_does_not),
        TEST(pages_with_one_key_share_its_limit),
        TEST(retry_after_holds_back_background_only),
        TEST(queue_has_an_end),
        TEST(sink_may_submit),
        TEST(destroy_ends_what_is_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
