/*
 * irc_shown: which of the lines that went out the server has really taken.
 *
 * A line counts as shown when its own echo comes (echo-message), or else when the PONG to a PING
 * sent behind it comes without an error for its target in between. Texts of several lines count
 * when every part does. Pure.
 */
#ifndef CRIER_IRC_SHOWN_H
#define CRIER_IRC_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_line.h"

enum { IRC_SHOWN_TEXTS = 64, IRC_SHOWN_PARTS = 4 };

/** @param token never 0. */
typedef void irc_shown_told(void *ctx, uint64_t token, bool shown);

struct irc_shown_text {
    uint64_t id; /* in the order of sending; 0: free */
    uint64_t token;
    char *target;
    size_t n, n_shown;
    bool complete; /* every part has been sent */
    struct {
        char *text; /* NULL: shown */
        uint64_t ping;
    } part[IRC_SHOWN_PARTS];
};

struct irc_shown {
    irc_shown_told *told;
    void *ctx;
    uint64_t next_id;
    struct irc_shown_text text[IRC_SHOWN_TEXTS];
};

void irc_shown_init(struct irc_shown *s, irc_shown_told *told, void *ctx);
/** Tells nobody. */
void irc_shown_finish(struct irc_shown *s);

/**
 * A new text begins. When too many are under way, the oldest counts as not shown.
 * @param token 0: nobody asks, but its echo must not be taken for another's.
 * @param ret_id for irc_shown_part().
 * @return 0 or CRIER_ENOMEM.
 */
int irc_shown_begin(struct irc_shown *s, const char *target, uint64_t token, uint64_t *ret_id)
    __attribute__((warn_unused_result));
/**
 * A part has been sent.
 * @param ping number of the first PING that is sent behind it.
 * @param last nothing of the text is left to send.
 * @return 0, CRIER_ENOENT (the text has already failed), CRIER_ENOMEM (it has now).
 */
int irc_shown_part(struct irc_shown *s, uint64_t id, const char *text, uint64_t ping, bool last)
    __attribute__((warn_unused_result));
/** A text will not be shown whole. Unknown ids are fine. */
void irc_shown_fail(struct irc_shown *s, uint64_t id);

/** Our own line came back. */
void irc_shown_echo(struct irc_shown *s, const struct irc_support *support, const char *target,
                    const char *text);
/** @param by_echo with echo-message a line whose echo has not come by now was not taken as it was;
 * without, it was taken. */
void irc_shown_pong(struct irc_shown *s, uint64_t ping, bool by_echo);
/** The server refused a line to target: the oldest under way. */
void irc_shown_refused(struct irc_shown *s, const struct irc_support *support, const char *target);
/** The connection is gone: everything under way counts as not shown. */
void irc_shown_lost(struct irc_shown *s);
/** @return the highest PING number that somebody waits for, 0 when nobody waits. */
uint64_t irc_shown_awaits(const struct irc_shown *s);

#endif
