/*
 * fuzz_alertmanager: whatever is posted to a webhook is refused in one clean line, or becomes
 * signals whose strings are clean and bounded.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alertmanager.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_clean(const char *s, size_t max_bytes)
{
    size_t n;

    must(s && strlen(s) <= max_bytes);
    for (; *s; s += n) {
        n = utf8_char_bytes(s);
        must(n && !utf8_is_unsafe(utf8_decode(s)));
    }
}

static void read_it(const char *text, size_t size, char *host_label)
{
    char page_label[] = "severity=page", why[200] = "";
    const struct source_settings source = {.webhook_host_label = host_label,
                                           .webhook_page_label = page_label};
    struct alertmanager_post post;
    size_t i;

    if (alertmanager_read(&source, text, size, &post, why, sizeof why)) {
        must(*why);
        must_be_clean(why, sizeof why);
        return;
    }
    must(post.n && post.n <= ALERTMANAGER_ALERTS_MAX && (host_label || post.n == 1));
    for (i = 0; i < post.n; i++) {
        const struct signal *s = &post.signal[i];

        must(s->kind == SIGNAL_FIRING || s->kind == SIGNAL_RESOLVED);
        must(s->count >= 1);
        must(*s->check);
        must_be_clean(s->check, ALERTMANAGER_NAME_BYTES);
        must_be_clean(s->host, ALERTMANAGER_NAME_BYTES);
        must_be_clean(s->summary, ALERTMANAGER_TEXT_BYTES);
        must_be_clean(s->group_key, 2 * ALERTMANAGER_KEY_BYTES);
        must_be_clean(s->raw, 1000);
    }
    alertmanager_post_finish(&post);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char label[] = "instance";

    read_it((const char *)data, size, NULL);
    read_it((const char *)data, size, label);
    return 0;
}
