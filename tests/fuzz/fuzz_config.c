/*
 * fuzz_config: any text whatever as a configuration file.
 *
 * For libFuzzer. Whatever is read, either something is told or all that settings_finalize()
 * promises holds; what is told is clean, and reading it again tells the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "settings_text.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the string at hand when it meets a syntax error: some bytes for each broken
 * file that a reload refuses. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig\n";
}

static void check_problems(const struct problems *problems)
{
    size_t i;

    assert(problems->n <= PROBLEMS_MAX && !problems->err);
    for (i = 0; i < problems->n; i++) {
        const char *p = problems->item[i].text;

        assert(*p && problems->item[i].line >= 0);
        for (; *p; p += utf8_char_bytes(p))
            assert(utf8_char_bytes(p) && !utf8_is_unsafe(utf8_decode(p)));
    }
}

static void check_rule(const struct settings *s, const struct rule_settings *r)
{
    size_t i;

    assert(r->name && r->page && r->page_index < s->n_pages);
    assert(!strcmp(r->page, s->page[r->page_index].name));
    assert(r->channel && strchr(r->channel, '/'));
    if (!r->ignore)
        assert(r->wording && r->n_components && r->impact <= IMPACT_CRITICAL);
    if (r->wording)
        assert(!strcmp(s->wording[r->wording_index].name, r->wording));
    for (i = 0; i < r->n_components; i++) {
        const struct component_settings *c = &s->component[r->component[i].component_index];

        assert(!strcmp(c->name, r->component[i].name) && c->page_index == r->page_index);
        assert(r->component[i].status <= COMPONENT_MAJOR_OUTAGE);
    }
}

static void check_settings(const struct settings *s)
{
    size_t i;

    assert(s->n_pages && s->n_components && s->n_networks && s->n_people && s->state_dir);
    for (i = 0; i < s->n_pages; i++)
        assert(s->page[i].name && s->page[i].page_id && s->page[i].admin_url &&
               !s->page[i].key_file == !!s->page[i].key_env);
    for (i = 0; i < s->n_networks; i++)
        assert(s->network[i].name && s->network[i].nick && !strchr(s->network[i].nick, '%') &&
               s->network[i].n_channels && s->network[i].dead_after_ms > 0);
    for (i = 0; i < s->n_wordings; i++)
        assert(s->wording[i].title && s->wording[i].body[STEP_RESOLVED]);
    for (i = 0; i < s->n_rules; i++)
        check_rule(s, &s->rule[i]);
}

/* What is fit to run with is so when it is written down and read again, and the same. */
static void check_text(const struct settings *s)
{
    struct settings *again = NULL;
    struct problems problems;
    struct buf one, two;

    buf_init(&one, 1 << 22);
    buf_init(&two, 1 << 22);
    problems_init(&problems);
    settings_text(&one, s);
    assert(!buf_error(&one));
    if (one.len < 1 << 19) { /* else it may be over a limit of the files' */
        assert(
            !config_file_parse("/nonexistent/text.cfg", buf_str(&one), one.len, &problems, &again));
        assert(!settings_finalize(again, &problems) && !problems.n);
        settings_text(&two, again);
        assert(!buf_error(&two) && !strcmp(buf_str(&one), buf_str(&two)));
    }
    settings_destroy(again);
    problems_finish(&problems);
    buf_finish(&one);
    buf_finish(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings *s = NULL;
    struct problems problems;
    size_t before;
    int r;

    problems_init(&problems);
    r = config_file_parse("/nonexistent/fuzz.cfg", (const char *)data, size, &problems, &s);
    assert(r == 0 || r == CRIER_EINVAL);
    if (r) {
        assert(!s && problems.n);
    } else {
        assert(s);
        before = problems.n;
        r = settings_finalize(s, &problems);
        assert(r == 0 ? problems.n == before : r == CRIER_EINVAL);
        if (!problems.n) {
            check_settings(s);
            check_text(s);
        }
        before = problems.n;
        if (!r)
            assert(settings_finalize(s, &problems) == 0 && problems.n == before);
    }
    check_problems(&problems);
    settings_destroy(s);
    problems_finish(&problems);
    return 0;
}
