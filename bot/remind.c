#include "remind.h"

#include "chat.h"

void remind_look(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void remind_due(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void remind_alarms_due(struct model *m)
{
    (void)m;
}

void remind_reacted(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void remind_restore(struct model *m)
{
    (void)m;
}

void remind_mute(struct model *m, const struct asker *by, int64_t duration_ms, const char *reason)
{
    (void)duration_ms;
    (void)reason;
    chat_say(m, by->place, SAY_ANSWER, "%s: there are no reminders yet", by->nick);
}

void remind_unmute(struct model *m, const struct asker *by)
{
    chat_say(m, by->place, SAY_ANSWER, "%s: there are no reminders yet", by->nick);
}
