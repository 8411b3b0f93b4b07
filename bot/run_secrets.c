#include "run_secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "command.h"
#include "err.h"
#include "hearing.h"
#include "log.h"

#include "secret.h"
#include "secret_watch.h"

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

/* ---- what is typed where it does not belong -------------------------------------------------- */

static void watch_one(struct secret_watch *watch, const char *file, const char *env)
{
    char why[WHY_BYTES], *secret = NULL;

    if (!file && !env)
        return;
    if (!secret_load(file, env, &secret, why, sizeof why) &&
        secret_watch_add(watch, secret) == CRIER_ELIMIT)
        log_warnx("run", "more than %d secrets: not all are recognised when somebody types them",
                  SECRET_WATCH_MAX);
    secret_destroy(secret);
}

void run_secrets_watch(const struct settings *s, struct secret_watch *watch)
{
    size_t i, j;

    secret_watch_clear(watch);
    for (i = 0; i < s->n_pages; i++)
        watch_one(watch, s->page[i].key_file, s->page[i].key_env);
    for (i = 0; i < s->n_networks; i++) {
        const struct network_settings *n = &s->network[i];

        if (n->sasl == SASL_PLAIN)
            watch_one(watch, n->sasl_password_file, n->sasl_password_env);
        for (j = 0; j < n->n_channels; j++) {
            watch_one(watch, n->channel[j].key_file, NULL);
            if (n->channel[j].key) /* one that is too short is no secret to speak of */
                (void)!secret_watch_add(watch, n->channel[j].key);
        }
    }
    watch_one(watch, s->http.token_file, s->http.token_env);
    for (i = 0; i < s->n_sources; i++)
        if (s->source[i].webhook)
            watch_one(watch, s->source[i].webhook_token_file, s->source[i].webhook_token_env);
}

static void answer(const struct settings *s, const struct chat_port *chat, const struct heard *line)
{
    struct say say = {.priority = SAY_ANSWER};

    if (line->notice || line->action || line->history || !line->obey ||
        !command_is_addressed(s->chat.prefix, line->text) || !hearing_place(s, line) ||
        hearing_person(s, line) < 0)
        return;
    say.place = strdup(line->place);
    say.text = buf_printf("%s: one of crier's own secrets is in that: change it now. Nothing was "
                          "done, and the line is not kept",
                          line->nick);
    if (say.place && say.text)
        (void)chat->say(chat->ctx, &say); /* where the queue is full, the log has it */
    free(say.place);
    free(say.text);
}

bool run_secrets_stop_line(const struct secret_watch *watch, const struct settings *s,
                           const struct chat_port *chat, const struct heard *line)
{
    if (!secret_watch_finds(watch, line->text))
        return false;
    log_errorx("run",
               "one of crier's own secrets is in a line at %s: change it; the line is passed over",
               line->place);
    answer(s, chat, line);
    return true;
}

bool run_secrets_stop_ear(const struct secret_watch *watch, const struct ear_line *line)
{
    if (!secret_watch_finds(watch, line->text))
        return false;
    log_errorx("run",
               "one of crier's own secrets is in a line of %s: change it; the line is passed over",
               line->place);
    return true;
}
