#include "patterns_filter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum { BYTES = 256, STATES_MAX = 1 << 15, NONE = -1 };

/* While it is made, a tree of the texts; state 0 is its root. */
struct state {
    int32_t child; /* the first; NONE */
    int32_t sibling;
    int32_t id;     /* of the text that ends here; NONE */
    int32_t suffix; /* the longest proper end of it that is in the tree too */
    unsigned char byte;
};

struct patterns_filter {
    struct state *state;
    size_t n_states, cap;
    size_t n_texts;
    unsigned char class_of[BYTES]; /* 0: bytes of no text */
    size_t n_classes;
    uint16_t *next;             /* [state * n_classes + class] */
    struct patterns_seen *seen; /* by state: texts that end there */
    bool *ends;                 /* by state: there are such */
};

/* @return the new state, or NONE: no memory, or no room. */
static int32_t add_state(struct patterns_filter *f, unsigned char byte)
{
    struct state *all = array_grow(f->state, &f->cap, f->n_states + 1, sizeof *all, STATES_MAX);

    if (!all)
        return NONE;
    f->state = all;
    all[f->n_states] =
        (struct state){.child = NONE, .sibling = NONE, .id = NONE, .suffix = 0, .byte = byte};
    return (int32_t)f->n_states++;
}

struct patterns_filter *patterns_filter_create(void)
{
    struct patterns_filter *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    if (add_state(f, 0) == NONE) {
        patterns_filter_destroy(f);
        return NULL;
    }
    return f;
}

void patterns_filter_destroy(struct patterns_filter *f)
{
    if (!f)
        return;
    free(f->state);
    free(f->next);
    free(f->seen);
    free(f->ends);
    free(f);
}

static int32_t child_of(const struct patterns_filter *f, int32_t parent, unsigned char byte)
{
    int32_t c = f->state[parent].child;

    while (c != NONE && f->state[c].byte != byte)
        c = f->state[c].sibling;
    return c;
}

int patterns_filter_add(struct patterns_filter *f, const char *text, size_t n, size_t *ret_id)
{
    int32_t at = 0, c;
    size_t i;

    assert(n && !f->next);
    *ret_id = PATTERNS_FILTER_TEXTS;
    if (f->n_texts == PATTERNS_FILTER_TEXTS || f->n_states + n >= STATES_MAX)
        return 0;
    for (i = 0; i < n; i++, at = c) {
        c = child_of(f, at, (unsigned char)text[i]);
        if (c != NONE)
            continue;
        c = add_state(f, (unsigned char)text[i]);
        if (c == NONE)
            return CRIER_ENOMEM;
        f->state[c].sibling = f->state[at].child;
        f->state[at].child = c;
    }
    if (f->state[at].id == NONE)
        f->state[at].id = (int32_t)f->n_texts++;
    *ret_id = (size_t)f->state[at].id;
    return 0;
}

static void classify(struct patterns_filter *f)
{
    size_t i;

    f->n_classes = 1;
    for (i = 1; i < f->n_states; i++)
        if (!f->class_of[f->state[i].byte] && f->n_classes < BYTES)
            f->class_of[f->state[i].byte] = (unsigned char)f->n_classes++;
}

static void mark(struct patterns_filter *f, size_t s)
{
    int32_t id = f->state[s].id;
    size_t w;

    if (id != NONE)
        f->seen[s].word[id / 64] |= UINT64_C(1) << id % 64;
    for (w = 0; s && w < PATTERNS_FILTER_WORDS; w++)
        f->seen[s].word[w] |= f->seen[f->state[s].suffix].word[w];
    for (w = 0; w < PATTERNS_FILTER_WORDS; w++)
        f->ends[s] = f->ends[s] || f->seen[s].word[w];
}

/* Level by level: what a state does not know itself, its suffix does. */
static void connect(struct patterns_filter *f, size_t *queue)
{
    size_t head = 0, tail = 0, k;

    for (queue[tail++] = 0; head < tail; head++) {
        size_t s = queue[head];
        uint16_t *next = &f->next[s * f->n_classes];
        int32_t c;

        for (k = 0; s && k < f->n_classes; k++)
            next[k] = f->next[(size_t)f->state[s].suffix * f->n_classes + k];
        mark(f, s);
        for (c = f->state[s].child; c != NONE; c = f->state[c].sibling) {
            unsigned char k2 = f->class_of[f->state[c].byte];

            f->state[c].suffix = s ? next[k2] : 0;
            next[k2] = (uint16_t)c;
            queue[tail++] = (size_t)c;
        }
    }
}

int patterns_filter_finish(struct patterns_filter *f)
{
    size_t *queue;

    classify(f);
    f->next = calloc(f->n_states * f->n_classes, sizeof *f->next);
    f->seen = calloc(f->n_states, sizeof *f->seen);
    f->ends = calloc(f->n_states, sizeof *f->ends);
    queue = calloc(f->n_states, sizeof *queue);
    if (f->next && f->seen && f->ends && queue)
        connect(f, queue);
    free(queue);
    free(f->state);
    f->state = NULL;
    return f->next && f->seen && f->ends && queue ? 0 : CRIER_ENOMEM;
}

void patterns_filter_scan(const struct patterns_filter *f, const char *line, size_t n,
                          struct patterns_seen *ret)
{
    size_t s = 0, i, w;

    memset(ret, 0, sizeof *ret);
    for (i = 0; i < n; i++) {
        s = f->next[s * f->n_classes + f->class_of[(unsigned char)line[i]]];
        for (w = 0; f->ends[s] && w < PATTERNS_FILTER_WORDS; w++)
            ret->word[w] |= f->seen[s].word[w];
    }
}
