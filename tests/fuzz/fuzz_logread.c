/*
 * fuzz_logread: any bytes whatever as the log of a channel.
 *
 * For libFuzzer. The first byte chooses how it is read: a file or a pipe, with or without a day,
 * which format. Whatever is in it, times never go back, what is handed out is clean text, what is
 * told is told once in a while, and reading it twice gives the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "logread.h"
#include "logread_name.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATHS = 3, PATH_BYTES = 64, TOLD_MAX = 220 };

struct seen {
    long told;
    int64_t lines;
    uint64_t hash;
};

static void check_text(const char *text)
{
    for (; *text; text += utf8_char_bytes(text))
        assert(utf8_char_bytes(text) && !utf8_is_unsafe(utf8_decode(text)));
}

static void mix(struct seen *s, const char *text)
{
    for (; *text; text++)
        s->hash = (s->hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
}

static void on_problem(void *ctx, const char *file, long line, const char *text)
{
    struct seen *s = ctx;

    assert(*file && line >= 0 && *text);
    check_text(text);
    s->told++;
}

static void check_line(const struct log_line *line, int64_t last_ms, struct seen *s)
{
    char clean[LOGREAD_LINE_BYTES * 3 + 1];
    size_t n = strlen(line->text);

    assert(line->wall_ms >= last_ms);
    assert(line->line > 0 && *line->file && *line->nick);
    check_text(line->nick);
    check_text(line->text);
    check_text(line->channel);
    assert(n < sizeof clean);
    assert(utf8_clean(line->text, n, clean) == n && !memcmp(clean, line->text, n));
    n = strlen(line->nick);
    assert(utf8_clean(line->nick, n, clean) == n && !memcmp(clean, line->nick, n));
    s->lines++;
    mix(s, line->nick);
    mix(s, line->text);
    mix(s, line->channel);
    s->hash = (s->hash ^ (uint64_t)line->wall_ms) * UINT64_C(1099511628211);
}

static void read_all(const char *const *path, size_t n, const struct logread_options *options,
                     struct seen *s)
{
    struct logread_options o = *options;
    struct logread *lr;
    struct log_line line;
    int64_t last_ms = INT64_MIN, got, of;

    memset(s, 0, sizeof *s);
    o.sink = (struct logread_sink){.ctx = s, .problem = on_problem};
    if (logread_create(path, n, &o, &lr))
        return;
    while (!logread_next(lr, &line)) {
        check_line(&line, last_ms, s);
        last_ms = line.wall_ms;
    }
    logread_progress(lr, &got, &of);
    assert(got >= 0 && of >= 0);
    assert(s->told <= TOLD_MAX && logread_problems(lr) >= (s->told > 0));
    logread_destroy(lr);
}

/* A path that may be read again and again. @return its descriptor. */
static int write_memory(const uint8_t *data, size_t size, char path[PATH_BYTES])
{
    int fd = memfd_create("log", MFD_CLOEXEC);

    assert(fd >= 0);
    assert(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

static void check_name(const uint8_t *data, size_t size)
{
    char path[200], channel[LOGNAME_CHANNEL_BYTES];
    int64_t wall_ms;

    if (size >= sizeof path)
        size = sizeof path - 1;
    memcpy(path, data, size);
    path[size] = '\0';
    (void)logname_day(path, &wall_ms);
    logname_channel(path, channel);
    assert(strlen(channel) < sizeof channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct logread_options options = {.format = LOG_FORMAT_ANY};
    char path[PATHS][PATH_BYTES];
    const char *const paths[PATHS] = {path[0], path[1], path[2]};
    int fd[PATHS];
    struct seen one, two;
    size_t n = 1, i;

    if (!size)
        return 0;
    check_name(data + 1, size - 1);
    options.has_day = data[0] & 1;
    options.day_wall_ms = 1673913600000;
    if (data[0] & 2)
        options.format = (enum log_format)(data[0] >> 5) % (LOG_FORMAT_JSON + 1);
    if (data[0] & 4)
        options.channel = "#c";
    if (data[0] & 8)
        n = PATHS; /* in as many parts, which are merged */
    data++;
    size--;
    for (i = 0; i < n; i++)
        fd[i] =
            write_memory(data + size / n * i, i + 1 < n ? size / n : size - size / n * i, path[i]);
    read_all(paths, n, &options, &one);
    read_all(paths, n, &options, &two);
    assert(one.told == two.told && one.lines == two.lines && one.hash == two.hash);
    for (i = 0; i < n; i++)
        (void)close(fd[i]);
    return 0;
}
