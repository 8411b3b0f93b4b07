#include "signal.h"

#include <string.h>

#include "err.h"

static const char *const kind_names[] = {
    [SIGNAL_FIRING] = "firing",
    [SIGNAL_RESOLVED] = "resolved",
    [SIGNAL_ACKNOWLEDGED] = "acknowledged",
    [SIGNAL_DEPLOY] = "deploy",
    [SIGNAL_NOTE] = "note",
    [SIGNAL_MAINTENANCE] = "maintenance",
    [SIGNAL_MITIGATION] = "mitigation",
};

static const char *const phase_names[] = {
    [PHASE_STARTED] = "started",     [PHASE_TESTED] = "tested",     [PHASE_CONTINUED] = "continued",
    [PHASE_FINISHED] = "finished",   [PHASE_ABORTED] = "aborted",   [PHASE_FAILED] = "failed",
    [PHASE_CANCELLED] = "cancelled", [PHASE_ROLLBACK] = "rollback",
};

static int find(const char *const *names, size_t n, const char *name)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    return -1;
}

const char *signal_kind_name(enum signal_kind k)
{
    return kind_names[k];
}

int signal_kind_from_name(const char *name, enum signal_kind *ret_kind)
{
    int i = find(kind_names, sizeof kind_names / sizeof kind_names[0], name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_kind = (enum signal_kind)i;
    return 0;
}

const char *deploy_phase_name(enum deploy_phase p)
{
    return phase_names[p];
}

int deploy_phase_from_name(const char *name, enum deploy_phase *ret_phase)
{
    int i = find(phase_names, sizeof phase_names / sizeof phase_names[0], name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_phase = (enum deploy_phase)i;
    return 0;
}
