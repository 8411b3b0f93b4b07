/*
 * The table of configuration keys: what may be written, its bounds, its default and its help.
 */
#include "settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "err.h"

#define MS(n) ((int64_t)(n))
#define SECONDS(n) ((int64_t)(n)*1000)
#define HOURS(n) ((int64_t)(n)*3600000)
#define DAYS(n) ((int64_t)(n)*86400000)

enum { NAME_BYTES = 100, TEXT_BYTES = 1000, PATTERN_BYTES = 4000, PATH_BYTES = 4000 };

/* Rows; S is the struct. Strings: bytes from 1, since an empty one is a mistake. */
#define STRING(S, key, field, most, def, fl, text)                                            \
    {                                                                                         \
        .name = (key), .type = SETTING_STRING, .offset = offsetof(struct S, field), .min = 1, \
        .max = (most), .deflt = (def), .unit = "", .flags = (fl), .help = (text)              \
    }
#define PATHNAME(S, key, field, def, fl, text)                                              \
    {                                                                                       \
        .name = (key), .type = SETTING_PATH, .offset = offsetof(struct S, field), .min = 1, \
        .max = PATH_BYTES, .deflt = (def), .unit = "", .flags = (fl), .help = (text)        \
    }
#define STRINGS(S, key, field, most, fl, text)                                                 \
    {                                                                                          \
        .name = (key), .type = SETTING_STRINGS, .offset = offsetof(struct S, field), .min = 1, \
        .max = (most), .unit = "", .flags = (fl), .help = (text)                               \
    }
#define INTEGER(S, key, field, least, most, def, of, text)                                       \
    {                                                                                            \
        .name = (key), .type = SETTING_INT, .offset = offsetof(struct S, field), .min = (least), \
        .max = (most), .deflt = (def), .unit = (of), .help = (text)                              \
    }
#define DURATION(S, key, least, most, def, text)                                        \
    {                                                                                   \
        .name = #key, .type = SETTING_DURATION, .offset = offsetof(struct S, key##_ms), \
        .min = (least), .max = (most), .deflt = (def), .unit = "ms", .help = (text)     \
    }
#define BOOLEAN(S, key, def, text)                                                       \
    {                                                                                    \
        .name = #key, .type = SETTING_BOOL, .offset = offsetof(struct S, key), .max = 1, \
        .deflt = (def), .unit = "", .help = (text)                                       \
    }
#define CHOICE(S, key, kind, names_, def, fl, text)                                         \
    {                                                                                       \
        .name = #key, .type = (kind), .offset = offsetof(struct S, key), .names = (names_), \
        .deflt = (def), .unit = "", .flags = (fl), .help = (text)                           \
    }
#define LIST(S, key, field, n_field, of, fl, text)                                                \
    {                                                                                             \
        .name = (key), .type = SETTING_LIST, .offset = offsetof(struct S, field),                 \
        .count_offset = offsetof(struct S, n_field), .section = &(of), .unit = "", .flags = (fl), \
        .max = SETTING_ITEMS_MAX, .help = (text)                                                  \
    }
#define GROUP(S, key, of, text)                                                                   \
    {                                                                                             \
        .name = #key, .type = SETTING_GROUP, .offset = offsetof(struct S, key), .section = &(of), \
        .unit = "", .help = (text)                                                                \
    }
#define SECTION(var, called, S, at, rows, text)                          \
    static const struct setting_section var = {.name = (called),         \
                                               .help = (text),           \
                                               .size = sizeof(struct S), \
                                               .where_offset = (at),     \
                                               .key = (rows),            \
                                               .n_keys = sizeof(rows) / sizeof(rows)[0]}

#define REQUIRED SETTING_REQUIRED
#define SECRET SETTING_SECRET
#define SECRET_FILE SETTING_SECRET_FILE
#define SECRET_ENV SETTING_SECRET_ENV

static const struct setting_key page_keys[] = {
    STRING(page_settings, "name", name, NAME_BYTES, NULL, REQUIRED,
           "crier's own name for the page"),
    STRING(page_settings, "id", page_id, NAME_BYTES, NULL, REQUIRED, "the page's id in its API"),
    STRING(page_settings, "api_url", api_url, TEXT_BYTES, "https://api.statuspage.io", 0,
           "manage API, without /v1 at its end"),
    STRING(page_settings, "public_url", public_url, TEXT_BYTES, NULL, REQUIRED,
           "the page that people read"),
    STRING(page_settings, "admin_url", admin_url, TEXT_BYTES, NULL, 0,
           "where people post by hand; without it https://manage.statuspage.io/pages/ID"),
    PATHNAME(page_settings, "key_file", key_file, NULL, SECRET_FILE,
             "file with the API key, readable by crier alone; this or key_env"),
    STRING(page_settings, "key_env", key_env, NAME_BYTES, NULL, SECRET_ENV,
           "environment variable with the API key; this or key_file"),
    PATHNAME(page_settings, "ca_file", ca_file, NULL, 0,
             "certificates to trust instead of the system's"),
    STRINGS(page_settings, "pin", pin, TEXT_BYTES, 0,
            "keys that the API's server may have, each \"sha256//...\", beside the check of its "
            "certificate"),
    STRING(page_settings, "proxy", proxy, TEXT_BYTES, NULL, SECRET,
           "http://, socks5:// or socks5h:// proxy; the environment's is ignored"),
    CHOICE(page_settings, notify, SETTING_STEPS, step_names,
           "investigating identified monitoring resolved", 0,
           "steps whose updates are mailed to subscribers"),
    DURATION(page_settings, doubt_grace, SECONDS(1), HOURS(1), "60 s",
             "after an unclear answer the page is read this long before anything is sent again"),
    BOOLEAN(page_settings, allow_plain_http, "false",
            "http:// instead of https://, for a sandbox on loopback only"),
};
SECTION(page_section, "pages", page_settings, offsetof(struct page_settings, where), page_keys,
        "status pages");

static const struct setting_key component_keys[] = {
    STRING(component_settings, "name", name, 255, NULL, REQUIRED, "exactly as on the page"),
    STRING(component_settings, "page", page, NAME_BYTES, NULL, 0,
           "name of its page; may be left out where there is only one"),
};
SECTION(component_section, "components", component_settings,
        offsetof(struct component_settings, where), component_keys,
        "components of the pages that crier may set");

static const struct setting_key channel_keys[] = {
    STRING(channel_settings, "name", name, 64, NULL, REQUIRED, "the channel, with its #"),
    STRING(channel_settings, "key", key, 64, NULL, SECRET,
           "what a channel with +k asks for; better key_file"),
    PATHNAME(channel_settings, "key_file", key_file, NULL, SECRET_FILE,
             "file with it, readable by crier alone"),
    CHOICE(channel_settings, roles, SETTING_SET, channel_role_names, NULL, REQUIRED,
           "what crier does there: watch for alerts, talk to people, hold practice outages"),
};
SECTION(channel_section, "channels", channel_settings, offsetof(struct channel_settings, where),
        channel_keys, "channels of a network");

static const struct setting_key network_keys[] = {
    STRING(network_settings, "name", name, 64, NULL, REQUIRED,
           "crier's own name for the network, as in \"name/#channel\""),
    STRING(network_settings, "host", host, 255, NULL, REQUIRED, "the server's name or address"),
    INTEGER(network_settings, "port", port, 1, 65535, "6697", "", "the server's port"),
    BOOLEAN(network_settings, tls, "true", "encrypt and verify the server's certificate"),
    PATHNAME(network_settings, "ca_file", ca_file, NULL, 0,
             "certificates to trust instead of the system's"),
    STRINGS(network_settings, "pin", pin, TEXT_BYTES, 0,
            "keys that the server may have, each \"sha256//...\", beside the check of its "
            "certificate"),
    PATHNAME(network_settings, "client_cert", client_cert, NULL, SECRET_FILE,
             "PEM file of crier's own certificate, with client_key"),
    PATHNAME(network_settings, "client_key", client_key, NULL, SECRET_FILE,
             "PEM file of its private key, readable by crier alone"),
    STRING(network_settings, "proxy", proxy, TEXT_BYTES, NULL, SECRET,
           "http://, socks5:// or socks5h:// proxy; the environment's is ignored"),
    STRING(network_settings, "nick", nick, 30, NULL, REQUIRED, "crier's nick"),
    STRINGS(network_settings, "alt_nicks", alt_nicks, 30, 0, "nicks to take while nick is in use"),
    STRING(network_settings, "user", user, 16, "crier", 0, "user name (ident)"),
    STRING(network_settings, "realname", realname, 100, "crier", 0,
           "real name, a good place for a link to who runs it"),
    CHOICE(network_settings, sasl, SETTING_ENUM, sasl_names, "none", 0,
           "how to log in: plain (account and password) or external (client_cert)"),
    STRING(network_settings, "sasl_account", sasl_account, NAME_BYTES, NULL, 0,
           "services account of crier"),
    PATHNAME(network_settings, "sasl_password_file", sasl_password_file, NULL, SECRET_FILE,
             "file with its password, readable by crier alone; this or sasl_password_env"),
    STRING(network_settings, "sasl_password_env", sasl_password_env, NAME_BYTES, NULL, SECRET_ENV,
           "environment variable with its password"),
    BOOLEAN(network_settings, sasl_without_tls_is_dangerous, "false",
            "send the password over plain TCP"),
    DURATION(network_settings, services_patience, 0, DAYS(1), "2 min",
             "how long to wait for SASL before joining without it, obeying nobody"),
    DURATION(network_settings, ping_interval, MS(100), HOURS(1), "20 s",
             "silence after which crier sends a PING"),
    DURATION(network_settings, dead_after, MS(200), HOURS(1), "50 s",
             "silence after which the connection is given up"),
    DURATION(network_settings, connect_timeout, MS(100), SECONDS(600), "15 s",
             "for the connect with its TLS handshake"),
    DURATION(network_settings, reconnect_min, MS(10), HOURS(1), "2 s",
             "first wait before a new connect; each next one doubles"),
    DURATION(network_settings, reconnect_max, MS(10), DAYS(1), "2 min", "the longest such wait"),
    INTEGER(network_settings, "flood_burst_lines", flood_burst_lines, 1, 1000, "5", "lines",
            "lines that may be sent at once"),
    DURATION(network_settings, flood_interval, 0, SECONDS(60), "1 s",
             "then one line in each such time"),
    LIST(network_settings, "channels", channel, n_channels, channel_section, REQUIRED,
         "channels to join"),
};
SECTION(network_section, "networks", network_settings, offsetof(struct network_settings, where),
        network_keys, "IRC networks");

static const struct setting_key person_keys[] = {
    STRING(person_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "what crier calls them"),
    STRINGS(person_settings, "accounts", accounts, 200, 0,
            "services accounts, each \"network/account\""),
    STRINGS(person_settings, "hostmasks", hostmasks, 300, 0,
            "\"network/nick!user@host\" with * and ?; only where there are no accounts"),
    STRING(person_settings, "shell", shell, NAME_BYTES, NULL, 0, "user that deploy logs show"),
    STRING(person_settings, "nick", nick, NAME_BYTES, NULL, 0, "nick to ping; without it: name"),
    CHOICE(person_settings, roles, SETTING_SET, role_names, NULL, 0,
           "what they may do; without any: read"),
};
SECTION(person_section, "people", person_settings, offsetof(struct person_settings, where),
        person_keys, "people who may do more than read");

static const struct setting_key relay_keys[] = {
    STRINGS(relay_settings, "accounts", accounts, 200, 0,
            "services accounts that speak for many, each \"network/account\""),
    STRINGS(relay_settings, "hostmasks", hostmasks, 300, 0,
            "\"network/nick!user@host\" with * and ? that do"),
};
SECTION(relay_section, "relays", relay_settings, SETTING_NO_WHERE, relay_keys,
        "bots that say what many people say, such as bridges: nobody is obeyed through them");

static const struct setting_key line_keys[] = {
    STRING(format_line, "pattern", pattern, PATTERN_BYTES, NULL, REQUIRED,
           "PCRE2 pattern for a whole line, with named groups"),
    STRING(format_line, "event", event, NAME_BYTES, NULL, REQUIRED,
           "firing, resolved, acknowledged, deploy, mitigation, note, maintenance or ignore"),
    STRING(
        format_line, "phase", phase, NAME_BYTES, NULL, 0,
        "for deploy: started, tested, continued, finished, aborted, failed, cancelled, rollback; "
        "for maintenance: started, finished"),
    STRING(format_line, "severity", severity, NAME_BYTES, NULL, 0,
           "critical, warning or unknown; without it the group <severity>"),
    STRING(format_line, "tool", tool, NAME_BYTES, NULL, 0,
           "the tool's name; without it the group <tool>"),
    BOOLEAN(format_line, production, "true", "for deploy: it changes what users get"),
};
SECTION(line_section, "lines", format_line, offsetof(struct format_line, where), line_keys,
        "lines of a format; the first that matches is taken");

static const struct setting_key format_keys[] = {
    STRING(format_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "the format's name"),
    STRING(format_settings, "page_mark", page_mark, NAME_BYTES, NULL, 0,
           "text that marks a paging alert anywhere in the line, such as #page"),
    INTEGER(format_settings, "split_bytes", split_bytes, 0, 8192, "0", "bytes",
            "lines of at least this length may go on in the next one; 0: never"),
    STRING(format_settings, "split_mark", split_mark, NAME_BYTES, NULL, 0,
           "lines that end with this text, such as \"...\", go on in the next one"),
    STRING(format_settings, "start", start, PATTERN_BYTES, NULL, 0,
           "PCRE2 pattern of where a further alert begins inside a line"),
    STRING(format_settings, "revert", revert, PATTERN_BYTES, NULL, 0,
           "PCRE2 pattern searched in a deploy's change: it undoes something"),
    LIST(format_settings, "lines", line, n_lines, line_section, REQUIRED,
         "patterns; the first that matches is taken"),
};
SECTION(format_section, "formats", format_settings, offsetof(struct format_settings, where),
        format_keys, "how bots write");

static const struct setting_key source_keys[] = {
    STRING(source_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "the source's name"),
    STRINGS(source_settings, "accounts", accounts, 200, 0,
            "services accounts that are believed, each \"network/account\""),
    STRINGS(source_settings, "hostmasks", hostmasks, 300, 0,
            "\"network/nick!user@host\" with * and ? that are believed"),
    STRINGS(source_settings, "channels", channels, 200, 0,
            "where, each \"network/#channel\" with the role watch"),
    STRINGS(source_settings, "formats", formats, NAME_BYTES, 0,
            "names of formats, tried in order; a webhook alone needs none"),
    BOOLEAN(source_settings, people, "false",
            "also believe everybody in people, for their own log lines"),
    STRING(source_settings, "nick", nick, 64, NULL, 0,
           "for replay of logs that show nicks only; never used for trust"),
    STRINGS(source_settings, "files", files, PATH_BYTES, 0,
            "log files (absolute paths) that are read as they grow"),
    STRING(source_settings, "feed", feed, TEXT_BYTES, NULL, 0,
           "Atom feed of the same lines, such as a Server Admin Log"),
    DURATION(source_settings, feed_interval, SECONDS(1), 10 * SECONDS(60), "60 s",
             "how often the feed is asked for"),
    BOOLEAN(source_settings, webhook, "false",
            "Alertmanager may post to /alertmanager/NAME of crier's web server"),
    PATHNAME(source_settings, "webhook_token_file", webhook_token_file, NULL, SECRET_FILE,
             "file with the bearer token that it must show; this or webhook_token_env"),
    STRING(source_settings, "webhook_token_env", webhook_token_env, NAME_BYTES, NULL, SECRET_ENV,
           "environment variable with that token"),
    STRING(source_settings, "webhook_host_label", webhook_host_label, NAME_BYTES, NULL, 0,
           "label that tells the alert's host; without it groups have none"),
    STRING(source_settings, "webhook_page_label", webhook_page_label, NAME_BYTES, "severity=page",
           0, "NAME=VALUE of alerts that page somebody"),
};
SECTION(source_section, "sources", source_settings, offsetof(struct source_settings, where),
        source_keys, "who is believed");

static const struct setting_key rule_component_keys[] = {
    STRING(rule_component, "name", name, 255, NULL, REQUIRED, "a configured component"),
    CHOICE(rule_component, status, SETTING_ENUM, component_status_names, NULL, REQUIRED,
           "what it becomes"),
};
SECTION(rule_component_section, "components", rule_component, SETTING_NO_WHERE, rule_component_keys,
        "components that a rule's alerts are about");

static const char *const tristate_names[] = {"false", "true", NULL};

static const struct setting_key rule_keys[] = {
    STRING(rule_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "the rule's name"),
    STRINGS(rule_settings, "sources", sources, NAME_BYTES, 0, "names of sources; without it any"),
    STRING(rule_settings, "check", check, PATTERN_BYTES, NULL, 0,
           "PCRE2 pattern searched in the alert's name"),
    STRING(rule_settings, "host", host, PATTERN_BYTES, NULL, 0,
           "PCRE2 pattern searched in its host"),
    STRING(rule_settings, "text", text, PATTERN_BYTES, NULL, 0,
           "PCRE2 pattern searched in its summary"),
    CHOICE(rule_settings, paging, SETTING_TRISTATE, tristate_names, NULL, 0,
           "true: only paging alerts, false: only others; without it both"),
    BOOLEAN(rule_settings, ignore, "false", "such alerts open and join nothing"),
    BOOLEAN(rule_settings, watched, "false",
            "users notice: counts after deploys and in storms of alerts"),
    STRINGS(rule_settings, "blameless", blameless, NAME_BYTES, 0,
            "tools whose deploys are not to be blamed, as formats name them"),
    BOOLEAN(rule_settings, suspect_deploys, "true",
            "false: hardware or the network, for which no deploy is to be blamed"),
    INTEGER(rule_settings, "at_once", at_once, 1, 50, "1", "alerts",
            "watched only when so many (different hosts, if the rule has host) begin within "
            "storm_window"),
    CHOICE(rule_settings, impact, SETTING_ENUM, impact_names, NULL, 0, "minor, major or critical"),
    STRING(rule_settings, "wording", wording, NAME_BYTES, NULL, 0, "name of a wording"),
    LIST(rule_settings, "components", component, n_components, rule_component_section, 0,
         "what is hurt, each {name, status}"),
    STRING(rule_settings, "page", page, NAME_BYTES, NULL, 0,
           "name of a page; without it the page of the components"),
    STRING(rule_settings, "channel", channel, 200, NULL, 0,
           "where drafts are shown, \"network/#channel\"; without it the first talk channel"),
};
SECTION(rule_section, "rules", rule_settings, offsetof(struct rule_settings, where), rule_keys,
        "what alerts mean for readers; the first rule that matches is taken");

static const struct setting_key wording_keys[] = {
    STRING(wording_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "the wording's name"),
    STRING(wording_settings, "title", title, TEXT_BYTES, NULL, REQUIRED, "the incident's title"),
    STRING(wording_settings, "investigating", body[STEP_INVESTIGATING], TEXT_BYTES, NULL, REQUIRED,
           "first text; {components} and {since} are filled in"),
    STRING(wording_settings, "identified", body[STEP_IDENTIFIED], TEXT_BYTES, NULL, REQUIRED,
           "when the cause is known"),
    STRING(wording_settings, "monitoring", body[STEP_MONITORING], TEXT_BYTES, NULL, REQUIRED,
           "when it is mended and watched"),
    STRING(wording_settings, "resolved", body[STEP_RESOLVED], TEXT_BYTES, NULL, REQUIRED,
           "when it is over"),
    STRING(wording_settings, "recovered", recovered, TEXT_BYTES, NULL, 0,
           "monitoring, where nothing is known that mended it; without it: monitoring"),
    STRING(wording_settings, "again", again, TEXT_BYTES, NULL, 0,
           "when it is back after monitoring; without it: investigating"),
};
SECTION(wording_section, "wordings", wording_settings, offsetof(struct wording_settings, where),
        wording_keys, "prepared public texts");

static const struct setting_key triage_keys[] = {
    DURATION(triage_settings, deploy_window, 0, DAYS(1), "15 min",
             "after a deploy, one critical watched alert opens a draft"),
    DURATION(triage_settings, storm_window, MS(100), DAYS(1), "5 min",
             "several watched alerts within it open a draft"),
    INTEGER(triage_settings, "storm_count", storm_count, 2, 1000, "3", "alerts",
            "how many distinct ones"),
    DURATION(triage_settings, lookback, 0, DAYS(1), "10 min",
             "what is remembered for the timeline of a draft to come"),
    DURATION(triage_settings, join_window, 0, DAYS(1), "10 min",
             "after an opening, paging and critical alerts join it"),
    DURATION(triage_settings, draft_quiet, MS(100), DAYS(30), "60 min",
             "a draft whose alerts are quiet for so long is closed"),
    DURATION(triage_settings, deploy_max, MS(100), DAYS(30), "3 h",
             "a deploy that never ended is taken for over"),
    INTEGER(triage_settings, "max_signals", max_signals, 10, 1000000, "5000", "alerts",
            "alerts remembered; the oldest go first"),
    INTEGER(triage_settings, "max_open", max_open, 1, 1000, "20", "incidents",
            "incidents and drafts open at once"),
    INTEGER(triage_settings, "max_drafts_per_hour", max_drafts_per_hour, 1, 1000, "12", "drafts",
            "that signals open in any hour; what comes beyond is remembered and told once"),
    INTEGER(triage_settings, "max_source_drafts_per_hour", max_source_drafts_per_hour, 1, 1000, "6",
            "drafts", "of these, by the signals of one source"),
};
SECTION(triage_section, "triage", triage_settings, SETTING_NO_WHERE, triage_keys,
        "when a draft opens");

static const struct setting_key chat_keys[] = {
    STRING(chat_settings, "prefix", prefix, 32, "!status", 0, "how commands begin"),
    DURATION(chat_settings, revision_interval, 0, HOURS(1), "1 min",
             "alerts make at most one new revision in it"),
    DURATION(chat_settings, confirm_guard, 0, HOURS(1), "10 s",
             "a plain confirm so soon after a new text is asked for its number"),
    DURATION(chat_settings, confirm_expires, SECONDS(1), DAYS(30), "15 min",
             "how long a shown text may be confirmed"),
    DURATION(chat_settings, confirm_patience, MS(100), HOURS(1), "2 s",
             "no answer of the page for so long: crier says that it is sending"),
    BOOLEAN(chat_settings, two_for_critical, "false", "two people confirm a critical incident"),
    DURATION(chat_settings, second_person, MS(100), DAYS(1), "5 min",
             "nobody came for so long: others are named"),
    INTEGER(chat_settings, "max_text_chars", max_text_chars, 40, 300, "300", "characters",
            "title and body together"),
    INTEGER(chat_settings, "commands_per_minute", commands_per_minute, 5, 1000, "20", "commands",
            "of one person; beyond it only confirm and discard are obeyed"),
    INTEGER(chat_settings, "channel_commands_per_minute", channel_commands_per_minute, 5, 10000,
            "60", "commands",
            "of all people on the list in one channel; beyond it questions get no answer"),
};
SECTION(chat_section, "chat", chat_settings, SETTING_NO_WHERE, chat_keys,
        "how crier talks with people");

static const struct setting_key pager_keys[] = {
    STRINGS(
        pager_settings, "command", command, TEXT_BYTES, 0,
        "program (an absolute path) and its arguments, run without a shell; the text of the page "
        "is one more argument, and its standard input"),
    DURATION(pager_settings, after, SECONDS(1), DAYS(1), "5 min",
             "no talk channel could be reached for so long while something waits"),
    DURATION(pager_settings, again, SECONDS(300), DAYS(1), "30 min",
             "that goes on for so long after a page: one more"),
};
SECTION(pager_section, "pager", pager_settings, SETTING_NO_WHERE, pager_keys,
        "who is called when no talk channel can be reached");

static const struct setting_key follow_keys[] = {
    BOOLEAN(follow_settings, propose, "true", "propose the next step of what is public"),
    DURATION(follow_settings, settle, SECONDS(1), DAYS(1), "10 min",
             "quiet alerts for so long: resolved is proposed"),
    DURATION(follow_settings, mail_span, 0, DAYS(1), "10 min",
             "mails within it are counted; the prompt warns of too many"),
    INTEGER(follow_settings, "mail_count", mail_count, 2, 100, "3", "mails",
            "how many are too many"),
};
SECTION(follow_section, "follow", follow_settings, SETTING_NO_WHERE, follow_keys,
        "when crier proposes the next step");

static const struct setting_key reminder_keys[] = {
    DURATION(reminder_settings, draft, 0, DAYS(1), "2 min",
             "an unconfirmed draft while alerts fire: those who may and are present are called"),
    DURATION(reminder_settings, duty, 0, DAYS(1), "5 min", "then those on duty; 0: never"),
    DURATION(reminder_settings, channel, 0, DAYS(1), "10 min", "then the second channel; 0: never"),
    DURATION(reminder_settings, update, 0, DAYS(1), "30 min",
             "public, and nothing was said since; 0: never"),
    DURATION(reminder_settings, monitoring, 0, DAYS(1), "60 min",
             "monitoring for so long: is it over; 0: never"),
    DURATION(reminder_settings, red, 0, DAYS(1), "6 min",
             "alerts fire for so long and the page is green; 0: never"),
    DURATION(reminder_settings, green, 0, DAYS(1), "20 min",
             "the page says outage and alerts are quiet for so long; 0: never"),
    STRINGS(reminder_settings, "on_duty", on_duty, NAME_BYTES, 0, "names of people"),
    STRING(reminder_settings, "second_channel", second_channel, 200, NULL, 0,
           "\"network/#channel\", with the role talk"),
    INTEGER(reminder_settings, "lines_per_hour", lines_per_hour, 4, 1000, "30", "lines",
            "what crier says unasked about one incident in any hour, at most"),
    DURATION(reminder_settings, mute_max, SECONDS(60), DAYS(1), "8 h",
             "reminders can be muted for so long at most"),
    DURATION(reminder_settings, page_check_interval, SECONDS(1), DAYS(1), "5 min",
             "how often the page is read while nothing is open"),
};
SECTION(reminder_section, "reminders", reminder_settings, SETTING_NO_WHERE, reminder_keys,
        "when crier speaks without being asked");

static const struct setting_key maintenance_keys[] = {
    STRING(maintenance_settings, "name", name, NAME_BYTES, NULL, REQUIRED, "what it is called"),
    STRING(maintenance_settings, "from", from, 32, NULL, REQUIRED, "\"2026-12-01 14:00\", in UTC"),
    STRING(maintenance_settings, "until", until, 32, NULL, REQUIRED, "its end, in UTC too"),
    STRINGS(maintenance_settings, "components", components, 255, 0,
            "alerts that hurt these components alone open no draft"),
    STRINGS(maintenance_settings, "checks", checks, NAME_BYTES, 0,
            "alerts of such a name open no draft; with * and ?"),
};
SECTION(maintenance_section, "maintenance", maintenance_settings,
        offsetof(struct maintenance_settings, where), maintenance_keys, "planned windows");

static const struct setting_key read_only_keys[] = {
    STRINGS(read_only_settings, "components", components, 255, 0,
            "components that an announced read-only period covers"),
    DURATION(read_only_settings, longest, SECONDS(60), DAYS(1), "60 min",
             "such a period is over then, also when nobody said so"),
    DURATION(read_only_settings, grace, 0, DAYS(1), "5 min",
             "what still fires so long after its end is no part of it"),
};
SECTION(read_only_section, "read_only", read_only_settings, SETTING_NO_WHERE, read_only_keys,
        "read-only periods that bots announce");

static const struct setting_key http_keys[] = {
    STRING(http_settings, "address", address, 64, "127.0.0.1", 0,
           "IPv4 or IPv6 address to listen on"),
    INTEGER(http_settings, "port", port, 0, 65535, "0", "", "port to listen on; 0: no web server"),
    PATHNAME(http_settings, "token_file", token_file, NULL, SECRET_FILE,
             "file with the token that readers of the board must show; required for any address "
             "but loopback"),
    STRING(http_settings, "token_env", token_env, NAME_BYTES, NULL, SECRET_ENV,
           "environment variable with that token"),
    STRING(http_settings, "public_url", public_url, TEXT_BYTES, NULL, 0,
           "how people reach the board, for links in the channel"),
};
SECTION(http_section, "http", http_settings, SETTING_NO_WHERE, http_keys,
        "crier's own web server: the board, webhooks, health");

static const struct setting_key report_keys[] = {
    BOOLEAN(report_settings, postmortem_draft, "false",
            "on resolve the page gets the draft of a postmortem, which only people publish"),
};
SECTION(report_section, "report", report_settings, SETTING_NO_WHERE, report_keys,
        "what is made of an incident that is over");

static const struct setting_key break_glass_keys[] = {
    INTEGER(break_glass_settings, "digits", digits, 6, 8, "6", "digits",
            "length of the one-time passwords of people whom `crier enrol` enrols from now on"),
};
SECTION(break_glass_section, "break_glass", break_glass_settings, SETTING_NO_WHERE,
        break_glass_keys, "confirming by one-time password while services are gone");

static const struct setting_key drill_keys[] = {
    PATHNAME(drill_settings, "scenarios", scenarios, NULL, 0,
             "directory of recorded outages, NAME.log; without it the directory scenarios beside "
             "the configuration file"),
    INTEGER(drill_settings, "port", port, 0, 65535, "0", "",
            "port of the practice page; 0: any that is free"),
    STRING(drill_settings, "public_url", public_url, TEXT_BYTES, NULL, 0,
           "how people reach the practice page, for links; without it by http.address and port"),
    DURATION(drill_settings, pace, 0, SECONDS(60), "2 s",
             "so long nothing is skipped after a line, so that it can be read"),
    DURATION(drill_settings, coach, SECONDS(1), HOURS(1), "30 s",
             "nobody has taken the next step for so long: crier says what to type"),
};
SECTION(drill_section, "drill", drill_settings, SETTING_NO_WHERE, drill_keys, "practice outages");

static const struct setting_key reload_keys[] = {
    STRINGS(reload_settings, "backtest", backtest, PATH_BYTES, 0,
            "past logs (absolute paths, with * and ? if you like) that a new configuration is "
            "tried on before SIGHUP takes it"),
    BOOLEAN(reload_settings, refuse_lost, "true",
            "one that loses a draft there is not taken, unless SIGHUP comes again within 60 s"),
    DURATION(reload_settings, time_limit, SECONDS(1), HOURS(1), "1 min",
             "a trial that takes longer counts as failed, and refuse_lost refuses"),
    STRING(reload_settings, "channel", channel, 200, NULL, 0,
           "where a refusal is told, \"network/#channel\"; without it the first talk channel"),
};
SECTION(reload_section, "reload", reload_settings, SETTING_NO_WHERE, reload_keys,
        "what is looked at before SIGHUP takes a new configuration");

static const struct setting_key file_keys[] = {
    PATHNAME(settings, "state_dir", state_dir, "/var/lib/crier", 0,
             "where the database lives; without it STATE_DIRECTORY of the environment, which "
             "systemd sets"),
    BOOLEAN(settings, confine, "true",
            "after its start crier gives up what it does not need: programs, most system calls, "
            "and files outside state_dir to write"),
    LIST(settings, "pages", page, n_pages, page_section, REQUIRED, "status pages"),
    LIST(settings, "components", component, n_components, component_section, REQUIRED,
         "components of the pages that crier may set"),
    LIST(settings, "networks", network, n_networks, network_section, REQUIRED, "IRC networks"),
    LIST(settings, "people", person, n_people, person_section, REQUIRED,
         "people who may do more than read"),
    GROUP(settings, relays, relay_section,
          "bots that say what many people say, such as bridges: nobody is obeyed through them"),
    LIST(settings, "formats", format, n_formats, format_section, 0, "how bots write"),
    LIST(settings, "sources", source, n_sources, source_section, 0, "who is believed"),
    LIST(settings, "rules", rule, n_rules, rule_section, 0,
         "what alerts mean for readers; the first rule that matches is taken"),
    LIST(settings, "wordings", wording, n_wordings, wording_section, 0, "prepared public texts"),
    STRINGS(settings, "internal_words", internal_words, NAME_BYTES, 0,
            "words that must never become public, such as names of data centres"),
    GROUP(settings, triage, triage_section, "when a draft opens"),
    GROUP(settings, chat, chat_section, "how crier talks with people"),
    GROUP(settings, pager, pager_section, "who is called when no talk channel can be reached"),
    GROUP(settings, follow, follow_section, "when crier proposes the next step"),
    GROUP(settings, reminders, reminder_section, "when crier speaks without being asked"),
    LIST(settings, "maintenance", maintenance, n_maintenance, maintenance_section, 0,
         "planned windows"),
    GROUP(settings, read_only, read_only_section, "read-only periods that bots announce"),
    GROUP(settings, http, http_section, "crier's own web server: the board, webhooks, health"),
    GROUP(settings, report, report_section, "what is made of an incident that is over"),
    GROUP(settings, break_glass, break_glass_section,
          "confirming by one-time password while services are gone"),
    GROUP(settings, reload, reload_section,
          "what is looked at before SIGHUP takes a new configuration"),
    GROUP(settings, drill, drill_section, "practice outages"),
};
SECTION(file_section, "", settings, SETTING_NO_WHERE, file_keys, "the whole file");

const struct setting_section *settings_section(void)
{
    return &file_section;
}

/* ---- defaults and freeing, by the table --------------------------------------------------------
 */

static void *member(void *group, size_t offset)
{
    return (char *)group + offset;
}

/* The index of the word of n bytes at s; the table's own defaults are always known. */
static unsigned index_of(const char *const *names, const char *s, size_t n)
{
    unsigned i = 0;

    while (names[i] && (strlen(names[i]) != n || memcmp(names[i], s, n) != 0))
        i++;
    assert(names[i]);
    return i;
}

static int apply_default(const struct setting_key *key, void *group)
{
    void *field = member(group, key->offset);
    const char *p;
    int r;

    if (key->type == SETTING_TRISTATE)
        *(int *)field = -1;
    if (key->type == SETTING_GROUP)
        return setting_section_init(key->section, field);
    if (!key->deflt)
        return 0;
    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        *(char **)field = strdup(key->deflt);
        return *(char **)field ? 0 : CRIER_ENOMEM;
    case SETTING_INT:
        *(int64_t *)field = strtoll(key->deflt, NULL, 10);
        return 0;
    case SETTING_DURATION:
        r = duration_parse(key->deflt, field);
        assert(!r);
        return 0;
    case SETTING_BOOL:
        *(bool *)field = !strcmp(key->deflt, "true");
        return 0;
    case SETTING_ENUM:
        *(unsigned *)field = index_of(key->names, key->deflt, strlen(key->deflt));
        return 0;
    case SETTING_SET:
    case SETTING_STEPS:
        for (p = key->deflt; *p; p += strspn(p, " ")) {
            size_t n = strcspn(p, " ");
            unsigned i = index_of(key->names, p, n);

            if (key->type == SETTING_SET)
                *(unsigned *)field |= 1U << i;
            else
                ((bool *)field)[i] = true;
            p += n;
        }
        return 0;
    case SETTING_TRISTATE:
    case SETTING_STRINGS:
    case SETTING_GROUP:
    case SETTING_LIST:
        break;
    }
    assert(!"a default for this type is not written yet");
    return 0;
}

int setting_section_init(const struct setting_section *section, void *group)
{
    size_t i;
    int r = 0;

    memset(group, 0, section->size);
    for (i = 0; i < section->n_keys && !r; i++)
        r = apply_default(&section->key[i], group);
    return r;
}

int setting_list_make(const struct setting_key *key, void *group, size_t n)
{
    size_t size = key->section->size, i;
    char *array;
    int r = 0;

    assert(key->type == SETTING_LIST && !*(size_t *)member(group, key->count_offset));
    if (!n)
        return 0;
    array = calloc(n, size);
    if (!array)
        return CRIER_ENOMEM;
    for (i = 0; i < n && !r; i++)
        r = setting_section_init(key->section, array + i * size);
    /* The field's own type is a pointer to another struct; memcpy keeps aliasing rules. */
    memcpy(member(group, key->offset), &array, sizeof array);
    *(size_t *)member(group, key->count_offset) = n;
    return r;
}

static void finish_strings(struct string_list *list)
{
    size_t i;

    for (i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
}

void setting_section_finish(const struct setting_section *section, void *group)
{
    size_t i, j, n;

    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *key = &section->key[i];
        void *field = member(group, key->offset);
        char *array;

        switch (key->type) {
        case SETTING_STRING:
        case SETTING_PATH:
            if (key->flags & SETTING_SECRET && *(char **)field)
                explicit_bzero(*(char **)field, strlen(*(char **)field));
            free(*(char **)field);
            break;
        case SETTING_STRINGS:
            finish_strings(field);
            break;
        case SETTING_GROUP:
            setting_section_finish(key->section, field);
            break;
        case SETTING_LIST:
            memcpy(&array, field, sizeof array);
            n = *(size_t *)member(group, key->count_offset);
            for (j = 0; j < n; j++)
                setting_section_finish(key->section, array + j * key->section->size);
            free(array);
            break;
        case SETTING_INT:
        case SETTING_DURATION:
        case SETTING_BOOL:
        case SETTING_TRISTATE:
        case SETTING_ENUM:
        case SETTING_SET:
        case SETTING_STEPS:
            break;
        }
    }
    memset(group, 0, section->size);
}

/* ---- help ------------------------------------------------------------------------------------ */

static void print_bounds(FILE *out, const struct setting_key *key)
{
    char least[64], most[64];

    switch (key->type) {
    case SETTING_INT:
        (void)fprintf(out, "; %" PRId64 " to %" PRId64 "%s%s", key->min, key->max,
                      *key->unit ? " " : "", key->unit);
        break;
    case SETTING_DURATION:
        (void)fprintf(out, "; %s to %s", duration_text(least, sizeof least, key->min),
                      duration_text(most, sizeof most, key->max));
        break;
    case SETTING_STRING:
    case SETTING_PATH:
    case SETTING_STRINGS:
        (void)fprintf(out, "; at most %" PRId64 " bytes", key->max);
        break;
    case SETTING_BOOL:
    case SETTING_TRISTATE:
    case SETTING_ENUM:
    case SETTING_SET:
    case SETTING_STEPS:
    case SETTING_GROUP:
    case SETTING_LIST:
        break;
    }
}

static const char *type_name(enum setting_type type)
{
    switch (type) {
    case SETTING_STRING:
        return "string";
    case SETTING_PATH:
        return "path";
    case SETTING_INT:
        return "integer";
    case SETTING_DURATION:
        return "duration";
    case SETTING_BOOL:
    case SETTING_TRISTATE:
        return "true or false";
    case SETTING_STRINGS:
        return "list of strings";
    case SETTING_ENUM:
        return "one of";
    case SETTING_SET:
    case SETTING_STEPS:
        return "list of";
    case SETTING_GROUP:
        return "group { }";
    case SETTING_LIST:
        return "list ( ) of groups { }";
    }
    return "";
}

static void print_section(FILE *out, const struct setting_section *section, int depth)
{
    size_t i, j;

    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *key = &section->key[i];

        (void)fprintf(out, "%*s%s: %s\n", 4 * depth, "", key->name, key->help);
        (void)fprintf(out, "%*s%s", 4 * depth + 8, "", type_name(key->type));
        for (j = 0; key->names && key->type != SETTING_TRISTATE && key->names[j]; j++)
            (void)fprintf(out, "%s \"%s\"", j ? "," : "", key->names[j]);
        print_bounds(out, key);
        if (key->deflt)
            (void)fprintf(out, "; default %s", key->deflt);
        if (key->flags & SETTING_REQUIRED)
            (void)fprintf(out, "; required");
        if (key->flags & SETTING_SECRET)
            (void)fprintf(out, "; secret");
        if (key->flags & SETTING_SECRET_FILE)
            (void)fprintf(out, "; or \"credential:NAME\", from systemd");
        (void)fprintf(out, "\n");
        if (key->section)
            print_section(out, key->section, depth + 1);
    }
}

void settings_print_keys(FILE *out)
{
    print_section(out, &file_section, 0);
}
