#include "httpd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

#define MODULE "httpd"

enum {
    BODY_MAX_DEFAULT = 256 << 10,
    HEADER_MAX_DEFAULT = 32 << 10,
    CONNECTIONS_DEFAULT = 256,
    IDLE_DEFAULT_S = 30,
    REQUEST_DEFAULT_MS = 60000,
    /* An over-long body is read to its end, so that the client sees the 413, but only so far. */
    DRAIN_FACTOR = 8,
    STREAM_BLOCK = 4096,
    /* How far a paced body may run ahead of its clock: less is a wake for each byte. */
    STREAM_SLICE_MS = 20,
    GONE_BATCH = 16
};

struct exchange;

struct httpd {
    struct MHD_Daemon *daemon;
    int epoll_fd;
    int gone_fd; /* an epoll of its own: libmicrohttpd does not watch who is suspended */
    struct exchange *asleep; /* those whose connection is suspended */
    bool resumed;            /* libmicrohttpd must run, and does not tell */
    httpd_gone *gone;
    uint16_t port;
    size_t body_max_bytes;
    int64_t request_max_ms;
    httpd_handler *handler;
    void *ctx;
    struct now now;
    bool in_handler;
};

/* One request of one connection: made when the request line is read, freed when it is over. */
struct exchange {
    struct httpd *h;
    struct MHD_Connection *connection;
    struct exchange *next, *prev;  /* of httpd.asleep */
    uint64_t hold;                 /* not 0: the handler has not answered yet */
    struct httpd_response *answer; /* of one that was held, to be sent */
    int64_t wake_boot_ms;          /* of a paced body; NOW_NEVER while it is held */
    int64_t stream_boot_ms;        /* when the first byte of a streamed body was due */
    struct buf stream;             /* a body that is not sent at once */
    int64_t bytes_per_s;
    uint64_t limit_bytes; /* of the stream */
    bool is_cut;
    bool asleep;
    bool is_gone;
    char *uri;
    struct buf body;
    size_t seen_bytes;
    int64_t began_boot_ms;
    bool begun;
    bool too_long;
};

/* The header fields of a request, gathered from libmicrohttpd. */
struct gather {
    struct httpd_field field[HTTPD_FIELDS_MAX];
    size_t n;
    bool too_many;
};

/* ---- connections that sleep ------------------------------------------------------------------ */

static int descriptor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? (int)info->connect_fd : -1;
}

static void fall_asleep(struct exchange *x, int64_t wake_boot_ms)
{
    struct httpd *h = x->h;

    assert(!x->asleep);
    x->wake_boot_ms = wake_boot_ms;
    x->asleep = true;
    x->prev = NULL;
    x->next = h->asleep;
    if (h->asleep)
        h->asleep->prev = x;
    h->asleep = x;
    MHD_suspend_connection(x->connection);
}

static void leave_list(struct exchange *x)
{
    if (!x->asleep)
        return;
    x->asleep = false;
    if (x->prev)
        x->prev->next = x->next;
    else
        x->h->asleep = x->next;
    if (x->next)
        x->next->prev = x->prev;
}

/* Its exchange is called again in the next MHD_run(). */
static void wake(struct exchange *x)
{
    leave_list(x);
    if (x->hold)
        epoll_ctl(x->h->gone_fd, EPOLL_CTL_DEL, descriptor_of(x->connection), NULL);
    x->hold = 0;
    x->h->resumed = true;
    MHD_resume_connection(x->connection);
}

static struct exchange *held(struct httpd *h, uint64_t hold)
{
    struct exchange *x = h->asleep;

    while (x && x->hold != hold)
        x = x->next;
    return x;
}

/* @return MHD_NO when nobody could tell that the client is gone. */
static enum MHD_Result hold_back(struct exchange *x, uint64_t hold)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data = {.u64 = hold}};

    assert(!held(x->h, hold));
    if (epoll_ctl(x->h->gone_fd, EPOLL_CTL_ADD, descriptor_of(x->connection), &event) < 0) {
        log_warn(MODULE, "epoll_ctl");
        return MHD_NO;
    }
    x->hold = hold;
    fall_asleep(x, NOW_NEVER);
    return MHD_YES;
}

static void find_gone(struct httpd *h)
{
    struct epoll_event event[GONE_BATCH];
    int i, n;

    do {
        n = epoll_wait(h->gone_fd, event, GONE_BATCH, 0);
        for (i = 0; i < n; i++) {
            uint64_t hold = event[i].data.u64;
            struct exchange *x = held(h, hold);

            if (!x)
                continue;
            x->is_gone = true;
            wake(x);
            if (h->gone)
                h->gone(h->ctx, hold, h->now);
        }
    } while (n == GONE_BATCH);
}

static void wake_who_is_due(struct httpd *h)
{
    struct exchange *x, *next;

    for (x = h->asleep; x; x = next) {
        next = x->next;
        if (x->wake_boot_ms <= h->now.boot_ms)
            wake(x);
    }
}

/* ---- libmicrohttpd's callbacks --------------------------------------------------------------- */

static void exchange_destroy(struct exchange *x)
{
    if (!x)
        return;
    leave_list(x);
    if (x->answer)
        httpd_response_finish(x->answer);
    free(x->answer);
    buf_finish(&x->stream);
    free(x->uri);
    buf_finish(&x->body);
    free(x);
}

/* MHD_OPTION_URI_LOG_CALLBACK: the one place that sees the target as it was sent. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct httpd *h = cls;
    struct exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->h = h;
    x->connection = connection;
    buf_init(&x->body, h->body_max_bytes);
    buf_init(&x->stream, HTTPD_ANSWER_MAX);
    x->began_boot_ms = h->now.boot_ms;
    x->uri = strdup(uri);
    if (!x->uri) {
        exchange_destroy(x);
        return NULL;
    }
    return x;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)connection;
    (void)why;
    exchange_destroy(*req_cls);
    *req_cls = NULL;
}

static void on_log(void *cls, const char *fmt, va_list ap)
{
    struct buf b;
    char quoted[256];

    (void)cls;
    buf_init(&b, 1024);
    buf_vaddf(&b, fmt, ap);
    log_debug(MODULE, "libmicrohttpd says %s",
              log_quote(quoted, sizeof quoted, buf_error(&b) ? "(too long)" : buf_str(&b)));
    buf_finish(&b);
}

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct gather *g = cls;

    (void)kind;
    if (g->n == HTTPD_FIELDS_MAX) {
        g->too_many = true;
        return MHD_NO;
    }
    g->field[g->n].name = name;
    g->field[g->n].value = value ? value : "";
    g->n++;
    return MHD_YES;
}

/* MHD_ContentReaderCallback: the next bytes of a body that is not sent at once. */
static ssize_t on_stream(void *cls, uint64_t position, char *to, size_t room)
{
    struct exchange *x = cls;
    uint64_t left = x->limit_bytes - position;
    size_t n = 0;

    if (!left)
        return x->is_cut ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    if (room > left)
        room = (size_t)left;
    if (x->bytes_per_s) {
        int64_t late_ms = x->h->now.boot_ms - x->stream_boot_ms;
        uint64_t step = (uint64_t)x->bytes_per_s * STREAM_SLICE_MS / 1000 + 1;

        if (late_ms < 0) {
            fall_asleep(x, x->stream_boot_ms);
            return 0;
        }
        if (room > step)
            room = (size_t)step;
        x->stream_boot_ms += ((int64_t)room * 1000 + x->bytes_per_s - 1) / x->bytes_per_s;
    }
    if (position < x->stream.len) {
        n = x->stream.len - (size_t)position;
        if (n > room)
            n = room;
        memcpy(to, buf_str(&x->stream) + position, n);
    }
    memset(to + n, ' ', room - n);
    return (ssize_t)room;
}

/* Takes the body over, to be sent by on_stream(). @return NULL: no memory. */
static struct MHD_Response *stream_response(struct exchange *x, struct httpd_response *res)
{
    uint64_t told = res->endless ? MHD_SIZE_UNKNOWN : res->body.len;

    assert(res->bytes_per_s >= 0 && res->bytes_per_s <= HTTPD_BYTES_PER_S_MAX);
    buf_finish(&x->stream);
    x->stream = res->body;
    buf_init(&res->body, HTTPD_ANSWER_MAX);
    x->bytes_per_s = res->bytes_per_s;
    x->stream_boot_ms = x->h->now.boot_ms;
    x->is_cut = res->cut_bytes >= 0 && (res->endless || (uint64_t)res->cut_bytes < told);
    x->limit_bytes = x->is_cut ? (uint64_t)res->cut_bytes : res->endless ? UINT64_MAX : told;
    return MHD_create_response_from_callback(told, STREAM_BLOCK, on_stream, x, NULL);
}

/* A body in one piece. @return NULL: no memory. */
static struct MHD_Response *whole_response(struct httpd_response *res)
{
    struct MHD_Response *r;
    size_t bytes = res->body.len;
    char *body;

    if (!bytes)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    body = buf_take(&res->body);
    if (!body)
        return NULL;
    r = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
    if (!r)
        free(body);
    return r;
}

/*
 * Hands the answer to libmicrohttpd.
 *
 * @param x  NULL when there is none: the body goes in one piece then.
 * @return MHD_NO closes the connection.
 */
static enum MHD_Result send_response(struct MHD_Connection *connection, struct exchange *x,
                                     struct httpd_response *res)
{
    struct MHD_Response *r;
    enum MHD_Result ok = MHD_YES;
    size_t i;

    if (x && (res->bytes_per_s > 0 || res->cut_bytes >= 0 || res->endless))
        r = stream_response(x, res);
    else
        r = whole_response(res);
    if (!r)
        return MHD_NO;
    for (i = 0; i < res->n_fields && ok == MHD_YES; i++)
        ok = MHD_add_response_header(r, res->field[i].name, res->field[i].value);
    if (ok == MHD_YES)
        ok = MHD_queue_response(connection, (unsigned)res->status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result send_plain(struct MHD_Connection *connection, int status, const char *text)
{
    struct httpd_response res;
    enum MHD_Result ok;

    httpd_response_init(&res);
    httpd_response_text(&res, status, "text/plain; charset=utf-8", text);
    ok = httpd_response_error(&res) ? MHD_NO : send_response(connection, NULL, &res);
    httpd_response_finish(&res);
    return ok;
}

/* The client's next read or write fails with ECONNRESET: Linux resets a TCP connection that is
 * dissolved with AF_UNSPEC (connect(2)). @return MHD_NO. */
static enum MHD_Result reset(struct MHD_Connection *connection)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (connect(descriptor_of(connection), &nobody, sizeof nobody) < 0)
        log_warn(MODULE, "connection not reset, but closed");
    return MHD_NO;
}

/* What the handler said, at once or later. */
static enum MHD_Result finish(struct exchange *x, int err, struct httpd_response *res)
{
    if (!err)
        err = httpd_response_error(res);
    if (err) {
        log_warnx(MODULE, "answering 500: %s", crier_strerror(err));
        return send_plain(x->connection, 500, "internal error\n");
    }
    switch (res->end) {
    case HTTPD_ANSWER:
        return send_response(x->connection, x, res);
    case HTTPD_CLOSE:
        return MHD_NO;
    case HTTPD_RESET:
        return reset(x->connection);
    }
    return MHD_NO;
}

static enum MHD_Result answer(struct httpd *h, struct MHD_Connection *connection,
                              const char *method, struct exchange *x)
{
    struct gather g = {.n = 0};
    struct httpd_request req;
    struct httpd_response res;
    enum MHD_Result ok;
    char *mark;
    int err;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_field, &g);
    if (g.too_many)
        return send_plain(connection, 431, "too many header fields\n");
    if (x->uri[0] != '/')
        return send_plain(connection, 400, "the request target must be a path\n");
    mark = strchr(x->uri, '?');
    if (mark)
        *mark = '\0';

    req = (struct httpd_request){
        .method = method,
        .path = x->uri,
        .query = mark ? mark + 1 : "",
        .field = g.field,
        .n_fields = g.n,
        .body = buf_str(&x->body),
        .body_bytes = x->body.len,
        .now = h->now,
    };
    httpd_response_init(&res);
    h->in_handler = true;
    err = h->handler(h->ctx, &req, &res);
    h->in_handler = false;
    ok = !err && res.hold ? hold_back(x, res.hold) : finish(x, err, &res);
    httpd_response_finish(&res);
    return ok;
}

/* @return whether the client announces more than the limit, so that nothing need be read. */
static bool announced_too_long(const struct httpd *h, struct MHD_Connection *connection)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    char *end;
    unsigned long long n;

    if (!text || *text < '0' || *text > '9')
        return false; /* libmicrohttpd refuses what is no number */
    errno = 0;
    n = strtoull(text, &end, 10);
    return errno == ERANGE || (!*end && n > h->body_max_bytes);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **req_cls)
{
    struct httpd *h = cls;
    struct exchange *x = *req_cls;

    (void)url;
    (void)version;
    if (!x)
        return MHD_NO; /* no memory for it */
    if (!x->begun) {
        x->begun = true;
        if (announced_too_long(h, connection))
            return send_plain(connection, 413, "body too long\n");
        return MHD_YES;
    }
    if (x->is_gone)
        return MHD_NO;
    if (x->answer)
        return finish(x, 0, x->answer);
    if (h->now.boot_ms - x->began_boot_ms > h->request_max_ms)
        return MHD_NO; /* byte by byte is no way to send a request */
    if (*upload_data_size) {
        x->seen_bytes += *upload_data_size;
        if (!x->too_long)
            buf_add(&x->body, upload_data, *upload_data_size);
        if (buf_error(&x->body) == CRIER_ENOMEM)
            return MHD_NO;
        if (buf_error(&x->body))
            x->too_long = true;
        if (x->seen_bytes / DRAIN_FACTOR > h->body_max_bytes)
            return MHD_NO;
        *upload_data_size = 0;
        return MHD_YES;
    }
    if (x->too_long)
        return send_plain(connection, 413, "body too long\n");
    return answer(h, connection, method, x);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* @return 0 or CRIER_EINVAL. */
static int parse_address(const char *text, uint16_t port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        memcpy(ret_address, &in4, sizeof in4);
        return 0;
    }
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
        memcpy(ret_address, &in6, sizeof in6);
        return 0;
    }
    return CRIER_EINVAL;
}

static struct MHD_Daemon *start(struct httpd *h, const struct httpd_options *o,
                                const struct sockaddr_storage *address)
{
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;

    if (address->ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    /* The sizes are size_t, the counts unsigned, as microhttpd.h says of each option. */
    return MHD_start_daemon(
        flags, o->port, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)address, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        o->header_max_bytes ? o->header_max_bytes : (size_t)HEADER_MAX_DEFAULT,
        MHD_OPTION_CONNECTION_LIMIT,
        o->connections_max ? o->connections_max : (unsigned)CONNECTIONS_DEFAULT,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_per_peer, MHD_OPTION_CONNECTION_TIMEOUT,
        o->idle_timeout_s ? o->idle_timeout_s : (unsigned)IDLE_DEFAULT_S, MHD_OPTION_END);
}

int httpd_create(const struct httpd_options *options, struct httpd **ret_httpd)
{
    const char *text = options->address ? options->address : "127.0.0.1";
    const union MHD_DaemonInfo *info;
    struct sockaddr_storage address;
    struct httpd *h = NULL;
    int r;

    assert(options->handler);
    r = parse_address(text, options->port, &address);
    if (r)
        goto out;
    h = calloc(1, sizeof *h);
    if (!h) {
        r = CRIER_ENOMEM;
        goto out;
    }
    h->body_max_bytes = options->body_max_bytes ? options->body_max_bytes : BODY_MAX_DEFAULT;
    h->request_max_ms = options->request_max_ms ? options->request_max_ms : REQUEST_DEFAULT_MS;
    h->handler = options->handler;
    h->gone = options->gone;
    h->ctx = options->ctx;
    h->gone_fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->gone_fd < 0) {
        log_warn(MODULE, "epoll_create1");
        r = CRIER_EIO;
        goto out;
    }

    errno = 0;
    h->daemon = start(h, options, &address);
    if (!h->daemon) {
        r = errno == EADDRINUSE ? CRIER_ELOCKED : CRIER_EIO;
        log_warn(MODULE, "cannot listen on %s port %u", text, (unsigned)options->port);
        goto out;
    }
    r = CRIER_EIO;
    info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || info->epoll_fd < 0)
        goto out;
    h->epoll_fd = info->epoll_fd;
    info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (!info || !info->port)
        goto out;
    h->port = info->port;
    *ret_httpd = h;
    h = NULL;
    r = 0;
out:
    httpd_destroy(h);
    return r;
}

void httpd_destroy(struct httpd *h)
{
    if (!h)
        return;
    assert(!h->in_handler);
    while (h->asleep)
        wake(h->asleep); /* libmicrohttpd does not stop while somebody is suspended */
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    if (h->gone_fd >= 0)
        close(h->gone_fd);
    free(h);
}

int httpd_answer(struct httpd *h, uint64_t hold, struct httpd_response *res)
{
    struct exchange *x = hold ? held(h, hold) : NULL;

    if (!x)
        return CRIER_ENOENT;
    x->answer = malloc(sizeof *x->answer);
    if (x->answer) {
        *x->answer = *res;
        httpd_response_init(res);
    } else {
        x->is_gone = true; /* closed, as when memory was out before the handler */
        httpd_response_clear(res);
    }
    wake(x);
    return 0;
}

uint16_t httpd_port(const struct httpd *h)
{
    return h->port;
}

static void collect(void *ctx, struct pollset *set)
{
    struct httpd *h = ctx;
    MHD_UNSIGNED_LONG_LONG wait_ms;
    const struct exchange *x;

    pollset_add(set, h->epoll_fd, POLLIN);
    pollset_add(set, h->gone_fd, POLLIN);
    for (x = h->asleep; x; x = x->next)
        if (x->wake_boot_ms != NOW_NEVER)
            pollset_deadline(set, x->wake_boot_ms);
    if (h->resumed)
        pollset_deadline(set, h->now.boot_ms);
    /* The descriptor alone does not tell of pipelined requests and of idle connections. */
    if (MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES)
        pollset_deadline(set, h->now.boot_ms + (int64_t)(wait_ms < INT_MAX ? wait_ms : INT_MAX));
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct httpd *h = ctx;

    (void)set;
    h->now = now;
    find_gone(h);
    wake_who_is_due(h);
    h->resumed = false;
    MHD_run(h->daemon);
}

struct source_port httpd_source_port(struct httpd *h)
{
    return (struct source_port){.ctx = h, .collect = collect, .dispatch = dispatch};
}
