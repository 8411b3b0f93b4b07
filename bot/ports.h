/*
 * ports: the seam between the program and everything outside.
 *
 * Structs of function pointers that adapters fill and run.c wires. Nothing here blocks. Each port
 * has a fake in tests/fakes/.
 */
#ifndef CRIER_PORTS_H
#define CRIER_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "components.h"
#include "now.h"
#include "pollset.h"
#include "records.h"
#include "settings.h"
#include "signal.h"

/* ---- waiting: one source for each module that has descriptors or deadlines
 * ------------------------ */

struct source_port {
    void *ctx;
    /** Adds what the module waits for. Called before each wait. */
    void (*collect)(void *ctx, struct pollset *set);
    /** Does the work that is ready; called after each wait, also when nothing is. */
    void (*dispatch)(void *ctx, const struct pollset *set, struct now now);
};

struct wait_port {
    void *ctx;
    struct now (*now)(void *ctx);
    /** Waits for the set or until its deadline. @return 0 or CRIER_EIO. Signals end it early. */
    int (*wait)(void *ctx, struct pollset *set);
};

/* ---- chat: out
 * -------------------------------------------------------------------------------------- */

/** Who waits: higher goes first. SAY_STRANGER: an answer to somebody who is not on the list. */
enum say_priority { SAY_STRANGER, SAY_REMINDER, SAY_ANNOUNCE, SAY_PROMPT, SAY_ANSWER };

struct say {
    char *place; /* "network/#channel" or "network/nick" */
    char *text;  /* one line, UTF-8, no control characters */
    enum say_priority priority;
    uint64_t token;    /* not 0: report when the server has taken the line */
    uint64_t replaces; /* not 0: this one takes the place of an unsent line with the same number
                          at the same place, and the higher priority of the two */
};

struct chat_port {
    void *ctx;
    /**
     * Queues one line; longer ones are split at the wire's limit, never inside a character.
     * @return 0, CRIER_ENOENT (no such place), CRIER_ELIMIT (queue full: counted and told later) or
     * CRIER_ENOMEM.
     */
    int (*say)(void *ctx, const struct say *say);
};

/* ---- chat: in
 * ------------------------------------------------------------------------------------- */

enum identity {
    IDENTITY_NONE,    /* no services account, and that is known */
    IDENTITY_ACCOUNT, /* account is set by account-tag on this very line, or by a WHOIS bound to it
                       */
    IDENTITY_UNKNOWN  /* could not be found out (WHOIS failed, services gone) */
};

/** One line that somebody said. All strings are borrowed and clean (utf8_clean). */
struct heard {
    const char *network;
    const char *place; /* where an answer goes: "network/#channel", or "network/nick" in private */
    const char *nick;
    const char *userhost; /* "user@host", the real one; "" when it or nick had to be cleaned */
    const char *account;  /* NULL unless IDENTITY_ACCOUNT */
    const char *me;       /* crier's own nick there at present; NULL: as configured */
    enum identity identity;
    const char *text;
    const char
        *removed; /* what cleaning took out of the text (utf8_removed); "" or NULL: nothing */
    bool private; /* to the bot itself */
    bool outside; /* to a channel that whoever said it is not in */
    bool secure;  /* it came over TLS, on crier's own connection */
    bool notice;  /* a NOTICE: never a command */
    bool action;  /* a CTCP ACTION: never a command */
    bool history; /* replayed: neither command nor signal */
    bool obey;    /* false: crier is not logged in where it must be, or too soon after the JOIN */
    int64_t wall_ms; /* server-time where there is one, else when it came */
    uint64_t id;     /* unique in this process */
};

enum chat_event_kind {
    CHAT_JOINED,  /* place can be spoken to; also after a reconnect */
    CHAT_LEFT,    /* place is lost: kicked, netsplit, connection lost; text says why */
    CHAT_SHOWN,   /* the server has taken the line with this token */
    CHAT_UNSHOWN, /* it was lost with the connection before that was known */
    CHAT_DROPPED, /* count lines were dropped here since the last report */
    /* Somebody of the configuration, or a bot that is believed, is in the channel, or has left it:
     * text is their nick as configured. For calling people, never for trust. Everybody has gone
     * from a place that is lost. */
    CHAT_PRESENT,
    CHAT_ABSENT
};

struct chat_event {
    enum chat_event_kind kind;
    const char *place; /* for all but SHOWN and UNSHOWN */
    const char *text;  /* or "" */
    uint64_t token;
    int64_t count;
};

/** Called by the chat adapter from its dispatch, never from inside say(). */
struct chat_sink {
    void *ctx;
    void (*heard)(void *ctx, const struct heard *line);
    void (*event)(void *ctx, const struct chat_event *event);
};

/* ---- other ears: log files and feeds
 * --------------------------------------------------------------------------- */

/** One line that a log file or a feed told. All strings are borrowed and clean (utf8_clean). */
struct ear_line {
    const char *place; /* "file:PATH" or "feed:URL", as the configuration names it */
    const char *text;
    const char *user;      /* who said it, where the text does not tell; "" */
    bool people;           /* of a feed: by a person, not by a bot; only sources with people
                              believe it */
    int64_t wall_ms;       /* when it was said, or, of a file, when it was read */
    int64_t since_wall_ms; /* of a file: it was written after this; 0 where wall_ms is certain */
};

/** How far an ear has been read, in the adapter's own words. */
struct ear_position {
    const char *name; /* as ear_line.place */
    const char *position;
};

/** Called from an ear's dispatch. What a line makes, and the position behind it, are stored
 * together when both are given in one dispatch: nothing is lost then and nothing told twice. */
struct ear_sink {
    void *ctx;
    void (*line)(void *ctx, const struct ear_line *line);
    void (*position)(void *ctx, const struct ear_position *position);
};

/* ---- formats: a line of a trusted source into a signal
 * ------------------------------------------------ */

struct format_port {
    void *ctx;
    /**
     * Tries the formats of one source on a clean line, then the rules on what came out.
     * @param source_index in settings.source.
     * @param ret_signal   on success: its strings are borrowed until the next call (rest: from
     *                     line); source, place, raw, wall_ms and line_id are left for the caller.
     * @return 0, CRIER_ENOENT (no pattern matches), CRIER_ESTATE (one does, and says ignore),
     *         CRIER_ELIMIT (line too long, or match limit hit), CRIER_ENOMEM.
     */
    int (*match)(void *ctx, size_t source_index, const char *line, struct signal *ret_signal);
    /**
     * For a signal that came without a line (a webhook): takes the page marks of the source's
     * formats out of its summary, which is paging then, and sets its rule.
     * @param signal its summary may be borrowed until the next call afterwards.
     * @return 0 or CRIER_ENOMEM.
     */
    int (*judge)(void *ctx, size_t source_index, struct signal *signal);
};

/* ---- status page
 * ------------------------------------------------------------------------------------- */

enum page_op {
    PAGE_CREATE,
    PAGE_UPDATE, /* also resolves: step STEP_RESOLVED */
    /* Replaces the text of the newest incident update, without mail; the metadata's key stays that
     * of the step before. Whether a doubtful one was applied shows in the body. */
    PAGE_CORRECT,
    /* Takes the incident remote_id off the page, a twin. PAGE_OK also when it was gone already
     * (http_status 404); a doubtful one may be sent again. */
    PAGE_DELETE,
    /* Body becomes the draft of the incident's postmortem, which readers do not see; what draft
     * there was goes. May be sent again. */
    PAGE_POSTMORTEM,
    PAGE_LIST, /* the unresolved incidents, or with recent: the 100 newest, resolved ones too */
    /* The incident remote_id with everything that PAGE_LIST has of it. PAGE_REFUSED with
     * http_status 404: the page has it no more. */
    PAGE_GET,
    /* What readers see, asked like any reader without the key: the unresolved incidents, with
     * recent the 50 newest too, and now_components. Never counts against the key's rate. */
    PAGE_PUBLIC,
    PAGE_SUBSCRIBERS, /* how many would be notified */
    /* Key, page and names of components, at start; and at any time every component's present
     * status (now_components, also where a configured name is refused). */
    PAGE_CHECK,
    PAGE_WARM /* open a connection; no answer comes */
};

struct page_request {
    enum page_op op;
    char *page;         /* configured name */
    int64_t outbox_id;  /* echoed in the answer; reads may carry one, or any number of yours */
    bool urgent;        /* may use the half of the rate limit that is kept for confirms */
    bool recent;        /* PAGE_LIST, PAGE_PUBLIC */
    char *remote_id;    /* echoed in the answer; "" for PAGE_CREATE and for other reads than GET */
    char *key_incident; /* crier's key in the metadata, see statuspage.h */
    char *key_step;
    char *title; /* PAGE_UPDATE: "" leaves it alone */
    char *body;
    enum step step;
    enum impact impact;
    struct components components; /* PAGE_UPDATE: none leaves them alone */
    bool notify;
};

enum page_result {
    PAGE_OK,
    PAGE_UNSENT,   /* surely not applied: no connection, or refused with 420/429 */
    PAGE_DOUBTFUL, /* may have been applied: timeout, reset, 5xx, an answer that cannot be read */
    PAGE_REFUSED   /* 4xx that will not heal */
};

/**
 * One incident as the page has it. What somebody changed by hand shows when this is compared with
 * what the page answered to crier's own last step, not with what was sent: a page may trim a text
 * or write a sentence of its own. A new update has another last_update_id, an edited one another
 * body.
 */
struct page_incident {
    char *remote_id;
    char *title;
    char *url;  /* shortlink, or public URL */
    char *body; /* of the newest update */
    enum step step;
    enum impact impact;
    char *key_incident; /* "" when crier did not make it, and in PAGE_PUBLIC: readers see no key */
    char *key_step;
    int64_t created_wall_ms; /* twins may have the same: the smaller remote_id is as good then */
    int64_t updated_wall_ms;
    char *last_update_id; /* of the newest update, "" when it has none */
    int64_t n_updates;
    /* What this incident claims: for each of its components the status that it last changed it to,
     * else the one that it found, else (where its updates do not tell) the present one. What they
     * are now: PAGE_CHECK. */
    struct components components;
};

struct page_answer {
    enum page_op op;
    const char *page;
    int64_t outbox_id;
    const char *remote_id; /* of the request, "" when it had none */
    bool recent;           /* of the request */
    enum page_result result;
    int http_status;                      /* 0: none came */
    int64_t retry_after_ms;               /* 0: not said; else 1 s to 5 min */
    const char *error;                    /* one clean line for people, "" when fine */
    const struct page_incident *incident; /* the one made, changed or read; all of a listing */
    size_t n_incidents;
    int64_t subscribers; /* -1: unknown */
    /* PAGE_CHECK, PAGE_PUBLIC: every component's present status, the configured ones first and of
     * the others as many as there is room for; NULL when they could not be read. */
    const struct components *now_components;
};

struct page_port {
    void *ctx;
    /** Queues a request, copying it. @return 0, CRIER_ENOENT (no such page), CRIER_ELIMIT or
     * CRIER_ENOMEM. */
    int (*submit)(void *ctx, const struct page_request *req);
};

/** Called from the adapter's dispatch, exactly once for each request except PAGE_WARM. */
struct page_sink {
    void *ctx;
    void (*answer)(void *ctx, const struct page_answer *answer);
};

void page_request_finish(struct page_request *r);
void page_incident_finish(struct page_incident *i);

/* ---- proof: one-time passwords of people who were enrolled
 * ------------------------------------------------------------ */

/** What somebody says that they are. All of it is overwritten after use. */
struct proof_request {
    uint64_t id;     /* echoed */
    char *person;    /* of the configuration */
    char *code;      /* digits */
    char *next;      /* the code of the time step behind it, or "" */
    int64_t wall_ms; /* when it was heard */
};

enum proof_result {
    PROOF_RIGHT,
    PROOF_WRONG,
    PROOF_ABSENT, /* that person is not enrolled */
    PROOF_BROKEN  /* it could not be looked at: the reason is in the log */
};

struct proof_answer {
    uint64_t id; /* 0: it only tells how many are enrolled */
    enum proof_result result;
    int64_t step;    /* PROOF_RIGHT: the time step of the code, of the later one of two */
    const char *key; /* PROOF_RIGHT: of this enrolment, "" else; borrowed until the next check */
    size_t enrolled; /* with id 0: how many people are */
};

struct proof_port {
    void *ctx;
    /** Compares with the codes of the time step under way at wall_ms, of the one before and the
     * one behind. Says nothing of whether they were used. Reads one small file. */
    void (*check)(void *ctx, const struct proof_request *req, struct proof_answer *ret_answer);
};

void proof_request_finish(struct proof_request *r);

/* ---- store
 * ---------------------------------------------------------------------------------------------- */

struct store_port {
    void *ctx;
    /**
     * Starts to commit a batch as one transaction; takes its content (the batch is empty then).
     * Commits complete in the order in which they were started; an empty batch completes too.
     * @param ticket handed back in the sink.
     * @return 0; or CRIER_ENOMEM or CRIER_ELIMIT (too much waits already): the batch is unchanged
     * then and may be tried again later, with more in it.
     */
    int (*commit)(void *ctx, struct batch *batch, uint64_t ticket);
    /** Reads every live row, tables in the order of enum record_table, rows by id. The record is
     * borrowed; anything but 0 from row ends the reading and is returned. */
    int (*load)(void *ctx, int (*row)(void *row_ctx, enum record_table t, const void *record),
                void *row_ctx);
    /** Reads everything that is committed of one incident, live or not: its row, its revisions,
     * what was shown, its outbox, its timeline. For reports: see chronicle_take(). Takes some
     * milliseconds. @return 0 (an unknown incident has no row), what row returned, or an error
     * whose reason is in the log. */
    int (*read)(void *ctx, int64_t incident,
                int (*row)(void *row_ctx, enum record_table t, const void *record), void *row_ctx);
    /** Reads the rows of the newest incidents, at most max, newest first; see
     * chronicle_list_take(). */
    int (*incidents)(void *ctx, size_t max,
                     int (*row)(void *row_ctx, enum record_table t, const void *record),
                     void *row_ctx);
};

/** What the store made of one row of RECORD_AUDIT. */
struct store_seal {
    int64_t key;                 /* id of the row in its batch */
    int64_t number;              /* of the entry */
    char hash[AUDIT_HASH_BYTES]; /* its hash: the head of the chain up to it */
};

struct store_sink {
    void *ctx;
    /** Called right before committed(), for a batch with rows of RECORD_AUDIT: one for each, in
     * their order, borrowed. NULL: nobody wants to know. */
    void (*sealed)(void *ctx, uint64_t ticket, const struct store_seal *seal, size_t n);
    /** @param err 0, or CRIER_EIO: nothing of that batch was written; the store keeps trying and
     * reports again, each time with the same ticket, until it is 0. Of several that wait, only
     * the oldest is reported. @param text one line for people. */
    void (*committed)(void *ctx, uint64_t ticket, int err, const char *text);
};

#endif
