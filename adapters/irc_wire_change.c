#include "irc_wire_impl.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

struct irc_wire_change {
    struct network_settings *p;
    char *prefix;
};

int irc_wire_prepare(const struct network_settings *network, const char *prefix,
                     struct irc_wire_change **ret_change)
{
    struct irc_wire_change *c = calloc(1, sizeof *c);

    if (!c)
        return CRIER_ENOMEM;
    c->p = irc_profile_copy(network);
    c->prefix = strdup(prefix);
    if (!c->p || !c->prefix) {
        irc_wire_change_destroy(c);
        return CRIER_ENOMEM;
    }
    *ret_change = c;
    return 0;
}

void irc_wire_change_destroy(struct irc_wire_change *c)
{
    if (!c)
        return;
    irc_profile_destroy(c->p);
    free(c->prefix);
    free(c);
}

static void room_left(void *ctx, const struct irc_room *room)
{
    struct irc_wire *w = ctx;

    (void)irc_wire_own(w, IRC_COMMAND_PART, room->name, "");
    if (room->state != IRC_ROOM_IN || w->n_gone == IRC_WIRE_GONE)
        return;
    w->gone[w->n_gone] = strdup(room->name);
    w->n_gone += w->gone[w->n_gone] != NULL;
}

/* Lines to a channel that is ours no more, or where crier may not talk any more. */
static bool is_homeless(void *ctx, const struct irc_queued *line)
{
    struct irc_wire *w = ctx;
    const struct irc_room *room;

    if (line->priority == IRC_QUEUE_PRIORITY_OWN ||
        !irc_support_is_channel(&w->support, line->target))
        return false;
    room = irc_rooms_find(&w->rooms, &w->support, line->target);
    return !room || !(room->roles & (CHANNEL_TALK | CHANNEL_PRACTICE));
}

void irc_wire_apply(struct irc_wire *w, struct irc_wire_change *c)
{
    struct network_settings *p = w->p;
    char *prefix = w->prefix;
    size_t i;

    for (i = 0; i < w->rooms.n; i++) { /* other people may matter now */
        irc_crowd_forget(&w->rooms.room[i].crowd);
        w->rooms.room[i].names_wanted = true;
    }
    if (irc_rooms_set(&w->rooms, c->p->channel, c->p->n_channels, &w->support, room_left, w)) {
        log_errorx("irc", "%s: out of memory, the channels stay as they were", w->p->name);
        irc_wire_change_destroy(c);
        return;
    }
    w->p = c->p;
    w->prefix = c->prefix;
    c->p = p;
    c->prefix = prefix;
    irc_wire_change_destroy(c);
    irc_bucket_adjust(&w->bucket, irc_wire_at_least(w->p->flood_burst_lines, 1),
                      irc_wire_at_least(w->p->flood_interval_ms, 1));
    irc_queue_purge(w->queue, is_homeless, w);
    if (w->joining)
        irc_rooms_start(&w->rooms, w->now.boot_ms);
}
