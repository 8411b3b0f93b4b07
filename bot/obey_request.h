/*
 * obey_request: one chat command under way, for the files of obey alone.
 */
#ifndef CRIER_OBEY_REQUEST_H
#define CRIER_OBEY_REQUEST_H

#include <stdbool.h>

#include "chat.h"
#include "command.h"
#include "hearing.h"
#include "model.h"

enum {
    OBEY_WHO_BYTES = 300,     /* for access_describe() in an answer */
    OBEY_REPEATED_MAX = 10000 /* unknown numbers below are repeated: others may be codes */
};

/** Everything that the handlers need about one command. */
struct request {
    const struct heard *line;
    const struct person_settings *person; /* NULL: not listed */
    struct command cmd;
    bool aloud; /* it is answered */
    bool glass; /* by one-time password */
};

#define SAY(m, q, ...)                                              \
    do {                                                            \
        if ((q)->aloud)                                             \
            chat_say(m, (q)->line->place, SAY_ANSWER, __VA_ARGS__); \
    } while (0)

/** What commands begin with. */
const char *obey_prefix(const struct model *m);
/** The person, of whoever gives a command that takes a role: access_judge() lets nobody else
 * through. */
const char *obey_name(const struct request *q);

/** The incident that the command names, open or made by hand. @return NULL: it was said why not. */
struct incident *obey_find(struct model *m, const struct request *q);
/** For show and confirm without a number: the only one that is meant by it.
 * @param waiting only those with words that wait for a confirm. */
struct incident *obey_find_only(struct model *m, const struct request *q, bool waiting);
/** Like obey_find(), but not one that was made by hand and is not adopted. */
struct incident *obey_find_own(struct model *m, const struct request *q);
/** Like obey_find_own(), and public. */
struct incident *obey_find_public(struct model *m, const struct request *q);

/** Confirm, by whoever may. */
void obey_confirm(struct model *m, const struct request *q);

#endif
