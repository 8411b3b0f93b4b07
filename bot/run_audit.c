/* The subcommand that prints the audit and checks its chain. */
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

#include "buf.h"
#include "duration.h"
#include "err.h"
#include "json_out.h"
#include "log.h"
#include "run_stored.h"
#include "settings.h"
#include "utf8.h"
#include "when.h"

#include "store_audit.h"

enum {
    HEX = AUDIT_HASH_BYTES - 1,
    HEAD_DIGITS_MIN = 16,
    HEADS_MAX = 1 << 20,
    LINE_BYTES = 8192,
    TEXT_BYTES = 6000, /* of one text of an entry, for people */
    ENTRY_BYTES = 1 << 20,
    FOUND_WRONG = 1 /* exit status */
};

struct wish {
    const char *config;
    const char *db;
    const char *log; /* whose heads must be in the chain */
    struct store_audit_query query;
    bool json;
    bool verify;
    struct store_audit_head *head;
    size_t n_heads, cap_heads;
    size_t printed; /* entries */
};

/* What is wrong with the command line, before the usage. @return false */
static bool misused(const char *what, const char *word)
{
    (void)fprintf(stderr, "crier: %s%s%s\n", what, word ? " " : "", word ? word : "");
    return false;
}

static int64_t wall_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* The digits that text begins with, in lower case. @return how many, at most HEX. */
static size_t take_digits(const char *text, char dst[AUDIT_HASH_BYTES])
{
    static const char digit[] = "0123456789abcdef0123456789ABCDEF";
    size_t n = 0;
    const char *d;

    while (n < HEX && text[n] && (d = strchr(digit, text[n]))) {
        dst[n] = digit[(d - digit) % 16];
        n++;
    }
    dst[n] = '\0';
    return n;
}

static int add_head(struct wish *w, int64_t number, const char *hash)
{
    struct store_audit_head *head =
        array_grow(w->head, &w->cap_heads, w->n_heads + 1, sizeof *head, HEADS_MAX);

    if (!head)
        return w->n_heads >= HEADS_MAX ? CRIER_ELIMIT : CRIER_ENOMEM;
    w->head = head;
    head = &head[w->n_heads++];
    memset(head, 0, sizeof *head);
    head->number = number;
    (void)take_digits(hash, head->hash);
    return 0;
}

static bool parse_head(struct wish *w, const char *text)
{
    char hash[AUDIT_HASH_BYTES];
    size_t n = take_digits(text, hash);

    if (text[n] || n < HEAD_DIGITS_MIN)
        return misused("--head takes 16 to 64 hex digits as in the log, not", text);
    return !add_head(w, 0, hash) || misused(crier_strerror(CRIER_ENOMEM), NULL);
}

/* The number and the head at the end of an audit line: `... [entry 17 head 3f9c...]`. What is
 * anywhere else in a line may be somebody's words. */
static bool find_head(const char *line, int64_t *ret_number, char hash[AUDIT_HASH_BYTES])
{
    static const char mark[] = "[entry ";
    const char *at = strstr(line, "audit "), *last = NULL;
    char *end;
    long long number;

    while (at && (at = strstr(at, mark)) != NULL) {
        at += sizeof mark - 1;
        last = at;
    }
    if (!last || last[0] < '1' || last[0] > '9')
        return false;
    errno = 0;
    number = strtoll(last, &end, 10);
    if (errno || strncmp(end, " head ", 6) != 0 || take_digits(end + 6, hash) != HEX)
        return false;
    end += 6 + HEX;
    if (*end != ']' || end[1 + strspn(end + 1, " \t\r\n")])
        return false;
    *ret_number = number;
    return true;
}

/* @return 0 or an exit status, told. */
static int read_log(struct wish *w)
{
    FILE *f = strcmp(w->log, "-") != 0 ? fopen(w->log, "re") : stdin;
    char line[LINE_BYTES], hash[AUDIT_HASH_BYTES];
    size_t before = w->n_heads;
    int64_t number;
    int r = 0, code = 0;

    if (!f) {
        (void)fprintf(stderr, "crier: cannot read %s: %s\n", w->log, strerror(errno));
        return EX_NOINPUT;
    }
    while (!r && fgets(line, sizeof line, f))
        if (find_head(line, &number, hash))
            r = add_head(w, number, hash);
    if (r) {
        (void)fprintf(stderr, "crier: %s: %s\n", w->log, crier_strerror(r));
        code = r == CRIER_ENOMEM ? EX_OSERR : EX_DATAERR;
    } else if (ferror(f)) {
        (void)fprintf(stderr, "crier: cannot read %s\n", w->log);
        code = EX_IOERR;
    } else if (w->n_heads == before) { /* else a wrong file would make everything look fine */
        (void)fprintf(stderr, "crier: %s has no audit lines with heads\n", w->log);
        code = EX_DATAERR;
    }
    if (f != stdin)
        (void)fclose(f);
    return code;
}

/* ---- options --------------------------------------------------------------------------------- */

/* 2 h (ago), 2023-01-17, 2023-01-17T18:35:20Z, or 18:35. */
static bool parse_since(const char *text, int64_t *ret_wall_ms)
{
    int64_t now = wall_now(), ms;
    char day[WHEN_BYTES];

    if (!duration_parse(text, &ms)) {
        *ret_wall_ms = now - ms;
        return true;
    }
    (void)snprintf(day, sizeof day, "%s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "");
    return !when_parse_iso(day, ret_wall_ms) || !when_parse_hm(text, now, ret_wall_ms) ||
           misused("--since takes a time such as 2023-01-17, 18:35 or 2 h, not", text);
}

static bool parse_incident(const char *text, int64_t *ret)
{
    char *end;
    long long id;

    errno = 0;
    id = strtoll(text, &end, 10);
    if (errno || end == text || *end || text[0] < '0' || text[0] > '9' || id < 1)
        return misused("an incident has a number, such as 7, not", text);
    *ret = id;
    return true;
}

static bool parse_options(int argc, char **argv, struct wish *w)
{
    static const struct option options[] = {
        {"db", required_argument, NULL, 'd'},       {"json", no_argument, NULL, 'j'},
        {"incident", required_argument, NULL, 'i'}, {"since", required_argument, NULL, 's'},
        {"verify", no_argument, NULL, 'v'},         {"head", required_argument, NULL, 'h'},
        {"log", required_argument, NULL, 'l'},      {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        if (c == 'c')
            w->config = optarg;
        else if (c == 'd')
            w->db = optarg;
        else if (c == 'j')
            w->json = true;
        else if (c == 'v')
            w->verify = true;
        else if (c == 'l')
            w->log = optarg;
        else if ((c == 'i' && !parse_incident(optarg, &w->query.incident)) ||
                 (c == 's' && !parse_since(optarg, &w->query.since_wall_ms)) ||
                 (c == 'h' && !parse_head(w, optarg)) || c == '?')
            return false;
    }
    if (optind < argc)
        return misused("audit takes no", argv[optind]);
    if (!w->config == !w->db)
        return misused("audit needs a configuration, -c FILE, or a copy of a database, --db FILE",
                       NULL);
    if (w->verify && (w->query.incident || w->query.since_wall_ms))
        return misused("--verify always looks at the whole chain", NULL);
    return w->verify || (!w->n_heads && !w->log) ||
           misused("--head and --log go with --verify", NULL);
}

/* ---- printing -------------------------------------------------------------------------------- */

/* Anything may stand in a database that somebody has changed. */
static void add_clean(struct buf *b, const char *text)
{
    char clean[TEXT_BYTES + 1];
    size_t n = utf8_cut(text, TEXT_BYTES);

    (void)utf8_clean(text, n, clean);
    buf_adds(b, clean);
    if (text[n])
        buf_adds(b, "...");
}

static void add_people(struct buf *b, const struct record_audit *r)
{
    char quoted[1024];

    if (r->nick[0]) {
        buf_adds(b, "        said by ");
        add_clean(b, r->nick);
        buf_adds(b, r->userhost[0] ? "!" : "");
        add_clean(b, r->userhost);
        buf_adds(b, r->account[0] ? ", account " : ", no account");
        add_clean(b, r->account);
        buf_addf(b, ": %s\n", log_quote(quoted, sizeof quoted, r->said));
    }
    if (r->title[0] || r->body[0]) {
        buf_adds(b, "        ");
        add_clean(b, r->step);
        buf_adds(b, r->step[0] ? ", " : "");
        add_clean(b, r->impact);
        buf_adds(b, r->impact[0] ? ": \"" : "\"");
        add_clean(b, r->title);
        buf_adds(b, r->title[0] ? ". " : "");
        add_clean(b, r->body);
        buf_adds(b, "\"\n");
    }
}

static void add_entry(struct buf *b, const struct record_audit *r)
{
    char date[WHEN_BYTES], hms[WHEN_BYTES], hash[AUDIT_HASH_BYTES];

    (void)take_digits(r->hash, hash);
    buf_addf(b, "%6lld  %s %s  %.16s  ", (long long)r->id, when_date(r->wall_ms, date),
             when_hms(r->wall_ms, hms), hash);
    add_clean(b, r->action);
    buf_adds(b, ": ");
    add_clean(b, r->line);
    buf_addc(b, '\n');
    add_people(b, r);
}

static void add_json(struct buf *b, const struct record_audit *r)
{
    struct json_out j = {b, false};

    json_out_open(&j, '{');
    json_out_number(&j, "entry", r->id);
    json_out_when(&j, "time", r->wall_ms);
    json_out_text(&j, "action", r->action);
    json_out_number(&j, "incident", r->incident);
    json_out_number(&j, "revision", r->revision);
    json_out_text(&j, "person", r->person);
    json_out_text(&j, "network", r->network);
    json_out_text(&j, "account", r->account);
    json_out_text(&j, "nick", r->nick);
    json_out_text(&j, "userhost", r->userhost);
    json_out_text(&j, "place", r->place);
    json_out_text(&j, "said", r->said);
    json_out_text(&j, "step", r->step);
    json_out_text(&j, "impact", r->impact);
    json_out_components(&j, r->components);
    json_out_text(&j, "title", r->title);
    json_out_text(&j, "body", r->body);
    json_out_text(&j, "line", r->line);
    json_out_text(&j, "prev", r->prev);
    json_out_text(&j, "hash", r->hash);
    json_out_close(&j, '}');
    buf_addc(b, '\n');
}

/* @return 0, or CRIER_EIO with errno, or CRIER_ENOMEM. */
static int write_out(const struct buf *b)
{
    if (buf_error(b))
        return buf_error(b);
    return fwrite(buf_str(b), 1, b->len, stdout) == b->len ? 0 : CRIER_EIO;
}

static int print_entry(void *ctx, const struct record_audit *r)
{
    struct wish *w = ctx;
    struct buf b;
    int err;

    w->printed++;
    buf_init(&b, ENTRY_BYTES);
    if (w->json)
        add_json(&b, r);
    else
        add_entry(&b, r);
    err = write_out(&b);
    buf_finish(&b);
    return err;
}

static int print(const struct store_audit_where *where, struct wish *w)
{
    char why[600] = "";
    int r = store_audit_read(where, &w->query, print_entry, w, why, sizeof why);

    if (!r && fflush(stdout))
        r = CRIER_EIO;
    if (r)
        (void)fprintf(stderr, "crier: %s\n", why[0] ? why : crier_strerror(r));
    else if (!w->printed) /* not on standard output, which another program may read */
        (void)fprintf(stderr, "no entries%s\n",
                      w->query.incident || w->query.since_wall_ms
                          ? " of that; without --incident and --since: all that there are"
                          : "");
    return run_stored_exit(r);
}

/* ---- verifying ------------------------------------------------------------------------------- */

struct findings {
    struct buf json;
    struct json_out out;
    bool as_json;
};

static void take_wrong(void *ctx, const char *text)
{
    struct findings *f = ctx;

    if (f->as_json)
        json_out_item(&f->out, text);
    else
        (void)printf("%s\n", text);
}

static void tell_verdict(struct findings *f, const struct store_audit_verdict *v)
{
    char head[AUDIT_HASH_BYTES];

    (void)take_digits(v->head, head);
    if (!f->as_json) {
        (void)printf("%lld entries, head %s at entry %lld: %s\n", (long long)v->entries, head,
                     (long long)v->head_number, v->n_wrong ? "NOT what crier wrote" : "ok");
        return;
    }
    json_out_close(&f->out, ']');
    json_out_number(&f->out, "entries", v->entries);
    json_out_number(&f->out, "last", v->head_number);
    json_out_text(&f->out, "head", head);
    json_out_bool(&f->out, "ok", !v->n_wrong);
    json_out_close(&f->out, '}');
    buf_addc(&f->json, '\n');
}

static int verify(const struct store_audit_where *where, struct wish *w)
{
    struct findings f = {.as_json = w->json};
    struct store_audit_verdict v;
    char why[600] = "";
    int r;

    buf_init(&f.json, (size_t)ENTRY_BYTES * 64);
    f.out = (struct json_out){&f.json, false};
    if (f.as_json) {
        json_out_open(&f.out, '{');
        json_out_key(&f.out, "wrong");
        json_out_open(&f.out, '[');
    }
    r = store_audit_verify(where, w->head, w->n_heads, take_wrong, &f, &v, why, sizeof why);
    if (!r)
        tell_verdict(&f, &v);
    if (!r && f.as_json)
        r = write_out(&f.json);
    if (!r && fflush(stdout))
        r = CRIER_EIO;
    if (r)
        (void)fprintf(stderr, "crier: %s\n", why[0] ? why : crier_strerror(r));
    buf_finish(&f.json);
    return r ? run_stored_exit(r) : v.n_wrong ? FOUND_WRONG : 0;
}

static int look(struct wish *w)
{
    struct store_audit_where where = {.file = w->db};
    struct settings *settings = NULL;
    int r = 0;

    if (w->config) {
        r = run_stored_settings(w->config, &settings);
        if (r)
            return r;
        where.dir = settings->state_dir;
    }
    if (w->log)
        r = read_log(w);
    if (!r)
        r = w->verify ? verify(&where, w) : print(&where, w);
    settings_destroy(settings);
    return r;
}

int run_audit(int argc, char **argv)
{
    struct wish w = {.config = NULL};
    int code = parse_options(argc, argv, &w) ? look(&w) : EX_USAGE;

    free(w.head);
    return code;
}
