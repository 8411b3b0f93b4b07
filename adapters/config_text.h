/*
 * config_text: configuration files as one text, with every @include put in its place.
 *
 * The library's own @include knows one directory for all files and says little about what went
 * wrong, so files are put together here: an included name is relative to the file that includes
 * it, and for each line of the whole text it stays known where it came from. Refuses what is no
 * plain text file of a reasonable size. Knows no key.
 */
#ifndef CRIER_CONFIG_TEXT_H
#define CRIER_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "problems.h"
#include "settings.h"

enum {
    CONFIG_BYTES_MAX = 1 << 20, /* of all files together */
    CONFIG_FILES_MAX = 64,
    CONFIG_DEPTH_MAX = 8,       /* files that include files */
    CONFIG_SETTINGS_MAX = 20000 /* key = value; the library compares each key with all before it */
};

struct config_text {
    struct buf text;                /* the whole, ends with a newline */
    struct buf lines;               /* where each line came from */
    char *file[CONFIG_FILES_MAX];   /* as named in problems */
    bool is_open[CONFIG_FILES_MAX]; /* everybody may read that file */
    size_t n_files;
    bool files_taken; /* file[] belongs to somebody else now */
    size_t n_settings;
    struct where long_string; /* the first string that goes over the end of its line, or NULL */
    bool partial;             /* something is missing: a file could not be included */
};

/** Prepares the caller's memory. */
void config_text_init(struct config_text *t);
/** Frees everything, also after a failure. */
void config_text_finish(struct config_text *t);

/**
 * Reads a file and all that it includes. What is wrong is added to problems.
 * @return 0 (t->partial tells whether something could not be included), CRIER_EINVAL when there is
 *         nothing that could be parsed, or CRIER_ENOMEM.
 */
int config_text_read(struct config_text *t, const char *path, struct problems *problems)
    __attribute__((warn_unused_result));

/** The same with the first file's n bytes given. @param name what that file is called. */
int config_text_parse(struct config_text *t, const char *name, const char *bytes, size_t n,
                      struct problems *problems) __attribute__((warn_unused_result));

/**
 * @param line of the whole text, from 1.
 * @param string true: go back to the line where the last string began (the library tells where it
 *               had to look ahead to).
 * @param ret_file index in t->file; may be NULL.
 * @return the place; its file is borrowed from t.
 */
struct where config_text_where(const struct config_text *t, unsigned line, bool string,
                               size_t *ret_file);

/** @return name as seen from the directory of the file `from`, the caller's to free(); NULL when
 * memory is out. */
char *config_text_path(const char *from, const char *name) __attribute__((warn_unused_result));

#endif
