#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

enum { SECRET_MAX = 4096, FILE_MAX_BYTES = SECRET_MAX + 2 /* CR LF */ };

/*
 * Credentials that systemd hands over (systemd.exec(5), LoadCredential=) may be root's and readable
 * through an ACL, whose mask then shows as the group's permission.
 */
static bool is_credential(const char *file, const struct stat *st)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    size_t n = dir ? strlen(dir) : 0;

    return n > 1 && *dir == '/' && !strncmp(file, dir, n) && file[n] == '/' &&
           !strstr(file, "/../") && st->st_uid == 0 && st->st_gid == 0;
}

/* Who may read it. Of the open file, so that nobody can exchange it in between. */
static int check_file(const char *file, const struct stat *st, char *why, size_t why_size)
{
    mode_t open_to = st->st_mode & (S_IRWXG | S_IRWXO);

    if (!S_ISREG(st->st_mode)) {
        (void)snprintf(why, why_size, "%s: is %s: name a file", file,
                       S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
        return CRIER_EINVAL;
    }
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        (void)snprintf(why, why_size,
                       "%s: belongs to another user (%lu), who can change it: chown it to the user "
                       "that crier runs as",
                       file, (unsigned long)st->st_uid);
        return CRIER_EACCESS;
    }
    if (is_credential(file, st))
        open_to &= S_IRWXO;
    if (open_to) {
        (void)snprintf(why, why_size, "%s: others may use it (mode %04o): chmod 600 %s", file,
                       (unsigned)(st->st_mode & 07777), file);
        return CRIER_EACCESS;
    }
    return 0;
}

/* The bytes of the file into memory of FILE_MAX_BYTES + 1, which shows whether it is longer. */
static int read_file(const char *file, char *bytes, size_t *ret_n, char *why, size_t why_size)
{
    /* O_NONBLOCK: a FIFO must not keep us waiting. Symbolic links are followed. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
    struct stat st;
    size_t used = 0;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        (void)snprintf(why, why_size, "%s: there is no such file: make it, with mode 600", file);
        return CRIER_ENOENT;
    }
    if (fd < 0 || fstat(fd, &st)) {
        (void)snprintf(why, why_size,
                       "%s: cannot be read: %s; it must be readable by the user that crier runs as",
                       file, strerror(errno));
        r = CRIER_EACCESS;
        goto out;
    }
    r = check_file(file, &st, why, why_size);
    while (!r && used < FILE_MAX_BYTES + 1) {
        ssize_t n = read(fd, bytes + used, FILE_MAX_BYTES + 1 - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            (void)snprintf(why, why_size, "%s: cannot be read: %s", file, strerror(errno));
            r = CRIER_EACCESS;
        }
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    *ret_n = used;
out:
    if (fd >= 0)
        (void)close(fd);
    return r;
}

/* Takes one newline off; the rest must be a line of text. */
static int check_bytes(const char *from, const char *bytes, size_t *n, char *why, size_t why_size)
{
    size_t i;

    if (*n && bytes[*n - 1] == '\n')
        --*n;
    if (*n && bytes[*n - 1] == '\r')
        --*n;
    if (!*n) {
        (void)snprintf(why, why_size, "%s: is empty: write the secret into it", from);
        return CRIER_EINVAL;
    }
    if (*n > SECRET_MAX) {
        (void)snprintf(why, why_size, "%s: is longer than %d bytes: is this the right one?", from,
                       SECRET_MAX);
        return CRIER_EINVAL;
    }
    for (i = 0; i < *n; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f) {
            (void)snprintf(why, why_size,
                           "%s: has a line break or another control character inside: it must hold "
                           "the secret alone, in one line",
                           from);
            return CRIER_EINVAL;
        }
    return 0;
}

int secret_load(const char *file, const char *env, char **ret_secret, char *why, size_t why_size)
{
    char bytes[FILE_MAX_BYTES + 1], *secret;
    const char *value;
    size_t n = 0;
    int r;

    if (why_size)
        why[0] = '\0';
    if (file) {
        r = read_file(file, bytes, &n, why, why_size);
    } else if (!env) {
        (void)snprintf(why, why_size, "neither a file nor a variable is named");
        r = CRIER_EINVAL;
    } else if (!(value = getenv(env))) {
        (void)snprintf(why, why_size, "%s: there is no such variable in the environment: export it",
                       env);
        r = CRIER_ENOENT;
    } else {
        n = strnlen(value, sizeof bytes);
        memcpy(bytes, value, n);
        r = 0;
    }
    if (!r)
        r = check_bytes(file ? file : env, bytes, &n, why, why_size);
    if (r)
        goto out;
    secret = malloc(n + 1);
    if (!secret) {
        (void)snprintf(why, why_size, "out of memory");
        r = CRIER_ENOMEM;
        goto out;
    }
    memcpy(secret, bytes, n);
    secret[n] = '\0';
    *ret_secret = secret;
out:
    explicit_bzero(bytes, sizeof bytes);
    return r;
}

int secret_check(const char *file, const char *env, char *why, size_t why_size)
{
    char *secret = NULL;
    int r = secret_load(file, env, &secret, why, why_size);

    secret_destroy(secret);
    return r;
}

bool secret_equal(const char *given, const char *secret)
{
    size_t i, n = strlen(given), m = strlen(secret);
    volatile unsigned char differ = n != m || !m;

    for (i = 0; i < n; i++)
        differ = differ | (unsigned char)(given[i] ^ secret[m ? i % m : 0]);
    return !differ;
}

void secret_destroy(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}
