/* tail: files that grow, are renamed, truncated, replaced, not there, and restarts in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "tail.h"

enum { SECOND = 1000, PATH_BYTES = 200, TEXT_BYTES = 4096 * 16 };

struct bench {
    char dir[PATH_BYTES];
    char path[PATH_BYTES];
    struct tail *tail;
    struct now now;
    struct buf lines; /* what was told, each with a | behind it */
    struct buf long_text;
    size_t n_lines, in_dispatch;
    int64_t since;
    char position[400];
    char place[PATH_BYTES];
};

static void on_line(void *ctx, const struct ear_line *line)
{
    struct bench *b = ctx;

    b->n_lines++;
    b->in_dispatch++;
    b->since = line->since_wall_ms;
    assert_true(line->since_wall_ms > 0 && line->since_wall_ms <= line->wall_ms);
    assert_int_equal(strncmp(line->place, "file:/", 6), 0);
    (void)snprintf(b->place, sizeof b->place, "%s", line->place);
    buf_adds(&b->lines, line->text);
    buf_addc(&b->lines, '|');
}

static void on_position(void *ctx, const struct ear_position *position)
{
    struct bench *b = ctx;

    (void)snprintf(b->position, sizeof b->position, "%s", position->position);
}

static void open_tail(struct bench *b, const char *position)
{
    struct ear_sink sink = {.ctx = b, .line = on_line, .position = on_position};

    assert_int_equal(tail_create(&sink, &b->tail), 0);
    assert_int_equal(tail_follow(b->tail, b->path, position), 0);
}

/* Turns of the loop until nothing is due. @return how many. */
static int look(struct bench *b)
{
    struct source_port port = tail_source_port(b->tail);
    struct pollset set;
    int turns = 0;

    pollset_init(&set);
    for (;; turns++) {
        struct pollfd fd = {.fd = -1};

        assert_true(turns < 10000);
        pollset_clear(&set);
        port.collect(port.ctx, &set);
        if (set.n) {
            fd = (struct pollfd){.fd = set.item[0].fd, .events = set.item[0].want};
            (void)poll(&fd, 1, 0);
            set.item[0].got = fd.revents;
        }
        if (!fd.revents && set.deadline_boot_ms > b->now.boot_ms)
            break;
        b->in_dispatch = 0;
        port.dispatch(port.ctx, &set, b->now);
        assert_true(b->in_dispatch <= TAIL_LINES + 1);
    }
    pollset_finish(&set);
    return turns;
}

static void pass(struct bench *b, int64_t ms)
{
    b->now.wall_ms += ms;
    b->now.boot_ms += ms;
    (void)look(b);
}

/* What was told since the last time. */
static void expect(struct bench *b, const char *lines)
{
    (void)look(b);
    assert_string_equal(buf_str(&b->lines), lines);
    buf_clear(&b->lines);
}

static void put(const char *path, const char *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    (void)close(fd);
}

static void add(struct bench *b, const char *text)
{
    put(b->path, text, strlen(text));
}

static void beside(const struct bench *b, const char *name, char dst[PATH_BYTES])
{
    (void)snprintf(dst, PATH_BYTES, "%.150s/%s", b->dir, name);
}

static void restart(struct bench *b, int64_t down_ms)
{
    char position[sizeof b->position];

    memcpy(position, b->position, sizeof position);
    tail_destroy(b->tail);
    b->now.wall_ms += down_ms;
    b->now.boot_ms += down_ms;
    open_tail(b, position);
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/crier-tail-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    beside(b, "irc.log", b->path);
    b->now = (struct now){.wall_ms = 1673978400000, .boot_ms = 100000};
    buf_init(&b->lines, 1 << 24);
    log_set_level(LOG_LEVEL_ERROR);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    char rm[] = "rm", rf[] = "-rf", *command[] = {rm, rf, b->dir, NULL};
    pid_t pid;

    tail_destroy(b->tail);
    buf_finish(&b->lines);
    pid = fork();
    if (!pid) {
        (void)execvp(command[0], command);
        _exit(1);
    }
    (void)waitpid(pid, NULL, 0);
    free(b);
    return 0;
}

static void test_history_is_no_speech(void **state)
{
    struct bench *b = *state;
    char place[PATH_BYTES + 10];

    add(b, "old one\nold two\nhalf ");
    open_tail(b, NULL);
    expect(b, "");
    add(b, "a line\n");
    expect(b, "half a line|");
    (void)snprintf(place, sizeof place, "file:%s", b->path);
    assert_string_equal(b->place, place);
    add(b, "not yet");
    expect(b, "");
    add(b, " but now\nand\n\n \nmore");
    expect(b, "not yet but now|and|");
}

static void test_not_there_yet(void **state)
{
    struct bench *b = *state;

    open_tail(b, NULL);
    expect(b, "");
    add(b, "first\nsecond\n");
    expect(b, "first|second|");
}

static void test_directory_not_there_yet(void **state)
{
    struct bench *b = *state;
    char dir[PATH_BYTES];

    beside(b, "later", dir);
    beside(b, "later/irc.log", b->path);
    open_tail(b, NULL);
    expect(b, "");
    assert_int_equal(mkdir(dir, 0700), 0);
    add(b, "first\n");
    expect(b, "");
    pass(b, 3 * SECOND);
    expect(b, "first|");
    add(b, "second\n");
    expect(b, "second|");
}

static void test_renamed(void **state)
{
    struct bench *b = *state;
    char old[PATH_BYTES], older[PATH_BYTES];

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    beside(b, "irc.log.1", old);
    beside(b, "irc.log.2", older);
    add(b, "one\n");
    assert_int_equal(rename(b->path, old), 0);
    expect(b, "one|");
    put(old, "two\n", 4); /* its writer still has it open */
    expect(b, "two|");
    add(b, "four\n");
    put(old, "three\nend", 9);
    expect(b, "three|four|");
    put(old, "ing", 3);
    pass(b, 61 * SECOND);
    expect(b, "");
    pass(b, 61 * SECOND); /* nobody will complete it */
    expect(b, "ending|");
    put(old, "late\n", 5);
    expect(b, "");
    assert_int_equal(rename(old, older), 0);
    assert_int_equal(rename(b->path, old), 0);
    add(b, "five\n");
    expect(b, "five|");
}

static void test_copied_and_truncated(void **state)
{
    struct bench *b = *state;

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    add(b, "one\n");
    expect(b, "one|");
    assert_int_equal(truncate(b->path, 0), 0);
    expect(b, "");
    add(b, "two\n");
    expect(b, "two|");
    assert_int_equal(truncate(b->path, 0), 0);
    add(b, "longer than it was before, so that its size tells nothing\n");
    expect(b, "longer than it was before, so that its size tells nothing|");
}

static void test_restarts(void **state)
{
    struct bench *b = *state;
    char old[PATH_BYTES], gone[PATH_BYTES];
    int64_t since;

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    add(b, "one\ntw");
    expect(b, "one|");
    since = b->now.wall_ms;
    restart(b, 5 * SECOND);
    expect(b, "");
    add(b, "o\n");
    expect(b, "two|");
    tail_destroy(b->tail);
    b->tail = NULL;
    add(b, "three\n");
    b->now.wall_ms += 3600 * SECOND;
    b->now.boot_ms += 3600 * SECOND;
    open_tail(b, b->position);
    expect(b, "three|");
    assert_true(b->since >= since && b->since <= since + 6 * SECOND);

    /* renamed while away, with more in the one before, then killed before that was read */
    add(b, "four\n");
    beside(b, "irc.log-20230117", old);
    assert_int_equal(rename(b->path, old), 0);
    add(b, "five\n");
    restart(b, SECOND);
    expect(b, "four|five|");
    put(old, "half", 4);
    expect(b, "");
    restart(b, SECOND);
    put(old, " a line\n", 8);
    add(b, "six\n");
    expect(b, "half a line|six|");

    /* truncated, replaced by another, gone */
    tail_destroy(b->tail);
    b->tail = NULL;
    assert_int_equal(truncate(b->path, 0), 0);
    add(b, "seven, in a file that was shorter\n");
    open_tail(b, b->position);
    expect(b, "seven, in a file that was shorter|");
    beside(b, "gone", gone);
    assert_int_equal(rename(b->path, gone), 0);
    add(b, "eight\n");
    restart(b, SECOND);
    expect(b, "eight|");
    assert_int_equal(rename(b->path, gone), 0);
    restart(b, SECOND);
    expect(b, "");
    restart(b, SECOND);
    expect(b, "");
    assert_int_equal(rename(gone, b->path), 0);
    add(b, "nine\n");
    expect(b, "nine|");
}

static void test_gone_and_back(void **state)
{
    struct bench *b = *state;
    char moved[PATH_BYTES];

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    add(b, "one\nunfinished");
    expect(b, "one|");
    assert_int_equal(unlink(b->path), 0);
    expect(b, "");
    pass(b, 70 * SECOND);
    expect(b, "unfinished|");
    add(b, "two\n");
    expect(b, "two|");
    beside(b, "moved", moved); /* and not made anew: its writer has it open */
    assert_int_equal(rename(b->path, moved), 0);
    pass(b, 70 * SECOND);
    pass(b, 70 * SECOND);
    put(moved, "three\n", 6);
    expect(b, "three|");
}

static void test_replaced_by_a_copy(void **state)
{
    struct bench *b = *state;
    char copy[PATH_BYTES], line[400];

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    memset(line, 'x', sizeof line);
    put(b->path, line, sizeof line);
    add(b, "\n");
    (void)look(b);
    assert_int_equal(b->n_lines, 1);
    buf_clear(&b->lines);
    beside(b, "copy", copy);
    put(copy, "history\n", 8);
    put(copy, line, sizeof line);
    put(copy, "\nmore\n", 6);
    assert_int_equal(rename(copy, b->path), 0);
    expect(b, "more|");
    add(b, "and more\n");
    expect(b, "and more|");
}

static void test_bytes(void **state)
{
    static const char odd[] = "a\0b\r\n\xff\xfe"
                              "c\n\x02"
                              "bold\x02 \xe2\x80\xae"
                              "bidi\t tab\n";
    struct bench *b = *state;
    char *text = calloc(1, TEXT_BYTES);

    assert_non_null(text);
    open_tail(b, NULL);
    expect(b, "");
    put(b->path, odd, sizeof odd - 1);
    expect(b, "ab|?"
              "?c|bold bidi tab|");
    /* longer than anything; it ends in the middle of a character */
    memset(text, 'y', TEXT_BYTES);
    memcpy(text + TAIL_LINE_BYTES - 1, "\xc3\xa9", 2);
    put(b->path, text, TEXT_BYTES - 1);
    put(b->path, text, TEXT_BYTES - 1);
    put(b->path, text, TEXT_BYTES - 1);
    expect(b, "");
    put(b->path, "\nnext\n", 6);
    (void)look(b);
    assert_int_equal(b->n_lines, 5);
    assert_int_equal(strspn(buf_str(&b->lines), "y"), TAIL_LINE_BYTES - 1);
    assert_string_equal(buf_str(&b->lines) + TAIL_LINE_BYTES - 1, "|next|");
    free(text);
}

static void test_a_burst_is_taken_in_parts(void **state)
{
    struct bench *b = *state;
    struct buf text;
    char expected[40];
    int i, turns;

    open_tail(b, NULL);
    expect(b, "");
    buf_init(&text, 1 << 24);
    for (i = 0; i < 100000; i++)
        buf_addf(&text, "line %d\n", i);
    put(b->path, text.data, text.len);
    turns = look(b);
    assert_int_equal(b->n_lines, 100000);
    assert_true(turns >= 100000 / TAIL_LINES);
    (void)snprintf(expected, sizeof expected, "|line 99998|line 99999|");
    assert_non_null(strstr(buf_str(&b->lines), expected));
    for (i = 0; i < 100000; i++)
        if (text.data[i] == '\n')
            text.data[i] = '|';
    assert_memory_equal(buf_str(&b->lines), text.data, 100000);
    buf_finish(&text);
}

static void test_not_a_file(void **state)
{
    struct bench *b = *state;

    assert_int_equal(mkdir(b->path, 0700), 0);
    open_tail(b, NULL);
    expect(b, "");
    assert_string_equal(b->position, ""); /* what it holds is still history */
    assert_int_equal(rmdir(b->path), 0);
    assert_int_equal(mkfifo(b->path, 0600), 0);
    pass(b, 3 * SECOND);
    expect(b, "");
    assert_int_equal(unlink(b->path), 0);
    add(b, "one\n");
    pass(b, 3 * SECOND);
    add(b, "two\n");
    expect(b, "two|");
}

static void test_several_files(void **state)
{
    struct bench *b = *state;
    char other[PATH_BYTES], place[PATH_BYTES + 10];
    char *keep[] = {place};

    beside(b, "other.log", other);
    add(b, "history\n");
    put(other, "history\n", 8);
    open_tail(b, NULL);
    assert_int_equal(tail_follow(b->tail, other, NULL), 0);
    assert_int_equal(tail_follow(b->tail, other, NULL), 0);
    expect(b, "");
    add(b, "one\n");
    put(other, "two\n", 4);
    expect(b, "one|two|");
    (void)snprintf(place, sizeof place, "file:%s", other);
    tail_keep(b->tail, keep, 1);
    add(b, "three\n");
    put(other, "four\n", 5);
    expect(b, "four|");
    assert_int_equal(rename(other, b->path), 0);
    put(other, "five\n", 5);
    expect(b, "five|");
}

static void test_without_inotify(void **state)
{
    struct bench *b = *state;
    struct source_port port;
    struct pollset none;

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    add(b, "one\n");
    port = tail_source_port(b->tail);
    pollset_init(&none);
    b->now.boot_ms += 11 * SECOND;
    b->now.wall_ms += 11 * SECOND;
    port.dispatch(port.ctx, &none, b->now);
    assert_string_equal(buf_str(&b->lines), "one|");
    pollset_finish(&none);
}

static void test_bad_positions(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "5",
                                      "5 ",
                                      "5 1:2",
                                      "5 -x",
                                      "-5 -",
                                      "5 1:2:3 ",
                                      "5 1:2:3 -",
                                      "5 1:-2:3",
                                      "5 1:2:3 1:2:3 1:2:3",
                                      "5 99999999999999999999:1:1"};
    struct bench *b = *state;
    size_t i;

    add(b, "history\n");
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        open_tail(b, bad[i]);
        expect(b, "");
        tail_destroy(b->tail);
        b->tail = NULL;
    }
    open_tail(b, "5 -");
    expect(b, "history|");
    assert_int_equal(b->since, 5);
}

static void test_the_position_says_until_when(void **state)
{
    struct bench *b = *state;
    long long since;

    add(b, "history\n");
    open_tail(b, NULL);
    expect(b, "");
    pass(b, TAIL_ALIVE_MS + SECOND);
    assert_int_equal(sscanf(b->position, "%lld ", &since), 1);
    assert_int_equal(since, b->now.wall_ms);
}

#define TAIL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TAIL_TEST(test_history_is_no_speech),
        TAIL_TEST(test_not_there_yet),
        TAIL_TEST(test_directory_not_there_yet),
        TAIL_TEST(test_renamed),
        TAIL_TEST(test_copied_and_truncated),
        TAIL_TEST(test_restarts),
        TAIL_TEST(test_gone_and_back),
        TAIL_TEST(test_replaced_by_a_copy),
        TAIL_TEST(test_bytes),
        TAIL_TEST(test_a_burst_is_taken_in_parts),
        TAIL_TEST(test_not_a_file),
        TAIL_TEST(test_several_files),
        TAIL_TEST(test_without_inotify),
        TAIL_TEST(test_bad_positions),
        TAIL_TEST(test_the_position_says_until_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
