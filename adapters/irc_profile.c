#include "irc_profile.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Every string of a network but the lists: copied, compared and freed by this one table. */
static const size_t strings[] = {
    offsetof(struct network_settings, name),
    offsetof(struct network_settings, host),
    offsetof(struct network_settings, ca_file),
    offsetof(struct network_settings, client_cert),
    offsetof(struct network_settings, client_key),
    offsetof(struct network_settings, proxy),
    offsetof(struct network_settings, nick),
    offsetof(struct network_settings, user),
    offsetof(struct network_settings, realname),
    offsetof(struct network_settings, sasl_account),
    offsetof(struct network_settings, sasl_password_file),
    offsetof(struct network_settings, sasl_password_env),
};

enum { N_STRINGS = sizeof strings / sizeof strings[0] };

static char **field(struct network_settings *n, size_t i)
{
    return (char **)(void *)((char *)n + strings[i]);
}

static const char *value(const struct network_settings *n, size_t i)
{
    return *(char *const *)(const void *)((const char *)n + strings[i]);
}

void irc_profile_destroy(struct network_settings *n)
{
    size_t i;

    if (!n)
        return;
    for (i = 0; i < N_STRINGS; i++)
        free(*field(n, i));
    for (i = 0; i < n->alt_nicks.n; i++)
        free(n->alt_nicks.item[i]);
    free(n->alt_nicks.item);
    for (i = 0; i < n->n_channels; i++) {
        free(n->channel[i].name);
        free(n->channel[i].key);
    }
    free(n->channel);
    free(n);
}

static int copy_string(const char *from, char **ret_to)
{
    *ret_to = from ? strdup(from) : NULL;
    return from && !*ret_to ? -1 : 0;
}

struct network_settings *irc_profile_copy(const struct network_settings *n)
{
    struct network_settings *c = malloc(sizeof *c);
    size_t i, alts = n->alt_nicks.n, channels = n->n_channels;
    bool failed = false;

    if (!c)
        return NULL;
    *c = *n;
    memset(&c->where, 0, sizeof c->where);
    /* Nothing of the original may be left in it when a failure destroys it half-built. */
    for (i = 0; i < N_STRINGS; i++)
        *field(c, i) = NULL;
    c->alt_nicks.n = 0;
    c->n_channels = 0;
    c->alt_nicks.item = calloc(alts ? alts : 1, sizeof *c->alt_nicks.item);
    c->channel = calloc(channels ? channels : 1, sizeof *c->channel);
    failed = !c->alt_nicks.item || !c->channel;
    for (i = 0; i < N_STRINGS && !failed; i++)
        failed = copy_string(value(n, i), field(c, i)) != 0;
    for (i = 0; i < alts && !failed; i++) {
        failed = copy_string(n->alt_nicks.item[i], &c->alt_nicks.item[i]) != 0;
        c->alt_nicks.n++;
    }
    for (i = 0; i < channels && !failed; i++) {
        c->channel[i].roles = n->channel[i].roles;
        c->n_channels++;
        failed = copy_string(n->channel[i].name, &c->channel[i].name) != 0 ||
                 copy_string(n->channel[i].key, &c->channel[i].key) != 0;
    }
    if (failed) {
        irc_profile_destroy(c);
        return NULL;
    }
    return c;
}

static bool same_string(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

bool irc_profile_same_connection(const struct network_settings *a, const struct network_settings *b)
{
    size_t i;

    for (i = 0; i < N_STRINGS; i++)
        if (!same_string(value(a, i), value(b, i)))
            return false;
    if (a->alt_nicks.n != b->alt_nicks.n)
        return false;
    for (i = 0; i < a->alt_nicks.n; i++)
        if (!same_string(a->alt_nicks.item[i], b->alt_nicks.item[i]))
            return false;
    return a->port == b->port && a->tls == b->tls && a->sasl == b->sasl &&
           a->sasl_without_tls_is_dangerous == b->sasl_without_tls_is_dangerous &&
           a->services_patience_ms == b->services_patience_ms &&
           a->ping_interval_ms == b->ping_interval_ms && a->dead_after_ms == b->dead_after_ms &&
           a->connect_timeout_ms == b->connect_timeout_ms &&
           a->reconnect_min_ms == b->reconnect_min_ms && a->reconnect_max_ms == b->reconnect_max_ms;
}
