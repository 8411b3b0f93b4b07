#include "ports.h"

#include <stdlib.h>
#include <string.h>

void page_request_finish(struct page_request *r)
{
    free(r->page);
    free(r->remote_id);
    free(r->key_incident);
    free(r->key_step);
    free(r->title);
    free(r->body);
    components_finish(&r->components);
    memset(r, 0, sizeof *r);
}

void page_incident_finish(struct page_incident *i)
{
    free(i->remote_id);
    free(i->title);
    free(i->url);
    free(i->body);
    free(i->key_incident);
    free(i->key_step);
    free(i->last_update_id);
    components_finish(&i->components);
    memset(i, 0, sizeof *i);
}

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void proof_request_finish(struct proof_request *r)
{
    free(r->person);
    wipe(r->code);
    wipe(r->next);
    memset(r, 0, sizeof *r);
}
