#include "store_backup.h"

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
#include "store_db_impl.h"
#include "store_lock.h"
#include "utf8.h"

/* ---- the copy -------------------------------------------------------------------------------- */

/* All pages in one read transaction: what is written meanwhile is not in it. */
static int copy_pages(struct store_db *from, struct store_db *to, struct store_why *why)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->sql, "main", from->sql, "main");
    int code;

    if (!backup)
        return store_db_why_sqlite(to, "write", why);
    do
        code = sqlite3_backup_step(backup, -1);
    while (code == SQLITE_OK); /* busy: the connection has waited already */
    if (sqlite3_backup_finish(backup) == SQLITE_OK && code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_DONE && sqlite3_errcode(from->sql) == code)
        return store_db_why_sqlite(from, "read", why);
    return store_db_why_sqlite(to, "write", why);
}

static int tell_damaged(const struct store_db *from, const char *said, struct store_why *why)
{
    char clean[200];

    (void)utf8_print(clean, sizeof clean, "%s", said);
    (void)utf8_clean(clean, strlen(clean), clean);
    (void)snprintf(why->text, sizeof why->text, "%s is damaged (%s): no copy was made", from->path,
                   clean);
    return CRIER_ECORRUPT;
}

/* Every page of the copy. What is wrong in it was wrong before. */
static int check_pages(const struct store_db *from, struct store_db *to, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    const char *said;
    int r = 0;

    if (sqlite3_prepare_v2(to->sql, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        r = store_db_why_sqlite(to, "read", why);
    else if (!(said = (const char *)sqlite3_column_text(st, 0)))
        r = store_db_why_nomem(why);
    else if (strcmp(said, "ok") != 0)
        r = tell_damaged(from, said, why);
    (void)sqlite3_finalize(st);
    return r;
}

static int fill(struct store_db *from, struct store_db *to, struct store_why *why)
{
    int r;

    if (sqlite3_open_v2(to->path, &to->sql,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                            SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK)
        return store_db_why_sqlite(to, "open", why);
    r = store_db_run(to, "PRAGMA synchronous = OFF", "write", why); /* synced as a whole below */
    if (!r)
        r = copy_pages(from, to, why);
    if (!r) { /* the copy says that it has a write-ahead log, as its original; it needs none */
        r = store_db_run(to, "PRAGMA journal_mode = DELETE", "write", why);
        if (r == CRIER_ECORRUPT) /* not the copy's fault */
            r = tell_damaged(from, sqlite3_errmsg(to->sql), why);
    }
    if (!r)
        r = check_pages(from, to, why);
    (void)sqlite3_close(to->sql); /* no statement is open */
    to->sql = NULL;
    return r;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int tell_taken(const char *dest, struct store_why *why)
{
    (void)snprintf(why->text, sizeof why->text,
                   "%s is there already and is left as it is: name a file that is not", dest);
    return CRIER_ESTATE;
}

static int sync_file(int fd, const char *path, int64_t *ret_bytes, struct store_why *why)
{
    struct stat st;

    if (fsync(fd) || fstat(fd, &st))
        return store_db_why_errno("write", path, why);
    *ret_bytes = st.st_size;
    return 0;
}

/* Gives the file its name, unless something has that name by now. */
static int give_name(const char *path, const char *dest, struct store_why *why)
{
    if (!renameat2(AT_FDCWD, path, AT_FDCWD, dest, RENAME_NOREPLACE))
        return 0;
    /* not every file system has that; those have links */
    if ((errno == EINVAL || errno == ENOSYS) && !link(path, dest)) {
        (void)unlink(path);
        return 0;
    }
    return errno == EEXIST ? tell_taken(dest, why) : store_db_why_errno("make", dest, why);
}

static int sync_parent(const char *dest, struct store_why *why)
{
    const char *slash = strrchr(dest, '/');
    char *dir;
    int r;

    if (!slash)
        dir = strdup(".");
    else
        dir = buf_printf("%.*s", slash == dest ? 1 : (int)(slash - dest), dest);
    if (!dir)
        return store_db_why_nomem(why);
    r = store_lock_sync_dir(dir, why->text, sizeof why->text);
    free(dir);
    return r == CRIER_EACCESS ? 0 : r; /* one may write into a directory that one may not read */
}

static void remove_with(const char *path, const char *suffix)
{
    char *name = buf_printf("%s%s", path, suffix);

    if (name)
        (void)unlink(name);
    free(name);
}

/* Under a name of its own beside dest until it is complete and on the disk. */
static int copy(struct store_db *from, const char *dest, int64_t *ret_bytes, struct store_why *why)
{
    struct store_db to;
    struct stat st;
    int fd = -1;
    int r;

    memset(&to, 0, sizeof to);
    if (!lstat(dest, &st))
        return tell_taken(dest, why);
    to.path = buf_printf("%s.XXXXXX", dest);
    if (!to.path)
        return store_db_why_nomem(why);
    fd = mkostemp(to.path, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        r = store_db_why_errno("make", dest, why);
        goto out;
    }
    r = fill(from, &to, why);
    if (!r)
        r = sync_file(fd, to.path, ret_bytes, why);
    if (!r)
        r = give_name(to.path, dest, why);
    if (!r) {
        r = sync_parent(dest, why);
        if (r)
            (void)unlink(dest);
        goto out;
    }
    remove_with(to.path, "");
    remove_with(to.path, "-journal");
    remove_with(to.path, "-wal");
    remove_with(to.path, "-shm");
out:
    if (fd >= 0)
        (void)close(fd);
    free(to.path);
    return r;
}

int store_backup(const char *dir, const char *dest, int64_t *ret_bytes, char *why, size_t why_size)
{
    struct store_why reason = {""};
    struct store_db *from = NULL;
    int64_t bytes = 0;
    int r = store_db_open_reader(dir, &from, &reason);

    if (!r)
        r = copy(from, dest, &bytes, &reason);
    store_db_close(from);
    if (r)
        (void)snprintf(why, why_size, "%s", reason.text);
    else
        *ret_bytes = bytes;
    return r;
}
