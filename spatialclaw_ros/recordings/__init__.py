"""Readers and writers of recordings: BOP scene folders, rosbag2 and MCAP."""

from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.recording import Recording
from spatialclaw_ros.recordings.regions import parse_region
from spatialclaw_ros.recordings.regions import read_regions

__all__ = ['Recording', 'RecordingError', 'open_recording', 'parse_region', 'read_regions']
