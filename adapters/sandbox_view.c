#include "sandbox_core.h"

#include <string.h>

#include "err.h"

/* What components' worst status says of the whole page. Source: facts of the service's top-level
 * status; the real one weighs how many components are affected, this one takes the worst. */
static const struct {
    const char *indicator;
    const char *description;
    int impact;
} by_component_status[] = {
    {"none", "All Systems Operational", 0},     {"maintenance", "Service Under Maintenance", 1},
    {"minor", "Partially Degraded Service", 2}, {"major", "Partial System Outage", 3},
    {"critical", "Major System Outage", 4},     {"none", "All Systems Operational", 0},
};

static int status_index(const char *status)
{
    int i = status ? sandbox_name_index(sandbox_component_statuses, status) : 0;

    return i < 0 ? 0 : i;
}

int sandbox_view_impact(const char *component_status)
{
    return by_component_status[status_index(component_status)].impact;
}

struct sandbox_state sandbox_view_state(const json_t *components)
{
    int worst = 0;
    size_t i;

    for (i = 0; i < json_array_size(components); i++) {
        const json_t *c = json_array_get(components, i);
        int s = status_index(json_string_value(json_object_get(c, "status")));

        if (sandbox_component_statuses[s][0] && s > worst)
            worst = s;
    }
    return (struct sandbox_state){by_component_status[worst].indicator,
                                  by_component_status[worst].description};
}

int sandbox_view_components(struct sandbox *sb, json_t **ret_array)
{
    return sandbox_db_list(sb->db, SANDBOX_COMPONENT, &(struct sandbox_query){0}, ret_array);
}

/* The members of an incident that the public may see; updates and components come on top. */
static const char *const public_members[] = {"id",
                                             "name",
                                             "status",
                                             "created_at",
                                             "updated_at",
                                             "monitoring_at",
                                             "resolved_at",
                                             "impact",
                                             "shortlink",
                                             "page_id",
                                             "scheduled_for",
                                             "scheduled_until",
                                             "started_at",
                                             "reminder_intervals",
                                             NULL};

/* Copies the members of the list that the object has. */
static json_t *pick(const json_t *object, const char *const *names)
{
    json_t *out = json_object();
    int i;

    for (i = 0; out && names[i]; i++) {
        json_t *value = json_object_get(object, names[i]);

        if (value && json_object_set_new(out, names[i], json_deep_copy(value))) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

/* The component documents of an incident, in the order in which they were linked. */
static int linked_components(struct sandbox *sb, const json_t *doc, json_t **ret_array)
{
    const json_t *ids = json_object_get(doc, "component_ids");
    json_t *out = json_array();
    size_t i;
    int r = out ? 0 : CRIER_ENOMEM;

    for (i = 0; i < json_array_size(ids) && !r; i++) {
        json_t *component = NULL;

        r = sandbox_db_get(sb->db, SANDBOX_COMPONENT, json_string_value(json_array_get(ids, i)),
                           &component);
        if (r == CRIER_ENOENT) {
            r = 0; /* deleted since */
            continue;
        }
        if (!r && json_array_append_new(out, component))
            r = CRIER_ENOMEM;
    }
    if (r)
        json_decref(out);
    else
        *ret_array = out;
    return r;
}

int sandbox_view_incident(struct sandbox *sb, const json_t *doc, bool is_public,
                          json_t **ret_incident)
{
    const json_t *own = json_object_get(doc, "public");
    const char *id = json_string_value(json_object_get(own, "id"));
    json_t *out, *updates = NULL, *components = NULL;
    int r;

    if (!id)
        return CRIER_ECORRUPT;
    out = is_public ? pick(own, public_members) : json_deep_copy(own);
    if (!out)
        return CRIER_ENOMEM;
    r = sandbox_db_list(sb->db, SANDBOX_UPDATE,
                        &(struct sandbox_query){.parent = id, .newest_first = true}, &updates);
    if (!r && json_object_set_new(out, "incident_updates", updates))
        r = CRIER_ENOMEM;
    if (!r)
        r = linked_components(sb, doc, &components);
    if (!r && json_object_set_new(out, "components", components))
        r = CRIER_ENOMEM;
    if (!r && !is_public && json_object_set_new(out, "incident_impacts", json_array()))
        r = CRIER_ENOMEM;
    if (r)
        json_decref(out);
    else
        *ret_incident = out;
    return r;
}

int sandbox_view_incidents(struct sandbox *sb, const struct sandbox_query *q, bool is_public,
                           json_t **ret_array)
{
    json_t *docs = NULL, *out = NULL;
    size_t i;
    int r = sandbox_db_list(sb->db, SANDBOX_INCIDENT, q, &docs);

    if (r)
        return r;
    out = json_array();
    if (!out)
        r = CRIER_ENOMEM;
    for (i = 0; i < json_array_size(docs) && !r; i++) {
        json_t *incident = NULL;

        r = sandbox_view_incident(sb, json_array_get(docs, i), is_public, &incident);
        if (!r && json_array_append_new(out, incident))
            r = CRIER_ENOMEM;
    }
    json_decref(docs);
    if (r)
        json_decref(out);
    else
        *ret_array = out;
    return r;
}
