/*
 * statuspage_json: the bodies of the Statuspage manage API, built and read.
 *
 * Pure: no network, no clock. Everything that is read is foreign: all strings that come out are
 * clean (utf8_clean), ids are of a known alphabet, lists are bounded; what does not have the shape
 * of the API is CRIER_EINVAL and never half of an answer. Unknown members are ignored.
 * Source: Atlassian's OpenAPI document of the Statuspage API.
 */
#ifndef CRIER_STATUSPAGE_JSON_H
#define CRIER_STATUSPAGE_JSON_H

#include "ports.h"

enum {
    STATUSPAGE_ID_MAX = 64,     /* bytes of an id */
    STATUSPAGE_ROWS = 100,      /* asked for in each page of a listing */
    STATUSPAGE_LIST_MAX = 1000, /* incidents or components kept of one listing */
    STATUSPAGE_ERROR_MAX = 200  /* bytes of a server's words */
};

/** A component of the page; groups are left out, since their status is derived. */
struct page_component {
    char id[STATUSPAGE_ID_MAX + 1];
    char *name; /* clean */
    enum component_status status;
};

struct page_components {
    struct page_component *item;
    size_t n;
};

struct page_incidents {
    struct page_incident *item;
    size_t n;
};

/** What an id may look like before it is put into a path: 1 to 64 of [A-Za-z0-9_-]. */
bool statuspage_id_is_valid(const char *id);

void page_components_finish(struct page_components *c);
/**
 * @param name as configured; compared in its clean form.
 * @return how many components have this name; *ret_component is the first of them, or NULL.
 */
size_t page_components_find(const struct page_components *c, const char *name,
                            const struct page_component **ret_component);

void page_incidents_finish(struct page_incidents *l);

/**
 * The body of a create or update. deliver_notifications is always there (the API's default is to
 * mail); component_ids and components always come together, and not at all when the request names
 * none; name only when the title is not "". Never auto_transition or scheduled members.
 *
 * @param map holds every component that the request names.
 * @return the caller's to free(). NULL: CRIER_ENOMEM, or CRIER_EINVAL when a text is no UTF-8 or a
 *         component is unknown; see *ret_err.
 */
char *statuspage_json_incident(const struct page_request *req, const struct page_components *map,
                               int *ret_err);
/** The body that replaces the text of one incident update, without mail. As above. */
char *statuspage_json_correction(const char *body, int *ret_err);

/**
 * One incident, as create, update and GET answer it.
 * @param public_url  of the page, for the incident's address; NULL or "": its shortlink.
 * @return 0, CRIER_EINVAL or CRIER_ENOMEM.
 */
int statuspage_json_read_incident(const char *data, size_t n, const char *public_url,
                                  struct page_incident *ret_incident)
    __attribute__((warn_unused_result));
/**
 * Adds one page of a listing. A listing may shift while it is read page by page: of an incident
 * that is there already the copy that was updated later is kept. Scheduled maintenance is left out.
 * @param ret_rows   rows of this page, whatever they were.
 * @param ret_added  rows that were new. @return as above, or CRIER_ELIMIT; list may have grown
 * then.
 */
int statuspage_json_read_incidents(const char *data, size_t n, const char *public_url,
                                   struct page_incidents *list, size_t *ret_rows, size_t *ret_added)
    __attribute__((warn_unused_result));
/** Adds one page of the components, as above. */
int statuspage_json_read_components(const char *data, size_t n, struct page_components *list,
                                    size_t *ret_rows, size_t *ret_added)
    __attribute__((warn_unused_result));
/**
 * Adds what a document of the public status API (v2) says: summary.json or incidents.json.
 * @param page_id  the document must be of this page.
 * @param components  NULL, or filled from the document, which must have them then.
 * @return as above, or CRIER_ENOENT: it is another page's.
 */
int statuspage_json_read_public(const char *data, size_t n, const char *page_id,
                                const char *public_url, struct page_incidents *list,
                                struct page_components *components)
    __attribute__((warn_unused_result));
/** The answer to a correction. @param ret_body clean, the caller's to free(). */
int statuspage_json_read_update(const char *data, size_t n, const char *update_id, char **ret_body)
    __attribute__((warn_unused_result));
/** The sum of the numbers of GET subscribers/count. */
int statuspage_json_read_subscribers(const char *data, size_t n, int64_t *ret_count)
    __attribute__((warn_unused_result));
/** @return 0 when the answer is an object with this id. */
int statuspage_json_read_page(const char *data, size_t n, const char *page_id)
    __attribute__((warn_unused_result));

/**
 * What an error body says: its `error`, else its `message`, else its text; JSON of other types is
 * printed compactly. One clean line of at most STATUSPAGE_ERROR_MAX bytes, "" when it says nothing.
 * @param dst at least STATUSPAGE_ERROR_MAX + 1 bytes.
 */
void statuspage_json_error(const char *data, size_t n, char *dst);

#endif
