#include "irc_wire_impl.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "secret.h"

enum {
    REGISTER_MS = 60000,   /* from the connection to 001 */
    NAMELESS_MS = 3000,    /* without TLS: for the list of capabilities, before we say who we are */
    STABLE_MS = 60000,     /* connected for so long: the next failure is a new story */
    NICK_STEP_MS = 3000,   /* between REGAIN, GHOST and NICK */
    NICK_AGAIN_MS = 54000, /* and before it all begins again */
    NICK_TRIES = 20,       /* other nicks during one registration */
    NICK_SAFE_BYTES = 9,   /* RFC 1459 section 1.2 */
    FLUSH_MS = 700,        /* leaving: for what waits to be said */
    END_MS = 1200,         /* leaving: all of it */
    SETTINGS_MIN_MS = 1
};

/* ---- small things ------------------------------------------------------------------------- */

void irc_wire_fail(struct irc_wire *w, const char *fmt, ...)
{
    va_list ap;

    if (w->failed)
        return;
    w->failed = true;
    va_start(ap, fmt);
    (void)vsnprintf(w->why, sizeof w->why, fmt, ap);
    va_end(ap);
}

static const char *state_name(enum irc_wire_state s)
{
    switch (s) {
    case IRC_WIRE_OFF:
        return "off";
    case IRC_WIRE_CONNECTING:
        return "connecting";
    case IRC_WIRE_REGISTERING:
        return "registering";
    case IRC_WIRE_READY:
        return "ready";
    case IRC_WIRE_QUITTING:
        return "quitting";
    case IRC_WIRE_CLOSED:
        return "closed";
    }
    return "?";
}

void irc_wire_enter(struct irc_wire *w, enum irc_wire_state state)
{
    if (w->state == state)
        return;
    log_debug("irc", "%s: %s -> %s", w->p->name, state_name(w->state), state_name(state));
    w->state = state;
}

void irc_wire_event(struct irc_wire *w, enum chat_event_kind kind, const char *target,
                    const char *text, uint64_t token, int64_t count)
{
    struct chat_event e = {.kind = kind, .text = text, .token = token, .count = count};
    char *place = NULL;

    if (target) {
        place = buf_printf("%s/%s", w->p->name, target);
        if (!place) {
            log_errorx("irc", "%s: out of memory, an event of %s is lost", w->p->name, target);
            return;
        }
    }
    e.place = place ? place : "";
    w->shared->sink.event(w->shared->sink.ctx, &e);
    free(place);
}

static void set_timer(struct irc_wire *w, enum irc_wire_timer t, int64_t in_ms)
{
    w->timer[t] = w->now.boot_ms + in_ms;
}

/* ---- login -------------------------------------------------------------------------------- */

static void auth_send(void *ctx, const char *line)
{
    irc_wire_send(ctx, "%s", line);
}

static int auth_password(void *ctx, char **ret_secret)
{
    struct irc_wire *w = ctx;
    char why[IRC_WIRE_WHY];
    int r =
        secret_load(w->p->sasl_password_file, w->p->sasl_password_env, ret_secret, why, sizeof why);

    if (r)
        log_errorx("irc", "%s: no SASL password: %s", w->p->name, why);
    return r;
}

static void start_joining(struct irc_wire *w)
{
    w->timer[TIMER_PATIENCE] = NOW_NEVER;
    w->joining = true;
    irc_rooms_start(&w->rooms, w->now.boot_ms);
}

static void want_nick(struct irc_wire *w)
{
    if (!w->nick[0] || irc_same(&w->support, w->nick, w->p->nick)) {
        w->timer[TIMER_NICK] = NOW_NEVER;
        return;
    }
    w->nick_step = 0;
    set_timer(w, TIMER_NICK, 0);
}

static void auth_login(void *ctx, bool logged_in)
{
    struct irc_wire *w = ctx;

    if (!logged_in) {
        log_warnx("irc",
                  "%s: logged out of the services account; nobody is obeyed until that is "
                  "mended",
                  w->p->name);
        return;
    }
    log_info("irc", "%s: logged in to the services account", w->p->name);
    if (w->state == IRC_WIRE_READY) {
        start_joining(w);
        want_nick(w);
    }
}

static void auth_note(void *ctx, const char *text)
{
    struct irc_wire *w = ctx;

    log_warnx("irc", "%s: %s", w->p->name, text);
}

static void auth_listed(void *ctx)
{
    irc_wire_introduce(ctx);
}

/* The server says how it is to be reached: without TLS we go to where TLS is, over TLS we remember.
 * Source: IRCv3 sts. */
static bool auth_sts(void *ctx, const char *value, size_t n)
{
    struct irc_wire *w = ctx;
    struct irc_sts_offer offer = irc_sts_parse(value, n);

    if (w->secure) {
        if (offer.duration_s < 0)
            return false;
        w->sts_duration_s = offer.duration_s;
        irc_sts_keep(w->shared->sts, w->p->host, w->port, offer.duration_s, w->now.wall_ms);
        return false;
    }
    if (!offer.port)
        return false;
    irc_sts_upgrade(w->shared->sts, w->p->host, offer.port, w->now.wall_ms);
    irc_wire_fail(w, "the server asks for TLS on port %" PRId64 " (STS)", offer.port);
    return true;
}

/* A password does not travel in the clear unless somebody has asked for it. */
static enum sasl_mechanism usable_mechanism(const struct network_settings *p, bool tls)
{
    if (p->sasl == SASL_PLAIN && !tls && !p->sasl_without_tls_is_dangerous)
        return SASL_NONE;
    return p->sasl;
}

/* ---- making and ending -------------------------------------------------------------------- */

static bool ident_ask(void *ctx, const char *nick)
{
    return irc_wire_own(ctx, IRC_COMMAND_WHOIS, nick, "");
}

int irc_wire_create(const struct network_settings *network, const char *prefix,
                    struct irc_wire_shared *shared, struct irc_wire **ret_wire)
{
    struct irc_wire *w = calloc(1, sizeof *w);
    struct irc_auth_port auth = {w,         auth_send, auth_password, auth_login,
                                 auth_note, auth_sts,  auth_listed};
    struct irc_ident_port ident = {w, ident_ask, irc_wire_heard};
    size_t i;
    int r = CRIER_ENOMEM;

    if (!w)
        return CRIER_ENOMEM;
    w->shared = shared;
    w->next_serial = w->next_ping = 1;
    for (i = 0; i < TIMER_COUNT; i++)
        w->timer[i] = NOW_NEVER;
    w->timer[TIMER_CONNECT] = 0;
    irc_support_init(&w->support);
    irc_rooms_init(&w->rooms);
    irc_ident_init(&w->ident, &ident);
    irc_shown_init(&w->shown, irc_wire_told, w);
    w->p = irc_profile_copy(network);
    w->prefix = strdup(prefix);
    w->queue = irc_queue_create(irc_wire_dropped, w);
    if (!w->p || !w->prefix || !w->queue)
        goto out;
    r = irc_auth_init(&w->auth, usable_mechanism(network, network->tls), network->sasl_account,
                      &auth);
    if (!r)
        r = irc_rooms_set(&w->rooms, w->p->channel, w->p->n_channels, &w->support, NULL, NULL);
    if (r)
        goto out;
    w->backoff_ms = irc_wire_at_least(w->p->reconnect_min_ms, SETTINGS_MIN_MS);
    irc_bucket_init(&w->bucket, irc_wire_at_least(w->p->flood_burst_lines, 1),
                    irc_wire_at_least(w->p->flood_interval_ms, SETTINGS_MIN_MS), 0);
    if (!w->p->tls)
        log_warnx("irc", "%s: plain TCP: everybody on the way can read and forge what is said",
                  w->p->name);
    if (usable_mechanism(w->p, w->p->tls) != w->p->sasl)
        log_errorx("irc", "%s: the SASL password is not sent over plain TCP; nobody is obeyed here",
                   w->p->name);
    *ret_wire = w;
    w = NULL;
out:
    irc_wire_destroy(w);
    return r;
}

void irc_wire_destroy(struct irc_wire *w)
{
    size_t i;

    if (!w)
        return;
    irc_session_destroy(w->session);
    irc_link_destroy(w->link);
    irc_auth_finish(&w->auth);
    irc_rooms_finish(&w->rooms);
    irc_ident_finish(&w->ident);
    irc_shown_finish(&w->shown);
    irc_wire_forget_records(w);
    irc_queue_destroy(w->queue);
    irc_queued_finish(&w->text);
    for (i = 0; i < w->n_drops; i++)
        free(w->drop[i].target);
    for (i = 0; i < w->n_gone; i++)
        free(w->gone[i]);
    irc_profile_destroy(w->p);
    free(w->prefix);
    free(w->quit_reason);
    free(w);
}

const char *irc_wire_name(const struct irc_wire *w)
{
    return w->p->name;
}

bool irc_wire_fits(const struct irc_wire *w, const struct network_settings *network)
{
    return !w->quit_asked && irc_profile_same_connection(w->p, network);
}

/* ---- the connection ----------------------------------------------------------------------- */

static int64_t jitter(int64_t most_ms)
{
    uint64_t random = 0;

    if (most_ms <= 0 || getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        return 0;
    return (int64_t)(random % ((uint64_t)most_ms + 1));
}

static void reconnect_later(struct irc_wire *w)
{
    int64_t most = irc_wire_at_least(w->p->reconnect_max_ms, SETTINGS_MIN_MS);
    int64_t wait = w->backoff_ms / 2 + jitter(w->backoff_ms - w->backoff_ms / 2);

    set_timer(w, TIMER_CONNECT, wait);
    w->backoff_ms = w->backoff_ms > most / 2 ? most : w->backoff_ms * 2;
    log_warnx("irc", "%s: %s; next try in %" PRId64 ".%" PRId64 " s", w->p->name,
              w->why[0] ? w->why : "not connected", wait / 1000, wait % 1000 / 100);
}

/* Everything that belongs to one connection ends here, and only here. */
static void disconnect(struct irc_wire *w)
{
    size_t i;

    irc_session_destroy(w->session);
    w->session = NULL;
    irc_link_destroy(w->link);
    w->link = NULL;
    w->failed = w->nameless = false;
    /* Its time counts from the end of the connection. */
    if (w->secure && w->sts_duration_s)
        irc_sts_keep(w->shared->sts, w->p->host, w->port, w->sts_duration_s, w->now.wall_ms);
    w->sts_duration_s = 0;
    for (i = 0; i < TIMER_COUNT; i++)
        if (i != TIMER_DROPS && i != TIMER_FLUSH && i != TIMER_END)
            w->timer[i] = NOW_NEVER;
    irc_wire_enter(w, w->quit_asked ? IRC_WIRE_CLOSED : IRC_WIRE_OFF);
    irc_auth_lost(&w->auth);
    irc_wire_forget_records(w);
    memset(w->batch, 0, sizeof w->batch);
    w->joining = false;
    w->nick[0] = w->user[0] = w->host[0] = w->server[0] = '\0';
    w->skew_ms = 0;
    if (w->state == IRC_WIRE_OFF)
        reconnect_later(w);
    else
        log_info("irc", "%s: closed", w->p->name);
    /* The listeners last: by now the state is whole. */
    for (i = 0; i < w->rooms.n; i++) {
        bool was_in = w->rooms.room[i].state == IRC_ROOM_IN;

        w->rooms.room[i].state = IRC_ROOM_OUT;
        if (was_in)
            irc_wire_event(w, CHAT_LEFT, w->rooms.room[i].name,
                           w->why[0] ? w->why : "the connection is closed", 0, 0);
    }
    irc_rooms_stop(&w->rooms);
    irc_wire_stop_saying(w);
    irc_shown_lost(&w->shown);
    irc_ident_lost(&w->ident);
    w->why[0] = '\0';
}

static void connect_now(struct irc_wire *w)
{
    struct network_settings target = *w->p; /* shallow: borrowed for the call below */
    int64_t sts = w->p->tls ? 0 : irc_sts_port(w->shared->sts, w->p->host, w->now.wall_ms);
    int r;

    w->timer[TIMER_CONNECT] = NOW_NEVER;
    irc_wire_enter(w, IRC_WIRE_CONNECTING);
    if (sts) {
        target.tls = true;
        target.port = sts;
        log_warnx("irc",
                  "%s: TLS, although the configuration says tls = false: %s has asked for it "
                  "(STS)",
                  w->p->name, w->p->host);
    }
    w->secure = target.tls;
    w->port = target.port;
    w->auth.mechanism = usable_mechanism(w->p, w->secure);
    log_info("irc", "%s: connecting to %s port %" PRId64 "%s%s", w->p->name, w->p->host, w->port,
             w->secure ? " with TLS" : "", w->p->proxy ? " through a proxy" : "");
    r = irc_link_create(w->shared->net, &target, &w->link);
    if (r)
        irc_wire_fail(w, "cannot connect: %s", crier_strerror(r));
}

static void begin_registration(struct irc_wire *w)
{
    struct irc_session_sink sink = {w, irc_wire_library_event, irc_wire_library_line};
    int r;

    irc_wire_enter(w, IRC_WIRE_REGISTERING);
    w->received = irc_link_received(w->link);
    w->heard_boot_ms = w->pinged_boot_ms = w->asked_boot_ms = w->now.boot_ms;
    w->nick_tries = 0;
    irc_support_init(&w->support);
    irc_bucket_init(&w->bucket, irc_wire_at_least(w->p->flood_burst_lines, 1),
                    irc_wire_at_least(w->p->flood_interval_ms, SETTINGS_MIN_MS), w->now.boot_ms);
    set_timer(w, TIMER_REGISTER, REGISTER_MS);
    w->nameless = !w->secure;
    if (w->nameless)
        set_timer(w, TIMER_NAMELESS, NAMELESS_MS);
    r = irc_session_create(w->p->nick, &sink, &w->session);
    if (r) {
        irc_wire_fail(w, "cannot start the IRC session: %s", crier_strerror(r));
        return;
    }
    /* CAP before NICK and USER, which come out of the library. */
    irc_auth_start(&w->auth, w->now.boot_ms);
    if (irc_session_pump(w->session))
        irc_wire_fail(w, "the library's session ended");
}

void irc_wire_ready(struct irc_wire *w)
{
    irc_wire_enter(w, IRC_WIRE_READY);
    w->ready_boot_ms = w->now.boot_ms;
    w->timer[TIMER_REGISTER] = NOW_NEVER;
    set_timer(w, TIMER_STABLE, STABLE_MS);
    set_timer(w, TIMER_PING, irc_wire_at_least(w->p->ping_interval_ms, SETTINGS_MIN_MS));
    set_timer(w, TIMER_DEAD, irc_wire_at_least(w->p->dead_after_ms, SETTINGS_MIN_MS));
    irc_auth_registered(&w->auth, w->now.boot_ms);
    log_info("irc", "%s: registered as %s%s", w->p->name, w->nick,
             w->auth.logged_in         ? ", logged in"
             : w->p->sasl == SASL_NONE ? ""
                                       : ", waiting for the services");
    /* Its PONG says what time it is there. */
    irc_wire_ping(w);
    if (w->p->sasl == SASL_NONE || w->auth.logged_in)
        start_joining(w);
    else
        set_timer(w, TIMER_PATIENCE, w->p->services_patience_ms);
    want_nick(w);
}

/* ---- nick --------------------------------------------------------------------------------- */

/* The configured others first, then the nick with a number, as short as every server takes it. */
void irc_wire_next_nick(struct irc_wire *w)
{
    char made[32];
    const char *nick = made;
    size_t alts = w->p->alt_nicks.n, i = w->nick_tries++;

    if (i >= NICK_TRIES || !w->session) {
        irc_wire_fail(w, "every nick is taken");
        return;
    }
    if (i < alts) {
        nick = w->p->alt_nicks.item[i];
    } else if (i == alts) {
        (void)snprintf(made, sizeof made, "%.*s_", NICK_SAFE_BYTES - 1, w->p->nick);
    } else {
        (void)snprintf(made, sizeof made, "%.*s%" PRId64, NICK_SAFE_BYTES - 3, w->p->nick,
                       jitter(899) + 100);
    }
    if (!irc_line_is_nick(nick)) {
        irc_wire_next_nick(w);
        return;
    }
    log_warnx("irc", "%s: nick refused, trying %s", w->p->name, nick);
    if (irc_session_command(w->session, IRC_COMMAND_NICK, nick, ""))
        irc_wire_fail(w, "cannot send another nick");
}

static void nick_step(struct irc_wire *w)
{
    char words[IRC_WIRE_NAME + 16];

    if (irc_same(&w->support, w->nick, w->p->nick)) {
        w->timer[TIMER_NICK] = NOW_NEVER;
        return;
    }
    /* Only who is logged in to the account that owns the nick may ask for it. */
    if (w->nick_step < 2 && !w->auth.logged_in)
        w->nick_step = 2;
    set_timer(w, TIMER_NICK, w->nick_step < 2 ? NICK_STEP_MS : NICK_AGAIN_MS);
    if (w->nick_step < 2) {
        (void)snprintf(words, sizeof words, "%s %s", w->nick_step ? "GHOST" : "REGAIN", w->p->nick);
        (void)irc_wire_own(w, IRC_COMMAND_SAY, "NickServ", words);
    } else {
        (void)irc_wire_own(w, IRC_COMMAND_NICK, w->p->nick, "");
    }
    w->nick_step = (w->nick_step + 1) % 3;
}

void irc_wire_nick_free(struct irc_wire *w, const char *nick)
{
    if (w->state == IRC_WIRE_READY && w->timer[TIMER_NICK] != NOW_NEVER &&
        irc_same(&w->support, nick, w->p->nick)) {
        w->nick_step = 2;
        set_timer(w, TIMER_NICK, 0);
    }
}

/* ---- timers ------------------------------------------------------------------------------- */

static void ping_due(struct irc_wire *w)
{
    int64_t interval = irc_wire_at_least(w->p->ping_interval_ms, SETTINGS_MIN_MS);
    int64_t due =
        (w->heard_boot_ms > w->pinged_boot_ms ? w->heard_boot_ms : w->pinged_boot_ms) + interval;

    /* A line without its echo asks for a PING earlier. */
    if (w->now.boot_ms >= due || irc_shown_awaits(&w->shown) >= w->next_ping) {
        irc_wire_ping(w);
        due = w->now.boot_ms + interval;
    }
    w->timer[TIMER_PING] = due;
}

/* Dead is who has had time to answer: after a sleep of the machine it was we who were silent. */
static void dead_due(struct irc_wire *w)
{
    int64_t limit = irc_wire_at_least(w->p->dead_after_ms, SETTINGS_MIN_MS);
    int64_t answer = irc_wire_at_least(limit - w->p->ping_interval_ms, SETTINGS_MIN_MS);
    int64_t due = w->heard_boot_ms + limit;

    if (w->now.boot_ms >= due && w->asked_boot_ms <= w->heard_boot_ms)
        irc_wire_ping(w);
    if (w->asked_boot_ms > w->heard_boot_ms && w->asked_boot_ms + answer > due)
        due = w->asked_boot_ms + answer;
    if (w->now.boot_ms < due)
        w->timer[TIMER_DEAD] = due;
    else
        irc_wire_fail(w, "nothing from the server for %" PRId64 " s, taken for dead",
                      (w->now.boot_ms - w->heard_boot_ms) / 1000);
}

static void send_quit(struct irc_wire *w)
{
    w->timer[TIMER_FLUSH] = NOW_NEVER;
    irc_wire_enter(w, IRC_WIRE_QUITTING);
    if (irc_session_command(w->session, IRC_COMMAND_QUIT, "",
                            w->quit_reason ? w->quit_reason : "") ||
        irc_session_pump(w->session))
        irc_wire_fail(w, "QUIT could not be sent");
}

static void fire(struct irc_wire *w, enum irc_wire_timer t)
{
    switch (t) {
    case TIMER_CONNECT:
        connect_now(w);
        break;
    case TIMER_REGISTER:
        irc_wire_fail(w, "the server did not let us in within %d s", REGISTER_MS / 1000);
        break;
    case TIMER_NAMELESS:
        irc_wire_introduce(w);
        break;
    case TIMER_PATIENCE:
        log_warnx("irc",
                  "%s: no login for %" PRId64 " s: joining without; nobody is obeyed until "
                  "it works",
                  w->p->name, w->p->services_patience_ms / 1000);
        start_joining(w);
        break;
    case TIMER_PING:
        ping_due(w);
        break;
    case TIMER_DEAD:
        dead_due(w);
        break;
    case TIMER_NICK:
        nick_step(w);
        break;
    case TIMER_STABLE:
        w->timer[TIMER_STABLE] = NOW_NEVER;
        w->backoff_ms = irc_wire_at_least(w->p->reconnect_min_ms, SETTINGS_MIN_MS);
        break;
    case TIMER_FLUSH:
        send_quit(w);
        break;
    case TIMER_END:
        w->timer[TIMER_END] = NOW_NEVER;
        irc_wire_fail(w, "left without waiting for the server");
        break;
    case TIMER_DROPS: /* irc_wire_report() */
    case TIMER_COUNT:
        break;
    }
}

static bool room_join(void *ctx, const struct irc_room *room)
{
    struct irc_wire *w = ctx;
    char *secret = NULL, why[IRC_WIRE_WHY];
    const char *key = room->key;
    bool done;

    if (room->key_file) {
        if (secret_load(room->key_file, NULL, &secret, why, sizeof why))
            log_errorx("irc", "%s: no key for %s: %s", w->p->name, room->name, why);
        else if (strpbrk(secret, " ,:"))
            log_errorx("irc", "%s: the key for %s has a blank, comma or colon, which no key has",
                       w->p->name, room->name);
        else
            key = secret;
    }
    done = irc_wire_own(w, IRC_COMMAND_JOIN, room->name, key ? key : "");
    secret_destroy(secret);
    return done;
}

static void tick(struct irc_wire *w)
{
    int64_t now = w->now.boot_ms;
    int t;

    for (t = 0; t < TIMER_COUNT && !w->failed; t++)
        if (now >= w->timer[t])
            fire(w, (enum irc_wire_timer)t);
    if (w->failed || !w->session)
        return;
    irc_auth_tick(&w->auth, now);
    irc_ident_tick(&w->ident, &w->support, now);
    if (w->state == IRC_WIRE_READY && w->joining)
        irc_rooms_tick(&w->rooms, now, room_join, w);
    if (w->state == IRC_WIRE_READY)
        irc_wire_crowd_tick(w);
}

/* ---- one turn ----------------------------------------------------------------------------- */

static void read_lines(struct irc_wire *w)
{
    char *line;
    size_t n;

    /* What the library has not taken yet stays in the network, whose flow control holds it back. */
    while (!w->failed && !irc_session_backlog(w->session) && irc_link_line(w->link, &line, &n))
        irc_wire_line(w, line, n);
    if (irc_link_received(w->link) != w->received) {
        w->received = irc_link_received(w->link);
        w->heard_boot_ms = w->now.boot_ms;
    }
    if (irc_link_overlong(w->link) != w->overlong) {
        w->overlong = irc_link_overlong(w->link);
        log_warnx("irc", "%s: an over-long line was dropped", w->p->name);
    }
    if (irc_link_state(w->link) == IRC_LINK_DEAD)
        irc_wire_fail(w, "%s", irc_link_why(w->link));
}

static void begin_quit(struct irc_wire *w)
{
    if (w->state == IRC_WIRE_READY) {
        set_timer(w, TIMER_FLUSH, FLUSH_MS);
        set_timer(w, TIMER_END, END_MS);
    } else if (w->state != IRC_WIRE_QUITTING && w->state != IRC_WIRE_CLOSED) {
        irc_wire_fail(w, "not connected");
    }
}

void irc_wire_dispatch(struct irc_wire *w, const struct pollset *set, struct now now)
{
    w->now = now;
    if (w->quit_asked && w->timer[TIMER_END] == NOW_NEVER)
        begin_quit(w);
    if (w->link && !w->failed) {
        irc_link_wake(w->link, set);
        if (w->state == IRC_WIRE_CONNECTING && irc_link_state(w->link) == IRC_LINK_OPEN)
            begin_registration(w);
        else if (irc_link_state(w->link) == IRC_LINK_DEAD && !w->session)
            irc_wire_fail(w, "%s", irc_link_why(w->link));
    }
    if (w->session && !w->failed && irc_session_pump(w->session))
        irc_wire_fail(w, "the library's session ended");
    if (w->session && !w->failed)
        read_lines(w);
    if (!w->failed && w->state != IRC_WIRE_CLOSED)
        tick(w);
    if (w->session && !w->failed && irc_session_pump(w->session))
        irc_wire_fail(w, "the library's session ended");
    if (w->session && !w->failed)
        irc_wire_serve_queue(w);
    else
        irc_queue_expire(w->queue, now.boot_ms);
    if (w->timer[TIMER_FLUSH] != NOW_NEVER && !w->failed && w->state == IRC_WIRE_READY &&
        irc_wire_queue_idle(w))
        send_quit(w);
    if (w->failed)
        disconnect(w);
    irc_wire_report(w);
}

void irc_wire_collect(const struct irc_wire *w, struct pollset *set)
{
    int t;

    if (w->state == IRC_WIRE_CLOSED)
        return;
    for (t = 0; t < TIMER_COUNT; t++)
        if (w->timer[t] != NOW_NEVER)
            pollset_deadline(set, w->timer[t]);
    if (w->quit_asked && w->timer[TIMER_END] == NOW_NEVER)
        pollset_deadline(set, 0);
    if (w->n_unshown || w->n_gone)
        pollset_deadline(set, 0);
    if (irc_wire_queue_next(w) != NOW_NEVER)
        pollset_deadline(set, irc_wire_queue_next(w));
    if (w->link)
        irc_link_collect(w->link, set);
    if (!w->session)
        return;
    irc_session_collect(w->session, set);
    pollset_deadline(set, irc_auth_next(&w->auth));
    pollset_deadline(set, irc_ident_next(&w->ident));
    if (w->state == IRC_WIRE_READY && w->joining)
        pollset_deadline(set, irc_rooms_next(&w->rooms));
}

void irc_wire_quit(struct irc_wire *w, const char *reason)
{
    if (w->quit_asked)
        return;
    w->quit_asked = true;
    w->quit_reason = reason ? strdup(reason) : NULL;
}

bool irc_wire_is_closed(const struct irc_wire *w)
{
    return w->state == IRC_WIRE_CLOSED;
}
