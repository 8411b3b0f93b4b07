#include "irc_shown.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

void irc_shown_init(struct irc_shown *s, irc_shown_told *told, void *ctx)
{
    memset(s, 0, sizeof *s);
    s->told = told;
    s->ctx = ctx;
    s->next_id = 1;
}

static void clear(struct irc_shown_text *t)
{
    size_t i;

    free(t->target);
    for (i = 0; i < t->n; i++)
        free(t->part[i].text);
    memset(t, 0, sizeof *t);
}

void irc_shown_finish(struct irc_shown *s)
{
    size_t i;

    for (i = 0; i < IRC_SHOWN_TEXTS; i++)
        clear(&s->text[i]);
}

static void end(struct irc_shown *s, struct irc_shown_text *t, bool shown)
{
    uint64_t token = t->token;

    clear(t);
    if (token)
        s->told(s->ctx, token, shown);
}

static struct irc_shown_text *find(struct irc_shown *s, uint64_t id)
{
    size_t i;

    for (i = 0; i < IRC_SHOWN_TEXTS; i++)
        if (id && s->text[i].id == id)
            return &s->text[i];
    return NULL;
}

/* The oldest text that is younger than `after`, or NULL: walks them in the order of sending. */
static struct irc_shown_text *next_text(struct irc_shown *s, uint64_t after)
{
    struct irc_shown_text *found = NULL;
    size_t i;

    for (i = 0; i < IRC_SHOWN_TEXTS; i++)
        if (s->text[i].id > after && (!found || s->text[i].id < found->id))
            found = &s->text[i];
    return found;
}

int irc_shown_begin(struct irc_shown *s, const char *target, uint64_t token, uint64_t *ret_id)
{
    struct irc_shown_text *t = NULL;
    char *copy = strdup(target);
    size_t i;

    if (!copy)
        return CRIER_ENOMEM;
    for (i = 0; i < IRC_SHOWN_TEXTS && !t; i++)
        if (!s->text[i].id)
            t = &s->text[i];
    if (!t) {
        t = next_text(s, 0);
        end(s, t, false);
    }
    t->id = s->next_id++;
    t->token = token;
    t->target = copy;
    *ret_id = t->id;
    return 0;
}

int irc_shown_part(struct irc_shown *s, uint64_t id, const char *text, uint64_t ping, bool last)
{
    struct irc_shown_text *t = find(s, id);
    char *copy;

    if (!t)
        return CRIER_ENOENT;
    copy = strdup(text);
    if (!copy || t->n == IRC_SHOWN_PARTS) {
        free(copy);
        end(s, t, false);
        return CRIER_ENOMEM;
    }
    t->part[t->n].text = copy;
    t->part[t->n].ping = ping;
    t->n++;
    t->complete = last;
    return 0;
}

void irc_shown_fail(struct irc_shown *s, uint64_t id)
{
    struct irc_shown_text *t = find(s, id);

    if (t)
        end(s, t, false);
}

static void part_shown(struct irc_shown *s, struct irc_shown_text *t, size_t i)
{
    free(t->part[i].text);
    t->part[i].text = NULL;
    t->n_shown++;
    if (t->complete && t->n_shown == t->n)
        end(s, t, true);
}

void irc_shown_echo(struct irc_shown *s, const struct irc_support *support, const char *target,
                    const char *text)
{
    struct irc_shown_text *t = NULL;
    uint64_t id = 0;
    size_t i;

    while ((t = next_text(s, id))) {
        id = t->id;
        if (!irc_same(support, t->target, target))
            continue;
        for (i = 0; i < t->n; i++) {
            if (t->part[i].text && !strcmp(t->part[i].text, text)) {
                part_shown(s, t, i);
                return;
            }
        }
    }
}

void irc_shown_pong(struct irc_shown *s, uint64_t ping, bool by_echo)
{
    struct irc_shown_text *t = NULL;
    uint64_t id = 0;

    while ((t = next_text(s, id))) {
        size_t i;

        id = t->id;
        for (i = 0; i < t->n; i++) {
            if (!t->part[i].text || t->part[i].ping > ping)
                continue;
            if (by_echo) {
                end(s, t, false);
                break;
            }
            part_shown(s, t, i);
            if (t->id != id)
                break; /* that was the last part: it is gone */
        }
    }
}

void irc_shown_refused(struct irc_shown *s, const struct irc_support *support, const char *target)
{
    struct irc_shown_text *t = NULL;
    uint64_t id = 0;

    while ((t = next_text(s, id))) {
        id = t->id;
        if (t->n > t->n_shown && irc_same(support, t->target, target)) {
            end(s, t, false);
            return;
        }
    }
}

void irc_shown_lost(struct irc_shown *s)
{
    struct irc_shown_text *t;

    while ((t = next_text(s, 0)))
        end(s, t, false);
}

uint64_t irc_shown_awaits(const struct irc_shown *s)
{
    uint64_t ping = 0;
    size_t i, k;

    for (i = 0; i < IRC_SHOWN_TEXTS; i++)
        for (k = 0; s->text[i].id && k < s->text[i].n; k++)
            if (s->text[i].part[k].text && s->text[i].part[k].ping > ping)
                ping = s->text[i].part[k].ping;
    return ping;
}
