#include "log_paths.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"

void log_paths_finish(struct log_paths *p)
{
    while (p->n)
        free(p->item[--p->n]);
    free(p->item);
    memset(p, 0, sizeof *p);
}

static int add(struct log_paths *p, const char *path)
{
    char **all = array_grow(p->item, &p->cap, p->n + 1, sizeof *all, LOG_PATHS_MAX);

    if (!all)
        return CRIER_ENOMEM;
    p->item = all;
    all[p->n] = strdup(path);
    if (!all[p->n])
        return CRIER_ENOMEM;
    p->n++;
    return strcmp(path, "-") != 0 && access(path, R_OK) ? CRIER_EACCESS : 0;
}

int log_paths_add(struct log_paths *p, const char *name)
{
    glob_t found;
    size_t i;
    int r;

    if (!strcmp(name, "-") || !access(name, F_OK))
        return add(p, name);
    memset(&found, 0, sizeof found);
    r = glob(name, 0, NULL, &found);
    if (r)
        r = r == GLOB_NOSPACE ? CRIER_ENOMEM : CRIER_ENOENT;
    for (i = 0; i < found.gl_pathc && !r; i++)
        r = add(p, found.gl_pathv[i]);
    globfree(&found);
    return r;
}
