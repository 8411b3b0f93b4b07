/*
 * model: what the engine knows, in memory. Inside the engine's rooms only (triage, incident,
 * outbox, chat, obey, engine); nobody else includes this.
 *
 * Every change of a record is followed by a model_put() of it in the same step. During a step `now`
 * and `turn` are set. Times named _boot_ms are runtime copies of stored wall times.
 */
#ifndef CRIER_MODEL_H
#define CRIER_MODEL_H

#include <stdbool.h>

#include "decision.h"
#include "names.h"
#include "ports.h"
#include "records.h"
#include "turn.h"

struct alert {
    struct record_alert r;            /* its strings but the summary are model.names' */
    const struct rule_settings *rule; /* that of r.rule, in the settings of now; NULL: none */
    int64_t first_boot_ms;
    int64_t last_boot_ms;
    bool
        heeded; /* what it asks for is in a revision of its incident, or people decided otherwise */
    bool noted; /* the line that it began with is in the lookback, or being written */
    bool planned; /* began under a maintenance window that is still open: tells nothing yet */
    struct alert *next_hash;
    struct alert *older, *newer; /* order of last_boot_ms */
};

struct deploy {
    struct record_deploy r;
    int64_t started_boot_ms;
    int64_t ended_boot_ms;
    struct deploy *next; /* newest first */
};

struct revision {
    struct record_revision r;
    struct components components; /* parsed r.components */
    int64_t approved_boot_ms;     /* when the first of two confirmed it */
    struct revision *next;        /* newest first */
};

struct shown {
    struct record_shown r;
    int64_t boot_ms;
    struct shown *next;
};

struct outbox {
    struct record_outbox r;
    int64_t confirmed_boot_ms;
    int64_t doubt_boot_ms;
    int64_t read_boot_ms; /* when the last reading of the page for it began */
    int64_t next_boot_ms; /* nothing is sent or read for it before */
    bool told_queued;     /* "queued, retrying" was said for it */
    bool reading;         /* a PAGE_LIST for it is under way */
    bool patience_over;   /* "taken, sending" was said or is no longer wanted */
    struct outbox *next;  /* oldest first */
};

struct incident {
    struct record_incident r;
    struct revision *revisions;
    struct shown *shown;
    struct outbox *outbox;
    int64_t firing; /* its alerts that fire and matter to readers (alert_tells), but planned ones */
    int64_t joined; /* alerts that belong to it */
    int64_t done_boot_ms; /* a step became public, 0: none since the start */
    int64_t cramped;      /* follow.c's: the revision that has no room, and the step; 0: none */
    int64_t
        doubted; /* follow.c's: the revision of people that alerts contradict, if that was told */
    int64_t twin_boot_ms; /* when a twin of it was last removed from the page, 0: never */
    int64_t word_boot_ms; /* when something was last said of it on the page, by whomever */
    int64_t opened_boot_ms;
    int64_t revised_boot_ms;
    int64_t quiet_boot_ms;    /* meaningful while quiet_wall_ms is set */
    int64_t fixed_boot_ms;    /* the same with fixed_wall_ms */
    int64_t speech_boot_ms;   /* budget.c's */
    int64_t hush_boot_ms;     /* budget.c's: nothing is said unasked until then */
    int64_t ladder_boot_ms;   /* remind.c's; NOW_NEVER: nothing waits */
    int64_t reminded_boot_ms; /* 0: never, as for the next two */
    int64_t reacted_boot_ms;
    int64_t nudged_boot_ms;
    int64_t red_boot_ms;          /* its oldest alert that fires was not older than that */
    int64_t heard_boot_ms;        /* alerts could not be heard before, when last looked */
    int64_t remind_boot_ms;       /* of TIMER_REMIND; NOW_NEVER: it is not set */
    int64_t remind_floor_boot_ms; /* it is not set for a time before */
    bool moved;                   /* to another home: what is open is shown there soon */
    bool revise_waits;       /* signals want another revision, held back by revision_interval */
    size_t postmortem_tries; /* since the start */
    struct incident *next;   /* oldest first */
};

/** A line said whose fate is not known yet. */
struct pending_shown {
    uint64_t token;
    uint64_t other; /* not 0: of the other line, which has to be shown too */
    int64_t incident;
    int64_t revision;
    int64_t outbox; /* not 0: the line said that this row is done */
    char *place;
    struct pending_shown *next;
};

/* Somebody of the configuration, or a bot that is believed, and whether they are in a channel. */
struct member {
    char *nick;
    bool here;
    struct member *next;
};

enum { MAILS_MAX = 100 };

/* What is known of a status page as a whole; runtime only. */
struct page_watch {
    int64_t subscribers;   /* -1: unknown */
    int64_t asked_boot_ms; /* when it was last asked for its incidents */
    int64_t read_boot_ms;  /* when the last reading that came began, 0: none yet */
    bool green;            /* nothing that is known of is open there */
    int64_t green_boot_ms; /* since when */
    int64_t fired_boot_ms; /* when alerts that tell something about it fired last */
    int64_t red_boot_ms;   /* when it was last said that it is green and alerts fire, 0: never */
    int64_t mail_boot_ms[MAILS_MAX]; /* when its subscribers were mailed last, 0: not; a ring */
    size_t next_mail;
};

enum { MEMBERS_MAX = 500 };

struct place {
    char *name;
    bool joined;
    int64_t joined_boot_ms;
    struct member *members;
    int64_t answers_since_boot_ms; /* to people who are not listed */
    int answers;
    int64_t refusals_since_boot_ms; /* of theirs, while refusals is not 0; obey.c's */
    int64_t refusals_since_wall_ms;
    int64_t refusals;
    int64_t busy_boot_ms; /* pace.c's: until then what people said there counts */
    bool busy_told;
    struct place *next;
};

enum timer_kind {
    TIMER_REVISE,        /* a revision that was held back */
    TIMER_QUIET,         /* a draft whose alerts are quiet is closed */
    TIMER_SECOND_PERSON, /* nobody came as the second */
    TIMER_OUTBOX,        /* something of the incident's outbox is due */
    TIMER_PATIENCE,      /* "confirm taken, sending" */
    TIMER_TELL_QUEUED,   /* "queued, retrying, N min so far" */
    TIMER_WATCH,         /* of a page: it is read */
    TIMER_TASKS,         /* what waits for a reading of a page goes on without */
    TIMER_OUTSIDE,       /* what readers see is looked at */
    TIMER_FOLLOW,        /* the next step may be proposed */
    TIMER_REMIND,        /* people are reminded of the incident */
    TIMER_MUTE,          /* of the whole model: reminders are heard again */
    TIMER_ALARMS,        /* of the whole model: the page and the alarms are compared */
    TIMER_MAINTENANCE,   /* of the whole model: a planned window begins or ends */
    TIMER_POSTMORTEM,    /* its draft is sent again */
    TIMER_REFUSALS,   /* of the whole model: refusals without an entry in the audit are counted */
    TIMER_BREAKGLASS, /* of the whole model: a one-time password is looked at */
    TIMER_PURGE       /* of the whole model, incident 0: old alerts and notes are forgotten */
};

struct timer {
    int64_t due_boot_ms;
    uint64_t seq;
    enum timer_kind kind;
    int64_t incident;
    struct timer *next;
};

/* Of the notes, NOTES_ALERTS_MAX may be lines of alerts: a storm leaves room for deploys. */
enum { ALERT_BUCKETS = 4096, NOTES_MAX = 500, NOTES_ALERTS_MAX = 400 };

struct window {
    struct record_maintenance r;
    int64_t from_boot_ms, until_boot_ms;
    bool open;           /* it covers; only maintenance.c changes it */
    bool named;          /* the configuration still has it; for the moment in which that is read */
    struct window *next; /* by number */
};

struct ear {
    struct record_ear r;
    struct ear *next;
};

struct echo {
    struct record_heard r;
    int64_t boot_ms;       /* when it was heard first */
    uint64_t line_id;      /* of this process: the line that told it first; 0: of one before */
    uint64_t echo_line_id; /* the line that echoed it last */
    struct echo *next;     /* oldest first */
};

/* A draft that signals opened less than an hour ago. */
struct opening {
    struct record_opening r;
    int64_t boot_ms;
    int told;             /* drafts.c's: that no more open while it counts */
    struct opening *next; /* newest first */
};

/* Somebody of the configuration who gave commands lately; see pace.h. Runtime only. */
struct speaker {
    char *person;
    int64_t busy_boot_ms;   /* until then what they said counts */
    int64_t answer_boot_ms; /* when they were last answered beyond the limit */
    bool told;              /* that the limit is reached */
    struct speaker *next;
};

struct note {
    struct record_timeline r;
    uint64_t line_id; /* of the line, in this process */
    int64_t boot_ms;
    struct note *next; /* oldest first */
};

struct model {
    const struct settings *settings;
    struct record_meta meta;
    struct incident *incidents;
    struct alert *alert_hash[ALERT_BUCKETS];
    struct alert *alert_oldest, *alert_newest;
    struct names names; /* of all alerts */
    size_t n_alerts;
    struct deploy *deploys;
    struct note *notes, *notes_last; /* lookback of lines that belong to nothing yet */
    size_t n_notes;
    uint64_t line_id;       /* lookback.c's: the last line that went into timelines */
    struct window *windows; /* maintenance.c's: by command and announced */
    struct ear *ears;
    struct echo *echoes, *echoes_last;
    size_t n_echoes;
    struct opening *openings;
    struct speaker *speakers;
    struct place *places;
    struct pending_shown *pending;
    struct timer *timers;
    uint64_t next_token;
    uint64_t next_seq;
    bool full_told; /* that max_open is reached */
    size_t n_pages;
    struct page_watch *page;     /* as in the settings; see model_page_watch() */
    bool asked;                  /* a command is carried out: what is said answers it */
    const struct heard *speaker; /* for the audit: the line of the command that is carried out */
    bool terse;                  /* pace.h: it is one too many, and gets no answer of its own */
    int64_t mute_boot_ms;        /* no reminders until then */
    int64_t start_boot_ms;
    struct insist *insists;     /* insist.c's: who was asked once more, newest first */
    struct watch_task *tasks;   /* watch.c's: what waits for a reading of the page, oldest first */
    struct outside *outside;    /* outside.c's: what readers should see by now */
    char *page_trouble;         /* what a check of the pages found, until it is told; or NULL */
    bool check_pages;           /* the configuration was read again: they are to be checked */
    struct breakglass *glass;   /* breakglass.c's; NULL: nobody has tried, nobody is enrolled */
    bool store_sick;            /* disk.c's: the store does not write */
    bool store_told;            /* that was said already, */
    int64_t store_told_boot_ms; /* the last time then */
    const struct decision_sink *decisions; /* who wants to know what triage decides; NULL: nobody */
    struct now now;
    struct turn *turn;
};

/* ---- all of these work on the model of the step under way ---------------------------------------
 */

void model_finish(struct model *m);
/** Out of memory somewhere in the step: the turn carries it to the caller. */
void model_fail(struct model *m);
/** @return false, after model_fail(), when the copy could not be made. */
bool model_text(struct model *m, char **field, const char *value);
/** Commits the present value of a record with the turn. */
void model_put(struct model *m, enum record_table t, const void *record);
/** A fresh row id. */
int64_t model_next_row(struct model *m);

struct incident *model_incident(const struct model *m, int64_t id);
struct revision *model_revision(const struct incident *inc, int64_t number);
/** The newest revision that may be confirmed, or NULL. */
struct revision *model_open_revision(const struct incident *inc);
/** The newest revision that is public, or NULL. */
struct revision *model_public_revision(const struct incident *inc);
struct deploy *model_deploy(const struct model *m, int64_t id);
const struct rule_settings *model_rule(const struct model *m, const char *name);
struct place *model_place(struct model *m, const char *name);
bool model_is_joined(const struct model *m, const char *place);
/** A draft, or being published, or public by crier: what alerts may join and people may change. */
bool model_is_open(const struct incident *inc);
/** @return incidents and drafts that are open. */
size_t model_count_open(const struct model *m);
/** Appends one that the model owns from now on. */
void model_note_link(struct model *m, struct note *n);
void model_echo_link(struct model *m, struct echo *e);
/** @return index in settings.page; falls back to 0 when the name has gone from the configuration.
 */
size_t model_page_index(const struct model *m, const char *page);
/** What is known of a page; NULL when memory for it was out. */
struct page_watch *model_page_watch(const struct model *m, size_t page_index);
/** Somebody came to a place or went; what there is no room for is forgotten. */
void model_member_set(struct model *m, struct place *p, const char *nick, bool here);
/** @return 1: they are there, 0: they have left, -1: nothing is known. */
int model_member(const struct model *m, const char *place, const char *nick);
void model_members_forget(struct place *p);

/** Sets the one timer of that kind and incident. */
void model_timer_set(struct model *m, enum timer_kind kind, int64_t incident, int64_t due_boot_ms);
void model_timer_clear(struct model *m, enum timer_kind kind, int64_t incident);
bool model_timer_is_set(const struct model *m, enum timer_kind kind, int64_t incident);
/** Takes the earliest timer out that is due. @return false when there is none. */
bool model_timer_take(struct model *m, int64_t boot_ms, struct timer *ret_timer);

/** Writes a row into an incident's timeline. */
void model_timeline(struct model *m, int64_t incident, int64_t wall_ms, const char *kind,
                    const char *who, const char *text);
/** The same about something: see struct record_timeline for ref and subject. */
void model_timeline_of(struct model *m, int64_t incident, int64_t wall_ms, const char *kind,
                       const char *who, const char *text, int64_t ref, const char *subject);
/** A stored wall time as a boot time: never in the future, never more than max_ms ago. */
int64_t model_past_boot(const struct model *m, int64_t wall_ms, int64_t max_ms);
/** The same for one that may lie ahead: never more than max_ms from now in either direction. */
int64_t model_near_boot(const struct model *m, int64_t wall_ms, int64_t max_ms);
/** A boot time as a wall time, to be stored. */
int64_t model_wall(const struct model *m, int64_t boot_ms);

/* Memory of single objects; NULL is fine. */
void model_alert_remove(struct model *m, struct alert *a);
void model_alert_link(struct model *m, struct alert *a);
/** Frees one that is linked nowhere, half-made too; NULL is fine. */
void model_alert_destroy(struct model *m, struct alert *a);
/** As model_text(), for a field that alerts share. */
bool model_name(struct model *m, char **field, const char *value);
/** To the newest end of the order. */
void model_alert_touch(struct model *m, struct alert *a);
/** The chain (next_hash) that holds all alerts of a source, check and host, and others. */
struct alert *model_alert_bucket(const struct model *m, const char *source, const char *check,
                                 const char *host);
void model_incident_remove(struct model *m, struct incident *inc);
void model_incident_link(struct model *m, struct incident *inc);

#endif
