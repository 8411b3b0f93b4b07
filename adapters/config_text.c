#include "config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

/* Of one line of the whole text. */
struct line {
    size_t file;
    int line;
    bool string; /* a string begins here */
};

/* A file that is being read, and the one that included it. */
struct frame {
    const struct frame *parent;
    size_t file;
    int line;
    dev_t dev;
    ino_t ino;
    int depth;
};

enum { NUMBER_DIGITS_MAX = 9 };

enum { IN_CODE, IN_STRING, IN_COMMENT, IN_LINE_COMMENT };

void config_text_init(struct config_text *t)
{
    memset(t, 0, sizeof *t);
    buf_init(&t->text, CONFIG_BYTES_MAX);
    buf_init(&t->lines, (CONFIG_BYTES_MAX + 1) * sizeof(struct line));
}

void config_text_finish(struct config_text *t)
{
    size_t i;

    for (i = 0; i < t->n_files && !t->files_taken; i++)
        free(t->file[i]);
    buf_finish(&t->text);
    buf_finish(&t->lines);
    memset(t, 0, sizeof *t);
}

char *config_text_path(const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');

    if (*name == '/' || !slash)
        return strdup(name);
    return buf_printf("%.*s/%s", (int)(slash - from), from, name);
}

struct where config_text_where(const struct config_text *t, unsigned line, bool string,
                               size_t *ret_file)
{
    const void *data = buf_str(&t->lines);
    const struct line *lines = data;
    size_t n = t->lines.len / sizeof *lines, i = line ? line - 1 : 0;
    struct where where = {NULL, 0};

    if (ret_file)
        *ret_file = 0;
    if (!n || !t->n_files)
        return where;
    if (i >= n)
        i = n - 1;
    while (string && i && !lines[i].string)
        i--;
    where.file = t->file[lines[i].file];
    where.line = lines[i].line;
    if (ret_file)
        *ret_file = lines[i].file;
    return where;
}

static struct where here(const struct config_text *t, const struct frame *f)
{
    return (struct where){t->file[f->file], f->line};
}

/* Adds bytes of the file that f is in; each new line of the whole text remembers it. */
static void emit(struct config_text *t, const struct frame *f, const char *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!t->text.len || t->text.data[t->text.len - 1] == '\n') {
            struct line line;

            memset(&line, 0, sizeof line);
            line.file = f->file;
            line.line = f->line;
            buf_add(&t->lines, &line, sizeof line);
        }
        buf_addc(&t->text, bytes[i]);
    }
}

static void mark_string(struct config_text *t)
{
    void *data = t->lines.data;
    struct line *lines = data;
    size_t n = t->lines.len / sizeof *lines;

    if (n)
        lines[n - 1].string = true;
}

static int read_all(int fd, struct buf *content)
{
    char chunk[16384];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CRIER_EIO;
        if (!n)
            return buf_error(content);
        buf_add(content, chunk, (size_t)n);
        if (buf_error(content))
            return buf_error(content);
    }
}

/* The bytes of one file and who it is. A failure has been told. */
static int open_file(const char *path, const struct where *from, struct problems *problems,
                     struct buf *content, struct stat *ret_st)
{
    /* O_NONBLOCK: a FIFO must not keep us waiting. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = CRIER_EINVAL;

    if (fd < 0) {
        if (errno == ENOENT)
            problems_add(problems, from, "%s: there is no such file: check the name", path);
        else
            problems_add(problems, from, "%s: cannot be read: %s", path, strerror(errno));
        return CRIER_EINVAL;
    }
    if (fstat(fd, ret_st)) {
        problems_add(problems, from, "%s: cannot be read: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(ret_st->st_mode)) {
        problems_add(problems, from, "%s: is %s: name a file", path,
                     S_ISDIR(ret_st->st_mode) ? "a directory" : "not a regular file");
        goto out;
    }
    r = read_all(fd, content);
    if (r == CRIER_EIO) {
        problems_add(problems, from, "%s: cannot be read: %s", path, strerror(errno));
        r = CRIER_EINVAL;
    } else if (r == CRIER_ELIMIT) {
        problems_add(problems, from, "%s: is longer than %d bytes: is this the right file?", path,
                     CONFIG_BYTES_MAX);
        r = CRIER_EINVAL;
    }
out:
    (void)close(fd);
    return r;
}

static int add_bytes(struct config_text *t, struct frame *f, const char *s, size_t n,
                     struct problems *problems);

/* Puts an included file in place. What is wrong with it is told; only memory is an error here. */
static int include(struct config_text *t, const struct frame *f, const char *name,
                   struct problems *problems)
{
    struct where where = here(t, f);
    struct frame child = {.parent = f, .line = 1, .depth = f->depth + 1};
    const struct frame *up;
    struct buf content;
    struct stat st;
    char *path = NULL;
    size_t text_len = t->text.len, lines_len = t->lines.len;
    int r;

    buf_init(&content, CONFIG_BYTES_MAX);
    t->partial = true; /* until it is known to be whole */
    path = config_text_path(t->file[f->file], name);
    if (!path) {
        r = CRIER_ENOMEM;
        goto out;
    }
    r = open_file(path, &where, problems, &content, &st);
    if (r)
        goto out;
    for (up = f; up; up = up->parent)
        if (up->dev == st.st_dev && up->ino == st.st_ino) {
            problems_add(problems, &where, "%s includes itself: take one of the @include lines out",
                         path);
            r = CRIER_EINVAL;
            goto out;
        }
    if (child.depth > CONFIG_DEPTH_MAX || t->n_files == CONFIG_FILES_MAX) {
        problems_add(problems, &where,
                     "too many files: they may include each other %d deep, %d in all",
                     CONFIG_DEPTH_MAX, CONFIG_FILES_MAX);
        r = CRIER_EINVAL;
        goto out;
    }
    child.dev = st.st_dev;
    child.ino = st.st_ino;
    child.file = t->n_files;
    t->is_open[t->n_files] = st.st_mode & S_IROTH;
    t->file[t->n_files++] = path;
    path = NULL;
    t->partial = false;
    r = add_bytes(t, &child, buf_str(&content), content.len, problems);
    if (r == CRIER_EINVAL) { /* the library would go on inside its open string or comment */
        buf_truncate(&t->text, text_len);
        buf_truncate(&t->lines, lines_len);
    }
out:
    free(path);
    buf_finish(&content);
    return r == CRIER_EINVAL ? 0 : r;
}

/* Bytes of an @include at the start of a line (blanks, the word, the quoted name), or 0. The rule
 * is that of libconfig's scanner. */
static size_t find_include(const char *s, size_t n, struct buf *name)
{
    static const char word[] = "@include";
    size_t i = 0, word_end;

    while (i < n && (s[i] == ' ' || s[i] == '\t'))
        i++;
    if (n - i < sizeof word || memcmp(s + i, word, sizeof word - 1) != 0)
        return 0;
    i += sizeof word - 1;
    word_end = i;
    while (i < n && (s[i] == ' ' || s[i] == '\t'))
        i++;
    if (i == word_end || i == n || s[i] != '"')
        return 0;
    for (i++; i < n && s[i] != '"' && s[i] != '\n'; i++) {
        if (s[i] == '\\' && i + 1 < n && (s[i + 1] == '\\' || s[i + 1] == '"'))
            i++;
        buf_addc(name, s[i]);
    }
    return i < n && s[i] == '"' ? i + 1 : 0;
}

/* Takes one @include if s begins with one. @return its bytes, 0, or CRIER_ENOMEM. */
static ssize_t try_include(struct config_text *t, const struct frame *f, const char *s, size_t n,
                           struct problems *problems)
{
    struct where where = here(t, f);
    struct buf name;
    size_t used;
    int r = 0;

    buf_init(&name, CONFIG_BYTES_MAX);
    used = find_include(s, n, &name);
    if (used && (buf_error(&name) || !name.len)) {
        problems_add(problems, &where, "@include \"\" names no file");
        t->partial = true;
    } else if (used) {
        r = include(t, f, buf_str(&name), problems);
    }
    buf_finish(&name);
    return r ? r : (ssize_t)used;
}

/* What a byte does to the scanner's state; two-byte tokens look at the next byte too. */
static int next_state(int state, char c, char next, bool *ret_two)
{
    *ret_two = false;
    switch (state) {
    case IN_CODE:
        if (c == '"')
            return IN_STRING;
        if (c == '#')
            return IN_LINE_COMMENT;
        if (c == '/' && (next == '/' || next == '*')) {
            *ret_two = true;
            return next == '/' ? IN_LINE_COMMENT : IN_COMMENT;
        }
        break;
    case IN_STRING:
        if (c == '\\' && (next == '\\' || next == '"'))
            *ret_two = true;
        else if (c == '"')
            return IN_CODE;
        break;
    case IN_COMMENT:
        if (c == '*' && next == '/') {
            *ret_two = true;
            return IN_CODE;
        }
        break;
    default:
        if (c == '\n')
            return IN_CODE;
        break;
    }
    return state;
}

/* libconfig 1.5 cuts numbers to 32 bits without a word: 4294967297 would be 1. Follows a number
 * over the bytes of the code around it; names may have digits too. */
struct number {
    bool in_name;
    int digits;
};

static bool is_too_long(struct number *number, char c)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '*';
    bool digit = c >= '0' && c <= '9';

    if (letter)
        number->in_name = true;
    else if (!digit && c != '-')
        number->in_name = false;
    number->digits = digit && !number->in_name ? number->digits + 1 : 0;
    return number->digits == NUMBER_DIGITS_MAX + 1;
}

static int add_bytes(struct config_text *t, struct frame *f, const char *s, size_t n,
                     struct problems *problems)
{
    struct number number = {false, 0};
    struct where where, begun = here(t, f), too_long = {NULL, 0};
    int state = IN_CODE, before;
    bool line_start = true, two;
    size_t i = 0;

    if (memchr(s, '\0', n)) {
        where = (struct where){t->file[f->file], 0};
        problems_add(problems, &where, "holds NUL bytes: is this the right file?");
        t->partial = true;
        return CRIER_EINVAL;
    }
    if (n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) /* a byte order mark */
        i = 3;
    while (i < n && !buf_error(&t->text)) {
        if (line_start && state == IN_CODE) {
            ssize_t used = try_include(t, f, s + i, n - i, problems);

            if (used < 0)
                return (int)used;
            line_start = false;
            i += (size_t)used;
            if (used)
                continue;
        }
        before = state;
        state = next_state(state, s[i], i + 1 < n ? s[i + 1] : '\0', &two);
        emit(t, f, s + i, two ? 2 : 1);
        if (state != before && (state == IN_STRING || state == IN_COMMENT))
            begun = here(t, f);
        if (before == IN_CODE && state == IN_STRING)
            mark_string(t);
        if (before == IN_CODE && (s[i] == '=' || s[i] == ':'))
            t->n_settings++;
        where = here(t, f);
        if (before == IN_CODE && is_too_long(&number, s[i])) {
            problems_add(problems, &where, "a number has more than %d digits: write a smaller one",
                         NUMBER_DIGITS_MAX);
            t->partial = true;
        }
        line_start = s[i] == '\n';
        if (line_start && state == IN_STRING && !too_long.file)
            too_long = begun;
        if (line_start)
            f->line++;
        i += two ? 2 : 1;
    }
    if (n && s[n - 1] != '\n')
        emit(t, f, "\n", 1);
    if (buf_error(&t->text) == CRIER_ENOMEM || buf_error(&t->lines))
        return CRIER_ENOMEM;
    if (too_long.file && !t->long_string.file)
        t->long_string = too_long;
    if (state == IN_STRING || state == IN_COMMENT) {
        /* Where a quote is missing, every later string is inside out: the first is to blame. */
        problems_add(problems, state == IN_STRING && too_long.file ? &too_long : &begun,
                     "a %s begins here and never ends: close it with %s",
                     state == IN_STRING ? "string" : "comment", state == IN_STRING ? "\"" : "*/");
        t->partial = true;
        return CRIER_EINVAL;
    }
    return 0;
}

static int add_first(struct config_text *t, const char *name, const struct stat *st,
                     const char *bytes, size_t n, struct problems *problems)
{
    struct frame top = {.line = 1};
    struct where where;
    int r;

    t->file[0] = strdup(name);
    if (!t->file[0])
        return CRIER_ENOMEM;
    t->n_files = 1;
    if (st) {
        t->is_open[0] = st->st_mode & S_IROTH;
        top.dev = st->st_dev;
        top.ino = st->st_ino;
    }
    r = add_bytes(t, &top, bytes, n, problems);
    if (r == CRIER_EINVAL && t->text.len)
        r = 0; /* what comes before the open string may have mistakes too */
    where = (struct where){t->file[0], 0};
    if (!r && buf_error(&t->text) == CRIER_ELIMIT) {
        problems_add(problems, &where, "is longer than %d bytes with all that it includes",
                     CONFIG_BYTES_MAX);
        r = CRIER_EINVAL;
    }
    if (!r && t->n_settings > CONFIG_SETTINGS_MAX) {
        problems_add(problems, &where, "has more than %d settings", CONFIG_SETTINGS_MAX);
        r = CRIER_EINVAL;
    }
    return r;
}

int config_text_read(struct config_text *t, const char *path, struct problems *problems)
{
    struct buf content;
    struct stat st;
    int r;

    buf_init(&content, CONFIG_BYTES_MAX);
    r = open_file(path, NULL, problems, &content, &st);
    if (!r)
        r = add_first(t, path, &st, buf_str(&content), content.len, problems);
    buf_finish(&content);
    return r;
}

int config_text_parse(struct config_text *t, const char *name, const char *bytes, size_t n,
                      struct problems *problems)
{
    return add_first(t, name, NULL, bytes, n, problems);
}
