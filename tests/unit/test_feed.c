/* atom and feed: what is read of a feed, and when it is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atom.h"
#include "buf.h"
#include "err.h"
#include "fake_http.h"
#include "feed.h"
#include "log.h"

#define ATOM "<feed xmlns=\"http://www.w3.org/2005/Atom\">"

/* ---- atom ------------------------------------------------------------------------------------ */

struct atom_case {
    const char *xml;
    const char
        *want; /* id|title|author|published of each entry, or "!" and a part of what is wrong */
};

static void test_atom(void **state)
{
    static const struct atom_case cases[] = {
        {"<?xml version=\"1.0\" encoding=\"utf-8\"?>" ATOM
         "<title>SAL</title><id>feed</id><updated>2023-01-17T18:40:00Z</updated>"
         "<entry><title>Started scap: x &amp; y</title><id>1</id>"
         "<author><name>deployer1@deploy1002</name><uri>u</uri></author>"
         "<published>2023-01-17T18:26:00+00:00</published><updated>2023-01-17T18:27:00Z</updated>"
         "<content type=\"html\">not this</content></entry></feed>",
         "1|Started scap: x & y|deployer1@deploy1002|1673979960000\n"},
        {ATOM "<entry><id>1</id><updated>1970-01-01T00:00:01Z</updated></entry>"
              "<author><name>all</name></author></feed>",
         "1||all|1000\n"},
        {ATOM "<entry><id> 1 </id><title type=\"html\">a &amp;lt;b&amp;gt; &amp;amp;lt;</title>"
              "<published>soon</published></entry></feed>",
         "1|a <b> &lt;||-1\n"},
        {ATOM "<entry><title><![CDATA[a <b>\n c]]></title><title>two</title></entry></feed>",
         "|a <b> c||-1\n"},
        {ATOM "<entry><title>a&#x202e;b&#9;c\xc3\xa9</title></entry></feed>",
         "|ab c\xc3\xa9||-1\n"},
        {ATOM "<entry><link><title>not this</title></link><source><id>nor this</id><author>"
              "<name>nor he</name></author></source></entry></feed>",
         "|||-1\n"},
        {"<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:entry><a:title>t</a:title></a:entry>"
         "</a:feed>",
         "|t||-1\n"},
        {ATOM "</feed>", ""},
        {"<feed><entry><title>no namespace</title></entry></feed>", "!no Atom feed"},
        {"<rss><channel/></rss>", "!no Atom feed"},
        {"", "!no element"},
        {"{\"json\": true}", "!line 1"},
        {ATOM "<entry><title>cut", "!line 1"},
        {ATOM "<entry>\xff</entry></feed>", "!line 1"},
        {"<!DOCTYPE feed [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>" ATOM
         "<entry><title>&b;</title></entry></feed>",
         "!document type"},
        {"<!DOCTYPE feed SYSTEM \"file:///etc/passwd\">" ATOM "</feed>", "!document type"},
        {ATOM "<entry><title>&unknown;</title></entry></feed>", "!undefined entity"},
    };
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct atom_case *c = &cases[i];
        struct atom_feed feed;
        char why[ATOM_WHY_BYTES];
        struct buf b;
        int r = atom_parse(c->xml, strlen(c->xml), &feed, why);

        buf_init(&b, 10000);
        for (j = 0; j < feed.n; j++)
            buf_addf(&b, "%s|%s|%s|%lld\n", feed.entry[j].id, feed.entry[j].title,
                     feed.entry[j].author, (long long)feed.entry[j].published_ms);
        if (c->want[0] == '!') {
            if (r != CRIER_EINVAL || !strstr(why, c->want + 1) || feed.n)
                fail_msg("case %zu: %d \"%s\"", i, r, why);
        } else {
            assert_int_equal(r, 0);
            assert_string_equal(buf_str(&b), c->want);
        }
        buf_finish(&b);
        atom_finish(&feed);
    }
}

static void test_atom_limits(void **state)
{
    struct atom_feed feed;
    char why[ATOM_WHY_BYTES];
    struct buf b;
    int i;

    (void)state;
    buf_init(&b, 1 << 24);
    buf_adds(&b, ATOM "<entry><title>");
    for (i = 0; i < 20000; i++)
        buf_adds(&b, "\xc3\xa9");
    buf_adds(&b, "</title></entry>");
    for (i = 0; i < ATOM_ENTRIES_MAX + 10; i++)
        buf_adds(&b, "<entry><id>x</id></entry>");
    buf_adds(&b, "</feed>");
    assert_int_equal(atom_parse(buf_str(&b), b.len, &feed, why), 0);
    assert_int_equal(feed.n, ATOM_ENTRIES_MAX);
    assert_int_equal(strlen(feed.entry[0].title), ATOM_TITLE_BYTES);
    atom_finish(&feed);
    buf_clear(&b);
    for (i = 0; i < 100000; i++)
        buf_adds(&b, i ? "<a>" : ATOM);
    assert_int_equal(atom_parse(buf_str(&b), b.len, &feed, why), CRIER_EINVAL);
    atom_finish(&feed);
    buf_finish(&b);
}

/* ---- feed ------------------------------------------------------------------------------------ */

enum { SECOND = 1000, INTERVAL = 60 * SECOND };
#define NOW 1673980800000 /* 2023-01-17T18:40:00Z */

struct bench {
    struct net *net;
    struct wait_port wait;
    struct fake_http *http;
    struct feeds *feeds;
    char url[100];
    struct buf told;
    char position[400];
    struct now now; /* what the feeds are told */
};

static void on_line(void *ctx, const struct ear_line *line)
{
    struct bench *b = ctx;

    assert_int_equal(line->since_wall_ms, 0);
    assert_true(line->wall_ms <= b->now.wall_ms);
    buf_addf(&b->told, "%lld%s%s %s|", (long long)(NOW - line->wall_ms) / SECOND,
             line->people ? " by " : "", line->user, line->text);
}

static void on_position(void *ctx, const struct ear_position *position)
{
    struct bench *b = ctx;

    assert_string_equal(position->name + 5, b->url);
    (void)snprintf(b->position, sizeof b->position, "%s", position->position);
}

static void open_feeds(struct bench *b, const char *position)
{
    struct ear_sink sink = {.ctx = b, .line = on_line, .position = on_position};

    assert_int_equal(feeds_create(b->net, &sink, &b->feeds), 0);
    assert_int_equal(feeds_follow(b->feeds, b->url, INTERVAL, position), 0);
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(net_create(&b->net), 0);
    b->wait = net_wait_port(b->net);
    b->http = fake_http_create();
    b->now = (struct now){.wall_ms = NOW, .boot_ms = 1000};
    (void)snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/atom?x=1", fake_http_port(b->http));
    buf_init(&b->told, 1 << 20);
    log_set_level(LOG_LEVEL_ERROR);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    feeds_destroy(b->feeds);
    buf_finish(&b->told);
    fake_http_destroy(b->http);
    net_destroy(b->net);
    free(b);
    return 0;
}

/* Until nothing is under way: what is due next. The feeds' clock stands still meanwhile. */
static int64_t run(struct bench *b)
{
    struct source_port net = net_source_port(b->net), feeds = feeds_source_port(b->feeds),
                       http = fake_http_source_port(b->http);
    int64_t give_up = b->wait.now(b->wait.ctx).boot_ms + 60 * SECOND, due;
    struct pollset set, mine;

    pollset_init(&set);
    pollset_init(&mine);
    for (;;) {
        struct now real = b->wait.now(b->wait.ctx);

        assert_true(real.boot_ms < give_up);
        feeds.dispatch(feeds.ctx, &set, b->now);
        pollset_clear(&mine);
        feeds.collect(feeds.ctx, &mine);
        due = mine.deadline_boot_ms;
        if (due != NOW_NEVER && due > b->now.boot_ms)
            break;
        pollset_clear(&set);
        http.collect(http.ctx, &set);
        net.collect(net.ctx, &set);
        pollset_deadline(&set, real.boot_ms + 20);
        assert_int_equal(b->wait.wait(b->wait.ctx, &set), 0);
        net.dispatch(net.ctx, &set, real);
        http.dispatch(http.ctx, &set, real);
    }
    pollset_finish(&set);
    pollset_finish(&mine);
    return due - b->now.boot_ms;
}

static void pass(struct bench *b, int64_t ms)
{
    b->now.wall_ms += ms;
    b->now.boot_ms += ms;
}

static void serve(struct bench *b, int status, const char *headers, const char *entries)
{
    char *body = buf_printf(ATOM "%s</feed>", entries);

    fake_http_queue(b->http, "GET", "/",
                    (struct fake_http_reply){.status = status, .headers = headers, .body = body});
    free(body);
}

static void expect(struct bench *b, const char *told, int64_t due_ms)
{
    int64_t due = run(b);

    assert_string_equal(buf_str(&b->told), told);
    assert_int_equal(due, due_ms);
    buf_clear(&b->told);
}

#define XML_HEADERS "Content-Type: application/atom+xml\r\n"
#define ENTRY(id, author, title, time)                                                       \
    "<entry><id>" id "</id><title>" title "</title><author><name>" author "</name></author>" \
    "<published>2023-01-17T" time "Z</published></entry>"
#define ONE ENTRY("1", "deployer1@deploy1002", "Started scap: x", "18:39:00")
#define TWO ENTRY("2", "sre1", "depooled", "18:39:30")
#define OLD ENTRY("0", "sre1", "long ago", "18:28:00")

static void test_lines_of_irc(void **state)
{
    struct bench *b = *state;

    open_feeds(b, NULL);
    serve(b, 200, XML_HEADERS "ETag: \"v1\"\r\nLast-Modified: Tue, 17 Jan 2023 18:39:30 GMT\r\n",
          TWO ONE OLD);
    expect(b, "60 !log deployer1@deploy1002 Started scap: x|30 by sre1 !log depooled|", INTERVAL);
    assert_null(strstr(fake_http_request(b->http, 0)->head, "If-"));
    assert_non_null(strstr(fake_http_request(b->http, 0)->head, "gzip"));
    assert_string_equal(fake_http_request(b->http, 0)->path, "/atom?x=1");

    pass(b, INTERVAL);
    fake_http_queue(b->http, "GET", "/", (struct fake_http_reply){.status = 304, .headers = ""});
    expect(b, "", INTERVAL);
    assert_non_null(strstr(fake_http_request(b->http, 1)->head, "If-None-Match: \"v1\"\r\n"));
    assert_non_null(strstr(fake_http_request(b->http, 1)->head,
                           "If-Modified-Since: Tue, 17 Jan 2023 18:39:30 GMT\r\n"));

    pass(b, INTERVAL);
    /* one that was found late, of a time before the newest known */
    serve(b, 200, XML_HEADERS,
          ENTRY("3", "sre1", "repooled", "18:41:30") TWO ENTRY("4", "sre1", "late", "18:39:10")
              ONE OLD);
    expect(b, "50 by sre1 !log late|-90 by sre1 !log repooled|", INTERVAL);
}

static void test_a_restart(void **state)
{
    struct bench *b = *state;
    char position[sizeof b->position];

    open_feeds(b, NULL);
    serve(b, 200, XML_HEADERS, ONE);
    run(b);
    memcpy(position, b->position, sizeof position);
    feeds_destroy(b->feeds);
    buf_clear(&b->told);
    pass(b, 3600 * SECOND);
    open_feeds(b, position);
    serve(b, 200, XML_HEADERS, TWO ONE OLD); /* all since then */
    expect(b, "30 by sre1 !log depooled|", INTERVAL);
}

static void test_an_empty_answer_forgets_nothing(void **state)
{
    struct bench *b = *state;

    open_feeds(b, NULL);
    serve(b, 200, XML_HEADERS, TWO ONE);
    run(b);
    buf_clear(&b->told);
    pass(b, INTERVAL);
    serve(b, 200, XML_HEADERS, "");
    expect(b, "", INTERVAL);
    pass(b, INTERVAL);
    serve(b, 200, XML_HEADERS, TWO ONE);
    expect(b, "", INTERVAL);
}

struct fail_case {
    const char *name;
    struct fake_http_reply reply;
    int64_t pause_ms;
};

static void test_failures(void **state)
{
    static const struct fail_case cases[] = {
        {"an error", {.status = 500}, INTERVAL},
        {"and one more", {.status = 404}, 2 * INTERVAL},
        {"too many", {.status = 429, .headers = "Retry-After: 900\r\n"}, 900 * SECOND},
        {"a date",
         {.status = 503, .headers = "Retry-After: Tue, 17 Jan 2023 18:40:01 GMT\r\n"},
         8 * INTERVAL},
        {"no Atom", {.status = 200, .headers = XML_HEADERS, .body = "<rss/>"}, 10 * INTERVAL},
        {"half of it",
         {.fate = FAKE_TRUNCATE, .status = 200, .body = ATOM ONE "</feed>"},
         10 * INTERVAL},
        {"a hang-up", {.fate = FAKE_RESET}, 10 * INTERVAL},
        {"not modified, which was not asked", {.status = 304, .headers = ""}, 10 * INTERVAL},
        {"elsewhere",
         {.status = 302, .headers = "Location: http://example.invalid/\r\n"},
         10 * INTERVAL},
        {"another scheme",
         {.status = 302, .headers = "Location: file:///etc/passwd\r\n"},
         10 * INTERVAL},
        {"a year", {.status = 503, .headers = "Retry-After: 99999999999999\r\n"}, 3600 * SECOND},
    };
    struct bench *b = *state;
    size_t i;

    open_feeds(b, NULL);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t due;

        fake_http_queue(b->http, "GET", "/", cases[i].reply);
        if (cases[i].reply.fate == FAKE_RESET) /* libcurl tries a kept connection once more */
            fake_http_hang_up(b->http);
        due = run(b);
        if (due != cases[i].pause_ms || b->told.len)
            fail_msg("%s: %lld", cases[i].name, (long long)due);
        b->now.boot_ms += due; /* the wall clock stays where the entries are */
    }
    serve(b, 200, XML_HEADERS, ONE);
    expect(b, "60 !log deployer1@deploy1002 Started scap: x|", INTERVAL);
    assert_int_equal(fake_http_surprises(b->http), 0);
}

static void test_too_large(void **state)
{
    struct bench *b = *state;
    char *body = malloc(2 * FEED_BYTES);

    assert_non_null(body);
    memset(body, ' ', 2 * FEED_BYTES - 1);
    body[2 * FEED_BYTES - 1] = '\0';
    open_feeds(b, NULL);
    fake_http_queue(b->http, "GET", "/",
                    (struct fake_http_reply){.status = 200, .headers = XML_HEADERS, .body = body});
    free(body);
    expect(b, "", INTERVAL);
    b->now.boot_ms += INTERVAL;
    serve(b, 200, XML_HEADERS, ONE);
    expect(b, "60 !log deployer1@deploy1002 Started scap: x|", INTERVAL);
}

static void test_redirects(void **state)
{
    struct bench *b = *state;
    int i;

    open_feeds(b, NULL);
    fake_http_queue(b->http, "GET", "/atom",
                    (struct fake_http_reply){.status = 301, .headers = "Location: /there\r\n"});
    fake_http_queue(b->http, "GET", "/there",
                    (struct fake_http_reply){
                        .status = 200, .headers = XML_HEADERS, .body = ATOM ONE "</feed>"});
    expect(b, "60 !log deployer1@deploy1002 Started scap: x|", INTERVAL);
    pass(b, INTERVAL);
    for (i = 0; i < 4; i++)
        fake_http_queue(b->http, "GET", "/",
                        (struct fake_http_reply){.status = 302, .headers = "Location: /atom\r\n"});
    expect(b, "", INTERVAL);
    assert_int_equal(fake_http_unused(b->http), 0);
    assert_int_equal(fake_http_surprises(b->http), 0);
}

static void test_bad_positions(void **state)
{
    static const char *const bad[] = {"",    "x",    "-1",     "1 ",
                                      "1 x", "1  2", "1 2 -3", "1 99999999999999999999"};
    struct bench *b = *state;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        open_feeds(b, bad[i]);
        serve(b, 200, XML_HEADERS, ONE OLD);
        expect(b, "60 !log deployer1@deploy1002 Started scap: x|", INTERVAL);
        feeds_destroy(b->feeds);
        b->feeds = NULL;
    }
}

/* It is left while it is being asked. */
static void test_left(void **state)
{
    struct bench *b = *state;
    struct source_port feeds;
    struct pollset set;

    open_feeds(b, NULL);
    feeds = feeds_source_port(b->feeds);
    pollset_init(&set);
    feeds.dispatch(feeds.ctx, &set, b->now);
    feeds_keep(b->feeds, NULL, 0);
    feeds.dispatch(feeds.ctx, &set, b->now);
    feeds.collect(feeds.ctx, &set);
    assert_int_equal(set.deadline_boot_ms, NOW_NEVER);
    pollset_finish(&set);
}

#define FEED_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_atom),
        cmocka_unit_test(test_atom_limits),
        FEED_TEST(test_lines_of_irc),
        FEED_TEST(test_a_restart),
        FEED_TEST(test_an_empty_answer_forgets_nothing),
        FEED_TEST(test_failures),
        FEED_TEST(test_too_large),
        FEED_TEST(test_redirects),
        FEED_TEST(test_bad_positions),
        FEED_TEST(test_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
