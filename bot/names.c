#include "names.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { FIRST_BUCKETS = 64 };

struct name {
    struct name *next;
    size_t holders;
    uint32_t hash;
    char text[];
};

void names_init(struct names *s)
{
    memset(s, 0, sizeof *s);
}

void names_finish(struct names *s)
{
    size_t i;

    for (i = 0; i < s->n_buckets; i++)
        while (s->bucket[i]) {
            struct name *name = s->bucket[i];

            s->bucket[i] = name->next;
            free(name);
        }
    free(s->bucket);
    memset(s, 0, sizeof *s);
}

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
    uint32_t h = 2166136261U;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619U;
    return h;
}

static struct name **bucket_of(const struct names *s, uint32_t hash)
{
    return &s->bucket[hash & (s->n_buckets - 1)];
}

/* Twice the buckets. Without memory the chains only get longer, unless there is no bucket at all.
 */
static int make_room(struct names *s)
{
    struct names larger = {.n_buckets = s->n_buckets ? s->n_buckets * 2 : FIRST_BUCKETS, .n = s->n};
    size_t i;

    if (s->n < s->n_buckets)
        return 0;
    larger.bucket = calloc(larger.n_buckets, sizeof(struct name *));
    if (!larger.bucket)
        return s->n_buckets ? 0 : CRIER_ENOMEM;
    for (i = 0; i < s->n_buckets; i++)
        while (s->bucket[i]) {
            struct name *name = s->bucket[i], **to = bucket_of(&larger, name->hash);

            s->bucket[i] = name->next;
            name->next = *to;
            *to = name;
        }
    free(s->bucket);
    *s = larger;
    return 0;
}

static struct name *find(const struct names *s, const char *text, uint32_t hash)
{
    struct name *name = s->n_buckets ? *bucket_of(s, hash) : NULL;

    while (name && (name->hash != hash || strcmp(name->text, text) != 0))
        name = name->next;
    return name;
}

static struct name *create(struct names *s, const char *text, uint32_t hash)
{
    size_t bytes = strlen(text) + 1;
    struct name *name, **bucket;

    if (make_room(s) || !(name = malloc(sizeof *name + bytes)))
        return NULL;
    bucket = bucket_of(s, hash);
    name->next = *bucket;
    name->holders = 0;
    name->hash = hash;
    memcpy(name->text, text, bytes);
    *bucket = name;
    s->n++;
    return name;
}

int names_set(struct names *s, char **field, const char *value)
{
    const char *text = value ? value : "";
    uint32_t hash = hash_of(text);
    struct name *name = find(s, text, hash);

    if (!name)
        name = create(s, text, hash);
    if (!name)
        return CRIER_ENOMEM;
    name->holders++; /* before the old one goes, which may be the same */
    names_drop(s, field);
    *field = name->text;
    return 0;
}

const char *names_find(const struct names *s, const char *value)
{
    const struct name *name = find(s, value, hash_of(value));

    return name ? name->text : NULL;
}

void names_drop(struct names *s, char **field)
{
    struct name **link, *name;
    uint32_t hash;

    if (!*field)
        return;
    hash = hash_of(*field);
    link = bucket_of(s, hash);
    while (*link && (*link)->text != *field)
        link = &(*link)->next;
    name = *link;
    assert(name); /* only names_set() may fill a field */
    *field = NULL;
    if (--name->holders)
        return;
    *link = name->next;
    free(name);
    s->n--;
}
