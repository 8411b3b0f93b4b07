#include "mask.h"

#include <stdbool.h>
#include <string.h>

struct out {
    char *dst;
    size_t size, used;
};

static void add(struct out *o, const char *text, size_t n)
{
    if (n > o->size - 1 - o->used)
        n = o->size - 1 - o->used;
    memcpy(o->dst + o->used, text, n);
    o->used += n;
}

/* Of a parameter's name of n bytes: whether its value is nobody's business. */
static bool speaks_of_secret(const char *name, size_t n)
{
    static const char *const words[] = {"key", "token", "secret", "pass", "pwd", "auth", "sig"};
    size_t i, at;

    for (i = 0; i < sizeof words / sizeof words[0]; i++)
        for (at = 0; at + strlen(words[i]) <= n; at++)
            if (!strncasecmp(name + at, words[i], strlen(words[i])))
                return true;
    return false;
}

static void add_query(struct out *o, const char *query)
{
    while (*query) {
        size_t n = strcspn(query, "&;"), name = strcspn(query, "=");

        if (name < n && speaks_of_secret(query, name)) {
            add(o, query, name + 1);
            add(o, "***", 3);
        } else {
            add(o, query, n);
        }
        query += n;
        if (*query)
            add(o, query++, 1);
    }
}

const char *mask_url(char *dst, size_t size, const char *url)
{
    struct out o = {dst, size, 0};
    const char *at = strrchr(url, '@'), *rest = strstr(url, "://");
    size_t n;

    rest = rest ? rest + 3 : url;
    if (at && at >= rest) {
        add(&o, url, (size_t)(rest - url));
        add(&o, "***", 3);
        url = at;
    }
    n = strcspn(url, "?");
    add(&o, url, n);
    if (url[n]) {
        add(&o, "?", 1);
        add_query(&o, url + n + 1);
    }
    dst[o.used] = '\0';
    return dst;
}
