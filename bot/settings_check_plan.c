/*
 * settings_finalize(): planned maintenance and announced read-only periods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "settings_check.h"
#include "when.h"

enum { CONTEXT_BYTES = 300, TIME_BYTES = 40 };

static const char *shown(const char *name)
{
    return name ? name : "?";
}

/* "2026-12-01 14:00", with UTC behind it if they like. @return false when it is no such time. */
static bool read_time(const char *text, int64_t *ret_wall_ms)
{
    char iso[TIME_BYTES];
    size_t n = strlen(text);

    if (n > 4 && !strcmp(text + n - 4, " UTC"))
        n -= 4;
    if (n != strlen("2026-12-01 14:00"))
        return false;
    (void)snprintf(iso, sizeof iso, "%.*s:00Z", (int)n, text);
    return !when_parse_iso(iso, ret_wall_ms);
}

static void check_time(struct check *c, const struct maintenance_settings *w, const char *key,
                       char *const *field, int64_t *ret_wall_ms)
{
    *ret_wall_ms = 0;
    if (*field && !read_time(*field, ret_wall_ms))
        check_tell(c, field, &w->where,
                   "maintenance.%s \"%s\" is no time: write it in UTC as \"2026-12-01 14:00\"", key,
                   *field);
}

/* Components by name, on whichever page. */
static void check_names(struct check *c, const struct string_list *list, const struct where *where,
                        const char *context)
{
    const struct settings *s = c->s;
    size_t i, j;

    for (i = 0; i < list->n; i++) {
        for (j = 0; j < s->n_components; j++)
            if (s->component[j].name && !strcmp(s->component[j].name, list->item[i]))
                break;
        if (j == s->n_components)
            check_unknown(c, &list->item[i], where, context, list->item[i], s->component,
                          s->n_components, sizeof(struct component_settings),
                          offsetof(struct component_settings, name));
    }
}

static void check_window(struct check *c, struct maintenance_settings *w)
{
    char context[CONTEXT_BYTES];
    size_t i;

    check_time(c, w, "from", &w->from, &w->from_wall_ms);
    check_time(c, w, "until", &w->until, &w->until_wall_ms);
    if (w->from_wall_ms && w->until_wall_ms && w->from_wall_ms >= w->until_wall_ms)
        check_tell(c, &w->until, &w->where,
                   "maintenance \"%s\" ends at %s, which is not after its begin at %s: write a "
                   "later time",
                   shown(w->name), w->until, w->from);
    (void)snprintf(context, sizeof context, "maintenance \"%s\": component", shown(w->name));
    check_names(c, &w->components, &w->where, context);
    for (i = 0; i < w->checks.n; i++)
        if (strspn(w->checks.item[i], "*? ") == strlen(w->checks.item[i]))
            check_tell(c, &w->checks.item[i], &w->where,
                       "maintenance \"%s\": the check \"%s\" would cover everything or nothing: "
                       "name one, such as \"Varnish*\"",
                       shown(w->name), w->checks.item[i]);
    if (!w->components.n && !w->checks.n)
        check_tell(c, NULL, &w->where,
                   "maintenance \"%s\" covers nothing: write components = [\"%s\"]; or checks = "
                   "[\"NAME*\"];",
                   shown(w->name), c->s->n_components ? shown(c->s->component[0].name) : "...");
}

void check_maintenance(struct check *c)
{
    struct settings *s = c->s;
    struct check_name *names;
    size_t i;

    check_names(c, &s->read_only.components, NULL, "read_only.components");
    if (!s->n_maintenance)
        return;
    names = calloc(s->n_maintenance, sizeof *names);
    if (!names) {
        c->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < s->n_maintenance; i++) {
        check_window(c, &s->maintenance[i]);
        names[i] = (struct check_name){.name = s->maintenance[i].name,
                                       .field = &s->maintenance[i].name,
                                       .group = &s->maintenance[i].where};
    }
    check_unique(c, names, s->n_maintenance, false, "the maintenance");
    free(names);
}
