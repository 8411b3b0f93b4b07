/*
 * wording: prepared texts into public words, and what must never become public.
 *
 * Placeholders take mapped values only (component names of the configuration, a time); nothing of
 * a signal can get in. Whatever people type passes wording_check_form() first, and where
 * wording_examine() finds something, they are asked once more (insist.h). Pure: no clock, no state.
 */
#ifndef CRIER_WORDING_H
#define CRIER_WORDING_H

#include <stddef.h>
#include <stdint.h>

#include "components.h"
#include "settings.h"

enum {
    WORDING_WHY_BYTES = 256,   /* enough for every `why` of this module */
    WORDING_TITLE_CHARS = 255, /* Statuspage refuses longer names of incidents */
    WORDING_SHOWN_BYTES = 380  /* title and body together: they must fit one line of IRC */
};

/** The texts of one wording: one for each step, then what is said instead where more is known. */
enum wording_text {
    WORDING_STEP_INVESTIGATING = STEP_INVESTIGATING,
    WORDING_STEP_IDENTIFIED = STEP_IDENTIFIED,
    WORDING_STEP_MONITORING = STEP_MONITORING,
    WORDING_STEP_RESOLVED = STEP_RESOLVED,
    WORDING_RECOVERED, /* monitoring, and nothing is known that mended it */
    WORDING_AGAIN,     /* investigating, and it was thought to be mended */
    WORDING_TEXTS
};

/** What the placeholders of a wording stand for. */
struct wording_context {
    const struct components *components; /* {components}: "Reading and Editing" */
    int64_t started_wall_ms;             /* {since}: "about 18:33 UTC" */
    int64_t now_wall_ms; /* {since} adds the date when this is another day; 0: never a date */
};

/**
 * Title and body of a wording for one step.
 *
 * {components} is "Reading and Editing", or "the site" when the list is empty. Times are UTC to
 * the minute, as in "since {since}".
 *
 * @param wording_index in settings.wording.
 * @param ret_title, ret_body the caller's to free(); set on success only.
 * @return 0, CRIER_ENOENT (no such wording, or it has no text for the step), CRIER_EINVAL (unknown
 *         placeholder), CRIER_ELIMIT (too long to be public by any means), CRIER_ENOMEM.
 */
int wording_render(const struct settings *settings, size_t wording_index, enum step step,
                   const struct wording_context *context, char **ret_title, char **ret_body)
    __attribute__((warn_unused_result));

/**
 * As wording_render(), for any text of a wording. One that the configuration does not have is that
 * of its step: WORDING_RECOVERED of monitoring, WORDING_AGAIN of investigating.
 */
int wording_render_as(const struct settings *settings, size_t wording_index,
                      enum wording_text which, const struct wording_context *context,
                      char **ret_title, char **ret_body) __attribute__((warn_unused_result));

/** @return the key of such a text in the configuration, such as "recovered". */
const char *wording_text_name(enum wording_text which);

/** @return the step of the incident at which such a text is public. */
enum step wording_text_step(enum wording_text which);

/**
 * @return the template of one text, borrowed; NULL where the configuration has none. Nothing falls
 * back here.
 */
const char *wording_template(const struct wording_settings *wording, enum wording_text which);

/**
 * Whether a template uses known placeholders only and has no brace besides; for the configuration.
 * @param why what is wrong and what to write instead; at most WORDING_WHY_BYTES.
 * @return 0 or CRIER_EINVAL.
 */
int wording_check_template(const char *text, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/**
 * What a prepared text must not say, besides what wording_check() finds: promises of a time, the
 * stock sentences that status pages fill in by themselves and near forms of them, and, where
 * nothing is known that mended it (WORDING_RECOVERED), a fix. For the configuration; what people
 * type is their own business.
 *
 * @param text  a template. @param which WORDING_TEXTS for a title.
 * @param why   what is wrong and what to write instead; at most WORDING_WHY_BYTES.
 * @return 0 or CRIER_EINVAL.
 */
int wording_lint(const char *text, enum wording_text which, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/**
 * Which text of its wording a body is, for a step at which there are several.
 * @param body as it was rendered with this context. @return the text that gives just this body;
 * that of the step where none does.
 */
enum wording_text wording_recognise(const struct settings *settings, size_t wording_index,
                                    enum step step, const struct wording_context *context,
                                    const char *body);

/**
 * Whether these words may become public with nobody insisting on them: wording_check_form(), and
 * nothing that wording_examine() finds. For the configuration.
 *
 * @param title, body as they would be sent; not NULL.
 * @param why   names the offending text and asks to reword; "" when all is well.
 * @return 0 or CRIER_EINVAL.
 */
int wording_check(const struct settings *settings, const char *title, const char *body, char *why,
                  size_t why_size) __attribute__((warn_unused_result));

/**
 * Whether words can be shown and sent at all, whoever insists: not empty, not too long, plain text
 * without markup or invisible characters. Parameters and result as those of wording_check().
 */
int wording_check_form(const struct settings *settings, const char *title, const char *body,
                       char *why, size_t why_size) __attribute__((warn_unused_result));

enum wording_verdict {
    WORDING_FIT,
    WORDING_INTERNAL, /* a machine, address, link, ticket, person, path, change, internal word */
    WORDING_SECRET    /* the shape of a key or password */
};

/**
 * What in a title or a text looks as if it were not for the public. People may know better.
 *
 * @param why names it all: `"mw1414" looks like the name of a machine, "T12345" like a ticket`; of
 * what may be secret the first characters only. "" when all is well; at most WORDING_WHY_BYTES.
 */
enum wording_verdict wording_examine(const struct settings *settings, const char *text, char *why,
                                     size_t why_size);

/**
 * Text that a person typed, made fit to be shown: control and formatting codes gone, white space
 * single, a pair of quotes around the whole taken off.
 *
 * @param ret the caller's to free(); may be empty: wording_check() says so.
 * @return 0 or CRIER_ENOMEM.
 */
int wording_clean_edit(const char *typed, char **ret) __attribute__((warn_unused_result));

/**
 * Components as a person types them, for `edit N components ...`:
 * `Editing partial outage, Reading: degraded`. Names compare without case; a status may be cut
 * short where it stays the only one (`partial`, `major`, `degraded`, `operational`).
 *
 * @param page_index   only components of that page are known.
 * @param ret_components initialised by the caller; holds the new list on success, else it is empty.
 * @param why          what to type instead.
 * @return 0, CRIER_EINVAL or CRIER_ENOMEM.
 */
int wording_parse_components(const struct settings *settings, size_t page_index, const char *typed,
                             struct components *ret_components, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
