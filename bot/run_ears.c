#include "run_ears.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

#include "feed.h"
#include "tail.h"

enum { PLACES_MAX = 10000 };

struct run_ears {
    struct tail *tail;
    struct feeds *feeds;
};

int run_ears_create(struct net *net, const struct ear_sink *sink, struct run_ears **ret_ears)
{
    struct run_ears *e = calloc(1, sizeof *e);

    if (!e || tail_create(sink, &e->tail) || feeds_create(net, sink, &e->feeds)) {
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
    feeds_destroy(e->feeds);
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

/* As often as the source wants it that wants it most often. */
static int follow_feed(struct run_ears *e, struct places *places, const struct settings *s,
                       const char *url, const struct engine *engine)
{
    const char *place = add_place(places, "feed", url);
    int64_t interval_ms = INT64_MAX;
    size_t i;

    for (i = 0; i < s->n_sources; i++)
        if (s->source[i].feed && !strcmp(s->source[i].feed, url) &&
            s->source[i].feed_interval_ms < interval_ms)
            interval_ms = s->source[i].feed_interval_ms;
    if (!place)
        return CRIER_ENOMEM;
    return feeds_follow(e->feeds, url, interval_ms, engine_ear_position(engine, place));
}

int run_ears_set(struct run_ears *e, const struct settings *settings, const struct engine *engine)
{
    struct places places = {0};
    int err = 0;
    size_t i;

    for (i = 0; i < settings->n_sources && !err; i++)
        err = follow_files(e, &places, &settings->source[i], engine);
    for (i = 0; i < settings->n_sources && !err; i++)
        if (settings->source[i].feed)
            err = follow_feed(e, &places, settings, settings->source[i].feed, engine);
    if (!err) {
        tail_keep(e->tail, places.item, places.n);
        feeds_keep(e->feeds, places.item, places.n);
    }
    places_finish(&places);
    return err;
}

/* ---- the source ------------------------------------------------------------------------------ */

static void collect(void *ctx, struct pollset *set)
{
    const struct run_ears *e = ctx;
    struct source_port tail = tail_source_port(e->tail), feeds = feeds_source_port(e->feeds);

    tail.collect(tail.ctx, set);
    feeds.collect(feeds.ctx, set);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    const struct run_ears *e = ctx;
    struct source_port tail = tail_source_port(e->tail), feeds = feeds_source_port(e->feeds);

    tail.dispatch(tail.ctx, set, now);
    feeds.dispatch(feeds.ctx, set, now);
}

struct source_port run_ears_source_port(struct run_ears *e)
{
    return (struct source_port){.ctx = e, .collect = collect, .dispatch = dispatch};
}
