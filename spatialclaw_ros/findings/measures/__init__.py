"""Measures between visible surfaces, each a finding with value, unit, sigma and interval."""

from spatialclaw_ros.findings.agreement import agrees
from spatialclaw_ros.findings.agreement import reconcile
from spatialclaw_ros.findings.measures.closest import closest_distance
from spatialclaw_ros.findings.measures.counting import count
from spatialclaw_ros.findings.measures.extents import extent
from spatialclaw_ros.findings.measures.extents import gap
from spatialclaw_ros.findings.measures.extents import size
from spatialclaw_ros.findings.measures.heights import height
from spatialclaw_ros.findings.measures.heights import support_of
from spatialclaw_ros.findings.measures.heights import top_along
from spatialclaw_ros.findings.measures.motion import check_still
from spatialclaw_ros.findings.measures.motion import track
from spatialclaw_ros.findings.measures.places import centroid_distance
from spatialclaw_ros.findings.measures.places import position
from spatialclaw_ros.findings.measures.planes import angle_between
from spatialclaw_ros.findings.measures.planes import camera_angle
from spatialclaw_ros.findings.measures.planes import camera_height
from spatialclaw_ros.findings.measures.planes import found_plane
from spatialclaw_ros.findings.measures.planes import lean
from spatialclaw_ros.findings.measures.planes import plane
from spatialclaw_ros.findings.measures.planes import tilt
from spatialclaw_ros.findings.measures.rates import approach
from spatialclaw_ros.findings.measures.rates import displacement
from spatialclaw_ros.findings.measures.rates import speed
from spatialclaw_ros.findings.measures.relations import chosen
from spatialclaw_ros.findings.measures.relations import direction
from spatialclaw_ros.findings.measures.relations import facing
from spatialclaw_ros.findings.measures.relations import fits
from spatialclaw_ros.findings.measures.relations import Viewpoint
from spatialclaw_ros.findings.measures.standing import above
from spatialclaw_ros.findings.measures.standing import on

__all__ = [
    'above', 'agrees', 'angle_between', 'approach', 'camera_angle', 'camera_height',
    'centroid_distance', 'check_still', 'chosen', 'closest_distance', 'count', 'direction',
    'displacement', 'extent', 'facing', 'fits', 'found_plane', 'gap', 'height', 'lean', 'on',
    'plane', 'position', 'reconcile', 'size', 'speed', 'support_of', 'tilt',
    'top_along', 'track', 'Viewpoint']
