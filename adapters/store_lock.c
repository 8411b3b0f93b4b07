#include "store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"

enum { PID_BYTES = 24, TRIES = 5 };

int store_lock_from_errno(int errnum)
{
    if (errnum == EACCES || errnum == EPERM)
        return CRIER_EACCESS;
    return errnum == ENOMEM ? CRIER_ENOMEM : CRIER_EIO;
}

static int fail(const char *what, const char *path, char *why, size_t why_size)
{
    int errnum = errno;

    (void)snprintf(why, why_size, "cannot %s %s: %s", what, path, strerror(errnum));
    return store_lock_from_errno(errnum);
}

int store_lock_sync_dir(const char *dir, char *why, size_t why_size)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = 0;

    if (fd < 0)
        return fail("open", dir, why, why_size);
    /* Some file systems have no such thing as a directory to sync. */
    if (fsync(fd) && errno != EINVAL && errno != ENOTSUP)
        r = fail("sync", dir, why, why_size);
    (void)close(fd);
    return r;
}

int store_lock_make_dir(const char *dir, char *why, size_t why_size)
{
    struct stat st;
    char *parent;
    int r;

    if (mkdir(dir, 0700)) {
        if (errno != EEXIST)
            return fail("make the directory", dir, why, why_size);
        if (stat(dir, &st))
            return fail("open", dir, why, why_size);
        if (S_ISDIR(st.st_mode))
            return 0;
        errno = ENOTDIR;
        return fail("open", dir, why, why_size);
    }
    parent = buf_printf("%s/..", dir);
    if (!parent)
        return CRIER_ENOMEM;
    r = store_lock_sync_dir(parent, why, why_size);
    free(parent);
    return r == CRIER_EACCESS ? 0 : r; /* a parent that may not be read cannot be synced */
}

/* @return the pid in the file, or 0. */
static long read_pid(int fd)
{
    char text[PID_BYTES];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    char *end;
    long pid;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    errno = 0;
    pid = strtol(text, &end, 10);
    return errno || end == text || *end != '\n' || pid <= 0 || pid > INT_MAX ? 0 : pid;
}

/* @return 0 and the locked descriptor, or CRIER_EAGAIN when the file was replaced meanwhile. */
static int lock_once(const char *dir, const char *path, int *ret_fd, char *why, size_t why_size)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat held, named;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    long pid;
    int r;

    if (fd < 0)
        return fail("open", path, why, why_size);
    if (fcntl(fd, F_OFD_SETLK, &whole)) {
        if (errno != EAGAIN && errno != EACCES) {
            r = fail("lock", path, why, why_size);
            goto out;
        }
        pid = read_pid(fd);
        if (pid)
            (void)snprintf(why, why_size, "another crier (pid %ld) uses %s", pid, dir);
        else
            (void)snprintf(why, why_size, "another crier uses %s", dir);
        r = CRIER_ELOCKED;
        goto out;
    }
    if (fstat(fd, &held)) {
        r = fail("read", path, why, why_size);
        goto out;
    }
    if (stat(path, &named) || named.st_dev != held.st_dev || named.st_ino != held.st_ino) {
        (void)snprintf(why, why_size, "%s was replaced while it was being locked", path);
        r = CRIER_EAGAIN;
        goto out;
    }
    *ret_fd = fd;
    return 0;
out:
    (void)close(fd);
    return r;
}

static int write_pid(int fd, const char *path, char *why, size_t why_size)
{
    char text[PID_BYTES];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    ssize_t written;

    /* Never empty in between: empty means that the last exit was clean. */
    do
        written = pwrite(fd, text, (size_t)n, 0);
    while (written < 0 && errno == EINTR);
    if (written != n) {
        if (written >= 0)
            errno = ENOSPC;
        return fail("write", path, why, why_size);
    }
    if (ftruncate(fd, n))
        return fail("write", path, why, why_size);
    return fsync(fd) ? fail("write", path, why, why_size) : 0;
}

int store_lock_acquire(const char *dir, int *ret_fd, bool *ret_unclean, char *why, size_t why_size)
{
    char *path = NULL;
    struct stat st;
    int fd = -1;
    int tries;
    int r;

    r = store_lock_make_dir(dir, why, why_size);
    if (r)
        goto out;
    r = CRIER_ENOMEM;
    path = buf_printf("%s/crier.lock", dir);
    if (!path)
        goto out;
    for (tries = 0, r = CRIER_EAGAIN; r == CRIER_EAGAIN && tries < TRIES; tries++)
        r = lock_once(dir, path, &fd, why, why_size);
    if (r) {
        r = r == CRIER_EAGAIN ? CRIER_EIO : r;
        goto out;
    }
    if (fstat(fd, &st)) {
        r = fail("read", path, why, why_size);
        goto out;
    }
    r = write_pid(fd, path, why, why_size);
    if (r)
        goto out;
    *ret_unclean = st.st_size > 0;
    *ret_fd = fd;
    fd = -1;
out:
    if (fd >= 0)
        (void)close(fd); /* as it is: a failed start says nothing about the last exit */
    if (r == CRIER_ENOMEM)
        (void)snprintf(why, why_size, "out of memory");
    free(path);
    return r;
}

void store_lock_release(int fd, bool clean)
{
    if (fd < 0)
        return;
    /* When this fails the next start takes the exit for unclean and checks the file: no harm. */
    if (clean) {
        int r = ftruncate(fd, 0);

        (void)r;
    }
    (void)close(fd);
}
