#include "sandbox_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "when.h"

/* Source: Statuspage OpenAPI document, POST and PATCH /pages/{page_id}/incidents. */
static const struct sandbox_field incident_fields[] = {
    {"name", SANDBOX_LINE, SANDBOX_NAME_MAX, false},
    {"body", SANDBOX_TEXT, SANDBOX_BODY_MAX, false},
    {"status", SANDBOX_STATUS, 0, false},
    {"impact_override", SANDBOX_IMPACT, 0, true},
    {"component_ids", SANDBOX_IDS, 0, false},
    {"components", SANDBOX_MAP, 0, false},
    {"deliver_notifications", SANDBOX_BOOL, 0, false},
    {"metadata", SANDBOX_METADATA, 0, false},
    {"scheduled_for", SANDBOX_TIME, 0, true},
    {"scheduled_until", SANDBOX_TIME, 0, true},
    {"scheduled_remind_prior", SANDBOX_BOOL, 0, false},
    {"scheduled_auto_in_progress", SANDBOX_BOOL, 0, false},
    {"scheduled_auto_completed", SANDBOX_BOOL, 0, false},
    {"scheduled_auto_transition", SANDBOX_BOOL, 0, false},
    {"auto_transition_to_maintenance_state", SANDBOX_BOOL, 0, false},
    {"auto_transition_to_operational_state", SANDBOX_BOOL, 0, false},
    {"auto_transition_deliver_notifications_at_start", SANDBOX_BOOL, 0, false},
    {"auto_transition_deliver_notifications_at_end", SANDBOX_BOOL, 0, false},
    {"auto_tweet_at_beginning", SANDBOX_BOOL, 0, false},
    {"auto_tweet_on_completion", SANDBOX_BOOL, 0, false},
    {"auto_tweet_on_creation", SANDBOX_BOOL, 0, false},
    {"auto_tweet_one_hour_before", SANDBOX_BOOL, 0, false},
    {"reminder_intervals", SANDBOX_INTERVALS, 0, true},
    {"backfilled", SANDBOX_BOOL, 0, false},
    {"backfill_date", SANDBOX_DATE, 0, true},
};

/* Those that the answer shows as they were given; times and the rest have code of their own. */
static const char *const copied[] = {"name",
                                     "impact_override",
                                     "metadata",
                                     "scheduled_remind_prior",
                                     "scheduled_auto_in_progress",
                                     "scheduled_auto_completed",
                                     "auto_transition_to_maintenance_state",
                                     "auto_transition_to_operational_state",
                                     "auto_transition_deliver_notifications_at_start",
                                     "auto_transition_deliver_notifications_at_end",
                                     "reminder_intervals",
                                     NULL};

static const struct sandbox_field update_fields[] = {
    {"body", SANDBOX_TEXT, SANDBOX_BODY_MAX, false},
    {"display_at", SANDBOX_TIME, 0, false},
    {"wants_twitter_update", SANDBOX_BOOL, 0, false},
    {"deliver_notifications", SANDBOX_BOOL, 0, false},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Where a real-time incident can still change; " a b " as sandbox_query wants it. */
static const char open_states[] = " investigating identified monitoring ";

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The sentence that the service writes when a status comes without words.
 * Source: real pages; the last two fit every status that has none of its own. */
static const char *stock_sentence(const char *status)
{
    static const struct {
        const char *status;
        const char *sentence;
    } table[] = {
        {"investigating", "We are currently investigating this issue."},
        {"identified", "The issue has been identified and a fix is being implemented."},
        {"monitoring", "A fix has been implemented and we are monitoring the results."},
        {"resolved", "This incident has been resolved."},
        {"scheduled", "We will be undergoing scheduled maintenance during this time."},
        {"in_progress",
         "Scheduled maintenance is currently in progress. We will provide updates as necessary."},
        {"verifying", "Verification is currently underway for the maintenance items."},
        {"completed", "The scheduled maintenance has been completed."},
    };
    size_t i;

    for (i = 0; i < COUNT(table); i++)
        if (!strcmp(table[i].status, status))
            return table[i].sentence;
    return "";
}

int sandbox_incident_put(struct sandbox *sb, json_t *doc)
{
    const json_t *own = json_object_get(doc, "public");
    const char *id = text_of(own, "id"), *status = text_of(own, "status");

    if (!id || !status)
        return CRIER_ECORRUPT;
    return sandbox_db_put(sb->db, SANDBOX_INCIDENT, id, "", status, doc);
}

/* ---- checks that need more than one field ---------------------------------------------------- */

/* @param old  the status so far, NULL for a new incident. */
static int check_status(struct sandbox_call *call, const json_t *in, const char *old,
                        const char *status)
{
    bool times = json_is_string(json_object_get(in, "scheduled_for")) &&
                 json_is_string(json_object_get(in, "scheduled_until"));
    int64_t from = 0, until = 0;

    if (!old) {
        if (sandbox_is_scheduled(status) && !times)
            return sandbox_refuse(call, 422, "scheduled_for and scheduled_until can't be blank");
        if (!sandbox_is_scheduled(status) && json_is_string(json_object_get(in, "scheduled_for")))
            return sandbox_refuse(call, 422, "scheduled_for does not go with status %s", status);
    } else {
        if (sandbox_is_scheduled(old) != sandbox_is_scheduled(status))
            return sandbox_refuse(call, 422, "status cannot change from %s to %s", old, status);
        if (sandbox_is_over(old) && strcmp(old, status))
            return sandbox_refuse(call, 422, "status cannot change from %s to %s", old, status);
        if (!sandbox_is_scheduled(old) && json_is_string(json_object_get(in, "scheduled_for")))
            return sandbox_refuse(call, 422, "a real-time incident cannot be scheduled");
    }
    if (times && (when_parse_iso(text_of(in, "scheduled_for"), &from) ||
                  when_parse_iso(text_of(in, "scheduled_until"), &until) || until <= from))
        return sandbox_refuse(call, 422, "scheduled_until must be after scheduled_for");
    return 0;
}

static int check_backfill(struct sandbox_call *call, const json_t *in, bool is_new)
{
    bool backfilled = json_is_true(json_object_get(in, "backfilled"));

    if (backfilled && !is_new)
        return sandbox_refuse(call, 422, "an incident cannot become backfilled");
    if (backfilled && (json_object_get(in, "components") || json_object_get(in, "component_ids")))
        return sandbox_refuse(call, 422,
                              "components cannot be specified for a backfilled incident");
    if (backfilled && !json_is_string(json_object_get(in, "backfill_date")))
        return sandbox_refuse(call, 422, "backfill_date can't be blank");
    if (!backfilled && json_is_string(json_object_get(in, "backfill_date")))
        return sandbox_refuse(call, 422, "backfill_date needs backfilled");
    return 0;
}

/* ---- components ------------------------------------------------------------------------------ */

static bool holds(const json_t *array, const char *text)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++)
        if (!strcmp(json_string_value(json_array_get(array, i)), text))
            return true;
    return false;
}

/* component_ids replaces what is linked; the ids of components are linked in any case. */
static int link_components(json_t *doc, const json_t *in)
{
    json_t *given = json_object_get(in, "component_ids");
    json_t *ids = json_deep_copy(given ? given : json_object_get(doc, "component_ids"));
    json_t *map = json_object_get(in, "components"), *value;
    const char *id;
    bool failed = !ids;

    json_object_foreach(map, id, value)
    {
        if (!failed && !holds(ids, id))
            failed = json_array_append_new(ids, json_string(id)) != 0;
    }
    if (failed) {
        json_decref(ids);
        return CRIER_ENOMEM;
    }
    return json_object_set_new(doc, "component_ids", ids) ? CRIER_ENOMEM : 0;
}

/* Gives one component its new status and notes the change in affected. */
static int set_component(struct sandbox_call *call, const char *id, const char *status,
                         json_t *affected)
{
    json_t *component = NULL, *entry;
    const char *old;
    int r = sandbox_db_get(call->sb->db, SANDBOX_COMPONENT, id, &component);

    if (r)
        return r == CRIER_ENOENT ? 0 : r; /* deleted since it was linked */
    old = text_of(component, "status");
    if (!old) {
        json_decref(component);
        return CRIER_ECORRUPT;
    }
    if (!status || !*status)
        status = old;
    entry = json_pack("{s:s, s:O, s:s, s:s}", "code", id, "name",
                      json_object_get(component, "name"), "old_status", old, "new_status", status);
    if (!entry || json_array_append_new(affected, entry))
        r = CRIER_ENOMEM;
    if (!r && strcmp(old, status)) {
        if (json_object_set_new(component, "status", json_string(status)) ||
            json_object_set_new(component, "updated_at", sandbox_time(call->req->now.wall_ms)))
            r = CRIER_ENOMEM;
        else
            r = sandbox_db_put(call->sb->db, SANDBOX_COMPONENT, id, "", "", component);
    }
    json_decref(component);
    return r;
}

/*
 * Sets the linked components, and the impact that the statuses given with this incident make: the
 * worst so far, so that an incident does not become harmless by being resolved. Components that
 * are only linked (component_ids alone) make none.
 */
static int set_components(struct sandbox_call *call, json_t *doc, const json_t *in,
                          json_t *affected)
{
    json_t *ids = json_object_get(doc, "component_ids"), *own = json_object_get(doc, "public");
    const json_t *map = json_object_get(in, "components"), *override;
    const char *so_far = text_of(doc, "impact_computed");
    int worst = so_far ? sandbox_name_index(sandbox_impacts, so_far) : -1, r = 0;
    size_t i;

    if (worst < 0)
        return CRIER_ECORRUPT;
    for (i = 0; i < json_array_size(ids) && !r; i++) {
        const char *id = json_string_value(json_array_get(ids, i)), *status = text_of(map, id);

        r = set_component(call, id, status, affected);
        if (status && sandbox_view_impact(status) > worst)
            worst = sandbox_view_impact(status);
    }
    if (r)
        return r;
    if (sandbox_is_scheduled(text_of(own, "status")))
        worst = sandbox_name_index(sandbox_impacts, "maintenance");
    override = json_object_get(own, "impact_override");
    if (json_object_set_new(doc, "impact_computed", json_string(sandbox_impacts[worst])) ||
        json_object_set_new(own, "impact",
                            json_string(json_is_string(override) ? json_string_value(override)
                                                                 : sandbox_impacts[worst])))
        return CRIER_ENOMEM;
    return 0;
}

/* ---- one change ------------------------------------------------------------------------------ */

static int set_time(json_t *object, const char *name, const json_t *value)
{
    int64_t wall_ms;

    if (!json_is_string(value))
        return json_object_set_new(object, name, json_null()) ? CRIER_ENOMEM : 0;
    if (when_parse_iso(json_string_value(value), &wall_ms))
        return CRIER_EINVAL;
    return json_object_set_new(object, name, sandbox_time(wall_ms)) ? CRIER_ENOMEM : 0;
}

static int set_members(struct sandbox_call *call, json_t *own, const json_t *in, const char *old)
{
    const char *status = text_of(in, "status");
    int64_t now = call->req->now.wall_ms;
    json_t *value;
    int i, r = 0;

    for (i = 0; copied[i]; i++) {
        value = json_object_get(in, copied[i]);
        if (value && json_object_set(own, copied[i], value))
            return CRIER_ENOMEM;
    }
    if ((value = json_object_get(in, "scheduled_auto_transition")) &&
        json_object_set(own, "scheduled_auto_in_progress", value))
        return CRIER_ENOMEM;
    if ((value = json_object_get(in, "scheduled_for")) &&
        (r = set_time(own, "scheduled_for", value)))
        return r;
    if ((value = json_object_get(in, "scheduled_until")) &&
        (r = set_time(own, "scheduled_until", value)))
        return r;
    if (status && json_object_set_new(own, "status", json_string(status)))
        return CRIER_ENOMEM;
    status = text_of(own, "status");
    if (!old || strcmp(old, status)) {
        if (!strcmp(status, "monitoring") &&
            json_object_set_new(own, "monitoring_at", sandbox_time(now)))
            return CRIER_ENOMEM;
        if (sandbox_is_over(status) && json_object_set_new(own, "resolved_at", sandbox_time(now)))
            return CRIER_ENOMEM;
    }
    return json_object_set_new(own, "updated_at", sandbox_time(now)) ? CRIER_ENOMEM : 0;
}

static int add_update(struct sandbox_call *call, const json_t *own, const json_t *in,
                      json_t *affected, bool is_new)
{
    const char *incident_id = text_of(own, "id"), *status = text_of(own, "status");
    const char *body = text_of(in, "body");
    bool deliver = !json_is_false(json_object_get(in, "deliver_notifications")) &&
                   !json_is_true(json_object_get(own, "backfilled"));
    json_t *now = json_object_get(own, is_new ? "created_at" : "updated_at"), *update;
    char id[SANDBOX_ID_BYTES];
    int r = sandbox_new_id(id);

    if (r)
        return r;
    update = json_pack(
        "{s:s, s:s, s:s, s:s, s:O, s:O, s:O, s:O?, s:b, s:n, s:n, s:n, s:b}", "id", id,
        "incident_id", incident_id, "status", status, "body", body ? body : stock_sentence(status),
        "created_at", now, "updated_at", now, "display_at", now, "affected_components",
        json_array_size(affected) ? affected : NULL, "deliver_notifications", (int)deliver,
        "custom_tweet", "tweet_id", "twitter_updated_at", "wants_twitter_update", 0);
    if (!update)
        return CRIER_ENOMEM;
    r = sandbox_db_put(call->sb->db, SANDBOX_UPDATE, id, incident_id, status, update);
    json_decref(update);
    if (!r && deliver)
        r = sandbox_mail(call, is_new ? "created" : "updated", incident_id, id, status);
    return r;
}

/*
 * One POST or PATCH, already checked, onto the document.
 *
 * Words, a status (also the same again) or component statuses make an update, and an update is
 * mailed unless that was declined; the service is not documented here, and this is the worse.
 */
static int apply(struct sandbox_call *call, json_t *doc, const json_t *in, const char *old)
{
    json_t *own = json_object_get(doc, "public"), *affected = json_array();
    int r = affected ? 0 : CRIER_ENOMEM;

    if (!r)
        r = set_members(call, own, in, old);
    if (!r)
        r = link_components(doc, in);
    if (!r)
        r = set_components(call, doc, in, affected);
    if (!r)
        r = sandbox_incident_put(call->sb, doc);
    if (!r && (!old || json_object_get(in, "body") || json_object_get(in, "status") ||
               json_object_size(json_object_get(in, "components"))))
        r = add_update(call, own, in, affected, !old);
    json_decref(affected);
    return r;
}

static int answer_incident(struct sandbox_call *call, int status, const json_t *doc)
{
    json_t *out = NULL;
    int r = sandbox_view_incident(call->sb, doc, false, &out);

    return r ? r : sandbox_answer(call, status, out);
}

/* ---- the requests ---------------------------------------------------------------------------- */

static int new_document(struct sandbox_call *call, const json_t *in, const char *status,
                        json_t **ret_doc)
{
    bool backfilled = json_is_true(json_object_get(in, "backfilled"));
    int64_t at = call->req->now.wall_ms;
    char id[SANDBOX_ID_BYTES], day[64];
    json_t *created, *doc = NULL;
    int r = sandbox_new_id(id);

    if (r)
        return r;
    if (backfilled) {
        const char *date = text_of(in, "backfill_date");

        snprintf(day, sizeof day, "%s%s", date, strlen(date) == 10 ? "T00:00:00Z" : "");
        if (when_parse_iso(day, &at))
            return CRIER_EINVAL;
    }
    created = sandbox_time(at);
    doc = json_pack(
        "{s:{s:s, s:s, s:s, s:s, s:n, s:s, s:O, s:O, s:O, s:n, s:n, s:n, s:n, s:n, s:{}, s:s++,"
        " s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:n, s:n, s:n, s:b, s:b, s:b, s:n, s:b},"
        " s:[], s:s, s:n}",
        "public", "id", id, "page_id", call->sb->page_id, "name", "", "status", status,
        "impact_override", "impact", "none", "created_at", created, "updated_at", created,
        "started_at", created, "monitoring_at", "resolved_at", "scheduled_for", "scheduled_until",
        "scheduled_reminded_at", "metadata", "shortlink", call->sb->base_url, "/incidents/", id,
        "scheduled_remind_prior", 0, "scheduled_auto_in_progress", 0, "scheduled_auto_completed", 0,
        "auto_transition_to_maintenance_state", 0, "auto_transition_to_operational_state", 0,
        "auto_transition_deliver_notifications_at_start", 0,
        "auto_transition_deliver_notifications_at_end", 0, "postmortem_body",
        "postmortem_body_last_updated_at", "postmortem_published_at", "postmortem_ignored", 0,
        "postmortem_notified_subscribers", 0, "postmortem_notified_twitter", 0,
        "reminder_intervals", "backfilled", (int)backfilled, "component_ids", "impact_computed",
        "none", "postmortem");
    json_decref(created);
    if (!doc)
        return CRIER_ENOMEM;
    *ret_doc = doc;
    return 0;
}

static int create(struct sandbox_call *call)
{
    json_t *in = NULL, *doc = NULL;
    const char *status;
    int r = sandbox_check_body(call, "incident", incident_fields, COUNT(incident_fields), &in);

    if (r)
        goto out;
    if (!json_object_get(in, "name")) {
        r = sandbox_refuse(call, 422, "name can't be blank");
        goto out;
    }
    status = text_of(in, "status");
    if (!status)
        status = json_is_string(json_object_get(in, "scheduled_for")) ? "scheduled"
                 : json_is_true(json_object_get(in, "backfilled"))    ? "resolved"
                                                                      : "investigating";
    if (!(r = check_status(call, in, NULL, status)) && !(r = check_backfill(call, in, true)) &&
        !(r = new_document(call, in, status, &doc)) && !(r = apply(call, doc, in, NULL)))
        r = answer_incident(call, 201, doc);
out:
    json_decref(in);
    json_decref(doc);
    return r;
}

static int change(struct sandbox_call *call, json_t *doc)
{
    json_t *in = NULL;
    char *old = NULL;
    const char *status;
    int r = sandbox_check_body(call, "incident", incident_fields, COUNT(incident_fields), &in);

    if (r)
        goto out;
    status = text_of(json_object_get(doc, "public"), "status");
    old = strdup(status ? status : "");
    if (!old) {
        r = CRIER_ENOMEM;
        goto out;
    }
    status = text_of(in, "status");
    if (!(r = check_status(call, in, old, status ? status : old)) &&
        !(r = check_backfill(call, in, false)) && !(r = apply(call, doc, in, old)))
        r = answer_incident(call, 200, doc);
out:
    free(old);
    json_decref(in);
    return r;
}

static int delete (struct sandbox_call *call, const json_t *doc)
{
    json_t *out = NULL;
    int r = sandbox_view_incident(call->sb, doc, false, &out);

    if (!r)
        r = sandbox_db_delete(call->sb->db, SANDBOX_INCIDENT, call->segment[4]);
    if (r) {
        json_decref(out);
        return r;
    }
    return sandbox_answer(call, 200, out);
}

/* PATCH of an old update: its words, never its status. Mails again unless that is declined. */
static int change_update(struct sandbox_call *call, json_t *doc)
{
    json_t *in = NULL, *update = NULL, *value, *own = json_object_get(doc, "public");
    const char *id = call->segment[6];
    bool deliver;
    int r = sandbox_db_get(call->sb->db, SANDBOX_UPDATE, id, &update);

    if (r == CRIER_ENOENT || (!r && strcmp(text_of(update, "incident_id"), call->segment[4]))) {
        r = sandbox_refuse(call, 404, "Incident update not found");
        goto out;
    }
    if (r ||
        (r = sandbox_check_body(call, "incident_update", update_fields, COUNT(update_fields), &in)))
        goto out;
    deliver = !json_is_false(json_object_get(in, "deliver_notifications"));
    if ((value = json_object_get(in, "body")) && json_object_set(update, "body", value))
        r = CRIER_ENOMEM;
    if (!r && (value = json_object_get(in, "display_at")))
        r = set_time(update, "display_at", value);
    if (!r && (value = json_object_get(in, "wants_twitter_update")) &&
        json_object_set(update, "wants_twitter_update", value))
        r = CRIER_ENOMEM;
    if (!r && (json_object_set_new(update, "deliver_notifications", json_boolean(deliver)) ||
               json_object_set_new(update, "updated_at", sandbox_time(call->req->now.wall_ms)) ||
               json_object_set_new(own, "updated_at", sandbox_time(call->req->now.wall_ms))))
        r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_db_put(call->sb->db, SANDBOX_UPDATE, id, call->segment[4],
                           text_of(update, "status"), update);
    if (!r)
        r = sandbox_incident_put(call->sb, doc);
    if (!r && deliver)
        r = sandbox_mail(call, "edited", call->segment[4], id, text_of(update, "status"));
    if (!r) {
        r = sandbox_answer(call, 200, update);
        update = NULL;
    }
out:
    json_decref(in);
    json_decref(update);
    return r;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int answer_list(struct sandbox_call *call, const struct sandbox_query *q)
{
    json_t *out = NULL;
    int r = sandbox_view_incidents(call->sb, q, false, &out);

    return r ? r : sandbox_answer(call, 200, out);
}

static int list_all(struct sandbox_call *call)
{
    static const char *const names[] = {"q", "limit", "page", NULL};
    int64_t limit = SANDBOX_PAGE_SIZE, page = 1;
    char *text = NULL;
    int r;

    if ((r = sandbox_check_query(call, names)) ||
        (r = sandbox_check_number(call, "limit", 1, SANDBOX_PAGE_SIZE, &limit)) ||
        (r = sandbox_check_number(call, "page", 1, 1000000, &page)))
        return r;
    r = httpd_request_query(call->req, "q", &text);
    if (r == CRIER_EINVAL)
        return sandbox_refuse(call, 400, "malformed query");
    if (r && r != CRIER_ENOENT)
        return r;
    r = answer_list(call, &(struct sandbox_query){.text = text && *text ? text : NULL,
                                                  .newest_first = true,
                                                  .limit = limit,
                                                  .offset = (page - 1) * limit});
    free(text);
    return r;
}

static int list_by_state(struct sandbox_call *call, const char *states)
{
    static const char *const names[] = {"page", "per_page", NULL};
    int64_t limit = SANDBOX_PAGE_SIZE, page = 1;
    int r;

    if ((r = sandbox_check_query(call, names)) ||
        (r = sandbox_check_number(call, "per_page", 1, SANDBOX_PAGE_SIZE, &limit)) ||
        (r = sandbox_check_number(call, "page", 1, 1000000, &page)))
        return r;
    return answer_list(call, &(struct sandbox_query){.states = states,
                                                     .newest_first = true,
                                                     .limit = limit,
                                                     .offset = (page - 1) * limit});
}

static int with_id(struct sandbox_call *call, json_t *doc)
{
    const char *part = call->n_segments > 5 ? call->segment[5] : "";
    bool patch = !strcmp(call->method, "PATCH") || !strcmp(call->method, "PUT");
    int r;

    if (!strcmp(part, "postmortem"))
        return sandbox_postmortem(call, doc);
    if (strcmp(part, "incident_updates") ? call->n_segments != 5 : call->n_segments != 7)
        return sandbox_refuse(call, 404, "Not found");
    if ((r = sandbox_check_query(call, (const char *const[]){NULL})))
        return r;
    if (*part)
        return patch ? change_update(call, doc) : sandbox_refuse(call, 405, "Method not allowed");
    if (!strcmp(call->method, "GET"))
        return answer_incident(call, 200, doc);
    if (patch)
        return change(call, doc);
    if (!strcmp(call->method, "DELETE"))
        return delete (call, doc);
    return sandbox_refuse(call, 405, "Method not allowed");
}

int sandbox_incident(struct sandbox_call *call)
{
    static const struct {
        const char *name;
        const char *states;
    } lists[] = {
        {"unresolved", open_states},
        {"upcoming", " scheduled "},
        {"scheduled", " scheduled in_progress verifying "},
        {"active_maintenance", " in_progress verifying "},
    };
    bool get = !strcmp(call->method, "GET");
    json_t *doc = NULL;
    size_t i;
    int r;

    if (call->n_segments == 4) {
        if (get)
            return list_all(call);
        if (strcmp(call->method, "POST"))
            return sandbox_refuse(call, 405, "Method not allowed");
        r = sandbox_check_query(call, (const char *const[]){NULL});
        return r ? r : create(call);
    }
    for (i = 0; i < COUNT(lists) && call->n_segments == 5; i++)
        if (!strcmp(call->segment[4], lists[i].name))
            return get ? list_by_state(call, lists[i].states)
                       : sandbox_refuse(call, 405, "Method not allowed");
    r = sandbox_db_get(call->sb->db, SANDBOX_INCIDENT, call->segment[4], &doc);
    if (r == CRIER_ENOENT)
        return sandbox_refuse(call, 404, "Incident not found");
    if (!r)
        r = with_id(call, doc);
    json_decref(doc);
    return r;
}
