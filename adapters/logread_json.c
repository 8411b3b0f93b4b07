#include <jansson.h>
#include <string.h>

#include "logread_line.h"

/* Under any of these names, the first that is there. */
static const char *const times[] = {"time", "ts", "timestamp", "@timestamp", "date", NULL};
static const char *const nicks[] = {"nick", "from", "sender", "user", "author", NULL};
static const char *const texts[] = {"text", "message", "body", "msg", NULL};
static const char *const channels[] = {"channel", "target", "room", NULL};
static const char *const types[] = {"type", "event", "command", "kind", NULL};

static json_t *find(const json_t *object, const char *const *name)
{
    for (; *name; name++) {
        json_t *value = json_object_get(object, *name);

        if (value && !json_is_null(value))
            return value;
    }
    return NULL;
}

static bool read_time(const json_t *value, int64_t *ret_wall_ms)
{
    double number;

    if (json_is_string(value))
        return logline_parse_time(json_string_value(value), json_string_length(value), ret_wall_ms);
    if (!json_is_number(value))
        return false;
    number = json_number_value(value);
    if (!(number >= 1e8 && number < 1e16)) /* from 1973 on, in s, ms or us */
        return false;
    if (number < 1e11)
        number *= 1000;
    else if (number >= 1e14)
        number /= 1000;
    *ret_wall_ms = (int64_t)(number + 0.5);
    return true;
}

/* The characters of a string value; they are in the object, which only this module has. */
static bool take(json_t *value, char **ret, size_t *ret_bytes)
{
    if (!json_is_string(value))
        return false;
    memcpy(ret, &(const char *){json_string_value(value)}, sizeof *ret);
    *ret_bytes = json_string_length(value);
    return true;
}

static bool is_type(const json_t *object, const char *const *any_of)
{
    json_t *type = find(object, types);

    for (; json_is_string(type) && *any_of; any_of++)
        if (!strcasecmp(json_string_value(type), *any_of))
            return true;
    return false;
}

static void refuse(struct logline *ret, const char *why)
{
    ret->kind = LOGLINE_UNKNOWN;
    ret->why = why;
}

void logline_read_json(struct logline_reader *r, const char *line, size_t n, struct logline *ret)
{
    static const char *const actions[] = {"action", "emote", "m.emote", "me", NULL};
    static const char *const notices[] = {"notice", "m.notice", NULL};
    static const char *const speech[] = {"message", "msg",    "privmsg", "pubmsg", "m.text", "text",
                                         "action",  "notice", "emote",   "me",     NULL};
    json_t *object = json_loadb(line, n, 0, NULL);

    r->json = object;
    if (!json_is_object(object)) {
        refuse(ret, "it begins like JSON, but is no JSON object of one line");
        return;
    }
    if (find(object, types) && json_is_string(find(object, types)) && !is_type(object, speech) &&
        (!find(object, texts) || !find(object, nicks))) {
        ret->kind = LOGLINE_EVENT;
        return;
    }
    ret->dated = true;
    if (!read_time(find(object, times), &ret->wall_ms)) {
        refuse(ret, "no \"time\" (or ts, timestamp), ISO 8601 or seconds since 1970");
        return;
    }
    if (take(find(object, nicks), &ret->nick, &ret->nick_bytes))
        logline_strip_rank(&ret->nick, &ret->nick_bytes);
    if (!ret->nick_bytes) {
        refuse(ret, "no \"nick\" (or from, sender)");
        return;
    }
    if (!take(find(object, texts), &ret->text, &ret->text_bytes)) {
        refuse(ret, "no \"text\" (or message, body)");
        return;
    }
    (void)take(find(object, channels), &ret->channel, &ret->channel_bytes);
    ret->action = is_type(object, actions) || json_is_true(json_object_get(object, "action"));
    ret->notice = is_type(object, notices) || json_is_true(json_object_get(object, "notice"));
    ret->kind = LOGLINE_SAID;
}

void logline_finish_json(struct logline_reader *r)
{
    json_decref(r->json);
    r->json = NULL;
}
