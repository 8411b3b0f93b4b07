/*
 * sample_records: records with something odd in every column, made from the column tables.
 *
 * For tests: running out of memory aborts.
 */
#ifndef CRIER_SAMPLE_RECORDS_H
#define CRIER_SAMPLE_RECORDS_H

#include <stdbool.h>

#include "records.h"

/**
 * @param seed other seeds give other values; text columns in turn get quotes, UTF-8, SQL, an empty
 *             string, line ends.
 * @return the caller's to record_destroy(); id and live are as given.
 */
void *sample_record(enum record_table t, int64_t id, int64_t live, unsigned seed);
/** Every column is the same. */
bool sample_equal(enum record_table t, const void *a, const void *b);

#endif
