#include "insist.h"

#include <stdlib.h>
#include <string.h>

#include "chat.h"

/* A question, or how often it can be answered still: once. */
struct insist {
    char *person;
    char *text;
    int64_t incident;
    enum insist_part part;
    int64_t boot_ms;
    struct insist *next; /* newest first */
};

static void insist_destroy(struct insist *q)
{
    if (!q)
        return;
    free(q->person);
    free(q->text);
    free(q);
}

void insist_finish(struct model *m)
{
    while (m->insists) {
        struct insist *q = m->insists;

        m->insists = q->next;
        insist_destroy(q);
    }
}

/* What is too old, and the oldest beyond the most. */
static void forget_old(struct model *m)
{
    struct insist **link = &m->insists;
    size_t n = 0;

    while (*link) {
        struct insist *q = *link;

        if (m->now.boot_ms - q->boot_ms < INSIST_MS && n < INSIST_MAX - 1) {
            link = &q->next;
            n++;
            continue;
        }
        *link = q->next;
        insist_destroy(q);
    }
}

/* Takes the question out that this answers. @return false when there was none. */
static bool take(struct model *m, const struct asker *by, int64_t incident, enum insist_part part,
                 const char *text)
{
    struct insist **link = &m->insists;

    for (; *link; link = &(*link)->next) {
        struct insist *q = *link;

        if (q->incident != incident || q->part != part || strcmp(q->person, by->person) != 0 ||
            strcmp(q->text, text) != 0)
            continue;
        *link = q->next;
        insist_destroy(q);
        return true;
    }
    return false;
}

static void ask(struct model *m, const struct asker *by, int64_t incident, enum insist_part part,
                const char *text)
{
    struct insist *q = calloc(1, sizeof *q);

    if (q) {
        q->person = strdup(by->person);
        q->text = strdup(text);
    }
    if (!q || !q->person || !q->text) {
        insist_destroy(q);
        model_fail(m);
        return;
    }
    q->incident = incident;
    q->part = part;
    q->boot_ms = m->now.boot_ms;
    q->next = m->insists;
    m->insists = q;
}

bool insist_allows(struct model *m, const struct asker *by, int64_t incident, enum insist_part part,
                   const char *text, char *ret_found, size_t found_size)
{
    enum wording_verdict verdict;

    ret_found[0] = '\0';
    if (part == INSIST_NOTHING)
        return true;
    verdict = wording_examine(m->settings, text, ret_found, found_size);
    if (verdict == WORDING_FIT)
        return true;
    forget_old(m);
    if (take(m, by, incident, part, text))
        return true;
    ask(m, by, incident, part, text);
    chat_say(m, by->place, SAY_ANSWER,
             "%s: %s. Please reword, or say the same again within 5 min%s", by->nick, ret_found,
             verdict == WORDING_SECRET ? ": two people have to confirm it then"
                                       : " if all may read it");
    return false;
}

void insist_record(struct model *m, const struct asker *by, const struct revision *rev,
                   const char *found)
{
    if (!found[0])
        return;
    model_timeline_of(m, rev->r.incident, m->now.wall_ms, "insisted", by->person, found,
                      rev->r.number, "");
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_INSIST,
                                      .person = by->person,
                                      .place = by->place,
                                      .incident = rev->r.incident,
                                      .rev = rev},
                "%lld.%lld: %s insists: %s", (long long)rev->r.incident, (long long)rev->r.number,
                by->person, found);
}
