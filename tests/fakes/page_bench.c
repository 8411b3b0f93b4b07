#include "page_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

/* ---- the sink */

static void keep_answer(void *ctx, const struct page_answer *a)
{
    struct page_bench *f = ctx;
    struct page_bench_answer *k = &f->answer[f->n_answers];
    size_t i, used = 0;

    assert_true(f->n_answers < PAGE_BENCH_ANSWERS_MAX);
    f->n_answers++;
    memset(k, 0, sizeof *k);
    k->op = a->op;
    (void)snprintf(k->page, sizeof k->page, "%s", a->page);
    k->outbox_id = a->outbox_id;
    k->result = a->result;
    k->http_status = a->http_status;
    k->retry_after_ms = a->retry_after_ms;
    (void)snprintf(k->error, sizeof k->error, "%s", a->error);
    (void)snprintf(k->remote_id, sizeof k->remote_id, "%s", a->remote_id);
    k->recent = a->recent;
    k->n_incidents = a->n_incidents;
    for (i = 0; i < a->n_incidents && used < sizeof k->ids; i++)
        used +=
            (size_t)snprintf(k->ids + used, sizeof k->ids - used, "%s,", a->incident[i].remote_id);
    k->subscribers = a->subscribers;
    k->have_components = a->now_components != NULL;
    components_init(&k->components);
    for (i = 0; a->now_components && i < a->now_components->n; i++)
        assert_int_equal(components_set(&k->components, a->now_components->item[i].name,
                                        a->now_components->item[i].status),
                         0);
    if (a->incident) {
        k->first = *a->incident;
        k->first.remote_id = strdup(a->incident->remote_id);
        k->first.title = strdup(a->incident->title);
        k->first.url = strdup(a->incident->url);
        k->first.body = strdup(a->incident->body);
        k->first.key_incident = strdup(a->incident->key_incident);
        k->first.key_step = strdup(a->incident->key_step);
        k->first.last_update_id = strdup(a->incident->last_update_id);
        components_init(&k->first.components);
        for (i = 0; i < a->incident->components.n; i++)
            assert_int_equal(components_set(&k->first.components,
                                            a->incident->components.item[i].name,
                                            a->incident->components.item[i].status),
                             0);
    }
    if (f->resubmit.op != PAGE_WARM) {
        assert_int_equal(f->port.submit(f->port.ctx, &f->resubmit), 0);
        f->resubmit.op = PAGE_WARM;
    }
}

/* ---- the fixture */

char *page_bench_must_copy(const char *s)
{
    char *copy = strdup(s);

    assert_non_null(copy);
    return copy;
}

void page_bench_replace(char **field, const char *value)
{
    free(*field);
    *field = value ? page_bench_must_copy(value) : NULL;
}

struct settings *page_bench_make_settings(int port, const char *scheme)
{
    struct settings *s = settings_create();
    struct page_settings *p;
    size_t i;

    assert_non_null(s);
    s->page = calloc(1, sizeof *s->page);
    s->component = calloc(2, sizeof *s->component);
    assert_non_null(s->page);
    assert_non_null(s->component);
    s->n_pages = 1;
    p = &s->page[0];
    p->name = page_bench_must_copy("main");
    p->page_id = page_bench_must_copy("pg1");
    p->api_url = buf_printf("%s://127.0.0.1:%d/", scheme, port);
    p->public_url = page_bench_must_copy("https://www.example.org");
    p->key_env = page_bench_must_copy("CRIER_TEST_PAGE_KEY");
    p->allow_plain_http = true;
    s->n_components = 2;
    for (i = 0; i < 2; i++) {
        s->component[i].name = page_bench_must_copy(i ? "Editing" : "Reading");
        s->component[i].page = page_bench_must_copy("main");
    }
    return s;
}

void page_bench_begin(struct page_bench *f, const struct statuspage_options *options)
{
    struct page_sink sink = {f, keep_answer};

    statuspage_destroy(f->page);
    assert_int_equal(statuspage_create_with(f->settings, f->net, &sink, options, &f->page), 0);
    f->port = statuspage_port(f->page);
    f->source[0] = net_source_port(f->net);
    f->source[1] = statuspage_source_port(f->page);
    f->source[2] = fake_http_source_port(f->http);
}

int page_bench_set_up(void **state)
{
    struct page_bench *f = calloc(1, sizeof *f);
    struct statuspage_options options = statuspage_options_default();

    assert_non_null(f);
    assert_int_equal(setenv("CRIER_TEST_PAGE_KEY", PAGE_BENCH_KEY, 1), 0);
    f->resubmit.op = PAGE_WARM;
    assert_int_equal(net_create(&f->net), 0);
    f->http = fake_http_create();
    f->settings = page_bench_make_settings(fake_http_port(f->http), "http");
    f->wait = net_wait_port(f->net);
    pollset_init(&f->set);
    options.total_timeout_ms = PAGE_BENCH_PATIENCE_MS;
    options.connect_timeout_ms = PAGE_BENCH_PATIENCE_MS;
    page_bench_begin(f, &options);
    *state = f;
    return 0;
}

void page_bench_forget_answers(struct page_bench *f)
{
    while (f->n_answers) {
        f->n_answers--;
        components_finish(&f->answer[f->n_answers].components);
        page_incident_finish(&f->answer[f->n_answers].first);
    }
}

int page_bench_tear_down(void **state)
{
    struct page_bench *f = *state;

    page_bench_forget_answers(f);
    statuspage_destroy(f->page);
    settings_destroy(f->settings);
    fake_http_destroy(f->http);
    pollset_finish(&f->set);
    net_destroy(f->net);
    free(f);
    return 0;
}

struct now page_bench_told_time(struct page_bench *f)
{
    struct now now = f->wait.now(f->wait.ctx);

    now.wall_ms += f->ahead_ms;
    now.boot_ms += f->ahead_ms;
    return now;
}

int64_t page_bench_turn(struct page_bench *f)
{
    int64_t asked, real_boot;
    struct now now;
    size_t i;

    pollset_clear(&f->set);
    f->source[1].collect(f->source[1].ctx, &f->set);
    asked = f->set.deadline_boot_ms;
    now = page_bench_told_time(f);
    real_boot = now.boot_ms - f->ahead_ms;
    pollset_clear(&f->set);
    f->source[0].collect(f->source[0].ctx, &f->set);
    f->source[2].collect(f->source[2].ctx, &f->set);
    pollset_deadline(&f->set, asked <= now.boot_ms ? real_boot : real_boot + 20);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    now = page_bench_told_time(f);
    for (i = 0; i < 3; i++)
        f->source[i].dispatch(f->source[i].ctx, &f->set, now);
    return asked;
}

void page_bench_await(struct page_bench *f, size_t n)
{
    int64_t until = f->wait.now(f->wait.ctx).boot_ms + PAGE_BENCH_PATIENCE_MS;

    while (f->n_answers < n && f->wait.now(f->wait.ctx).boot_ms < until)
        (void)page_bench_turn(f);
    assert_int_equal(f->n_answers, n);
}

void page_bench_await_requests(struct page_bench *f, size_t n)
{
    int64_t until = f->wait.now(f->wait.ctx).boot_ms + PAGE_BENCH_PATIENCE_MS;

    while (fake_http_count(f->http) < n && f->wait.now(f->wait.ctx).boot_ms < until)
        (void)page_bench_turn(f);
    assert_int_equal(fake_http_count(f->http), n);
}

void page_bench_settle(struct page_bench *f)
{
    int i;

    for (i = 0; i < 5; i++)
        (void)page_bench_turn(f);
}

void page_bench_queue(struct page_bench *f, const char *method, const char *path, int status,
                      const char *body)
{
    const struct fake_http_reply reply = {FAKE_ANSWER, status, NULL, body};

    fake_http_queue(f->http, method, path, reply);
}

struct page_request page_bench_request(enum page_op op)
{
    static char page[] = "main", id[] = "abc123def456", none[] = "", key[] = "k1.7", step[] = "2";
    static char title[] = "Errors for “logged-in” users", body[] = "We are looking into it.";
    struct page_request r;

    memset(&r, 0, sizeof r);
    components_init(&r.components);
    r.op = op;
    r.page = page;
    r.outbox_id = 41;
    r.urgent = true;
    r.remote_id =
        op == PAGE_UPDATE || op == PAGE_CORRECT || op == PAGE_DELETE || op == PAGE_GET ? id : none;
    r.key_incident = key;
    r.key_step = step;
    r.title = op == PAGE_CREATE ? title : none;
    r.body = body;
    r.step = STEP_INVESTIGATING;
    r.impact = IMPACT_MAJOR;
    return r;
}

void page_bench_submit(struct page_bench *f, const struct page_request *r)
{
    assert_int_equal(f->port.submit(f->port.ctx, r), 0);
}

json_t *page_bench_sent_body(struct page_bench *f, const char *method)
{
    const struct fake_http_request *q = fake_http_last(f->http, method);
    json_t *root;

    assert_non_null(q);
    assert_non_null(strstr(q->head, "\r\nAuthorization: OAuth " PAGE_BENCH_KEY "\r\n"));
    assert_non_null(strstr(q->head, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(q->head, "Expect:"));
    assert_null(strstr(q->path, PAGE_BENCH_KEY));
    root = json_loads(q->body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

void page_bench_assert_json(json_t *got, const char *wanted)
{
    json_t *want = json_loads(wanted, 0, NULL);
    char *got_text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);
    char *want_text;

    assert_non_null(want);
    want_text = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(got_text, want_text);
    free(got_text);
    free(want_text);
    json_decref(want);
    json_decref(got);
}

void page_bench_assert_answer(const struct page_bench *f, size_t i, enum page_result result,
                              const char *error)
{
    assert_true(i < f->n_answers);
    if (!strstr(f->answer[i].error, error) || (result == PAGE_OK && *f->answer[i].error))
        fail_msg("error is \"%s\", wanted \"%s\"", f->answer[i].error, error);
    assert_int_equal(f->answer[i].result, result);
}

void page_bench_all_used(const struct page_bench *f)
{
    assert_int_equal(fake_http_surprises(f->http), 0);
    assert_int_equal(fake_http_unused(f->http), 0);
}
