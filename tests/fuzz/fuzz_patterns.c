/*
 * Lines of any kind through the shipped formats and rules, as every source, in parts and whole.
 *
 * For libFuzzer: run it in the top of the tree, or with CRIER_ROOT set. The input is cut at
 * newlines; the first byte of a line picks the source.
 */
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
        if (!strings[i] || !utf8_is_valid(strings[i]))
            abort();
    if (sig->count < 1 || sig->rule < -1 || sig->rule >= (int)s->n_rules)
        abort();
    if (sig->rest && (sig->rest <= sig->raw || sig->rest >= sig->raw + strlen(sig->raw)))
        abort();
}

static void say(struct hearing *h, const struct settings *s, const uint8_t *line, size_t n,
                int64_t wall_ms)
{
    char *clean = malloc(n + 1);
    struct signal sig;
    size_t alerts = 0;

    if (!clean)
        return;
    utf8_clean((const char *)line + 1, n - 1, clean);
    if (hearing_text(h, line[0] % s->n_sources, "fuzz", clean, wall_ms, &sig) == HEARING_SIGNAL) {
        do {
            check(s, &sig);
            if (++alerts > strlen(sig.raw)) /* of all its parts */
                abort();
        } while (hearing_more(h, &sig));
    }
    free(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings *settings;
    static struct patterns *patterns;
    struct format_port port;
    struct hearing *h;
    int64_t wall_ms = 0;

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
