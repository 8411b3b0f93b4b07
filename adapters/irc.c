#include "irc.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "irc_crowd.h"
#include "irc_wire.h"
#include "log.h"

struct irc {
    struct irc_wire_shared shared;
    struct irc_wire **wire; /* as configured */
    size_t n;
    struct irc_wire **leaving; /* taken away by a reload, saying QUIT */
    size_t n_leaving;
    bool quit_asked;
};

static void destroy_all(struct irc_wire **wire, size_t n)
{
    size_t i;

    for (i = 0; wire && i < n; i++)
        irc_wire_destroy(wire[i]);
    free(wire);
}

int irc_create(const struct settings *settings, struct net *net, const struct chat_sink *sink,
               struct irc **ret_irc)
{
    struct irc *irc = calloc(1, sizeof *irc);
    struct string_list nicks;
    size_t i;
    int r = CRIER_ENOMEM;

    if (!irc)
        return CRIER_ENOMEM;
    irc->shared.net = net;
    irc->shared.sink = *sink;
    irc->shared.next_id = 1;
    if (irc_sts_create(settings->state_dir, &irc->shared.sts))
        goto out;
    if (irc_crowd_list(settings, &nicks))
        goto out;
    irc->shared.nicks = nicks;
    irc->wire = calloc(settings->n_networks ? settings->n_networks : 1, sizeof *irc->wire);
    if (!irc->wire)
        goto out;
    for (i = 0; i < settings->n_networks; i++) {
        r = irc_wire_create(&settings->network[i], settings->chat.prefix, &irc->shared,
                            &irc->wire[i]);
        if (r)
            goto out;
        irc->n++;
    }
    *ret_irc = irc;
    irc = NULL;
    r = 0;
out:
    irc_destroy(irc);
    return r;
}

void irc_destroy(struct irc *irc)
{
    if (!irc)
        return;
    destroy_all(irc->wire, irc->n);
    destroy_all(irc->leaving, irc->n_leaving);
    irc_crowd_list_finish(&irc->shared.nicks);
    irc_sts_destroy(irc->shared.sts);
    free(irc);
}

/* ---- speaking ----------------------------------------------------------------------------- */

static int irc_say(void *ctx, const struct say *say)
{
    struct irc *irc = ctx;
    const char *slash = strchr(say->place, '/');
    size_t i, n;

    if (!slash)
        return CRIER_ENOENT;
    n = (size_t)(slash - say->place);
    for (i = 0; i < irc->n; i++) {
        const char *name = irc_wire_name(irc->wire[i]);

        if (strlen(name) == n && !memcmp(name, say->place, n))
            return irc_wire_say(irc->wire[i], slash + 1, say);
    }
    return CRIER_ENOENT;
}

struct chat_port irc_chat_port(struct irc *irc)
{
    struct chat_port port = {irc, irc_say};

    return port;
}

/* ---- the loop ----------------------------------------------------------------------------- */

/* A network whose former self still says QUIT waits for the end of that: the nick is in use. */
static bool must_wait(const struct irc *irc, const struct irc_wire *w)
{
    size_t i;

    for (i = 0; i < irc->n_leaving; i++)
        if (!strcmp(irc_wire_name(irc->leaving[i]), irc_wire_name(w)))
            return true;
    return false;
}

static void collect(void *ctx, struct pollset *set)
{
    struct irc *irc = ctx;
    size_t i;

    for (i = 0; i < irc->n; i++)
        if (!must_wait(irc, irc->wire[i]))
            irc_wire_collect(irc->wire[i], set);
    for (i = 0; i < irc->n_leaving; i++)
        irc_wire_collect(irc->leaving[i], set);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct irc *irc = ctx;
    size_t i;

    for (i = 0; i < irc->n_leaving; i++)
        irc_wire_dispatch(irc->leaving[i], set, now);
    for (i = 0; i < irc->n; i++)
        if (!must_wait(irc, irc->wire[i]))
            irc_wire_dispatch(irc->wire[i], set, now);
    i = 0;
    while (i < irc->n_leaving) {
        if (irc_wire_is_closed(irc->leaving[i])) {
            irc_wire_destroy(irc->leaving[i]);
            irc->leaving[i] = irc->leaving[--irc->n_leaving];
            net_wakeup(irc->shared.net); /* one that waited may begin */
        } else {
            i++;
        }
    }
}

struct source_port irc_source_port(struct irc *irc)
{
    struct source_port port = {irc, collect, dispatch};

    return port;
}

/* ---- ending and changing ------------------------------------------------------------------ */

void irc_quit(struct irc *irc, const char *reason)
{
    size_t i;

    irc->quit_asked = true;
    for (i = 0; i < irc->n; i++)
        irc_wire_quit(irc->wire[i], reason);
}

bool irc_is_quiet(const struct irc *irc)
{
    size_t i;

    for (i = 0; i < irc->n; i++)
        if (!irc_wire_is_closed(irc->wire[i]))
            return false;
    return irc->n_leaving == 0;
}

static struct irc_wire *find_fitting(struct irc *irc, const struct network_settings *network)
{
    size_t i;

    for (i = 0; i < irc->n; i++)
        if (!strcmp(irc_wire_name(irc->wire[i]), network->name) &&
            irc_wire_fits(irc->wire[i], network))
            return irc->wire[i];
    return NULL;
}

/* What can fail is all done before anything changes. */
int irc_reload(struct irc *irc, const struct settings *settings)
{
    size_t n = settings->n_networks, i, k;
    struct irc_wire **wire = calloc(n ? n : 1, sizeof *wire);
    struct irc_wire_change **change = calloc(n ? n : 1, sizeof *change);
    struct irc_wire **leaving = calloc(irc->n_leaving + irc->n + 1, sizeof *leaving);
    struct string_list nicks = {NULL, 0};
    int r = CRIER_ENOMEM;

    if (irc->quit_asked)
        r = CRIER_ESTATE;
    if (irc->quit_asked || !wire || !change || !leaving)
        goto out;
    r = irc_crowd_list(settings, &nicks);
    if (r)
        goto out;
    for (i = 0; i < n; i++) {
        if (find_fitting(irc, &settings->network[i]))
            r = irc_wire_prepare(&settings->network[i], settings->chat.prefix, &change[i]);
        else
            r = irc_wire_create(&settings->network[i], settings->chat.prefix, &irc->shared,
                                &wire[i]);
        if (r)
            goto out;
    }
    irc_crowd_list_finish(&irc->shared.nicks);
    irc->shared.nicks = nicks;
    for (i = 0; i < n; i++) {
        if (wire[i])
            continue;
        wire[i] = find_fitting(irc, &settings->network[i]);
        irc_wire_apply(wire[i], change[i]);
        change[i] = NULL;
    }
    for (i = 0; i < irc->n_leaving; i++)
        leaving[i] = irc->leaving[i];
    for (i = 0; i < irc->n; i++) {
        for (k = 0; k < n && wire[k] != irc->wire[i]; k++)
            ;
        if (k < n)
            continue;
        irc_wire_quit(irc->wire[i], "configuration changed");
        leaving[irc->n_leaving++] = irc->wire[i];
    }
    free(irc->wire);
    free(irc->leaving);
    irc->wire = wire;
    irc->n = n;
    irc->leaving = leaving;
    free(change);
    log_info("irc", "reloaded: %zu networks", n);
    return 0;
out:
    for (i = 0; i < n && wire && change; i++) {
        irc_wire_destroy(wire[i]);
        irc_wire_change_destroy(change[i]);
    }
    irc_crowd_list_finish(&nicks);
    free(wire);
    free(change);
    free(leaving);
    return r;
}
