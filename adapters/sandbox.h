/*
 * sandbox: a server that speaks like Atlassian Statuspage: the manage API (v1), the public API
 * (v2) and a page for people, with its state in SQLite.
 *
 * Made for demos, drills and tests: it is as strict as the real service or stricter, and where the
 * service's behaviour is not known it does what is worse for a careless client. sandbox_handle()
 * needs no socket and takes the time from the request, so that a year can pass in a test.
 *
 * Beyond the service it has GET /sandbox/log (no key): every manage request so far as a JSON array
 * of {time, method, path, status, error, mails}, the last SANDBOX_LOG_MAX of them, oldest first.
 * Mails are what subscribers would have got: {incident_id, update_id, status, kind, recipients}.
 *
 * With the option `faults` it can be told to misbehave, by a script at /sandbox/faults: see
 * sandbox_faults.h. Without it there is no such path, and nothing of it can happen.
 */
#ifndef CRIER_SANDBOX_H
#define CRIER_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "httpd.h"
#include "ports.h"

enum { SANDBOX_LOG_MAX = 10000, SANDBOX_RATE_DEFAULT = 60, SANDBOX_RATE_MAX = 100000 };

struct sandbox_options {
    const char *db_path;    /* NULL: in memory, gone with the sandbox */
    const char *page_id;    /* NULL: the database's own; a new one gets a random one */
    const char *page_name;  /* NULL: the database's own; a new one gets "Example" */
    const char *key;        /* the API key; NULL: a random one, see sandbox_key() */
    const char *components; /* names with commas between; those that are missing are made.
                               NULL: the database's own; a new one gets "Reading,Editing" */
    const char *base_url;   /* where it can be reached, without a slash at its end; NULL: say it
                               later with sandbox_set_url() */
    int64_t rate_limit;     /* manage requests in a rolling 60 s; 0: SANDBOX_RATE_DEFAULT */
    int64_t subscribers;    /* e-mail subscribers; 0: 12345, negative: none */
    bool faults;            /* whether it may be told to misbehave */
};

struct sandbox;

/**
 * Opens or makes the database.
 *
 * @return 0, CRIER_EINVAL (an option is malformed), CRIER_ESTATE (the database is another page's),
 * CRIER_ELOCKED (another process holds it), CRIER_EIO, CRIER_ECORRUPT, CRIER_EVERSION or
 * CRIER_ENOMEM; what went wrong is in the log.
 */
int sandbox_create(const struct sandbox_options *options, struct sandbox **ret_sandbox)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void sandbox_destroy(struct sandbox *sb);

/**
 * Answers one request; an httpd_handler.
 *
 * @param ctx  the struct sandbox.
 * @param response initialised; filled on 0.
 * @return 0, also for every refusal of the API; CRIER_ENOMEM, CRIER_EIO or CRIER_ECORRUPT when
 * nothing was changed and 500 is due.
 */
int sandbox_handle(void *ctx, const struct httpd_request *request, struct httpd_response *response)
    __attribute__((warn_unused_result));

/** Where answers to held requests go: httpd_answer(), or what a test puts in its place. */
struct sandbox_outlet {
    void *ctx;
    /** @return 0, or CRIER_ENOENT when the client is gone. */
    int (*answer)(void *ctx, uint64_t hold, struct httpd_response *response);
};

/** Needed before the first request where the option `faults` is on; else nothing happens. */
void sandbox_set_outlet(struct sandbox *sb, struct sandbox_outlet outlet);
/** An httpd_gone. @param ctx the struct sandbox. */
void sandbox_gone(void *ctx, uint64_t hold, struct now now);
/** What happens without a request, at its time: stalls that end, writes that are applied late. */
struct source_port sandbox_source_port(struct sandbox *sb);

/** @return CRIER_ENOMEM or 0. */
int sandbox_set_url(struct sandbox *sb, const char *base_url) __attribute__((warn_unused_result));
/** @return where the page for people is, without a slash at its end; "" when not said yet. */
const char *sandbox_url(const struct sandbox *sb);
const char *sandbox_page_id(const struct sandbox *sb);
const char *sandbox_key(const struct sandbox *sb);

/**
 * `crier sandbox`: serves until SIGTERM or SIGINT. argv[0] is the subcommand.
 *
 * Prints `sandbox: http://127.0.0.1:PORT/ page PAGE key in WHERE` on stdout when it can be reached.
 *
 * @return an exit code of sysexits(3): 0, 64 (usage), 69 (port taken), 70, 73 (database), 78 (key).
 */
int sandbox_main(int argc, char **argv);

#endif
