/*
 * pager: runs the command that pages a human when nobody can be reached by IRC.
 *
 * The command is run by a helper process, which is forked before anything else: so the daemon needs
 * no right to start programs later, and the helper holds neither the store's lock nor a connection.
 * The helper knows one command, fixed when it was made; the daemon can only hand it a text. It does
 * one page at a time. When the daemon is gone, however it went, the helper ends a command that is
 * under way like any other, and leaves.
 *
 * The command is an argument list, not a shell's line. The text is its last argument and comes on
 * its standard input too, as one line. It runs in a session of its own, in /, with no other open
 * files, with default signals, and with PATH, HOME, USER, LOGNAME, LANG and TZ for an environment:
 * what else the daemon has there may be secret. What it writes is kept for the log, its first
 * bytes.
 */
#ifndef CRIER_PAGER_H
#define CRIER_PAGER_H

#include <stddef.h>
#include <stdint.h>

#include "ports.h"
#include "settings.h"

enum {
    PAGER_TEXT_BYTES = 400, /* the longest text for a page; longer ones are cut */
    PAGER_LIMIT_MS = 30000  /* how long the daemon lets a command run */
};

struct pager;

/** Called from the source's dispatch, once for each text that was taken. */
struct pager_sink {
    void *ctx;
    /**
     * @param exit_status of the command; -1 when it was killed, ran too long or was not started.
     * @param text one clean line: what became of it and what it wrote, "" when all went well and it
     *             was silent.
     */
    void (*done)(void *ctx, int exit_status, const char *text);
};

/**
 * What keeps a command from being run, as far as can be seen beforehand.
 * @return 0, or CRIER_EACCESS or CRIER_ENOENT with one line in why.
 */
int pager_look_at(const struct string_list *command, char *why, size_t why_size);

/**
 * Forks the helper. To be called while the process has one thread, before the store is opened.
 *
 * @param command  the first is the program's path; copied.
 * @param limit_ms a command that runs longer is killed with its process group.
 * @param sink     copied.
 * @return 0, CRIER_EINVAL (no command), CRIER_EIO or CRIER_ENOMEM.
 */
int pager_create(const struct string_list *command, int64_t limit_ms, const struct pager_sink *sink,
                 struct pager **ret_pager) __attribute__((warn_unused_result));
/** The helper leaves, at the latest when the command that it runs has ended. NULL is fine. */
void pager_destroy(struct pager *p);

struct source_port pager_source_port(struct pager *p);

/**
 * Starts a page.
 * @param text cleaned and cut; dashes at its beginning are left out, so that no command takes it
 *             for an option.
 * @return 0; CRIER_EAGAIN while one is under way; CRIER_EINVAL when nothing is left of the text;
 *         CRIER_EIO when the helper is gone, which the log has told.
 */
int pager_send(struct pager *p, const char *text) __attribute__((warn_unused_result));

#endif
