/* logread: the logs that people have, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "buf.h"
#include "err.h"
#include "logread.h"
#include "logread_name.h"
#include "utf8.h"
#include "when.h"

enum { PATH_BYTES = 300, TEXT_BYTES = 4 * 1024 * 1024 };

struct bench {
    char dir[PATH_BYTES];
    struct buf lines;    /* "TIME CHANNEL KIND<NICK>TEXT|", the day only where it changes */
    struct buf problems; /* "NAME:LINE: TEXT\n", without the directory */
    int64_t day_ms;
    long n_lines, n_problems;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    (void)snprintf(b->dir, sizeof b->dir, "/tmp/crier-logread-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    buf_init(&b->lines, TEXT_BYTES);
    buf_init(&b->problems, TEXT_BYTES);
    *state = b;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct bench *b = *state;

    assert_int_equal(nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    buf_finish(&b->lines);
    buf_finish(&b->problems);
    free(b);
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char *path_of(const struct bench *b, const char *name, char path[PATH_BYTES])
{
    char *slash;

    (void)utf8_print(path, PATH_BYTES, "%s/%s", b->dir, name);
    for (slash = path + strlen(b->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    return path;
}

static void put_bytes(const struct bench *b, const char *name, const void *data, size_t n)
{
    char path[PATH_BYTES];
    int fd = open(path_of(b, name, path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static void put(const struct bench *b, const char *name, const char *text)
{
    put_bytes(b, name, text, strlen(text));
}

/* @return bytes of the gzip member, which is the caller's to free(). */
static size_t gzip_of(const void *data, size_t n, unsigned char **ret)
{
    z_stream z = {.avail_in = (uInt)n};
    size_t cap = n + 1000;

    memcpy(&z.next_in, &data, sizeof data);
    *ret = malloc(cap);
    z.next_out = *ret;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return cap - z.avail_out;
}

static void put_gzip(const struct bench *b, const char *name, const char *text)
{
    unsigned char *data;
    size_t n = gzip_of(text, strlen(text), &data);

    put_bytes(b, name, data, n);
    free(data);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void on_problem(void *ctx, const char *file, long line, const char *text)
{
    struct bench *b = ctx;
    size_t n = strlen(b->dir);

    assert_true(utf8_is_valid(text));
    assert_null(strchr(text, '\n'));
    buf_addf(&b->problems, "%s:%ld: %s\n", strncmp(file, b->dir, n) ? file : file + n + 1, line,
             text);
    b->n_problems++;
}

static void note(struct bench *b, const struct log_line *line)
{
    char when[WHEN_BYTES];
    int64_t day = line->wall_ms / 86400000;

    assert_true(*line->nick && utf8_is_valid(line->nick) && utf8_is_valid(line->text));
    assert_true(line->line > 0 && line->file);
    b->n_lines++;
    if (b->n_lines > 2000)
        return;
    (void)when_iso_ms(line->wall_ms, when);
    when[23] = '\0';
    if (!strcmp(when + 19, ".000"))
        when[19] = '\0';
    buf_addf(&b->lines, "%s %s%s<%s>%s|", day == b->day_ms ? when + 11 : when, line->channel,
             line->action   ? "*"
             : line->notice ? "-"
                            : "",
             line->nick, line->text);
    b->day_ms = day;
}

/* Reads n paths of the directory ("-" stays as it is). @return the problems that were counted. */
static int64_t read_paths(struct bench *b, const char *const *name, size_t n,
                          const struct logread_options *options)
{
    struct logread_options o = options ? *options : (struct logread_options){.format = 0};
    char path[16][PATH_BYTES];
    const char *paths[16];
    struct logread *lr;
    struct log_line line;
    int64_t problems;
    size_t i;
    int r;

    assert_true(n <= 16);
    for (i = 0; i < n; i++)
        paths[i] = strcmp(name[i], "-") != 0 ? path_of(b, name[i], path[i]) : "-";
    o.sink = (struct logread_sink){.ctx = b, .problem = on_problem};
    buf_clear(&b->lines);
    buf_clear(&b->problems);
    b->n_lines = b->n_problems = 0;
    b->day_ms = 0;
    assert_int_equal(logread_create(paths, n, &o, &lr), 0);
    while (!(r = logread_next(lr, &line)))
        note(b, &line);
    assert_int_equal(r, CRIER_ENOENT);
    assert_int_equal(logread_next(lr, &line), CRIER_ENOENT);
    problems = logread_problems(lr);
    logread_destroy(lr);
    assert_int_equal(buf_error(&b->lines), 0);
    return problems;
}

static int64_t read_one(struct bench *b, const char *name)
{
    return read_paths(b, &name, 1, NULL);
}

/* ---- formats --------------------------------------------------------------------------------- */

struct format_case {
    const char *name; /* of the file */
    const char *text;
    const char *lines;
    const char *problem; /* the first; NULL: there is none */
};

static void run_formats(struct bench *b, const struct format_case *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct format_case *c = &cases[i];
        char name[PATH_BYTES];
        int64_t problems;

        (void)snprintf(name, sizeof name, "%zu/%s", i, c->name);
        put(b, name, c->text);
        problems = read_one(b, name);
        if (strcmp(buf_str(&b->lines), c->lines) != 0)
            fail_msg("%zu: %s: read\n%s\nnot\n%s\n%s", i, c->text, buf_str(&b->lines), c->lines,
                     buf_str(&b->problems));
        if (c->problem && (!problems || !strstr(buf_str(&b->problems), c->problem)))
            fail_msg("%zu: %s: told\n%s", i, c->text, buf_str(&b->problems));
        if (!c->problem && (problems || b->problems.len))
            fail_msg("%zu: %s: told\n%s", i, c->text, buf_str(&b->problems));
    }
}

#define RUN(b, cases) run_formats((b), (cases), sizeof(cases) / sizeof(cases)[0])

static void test_dated(void **state)
{
    static const struct format_case cases[] = {
        {"a.log", "[2023-01-17 18:34:55] <icinga-wm> PROBLEM - x\n",
         "2023-01-17T18:34:55 <icinga-wm>PROBLEM - x|", NULL},
        {"a.log", "# a comment\n\n[2023-01-17 18:34:55] <a> x\n[2023-01-18 00:00:00] <b> y",
         "2023-01-17T18:34:55 <a>x|2023-01-18T00:00:00 <b>y|", NULL},
        {"a.log", "[2023-01-17 18:34:55.250] <a> x\r\n[2023-01-17 18:34:56,5] <a> y\r\n",
         "2023-01-17T18:34:55.250 <a>x|18:34:56.500 <a>y|", NULL},
        {"a.log", "[2023-01-17T18:34:55Z] <a> x\n2023-01-17T19:34:56+01:00 <a> y\n",
         "2023-01-17T18:34:55 <a>x|18:34:56 <a>y|", NULL},
        {"a.log", "2023-01-17 18:34 <a> x\n2023/01/17 13:34:56-0500 <a> y\n",
         "2023-01-17T18:34:00 <a>x|18:34:56 <a>y|", NULL},
        {"a.log", "[2023-01-17 18:34:55 UTC] <a> x\n[2023-01-17 18:34:56 +0000] <a> y\n",
         "2023-01-17T18:34:55 <a>x|18:34:56 <a>y|", NULL},
        {"a.log", "[2023-01-17 13:34:55 -05] <a> x\n[2023-01-17 24:34:56 +0530] <a> y\n",
         "2023-01-17T18:34:55 <a>x|", "a.log:2: no line"},
        {"a.log", "[2023-01-18 00:04:55 +0530] <a> x\n", "2023-01-17T18:34:55 <a>x|", NULL},
        {"a.log", "[2023-01-17 18:34:55] <@a> x\n[2023-01-17 18:34:55] < a> y\n",
         "2023-01-17T18:34:55 <a>x|18:34:55 <a>y|", NULL},
        {"a.log",
         "[2023-01-17 18:34:55] <a>\n[2023-01-17 18:34:55] <a> \n[2023-01-17 18:34:55] <a>  x  y "
         "\n",
         "2023-01-17T18:34:55 <a>|18:34:55 <a>|18:34:55 <a>x y|", NULL},
        {"a.log", "[2023-01-17 18:34:55] * a does it\n[2023-01-17 18:34:55] -a- heard\n",
         "2023-01-17T18:34:55 *<a>does it|18:34:55 -<a>heard|", NULL},
        {"a.log", "[2023-01-17 18:34:55] *** Joins: a\n[2023-01-17 18:34:55] --> a joins\n", "",
         NULL},
        {"#chan.log", "[2016-12-31 23:59:60] <a> leap\n", "2016-12-31T23:59:59 #chan<a>leap|",
         NULL},
    };

    RUN(*state, cases);
}

static void test_clock(void **state)
{
    static const struct format_case cases[] = {
        /* wm-bot */
        {"#wikimedia-operations/20230117.txt", "[18:34:55] <icinga-wm> PROBLEM\n[18:34:56] <a> x\n",
         "2023-01-17T18:34:55 #wikimedia-operations<icinga-wm>PROBLEM|18:34:56 "
         "#wikimedia-operations<a>x|",
         NULL},
        {"#c/20230117.txt",
         "[18:34:55] <icinga-wm>\t PROBLEM  - x\n[18:34:56] * a does\n[18:34:57] <a>\t \n",
         "2023-01-17T18:34:55 #c<icinga-wm>PROBLEM - x|18:34:56 #c*<a>does|18:34:57 #c<a>|", NULL},
        {"%23wikimedia-operations/20230117.txt", "[18:34:55] <a> x\n",
         "2023-01-17T18:34:55 #wikimedia-operations<a>x|", NULL},
        /* ZNC */
        {"#chan/2023-01-17.log",
         "[18:34:55] *** Joins: a (a@host)\n[18:34:56] <a> x\n[18:34:57] * a does\n"
         "[18:34:58] -a- notes\n[18:34:59] *** a sets mode: +v b\n",
         "2023-01-17T18:34:56 #chan<a>x|18:34:57 #chan*<a>does|18:34:58 #chan-<a>notes|", NULL},
        {"#chan_20230117.log", "[18:34:55] <a> x\n", "2023-01-17T18:34:55 #chan<a>x|", NULL},
        /* energymech */
        {"chan-20230117.log",
         "[18:34:55] <+a> x\n[18:34:56] *a does\n[18:34:57] *** b (b@h) left\n",
         "2023-01-17T18:34:55 <a>x|18:34:56 *<a>does|", NULL},
        {"e.log",
         "Session Start: Tue Jan 17 23:59:00 2023\nSession Ident: #chan\n[23:59:55] <a> x\n"
         "[00:00:01] <a> y\nSession Close: Wed Jan 18 00:00:01 2023\n",
         "2023-01-17T23:59:55 <a>x|2023-01-18T00:00:01 <a>y|", NULL},
        /* eggdrop */
        {"2023-01-17.log", "[23:59] <a> x\n[00:00] --- Wed Jan 18 2023\n[00:01] <a> y\n",
         "2023-01-17T23:59:00 <a>x|2023-01-18T00:01:00 <a>y|", NULL},
        /* midnight, also told by what nobody said */
        {"2023-01-17.log", "[23:59:59] <a> x\n[00:00:01] <a> y\n[00:00:02] <a> z\n",
         "2023-01-17T23:59:59 <a>x|2023-01-18T00:00:01 <a>y|00:00:02 <a>z|", NULL},
        {"2023-01-17.log",
         "[23:00:00] <a> x\n[08:00:01] *** Quits: b\n[23:30:00] <a> y\n[01:00:00] <a> z\n",
         "2023-01-17T23:00:00 <a>x|2023-01-18T23:30:00 <a>y|2023-01-19T01:00:00 <a>z|", NULL},
        {"2023/01/17.log", "[18:34:55] <a> x\n", "2023-01-17T18:34:55 <a>x|", NULL},
        {"a.log", "[18:34:55] <a> x\n[18:34:56] <a> y\n", "",
         "a.log:1: the day cannot be told: the line has a time alone, and the file's name no date; "
         "name the file like 2023-01-17.log, or give --date 2023-01-17\n"},
    };

    RUN(*state, cases);
}

static void test_irssi(void **state)
{
    static const struct format_case cases[] = {
        {"#chan.log",
         "--- Log opened Tue Jan 17 18:30:00 2023\n18:34 -!- a [a@host] has joined #chan\n"
         "18:34 <+icinga-wm> PROBLEM\n18:35 < a> x\n18:35 <@b> y\n18:36  * a does\n"
         "18:36 -b:#other- noted\n18:37 -!- Irssi: #chan: Total of 3 nicks\n"
         "--- Day changed Wed Jan 18 2023\n00:01 <a> z\n--- Log closed Wed Jan 18 00:02:00 2023\n",
         "2023-01-17T18:34:00 #chan<icinga-wm>PROBLEM|18:35:00 #chan<a>x|18:35:00 #chan<b>y|"
         "18:36:00 #chan*<a>does|18:36:00 #other-<b>noted|2023-01-18T00:01:00 #chan<a>z|",
         NULL},
        {"a.log", "--- Log opened Tue Jan 17 18:30:00 2023\n23:59:59 <a> x\n00:00:00 <a> y\n",
         "2023-01-17T23:59:59 <a>x|2023-01-18T00:00:00 <a>y|", NULL},
        {"a.log", "--- Log opened Tue Jan 17 23:59:00 2023\n00:00:01 <a> x\n",
         "2023-01-18T00:00:01 <a>x|", NULL},
        /* the marker and the drop of the clock are one midnight */
        {"a.log",
         "--- Log opened Tue Jan 17 18:30:00 2023\n23:59 <a> x\n--- Day changed Wed Jan 18 2023\n"
         "00:00 <a> y\n",
         "2023-01-17T23:59:00 <a>x|2023-01-18T00:00:00 <a>y|", NULL},
        {"a.log", "18:34 <a> x\n--- Day changed Wed Jan 18 2023\n00:00 <a> y\n",
         "2023-01-18T00:00:00 <a>y|", "a.log:1: the day cannot be told"},
        {"2023-01-17.log", "23:59 <a> x\n--- Day changed Mi Okt 18 2023\n00:00 <a> y\n",
         "2023-01-17T23:59:00 <a>x|2023-01-18T00:00:00 <a>y|",
         "2023-01-17.log:2: a day in words that are not known"},
        {"libera/#chan.log",
         "--- Log opened Tue Jan 17 18:30:00 2023\n18:34 <a:#other> x\n18:34 -a(a@host)- y\n"
         "18:35 <a :#other> z\n",
         "2023-01-17T18:34:00 #other<a>x|18:34:00 #chan-<a>y|18:35:00 #other<a>z|", NULL},
    };

    RUN(*state, cases);
}

static void test_weechat(void **state)
{
    static const struct format_case cases[] = {
        {"irc.libera.#chan.weechatlog",
         "2023-01-17 18:34:50\t-->\ta (a@host) has joined #chan\n"
         "2023-01-17 18:34:55\t+icinga-wm\tPROBLEM\n2023-01-17 18:34:56\t@a\tx\ty\n"
         "2023-01-17 18:34:57\t *\ta does\n2023-01-17 18:34:58\t--\tNotice(a): noted\n"
         "2023-01-17 18:34:58\t--\tNotice(a) -> #chan: noted\n"
         "2023-01-17 18:34:59\t--\tMode #chan [+v a] by b\n2023-01-17 18:35:00\t<--\ta has quit\n"
         "2023-01-17 18:35:00\t=!=\tno\n2023-01-17 18:35:01\t\tmore\n",
         "2023-01-17T18:34:55 #chan<icinga-wm>PROBLEM|18:34:56 #chan<a>x y|18:34:57 #chan*<a>does|"
         "18:34:58 #chan-<a>noted|18:34:58 #chan-<a>noted|",
         NULL},
        {"a.log", "2023-01-17T18:34:55+0100\ta\tx\n", "2023-01-17T17:34:55 <a>x|", NULL},
        {"a.log", "2023-01-17 18:34:55\ta x\n", "", "a.log:1: no line of a log that is known"},
        {"a.log",
         "2023-01-17 18:34:55\t--\tNotice(\n2023-01-17 18:34:55\t--\tNotice()\n"
         "2023-01-17 18:34:55\t--\tNotice(a):\n2023-01-17 18:34:55\t*\t\n",
         "", NULL},
    };

    RUN(*state, cases);
}

static void test_json(void **state)
{
    static const struct format_case cases[] = {
        {"a.json",
         "{\"time\": \"2023-01-17T18:34:55Z\", \"nick\": \"a\", \"text\": \"x\", \"channel\": "
         "\"#c\"}\n",
         "2023-01-17T18:34:55 #c<a>x|", NULL},
        {"a.json",
         "{\"ts\":1673980495,\"from\":\"@a \",\"message\":\"x\"}\n"
         "{\"timestamp\":1673980495250,\"sender\":\"a\",\"body\":\"\\u000304y\\nz\"}\n"
         "{\"ts\":\"1673980496.000200\",\"user\":\"a\",\"text\":\"x\"}\n"
         "{\"ts\":1673980497.5,\"user\":\"a\",\"text\":\"\"}\n",
         "2023-01-17T18:34:55 <a>x|18:34:55.250 <a>y z|18:34:56 <a>x|18:34:57.500 <a>|", NULL},
        {"a.json",
         "{\"time\":\"2023-01-17 18:34:55\",\"nick\":\"a\",\"text\":\"x\",\"type\":\"action\"}\n"
         "{\"time\":\"2023-01-17 18:34:55\",\"nick\":\"a\",\"text\":\"x\",\"type\":\"NOTICE\"}\n"
         "{\"time\":\"2023-01-17 18:34:55\",\"nick\":\"a\",\"type\":\"join\"}\n"
         "{\"time\":\"2023-01-17 18:34:55\",\"nick\":\"a\",\"text\":\"x\",\"action\":true}\n",
         "2023-01-17T18:34:55 *<a>x|18:34:55 -<a>x|18:34:55 *<a>x|", NULL},
        {"a.json", "{\"time\":\"2023-01-17 18:34:55\",\"nick\":\"a\",\"text\":\"x\"\n", "",
         "a.json:1: no line of a log that is known: it begins like JSON"},
        {"a.json", "{\"time\":\"soon\",\"nick\":\"a\",\"text\":\"x\"}\n", "", ":1: no line of"},
        {"a.json", "{\"time\":12,\"nick\":\"a\",\"text\":\"x\"}\n", "", "no \"time\""},
        {"a.json", "{\"time\":1e300,\"nick\":\"a\",\"text\":\"x\"}\n", "", "no \"time\""},
        {"a.json", "{\"ts\":1673980495,\"text\":\"x\"}\n", "", "no \"nick\""},
        {"a.json", "{\"ts\":1673980495,\"nick\":\"+ \",\"text\":\"x\"}\n", "", "no \"nick\""},
        {"a.json", "{\"ts\":1673980495,\"nick\":\"\\u200b\",\"text\":\"x\"}\n", "", "nobody"},
        {"a.json", "{\"ts\":1673980495,\"nick\":\"a\"}\n", "", "no \"text\""},
        {"a.json", "{\"ts\":1673980495,\"nick\":\"a\",\"text\":7}\n", "", "no \"text\""},
        {"a.json", "{\"ts\":1673980495,\"nick\":\"a\",\"text\":\"x\\u0000y\"}\n", "", "JSON"},
    };

    RUN(*state, cases);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void test_text(void **state)
{
    static const struct format_case cases[] = {
        /* colours */
        {"a.log",
         "[2023-01-17 18:34:55] <a> \x03"
         "04,01PROBLEM\x03 \x02"
         "bold\x0f\n",
         "2023-01-17T18:34:55 <a>PROBLEM bold|", NULL},
        /* UTF-8, Windows-1252, and both in one file */
        {"a.log",
         "[2023-01-17 18:34:55] <a> caf\xc3\xa9\n[2023-01-17 18:34:55] <a> caf\xe9 \x80\n"
         "[2023-01-17 18:34:55] <a> \x81\n",
         "2023-01-17T18:34:55 <a>caf\xc3\xa9|18:34:55 <a>caf\xc3\xa9 \xe2\x82\xac|18:34:55 <a>?|",
         NULL},
        /* a byte order mark */
        {"a.log", "\xef\xbb\xbf[2023-01-17 18:34:55] <a> x\n", "2023-01-17T18:34:55 <a>x|", NULL},
        /* blanks, wherever they are in a word of eight bytes */
        {"a.log",
         "[2023-01-17 18:34:55] <a> 1  2\n[2023-01-17 18:34:55] <a> 12  3\n"
         "[2023-01-17 18:34:55] <a> 123  4\n[2023-01-17 18:34:55] <a> 1234  5\n"
         "[2023-01-17 18:34:55] <a> 12345  6\n[2023-01-17 18:34:55] <a> 123456  7\n"
         "[2023-01-17 18:34:55] <a> 1234567  8\n[2023-01-17 18:34:55] <a> 12345678  9\n",
         "2023-01-17T18:34:55 <a>1 2|18:34:55 <a>12 3|18:34:55 <a>123 4|18:34:55 <a>1234 5|"
         "18:34:55 <a>12345 6|18:34:55 <a>123456 7|18:34:55 <a>1234567 8|18:34:55 <a>12345678 9|",
         NULL},
        {"a.log", "[2023-01-17 18:34:55] <a> x\ty\x7f\n", "2023-01-17T18:34:55 <a>x y|", NULL},
        {"a.log", "[2023-01-17 18:34:55] <\xe2\x80\x8b> x\n", "", "nobody's name"},
    };

    RUN(*state, cases);
}

/* ---- bad input ------------------------------------------------------------------------------- */

static void test_bad_lines(void **state)
{
    static const struct format_case cases[] = {
        {"e.log", "", "", NULL},
        {"e.log", "\n", "", NULL},
        {"e.log", "\r\n\r\r\n", "", NULL},
        {"a.log", "hello\n[2023-01-17 18:34:55] <a> x\n", "2023-01-17T18:34:55 <a>x|",
         "a.log:1: no line of a log that is known: it does not begin with a time: \"hello\"\n"},
        {"a.log", "[2023-02-30 18:34:55] <a> x\n", "", "a.log:1: no line"},
        {"a.log", "[2023-01-17 24:00:00] <a> x\n", "", "a.log:1: no line"},
        {"a.log", "[2023-01-17 18:60:00] <a> x\n", "", "a.log:1: no line"},
        {"a.log", "[2023-01-17 18:34:55] a: x\n", "", "\"<nick> text\" is expected"},
        {"a.log", "[2023-01-17 18:34:55] <a\n", "", "\"<nick> text\" is expected"},
        {"a.log", "[2023-01-17 18:34:55] <a>x\n", "", "\"<nick> text\" is expected"},
        {"a.log", "[2023-01-17 18:34:55] <> x\n", "", "nobody's name"},
        {"a.log", "[2023-01-17 18:34:55] <@> x\n", "", "nobody's name"},
        {"a.log", "[2023-01-17 18:34:55] <:#c> x\n", "", "nobody's name"},
        {"a.log", "[2023-01-17 18:34:55]<a> x\n", "", "a.log:1: no line"},
        {"a.log", "[2023-01-17 18:34:55 <a> x\n", "", "a.log:1: no line"},
        {"a.log", "[\n[2\n[2023-01-17\n[2023-01-17 18:34:55\n2023-01-17 18:34:5", "",
         "a.log:3: no line"},
        {"a.log", "[2023-01-17 18:34:55]\n[2023-01-17 18:34:55] \n", "", NULL},
        {"a.log", "[2023-01-17 18:34:55] *\n[2023-01-17 18:34:55] -\n[2023-01-17 18:34:55] -a-\n",
         "2023-01-17T18:34:55 -<a>|", NULL},
        /* a clock set back */
        {"a.log",
         "[2023-01-17 18:34:55] <a> x\n[2023-01-17 17:34:55] <a> y\n[2023-01-17 17:34:56] <a> z\n"
         "[2023-01-17 18:35:00] <a> w\n",
         "2023-01-17T18:34:55 <a>x|18:34:55 <a>y|18:34:55 <a>z|18:35:00 <a>w|",
         "a.log:2: the time goes back, from 2023-01-17T18:34:55Z to 2023-01-17T17:34:55Z"},
        /* local time in October */
        {"2023-10-29.log", "[02:59:59] <a> x\n[02:00:00] <a> y\n[03:00:00] <a> z\n",
         "2023-10-29T02:59:59 <a>x|02:59:59 <a>y|03:00:00 <a>z|",
         "2023-10-29.log:2: the time goes back"},
        /* one line from the future */
        {"a.log",
         "[2023-01-17 18:34:55] <a> x\n[2083-01-17 18:34:55] <a> y\n[2023-01-17 18:34:56] <a> z\n",
         "2023-01-17T18:34:55 <a>x|18:34:55 <a>y|18:34:56 <a>z|",
         "a.log:2: the time 2083-01-17T18:34:55Z is far ahead"},
        {"a.log", "[2083-01-17 18:34:55] <a> x\n[2023-01-17 18:34:56] <a> y\n",
         "2023-01-17T18:34:56 <a>x|18:34:56 <a>y|",
         "a.log:1: the time 2083-01-17T18:34:55Z is far"},
        /* a machine that has just booted */
        {"a.log",
         "[2023-01-17 18:34:55] <a> x\n[1970-01-01 00:00:05] <a> y\n[2023-01-17 18:36:56] <a> z\n",
         "2023-01-17T18:34:55 <a>x|18:34:55 <a>y|18:36:56 <a>z|", "a.log:2: the time goes back"},
        /* quiet for long is fine */
        {"a.log", "[2023-01-17 18:34:55] <a> x\n[2023-03-17 18:34:55] <a> y\n",
         "2023-01-17T18:34:55 <a>x|2023-03-17T18:34:55 <a>y|", NULL},
    };

    RUN(*state, cases);
}

/* ---- gzip ------------------------------------------------------------------------------------ */

static void test_gzip(void **state)
{
    struct bench *b = *state;
    static const char text[] = "[18:34:55] <a> x\n[18:34:56] <a> y\n";
    unsigned char *data;
    size_t n = gzip_of(text, strlen(text), &data), i;
    const char *const two[] = {"2023-01-16.log.gz", "2023-01-17.log.gz"};
    char name[64];

    put_bytes(b, two[1], data, n);
    put_gzip(b, two[0], text);
    assert_int_equal(read_paths(b, two, 2, NULL), 0);
    assert_string_equal(buf_str(&b->lines), "2023-01-16T18:34:55 <a>x|18:34:56 <a>y|"
                                            "2023-01-17T18:34:55 <a>x|18:34:56 <a>y|");
    /* its name says nothing of how it is stored */
    put_bytes(b, "20230118", data, n);
    assert_int_equal(read_one(b, "20230118"), 0);
    assert_int_equal(b->n_lines, 2);
    /* one behind the other, and padding */
    put_bytes(b, "2023-01-19.gz", data, n);
    put_gzip(b, "2023-01-19.gz", "[18:34:57] <a> z");
    put_bytes(b, "2023-01-19.gz", "\0\0\0\0", 4);
    assert_int_equal(read_one(b, "2023-01-19.gz"), 0);
    assert_string_equal(buf_str(&b->lines),
                        "2023-01-19T18:34:55 <a>x|18:34:56 <a>y|18:34:57 <a>z|");
    /* something else behind it */
    put_bytes(b, "2023-01-20.gz", data, n);
    put(b, "2023-01-20.gz", "[18:34:57] <a> z");
    assert_int_equal(read_one(b, "2023-01-20.gz"), 1);
    assert_int_equal(b->n_lines, 2);
    assert_string_equal(buf_str(&b->problems),
                        "2023-01-20.gz:0: has something behind its compressed data: left out\n");
    /* its beginning alone, as long as it may be; of one byte nobody knows what it was */
    for (i = 2; i < n; i++) {
        (void)snprintf(name, sizeof name, "2023-01-21-%zu.gz", i);
        put_bytes(b, name, data, i);
        assert_int_equal(read_one(b, name), 1);
        assert_non_null(strstr(buf_str(&b->problems), "ends in the middle of its compressed data"));
        assert_true(b->n_lines <= 2);
    }
    assert_int_equal(b->n_lines, 2); /* that is all but a checksum */
    /* any of its bytes wrong */
    for (i = 2; i < n; i++) {
        (void)snprintf(name, sizeof name, "2023-01-22-%zu.gz", i);
        data[i] ^= 0x15;
        put_bytes(b, name, data, n);
        data[i] ^= 0x15;
        (void)read_one(b, name);
    }
    free(data);
}

static void test_truncated_gzip(void **state)
{
    struct bench *b = *state;
    struct buf text;
    unsigned char *data;
    unsigned seed = 7;
    size_t n, i;

    buf_init(&text, TEXT_BYTES);
    for (i = 0; i < 10000; i++) {
        seed = seed * 1103515245U + 12345;
        buf_addf(&text, "[%02zu:%02zu:%02zu] <a> %x\n", i / 3600, i / 60 % 60, i % 60, seed >> 8);
    }
    n = gzip_of(text.data, text.len, &data);
    put_bytes(b, "20230117.gz", data, n / 2);
    assert_int_equal(read_one(b, "20230117.gz"), 1);
    assert_in_range(b->n_lines, 4500, 5500);
    assert_non_null(strstr(buf_str(&b->problems), "20230117.gz:0: ends in the middle"));
    data[n / 2] ^= 0xff;
    data[n / 2 + 1] ^= 0xff;
    put_bytes(b, "20230118.gz", data, n);
    assert_true(read_one(b, "20230118.gz") >= 1);
    assert_non_null(strstr(buf_str(&b->problems), "compressed data is damaged after line "));
    assert_in_range(b->n_lines, 4000, 10000);
    free(data);
    buf_finish(&text);
}

/* ---- many files ------------------------------------------------------------------------------ */

static void test_merge(void **state)
{
    struct bench *b = *state;
    static const char *const names[] = {"b.log", "a.log", "empty.log"};

    put(b, "a.log",
        "[2023-01-17 10:00:00] <a> 1\n[2023-01-17 10:00:02] <a> 3\n"
        "[2023-01-17 10:00:02] <a> 4\n");
    put(b, "b.log",
        "[2023-01-17 10:00:01] <b> 2\n[2023-01-17 10:00:02] <b> 3\n"
        "[2023-01-17 10:00:09] <b> 9\n");
    put(b, "empty.log", "");
    assert_int_equal(read_paths(b, names, 3, NULL), 0);
    assert_string_equal(buf_str(&b->lines),
                        "2023-01-17T10:00:00 <a>1|10:00:01 <b>2|10:00:02 <b>3|10:00:02 <a>3|"
                        "10:00:02 <a>4|10:00:09 <b>9|");
}

/* More files than are kept open: they are closed and opened again, and what is wrong with the lines
 * before their first one is told once. */
static void test_many(void **state)
{
    struct bench *b = *state;
    struct rlimit old, few;
    const char *const dir[] = {"many/"};
    char name[64], text[200];
    int i;

    for (i = 0; i < 300; i++) {
        (void)snprintf(name, sizeof name, "many/%03d.log", i);
        (void)snprintf(text, sizeof text,
                       "%s[2023-01-17 %02d:%02d:00] <a> %d\n[2023-01-18 %02d:%02d:00] <a> %d\n",
                       i == 250 ? "hello\n" : "", (i * 7 % 300) / 60, i * 7 % 60, i * 7 % 300,
                       (i * 7 % 300) / 60, i * 7 % 60, i * 7 % 300);
        put(b, name, text);
    }
    put(b, "many/.hidden", "hello\n");
    put(b, "many/below/x.log", "hello\n");
    assert_int_equal(read_paths(b, dir, 1, NULL), 1);
    assert_string_equal(buf_str(&b->problems),
                        "many/250.log:1: no line of a log that is known: it does not begin with a "
                        "time: \"hello\"\n");
    assert_int_equal(b->n_lines, 600);
    assert_non_null(strstr(buf_str(&b->lines), "<a>298|04:59:00 <a>299|2023-01-18T00:00:00 <a>0|"));
    /* All these overlap, and not so many may be open: these are left out, and told. */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_true(read_paths(b, dir, 1, NULL) > 100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(strstr(buf_str(&b->problems), "ulimit -n"));
    assert_true(b->n_lines > 100);
}

static void test_days(void **state)
{
    struct bench *b = *state;
    struct rlimit old, few;
    const char *const dir[] = {"days"};
    char name[64];
    int i;

    for (i = 0; i < 500; i++) { /* a file a day does not need them all open */
        (void)snprintf(name, sizeof name, "days/%04d-%02d-%02d.log", 2010 + i / 250,
                       1 + i % 250 / 25, 1 + i % 25);
        put(b, name, "[00:00:00] <a> x\n[23:59:59] <a> y\n");
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(read_paths(b, dir, 1, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(b->n_lines, 1000);
}

static void test_standard_input(void **state)
{
    struct bench *b = *state;
    const char *const paths[] = {"-"};
    struct logread_options o = {.has_day = true, .channel = "#c"};
    char path[PATH_BYTES];
    int pipe_fd[2], old = dup(STDIN_FILENO), fd;

    assert_int_equal(logread_parse_day("2023-01-17", &o.day_wall_ms), 0);
    assert_int_equal(pipe(pipe_fd), 0);
    assert_true(old >= 0 && dup2(pipe_fd[0], STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(write(pipe_fd[1], "[18:34:55] <a> x\nhello\n", 23), 23);
    assert_int_equal(close(pipe_fd[0]) + close(pipe_fd[1]), 0);
    assert_int_equal(read_paths(b, paths, 1, &o), 1);
    assert_string_equal(buf_str(&b->lines), "2023-01-17T18:34:55 #c<a>x|");
    assert_non_null(strstr(buf_str(&b->problems), "(standard input):2: no line of a log"));
    put_gzip(b, "x", "[18:34:55] <a> x\n");
    fd = open(path_of(b, "x", path), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(close(fd), 0);
    assert_int_equal(read_paths(b, paths, 1, &o), 0);
    assert_string_equal(buf_str(&b->lines), "2023-01-17T18:34:55 #c<a>x|");
    assert_true(dup2(old, STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(close(old), 0);
}

/* ---- what cannot be read --------------------------------------------------------------------- */

static void test_no_logs(void **state)
{
    struct bench *b = *state;
    char tar[1024] = "name";
    static const struct {
        const char *name, *data;
        size_t n;
        const char *problem;
    } cases[] = {
        {"a.xz",
         "\xfd"
         "7zXZ\0rest",
         10, "xz -dc"},
        {"a.zst", "\x28\xb5\x2f\xfdrest", 8, "zstd -dc"},
        {"a.bz2", "BZh91AY", 7, "bzip2 -dc"},
        {"a.zip", "PK\x03\x04rest", 8, "unzip -p"},
        {"a.txt",
         "\xff\xfe[\0"
         "1\0",
         6, "iconv"},
        {"b.txt", "[2023-01-17 18:34:55] <a> x\n\0\0\0\0\n", 33, "is no text"},
    };
    const char *const none[] = {"none.log", "dir"};
    unsigned char *data;
    size_t i, n;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_bytes(b, cases[i].name, cases[i].data, cases[i].n);
        assert_int_equal(read_one(b, cases[i].name), 1);
        assert_non_null(strstr(buf_str(&b->problems), cases[i].problem));
        assert_int_equal(b->n_lines, 0);
    }
    n = gzip_of(tar, sizeof tar, &data);
    put_bytes(b, "a.tar.gz", data, n);
    free(data);
    assert_int_equal(read_one(b, "a.tar.gz"), 1);
    assert_non_null(strstr(buf_str(&b->problems), "a.tar.gz:0: is no text"));
    put(b, "dir/below/x", "");
    assert_int_equal(read_paths(b, none, 2, NULL), 2);
    assert_non_null(strstr(buf_str(&b->problems), "none.log:0: cannot be opened: No such file"));
    assert_non_null(strstr(buf_str(&b->problems), "dir:0: holds no files"));
    assert_int_equal(read_paths(b, none, 0, NULL), 0);
}

/* What a power cut leaves in a log is no reason to leave the rest out. */
static void test_nul_bytes(void **state)
{
    struct bench *b = *state;
    static const char hole[200000];
    int i;

    for (i = 0; i < 4000; i++)
        put(b, "2023-01-17.log", "[18:34:55] <a> xxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    put_bytes(b, "2023-01-17.log", hole, sizeof hole);
    put(b, "2023-01-17.log", "[18:34:56] <a> lost\n[18:34:57] <a> y\n");
    assert_int_equal(read_one(b, "2023-01-17.log"), 1);
    assert_string_equal(buf_str(&b->problems),
                        "2023-01-17.log:4001: NUL bytes are in it: left out\n");
    assert_int_equal(b->n_lines, 4001);
}

static void test_long_lines(void **state)
{
    struct bench *b = *state;
    static const size_t lengths[] = {1,      15000,  16383,  16384,  16385,   20000,  40000,
                                     131071, 131072, 131073, 147456, 1000000, 3000000};
    static char filler[3000000];
    char name[32];
    size_t i;

    memset(filler, 'x', sizeof filler);
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = lengths[i];
        bool cut = n > LOGREAD_LINE_BYTES - 15;
        const char *text;

        (void)snprintf(name, sizeof name, "20230117-%zu.log", n);
        put(b, name, "[18:34:54] <a> before\n[18:34:55] <a> ");
        put_bytes(b, name, filler, n);
        put(b, name, "\n[18:34:56] <a> behind");
        assert_int_equal(read_one(b, name), cut ? 1 : 0);
        assert_int_equal(b->n_lines, 3);
        if (cut)
            assert_non_null(strstr(buf_str(&b->problems), ".log:2: the line is too long"));
        text = strchr(buf_str(&b->lines), 'x');
        assert_int_equal(strspn(text, "x"), cut ? LOGREAD_LINE_BYTES - 15 : n);
        assert_non_null(strstr(buf_str(&b->lines), "x|18:34:56 <a>behind|"));
    }
    /* a character that would be cut in two does not make the line Latin-1 */
    for (i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof name, "20230118-%zu.log", i);
        put(b, name, "[18:34:55] <a> \xc3\xa9");
        put_bytes(b, name, filler, LOGREAD_LINE_BYTES - 15 - 2 - 3 + i);
        put(b, name, "\xf0\x9f\x98\x80 and more\n");
        assert_int_equal(read_one(b, name), 1);
        assert_non_null(strstr(buf_str(&b->lines), "\xc3\xa9xxx"));
        assert_non_null(strstr(buf_str(&b->lines), "xxx|"));
    }
    /* JSON that is cut is none */
    put(b, "a.json", "{\"ts\":1673980495,\"nick\":\"a\",\"text\":\"");
    put_bytes(b, "a.json", filler, 20000);
    put(b, "a.json", "\"}\n{\"ts\":1673980495,\"nick\":\"a\",\"text\":\"y\"}\n");
    assert_int_equal(read_one(b, "a.json"), 1);
    assert_string_equal(buf_str(&b->lines), "2023-01-17T18:34:55 <a>y|");
}

/* Each kind a few times for each file, then their number. */
static void test_many_problems(void **state)
{
    struct bench *b = *state;
    struct buf text;
    const char *const dir[] = {"many"};
    char name[64];
    int i;

    buf_init(&text, TEXT_BYTES);
    buf_adds(&text, "[2023-01-17 18:34:55] <a> x\n");
    for (i = 0; i < 1000; i++)
        buf_adds(&text, "hello\n");
    put(b, "a.log", buf_str(&text));
    assert_int_equal(read_one(b, "a.log"), 1000);
    assert_int_equal(b->n_problems, 4);
    assert_non_null(
        strstr(buf_str(&b->problems), "a.log:0: 997 more lines that are no lines of a log\n"));
    for (i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "many/%d.log", i);
        put(b, name, buf_str(&text));
    }
    assert_int_equal(read_paths(b, dir, 1, NULL), 100000);
    assert_int_equal(b->n_lines, 100);
    assert_int_equal(b->n_problems, 201);
    assert_non_null(strstr(buf_str(&b->problems), "\n(all logs):0: 200 more messages\n"));
    /* what is no log at all is not read to its end */
    buf_shift(&text, strlen("[2023-01-17 18:34:55] <a> x\n"));
    put(b, "none.log", buf_str(&text));
    put(b, "none.log", "[2023-01-17 18:34:55] <a> x\n");
    assert_int_equal(read_one(b, "none.log"), 501);
    assert_non_null(strstr(buf_str(&b->problems), "none of its first 500 lines is one of a log"));
    assert_int_equal(b->n_lines, 0);
    buf_finish(&text);
}

static void test_upside_down(void **state)
{
    struct bench *b = *state;
    char line[64];
    int i;

    for (i = 59; i >= 0; i--) {
        (void)snprintf(line, sizeof line, "[2023-01-17 18:%02d:00] <a> x\n", i);
        put(b, "a.log", line);
    }
    assert_int_equal(read_one(b, "a.log"), 60);
    assert_int_equal(b->n_problems, 3);
    assert_non_null(strstr(buf_str(&b->problems), "a.log:2: the time goes back"));
    assert_non_null(strstr(buf_str(&b->problems), "a.log:0: 58 more lines whose time is before"));
    assert_non_null(strstr(buf_str(&b->problems), "tac FILE"));
}

/* ---- options and names ----------------------------------------------------------------------- */

static void test_options(void **state)
{
    struct bench *b = *state;
    const char *const paths[] = {"#x.log", "2023-01-18.log"};
    struct logread_options o = {.has_day = true, .format = LOG_FORMAT_CLOCK, .channel = "#c"};
    int64_t day;

    put(b, paths[0], "[18:34:55] <a> x\n18:34:56 <a> y\n");
    put(b, paths[1], "[18:34:55] <a> z\n");
    assert_int_equal(logread_parse_day("2023-01-17", &o.day_wall_ms), 0);
    assert_int_equal(read_paths(b, paths, 2, &o), 1);
    assert_string_equal(buf_str(&b->lines),
                        "2023-01-17T18:34:55 #c<a>x|2023-01-18T18:34:55 #c<a>z|");
    assert_string_equal(
        buf_str(&b->problems),
        "#x.log:2: left out: it is in the format \"irssi\", and \"clock\" is asked for\n");
    assert_int_equal(logread_parse_day("2023-02-30", &day), CRIER_EINVAL);
    assert_int_equal(logread_parse_day("17.01.2023", &day), CRIER_EINVAL);
    assert_int_equal(logread_parse_day("", &day), CRIER_EINVAL);
    assert_int_equal(logread_parse_day("2023-01-17T", &day), CRIER_EINVAL);
}

static void test_format_names(void **state)
{
    enum log_format f, got;

    (void)state;
    for (f = LOG_FORMAT_ANY; f <= LOG_FORMAT_JSON; f++) {
        assert_true(log_format_parse(log_format_name(f), &got));
        assert_int_equal(got, f);
    }
    assert_true(log_format_parse("znc", &got));
    assert_int_equal(got, LOG_FORMAT_CLOCK);
    assert_false(log_format_parse("mirc", &got));
    assert_false(log_format_parse("", &got));
}

static void test_names(void **state)
{
    static const struct {
        const char *path, *day, *channel;
    } cases[] = {
        {"20230117.txt", "2023-01-17", ""},
        {"2023-01-17.txt", "2023-01-17", ""},
        {"logs/2023_01_17.txt.gz", "2023-01-17", ""},
        {"logs/2023.01.17", "2023-01-17", ""},
        {"logs/2023/01/17.log", "2023-01-17", ""},
        {"/2023/01/17.log", "2023-01-17", ""},
        {"2023/01/17", "2023-01-17", ""},
        {"x2023/01/17", "", ""},
        {"2023/13/17", "", ""},
        {"2023/01/171", "", ""},
        {"2023/01/", "", ""},
        {"17.log", "", ""},
        {"#c_20230117.log", "2023-01-17", "#c"},
        {"libera_#wikimedia-operations_20230117.log", "2023-01-17", "#wikimedia-operations"},
        {"#c.2023-01-17.log.gz", "2023-01-17", "#c"},
        {"#c.log-20230117.gz", "2023-01-17", "#c"},
        {"#c.log.1.gz", "", "#c"},
        {"#c.log.12", "", "#c"},
        {"irc.libera.#wikimedia-sre.weechatlog", "", "#wikimedia-sre"},
        {"/var/#d/libera/#c/2023-01-17.log", "2023-01-17", "#c"},
        {"/var/%23%23c/20230117.txt", "2023-01-17", "##c"},
        {"%23c", "", "#c"},
        {"#", "", "#"},
        {"c#.log", "", ""},
        {"120230117.txt", "", ""},
        {"202301170.txt", "", ""},
        {"2023-0117.txt", "", ""},
        {"2023-01.17.txt", "", ""},
        {"20230230.txt", "", ""},
        {"99990101.txt", "", ""},
        {"2022-01-01-to-2023-01-17.txt", "2023-01-17", ""},
        {"2023", "", ""},
        {"2023-", "", ""},
        {"2023-01", "", ""},
        {"2023-01-", "", ""},
        {"", "", ""},
        {"/", "", ""},
        {"-", "", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char channel[LOGNAME_CHANNEL_BYTES], day[WHEN_BYTES] = "";
        int64_t wall_ms;

        if (logname_day(cases[i].path, &wall_ms))
            (void)when_date(wall_ms, day);
        logname_channel(cases[i].path, channel);
        if (strcmp(day, cases[i].day) != 0 || strcmp(channel, cases[i].channel) != 0)
            fail_msg("%s: \"%s\" \"%s\"", cases[i].path, day, channel);
    }
}

static void test_progress(void **state)
{
    struct bench *b = *state;
    char path[PATH_BYTES];
    const char *const paths[] = {path_of(b, "a.log", path)};
    struct logread *lr;
    struct log_line line;
    int64_t got, of;

    put(b, "a.log", "[2023-01-17 18:34:55] <a> x\n");
    assert_int_equal(logread_create(paths, 1, NULL, &lr), 0);
    while (!logread_next(lr, &line))
        ;
    logread_progress(lr, &got, &of);
    assert_int_equal(got, 28);
    assert_int_equal(of, 28);
    logread_destroy(lr);
    logread_destroy(NULL);
}

/* Names of files go to a terminal, and whoever packed a directory of logs chose them. */
static void names_are_printed_clean(void **state)
{
    struct bench *b = *state;

    put(b, "evil\x1b[31m\n.log", "[nonsense\n");
    assert_int_equal(read_one(b, "evil\x1b[31m\n.log"), 1);
    assert_non_null(strstr(buf_str(&b->problems), "evil[31m .log:1: "));
    assert_null(strchr(buf_str(&b->problems), 0x1b));
    put_bytes(b, "evil\x1b[32m", "\0\0\0\0", 4);
    assert_int_equal(read_one(b, "evil\x1b[32m"), 1);
    assert_non_null(strstr(buf_str(&b->problems), "evil[32m:0: "));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_dated, setup, teardown),
    cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
    cmocka_unit_test_setup_teardown(test_irssi, setup, teardown),
    cmocka_unit_test_setup_teardown(test_weechat, setup, teardown),
    cmocka_unit_test_setup_teardown(test_json, setup, teardown),
    cmocka_unit_test_setup_teardown(test_text, setup, teardown),
    cmocka_unit_test_setup_teardown(test_bad_lines, setup, teardown),
    cmocka_unit_test_setup_teardown(test_gzip, setup, teardown),
    cmocka_unit_test_setup_teardown(test_truncated_gzip, setup, teardown),
    cmocka_unit_test_setup_teardown(test_merge, setup, teardown),
    cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    cmocka_unit_test_setup_teardown(test_days, setup, teardown),
    cmocka_unit_test_setup_teardown(test_standard_input, setup, teardown),
    cmocka_unit_test_setup_teardown(test_no_logs, setup, teardown),
    cmocka_unit_test_setup_teardown(test_nul_bytes, setup, teardown),
    cmocka_unit_test_setup_teardown(test_long_lines, setup, teardown),
    cmocka_unit_test_setup_teardown(test_many_problems, setup, teardown),
    cmocka_unit_test_setup_teardown(test_upside_down, setup, teardown),
    cmocka_unit_test_setup_teardown(test_options, setup, teardown),
    cmocka_unit_test_setup_teardown(test_format_names, setup, teardown),
    cmocka_unit_test_setup_teardown(test_names, setup, teardown),
    cmocka_unit_test_setup_teardown(test_progress, setup, teardown),
    cmocka_unit_test_setup_teardown(names_are_printed_clean, setup, teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
