"""What a command looks at: a recording, its frames and the regions drawn on them."""

from __future__ import annotations

import argparse
from pathlib import Path

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import parse_frames
from spatialclaw_ros.recordings.regions import parse_region
from spatialclaw_ros.recordings.regions import read_regions
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is looked at."""
    parser.add_argument(
        '--recording', type=Path, metavar='PATH',
        help='a BOP scene folder, or a rosbag2 (folder, .mcap or .db3)')
    parser.add_argument(
        '--region', action='append', default=[], metavar='NAME=FRAME:x1,y1,x2,y2',
        help='a named box on a frame, pixels, half-open; may be repeated')
    parser.add_argument(
        '--regions', type=Path, metavar='FILE.json',
        help='named boxes: {"name": [{"frame": 0, "box": [x1, y1, x2, y2]}]}')
    parser.add_argument(
        '--frames', metavar='0,3,7', help='look at these frames of the recording only')
    parser.add_argument(
        '--target-frame', default='', metavar='FRAME',
        help='frame of all geometry in the answer; "camera" and "world" too')


def regions_of(args: argparse.Namespace) -> list[Region]:
    """The regions named by --region and --regions; raises ValueError for one that is malformed."""
    regions = [parse_region(text) for text in args.region]
    if args.regions is not None:
        regions += read_regions(args.regions)
    return regions


def window_of(args: argparse.Namespace) -> FrameWindow:
    """The frames to look at; an empty window without a recording."""
    if args.recording is None:
        if args.region or args.regions is not None or args.frames:
            raise BadGoal('--region, --regions and --frames need --recording PATH')
        return FrameWindow((), 'world')
    frames = None if args.frames is None else parse_frames(args.frames)
    return open_recording(args.recording).window(frames, regions_of(args), args.target_frame)
