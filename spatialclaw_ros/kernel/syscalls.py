"""Which system calls a kernel may make, by name, and their numbers on each architecture.

What is not here is refused. Cells compute, read the libraries, and keep files in their scratch
folder: they start no process, open no socket, change no file's owner, mode or time, send no
signal, and share no memory but what they were given. Numbers are those of Linux's own tables
(arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """A condition on one argument: 32 of its bits, under `mask`, are `equals`.

    `half` is 0 for the low bits, which are all that most calls look at, and 1 for the high ones.
    """

    index: int
    equals: int
    mask: int = 0xFFFFFFFF
    half: int = 0


#: Any one of these conjunctions must hold; an empty conjunction always does.
Conditions = tuple[tuple[Argument, ...], ...]
ALWAYS: Conditions = ((),)

_THREAD = 0x100 | 0x400 | 0x800 | 0x10000  # CLONE_(VM | FILES | SIGHAND | THREAD)
_NAMESPACES = 0x7E020080  # every CLONE_NEW…
_WRITES = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # mode, CREAT, TRUNC, APPEND, TMPFILE


def _one_of(index: int, *values: int) -> Conditions:
    return tuple((Argument(index, value),) for value in values)


#: Where no other wall guards files: opening to read is all there is.
READ_ONLY: dict[str, Conditions] = {
    'open': ((Argument(1, 0, _WRITES),),), 'openat': ((Argument(2, 0, _WRITES),),)}

#: Calls that change files, which another wall confines to the scratch folder.
CHANGES_FILES = frozenset((
    'ftruncate', 'truncate', 'fallocate', 'mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat',
    'rename', 'renameat', 'renameat2'))

#: Name → numbers on x86-64 and on aarch64 (None: there is no such call).
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # memory and threads
    'mmap': (9, 222), 'mprotect': (10, 226), 'munmap': (11, 215), 'brk': (12, 214),
    'mremap': (25, 216), 'mincore': (27, 232), 'madvise': (28, 233), 'membarrier': (324, 283),
    'futex': (202, 98), 'clone': (56, 220), 'set_tid_address': (218, 96),
    'set_robust_list': (273, 99), 'rseq': (334, 293),
    'arch_prctl': (158, None), 'prctl': (157, 167), 'sched_yield': (24, 124),
    'sched_getaffinity': (204, 123), 'sched_getparam': (143, 121),
    'sched_getscheduler': (145, 120), 'sched_get_priority_max': (146, 125),
    'sched_get_priority_min': (147, 126), 'getcpu': (309, 168),
    # what is open
    'read': (0, 63), 'write': (1, 64), 'readv': (19, 65), 'writev': (20, 66),
    'pread64': (17, 67), 'pwrite64': (18, 68), 'lseek': (8, 62), 'close': (3, 57),
    'close_range': (436, 436), 'fstat': (5, 80), 'fcntl': (72, 25), 'ioctl': (16, 29),
    'dup': (32, 23), 'dup2': (33, None), 'dup3': (292, 24), 'pipe': (22, None),
    'pipe2': (293, 59), 'poll': (7, None), 'ppoll': (271, 73), 'select': (23, None),
    'pselect6': (270, 72), 'epoll_create1': (291, 20), 'epoll_ctl': (233, 21),
    'epoll_wait': (232, None), 'epoll_pwait': (281, 22), 'eventfd2': (290, 19),
    'sendto': (44, 206), 'sendmsg': (46, 211), 'recvfrom': (45, 207), 'recvmsg': (47, 212),
    'getsockopt': (55, 209), 'getsockname': (51, 204), 'getpeername': (52, 205),
    'fsync': (74, 82), 'fdatasync': (75, 83), 'flock': (73, 32),
    # files, by name
    'open': (2, None), 'openat': (257, 56), 'stat': (4, None), 'lstat': (6, None),
    'newfstatat': (262, 79), 'statx': (332, 291), 'access': (21, None), 'faccessat': (269, 48),
    'faccessat2': (439, 439), 'readlink': (89, None), 'readlinkat': (267, 78),
    'getdents64': (217, 61), 'getcwd': (79, 17), 'chdir': (80, 49), 'fchdir': (81, 50),
    'umask': (95, 166), 'statfs': (137, 43), 'fstatfs': (138, 44), 'ftruncate': (77, 46),
    'truncate': (76, 45), 'fallocate': (285, 47), 'mkdir': (83, None), 'mkdirat': (258, 34),
    'rmdir': (84, None), 'unlink': (87, None), 'unlinkat': (263, 35), 'rename': (82, None),
    'renameat': (264, 38), 'renameat2': (316, 276),
    # time, and what the process knows of itself
    'clock_gettime': (228, 113), 'clock_getres': (229, 114), 'clock_nanosleep': (230, 115),
    'nanosleep': (35, 101), 'gettimeofday': (96, 169), 'time': (201, None), 'times': (100, 153),
    'getitimer': (36, 102), 'setitimer': (38, 103), 'getrusage': (98, 165),
    'getrandom': (318, 278), 'uname': (63, 160), 'sysinfo': (99, 179), 'getpid': (39, 172),
    'gettid': (186, 178), 'getppid': (110, 173), 'getpgrp': (111, None), 'getpgid': (121, 155),
    'getsid': (124, 156), 'getuid': (102, 174), 'geteuid': (107, 175), 'getgid': (104, 176),
    'getegid': (108, 177), 'getgroups': (115, 158), 'getresuid': (118, 148),
    'getresgid': (120, 150), 'getrlimit': (97, 163), 'prlimit64': (302, 261),
    # signals to itself, and the end
    'rt_sigaction': (13, 134), 'rt_sigprocmask': (14, 135), 'rt_sigreturn': (15, 139),
    'rt_sigpending': (127, 136), 'rt_sigtimedwait': (128, 137), 'sigaltstack': (131, 132),
    'restart_syscall': (219, 128), 'pause': (34, None), 'wait4': (61, 260), 'waitid': (247, 95),
    'exit': (60, 93), 'exit_group': (231, 94),
}

#: Calls that are allowed with some arguments only.
CONDITIONS: dict[str, Conditions] = {
    'clone': ((Argument(0, _THREAD, _THREAD), Argument(0, 0, _NAMESPACES)),),
    # PR_(SET|GET)_NAME, PR_CAPBSET_READ, PR_SET_VMA; PR_SET_PDEATHSIG to SIGKILL
    'prctl': (*_one_of(0, 15, 16, 23, 0x53564D41), (Argument(0, 1), Argument(1, 9))),
    # of itself, and nothing set: no pointer to a new limit
    'prlimit64': ((Argument(0, 0), Argument(2, 0), Argument(2, 0, half=1)),),
    # NORMAL to DONTNEED, FREE, (NO)HUGEPAGE, (DO|DONT)DUMP: nothing that a fork would not copy
    'madvise': _one_of(2, 0, 1, 2, 3, 4, 8, 14, 15, 16, 17),
    'close_range': _one_of(2, 0, 4),  # at once or at exec, not in a table of its own
    'fallocate': _one_of(1, 0),  # a mode that keeps the size passes the limit of file sizes
    'ioctl': _one_of(1, 0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451),
    # no locks on ranges, each of which the system would have to remember
    'fcntl': _one_of(1, 0, 1, 2, 3, 4, 1030, 1032, 1034),
}

#: Calls that with some arguments are put to the supervisor of the filter, where there is one:
#: fork, as the C library calls it, which takes the checkpoint and is granted for nothing else.
ASKED: dict[str, Conditions] = {
    'clone': ((Argument(0, 0x01200011),),)}  # CHILD_SETTID | CHILD_CLEARTID | SIGCHLD

#: Calls that libraries try before an older one they do without: "there is no such call".
UNKNOWN: dict[str, tuple[int, int]] = {'clone3': (435, 435), 'openat2': (437, 437)}
