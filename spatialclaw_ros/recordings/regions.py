"""Regions and frame numbers as people write them: on the command line and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
import json
import math
import operator
from pathlib import Path
import re
from typing import Any

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.scene import Region

_NUMBER = r'\s*([-+]?\d+(?:\.\d*)?)\s*'
_REGION = re.compile(rf'(.+)=\s*(\d+)\s*:{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}')


def parse_region(text: str) -> Region:
    """Region from ``NAME=FRAME:x1,y1,x2,y2`` (pixels, half-open); raises BadGoal otherwise."""
    match = _REGION.fullmatch(text.strip())
    if match is None or not match[1].strip():
        raise BadGoal(
            f'region {text!r} is not NAME=FRAME:x1,y1,x2,y2 (pixels), as in mug=0:443,290,487,352')
    x1, y1, x2, y2 = (float(match[i]) for i in range(3, 7))
    return _checked(Region(match[1].strip(), int(match[2]), (x1, y1, x2, y2)))


def parse_frames(text: str) -> list[int]:
    """Frame numbers of ``0,3,7``; raises BadGoal for anything else."""
    try:
        return [int(part) for part in text.split(',')]
    except ValueError:
        raise BadGoal(f'frames {text!r} is not a list of frame numbers such as 0,3,7') from None


def regions_from(table: Mapping[str, Any]) -> list[Region]:
    """Regions from ``{name: [{"frame": n, "box": [x1, y1, x2, y2]}, …]}``; BadGoal otherwise."""
    regions = []
    for name, entries in table.items():
        if not str(name).strip():
            raise BadGoal('a region has no name; give {"name": [{"frame": n, "box": […]}]}')
        for entry in entries if isinstance(entries, list) else [entries]:
            try:
                x1, y1, x2, y2 = (float(value) for value in entry['box'])
                frame = operator.index(entry['frame'])
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise BadGoal(
                    f'region {name!r}: {str(entry)[:80]} is not '
                    '{"frame": n, "box": [x1, y1, x2, y2]}') from error
            regions.append(_checked(Region(str(name).strip(), frame, (x1, y1, x2, y2))))
    return regions


def read_regions(path: Path | str) -> list[Region]:
    """Regions from a JSON file in the form of `regions_from`; raises BadGoal naming the file."""
    path = Path(path)
    try:
        table = json.loads(path.read_text('utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise BadGoal(f'{path}: no regions can be read from it ({error})') from error
    if not isinstance(table, dict):
        raise BadGoal(f'{path}: expected {{name: [{{"frame": n, "box": [x1, y1, x2, y2]}}]}}')
    return regions_from(table)


def _checked(region: Region) -> Region:
    if region.box is not None and not all(map(math.isfinite, region.box)):
        raise BadGoal(f'region {region.name!r}: box {region.box} must be four finite pixels')
    if region.box is not None and not (
            region.box[0] < region.box[2] and region.box[1] < region.box[3]):
        raise BadGoal(
            f'region {region.name!r}: box {region.box} has no area; give x1,y1,x2,y2 with '
            'x1 < x2 and y1 < y2')
    return region
