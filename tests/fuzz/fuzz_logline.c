/*
 * fuzz_logline: any bytes whatever as lines of a log, without files and clean-up around them.
 *
 * For libFuzzer. Each line is read in memory of its own, so that one byte too far is noticed; and
 * the fast look at its bytes must find what a slow one finds.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "logread_line.h"
#include "logread_text.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned look_slowly(const char *s, size_t n)
{
    unsigned found = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        found |= c > 0x7e ? LOGTEXT_HIGH : 0U;
        found |= c < 0x20 ? LOGTEXT_CONTROL : 0U;
        found |= !c ? LOGTEXT_NUL : 0U;
        found |= c == ' ' && i + 1 < n && s[i + 1] == ' ' ? LOGTEXT_BLANKS : 0U;
    }
    return found;
}

static void check_windows(const char *s, size_t n)
{
    char *dst = malloc(3 * n + 1);
    size_t got;

    if (!dst)
        return;
    got = logtext_from_windows(s, n, dst);
    assert(got <= 3 * n && !dst[got]);
    assert(memchr(s, 0, n) || utf8_is_valid(dst));
    free(dst);
}

/* Inside of its n bytes (and the one behind them), or JSON's. */
static void check_part(const char *part, size_t bytes, const char *line, size_t n, bool json)
{
    assert(part);
    assert(part[bytes] == '\0');
    if (!json)
        assert(part >= line && part + bytes <= line + n);
}

static void check_line(struct logline_reader *r, const uint8_t *data, size_t n)
{
    char *line = malloc(n + 1);
    struct logline l;
    int64_t wall_ms;

    if (!line)
        return;
    memcpy(line, data, n);
    line[n] = 'x';
    assert(logtext_look(line, n) == look_slowly(line, n));
    check_windows(line, n);
    (void)logline_parse_time(line, n, &wall_ms);
    (void)logline_read_time(r, line, n, &l);
    logline_read(r, line, n, &l);
    switch (l.kind) {
    case LOGLINE_SAID:
        assert(l.format != LOG_FORMAT_ANY && l.nick_bytes);
        assert(l.dated || (l.clock_ms >= 0 && l.clock_ms < 24 * 60 * 60 * 1000));
        if (l.format != LOG_FORMAT_JSON)
            check_part(l.nick, l.nick_bytes, line, n, false);
        check_part(l.text, l.text_bytes, line, n, l.format == LOG_FORMAT_JSON);
        if (l.channel)
            check_part(l.channel, l.channel_bytes, line, n, l.format == LOG_FORMAT_JSON);
        break;
    case LOGLINE_DAY:
        assert(l.wall_ms % 86400000 == 0);
        assert(l.clock_ms >= -1 && l.clock_ms < 24 * 60 * 60 * 1000);
        break;
    case LOGLINE_UNKNOWN:
        assert(l.why);
        break;
    case LOGLINE_EVENT:
    case LOGLINE_NO_DAY:
        break;
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct logline_reader r = {.has_day = false};

    while (size) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t n = newline ? (size_t)(newline - data) : size;

        check_line(&r, data, n);
        n += newline ? 1 : 0;
        data += n;
        size -= n;
    }
    logline_finish(&r);
    return 0;
}
