/*
 * config_file: configuration files into struct settings, by the table of keys.
 *
 * The files are in libconfig's format. Every mistake is told, with file and line, not the first
 * only; unknown keys are mistakes. Reads no other file than those (keys and passwords stay where
 * they are), no clock, and of the environment only STATE_DIRECTORY.
 */
#ifndef CRIER_CONFIG_FILE_H
#define CRIER_CONFIG_FILE_H

#include <stddef.h>

#include "problems.h"
#include "settings.h"

/**
 * Reads, completes and checks a configuration: all or nothing.
 *
 * @param ret_settings the caller's to settings_destroy(); set on success only.
 * @return 0 and nothing was added to problems; CRIER_EINVAL when something was; CRIER_ENOMEM.
 */
int config_file_load(const char *path, struct problems *problems, struct settings **ret_settings)
    __attribute__((warn_unused_result));

/**
 * For `crier check`: reads only, so that settings_finalize() and further checks can add what they
 * find to the same list.
 *
 * Names in @include and relative paths of other files are relative to the directory of the file
 * that says them. A file that holds a secret (the key of a channel, a proxy's password) and can be
 * read by everybody is a problem.
 *
 * @param ret_settings the caller's to settings_destroy(), and fit for more checks only while
 *                     problems is not empty; set on success only.
 * @return 0 when the files were read to their end, also when problems were added; CRIER_EINVAL when
 *         something was missing or could not be parsed: problems tell of all that was read;
 *         CRIER_ENOMEM.
 */
int config_file_read(const char *path, struct problems *problems, struct settings **ret_settings)
    __attribute__((warn_unused_result));

/** The same for the text of a file. @param name what it is called, which also says where included
 * files are. */
int config_file_parse(const char *name, const char *bytes, size_t n, struct problems *problems,
                      struct settings **ret_settings) __attribute__((warn_unused_result));

#endif
