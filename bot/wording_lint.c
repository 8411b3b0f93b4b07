/*
 * wording_lint: what prepared texts must not say: promises of a time, stock sentences, and a fix
 * that nobody knows of.
 *
 * Words are compared in lower case and without punctuation, so that small changes hide nothing.
 * Prepared texts are few and written in calm: too strict is better than too lax.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "utf8.h"
#include "wording.h"

enum {
    WORDS_MAX = 600, /* of one text; longer ones are over every limit anyway */
    WORD_BYTES = 24,
    SPAN_WORDS = 6, /* "in the next ten or so minutes" */
    QUOTED_BYTES = 60
};

/* A text as bare words. */
struct words {
    char word[WORDS_MAX][WORD_BYTES];
    size_t at[WORDS_MAX];  /* where each begins in the text */
    size_t end[WORDS_MAX]; /* and ends */
    size_t n;
};

static bool is_wordly(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A colon or a point between digits (18:00), an apostrophe between letters (o'clock). */
static bool holds_together(const char *text, size_t i)
{
    if (!i || !is_wordly(text[i - 1]) || !is_wordly(text[i + 1]))
        return false;
    return text[i] == '\'' ||
           ((text[i] == ':' || text[i] == '.') && is_digit(text[i - 1]) && is_digit(text[i + 1]));
}

/* {since} and {components} are empty words. */
static void split(const char *text, struct words *w)
{
    size_t i = 0;

    w->n = 0;
    while (text[i] && w->n < WORDS_MAX) {
        size_t used = 0;

        if (text[i] == '{') { /* a word like no other */
            w->word[w->n][0] = '\0';
            w->at[w->n] = i;
            i += strcspn(text + i, "}");
            w->end[w->n++] = i;
            continue;
        }
        if (!is_wordly(text[i])) {
            i++;
            continue;
        }
        w->at[w->n] = i;
        for (; is_wordly(text[i]) || (text[i] && holds_together(text, i)); i++) {
            char c = text[i];

            if (used + 1 < WORD_BYTES && c != '\'')
                w->word[w->n][used++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        w->word[w->n][used] = '\0';
        w->end[w->n] = i;
        w->n++;
    }
}

static bool is_any(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(word, *list))
            return true;
    return false;
}

static int complain(char *why, size_t size, const char *text, const struct words *w, size_t first,
                    size_t last, const char *what)
{
    const char *from = text + w->at[first];
    size_t n = w->end[last] - w->at[first];

    (void)utf8_print(why, size, "\"%.*s\" %s",
                     (int)utf8_cut(from, n < QUOTED_BYTES ? n : QUOTED_BYTES), from, what);
    return CRIER_EINVAL;
}

/* ---- promises -------------------------------------------------------------------------------- */

static const char *const soon[] = {"soon",       "soonest",  "shortly",  "momentarily",
                                   "imminently", "imminent", "tomorrow", "tonight",
                                   "eta",        "asap",     NULL};
static const char *const units[] = {
    "second", "seconds", "sec",   "minute", "minutes", "min",     "mins",      "hour",
    "hours",  "hr",      "hrs",   "h",      "day",     "days",    "week",      "weeks",
    "moment", "moments", "while", "time",   "morning", "evening", "afternoon", NULL};
/* What may stand between "in" or "within" and the unit; so no "in the last hour". */
static const char *const amounts[] = {
    "the",    "next",   "a",     "an",      "few",     "couple", "of",      "about",
    "around", "less",   "than",  "half",    "some",    "no",     "coming",  "short",
    "little", "or",     "so",    "to",      "one",     "two",    "three",   "four",
    "five",   "six",    "seven", "eight",   "nine",    "ten",    "twelve",  "fifteen",
    "twenty", "thirty", "forty", "sixty",   "several", "under",  "roughly", "approximately",
    "very",   "near",   "just",  "another", "at",      "most",   "maximum", NULL};
static const char *const lead_ins[] = {"by", "before", "until", "till",
                                       "at", "around", "about", NULL};
static const char *const moments[] = {"noon",     "midnight", "monday",   "tuesday", "wednesday",
                                      "thursday", "friday",   "saturday", "sunday",  NULL};
static const char *const later[] = {
    "later today", "any minute",     "any moment", "minutes from now", "hours from now",
    "near future", "end of the day", "end of day", "expected to be",   NULL};

static bool is_amount(const char *word)
{
    return is_digit(word[0]) || is_any(word, amounts);
}

/* 18:00, 18.00, 6pm, 1800utc */
static bool is_clock(const char *word, const char *next)
{
    static const char *const zones[] = {"utc", "gmt", "am", "pm", "cet", NULL};
    size_t n = strspn(word, "0123456789");

    if (!n || n > 4)
        return false;
    if (!word[n])
        return is_any(next, zones);
    return ((word[n] == ':' || word[n] == '.') && n <= 2 &&
            strspn(word + n + 1, "0123456789") >= 2) ||
           is_any(word + n, zones);
}

/* Whether these words, with one blank between, begin at the i-th. @return how many, or 0. */
static size_t phrase_at(const struct words *w, size_t i, const char *phrase)
{
    size_t n = 0;

    while (*phrase) {
        size_t len = strcspn(phrase, " ");

        if (i + n >= w->n || strlen(w->word[i + n]) != len ||
            strncmp(w->word[i + n], phrase, len) != 0)
            return 0;
        n++;
        phrase += len;
        phrase += *phrase == ' ';
    }
    return n;
}

/* "within ten minutes", "in an hour or so". @return how many words, or 0. */
static size_t span_at(const struct words *w, size_t i)
{
    size_t n;

    if (strcmp(w->word[i], "in") != 0 && strcmp(w->word[i], "within") != 0)
        return 0;
    for (n = 1; i + n < w->n && n <= SPAN_WORDS; n++) {
        const char *word = w->word[i + n];
        size_t digits = strspn(word, "0123456789");

        if (is_any(word, units) || (digits && is_any(word + digits, units)))     /* 10min */
            return n > 1 || digits || word[strlen(word) - 1] == 's' ? n + 1 : 0; /* "in time" */
        if (!is_amount(word))
            return 0;
    }
    return 0;
}

static size_t promise_at(const struct words *w, size_t i)
{
    const char *next = i + 1 < w->n ? w->word[i + 1] : "";
    const char *after = i + 2 < w->n ? w->word[i + 2] : "";
    size_t k, n;

    if (is_any(w->word[i], soon))
        return 1;
    n = span_at(w, i);
    for (k = 0; !n && later[k]; k++)
        n = phrase_at(w, i, later[k]);
    if (n)
        return n;
    if (is_any(w->word[i], lead_ins)) {
        if (is_clock(next, after) || is_any(next, moments))
            return 2;
        if (!strcmp(next, "about") && is_clock(after, i + 3 < w->n ? w->word[i + 3] : ""))
            return 3;
    }
    return 0;
}

/* ---- stock sentences ------------------------------------------------------------------------- */

/* Words without which the sentences below are the same. */
static const char *const fillers[] = {"the",   "this",      "that", "currently", "now",  "still",
                                      "we",    "our",       "team", "is",        "are",  "been",
                                      "being", "has",       "have", "was",       "were", "actively",
                                      "fully", "presently", "also", "had",       NULL};

/* What is left of what Statuspage writes by itself, and of what people write like it. */
static const char *const stock[] = {"investigating issue",
                                    "investigating incident",
                                    "investigating problem",
                                    "looking into issue",
                                    "looking into incident",
                                    "looking into problem",
                                    "issue identified",
                                    "incident identified",
                                    "problem identified",
                                    "identified issue",
                                    "identified cause",
                                    "identified problem",
                                    "fix implemented",
                                    "implemented fix",
                                    "implementing fix",
                                    "implemented a fix",
                                    "implementing a fix",
                                    "fix deployed",
                                    "deployed a fix",
                                    "fix rolled out",
                                    "monitoring results",
                                    "monitoring result",
                                    "monitoring situation",
                                    "monitor results",
                                    "monitor situation",
                                    "continue to monitor",
                                    "continuing to monitor",
                                    "continue to investigate",
                                    "continuing to investigate",
                                    "continuing to work on a fix",
                                    "issue resolved",
                                    "incident resolved",
                                    "problem resolved",
                                    "aware of issue",
                                    "aware of an issue",
                                    NULL};

/* The text without the fillers. */
static void sift(const struct words *from, struct words *to)
{
    size_t i;

    to->n = 0;
    for (i = 0; i < from->n; i++) {
        if (is_any(from->word[i], fillers))
            continue;
        memcpy(to->word[to->n], from->word[i], WORD_BYTES);
        to->at[to->n] = from->at[i];
        to->end[to->n] = from->end[i];
        to->n++;
    }
}

/* ---- a fix that nobody knows of -------------------------------------------------------------- */

static const char *const fixes[] = {
    "fix",       "fixed",    "fixes",       "fixing",    "repair",   "repaired",   "repairs",
    "mended",    "mend",     "solved",      "solution",  "resolved", "corrected",  "restored",
    "reverted",  "revert",   "rollback",    "undone",    "undid",    "patch",      "patched",
    "restarted", "switched", "implemented", "addressed", "remedied", "workaround", NULL};
static const char *const done[] = {"rolled back",     "put right", "taken back", "we changed",
                                   "found the cause", "cause was", NULL};

int wording_lint(const char *text, enum wording_text which, char *why, size_t why_size)
{
    struct words w, bare;
    size_t i, k, n;

    if (why_size)
        why[0] = '\0';
    split(text, &w);
    for (i = 0; i < w.n; i++) {
        n = promise_at(&w, i);
        if (n)
            return complain(why, why_size, text, &w, i, i + n - 1,
                            "promises a time: write what people see now, and no time but {since}");
    }
    sift(&w, &bare);
    for (i = 0; i < bare.n; i++)
        for (k = 0; stock[k]; k++) {
            n = phrase_at(&bare, i, stock[k]);
            if (n)
                return complain(why, why_size, text, &bare, i, i + n - 1,
                                "is a stock sentence: write who is affected and what they see");
        }
    if (which != WORDING_RECOVERED)
        return 0;
    for (i = 0; i < w.n; i++) {
        n = is_any(w.word[i], fixes);
        for (k = 0; !n && done[k]; k++)
            n = phrase_at(&w, i, done[k]);
        if (n)
            return complain(why, why_size, text, &w, i, i + n - 1,
                            "claims that somebody mended it, which is not known there: write only "
                            "that it works again");
    }
    return 0;
}
