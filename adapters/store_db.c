#include "store_db_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "store_lock.h"
#include "utf8.h"

enum {
    BUSY_MS = 2000,
    CHECK_UP_TO_BYTES = 32 << 20 /* files up to this size are checked at every start */
};

/* ---- errors ---------------------------------------------------------------------------------- */

int store_db_why_nomem(struct store_why *why)
{
    (void)snprintf(why->text, sizeof why->text, "out of memory");
    return CRIER_ENOMEM;
}

int store_db_why_damaged(const struct store_db *db, const char *what, struct store_why *why)
{
    (void)snprintf(why->text, sizeof why->text,
                   "%s is damaged (%s) and is left as it is: move crier.db, crier.db-wal and "
                   "crier.db-shm away, then put a backup there or start without memory",
                   db->path, what);
    return CRIER_ECORRUPT;
}

static int from_sqlite(sqlite3 *sql, int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CRIER_ECORRUPT;
    case SQLITE_NOMEM:
        return CRIER_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CRIER_ELOCKED;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return CRIER_EACCESS;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return store_lock_from_errno(sql ? sqlite3_system_errno(sql) : 0);
    }
    return CRIER_EIO;
}

/*
 * The system's reason for an I/O error. SQLite keeps one for the connection, but not for what fails
 * in COMMIT, which writes the log; the files keep their own.
 */
static int last_errno(sqlite3 *sql, int primary)
{
    static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0] && primary == SQLITE_IOERR; i++) {
        sqlite3_file *file = NULL;
        int errnum = 0;

        if (sqlite3_file_control(sql, "main", files[i], &file) == SQLITE_OK && file &&
            file->pMethods &&
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &errnum) == SQLITE_OK &&
            errnum)
            return errnum;
    }
    return sqlite3_system_errno(sql);
}

/* What SQLite said last, with the system's reason where it has one. */
int store_db_why_sqlite(const struct store_db *db, const char *what, struct store_why *why)
{
    int code = db->sql ? sqlite3_extended_errcode(db->sql) : SQLITE_NOMEM;
    const char *said = db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code);
    char message[256];
    char reason[128] = "";
    char clean[sizeof message];
    int primary = code & 0xff;
    int errnum = db->sql ? last_errno(db->sql, primary) : 0;
    int r = from_sqlite(db->sql, code);

    (void)snprintf(message, sizeof message, "%s", said);
    (void)utf8_clean(message, strlen(message), clean);
    if (errnum &&
        (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY)) {
        char text[96];

        (void)snprintf(reason, sizeof reason, ", %s", strerror_r(errnum, text, sizeof text));
    }
    if (r == CRIER_ENOMEM)
        return store_db_why_nomem(why);
    if (r == CRIER_ECORRUPT)
        return store_db_why_damaged(db, clean, why);
    (void)snprintf(why->text, sizeof why->text, "cannot %s %s: %s%s (SQLite %d)", what, db->path,
                   clean, reason, code);
    return r;
}

int store_db_why_errno(const char *what, const char *path, struct store_why *why)
{
    int errnum = errno;
    char text[96];

    (void)snprintf(why->text, sizeof why->text, "cannot %s %s: %s", what, path,
                   strerror_r(errnum, text, sizeof text));
    return store_lock_from_errno(errnum);
}

/* ---- small steps ----------------------------------------------------------------------------- */

int store_db_run(struct store_db *db, const char *sql, const char *what, struct store_why *why)
{
    return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : store_db_why_sqlite(db, what, why);
}

/* The first value of the first row as a number. */
int store_db_number(struct store_db *db, const char *sql, int64_t *ret_value, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        r = store_db_why_sqlite(db, "read", why);
    else
        *ret_value = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    return r;
}

/* The first value of the first row must be this text. */
static int expect_text(struct store_db *db, const char *sql, const char *want, bool *ret_same,
                       char *got, size_t got_size, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    const unsigned char *text;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        r = store_db_why_sqlite(db, "read", why);
        goto out;
    }
    text = sqlite3_column_text(st, 0);
    if (!text) {
        r = store_db_why_nomem(why);
        goto out;
    }
    (void)snprintf(got, got_size, "%s", (const char *)text);
    (void)utf8_clean(got, strlen(got), got);
    *ret_same = !strcmp((const char *)text, want);
out:
    (void)sqlite3_finalize(st);
    return r;
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct store_db *db_new(const char *dir, const char *name)
{
    struct store_db *db = calloc(1, sizeof *db);

    if (!db)
        return NULL;
    db->path = buf_printf("%s/%s", dir, name);
    if (!db->path) {
        free(db);
        return NULL;
    }
    return db;
}

/* Opens the file at db->path, which must be there. Until it is found good nothing is written. */
static int connect_file(struct store_db *db, int flags, struct store_why *why)
{
    if (sqlite3_open_v2(db->path, &db->sql,
                        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                            SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK ||
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db->sql, BUSY_MS) != SQLITE_OK)
        return store_db_why_sqlite(db, "open", why);
    return store_db_run(db, "PRAGMA cell_size_check = ON", "open", why);
}

static int unlink_file(const char *path, const char *suffix, struct store_why *why)
{
    char *name = buf_printf("%s%s", path, suffix);
    int r = 0;

    if (!name)
        return store_db_why_nomem(why);
    if (unlink(name) && errno != ENOENT)
        r = store_db_why_errno("remove", name, why);
    free(name);
    return r;
}

/*
 * Makes the file under another name and gives it its own when it is complete and on the disk: so
 * an empty or half-made crier.db is never our doing, and never taken for a new one.
 */
static int create_file(const char *dir, const char *path, const struct store_migration *migrations,
                       struct store_why *why)
{
    static const char *const leftovers[] = {"", "-journal", "-wal", "-shm"};
    struct store_db *db = db_new(dir, "crier.db.new");
    int fd;
    size_t i;
    int r = 0;

    if (!db)
        return store_db_why_nomem(why);
    for (i = 0; i < sizeof leftovers / sizeof leftovers[0] && !r; i++)
        r = unlink_file(db->path, leftovers[i], why);
    if (r)
        goto out;
    fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        r = store_db_why_errno("make", db->path, why);
        goto out;
    }
    (void)close(fd);
    r = connect_file(db, SQLITE_OPEN_READWRITE, why);
    if (!r)
        r = store_schema_create(db, migrations, why);
    if (r)
        goto out;
    (void)sqlite3_close(db->sql); /* no statement is open */
    db->sql = NULL;
    if (rename(db->path, path)) {
        r = store_db_why_errno("make", path, why);
        goto out;
    }
    r = store_lock_sync_dir(dir, why->text, sizeof why->text);
out:
    store_db_close(db);
    return r;
}

/* What lies on the disk before SQLite sees it. @return 0 or CRIER_ENOENT or an error. */
static int look_at_file(const struct store_db *db, int64_t *ret_bytes, bool *ret_wal,
                        struct store_why *why)
{
    char *wal = buf_printf("%s-wal", db->path);
    struct stat st;
    int r = 0;

    if (!wal)
        return store_db_why_nomem(why);
    *ret_wal = !stat(wal, &st) && st.st_size > 0;
    if (stat(db->path, &st)) {
        r = errno == ENOENT ? CRIER_ENOENT : store_db_why_errno("open", db->path, why);
        if (r == CRIER_ENOENT)
            (void)snprintf(why->text, sizeof why->text, "there is no %s", db->path);
    } else if (!S_ISREG(st.st_mode)) {
        (void)snprintf(why->text, sizeof why->text, "%s is not a file", db->path);
        r = CRIER_ECORRUPT;
    } else if (!st.st_size) {
        r = store_db_why_damaged(db, "it is empty", why);
    } else {
        *ret_bytes = st.st_size;
    }
    free(wal);
    return r;
}

/* Is it ours, and no newer than this program? */
static int check_identity(struct store_db *db, int latest, int *ret_version, struct store_why *why)
{
    int64_t value = 0;
    int r = store_db_number(db, "PRAGMA application_id", &value, why);

    if (r)
        return r;
    if (value != STORE_APPLICATION_ID) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s is not a database of crier and is left as it is", db->path);
        return CRIER_ECORRUPT;
    }
    r = store_db_number(db, "PRAGMA user_version", &value, why);
    if (r)
        return r;
    if (value > latest) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s was written by a newer crier (schema %" PRId64
                       ", this one knows up to %d) and is left as it is: run that one",
                       db->path, value, latest);
        return CRIER_EVERSION;
    }
    if (value < STORE_FIRST_VERSION)
        return store_db_why_damaged(db, "it has no schema version", why);
    *ret_version = (int)value;
    return 0;
}

static int check_pages(struct store_db *db, struct store_why *why)
{
    char got[200] = "";
    bool good = false;
    int r = expect_text(db, "PRAGMA quick_check(1)", "ok", &good, got, sizeof got, why);

    if (r)
        return r;
    return good ? 0 : store_db_why_damaged(db, got, why);
}

static int use_wal(struct store_db *db, struct store_why *why)
{
    char got[32] = "";
    bool good = false;
    int r = expect_text(db, "PRAGMA journal_mode = WAL", "wal", &good, got, sizeof got, why);

    if (r)
        return r;
    if (!good) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s cannot have a write-ahead log (SQLite stays with %s): use a local disk",
                       db->path, got);
        return CRIER_EIO;
    }
    return store_db_run(
        db,
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -256;"
        "PRAGMA journal_size_limit = 4194304;"
        "PRAGMA temp_store = MEMORY", /* the daemon may write nowhere else, see confine.h */
        "open", why);
}

/* A file of SQLite's cannot be made beside a database that only seems to be in the state_dir. */
static void explain_link(const struct store_db *db, struct store_why *why)
{
    struct stat st;
    size_t n = strlen(why->text);

    if (!lstat(db->path, &st) && S_ISLNK(st.st_mode))
        (void)snprintf(why->text + n, sizeof why->text - n,
                       "; it is a symbolic link, and crier writes in state_dir alone: move the "
                       "database there, or let state_dir be where it is");
}

int store_db_open(const char *dir, bool unclean, const struct store_migration *migrations,
                  struct store_db **ret_db, struct store_why *why)
{
    struct store_db *db = db_new(dir, "crier.db");
    int64_t bytes = 0;
    bool wal = false;
    int version = 0;
    int r;

    if (!db)
        return store_db_why_nomem(why);
    r = look_at_file(db, &bytes, &wal, why);
    if (r == CRIER_ENOENT) {
        if (wal) {
            (void)snprintf(why->text, sizeof why->text,
                           "%s is missing but its write-ahead log %s-wal is there: put the "
                           "database back, or move the log away to start without memory",
                           db->path, db->path);
            r = CRIER_ECORRUPT;
            goto out;
        }
        r = create_file(dir, db->path, migrations, why);
    }
    if (r)
        goto out;
    r = connect_file(db, SQLITE_OPEN_READWRITE, why);
    if (r)
        goto out;
    r = check_identity(db, store_schema_latest(migrations), &version, why);
    if (r)
        goto out;
    if (sqlite3_db_readonly(db->sql, "main") == 1) {
        (void)snprintf(why->text, sizeof why->text, "%s may not be written to", db->path);
        r = CRIER_EACCESS;
        goto out;
    }
    if (unclean || wal || bytes <= CHECK_UP_TO_BYTES) {
        r = check_pages(db, why);
        if (r)
            goto out;
    }
    r = use_wal(db, why);
    if (!r)
        r = store_schema_migrate(db, migrations, version, why);
    if (!r && sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL) != SQLITE_OK)
        r = store_db_why_sqlite(db, "open", why);
    if (r)
        goto out;
    *ret_db = db;
    db = NULL;
out:
    if (r == CRIER_EACCESS || r == CRIER_EIO)
        explain_link(db, why);
    store_db_close(db);
    return r;
}

/* Takes db, which may be NULL. */
static int open_reader(struct store_db *db, struct store_db **ret_db, struct store_why *why)
{
    int64_t bytes = 0;
    bool wal = false;
    int version = 0;
    int r;

    if (!db)
        return store_db_why_nomem(why);
    r = look_at_file(db, &bytes, &wal, why);
    if (!r)
        r = connect_file(db, SQLITE_OPEN_READONLY, why);
    if (!r)
        r = check_identity(db, store_schema_latest(store_migrations), &version, why);
    if (r)
        goto out;
    *ret_db = db;
    db = NULL;
out:
    store_db_close(db);
    return r;
}

int store_db_open_reader(const char *dir, struct store_db **ret_db, struct store_why *why)
{
    return open_reader(db_new(dir, "crier.db"), ret_db, why);
}

int store_db_open_file(const char *path, struct store_db **ret_db, struct store_why *why)
{
    struct store_db *db = calloc(1, sizeof *db);

    if (db && !(db->path = strdup(path))) {
        free(db);
        db = NULL;
    }
    return open_reader(db, ret_db, why);
}

void store_db_close(struct store_db *db)
{
    int t;

    if (!db)
        return;
    for (t = 0; t < RECORD_TABLES; t++) {
        (void)sqlite3_finalize(db->put[t]);
        (void)sqlite3_finalize(db->del[t]);
    }
    (void)sqlite3_close(db->sql);
    free(db->path);
    free(db);
}
