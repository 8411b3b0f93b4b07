#include "irc_sts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "log.h"

enum { HOST_BYTES = 256, PORT_MAX = 65535, DIGITS_MAX = 18 };

struct policy {
    char host[HOST_BYTES]; /* "": free */
    int64_t port;
    int64_t until_wall_ms; /* INT64_MAX: as long as this process; never stored */
};

struct irc_sts {
    char *path; /* NULL: nothing is stored */
    char *temporary;
    struct policy policy[IRC_STS_POLICIES];
};

/* ---- the capability's value ------------------------------------------------------------------ */

/* @return the number, -1 when it is none. Huge ones are only as large as they need to be. */
static int64_t number(const char *s, size_t n)
{
    int64_t v = 0;
    size_t i;

    if (!n)
        return -1;
    for (i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        if (i < DIGITS_MAX)
            v = v * 10 + (s[i] - '0');
    }
    return v;
}

static bool is_key(const char *s, size_t n, const char *key)
{
    return n == strlen(key) && !memcmp(s, key, n);
}

struct irc_sts_offer irc_sts_parse(const char *value, size_t n)
{
    struct irc_sts_offer offer = {0, -1};
    unsigned ports = 0, durations = 0;
    size_t at = 0;

    while (at < n) {
        const char *word = value + at, *comma = memchr(word, ',', n - at);
        size_t len = comma ? (size_t)(comma - word) : n - at;
        const char *equals = memchr(word, '=', len);
        size_t key = equals ? (size_t)(equals - word) : len;
        int64_t v = equals ? number(equals + 1, len - key - 1) : -1;

        if (is_key(word, key, "port")) {
            offer.port = v >= 1 && v <= PORT_MAX ? v : 0;
            ports++;
        } else if (is_key(word, key, "duration")) {
            offer.duration_s = v > (int64_t)IRC_STS_LONGEST_S ? (int64_t)IRC_STS_LONGEST_S : v;
            durations++;
        }
        at += len + 1;
    }
    if (ports > 1)
        offer.port = 0;
    if (durations > 1)
        offer.duration_s = -1;
    return offer;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Printable and without spaces, so that a line of the file stays one. */
static bool is_host(const char *host)
{
    size_t i;

    for (i = 0; host[i]; i++)
        if (host[i] <= ' ' || host[i] == 0x7f)
            return false;
    return i && i < HOST_BYTES;
}

static struct policy *find(const struct irc_sts *s, const char *host)
{
    size_t i;

    for (i = 0; i < IRC_STS_POLICIES; i++)
        if (s->policy[i].host[0] && !strcasecmp(s->policy[i].host, host))
            return (struct policy *)(uintptr_t)&s->policy[i];
    return NULL;
}

/* The host's own, a free one, or the one that ends first. */
static struct policy *place_for(struct irc_sts *s, const char *host)
{
    struct policy *p = find(s, host);
    size_t i;

    for (i = 0; !p && i < IRC_STS_POLICIES; i++)
        if (!s->policy[i].host[0])
            p = &s->policy[i];
    if (p)
        return p;
    p = &s->policy[0];
    for (i = 1; i < IRC_STS_POLICIES; i++)
        if (s->policy[i].until_wall_ms < p->until_wall_ms)
            p = &s->policy[i];
    return p;
}

static void set(struct irc_sts *s, const char *host, int64_t port, int64_t until_wall_ms)
{
    struct policy *p = place_for(s, host);

    (void)snprintf(p->host, sizeof p->host, "%s", host);
    p->port = port;
    p->until_wall_ms = until_wall_ms;
}

/* One line: host, port, end in milliseconds. @return false: it is not one of ours. */
static bool read_line(struct irc_sts *s, char *line)
{
    char *rest = NULL, *host = strtok_r(line, " ", &rest), *port = strtok_r(NULL, " ", &rest);
    char *until = strtok_r(NULL, " ", &rest);
    int64_t p, u;

    if (!host || !port || !until || strtok_r(NULL, " ", &rest) || !is_host(host))
        return false;
    p = number(port, strlen(port));
    u = number(until, strlen(until));
    if (p < 1 || p > PORT_MAX || u < 0)
        return false;
    set(s, host, p, u);
    return true;
}

static void load(struct irc_sts *s)
{
    char text[IRC_STS_FILE_BYTES], *rest = NULL, *line;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    size_t n = 0;
    ssize_t got = 1;
    bool clean = true;

    if (fd < 0) {
        if (errno != ENOENT)
            log_warn("irc", "cannot read %s", s->path);
        return;
    }
    while (n < sizeof text - 1 && got > 0) {
        do
            got = read(fd, text + n, sizeof text - 1 - n);
        while (got < 0 && errno == EINTR);
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    text[n] = '\0';
    clean = !got && strlen(text) == n;
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        clean = read_line(s, line) && clean;
    if (!clean)
        log_warnx("irc", "%s is not as crier wrote it; what could be read of it holds", s->path);
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t written = write(fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

/* As a whole or not at all. No fsync(): a sick disk would hold the loop up, and the next connection
 * is told the policy again. */
static void store(const struct irc_sts *s)
{
    struct buf text;
    size_t i;
    bool done = false;
    int fd;

    if (!s->path)
        return;
    buf_init(&text, IRC_STS_FILE_BYTES - 1);
    for (i = 0; i < IRC_STS_POLICIES; i++) {
        const struct policy *p = &s->policy[i];

        if (p->host[0] && p->until_wall_ms != INT64_MAX)
            buf_addf(&text, "%s %" PRId64 " %" PRId64 "\n", p->host, p->port, p->until_wall_ms);
    }
    (void)unlink(s->temporary); /* of a crier that was killed */
    fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        done = !buf_error(&text) && write_all(fd, text.data, text.len);
        done = !close(fd) && done;
        done = done && !rename(s->temporary, s->path);
    }
    if (!done) {
        log_warn("irc", "cannot write %s; servers that want TLS are remembered until the end only",
                 s->path);
        (void)unlink(s->temporary);
    }
    buf_finish(&text);
}

int irc_sts_create(const char *dir, struct irc_sts **ret_sts)
{
    struct irc_sts *s = calloc(1, sizeof *s);

    if (!s)
        return CRIER_ENOMEM;
    if (dir) {
        s->path = buf_printf("%s/" IRC_STS_FILE, dir);
        s->temporary = buf_printf("%s/" IRC_STS_FILE ".new", dir);
        if (!s->path || !s->temporary) {
            irc_sts_destroy(s);
            return CRIER_ENOMEM;
        }
        load(s);
    }
    *ret_sts = s;
    return 0;
}

void irc_sts_destroy(struct irc_sts *s)
{
    if (!s)
        return;
    free(s->path);
    free(s->temporary);
    free(s);
}

/* ---- policies -------------------------------------------------------------------------------- */

int64_t irc_sts_port(const struct irc_sts *s, const char *host, int64_t wall_ms)
{
    const struct policy *p = find(s, host);

    return p && wall_ms < p->until_wall_ms ? p->port : 0;
}

void irc_sts_upgrade(struct irc_sts *s, const char *host, int64_t port, int64_t wall_ms)
{
    if (is_host(host) && !irc_sts_port(s, host, wall_ms))
        set(s, host, port, INT64_MAX);
}

void irc_sts_keep(struct irc_sts *s, const char *host, int64_t port, int64_t duration_s,
                  int64_t wall_ms)
{
    struct policy *p = find(s, host);

    if (!is_host(host) || (!duration_s && !p))
        return;
    if (duration_s > (int64_t)IRC_STS_LONGEST_S)
        duration_s = (int64_t)IRC_STS_LONGEST_S;
    if (!duration_s)
        memset(p, 0, sizeof *p);
    else
        set(s, host, port, wall_ms + duration_s * 1000);
    store(s);
}
