/*
 * page_bench: the client of the Statuspage API in front of a scripted server, with a clock that can
 * be moved.
 *
 * Uses cmocka's assertions: a step that must succeed and does not fails the test.
 */
#ifndef CRIER_PAGE_BENCH_H
#define CRIER_PAGE_BENCH_H

#include <jansson.h>

#include "fake_http.h"
#include "statuspage.h"

enum { PAGE_BENCH_PATIENCE_MS = 60000, PAGE_BENCH_ANSWERS_MAX = 64 };

#define PAGE_BENCH_KEY "secret-key-0123456789"
#define PAGE_BENCH_COMPONENTS                                                              \
    "[{\"id\":\"cread\",\"name\":\"Reading\",\"status\":\"operational\",\"group\":false}," \
    "{\"id\":\"grp\",\"name\":\"Sites\",\"status\":\"operational\",\"group\":true},"       \
    "{\"id\":\"cedit\",\"name\":\"Editing\",\"status\":\"degraded_performance\",\"group\":null}]"
#define PAGE_BENCH_INCIDENT                                                                       \
    "{\"id\":\"abc123def456\",\"page_id\":\"pg1\",\"name\":\"Errors\",\"status\":\"identified\"," \
    "\"impact\":\"major\",\"shortlink\":\"http://stspg.io/x\",\"backfilled\":false,"              \
    "\"created_at\":\"2023-01-17T18:35:20.123Z\",\"updated_at\":\"2023-01-17T12:40:00.000-06:"    \
    "00\","                                                                                       \
    "\"metadata\":{\"crier\":{\"incident\":\"k1.7\",\"step\":\"2\"},\"jira\":{\"id\":\"x\"}},"    \
    "\"components\":[{\"id\":\"cedit\",\"name\":\"Editing\",\"status\":\"partial_outage\"}],"     \
    "\"incident_updates\":[{\"id\":\"u2\",\"body\":\"second\\ntext\","                            \
    "\"created_at\":\"2023-01-17T18:40:00.000Z\"},"                                               \
    "{\"id\":\"u1\",\"body\":\"first\",\"created_at\":\"2023-01-17T18:35:20.123Z\"}]}"

struct page_bench_answer {
    enum page_op op;
    char page[32];
    int64_t outbox_id;
    enum page_result result;
    int http_status;
    int64_t retry_after_ms;
    char error[600];
    char remote_id[80];
    bool recent;
    size_t n_incidents;
    char ids[4000];             /* of all incidents, with a comma behind each, as far as they fit */
    struct page_incident first; /* strings copied */
    int64_t subscribers;
    bool have_components;
    struct components components;
};

struct page_bench {
    struct net *net;
    struct fake_http *http;
    struct settings *settings;
    struct statuspage *page;
    struct page_port port;
    struct wait_port wait;
    struct source_port source[3];
    struct pollset set;
    int64_t ahead_ms; /* of the real clock: the time that the adapter is told */
    struct page_bench_answer answer[PAGE_BENCH_ANSWERS_MAX];
    size_t n_answers;
    struct page_request resubmit; /* from inside the sink, when op is not PAGE_WARM */
};

char *page_bench_must_copy(const char *s);
/** Gives a string of the settings another value. */
void page_bench_replace(char **field, const char *value);
/** One page "main" with the id "pg1", with Reading and Editing, whose API is on this port. */
struct settings *page_bench_make_settings(int port, const char *scheme);

/** For cmocka: *state is a struct page_bench whose client never gives up waiting. */
int page_bench_set_up(void **state);
int page_bench_tear_down(void **state);
/** A new client, with the settings as they are now. @param options NULL for the defaults. */
void page_bench_begin(struct page_bench *f, const struct statuspage_options *options);

/** The time that the client is told. */
struct now page_bench_told_time(struct page_bench *f);
/** One turn of the loop. @return the deadline that the client asked for, in the time it is told. */
int64_t page_bench_turn(struct page_bench *f);
/** Turns until there are so many answers. */
void page_bench_await(struct page_bench *f, size_t n);
/** Turns until the server has seen so many requests. */
void page_bench_await_requests(struct page_bench *f, size_t n);
/** Enough turns for anything that is going to be sent to be sent. */
void page_bench_settle(struct page_bench *f);
void page_bench_forget_answers(struct page_bench *f);

/** The next such request is answered with JSON. */
void page_bench_queue(struct page_bench *f, const char *method, const char *path, int status,
                      const char *body);
/** A sound request of this kind; its strings are static. */
struct page_request page_bench_request(enum page_op op);
void page_bench_submit(struct page_bench *f, const struct page_request *r);
/** The body of the last such request, whose head must be right. @return the caller's to release. */
json_t *page_bench_sent_body(struct page_bench *f, const char *method);
/** Equal whatever the order of members; releases got. */
void page_bench_assert_json(json_t *got, const char *wanted);
/** @param error  must be in the answer's. */
void page_bench_assert_answer(const struct page_bench *f, size_t i, enum page_result result,
                              const char *error);
/** All that was queued was asked for, and nothing else. */
void page_bench_all_used(const struct page_bench *f);

#endif
