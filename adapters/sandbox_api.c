#include "sandbox_core.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

/* Source: Statuspage OpenAPI document, POST and PATCH /pages/{page_id}/components. */
static const struct sandbox_field component_fields[] = {
    {"name", SANDBOX_LINE, SANDBOX_NAME_MAX, false},
    {"description", SANDBOX_WORDS, SANDBOX_BODY_MAX, true},
    {"status", SANDBOX_COMPONENT_STATUS, 0, false},
    {"only_show_if_degraded", SANDBOX_BOOL, 0, false},
    {"group_id", SANDBOX_LINE, SANDBOX_ID_BYTES - 1, true},
    {"showcase", SANDBOX_BOOL, 0, false},
    {"start_date", SANDBOX_DATE, 0, true},
};

/* Source: the same, POST /pages/{page_id}/incident_templates. */
static const struct sandbox_field template_fields[] = {
    {"name", SANDBOX_LINE, SANDBOX_NAME_MAX, false},
    {"title", SANDBOX_LINE, SANDBOX_NAME_MAX, false},
    {"body", SANDBOX_TEXT, SANDBOX_BODY_MAX, false},
    {"group_id", SANDBOX_LINE, SANDBOX_ID_BYTES - 1, true},
    {"update_status", SANDBOX_STATUS, 0, false},
    {"should_tweet", SANDBOX_BOOL, 0, false},
    {"should_send_notifications", SANDBOX_BOOL, 0, false},
    {"component_ids", SANDBOX_IDS, 0, false},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int not_allowed(struct sandbox_call *call)
{
    return sandbox_refuse(call, 405, "Method not allowed");
}

static bool is_get(const struct sandbox_call *call)
{
    return !strcmp(call->method, "GET");
}

static bool is_patch(const struct sandbox_call *call)
{
    return !strcmp(call->method, "PATCH") || !strcmp(call->method, "PUT");
}

/* page and per_page. */
static int check_paging(struct sandbox_call *call, struct sandbox_query *ret_query)
{
    static const char *const names[] = {"page", "per_page", NULL};
    int64_t page = 1, per_page = SANDBOX_PAGE_SIZE;
    int r;

    if ((r = sandbox_check_query(call, names)) ||
        (r = sandbox_check_number(call, "page", 1, 1000000, &page)) ||
        (r = sandbox_check_number(call, "per_page", 1, SANDBOX_PAGE_SIZE, &per_page)))
        return r;
    *ret_query = (struct sandbox_query){.limit = per_page, .offset = (page - 1) * per_page};
    return 0;
}

static int check_no_query(struct sandbox_call *call)
{
    return sandbox_check_query(call, (const char *const[]){NULL});
}

/* Copies every member of in onto doc. */
static int merge(json_t *doc, json_t *in)
{
    const char *name;
    json_t *value;

    json_object_foreach(in, name, value)
    {
        if (json_object_set(doc, name, value))
            return CRIER_ENOMEM;
    }
    return 0;
}

/* ---- components ------------------------------------------------------------------------------ */

static int check_component_rules(struct sandbox_call *call, const json_t *in, const char *own_id)
{
    const char *name = json_string_value(json_object_get(in, "name"));
    json_t *all = NULL;
    size_t i;
    int r = 0;

    if (json_is_string(json_object_get(in, "group_id")))
        return sandbox_refuse(call, 422, "group_id does not exist");
    if (!name)
        return 0;
    r = sandbox_view_components(call->sb, &all);
    for (i = 0; i < json_array_size(all) && !r; i++) {
        const json_t *c = json_array_get(all, i);

        if (!strcmp(json_string_value(json_object_get(c, "name")), name) &&
            strcmp(json_string_value(json_object_get(c, "id")), own_id))
            r = sandbox_refuse(call, 422, "name has already been taken");
    }
    json_decref(all);
    return r;
}

int sandbox_component_put(struct sandbox *sb, const char *name, json_t *in, int64_t wall_ms,
                          json_t **ret_doc)
{
    json_t *all = NULL, *doc = NULL;
    char id[SANDBOX_ID_BYTES];
    int r = sandbox_view_components(sb, &all);

    if (!r)
        r = sandbox_new_id(id);
    if (r)
        goto out;
    doc =
        json_pack("{s:s, s:s, s:s, s:n, s:s, s:I, s:b, s:b, s:n, s:b, s:n, s:n, s:o, s:o}", "id",
                  id, "page_id", sb->page_id, "name", name, "description", "status", "operational",
                  "position", (json_int_t)json_array_size(all) + 1, "group", 0, "showcase", 1,
                  "group_id", "only_show_if_degraded", 0, "automation_email", "start_date",
                  "created_at", sandbox_time(wall_ms), "updated_at", sandbox_time(wall_ms));
    if (!doc)
        r = CRIER_ENOMEM;
    if (!r && in)
        r = merge(doc, in);
    if (!r)
        r = sandbox_db_put(sb->db, SANDBOX_COMPONENT, id, "", "", doc);
    if (!r && ret_doc) {
        *ret_doc = doc;
        doc = NULL;
    }
out:
    json_decref(all);
    json_decref(doc);
    return r;
}

static int create_component(struct sandbox_call *call)
{
    json_t *in = NULL, *doc = NULL;
    const char *name;
    int r = sandbox_check_body(call, "component", component_fields, COUNT(component_fields), &in);

    if (r)
        return r;
    name = json_string_value(json_object_get(in, "name"));
    if (!name)
        r = sandbox_refuse(call, 422, "name can't be blank");
    else if (!(r = check_component_rules(call, in, "")) &&
             !(r = sandbox_component_put(call->sb, name, in, call->req->now.wall_ms, &doc)))
        r = sandbox_answer(call, 201, doc);
    json_decref(in);
    return r;
}

static int change_component(struct sandbox_call *call, const char *id, json_t *doc)
{
    json_t *in = NULL;
    const char *status;
    int r = sandbox_check_body(call, "component", component_fields, COUNT(component_fields), &in);

    if (r)
        return r;
    status = json_string_value(json_object_get(in, "status"));
    if (status && !*status)
        json_object_del(in, "status"); /* leaves it as it is */
    if (!(r = check_component_rules(call, in, id)) && !(r = merge(doc, in))) {
        if (json_object_set_new(doc, "updated_at", sandbox_time(call->req->now.wall_ms)))
            r = CRIER_ENOMEM;
        else
            r = sandbox_db_put(call->sb->db, SANDBOX_COMPONENT, id, "", "", doc);
    }
    json_decref(in);
    return r ? r : sandbox_answer(call, 200, json_incref(doc));
}

static int one_component(struct sandbox_call *call, const char *id)
{
    json_t *doc = NULL;
    int r = sandbox_db_get(call->sb->db, SANDBOX_COMPONENT, id, &doc);

    if (r == CRIER_ENOENT)
        return sandbox_refuse(call, 404, "Component not found");
    if (!r)
        r = check_no_query(call);
    if (!r) {
        if (is_get(call))
            r = sandbox_answer(call, 200, json_incref(doc));
        else if (is_patch(call))
            r = change_component(call, id, doc);
        else if (strcmp(call->method, "DELETE"))
            r = not_allowed(call);
        else if (!(r = sandbox_db_delete(call->sb->db, SANDBOX_COMPONENT, id)))
            call->res->status = 204;
    }
    json_decref(doc);
    return r;
}

static int list_things(struct sandbox_call *call, enum sandbox_kind kind)
{
    struct sandbox_query q;
    json_t *out = NULL;
    int r = check_paging(call, &q);

    if (!r)
        r = sandbox_db_list(call->sb->db, kind, &q, &out);
    return r ? r : sandbox_answer(call, 200, out);
}

static int components(struct sandbox_call *call)
{
    int r;

    if (call->n_segments == 5)
        return one_component(call, call->segment[4]);
    if (call->n_segments > 5)
        return sandbox_refuse(call, 404, "Not found");
    if (is_get(call))
        return list_things(call, SANDBOX_COMPONENT);
    if (strcmp(call->method, "POST"))
        return not_allowed(call);
    r = check_no_query(call);
    return r ? r : create_component(call);
}

/* There are none: a page of this kind has a handful of components. */
static int component_groups(struct sandbox_call *call)
{
    struct sandbox_query q;
    int r;

    if (call->n_segments == 5)
        return sandbox_refuse(call, 404, "Component group not found");
    if (call->n_segments > 5)
        return sandbox_refuse(call, 404, "Not found");
    if (!is_get(call))
        return not_allowed(call);
    r = check_paging(call, &q);
    return r ? r : sandbox_answer(call, 200, json_array());
}

/* ---- templates ------------------------------------------------------------------------------- */

/* The components of a template as its answer shows them. */
static int template_components(struct sandbox_call *call, const json_t *ids, json_t *out)
{
    size_t i;
    int r = 0;

    for (i = 0; i < json_array_size(ids) && !r; i++) {
        json_t *component = NULL;

        r = sandbox_db_get(call->sb->db, SANDBOX_COMPONENT,
                           json_string_value(json_array_get(ids, i)), &component);
        if (!r && json_array_append_new(out, component))
            r = CRIER_ENOMEM;
    }
    return r;
}

static int create_template(struct sandbox_call *call)
{
    json_t *in = NULL, *doc = NULL, *linked = NULL;
    char id[SANDBOX_ID_BYTES];
    int r = sandbox_check_body(call, "template", template_fields, COUNT(template_fields), &in);

    if (r)
        return r;
    if (!json_object_get(in, "name") || !json_object_get(in, "title") ||
        !json_object_get(in, "body")) {
        r = sandbox_refuse(call, 422, "name, title and body can't be blank");
        goto out;
    }
    if (json_is_string(json_object_get(in, "group_id"))) {
        r = sandbox_refuse(call, 422, "group_id does not exist");
        goto out;
    }
    if ((r = sandbox_new_id(id)))
        goto out;
    linked = json_array();
    doc = json_pack("{s:s, s:O, s:n, s:n, s:b, s:b}", "id", id, "components", linked, "group_id",
                    "update_status", "should_tweet", 0, "should_send_notifications", 0);
    if (!doc) {
        r = CRIER_ENOMEM;
        goto out;
    }
    if (!(r = template_components(call, json_object_get(in, "component_ids"), linked)) &&
        !(r = merge(doc, in))) {
        json_object_del(doc, "component_ids");
        if (!(r = sandbox_db_put(call->sb->db, SANDBOX_TEMPLATE, id, "", "", doc)))
            r = sandbox_answer(call, 201, json_incref(doc));
    }
out:
    json_decref(linked);
    json_decref(doc);
    json_decref(in);
    return r;
}

static int templates(struct sandbox_call *call)
{
    int r;

    if (call->n_segments != 4)
        return sandbox_refuse(call, 404, "Not found");
    if (is_get(call))
        return list_things(call, SANDBOX_TEMPLATE);
    if (strcmp(call->method, "POST"))
        return not_allowed(call);
    r = check_no_query(call);
    return r ? r : create_template(call);
}

/* ---- subscribers ----------------------------------------------------------------------------- */

static const char *const subscriber_types[] = {
    "email", "sms", "webhook", "slack", "teams", "integration_partner", NULL};

/* Everybody here subscribes by e-mail and has confirmed it. */
static int subscribers_count(struct sandbox_call *call)
{
    static const char *const names[] = {"type", "state", NULL};
    static const char *const states[] = {"active", "all", "unconfirmed", "quarantined", NULL};
    char *type = NULL, *state = NULL;
    json_t *out = NULL;
    bool counted;
    int i, r;

    if ((r = sandbox_check_query(call, names)))
        return r;
    if (((r = httpd_request_query(call->req, "type", &type)) && r != CRIER_ENOENT) ||
        ((r = httpd_request_query(call->req, "state", &state)) && r != CRIER_ENOENT)) {
        if (r == CRIER_EINVAL)
            r = sandbox_refuse(call, 400, "malformed query");
        goto out;
    }
    if ((type && sandbox_name_index(subscriber_types, type) < 0) ||
        (state && sandbox_name_index(states, state) < 0)) {
        r = sandbox_refuse(call, 400, "type or state is not one that is known");
        goto out;
    }
    counted = !state || sandbox_name_index(states, state) < 2;
    out = json_object();
    r = out ? 0 : CRIER_ENOMEM;
    for (i = 0; subscriber_types[i] && !r; i++) {
        int64_t n = counted && !i ? call->sb->subscribers : 0;

        if ((!type || !strcmp(type, subscriber_types[i])) &&
            json_object_set_new(out, subscriber_types[i], json_integer(n)))
            r = CRIER_ENOMEM;
    }
    if (!r) {
        r = sandbox_answer(call, 200, out);
        out = NULL;
    }
out:
    json_decref(out);
    free(type);
    free(state);
    return r;
}

static int subscribers_histogram(struct sandbox_call *call)
{
    json_t *out;
    int i, r = check_no_query(call);

    if (r)
        return r;
    out = json_object();
    for (i = 0; subscriber_types[i]; i++) {
        json_int_t n = i ? 0 : call->sb->subscribers;

        if (json_object_set_new(out, subscriber_types[i],
                                json_pack("{s:I, s:i, s:i, s:I}", "active", n, "unconfirmed", 0,
                                          "quarantined", 0, "total", n))) {
            json_decref(out);
            return CRIER_ENOMEM;
        }
    }
    return sandbox_answer(call, 200, out);
}

static int subscribers(struct sandbox_call *call)
{
    const char *what = call->n_segments == 5 ? call->segment[4] : "";

    if (strcmp(what, "count") && strcmp(what, "histogram_by_state"))
        return sandbox_refuse(call, 404, "Not found");
    if (!is_get(call))
        return not_allowed(call);
    return *what == 'c' ? subscribers_count(call) : subscribers_histogram(call);
}

/* ---- the page -------------------------------------------------------------------------------- */

static int show_page(struct sandbox_call *call, bool in_list)
{
    json_t *doc = NULL, *list;
    int r;

    if (!is_get(call))
        return not_allowed(call);
    if ((r = check_no_query(call)) ||
        (r = sandbox_db_get(call->sb->db, SANDBOX_PAGE, call->sb->page_id, &doc)))
        return r;
    if (json_object_set_new(doc, "url", json_string(call->sb->base_url))) {
        json_decref(doc);
        return CRIER_ENOMEM;
    }
    if (!in_list)
        return sandbox_answer(call, 200, doc);
    list = json_array();
    if (json_array_append_new(list, doc)) {
        json_decref(list);
        return CRIER_ENOMEM;
    }
    return sandbox_answer(call, 200, list);
}

int sandbox_api(struct sandbox_call *call)
{
    static const struct {
        const char *name;
        int (*handle)(struct sandbox_call *call);
    } rooms[] = {
        {"incidents", sandbox_incident},        {"components", components},
        {"component-groups", component_groups}, {"incident_templates", templates},
        {"subscribers", subscribers},
    };
    size_t i;

    if (call->n_segments < 2 || strcmp(call->segment[1], "pages"))
        return sandbox_refuse(call, 404, "Not found");
    if (call->n_segments == 2)
        return show_page(call, true);
    if (strcmp(call->segment[2], call->sb->page_id))
        return sandbox_refuse(call, 404, "Page not found");
    if (call->n_segments == 3)
        return show_page(call, false);
    for (i = 0; i < COUNT(rooms); i++)
        if (!strcmp(call->segment[3], rooms[i].name))
            return rooms[i].handle(call);
    return sandbox_refuse(call, 404, "Not found");
}
