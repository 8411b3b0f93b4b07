/*
 * statuspage_json: the bodies that are sent to the Statuspage manage API, its lists, and the words
 * of its errors. statuspage_read reads its answers.
 *
 * Pure: no network, no clock. Source: Atlassian's OpenAPI document of the Statuspage API.
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
/** The body that makes a text the draft of a postmortem. As above. Source: Statuspage API, PUT
 * /pages/{page_id}/incidents/{incident_id}/postmortem. */
char *statuspage_json_postmortem(const char *body, int *ret_err);

/**
 * What an error body says: its `error`, else its `message`, else its text; JSON of other types is
 * printed compactly. One clean line of at most STATUSPAGE_ERROR_MAX bytes, "" when it says nothing.
 * @param dst at least STATUSPAGE_ERROR_MAX + 1 bytes.
 */
void statuspage_json_error(const char *data, size_t n, char *dst);

#endif
