"""Libraries that cells find by name: the light ones at once, the heavy ones when first used."""

from __future__ import annotations

import collections
from collections.abc import Callable
import functools
import importlib
import itertools
import json
import math
import re
import sys
import types
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
import scipy
from scipy import ndimage
from scipy import optimize
from scipy import signal
from scipy import spatial
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
import scipy.spatial.transform

from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

Image.preinit()


def preimported() -> dict[str, Any]:
    """Name → library of everything a cell can use without an import."""
    return {
        'np': np, 'math': math, 'plt': plt, 'matplotlib': matplotlib, 'scipy': scipy,
        'ndimage': ndimage, 'spatial': spatial, 'signal': signal, 'optimize': optimize,
        'collections': collections, 'itertools': itertools, 'functools': functools, 're': re,
        'json': json, 'KDTree': KDTree, 'cdist': cdist}


class LazyLibrary(types.ModuleType):
    """Stands for a library until its first use; its functions take FrameImages as arrays."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(_loaded(self.__name__, self), name)
        if isinstance(found, types.BuiltinFunctionType):
            found = _taking_images(found)
        if not name.startswith('__'):
            setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return dir(_loaded(self.__name__, self))

    def __repr__(self) -> str:
        return f'<module {self.__name__!r}, loaded when first used>'


def lazy_library(name: str) -> LazyLibrary:
    """Library `name`, also for `import name`; loaded when first used."""
    lazy = LazyLibrary(name)
    if name not in sys.modules:
        sys.modules[name] = lazy
    return lazy


@functools.cache
def _loaded(name: str, lazy: types.ModuleType) -> types.ModuleType:
    placed = sys.modules.get(name) is lazy
    if placed:
        del sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f'{name} is not installed here: {error}') from error
    finally:
        if placed:
            sys.modules[name] = lazy


def _taking_images(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        return function(*map(_as_array, args),
                        **{name: _as_array(value) for name, value in keywords.items()})

    return call


def _as_array(value: Any) -> Any:
    if isinstance(value, (FrameImage, VisualFeedback)):
        return np.asarray(value)
    return value
