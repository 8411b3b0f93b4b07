#include "nearest.h"

#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 64 };

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's rows, with one more for swapped neighbours. */
size_t nearest_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t n_a = strnlen(a, WORD_MAX + 1), n_b = strnlen(b, WORD_MAX + 1), i, j;

    if (n_a > WORD_MAX || n_b > WORD_MAX)
        return SIZE_MAX;
    for (j = 0; j <= n_b; j++)
        before[j] = above[j] = j;
    for (i = 1; i <= n_a; i++) {
        size_t *next = before;

        row[0] = i;
        for (j = 1; j <= n_b; j++) {
            size_t cost = fold(a[i - 1]) != fold(b[j - 1]);

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = next;
    }
    return above[n_b];
}

void nearest_init(struct nearest *n, const char *word)
{
    n->word = word;
    n->best = NULL;
    n->distance = SIZE_MAX;
}

void nearest_offer(struct nearest *n, const char *known)
{
    size_t distance, limit;

    if (!n->word || !known || !*n->word)
        return;
    distance = nearest_distance(n->word, known);
    limit = strlen(n->word) / 3 + 1;
    if (distance <= limit && distance < strlen(n->word) && distance < n->distance) {
        n->distance = distance;
        n->best = known;
    }
}
