from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
import sys
from typing import Any

import matplotlib.pyplot as plt
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'session'))

from bench import Bench
import box_world


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    kept = {name: sys.modules.get(name) for name in ('cv2', 'open3d')}
    before, show = set(sys.modules), plt.show

    def make(window: Any = None, **options: Any) -> Bench:
        return Bench(window or box_world.window(), **options)

    yield make
    plt.show = show
    for name in set(sys.modules) - before:
        if name.split('.')[0] in ('tools', 'vlm', 'feedback'):
            del sys.modules[name]
    for name, module in kept.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module
