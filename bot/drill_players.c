/*
 * drill_players: commands of people, for a drill.
 */
#include "drill_impl.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "command.h"
#include "drill_names.h"
#include "drill_settings.h"
#include "err.h"
#include "hearing.h"

enum {
    REFUSALS_MAX = 4, /* to people without an account, in a minute */
    REFUSALS_MS = 60 * 1000
};

/* ---- commands -------------------------------------------------------------------------------- */

static void address(struct drill *d, const char *nick)
{
    char *copy = strdup(nick);

    if (!copy) {
        d->err = CRIER_ENOMEM;
        return;
    }
    free(d->player);
    d->player = copy;
}

static bool may_refuse_stranger(struct drill *d)
{
    if (d->boot_ms - d->refusals_boot_ms >= REFUSALS_MS) {
        d->refusals_boot_ms = d->boot_ms;
        d->refusals = 0;
    }
    return d->refusals++ < REFUSALS_MAX;
}

/* Everybody who has an account may play: nothing of it is public. */
static bool is_player(struct drill *d, const struct heard *line, const struct command *c)
{
    int r;

    if (hearing_person(d->settings, line) >= 0)
        return true;
    if (hearing_relay(d->settings, line) || line->outside)
        return true; /* the engine says why not */
    if (line->identity == IDENTITY_ACCOUNT && line->account && *line->account) {
        r = drill_settings_guest(d->settings, line->network, line->account, line->nick);
        drill_fail(d, r == CRIER_ENOMEM ? r : 0);
        return !r;
    }
    if (!c || !access_changes(c))
        return true; /* the engine has its measure for them */
    if (may_refuse_stranger(d)) {
        drill_tell(
            d, "%s: refused, you are not logged in to services: /msg NickServ IDENTIFY, then again",
            line->nick);
        drill_teach_once(d, line);
    }
    return false;
}

/* "confirm 1.1": of the real thing, or a slip. Nothing is done. */
static void refuse_plain(struct drill *d, const struct heard *line, const char *number)
{
    size_t n = strspn(number, "0123456789.");

    while (n && number[n - 1] == '.')
        n--;
    drill_tell(
        d,
        "%s: %.*s is none of this drill's; its numbers begin with D, such as D%.*s: nothing done",
        line->nick, n > 20 ? 20 : (int)n, number, n > 20 ? 20 : (int)n, number);
    drill_teach_once(d, line);
}

/* @param text the command as the engine takes it. @param wrong it is none. */
static void carry_out(struct drill *d, const struct heard *line, const char *text, bool wrong)
{
    struct heard mine = *line;
    struct input in = {.kind = INPUT_COMMAND, .command = &mine};

    mine.text = text;
    drill_input(d, &in);
    if (wrong)
        drill_teach_once(d, line);
}

/* @param plain where a number without D is, or NULL. */
static void obey(struct drill *d, const struct heard *line, const char *text, const char *plain)
{
    char why[COMMAND_WHY_BYTES];
    struct command c;
    int r = command_parse(drill_prefix(d), text, &c, why, sizeof why);

    if (r == CRIER_ENOENT || !is_player(d, line, r ? NULL : &c))
        return;
    if (hearing_person(d->settings, line) >= 0) {
        d->heard_boot_ms = d->boot_ms;
        address(d, line->nick);
    }
    if (plain)
        refuse_plain(d, line, plain);
    else if (!r && c.verb == COMMAND_REPORT)
        drill_tell(d, "%s: a drill leaves no report; `%s timeline D%lld` tells what happened",
                   line->nick, drill_prefix(d), (long long)(c.incident - DRILL_BASE));
    else if (!r && c.verb == COMMAND_HELP && !*c.text)
        drill_teach(d);
    else
        carry_out(d, line, text, r != 0);
}

int drill_hear(struct drill *d, const struct heard *line, int64_t boot_ms)
{
    const char *plain = NULL;
    struct buf b;
    bool named;

    d->boot_ms = boot_ms;
    if (d->over || d->err)
        return d->err;
    buf_init(&b, DRILL_SAY_BYTES);
    named = drill_names_read(&b, drill_prefix(d), line->text, &plain);
    if (buf_error(&b) == CRIER_ENOMEM)
        drill_fail(d, CRIER_ENOMEM);
    else if (!buf_error(&b))
        obey(d, line, named ? buf_str(&b) : line->text, plain);
    buf_finish(&b);
    if (!d->err)
        drill_fail(d, courier_commit(&d->courier));
    return d->err;
}
