/*
 * sandbox_core: what the sandbox's own files share: the state, one call, the parts of the API.
 * Included by adapters/sandbox*.c only; everybody else sees sandbox.h.
 *
 * Functions that take a call return 0, SANDBOX_REFUSED once the answer has been filled with an
 * error, or a negative enum crier_err.
 */
#ifndef CRIER_SANDBOX_CORE_H
#define CRIER_SANDBOX_CORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox.h"
#include "sandbox_db.h"

enum {
    SANDBOX_REFUSED = 1,
    SANDBOX_ID_BYTES = 13,     /* 12 characters and a NUL */
    SANDBOX_SEGMENTS_MAX = 8,  /* parts of a path */
    SANDBOX_NAME_MAX = 255,    /* characters, of an incident's name */
    SANDBOX_BODY_MAX = 25000,  /* characters, of an update's body */
    SANDBOX_PAGE_SIZE = 100,   /* default and most of a list */
    SANDBOX_WINDOW_MS = 60000, /* of the rate limit */
    SANDBOX_V2_INCIDENTS = 50, /* most of the public API's list */
    SANDBOX_SHOWN_BYTES = 257  /* of a method or path in the log, with its NUL */
};

struct sandbox_faults;

struct sandbox {
    struct sandbox_db *db;
    struct sandbox_faults *faults; /* NULL: it behaves */
    char *page_id;
    char *key;
    char *base_url;
    int64_t subscribers;
    int64_t *taken_boot_ms; /* when each of the last requests was taken, a ring */
    size_t rate_limit;      /* its size */
    size_t rate_next;       /* the oldest, to be overwritten */
};

/** What a fault makes of one request; see sandbox_faults.h. */
struct sandbox_terms {
    const char *rule; /* its name, for the log */
    bool discard;     /* do everything, then undo it; the log has the line */
    bool unanswered;  /* nothing of it reaches the client */
    int status;       /* what the client is told instead; 0: what is true */
    int64_t arrived_wall_ms;
    int64_t skew_ms; /* how wrong the clock is */
};

/** One request on its way. */
struct sandbox_call {
    struct sandbox *sb;
    const struct sandbox_terms *terms; /* NULL: no fault */
    int64_t wall_ms;                   /* the time that is true, for the log */
    const struct httpd_request *req;
    struct httpd_response *res;
    const char *method; /* HEAD is GET here */
    char *segment[SANDBOX_SEGMENTS_MAX];
    size_t n_segments;
    json_t *mails; /* what subscribers would have got by this request */
    json_t *error; /* what it was refused with, or NULL */
};

/* ---- sandbox.c ---- */

/** Answers {"error": text}, for 422 {"error": [text]}, as the service does. @return
 * SANDBOX_REFUSED or CRIER_ENOMEM. */
int sandbox_refuse(struct sandbox_call *call, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
/** Answers with a JSON document and takes it over; NULL: memory was out. */
int sandbox_answer(struct sandbox_call *call, int status, json_t *json)
    __attribute__((warn_unused_result));
/** Twelve random characters of [a-z0-9]. @return 0 or CRIER_EIO. */
int sandbox_new_id(char id[SANDBOX_ID_BYTES]) __attribute__((warn_unused_result));
/** Copies a method or path as sent for JSON: cut, and what is no printable ASCII as '?'. @return
 * dst. */
const char *sandbox_shown(const char *text, char dst[SANDBOX_SHOWN_BYTES]);
/** The present time of a call as JSON; NULL when memory is out. */
json_t *sandbox_time(int64_t wall_ms);

/** Answers one request by the service's own rules. @param terms NULL: no fault.
 * @return as sandbox_handle(). */
int sandbox_perform(struct sandbox *sb, const struct httpd_request *request,
                    struct httpd_response *response, const struct sandbox_terms *terms)
    __attribute__((warn_unused_result));
/** @return the status that the client is told where the service itself would say `true_status`: a
 * fault may make a good request fail, but never a bad one succeed. */
int sandbox_told_status(const struct sandbox_terms *terms, int true_status);

/* ---- sandbox_check.c: what comes in ---- */

/** Parses the body. @param ret_json the caller's to json_decref(). */
int sandbox_check_json(struct sandbox_call *call, json_t **ret_json)
    __attribute__((warn_unused_result));

enum sandbox_type {
    SANDBOX_LINE,  /* string without control characters, 1 to max characters */
    SANDBOX_TEXT,  /* the same, with line ends */
    SANDBOX_WORDS, /* the same, may be empty */
    SANDBOX_BOOL,
    SANDBOX_STATUS,
    SANDBOX_IMPACT,
    SANDBOX_COMPONENT_STATUS,
    SANDBOX_TIME,
    SANDBOX_DATE,     /* 2013-05-07 */
    SANDBOX_IDS,      /* array of known component ids */
    SANDBOX_MAP,      /* object: known component id -> status */
    SANDBOX_METADATA, /* object of objects */
    SANDBOX_INTERVALS /* "[3,6]", "4" */
};

struct sandbox_field {
    const char *name;
    enum sandbox_type type;
    size_t max; /* characters; strings only */
    bool nullable;
};

/**
 * Parses the body and checks it against the fields.
 *
 * @param ret_object  the member `root`, checked; the caller's to json_decref().
 */
int sandbox_check_body(struct sandbox_call *call, const char *root,
                       const struct sandbox_field *field, size_t n_fields, json_t **ret_object)
    __attribute__((warn_unused_result));
/** The query may hold these parameters only; names end with NULL. */
int sandbox_check_query(struct sandbox_call *call, const char *const *names)
    __attribute__((warn_unused_result));
/** A whole number of the query. @param ret_value keeps its value when the parameter is absent. */
int sandbox_check_number(struct sandbox_call *call, const char *name, int64_t min, int64_t max,
                         int64_t *ret_value) __attribute__((warn_unused_result));
/** @return the place in a list of names that ends with NULL, or -1. */
int sandbox_name_index(const char *const *names, const char *name);

extern const char *const sandbox_component_statuses[]; /* from best to worst, then "" */
extern const char *const sandbox_impacts[];            /* from least to worst */
extern const char *const sandbox_statuses[];           /* four of real-time, four of scheduled */

/** @return whether the status is one of a scheduled maintenance. */
bool sandbox_is_scheduled(const char *status);
/** @return whether the status ends an incident. */
bool sandbox_is_over(const char *status);

/* ---- sandbox_view.c: what goes out ---- */

/** The page's state as its components make it. */
struct sandbox_state {
    const char *indicator; /* none, maintenance, minor, major, critical */
    const char *description;
};

struct sandbox_state sandbox_view_state(const json_t *components);
/** @return the impact that a component's status makes, an index into sandbox_impacts. */
int sandbox_view_impact(const char *component_status);
/** All components, in order. */
int sandbox_view_components(struct sandbox *sb, json_t **ret_array)
    __attribute__((warn_unused_result));
/**
 * An incident's document as the API shows it.
 * @param is_public  v2: without metadata and what is the team's own.
 */
int sandbox_view_incident(struct sandbox *sb, const json_t *doc, bool is_public,
                          json_t **ret_incident) __attribute__((warn_unused_result));
/** The same for every incident that the query finds. */
int sandbox_view_incidents(struct sandbox *sb, const struct sandbox_query *q, bool is_public,
                           json_t **ret_array) __attribute__((warn_unused_result));

/* ---- sandbox_api.c, sandbox_incident.c, sandbox_v2.c, sandbox_page.c: the rooms ---- */

/**
 * Makes a component.
 * @param in       its members that differ from the defaults, or NULL.
 * @param ret_doc  the caller's to json_decref(); may be NULL.
 */
int sandbox_component_put(struct sandbox *sb, const char *name, json_t *in, int64_t wall_ms,
                          json_t **ret_doc) __attribute__((warn_unused_result));

/** /v1/..., behind key and rate limit. */
int sandbox_api(struct sandbox_call *call) __attribute__((warn_unused_result));
/** /v1/pages/ID/incidents... ; segment[3] is "incidents". */
int sandbox_incident(struct sandbox_call *call) __attribute__((warn_unused_result));
/** /v1/pages/ID/incidents/ID/postmortem... */
int sandbox_postmortem(struct sandbox_call *call, json_t *doc) __attribute__((warn_unused_result));
/** /api/v2/... */
int sandbox_v2(struct sandbox_call *call) __attribute__((warn_unused_result));
/** HTML, for everything else. */
int sandbox_page(struct sandbox_call *call) __attribute__((warn_unused_result));

/** Writes an incident back; its status is the state that lists search in. */
int sandbox_incident_put(struct sandbox *sb, json_t *doc) __attribute__((warn_unused_result));
/** Notes a mail to the subscribers. @param kind created, updated, edited or postmortem. */
int sandbox_mail(struct sandbox_call *call, const char *kind, const char *incident_id,
                 const char *update_id, const char *status) __attribute__((warn_unused_result));

#endif
