"""Run every benchmark of this folder, one after another."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

HELPERS = {'run_all.py', 'measure.py'}


def main() -> int:
    """1 when one of them failed."""
    status = 0
    for path in sorted(Path(__file__).parent.glob('*.py')):
        if path.name not in HELPERS:
            print(f'-- {path.stem}', flush=True)
            status |= subprocess.call([sys.executable, str(path)])
    return min(status, 1)


if __name__ == '__main__':
    sys.exit(main())
