#include "irc_crowd.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "irc_members.h"

enum { HERE = 1, LISTED = 2, NICK_BYTES = 128 };

void irc_crowd_forget(struct irc_crowd *c)
{
    free(c->mark);
    c->mark = NULL;
    c->n = 0;
}

int irc_crowd_find(const struct string_list *nicks, const struct irc_support *support,
                   const char *nick)
{
    size_t i;

    for (i = 0; i < nicks->n; i++)
        if (irc_same(support, nicks->item[i], nick))
            return (int)i;
    return -1;
}

/* Marks for another list than this one say nothing. */
static int fit(struct irc_crowd *c, const struct string_list *nicks)
{
    if (c->mark && c->n == nicks->n)
        return 0;
    irc_crowd_forget(c);
    c->mark = calloc(nicks->n ? nicks->n : 1, 1);
    if (!c->mark)
        return CRIER_ENOMEM;
    c->n = nicks->n;
    return 0;
}

static void set(struct irc_crowd *c, const struct string_list *nicks, size_t i, bool here,
                const struct irc_crowd_sink *sink)
{
    bool was = c->mark[i] & HERE;

    if (here)
        c->mark[i] |= HERE;
    else
        c->mark[i] &= (unsigned char)~HERE;
    if (was != here)
        sink->changed(sink->ctx, nicks->item[i], here);
}

int irc_crowd_move(struct irc_crowd *c, const struct string_list *nicks,
                   const struct irc_support *support, const char *nick, bool here,
                   const struct irc_crowd_sink *sink)
{
    int i = irc_crowd_find(nicks, support, nick);

    if (i < 0)
        return 0;
    if (fit(c, nicks))
        return CRIER_ENOMEM;
    set(c, nicks, (size_t)i, here, sink);
    return 0;
}

int irc_crowd_names(struct irc_crowd *c, const struct string_list *nicks,
                    const struct irc_support *support, const char *names,
                    const struct irc_crowd_sink *sink)
{
    char nick[NICK_BYTES];
    const char *from;
    size_t n;
    int i;

    if (fit(c, nicks))
        return CRIER_ENOMEM;
    while (irc_names_next(&names, &from, &n)) {
        if (n >= sizeof nick)
            continue;
        memcpy(nick, from, n);
        nick[n] = '\0';
        i = irc_crowd_find(nicks, support, nick);
        if (i >= 0) {
            c->mark[i] |= LISTED;
            set(c, nicks, (size_t)i, true, sink);
        }
    }
    return 0;
}

void irc_crowd_names_end(struct irc_crowd *c, const struct string_list *nicks,
                         const struct irc_crowd_sink *sink)
{
    size_t i;

    if (!c->mark || c->n != nicks->n)
        return;
    for (i = 0; i < c->n; i++) {
        if (!(c->mark[i] & LISTED))
            set(c, nicks, i, false, sink);
        c->mark[i] &= (unsigned char)~LISTED;
    }
}

bool irc_crowd_has(const struct irc_crowd *c, const struct string_list *nicks,
                   const struct irc_support *support, const char *nick)
{
    int i = irc_crowd_find(nicks, support, nick);

    return i >= 0 && c->mark && (size_t)i < c->n && (c->mark[i] & HERE);
}

/* ---- the list
 * -----------------------------------------------------------------------------------------------
 */

static int add(struct string_list *list, const char *nick)
{
    char *copy;
    size_t i;

    for (i = 0; i < list->n; i++)
        if (list->item[i] && !strcmp(list->item[i], nick))
            return 0;
    copy = strdup(nick);
    if (!copy)
        return CRIER_ENOMEM;
    list->item[list->n++] = copy;
    return 0;
}

int irc_crowd_list(const struct settings *s, struct string_list *ret)
{
    size_t i, j, most = s->n_people;
    int r = CRIER_ENOMEM;

    for (i = 0; i < s->n_sources; i++)
        most += s->source[i].accounts.n + 1;
    memset(ret, 0, sizeof *ret);
    ret->item = calloc(most ? most : 1, sizeof *ret->item);
    if (!ret->item)
        return CRIER_ENOMEM;
    for (i = 0; i < s->n_people; i++) {
        const char *nick = s->person[i].nick ? s->person[i].nick : s->person[i].name;

        if (nick && add(ret, nick))
            goto out;
    }
    for (i = 0; i < s->n_sources; i++) {
        if (s->source[i].nick && add(ret, s->source[i].nick))
            goto out;
        for (j = 0; j < s->source[i].accounts.n; j++) {
            const char *slash = strchr(s->source[i].accounts.item[j], '/');

            if (slash && add(ret, slash + 1))
                goto out;
        }
    }
    r = 0;
out:
    if (r)
        irc_crowd_list_finish(ret);
    return r;
}

void irc_crowd_list_finish(struct string_list *list)
{
    size_t i;

    for (i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    memset(list, 0, sizeof *list);
}
