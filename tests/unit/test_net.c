#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_http.h"
#include "net_curl.h"

enum { PATIENCE_MS = 60000 };

struct fixture {
    struct net *net;
    struct wait_port wait;
    struct source_port source;
    struct source_port server;
    struct pollset set;
    struct fake_http *http;
    char url[64];
};

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    assert_int_equal(net_create(&f.net), 0);
    f.wait = net_wait_port(f.net);
    f.source = net_source_port(f.net);
    f.http = fake_http_create();
    f.server = fake_http_source_port(f.http);
    pollset_init(&f.set);
    (void)snprintf(f.url, sizeof f.url, "http://127.0.0.1:%d/", fake_http_port(f.http));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    pollset_finish(&f->set);
    fake_http_destroy(f->http);
    net_destroy(f->net);
    return 0;
}

static int64_t boot(struct fixture *f)
{
    return f->wait.now(f->wait.ctx).boot_ms;
}

static void turn(struct fixture *f)
{
    struct now now;

    pollset_clear(&f->set);
    f->source.collect(f->source.ctx, &f->set);
    f->server.collect(f->server.ctx, &f->set);
    pollset_deadline(&f->set, boot(f) + 100);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    now = f->wait.now(f->wait.ctx);
    f->source.dispatch(f->source.ctx, &f->set, now);
    f->server.dispatch(f->server.ctx, &f->set, now);
}

static void clocks_are_in_milliseconds(void **state)
{
    struct fixture *f = *state;
    struct now a = f->wait.now(f->wait.ctx), b;

    assert_true(a.wall_ms > 1500000000000);
    assert_true(a.wall_ms < 5000000000000);
    pollset_deadline(&f->set, a.boot_ms + 30);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    b = f->wait.now(f->wait.ctx);
    assert_true(b.boot_ms >= a.boot_ms + 30);
}

static void deadline_that_is_past_does_not_wait(void **state)
{
    struct fixture *f = *state;
    int64_t start = boot(f);
    int i;

    for (i = 0; i < 100; i++) {
        pollset_clear(&f->set);
        pollset_deadline(&f->set, i ? 0 : INT64_MIN);
        assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    }
    assert_true(boot(f) - start < 5000);
}

static void descriptors_report_what_came(void **state)
{
    struct fixture *f = *state;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pollset_add(&f->set, pair[0], POLLIN);
    pollset_add(&f->set, pair[1], POLLIN | POLLOUT);
    f->set.item[0].got = 77; /* a wait must not leave what was there */
    pollset_deadline(&f->set, boot(f) + PATIENCE_MS);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_int_equal(pollset_got(&f->set, pair[0]), 0);
    assert_int_equal(pollset_got(&f->set, pair[1]), POLLOUT);

    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_int_equal(pollset_got(&f->set, pair[0]), POLLIN);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void nothing_came_when_the_wait_timed_out(void **state)
{
    struct fixture *f = *state;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pollset_add(&f->set, pair[0], POLLIN);
    f->set.item[0].got = POLLIN;
    pollset_deadline(&f->set, boot(f) + 5);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_int_equal(pollset_got(&f->set, pair[0]), 0);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void *wake(void *ctx)
{
    struct fixture *f = ctx;

    net_wakeup(f->net);
    return NULL;
}

static void wake_up_ends_one_wait(void **state)
{
    struct fixture *f = *state;
    int64_t start = boot(f);
    pthread_t thread;

    /* Before the wait: it is not lost. Several count as one. */
    net_wakeup(f->net);
    net_wakeup(f->net);
    pollset_deadline(&f->set, start + PATIENCE_MS);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_true(boot(f) - start < 9000);

    start = boot(f);
    pollset_clear(&f->set);
    pollset_deadline(&f->set, start + 40);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_true(boot(f) - start >= 40);

    /* From another thread; 9 s is below the longest single wait. */
    start = boot(f);
    pollset_clear(&f->set);
    pollset_deadline(&f->set, start + PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, wake, f), 0);
    assert_int_equal(f->wait.wait(f->wait.ctx, &f->set), 0);
    assert_true(boot(f) - start < 9000);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

struct seen {
    struct fixture *f;
    int calls;
    CURLcode result;
    CURL *remove; /* when called */
    CURL *clean;  /* when called */
};

static void seen_done(void *ctx, CURL *easy, CURLcode result)
{
    struct seen *seen = ctx;

    (void)easy;
    seen->calls++;
    seen->result = result;
    if (seen->remove)
        net_curl_remove(seen->f->net, seen->remove);
    if (seen->clean)
        curl_easy_cleanup(seen->clean);
}

static CURL *start(struct fixture *f, struct seen *seen, bool connect_only, char *errbuf)
{
    CURL *easy = curl_easy_init();

    assert_non_null(easy);
    assert_int_equal(net_curl_defaults(easy, NULL, NULL, 30000, errbuf), 0);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_URL, f->url), CURLE_OK);
    if (connect_only)
        assert_int_equal(curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L), CURLE_OK);
    seen->f = f;
    assert_int_equal(net_curl_add(f->net, easy, seen_done, seen), 0);
    return easy;
}

static void queue_ok(struct fixture *f)
{
    const struct fake_http_reply ok = {FAKE_ANSWER, 200, NULL, NULL};

    fake_http_queue(f->http, "GET", "/", ok);
}

static void transfer_is_done_once(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    char errbuf[CURL_ERROR_SIZE];
    CURL *easy;
    int i;

    queue_ok(f);
    easy = start(f, &seen, false, errbuf);
    assert_int_equal(seen.calls, 0);
    while (!seen.calls)
        turn(f);
    assert_int_equal(seen.result, CURLE_OK);
    for (i = 0; i < 3; i++)
        turn(f);
    assert_int_equal(seen.calls, 1);
    /* It was removed, so the same handle may be added again. */
    queue_ok(f);
    assert_int_equal(net_curl_add(f->net, easy, seen_done, &seen), 0);
    while (seen.calls < 2)
        turn(f);
    assert_int_equal(fake_http_connections(f->http), 1);
    net_curl_remove(f->net, easy); /* not there: fine */
    curl_easy_cleanup(easy);
}

static void done_may_clean_up_itself_and_others(void **state)
{
    struct fixture *f = *state;
    struct seen first = {0}, second = {0};
    char errbuf[2][CURL_ERROR_SIZE];
    CURL *a, *b;

    /* Both are refused in the same turn; whichever comes first removes the other. */
    (void)snprintf(f->url, sizeof f->url, "ftp://127.0.0.1/");
    a = start(f, &first, false, errbuf[0]);
    b = start(f, &second, false, errbuf[1]);
    first.remove = b;
    first.clean = a;
    second.remove = a;
    second.clean = b;
    while (!first.calls && !second.calls)
        turn(f);
    turn(f);
    assert_int_equal(first.calls + second.calls, 1);
    assert_int_equal(first.calls ? first.result : second.result, CURLE_UNSUPPORTED_PROTOCOL);
    curl_easy_cleanup(first.calls ? b : a);
}

static void removed_transfer_is_never_done(void **state)
{
    struct fixture *f = *state;
    const struct fake_http_reply stall = {FAKE_STALL, 0, NULL, NULL};
    struct seen seen = {0};
    char errbuf[CURL_ERROR_SIZE];
    CURL *easy;
    int i;

    fake_http_queue(f->http, "GET", "/", stall);
    easy = start(f, &seen, false, errbuf);
    while (!fake_http_count(f->http))
        turn(f);
    net_curl_remove(f->net, easy);
    curl_easy_cleanup(easy);
    for (i = 0; i < 3; i++)
        turn(f);
    assert_int_equal(seen.calls, 0);
}

static void connect_only_keeps_its_connection(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    char errbuf[CURL_ERROR_SIZE], got[256] = "";
    const char *line = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    curl_socket_t fd = CURL_SOCKET_BAD;
    CURLcode code = CURLE_AGAIN;
    CURL *easy;
    size_t n = 0;
    int i;

    queue_ok(f);
    easy = start(f, &seen, true, errbuf);
    while (!seen.calls)
        turn(f);
    assert_int_equal(seen.result, CURLE_OK);
    for (i = 0; i < 3; i++)
        turn(f);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
    assert_true(fd != CURL_SOCKET_BAD);
    assert_int_equal(curl_easy_send(easy, line, strlen(line), &n), CURLE_OK);
    assert_int_equal(n, strlen(line));
    while (code == CURLE_AGAIN) {
        turn(f);
        code = curl_easy_recv(easy, got, sizeof got - 1, &n);
    }
    assert_int_equal(code, CURLE_OK);
    assert_non_null(strstr(got, "HTTP/1.1 200"));
    net_curl_remove(f->net, easy);
    curl_easy_cleanup(easy);
}

static void failed_connect_says_why(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    char errbuf[CURL_ERROR_SIZE];
    CURL *easy;

    (void)snprintf(f->url, sizeof f->url, "https://127.0.0.1:%d/", fake_http_port(f->http));
    fake_http_hang_up(f->http);
    easy = start(f, &seen, true, errbuf);
    /* The server takes the TLS hello for an HTTP request that never ends: only our end ends it. */
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 200L), CURLE_OK);
    while (!seen.calls)
        turn(f);
    assert_int_not_equal(seen.result, CURLE_OK);
    assert_true(errbuf[0] != '\0');
    net_curl_remove(f->net, easy);
    curl_easy_cleanup(easy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clocks_are_in_milliseconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadline_that_is_past_does_not_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(descriptors_report_what_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_came_when_the_wait_timed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wake_up_ends_one_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(transfer_is_done_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(done_may_clean_up_itself_and_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_transfer_is_never_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connect_only_keeps_its_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_connect_says_why, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
