#include "statuspage_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"
#include "when.h"

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static char *clean_copy(const char *s)
{
    size_t n = strlen(s);
    char *copy = malloc(n + 1);

    if (copy)
        utf8_clean(s, n, copy);
    return copy;
}

static int load(const char *data, size_t n, json_t **ret_root)
{
    json_error_t error = {.line = -1}; /* jansson leaves it when memory is out at once */
    json_t *root = json_loadb(data, n, 0, &error);
    enum json_error_code code = json_error_code(&error);

    if (!root)
        return code == json_error_out_of_memory || code == json_error_unknown ? CRIER_ENOMEM
                                                                              : CRIER_EINVAL;
    *ret_root = root;
    return 0;
}

/* A member that is a string, or null or missing: NULL then. */
static int string_member(const json_t *object, const char *name, const char **ret_text)
{
    const json_t *v = json_object_get(object, name);

    *ret_text = NULL;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_string(v))
        return CRIER_EINVAL;
    *ret_text = json_string_value(v);
    return 0;
}

static int clean_member(const json_t *object, const char *name, char **ret_text)
{
    const char *text;
    int r = string_member(object, name, &text);

    if (r)
        return r;
    *ret_text = clean_copy(or_empty(text));
    return *ret_text ? 0 : CRIER_ENOMEM;
}

static int id_member(const json_t *object, char *dst)
{
    const char *id;

    if (string_member(object, "id", &id) || !id || !statuspage_id_is_valid(id))
        return CRIER_EINVAL;
    memcpy(dst, id, strlen(id) + 1);
    return 0;
}

static int64_t time_member(const json_t *object, const char *name)
{
    const char *text;
    int64_t wall_ms;

    if (string_member(object, name, &text) || !text || when_parse_iso(text, &wall_ms))
        return 0;
    return wall_ms;
}

/* An array, or null or missing: *ret_array is NULL then. */
static int array_member(const json_t *object, const char *name, const json_t **ret_array)
{
    const json_t *v = json_object_get(object, name);

    *ret_array = NULL;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_array(v))
        return CRIER_EINVAL;
    *ret_array = v;
    return 0;
}

static bool is_scheduled(const char *status)
{
    return !strcmp(status, "scheduled") || !strcmp(status, "in_progress") ||
           !strcmp(status, "verifying") || !strcmp(status, "completed");
}

/* "postmortem" is met where a postmortem was written for a resolved incident. */
static int read_step(const json_t *object, enum step *ret_step)
{
    const char *status;

    if (string_member(object, "status", &status) || !status)
        return CRIER_EINVAL;
    if (!strcmp(status, "postmortem")) {
        *ret_step = STEP_RESOLVED;
        return 0;
    }
    return step_from_name(status, ret_step);
}

static int read_impact(const json_t *object, enum impact *ret_impact)
{
    const char *name;

    if (string_member(object, "impact", &name))
        return CRIER_EINVAL;
    if (!name || impact_from_name(name, ret_impact))
        *ret_impact = IMPACT_NONE;
    return 0;
}

/* crier's own key; the metadata of others is theirs and may have any shape. */
static int read_metadata(const json_t *object, struct page_incident *i)
{
    const json_t *metadata = json_object_get(object, "metadata"), *crier;
    const char *incident = NULL, *step = NULL;

    if (metadata && !json_is_null(metadata) && !json_is_object(metadata))
        return CRIER_EINVAL;
    crier = json_object_get(metadata, "crier");
    if (string_member(crier, "incident", &incident) || string_member(crier, "step", &step))
        incident = step = NULL;
    i->key_incident = clean_copy(or_empty(incident));
    i->key_step = clean_copy(or_empty(step));
    return i->key_incident && i->key_step ? 0 : CRIER_ENOMEM;
}

/* The components of an incident, while they are read; in the order of the claims. */
struct claim_sources {
    char id[COMPONENTS_MAX][STATUSPAGE_ID_MAX + 1]; /* "": unknown */
    int64_t first_ms[COMPONENTS_MAX];               /* when it was first named; INT64_MAX: never */
    int64_t changed_ms[COMPONENTS_MAX];             /* when it was last changed; INT64_MIN: never */
};

static int read_claim(const json_t *object, struct components *claims, struct claim_sources *from)
{
    enum component_status status;
    const char *status_text;
    char *name = NULL;
    size_t before = claims->n;
    int r;

    if (!json_is_object(object) || string_member(object, "status", &status_text))
        return CRIER_EINVAL;
    if (json_is_true(json_object_get(object, "group")) || !status_text ||
        component_status_from_name(status_text, &status))
        return 0;
    r = clean_member(object, "name", &name);
    if (!r && *name)
        r = components_set(claims, name, status);
    free(name);
    if (!r && claims->n > before && id_member(object, from->id[before]))
        from->id[before][0] = '\0';
    return r;
}

/*
 * What one update said of a component. Each update names all components of its incident, also those
 * that it leaves alone, with the status that they had by then, maybe another incident's doing: so a
 * change counts, the newest, and without one what was there at first.
 */
static int read_affected(const json_t *object, int64_t said_ms, struct components *claims,
                         struct claim_sources *from)
{
    enum component_status status;
    const char *code, *old_text, *new_text;
    bool changed;
    size_t i;

    if (!json_is_object(object) || string_member(object, "code", &code) ||
        string_member(object, "old_status", &old_text) ||
        string_member(object, "new_status", &new_text))
        return CRIER_EINVAL;
    if (!code || !*code || !new_text || component_status_from_name(new_text, &status))
        return 0;
    changed = !old_text || strcmp(old_text, new_text);
    for (i = 0; i < claims->n; i++) {
        if (strcmp(from->id[i], code))
            continue;
        if (changed && said_ms > from->changed_ms[i]) {
            claims->item[i].status = status;
            from->changed_ms[i] = said_ms;
        } else if (from->changed_ms[i] == INT64_MIN && said_ms <= from->first_ms[i]) {
            claims->item[i].status = status;
            from->first_ms[i] = said_ms;
        }
    }
    return 0;
}

static int read_updates(const json_t *object, struct components *claims, struct claim_sources *from)
{
    const json_t *list, *affected, *u;
    size_t k, j;
    int r = array_member(object, "incident_updates", &list);

    for (k = 0; !r && k < json_array_size(list); k++) {
        u = json_array_get(list, k);
        if (!json_is_object(u))
            return CRIER_EINVAL;
        r = array_member(u, "affected_components", &affected);
        for (j = 0; !r && j < json_array_size(affected); j++)
            r = read_affected(json_array_get(affected, j), time_member(u, "created_at"), claims,
                              from);
    }
    return r;
}

/* Its "components" hold what each is now, for whatever reason; what the incident itself says of
 * them is in its updates. */
static int read_claims(const json_t *object, struct components *claims)
{
    struct claim_sources from;
    const json_t *list;
    size_t k;
    int r = array_member(object, "components", &list);

    memset(&from, 0, sizeof from);
    for (k = 0; k < COMPONENTS_MAX; k++) {
        from.first_ms[k] = INT64_MAX;
        from.changed_ms[k] = INT64_MIN;
    }
    for (k = 0; !r && k < json_array_size(list) && claims->n < COMPONENTS_MAX; k++)
        r = read_claim(json_array_get(list, k), claims, &from);
    return r ? r : read_updates(object, claims, &from);
}

/* The newest by created_at; where that does not tell, the first: the API lists them newest first.
 */
static int newest_update(const json_t *object, const json_t **ret_update, int64_t *ret_n)
{
    const json_t *list, *newest = NULL;
    int64_t newest_ms = 0;
    size_t k;
    int r = array_member(object, "incident_updates", &list);

    if (r)
        return r;
    for (k = 0; k < json_array_size(list); k++) {
        const json_t *u = json_array_get(list, k);
        int64_t ms;

        if (!json_is_object(u))
            return CRIER_EINVAL;
        ms = time_member(u, "created_at");
        if (!newest || ms > newest_ms) {
            newest = u;
            newest_ms = ms;
        }
    }
    *ret_update = newest;
    *ret_n = (int64_t)json_array_size(list);
    return 0;
}

static int read_url(const json_t *object, const char *public_url, struct page_incident *i)
{
    char *shortlink = NULL;
    int r;

    if (public_url && *public_url) {
        i->url = buf_printf("%s/incidents/%s", public_url, i->remote_id);
        return i->url ? 0 : CRIER_ENOMEM;
    }
    r = clean_member(object, "shortlink", &shortlink);
    if (r)
        return r;
    if (strncmp(shortlink, "https://", 8) && strncmp(shortlink, "http://", 7))
        shortlink[0] = '\0';
    i->url = shortlink;
    return 0;
}

static int read_update_id(const json_t *update, struct page_incident *i)
{
    char id[STATUSPAGE_ID_MAX + 1] = "";
    const char *text;

    if (string_member(update, "id", &text) || (text && id_member(update, id)))
        return CRIER_EINVAL;
    i->last_update_id = clean_copy(id);
    return i->last_update_id ? 0 : CRIER_ENOMEM;
}

static int read_one(const json_t *object, const char *public_url, struct page_incident *ret)
{
    struct page_incident i;
    const json_t *update = NULL;
    char id[STATUSPAGE_ID_MAX + 1];
    int r = CRIER_EINVAL;

    memset(&i, 0, sizeof i);
    components_init(&i.components);
    if (!json_is_object(object) || id_member(object, id))
        goto out;
    if ((r = read_step(object, &i.step)) || (r = read_impact(object, &i.impact)) ||
        (r = newest_update(object, &update, &i.n_updates)) || (r = read_update_id(update, &i)))
        goto out;
    r = CRIER_ENOMEM;
    i.remote_id = clean_copy(id);
    if (!i.remote_id)
        goto out;
    if ((r = clean_member(object, "name", &i.title)) ||
        (r = clean_member(update, "body", &i.body)) || (r = read_url(object, public_url, &i)) ||
        (r = read_metadata(object, &i)) || (r = read_claims(object, &i.components)))
        goto out;
    i.created_wall_ms = time_member(object, "created_at");
    i.updated_wall_ms = time_member(object, "updated_at");
    *ret = i;
    return 0;
out:
    page_incident_finish(&i);
    return r;
}

int statuspage_json_read_incident(const char *data, size_t n, const char *public_url,
                                  struct page_incident *ret_incident)
{
    json_t *root = NULL;
    int r = load(data, n, &root);

    if (!r)
        r = read_one(root, public_url, ret_incident);
    json_decref(root);
    return r;
}

static struct page_incident *find_incident(const struct page_incidents *list, const char *id)
{
    size_t k;

    for (k = 0; k < list->n; k++)
        if (!strcmp(list->item[k].remote_id, id))
            return &list->item[k];
    return NULL;
}

/* Takes it in any case. */
static int append_incident(struct page_incidents *list, struct page_incident *new)
{
    struct page_incident *item = NULL;

    if (list->n < STATUSPAGE_LIST_MAX)
        item = realloc(list->item, (list->n + 1) * sizeof *item);
    if (!item) {
        page_incident_finish(new);
        return list->n < STATUSPAGE_LIST_MAX ? CRIER_ENOMEM : CRIER_ELIMIT;
    }
    list->item = item;
    item[list->n++] = *new;
    return 0;
}

static int add_incident(const json_t *object, const char *public_url, struct page_incidents *list,
                        size_t *added)
{
    struct page_incident new, *old;
    const char *status;
    int r;

    if (!json_is_object(object) || string_member(object, "status", &status) || !status)
        return CRIER_EINVAL;
    if (is_scheduled(status))
        return 0;
    r = read_one(object, public_url, &new);
    if (r)
        return r;
    old = find_incident(list, new.remote_id);
    if (!old) {
        ++*added;
        return append_incident(list, &new);
    }
    if (new.updated_wall_ms > old->updated_wall_ms) {
        page_incident_finish(old);
        *old = new;
    } else {
        page_incident_finish(&new);
    }
    return 0;
}

int statuspage_json_read_incidents(const char *data, size_t n, const char *public_url,
                                   struct page_incidents *list, size_t *ret_rows, size_t *ret_added)
{
    json_t *root = NULL;
    size_t k, rows, added = 0;
    int r = load(data, n, &root);

    if (!r && !json_is_array(root))
        r = CRIER_EINVAL;
    rows = json_array_size(root);
    for (k = 0; !r && k < rows; k++)
        r = add_incident(json_array_get(root, k), public_url, list, &added);
    json_decref(root);
    if (r)
        return r;
    *ret_rows = rows;
    *ret_added = added;
    return 0;
}

static bool have_component(const struct page_components *list, const char *id)
{
    size_t k;

    for (k = 0; k < list->n; k++)
        if (!strcmp(list->item[k].id, id))
            return true;
    return false;
}

static int add_component(const json_t *object, struct page_components *list, size_t *added)
{
    struct page_component c, *item;
    const char *status;
    int r;

    memset(&c, 0, sizeof c);
    if (!json_is_object(object) || id_member(object, c.id) ||
        string_member(object, "status", &status))
        return CRIER_EINVAL;
    if (json_is_true(json_object_get(object, "group")) || have_component(list, c.id))
        return 0;
    /* A status that is new to us does not make the component unknown. */
    if (!status || component_status_from_name(status, &c.status))
        c.status = COMPONENT_OPERATIONAL;
    if (list->n == STATUSPAGE_LIST_MAX)
        return CRIER_ELIMIT;
    item = realloc(list->item, (list->n + 1) * sizeof *item);
    if (!item)
        return CRIER_ENOMEM;
    list->item = item;
    r = clean_member(object, "name", &c.name);
    if (r)
        return r;
    list->item[list->n++] = c;
    ++*added;
    return 0;
}

int statuspage_json_read_components(const char *data, size_t n, struct page_components *list,
                                    size_t *ret_rows, size_t *ret_added)
{
    json_t *root = NULL;
    size_t k, rows, added = 0;
    int r = load(data, n, &root);

    if (!r && !json_is_array(root))
        r = CRIER_EINVAL;
    rows = json_array_size(root);
    for (k = 0; !r && k < rows; k++)
        r = add_component(json_array_get(root, k), list, &added);
    json_decref(root);
    if (r)
        return r;
    *ret_rows = rows;
    *ret_added = added;
    return 0;
}

static int check_public_page(const json_t *root, const char *page_id)
{
    char id[STATUSPAGE_ID_MAX + 1];

    if (!json_is_object(root) || id_member(json_object_get(root, "page"), id))
        return CRIER_EINVAL;
    return strcmp(id, page_id) ? CRIER_ENOENT : 0;
}

static int read_present(const json_t *root, struct page_components *components)
{
    const json_t *list;
    size_t k, added = 0;
    int r = array_member(root, "components", &list);

    if (!r && !list)
        r = CRIER_EINVAL;
    for (k = 0; !r && k < json_array_size(list); k++)
        r = add_component(json_array_get(list, k), components, &added);
    return r;
}

int statuspage_json_read_public(const char *data, size_t n, const char *page_id,
                                const char *public_url, struct page_incidents *list,
                                struct page_components *components)
{
    const json_t *incidents = NULL;
    json_t *root = NULL;
    size_t k, added = 0;
    int r = load(data, n, &root);

    if (!r)
        r = check_public_page(root, page_id);
    if (!r && ((r = array_member(root, "incidents", &incidents)) || !incidents))
        r = CRIER_EINVAL;
    for (k = 0; !r && k < json_array_size(incidents); k++)
        r = add_incident(json_array_get(incidents, k), public_url, list, &added);
    if (!r && components)
        r = read_present(root, components);
    json_decref(root);
    return r;
}

int statuspage_json_read_update(const char *data, size_t n, const char *update_id, char **ret_body)
{
    json_t *root = NULL;
    char id[STATUSPAGE_ID_MAX + 1];
    int r = load(data, n, &root);

    if (!r && (!json_is_object(root) || id_member(root, id) || strcmp(id, update_id)))
        r = CRIER_EINVAL;
    if (!r)
        r = clean_member(root, "body", ret_body);
    json_decref(root);
    return r;
}

int statuspage_json_read_subscribers(const char *data, size_t n, int64_t *ret_count)
{
    json_t *root = NULL, *value;
    const char *key;
    int64_t sum = 0;
    int r = load(data, n, &root);

    if (!r && (!json_is_object(root) || !json_object_size(root)))
        r = CRIER_EINVAL;
    if (!r)
        json_object_foreach(root, key, value)
        {
            if (json_is_null(value))
                continue;
            if (!json_is_integer(value) || json_integer_value(value) < 0 ||
                json_integer_value(value) > INT64_MAX - sum) {
                r = CRIER_EINVAL;
                break;
            }
            sum += json_integer_value(value);
        }
    json_decref(root);
    if (!r)
        *ret_count = sum;
    return r;
}

int statuspage_json_read_page(const char *data, size_t n, const char *page_id)
{
    json_t *root = NULL;
    char id[STATUSPAGE_ID_MAX + 1];
    int r = load(data, n, &root);

    if (!r && (!json_is_object(root) || id_member(root, id) || strcmp(id, page_id)))
        r = CRIER_EINVAL;
    json_decref(root);
    return r;
}
