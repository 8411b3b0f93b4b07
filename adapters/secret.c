#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"

enum {
    SECRET_MAX = 4096,
    FILE_MAX_BYTES = SECRET_MAX + 2, /* CR LF */
    KEY_FILE_MAX = 64 * 1024,        /* PEM: a key, maybe with its chain of certificates */
    CREDENTIAL_NAME_MAX = 255
};

/* ---- credentials of systemd ------------------------------------------------------------------ */

bool secret_is_credential(const char *file)
{
    return !strncmp(file, SECRET_CREDENTIAL, sizeof SECRET_CREDENTIAL - 1);
}

/* systemd takes what could be a file's name; without dots it cannot lead out of the directory. */
static bool is_credential_name(const char *name)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strlen(name);

    return n && n <= CREDENTIAL_NAME_MAX && !name[strspn(name, characters)];
}

int secret_path(const char *file, char **ret_path, char *why, size_t why_size)
{
    const char *name = file + sizeof SECRET_CREDENTIAL - 1, *dir;
    char *path;

    if (why_size)
        why[0] = '\0';
    if (!secret_is_credential(file)) {
        path = strdup(file);
        goto out;
    }
    if (!is_credential_name(name)) {
        (void)snprintf(why, why_size,
                       "is no name of a credential: write " SECRET_CREDENTIAL
                       "NAME with letters, digits, - and _");
        return CRIER_EINVAL;
    }
    dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || *dir != '/') {
        (void)snprintf(why, why_size,
                       "%s: systemd has handed over no credential: write "
                       "LoadCredential=%s:/PATH/OF/THE/FILE into the unit's [Service], and start "
                       "crier by it",
                       file, name);
        return CRIER_ESTATE;
    }
    path = buf_printf("%s/%s", dir, name);
out:
    if (!path) {
        (void)snprintf(why, why_size, "out of memory");
        return CRIER_ENOMEM;
    }
    *ret_path = path;
    return 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

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

/*
 * Somebody may have written the secret itself where its file should be named: what does not lead to
 * a file is not repeated, but for the directory that is there.
 */
static void tell_nothing_there(const char *file, char *why, size_t why_size)
{
    size_t n = strlen(file);
    struct stat st;
    char *dir;

    if (secret_is_credential(file)) {
        const char *name = file + sizeof SECRET_CREDENTIAL - 1;

        (void)snprintf(why, why_size,
                       "%s: there is no such file among what systemd has handed over: write "
                       "LoadCredential=%s:/PATH/OF/THE/FILE into the unit's [Service]",
                       file, name);
        return;
    }
    dir = strdup(file);
    for (; dir && n; n--) {
        if (dir[n - 1] != '/')
            continue;
        dir[n > 1 ? n - 1 : 1] = '\0';
        if (!stat(dir, &st) && S_ISDIR(st.st_mode))
            break;
    }
    (void)snprintf(why, why_size,
                   "there is no such file in %s (its name is not repeated, in case it is the "
                   "secret): name one, with mode 600, that holds the secret",
                   dir && n ? dir : "the directory where crier was started");
    free(dir);
}

/*
 * The bytes of the file into memory of size; that many were read when it is at least so long.
 * @param path what file stands for.
 */
static int read_file(const char *file, const char *path, char *bytes, size_t size, size_t *ret_n,
                     char *why, size_t why_size)
{
    /* O_NONBLOCK: a FIFO must not keep us waiting. Symbolic links are followed. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
    struct stat st;
    size_t used = 0;

    if (fd < 0 && errno != EACCES) {
        tell_nothing_there(file, why, why_size);
        return CRIER_ENOENT;
    }
    if (fd < 0 || fstat(fd, &st)) {
        (void)snprintf(why, why_size,
                       "%s: cannot be read: %s; it must be readable by the user that crier runs as",
                       path, strerror(errno));
        r = CRIER_EACCESS;
        goto out;
    }
    r = check_file(path, &st, why, why_size);
    while (!r && used < size) {
        ssize_t n = read(fd, bytes + used, size - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            (void)snprintf(why, why_size, "%s: cannot be read: %s", path, strerror(errno));
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
    char bytes[FILE_MAX_BYTES + 1], *secret, *path = NULL;
    const char *value;
    size_t n = 0;
    int r;

    if (why_size)
        why[0] = '\0';
    if (file) {
        r = secret_path(file, &path, why, why_size);
        if (!r)
            r = read_file(file, path, bytes, sizeof bytes, &n, why, why_size);
    } else if (!env) {
        (void)snprintf(why, why_size, "neither a file nor a variable is named");
        r = CRIER_EINVAL;
    } else if (!(value = getenv(env))) {
        (void)snprintf(why, why_size,
                       "there is no such variable in the environment (its name is not repeated, in "
                       "case it is the secret): name one, and export it");
        r = CRIER_ENOENT;
    } else {
        n = strnlen(value, sizeof bytes);
        memcpy(bytes, value, n);
        r = 0;
    }
    if (!r)
        r = check_bytes(file ? path : env, bytes, &n, why, why_size);
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
    free(path);
    return r;
}

int secret_check(const char *file, const char *env, char *why, size_t why_size)
{
    char *secret = NULL;
    int r = secret_load(file, env, &secret, why, why_size);

    secret_destroy(secret);
    return r;
}

/* ---- private keys ---------------------------------------------------------------------------- */

static bool has(const char *bytes, size_t n, const char *text)
{
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

int secret_check_key(const char *file, char *why, size_t why_size)
{
    char *bytes = malloc(KEY_FILE_MAX), *path = NULL;
    size_t n = 0;
    int r;

    if (!bytes) {
        (void)snprintf(why, why_size, "out of memory");
        return CRIER_ENOMEM;
    }
    r = secret_path(file, &path, why, why_size);
    if (!r)
        r = read_file(file, path, bytes, KEY_FILE_MAX, &n, why, why_size);
    if (r)
        goto out;
    r = CRIER_EINVAL;
    if (has(bytes, n, "BEGIN ENCRYPTED PRIVATE KEY") || has(bytes, n, "Proc-Type: 4,ENCRYPTED"))
        (void)snprintf(
            why, why_size,
            "%s: is protected by a passphrase, and nobody is there to type it: write the "
            "key without one (openssl pkey -in OLD -out NEW) with mode 600",
            path);
    else if (!has(bytes, n, "PRIVATE KEY-----"))
        (void)snprintf(why, why_size, "%s: holds no private key in PEM form", path);
    else
        r = 0;
out:
    explicit_bzero(bytes, KEY_FILE_MAX);
    free(bytes);
    free(path);
    return r;
}

/* ---- comparing and forgetting ---------------------------------------------------------------- */

bool secret_equal(const char *given, const char *secret)
{
    size_t i, n = strlen(given), m = strlen(secret);
    volatile unsigned char differ = n != m || !m;

    for (i = 0; i < n; i++)
        differ = differ | (unsigned char)(given[i] ^ secret[m ? i % m : 0]);
    return !differ;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a text that may be JSON: how long it is written, or 0 when it is not c.
 * Source: RFC 8259 section 7. */
static size_t written_as(const char *text, size_t n, char c)
{
    int code = 0, digit, i;

    if (n && *text == c && c != '\\')
        return 1;
    if (n < 2 || *text != '\\')
        return 0;
    if (text[1] == c && strchr("\"\\/", c))
        return 2;
    if (n < 6 || text[1] != 'u')
        return 0;
    for (i = 2; i < 6; i++) {
        digit = hex_digit(text[i]);
        if (digit < 0)
            return 0;
        code = code << 4 | digit;
    }
    return code < 0x80 && code == c ? 6 : 0;
}

/* @return bytes of the text that spell the secret, or 0. */
static size_t spelled_here(const char *text, size_t n, const char *secret)
{
    size_t used = 0, one;

    for (; *secret; secret++) {
        one = written_as(text + used, n - used, *secret);
        if (!one)
            return 0;
        used += one;
    }
    return used;
}

void secret_hide(char *text, size_t n, const char *secret)
{
    size_t plain = secret ? strlen(secret) : 0, i = 0, found;

    if (!plain)
        return;
    while (i < n) {
        found = n - i >= plain && !memcmp(text + i, secret, plain)
                    ? plain
                    : spelled_here(text + i, n - i, secret);
        if (found)
            memset(text + i, '*', found);
        i += found ? found : 1;
    }
}

void secret_destroy(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}
