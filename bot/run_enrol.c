#include "run_enrol.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "err.h"
#include "log.h"
#include "nearest.h"
#include "problems.h"
#include "utf8.h"

#include "config_file.h"
#include "secret.h"
#include "totp.h"

enum { WHY_BYTES = 900, LINE_BYTES = 64, TRIES = 3, NAME_BYTES = 400 };

struct enrol {
    const char *config_path;
    const char *name;
    bool list;
    bool remove;
    bool again;
    bool no_proof;
};

static int code_of(int err)
{
    switch (err) {
    case 0:
        return 0;
    case CRIER_ENOENT:
        return EX_NOINPUT;
    case CRIER_EINVAL:
        return EX_NOUSER;
    case CRIER_EACCESS:
        return EX_NOPERM;
    case CRIER_ESTATE:
        return EX_CANTCREAT;
    case CRIER_ENOMEM:
        return EX_OSERR;
    }
    return EX_IOERR;
}

static int complain(int err, const char *why)
{
    (void)fprintf(stderr, "crier: %s\n", *why ? why : crier_strerror(err));
    return code_of(err);
}

/* A name from a file as it may be shown on a terminal. */
static const char *shown(const char *name, char *dst)
{
    size_t n = strlen(name);

    if (n >= NAME_BYTES)
        n = NAME_BYTES - 1;
    (void)utf8_clean(name, n, dst);
    return dst;
}

/* ---- who is enrolled ------------------------------------------------------------------------- */

static const char *use_of(const struct settings *s, const char *person)
{
    int i = settings_find_person(s, person);

    if (i < 0)
        return "is not in the configuration: crier refuses their codes";
    if (!access_allows(s->person[i].roles, COMMAND_BREAKGLASS))
        return "has no role that may confirm: crier refuses their codes";
    return NULL;
}

struct listing {
    const struct settings *settings;
    size_t n;
};

static void list_one(void *ctx, const char *person, const char *wrong)
{
    struct listing *l = ctx;
    const char *use = use_of(l->settings, person);
    char name[NAME_BYTES];

    l->n++;
    (void)printf("%s%s%s%s%s\n", shown(person, name), use ? ": " : "", use ? use : "",
                 wrong ? ": " : "", wrong ? wrong : "");
}

static void look_one(void *ctx, const char *person, const char *wrong)
{
    const struct settings *s = ctx;
    const char *use = use_of(s, person);
    char name[NAME_BYTES];

    if (use)
        log_warnx("enrol", "%s is enrolled and %s; `crier enrol --remove` ends that",
                  shown(person, name), use);
    if (wrong)
        log_warnx("enrol", "%s", wrong);
}

void run_enrol_look(const struct settings *settings)
{
    char why[WHY_BYTES];
    int r = totp_visit(settings->state_dir, look_one, (void *)(uintptr_t)settings, why, sizeof why);

    if (r && r != CRIER_EACCESS) /* whoever checks need not be crier's user */
        log_warnx("enrol", "%s", why);
}

/* ---- enrolling ------------------------------------------------------------------------------- */

static int64_t wall_ms(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Digits alone: apps show "123 456". */
static void keep_digits(char *line)
{
    char *to = line;

    for (; *line; line++)
        if (*line >= '0' && *line <= '9')
            *to++ = *line;
    *to = '\0';
}

/* Whether the app shows the codes that crier expects. */
static bool is_proven(const struct totp_secret *s)
{
    char line[LINE_BYTES];
    bool good = false;
    int tries;

    for (tries = 0; tries < TRIES && !good; tries++) {
        (void)fprintf(stderr, "The code that the app shows now: ");
        if (!fgets(line, sizeof line, stdin)) {
            (void)fprintf(stderr, "\n");
            break;
        }
        keep_digits(line);
        good = totp_secret_matches(s, line, wall_ms());
        if (!good)
            (void)fprintf(stderr, "That is not its code: are the clocks here and there right?\n");
    }
    explicit_bzero(line, sizeof line);
    return good;
}

/* On standard output alone, and whole before anything is asked: it may be a pipe to qrencode. */
static int print_uri(const struct totp_secret *s, const char *name)
{
    char *uri = totp_secret_uri(s, name);
    bool good;

    if (!uri)
        return CRIER_ENOMEM;
    (void)fprintf(stderr,
                  "For the app of %s, once and never again (`crier enrol ... | qrencode -t "
                  "ansiutf8` draws it):\n",
                  name);
    good = printf("%s\n", uri) > 0 && !fflush(stdout);
    secret_destroy(uri);
    /* whoever reads a pipe waits for its end; nothing more is printed */
    if (!isatty(STDOUT_FILENO))
        (void)fclose(stdout);
    return good ? 0 : CRIER_EIO;
}

static int enrol(const struct settings *settings, const struct enrol *e)
{
    char why[WHY_BYTES] = "";
    struct totp_secret s;
    int r;

    if (!e->again && totp_is_enrolled(settings->state_dir, e->name)) {
        (void)utf8_print(why, sizeof why,
                         "%s is enrolled already: --again makes a new secret, and the old one is "
                         "worth nothing then",
                         e->name);
        return complain(CRIER_ESTATE, why);
    }
    if (access(settings->state_dir, W_OK) !=
        0) { /* before a secret is shown that comes to nothing */
        r = errno;
        (void)utf8_print(why, sizeof why, "%s: %s: %s", settings->state_dir, strerror(r),
                         r == ENOENT ? "start crier once, which makes it"
                                     : "run this as root or as the user of crier");
        return complain(r == ENOENT ? CRIER_ESTATE : CRIER_EACCESS, why);
    }
    r = totp_secret_make(&s, (int)settings->break_glass.digits);
    if (!r)
        r = print_uri(&s, e->name);
    if (!r && !e->no_proof && !is_proven(&s)) {
        (void)fprintf(stderr,
                      "crier: %s is not enrolled%s: nothing was changed. Delete it from the app: "
                      "the next try makes another secret\n",
                      e->name, e->again ? " anew" : "");
        totp_secret_finish(&s);
        return EX_DATAERR;
    }
    if (!r)
        r = totp_enrol(settings->state_dir, e->name, &s, e->again, why, sizeof why);
    totp_secret_finish(&s);
    if (r)
        return complain(r, why);
    (void)fprintf(stderr,
                  "%s is enrolled. While services are gone, by private message: `%s breakglass N.R "
                  "CODE %s`\n",
                  e->name, settings->chat.prefix, e->name);
    return 0;
}

static int list(const struct settings *settings)
{
    struct listing l = {.settings = settings};
    char why[WHY_BYTES] = "";
    int r = totp_visit(settings->state_dir, list_one, &l, why, sizeof why);

    if (r)
        return complain(r, why);
    if (!l.n) /* not on standard output: there are names alone */
        (void)fprintf(stderr, "nobody is enrolled; `crier enrol -c FILE NAME` does that\n");
    return 0;
}

static const char *account_of(const char *full)
{
    const char *slash = strchr(full, '/');

    return slash ? slash + 1 : full;
}

/* Somebody types a nick or an account, where the name in `people` is meant.
 * @return borrowed; NULL: nothing is near. */
static const char *name_meant(const struct settings *s, const char *word)
{
    const char *name = NULL;
    struct nearest n;
    size_t i, k;

    nearest_init(&n, word);
    for (i = 0; i < s->n_people; i++) {
        const struct person_settings *p = &s->person[i];
        const char *before = n.best;

        nearest_offer(&n, p->name);
        nearest_offer(&n, p->nick);
        for (k = 0; k < p->accounts.n; k++)
            nearest_offer(&n, account_of(p->accounts.item[k]));
        if (n.best != before)
            name = p->name;
    }
    return name;
}

static int complain_name(const struct settings *s, const char *word)
{
    const char *meant = name_meant(s, word);
    char why[WHY_BYTES], names[WHY_BYTES / 2] = "";
    size_t i, used = 0;

    if (meant) {
        (void)utf8_print(why, sizeof why,
                         "nobody in `people` is called \"%s\"; did you mean \"%s\"?", word, meant);
        return complain(CRIER_EINVAL, why);
    }
    for (i = 0; i < s->n_people && used < sizeof names - 1; i++) {
        (void)utf8_print(names + used, sizeof names - used, "%s\"%s\"", i ? ", " : "",
                         s->person[i].name);
        used += strlen(names + used);
    }
    (void)utf8_print(why, sizeof why, "nobody in `people` is called \"%s\"; there are %s", word,
                     names);
    return complain(CRIER_EINVAL, why);
}

static int carry_out(const struct settings *settings, const struct enrol *e)
{
    char why[WHY_BYTES] = "";
    const char *use;
    int r;

    if (e->list)
        return list(settings);
    if (e->remove) {
        r = totp_remove(settings->state_dir, e->name, why, sizeof why);
        if (r)
            return complain(r, why);
        (void)fprintf(stderr, "%s is not enrolled any more\n", e->name);
        return 0;
    }
    if (settings_find_person(settings, e->name) < 0)
        return complain_name(settings, e->name);
    use = use_of(settings, e->name);
    if (use) {
        (void)utf8_print(why, sizeof why, "%s %s", e->name, use);
        return complain(CRIER_EINVAL, why);
    }
    return enrol(settings, e);
}

static bool parse(int argc, char **argv, struct enrol *e)
{
    static const struct option options[] = {{"list", no_argument, NULL, 'l'},
                                            {"remove", no_argument, NULL, 'r'},
                                            {"again", no_argument, NULL, 'a'},
                                            {"no-proof", no_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            e->config_path = optarg;
            break;
        case 'l':
            e->list = true;
            break;
        case 'r':
            e->remove = true;
            break;
        case 'a':
            e->again = true;
            break;
        case 'n':
            e->no_proof = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc)
        e->name = argv[optind++];
    if (optind < argc || !e->config_path || (e->list && e->remove) ||
        ((e->list || e->remove) && (e->again || e->no_proof)))
        return false;
    return e->list ? !e->name : e->name && *e->name;
}

int run_enrol(int argc, char **argv)
{
    struct enrol e = {.config_path = NULL};
    struct settings *settings = NULL;
    struct problems problems;
    int r;

    if (!parse(argc, argv, &e))
        return EX_USAGE;
    problems_init(&problems);
    r = config_file_load(e.config_path, &problems, &settings);
    problems_print(&problems, stderr);
    problems_finish(&problems);
    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    r = carry_out(settings, &e);
    settings_destroy(settings);
    return r;
}
