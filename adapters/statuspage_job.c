#include "statuspage_job.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "statuspage_read.h"
#include "utf8.h"

enum {
    LISTING_PAGES_MAX = 10,
    ANSWER_MAX_BYTES = 1 << 20,
    LISTING_MAX_BYTES = 4 << 20, /* a hundred incidents, each with all its updates */
    NAMES_TOLD_BYTES = 150
};

static char *copy_text(const char *s)
{
    return strdup(s ? s : "");
}

static enum job_phase first_phase(enum page_op op)
{
    switch (op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_DELETE:
    case PAGE_POSTMORTEM:
        return JOB_WRITE;
    case PAGE_CORRECT:
    case PAGE_GET:
        return JOB_READ_INCIDENT;
    case PAGE_LIST:
        return JOB_READ_LIST;
    case PAGE_PUBLIC:
        return JOB_READ_PUBLIC_SUMMARY;
    case PAGE_SUBSCRIBERS:
        return JOB_READ_SUBSCRIBERS;
    case PAGE_CHECK:
        return JOB_READ_PAGE;
    case PAGE_WARM:
        break;
    }
    return JOB_READ_COMPONENTS;
}

struct job *job_create(const struct page_request *req)
{
    struct job *job = calloc(1, sizeof *job);
    size_t i;

    if (!job)
        return NULL;
    job->rows_page = 1;
    job->subscribers = -1;
    job->req = *req;
    components_init(&job->req.components);
    job->req.page = copy_text(req->page);
    job->req.remote_id = copy_text(req->remote_id);
    job->req.key_incident = copy_text(req->key_incident);
    job->req.key_step = copy_text(req->key_step);
    job->req.title = copy_text(req->title);
    job->req.body = copy_text(req->body);
    if (!job->req.page || !job->req.remote_id || !job->req.key_incident || !job->req.key_step ||
        !job->req.title || !job->req.body)
        goto fail;
    for (i = 0; i < req->components.n; i++)
        if (components_set(&job->req.components, req->components.item[i].name,
                           req->components.item[i].status))
            goto fail;
    job->phase = first_phase(req->op);
    return job;
fail:
    job_destroy(job);
    return NULL;
}

void job_destroy(struct job *job)
{
    if (!job)
        return;
    page_request_finish(&job->req);
    page_components_finish(&job->read);
    page_incidents_finish(&job->list);
    free(job->url);
    free(job->body);
    free(job);
}

bool job_is_write(const struct job *job)
{
    switch (job->req.op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_CORRECT:
    case PAGE_DELETE:
    case PAGE_POSTMORTEM:
        return true;
    case PAGE_LIST:
    case PAGE_GET:
    case PAGE_PUBLIC:
    case PAGE_SUBSCRIBERS:
    case PAGE_CHECK:
    case PAGE_WARM:
        return false;
    }
    return false;
}

bool job_is_snapshot(const struct job *job)
{
    return job->req.op == PAGE_LIST || job->req.op == PAGE_GET || job->req.op == PAGE_CHECK;
}

void job_restart(struct job *job)
{
    job->phase = first_phase(job->req.op);
    job->rows_page = 1;
    job->restarts++;
    job->components_read = false;
    page_components_finish(&job->read);
    page_incidents_finish(&job->list);
    job->error[0] = '\0';
}

bool job_is_public(const struct job *job)
{
    return job->req.op == PAGE_PUBLIC;
}

static bool same_nonempty(const char *a, const char *b)
{
    return *a && !strcmp(a, b);
}

bool job_same_incident(const struct job *a, const struct job *b)
{
    return same_nonempty(a->req.key_incident, b->req.key_incident) ||
           same_nonempty(a->req.remote_id, b->req.remote_id);
}

static void end(struct job *job, enum page_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void end(struct job *job, enum page_result result, const char *fmt, ...)
{
    va_list ap;

    job->result = result;
    va_start(ap, fmt);
    (void)vsnprintf(job->error, sizeof job->error, fmt, ap);
    va_end(ap);
    job->error[utf8_cut(job->error, sizeof job->error - 1)] = '\0';
}

void job_fail(struct job *job, const char *why)
{
    end(job, PAGE_UNSENT, "%s", why);
}

/* What a reading in front of a write found out about the write: it was not sent. */
static enum page_result before_write(const struct job *job, enum page_result result)
{
    return job_is_write(job) && job->phase != JOB_WRITE && result == PAGE_DOUBTFUL ? PAGE_UNSENT
                                                                                   : result;
}

static bool unreadable(struct job *job, int err)
{
    end(job, before_write(job, PAGE_DOUBTFUL), "%s",
        err == CRIER_ENOMEM   ? "out of memory while reading the answer"
        : err == CRIER_ELIMIT ? "the page lists more than can be read"
                              : "the answer is not one of the API");
    return true;
}

/* ---- names of components */

/* Appends `"A"`, `, "B"` and so on, and one `, ...` in the place of all that do not fit. */
static void tell_name(struct buf *b, size_t *told, const char *name)
{
    bool fits = !b->len || b->len + strlen(name) + 4 <= NAMES_TOLD_BYTES;
    bool full = b->len > 3 && !strcmp(buf_str(b) + b->len - 3, "...");

    ++*told;
    if (full)
        return;
    if (fits)
        buf_addf(b, "%s\"%s\"", b->len ? ", " : "", name);
    else
        buf_adds(b, ", ...");
}

/*
 * The names that the page does not have exactly once.
 * @return true when there are none; else dst says what is wrong.
 */
static bool names_are_known(const struct page_components *map, const char *const *name, size_t n,
                            const char *page, char *dst, size_t size)
{
    const struct page_component *c;
    struct buf missing, twice, all;
    size_t i, n_missing = 0, n_twice = 0, n_all = 0;

    buf_init(&missing, NAMES_TOLD_BYTES + COMPONENT_NAME_MAX * 4);
    buf_init(&twice, NAMES_TOLD_BYTES + COMPONENT_NAME_MAX * 4);
    buf_init(&all, NAMES_TOLD_BYTES + COMPONENT_NAME_MAX * 4);
    for (i = 0; i < n; i++) {
        size_t count = page_components_find(map, name[i], &c);

        if (!count)
            tell_name(&missing, &n_missing, name[i]);
        else if (count > 1)
            tell_name(&twice, &n_twice, name[i]);
    }
    for (i = 0; i < map->n; i++)
        tell_name(&all, &n_all, map->item[i].name);
    if (n_missing)
        (void)snprintf(dst, size, "page \"%s\" has no component %s; it has %s", page,
                       buf_str(&missing), n_all ? buf_str(&all) : "none");
    else if (n_twice)
        (void)snprintf(dst, size, "page \"%s\" has several components %s: rename them there", page,
                       buf_str(&twice));
    buf_finish(&missing);
    buf_finish(&twice);
    buf_finish(&all);
    return !n_missing && !n_twice;
}

static bool request_names_are_known(const struct job *job, const struct job_page *page, char *dst,
                                    size_t size)
{
    const char *name[COMPONENTS_MAX];
    size_t i;

    for (i = 0; i < job->req.components.n; i++)
        name[i] = job->req.components.item[i].name;
    return names_are_known(&page->map, name, job->req.components.n, page->name, dst, size);
}

/* ---- the next attempt */

static bool make_body(struct job *job, const struct job_page *page)
{
    int r;

    free(job->body);
    if (job->req.op == PAGE_CORRECT)
        job->body = statuspage_json_correction(job->req.body, &r);
    else if (job->req.op == PAGE_POSTMORTEM)
        job->body = statuspage_json_postmortem(job->req.body, &r);
    else
        job->body = statuspage_json_incident(&job->req, &page->map, &r);
    if (job->body)
        return true;
    if (r == CRIER_ENOMEM)
        end(job, PAGE_UNSENT, "out of memory");
    else if (r == CRIER_ELIMIT)
        end(job, PAGE_REFUSED,
            "not sent: the page takes titles of 255 and texts of 25000 characters at most");
    else
        end(job, PAGE_REFUSED, "not sent: the text is not valid UTF-8");
    return false;
}

static char *make_url(const struct job *job, const struct job_page *page)
{
    struct buf b;
    char *url;

    buf_init(&b, 4096);
    if (!job_is_public(job))
        buf_addf(&b, "%s/v1/pages/%s", page->api_url, page->page_id);
    switch (job->phase) {
    case JOB_READ_PUBLIC_SUMMARY:
        buf_addf(&b, "%s/api/v2/summary.json", page->public_url);
        break;
    case JOB_READ_PUBLIC_RECENT:
        buf_addf(&b, "%s/api/v2/incidents.json", page->public_url);
        break;
    case JOB_READ_PAGE:
        break;
    case JOB_READ_COMPONENTS:
        buf_addf(&b, "/components?page=%d&per_page=%d", job->rows_page, STATUSPAGE_ROWS);
        break;
    case JOB_READ_LIST:
        if (job->req.recent)
            buf_addf(&b, "/incidents?limit=%d&page=1", STATUSPAGE_ROWS);
        else
            buf_addf(&b, "/incidents/unresolved?page=%d&per_page=%d", job->rows_page,
                     STATUSPAGE_ROWS);
        break;
    case JOB_READ_SUBSCRIBERS:
        buf_adds(&b, "/subscribers/count");
        break;
    case JOB_READ_INCIDENT:
        buf_addf(&b, "/incidents/%s", job->req.remote_id);
        break;
    case JOB_WRITE:
        buf_adds(&b, "/incidents");
        if (job->req.op != PAGE_CREATE)
            buf_addf(&b, "/%s", job->req.remote_id);
        if (job->req.op == PAGE_CORRECT)
            buf_addf(&b, "/incident_updates/%s", job->update_id);
        if (job->req.op == PAGE_POSTMORTEM)
            buf_adds(&b, "/postmortem");
        break;
    }
    url = buf_take(&b);
    buf_finish(&b);
    return url;
}

/* The id goes into the path. @return false when the job is over. */
static bool check_remote_id(struct job *job)
{
    bool needed = job->req.op == PAGE_GET || (job_is_write(job) && job->req.op != PAGE_CREATE);

    if (!needed || statuspage_id_is_valid(job->req.remote_id))
        return true;
    end(job, PAGE_REFUSED, "not sent: the page's number of this incident is not known");
    return false;
}

/* @return false when the job is over. */
static bool check_write(struct job *job, const struct job_page *page)
{
    char why[JOB_ERROR_MAX];

    if (job->req.op == PAGE_CREATE && !*job->req.title) {
        end(job, PAGE_REFUSED, "not sent: an incident needs a title");
        return false;
    }
    if (job->phase == JOB_WRITE && job->req.op != PAGE_CORRECT &&
        !request_names_are_known(job, page, why, sizeof why)) {
        if (job->components_read) {
            end(job, PAGE_REFUSED, "not sent: %s", why);
            return false;
        }
        job->phase = JOB_READ_COMPONENTS;
    }
    return true;
}

static const char *method(const struct job *job)
{
    if (job->phase != JOB_WRITE)
        return "GET";
    if (job->req.op == PAGE_DELETE)
        return "DELETE";
    if (job->req.op == PAGE_POSTMORTEM)
        return "PUT";
    return job->req.op == PAGE_CREATE ? "POST" : "PATCH";
}

bool job_prepare(struct job *job, struct job_page *page, const char **ret_method,
                 size_t *ret_max_bytes)
{
    if (job_is_public(job) && !*page->public_url) {
        end(job, PAGE_REFUSED, "not read: page \"%s\" has no public_url", page->name);
        return false;
    }
    if (!check_remote_id(job) || (job_is_write(job) && !check_write(job, page)))
        return false;
    if (job->phase == JOB_WRITE && job->req.op != PAGE_DELETE && !make_body(job, page))
        return false;
    free(job->url);
    job->url = make_url(job, page);
    if (!job->url) {
        end(job, PAGE_UNSENT, "out of memory");
        return false;
    }
    *ret_method = method(job);
    *ret_max_bytes = job->phase == JOB_READ_LIST || job->phase == JOB_READ_COMPONENTS
                         ? LISTING_MAX_BYTES
                         : ANSWER_MAX_BYTES;
    return true;
}

/* ---- answers */

static bool finish_check(struct job *job, const struct job_page *page)
{
    char why[JOB_ERROR_MAX];

    if (names_are_known(&page->map, (const char *const *)page->configured.item, page->configured.n,
                        page->name, why, sizeof why))
        end(job, PAGE_OK, "%s", "");
    else
        end(job, PAGE_REFUSED, "%s: correct the name in \"components\" or on the page", why);
    return true;
}

static bool take_components(struct job *job, struct job_page *page, const struct http_outcome *o)
{
    size_t rows, added;
    int r = statuspage_json_read_components(o->data, o->n, &job->read, &rows, &added);

    if (r)
        return unreadable(job, r);
    if (rows >= STATUSPAGE_ROWS && added && job->rows_page < LISTING_PAGES_MAX) {
        job->rows_page++;
        return false;
    }
    page_components_finish(&page->map);
    page->map = job->read;
    memset(&job->read, 0, sizeof job->read);
    job->components_read = true;
    if (job->req.op == PAGE_CHECK)
        return finish_check(job, page);
    if (job->req.op == PAGE_WARM) {
        end(job, PAGE_OK, "%s", "");
        return true;
    }
    job->phase = JOB_WRITE;
    return false;
}

static bool take_list(struct job *job, const struct job_page *page, const struct http_outcome *o)
{
    size_t rows, added;
    int r =
        statuspage_json_read_incidents(o->data, o->n, page->public_url, &job->list, &rows, &added);

    if (r)
        return unreadable(job, r);
    if (!job->req.recent && rows >= STATUSPAGE_ROWS && added) {
        if (job->rows_page == LISTING_PAGES_MAX)
            return unreadable(job, CRIER_ELIMIT);
        job->rows_page++;
        return false;
    }
    end(job, PAGE_OK, "%s", "");
    return true;
}

static bool take_public(struct job *job, const struct job_page *page, const struct http_outcome *o)
{
    bool summary = job->phase == JOB_READ_PUBLIC_SUMMARY;
    int r = statuspage_json_read_public(o->data, o->n, page->page_id, page->public_url, &job->list,
                                        summary ? &job->read : NULL);

    if (r == CRIER_ENOENT) {
        end(job, PAGE_REFUSED,
            "%s is not the page with the id %s: correct \"public_url\" of \"%s\"", page->public_url,
            page->page_id, page->name);
        return true;
    }
    if (r)
        return unreadable(job, r);
    if (summary && job->req.recent) {
        job->phase = JOB_READ_PUBLIC_RECENT;
        return false;
    }
    job->components_read = true;
    end(job, PAGE_OK, "%s", "");
    return true;
}

/* One incident into job->list. */
static int take_incident(struct job *job, const struct job_page *page, const struct http_outcome *o)
{
    struct page_incident *item = calloc(1, sizeof *item);
    int r;

    if (!item)
        return CRIER_ENOMEM;
    r = statuspage_json_read_incident(o->data, o->n, page->public_url, item);
    if (!r && *job->req.remote_id && strcmp(job->req.remote_id, item->remote_id)) {
        page_incident_finish(item);
        r = CRIER_EINVAL; /* an answer about another incident */
    }
    if (r) {
        free(item);
        return r;
    }
    page_incidents_finish(&job->list);
    job->list.item = item;
    job->list.n = 1;
    return 0;
}

/* For PAGE_GET, and to find the update that is to be corrected. */
static bool take_read_incident(struct job *job, const struct job_page *page,
                               const struct http_outcome *o)
{
    const struct page_incident *item;
    int r = take_incident(job, page, o);

    if (r)
        return unreadable(job, r);
    if (job->req.op == PAGE_GET) {
        end(job, PAGE_OK, "%s", "");
        return true;
    }
    item = &job->list.item[0];
    if (!item->n_updates) {
        end(job, PAGE_REFUSED, "not sent: the incident has no text on the page to correct");
        return true;
    }
    if (!*item->last_update_id)
        return unreadable(job, CRIER_EINVAL);
    memcpy(job->update_id, item->last_update_id, strlen(item->last_update_id) + 1);
    job->phase = JOB_WRITE;
    return false;
}

static bool take_written(struct job *job, const struct job_page *page, const struct http_outcome *o)
{
    char *body = NULL;
    int r;

    if (job->req.op == PAGE_POSTMORTEM || (job->req.op == PAGE_DELETE && !o->n)) {
        r = 0;
    } else if (job->req.op == PAGE_CORRECT) {
        r = statuspage_json_read_update(o->data, o->n, job->update_id, &body);
        if (!r) {
            free(job->list.item[0].body);
            job->list.item[0].body = body;
        }
    } else {
        r = take_incident(job, page, o);
    }
    if (r)
        return unreadable(job, r);
    end(job, PAGE_OK, "%s", "");
    return true;
}

static void end_public(struct job *job, const struct job_page *page, const struct http_outcome *o)
{
    if (o->status >= 300 && o->status < 400)
        end(job, PAGE_REFUSED,
            "%s leads elsewhere (HTTP %d): write the address that it ends at as \"public_url\" of "
            "\"%s\"",
            page->public_url, o->status, page->name);
    else if (o->status == 404)
        end(job, o->result,
            "%s has no public status API (HTTP 404): correct \"public_url\" of page \"%s\"",
            page->public_url, page->name);
    else
        end(job, o->result, "%s", o->error);
}

static bool take_failure(struct job *job, struct job_page *page, const struct http_outcome *o)
{
    job->retry_after_ms = o->retry_after_ms;
    if (job->req.op == PAGE_DELETE && o->status == 404) {
        end(job, PAGE_OK, "%s", ""); /* gone is what was wanted */
        return true;
    }
    if (job_is_public(job))
        end_public(job, page, o);
    else if (job->req.op == PAGE_CHECK && o->status == 404)
        end(job, o->result,
            "there is no page with the id %s for this key (HTTP 404): correct \"id\" of page "
            "\"%s\"",
            page->page_id, page->name);
    else if (o->status == 401 || o->status == 403)
        end(job, o->result, "%s: put a valid one in place for page \"%s\"", o->error, page->name);
    else
        end(job, before_write(job, o->result), "%s", o->error);
    /* An id in it may have become wrong: the next write reads them again. */
    if (o->result == PAGE_REFUSED && job->phase == JOB_WRITE)
        page_components_finish(&page->map);
    return true;
}

bool job_advance(struct job *job, struct job_page *page, const struct http_outcome *o)
{
    int r;

    job->http_status = o->status;
    if (o->result != PAGE_OK)
        return take_failure(job, page, o);
    switch (job->phase) {
    case JOB_READ_PAGE:
        r = statuspage_json_read_page(o->data, o->n, page->page_id);
        if (r)
            return unreadable(job, r);
        job->phase = JOB_READ_COMPONENTS;
        return false;
    case JOB_READ_COMPONENTS:
        return take_components(job, page, o);
    case JOB_READ_INCIDENT:
        return take_read_incident(job, page, o);
    case JOB_READ_LIST:
        return take_list(job, page, o);
    case JOB_READ_PUBLIC_SUMMARY:
    case JOB_READ_PUBLIC_RECENT:
        return take_public(job, page, o);
    case JOB_READ_SUBSCRIBERS:
        r = statuspage_json_read_subscribers(o->data, o->n, &job->subscribers);
        if (r)
            return unreadable(job, r);
        end(job, PAGE_OK, "%s", "");
        return true;
    case JOB_WRITE:
        return take_written(job, page, o);
    }
    assert(!"a phase of its own");
    return true;
}
