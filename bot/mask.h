/*
 * mask: what may be shown of a value that can hold a secret.
 */
#ifndef CRIER_MASK_H
#define CRIER_MASK_H

#include <stddef.h>

/** Room for a URL of the configuration, masked. */
enum { MASK_URL_BYTES = 1100 };

/**
 * A URL with "***" for its user and password (RFC 3986 section 3.2.1; with everything up to the
 * last
 * @, so that a password that is not written as it should be is covered too), and for the values of
 * those parameters of its query whose names speak of a key, token, secret, password or signature.
 *
 * @param dst of size bytes, at least 1; what does not fit is cut off.
 * @return dst.
 */
const char *mask_url(char *dst, size_t size, const char *url);

#endif
