/*
 * run_board: the wiring of the board: rows from the engine's memory and from the store, pages and
 * reports out.
 *
 * Part of run.c; nobody else includes this. What is open comes from memory, so that it is there
 * when the database is not; timelines and what is over come from the store, and are not asked for
 * while that does not write: a disk that hangs would hang the loop.
 */
#ifndef CRIER_RUN_BOARD_H
#define CRIER_RUN_BOARD_H

#include "courier.h"
#include "ports.h"
#include "settings.h"

#include "web.h"

struct run_board {
    const struct courier *courier; /* has the engine and the store */
    const struct settings *settings;
};

/**
 * Answers / and /incident/N, N.wikitext, N.md, N.json and N.svg from now on, to readers.
 *
 * @param b must outlive the web; @param courier, @param settings borrowed; the latter until
 * run_board_reload().
 */
void run_board_start(struct run_board *b, struct web *web, const struct courier *courier,
                     const struct settings *settings);
void run_board_reload(struct run_board *b, const struct settings *settings);

#endif
