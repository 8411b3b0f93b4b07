#include "drill_settings.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum { COMPONENTS_BYTES = 1 << 20 };

/* Takes a string away. */
static void drop(char **field)
{
    free(*field);
    *field = NULL;
}

static void drop_strings(struct string_list *list)
{
    size_t i;

    for (i = 0; list->item && i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    list->item = NULL;
    list->n = 0;
}

static int set(char **field, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return CRIER_ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static const struct setting_section *section_of(const char *name)
{
    const struct setting_section *all = settings_section();
    size_t i;

    for (i = 0; i < all->n_keys; i++)
        if (!strcmp(all->key[i].name, name))
            return all->key[i].section;
    return NULL; /* the names below are those of the table */
}

/* One page takes the place of all. */
static int one_page(struct settings *s)
{
    const struct setting_section *pages = section_of("pages");
    size_t i;
    int r = 0;

    for (i = 1; i < s->n_pages; i++)
        setting_section_finish(pages, &s->page[i]);
    s->n_pages = s->n_pages ? 1 : 0;
    if (!s->n_pages)
        return CRIER_ENOENT;
    drop(&s->page[0].key_file);
    drop(&s->page[0].key_env);
    drop(&s->page[0].ca_file);
    drop(&s->page[0].proxy);
    drop_strings(&s->page[0].pin);
    s->page[0].allow_plain_http = true;
    /* until the practice page is there, addresses that lead nowhere */
    r = set(&s->page[0].page_id, "drill");
    if (!r)
        r = set(&s->page[0].api_url, "http://127.0.0.1:9");
    if (!r)
        r = set(&s->page[0].public_url, "http://127.0.0.1:9");
    if (!r)
        r = set(&s->page[0].admin_url, "http://127.0.0.1:9");
    for (i = 0; i < s->n_components && !r; i++) {
        char *p;

        r = set(&s->component[i].page, s->page[0].name);
        s->component[i].page_index = 0;
        for (p = s->component[i].name; (p = strchr(p, ',')) != NULL; p++)
            *p = ';'; /* the practice page takes its components with commas between */
    }
    return r;
}

static int one_channel(struct settings *s, const char *place)
{
    const char *slash = strchr(place, '/');
    bool found = false;
    size_t i, k;

    for (i = 0; i < s->n_networks; i++) {
        struct network_settings *n = &s->network[i];
        bool here = slash && strlen(n->name) == (size_t)(slash - place) &&
                    !strncmp(n->name, place, (size_t)(slash - place));

        drop(&n->sasl_password_file);
        drop(&n->sasl_password_env);
        drop(&n->client_key);
        drop(&n->proxy);
        for (k = 0; k < n->n_channels; k++) {
            bool practice = here && settings_irc_equal(n->channel[k].name, slash + 1);

            /* the others stay for whoever is heard in a log, but nobody talks there */
            drop(&n->channel[k].key);
            drop(&n->channel[k].key_file);
            n->channel[k].roles = practice ? CHANNEL_WATCH | CHANNEL_TALK : CHANNEL_WATCH;
            found = found || practice;
        }
    }
    return found ? 0 : CRIER_ENOENT;
}

static int only_players(struct settings *s)
{
    struct person_settings *all;
    size_t i;

    for (i = 0; i < s->n_people; i++) {
        drop(&s->person[i].shell); /* who deployed in a log is not called by name */
        s->person[i].roles |= ROLE_DEPLOYER;
    }
    all = reallocarray(s->person, s->n_people + DRILL_GUESTS_MAX, sizeof *all);
    if (!all)
        return CRIER_ENOMEM;
    memset(all + s->n_people, 0, DRILL_GUESTS_MAX * sizeof *all);
    s->person = all;
    return 0;
}

static int calm(struct settings *s, const char *place)
{
    struct reminder_settings *quiet = &s->reminders;
    const struct setting_section *windows = section_of("maintenance");
    size_t i;
    int r = 0;

    quiet->draft_ms = quiet->duty_ms = quiet->channel_ms = quiet->update_ms = 0;
    quiet->monitoring_ms = quiet->red_ms = quiet->green_ms = 0;
    drop_strings(&quiet->on_duty);
    drop(&quiet->second_channel);
    for (i = 0; i < s->n_maintenance; i++)
        setting_section_finish(windows, &s->maintenance[i]);
    s->n_maintenance = 0;
    drop_strings(&s->pager.command);
    drop(&s->http.token_file);
    drop(&s->http.token_env);
    drop(&s->http.public_url);
    s->http.port = 0;
    s->report.postmortem_draft = false;
    s->chat.two_for_critical = false; /* one may play alone */
    for (i = 0; i < s->n_sources; i++) {
        struct source_settings *source = &s->source[i];

        drop_strings(&source->files);
        drop(&source->feed);
        drop(&source->webhook_token_file);
        drop(&source->webhook_token_env);
        source->webhook = false;
    }
    for (i = 0; i < s->n_rules && !r; i++) {
        r = set(&s->rule[i].channel, place);
        if (!r)
            r = set(&s->rule[i].page, s->page[0].name);
        s->rule[i].page_index = 0;
    }
    return r;
}

/* The names in rules and windows must go on naming components. */
static void rename_in_rules(struct settings *s)
{
    size_t i, k;

    for (i = 0; i < s->n_rules; i++)
        for (k = 0; k < s->rule[i].n_components; k++) {
            char *p = s->rule[i].component[k].name;

            for (; (p = strchr(p, ',')) != NULL; p++)
                *p = ';';
        }
}

int drill_settings_make(const struct settings *real, const char *place, struct settings **ret)
{
    struct settings *s = settings_copy(real);
    int r;

    if (!s)
        return CRIER_ENOMEM;
    r = one_page(s);
    if (!r)
        r = one_channel(s, place);
    if (!r)
        r = only_players(s);
    if (!r)
        r = calm(s, place);
    if (r) {
        settings_destroy(s);
        return r;
    }
    rename_in_rules(s);
    *ret = s;
    return 0;
}

int drill_settings_page(struct settings *s, const struct drill_page *page)
{
    struct page_settings *p = &s->page[0];
    int r = set(&p->page_id, page->page_id);

    if (!r)
        r = set(&p->api_url, page->api_url);
    if (!r)
        r = set(&p->public_url, page->public_url);
    if (!r)
        r = set(&p->admin_url, page->shown_url);
    if (!r)
        r = set(&p->key_file, page->key_file);
    return r;
}

char *drill_settings_components(const struct settings *s)
{
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, COMPONENTS_BYTES);
    for (i = 0; i < s->n_components; i++) {
        if (settings_find_component(s, 0, s->component[i].name) != (int)i)
            continue; /* two pages had one of that name */
        buf_addf(&b, "%s%s", b.len ? "," : "", s->component[i].name);
    }
    text = buf_take(&b);
    buf_finish(&b);
    return text;
}

int drill_settings_guest(struct settings *s, const char *network, const char *account,
                         const char *nick)
{
    struct person_settings *p = &s->person[s->n_people];
    size_t i, guests = 0;

    for (i = 0; i < s->n_people; i++)
        guests += !s->person[i].where.file && s->person[i].where.line < 0;
    if (guests >= DRILL_GUESTS_MAX)
        return CRIER_ELIMIT;
    memset(p, 0, sizeof *p);
    p->name = strdup(account);
    p->nick = strdup(nick);
    p->accounts.item = calloc(1, sizeof *p->accounts.item);
    if (p->accounts.item) {
        p->accounts.item[0] = buf_printf("%s/%s", network, account);
        p->accounts.n = p->accounts.item[0] != NULL;
    }
    if (!p->name || !p->nick || !p->accounts.n) {
        free(p->name);
        free(p->nick);
        drop_strings(&p->accounts);
        memset(p, 0, sizeof *p);
        return CRIER_ENOMEM;
    }
    p->where.line = -1; /* how a guest is told from the others */
    p->roles = ROLE_DEPLOYER;
    s->n_people++;
    return 0;
}
