#include "run_web.h"

#include <sysexits.h>

#include "err.h"
#include "log.h"

enum { WHY_BYTES = 400 };

static const char not_written[] = "the database cannot be written; try again";

/* For whoever watches the watchman: whether somebody must look at the disk. */
static int health(void *ctx, const struct httpd_request *req, const char *rest,
                  struct httpd_response *res)
{
    const struct run_web *w = ctx;

    (void)req;
    (void)rest;
    return w->courier->sick ? web_text(res, 503, "the database cannot be written")
                            : web_text(res, 200, "ok");
}

/* ---- webhooks -------------------------------------------------------------------------------- */

static int take(void *ctx, const struct signal *signal, size_t n, struct now now,
                struct httpd_response *res)
{
    struct run_web *w = ctx;
    size_t i;

    if (w->leaving || w->courier->err || w->n_held == RUN_WEB_HOLDS_MAX)
        return web_text(res, 503, "not now; try again");
    for (i = 0; i < n; i++)
        if (courier_signal(w->courier, &signal[i], now))
            return web_text(res, 503, "not now; try again"); /* crier starts again */
    if (w->courier->sick)
        return web_text(res, 503, "%s", not_written);
    w->held[w->n_held].hold = web_hold(w->web, res);
    w->held[w->n_held].ticket = courier_ticket(w->courier);
    w->n_held++;
    return 0;
}

/* The receiver is another one after a reload. */
static int webhook(void *ctx, const struct httpd_request *req, const char *rest,
                   struct httpd_response *res)
{
    struct run_web *w = ctx;

    return alertmanager_handle(w->hook, req, rest, res);
}

void run_web_turn(struct run_web *w)
{
    bool sick = w->courier->sick;
    size_t i, kept = 0;

    for (i = 0; i < w->n_held; i++) {
        if (sick)
            web_answer(w->web, w->held[i].hold, 503, not_written);
        else if (courier_has_stored(w->courier, w->held[i].ticket))
            web_answer(w->web, w->held[i].hold, 200, "taken");
        else
            w->held[kept++] = w->held[i];
    }
    w->n_held = kept;
}

/* ---- life ------------------------------------------------------------------------------------ */

int run_web_start(struct run_web *w, const struct settings *settings,
                  const struct format_port *formats, struct courier *courier)
{
    char why[WHY_BYTES];
    int r;

    w->courier = courier;
    r = web_create(settings, &w->web, why, sizeof why);
    if (!r)
        r = alertmanager_create(settings, formats, w->web, take, w, &w->hook, why, sizeof why);
    if (r) {
        log_errorx("web", "%s", why);
        if (r == CRIER_ENOMEM)
            return EX_OSERR;
        return r == CRIER_EIO || r == CRIER_ELOCKED ? EX_UNAVAILABLE : EX_CONFIG;
    }
    web_route(w->web, "GET", "/health", WEB_ANYBODY, health, w);
    web_route(w->web, "POST", "/alertmanager/*", WEB_ANYBODY, webhook, w);
    if (web_port(w->web))
        log_info("web", "listening on %s port %u", settings->http.address,
                 (unsigned)web_port(w->web));
    return 0;
}

void run_web_stop(struct run_web *w)
{
    web_destroy(w->web);
    alertmanager_destroy(w->hook);
    alertmanager_destroy(w->next_hook);
    w->web = NULL;
    w->hook = w->next_hook = NULL;
}

int run_web_prepare(struct run_web *w, const struct settings *settings,
                    const struct format_port *formats)
{
    char why[WHY_BYTES];
    uint16_t before = web_port(w->web);
    int r;

    r = alertmanager_create(settings, formats, w->web, take, w, &w->next_hook, why, sizeof why);
    if (!r)
        r = web_reload(w->web, settings, why, sizeof why);
    if (r)
        log_errorx("web", "%s", why);
    else if (web_port(w->web) != before)
        log_info("web", "listening on %s port %u now", settings->http.address,
                 (unsigned)web_port(w->web));
    return r;
}

void run_web_accept(struct run_web *w)
{
    alertmanager_destroy(w->hook);
    w->hook = w->next_hook;
    w->next_hook = NULL;
}

void run_web_forget(struct run_web *w)
{
    alertmanager_destroy(w->next_hook);
    w->next_hook = NULL;
}
