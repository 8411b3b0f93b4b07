#include "fake_page.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { ITEMS_MAX = 1 << 20 };

static char *copy(const char *text)
{
    char *own = strdup(text ? text : "");

    assert(own);
    return own;
}

static void copy_components(struct components *dst, const struct components *src)
{
    size_t i;

    components_finish(dst);
    for (i = 0; i < src->n; i++) {
        int r = components_set(dst, src->item[i].name, src->item[i].status);

        assert(!r);
    }
}

void fake_page_init(struct fake_page *f)
{
    memset(f, 0, sizeof *f);
    f->subscribers = 12345;
    f->wall_ms = 1700000000000;
}

static void forget_public(struct fake_page *f)
{
    while (f->n_public)
        page_incident_finish(&f->public_incident[--f->n_public]);
    free(f->public_incident);
    f->public_incident = NULL;
    components_finish(&f->public_now);
}

void fake_page_finish(struct fake_page *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        page_request_finish(&f->request[i].req);
    for (i = 0; i < f->n_incidents; i++)
        page_incident_finish(&f->incident[i]);
    forget_public(f);
    components_finish(&f->now);
    free(f->request);
    free(f->incident);
    free(f->script);
    free(f->postmortem);
    memset(f, 0, sizeof *f);
}

static int port_submit(void *ctx, const struct page_request *req)
{
    struct fake_page *f = ctx;
    struct fake_request *r;

    assert(req->page);
    if (f->refuse)
        return f->refuse;
    f->request = array_grow(f->request, &f->cap, f->n + 1, sizeof *f->request, ITEMS_MAX);
    assert(f->request);
    r = &f->request[f->n++];
    memset(r, 0, sizeof *r);
    r->req = *req;
    r->req.page = copy(req->page);
    r->req.remote_id = copy(req->remote_id);
    r->req.key_incident = copy(req->key_incident);
    r->req.key_step = copy(req->key_step);
    r->req.title = copy(req->title);
    r->req.body = copy(req->body);
    components_init(&r->req.components);
    copy_components(&r->req.components, &req->components);
    r->answered = req->op == PAGE_WARM;
    return 0;
}

struct page_port fake_page_port(struct fake_page *f)
{
    struct page_port port = {.ctx = f, .submit = port_submit};

    return port;
}

void fake_page_script(struct fake_page *f, enum fake_outcome outcome)
{
    f->script =
        array_grow(f->script, &f->cap_script, f->n_script + 1, sizeof *f->script, ITEMS_MAX);
    assert(f->script);
    f->script[f->n_script++] = outcome;
}

/* ---- the page -------------------------------------------------------------------------------- */

static struct page_incident *find(const struct fake_page *f, const char *remote_id)
{
    size_t i;

    for (i = 0; i < f->n_incidents; i++)
        if (!strcmp(f->incident[i].remote_id, remote_id))
            return &f->incident[i];
    return NULL;
}

static void replace(char **field, const char *text)
{
    free(*field);
    *field = copy(text);
}

static struct page_incident *add_incident(struct fake_page *f)
{
    struct page_incident *i;
    char id[32], url[80];

    f->incident = array_grow(f->incident, &f->cap_incidents, f->n_incidents + 1,
                             sizeof *f->incident, ITEMS_MAX);
    assert(f->incident);
    i = &f->incident[f->n_incidents++];
    memset(i, 0, sizeof *i);
    (void)snprintf(id, sizeof id, "remote%zu", ++f->n_made);
    (void)snprintf(url, sizeof url, "https://status.example.org/incidents/%s", id);
    i->remote_id = copy(id);
    i->url = copy(url);
    i->title = copy("");
    i->key_incident = copy("");
    i->key_step = copy("");
    i->created_wall_ms = f->wall_ms;
    return i;
}

static void add_update(struct fake_page *f, struct page_incident *i, const char *body)
{
    char id[32];

    (void)snprintf(id, sizeof id, "update%zu", ++f->n_updates_made);
    replace(&i->last_update_id, id);
    replace(&i->body, body);
    i->n_updates++;
    i->updated_wall_ms = f->wall_ms;
}

static void set_component(struct components *c, const char *name, enum component_status status)
{
    int r = components_set(c, name, status);

    assert(!r);
}

static void remove_incident(struct fake_page *f, struct page_incident *i)
{
    size_t at = (size_t)(i - f->incident);

    page_incident_finish(i);
    f->n_incidents--;
    memmove(i, i + 1, (f->n_incidents - at) * sizeof *i);
}

/* @return the incident made or changed, or NULL when there is no such incident or none any more. */
static struct page_incident *apply(struct fake_page *f, const struct page_request *req)
{
    struct page_incident *i = req->op == PAGE_CREATE ? add_incident(f) : find(f, req->remote_id);
    size_t k;

    if (i && req->op == PAGE_DELETE) {
        remove_incident(f, i);
        return NULL;
    }
    if (!i)
        return NULL;
    if (req->op == PAGE_POSTMORTEM) {
        replace(&f->postmortem, req->body);
        return NULL;
    }
    if (req->op == PAGE_CORRECT) {
        replace(&i->body, req->body);
        i->updated_wall_ms = f->wall_ms;
        return i;
    }
    add_update(f, i, req->body);
    if (req->title[0])
        replace(&i->title, req->title);
    replace(&i->key_incident, req->key_incident);
    replace(&i->key_step, req->key_step);
    i->step = req->step;
    i->impact = req->impact;
    for (k = 0; k < req->components.n; k++) {
        set_component(&i->components, req->components.item[k].name, req->components.item[k].status);
        set_component(&f->now, req->components.item[k].name, req->components.item[k].status);
    }
    f->n_mails += req->notify;
    return i;
}

/* ---- hands on the page ----------------------------------------------------------------------- */

const char *fake_page_by_hand(struct fake_page *f, const char *title, enum step step,
                              enum impact impact)
{
    struct page_incident *i = add_incident(f);

    replace(&i->title, title);
    i->step = step;
    i->impact = impact;
    add_update(f, i, "Posted by hand.");
    return i->remote_id;
}

void fake_page_edit(struct fake_page *f, const char *remote_id, const char *title, const char *body)
{
    struct page_incident *i = find(f, remote_id);

    assert(i);
    if (title)
        replace(&i->title, title);
    if (body)
        replace(&i->body, body);
    i->updated_wall_ms = f->wall_ms;
}

void fake_page_post(struct fake_page *f, const char *remote_id, enum step step, const char *body)
{
    struct page_incident *i = find(f, remote_id);

    assert(i);
    i->step = step;
    add_update(f, i, body);
}

void fake_page_set_component(struct fake_page *f, const char *remote_id, const char *name,
                             enum component_status status)
{
    struct page_incident *i = remote_id ? find(f, remote_id) : NULL;

    assert(i || !remote_id);
    if (i)
        set_component(&i->components, name, status);
    set_component(&f->now, name, status);
}

void fake_page_remove(struct fake_page *f, const char *remote_id)
{
    struct page_incident *i = find(f, remote_id);

    assert(i);
    remove_incident(f, i);
}

size_t fake_page_apply_late(struct fake_page *f)
{
    size_t i, n = 0;

    for (i = 0; i < f->n; i++)
        if (f->request[i].late) {
            f->request[i].late = false;
            (void)apply(f, &f->request[i].req);
            n++;
        }
    return n;
}

/* ---- answers --------------------------------------------------------------------------------- */

void fake_page_answer_with(struct fake_page *f, size_t request, const struct page_answer *answer)
{
    struct page_answer a = *answer;
    char *page, *remote_id;

    assert(request < f->n && !f->request[request].answered);
    f->request[request].answered = true;
    /* The sink may submit, which moves the requests. */
    page = copy(f->request[request].req.page);
    remote_id = copy(f->request[request].req.remote_id);
    a.op = f->request[request].req.op;
    a.page = page;
    a.outbox_id = f->request[request].req.outbox_id;
    a.remote_id = remote_id;
    a.recent = f->request[request].req.recent;
    f->sink.answer(f->sink.ctx, &a);
    free(page);
    free(remote_id);
}

static void answer_applied(struct fake_page *f, const struct fake_request *r, struct page_answer *a)
{
    bool there = r->req.op == PAGE_CREATE || find(f, r->req.remote_id);

    a->incident = apply(f, &r->req);
    a->n_incidents = a->incident ? 1 : 0;
    a->http_status = !there ? 404 : r->req.op == PAGE_CREATE ? 201 : 200;
    a->result = there || r->req.op == PAGE_DELETE ? PAGE_OK : PAGE_REFUSED;
    a->error = a->result == PAGE_OK ? "" : "not found";
}

static void answer_write(struct fake_page *f, size_t request)
{
    struct fake_request *r = &f->request[request];
    enum fake_outcome outcome =
        f->next_script < f->n_script ? f->script[f->next_script++] : FAKE_APPLY;
    struct page_answer a = {.error = "", .subscribers = -1};

    switch (outcome) {
    case FAKE_APPLY_TWICE:
        if (r->req.op == PAGE_CREATE)
            (void)apply(f, &r->req);
        answer_applied(f, r, &a);
        break;
    case FAKE_APPLY:
        answer_applied(f, r, &a);
        break;
    case FAKE_UNSENT:
        a.result = PAGE_UNSENT;
        a.http_status = 429;
        a.retry_after_ms = f->retry_after_ms;
        a.error = "too many requests";
        break;
    case FAKE_REFUSE:
        a.result = PAGE_REFUSED;
        a.http_status = 422;
        a.error = "name can't be blank";
        break;
    case FAKE_DOUBT_APPLIED:
        (void)apply(f, &r->req);
        a.result = PAGE_DOUBTFUL;
        a.error = "no answer in time";
        break;
    case FAKE_DOUBT_APPLY_LATER:
        r->late = true;
        a.result = PAGE_DOUBTFUL;
        a.error = "no answer in time";
        break;
    case FAKE_DOUBT_LOST:
        a.result = PAGE_DOUBTFUL;
        a.error = "connection reset";
        break;
    }
    fake_page_answer_with(f, request, &a);
}

/* Newest first, as the page lists them. */
static void answer_list(struct fake_page *f, size_t request)
{
    struct page_answer a = {.result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};
    struct page_incident *list = calloc(f->n_incidents + 1, sizeof *list);
    bool recent = f->request[request].req.recent;
    size_t i;

    assert(list);
    for (i = f->n_incidents; i-- > 0;)
        if (recent || f->incident[i].step != STEP_RESOLVED)
            list[a.n_incidents++] = f->incident[i]; /* borrows the strings */
    a.incident = list;
    fake_page_answer_with(f, request, &a);
    free(list);
}

static void answer_get(struct fake_page *f, size_t request)
{
    struct page_answer a = {.result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};

    a.incident = find(f, f->request[request].req.remote_id);
    a.n_incidents = a.incident ? 1 : 0;
    if (!a.incident) {
        a.result = PAGE_REFUSED;
        a.http_status = 404;
        a.error = "not found";
    }
    fake_page_answer_with(f, request, &a);
}

/* What readers see is brought up to the present. */
static void publish(struct fake_page *f)
{
    size_t i;

    forget_public(f);
    f->public_incident = calloc(f->n_incidents + 1, sizeof *f->public_incident);
    assert(f->public_incident);
    for (i = 0; i < f->n_incidents; i++) {
        const struct page_incident *src = &f->incident[i];
        struct page_incident *dst = &f->public_incident[f->n_public++];

        *dst = *src;
        components_init(&dst->components);
        copy_components(&dst->components, &src->components);
        dst->remote_id = copy(src->remote_id);
        dst->title = copy(src->title);
        dst->url = copy(src->url);
        dst->body = copy(src->body);
        dst->key_incident = copy("");
        dst->key_step = copy("");
        dst->last_update_id = copy(src->last_update_id);
    }
    copy_components(&f->public_now, &f->now);
}

/* As answer_list(), of what readers see. */
static void answer_public(struct fake_page *f, size_t request)
{
    enum { RECENT_MAX = 50 };
    struct page_answer a = {.result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};
    struct page_incident *list;
    bool recent = f->request[request].req.recent;
    size_t i;

    if (!f->public_lag)
        publish(f);
    else if (f->public_lag > 0)
        f->public_lag--;
    list = calloc(f->n_public + 1, sizeof *list);
    assert(list);
    for (i = f->n_public; i-- > 0;)
        if (f->public_incident[i].step != STEP_RESOLVED ||
            (recent && f->n_public - i <= RECENT_MAX))
            list[a.n_incidents++] = f->public_incident[i]; /* borrows the strings */
    a.incident = list;
    a.now_components = &f->public_now;
    fake_page_answer_with(f, request, &a);
    free(list);
}

bool fake_page_answer(struct fake_page *f)
{
    struct page_answer read = {
        .result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};
    size_t i;

    for (i = 0; i < f->n && f->request[i].answered; i++)
        ;
    if (i == f->n)
        return false;
    if (f->request[i].req.op == PAGE_PUBLIC ? f->public_fails : f->read_fails) {
        read.result = PAGE_DOUBTFUL;
        read.http_status = 503;
        read.error = "service unavailable";
    }
    switch (f->request[i].req.op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_CORRECT:
    case PAGE_DELETE:
    case PAGE_POSTMORTEM:
        answer_write(f, i);
        break;
    case PAGE_GET:
        if (f->read_fails)
            fake_page_answer_with(f, i, &read);
        else
            answer_get(f, i);
        break;
    case PAGE_PUBLIC:
        if (f->public_fails)
            fake_page_answer_with(f, i, &read);
        else
            answer_public(f, i);
        break;
    case PAGE_LIST:
        if (f->read_fails)
            fake_page_answer_with(f, i, &read);
        else
            answer_list(f, i);
        break;
    case PAGE_SUBSCRIBERS:
        if (!f->read_fails)
            read.subscribers = f->subscribers;
        fake_page_answer_with(f, i, &read);
        break;
    case PAGE_CHECK:
        if (!f->read_fails)
            read.now_components = &f->now;
        fake_page_answer_with(f, i, &read);
        break;
    case PAGE_WARM:
        break;
    }
    return true;
}

size_t fake_page_answer_all(struct fake_page *f)
{
    size_t n = 0;

    while (fake_page_answer(f))
        n++;
    return n;
}

size_t fake_page_count(const struct fake_page *f, enum page_op op)
{
    size_t i, n = 0;

    for (i = 0; i < f->n; i++)
        n += f->request[i].req.op == op;
    return n;
}

const struct page_request *fake_page_last(const struct fake_page *f, enum page_op op)
{
    size_t i;

    for (i = f->n; i-- > 0;)
        if (f->request[i].req.op == op)
            return &f->request[i].req;
    return NULL;
}

const struct page_incident *fake_page_find(const struct fake_page *f, const char *remote_id)
{
    return find(f, remote_id);
}
