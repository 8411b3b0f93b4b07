/*
 * json_memory: what becomes of a program whose JSON library gets no memory.
 *
 * jansson (2.14) does not look whether its buffer has grown while it reads a number or a word, and
 * goes on in memory that is not its own. So it is never told: the process leaves, and starts again
 * from what is stored.
 */
#ifndef CRIER_JSON_MEMORY_H
#define CRIER_JSON_MEMORY_H

/** For the whole process, before the first use of jansson: out of memory there ends it with
 * EX_OSERR, and one line in the log. */
void json_memory_or_leave(void);

#endif
