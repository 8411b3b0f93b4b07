#include "access.h"

#include <stdio.h>
#include <string.h>

#include "err.h"

/* Highest first, as people are told. */
static const struct {
    enum role role;
    const char *one, *many;
    unsigned implies;
} ranks[] = {
    {ROLE_OPERATOR, "operator", "operators", ROLE_OPERATOR | ROLE_SRE | ROLE_DEPLOYER},
    {ROLE_SRE, "SRE", "SREs", ROLE_SRE | ROLE_DEPLOYER},
    {ROLE_DEPLOYER, "deployer", "deployers", ROLE_DEPLOYER},
};

enum { RANKS = sizeof ranks / sizeof ranks[0] };

unsigned access_effective_roles(unsigned roles)
{
    unsigned all = ROLE_NONE;
    size_t i;

    for (i = 0; i < RANKS; i++)
        if (roles & ranks[i].role)
            all |= ranks[i].implies;
    return all;
}

/* Whether somebody with these roles has one of those needed. */
static bool suffices(unsigned roles, unsigned needed)
{
    return needed == ROLE_NONE || (access_effective_roles(roles) & needed) != 0;
}

bool access_allows(unsigned roles, enum command_verb verb)
{
    return suffices(roles, command_spec_find(verb)->roles);
}

/* Appends to a string of `size` bytes, all or nothing. */
static bool append(char *dst, size_t size, const char *text)
{
    size_t used = strlen(dst), n = strlen(text);

    if (used >= size || n >= size - used)
        return false;
    memcpy(dst + used, text, n + 1);
    return true;
}

/* "deployers, SREs and operators", lowest first, of those in the set. */
static bool append_ranks(char *dst, size_t size, unsigned roles)
{
    size_t i, left = 0, done = 0;

    for (i = 0; i < RANKS; i++)
        left += (roles & ranks[i].role) != 0;
    for (i = RANKS; i-- > 0;) {
        if (!(roles & ranks[i].role))
            continue;
        left--;
        if (done++ && !append(dst, size, left ? ", " : " and "))
            return false;
        if (!append(dst, size, ranks[i].many))
            return false;
    }
    return true;
}

/* The roles that are enough where these are needed. */
static unsigned sufficient(unsigned needed)
{
    unsigned may = ROLE_NONE;
    size_t i;

    for (i = 0; i < RANKS; i++)
        if (suffices(ranks[i].role, needed))
            may |= ranks[i].role;
    return may;
}

char *access_who_may(enum command_verb verb, char *dst, size_t size)
{
    unsigned needed = command_spec_find(verb)->roles;

    dst[0] = '\0';
    if (needed == ROLE_NONE)
        (void)append(dst, size, "anybody");
    else
        (void)append_ranks(dst, size, sufficient(needed));
    return dst;
}

/* ": alice", ", bob", " and carol", all or nothing. */
static bool append_name(char *dst, size_t size, bool first, bool last, const char *name)
{
    size_t used = strlen(dst);

    if (append(dst, size, first ? ": " : last ? " and " : ", ") && append(dst, size, name))
        return true;
    dst[used] = '\0';
    return false;
}

int access_describe(const struct settings *s, enum command_verb verb, char *dst, size_t size)
{
    unsigned needed = command_spec_find(verb)->roles, held = ROLE_NONE;
    size_t i, n = 0, done = 0;
    char more[40];

    dst[0] = '\0';
    if (needed == ROLE_NONE)
        return append(dst, size, "anybody") ? 0 : CRIER_ELIMIT;
    for (i = 0; i < s->n_people; i++) {
        if (!suffices(s->person[i].roles, needed))
            continue;
        held |= s->person[i].roles & sufficient(needed);
        n++;
    }
    if (!n) {
        (void)access_who_may(verb, dst, size);
        if (!append(dst, size, ", but nobody is configured as one"))
            dst[0] = '\0';
        return *dst ? 0 : CRIER_ELIMIT;
    }
    if (!append_ranks(dst, size, held)) {
        dst[0] = '\0';
        return CRIER_ELIMIT;
    }
    for (i = 0; i < s->n_people; i++) {
        size_t tail;

        if (!suffices(s->person[i].roles, needed))
            continue;
        /* Room is kept for how many remain, to be said when the next name does not fit. */
        (void)snprintf(more, sizeof more, done ? " and %zu more" : " (%zu)", n - done);
        tail = done + 1 < n ? sizeof more : 0;
        if (size <= tail ||
            !append_name(dst, size - tail, !done, done + 1 == n, s->person[i].name)) {
            (void)append(dst, size, more);
            break;
        }
        done++;
    }
    return 0;
}

char *access_role_names(unsigned roles, char *dst, size_t size)
{
    bool any = false;
    size_t i;

    dst[0] = '\0';
    for (i = 0; i < RANKS; i++) {
        if (!(roles & ranks[i].role))
            continue;
        if (any)
            (void)append(dst, size, ", ");
        (void)append(dst, size, ranks[i].one);
        any = true;
    }
    if (!any)
        (void)append(dst, size, "no role");
    return dst;
}
