/*
 * settings: the whole configuration as plain structs, and the table of its keys.
 *
 * A struct settings is filled by adapters/config_file (or by a test), then completed by
 * settings_finalize(), and never changes afterwards: a reload makes a new one. It owns every
 * string and array in it. Durations are int64 milliseconds. Reads no file and no clock.
 */
#ifndef CRIER_SETTINGS_H
#define CRIER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- enumerations shared with the whole program --------------------------------------------- */

/** Order is by how bad it is. Source: Statuspage API, component.status. */
enum component_status {
    COMPONENT_OPERATIONAL,
    COMPONENT_UNDER_MAINTENANCE,
    COMPONENT_DEGRADED_PERFORMANCE,
    COMPONENT_PARTIAL_OUTAGE,
    COMPONENT_MAJOR_OUTAGE
};

/** Order is by how bad it is. Source: Statuspage API, incident.impact_override. */
enum impact { IMPACT_NONE, IMPACT_MAINTENANCE, IMPACT_MINOR, IMPACT_MAJOR, IMPACT_CRITICAL };

/** Source: Statuspage API, incident.status of real-time incidents. In the order of a life. */
enum step { STEP_INVESTIGATING, STEP_IDENTIFIED, STEP_MONITORING, STEP_RESOLVED };

enum severity { SEVERITY_UNKNOWN, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum { STEP_COUNT = 4 };

/** API spelling ("partial_outage") and back. from_name: 0 or CRIER_EINVAL. */
const char *component_status_name(enum component_status s);
int component_status_from_name(const char *name, enum component_status *ret_status);
/** For people: "partial outage". */
const char *component_status_words(enum component_status s);
const char *impact_name(enum impact i);
int impact_from_name(const char *name, enum impact *ret_impact);
const char *step_name(enum step s);
int step_from_name(const char *name, enum step *ret_step);
const char *severity_name(enum severity s);
int severity_from_name(const char *name, enum severity *ret_severity);

/** Roles of people, a bit set. ROLE_NONE may read. The table of commands says what each may do. */
enum role { ROLE_NONE = 0, ROLE_DEPLOYER = 1 << 0, ROLE_SRE = 1 << 1, ROLE_OPERATOR = 1 << 2 };
/** Roles of channels, a bit set. */
enum channel_role { CHANNEL_WATCH = 1 << 0, CHANNEL_TALK = 1 << 1, CHANNEL_PRACTICE = 1 << 2 };

enum sasl_mechanism { SASL_NONE, SASL_PLAIN, SASL_EXTERNAL };

/* ---- the structs; a comment names the key in the file where it differs ------------------------
 */

/** Where a group began in the files; file is borrowed from settings.files. */
struct where {
    const char *file; /* NULL: not from a file */
    int line;
};

struct string_list {
    char **item;
    size_t n;
};

/** One status page ("pages"). */
struct page_settings {
    struct where where;
    char *name;       /* crier's own name for it */
    char *page_id;    /* "id" */
    char *api_url;    /* manage API, without /v1 at its end; default https://api.statuspage.io */
    char *public_url; /* the page people read, https://www.example.org, no slash at its end */
    char *admin_url;  /* where people post by hand; default https://manage.statuspage.io/pages/ID */
    char *key_file;   /* the API key; refused when others may read it */
    char *key_env;    /* or the name of an environment variable that holds it */
    char *ca_file;    /* NULL: the system's */
    struct string_list pin;  /* keys that the API may have, "sha256//..."; none: any */
    char *proxy;             /* NULL: none, the environment's is ignored */
    bool notify[STEP_COUNT]; /* "notify": list of steps whose updates are mailed to subscribers */
    int64_t doubt_grace_ms; /* after an unclear answer the page is read this long before a repeat */
    bool allow_plain_http;  /* for a sandbox on loopback only */
};

/** One component of a page that crier may set ("components"). */
struct component_settings {
    struct where where;
    char *name;        /* exactly as on the page */
    char *page;        /* default: the only page */
    size_t page_index; /* finalize */
};

struct channel_settings {
    struct where where;
    char *name;
    char *key;      /* +k, or NULL */
    char *key_file; /* or the file that holds it */
    unsigned roles; /* enum channel_role bits */
};

struct network_settings {
    struct where where;
    char *name;
    char *host;
    int64_t port;
    bool tls;               /* default true */
    char *ca_file;          /* NULL: the system's */
    struct string_list pin; /* keys that the server may have, "sha256//..."; none: any */
    char *client_cert;      /* PEM, with client_key, or NULL */
    char *client_key;
    char *proxy; /* socks5h://, http://; NULL: none */
    char *nick;
    struct string_list alt_nicks;
    char *user;     /* ident; default crier */
    char *realname; /* fixed text of the configuration */
    enum sasl_mechanism sasl;
    char *sasl_account;
    char *sasl_password_file;
    char *sasl_password_env;
    bool sasl_without_tls_is_dangerous; /* lets SASL PLAIN go over plain TCP */
    int64_t services_patience_ms;       /* default 2 min */
    int64_t ping_interval_ms;           /* default 20 s */
    int64_t dead_after_ms;              /* default 50 s without a byte from the server */
    int64_t connect_timeout_ms;         /* default 15 s */
    int64_t reconnect_min_ms;           /* default 2 s */
    int64_t reconnect_max_ms;           /* default 2 min */
    int64_t flood_burst_lines;          /* token bucket; default 5 */
    int64_t flood_interval_ms;          /* one line each; default 1 s */
    struct channel_settings *channel;
    size_t n_channels;
};

/** One person, whatever accounts they use ("people"). */
struct person_settings {
    struct where where;
    char *name;
    struct string_list accounts;  /* "network/account" */
    struct string_list hostmasks; /* "network/nick!user@host" globs, the explicit third option */
    char *shell;                  /* user that deploy logs show, or NULL */
    char *nick;                   /* to ping; default: name */
    unsigned roles;               /* enum role bits */
};

/** Bots that say what many people say ("relays"): whoever speaks through one is nobody. */
struct relay_settings {
    struct string_list accounts;  /* "network/account" */
    struct string_list hostmasks; /* "network/nick!user@host" globs; a host may be open here */
};

/** One line of a format: a pattern with named groups, and what it means. */
struct format_line {
    struct where where;
    char *pattern;   /* PCRE2, UTF, anchored at both ends by the loader */
    char *event;     /* signal_kind_name(), or ignore */
    char *phase;     /* deploy_phase_name(), for deploy and maintenance, else NULL */
    char *severity;  /* fixed severity, or NULL: group <severity>, else unknown */
    char *tool;      /* for deploy and note: fixed name of the tool, or NULL: group <tool> */
    bool production; /* for deploy: it changes what users get; default true */
};

struct format_settings {
    struct where where;
    char *name;
    char *page_mark; /* text that marks a paging alert anywhere in the line ("#page"), or NULL */
    int64_t split_bytes; /* lines of at least this many bytes may go on in the next; 0: never */
    char *split_mark;    /* lines that end with this text ("...") go on in the next, or NULL */
    char *start;         /* PCRE2: where a further alert begins inside a line, or NULL */
    char *revert;        /* PCRE2: searched in a deploy's change: it undoes something, or NULL */
    struct format_line *line;
    size_t n_lines;
};

/** Who is believed ("sources"): account or full hostmask, in these channels, in this format. */
struct source_settings {
    struct where where;
    char *name;
    struct string_list accounts;  /* "network/account" */
    struct string_list hostmasks; /* "network/nick!user@host" globs */
    struct string_list channels;  /* "network/#channel" */
    struct string_list formats;   /* names; tried in order */
    bool people;                  /* also every account of "people": for their own !log lines */
    char *nick;                   /* for logs that show nicks only (replay); never used for trust */
    struct string_list files;     /* log files that are read as they grow */
    char *feed;                   /* Atom feed of the same lines (a Server Admin Log), or NULL */
    int64_t feed_interval_ms;     /* default 60 s */
    bool webhook;                 /* Alertmanager posts to /alertmanager/NAME */
    char *webhook_token_file;     /* bearer token it must show */
    char *webhook_token_env;
    char *webhook_host_label; /* label that is the alert's host; NULL: groups have no host */
    char *webhook_page_label; /* "NAME=VALUE": such alerts page; default "severity=page" */
};

struct rule_component {
    char *name;
    enum component_status status;
    size_t component_index; /* finalize */
};

/** Which alerts matter and what they mean for readers ("rules"); the first that matches is taken.
 */
struct rule_settings {
    struct where where;
    char *name;
    struct string_list sources; /* empty: any */
    char *check;                /* PCRE2, searched in the alert's check name; NULL: any */
    char *host;
    char *text;                   /* searched in the summary */
    int paging;                   /* 1 only paging alerts, 0 only others, -1 any ("paging") */
    bool ignore;                  /* never opens or joins anything ("beta cluster") */
    bool watched;                 /* user-facing: counts for deploy and storm rules */
    struct string_list blameless; /* tools whose deploys cannot be behind it */
    bool suspect_deploys;         /* a deploy may be behind it; true */
    int64_t at_once;              /* watched only while so many of them fire; 1 */
    enum impact impact;
    char *wording; /* name */
    struct rule_component *component;
    size_t n_components;
    char *page;                       /* default: the page of the components */
    char *channel;                    /* home "network/#channel"; default: the first talk channel */
    size_t wording_index, page_index; /* finalize */
};

/** A prepared public text for each step ("wordings"). */
struct wording_settings {
    struct where where;
    char *name;
    char *title;
    char *body[STEP_COUNT]; /* keys investigating identified monitoring resolved */
    char *recovered;        /* monitoring, when nothing is known that mended it; NULL: as that */
    char *again;            /* it is back after monitoring; NULL: as investigating */
};

struct triage_settings {
    int64_t deploy_window_ms;           /* 15 min */
    int64_t storm_window_ms;            /* 5 min */
    int64_t storm_count;                /* 3 */
    int64_t lookback_ms;                /* 10 min */
    int64_t join_window_ms;             /* 10 min after opening, paging and critical alerts join */
    int64_t draft_quiet_ms;             /* 60 min: a draft whose alerts are quiet is closed */
    int64_t deploy_max_ms;              /* 3 h: a deploy that never ended is taken for over */
    int64_t max_signals;                /* remembered alerts, oldest go first; 20000 */
    int64_t max_open;                   /* open incidents and drafts at once; 20 */
    int64_t max_drafts_per_hour;        /* that signals open, in any hour; 12 */
    int64_t max_source_drafts_per_hour; /* of these, by the signals of one source; 6 */
};

struct chat_settings {
    char *prefix;                 /* "!status" */
    int64_t revision_interval_ms; /* at most one revision by signals in this time; 1 min */
    int64_t confirm_guard_ms;     /* plain confirm refused when shown less than this ago; 10 s */
    int64_t confirm_expires_ms;   /* 15 min */
    int64_t confirm_patience_ms;  /* "confirm taken, sending" after this; 2 s */
    bool two_for_critical;        /* two people for impact critical */
    int64_t second_person_ms;     /* then others are named; 5 min */
    int64_t max_text_chars;       /* title and body together; 300, the most */
    int64_t commands_per_minute;  /* of one person; 20 */
    int64_t channel_commands_per_minute; /* of all people on the list, in one channel; 60 */
};

/** Who is called when no talk channel can be reached ("pager"); see adapters/pager.h. */
struct pager_settings {
    struct string_list command; /* a program's absolute path and its arguments; none: no pager */
    int64_t after_ms;           /* 5 min */
    int64_t again_ms;           /* 30 min */
};

/** When crier proposes the next step ("follow"). */
struct follow_settings {
    bool propose;         /* true */
    int64_t settle_ms;    /* 10 min of quiet alerts: resolved is proposed */
    int64_t mail_span_ms; /* the prompt warns of too many mails within this; 10 min */
    int64_t mail_count;   /* the third of them; 3 */
};

/** When crier speaks without being asked ("reminders"); 0 switches a duration off. */
struct reminder_settings {
    int64_t draft_ms;      /* an unconfirmed draft, alerts fire: those present are called; 2 min */
    int64_t duty_ms;       /* then the people on duty; 5 min */
    int64_t channel_ms;    /* then the second channel; 10 min */
    int64_t update_ms;     /* public without a word since; 30 min */
    int64_t monitoring_ms; /* monitoring for long; 60 min */
    int64_t red_ms;        /* alerts fire and the page is green; 6 min */
    int64_t green_ms;      /* the page says outage and alerts are quiet; 20 min */
    struct string_list on_duty;     /* names of people */
    char *second_channel;           /* "network/#channel", or NULL */
    int64_t lines_per_hour;         /* unasked, for each incident; 30 */
    int64_t mute_max_ms;            /* 8 h */
    int64_t page_check_interval_ms; /* the page is read when nothing is open; 5 min */
};

/** One planned window of the configuration ("maintenance"). */
struct maintenance_settings {
    struct where where;
    char *name;
    char *from; /* "2026-12-01 14:00", UTC */
    char *until;
    int64_t from_wall_ms, until_wall_ms; /* finalize */
    struct string_list components;       /* alerts that hurt these alone open nothing */
    struct string_list checks;           /* globs: alerts of such a name open nothing */
};

/** Read-only periods that bots announce in the channel ("read_only"). */
struct read_only_settings {
    struct string_list components; /* what they cover; none: they are noted only */
    int64_t longest_ms;            /* when its end is never announced; 60 min */
    int64_t grace_ms;              /* what still fires so long after its end counts; 5 min */
};

/** crier's own web server: board, webhooks, health ("http"). */
struct http_settings {
    char *address;    /* IPv4 or IPv6; default 127.0.0.1 */
    int64_t port;     /* 0: none */
    char *token_file; /* readers must show it; required for any address but loopback */
    char *token_env;
    char *public_url; /* how people reach it, for links; NULL: they are not told */
};

/** Practice outages ("drill"). */
struct drill_settings {
    char *scenarios;  /* directory of *.log; NULL: scenarios/ beside the configuration file */
    int64_t port;     /* of the practice page; 0: a free one */
    char *public_url; /* how people reach it; NULL: by address and port */
    int64_t pace_ms;  /* between what is skipped and the next line; 2 s */
    int64_t coach_ms; /* nobody has taken the next step for so long: it is told; 30 s */
};

/** Confirming by one-time password while services are gone ("break_glass"). */
struct break_glass_settings {
    int64_t digits; /* of codes of people who are enrolled from now on; 6 */
};

struct report_settings {
    bool postmortem_draft; /* on resolve the page gets a draft of a postmortem */
};

/** What is looked at before a reload ("reload"); that of the running configuration counts. */
struct reload_settings {
    struct string_list backtest; /* past logs, paths or patterns; none: nothing is tried */
    bool refuse_lost;            /* true: a configuration that loses a draft there is not taken */
    int64_t time_limit_ms;       /* 1 min; what takes longer counts as not tried */
    char *channel;               /* where a refusal is told; default: the first talk channel */
};

/** Where one value stands in the files; see settings_where(). */
struct setting_place {
    const void *field;
    struct where where;
    bool wrong; /* what stands there could not be taken, and was told */
};

struct settings {
    char **files; /* every file read, for struct where */
    size_t n_files;
    char *state_dir; /* database crier.db lives here */
    bool confine;    /* the daemon gives up rights after its start */
    struct page_settings *page;
    size_t n_pages;
    struct component_settings *component;
    size_t n_components;
    struct network_settings *network;
    size_t n_networks;
    struct person_settings *person;
    size_t n_people;
    struct relay_settings relays;
    struct format_settings *format;
    size_t n_formats;
    struct source_settings *source;
    size_t n_sources;
    struct rule_settings *rule;
    size_t n_rules;
    struct wording_settings *wording;
    size_t n_wordings;
    struct string_list internal_words; /* refused in wordings and edits */
    struct triage_settings triage;
    struct chat_settings chat;
    struct pager_settings pager;
    struct follow_settings follow;
    struct reminder_settings reminders;
    struct maintenance_settings *maintenance;
    size_t n_maintenance;
    struct read_only_settings read_only;
    struct http_settings http;
    struct report_settings report;
    struct break_glass_settings break_glass;
    struct reload_settings reload;
    struct drill_settings drill;
    struct setting_place *place; /* may be NULL: not from a file */
    size_t n_places;
};

/* ---- the table of keys -------------------------------------------------------------------------
 * One row for each key of the file. Reading, defaults, bounds, freeing and the help all come from
 * it.
 */

enum setting_type {
    SETTING_STRING,   /* char * */
    SETTING_PATH,     /* char *; relative to the directory of the file that says it */
    SETTING_INT,      /* int64_t */
    SETTING_DURATION, /* int64_t milliseconds; written "15 min" */
    SETTING_BOOL,     /* bool */
    SETTING_TRISTATE, /* int: 1, 0, or -1 where it is not given */
    SETTING_STRINGS,  /* struct string_list; min and max are those of each string */
    SETTING_ENUM,     /* an enum; its value is the index in names */
    SETTING_SET,      /* unsigned; bit i stands for names[i] */
    SETTING_STEPS,    /* bool[STEP_COUNT] */
    SETTING_GROUP,    /* a struct in place, described by section */
    SETTING_LIST      /* a pointer to structs, described by section; their number at count_offset */
};

/** Must be given (lists: must not be empty). */
#define SETTING_REQUIRED (1U << 0)
/** A secret by itself: never logged; the configuration's file must not be open to all. */
#define SETTING_SECRET (1U << 1)

/** The path of a file that holds a secret, or "credential:NAME" for one that systemd hands over. */
#define SETTING_SECRET_FILE (1U << 2)
/** The name of a variable that holds a secret: not repeated in errors. */
#define SETTING_SECRET_ENV (1U << 3)

/** Most items in any list. */
enum { SETTING_ITEMS_MAX = 1000 };

struct setting_section;

struct setting_key {
    const char *name;
    enum setting_type type;
    size_t offset;
    int64_t min, max;  /* of numbers; of strings: bytes; of lists: items */
    const char *deflt; /* as text, NULL: none; lists of words are separated by blanks */
    const char *unit;  /* "ms", "lines", "bytes", ..., or "" */
    const char *help;  /* one line */
    unsigned flags;
    const char *const *names; /* SETTING_ENUM, SETTING_SET, SETTING_STEPS; ends with NULL */
    const struct setting_section *section;
    size_t count_offset;
};

struct setting_section {
    const char *name; /* "pages"; "" for the whole file */
    const char *help;
    size_t size;         /* of its struct */
    size_t where_offset; /* of its struct where, or SETTING_NO_WHERE */
    const struct setting_key *key;
    size_t n_keys;
};

#define SETTING_NO_WHERE SIZE_MAX

/** @return the section of the whole file, from which all others are reached; never NULL. */
const struct setting_section *settings_section(void);
/** Fills a struct of that section with defaults. @return 0 or CRIER_ENOMEM; finish it in both
 * cases. */
int setting_section_init(const struct setting_section *section, void *group)
    __attribute__((warn_unused_result));
/** Frees what the struct owns and zeroes it. */
void setting_section_finish(const struct setting_section *section, void *group);
/**
 * Makes the array of a SETTING_LIST key: n structs with defaults.
 * @param group the struct that the key belongs to; its list must be empty. @return 0 or
 * CRIER_ENOMEM.
 */
int setting_list_make(const struct setting_key *key, void *group, size_t n)
    __attribute__((warn_unused_result));
/** Writes every key with type, bounds, default and help, for `crier help` and the manual. */
void settings_print_keys(FILE *out);

/** Names by value, each ended by NULL. */
extern const char *const component_status_names[];
extern const char *const impact_names[];
extern const char *const step_names[];
extern const char *const severity_names[];
extern const char *const role_names[];         /* bit 0, bit 1, ... */
extern const char *const channel_role_names[]; /* bit 0, bit 1, ... */
extern const char *const sasl_names[];

/* ---- making one ------------------------------------------------------------------------------ */

/** A list of what is wrong with a configuration; see problems.h. */
struct problems;

/** @return an empty configuration with every default in place; NULL when memory is out. */
struct settings *settings_create(void);
/**
 * Copies one that was completed, with everything in it but where its values stand in the files.
 * @return NULL when memory is out.
 */
struct settings *settings_copy(const struct settings *s);
/** Frees it with everything in it; NULL is fine. */
void settings_destroy(struct settings *s);

/**
 * Resolves names to indexes, fills defaults that depend on others, and checks everything that can
 * be checked without another file, library or network: references, bounds, duplicates, limits of
 * texts. Reports every mistake, not the first.
 *
 * @return 0, or CRIER_EINVAL when at least one problem was added, or CRIER_ENOMEM.
 */
int settings_finalize(struct settings *s, struct problems *problems)
    __attribute__((warn_unused_result));

/**
 * Where a value was written. @param field address of the member (for lists of strings also of the
 * item) inside s. @return the place, borrowed, or NULL when it is not from a file.
 */
const struct where *settings_where(const struct settings *s, const void *field);

/** RFC 1459 casemapping ({}|^ are the lower case of []\~), as nicks, channels and accounts compare.
 */
bool settings_irc_equal(const char *a, const char *b);
/** The same as an order, for sorting. @return below, equal to or above 0. */
int settings_irc_compare(const char *a, const char *b);
/**
 * The part of settings_finalize() that looks at each value alone: bounds of numbers, lengths and
 * characters of strings. For files that could be read in part only.
 */
void settings_check_values(const struct settings *s, struct problems *problems);

/** @return indexes, or -1. Names compare exactly; NULL is -1. */
int settings_find_page(const struct settings *s, const char *name);
int settings_find_network(const struct settings *s, const char *name);
int settings_find_component(const struct settings *s, int page_index, const char *name);
int settings_find_wording(const struct settings *s, const char *name);
int settings_find_format(const struct settings *s, const char *name);
int settings_find_source(const struct settings *s, const char *name);
int settings_find_person(const struct settings *s, const char *name);
/** @return the channel, borrowed, or NULL. Channel names compare by RFC 1459 casemapping. */
const struct channel_settings *settings_find_channel(const struct settings *s, const char *network,
                                                     const char *channel);

#endif
