#include "recall.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chat.h"

static bool exists(struct model *m, const struct heard *line, int64_t incident)
{
    if (incident > 0 && incident < m->meta.next_incident)
        return true;
    if (m->meta.next_incident > 1)
        chat_say(m, line->place, SAY_ANSWER, "there is no %lld; the last one is %lld",
                 (long long)incident, (long long)m->meta.next_incident - 1);
    else
        chat_say(m, line->place, SAY_ANSWER, "there is no %lld; nothing was recorded yet",
                 (long long)incident);
    return false;
}

/* An address for people, where there is one, and the command. @return the caller's, or NULL after
 * model_fail(). */
static char *where_of(struct model *m, int64_t incident)
{
    const char *url = m->settings->http.public_url;
    size_t n = url ? strlen(url) : 0;
    char *where =
        n ? buf_printf("%s%sincident/%lld or `crier report %lld`", url,
                       url[n - 1] == '/' ? "" : "/", (long long)incident, (long long)incident)
          : buf_printf("`crier report %lld`", (long long)incident);

    if (!where)
        model_fail(m);
    return where;
}

void recall_timeline(struct model *m, const struct heard *line, int64_t incident)
{
    char *place, *where;

    if (!exists(m, line, incident))
        return;
    if (m->store_sick) { /* a disk that hangs would hold up everything else */
        chat_say(m, line->place, SAY_ANSWER,
                 "the record of %lld is in my database, which cannot be used now: try again later",
                 (long long)incident);
        return;
    }
    place = buf_printf("%s/%s", line->network, line->nick);
    where = where_of(m, incident);
    if (place && where)
        turn_record(m->turn, incident, place, where);
    else
        model_fail(m);
    free(place);
    free(where);
}

void recall_report(struct model *m, const struct heard *line, int64_t incident)
{
    char *where;

    if (!exists(m, line, incident))
        return;
    where = where_of(m, incident);
    if (where)
        chat_say(m, line->place, SAY_ANSWER, "report of %lld: %s (on crier's host, with -c FILE)",
                 (long long)incident, where);
    free(where);
}
