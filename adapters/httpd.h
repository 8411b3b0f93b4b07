/*
 * httpd: a small HTTP/1.1 server (libmicrohttpd) inside the program's own loop.
 *
 * Owns the listening socket, the connections and their limits. Knows no path: one handler gets
 * each complete request and fills the answer, or says that it will answer later. No thread of its
 * own; the handler runs inside the dispatch of httpd_source_port(). TLS is left to a reverse proxy.
 *
 * An answer may be sent badly on purpose (never, in part, slowly, without end): the sandbox needs
 * that to play a sick service.
 */
#ifndef CRIER_HTTPD_H
#define CRIER_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "now.h"
#include "ports.h"

enum {
    HTTPD_FIELDS_MAX = 64,        /* header fields of a request; more are answered with 431 */
    HTTPD_ANSWER_FIELDS_MAX = 12, /* header fields of an answer */
    HTTPD_ANSWER_MAX = 16 << 20,  /* bytes of an answer's body */
    HTTPD_BYTES_PER_S_MAX = 1 << 30
};

struct httpd_field {
    const char *name;
    const char *value;
};

/** One complete request. Everything is borrowed and valid during the handler's call only. */
struct httpd_request {
    const char *method; /* as sent, "GET" */
    const char *path;   /* as sent, still percent-encoded, begins with '/' */
    const char *query;  /* as sent, behind the '?', "" when there is none */
    const struct httpd_field *field;
    size_t n_fields;
    const char *body; /* body_bytes bytes and a NUL */
    size_t body_bytes;
    struct now now; /* of the dispatch */
};

/** How a connection goes on when the handler has answered. */
enum httpd_end {
    HTTPD_ANSWER, /* the answer is sent */
    HTTPD_CLOSE,  /* nothing is sent, the connection is closed */
    HTTPD_RESET   /* nothing is sent, the client gets a reset */
};

/** The answer; the handler fills what httpd_response_init() prepared. */
struct httpd_response {
    int status;      /* 200 */
    struct buf body; /* max. HTTPD_ANSWER_MAX */
    struct {
        char *name;
        char *value;
    } field[HTTPD_ANSWER_FIELDS_MAX];
    size_t n_fields;
    int err;             /* sticky: a field could not be added */
    uint64_t hold;       /* not 0: no answer yet, httpd_answer() brings it under this number,
                            which the handler has not used before; the rest is ignored */
    enum httpd_end end;  /* HTTPD_ANSWER */
    int64_t bytes_per_s; /* of the body, up to HTTPD_BYTES_PER_S_MAX; 0: as fast as can be */
    int64_t cut_bytes;   /* not negative: the length is told as it is, but the connection is
                            closed after so many bytes of the body; -1 */
    bool endless;        /* white space follows the body for ever */
};

/**
 * @return 0; any other value, or an error in the answer itself, is answered with 500. HEAD is the
 * handler's to treat like GET: the body is left out, its length is told.
 */
typedef int httpd_handler(void *ctx, const struct httpd_request *req, struct httpd_response *res);
/**
 * A held request's client has hung up, or closed its sending side: nobody waits for the answer any
 * more, and the number means nothing from now on. Not called by httpd_destroy().
 */
typedef void httpd_gone(void *ctx, uint64_t hold, struct now now);

struct httpd_options {
    const char *address;           /* IPv4 or IPv6 literal; NULL: 127.0.0.1 */
    uint16_t port;                 /* 0: a free one */
    size_t body_max_bytes;         /* 0: 256 KiB; longer bodies are answered with 413 */
    size_t header_max_bytes;       /* 0: 32 KiB for request line and header together */
    unsigned connections_max;      /* 0: 256 */
    unsigned connections_per_peer; /* 0: no limit of its own */
    unsigned idle_timeout_s;       /* 0: 30 s without a byte closes a connection */
    int64_t request_max_ms;        /* 0: 60 s from the request line to the last byte of the body */
    httpd_handler *handler;
    httpd_gone *gone; /* NULL when the handler never holds, or does not care */
    void *ctx;        /* of both */
};

struct httpd;

/**
 * Listens.
 *
 * @return 0, CRIER_EINVAL (address), CRIER_ELOCKED (the port is taken), CRIER_EIO (other trouble,
 * logged) or CRIER_ENOMEM.
 */
int httpd_create(const struct httpd_options *options, struct httpd **ret_httpd)
    __attribute__((warn_unused_result));
/** Closes every connection, those of held requests too. Not from inside the handler. NULL is fine.
 */
void httpd_destroy(struct httpd *h);
/** @return the port that is listened on. */
uint16_t httpd_port(const struct httpd *h);
/** Drives the connections; dispatch it in every turn, also when its descriptor is not ready. */
struct source_port httpd_source_port(struct httpd *h);

/**
 * Answers a held request; it leaves in the next dispatch, which is due at once.
 *
 * @param res  filled as by a handler, hold excepted; emptied on 0.
 * @return 0 or CRIER_ENOENT: the client is gone, or nothing is held under this number.
 */
int httpd_answer(struct httpd *h, uint64_t hold, struct httpd_response *res)
    __attribute__((warn_unused_result));

/** @return the first field of that name (case does not matter), or NULL. */
const char *httpd_request_field(const struct httpd_request *req, const char *name);
/**
 * One parameter of the query, percent-decoded, '+' as space; the first where it is repeated.
 *
 * @param ret_value the caller's to free(); UTF-8 is not checked.
 * @return 0, CRIER_ENOENT (no such parameter), CRIER_EINVAL (bad encoding, or a NUL in it) or
 * CRIER_ENOMEM.
 */
int httpd_request_query(const struct httpd_request *req, const char *name, char **ret_value)
    __attribute__((warn_unused_result));
/**
 * Percent-decodes n bytes of a path or query.
 *
 * @param plus  '+' means a space (queries and forms).
 * @return the caller's to free(); NULL when memory is out or the encoding is bad (then *ret_err,
 * which must not be NULL, is CRIER_ENOMEM or CRIER_EINVAL).
 */
char *httpd_decode(const char *text, size_t n, bool plus, int *ret_err)
    __attribute__((warn_unused_result));

/** Prepares the caller's memory: 200, empty body, no fields, sent as it should be. */
void httpd_response_init(struct httpd_response *res);
void httpd_response_finish(struct httpd_response *res);
/** Empties it again, for an answer that was begun and has to become another. */
void httpd_response_clear(struct httpd_response *res);
/** Adds a field, copied. Errors (memory, too many, a control character in it) are sticky. */
void httpd_response_field(struct httpd_response *res, const char *name, const char *value);
/** Status, content type and body at once; text NULL: no body. */
void httpd_response_text(struct httpd_response *res, int status, const char *content_type,
                         const char *text);
/** @return 0 or the first error of fields or body. */
int httpd_response_error(const struct httpd_response *res) __attribute__((warn_unused_result));

#endif
