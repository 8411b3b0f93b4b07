#include "obey_request.h"

#include <assert.h>

#include "chat.h"

const char *obey_prefix(const struct model *m)
{
    return m->settings->chat.prefix;
}

const char *obey_name(const struct request *q)
{
    assert(q->person);
    return q->person->name;
}

struct incident *obey_find(struct model *m, const struct request *q)
{
    struct incident *inc = model_incident(m, q->cmd.incident);
    const struct revision *open = inc ? model_open_revision(inc) : NULL;

    if (inc && q->cmd.revision && q->cmd.verb != COMMAND_CONFIRM && open &&
        open->r.number != q->cmd.revision) {
        SAY(m, q, "%lld.%lld is not what waits now, %lld.%lld is: nothing done",
            (long long)inc->r.id, (long long)q->cmd.revision, (long long)inc->r.id,
            (long long)open->r.number);
        return NULL;
    }
    if (inc && (model_is_open(inc) || inc->r.state == INCIDENT_FOREIGN))
        return inc;
    if (q->cmd.incident > 0 && q->cmd.incident < m->meta.next_incident)
        SAY(m, q, "%lld is closed; `%s` shows what is open", (long long)q->cmd.incident,
            obey_prefix(m));
    else if (q->cmd.incident < OBEY_REPEATED_MAX)
        SAY(m, q, "there is no %lld; `%s` shows what is open", (long long)q->cmd.incident,
            obey_prefix(m));
    else /* it may be a one-time password */
        SAY(m, q, "there is no such number; `%s` shows what is open", obey_prefix(m));
    return NULL;
}

struct incident *obey_find_only(struct model *m, const struct request *q, bool waiting)
{
    struct incident *inc, *only = NULL;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc))
            continue;
        if (waiting && !model_open_revision(inc))
            continue;
        if (only) {
            SAY(m, q, "several are open: say `%s %s N`", obey_prefix(m),
                waiting ? "confirm" : "show");
            chat_status(m, q->line->place);
            return NULL;
        }
        only = inc;
    }
    if (!only && waiting && chat_anything_open(m))
        SAY(m, q, "nothing waits for a confirm");
    else if (!only)
        chat_status(m, q->line->place);
    return only;
}

struct incident *obey_find_own(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find(m, q);

    if (!inc || inc->r.state != INCIDENT_FOREIGN)
        return inc;
    SAY(m, q, "%lld was made by hand on the page: `%s adopt %lld` first", (long long)inc->r.id,
        obey_prefix(m), (long long)inc->r.id);
    return NULL;
}

struct incident *obey_find_public(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find_own(m, q);

    if (!inc || inc->r.state == INCIDENT_PUBLIC)
        return inc;
    if (inc->r.state == INCIDENT_PUBLISHING)
        SAY(m, q, "%lld is being published; once it is public this will work",
            (long long)inc->r.id);
    else
        SAY(m, q,
            "%lld is not public yet: `%s confirm %lld.%lld` publishes it, edit and discard change "
            "it",
            (long long)inc->r.id, obey_prefix(m), (long long)inc->r.id,
            (long long)inc->r.last_revision);
    return NULL;
}
