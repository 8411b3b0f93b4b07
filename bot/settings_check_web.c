/*
 * settings_finalize(): crier's own web server, and the webhooks that it takes. Addresses and tokens
 * are looked at where sockets and files are: adapters/web.h.
 */
#include "settings_check.h"

#include <string.h>

#include "mask.h"

static void check_one_token(struct check *c, char *const *file, char *const *env,
                            const struct where *group, const char *what)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

    if (*file && *env)
        check_tell(c, env, group, "%s_file and %s_env are both given: take one out", what, what);
    if (*env && (!**env || (*env)[strspn(*env, characters)] || strchr("0123456789", **env)))
        check_tell(c, env, group,
                   "%s_env is no name of a variable: write letters, digits and _, such as "
                   "\"CRIER_TOKEN\"",
                   what);
}

static void check_webhook(struct check *c, const struct source_settings *s)
{
    const char *name = s->name ? s->name : "?", *label = s->webhook_page_label;
    bool lines = s->channels.n || s->files.n || s->feed;

    if (!s->formats.n && (lines || !s->webhook) && !settings_where(c->s, &s->formats))
        check_tell(c, &s->formats, &s->where,
                   "sources \"%s\": formats is missing: write formats = [\"...\"]; (names of "
                   "formats, tried in order)",
                   name);
    check_one_token(c, &s->webhook_token_file, &s->webhook_token_env, &s->where,
                    "sources.webhook_token");
    if (!s->webhook) {
        if (s->webhook_token_file || s->webhook_token_env)
            check_tell(
                c, NULL, &s->where,
                "the source \"%s\" has a token for a webhook and takes none: write webhook = "
                "true; or take the token out",
                name);
        return;
    }
    if (!c->s->http.port)
        check_tell(c, &s->webhook, &s->where,
                   "the source \"%s\" has a webhook and there is no web server to take it: write "
                   "http = { port = 9099; };",
                   name);
    if (label && (!strchr(label, '=') || *label == '='))
        check_tell(c, &s->webhook_page_label, &s->where,
                   "sources.webhook_page_label \"%s\" is no label: write NAME=VALUE, such as "
                   "\"severity=page\"",
                   label);
}

static void check_public_url(struct check *c, char *const *field, const char *key)
{
    const char *url = *field, *host = url ? strstr(url, "://") : NULL;
    char shown[MASK_URL_BYTES];

    if (url && ((strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) || !host ||
                !host[3] || strchr("/:?#", host[3]) || strpbrk(url, " <>\"'@?#")))
        check_tell(c, field, NULL,
                   "%s \"%s\" is no web address: write it as "
                   "\"https://crier.example.org\"",
                   key, mask_url(shown, sizeof shown, url));
    else if (url && url[strlen(url) - 1] == '/')
        check_tell(c, field, NULL, "%s \"%s\" ends with a slash: take it away", key, url);
}

void check_web_server(struct check *c)
{
    const struct http_settings *http = &c->s->http;
    size_t i;

    check_one_token(c, &http->token_file, &http->token_env, NULL, "http.token");
    check_public_url(c, &http->public_url, "http.public_url");
    check_public_url(c, &c->s->drill.public_url, "drill.public_url");
    for (i = 0; i < c->s->n_sources; i++)
        check_webhook(c, &c->s->source[i]);
}
