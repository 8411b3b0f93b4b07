/*
 * settings_finalize(): wordings.
 */
#include <stdlib.h>
#include <string.h>

#include "components.h"
#include "err.h"
#include "settings_check.h"
#include "utf8.h"
#include "wording.h"

static const char *shown(const char *name)
{
    return name ? name : "?";
}

/* The longest list of components that a wording will have to name: that of its rules, or, where no
 * rule takes it, of one component. */
static int longest_components(const struct settings *s, size_t wording, struct components *ret)
{
    const struct rule_settings *longest = NULL;
    const char *one = NULL;
    size_t i, j, most = 0;
    int r = 0;

    for (i = 0; i < s->n_rules; i++) {
        const struct rule_settings *rule = &s->rule[i];
        size_t length = 0;

        if (!rule->wording || rule->wording_index != wording || rule->n_components > COMPONENTS_MAX)
            continue;
        for (j = 0; j < rule->n_components; j++)
            length += rule->component[j].name ? strlen(rule->component[j].name) + 2 : 0;
        if (length > most) {
            most = length;
            longest = rule;
        }
    }
    for (i = 0; !longest && i < s->n_components; i++)
        if (s->component[i].name && (!one || strlen(s->component[i].name) > strlen(one)))
            one = s->component[i].name;
    if (one)
        r = components_set(ret, one, COMPONENT_PARTIAL_OUTAGE);
    for (j = 0; longest && j < longest->n_components && !r; j++)
        if (longest->component[j].name)
            r = components_set(ret, longest->component[j].name, COMPONENT_PARTIAL_OUTAGE);
    return r;
}

/* A text as it will be read, in the worst case: over night, so that {since} names the day. */
static void check_public(struct check *c, size_t index, enum step step,
                         const struct components *components, bool *title_told)
{
    /* 1970-09-30 23:59 and two days later */
    const struct wording_context context = {.components = components,
                                            .started_wall_ms = INT64_C(23587140000),
                                            .now_wall_ms = INT64_C(23759940000)};
    const struct wording_settings *w = &c->s->wording[index];
    char why[WORDING_WHY_BYTES], *title = NULL, *body = NULL;
    int r = wording_render(c->s, index, step, &context, &title, &body);

    if (r == CRIER_ENOMEM)
        c->err = r;
    if (r)
        return; /* missing, or a wrong placeholder: told before */
    if (!*title_told && wording_check(c->s, title, "x", why, sizeof why)) {
        check_tell(c, &w->title, &w->where, "wording \"%s\": %s", shown(w->name), why);
        *title_told = true;
    } else if (wording_check(c->s, "x", body, why, sizeof why) ||
               (!*title_told && wording_check(c->s, title, body, why, sizeof why))) {
        check_tell(c, &w->body[step], &w->where, "wording \"%s\", %s: %s", shown(w->name),
                   step_name(step), why);
    }
    free(title);
    free(body);
}

/* Whether it is text at all; if not, that has been told. */
static bool is_clean(const char *text)
{
    const char *p;

    for (p = text; *p; p += utf8_char_bytes(p))
        if (!utf8_char_bytes(p) || utf8_is_unsafe(utf8_decode(p)))
            return false;
    return *text != '\0';
}

static bool check_template(struct check *c, const struct wording_settings *w, char *const *field,
                           const char *key)
{
    char why[WORDING_WHY_BYTES];

    if (!*field || !is_clean(*field))
        return false;
    if (!wording_check_template(*field, why, sizeof why))
        return true;
    check_tell(c, field, &w->where, "wording \"%s\", %s: %s", shown(w->name), key, why);
    return false;
}

void check_wordings(struct check *c)
{
    const struct settings *s = c->s;
    size_t i;

    for (i = 0; i < s->n_wordings; i++) {
        const struct wording_settings *w = &s->wording[i];
        struct components components;
        bool title_told = false, title_fine = check_template(c, w, &w->title, "title");
        int step;

        components_init(&components);
        if (longest_components(s, i, &components) == CRIER_ENOMEM)
            c->err = CRIER_ENOMEM;
        for (step = STEP_INVESTIGATING; step <= STEP_RESOLVED; step++)
            if (check_template(c, w, &w->body[step], step_name((enum step)step)) && title_fine)
                check_public(c, i, (enum step)step, &components, &title_told);
        components_finish(&components);
    }
}
