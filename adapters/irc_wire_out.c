#include "irc_wire_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "err.h"
#include "log.h"
#include "utf8.h"

enum {
    PRICE_PING = 250,
    PRICE_SMALL = 500,   /* WHOIS, PART */
    LOOKUPS_MAX = 2,     /* WHOIS in a row while something else waits */
    ECHO_PING_MS = 5000, /* a PING behind a line whose echo has not come by then */
    DROPS_MS = 5000,     /* how long dropped lines are counted before they are told */
    TOKEN_LINES = 4,     /* of a text that must be shown whole */
    PLAIN_LINES = 2,
    UNKNOWN_HOST = 63, /* longest host (RFC 1123 label, and what servers keep) */
    UNKNOWN_USER = 12
};

static const char ellipsis[] = "\xe2\x80\xa6";

/* ---- lines of the wire's own -------------------------------------------------------------- */

static void send_bytes(struct irc_wire *w, const char *line, size_t n)
{
    int r = irc_link_send(w->link, line, n);

    if (r == CRIER_ELIMIT)
        irc_wire_fail(w, "the server takes nothing any more");
    else if (r == CRIER_EINVAL)
        log_errorx("irc", "%s: refused to send a malformed line", w->p->name);
    /* CRIER_ESTATE: it is dead, and the dispatch will see that. */
}

void irc_wire_send(struct irc_wire *w, const char *fmt, ...)
{
    char line[IRC_LINE_BODY_BYTES + 1];
    va_list ap;
    int n;

    if (!w->link)
        return;
    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0)
        send_bytes(w, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    explicit_bzero(line, sizeof line);
}

void irc_wire_ping(struct irc_wire *w)
{
    irc_wire_send(w, "PING :crier-%llu", (unsigned long long)w->next_ping);
    w->next_ping++;
    w->pinged_boot_ms = w->now.boot_ms;
    if (w->asked_boot_ms <= w->heard_boot_ms)
        w->asked_boot_ms = w->now.boot_ms;
    irc_bucket_pay(&w->bucket, PRICE_PING);
}

/* ---- what the library sends --------------------------------------------------------------- */

static void part_sent(struct irc_wire *w)
{
    const char *text = w->expected + w->expected_text;
    bool by_echo = irc_auth_has(&w->auth, IRC_CAP_ECHO);

    w->expecting = false;
    if (w->shown_id && irc_shown_part(&w->shown, w->shown_id, text, w->next_ping, w->part_last))
        w->shown_id = 0; /* it has failed, and that has been told */
    if (!w->part_last)
        return;
    if (w->text_cut)
        irc_shown_fail(&w->shown, w->shown_id);
    if (w->text.token && !by_echo)
        irc_wire_ping(w);
    else if (w->timer[TIMER_PING] > w->now.boot_ms + ECHO_PING_MS)
        w->timer[TIMER_PING] = w->now.boot_ms + ECHO_PING_MS;
    irc_queued_finish(&w->text);
    w->saying = false;
}

static bool begins(const char *line, size_t n, const char *with)
{
    size_t k = strlen(with);

    return n >= k && !memcmp(line, with, k);
}

/* Cut where a character ends, so that even an over-long realname stays one line. */
static void send_user(struct irc_wire *w)
{
    const char *user = w->p->user && *w->p->user ? w->p->user : "crier";
    const char *real = w->p->realname && *w->p->realname ? w->p->realname : "crier";

    irc_wire_send(w, "USER %.*s 0 * :%.*s", (int)utf8_cut(user, 32), user, (int)utf8_cut(real, 200),
                  real);
}

void irc_wire_introduce(struct irc_wire *w)
{
    if (!w->nameless)
        return;
    w->nameless = false;
    w->timer[TIMER_NAMELESS] = NOW_NEVER;
    irc_wire_send(w, "NICK %s", irc_line_is_nick(w->p->nick) ? w->p->nick : "crier");
    send_user(w);
}

void irc_wire_library_line(void *ctx, const char *line, size_t n)
{
    struct irc_wire *w = ctx;

    if (w->nameless)
        return; /* NICK and USER, which come later: irc_wire_introduce() */
    if (begins(line, n, "PRIVMSG ")) {
        if (w->expecting && n == strlen(w->expected) && !memcmp(line, w->expected, n)) {
            CRASH_POINT("say.send");
            send_bytes(w, line, n);
            CRASH_POINT("say.sent");
            part_sent(w);
            return;
        }
        log_errorx("irc", "%s: the library wanted to say something else than it was told",
                   w->p->name);
        irc_wire_fail(w, "the library went astray");
        return;
    }
    /* The library has no say in who we are. */
    if (begins(line, n, "USER "))
        send_user(w);
    else if (begins(line, n, "NICK ") || begins(line, n, "JOIN ") || begins(line, n, "PART ") ||
             begins(line, n, "WHOIS ") || begins(line, n, "QUIT"))
        send_bytes(w, line, n);
}

static void count_drop(struct irc_wire *w, const char *target)
{
    size_t i;

    if (w->timer[TIMER_DROPS] == NOW_NEVER)
        w->timer[TIMER_DROPS] = w->now.boot_ms + DROPS_MS;
    for (i = 0; i < w->n_drops; i++) {
        if (irc_same(&w->support, w->drop[i].target, target)) {
            w->drop[i].count++;
            return;
        }
    }
    if (w->n_drops < IRC_WIRE_DROPS)
        w->drop[w->n_drops].target = strdup(target);
    if (w->n_drops < IRC_WIRE_DROPS && w->drop[w->n_drops].target)
        w->drop[w->n_drops++].count = 1;
    else
        log_warnx("irc", "%s: a line was dropped, and its place with it", w->p->name);
}

/* ---- the queue ---------------------------------------------------------------------------- */

static bool may_go(void *ctx, const struct irc_queued *line)
{
    struct irc_wire *w = ctx;
    const struct irc_room *room;

    if (w->state != IRC_WIRE_READY)
        return false;
    if (line->priority == IRC_QUEUE_PRIORITY_OWN ||
        !irc_support_is_channel(&w->support, line->target))
        return true;
    room = irc_rooms_find(&w->rooms, &w->support, line->target);
    return room && room->state == IRC_ROOM_IN;
}

static bool is_lookup(const struct irc_queued *line)
{
    return line->priority == IRC_QUEUE_PRIORITY_OWN && line->kind == (int)IRC_COMMAND_WHOIS;
}

static bool may_go_but_lookups(void *ctx, const struct irc_queued *line)
{
    return !is_lookup(line) && may_go(ctx, line);
}

/* A WHOIS overtakes what is said, since a command waits for it; but anybody can cause one, and
 * whoever goes on doing so must not silence us. */
static bool take_next(struct irc_wire *w, struct irc_queued *ret_line)
{
    if (w->lookups < LOOKUPS_MAX || !irc_queue_take(w->queue, may_go_but_lookups, w, ret_line))
        if (!irc_queue_take(w->queue, may_go, w, ret_line))
            return false;
    w->lookups = is_lookup(ret_line) ? w->lookups + (w->lookups < LOOKUPS_MAX) : 0;
    return true;
}

bool irc_wire_own(struct irc_wire *w, enum irc_command command, const char *target,
                  const char *text)
{
    struct irc_queued line = {.priority = IRC_QUEUE_PRIORITY_OWN, .kind = (int)command};
    char target_copy[IRC_LINE_BODY_BYTES], text_copy[IRC_LINE_BODY_BYTES];

    if (strlen(target) >= sizeof target_copy || strlen(text) >= sizeof text_copy)
        return false;
    memcpy(target_copy, target, strlen(target) + 1);
    memcpy(text_copy, text, strlen(text) + 1);
    line.target = target_copy;
    line.text = text_copy;
    line.queued_boot_ms = w->now.boot_ms;
    return irc_queue_add(w->queue, &line) == 0;
}

static void begin_text(struct irc_wire *w, const struct irc_queued *line)
{
    w->text = *line;
    w->saying = true;
    w->text_used = w->text_lines = 0;
    w->text_cut = false;
    if (irc_shown_begin(&w->shown, line->target, line->token, &w->shown_id)) {
        w->shown_id = 0;
        irc_wire_told(w, line->token, false);
    }
}

static void give_up_text(struct irc_wire *w)
{
    irc_shown_fail(&w->shown, w->shown_id);
    irc_queued_finish(&w->text);
    w->saying = false;
}

/* Hands the next part to the library. @return false: it takes nothing just now. */
static bool next_part(struct irc_wire *w)
{
    char host[UNKNOWN_HOST + 1], user[UNKNOWN_USER + 1];
    const char *rest = w->text.text + w->text_used;
    size_t most = w->text.token ? TOKEN_LINES : PLAIN_LINES, room, next = 0, n;
    int used, r;

    memset(host, 'h', UNKNOWN_HOST);
    host[UNKNOWN_HOST] = '\0';
    memset(user, 'u', UNKNOWN_USER);
    user[UNKNOWN_USER] = '\0';
    room = irc_line_room(w->nick, w->user[0] ? w->user : user, w->host[0] ? w->host : host,
                         "PRIVMSG", w->text.target);
    n = irc_line_cut(rest, room, &next);
    w->part_last = !rest[next];
    w->text_lines++;
    used = snprintf(w->expected, sizeof w->expected, "PRIVMSG %s :", w->text.target);
    if (used < 0 || (size_t)used + n >= sizeof w->expected) {
        give_up_text(w);
        return true;
    }
    w->expected_text = (size_t)used;
    if (!w->part_last && w->text_lines == most) {
        w->part_last = w->text_cut = true;
        n = utf8_cut(rest, room - strlen(ellipsis));
        (void)snprintf(w->expected + used, sizeof w->expected - (size_t)used, "%.*s%s", (int)n,
                       rest, ellipsis);
    } else {
        (void)snprintf(w->expected + used, sizeof w->expected - (size_t)used, "%.*s", (int)n, rest);
    }
    r = irc_session_command(w->session, IRC_COMMAND_SAY, w->text.target,
                            w->expected + w->expected_text);
    if (r == CRIER_EAGAIN) {
        w->text_lines--;
        return false;
    }
    if (r) {
        give_up_text(w);
        return true;
    }
    w->expecting = true;
    w->text_used += next;
    irc_bucket_pay(&w->bucket, IRC_BUCKET_LINE);
    return true;
}

static bool do_own(struct irc_wire *w, struct irc_queued *line)
{
    enum irc_command command = (enum irc_command)line->kind;
    int r;

    if (command == IRC_COMMAND_SAY) { /* to NickServ */
        begin_text(w, line);
        return next_part(w);
    }
    r = irc_session_command(w->session, command, line->target, line->text);
    if (r)
        log_warnx("irc", "%s: a command to the server was dropped (%s)", w->p->name,
                  crier_strerror(r));
    irc_bucket_pay(&w->bucket, command == IRC_COMMAND_WHOIS || command == IRC_COMMAND_PART
                                   ? PRICE_SMALL
                                   : IRC_BUCKET_LINE);
    irc_queued_finish(line);
    return true;
}

void irc_wire_serve_queue(struct irc_wire *w)
{
    bool moved = true;

    irc_queue_expire(w->queue, w->now.boot_ms);
    while (moved && w->state == IRC_WIRE_READY && !w->failed && !w->expecting &&
           irc_bucket_may(&w->bucket, w->now.boot_ms)) {
        if (w->saying) {
            moved = next_part(w);
        } else {
            struct irc_queued line;

            if (!take_next(w, &line))
                break;
            if (line.priority == IRC_QUEUE_PRIORITY_OWN) {
                moved = do_own(w, &line);
            } else {
                begin_text(w, &line);
                moved = next_part(w);
            }
        }
        /* One line at a time: the library's buffer is small, and the order must be known. */
        if (irc_session_pump(w->session))
            irc_wire_fail(w, "the library's session ended");
    }
}

bool irc_wire_queue_idle(const struct irc_wire *w)
{
    struct irc_wire *asker = (struct irc_wire *)(uintptr_t)w; /* may_go() changes nothing */

    return !w->saying && !w->expecting && !irc_queue_has(w->queue, may_go, asker);
}

int64_t irc_wire_queue_next(const struct irc_wire *w)
{
    int64_t next = irc_queue_expires(w->queue);

    if (w->state == IRC_WIRE_READY && !w->expecting && !irc_wire_queue_idle(w)) {
        int64_t when = irc_bucket_when(&w->bucket, w->now.boot_ms);

        if (when < next)
            next = when;
    }
    return next;
}

static bool is_own(void *ctx, const struct irc_queued *line)
{
    (void)ctx;
    return line->priority == IRC_QUEUE_PRIORITY_OWN;
}

static bool any(void *ctx, const struct irc_queued *line)
{
    (void)ctx;
    (void)line;
    return true;
}

void irc_wire_stop_saying(struct irc_wire *w)
{
    w->expecting = false;
    if (w->saying) {
        if (w->text.priority != IRC_QUEUE_PRIORITY_OWN)
            count_drop(w, w->text.target);
        give_up_text(w);
    }
    irc_queue_purge(w->queue, w->state == IRC_WIRE_CLOSED ? any : is_own, NULL);
}

/* ---- say ---------------------------------------------------------------------------------- */

static bool is_target_nick(const struct irc_wire *w, const char *nick)
{
    return *nick && strlen(nick) < 64 && !strpbrk(nick, " ,:!@*?$%\r\n\t") &&
           !strchr(w->support.chantypes, *nick) && utf8_is_valid(nick);
}

static void unshown_later(struct irc_wire *w, uint64_t token)
{
    if (!token)
        return;
    if (w->n_unshown < IRC_WIRE_UNSHOWN)
        w->unshown[w->n_unshown++] = token;
    else
        log_warnx("irc", "%s: too many lines were dropped at once", w->p->name);
}

/* May come from inside say(): nothing is told before the next dispatch. */
void irc_wire_dropped(void *ctx, const struct irc_queued *line, enum irc_queue_end why)
{
    struct irc_wire *w = ctx;

    if (why == IRC_QUEUE_REPLACED || line->priority == IRC_QUEUE_PRIORITY_OWN)
        return;
    unshown_later(w, line->token);
    count_drop(w, line->target);
}

int irc_wire_say(struct irc_wire *w, const char *target, const struct say *say)
{
    struct irc_queued line = {.priority = (int)say->priority, .kind = (int)IRC_COMMAND_SAY};
    size_t n = strlen(say->text);
    char *clean = NULL, *name = NULL;
    int r = CRIER_ENOMEM;

    if (irc_support_is_channel(&w->support, target)) {
        const struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, target);

        if (!room)
            return CRIER_ENOENT;
        if (!(room->roles & (CHANNEL_TALK | CHANNEL_PRACTICE)))
            return CRIER_EACCESS;
        target = room->name;
    } else if (!is_target_nick(w, target)) {
        return CRIER_ENOENT;
    }
    if (w->quit_asked || w->state == IRC_WIRE_CLOSED)
        return CRIER_ENOENT;
    name = strdup(target);
    clean = malloc(n + 1);
    if (!name || !clean)
        goto out;
    r = CRIER_EINVAL;
    if (!utf8_clean(say->text, n, clean))
        goto out;
    line.target = name;
    line.text = clean;
    line.token = say->token;
    line.replaces = say->replaces;
    line.queued_boot_ms = IRC_QUEUE_UNSTAMPED;
    r = irc_queue_add(w->queue, &line);
    if (r == CRIER_ELIMIT)
        count_drop(w, target);
out:
    free(name);
    free(clean);
    return r;
}

/* ---- telling ------------------------------------------------------------------------------ */

void irc_wire_told(void *ctx, uint64_t token, bool shown)
{
    struct irc_wire *w = ctx;

    if (token)
        irc_wire_event(w, shown ? CHAT_SHOWN : CHAT_UNSHOWN, NULL, "", token, 0);
}

void irc_wire_report(struct irc_wire *w)
{
    size_t n = w->n_unshown, i;

    while (w->n_gone) {
        char *gone = w->gone[--w->n_gone];

        irc_wire_event(w, CHAT_LEFT, gone, "not configured any more", 0, 0);
        free(gone);
    }
    /* Only what was there at the beginning: a listener may cause more. */
    for (i = 0; i < n; i++)
        irc_wire_event(w, CHAT_UNSHOWN, NULL, "", w->unshown[i], 0);
    memmove(w->unshown, w->unshown + n, (w->n_unshown - n) * sizeof w->unshown[0]);
    w->n_unshown -= n;
    if (w->now.boot_ms < w->timer[TIMER_DROPS])
        return;
    w->timer[TIMER_DROPS] = NOW_NEVER;
    if (irc_queue_length(w->queue) > IRC_QUEUE_LINES / 2) {
        w->timer[TIMER_DROPS] = w->now.boot_ms + DROPS_MS;
        return;
    }
    n = w->n_drops;
    for (i = 0; i < n; i++) {
        log_warnx("irc", "%s: %lld lines to %s were dropped", w->p->name,
                  (long long)w->drop[i].count, w->drop[i].target);
        irc_wire_event(w, CHAT_DROPPED, w->drop[i].target, "", 0, w->drop[i].count);
        free(w->drop[i].target);
    }
    memmove(&w->drop[0], &w->drop[n], (w->n_drops - n) * sizeof w->drop[0]);
    w->n_drops -= n;
}
