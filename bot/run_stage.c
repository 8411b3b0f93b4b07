#include "run_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "drill_settings.h"
#include "err.h"
#include "log.h"
#include "utf8.h"

#include "httpd.h"
#include "patterns.h"
#include "problems.h"
#include "sandbox.h"
#include "scenarios.h"
#include "statuspage.h"
#include "store_sqlite.h"

enum {
    PATH_BYTES = 4096,
    URL_BYTES = 300,
    STORE_CLOSE_MS = 400,
    /* The drill's clock runs ahead: the page's limits of a minute do not fit it. */
    PAGE_RATE = 256
};

struct run_stage {
    char *folder;
    char *key_file;
    struct drill_scenario scenario;
    struct settings *settings;
    struct patterns *patterns;
    struct sandbox *sandbox;
    struct httpd *inside;  /* on loopback: everything, for crier itself */
    struct httpd *outside; /* what people may see, where that is elsewhere; or NULL */
    struct statuspage *page;
    struct store_sqlite *store;
    struct drill *drill;
    struct now now;
};

/* ---- files ----------------------------------------------------------------------------------- */

static const char *const files[] = {"key",          "crier.db",         "crier.db-wal",
                                    "crier.db-shm", "crier.db-journal", "crier.db.new",
                                    "crier.lock",   "crier.db.new-wal", "crier.db.new-shm"};

void run_stage_sweep(const char *folder)
{
    char path[PATH_BYTES];
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0]; i++)
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, files[i]) < sizeof path &&
            unlink(path) && errno != ENOENT && errno != ENOTDIR)
            log_warn("drill", "cannot remove %s", path);
    if (rmdir(folder) && errno != ENOENT)
        log_warn("drill", "cannot remove %s", folder);
}

/* Only crier's own user reads it, as any key. */
static int write_key(const char *path, const char *key)
{
    size_t n = strlen(key);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write(fd, key, n) == (ssize_t)n;

    if (fd >= 0 && close(fd))
        good = false;
    if (!good)
        log_warn("drill", "cannot write %s", path);
    return good ? 0 : CRIER_EIO;
}

char *run_stage_scenarios(const struct settings *settings, const char *config_path)
{
    const char *slash = strrchr(config_path, '/');

    if (settings->drill.scenarios)
        return strdup(settings->drill.scenarios);
    return buf_printf("%.*s%s", slash ? (int)(slash - config_path + 1) : 0, config_path,
                      "scenarios");
}

/* ---- callbacks ------------------------------------------------------------------------------- */

/* What goes wrong ends the drill, and nothing else: it is looked at after each turn. */
static void note(struct run_stage *s, int err)
{
    if (err && drill_is_over(s->drill))
        log_debug("drill", "%s", crier_strerror(err));
}

static void on_answer(void *ctx, const struct page_answer *answer)
{
    struct run_stage *s = ctx;

    if (s->drill)
        note(s, drill_answer(s->drill, answer, s->now.boot_ms));
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct run_stage *s = ctx;

    if (err)
        log_warnx("drill", "%s", text);
    if (s->drill)
        note(s, drill_stored(s->drill, ticket, err, s->now.boot_ms));
}

/* The practice page lives in the drill's time. */
static int serve(void *ctx, const struct httpd_request *req, struct httpd_response *res)
{
    struct run_stage *s = ctx;
    struct httpd_request then = *req;

    if (s->drill)
        then.now = drill_now(s->drill, req->now.boot_ms);
    return sandbox_handle(s->sandbox, &then, res);
}

/* People elsewhere read; only crier writes. */
static int serve_readers(void *ctx, const struct httpd_request *req, struct httpd_response *res)
{
    bool reads = !strcmp(req->method, "GET") || !strcmp(req->method, "HEAD");

    if (reads && strncmp(req->path, "/v1", 3) != 0 && strncmp(req->path, "/sandbox", 8) != 0)
        return serve(ctx, req, res);
    httpd_response_text(res, 404, "text/plain", "not here\n");
    return 0;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static bool is_loopback(const char *address)
{
    return !strncmp(address, "127.", 4) || !strcmp(address, "::1");
}

static int listen_at(const char *address, int64_t port, httpd_handler *handler, struct run_stage *s,
                     struct httpd **ret, char *why, size_t why_size)
{
    struct httpd_options options = {
        .address = address, .port = (uint16_t)port, .handler = handler, .ctx = s};
    int r = httpd_create(&options, ret);

    if (r)
        (void)utf8_print(why, why_size, "cannot listen on %s port %lld: %s", address,
                         (long long)port, crier_strerror(r));
    return r;
}

static int listen_all(struct run_stage *s, const struct settings *real, char *why, size_t size)
{
    const char *address = real->http.address ? real->http.address : "127.0.0.1";
    int64_t port = real->drill.port;
    bool here = is_loopback(address);
    int r = listen_at("127.0.0.1", here ? port : 0, serve, s, &s->inside, why, size);

    if (!r && !here)
        r = listen_at(address, port, serve_readers, s, &s->outside, why, size);
    return r;
}

static void shown_url(const struct run_stage *s, const struct settings *real, char *dst,
                      size_t size)
{
    const char *address = s->outside ? real->http.address : "127.0.0.1";

    if (s->outside && !real->drill.public_url &&
        (!strcmp(address, "0.0.0.0") || !strcmp(address, "::")))
        log_warnx("drill", "drill.public_url is missing: people are told an address that leads "
                           "nowhere");
    if (real->drill.public_url)
        (void)snprintf(dst, size, "%s", real->drill.public_url);
    else
        (void)snprintf(dst, size, strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u", address,
                       (unsigned)httpd_port(s->outside ? s->outside : s->inside));
}

static int make_page(struct run_stage *s, const struct settings *real, char *why, size_t size)
{
    char url[URL_BYTES], inside[URL_BYTES];
    char *components = drill_settings_components(s->settings);
    struct sandbox_options options = {.page_name = "DRILL: a practice page, nothing here is real",
                                      .components = components,
                                      .rate_limit = SANDBOX_RATE_MAX};
    int r = components ? sandbox_create(&options, &s->sandbox) : CRIER_ENOMEM;

    free(components);
    if (!r)
        r = listen_all(s, real, why, size);
    if (r)
        return r;
    shown_url(s, real, url, sizeof url);
    (void)snprintf(inside, sizeof inside, "http://127.0.0.1:%u", (unsigned)httpd_port(s->inside));
    r = sandbox_set_url(s->sandbox, url);
    if (!r)
        r = write_key(s->key_file, sandbox_key(s->sandbox));
    if (!r)
        r = drill_settings_page(s->settings,
                                &(struct drill_page){.page_id = sandbox_page_id(s->sandbox),
                                                     .api_url = inside,
                                                     .public_url = inside,
                                                     .shown_url = url,
                                                     .key_file = s->key_file});
    return r;
}

static int compile(struct run_stage *s)
{
    struct problems problems;
    int r;

    problems_init(&problems); /* there are none: the same patterns are in use already */
    r = patterns_create(s->settings, &problems, &s->patterns);
    problems_finish(&problems);
    return r;
}

static int connect_page(struct run_stage *s, struct net *net)
{
    struct statuspage_options options = statuspage_options_default();
    struct page_sink sink = {.ctx = s, .answer = on_answer};

    options.rate_limit = PAGE_RATE;
    return statuspage_create_with(s->settings, net, &sink, &options, &s->page);
}

static int make_drill(struct run_stage *s, const struct run_stage_options *o, char *why,
                      size_t size)
{
    struct drill_options options = {.settings = s->settings,
                                    .formats = patterns_format_port(s->patterns),
                                    .scenario = &s->scenario,
                                    .place = o->place,
                                    .player = o->player,
                                    .number = o->number,
                                    .url = sandbox_url(s->sandbox),
                                    .chat = o->chat,
                                    .page = statuspage_port(s->page),
                                    .store = store_sqlite_port(s->store)};
    int r = drill_create(&options, &s->drill);

    if (r == CRIER_ENOENT)
        (void)utf8_print(why, size, "scenario %s opens no draft with these rules",
                         s->scenario.name);
    return r;
}

/* @return 0, or an error whose words are in why, or none. */
static int set_up(struct run_stage *s, const struct run_stage_options *o, char *why, size_t size)
{
    struct store_sink sink = {.ctx = s, .committed = on_committed};
    int r = scenarios_load(o->scenarios, o->name, &s->scenario, why, size);

    if (r)
        return r;
    s->folder = strdup(o->folder);
    s->key_file = buf_printf("%s/key", o->folder);
    if (!s->folder || !s->key_file)
        return CRIER_ENOMEM;
    run_stage_sweep(s->folder);
    if (mkdir(s->folder, 0700)) {
        log_warn("drill", "%s", s->folder);
        return CRIER_EIO;
    }
    r = drill_settings_make(o->settings, o->place, &s->settings);
    if (!r)
        r = make_page(s, o->settings, why, size);
    if (!r)
        r = compile(s);
    if (!r)
        r = connect_page(s, o->net);
    if (!r)
        r = store_sqlite_open(s->folder, &sink, &s->store, why, size);
    if (!r)
        r = make_drill(s, o, why, size);
    return r;
}

int run_stage_create(const struct run_stage_options *options, struct now now,
                     struct run_stage **ret, char *why, size_t why_size)
{
    struct run_stage *s = calloc(1, sizeof *s);
    int r;

    why[0] = '\0';
    if (!s)
        return CRIER_ENOMEM;
    s->now = now;
    r = set_up(s, options, why, why_size);
    if (!r) {
        *ret = s;
        return 0;
    }
    if (!why[0])
        (void)utf8_print(why, why_size, "%s; the log says more", crier_strerror(r));
    run_stage_destroy(s);
    return r;
}

void run_stage_strike(struct run_stage *s)
{
    statuspage_destroy(s->page);
    s->page = NULL;
    if (s->store && store_sqlite_close(s->store, STORE_CLOSE_MS))
        log_warnx("drill", "its database was not written to the end");
    s->store = NULL;
    if (s->folder)
        run_stage_sweep(s->folder);
    free(s->folder);
    s->folder = NULL;
}

void run_stage_destroy(struct run_stage *s)
{
    if (!s)
        return;
    run_stage_strike(s);
    drill_destroy(s->drill);
    httpd_destroy(s->outside);
    httpd_destroy(s->inside);
    sandbox_destroy(s->sandbox);
    patterns_destroy(s->patterns);
    settings_destroy(s->settings);
    drill_scenario_finish(&s->scenario);
    free(s->key_file);
    free(s);
}

struct drill *run_stage_drill(struct run_stage *s)
{
    return s->drill;
}

const char *run_stage_url(const struct run_stage *s)
{
    return sandbox_url(s->sandbox);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* @return how many ports there are. */
static size_t ports(struct run_stage *s, struct source_port port[4])
{
    size_t n = 0;

    port[n++] = httpd_source_port(s->inside);
    if (s->outside)
        port[n++] = httpd_source_port(s->outside);
    if (s->store)
        port[n++] = store_sqlite_source_port(s->store);
    if (s->page)
        port[n++] = statuspage_source_port(s->page);
    return n;
}

static void collect(void *ctx, struct pollset *set)
{
    struct run_stage *s = ctx;
    struct source_port port[4];
    size_t i, n = ports(s, port);

    for (i = 0; i < n; i++)
        port[i].collect(port[i].ctx, set);
    pollset_deadline(set, drill_deadline(s->drill));
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run_stage *s = ctx;
    struct source_port port[4];
    size_t i, n = ports(s, port);

    s->now = now;
    for (i = 0; i < n; i++)
        port[i].dispatch(port[i].ctx, set, now);
    note(s, drill_turn(s->drill, now.boot_ms));
}

struct source_port run_stage_source_port(struct run_stage *s)
{
    return (struct source_port){.ctx = s, .collect = collect, .dispatch = dispatch};
}
