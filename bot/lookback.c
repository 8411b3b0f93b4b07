#include "lookback.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

/* ---- rows ------------------------------------------------------------------------------------ */

/* "CHECK on HOST". @return the caller's, or NULL after model_fail(). */
static char *subject_of(struct model *m, const struct alert *a)
{
    char *subject = buf_printf("%s%s%s", a->r.check_name, a->r.host[0] ? " on " : "", a->r.host);

    if (!subject)
        model_fail(m);
    return subject;
}

static char *kind_of(struct model *m, const struct signal *sig)
{
    char *kind =
        sig->kind == SIGNAL_DEPLOY
            ? buf_printf("deploy %s", deploy_phase_name(sig->phase))
            : buf_printf("%s", sig->kind == SIGNAL_NOTE ? "log" : signal_kind_name(sig->kind));

    if (!kind)
        model_fail(m);
    return kind;
}

static void remember(struct model *m, const char *kind, const char *who, const struct signal *sig,
                     int64_t ref, const char *subject)
{
    struct note *n = calloc(1, sizeof *n);

    if (!n || !model_text(m, &n->r.kind, kind) || !model_text(m, &n->r.who, who) ||
        !model_text(m, &n->r.text, sig->raw) || !model_text(m, &n->r.subject, subject)) {
        if (n)
            record_finish(RECORD_TIMELINE, &n->r);
        free(n);
        model_fail(m);
        return;
    }
    n->r.id = model_next_row(m);
    n->r.live = 1;
    n->r.ref = ref;
    n->r.wall_ms = sig->wall_ms;
    n->line_id = sig->line_id;
    n->boot_ms = m->now.boot_ms;
    model_note_link(m, n);
    model_put(m, RECORD_TIMELINE, &n->r);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The rest of a line came: the note of its beginning gets all of it. @return whether there is one.
 */
static bool amend(struct model *m, const struct signal *sig, int64_t ref)
{
    struct note *n = m->notes_last;

    if (!n || !sig->line_id || n->line_id != sig->line_id)
        return false;
    n->r.ref = ref;
    if (model_text(m, &n->r.text, sig->raw))
        model_put(m, RECORD_TIMELINE, &n->r);
    return true;
}

void lookback_line(struct model *m, const struct signal *sig, int64_t ref)
{
    int64_t lookback = m->now.boot_ms - m->settings->triage.lookback_ms;
    const char *subject = sig->kind == SIGNAL_DEPLOY ? sig->tool : "";
    char *kind = kind_of(m, sig);
    struct incident *inc;
    bool taken = false;

    if (!kind)
        return;
    if (sig->line_id && sig->line_id == m->line_id) { /* its rest: the row stays as it was said */
        free(kind);
        return;
    }
    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc))
            continue;
        model_timeline_of(m, inc->r.id, sig->wall_ms, kind, sig->user, sig->raw, ref, subject);
        taken = true;
    }
    m->line_id = taken ? sig->line_id : 0;
    if (!taken && !amend(m, sig, ref)) {
        if (m->n_notes >= NOTES_MAX)
            lookback_purge(m, lookback);
        if (m->n_notes < NOTES_MAX)
            remember(m, kind, sig->user, sig, ref, subject);
    }
    free(kind);
}

/* ---- alerts ---------------------------------------------------------------------------------- */

const char *lookback_firing(const struct alert *a)
{
    return a->r.paging ? "paging" : "firing";
}

void lookback_alert(struct model *m, struct alert *a, const struct signal *sig, const char *kind)
{
    bool kept = a->r.incident || m->n_notes < NOTES_ALERTS_MAX;
    char *subject;

    if (strcmp(kind, "resolved") != 0)
        a->noted = kept;
    if (!kept)
        return;
    subject = subject_of(m, a);
    if (subject && a->r.incident)
        model_timeline_of(m, a->r.incident, sig->wall_ms, kind, a->r.source, sig->raw, a->r.id,
                          subject);
    else if (subject)
        remember(m, kind, a->r.source, sig, a->r.id, subject);
    free(subject);
}

void lookback_joined(struct model *m, const struct alert *a, int64_t since_boot_ms)
{
    const char *text = a->r.summary[0] ? a->r.summary : a->r.check_name;
    char *subject;

    if (a->noted && a->first_boot_ms >= since_boot_ms)
        return;
    subject = subject_of(m, a);
    if (subject)
        model_timeline_of(m, a->r.incident, a->r.first_wall_ms,
                          a->r.firing ? lookback_firing(a) : "flapped", a->r.source, text, a->r.id,
                          subject);
    free(subject);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

/* Takes the oldest note out. */
static void pop(struct model *m)
{
    struct note *n = m->notes;

    m->notes = n->next;
    if (!m->notes)
        m->notes_last = NULL;
    m->n_notes--;
    record_finish(RECORD_TIMELINE, &n->r);
    free(n);
}

void lookback_take(struct model *m, struct incident *inc, int64_t since_boot_ms)
{
    struct note *n;
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer)
        a->noted = a->noted && a->r.incident; /* lines of others go into this one's timeline too */
    while ((n = m->notes) != NULL) {
        n->r.incident = inc->r.id;
        n->r.live = 0;
        if (n->boot_ms >= since_boot_ms || (n->r.ref && n->r.ref == inc->r.deploy))
            model_put(m, RECORD_TIMELINE, &n->r);
        else
            batch_delete(&m->turn->batch, RECORD_TIMELINE, n->r.id);
        pop(m);
    }
}

static bool is_of_deploy(const struct model *m, const struct note *n)
{
    return !strncmp(n->r.kind, "deploy", strlen("deploy")) && n->r.ref && model_deploy(m, n->r.ref);
}

void lookback_purge(struct model *m, int64_t since_boot_ms)
{
    struct note **link = &m->notes, *n, *last = NULL;

    while ((n = *link) != NULL) {
        if (n->boot_ms >= since_boot_ms || (is_of_deploy(m, n) && m->n_notes < NOTES_MAX)) {
            last = n;
            link = &n->next;
            continue;
        }
        batch_delete(&m->turn->batch, RECORD_TIMELINE, n->r.id);
        *link = n->next;
        m->n_notes--;
        record_finish(RECORD_TIMELINE, &n->r);
        free(n);
    }
    m->notes_last = last;
}

void lookback_restore(struct model *m)
{
    const struct note *n;
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer)
        for (n = m->notes; n && !a->noted; n = n->next)
            a->noted = n->r.ref == a->r.id;
}
