/*
 * settings_finalize(): status pages, components, formats and rules.
 */
#include "settings_check.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "components.h"
#include "err.h"
#include "mask.h"
#include "nearest.h"
#include "signal.h"

enum { CONTEXT_BYTES = 300 };

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
/* RFC 3986 section 2: what may stand in a URL, apart from ? # and @. */
#define URL_CHARACTERS LETTERS DIGITS "-._~:/[]!$&'()*+,;=%"

static bool starts(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* localhost, 127.x.x.x or [::1], with a port or not; RFC 6761 section 6.3, RFC 1122
 * section 3.2.1.3, RFC 4291 section 2.5.3. */
static bool is_loopback(const char *host, size_t n)
{
    if (n > 1 && host[0] == '[')
        return n >= 5 && !memcmp(host, "[::1]", 5) && (n == 5 || host[5] == ':');
    n = memchr(host, ':', n) ? (size_t)((const char *)memchr(host, ':', n) - host) : n;
    if (n == 9 && !memcmp(host, "localhost", 9))
        return true;
    return n > 4 && n < 16 && !memcmp(host, "127.", 4) && strspn(host, DIGITS ".") >= n;
}

/* What is wrong with a URL, and what to write; NULL when it is fine. */
static const char *url_problem(const char *url, bool plain_ok)
{
    const char *host = url + strlen("https://");
    size_t n;

    if (starts(url, "http://")) {
        host = url + strlen("http://");
        if (!plain_ok)
            return "is not encrypted: write https:// (for a sandbox on loopback write "
                   "allow_plain_http = true; too)";
        if (!is_loopback(host, strcspn(host, "/")))
            return "is not encrypted, which is for localhost, 127.0.0.1 and [::1] only: write "
                   "https://";
    } else if (!starts(url, "https://")) {
        return "is no web address: write it with https://, such as \"https://status.example.org\"";
    }
    n = strcspn(host, "/");
    if (!n || host[0] == ':')
        return "names no host: write it as \"https://status.example.org\"";
    if (url[strspn(url, URL_CHARACTERS)])
        return "has a character that does not belong there (a user name, ? or #, a blank): write "
               "the bare address";
    if (url[strlen(url) - 1] == '/')
        return "ends with a slash: take it away";
    return NULL;
}

/* NAME, an address or [ADDRESS], then maybe :PORT. */
static bool is_host_and_port(const char *s)
{
    size_t n = *s == '[' ? strcspn(s, "]") + 1 : strspn(s, LETTERS DIGITS ".-_");
    long port = 0;

    if (*s == '[' && (n < 4 || strspn(s + 1, "0123456789abcdefABCDEF:.") != n - 2 || !s[n - 1]))
        return false;
    if (!n || !s[n])
        return n > 0;
    if (s[n] != ':' || !s[n + 1])
        return false;
    for (s += n + 1; *s >= '0' && *s <= '9' && port <= 65535; s++)
        port = port * 10 + (*s - '0');
    return !*s && port >= 1 && port <= 65535;
}

/* As RFC 3986 section 3.2.1 has it, and no control character behind a percent sign. */
static bool is_userinfo(const char *s, size_t n)
{
    static const char plain[] = LETTERS DIGITS "-._~!$&'()*+,;=:";
    static const char hex[] = "0123456789abcdefABCDEF";
    size_t i;

    for (i = 0; i < n; i++) {
        if (s[i] != '%') {
            if (!strchr(plain, s[i]))
                return false;
            continue;
        }
        if (n - i < 3 || !strchr(hex, s[i + 1]) || !strchr(hex, s[i + 2]) || s[i + 1] == '0' ||
            s[i + 1] == '1' || (s[i + 1] == '7' && (s[i + 2] | 0x20) == 'f'))
            return false;
        i += 2;
    }
    return true;
}

const char *check_proxy_url(const char *url)
{
    static const char *const schemes[] = {"http://", "socks5h://", "socks5://"};
    static const char bad_user[] =
        "has a user or password with a character that does not belong there: write / ? # @ % and "
        "blanks as %2F %3F %23 %40 %25 %20";
    char host[256];
    size_t i, n;

    for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *rest, *at;

        if (!starts(url, schemes[i]))
            continue;
        rest = url + strlen(schemes[i]);
        at = strrchr(rest, '@');
        if (at && !is_userinfo(rest, (size_t)(at - rest)))
            return bad_user;
        rest = at ? at + 1 : rest;
        n = strlen(rest);
        n -= n && rest[n - 1] == '/';
        if (n < sizeof host) {
            memcpy(host, rest, n);
            host[n] = '\0';
            if (is_host_and_port(host))
                return NULL;
        }
    }
    return "is no proxy: write http://HOST:PORT or socks5h://HOST:PORT";
}

/* 32 bytes are 43 digits of base64, the last with two bits of zero, and one '='. */
static bool is_pin(const char *pin)
{
    static const char scheme[] = "sha256//";
    enum { DIGITS_OF_32_BYTES = 43 };

    if (!starts(pin, scheme))
        return false;
    pin += sizeof scheme - 1;
    return strspn(pin, LETTERS DIGITS "+/") == DIGITS_OF_32_BYTES &&
           strchr("AEIMQUYcgkosw048", pin[DIGITS_OF_32_BYTES - 1]) &&
           !strcmp(pin + DIGITS_OF_32_BYTES, "=");
}

void check_pins(struct check *c, const void *field, const struct where *where, const char *key,
                const struct string_list *pins, bool tls)
{
    size_t i;

    if (pins->n && !tls)
        check_tell(c, field, where,
                   "%s: a server without TLS shows no key: take it out, or encrypt the connection",
                   key);
    for (i = 0; i < pins->n; i++)
        if (!is_pin(pins->item[i]))
            check_tell(c, &pins->item[i], where,
                       "%s \"%s\" is no pin: write \"sha256//\" and what this prints: openssl "
                       "s_client -connect HOST:PORT </dev/null | openssl x509 -pubkey -noout | "
                       "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
                       key, pins->item[i]);
}

const char *check_feed_url(const char *url)
{
    bool plain = starts(url, "http://");
    const char *host = url + strlen(plain ? "http://" : "https://");
    size_t n;

    if (!plain && !starts(url, "https://"))
        return "is no web address: write it with https://";
    n = strcspn(host, "/?");
    if (!n || host[0] == ':')
        return "names no host: write it as \"https://sal.example.org/atom\"";
    if (url[strspn(url, URL_CHARACTERS "?")])
        return "has a character that does not belong there (a user name, #, a blank): take it away";
    if (plain && !is_loopback(host, n))
        return "is not encrypted, so that anybody on the way could make alerts: write https:// "
               "(http:// is for localhost, 127.0.0.1 and [::1])";
    return NULL;
}

static void check_url(struct check *c, const struct page_settings *p, const char *key,
                      char *const *field)
{
    const char *why = *field ? url_problem(*field, p->allow_plain_http) : NULL;
    char shown[MASK_URL_BYTES];

    if (why)
        check_tell(c, field, &p->where, "pages.%s \"%s\" %s", key,
                   mask_url(shown, sizeof shown, *field), why);
}

static void check_page(struct check *c, struct page_settings *p)
{
    size_t n = p->api_url ? strlen(p->api_url) : 0;
    char *url;

    if (p->page_id && p->page_id[strspn(p->page_id, LETTERS DIGITS "-_")])
        check_tell(c, &p->page_id, &p->where,
                   "pages.id \"%s\" is no id: write the letters and digits that the page's API "
                   "settings show",
                   p->page_id);
    check_url(c, p, "api_url", &p->api_url);
    check_url(c, p, "public_url", &p->public_url);
    check_url(c, p, "admin_url", &p->admin_url);
    if (n > 3 && !strcmp(p->api_url + n - 3, "/v1"))
        check_tell(c, &p->api_url, &p->where, "pages.api_url: write it without /v1 at its end");
    if (p->proxy && check_proxy_url(p->proxy))
        check_tell(c, &p->proxy, &p->where, "pages.proxy %s", check_proxy_url(p->proxy));
    check_pins(c, &p->pin, &p->where, "pages.pin", &p->pin,
               !p->api_url || !starts(p->api_url, "http://"));
    if (!p->key_file && !p->key_env)
        check_tell(c, NULL, &p->where,
                   "pages \"%s\": no API key: write key_file = \"...\"; (or key_env = \"...\";)",
                   p->name ? p->name : "?");
    if (p->key_file && p->key_env)
        check_tell(c, &p->key_env, &p->where,
                   "pages.key_file and key_env are both given: take one out");
    if (p->key_env &&
        (p->key_env[strspn(p->key_env, LETTERS DIGITS "_")] || strchr(DIGITS, p->key_env[0])))
        check_tell(c, &p->key_env, &p->where,
                   "pages.key_env is no name of a variable: write letters, digits and _, such as "
                   "\"CRIER_KEY\"");
    if (!p->admin_url && p->page_id) {
        url = buf_printf("https://manage.statuspage.io/pages/%s", p->page_id);
        if (!url)
            c->err = CRIER_ENOMEM;
        p->admin_url = url;
    }
}

void check_pages(struct check *c)
{
    size_t i;

    for (i = 0; i < c->s->n_pages; i++)
        check_page(c, &c->s->page[i]);
}

static void unknown_page(struct check *c, const void *field, const struct where *where,
                         const char *context, const char *name)
{
    check_unknown(c, field, where, context, name, c->s->page, c->s->n_pages,
                  sizeof(struct page_settings), offsetof(struct page_settings, name));
}

void check_components(struct check *c)
{
    struct settings *s = c->s;
    struct check_name *names;
    size_t i, page, n;

    if (!s->n_components)
        return;
    names = calloc(s->n_components, sizeof *names);
    if (!names) {
        c->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < s->n_components; i++) {
        struct component_settings *component = &s->component[i];
        int index = settings_find_page(s, component->page);

        if (component->page && index < 0)
            unknown_page(c, &component->page, &component->where, "components.page",
                         component->page);
        else if (!component->page && s->n_pages > 1)
            check_tell(c, NULL, &component->where,
                       "components \"%s\": there are several pages: write page = \"%s\"; or "
                       "another",
                       component->name ? component->name : "?",
                       s->page[0].name ? s->page[0].name : "...");
        if (!component->page && s->n_pages == 1 && s->page[0].name)
            check_set(c, &component->page, s->page[0].name);
        component->page_index = index > 0 ? (size_t)index : 0;
    }
    for (page = 0; page < s->n_pages; page++) {
        for (i = 0, n = 0; i < s->n_components; i++)
            if (s->component[i].page_index == page)
                names[n++] = (struct check_name){.name = s->component[i].name,
                                                 .field = &s->component[i].name,
                                                 .group = &s->component[i].where};
        check_unique(c, names, n, false, "the component");
    }
    free(names);
}

/* ---- formats --------------------------------------------------------------------------------- */

/* One of the names that name_of gives for 0 to n - 1, or `more`. */
static bool known_name(const char *name, const char *(*name_of)(int), int n, const char *more,
                       struct nearest *nearest)
{
    int i;

    nearest_init(nearest, name);
    for (i = 0; i < n; i++) {
        nearest_offer(nearest, name_of(i));
        if (!strcmp(name_of(i), name))
            return true;
    }
    nearest_offer(nearest, more);
    return more && !strcmp(more, name);
}

static const char *kind_at(int i)
{
    return signal_kind_name((enum signal_kind)i);
}

static const char *phase_at(int i)
{
    return deploy_phase_name((enum deploy_phase)i);
}

static const char *severity_at(int i)
{
    return severity_name((enum severity)i);
}

static void check_word(struct check *c, const struct format_line *l, const char *key,
                       char *const *field, const char *(*name_of)(int), int n, const char *more)
{
    struct nearest nearest;

    if (!*field || known_name(*field, name_of, n, more, &nearest))
        return;
    if (nearest.best)
        check_tell(c, field, &l->where, "lines.%s \"%s\" is not known; did you mean \"%s\"?", key,
                   *field, nearest.best);
    else
        check_tell(c, field, &l->where,
                   "lines.%s \"%s\" is not known: write \"%s\", \"%s\" or another of the manual",
                   key, *field, name_of(0), name_of(1));
}

static void check_line(struct check *c, const struct format_line *l)
{
    bool deploy = l->event && !strcmp(l->event, signal_kind_name(SIGNAL_DEPLOY));
    bool maintenance = l->event && !strcmp(l->event, signal_kind_name(SIGNAL_MAINTENANCE));

    check_word(c, l, "event", &l->event, kind_at, SIGNAL_KINDS, "ignore");
    check_word(c, l, "phase", &l->phase, phase_at, PHASE_ROLLBACK + 1, NULL);
    check_word(c, l, "severity", &l->severity, severity_at, SEVERITY_CRITICAL + 1, NULL);
    if ((deploy || maintenance) && !l->phase && !settings_where(c->s, &l->phase))
        check_tell(c, &l->event, &l->where,
                   "event is \"%s\": write phase = \"started\"; or another phase too", l->event);
    if (l->event && !deploy && !maintenance && l->phase)
        check_tell(c, &l->phase, &l->where,
                   "phase is for \"deploy\" and \"maintenance\": take it out, or write event = "
                   "\"deploy\";");
    if (maintenance && l->phase && strcmp(l->phase, deploy_phase_name(PHASE_STARTED)) != 0 &&
        strcmp(l->phase, deploy_phase_name(PHASE_FINISHED)) != 0)
        check_tell(c, &l->phase, &l->where,
                   "a maintenance has no phase \"%s\": write \"started\" or \"finished\"",
                   l->phase);
}

void check_formats(struct check *c)
{
    const struct settings *s = c->s;
    size_t i, j;

    for (i = 0; i < s->n_formats; i++)
        for (j = 0; j < s->format[i].n_lines; j++)
            check_line(c, &s->format[i].line[j]);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static const char *shown(const char *name)
{
    return name ? name : "?";
}

/* The page where a rule's components are: its own, or that of the first component found. -1: none.
 */
static int rule_page(struct check *c, const struct rule_settings *r)
{
    const struct settings *s = c->s;
    char context[CONTEXT_BYTES];
    size_t i, j;
    int index;

    if (r->page) {
        index = settings_find_page(s, r->page);
        (void)snprintf(context, sizeof context, "rule \"%s\": page", shown(r->name));
        if (index < 0)
            unknown_page(c, &r->page, &r->where, context, r->page);
        return index;
    }
    if (!s->n_pages)
        return -1;
    for (i = 0; i < r->n_components; i++)
        for (j = 0; j < s->n_components; j++)
            if (r->component[i].name && s->component[j].name &&
                !strcmp(r->component[i].name, s->component[j].name))
                return (int)s->component[j].page_index;
    return 0;
}

static void find_component(struct check *c, const struct rule_settings *r,
                           struct rule_component *rc, int page)
{
    const struct settings *s = c->s;
    char context[CONTEXT_BYTES];
    int index = settings_find_component(s, page, rc->name);
    size_t i;

    if (!rc->name || page < 0)
        return;
    if (index >= 0) {
        rc->component_index = (size_t)index;
        return;
    }
    for (i = 0; i < s->n_components; i++)
        if (s->component[i].name && !strcmp(s->component[i].name, rc->name)) {
            check_tell(c, &rc->name, &r->where,
                       "rule \"%s\": component \"%s\" is on the page \"%s\", and not on \"%s\": "
                       "make two rules of it",
                       shown(r->name), rc->name, shown(s->page[s->component[i].page_index].name),
                       shown(s->page[page].name));
            return;
        }
    (void)snprintf(context, sizeof context, "rule \"%s\": component", shown(r->name));
    check_unknown(c, &rc->name, &r->where, context, rc->name, s->component, s->n_components,
                  sizeof(struct component_settings), offsetof(struct component_settings, name));
}

static void check_rule_components(struct check *c, struct rule_settings *r)
{
    int page = rule_page(c, r);
    size_t i, j;

    if (page >= 0)
        r->page_index = (size_t)page;
    if (page >= 0 && !r->page && c->s->page[page].name)
        check_set(c, &r->page, c->s->page[page].name);
    if (r->n_components > COMPONENTS_MAX) {
        check_tell(c, &r->component, &r->where, "rule \"%s\" has %zu components: write at most %d",
                   shown(r->name), r->n_components, COMPONENTS_MAX);
        return;
    }
    for (i = 0; i < r->n_components; i++) {
        find_component(c, r, &r->component[i], page);
        for (j = 0; j < i; j++)
            if (r->component[i].name && r->component[j].name &&
                !strcmp(r->component[i].name, r->component[j].name))
                check_tell(c, &r->component[i].name, &r->where,
                           "rule \"%s\": component \"%s\" is there twice: take one out",
                           shown(r->name), r->component[i].name);
    }
}

/* What a rule needs that opens drafts. */
static void check_rule_needs(struct check *c, const struct rule_settings *r)
{
    const struct settings *s = c->s;

    if (r->impact == IMPACT_NONE || r->impact == IMPACT_MAINTENANCE) {
        bool given = settings_where(s, &r->impact) != NULL;

        if (!given || r->impact == IMPACT_MAINTENANCE)
            check_tell(c, &r->impact, &r->where,
                       "rule \"%s\" needs an impact: write impact = \"minor\"; \"major\" or "
                       "\"critical\" (or ignore = true;)",
                       shown(r->name));
    }
    if (!r->n_components && !settings_where(s, &r->component))
        check_tell(c, NULL, &r->where,
                   "rule \"%s\" needs components: write components = ( { name = \"%s\"; status = "
                   "\"partial_outage\"; } );",
                   shown(r->name), s->n_components ? shown(s->component[0].name) : "...");
    if (!r->wording && !settings_where(s, &r->wording))
        check_tell(c, NULL, &r->where, "rule \"%s\" needs a wording: write wording = \"%s\";",
                   shown(r->name), s->n_wordings ? shown(s->wording[0].name) : "...");
}

static void check_rule_channel(struct check *c, struct rule_settings *r)
{
    const struct settings *s = c->s;
    char context[CONTEXT_BYTES], *place;
    size_t i, j;

    if (r->channel) {
        (void)snprintf(context, sizeof context, "rule \"%s\": channel", shown(r->name));
        (void)check_channel(c, &r->channel, &r->where, context, r->channel, CHANNEL_TALK);
        return;
    }
    for (i = 0; i < s->n_networks; i++)
        for (j = 0; j < s->network[i].n_channels; j++) {
            const struct channel_settings *channel = &s->network[i].channel[j];

            if (!(channel->roles & CHANNEL_TALK) || !channel->name || !s->network[i].name)
                continue;
            place = buf_printf("%s/%s", s->network[i].name, channel->name);
            if (!place)
                c->err = CRIER_ENOMEM;
            r->channel = place;
            return;
        }
}

static void check_rule(struct check *c, struct rule_settings *r)
{
    const struct settings *s = c->s;
    char context[CONTEXT_BYTES];
    size_t i;
    int index;

    (void)snprintf(context, sizeof context, "rule \"%s\": source", shown(r->name));
    for (i = 0; i < r->sources.n; i++)
        if (settings_find_source(s, r->sources.item[i]) < 0)
            check_unknown(c, &r->sources.item[i], &r->where, context, r->sources.item[i], s->source,
                          s->n_sources, sizeof(struct source_settings),
                          offsetof(struct source_settings, name));
    check_rule_components(c, r);
    check_rule_channel(c, r);
    if (!r->ignore)
        check_rule_needs(c, r);
    if (!r->wording)
        return;
    index = settings_find_wording(s, r->wording);
    if (index >= 0) {
        r->wording_index = (size_t)index;
        return;
    }
    (void)snprintf(context, sizeof context, "rule \"%s\": wording", shown(r->name));
    check_unknown(c, &r->wording, &r->where, context, r->wording, s->wording, s->n_wordings,
                  sizeof(struct wording_settings), offsetof(struct wording_settings, name));
}

void check_rules(struct check *c)
{
    size_t i;

    for (i = 0; i < c->s->n_rules; i++)
        check_rule(c, &c->s->rule[i]);
}
