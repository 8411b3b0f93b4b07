/*
 * fake_http: a scripted HTTP/1.1 server on a free loopback port, driven by the test's own loop.
 *
 * Replies are queued for a method and a path; a request takes the first queued reply that fits and
 * uses it up. A request that nothing was queued for is counted and gets a 599. Keeps every request
 * for the test to look at. Aborts the test process when the machine has no socket or memory left.
 */
#ifndef CRIER_FAKE_HTTP_H
#define CRIER_FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

enum fake_http_fate {
    FAKE_ANSWER,       /* and keep the connection */
    FAKE_ANSWER_CLOSE, /* promise to keep the connection and close it behind the answer */
    FAKE_DROP,         /* read the whole request, then close without an answer */
    FAKE_RESET,        /* the same with a TCP reset */
    FAKE_STALL,        /* never answer */
    FAKE_TRUNCATE      /* announce the whole body, send half, close */
};

struct fake_http_reply {
    enum fake_http_fate fate;
    int status;
    const char *headers; /* NULL: JSON is announced; else lines that each end in CRLF */
    const char *body;    /* NULL: empty */
};

struct fake_http_request {
    char *method;
    char *path; /* with query */
    char *head; /* request line and headers as they came */
    char *body;
    size_t connection; /* 1 for the first one that was accepted */
};

struct fake_http;

struct fake_http *fake_http_create(void);
void fake_http_destroy(struct fake_http *f);
/** Closes every open connection, as a server does with idle ones; replies stay queued. */
void fake_http_hang_up(struct fake_http *f);
int fake_http_port(const struct fake_http *f);
/** @param path_part  anywhere in the path. The strings of the reply are copied. */
void fake_http_queue(struct fake_http *f, const char *method, const char *path_part,
                     struct fake_http_reply reply);
size_t fake_http_count(const struct fake_http *f);
/** Of these, with this method. */
size_t fake_http_count_method(const struct fake_http *f, const char *method);
/** @return the i-th, from 0, or NULL. */
const struct fake_http_request *fake_http_request(const struct fake_http *f, size_t i);
/** The last with this method, or NULL. */
const struct fake_http_request *fake_http_last(const struct fake_http *f, const char *method);
size_t fake_http_connections(const struct fake_http *f);
/** Requests that no reply was queued for. */
size_t fake_http_surprises(const struct fake_http *f);
/** Replies that were queued and not used. */
size_t fake_http_unused(const struct fake_http *f);
struct source_port fake_http_source_port(struct fake_http *f);

#endif
