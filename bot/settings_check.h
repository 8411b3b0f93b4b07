/*
 * settings_check: between the files of settings_finalize(); nobody else includes this.
 */
#ifndef CRIER_SETTINGS_CHECK_H
#define CRIER_SETTINGS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "problems.h"
#include "settings.h"

/** One run of settings_finalize(). */
struct check {
    struct settings *s;
    struct problems *problems;
    int err; /* sticky: CRIER_ENOMEM */
};

/**
 * Adds a problem at the place of a value, or of its group where the value has none.
 * @param field the value's address, or NULL. @param group may be NULL.
 */
void check_tell(struct check *c, const void *field, const struct where *group, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Something that should be different from others of its kind. */
struct check_name {
    const char *name;
    const char *owner;         /* whose it is, for the problem; may be NULL */
    const void *field;         /* for its place */
    const struct where *group; /* or NULL */
    size_t order;
};

/**
 * Tells every name that is there twice. NULL names are passed over.
 * @param list is sorted. @param irc compare by RFC 1459 casemapping.
 * @param what "the page", "the account", ...
 */
void check_unique(struct check *c, struct check_name *list, size_t n, bool irc, const char *what);

/** Gives *field a copy of text; c->err tells when memory is out. */
void check_set(struct check *c, char **field, const char *text);

/** Says that `name` is unknown, with the nearest of `known` (an array of structs whose name, a char
 * pointer, is at offset). @param context "rule \"x\": wording". */
void check_unknown(struct check *c, const void *field, const struct where *group,
                   const char *context, const char *name, const void *known, size_t n, size_t size,
                   size_t offset);

/** Takes "network/rest" apart and tells what is wrong with it.
 * @param what "account NAME" or so, for the example. @return the network's index, or -1. */
int check_split(struct check *c, const void *field, const struct where *group, const char *context,
                const char *text, const char *example, const char **ret_rest);

/** The channel that "network/#channel" names, with that role, or NULL after having told. */
const struct channel_settings *check_channel(struct check *c, const void *field,
                                             const struct where *group, const char *context,
                                             const char *text, enum channel_role role);

/** What is wrong with a proxy's URL, without repeating it, since it may hold a password; or NULL.
 */
const char *check_proxy_url(const char *url);
/**
 * The pinned keys of a server: each "sha256//" and the SHA-256 of its public key (DER) in base64,
 * RFC 7469 section 2.4.
 * @param key such as "pages.pin". @param tls false: there would be nothing to compare.
 */
void check_pins(struct check *c, const void *field, const struct where *where, const char *key,
                const struct string_list *pins, bool tls);

/** What is wrong with the URL of a feed, or NULL. Plain http is for this machine alone. */
const char *check_feed_url(const char *url);

/* The subjects, in the order in which settings_finalize() goes through them. */
void check_pages(struct check *c);
void check_components(struct check *c);
void check_networks(struct check *c);
void check_people(struct check *c);
void check_relays(struct check *c);
void check_reminders(struct check *c);
void check_formats(struct check *c);
void check_sources(struct check *c);
void check_web_server(struct check *c);
void check_wordings(struct check *c);
void check_rules(struct check *c);
void check_maintenance(struct check *c);

#endif
