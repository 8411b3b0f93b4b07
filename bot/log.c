#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { LINE_BYTES = 2048 };

static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

/* One write for one line, so that lines of two threads do not mix. */
static void write_line(const char *level, const char *module, int errnum, const char *fmt,
                       va_list ap) __attribute__((format(printf, 4, 0)));

static void write_line(const char *level, const char *module, int errnum, const char *fmt,
                       va_list ap)
{
    char line[LINE_BYTES];
    size_t used;
    int n;

    n = snprintf(line, sizeof line, "%s %s%s", level, module, module[0] ? ": " : "");
    used = n > 0 ? (size_t)n : 0;
    if (used < sizeof line) {
        n = vsnprintf(line + used, sizeof line - used, fmt, ap);
        used += n > 0 ? (size_t)n : 0;
    }
    if (errnum && used < sizeof line) {
        n = snprintf(line + used, sizeof line - used, ": %s", strerror(errnum));
        used += n > 0 ? (size_t)n : 0;
    }
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used] = '\n';
    (void)fwrite(line, 1, used + 1, stderr);
    (void)fflush(stderr);
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

char *log_quote(char *dst, size_t size, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    size_t used = 0;

    if (!text) {
        (void)snprintf(dst, size, "(none)");
        return dst;
    }
    dst[used++] = '"';
    while (*text) {
        size_t n = utf8_char_bytes(text);
        bool plain = n > 1 || (n == 1 && (unsigned char)*text >= 0x20 && *text != 0x7f &&
                               *text != '"' && *text != '\\');
        size_t need = plain ? n : 4;

        if (plain && n > 1 && utf8_is_unsafe(utf8_decode(text)))
            plain = false, n = 1, need = 4; /* C1 controls, bidi: byte by byte */
        if (used + need + 5 > size) {
            memcpy(dst + used, "...", 3);
            used += 3;
            break;
        }
        if (plain) {
            memcpy(dst + used, text, n);
            used += n;
        } else {
            unsigned char c = (unsigned char)*text;

            n = 1;
            dst[used++] = '\\';
            dst[used++] = 'x';
            dst[used++] = hex[c >> 4];
            dst[used++] = hex[c & 15];
        }
        text += n;
    }
    dst[used++] = '"';
    dst[used] = '\0';
    return dst;
}
