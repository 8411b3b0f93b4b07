#include "scenarios.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "logread.h"
#include "utf8.h"

enum { HEAD_BYTES = 1024, LIST_BYTES = 250, FILE_BYTES_MAX = 16 << 20 };

static const char ending[] = ".log";

/* Bytes of the scenario's name in a file's, 0: it is none. */
static size_t name_bytes(const char *file)
{
    size_t n = strlen(file), end = sizeof ending - 1;
    char name[DRILL_NAME_MAX + 1];

    if (n <= end || n - end > DRILL_NAME_MAX || strcmp(file + n - end, ending) != 0)
        return 0;
    memcpy(name, file, n - end);
    name[n - end] = '\0';
    return drill_scenario_name_is_good(name) ? n - end : 0;
}

static int is_scenario(const struct dirent *entry)
{
    return name_bytes(entry->d_name) > 0;
}

/* @param each gets every name in turn, until it returns false. */
static void visit(const char *dir, bool (*each)(void *ctx, const char *name, size_t n), void *ctx)
{
    struct dirent **entry = NULL;
    bool go_on = true;
    int i, n = scandir(dir, &entry, is_scenario, alphasort);

    if (n < 0) {
        if (errno != ENOENT)
            log_warn("drill", "%s", dir);
        return;
    }
    for (i = 0; i < n; i++) {
        go_on = go_on && each(ctx, entry[i]->d_name, name_bytes(entry[i]->d_name));
        free(entry[i]);
    }
    free(entry);
}

struct list {
    char *dst;
    size_t size;
};

static bool add_name(void *ctx, const char *name, size_t n)
{
    struct list *l = ctx;
    size_t used = strlen(l->dst);

    if (used + n + 3 > l->size)
        return false;
    (void)snprintf(l->dst + used, l->size - used, "%s%.*s", used ? ", " : "", (int)n, name);
    return true;
}

char *scenarios_list(const char *dir, char *dst, size_t size)
{
    struct list list = {dst, size};

    if (size)
        dst[0] = '\0';
    visit(dir, add_name, &list);
    return dst;
}

static bool take_first(void *ctx, const char *name, size_t n)
{
    char *first = ctx;

    memcpy(first, name, n);
    first[n] = '\0';
    return false;
}

/* ---- one ------------------------------------------------------------------------------------- */

static int read_head(const char *path, struct drill_scenario *s)
{
    FILE *file = fopen(path, "re");
    char line[HEAD_BYTES];
    int r = 0;

    if (!file)
        return CRIER_ENOENT;
    while (r != CRIER_ENOMEM && fgets(line, sizeof line, file) && line[0] == '#') {
        r = drill_scenario_comment(s, line);
        if (r == CRIER_EINVAL)
            log_warnx("drill", "%s: a value that cannot be read: %.*s", path,
                      (int)strcspn(line, "\r\n"), line);
    }
    (void)fclose(file);
    return r == CRIER_ENOMEM ? r : 0;
}

static int read_lines(const char *path, struct drill_scenario *s)
{
    struct logread *log = NULL;
    struct log_line line;
    int r = logread_create(&path, 1, NULL, &log);

    while (!r && !(r = logread_next(log, &line)))
        r = drill_scenario_line(s, line.wall_ms, line.nick, line.text, line.channel);
    logread_destroy(log);
    if (r == CRIER_ENOENT)
        r = s->n_lines ? 0 : CRIER_EINVAL;
    return r;
}

static bool is_small(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size <= FILE_BYTES_MAX;
}

static int fail(int r, const char *dir, const char *name, char *why, size_t size)
{
    char names[LIST_BYTES];

    if (r == CRIER_ENOENT && !*scenarios_list(dir, names, sizeof names))
        (void)utf8_print(why, size, "there is no scenario in %s", dir);
    else if (r == CRIER_ENOENT)
        (void)utf8_print(why, size, "there is no scenario \"%s\"; there are: %s", name, names);
    else
        (void)utf8_print(why, size, "scenario %s: %s", name,
                         r == CRIER_ELIMIT   ? "too long for a drill"
                         : r == CRIER_EINVAL ? "no line of it can be read"
                                             : crier_strerror(r));
    return r;
}

int scenarios_load(const char *dir, const char *name, struct drill_scenario *ret, char *why,
                   size_t why_size)
{
    char first[DRILL_NAME_MAX + 1] = "";
    struct drill_scenario s = {0};
    char *path = NULL;
    int r = 0;

    if (!*name) {
        visit(dir, take_first, first);
        name = first;
    }
    if (!*name || !drill_scenario_name_is_good(name))
        return fail(CRIER_ENOENT, dir, *name && strlen(name) <= DRILL_NAME_MAX ? name : "", why,
                    why_size);
    path = buf_printf("%s/%s%s", dir, name, ending);
    if (!path)
        r = CRIER_ENOMEM;
    else if (!is_small(path))
        r = CRIER_ENOENT;
    if (!r)
        r = drill_scenario_init(&s, name);
    if (!r)
        r = read_head(path, &s);
    if (!r)
        r = read_lines(path, &s);
    free(path);
    if (r) {
        drill_scenario_finish(&s);
        return fail(r, dir, name, why, why_size);
    }
    *ret = s;
    return 0;
}
