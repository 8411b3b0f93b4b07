#include "sandbox_core.h"

#include <string.h>

#include "err.h"

enum { POSTMORTEM_MAX = 100000 };

/* Source: Statuspage OpenAPI document, /incidents/{id}/postmortem and its publish and revert. */
static const struct sandbox_field draft_fields[] = {
    {"body_draft", SANDBOX_TEXT, POSTMORTEM_MAX, false},
};
static const struct sandbox_field publish_fields[] = {
    {"notify_twitter", SANDBOX_BOOL, 0, false},
    {"notify_subscribers", SANDBOX_BOOL, 0, false},
    {"custom_tweet", SANDBOX_WORDS, 280, true},
};

static int answer_postmortem(struct sandbox_call *call, json_t *doc)
{
    return sandbox_answer(call, 200, json_incref(json_object_get(doc, "postmortem")));
}

/* Sets a member to a value that is taken over. @return whether that went well. */
static bool set(json_t *object, const char *name, json_t *value)
{
    return !json_object_set_new(object, name, value);
}

static int save_draft(struct sandbox_call *call, json_t *doc)
{
    json_t *in = NULL, *pm = json_object_get(doc, "postmortem");
    int64_t now = call->req->now.wall_ms;
    char key[SANDBOX_ID_BYTES];
    int r = sandbox_check_body(call, "postmortem", draft_fields, 1, &in);

    if (r)
        return r;
    if (!json_object_get(in, "body_draft")) {
        r = sandbox_refuse(call, 422, "body_draft can't be blank");
        goto out;
    }
    if (!json_is_object(pm)) {
        if ((r = sandbox_new_id(key)))
            goto out;
        pm = json_pack("{s:s, s:n, s:n, s:n, s:n, s:n, s:b, s:b, s:n, s:o}", "preview_key", key,
                       "body", "body_updated_at", "body_draft", "body_draft_updated_at",
                       "published_at", "notify_subscribers", 0, "notify_twitter", 0, "custom_tweet",
                       "created_at", sandbox_time(now));
        if (!pm || !set(doc, "postmortem", pm)) {
            r = CRIER_ENOMEM;
            goto out;
        }
    }
    if (json_object_set(pm, "body_draft", json_object_get(in, "body_draft")) ||
        !set(pm, "body_draft_updated_at", sandbox_time(now)) ||
        !set(pm, "updated_at", sandbox_time(now)))
        r = CRIER_ENOMEM;
    if (!r && !(r = sandbox_incident_put(call->sb, doc)))
        r = answer_postmortem(call, doc);
out:
    json_decref(in);
    return r;
}

/* The body is optional here; without one everything is as by default: subscribers get mail. */
static int publish(struct sandbox_call *call, json_t *doc)
{
    json_t *in = NULL, *pm = json_object_get(doc, "postmortem"), *value;
    json_t *own = json_object_get(doc, "public");
    const char *status = json_string_value(json_object_get(own, "status"));
    int64_t now = call->req->now.wall_ms;
    bool mail = true, tweet = false;
    int r = 0;

    if (call->req->body_bytes &&
        (r = sandbox_check_body(call, "postmortem", publish_fields, 3, &in)))
        return r;
    if (!sandbox_is_over(status)) {
        r = sandbox_refuse(call, 422, "the incident is not resolved");
        goto out;
    }
    if (!json_is_string(json_object_get(pm, "body_draft"))) {
        r = sandbox_refuse(call, 422, "there is no draft to publish");
        goto out;
    }
    mail = !json_is_false(json_object_get(in, "notify_subscribers"));
    tweet = json_is_true(json_object_get(in, "notify_twitter"));
    value = json_object_get(pm, "body_draft");
    if (json_object_set(pm, "body", value) || json_object_set(own, "postmortem_body", value) ||
        !set(pm, "body_updated_at", sandbox_time(now)) ||
        !set(pm, "published_at", sandbox_time(now)) || !set(pm, "updated_at", sandbox_time(now)) ||
        !set(pm, "notify_subscribers", json_boolean(mail)) ||
        !set(pm, "notify_twitter", json_boolean(tweet)) || !set(pm, "body_draft", json_null()) ||
        !set(own, "postmortem_body_last_updated_at", sandbox_time(now)) ||
        !set(own, "postmortem_published_at", sandbox_time(now)) ||
        !set(own, "postmortem_notified_subscribers", json_boolean(mail)) ||
        !set(own, "postmortem_notified_twitter", json_boolean(tweet)) ||
        !set(own, "updated_at", sandbox_time(now)))
        r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_incident_put(call->sb, doc);
    if (!r && mail)
        r = sandbox_mail(call, "postmortem", call->segment[4], "", status);
    if (!r)
        r = answer_postmortem(call, doc);
out:
    json_decref(in);
    return r;
}

/* Takes it from the public page: @param keep  back to a draft, else it is gone. */
static int withdraw(struct sandbox_call *call, json_t *doc, bool keep)
{
    json_t *pm = json_object_get(doc, "postmortem"), *own = json_object_get(doc, "public");
    int r = 0;

    if (keep && !json_is_string(json_object_get(pm, "body")))
        return sandbox_refuse(call, 422, "it is not published");
    if (keep && (json_object_set(pm, "body_draft", json_object_get(pm, "body")) ||
                 !set(pm, "body", json_null()) || !set(pm, "published_at", json_null()) ||
                 !set(pm, "body_draft_updated_at", sandbox_time(call->req->now.wall_ms)) ||
                 !set(pm, "updated_at", sandbox_time(call->req->now.wall_ms))))
        r = CRIER_ENOMEM;
    if (!r && !keep && !set(doc, "postmortem", json_null()))
        r = CRIER_ENOMEM;
    if (!r && (!set(own, "postmortem_body", json_null()) ||
               !set(own, "postmortem_body_last_updated_at", json_null()) ||
               !set(own, "postmortem_published_at", json_null())))
        r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_incident_put(call->sb, doc);
    if (r)
        return r;
    if (keep)
        return answer_postmortem(call, doc);
    call->res->status = 204;
    return 0;
}

int sandbox_postmortem(struct sandbox_call *call, json_t *doc)
{
    const char *verb = call->n_segments > 6 ? call->segment[6] : "";
    bool there = json_is_object(json_object_get(doc, "postmortem"));
    bool put = !strcmp(call->method, "PUT");
    int r;

    if (call->n_segments > 7 || (*verb && strcmp(verb, "publish") && strcmp(verb, "revert")))
        return sandbox_refuse(call, 404, "Not found");
    if ((r = sandbox_check_query(call, (const char *const[]){NULL})))
        return r;
    if (put && !*verb)
        return save_draft(call, doc);
    if (!there)
        return sandbox_refuse(call, 404, "Postmortem not found");
    if (*verb) {
        if (!put)
            return sandbox_refuse(call, 405, "Method not allowed");
        return *verb == 'p' ? publish(call, doc) : withdraw(call, doc, true);
    }
    if (!strcmp(call->method, "GET"))
        return answer_postmortem(call, doc);
    if (!strcmp(call->method, "DELETE"))
        return withdraw(call, doc, false);
    return sandbox_refuse(call, 405, "Method not allowed");
}
