#include "irc_ident.h"

#include <stdlib.h>
#include <string.h>

#include "now.h"

void irc_ident_init(struct irc_ident *d, const struct irc_ident_port *port)
{
    memset(d, 0, sizeof *d);
    d->port = *port;
}

/* The strings of a held line are its own, though struct heard calls them borrowed. */
static void release(const char *s)
{
    free((void *)(uintptr_t)s);
}

static void line_finish(struct irc_ident_line *l)
{
    release(l->line.place);
    release(l->line.nick);
    release(l->line.userhost);
    release(l->line.text);
    release(l->line.removed);
    free(l->account);
    memset(l, 0, sizeof *l);
}

void irc_ident_finish(struct irc_ident *d)
{
    while (d->n)
        line_finish(&d->held[--d->n]);
}

/* Takes line i out and hands it on. The account is only believed here. */
static void deliver(struct irc_ident *d, size_t i, enum identity identity)
{
    struct irc_ident_line l = d->held[i];

    d->n--;
    memmove(&d->held[i], &d->held[i + 1], (d->n - i) * sizeof d->held[0]);
    l.line.identity = identity;
    l.line.account = identity == IDENTITY_ACCOUNT ? l.account : NULL;
    d->port.deliver(d->port.ctx, &l.line);
    line_finish(&l);
}

static bool same_speaker(const struct irc_support *support, const struct irc_ident_line *l,
                         const char *nick)
{
    return irc_same(support, l->line.nick, nick);
}

/* Is there an older line of the same speaker in front of line i? */
static bool is_first(const struct irc_ident *d, const struct irc_support *support, size_t i)
{
    size_t k;

    for (k = 0; k < i; k++)
        if (same_speaker(support, &d->held[k], d->held[i].line.nick))
            return false;
    return true;
}

/* Delivers what waits for nothing any more and asks for what may be asked now. */
static void advance(struct irc_ident *d, const struct irc_support *support, int64_t boot_ms)
{
    size_t i, asked = 0;

    for (i = 0; i < d->n; i++)
        asked += d->held[i].asked;
    i = 0;
    while (i < d->n) {
        struct irc_ident_line *l = &d->held[i];

        if (!is_first(d, support, i) || l->asked) {
            i++;
        } else if (!l->ask) {
            deliver(d, i, l->line.identity);
        } else if (asked < IRC_IDENT_ASKED) {
            if (!d->port.ask(d->port.ctx, l->line.nick)) {
                deliver(d, i, IDENTITY_UNKNOWN);
                continue;
            }
            l->asked = true;
            l->until_boot_ms = boot_ms + IRC_IDENT_WAIT_MS;
            asked++;
            i++;
        } else {
            i++;
        }
    }
}

static bool copy(const struct heard *line, struct irc_ident_line *ret_line)
{
    memset(ret_line, 0, sizeof *ret_line);
    ret_line->line = *line;
    ret_line->line.account = NULL;
    ret_line->line.place = strdup(line->place);
    ret_line->line.nick = strdup(line->nick);
    ret_line->line.userhost = strdup(line->userhost);
    ret_line->line.text = strdup(line->text);
    ret_line->line.removed = strdup(line->removed ? line->removed : "");
    if (ret_line->line.removed && ret_line->line.place && ret_line->line.nick &&
        ret_line->line.userhost && ret_line->line.text)
        return true;
    line_finish(ret_line);
    return false;
}

void irc_ident_line(struct irc_ident *d, const struct irc_support *support,
                    const struct heard *line, bool ask, int64_t boot_ms)
{
    size_t i, same = 0;
    struct irc_ident_line held;

    for (i = 0; i < d->n; i++)
        same += same_speaker(support, &d->held[i], line->nick);
    if ((!ask && !same) || d->n == IRC_IDENT_HELD || same >= IRC_IDENT_EACH || !copy(line, &held)) {
        d->port.deliver(d->port.ctx, line);
        return;
    }
    held.ask = ask;
    held.until_boot_ms = boot_ms + IRC_IDENT_WAIT_MS;
    d->held[d->n++] = held;
    advance(d, support, boot_ms);
}

/* The answer to a WHOIS that nobody waits for any more must not be taken for the next one's. */
static void expect_late(struct irc_ident *d, const char *nick, int64_t boot_ms)
{
    size_t i, oldest = 0;

    for (i = 1; i < IRC_IDENT_LATE; i++)
        if (d->late[i].until_boot_ms < d->late[oldest].until_boot_ms)
            oldest = i;
    if (strlen(nick) >= sizeof d->late[oldest].nick)
        return;
    memcpy(d->late[oldest].nick, nick, strlen(nick) + 1);
    d->late[oldest].until_boot_ms = boot_ms + IRC_IDENT_LATE_MS;
}

/* @return true when the numeric belongs to an answer that came too late. */
static bool is_late(struct irc_ident *d, const struct irc_support *support, const char *nick,
                    int numeric, int64_t boot_ms)
{
    size_t i;

    for (i = 0; i < IRC_IDENT_LATE; i++) {
        if (!d->late[i].nick[0] || boot_ms >= d->late[i].until_boot_ms ||
            !irc_same(support, d->late[i].nick, nick))
            continue;
        if (numeric == 318)
            memset(&d->late[i], 0, sizeof d->late[i]);
        return true;
    }
    return false;
}

static bool fits_userhost(const struct irc_msg *m, const char *userhost)
{
    const char *user = irc_line_param(m, 2), *host = irc_line_param(m, 3);
    size_t n = strlen(user);

    return !strncmp(userhost, user, n) && userhost[n] == '@' && !strcmp(userhost + n + 1, host);
}

void irc_ident_numeric(struct irc_ident *d, const struct irc_support *support, const char *server,
                       const struct irc_msg *m, int64_t boot_ms)
{
    struct irc_ident_line *l = NULL;
    const char *nick = irc_line_param(m, 1);
    size_t i;

    if (m->nick || !m->prefix || strcmp(m->prefix, server) != 0 ||
        is_late(d, support, nick, m->numeric, boot_ms))
        return;
    for (i = 0; i < d->n && !l; i++)
        if (d->held[i].asked && same_speaker(support, &d->held[i], nick))
            l = &d->held[i];
    if (!l)
        return;
    if (m->numeric == 311) { /* RPL_WHOISUSER: nick user host * :realname */
        l->same_userhost = fits_userhost(m, l->line.userhost);
        if (!l->same_userhost)
            l->spoiled = true;
    } else if (m->numeric == 330) { /* RPL_WHOISACCOUNT: nick account :is logged in as */
        const char *account = irc_line_param(m, 2);

        if (l->account || m->n_params < 4 || !*account) {
            l->spoiled = true; /* twice, or another meaning of 330 */
        } else {
            l->account = strdup(account);
            l->spoiled = l->spoiled || !l->account;
        }
    } else if (m->numeric == 318) { /* RPL_ENDOFWHOIS */
        bool known = l->same_userhost && !l->spoiled;

        deliver(d, (size_t)(l - d->held),
                !known       ? IDENTITY_UNKNOWN
                : l->account ? IDENTITY_ACCOUNT
                             : IDENTITY_NONE);
        advance(d, support, boot_ms);
    }
}

void irc_ident_gone(struct irc_ident *d, const struct irc_support *support, const char *nick)
{
    size_t i;

    for (i = 0; i < d->n; i++)
        if (same_speaker(support, &d->held[i], nick))
            d->held[i].spoiled = true;
}

void irc_ident_lost(struct irc_ident *d)
{
    memset(d->late, 0, sizeof d->late);
    while (d->n)
        deliver(d, 0, d->held[0].ask ? IDENTITY_UNKNOWN : d->held[0].line.identity);
}

void irc_ident_tick(struct irc_ident *d, const struct irc_support *support, int64_t boot_ms)
{
    size_t i = 0;

    while (i < d->n) {
        if (boot_ms < d->held[i].until_boot_ms) {
            i++;
            continue;
        }
        if (d->held[i].asked)
            expect_late(d, d->held[i].line.nick, boot_ms);
        deliver(d, i, d->held[i].ask ? IDENTITY_UNKNOWN : d->held[i].line.identity);
    }
    advance(d, support, boot_ms);
}

int64_t irc_ident_next(const struct irc_ident *d)
{
    int64_t next = NOW_NEVER;
    size_t i;

    for (i = 0; i < d->n; i++)
        if (d->held[i].until_boot_ms < next)
            next = d->held[i].until_boot_ms;
    return next;
}
