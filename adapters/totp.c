#include "totp.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "secret.h"
#include "utf8.h"

enum {
    PATH_BYTES = 4096,
    FILE_NAME_BYTES = 201, /* escaped; what is longer cannot be enrolled */
    KEY_BYTES = 8,
    BASE32_BYTES = 32, /* of TOTP_SECRET_BYTES */
    FILE_BYTES = 64,
    WHY_BYTES = 600
};

struct totp {
    char *state_dir;
    struct totp_sink sink;
    char key[17]; /* of the answer given last */
    int64_t look_boot_ms;
    size_t enrolled;
    bool looked;
    bool started;         /* liboath was */
    int64_t told_wall_ms; /* when the log was last told that a file cannot be used */
};

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* A person's name as a file's: everything but letters, digits, - and _ becomes %XX, so that no name
 * leads elsewhere, is hidden, or is another's. @return false: too long. */
static bool escape(const char *name, char *dst, size_t size)
{
    size_t n = 0;

    for (; *name; name++) {
        if (n + 4 > size)
            return false;
        if (is_plain((unsigned char)*name))
            dst[n++] = *name;
        else
            n += (size_t)snprintf(dst + n, size - n, "%%%02X", (unsigned)(unsigned char)*name);
    }
    dst[n] = '\0';
    return n > 0;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* @return false: no file of ours. */
static bool unescape(const char *file, char *dst, size_t size)
{
    char again[FILE_NAME_BYTES];
    const char *p = file;
    size_t n = 0;

    while (*p) {
        int high = *p == '%' ? hex(p[1]) : 0, low = *p == '%' && high >= 0 ? hex(p[2]) : 0;

        if (high < 0 || low < 0 || n + 1 >= size)
            return false;
        dst[n++] = *p == '%' ? (char)(high * 16 + low) : *p;
        p += *p == '%' ? 3 : 1;
    }
    dst[n] = '\0';
    return strlen(dst) == n && escape(dst, again, sizeof again) && !strcmp(again, file);
}

static int file_of(const char *person, char *dst, char *why, size_t why_size)
{
    if (escape(person, dst, FILE_NAME_BYTES))
        return 0;
    (void)utf8_print(why, why_size, "%s: such a name cannot be enrolled: it is too long", person);
    return CRIER_EINVAL;
}

/* ---- the secret ------------------------------------------------------------------------------ */

static int random_bytes(unsigned char *dst, size_t n)
{
    size_t have = 0;

    while (have < n) {
        ssize_t r = getrandom(dst + have, n - have, 0);

        if (r < 0 && errno != EINTR)
            return CRIER_EIO;
        if (r > 0)
            have += (size_t)r;
    }
    return 0;
}

int totp_secret_make(struct totp_secret *s, int digits)
{
    unsigned char key[KEY_BYTES];
    size_t i;

    memset(s, 0, sizeof *s);
    s->digits = digits;
    if (random_bytes(s->bytes, sizeof s->bytes) || random_bytes(key, sizeof key))
        return CRIER_EIO;
    for (i = 0; i < sizeof key; i++)
        (void)snprintf(s->key + 2 * i, 3, "%02x", key[i]);
    return 0;
}

void totp_secret_finish(struct totp_secret *s)
{
    explicit_bzero(s, sizeof *s);
}

/* liboath's comparison: 0 where they are the same. Takes the same time wherever they differ. */
static int compare(void *handle, const char *code)
{
    return secret_equal(handle, code) ? 0 : 1;
}

/* @return the time step whose code it is, or -1. */
static int64_t step_of(const struct totp_secret *s, const char *code, int64_t wall_ms)
{
    char given[TOTP_DIGITS_MAX + 1];
    uint64_t step = 0;
    int pos, r;

    if (strlen(code) != (size_t)s->digits || strlen(code) >= sizeof given ||
        wall_ms < (int64_t)TOTP_STEP_S * 1000 * (TOTP_WINDOW + 1))
        return -1;
    memcpy(given, code, strlen(code) + 1);
    r = oath_totp_validate3_callback((const char *)s->bytes, sizeof s->bytes,
                                     (time_t)(wall_ms / 1000), TOTP_STEP_S,
                                     OATH_TOTP_DEFAULT_START_TIME, (unsigned)s->digits, TOTP_WINDOW,
                                     &pos, &step, compare, given);
    explicit_bzero(given, sizeof given);
    return r < 0 ? -1 : (int64_t)step;
}

static bool is_code_of_step(const struct totp_secret *s, const char *code, int64_t step)
{
    char right[TOTP_DIGITS_MAX + 1];
    bool same;

    if (step < 0 ||
        oath_totp_generate((const char *)s->bytes, sizeof s->bytes, (time_t)(step * TOTP_STEP_S),
                           TOTP_STEP_S, OATH_TOTP_DEFAULT_START_TIME, (unsigned)s->digits,
                           right) != OATH_OK)
        return false;
    same = secret_equal(code, right);
    explicit_bzero(right, sizeof right);
    return same;
}

bool totp_secret_matches(const struct totp_secret *s, const char *code, int64_t wall_ms)
{
    return step_of(s, code, wall_ms) >= 0;
}

static char *base32_of(const struct totp_secret *s)
{
    char *out = NULL;
    size_t n = 0;

    if (oath_base32_encode((const char *)s->bytes, sizeof s->bytes, &out, &n) != OATH_OK)
        return NULL;
    return out;
}

char *totp_secret_uri(const struct totp_secret *s, const char *person)
{
    char name[3 * 100 + 1], *base32 = base32_of(s), *uri = NULL;

    if (base32 && escape(person, name, sizeof name))
        uri = buf_printf("otpauth://totp/crier:%s?secret=%s&issuer=crier&algorithm=SHA1&digits=%d&"
                         "period=%d",
                         name, base32, s->digits, TOTP_STEP_S);
    secret_destroy(base32);
    return uri;
}

/* "BASE32 KEY DIGITS" */
static int parse(char *line, struct totp_secret *ret)
{
    char *save = NULL, *base32 = strtok_r(line, " ", &save), *key = strtok_r(NULL, " ", &save),
         *digits = strtok_r(NULL, " ", &save), *bytes = NULL;
    size_t n = 0;
    int r = CRIER_EINVAL;

    memset(ret, 0, sizeof *ret);
    if (!base32 || !key || !digits || strtok_r(NULL, " ", &save) ||
        strlen(key) != sizeof ret->key - 1 || strspn(key, "0123456789abcdef") != strlen(key) ||
        strlen(digits) != 1 || *digits < '0' + TOTP_DIGITS_MIN || *digits > '0' + TOTP_DIGITS_MAX ||
        oath_base32_decode(base32, strlen(base32), &bytes, &n) != OATH_OK)
        goto out;
    if (n == sizeof ret->bytes) {
        memcpy(ret->bytes, bytes, n);
        memcpy(ret->key, key, sizeof ret->key);
        ret->digits = *digits - '0';
        r = 0;
    }
    explicit_bzero(bytes, n);
out:
    free(bytes);
    return r;
}

static int load(const char *state_dir, const char *file, struct totp_secret *ret, char *why,
                size_t why_size)
{
    char path[PATH_BYTES], *line = NULL;
    int r;

    if ((size_t)snprintf(path, sizeof path, "%s/" TOTP_DIRECTORY "/%s", state_dir, file) >=
        sizeof path) {
        (void)utf8_print(why, why_size, "%s: the path is too long", state_dir);
        return CRIER_EINVAL;
    }
    r = secret_load(path, NULL, &line, why, why_size);
    if (r)
        return r;
    r = parse(line, ret);
    secret_destroy(line);
    if (r)
        (void)utf8_print(why, why_size,
                         "%s: is no enrolment: `crier enrol --again` makes a new one", path);
    return r;
}

/* ---- the port -------------------------------------------------------------------------------- */

static void check(void *ctx, const struct proof_request *req, struct proof_answer *ret)
{
    struct totp *t = ctx;
    char file[FILE_NAME_BYTES], why[WHY_BYTES];
    struct totp_secret s;
    int64_t step;
    int r = file_of(req->person, file, why, sizeof why);

    *ret = (struct proof_answer){.id = req->id, .result = PROOF_WRONG, .key = ""};
    if (!r)
        r = load(t->state_dir, file, &s, why, sizeof why);
    if (r) {
        ret->result = r == CRIER_ENOENT ? PROOF_ABSENT : PROOF_BROKEN;
        if (ret->result == PROOF_BROKEN &&
            (req->wall_ms < t->told_wall_ms || req->wall_ms - t->told_wall_ms >= TOTP_LOOK_MS)) {
            t->told_wall_ms = req->wall_ms;
            log_errorx("totp", "%s", why);
        }
        return;
    }
    /* of two, the later one has to be good now, and the first the one before it */
    step = step_of(&s, *req->next ? req->next : req->code, req->wall_ms);
    if (step > 0 && (!*req->next || is_code_of_step(&s, req->code, step - 1))) {
        memcpy(t->key, s.key, sizeof t->key);
        ret->result = PROOF_RIGHT;
        ret->step = step;
        ret->key = t->key;
    }
    totp_secret_finish(&s);
}

struct proof_port totp_proof_port(struct totp *t)
{
    return (struct proof_port){.ctx = t, .check = check};
}

static void collect(void *ctx, struct pollset *set)
{
    struct totp *t = ctx;

    pollset_deadline(set, t->look_boot_ms);
}

static void count_one(void *ctx, const char *person, const char *wrong)
{
    size_t *n = ctx;

    (void)person;
    *n += !wrong;
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct totp *t = ctx;
    char why[WHY_BYTES];
    size_t n = 0;

    (void)set;
    if (t->looked && now.boot_ms < t->look_boot_ms)
        return;
    t->look_boot_ms = now.boot_ms + TOTP_LOOK_MS;
    if (totp_visit(t->state_dir, count_one, &n, why, sizeof why) || (t->looked && n == t->enrolled))
        return;
    t->looked = true;
    t->enrolled = n;
    t->sink.enrolled(t->sink.ctx, n);
}

struct source_port totp_source_port(struct totp *t)
{
    return (struct source_port){.ctx = t, .collect = collect, .dispatch = dispatch};
}

int totp_create(const char *state_dir, const struct totp_sink *sink, struct totp **ret)
{
    struct totp *t = calloc(1, sizeof *t);

    if (!t)
        return CRIER_ENOMEM;
    t->sink = *sink;
    t->state_dir = strdup(state_dir);
    t->started = oath_init() == OATH_OK;
    if (t->state_dir && t->started) {
        *ret = t;
        return 0;
    }
    totp_destroy(t);
    return CRIER_ENOMEM;
}

void totp_destroy(struct totp *t)
{
    if (!t)
        return;
    if (t->started)
        (void)oath_done();
    free(t->state_dir);
    free(t);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int complain(const char *state_dir, const char *file, char *why, size_t why_size)
{
    int e = errno;

    (void)utf8_print(why, why_size, "%s/" TOTP_DIRECTORY "%s%s: %s%s", state_dir, *file ? "/" : "",
                     file, strerror(e),
                     e == EACCES || e == EPERM ? ": run this as root or as the user of crier" : "");
    return e == ENOENT                 ? CRIER_ENOENT
           : e == EACCES || e == EPERM ? CRIER_EACCESS
           : e == ENOMEM               ? CRIER_ENOMEM
                                       : CRIER_EIO;
}

/* The directory, of the same owner as the state_dir: crier's user may have put anything there, and
 * this may run as root, so that no link is followed below the state_dir.
 * @return a descriptor, or -1: errno is told. */
static int open_directory(const char *state_dir, bool make, uid_t *ret_uid, gid_t *ret_gid)
{
    int parent = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1, e;
    struct stat st, mine;

    if (parent < 0 || fstat(parent, &st))
        goto out;
    if (make && mkdirat(parent, TOTP_DIRECTORY, 0700) && errno != EEXIST)
        goto out;
    fd = openat(parent, TOTP_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        goto out;
    *ret_uid = st.st_uid;
    *ret_gid = st.st_gid;
    if (fstat(fd, &mine) ||
        (mine.st_uid != st.st_uid && geteuid() == 0 && make && fchown(fd, st.st_uid, st.st_gid))) {
        e = errno;
        (void)close(fd);
        errno = e;
        fd = -1;
    }
out:
    e = errno;
    if (parent >= 0)
        (void)close(parent);
    errno = e;
    return fd;
}

static int write_all(int fd, const char *text)
{
    size_t done = 0, n = strlen(text);

    while (done < n) {
        ssize_t w = write(fd, text + done, n - done);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return -1;
        done += (size_t)w;
    }
    return fsync(fd);
}

/* The whole file under a name of its own, then in its place. @return -1: errno is told. */
static int put(int dir, const char *file, const char *text, bool again, uid_t uid, gid_t gid)
{
    char temporary[64];
    int fd, e, r = -1;

    (void)snprintf(temporary, sizeof temporary, ".new.%ld", (long)getpid());
    if (unlinkat(dir, temporary, 0) && errno != ENOENT)
        return -1;
    fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (!fchmod(fd, 0600) && (geteuid() != 0 || !fchown(fd, uid, gid)) && !write_all(fd, text))
        r = again ? renameat(dir, temporary, dir, file) : linkat(dir, temporary, dir, file, 0);
    e = errno;
    if (close(fd) && !r) {
        e = errno;
        r = -1;
    }
    (void)unlinkat(dir, temporary, 0);
    if (!r)
        (void)fsync(dir);
    errno = e;
    return r;
}

int totp_enrol(const char *state_dir, const char *person, const struct totp_secret *s, bool again,
               char *why, size_t why_size)
{
    char file[FILE_NAME_BYTES], text[FILE_BYTES + 16], *base32 = NULL;
    uid_t uid = 0;
    gid_t gid = 0;
    int dir, r = file_of(person, file, why, why_size);

    if (r)
        return r;
    base32 = base32_of(s);
    if (!base32) {
        (void)utf8_print(why, why_size, "out of memory");
        return CRIER_ENOMEM;
    }
    assert(strlen(base32) == BASE32_BYTES);
    (void)snprintf(text, sizeof text, "%s %s %d\n", base32, s->key, s->digits);
    secret_destroy(base32);
    dir = open_directory(state_dir, true, &uid, &gid);
    if (dir < 0) {
        r = complain(state_dir, "", why, why_size);
    } else if (put(dir, file, text, again, uid, gid)) {
        r = errno == EEXIST ? CRIER_ESTATE : complain(state_dir, file, why, why_size);
        if (r == CRIER_ESTATE)
            (void)utf8_print(why, why_size,
                             "%s is enrolled already: --again makes a new secret, and the old one "
                             "is worth nothing then",
                             person);
    }
    explicit_bzero(text, sizeof text);
    if (dir >= 0)
        (void)close(dir);
    return r;
}

bool totp_is_enrolled(const char *state_dir, const char *person)
{
    char path[PATH_BYTES], file[FILE_NAME_BYTES];
    struct stat st;

    return escape(person, file, sizeof file) &&
           (size_t)snprintf(path, sizeof path, "%s/" TOTP_DIRECTORY "/%s", state_dir, file) <
               sizeof path &&
           !lstat(path, &st);
}

int totp_remove(const char *state_dir, const char *person, char *why, size_t why_size)
{
    char file[FILE_NAME_BYTES];
    uid_t uid;
    gid_t gid;
    int dir, r = file_of(person, file, why, why_size);

    if (r)
        return r;
    dir = open_directory(state_dir, false, &uid, &gid);
    if (dir < 0 || unlinkat(dir, file, 0))
        r = complain(state_dir, dir < 0 ? "" : file, why, why_size);
    if (r == CRIER_ENOENT)
        (void)utf8_print(why, why_size, "%s is not enrolled", person);
    if (dir >= 0 && !r)
        (void)fsync(dir);
    if (dir >= 0)
        (void)close(dir);
    return r;
}

/* @return what is wrong with a file, in why, or NULL. */
static const char *look_at(int dir, const char *state_dir, const char *file, char *why, size_t size)
{
    struct totp_secret s;
    struct stat st;

    if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW)) {
        (void)complain(state_dir, file, why, size);
        return why;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)utf8_print(why, size, "%s/" TOTP_DIRECTORY "/%s: is no regular file", state_dir,
                         file);
        return why;
    }
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        (void)utf8_print(
            why, size, "%s/" TOTP_DIRECTORY "/%s: others may use it (mode %04o): enrol them again",
            state_dir, file, (unsigned)(st.st_mode & 07777));
        return why;
    }
    if (st.st_uid != geteuid()) /* only crier's own user can tell more */
        return NULL;
    if (load(state_dir, file, &s, why, size))
        return why;
    totp_secret_finish(&s);
    return NULL;
}

int totp_visit(const char *state_dir, totp_visitor *visit, void *ctx, char *why, size_t why_size)
{
    char person[FILE_NAME_BYTES], wrong[WHY_BYTES];
    const struct dirent *d;
    uid_t uid;
    gid_t gid;
    DIR *list;
    int dir = open_directory(state_dir, false, &uid, &gid);

    if (dir < 0)
        return errno == ENOENT ? 0 : complain(state_dir, "", why, why_size);
    list = fdopendir(dir);
    if (!list) {
        int r = complain(state_dir, "", why, why_size);

        (void)close(dir);
        return r;
    }
    while ((d = readdir(list)) != NULL)
        if (d->d_name[0] != '.' && unescape(d->d_name, person, sizeof person))
            visit(ctx, person, look_at(dir, state_dir, d->d_name, wrong, sizeof wrong));
    (void)closedir(list);
    return 0;
}
