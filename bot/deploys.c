#include "deploys.h"

#include <stdlib.h>
#include <string.h>

enum { DEPLOYS_MAX = 64 };

/* Files and feeds tell some things late. */
static int64_t said_boot_ms(const struct model *m, const struct signal *sig)
{
    return model_past_boot(m, sig->wall_ms, m->settings->triage.deploy_max_ms);
}

bool deploy_is_running(const struct model *m, const struct deploy *d)
{
    return d->r.state == DEPLOY_RUNNING &&
           m->now.boot_ms - d->started_boot_ms < m->settings->triage.deploy_max_ms;
}

static bool ended_lately(const struct model *m, const struct deploy *d)
{
    return d->r.state == DEPLOY_ENDED &&
           m->now.boot_ms - d->ended_boot_ms < m->settings->triage.deploy_window_ms;
}

bool deploy_may_cause(const struct deploy *d, const struct rule_settings *rule)
{
    size_t i;

    for (i = 0; i < rule->blameless.n; i++)
        if (!strcmp(rule->blameless.item[i], d->r.tool))
            return false;
    return rule->suspect_deploys && d->r.production;
}

struct deploy *deploy_suspect(const struct model *m, const struct rule_settings *rule)
{
    struct deploy *d, *running = NULL, *ended = NULL, *tested = NULL, *undoing = NULL;

    for (d = m->deploys; d; d = d->next) {
        if (!deploy_may_cause(d, rule) || d->r.phase == PHASE_CANCELLED)
            continue;
        if (d->r.revert) { /* more likely the cure than the cause */
            if (!undoing && (deploy_is_running(m, d) || ended_lately(m, d)))
                undoing = d;
            continue;
        }
        if (!running && deploy_is_running(m, d) && d->r.phase != PHASE_TESTED)
            running = d;
        if (!tested && deploy_is_running(m, d))
            tested = d; /* as far as was told, it is on the test servers only */
        if (!ended && ended_lately(m, d))
            ended = d;
    }
    return running ? running : ended ? ended : tested ? tested : undoing;
}

const struct person_settings *deploy_deployer(const struct model *m, const struct deploy *d)
{
    size_t i;

    for (i = 0; d && d->r.user[0] && i < m->settings->n_people; i++)
        if (m->settings->person[i].shell && !strcmp(m->settings->person[i].shell, d->r.user))
            return &m->settings->person[i];
    return NULL;
}

static bool is_running_by(const struct deploy *d, const struct signal *sig)
{
    return d->r.state == DEPLOY_RUNNING && !strcmp(d->r.source, sig->source) &&
           !strcmp(d->r.user, sig->user) && !strcmp(d->r.deploy_host, sig->deploy_host) &&
           d->r.production == (sig->production ? 1 : 0);
}

static struct deploy *find_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d;

    for (d = m->deploys; d && sig->line_id; d = d->next)
        if (d->r.line_id == (int64_t)sig->line_id)
            return d;
    for (d = m->deploys; d && sig->phase != PHASE_STARTED; d = d->next)
        if (is_running_by(d, sig))
            return d;
    return NULL;
}

/* Nobody runs the same tool twice at once: the end of an earlier one was never told. */
static void end_earlier(struct model *m, const struct signal *sig)
{
    struct deploy *d;

    for (d = m->deploys; d; d = d->next) {
        if (!is_running_by(d, sig) || strcmp(d->r.tool, sig->tool) != 0)
            continue;
        d->r.state = DEPLOY_ENDED;
        d->r.ended_wall_ms = sig->wall_ms;
        d->ended_boot_ms = said_boot_ms(m, sig);
        model_put(m, RECORD_DEPLOY, &d->r);
    }
}

static bool is_needed(const struct model *m, int64_t id)
{
    const struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.deploy == id || inc->r.fix_deploy == id)
            return true;
    return false;
}

static void forget_deploy(struct model *m, struct deploy *d)
{
    struct deploy **link = &m->deploys;

    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    batch_delete(&m->turn->batch, RECORD_DEPLOY, d->r.id);
    record_finish(RECORD_DEPLOY, &d->r);
    free(d);
}

/* Drops the oldest one that nothing needs when there are too many. */
static void bound_deploys(struct model *m)
{
    struct deploy *d, *victim = NULL;
    size_t n = 0;

    for (d = m->deploys; d; d = d->next) {
        n++;
        if (!is_needed(m, d->r.id))
            victim = d;
    }
    if (n > DEPLOYS_MAX && victim)
        forget_deploy(m, victim);
}

static struct deploy *new_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d = calloc(1, sizeof *d);

    if (!d || !model_text(m, &d->r.source, sig->source) || !model_text(m, &d->r.user, sig->user) ||
        !model_text(m, &d->r.deploy_host, sig->deploy_host) ||
        !model_text(m, &d->r.tool, sig->tool) || !model_text(m, &d->r.change_text, sig->change)) {
        if (d)
            record_finish(RECORD_DEPLOY, &d->r);
        free(d);
        model_fail(m);
        return NULL;
    }
    d->r.id = model_next_row(m);
    d->r.live = 1;
    d->r.state = DEPLOY_RUNNING;
    d->r.production = sig->production;
    d->r.revert = sig->revert;
    d->r.started_wall_ms = sig->wall_ms;
    d->r.line_id = (int64_t)sig->line_id;
    d->started_boot_ms = said_boot_ms(m, sig);
    d->next = m->deploys;
    m->deploys = d;
    bound_deploys(m);
    return d;
}

static bool phase_ends(enum deploy_phase phase)
{
    switch (phase) {
    case PHASE_FINISHED:
    case PHASE_ABORTED:
    case PHASE_FAILED:
    case PHASE_CANCELLED:
        return true;
    case PHASE_STARTED:
    case PHASE_TESTED:
    case PHASE_CONTINUED:
    case PHASE_ROLLBACK:
        return false;
    }
    return false;
}

bool deploy_take(struct model *m, const struct signal *sig, struct deploy **ret_deploy)
{
    struct deploy *d = find_deploy(m, sig);
    bool unannounced = !d && sig->phase == PHASE_FINISHED;

    if (!d && sig->phase == PHASE_STARTED)
        end_earlier(m, sig);
    if (!d)
        d = new_deploy(m, sig);
    *ret_deploy = d;
    if (!d)
        return false;
    d->r.line_id = (int64_t)sig->line_id;
    d->r.phase = sig->phase;
    d->r.revert = d->r.revert || sig->revert || sig->phase == PHASE_ROLLBACK;
    if (sig->change[0] && strlen(sig->change) > strlen(d->r.change_text) &&
        !model_text(m, &d->r.change_text, sig->change))
        return false;
    if (sig->phase == PHASE_TESTED)
        d->r.tested = 1;
    if (sig->phase == PHASE_CONTINUED && !d->r.production_wall_ms)
        d->r.production_wall_ms = sig->wall_ms;
    if (phase_ends(sig->phase)) {
        d->r.state = DEPLOY_ENDED;
        d->r.ended_wall_ms = sig->wall_ms;
        d->ended_boot_ms = said_boot_ms(m, sig);
    }
    model_put(m, RECORD_DEPLOY, &d->r);
    return unannounced && d->r.production;
}

void deploys_purge(struct model *m)
{
    struct deploy *d, *next;

    for (d = m->deploys; d; d = next) {
        next = d->next;
        if (!is_needed(m, d->r.id) && !deploy_is_running(m, d) &&
            m->now.boot_ms - d->ended_boot_ms > m->settings->triage.deploy_window_ms)
            forget_deploy(m, d);
    }
}
