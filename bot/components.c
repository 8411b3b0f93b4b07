#include "components.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "utf8.h"

/* Longest text form: every name of 4-byte characters, and room for the longest status. */
enum { STATUS_BYTES_MAX = 64, TEXT_BYTES_MAX = COMPONENTS_MAX * (COMPONENT_NAME_MAX * 4 + 66) };

void components_init(struct components *c)
{
    memset(c, 0, sizeof *c);
}

void components_finish(struct components *c)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        free(c->item[i].name);
    memset(c, 0, sizeof *c);
}

static struct component_claim *find(struct components *c, const char *name)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        if (!strcmp(c->item[i].name, name))
            return &c->item[i];
    return NULL;
}

const struct component_claim *components_find(const struct components *c, const char *name)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        if (!strcmp(c->item[i].name, name))
            return &c->item[i];
    return NULL;
}

static int check_name(const char *name)
{
    size_t n = strlen(name);
    size_t i;

    if (!n || name[0] == ' ' || name[n - 1] == ' ')
        return CRIER_EINVAL;
    for (i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return CRIER_EINVAL;
    return utf8_length(name) > COMPONENT_NAME_MAX ? CRIER_ELIMIT : 0;
}

int components_set(struct components *c, const char *name, enum component_status status)
{
    struct component_claim *claim = find(c, name);
    char *own;
    int r;

    if (claim) {
        claim->status = status;
        return 0;
    }
    r = check_name(name);
    if (r)
        return r;
    if (c->n == COMPONENTS_MAX)
        return CRIER_ELIMIT;
    own = strdup(name);
    if (!own)
        return CRIER_ENOMEM;
    c->item[c->n].name = own;
    c->item[c->n].status = status;
    c->n++;
    return 0;
}

int components_raise(struct components *c, const char *name, enum component_status status,
                     bool *ret_changed)
{
    const struct component_claim *claim = find(c, name);
    bool changed = !claim || status > claim->status;
    int r;

    if (changed) {
        r = components_set(c, name, status);
        if (r)
            return r;
    }
    if (ret_changed)
        *ret_changed = changed;
    return 0;
}

static int parse_line(struct components *c, const char *line, size_t n)
{
    char status_name[STATUS_BYTES_MAX];
    enum component_status status;
    const char *space = memchr(line, ' ', n);
    size_t status_bytes;
    char *name;
    int r;

    if (!space)
        return CRIER_EINVAL;
    status_bytes = (size_t)(space - line);
    if (status_bytes >= sizeof status_name)
        return CRIER_EINVAL;
    memcpy(status_name, line, status_bytes);
    status_name[status_bytes] = '\0';
    if (component_status_from_name(status_name, &status))
        return CRIER_EINVAL;
    name = strndup(space + 1, n - status_bytes - 1);
    if (!name)
        return CRIER_ENOMEM;
    r = components_find(c, name) ? CRIER_EINVAL : components_set(c, name, status);
    free(name);
    return r;
}

int components_parse(struct components *c, const char *text)
{
    int r = 0;

    components_finish(c);
    while (text && *text && !r) {
        size_t n = strcspn(text, "\n");

        r = parse_line(c, text, n);
        text += n;
        if (*text)
            text++;
    }
    if (r)
        components_finish(c);
    return r;
}

char *components_text(const struct components *c)
{
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, TEXT_BYTES_MAX);
    for (i = 0; i < c->n; i++)
        buf_addf(&b, "%s%s %s", i ? "\n" : "", component_status_name(c->item[i].status),
                 c->item[i].name);
    text = buf_take(&b);
    buf_finish(&b);
    return text;
}

void components_words(struct buf *b, const struct components *c)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        buf_addf(b, "%s%s: %s", i ? ", " : "", c->item[i].name,
                 component_status_words(c->item[i].status));
}

bool components_equal(const struct components *a, const struct components *b)
{
    size_t i;

    if (a->n != b->n)
        return false;
    for (i = 0; i < a->n; i++) {
        const struct component_claim *other = components_find(b, a->item[i].name);

        if (!other || other->status != a->item[i].status)
            return false;
    }
    return true;
}
