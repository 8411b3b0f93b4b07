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

/* All components of one page, as far as they can be affected at once. */
static int all_components(const struct settings *s, size_t page, struct components *ret)
{
    size_t i;
    int r = 0;

    for (i = 0; i < s->n_components && ret->n < COMPONENTS_MAX && !r; i++)
        if (s->component[i].name && s->component[i].page_index == page)
            r = components_set(ret, s->component[i].name, COMPONENT_PARTIAL_OUTAGE);
    return r;
}

/* The longest list that {components} may have to name: more may be hit than the rule says. */
static int longest_components(const struct settings *s, struct components *ret)
{
    size_t page, i, n, most = 0, longest = 0;

    for (page = 0; page < s->n_pages; page++) {
        for (i = 0, n = 0; i < s->n_components; i++)
            if (s->component[i].name && s->component[i].page_index == page)
                n += strlen(s->component[i].name) + 2;
        if (n > most) {
            most = n;
            longest = page;
        }
    }
    return all_components(s, longest, ret);
}

static char *const *field_of(const struct wording_settings *w, enum wording_text which)
{
    if (which == WORDING_RECOVERED)
        return &w->recovered;
    return which == WORDING_AGAIN ? &w->again : &w->body[wording_text_step(which)];
}

/* A text as it will be read, in the worst case: over night, so that {since} names the day. */
static void check_public(struct check *c, size_t index, enum wording_text which,
                         const struct components *components, bool *title_told)
{
    /* 1970-09-30 23:59 and two days later */
    const struct wording_context context = {.components = components,
                                            .started_wall_ms = INT64_C(23587140000),
                                            .now_wall_ms = INT64_C(23759940000)};
    const struct wording_settings *w = &c->s->wording[index];
    char why[WORDING_WHY_BYTES], *title = NULL, *body = NULL;
    int r = wording_render_as(c->s, index, which, &context, &title, &body);

    if (r == CRIER_ENOMEM)
        c->err = r;
    if (r)
        return; /* missing, or a wrong placeholder: told before */
    if (!*title_told && wording_check(c->s, title, "x", why, sizeof why)) {
        check_tell(c, &w->title, &w->where, "wording \"%s\": %s", shown(w->name), why);
        *title_told = true;
    } else if (wording_check(c->s, *title_told ? "x" : title, body, why, sizeof why)) {
        check_tell(c, field_of(w, which), &w->where, "wording \"%s\", %s: %s", shown(w->name),
                   wording_text_name(which), why);
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

/* Whether a template has known placeholders only; what it says is told too. */
static bool check_template(struct check *c, const struct wording_settings *w, char *const *field,
                           enum wording_text which)
{
    const char *key = which == WORDING_TEXTS ? "title" : wording_text_name(which);
    char why[WORDING_WHY_BYTES];

    if (!*field || !is_clean(*field))
        return false;
    if (wording_check_template(*field, why, sizeof why)) {
        check_tell(c, field, &w->where, "wording \"%s\", %s: %s", shown(w->name), key, why);
        return false;
    }
    if (wording_lint(*field, which, why, sizeof why))
        check_tell(c, field, &w->where, "wording \"%s\", %s: %s", shown(w->name), key, why);
    return true;
}

void check_wordings(struct check *c)
{
    const struct settings *s = c->s;
    struct components components;
    size_t i;

    components_init(&components);
    if (longest_components(s, &components) == CRIER_ENOMEM)
        c->err = CRIER_ENOMEM;
    for (i = 0; i < s->n_wordings; i++) {
        const struct wording_settings *w = &s->wording[i];
        bool title_told = false, title_fine = check_template(c, w, &w->title, WORDING_TEXTS);
        int which;

        for (which = 0; which < WORDING_TEXTS; which++)
            if (check_template(c, w, field_of(w, (enum wording_text)which),
                               (enum wording_text)which) &&
                title_fine)
                check_public(c, i, (enum wording_text)which, &components, &title_told);
    }
    components_finish(&components);
}
