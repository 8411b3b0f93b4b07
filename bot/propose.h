/*
 * propose: drafts by hand, edits and proposals by people: new revisions, which only a confirm
 * publishes.
 *
 * Checks what was typed and answers in one line when it cannot become public. Works on the model of
 * the step under way.
 */
#ifndef CRIER_PROPOSE_H
#define CRIER_PROPOSE_H

#include "audit.h"
#include "command.h"
#include "model.h"

/** Who asks, and where. All borrowed. */
struct asker {
    const char *person; /* configured name */
    const char *nick;
    const char *place;
    const char *line;    /* what was typed, for the timeline */
    const char *removed; /* what was taken out of it, see utf8_removed(); "" or NULL: nothing */
    enum audit_action action; /* of the command, for the audit */
};

/** The next step of a public incident. */
void propose_update(struct model *m, struct incident *inc, const struct asker *by, enum step step,
                    const char *text);
/** The end of a public incident. @param kind REVISION_RESOLVE or REVISION_RETRACT. @param text ""
 * for the prepared words. */
void propose_end(struct model *m, struct incident *inc, const struct asker *by,
                 enum revision_kind kind, const char *text);
/** Other words for the newest public text. */
void propose_correct(struct model *m, struct incident *inc, const struct asker *by,
                     const char *text);
/** Another title, body, impact or components for what waits, or for what is public. */
void propose_edit(struct model *m, struct incident *inc, const struct asker *by,
                  enum edit_field field, const char *typed_text);
/** Another prepared wording, by name. */
void propose_wording(struct model *m, struct incident *inc, const struct asker *by,
                     const char *name);
/** A draft by hand. @param private it was asked for in private: its home is the rules' channel. */
void propose_draft(struct model *m, const struct asker *by, bool private, const char *text);

#endif
