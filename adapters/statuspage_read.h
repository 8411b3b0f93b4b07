/*
 * statuspage_read: the answers of the Statuspage manage API and of its public API.
 *
 * Pure: no network, no clock. Everything that is read is foreign: all strings that come out are
 * clean (utf8_clean), ids are of a known alphabet, lists are bounded; what does not have the shape
 * of the API is CRIER_EINVAL and never half of an answer. Unknown members are ignored.
 * Source: Atlassian's OpenAPI document of the Statuspage API.
 */
#ifndef CRIER_STATUSPAGE_READ_H
#define CRIER_STATUSPAGE_READ_H

#include "statuspage_json.h"

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

#endif
