#include "statuspage_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "err.h"

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[64];
    size_t n = strlen(host);

    if (!strcmp(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (n < 3 || n - 2 >= sizeof bare || host[0] != '[' || host[n - 1] != ']')
        return false;
    memcpy(bare, host + 1, n - 2);
    bare[n - 2] = '\0';
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* @return what is wrong with an address for the API, or NULL. */
static const char *check_parts(CURLU *u, bool allow_plain)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    char *scheme = NULL, *host = NULL, *part;
    const char *wrong = NULL;
    size_t i;

    for (i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        if (!curl_url_get(u, unwanted[i], &part, 0)) {
            curl_free(part);
            return "has a user, a query or a fragment; write only https://host";
        }
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0))
        wrong = "is no address; write https://host";
    else if (!strcmp(scheme, "http") && !(allow_plain && is_loopback(host)))
        wrong = "must begin with https://; http:// is for a sandbox on a loopback address, with "
                "allow_plain_http";
    else if (strcmp(scheme, "http") && strcmp(scheme, "https"))
        wrong = "must begin with https://";
    curl_free(scheme);
    curl_free(host);
    return wrong;
}

int statuspage_address_check(const char *url, bool allow_plain, const char **ret_wrong,
                             bool *ret_plain)
{
    CURLU *u = curl_url();
    const char *wrong = "is no address; write https://host";

    if (!u)
        return CRIER_ENOMEM;
    if (!curl_url_set(u, CURLUPART_URL, url, 0))
        wrong = check_parts(u, allow_plain);
    curl_url_cleanup(u);
    *ret_wrong = wrong;
    if (wrong)
        return CRIER_EINVAL;
    *ret_plain = !strncasecmp(url, "http://", 7);
    return 0;
}
