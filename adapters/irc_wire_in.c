#include "irc_wire_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "err.h"
#include "log.h"
#include "utf8.h"
#include "when.h"

enum {
    HISTORY_MS = 30000,  /* older than this by the server's clock: not said now */
    TOO_SOON_MS = 10000, /* behind a JOIN or 001, where lines carry no time */
    SKEW_MS = 2000,      /* clocks closer than this count as the same */
    ACCOUNT_BYTES = 128,
    TIME_BYTES = 64,
    QUOTE_BYTES = 300
};

static void set_name(char *dst, const char *src)
{
    size_t n = strlen(src);

    if (n >= IRC_WIRE_NAME)
        n = utf8_cut(src, IRC_WIRE_NAME - 1);
    memcpy(dst, src, n);
    dst[n] = '\0';
}

static bool is_me(const struct irc_wire *w, const char *nick)
{
    return w->nick[0] && irc_same(&w->support, w->nick, nick);
}

/* ---- records: what goes around the library ------------------------------------------------ */

static void clear_record(struct irc_wire_record *r)
{
    free(r->nick);
    free(r->userhost);
    free(r->account);
    free(r->target);
    free(r->text);
    memset(r, 0, sizeof *r);
}

void irc_wire_forget_records(struct irc_wire *w)
{
    size_t i;

    for (i = 0; i < IRC_WIRE_RECORDS; i++)
        clear_record(&w->record[i]);
}

bool irc_wire_in_history(const struct irc_wire *w, const struct irc_msg *m)
{
    char ref[sizeof w->batch[0].ref];
    size_t i;

    if (!irc_line_tag(m, "batch", ref, sizeof ref))
        return false;
    for (i = 0; i < IRC_WIRE_BATCHES; i++)
        if (ref[0] && !strcmp(w->batch[i].ref, ref))
            return w->batch[i].history;
    return true; /* of a batch that we know nothing of: nothing to act on */
}

static int64_t server_time(const struct irc_msg *m)
{
    char text[TIME_BYTES];
    int64_t ms = 0;

    if (!irc_line_tag(m, "time", text, sizeof text) || when_parse_iso(text, &ms))
        return 0;
    return ms;
}

/* The account of this very line, a copy; NULL: none. One that is not clean is nobody's. */
static char *tagged_account(const struct irc_msg *m)
{
    char account[ACCOUNT_BYTES], clean[ACCOUNT_BYTES];

    if (!irc_line_tag(m, "account", account, sizeof account) || !account[0] ||
        !strcmp(account, "*"))
        return NULL;
    (void)utf8_clean(account, strlen(account), clean);
    return strcmp(account, clean) == 0 ? strdup(account) : NULL;
}

/* @return the record, or NULL when memory is out: such a line goes nowhere. */
static struct irc_wire_record *keep_record(struct irc_wire *w, const struct irc_msg *m, bool said)
{
    uint64_t serial = w->next_serial++;
    struct irc_wire_record *r = &w->record[serial % IRC_WIRE_RECORDS];
    size_t n = strlen(m->user) + strlen(m->host) + 2;

    clear_record(r);
    r->nick = strdup(m->nick);
    r->userhost = malloc(n);
    if (!r->nick || !r->userhost)
        goto fail;
    (void)snprintf(r->userhost, n, "%s@%s", m->user, m->host);
    r->server_ms = server_time(m);
    r->history = irc_wire_in_history(w, m);
    r->account = tagged_account(m);
    if (said) {
        const char *text;
        size_t text_bytes;

        r->kind = irc_line_text(m->param[1], &text, &text_bytes);
        r->target = strdup(m->param[0]);
        r->text = strndup(text, text_bytes);
        r->outside = irc_wire_is_outside(w, m);
        if (!r->target || !r->text)
            goto fail;
    }
    r->serial = serial;
    return r;
fail:
    clear_record(r);
    return NULL;
}

/* The record that an origin nick!user@sN belongs to, out of the table; all zero when there is none:
 * no serial, no identity. */
static struct irc_wire_record take_record(struct irc_wire *w, const char *origin)
{
    struct irc_wire_record none, *r, out;
    const char *at = strrchr(origin, '@');
    uint64_t serial = 0;
    size_t nick = strcspn(origin, "!");

    memset(&none, 0, sizeof none);
    if (!at || at[1] != 's')
        return none;
    for (at += 2; *at; at++) {
        if (*at < '0' || *at > '9' || serial > UINT64_MAX / 10 - 1)
            return none;
        serial = serial * 10 + (uint64_t)(*at - '0');
    }
    r = &w->record[serial % IRC_WIRE_RECORDS];
    if (!serial || r->serial != serial || strlen(r->nick) != nick ||
        memcmp(r->nick, origin, nick) != 0) {
        log_warnx("irc", "%s: a line came back from the library that was not given to it",
                  w->p->name);
        return none;
    }
    out = *r;
    memset(r, 0, sizeof *r);
    return out;
}

/* ---- what was said ------------------------------------------------------------------------ */

/* Not logged in where we should be, we may be somebody else's puppet. */
static bool login_holds(const struct irc_wire *w)
{
    return w->p->sasl == SASL_NONE || w->auth.logged_in;
}

void irc_wire_heard(void *ctx, const struct heard *line)
{
    struct irc_wire *w = ctx;
    struct heard h = *line;

    /* It may have waited for a WHOIS since it was said, and the login may be lost by now. */
    h.obey = h.obey && login_holds(w);
    h.me = w->nick[0] ? w->nick : NULL;
    w->shared->sink.heard(w->shared->sink.ctx, &h);
}

static bool is_history(const struct irc_wire *w, const struct irc_wire_record *r,
                       const struct irc_room *room)
{
    if (r->history)
        return true;
    if (!r->server_ms)
        return false;
    if (w->now.wall_ms + w->skew_ms - r->server_ms > HISTORY_MS)
        return true;
    /* Said before we came. */
    return room && room->joined_server_ms && r->server_ms < room->joined_server_ms;
}

static bool may_obey(const struct irc_wire *w, const struct irc_wire_record *r,
                     const struct irc_room *room)
{
    if (!login_holds(w))
        return false;
    /* In private it is a bouncer that would tell what it has kept, when we have come. */
    return r->server_ms ||
           w->now.boot_ms - (room ? room->joined_boot_ms : w->ready_boot_ms) >= TOO_SOON_MS;
}

/* When it was said, by our clock and not later than now: other servers of a network may stamp with
 * clocks of their own. */
static int64_t said_at(const struct irc_wire *w, const struct irc_wire_record *r)
{
    int64_t ms = r->server_ms - w->skew_ms;

    return r->server_ms && ms < w->now.wall_ms ? ms : w->now.wall_ms;
}

static void hear(struct irc_wire *w, const struct irc_wire_record *r, enum irc_event_kind kind)
{
    const struct irc_room *room = NULL;
    struct heard h = {0};
    char removed[UTF8_REMOVED_BYTES];
    char *text = NULL, *nick = NULL, *userhost = NULL, *place = NULL;
    const char *where;
    bool honest;
    size_t n;

    h.private = is_me(w, r->target);
    if (!h.private) {
        room = irc_rooms_find(&w->rooms, &w->support, r->target);
        if (!room)
            return;
    }
    text = malloc(strlen(r->text) + 1);
    nick = malloc(strlen(r->nick) + 1);
    userhost = malloc(strlen(r->userhost) + 1);
    if (!text || !nick || !userhost || !utf8_clean(r->text, strlen(r->text), text) ||
        !utf8_clean(r->nick, strlen(r->nick), nick))
        goto out;
    (void)utf8_clean(r->userhost, strlen(r->userhost), userhost);
    /* Cleaned, a name may be another one's: it is shown, but nobody is believed or looked up by it.
     */
    honest = !strcmp(nick, r->nick) && !strcmp(userhost, r->userhost);
    if (!room && !honest)
        goto out; /* an answer would go to somebody else */
    where = room ? room->name : nick;
    n = strlen(w->p->name) + strlen(where) + 2;
    place = malloc(n);
    if (!place)
        goto out;
    (void)snprintf(place, n, "%s/%s", w->p->name, where);
    (void)utf8_removed(r->text, strlen(r->text), removed, sizeof removed);
    h.removed = removed;
    h.network = w->p->name;
    h.place = place;
    h.nick = nick;
    h.userhost = honest ? userhost : "";
    h.text = text;
    h.secure = w->secure;
    h.notice = kind == IRC_EVENT_NOTICE;
    h.action = kind == IRC_EVENT_ACTION;
    h.outside = r->outside;
    h.history = is_history(w, r, room);
    h.obey = may_obey(w, r, room);
    h.wall_ms = said_at(w, r);
    h.id = w->shared->next_id++;
    if (irc_auth_has(&w->auth, IRC_CAP_ACCOUNT_TAG)) {
        h.account = r->account;
        h.identity = r->account ? IDENTITY_ACCOUNT : IDENTITY_NONE;
        irc_wire_heard(w, &h);
    } else {
        bool ask = honest && !h.notice && !h.action && !h.history &&
                   command_is_addressed(w->prefix, text) &&
                   (!room || (room->roles & (CHANNEL_TALK | CHANNEL_PRACTICE)));

        h.identity = IDENTITY_UNKNOWN;
        irc_ident_line(&w->ident, &w->support, &h, ask, w->now.boot_ms);
    }
out:
    free(text);
    free(nick);
    free(userhost);
    free(place);
}

/* ---- events of the library ---------------------------------------------------------------- */

/* Both parsers must have read the same: target whole, text whole or cut by the filter. */
static bool agrees(const struct irc_wire_record *r, const struct irc_event *e)
{
    size_t n = strlen(e->param[1]);

    return r->target && !strcmp(r->target, e->param[0]) && strlen(r->text) >= n &&
           !memcmp(r->text, e->param[1], n) &&
           (r->kind == IRC_TEXT_ACTION) == (e->kind == IRC_EVENT_ACTION);
}

static void on_join(struct irc_wire *w, const struct irc_wire_record *r, const char *channel)
{
    struct irc_room *room;

    if (!is_me(w, r->nick))
        return;
    room = irc_rooms_find(&w->rooms, &w->support, channel);
    if (!room) {
        /* Forwarded, or put there by somebody. */
        (void)irc_wire_own(w, IRC_COMMAND_PART, channel, "");
        return;
    }
    if (room->state == IRC_ROOM_IN)
        return;
    irc_room_joined(room, w->now.boot_ms, r->server_ms);
    log_info("irc", "%s: joined %s", w->p->name, room->name);
    irc_wire_event(w, CHAT_JOINED, room->name, "", 0, 0);
}

static void leave(struct irc_wire *w, const char *channel, const char *how, const char *reason)
{
    struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, channel);
    char quoted[QUOTE_BYTES], text[QUOTE_BYTES + 32];
    bool was_in;

    if (!room || room->state == IRC_ROOM_OUT)
        return;
    was_in = room->state == IRC_ROOM_IN;
    irc_room_lost(room, w->now.boot_ms);
    (void)snprintf(text, sizeof text, "%s %s", how, log_quote(quoted, sizeof quoted, reason));
    log_warnx("irc", "%s: %s: %s; trying again in %" PRId64 " ms", w->p->name, room->name, text,
              room->try_boot_ms - w->now.boot_ms);
    if (was_in)
        irc_wire_event(w, CHAT_LEFT, room->name, text, 0, 0);
}

/* Some of these numerics also say that a channel that we are in takes no line of ours. */
static void join_refused(struct irc_wire *w, const struct irc_event *e)
{
    const struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, e->param[1]);

    if (room && room->state == IRC_ROOM_JOINING)
        leave(w, e->param[1],
              "cannot join:", e->numeric == 470 ? "forwarded to another channel" : e->param[2]);
}

static void on_numeric(struct irc_wire *w, const struct irc_event *e)
{
    switch (e->numeric) {
    case 432: /* ERR_ERRONEUSNICKNAME */
    case 433: /* ERR_NICKNAMEINUSE */
    case 436: /* ERR_NICKCOLLISION */
        if (w->state == IRC_WIRE_REGISTERING)
            irc_wire_next_nick(w);
        break;
    case 437: /* ERR_UNAVAILRESOURCE: a nick or a channel */
        if (w->state == IRC_WIRE_REGISTERING && !irc_support_is_channel(&w->support, e->param[1]))
            irc_wire_next_nick(w);
        else
            join_refused(w, e);
        break;
    case 403: /* no such channel */
    case 405: /* too many */
    case 470: /* forwarded */
    case 471: /* full */
    case 473: /* invite only */
    case 474: /* banned */
    case 475: /* wrong key */
    case 476: /* bad mask */
    case 477: /* needs a registered nick */
    case 489: /* TLS only */
    case 520: /* operators only */
        join_refused(w, e);
        break;
    default:
        break;
    }
}

void irc_wire_library_event(void *ctx, const struct irc_event *e)
{
    struct irc_wire *w = ctx;
    struct irc_wire_record r;

    if (e->kind == IRC_EVENT_NUMERIC) {
        on_numeric(w, e);
        return;
    }
    r = take_record(w, e->origin);
    switch (e->kind) {
    case IRC_EVENT_PRIVMSG:
    case IRC_EVENT_NOTICE:
    case IRC_EVENT_ACTION:
        if (r.serial && agrees(&r, e))
            hear(w, &r, e->kind);
        break;
    case IRC_EVENT_JOIN:
        if (r.serial)
            on_join(w, &r, e->param[0]);
        break;
    case IRC_EVENT_PART:
        if (r.serial && is_me(w, r.nick))
            leave(w, e->param[0], "made to leave:", e->param[1]);
        break;
    case IRC_EVENT_KICK:
        if (is_me(w, e->param[1]))
            leave(w, e->param[0], "kicked:", e->param[2]);
        break;
    case IRC_EVENT_QUIT:
    case IRC_EVENT_NICK:
        if (r.serial)
            irc_wire_nick_free(w, r.nick);
        break;
    case IRC_EVENT_NUMERIC:
        break;
    }
    clear_record(&r);
}

/* ---- lines of the server ------------------------------------------------------------------ */

static void on_pong(struct irc_wire *w, const struct irc_msg *m)
{
    static const char ours[] = "crier-";
    const char *token = m->n_params ? m->param[m->n_params - 1] : "";
    uint64_t number = 0;
    int64_t server_ms;

    if (m->nick || strncmp(token, ours, sizeof ours - 1) != 0)
        return;
    for (token += sizeof ours - 1; *token >= '0' && *token <= '9' && number < 1000000000; token++)
        number = number * 10 + (uint64_t)(*token - '0');
    if (*token || !number || number >= w->next_ping)
        return;
    irc_shown_pong(&w->shown, number, irc_auth_has(&w->auth, IRC_CAP_ECHO));
    server_ms = server_time(m);
    if (server_ms) {
        int64_t skew = server_ms - w->now.wall_ms;
        bool far = skew > SKEW_MS || skew < -SKEW_MS;

        if (far && !w->skew_ms)
            log_warnx("irc", "%s: the server's clock and ours differ by %" PRId64 " ms", w->p->name,
                      skew);
        w->skew_ms = far ? skew : 0;
    }
}

/* Source: IRCv3 batch and chathistory; playback is what bouncers say. */
static void on_batch(struct irc_wire *w, const struct irc_msg *m)
{
    const char *ref = irc_line_param(m, 0), *type = irc_line_param(m, 1);
    struct irc_wire_batch *free_one = NULL;
    size_t i;

    if (m->nick || !ref[0] || !ref[1] || strlen(ref + 1) >= sizeof w->batch[0].ref)
        return;
    for (i = 0; i < IRC_WIRE_BATCHES; i++) {
        if (w->batch[i].ref[0] && !strcmp(w->batch[i].ref, ref + 1)) {
            free_one = &w->batch[i];
            break;
        }
        if (!w->batch[i].ref[0])
            free_one = &w->batch[i];
    }
    if (!free_one)
        return; /* its lines count as history, see irc_wire_in_history() */
    if (ref[0] == '-') {
        if (i < IRC_WIRE_BATCHES)
            free_one->ref[0] = '\0';
    } else if (ref[0] == '+') {
        (void)snprintf(free_one->ref, sizeof free_one->ref, "%s", ref + 1);
        free_one->history = strstr(type, "history") || strstr(type, "playback");
        if (irc_wire_in_history(w, m) && m->tags[0])
            free_one->history = true; /* inside another one */
    }
}

static void on_own_prefix(struct irc_wire *w, const struct irc_msg *m)
{
    set_name(w->user, m->user);
    set_name(w->host, m->host);
}

/* Numerics that say that a line to param[1] was not taken. */
static bool is_refusal(int numeric)
{
    static const int refusals[] = {401, 403, 404, 407, 408, 411, 412, 415, 439, 477,
                                   482, 486, 489, 492, 494, 531, 707, 716, 936, 937};
    size_t i;

    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i] == numeric)
            return true;
    return false;
}

/* @return true when the library need not see it. */
static bool on_numeric_line(struct irc_wire *w, const struct irc_msg *m)
{
    if (m->nick)
        return true;
    switch (m->numeric) {
    case 1:
        if (w->state == IRC_WIRE_REGISTERING && m->prefix && m->n_params) {
            set_name(w->server, m->prefix);
            set_name(w->nick, m->param[0]);
            irc_wire_ready(w);
        }
        return false;
    case 5:
        irc_support_read(&w->support, m);
        return false;
    case 311:
    case 330:
    case 318:
        irc_ident_numeric(&w->ident, &w->support, w->server, m, w->now.boot_ms);
        return true;
    case 396: /* our host is now: nick host :text, seen as user@host too */
        if (is_me(w, irc_line_param(m, 0))) {
            const char *host = irc_line_param(m, 1), *at = strrchr(host, '@');

            set_name(w->host, at ? at + 1 : host);
        }
        return true;
    case 324:
        irc_wire_crowd_modes(w, m);
        return true;
    case 353:
    case 366:
        irc_wire_crowd_names(w, m);
        return true;
    default:
        if (is_refusal(m->numeric))
            irc_shown_refused(&w->shown, &w->support, irc_line_param(m, 1));
        return false;
    }
}

/* Our own line has come back. */
static void on_echo(struct irc_wire *w, const struct irc_msg *m)
{
    on_own_prefix(w, m);
    if (irc_auth_has(&w->auth, IRC_CAP_ECHO) && !strcmp(m->command, "PRIVMSG"))
        irc_shown_echo(&w->shown, &w->support, m->param[0], m->param[1]);
}

/* @return true when the line is done with. */
static bool on_command(struct irc_wire *w, const struct irc_msg *m)
{
    const char *c = m->command;
    char quoted[QUOTE_BYTES];

    if (!strcmp(c, "PING")) {
        /* Here, so that it never waits behind anything. */
        irc_wire_send(w, "PONG :%s", irc_line_param(m, 0));
        return true;
    }
    if (!strcmp(c, "PONG")) {
        on_pong(w, m);
        return true;
    }
    if (!strcmp(c, "ERROR")) {
        if (!m->nick)
            irc_wire_fail(w, "the server says %s",
                          log_quote(quoted, sizeof quoted, irc_line_param(m, 0)));
        return true;
    }
    if (!strcmp(c, "KILL")) {
        if (is_me(w, irc_line_param(m, 0)))
            log_warnx("irc", "%s: killed: %s", w->p->name,
                      log_quote(quoted, sizeof quoted, irc_line_param(m, 1)));
        return true;
    }
    if (!strcmp(c, "BATCH")) {
        on_batch(w, m);
        return true;
    }
    if (!strcmp(c, "MODE"))
        irc_wire_crowd_modes(w, m); /* also by the server itself */
    if (!m->nick)
        return false;
    if (!strcmp(c, "CHGHOST")) {
        if (is_me(w, m->nick) && m->n_params >= 2) {
            set_name(w->user, m->param[0]);
            set_name(w->host, m->param[1]);
        }
        irc_ident_gone(&w->ident, &w->support, m->nick);
        return true;
    }
    if (!strcmp(c, "PRIVMSG") || !strcmp(c, "NOTICE")) {
        if (m->n_params != 2)
            return true;
        if (!is_me(w, m->nick))
            return false;
        on_echo(w, m);
        return true;
    }
    if (!strcmp(c, "NICK") || !strcmp(c, "QUIT")) {
        irc_ident_gone(&w->ident, &w->support, m->nick);
        if (!strcmp(c, "NICK") && is_me(w, m->nick) && m->n_params) {
            set_name(w->nick, m->param[0]);
            log_info("irc", "%s: nick is now %s", w->p->name,
                     log_quote(quoted, sizeof quoted, w->nick));
        }
    } else if (!strcmp(c, "JOIN") && is_me(w, m->nick)) {
        on_own_prefix(w, m);
    }
    irc_wire_crowd_line(w, m);
    return false;
}

void irc_wire_line(struct irc_wire *w, char *line, size_t n)
{
    char clean[IRC_LINE_CLEAN_BYTES + 3], host[32] = "s0";
    struct irc_msg m;
    size_t bytes;

    if (irc_line_parse(line, n, &m)) {
        if (n && !(n == 1 && line[0] == '\r') && !w->malformed++)
            log_warnx("irc", "%s: the server sends malformed lines; they are ignored", w->p->name);
        return;
    }
    if (irc_auth_line(&w->auth, &m, w->now.boot_ms))
        return;
    if (m.numeric)
        irc_wire_introduce(w); /* one that does not know CAP says so (RFC 2812: 421, 451) */
    if (m.numeric ? on_numeric_line(w, &m) : on_command(w, &m))
        return;
    /* Looked at first without a record, so that none is kept for what the library will not see. */
    if (!irc_line_clean(&m, host, w->server[0] ? w->server : "server", clean))
        return;
    if (m.nick) {
        bool said = !strcmp(m.command, "PRIVMSG") || !strcmp(m.command, "NOTICE");
        const struct irc_wire_record *r = keep_record(w, &m, said);

        if (!r)
            return;
        (void)snprintf(host, sizeof host, "s%" PRIu64, r->serial);
    }
    bytes = irc_line_clean(&m, host, w->server[0] ? w->server : "server", clean);
    if (!bytes)
        return;
    if (irc_session_feed(w->session, clean, bytes) || irc_session_pump(w->session))
        irc_wire_fail(w, "the library's session ended");
}
