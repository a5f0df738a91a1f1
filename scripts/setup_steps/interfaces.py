"""Build ROS interface packages with plain CMake into the virtual environment's prefix."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import re
import shutil
import subprocess

from .progress import run
from .progress import say
from .stamps import digest
from .stamps import Stamp

# The wheels' exported CMake files name the folders of the machine they were built on.
_FOREIGN_INCLUDE = re.compile(r'/opt/python/cp\d+-cp\d+/(include/python\d\.\d+|lib/[^;"]*?include)')


def build_all(
    levels: list[list[Path]], venv: Path, env: dict[str, str], build_dir: Path,
) -> bool:
    """
    Build interface packages level by level; those of one level have no need of one another.

    What is up to date by its stamp is skipped, and a package is rebuilt when one of an earlier
    level changed, or what `env`, the environment of the build, names as prefixes. Says whether
    anything was built.
    """
    adapt_exports(venv)
    built = False
    below: list[Path] = []
    for level in levels:
        due = []
        for source in level:
            stamp = Stamp(
                venv / 'stamps' / f'{source.name}.sha256',
                digest([*below, source], env['CMAKE_PREFIX_PATH'], _wheels(venv, source)))
            if not stamp.fresh():
                due.append((source, stamp))
        with ThreadPoolExecutor(max_workers=max(len(due), 1)) as pool:
            for done in [pool.submit(_build, s, t, venv, env, build_dir) for s, t in due]:
                done.result()
        built = built or bool(due)
        below += level
    return built


def adapt_exports(venv: Path) -> None:
    """Point the include folders in the wheels' exported CMake files at this environment's."""
    stale = []
    for file in venv.glob('share/*/cmake/*Export.cmake'):
        text = file.read_text()
        if '/opt/python/' in text:
            stale.append((file, text))
    if not stale:
        return
    say("pointing the wheels' CMake files at this Python")
    python_include, numpy_include = subprocess.run(
        [venv / 'bin' / 'python', '-c',
         'import sysconfig, numpy; print(sysconfig.get_paths()["include"]); '
         'print(numpy.get_include())'],
        check=True, capture_output=True, text=True).stdout.splitlines()
    for file, text in stale:
        file.write_text(_FOREIGN_INCLUDE.sub(
            lambda m: numpy_include if 'numpy' in m.group(1) else python_include, text))


def _build(source: Path, stamp: Stamp, venv: Path, env: dict[str, str], build_dir: Path) -> None:
    name = source.name
    work = build_dir / name
    log = build_dir / f'{name}.log'
    stamp.clear()
    shutil.rmtree(work, ignore_errors=True)
    _remove_installed(venv, name)
    site = next((venv / 'lib').glob('python3.*/site-packages'))
    run(['cmake', '-S', source, '-B', work, '-DBUILD_TESTING=OFF', '-DCMAKE_BUILD_TYPE=Release',
         f'-DCMAKE_INSTALL_PREFIX={venv}', f'-DPYTHON_INSTALL_DIR={site.relative_to(venv)}',
         f'-DPython3_EXECUTABLE={venv / "bin" / "python"}', '-DPython3_FIND_VIRTUALENV=ONLY'],
        f'{name}: configure', log, env)
    run(['cmake', '--build', work, '--parallel', str(os.cpu_count() or 2)],
        f'{name}: compile', log, env, expect='up to a minute')
    run(['cmake', '--install', work], f'{name}: install', log, env)
    manifest = venv / 'stamps' / f'{name}.files'
    manifest.parent.mkdir(exist_ok=True)
    shutil.copyfile(work / 'install_manifest.txt', manifest)
    shutil.rmtree(work)
    stamp.write()


def _remove_installed(venv: Path, name: str) -> None:
    """Remove what the last build installed, so that a deleted message does not live on."""
    manifest = venv / 'stamps' / f'{name}.files'
    if not manifest.is_file():
        return
    for line in manifest.read_text().splitlines():
        file = Path(line)
        if venv in file.parents:
            file.unlink(missing_ok=True)


def _wheels(venv: Path, source: Path) -> str:
    """Name the installed wheels that the code generated for a package depends on."""
    depends = re.findall(r'<depend>\s*(\w+)\s*</depend>', (source / 'package.xml').read_text())
    site = next(venv.glob('lib/python3.*/site-packages'))
    wheels = [p for name in ('rosidl_*', *depends) for p in site.glob(f'ros_{name}-*.dist-info')]
    return ' '.join(sorted(str(p.relative_to(venv)) for p in wheels))
