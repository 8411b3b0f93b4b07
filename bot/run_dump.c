#include "run_dump.h"

#include <stdio.h>
#include <sysexits.h>

#include "buf.h"
#include "err.h"
#include "problems.h"
#include "settings.h"
#include "settings_text.h"

#include "config_file.h"

enum { DUMP_BYTES = 16 << 20 }; /* what may be read is 1 MiB; each key with its default is more */

static int print(const struct settings *s, const char *config_path)
{
    struct buf b;
    int r;

    buf_init(&b, DUMP_BYTES);
    buf_addf(&b, "# What %s comes to, without secrets.\n", config_path);
    settings_dump(&b, s);
    r = buf_error(&b);
    if (!r && (fwrite(b.data, 1, b.len, stdout) != b.len || fflush(stdout)))
        r = CRIER_EIO;
    buf_finish(&b);
    return r;
}

int run_dump(const char *config_path)
{
    struct settings *s = NULL;
    struct problems problems;
    int r;

    problems_init(&problems);
    r = config_file_load(config_path, &problems, &s);
    problems_print(&problems, stderr);
    problems_finish(&problems);
    if (!r) {
        r = print(s, config_path);
        if (r)
            (void)fprintf(stderr, "crier: %s\n", crier_strerror(r));
        r = r == CRIER_EIO ? EX_IOERR : r ? EX_OSERR : 0;
    } else {
        r = r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    }
    settings_destroy(s);
    return r;
}
