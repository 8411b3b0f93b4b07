#include "running_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "settings_text.h"

void running_config_text(struct buf *b, const struct settings *settings)
{
    buf_adds(b, "# What crier runs with, written by itself, without secrets, for `crier check "
                "--replay`. Changes here change nothing.\n");
    settings_text(b, settings);
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

/* @return false with errno. */
static bool replace(const char *path, const char *temporary, const struct buf *text)
{
    int fd, saved;
    bool done;

    (void)unlink(temporary); /* of a crier that was killed */
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    /* No fsync(): a sick disk would hold the loop up, and every start writes it anew. */
    done = write_all(fd, text->data, text->len);
    saved = errno;
    if (close(fd) && done) {
        done = false;
        saved = errno;
    }
    if (done && !rename(temporary, path))
        return true;
    if (done)
        saved = errno;
    (void)unlink(temporary);
    errno = saved;
    return false;
}

int running_config_write(const char *dir, const struct settings *settings)
{
    char *path = buf_printf("%s/%s", dir, RUNNING_CONFIG);
    char *temporary = buf_printf("%s/%s.new", dir, RUNNING_CONFIG);
    struct buf text;
    int r;

    buf_init(&text, RUNNING_CONFIG_BYTES);
    running_config_text(&text, settings);
    r = path && temporary ? buf_error(&text) : CRIER_ENOMEM;
    if (!r && !replace(path, temporary, &text)) {
        log_warn("run", "cannot write %s", path);
        r = CRIER_EIO;
    }
    buf_finish(&text);
    free(path);
    free(temporary);
    return r;
}
