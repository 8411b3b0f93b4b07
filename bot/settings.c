#include "settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

/* ---- names of values ------------------------------------------------------------------------- */

const char *const component_status_names[] = {
    [COMPONENT_OPERATIONAL] = "operational",
    [COMPONENT_UNDER_MAINTENANCE] = "under_maintenance",
    [COMPONENT_DEGRADED_PERFORMANCE] = "degraded_performance",
    [COMPONENT_PARTIAL_OUTAGE] = "partial_outage",
    [COMPONENT_MAJOR_OUTAGE] = "major_outage",
    NULL,
};

static const char *const component_status_word_list[] = {
    [COMPONENT_OPERATIONAL] = "operational",
    [COMPONENT_UNDER_MAINTENANCE] = "under maintenance",
    [COMPONENT_DEGRADED_PERFORMANCE] = "degraded performance",
    [COMPONENT_PARTIAL_OUTAGE] = "partial outage",
    [COMPONENT_MAJOR_OUTAGE] = "major outage",
};

const char *const impact_names[] = {
    [IMPACT_NONE] = "none",   [IMPACT_MAINTENANCE] = "maintenance", [IMPACT_MINOR] = "minor",
    [IMPACT_MAJOR] = "major", [IMPACT_CRITICAL] = "critical",       NULL,
};

const char *const step_names[] = {
    [STEP_INVESTIGATING] = "investigating",
    [STEP_IDENTIFIED] = "identified",
    [STEP_MONITORING] = "monitoring",
    [STEP_RESOLVED] = "resolved",
    NULL,
};

const char *const severity_names[] = {
    [SEVERITY_UNKNOWN] = "unknown",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_CRITICAL] = "critical",
    NULL,
};

const char *const role_names[] = {"deployer", "sre", "operator", NULL};
const char *const channel_role_names[] = {"watch", "talk", "practice", NULL};
const char *const sasl_names[] = {
    [SASL_NONE] = "none",
    [SASL_PLAIN] = "plain",
    [SASL_EXTERNAL] = "external",
    NULL,
};

static int find_name(const char *const *names, const char *name)
{
    int i;

    for (i = 0; name && names[i]; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

const char *component_status_name(enum component_status s)
{
    assert(s <= COMPONENT_MAJOR_OUTAGE);
    return component_status_names[s];
}

int component_status_from_name(const char *name, enum component_status *ret_status)
{
    int i = find_name(component_status_names, name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_status = (enum component_status)i;
    return 0;
}

const char *component_status_words(enum component_status s)
{
    assert(s <= COMPONENT_MAJOR_OUTAGE);
    return component_status_word_list[s];
}

const char *impact_name(enum impact i)
{
    assert(i <= IMPACT_CRITICAL);
    return impact_names[i];
}

int impact_from_name(const char *name, enum impact *ret_impact)
{
    int i = find_name(impact_names, name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_impact = (enum impact)i;
    return 0;
}

const char *step_name(enum step s)
{
    assert(s <= STEP_RESOLVED);
    return step_names[s];
}

int step_from_name(const char *name, enum step *ret_step)
{
    int i = find_name(step_names, name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_step = (enum step)i;
    return 0;
}

const char *severity_name(enum severity s)
{
    assert(s <= SEVERITY_CRITICAL);
    return severity_names[s];
}

int severity_from_name(const char *name, enum severity *ret_severity)
{
    int i = find_name(severity_names, name);

    if (i < 0)
        return CRIER_EINVAL;
    *ret_severity = (enum severity)i;
    return 0;
}

/* ---- create, destroy ------------------------------------------------------------------------- */

struct settings *settings_create(void)
{
    struct settings *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    if (setting_section_init(settings_section(), s)) {
        settings_destroy(s);
        return NULL;
    }
    return s;
}

void settings_destroy(struct settings *s)
{
    size_t i;

    if (!s)
        return;
    for (i = 0; i < s->n_files; i++)
        free(s->files[i]);
    free(s->files);
    free(s->place);
    setting_section_finish(settings_section(), s);
    free(s);
}

/* ---- finders --------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

int settings_find_page(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_pages; i++)
        if (same(s->page[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_network(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_networks; i++)
        if (same(s->network[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_component(const struct settings *s, int page_index, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_components; i++)
        if (page_index >= 0 && s->component[i].page_index == (size_t)page_index &&
            same(s->component[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_wording(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_wordings; i++)
        if (same(s->wording[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_format(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_formats; i++)
        if (same(s->format[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_source(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_sources; i++)
        if (same(s->source[i].name, name))
            return (int)i;
    return -1;
}

int settings_find_person(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_people; i++)
        if (same(s->person[i].name, name))
            return (int)i;
    return -1;
}

/* RFC 2812 section 2.2, and the ^ of RFC 1459's ISUPPORT name. */
static char irc_fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    switch (c) {
    case '[':
        return '{';
    case ']':
        return '}';
    case '\\':
        return '|';
    case '~':
        return '^';
    default:
        return c;
    }
}

int settings_irc_compare(const char *a, const char *b)
{
    while (*a && irc_fold(*a) == irc_fold(*b)) {
        a++;
        b++;
    }
    return (unsigned char)irc_fold(*a) - (unsigned char)irc_fold(*b);
}

bool settings_irc_equal(const char *a, const char *b)
{
    return settings_irc_compare(a, b) == 0;
}

const struct channel_settings *settings_find_channel(const struct settings *s, const char *network,
                                                     const char *channel)
{
    int n = settings_find_network(s, network);
    size_t i;

    if (n < 0 || !channel)
        return NULL;
    for (i = 0; i < s->network[n].n_channels; i++) {
        const struct channel_settings *c = &s->network[n].channel[i];

        if (c->name && settings_irc_equal(c->name, channel))
            return c;
    }
    return NULL;
}

const struct where *settings_where(const struct settings *s, const void *field)
{
    size_t i;

    for (i = 0; i < s->n_places; i++)
        if (s->place[i].field == field)
            return &s->place[i].where;
    return NULL;
}
