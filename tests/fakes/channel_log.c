#include "channel_log.h"

#include <string.h>

int channel_log_seconds(const char *clock)
{
    return (clock[0] - '0') * 36000 + (clock[1] - '0') * 3600 + (clock[3] - '0') * 600 +
           (clock[4] - '0') * 60 + (clock[6] - '0') * 10 + (clock[7] - '0');
}

int channel_log_next(FILE *log, char *nick, char *text)
{
    char line[CHANNEL_LOG_BYTES];
    char *open, *close;

    while (fgets(line, sizeof line, log)) {
        line[strcspn(line, "\n")] = '\0';
        open = strchr(line, '<');
        close = strstr(line, "> ");
        if (line[0] != '[' || !open || !close)
            continue;
        *close = '\0';
        (void)snprintf(nick, CHANNEL_LOG_BYTES, "%s", open + 1);
        (void)snprintf(text, CHANNEL_LOG_BYTES, "%s", close + 2);
        return channel_log_seconds(line + strlen("[2023-01-17 "));
    }
    return CHANNEL_LOG_END;
}
