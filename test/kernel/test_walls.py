"""The walls one by one: the filter on both machines, and what is raised where one is missing."""

from __future__ import annotations

from itertools import product
import os
from pathlib import Path
import re
import subprocess
import sys

from bpf import verdict
from kernel_probes import main_of
import pytest

from spatialclaw_ros.kernel import landlock
from spatialclaw_ros.kernel import seccomp
from spatialclaw_ros.kernel.errors import SandboxUnavailable
from spatialclaw_ros.kernel.syscalls import NUMBERS
from spatialclaw_ros.kernel.syscalls import UNKNOWN

ALLOW, ASK, KILL = seccomp.ALLOW, seccomp.ASK, seccomp.KILL
REFUSE, NO_SUCH_CALL = seccomp.REFUSE, seccomp.UNKNOWN
X86, ARM = (seccomp.MACHINES[machine][0] for machine in ('x86_64', 'aarch64'))
THREAD = 0x3D0F00  # what glibc's pthread_create asks clone for
FORK = 0x01200011  # and its fork
WRONLY_CREAT_TRUNC = 0o1101

#: x86-64 number, aarch64 number (None: the call is not there), arguments, verdict.
TABLE = [
    ('read', 0, 63, (), ALLOW), ('mmap', 9, 222, (0, 1 << 30, 5), ALLOW),
    ('futex', 202, 98, (), ALLOW), ('exit_group', 231, 94, (), ALLOW),
    ('clone of a thread', 56, 220, (THREAD,), ALLOW),
    ('clone of a process', 56, 220, (17,), REFUSE),
    ('clone of memory alone', 56, 220, (0x100,), REFUSE),
    ('a thread with files of its own', 56, 220, (THREAD & ~0x400,), REFUSE),
    ('close_range', 436, 436, (3, 9, 0), ALLOW), ('closed apart', 436, 436, (3, 9, 2), REFUSE),
    ('madvise of what is not needed', 28, 233, (0, 1, 4), ALLOW),
    ('madvise of failing memory', 28, 233, (0, 1, 100), REFUSE),
    ('madvise against a fork', 28, 233, (0, 1, 10), REFUSE),
    ('get_robust_list', 274, 100, (1,), REFUSE),
    ('a thread in a new namespace', 56, 220, (THREAD | 0x10000000,), REFUSE),
    ('clone3', 435, 435, (), NO_SUCH_CALL), ('openat2', 437, 437, (), NO_SUCH_CALL),
    ('fork', 57, None, (), REFUSE), ('vfork', 58, None, (), REFUSE),
    ('execve', 59, 221, (), REFUSE), ('execveat', 322, 281, (), REFUSE),
    ('socket', 41, 198, (2, 1), REFUSE), ('socketpair', 53, 199, (), REFUSE),
    ('connect', 42, 203, (), REFUSE), ('shutdown', 48, 210, (), REFUSE),
    ('sendto', 44, 206, (), ALLOW),
    ('kill', 62, 129, (), REFUSE), ('tgkill', 234, 131, (), REFUSE),
    ('pidfd_send_signal', 424, 424, (), REFUSE), ('pidfd_getfd', 438, 438, (), REFUSE),
    ('ptrace', 101, 117, (), REFUSE), ('process_vm_readv', 310, 270, (), REFUSE),
    ('mount', 165, 40, (), REFUSE), ('unshare', 272, 97, (), REFUSE),
    ('setns', 308, 268, (), REFUSE), ('bpf', 321, 280, (), REFUSE),
    ('perf_event_open', 298, 241, (), REFUSE), ('io_uring_setup', 425, 425, (), REFUSE),
    ('userfaultfd', 323, 282, (), REFUSE), ('memfd_create', 319, 279, (), REFUSE),
    ('shmget', 29, 194, (), REFUSE), ('add_key', 248, 217, (), REFUSE),
    ('seccomp', 317, 277, (), REFUSE), ('landlock_restrict_self', 446, 446, (), REFUSE),
    ('symlinkat', 266, 36, (), REFUSE), ('linkat', 265, 37, (), REFUSE),
    ('fchmodat', 268, 53, (), REFUSE), ('fchmodat2', 452, 452, (), REFUSE),
    ('fchownat', 260, 54, (), REFUSE), ('utimensat', 280, 88, (), REFUSE),
    ('setxattr', 188, 5, (), REFUSE), ('mknodat', 259, 33, (), REFUSE),
    ('setuid', 105, 146, (), REFUSE), ('setsid', 112, 157, (), REFUSE),
    ('setpgid', 109, 154, (), REFUSE), ('setpriority', 141, 140, (), REFUSE),
    ('sched_setaffinity', 203, 122, (), REFUSE),
    ('prctl of a name', 157, 167, (15,), ALLOW),
    ('no parent death signal', 157, 167, (1, 0), REFUSE),
    ('a mild parent death signal', 157, 167, (1, 2), REFUSE),
    ('a deadly parent death signal', 157, 167, (1, 9), ALLOW),
    ('prctl of a filter', 157, 167, (22, 2), REFUSE),
    ('limits read', 302, 261, (0, 7, 0, 1), ALLOW),
    ('limits set', 302, 261, (0, 7, 4096, 0), REFUSE),
    ('limits set from far up', 302, 261, (0, 7, 1 << 32, 0), REFUSE),
    ("another's limits", 302, 261, (77, 7, 0, 1), REFUSE),
    ('ioctl of what can be read', 16, 29, (0, 0x541B), ALLOW),
    ('ioctl that types', 16, 29, (0, 0x5412), REFUSE),
    ('fcntl of flags', 72, 25, (0, 3), ALLOW), ('fcntl of an owner', 72, 25, (0, 8), REFUSE),
    ('fcntl of a range', 72, 25, (0, 6), REFUSE), ('flock', 73, 32, (3, 2), ALLOW),
    ('fcntl of a signal', 72, 25, (0, 10), REFUSE), ('fcntl of seals', 72, 25, (0, 1033), REFUSE),
    ('a number nobody knows', 9999, 9999, (), REFUSE),
]


@pytest.mark.parametrize(('name', 'x86', 'arm', 'arguments', 'expected'), TABLE,
                         ids=[row[0] for row in TABLE])
def test_the_filter_on_both_machines(name, x86, arm, arguments, expected):
    del name
    for machine, architecture, number in (('x86_64', X86, x86), ('aarch64', ARM, arm)):
        if number is not None:
            for read_only, supervised in product((False, True), repeat=2):
                program = seccomp.program(machine, read_only=read_only, supervised=supervised)
                assert verdict(program, architecture, number, arguments) == expected


@pytest.mark.parametrize(('flags', 'supervised', 'expected'), [
    (FORK, True, ASK), (FORK, False, REFUSE), (FORK | 0x10000000, True, REFUSE),
    (FORK | 0x8000, True, REFUSE), (0x4111, True, REFUSE), (THREAD, True, ALLOW)])
def test_a_plain_fork_is_put_to_the_supervisor(flags, supervised, expected):
    for machine, architecture, number in (('x86_64', X86, 56), ('aarch64', ARM, 220)):
        program = seccomp.program(machine, read_only=False, supervised=supervised)
        assert verdict(program, architecture, number, (flags,)) == expected


@pytest.mark.parametrize(('machine', 'architecture'), [('x86_64', ARM), ('aarch64', X86),
                                                       ('x86_64', 0x40000003)])
def test_a_call_of_another_architecture_ends_the_process(machine, architecture):
    assert verdict(seccomp.program(machine, read_only=False), architecture, 0) == KILL


def test_x32_numbers_end_the_process():
    assert verdict(seccomp.program('x86_64', read_only=False), X86, 0x40000000 | 59) == KILL


@pytest.mark.parametrize(('flags', 'read_only', 'expected'), [
    (0, True, ALLOW), (0o2000000, True, ALLOW), (1, True, REFUSE), (2, True, REFUSE),
    (0o100, True, REFUSE), (0o1000, True, REFUSE), (0o20200000, True, REFUSE),
    (WRONLY_CREAT_TRUNC, True, REFUSE), (WRONLY_CREAT_TRUNC, False, ALLOW)])
def test_without_a_confined_folder_nothing_is_opened_for_writing(flags, read_only, expected):
    for machine, architecture, number in (('x86_64', X86, 257), ('aarch64', ARM, 56)):
        program = seccomp.program(machine, read_only=read_only)
        assert verdict(program, architecture, number, (-100, 1, flags)) == expected
    assert verdict(seccomp.program('x86_64', read_only=read_only), X86, 2,
                   (1, flags)) == expected


@pytest.mark.parametrize('number', [77, 76, 83, 87, 82, 316])
def test_without_a_confined_folder_nothing_is_changed(number):
    assert verdict(seccomp.program('x86_64', read_only=True), X86, number) == REFUSE
    assert verdict(seccomp.program('x86_64', read_only=False), X86, number) == ALLOW


def test_numbers_are_those_of_the_system_headers():
    headers = {0: Path('/usr/include/x86_64-linux-gnu/asm/unistd_64.h'),
               1: Path('/usr/include/asm-generic/unistd.h')}
    spelled = {'newfstatat': 'fstatat'}
    checked = 0
    for column, header in headers.items():
        if header.is_file():
            known = {name: int(number) for name, number in re.findall(
                r'#define __NR(?:3264)?_(\w+)\s+(\d+)', header.read_text())}
            for name, numbers in {**NUMBERS, **UNKNOWN}.items():
                other = spelled.get(name, name) if column else name
                assert known.get(other, numbers[column]) == numbers[column], name
                checked += other in known
    if not checked:
        pytest.skip('no Linux headers here')


#: Raises walls in a process of its own and then tries them.
TRY = """
import os, sys, tempfile
sys.path[:] = {path!r}
from pathlib import Path
from spatialclaw_ros.kernel import landlock, seccomp, walls
import numpy
{change}
scratch = Path(tempfile.mkdtemp())
try:
    made = walls.raise_walls({policy!r}, walls.Site(1 << 30, scratch, walls.readable_places()))
    print('up:', made)
    if made.supervised is not None:
        os.close(made.supervised)  # nobody grants anything
except walls.WallMissing as missing:
    print('missing:', missing)
    sys.exit()
for what in ('open("mine", "w").write("x")', 'os.fork()', 'open("/etc/shadow").read()',
             'open("/var/tmp/spatialclaw-attack", "w")', 'numpy.linalg.inv(numpy.eye(3))',
             '__import__("email.mime.text")'):
    try:
        exec(what)
        print('done:', what)
    except OSError as error:
        print('refused:', what)
sys.stdout.flush()
os._exit(0)
"""


def tried(change: str, policy: str = 'strict', **options) -> str:
    code = TRY.format(path=[entry for entry in sys.path if entry], change=change, policy=policy)
    made = subprocess.run([sys.executable, '-I', '-c', code], capture_output=True, text=True,
                          timeout=60, check=False, env={}, cwd='/', **options)
    assert made.returncode == 0, made.stderr
    return made.stdout


NO_LANDLOCK = 'landlock.version = lambda: 0'
OLD_LANDLOCK = 'landlock.version = lambda: 1'
NO_SECCOMP = 'seccomp.available = lambda: False'
COMPUTES = ('done: numpy.linalg.inv', 'done: __import__("email')


def test_all_walls_leave_the_scratch_folder_and_the_libraries():
    said = tried('')
    assert 'seccomp' in said and 'done: open("mine"' in said
    for what in ('os.fork()', 'open("/etc/shadow")', 'open("/var/tmp/spatialclaw'):
        assert f'refused: {what}' in said
    assert all(what in said for what in COMPUTES)


def test_without_landlock_files_are_read_only_for_an_unprivileged_user():
    said = tried(NO_LANDLOCK)
    if 'missing:' in said:
        assert 'Landlock' in said and os.geteuid() == 0
        pytest.skip("an unprivileged user cannot read this interpreter's folder")
    assert 'read-only (unprivileged user)' in said
    for what in ('open("mine"', 'os.fork()', 'open("/etc/shadow")', 'open("/var/tmp/spatialclaw'):
        assert f'refused: {what}' in said
    assert all(what in said for what in COMPUTES)


@pytest.mark.skipif(not landlock.version(), reason='no Landlock here')
def test_an_old_landlock_that_knows_no_truncating_gives_no_writing():
    said = tried(OLD_LANDLOCK)
    assert 'Landlock 1' in said
    assert 'refused: open("mine"' in said and 'refused: open("/etc/shadow")' in said
    assert all(what in said for what in COMPUTES)


def test_strict_refuses_without_a_filter_and_says_what_to_paste():
    said = tried(NO_SECCOMP)
    assert said.startswith('missing: no filter of system calls')
    assert 'kernel.sandbox:=available' in said


@pytest.mark.parametrize(('change', 'words'), [
    ('def no(*_, **__): raise OSError(1, "no")\nseccomp.install = no', 'no filter of system calls'),
    ('def no(*_): raise OSError(1, "no")\nlandlock.confine = no\nos.geteuid = lambda: 1',
     'read-only (unprivileged user)')])
def test_a_wall_that_the_system_refuses_is_one_that_is_not_there(change, words):
    assert words in tried(change)


def test_available_runs_without_a_filter_and_says_so():
    said = tried(NO_SECCOMP, 'available')
    assert 'no filter of system calls' in said and 'up:' in said
    assert all(what in said for what in COMPUTES)


@pytest.mark.parametrize('code', [
    """
import open3d as o3d
mesh = o3d.t.geometry.TriangleMesh.from_legacy(o3d.geometry.TriangleMesh.create_box())
scene = o3d.t.geometry.RaycastingScene()
scene.add_triangles(mesh)
rays = o3d.core.Tensor([[0.5, 0.5, -1, 0, 0, 1]], dtype=o3d.core.float32)
print(scene.cast_rays(rays)['t_hit'].numpy())
""", """
import matplotlib
matplotlib.use('agg')
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.title('a title, so with a font')
plt.savefig('figure.png')
print(len(plt.imread('figure.png').shape))
""", """
import cv2, scipy.ndimage, scipy.optimize, scipy.spatial
print(cv2.GaussianBlur(np.ones((9, 9)), (3, 3), 0).sum())
print(scipy.spatial.cKDTree(np.eye(3)).query([0, 0, 0])[1])
""", """
from concurrent.futures import ThreadPoolExecutor
print(list(ThreadPoolExecutor(4).map(abs, range(-4, 0))))
""", """
import datetime, mimetypes, platform, tempfile, zoneinfo
print(mimetypes.guess_type('x.png'), zoneinfo.ZoneInfo('Europe/Berlin'), platform.platform())
with tempfile.NamedTemporaryFile() as file:
    file.write(b'x')
"""], ids=['open3d', 'matplotlib', 'scipy and OpenCV', 'threads', 'the standard library'])
async def test_libraries_work_behind_the_walls(bench, code):
    await bench.open(check=False)
    outcome = await bench.run(code)
    assert outcome.status == 'ok', outcome.error


async def test_a_kernel_says_which_walls_are_up(bench):
    kernel = await bench.open()
    assert 'seccomp' in kernel.sandbox
    assert bench.nursery.missing == ''
    assert set(bench.nursery.sandbox.split(', ')) <= set(kernel.sandbox.split(', '))


async def test_no_capability_is_left(bench):
    kernel = await bench.open()
    status = Path(f'/proc/{main_of(kernel)}/status').read_text()
    held = re.findall(r'^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)$', status, re.MULTILINE)
    assert held == ['0' * 16] * 4


def test_without_word_of_children_no_fork_is_granted():
    """Without it nobody could tell how often a grant was used."""
    said = tried('walls.children_are_told = lambda: False')
    assert 'system calls filtered' in said
    assert 'checkpoints' not in said


async def test_a_policy_that_is_not_met_opens_nothing(walled_off):
    with pytest.raises(SandboxUnavailable, match=r'no filter of system calls.*available'):
        await walled_off.open()
    await walled_off.open(sandbox='available')
    assert 'no filter' in walled_off.kernels[-1].sandbox
    assert 'no filter' in walled_off.nursery.missing


async def test_files_in_the_scratch_folder_have_a_bound(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'for i in range(999):\n    with open(str(i), "wb") as f:\n        f.write(bytes(1 << 20))\n'
        'while True: pass', seconds=30)
    assert outcome.status == 'killed'
    assert 'over 256 MB' in outcome.error
    assert (await bench.run('print(len(os_.listdir(".")))')).stdout == '0\n'
