"""Cells that try to read or change files they must not, and to get at the means; see attacks."""

from __future__ import annotations

LIBC = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
"""

#: Name → cell.
ON_FILES: dict[str, str] = {
    # ---- to the interpreter's inside, then out -------------------------------------------------
    'subclasses to os.system': """
for c in ().__class__.__base__.__subclasses__():
    if c.__name__ == '_wrap_close':
        if c.__init__.__globals__['system'](f'touch {OUT}') == 0:
            print('HARM')
""",
    'numpy to builtins to open': """
print(np.core.__builtins__['open'](SECRET).read() if hasattr(np, 'core')
      else np.lib.__builtins__['open'](SECRET).read())
""",
    'a frame of the host code': """
f = sys._getframe()
while f.f_back:
    f = f.f_back
print(f.f_globals['__builtins__'].open(SECRET).read()
      if not isinstance(f.f_globals['__builtins__'], dict)
      else f.f_globals['__builtins__']['open'](SECRET).read())
""",
    'the module that imports modules': """
import importlib
print(importlib._bootstrap_external.FileLoader('x', SECRET).get_data(SECRET))
""",
    # ---- reading files -------------------------------------------------------------------------
    'open': 'print(open(SECRET).read())',
    'io.FileIO': 'import io; print(io.FileIO(SECRET).read())',
    'os.open': 'print(os.read(os.open(SECRET, 0), 100))',
    'pathlib': 'import pathlib; print(pathlib.Path(SECRET).read_bytes())',
    'np.fromfile': 'print(np.fromfile(SECRET, np.uint8).tobytes())',
    'np.loadtxt': 'print(np.loadtxt(SECRET, dtype=str))',
    'np.memmap': "print(np.memmap(SECRET, np.uint8, 'r').tobytes())",
    'linecache': 'import linecache; print(linecache.getlines(SECRET))',
    'cv2.FileStorage': """
import cv2
cv2.FileStorage(OUT + '.yml', cv2.FILE_STORAGE_WRITE).release()
""",
    'scipy.io': 'import scipy.io; print(scipy.io.FortranFile(SECRET)._fp.read())',
    'sqlite': """
import sqlite3
c = sqlite3.connect(OUT)
c.execute('create table t (x)')
""",
    'mmap': """
import mmap
print(mmap.mmap(os.open(SECRET, 0), 0, prot=mmap.PROT_READ)[:])
""",
    'shutil to the scratch': "import shutil; print(open(shutil.copy(SECRET, 'copy')).read())",
    'a symlink in the scratch': "os.symlink(SECRET, 'link'); print(open('link').read())",
    'a hard link in the scratch': "os.link(SECRET, 'hard'); print(open('hard').read())",
    '/proc/self/root': "print(open('/proc/self/root' + SECRET).read())",
    'dotdot from the scratch': "print(open('../' * 20 + SECRET).read())",
    'ctypes open': LIBC + """
b = ctypes.create_string_buffer(100)
libc.read(libc.open(SECRET.encode(), 0), b, 100)
print(b.value)
""",
    'ctypes by another name': """
c = __import__('importlib').import_module('cty' + 'pes').CDLL(None)
b = (sys.modules['ctypes'].c_char * 100)()
c.read(c.open(SECRET.encode(), 0), b, 100)
print(bytes(b))
""",
    'numpy.ctypeslib': """
c = np.ctypeslib.ctypes.PyDLL(None)
b = np.zeros(100, np.uint8)
c.read(c.open(SECRET.encode(), 0), b.ctypes.data_as(np.ctypeslib.ctypes.c_void_p), 100)
print(b.tobytes())
""",
    'openat by its number': LIBC + """
number = 257 if os.uname().machine == 'x86_64' else 56
b = ctypes.create_string_buffer(100)
libc.read(libc.syscall(number, -100, SECRET.encode(), 0), b, 100)
print(b.value)
""",
    'open_tree and friends': LIBC + """
fd = libc.syscall(428, -100, SECRET.encode(), 0)
if fd >= 0:
    print(open(f'/proc/self/fd/{fd}').read())
""",
    # ---- changing files ------------------------------------------------------------------------
    'write': "open(CANARY, 'w').write('changed')",
    'append': "open(CANARY, 'a').write('more')",
    'O_TRUNC while reading': 'os.open(CANARY, os.O_RDONLY | os.O_TRUNC)',
    'truncate': 'os.truncate(CANARY, 0)',
    'rename': "os.rename(CANARY, CANARY + '.moved')",
    'unlink': 'os.unlink(CANARY)',
    'replace': "open('mine', 'w').write('x'); os.replace('mine', CANARY)",
    'chmod': 'os.chmod(CANARY, 0o777)',
    'chown': 'os.chown(CANARY, 12345, 12345)',
    'utime': 'os.utime(CANARY, (1, 1))',
    'memmap r+': "np.memmap(CANARY, np.uint8, 'r+')[:] = 0",
    'np.save': 'np.save(OUT, np.ones(3))',
    'np.savetxt': 'np.savetxt(OUT, np.ones(3))',
    'tofile': 'np.ones(3).tofile(OUT)',
    'cv2.imwrite': "import cv2; cv2.imwrite(OUT + '.png', np.zeros((4, 4), np.uint8))",
    'savemat': "import scipy.io; scipy.io.savemat(OUT, {'x': np.ones(3)})",
    'savefig': """
import matplotlib
matplotlib.use('agg')
import matplotlib.pyplot as plt
plt.figure(figsize=(1, 1)); plt.savefig(OUT + '.png')
""",
    'mkdir': 'os.mkdir(OUT)',
    'mkfifo': 'os.mkfifo(OUT)',
    'mknod': 'os.mknod(OUT, 0o100600)',
    'symlink': "os.symlink('/etc', OUT)",
    'ctypes creat': LIBC + 'libc.creat(OUT.encode(), 0o600)',
    'a shared memory file': """
import uuid
name = f'/dev/shm/spatialclaw-attack-{uuid.uuid4().hex}'
open(name, 'w').write('x'); os.unlink(name); print('HARM')
""",
    'a core pattern': "open('/proc/self/coredump_filter', 'w').write('0x33'); print('HARM')",
    'its own memory through proc': """
x = bytearray(b'before')
import ctypes
at = ctypes.addressof(ctypes.c_char.from_buffer(x))
f = open('/proc/self/mem', 'r+b', buffering=0); f.seek(at); f.write(b'after!')
if x == b'after!':
    print('HARM')
""",
    'unmounting and mounting': LIBC + """
if libc.unshare(0x10020000) == 0:
    print('HARM')
""",
}
