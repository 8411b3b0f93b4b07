/*
 * chat_impl: what the files of chat share. Nobody else includes this.
 */
#ifndef CRIER_CHAT_IMPL_H
#define CRIER_CHAT_IMPL_H

#include "buf.h"
#include "chat.h"

enum {
    LINE_BYTES = 400, /* what surely fits one line of IRC behind any prefix */
    SAY_BYTES = 2000,
    WORDS_BYTES = 440, /* the longest public words that crier makes, with what is before them */
    SHOW_BYTES = COMPONENTS_MAX * (COMPONENT_NAME_MAX * 4 + 32) + SAY_BYTES
};

/** What an older unsent line must share with a newer one to be replaced by it; never 0, since the
 * ids of records begin at 1. */
uint64_t chat_slot_of(enum chat_topic topic, int64_t id);
/** Answers are always said; everything else about an incident has its measure. */
bool chat_may_say(struct model *m, int64_t id, enum say_priority priority, int lines);
/** @param o the row whose end the line tells, or NULL for a line that shows the revision.
 * @return the token to say the line with; 0, after model_fail(), when memory is out. */
uint64_t chat_await_shown(struct model *m, const struct incident *inc, int64_t revision,
                          const struct outbox *o, const char *place);
/** Two lines that show one revision: a server may refuse either. */
void chat_pair_up(struct model *m, uint64_t token, uint64_t other);
/** Impact and components. */
void chat_add_consequence(struct buf *b, const struct revision *rev);
/** Title and body, in quotes. */
void chat_add_words(struct buf *b, const struct revision *rev);
/** What is planned and open now, if anything is: others may know more about what they see. */
void chat_add_maintenance(struct buf *b, const struct model *m, const char *before,
                          const char *after);

#endif
