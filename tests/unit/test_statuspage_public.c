/* What readers see, asked without the key; and what is new about one incident: get and delete. */
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

#define PAGE "\"page\":{\"id\":\"pg1\",\"name\":\"Example\"}"
#define OPEN_OLD                                                                         \
    "{\"id\":\"old1\",\"name\":\"Slow\",\"status\":\"monitoring\",\"impact\":\"minor\"," \
    "\"updated_at\":\"2023-01-10T00:00:00Z\",\"incident_updates\":[{\"id\":\"o1\","      \
    "\"body\":\"Still slow.\"}]}"
#define OPEN_NEW(step, updated)                                                           \
    "{\"id\":\"new1\",\"name\":\"Errors\",\"status\":\"" step "\",\"impact\":\"major\","  \
    "\"updated_at\":\"2023-01-17T18:" updated "Z\",\"incident_updates\":[{\"id\":\"n1\"," \
    "\"body\":\"We look.\"}]}"
#define SUMMARY                                                        \
    "{" PAGE ",\"components\":" PAGE_BENCH_COMPONENTS                  \
    ",\"incidents\":[" OPEN_NEW("investigating", "40:00") "," OPEN_OLD \
                                                          "],\"scheduled_maintenances\":[]}"

static void use_public(struct page_bench *f, const char *path)
{
    free(f->settings->page[0].public_url);
    f->settings->page[0].public_url =
        buf_printf("http://127.0.0.1:%d%s", fake_http_port(f->http), path);
    assert_non_null(f->settings->page[0].public_url);
    page_bench_begin(f, NULL);
}

static void must_be_keyless(const struct page_bench *f)
{
    size_t i;

    for (i = 0; i < fake_http_count(f->http); i++) {
        const struct fake_http_request *q = fake_http_request(f->http, i);

        assert_string_equal(q->method, "GET");
        assert_null(strstr(q->head, PAGE_BENCH_KEY));
        assert_null(strcasestr(q->head, "authorization"));
        assert_non_null(strstr(q->head, "\r\nAccept: application/json\r\n"));
    }
}

/* ---- the public view */

static void public_is_read_without_the_key(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);

    use_public(f, "/status/");
    page_bench_queue(f, "GET", "/status/api/v2/summary.json", 200, SUMMARY);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    assert_int_equal(f->answer[0].op, PAGE_PUBLIC);
    assert_int_equal(f->answer[0].outbox_id, 41);
    assert_false(f->answer[0].recent);
    assert_string_equal(f->answer[0].ids, "new1,old1,");
    assert_string_equal(f->answer[0].first.title, "Errors");
    assert_string_equal(f->answer[0].first.body, "We look.");
    assert_string_equal(f->answer[0].first.key_incident, "");
    assert_string_equal(f->answer[0].first.last_update_id, "n1");
    assert_int_equal(f->answer[0].first.step, STEP_INVESTIGATING);
    assert_int_equal(f->answer[0].first.impact, IMPACT_MAJOR);
    assert_true(f->answer[0].first.updated_wall_ms == 1673980800000);
    assert_true(f->answer[0].have_components);
    assert_int_equal(f->answer[0].components.n, 2);
    assert_int_equal(components_find(&f->answer[0].components, "Editing")->status,
                     COMPONENT_DEGRADED_PERFORMANCE);
    assert_string_equal(fake_http_last(f->http, "GET")->path, "/status/api/v2/summary.json");
    must_be_keyless(f);
    page_bench_all_used(f);
}

/* A second in between, and of the two copies of one incident the newer. */
static void recent_public_reads_two_documents(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);
    int64_t first;

    use_public(f, "");
    r.recent = true;
    page_bench_queue(f, "GET", "/api/v2/summary.json", 200, SUMMARY);
    page_bench_queue(
        f, "GET", "/api/v2/incidents.json", 200,
        "{" PAGE ",\"incidents\":[" OPEN_NEW("resolved", "41:00") ",{\"id\":\"older\","
                                                                  "\"status\":\"postmortem\"}]}");
    page_bench_submit(f, &r);
    first = page_bench_told_time(f).boot_ms;
    page_bench_await(f, 1);
    assert_true(page_bench_told_time(f).boot_ms >= first + 1000);
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    assert_true(f->answer[0].recent);
    assert_string_equal(f->answer[0].ids, "new1,old1,older,");
    assert_int_equal(f->answer[0].first.step, STEP_RESOLVED);
    assert_true(f->answer[0].have_components);
    must_be_keyless(f);
    page_bench_all_used(f);
}

static void older_copy_of_an_incident_is_not_kept(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);

    use_public(f, "");
    r.recent = true;
    page_bench_queue(f, "GET", "/api/v2/summary.json", 200, SUMMARY);
    page_bench_queue(f, "GET", "/api/v2/incidents.json", 200,
                     "{" PAGE ",\"incidents\":[" OPEN_NEW("resolved", "39:59") "]}");
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    assert_int_equal(f->answer[0].n_incidents, 2);
    assert_int_equal(f->answer[0].first.step, STEP_INVESTIGATING);
}

static void what_goes_wrong_in_public(void **state)
{
    static const struct {
        const char *name;
        struct fake_http_reply reply;
        enum page_result result;
        const char *error;
    } rows[] = {
        {"another page",
         {FAKE_ANSWER, 200, NULL, "{\"page\":{\"id\":\"pg2\"},\"components\":[],\"incidents\":[]}"},
         PAGE_REFUSED,
         "is not the page with the id pg1: correct \"public_url\" of \"main\""},
        {"redirect",
         {FAKE_ANSWER, 301, "Location: /api/v2/elsewhere.json\r\n", ""},
         PAGE_REFUSED,
         "leads elsewhere (HTTP 301): write the address"},
        {"404", {FAKE_ANSWER, 404, NULL, "{}"}, PAGE_REFUSED, "has no public status API"},
        {"401", {FAKE_ANSWER, 401, NULL, "{}"}, PAGE_REFUSED, "does not let everybody read it"},
        {"429", {FAKE_ANSWER, 429, NULL, "{}"}, PAGE_UNSENT, "no more requests for now"},
        {"500", {FAKE_ANSWER, 500, NULL, "{}"}, PAGE_DOUBTFUL, "the page failed"},
        {"cut", {FAKE_TRUNCATE, 200, NULL, SUMMARY}, PAGE_DOUBTFUL, "connection lost"},
        {"web page", {FAKE_ANSWER, 200, NULL, "<html>"}, PAGE_DOUBTFUL, "not one of the API"},
        {"an array", {FAKE_ANSWER, 200, NULL, "[]"}, PAGE_DOUBTFUL, "not one of the API"},
        {"no page",
         {FAKE_ANSWER, 200, NULL, "{\"components\":[],\"incidents\":[]}"},
         PAGE_DOUBTFUL,
         "not one of the API"},
        {"no incidents",
         {FAKE_ANSWER, 200, NULL, "{" PAGE ",\"components\":[]}"},
         PAGE_DOUBTFUL,
         "not one of the API"},
        {"no components",
         {FAKE_ANSWER, 200, NULL, "{" PAGE ",\"incidents\":[]}"},
         PAGE_DOUBTFUL,
         "not one of the API"},
        {"half an incident",
         {FAKE_ANSWER, 200, NULL, "{" PAGE ",\"components\":[],\"incidents\":[" OPEN_OLD ",7]}"},
         PAGE_DOUBTFUL,
         "not one of the API"},
    };
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);
    size_t i;

    use_public(f, "");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("             %s\n", rows[i].name);
        page_bench_forget_answers(f);
        fake_http_queue(f->http, "GET", "/api/v2/", rows[i].reply);
        page_bench_submit(f, &r);
        page_bench_await(f, 1);
        page_bench_assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].n_incidents, 0);
        assert_false(f->answer[0].have_components);
        f->ahead_ms += 60000;
    }
    assert_int_equal(fake_http_count(f->http), i);
    must_be_keyless(f);
    page_bench_all_used(f);
}

static void endless_public_document_is_cut_off(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);
    size_t n = (1 << 20) + 1;
    char *body = malloc(n + 1);

    assert_non_null(body);
    memset(body, ' ', n);
    body[n] = '\0';
    use_public(f, "");
    page_bench_queue(f, "GET", "/api/v2/", 200, body);
    free(body);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_DOUBTFUL, "too long");
}

/* Readers' traffic neither uses up the key's rate nor waits for it. */
static void public_has_a_rate_of_its_own(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request r = page_bench_request(PAGE_PUBLIC), read = page_bench_request(PAGE_LIST);
    int64_t asked;
    int i;

    use_public(f, "");
    options.rate_limit = 2;
    options.rate_window_ms = 10000000;
    page_bench_begin(f, &options);
    for (i = 0; i < 3; i++)
        page_bench_queue(f, "GET", "/api/v2/summary.json", 200, SUMMARY);
    for (i = 0; i < 3; i++)
        page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    for (i = 0; i < 3; i++)
        page_bench_submit(f, &r);
    page_bench_await_requests(f, 1);
    f->ahead_ms -= PAGE_BENCH_PATIENCE_MS; /* a slow machine must not reach the next by itself */
    for (i = 0; i < 3; i++)
        page_bench_submit(f, &read);
    page_bench_await(f, 3);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 3);
    asked = page_bench_turn(f);
    assert_true(asked > page_bench_told_time(f).boot_ms);
    assert_true(asked <= page_bench_told_time(f).boot_ms + PAGE_BENCH_PATIENCE_MS + 1000);
    for (i = 0; i < 2; i++) {
        f->ahead_ms += i ? 1001 : PAGE_BENCH_PATIENCE_MS + 1001;
        page_bench_await(f, (size_t)i + 4);
        assert_int_equal(f->answer[i + 3].op, PAGE_PUBLIC);
    }
    assert_int_equal(fake_http_count(f->http), 5);
    f->ahead_ms += 10000001;
    page_bench_await(f, 6);
    assert_int_equal(f->answer[5].op, PAGE_LIST);
    page_bench_all_used(f);
}

static void public_retry_after_holds_back_the_public_only(void **state)
{
    struct page_bench *f = *state;
    const struct fake_http_reply busy = {FAKE_ANSWER, 503, "Retry-After: 120\r\n", ""};
    struct page_request r = page_bench_request(PAGE_PUBLIC), read = page_bench_request(PAGE_LIST);

    read.urgent = false;
    use_public(f, "");
    fake_http_queue(f->http, "GET", "/api/v2/summary.json", busy);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_DOUBTFUL, "HTTP 503");
    assert_int_equal(f->answer[0].retry_after_ms, 120000);
    f->ahead_ms -= PAGE_BENCH_PATIENCE_MS;
    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    page_bench_submit(f, &r);
    page_bench_submit(f, &read);
    page_bench_await(f, 2);
    assert_int_equal(f->answer[1].op, PAGE_LIST);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 2);
    page_bench_queue(f, "GET", "/api/v2/summary.json", 200, SUMMARY);
    f->ahead_ms += PAGE_BENCH_PATIENCE_MS + 120001;
    page_bench_await(f, 3);
    assert_int_equal(f->answer[2].op, PAGE_PUBLIC);
    page_bench_all_used(f);
}

/* With every lane of the API stalled readers still see the page, and a stalled reading of theirs
 * keeps nothing else. */
static void public_and_keyed_do_not_wait_for_each_other(void **state)
{
    struct page_bench *f = *state;
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request r = page_bench_request(PAGE_PUBLIC), read = page_bench_request(PAGE_LIST);
    int i;

    use_public(f, "");
    for (i = 0; i < 6; i++)
        fake_http_queue(f->http, "GET", "/incidents/unresolved", stall);
    page_bench_queue(f, "GET", "/api/v2/summary.json", 200, SUMMARY);
    for (i = 0; i < 6; i++)
        page_bench_submit(f, &read);
    page_bench_await_requests(f, 6);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    assert_int_equal(f->answer[0].op, PAGE_PUBLIC);

    page_bench_begin(f, NULL); /* ends the six */
    fake_http_queue(f->http, "GET", "/api/v2/summary.json", stall);
    page_bench_queue(f, "GET", "/incidents/unresolved", 200, "[]");
    page_bench_submit(f, &r);
    page_bench_await_requests(f, 8);
    page_bench_submit(f, &read);
    page_bench_await(f, 2);
    assert_int_equal(f->answer[1].op, PAGE_LIST);
    assert_false(statuspage_is_idle(f->page));
}

static void public_queue_has_an_end(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC), read = page_bench_request(PAGE_LIST);
    int i;

    use_public(f, "");
    for (i = 0; i < 16; i++)
        page_bench_submit(f, &r);
    assert_int_equal(f->port.submit(f->port.ctx, &r), CRIER_ELIMIT);
    page_bench_submit(f, &read);
}

static void without_public_address_nothing_is_asked(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_PUBLIC);

    page_bench_replace(&f->settings->page[0].public_url, "");
    page_bench_begin(f, NULL);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_REFUSED, "page \"main\" has no public_url");
    assert_int_equal(fake_http_count(f->http), 0);
}

/* ---- one incident */

static void get_answers_everything_of_one(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_GET);

    page_bench_queue(f, "GET", "/v1/pages/pg1/incidents/abc123def456", 200, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    assert_string_equal(f->answer[0].remote_id, "abc123def456");
    assert_string_equal(f->answer[0].ids, "abc123def456,");
    assert_string_equal(f->answer[0].first.key_incident, "k1.7");
    assert_string_equal(f->answer[0].first.key_step, "2");
    assert_string_equal(f->answer[0].first.last_update_id, "u2");
    assert_int_equal(f->answer[0].first.n_updates, 2);
    page_bench_queue(f, "GET", "/incidents/abc123def456", 404, "{\"error\":\"not found\"}");
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    page_bench_assert_answer(f, 1, PAGE_REFUSED, "HTTP 404");
    assert_int_equal(f->answer[1].http_status, 404);
    page_bench_queue(f, "GET", "/incidents/abc123def456", 200,
                     "{\"id\":\"other\",\"status\":\"resolved\"}");
    page_bench_submit(f, &r);
    page_bench_await(f, 3);
    page_bench_assert_answer(f, 2, PAGE_DOUBTFUL, "not one of the API");
    page_bench_all_used(f);
}

static void every_outcome_of_a_delete(void **state)
{
    static const struct {
        const char *name;
        struct fake_http_reply reply;
        enum page_result result;
        int http_status;
        size_t n_incidents;
        const char *error;
    } rows[] = {
        {"the deleted one", {FAKE_ANSWER, 200, NULL, PAGE_BENCH_INCIDENT}, PAGE_OK, 200, 1, ""},
        {"empty", {FAKE_ANSWER, 204, "", NULL}, PAGE_OK, 204, 0, ""},
        {"gone already",
         {FAKE_ANSWER, 404, NULL, "{\"error\":\"not found\"}"},
         PAGE_OK,
         404,
         0,
         ""},
        {"another one",
         {FAKE_ANSWER, 200, NULL, "{\"id\":\"zzz\",\"status\":\"identified\"}"},
         PAGE_DOUBTFUL,
         200,
         0,
         "not one of the API"},
        {"garbage", {FAKE_ANSWER, 200, NULL, "deleted"}, PAGE_DOUBTFUL, 200, 0, "not one of"},
        {"401", {FAKE_ANSWER, 401, NULL, "{}"}, PAGE_REFUSED, 401, 0, "put a valid one in place"},
        {"422", {FAKE_ANSWER, 422, NULL, "{}"}, PAGE_REFUSED, 422, 0, "refused"},
        {"420", {FAKE_ANSWER, 420, NULL, "{}"}, PAGE_UNSENT, 420, 0, "no more requests"},
        {"500", {FAKE_ANSWER, 500, NULL, "{}"}, PAGE_DOUBTFUL, 500, 0, "the page failed"},
        {"cut", {FAKE_TRUNCATE, 200, NULL, PAGE_BENCH_INCIDENT}, PAGE_DOUBTFUL, 200, 0, "lost"},
    };
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_DELETE);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fake_http_request *q;

        print_message("             %s\n", rows[i].name);
        page_bench_forget_answers(f);
        fake_http_queue(f->http, "DELETE", "/v1/pages/pg1/incidents/abc123def456", rows[i].reply);
        page_bench_submit(f, &r);
        page_bench_await(f, 1);
        page_bench_assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].http_status, rows[i].http_status);
        assert_int_equal(f->answer[0].n_incidents, rows[i].n_incidents);
        q = fake_http_last(f->http, "DELETE");
        assert_string_equal(q->path, "/v1/pages/pg1/incidents/abc123def456");
        assert_string_equal(q->body, "");
        assert_non_null(strstr(q->head, "\r\nAuthorization: OAuth " PAGE_BENCH_KEY "\r\n"));
        assert_null(strstr(q->head, "Content-Type"));
        f->ahead_ms += 200000;
    }
    assert_int_equal(fake_http_count(f->http), i);
    page_bench_all_used(f);
}

static void delete_keeps_its_place_among_writes(void **state)
{
    struct page_bench *f = *state;
    struct statuspage_options options = statuspage_options_default();
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request update = page_bench_request(PAGE_UPDATE);
    struct page_request delete = page_bench_request(PAGE_DELETE);
    char no_key[] = "";

    delete.key_incident = no_key; /* the twin's id is all that is known of it */
    options.total_timeout_ms = 3000;
    page_bench_begin(f, &options);
    fake_http_queue(f->http, "PATCH", "/incidents", stall);
    page_bench_queue(f, "DELETE", "/incidents", 200, PAGE_BENCH_INCIDENT);
    page_bench_submit(f, &update);
    page_bench_submit(f, &delete);
    page_bench_await_requests(f, 1);
    page_bench_settle(f);
    assert_int_equal(fake_http_count(f->http), 1);
    page_bench_await(f, 2);
    assert_int_equal(f->answer[0].op, PAGE_UPDATE);
    page_bench_assert_answer(f, 1, PAGE_OK, "");
    page_bench_all_used(f);
}

static void no_id_is_put_into_a_path_unseen(void **state)
{
    static const enum page_op ops[] = {PAGE_GET, PAGE_DELETE};
    static char bad[][16] = {"", "..", "a/../b", "a?b", "a%2fb"};
    struct page_bench *f = *state;
    size_t i, k, n = 0;

    for (i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            struct page_request r = page_bench_request(ops[i]);

            r.remote_id = bad[k];
            page_bench_submit(f, &r);
            page_bench_await(f, ++n);
            page_bench_assert_answer(f, n - 1, PAGE_REFUSED, "number of this incident");
        }
    assert_int_equal(fake_http_count(f->http), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, page_bench_set_up, page_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(public_is_read_without_the_key),
        TEST(recent_public_reads_two_documents),
        TEST(older_copy_of_an_incident_is_not_kept),
        TEST(what_goes_wrong_in_public),
        TEST(endless_public_document_is_cut_off),
        TEST(public_has_a_rate_of_its_own),
        TEST(public_retry_after_holds_back_the_public_only),
        TEST(public_and_keyed_do_not_wait_for_each_other),
        TEST(public_queue_has_an_end),
        TEST(without_public_address_nothing_is_asked),
        TEST(get_answers_everything_of_one),
        TEST(every_outcome_of_a_delete),
        TEST(delete_keeps_its_place_among_writes),
        TEST(no_id_is_put_into_a_path_unseen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
