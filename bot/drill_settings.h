/*
 * drill_settings: the configuration that a drill has for itself.
 *
 * A copy of the real one without anything that could reach a real page, a real channel or a
 * person who does not play: one page, the practice page with its own key; one channel to talk in;
 * no reminders, no windows, no files, feeds, webhooks, pager.
 */
#ifndef CRIER_DRILL_SETTINGS_H
#define CRIER_DRILL_SETTINGS_H

#include "settings.h"

enum { DRILL_GUESTS_MAX = 50 };

struct drill_page {
    const char *page_id;
    const char *api_url;    /* on loopback */
    const char *public_url; /* the same, for crier's own reading */
    const char *shown_url;  /* where people find it */
    const char *key_file;   /* of the practice page's own key */
};

/**
 * @param real  completed by settings_finalize(); only read.
 * @param place "network/#channel" where it is played; it must be configured.
 * @param ret   the caller's to settings_destroy().
 * @return 0, CRIER_ENOMEM or CRIER_ENOENT (no such channel).
 */
int drill_settings_make(const struct settings *real, const char *place, struct settings **ret)
    __attribute__((warn_unused_result));

/** Names the practice page. @return 0 or CRIER_ENOMEM. */
int drill_settings_page(struct settings *s, const struct drill_page *page)
    __attribute__((warn_unused_result));

/** @return the names of all components with commas between, as the sandbox wants them; the
 * caller's to free(), NULL when memory is out. */
char *drill_settings_components(const struct settings *s) __attribute__((warn_unused_result));

/**
 * Lets somebody play who is not on the list, with what deployers may; at most DRILL_GUESTS_MAX.
 * @param s made by drill_settings_make(); no pointer to its people is held anywhere.
 * @return 0, CRIER_ELIMIT or CRIER_ENOMEM.
 */
int drill_settings_guest(struct settings *s, const char *network, const char *account,
                         const char *nick) __attribute__((warn_unused_result));

#endif
