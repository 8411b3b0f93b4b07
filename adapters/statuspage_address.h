/*
 * statuspage_address: where a key or a reader's request may be sent.
 *
 * Private to adapters/statuspage*.c. https to anywhere, plain http to this machine alone and only
 * where the configuration allows it: what goes out in plain text must not leave the machine.
 */
#ifndef CRIER_STATUSPAGE_ADDRESS_H
#define CRIER_STATUSPAGE_ADDRESS_H

#include <stdbool.h>

/**
 * @param url          an address without user, query and fragment; a path is fine.
 * @param allow_plain  http:// is taken for loopback hosts: localhost, 127.0.0.0/8, [::1].
 * @param ret_wrong    on CRIER_EINVAL what is wrong, to be read behind the key's name; static.
 * @param ret_plain    on 0: it is plain http.
 * @return 0, CRIER_EINVAL or CRIER_ENOMEM.
 */
int statuspage_address_check(const char *url, bool allow_plain, const char **ret_wrong,
                             bool *ret_plain) __attribute__((warn_unused_result));

#endif
