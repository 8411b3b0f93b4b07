#include "problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "settings.h"
#include "utf8.h"

enum { PROBLEM_TEXT_MAX = 4096 };

void problems_init(struct problems *p)
{
    memset(p, 0, sizeof *p);
}

void problems_finish(struct problems *p)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        free(p->item[i].file);
        free(p->item[i].text);
    }
    free(p->item);
    memset(p, 0, sizeof *p);
}

void problems_add(struct problems *p, const struct where *where, const char *fmt, ...)
{
    char text[PROBLEM_TEXT_MAX + 1];
    struct problem *item;
    va_list ap;
    int n;

    if (!p->item)
        p->item = calloc(PROBLEMS_MAX, sizeof *p->item);
    if (!p->item) {
        p->err = CRIER_ENOMEM;
        return;
    }
    if (p->n == PROBLEMS_MAX)
        return;
    item = &p->item[p->n];
    if (p->n == PROBLEMS_MAX - 1) {
        where = NULL;
        n = snprintf(text, sizeof text,
                     "there are more problems than can be told at once; mend these first");
    } else {
        va_start(ap, fmt);
        n = vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
    }
    if (n < 0)
        text[0] = '\0';
    if (n > PROBLEM_TEXT_MAX)
        memcpy(text + utf8_cut(text, PROBLEM_TEXT_MAX - 3), "...", 4);
    (void)utf8_clean(text, strlen(text), text); /* it may quote what the file holds */
    item->text = strdup(text);
    item->file = strdup(where && where->file ? where->file : "");
    item->line = where && where->file ? where->line : 0;
    if (!item->text || !item->file) {
        free(item->text);
        free(item->file);
        memset(item, 0, sizeof *item);
        p->err = CRIER_ENOMEM;
        return;
    }
    p->n++;
}

/* Problems of no file come first; those of one place stay in the order in which they were found. */
static int compare(const void *a, const void *b)
{
    const struct problem *const *pa = a, *const *pb = b;
    const struct problem *x = *pa, *y = *pb;
    int r = strcmp(x->file, y->file);

    if (r)
        return r;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x < y ? -1 : x > y;
}

void problems_print(const struct problems *p, FILE *out)
{
    const struct problem *sorted[PROBLEMS_MAX] = {NULL};
    size_t i;

    for (i = 0; i < p->n; i++)
        sorted[i] = &p->item[i];
    qsort(sorted, p->n, sizeof sorted[0], compare);
    for (i = 0; i < p->n; i++) {
        if (*sorted[i]->file && sorted[i]->line > 0)
            (void)fprintf(out, "%s:%d: ", sorted[i]->file, sorted[i]->line);
        else if (*sorted[i]->file)
            (void)fprintf(out, "%s: ", sorted[i]->file);
        (void)fprintf(out, "%s\n", sorted[i]->text);
    }
    if (p->err)
        (void)fprintf(out, "there may be more: out of memory\n");
}
