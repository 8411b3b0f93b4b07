#include "irc_bench.h"

#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "when.h"

/* ---- the loop ----------------------------------------------------------------------------- */

static void on_heard(void *ctx, const struct heard *h)
{
    struct irc_bench *r = ctx;

    r->heard_wall_ms = h->wall_ms;
    buf_addf(&r->told, "heard %s <%s!%s> account=%s id=%d%s%s%s%s%s%s: %s\n", h->place, h->nick,
             h->userhost, h->account ? h->account : "-", (int)h->identity,
             h->private ? " private" : "", h->notice ? " notice" : "", h->action ? " action" : "",
             h->history ? " history" : "", h->obey ? " obey" : "", h->outside ? " outside" : "",
             h->text);
}

static void on_event(void *ctx, const struct chat_event *e)
{
    static const char *const names[] = {"joined",  "left",    "shown", "unshown",
                                        "dropped", "present", "absent"};
    struct irc_bench *r = ctx;

    if (e->token)
        buf_addf(&r->told, "%s %llu\n", names[e->kind], (unsigned long long)e->token);
    else if (e->kind == CHAT_PRESENT || e->kind == CHAT_ABSENT)
        buf_addf(&r->told, "%s %s %s\n", names[e->kind], e->place, e->text);
    else
        buf_addf(&r->told, "%s %s %lld\n", names[e->kind], e->place, (long long)e->count);
}

static struct now bot_now(const struct irc_bench *r)
{
    struct now now = r->wait.now(r->wait.ctx);

    now.boot_ms += r->ahead_ms;
    now.wall_ms += r->ahead_ms;
    return now;
}

static void read_peer(struct irc_bench *r)
{
    char b[4096];
    ssize_t n;

    if (r->peer < 0) {
        int on = 1;

        r->peer = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (r->peer >= 0)
            (void)setsockopt(r->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return;
    }
    while ((n = recv(r->peer, b, sizeof b, 0)) > 0)
        buf_add(&r->in, b, (size_t)n);
    if (n == 0) {
        buf_adds(&r->in, "(closed)\r\n");
        (void)close(r->peer);
        r->peer = -1;
    }
}

void irc_bench_turn(struct irc_bench *r)
{
    int64_t soon = r->wait.now(r->wait.ctx).boot_ms + IRC_BENCH_TURN_MS;

    pollset_clear(&r->set);
    r->net_source.collect(r->net_source.ctx, &r->set);
    r->irc_source.collect(r->irc_source.ctx, &r->set);
    if (r->set.deadline_boot_ms != NOW_NEVER)
        r->set.deadline_boot_ms -= r->ahead_ms;
    pollset_deadline(&r->set, soon);
    pollset_add(&r->set, r->peer >= 0 ? r->peer : r->listener, POLLIN);
    assert_int_equal(r->wait.wait(r->wait.ctx, &r->set), 0);
    r->net_source.dispatch(r->net_source.ctx, &r->set, bot_now(r));
    r->irc_source.dispatch(r->irc_source.ctx, &r->set, bot_now(r));
    read_peer(r);
    assert_int_equal(buf_error(&r->told), 0);
    assert_int_equal(buf_error(&r->in), 0);
}

/* The next lines up to one that matches a shell pattern; those before it are forgotten.
 * @return that line, valid until the next call. */
static const char *find_line(struct buf *b, const char *pattern, char *line, size_t size)
{
    char *lf;

    while ((lf = b->len ? memchr(b->data, '\n', b->len) : NULL)) {
        size_t n = (size_t)(lf - b->data);
        bool cr = n && b->data[n - 1] == '\r';

        (void)snprintf(line, size, "%.*s", (int)(n - cr), b->data);
        buf_shift(b, n + 1);
        if (!fnmatch(pattern, line, 0))
            return line;
    }
    return NULL;
}

static const char *await(struct irc_bench *r, struct buf *b, const char *pattern)
{
    static char line[16384];
    int64_t until = r->wait.now(r->wait.ctx).boot_ms + IRC_BENCH_PATIENCE_MS;

    while (!find_line(b, pattern, line, sizeof line)) {
        if (r->wait.now(r->wait.ctx).boot_ms > until)
            fail_msg("nothing like: %s", pattern);
        irc_bench_turn(r);
    }
    return line;
}

const char *irc_bench_sent(struct irc_bench *r, const char *pattern)
{
    return await(r, &r->in, pattern);
}

const char *irc_bench_told(struct irc_bench *r, const char *pattern)
{
    return await(r, &r->told, pattern);
}

void irc_bench_say_raw(struct irc_bench *r, const char *data, size_t n)
{
    assert_true(r->peer >= 0);
    while (n) {
        ssize_t k = send(r->peer, data, n, MSG_NOSIGNAL);

        if (k < 0 && errno == EAGAIN) {
            irc_bench_turn(r);
            continue;
        }
        assert_true(k > 0);
        data += k;
        n -= (size_t)k;
    }
}

void irc_bench_server(struct irc_bench *r, const char *fmt, ...)
{
    char line[4096];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line - 2, fmt, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof line - 3);
    memcpy(line + n, "\r\n", 2);
    irc_bench_say_raw(r, line, (size_t)n + 2);
}

/* By the answer to this, everything before has been worked through. */
void irc_bench_barrier(struct irc_bench *r)
{
    char pattern[32];
    static unsigned n;

    irc_bench_server(r, "PING :b%u", ++n);
    (void)snprintf(pattern, sizeof pattern, "PONG :b%u", n);
    (void)irc_bench_sent(r, pattern);
}

/* ---- the rig ------------------------------------------------------------------------------ */

char *irc_bench_dup_or_fail(const char *s)
{
    char *p = strdup(s);

    assert_non_null(p);
    return p;
}

void irc_bench_set_string(char **field, const char *value)
{
    free(*field);
    *field = irc_bench_dup_or_fail(value);
}

int irc_bench_port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;

    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&a, &n), 0);
    return ntohs(a.sin_port);
}

int irc_bench_listen_anywhere(void)
{
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

struct settings *irc_bench_make_settings(int port)
{
    struct settings *s = settings_create();
    struct network_settings *n;

    assert_non_null(s);
    irc_bench_set_string(&s->chat.prefix, "!status");
    s->n_networks = 1;
    n = s->network = calloc(1, sizeof *n);
    assert_non_null(n);
    irc_bench_set_string(&n->name, "net");
    irc_bench_set_string(&n->host, "127.0.0.1");
    n->port = port;
    irc_bench_set_string(&n->nick, "crier");
    irc_bench_set_string(&n->user, "crier");
    irc_bench_set_string(&n->realname, "%s %n town crier");
    n->services_patience_ms = 120000;
    n->ping_interval_ms = 20000;
    n->dead_after_ms = 50000;
    n->connect_timeout_ms = 15000;
    n->reconnect_min_ms = 10;
    n->reconnect_max_ms = 50;
    n->flood_burst_lines = 5;
    n->flood_interval_ms = 1000;
    n->n_channels = 2;
    n->channel = calloc(2, sizeof *n->channel);
    assert_non_null(n->channel);
    irc_bench_set_string(&n->channel[0].name, "#ops");
    n->channel[0].roles = CHANNEL_WATCH | CHANNEL_TALK;
    irc_bench_set_string(&n->channel[1].name, "#alerts");
    irc_bench_set_string(&n->channel[1].key, "k3y");
    n->channel[1].roles = CHANNEL_WATCH;
    return s;
}

void irc_bench_start(struct irc_bench *r)
{
    struct chat_sink sink = {r, on_heard, on_event};

    assert_int_equal(irc_create(r->settings, r->net, &sink, &r->irc), 0);
    r->irc_source = irc_source_port(r->irc);
    r->chat = irc_chat_port(r->irc);
}

int irc_bench_setup(void **state)
{
    struct irc_bench *r = calloc(1, sizeof *r);

    assert_non_null(r);
    assert_int_equal(net_create(&r->net), 0);
    r->wait = net_wait_port(r->net);
    r->net_source = net_source_port(r->net);
    pollset_init(&r->set);
    buf_init(&r->in, 1 << 20);
    buf_init(&r->told, 1 << 20);
    r->listener = irc_bench_listen_anywhere();
    r->peer = -1;
    r->settings = irc_bench_make_settings(irc_bench_port_of(r->listener));
    *state = r;
    return 0;
}

int irc_bench_teardown(void **state)
{
    struct irc_bench *r = *state;

    irc_destroy(r->irc);
    net_destroy(r->net);
    settings_destroy(r->settings);
    pollset_finish(&r->set);
    buf_finish(&r->in);
    buf_finish(&r->told);
    if (r->peer >= 0)
        (void)close(r->peer);
    (void)close(r->listener);
    free(r);
    return 0;
}

void irc_bench_welcome(struct irc_bench *r, const char *nick)
{
    irc_bench_server(r, ":irc.test 001 %s :Welcome %s!crier@bot.example", nick, nick);
    irc_bench_server(
        r, ":irc.test 005 %s CASEMAPPING=rfc1459 CHANTYPES=# NICKLEN=30 :are supported", nick);
    irc_bench_server(r, ":irc.test 422 %s :no MOTD", nick);
    (void)irc_bench_sent(r, "PING :crier-*");
}

void irc_bench_let_join(struct irc_bench *r, const char *nick)
{
    (void)irc_bench_sent(r, "JOIN #ops");
    irc_bench_server(r, ":%s!crier@bot.example JOIN #ops", nick);
    (void)irc_bench_sent(r, "JOIN #alerts :k3y");
    irc_bench_server(r, ":%s!crier@bot.example JOIN #alerts", nick);
    (void)irc_bench_told(r, "joined net/#ops *");
    (void)irc_bench_told(r, "joined net/#alerts *");
}

/* Registers with these capabilities ("" for none). */
void irc_bench_registered(struct irc_bench *r, const char *caps)
{
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS :%s", caps);
    (void)irc_bench_sent(r, "NICK crier");
    (void)irc_bench_sent(r, "USER crier 0 \\* :%s %n town crier");
    if (*caps) {
        const char *line = irc_bench_sent(r, "CAP REQ :*");

        irc_bench_server(r, ":irc.test CAP * ACK :%s", strchr(line, ':') + 1);
    }
    (void)irc_bench_sent(r, "CAP END");
    irc_bench_welcome(r, "crier");
}

void irc_bench_ready(struct irc_bench *r, const char *caps)
{
    irc_bench_start(r);
    irc_bench_registered(r, caps);
    irc_bench_let_join(r, "crier");
}

int irc_bench_say(struct irc_bench *r, const char *place, const char *text,
                  enum say_priority priority, uint64_t token, uint64_t replaces)
{
    struct say s = {.priority = priority, .token = token, .replaces = replaces};
    int e;

    s.place = irc_bench_dup_or_fail(place);
    s.text = irc_bench_dup_or_fail(text);
    e = r->chat.say(r->chat.ctx, &s);
    free(s.place);
    free(s.text);
    return e;
}

void irc_bench_stamp(struct irc_bench *r, int64_t ago_ms, char *dst, size_t size)
{
    assert_true(size >= WHEN_BYTES);
    (void)when_iso_ms(r->wait.now(r->wait.ctx).wall_ms + r->ahead_ms - ago_ms, dst);
}
