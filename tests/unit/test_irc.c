/* Drives irc.c over real loopback TCP against a server that the test plays itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "irc.h"
#include "net.h"
#include "settings.h"
#include "when.h"

enum { PATIENCE_MS = 30000, TURN_MS = 50 };

struct rig {
    struct net *net;
    struct wait_port wait;
    struct source_port net_source, irc_source;
    struct chat_port chat;
    struct irc *irc;
    struct settings *settings;
    struct pollset set;
    int listener, peer;
    struct buf in;    /* what the bot has sent and the test has not read */
    struct buf told;  /* what the sink was told */
    int64_t ahead_ms; /* the bot's clock runs ahead by this */
    uint64_t last_ping;
};

/* ---- the loop ----------------------------------------------------------------------------- */

static void on_heard(void *ctx, const struct heard *h)
{
    struct rig *r = ctx;

    buf_addf(&r->told, "heard %s <%s!%s> account=%s id=%d%s%s%s%s%s: %s\n", h->place, h->nick,
             h->userhost, h->account ? h->account : "-", (int)h->identity,
             h->private ? " private" : "", h->notice ? " notice" : "", h->action ? " action" : "",
             h->history ? " history" : "", h->obey ? " obey" : "", h->text);
}

static void on_event(void *ctx, const struct chat_event *e)
{
    static const char *const names[] = {"joined", "left", "shown", "unshown", "dropped"};
    struct rig *r = ctx;

    if (e->token)
        buf_addf(&r->told, "%s %llu\n", names[e->kind], (unsigned long long)e->token);
    else
        buf_addf(&r->told, "%s %s %lld\n", names[e->kind], e->place, (long long)e->count);
}

static struct now bot_now(const struct rig *r)
{
    struct now now = r->wait.now(r->wait.ctx);

    now.boot_ms += r->ahead_ms;
    now.wall_ms += r->ahead_ms;
    return now;
}

static void read_peer(struct rig *r)
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

static void turn(struct rig *r)
{
    int64_t soon = r->wait.now(r->wait.ctx).boot_ms + TURN_MS;

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

static const char *await(struct rig *r, struct buf *b, const char *pattern)
{
    static char line[16384];
    int64_t until = r->wait.now(r->wait.ctx).boot_ms + PATIENCE_MS;

    while (!find_line(b, pattern, line, sizeof line)) {
        if (r->wait.now(r->wait.ctx).boot_ms > until)
            fail_msg("nothing like: %s", pattern);
        turn(r);
    }
    return line;
}

static const char *sent(struct rig *r, const char *pattern)
{
    return await(r, &r->in, pattern);
}

static const char *told(struct rig *r, const char *pattern)
{
    return await(r, &r->told, pattern);
}

static void say_raw(struct rig *r, const char *data, size_t n)
{
    assert_true(r->peer >= 0);
    while (n) {
        ssize_t k = send(r->peer, data, n, MSG_NOSIGNAL);

        if (k < 0 && errno == EAGAIN) {
            turn(r);
            continue;
        }
        assert_true(k > 0);
        data += k;
        n -= (size_t)k;
    }
}

static void server(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void server(struct rig *r, const char *fmt, ...)
{
    char line[4096];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line - 2, fmt, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof line - 3);
    memcpy(line + n, "\r\n", 2);
    say_raw(r, line, (size_t)n + 2);
}

/* By the answer to this, everything before has been worked through. */
static void barrier(struct rig *r)
{
    char pattern[32];
    static unsigned n;

    server(r, "PING :b%u", ++n);
    (void)snprintf(pattern, sizeof pattern, "PONG :b%u", n);
    (void)sent(r, pattern);
}

/* ---- the rig ------------------------------------------------------------------------------ */

static char *dup_or_fail(const char *s)
{
    char *p = strdup(s);

    assert_non_null(p);
    return p;
}

static void set_string(char **field, const char *value)
{
    free(*field);
    *field = dup_or_fail(value);
}

static int port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;

    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&a, &n), 0);
    return ntohs(a.sin_port);
}

static int listen_anywhere(void)
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

static struct settings *make_settings(int port)
{
    struct settings *s = settings_create();
    struct network_settings *n;

    assert_non_null(s);
    set_string(&s->chat.prefix, "!status");
    s->n_networks = 1;
    n = s->network = calloc(1, sizeof *n);
    assert_non_null(n);
    set_string(&n->name, "net");
    set_string(&n->host, "127.0.0.1");
    n->port = port;
    set_string(&n->nick, "crier");
    set_string(&n->user, "crier");
    set_string(&n->realname, "%s %n town crier");
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
    set_string(&n->channel[0].name, "#ops");
    n->channel[0].roles = CHANNEL_WATCH | CHANNEL_TALK;
    set_string(&n->channel[1].name, "#alerts");
    set_string(&n->channel[1].key, "k3y");
    n->channel[1].roles = CHANNEL_WATCH;
    return s;
}

static void start(struct rig *r)
{
    struct chat_sink sink = {r, on_heard, on_event};

    assert_int_equal(irc_create(r->settings, r->net, &sink, &r->irc), 0);
    r->irc_source = irc_source_port(r->irc);
    r->chat = irc_chat_port(r->irc);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    assert_int_equal(net_create(&r->net), 0);
    r->wait = net_wait_port(r->net);
    r->net_source = net_source_port(r->net);
    pollset_init(&r->set);
    buf_init(&r->in, 1 << 20);
    buf_init(&r->told, 1 << 20);
    r->listener = listen_anywhere();
    r->peer = -1;
    r->settings = make_settings(port_of(r->listener));
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

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

static void welcome(struct rig *r, const char *nick)
{
    server(r, ":irc.test 001 %s :Welcome %s!crier@bot.example", nick, nick);
    server(r, ":irc.test 005 %s CASEMAPPING=rfc1459 CHANTYPES=# NICKLEN=30 :are supported", nick);
    server(r, ":irc.test 422 %s :no MOTD", nick);
    (void)sent(r, "PING :crier-*");
}

static void let_join(struct rig *r, const char *nick)
{
    (void)sent(r, "JOIN #ops");
    server(r, ":%s!crier@bot.example JOIN #ops", nick);
    (void)sent(r, "JOIN #alerts :k3y");
    server(r, ":%s!crier@bot.example JOIN #alerts", nick);
    (void)told(r, "joined net/#ops *");
    (void)told(r, "joined net/#alerts *");
}

/* Registers with these capabilities ("" for none). */
static void registered(struct rig *r, const char *caps)
{
    (void)sent(r, "CAP LS 302");
    (void)sent(r, "NICK crier");
    (void)sent(r, "USER crier 0 \\* :%s %n town crier");
    server(r, ":irc.test CAP * LS :%s", caps);
    if (*caps) {
        const char *line = sent(r, "CAP REQ :*");

        server(r, ":irc.test CAP * ACK :%s", strchr(line, ':') + 1);
    }
    (void)sent(r, "CAP END");
    welcome(r, "crier");
}

static void ready(struct rig *r, const char *caps)
{
    start(r);
    registered(r, caps);
    let_join(r, "crier");
}

static int say(struct rig *r, const char *place, const char *text, enum say_priority priority,
               uint64_t token, uint64_t replaces)
{
    struct say s = {.priority = priority, .token = token, .replaces = replaces};
    int e;

    s.place = dup_or_fail(place);
    s.text = dup_or_fail(text);
    e = r->chat.say(r->chat.ctx, &s);
    free(s.place);
    free(s.text);
    return e;
}

static void stamp(struct rig *r, int64_t ago_ms, char *dst, size_t size)
{
    assert_true(size >= WHEN_BYTES);
    (void)when_iso_ms(r->wait.now(r->wait.ctx).wall_ms + r->ahead_ms - ago_ms, dst);
}

/* ---- registration and login --------------------------------------------------------------- */

static void test_registers_and_hears(void **state)
{
    struct rig *r = *state;

    ready(r, "account-tag server-time batch echo-message unknown-cap");
    server(r, "@account=alice :al!u@h PRIVMSG #ops :!status confirm 1.1");
    (void)told(r, "heard net/#ops <al!u@h> account=alice id=1: !status confirm 1.1");
    server(r, ":al!u@h PRIVMSG #OPS :!status confirm 1.1");
    (void)told(r, "heard net/#ops <al!u@h> account=- id=0: !status confirm 1.1");
    server(r, "@account=alice :al!u@h PRIVMSG crier :hi");
    (void)told(r, "heard net/al <al!u@h> account=alice id=1 private*: hi");
    server(r, "@account=alice :al!u@h NOTICE #ops :n");
    (void)told(r, "heard net/#ops * notice*: n");
    server(r, "@account=alice :al!u@h PRIVMSG #ops :\001ACTION waves and waves\001");
    (void)told(r, "heard net/#ops * action*: waves and waves");
    /* Neither ours nor to us; and nobody asks the server who that is. */
    server(r, "@account=alice :al!u@h PRIVMSG #other :x");
    server(r, "@account=alice :al!u@h PRIVMSG crier2 :x");
    server(r, "@account=alice :al!u@h PRIVMSG @#ops :x");
    server(r, "@account=a\\nb :al!u@h PRIVMSG #ops :odd account");
    (void)told(r, "heard net/#ops <al!u@h> account=- id=0*: odd account");
    barrier(r);
    assert_null(strstr(buf_str(&r->in), "WHOIS"));
}

static void test_sasl_plain(void **state)
{
    struct rig *r = *state;
    struct network_settings *n = &r->settings->network[0];

    assert_int_equal(setenv("CRIER_TEST_SECRET", "sesame", 1), 0);
    n->sasl = SASL_PLAIN;
    n->sasl_without_tls_is_dangerous = true;
    set_string(&n->sasl_account, "crier");
    set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    start(r);
    (void)sent(r, "CAP LS 302");
    server(r, ":irc.test CAP * LS * :account-tag server-time");
    server(r, ":irc.test CAP * LS :sasl=EXTERNAL,PLAIN batch");
    assert_string_equal(sent(r, "CAP REQ*"), "CAP REQ :account-tag server-time batch");
    (void)sent(r, "CAP REQ :sasl");
    server(r, ":irc.test CAP x ACK :account-tag server-time batch");
    server(r, ":irc.test CAP y ACK :sasl");
    (void)sent(r, "AUTHENTICATE PLAIN");
    server(r, "AUTHENTICATE :+");
    (void)sent(r, "AUTHENTICATE Y3JpZXIAY3JpZXIAc2VzYW1l");
    assert_null(strstr(buf_str(&r->in), "CAP END"));
    server(r, ":irc.test 900 * crier!crier@h crier :You are now logged in as crier");
    server(r, ":irc.test 903 * :SASL authentication successful");
    (void)sent(r, "CAP END");
    welcome(r, "crier");
    let_join(r, "crier");
    /* Obeyed at once only where lines carry their time. */
    server(r, "@account=al :al!u@h PRIVMSG #ops :no time");
    (void)told(r, "heard *id=1: no time");
    r->ahead_ms += 11000;
    server(r, "@account=al :al!u@h PRIVMSG #ops :later");
    (void)told(r, "heard *id=1 obey: later");
    server(r, ":irc.test 901 crier crier!u@h :You are now logged out");
    server(r, "@account=al :al!u@h PRIVMSG #ops :out");
    (void)told(r, "heard *id=1: out");
}

static void test_services_come_late(void **state)
{
    struct rig *r = *state;
    struct network_settings *n = &r->settings->network[0];

    assert_int_equal(setenv("CRIER_TEST_SECRET", "sesame", 1), 0);
    n->sasl = SASL_PLAIN;
    n->sasl_without_tls_is_dangerous = true;
    set_string(&n->sasl_account, "crier");
    set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    start(r);
    registered(r, "account-tag");
    r->ahead_ms += 5000;
    (void)sent(r, "CAP LS 302");
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    server(r, ":irc.test CAP crier LS :account-tag");
    r->ahead_ms += 116000;
    /* Patience is over: in, and obeying nobody. */
    let_join(r, "crier");
    r->ahead_ms += 11000;
    server(r, ":irc.test PONG irc.test :crier-1");
    server(r, "@account=al :al!u@h PRIVMSG #ops :x");
    (void)told(r, "heard *id=1: x");
    (void)sent(r, "CAP LS 302");
    server(r, ":irc.test CAP crier LS :account-tag sasl=PLAIN");
    (void)sent(r, "CAP REQ :sasl");
    server(r, ":irc.test CAP crier ACK :sasl");
    (void)sent(r, "AUTHENTICATE PLAIN");
    /* No answer at all: given up, tried again, and a 900 that comes late counts. */
    r->ahead_ms += 10500;
    (void)sent(r, "AUTHENTICATE \\*");
    server(r, ":irc.test 906 crier :aborted");
    server(r, ":irc.test 900 crier crier!u@h crier :You are now logged in as crier");
    server(r, "@account=al :al!u@h PRIVMSG #ops :y");
    (void)told(r, "heard *id=1 obey: y");
}

static void test_plain_password_stays_home(void **state)
{
    struct rig *r = *state;

    r->settings->network[0].sasl = SASL_PLAIN;
    set_string(&r->settings->network[0].sasl_account, "crier");
    start(r);
    (void)sent(r, "CAP LS 302");
    server(r, ":irc.test CAP * LS :sasl=PLAIN");
    (void)sent(r, "CAP END");
    assert_null(strstr(buf_str(&r->in), "sasl"));
}

static void test_nak_takes_nothing_along(void **state)
{
    struct rig *r = *state;

    start(r);
    (void)sent(r, "CAP LS 302");
    server(r, ":irc.test CAP * LS :account-tag server-time");
    (void)sent(r, "CAP REQ :account-tag server-time");
    server(r, ":irc.test CAP * NAK :account-tag server-time");
    (void)sent(r, "CAP REQ :account-tag");
    (void)sent(r, "CAP REQ :server-time");
    server(r, ":irc.test CAP * ACK :account-tag");
    server(r, ":irc.test CAP * NAK :server-time");
    (void)sent(r, "CAP END");
    welcome(r, "crier");
    let_join(r, "crier");
    server(r, "@account=al :al!u@h PRIVMSG #ops :x");
    (void)told(r, "heard *account=al id=1: x");
}

static void test_nick_taken(void **state)
{
    struct rig *r = *state;
    struct network_settings *n = &r->settings->network[0];

    n->alt_nicks.item = calloc(1, sizeof *n->alt_nicks.item);
    n->alt_nicks.item[0] = dup_or_fail("herald");
    n->alt_nicks.n = 1;
    start(r);
    (void)sent(r, "NICK crier");
    server(r, ":irc.test 433 * crier :Nickname is already in use.");
    (void)sent(r, "NICK herald");
    server(r, ":irc.test 432 * herald :Erroneous Nickname");
    (void)sent(r, "NICK crier_");
    server(r, ":irc.test 433 * crier_ :Nickname is already in use.");
    (void)sent(r, "NICK crier[1-9][0-9][0-9]");
    server(r, ":irc.test CAP * LS :");
    server(r, ":irc.test 001 crier123 :Welcome");
    (void)sent(r, "NICK crier"); /* tried at once: nobody is logged in here */
    server(r, ":irc.test 433 crier123 crier :Nickname is already in use.");
    let_join(r, "crier123");
    server(r, ":al!u@h PRIVMSG crier123 :me");
    (void)told(r, "heard net/al * private*: me");
    server(r, ":al!u@h PRIVMSG crier :not me");
    server(r, ":crier!other@h QUIT :bye");
    (void)sent(r, "NICK crier");
    server(r, ":crier123!crier@bot.example NICK :crier");
    server(r, ":al!u@h PRIVMSG crier :me again");
    (void)told(r, "heard net/al * private*: me again");
}

/* ---- history ------------------------------------------------------------------------------ */

static void test_history(void **state)
{
    struct rig *r = *state;
    char now[64], before[64], old[64];

    start(r);
    registered(r, "account-tag server-time batch");
    (void)sent(r, "JOIN #ops");
    stamp(r, 1000, before, sizeof before);
    stamp(r, 0, now, sizeof now);
    stamp(r, 31000, old, sizeof old);
    server(r, "@time=%s :crier!crier@bot.example JOIN #ops", now);
    (void)told(r, "joined net/#ops *");
    server(r, ":irc.test BATCH +b1 chathistory #ops");
    server(r, "@batch=b1;time=%s;account=al :al!u@h PRIVMSG #ops :1", now);
    (void)told(r, "heard * history obey: 1");
    server(r, "@batch=b1 :irc.test BATCH +b2 other");
    server(r, "@batch=b2;time=%s;account=al :al!u@h PRIVMSG #ops :2", now);
    (void)told(r, "heard * history obey: 2");
    server(r, ":irc.test BATCH -b1");
    server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :3", now);
    (void)told(r, "heard * id=1 obey: 3");
    server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :4", old);
    (void)told(r, "heard * history obey: 4");
    server(r, "@time=%s;account=al :al!u@h PRIVMSG crier :in private", old);
    (void)told(r, "heard * private history obey: in private");
    /* Not old, but said before we came. */
    server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :5", before);
    (void)told(r, "heard * history obey: 5");
    server(r, "@batch=nobody-knows;time=%s;account=al :al!u@h PRIVMSG #ops :6", now);
    (void)told(r, "heard * history obey: 6");
    server(r, "@time=garbage;account=al :al!u@h PRIVMSG #ops :7");
    (void)told(r, "heard * id=1: 7");
}

static void test_server_clock_is_wrong(void **state)
{
    struct rig *r = *state;
    char then[64];

    start(r);
    registered(r, "server-time account-tag");
    stamp(r, 90000, then, sizeof then);
    server(r, "@time=%s :irc.test PONG irc.test :crier-1", then);
    (void)sent(r, "JOIN #ops");
    server(r, "@time=%s :crier!crier@bot.example JOIN #ops", then);
    server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :x", then);
    (void)told(r, "heard * id=1 obey: x");
}

/* ---- WHOIS -------------------------------------------------------------------------------- */

static void test_whois(void **state)
{
    struct rig *r = *state;

    ready(r, "");
    r->ahead_ms += 11000;
    server(r, ":al!u@h PRIVMSG #ops :no command");
    (void)told(r, "heard *id=2*: no command");
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 1");
    server(r, ":bob!u@h PRIVMSG #ops :meanwhile");
    server(r, ":al!u@h PRIVMSG #ops :afterwards");
    (void)told(r, "heard *<bob!*: meanwhile");
    (void)sent(r, "WHOIS al");
    /* Not from the server, or about somebody else: nothing. */
    server(r, ":other.test 330 crier al evil :is logged in as");
    server(r, ":eve!u@h 330 crier al evil :is logged in as");
    server(r, ":irc.test 330 crier bob bobacc :is logged in as");
    server(r, ":irc.test 311 crier al u h * :Al");
    server(r, ":irc.test 330 crier al alacc :is logged in as");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *<al!u@h> account=alacc id=1*: !status confirm 1");
    (void)told(r, "heard *<al!u@h> account=- id=2*: afterwards");
    /* Asked for each command anew. */
    server(r, ":al!u@h PRIVMSG crier :!status confirm 2");
    (void)sent(r, "WHOIS al");
    server(r, ":irc.test 311 crier al u h * :Al");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *account=- id=0*: !status confirm 2");
    /* Another host under the same nick. */
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 3");
    (void)sent(r, "WHOIS al");
    server(r, ":irc.test 311 crier al u elsewhere * :Al");
    server(r, ":irc.test 330 crier al alacc :is logged in as");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *account=- id=2*: !status confirm 3");
    /* Gone in between. */
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 4");
    (void)sent(r, "WHOIS al");
    server(r, ":al!u@h NICK al2");
    server(r, ":irc.test 311 crier al u h * :Al");
    server(r, ":irc.test 330 crier al alacc :is logged in as");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *account=- id=2*: !status confirm 4");
    /* An account without the host that it belongs to. */
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 4");
    (void)sent(r, "WHOIS al");
    server(r, ":irc.test 330 crier al alacc :is logged in as");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *account=- id=2*: !status confirm 4");
    /* No answer. */
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 5");
    (void)sent(r, "WHOIS al");
    r->ahead_ms += 10500;
    (void)told(r, "heard *account=- id=2*: !status confirm 5");
    /* The answer comes after all, when the next command already waits for its own. */
    server(r, ":al!u@h PRIVMSG #ops :!status confirm 7");
    (void)sent(r, "WHOIS al");
    server(r, ":irc.test 311 crier al u h * :Al");
    server(r, ":irc.test 330 crier al alacc :is logged in as");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    barrier(r);
    assert_null(strstr(buf_str(&r->told), "confirm 7"));
    server(r, ":irc.test 311 crier al u h * :Al");
    server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)told(r, "heard *account=- id=0*: !status confirm 7");
    /* Commands are not taken in channels that are only watched. */
    server(r, ":al!u@h PRIVMSG #alerts :!status confirm 6");
    (void)told(r, "heard net/#alerts *id=2*: !status confirm 6");
    assert_null(strstr(buf_str(&r->in), "WHOIS"));
}

/* ---- saying ------------------------------------------------------------------------------- */

static void test_shown_by_pong(void **state)
{
    struct rig *r = *state;
    char ping[64];

    ready(r, "");
    assert_int_equal(say(r, "net/#ops", "draft one", SAY_PROMPT, 7, 0), 0);
    (void)sent(r, "PRIVMSG #ops :draft one");
    (void)snprintf(ping, sizeof ping, "%s", sent(r, "PING :crier-*"));
    barrier(r);
    assert_null(strstr(buf_str(&r->told), "shown"));
    server(r, ":eve!u@h PONG irc.test %s", ping + 5); /* no user can say so */
    barrier(r);
    assert_null(strstr(buf_str(&r->told), "shown"));
    server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)told(r, "shown 7");
    /* Refused. */
    assert_int_equal(say(r, "net/#ops", "draft two", SAY_PROMPT, 8, 0), 0);
    (void)sent(r, "PRIVMSG #ops :draft two");
    (void)snprintf(ping, sizeof ping, "%s", sent(r, "PING :crier-*"));
    server(r, ":irc.test 404 crier #ops :Cannot send to channel");
    server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)told(r, "unshown 8");
    /* Lost with the connection. */
    assert_int_equal(say(r, "net/#ops", "draft three", SAY_PROMPT, 9, 0), 0);
    (void)sent(r, "PRIVMSG #ops :draft three");
    assert_int_equal(shutdown(r->peer, SHUT_RDWR), 0);
    (void)told(r, "left net/#ops*");
    (void)told(r, "unshown 9");
    registered(r, "");
    let_join(r, "crier");
}

static void test_shown_by_echo(void **state)
{
    struct rig *r = *state;
    const char *line;
    char ping[64];

    ready(r, "echo-message");
    assert_int_equal(say(r, "net/#ops", "draft one", SAY_PROMPT, 7, 0), 0);
    (void)sent(r, "PRIVMSG #ops :draft one");
    server(r, ":crier!crier@bot.example PRIVMSG #ops :something else");
    server(r, ":crier!crier@bot.example PRIVMSG #alerts :draft one");
    server(r, ":eve!crier@bot.example PRIVMSG #ops :draft one");
    (void)told(r, "heard *<eve!*: draft one");
    assert_null(strstr(buf_str(&r->told), "shown"));
    server(r, ":crier!crier@bot.example PRIVMSG #ops :draft one");
    (void)told(r, "shown 7");
    assert_null(strstr(buf_str(&r->told), "heard"));
    /* Changed on the way: the PONG comes before its echo. */
    assert_int_equal(say(r, "net/#ops", "draft two", SAY_PROMPT, 8, 0), 0);
    (void)sent(r, "PRIVMSG #ops :draft two");
    server(r, ":crier!crier@bot.example PRIVMSG #ops :draft tw");
    r->ahead_ms += 6000;
    line = sent(r, "PING :crier-*");
    (void)snprintf(ping, sizeof ping, "%s", line);
    server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)told(r, "unshown 8");
}

static void test_order_on_the_wire(void **state)
{
    static const char *const expected[] = {"PRIVMSG al :an answer", "PRIVMSG #ops :a prompt",
                                           "PRIVMSG #ops :new summary", "PRIVMSG #ops :reminder 0",
                                           "PRIVMSG #ops :reminder 1"};
    struct rig *r = *state;
    size_t i;

    r->settings->network[0].flood_burst_lines = 1;
    ready(r, "echo-message");
    assert_int_equal(say(r, "net/#ops", "reminder 0", SAY_REMINDER, 0, 0), 0);
    assert_int_equal(say(r, "net/#ops", "reminder 1", SAY_REMINDER, 0, 0), 0);
    assert_int_equal(say(r, "net/#ops", "old summary", SAY_ANNOUNCE, 0, 5), 0);
    assert_int_equal(say(r, "net/#ops", "a prompt", SAY_PROMPT, 0, 0), 0);
    assert_int_equal(say(r, "net/al", "an answer", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(say(r, "net/#ops", "new summary", SAY_ANNOUNCE, 0, 5), 0);
    for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        barrier(r);
        assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
        r->ahead_ms += 1100;
        assert_string_equal(sent(r, "PRIVMSG *"), expected[i]);
    }
}

static void test_refused_places(void **state)
{
    static const struct {
        const char *place, *text;
        int err;
    } rows[] = {
        {"net/#ops", "fine", 0},
        {"net/al", "fine", 0},
        {"net/#alerts", "only watched", CRIER_EACCESS},
        {"net/#nowhere", "x", CRIER_ENOENT},
        {"other/#ops", "x", CRIER_ENOENT},
        {"net", "x", CRIER_ENOENT},
        {"", "x", CRIER_ENOENT},
        {"net/", "x", CRIER_ENOENT},
        {"net/a b", "x", CRIER_ENOENT},
        {"net/a,#ops", "x", CRIER_ENOENT},
        {"net/$*", "x", CRIER_ENOENT},
        {"net/a\r\nQUIT", "x", CRIER_ENOENT},
        {"net/#ops", "", CRIER_EINVAL},
        {"net/#ops", "\002\003", CRIER_EINVAL},
    };
    struct rig *r = *state;
    size_t i;

    ready(r, "");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (say(r, rows[i].place, rows[i].text, SAY_ANSWER, 0, 0) != rows[i].err)
            fail_msg("%s: %s", rows[i].place, rows[i].text);
    assert_int_equal(say(r, "net/#OPS", "line\r\nQUIT :gone %s%n", SAY_ANSWER, 0, 0), 0);
    (void)sent(r, "PRIVMSG #ops :line QUIT :gone %s%n");
}

static void test_long_texts(void **state)
{
    struct rig *r = *state;
    char text[3100] = "", first[600], second[600];
    size_t i;

    r->settings->network[0].flood_burst_lines = 20;
    ready(r, "");
    for (i = 0; i < 1000; i++)
        memcpy(text + 3 * i, "\xe2\x82\xac", 4);
    assert_int_equal(say(r, "net/#ops", text, SAY_ANSWER, 0, 0), 0);
    (void)snprintf(first, sizeof first, "%s", sent(r, "PRIVMSG *"));
    (void)snprintf(second, sizeof second, "%s", sent(r, "PRIVMSG *"));
    /* What the others get has our prefix in front: ":crier!crier@bot.example " */
    assert_in_range(strlen(first) + 25, 505, 510);
    assert_in_range(strlen(second) + 25, 505, 510);
    assert_string_equal(second + strlen(second) - 3, "\xe2\x80\xa6");
    assert_int_equal((strlen(first) - strlen("PRIVMSG #ops :")) % 3, 0);
    barrier(r);
    assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
    /* What must be shown whole has four lines, and is not shown when that is not enough. */
    assert_int_equal(say(r, "net/#ops", text, SAY_PROMPT, 3, 0), 0);
    for (i = 0; i < 4; i++)
        (void)sent(r, "PRIVMSG *");
    (void)told(r, "unshown 3");
    text[1800] = '\0';
    assert_int_equal(say(r, "net/#ops", text, SAY_PROMPT, 4, 0), 0);
    for (i = 0; i < 4; i++)
        (void)sent(r, "PRIVMSG *");
    server(r, ":irc.test PONG irc.test %s", strchr(sent(r, "PING :crier-*"), ':'));
    (void)told(r, "shown 4");
}

static void test_drops_are_told(void **state)
{
    struct rig *r = *state;
    int i, refused = 0;

    r->settings->network[0].flood_burst_lines = 1000;
    ready(r, "echo-message");
    for (i = 0; i < 300; i++)
        refused += say(r, "net/#ops", "x", SAY_REMINDER, 0, 0) == CRIER_ELIMIT;
    assert_int_equal(refused, 300 - 256);
    r->ahead_ms += 6000;
    (void)told(r, "dropped net/#ops 44");
}

/* ---- trouble ------------------------------------------------------------------------------ */

static void test_kick_and_rejoin(void **state)
{
    struct rig *r = *state;

    ready(r, "");
    server(r, ":boss!u@h KICK #ops crier2 :not us");
    server(r, ":boss!u@h KICK #ops crier :out");
    (void)told(r, "left net/#ops *");
    assert_int_equal(say(r, "net/#ops", "waits", SAY_ANSWER, 0, 0), 0);
    barrier(r);
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
    r->ahead_ms += 2100;
    (void)sent(r, "JOIN #ops");
    server(r, ":irc.test 474 crier #ops :Cannot join channel (+b)");
    barrier(r);
    r->ahead_ms += 2100;
    barrier(r);
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    r->ahead_ms += 2100;
    (void)sent(r, "JOIN #ops");
    server(r, ":crier!crier@bot.example JOIN #ops");
    (void)told(r, "joined net/#ops *");
    (void)sent(r, "PRIVMSG #ops :waits");
    /* Forwarded to where we do not belong. */
    server(r, ":crier!crier@bot.example JOIN ##overflow");
    (void)sent(r, "PART ##overflow*");
}

static void test_dead_link(void **state)
{
    struct rig *r = *state;
    int i;

    ready(r, "");
    for (i = 0; i < 3; i++) {
        r->ahead_ms += 20100;
        server(r, ":irc.test PONG irc.test %s", strchr(sent(r, "PING :crier-*"), ':'));
        barrier(r);
    }
    assert_null(strstr(buf_str(&r->told), "left"));
    r->ahead_ms += 20100;
    (void)sent(r, "PING :crier-*");
    r->ahead_ms += 20100;
    (void)sent(r, "PING :crier-*");
    assert_null(strstr(buf_str(&r->told), "left"));
    r->ahead_ms += 10000;
    (void)told(r, "left net/#ops *");
    (void)sent(r, "(closed)");
    registered(r, "");
}

/* The machine slept: that is no reason to think the server dead. */
static void test_long_sleep(void **state)
{
    struct rig *r = *state;

    ready(r, "");
    r->ahead_ms += 3600000;
    (void)sent(r, "PING :crier-*");
    barrier(r);
    assert_null(strstr(buf_str(&r->told), "left"));
}

static void test_error_and_killed(void **state)
{
    struct rig *r = *state;

    ready(r, "");
    server(r, ":boss!u@h KILL crier :no reason");
    server(r, "ERROR :Closing link: (crier@h) [Killed]");
    (void)told(r, "left net/#ops *");
    (void)sent(r, "(closed)");
    registered(r, "");
    let_join(r, "crier");
}

static void test_garbage(void **state)
{
    static const char *const lines[] = {
        "",
        "\r",
        " ",
        ":",
        "@",
        "@a",
        ": ",
        ":x",
        ":alice!a@h QUIT",
        ":alice!a@h AWAY",
        ":alice!a@h",
        "NOTICE",
        "NICK",
        ":irc.test 000",
        ":irc.test 433",
        ":irc.test 001",
        "PING",
        "PONG",
        "BATCH",
        "BATCH +",
        "CAP",
        "CAP * LS",
        "CAP * ACK",
        "CAP * NAK :",
        "CAP * NEW",
        "AUTHENTICATE",
        ":al!u@h PRIVMSG #ops :\001FINGER\001",
        ":al!u@h PRIVMSG #ops :\001DCC SEND x 1 2 3\001",
        ":al!u@h PRIVMSG #ops",
        ":al!u@h PRIVMSG #ops :",
        ":al!u@h JOIN",
        ":al!u@h KICK #ops",
        ":al!u@h CHGHOST",
        ":crier!u@h CHGHOST x",
        ":crier!u@h NICK",
        ":al!u@s1 PRIVMSG #ops :serial of another",
    };
    struct rig *r = *state;
    char long_line[3000];
    size_t i;

    ready(r, "");
    r->ahead_ms += 11000;
    server(r, ":eve!u@h PRIVMSG #ops :yes yes yes yes");
    (void)told(r, "heard * yes yes yes");
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        server(r, "%s", lines[i]);
        barrier(r);
        server(r, ":al!u@h PRIVMSG #alerts :still %zu", i);
        (void)told(r, "heard *: still *");
    }
    say_raw(r, ":al!u@h PRIVMSG #ops :a\0b\r\n", 27);
    memset(long_line, 'x', sizeof long_line);
    for (i = 0; i < 30; i++)
        say_raw(r, long_line, sizeof long_line);
    server(r, "%s", "");
    memcpy(long_line, ":al!u@h PRIVMSG #ops :", 22);
    say_raw(r, long_line, 1024);
    server(r, "%s", "");
    (void)told(r, "heard *: xxx*");
    server(r, ":al!u@h PRIVMSG #ops :\xff\xfe"
              "bad \003"
              "04,05utf8");
    assert_string_equal(strstr(told(r, "heard *bad*"), ": "), ": ??bad utf8");
    barrier(r);
}

/* ---- leaving and changing ----------------------------------------------------------------- */

static void test_quit(void **state)
{
    struct rig *r = *state;

    ready(r, "");
    assert_int_equal(say(r, "net/#ops", "last words", SAY_ANSWER, 0, 0), 0);
    irc_quit(r->irc, "leaving now");
    assert_false(irc_is_quiet(r->irc));
    assert_int_equal(say(r, "net/#ops", "too late", SAY_ANSWER, 0, 0), CRIER_ENOENT);
    (void)sent(r, "PRIVMSG #ops :last words");
    (void)sent(r, "QUIT :leaving now");
    server(r, "ERROR :Closing link");
    (void)sent(r, "(closed)");
    assert_true(irc_is_quiet(r->irc));
}

static void test_quit_does_not_wait_for_ever(void **state)
{
    struct rig *r = *state;
    int i;

    ready(r, "");
    for (i = 0; i < 100; i++)
        assert_int_equal(say(r, "net/#ops", "storm", SAY_ANSWER, 0, 0), 0);
    turn(r);
    irc_quit(r->irc, NULL);
    turn(r);
    r->ahead_ms += 750;
    (void)sent(r, "QUIT *");
    assert_false(irc_is_quiet(r->irc));
    r->ahead_ms += 500;
    turn(r);
    turn(r);
    assert_true(irc_is_quiet(r->irc));
}

static void test_quit_before_connected(void **state)
{
    struct rig *r = *state;

    start(r);
    irc_quit(r->irc, NULL);
    turn(r);
    turn(r);
    assert_true(irc_is_quiet(r->irc));
}

static void test_reload(void **state)
{
    struct rig *r = *state;
    struct settings *fresh = make_settings(port_of(r->listener));
    struct network_settings *n = &fresh->network[0];

    ready(r, "");
    /* Another channel instead of #alerts: the connection stays. */
    set_string(&n->channel[1].name, "#more");
    n->channel[1].roles = CHANNEL_TALK;
    assert_int_equal(irc_reload(r->irc, fresh), 0);
    settings_destroy(r->settings);
    r->settings = fresh;
    (void)sent(r, "PART #alerts*");
    (void)sent(r, "JOIN #more :k3y");
    (void)told(r, "left net/#alerts *");
    server(r, ":crier!crier@bot.example JOIN #more");
    (void)told(r, "joined net/#more *");
    server(r, ":al!u@h PRIVMSG #ops :still here");
    (void)told(r, "heard *: still here");
    /* Another nick: a new connection, after the old one has left. */
    fresh = make_settings(port_of(r->listener));
    set_string(&fresh->network[0].nick, "herald");
    assert_int_equal(irc_reload(r->irc, fresh), 0);
    settings_destroy(r->settings);
    r->settings = fresh;
    (void)sent(r, "QUIT *");
    (void)told(r, "left net/#ops *");
    (void)sent(r, "(closed)");
    (void)sent(r, "NICK herald");
}

static void test_one_network_fails_alone(void **state)
{
    struct rig *r = *state;
    struct settings *s = r->settings, *other;
    struct network_settings *both = calloc(2, sizeof *both);
    int closed = listen_anywhere(), port = port_of(closed);

    assert_non_null(both);
    (void)close(closed);
    other = make_settings(port);
    set_string(&other->network[0].name, "broken");
    both[0] = other->network[0];
    both[1] = s->network[0];
    free(s->network);
    s->network = both;
    s->n_networks = 2;
    other->n_networks = 0;
    settings_destroy(other);
    ready(r, "");
    assert_int_equal(say(r, "broken/#ops", "waits", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(say(r, "net/#ops", "goes", SAY_ANSWER, 0, 0), 0);
    (void)sent(r, "PRIVMSG #ops :goes");
}

/* Nothing to do: every turn waits for as long as it may. */
static void test_idle_does_not_spin(void **state)
{
    struct rig *r = *state;
    int64_t began;
    int i;

    ready(r, "account-tag server-time echo-message");
    server(r, ":irc.test PONG irc.test :crier-1");
    assert_int_equal(say(r, "net/#ops", "x", SAY_ANSWER, 1, 0), 0);
    (void)sent(r, "PRIVMSG #ops :x");
    server(r, ":crier!crier@bot.example PRIVMSG #ops :x");
    (void)told(r, "shown 1");
    assert_int_equal(say(r, "net/nobody", "y", SAY_ANSWER, 0, 0), 0);
    (void)sent(r, "PRIVMSG nobody :y");
    barrier(r);
    began = r->wait.now(r->wait.ctx).boot_ms;
    for (i = 0; i < 10; i++)
        turn(r);
    assert_true(r->wait.now(r->wait.ctx).boot_ms - began >= 8 * TURN_MS);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_registers_and_hears),
        RIGGED(test_sasl_plain),
        RIGGED(test_services_come_late),
        RIGGED(test_plain_password_stays_home),
        RIGGED(test_nak_takes_nothing_along),
        RIGGED(test_nick_taken),
        RIGGED(test_history),
        RIGGED(test_server_clock_is_wrong),
        RIGGED(test_whois),
        RIGGED(test_shown_by_pong),
        RIGGED(test_shown_by_echo),
        RIGGED(test_order_on_the_wire),
        RIGGED(test_refused_places),
        RIGGED(test_long_texts),
        RIGGED(test_drops_are_told),
        RIGGED(test_kick_and_rejoin),
        RIGGED(test_dead_link),
        RIGGED(test_long_sleep),
        RIGGED(test_error_and_killed),
        RIGGED(test_garbage),
        RIGGED(test_idle_does_not_spin),
        RIGGED(test_quit),
        RIGGED(test_quit_does_not_wait_for_ever),
        RIGGED(test_quit_before_connected),
        RIGGED(test_reload),
        RIGGED(test_one_network_fails_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
