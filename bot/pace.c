#include "pace.h"

#include <stdlib.h>
#include <string.h>

/*
 * As in budget.c a bucket is the one time at which it will have run empty. One more command has
 * room as long as that is not more than a minute away.
 */
static bool fill(const struct model *m, int64_t *busy_boot_ms, bool *told, int64_t per_minute)
{
    int64_t step = PACE_SPAN_MS / per_minute, now = m->now.boot_ms;
    int64_t from = *busy_boot_ms > now ? *busy_boot_ms : now;

    if (from - now <= PACE_SPAN_MS / 2)
        *told = false;
    if (from + step - now > PACE_SPAN_MS)
        return false;
    *busy_boot_ms = from + step;
    return true;
}

static bool tell_once(bool *told)
{
    bool first = !*told;

    *told = true;
    return first;
}

static struct speaker *find(const struct model *m, const char *person)
{
    struct speaker *s;

    for (s = m->speakers; s; s = s->next)
        if (!strcmp(s->person, person))
            return s;
    return NULL;
}

/* @return NULL when memory is out. */
static struct speaker *find_or_make(struct model *m, const char *person)
{
    struct speaker *s = find(m, person);

    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s || !(s->person = strdup(person))) {
        free(s);
        model_fail(m);
        return NULL;
    }
    s->answer_boot_ms = m->now.boot_ms - PACE_ANSWER_MS;
    s->next = m->speakers;
    m->speakers = s;
    return s;
}

struct pace pace_take(struct model *m, const char *person, const char *place, bool reads)
{
    const struct chat_settings *chat = &m->settings->chat;
    struct speaker *s = find_or_make(m, person);
    struct place *p = place ? model_place(m, place) : NULL;
    struct pace pace = {PACE_FREE, false};

    if (s && !fill(m, &s->busy_boot_ms, &s->told, chat->commands_per_minute)) {
        pace.kind = PACE_PERSON;
        pace.tell = tell_once(&s->told);
    } else if (p && !fill(m, &p->busy_boot_ms, &p->busy_told, chat->channel_commands_per_minute) &&
               reads) {
        pace.kind = PACE_CHANNEL;
        pace.tell = tell_once(&p->busy_told);
    }
    return pace;
}

bool pace_may_answer(struct model *m, const char *person)
{
    struct speaker *s = find(m, person);

    if (!s || m->now.boot_ms - s->answer_boot_ms < PACE_ANSWER_MS)
        return false;
    s->answer_boot_ms = m->now.boot_ms;
    return true;
}

void pace_purge(struct model *m)
{
    struct speaker **link = &m->speakers, *s;

    while ((s = *link) != NULL) {
        if (s->busy_boot_ms > m->now.boot_ms ||
            m->now.boot_ms - s->answer_boot_ms < PACE_ANSWER_MS) {
            link = &s->next;
            continue;
        }
        *link = s->next;
        free(s->person);
        free(s);
    }
}
