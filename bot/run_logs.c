#include "run_logs.h"

#include <stdio.h>

#include "problems.h"

#include "config_file.h"

int run_logs_load(const char *path, struct settings **ret_settings, struct patterns **ret_patterns)
{
    struct problems problems;
    int r;

    problems_init(&problems);
    r = config_file_load(path, &problems, ret_settings);
    if (!r)
        r = patterns_create(*ret_settings, &problems, ret_patterns);
    problems_print(&problems, stderr);
    problems_finish(&problems);
    return r;
}

struct replay_line run_logs_line(const struct log_line *line)
{
    return (struct replay_line){.wall_ms = line->wall_ms,
                                .nick = line->nick,
                                .text = line->text,
                                .channel = line->channel,
                                .action = line->action,
                                .notice = line->notice};
}

void run_logs_problem(void *ctx, const char *file, long line, const char *text)
{
    (void)ctx;
    if (line)
        (void)fprintf(stderr, "%s:%ld: %s\n", file, line, text);
    else
        (void)fprintf(stderr, "%s: %s\n", file, text);
}
