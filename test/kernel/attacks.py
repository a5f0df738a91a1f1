"""Cells that try to get out or do harm, in the ways people try. Data for test_attacks.

Each finds its aims in its globals: SECRET a file it must not read, CANARY one it must not change,
OUT a path where it must not put anything, PORT of a TCP and UDP listener, SOCKET the path of one
in the file system, VICTIM a process that it must leave alone, HOST its host's process, ADDRESS and
LENGTH of a secret in the host's memory. A cell that has done what it set out to do prints HARM.
"""

from __future__ import annotations

from attacks_on_files import LIBC
from attacks_on_files import ON_FILES

PRELUDE = """
os, sys, time = os_, sys_, sys_.modules['time'] if 'time' in sys_.modules else __import__('time')
"""

#: Name → cell.
ATTACKS: dict[str, str] = {
    **ON_FILES,
    # ---- the host's secrets --------------------------------------------------------------------
    "the host's environment": """
if b'PATH=' in open(f'/proc/{HOST}/environ', 'rb').read():
    print('HARM')
""",
    "the parent's environment and command": """
print(open(f'/proc/{os.getppid()}/cmdline', 'rb').read()); print('HARM')
""",
    "the host's memory by proc": """
f = open(f'/proc/{HOST}/mem', 'rb', buffering=0); f.seek(ADDRESS); print(f.read(LENGTH))
""",
    "the host's memory by process_vm_readv": LIBC + """
class Vector(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
b = ctypes.create_string_buffer(LENGTH)
mine, theirs = Vector(ctypes.addressof(b), LENGTH), Vector(ADDRESS, LENGTH)
libc.process_vm_readv(HOST, ctypes.byref(mine), ctypes.c_ulong(1), ctypes.byref(theirs),
                      ctypes.c_ulong(1), ctypes.c_ulong(0))
print(b.raw)
""",
    'ptrace': LIBC + """
if libc.ptrace(0x4206, VICTIM, None, None) == 0:
    print('HARM')
""",
    "a descriptor of the host's": LIBC + """
fd = libc.syscall(434, VICTIM, 0)
if fd >= 0 and libc.syscall(438, fd, 0, 0) >= 0:
    print('HARM')
""",
    # ---- the network ---------------------------------------------------------------------------
    'tcp': """
import socket
socket.create_connection(('127.0.0.1', PORT), 1); print('HARM')
""",
    'udp': """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT)); print('HARM')
""",
    'tcp over ipv6': "import socket; socket.socket(socket.AF_INET6); print('HARM')",
    'a listener': """
import socket
socket.create_server(('127.0.0.1', 0)); print('HARM')
""",
    'a socket in the file system': """
import socket
s = socket.socket(socket.AF_UNIX); s.connect(SOCKET); print('HARM')
""",
    'a socket pair': "import socket; socket.socketpair(); print('HARM')",
    'netlink': 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); print("HARM")',
    'urllib': """
import urllib.request
try:
    urllib.request.urlopen(f'http://127.0.0.1:{PORT}', timeout=1)
except urllib.error.URLError as error:
    raise
except Exception:
    print('HARM')
""",
    'asyncio': """
import asyncio
asyncio.run(asyncio.open_connection('127.0.0.1', PORT)); print('HARM')
""",
    'socket by its number': LIBC + """
if libc.syscall(41 if os.uname().machine == 'x86_64' else 198, 2, 1, 0) >= 0:
    print('HARM')
""",
    'io_uring': LIBC + """
if libc.syscall(425, 4, ctypes.create_string_buffer(120)) >= 0 or ctypes.get_errno() == 14:
    print('HARM')
""",
    # ---- processes -----------------------------------------------------------------------------
    'fork': """
if os.fork() == 0:
    time.sleep(20); os._exit(0)
print('HARM')
""",
    'a fork bomb': """
for _ in range(6):
    if os.fork() == 0:
        time.sleep(20); os._exit(0)
print('HARM')
""",
    'a daemon in its own session': """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(20)
    os._exit(0)
print('HARM')
""",
    'vfork': LIBC + """
if libc.fork() == 0:
    time.sleep(20); os._exit(0)
print('HARM' if ctypes.get_errno() == 0 else 'refused')
""",
    'clone by its number': LIBC + """
made = libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 17, 0, 0, 0, 0)
if made == 0:
    time.sleep(20); os._exit(0)
print('HARM' if made > 0 else 'refused')
""",
    'clone3': LIBC + """
arguments = (ctypes.c_ulong * 8)(0, 0, 0, 0, 17, 0, 0, 0)
made = libc.syscall(435, arguments, 64)
if made == 0:
    time.sleep(20); os._exit(0)
print('HARM' if made > 0 else 'refused')
""",
    'os.system': "os.system(f'touch {OUT}')",
    'subprocess': "import subprocess; subprocess.run(['true'], check=True); print('HARM')",
    'posix_spawn': """
os.posix_spawn('/bin/sh', ['sh', '-c', f'touch {OUT}'], {}); time.sleep(0.5)
""",
    'multiprocessing': """
import multiprocessing
p = multiprocessing.get_context('fork').Process(target=time.sleep, args=(20,)); p.start()
print('HARM')
""",
    'forkpty': """
import pty
pid, _ = pty.fork()
if pid == 0:
    time.sleep(20); os._exit(0)
print('HARM')
""",
    'exec': """
for fd in (1, *range(3, 20)):  # its way to the host too, so that this does not end it
    try:
        os.set_inheritable(fd, True)
    except OSError:
        pass
os.execv('/bin/echo', ['echo', 'HARM'])
""",
    'a user namespace': LIBC + """
if libc.unshare(0x10000000) == 0:
    print('HARM')
""",
    # ---- signals and other processes -----------------------------------------------------------
    'kill': 'os.kill(VICTIM, 9)',
    'kill the group': 'os.killpg(os.getpgid(VICTIM), 9)',
    'a pidfd': """
import signal
signal.pidfd_send_signal(os.pidfd_open(VICTIM), 9)
""",
    'tgkill': LIBC + """
libc.syscall(234 if os.uname().machine == 'x86_64' else 131, VICTIM, VICTIM, 9)
""",
    'a signal by descriptor owner': """
import fcntl
r, w = os.pipe()
fcntl.fcntl(r, fcntl.F_SETOWN, VICTIM); fcntl.fcntl(r, 10, 9)
fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC); os.write(w, b'x')
""",
    "another's limits": """
import resource
resource.prlimit(VICTIM, resource.RLIMIT_CORE, (0, 0)); print('HARM')
""",
    'its own limits': """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10)); print('HARM')
""",
    "another's priority": "os.setpriority(os.PRIO_PROCESS, VICTIM, 5); print('HARM')",
    "another's processors": 'os.sched_setaffinity(VICTIM, {0}); print("HARM")',
    'outliving its parent': LIBC + """
if libc.prctl(1, 0, 0, 0, 0) == 0:
    print('HARM')
""",
    # ---- using up ------------------------------------------------------------------------------
    'memory': "x = np.ones(80 << 20); print('HARM')",
    'memory shared with nobody': "import mmap; x = mmap.mmap(-1, 640 << 20); print('HARM')",
    'a memfd': """
fd = os.memfd_create('bomb')
for _ in range(64):
    os.write(fd, bytes(1 << 20))
print('HARM')
""",
    'System V memory': LIBC + """
if libc.shmget(0, 1 << 20, 0o1600) >= 0:
    print('HARM')
""",
    'one large file': """
with open('large', 'wb') as f:
    for _ in range(160):
        f.write(bytes(1 << 20))
print('HARM'); os.unlink('large')
""",
    'descriptors': """
held = [os.open('/dev/null', 0) for _ in range(5000)]
print('HARM')
""",
    'a key ring': LIBC + """
if libc.syscall(248 if os.uname().machine == 'x86_64' else 217, b'user', b'x', b'y', 1, -2) > 0:
    print('HARM')
""",
    'userfaultfd': LIBC + """
if libc.syscall(323 if os.uname().machine == 'x86_64' else 282, 1) >= 0:
    print('HARM')
""",
    'bpf': LIBC + """
a = ctypes.create_string_buffer((1).to_bytes(4, 'little') + (4).to_bytes(4, 'little') * 2
                                + (1).to_bytes(4, 'little') + bytes(100))
if libc.syscall(321 if os.uname().machine == 'x86_64' else 280, 0, a, 72) >= 0:
    print('HARM')
""",
    'perf events': LIBC + """
a = ctypes.create_string_buffer((1).to_bytes(4, 'little') + (112).to_bytes(4, 'little')
                                + bytes(104))
libc.syscall(298 if os.uname().machine == 'x86_64' else 241, a, 0, -1, -1, 0)
print('HARM' if ctypes.get_errno() not in (1, 38) else 'refused')
""",
}

#: What the sandbox of a test machine may forbid by itself, to anybody.
MAY_FAIL_ANYWAY = frozenset({
    'bpf', 'perf events', 'userfaultfd', 'io_uring', 'a key ring', 'ptrace',
    "a descriptor of the host's", "the host's memory by process_vm_readv",
    "the host's memory by proc", 'unmounting and mounting', 'a user namespace', 'chown', 'mknod',
    'open_tree and friends', 'tcp over ipv6', 'a hard link in the scratch'})
