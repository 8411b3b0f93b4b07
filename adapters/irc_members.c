#include "irc_members.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { FIRST_ROOM = 64 };

static void list_forget(struct irc_member_list *l)
{
    free(l->key);
    memset(l, 0, sizeof *l);
}

void irc_members_forget(struct irc_members *m)
{
    list_forget(&m->now);
    list_forget(&m->fresh);
    m->known = false;
}

/* FNV-1a, of the nick as the server compares it. Two nicks with one number would both count as
 * there while one of them is: nobody gains anything by it that an account does not give. */
static uint64_t key_of(const struct irc_support *support, const char *nick, size_t n)
{
    uint64_t key = UINT64_C(14695981039346656037);
    size_t i;

    for (i = 0; i < n; i++)
        key = (key ^ irc_fold(support, nick[i])) * UINT64_C(1099511628211);
    return key;
}

static int list_reserve(struct irc_member_list *l)
{
    size_t room = l->room ? l->room * 2 : FIRST_ROOM;
    uint64_t *key;

    if (l->n >= IRC_MEMBERS_MAX)
        return CRIER_ELIMIT;
    if (l->n < l->room)
        return 0;
    key = reallocarray(l->key, room, sizeof *key);
    if (!key)
        return CRIER_ENOMEM;
    l->key = key;
    l->room = room;
    return 0;
}

/* The first place in a sorted list whose number is not smaller. */
static size_t place_of(const struct irc_member_list *l, uint64_t key)
{
    size_t low = 0, high = l->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct irc_member_list *l, uint64_t key)
{
    size_t i = place_of(l, key);

    return i < l->n && l->key[i] == key;
}

static int insert(struct irc_member_list *l, uint64_t key)
{
    size_t i = place_of(l, key);
    int r;

    if (i < l->n && l->key[i] == key)
        return 0;
    r = list_reserve(l);
    if (r)
        return r;
    memmove(l->key + i + 1, l->key + i, (l->n - i) * sizeof *l->key);
    l->key[i] = key;
    l->n++;
    return 0;
}

static void take_out(struct irc_member_list *l, size_t i)
{
    memmove(l->key + i, l->key + i + 1, (l->n - i - 1) * sizeof *l->key);
    l->n--;
}

static int append(struct irc_member_list *l, uint64_t key)
{
    int r = list_reserve(l);

    if (!r)
        l->key[l->n++] = key;
    return r;
}

static int came(struct irc_members *m, uint64_t key)
{
    int r = insert(&m->now, key);

    if (!r && m->fresh.n) /* a list is being told, and may have passed this one already */
        r = append(&m->fresh, key);
    if (r)
        irc_members_forget(m);
    return r;
}

static void went(struct irc_members *m, uint64_t key)
{
    size_t i;

    if (has(&m->now, key))
        take_out(&m->now, place_of(&m->now, key));
    for (i = m->fresh.n; i-- > 0;)
        if (m->fresh.key[i] == key)
            take_out(&m->fresh, i);
}

int irc_members_move(struct irc_members *m, const struct irc_support *support, const char *nick,
                     bool here)
{
    uint64_t key = key_of(support, nick, strlen(nick));

    if (here)
        return came(m, key);
    went(m, key);
    return 0;
}

int irc_members_rename(struct irc_members *m, const struct irc_support *support, const char *from,
                       const char *to)
{
    uint64_t key = key_of(support, from, strlen(from));

    if (!has(&m->now, key))
        return 0;
    went(m, key);
    return came(m, key_of(support, to, strlen(to)));
}

int irc_members_names(struct irc_members *m, const struct irc_support *support, const char *names)
{
    const char *nick;
    size_t n;
    int r;

    while (irc_names_next(&names, &nick, &n)) {
        r = append(&m->fresh, key_of(support, nick, n));
        if (r) {
            irc_members_forget(m);
            return r;
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

void irc_members_names_end(struct irc_members *m)
{
    size_t i, n = 0;

    if (!m->fresh.n) /* not even crier is there: an answer about another channel, or none */
        return;
    qsort(m->fresh.key, m->fresh.n, sizeof *m->fresh.key, compare);
    for (i = 0; i < m->fresh.n; i++)
        if (!n || m->fresh.key[n - 1] != m->fresh.key[i])
            m->fresh.key[n++] = m->fresh.key[i];
    m->fresh.n = n;
    list_forget(&m->now);
    m->now = m->fresh;
    memset(&m->fresh, 0, sizeof m->fresh);
    m->known = true;
}

void irc_members_names_drop(struct irc_members *m)
{
    list_forget(&m->fresh);
}

bool irc_members_lacks(const struct irc_members *m, const struct irc_support *support,
                       const char *nick)
{
    return m->known && !has(&m->now, key_of(support, nick, strlen(nick)));
}

bool irc_names_next(const char **at, const char **ret_nick, size_t *ret_bytes)
{
    const char *p = *at;

    for (;;) {
        size_t all, marks, nick;

        p += strspn(p, " ");
        if (!*p)
            break;
        all = strcspn(p, " ");
        marks = strspn(p, "~&@%+!*."); /* which no nick begins with */
        marks = marks < all ? marks : all;
        nick = strcspn(p + marks, "! "); /* nick!user@host from some */
        *ret_nick = p + marks;
        *ret_bytes = nick;
        p += all;
        if (nick) {
            *at = p;
            return true;
        }
    }
    *at = p;
    return false;
}
