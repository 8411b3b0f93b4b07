/*
 * What a process may do once it has called confine(): each attempt is one line, `NAME: ok` or
 * `NAME: ` and the name of the error. confined DIR OUTSIDE, both directories; in OUTSIDE is a file
 * `victim`. tests/e2e/test_confine.py knows which answer is right. Not for builds with sanitizers.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

static void told(const char *name, bool good)
{
    (void)printf("%s: %s\n", name, good ? "ok" : strerrorname_np(errno));
    (void)fflush(stdout);
}

static bool made(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    return fd >= 0 && write(fd, "x", 1) == 1 && !close(fd);
}

static bool can_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;

    return fd >= 0 && read(fd, &byte, 1) == 1 && !close(fd);
}

static bool has_socket(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);

    return fd >= 0 && !close(fd);
}

/* A child that is made all the same must not go on with these attempts. */
static bool has_child(long pid)
{
    if (!pid)
        _exit(0);
    return pid > 0 && waitpid((pid_t)pid, NULL, 0) == pid;
}

static bool runs(const char *path)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL};

    (void)execve(path, argv, argv + 1);
    return false; /* and when it works nothing more is printed */
}

static void *in_thread(void *arg)
{
    (void)arg;
    told("thread-socket-packet", has_socket(AF_PACKET, SOCK_RAW, 0));
    told("thread-fork", has_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
    return NULL;
}

static bool has_thread(void)
{
    pthread_t thread;

    errno = pthread_create(&thread, NULL, in_thread, NULL);
    return !errno && !pthread_join(thread, NULL);
}

static void try_files(const char *dir, const char *outside)
{
    char path[4096], other[4096];
    struct stat st;
    int fd;

    (void)snprintf(path, sizeof path, "%s/inside", dir);
    told("write-inside", made(path));
    told("append-inside", made(path));
    (void)snprintf(other, sizeof other, "%s/folder", dir);
    told("mkdir-inside", !mkdir(other, 0700));
    (void)snprintf(other, sizeof other, "%s/folder/moved", dir);
    told("rename-inside", !rename(path, other));
    told("unlink-inside", !unlink(other));
    (void)snprintf(path, sizeof path, "%s/victim", outside);
    told("read-outside", can_read(path));
    told("stat-outside", !stat(path, &st));
    told("write-outside", made(path));
    told("truncate-by-open", open(path, O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0);
    told("truncate-outside", !truncate(path, 0));
    told("unlink-outside", !unlink(path));
    (void)snprintf(other, sizeof other, "%s/taken", dir);
    told("rename-from-outside", !rename(path, other));
    told("link-from-outside", !link(path, other));
    (void)snprintf(path, sizeof path, "%s/new", outside);
    told("create-outside", made(path));
    told("mkdir-outside", !mkdir(path, 0700));
    (void)snprintf(other, sizeof other, "%s/inside", dir);
    (void)made(other);
    told("rename-to-outside", !rename(other, path));
    told("symlink-inside", !symlink("/etc/passwd", path));
    fd = open(other, O_RDONLY | O_CLOEXEC);
    told("fchmod", !fchmod(fd, 0640));
    told("fchmod-set-id", !fchmod(fd, 04755));
    (void)close(fd);
    told("write-null", made("/dev/null"));
}

static void try_calls(pid_t parent)
{
    char bytes[16] = "";
    struct iovec mine = {bytes, sizeof bytes}, theirs = {bytes, sizeof bytes};
    struct rlimit limit;
    struct addrinfo *found = NULL;
    void *code;
    int pair[2];

    told("execve", runs("/bin/true"));
    told("execveat", !syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0));
    told("fork", has_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
    told("clone3", has_child(syscall(SYS_clone3, bytes, sizeof bytes)));
    told("libc-fork", has_child(fork()));
    told("ptrace", !ptrace(PTRACE_TRACEME, 0, 0, 0));
    told("process_vm_readv", process_vm_readv(parent, &mine, 1, &theirs, 1, 0) > 0);
    told("process_vm_writev", process_vm_writev(parent, &mine, 1, &theirs, 1, 0) > 0);
    told("kill", !kill(parent, 0));
    told("tgkill-other", !syscall(SYS_tgkill, parent, parent, 0));
    told("tgkill-self", !syscall(SYS_tgkill, getpid(), getpid(), 0));
    told("pidfd_open", syscall(SYS_pidfd_open, parent, 0) >= 0);
    told("mount", !mount("none", "/mnt", "tmpfs", 0, NULL));
    told("umount2", !umount2("/mnt/none", 0));
    told("fsopen", syscall(SYS_fsopen, "tmpfs", 0) >= 0);
    told("chroot", !chroot("/"));
    told("unshare", !unshare(CLONE_NEWUSER));
    told("setns", !setns(0, 0));
    told("bpf", syscall(SYS_bpf, 0, bytes, sizeof bytes) >= 0);
    told("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0) >= 0);
    told("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3) >= 0);
    told("init_module", !syscall(SYS_init_module, bytes, 0, ""));
    told("reboot", !syscall(SYS_reboot, 0, 0, 0, 0));
    told("perf_event_open", syscall(SYS_perf_event_open, bytes, 0, -1, -1, 0) >= 0);
    told("userfaultfd", syscall(SYS_userfaultfd, 0) >= 0);
    told("io_uring_setup", syscall(SYS_io_uring_setup, 1, bytes) >= 0);
    told("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, bytes, 0) >= 0);
    told("personality", syscall(SYS_personality, 0xffffffffL) >= 0);
    told("setuid", !syscall(SYS_setuid, getuid()));
    told("unknown-call", syscall(9999) >= 0);
    told("socket-inet", has_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    told("socket-inet6-udp", has_socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP));
    told("socket-unix", has_socket(AF_UNIX, SOCK_DGRAM, 0));
    /* what a compiler may leave in the upper half of a register */
    told("socket-upper-half", syscall(SYS_socket, AF_INET | 0x700000000L,
                                      SOCK_STREAM | SOCK_CLOEXEC, 0x100000000L) >= 0);
    told("fcntl-flags", fcntl(0, F_GETFL) >= 0);
    told("fcntl-owner", !fcntl(0, F_SETOWN, parent));
    told("fcntl-signal", !fcntl(0, F_SETSIG, SIGKILL));
    told("socket-raw", has_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    told("socket-packet", has_socket(AF_PACKET, SOCK_RAW, 0));
    told("socket-netlink-audit", has_socket(AF_NETLINK, SOCK_RAW, 9));
    told("socket-vsock", has_socket(AF_VSOCK, SOCK_STREAM, 0));
    told("socketpair", !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    told("tiocsti", !ioctl(0, TIOCSTI, bytes));
    told("prctl-dumpable", !prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
    told("prctl-name", !prctl(PR_SET_NAME, "confined"));
    told("getrlimit", !getrlimit(RLIMIT_CORE, &limit));
    told("setrlimit", !setrlimit(RLIMIT_CORE, &limit));
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    told("jit-memory", code != MAP_FAILED);
    errno = getaddrinfo("localhost", "80", NULL, &found) ? EHOSTUNREACH : 0;
    told("getaddrinfo", !errno);
    if (found)
        freeaddrinfo(found);
    told("thread", has_thread());
}

int main(int argc, char **argv)
{
    struct confined done;
    pid_t parent = getppid();

    if (argc != 3)
        return 64;
    confine(argv[1], &done);
    (void)printf("landlock: %d\nfilter: %d\nno-new-privs: %d\n", done.landlock_abi, done.filter,
                 done.no_new_privs);
    try_files(argv[1], argv[2]);
    try_calls(parent);
    return 0;
}
