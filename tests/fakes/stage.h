/*
 * stage: the program from an alert to a resolved incident, under torture.
 *
 * Wired as in the daemon: hearing, engine, courier, and either the fakes for store and page, or the
 * real store on a disk and the real client of the status page in front of the sandbox, all in one
 * process with a clock that jumps to the next deadline when nothing moves. The stage also plays the
 * others: the supervisor that starts the program again when it has left, and people who say what
 * they said once more when nothing came of it.
 */
#ifndef CRIER_STAGE_H
#define CRIER_STAGE_H

#include <stdio.h>

#include "courier.h"
#include "fake_chat.h"
#include "fake_page.h"
#include "fake_proof.h"
#include "fake_store.h"
#include "hearing.h"
#include "httpd.h"
#include "net.h"
#include "patterns.h"
#include "sandbox.h"
#include "settings.h"
#include "statuspage.h"
#include "store_sqlite.h"
#include "torture.h"

struct stage {
    bool real;
    struct settings *settings; /* of all runs */
    struct patterns *patterns;
    char dir[80]; /* for the store; removed by stage_finish() */

    size_t *chosen; /* the calls to try */

    /* one run */
    char doing[80];
    struct now now;
    int64_t ahead_ms; /* of the real clock */
    bool running;
    bool up;
    int err; /* of the program: it leaves, to be started again */
    size_t n_starts;
    size_t n_sick;       /* failures that the store told */
    bool crash_confirms; /* kill -9 as soon as the page has a step; among fakes only */
    struct format_port formats;
    struct hearing *hearing;
    struct engine *engine;
    struct courier courier;
    struct fake_chat chat;
    struct fake_page fake_page;
    struct fake_proof proof;
    struct fake_store fake_store;
    struct net *net;
    struct wait_port wait;
    struct pollset set;
    struct statuspage *page;
    struct store_sqlite *store;
    struct sandbox *sandbox;
    struct httpd *httpd;
};

/** What all runs have in common. @param real the adapters for store and page, not their fakes. */
void stage_init(struct stage *s, const char *config_path, bool real);
void stage_finish(struct stage *s);

/**
 * One run: alert, draft, confirm, public; update, confirm; resolve, confirm. Fails the test when at
 * the end the page does not have exactly one incident with each of the three texts once, in order,
 * each mailed as configured; when a confirm that was written down needed another word; or when it
 * does not come to an end.
 *
 * @param plan NULL: nothing fails.
 * @return the calls that counted.
 */
size_t stage_run(struct stage *s, const struct torture_plan *plan);

/**
 * A run in which nothing fails, to count the calls; then for each way of failing a run for each
 * call that is to be tried: those that come from somewhere new, and of the others every stride-th.
 * Prints how many there were.
 *
 * With TORTURE_ALL in the environment all of these are tried; with TORTURE_SAMPLE=N at most N of
 * them in each way; with TORTURE_ONLY=N just that call, in the first way.
 *
 * @param stride 1: every call.
 * @param most   if there are more of them, so many, evenly spread.
 */
void stage_try_all(struct stage *s, struct torture_plan plan, size_t stride, size_t most);

#endif
