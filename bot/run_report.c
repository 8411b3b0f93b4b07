/* The subcommand that reads the record: settings, database, report, in that order. */
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "chronicle.h"
#include "err.h"
#include "incident.h"
#include "report.h"
#include "report_text.h"
#include "run_stored.h"
#include "settings.h"
#include "when.h"

#include "store_sqlite.h"

enum { LISTED = 20, TOLD = 5 };

struct wish {
    const char *config;
    const char *id; /* NULL: a list */
    enum report_format format;
};

static bool parse_format(const char *name, enum report_format *ret)
{
    static const struct {
        const char *name;
        enum report_format format;
    } formats[] = {{"wikitext", REPORT_WIKITEXT},
                   {"markdown", REPORT_MARKDOWN},
                   {"json", REPORT_JSON},
                   {"svg", REPORT_SVG}};
    size_t i;

    for (i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(name, formats[i].name) != 0)
            continue;
        *ret = formats[i].format;
        return true;
    }
    return false;
}

/* What is wrong with the command line, before the usage. @return false */
static bool misused(const char *what, const char *word)
{
    (void)fprintf(stderr, "crier: %s%s%s\n", what, word ? " " : "", word ? word : "");
    return false;
}

static bool parse_options(int argc, char **argv, struct wish *ret)
{
    static const struct option options[] = {{"format", required_argument, NULL, 'f'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int c;

    memset(ret, 0, sizeof *ret);
    while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        if (c == 'c')
            ret->config = optarg;
        else if (c == 'j')
            ret->format = REPORT_JSON;
        else if (c != 'f')
            return false; /* getopt has told it */
        else if (!parse_format(optarg, &ret->format))
            return misused("--format takes wikitext, markdown, json or svg, not", optarg);
    }
    if (optind < argc)
        ret->id = argv[optind++];
    if (!ret->config)
        return misused("report needs a configuration: -c FILE", NULL);
    return optind == argc || misused("report takes one number, not also", argv[optind]);
}

static bool parse_id(const char *text, int64_t *ret)
{
    char *end;
    long long id;

    errno = 0;
    id = strtoll(text, &end, 10);
    if (errno || end == text || *end || text[0] < '0' || text[0] > '9' || id < 1)
        return false;
    *ret = id;
    return true;
}

static int write_out(const struct buf *b)
{
    if (buf_error(b)) {
        (void)fprintf(stderr, "crier: %s\n", crier_strerror(buf_error(b)));
        return buf_error(b) == CRIER_ENOMEM ? EX_OSERR : EX_IOERR;
    }
    if (fwrite(buf_str(b), 1, b->len, stdout) != b->len || fflush(stdout)) {
        (void)fprintf(stderr, "crier: cannot write the report: %s\n", strerror(errno));
        return EX_IOERR;
    }
    return 0;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Puts the words of a draft where those that the page had would be. */
static int name_drafts(const char *dir, struct chronicle_list *l, char *why, size_t why_size)
{
    struct chronicle c;
    size_t i;
    int r = 0;

    for (i = 0; !r && i < l->n; i++) {
        struct record_incident *inc = &l->incident[i];
        char *title;

        if (inc->seen_title && *inc->seen_title)
            continue;
        chronicle_init(&c);
        r = store_sqlite_read(dir, inc->id, chronicle_take, &c, why, why_size);
        if (!r) {
            chronicle_sort(&c);
            title = strdup(chronicle_title(&c));
            if (title) {
                free(inc->seen_title);
                inc->seen_title = title;
            } else {
                r = CRIER_ENOMEM;
            }
        }
        chronicle_finish(&c);
    }
    return r;
}

static void add_line(struct buf *b, const struct record_incident *i)
{
    char date[WHEN_BYTES], hms[WHEN_BYTES];

    buf_addf(b, "%6lld  %s %s  %-12s %s\n", (long long)i->id, when_date(i->opened_wall_ms, date),
             when_hms(i->opened_wall_ms, hms), incident_state_name((enum incident_state)i->state),
             i->seen_title);
}

static void add_json(struct buf *b, const struct record_incident *i)
{
    char iso[WHEN_BYTES];

    buf_addf(b, "{\"id\":%lld,\"state\":\"%s\",\"opened\":\"%s\",\"title\":", (long long)i->id,
             incident_state_name((enum incident_state)i->state),
             when_iso_ms(i->opened_wall_ms, iso));
    report_json_string(b, i->seen_title);
    buf_adds(b, ",\"url\":");
    report_json_string(b, i->url);
    buf_adds(b, "}");
}

static int list(const char *dir, const struct wish *w)
{
    struct chronicle_list l;
    struct buf b;
    char why[600] = "";
    size_t i;
    int r, code;

    chronicle_list_init(&l);
    buf_init(&b, 1 << 20);
    r = store_sqlite_incidents(dir, LISTED, chronicle_list_take, &l, why, sizeof why);
    if (!r)
        r = name_drafts(dir, &l, why, sizeof why);
    code = run_stored_exit(r);
    if (r) {
        (void)fprintf(stderr, "crier: %s\n", why[0] ? why : crier_strerror(r));
        goto out;
    }
    if (w->format == REPORT_JSON)
        buf_addc(&b, '[');
    for (i = 0; i < l.n; i++) {
        if (w->format != REPORT_JSON) {
            add_line(&b, &l.incident[i]);
            continue;
        }
        buf_adds(&b, i ? "," : "");
        add_json(&b, &l.incident[i]);
    }
    if (w->format == REPORT_JSON)
        buf_adds(&b, "]\n");
    code = write_out(&b);
    if (!code && !l.n && w->format != REPORT_JSON)
        (void)fprintf(stderr, "crier: nothing was recorded yet\n");
out:
    buf_finish(&b);
    chronicle_list_finish(&l);
    return code;
}

/* Which there are, for whoever asked for another one. */
static void tell_unknown(const char *dir, int64_t id)
{
    struct chronicle_list l;
    char why[600];
    size_t i;

    chronicle_list_init(&l);
    (void)fprintf(stderr, "crier: there is no incident %lld", (long long)id);
    if (!store_sqlite_incidents(dir, TOLD, chronicle_list_take, &l, why, sizeof why) && l.n) {
        (void)fprintf(stderr, "; the last ones are");
        for (i = 0; i < l.n; i++)
            (void)fprintf(stderr, "%s %lld", i ? "," : "", (long long)l.incident[i].id);
    }
    (void)fprintf(stderr, "\n");
    chronicle_list_finish(&l);
}

/* ---- one report ------------------------------------------------------------------------------ */

static int64_t wall_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int one(const struct settings *settings, int64_t id, enum report_format format)
{
    struct chronicle c;
    struct buf b;
    char why[600] = "";
    int r, code;

    chronicle_init(&c);
    buf_init(&b, REPORT_BYTES_MAX);
    r = store_sqlite_read(settings->state_dir, id, chronicle_take, &c, why, sizeof why);
    code = run_stored_exit(r);
    if (r) {
        (void)fprintf(stderr, "crier: %s\n", why[0] ? why : crier_strerror(r));
        goto out;
    }
    if (!c.incident.id) {
        tell_unknown(settings->state_dir, id);
        code = EX_NOINPUT;
        goto out;
    }
    chronicle_sort(&c);
    r = report_write(&b, &c, settings, format, wall_now());
    if (r && !buf_error(&b)) {
        (void)fprintf(stderr, "crier: %s\n", crier_strerror(r));
        code = run_stored_exit(r);
        goto out;
    }
    code = write_out(&b);
out:
    buf_finish(&b);
    chronicle_finish(&c);
    return code;
}

int run_report(int argc, char **argv)
{
    struct settings *settings = NULL;
    struct wish w;
    int64_t id = 0;
    int r;

    if (!parse_options(argc, argv, &w))
        return EX_USAGE;
    if (w.id && !parse_id(w.id, &id)) {
        (void)misused("an incident has a number, such as 7, not", w.id);
        return EX_USAGE;
    }
    r = run_stored_settings(w.config, &settings);
    if (r)
        return r;
    r = w.id ? one(settings, id, w.format) : list(settings->state_dir, &w);
    settings_destroy(settings);
    return r;
}
