#include "feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "atom.h"
#include "buf.h"
#include "err.h"
#include "log.h"
#include "net_curl.h"
#include "utf8.h"

enum {
    CONNECT_MS = 10 * 1000,
    SLOW_BYTES = 1, /* per second, */
    SLOW_S = 15,    /* for so long: it is stuck */
    REDIRECTS_MAX = 3,
    VALIDATOR_BYTES = 500,
    URL_BYTES = 2000,
    RETRY_AFTER_MAX_MS = 60 * 60 * 1000,
    QUOTED_BYTES = 300,
    LINE_BYTES = ATOM_TITLE_BYTES + ATOM_AUTHOR_BYTES + 16
};

/* Ids by their hash, newest document first. */
struct known {
    uint64_t hash[FEED_KNOWN_MAX];
    size_t n;
};

struct feed {
    struct feed *next;
    struct net *net;
    char *place; /* "feed:URL" */
    const char *url;
    int64_t interval_ms;
    int64_t due_boot_ms;
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    char errbuf[CURL_ERROR_SIZE];
    bool running, over; /* a request is under way; it is over, and was not looked at */
    CURLcode result;
    int redirects;
    char target[URL_BYTES + 1];                                    /* of the request under way */
    char etag[VALIDATOR_BYTES + 1], modified[VALIDATOR_BYTES + 1]; /* of what was read last */
    int failures;                                                  /* since it was read */
    bool first;                                                    /* never read */
    int64_t newest_ms;
    struct known known;
};

struct feeds {
    struct net *net;
    struct ear_sink sink;
    struct feed *feed;
};

/* ---- positions ------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_id(const char *id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
    return h;
}

static bool is_known(const struct known *k, uint64_t hash)
{
    size_t i;

    for (i = 0; i < k->n; i++)
        if (k->hash[i] == hash)
            return true;
    return false;
}

static void know(struct known *k, uint64_t hash)
{
    if (k->n < FEED_KNOWN_MAX && !is_known(k, hash))
        k->hash[k->n++] = hash;
}

static bool parse_position(struct feed *f, const char *text)
{
    struct known known = {.n = 0};
    const char *p = text;
    char *end;
    long long newest;

    errno = 0;
    newest = strtoll(p, &end, 10);
    if (end == p || errno || newest < 0)
        return false;
    for (p = end; *p; p = end) {
        uint64_t hash;

        if (*p++ != ' ' || !*p || !strchr("0123456789abcdef", *p))
            return false;
        errno = 0;
        hash = strtoull(p, &end, 16);
        if (end == p || errno)
            return false;
        know(&known, hash);
    }
    f->newest_ms = newest;
    f->known = known;
    return true;
}

static int tell_position(const struct feeds *fs, const struct feed *f)
{
    struct ear_position position = {.name = f->place};
    struct buf b;
    size_t i;
    int r;

    buf_init(&b, 32 + 17 * FEED_KNOWN_MAX);
    buf_addf(&b, "%" PRId64, f->newest_ms);
    for (i = 0; i < f->known.n; i++)
        buf_addf(&b, " %016" PRIx64, f->known.hash[i]);
    r = buf_error(&b);
    position.position = buf_str(&b);
    if (!r)
        fs->sink.position(fs->sink.ctx, &position);
    buf_finish(&b);
    return r;
}

/* ---- entries --------------------------------------------------------------------------------- */

/* "user@host", one word. */
static bool is_bot(const char *author)
{
    const char *at = strchr(author, '@');

    return at && at > author && at[1] && !strchr(author, ' ');
}

static void tell_entry(const struct feeds *fs, const struct feed *f, const struct atom_entry *e,
                       int64_t now_wall_ms)
{
    char text[LINE_BYTES];
    struct ear_line line = {.place = f->place,
                            .text = text,
                            .user = is_bot(e->author) ? "" : e->author,
                            .people = !is_bot(e->author),
                            .wall_ms =
                                e->published_ms < now_wall_ms ? e->published_ms : now_wall_ms};

    if (is_bot(e->author))
        (void)utf8_print(text, sizeof text, "!log %s %s", e->author, e->title);
    else
        (void)utf8_print(text, sizeof text, "!log %s", e->title);
    fs->sink.line(fs->sink.ctx, &line);
}

struct found {
    const struct atom_entry *entry;
    uint64_t hash;
    size_t order;
};

/* Oldest first; of those of one second, the one that is further down in the feed. */
static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->entry->published_ms != y->entry->published_ms)
        return x->entry->published_ms < y->entry->published_ms ? -1 : 1;
    return x->order > y->order ? -1 : x->order < y->order;
}

static bool is_new(const struct feed *f, const struct found *e, int64_t now_wall_ms)
{
    int64_t since = (f->first ? now_wall_ms : f->newest_ms) - FEED_RECENT_MS;

    return e->entry->published_ms >= since && e->entry->title[0] && !is_known(&f->known, e->hash);
}

/* What is in the document, and of what was known before as much as there is room for. */
static void learn(struct feed *f, const struct found *found, size_t n, int64_t now_wall_ms)
{
    struct known all = {.n = 0};
    size_t i;

    for (i = n; i-- > 0;)
        know(&all, found[i].hash);
    for (i = 0; i < f->known.n; i++)
        know(&all, f->known.hash[i]);
    f->known = all;
    /* A clock that runs ahead there must not make all that follows history. */
    for (i = 0; i < n; i++)
        if (found[i].entry->published_ms > f->newest_ms)
            f->newest_ms = found[i].entry->published_ms < now_wall_ms ? found[i].entry->published_ms
                                                                      : now_wall_ms;
}

static int take_feed(const struct feeds *fs, struct feed *f, const struct atom_feed *atom,
                     int64_t now_wall_ms)
{
    struct found *found = calloc(atom->n ? atom->n : 1, sizeof *found);
    size_t i, n = 0, told = 0;

    if (!found)
        return CRIER_ENOMEM;
    for (i = 0; i < atom->n; i++) {
        const struct atom_entry *e = &atom->entry[i];

        if (e->published_ms < 0)
            continue;
        found[n].entry = e;
        found[n].hash = hash_id(e->id[0] ? e->id : e->title);
        found[n++].order = i;
    }
    qsort(found, n, sizeof *found, compare_found);
    for (i = 0; i < n; i++)
        if (is_new(f, &found[i], now_wall_ms)) {
            tell_entry(fs, f, found[i].entry, now_wall_ms);
            know(&f->known, found[i].hash); /* the same id twice in one document */
            told++;
        }
    learn(f, found, n, now_wall_ms);
    free(found);
    if (told || f->first) {
        f->first = false;
        return tell_position(fs, f);
    }
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static const char *quoted(const struct feed *f, char dst[QUOTED_BYTES])
{
    return log_quote(dst, QUOTED_BYTES, f->url);
}

static void plan(struct feed *f, int64_t boot_ms, int64_t pause_ms)
{
    f->due_boot_ms = boot_ms + pause_ms;
    f->running = f->over = false;
    f->redirects = 0;
    buf_finish(&f->body);
    buf_init(&f->body, FEED_BYTES);
}

static void failed(struct feed *f, int64_t boot_ms, int64_t at_least_ms, const char *why)
{
    char q[QUOTED_BYTES], words[QUOTED_BYTES];
    int64_t pause_ms = f->interval_ms;
    int i;

    for (i = 0; i < f->failures && pause_ms < FEED_PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    if (pause_ms > FEED_PAUSE_MAX_MS)
        pause_ms = FEED_PAUSE_MAX_MS;
    if (pause_ms < at_least_ms)
        pause_ms = at_least_ms;
    if (!f->failures++)
        log_warnx("feed", "%s cannot be read (%s); trying again", quoted(f, q),
                  log_quote(words, sizeof words, why));
    plan(f, boot_ms, pause_ms);
}

static void read_well(struct feed *f, int64_t boot_ms)
{
    char q[QUOTED_BYTES];

    if (f->failures)
        log_info("feed", "%s is read again", quoted(f, q));
    f->failures = 0;
    plan(f, boot_ms, f->interval_ms);
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
    struct feed *f = ctx;

    buf_add(&f->body, data, size * n);
    return buf_error(&f->body) ? CURL_WRITEFUNC_ERROR : size * n;
}

static void done(void *ctx, CURL *easy, CURLcode result)
{
    struct feed *f = ctx;

    (void)easy;
    f->result = result;
    f->over = true;
}

static bool add_header(struct feed *f, const char *name, const char *value)
{
    char *line = value[0] ? buf_printf("%s: %s", name, value) : NULL;
    struct curl_slist *longer;

    if (!value[0])
        return true;
    longer = line ? curl_slist_append(f->headers, line) : NULL;
    free(line);
    if (longer)
        f->headers = longer;
    return longer;
}

static int set_options(struct feed *f)
{
    CURL *e = f->easy;
    CURLcode c = CURLE_OK;

    c |= curl_easy_setopt(e, CURLOPT_URL, f->target);
    c |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->headers);
    c |= curl_easy_setopt(e, CURLOPT_USERAGENT, "crier");
    c |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
    c |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)FEED_TIMEOUT_MS);
    c |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    c |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    c |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    c |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
    c |= curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    return c ? CRIER_EIO : 0;
}

static int start(struct feed *f)
{
    int r;

    if (f->easy)
        curl_easy_reset(f->easy);
    else if (!(f->easy = curl_easy_init()))
        return CRIER_ENOMEM;
    curl_slist_free_all(f->headers);
    f->headers = NULL;
    buf_clear(&f->body);
    if (!add_header(f, "Accept", "application/atom+xml, application/xml;q=0.9, text/xml;q=0.8") ||
        !add_header(f, "If-None-Match", f->etag) ||
        !add_header(f, "If-Modified-Since", f->modified))
        return CRIER_ENOMEM;
    if ((r = net_curl_defaults(f->easy, NULL, NULL, CONNECT_MS, f->errbuf)) ||
        (r = set_options(f)) || (r = net_curl_add(f->net, f->easy, done, f)))
        return r;
    f->running = true;
    return 0;
}

static void header(struct feed *f, const char *name, char dst[VALIDATOR_BYTES + 1])
{
    struct curl_header *h;

    dst[0] = '\0';
    if (!curl_easy_header(f->easy, name, 0, CURLH_HEADER, -1, &h) &&
        strlen(h->value) <= VALIDATOR_BYTES)
        memcpy(dst, h->value, strlen(h->value) + 1);
}

/* Seconds, or a date. Source: RFC 9110 section 10.2.3. @return ms, 0 when it is not said. */
static int64_t retry_after(struct feed *f, int64_t wall_ms)
{
    char value[VALIDATOR_BYTES + 1] = "";
    int64_t ms = 0;
    size_t i, digits;
    time_t at;

    header(f, "Retry-After", value);
    digits = strspn(value, "0123456789");
    if (digits && !value[digits])
        for (i = 0; i < digits && ms < RETRY_AFTER_MAX_MS; i++)
            ms = ms * 10 + (value[i] - '0') * 1000;
    else if (value[0] && (at = curl_getdate(value, NULL)) > 0 && at < INT64_MAX / 1000)
        ms = (int64_t)at * 1000 - wall_ms;
    return ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

/* ---- redirects ------------------------------------------------------------------------------- */

static bool same_part(CURLU *a, CURLU *b, CURLUPart part, unsigned flags)
{
    char *x = NULL, *y = NULL;
    bool same =
        !curl_url_get(a, part, &x, flags) && !curl_url_get(b, part, &y, flags) && !strcasecmp(x, y);

    curl_free(x);
    curl_free(y);
    return same;
}

/* Scheme, host and port. */
static bool same_origin(const char *url, const char *other)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool same = a && b && !curl_url_set(a, CURLUPART_URL, url, 0) &&
                !curl_url_set(b, CURLUPART_URL, other, 0) && same_part(a, b, CURLUPART_SCHEME, 0) &&
                same_part(a, b, CURLUPART_HOST, 0) &&
                same_part(a, b, CURLUPART_PORT, CURLU_DEFAULT_PORT);

    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return same;
}

static void redirect(struct feed *f, struct now now)
{
    char *to = NULL, q[QUOTED_BYTES], why[QUOTED_BYTES + 100];

    (void)curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &to);
    (void)snprintf(why, sizeof why, "it redirects to %s, which is followed on the same host only",
                   log_quote(q, sizeof q, to ? to : "nothing"));
    if (!to || strlen(to) > URL_BYTES || !same_origin(f->url, to)) {
        failed(f, now.boot_ms, 0, why);
        return;
    }
    if (++f->redirects > REDIRECTS_MAX) {
        failed(f, now.boot_ms, 0, "it redirects again and again");
        return;
    }
    memcpy(f->target, to, strlen(to) + 1);
    f->over = f->running = false;
    f->due_boot_ms = now.boot_ms;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void take_document(const struct feeds *fs, struct feed *f, struct now now)
{
    struct atom_feed atom;
    char why[ATOM_WHY_BYTES];
    int r = atom_parse(buf_str(&f->body), f->body.len, &atom, why);

    if (!r)
        r = take_feed(fs, f, &atom, now.wall_ms);
    atom_finish(&atom);
    if (r) {
        failed(f, now.boot_ms, 0, r == CRIER_EINVAL ? why : crier_strerror(r));
        return;
    }
    header(f, "ETag", f->etag);
    header(f, "Last-Modified", f->modified);
    read_well(f, now.boot_ms);
}

static void take_answer(const struct feeds *fs, struct feed *f, struct now now)
{
    long status = 0;
    char why[40];

    (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (f->result == CURLE_WRITE_ERROR && buf_error(&f->body)) {
        failed(f, now.boot_ms, 0, "it is larger than 1 MiB");
    } else if (f->result) {
        failed(f, now.boot_ms, 0, f->errbuf[0] ? f->errbuf : curl_easy_strerror(f->result));
    } else if (status == 200) {
        take_document(fs, f, now);
    } else if (status == 304 && (f->etag[0] || f->modified[0])) {
        read_well(f, now.boot_ms);
    } else if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
        redirect(f, now);
    } else {
        (void)snprintf(why, sizeof why, "HTTP %ld", status);
        failed(f, now.boot_ms, retry_after(f, now.wall_ms), why);
    }
}

/* ---- the source ------------------------------------------------------------------------------ */

static void collect(void *ctx, struct pollset *set)
{
    const struct feeds *fs = ctx;
    const struct feed *f;

    for (f = fs->feed; f; f = f->next) {
        if (f->over)
            pollset_deadline(set, 0);
        else if (!f->running)
            pollset_deadline(set, f->due_boot_ms);
    }
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    const struct feeds *fs = ctx;
    struct feed *f;
    int r;

    (void)set;
    for (f = fs->feed; f; f = f->next) {
        if (f->over)
            take_answer(fs, f, now);
        if (f->running || f->due_boot_ms > now.boot_ms)
            continue;
        if (!f->redirects)
            (void)snprintf(f->target, sizeof f->target, "%s", f->url);
        r = start(f);
        if (r)
            failed(f, now.boot_ms, 0, crier_strerror(r));
    }
}

struct source_port feeds_source_port(struct feeds *f)
{
    return (struct source_port){.ctx = f, .collect = collect, .dispatch = dispatch};
}

/* ---- life ------------------------------------------------------------------------------------ */

int feeds_create(struct net *net, const struct ear_sink *sink, struct feeds **ret_feeds)
{
    struct feeds *f = calloc(1, sizeof *f);

    if (!f)
        return CRIER_ENOMEM;
    f->net = net;
    f->sink = *sink;
    *ret_feeds = f;
    return 0;
}

static void feed_destroy(struct feed *f)
{
    if (f->easy) {
        net_curl_remove(f->net, f->easy);
        curl_easy_cleanup(f->easy);
    }
    curl_slist_free_all(f->headers);
    buf_finish(&f->body);
    free(f->place);
    free(f);
}

void feeds_destroy(struct feeds *f)
{
    if (!f)
        return;
    feeds_keep(f, NULL, 0);
    free(f);
}

void feeds_keep(struct feeds *fs, char *const *place, size_t n)
{
    struct feed **link = &fs->feed, *f;
    size_t i;

    while ((f = *link) != NULL) {
        for (i = 0; i < n && strcmp(place[i], f->place) != 0; i++)
            ;
        if (i < n) {
            link = &f->next;
            continue;
        }
        *link = f->next;
        feed_destroy(f);
    }
}

int feeds_follow(struct feeds *fs, const char *url, int64_t interval_ms, const char *position)
{
    struct feed *f, **link;

    for (link = &fs->feed; (f = *link) != NULL; link = &f->next) {
        if (strcmp(f->url, url) != 0)
            continue;
        f->interval_ms = interval_ms;
        return 0;
    }
    if (strlen(url) > URL_BYTES)
        return CRIER_ENOMEM;
    f = calloc(1, sizeof *f);
    if (f)
        f->place = buf_printf("feed:%s", url);
    if (!f || !f->place) {
        free(f);
        return CRIER_ENOMEM;
    }
    f->net = fs->net;
    f->url = f->place + strlen("feed:");
    f->interval_ms = interval_ms;
    f->first = !position || !parse_position(f, position);
    buf_init(&f->body, FEED_BYTES);
    *link = f;
    return 0;
}
