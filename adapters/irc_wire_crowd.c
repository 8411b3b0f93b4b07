#include "irc_wire_impl.h"

#include <string.h>

#include "command.h"
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

/* The same for everybody; what memory does not allow is not known then, and asked for. */
static void move_member(struct irc_wire *w, struct irc_room *room, const char *nick, bool here)
{
    if (room && room->state == IRC_ROOM_IN &&
        irc_members_move(&room->members, &w->support, nick, here))
        room->names_wanted = true;
}

static void rename_in(struct irc_wire *w, struct irc_room *room, const char *from, const char *to)
{
    const struct string_list *nicks = &w->shared->nicks;

    if (irc_members_rename(&room->members, &w->support, from, to))
        room->names_wanted = true;
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
        move_member(w, room, m->nick, *c == 'J');
    } else if (!strcmp(c, "KICK")) {
        move(w, room, irc_line_param(m, 1), false);
        move_member(w, room, irc_line_param(m, 1), false);
    } else if (!strcmp(c, "QUIT")) {
        for (i = 0; i < w->rooms.n; i++) {
            move(w, &w->rooms.room[i], m->nick, false);
            move_member(w, &w->rooms.room[i], m->nick, false);
        }
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
    else if (m->numeric == 366) {
        irc_crowd_names_end(&room->crowd, &w->shared->nicks, &sink);
        if (room->names_wanted)
            irc_members_names_drop(&room->members); /* its beginning was missed */
        else
            irc_members_names_end(&room->members);
    } else if (irc_crowd_names(&room->crowd, &w->shared->nicks, &w->support, irc_line_param(m, 3),
                               &sink) ||
               irc_members_names(&room->members, &w->support, irc_line_param(m, 3)))
        log_warnx("irc", "%s: out of memory, not all of who is in %s is known", w->p->name,
                  room->name);
}

void irc_wire_crowd_modes(struct irc_wire *w, const struct irc_msg *m)
{
    bool all = m->numeric == 324, set = true;
    struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, irc_line_param(m, all ? 1 : 0));
    const char *letter = irc_line_param(m, all ? 2 : 1);

    if (!room || room->state != IRC_ROOM_IN || irc_wire_in_history(w, m))
        return;
    if (all)
        room->door = IRC_DOOR_OPEN;
    for (; *letter; letter++) {
        if (*letter == '+' || *letter == '-')
            set = *letter == '+';
        else if (*letter == 'n')
            room->door = set ? IRC_DOOR_SHUT : IRC_DOOR_OPEN;
    }
}

bool irc_wire_is_outside(struct irc_wire *w, const struct irc_msg *m)
{
    struct irc_room *room = irc_rooms_find(&w->rooms, &w->support, irc_line_param(m, 0));

    if (!room || room->state != IRC_ROOM_IN || room->door == IRC_DOOR_SHUT ||
        !irc_members_lacks(&room->members, &w->support, m->nick))
        return false;
    if (w->now.boot_ms >= room->names_boot_ms &&
        command_is_addressed(w->prefix, irc_line_param(m, 1))) {
        /* There are channels that hide who is in them: the server is asked, for the next time. */
        room->names_wanted = true;
        room->modes_wanted = room->door == IRC_DOOR_UNKNOWN;
    }
    return true;
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
        if (room->modes_wanted)
            irc_wire_send(w, "MODE %s", room->name);
        room->modes_wanted = false;
    }
}
