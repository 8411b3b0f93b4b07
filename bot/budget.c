#include "budget.h"

#include "chat.h"
#include "when.h"

/*
 * A leaking bucket, kept as the one time at which it will have run empty (speech_boot_ms). It takes
 * half of an hour's lines at once and loses the other half in each hour: more than both can never
 * fall into one hour.
 */
enum { HOUR_MS = 60 * 60 * 1000, LEAST_BURST = 3 /* a draft, and the line that says no more */ };

static int64_t burst(const struct model *m)
{
    int64_t half = m->settings->reminders.lines_per_hour / 2;

    return half > LEAST_BURST ? half : LEAST_BURST;
}

/* Between two lines, once the bucket is full. */
static int64_t interval(const struct model *m)
{
    int64_t rest = m->settings->reminders.lines_per_hour - burst(m);

    return rest > 0 ? (HOUR_MS + rest - 1) / rest : HOUR_MS;
}

/* When the bucket will be empty after so many lines more. */
static int64_t filled(const struct model *m, const struct incident *inc, int64_t lines)
{
    int64_t from = inc->speech_boot_ms > m->now.boot_ms ? inc->speech_boot_ms : m->now.boot_ms;

    return from + lines * interval(m);
}

static bool has_room(const struct model *m, const struct incident *inc, int64_t lines, int64_t kept)
{
    return filled(m, inc, lines) - m->now.boot_ms <= (burst(m) - kept) * interval(m);
}

static void put(struct model *m, struct incident *inc, int64_t lines)
{
    inc->speech_boot_ms = filled(m, inc, lines);
    inc->r.speech_wall_ms = model_wall(m, inc->speech_boot_ms);
    model_put(m, RECORD_INCIDENT, &inc->r);
}

/* The last line. After it there is silence until something can be said again that is worth it. */
static void hush(struct model *m, struct incident *inc)
{
    int64_t want = burst(m) / 3 > LEAST_BURST ? burst(m) / 3 : LEAST_BURST;
    char hm[WHEN_BYTES];

    put(m, inc, 1);
    inc->hush_boot_ms = inc->speech_boot_ms - (burst(m) - want) * interval(m);
    if (inc->hush_boot_ms <= m->now.boot_ms)
        inc->hush_boot_ms = m->now.boot_ms + interval(m);
    inc->r.hush_wall_ms = model_wall(m, inc->hush_boot_ms);
    model_put(m, RECORD_INCIDENT, &inc->r);
    chat_say(m, inc->r.home, SAY_PROMPT,
             "I have said much about %lld and am quiet about it until %s, whatever comes: `%s` "
             "shows everything",
             (long long)inc->r.id, when_hm(inc->r.hush_wall_ms, hm), m->settings->chat.prefix);
}

bool budget_is_hushed(const struct model *m, const struct incident *inc, int64_t *ret_until_boot_ms)
{
    *ret_until_boot_ms = inc->hush_boot_ms;
    return m->now.boot_ms < inc->hush_boot_ms;
}

bool budget_take(struct model *m, int64_t id, int lines, bool matters)
{
    struct incident *inc = m->asked ? NULL : model_incident(m, id);
    int64_t reserve = burst(m) / 4 > 1 ? burst(m) / 4 : 1, until;

    if (!inc)
        return true;
    if (budget_is_hushed(m, inc, &until))
        return false;
    if (has_room(m, inc, lines, matters ? 1 : reserve)) {
        put(m, inc, lines);
        return true;
    }
    if (matters)
        hush(m, inc);
    return false;
}

void budget_restore(struct model *m, struct incident *inc)
{
    int64_t most = burst(m) * interval(m);

    inc->speech_boot_ms = model_near_boot(m, inc->r.speech_wall_ms, most);
    inc->hush_boot_ms = inc->r.hush_wall_ms ? model_near_boot(m, inc->r.hush_wall_ms, most) : 0;
}
