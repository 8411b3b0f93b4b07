#include "run_stored.h"

#include <stdio.h>
#include <sysexits.h>

#include "err.h"
#include "problems.h"

#include "config_file.h"

int run_stored_settings(const char *config_path, struct settings **ret_settings)
{
    struct problems problems;
    int r;

    problems_init(&problems);
    r = config_file_read(config_path, &problems, ret_settings);
    problems_print(&problems, stderr);
    problems_finish(&problems);
    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    return 0;
}

int run_stored_exit(int r)
{
    switch (r) {
    case 0:
        return 0;
    case CRIER_ENOENT:
    case CRIER_ECORRUPT:
    case CRIER_EVERSION:
    case CRIER_EACCESS:
        return EX_NOINPUT;
    case CRIER_ELOCKED:
        return EX_TEMPFAIL;
    case CRIER_ENOMEM:
        return EX_OSERR;
    }
    return EX_IOERR;
}
