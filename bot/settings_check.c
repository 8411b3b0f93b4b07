/*
 * settings_finalize(): the checks that are the same for every key, and the tools for the others.
 */
#include "settings_check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "err.h"
#include "nearest.h"
#include "utf8.h"

enum { LABEL_BYTES = 120, TELL_BYTES = 4000 };

void check_tell(struct check *c, const void *field, const struct where *group, const char *fmt, ...)
{
    const struct where *where;
    char text[TELL_BYTES];
    va_list ap;
    int n;

    if (c->problems->n == PROBLEMS_MAX)
        return; /* before looking for the place, which takes time */
    where = field ? settings_where(c->s, field) : NULL;
    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        text[0] = '\0';
    problems_add(c->problems, where ? where : group, "%s", text);
}

void check_set(struct check *c, char **field, const char *text)
{
    char *copy = strdup(text);

    if (!copy) {
        c->err = CRIER_ENOMEM;
        return;
    }
    free(*field);
    *field = copy;
}

/* ---- names ----------------------------------------------------------------------------------- */

static int compare_exact(const void *a, const void *b)
{
    const struct check_name *x = a, *y = b;
    int r = strcmp(x->name ? x->name : "", y->name ? y->name : "");

    if (r)
        return r;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int compare_irc(const void *a, const void *b)
{
    const struct check_name *x = a, *y = b;
    int r = settings_irc_compare(x->name ? x->name : "", y->name ? y->name : "");

    if (r)
        return r;
    return x->order < y->order ? -1 : x->order > y->order;
}

void check_unique(struct check *c, struct check_name *list, size_t n, bool irc, const char *what)
{
    size_t i;

    for (i = 0; i < n; i++)
        list[i].order = i;
    if (n)
        qsort(list, n, sizeof *list, irc ? compare_irc : compare_exact);
    for (i = 1; i < n; i++) {
        const struct check_name *a = &list[i - 1], *b = &list[i];

        if (!a->name || !b->name ||
            (irc ? settings_irc_compare(a->name, b->name) : strcmp(a->name, b->name)) != 0)
            continue;
        if (a->owner && b->owner && a->owner != b->owner)
            check_tell(c, b->field, b->group,
                       "%s \"%s\" is both \"%s\"'s and \"%s\"'s: take it out of one of them", what,
                       b->name, a->owner, b->owner);
        else
            check_tell(c, b->field, b->group,
                       "%s \"%s\" is there twice: take one out, or give it another name", what,
                       b->name);
    }
}

void check_unknown(struct check *c, const void *field, const struct where *group,
                   const char *context, const char *name, const void *known, size_t n, size_t size,
                   size_t offset)
{
    struct nearest nearest;
    size_t i;

    nearest_init(&nearest, name);
    for (i = 0; i < n; i++) {
        const char *candidate;

        memcpy(&candidate, (const char *)known + i * size + offset, sizeof candidate);
        nearest_offer(&nearest, candidate);
    }
    if (nearest.best)
        check_tell(c, field, group, "%s \"%s\" is not configured; did you mean \"%s\"?", context,
                   name, nearest.best);
    else
        check_tell(c, field, group, "%s \"%s\" is not configured: add it, or correct the name",
                   context, name);
}

int check_split(struct check *c, const void *field, const struct where *group, const char *context,
                const char *text, const char *example, const char **ret_rest)
{
    const struct settings *s = c->s;
    const char *slash = strchr(text, '/');
    const char *network = s->n_networks && s->network[0].name ? s->network[0].name : "network";
    struct nearest nearest;
    char name[LABEL_BYTES];
    size_t i;
    int index;

    if (!slash || slash == text || !slash[1]) {
        check_tell(c, field, group, "%s \"%s\" names no network: write \"%s/%s\"", context, text,
                   network,
                   slash && slash[1] ? slash + 1
                   : *text && !slash ? text
                                     : example);
        return -1;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(slash - text), text);
    index = settings_find_network(s, name);
    if (index >= 0) {
        *ret_rest = slash + 1;
        return index;
    }
    nearest_init(&nearest, name);
    for (i = 0; i < s->n_networks; i++)
        nearest_offer(&nearest, s->network[i].name);
    check_tell(c, field, group, "%s \"%s\": there is no network \"%s\"; did you mean \"%s/%s\"?",
               context, text, name, nearest.best ? nearest.best : network, slash + 1);
    return -1;
}

static const char *role_help(enum channel_role role)
{
    switch (role) {
    case CHANNEL_WATCH:
        return "watch";
    case CHANNEL_TALK:
        return "talk";
    case CHANNEL_PRACTICE:
        return "practice";
    }
    return "";
}

const struct channel_settings *check_channel(struct check *c, const void *field,
                                             const struct where *group, const char *context,
                                             const char *text, enum channel_role role)
{
    const struct channel_settings *channel;
    const struct network_settings *n;
    const char *name;
    int index = check_split(c, field, group, context, text, "#channel", &name);

    if (index < 0)
        return NULL;
    n = &c->s->network[index];
    channel = settings_find_channel(c->s, n->name, name);
    if (!channel) {
        struct nearest nearest;
        size_t i;

        nearest_init(&nearest, name);
        for (i = 0; i < n->n_channels; i++)
            nearest_offer(&nearest, n->channel[i].name);
        if (nearest.best)
            check_tell(c, field, group,
                       "%s \"%s\" is no channel of the network; did you mean \"%s/%s\"?", context,
                       text, n->name, nearest.best);
        else
            check_tell(c, field, group, "%s \"%s\" is no channel of the network: add it there",
                       context, text);
        return NULL;
    }
    if (channel->roles & (unsigned)role)
        return channel;
    check_tell(c, field, group, "%s \"%s\" has not the role \"%s\": add it to the channel's roles",
               context, text, role_help(role));
    return NULL;
}

/* ---- every value alone ----------------------------------------------------------------------- */

static const void *member(const void *group, size_t offset)
{
    return (const char *)group + offset;
}

static const char *string_at(const void *group, size_t offset)
{
    const char *string;

    memcpy(&string, member(group, offset), sizeof string);
    return string;
}

static void check_string(struct check *c, const struct setting_key *key, const char *label,
                         const void *field, const struct where *group, const char *value)
{
    size_t bytes = strlen(value);
    const char *p;

    if (bytes < (size_t)key->min) {
        check_tell(c, field, group, "%s is empty: write something, or take it out", label);
        return;
    }
    if (bytes > (size_t)key->max) {
        check_tell(c, field, group, "%s has %zu bytes: write at most %" PRId64, label, bytes,
                   key->max);
        return;
    }
    for (p = value; *p; p += utf8_char_bytes(p)) {
        uint32_t code_point;

        if (!utf8_char_bytes(p)) {
            check_tell(c, field, group, "%s is not UTF-8: save the file as UTF-8", label);
            return;
        }
        code_point = utf8_decode(p);
        if (!utf8_is_unsafe(code_point))
            continue;
        if (strchr("\n\r\t\f", (int)code_point))
            check_tell(c, field, group,
                       "%s has a line break or tab: take it out (in a pattern write two "
                       "backslashes: \\\\n, \\\\t)",
                       label);
        else
            check_tell(c, field, group,
                       "%s has a control or invisible character (U+%04X): take it out (in a "
                       "pattern write \\\\x{%04X})",
                       label, (unsigned)code_point, (unsigned)code_point);
        return;
    }
}

static void check_number(struct check *c, const struct setting_key *key, const char *label,
                         const void *field, const struct where *group)
{
    char is[64], least[64], most[64];
    int64_t value;

    memcpy(&value, field, sizeof value);
    if (value >= key->min && value <= key->max)
        return;
    if (key->type == SETTING_INT)
        check_tell(c, field, group,
                   "%s is %" PRId64 ": write a number from %" PRId64 " to %" PRId64, label, value,
                   key->min, key->max);
    else
        check_tell(c, field, group, "%s is \"%s\": write a time from \"%s\" to \"%s\"", label,
                   duration_text(is, sizeof is, value < 0 ? 0 : value),
                   duration_text(least, sizeof least, key->min),
                   duration_text(most, sizeof most, key->max));
}

/* Whether the value is missing, and nothing has been told about it. */
static bool is_missing(const struct check *c, const struct setting_key *key, const void *group)
{
    const void *field = member(group, key->offset);
    size_t i, n;

    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        if (string_at(group, key->offset))
            return false;
        break;
    case SETTING_STRINGS:
        if (((const struct string_list *)field)->n)
            return false;
        break;
    case SETTING_SET:
        if (*(const unsigned *)field)
            return false;
        break;
    case SETTING_LIST:
        memcpy(&n, member(group, key->count_offset), sizeof n);
        if (n)
            return false;
        break;
    case SETTING_ENUM:
        if (!c->s->n_places)
            return false; /* not from a file: any value may be meant */
        for (i = 0; i < c->s->n_places; i++)
            if (c->s->place[i].field == field)
                return false;
        return true;
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_BOOL:
    case SETTING_TRISTATE:
    case SETTING_STEPS:
    case SETTING_GROUP:
        return false;
    }
    for (i = 0; i < c->s->n_places; i++)
        if (c->s->place[i].field == field)
            return !c->s->place[i].wrong;
    return true;
}

static void tell_missing(struct check *c, const struct setting_section *section,
                         const struct setting_key *key, const void *group,
                         const struct where *where)
{
    const void *field = member(group, key->offset);
    const char *name = string_at(group, section->key[0].offset);
    bool named = !strcmp(section->key[0].name, "name") && name;

    switch (key->type) {
    case SETTING_LIST:
        check_tell(c, field, where, "%s%s%sthere are no %s: write %s = ( { ... } ); (%s)",
                   named ? "\"" : "", named ? name : "", named ? "\": " : "", key->name, key->name,
                   key->help);
        break;
    case SETTING_STRINGS:
    case SETTING_SET:
        check_tell(c, field, where, "%s%s%s%s: %s is missing: write %s = [\"%s\"]; (%s)",
                   section->name, named ? " \"" : "", named ? name : "", named ? "\"" : "",
                   key->name, key->name, key->names ? key->names[0] : "...", key->help);
        break;
    case SETTING_STRING:
    case SETTING_PATH:
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_BOOL:
    case SETTING_TRISTATE:
    case SETTING_ENUM:
    case SETTING_STEPS:
    case SETTING_GROUP:
        check_tell(c, field, where, "%s%s%s%s: %s is missing: write %s = \"%s\"; (%s)",
                   section->name, named ? " \"" : "", named ? name : "", named ? "\"" : "",
                   key->name, key->name, key->names ? key->names[0] : "...", key->help);
        break;
    }
}

static void check_section(struct check *c, const struct setting_section *section, const void *group,
                          const struct where *where, bool required);

static void check_key(struct check *c, const struct setting_section *section,
                      const struct setting_key *key, const void *group, const struct where *where,
                      bool required)
{
    const void *field = member(group, key->offset);
    const struct string_list *list = field;
    char label[LABEL_BYTES];
    const char *array;
    size_t i, n;

    (void)snprintf(label, sizeof label, "%s%s%s", section->name, *section->name ? "." : "",
                   key->name);
    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        if (string_at(group, key->offset))
            check_string(c, key, label, field, where, string_at(group, key->offset));
        break;
    case SETTING_STRINGS:
        for (i = 0; i < list->n; i++)
            check_string(c, key, label, &list->item[i], where, list->item[i]);
        break;
    case SETTING_INT:
    case SETTING_DURATION:
        check_number(c, key, label, field, where);
        break;
    case SETTING_GROUP:
        check_section(c, key->section, field, where, required);
        break;
    case SETTING_LIST:
        array = string_at(group, key->offset);
        memcpy(&n, member(group, key->count_offset), sizeof n);
        for (i = 0; i < n; i++)
            check_section(c, key->section, array + i * key->section->size, where, required);
        break;
    case SETTING_BOOL:
    case SETTING_TRISTATE:
    case SETTING_ENUM:
    case SETTING_SET:
    case SETTING_STEPS:
        break;
    }
}

static void check_section(struct check *c, const struct setting_section *section, const void *group,
                          const struct where *where, bool required)
{
    size_t i;

    if (section->where_offset != SETTING_NO_WHERE) {
        const struct where *own = member(group, section->where_offset);

        where = own->file ? own : where;
    }
    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *key = &section->key[i];

        if (c->problems->n == PROBLEMS_MAX)
            return;
        if (required && (key->flags & SETTING_REQUIRED) && is_missing(c, key, group))
            tell_missing(c, section, key, group, where);
        check_key(c, section, key, group, where, required);
    }
}

void settings_check_values(const struct settings *s, struct problems *problems)
{
    struct check c = {.problems = problems};

    memcpy(&c.s, &s, sizeof c.s); /* only read from here on */
    check_section(&c, settings_section(), s, NULL, false);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Two lists of different kinds whose members have their name in common. */
static void check_names(struct check *c, const void *array, size_t n, size_t size, size_t name,
                        size_t where, const char *what)
{
    struct check_name *list;
    size_t i;

    if (n < 2)
        return;
    list = calloc(n, sizeof *list);
    if (!list) {
        c->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < n; i++) {
        const void *group = member(array, i * size);

        list[i].name = string_at(group, name);
        list[i].field = member(group, name);
        list[i].group = member(group, where);
    }
    check_unique(c, list, n, false, what);
    free(list);
}

#define CHECK_NAMES(c, array, n, S, what)                                \
    check_names(c, array, n, sizeof(struct S), offsetof(struct S, name), \
                offsetof(struct S, where), what)

static void check_chat(struct check *c)
{
    const struct chat_settings *chat = &c->s->chat;

    if (chat->prefix && strpbrk(chat->prefix, " /"))
        check_tell(c, &chat->prefix, NULL,
                   "chat.prefix \"%s\" has a space or slash: write one word, such as \"!status\"",
                   chat->prefix);
}

static void check_pager(struct check *c)
{
    const struct string_list *command = &c->s->pager.command;

    if (command->n && command->item[0] && *command->item[0] != '/')
        check_tell(c, &command->item[0], NULL,
                   "pager.command begins with \"%s\": write the program's whole path, such as "
                   "\"/usr/local/bin/page-oncall\", and each argument as a string of its own",
                   command->item[0]);
}

static void check_reload(struct check *c)
{
    const struct reload_settings *r = &c->s->reload;
    size_t i;

    for (i = 0; i < r->backtest.n; i++)
        if (*r->backtest.item[i] != '/')
            check_tell(c, &r->backtest.item[i], NULL,
                       "reload.backtest: \"%s\" is no absolute path of a log: write it as "
                       "\"/var/log/irc/*.log\"",
                       r->backtest.item[i]);
    if (r->channel)
        (void)check_channel(c, &r->channel, NULL, "reload.channel", r->channel, CHANNEL_TALK);
}

int settings_finalize(struct settings *s, struct problems *problems)
{
    struct check c = {.s = s, .problems = problems};
    size_t before = problems->n;
    struct where top = {s->n_files ? s->files[0] : NULL, 1};

    check_section(&c, settings_section(), s, &top, true);
    CHECK_NAMES(&c, s->page, s->n_pages, page_settings, "the page");
    CHECK_NAMES(&c, s->network, s->n_networks, network_settings, "the network");
    CHECK_NAMES(&c, s->person, s->n_people, person_settings, "the person");
    CHECK_NAMES(&c, s->format, s->n_formats, format_settings, "the format");
    CHECK_NAMES(&c, s->source, s->n_sources, source_settings, "the source");
    CHECK_NAMES(&c, s->rule, s->n_rules, rule_settings, "the rule");
    CHECK_NAMES(&c, s->wording, s->n_wordings, wording_settings, "the wording");
    check_pages(&c);
    check_components(&c);
    check_networks(&c);
    check_people(&c);
    check_relays(&c);
    check_formats(&c);
    check_sources(&c);
    check_web_server(&c);
    check_rules(&c);
    check_wordings(&c);
    check_maintenance(&c);
    check_chat(&c);
    check_pager(&c);
    check_reminders(&c);
    check_reload(&c);
    if (c.err || problems->err)
        return CRIER_ENOMEM;
    return problems->n == before ? 0 : CRIER_EINVAL;
}
