#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fake_http.h"
#include "statuspage.h"

enum { PATIENCE_MS = 60000, ANSWERS_MAX = 64 };

#define KEY "secret-key-0123456789"
#define COMPONENTS                                                                         \
    "[{\"id\":\"cread\",\"name\":\"Reading\",\"status\":\"operational\",\"group\":false}," \
    "{\"id\":\"grp\",\"name\":\"Sites\",\"status\":\"operational\",\"group\":true},"       \
    "{\"id\":\"cedit\",\"name\":\"Editing\",\"status\":\"degraded_performance\",\"group\":null}]"
#define INCIDENT                                                                                  \
    "{\"id\":\"abc123def456\",\"page_id\":\"pg1\",\"name\":\"Errors\",\"status\":\"identified\"," \
    "\"impact\":\"major\",\"shortlink\":\"http://stspg.io/x\",\"backfilled\":false,"              \
    "\"created_at\":\"2023-01-17T18:35:20.123Z\",\"updated_at\":\"2023-01-17T12:40:00.000-06:"    \
    "00\","                                                                                       \
    "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"},\"jira\":{\"id\":\"x\"}},"    \
    "\"components\":[{\"id\":\"cedit\",\"name\":\"Editing\",\"status\":\"partial_outage\"}],"     \
    "\"incident_updates\":[{\"id\":\"u2\",\"body\":\"second\\ntext\","                            \
    "\"created_at\":\"2023-01-17T18:40:00.000Z\"},"                                               \
    "{\"id\":\"u1\",\"body\":\"first\",\"created_at\":\"2023-01-17T18:35:20.123Z\"}]}"

struct kept {
    enum page_op op;
    char page[32];
    int64_t outbox_id;
    enum page_result result;
    int http_status;
    int64_t retry_after_ms;
    char error[600];
    size_t n_incidents;
    struct page_incident first; /* strings copied */
    int64_t subscribers;
    bool have_components;
    struct components components;
};

struct fixture {
    struct net *net;
    struct fake_http *http;
    struct settings *settings;
    struct statuspage *page;
    struct page_port port;
    struct wait_port wait;
    struct source_port source[3];
    struct pollset set;
    int64_t ahead_ms; /* of the real clock: the time that the adapter is told */
    struct kept answer[ANSWERS_MAX];
    size_t n_answers;
    struct page_request resubmit; /* from inside the sink, when op is not PAGE_WARM */
};

/* ---- the sink */

static void keep_answer(void *ctx, const struct page_answer *a)
{
    struct fixture *f = ctx;
    struct kept *k = &f->answer[f->n_answers];
    size_t i;

    assert_true(f->n_answers < ANSWERS_MAX);
    f->n_answers++;
    memset(k, 0, sizeof *k);
    k->op = a->op;
    (void)snprintf(k->page, sizeof k->page, "%s", a->page);
    k->outbox_id = a->outbox_id;
    k->result = a->result;
    k->http_status = a->http_status;
    k->retry_after_ms = a->retry_after_ms;
    (void)snprintf(k->error, sizeof k->error, "%s", a->error);
    k->n_incidents = a->n_incidents;
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

static char *must_copy(const char *s)
{
    char *copy = strdup(s);

    assert_non_null(copy);
    return copy;
}

static void replace(char **field, const char *value)
{
    free(*field);
    *field = value ? must_copy(value) : NULL;
}

static struct settings *make_settings(int port, const char *scheme)
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
    p->name = must_copy("main");
    p->page_id = must_copy("pg1");
    p->api_url = buf_printf("%s://127.0.0.1:%d/", scheme, port);
    p->public_url = must_copy("https://www.example.org");
    p->key_env = must_copy("CRIER_TEST_PAGE_KEY");
    p->allow_plain_http = true;
    s->n_components = 2;
    for (i = 0; i < 2; i++) {
        s->component[i].name = must_copy(i ? "Editing" : "Reading");
        s->component[i].page = must_copy("main");
    }
    return s;
}

static void begin(struct fixture *f, const struct statuspage_options *options)
{
    struct page_sink sink = {f, keep_answer};

    statuspage_destroy(f->page);
    assert_int_equal(statuspage_create_with(f->settings, f->net, &sink, options, &f->page), 0);
    f->port = statuspage_port(f->page);
    f->source[0] = net_source_port(f->net);
    f->source[1] = statuspage_source_port(f->page);
    f->source[2] = fake_http_source_port(f->http);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct statuspage_options options = statuspage_options_default();

    assert_non_null(f);
    assert_int_equal(setenv("CRIER_TEST_PAGE_KEY", KEY, 1), 0);
    f->resubmit.op = PAGE_WARM;
    assert_int_equal(net_create(&f->net), 0);
    f->http = fake_http_create();
    f->settings = make_settings(fake_http_port(f->http), "http");
    f->wait = net_wait_port(f->net);
    pollset_init(&f->set);
    options.total_timeout_ms = PATIENCE_MS;
    options.connect_timeout_ms = PATIENCE_MS;
    begin(f, &options);
    *state = f;
    return 0;
}

static void forget_answers(struct fixture *f)
{
    while (f->n_answers) {
        f->n_answers--;
        components_finish(&f->answer[f->n_answers].components);
        page_incident_finish(&f->answer[f->n_answers].first);
    }
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    forget_answers(f);
    statuspage_destroy(f->page);
    settings_destroy(f->settings);
    fake_http_destroy(f->http);
    pollset_finish(&f->set);
    net_destroy(f->net);
    free(f);
    return 0;
}

static struct now told_time(struct fixture *f)
{
    struct now now = f->wait.now(f->wait.ctx);

    now.wall_ms += f->ahead_ms;
    now.boot_ms += f->ahead_ms;
    return now;
}

/* @return the deadline that the adapter asked for, in the time that it is told. */
static int64_t turn(struct fixture *f)
{
    int64_t asked, real_boot;
    struct now now;
    size_t i;

    pollset_clear(&f->set);
    f->source[1].collect(f->source[1].ctx, &f->set);
    asked = f->set.deadline_boot_ms;
    now = told_time(f);
    real_boot = now.boot_ms - f->ahead_ms;
    pollset_clear(&f->set);
    f->source[0].collect(f->source[0].ctx, &f->set);
    f->source[2].collect(f->source[2].ctx, &f->set);
    pollset_deadline(&f->set, asked <= now.boot_ms ? real_boot : real_boot + 20);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    now = told_time(f);
    for (i = 0; i < 3; i++)
        f->source[i].dispatch(f->source[i].ctx, &f->set, now);
    return asked;
}

/* Turns until there are so many answers. */
static void await(struct fixture *f, size_t n)
{
    int64_t until = f->wait.now(f->wait.ctx).boot_ms + PATIENCE_MS;

    while (f->n_answers < n && f->wait.now(f->wait.ctx).boot_ms < until)
        (void)turn(f);
    assert_int_equal(f->n_answers, n);
}

/* Turns until the server has seen so many requests. */
static void await_requests(struct fixture *f, size_t n)
{
    int64_t until = f->wait.now(f->wait.ctx).boot_ms + PATIENCE_MS;

    while (fake_http_count(f->http) < n && f->wait.now(f->wait.ctx).boot_ms < until)
        (void)turn(f);
    assert_int_equal(fake_http_count(f->http), n);
}

/* Enough turns for anything that is going to be sent to be sent. */
static void settle(struct fixture *f)
{
    int i;

    for (i = 0; i < 5; i++)
        (void)turn(f);
}

static void queue(struct fixture *f, const char *method, const char *path, int status,
                  const char *body)
{
    const struct fake_http_reply reply = {FAKE_ANSWER, status, NULL, body};

    fake_http_queue(f->http, method, path, reply);
}

static struct page_request request(enum page_op op)
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
    r.remote_id = op == PAGE_UPDATE || op == PAGE_CORRECT ? id : none;
    r.key_incident = key;
    r.key_step = step;
    r.title = op == PAGE_CREATE ? title : none;
    r.body = body;
    r.step = STEP_INVESTIGATING;
    r.impact = IMPACT_MAJOR;
    return r;
}

static void submit(struct fixture *f, const struct page_request *r)
{
    assert_int_equal(f->port.submit(f->port.ctx, r), 0);
}

static json_t *sent_body(struct fixture *f, const char *method)
{
    const struct fake_http_request *q = fake_http_last(f->http, method);
    json_t *root;

    assert_non_null(q);
    assert_non_null(strstr(q->head, "\r\nAuthorization: OAuth " KEY "\r\n"));
    assert_non_null(strstr(q->head, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(q->head, "Expect:"));
    assert_null(strstr(q->path, KEY));
    root = json_loads(q->body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static void assert_json(json_t *got, const char *wanted)
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

static void assert_answer(const struct fixture *f, size_t i, enum page_result result,
                          const char *error)
{
    assert_true(i < f->n_answers);
    if (!strstr(f->answer[i].error, error) || (result == PAGE_OK && *f->answer[i].error))
        fail_msg("error is \"%s\", wanted \"%s\"", f->answer[i].error, error);
    assert_int_equal(f->answer[i].result, result);
}

static void all_used(const struct fixture *f)
{
    assert_int_equal(fake_http_surprises(f->http), 0);
    assert_int_equal(fake_http_unused(f->http), 0);
}

/* ---- what is sent */

static void create_sends_everything_explicitly(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CREATE);
    const struct page_incident *i;

    r.notify = true;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
    assert_int_equal(components_set(&r.components, "Reading", COMPONENT_DEGRADED_PERFORMANCE), 0);
    queue(f, "GET", "/v1/pages/pg1/components?page=1&per_page=100", 200, COMPONENTS);
    queue(f, "POST", "/v1/pages/pg1/incidents", 201, INCIDENT);
    submit(f, &r);
    components_finish(&r.components);
    await(f, 1);
    assert_string_equal(fake_http_last(f->http, "POST")->path, "/v1/pages/pg1/incidents");
    assert_json(sent_body(f, "POST"),
                "{\"incident\":{\"name\":\"Errors for “logged-in” users\","
                "\"body\":\"We are looking into it.\",\"status\":\"investigating\","
                "\"impact_override\":\"major\",\"deliver_notifications\":true,"
                "\"component_ids\":[\"cedit\",\"cread\"],"
                "\"components\":{\"cedit\":\"partial_outage\",\"cread\":\"degraded_performance\"},"
                "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"}}}}");
    assert_answer(f, 0, PAGE_OK, "");
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
    all_used(f);
}

static void update_leaves_alone_what_it_does_not_name(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_UPDATE);

    r.step = STEP_MONITORING;
    queue(f, "PATCH", "/v1/pages/pg1/incidents/abc123def456", 200, INCIDENT);
    submit(f, &r);
    await(f, 1);
    assert_json(sent_body(f, "PATCH"),
                "{\"incident\":{\"body\":\"We are looking into it.\",\"status\":\"monitoring\","
                "\"impact_override\":\"major\",\"deliver_notifications\":false,"
                "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"}}}}");
    assert_answer(f, 0, PAGE_OK, "");
    all_used(f);
}

static void components_are_looked_up_once(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_UPDATE);

    r.step = STEP_RESOLVED;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_OPERATIONAL), 0);
    queue(f, "GET", "/components", 200, COMPONENTS);
    queue(f, "PATCH", "/incidents/abc123def456", 200, INCIDENT);
    queue(f, "PATCH", "/incidents/abc123def456", 422, "{\"error\":[\"no\",\"never\"]}");
    queue(f, "GET", "/components", 200, COMPONENTS);
    queue(f, "PATCH", "/incidents/abc123def456", 200, INCIDENT);
    submit(f, &r);
    await(f, 1);
    assert_int_equal(fake_http_count_method(f->http, "GET"), 1);
    submit(f, &r);
    await(f, 2);
    assert_int_equal(fake_http_count_method(f->http, "GET"), 1);
    assert_answer(f, 1, PAGE_REFUSED, "[\"no\",\"never\"]");
    /* It may have been an id that is no longer right. */
    submit(f, &r);
    await(f, 3);
    components_finish(&r.components);
    assert_answer(f, 2, PAGE_OK, "");
    all_used(f);
}

static void correct_replaces_the_newest_text(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CORRECT);

    r.notify = true; /* a correction never mails */
    queue(f, "GET", "/v1/pages/pg1/incidents/abc123def456", 200, INCIDENT);
    queue(f, "PATCH", "/v1/pages/pg1/incidents/abc123def456/incident_updates/u2", 200,
          "{\"id\":\"u2\",\"incident_id\":\"abc123def456\",\"body\":\"better\"}");
    submit(f, &r);
    await(f, 1);
    assert_json(sent_body(f, "PATCH"), "{\"incident_update\":{\"body\":\"We are looking into it.\","
                                       "\"deliver_notifications\":false}}");
    assert_answer(f, 0, PAGE_OK, "");
    assert_string_equal(f->answer[0].first.body, "better");
    assert_string_equal(f->answer[0].first.remote_id, "abc123def456");
    all_used(f);
}

static void what_cannot_be_sent_is_refused_here(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_UPDATE);
    char evil_id[] = "../users", empty[] = "", bad_text[] = "caf\xe9";
    char long_title[300];

    memset(long_title, 'x', sizeof long_title);
    long_title[256] = '\0';
    r.remote_id = evil_id;
    submit(f, &r);
    r.remote_id = empty;
    submit(f, &r);
    r = request(PAGE_CREATE);
    r.title = empty;
    submit(f, &r);
    r.title = long_title;
    submit(f, &r);
    r = request(PAGE_CREATE);
    r.body = bad_text;
    submit(f, &r);
    await(f, 5);
    assert_answer(f, 0, PAGE_REFUSED, "not known");
    assert_answer(f, 1, PAGE_REFUSED, "not known");
    assert_answer(f, 2, PAGE_REFUSED, "title");
    assert_answer(f, 3, PAGE_REFUSED, "255");
    assert_answer(f, 4, PAGE_REFUSED, "UTF-8");
    assert_int_equal(fake_http_count(f->http), 0);
}

static void unknown_component_is_told_with_the_known_ones(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CREATE);

    assert_int_equal(components_set(&r.components, "Edition", COMPONENT_PARTIAL_OUTAGE), 0);
    queue(f, "GET", "/components", 200, COMPONENTS);
    submit(f, &r);
    components_finish(&r.components);
    await(f, 1);
    assert_answer(f, 0, PAGE_REFUSED,
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
    struct fixture *f = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page_request r = request(PAGE_CREATE), c = request(PAGE_CORRECT);

        assert_int_equal(components_set(&r.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
        queue(f, "GET", "/components", rows[i].status, rows[i].body);
        queue(f, "GET", "/incidents/abc123def456", rows[i].status, rows[i].body);
        submit(f, &r);
        submit(f, &c);
        components_finish(&r.components);
        await(f, 2 * i + 2);
        assert_int_equal(f->answer[2 * i].result, rows[i].result);
        assert_int_equal(f->answer[2 * i + 1].result, rows[i].result);
    }
    assert_int_equal(fake_http_count_method(f->http, "POST"), 0);
    assert_int_equal(fake_http_count_method(f->http, "PATCH"), 0);
    all_used(f);
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
        {"created", {FAKE_ANSWER, 201, NULL, INCIDENT}, PAGE_OK, 201, 0, ""},
        {"created, then closed", {FAKE_ANSWER_CLOSE, 201, NULL, INCIDENT}, PAGE_OK, 201, 0, ""},
        {"200", {FAKE_ANSWER, 200, NULL, INCIDENT}, PAGE_OK, 200, 0, ""},
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
         {FAKE_ANSWER, 400, NULL, "{\"error\":\"bad " KEY " or " KEY "\"}"},
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
         {FAKE_TRUNCATE, 201, NULL, INCIDENT},
         PAGE_DOUBTFUL,
         201,
         0,
         "connection lost"},
        {"dropped", {FAKE_DROP, 0, NULL, NULL}, PAGE_DOUBTFUL, 0, 0, "connection lost"},
        {"reset", {FAKE_RESET, 0, NULL, NULL}, PAGE_DOUBTFUL, 0, 0, "connection lost"},
    };
    struct fixture *f = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page_request r = request(PAGE_CREATE);

        forget_answers(f);
        print_message("             %s\n", rows[i].name);
        fake_http_queue(f->http, "POST", "/incidents", rows[i].reply);
        submit(f, &r);
        await(f, 1);
        assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].http_status, rows[i].http_status);
        assert_int_equal(f->answer[0].retry_after_ms, rows[i].retry_after_ms);
        assert_null(strstr(f->answer[0].error, KEY));
        assert_int_equal(f->answer[0].n_incidents, rows[i].result == PAGE_OK ? 1 : 0);
        assert_int_equal(fake_http_count_method(f->http, "POST"), i + 1);
        all_used(f);
        f->ahead_ms += 200000; /* past the rate limit */
    }
}

static void retry_after_may_be_a_date(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CREATE);
    const struct fake_http_reply later = {FAKE_ANSWER, 429,
                                          "Retry-After: Tue, 17 Jan 2023 18:35:20 GMT\r\n", ""};

    fake_http_queue(f->http, "POST", "/incidents", later);
    f->ahead_ms = 1673980520000 - 90000 - f->wait.now(f->wait.ctx).wall_ms;
    submit(f, &r);
    await(f, 1);
    assert_int_equal(f->answer[0].result, PAGE_UNSENT);
    assert_true(f->answer[0].retry_after_ms <= 90000);
    assert_true(f->answer[0].retry_after_ms > 90000 - PATIENCE_MS);
}

static void answer_about_another_incident_is_doubtful(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_UPDATE), c = request(PAGE_CORRECT);

    queue(f, "PATCH", "/incidents/", 200, "{\"id\":\"zzz\",\"status\":\"identified\"}");
    submit(f, &r);
    await(f, 1);
    assert_answer(f, 0, PAGE_DOUBTFUL, "not one of the API");
    queue(f, "GET", "/incidents/", 200, INCIDENT);
    queue(f, "PATCH", "/incident_updates/u2", 200, "{\"id\":\"u1\",\"body\":\"x\"}");
    submit(f, &c);
    await(f, 2);
    assert_answer(f, 1, PAGE_DOUBTFUL, "not one of the API");
}

static void silence_is_doubtful(void **state)
{
    struct fixture *f = *state;
    struct statuspage_options options = statuspage_options_default();
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request r = request(PAGE_CREATE);

    options.total_timeout_ms = 1500;
    begin(f, &options);
    fake_http_queue(f->http, "POST", "/incidents", stall);
    submit(f, &r);
    assert_false(statuspage_is_idle(f->page));
    await(f, 1);
    assert_answer(f, 0, PAGE_DOUBTFUL, "no answer within 2 s");
    assert_int_equal(fake_http_count(f->http), 1);
    assert_true(statuspage_is_idle(f->page));
}

static void no_connection_is_unsent(void **state)
{
    struct fixture *f = *state;
    struct page_request w = request(PAGE_CREATE), r = request(PAGE_LIST);
    struct fake_http *gone = fake_http_create();
    int port = fake_http_port(gone);

    fake_http_destroy(gone);
    free(f->settings->page[0].api_url);
    f->settings->page[0].api_url = buf_printf("http://127.0.0.1:%d", port);
    begin(f, NULL);
    submit(f, &w);
    submit(f, &r);
    await(f, 2);
    assert_answer(f, 0, PAGE_UNSENT, "no connection: Failed to connect");
    assert_answer(f, 1, PAGE_UNSENT, "no connection: Failed to connect");
    assert_int_equal(f->answer[0].http_status, 0);
    assert_int_equal(f->answer[0].retry_after_ms, 0);
}

static void failed_tls_is_unsent(void **state)
{
    struct fixture *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request w = request(PAGE_CREATE), r = request(PAGE_LIST);

    /* The scripted server speaks no TLS, so the handshake never ends. */
    options.connect_timeout_ms = 1000;
    free(f->settings->page[0].api_url);
    f->settings->page[0].api_url = buf_printf("https://127.0.0.1:%d", fake_http_port(f->http));
    begin(f, &options);
    submit(f, &w);
    submit(f, &r);
    await(f, 2);
    assert_answer(f, 0, PAGE_UNSENT, "no connection: ");
    assert_answer(f, 1, PAGE_UNSENT, "no connection: ");
    assert_int_equal(fake_http_count(f->http), 0);
}

static void endless_answer_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CREATE);
    size_t n = (1 << 20) + 100;
    char *body = malloc(n + 1);

    assert_non_null(body);
    memset(body, ' ', n);
    body[n] = '\0';
    queue(f, "POST", "/incidents", 201, body);
    free(body);
    submit(f, &r);
    await(f, 1);
    assert_answer(f, 0, PAGE_DOUBTFUL, "too long");
}

/* ---- exactly one request */

/* libcurl repeats a request by itself when a connection that it reused dies without an answer. */
static void dead_connection_never_repeats_a_write(void **state)
{
    static const enum fake_http_fate fates[] = {FAKE_DROP, FAKE_RESET};
    static const enum page_op ops[] = {PAGE_CREATE, PAGE_UPDATE};
    struct fixture *f = *state;
    char *longest = malloc(25001);
    size_t k, writes = 0;

    assert_non_null(longest);
    memset(longest, 'x', 25000);
    longest[25000] = '\0';
    for (k = 0; k < 8; k++) {
        const struct fake_http_reply dies = {fates[k & 1], 0, NULL, NULL};
        struct page_request read = request(PAGE_LIST), write = request(ops[k >> 1 & 1]);
        const char *method = write.op == PAGE_CREATE ? "POST" : "PATCH";
        size_t connections;

        if (k & 4)
            write.body = longest;
        forget_answers(f);
        queue(f, "GET", "/incidents/unresolved", 200, "[]");
        submit(f, &read);
        await(f, 1);
        connections = fake_http_connections(f->http);

        fake_http_queue(f->http, method, "/incidents", dies);
        submit(f, &write);
        await(f, 2);
        settle(f);
        writes++;
        assert_int_equal(fake_http_count_method(f->http, "POST") +
                             fake_http_count_method(f->http, "PATCH"),
                         writes);
        assert_answer(f, 1, PAGE_DOUBTFUL, "connection lost");
        /* It was indeed on the connection that the reading had opened. */
        assert_int_equal(fake_http_last(f->http, method)->connection, connections);
        all_used(f);

        /* And the handle that was refused the repetition has not kept a grudge. */
        queue(f, method, "/incidents", 200, INCIDENT);
        submit(f, &write);
        await(f, 3);
        writes++;
        assert_answer(f, 2, PAGE_OK, "");
    }
    free(longest);
}

static void connection_closed_while_idle_is_not_used(void **state)
{
    struct fixture *f = *state;
    struct page_request read = request(PAGE_LIST), write = request(PAGE_CREATE);

    queue(f, "GET", "/incidents/unresolved", 200, "[]");
    submit(f, &read);
    await(f, 1);
    fake_http_hang_up(f->http);
    queue(f, "POST", "/incidents", 201, INCIDENT);
    submit(f, &write);
    await(f, 2);
    assert_answer(f, 1, PAGE_OK, "");
    assert_int_equal(fake_http_count_method(f->http, "POST"), 1);
    assert_int_equal(fake_http_connections(f->http), 2);
}

static void warm_connection_carries_the_write(void **state)
{
    struct fixture *f = *state;
    struct page_request warm = request(PAGE_WARM), write = request(PAGE_CREATE);

    assert_int_equal(components_set(&write.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
    queue(f, "GET", "/components", 200, COMPONENTS);
    submit(f, &warm);
    submit(f, &warm);
    assert_true(statuspage_is_idle(f->page));
    await_requests(f, 1);
    settle(f);
    queue(f, "POST", "/incidents", 201, INCIDENT);
    submit(f, &write);
    components_finish(&write.components);
    await(f, 1);
    assert_answer(f, 0, PAGE_OK, "");
    /* One connection, and nothing between the confirm and the POST: one round trip. */
    assert_int_equal(fake_http_connections(f->http), 1);
    assert_int_equal(fake_http_count(f->http), 2);
    all_used(f);
}

static void connection_is_kept_warm_for_a_while(void **state)
{
    struct fixture *f = *state;
    struct page_request warm = request(PAGE_WARM);
    int i;

    queue(f, "GET", "/components", 200, COMPONENTS);
    submit(f, &warm);
    await_requests(f, 1);
    settle(f);
    for (i = 0; i < 3; i++) {
        f->ahead_ms += 41000;
        queue(f, "GET", "/components", 200, COMPONENTS);
        await_requests(f, (size_t)i + 2);
        settle(f);
    }
    /* The wait is not told to end at once for ever. */
    assert_true(turn(f) > told_time(f).boot_ms);
    f->ahead_ms += 31 * 60 * 1000;
    settle(f);
    assert_true(turn(f) > told_time(f).boot_ms);
    assert_int_equal(fake_http_count(f->http), 4);
    assert_int_equal(f->n_answers, 0);
    all_used(f);
}

/* ---- order and rate */

static void writes_of_one_incident_wait_for_each_other(void **state)
{
    struct fixture *f = *state;
    struct statuspage_options options = statuspage_options_default();
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request first = request(PAGE_UPDATE), second = request(PAGE_UPDATE);
    struct page_request other = request(PAGE_CREATE), read = request(PAGE_LIST);
    char other_key[] = "k1.8";

    options.total_timeout_ms = 3000;
    begin(f, &options);
    first.urgent = false; /* and yet the later urgent one does not overtake it */
    first.outbox_id = 1;
    second.outbox_id = 2;
    other.key_incident = other_key;
    other.outbox_id = 3;
    fake_http_queue(f->http, "PATCH", "/incidents", stall);
    queue(f, "PATCH", "/incidents", 200, INCIDENT);
    queue(f, "POST", "/incidents", 201, INCIDENT);
    queue(f, "GET", "/incidents/unresolved", 200, "[]");
    submit(f, &first);
    submit(f, &second);
    submit(f, &other);
    submit(f, &read);
    await(f, 2);
    assert_int_equal(fake_http_count_method(f->http, "PATCH"), 1);
    assert_int_equal(fake_http_count(f->http), 3);
    await(f, 4);
    assert_int_equal(f->answer[2].outbox_id, 1);
    assert_int_equal(f->answer[2].result, PAGE_DOUBTFUL);
    assert_int_equal(f->answer[3].outbox_id, 2);
    assert_int_equal(f->answer[3].result, PAGE_OK);
    all_used(f);
}

static void background_waits_for_the_rate_limit_and_urgent_does_not(void **state)
{
    struct fixture *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request read = request(PAGE_LIST), urgent = request(PAGE_LIST);
    int64_t start;
    int i;

    options.rate_limit = 6;
    options.rate_window_ms = 10000000;
    begin(f, &options);
    read.urgent = false;
    for (i = 0; i < 8; i++)
        queue(f, "GET", "/incidents/unresolved", 200, "[]");
    for (i = 0; i < 4; i++)
        submit(f, &read);
    start = told_time(f).boot_ms;
    await(f, 3);
    settle(f);
    assert_int_equal(fake_http_count(f->http), 3);
    /* Not an error, and the loop is told when to come back. */
    assert_true(turn(f) >= start + options.rate_window_ms);
    for (i = 0; i < 4; i++)
        submit(f, &urgent);
    await(f, 6);
    settle(f);
    assert_int_equal(fake_http_count(f->http), 6);
    assert_true(turn(f) >= start + options.rate_window_ms);
    f->ahead_ms += options.rate_window_ms + 1;
    await(f, 8);
    all_used(f);
}

static void pages_with_one_key_share_its_limit(void **state)
{
    struct fixture *f = *state;
    struct statuspage_options options = statuspage_options_default();
    struct page_request read = request(PAGE_LIST);
    struct settings *s = f->settings, *more = make_settings(fake_http_port(f->http), "http");
    char second[] = "second";

    s->page = realloc(s->page, 2 * sizeof *s->page);
    assert_non_null(s->page);
    s->page[1] = more->page[0];
    s->n_pages = 2;
    more->n_pages = 0;
    settings_destroy(more);
    replace(&s->page[1].name, "second");
    replace(&s->page[1].page_id, "pg2");
    options.rate_limit = 2;
    options.rate_window_ms = 10000000;
    begin(f, &options);
    queue(f, "GET", "/pg1/incidents/unresolved", 200, "[]");
    queue(f, "GET", "/pg2/incidents/unresolved", 200, "[]");
    read.urgent = true;
    submit(f, &read);
    submit(f, &read);
    read.page = second;
    submit(f, &read);
    queue(f, "GET", "/pg1/incidents/unresolved", 200, "[]");
    await(f, 2);
    settle(f);
    assert_int_equal(fake_http_count(f->http), 2);
    f->ahead_ms += options.rate_window_ms + 1;
    await(f, 3);
    assert_string_equal(f->answer[2].page, "second");
    all_used(f);
}

static void retry_after_holds_back_background_only(void **state)
{
    struct fixture *f = *state;
    const struct fake_http_reply calm = {FAKE_ANSWER, 429, "Retry-After: 30\r\n", ""};
    struct page_request read = request(PAGE_LIST), urgent = request(PAGE_SUBSCRIBERS);

    read.urgent = false;
    fake_http_queue(f->http, "GET", "/incidents/unresolved", calm);
    submit(f, &read);
    await(f, 1);
    assert_int_equal(f->answer[0].retry_after_ms, 30000);
    f->ahead_ms -= PATIENCE_MS; /* a slow machine must not reach the end of the 30 s by itself */
    queue(f, "GET", "/subscribers/count", 200, "{\"email\":1}");
    submit(f, &read);
    submit(f, &urgent);
    await(f, 2);
    settle(f);
    assert_int_equal(f->answer[1].op, PAGE_SUBSCRIBERS);
    assert_int_equal(fake_http_count(f->http), 2);
    queue(f, "GET", "/incidents/unresolved", 200, "[]");
    f->ahead_ms += PATIENCE_MS + 30001;
    await(f, 3);
    all_used(f);
}

static void queue_has_an_end(void **state)
{
    struct fixture *f = *state;
    struct page_request read = request(PAGE_LIST);
    char nowhere[] = "nowhere";
    int i;

    read.page = nowhere;
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ENOENT);
    read = request(PAGE_LIST);
    read.urgent = false;
    for (i = 0; i < 128; i++)
        submit(f, &read);
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ELIMIT);
    read.urgent = true;
    for (i = 0; i < 128; i++)
        submit(f, &read);
    assert_int_equal(f->port.submit(f->port.ctx, &read), CRIER_ELIMIT);
}

static void sink_may_submit(void **state)
{
    struct fixture *f = *state;
    struct page_request r = request(PAGE_SUBSCRIBERS);

    f->resubmit = request(PAGE_LIST);
    queue(f, "GET", "/subscribers/count", 200, "{\"email\":1}");
    queue(f, "GET", "/incidents/unresolved", 200, "[]");
    submit(f, &r);
    await(f, 2);
    assert_int_equal(f->answer[1].op, PAGE_LIST);
    all_used(f);
}

static void destroy_ends_what_is_under_way(void **state)
{
    struct fixture *f = *state;
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct page_request r = request(PAGE_CREATE), read = request(PAGE_LIST);

    fake_http_queue(f->http, "POST", "/incidents", stall);
    submit(f, &r);
    await_requests(f, 1);
    submit(f, &read);
    statuspage_destroy(f->page);
    f->page = NULL;
    assert_int_equal(f->n_answers, 0);
}

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
    struct fixture *f = *state;
    struct page_request r = request(PAGE_LIST);
    char *one = many_incidents(0, 100), *two = many_incidents(90, 100),
         *rest = many_incidents(190, 5);

    queue(f, "GET", "/incidents/unresolved?page=1&per_page=100", 200, one);
    queue(f, "GET", "/incidents/unresolved?page=2&per_page=100", 200, two);
    queue(f, "GET", "/incidents/unresolved?page=3&per_page=100", 200, rest);
    submit(f, &r);
    await(f, 1);
    assert_answer(f, 0, PAGE_OK, "");
    /* 0 to 194 without the scheduled 1, 91 (known from page 1) and 191. */
    assert_int_equal(f->answer[0].n_incidents, 193);
    assert_string_equal(f->answer[0].first.title, "n0");
    all_used(f);

    /* A server that answers every page with the first one. */
    queue(f, "GET", "/incidents/unresolved?page=1", 200, one);
    queue(f, "GET", "/incidents/unresolved?page=2", 200, one);
    submit(f, &r);
    await(f, 2);
    assert_int_equal(f->answer[1].n_incidents, 99);
    all_used(f);

    r.recent = true;
    queue(f, "GET", "/incidents?limit=100&page=1", 200, one);
    submit(f, &r);
    await(f, 3);
    assert_int_equal(f->answer[2].n_incidents, 99);
    all_used(f);
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
    struct fixture *f = *state;
    struct page_request r = request(PAGE_LIST);
    size_t i;

    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        queue(f, "GET", "/incidents/unresolved", 200, bodies[i]);
        submit(f, &r);
        await(f, i + 1);
        assert_answer(f, i, PAGE_DOUBTFUL, "not one of the API");
        assert_int_equal(f->answer[i].n_incidents, 0);
    }
    queue(f, "GET", "/incidents/unresolved", 503, "");
    submit(f, &r);
    await(f, i + 1);
    assert_answer(f, i, PAGE_DOUBTFUL, "HTTP 503");
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
    struct fixture *f = *state;
    struct page_request r = request(PAGE_SUBSCRIBERS);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        queue(f, "GET", "/v1/pages/pg1/subscribers/count", 200, rows[i].body);
        submit(f, &r);
        await(f, i + 1);
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
        {200, "{\"id\":\"pg1\",\"name\":\"x\"}", COMPONENTS, PAGE_OK, ""},
        {401, "{\"error\":\"Could not authenticate\"}", NULL, PAGE_REFUSED,
         "the API key is not accepted (HTTP 401: Could not authenticate): put a valid one in place "
         "for page \"main\""},
        {404, "{\"error\":\"not found\"}", NULL, PAGE_REFUSED,
         "there is no page with the id pg1 for this key: correct \"id\" of page \"main\""},
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
    struct fixture *f = *state;
    struct page_request r = request(PAGE_CHECK);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forget_answers(f);
        queue(f, "GET", "/v1/pages/pg1", rows[i].page_status, rows[i].page_body);
        if (rows[i].components)
            queue(f, "GET", "/v1/pages/pg1/components", 200, rows[i].components);
        submit(f, &r);
        await(f, 1);
        assert_answer(f, 0, rows[i].result, rows[i].error);
        assert_int_equal(f->answer[0].have_components, rows[i].components != NULL);
        all_used(f);
        f->ahead_ms += 200000;
    }
    forget_answers(f);
    queue(f, "GET", "/v1/pages/pg1", 200, "{\"id\":\"pg1\"}");
    queue(f, "GET", "/v1/pages/pg1/components", 200, COMPONENTS);
    submit(f, &r);
    await(f, 1);
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
    struct fixture *f = *state;
    struct page_sink sink = {f, keep_answer};
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct statuspage *s = NULL;
        int r;

        replace(&f->settings->page[0].api_url, rows[i].url);
        replace(&f->settings->page[0].page_id, rows[i].id);
        f->settings->page[0].allow_plain_http = rows[i].allow_plain;
        r = statuspage_create(f->settings, f->net, &sink, &s);
        if (r != rows[i].wanted)
            fail_msg("%s: %d", rows[i].url, r);
        statuspage_destroy(s);
    }
    statuspage_destroy(NULL);
}

static void missing_key_is_refused(void **state)
{
    struct fixture *f = *state;
    struct page_sink sink = {f, keep_answer};
    struct statuspage *s = NULL;

    replace(&f->settings->page[0].key_env, "CRIER_TEST_NO_SUCH_KEY");
    assert_int_equal(statuspage_create(f->settings, f->net, &sink, &s), CRIER_ENOENT);
    assert_null(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
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
        TEST(dead_connection_never_repeats_a_write),
        TEST(connection_closed_while_idle_is_not_used),
        TEST(warm_connection_carries_the_write),
        TEST(connection_is_kept_warm_for_a_while),
        TEST(writes_of_one_incident_wait_for_each_other),
        TEST(background_waits_for_the_rate_limit_and_urgent_does_not),
        TEST(pages_with_one_key_share_its_limit),
        TEST(retry_after_holds_back_background_only),
        TEST(queue_has_an_end),
        TEST(sink_may_submit),
        TEST(destroy_ends_what_is_under_way),
        TEST(unresolved_are_read_to_the_end),
        TEST(unreadable_list_is_doubtful),
        TEST(subscribers_are_summed),
        TEST(check_says_what_is_wrong),
        TEST(bad_addresses_are_refused),
        TEST(missing_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
