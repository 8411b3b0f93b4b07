#include "logread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "when.h"

struct logread {
    FILE **file;
    char **name;
    size_t n, at;
    char *line;
    size_t cap;
    long number, problems;
};

int logread_open(const char *const *paths, size_t n, struct logread **ret, size_t *ret_bad)
{
    struct logread *r = calloc(1, sizeof *r);
    size_t i;

    if (!r)
        return CRIER_ENOMEM;
    r->file = calloc(n + 1, sizeof *r->file);
    r->name = calloc(n + 1, sizeof *r->name);
    for (i = 0; r->file && r->name && i < n; i++) {
        r->file[i] = strcmp(paths[i], "-") != 0 ? fopen(paths[i], "re") : stdin;
        r->name[i] = strdup(paths[i]);
        r->n = i + 1;
        if (!r->file[i] || !r->name[i]) {
            *ret_bad = i;
            logread_close(r);
            return CRIER_ENOENT;
        }
    }
    if (i < n || !r->file || !r->name) {
        logread_close(r);
        return CRIER_ENOMEM;
    }
    *ret = r;
    return 0;
}

void logread_close(struct logread *r)
{
    size_t i;

    if (!r)
        return;
    for (i = 0; r->file && i < r->n; i++)
        if (r->file[i])
            (void)fclose(r->file[i]);
    for (i = 0; r->name && i < r->n; i++)
        free(r->name[i]);
    free(r->file);
    free(r->name);
    free(r->line);
    free(r);
}

static int two(const char *s)
{
    return (s[0] - '0') * 10 + (s[1] - '0');
}

/* "[2023-01-17 18:34:55] <nick> text" */
static bool parse(char *line, size_t n, struct log_line *ret)
{
    struct when_civil c = {0};
    char *close;

    if (n < 24 || line[0] != '[' || line[20] != ']' || line[22] != '<')
        return false;
    c.year = two(line + 1) * 100 + two(line + 3);
    c.month = two(line + 6);
    c.day = two(line + 9);
    c.hour = two(line + 12);
    c.minute = two(line + 15);
    c.second = two(line + 18);
    close = strstr(line + 23, "> ");
    if (!close || when_join(&c, &ret->wall_ms))
        return false;
    *close = '\0';
    ret->nick = line + 23;
    ret->text = close + 2;
    return true;
}

int logread_next(struct logread *r, struct log_line *ret)
{
    ssize_t n;

    for (; r->at < r->n; r->at++, r->number = 0) {
        while ((n = getline(&r->line, &r->cap, r->file[r->at])) > 0) {
            r->number++;
            if (r->line[n - 1] == '\n')
                r->line[--n] = '\0';
            memset(ret, 0, sizeof *ret);
            if (parse(r->line, (size_t)n, ret)) {
                ret->channel = "";
                ret->file = r->name[r->at];
                ret->line = r->number;
                return 1;
            }
            if (n && r->line[0] != '#') {
                r->problems++;
                (void)fprintf(stderr, "%s:%ld: no line of a log that crier knows\n", r->name[r->at],
                              r->number);
            }
        }
    }
    return 0;
}

long logread_problems(const struct logread *r)
{
    return r->problems;
}
