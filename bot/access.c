#include "access.h"

#include <stdio.h>
#include <string.h>

#include "err.h"
#include "hearing.h"

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

/* What a command takes as it was given. */
static enum command_proof proof_of(const struct command *cmd)
{
    const struct command_spec *spec = command_spec_find(cmd->verb);

    switch (spec->less) {
    case COMMAND_LESS_NEVER:
        break;
    case COMMAND_LESS_ALONE:
        if (!*cmd->text)
            return COMMAND_PROOF_NONE;
        break;
    case COMMAND_LESS_STOP:
        if (!cmd->start)
            return COMMAND_PROOF_ANY_ACCOUNT;
        break;
    }
    return spec->proof;
}

bool access_changes(const struct command *cmd)
{
    return proof_of(cmd) != COMMAND_PROOF_NONE;
}

/* What only reads may be asked wherever crier listens. */
static unsigned places_of(const struct command *cmd)
{
    return access_changes(cmd) ? command_spec_find(cmd->verb)->places : COMMAND_EVERYWHERE;
}

/* Why somebody who is not on the list is nobody. */
static enum access_verdict stranger(const struct heard *line)
{
    switch (line->identity) {
    case IDENTITY_ACCOUNT:
        return ACCESS_UNLISTED;
    case IDENTITY_UNKNOWN:
        return ACCESS_UNKNOWN;
    case IDENTITY_NONE:
        break;
    }
    return ACCESS_NO_ACCOUNT;
}

static enum access_verdict judge_identity(const struct settings *s, const struct heard *line,
                                          const struct command *cmd, int person)
{
    switch (proof_of(cmd)) {
    case COMMAND_PROOF_NONE:
    case COMMAND_PROOF_CODE:
        return ACCESS_GRANTED;
    case COMMAND_PROOF_ANY_ACCOUNT:
        if (person < 0 && line->identity != IDENTITY_ACCOUNT)
            return stranger(line);
        break;
    case COMMAND_PROOF_PERSON:
        if (person < 0)
            return stranger(line);
        if (!access_allows(s->person[person].roles, cmd->verb))
            return ACCESS_ROLE;
        break;
    }
    return line->obey ? ACCESS_GRANTED : ACCESS_SOON;
}

enum access_verdict access_judge(const struct settings *s, const struct heard *line,
                                 const struct command *cmd, int person)
{
    if (hearing_relay(s, line))
        return ACCESS_RELAY;
    if (line->outside)
        return ACCESS_OUTSIDE;
    if (!(places_of(cmd) & hearing_place(s, line)))
        return ACCESS_PLACE;
    return judge_identity(s, line, cmd, person);
}

const char *access_why(enum access_verdict verdict)
{
    switch (verdict) {
    case ACCESS_GRANTED:
        break;
    case ACCESS_RELAY:
        return "a relay speaks for many people: come with a services account of your own";
    case ACCESS_OUTSIDE:
        return "you are not in the channel, where it is shown: join it first";
    case ACCESS_PLACE:
        return "that does not count here";
    case ACCESS_ROLE:
        return "your role does not cover it";
    case ACCESS_UNLISTED:
        return "your services account is not on my list";
    case ACCESS_UNKNOWN:
        return "I could not find out your services account";
    case ACCESS_NO_ACCOUNT:
        return "you are not logged in to a services account";
    case ACCESS_SOON:
        return "I have only just joined, or am not logged in to services: try again in 10 s";
    }
    return "";
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

static const struct {
    enum command_place place;
    const char *name;
} places[] = {{COMMAND_IN_TALK, "a talk channel"},
              {COMMAND_IN_PRACTICE, "a practice channel"},
              {COMMAND_IN_PRIVATE, "a private message"}};

enum { PLACES = sizeof places / sizeof places[0] };

char *access_places(enum command_verb verb, char *dst, size_t size)
{
    unsigned set = command_spec_find(verb)->places;
    size_t i, left = 0, done = 0;

    dst[0] = '\0';
    for (i = 0; i < PLACES; i++)
        left += (set & places[i].place) != 0;
    for (i = 0; i < PLACES; i++) {
        if (!(set & places[i].place))
            continue;
        left--;
        if (done++)
            (void)append(dst, size, left ? ", " : " or ");
        (void)append(dst, size, places[i].name);
    }
    return dst;
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
