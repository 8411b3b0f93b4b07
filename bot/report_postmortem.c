/*
 * What a postmortem's draft begins with. Everything in it was public already, or is a time.
 * Names of components and the public words are the only texts that it takes from the chronicle.
 */
#include "report.h"

#include <string.h>

#include "components.h"
#include "report_text.h"
#include "when.h"

static void add_after(struct buf *b, int64_t ms)
{
    char span[WHEN_BYTES];

    buf_addf(b, "%s", when_duration(ms, span));
}

static void add_updates(struct buf *b, const struct chronicle *c)
{
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    size_t i;

    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];

        if (strcmp(row->kind, "published") != 0 && strcmp(row->kind, "edited") != 0 &&
            strcmp(row->kind, "found") != 0 && strcmp(row->kind, "adopt") != 0)
            continue;
        buf_addf(b, "- %s %s ", when_date(row->wall_ms, date), when_hm(row->wall_ms, hm));
        if (row->subject[0])
            buf_addf(b, "(%s) ", row->subject);
        report_markdown(b, row->text);
        buf_addc(b, '\n');
    }
}

void report_postmortem(struct buf *b, const struct chronicle *c)
{
    struct report_facts f;
    struct components components;
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    size_t i;

    report_facts(c, &f);
    buf_adds(b, "## What happened\n\n");
    if (f.title)
        report_markdown(b, f.title->title);
    buf_addf(b, "\n\n- Began: %s %s UTC\n", when_date(f.begins_wall_ms, date),
             when_hm(f.begins_wall_ms, hm));
    if (f.ends_wall_ms) {
        buf_addf(b, "- Ended: %s %s UTC, after ", when_date(f.ends_wall_ms, date),
                 when_hm(f.ends_wall_ms, hm));
        add_after(b, f.ends_wall_ms - f.begins_wall_ms);
        buf_addc(b, '\n');
    }
    if (f.public_wall_ms) {
        buf_addf(b, "- First told here: %s %s UTC, after ", when_date(f.public_wall_ms, date),
                 when_hm(f.public_wall_ms, hm));
        add_after(b, f.public_wall_ms - f.begins_wall_ms);
        buf_addc(b, '\n');
    }
    components_init(&components);
    if (f.worst && !components_parse(&components, f.worst->components) && components.n) {
        buf_adds(b, "- Affected: ");
        for (i = 0; i < components.n; i++) {
            buf_adds(b, i ? ", " : "");
            report_markdown(b, components.item[i].name);
        }
        buf_addc(b, '\n');
    }
    components_finish(&components);
    buf_adds(b, "\n## What was said here\n\n");
    add_updates(b, c);
    buf_adds(b, "\n## Why it happened\n\n\n## What we change\n\n");
}
