#include "replay_nicks.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum { NICK_BYTES = 64, NICKS_MAX = 1 << 16 };

struct room {
    char *place;      /* "network/#channel" */
    const char *name; /* in place, behind the slash */
    unsigned roles;
    bool *heard; /* by source: it is believed there */
};

struct replay_nicks {
    const struct settings *settings;
    struct replay_speaker *speaker;
    size_t n, cap;
    size_t *slot; /* index + 1 by hash of the folded nick; 0: free */
    size_t n_slots;
    struct room *room;
    size_t n_rooms;
};

/* RFC 1459 section 2.2, as in hearing.c. */
static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;

    return u >= 'A' && u <= '^' ? u + 32 : u;
}

static size_t hash(const char *nick, size_t n)
{
    size_t h = 1469598103U, i;

    for (i = 0; i < n; i++)
        h = (h ^ fold(nick[i])) * 16777619U;
    return h ^ h >> 15;
}

static bool same(const char *configured, const char *nick, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (fold(configured[i]) != fold(nick[i])) /* ends at the NUL too */
            return false;
    return !configured[n];
}

static const struct replay_speaker *lookup(const struct replay_nicks *n, const char *nick,
                                           size_t len)
{
    size_t at = hash(nick, len) & (n->n_slots - 1);

    for (; n->slot[at]; at = (at + 1) & (n->n_slots - 1))
        if (same(n->speaker[n->slot[at] - 1].nick, nick, len))
            return &n->speaker[n->slot[at] - 1];
    return NULL;
}

const struct replay_speaker *replay_nicks_find(const struct replay_nicks *n, const char *nick)
{
    size_t len = strlen(nick), bar;
    const struct replay_speaker *s;

    if (!len || len > NICK_BYTES)
        return NULL;
    s = lookup(n, nick, len);
    if (s || (nick[len - 1] != '_' && nick[len - 1] != '`' && !memchr(nick, '|', len)))
        return s;
    bar = strcspn(nick, "|");
    while (bar > 1 && (nick[bar - 1] == '_' || nick[bar - 1] == '`'))
        bar--;
    return bar ? lookup(n, nick, bar) : NULL;
}

const struct replay_speaker *replay_nicks_at(const struct replay_nicks *n, size_t i)
{
    return i < n->n ? &n->speaker[i] : NULL;
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct replay_speaker *speaker(struct replay_nicks *n, const char *nick)
{
    struct replay_speaker *all;
    size_t i, len = strlen(nick);

    for (i = 0; i < n->n; i++)
        if (same(n->speaker[i].nick, nick, len))
            return &n->speaker[i];
    all = array_grow(n->speaker, &n->cap, n->n + 1, sizeof *all, NICKS_MAX);
    if (!all)
        return NULL;
    n->speaker = all;
    memset(&all[n->n], 0, sizeof *all);
    all[n->n].person = -1;
    all[n->n].nick = strdup(nick);
    all[n->n].source = calloc(n->settings->n_sources + 1, sizeof *all->source);
    if (!all[n->n].nick || !all[n->n].source) {
        free(all[n->n].nick);
        free(all[n->n].source);
        return NULL;
    }
    return &all[n->n++];
}

static int add_source(struct replay_nicks *n, size_t source, const char *nick)
{
    struct replay_speaker *s;
    size_t i;

    if (!nick || !*nick)
        return 0;
    s = speaker(n, nick);
    if (!s)
        return CRIER_ENOMEM;
    for (i = 0; i < s->n_sources; i++)
        if (s->source[i] == source)
            return 0;
    s->source[s->n_sources++] = source;
    return 0;
}

/* "network/nick!user@host", where the nick is no pattern. */
static int add_masked(struct replay_nicks *n, size_t source, const char *mask)
{
    const char *slash = strchr(mask, '/'), *bang = strchr(mask, '!');
    char *nick;
    int r;

    if (!slash || !bang || bang < slash)
        return 0;
    nick = strndup(slash + 1, (size_t)(bang - slash - 1));
    if (!nick)
        return CRIER_ENOMEM;
    r = strpbrk(nick, "*?") ? 0 : add_source(n, source, nick);
    free(nick);
    return r;
}

/* A source that names no nick most often has the one that its account is called. */
static int add_bot(struct replay_nicks *n, size_t source)
{
    const struct source_settings *s = &n->settings->source[source];
    size_t i;
    int r = s->nick ? add_source(n, source, s->nick) : 0;

    for (i = 0; i < s->accounts.n && !s->nick && !r; i++) {
        const char *slash = strchr(s->accounts.item[i], '/');

        r = slash ? add_source(n, source, slash + 1) : 0;
    }
    for (i = 0; i < s->hostmasks.n && !s->nick && !r; i++)
        r = add_masked(n, source, s->hostmasks.item[i]);
    return r;
}

static int add_people(struct replay_nicks *n)
{
    const struct settings *set = n->settings;
    size_t i, k;

    for (i = 0; i < set->n_people; i++) {
        const char *nick = set->person[i].nick ? set->person[i].nick : set->person[i].name;
        struct replay_speaker *s = nick && *nick ? speaker(n, nick) : NULL;

        if (!nick || !*nick)
            continue;
        if (!s)
            return CRIER_ENOMEM;
        if (s->person < 0)
            s->person = (int)i;
        for (k = 0; k < set->n_sources; k++)
            if (set->source[k].people && add_source(n, k, nick))
                return CRIER_ENOMEM;
    }
    return 0;
}

static int make_slots(struct replay_nicks *n)
{
    size_t i, at;

    for (n->n_slots = 64; n->n_slots < n->n * 4;)
        n->n_slots *= 2;
    n->slot = calloc(n->n_slots, sizeof *n->slot);
    if (!n->slot)
        return CRIER_ENOMEM;
    for (i = 0; i < n->n; i++) {
        at = hash(n->speaker[i].nick, strlen(n->speaker[i].nick)) & (n->n_slots - 1);
        while (n->slot[at])
            at = (at + 1) & (n->n_slots - 1);
        n->slot[at] = i + 1;
    }
    return 0;
}

static int add_room(struct replay_nicks *n, const struct network_settings *network,
                    const struct channel_settings *channel)
{
    struct room *room = &n->room[n->n_rooms];
    size_t i, k;

    room->roles = channel->roles;
    room->heard = calloc(n->settings->n_sources + 1, sizeof *room->heard);
    room->place = buf_printf("%s/%s", network->name, channel->name);
    n->n_rooms++;
    if (!room->heard || !room->place)
        return CRIER_ENOMEM;
    room->name = room->place + strlen(network->name) + 1;
    for (i = 0; i < n->settings->n_sources; i++) {
        const struct string_list *listed = &n->settings->source[i].channels;

        for (k = 0; k < listed->n && (room->roles & CHANNEL_WATCH); k++)
            if (settings_irc_equal(listed->item[k], room->place))
                room->heard[i] = true;
    }
    return 0;
}

static int add_rooms(struct replay_nicks *n)
{
    const struct settings *s = n->settings;
    size_t i, k, most = 0;
    int r = 0;

    for (i = 0; i < s->n_networks; i++)
        most += s->network[i].n_channels;
    n->room = calloc(most + 1, sizeof *n->room);
    if (!n->room)
        return CRIER_ENOMEM;
    for (i = 0; i < s->n_networks; i++)
        for (k = 0; k < s->network[i].n_channels && !r; k++)
            r = add_room(n, &s->network[i], &s->network[i].channel[k]);
    return r;
}

int replay_nicks_create(const struct settings *settings, struct replay_nicks **ret)
{
    struct replay_nicks *n = calloc(1, sizeof *n);
    size_t i;
    int r;

    if (!n)
        return CRIER_ENOMEM;
    n->settings = settings;
    r = add_rooms(n);
    for (i = 0; i < settings->n_sources && !r; i++)
        r = add_bot(n, i);
    if (!r)
        r = add_people(n);
    if (!r)
        r = make_slots(n);
    if (r)
        replay_nicks_destroy(n);
    else
        *ret = n;
    return r;
}

void replay_nicks_destroy(struct replay_nicks *n)
{
    size_t i;

    if (!n)
        return;
    for (i = 0; i < n->n; i++) {
        free(n->speaker[i].nick);
        free(n->speaker[i].source);
    }
    for (i = 0; i < n->n_rooms; i++) {
        free(n->room[i].place);
        free(n->room[i].heard);
    }
    free(n->speaker);
    free(n->slot);
    free(n->room);
    free(n);
}

/* ---- channels -------------------------------------------------------------------------------- */

static bool is_called(const struct room *room, const char *channel)
{
    return settings_irc_equal(room->name, channel) ||
           (room->name[0] == '#' && settings_irc_equal(room->name + 1, channel));
}

bool replay_nicks_has_channel(const struct replay_nicks *n, const char *channel)
{
    size_t i;

    for (i = 0; *channel && i < n->n_rooms; i++)
        if (is_called(&n->room[i], channel))
            return true;
    return false;
}

const char *replay_nicks_place(const struct replay_nicks *n, size_t source, const char *channel)
{
    const char *first = NULL;
    bool known = false;
    size_t i;

    for (i = 0; i < n->n_rooms; i++) {
        const struct room *room = &n->room[i];
        bool here = *channel && is_called(room, channel);

        known = known || here;
        if (here && room->heard[source])
            return room->place;
        if (!first && room->heard[source])
            first = room->place;
    }
    if (known)
        return NULL;
    return first || n->settings->source[source].channels.n ? first : "";
}

const char *replay_nicks_talk(const struct replay_nicks *n, const char *channel)
{
    const char *first = NULL;
    bool known = replay_nicks_has_channel(n, channel);
    size_t i;

    for (i = 0; i < n->n_rooms; i++) {
        if (known && is_called(&n->room[i], channel))
            return n->room[i].place;
        if (!first && (n->room[i].roles & CHANNEL_TALK))
            first = n->room[i].place;
    }
    return first;
}
