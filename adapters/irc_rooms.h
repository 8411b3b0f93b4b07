/*
 * irc_rooms: the channels of one network: which are joined, and when to try again. Pure.
 */
#ifndef CRIER_IRC_ROOMS_H
#define CRIER_IRC_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_crowd.h"
#include "irc_line.h"
#include "irc_members.h"
#include "settings.h"

enum irc_room_state { IRC_ROOM_OUT, IRC_ROOM_JOINING, IRC_ROOM_IN };

/** Whether who is not in a channel can speak there: its mode n, RFC 2811 section 4.2.6. */
enum irc_room_door { IRC_DOOR_UNKNOWN, IRC_DOOR_OPEN, IRC_DOOR_SHUT };

struct irc_room {
    char *name;     /* as configured */
    char *key;      /* or NULL */
    char *key_file; /* read at each JOIN; or NULL */
    unsigned roles;
    enum irc_room_state state;
    int64_t try_boot_ms;        /* next JOIN, or when to stop waiting for its answer */
    int64_t backoff_ms;         /* for the next refusal */
    int64_t joined_boot_ms;     /* IRC_ROOM_IN */
    int64_t joined_server_ms;   /* server-time of our own JOIN, 0: not said */
    struct irc_crowd crowd;     /* IRC_ROOM_IN: who is there, of those that matter */
    struct irc_members members; /* and of all */
    enum irc_room_door door;
    bool modes_wanted;     /* with the names */
    bool names_wanted;     /* that is to be asked for, */
    int64_t names_boot_ms; /* not before then */
};

struct irc_rooms {
    struct irc_room *room;
    size_t n;
};

void irc_rooms_init(struct irc_rooms *r);
void irc_rooms_finish(struct irc_rooms *r);

/**
 * Takes a new list of channels; those that stay keep their state.
 *
 * @param left called for each channel that is gone and was joined or being joined; may be NULL.
 * @return 0, or CRIER_ENOMEM: nothing changed.
 */
int irc_rooms_set(struct irc_rooms *r, const struct channel_settings *channel, size_t n,
                  const struct irc_support *support,
                  void (*left)(void *ctx, const struct irc_room *room), void *ctx)
    __attribute__((warn_unused_result));

/** @return NULL when it is none of ours. */
struct irc_room *irc_rooms_find(struct irc_rooms *r, const struct irc_support *support,
                                const char *name);

/** Everything may be joined from now on. */
void irc_rooms_start(struct irc_rooms *r, int64_t boot_ms);
/** The connection is gone: nothing is joined, nothing is tried. */
void irc_rooms_stop(struct irc_rooms *r);
void irc_room_joined(struct irc_room *room, int64_t boot_ms, int64_t server_ms);
/** Kicked, parted by force, refused: tried again, each time later (2 s to 5 min). */
void irc_room_lost(struct irc_room *room, int64_t boot_ms);
/** Calls join for each that is due. */
void irc_rooms_tick(struct irc_rooms *r, int64_t boot_ms,
                    bool (*join)(void *ctx, const struct irc_room *room), void *ctx);
/** @return the next deadline, or NOW_NEVER. */
int64_t irc_rooms_next(const struct irc_rooms *r);

#endif
