/*
 * settings_copy(): by the table of keys, so that no string of one configuration is another's.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "settings.h"

static void *at(void *group, size_t offset)
{
    return (char *)group + offset;
}

static int copy_string(char **field)
{
    if (*field && !(*field = strdup(*field)))
        return CRIER_ENOMEM; /* and NULL is what it is now */
    return 0;
}

static int copy_strings(struct string_list *list)
{
    struct string_list from = *list;

    list->item = NULL;
    list->n = 0;
    if (!from.n)
        return 0;
    list->item = calloc(from.n, sizeof *list->item);
    if (!list->item)
        return CRIER_ENOMEM;
    for (; list->n < from.n; list->n++)
        if (!(list->item[list->n] = strdup(from.item[list->n])))
            return CRIER_ENOMEM;
    return 0;
}

/* Forgets everything that still belongs to the group it was copied from. */
static void disown(const struct setting_section *section, void *group)
{
    size_t i;

    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *key = &section->key[i];
        void *field = at(group, key->offset);

        if (key->type == SETTING_STRING || key->type == SETTING_PATH) {
            *(char **)field = NULL;
        } else if (key->type == SETTING_STRINGS) {
            memset(field, 0, sizeof(struct string_list));
        } else if (key->type == SETTING_GROUP) {
            disown(key->section, field);
        } else if (key->type == SETTING_LIST) {
            memset(field, 0, sizeof(void *));
            *(size_t *)at(group, key->count_offset) = 0;
        }
    }
    if (section->where_offset != SETTING_NO_WHERE)
        memset(at(group, section->where_offset), 0, sizeof(struct where));
}

static int copy_group(const struct setting_section *section, const void *from, void *to);

static int copy_list(const struct setting_key *key, const void *group, void *to)
{
    size_t n, i, *ret_n = at(to, key->count_offset);
    const char *from;
    char *made;

    memcpy(&from, (const char *)group + key->offset, sizeof from);
    memcpy(&n, (const char *)group + key->count_offset, sizeof n);
    if (!n)
        return 0;
    made = calloc(n, key->section->size);
    if (!made)
        return CRIER_ENOMEM;
    memcpy(at(to, key->offset), &made, sizeof made);
    for (i = 0; i < n; i++) {
        int r;

        *ret_n = i + 1; /* what is half made is freed with the rest */
        r = copy_group(key->section, from + i * key->section->size, made + i * key->section->size);
        if (r)
            return r;
    }
    return 0;
}

/* @param to gets plain values at once; after an error it can be finished like a whole one. */
static int copy_group(const struct setting_section *section, const void *from, void *to)
{
    size_t i;
    int r = 0;

    memcpy(to, from, section->size);
    disown(section, to);
    for (i = 0; i < section->n_keys && !r; i++) {
        const struct setting_key *key = &section->key[i];
        const void *source = (const char *)from + key->offset;
        void *field = at(to, key->offset);

        if (key->type == SETTING_STRING || key->type == SETTING_PATH) {
            memcpy(field, source, sizeof(char *));
            r = copy_string(field);
        } else if (key->type == SETTING_STRINGS) {
            memcpy(field, source, sizeof(struct string_list));
            r = copy_strings(field);
        } else if (key->type == SETTING_GROUP) {
            r = copy_group(key->section, source, field);
        } else if (key->type == SETTING_LIST) {
            r = copy_list(key, from, to);
        }
    }
    return r;
}

struct settings *settings_copy(const struct settings *s)
{
    struct settings *copy = calloc(1, sizeof *copy);
    int r;

    if (!copy)
        return NULL;
    r = copy_group(settings_section(), s, copy);
    copy->files = NULL; /* they and the places are no keys */
    copy->n_files = 0;
    copy->place = NULL;
    copy->n_places = 0;
    if (!r)
        return copy;
    settings_destroy(copy);
    return NULL;
}
