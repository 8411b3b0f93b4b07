/* Readings with the key, and what is refused at the start. */
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

/* ---- reading */

static char *many_incidents(int first, int n)
{
    struct buf b;
    char *text;
    int i;

    buf_init(&b, 1 << 20);
    buf_addc(&b, '[');
    for (i = 0; i < n; i++)
        buf_addf(&b, "%s{\"id\":\"i%d\",\"name\":\"n%d\",\"status\":\"%s\"}", i ? "," : "",
                 first + i, first + i, i == 1 ? "scheduled" : "monitoring");
    buf_addc(&b, ']');
    text = buf_take(&b);
    assert_non_null(text);
    return text;
}

static void unresolved_are_read_to_the_end(void **state)
{
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_LIST);
    char *one = many_incidents(0, 100), *two = many_incidents(90, 100),
         *rest = many_incidents(190, 5);

    page_bench_queue(f, "GET", "/incidents/unresolved?page=1&per_page=100", 200, one);
    page_bench_queue(f, "GET", "/incidents/unresolved?page=2&per_page=100", 200, two);
    page_bench_queue(f, "GET", "/incidents/unresolved?page=3&per_page=100", 200, rest);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    page_bench_assert_answer(f, 0, PAGE_OK, "");
    /* 0 to 194 without the scheduled 1, 91 (known from page 1) and 191. */
    assert_int_equal(f->answer[0].n_incidents, 193);
    assert_string_equal(f->answer[0].first.title, "n0");
    page_bench_all_used(f);

    /* A server that answers every page with the first one. */
    page_bench_queue(f, "GET", "/incidents/unresolved?page=1", 200, one);
    page_bench_queue(f, "GET", "/incidents/unresolved?page=2", 200, one);
    page_bench_submit(f, &r);
    page_bench_await(f, 2);
    assert_int_equal(f->answer[1].n_incidents, 99);
    page_bench_all_used(f);

    r.recent = true;
    page_bench_queue(f, "GET", "/incidents?limit=100&page=1", 200, one);
    page_bench_submit(f, &r);
    page_bench_await(f, 3);
    assert_int_equal(f->answer[2].n_incidents, 99);
    page_bench_all_used(f);
    free(one);
    free(two);
    free(rest);
}

static void unreadable_list_is_doubtful(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[",
        "<html>",
        "[7]",
        "[{}]",
        "[{\"id\":\"a\"}]",
        "[{\"id\":\"a\",\"status\":\"identified\",\"name\":7}]",
        "[{\"id\":\"a\",\"status\":\"identified\",\"components\":{}}]",
        "[{\"id\":\"a\",\"status\":\"identified\",\"metadata\":[]}]",
        "[{\"id\":\"a\",\"status\":\"identified\",\"incident_updates\":[1]}]",
    };
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_LIST);
    size_t i;

    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        page_bench_queue(f, "GET", "/incidents/unresolved", 200, bodies[i]);
        page_bench_submit(f, &r);
        page_bench_await(f, i + 1);
        page_bench_assert_answer(f, i, PAGE_DOUBTFUL, "not one of the API");
        assert_int_equal(f->answer[i].n_incidents, 0);
    }
    page_bench_queue(f, "GET", "/incidents/unresolved", 503, "");
    page_bench_submit(f, &r);
    page_bench_await(f, i + 1);
    page_bench_assert_answer(f, i, PAGE_DOUBTFUL, "HTTP 503");
}

static void subscribers_are_summed(void **state)
{
    static const struct {
        const char *body;
        enum page_result result;
        int64_t count;
    } rows[] = {
        {"{\"email\":12000,\"sms\":345,\"webhook\":0,\"slack\":null}", PAGE_OK, 12345},
        {"{\"email\":\"12\"}", PAGE_DOUBTFUL, -1},
        {"{\"email\":-1}", PAGE_DOUBTFUL, -1},
        {"{\"email\":9223372036854775807,\"sms\":1}", PAGE_DOUBTFUL, -1},
        {"[]", PAGE_DOUBTFUL, -1},
        {"{}", PAGE_DOUBTFUL, -1},
    };
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_SUBSCRIBERS);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        page_bench_queue(f, "GET", "/v1/pages/pg1/subscribers/count", 200, rows[i].body);
        page_bench_submit(f, &r);
        page_bench_await(f, i + 1);
        assert_int_equal(f->answer[i].result, rows[i].result);
        assert_true(f->answer[i].subscribers == rows[i].count);
    }
}

static void check_says_what_is_wrong(void **state)
{
    static const struct {
        int page_status;
        const char *page_body;
        const char *components; /* NULL: not asked for */
        enum page_result result;
        const char *error;
    } rows[] = {
        {200, "{\"id\":\"pg1\",\"name\":\"x\"}", PAGE_BENCH_COMPONENTS, PAGE_OK, ""},
        {401, "{\"error\":\"Could not authenticate\"}", NULL, PAGE_REFUSED,
         "the API key is not accepted (HTTP 401: Could not authenticate): put a valid one in place "
         "for page \"main\""},
        {404, "{\"error\":\"not found\"}", NULL, PAGE_REFUSED,
         "there is no page with the id pg1 for this key (HTTP 404): correct \"id\" of page "
         "\"main\""},
        {200, "{\"id\":\"other\"}", NULL, PAGE_DOUBTFUL, "not one of the API"},
        {503, "", NULL, PAGE_DOUBTFUL, "HTTP 503"},
        {200, "{\"id\":\"pg1\"}", "[{\"id\":\"a\",\"name\":\"Edits\",\"status\":\"operational\"}]",
         PAGE_REFUSED,
         "page \"main\" has no component \"Reading\", \"Editing\"; it has \"Edits\": correct"},
        {200, "{\"id\":\"pg1\"}", "[]", PAGE_REFUSED, "it has none"},
        {200, "{\"id\":\"pg1\"}",
         "[{\"id\":\"a\",\"name\":\"Reading\"},{\"id\":\"b\",\"name\":\"Reading\"},"
         "{\"id\":\"c\",\"name\":\"Editing\"}]",
         PAGE_REFUSED, "has several components \"Reading\": rename"},
    };
    struct page_bench *f = *state;
    struct page_request r = page_bench_request(PAGE_CHECK);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        page_bench_forget_answers(f);
        page_bench_queue(f, "GET", "/v1/pages/pg1", rows[i].page_status, rows[i].page_body);
        if (rows[i].components)
            page_bench_queue(f, "GET", "/v1/pages/pg1/components", 200, rows[i].components);
        page_bench_submit(f, &r);
        page_bench_await(f, 1);
        page_bench_assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].have_components, rows[i].components != NULL);
        page_bench_all_used(f);
        f->ahead_ms += 200000;
    }
    page_bench_forget_answers(f);
    page_bench_queue(f, "GET", "/v1/pages/pg1", 200, "{\"id\":\"pg1\"}");
    page_bench_queue(f, "GET", "/v1/pages/pg1/components", 200, PAGE_BENCH_COMPONENTS);
    page_bench_submit(f, &r);
    page_bench_await(f, 1);
    assert_int_equal(f->answer[0].components.n, 2);
    assert_int_equal(components_find(&f->answer[0].components, "Editing")->status,
                     COMPONENT_DEGRADED_PERFORMANCE);
}

/* ---- making one */

static void bad_addresses_are_refused(void **state)
{
    static const struct {
        const char *url;
        const char *id;
        bool allow_plain;
        int wanted;
    } rows[] = {
        {"https://api.statuspage.io", "pg1", false, 0},
        {"https://api.statuspage.io/v1/", "pg1", false, 0},
        {"http://localhost:8080", "pg1", true, 0},
        {"http://127.9.9.9:8080", "pg1", true, 0},
        {"http://[::1]:8080", "pg1", true, 0},
        {"http://127.0.0.1:8080", "pg1", false, CRIER_EINVAL},
        {"http://api.statuspage.io", "pg1", true, CRIER_EINVAL},
        {"http://127.0.0.1.example.org", "pg1", true, CRIER_EINVAL},
        {"http://[2001:db8::1]", "pg1", true, CRIER_EINVAL},
        {"http://localhost.example.org", "pg1", true, CRIER_EINVAL},
        {"ftp://api.statuspage.io", "pg1", true, CRIER_EINVAL},
        {"https://user:pw@api.statuspage.io", "pg1", false, CRIER_EINVAL},
        {"https://api.statuspage.io/?api_key=x", "pg1", false, CRIER_EINVAL},
        {"api.statuspage.io", "pg1", false, CRIER_EINVAL},
        {"https://", "pg1", false, CRIER_EINVAL},
        {"https://api.statuspage.io", "pg 1", false, CRIER_EINVAL},
        {"https://api.statuspage.io", "../x", false, CRIER_EINVAL},
        {"https://api.statuspage.io", "", false, CRIER_EINVAL},
    };
    struct page_bench *f = *state;
    struct page_sink sink = {f, NULL};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct statuspage *s = NULL;
        int r;

        page_bench_replace(&f->settings->page[0].api_url, rows[i].url);
        page_bench_replace(&f->settings->page[0].page_id, rows[i].id);
        f->settings->page[0].allow_plain_http = rows[i].allow_plain;
        r = statuspage_create(f->settings, f->net, &sink, &s);
        if (r != rows[i].wanted)
            fail_msg("%s: %d", rows[i].url, r);
        statuspage_destroy(s);
    }
    statuspage_destroy(NULL);
}

/* Readers' requests hold no secret, and yet what they say decides what people are told. */
static void bad_public_addresses_are_refused(void **state)
{
    static const struct {
        const char *url;
        bool allow_plain;
        int wanted;
    } rows[] = {
        {"https://www.example.org", false, 0},
        {"https://www.example.org/status/", false, 0},
        {"http://localhost:8080/page", true, 0},
        {"", false, 0},
        {"http://localhost:8080", false, CRIER_EINVAL},
        {"http://www.example.org", true, CRIER_EINVAL},
        {"https://user@www.example.org", true, CRIER_EINVAL},
        {"https://www.example.org/?a=b", true, CRIER_EINVAL},
        {"https://www.example.org/#top", true, CRIER_EINVAL},
        {"file:///etc/passwd", true, CRIER_EINVAL},
    };
    struct page_bench *f = *state;
    struct page_sink sink = {f, NULL};
    size_t i;

    page_bench_replace(&f->settings->page[0].api_url, "https://api.statuspage.io");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct statuspage *s = NULL;
        int r;

        page_bench_replace(&f->settings->page[0].public_url, rows[i].url);
        f->settings->page[0].allow_plain_http = rows[i].allow_plain;
        r = statuspage_create(f->settings, f->net, &sink, &s);
        if (r != rows[i].wanted)
            fail_msg("%s: %d", rows[i].url, r);
        statuspage_destroy(s);
    }
}

static void missing_key_is_refused(void **state)
{
    struct page_bench *f = *state;
    struct page_sink sink = {f, NULL};
    struct statuspage *s = NULL;

    page_bench_replace(&f->settings->page[0].key_env, "CRIER_TEST_NO_SUCH_KEY");
    assert_int_equal(statuspage_create(f->settings, f->net, &sink, &s), CRIER_ENOENT);
    assert_null(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, page_bench_set_up, page_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(unresolved_are_read_to_the_end), TEST(unreadable_list_is_doubtful),
        TEST(subscribers_are_summed),         TEST(check_says_what_is_wrong),
        TEST(bad_addresses_are_refused),      TEST(bad_public_addresses_are_refused),
        TEST(missing_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
