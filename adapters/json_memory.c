#include "json_memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"

static void *take(size_t n)
{
    void *p = malloc(n);

    if (!p) {
        log_errorx("json", "out of memory; leaving, to start again from what is stored");
        _exit(EX_OSERR);
    }
    return p;
}

void json_memory_or_leave(void)
{
    json_set_alloc_funcs(take, free);
}
