#include "statuspage_json.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"

enum {
    /* Characters, of incident.name and incident.body. Source: OpenAPI document. */
    NAME_MAX_CHARS = 255,
    BODY_MAX_CHARS = 25000,
    POSTMORTEM_MAX_CHARS = 100000,
    /* Of an error body, so much is looked at. */
    ERROR_LOOK_BYTES = 16384,
    TEXT_MAX_BYTES = 1 << 20,
    DUMP_MAX_BYTES = 8 << 20
};

bool statuspage_id_is_valid(const char *id)
{
    size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= STATUSPAGE_ID_MAX && !id[n];
}

void page_components_finish(struct page_components *c)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        free(c->item[i].name);
    free(c->item);
    memset(c, 0, sizeof *c);
}

size_t page_components_find(const struct page_components *c, const char *name,
                            const struct page_component **ret_component)
{
    char clean[COMPONENT_NAME_MAX * 4 + 1];
    size_t i, count = 0;

    *ret_component = NULL;
    if (strlen(name) >= sizeof clean)
        return 0;
    utf8_clean(name, strlen(name), clean);
    for (i = 0; i < c->n; i++)
        if (!strcmp(c->item[i].name, clean) && !count++)
            *ret_component = &c->item[i];
    return count;
}

void page_incidents_finish(struct page_incidents *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        page_incident_finish(&l->item[i]);
    free(l->item);
    memset(l, 0, sizeof *l);
}

/* ---- building */

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static int check_text(const char *text, size_t max_chars)
{
    if (!utf8_is_valid(or_empty(text)))
        return CRIER_EINVAL;
    return utf8_length(or_empty(text)) > max_chars ? CRIER_ELIMIT : 0;
}

/* {"crier": {"incident": KEY, "step": STEP}}: each top-level value must be an object. */
static json_t *build_metadata(const struct page_request *req)
{
    json_t *metadata = json_object(), *crier = json_object();

    if (!metadata || !crier ||
        json_object_set_new(crier, "incident", json_string(req->key_incident)) ||
        json_object_set_new(crier, "step", json_string(or_empty(req->key_step))) ||
        json_object_set(metadata, "crier", crier)) {
        json_decref(metadata);
        metadata = NULL;
    }
    json_decref(crier);
    return metadata;
}

static int add_components(json_t *incident, const struct page_request *req,
                          const struct page_components *map)
{
    json_t *ids = json_array(), *states = json_object();
    int r = CRIER_ENOMEM;
    size_t i;

    if (!ids || !states)
        goto out;
    for (i = 0; i < req->components.n; i++) {
        const struct component_claim *claim = &req->components.item[i];
        const struct page_component *c;

        if (page_components_find(map, claim->name, &c) != 1) {
            r = CRIER_EINVAL;
            goto out;
        }
        if (json_array_append_new(ids, json_string(c->id)) ||
            json_object_set_new(states, c->id, json_string(component_status_name(claim->status))))
            goto out;
    }
    if (json_object_set(incident, "component_ids", ids) ||
        json_object_set(incident, "components", states))
        goto out;
    r = 0;
out:
    json_decref(ids);
    json_decref(states);
    return r;
}

static int fill_incident(json_t *incident, const struct page_request *req,
                         const struct page_components *map)
{
    if (req->title && *req->title && json_object_set_new(incident, "name", json_string(req->title)))
        return CRIER_ENOMEM;
    if (req->body && *req->body && json_object_set_new(incident, "body", json_string(req->body)))
        return CRIER_ENOMEM;
    if (json_object_set_new(incident, "status", json_string(step_name(req->step))) ||
        json_object_set_new(incident, "impact_override", json_string(impact_name(req->impact))) ||
        json_object_set_new(incident, "deliver_notifications", json_boolean(req->notify)))
        return CRIER_ENOMEM;
    if (req->key_incident && *req->key_incident &&
        json_object_set_new(incident, "metadata", build_metadata(req)))
        return CRIER_ENOMEM;
    return req->components.n ? add_components(incident, req, map) : 0;
}

static int take_part(const char *part, size_t n, void *ctx)
{
    struct buf *b = ctx;

    buf_add(b, part, n);
    return buf_error(b) ? -1 : 0;
}

/* As json_dumps(), which up to jansson 2.14 leaves out the name of a member that there is no memory
 * for and goes on. @return NULL when memory is out, or it is longer than DUMP_MAX_BYTES. */
static char *dump(const json_t *value, size_t flags)
{
    struct buf b;
    char *text = NULL;

    buf_init(&b, DUMP_MAX_BYTES);
    if (!json_dump_callback(value, take_part, &b, flags))
        text = buf_take(&b);
    buf_finish(&b);
    return text;
}

static char *dump_root(const char *root_name, json_t *value, int *ret_err)
{
    json_t *root = json_object();
    char *text = NULL;

    if (root && !json_object_set(root, root_name, value))
        text = dump(root, JSON_COMPACT);
    json_decref(root);
    *ret_err = text ? 0 : CRIER_ENOMEM;
    return text;
}

char *statuspage_json_incident(const struct page_request *req, const struct page_components *map,
                               int *ret_err)
{
    json_t *incident = NULL;
    char *text = NULL;
    int r;

    if ((r = check_text(req->title, NAME_MAX_CHARS)) || (r = check_text(req->body, BODY_MAX_CHARS)))
        goto out;
    r = CRIER_EINVAL;
    if (!utf8_is_valid(or_empty(req->key_incident)) || !utf8_is_valid(or_empty(req->key_step)))
        goto out;
    r = CRIER_ENOMEM;
    incident = json_object();
    if (!incident || (r = fill_incident(incident, req, map)))
        goto out;
    text = dump_root("incident", incident, &r);
out:
    json_decref(incident);
    *ret_err = r;
    return text;
}

char *statuspage_json_correction(const char *body, int *ret_err)
{
    json_t *update = NULL;
    char *text = NULL;
    int r = check_text(body, BODY_MAX_CHARS);

    if (r)
        goto out;
    r = CRIER_ENOMEM;
    update = json_object();
    if (!update || json_object_set_new(update, "body", json_string(or_empty(body))) ||
        json_object_set_new(update, "deliver_notifications", json_false()))
        goto out;
    text = dump_root("incident_update", update, &r);
out:
    json_decref(update);
    *ret_err = r;
    return text;
}

char *statuspage_json_postmortem(const char *body, int *ret_err)
{
    json_t *postmortem = NULL;
    char *text = NULL;
    int r = check_text(body, POSTMORTEM_MAX_CHARS);

    if (r)
        goto out;
    r = CRIER_ENOMEM;
    postmortem = json_object();
    if (!postmortem || json_object_set_new(postmortem, "body_draft", json_string(or_empty(body))))
        goto out;
    text = dump_root("postmortem", postmortem, &r);
out:
    json_decref(postmortem);
    *ret_err = r;
    return text;
}

/* ---- what an error says */

static void cut_clean(const char *text, size_t n, char *dst)
{
    char *clean;

    dst[0] = '\0';
    if (n > ERROR_LOOK_BYTES)
        n = ERROR_LOOK_BYTES;
    clean = malloc(n + 1);
    if (!clean)
        return;
    if (utf8_clean(text, n, clean) > STATUSPAGE_ERROR_MAX) {
        size_t cut = utf8_cut(clean, STATUSPAGE_ERROR_MAX - 3);

        memcpy(dst, clean, cut);
        memcpy(dst + cut, "...", 4);
    } else {
        memcpy(dst, clean, strlen(clean) + 1);
    }
    free(clean);
}

/* Prints a value of any type for people. @return false when it says nothing. */
static bool say_value(const json_t *value, char *dst)
{
    char *text;

    if (!value || json_is_null(value))
        return false;
    if (json_is_string(value)) {
        cut_clean(json_string_value(value), json_string_length(value), dst);
    } else {
        text = dump(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text)
            return false;
        cut_clean(text, strlen(text), dst);
        free(text);
    }
    return dst[0] != '\0';
}

static bool say_html(const char *data, size_t n, char *dst)
{
    static const char open[] = "<title>";
    const char *title, *end;
    char words[STATUSPAGE_ERROR_MAX + 1];
    struct buf b;
    size_t skip = 0;

    while (skip < n && strchr(" \t\r\n", data[skip]) && data[skip])
        skip++;
    if (skip == n || data[skip] != '<')
        return false;
    words[0] = '\0';
    title = memmem(data, n, open, sizeof open - 1);
    if (title) {
        title += sizeof open - 1;
        end = memchr(title, '<', n - (size_t)(title - data));
        if (end)
            cut_clean(title, (size_t)(end - title), words);
    }
    buf_init(&b, TEXT_MAX_BYTES);
    buf_adds(&b, "a web page, not the API");
    if (words[0])
        buf_addf(&b, ": %s", words);
    cut_clean(buf_str(&b), b.len, dst);
    buf_finish(&b);
    return true;
}

void statuspage_json_error(const char *data, size_t n, char *dst)
{
    json_t *root;

    dst[0] = '\0';
    if (!n || say_html(data, n, dst))
        return;
    root = json_loadb(data, n, JSON_DECODE_ANY, NULL);
    if (!root || !(say_value(json_object_get(root, "error"), dst) ||
                   say_value(json_object_get(root, "message"), dst)))
        cut_clean(data, n, dst);
    json_decref(root);
}
