#include "irc_wire_impl.h"

#include <string.h>

#include "log.h"

enum { NAMES_EVERY_MS = 30000 };

struct place_of {
    struct irc_wire *w;
    const struct irc_room *room;
};

static void changed(void *ctx, const char *nick, bool here)
{
    const struct place_of *at = ctx;

    irc_wire_event(at->w, here ? CHAT_PRESENT : CHAT_ABSENT, at->room->name, nick, 0, 0);
}

/* Somebody came to a channel that we are in, or went. */
static void move(struct irc_wire *w, struct irc_room *room, const char *nick, bool here)
{
    struct place_of at = {w, room};
    struct irc_crowd_sink sink = {&at, changed};

    if (room && room->state == IRC_ROOM_IN &&
        irc_crowd_move(&room->crowd, &w->shared->nicks, &w->support, nick, here, &sink))
        room->names_wanted = true; /* out of memory: later */
}

static void rename_in(struct irc_wire *w, struct irc_room *room, const char *from, const char *to)
{
    const struct string_list *nicks = &w->shared->nicks;

    if (irc_crowd_has(&room->crowd, nicks, &w->support, from)) {
        move(w, room, from, false);
        move(w, room, to, true);
    } else if (irc_crowd_find(nicks, &w->support, from) < 0 &&
               irc_crowd_find(nicks, &w->support, to) >= 0) {
        room->names_wanted = true; /* whether they are in this one is not known */
    }
}

void irc_wire_crowd_line(struct irc_wire *w, const struct irc_msg *m)
{
    const char *c = m->command, *first = irc_line_param(m, 0);
    struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, first);
    size_t i;

    if (irc_wire_in_history(w, m))
        return;
    if (!strcmp(c, "JOIN") || !strcmp(c, "PART")) {
        move(w, room, m->nick, *c == 'J');
    } else if (!strcmp(c, "KICK")) {
        move(w, room, irc_line_param(m, 1), false);
    } else if (!strcmp(c, "QUIT")) {
        for (i = 0; i < w->rooms.n; i++)
            move(w, &w->rooms.room[i], m->nick, false);
    } else if (!strcmp(c, "NICK")) {
        for (i = 0; i < w->rooms.n; i++)
            if (w->rooms.room[i].state == IRC_ROOM_IN)
                rename_in(w, &w->rooms.room[i], m->nick, first);
    }
}

void irc_wire_crowd_names(struct irc_wire *w, const struct irc_msg *m)
{
    struct irc_room *room =
        irc_rooms_find(&w->rooms, &w->support, irc_line_param(m, m->numeric == 353 ? 2 : 1));
    struct place_of at = {w, room};
    struct irc_crowd_sink sink = {&at, changed};

    if (!room || room->state == IRC_ROOM_OUT)
        return;
    if (room->state == IRC_ROOM_JOINING)
        room->names_wanted = true; /* the library has not seen our JOIN yet */
    else if (m->numeric == 366)
        irc_crowd_names_end(&room->crowd, &w->shared->nicks, &sink);
    else if (irc_crowd_names(&room->crowd, &w->shared->nicks, &w->support, irc_line_param(m, 3),
                             &sink))
        log_warnx("irc", "%s: out of memory, not all of who is in %s is known", w->p->name,
                  room->name);
}

void irc_wire_crowd_tick(struct irc_wire *w)
{
    size_t i;

    for (i = 0; i < w->rooms.n; i++) {
        struct irc_room *room = &w->rooms.room[i];

        if (!room->names_wanted || room->state != IRC_ROOM_IN ||
            w->now.boot_ms < room->names_boot_ms)
            continue;
        room->names_wanted = false;
        room->names_boot_ms = w->now.boot_ms + NAMES_EVERY_MS;
        irc_wire_send(w, "NAMES %s", room->name);
    }
}
