/* The client of the API against the sandbox, over real HTTP: what the one sends the other takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "httpd.h"
#include "sandbox.h"
#include "statuspage.h"

enum { PATIENCE_MS = 60000 };

struct fixture {
    struct net *net;
    struct sandbox *sandbox;
    struct httpd *httpd;
    struct settings *settings;
    struct statuspage *page;
    struct page_port port;
    struct wait_port wait;
    struct source_port source[3];
    struct pollset set;
    /* The last answer. */
    size_t n_answers;
    enum page_result result;
    int http_status;
    int64_t retry_after_ms;
    int64_t subscribers;
    char error[600];
    size_t n_incidents;
    int64_t n_updates;
    char last_update_id[80];
    char remote_id[80], title[300], body[600], key_incident[80], key_step[80];
    enum step step;
    enum impact impact;
    struct components components; /* of the incident, or of the page */
};

static void keep_answer(void *ctx, const struct page_answer *a)
{
    struct fixture *f = ctx;
    const struct components *c = a->now_components;
    size_t i;

    f->n_answers++;
    f->result = a->result;
    f->http_status = a->http_status;
    f->retry_after_ms = a->retry_after_ms;
    f->subscribers = a->subscribers;
    f->n_incidents = a->n_incidents;
    (void)snprintf(f->error, sizeof f->error, "%s", a->error);
    components_finish(&f->components);
    components_init(&f->components);
    if (a->incident) {
        (void)snprintf(f->remote_id, sizeof f->remote_id, "%s", a->incident->remote_id);
        (void)snprintf(f->title, sizeof f->title, "%s", a->incident->title);
        (void)snprintf(f->body, sizeof f->body, "%s", a->incident->body);
        (void)snprintf(f->key_incident, sizeof f->key_incident, "%s", a->incident->key_incident);
        (void)snprintf(f->key_step, sizeof f->key_step, "%s", a->incident->key_step);
        (void)snprintf(f->last_update_id, sizeof f->last_update_id, "%s",
                       a->incident->last_update_id);
        f->n_updates = a->incident->n_updates;
        f->step = a->incident->step;
        f->impact = a->incident->impact;
        c = a->now_components ? a->now_components : &a->incident->components;
    }
    for (i = 0; c && i < c->n; i++)
        assert_int_equal(components_set(&f->components, c->item[i].name, c->item[i].status), 0);
}

static char *must_copy(const char *s)
{
    char *copy = strdup(s);

    assert_non_null(copy);
    return copy;
}

static void open_page(struct fixture *f)
{
    struct page_sink sink = {f, keep_answer};

    statuspage_destroy(f->page);
    assert_int_equal(statuspage_create(f->settings, f->net, &sink, &f->page), 0);
    f->port = statuspage_port(f->page);
    f->source[1] = statuspage_source_port(f->page);
}

static void open_sandbox(struct fixture *f, int64_t rate_limit)
{
    struct sandbox_options options;
    struct httpd_options http;

    memset(&options, 0, sizeof options);
    options.page_id = "testpage0001";
    options.key = "key-of-the-sandbox-1";
    options.components = "Reading,Editing";
    options.rate_limit = rate_limit;
    assert_int_equal(sandbox_create(&options, &f->sandbox), 0);
    memset(&http, 0, sizeof http);
    http.handler = sandbox_handle;
    http.ctx = f->sandbox;
    assert_int_equal(httpd_create(&http, &f->httpd), 0);
    f->source[2] = httpd_source_port(f->httpd);
}

static int set_up_with(void **state, int64_t rate_limit)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct page_settings *p;

    assert_non_null(f);
    assert_int_equal(net_create(&f->net), 0);
    open_sandbox(f, rate_limit);
    f->settings = settings_create();
    assert_non_null(f->settings);
    p = f->settings->page = calloc(1, sizeof *p);
    f->settings->component = calloc(1, sizeof *f->settings->component);
    assert_non_null(p);
    assert_non_null(f->settings->component);
    f->settings->n_pages = f->settings->n_components = 1;
    p->name = must_copy("main");
    p->page_id = must_copy("testpage0001");
    p->api_url = buf_printf("http://127.0.0.1:%u", (unsigned)httpd_port(f->httpd));
    p->public_url = must_copy(p->api_url);
    p->key_env = must_copy("CRIER_TEST_SANDBOX_KEY");
    p->allow_plain_http = true;
    f->settings->component[0].name = must_copy("Editing");
    assert_int_equal(setenv("CRIER_TEST_SANDBOX_KEY", "key-of-the-sandbox-1", 1), 0);
    f->wait = net_wait_port(f->net);
    f->source[0] = net_source_port(f->net);
    pollset_init(&f->set);
    open_page(f);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 0);
}

static int set_up_narrow(void **state)
{
    return set_up_with(state, 2);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    components_finish(&f->components);
    statuspage_destroy(f->page);
    settings_destroy(f->settings);
    httpd_destroy(f->httpd);
    sandbox_destroy(f->sandbox);
    pollset_finish(&f->set);
    net_destroy(f->net);
    free(f);
    return 0;
}

static struct page_request request(const struct fixture *f, enum page_op op)
{
    static char page[] = "main", none[] = "", key[] = "inst-7";
    struct page_request r;

    memset(&r, 0, sizeof r);
    components_init(&r.components);
    r.op = op;
    r.page = page;
    r.urgent = true;
    r.remote_id = must_copy(op == PAGE_UPDATE || op == PAGE_CORRECT || op == PAGE_GET ||
                                    op == PAGE_DELETE || op == PAGE_POSTMORTEM
                                ? f->remote_id
                                : none);
    r.key_incident = key;
    r.key_step = none;
    r.title = none;
    r.body = none;
    r.impact = IMPACT_MAJOR;
    return r;
}

/* Sends one request and waits for its answer. */
static void ask(struct fixture *f, struct page_request *r)
{
    int64_t until = f->wait.now(f->wait.ctx).boot_ms + PATIENCE_MS;
    size_t before = f->n_answers, i;

    assert_int_equal(f->port.submit(f->port.ctx, r), 0);
    components_finish(&r->components);
    free(r->remote_id);
    while (f->n_answers == before && f->wait.now(f->wait.ctx).boot_ms < until) {
        pollset_clear(&f->set);
        for (i = 0; i < 3; i++)
            f->source[i].collect(f->source[i].ctx, &f->set);
        pollset_deadline(&f->set, f->wait.now(f->wait.ctx).boot_ms + 100);
        assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
        for (i = 0; i < 3; i++)
            f->source[i].dispatch(f->source[i].ctx, &f->set, f->wait.now(f->wait.ctx));
    }
    assert_int_equal(f->n_answers, before + 1);
}

static void must_be_fine(const struct fixture *f)
{
    if (f->result != PAGE_OK)
        fail_msg("%s", f->error);
    assert_string_equal(f->error, "");
}

static void list(struct fixture *f, bool recent)
{
    struct page_request r = request(f, PAGE_LIST);

    r.recent = recent;
    ask(f, &r);
    must_be_fine(f);
}

static enum component_status status_of(struct fixture *f, const char *name)
{
    struct page_request r = request(f, PAGE_CHECK);

    ask(f, &r);
    must_be_fine(f);
    assert_non_null(components_find(&f->components, name));
    return components_find(&f->components, name)->status;
}

static void whole_life_of_an_incident(void **state)
{
    static char title[] = "Errors for “logged-in” users", opened[] = "We are looking into it.";
    static char found[] = "The cause is known.", better[] = "The cause is known: a deploy.";
    static char over[] = "It is over.", one[] = "1", two[] = "2", three[] = "3";
    struct fixture *f = *state;
    struct page_request r;

    assert_int_equal(status_of(f, "Editing"), COMPONENT_OPERATIONAL);
    r = request(f, PAGE_SUBSCRIBERS);
    ask(f, &r);
    must_be_fine(f);
    assert_true(f->subscribers >= 12345);
    list(f, false);
    assert_int_equal(f->n_incidents, 0);

    r = request(f, PAGE_CREATE);
    r.title = title;
    r.body = opened;
    r.key_step = one;
    r.notify = true;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_PARTIAL_OUTAGE), 0);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->http_status, 201);
    assert_int_equal(status_of(f, "Editing"), COMPONENT_PARTIAL_OUTAGE);
    assert_int_equal(status_of(f, "Reading"), COMPONENT_OPERATIONAL);
    list(f, false);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->title, title);
    assert_string_equal(f->body, opened);
    assert_string_equal(f->key_incident, "inst-7");
    assert_string_equal(f->key_step, "1");
    assert_int_equal(f->step, STEP_INVESTIGATING);
    assert_int_equal(f->impact, IMPACT_MAJOR);

    r = request(f, PAGE_UPDATE);
    r.step = STEP_IDENTIFIED;
    r.body = found;
    r.key_step = two;
    ask(f, &r);
    must_be_fine(f);
    assert_string_equal(f->title, title);
    assert_string_equal(f->body, found);
    assert_string_equal(f->key_step, "2");

    r = request(f, PAGE_CORRECT);
    r.body = better;
    ask(f, &r);
    must_be_fine(f);
    list(f, true);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->body, better);
    assert_int_equal(f->step, STEP_IDENTIFIED);
    assert_string_equal(f->key_step, "2");

    r = request(f, PAGE_UPDATE);
    r.step = STEP_RESOLVED;
    r.body = over;
    r.key_step = three;
    assert_int_equal(components_set(&r.components, "Editing", COMPONENT_OPERATIONAL), 0);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(status_of(f, "Editing"), COMPONENT_OPERATIONAL);
    list(f, false);
    assert_int_equal(f->n_incidents, 0);
    list(f, true);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->key_step, "3");
    assert_int_equal(f->step, STEP_RESOLVED);
}

static void create(struct fixture *f, const char *step, enum component_status editing)
{
    static char title[] = "Errors", body[] = "We look.";
    struct page_request r = request(f, PAGE_CREATE);
    char own[16];

    (void)snprintf(own, sizeof own, "%s", step);
    r.title = title;
    r.body = body;
    r.key_step = own;
    assert_int_equal(components_set(&r.components, "Editing", editing), 0);
    ask(f, &r);
    must_be_fine(f);
}

/* Once more is no matter: the draft is replaced. Readers see nothing of it. */
static void draft_of_a_postmortem(void **state)
{
    static char draft[] = "## What happened\n\n\"Errors\" <b>", gone[] = "abcdef123456";
    struct fixture *f = *state;
    struct page_request r;
    int i;

    create(f, "1", COMPONENT_PARTIAL_OUTAGE);
    list(f, false);
    for (i = 0; i < 2; i++) {
        r = request(f, PAGE_POSTMORTEM);
        r.body = draft;
        ask(f, &r);
        must_be_fine(f);
        assert_int_equal(f->http_status, 200);
    }
    list(f, false);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->body, "We look.");
    assert_int_equal(f->n_updates, 1);
    r = request(f, PAGE_POSTMORTEM);
    free(r.remote_id);
    r.remote_id = must_copy(gone);
    r.body = draft;
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_int_equal(f->http_status, 404);
}

static void twin_is_taken_away(void **state)
{
    struct fixture *f = *state;
    struct page_request r;
    char elder[80];

    create(f, "1", COMPONENT_PARTIAL_OUTAGE);
    (void)snprintf(elder, sizeof elder, "%s", f->remote_id);
    create(f, "1", COMPONENT_PARTIAL_OUTAGE);
    assert_string_not_equal(f->remote_id, elder);
    list(f, true);
    assert_int_equal(f->n_incidents, 2);
    r = request(f, PAGE_DELETE);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->http_status, 200);
    r = request(f, PAGE_DELETE);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->http_status, 404);
    r = request(f, PAGE_GET);
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_int_equal(f->http_status, 404);
    list(f, true);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->remote_id, elder);
}

static void public_sees_what_was_published(void **state)
{
    static char over[] = "It is over.";
    struct fixture *f = *state;
    struct page_request r;
    char id[80];

    r = request(f, PAGE_PUBLIC);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->n_incidents, 0);
    assert_int_equal(components_find(&f->components, "Editing")->status, COMPONENT_OPERATIONAL);
    create(f, "1", COMPONENT_PARTIAL_OUTAGE);
    (void)snprintf(id, sizeof id, "%s", f->remote_id);
    r = request(f, PAGE_PUBLIC);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->n_incidents, 1);
    assert_string_equal(f->remote_id, id);
    assert_string_equal(f->title, "Errors");
    assert_string_equal(f->body, "We look.");
    assert_string_equal(f->key_incident, "");
    assert_int_equal(f->step, STEP_INVESTIGATING);
    assert_int_equal(f->impact, IMPACT_MAJOR);
    assert_int_equal(f->components.n, 2);
    assert_int_equal(components_find(&f->components, "Editing")->status, COMPONENT_PARTIAL_OUTAGE);

    r = request(f, PAGE_UPDATE);
    r.step = STEP_RESOLVED;
    r.body = over;
    ask(f, &r);
    must_be_fine(f);
    r = request(f, PAGE_PUBLIC);
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->n_incidents, 0);
    r = request(f, PAGE_PUBLIC);
    r.recent = true;
    ask(f, &r);
    must_be_fine(f);
    assert_int_equal(f->n_incidents, 1);
    assert_int_equal(f->step, STEP_RESOLVED);
    assert_string_equal(f->body, "It is over.");
}

/* What the public reads is not the key's business: neither its limit nor its validity. */
static void public_reading_is_free(void **state)
{
    struct fixture *f = *state;
    struct page_request r;
    int i;

    for (i = 0; i < 3; i++) {
        r = request(f, PAGE_PUBLIC);
        ask(f, &r);
        must_be_fine(f);
    }
    list(f, false);
    list(f, false);
}

static void another_pages_public_address_is_told(void **state)
{
    struct fixture *f = *state;
    struct page_request r;

    free(f->settings->page[0].page_id);
    f->settings->page[0].page_id = must_copy("nosuchpage");
    open_page(f);
    r = request(f, PAGE_PUBLIC);
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_non_null(strstr(f->error, "is not the page with the id nosuchpage"));
}

/* Two incidents about one component: each keeps its own claim. */
static void claims_of_two_incidents(void **state)
{
    static char body[] = "Still looking.";
    struct fixture *f = *state;
    struct page_request r;
    char first[80], update[80];

    create(f, "1", COMPONENT_PARTIAL_OUTAGE);
    (void)snprintf(first, sizeof first, "%s", f->remote_id);
    (void)snprintf(update, sizeof update, "%s", f->last_update_id);
    assert_int_equal(f->n_updates, 1);
    create(f, "1", COMPONENT_MAJOR_OUTAGE);
    (void)snprintf(f->remote_id, sizeof f->remote_id, "%s", first);
    r = request(f, PAGE_UPDATE);
    r.step = STEP_IDENTIFIED;
    r.body = body;
    ask(f, &r);
    must_be_fine(f);
    r = request(f, PAGE_GET);
    ask(f, &r);
    must_be_fine(f);
    assert_string_equal(f->remote_id, first);
    assert_int_equal(f->n_updates, 2);
    assert_string_not_equal(f->last_update_id, update);
    assert_int_equal(components_find(&f->components, "Editing")->status, COMPONENT_PARTIAL_OUTAGE);
    assert_int_equal(status_of(f, "Editing"), COMPONENT_MAJOR_OUTAGE);
}

static void wrong_key_is_told(void **state)
{
    struct fixture *f = *state;
    struct page_request r;

    assert_int_equal(setenv("CRIER_TEST_SANDBOX_KEY", "another-key-entirely", 1), 0);
    open_page(f);
    r = request(f, PAGE_CHECK);
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_int_equal(f->http_status, 401);
    assert_non_null(strstr(f->error, "the API key is not accepted"));
    assert_null(strstr(f->error, "another-key-entirely"));
}

static void wrong_names_are_told(void **state)
{
    struct fixture *f = *state;
    struct page_request r;

    free(f->settings->component[0].name);
    f->settings->component[0].name = must_copy("Edition");
    open_page(f);
    r = request(f, PAGE_CHECK);
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_non_null(strstr(f->error, "no component \"Edition\"; it has \"Reading\", \"Editing\""));
    free(f->settings->page[0].page_id);
    f->settings->page[0].page_id = must_copy("nosuchpage");
    open_page(f);
    r = request(f, PAGE_CHECK);
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_non_null(strstr(f->error, "nosuchpage"));
}

static void update_of_nothing_is_refused(void **state)
{
    static char body[] = "x", nowhere[] = "abc123def456";
    struct fixture *f = *state;
    struct page_request r = request(f, PAGE_UPDATE);

    free(r.remote_id);
    r.remote_id = must_copy(nowhere);
    r.body = body;
    ask(f, &r);
    assert_int_equal(f->result, PAGE_REFUSED);
    assert_int_equal(f->http_status, 404);
}

static void servers_own_limit_is_unsent(void **state)
{
    static char title[] = "t", body[] = "b";
    struct fixture *f = *state;
    struct page_request r;

    list(f, false);
    list(f, false);
    r = request(f, PAGE_CREATE);
    r.title = title;
    r.body = body;
    ask(f, &r);
    assert_int_equal(f->result, PAGE_UNSENT);
    assert_true(f->http_status == 420 || f->http_status == 429);
    assert_true(f->retry_after_ms >= 1000);
    assert_true(f->retry_after_ms <= 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_life_of_an_incident, set_up, tear_down),
        cmocka_unit_test_setup_teardown(draft_of_a_postmortem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twin_is_taken_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(public_sees_what_was_published, set_up, tear_down),
        cmocka_unit_test_setup_teardown(public_reading_is_free, set_up_narrow, tear_down),
        cmocka_unit_test_setup_teardown(another_pages_public_address_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(claims_of_two_incidents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_key_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_names_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(update_of_nothing_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(servers_own_limit_is_unsent, set_up_narrow, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
