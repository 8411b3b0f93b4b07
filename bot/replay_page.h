/*
 * replay_page: status pages that exist in memory only and publish whatever they are told.
 *
 * Stands behind a page port. Answers are given by replay_page_answer(), never from inside a
 * submit. Owns what is "public"; remote ids and addresses are made up.
 */
#ifndef CRIER_REPLAY_PAGE_H
#define CRIER_REPLAY_PAGE_H

#include "ports.h"
#include "settings.h"

struct replay_page;

struct replay_page_options {
    const struct settings *settings; /* borrowed */
    struct page_sink sink;
    /** Something became public: PAGE_CREATE, PAGE_UPDATE or PAGE_CORRECT. May be NULL. */
    void (*published)(void *ctx, const struct page_request *req);
    void *ctx;
};

/** @return 0 or CRIER_ENOMEM. */
int replay_page_create(const struct replay_page_options *options, struct replay_page **ret)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void replay_page_destroy(struct replay_page *p);
struct page_port replay_page_port(struct replay_page *p);
/** Carries out and answers what waits, oldest first.
 * @param ret_n requests that were answered. @return 0 or CRIER_ENOMEM. */
int replay_page_answer(struct replay_page *p, int64_t wall_ms, size_t *ret_n)
    __attribute__((warn_unused_result));

#endif
