#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "httpd.h"

enum { PATIENCE_MS = 20000, BODY_MAX = 1000 };

struct house {
    struct httpd *httpd;
    struct buf seen;   /* one line for each request that the handler got */
    int64_t frozen_ms; /* what the server takes for the time; 0: it runs */
    uint64_t held;     /* the last number that was held */
    uint64_t gone;     /* the last number that was gone */
    int64_t deadline;  /* of the last turn */
};

static struct now now_read(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (struct now){0, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

/* /echo answers the body, /fail fails, /inject tries to add a header by a value. */
static int handle(void *ctx, const struct httpd_request *req, struct httpd_response *res)
{
    struct house *h = ctx;

    buf_addf(&h->seen, "%s %s?%s %zu\n", req->method, req->path, req->query, req->body_bytes);
    if (!strcmp(req->path, "/fail"))
        return CRIER_ENOMEM;
    if (!strcmp(req->path, "/inject")) {
        httpd_response_field(res, "X-Test", "a\r\nSet-Cookie: b");
        return 0;
    }
    if (!strcmp(req->path, "/created")) {
        httpd_response_field(res, "X-Test", "yes");
        httpd_response_text(res, 201, "text/plain", "made");
        return 0;
    }
    if (!strcmp(req->path, "/empty")) {
        res->status = 204;
        return 0;
    }
    if (!strcmp(req->path, "/hold")) {
        res->hold = ++h->held;
        return 0;
    }
    if (!strcmp(req->path, "/close") || !strcmp(req->path, "/reset")) {
        res->end = req->path[1] == 'c' ? HTTPD_CLOSE : HTTPD_RESET;
        return 0;
    }
    if (!strcmp(req->path, "/slow") || !strcmp(req->path, "/cut") ||
        !strcmp(req->path, "/endless")) {
        httpd_response_text(res, 200, "text/plain", "0123456789");
        res->bytes_per_s = req->path[1] == 's' ? 2 : 0;
        res->cut_bytes = req->path[1] == 'c' ? 4 : -1;
        res->endless = req->path[1] == 'e';
        return 0;
    }
    httpd_response_text(res, 200, "text/plain", NULL);
    buf_add(&res->body, req->body, req->body_bytes);
    if (httpd_request_field(req, "x-say"))
        buf_adds(&res->body, httpd_request_field(req, "X-Say"));
    return 0;
}

static void gone(void *ctx, uint64_t hold, struct now now)
{
    struct house *h = ctx;

    (void)now;
    h->gone = hold;
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const struct httpd_options o = {
        .handler = handle, .gone = gone, .ctx = h, .body_max_bytes = BODY_MAX, .idle_timeout_s = 1};

    assert_non_null(h);
    buf_init(&h->seen, 1 << 16);
    assert_int_equal(httpd_create(&o, &h->httpd), 0);
    assert_true(httpd_port(h->httpd) > 0);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;

    httpd_destroy(h->httpd);
    buf_finish(&h->seen);
    free(h);
    return 0;
}

static int client(const struct house *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(httpd_port(h->httpd))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_text(int fd, const char *text, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        assert_true(sent > 0);
        text += sent;
        n -= (size_t)sent;
    }
}

static int64_t server_ms(const struct house *h)
{
    return h->frozen_ms ? h->frozen_ms : now_read().boot_ms;
}

/* The first half of a turn of the loop, as bot/ runs it. */
static void work(struct house *h)
{
    struct source_port source = httpd_source_port(h->httpd);
    struct now now = {.boot_ms = server_ms(h)};
    struct pollset set;

    pollset_init(&set);
    source.dispatch(source.ctx, &set, now);
    pollset_finish(&set);
}

/* The other half: sleeps until something is due or comes, on the client's socket too. */
static void rest(struct house *h, int fd)
{
    struct source_port source = httpd_source_port(h->httpd);
    struct pollset set;
    struct pollfd fds[8];
    int64_t wait_ms;
    size_t i;

    pollset_init(&set);
    pollset_add(&set, fd, POLLIN);
    source.collect(source.ctx, &set);
    assert_true(set.n <= 8);
    for (i = 0; i < set.n; i++)
        fds[i] = (struct pollfd){.fd = set.item[i].fd, .events = set.item[i].want};
    h->deadline = set.deadline_boot_ms;
    wait_ms = h->deadline == NOW_NEVER ? PATIENCE_MS : h->deadline - server_ms(h);
    wait_ms = wait_ms < 0 ? 0 : wait_ms > PATIENCE_MS ? PATIENCE_MS : wait_ms;
    assert_true(poll(fds, set.n, (int)wait_ms) >= 0 || errno == EINTR);
    pollset_finish(&set);
}

static void turn(struct house *h, int fd)
{
    work(h);
    rest(h, fd);
}

/*
 * Reads until enough says so or the server closes.
 * @return whether it was closed.
 */
static bool receive_until(struct house *h, int fd, struct buf *in, const char *end)
{
    int64_t deadline = now_read().boot_ms + PATIENCE_MS;

    for (;;) {
        char chunk[4096];
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);

        if (n > 0)
            buf_add(in, chunk, (size_t)n);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
        if (end && in->len >= strlen(end) && !strcmp(buf_str(in) + in->len - strlen(end), end))
            return false;
        if (now_read().boot_ms > deadline)
            fail_msg("no end: %s", buf_str(in));
        if (n < 0)
            turn(h, fd);
    }
}

/* Sends a text and reads what comes until it ends with end, or until the server closes. */
static void exchange(struct house *h, const char *text, const char *end, struct buf *in)
{
    int fd = client(h);

    buf_init(in, 1 << 20);
    send_text(fd, text, strlen(text));
    receive_until(h, fd, in, end);
    close(fd);
}

static void requests_are_answered(void **state)
{
    static const struct {
        const char *name, *text, *status, *end, *seen;
    } rows[] = {
        {"a path with its query as sent", "GET /a%2Fb?c=%20d HTTP/1.1\r\nHost: x\r\n\r\n", "200",
         "\r\n\r\n", "GET /a%2Fb?c=%20d 0\n"},
        {"a body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "200",
         "hello", "POST /echo? 5\n"},
        {"a body in chunks",
         "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
         "200", "hello", "POST /echo? 5\n"},
        {"a field of the request", "GET /echo HTTP/1.1\r\nHost: x\r\nX-SAY: boo\r\n\r\n", "200",
         "boo", "GET /echo? 0\n"},
        {"a status of its own", "PATCH /created HTTP/1.1\r\nHost: x\r\n\r\n", "201", "made",
         "PATCH /created? 0\n"},
        {"no content", "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n", "204", "\r\n\r\n",
         "GET /empty? 0\n"},
        {"a handler that fails", "GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", "500", "internal error\n",
         "GET /fail? 0\n"},
        {"a header that would be two", "GET /inject HTTP/1.1\r\nHost: x\r\n\r\n", "500",
         "internal error\n", "GET /inject? 0\n"},
        {"HEAD without its body", "HEAD /created HTTP/1.1\r\nHost: x\r\n\r\n", "201", "\r\n\r\n",
         "HEAD /created? 0\n"},
        {"an absolute target", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "400", "path\n", ""},
        {"the server itself as target", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "400", "path\n",
         ""},
        {"a body that is announced as too long",
         "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "413", "long\n", ""},
        {"a length that no number holds",
         "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", "4",
         NULL, ""},
        {"no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", "", NULL, ""},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf in;
        char start[32];

        buf_clear(&h->seen);
        exchange(h, rows[i].text, rows[i].end, &in);
        snprintf(start, sizeof start, "HTTP/1.1 %s", rows[i].status);
        if ((*rows[i].status && strncmp(buf_str(&in), start, strlen(start))) ||
            strcmp(buf_str(&h->seen), rows[i].seen) || strstr(buf_str(&in), "Set-Cookie"))
            fail_msg("%s: answered %s, seen %s", rows[i].name, buf_str(&in), buf_str(&h->seen));
        buf_finish(&in);
    }
}

static void a_body_at_the_limit_is_taken_and_one_byte_more_is_not(void **state)
{
    struct house *h = *state;
    size_t n;

    for (n = BODY_MAX; n <= BODY_MAX + 1; n++) {
        struct buf text, in;
        size_t i;

        buf_init(&text, 1 << 16);
        buf_addf(&text,
                 "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
        for (i = 0; i < n; i++)
            buf_addc(&text, i + 1 == n ? 'z' : 'a');
        buf_adds(&text, "\r\n0\r\n\r\n");
        exchange(h, buf_str(&text), n == BODY_MAX ? "az" : "long\n", &in);
        assert_non_null(strstr(buf_str(&in), n == BODY_MAX ? "HTTP/1.1 200" : "HTTP/1.1 413"));
        buf_finish(&in);
        buf_finish(&text);
    }
}

static void too_many_fields_and_too_long_a_header_are_refused(void **state)
{
    static const struct {
        const char *field;
        int count;
    } rows[] = {{"A: b\r\n", HTTPD_FIELDS_MAX + 1},
                {"Cookie: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 2000}};
    struct house *h = *state;
    size_t i;
    int k;

    for (i = 0; i < 2; i++) {
        struct buf text, in;

        buf_init(&text, 1 << 20);
        buf_adds(&text, "GET / HTTP/1.1\r\nHost: x\r\n");
        for (k = 0; k < rows[i].count; k++)
            buf_adds(&text, rows[i].field);
        buf_adds(&text, "\r\n");
        exchange(h, buf_str(&text), i ? NULL : "fields\n", &in);
        assert_non_null(strstr(buf_str(&in), "HTTP/1.1 431"));
        assert_string_equal(buf_str(&h->seen), "");
        buf_finish(&in);
        buf_finish(&text);
    }
}

/* Of requests sent at once the descriptor tells of the first only. */
static void pipelined_requests_are_all_answered(void **state)
{
    struct house *h = *state;
    struct buf text, in;
    const char *p;
    int fd = client(h), i, answers = 0;

    buf_init(&text, 1 << 20);
    buf_init(&in, 1 << 20);
    for (i = 0; i < 50; i++)
        buf_addf(&text, "GET /created?%d HTTP/1.1\r\nHost: x\r\n%s\r\n", i,
                 i == 49 ? "Connection: close\r\n" : "");
    send_text(fd, buf_str(&text), text.len);
    assert_true(receive_until(h, fd, &in, NULL));
    for (p = buf_str(&in); (p = strstr(p, "HTTP/1.1 201")); p++)
        answers++;
    assert_int_equal(answers, 50);
    close(fd);
    buf_finish(&text);
    buf_finish(&in);
}

static void connections_that_do_nothing_are_closed(void **state)
{
    static const char half_body[] = "POST / HTTP/1.1\r\nContent-Length: 9\r\n"
                                    "Host: x\r\n\r\nabc";
    static const char *const beginnings[] = {"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n",
                                             half_body};
    struct house *h = *state;
    int fd[4];
    size_t i;

    for (i = 0; i < 4; i++) {
        fd[i] = client(h);
        send_text(fd[i], beginnings[i], strlen(beginnings[i]));
    }
    for (i = 0; i < 4; i++) {
        struct buf in;

        buf_init(&in, 1 << 16);
        assert_true(receive_until(h, fd[i], &in, NULL));
        buf_finish(&in);
        close(fd[i]);
    }
    assert_string_equal(buf_str(&h->seen), "");
}

static void a_client_that_leaves_in_the_middle_leaks_nothing(void **state)
{
    static const char *const beginnings[] = {
        "GET /a", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
        "GET /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /second"};
    struct house *h = *state;
    struct buf in;
    size_t i;

    for (i = 0; i < 3; i++) {
        int fd = client(h);

        send_text(fd, beginnings[i], strlen(beginnings[i]));
        turn(h, -1);
        close(fd);
    }
    exchange(h, "GET /created HTTP/1.1\r\nHost: x\r\n\r\n", "made", &in); /* and all goes on */
    buf_finish(&in);
}

static void a_taken_port_and_a_bad_address_are_told(void **state)
{
    struct house *h = *state;
    struct httpd_options o = {.handler = handle, .port = httpd_port(h->httpd)};
    struct httpd *second = NULL;

    assert_int_equal(httpd_create(&o, &second), CRIER_ELOCKED);
    o.address = "localhost";
    assert_int_equal(httpd_create(&o, &second), CRIER_EINVAL);
    o.address = "127.0.0.1";
    o.port = 0;
    assert_int_equal(httpd_create(&o, &second), 0);
    assert_int_not_equal(httpd_port(second), httpd_port(h->httpd));
    httpd_destroy(second);
    httpd_destroy(NULL);
}

static void queries_are_decoded(void **state)
{
    static const struct {
        const char *query, *name, *value; /* value NULL: err */
        int err;
    } rows[] = {
        {"a=b", "a", "b", 0},
        {"a=b&c=d", "c", "d", 0},
        {"a=1&a=2", "a", "1", 0},
        {"a=b+c%20d", "a", "b c d", 0},
        {"%61=x", "a", "x", 0},
        {"a", "a", "", 0},
        {"a=", "a", "", 0},
        {"a=b=c", "a", "b=c", 0},
        {"&&a=1&", "a", "1", 0},
        {"a=%C3%A9", "a", "\xc3\xa9", 0},
        {"", "a", NULL, CRIER_ENOENT},
        {"ab=1", "a", NULL, CRIER_ENOENT},
        {"a=%", "a", NULL, CRIER_EINVAL},
        {"a=%4", "a", NULL, CRIER_EINVAL},
        {"a=%4x", "a", NULL, CRIER_EINVAL},
        {"a=%00", "a", NULL, CRIER_EINVAL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct httpd_request req = {.query = rows[i].query};
        char *value = NULL;
        int r = httpd_request_query(&req, rows[i].name, &value);

        if (r != rows[i].err || (value && (!rows[i].value || strcmp(value, rows[i].value))) ||
            (!value && rows[i].value))
            fail_msg("%s: %d %s", rows[i].query, r, value ? value : "(none)");
        free(value);
    }
}

static void an_answer_has_a_limit_of_fields(void **state)
{
    struct httpd_response res;
    int i;

    (void)state;
    httpd_response_init(&res);
    for (i = 0; i < HTTPD_ANSWER_FIELDS_MAX; i++)
        httpd_response_field(&res, "A", "b");
    assert_int_equal(httpd_response_error(&res), 0);
    httpd_response_field(&res, "A", "b");
    assert_int_equal(httpd_response_error(&res), CRIER_ELIMIT);
    httpd_response_clear(&res);
    assert_int_equal(httpd_response_error(&res), 0);
    httpd_response_field(&res, "", "b");
    assert_int_equal(httpd_response_error(&res), CRIER_EINVAL);
    httpd_response_finish(&res);
}

/* ---- answers that come late, or badly -------------------------------------------------------- */

static void send_request(int fd, const char *path)
{
    char text[64];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);

    send_text(fd, text, (size_t)n);
}

/* Turns the loop until the handler has held so many. */
static void turn_until_held(struct house *h, uint64_t number)
{
    for (work(h); h->held < number; work(h))
        rest(h, -1);
}

static int answer_text(struct house *h, uint64_t hold, const char *text)
{
    struct httpd_response res;
    int r;

    httpd_response_init(&res);
    httpd_response_text(&res, 200, "text/plain", text);
    r = httpd_answer(h->httpd, hold, &res);
    httpd_response_finish(&res);
    return r;
}

static void a_held_request_is_answered_when_its_answer_comes(void **state)
{
    struct house *h = *state;
    int first = client(h), second = client(h), i;
    struct buf in;

    send_request(first, "/hold");
    turn_until_held(h, 1);
    send_request(second, "/hold");
    turn_until_held(h, 2);
    h->frozen_ms = now_read().boot_ms + 3600 * 1000; /* no limit is its own but the handler's */
    buf_init(&in, 1 << 16);
    assert_int_equal(answer_text(h, 3, "nobody"), CRIER_ENOENT);
    assert_int_equal(answer_text(h, 0, "nobody"), CRIER_ENOENT);
    assert_int_equal(answer_text(h, 2, "for two"), 0);
    rest(h, -1);
    assert_true(h->deadline <= h->frozen_ms); /* nothing but this tells that there is work */
    assert_int_equal(answer_text(h, 2, "again"), CRIER_ENOENT);
    assert_false(receive_until(h, second, &in, "for two"));
    assert_null(strstr(buf_str(&in), "for one"));
    buf_clear(&in);
    assert_int_equal(answer_text(h, 1, "for one"), 0);
    assert_false(receive_until(h, first, &in, "for one"));
    /* and the connection goes on as any other */
    for (i = 0; i < 2; i++) {
        buf_clear(&in);
        send_request(first, "/created");
        assert_false(receive_until(h, first, &in, "made"));
    }
    assert_int_equal(h->gone, 0);
    buf_finish(&in);
    close(first);
    close(second);
}

/* What was sent behind a held request waits, and is no sign that the client is gone. */
static void what_is_pipelined_waits_behind_a_held_request(void **state)
{
    static const char both[] = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /created HTTP/1.1\r\nHost: x\r\n\r\n";
    struct house *h = *state;
    int fd = client(h);
    struct buf in;

    send_text(fd, both, sizeof both - 1);
    turn_until_held(h, 1);
    assert_string_equal(buf_str(&h->seen), "GET /hold? 0\n");
    assert_int_equal(answer_text(h, 1, "first"), 0);
    buf_init(&in, 1 << 16);
    assert_false(receive_until(h, fd, &in, "made"));
    assert_non_null(strstr(buf_str(&in), "first"));
    buf_finish(&in);
    close(fd);
}

static void the_handler_is_told_when_a_held_client_is_gone(void **state)
{
    struct house *h = *state;
    int fd, i;

    for (i = 0; i < 3; i++) {
        fd = client(h);
        send_request(fd, "/hold");
        turn_until_held(h, h->held + 1);
        if (i == 1) { /* a reset, as of a client that is killed */
            const struct linger now = {.l_onoff = 1};

            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        }
        if (i == 2)
            assert_int_equal(shutdown(fd, SHUT_WR), 0);
        else
            close(fd);
        for (work(h); h->gone != h->held; work(h))
            rest(h, -1);
        assert_int_equal(answer_text(h, h->held, "too late"), CRIER_ENOENT);
        if (i == 2)
            close(fd);
    }
}

/* tear_down() stops it with one held, one half-way through a slow answer, one answered but unsent;
 * libmicrohttpd ends the program when one of them is still suspended. */
static void it_stops_with_requests_held(void **state)
{
    struct house *h = *state;
    int fd[3], i;

    for (i = 0; i < 3; i++)
        fd[i] = client(h);
    send_request(fd[0], "/hold");
    send_request(fd[1], "/hold");
    turn_until_held(h, 2);
    send_request(fd[2], "/slow");
    for (work(h); !strstr(buf_str(&h->seen), "/slow"); work(h))
        rest(h, -1);
    work(h);
    assert_int_equal(answer_text(h, 2, "unsent"), 0);
    for (i = 0; i < 3; i++)
        close(fd[i]);
    assert_int_equal(h->gone, 0);
}

static void a_connection_is_closed_or_reset_without_an_answer(void **state)
{
    static const char *const paths[] = {"/close", "/reset"};
    struct house *h = *state;
    size_t i;

    for (i = 0; i < 2; i++) {
        int fd = client(h);
        char byte;
        ssize_t n;

        send_request(fd, paths[i]);
        do {
            turn(h, fd);
            n = recv(fd, &byte, 1, MSG_DONTWAIT);
        } while (n < 0 && errno == EAGAIN);
        assert_int_equal(n, i ? -1 : 0);
        if (i)
            assert_int_equal(errno, ECONNRESET);
        close(fd);
    }
}

static void a_held_request_may_be_closed_too(void **state)
{
    struct house *h = *state;
    struct httpd_response res;
    int fd = client(h);
    struct buf in;

    send_request(fd, "/hold");
    turn_until_held(h, 1);
    httpd_response_init(&res);
    res.end = HTTPD_CLOSE;
    assert_int_equal(httpd_answer(h->httpd, 1, &res), 0);
    httpd_response_finish(&res);
    buf_init(&in, 1 << 16);
    assert_true(receive_until(h, fd, &in, NULL));
    assert_int_equal(in.len, 0);
    buf_finish(&in);
    close(fd);
}

/* Two bytes in a second: none comes before its time, and the loop sleeps in between. */
static void a_slow_body_keeps_its_time(void **state)
{
    struct house *h = *state;
    int fd = client(h), i, k;
    struct buf in;

    buf_init(&in, 1 << 16);
    h->frozen_ms = 1000000;
    send_request(fd, "/slow");
    assert_false(receive_until(h, fd, &in, "\r\n\r\n0"));
    for (i = 1; i < 10; i++) {
        const char expected[] = {(char)('0' + i), '\0'};
        int64_t due_ms = 1000000 + 500 * i;
        char byte;

        h->frozen_ms = due_ms - 1;
        for (k = 0; k < 3; k++)
            work(h);
        rest(h, -1);
        assert_int_equal(h->deadline, due_ms);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
        h->frozen_ms = due_ms;
        assert_false(receive_until(h, fd, &in, expected));
    }
    assert_non_null(strstr(buf_str(&in), "Content-Length: 10\r\n"));
    buf_clear(&in);
    send_request(fd, "/created");
    assert_false(receive_until(h, fd, &in, "made"));
    buf_finish(&in);
    close(fd);
}

static void a_body_is_cut_though_its_length_was_told(void **state)
{
    struct house *h = *state;
    struct buf in;

    exchange(h, "GET /cut HTTP/1.1\r\nHost: x\r\n\r\n", NULL, &in);
    assert_non_null(strstr(buf_str(&in), "Content-Length: 10\r\n"));
    assert_non_null(strstr(buf_str(&in), "\r\n\r\n0123"));
    assert_string_equal(buf_str(&in) + in.len - 4, "0123");
    buf_finish(&in);
}

static void an_endless_body_goes_on_while_others_are_served(void **state)
{
    struct house *h = *state;
    int fd = client(h);
    size_t seen = 0;
    char chunk[65536];
    struct buf in;

    send_request(fd, "/endless");
    while (seen < 4 << 20) {
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);

        assert_true(n > 0 || (n < 0 && errno == EAGAIN));
        if (n > 0 && !seen)
            assert_non_null(memmem(chunk, (size_t)n, "chunked", 7));
        seen += n > 0 ? (size_t)n : 0;
        if (n < 0)
            turn(h, fd);
    }
    exchange(h, "GET /created HTTP/1.1\r\nHost: x\r\n\r\n", "made", &in);
    buf_finish(&in);
    close(fd);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(requests_are_answered),
        ROW(a_body_at_the_limit_is_taken_and_one_byte_more_is_not),
        ROW(too_many_fields_and_too_long_a_header_are_refused),
        ROW(pipelined_requests_are_all_answered),
        ROW(connections_that_do_nothing_are_closed),
        ROW(a_client_that_leaves_in_the_middle_leaks_nothing),
        ROW(a_taken_port_and_a_bad_address_are_told),
        ROW(a_held_request_is_answered_when_its_answer_comes),
        ROW(what_is_pipelined_waits_behind_a_held_request),
        ROW(the_handler_is_told_when_a_held_client_is_gone),
        ROW(it_stops_with_requests_held),
        ROW(a_connection_is_closed_or_reset_without_an_answer),
        ROW(a_held_request_may_be_closed_too),
        ROW(a_slow_body_keeps_its_time),
        ROW(a_body_is_cut_though_its_length_was_told),
        ROW(an_endless_body_goes_on_while_others_are_served),
        cmocka_unit_test(queries_are_decoded),
        cmocka_unit_test(an_answer_has_a_limit_of_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
