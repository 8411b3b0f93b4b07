/*
 * paging: whether a human is to be paged, because crier has something to say and nobody hears it.
 *
 * Due when every talk channel has been unreachable for pager.after and something waits: a draft, a
 * proposal, or a confirmed step that is not on the page yet. Once, then again after pager.again for
 * as long as that lasts. Pure: channels come and go by chat events, the time is an argument.
 */
#ifndef CRIER_PAGING_H
#define CRIER_PAGING_H

#include <stdbool.h>

#include "ports.h"
#include "settings.h"

/** Two pages are at least so far apart, whatever else is the case. */
enum { PAGING_APART_MS = 5 * 60 * 1000 };

struct paging_place {
    char *name; /* "network/#channel", a talk channel */
    bool joined;
};

struct paging {
    int64_t after_ms, again_ms;
    struct paging_place *place;
    size_t n_places;
    int64_t lost_boot_ms; /* since when all are unreachable; NOW_NEVER: one is there */
    int64_t lost_wall_ms;
    int64_t paged_boot_ms; /* the last page; NOW_NEVER: none yet */
    bool paged_spell;      /* that was for the present spell */
    bool failed;           /* the last page did not get out */
};

/** Every talk channel is unreachable from now on. @return 0 or CRIER_ENOMEM. */
int paging_init(struct paging *p, const struct settings *settings, struct now now)
    __attribute__((warn_unused_result));
void paging_finish(struct paging *p);
/**
 * Goes on with another configuration; channels that stay keep what is known of them.
 * @return 0, or CRIER_ENOMEM: it goes on as it was.
 */
int paging_reload(struct paging *p, const struct settings *settings, struct now now)
    __attribute__((warn_unused_result));

/** Takes CHAT_JOINED and CHAT_LEFT of talk channels. */
void paging_chat(struct paging *p, const struct chat_event *event, struct now now);

/** @return how many of the n_places talk channels can be spoken to. */
size_t paging_joined(const struct paging *p);

/** @param waiting how much waits, engine_waiting(). @return when a page is due (boot clock), or
 * NOW_NEVER. May be past. */
int64_t paging_deadline(const struct paging *p, size_t waiting);
/**
 * The text of a page that is due now; to be sent, and then it counts as sent.
 * @return the caller's to free(); NULL when none is due, or memory is out.
 */
char *paging_take(struct paging *p, const struct settings *settings, size_t waiting,
                  struct now now);
/** What became of the last page. One that failed is tried again as soon as it may be. */
void paging_done(struct paging *p, bool ok);

#endif
