#include "alertmanager.h"

#include <assert.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "patterns.h"
#include "secret.h"
#include "utf8.h"

enum {
    LOOK_BYTES = 4096, /* of one string, so much is looked at */
    FINGERPRINT_BYTES = 40,
    TEXT_MAX = 16 << 20,
    COUNT_MAX = 1000000,
    WHY_BYTES = 200
};

/* ---- reading --------------------------------------------------------------------------------- */

/* Where the strings of one signal begin in the text, which may move while it grows. */
struct spots {
    size_t check, host, summary, raw, key;
};

struct reader {
    const struct source_settings *source;
    struct alertmanager_post post;
    struct spots *spots;
    char *why;
    size_t why_size;
    int err; /* the first */

    bool firing; /* the group */
    const json_t *key, *group_labels, *common_labels, *common_annotations, *alerts;
    json_int_t truncated;
};

static void fail(struct reader *r, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct reader *r, int err, const char *fmt, ...)
{
    va_list ap;

    if (r->err)
        return;
    r->err = err;
    va_start(ap, fmt);
    utf8_vprint(r->why, r->why_size, fmt, ap);
    va_end(ap);
}

/* @return NULL when it is not there, or after fail() when it is something else. */
static const json_t *member(struct reader *r, const json_t *of, const char *name, json_type type)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "an object",    [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number",    [JSON_REAL] = "a number", [JSON_TRUE] = "true or false",
        [JSON_FALSE] = "true or false", [JSON_NULL] = "null"};
    const json_t *value = json_object_get(of, name);

    if (!value || json_is_null(value))
        return NULL;
    if (json_typeof(value) == type)
        return value;
    fail(r, CRIER_EINVAL, "\"%s\" is not %s", name, words[type]);
    return NULL;
}

static const json_t *wanted(struct reader *r, const json_t *of, const char *name, json_type type)
{
    const json_t *value = member(r, of, name, type);

    if (!value)
        fail(r, CRIER_EINVAL, "there is no \"%s\"", name);
    return value;
}

/* Labels or annotations: names and strings. */
static const json_t *map(struct reader *r, const json_t *of, const char *name)
{
    const json_t *found = member(r, of, name, JSON_OBJECT);
    const char *key;
    json_t *value, *all;

    if (!found)
        return NULL;
    /* the macro of jansson wants an object that is not const, and changes nothing */
    all = json_object_get(of, name);
    json_object_foreach(all, key, value) if (!json_is_string(value))
    {
        fail(r, CRIER_EINVAL, "\"%s\" holds something that is not a string", name);
        return NULL;
    }
    return found;
}

static bool is_firing(struct reader *r, const json_t *of)
{
    const json_t *status = wanted(r, of, "status", JSON_STRING);
    const char *word = json_string_value(status);

    if (!word)
        return false;
    if (strcmp(word, "firing") != 0 && strcmp(word, "resolved") != 0)
        fail(r, CRIER_EINVAL, "\"status\" is neither firing nor resolved");
    return !strcmp(word, "firing");
}

static void read_alert(struct reader *r, const json_t *alert)
{
    if (!json_is_object(alert)) {
        fail(r, CRIER_EINVAL, "\"alerts\" holds something that is not an object");
        return;
    }
    (void)is_firing(r, alert);
    if (!map(r, alert, "labels"))
        fail(r, CRIER_EINVAL, "an alert has no \"labels\"");
    (void)map(r, alert, "annotations");
    (void)member(r, alert, "fingerprint", JSON_STRING);
}

/* The whole payload, looked at once, so that what follows finds what it looks for. */
static void read_group(struct reader *r, const json_t *root)
{
    const json_t *version, *truncated;
    size_t i;

    if (!json_is_object(root)) {
        fail(r, CRIER_EINVAL, "it is not an object");
        return;
    }
    version = wanted(r, root, "version", JSON_STRING);
    if (version && strcmp(json_string_value(version), "4") != 0)
        fail(r, CRIER_EINVAL, "its version is not 4, the only one that is understood");
    r->firing = is_firing(r, root);
    r->key = wanted(r, root, "groupKey", JSON_STRING);
    if (r->key && !json_string_length(r->key))
        fail(r, CRIER_EINVAL, "\"groupKey\" is empty");
    r->group_labels = map(r, root, "groupLabels");
    r->common_labels = map(r, root, "commonLabels");
    r->common_annotations = map(r, root, "commonAnnotations");
    truncated = member(r, root, "truncatedAlerts", JSON_INTEGER);
    r->truncated = truncated ? json_integer_value(truncated) : 0;
    if (r->truncated < 0 || r->truncated > COUNT_MAX)
        fail(r, CRIER_EINVAL, "\"truncatedAlerts\" is out of range");
    r->alerts = wanted(r, root, "alerts", JSON_ARRAY);
    if (r->err)
        return;
    if (!json_array_size(r->alerts))
        fail(r, CRIER_EINVAL, "\"alerts\" is empty");
    if (json_array_size(r->alerts) > ALERTMANAGER_ALERTS_MAX)
        fail(r, CRIER_ELIMIT, "it holds %zu alerts; at most %d (max_alerts limits them)",
             json_array_size(r->alerts), ALERTMANAGER_ALERTS_MAX);
    for (i = 0; !r->err && i < json_array_size(r->alerts); i++)
        read_alert(r, json_array_get(r->alerts, i));
}

/* ---- making signals -------------------------------------------------------------------------- */

/* Appends a string with its NUL. @return where it begins. */
static size_t put(struct reader *r, const char *text, size_t n)
{
    size_t at = r->post.text.len;

    buf_add(&r->post.text, text, n);
    buf_addc(&r->post.text, '\0');
    return at;
}

/* Cleans and cuts a JSON string (NULL: ""). dst has room for LOOK_BYTES + 1. @return bytes. */
static size_t clean(const json_t *string, size_t max_bytes, char *dst)
{
    size_t n = string ? json_string_length(string) : 0;

    if (n > LOOK_BYTES)
        n = LOOK_BYTES;
    n = utf8_clean(n ? json_string_value(string) : "", n, dst);
    dst[n] = '\0';
    if (n > max_bytes)
        n = utf8_cut(dst, max_bytes);
    while (n && dst[n - 1] == ' ')
        n--;
    dst[n] = '\0';
    return n;
}

static size_t put_clean(struct reader *r, const json_t *string, size_t max_bytes)
{
    char text[LOOK_BYTES + 1];
    size_t n = clean(string, max_bytes, text);

    return put(r, text, n);
}

/* What is left of a name is asked, not what was sent. */
static size_t put_check(struct reader *r, const json_t *check)
{
    static const char unnamed[] = "unnamed alert";
    char text[LOOK_BYTES + 1];
    size_t n = clean(check, ALERTMANAGER_NAME_BYTES, text);

    return n ? put(r, text, n) : put(r, unnamed, sizeof unnamed - 1);
}

static const json_t *lookup(const json_t *labels, const char *name)
{
    const json_t *value = json_object_get(labels, name); /* NULL where labels is */

    return value && json_string_length(value) ? value : NULL;
}

/* FNV-1a, for keys that cannot be kept as they are. */
static unsigned long long hash_of(const json_t *string)
{
    const char *text = json_string_value(string);
    size_t i, n = json_string_length(string);
    unsigned long long h = 14695981039346656037ULL;

    for (i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
    return h;
}

/* The group's key and, where the signal is of one alert, that one's fingerprint. */
static size_t put_key(struct reader *r, const json_t *alert)
{
    char text[LOOK_BYTES + 1], print[LOOK_BYTES + 1] = "";
    size_t n = clean(r->key, ALERTMANAGER_KEY_BYTES, text), at = r->post.text.len;

    buf_add(&r->post.text, text, n);
    if (n != json_string_length(r->key) || memcmp(text, json_string_value(r->key), n) != 0)
        buf_addf(&r->post.text, "#%016llx", hash_of(r->key));
    if (alert) {
        const json_t *labels = json_object_get(alert, "labels");

        if (!clean(json_object_get(alert, "fingerprint"), FINGERPRINT_BYTES, print))
            (void)clean(lookup(labels, r->source->webhook_host_label), ALERTMANAGER_NAME_BYTES,
                        print);
        buf_addf(&r->post.text, "/%s", print);
    }
    buf_addc(&r->post.text, '\0');
    return at;
}

static bool has_page_label(const struct reader *r, const json_t *labels)
{
    const char *pair = r->source->webhook_page_label;
    const char *equals = pair ? strchr(pair, '=') : NULL;
    const json_t *value;

    if (!equals)
        return false;
    value = json_object_getn(labels, pair, (size_t)(equals - pair));
    return value && !strcmp(json_string_value(value), equals + 1);
}

static enum severity severity_in(const json_t *labels)
{
    const json_t *value = lookup(labels, "severity");

    return value ? patterns_severity(json_string_value(value)) : SEVERITY_UNKNOWN;
}

/* As relays write it in the channel; the summary still has its page mark. */
static size_t put_raw(struct reader *r, const struct signal *s, const struct spots *at)
{
    struct buf line;
    const char *text;
    size_t where;

    buf_init(&line, 4096);
    text = buf_str(&r->post.text);
    buf_adds(&line, s->kind == SIGNAL_FIRING ? "FIRING: " : "RESOLVED: ");
    if (s->count > 1)
        buf_addf(&line, "[%dx] ", s->count);
    buf_adds(&line, text + at->check);
    if (text[at->host])
        buf_addf(&line, " on %s", text + at->host);
    if (text[at->summary])
        buf_addf(&line, ": %s", text + at->summary);
    if (buf_error(&line))
        fail(r, buf_error(&line), "%s", crier_strerror(buf_error(&line)));
    where = put(r, buf_str(&line), line.len);
    buf_finish(&line);
    return where;
}

/* One signal of which everything but the texts is there. @param alert the one that it is of, NULL:
 * the group. */
static void make(struct reader *r, const struct signal *s, const json_t *alert)
{
    const json_t *first = alert ? alert : json_array_get(r->alerts, 0);
    const json_t *labels = json_object_get(first, "labels");
    const json_t *notes = json_object_get(first, "annotations");
    const json_t *check = alert ? lookup(labels, "alertname") : NULL, *summary;
    struct spots *at = &r->spots[r->post.n];

    if (!check)
        check = lookup(r->group_labels, "alertname");
    if (!check)
        check = lookup(r->common_labels, "alertname");
    if (!check)
        check = lookup(labels, "alertname");
    summary = lookup(notes, "summary");
    if (!summary)
        summary = lookup(notes, "description");
    if (!summary)
        summary = lookup(r->common_annotations, "summary");
    if (buf_error(&r->post.text))
        return;
    at->check = put_check(r, check);
    at->host = put_clean(r, alert ? lookup(labels, r->source->webhook_host_label) : NULL,
                         ALERTMANAGER_NAME_BYTES);
    at->summary = put_clean(r, summary, ALERTMANAGER_TEXT_BYTES);
    at->key = put_key(r, alert);
    if (buf_error(&r->post.text))
        return;
    at->raw = put_raw(r, s, at);
    r->post.signal[r->post.n++] = *s;
}

static void make_group(struct reader *r)
{
    struct signal s = {.kind = r->firing ? SIGNAL_FIRING : SIGNAL_RESOLVED, .rule = -1};
    json_int_t count = r->truncated;
    size_t i;

    s.severity = severity_in(r->group_labels);
    s.paging = has_page_label(r, r->common_labels) || has_page_label(r, r->group_labels);
    for (i = 0; i < json_array_size(r->alerts); i++) {
        const json_t *alert = json_array_get(r->alerts, i);
        const json_t *labels = json_object_get(alert, "labels");
        const char *status = json_string_value(json_object_get(alert, "status"));

        if (r->firing && strcmp(status, "firing") != 0)
            continue;
        count++;
        s.paging = s.paging || has_page_label(r, labels);
        if (severity_in(labels) > s.severity)
            s.severity = severity_in(labels);
    }
    s.count = count > 0 ? (int)count : 1;
    make(r, &s, NULL);
}

static void make_each(struct reader *r)
{
    size_t i;

    for (i = 0; !r->err && i < json_array_size(r->alerts); i++) {
        const json_t *alert = json_array_get(r->alerts, i);
        const json_t *labels = json_object_get(alert, "labels");
        struct signal s = {.rule = -1, .count = 1};

        s.kind = is_firing(r, alert) ? SIGNAL_FIRING : SIGNAL_RESOLVED;
        s.severity = severity_in(labels);
        s.paging = has_page_label(r, labels);
        make(r, &s, alert);
    }
}

/* The strings stay where they are from here on. */
static void point(struct reader *r)
{
    const char *text = buf_str(&r->post.text);
    size_t i;

    for (i = 0; i < r->post.n; i++) {
        struct signal *s = &r->post.signal[i];
        const struct spots *at = &r->spots[i];

        s->source = s->place = s->tool = s->user = s->deploy_host = s->change = "";
        s->check = text + at->check;
        s->host = text + at->host;
        s->summary = text + at->summary;
        s->raw = text + at->raw;
        s->group_key = text + at->key;
    }
}

int alertmanager_read(const struct source_settings *source, const char *body, size_t body_bytes,
                      struct alertmanager_post *ret, char *why, size_t why_size)
{
    struct reader r = {.source = source, .why = why, .why_size = why_size};
    json_error_t error;
    json_t *root;
    size_t n;

    buf_init(&r.post.text, TEXT_MAX);
    root = json_loadb(body, body_bytes, JSON_ALLOW_NUL, &error);
    if (root)
        read_group(&r, root);
    else
        fail(&r, CRIER_EINVAL, "it is no JSON (line %d, column %d)", error.line, error.column);
    if (!r.err) {
        n = source->webhook_host_label ? json_array_size(r.alerts) : 1;
        r.post.signal = calloc(n, sizeof *r.post.signal);
        r.spots = calloc(n, sizeof *r.spots);
        if (!r.post.signal || !r.spots)
            fail(&r, CRIER_ENOMEM, "%s", crier_strerror(CRIER_ENOMEM));
        else if (source->webhook_host_label)
            make_each(&r);
        else
            make_group(&r);
    }
    if (buf_error(&r.post.text))
        fail(&r, buf_error(&r.post.text), "%s", crier_strerror(buf_error(&r.post.text)));
    if (!r.err)
        point(&r);
    json_decref(root);
    free(r.spots);
    if (r.err) {
        alertmanager_post_finish(&r.post);
        return r.err;
    }
    *ret = r.post;
    return 0;
}

void alertmanager_post_finish(struct alertmanager_post *p)
{
    free(p->signal);
    buf_finish(&p->text);
    memset(p, 0, sizeof *p);
}

/* ---- the receiver ---------------------------------------------------------------------------- */

struct alertmanager {
    const struct settings *settings;
    struct format_port formats;
    struct web *web;
    alertmanager_sink *sink;
    void *ctx;
    char **token; /* by source; NULL: none */
};

int alertmanager_create(const struct settings *settings, const struct format_port *formats,
                        struct web *web, alertmanager_sink *sink, void *ctx,
                        struct alertmanager **ret, char *why, size_t why_size)
{
    struct alertmanager *a = calloc(1, sizeof *a);
    int r = CRIER_ENOMEM;
    size_t i;

    assert(formats->judge);
    (void)utf8_print(why, why_size, "%s", crier_strerror(r));
    if (!a)
        return r;
    a->settings = settings;
    a->formats = *formats;
    a->web = web;
    a->sink = sink;
    a->ctx = ctx;
    a->token = calloc(settings->n_sources + 1, sizeof *a->token);
    if (!a->token)
        goto fail;
    for (i = 0; i < settings->n_sources; i++) {
        const struct source_settings *s = &settings->source[i];

        if (!s->webhook || (!s->webhook_token_file && !s->webhook_token_env))
            continue;
        r = secret_load(s->webhook_token_file, s->webhook_token_env, &a->token[i], why, why_size);
        if (r)
            goto fail;
    }
    *ret = a;
    return 0;
fail:
    alertmanager_destroy(a);
    return r;
}

void alertmanager_destroy(struct alertmanager *a)
{
    size_t i;

    if (!a)
        return;
    for (i = 0; a->token && i < a->settings->n_sources; i++)
        secret_destroy(a->token[i]);
    free(a->token);
    free(a);
}

/* @return index in settings.source, or -1. */
static int find_source(const struct alertmanager *a, const char *rest)
{
    int err, i;
    char *name = httpd_decode(rest, strlen(rest), false, &err);

    if (!name)
        return -1;
    i = settings_find_source(a->settings, name);
    free(name);
    return i >= 0 && a->settings->source[i].webhook ? i : -1;
}

static bool is_json(const struct httpd_request *req)
{
    static const char json[] = "application/json";
    const char *type = httpd_request_field(req, "Content-Type");
    size_t n = sizeof json - 1;

    return type && !strncasecmp(type, json, n) && (!type[n] || strchr("; \t", type[n]));
}

/* What is true of all signals of the payload, and what it means. @return 0 or CRIER_ENOMEM. */
static int hand_over(struct alertmanager *a, size_t source, struct alertmanager_post *post,
                     struct now now, struct httpd_response *res)
{
    const char *name = a->settings->source[source].name;
    char place[ALERTMANAGER_NAME_BYTES + 16];
    size_t i, n;
    int r = 0;

    (void)utf8_print(place, sizeof place, "webhook:%s", name);
    for (i = 0; i < post->n && !r; i++) {
        struct signal *s = &post->signal[i];
        const char *before = s->summary;

        s->source = name;
        s->place = place;
        s->wall_ms = now.wall_ms;
        r = a->formats.judge(a->formats.ctx, source, s);
        n = strlen(s->summary);
        if (r || s->summary == before || n > strlen(before))
            continue;
        /* without its marks it is shorter: it goes where it came from, since it is only lent */
        memcpy(post->text.data + (before - post->text.data), s->summary, n + 1);
        s->summary = before;
    }
    return r ? r : a->sink(a->ctx, post->signal, post->n, now, res);
}

int alertmanager_handle(struct alertmanager *a, const struct httpd_request *req, const char *rest,
                        struct httpd_response *res)
{
    struct alertmanager_post post = {0};
    int source = find_source(a, rest), r;
    const char *name;
    char why[WHY_BYTES];

    if (source < 0) {
        web_complain(a->web, WEB_TROUBLE_NAME, req->now,
                     "somebody posts to /alertmanager/ under a name that no source with webhook = "
                     "true has");
        return web_text(res, 404, "no source of that name has a webhook");
    }
    name = a->settings->source[source].name;
    if (a->token[source] && !web_shows_token(req, a->token[source])) {
        web_complain(a->web, WEB_TROUBLE_TOKEN, req->now, "source %s: refused a webhook %s token",
                     name,
                     httpd_request_field(req, "Authorization") ? "with a wrong" : "without its");
        return web_refuse_token(res);
    }
    if (!a->token[source] && !web_is_own_name(a->web, req))
        return web_refuse_name(a->web, req, res);
    if (!is_json(req))
        return web_text(res, 415, "Content-Type must be application/json");
    r = alertmanager_read(&a->settings->source[source], req->body, req->body_bytes, &post, why,
                          sizeof why);
    if (r == CRIER_ENOMEM)
        return r;
    if (r) {
        web_complain(a->web, WEB_TROUBLE_BODY, req->now, "source %s: refused a webhook: %s", name,
                     why);
        return web_text(res, 400, "%s", why);
    }
    r = hand_over(a, (size_t)source, &post, req->now, res);
    alertmanager_post_finish(&post);
    return r;
}
