#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { LINE_BYTES = 2048 };

static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

/* One write for one line, so that lines of two threads do not mix. Leaves errno alone. */
static void write_line(const char *level, const char *module, int errnum, const char *fmt,
                       va_list ap) __attribute__((format(printf, 4, 0)));

/* What was not quoted must still not make a second line, speak to a terminal or turn text around.
 */
static void tame(char *line)
{
    while (*line) {
        size_t n = utf8_char_bytes(line);
        uint32_t c = n ? utf8_decode(line) : 0;

        if (!n)
            n = 1;
        if (!c || utf8_is_unsafe(c) || (c != ' ' && utf8_is_space(c)))
            memset(line, '?', n);
        line += n;
    }
}

static void write_line(const char *level, const char *module, int errnum, const char *fmt,
                       va_list ap)
{
    char line[LINE_BYTES], text[128];
    int saved_errno = errno, n;
    size_t used;

    n = snprintf(line, sizeof line, "%s %s%s", level, module, module[0] ? ": " : "");
    used = n > 0 ? (size_t)n : 0;
    if (used < sizeof line) {
        n = vsnprintf(line + used, sizeof line - used, fmt, ap);
        used += n > 0 ? (size_t)n : 0;
    }
    if (errnum && used < sizeof line) {
        n = snprintf(line + used, sizeof line - used, ": %s",
                     strerror_r(errnum, text, sizeof text));
        used += n > 0 ? (size_t)n : 0;
    }
    if (used > sizeof line - 2) {
        used = utf8_cut(line, sizeof line - 5);
        memcpy(line + used, "...", 3);
        used += 3;
    }
    line[used] = '\0';
    tame(line);
    line[used] = '\n';
    (void)fwrite(line, 1, used + 1, stderr);
    (void)fflush(stderr);
    errno = saved_errno;
}

#define LOG_BODY(level, name, errnum)          \
    va_list ap;                                \
    if (threshold > (level))                   \
        return;                                \
    va_start(ap, fmt);                         \
    write_line(name, module, errnum, fmt, ap); \
    va_end(ap)

void log_debug(const char *module, const char *fmt, ...)
{
    LOG_BODY(LOG_LEVEL_DEBUG, "debug", 0);
}

void log_info(const char *module, const char *fmt, ...)
{
    LOG_BODY(LOG_LEVEL_INFO, "info", 0);
}

void log_warnx(const char *module, const char *fmt, ...)
{
    LOG_BODY(LOG_LEVEL_WARN, "warn", 0);
}

void log_warn(const char *module, const char *fmt, ...)
{
    int errnum = errno;

    LOG_BODY(LOG_LEVEL_WARN, "warn", errnum);
}

void log_errorx(const char *module, const char *fmt, ...)
{
    LOG_BODY(LOG_LEVEL_ERROR, "error", 0);
}

void log_audit(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line("audit", "", 0, fmt, ap);
    va_end(ap);
}

/* How the character at text is written: as it is (n bytes), or its first byte as \xNN. */
static bool is_plain(const char *text, size_t *ret_n)
{
    size_t n = utf8_char_bytes(text);

    *ret_n = n ? n : 1;
    if (n && !utf8_is_unsafe(utf8_decode(text)) && *text != '"' && *text != '\\')
        return true;
    *ret_n = 1;
    return false;
}

/* Bytes of the text between its quotes, or more than limit. */
static size_t quoted_bytes(const char *text, size_t limit)
{
    size_t total = 0, n;

    while (*text && total <= limit) {
        total += is_plain(text, &n) ? n : 4;
        text += n;
    }
    return total;
}

char *log_quote(char *dst, size_t size, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    size_t used = 0, room = size - 3, n; /* without the quotes and the NUL */
    bool whole;

    if (!text) {
        (void)snprintf(dst, size, "(none)");
        return dst;
    }
    whole = quoted_bytes(text, room) <= room;
    dst[used++] = '"';
    for (; *text; text += n) {
        bool plain = is_plain(text, &n);

        if (!whole && used - 1 + (plain ? n : 4) > room - 3) {
            memcpy(dst + used, "...", 3);
            used += 3;
            break;
        }
        if (plain) {
            memcpy(dst + used, text, n);
            used += n;
        } else {
            unsigned char c = (unsigned char)*text;

            dst[used++] = '\\';
            dst[used++] = 'x';
            dst[used++] = hex[c >> 4];
            dst[used++] = hex[c & 15];
        }
    }
    dst[used++] = '"';
    dst[used] = '\0';
    return dst;
}
