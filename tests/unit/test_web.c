/* crier's own web server: routes, tokens, reloads; and its wiring to store and engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "house.h"
#include "json_memory.h"
#include "problems.h"
#include "run_web.h"
#include "web.h"

enum { PATIENCE_MS = 20000, WHY_BYTES = 400 };

#define TOKEN_ENV "TEST_WEB_TOKEN"
#define HOST "Host: localhost\r\n"
#define END "Connection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST END

/* ---- a client -------------------------------------------------------------------------------- */

/* A port that nobody listened on a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int64_t boot_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int client(uint16_t port, const char *text)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = strlen(text);

    assert_true(fd >= 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
    return fd;
}

/* One turn of the loop, which waits until something comes, on fd too. */
static void turn(struct web *w, int fd, int64_t wait_ms)
{
    struct source_port source = web_source_port(w);
    struct now now = {1673978400000, boot_ms()};
    struct pollfd fds[8];
    struct pollset set;
    size_t i;

    pollset_init(&set);
    source.dispatch(source.ctx, &set, now);
    pollset_add(&set, fd, POLLIN);
    source.collect(source.ctx, &set);
    assert_true(set.n <= 8);
    for (i = 0; i < set.n; i++)
        fds[i] = (struct pollfd){.fd = set.item[i].fd, .events = set.item[i].want};
    if (set.deadline_boot_ms - boot_ms() < wait_ms)
        wait_ms = set.deadline_boot_ms - boot_ms();
    (void)poll(fds, set.n, wait_ms < 0 ? 0 : (int)wait_ms);
    pollset_finish(&set);
}

/* Reads until the server closes, or (quiet_ms not 0) until it was silent for that long.
 * @return the status, 0: nothing came. */
static int receive(struct web *w, int fd, int64_t quiet_ms, char *text, size_t size)
{
    int64_t deadline = boot_ms() + (quiet_ms ? quiet_ms : PATIENCE_MS);
    size_t used = 0;

    for (;;) {
        ssize_t n = recv(fd, text + used, size - 1 - used, MSG_DONTWAIT);

        if (n > 0)
            used += (size_t)n;
        text[used] = '\0';
        if (!n || boot_ms() > deadline)
            break;
        if (n < 0)
            turn(w, fd, 10);
    }
    if (!quiet_ms && boot_ms() > deadline)
        fail_msg("no end: %s", text);
    return strncmp(text, "HTTP/1.1 ", 9) ? 0 : (int)strtol(text + 9, NULL, 10);
}

static int ask(struct web *w, const char *request, char *text, size_t size)
{
    int fd = client(web_port(w), request), status = receive(w, fd, 0, text, size);

    close(fd);
    return status;
}

/* ---- the server alone ------------------------------------------------------------------------ */

static struct settings *settings_at(uint16_t port, const char *token_env)
{
    struct settings *s = settings_create();

    assert_non_null(s);
    s->http.port = port;
    s->http.token_env = token_env ? strdup(token_env) : NULL;
    return s;
}

static int say_rest(void *ctx, const struct httpd_request *req, const char *rest,
                    struct httpd_response *res)
{
    return web_text(res, 200, "%s %s [%s]", (const char *)ctx, req->method, rest);
}

static int fail_always(void *ctx, const struct httpd_request *req, const char *rest,
                       struct httpd_response *res)
{
    (void)ctx;
    (void)req;
    (void)rest;
    (void)res;
    return CRIER_ENOMEM;
}

static char board[] = "board", post[] = "post", open_to_all[] = "open";

static struct web *make(uint16_t port, const char *token_env)
{
    struct settings *s = settings_at(port, token_env);
    struct web *w = NULL;
    char why[WHY_BYTES];

    if (web_create(s, &w, why, sizeof why))
        fail_msg("%s", why);
    settings_destroy(s); /* nothing of it is kept */
    web_route(w, "GET", "/", WEB_READERS, say_rest, board);
    web_route(w, "GET", "/incident/*", WEB_READERS, say_rest, board);
    web_route(w, "POST", "/post/*", WEB_ANYBODY, say_rest, post);
    web_route(w, "GET", "/health", WEB_ANYBODY, say_rest, open_to_all);
    web_route(w, "GET", "/broken", WEB_ANYBODY, fail_always, NULL);
    return w;
}

static void a_path_finds_its_route(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *text;
    } rows[] = {
        {GET("/"), 200, "board GET []\n"},
        {GET("/?a=b"), 200, "board GET []\n"},
        {GET("/incident/7"), 200, "board GET [7]\n"},
        {GET("/incident/%37/x"), 200, "board GET [%37/x]\n"},
        {GET("/incident/"), 200, "board GET []\n"},
        {GET("/incident"), 404, "no such page\n"},
        {GET("/healthy"), 404, "no such page\n"},
        {GET("/health"), 200, "open GET []\n"},
        {GET("/post/a"), 405, "Allow: POST\r\n"},
        {GET("/broken"), 500, "internal error\n"},
        {"DELETE / HTTP/1.1\r\n" HOST END, 405, "Allow: GET, HEAD\r\n"},
        {"POST /post/a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "hi", 200, "post POST [a]\n"},
        {GET("/"), 200, "Cache-Control: no-store\r\n"},
        {GET("/"), 200, "X-Content-Type-Options: nosniff\r\n"},
    };
    struct web *w = make(free_port(), NULL);
    char text[4096];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = ask(w, rows[i].request, text, sizeof text);

        if (status != rows[i].status || !strstr(text, rows[i].text))
            fail_msg("%.40s: %d, %s", rows[i].request, status, text);
    }
    assert_int_equal(ask(w, "HEAD / HTTP/1.1\r\n" HOST END, text, sizeof text), 200);
    assert_non_null(strstr(text, "Content-Length: 14\r\n")); /* "board HEAD []\n" */
    assert_null(strstr(text, "board"));
    web_destroy(w);
}

static void readers_show_the_token(void **state)
{
    static const struct {
        const char *field;
        int status;
    } rows[] = {
        {"", 401},
        {"Authorization: Bearer sesame\r\n", 200},
        {"Authorization: bearer   sesame\r\n", 200},
        {"Authorization: Bearer sesam\r\n", 401},
        {"Authorization: Bearer sesamee\r\n", 401},
        {"Authorization: Bearer sesamesesame\r\n", 401},
        {"Authorization: Bearer\r\n", 401},
        {"Authorization: sesame\r\n", 401},
        {"Authorization: Basic YW55Ym9keTpzZXNhbWU=\r\n", 200}, /* anybody:sesame */
        {"Authorization: Basic OnNlc2FtZQ==\r\n", 200},         /* :sesame */
        {"Authorization: Basic c2VzYW1lOg==\r\n", 401},         /* sesame: */
        {"Authorization: Basic YW55Ym9keTpzZXNhbQ==\r\n", 401}, /* anybody:sesam */
        {"Authorization: Basic c2VzYW1l\r\n", 401},             /* sesame */
        {"Authorization: Basic !!!!\r\n", 401},
        {"Authorization: Basic OnNlc2FtZQ==x\r\n", 401},
        {"X-Authorization: Bearer sesame\r\n", 401},
    };
    struct web *w;
    char text[4096];
    size_t i;

    (void)state;
    assert_int_equal(setenv(TOKEN_ENV, "sesame", 1), 0);
    w = make(free_port(), TOKEN_ENV);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *request = buf_printf("GET /incident/1 HTTP/1.1\r\nHost: any.example.org\r\n%s" END,
                                   rows[i].field);
        int status;

        assert_non_null(request);
        status = ask(w, request, text, sizeof text);
        if (status != rows[i].status ||
            (status == 401 && (!strstr(text, "WWW-Authenticate: Basic ") || strstr(text, "board"))))
            fail_msg("%s: %d %s", rows[i].field, status, text);
        free(request);
    }
    assert_int_equal(ask(w, GET("/health"), text, sizeof text), 200);
    web_destroy(w);
}

/* A long password is no way to overflow what it is decoded into. */
static void absurd_passwords_are_refused(void **state)
{
    struct web *w;
    struct buf b;
    char text[4096];
    size_t i;

    (void)state;
    assert_int_equal(setenv(TOKEN_ENV, "sesame", 1), 0);
    w = make(free_port(), TOKEN_ENV);
    buf_init(&b, 1 << 16);
    buf_adds(&b, "GET / HTTP/1.1\r\n" HOST "Authorization: Basic ");
    for (i = 0; i < 5000; i++)
        buf_adds(&b, "OnNl");
    buf_adds(&b, "\r\n" END);
    assert_int_equal(ask(w, buf_str(&b), text, sizeof text), 401);
    buf_finish(&b);
    web_destroy(w);
}

/* Without a token: a page of somebody else's must not read it through its visitor's browser. */
static void without_a_token_it_knows_its_names(void **state)
{
    static const struct {
        const char *host;
        int status;
    } rows[] = {
        {"localhost", 200},
        {"LocalHost:8080", 200},
        {"127.0.0.1:1", 200},
        {"[::1]:1", 200},
        {"crier.example.org", 200},
        {"Crier.Example.org:443", 200},
        {"evil.example.org", 403},
        {"localhost.evil.example.org", 403},
        {"[::1", 403},
        {"", 403},
        {"crier.example.org.evil", 403},
    };
    struct settings *s = settings_at(free_port(), NULL);
    struct web *w = NULL;
    char text[4096], why[WHY_BYTES];
    size_t i;

    (void)state;
    s->http.public_url = strdup("https://crier.example.org/board");
    assert_int_equal(web_create(s, &w, why, sizeof why), 0);
    web_route(w, "GET", "/", WEB_READERS, say_rest, board);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *request = buf_printf("GET / HTTP/1.1\r\nHost: %s\r\n" END, rows[i].host);
        int status;

        assert_non_null(request);
        status = ask(w, request, text, sizeof text);
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].host, status);
        free(request);
    }
    settings_destroy(s);
    web_destroy(w);
}

static void a_reload_moves_it_or_changes_nothing(void **state)
{
    uint16_t first = free_port(), second;
    struct web *w = make(first, NULL), *other;
    struct settings *s;
    char text[4096], why[WHY_BYTES];

    (void)state;
    other = make(free_port(), NULL);
    s = settings_at(web_port(other), NULL); /* taken */
    assert_int_equal(web_reload(w, s, why, sizeof why), CRIER_ELOCKED);
    assert_non_null(strstr(why, "somebody else does"));
    assert_int_equal(web_port(w), first);
    assert_int_equal(ask(w, GET("/"), text, sizeof text), 200);

    assert_int_equal(unsetenv(TOKEN_ENV), 0);
    free(s->http.token_env);
    s->http.token_env = strdup(TOKEN_ENV); /* not there */
    s->http.port = first;
    assert_int_not_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(ask(w, GET("/"), text, sizeof text), 200);

    assert_int_equal(setenv(TOKEN_ENV, "sesame", 1), 0);
    assert_int_equal(web_reload(w, s, why, sizeof why), 0); /* the token alone */
    assert_int_equal(ask(w, GET("/"), text, sizeof text), 401);
    second = free_port();
    s->http.port = second;
    assert_int_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(web_port(w), second);
    assert_int_equal(ask(w, GET("/"), text, sizeof text), 401);
    s->http.port = 0;
    assert_int_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(web_port(w), 0);
    s->http.port = first;
    assert_int_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(ask(w, GET("/health"), text, sizeof text), 200);
    free(s->http.address); /* which holds the present one: both together cannot be */
    s->http.address = strdup("0.0.0.0");
    assert_int_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(web_port(w), first);
    assert_int_equal(ask(w, GET("/health"), text, sizeof text), 200);
    free(s->http.address);
    s->http.address = strdup("192.0.2.1"); /* nobody's: as it was */
    assert_int_not_equal(web_reload(w, s, why, sizeof why), 0);
    assert_int_equal(ask(w, GET("/health"), text, sizeof text), 200);
    settings_destroy(s);
    web_destroy(other);
    web_destroy(w);
}

/* ---- what a configuration must have ---------------------------------------------------------- */

static void checks(const char *address, const char *token_env, bool webhook, const char *text)
{
    struct settings *s = settings_at(9099, token_env);
    struct problems problems;

    free(s->http.address);
    s->http.address = strdup(address);
    s->source = calloc(1, sizeof *s->source);
    assert_non_null(s->source);
    s->n_sources = 1;
    s->source->name = strdup("alerts");
    s->source->webhook = webhook;
    problems_init(&problems);
    web_check(s, &problems);
    if (text ? problems.n != 1 || !strstr(problems.item[0].text, text) : problems.n)
        fail_msg("%s: %s", address, problems.n ? problems.item[0].text : "nothing");
    problems_finish(&problems);
    settings_destroy(s);
}

static void strangers_need_a_token(void **state)
{
    (void)state;
    assert_int_equal(setenv(TOKEN_ENV, "sesame", 1), 0);
    checks("127.0.0.1", NULL, true, NULL);
    checks("127.8.0.1", NULL, true, NULL);
    checks("::1", NULL, true, NULL);
    checks("0.0.0.0", NULL, false, "write token_file");
    checks("::", NULL, false, "write token_file");
    checks("192.0.2.1", TOKEN_ENV, false, NULL);
    checks("192.0.2.1", TOKEN_ENV, true, "write webhook_token_file");
    checks("localhost", NULL, false, "is no address");
    checks("", NULL, false, "is no address");
    assert_int_equal(unsetenv(TOKEN_ENV), 0);
}

/* ---- wired ----------------------------------------------------------------------------------- */

#define PAYLOAD                                                                            \
    "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":[{\"status\":" \
    "\"firing\",\"labels\":{\"alertname\":\"SearchDown\",\"severity\":\"page\"},"          \
    "\"annotations\":{\"summary\":\"search is down\"}}]}"

struct wired {
    struct house *h;
    struct run_web web;
};

static void wire_up(struct wired *x, struct house *h)
{
    struct source_settings *jinxer = &h->settings->source[1];

    memset(x, 0, sizeof *x);
    x->h = h;
    jinxer->webhook = true;
    h->settings->http.port = free_port();
    assert_int_equal(run_web_start(&x->web, h->settings, &h->formats, &h->courier), 0);
}

static int post_it(struct wired *x)
{
    char *request = buf_printf("POST /alertmanager/jinxer HTTP/1.1\r\n" HOST
                               "Content-Type: application/json\r\nContent-Length: %zu\r\n" END "%s",
                               strlen(PAYLOAD), PAYLOAD);
    int fd;

    assert_non_null(request);
    fd = client(web_port(x->web.web), request);
    free(request);
    return fd;
}

/* Turns of the loop until the courier has got something, or that many requests are held. */
static void let_it_in(struct wired *x, size_t held)
{
    int64_t deadline = boot_ms() + PATIENCE_MS;

    while (x->web.n_held < held && boot_ms() < deadline)
        turn(x->web.web, -1, 10);
    assert_int_equal(x->web.n_held, held);
}

static void the_answer_comes_when_the_rows_are_on_the_disk(void **state)
{
    struct wired x;
    char text[4096];
    int fd, again;

    wire_up(&x, *state);
    x.h->disk_hangs = true;
    fd = post_it(&x);
    let_it_in(&x, 1);
    house_settle(x.h);
    run_web_turn(&x.web);
    again = post_it(&x); /* the same once more: it changes nothing and waits all the same */
    let_it_in(&x, 2);
    house_settle(x.h);
    run_web_turn(&x.web);
    assert_int_equal(receive(x.web.web, fd, 100, text, sizeof text), 0);
    house_expect_unsaid(x.h, HOUSE_OPS, "DRAFT");
    x.h->disk_hangs = false;
    house_settle(x.h);
    run_web_turn(&x.web);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 200);
    assert_int_equal(receive(x.web.web, again, 0, text, sizeof text), 200);
    house_expect_said(x.h, HOUSE_OPS, "DRAFT 1.1");
    close(fd);
    close(again);
    run_web_stop(&x.web);
}

static void a_sick_disk_is_told_to_try_again(void **state)
{
    struct wired x;
    char text[4096];
    int fd;

    wire_up(&x, *state);
    assert_int_equal(ask(x.web.web, GET("/health"), text, sizeof text), 200);
    x.h->disk_full = true;
    fd = post_it(&x);
    let_it_in(&x, 1);
    house_settle(x.h);
    run_web_turn(&x.web);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 503);
    close(fd);
    assert_int_equal(ask(x.web.web, GET("/health"), text, sizeof text), 503);
    fd = post_it(&x);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 503);
    close(fd);
    x.h->disk_full = false;
    house_settle(x.h);
    fd = post_it(&x);
    let_it_in(&x, 1);
    house_settle(x.h);
    run_web_turn(&x.web);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 200);
    close(fd);
    assert_int_equal(fake_store_count(&x.h->store, RECORD_INCIDENT), 1);
    run_web_stop(&x.web);
}

/* Clients that go away, and a stop with requests held. */
static void who_has_gone_is_not_answered(void **state)
{
    struct wired x;
    char text[4096];
    int fd;

    wire_up(&x, *state);
    x.h->disk_hangs = true;
    fd = post_it(&x);
    let_it_in(&x, 1);
    close(fd);
    turn(x.web.web, -1, 10);
    turn(x.web.web, -1, 10);
    fd = post_it(&x);
    let_it_in(&x, 2);
    x.h->disk_hangs = false;
    house_settle(x.h);
    run_web_turn(&x.web);
    assert_int_equal(x.web.n_held, 0);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 200);
    close(fd);
    x.h->disk_hangs = true;
    fd = post_it(&x);
    let_it_in(&x, 1);
    run_web_stop(&x.web);
    close(fd);
    x.h->disk_hangs = false;
    house_settle(x.h);
}

static void when_crier_leaves_nothing_is_taken(void **state)
{
    struct wired x;
    char text[4096];
    int fd;

    wire_up(&x, *state);
    x.web.leaving = true;
    fd = post_it(&x);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 503);
    close(fd);
    run_web_stop(&x.web);
}

static void another_configuration_is_taken_whole(void **state)
{
    struct wired x;
    struct house *h = *state;
    char text[4096];
    int fd;

    wire_up(&x, h);
    assert_int_equal(setenv(TOKEN_ENV, "sesame", 1), 0);
    h->settings->source[1].webhook_token_env = strdup(TOKEN_ENV);
    assert_int_equal(run_web_prepare(&x.web, h->settings, &h->formats), 0);
    run_web_forget(&x.web);
    fd = post_it(&x);
    let_it_in(&x, 1); /* without a token, as before */
    house_settle(h);
    run_web_turn(&x.web);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 200);
    close(fd);
    assert_int_equal(run_web_prepare(&x.web, h->settings, &h->formats), 0);
    run_web_accept(&x.web);
    fd = post_it(&x);
    assert_int_equal(receive(x.web.web, fd, 0, text, sizeof text), 401);
    close(fd);
    run_web_stop(&x.web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_route),
        cmocka_unit_test(readers_show_the_token),
        cmocka_unit_test(absurd_passwords_are_refused),
        cmocka_unit_test(without_a_token_it_knows_its_names),
        cmocka_unit_test(a_reload_moves_it_or_changes_nothing),
        cmocka_unit_test(strangers_need_a_token),
        HOUSE_TEST(the_answer_comes_when_the_rows_are_on_the_disk),
        HOUSE_TEST(a_sick_disk_is_told_to_try_again),
        HOUSE_TEST(who_has_gone_is_not_answered),
        HOUSE_TEST(when_crier_leaves_nothing_is_taken),
        HOUSE_TEST(another_configuration_is_taken_whole),
    };

    json_memory_or_leave();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
