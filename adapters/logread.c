#include "logread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "when.h"

struct logread {
    struct logread_options options;
    char **name;
    size_t n, at;
    FILE *file;
    char *line;
    size_t cap;
    long number;
    int64_t problems;
};

int logread_create(const char *const *path, size_t n, const struct logread_options *options,
                   struct logread **ret_logread)
{
    struct logread *lr = calloc(1, sizeof *lr);
    size_t i;

    if (!lr)
        return CRIER_ENOMEM;
    lr->options = *options;
    lr->name = calloc(n + 1, sizeof *lr->name);
    for (i = 0; lr->name && i < n; i++) {
        lr->name[i] = strdup(path[i]);
        lr->n = i + 1;
        if (!lr->name[i])
            break;
    }
    if (!lr->name || i < n) {
        logread_destroy(lr);
        return CRIER_ENOMEM;
    }
    *ret_logread = lr;
    return 0;
}

void logread_destroy(struct logread *lr)
{
    size_t i;

    if (!lr)
        return;
    if (lr->file)
        (void)fclose(lr->file);
    for (i = 0; lr->name && i < lr->n; i++)
        free(lr->name[i]);
    free(lr->name);
    free(lr->line);
    free(lr);
}

static void problem(struct logread *lr, const char *text)
{
    lr->problems++;
    lr->options.sink.problem(lr->options.sink.ctx, lr->name[lr->at], lr->number, text);
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

int logread_next(struct logread *lr, struct log_line *ret_line)
{
    ssize_t n;

    for (; lr->at < lr->n; lr->at++) {
        lr->number = lr->file ? lr->number : 0;
        if (!lr->file)
            lr->file = strcmp(lr->name[lr->at], "-") != 0 ? fopen(lr->name[lr->at], "re") : stdin;
        if (!lr->file)
            problem(lr, "cannot be opened");
        while (lr->file && (n = getline(&lr->line, &lr->cap, lr->file)) > 0) {
            lr->number++;
            if (lr->line[n - 1] == '\n')
                lr->line[--n] = '\0';
            memset(ret_line, 0, sizeof *ret_line);
            if (parse(lr->line, (size_t)n, ret_line)) {
                ret_line->channel = "";
                ret_line->file = lr->name[lr->at];
                ret_line->line = lr->number;
                return 0;
            }
            if (n && lr->line[0] != '#')
                problem(lr, "no line of a log that crier knows");
        }
        if (lr->file)
            (void)fclose(lr->file);
        lr->file = NULL;
    }
    return CRIER_ENOENT;
}

int64_t logread_problems(const struct logread *lr)
{
    return lr->problems;
}
