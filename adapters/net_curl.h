/*
 * net_curl: for adapters that use libcurl: transfers on net's multi handle.
 */
#ifndef CRIER_NET_CURL_H
#define CRIER_NET_CURL_H

#include <curl/curl.h>

#include "net.h"
#include "settings.h"

/**
 * A transfer (for CONNECT_ONLY: the connect) is over. The handle has been removed from the multi
 * handle, except CONNECT_ONLY handles that are connected, whose connection would close: these stay
 * until net_curl_remove(). May add, remove and clean up any handle, also its own.
 */
typedef void net_curl_done(void *ctx, CURL *easy, CURLcode result);

/**
 * Sets what every handle of crier must have: QUICK_EXIT, NOSIGNAL, CAPATH NULL, PROXY "" unless
 * given (and then for every host), TLS 1.2 at least with full verification, http and https only,
 * HTTP/1.1, a tunnel through HTTP proxies, error buffer, connect timeout.
 * @param errbuf at least CURL_ERROR_SIZE bytes that live as long as the handle.
 * @return 0, CRIER_EINVAL for a proxy that libcurl could not use (it would tell the password, or
 *         do without the proxy), CRIER_EIO or CRIER_ENOMEM.
 */
int net_curl_defaults(CURL *easy, const char *ca_file, const char *proxy, long connect_timeout_ms,
                      char *errbuf) __attribute__((warn_unused_result));
/**
 * Pinned keys as CURLOPT_PINNEDPUBLICKEY takes them.
 * @param ret_text the caller's to free(); NULL when there is none.
 * @return 0 or CRIER_ENOMEM.
 */
int net_curl_pins(const struct string_list *pins, char **ret_text)
    __attribute__((warn_unused_result));
/** Believes only servers with one of these keys, beside the check of the certificate.
 * @param pins as net_curl_pins() made it; NULL: any key. @return 0, CRIER_EIO or CRIER_ENOMEM. */
int net_curl_pin(CURL *easy, const char *pins) __attribute__((warn_unused_result));
/** Why a transfer failed, for people, not cleaned; borrowed. @param errbuf the handle's. */
const char *net_curl_words(CURLcode result, const char *errbuf);
/**
 * Starts a transfer. The handle must not be among net's already and must stay until done or
 * net_curl_remove().
 * @return 0, CRIER_EIO or CRIER_ENOMEM. done is called from net's dispatch, never from here.
 */
int net_curl_add(struct net *net, CURL *easy, net_curl_done *done, void *ctx)
    __attribute__((warn_unused_result));
/** Ends a transfer without calling done; fine for handles that were never added. Not from inside
 * libcurl's own callbacks (write, read, header). Before curl_easy_cleanup() of an added handle. */
void net_curl_remove(struct net *net, CURL *easy);

#endif
