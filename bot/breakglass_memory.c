/*
 * breakglass_memory: codes on their way, and which were used.
 */
#include <stdlib.h>
#include <string.h>

#include "breakglass_impl.h"
#include "err.h"
#include "used_steps.h"

struct breakglass *breakglass_of(struct model *m)
{
    if (!m->glass)
        m->glass = calloc(1, sizeof *m->glass);
    if (!m->glass)
        model_fail(m);
    return m->glass;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void breakglass_attempt_destroy(struct attempt *a)
{
    if (!a)
        return;
    proof_request_finish(&a->req);
    free(a->network);
    free(a->place);
    free(a->nick);
    free(a->userhost);
    free(a->person);
    free(a);
}

void breakglass_attempt_link(struct breakglass *g, struct attempt *a)
{
    a->next = NULL;
    if (g->last)
        g->last->next = a;
    else
        g->attempts = a;
    g->last = a;
    g->n_waiting++;
}

void breakglass_attempt_unlink(struct breakglass *g, struct attempt *a)
{
    struct attempt **link = &g->attempts, *before = NULL;

    while (*link && *link != a) {
        before = *link;
        link = &before->next;
    }
    if (!*link)
        return;
    *link = a->next;
    if (g->last == a)
        g->last = before;
    if (a->asked)
        g->n_asked--;
    else
        g->n_waiting--;
}

void breakglass_finish(struct model *m)
{
    struct breakglass *g = m->glass;

    if (!g)
        return;
    while (g->attempts) {
        struct attempt *a = g->attempts;

        g->attempts = a->next;
        breakglass_attempt_destroy(a);
    }
    while (g->enrolments) {
        struct enrolment *e = g->enrolments;

        g->enrolments = e->next;
        record_finish(RECORD_ENROLMENT, &e->r);
        free(e);
    }
    free(g);
    m->glass = NULL;
}

int breakglass_load(struct model *m, const void *record)
{
    struct enrolment *e;
    void *copy;

    if (!m->glass)
        m->glass = calloc(1, sizeof *m->glass);
    e = m->glass ? calloc(1, sizeof *e) : NULL;
    copy = e ? record_copy(RECORD_ENROLMENT, record) : NULL;
    if (!copy) {
        free(e);
        return CRIER_ENOMEM;
    }
    memcpy(&e->r, copy, sizeof e->r);
    free(copy);
    e->next = m->glass->enrolments;
    m->glass->enrolments = e;
    return 0;
}

/* ---- codes that were used -------------------------------------------------------------------- */

static struct enrolment *enrolment_of(const struct breakglass *g, const char *person)
{
    struct enrolment *e;

    for (e = g->enrolments; e && strcmp(e->r.person, person) != 0; e = e->next)
        ;
    return e;
}

/* Nothing of an older enrolment counts: its secret is gone. */
static void used_of(const struct breakglass *g, const char *person, const char *key,
                    struct used_steps *ret)
{
    const struct enrolment *e = enrolment_of(g, person);

    if (e && !strcmp(e->r.key, key))
        used_steps_parse(ret, e->r.floor_step, e->r.used);
    else
        used_steps_parse(ret, 0, "");
}

bool breakglass_is_used(const struct breakglass *g, const struct attempt *a,
                        const struct proof_answer *answer)
{
    struct used_steps used;

    used_of(g, a->person, answer->key, &used);
    return used_steps_has(&used, answer->step) ||
           (a->pair && used_steps_has(&used, answer->step - 1));
}

/* Committed with whatever else this turn does. */
void breakglass_use(struct model *m, struct breakglass *g, const struct attempt *a,
                    const struct proof_answer *answer)
{
    struct enrolment *e = enrolment_of(g, a->person);
    char text[USED_STEPS_BYTES];
    struct used_steps used;

    used_of(g, a->person, answer->key, &used);
    if (a->pair)
        used_steps_add(&used, answer->step - 1);
    used_steps_add(&used, answer->step);
    if (!e) {
        e = calloc(1, sizeof *e);
        if (!e) {
            model_fail(m);
            return;
        }
        e->r.id = model_next_row(m);
        e->r.live = 1;
        e->next = g->enrolments;
        g->enrolments = e;
        if (!model_text(m, &e->r.person, a->person) || !model_text(m, &e->r.used, ""))
            return;
    }
    e->r.floor_step = used.floor_step;
    if (!model_text(m, &e->r.key, answer->key) ||
        !model_text(m, &e->r.used, used_steps_print(&used, text)))
        return;
    model_put(m, RECORD_ENROLMENT, &e->r);
}
