#include "loop.h"

#include <assert.h>
#include <string.h>

void loop_init(struct loop *l, const struct wait_port *wait)
{
    memset(l, 0, sizeof *l);
    l->wait = *wait;
    pollset_init(&l->set);
}

void loop_finish(struct loop *l)
{
    pollset_finish(&l->set);
}

void loop_add(struct loop *l, const struct source_port *source)
{
    assert(l->n_sources < LOOP_SOURCES_MAX);
    l->source[l->n_sources++] = *source;
}

int loop_run(struct loop *l, const struct loop_owner *owner)
{
    struct now now;
    size_t i;
    int r;

    do {
        pollset_clear(&l->set);
        for (i = 0; i < l->n_sources; i++)
            l->source[i].collect(l->source[i].ctx, &l->set);
        pollset_deadline(&l->set, owner->deadline(owner->ctx));
        if (l->set.err)
            return l->set.err;
        r = l->wait.wait(l->wait.ctx, &l->set);
        if (r)
            return r;
        now = l->wait.now(l->wait.ctx);
        for (i = 0; i < l->n_sources; i++)
            l->source[i].dispatch(l->source[i].ctx, &l->set, now);
    } while (owner->turn(owner->ctx, l->wait.now(l->wait.ctx)));
    return 0;
}
