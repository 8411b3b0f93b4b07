/*
 * statuspage: the Statuspage manage API, for all configured pages.
 *
 * The promise: each write is one attempt, never repeated here and never by libcurl (readings and
 * deletes may be, on a kept connection that turns out to be dead: twice is the same as once), and
 * its answer says what is known about it:
 *
 *   PAGE_OK        the page has answered in the API's own shape that it is done;
 *   PAGE_UNSENT    surely not applied: nothing of it left, or the page sent it away with 420 or
 *                  429 (retry_after_ms is when to try again);
 *   PAGE_REFUSED   the page said no with a 4xx: trying again without a change does not help;
 *   PAGE_DOUBTFUL  everything else. For a create or update: it may have been applied, or may be
 *                  yet. Read the page (PAGE_LIST) and look for key_incident and key_step before
 *                  sending it again.
 *
 * When to retry, reconcile or give up is the engine's. What a create needs to know first (the ids
 * of its components) is read before it; when that reading fails the create was not sent.
 *
 * Order: urgent requests first, each kind in the order of submit(); two writes of one incident
 * never overtake each other and never overlap; reads overlap, but what PAGE_LIST, PAGE_GET and
 * PAGE_CHECK answer was read after every write whose answer came before (when write follows upon
 * write, the fifth reading is answered as it is). crier's own rate is limited (60 in a
 * rolling minute for each key): what is over it waits, urgent requests may use all of it and
 * background ones half.
 *
 * PAGE_WARM keeps a connection open for the next half hour by a background reading whenever it
 * has been idle, so that a confirm costs one round trip; it also brings the ids of the components.
 * A connection that has been idle for longer, or from before the machine slept, is not used again:
 * the other end may be gone, and a write on it would be doubtful.
 *
 * PAGE_PUBLIC asks public_url as any reader does: no key, a lane and a rate of its own (one request
 * a second), no redirect followed, at most 1 MiB for each document. It reads summary.json, and with
 * `recent` incidents.json a second later; the page's id in them must be the configured one. Where
 * the two disagree about an incident the later updated_wall_ms counts. In no particular order.
 *
 * PAGE_LIST without `recent` goes on until a page of the listing is not full. What shifts meanwhile
 * is listed once, in its latest form; what moved up across the border of two pages may be missing
 * until the next reading. With `recent` it is one request.
 *
 * PAGE_CHECK reads the page and its components (two requests), whenever it is asked for.
 *
 * key_incident and key_step go into the incident's metadata as {"crier": {"incident": KEY, "step":
 * STEP}}, and come back in struct page_incident.
 *
 * PAGE_UPDATE with title "" leaves the title alone; with no components it leaves them alone.
 * PAGE_CORRECT reads the incident and replaces the text of its newest update; when that may or may
 * not have been done, the body of a PAGE_GET tells.
 */
#ifndef CRIER_STATUSPAGE_H
#define CRIER_STATUSPAGE_H

#include "net.h"
#include "settings.h"

struct statuspage;

struct statuspage_options {
    int64_t connect_timeout_ms; /* 10 s; includes name lookup and TLS */
    int64_t total_timeout_ms;   /* 20 s, of one attempt */
    int64_t rate_limit;         /* 60 requests, 2 to 256 */
    int64_t rate_window_ms;     /* 61 s: a second more than the page's, since paths differ */
    int64_t max_idle_ms; /* 55 s, at least 1 s: a connection idle for longer is not used again */
};

/** The defaults above. */
struct statuspage_options statuspage_options_default(void);

/**
 * Reads the keys and checks the addresses: https, or http to a loopback host where the page allows
 * plain http. Sends nothing. Everything needed of the settings is copied; sink is copied, its ctx
 * is borrowed.
 *
 * @param options NULL for the defaults.
 * @return 0; CRIER_EINVAL, CRIER_EACCESS, CRIER_ENOENT (the log says what is wrong with which
 * page), CRIER_ENOMEM.
 */
int statuspage_create_with(const struct settings *settings, struct net *net,
                           const struct page_sink *sink, const struct statuspage_options *options,
                           struct statuspage **ret) __attribute__((warn_unused_result));
int statuspage_create(const struct settings *settings, struct net *net,
                      const struct page_sink *sink, struct statuspage **ret)
    __attribute__((warn_unused_result));
/** Ends what is under way without answers. Not from inside the sink. NULL is fine. */
void statuspage_destroy(struct statuspage *s);

struct page_port statuspage_port(struct statuspage *s);
/** Register it after net's. The sink is called from its dispatch only. */
struct source_port statuspage_source_port(struct statuspage *s);
/** @return true when no answer is owed: a reload may replace it then. */
bool statuspage_is_idle(const struct statuspage *s);

#endif
