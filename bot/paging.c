#include "paging.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "when.h"

static void free_places(struct paging_place *place, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        free(place[i].name);
    free(place);
}

static size_t count_channels(const struct settings *s)
{
    size_t i, n = 0;

    for (i = 0; i < s->n_networks; i++)
        n += s->network[i].n_channels;
    return n;
}

static int talk_places(const struct settings *s, struct paging_place **ret_place, size_t *ret_n)
{
    size_t i, j, n = 0, most = count_channels(s);
    struct paging_place *place = calloc(most ? most : 1, sizeof *place);

    if (!place)
        return CRIER_ENOMEM;
    for (i = 0; i < s->n_networks; i++) {
        const struct network_settings *net = &s->network[i];

        for (j = 0; j < net->n_channels; j++) {
            if (!(net->channel[j].roles & CHANNEL_TALK))
                continue;
            place[n].name = buf_printf("%s/%s", net->name, net->channel[j].name);
            if (!place[n++].name) {
                free_places(place, n);
                return CRIER_ENOMEM;
            }
        }
    }
    *ret_place = place;
    *ret_n = n;
    return 0;
}

/* Places are spelled as in the configuration here, and as the network writes them there. */
static struct paging_place *find(const struct paging *p, const char *name)
{
    size_t i;

    for (i = 0; i < p->n_places; i++)
        if (settings_irc_equal(p->place[i].name, name))
            return &p->place[i];
    return NULL;
}

/* Where there is no talk channel, nobody is missed. */
static bool all_lost(const struct paging *p)
{
    size_t i;

    for (i = 0; i < p->n_places; i++)
        if (p->place[i].joined)
            return false;
    return p->n_places > 0;
}

size_t paging_joined(const struct paging *p)
{
    size_t i, n = 0;

    for (i = 0; i < p->n_places; i++)
        n += p->place[i].joined;
    return n;
}

static void look(struct paging *p, struct now now)
{
    if (!all_lost(p)) {
        p->lost_boot_ms = NOW_NEVER;
        p->paged_spell = false;
    } else if (p->lost_boot_ms == NOW_NEVER) {
        p->lost_boot_ms = now.boot_ms;
        p->lost_wall_ms = now.wall_ms;
    }
}

int paging_init(struct paging *p, const struct settings *settings, struct now now)
{
    memset(p, 0, sizeof *p);
    p->after_ms = settings->pager.after_ms;
    p->again_ms = settings->pager.again_ms;
    p->lost_boot_ms = p->paged_boot_ms = NOW_NEVER;
    if (talk_places(settings, &p->place, &p->n_places))
        return CRIER_ENOMEM;
    look(p, now);
    return 0;
}

void paging_finish(struct paging *p)
{
    free_places(p->place, p->n_places);
    memset(p, 0, sizeof *p);
}

int paging_reload(struct paging *p, const struct settings *settings, struct now now)
{
    struct paging_place *place;
    size_t i, n;
    int r = talk_places(settings, &place, &n);

    if (r)
        return r;
    for (i = 0; i < n; i++) {
        const struct paging_place *before = find(p, place[i].name);

        place[i].joined = before && before->joined;
    }
    free_places(p->place, p->n_places);
    p->place = place;
    p->n_places = n;
    p->after_ms = settings->pager.after_ms;
    p->again_ms = settings->pager.again_ms;
    look(p, now);
    return 0;
}

void paging_chat(struct paging *p, const struct chat_event *event, struct now now)
{
    struct paging_place *place;

    if (event->kind != CHAT_JOINED && event->kind != CHAT_LEFT)
        return;
    place = find(p, event->place);
    if (!place)
        return;
    place->joined = event->kind == CHAT_JOINED;
    look(p, now);
}

int64_t paging_deadline(const struct paging *p, size_t waiting)
{
    int64_t due, apart;

    if (!waiting || p->lost_boot_ms == NOW_NEVER)
        return NOW_NEVER;
    due = p->lost_boot_ms + p->after_ms;
    if (p->paged_boot_ms == NOW_NEVER)
        return due;
    apart = p->paged_boot_ms + (p->paged_spell && !p->failed ? p->again_ms : PAGING_APART_MS);
    return due > apart ? due : apart;
}

char *paging_take(struct paging *p, const struct settings *settings, size_t waiting, struct now now)
{
    char ago[WHEN_BYTES], hm[WHEN_BYTES];
    char *text;

    if (paging_deadline(p, waiting) > now.boot_ms)
        return NULL;
    text = buf_printf("crier: no IRC channel can be reached since %s UTC (%s), and %zu %s. "
                      "Reconnect crier, or post by hand: %s",
                      when_hm(p->lost_wall_ms, hm),
                      when_duration(now.boot_ms - p->lost_boot_ms, ago), waiting,
                      waiting == 1 ? "draft, proposal or confirmed step waits"
                                   : "drafts, proposals or confirmed steps wait",
                      settings->n_pages ? settings->page[0].admin_url : "the status page");
    p->paged_boot_ms = now.boot_ms;
    p->paged_spell = true;
    p->failed = !text;
    return text;
}

void paging_done(struct paging *p, bool ok)
{
    p->failed = !ok;
}
