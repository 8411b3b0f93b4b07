#include "confine.h"

#include <string.h>

#include "log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(SANITIZED)

void confine(const char *state_dir, struct confined *ret)
{
    (void)state_dir;
    memset(ret, 0, sizeof *ret);
    log_info("run", "not confined: this build has sanitizers");
}

void confine_reader(void)
{
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* ---- Landlock: see landlock(7) ----------------------------------------------------------------
 */

/* Newer than the headers of Debian 12. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* What needs a rule from now on; of reading nothing does. */
static uint64_t handled_rights(int abi)
{
    uint64_t rights =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (abi >= 5)
        rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    return rights;
}

/* @return 0, or -1 with errno. */
static int allow_below(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    int saved;
    long r;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return -1;
    r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    saved = errno;
    (void)close(rule.parent_fd);
    errno = saved;
    return r ? -1 : 0;
}

/* @param state_dir NULL: nothing is written anywhere. @return the ABI, or 0 with errno. */
static int confine_files(const char *state_dir)
{
    const uint64_t in_state_dir = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER |
                                  LANDLOCK_ACCESS_FS_TRUNCATE;
    struct landlock_ruleset_attr attr = {.handled_access_fs = 0};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int ruleset, saved;
    bool done;

    if (abi < 1)
        return 0;
    attr.handled_access_fs = handled_rights((int)abi);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return 0;
    done =
        (!state_dir || !allow_below(ruleset, state_dir, in_state_dir & attr.handled_access_fs)) &&
        !allow_below(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE) &&
        !syscall(SYS_landlock_restrict_self, ruleset, 0);
    saved = errno;
    (void)close(ruleset);
    errno = saved;
    return done ? (int)abi : 0;
}

/* ---- system calls -----------------------------------------------------------------------------
 */

/* With any arguments. Names that a machine does not have are passed over. */
static const char *const allowed[] = {
    /* memory; PCRE2's JIT needs some that is written and run */
    "brk", "madvise", "memfd_create", "mlock", "mlock2", "mmap", "mprotect", "mremap", "msync",
    "munlock", "munmap",
    /* time */
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
    "timerfd_create", "timerfd_gettime", "timerfd_settime", "times",
    /* waiting */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
    "eventfd2", "inotify_add_watch", "inotify_init1", "inotify_rm_watch", "poll", "ppoll",
    "pselect6", "select", "signalfd4",
    /* files; Landlock says which may be written */
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fchown", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd",
    "getdents", "getdents64", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "pipe", "pipe2",
    "pread64", "preadv", "pwrite64", "pwritev", "read", "readahead", "readlink", "readlinkat",
    "readv", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx", "umask",
    "unlink", "unlinkat", "write", "writev",
    /* connections */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendfile", "sendmmsg", "sendmsg", "sendto", "setsockopt",
    "shutdown",
    /* threads and signals */
    "arch_prctl", "futex", "futex_waitv", "get_robust_list", "getcpu", "membarrier",
    "restart_syscall", "riscv_flush_icache", "rseq", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sched_getaffinity", "sched_yield",
    "set_robust_list", "set_tid_address", "sigaltstack",
    /* oneself, and children that end */
    "exit", "exit_group", "getegid", "geteuid", "getgid", "getgroups", "getpgrp", "getpid",
    "getppid", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "gettid", "getuid",
    "sysinfo", "uname", "wait4", "waitid"};

/* Whether a name stands for a call here. */
static bool find_call(const char *name, int *ret_nr)
{
    *ret_nr = seccomp_syscall_resolve_name(name);
    return *ret_nr >= 0; /* others are negative: unknown, or of another machine */
}

static int allow_all(scmp_filter_ctx filter)
{
    size_t i;
    int nr, r = 0;

    for (i = 0; !r && i < sizeof allowed / sizeof allowed[0]; i++)
        if (find_call(allowed[i], &nr))
            r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
    return r;
}

/* @return 0 also where there is no such call. */
static int allow_if(scmp_filter_ctx filter, const char *name, unsigned n,
                    const struct scmp_arg_cmp *conditions)
{
    int nr;

    return find_call(name, &nr) ? seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, nr, n, conditions)
                                : 0;
}

static struct scmp_arg_cmp is_masked(unsigned argument, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value & mask};
}

/* For an int: of the register the kernel takes the lower half, and a caller may leave anything in
 * the upper one. */
static struct scmp_arg_cmp is(unsigned argument, uint64_t value)
{
    return is_masked(argument, UINT32_MAX, value);
}

static struct scmp_arg_cmp is_null(unsigned argument)
{
    return is_masked(argument, UINT64_MAX, 0);
}

/* TCP and UDP, named sockets of this machine (name services, the journal), and what getaddrinfo()
 * asks the kernel: which addresses it has. No raw ones, no other families. */
static int allow_sockets(scmp_filter_ctx filter)
{
    static const struct {
        int family, type, protocol;
    } row[] = {{AF_INET, SOCK_STREAM, 0},
               {AF_INET, SOCK_STREAM, IPPROTO_TCP},
               {AF_INET, SOCK_DGRAM, 0},
               {AF_INET, SOCK_DGRAM, IPPROTO_UDP},
               {AF_INET6, SOCK_STREAM, 0},
               {AF_INET6, SOCK_STREAM, IPPROTO_TCP},
               {AF_INET6, SOCK_DGRAM, 0},
               {AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
               {AF_UNIX, SOCK_STREAM, 0},
               {AF_UNIX, SOCK_DGRAM, 0},
               {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}};
    const uint64_t type_bits = 0xf; /* the others are SOCK_CLOEXEC and SOCK_NONBLOCK */
    struct scmp_arg_cmp pair[3] = {is(0, AF_UNIX), is_masked(1, type_bits, SOCK_STREAM), is(2, 0)};
    size_t i;
    int r = 0;

    for (i = 0; !r && i < sizeof row / sizeof row[0]; i++) {
        struct scmp_arg_cmp c[3] = {is(0, (uint64_t)row[i].family),
                                    is_masked(1, type_bits, (uint64_t)row[i].type),
                                    is(2, (uint64_t)row[i].protocol)};

        r = allow_if(filter, "socket", 3, c);
    }
    return r ? r : allow_if(filter, "socketpair", 3, pair);
}

static int allow_one_of(scmp_filter_ctx filter, const char *name, unsigned argument,
                        const uint64_t *value, size_t n)
{
    size_t i;
    int r = 0;

    for (i = 0; !r && i < n; i++) {
        struct scmp_arg_cmp c = is(argument, value[i]);

        r = allow_if(filter, name, 1, &c);
    }
    return r;
}

/* What is allowed with some arguments only. */
static int allow_some(scmp_filter_ctx filter)
{
    static const uint64_t ioctls[] = {FIONBIO, FIONREAD, TCGETS, SIOCGIFINDEX, SIOCGIFNAME};
    static const uint64_t prctls[] = {
        PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE,
        0x53564d41 /* PR_SET_VMA: names for memory, by the C library */};
    /* Not whom a descriptor sends signals to, which may be another process. */
    static const uint64_t fcntls[] = {F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,
                                      F_GETFL,     F_SETFL,         F_GETLK,      F_SETLK,
                                      F_SETLKW,    F_OFD_GETLK,     F_OFD_SETLK,  F_OFD_SETLKW,
                                      F_ADD_SEALS, F_GET_SEALS,     F_GETPIPE_SZ, F_SETPIPE_SZ};
    /* A thread, never a process or a name space. clone3() hides its flags in memory: without it the
     * C library takes clone(). */
    const uint64_t kinds = CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                           CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
#ifdef __s390__
    const unsigned clone_flags = 1;
#else
    const unsigned clone_flags = 0;
#endif
    struct scmp_arg_cmp thread = is_masked(clone_flags, kinds, CLONE_THREAD);
    struct scmp_arg_cmp self = is(0, (uint64_t)getpid()); /* for abort() */
    struct scmp_arg_cmp read_limit[2] = {is(0, 0), is_null(2)};
    /* No file becomes a way to be crier's user, also where Landlock has no say. */
    struct scmp_arg_cmp no_set_id = is_masked(1, 07000, 0);
    /* Landlock before its third ABI lets a file that may only be read be emptied while it is
     * opened. */
    struct scmp_arg_cmp keep[2] = {is_masked(1, O_TRUNC, 0), is_masked(2, O_TRUNC, 0)};
    int r = allow_if(filter, "clone", 1, &thread);

    if (!r)
        r = allow_if(filter, "tgkill", 1, &self);
    if (!r)
        r = allow_if(filter, "prlimit64", 2, read_limit);
    if (!r)
        r = allow_if(filter, "fchmod", 1, &no_set_id);
    if (!r)
        r = allow_if(filter, "open", 1, &keep[0]);
    if (!r)
        r = allow_if(filter, "openat", 1, &keep[1]);
    if (!r)
        r = allow_one_of(filter, "fcntl", 1, fcntls, sizeof fcntls / sizeof fcntls[0]);
    if (!r)
        r = allow_one_of(filter, "ioctl", 1, ioctls, sizeof ioctls / sizeof ioctls[0]);
    if (!r)
        r = allow_one_of(filter, "prctl", 0, prctls, sizeof prctls / sizeof prctls[0]);
    return r ? r : allow_sockets(filter);
}

/* Where a pointer has 32 bits memory, files and clocks have calls of other names (mmap2, fstat64,
 * clock_gettime64): with this list crier would not even start there. Where libseccomp knows sockets
 * as parts of socketcall() alone (POWER, s390x) it would reach nobody. */
static bool list_fits(void)
{
    return UINTPTR_MAX > UINT32_MAX && seccomp_syscall_resolve_name("socket") >= 0;
}

/* @return whether it is in force; if not, errno tells why. */
static bool confine_calls(void)
{
    scmp_filter_ctx filter = list_fits() ? seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) : NULL;
    int r = filter ? 0 : list_fits() ? -ENOMEM : -ENOTSUP;

    if (!r)
        r = allow_all(filter);
    if (!r)
        r = allow_some(filter);
    if (!r) {
        /* Refused calls in the kernel's log, quick look-up: none is worth failing for. */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* the kernel's own reason */
        r = seccomp_load(filter);
    }
    if (filter)
        seccomp_release(filter);
    errno = -r;
    return !r;
}

void confine(const char *state_dir, struct confined *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->no_new_privs = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!ret->no_new_privs)
        log_warn("run", "not confined: no_new_privs");
    ret->landlock_abi = confine_files(state_dir);
    if (!ret->landlock_abi)
        log_warn("run", "without Landlock crier can write wherever its user may");
    ret->filter = confine_calls();
    if (!ret->filter)
        log_warn("run", "without a filter crier can make every system call");
    if (ret->no_new_privs && ret->landlock_abi && ret->filter)
        log_info("run",
                 "confined: no programs, no system calls but those listed, files are "
                 "written below %s alone",
                 state_dir);
}

void confine_reader(void)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)confine_files(NULL);
    (void)confine_calls();
}

#endif
