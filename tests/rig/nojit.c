/*
 * nojit: preloaded where a program runs under valgrind, so that PCRE2 interprets its patterns: what
 * its compiled ones read ahead looks like a mistake there.
 */
int pcre2_jit_compile_8(void *code, unsigned options);

int pcre2_jit_compile_8(void *code, unsigned options)
{
    (void)code;
    (void)options;
    return -45; /* PCRE2_ERROR_JIT_BADOPTION: there is none */
}
