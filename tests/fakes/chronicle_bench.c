#include "chronicle_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "settings.h"

static void must(int err)
{
    if (err) {
        (void)fprintf(stderr, "chronicle_bench: out of memory\n");
        abort();
    }
}

static char *text_of(const char *text)
{
    char *made = NULL;

    must(record_set_text(&made, text));
    return made;
}

int64_t bench_at(int hour, int minute, int second)
{
    return BENCH_DAY_MS + ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
}

void bench_incident(struct chronicle *c, int64_t opened_wall_ms)
{
    struct record_incident inc = {
        .id = 7,
        .live = 1,
        .state = INCIDENT_DRAFT,
        .opened_wall_ms = opened_wall_ms,
    };

    chronicle_init(c);
    must(chronicle_take(c, RECORD_INCIDENT, &inc));
}

void bench_row(struct chronicle *c, int64_t wall_ms, const char *kind, const char *who,
               const char *text, int64_t ref, const char *subject)
{
    struct record_timeline row = {
        .id = (int64_t)c->n_timeline + 1,
        .incident = c->incident.id,
        .wall_ms = wall_ms,
        .kind = text_of(kind),
        .who = text_of(who),
        .text = text_of(text),
        .ref = ref,
        .subject = text_of(subject),
    };

    must(chronicle_take(c, RECORD_TIMELINE, &row));
    record_finish(RECORD_TIMELINE, &row);
}

void bench_revision(struct chronicle *c, int64_t number, int64_t step, int64_t state,
                    const char *title, const char *body)
{
    struct record_revision rev = {
        .id = 1000 + number,
        .incident = c->incident.id,
        .number = number,
        .kind = number == 1 ? REVISION_DRAFT : REVISION_UPDATE,
        .state = state,
        .step = step,
        .impact = IMPACT_MAJOR,
        .made_wall_ms = c->incident.opened_wall_ms,
        .title = text_of(title),
        .body = text_of(body),
        .components = text_of("partial_outage Editing\ndegraded_performance Reading"),
        .wording = text_of("errors"),
        .made_by = text_of(""),
        .first_approval = text_of(""),
    };

    must(chronicle_take(c, RECORD_REVISION, &rev));
    record_finish(RECORD_REVISION, &rev);
}

void bench_alerts(struct chronicle *c, size_t n, int64_t first_ref, int64_t wall_ms,
                  int64_t length_ms)
{
    size_t i;

    for (i = 0; i < n; i++) {
        int64_t at = wall_ms + (int64_t)i * 1000, ref = first_ref + (int64_t)i;
        char subject[80];

        (void)snprintf(subject, sizeof subject, "check-%zu on host-%zu", i + 1, i + 1);
        bench_row(c, at, "firing", "icinga", "PROBLEM", ref, subject);
        bench_row(c, at + length_ms, "resolved", "icinga", "RECOVERY", ref, subject);
    }
}

void bench_outage(struct chronicle *c)
{
    static const char fatals[] = "MediaWiki exceptions and fatals per minute for appserver on "
                                 "alert1001";
    static const char api[] = "MediaWiki exceptions and fatals per minute for api_appserver on "
                              "alert1001";
    static const char title[] = "Errors for logged-in users";
    int64_t now = bench_at(18, 34, 55);

    bench_incident(c, now);
    c->incident.state = INCIDENT_RESOLVED;
    c->incident.step = STEP_RESOLVED;
    c->incident.last_revision = 4;
    c->incident.public_revision = 4;
    c->incident.started_wall_ms = bench_at(18, 33, 5);
    c->incident.closed_wall_ms = bench_at(18, 59, 40);
    c->incident.deploy = 21;
    c->incident.fix_deploy = 22;
    must(record_set_text(&c->incident.page, "status"));
    must(record_set_text(&c->incident.home, "libera/#operations"));
    must(record_set_text(&c->incident.reasons,
                         "MediaWiki exceptions 18:34:55, scap backport running since 18:26"));
    must(record_set_text(&c->incident.url, "https://status.example.org/incidents/abc123"));
    bench_revision(c, 1, STEP_INVESTIGATING, REVISION_PUBLISHED, title,
                   "People who are logged in may see an error instead of pages; we are "
                   "investigating.");
    bench_revision(c, 2, STEP_IDENTIFIED, REVISION_PUBLISHED, title,
                   "The cause is known and is being undone.");
    bench_revision(c, 3, STEP_MONITORING, REVISION_PUBLISHED, title,
                   "Pages work again; we are watching.");
    bench_revision(c, 4, STEP_RESOLVED, REVISION_PUBLISHED, title, "This is over.");

    bench_row(c, bench_at(18, 26, 20), "deploy started", "deployer1", "Started scap backport", 21,
              "scap backport");
    bench_row(c, bench_at(18, 30, 38), "deploy tested", "deployer1", "synced to test servers", 21,
              "scap backport");
    bench_row(c, bench_at(18, 33, 5), "deploy continued", "deployer1", "continuing with sync", 21,
              "scap backport");
    bench_row(c, now, "firing", "icinga", "PROBLEM - MediaWiki exceptions ...", 11, fatals);
    bench_row(c, now, "draft", "", "Errors for logged-in users: ...", 1, "investigating");
    bench_row(c, bench_at(18, 35, 12), "firing", "icinga", "PROBLEM - MediaWiki exceptions ...", 12,
              api);
    bench_row(c, bench_at(18, 35, 20), "confirm", "deployer1", "!status confirm 7.1", 0, "");
    bench_row(c, bench_at(18, 35, 30), "published", "deployer1", "...", 1, "investigating");
    bench_row(c, bench_at(18, 35, 42), "deploy aborted", "deployer1", "sync aborted", 21,
              "scap backport");
    bench_row(c, bench_at(18, 37, 43), "paging", "alertmanager",
              "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page", 13,
              "FrontendUnavailable on varnish-text");
    bench_row(c, bench_at(18, 38, 30), "note", "sre1", "database load is normal", 0, "");
    bench_row(c, bench_at(18, 39, 2), "deploy started", "deployer1", "Started scap: Revert", 22,
              "scap sync-world");
    bench_row(c, bench_at(18, 39, 20), "confirm", "deployer1", "!status confirm", 0, "");
    bench_row(c, bench_at(18, 39, 22), "published", "deployer1", "...", 2, "identified");
    bench_row(c, bench_at(18, 46, 10), "resolved", "icinga", "RECOVERY", 12, api);
    bench_row(c, bench_at(18, 47, 43), "resolved", "alertmanager", "resolved", 13,
              "FrontendUnavailable on varnish-text");
    bench_row(c, bench_at(18, 48, 20), "deploy finished", "deployer1", "Finished scap", 22,
              "scap sync-world");
    bench_row(c, bench_at(18, 48, 55), "resolved", "icinga", "RECOVERY", 11, fatals);
    bench_row(c, bench_at(18, 49, 30), "confirm", "sre1", "!status confirm", 0, "");
    bench_row(c, bench_at(18, 49, 32), "published", "sre1", "...", 3, "monitoring");
    bench_row(c, bench_at(18, 59, 36), "confirm", "deployer1", "!status confirm", 0, "");
    bench_row(c, bench_at(18, 59, 40), "published", "deployer1", "...", 4, "resolved");
    chronicle_sort(c);
}
