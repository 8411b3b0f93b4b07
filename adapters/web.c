#include "web.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "secret.h"
#include "utf8.h"

#define MODULE "web"

enum {
    CONNECTIONS_MAX = 32,
    IDLE_S = 15,
    REQUEST_MAX_MS = 15 * 1000,
    TOKEN_MAX = 4096,
    WHY_BYTES = 400,
    COMPLAINT_BYTES = 600
};

struct route {
    const char *method;
    const char *path;
    enum web_access access;
    web_handler *handler;
    void *ctx;
};

/* What a configuration says; replaced as a whole. */
struct plan {
    char *address;
    uint16_t port;
    char *token; /* NULL: none */
    char *host;  /* of public_url, NULL: none */
};

struct web {
    struct plan plan;
    struct httpd *httpd; /* NULL: no port is configured */
    struct route route[WEB_ROUTES_MAX];
    size_t n_routes;
    uint64_t next_hold;
    struct {
        int64_t next_boot_ms;
        unsigned untold;
    } trouble[WEB_TROUBLES];
};

/* ---- tokens ---------------------------------------------------------------------------------- */

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 (RFC 4648) into dst, with its NUL. @return false when it is none, or too long. */
static bool decode_base64(const char *text, char *dst, size_t size)
{
    size_t n = strcspn(text, "= "), i, used = 0;
    uint32_t bits = 0;
    int have = 0;

    if (strspn(text + n, "= ") != strlen(text + n))
        return false;
    for (i = 0; i < n; i++) {
        int value = sextet(text[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (used + 1 >= size)
            return false;
        dst[used++] = (char)(bits >> have & 0xff);
    }
    dst[used] = '\0';
    return true;
}

bool web_shows_token(const struct httpd_request *req, const char *token)
{
    static const char bearer[] = "Bearer ", basic[] = "Basic ";
    const char *value = httpd_request_field(req, "Authorization");
    char plain[TOKEN_MAX + 256];
    const char *password;
    bool shown;

    if (!value)
        return false;
    if (!strncasecmp(value, bearer, sizeof bearer - 1)) {
        value += sizeof bearer - 1;
        return secret_equal(value + strspn(value, " "), token);
    }
    if (strncasecmp(value, basic, sizeof basic - 1) != 0)
        return false;
    password =
        decode_base64(value + sizeof basic - 1, plain, sizeof plain) ? strchr(plain, ':') : NULL;
    shown = password && secret_equal(password + 1, token);
    explicit_bzero(plain, sizeof plain);
    return shown;
}

int web_refuse_token(struct httpd_response *res)
{
    httpd_response_field(res, "WWW-Authenticate", "Bearer realm=\"crier\"");
    return web_text(res, 401, "show the token: Authorization: Bearer TOKEN");
}

/* A browser asks for user and password when it is offered Basic. */
static int refuse_reader(struct httpd_response *res)
{
    httpd_response_field(res, "WWW-Authenticate", "Basic realm=\"crier\", charset=\"UTF-8\"");
    return web_text(res, 401, "the token is the password, of any user");
}

/* ---- answers --------------------------------------------------------------------------------- */

int web_text(struct httpd_response *res, int status, const char *fmt, ...)
{
    va_list ap;

    httpd_response_text(res, status, "text/plain; charset=utf-8", NULL);
    va_start(ap, fmt);
    buf_vaddf(&res->body, fmt, ap);
    va_end(ap);
    buf_addc(&res->body, '\n');
    return 0;
}

void web_complain(struct web *w, enum web_trouble kind, struct now now, const char *fmt, ...)
{
    char text[COMPLAINT_BYTES];
    va_list ap;

    if (now.boot_ms < w->trouble[kind].next_boot_ms) {
        w->trouble[kind].untold++;
        return;
    }
    va_start(ap, fmt);
    utf8_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    if (w->trouble[kind].untold)
        log_warnx(MODULE, "%s (%u more of the kind since the last such line)", text,
                  w->trouble[kind].untold);
    else
        log_warnx(MODULE, "%s", text);
    w->trouble[kind].untold = 0;
    w->trouble[kind].next_boot_ms = now.boot_ms + WEB_COMPLAIN_MS;
}

/* What every answer has: it is for nobody else, and is what it says that it is. */
static void add_fields(struct httpd_response *res)
{
    httpd_response_field(res, "Cache-Control", "no-store");
    httpd_response_field(res, "X-Content-Type-Options", "nosniff");
    httpd_response_field(res, "Referrer-Policy", "no-referrer");
}

uint64_t web_hold(struct web *w, struct httpd_response *res)
{
    res->hold = ++w->next_hold;
    return res->hold;
}

void web_answer(struct web *w, uint64_t hold, int status, const char *text)
{
    struct httpd_response res;

    if (!w->httpd)
        return;
    httpd_response_init(&res);
    add_fields(&res);
    (void)web_text(&res, status, "%s", text);
    if (httpd_answer(w->httpd, hold, &res))
        log_debug(MODULE, "nobody waits for the answer %d any more", status);
    httpd_response_finish(&res);
}

/* ---- one request ----------------------------------------------------------------------------- */

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* The host of "host:port" or "[v6]:port". @return false when it is none, or too long. */
static bool host_alone(const char *text, char *dst, size_t size)
{
    size_t n;

    if (*text == '[') {
        text++;
        n = strcspn(text, "]");
        if (!text[n])
            return false;
    } else {
        n = strcspn(text, ":/");
    }
    if (!n || n >= size)
        return false;
    memcpy(dst, text, n);
    dst[n] = '\0';
    return true;
}

/* Whether the name by which it was asked is its own: else a page of somebody else's may be reading
 * from behind its visitor's back (DNS rebinding). */
bool web_is_own_name(const struct web *w, const struct httpd_request *req)
{
    const char *field = httpd_request_field(req, "Host");
    char host[256];

    if (!field)
        return true; /* no browser */
    return host_alone(field, host, sizeof host) &&
           (is_address(host) || !strcasecmp(host, "localhost") ||
            (w->plan.host && !strcasecmp(host, w->plan.host)));
}

int web_refuse_name(struct web *w, const struct httpd_request *req, struct httpd_response *res)
{
    char quoted[200];

    web_complain(w, WEB_TROUBLE_NAME, req->now,
                 "asked by the name %s, which is not mine: if it is, write it in http.public_url",
                 log_quote(quoted, sizeof quoted, httpd_request_field(req, "Host")));
    return web_text(res, 403, "this is not the name of this server");
}

/* @return what of the path is behind the route's, or NULL when it is not the route's. */
static const char *rest_of(const struct route *r, const char *path)
{
    size_t n = strlen(r->path);

    if (n && r->path[n - 1] == '*')
        return strncmp(r->path, path, n - 1) != 0 ? NULL : path + n - 1;
    return strcmp(r->path, path) != 0 ? NULL : path + n;
}

static bool is_method(const struct route *r, const char *method)
{
    return !strcmp(r->method, method) || (!strcmp(r->method, "GET") && !strcmp(method, "HEAD"));
}

static int serve(struct web *w, const struct route *r, const struct httpd_request *req,
                 const char *rest, struct httpd_response *res)
{
    char quoted[200];

    if (r->access == WEB_READERS && w->plan.token && !web_shows_token(req, w->plan.token)) {
        if (httpd_request_field(req, "Authorization"))
            web_complain(w, WEB_TROUBLE_TOKEN, req->now, "%s was asked for with a wrong token",
                         log_quote(quoted, sizeof quoted, req->path));
        return refuse_reader(res);
    }
    if (r->access == WEB_READERS && !w->plan.token && !web_is_own_name(w, req))
        return web_refuse_name(w, req, res);
    return r->handler(r->ctx, req, rest, res);
}

static int handle(void *ctx, const struct httpd_request *req, struct httpd_response *res)
{
    struct web *w = ctx;
    const char *allow = NULL;
    size_t i;

    add_fields(res);
    for (i = 0; i < w->n_routes; i++) {
        const char *rest = rest_of(&w->route[i], req->path);

        if (!rest)
            continue;
        if (is_method(&w->route[i], req->method))
            return serve(w, &w->route[i], req, rest, res);
        allow = w->route[i].method;
    }
    if (!allow)
        return web_text(res, 404, "there is no such page");
    httpd_response_field(res, "Allow", !strcmp(allow, "GET") ? "GET, HEAD" : allow);
    return web_text(res, 405, "this takes %s", allow);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void plan_finish(struct plan *p)
{
    free(p->address);
    free(p->host);
    secret_destroy(p->token);
    memset(p, 0, sizeof *p);
}

static int plan_make(const struct settings *settings, struct plan *ret, char *why, size_t why_size)
{
    const struct http_settings *http = &settings->http;
    struct plan p = {.port = (uint16_t)http->port};
    char host[256];
    const char *url = http->public_url ? strstr(http->public_url, "://") : NULL;
    int r = 0;

    (void)utf8_print(why, why_size, "%s", crier_strerror(CRIER_ENOMEM));
    p.address = strdup(http->address ? http->address : "127.0.0.1");
    if (url && host_alone(url + 3, host, sizeof host)) {
        p.host = strdup(host);
        if (!p.host)
            r = CRIER_ENOMEM;
    }
    if (!p.address)
        r = CRIER_ENOMEM;
    if (!r && p.port && (http->token_file || http->token_env))
        r = secret_load(http->token_file, http->token_env, &p.token, why, why_size);
    if (!r && p.port && !p.token && !web_is_loopback(p.address)) {
        r = CRIER_EINVAL;
        (void)utf8_print(why, why_size, "http.address %s wants http.token_file", p.address);
    }
    if (r) {
        plan_finish(&p);
        return r;
    }
    *ret = p;
    return 0;
}

/* Listens as the plan says; *ret is NULL where it names no port. */
static int listen_at(struct web *w, const struct plan *p, struct httpd **ret, char *why,
                     size_t why_size)
{
    struct httpd_options o = {.address = p->address,
                              .port = p->port,
                              .body_max_bytes = WEB_BODY_MAX,
                              .connections_max = CONNECTIONS_MAX,
                              .idle_timeout_s = IDLE_S,
                              .request_max_ms = REQUEST_MAX_MS,
                              .handler = handle,
                              .ctx = w};
    int r;

    *ret = NULL;
    if (!p->port)
        return 0;
    r = httpd_create(&o, ret);
    if (r)
        (void)utf8_print(why, why_size, "http: cannot listen on %s port %u: %s", p->address,
                         (unsigned)p->port,
                         r == CRIER_ELOCKED ? "somebody else does" : crier_strerror(r));
    return r;
}

int web_create(const struct settings *settings, struct web **ret, char *why, size_t why_size)
{
    struct web *w = calloc(1, sizeof *w);
    int r;

    if (!w) {
        (void)utf8_print(why, why_size, "%s", crier_strerror(CRIER_ENOMEM));
        return CRIER_ENOMEM;
    }
    r = plan_make(settings, &w->plan, why, why_size);
    if (!r)
        r = listen_at(w, &w->plan, &w->httpd, why, why_size);
    if (r) {
        web_destroy(w);
        return r;
    }
    *ret = w;
    return 0;
}

void web_destroy(struct web *w)
{
    if (!w)
        return;
    httpd_destroy(w->httpd);
    plan_finish(&w->plan);
    free(w);
}

void web_route(struct web *w, const char *method, const char *path, enum web_access access,
               web_handler *handler, void *ctx)
{
    assert(w->n_routes < WEB_ROUTES_MAX);
    w->route[w->n_routes++] = (struct route){method, path, access, handler, ctx};
}

/* Listens at another address before the one before is left. Where the two cannot be side by side
 * (the same port, and an address that holds the other) that comes first, and comes back when it
 * was in vain. */
static int move(struct web *w, const struct plan *to, char *why, size_t why_size)
{
    struct httpd *httpd = NULL;
    int r = listen_at(w, to, &httpd, why, why_size);

    if (r == CRIER_ELOCKED && to->port == w->plan.port) {
        char old_why[WHY_BYTES];

        httpd_destroy(w->httpd);
        w->httpd = NULL;
        r = listen_at(w, to, &httpd, why, why_size);
        if (r && listen_at(w, &w->plan, &w->httpd, old_why, sizeof old_why))
            log_errorx(MODULE, "%s; there is no web server now", old_why);
    }
    if (r)
        return r;
    httpd_destroy(w->httpd);
    w->httpd = httpd;
    return 0;
}

int web_reload(struct web *w, const struct settings *settings, char *why, size_t why_size)
{
    struct plan plan = {0};
    int r = plan_make(settings, &plan, why, why_size);

    if (!r && (plan.port != w->plan.port || strcmp(plan.address, w->plan.address) != 0))
        r = move(w, &plan, why, why_size);
    if (r) {
        plan_finish(&plan);
        return r;
    }
    plan_finish(&w->plan);
    w->plan = plan;
    return 0;
}

uint16_t web_port(const struct web *w)
{
    return w->httpd ? httpd_port(w->httpd) : 0;
}

/* The server may be replaced by a reload: the loop reaches it through these. */
static void collect(void *ctx, struct pollset *set)
{
    struct web *w = ctx;
    struct source_port port;

    if (!w->httpd)
        return;
    port = httpd_source_port(w->httpd);
    port.collect(port.ctx, set);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct web *w = ctx;
    struct source_port port;

    if (!w->httpd)
        return;
    port = httpd_source_port(w->httpd);
    port.dispatch(port.ctx, set, now);
}

struct source_port web_source_port(struct web *w)
{
    return (struct source_port){.ctx = w, .collect = collect, .dispatch = dispatch};
}

/* ---- what a configuration must have ---------------------------------------------------------- */

bool web_is_loopback(const char *address)
{
    struct in_addr in4;
    struct in6_addr in6;

    if (inet_pton(AF_INET, address, &in4) == 1)
        return ntohl(in4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &in6) == 1 && IN6_IS_ADDR_LOOPBACK(&in6);
}

/* Where the group "http" is written, as far as that is known. */
static struct where http_where(const struct settings *s)
{
    const struct http_settings *h = &s->http;
    const void *const field[] = {&h->address, &h->port, &h->token_file, &h->token_env,
                                 &h->public_url};
    struct where where = {s->n_files ? s->files[0] : NULL, 1};
    size_t i;

    for (i = 0; i < sizeof field / sizeof field[0]; i++) {
        const struct where *w = settings_where(s, field[i]);

        if (w)
            return *w;
    }
    return where;
}

void web_check(const struct settings *settings, struct problems *problems)
{
    const struct http_settings *http = &settings->http;
    struct where where = http_where(settings);
    bool is_near;
    size_t i;

    if (!http->address || !is_address(http->address)) {
        problems_add(problems, &where,
                     "http.address \"%s\" is no address: write 127.0.0.1, ::1 or that of a network "
                     "card",
                     http->address ? http->address : "");
        return;
    }
    is_near = web_is_loopback(http->address);
    if (http->port && !is_near && !http->token_file && !http->token_env)
        problems_add(problems, &where,
                     "http.address %s can be reached from other machines: write token_file = "
                     "\"...\"; in the group http, a file with the token that readers must show",
                     http->address);
    for (i = 0; i < settings->n_sources; i++) {
        const struct source_settings *s = &settings->source[i];
        char what[160];

        if (!s->webhook)
            continue;
        (void)utf8_print(what, sizeof what, "source \"%s\"", s->name ? s->name : "?");
        if (http->port && !is_near && !s->webhook_token_file && !s->webhook_token_env)
            problems_add(problems, &s->where,
                         "%s: its webhook can be reached from other machines (http.address %s): "
                         "write webhook_token_file = \"...\";",
                         what, http->address);
    }
}
