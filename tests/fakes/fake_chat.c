#include "fake_chat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

enum { LINES_MAX = 1 << 20 };

static char *copy(const char *text)
{
    char *own = strdup(text);

    assert(own);
    return own;
}

void fake_chat_init(struct fake_chat *f)
{
    memset(f, 0, sizeof *f);
}

static void line_finish(struct fake_line *l)
{
    free(l->place);
    free(l->text);
}

void fake_chat_clear(struct fake_chat *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        line_finish(&f->line[i]);
    f->n = 0;
}

void fake_chat_finish(struct fake_chat *f)
{
    fake_chat_clear(f);
    free(f->line);
    memset(f, 0, sizeof *f);
}

static int port_say(void *ctx, const struct say *say)
{
    struct fake_chat *f = ctx;
    struct fake_line *l = NULL;
    size_t i;

    /* What every caller must keep to. */
    assert(strchr(say->place, '/'));
    assert(say->text[0] && !strpbrk(say->text, "\r\n"));
    if (f->refuse)
        return f->refuse;
    for (i = 0; i < f->n && !l && say->replaces; i++)
        if (!f->line[i].sent && f->line[i].replaces == say->replaces &&
            !strcmp(f->line[i].place, say->place))
            l = &f->line[i];
    if (l) {
        line_finish(l);
        l->priority = l->priority > say->priority ? l->priority : say->priority;
    } else {
        f->line = array_grow(f->line, &f->cap, f->n + 1, sizeof *f->line, LINES_MAX);
        assert(f->line);
        l = &f->line[f->n++];
        l->priority = say->priority;
    }
    l->place = copy(say->place);
    l->text = copy(say->text);
    l->token = say->token;
    l->replaces = say->replaces;
    l->sent = !f->hold;
    l->shown = !say->token;
    return 0;
}

struct chat_port fake_chat_port(struct fake_chat *f)
{
    struct chat_port port = {.ctx = f, .say = port_say};

    return port;
}

void fake_chat_send(struct fake_chat *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        f->line[i].sent = true;
}

/* The sink may say more; those lines are for the next call. */
static size_t report(struct fake_chat *f, enum chat_event_kind kind)
{
    size_t n_lines = f->n;
    size_t i, n = 0;

    for (i = 0; i < n_lines && i < f->n; i++) {
        struct chat_event event = {.kind = kind, .place = "", .text = "", .count = 0};

        if (!f->line[i].sent || f->line[i].shown)
            continue;
        f->line[i].shown = true;
        event.token = f->line[i].token;
        f->sink.event(f->sink.ctx, &event);
        n++;
    }
    return n;
}

size_t fake_chat_show(struct fake_chat *f)
{
    return report(f, CHAT_SHOWN);
}

size_t fake_chat_unshow(struct fake_chat *f)
{
    return report(f, CHAT_UNSHOWN);
}

void fake_chat_joined(struct fake_chat *f, const char *place)
{
    struct chat_event event = {.kind = CHAT_JOINED, .place = place, .text = ""};

    f->sink.event(f->sink.ctx, &event);
}

void fake_chat_member(struct fake_chat *f, const char *place, const char *nick, bool here)
{
    struct chat_event event = {
        .kind = here ? CHAT_PRESENT : CHAT_ABSENT, .place = place, .text = nick};

    f->sink.event(f->sink.ctx, &event);
}

void fake_chat_left(struct fake_chat *f, const char *place, const char *why)
{
    struct chat_event event = {.kind = CHAT_LEFT, .place = place, .text = why};

    f->sink.event(f->sink.ctx, &event);
}

void fake_chat_hear(struct fake_chat *f, const char *place, const char *nick, const char *account,
                    const char *text, int64_t wall_ms)
{
    const char *slash = strchr(place, '/');
    char *network, *clean = malloc(strlen(text) + 1), removed[UTF8_REMOVED_BYTES];
    struct heard heard;

    assert(slash);
    network = strndup(place, (size_t)(slash - place));
    assert(network && clean);
    (void)utf8_clean(text, strlen(text), clean);
    (void)utf8_removed(text, strlen(text), removed, sizeof removed);
    memset(&heard, 0, sizeof heard);
    heard.network = network;
    heard.place = place;
    heard.nick = nick;
    heard.userhost = f->userhost ? f->userhost : "user@host.example";
    heard.secure = !f->plain;
    heard.me = f->me;
    heard.account = account;
    heard.identity = account ? IDENTITY_ACCOUNT : IDENTITY_NONE;
    heard.text = clean;
    heard.removed = removed;
    heard.private = slash[1] != '#';
    heard.obey = true;
    heard.wall_ms = wall_ms;
    heard.id = ++f->next_id;
    f->sink.heard(f->sink.ctx, &heard);
    free(network);
    free(clean);
}

static bool is_at(const struct fake_line *l, const char *place)
{
    return !place || !strcmp(l->place, place);
}

const struct fake_line *fake_chat_find(const struct fake_chat *f, const char *place,
                                       const char *text)
{
    size_t i;

    for (i = f->n; i-- > 0;)
        if (is_at(&f->line[i], place) && strstr(f->line[i].text, text))
            return &f->line[i];
    return NULL;
}

const char *fake_chat_last(const struct fake_chat *f, const char *place)
{
    const struct fake_line *l = fake_chat_find(f, place, "");

    return l ? l->text : NULL;
}

size_t fake_chat_count(const struct fake_chat *f, const char *place)
{
    size_t i, n = 0;

    for (i = 0; i < f->n; i++)
        n += is_at(&f->line[i], place);
    return n;
}
