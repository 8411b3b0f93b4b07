#include "replay_guise.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

const char *replay_guise_listed(const struct person_settings *person)
{
    const char *listed = NULL;

    if (person->accounts.n)
        listed = person->accounts.item[0];
    else if (person->hostmasks.n)
        listed = person->hostmasks.item[0];
    return listed && strchr(listed, '/') ? listed : NULL;
}

static void fill_stars(char *mask)
{
    for (; *mask; mask++)
        if (*mask == '*' || *mask == '?')
            *mask = 'x';
}

int replay_guise_init(struct replay_guise *ret, const struct person_settings *person)
{
    const char *listed = replay_guise_listed(person), *who, *bang;

    memset(ret, 0, sizeof *ret);
    if (!listed)
        return CRIER_ENOENT;
    who = strchr(listed, '/') + 1;
    bang = strchr(who, '!');
    ret->is_account = !bang;
    ret->network = strndup(listed, (size_t)(who - 1 - listed));
    ret->nick = bang ? strndup(who, (size_t)(bang - who)) : strdup(who);
    ret->userhost = strdup(bang ? bang + 1 : "");
    if (!ret->network || !ret->nick || !ret->userhost)
        return CRIER_ENOMEM;
    if (bang)
        fill_stars(ret->nick);
    fill_stars(ret->userhost);
    return 0;
}

void replay_guise_finish(struct replay_guise *g)
{
    free(g->network);
    free(g->nick);
    free(g->userhost);
    memset(g, 0, sizeof *g);
}
