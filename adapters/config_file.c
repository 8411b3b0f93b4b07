#include "config_file.h"

#include <assert.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "duration.h"
#include "err.h"
#include "nearest.h"
#include "secret.h"

enum { NAME_SHOWN = 60, WORDS_BYTES = 1000 };

struct reader {
    struct settings *settings;
    struct problems *problems;
    struct config_text *text;
    struct buf places; /* struct setting_place */
    bool broken;       /* the text ends with a syntax error */
    bool wrong;        /* the value at hand cannot be taken, and that has been told */
    int err;           /* sticky: CRIER_ENOMEM */
};

/* The key that a value is for, with its section's name for problems. */
struct target {
    const struct setting_section *section;
    const struct setting_key *key;
    char label[NAME_SHOWN * 2]; /* "networks.port" */
};

static void *member(void *group, size_t offset)
{
    return (char *)group + offset;
}

/* ---- where ----------------------------------------------------------------------------------- */

/* The public field: the library's macro cuts it to 16 bits. */
static struct where where_of(const struct reader *rd, const config_setting_t *setting)
{
    bool string = setting->type == CONFIG_TYPE_STRING && !setting->name;

    return config_text_where(rd->text, setting->line, string, NULL);
}

static void note_place(struct reader *rd, const void *field, const struct where *where)
{
    struct setting_place place;

    memset(&place, 0, sizeof place);
    place.field = field;
    place.where = *where;
    buf_add(&rd->places, &place, sizeof place);
    if (buf_error(&rd->places))
        rd->err = CRIER_ENOMEM;
}

/* ---- words for problems ---------------------------------------------------------------------- */

static const char *kind_of(const config_setting_t *setting)
{
    switch (setting->type) {
    case CONFIG_TYPE_GROUP:
        return "a group { }";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a point";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "nothing";
    }
}

/* A number as it is written in the file, for a proposal with quotes or a unit; else "". */
static const char *number_text(const config_setting_t *setting, char *dst, size_t size)
{
    dst[0] = '\0';
    if (setting->type == CONFIG_TYPE_INT || setting->type == CONFIG_TYPE_INT64)
        (void)snprintf(dst, size, "%lld", config_setting_get_int64(setting));
    return dst;
}

/* All names of a choice: `"none", "plain", "external"`. */
static const char *all_names(const char *const *names, char *dst, size_t size)
{
    size_t used = 0, i;

    assert(names);
    dst[0] = '\0';
    for (i = 0; names[i]; i++) {
        int n = snprintf(dst + used, size - used, "%s\"%s\"", i ? ", " : "", names[i]);

        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
    return dst;
}

static void wrong_type(struct reader *rd, const struct target *to, const config_setting_t *setting)
{
    struct where where = where_of(rd, setting);
    const struct setting_key *key = to->key;
    const char *found = kind_of(setting), *label = to->label;
    const char *text = setting->type == CONFIG_TYPE_STRING ? setting->value.sval : NULL;
    const char *example = key->names ? key->names[0] : "...";
    char number[32], names[WORDS_BYTES];

    rd->wrong = true;
    number_text(setting, number, sizeof number);
    if (key->flags & (SETTING_SECRET | SETTING_SECRET_FILE | SETTING_SECRET_ENV))
        number[0] = '\0'; /* it may be the secret itself */
    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
    case SETTING_ENUM:
        problems_add(rd->problems, &where, "%s is %s: write a string in quotes, such as \"%s\"",
                     label, found,
                     *number      ? number
                     : key->names ? example
                                  : "text");
        break;
    case SETTING_INT:
        problems_add(rd->problems, &where, "%s is %s: write a whole number, such as %s", label,
                     found, key->deflt ? key->deflt : "1");
        break;
    case SETTING_DURATION:
        if (*number)
            problems_add(rd->problems, &where,
                         "%s is a number without a unit: write \"%s s\" or \"%s min\"", label,
                         number, number);
        else
            problems_add(rd->problems, &where,
                         "%s is %s: write a number with its unit in quotes, such as \"%s\"", label,
                         found, key->deflt ? key->deflt : "15 min");
        break;
    case SETTING_BOOL:
    case SETTING_TRISTATE:
        problems_add(rd->problems, &where, "%s is %s: write true or false%s", label, found,
                     text && (!strcmp(text, "true") || !strcmp(text, "false")) ? " without quotes"
                                                                               : "");
        break;
    case SETTING_STRINGS:
        problems_add(rd->problems, &where, "%s is %s: write a list of strings, [\"%.*s\"]", label,
                     found, NAME_SHOWN, text && !(key->flags & SETTING_SECRET) ? text : example);
        break;
    case SETTING_SET:
    case SETTING_STEPS:
        problems_add(rd->problems, &where, "%s is %s: write a list, [\"%.*s\"]; known are %s",
                     label, found, NAME_SHOWN, text ? text : example,
                     all_names(key->names, names, sizeof names));
        break;
    case SETTING_GROUP:
        problems_add(rd->problems, &where, "%s is %s: write a group, %s = { ... };", label, found,
                     key->name);
        break;
    case SETTING_LIST:
        problems_add(rd->problems, &where,
                     "%s is %s: write a list of groups, %s = ( { ... }, { ... } );", label, found,
                     key->name);
        break;
    }
}

static void unknown_key(struct reader *rd, const struct setting_section *section,
                        const config_setting_t *setting)
{
    struct where where = where_of(rd, setting);
    const char *in = *section->name ? section->name : "the file";
    struct nearest nearest;
    char known[WORDS_BYTES];
    size_t used = 0, i;

    nearest_init(&nearest, setting->name);
    known[0] = '\0';
    for (i = 0; i < section->n_keys; i++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                         section->key[i].name);

        if (n > 0 && (size_t)n < sizeof known - used)
            used += (size_t)n;
        nearest_offer(&nearest, section->key[i].name);
    }
    if (nearest.best)
        problems_add(rd->problems, &where, "unknown key \"%.*s\" in %s; did you mean \"%s\"?",
                     NAME_SHOWN, setting->name, in, nearest.best);
    else
        problems_add(rd->problems, &where, "unknown key \"%.*s\" in %s: take it out; known are %s",
                     NAME_SHOWN, setting->name, in, known);
}

static void unknown_name(struct reader *rd, const struct target *to,
                         const config_setting_t *setting, const char *name)
{
    struct where where = where_of(rd, setting);
    struct nearest nearest;
    char names[WORDS_BYTES];
    size_t i;

    rd->wrong = true;
    nearest_init(&nearest, name);
    for (i = 0; to->key->names[i]; i++)
        nearest_offer(&nearest, to->key->names[i]);
    all_names(to->key->names, names, sizeof names);
    if (nearest.best)
        problems_add(rd->problems, &where,
                     "%s: \"%.*s\" is not known; did you mean \"%s\"? Known are %s", to->label,
                     NAME_SHOWN, name, nearest.best, names);
    else
        problems_add(rd->problems, &where, "%s: \"%.*s\" is not known: write one of %s", to->label,
                     NAME_SHOWN, name, names);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A secret in a file that everybody may read. */
static void check_secret(struct reader *rd, const struct target *to,
                         const config_setting_t *setting, const char *value)
{
    size_t file;
    struct where where = config_text_where(rd->text, setting->line, false, &file);
    bool is_proxy = !strcmp(to->key->name, "proxy");

    if (!rd->text->is_open[file] || (is_proxy && !strchr(value, '@')))
        return;
    problems_add(rd->problems, &where,
                 "%s is a secret, and everybody may read this file: chmod 640 %s", to->label,
                 where.file);
}

static bool is_credential(const struct setting_key *key, const char *value)
{
    return key->flags & SETTING_SECRET_FILE && secret_is_credential(value);
}

static void read_string(struct reader *rd, const struct target *to, const config_setting_t *setting,
                        char **field)
{
    struct where where = where_of(rd, setting);
    const char *value = config_setting_get_string(setting);

    if (rd->broken && strchr(value, '\n')) {
        rd->wrong = true; /* a quote is missing, and that has been told */
        return;
    }
    if (to->key->flags & SETTING_SECRET)
        check_secret(rd, to, setting, value);
    free(*field); /* the default */
    *field = to->key->type == SETTING_PATH && *value && !is_credential(to->key, value)
                 ? config_text_path(where.file, value)
                 : strdup(value);
    if (!*field)
        rd->err = CRIER_ENOMEM;
    if (to->key->flags & SETTING_SECRET) /* the library frees it as it is */
        explicit_bzero(setting->value.sval, strlen(setting->value.sval));
}

static void read_integer(struct reader *rd, const struct target *to,
                         const config_setting_t *setting, int64_t *field)
{
    struct where where = where_of(rd, setting);

    if (config_setting_get_format(setting) != CONFIG_FORMAT_HEX) {
        *field = config_setting_get_int64(setting);
        return;
    }
    rd->wrong = true;
    problems_add(rd->problems, &where, "%s is hexadecimal: write a decimal number", to->label);
}

static void read_duration(struct reader *rd, const struct target *to,
                          const config_setting_t *setting, int64_t *field)
{
    struct where where = where_of(rd, setting);
    const char *value = config_setting_get_string(setting);
    const char *example = to->key->deflt ? to->key->deflt : "15 min";
    int64_t ms;
    int r = duration_parse(value, &ms);

    if (!r) {
        *field = ms;
        return;
    }
    rd->wrong = true;
    if (r == CRIER_ELIMIT)
        problems_add(rd->problems, &where, "%s: \"%.*s\" is too long: write less, such as \"%s\"",
                     to->label, NAME_SHOWN, value, example);
    else
        problems_add(
            rd->problems, &where,
            "%s: \"%.*s\" is no length of time: write whole numbers with units ms, s, min, "
            "h, d, such as \"%s\"",
            to->label, NAME_SHOWN, value, example);
}

static void read_names(struct reader *rd, const struct target *to, const config_setting_t *setting,
                       void *field)
{
    int n = config_setting_length(setting), i;
    unsigned set = 0, bit;

    for (i = 0; i < n; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_get_string(item);

        if (!name) {
            wrong_type(rd, to, item);
            continue;
        }
        for (bit = 0; to->key->names[bit] && strcmp(to->key->names[bit], name) != 0; bit++)
            ;
        if (to->key->names[bit])
            set |= 1U << bit;
        else
            unknown_name(rd, to, item, name);
    }
    if (to->key->type == SETTING_SET)
        *(unsigned *)field = set;
    else
        for (bit = 0; to->key->names[bit]; bit++)
            ((bool *)field)[bit] = set >> bit & 1;
}

/* Lists are searched for doubles and references; without an end that could take minutes. */
static bool too_many(struct reader *rd, const struct target *to, const config_setting_t *setting)
{
    struct where where = where_of(rd, setting);
    int n = config_setting_length(setting);

    if (n <= SETTING_ITEMS_MAX)
        return false;
    rd->wrong = true;
    problems_add(rd->problems, &where, "%s has %d items: write at most %d", to->label, n,
                 SETTING_ITEMS_MAX);
    return true;
}

static void read_strings(struct reader *rd, const struct target *to,
                         const config_setting_t *setting, struct string_list *list)
{
    int n = config_setting_length(setting), i;

    if (n <= 0 || too_many(rd, to, setting))
        return;
    list->item = calloc((size_t)n, sizeof *list->item);
    if (!list->item) {
        rd->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < n && !rd->err; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct where where = where_of(rd, item);

        if (item->type != CONFIG_TYPE_STRING) {
            wrong_type(rd, to, item);
            continue;
        }
        list->item[list->n] = strdup(config_setting_get_string(item));
        if (!list->item[list->n])
            rd->err = CRIER_ENOMEM;
        else
            note_place(rd, &list->item[list->n++], &where);
    }
}

static void read_group(struct reader *rd, const struct setting_section *section,
                       const config_setting_t *setting, void *group);

static void read_list(struct reader *rd, const struct target *to, const config_setting_t *setting,
                      void *group)
{
    int n = config_setting_length(setting), i;
    size_t groups = 0, at = 0;
    char *array;

    if (too_many(rd, to, setting))
        return;
    for (i = 0; i < n; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);

        if (item->type == CONFIG_TYPE_GROUP)
            groups++;
        else
            wrong_type(rd, to, item);
    }
    if (setting_list_make(to->key, group, groups)) {
        rd->err = CRIER_ENOMEM;
        return;
    }
    memcpy(&array, member(group, to->key->offset), sizeof array);
    for (i = 0; i < n && !rd->err; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);

        if (item->type == CONFIG_TYPE_GROUP)
            read_group(rd, to->key->section, item, array + at++ * to->key->section->size);
    }
}

static void read_choice(struct reader *rd, const struct target *to, const config_setting_t *setting,
                        unsigned *field)
{
    const char *name = config_setting_get_string(setting);
    unsigned i;

    for (i = 0; to->key->names[i]; i++)
        if (!strcmp(to->key->names[i], name)) {
            *field = i;
            return;
        }
    unknown_name(rd, to, setting, name);
}

static bool type_fits(enum setting_type type, const config_setting_t *setting)
{
    switch (type) {
    case SETTING_STRING:
    case SETTING_PATH:
    case SETTING_DURATION:
    case SETTING_ENUM:
        return setting->type == CONFIG_TYPE_STRING;
    case SETTING_INT:
        return setting->type == CONFIG_TYPE_INT || setting->type == CONFIG_TYPE_INT64;
    case SETTING_BOOL:
    case SETTING_TRISTATE:
        return setting->type == CONFIG_TYPE_BOOL;
    case SETTING_STRINGS:
    case SETTING_SET:
    case SETTING_STEPS:
    case SETTING_LIST:
        return setting->type == CONFIG_TYPE_ARRAY || setting->type == CONFIG_TYPE_LIST;
    case SETTING_GROUP:
        return setting->type == CONFIG_TYPE_GROUP;
    }
    return false;
}

static void convert(struct reader *rd, const struct target *to, const config_setting_t *setting,
                    void *group)
{
    void *field = member(group, to->key->offset);

    if (!type_fits(to->key->type, setting)) {
        wrong_type(rd, to, setting);
        return;
    }
    switch (to->key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
        read_string(rd, to, setting, field);
        break;
    case SETTING_INT:
        read_integer(rd, to, setting, field);
        break;
    case SETTING_DURATION:
        read_duration(rd, to, setting, field);
        break;
    case SETTING_BOOL:
        *(bool *)field = config_setting_get_bool(setting);
        break;
    case SETTING_TRISTATE:
        *(int *)field = config_setting_get_bool(setting) ? 1 : 0;
        break;
    case SETTING_STRINGS:
        read_strings(rd, to, setting, field);
        break;
    case SETTING_ENUM:
        read_choice(rd, to, setting, field);
        break;
    case SETTING_SET:
    case SETTING_STEPS:
        read_names(rd, to, setting, field);
        break;
    case SETTING_GROUP:
        read_group(rd, to->key->section, setting, field);
        break;
    case SETTING_LIST:
        read_list(rd, to, setting, group);
        break;
    }
}

static void read_value(struct reader *rd, const struct target *to, const config_setting_t *setting,
                       void *group)
{
    struct where where = where_of(rd, setting);
    size_t at = rd->places.len;
    bool outer = rd->wrong;
    void *place;

    note_place(rd, member(group, to->key->offset), &where);
    rd->wrong = false;
    convert(rd, to, setting, group);
    if (!rd->err) {
        place = rd->places.data + at;
        ((struct setting_place *)place)->wrong = rd->wrong;
    }
    rd->wrong = outer;
}

static void read_group(struct reader *rd, const struct setting_section *section,
                       const config_setting_t *setting, void *group)
{
    struct where where = where_of(rd, setting);
    int n = config_setting_length(setting), i;

    if (section->where_offset != SETTING_NO_WHERE)
        memcpy(member(group, section->where_offset), &where, sizeof where);
    for (i = 0; i < n && !rd->err; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct target to = {.section = section};
        size_t k;

        if (item->type == CONFIG_TYPE_NONE)
            continue; /* the text broke off behind its name; that is told by itself */
        for (k = 0; k < section->n_keys && strcmp(section->key[k].name, item->name) != 0; k++)
            ;
        if (k == section->n_keys) {
            unknown_key(rd, section, item);
            continue;
        }
        to.key = &section->key[k];
        (void)snprintf(to.label, sizeof to.label, "%s%s%s", section->name,
                       *section->name ? "." : "", to.key->name);
        read_value(rd, &to, item, group);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* STATE_DIRECTORY is what systemd makes for StateDirectory=, several parted by colons;
 * systemd.exec(5). */
static int default_state_dir(struct settings *s)
{
    const char *dir = getenv("STATE_DIRECTORY");
    char *copy;

    if (settings_where(s, &s->state_dir) || !dir || *dir != '/')
        return 0;
    copy = strndup(dir, strcspn(dir, ":"));
    if (!copy)
        return CRIER_ENOMEM;
    free(s->state_dir);
    s->state_dir = copy;
    return 0;
}

static void syntax_error(const config_t *config, const struct config_text *text,
                         struct problems *problems)
{
    struct where where = config_text_where(text, (unsigned)config->error_line, false, NULL);
    const char *what = config->error_text ? config->error_text : "syntax error";

    if (!strcmp(what, "duplicate setting name"))
        problems_add(problems, &where,
                     "this key was given before in the same group: take one out, or put all into "
                     "one list; what follows was not read");
    else if (text->long_string.file)
        problems_add(problems, &where,
                     "%s; is there a quote missing at the end of %s:%d? What follows was not read",
                     what, text->long_string.file, text->long_string.line);
    else
        problems_add(problems, &where,
                     "%s: look here and on the line before for a quote, comma or bracket that is "
                     "missing or too many, or a word without quotes; what follows was not read",
                     what);
}

/* The files' names become the settings', since every struct where borrows them. */
static int take_files(struct settings *s, struct config_text *text)
{
    s->files = calloc(text->n_files + 1, sizeof *s->files);
    if (!s->files)
        return CRIER_ENOMEM;
    memcpy(s->files, text->file, text->n_files * sizeof *s->files);
    s->n_files = text->n_files;
    text->files_taken = true;
    return 0;
}

static int take_places(struct reader *rd)
{
    size_t n = rd->places.len / sizeof *rd->settings->place;
    void *data;

    if (!n)
        return 0;
    data = buf_take(&rd->places);
    if (!data)
        return CRIER_ENOMEM;
    rd->settings->place = data;
    rd->settings->n_places = n;
    return 0;
}

static int read_text(struct config_text *text, struct problems *problems,
                     struct settings **ret_settings)
{
    struct reader rd = {.problems = problems, .text = text};
    bool whole = !text->partial;
    config_t config;
    int r = CRIER_ENOMEM;

    config_init(&config);
    buf_init(&rd.places, (size_t)2 * CONFIG_BYTES_MAX * sizeof(struct setting_place));
    rd.settings = settings_create();
    if (!rd.settings || take_files(rd.settings, text))
        goto out;
    if (config_read_string(&config, buf_str(&text->text)) != CONFIG_TRUE) {
        syntax_error(&config, text, problems);
        whole = false;
        rd.broken = true;
    }
    read_group(&rd, settings_section(), config_root_setting(&config), rd.settings);
    if (rd.err || take_places(&rd) || default_state_dir(rd.settings))
        goto out;
    r = 0;
    if (!whole) {
        settings_check_values(rd.settings, problems);
        r = CRIER_EINVAL;
    }
    if (problems->err)
        r = problems->err;
    if (r)
        goto out;
    *ret_settings = rd.settings;
    rd.settings = NULL;
out:
    buf_finish(&rd.places);
    config_destroy(&config);
    settings_destroy(rd.settings);
    return r;
}

int config_file_read(const char *path, struct problems *problems, struct settings **ret_settings)
{
    struct config_text text;
    int r;

    config_text_init(&text);
    r = config_text_read(&text, path, problems);
    if (!r)
        r = read_text(&text, problems, ret_settings);
    config_text_finish(&text);
    return r;
}

int config_file_parse(const char *name, const char *bytes, size_t n, struct problems *problems,
                      struct settings **ret_settings)
{
    struct config_text text;
    int r;

    config_text_init(&text);
    r = config_text_parse(&text, name, bytes, n, problems);
    if (!r)
        r = read_text(&text, problems, ret_settings);
    config_text_finish(&text);
    return r;
}

int config_file_load(const char *path, struct problems *problems, struct settings **ret_settings)
{
    struct settings *s = NULL;
    size_t before = problems->n;
    int r = config_file_read(path, problems, &s);

    if (!r)
        r = settings_finalize(s, problems);
    if (!r && problems->n != before)
        r = CRIER_EINVAL;
    if (!r) {
        *ret_settings = s;
        s = NULL;
    }
    settings_destroy(s);
    return r;
}
