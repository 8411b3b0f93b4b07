/*
 * fuzz_atom: any bytes whatever as a feed, and as a line that may begin with a time.
 *
 * For libFuzzer. What is read is clean and within its limits; what is refused says why.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "atom.h"
#include "err.h"
#include "stamp.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t max_bytes)
{
    assert(strlen(text) <= max_bytes);
    for (; *text; text += utf8_char_bytes(text))
        assert(utf8_char_bytes(text) && !utf8_is_unsafe(utf8_decode(text)));
}

static void check_feed(const char *data, size_t size)
{
    struct atom_feed feed;
    char why[ATOM_WHY_BYTES];
    int r = atom_parse(data, size, &feed, why);
    size_t i;

    assert(!r || r == CRIER_EINVAL || r == CRIER_ENOMEM);
    assert((r == CRIER_EINVAL) == (why[0] != '\0'));
    assert(!r || !feed.n);
    check_text(why, ATOM_WHY_BYTES - 1);
    for (i = 0; i < feed.n; i++) {
        check_text(feed.entry[i].id, ATOM_ID_BYTES);
        check_text(feed.entry[i].title, ATOM_TITLE_BYTES);
        check_text(feed.entry[i].author, ATOM_AUTHOR_BYTES);
        assert(feed.entry[i].published_ms >= -1);
    }
    atom_finish(&feed);
}

static void check_stamp(const char *data, size_t size)
{
    char *line = malloc(size + 1);
    struct stamp s;

    if (!line)
        return;
    memcpy(line, data, size);
    line[size] = '\0';
    if (stamp_read(line, 1673980500000, &s)) {
        assert(s.after_time && s.after_time < strlen(line));
        assert(!s.after_tag || (s.after_tag > s.after_time && s.after_tag < strlen(line)));
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_feed((const char *)data, size);
    check_stamp((const char *)data, size);
    return 0;
}
