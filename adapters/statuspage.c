#include "statuspage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "crash.h"
#include "err.h"
#include "log.h"
#include "net_curl.h"
#include "ratelimit.h"
#include "secret.h"
#include "statuspage_address.h"
#include "statuspage_job.h"

enum {
    LANES = 6,              /* attempts under way at once, for one page */
    LANES_BACKGROUND = 4,   /* of these, for what is not urgent */
    QUEUE_MAX = 256,        /* requests of one page */
    QUEUE_BACKGROUND = 128, /* background ones are taken only below this */
    QUEUE_PUBLIC = 16,      /* of these, to be asked without the key */
    PUBLIC_EVERY_MS = 1000, /* between two of them */
    RESTARTS_MAX = 4,       /* of one reading */
    SUSPENDED_MS = 1000,    /* less is the time between two looks at the clocks */
    WARM_FOR_MS = 30 * 60 * 1000,
    WARM_IDLE_MS = 40 * 1000, /* below max_idle_ms */
    WARM_FRESH_MS = 20 * 1000 /* used so lately that a new warming finds it open */
};

struct page {
    struct job_page facts;
    struct http_endpoint endpoint;
    struct http_endpoint public_endpoint; /* no key; its strings are borrowed */
    char *public_proxy;
    struct http_lane *public_lane;
    int64_t public_free_boot_ms; /* when the next one without the key may begin */
    struct ratelimit *limit;     /* shared by the pages that have the same key */
    struct http_lane *lane[LANES];
    struct job *first; /* queued and under way, in the order of submit() */
    size_t n_jobs;
    uint64_t writes; /* so many are over */
    bool warm_wanted;
    int64_t warm_until_boot_ms;
    int64_t last_used_boot_ms; /* when the last attempt began or ended */
};

struct statuspage {
    struct net *net;
    struct page_sink sink;
    struct page *page;
    size_t n_pages;
    struct ratelimit *limit; /* one for each page, the first with a key is used */
    /* libcurl's clock stands still while the machine sleeps, and takes the connections from before
     * for fresh ones. */
    bool clocks_read;
    int64_t asleep_ms;      /* how far boot time is ahead of libcurl's */
    int64_t awake_since_ms; /* of libcurl's clock */
    int64_t max_idle_ms;
    bool in_sink;
};

struct statuspage_options statuspage_options_default(void)
{
    /* Idle connections are thrown away before the usual 60 s of load balancers are over: one that
     * the server closes just as a request is on its way makes that request doubtful. */
    struct statuspage_options o = {.connect_timeout_ms = 10000,
                                   .total_timeout_ms = 20000,
                                   .rate_limit = 60,
                                   .rate_window_ms = 61000,
                                   .max_idle_ms = 55000};

    return o;
}

/* ---- making one */

/* @param key  of the configuration. @param ret_plain whether the address is plain http. */
static int check_url(const struct page_settings *ps, const char *key, const char *url,
                     bool *ret_plain)
{
    const char *wrong;
    int r = statuspage_address_check(url, ps->allow_plain_http, &wrong, ret_plain);

    if (r == CRIER_EINVAL)
        log_errorx("statuspage", "page \"%s\": %s %s", ps->name, key, wrong);
    return r;
}

static char *copy_or_null(const char *s, int *err)
{
    char *copy;

    if (!s)
        return NULL;
    copy = strdup(s);
    if (!copy)
        *err = CRIER_ENOMEM;
    return copy;
}

static void trim_end(char *url)
{
    size_t n = strlen(url);

    while (n && url[n - 1] == '/')
        url[--n] = '\0';
}

static int copy_names(const struct settings *settings, size_t page_index, struct string_list *names)
{
    size_t i;

    names->item = calloc(settings->n_components + 1, sizeof *names->item);
    if (!names->item)
        return CRIER_ENOMEM;
    for (i = 0; i < settings->n_components; i++) {
        if (settings->component[i].page_index != page_index)
            continue;
        names->item[names->n] = strdup(settings->component[i].name);
        if (!names->item[names->n])
            return CRIER_ENOMEM;
        names->n++;
    }
    return 0;
}

static int page_init(struct statuspage *s, size_t index, const struct settings *settings,
                     const struct statuspage_options *options)
{
    const struct page_settings *ps = &settings->page[index];
    struct page *p = &s->page[index];
    const char *api = ps->api_url && *ps->api_url ? ps->api_url : "https://api.statuspage.io";
    char why[512];
    bool plain = false, public_plain = false;
    size_t n, i;
    int r = 0;

    p->last_used_boot_ms = INT64_MIN / 2;
    p->public_free_boot_ms = INT64_MIN;
    p->warm_until_boot_ms = INT64_MIN;
    p->facts.name = copy_or_null(ps->name, &r);
    p->facts.page_id = copy_or_null(ps->page_id, &r);
    p->facts.api_url = copy_or_null(api, &r);
    p->facts.public_url = copy_or_null(ps->public_url ? ps->public_url : "", &r);
    p->endpoint.ca_file = copy_or_null(ps->ca_file, &r);
    r = r ? r : net_curl_pins(&ps->pin, &p->endpoint.pins);
    if (r || (r = check_url(ps, "api_url", api, &plain)) ||
        (*p->facts.public_url &&
         (r = check_url(ps, "public_url", p->facts.public_url, &public_plain))) ||
        (r = copy_names(settings, index, &p->facts.configured)))
        return r;
    if (!p->facts.page_id || !statuspage_id_is_valid(p->facts.page_id)) {
        log_errorx("statuspage", "page \"%s\": id must be the page's id, letters and digits",
                   ps->name);
        return CRIER_EINVAL;
    }
    trim_end(p->facts.public_url);
    trim_end(p->facts.api_url);
    n = strlen(p->facts.api_url);
    if (n > 3 && !strcmp(p->facts.api_url + n - 3, "/v1"))
        p->facts.api_url[n - 3] = '\0';
    /* Plain http is for loopback alone, so no proxy may carry it away. */
    p->endpoint.proxy = copy_or_null(plain ? NULL : ps->proxy, &r);
    p->public_proxy = copy_or_null(public_plain ? NULL : ps->proxy, &r);
    if (r)
        return r;
    p->endpoint.net = s->net;
    p->endpoint.connect_timeout_ms = options->connect_timeout_ms;
    p->endpoint.total_timeout_ms = options->total_timeout_ms;
    p->public_endpoint = p->endpoint;
    p->public_endpoint.key = NULL;
    p->public_endpoint.pins = NULL; /* another server's */
    p->public_endpoint.proxy = p->public_proxy;
    r = secret_load(ps->key_file, ps->key_env, &p->endpoint.key, why, sizeof why);
    if (r) {
        log_errorx("statuspage", "page \"%s\": %s", ps->name, why);
        return r;
    }
    ratelimit_init(&s->limit[index], (size_t)options->rate_limit, options->rate_window_ms);
    for (i = 0; strcmp(s->page[i].endpoint.key, p->endpoint.key); i++)
        ;
    p->limit = &s->limit[i];
    return 0;
}

static void page_finish(struct page *p)
{
    struct job *job;
    size_t i;

    for (i = 0; i < LANES; i++)
        http_lane_destroy(p->lane[i]);
    http_lane_destroy(p->public_lane);
    while ((job = p->first)) {
        p->first = job->next;
        job_destroy(job);
    }
    for (i = 0; i < p->facts.configured.n; i++)
        free(p->facts.configured.item[i]);
    free(p->facts.configured.item);
    page_components_finish(&p->facts.map);
    free(p->facts.name);
    free(p->facts.page_id);
    free(p->facts.api_url);
    free(p->facts.public_url);
    free(p->endpoint.ca_file);
    free(p->endpoint.pins);
    free(p->endpoint.proxy);
    free(p->public_proxy);
    secret_destroy(p->endpoint.key);
}

int statuspage_create_with(const struct settings *settings, struct net *net,
                           const struct page_sink *sink, const struct statuspage_options *options,
                           struct statuspage **ret)
{
    struct statuspage_options defaults = statuspage_options_default();
    struct statuspage *s = calloc(1, sizeof *s);
    int r = CRIER_ENOMEM;
    size_t i;

    if (!s)
        return CRIER_ENOMEM;
    s->net = net;
    s->sink = *sink;
    s->page = calloc(settings->n_pages + 1, sizeof *s->page);
    s->limit = calloc(settings->n_pages + 1, sizeof *s->limit);
    if (!s->page || !s->limit)
        goto out;
    if (!options)
        options = &defaults;
    s->max_idle_ms = options->max_idle_ms;
    for (i = 0; i < settings->n_pages; i++) {
        s->n_pages = i + 1;
        r = page_init(s, i, settings, options);
        if (r)
            goto out;
    }
    *ret = s;
    return 0;
out:
    statuspage_destroy(s);
    return r;
}

int statuspage_create(const struct settings *settings, struct net *net,
                      const struct page_sink *sink, struct statuspage **ret)
{
    return statuspage_create_with(settings, net, sink, NULL, ret);
}

void statuspage_destroy(struct statuspage *s)
{
    size_t i;

    if (!s)
        return;
    assert(!s->in_sink);
    for (i = 0; i < s->n_pages; i++)
        page_finish(&s->page[i]);
    free(s->page);
    free(s->limit);
    free(s);
}

bool statuspage_is_idle(const struct statuspage *s)
{
    const struct job *job;
    size_t i;

    for (i = 0; i < s->n_pages; i++)
        for (job = s->page[i].first; job; job = job->next)
            if (job->req.op != PAGE_WARM)
                return false;
    return true;
}

/* ---- the queue */

static void append(struct page *p, struct job *job)
{
    struct job **end;

    for (end = &p->first; *end; end = &(*end)->next)
        ;
    *end = job;
    p->n_jobs++;
}

static void unqueue(struct page *p, struct job *job)
{
    struct job **at;

    for (at = &p->first; *at != job; at = &(*at)->next)
        ;
    *at = job->next;
    job->next = NULL;
    p->n_jobs--;
}

static size_t count_public(const struct page *p)
{
    const struct job *job;
    size_t n = 0;

    for (job = p->first; job; job = job->next)
        n += job_is_public(job);
    return n;
}

static int submit(void *ctx, const struct page_request *req)
{
    struct statuspage *s = ctx;
    struct page *p = NULL;
    struct job *job;
    size_t i;

    for (i = 0; i < s->n_pages && !p; i++)
        if (!strcmp(s->page[i].facts.name, req->page))
            p = &s->page[i];
    if (!p)
        return CRIER_ENOENT;
    if (req->op == PAGE_WARM) {
        p->warm_wanted = true;
        return 0;
    }
    if (req->op == PAGE_PUBLIC && count_public(p) >= QUEUE_PUBLIC)
        return CRIER_ELIMIT;
    if (p->n_jobs >= (size_t)(req->urgent ? QUEUE_MAX : QUEUE_BACKGROUND))
        return CRIER_ELIMIT;
    job = job_create(req);
    if (!job)
        return CRIER_ENOMEM;
    append(p, job);
    return 0;
}

struct page_port statuspage_port(struct statuspage *s)
{
    struct page_port port = {s, submit};

    return port;
}

/* An earlier write of the same incident, done or not even begun, goes first. */
static bool must_wait(const struct page *p, const struct job *job)
{
    const struct job *earlier;

    if (!job_is_write(job))
        return false;
    for (earlier = p->first; earlier != job; earlier = earlier->next)
        if (job_is_write(earlier) && job_same_incident(earlier, job))
            return true;
    return false;
}

/* @return the first that could begin now but for the rate limit, or NULL. */
static struct job *next_job(const struct page *p, bool urgent)
{
    struct job *job, *found = NULL;
    size_t busy = 0;

    for (job = p->first; job; job = job->next) {
        if (job_is_public(job))
            continue;
        if (job->lane)
            busy++;
        else if (!found && job->req.urgent == urgent && !must_wait(p, job))
            found = job;
    }
    return busy < (size_t)(urgent ? LANES : LANES_BACKGROUND) ? found : NULL;
}

/* @return the first of those without the key, or NULL while one is under way. */
static struct job *next_public_job(const struct page *p)
{
    struct job *job;

    if (p->public_lane && http_lane_is_busy(p->public_lane))
        return NULL;
    for (job = p->first; job && !job_is_public(job); job = job->next)
        ;
    return job;
}

/* ---- one turn */

/* What the page's components are now: the configured ones first, as many as there is room for. */
static void list_present(const struct page *p, const struct page_components *map,
                         struct components *present)
{
    const struct page_component *c;
    size_t i;

    for (i = 0; i < p->facts.configured.n; i++)
        if (page_components_find(map, p->facts.configured.item[i], &c) &&
            components_set(present, p->facts.configured.item[i], c->status))
            return;
    for (i = 0; i < map->n; i++)
        if (components_set(present, map->item[i].name, map->item[i].status))
            return;
}

static void answer(struct statuspage *s, struct page *p, struct job *job)
{
    struct page_answer a;
    struct components present;

    unqueue(p, job);
    if (job->req.op == PAGE_WARM) {
        if (job->result != PAGE_OK)
            log_debug("statuspage", "page \"%s\" warm: %s", p->facts.name, job->error);
        job_destroy(job);
        return;
    }
    memset(&a, 0, sizeof a);
    components_init(&present);
    a.op = job->req.op;
    a.page = p->facts.name;
    a.outbox_id = job->req.outbox_id;
    a.remote_id = job->req.remote_id;
    a.recent = job->req.recent;
    a.result = job->result;
    a.http_status = job->http_status;
    a.retry_after_ms = job->retry_after_ms;
    a.error = job->error;
    a.subscribers = job->subscribers;
    if (job->result == PAGE_OK) {
        a.incident = job->list.n ? job->list.item : NULL;
        a.n_incidents = job->list.n;
    }
    if (job->components_read && (job->req.op == PAGE_CHECK || job_is_public(job))) {
        list_present(p, job_is_public(job) ? &job->read : &p->facts.map, &present);
        a.now_components = &present;
    }
    s->in_sink = true;
    CRASH_POINT("page.answer-parsed");
    s->sink.answer(s->sink.ctx, &a);
    CRASH_POINT("page.answer-taken");
    s->in_sink = false;
    components_finish(&present);
    job_destroy(job);
}

/* @param ret_outcome  of the attempt that was finished on this lane. @return its job. */
static struct job *take_lane(struct page *p, struct http_lane *lane, struct now now,
                             struct http_outcome *ret_outcome)
{
    struct job *job;

    for (job = p->first; job->lane != lane; job = job->next)
        ;
    http_lane_outcome(lane, now.wall_ms, ret_outcome);
    job->lane = NULL;
    return job;
}

/*
 * A reading that overlapped a write may have been answered before it and would show the page as it
 * was: whoever has heard of the write already would take that for somebody's hand on the page.
 */
static bool is_stale(const struct page *p, const struct job *job)
{
    return job->result == PAGE_OK && job_is_snapshot(job) && job->writes != p->writes &&
           job->restarts < RESTARTS_MAX;
}

static void over(struct statuspage *s, struct page *p, struct job *job)
{
    p->writes += job_is_write(job);
    if (!is_stale(p, job)) {
        answer(s, p, job);
        return;
    }
    job_restart(job);
    job->begun = false;
}

static void take_finished(struct statuspage *s, struct page *p, struct now now)
{
    struct http_outcome o;
    struct job *job;
    size_t i;

    for (i = 0; i < LANES; i++) {
        if (!p->lane[i] || !http_lane_is_finished(p->lane[i]))
            continue;
        job = take_lane(p, p->lane[i], now, &o);
        p->last_used_boot_ms = now.boot_ms;
        if (o.retry_after_ms)
            ratelimit_hold(p->limit, now.boot_ms + o.retry_after_ms);
        CRASH_POINT("page.answer-whole");
        if (job_advance(job, &p->facts, &o))
            over(s, p, job);
    }
    if (p->public_lane && http_lane_is_finished(p->public_lane)) {
        job = take_lane(p, p->public_lane, now, &o);
        if (o.retry_after_ms)
            p->public_free_boot_ms = now.boot_ms + o.retry_after_ms;
        if (job_advance(job, &p->facts, &o))
            answer(s, p, job);
    }
}

static struct http_lane *free_lane(struct page *p)
{
    size_t i;

    for (i = 0; i < LANES; i++) {
        if (!p->lane[i] && http_lane_create(&p->endpoint, &p->lane[i]))
            return NULL;
        if (!http_lane_is_busy(p->lane[i]))
            return p->lane[i];
    }
    return NULL;
}

static struct http_lane *public_lane(struct page *p)
{
    if (!p->public_lane && http_lane_create(&p->public_endpoint, &p->public_lane))
        return NULL;
    return p->public_lane;
}

/* Begins the next attempt of a job, or ends it where it cannot. @return true when it is on its
 * way. */
static bool begin(struct statuspage *s, struct page *p, struct job *job)
{
    struct http_lane *lane;
    const char *method;
    size_t max_bytes;

    if (!job->begun)
        job->writes = p->writes;
    job->begun = true;
    if (!job_prepare(job, &p->facts, &method, &max_bytes)) {
        answer(s, p, job);
        return false;
    }
    lane = job_is_public(job) ? public_lane(p) : free_lane(p);
    if (!lane || http_lane_start(lane, method, job->url, job->phase == JOB_WRITE ? job->body : NULL,
                                 max_bytes)) {
        job_fail(job, "not sent: crier is out of memory or handles");
        answer(s, p, job);
        return false;
    }
    job->lane = lane;
    return true;
}

static bool begin_one(struct statuspage *s, struct page *p, bool urgent, struct now now)
{
    struct job *job = next_job(p, urgent);

    if (!job || ratelimit_free_at(p->limit, urgent) > now.boot_ms)
        return false;
    if (begin(s, p, job)) {
        (void)ratelimit_take(p->limit, urgent, now.boot_ms);
        p->last_used_boot_ms = now.boot_ms;
    }
    return true;
}

static bool begin_public(struct statuspage *s, struct page *p, struct now now)
{
    struct job *job = next_public_job(p);

    if (!job || p->public_free_boot_ms > now.boot_ms)
        return false;
    if (begin(s, p, job))
        p->public_free_boot_ms = now.boot_ms + PUBLIC_EVERY_MS;
    return true;
}

static int64_t libcurl_clock_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t))
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Has the machine slept since the last turn? Then no connection from before is used again: its
 * other end has gone, and a request on it would be doubtful. */
static void watch_sleep(struct statuspage *s, struct now now)
{
    int64_t curl_ms = libcurl_clock_ms(), asleep_ms = now.boot_ms - curl_ms, idle_ms;
    size_t i;

    if (!s->clocks_read) {
        s->awake_since_ms = INT64_MIN / 2;
        s->asleep_ms = asleep_ms;
        s->clocks_read = true;
    }
    if (asleep_ms > s->asleep_ms + SUSPENDED_MS)
        s->awake_since_ms = curl_ms;
    if (asleep_ms > s->asleep_ms)
        s->asleep_ms = asleep_ms;
    idle_ms = curl_ms - s->awake_since_ms - 1000; /* libcurl counts whole seconds */
    if (idle_ms > s->max_idle_ms)
        idle_ms = s->max_idle_ms;
    for (i = 0; i < s->n_pages; i++)
        s->page[i].endpoint.max_idle_ms = s->page[i].public_endpoint.max_idle_ms = idle_ms;
}

/* @return true when one that needs the key waits or is under way. */
static bool has_keyed_job(const struct page *p)
{
    return p->n_jobs > count_public(p);
}

static void keep_warm(struct page *p, struct now now)
{
    struct page_request req;
    struct job *job;
    bool wanted = p->warm_wanted;

    p->warm_wanted = false;
    if (wanted)
        p->warm_until_boot_ms = now.boot_ms + WARM_FOR_MS;
    if (now.boot_ms >= p->warm_until_boot_ms) {
        p->warm_until_boot_ms = INT64_MIN;
        return;
    }
    for (job = p->first; job; job = job->next)
        if (job->req.op == PAGE_WARM)
            return;
    if (wanted && !p->facts.map.n)
        ; /* the ids of the components are wanted too */
    else if (has_keyed_job(p) ||
             now.boot_ms - p->last_used_boot_ms < (wanted ? WARM_FRESH_MS : WARM_IDLE_MS))
        return;
    memset(&req, 0, sizeof req);
    req.op = PAGE_WARM;
    job = job_create(&req);
    if (job)
        append(p, job);
    else
        p->last_used_boot_ms = now.boot_ms; /* out of memory: again after the usual while */
}

static void source_collect(void *ctx, struct pollset *set)
{
    struct statuspage *s = ctx;
    size_t i;

    for (i = 0; i < s->n_pages; i++) {
        struct page *p = &s->page[i];

        if (next_job(p, true))
            pollset_deadline(set, ratelimit_free_at(p->limit, true));
        if (next_job(p, false))
            pollset_deadline(set, ratelimit_free_at(p->limit, false));
        if (p->warm_wanted)
            pollset_deadline(set, 0);
        if (next_public_job(p))
            pollset_deadline(set, p->public_free_boot_ms);
        if (!has_keyed_job(p) && p->last_used_boot_ms + WARM_IDLE_MS < p->warm_until_boot_ms)
            pollset_deadline(set, p->last_used_boot_ms + WARM_IDLE_MS);
    }
}

static void source_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct statuspage *s = ctx;
    size_t i;

    (void)set;
    watch_sleep(s, now);
    for (i = 0; i < s->n_pages; i++) {
        struct page *p = &s->page[i];

        take_finished(s, p, now);
        keep_warm(p, now);
        while (begin_one(s, p, true, now))
            ;
        while (begin_one(s, p, false, now))
            ;
        while (begin_public(s, p, now))
            ;
    }
}

struct source_port statuspage_source_port(struct statuspage *s)
{
    struct source_port port = {s, source_collect, source_dispatch};

    return port;
}
