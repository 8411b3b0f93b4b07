/*
 * fuzz_patterns: lines of any kind through the shipped formats and rules, as every source and
 * through every ear, in parts and whole.
 *
 * For libFuzzer: run it in the top of the tree, or with CRIER_ROOT set. The input is cut at
 * newlines. The first byte of a line picks the source (its number modulo how many there are) and
 * the way: '0' to '3' as the text of a log, '@' to 'C' on IRC from who is believed, '`' to 'c'
 * as a line of a file, 'd' to 'g' of a feed, and a control character on IRC from a stranger.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "config_file.h"
#include "hearing.h"
#include "patterns.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_EAR "/nonexistent/ear.log"
#define FEED_EAR "https://feed.example.org/"

enum way { WAY_STRANGER, WAY_TEXT, WAY_IRC, WAY_EAR };

/* Every source of the shipped configuration gets the ears that it could have. */
static void add_ears(struct settings *s)
{
    size_t i;

    for (i = 0; i < s->n_sources; i++) {
        struct source_settings *source = &s->source[i];

        assert(!source->files.n && !source->feed);
        source->feed = strdup(FEED_EAR);
        source->files.item = calloc(1, sizeof *source->files.item);
        assert(source->feed && source->files.item);
        source->files.item[0] = strdup(FILE_EAR);
        assert(source->files.item[0]);
        source->files.n = 1;
    }
}

static struct settings *load(struct patterns **ret_patterns)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/config/wikimedia.cfg", root ? root : ".");
    struct settings *settings = NULL;
    struct problems problems;

    problems_init(&problems);
    if (!path || config_file_load(path, &problems, &settings) ||
        patterns_create(settings, &problems, ret_patterns)) {
        problems_print(&problems, stderr);
        abort();
    }
    problems_finish(&problems);
    free(path);
    add_ears(settings);
    return settings;
}

/* What every reader of a signal relies on. */
static void check(const struct settings *s, const struct signal *sig)
{
    const char *const strings[] = {sig->source,  sig->place, sig->check, sig->host,
                                   sig->summary, sig->tool,  sig->user,  sig->deploy_host,
                                   sig->change,  sig->raw};
    size_t i;

    for (i = 0; i < sizeof strings / sizeof strings[0]; i++)
        assert(strings[i] && utf8_is_valid(strings[i]));
    assert(sig->count >= 1 && sig->rule >= -1 && sig->rule < (int)s->n_rules);
    assert(!sig->rest || (sig->rest > sig->raw && sig->rest < sig->raw + strlen(sig->raw)));
    assert(strncmp(sig->raw, HEARING_DRILL, sizeof HEARING_DRILL - 1) != 0);
}

/* The account that the source is believed by, without its network; somebody listed for people. */
static const char *account_of(const struct settings *s, const struct source_settings *source)
{
    const struct string_list *accounts =
        source->people ? &s->person[0].accounts : &source->accounts;

    assert(accounts->n);
    return strchr(accounts->item[0], '/') + 1;
}

static enum hearing_kind hear(struct hearing *h, const struct settings *s, enum way way,
                              unsigned char first, const char *text, int64_t wall_ms,
                              struct signal *sig)
{
    size_t i = first % s->n_sources;
    const struct source_settings *source = &s->source[i];
    struct heard line = {.network = s->network[0].name,
                         .place = source->channels.item[0],
                         .nick = "somebody",
                         .userhost = "user@host.example.org",
                         .identity = IDENTITY_NONE,
                         .text = text,
                         .obey = true,
                         .wall_ms = wall_ms,
                         .id = (uint64_t)wall_ms};
    struct ear_line ear = {.place = "file:" FILE_EAR,
                           .text = text,
                           .user = "",
                           .wall_ms = wall_ms,
                           .since_wall_ms = wall_ms - 60000};

    if (way == WAY_TEXT)
        return hearing_text(h, i, "fuzz", text, wall_ms, sig);
    if (way == WAY_EAR) {
        if (first & 4) {
            ear.place = "feed:" FEED_EAR;
            ear.user = "user1";
            ear.people = source->people;
            ear.since_wall_ms = 0;
        }
        return hearing_ear(h, &ear, sig);
    }
    if (way == WAY_IRC) {
        line.identity = IDENTITY_ACCOUNT;
        line.account = account_of(s, source);
        line.notice = first & 4;
    } else {
        line.private = first & 4;
        line.action = first & 8;
        line.history = first & 16;
    }
    return hearing_line(h, &line, sig);
}

static void say(struct hearing *h, const struct settings *s, const uint8_t *line, size_t n,
                int64_t wall_ms)
{
    static const enum way ways[8] = {WAY_STRANGER, WAY_TEXT, WAY_IRC,  WAY_EAR,
                                     WAY_TEXT,     WAY_TEXT, WAY_TEXT, WAY_TEXT};
    enum way way = ways[line[0] >> 5];
    char *clean = malloc(n + 1);
    struct signal sig;
    size_t alerts = 0;

    assert(clean);
    utf8_clean((const char *)line + 1, n - 1, clean);
    if (hear(h, s, way, line[0], clean, wall_ms, &sig) == HEARING_SIGNAL) {
        assert(way != WAY_STRANGER);
        do {
            check(s, &sig);
            assert(++alerts <= strlen(sig.raw)); /* of all its parts */
        } while (hearing_more(h, &sig));
    }
    assert(!hearing_error(h));
    free(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings *settings;
    static struct patterns *patterns;
    struct format_port port;
    struct hearing *h;
    int64_t wall_ms = INT64_C(1673980495000);

    if (!settings)
        settings = load(&patterns);
    port = patterns_format_port(patterns);
    h = hearing_create(settings, &port);
    while (h && size) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) : size;

        if (n)
            say(h, settings, data, n, wall_ms += 500);
        data += n + (end != NULL);
        size -= n + (end != NULL);
    }
    hearing_destroy(h);
    return 0;
}
