#include "statuspage_http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crash.h"
#include "err.h"
#include "log.h"
#include "net_curl.h"
#include "secret.h"
#include "statuspage_json.h"
#include "utf8.h"

enum {
    RETRY_AFTER_DEFAULT_MS = 60000,
    RETRY_AFTER_MIN_MS = 1000,
    /* The page counts requests of the last minute: a longer time is a slip of somebody's, and to
     * ask once in five minutes harms nobody. */
    RETRY_AFTER_MAX_MS = 300000,
    KEEPALIVE_PROBE_S = 20
};

enum lane_state { LANE_FREE, LANE_RUNNING, LANE_FINISHED };

struct http_lane {
    const struct http_endpoint *endpoint;
    enum lane_state state;
    CURL *easy;
    struct curl_slist *headers;
    CURLcode result;
    struct buf answer;
    const char *body;
    size_t body_bytes;
    size_t handed_bytes; /* of the body, to libcurl */
    char errbuf[CURL_ERROR_SIZE];
};

int http_lane_create(const struct http_endpoint *endpoint, struct http_lane **ret_lane)
{
    struct http_lane *lane = calloc(1, sizeof *lane);

    if (!lane)
        return CRIER_ENOMEM;
    lane->endpoint = endpoint;
    *ret_lane = lane;
    return 0;
}

static void drop_headers(struct http_lane *lane)
{
    struct curl_slist *h;

    for (h = lane->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data)); /* one of them holds the key */
    curl_slist_free_all(lane->headers);
    lane->headers = NULL;
}

static void drop_handle(struct http_lane *lane)
{
    if (!lane->easy)
        return;
    net_curl_remove(lane->endpoint->net, lane->easy);
    curl_easy_cleanup(lane->easy);
    lane->easy = NULL;
}

void http_lane_destroy(struct http_lane *lane)
{
    if (!lane)
        return;
    drop_handle(lane);
    drop_headers(lane);
    buf_finish(&lane->answer);
    free(lane);
}

bool http_lane_is_busy(const struct http_lane *lane)
{
    return lane->state != LANE_FREE;
}

bool http_lane_is_finished(const struct http_lane *lane)
{
    if (lane->state == LANE_RUNNING && lane->body && lane->handed_bytes == lane->body_bytes)
        CRASH_POINT("page.body-sent");
    return lane->state == LANE_FINISHED;
}

/* ---- starting */

static size_t take_answer(char *data, size_t size, size_t n, void *ctx)
{
    struct http_lane *lane = ctx;

    if (!lane->answer.len)
        CRASH_POINT("page.answer-begun");
    buf_add(&lane->answer, data, size * n);
    return buf_error(&lane->answer) ? CURL_WRITEFUNC_ERROR : size * n;
}

/* libcurl asks again from the start only to repeat the request: that must not happen. */
static size_t give_body(char *dst, size_t size, size_t n, void *ctx)
{
    struct http_lane *lane = ctx;
    size_t left = lane->body_bytes - lane->handed_bytes, room = size * n, piece;

    if (!left)
        return CURL_READFUNC_ABORT;
    piece = CRASH_PIECE(lane->handed_bytes, left < room ? left : room);
    if (lane->handed_bytes)
        CRASH_POINT("page.body-begun");
    memcpy(dst, lane->body + lane->handed_bytes, piece);
    lane->handed_bytes += piece;
    return piece;
}

static int refuse_rewind(void *ctx, curl_off_t offset, int origin)
{
    (void)ctx;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

static bool add_header(struct http_lane *lane, const char *text)
{
    struct curl_slist *longer = curl_slist_append(lane->headers, text);

    if (longer)
        lane->headers = longer;
    return longer;
}

static int make_headers(struct http_lane *lane)
{
    char *authorization = NULL;
    bool ok;

    drop_headers(lane);
    ok = add_header(lane, "Accept: application/json");
    if (ok && lane->body) /* and no "Expect: 100-continue", which costs a round trip */
        ok = add_header(lane, "Content-Type: application/json") && add_header(lane, "Expect:");
    if (!ok || !lane->endpoint->key)
        return ok ? 0 : CRIER_ENOMEM;
    authorization = buf_printf("Authorization: OAuth %s", lane->endpoint->key);
    if (!authorization)
        return CRIER_ENOMEM;
    ok = add_header(lane, authorization);
    explicit_bzero(authorization, strlen(authorization));
    free(authorization);
    return ok ? 0 : CRIER_ENOMEM;
}

static int set_options(struct http_lane *lane, const char *method, const char *url)
{
    CURL *e = lane->easy;
    CURLcode c = CURLE_OK;
    long idle_s = (long)(lane->endpoint->max_idle_ms / 1000);

    c |= curl_easy_setopt(e, CURLOPT_URL, url);
    c |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, lane->headers);
    c |= curl_easy_setopt(e, CURLOPT_USERAGENT, "crier");
    c |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)lane->endpoint->total_timeout_ms);
    c |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    if (idle_s > 0)
        c |= curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, idle_s);
    else
        c |= curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    c |= curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    c |= curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_PROBE_S);
    c |= curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_PROBE_S);
    c |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_answer);
    c |= curl_easy_setopt(e, CURLOPT_WRITEDATA, lane);
    if (lane->body) {
        c |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        c |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
        c |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lane->body_bytes);
        c |= curl_easy_setopt(e, CURLOPT_READFUNCTION, give_body);
        c |= curl_easy_setopt(e, CURLOPT_READDATA, lane);
        c |= curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, refuse_rewind);
    } else {
        c |= curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        if (strcmp(method, "GET"))
            c |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
    }
    return c ? CRIER_EIO : 0;
}

static void attempt_done(void *ctx, CURL *easy, CURLcode result)
{
    struct http_lane *lane = ctx;

    (void)easy;
    lane->result = result;
    lane->state = LANE_FINISHED;
}

int http_lane_start(struct http_lane *lane, const char *method, const char *url, const char *body,
                    size_t max_bytes)
{
    const struct http_endpoint *ep = lane->endpoint;
    int r;

    assert(lane->state == LANE_FREE);
    assert(!body == (!strcmp(method, "GET") || !strcmp(method, "DELETE")));
    if (lane->easy)
        curl_easy_reset(lane->easy);
    else if (!(lane->easy = curl_easy_init()))
        return CRIER_ENOMEM;
    lane->body = body;
    lane->body_bytes = body ? strlen(body) : 0;
    lane->handed_bytes = 0;
    buf_finish(&lane->answer);
    buf_init(&lane->answer, max_bytes);
    CRASH_POINT("page.send");
    if ((r = make_headers(lane)) ||
        (r = net_curl_defaults(lane->easy, ep->ca_file, ep->proxy, (long)ep->connect_timeout_ms,
                               lane->errbuf)) ||
        (r = net_curl_pin(lane->easy, ep->pins)) || (r = set_options(lane, method, url)) ||
        (r = net_curl_add(ep->net, lane->easy, attempt_done, lane)))
        return r;
    lane->state = LANE_RUNNING;
    return 0;
}

/* ---- outcome */

/* A date that the server has sent, in ms, or -1. */
static int64_t header_date_ms(struct http_lane *lane, const char *name)
{
    struct curl_header *h;
    time_t at;

    if (curl_easy_header(lane->easy, name, 0, CURLH_HEADER, -1, &h))
        return -1;
    at = curl_getdate(h->value, NULL);
    return at < 0 || at > INT64_MAX / 1000 ? -1 : (int64_t)at * 1000;
}

/* Delta seconds or a date, which is by the server's clock. Source: RFC 9110 section 10.2.3. */
static int64_t retry_after(struct http_lane *lane, int64_t wall_ms, int64_t default_ms)
{
    struct curl_header *h;
    int64_t ms = default_ms, at, sent;
    size_t i, digits;

    if (curl_easy_header(lane->easy, "Retry-After", 0, CURLH_HEADER, -1, &h))
        return ms;
    digits = strspn(h->value, "0123456789");
    if (digits && !h->value[digits]) {
        for (i = 0, ms = 0; i < digits && ms < RETRY_AFTER_MAX_MS; i++)
            ms = ms * 10 + (h->value[i] - '0') * 1000;
    } else if ((at = header_date_ms(lane, "Retry-After")) >= 0) {
        sent = header_date_ms(lane, "Date");
        ms = at - (sent >= 0 ? sent : wall_ms);
    } else {
        return ms;
    }
    if (ms < RETRY_AFTER_MIN_MS)
        ms = RETRY_AFTER_MIN_MS;
    return ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

/* Whatever comes back, the key must not travel on in it: a proxy may echo what was sent. */
static void hide_key(struct http_lane *lane)
{
    if (lane->answer.len)
        secret_hide(lane->answer.data, lane->answer.len, lane->endpoint->key);
}

/* Nothing was applied: no byte of a body, or for reads no connection. */
static bool was_unsent(const struct http_lane *lane)
{
    curl_off_t pretransfer_us = 0;

    if (lane->result == CURLE_OK)
        return false;
    if (lane->body)
        return !lane->handed_bytes;
    (void)curl_easy_getinfo(lane->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
    return !pretransfer_us;
}

static const char *status_words(int status, bool keyless)
{
    switch (status) {
    case 401:
    case 403:
        return keyless ? "the page does not let everybody read it" : "the API key is not accepted";
    case 404:
        return "the page has no such thing";
    case 408:
        return "the page gave up waiting for the request";
    case 420:
    case 429:
        return "the page takes no more requests for now";
    default:
        if (status >= 500)
            return "the page failed";
        return status >= 400 ? "the page refused" : "unexpected answer";
    }
}

static void say_status(const struct http_lane *lane, struct http_outcome *o)
{
    char words[STATUSPAGE_ERROR_MAX + 1];

    statuspage_json_error(o->data, o->n, words);
    (void)snprintf(o->error, sizeof o->error, "%s (HTTP %d%s%s)",
                   status_words(o->status, !lane->endpoint->key), o->status, words[0] ? ": " : "",
                   words);
}

static void say_failure(const struct http_lane *lane, struct http_outcome *o)
{
    char words[CURL_ERROR_SIZE];
    const char *why;

    why = net_curl_words(lane->result, lane->errbuf);
    utf8_clean(why, strlen(why), words);
    if (o->result == PAGE_UNSENT)
        (void)snprintf(o->error, sizeof o->error, "no connection: %s", words);
    else if (lane->result == CURLE_WRITE_ERROR)
        (void)snprintf(o->error, sizeof o->error, "the answer is too long to be one of the API");
    else if (lane->result == CURLE_OPERATION_TIMEDOUT)
        (void)snprintf(o->error, sizeof o->error, "no answer within %lld s",
                       (long long)(lane->endpoint->total_timeout_ms + 999) / 1000);
    else if (lane->result == CURLE_SEND_FAIL_REWIND) /* libcurl was not let to send it again */
        (void)snprintf(o->error, sizeof o->error, "connection lost: the page has closed it");
    else
        (void)snprintf(o->error, sizeof o->error, "connection lost: %s", words);
}

/*
 * A 4xx stands whatever became of the rest of the answer; 408 alone does not say that nothing was
 * done. Everything else that is no whole 2xx is doubtful.
 */
static void classify(struct http_lane *lane, struct http_outcome *o, int64_t wall_ms)
{
    if (was_unsent(lane)) {
        o->result = PAGE_UNSENT;
        say_failure(lane, o);
    } else if (o->status == 420 || o->status == 429) {
        o->result = PAGE_UNSENT;
        o->retry_after_ms = retry_after(lane, wall_ms, RETRY_AFTER_DEFAULT_MS);
        say_status(lane, o);
    } else if (o->status >= 400 && o->status < 500 && o->status != 408) {
        o->result = PAGE_REFUSED;
        say_status(lane, o);
    } else if (lane->result != CURLE_OK) {
        o->result = PAGE_DOUBTFUL;
        say_failure(lane, o);
    } else if (o->status < 200 || o->status > 299) {
        o->result = PAGE_DOUBTFUL;
        o->retry_after_ms = o->status == 503 ? retry_after(lane, wall_ms, 0) : 0;
        say_status(lane, o);
    } else {
        o->result = PAGE_OK;
    }
}

void http_lane_outcome(struct http_lane *lane, int64_t wall_ms, struct http_outcome *ret_outcome)
{
    long status = 0;

    assert(lane->state == LANE_FINISHED);
    memset(ret_outcome, 0, sizeof *ret_outcome);
    (void)curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
    hide_key(lane);
    ret_outcome->status = (int)status;
    ret_outcome->data = buf_str(&lane->answer);
    ret_outcome->n = lane->answer.len;
    classify(lane, ret_outcome, wall_ms);
    secret_hide(ret_outcome->error, strlen(ret_outcome->error), lane->endpoint->key);
    /* In some versions of libcurl a handle that was refused a rewind goes on refusing. */
    if (lane->result != CURLE_OK)
        drop_handle(lane);
    drop_headers(lane);
    lane->state = LANE_FREE;
}
