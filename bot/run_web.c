#include "run_web.h"

#include <sysexits.h>

#include "err.h"
#include "log.h"

enum { WHY_BYTES = 400 };

/* For whoever watches the watchman: whether a restart or a look at the disk is needed. */
static int health(void *ctx, const struct httpd_request *req, const char *rest,
                  struct httpd_response *res)
{
    const struct run_web *w = ctx;

    (void)req;
    (void)rest;
    return w->courier->sick ? web_text(res, 503, "the database cannot be written")
                            : web_text(res, 200, "ok");
}

int run_web_start(struct run_web *w, const struct settings *settings, const struct courier *courier)
{
    char why[WHY_BYTES];
    int r = web_create(settings, &w->web, why, sizeof why);

    if (r) {
        log_errorx("web", "%s", why);
        return r == CRIER_ENOMEM                      ? EX_OSERR
               : r == CRIER_EIO || r == CRIER_ELOCKED ? EX_UNAVAILABLE
                                                      : EX_CONFIG;
    }
    w->courier = courier;
    web_route(w->web, "GET", "/health", WEB_ANYBODY, health, w);
    if (web_port(w->web))
        log_info("web", "listening on %s port %u", settings->http.address,
                 (unsigned)web_port(w->web));
    return 0;
}

int run_web_reload(struct run_web *w, const struct settings *settings)
{
    char why[WHY_BYTES];
    int r = web_reload(w->web, settings, why, sizeof why);

    if (r)
        log_errorx("web", "%s", why);
    return r;
}

void run_web_stop(struct run_web *w)
{
    web_destroy(w->web);
    w->web = NULL;
}
