/*
 * statuspage_job: what one page request goes through, from the first attempt to its answer.
 *
 * Private to adapters/statuspage*.c. Knows paths, bodies and answers; sends nothing itself.
 */
#ifndef CRIER_STATUSPAGE_JOB_H
#define CRIER_STATUSPAGE_JOB_H

#include "statuspage_http.h"
#include "statuspage_json.h"

enum { JOB_ERROR_MAX = 500 };

/** The fixed facts of one configured page, and what was last read of its components. */
struct job_page {
    char *name;
    char *page_id;
    char *api_url; /* without slash or /v1 at its end */
    char *public_url;
    struct string_list configured; /* names of its components */
    struct page_components map;
};

enum job_phase {
    JOB_READ_PAGE,       /* GET the page */
    JOB_READ_COMPONENTS, /* GET its components, page by page */
    JOB_READ_INCIDENT,   /* GET one incident: to answer it, or to correct its text */
    JOB_READ_LIST,
    JOB_READ_PUBLIC_SUMMARY, /* what is unresolved, and the components, as readers see them */
    JOB_READ_PUBLIC_RECENT,  /* the newest incidents, as readers see them */
    JOB_READ_SUBSCRIBERS,
    JOB_WRITE
};

struct job {
    struct job *next;
    struct page_request req;
    enum job_phase phase;
    int rows_page;               /* 1 for the first page of a listing */
    bool components_read;        /* by this job */
    struct page_components read; /* components so far; of PAGE_PUBLIC, what readers see */
    struct page_incidents list;  /* the listing, or the one incident of a write */
    char update_id[STATUSPAGE_ID_MAX + 1];
    char *url;
    char *body;
    int64_t subscribers;
    bool begun;      /* its first attempt was */
    uint64_t writes; /* of the page that were over by then */
    int restarts;
    struct http_lane *lane; /* while an attempt is under way */

    /* Set when it is over. */
    enum page_result result;
    int http_status;
    int64_t retry_after_ms;
    char error[JOB_ERROR_MAX];
};

/** Copies a request. @return NULL when memory is out or it names too many components. */
struct job *job_create(const struct page_request *req);
void job_destroy(struct job *job);

/** @return true for requests that change the page. */
bool job_is_write(const struct job *job);
/** @return true for readings with the key of what writes change. */
bool job_is_snapshot(const struct job *job);
/** Lets a reading begin again, forgetting what was read. */
void job_restart(struct job *job);
/** @return true for what is asked of the public address, without the key. */
bool job_is_public(const struct job *job);
/** @return true when both change the same incident, as far as can be known. */
bool job_same_incident(const struct job *a, const struct job *b);

/**
 * Makes method, url and body of the next attempt.
 * @return true when there is one; false when the job is over without it (result and error are
 * set).
 */
bool job_prepare(struct job *job, struct job_page *page, const char **ret_method,
                 size_t *ret_max_bytes);
/** Takes the outcome of an attempt. @return true when the job is over. */
bool job_advance(struct job *job, struct job_page *page, const struct http_outcome *outcome);
/** Ends it as surely not sent. */
void job_fail(struct job *job, const char *why);

#endif
