/*
 * A whole conversation with a server that may send anything: from the first byte that libcurl would
 * hand over, through the link, the login, the filter and libircclient, to what crier is told and
 * what it says, with a clock that the input moves.
 *
 * First byte: how crier is configured (enum option). The rest is the stream, in which \4 and one
 * byte let time pass, \5 and one byte let crier speak, and \6 ends what one read returns. libcurl
 * itself is not in it: its functions are those below.
 */
#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "irc_wire_impl.h"
#include "log.h"
#include "net_curl.h"
#include "utf8.h"

#undef curl_easy_getinfo

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of the address sanitizer, where that is built in. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

enum option { OPTION_SASL = 1, OPTION_EXTERNAL = 2, OPTION_PLAIN_TCP = 4, OPTION_DANGEROUS = 8 };

enum beat { BEAT_TIME = 4, BEAT_SPEAK = 5, BEAT_TURN = 6 };

enum {
    INPUT_MAX = 16384,
    LINES_MAX = 4096,
    SETTLE_TURNS = 4,
    FD = 1000, /* of no file: only the pollset knows it */
    BOOT_MS = 1000000,
    MEMORY_MAX = 4 << 20, /* beside the input: one network's worth */
    SENT_LINE = 512       /* RFC 1459 section 2.3, with CRLF */
};

static const int64_t wall_ms = 1790000000000; /* 2026 */
static const char own_text[] = "`draft` 1 is public: \xc3\xa9t\xc3\xa9";
static const char password[] = "hunter2-not-to-be-seen";
/* base64 of \0-separated account, account and password begins so. */
static const char login[] = "AUTHENTICATE Y3JpZXIAY3JpZXIA";

/* What the server says, and what is known of it. */
static struct {
    const uint8_t *data;
    size_t n, at;
    bool closed;
    net_curl_done *done;
    void *done_ctx;
    CURL *easy;
    unsigned options;
    bool sent_cap;
    char line[SENT_LINE];
    size_t line_n;
    uint8_t heard[INPUT_MAX]; /* of this connection: the line that has no end yet */
    size_t heard_n;
    uint64_t said[LINES_MAX]; /* who said what by which account, each line of the stream */
    size_t n_said;
    struct irc_wire *wire;
} world;

/* ---- what the server says ---------------------------------------------------------------------
 */

static uint64_t hash_more(uint64_t h, const char *s)
{
    /* FNV-1a, with the NUL that keeps words apart. */
    do
        h = (h ^ (unsigned char)*s) * 1099511628211U;
    while (*s++);
    return h;
}

/* @param nick in whatever case: servers may spell it otherwise (RFC 1459 section 2.2). */
static uint64_t hash_said(const char *nick, const char *account, const char *text)
{
    char *folded = strdup(nick), *c;
    uint64_t h = 14695981039346656037U;

    assert(folded);
    for (c = folded; *c; c++)
        if (*c >= 'A' && *c <= '^')
            *c = (char)(*c + 32);
    h = hash_more(hash_more(hash_more(h, folded), account), text);
    free(folded);
    return h;
}

static bool was_said(uint64_t hash)
{
    size_t i;

    for (i = 0; i < world.n_said; i++)
        if (world.said[i] == hash)
            return true;
    return false;
}

static void note_line(const uint8_t *data, size_t n)
{
    char *line = malloc(n + 1), *clean, *nick, account[128] = "";
    const char *text;
    struct irc_msg m;
    size_t text_n;

    assert(line);
    if (n)
        memcpy(line, data, n);
    if (irc_line_parse(line, n, &m)) {
        free(line);
        return;
    }
    if (m.nick && m.n_params == 2) {
        (void)irc_line_text(m.param[1], &text, &text_n);
        clean = malloc(text_n + 1);
        nick = malloc(strlen(m.nick) + 1);
        assert(clean && nick);
        (void)utf8_clean(text, text_n, clean);
        (void)utf8_clean(m.nick, strlen(m.nick), nick);
        (void)irc_line_tag(&m, "account", account, sizeof account);
        if (world.n_said < LINES_MAX)
            world.said[world.n_said++] = hash_said(nick, account, clean);
        free(clean);
        free(nick);
    } else if (!m.nick && m.numeric == 330 && m.n_params >= 3 && world.n_said < LINES_MAX) {
        world.said[world.n_said++] = hash_said(m.param[1], m.param[2], "(330)");
    }
    free(line);
}

static void note_bytes(const uint8_t *data, size_t n)
{
    size_t i, start = 0;

    memcpy(world.heard + world.heard_n, data, n);
    world.heard_n += n;
    for (i = 0; i < world.heard_n; i++) {
        if (world.heard[i] != '\n')
            continue;
        note_line(world.heard + start, i - start);
        start = i + 1;
    }
    world.heard_n -= start;
    memmove(world.heard, world.heard + start, world.heard_n);
}

/* ---- what libcurl would do ------------------------------------------------------------------- */

int net_curl_defaults(CURL *easy, const char *ca_file, const char *proxy, long connect_timeout_ms,
                      char *errbuf)
{
    (void)easy;
    (void)ca_file;
    (void)proxy;
    (void)connect_timeout_ms;
    errbuf[0] = '\0';
    return 0;
}

int net_curl_pins(const struct string_list *pins, char **ret_text)
{
    (void)pins;
    *ret_text = NULL;
    return 0;
}

int net_curl_pin(CURL *easy, const char *pins)
{
    (void)easy;
    (void)pins;
    return 0;
}

const char *net_curl_words(CURLcode result, const char *errbuf)
{
    (void)result;
    return errbuf;
}

int net_curl_add(struct net *net, CURL *easy, net_curl_done *done, void *ctx)
{
    (void)net;
    world.done = done;
    world.done_ctx = ctx;
    world.easy = easy;
    return 0;
}

void net_curl_remove(struct net *net, CURL *easy)
{
    (void)net;
    if (world.easy == easy) {
        world.done = NULL;
        world.easy = NULL;
    }
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
    va_list ap;

    (void)curl;
    assert(info == CURLINFO_ACTIVESOCKET);
    va_start(ap, info);
    *va_arg(ap, curl_socket_t *) = FD;
    va_end(ap);
    return CURLE_OK;
}

static bool is_beat(uint8_t c)
{
    return c >= BEAT_TIME && c <= BEAT_TURN;
}

CURLcode curl_easy_recv(CURL *curl, void *buffer, size_t buflen, size_t *n)
{
    size_t k = 0;

    (void)curl;
    while (k < buflen && world.at + k < world.n && !is_beat(world.data[world.at + k]))
        k++;
    *n = k;
    if (!k)
        return world.closed ? CURLE_OK : CURLE_AGAIN;
    memcpy(buffer, world.data + world.at, k);
    note_bytes(world.data + world.at, k);
    world.at += k;
    return CURLE_OK;
}

/* ---- what crier says ------------------------------------------------------------------------- */

static bool begins(const char *line, const char *with)
{
    return !strncmp(line, with, strlen(with));
}

/* Everything that a server can make crier send is one of these. */
static bool may_be_sent(const char *line)
{
    static const char *const commands[] = {"CAP LS 302",
                                           "CAP REQ :",
                                           "CAP END",
                                           "NICK ",
                                           "USER crier 0 ",
                                           "PONG :",
                                           "PING :crier-",
                                           "JOIN #ops",
                                           "WHOIS ",
                                           "NAMES #ops",
                                           "NAMES #alerts",
                                           "MODE #ops",
                                           "MODE #alerts",
                                           "JOIN #alerts :k3y",
                                           "PRIVMSG NickServ :REGAIN crier",
                                           "QUIT :",
                                           "PART ",
                                           "AUTHENTICATE *",
                                           "PRIVMSG NickServ :GHOST crier"};
    size_t i;

    for (i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (begins(line, commands[i]))
            return true;
    return false;
}

static void on_sent_line(const char *line)
{
    bool may_login = (world.options & OPTION_SASL) &&
                     (world.wire->secure || (world.options & OPTION_DANGEROUS) ||
                      (world.options & OPTION_EXTERNAL));
    const char *text;

    assert(strcspn(line, "\r\n") == strlen(line));
    if (!world.sent_cap) {
        assert(!strcmp(line, "CAP LS 302"));
        world.sent_cap = true;
    }
    if (begins(line, "AUTHENTICATE ") && strcmp(line, "AUTHENTICATE *") != 0) {
        assert(may_login);
        if (world.options & OPTION_EXTERNAL)
            assert(!strcmp(line, "AUTHENTICATE EXTERNAL") || !strcmp(line, "AUTHENTICATE +"));
        else
            assert(!strcmp(line, "AUTHENTICATE PLAIN") || begins(line, login));
        return;
    }
    if (begins(line, "CAP REQ :"))
        assert(may_login || !strstr(line, "sasl"));
    if (may_be_sent(line))
        return;
    /* Then it is what was asked for, to whom it was meant for. */
    assert(begins(line, "PRIVMSG #ops :") || begins(line, "PRIVMSG sre1 :"));
    text = strchr(line, ':') + 1;
    assert(*text && strstr(own_text, text));
}

CURLcode curl_easy_send(CURL *curl, const void *buffer, size_t buflen, size_t *n)
{
    const char *p = buffer;
    size_t i;

    (void)curl;
    for (i = 0; i < buflen; i++) {
        assert(p[i] && world.line_n < sizeof world.line);
        world.line[world.line_n++] = p[i];
        if (p[i] != '\n')
            continue;
        assert(world.line_n > 2 && world.line[world.line_n - 2] == '\r');
        world.line[world.line_n - 2] = '\0';
        on_sent_line(world.line);
        world.line_n = 0;
    }
    *n = buflen;
    return CURLE_OK;
}

/* ---- what crier is told ---------------------------------------------------------------------- */

static void on_heard(void *ctx, const struct heard *h)
{
    const unsigned char *c;

    (void)ctx;
    for (c = (const unsigned char *)h->text; *c; c++)
        assert(*c >= ' ' && *c != 0x7f);
    if (!h->private)
        assert(!strcmp(h->place, "net/#ops") || !strcmp(h->place, "net/#alerts"));
    assert(!strcmp(h->network, "net") && begins(h->place, "net/"));
    assert(h->secure == world.wire->secure);
    assert((h->account != NULL) == (h->identity == IDENTITY_ACCOUNT));
    assert(!h->obey || world.wire->p->sasl == SASL_NONE || world.wire->auth.logged_in);
    assert(h->wall_ms <= world.wire->now.wall_ms);
    /* Nobody has an account but by a tag on this very line, or by the server's answer about them.
     */
    if (h->account && world.n_said < LINES_MAX)
        assert(was_said(hash_said(h->nick, h->account, h->text)) ||
               was_said(hash_said(h->nick, h->account, "(330)")));
}

static void on_event(void *ctx, const struct chat_event *e)
{
    (void)ctx;
    if (e->kind == CHAT_JOINED || e->kind == CHAT_LEFT)
        assert(!strcmp(e->place, "net/#ops") || !strcmp(e->place, "net/#alerts"));
}

/* ---- one run --------------------------------------------------------------------------------- */

static size_t memory(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

static struct irc_wire *start(struct irc_wire_shared *shared)
{
    static char name[] = "net", host[] = "irc.test", nick[] = "crier", account[] = "crier";
    static char real[] = "town crier %s %n", ops[] = "#ops", alerts[] = "#alerts", key[] = "k3y";
    static char env[] = "CRIER_FUZZ_PASSWORD", alt[] = "herald";
    static char *alts[] = {alt};
    struct channel_settings channel[2] = {{.name = ops}, {.name = alerts, .key = key}};
    struct network_settings n;
    struct irc_wire *w = NULL;

    channel[0].roles = CHANNEL_WATCH | CHANNEL_TALK;
    channel[1].roles = CHANNEL_WATCH;
    memset(&n, 0, sizeof n);
    n.name = name;
    n.host = host;
    n.port = 6697;
    n.tls = !(world.options & OPTION_PLAIN_TCP);
    n.nick = n.user = nick;
    n.realname = real;
    n.alt_nicks.item = alts;
    n.alt_nicks.n = 1;
    if (world.options & OPTION_SASL)
        n.sasl = world.options & OPTION_EXTERNAL ? SASL_EXTERNAL : SASL_PLAIN;
    n.sasl_without_tls_is_dangerous = (world.options & OPTION_DANGEROUS) != 0;
    n.sasl_account = account;
    n.sasl_password_env = env;
    n.services_patience_ms = 120000;
    n.ping_interval_ms = 20000;
    n.dead_after_ms = 50000;
    n.connect_timeout_ms = 15000;
    n.reconnect_min_ms = 10;
    n.reconnect_max_ms = 50;
    n.flood_burst_lines = 5;
    n.flood_interval_ms = 1000;
    n.channel = channel;
    n.n_channels = 2;
    return irc_wire_create(&n, "!status", shared, &w) ? NULL : w;
}

static void turn(struct irc_wire *w, struct now now)
{
    struct pollset set;

    pollset_init(&set);
    irc_wire_collect(w, &set);
    pollset_add(&set, FD, POLLIN | POLLOUT);
    set.item[set.n - 1].got = POLLIN | POLLOUT;
    if (world.done) {
        net_curl_done *done = world.done;

        world.done = NULL;
        world.sent_cap = false;
        world.line_n = world.heard_n = 0;
        done(world.done_ctx, world.easy, CURLE_OK);
    }
    irc_wire_dispatch(w, &set, now);
    pollset_finish(&set);
}

static void speak(struct irc_wire *w, uint8_t how)
{
    char channel[] = "#ops", person[] = "sre1", text[sizeof own_text];
    struct say say = {.text = text};
    int r;

    memcpy(text, own_text, sizeof own_text);
    say.priority = (enum say_priority)(how & 3);
    say.token = how & 4 ? how : 0;
    say.replaces = how & 8 ? 1 : 0;
    say.place = channel; /* only its own part is looked at here */
    r = irc_wire_say(w, how & 16 ? person : channel, &say);
    assert(!r || r == CRIER_ELIMIT || r == CRIER_ENOENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct irc_wire_shared shared = {.next_id = 1};
    struct chat_sink sink = {NULL, on_heard, on_event};
    struct now now = {.wall_ms = wall_ms, .boot_ms = BOOT_MS};
    size_t before, used = 0;
    int i;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    (void)setenv("CRIER_FUZZ_PASSWORD", password, 1);
    log_set_level(LOG_LEVEL_ERROR);
    memset(&world, 0, sizeof world);
    world.options = data[0];
    world.data = data + 1;
    world.n = size - 1;
    before = memory();
    shared.sink = sink;
    if (irc_sts_create(NULL, &shared.sts))
        return 0;
    world.wire = start(&shared);
    if (!world.wire) {
        irc_sts_destroy(shared.sts);
        return 0;
    }
    for (i = 0; i < SETTLE_TURNS; i++)
        turn(world.wire, now);
    while (world.at < world.n) {
        uint8_t c = world.data[world.at], arg;

        arg = world.at + 1 < world.n ? world.data[world.at + 1] : 0;
        if (is_beat(c))
            world.at += c == BEAT_TURN || world.at + 1 == world.n ? 1 : 2;
        if (c == BEAT_SPEAK)
            speak(world.wire, arg);
        if (c == BEAT_TIME) {
            now.boot_ms += (int64_t)arg * arg;
            now.wall_ms += (int64_t)arg * arg;
        }
        turn(world.wire, now);
        now.boot_ms++;
        now.wall_ms++;
        used = memory();
        assert(used < before + MEMORY_MAX);
    }
    world.closed = true;
    for (i = 0; i < SETTLE_TURNS; i++)
        turn(world.wire, now);
    irc_wire_destroy(world.wire);
    world.wire = NULL;
    irc_sts_destroy(shared.sts);
    return 0;
}
