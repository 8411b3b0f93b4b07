/*
 * torture: fails the n-th call of a kind, for the tests that fail each one in turn.
 *
 * A test of that sort is linked with libtortured.a, a copy of libcrier.a in which calls of what can
 * fail were renamed to the functions below (see torture.syms); libraries are reached through their
 * own hooks. Calls count only while a plan is under way, and in the main thread only between
 * torture_enter(true) and torture_enter(false): so the test's own calls and the fakes' are let be.
 */
#ifndef CRIER_TORTURE_H
#define CRIER_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum torture_kind {
    TORTURE_ALLOC,   /* malloc and its like, in the program's own code */
    TORTURE_LIBRARY, /* the same in SQLite and libcurl; jansson: see json_memory.h */
    TORTURE_SQL,     /* sqlite3_step() and its like, as the program calls them */
    TORTURE_DISK,    /* what SQLite asks of the system: open, write, sync, ... */
    TORTURE_NET      /* what libcurl asks of the system: connect, send, receive */
};

struct torture_plan {
    enum torture_kind kind;
    bool threads; /* count the calls of all other threads, instead of the main thread's */
    size_t nth;   /* from 1; 0: none fails, they are counted and looked at */
    bool lasting; /* all that come behind it fail too, until torture_relent() */
    unsigned way; /* how it fails, below torture_ways() */
};

/** @return in how many ways a call of that kind may fail, at least 1. */
unsigned torture_ways(enum torture_kind kind);
/** @return false where whoever sees it simply tries again, and so for ever when it lasts. */
bool torture_way_ends(enum torture_kind kind, unsigned way);
/** In a few words, for messages. */
const char *torture_way_name(enum torture_kind kind, unsigned way);

/** Puts hooks into SQLite and libcurl, once, before any of them is used. */
void torture_hook_libraries(void);
/** The same for what SQLite asks of the system. */
void torture_hook_disk(void);

/** Begins. Called by the main thread. */
void torture_begin(const struct torture_plan *plan);
/** Ends; nothing fails any more. @return the calls that were counted. */
size_t torture_end(void);
/** What lasts ends here; it goes on being counted. */
void torture_relent(void);
/** @return whether a call was made to fail since torture_begin(). */
bool torture_fired(void);
/** @return whether the main thread was inside before. */
bool torture_enter(bool inside);
/** Prints the stack of the first call that was made to fail. */
void torture_print_where(void);
/** @return what the program wrote to stderr since torture_begin(), as far as it is kept. */
const char *torture_log(void);
/**
 * Of the last plan with nth 0: the calls that came from somewhere else than every one before them,
 * ascending. @return how many.
 */
size_t torture_fresh(const size_t **ret_nth);

/** For the test's own definitions of these functions of the C library, which libraries then use. */
ssize_t torture_send(int fd, const void *data, size_t n, int flags);
ssize_t torture_recv(int fd, void *data, size_t n, int flags);
int torture_connect(int fd, const void *address, unsigned n);
int torture_fdatasync(int fd);

#endif
