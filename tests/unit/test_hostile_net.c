/* An environment, a configuration or a proxy that would carry a connection elsewhere, or tell the
 * password of the proxy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fake_http.h"
#include "net_curl.h"
#include "settings_check.h"

enum { PATIENCE_MS = 60000 };

struct fetch {
    bool done;
    CURLcode result;
    char errbuf[CURL_ERROR_SIZE];
};

static void on_done(void *ctx, CURL *easy, CURLcode result)
{
    struct fetch *f = ctx;

    (void)easy;
    f->done = true;
    f->result = result;
}

static size_t swallow(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * n;
}

/* Until the transfer is over. */
static void run(struct net *net, struct fake_http *server, const struct fetch *f)
{
    struct wait_port wait = net_wait_port(net);
    struct source_port source[2] = {net_source_port(net), fake_http_source_port(server)};
    int64_t until = wait.now(wait.ctx).boot_ms + PATIENCE_MS;
    struct pollset set;
    size_t i;

    pollset_init(&set);
    while (!f->done && wait.now(wait.ctx).boot_ms < until) {
        pollset_clear(&set);
        for (i = 0; i < 2; i++)
            source[i].collect(source[i].ctx, &set);
        pollset_deadline(&set, wait.now(wait.ctx).boot_ms + 100);
        assert_int_equal(wait.wait(wait.ctx, &set), 0);
        for (i = 0; i < 2; i++)
            source[i].dispatch(source[i].ctx, &set, wait.now(wait.ctx));
    }
    pollset_finish(&set);
    assert_true(f->done);
}

/* The host of the URL does not exist, so only the proxy (the fake server) can answer. */
static void environment_does_not_go_around_the_proxy(void **state)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fake_http *proxy = fake_http_create();
        struct net *net = NULL;
        struct fetch f = {0};
        CURL *easy;
        char url[64];

        assert_int_equal(setenv(names[i], "*", 1), 0);
        assert_int_equal(net_create(&net), 0);
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", fake_http_port(proxy));
        fake_http_queue(proxy, "CONNECT", "origin.invalid",
                        (struct fake_http_reply){.fate = FAKE_ANSWER_CLOSE, .status = 403});
        easy = curl_easy_init();
        assert_non_null(easy);
        assert_int_equal(net_curl_defaults(easy, NULL, url, 5000, f.errbuf), 0);
        assert_int_equal(curl_easy_setopt(easy, CURLOPT_URL, "http://origin.invalid/"), CURLE_OK);
        assert_int_equal(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow), CURLE_OK);
        assert_int_equal(net_curl_add(net, easy, on_done, &f), 0);
        run(net, proxy, &f);
        assert_int_equal(fake_http_count_method(proxy, "CONNECT"), 1);
        net_curl_remove(net, easy);
        curl_easy_cleanup(easy);
        net_destroy(net);
        fake_http_destroy(proxy);
        assert_int_equal(unsetenv(names[i]), 0);
    }
}

enum reading {
    GOOD,
    ODD,       /* libcurl makes something of it, which nobody can have meant */
    UNREADABLE /* libcurl would tell it, password and all, or leave the proxy out */
};

static const struct {
    const char *proxy;
    enum reading reading;
} proxies[] = {
    {"http://proxy.example.org:3128", GOOD},
    {"http://proxy.example.org", GOOD},
    {"http://proxy.example.org:3128/", GOOD},
    {"socks5h://127.0.0.1:9050", GOOD},
    {"socks5://[::1]:9050", GOOD},
    {"socks5h://me:ses%20ame%40@proxy.example.org:1", GOOD},
    {"socks5h://me:se:same!$&'()*+,;=~-._@proxy.example.org:1", GOOD},
    {"http://me@proxy.example.org:1", GOOD},
    {"http://me:sesame@proxy.example.org:99999", UNREADABLE},
    {"http://me:sesame@proxy.example.org:0", ODD},
    {"http://me:sesame@proxy.example.org:1x", UNREADABLE},
    {"http://me:sesame@proxy.example.org:-1", UNREADABLE},
    {"http://me:sesame@proxy.example.org:1/path", ODD},
    {"http://m e:sesame@proxy.example.org:1", UNREADABLE},
    {"http://me:ses/ame@proxy.example.org:1", UNREADABLE},
    {"http://me:ses?ame@proxy.example.org:1", UNREADABLE},
    {"http://me:ses#ame@proxy.example.org:1", UNREADABLE},
    {"http://me:sesame@pro^xy:1", UNREADABLE},
    {"http://me:sesame@[::1:1", UNREADABLE},
    {"http://me:sesame@[::1]x:1", UNREADABLE},
    {"http://me:sesame@", UNREADABLE},
    {"http://me:sesame@:1", UNREADABLE},
    {"socks5h://me:ses%00ame@proxy.example.org:1", UNREADABLE},
    {"http://me:ses%0aame@proxy.example.org:1", UNREADABLE},
    {"http://m%1fe:sesame@proxy.example.org:1", UNREADABLE},
    {"http://me:ses%7fame@proxy.example.org:1", ODD},
    {"http://me:ses%zzame@proxy.example.org:1", ODD},
    {"http://me:sesame%@proxy.example.org:1", ODD},
};

static void proxy_that_libcurl_would_tell_is_refused(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        const char *why = check_proxy_url(proxies[i].proxy);

        if (!why != (proxies[i].reading == GOOD))
            fail_msg("%s: %s", proxies[i].proxy, why ? why : "passes");
        assert_true(!why || !strstr(why, "sesame"));
    }
}

/* Whatever the configuration's check thinks: what libcurl cannot read, it does not get. */
static void proxy_that_libcurl_cannot_read_does_not_get_to_it(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        char errbuf[CURL_ERROR_SIZE];
        CURL *easy = curl_easy_init();
        int r;

        assert_non_null(easy);
        r = net_curl_defaults(easy, NULL, proxies[i].proxy, 5000, errbuf);
        if (r != (proxies[i].reading == UNREADABLE ? CRIER_EINVAL : 0))
            fail_msg("%s: %d", proxies[i].proxy, r);
        assert_string_equal(errbuf, "");
        curl_easy_cleanup(easy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_does_not_go_around_the_proxy),
        cmocka_unit_test(proxy_that_libcurl_would_tell_is_refused),
        cmocka_unit_test(proxy_that_libcurl_cannot_read_does_not_get_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
