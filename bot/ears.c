#include "ears.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alerts.h"
#include "buf.h"
#include "utf8.h"

enum {
    SKEW_MS = 10 * 1000,
    KEY_BYTES = 480, /* bots cut their lines at 425 and 450 bytes */
    CUT_BYTES = 300, /* a line of so many bytes may have been cut, */
    ALIKE_BYTES = 60 /* and is known by what is left of its key, when that is so long */
};

/* An ear that was not read for so long is gone. */
static const int64_t gone_ms = (int64_t)30 * 24 * 60 * 60 * 1000;

/* ---- what echoes are known by
 * ---------------------------------------------------------------------------------- */

/* "!log user@host text": wikis and feeds leave away what is before the text. */
static const char *bare_text(const char *raw)
{
    size_t word;

    if (!strncasecmp(raw, "!log ", 5))
        raw += 5;
    word = strcspn(raw, " @");
    if (raw[word] == '@' && word) {
        word += strcspn(raw + word, " ");
        if (raw[word] == ' ')
            raw += word + 1;
    }
    return raw;
}

/* An alert is known by what it is about, as alerts are (alerts.c): bots word it differently, and
 * several may be in one line. */
static void make_key(const struct signal *sig, char key[KEY_BYTES + 1])
{
    switch (sig->kind) {
    case SIGNAL_FIRING:
    case SIGNAL_RESOLVED:
    case SIGNAL_ACKNOWLEDGED:
        (void)utf8_print(key, KEY_BYTES + 1, "%s %s %d %s %s%s", signal_kind_name(sig->kind),
                         severity_name(sig->severity), sig->count, sig->check,
                         sig->host[0] ? "on " : "", sig->host[0] ? sig->host : sig->summary);
        break;
    case SIGNAL_DEPLOY:
    case SIGNAL_NOTE:
    case SIGNAL_MAINTENANCE:
    case SIGNAL_MITIGATION:
        (void)utf8_print(key, KEY_BYTES + 1, "%s", bare_text(sig->raw));
        break;
    }
}

static size_t without_dots(const char *key)
{
    size_t n = strlen(key);

    while (n && (key[n - 1] == '.' || key[n - 1] == ' '))
        n--;
    return n;
}

/* @param a_bytes of the line that the key was made of. */
static bool same(const char *a, int64_t a_bytes, const char *b, int64_t b_bytes)
{
    size_t a_len, b_len;

    if (!strcmp(a, b))
        return true;
    if (a_bytes < CUT_BYTES && b_bytes < CUT_BYTES)
        return false;
    a_len = without_dots(a);
    b_len = without_dots(b);
    if (a_len <= b_len && a_bytes >= CUT_BYTES && a_len >= ALIKE_BYTES)
        return !memcmp(a, b, a_len);
    return b_len <= a_len && b_bytes >= CUT_BYTES && b_len >= ALIKE_BYTES && !memcmp(a, b, b_len);
}

/* ---- what was told
 * -------------------------------------------------------------------------------------------- */

static size_t count_ears(const struct source_settings *s)
{
    return s->channels.n + s->files.n + (s->feed ? 1 : 0) + (s->webhook ? 1 : 0);
}

static bool has_several_ears(const struct model *m, const char *source)
{
    int i = settings_find_source(m->settings, source);

    return i >= 0 && count_ears(&m->settings->source[i]) > 1;
}

/* places: one a line. */
static bool told_at(const struct echo *e, const char *place)
{
    const char *p = e->r.place;
    size_t n = strlen(place);

    for (;;) {
        if (!strncmp(p, place, n) && (!p[n] || p[n] == '\n'))
            return true;
        p = strchr(p, '\n');
        if (!p)
            return false;
        p++;
    }
}

static void forget_oldest(struct model *m)
{
    struct echo *e = m->echoes;

    m->echoes = e->next;
    if (!m->echoes)
        m->echoes_last = NULL;
    m->n_echoes--;
    batch_delete(&m->turn->batch, RECORD_HEARD, e->r.id);
    record_finish(RECORD_HEARD, &e->r);
    free(e);
}

static void remember(struct model *m, const struct signal *sig, const char *key, int64_t bytes)
{
    struct echo *e = calloc(1, sizeof *e);

    if (!e || !model_text(m, &e->r.source, sig->source) ||
        !model_text(m, &e->r.place, sig->place) || !model_text(m, &e->r.text, key)) {
        if (e)
            record_finish(RECORD_HEARD, &e->r);
        free(e);
        model_fail(m);
        return;
    }
    if (m->n_echoes >= EARS_ECHOES_MAX)
        forget_oldest(m);
    e->r.id = model_next_row(m);
    e->r.live = 1;
    e->r.wall_ms = sig->wall_ms;
    e->r.bytes = bytes;
    e->boot_ms = m->now.boot_ms;
    e->line_id = sig->line_id;
    model_echo_link(m, e);
    model_put(m, RECORD_HEARD, &e->r);
}

/* The line goes on: it is what it was before, only longer. @return whether it is such a line. */
static bool amend(struct model *m, const struct signal *sig, const char *key, int64_t bytes,
                  bool *ret_echo)
{
    struct echo *e;

    for (e = m->echoes; e; e = e->next) {
        bool first = e->line_id == sig->line_id;

        if ((!first && e->echo_line_id != sig->line_id) || strcmp(e->r.source, sig->source) != 0)
            continue;
        *ret_echo = !first;
        if (first && strcmp(e->r.text, key) != 0) {
            if (!model_text(m, &e->r.text, key))
                return true;
            e->r.bytes = bytes;
            model_put(m, RECORD_HEARD, &e->r);
        }
        return true;
    }
    return false;
}

static bool near(int64_t a_ms, int64_t b_ms)
{
    return a_ms - b_ms <= EARS_ECHO_MS && b_ms - a_ms <= EARS_ECHO_MS;
}

/* What fires since then has not recovered yet as far as is known: the recovery counts, whatever it
 * echoes. */
static bool is_needed(const struct model *m, const struct signal *sig)
{
    const struct alert *a = sig->kind == SIGNAL_RESOLVED ? alert_find_recovering(m, sig) : NULL;

    return a && a->r.firing && sig->wall_ms >= a->r.first_wall_ms;
}

/* It has recovered between the two: it fires again. What a clock of another machine may be wrong by
 * is no such time. */
static bool fires_again(const struct alert *a, const struct echo *e, const struct signal *sig)
{
    return a && !a->r.firing && a->r.resolved_wall_ms >= e->r.wall_ms &&
           sig->wall_ms >= a->r.resolved_wall_ms + SKEW_MS;
}

static bool is_echo(struct model *m, const struct signal *sig)
{
    char key[KEY_BYTES + 1], *places;
    int64_t bytes = (int64_t)strlen(sig->raw);
    const struct alert *a = sig->kind == SIGNAL_FIRING ? alert_find(m, sig) : NULL;
    struct echo *e;
    bool echo = false;

    make_key(sig, key);
    if (sig->line_id && amend(m, sig, key, bytes, &echo))
        return echo;
    for (e = m->echoes; e; e = e->next)
        if (near(e->r.wall_ms, sig->wall_ms) && !strcmp(e->r.source, sig->source) &&
            same(e->r.text, e->r.bytes, key, bytes) && !told_at(e, sig->place) &&
            !fires_again(a, e, sig))
            break;
    if (!e) {
        remember(m, sig, key, bytes);
        return false;
    }
    places = buf_printf("%s\n%s", e->r.place, sig->place);
    if (!places || !model_text(m, &e->r.place, places))
        model_fail(m);
    free(places);
    e->echo_line_id = sig->line_id;
    model_put(m, RECORD_HEARD, &e->r);
    return !is_needed(m, sig);
}

/* ---- what comes late
 * ---------------------------------------------------------------------------------------- */

static bool ends_deploy(const struct model *m, const struct signal *sig)
{
    const struct deploy *d;

    if (sig->phase != PHASE_FINISHED && sig->phase != PHASE_ABORTED && sig->phase != PHASE_FAILED &&
        sig->phase != PHASE_CANCELLED)
        return false;
    for (d = m->deploys; d; d = d->next)
        if (d->r.state == DEPLOY_RUNNING && !strcmp(d->r.source, sig->source) &&
            !strcmp(d->r.user, sig->user) && d->r.started_wall_ms <= sig->wall_ms)
            return true;
    return false;
}

/* Chat has its own way with history, and webhooks tell what is true now. */
static bool is_history(const struct model *m, const struct signal *sig)
{
    if (strncmp(sig->place, "file:", 5) != 0 && strncmp(sig->place, "feed:", 5) != 0)
        return false;
    if (m->now.wall_ms - sig->wall_ms <= m->settings->triage.lookback_ms)
        return false;
    return sig->kind != SIGNAL_RESOLVED && !(sig->kind == SIGNAL_DEPLOY && ends_deploy(m, sig));
}

bool ears_pass_over(struct model *m, const struct signal *sig)
{
    if (is_history(m, sig))
        return true;
    return !(sig->group_key && sig->group_key[0]) && has_several_ears(m, sig->source) &&
           is_echo(m, sig);
}

/* ---- positions and upkeep
 * ------------------------------------------------------------------------------------- */

void ears_position(struct model *m, const struct ear_position *position)
{
    struct ear *e;

    for (e = m->ears; e; e = e->next)
        if (!strcmp(e->r.name, position->name))
            break;
    if (!e) {
        e = calloc(1, sizeof *e);
        if (!e || !model_text(m, &e->r.name, position->name)) {
            free(e);
            model_fail(m);
            return;
        }
        e->r.id = model_next_row(m);
        e->r.live = 1;
        e->next = m->ears;
        m->ears = e;
    }
    if (!model_text(m, &e->r.position, position->position))
        return;
    e->r.wall_ms = m->now.wall_ms;
    model_put(m, RECORD_EAR, &e->r);
}

void ears_restore(struct model *m)
{
    struct ear **link = &m->ears, *e;
    struct echo *h;

    while ((e = *link) != NULL) {
        if (m->now.wall_ms - e->r.wall_ms <= gone_ms) {
            link = &e->next;
            continue;
        }
        *link = e->next;
        batch_delete(&m->turn->batch, RECORD_EAR, e->r.id);
        record_finish(RECORD_EAR, &e->r);
        free(e);
    }
    for (h = m->echoes; h; h = h->next)
        h->boot_ms = model_past_boot(m, h->r.wall_ms, EARS_KEPT_MS);
}

void ears_purge(struct model *m)
{
    while (m->echoes && m->now.boot_ms - m->echoes->boot_ms > EARS_KEPT_MS)
        forget_oldest(m);
}
