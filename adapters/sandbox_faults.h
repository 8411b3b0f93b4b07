/*
 * sandbox_faults: makes the sandbox misbehave by a script, for tests that must not pass by luck.
 *
 * Owns the script, its counters and the requests that are held back. Never makes a bad request
 * succeed: whatever the service refuses (key, rate limit, malformed, unknown) is refused under a
 * fault too, or fails with the fault's own 4xx or 5xx. What was really applied and mailed, and
 * when, is in /sandbox/log. Time comes from the caller; nothing here waits.
 *
 * The script is at /sandbox/faults (no key, application/json):
 *
 *   PUT     the script: {"rules": [RULE, ...]}, all of it or, with 422 and the reason, nothing
 *   POST    the same, behind the rules that are there
 *   GET     {"rules": [{name, matched, fired, rule}], "held": [{number, rule, method, path, phase,
 *           arrived, due, gone}]}: matched and fired count requests, due is the time at which a
 *           held one goes on by itself, or null; phase is stall_before, hangup (waits for the
 *           client to hang up), late or stall_after
 *   DELETE  no rules; what is held goes its way
 *   POST /sandbox/faults/release   everything that is held, or with {"rule": NAME} that rule's,
 *           goes on now: a stall ends, a late write is applied
 *
 * All but GET answer like GET. Nothing under /sandbox/ is ever hit by a rule.
 *
 * RULE is {"name": TEXT, "on": {...}, "nth": N, "next": K, "always": true, "probability": P,
 * "seed": S, "do": {...}}; all may be absent.
 *
 *   on           which requests, all that is said of:
 *     method       as sent
 *     path, query  as sent, where * stands for anything: "/v1/pages/x/incidents", "*page=2*"
 *     kind         create (POST of an incident), update (PATCH of one), correct (PATCH of an
 *                  incident update), delete, read (GET of one incident), list (GET of a list of
 *                  the manage API), manage (all of the manage API), public (everything else)
 *   nth          not before the N-th of these since the script was given
 *   next         so many of them from there on; 1 when neither always nor probability is said
 *   always       all of them from there on
 *   probability  each of them with this probability, 0 to 1, by the seed, the same every time;
 *                with next: until so many were hit
 *
 * Every rule counts each request that it is about; the first rule in order whose turn it is hits.
 *
 *   do           in the order in which it happens; times are seconds, 0.5 too:
 *     stall_before   hold the request so long, or "released"
 *     late           then wait until the client has hung up (with drop: hang up), and apply so much
 *                    later; a release before that applies at once, and answers who still waits
 *     apply          whether the service carries it out; default: unless status is 400 or more.
 *                    What is not applied is still checked as if
 *     skew           the service's clock is so much ahead, or behind: what is stored, field Date
 *     page           a list with page=N in its query is answered as this page instead
 *     stall_after    hold the answer so long, or "released"; the client that hangs up meanwhile
 *                    changes nothing
 *     drop           true: the connection is closed without an answer; "reset": with a TCP reset
 *     status         the answer's status instead of the true one, 200 to 599. 200 to 399 only where
 *                    the service would not refuse
 *     retry_after    field Retry-After: seconds, or any text
 *     body, type     the answer's body, and its content type (application/json)
 *     set            members that are set in the answer's object, or in each of a list
 *     distort        truncate (half of the JSON, in a whole answer), garbage, html, wrong_types,
 *                    empty
 *     cut            close the connection after so many bytes of the body that was announced
 *     endless        white space follows the body for ever
 *     drip           bytes of the body in a second
 *
 * "Apply, then drop, on the second POST of an incident":
 *   {"rules": [{"on": {"kind": "create"}, "nth": 2, "do": {"drop": true}}]}
 *
 * A line of the log that a fault made has "fault": {rule, arrived, applied, would, told}: when the
 * request came; whether it was applied; the status that the service itself arrived at; the status
 * that the client was told, null for none. The line's own time is that of the application, its
 * status the true one where it was applied, and otherwise what was told (0 for nothing). Public
 * reads have no line, as ever.
 */
#ifndef CRIER_SANDBOX_FAULTS_H
#define CRIER_SANDBOX_FAULTS_H

#include <stdint.h>

#include "sandbox.h"
#include "sandbox_core.h"

enum {
    FAULT_RULES_MAX = 200,
    FAULT_HELD_MAX = 1000 /* requests held back at a time; the next is answered with 500 */
};

/** @param sb borrowed. @return 0 or CRIER_ENOMEM. */
int sandbox_faults_create(struct sandbox *sb, struct sandbox_faults **ret_faults)
    __attribute__((warn_unused_result));
/** Forgets the script and whatever is held. NULL is fine. */
void sandbox_faults_destroy(struct sandbox_faults *f);
void sandbox_faults_set_outlet(struct sandbox_faults *f, struct sandbox_outlet outlet);

/** One request, as the script wants it. @return as sandbox_handle(); CRIER_ELIMIT: too many are
 * held. */
int sandbox_faults_handle(struct sandbox_faults *f, const struct httpd_request *request,
                          struct httpd_response *response) __attribute__((warn_unused_result));
/** /sandbox/faults... */
int sandbox_faults_admin(struct sandbox_call *call) __attribute__((warn_unused_result));
/** The client of a held request has hung up. */
void sandbox_faults_gone(struct sandbox_faults *f, uint64_t hold, struct now now);
/** Does what is due. */
void sandbox_faults_run(struct sandbox_faults *f, struct now now);
/** @return when something is due next, or NOW_NEVER. */
int64_t sandbox_faults_deadline(const struct sandbox_faults *f);

#endif
