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
from scipy import spatial
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
import scipy.spatial.transform

from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

Image.preinit()

_LAZY = {'cv2': 'cv2', 'o3d': 'open3d', 'signal': 'scipy.signal', 'optimize': 'scipy.optimize'}


def preimported() -> dict[str, Any]:
    """Name → library of everything a cell can use without an import.

    What takes long to load and is seldom used is loaded when it is: a kernel is then forked faster.
    """
    return {
        'np': np, 'math': math, 'plt': plt, 'matplotlib': matplotlib, 'scipy': scipy,
        'ndimage': ndimage, 'spatial': spatial, 'collections': collections,
        'itertools': itertools, 'functools': functools, 're': re, 'json': json,
        'KDTree': KDTree, 'cdist': cdist,
        **{name: lazy_library(library) for name, library in _LAZY.items()}}


class LazyLibrary(types.ModuleType):
    """Stands for a library until its first use; its functions take FrameImages as arrays."""

    def __init__(self, name: str, loaded: types.ModuleType | None) -> None:
        """Stand for library `name`; `loaded` is it where it is loaded already."""
        super().__init__(name)
        vars(self)['_library'] = loaded

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._load(), name)
        if isinstance(found, types.BuiltinFunctionType):
            found = _taking_images(found)
        if not name.startswith('__'):
            setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return dir(self._load())

    def __repr__(self) -> str:
        return f'<module {self.__name__!r}, loaded when first used>'

    def _load(self) -> types.ModuleType:
        if self._library is None:
            name = self.__name__
            sys.modules.pop(name, None)
            try:
                vars(self)['_library'] = importlib.import_module(name)
            except ImportError as error:
                raise ImportError(f'{name} is not installed here: {error}') from error
            finally:
                sys.modules[name] = self
        library: types.ModuleType = self._library
        return library


def lazy_library(name: str) -> LazyLibrary:
    """Library `name`, also for `import name`; loaded when first used."""
    found = sys.modules.get(name)
    lazy = found if isinstance(found, LazyLibrary) else LazyLibrary(name, found)
    sys.modules[name] = lazy
    return lazy


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
