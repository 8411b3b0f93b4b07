/*
 * turn: what one turn of the loop wants: rows to commit together, and effects that may leave only
 * when that commit has completed.
 */
#ifndef CRIER_TURN_H
#define CRIER_TURN_H

#include <stdarg.h>
#include <stdbool.h>

#include "ports.h"
#include "records.h"

enum effect_kind {
    EFFECT_SAY,
    EFFECT_PAGE,
    EFFECT_AUDIT,  /* a line for the audit log */
    EFFECT_RECORD, /* an incident's timeline is read from the store and said */
    EFFECT_PROOF   /* a one-time password is compared */
};

/** What is read from the store for somebody, after the commit. */
struct record_request {
    int64_t incident;
    char *place; /* where it is said */
    char *where; /* how they find all of it */
    enum say_priority priority;
};

struct effect {
    enum effect_kind kind;
    bool ahead;                   /* see struct turn */
    struct say say;               /* EFFECT_SAY; strings owned */
    struct page_request page;     /* EFFECT_PAGE; strings owned */
    char *audit;                  /* EFFECT_AUDIT; owned */
    int64_t audit_key;            /* of its row in the batch; 0: it is a line alone */
    bool audit_early;             /* written before its row; it comes again with that */
    struct store_seal audit_seal; /* of its row; number 0: not known (yet) */
    struct record_request record; /* EFFECT_RECORD; strings owned */
    struct proof_request proof;   /* EFFECT_PROOF; strings owned */
};

struct turn {
    struct batch batch;
    struct effect *effect;
    size_t n_effects;
    size_t cap;
    /* While true, what is said needs no memory and may leave before the rows of its turn and of
     * older turns, when the store does not write: an answer to what was asked, a refusal. Never a
     * request, and never a line with a token: nothing becomes confirmable, or counts as told, that
     * is not written. */
    bool ahead;
    bool to_stranger; /* answers give way to everything else */
    int64_t n_audits; /* rows of RECORD_AUDIT, to tell them apart */
    int err;          /* sticky: CRIER_ENOMEM; the turn must not be committed then */
};

void turn_init(struct turn *t);
void turn_finish(struct turn *t);
/** @return 0 or CRIER_ENOMEM, of the turn or of its batch. */
int turn_error(const struct turn *t) __attribute__((warn_unused_result));

/** Appends a line to say; the strings are copied. See struct say. */
void turn_say(struct turn *t, const char *place, enum say_priority priority, uint64_t token,
              uint64_t replaces, const char *text);
/** Appends a request; takes the strings of *req over, also on failure, and zeroes it. */
void turn_page(struct turn *t, struct page_request *req);
/** Appends a comparison; takes the strings of *req over, also on failure, and zeroes it. */
void turn_proof(struct turn *t, struct proof_request *req);
/** Takes out the effects that may go ahead; the others keep their order.
 * @param ret an empty turn that gets them; the caller's to turn_finish(). @return 0 or
 * CRIER_ENOMEM: nothing was taken out. */
int turn_take_ahead(struct turn *t, struct turn *ret) __attribute__((warn_unused_result));
/** Appends a reading of an incident's timeline; prompts and answers overtake its lines. The strings
 * are copied. */
void turn_record(struct turn *t, int64_t incident, const char *place, const char *where);
/**
 * Appends an audit line, and a row of RECORD_AUDIT that goes with it; the engine's rooms use
 * bot/audit.h, which fills the row.
 * @param row NULL: the line alone. Its strings are copied (NULL is ""); its id, live, line, prev
 * and hash are not looked at.
 */
void turn_audit(struct turn *t, const struct record_audit *row, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** The same with a va_list. */
void turn_vaudit(struct turn *t, const struct record_audit *row, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
