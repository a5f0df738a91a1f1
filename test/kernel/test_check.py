from __future__ import annotations

import ast

import pytest

from spatialclaw_ros.kernel.check import refusals


@pytest.mark.parametrize('code', [
    'import re\npattern = re.compile("a")',
    'model.eval()',
    'import ast\nast.literal_eval("[1]")',
    'from PIL import Image\nImage.open(picture)',
    'import numpy as np, scipy.spatial',
    'from tools import SAM3\nimport tools',
    'input = InputImages[0]\nprint(input.size)',
    'def compile(x): return x\ncompile(1)',
    'def f(input): return input + 1',
    'os = 3\nprint(os)',
    'from . import os',
    'import osqp_like',
])
def test_what_is_fine(code):
    assert refusals(ast.parse(code)) == []


@pytest.mark.parametrize('code', [
    'import os', 'import os.path as p', 'from os import path', 'import sys', 'import subprocess',
    'import numpy, socket', 'import ctypes', 'from importlib import reload',
    'import multiprocessing', 'import threading', 'import signal', 'import pickle', 'import shutil',
    'import http.client', 'from urllib.request import urlopen', 'import requests', 'import torch',
    'def f():\n    import os', 'open("x")', 'exec("1")', 'y = eval(text)', 'compile("1", "", "x")',
    '__import__("os")', 'input()', 'breakpoint()', 'values = list(map(eval, texts))',
])
def test_what_is_refused_says_why_in_one_line(code):
    (line,) = refusals(ast.parse(code))
    assert line.startswith('line ')
    assert ' is refused: ' in line
    assert len(line) < 260


def test_each_reason_is_given_once_with_its_first_line():
    lines = refusals(ast.parse('x = 1\nopen("a")\nopen("b")\nimport os'))
    assert [line.split(' is refused')[0] for line in lines] == ['line 2: open()',
                                                               'line 4: import os']


def test_a_long_list_is_cut():
    lines = refusals(ast.parse('import os, sys, socket, ctypes, pickle, torch, shutil'))
    assert len(lines) == 6
    assert lines[-1] == 'and 2 more'


def test_a_name_of_an_earlier_cell_is_no_builtin():
    assert refusals(ast.parse('open(1)'), {'open': 1}) == []
