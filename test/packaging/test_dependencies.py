"""What package.xml names is what the code imports, no more and no less."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
import re
import sys

from catkin_pkg.package import parse_package

ROOT = Path(__file__).resolve().parents[2]
#: Modules whose package has a key of another name.
KEYS = {'cv2': 'python3-opencv', 'lark': 'python3-lark-parser', 'PIL': 'python3-pil',
        'yaml': 'python3-yaml', **{
    name: f'python3-{name}' for name in ('matplotlib', 'msgpack', 'numpy', 'pygments', 'scipy')}}
#: Only some engines and readers need them, and say so when they are missing: extras of setup.py.
EXTRAS = {
    'open3d', 'openai', 'plotly', 'rosbags', 'depth_anything_3', 'httpx2', 'huggingface_hub',
    'omegaconf', 'safetensors', 'starlette', 'torch', 'transformers', 'uvicorn'}
#: Their packages in setup.py; Depth Anything 3's own must come without its dependencies.
ALONE = {'depth_anything_3'}


def imported(folder: Path) -> Iterator[str]:
    for path in folder.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (name.name.split('.')[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split('.')[0]


def test_every_dependency_is_imported_and_every_import_is_a_dependency() -> None:
    modules = {*imported(ROOT / 'spatialclaw_ros'), *imported(ROOT / 'launch')}
    outside = modules - set(sys.stdlib_module_names) - {'spatialclaw_ros'}
    package = parse_package(str(ROOT / 'package.xml'))
    named = {dependency.name for dependency in package.exec_depends}
    launched = {name for path in (ROOT / 'launch').iterdir() if path.is_file()
                for name in re.findall(r"package='(\w+)'", path.read_text())}
    needed = {KEYS.get(name, name) for name in outside - EXTRAS} | launched
    assert needed - {'spatialclaw_ros'} == named
    setup = (ROOT / 'setup.py').read_text()
    assert outside >= EXTRAS
    for name in EXTRAS - ALONE:
        assert re.search(f"'{name.replace('_', '-')}(-cpu)?'", setup), name
