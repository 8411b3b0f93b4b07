/*
 * settings_finalize(): networks, channels, people and sources.
 */
#include "settings_check.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mask.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
/* RFC 2812 section 2.3.1, "special". */
#define NICK_SPECIAL "[]\\`_^{|}"

static bool made_of(const char *s, const char *characters)
{
    return *s && !s[strspn(s, characters)];
}

/* Nicks as RFC 2812 section 2.3.1 has them; '%' would be a format to libircclient. */
static void check_nick(struct check *c, const void *field, const struct network_settings *n,
                       const char *key, const char *nick)
{
    if (made_of(nick, LETTERS DIGITS NICK_SPECIAL "-") && !strchr(DIGITS "-", nick[0]))
        return;
    check_tell(c, field, &n->where,
               "networks.%s \"%s\" is no nick: write letters, digits, - and %s, not a digit or - "
               "first",
               key, nick, NICK_SPECIAL);
}

/* A variable of the environment: POSIX, Base Definitions, section 8.1. */
static void check_env(struct check *c, const void *field, const struct where *where,
                      const char *key, const char *name)
{
    if (name && (!made_of(name, LETTERS DIGITS "_") || strchr(DIGITS, name[0])))
        check_tell(c, field, where,
                   "%s is no name of a variable: write letters, digits and _, such as "
                   "\"CRIER_SECRET\"",
                   key);
}

static void check_host(struct check *c, const struct network_settings *n)
{
    const char *colon = strchr(n->host, ':');

    if (colon && !strchr(colon + 1, ':') && made_of(colon + 1, DIGITS))
        check_tell(c, &n->host, &n->where,
                   "networks.host \"%s\" has a port: write host = \"%.*s\"; port = %s;", n->host,
                   (int)(colon - n->host), n->host, colon + 1);
    else if (!made_of(n->host, LETTERS DIGITS ".-_:[]%"))
        check_tell(c, &n->host, &n->where,
                   "networks.host \"%s\" is no name or address: write it bare, such as "
                   "\"irc.libera.chat\"",
                   n->host);
}

static void check_sasl_plain(struct check *c, const struct network_settings *n)
{
    if (!n->sasl_account)
        check_tell(c, &n->sasl, &n->where, "sasl is \"plain\": write sasl_account = \"...\"; too");
    if (!n->sasl_password_file && !n->sasl_password_env)
        check_tell(c, &n->sasl, &n->where,
                   "sasl is \"plain\": write sasl_password_file = \"...\"; too");
    if (n->sasl_password_file && n->sasl_password_env)
        check_tell(c, &n->sasl_password_env, &n->where,
                   "sasl_password_file and sasl_password_env are both given: take one out");
    if (!n->tls && !n->sasl_without_tls_is_dangerous)
        check_tell(c, &n->sasl, &n->where,
                   "sasl \"plain\" without TLS shows the password to everybody on the way: write "
                   "tls = true; or sasl_without_tls_is_dangerous = true;");
}

static void check_sasl(struct check *c, const struct network_settings *n)
{
    switch (n->sasl) {
    case SASL_NONE:
        if (n->sasl_account || n->sasl_password_file || n->sasl_password_env)
            check_tell(c, &n->sasl, &n->where,
                       "an account or password is given, but sasl is \"none\": write sasl = "
                       "\"plain\"; or take them out");
        break;
    case SASL_PLAIN:
        check_sasl_plain(c, n);
        break;
    case SASL_EXTERNAL:
        if (!n->client_cert || !n->tls)
            check_tell(c, &n->sasl, &n->where,
                       "sasl is \"external\": write client_cert, client_key and tls = true; too");
        break;
    }
    if (n->client_cert && !n->client_key)
        check_tell(c, &n->client_cert, &n->where, "client_cert needs client_key = \"...\"; too");
    if (n->client_key && !n->client_cert)
        check_tell(c, &n->client_key, &n->where, "client_key needs client_cert = \"...\"; too");
}

static void check_channels(struct check *c, const struct network_settings *n)
{
    struct check_name *names;
    size_t i;

    if (!n->n_channels)
        return;
    names = calloc(n->n_channels, sizeof *names);
    if (!names) {
        c->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < n->n_channels; i++) {
        const struct channel_settings *channel = &n->channel[i];

        names[i] = (struct check_name){
            .name = channel->name, .field = &channel->name, .group = &channel->where};
        /* RFC 2812 section 1.3. */
        if (channel->name && (!strchr("#&", channel->name[0]) || strpbrk(channel->name, " ,\a:") ||
                              !channel->name[1]))
            check_tell(c, &channel->name, &channel->where,
                       "channels.name \"%s\" is no channel: write it with its #, without blanks, "
                       "commas and colons, such as \"#operations\"",
                       channel->name);
        if (channel->key && channel->key_file)
            check_tell(c, &channel->key_file, &channel->where,
                       "channels.key and key_file are both given: take one out");
        if (channel->key && strpbrk(channel->key, " ,:"))
            check_tell(c, &channel->key, &channel->where,
                       "channels.key has a blank, comma or colon, which no key of a channel has");
    }
    check_unique(c, names, n->n_channels, true, "the channel");
    free(names);
}

static void check_proxy(struct check *c, const struct network_settings *n)
{
    const char *why = n->proxy ? check_proxy_url(n->proxy) : NULL;

    if (why)
        check_tell(c, &n->proxy, &n->where, "networks.proxy %s", why);
}

static void check_network(struct check *c, const struct network_settings *n)
{
    size_t i;

    if (n->name && !made_of(n->name, LETTERS DIGITS "._-"))
        check_tell(c, &n->name, &n->where,
                   "networks.name \"%s\": write letters, digits, . _ and - only, such as "
                   "\"libera\"",
                   n->name);
    if (n->host)
        check_host(c, n);
    if (n->nick)
        check_nick(c, &n->nick, n, "nick", n->nick);
    for (i = 0; i < n->alt_nicks.n; i++)
        check_nick(c, &n->alt_nicks.item[i], n, "alt_nicks", n->alt_nicks.item[i]);
    if (n->user && !made_of(n->user, LETTERS DIGITS "._-"))
        check_tell(c, &n->user, &n->where,
                   "networks.user \"%s\": write letters, digits, . _ and - only", n->user);
    if (n->realname && strchr(n->realname, '%'))
        check_tell(c, &n->realname, &n->where, "networks.realname has a %%: take it out");
    if (n->sasl_account && strpbrk(n->sasl_account, " :"))
        check_tell(c, &n->sasl_account, &n->where,
                   "networks.sasl_account \"%s\" is no account: write its name alone",
                   n->sasl_account);
    check_env(c, &n->sasl_password_env, &n->where, "networks.sasl_password_env",
              n->sasl_password_env);
    check_sasl(c, n);
    check_proxy(c, n);
    check_pins(c, &n->pin, &n->where, "networks.pin", &n->pin, n->tls);
    if (n->dead_after_ms <= n->ping_interval_ms)
        check_tell(c, &n->dead_after_ms, &n->where,
                   "networks.dead_after must be longer than ping_interval, or every quiet minute "
                   "ends the connection: write more, such as \"50 s\"");
    if (n->reconnect_max_ms < n->reconnect_min_ms)
        check_tell(c, &n->reconnect_max_ms, &n->where,
                   "networks.reconnect_max is shorter than reconnect_min: write more");
    check_channels(c, n);
}

void check_networks(struct check *c)
{
    const struct settings *s = c->s;
    bool talk = false;
    size_t i, j;

    for (i = 0; i < s->n_networks; i++) {
        check_network(c, &s->network[i]);
        for (j = 0; j < s->network[i].n_channels; j++)
            talk = talk || (s->network[i].channel[j].roles & CHANNEL_TALK);
    }
    if (s->n_networks && !talk)
        check_tell(c, &s->network, NULL,
                   "no channel has the role \"talk\", so nobody could confirm anything: write "
                   "roles = [\"watch\", \"talk\"]; at one of them");
}

void check_reminders(struct check *c)
{
    const struct settings *s = c->s;
    const struct reminder_settings *r = &s->reminders;
    size_t i;

    if (r->second_channel)
        (void)check_channel(c, &r->second_channel, NULL, "reminders.second_channel",
                            r->second_channel, CHANNEL_TALK);
    for (i = 0; i < r->on_duty.n; i++)
        if (settings_find_person(s, r->on_duty.item[i]) < 0)
            check_unknown(c, &r->on_duty.item[i], NULL, "reminders.on_duty", r->on_duty.item[i],
                          s->person, s->n_people, sizeof *s->person,
                          offsetof(struct person_settings, name));
}

/* ---- who ------------------------------------------------------------------------------------- */

static void check_account(struct check *c, const void *field, const struct where *where,
                          const char *context, const char *text)
{
    const char *account;

    if (check_split(c, field, where, context, text, "account", &account) < 0)
        return;
    if (strpbrk(account, " !@*?,/"))
        check_tell(c, field, where,
                   "%s \"%s\" is no account: write \"network/account\"; a mask belongs in "
                   "hostmasks",
                   context, text);
}

/* A mask that leaves the host open would believe a nick. */
static void check_hostmask(struct check *c, const void *field, const struct where *where,
                           const char *context, const char *text)
{
    const char *mask, *bang, *at;

    if (check_split(c, field, where, context, text, "nick!user@host", &mask) < 0)
        return;
    bang = strchr(mask, '!');
    at = strrchr(mask, '@');
    if (!bang || !at || bang == mask || at < bang + 2 || !at[1] || strpbrk(mask, " ,"))
        check_tell(c, field, where, "%s \"%s\" is no mask: write \"network/nick!user@host\"",
                   context, text);
    else if (!at[1 + strspn(at + 1, "*?.:/")])
        check_tell(c, field, where,
                   "%s \"%s\" lets every host in: write the host's name, address or cloak behind "
                   "the @",
                   context, text);
}

/* One who is kept out may be known by the nick alone; everybody may not be. */
static void check_relay_mask(struct check *c, const void *field, const char *text)
{
    const char *mask, *bang, *at;

    if (check_split(c, field, NULL, "relays.hostmasks", text, "nick!user@host", &mask) < 0)
        return;
    bang = strchr(mask, '!');
    at = strrchr(mask, '@');
    if (!bang || !at || bang == mask || at < bang + 2 || !at[1] || strpbrk(mask, " ,"))
        check_tell(c, field, NULL,
                   "relays.hostmasks \"%s\" is no mask: write \"network/nick!user@host\"", text);
    else if (!mask[strspn(mask, "*?!@.:/")])
        check_tell(c, field, NULL,
                   "relays.hostmasks \"%s\" keeps everybody out: write the relay's nick, user or "
                   "host",
                   text);
}

static void check_identities(struct check *c, const struct where *where, const char *kind,
                             const struct string_list *accounts,
                             const struct string_list *hostmasks)
{
    char context[64];
    size_t i;

    (void)snprintf(context, sizeof context, "%s.accounts", kind);
    for (i = 0; i < accounts->n; i++)
        check_account(c, &accounts->item[i], where, context, accounts->item[i]);
    (void)snprintf(context, sizeof context, "%s.hostmasks", kind);
    for (i = 0; i < hostmasks->n; i++)
        check_hostmask(c, &hostmasks->item[i], where, context, hostmasks->item[i]);
}

static void add_names(struct check_name *names, size_t *n, const struct person_settings *p,
                      const struct string_list *list)
{
    size_t i;

    for (i = 0; i < list->n; i++)
        names[(*n)++] = (struct check_name){
            .name = list->item[i], .owner = p->name, .field = &list->item[i], .group = &p->where};
}

/* Nobody may count as two people, nor two as one. */
static void check_one_owner(struct check *c)
{
    const struct settings *s = c->s;
    struct check_name *names;
    size_t i, n = 0;

    for (i = 0; i < s->n_people; i++)
        n += s->person[i].accounts.n + s->person[i].hostmasks.n + 1;
    if (!n)
        return;
    names = calloc(n, sizeof *names);
    if (!names) {
        c->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0, n = 0; i < s->n_people; i++)
        add_names(names, &n, &s->person[i], &s->person[i].accounts);
    check_unique(c, names, n, true, "the account");
    for (i = 0, n = 0; i < s->n_people; i++)
        add_names(names, &n, &s->person[i], &s->person[i].hostmasks);
    check_unique(c, names, n, true, "the hostmask");
    for (i = 0, n = 0; i < s->n_people; i++)
        if (s->person[i].shell)
            names[n++] = (struct check_name){.name = s->person[i].shell,
                                             .owner = s->person[i].name,
                                             .field = &s->person[i].shell,
                                             .group = &s->person[i].where};
    check_unique(c, names, n, false, "the shell user");
    free(names);
}

void check_people(struct check *c)
{
    struct settings *s = c->s;
    size_t i;

    for (i = 0; i < s->n_people; i++) {
        struct person_settings *p = &s->person[i];

        check_identities(c, &p->where, "people", &p->accounts, &p->hostmasks);
        if (p->roles && !p->accounts.n && !p->hostmasks.n && !settings_where(s, &p->accounts) &&
            !settings_where(s, &p->hostmasks))
            check_tell(c, &p->roles, &p->where,
                       "\"%s\" has roles and no account to use them with: write accounts = "
                       "[\"network/account\"];",
                       p->name ? p->name : "?");
        /* A name that stands for the nick may be any words: it is shown, and pings nobody. */
        if (p->nick && (!p->name || strcmp(p->nick, p->name) != 0) && strpbrk(p->nick, " ,:!@%"))
            check_tell(c, &p->nick, &p->where, "people.nick \"%s\" is no nick: write it alone",
                       p->nick);
        if (p->shell && strpbrk(p->shell, " @:"))
            check_tell(c, &p->shell, &p->where,
                       "people.shell \"%s\" is no user: write the name alone", p->shell);
        if (!p->nick && p->name)
            check_set(c, &p->nick, p->name);
    }
    check_one_owner(c);
}

/* Whether somebody of people is listed by exactly that, too. @return them or NULL. */
static const struct person_settings *also_in(const struct settings *s, const char *entry,
                                             bool account)
{
    size_t i, j;

    for (i = 0; i < s->n_people; i++) {
        const struct string_list *list = account ? &s->person[i].accounts : &s->person[i].hostmasks;

        for (j = 0; j < list->n; j++)
            if (settings_irc_equal(list->item[j], entry))
                return &s->person[i];
    }
    return NULL;
}

static void check_no_person(struct check *c, const struct string_list *list, bool account)
{
    const struct person_settings *p;
    size_t i;

    for (i = 0; i < list->n; i++) {
        p = also_in(c->s, list->item[i], account);
        if (p)
            check_tell(c, &list->item[i], NULL,
                       "relays: \"%s\" is in people too, as \"%s\": a relay speaks for many and "
                       "is never obeyed, take it out of one of the two",
                       list->item[i], p->name ? p->name : "?");
    }
}

/* A relay may be a source too: what it tells of alerts is then believed. */
void check_relays(struct check *c)
{
    const struct relay_settings *r = &c->s->relays;
    size_t i;

    for (i = 0; i < r->accounts.n; i++)
        check_account(c, &r->accounts.item[i], NULL, "relays.accounts", r->accounts.item[i]);
    for (i = 0; i < r->hostmasks.n; i++)
        check_relay_mask(c, &r->hostmasks.item[i], r->hostmasks.item[i]);
    check_no_person(c, &r->accounts, true);
    check_no_person(c, &r->hostmasks, false);
}

/* Log files and feeds: what is believed because of where it stands. */
static void check_ears(struct check *c, const struct source_settings *source)
{
    char shown[MASK_URL_BYTES];
    size_t i, j;

    if (!source->channels.n && !source->files.n && !source->feed && !source->webhook &&
        !settings_where(c->s, &source->channels))
        check_tell(c, NULL, &source->where,
                   "the source \"%s\" is heard nowhere: write channels = [\"network/#channel\"]; "
                   "(or files, feed, webhook)",
                   source->name ? source->name : "?");
    for (i = 0; i < source->files.n; i++) {
        const char *path = source->files.item[i];

        if (path[0] != '/' || path[strlen(path) - 1] == '/')
            check_tell(c, &source->files.item[i], &source->where,
                       "sources.files: \"%s\" is no absolute path of a file: write it as "
                       "\"/var/log/alerts.log\"",
                       path);
        for (j = 0; j < i; j++)
            if (!strcmp(path, source->files.item[j]))
                check_tell(c, &source->files.item[i], &source->where,
                           "sources.files: \"%s\" is there twice: take one out", path);
    }
    if (source->feed && check_feed_url(source->feed))
        check_tell(c, &source->feed, &source->where, "sources.feed \"%s\" %s",
                   mask_url(shown, sizeof shown, source->feed), check_feed_url(source->feed));
}

static void check_source(struct check *c, const struct source_settings *source)
{
    const struct settings *s = c->s;
    size_t i;

    check_identities(c, &source->where, "sources", &source->accounts, &source->hostmasks);
    check_ears(c, source);
    if (source->channels.n && !source->accounts.n && !source->hostmasks.n && !source->people &&
        !settings_where(s, &source->accounts) && !settings_where(s, &source->hostmasks))
        check_tell(c, NULL, &source->where,
                   "the source \"%s\" believes nobody: write accounts = [\"network/account\"];",
                   source->name ? source->name : "?");
    for (i = 0; i < source->channels.n; i++)
        (void)check_channel(c, &source->channels.item[i], &source->where, "sources.channels",
                            source->channels.item[i], CHANNEL_WATCH);
    for (i = 0; i < source->formats.n; i++)
        if (settings_find_format(s, source->formats.item[i]) < 0)
            check_unknown(c, &source->formats.item[i], &source->where, "sources.formats: format",
                          source->formats.item[i], s->format, s->n_formats,
                          sizeof(struct format_settings), offsetof(struct format_settings, name));
}

void check_sources(struct check *c)
{
    size_t i;

    for (i = 0; i < c->s->n_sources; i++)
        check_source(c, &c->s->source[i]);
}
