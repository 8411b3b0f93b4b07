#include "sandbox.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "err.h"
#include "log.h"
#include "sandbox_core.h"
#include "sandbox_faults.h"
#include "secret.h"
#include "utf8.h"
#include "when.h"

#define MODULE "sandbox"

enum { COMPONENTS_TEXT_MAX = 4096, SUBSCRIBERS_DEFAULT = 12345 };

/* ---- shared helpers -------------------------------------------------------------------------- */

int sandbox_new_id(char id[SANDBOX_ID_BYTES])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    int used = 0;

    while (used < SANDBOX_ID_BYTES - 1) {
        unsigned char random[32];
        ssize_t n = getrandom(random, sizeof random, 0), i;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            log_warn(MODULE, "getrandom");
            return CRIER_EIO;
        }
        for (i = 0; i < n && used < SANDBOX_ID_BYTES - 1; i++)
            if (random[i] < 252) /* 7 * 36: every character is equally likely */
                id[used++] = alphabet[random[i] % 36];
    }
    id[used] = '\0';
    return 0;
}

const char *sandbox_shown(const char *text, char dst[SANDBOX_SHOWN_BYTES])
{
    size_t i;

    for (i = 0; i < SANDBOX_SHOWN_BYTES - 1 && text[i]; i++)
        dst[i] = (char)(text[i] > 0x20 && text[i] < 0x7f ? text[i] : '?');
    dst[i] = '\0';
    return dst;
}

json_t *sandbox_time(int64_t wall_ms)
{
    char text[WHEN_BYTES];

    return json_string(when_iso_ms(wall_ms, text));
}

int sandbox_answer(struct sandbox_call *call, int status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    if (!text)
        return CRIER_ENOMEM;
    httpd_response_text(call->res, status, "application/json; charset=utf-8", text);
    free(text);
    return httpd_response_error(call->res);
}

int sandbox_refuse(struct sandbox_call *call, int status, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    json_t *text = NULL;
    int r;

    buf_init(&b, 1024);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    if (!buf_error(&b))
        text = json_string(buf_str(&b));
    buf_finish(&b);
    if (!text)
        return CRIER_ENOMEM;
    json_decref(call->error);
    call->error = json_incref(text);
    r = sandbox_answer(call, status,
                       json_pack("{s:o}", "error", status == 422 ? json_pack("[o]", text) : text));
    return r ? r : SANDBOX_REFUSED;
}

int sandbox_mail(struct sandbox_call *call, const char *kind, const char *incident_id,
                 const char *update_id, const char *status)
{
    json_t *mail;

    if (!call->sb->subscribers)
        return 0;
    mail = json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", kind, "incident_id", incident_id,
                     "update_id", update_id, "status", status, "recipients",
                     (json_int_t)call->sb->subscribers);
    return json_array_append_new(call->mails, mail) ? CRIER_ENOMEM : 0;
}

/* ---- key and rate limit ---------------------------------------------------------------------- */

/* Only the header, only this scheme: the key as api_key= in a URL would end up in logs. */
static bool is_authentic(const struct sandbox_call *call)
{
    static const char scheme[] = "OAuth ";
    const char *value = httpd_request_field(call->req, "Authorization");

    return value && !strncmp(value, scheme, sizeof scheme - 1) &&
           secret_equal(value + sizeof scheme - 1, call->sb->key);
}

/* Takes one of the requests of the rolling window. @return 0, or how long to wait. */
static int64_t take_request(struct sandbox *sb, int64_t boot_ms)
{
    int64_t oldest = sb->taken_boot_ms[sb->rate_next];

    if (oldest != INT64_MIN && boot_ms - oldest < SANDBOX_WINDOW_MS)
        return SANDBOX_WINDOW_MS - (boot_ms - oldest);
    sb->taken_boot_ms[sb->rate_next] = boot_ms;
    sb->rate_next = (sb->rate_next + 1) % sb->rate_limit;
    return 0;
}

static int refuse_rate(struct sandbox_call *call, int64_t wait_ms)
{
    char *seconds = buf_printf("%lld", (long long)((wait_ms + 999) / 1000));

    if (!seconds)
        return CRIER_ENOMEM;
    httpd_response_field(call->res, "Retry-After", seconds);
    free(seconds);
    return sandbox_refuse(call, 420, "Too many requests: the limit is %zu in 60 s",
                          call->sb->rate_limit);
}

/* ---- the log --------------------------------------------------------------------------------- */

int sandbox_told_status(const struct sandbox_terms *terms, int true_status)
{
    return terms->status && (terms->status >= 400 || true_status < 400) ? terms->status
                                                                        : true_status;
}

/* What a fault did to the request whose line this is. */
static int log_fault(const struct sandbox_call *call, json_t *entry)
{
    const struct sandbox_terms *t = call->terms;
    int would = call->res->status, told = t->unanswered ? 0 : sandbox_told_status(t, would);
    bool applied = !t->discard && would < 400;
    json_t *fault = json_pack("{s:s, s:o, s:b, s:i, s:o}", "rule", t->rule, "arrived",
                              sandbox_time(t->arrived_wall_ms), "applied", (int)applied, "would",
                              would, "told", told ? json_integer(told) : json_null());

    if (json_object_set_new(entry, "fault", fault))
        return CRIER_ENOMEM;
    if (t->discard && json_object_set_new(entry, "status", json_integer(told)))
        return CRIER_ENOMEM;
    return 0;
}

static int log_request(struct sandbox_call *call)
{
    char method[SANDBOX_SHOWN_BYTES], path[SANDBOX_SHOWN_BYTES];
    json_t *entry =
        json_pack("{s:o, s:s, s:s, s:i, s:O?, s:O}", "time", sandbox_time(call->wall_ms), "method",
                  sandbox_shown(call->method, method), "path", sandbox_shown(call->req->path, path),
                  "status", call->res->status, "error", call->error, "mails", call->mails);
    int r = 0;

    if (!entry)
        return CRIER_ENOMEM;
    if (call->terms)
        r = log_fault(call, entry);
    if (!r)
        r = sandbox_db_log(call->sb->db, entry, SANDBOX_LOG_MAX);
    json_decref(entry);
    return r;
}

static int show_log(struct sandbox_call *call)
{
    json_t *log = NULL;
    int r;

    if (strcmp(call->method, "GET"))
        return sandbox_refuse(call, 405, "Method not allowed");
    r = sandbox_db_log_list(call->sb->db, &log);
    return r ? r : sandbox_answer(call, 200, log);
}

/* ---- one request ----------------------------------------------------------------------------- */

/* The page was changed: the public API tells when. */
static int touch_page(struct sandbox_call *call)
{
    json_t *doc = NULL;
    int r = sandbox_db_get(call->sb->db, SANDBOX_PAGE, call->sb->page_id, &doc);

    if (!r && json_object_set_new(doc, "updated_at", sandbox_time(call->req->now.wall_ms)))
        r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_db_put(call->sb->db, SANDBOX_PAGE, call->sb->page_id, "", "", doc);
    json_decref(doc);
    return r;
}

/* One request of the manage API and its line in the log are one transaction; of one that is
 * refused, or is not to be applied, only the line is kept. */
static int manage(struct sandbox_call *call)
{
    struct sandbox_db *db = call->sb->db;
    int64_t wait_ms;
    int r, r2;

    if ((r = sandbox_db_begin(db)))
        return r;
    if (!is_authentic(call))
        r = sandbox_refuse(call, 401, "Could not authenticate");
    else if ((wait_ms = take_request(call->sb, call->req->now.boot_ms)))
        r = refuse_rate(call, wait_ms);
    else
        r = sandbox_api(call);
    if (!r && strcmp(call->method, "GET"))
        r = touch_page(call);
    if (r || (call->terms && call->terms->discard)) {
        sandbox_db_rollback(db);
        if (r < 0 || (r2 = sandbox_db_begin(db)))
            return r < 0 ? r : r2;
        json_array_clear(call->mails);
    }
    if ((r2 = log_request(call)) || (r2 = sandbox_db_commit(db))) {
        sandbox_db_rollback(db);
        return r2;
    }
    return r;
}

/* Splits the path; a ".json" at its end is left out. @return 0, CRIER_ENOMEM, or CRIER_EINVAL for a
 * path that nothing here has. */
static int split_path(struct sandbox_call *call)
{
    const char *p = call->req->path;
    int err = 0;

    while (*p) {
        size_t n;
        char *part;

        if (*p++ != '/')
            return CRIER_EINVAL;
        n = strcspn(p, "/");
        if (!n && !p[n])
            return 0; /* "/" at the end */
        if (call->n_segments == SANDBOX_SEGMENTS_MAX)
            return CRIER_EINVAL;
        part = httpd_decode(p, n, false, &err);
        if (!part)
            return err;
        if (!*part || !utf8_is_valid(part)) {
            free(part);
            return CRIER_EINVAL;
        }
        call->segment[call->n_segments++] = part;
        p += n;
        n = strlen(part);
        if (!*p && n > 5 && !strcmp(part + n - 5, ".json"))
            part[n - 5] = '\0';
    }
    return 0;
}

static int route(struct sandbox_call *call)
{
    const char *first = call->n_segments ? call->segment[0] : "";
    const char *second = call->n_segments > 1 ? call->segment[1] : "";

    httpd_response_field(call->res, "Cache-Control", "no-store");
    httpd_response_field(call->res, "X-Content-Type-Options", "nosniff");
    if (!strcmp(first, "v1"))
        return manage(call);
    if (!strcmp(first, "api") && !strcmp(second, "v2"))
        return sandbox_v2(call);
    if (!strcmp(first, "sandbox") && !strcmp(second, "log") && call->n_segments == 2)
        return show_log(call);
    if (!strcmp(first, "sandbox") && !strcmp(second, "faults") && call->sb->faults)
        return sandbox_faults_admin(call);
    return sandbox_page(call);
}

int sandbox_perform(struct sandbox *sb, const struct httpd_request *request,
                    struct httpd_response *response, const struct sandbox_terms *terms)
{
    struct httpd_request skewed = *request;
    struct sandbox_call call = {
        .sb = sb, .req = &skewed, .res = response, .terms = terms, .wall_ms = request->now.wall_ms};
    size_t i;
    int r;

    if (terms)
        skewed.now.wall_ms += terms->skew_ms;
    call.method = strcmp(request->method, "HEAD") ? request->method : "GET";
    call.mails = json_array();
    r = call.mails ? split_path(&call) : CRIER_ENOMEM;
    if (r == CRIER_EINVAL)
        r = sandbox_refuse(&call, 400, "malformed path");
    else if (!r)
        r = route(&call);
    if (r == SANDBOX_REFUSED)
        r = 0; /* it is answered */
    for (i = 0; i < call.n_segments; i++)
        free(call.segment[i]);
    json_decref(call.mails);
    json_decref(call.error);
    return r;
}

int sandbox_handle(void *ctx, const struct httpd_request *request, struct httpd_response *response)
{
    struct sandbox *sb = ctx;

    return sb->faults ? sandbox_faults_handle(sb->faults, request, response)
                      : sandbox_perform(sb, request, response, NULL);
}

/* ---- what happens without a request ---------------------------------------------------------- */

void sandbox_set_outlet(struct sandbox *sb, struct sandbox_outlet outlet)
{
    if (sb->faults)
        sandbox_faults_set_outlet(sb->faults, outlet);
}

void sandbox_gone(void *ctx, uint64_t hold, struct now now)
{
    struct sandbox *sb = ctx;

    if (sb->faults)
        sandbox_faults_gone(sb->faults, hold, now);
}

static void collect(void *ctx, struct pollset *set)
{
    const struct sandbox *sb = ctx;

    if (sb->faults)
        pollset_deadline(set, sandbox_faults_deadline(sb->faults));
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct sandbox *sb = ctx;

    (void)set;
    if (sb->faults)
        sandbox_faults_run(sb->faults, now);
}

struct source_port sandbox_source_port(struct sandbox *sb)
{
    return (struct source_port){.ctx = sb, .collect = collect, .dispatch = dispatch};
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The page's document of the database, or a new one. */
static int set_up_page(struct sandbox *sb, const struct sandbox_options *o, int64_t wall_ms,
                       bool *ret_is_new)
{
    json_t *pages = NULL, *page = NULL;
    char id[SANDBOX_ID_BYTES];
    const char *old;
    int r = sandbox_db_list(sb->db, SANDBOX_PAGE, &(struct sandbox_query){0}, &pages);

    if (r)
        return r;
    *ret_is_new = !json_array_size(pages);
    if (*ret_is_new) {
        if (!o->page_id && (r = sandbox_new_id(id)))
            goto out;
        sb->page_id = strdup(o->page_id ? o->page_id : id);
        page = json_pack("{s:s?, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:b, s:b,"
                         " s:s, s:n, s:o, s:o}",
                         "id", sb->page_id, "name", o->page_name ? o->page_name : "Example",
                         "page_description", "headline", "branding", "subdomain", "domain", "url",
                         "support_url", "hidden_from_search", 1, "allow_page_subscribers", 1,
                         "allow_incident_subscribers", 1, "allow_email_subscribers", 1,
                         "allow_sms_subscribers", 0, "time_zone", "UTC", "ip_restrictions",
                         "created_at", sandbox_time(wall_ms), "updated_at", sandbox_time(wall_ms));
    } else {
        page = json_incref(json_array_get(pages, 0));
        old = json_string_value(json_object_get(page, "id"));
        if (!old || (o->page_id && strcmp(old, o->page_id))) {
            log_errorx(MODULE, "the database holds another page than %s", o->page_id);
            r = CRIER_ESTATE;
            goto out;
        }
        sb->page_id = strdup(old);
        if (o->page_name && json_object_set_new(page, "name", json_string(o->page_name)))
            r = CRIER_ENOMEM;
    }
    if (!page || !sb->page_id)
        r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_db_put(sb->db, SANDBOX_PAGE, sb->page_id, "", "", page);
out:
    json_decref(pages);
    json_decref(page);
    return r;
}

static bool has_component(const json_t *all, const char *name)
{
    size_t i;

    for (i = 0; i < json_array_size(all); i++)
        if (!strcmp(json_string_value(json_object_get(json_array_get(all, i), "name")), name))
            return true;
    return false;
}

/* Makes the components of a list with commas that are not there yet. */
static int set_up_components(struct sandbox *sb, const char *names, int64_t wall_ms)
{
    char name[4 * SANDBOX_NAME_MAX + 1];
    const char *p = names;

    while (*p) {
        size_t n = strcspn(p, ","), bytes = n;
        json_t *all = NULL;
        int r;

        while (bytes && *p == ' ') {
            p++;
            bytes--;
            n--;
        }
        while (bytes && p[bytes - 1] == ' ')
            bytes--;
        if (!bytes || bytes >= sizeof name) {
            log_errorx(MODULE, "the components are not a list of names");
            return CRIER_EINVAL;
        }
        memcpy(name, p, bytes);
        name[bytes] = '\0';
        if ((r = sandbox_view_components(sb, &all)))
            return r;
        if (!has_component(all, name))
            r = sandbox_component_put(sb, name, NULL, wall_ms, NULL);
        json_decref(all);
        if (r)
            return r;
        p += n;
        if (*p)
            p++;
    }
    return 0;
}

static bool is_id(const char *s)
{
    size_t n = strlen(s);

    return n && n < 64 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

static int check_options(const struct sandbox_options *o)
{
    const char *wrong = NULL;

    if (o->page_id && !is_id(o->page_id))
        wrong = "a page id has letters a-z and digits only";
    else if (o->page_name && (!*o->page_name || !utf8_is_valid(o->page_name)))
        wrong = "the page's name is empty or not UTF-8";
    else if (o->key && (!*o->key || strpbrk(o->key, " \t\r\n")))
        wrong = "the key is empty or holds white space";
    else if (o->components && (!utf8_is_valid(o->components) || !*o->components ||
                               strlen(o->components) > COMPONENTS_TEXT_MAX))
        wrong = "the components are not a list of names";
    else if (o->rate_limit < 0 || o->rate_limit > SANDBOX_RATE_MAX)
        wrong = "the rate limit is out of bounds";
    if (!wrong)
        return 0;
    log_errorx(MODULE, "%s", wrong);
    return CRIER_EINVAL;
}

static int set_up(struct sandbox *sb, const struct sandbox_options *o)
{
    const char *components = o->components;
    struct timespec ts;
    int64_t wall_ms;
    bool is_new;
    int r;

    clock_gettime(CLOCK_REALTIME, &ts);
    wall_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    if ((r = sandbox_db_begin(sb->db)))
        return r;
    r = set_up_page(sb, o, wall_ms, &is_new);
    if (!r && !components && is_new)
        components = "Reading,Editing";
    if (!r && components)
        r = set_up_components(sb, components, wall_ms);
    if (!r)
        r = sandbox_db_commit(sb->db);
    if (r)
        sandbox_db_rollback(sb->db);
    return r;
}

int sandbox_create(const struct sandbox_options *options, struct sandbox **ret_sandbox)
{
    struct sandbox *sb = NULL;
    char key[2 * SANDBOX_ID_BYTES];
    size_t i;
    int r = check_options(options);

    if (r)
        return r;
    sb = calloc(1, sizeof *sb);
    if (!sb)
        return CRIER_ENOMEM;
    sb->rate_limit = options->rate_limit ? (size_t)options->rate_limit : SANDBOX_RATE_DEFAULT;
    sb->subscribers = options->subscribers < 0   ? 0
                      : options->subscribers > 0 ? options->subscribers
                                                 : SUBSCRIBERS_DEFAULT;
    sb->taken_boot_ms = calloc(sb->rate_limit, sizeof *sb->taken_boot_ms);
    for (i = 0; sb->taken_boot_ms && i < sb->rate_limit; i++)
        sb->taken_boot_ms[i] = INT64_MIN;
    if ((r = sandbox_new_id(key)) || (r = sandbox_new_id(key + SANDBOX_ID_BYTES - 1)))
        goto out;
    sb->key = strdup(options->key ? options->key : key);
    sb->base_url = strdup(options->base_url ? options->base_url : "");
    if (!sb->key || !sb->base_url || !sb->taken_boot_ms) {
        r = CRIER_ENOMEM;
        goto out;
    }
    if ((r = sandbox_db_open(options->db_path, &sb->db)) || (r = set_up(sb, options)) ||
        (options->faults && (r = sandbox_faults_create(sb, &sb->faults))))
        goto out;
    *ret_sandbox = sb;
    sb = NULL;
out:
    sandbox_destroy(sb);
    return r;
}

void sandbox_destroy(struct sandbox *sb)
{
    if (!sb)
        return;
    sandbox_faults_destroy(sb->faults);
    sandbox_db_close(sb->db);
    free(sb->page_id);
    if (sb->key)
        explicit_bzero(sb->key, strlen(sb->key));
    free(sb->key);
    free(sb->base_url);
    free(sb->taken_boot_ms);
    free(sb);
}

int sandbox_set_url(struct sandbox *sb, const char *base_url)
{
    char *copy = strdup(base_url);

    if (!copy)
        return CRIER_ENOMEM;
    free(sb->base_url);
    sb->base_url = copy;
    return 0;
}

const char *sandbox_url(const struct sandbox *sb)
{
    return sb->base_url;
}

const char *sandbox_page_id(const struct sandbox *sb)
{
    return sb->page_id;
}

const char *sandbox_key(const struct sandbox *sb)
{
    return sb->key;
}
