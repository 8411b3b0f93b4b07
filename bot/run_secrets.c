#include "run_secrets.h"

#include <stdio.h>

#include "err.h"
#include "log.h"

#include "secret.h"

enum { WHY_BYTES = 400, WHAT_BYTES = 300 };

struct look {
    const struct settings *settings;
    struct problems *problems;
    bool by_hand;
};

/* @param field where it is written, @param group where that is not known. */
static void tell(const struct look *l, const void *field, const struct where *group, int r,
                 const char *what, const char *why)
{
    const struct where *where = settings_where(l->settings, field);

    if (r == CRIER_ESTATE && l->by_hand)
        log_warnx("check", "%s: not looked at: %s", what, why);
    else if (r)
        problems_add(l->problems, where ? where : group, "%s: %s", what, why);
}

static void look_at(const struct look *l, char *const *file, char *const *env,
                    const struct where *group, const char *what)
{
    char why[WHY_BYTES];
    int r;

    if (!*file && !(env && *env))
        return; /* that one must be there is told elsewhere */
    r = secret_check(*file, env ? *env : NULL, why, sizeof why);
    tell(l, *file ? (const void *)file : (const void *)env, group, r, what, why);
}

static void look_at_network(const struct look *l, const struct network_settings *n)
{
    char what[WHAT_BYTES], why[WHY_BYTES];
    size_t i;
    int r;

    if (n->sasl == SASL_PLAIN) {
        (void)snprintf(what, sizeof what, "network \"%s\", its SASL password", n->name);
        look_at(l, &n->sasl_password_file, &n->sasl_password_env, &n->where, what);
    }
    if (n->client_key) {
        (void)snprintf(what, sizeof what, "network \"%s\": client_key", n->name);
        r = secret_check_key(n->client_key, why, sizeof why);
        tell(l, &n->client_key, &n->where, r, what, why);
    }
    for (i = 0; i < n->n_channels; i++) {
        const struct channel_settings *c = &n->channel[i];

        (void)snprintf(what, sizeof what, "channel \"%s\": key_file", c->name ? c->name : "?");
        look_at(l, &c->key_file, NULL, &c->where, what);
    }
}

void run_secrets_check(const struct settings *s, bool by_hand, struct problems *problems)
{
    struct look l = {s, problems, by_hand};
    char what[WHAT_BYTES];
    struct where top = {s->n_files ? s->files[0] : NULL, 1};
    size_t i;

    for (i = 0; i < s->n_pages; i++) {
        (void)snprintf(what, sizeof what, "page \"%s\", its API key", s->page[i].name);
        look_at(&l, &s->page[i].key_file, &s->page[i].key_env, &s->page[i].where, what);
    }
    for (i = 0; i < s->n_networks; i++)
        look_at_network(&l, &s->network[i]);
    look_at(&l, &s->http.token_file, &s->http.token_env, &top, "http, its token");
    for (i = 0; i < s->n_sources; i++) {
        const struct source_settings *source = &s->source[i];

        if (!source->webhook)
            continue;
        (void)snprintf(what, sizeof what, "source \"%s\", its webhook's token",
                       source->name ? source->name : "?");
        look_at(&l, &source->webhook_token_file, &source->webhook_token_env, &source->where, what);
    }
}
