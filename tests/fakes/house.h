/*
 * house: the whole pure program with fakes for everything outside and a clock that the test moves.
 *
 * Lines go the way that they go in the daemon: hearing, engine, courier, store, chat and page. For
 * tests: running out of memory, or a configuration with mistakes, fails the test.
 */
#ifndef CRIER_HOUSE_H
#define CRIER_HOUSE_H

#include "courier.h"
#include "engine.h"
#include "fake_chat.h"
#include "fake_page.h"
#include "fake_proof.h"
#include "fake_store.h"
#include "hearing.h"
#include "patterns.h"
#include "settings.h"

#define HOUSE_OPS "net/#ops"
#define HOUSE_SRE "net/#sre"

struct house {
    struct settings *settings;
    struct patterns *patterns;
    struct format_port formats;
    struct hearing *hearing;
    struct engine *engine;
    struct courier courier;
    struct fake_chat chat;
    struct fake_page page;
    struct fake_store store;
    struct fake_proof proof;
    struct now now;
    bool page_answers; /* requests are answered as soon as they leave; default true */
    bool disk_full;    /* commits fail; default false */
    bool disk_hangs;   /* commits are not answered; default false */
    bool lines_show;   /* lines with a token are shown as soon as they are said; default true */
};

/* Lines as the bots say them; what they mean is in tests/data/house.cfg. */
#define HOUSE_CFG "tests/data/house.cfg"
#define EXCEPTIONS_IS(severity)                                                                    \
    "PROBLEM - MediaWiki exceptions and fatals per minute for appserver on alert1001 is " severity \
    ": 2.651e+04 gt 100"
#define EXCEPTIONS EXCEPTIONS_IS("CRITICAL")
#define EXCEPTIONS_OK                                                                          \
    "RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: " \
    "(C)100 gt (W)50 gt 2"
#define FRONTEND "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page"
#define FRONTEND_OK \
    "(FrontendUnavailable) resolved: varnish-text has reduced HTTP availability #page"
#define SEARCH "FIRING: SearchDown: search is down #page"
#define STARTED \
    "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880004|Example change (T1)]]"
#define FINISHED                                                                                   \
    "!log deployer1@deploy1002 Finished scap: Backport for [[gerrit:880004|Example change (T1)]] " \
    "(duration: 09m 12s)"

enum { SECOND = 1000, MINUTE = 60 * 1000, HOUR = 60 * 60 * 1000 };

/** For cmocka: a house on HOUSE_CFG for each test, in *state. */
int house_setup(void **state);
int house_teardown(void **state);
#define HOUSE_TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

/** Reads the configuration, starts the engine at 2023-01-17 18:00:00 UTC and joins all channels.
 */
void house_init(struct house *h, const char *config_path);
void house_finish(struct house *h);

/** Commits, delivers and answers until nothing moves any more. */
void house_settle(struct house *h);
/** Moves both clocks on, in one tick, and settles. */
void house_wait(struct house *h, int64_t ms);
/** The same in ticks of step_ms. */
void house_wait_sliced(struct house *h, int64_t ms, int64_t step_ms);

/** Somebody says a line; the account is the nick where account is "=". */
void house_say(struct house *h, const char *place, const char *nick, const char *account,
               const char *text);
/** One of the trusted bots, in HOUSE_OPS. */
void house_icinga(struct house *h, const char *text);
void house_jinxer(struct house *h, const char *text);
void house_deploy(struct house *h, const char *text);

/** Draft 1.1 at 18:08, shown, with a suspect deploy that runs since 18:00. */
void house_draft(struct house *h);
/** The same, confirmed and public. */
void house_publish(struct house *h);

/** kill -9 and a start from what was committed; channels are joined again. */
void house_restart(struct house *h, int64_t down_ms);

/** The newest line at a place contains the text, else the test fails and all lines are printed. */
void house_expect_last(struct house *h, const char *place, const char *text);
/** Some line at a place contains the text. */
void house_expect_said(struct house *h, const char *place, const char *text);
void house_expect_unsaid(struct house *h, const char *place, const char *text);

#endif
