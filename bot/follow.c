#include "follow.h"

void follow_deploy(struct model *m, const struct deploy *d)
{
    (void)m;
    (void)d;
}

void follow_mitigation(struct model *m, const struct signal *sig)
{
    (void)m;
    (void)sig;
}

void follow_alerts(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void follow_published(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void follow_due(struct model *m, struct incident *inc)
{
    (void)m;
    (void)inc;
}

void follow_restore(struct model *m)
{
    (void)m;
}
