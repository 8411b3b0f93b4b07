/* What is sent to the page, and what its answers mean. */
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

/* ---- what is sent */

static void create_sends_everything_explicitly(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CREATE);
    const struct page_incident *i;

    r.notify = true;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
    assert_int_equal(components_set(&r.components, "Reading", COMPONENT_DEGRADED_PERFORMANCE), 0);
    page_bench_queue(f, "GET", "/v1/pages/pg1/components?page=1&per_page=100", 200,
                     PAGE_BENCH_COMPONENTS);
    page_bench_queue(f, "POST", "/v1/pages/pg1/incidents", 201, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &r);
    components_finish(&r.components);
    page_bench_await(f, 1);
    assert_string_equal(fake_http_last(f->http, "POST")->path, "/v1/pages/pg1/incidents");
    page_bench_assert_json(
        page_bench_sent_body(f, "POST"),
        "{\"incident\":{\"name\":\"Errors for “logged-in” users\","
        "\"body\":\"We are looking into it.\",\"status\":\"investigating\","
        "\"impact_override\":\"major\",\"deliver_notifications\":true,"
        "\"component_ids\":[\"cedit\",\"cread\"],"
        "\"components\":{\"cedit\":\"partial_outage\",\"cread\":\"degraded_performance\"},"
        "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"}}}}");
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    assert_int_equal(f->answer[0].op, PAGE_CREATE);
    assert_string_equal(f->answer[0].page, "main");
    assert_int_equal(f->answer[0].outbox_id, 41);
    assert_int_equal(f->answer[0].http_status, 201);
    assert_int_equal(f->answer[0].n_incidents, 1);
    assert_int_equal(f->answer[0].subscribers, -1);
    assert_false(f->answer[0].have_components);
    i = &f->answer[0].first;
    assert_string_equal(i->remote_id, "abc123def456");
    assert_string_equal(i->title, "Errors");
    assert_string_equal(i->url, "https://www.example.org/incidents/abc123def456");
    assert_string_equal(i->body, "second text");
    assert_int_equal(i->step, STEP_IDENTIFIED);
    assert_int_equal(i->impact, IMPACT_MAJOR);
    assert_string_equal(i->key_incident, "k1.7");
    assert_string_equal(i->key_step, "2");
    assert_true(i->created_wall_ms == 1673980520123);
    assert_true(i->updated_wall_ms == 1673980800000);
    assert_int_equal(i->components.n, 1);
    assert_int_equal(components_find(&i->components, "Editing")->status, COMPONENT_PARTIAL_OUTAGE);
    page_bench_all_used(f);
}

static void update_leaves_alone_what_it_does_not_name(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_UPDATE);

    r.step = STEP_MONITORING;
    page_bench_queue(f, "PATCH", "/v1/pages/pg1/incidents/abc123def456", 200, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_json(
        page_bench_sent_body(f, "PATCH"),
        "{\"incident\":{\"body\":\"We are looking into it.\",\"status\":\"monitoring\","
        "\"impact_override\":\"major\",\"deliver_notifications\":false,"
        "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"}}}}");
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    page_bench_all_used(f);
}

static void components_are_looked_up_once(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_UPDATE);

    r.step = STEP_RESOLVED;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_OPERATIONAL), 0);
    page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_queue(f, "PATCH", "/incidents/abc123def456", 200, PAGE_BENCH_INCIDENT);
    page_bench_queue(f, "PATCH", "/incidents/abc123def456", 422, "{\"error\":[\"no\",\"never\"]}");
    page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_queue(f, "PATCH", "/incidents/abc123def456", 200, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    assert_int_equal(fake_http_count_method(f->http, "GET"), 1);
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    assert_int_equal(fake_http_count_method(f->http, "GET"), 1);
    page_bench_assert_answer(f, 1, PAGE_REFUSED, "[\"no\",\"never\"]");
    /* It may have been an id that is no longer right. */
    page_bench_submit(f, &r);
    page_bench_await(f, 3);
    components_finish(&r.components);
    page_bench_assert_answer(f, 2, PAGE_OK, "");
    page_bench_all_used(f);
}

static void correct_replaces_the_newest_text(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CORRECT);

    r.notify = true; /* a correction never mails */
    page_bench_queue(f, "GET", "/v1/pages/pg1/incidents/abc123def456", 200, PAGE_BENCH_INCIDENT);
    page_bench_queue(f, "PATCH", "/v1/pages/pg1/incidents/abc123def456/incident_updates/u2", 200,
                     "{\"id\":\"u2\",\"incident_id\":\"abc123def456\",\"body\":\"better\"}");
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_json(page_bench_sent_body(f, "PATCH"),
                           "{\"incident_update\":{\"body\":\"We are looking into it.\","
                           "\"deliver_notifications\":false}}");
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    assert_string_equal(f->answer[0].first.body, "better");
    assert_string_equal(f->answer[0].first.remote_id, "abc123def456");
    page_bench_all_used(f);
}

static void what_cannot_be_sent_is_refused_here(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_UPDATE);
    char evil_id[] = "../users", empty[] = "", bad_text[] = "caf\xe9";
    char long_title[300];

    memset(long_title, 'x', sizeof long_title);
    long_title[256] = '\0';
    r.remote_id = evil_id;
    page_bench_submit(f, &r);
    r.remote_id = empty;
    page_bench_submit(f, &r);
    r = page_bench_request(PAGE_CREATE);
    r.title = empty;
    page_bench_submit(f, &r);
    r.title = long_title;
    page_bench_submit(f, &r);
    r = page_bench_request(PAGE_CREATE);
    r.body = bad_text;
    page_bench_submit(f, &r);
    page_bench_await(f, 5);
    page_bench_assert_answer(f, 0, PAGE_REFUSED, "not known");
    page_bench_assert_answer(f, 1, PAGE_REFUSED, "not known");
    page_bench_assert_answer(f, 2, PAGE_REFUSED, "title");
    page_bench_assert_answer(f, 3, PAGE_REFUSED, "255");
    page_bench_assert_answer(f, 4, PAGE_REFUSED, "UTF-8");
    assert_int_equal(fake_http_count(f->http), 0);
}

static void unknown_component_is_told_with_the_known_ones(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CREATE);

    assert_int_equal(components_set(&r.components, "Edition", COMPONENT_PARTIAL_OUTAGE), 0);
    page_bench_queue(f, "GET", "/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_submit(f, &r);
    components_finish(&r.components);
    page_bench_await(f, 1);
    page_bench_assert_answer(
        f, 0, PAGE_REFUSED,
        "page \"main\" has no component \"Edition\"; it has \"Reading\", \"Editing\"");
    assert_int_equal(fake_http_count_method(f->http, "POST"), 0);
}

static void failed_look_up_means_unsent(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum page_result result;
    } rows[] = {
        {200, "<html>", PAGE_UNSENT},
        {200, "{}", PAGE_UNSENT},
        {502, "bad gateway", PAGE_UNSENT},
        {429, "", PAGE_UNSENT},
        {401, "{\"error\":\"Could not authenticate\"}", PAGE_REFUSED},
    };
    struct page_bench *f = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page_request r = page_bench_request(PAGE_CREATE),
                            c = page_bench_request(PAGE_CORRECT);

        assert_int_equal(components_set(&r.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
        page_bench_queue(f, "GET", "/components", rows[i].status, rows[i].body);
        page_bench_queue(f, "GET", "/incidents/abc123def456", rows[i].status, rows[i].body);
        page_bench_submit(f, &r);
        page_bench_submit(f, &c);
        components_finish(&r.components);
        page_bench_await(f, 2 * i + 2);
        assert_int_equal(f->answer[2 * i].result, rows[i].result);
        assert_int_equal(f->answer[2 * i + 1].result, rows[i].result);
    }
    assert_int_equal(fake_http_count_method(f->http, "POST"), 0);
    assert_int_equal(fake_http_count_method(f->http, "PATCH"), 0);
    page_bench_all_used(f);
}

/* ---- what is answered */

static void every_outcome_of_a_write(void **state)
{
    static const struct {
        const char *name;
        struct fake_http_reply reply;
        enum page_result result;
        int http_status;
        int64_t retry_after_ms;
        const char *error;
    } rows[] = {
        {"created", {FAKE_ANSWER, 201, NULL, PAGE_BENCH_INCIDENT}, PAGE_OK, 201, 0, ""},
        {"created, then closed",
         {FAKE_ANSWER_CLOSE, 201, NULL, PAGE_BENCH_INCIDENT},
         PAGE_OK,
         201,
         0,
         ""},
        {"200", {FAKE_ANSWER, 200, NULL, PAGE_BENCH_INCIDENT}, PAGE_OK, 200, 0, ""},
        {"401",
         {FAKE_ANSWER, 401, NULL, "{\"error\":\"Could not authenticate\"}"},
         PAGE_REFUSED,
         401,
         0,
         "the API key is not accepted (HTTP 401: Could not authenticate): put"},
        {"403", {FAKE_ANSWER, 403, NULL, "{\"message\":\"no\"}"}, PAGE_REFUSED, 403, 0, "key"},
        {"404",
         {FAKE_ANSWER, 404, NULL, "{\"error\":\"not found\"}"},
         PAGE_REFUSED,
         404,
         0,
         "HTTP 404: not found"},
        {"422 object",
         {FAKE_ANSWER, 422, NULL, "{\"error\":{\"body\":[\"is bad\"]},\"message\":\"x\"}"},
         PAGE_REFUSED,
         422,
         0,
         "HTTP 422: {\"body\":[\"is bad\"]}"},
        {"422 message",
         {FAKE_ANSWER, 422, NULL, "{\"error\":null,\"message\":\"m\\u0002\\nn\"}"},
         PAGE_REFUSED,
         422,
         0,
         "HTTP 422: m n)"},
        {"400 raw",
         {FAKE_ANSWER, 400, NULL, "nonsense"},
         PAGE_REFUSED,
         400,
         0,
         "HTTP 400: nonsense"},
        {"403 web page",
         {FAKE_ANSWER, 403, "Content-Type: text/html\r\n",
          "<html><head><title>Blocked\tby\x02 proxy</title>"},
         PAGE_REFUSED,
         403,
         0,
         "a web page, not the API: Blocked by proxy"},
        {"4xx cut short",
         {FAKE_TRUNCATE, 422, NULL, "{\"error\":\"some words\"}"},
         PAGE_REFUSED,
         422,
         0,
         "HTTP 422"},
        {"4xx echoes the key",
         {FAKE_ANSWER, 400, NULL, "{\"error\":\"bad " PAGE_BENCH_KEY " or " PAGE_BENCH_KEY "\"}"},
         PAGE_REFUSED,
         400,
         0,
         "bad ********************* or ***"},
        {"420",
         {FAKE_ANSWER, 420, "Retry-After: 7\r\n", "{\"error\":\"calm\"}"},
         PAGE_UNSENT,
         420,
         7000,
         "no more requests for now (HTTP 420: calm)"},
        {"429 silent", {FAKE_ANSWER, 429, NULL, ""}, PAGE_UNSENT, 429, 60000, "HTTP 429)"},
        {"429 nonsense",
         {FAKE_ANSWER, 429, "Retry-After: soon\r\n", ""},
         PAGE_UNSENT,
         429,
         60000,
         ""},
        {"429 at once", {FAKE_ANSWER, 429, "Retry-After: 0\r\n", ""}, PAGE_UNSENT, 429, 1000, ""},
        {"429 past date",
         {FAKE_ANSWER, 429, "Retry-After: Tue, 17 Jan 2023 18:35:20 GMT\r\n", ""},
         PAGE_UNSENT,
         429,
         1000,
         ""},
        {"429 for ever",
         {FAKE_ANSWER, 429, "Retry-After: 99999999999999999999999\r\n", ""},
         PAGE_UNSENT,
         429,
         300000,
         ""},
        {"429 negative",
         {FAKE_ANSWER, 429, "Retry-After: -5\r\n", ""},
         PAGE_UNSENT,
         429,
         60000,
         ""},
        {"429 date by the page's own clock",
         {FAKE_ANSWER, 429,
          "Date: Tue, 17 Jan 2023 18:35:20 GMT\r\nRetry-After: Tue, 17 Jan 2023 18:35:50 GMT\r\n",
          ""},
         PAGE_UNSENT,
         429,
         30000,
         ""},
        {"429 date of another century",
         {FAKE_ANSWER, 429, "Retry-After: Tue, 17 Jan 2123 18:35:20 GMT\r\n", ""},
         PAGE_UNSENT,
         429,
         300000,
         ""},
        {"503 silent", {FAKE_ANSWER, 503, NULL, ""}, PAGE_DOUBTFUL, 503, 0, "the page failed"},
        {"503", {FAKE_ANSWER, 503, "Retry-After: 20\r\n", ""}, PAGE_DOUBTFUL, 503, 20000, ""},
        {"500 says when", {FAKE_ANSWER, 500, "Retry-After: 20\r\n", ""}, PAGE_DOUBTFUL, 500, 0, ""},
        {"408", {FAKE_ANSWER, 408, NULL, ""}, PAGE_DOUBTFUL, 408, 0, "HTTP 408"},
        {"500",
         {FAKE_ANSWER, 500, NULL, "{\"error\":\"oops\"}"},
         PAGE_DOUBTFUL,
         500,
         0,
         "the page failed (HTTP 500: oops)"},
        {"502", {FAKE_ANSWER, 502, NULL, "<html>"}, PAGE_DOUBTFUL, 502, 0, "a web page"},
        {"redirect",
         {FAKE_ANSWER, 302, "Location: /elsewhere\r\n", ""},
         PAGE_DOUBTFUL,
         302,
         0,
         "unexpected answer (HTTP 302"},
        {"empty", {FAKE_ANSWER, 201, NULL, ""}, PAGE_DOUBTFUL, 201, 0, "not one of the API"},
        {"204", {FAKE_ANSWER, 204, NULL, ""}, PAGE_DOUBTFUL, 204, 0, "not one of the API"},
        {"garbage", {FAKE_ANSWER, 201, NULL, "}{"}, PAGE_DOUBTFUL, 201, 0, "not one"},
        {"web page",
         {FAKE_ANSWER, 200, "Content-Type: text/html\r\n", "<html>hi</html>"},
         PAGE_DOUBTFUL,
         200,
         0,
         "not one"},
        {"array", {FAKE_ANSWER, 201, NULL, "[]"}, PAGE_DOUBTFUL, 201, 0, "not one"},
        {"no id",
         {FAKE_ANSWER, 201, NULL, "{\"status\":\"identified\"}"},
         PAGE_DOUBTFUL,
         201,
         0,
         "not one"},
        {"id of another type",
         {FAKE_ANSWER, 201, NULL, "{\"id\":7,\"status\":\"identified\"}"},
         PAGE_DOUBTFUL,
         201,
         0,
         "not one"},
        {"id that is a path",
         {FAKE_ANSWER, 201, NULL, "{\"id\":\"../x\",\"status\":\"identified\"}"},
         PAGE_DOUBTFUL,
         201,
         0,
         "not one"},
        {"unknown status",
         {FAKE_ANSWER, 201, NULL, "{\"id\":\"a\",\"status\":\"fine\"}"},
         PAGE_DOUBTFUL,
         201,
         0,
         "not one"},
        {"cut short",
         {FAKE_TRUNCATE, 201, NULL, PAGE_BENCH_INCIDENT},
         PAGE_DOUBTFUL,
         201,
         0,
         "connection lost"},
        {"dropped", {FAKE_DROP, 0, NULL, NULL}, PAGE_DOUBTFUL, 0, 0, "connection lost"},
        {"reset", {FAKE_RESET, 0, NULL, NULL}, PAGE_DOUBTFUL, 0, 0, "connection lost"},
    };
    struct page_bench *f = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page_request r = page_bench_request(PAGE_CREATE);

        page_bench_forget_answers(f);
        print_message("             %s\n", rows[i].name);
        fake_http_queue(f->http, "POST", "/incidents", rows[i].reply);
        page_bench_submit(f, &r);
        page_bench_await(f, 1);
        page_bench_assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].http_status, rows[i].http_status);
        assert_int_equal(f->answer[0].retry_after_ms, rows[i].retry_after_ms);
        assert_null(strstr(f->answer[0].error, PAGE_BENCH_KEY));
        assert_int_equal(f->answer[0].n_incidents, rows[i].result == PAGE_OK ? 1 : 0);
        assert_int_equal(fake_http_count_method(f->http, "POST"), i + 1);
        page_bench_all_used(f);
        f->ahead_ms += 200000; /* past the rate limit */
    }
}

static void retry_after_may_be_a_date(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CREATE);
    const struct fake_http_reply later = {FAKE_ANSWER, 429,
                                          "Retry-After: Tue, 17 Jan 2023 18:35:20 GMT\r\n", ""};

    fake_http_queue(f->http, "POST", "/incidents", later);
    f->ahead_ms = 1673980520000 - 90000 - f->wait.now(f->wait.ctx).wall_ms;
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    assert_int_equal(f->answer[0].result, PAGE_UNSENT);
    assert_true(f->answer[0].retry_after_ms <= 90000);
    assert_true(f->answer[0].retry_after_ms > 90000 - PAGE_BENCH_PATIENCE_MS);
}

static void answer_about_another_incident_is_doubtful(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_UPDATE), c = page_bench_request(PAGE_CORRECT);

    page_bench_queue(f, "PATCH", "/incidents/", 200, "{\"id\":\"zzz\",\"status\":\"identified\"}");
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_DOUBTFUL, "not one of the API");
    page_bench_queue(f, "GET", "/incidents/", 200, PAGE_BENCH_INCIDENT);
    page_bench_queue(f, "PATCH", "/incident_updates/u2", 200, "{\"id\":\"u1\",\"body\":\"x\"}");
    page_bench_submit(f, &c);
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 1, PAGE_DOUBTFUL, "not one of the API");
}

static void silence_is_doubtful(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request r = page_bench_request(PAGE_CREATE);

    options.total_timeout_ms = 1500;
    page_bench_begin(f, &options);
    fake_http_queue(f->http, "POST", "/incidents", stall);
    page_bench_submit(f, &r);
    assert_false(statuspage_is_idle(f->page));
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_DOUBTFUL, "no answer within 2 s");
    assert_int_equal(fake_http_count(f->http), 1);
    assert_true(statuspage_is_idle(f->page));
}

static void no_connection_is_unsent(void **state)
{
    struct page_bench *f = *state;
    struct page_request w = page_bench_request(PAGE_CREATE), r = page_bench_request(PAGE_LIST);
    struct fake_http *gone = fake_http_create();
    int port = fake_http_port(gone);

    fake_http_destroy(gone);
    free(f->settings->page[0].api_url);
    f->settings->page[0].api_url = buf_printf("http://127.0.0.1:%d", port);
    page_bench_begin(f, NULL);
    page_bench_submit(f, &w);
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 0, PAGE_UNSENT, "no connection: Failed to connect");
    page_bench_assert_answer(f, 1, PAGE_UNSENT, "no connection: Failed to connect");
    assert_int_equal(f->answer[0].http_status, 0);
    assert_int_equal(f->answer[0].retry_after_ms, 0);
}

static void failed_tls_is_unsent(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request w = page_bench_request(PAGE_CREATE), r = page_bench_request(PAGE_LIST);

    /* The scripted server speaks no TLS, so the handshake never ends. */
    options.connect_timeout_ms = 1000;
    free(f->settings->page[0].api_url);
    f->settings->page[0].api_url = buf_printf("https://127.0.0.1:%d", fake_http_port(f->http));
    page_bench_begin(f, &options);
    page_bench_submit(f, &w);
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 0, PAGE_UNSENT, "no connection: ");
    page_bench_assert_answer(f, 1, PAGE_UNSENT, "no connection: ");
    assert_int_equal(fake_http_count(f->http), 0);
}

static void endless_answer_is_cut_off(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CREATE);
    size_t n = (1 << 20) + 100;
    char *body = malloc(n + 1);

    assert_non_null(body);
    memset(body, ' ', n);
    body[n] = '\0';
    page_bench_queue(f, "POST", "/incidents", 201, body);
    free(body);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_DOUBTFUL, "too long");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, page_bench_set_up, page_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(create_sends_everything_explicitly),
        TEST(update_leaves_alone_what_it_does_not_name),
        TEST(components_are_looked_up_once),
        TEST(correct_replaces_the_newest_text),
        TEST(what_cannot_be_sent_is_refused_here),
        TEST(unknown_component_is_told_with_the_known_ones),
        TEST(failed_look_up_means_unsent),
        TEST(every_outcome_of_a_write),
        TEST(retry_after_may_be_a_date),
        TEST(answer_about_another_incident_is_doubtful),
        TEST(silence_is_doubtful),
        TEST(no_connection_is_unsent),
        TEST(failed_tls_is_unsent),
        TEST(endless_answer_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
