#include "backtest.h"

#include "duration.h"
#include "json_out.h"
#include "replay_text.h"
#include "when.h"

const char *backtest_kind_name(enum backtest_kind kind)
{
    switch (kind) {
    case BACKTEST_CHANGED:
        return "changed";
    case BACKTEST_GAINED:
        return "gained";
    case BACKTEST_EARLIER:
        return "earlier";
    case BACKTEST_LATER:
        return "later";
    case BACKTEST_LOST:
        return "lost";
    }
    return "";
}

void backtest_text(struct buf *out, const struct backtest_difference *d)
{
    const struct backtest_draft *shown = d->now ? d->now : d->before;
    char date[WHEN_BYTES], hms[WHEN_BYTES], by[64];

    buf_addf(out, "%s %s %s", when_date(shown->wall_ms, date), when_hms(shown->wall_ms, hms),
             backtest_kind_name(d->kind));
    if (d->by_ms)
        buf_addf(out, " by %s", duration_text(by, sizeof by, d->by_ms / 1000 * 1000));
    replay_words(out, shown->first.title, shown->first.impact, shown->first.components);
    buf_addf(out, "%s%s\n", *d->reason ? "; because " : "", d->reason);
}

static void json_draft(struct json_out *j, const char *name, const struct backtest_draft *d)
{
    json_out_key(j, name);
    if (!d) {
        buf_adds(j->b, "null");
        j->more = true;
        return;
    }
    json_out_open(j, '{');
    json_out_when(j, "time", d->wall_ms);
    json_out_text(j, "title", d->first.title);
    json_out_text(j, "impact", impact_name(d->first.impact));
    json_out_components(j, d->first.components);
    json_out_text(j, "rule", d->rule);
    json_out_text(j, "suspect", d->suspect);
    json_out_text(j, "page", d->page);
    json_out_text(j, "source", d->source);
    json_out_text(j, "alert", d->trigger);
    json_out_close(j, '}');
}

void backtest_json(struct buf *out, const struct backtest_difference *d)
{
    struct json_out j = {.b = out};

    json_out_open(&j, '{');
    json_out_when(&j, "time", d->now ? d->now->wall_ms : d->before->wall_ms);
    json_out_text(&j, "event", backtest_kind_name(d->kind));
    json_out_number(&j, "by_ms", d->by_ms);
    json_draft(&j, "before", d->before);
    json_draft(&j, "now", d->now);
    json_out_text(&j, "reason", d->reason);
    json_out_close(&j, '}');
    buf_addc(out, '\n');
}
