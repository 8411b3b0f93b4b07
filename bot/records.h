/*
 * records: what is stored, as plain structs, and the tables that describe them.
 *
 * The engine keeps its model in these structs; the store writes and reads them by the column
 * tables alone, so a column is added in one place. Every record begins with `id` and `live`:
 * rows with live 1 are loaded at start, the others stay in the database for reports.
 * A new column takes a line in its struct, one in the table in records.c, and one in the list of
 * migrations in adapters/store_schema.c.
 * Columns are int64 or text; text is never NULL in the database ("" stands for none).
 * Enumerations are stored by the numbers in this file: never renumber, only append.
 */
#ifndef CRIER_RECORDS_H
#define CRIER_RECORDS_H

#include <stddef.h>
#include <stdint.h>

enum record_table {
    RECORD_META,        /* one row: counters and the identity of this database */
    RECORD_INCIDENT,    /* drafts and incidents */
    RECORD_REVISION,    /* the exact words that were or may be confirmed */
    RECORD_SHOWN,       /* which revision was seen where */
    RECORD_ALERT,       /* alerts firing, held or remembered for the lookback */
    RECORD_DEPLOY,      /* deploys under way or recent */
    RECORD_OUTBOX,      /* confirmed steps on their way to the page */
    RECORD_TIMELINE,    /* everything that mattered, for the report; live: not in an incident yet */
    RECORD_MAINTENANCE, /* planned windows that people or bots announced */
    RECORD_EAR,         /* how far log files and feeds have been read */
    RECORD_HEARD,       /* what sources with several ears said lately, to know an echo */
    RECORD_AUDIT,       /* who did what: only ever added to, see struct record_audit */
    RECORD_ENROLMENT,   /* one-time passwords that were used */
    RECORD_OPENING,     /* drafts that signals opened lately, to know when these are too many */
    RECORD_TABLES
};

enum incident_state {
    INCIDENT_DRAFT = 1,
    INCIDENT_PUBLISHING = 2, /* the first publication is confirmed and on its way */
    INCIDENT_PUBLIC = 3,     /* step tells investigating, identified, monitoring */
    INCIDENT_RESOLVED = 4,
    INCIDENT_DISCARDED = 5,
    INCIDENT_FOREIGN = 6 /* made by hand on the page; has a number, is not crier's */
};

enum revision_kind {
    REVISION_DRAFT = 1,
    REVISION_WIDENING = 2, /* by signals: a new component or a higher impact */
    REVISION_UPDATE = 3,
    REVISION_RESOLVE = 4,
    REVISION_CORRECT = 5,
    REVISION_RETRACT = 6
};

enum revision_state {
    REVISION_OPEN = 1, /* may be confirmed */
    REVISION_SUPERSEDED = 2,
    REVISION_CONFIRMED = 3, /* in the outbox */
    REVISION_PUBLISHED = 4,
    REVISION_DROPPED = 5 /* discarded, withdrawn or refused by the page */
};

enum outbox_state {
    OUTBOX_QUEUED = 1,  /* to be sent when its turn and next_wall_ms come */
    OUTBOX_SENT = 2,    /* handed to the network, no answer yet: after a crash this is doubt */
    OUTBOX_DOUBT = 3,   /* outcome unknown: the page is read before anything is sent again */
    OUTBOX_DONE = 4,    /* the page said so */
    OUTBOX_REFUSED = 5, /* the page said no, for good */
    OUTBOX_WITHDRAWN = 6
};

/** The draft of a postmortem on the page. */
enum postmortem_state {
    POSTMORTEM_NONE = 0,
    POSTMORTEM_WANTED = 1,
    POSTMORTEM_STORED = 2,
    POSTMORTEM_FAILED = 3
};

enum deploy_state { DEPLOY_RUNNING = 1, DEPLOY_ENDED = 2 };

struct record_meta {
    int64_t id; /* always 1 */
    int64_t live;
    int64_t next_incident;
    int64_t next_row; /* ids of all other tables */
    char *instance; /* random hex, made with the database: crier's key on the page begins with it */
    int64_t mute_wall_ms; /* no reminders until then, 0 or past: they are not muted */
    char *mute_by;        /* person */
    char *mute_reason;
    int64_t red_told_wall_ms; /* when it was last said that a page is green and alerts fire */
};

struct record_incident {
    int64_t id; /* N of the chat */
    int64_t live;
    int64_t state; /* enum incident_state */
    int64_t step;  /* enum step, of what is public */
    int64_t last_revision;
    int64_t public_revision; /* 0: none yet */
    int64_t opened_wall_ms;
    int64_t started_wall_ms; /* public start */
    int64_t start_edited;    /* 1: by a person */
    int64_t closed_wall_ms;
    int64_t quiet_wall_ms;   /* since when all its alerts are quiet; 0: they are not */
    int64_t revised_wall_ms; /* last revision made by signals */
    int64_t words_edited;    /* 1: a person wrote the words; signals keep them */
    int64_t deploy;          /* suspect, id of RECORD_DEPLOY, or 0 */
    char *page;              /* configured names */
    char *home;              /* "network/#channel" */
    char *rule;              /* that opened it; "" by hand */
    char *opened_by;         /* person, or "" */
    char *reasons;           /* for people in the channel */
    char *remote_id;         /* the page's id, "" until known */
    char *url;               /* where the public reads it */
    char *seen_title;        /* as the page last had it, to know an edit by hand */
    char *seen_body;
    char *components_before; /* component list (components.h) as it was before the outage */
    int64_t fix_deploy;      /* what undoes it: id of RECORD_DEPLOY, or 0 */
    int64_t fixed_wall_ms;   /* a fix was in place, 0: none that is known of */
    int64_t alarmed;         /* 1: an alert that matters to readers has fired in it */
    int64_t relapses;        /* how often its alerts fired again after they were quiet */
    int64_t speech_wall_ms;  /* the budget of lines is used up to here, see budget.c */
    int64_t hush_wall_ms;    /* nothing is said unasked until then */
    int64_t ladder_wall_ms; /* since when something waits for a confirm, see remind.c; 0: nothing */
    int64_t rung;           /* how far the reminders of that have climbed */
    int64_t reminded_wall_ms;
    int64_t reacted_wall_ms; /* somebody who may has dealt with it */
    int64_t nudges;          /* reminders that the page is stale, since the last word there */
    int64_t nudged_wall_ms;
    int64_t postmortem; /* enum postmortem_state */
};

struct record_revision {
    int64_t id;
    int64_t live;
    int64_t incident;
    int64_t number; /* R of the chat */
    int64_t kind;   /* enum revision_kind */
    int64_t state;  /* enum revision_state */
    int64_t step;   /* enum step it publishes */
    int64_t impact; /* enum impact */
    int64_t made_wall_ms;
    int64_t first_approval_wall_ms;
    char *title;
    char *body;
    char *components;     /* component list, see components.h */
    char *wording;        /* prepared wording that the words came from */
    char *made_by;        /* person, or "" for signals */
    char *first_approval; /* person who confirmed first where two are needed, or "" */
};

struct record_shown {
    int64_t id;
    int64_t live;
    int64_t incident;
    int64_t revision;
    int64_t wall_ms;
    char *place; /* "network/#channel" or "network/nick" */
};

struct record_alert {
    int64_t id;
    int64_t live;
    int64_t firing; /* 1 or 0 */
    int64_t severity;
    int64_t paging;
    int64_t count;
    int64_t incident; /* it belongs to, or 0 */
    int64_t held;     /* 1: its incident was closed by people; silent until it recovers */
    int64_t crowd;    /* 1: so many at once that its rule's at_once is reached */
    int64_t first_wall_ms;
    int64_t last_wall_ms;
    int64_t resolved_wall_ms;
    int64_t line_id;
    char *source;
    char *place;
    char *check_name;
    char *host;
    char *summary;
    char *rule;      /* name, or "" */
    char *group_key; /* Alertmanager's, or "" */
};

struct record_deploy {
    int64_t id;
    int64_t live;
    int64_t state; /* enum deploy_state */
    int64_t phase; /* enum deploy_phase, the last seen */
    int64_t production;
    int64_t revert;
    int64_t started_wall_ms;
    int64_t production_wall_ms; /* when it went on to production, 0: not logged */
    int64_t tested;             /* 1: it stopped at the test servers on its way */
    int64_t ended_wall_ms;
    int64_t line_id;
    char *source;
    char *user;
    char *deploy_host;
    char *tool;
    char *change_text;
};

struct record_outbox {
    int64_t id;
    int64_t live;
    int64_t incident;
    int64_t revision;
    int64_t state; /* enum outbox_state */
    int64_t attempts;
    int64_t notify; /* 1: subscribers are mailed */
    int64_t confirmed_wall_ms;
    int64_t next_wall_ms;  /* not before */
    int64_t doubt_wall_ms; /* when the outcome became unknown, 0: it is not */
    int64_t done_wall_ms;
    int64_t told;       /* 1: the home channel has seen that it is done */
    int64_t glass;      /* 1: confirmed by one-time password */
    char *confirmed_by; /* person */
    char *place;        /* where the confirm was said and the answer goes */
    char *error;        /* last, for people */
};

struct record_timeline {
    int64_t id;
    int64_t live; /* 1: remembered for the lookback, of no incident yet */
    int64_t incident;
    int64_t wall_ms;
    char *kind;    /* see below */
    char *who;     /* source, shell user or person; "" for crier itself */
    char *text;    /* verbatim line, or what happened */
    int64_t ref;   /* what it is about: id of the alert or deploy, number of the revision; or 0 */
    char *subject; /* "CHECK on HOST", "scap backport", "identified"; or "" */
};

/*
 * Kinds of rows in the timeline:
 *
 * - of signals (who: source or shell user, text: the line): firing, paging, resolved, flapped (was
 *   over when the incident opened), where ref is the alert and subject the check and host;
 *   "deploy started" and the other phases, where ref is the deploy and subject the tool;
 *   acknowledged, mitigation, maintenance, log (what somebody logged)
 * - of revisions (ref: number, subject: step, text: title and body, who: person, "" by signals):
 *   draft, widening, proposal
 * - of people (who: person, text: the line): command (that made revision ref), insisted (on
 *   what looks internal in revision ref, text: what that is), start (of the
 *   outage, edited), confirm, discard, note, adopt, mute, unmute; refused (who: nick)
 * - of the page and of crier (ref: the revision, where it is about one): shown (text: place),
 *   published (who: confirmed by, subject: step, text: body), visible (to readers), refused
 *   (subject "page"), expired, withdrawn (by signals), edited, found, twin, ended (by hand on the
 *   page), reminded, closed
 */

/** A planned window: what it covers opens no draft. Those of the configuration are not stored. */
struct record_maintenance {
    int64_t id; /* the number that people type is that of the window, see maintenance.h */
    int64_t live;
    int64_t number;
    int64_t from_wall_ms;
    int64_t until_wall_ms;
    int64_t announced;     /* 1: by a bot's line, such as a read-only period */
    int64_t configured;    /* 1: of the configuration; components and checks are read from there */
    int64_t opened;        /* 1: its time has come once, whatever the clock says now */
    int64_t ended_wall_ms; /* somebody ended it, or a bot's line said so; 0: not */
    int64_t told;          /* 1: the first page that it held back was told */
    char *components;      /* names, each with \n behind it */
    char *checks;          /* globs, each with \n behind it */
    char *made_by;         /* person, source, or its name in the configuration */
    char *reason;
};

struct record_ear {
    int64_t id;
    int64_t live;
    int64_t wall_ms;
    char *name;     /* "file:PATH", "feed:URL" */
    char *position; /* the adapter's own words */
};

struct record_heard {
    int64_t id;
    int64_t live;
    int64_t wall_ms; /* when it was said */
    int64_t bytes;   /* of the whole line */
    char *source;
    char *place; /* through which ears, one a line, the first first */
    char *text;  /* what echoes are known by, cut */
};

/** Bytes of a hash in hex, with its NUL. */
enum { AUDIT_HASH_BYTES = 65 };

/**
 * One entry of the audit: what a person or the page did, never changed afterwards. The store gives
 * it its number and chains it: `hash` is over every other column, `prev` is the hash of the entry
 * before; see adapters/store_audit.h.
 */
struct record_audit {
    int64_t id;   /* 1, 2, 3, ... without a gap; in a batch any number, echoed in store_seal.key */
    int64_t live; /* 0 */
    int64_t wall_ms;
    int64_t incident; /* or 0, as revision */
    int64_t revision;
    char *action;     /* a name of bot/audit.h */
    char *person;     /* configured name, "" for who is not listed, for crier and for the page */
    char *network;    /* of the line that it came by, as the next four; or "" */
    char *account;    /* services account, "" for none or not known */
    char *nick;       /* which proves nothing */
    char *userhost;   /* user@host */
    char *place;      /* "network/#channel" or "network/nick" */
    char *said;       /* the command as typed */
    char *step;       /* the words that it is about, as proposed, confirmed or published, and */
    char *impact;     /* what else the page shows with them; "" where it is about none */
    char *components; /* component list, see components.h */
    char *title;
    char *body;
    char *line; /* what happened, as the log has it */
    char *prev;
    char *hash;
};

struct record_enrolment {
    int64_t id;
    int64_t live;
    int64_t floor_step; /* nothing up to this time step counts any more */
    char *person;       /* as configured */
    char *key;          /* of this enrolment; another one begins anew */
    char *used;         /* time steps above the floor that were used, see used_steps.h */
};

struct record_opening {
    int64_t id;
    int64_t live;
    int64_t wall_ms;
    char *source; /* of the signal that opened it */
};

enum column_type { COLUMN_INT64, COLUMN_TEXT };

struct column {
    const char *name;
    enum column_type type;
    size_t offset;
};

struct table {
    const char *name;
    size_t size; /* of the struct */
    const struct column *column;
    size_t n_columns;
};

/** @return the description of a table; never NULL for t < RECORD_TABLES. */
const struct table *record_table(enum record_table t);

/**
 * Makes an independent copy on the heap; text that is NULL is "" in the copy.
 * @return the caller's to record_destroy(), or NULL when memory is out.
 */
void *record_copy(enum record_table t, const void *record) __attribute__((warn_unused_result));
/** Frees the strings of a record but not the record itself; it is zeroed. */
void record_finish(enum record_table t, void *record);
/** Frees a record with its strings; NULL is fine. */
void record_destroy(enum record_table t, void *record);
/** @return id and live of any record. */
int64_t record_id(const void *record);
int64_t record_live(const void *record);
/**
 * Replaces a text column's value by a copy. @param field address of a char * of a record.
 * @return 0 or CRIER_ENOMEM, the field unchanged then. NULL is stored as "".
 */
int record_set_text(char **field, const char *value) __attribute__((warn_unused_result));

/* ---- a batch: the changes of one turn, committed together
 * ---------------------------------------- */

enum change_op {
    CHANGE_PUT,
    CHANGE_DELETE,
    CHANGE_ADD /* a row that the store numbers itself: RECORD_AUDIT */
};

struct change {
    enum change_op op;
    enum record_table table;
    int64_t id;
    void *record; /* one block with its strings, owned by the batch; NULL for deletes */
};

struct batch {
    struct change *item;
    size_t n;
    size_t cap;
    size_t n_added; /* of them CHANGE_ADD */
    int err;        /* sticky: CRIER_ENOMEM */
    uint32_t *slot; /* private to records.c: which change holds a row */
    size_t n_slots;
};

void batch_init(struct batch *b);
void batch_finish(struct batch *b);
/**
 * Records the present value of a record (a copy). A batch holds one change for each row: a later
 * put or delete of the same row takes the place of the earlier one. Not for RECORD_AUDIT.
 */
void batch_put(struct batch *b, enum record_table t, const void *record);
/** A copy of a row of RECORD_AUDIT; each call is one more, none takes the place of another. */
void batch_add(struct batch *b, enum record_table t, const void *record);
/** A delete of a row that is not there is fine. */
void batch_delete(struct batch *b, enum record_table t, int64_t id);
/** Moves all changes of src, and its error, to the end of dst; src is empty then. */
void batch_append(struct batch *dst, struct batch *src);

#endif
