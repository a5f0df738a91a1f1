"""The courtesy check: explains what a cell cannot do before it tries.

No wall: whoever wants to get around it does, and then stands before the process's own walls.
"""

from __future__ import annotations

import ast
from collections.abc import Container

_FILES = ('files are out of reach here: frames come as InputImages, their depth as '
          'InputImages[i].depth, pictures go out with show(...), text with print(...)')
_PROCESS = ('a cell is one process and starts none: call tools.*, numpy, scipy or cv2 directly')
_NETWORK = ('there is no network here: perception is called as tools.*, the model as '
            'vlm.locate(image, question) and vlm.ask(images, question)')
_THREADS = 'threads do not outlive their cell: write a loop or an array expression'
_NATIVE = 'native code is out of reach here: use numpy, scipy or cv2'
_IMPORTS = 'import the library itself: numpy, scipy, cv2, PIL and matplotlib are at hand'
_STORE = 'variables live on from cell to cell, so nothing needs to be stored'
_MODELS = ('models run outside the cell: use tools.Reconstruct, tools.SAM3 and vlm')
_ROBOT = ('a cell holds no robot handle: what is to be published goes into '
          'ReturnAnswer(answer, evidence=[...])')
_INTERPRETER = 'the interpreter is out of reach here: print, raise and the names given do'

_REASONS = {
    _FILES: 'os pathlib shutil tempfile glob fileinput posix zipfile tarfile',
    _PROCESS: 'subprocess multiprocessing pty signal resource fcntl sched',
    _NETWORK: ('socket socketserver ssl http urllib urllib3 requests httpx aiohttp ftplib smtplib '
               'xmlrpc asyncio webbrowser websockets openai'),
    _THREADS: 'threading _thread concurrent',
    _NATIVE: 'ctypes _ctypes cffi mmap',
    _IMPORTS: 'importlib imp runpy pkgutil zipimport pip',
    _STORE: 'pickle cPickle dill cloudpickle marshal shelve joblib sqlite3 dbm',
    _MODELS: 'torch torchvision tensorflow jax transformers onnxruntime ultralytics',
    _ROBOT: 'rclpy rospy tf2_ros',
    _INTERPRETER: 'sys builtins gc inspect code codeop IPython',
}
_MODULES = {name: reason for reason, names in _REASONS.items() for name in names.split()}

_LITERALS = ('to read a literal use ast.literal_eval or json.loads; what vlm.locate returns has '
             '.box and .point already')
_INLINE = 'write the code in the cell itself'
_BUILTINS = {
    'open': _FILES,
    'eval': _LITERALS,
    'exec': _INLINE,
    'compile': _INLINE,
    '__import__': 'write an import statement',
    'input': 'nobody answers here: ask the model with vlm.ask(images, question)',
    'breakpoint': 'nobody is at the terminal: print what you want to see',
}
_MOST_LINES = 5


def refusals(tree: ast.AST, defined: Container[str] = ()) -> list[str]:
    """Why the cell `tree` is not run, one line for each reason; empty when it may run.

    A name of `defined`, or one that the cell itself assigns, is no builtin.
    """
    used: list[tuple[int, str, str]] = []
    assigned: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            if node.id in _BUILTINS and node.id not in defined:
                if isinstance(node.ctx, ast.Load):
                    used.append((node.lineno, node.id, _BUILTINS[node.id]))
                else:
                    assigned.add(node.id)
            continue
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assigned.add(node.name)
        elif isinstance(node, ast.arg):
            assigned.add(node.arg)
        elif isinstance(node, ast.Import):
            used += [(node.lineno, f'import {alias.name}', _MODULES[root]) for alias in node.names
                     if (root := alias.name.partition('.')[0]) in _MODULES]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            root = (node.module or '').partition('.')[0]
            if root in _MODULES:
                used.append((node.lineno, f'import {node.module}', _MODULES[root]))
        for value in node.__dict__.values():  # in half the time of ast.walk
            if isinstance(value, ast.AST):
                todo.append(value)
            elif isinstance(value, list):
                todo += [item for item in value if isinstance(item, ast.AST)]
    return _lines([item for item in used if item[1] not in assigned])


def _lines(used: list[tuple[int, str, str]]) -> list[str]:
    first: dict[str, str] = {}
    for line, what, reason in sorted(used):
        shown = what if what.startswith('import ') else f'{what}()'
        first.setdefault(what, f'line {line}: {shown} is refused: {reason}')
    lines = list(first.values())
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f'and {len(lines) - _MOST_LINES} more']
    return lines
