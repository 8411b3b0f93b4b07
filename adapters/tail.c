#include "tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "tail_reader.h"
#include "utf8.h"
#include "when.h"

enum {
    LOOK_MS = 10 * 1000,  /* where inotify tells what happens */
    POLL_MS = 2 * 1000,   /* where it does not, and while there is no file */
    LEAVE_MS = 60 * 1000, /* a file that was renamed, and has not grown for so long, is left */
    CHUNK_BYTES = 64 * 1024,
    EVENT_BYTES = 16 * 1024,
    EVENT_READS = 16,
    RENAMED_MAX = 1000, /* files of a directory that are looked at */
    POSITION_BYTES = 2 * READER_MARK_BYTES + 32,
    QUOTED_BYTES = 300
};

struct file {
    struct file *next;
    char *place; /* "file:PATH" */
    const char *path;
    char *dir;
    const char *base;
    int dir_wd;
    bool polled; /* its file system tells nothing */
    struct reader now, old;
    bool first;            /* never read: what is in it is history */
    bool fresh;            /* not looked at since it is followed */
    struct mark mark[2];   /* until it is opened */
    int64_t since_wall_ms; /* everything that was written before was read */
    bool told;             /* the position was, */
    int64_t told_boot_ms;  /* last time then */
    bool due;              /* something may have happened */
    bool changed;          /* the position is not told */
    int64_t look_boot_ms;  /* it is looked at then in any case */
    int trouble;           /* errno of what was logged, 0: none */
    bool long_told;
};

struct tail {
    struct ear_sink sink;
    int inotify; /* -1: there is none */
    struct file *file;
    size_t lines; /* that this dispatch may still take */
    char chunk[CHUNK_BYTES];
    char text[TAIL_LINE_BYTES + 1];
};

/* ---- small things ---------------------------------------------------------------------------- */

static const char *quoted(const struct file *f, char dst[QUOTED_BYTES])
{
    return log_quote(dst, QUOTED_BYTES, f->path);
}

/* Says once what is wrong, until it is something else. */
static void trouble(struct file *f, int error, const char *what)
{
    char q[QUOTED_BYTES];

    if (f->trouble == error)
        return;
    f->trouble = error;
    errno = error;
    log_warn("tail", "%s %s; looking again every %d s", quoted(f, q), what, POLL_MS / 1000);
}

static void say(const struct file *f, const char *what)
{
    char q[QUOTED_BYTES];

    log_info("tail", "%s %s", quoted(f, q), what);
}

/* ---- positions ------------------------------------------------------------------------------- */

/* "SINCE MARK MARK", with "-" for no mark; the second is that of the file before. */
static void parse_position(struct file *f, const char *text)
{
    struct mark mark[2] = {{.set = false}, {.set = false}};
    const char *p = text;
    char *end;
    long long since;

    errno = 0;
    since = strtoll(p, &end, 10);
    if (end != p && !errno && since > 0 && *end == ' ') {
        p = end + 1;
        if (!strcmp(p, "-") || (mark_parse(&p, &mark[0]) &&
                                (!*p || (*p++ == ' ' && mark_parse(&p, &mark[1]) && !*p)))) {
            f->since_wall_ms = since;
            memcpy(f->mark, mark, sizeof mark);
            return;
        }
    }
    f->first = true;
    say(f, "has a stored position that cannot be read");
}

static void tell_position(struct tail *t, struct file *f, struct now now)
{
    struct mark mark = f->mark[0], before = f->mark[1];
    char one[READER_MARK_BYTES] = "-", two[READER_MARK_BYTES] = "", text[POSITION_BYTES];
    struct ear_position position = {.name = f->place, .position = text};

    if (f->now.fd >= 0)
        reader_mark(&f->now, &mark);
    if (f->old.fd >= 0)
        reader_mark(&f->old, &before);
    if (mark.set)
        mark_print(&mark, one);
    if (mark.set && before.set)
        mark_print(&before, two);
    (void)snprintf(text, sizeof text, "%lld %s%s%s", (long long)f->since_wall_ms, one,
                   *two ? " " : "", two);
    t->sink.position(t->sink.ctx, &position);
    f->told_boot_ms = now.boot_ms;
    f->told = true;
    f->changed = false;
}

/* ---- watching -------------------------------------------------------------------------------- */

/* NFS, SMB (three), FUSE, 9P, Ceph, AFS, NCP and Coda: others may write there. Source: statfs(2),
 * linux/magic.h. */
static bool is_remote(int fd)
{
    static const unsigned long types[] = {
        0x6969,     0x517b,     0xfe534d42, 0xff534d42, 0x65735546,
        0x01021997, 0x00c36400, 0x5346414f, 0x564c,     0x73757245,
    };
    struct statfs s;
    size_t i;

    if (fstatfs(fd, &s))
        return false;
    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (((unsigned long)s.f_type & 0xffffffff) == types[i])
            return true;
    return false;
}

static bool wd_is_used(const struct tail *t, int wd)
{
    const struct file *f;

    for (f = t->file; f; f = f->next)
        if (f->dir_wd == wd || f->now.wd == wd || f->old.wd == wd)
            return true;
    return false;
}

/* Several files may have one watch. */
static void unwatch(struct tail *t, int *wd)
{
    int was = *wd;

    *wd = -1;
    if (was >= 0 && !wd_is_used(t, was))
        (void)inotify_rm_watch(t->inotify, was);
}

static void watch(struct tail *t, int *wd, const char *path, uint32_t mask)
{
    int fresh = t->inotify < 0 ? -1 : inotify_add_watch(t->inotify, path, mask);

    if (fresh == *wd)
        return;
    unwatch(t, wd);
    *wd = fresh;
}

static void watch_dir(struct tail *t, struct file *f)
{
    watch(t, &f->dir_wd, f->dir,
          IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
              IN_ATTRIB | IN_ONLYDIR);
}

static void watch_file(struct tail *t, struct file *f)
{
    watch(t, &f->now.wd, f->path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
}

static void take_event(struct tail *t, const struct inotify_event *e)
{
    struct file *f;

    for (f = t->file; f; f = f->next) {
        if (e->mask & IN_Q_OVERFLOW)
            f->due = true;
        if (f->now.wd == e->wd || f->old.wd == e->wd ||
            (f->dir_wd == e->wd && (!e->len || !strcmp(e->name, f->base))))
            f->due = true;
        if (!(e->mask & IN_IGNORED)) /* the kernel has taken the watch away */
            continue;
        f->now.wd = f->now.wd == e->wd ? -1 : f->now.wd;
        f->old.wd = f->old.wd == e->wd ? -1 : f->old.wd;
        f->dir_wd = f->dir_wd == e->wd ? -1 : f->dir_wd;
    }
}

static void take_events(struct tail *t)
{
    _Alignas(struct inotify_event) char data[EVENT_BYTES];
    int reads;

    for (reads = 0; reads < EVENT_READS; reads++) {
        ssize_t n = read(t->inotify, data, sizeof data), at = 0;

        if (n <= 0)
            return;
        while (at < n) {
            const struct inotify_event *e = (const void *)(data + at);

            take_event(t, e);
            at += (ssize_t)(sizeof *e + e->len);
        }
    }
}

/* ---- one reader ------------------------------------------------------------------------------ */

static void close_reader(struct tail *t, struct reader *r)
{
    unwatch(t, &r->wd);
    reader_finish(r);
    reader_init(r, TAIL_LINE_BYTES + 1); /* one more, to see that there was more */
}

static void tell_line(struct tail *t, struct file *f, struct reader *r, struct now now)
{
    struct ear_line line = {.place = f->place,
                            .text = t->text,
                            .user = "",
                            .wall_ms = now.wall_ms,
                            .since_wall_ms = f->since_wall_ms};
    size_t n = r->part.len;
    char q[QUOTED_BYTES];

    if (n > TAIL_LINE_BYTES) {
        n = TAIL_LINE_BYTES;
        /* not inside a character; and no more than one is lost when this is no UTF-8 at all */
        while (n > TAIL_LINE_BYTES - 3 && ((unsigned char)r->part.data[n] & 0xc0) == 0x80)
            n--;
        if (!f->long_told)
            log_warnx("tail", "%s has lines of more than %d bytes: they are cut", quoted(f, q),
                      TAIL_LINE_BYTES);
        f->long_told = true;
    }
    if (t->lines)
        t->lines--;
    if (n && utf8_clean(r->part.data, n, t->text))
        t->sink.line(t->sink.ctx, &line);
}

enum reading { READ_ALL, READ_MORE, READ_FAILED };

/* Takes lines as long as there are some and this dispatch may. */
static enum reading read_lines(struct tail *t, struct file *f, struct reader *r, struct now now)
{
    ssize_t n = reader_peek(r, t->chunk, sizeof t->chunk);
    const char *p = t->chunk, *end;

    if (n < 0)
        return READ_FAILED;
    if (!n)
        return READ_ALL;
    r->grown_boot_ms = now.boot_ms;
    end = p + n;
    while (p < end && t->lines) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t piece = (size_t)((newline ? newline + 1 : end) - p);

        if (!reader_take(r, p, piece)) {
            errno = ENOMEM; /* the line is read again, from its beginning */
            return READ_FAILED;
        }
        p += piece;
        if (!newline)
            break;
        tell_line(t, f, r, now);
        reader_line_done(r);
        f->changed = true;
    }
    /* A line without end must not be read on and on in one dispatch. */
    if (t->lines)
        t->lines--;
    return READ_MORE;
}

/* ---- one file -------------------------------------------------------------------------------- */

/* The end of a file that is left: its last line needs no newline. */
static void leave_old(struct tail *t, struct file *f, struct now now)
{
    if (f->old.part.len)
        tell_line(t, f, &f->old, now);
    close_reader(t, &f->old);
    f->changed = true;
}

/* A file that was renamed is beside the one that has its name now. */
static void find_renamed(struct tail *t, struct file *f, const struct mark *mark, struct now now)
{
    DIR *dir = opendir(f->dir);
    size_t stem = strcspn(f->base, "."), n = 0;
    struct dirent *entry;
    struct stat st;

    if (f->old.fd >= 0)
        leave_old(t, f, now);
    while (dir && n < RENAMED_MAX && (entry = readdir(dir)) != NULL) {
        int fd;

        if (strncmp(entry->d_name, f->base, stem) != 0 || ++n > RENAMED_MAX ||
            fstatat(dirfd(dir), entry->d_name, &st, 0) || !S_ISREG(st.st_mode) ||
            (uint64_t)st.st_ino != mark->ino)
            continue;
        fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
            continue;
        f->old.fd = fd;
        f->old.ino = st.st_ino;
        f->old.grown_boot_ms = now.boot_ms;
        if (reader_resume(&f->old, mark))
            break;
        close_reader(t, &f->old);
    }
    if (dir)
        (void)closedir(dir);
}

/* For the first time in this process. */
static void begin(struct tail *t, struct file *f, struct now now, int64_t size)
{
    struct mark mark[2];
    char q[QUOTED_BYTES], since[WHEN_BYTES];

    memcpy(mark, f->mark, sizeof mark);
    memset(f->mark, 0, sizeof f->mark);
    if (f->first) {
        f->since_wall_ms = now.wall_ms;
        if (!reader_seek(&f->now, reader_last_line(&f->now, size, t->chunk, sizeof t->chunk)))
            (void)reader_seek(&f->now, 0);
        log_info("tail", "reading %s from its end (%lld bytes)", quoted(f, q), (long long)size);
        return;
    }
    if (mark[0].set && mark[0].ino == (uint64_t)f->now.ino && reader_resume(&f->now, &mark[0])) {
        if (!f->trouble)
            log_info("tail", "going on in %s after %lld of %lld bytes; it was read until %s",
                     quoted(f, q), (long long)f->now.offset, (long long)size,
                     when_iso(f->since_wall_ms, since));
        if (mark[1].set)
            find_renamed(t, f, &mark[1], now);
        return;
    }
    (void)reader_seek(&f->now, 0);
    if (mark[0].set && mark[0].ino != (uint64_t)f->now.ino)
        find_renamed(t, f, &mark[0], now);
    log_info("tail", "reading %s from its beginning: it is new, or was truncated%s", quoted(f, q),
             f->old.fd >= 0 ? "; first the rest of the file before it" : "");
}

static void open_now(struct tail *t, struct file *f, struct now now)
{
    struct stat st;
    int error;

    watch_dir(t, f);
    error = reader_open(f->path, &f->now.fd, &st);
    if (error) {
        if (error == ENOENT && access(f->dir, F_OK))
            trouble(f, ENOTDIR, "is not there, nor is its directory");
        else if (error == ENOENT)
            trouble(f, error, "is not there");
        else
            trouble(f, error, error == ESPIPE ? "is no file" : "cannot be read");
        if (f->first && error == ENOENT) { /* what it will hold is no history */
            f->first = false;
            f->since_wall_ms = now.wall_ms;
            f->changed = true;
        }
        return;
    }
    f->now.ino = st.st_ino;
    f->now.grown_boot_ms = now.boot_ms;
    f->polled = is_remote(f->now.fd);
    watch_file(t, f);
    if (f->fresh || f->first || f->mark[0].set)
        begin(t, f, now, (int64_t)st.st_size);
    else
        (void)reader_seek(&f->now, 0);
    f->first = f->fresh = false;
    f->changed = true;
}

/* The path is another file's by now. The one before is read on for a while, unless the new one is a
 * copy that goes on. */
static void rotate(struct tail *t, struct file *f, struct now now)
{
    if (f->old.fd >= 0)
        leave_old(t, f, now);
    f->old = f->now;
    f->old.grown_boot_ms = now.boot_ms;
    reader_init(&f->now, TAIL_LINE_BYTES + 1);
    open_now(t, f, now);
    if (f->now.fd < 0 || !reader_is_copied(&f->old, f->now.fd)) {
        say(f, "was renamed: reading the new one");
        return;
    }
    say(f, "was replaced by a copy: going on in that");
    if (reader_seek(&f->now, f->old.offset))
        close_reader(t, &f->old);
}

enum fate { FATE_HERE, FATE_REPLACED, FATE_GONE };

/* What has become of the file that is read. */
static enum fate find_fate(const struct file *f)
{
    struct stat st, mine;

    if (fstat(f->now.fd, &mine))
        return FATE_HERE;
    if (stat(f->path, &st)) /* renamed, it may still be written to; and others come back */
        return errno == ENOENT && !mine.st_nlink ? FATE_GONE : FATE_HERE;
    if ((st.st_ino == mine.st_ino && st.st_dev == mine.st_dev))
        return FATE_HERE;
    return FATE_REPLACED;
}

/* It may come back as it was. */
static void drop_now(struct tail *t, struct file *f, int error)
{
    trouble(f, error, "cannot be read any more");
    reader_mark(&f->now, &f->mark[0]);
    close_reader(t, &f->now);
}

/* @return whether there is more to be read at once. */
static bool read_old(struct tail *t, struct file *f, struct now now)
{
    switch (read_lines(t, f, &f->old, now)) {
    case READ_MORE:
        return true;
    case READ_FAILED:
        close_reader(t, &f->old);
        f->changed = true;
        return false;
    case READ_ALL:
        break;
    }
    if (now.boot_ms - f->old.grown_boot_ms >= LEAVE_MS)
        leave_old(t, f, now);
    return false;
}

/* All of it is read. @return whether there is more to be read at once, of another file. */
static bool at_end(struct tail *t, struct file *f, struct now now)
{
    f->since_wall_ms = now.wall_ms;
    switch (find_fate(f)) {
    case FATE_HERE:
        return false;
    case FATE_REPLACED:
        rotate(t, f, now);
        return true;
    case FATE_GONE:
        if (now.boot_ms - f->now.grown_boot_ms < LEAVE_MS || f->old.fd >= 0)
            return false;
        f->old = f->now; /* nobody will complete its last line */
        reader_init(&f->now, TAIL_LINE_BYTES + 1);
        leave_old(t, f, now);
        return false;
    }
    return false;
}

/* @return whether there is more to be read at once. */
static bool look(struct tail *t, struct file *f, struct now now)
{
    bool more = false;

    if (f->old.fd >= 0 && read_old(t, f, now))
        return true;
    if (f->now.fd < 0) {
        open_now(t, f, now);
        if (f->now.fd < 0)
            return false;
        if (f->old.fd >= 0 && read_old(t, f, now)) /* the one before was found */
            return true;
    }
    if (reader_is_truncated(&f->now)) {
        say(f, "was truncated: reading it from its beginning");
        (void)reader_seek(&f->now, 0);
        f->changed = true;
    }
    errno = 0;
    switch (read_lines(t, f, &f->now, now)) {
    case READ_FAILED:
        drop_now(t, f, errno ? errno : EIO);
        return false;
    case READ_MORE:
        more = true;
        break;
    case READ_ALL:
        break;
    }
    if (f->trouble)
        say(f, "is read now");
    f->trouble = 0;
    return more || at_end(t, f, now);
}

/* ---- the source ------------------------------------------------------------------------------ */

static void collect(void *ctx, struct pollset *set)
{
    const struct tail *t = ctx;
    const struct file *f;

    if (!t->file)
        return;
    pollset_add(set, t->inotify, POLLIN);
    for (f = t->file; f; f = f->next)
        pollset_deadline(set, f->due ? 0 : f->look_boot_ms);
}

static void look_after(struct tail *t, struct file *f, struct now now)
{
    bool live = f->now.fd >= 0 && f->now.wd >= 0 && f->dir_wd >= 0 && !f->polled;

    f->due = look(t, f, now);
    if (f->due)
        return;
    watch_dir(t, f);
    if (f->now.fd >= 0 && f->now.wd < 0)
        watch_file(t, f);
    f->look_boot_ms = now.boot_ms + (live ? LOOK_MS : POLL_MS);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct tail *t = ctx;
    struct file *f, **link;

    if (pollset_got(set, t->inotify))
        take_events(t);
    t->lines = TAIL_LINES;
    for (f = t->file; f && t->lines; f = f->next)
        if (f->due || f->look_boot_ms <= now.boot_ms)
            look_after(t, f, now);
    for (f = t->file; f; f = f->next)
        if (!f->first && (f->changed || !f->told || now.boot_ms - f->told_boot_ms >= TAIL_ALIVE_MS))
            tell_position(t, f, now);
    /* One that has much to say goes behind the others. */
    if (!t->lines && t->file && t->file->next) {
        f = t->file;
        t->file = f->next;
        f->next = NULL;
        for (link = &t->file; *link; link = &(*link)->next)
            ;
        *link = f;
    }
}

struct source_port tail_source_port(struct tail *t)
{
    return (struct source_port){.ctx = t, .collect = collect, .dispatch = dispatch};
}

/* ---- life ------------------------------------------------------------------------------------ */

int tail_create(const struct ear_sink *sink, struct tail **ret_tail)
{
    struct tail *t = calloc(1, sizeof *t);

    if (!t)
        return CRIER_ENOMEM;
    t->sink = *sink;
    t->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (t->inotify < 0)
        log_warn("tail", "no inotify: log files are looked at every %d s", POLL_MS / 1000);
    *ret_tail = t;
    return 0;
}

static void file_destroy(struct tail *t, struct file *f)
{
    close_reader(t, &f->now);
    close_reader(t, &f->old);
    unwatch(t, &f->dir_wd);
    free(f->place);
    free(f->dir);
    free(f);
}

void tail_destroy(struct tail *t)
{
    if (!t)
        return;
    tail_keep(t, NULL, 0);
    if (t->inotify >= 0)
        (void)close(t->inotify);
    free(t);
}

void tail_keep(struct tail *t, char *const *place, size_t n)
{
    struct file **link = &t->file, *f;
    size_t i;

    while ((f = *link) != NULL) {
        for (i = 0; i < n && strcmp(place[i], f->place) != 0; i++)
            ;
        if (i < n) {
            link = &f->next;
            continue;
        }
        *link = f->next;
        file_destroy(t, f);
    }
}

int tail_follow(struct tail *t, const char *path, const char *position)
{
    struct file *f, **link;
    const char *slash = strrchr(path, '/');

    for (link = &t->file; *link; link = &(*link)->next)
        if (!strcmp((*link)->path, path))
            return 0;
    f = calloc(1, sizeof *f);
    if (!f || !slash)
        goto fail;
    f->place = buf_printf("file:%s", path);
    f->dir = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    if (!f->place || !f->dir)
        goto fail;
    f->path = f->place + strlen("file:");
    f->base = f->path + (slash + 1 - path);
    f->dir_wd = -1;
    reader_init(&f->now, TAIL_LINE_BYTES + 1);
    reader_init(&f->old, TAIL_LINE_BYTES + 1);
    f->fresh = f->due = true;
    f->first = !position;
    if (position)
        parse_position(f, position);
    *link = f;
    return 0;
fail:
    if (f) {
        free(f->place);
        free(f->dir);
    }
    free(f);
    return CRIER_ENOMEM;
}
