/*
 * alertmanager: what Prometheus Alertmanager posts to a webhook, as signals.
 *
 * Reads version 4 of its payload (Alertmanager's documentation, "Configuration", <webhook_config>),
 * with jansson, and knows the tokens of the sources that have a webhook. Owns no socket: the
 * request comes from web.h, the signals go to a sink. Everything in a payload is a stranger's text:
 * cleaned, cut, and of the expected type or the whole payload is refused.
 *
 * A group is one signal, worded as a relay words it in the channel, so that both ears tell of one
 * alert: its check is the alertname of the group (else common, else of the first alert), its
 * summary the annotation `summary` (else `description`) of the first alert, and it is resolved when
 * all its alerts are. With webhook_host_label each alert of the group is a signal of its own. The
 * group's key, in the second case with the alert's fingerprint, is what repeats and recoveries are
 * known by.
 */
#ifndef CRIER_ALERTMANAGER_H
#define CRIER_ALERTMANAGER_H

#include <stddef.h>

#include "httpd.h"
#include "ports.h"
#include "settings.h"
#include "signal.h"
#include "web.h"

enum {
    ALERTMANAGER_ALERTS_MAX = 5000, /* in one payload */
    ALERTMANAGER_NAME_BYTES = 200,  /* check and host are cut there, */
    ALERTMANAGER_TEXT_BYTES = 400,  /* the summary here, */
    ALERTMANAGER_KEY_BYTES = 300    /* and of a longer key the rest is a hash */
};

/* ---- one payload ----------------------------------------------------------------------------- */

/** The signals of one payload; they live as long as this does. */
struct alertmanager_post {
    struct signal *signal; /* source, place, rule and wall_ms are left for the caller: "", -1, 0 */
    size_t n;
    struct buf text; /* what their strings point into */
};

/**
 * @param source whose labels count.
 * @param ret set on success only; the caller's to alertmanager_post_finish().
 * @param why on failure one clean line, without text of the payload.
 * @return 0, CRIER_EINVAL (not JSON, not version 4, something missing or of another type),
 * CRIER_ELIMIT (too many alerts) or CRIER_ENOMEM.
 */
int alertmanager_read(const struct source_settings *source, const char *body, size_t body_bytes,
                      struct alertmanager_post *ret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Also of a zeroed struct. */
void alertmanager_post_finish(struct alertmanager_post *p);

/* ---- the receiver ---------------------------------------------------------------------------- */

/** Takes the signals of one payload, complete, and answers the request, at once or later. @return
 * as a web_handler. */
typedef int alertmanager_sink(void *ctx, const struct signal *signal, size_t n, struct now now,
                              struct httpd_response *res);

struct alertmanager;

/**
 * Loads the tokens.
 *
 * @param settings, formats borrowed until alertmanager_destroy(). @param web for its complaints.
 * @param why on failure one line for people.
 * @return 0, what secret_load() says, or CRIER_ENOMEM.
 */
int alertmanager_create(const struct settings *settings, const struct format_port *formats,
                        struct web *web, alertmanager_sink *sink, void *ctx,
                        struct alertmanager **ret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void alertmanager_destroy(struct alertmanager *a);
/**
 * One POST to /alertmanager/NAME. 401 without the source's token, 404 where no source of that name
 * has a webhook, 415 for what does not say that it is JSON (no page in a browser can say so to
 * another server unasked), 400 for what is no payload: Alertmanager gives up on all of these, and
 * only repeats after 5xx. Otherwise the sink answers.
 *
 * @param rest NAME, percent-encoded. @return as a web_handler.
 */
int alertmanager_handle(struct alertmanager *a, const struct httpd_request *req, const char *rest,
                        struct httpd_response *res);

#endif
