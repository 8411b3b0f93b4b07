#include "settings_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "err.h"
#include "mask.h"

struct writer {
    struct buf *b;
    const struct settings *s;
    bool whole; /* every key, with what is a default told */
};

static const void *member(const void *group, size_t offset)
{
    return (const char *)group + offset;
}

static void indent(struct writer *w, int depth)
{
    while (depth-- > 0)
        buf_adds(w->b, "    ");
}

/* Escapes of libconfig's strings. */
static void write_string(struct writer *w, const char *s)
{
    buf_addc(w->b, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            buf_addf(w->b, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_addf(w->b, "\\x%02x", c);
        else
            buf_addc(w->b, *s);
    }
    buf_addc(w->b, '"');
}

/* ---- what need not be said ------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* @param fresh a group with every default in place. */
static bool is_default(const struct setting_key *key, const void *group, const void *fresh)
{
    const void *a = member(group, key->offset), *b = member(fresh, key->offset);
    size_t i;

    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        return same_text(*(char *const *)a, *(char *const *)b);
    case SETTING_INT:
    case SETTING_DURATION:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SETTING_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SETTING_TRISTATE:
        return *(const int *)a == *(const int *)b;
    case SETTING_STRINGS:
        return !((const struct string_list *)a)->n;
    case SETTING_ENUM:
    case SETTING_SET:
        return *(const unsigned *)a == *(const unsigned *)b;
    case SETTING_STEPS:
        return !memcmp(a, b, STEP_COUNT * sizeof(bool));
    case SETTING_GROUP:
        for (i = 0; i < key->section->n_keys; i++)
            if (!is_default(&key->section->key[i], a, b))
                return false;
        return true;
    case SETTING_LIST:
        return !*(const size_t *)member(group, key->count_offset);
    }
    return false;
}

/* What cannot be written: nothing was given, and there is no word for that. */
static bool is_nothing(const struct setting_key *key, const void *group)
{
    const void *field = member(group, key->offset);

    if (key->type == SETTING_STRING || key->type == SETTING_PATH)
        return !*(char *const *)field;
    return key->type == SETTING_TRISTATE && *(const int *)field < 0;
}

/* By its place, since defaults that depend on others are filled in; a configuration without places
 * is compared. */
static bool was_given(const struct writer *w, const struct setting_key *key, const void *group,
                      const void *fresh)
{
    if (!w->s->n_places ||
        !key->offset) /* at offset 0 it is the group's place that would be found */
        return !is_default(key, group, fresh);
    return settings_where(w->s, member(group, key->offset)) != NULL;
}

/* An empty list, or a default that somebody wrote down, may mean something else than nothing. */
static bool is_left_out(const struct writer *w, const struct setting_key *key, const void *group,
                        const void *fresh)
{
    if (key->flags & SETTING_SECRET || is_nothing(key, group))
        return true;
    if (key->flags & SETTING_REQUIRED || !is_default(key, group, fresh))
        return false;
    /* at offset 0 it is the group's place that would be found */
    return !key->offset || !settings_where(w->s, member(group, key->offset));
}

/* ---- values ---------------------------------------------------------------------------------- */

static void write_names(struct writer *w, const struct setting_key *key, const void *field)
{
    bool more = false;
    unsigned i;

    buf_addc(w->b, '[');
    for (i = 0; key->names[i]; i++) {
        if (key->type == SETTING_SET ? !(*(const unsigned *)field >> i & 1)
                                     : !((const bool *)field)[i])
            continue;
        buf_adds(w->b, more ? ", " : "");
        write_string(w, key->names[i]);
        more = true;
    }
    buf_addc(w->b, ']');
}

static void write_strings(struct writer *w, const struct string_list *list)
{
    size_t i;

    buf_addc(w->b, '[');
    for (i = 0; i < list->n; i++) {
        buf_adds(w->b, i ? ", " : "");
        write_string(w, list->item[i]);
    }
    buf_addc(w->b, ']');
}

static void write_section(struct writer *w, const struct setting_section *section,
                          const void *group, int depth);

static void write_group(struct writer *w, const struct setting_section *section, const void *group,
                        int depth)
{
    buf_adds(w->b, "{\n");
    write_section(w, section, group, depth + 1);
    indent(w, depth);
    buf_addc(w->b, '}');
}

static void write_list(struct writer *w, const struct setting_key *key, const void *group,
                       int depth)
{
    size_t n = *(const size_t *)member(group, key->count_offset), i;
    const char *array;

    memcpy(&array, member(group, key->offset), sizeof array);
    buf_addc(w->b, '(');
    for (i = 0; i < n; i++) {
        buf_adds(w->b, i ? ", " : "");
        write_group(w, key->section, array + i * key->section->size, depth);
    }
    buf_addc(w->b, ')');
}

/* A string that may have a password inside. */
static bool is_url(const struct setting_key *key)
{
    size_t n = strlen(key->name);

    return (n >= 3 && !strcmp(key->name + n - 3, "url")) || !strcmp(key->name, "feed") ||
           !strcmp(key->name, "proxy");
}

static void write_text(struct writer *w, const struct setting_key *key, const char *value)
{
    char shown[MASK_URL_BYTES];

    write_string(w, is_url(key) ? mask_url(shown, sizeof shown, value) : value);
}

static void write_value(struct writer *w, const struct setting_key *key, const void *group,
                        int depth)
{
    const void *field = member(group, key->offset);
    char text[64];

    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        write_text(w, key, *(char *const *)field);
        break;
    case SETTING_INT:
        buf_addf(w->b, "%" PRId64, *(const int64_t *)field);
        break;
    case SETTING_DURATION:
        write_string(w, duration_text(text, sizeof text, *(const int64_t *)field));
        break;
    case SETTING_BOOL:
        buf_adds(w->b, *(const bool *)field ? "true" : "false");
        break;
    case SETTING_TRISTATE:
        buf_adds(w->b, *(const int *)field ? "true" : "false");
        break;
    case SETTING_STRINGS:
        write_strings(w, field);
        break;
    case SETTING_ENUM:
        write_string(w, key->names[*(const unsigned *)field]);
        break;
    case SETTING_SET:
    case SETTING_STEPS:
        write_names(w, key, field);
        break;
    case SETTING_GROUP:
        write_group(w, key->section, field, depth);
        break;
    case SETTING_LIST:
        write_list(w, key, group, depth);
        break;
    }
}

/* One key of `crier check --dump`. */
static void write_whole(struct writer *w, const struct setting_key *key, const void *group,
                        const void *fresh, int depth)
{
    bool is_secret = key->flags & SETTING_SECRET && !is_url(key);

    indent(w, depth);
    if (is_nothing(key, group)) {
        buf_addf(w->b, "# %s: not given\n", key->name);
        return;
    }
    if (is_secret) {
        buf_addf(w->b, "# %s: given; it is a secret\n", key->name);
        return;
    }
    buf_addf(w->b, "%s = ", key->name);
    write_value(w, key, group, depth);
    buf_adds(w->b, key->type != SETTING_GROUP && !was_given(w, key, group, fresh) ? ";  # default\n"
                                                                                  : ";\n");
}

static void write_section(struct writer *w, const struct setting_section *section,
                          const void *group, int depth)
{
    void *fresh = calloc(1, section->size);
    size_t i;

    if (!fresh) {
        w->b->err = CRIER_ENOMEM;
        return;
    }
    if (setting_section_init(section, fresh))
        w->b->err = CRIER_ENOMEM;
    for (i = 0; i < section->n_keys && !buf_error(w->b); i++) {
        const struct setting_key *key = &section->key[i];

        if (w->whole) {
            write_whole(w, key, group, fresh, depth);
            continue;
        }
        if (is_left_out(w, key, group, fresh))
            continue;
        indent(w, depth);
        buf_addf(w->b, "%s = ", key->name);
        write_value(w, key, group, depth);
        buf_adds(w->b, ";\n");
    }
    setting_section_finish(section, fresh);
    free(fresh);
}

void settings_text(struct buf *b, const struct settings *s)
{
    struct writer w = {.b = b, .s = s};

    write_section(&w, settings_section(), s, 0);
}

void settings_dump(struct buf *b, const struct settings *s)
{
    struct writer w = {.b = b, .s = s, .whole = true};

    write_section(&w, settings_section(), s, 0);
}
