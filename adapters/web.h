/*
 * web: crier's own web server: which path is whose, who may ask, and the address that it listens
 * on.
 *
 * Owns one httpd and the tokens; knows no page and no alert: handlers that are registered give the
 * answers, from inside the dispatch of web_source_port(). Without a port in the settings nothing is
 * listened on and all else works. TLS is a reverse proxy's.
 *
 * Readers show their token as `Authorization: Bearer TOKEN`, or as the password of HTTP Basic with
 * any user name, which is what a browser can do (RFC 6750 section 2.1, RFC 7617). Where no token is
 * configured (loopback alone) the request must name the server by an address, as localhost or as in
 * http.public_url: a name of somebody else's that resolves to this machine is refused.
 */
#ifndef CRIER_WEB_H
#define CRIER_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "httpd.h"
#include "ports.h"
#include "problems.h"
#include "settings.h"

enum {
    WEB_ROUTES_MAX = 16,
    WEB_BODY_MAX = 4 << 20, /* bytes; longer requests are answered with 413 */
    WEB_COMPLAIN_MS = 60 * 1000
};

enum web_access {
    WEB_ANYBODY, /* the handler looks by itself, or there is nothing to hide */
    WEB_READERS  /* http.token_file or token_env, where one is configured */
};

/** What is told in the log, each kind once a minute at most. */
enum web_trouble { WEB_TROUBLE_TOKEN, WEB_TROUBLE_NAME, WEB_TROUBLE_BODY, WEB_TROUBLES };

/**
 * @param rest what follows the route's path where that ends with '*', else ""; still
 *             percent-encoded, borrowed from req.
 * @return as an httpd_handler. Fields against caching and sniffing are there already; HEAD comes as
 * GET does.
 */
typedef int web_handler(void *ctx, const struct httpd_request *req, const char *rest,
                        struct httpd_response *res);

struct web;

/**
 * Loads the token and listens.
 *
 * @param settings completed by settings_finalize(); nothing of it is kept.
 * @param why on failure one line for people.
 * @return 0, CRIER_EINVAL or CRIER_EACCESS or CRIER_ENOENT (address, token), CRIER_ELOCKED (the
 * port is taken), CRIER_EIO or CRIER_ENOMEM.
 */
int web_create(const struct settings *settings, struct web **ret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Closes every connection, those of held answers too. Not from a handler. NULL is fine. */
void web_destroy(struct web *w);

/**
 * Who answers a path. The wiring is fixed: asserts that there is room.
 *
 * @param method "GET" (HEAD too) or "POST".
 * @param path   "/" or "/health" for exactly that, "/incident/" followed by '*' for all below it;
 *               the first route that fits is taken. Borrowed, as ctx, until web_destroy().
 */
void web_route(struct web *w, const char *method, const char *path, enum web_access access,
               web_handler *handler, void *ctx);

/**
 * Goes on with another configuration: all of it or nothing. Another address or port is listened on
 * before the old one is left, where both can be; routes stay, held answers of the old one are gone.
 *
 * Not from a handler. @return as web_create().
 */
int web_reload(struct web *w, const struct settings *settings, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/** @return the port that is listened on, 0: none. */
uint16_t web_port(const struct web *w);
struct source_port web_source_port(struct web *w);

/** Makes res one that comes later. @return its number for web_answer(). */
uint64_t web_hold(struct web *w, struct httpd_response *res);
/** Sends plain text as the answer under that number; nothing happens when the client has gone. */
void web_answer(struct web *w, uint64_t hold, int status, const char *text);

/** Whether the request shows this token, as Bearer or as the password of Basic. */
bool web_shows_token(const struct httpd_request *req, const char *token);
/** 401 with WWW-Authenticate (RFC 6750 section 3). @return as a handler. */
int web_refuse_token(struct httpd_response *res);
/** Whether the name by which the server was asked is its own, see above; for what asks for no
 * token. */
bool web_is_own_name(const struct web *w, const struct httpd_request *req);
/** 403, and a line in the log. @return as a handler. */
int web_refuse_name(struct web *w, const struct httpd_request *req, struct httpd_response *res);
/** One line of plain text. @return as a handler. */
int web_text(struct httpd_response *res, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** A line of the log, unless one of its kind was written less than WEB_COMPLAIN_MS ago: then it is
 * counted, and the next one tells how many. */
void web_complain(struct web *w, enum web_trouble kind, struct now now, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** @return whether it is an IPv4 or IPv6 literal that only this machine reaches. */
bool web_is_loopback(const char *address);
/**
 * What a configuration must have for the web server beyond settings_finalize(): an address that can
 * be one, tokens that can be read and are there where strangers could ask.
 */
void web_check(const struct settings *settings, struct problems *problems);

#endif
