/*
 * fuzz_statuspage: whatever the page answers, the readers neither crash nor let anything unclean
 * through.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "statuspage_read.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_clean(const char *s)
{
    size_t n;

    must(s);
    for (; *s; s += n) {
        n = utf8_char_bytes(s);
        must(n && !utf8_is_unsafe(utf8_decode(s)));
    }
}

static void must_be_sound(const struct page_incident *i)
{
    must(i->remote_id && statuspage_id_is_valid(i->remote_id));
    must_be_clean(i->title);
    must_be_clean(i->url);
    must_be_clean(i->body);
    must_be_clean(i->key_incident);
    must_be_clean(i->key_step);
    must(!*i->last_update_id || statuspage_id_is_valid(i->last_update_id));
    must(i->n_updates >= 0 && (i->n_updates || !*i->last_update_id));
    must(i->components.n <= COMPONENTS_MAX);
}

static void lists(const char *text, size_t size)
{
    struct page_incidents incidents = {NULL, 0};
    struct page_components components = {NULL, 0};
    size_t rows, added, i;

    for (i = 0; i < 2; i++)
        if (!statuspage_json_read_incidents(text, size, "https://www.example.org", &incidents,
                                            &rows, &added))
            must(added <= rows && (!i || !added));
    for (i = 0; i < incidents.n; i++)
        must_be_sound(&incidents.item[i]);
    page_incidents_finish(&incidents);
    for (i = 0; i < 2; i++)
        if (!statuspage_json_read_components(text, size, &components, &rows, &added))
            must(added <= rows && (!i || !added));
    for (i = 0; i < components.n; i++)
        must_be_clean(components.item[i].name);
    page_components_finish(&components);
}

static void public_document(const char *text, size_t size)
{
    struct page_incidents incidents = {NULL, 0};
    struct page_components components = {NULL, 0};
    size_t i;

    for (i = 0; i < 2; i++)
        must(statuspage_json_read_public(text, size, "pg1", "https://www.example.org", &incidents,
                                         i ? NULL : &components) <= 0);
    for (i = 0; i < incidents.n; i++)
        must_be_sound(&incidents.item[i]);
    for (i = 0; i < components.n; i++)
        must_be_clean(components.item[i].name);
    page_incidents_finish(&incidents);
    page_components_finish(&components);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char words[STATUSPAGE_ERROR_MAX + 1], *body = NULL;
    struct page_incident incident;
    int64_t count;

    if (!statuspage_json_read_incident(text, size, NULL, &incident)) {
        must_be_sound(&incident);
        page_incident_finish(&incident);
    }
    lists(text, size);
    public_document(text, size);
    if (!statuspage_json_read_update(text, size, "u1", &body)) {
        must_be_clean(body);
        free(body);
    }
    if (!statuspage_json_read_subscribers(text, size, &count))
        must(count >= 0);
    if (!statuspage_json_read_page(text, size, "pg1"))
        must(size > 0);
    statuspage_json_error(text, size, words);
    must(strlen(words) <= STATUSPAGE_ERROR_MAX);
    must_be_clean(words);
    return 0;
}
