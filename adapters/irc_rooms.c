#include "irc_rooms.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "now.h"
#include "secret.h"

enum {
    ANSWER_MS = 20000, /* for the answer to a JOIN */
    BACKOFF_MS = 2000,
    BACKOFF_MAX_MS = 300000,
    SETTLED_MS = 600000 /* in the channel for so long: the next loss is a new story */
};

void irc_rooms_init(struct irc_rooms *r)
{
    memset(r, 0, sizeof *r);
}

static void rooms_free(struct irc_room *room, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        free(room[i].name);
        secret_destroy(room[i].key);
        free(room[i].key_file);
        irc_crowd_forget(&room[i].crowd);
        irc_members_forget(&room[i].members);
    }
    free(room);
}

void irc_rooms_finish(struct irc_rooms *r)
{
    rooms_free(r->room, r->n);
    irc_rooms_init(r);
}

struct irc_room *irc_rooms_find(struct irc_rooms *r, const struct irc_support *support,
                                const char *name)
{
    size_t i;

    for (i = 0; i < r->n; i++)
        if (irc_same(support, r->room[i].name, name))
            return &r->room[i];
    return NULL;
}

int irc_rooms_set(struct irc_rooms *r, const struct channel_settings *channel, size_t n,
                  const struct irc_support *support,
                  void (*left)(void *ctx, const struct irc_room *room), void *ctx)
{
    struct irc_rooms fresh = {calloc(n ? n : 1, sizeof *fresh.room), 0};
    size_t i;

    if (!fresh.room)
        return CRIER_ENOMEM;
    for (i = 0; i < n; i++) {
        struct irc_room *room = &fresh.room[fresh.n++];
        const struct irc_room *old = irc_rooms_find(r, support, channel[i].name);

        if (old)
            *room = *old;
        room->name = strdup(channel[i].name);
        room->key = channel[i].key ? strdup(channel[i].key) : NULL;
        room->key_file = channel[i].key_file ? strdup(channel[i].key_file) : NULL;
        room->roles = channel[i].roles;
        room->crowd = (struct irc_crowd){NULL, 0};       /* stays with the old list */
        memset(&room->members, 0, sizeof room->members); /* comes along at the end */
        room->names_wanted = true;
        if (!old) {
            room->try_boot_ms = NOW_NEVER;
            room->backoff_ms = BACKOFF_MS;
        }
        if (!room->name || (channel[i].key && !room->key) ||
            (channel[i].key_file && !room->key_file)) {
            irc_rooms_finish(&fresh);
            return CRIER_ENOMEM;
        }
    }
    for (i = 0; i < r->n; i++)
        if (left && r->room[i].state != IRC_ROOM_OUT &&
            !irc_rooms_find(&fresh, support, r->room[i].name))
            left(ctx, &r->room[i]);
    for (i = 0; i < fresh.n; i++) {
        struct irc_room *old = irc_rooms_find(r, support, fresh.room[i].name);

        if (!old)
            continue;
        fresh.room[i].members = old->members;
        memset(&old->members, 0, sizeof old->members);
    }
    irc_rooms_finish(r);
    *r = fresh;
    return 0;
}

static void forget_people(struct irc_room *room)
{
    irc_crowd_forget(&room->crowd);
    irc_members_forget(&room->members);
    room->door = IRC_DOOR_UNKNOWN;
    room->modes_wanted = false;
}

void irc_rooms_start(struct irc_rooms *r, int64_t boot_ms)
{
    size_t i;

    for (i = 0; i < r->n; i++)
        if (r->room[i].state == IRC_ROOM_OUT && r->room[i].try_boot_ms == NOW_NEVER)
            r->room[i].try_boot_ms = boot_ms;
}

void irc_rooms_stop(struct irc_rooms *r)
{
    size_t i;

    for (i = 0; i < r->n; i++) {
        r->room[i].state = IRC_ROOM_OUT;
        r->room[i].try_boot_ms = NOW_NEVER;
        r->room[i].backoff_ms = BACKOFF_MS;
        forget_people(&r->room[i]);
    }
}

void irc_room_joined(struct irc_room *room, int64_t boot_ms, int64_t server_ms)
{
    room->state = IRC_ROOM_IN;
    room->try_boot_ms = NOW_NEVER;
    room->joined_boot_ms = boot_ms;
    room->joined_server_ms = server_ms;
    room->names_wanted = false; /* the server says them by itself */
    room->names_boot_ms = boot_ms;
    forget_people(room);
}

void irc_room_lost(struct irc_room *room, int64_t boot_ms)
{
    forget_people(room);
    if (room->state == IRC_ROOM_IN && boot_ms - room->joined_boot_ms > SETTLED_MS)
        room->backoff_ms = BACKOFF_MS;
    room->state = IRC_ROOM_OUT;
    room->try_boot_ms = boot_ms + room->backoff_ms;
    room->backoff_ms =
        room->backoff_ms * 2 < BACKOFF_MAX_MS ? room->backoff_ms * 2 : BACKOFF_MAX_MS;
}

void irc_rooms_tick(struct irc_rooms *r, int64_t boot_ms,
                    bool (*join)(void *ctx, const struct irc_room *room), void *ctx)
{
    size_t i;

    for (i = 0; i < r->n; i++) {
        struct irc_room *room = &r->room[i];

        if (boot_ms < room->try_boot_ms)
            continue;
        if (room->state == IRC_ROOM_JOINING) {
            irc_room_lost(room, boot_ms); /* no answer */
        } else if (join(ctx, room)) {
            room->state = IRC_ROOM_JOINING;
            room->try_boot_ms = boot_ms + ANSWER_MS;
        } else {
            irc_room_lost(room, boot_ms);
        }
    }
}

int64_t irc_rooms_next(const struct irc_rooms *r)
{
    int64_t next = NOW_NEVER;
    size_t i;

    for (i = 0; i < r->n; i++) {
        const struct irc_room *room = &r->room[i];

        if (room->try_boot_ms < next)
            next = room->try_boot_ms;
        if (room->names_wanted && room->state == IRC_ROOM_IN && room->names_boot_ms < next)
            next = room->names_boot_ms;
    }
    return next;
}
