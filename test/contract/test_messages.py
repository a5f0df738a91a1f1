"""
The messages the product exchanges with other packages are theirs to the last field.

The hash covers names, types and order of all fields, nested ones included (REP 2011); these are
the released packages' own. Runs unchanged against the underlay or the real packages.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest


@pytest.mark.parametrize(('package', 'message', 'released'), [
    ('tf2_msgs', 'TFMessage', 'e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'),
    ('vision_msgs', 'Detection2DArray',
     '214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968'),
    ('vision_msgs', 'Detection3DArray',
     '793f5eab9595ac1c0da07873cc859db42eae51f0ee76056db8562515d830e018'),
    ('vision_msgs', 'LabelInfo',
     '3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783'),
])
def test_type_hash(package, message, released):
    module = importlib.import_module(package)
    assert module.__file__ is not None
    prefix = Path(module.__file__).parents[4]
    described = json.loads(
        (prefix / 'share' / package / 'msg' / f'{message}.json').read_text())
    hashes = {each['type_name']: each['hash_string'] for each in described['type_hashes']}
    assert hashes[f'{package}/msg/{message}'] == f'RIHS01_{released}'
