#include "irc_profile.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"

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

static const size_t lists[] = {
    offsetof(struct network_settings, alt_nicks),
    offsetof(struct network_settings, pin),
};

enum { N_LISTS = sizeof lists / sizeof lists[0] };

static char **field(struct network_settings *n, size_t i)
{
    return (char **)(void *)((char *)n + strings[i]);
}

static const char *value(const struct network_settings *n, size_t i)
{
    return *(char *const *)(const void *)((const char *)n + strings[i]);
}

static struct string_list *list_field(struct network_settings *n, size_t i)
{
    return (struct string_list *)(void *)((char *)n + lists[i]);
}

static const struct string_list *list_value(const struct network_settings *n, size_t i)
{
    return (const struct string_list *)(const void *)((const char *)n + lists[i]);
}

void irc_profile_destroy(struct network_settings *n)
{
    size_t i, k;

    if (!n)
        return;
    if (n->proxy)
        explicit_bzero(n->proxy, strlen(n->proxy));
    for (i = 0; i < N_STRINGS; i++)
        free(*field(n, i));
    for (i = 0; i < N_LISTS; i++) {
        struct string_list *list = list_field(n, i);

        for (k = 0; k < list->n; k++)
            free(list->item[k]);
        free(list->item);
    }
    for (i = 0; i < n->n_channels; i++) {
        free(n->channel[i].name);
        secret_destroy(n->channel[i].key);
        free(n->channel[i].key_file);
    }
    free(n->channel);
    free(n);
}

static int copy_string(const char *from, char **ret_to)
{
    *ret_to = from ? strdup(from) : NULL;
    return from && !*ret_to ? -1 : 0;
}

static int copy_list(const struct string_list *from, struct string_list *to)
{
    to->item = calloc(from->n ? from->n : 1, sizeof *to->item);
    if (!to->item)
        return -1;
    for (; to->n < from->n; to->n++)
        if (copy_string(from->item[to->n], &to->item[to->n]))
            return -1;
    return 0;
}

struct network_settings *irc_profile_copy(const struct network_settings *n)
{
    struct network_settings *c = malloc(sizeof *c);
    size_t i, channels = n->n_channels;
    bool failed = false;

    if (!c)
        return NULL;
    *c = *n;
    memset(&c->where, 0, sizeof c->where);
    /* Nothing of the original may be left in it when a failure destroys it half-built. */
    for (i = 0; i < N_STRINGS; i++)
        *field(c, i) = NULL;
    for (i = 0; i < N_LISTS; i++)
        memset(list_field(c, i), 0, sizeof(struct string_list));
    c->n_channels = 0;
    c->channel = calloc(channels ? channels : 1, sizeof *c->channel);
    failed = !c->channel;
    for (i = 0; i < N_STRINGS && !failed; i++)
        failed = copy_string(value(n, i), field(c, i)) != 0;
    for (i = 0; i < N_LISTS && !failed; i++)
        failed = copy_list(list_value(n, i), list_field(c, i)) != 0;
    for (i = 0; i < channels && !failed; i++) {
        c->channel[i].roles = n->channel[i].roles;
        c->n_channels++;
        failed = copy_string(n->channel[i].name, &c->channel[i].name) != 0 ||
                 copy_string(n->channel[i].key, &c->channel[i].key) != 0 ||
                 copy_string(n->channel[i].key_file, &c->channel[i].key_file) != 0;
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

static bool same_list(const struct string_list *a, const struct string_list *b)
{
    size_t i;

    if (a->n != b->n)
        return false;
    for (i = 0; i < a->n; i++)
        if (!same_string(a->item[i], b->item[i]))
            return false;
    return true;
}

bool irc_profile_same_connection(const struct network_settings *a, const struct network_settings *b)
{
    size_t i;

    for (i = 0; i < N_STRINGS; i++)
        if (!same_string(value(a, i), value(b, i)))
            return false;
    for (i = 0; i < N_LISTS; i++)
        if (!same_list(list_value(a, i), list_value(b, i)))
            return false;
    return a->port == b->port && a->tls == b->tls && a->sasl == b->sasl &&
           a->sasl_without_tls_is_dangerous == b->sasl_without_tls_is_dangerous &&
           a->services_patience_ms == b->services_patience_ms &&
           a->ping_interval_ms == b->ping_interval_ms && a->dead_after_ms == b->dead_after_ms &&
           a->connect_timeout_ms == b->connect_timeout_ms &&
           a->reconnect_min_ms == b->reconnect_min_ms && a->reconnect_max_ms == b->reconnect_max_ms;
}
