/*
 * run_expect: `crier replay --expect FILE`: scenarios of logs and what they must lead to.
 */
#ifndef CRIER_RUN_EXPECT_H
#define CRIER_RUN_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Runs each scenario through a replay of its own and prints whether it went as expected.
 * @param names only scenarios whose name holds one of them; none: all.
 * @param json  one object per scenario instead of lines for people.
 * @return an exit code: 0; 1 when one did not; 65 when the file or a log has mistakes, 66 when
 *         FILE is not there, 78 for the configuration.
 */
int run_expect(const char *config_path, const char *expect_path, const char *const *names, size_t n,
               bool json);

#endif
