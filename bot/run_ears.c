#include "run_ears.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

#include "tail.h"

enum { PLACES_MAX = 10000 };

struct run_ears {
    struct tail *tail;
};

int run_ears_create(struct net *net, const struct ear_sink *sink, struct run_ears **ret_ears)
{
    struct run_ears *e = calloc(1, sizeof *e);

    (void)net;
    if (!e || tail_create(sink, &e->tail)) {
        run_ears_destroy(e);
        return CRIER_ENOMEM;
    }
    *ret_ears = e;
    return 0;
}

void run_ears_destroy(struct run_ears *e)
{
    if (!e)
        return;
    tail_destroy(e->tail);
    free(e);
}

/* ---- what is named --------------------------------------------------------------------------- */

struct places {
    char **item;
    size_t n, cap;
};

static void places_finish(struct places *p)
{
    size_t i;

    for (i = 0; i < p->n; i++)
        free(p->item[i]);
    free(p->item);
}

/* @return the place, borrowed, or NULL without memory. */
static const char *add_place(struct places *p, const char *kind, const char *name)
{
    char **item = array_grow(p->item, &p->cap, p->n + 1, sizeof *item, PLACES_MAX);

    if (!item)
        return NULL;
    p->item = item;
    item[p->n] = buf_printf("%s:%s", kind, name);
    return item[p->n] ? item[p->n++] : NULL;
}

static int follow_files(struct run_ears *e, struct places *places,
                        const struct source_settings *source, const struct engine *engine)
{
    size_t i;

    for (i = 0; i < source->files.n; i++) {
        const char *place = add_place(places, "file", source->files.item[i]);

        if (!place ||
            tail_follow(e->tail, source->files.item[i], engine_ear_position(engine, place)))
            return CRIER_ENOMEM;
    }
    return 0;
}

int run_ears_set(struct run_ears *e, const struct settings *settings, const struct engine *engine)
{
    struct places places = {0};
    int err = 0;
    size_t i;

    for (i = 0; i < settings->n_sources && !err; i++)
        err = follow_files(e, &places, &settings->source[i], engine);
    if (!err)
        tail_keep(e->tail, places.item, places.n);
    places_finish(&places);
    return err;
}

/* ---- the source ------------------------------------------------------------------------------ */

static void collect(void *ctx, struct pollset *set)
{
    struct run_ears *e = ctx;
    struct source_port port = tail_source_port(e->tail);

    port.collect(port.ctx, set);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run_ears *e = ctx;
    struct source_port port = tail_source_port(e->tail);

    port.dispatch(port.ctx, set, now);
}

struct source_port run_ears_source_port(struct run_ears *e)
{
    return (struct source_port){.ctx = e, .collect = collect, .dispatch = dispatch};
}
