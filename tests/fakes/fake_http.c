#include "fake_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"

enum { CONNECTIONS_MAX = 32, REQUESTS_MAX = 512, BODY_MAX = 8 << 20 };

struct rule {
    struct rule *next;
    char *method;
    char *path_part;
    enum fake_http_fate fate;
    int status;
    char *headers;
    char *body;
};

struct connection {
    int fd; /* -1: free */
    size_t number;
    struct buf in;
    struct buf out;
    bool close_after; /* when out is empty */
};

struct fake_http {
    int fd;
    int port;
    struct rule *rule;
    struct connection connection[CONNECTIONS_MAX];
    struct fake_http_request request[REQUESTS_MAX];
    size_t n_requests;
    size_t n_connections;
    size_t surprises;
};

static void *must(void *p)
{
    if (!p) {
        (void)fprintf(stderr, "fake_http: out of memory\n");
        abort();
    }
    return p;
}

static void must_not_fail(int r, const char *what)
{
    if (r < 0) {
        perror(what);
        abort();
    }
}

struct fake_http *fake_http_create(void)
{
    struct fake_http *f = must(calloc(1, sizeof *f));
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    size_t i;

    for (i = 0; i < CONNECTIONS_MAX; i++)
        f->connection[i].fd = -1;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must_not_fail(f->fd, "socket");
    must_not_fail(bind(f->fd, (struct sockaddr *)&a, sizeof a), "bind");
    must_not_fail(listen(f->fd, 16), "listen");
    must_not_fail(getsockname(f->fd, (struct sockaddr *)&a, &n), "getsockname");
    f->port = ntohs(a.sin_port);
    return f;
}

static void hang_up(struct connection *c)
{
    (void)close(c->fd);
    c->fd = -1;
    buf_finish(&c->in);
    buf_finish(&c->out);
}

static void rule_destroy(struct rule *r)
{
    free(r->method);
    free(r->path_part);
    free(r->headers);
    free(r->body);
    free(r);
}

void fake_http_hang_up(struct fake_http *f)
{
    size_t i;

    for (i = 0; i < CONNECTIONS_MAX; i++)
        if (f->connection[i].fd >= 0)
            hang_up(&f->connection[i]);
}

void fake_http_destroy(struct fake_http *f)
{
    struct rule *r;
    size_t i;

    if (!f)
        return;
    fake_http_hang_up(f);
    while ((r = f->rule)) {
        f->rule = r->next;
        rule_destroy(r);
    }
    for (i = 0; i < f->n_requests; i++) {
        free(f->request[i].method);
        free(f->request[i].path);
        free(f->request[i].head);
        free(f->request[i].body);
    }
    (void)close(f->fd);
    free(f);
}

int fake_http_port(const struct fake_http *f)
{
    return f->port;
}

void fake_http_queue(struct fake_http *f, const char *method, const char *path_part,
                     struct fake_http_reply reply)
{
    struct rule **end, *r = must(calloc(1, sizeof *r));

    r->method = must(strdup(method));
    r->path_part = must(strdup(path_part));
    r->fate = reply.fate;
    r->status = reply.status;
    r->headers = must(strdup(reply.headers ? reply.headers : "Content-Type: application/json\r\n"));
    r->body = must(strdup(reply.body ? reply.body : ""));
    for (end = &f->rule; *end; end = &(*end)->next)
        ;
    *end = r;
}

size_t fake_http_count(const struct fake_http *f)
{
    return f->n_requests;
}

size_t fake_http_count_method(const struct fake_http *f, const char *method)
{
    size_t i, n = 0;

    for (i = 0; i < f->n_requests; i++)
        if (!strcmp(f->request[i].method, method))
            n++;
    return n;
}

const struct fake_http_request *fake_http_request(const struct fake_http *f, size_t i)
{
    return i < f->n_requests ? &f->request[i] : NULL;
}

const struct fake_http_request *fake_http_last(const struct fake_http *f, const char *method)
{
    size_t i;

    for (i = f->n_requests; i-- > 0;)
        if (!strcmp(f->request[i].method, method))
            return &f->request[i];
    return NULL;
}

size_t fake_http_connections(const struct fake_http *f)
{
    return f->n_connections;
}

size_t fake_http_surprises(const struct fake_http *f)
{
    return f->surprises;
}

size_t fake_http_unused(const struct fake_http *f)
{
    const struct rule *r;
    size_t n = 0;

    for (r = f->rule; r; r = r->next)
        n++;
    return n;
}

/* ---- the loop's side */

static void accept_all(struct fake_http *f)
{
    size_t i;
    int fd;

    while ((fd = accept4(f->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        for (i = 0; i < CONNECTIONS_MAX && f->connection[i].fd >= 0; i++)
            ;
        if (i == CONNECTIONS_MAX) {
            (void)close(fd);
            continue;
        }
        f->connection[i].fd = fd;
        f->connection[i].number = ++f->n_connections;
        f->connection[i].close_after = false;
        buf_init(&f->connection[i].in, BODY_MAX);
        buf_init(&f->connection[i].out, BODY_MAX);
    }
}

/* Where the link to the first rule that fits is, or to NULL. */
static struct rule **find_rule(struct fake_http *f, const char *method, const char *path)
{
    struct rule **at;

    for (at = &f->rule; *at; at = &(*at)->next)
        if (!strcmp((*at)->method, method) && strstr(path, (*at)->path_part))
            break;
    return at;
}

static void reply_to(struct connection *c, const struct rule *r)
{
    struct linger at_once = {1, 0};
    size_t n = strlen(r->body);

    switch (r->fate) {
    case FAKE_STALL:
        return;
    case FAKE_RESET:
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        hang_up(c);
        return;
    case FAKE_DROP:
        hang_up(c);
        return;
    case FAKE_ANSWER:
    case FAKE_ANSWER_CLOSE:
    case FAKE_TRUNCATE:
        break;
    }
    buf_addf(&c->out, "HTTP/1.1 %d Scripted\r\n%sContent-Length: %zu\r\n\r\n", r->status,
             r->headers, n);
    buf_add(&c->out, r->body, r->fate == FAKE_TRUNCATE ? n / 2 : n);
    c->close_after = r->fate != FAKE_ANSWER;
}

/* @return false when there is no whole request to take. */
static bool take_request(struct fake_http *f, struct connection *c)
{
    struct fake_http_request *q = &f->request[f->n_requests];
    char method[16], path[1024], none[] = "";
    struct rule surprise = {NULL, NULL, NULL, FAKE_ANSWER, 599, none, none};
    const char *end, *length;
    size_t head_bytes, body_bytes;
    struct rule **at, *r;

    if (c->fd < 0 || f->n_requests == REQUESTS_MAX || !(end = strstr(buf_str(&c->in), "\r\n\r\n")))
        return false;
    head_bytes = (size_t)(end - buf_str(&c->in)) + 4;
    if (sscanf(buf_str(&c->in), "%15s %1023s", method, path) != 2)
        return false;
    memset(q, 0, sizeof *q);
    q->head = must(strndup(buf_str(&c->in), head_bytes));
    length = strcasestr(q->head, "content-length:");
    body_bytes = length ? (size_t)strtoull(length + strlen("content-length:"), NULL, 10) : 0;
    at = find_rule(f, method, path);
    r = *at;
    if (c->in.len < head_bytes + body_bytes) {
        free(q->head);
        return false;
    }
    q->method = must(strdup(method));
    q->path = must(strdup(path));
    q->body = must(strndup(buf_str(&c->in) + head_bytes, body_bytes));
    q->connection = c->number;
    f->n_requests++;
    buf_shift(&c->in, head_bytes + body_bytes);
    if (!r) {
        (void)fprintf(stderr, "fake_http: nothing queued for %s %s\n", method, path);
        f->surprises++;
        reply_to(c, &surprise);
        return true;
    }
    *at = r->next;
    reply_to(c, r);
    rule_destroy(r);
    return true;
}

static void read_some(struct connection *c)
{
    char chunk[16384];
    ssize_t n;

    while ((n = read(c->fd, chunk, sizeof chunk)) > 0)
        buf_add(&c->in, chunk, (size_t)n);
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(c);
}

static void write_some(struct connection *c)
{
    ssize_t n;

    if (c->out.len) {
        n = send(c->fd, buf_str(&c->out), c->out.len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            hang_up(c);
            return;
        }
        if (n > 0)
            buf_shift(&c->out, (size_t)n);
    }
    if (!c->out.len && c->close_after)
        hang_up(c);
}

static void collect(void *ctx, struct pollset *set)
{
    struct fake_http *f = ctx;
    size_t i;

    pollset_add(set, f->fd, POLLIN);
    for (i = 0; i < CONNECTIONS_MAX; i++)
        if (f->connection[i].fd >= 0)
            pollset_add(set, f->connection[i].fd,
                        (short)(POLLIN | (f->connection[i].out.len ? POLLOUT : 0)));
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct fake_http *f = ctx;
    size_t i;

    (void)set;
    (void)now;
    accept_all(f);
    for (i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &f->connection[i];

        if (c->fd >= 0)
            read_some(c);
        while (take_request(f, c))
            ;
        if (c->fd >= 0)
            write_some(c);
    }
}

struct source_port fake_http_source_port(struct fake_http *f)
{
    struct source_port port = {f, collect, dispatch};

    return port;
}
