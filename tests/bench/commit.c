/*
 * commit: one committed SQLite transaction at a time (WAL, synchronous=FULL, one row of 600 bytes);
 * what crier's commits are measured against.
 *
 * commit FILE makes the database. Each byte on standard input is one transaction; the microseconds
 * that it took are printed as one line. Ends with its input.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum { ROW_BYTES = 600 };

static double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int fail(sqlite3 *db, const char *what)
{
    (void)fprintf(stderr, "commit: %s: %s\n", what, db ? sqlite3_errmsg(db) : "out of memory");
    (void)sqlite3_close(db);
    return EX_IOERR;
}

int main(int argc, char **argv)
{
    char row[ROW_BYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: commit FILE\n");
        return EX_USAGE;
    }
    memset(row, 'x', sizeof row);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE t (id INTEGER PRIMARY KEY, row TEXT NOT NULL)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO t (row) VALUES (?)", -1, &st, NULL) != SQLITE_OK)
        return fail(db, "open");
    while (getchar() != EOF) {
        double before = now_us();
        int r;

        if (sqlite3_bind_text(st, 1, row, sizeof row, SQLITE_STATIC) != SQLITE_OK)
            r = SQLITE_NOMEM;
        else
            r = sqlite3_step(st); /* on its own: a transaction, committed when it returns */
        if (r != SQLITE_DONE || sqlite3_reset(st) != SQLITE_OK) {
            (void)sqlite3_finalize(st);
            return fail(db, "commit");
        }
        (void)printf("%.1f\n", now_us() - before);
        (void)fflush(stdout);
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return 0;
}
