/*
 * statuspage_http: one attempt of one HTTP request, and what its outcome means.
 *
 * A lane carries one request at a time and keeps its handle. The body of a request is handed to
 * libcurl at most once: libcurl repeats a request by itself when a kept-alive connection dies
 * before an answer, and a repeated POST would be a second incident. So the body comes from a
 * callback that cannot be rewound, and the attempt ends as doubtful instead. As long as no byte of
 * the body was handed over nothing can have been applied: that, and nothing else, is "unsent".
 */
#ifndef CRIER_STATUSPAGE_HTTP_H
#define CRIER_STATUSPAGE_HTTP_H

#include "net.h"

enum { HTTP_ERROR_MAX = 400 };

/** What the lanes of one address have in common; borrowed, must outlive them. */
struct http_endpoint {
    struct net *net;
    char *key;     /* never in an error text, nor in what is read from an answer; NULL: none sent */
    char *ca_file; /* NULL: the system's */
    char *pins;    /* as net_curl_pins() has them; NULL: any key */
    char *proxy;   /* NULL: none */
    int64_t connect_timeout_ms;
    int64_t total_timeout_ms;
    /* A connection that was idle for longer is not used again; below 1 s: a new one in any case.
     * May change between attempts. */
    int64_t max_idle_ms;
};

struct http_lane;

struct http_outcome {
    enum page_result result; /* PAGE_OK: a 2xx with a whole body, not yet parsed */
    int status;              /* 0: none came */
    int64_t retry_after_ms;  /* of 420 and 429, 60 s where it is not said; of 503 where it is; 1 s
                                to 5 min; else 0 */
    const char *data;        /* borrowed until the next start */
    size_t n;
    char error[HTTP_ERROR_MAX]; /* one clean line, "" for PAGE_OK */
};

/** @return 0 or CRIER_ENOMEM. */
int http_lane_create(const struct http_endpoint *endpoint, struct http_lane **ret_lane)
    __attribute__((warn_unused_result));
/** Ends what is under way; NULL is fine. */
void http_lane_destroy(struct http_lane *lane);

/**
 * Starts an attempt on a free lane.
 * @param method "GET", "DELETE", "POST" or "PATCH"; the last two need a body.
 * @param body   NULL for GET and DELETE, which libcurl may repeat; borrowed until the lane has
 * finished.
 * @param max_bytes  longest answer that is read.
 * @return 0, CRIER_ENOMEM or CRIER_EIO: nothing was sent.
 */
int http_lane_start(struct http_lane *lane, const char *method, const char *url, const char *body,
                    size_t max_bytes) __attribute__((warn_unused_result));
/** @return true between start and outcome. */
bool http_lane_is_busy(const struct http_lane *lane);
/** @return true when the attempt is over and its outcome has not been taken. */
bool http_lane_is_finished(const struct http_lane *lane);
/**
 * Takes the outcome of a finished attempt; the lane is free then.
 * @param wall_ms  now, for a Retry-After that is a date.
 */
void http_lane_outcome(struct http_lane *lane, int64_t wall_ms, struct http_outcome *ret_outcome);

#endif
