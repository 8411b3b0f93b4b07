#include "logread_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "logread_input.h"
#include "logread_name.h"
#include "logread_text.h"
#include "utf8.h"
#include "when.h"

#define STDIN_NAME "(standard input)"

enum {
    TOLD_EACH = 3,     /* of one kind in one file; the others are counted */
    TOLD_ALL = 200,    /* messages of all files */
    STRANGE_MAX = 500, /* lines that are none, before the first that is one */
    QUOTED_BYTES = 60,
    MESSAGE_BYTES = 400,
    BACK_LEAST = 10, /* lines that go back: is it upside down? */
    HALF_DAY_MS = 12 * 60 * 60 * 1000
};

static const int64_t DAY_MS = INT64_C(86400000);
static const int64_t IRC_BEGAN_MS = INT64_C(567993600000); /* 1988: before, a clock is not set */

/* What may be wrong with a line. */
enum wrong { UNKNOWN, NO_DAY, DAY_WORDS, BACK, AHEAD, CUT, NULS, OTHER_FORMAT, N_WRONG };

struct logfile {
    struct log_shared *shared;
    char *path;
    char *name; /* the path, or what stands for it, as it can be printed */
    char channel[LOGNAME_CHANNEL_BYTES];
    bool day_known; /* at the beginning, */
    int64_t first_day_ms;
    bool regular;
    int64_t size;
    bool done;
    struct log_input *input; /* NULL: not open */
    int64_t taken;           /* before it was closed */
    struct logline_reader reader;
    char *scratch; /* for lines in other encodings; NULL until there is one */
    struct log_line line;
    long number; /* of the line */
    long quiet;  /* up to this line everything was told */
    long said, strange;
    bool has_day;
    int64_t day_ms;   /* of lines that tell the clock alone, */
    int32_t clock_ms; /* and the clock of the last one, or -1 */
    bool has_last;
    int64_t last_ms;
    long wrong[N_WRONG];
};

/* ---- complaints ------------------------------------------------------------------------------ */

/* A name is whatever whoever made the file wanted, and goes to terminals. */
static char *clean_name(const char *path)
{
    char *name = strdup(strcmp(path, "-") != 0 ? path : STDIN_NAME);

    if (name && !utf8_clean(name, strlen(name), name))
        memcpy(name, "?", 2); /* no path is empty */
    return name;
}

/* @param name a clean one. */
static void tell(struct log_shared *shared, const char *name, long line, char *text)
{
    if (shared->told >= TOLD_ALL) {
        shared->untold++;
        return;
    }
    shared->told++;
    (void)utf8_clean(text, strlen(text), text);
    if (shared->options.sink.problem)
        shared->options.sink.problem(shared->options.sink.ctx, name, line, text);
}

void log_complain(struct log_shared *shared, const char *name, const char *fmt, ...)
{
    char text[MESSAGE_BYTES];
    char *clean = clean_name(name);
    va_list ap;

    va_start(ap, fmt);
    (void)utf8_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    shared->problems++;
    tell(shared, clean ? clean : "?", 0, text);
    free(clean);
}

static void complain(struct logfile *f, enum wrong kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct logfile *f, enum wrong kind, const char *fmt, ...)
{
    char text[MESSAGE_BYTES];
    va_list ap;

    if (f->number <= f->quiet)
        return;
    f->shared->problems++;
    f->wrong[kind]++;
    if (f->wrong[kind] > (kind == BACK ? 1 : TOLD_EACH))
        return;
    va_start(ap, fmt);
    (void)utf8_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    tell(f->shared, f->name, f->number, text);
}

/* What was only counted. */
static void summarize(struct logfile *f)
{
    static const char *const what[N_WRONG] = {
        [UNKNOWN] = "that are no lines of a log",
        [NO_DAY] = "whose day is not known: they are left out",
        [DAY_WORDS] = "that tell a day in words that are not known",
        [BACK] = "whose time is before that of a line before them",
        [AHEAD] = "whose time is far ahead of the lines around them",
        [CUT] = "that are too long",
        [NULS] = "with NUL bytes: they are left out",
        [OTHER_FORMAT] = "in another format: they are left out",
    };
    char text[MESSAGE_BYTES];
    int i;

    for (i = 0; i < N_WRONG; i++) {
        long more = f->wrong[i] - (i == BACK ? 1 : TOLD_EACH);

        if (more <= 0)
            continue;
        (void)snprintf(text, sizeof text, "%ld more lines %s", more, what[i]);
        tell(f->shared, f->name, 0, text);
    }
    if (f->wrong[BACK] >= BACK_LEAST && f->wrong[BACK] > f->said / 2)
        log_complain(f->shared, f->name,
                     "most times go back: is the newest line the first? Then turn it round: "
                     "tac FILE | crier replay ... -");
}

/* ---- opening --------------------------------------------------------------------------------- */

static void close_file(struct logfile *f)
{
    if (f->input)
        f->taken = log_input_taken(f->input);
    log_input_destroy(f->input);
    f->input = NULL;
    logline_finish(&f->reader);
    free(f->scratch);
    f->scratch = NULL;
}

/* @return CRIER_ENOENT */
static int finish(struct logfile *f)
{
    f->done = true;
    summarize(f);
    close_file(f);
    return CRIER_ENOENT;
}

/* As before the first line. */
static void rewind_state(struct logfile *f)
{
    memset(&f->reader, 0, sizeof f->reader);
    f->number = f->said = f->strange = 0;
    f->has_day = f->day_known;
    f->day_ms = f->first_day_ms;
    f->clock_ms = -1;
    f->has_last = false;
    f->taken = 0;
}

/* @return NULL, or what is wrong with it. */
static const char *refusal(enum log_input_kind kind)
{
    switch (kind) {
    case LOG_INPUT_TEXT:
    case LOG_INPUT_GZIP:
        return NULL;
    case LOG_INPUT_XZ:
        return "is compressed with xz, which is not read: xz -dc FILE | crier replay ... -";
    case LOG_INPUT_ZSTD:
        return "is compressed with zstd, which is not read: zstd -dc FILE | crier replay ... -";
    case LOG_INPUT_BZIP2:
        return "is compressed with bzip2, which is not read: bzip2 -dc FILE | crier replay ... -";
    case LOG_INPUT_ZIP:
        return "is a zip archive, which is not read: unzip -p FILE | crier replay ... -";
    case LOG_INPUT_UTF16:
        return "is in UTF-16: iconv -f UTF-16 -t UTF-8 FILE | crier replay ... -";
    case LOG_INPUT_BINARY:
        return "is no text (it holds NUL bytes): left out";
    }
    return NULL;
}

/* @return 0, CRIER_ENOENT or CRIER_ENOMEM. */
static int open_file(struct logfile *f)
{
    struct stat st;
    const char *why;
    int fd = strcmp(f->path, "-") != 0 ? open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
                                       : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

    if (fd < 0 || fstat(fd, &st)) {
        if (errno == EMFILE || errno == ENFILE)
            log_complain(f->shared, f->name,
                         "cannot be opened, too many files are: give fewer at once, or raise the "
                         "limit (ulimit -n)");
        else
            log_complain(f->shared, f->name, "cannot be opened: %s", strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return finish(f);
    }
    f->regular = S_ISREG(st.st_mode) && strcmp(f->path, "-") != 0;
    f->size = S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
    rewind_state(f);
    if (log_input_create(fd, LOGREAD_LINE_BYTES, &f->input)) {
        f->done = true;
        return CRIER_ENOMEM;
    }
    why = refusal(log_input_kind(f->input));
    if (!why)
        return 0;
    log_complain(f->shared, f->name, "%s", why);
    return finish(f);
}

/* ---- times ----------------------------------------------------------------------------------- */

/* The time of a line with a clock alone; follows midnight. @return false: the day is not known. */
static bool find_time(struct logfile *f, const struct logline *l, int64_t *ret_wall_ms)
{
    if (l->dated) {
        *ret_wall_ms = l->wall_ms;
        return true;
    }
    if (f->has_day && f->clock_ms - l->clock_ms > HALF_DAY_MS)
        f->day_ms += DAY_MS;
    f->clock_ms = l->clock_ms;
    *ret_wall_ms = f->day_ms + l->clock_ms;
    return f->has_day;
}

/* Whether the line behind is well before this one again; what this one gets instead is set then. */
static bool is_ahead(struct logfile *f, int64_t wall_ms, int64_t *ret_wall_ms)
{
    struct logline next = {.dated = false};
    const char *text;
    size_t n;

    if ((f->has_last && wall_ms - f->last_ms <= HALF_DAY_MS) ||
        !log_input_peek(f->input, &text, &n) || !logline_read_time(&f->reader, text, n, &next) ||
        !next.dated || wall_ms - next.wall_ms <= HALF_DAY_MS ||
        next.wall_ms < (f->has_last ? f->last_ms : IRC_BEGAN_MS))
        return false;
    *ret_wall_ms = f->has_last ? f->last_ms : next.wall_ms;
    return true;
}

/* @return the time that a line gets. */
static int64_t put_in_order(struct logfile *f, const struct logline *l, int64_t wall_ms)
{
    char was[WHEN_BYTES], is[WHEN_BYTES];
    int64_t instead;

    if (f->has_last && wall_ms < f->last_ms) {
        complain(f, BACK,
                 "the time goes back, from %s to %s (a clock set back? summer time?): lines are "
                 "taken for as late as the line before until times go on",
                 when_iso(f->last_ms, was), when_iso(wall_ms, is));
        wall_ms = f->last_ms;
    } else if (l->dated && is_ahead(f, wall_ms, &instead)) {
        complain(f, AHEAD, "the time %s is far ahead of the lines around it: taken for %s",
                 when_iso(wall_ms, is), when_iso(instead, was));
        wall_ms = instead;
    }
    f->has_last = true;
    f->last_ms = wall_ms;
    return wall_ms;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *trimmed(char *s, size_t n)
{
    while (n && s[n - 1] == ' ')
        s[--n] = '\0';
    while (*s == ' ')
        s++;
    return s;
}

/* @return false: nobody is left who said it. */
static bool set_line(struct logfile *f, struct logline *l, unsigned flags, int64_t wall_ms)
{
    struct log_line *line = &f->line;

    line->wall_ms = wall_ms;
    line->nick = l->nick;
    line->channel = f->channel;
    line->file = f->name;
    line->line = f->number;
    line->action = l->action;
    line->notice = l->notice;
    l->nick[l->nick_bytes] = '\0';
    if (flags || l->format == LOG_FORMAT_JSON) /* of the line: a tab between them, perhaps */
        flags = logtext_look(l->nick, l->nick_bytes) | logtext_look(l->text, l->text_bytes);
    if (flags) {
        (void)utf8_clean(l->nick, l->nick_bytes, l->nick);
        (void)utf8_clean(l->text, l->text_bytes, l->text);
        line->text = l->text;
    } else {
        line->text = trimmed(l->text, l->text_bytes);
    }
    if (l->channel) {
        (void)utf8_clean(l->channel, l->channel_bytes, l->channel);
        line->channel = l->channel;
    }
    return *l->nick != '\0';
}

static void complain_unknown(struct logfile *f, const char *text, const char *why)
{
    complain(f, UNKNOWN, "no line of a log that is known: %s: \"%.*s\"", why, QUOTED_BYTES, text);
}

/* Somebody said something. @return whether it is a line. */
static bool take_said(struct logfile *f, struct logline *l, unsigned flags)
{
    enum log_format wanted = f->shared->options.format;
    int64_t wall_ms;

    if (wanted != LOG_FORMAT_ANY && l->format != wanted) {
        complain(f, OTHER_FORMAT, "left out: it is in the format \"%s\", and \"%s\" is asked for",
                 log_format_name(l->format), log_format_name(wanted));
        return false;
    }
    if (!find_time(f, l, &wall_ms)) {
        complain(f, NO_DAY,
                 "the day cannot be told: the line has a time alone, and the file's name no date; "
                 "name the file like 2023-01-17.log, or give --date 2023-01-17");
        return false;
    }
    f->said++;
    if (set_line(f, l, flags, put_in_order(f, l, wall_ms)))
        return true;
    complain_unknown(f, "", "nobody's name is in it");
    return false;
}

/* @return whether it is a line of somebody. */
static bool take_line(struct logfile *f, char *text, size_t n, unsigned flags)
{
    struct logline l;
    int64_t wall_ms;

    logline_read(&f->reader, text, n, &l);
    switch (l.kind) {
    case LOGLINE_SAID:
        return take_said(f, &l, flags);
    case LOGLINE_EVENT:
        if (l.format != LOG_FORMAT_ANY && !l.dated)
            (void)find_time(f, &l, &wall_ms);
        break;
    case LOGLINE_DAY:
        f->has_day = true;
        f->day_ms = l.wall_ms;
        f->clock_ms = l.clock_ms;
        break;
    case LOGLINE_NO_DAY:
        complain(f, DAY_WORDS,
                 "a day in words that are not known (English months are): days are counted from "
                 "midnight to midnight");
        break;
    case LOGLINE_UNKNOWN:
        f->strange++;
        complain_unknown(f, text, l.why);
        break;
    }
    return false;
}

/* At the end. @return CRIER_ENOENT */
static int end(struct logfile *f)
{
    switch (log_input_end(f->input)) {
    case LOG_INPUT_OPEN:
    case LOG_INPUT_ENDED:
        break;
    case LOG_INPUT_TRUNCATED:
        log_complain(f->shared, f->name,
                     "ends in the middle of its compressed data: its first %ld lines are read",
                     f->number);
        break;
    case LOG_INPUT_DAMAGED:
        log_complain(f->shared, f->name, "its compressed data is damaged after line %ld",
                     f->number);
        break;
    case LOG_INPUT_TRAILING:
        log_complain(f->shared, f->name, "has something behind its compressed data: left out");
        break;
    case LOG_INPUT_FAILED:
        log_complain(f->shared, f->name, "cannot be read on after line %ld: %s", f->number,
                     strerror(log_input_errno(f->input)));
        break;
    }
    return finish(f);
}

/* Lines that are not UTF-8 are moved to the scratch. @return 0 or CRIER_ENOMEM. */
static int decode(struct logfile *f, struct log_input_line *raw)
{
    if (utf8_is_valid(raw->text))
        return 0;
    if (!f->scratch)
        f->scratch = malloc((size_t)3 * LOGREAD_LINE_BYTES + 1);
    if (!f->scratch)
        return CRIER_ENOMEM;
    raw->bytes = logtext_from_windows(raw->text, raw->bytes, f->scratch);
    raw->text = f->scratch;
    return 0;
}

int logfile_next(struct logfile *f)
{
    struct log_input_line raw;
    int r;

    if (f->done)
        return CRIER_ENOENT;
    if (!f->input) {
        r = open_file(f);
        if (r)
            return r;
    }
    while (log_input_line(f->input, &raw)) {
        unsigned flags = logtext_look(raw.text, raw.bytes);

        f->number++;
        raw.text[raw.bytes] = '\0';
        if (flags & LOGTEXT_NUL) {
            complain(f, NULS, "NUL bytes are in it: left out");
            continue;
        }
        if (raw.cut)
            complain(f, CUT, "the line is too long: its first %d bytes are read",
                     LOGREAD_LINE_BYTES);
        if (raw.cut && raw.text[0] == '{')
            continue;
        if ((flags & LOGTEXT_HIGH) && decode(f, &raw)) {
            close_file(f);
            f->done = true;
            return CRIER_ENOMEM;
        }
        if (take_line(f, raw.text, raw.bytes, flags))
            return 0;
        if (f->strange >= STRANGE_MAX && !f->said) {
            log_complain(f->shared, f->name,
                         "none of its first %ld lines is one of a log: left out. Formats: "
                         "[2023-01-17 18:34:55] <nick> text; [18:34:55] <nick> text (wm-bot, ZNC, "
                         "energymech); irssi; WeeChat; JSON lines",
                         f->number);
            return finish(f);
        }
    }
    return end(f);
}

const struct log_line *logfile_line(const struct logfile *f)
{
    return &f->line;
}

/* ---- life ------------------------------------------------------------------------------------ */

int logfile_create(const char *path, struct log_shared *shared, struct logfile **ret_file)
{
    struct logfile *f = calloc(1, sizeof *f);

    if (!f)
        return CRIER_ENOMEM;
    f->path = strdup(path);
    f->name = clean_name(path);
    if (!f->path || !f->name) {
        free(f->path);
        free(f->name);
        free(f);
        return CRIER_ENOMEM;
    }
    f->shared = shared;
    f->day_known = logname_day(path, &f->first_day_ms);
    if (!f->day_known && shared->options.has_day) {
        f->day_known = true;
        f->first_day_ms = shared->options.day_wall_ms;
    }
    if (shared->options.channel)
        (void)utf8_print(f->channel, sizeof f->channel, "%s", shared->options.channel);
    else
        logname_channel(path, f->channel);
    (void)utf8_clean(f->channel, strlen(f->channel), f->channel);
    *ret_file = f;
    return 0;
}

void logfile_destroy(struct logfile *f)
{
    if (!f)
        return;
    close_file(f);
    free(f->path);
    free(f->name);
    free(f);
}

bool logfile_park(struct logfile *f)
{
    if (!f->regular)
        return false;
    f->quiet = f->number;
    close_file(f);
    f->taken = 0;
    return true;
}

void logfile_progress(const struct logfile *f, int64_t *ret_bytes, int64_t *ret_of_bytes)
{
    *ret_bytes = f->input ? log_input_taken(f->input) : f->taken;
    *ret_of_bytes = f->size;
}
