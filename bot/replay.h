/*
 * replay: the log of a channel through the program of `crier run`, on a clock that the log moves.
 *
 * Hearing, engine and courier are the daemon's own; around them stand a store that keeps nothing, a
 * page that publishes at once, and a chat that takes every line at once. So no network, account,
 * key or page is needed, and nothing reaches anybody. What happened is told as events, in the order
 * in which it happened. No static state: several replays may run in one process. Not thread-safe.
 *
 * A log proves nobody's account: the nicks in it are taken for the sources and people of the
 * configuration that have them.
 */
#ifndef CRIER_REPLAY_H
#define CRIER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decision.h"
#include "ports.h"
#include "records.h"
#include "settings.h"

struct replay;

enum replay_event_kind {
    REPLAY_DRAFT,    /* an incident's first words are shown */
    REPLAY_REVISION, /* other words for a draft */
    REPLAY_PROPOSAL, /* words for the next step of a public incident */
    REPLAY_SAY,      /* a line in a channel, or to somebody in private */
    REPLAY_PUBLISH,  /* it is on the page */
    REPLAY_UPDATE,   /* another step of it is, or its last text was corrected */
    REPLAY_RESOLVE,  /* its last one is */
    REPLAY_DISCARD,  /* it was closed without being published */
    REPLAY_SILENT    /* an alert pages or is critical, and opened nothing; only on request */
};

/** An alert or deploy behind a draft. Borrowed. */
struct replay_signal {
    const struct record_alert *alert;   /* or NULL */
    const struct record_deploy *deploy; /* or NULL */
};

/** What happened. Strings are borrowed for the call and never NULL; "" and 0 stand for none. */
struct replay_event {
    enum replay_event_kind kind;
    int64_t wall_ms; /* the log's time */
    int64_t incident;
    int64_t revision;
    const char *title; /* of the revision, or of what was published */
    const char *body;
    bool has_words; /* impact and status mean something */
    enum impact impact;
    enum step step;
    const char *components; /* text form, see components.h */
    const char *page;       /* configured name */
    const char *channel;    /* "network/#channel": home of the incident, or where a line is said */
    const char *rule;       /* that opened it */
    const char *text;       /* the line said; why it was drafted, proposed or closed */
    const struct record_deploy *suspect; /* or NULL */
    const struct replay_signal *signal;  /* REPLAY_DRAFT: all that it began with, oldest first */
    size_t n_signals;
    const struct decision *decision; /* REPLAY_SILENT */
};

struct replay_sink {
    void *ctx;
    /** Must not call the replay. */
    void (*event)(void *ctx, const struct replay_event *event);
};

struct replay_options {
    bool assume_confirm; /* somebody confirms what is shown, after confirm_after_ms */
    int64_t confirm_after_ms;
    bool assume_discard; /* instead: somebody discards each draft that waits for so long */
    int64_t discard_after_ms;
    bool obey;         /* commands of people in the log are obeyed */
    bool silent;       /* REPLAY_SILENT is wanted */
    int64_t run_on_ms; /* after the last line the clock goes on so far, while something is open */
    struct replay_sink sink;
};

enum { REPLAY_RUN_ON_MS = 2 * 60 * 60 * 1000 };

/** One line of a log. Borrowed for the call; need not be clean. */
struct replay_line {
    int64_t wall_ms;
    const char *nick;
    const char *text;
    const char *channel; /* "#channel" or without #; "" or unknown: that of whoever speaks */
    bool action;
    bool notice;
};

struct replay_figures {
    int64_t lines;
    int64_t spoken;  /* of them, of sources and people of the configuration */
    int64_t unheard; /* of bots, in channels where they are not believed */
    int64_t alerts;  /* that fired, repeats too */
    int64_t signals; /* of all kinds */
    int64_t drafts;
    int64_t revisions;
    int64_t proposals;
    int64_t published;
    int64_t updates;
    int64_t resolved;
    int64_t discarded;
    int64_t said;
    int64_t commands; /* in the log, obeyed or not */
    int64_t silent;   /* paging or critical alerts that opened nothing; counted on request */
    int64_t first_wall_ms, last_wall_ms;
};

/**
 * @param settings completed by settings_finalize(); borrowed, must outlive the replay.
 * @param formats  as hearing.h takes it; its ctx must outlive the replay, and belong to it alone.
 * @param options  copied.
 * @return 0, CRIER_ENOMEM, or CRIER_ENOENT: somebody is to confirm, and nobody is configured who
 *         may.
 */
int replay_create(const struct settings *settings, const struct format_port *formats,
                  const struct replay_options *options, struct replay **ret_replay)
    __attribute__((warn_unused_result));
void replay_destroy(struct replay *r);

/**
 * Takes the next line. A time before that of the line before it counts as the same time.
 * @return 0, or CRIER_ENOMEM: the replay is of no use any more then.
 */
int replay_line(struct replay *r, const struct replay_line *line)
    __attribute__((warn_unused_result));
/** Moves the clock, and lets happen what is due until then; a time that is past is fine. */
int replay_until(struct replay *r, int64_t wall_ms) __attribute__((warn_unused_result));
/** After the last line: see run_on_ms. */
int replay_end(struct replay *r) __attribute__((warn_unused_result));

const struct replay_figures *replay_figures(const struct replay *r);
/** Lines of a source that none of its formats takes, or that they ignore. @param source index in
 * settings.source. */
int64_t replay_unmatched(const struct replay *r, size_t source);
/** Whether the configuration has that channel, with or without #; lines of others, and of "", are
 * taken for those of the channel in which their bot is. */
bool replay_has_channel(const struct replay *r, const char *channel);
/** The clock of the log. */
int64_t replay_now(const struct replay *r);
/** Incidents and drafts that are open. */
size_t replay_open_incidents(const struct replay *r);

/** "draft", "revision", ... */
const char *replay_event_name(enum replay_event_kind k);

#endif
