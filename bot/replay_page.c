#include "replay_page.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum {
    REQUESTS_MAX = 1 << 16,
    POSTED_MAX = 1 << 20,
    KEPT = 100 /* of those that are over, as the real page lists them */
};

struct posted {
    struct page_incident i;
    size_t page; /* index in settings */
};

struct replay_page {
    struct replay_page_options options;
    struct page_request *request; /* that wait, oldest first; strings owned */
    size_t n_requests, cap_requests;
    struct posted *posted; /* oldest first */
    size_t n_posted, cap_posted;
    struct components *now; /* of each page */
    long long n_made, n_updates;
};

static int copy_components(struct components *dst, const struct components *src)
{
    size_t i;
    int r = 0;

    for (i = 0; i < src->n && !r; i++)
        r = components_set(dst, src->item[i].name, src->item[i].status);
    return r;
}

static int start_operational(struct replay_page *p)
{
    const struct settings *s = p->options.settings;
    size_t i;
    int r = 0;

    for (i = 0; i < s->n_components && !r; i++)
        r = components_set(&p->now[s->component[i].page_index], s->component[i].name,
                           COMPONENT_OPERATIONAL);
    return r == CRIER_ENOMEM ? r : 0; /* more than there is room for are of no use here */
}

int replay_page_create(const struct replay_page_options *options, struct replay_page **ret)
{
    struct replay_page *p = calloc(1, sizeof *p);

    if (!p)
        return CRIER_ENOMEM;
    p->options = *options;
    p->now = calloc(options->settings->n_pages + 1, sizeof *p->now);
    if (!p->now || start_operational(p)) {
        replay_page_destroy(p);
        return CRIER_ENOMEM;
    }
    *ret = p;
    return 0;
}

void replay_page_destroy(struct replay_page *p)
{
    size_t i;

    if (!p)
        return;
    for (i = 0; i < p->n_requests; i++)
        page_request_finish(&p->request[i]);
    for (i = 0; i < p->n_posted; i++)
        page_incident_finish(&p->posted[i].i);
    for (i = 0; p->now && i < p->options.settings->n_pages; i++)
        components_finish(&p->now[i]);
    free(p->request);
    free(p->posted);
    free(p->now);
    free(p);
}

/* ---- taking requests ------------------------------------------------------------------------- */

static int copy_request(struct page_request *dst, const struct page_request *src)
{
    const char *const from[] = {src->page,     src->remote_id, src->key_incident,
                                src->key_step, src->title,     src->body};
    char **const to[] = {&dst->page,     &dst->remote_id, &dst->key_incident,
                         &dst->key_step, &dst->title,     &dst->body};
    size_t i;

    *dst = *src;
    for (i = 0; i < sizeof to / sizeof to[0]; i++)
        *to[i] = NULL;
    memset(&dst->components, 0, sizeof dst->components);
    for (i = 0; i < sizeof to / sizeof to[0]; i++) {
        *to[i] = strdup(from[i] ? from[i] : "");
        if (!*to[i])
            return CRIER_ENOMEM;
    }
    return copy_components(&dst->components, &src->components);
}

static int submit(void *ctx, const struct page_request *req)
{
    struct replay_page *p = ctx;
    struct page_request *all;
    int r;

    if (settings_find_page(p->options.settings, req->page) < 0)
        return CRIER_ENOENT;
    if (req->op == PAGE_WARM)
        return 0;
    if (p->n_requests == REQUESTS_MAX)
        return CRIER_ELIMIT;
    all = array_grow(p->request, &p->cap_requests, p->n_requests + 1, sizeof *all, REQUESTS_MAX);
    if (!all)
        return CRIER_ENOMEM;
    p->request = all;
    r = copy_request(&all[p->n_requests], req);
    if (r)
        page_request_finish(&all[p->n_requests]);
    else
        p->n_requests++;
    return r;
}

struct page_port replay_page_port(struct replay_page *p)
{
    struct page_port port = {.ctx = p, .submit = submit};

    return port;
}

/* ---- the page -------------------------------------------------------------------------------- */

static struct posted *find(const struct replay_page *p, const char *remote_id)
{
    size_t i;

    for (i = 0; i < p->n_posted; i++)
        if (!strcmp(p->posted[i].i.remote_id, remote_id))
            return &p->posted[i];
    return NULL;
}

static void remove_posted(struct replay_page *p, struct posted *x)
{
    size_t at = (size_t)(x - p->posted);

    page_incident_finish(&x->i);
    p->n_posted--;
    memmove(x, x + 1, (p->n_posted - at) * sizeof *x);
}

/* A year of incidents takes no more memory than a day of them. */
static void forget_old(struct replay_page *p)
{
    size_t i, over = 0;

    for (i = 0; i < p->n_posted; i++)
        over += p->posted[i].i.step == STEP_RESOLVED;
    for (i = 0; i < p->n_posted && over > KEPT;) {
        if (p->posted[i].i.step == STEP_RESOLVED) {
            remove_posted(p, &p->posted[i]);
            over--;
        } else {
            i++;
        }
    }
}

static int replace(char **field, char *text)
{
    if (!text)
        return CRIER_ENOMEM;
    free(*field);
    *field = text;
    return 0;
}

static struct posted *add_posted(struct replay_page *p, size_t page, int64_t wall_ms)
{
    const char *public_url = p->options.settings->page[page].public_url;
    struct posted *x =
        array_grow(p->posted, &p->cap_posted, p->n_posted + 1, sizeof *x, POSTED_MAX);

    if (!x)
        return NULL;
    p->posted = x;
    x += p->n_posted;
    memset(x, 0, sizeof *x);
    x->page = page;
    x->i.created_wall_ms = wall_ms;
    x->i.remote_id = buf_printf("replay%lld", ++p->n_made);
    x->i.url = buf_printf("%s/incidents/replay%lld", public_url ? public_url : "", p->n_made);
    x->i.title = strdup("");
    x->i.body = strdup("");
    x->i.key_incident = strdup("");
    x->i.key_step = strdup("");
    x->i.last_update_id = strdup("");
    if (!x->i.remote_id || !x->i.url || !x->i.title || !x->i.body || !x->i.key_incident ||
        !x->i.key_step || !x->i.last_update_id) {
        page_incident_finish(&x->i);
        return NULL;
    }
    p->n_posted++;
    return x;
}

/* A create or an update. */
static int post(struct replay_page *p, struct posted *x, const struct page_request *req,
                int64_t wall_ms)
{
    if (replace(&x->i.last_update_id, buf_printf("update%lld", ++p->n_updates)) ||
        replace(&x->i.body, strdup(req->body)) ||
        (req->title[0] && replace(&x->i.title, strdup(req->title))) ||
        replace(&x->i.key_incident, strdup(req->key_incident)) ||
        replace(&x->i.key_step, strdup(req->key_step)) ||
        copy_components(&x->i.components, &req->components) == CRIER_ENOMEM ||
        copy_components(&p->now[x->page], &req->components) == CRIER_ENOMEM)
        return CRIER_ENOMEM;
    x->i.n_updates++;
    x->i.updated_wall_ms = wall_ms;
    x->i.step = req->step;
    x->i.impact = req->impact;
    return 0;
}

static void send(struct replay_page *p, const struct page_request *req, struct page_answer *a)
{
    a->op = req->op;
    a->page = req->page;
    a->outbox_id = req->outbox_id;
    a->remote_id = req->remote_id;
    a->recent = req->recent;
    p->options.sink.answer(p->options.sink.ctx, a);
}

static int answer_write(struct replay_page *p, const struct page_request *req, size_t page,
                        int64_t wall_ms, struct page_answer *a)
{
    struct posted *x = req->op == PAGE_CREATE ? NULL : find(p, req->remote_id);
    int r = 0;

    if (req->op == PAGE_CREATE) {
        forget_old(p);
        x = add_posted(p, page, wall_ms);
        if (!x)
            return CRIER_ENOMEM;
    }
    if (!x) {
        a->result = req->op == PAGE_DELETE ? PAGE_OK : PAGE_REFUSED;
        a->http_status = 404;
        a->error = a->result == PAGE_OK ? "" : "not found";
    } else if (req->op == PAGE_DELETE) {
        remove_posted(p, x);
    } else {
        if (req->op == PAGE_CORRECT)
            r = replace(&x->i.body, strdup(req->body));
        else
            r = post(p, x, req, wall_ms);
        a->incident = &x->i;
        a->n_incidents = 1;
        if (!r && p->options.published)
            p->options.published(p->options.ctx, req);
    }
    if (!r)
        send(p, req, a);
    return r;
}

/* Newest first. What readers see names no key. */
static int answer_list(struct replay_page *p, const struct page_request *req, size_t page,
                       struct page_answer *a)
{
    struct page_incident *list = calloc(p->n_posted + 1, sizeof *list);
    char none[] = "";
    size_t i;

    if (!list)
        return CRIER_ENOMEM;
    for (i = p->n_posted; i-- > 0;) {
        struct page_incident *one = &list[a->n_incidents];

        if (p->posted[i].page != page || (!req->recent && p->posted[i].i.step == STEP_RESOLVED))
            continue;
        *one = p->posted[i].i; /* borrows the strings */
        if (req->op == PAGE_PUBLIC)
            one->key_incident = one->key_step = none;
        a->n_incidents++;
    }
    a->incident = list;
    if (req->op == PAGE_PUBLIC)
        a->now_components = &p->now[page];
    send(p, req, a);
    free(list);
    return 0;
}

static void answer_get(struct replay_page *p, const struct page_request *req, struct page_answer *a)
{
    const struct posted *x = find(p, req->remote_id);

    if (x) {
        a->incident = &x->i;
        a->n_incidents = 1;
    } else {
        a->result = PAGE_REFUSED;
        a->http_status = 404;
        a->error = "not found";
    }
    send(p, req, a);
}

static int answer(struct replay_page *p, const struct page_request *req, int64_t wall_ms)
{
    struct page_answer a = {.result = PAGE_OK, .http_status = 200, .error = "", .subscribers = -1};
    int page = settings_find_page(p->options.settings, req->page);

    if (page < 0)
        return 0; /* submit() took none such */
    switch (req->op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_CORRECT:
    case PAGE_DELETE:
        return answer_write(p, req, (size_t)page, wall_ms, &a);
    case PAGE_LIST:
    case PAGE_PUBLIC:
        return answer_list(p, req, (size_t)page, &a);
    case PAGE_GET:
        answer_get(p, req, &a);
        return 0;
    case PAGE_CHECK:
        a.now_components = &p->now[page];
        send(p, req, &a);
        return 0;
    case PAGE_SUBSCRIBERS:
    case PAGE_POSTMORTEM:
        send(p, req, &a);
        return 0;
    case PAGE_WARM:
        return 0;
    }
    return 0;
}

int replay_page_answer(struct replay_page *p, int64_t wall_ms, size_t *ret_n)
{
    int r = 0;

    *ret_n = 0;
    while (p->n_requests && !r) {
        struct page_request req = p->request[0]; /* the sink may submit, which moves them */

        p->n_requests--;
        memmove(p->request, p->request + 1, p->n_requests * sizeof *p->request);
        r = answer(p, &req, wall_ms);
        page_request_finish(&req);
        (*ret_n)++;
    }
    return r;
}
