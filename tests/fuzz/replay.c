/*
 * replay: what stands in for libFuzzer in `make check`: feeds the files of some folders, and
 * nothing at all, to one target.
 *
 * A target that finds something aborts, and the last name written is the input's. Exit status 1:
 * there was no input, or one could not be read.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { INPUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory of just its size, so that one byte too far is noticed. */
static void feed(const struct buf *b)
{
    uint8_t *copy = malloc(b->len ? b->len : 1);

    if (!copy)
        abort();
    if (b->len)
        memcpy(copy, b->data, b->len);
    (void)LLVMFuzzerTestOneInput(copy, b->len);
    free(copy);
}

static int feed_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    struct buf b;
    int r = 1;

    buf_init(&b, INPUT_MAX);
    if (in) {
        char block[4096];
        size_t n;

        while ((n = fread(block, 1, sizeof block, in)) > 0)
            buf_add(&b, block, n);
        r = ferror(in) || buf_error(&b);
        (void)fclose(in);
    }
    if (r) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
    } else {
        (void)printf("%s\n", path);
        (void)fflush(stdout);
        feed(&b);
    }
    buf_finish(&b);
    return r;
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* @return how many files were fed, or -1. */
static int feed_folder(const char *folder)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, no_dots, alphasort), i, failed = 0;

    for (i = 0; i < n; i++) {
        char *path = buf_printf("%s/%s", folder, entry[i]->d_name);

        failed |= !path || feed_file(path);
        free(path);
        free(entry[i]);
    }
    free(entry);
    return n < 0 || failed ? -1 : n;
}

int main(int argc, char **argv)
{
    const struct buf nothing = {0};
    int i, fed = 0;

    (void)printf("(nothing)\n");
    (void)fflush(stdout);
    feed(&nothing);
    for (i = 1; i < argc; i++) {
        int n = feed_folder(argv[i]);

        if (n <= 0) {
            (void)fprintf(stderr, "%s: no input in it, or not all of it could be read\n", argv[i]);
            return 1;
        }
        fed += n;
    }
    (void)printf("%d inputs replayed\n", fed + 1);
    return fed ? 0 : 1;
}
