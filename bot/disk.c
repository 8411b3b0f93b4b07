#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "chat.h"
#include "outbox.h"

enum { TELL_AGAIN_MS = 60 * 1000 };

/* What is not on the page yet: what waits for a confirm, else what is confirmed and not done. */
static const struct revision *unpublished(const struct incident *inc)
{
    const struct revision *open = model_open_revision(inc);
    const struct outbox *o = outbox_pending(inc);

    if (open || !o)
        return open;
    return model_revision(inc, o->r.revision);
}

static void announce(struct model *m, const char *text)
{
    const struct settings *s = m->settings;
    size_t i, j;

    for (i = 0; i < s->n_networks; i++) {
        for (j = 0; j < s->network[i].n_channels; j++) {
            char *place;

            if (!(s->network[i].channel[j].roles & CHANNEL_TALK))
                continue;
            place = buf_printf("%s/%s", s->network[i].name, s->network[i].channel[j].name);
            if (!place)
                model_fail(m);
            else if (model_is_joined(m, place))
                chat_say(m, place, SAY_PROMPT, "%s", text);
            free(place);
        }
    }
}

static void fall_sick(struct model *m, const char *why)
{
    const struct incident *inc;
    char *text;

    m->store_sick = true;
    audit_line(m, "the store does not write: %s", why);
    if (m->store_told && m->now.boot_ms - m->store_told_boot_ms < TELL_AGAIN_MS)
        return; /* it comes and goes: those who ask are told */
    m->store_told = true;
    m->store_told_boot_ms = m->now.boot_ms;
    text = buf_printf("my database cannot be written (%s): nothing can be confirmed or published "
                      "until it can",
                      why);
    if (text)
        announce(m, text);
    else
        model_fail(m);
    free(text);
    for (inc = m->incidents; inc; inc = inc->next) {
        const struct outbox *o = outbox_pending(inc);
        const struct revision *rev = o ? model_revision(inc, o->r.revision) : NULL;

        if (!rev || !model_is_joined(m, inc->r.home))
            continue;
        chat_home(
            m, inc, SAY_PROMPT,
            "%lld.%lld is confirmed and may be held back by that: it goes on by itself unless "
            "that takes too long. Look at the page before you post it by hand:",
            (long long)inc->r.id, (long long)rev->r.number);
        chat_kit(m, inc, rev, inc->r.home, SAY_PROMPT);
    }
}

static void recover(struct model *m, int64_t untaken)
{
    m->store_sick = false;
    audit_line(m, "the store writes again, %lld signals were not taken", (long long)untaken);
    if (untaken) {
        char *text = buf_printf("my database can be written again: what waited goes on now. %lld "
                                "alerts and deploys came meanwhile that I could not keep: look at "
                                "them yourselves",
                                (long long)untaken);

        if (text)
            announce(m, text);
        else
            model_fail(m);
        free(text);
    } else if (m->store_told) {
        announce(m, "my database can be written again: what waited goes on now; what I refused "
                    "meanwhile must be asked again");
    }
}

void disk_event(struct model *m, const struct store_event *event)
{
    bool ahead = m->turn->ahead;

    m->turn->ahead = true;
    if (!event->writes && !m->store_sick)
        fall_sick(m, event->why);
    else if (event->writes && m->store_sick)
        recover(m, event->untaken);
    m->turn->ahead = ahead;
}

void disk_drafted(struct model *m, const struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);
    bool ahead = m->turn->ahead;

    if (!rev || !model_is_joined(m, inc->r.home))
        return;
    m->turn->ahead = true;
    chat_home(m, inc, SAY_PROMPT,
              "an outage may have begun (%s), but my database cannot be written: nothing can be "
              "confirmed",
              inc->r.reasons && inc->r.reasons[0] ? inc->r.reasons : "by hand");
    chat_kit(m, inc, rev, inc->r.home, SAY_PROMPT);
    m->turn->ahead = ahead;
}

bool disk_show(struct model *m, const struct incident *inc, const char *place)
{
    const struct revision *rev = unpublished(inc);

    if (rev)
        chat_kit(m, inc, rev, place, SAY_ANSWER);
    return rev != NULL;
}

/* The only one with words that are not public; NULL when there is none, or several. */
static const struct incident *only(const struct model *m, bool *ret_several)
{
    const struct incident *inc, *found = NULL;

    *ret_several = false;
    for (inc = m->incidents; inc; inc = inc->next) {
        if (!unpublished(inc))
            continue;
        *ret_several = found != NULL;
        if (found)
            return NULL;
        found = inc;
    }
    return found;
}

void disk_refuse(struct model *m, const struct incident *inc, const char *nick, const char *place)
{
    bool several = false;

    if (!inc)
        inc = only(m, &several);
    chat_say(m, place, SAY_ANSWER,
             "%s: my database cannot be written: nothing can be confirmed or changed, and this was "
             "not taken%s",
             nick, several ? "; `show N` has the words to post by hand" : "");
    if (inc && !disk_show(m, inc, place))
        chat_say(m, place, SAY_ANSWER, "%lld by hand: %s", (long long)inc->r.id,
                 chat_admin_url(m, inc));
    else if (!inc && !several && m->settings->n_pages)
        chat_say(m, place, SAY_ANSWER, "by hand: %s", m->settings->page[0].admin_url);
}

void disk_status(struct model *m, const char *place)
{
    chat_say(
        m, place, SAY_ANSWER,
        "my database cannot be written: nothing can be confirmed; `%s show N` has the words to "
        "post by hand",
        m->settings->chat.prefix);
}
