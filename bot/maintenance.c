#include "maintenance.h"

#include "chat.h"

bool maintenance_covers(const struct model *m, const struct alert *a)
{
    (void)m;
    (void)a;
    return false;
}

void maintenance_signal(struct model *m, const struct signal *sig)
{
    (void)m;
    (void)sig;
}

void maintenance_command(struct model *m, const struct asker *by, const char *text)
{
    (void)text;
    chat_say(m, by->place, SAY_ANSWER, "%s: nothing is planned", by->nick);
}

void maintenance_due(struct model *m)
{
    (void)m;
}

void maintenance_restore(struct model *m)
{
    (void)m;
}
