#include "sandbox_core.h"

#include <string.h>

#include "err.h"

static const char open_states[] = " investigating identified monitoring ";
static const char realtime_states[] = " investigating identified monitoring resolved ";
static const char upcoming_states[] = " scheduled ";
static const char active_states[] = " in_progress verifying ";
static const char planned_states[] = " scheduled in_progress verifying ";
static const char scheduled_states[] = " scheduled in_progress verifying completed ";

/* Adds "page". */
static int add_page(struct sandbox_call *call, json_t *out)
{
    json_t *doc = NULL, *page;
    int r = sandbox_db_get(call->sb->db, SANDBOX_PAGE, call->sb->page_id, &doc);

    if (r)
        return r;
    page = json_pack("{s:s, s:O, s:s, s:O, s:O}", "id", call->sb->page_id, "name",
                     json_object_get(doc, "name"), "url", call->sb->base_url, "time_zone",
                     json_object_get(doc, "time_zone"), "updated_at",
                     json_object_get(doc, "updated_at"));
    json_decref(doc);
    return json_object_set_new(out, "page", page) ? CRIER_ENOMEM : 0;
}

static int add_status(struct sandbox_call *call, json_t *out)
{
    json_t *components = NULL;
    struct sandbox_state state;
    int r = sandbox_view_components(call->sb, &components);

    if (r)
        return r;
    state = sandbox_view_state(components);
    json_decref(components);
    return json_object_set_new(out, "status",
                               json_pack("{s:s, s:s}", "indicator", state.indicator, "description",
                                         state.description))
               ? CRIER_ENOMEM
               : 0;
}

static int add_components(struct sandbox_call *call, json_t *out)
{
    json_t *all = NULL;
    size_t i;
    int r = sandbox_view_components(call->sb, &all);

    if (r)
        return r;
    for (i = 0; i < json_array_size(all); i++)
        json_object_del(json_array_get(all, i), "automation_email");
    return json_object_set_new(out, "components", all) ? CRIER_ENOMEM : 0;
}

static int add_incidents(struct sandbox_call *call, json_t *out, const char *member,
                         const char *states)
{
    const struct sandbox_query q = {
        .states = states, .newest_first = true, .limit = SANDBOX_V2_INCIDENTS};
    json_t *list = NULL;
    int r = sandbox_view_incidents(call->sb, &q, true, &list);

    if (r)
        return r;
    return json_object_set_new(out, member, list) ? CRIER_ENOMEM : 0;
}

/* What each document holds. Source: the service's public status API. */
static const struct {
    const char *path;
    const char *sub; /* a second part, or "" */
    bool status;
    bool components;
    const char *incidents; /* states, or NULL */
    const char *scheduled;
} documents[] = {
    {"summary", "", true, true, open_states, planned_states},
    {"status", "", true, false, NULL, NULL},
    {"components", "", false, true, NULL, NULL},
    {"incidents", "", false, false, realtime_states, NULL},
    {"incidents", "unresolved", false, false, open_states, NULL},
    {"scheduled-maintenances", "", false, false, NULL, scheduled_states},
    {"scheduled-maintenances", "upcoming", false, false, NULL, upcoming_states},
    {"scheduled-maintenances", "active", false, false, NULL, active_states},
};

int sandbox_v2(struct sandbox_call *call)
{
    const char *sub = call->n_segments == 4 ? call->segment[3] : "";
    size_t i = 0, n = sizeof documents / sizeof documents[0];
    json_t *out;
    int r = 0;

    if (call->n_segments < 3 || call->n_segments > 4)
        return sandbox_refuse(call, 404, "Not found");
    while (i < n && (strcmp(documents[i].path, call->segment[2]) || strcmp(documents[i].sub, sub)))
        i++;
    if (i == n)
        return sandbox_refuse(call, 404, "Not found");
    if (strcmp(call->method, "GET"))
        return sandbox_refuse(call, 405, "Method not allowed");
    out = json_object();
    if (!out)
        return CRIER_ENOMEM;
    r = add_page(call, out);
    if (!r && documents[i].components)
        r = add_components(call, out);
    if (!r && documents[i].incidents)
        r = add_incidents(call, out, "incidents", documents[i].incidents);
    if (!r && documents[i].scheduled)
        r = add_incidents(call, out, "scheduled_maintenances", documents[i].scheduled);
    if (!r && documents[i].status)
        r = add_status(call, out);
    if (r) {
        json_decref(out);
        return r;
    }
    httpd_response_field(call->res, "Access-Control-Allow-Origin", "*");
    return sandbox_answer(call, 200, out);
}
