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

void fake_page_finish(struct fake_page *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        page_request_finish(&f->request[i].req);
    for (i = 0; i < f->n_incidents; i++)
        page_incident_finish(&f->incident[i]);
    components_finish(&f->now);
    free(f->request);
    free(f->incident);
    free(f->script);
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

static struct page_incident *add_incident(struct fake_page *f)
{
    struct page_incident *i;
    char id[32], url[80];

    f->incident = array_grow(f->incident, &f->cap_incidents, f->n_incidents + 1,
                             sizeof *f->incident, ITEMS_MAX);
    assert(f->incident);
    i = &f->incident[f->n_incidents++];
    memset(i, 0, sizeof *i);
    (void)snprintf(id, sizeof id, "remote%zu", f->n_incidents);
    (void)snprintf(url, sizeof url, "https://status.example.org/incidents/%s", id);
    i->remote_id = copy(id);
    i->url = copy(url);
    i->created_wall_ms = f->wall_ms;
    return i;
}

static void replace(char **field, const char *text)
{
    free(*field);
    *field = copy(text);
}

/* @return the incident made or changed, or NULL when there is no such incident. */
static struct page_incident *apply(struct fake_page *f, const struct page_request *req)
{
    struct page_incident *i = req->op == PAGE_CREATE ? add_incident(f) : find(f, req->remote_id);
    size_t k;
    int r;

    if (!i)
        return NULL;
    i->updated_wall_ms = f->wall_ms;
    replace(&i->body, req->body);
    if (req->op == PAGE_CORRECT)
        return i;
    if (req->title[0])
        replace(&i->title, req->title);
    replace(&i->key_incident, req->key_incident);
    replace(&i->key_step, req->key_step);
    i->step = req->step;
    i->impact = req->impact;
    copy_components(&i->components, &req->components);
    for (k = 0; k < req->components.n; k++) {
        r = components_set(&f->now, req->components.item[k].name, req->components.item[k].status);
        assert(!r);
    }
    f->n_mails += req->notify;
    return i;
}

const char *fake_page_by_hand(struct fake_page *f, const char *title, enum step step,
                              enum impact impact)
{
    struct page_incident *i = add_incident(f);

    replace(&i->title, title);
    replace(&i->body, "Posted by hand.");
    replace(&i->key_incident, "");
    replace(&i->key_step, "");
    i->step = step;
    i->impact = impact;
    i->updated_wall_ms = f->wall_ms;
    return i->remote_id;
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
    char *page;

    assert(request < f->n && !f->request[request].answered);
    f->request[request].answered = true;
    /* The sink may submit, which moves the requests. */
    page = copy(f->request[request].req.page);
    a.op = f->request[request].req.op;
    a.page = page;
    a.outbox_id = f->request[request].req.outbox_id;
    f->sink.answer(f->sink.ctx, &a);
    free(page);
}

static void answer_write(struct fake_page *f, size_t request)
{
    struct fake_request *r = &f->request[request];
    enum fake_outcome outcome =
        f->next_script < f->n_script ? f->script[f->next_script++] : FAKE_APPLY;
    struct page_answer a = {.error = "", .subscribers = -1};

    switch (outcome) {
    case FAKE_APPLY:
        a.incident = apply(f, &r->req);
        a.n_incidents = a.incident ? 1 : 0;
        a.result = a.incident ? PAGE_OK : PAGE_REFUSED;
        a.http_status = a.incident ? (r->req.op == PAGE_CREATE ? 201 : 200) : 404;
        a.error = a.incident ? "" : "not found";
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

bool fake_page_answer(struct fake_page *f)
{
    struct page_answer read = {
        .result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};
    size_t i;

    for (i = 0; i < f->n && f->request[i].answered; i++)
        ;
    if (i == f->n)
        return false;
    if (f->read_fails) {
        read.result = PAGE_DOUBTFUL;
        read.http_status = 503;
        read.error = "service unavailable";
    }
    switch (f->request[i].req.op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_CORRECT:
        answer_write(f, i);
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
