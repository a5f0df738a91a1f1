"""Parameters of the server, as declared to ROS and as the node uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from spatialclaw_ros.agent.ask import POLICIES
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.nodes.described import declare
from spatialclaw_ros.nodes.described import Described
from spatialclaw_ros.nodes.described import ParameterError
from spatialclaw_ros.nodes.described import value_of
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import LEAST_EDGE
from spatialclaw_ros.perception.web.token import VARIABLE as TOKEN_VARIABLE
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.perception import RECONSTRUCT
from spatialclaw_ros.session.perception import SEGMENT

_NOISE = DepthNoise()
_ENGINES = EngineSettings()

SERVER = (
    Described('autostart', True, 'Configure and activate the lifecycle node by itself.'),
    Described('cameras', ['camera'], 'Names of the cameras; each has parameters camera.NAME.*'),
    Described('fixed_frame', '', "Continuous frame queries are computed in (odom, an arm's base; "
              'never map). Empty: no TF is expected, each frame is a world of its own.'),
    Described('up', [0.0, 0.0, 1.0], 'Direction against gravity in fixed_frame; zeros: unknown.'),
    Described('viewpoint', 'camera', 'Where left, right, front and behind are said from: camera, '
              'or a TF frame with x forward.', live=True),
    Described('target_frame', '', 'Frame of results when the goal names none. Empty: fixed_frame.',
              live=True),
    Described('target_sigma', [0.0, 0.0], 'One sigma of fixed_frame to target_frame: metres, '
              'radians.', low=0.0),
    Described('buffer.rate', 5.0, 'Most frames a second kept of each camera, Hz; 0: all.', 0.0),
    Described('buffer.seconds', 20.0, 'Oldest frame kept, seconds before the newest.', 0.1),
    Described('buffer.megabytes', 512.0, 'Memory of all frames, conversions included, MB.', 1.0),
    Described('sync.slop', 0.015, 'Largest difference of stamps of one image and its depth, '
              'seconds; at most half a frame period.', 0.0, 1.0),
    Described('sync.wait', 0.5, 'How long an image waits for its depth, labels and detections, '
              'seconds, steady clock.', 0.0),
    Described('sync.queue', 8, 'Messages of each topic that wait to be matched.', 1, 100),
    Described('tf.wait', 0.5, 'How long a frame waits for its transform, seconds, steady clock.',
              0.0),
    Described('tf.queue', 20, 'Frames that wait for their transform.', 1, 1000),
    Described('engines.reconstruct', AUTO, 'What finds depth. auto: the depth camera. '
              'depth_anything_3 and fused run a network.', choices=RECONSTRUCT),
    Described('engines.segment', AUTO, 'What finds masks. auto: regions and label images, as the '
              'frames have them. sam3 runs a network.', choices=SEGMENT),
    Described('engines.server', '', 'URL of a `spatialclaw serve` that runs the networks; its '
              f"token is read from the node's environment, {TOKEN_VARIABLE}. Empty: a child "
              'process of this node runs them.'),
    Described('engines.device', _ENGINES.device, 'Where the child process runs them: auto, cpu, '
              'cuda, cuda:N.'),
    Described('engines.precision', _ENGINES.precision, 'Numbers they compute with.',
              choices=('auto', 'bfloat16', 'float16', 'float32')),
    Described('engines.offline', _ENGINES.offline, 'Never ask the hub for a checkpoint.'),
    Described('engines.sam3', _ENGINES.sam3, 'Checkpoint of SAM 3: a folder, or its name on the '
              'hub.'),
    Described('engines.depth_anything', _ENGINES.depth_anything, 'Checkpoint of Depth Anything 3 '
              'for several frames.'),
    Described('engines.depth_anything_metric', _ENGINES.depth_anything_metric, 'Checkpoint of '
              'Depth Anything 3 for one frame.'),
    Described('engines.views', _ENGINES.views, 'Most frames Depth Anything 3 takes at a time.', 1,
              64),
    Described('engines.edge', _ENGINES.edge, 'Long side of the images Depth Anything 3 takes, '
              'pixels.', LEAST_EDGE, 2048),
    Described('engines.call_seconds', 300.0, 'Limit of one engine call, loading apart.', 0.1),
    Described('policy', 'auto', 'Policy of goals that name none.', choices=POLICIES, live=True),
    Described('model.url', '', 'OpenAI-compatible server of a vision-language model, such as '
              'http://localhost:8000/v1. Empty: no model.'),
    Described('model.name', '', "Name of the model there. Empty: its profile's, or the only one."),
    Described('model.profile', '', 'YAML file that says how the model is asked.'),
    Described('model.key_variable', 'OPENAI_API_KEY', "Environment variable with the server's "
              'key.'),
    Described('max_failures', 4, 'Most failed cells and unusable replies in a row.', 1, 1000),
    Described('max_tokens', 0, 'Most tokens of the model for one goal; 0: no limit.', 0),
    Described('max_images', 100, 'Most pictures sent to the model for one goal.', 0, 10000),
    Described('max_steps', 12, 'Most cells of goals that set no limit.', 1, 1000, live=True),
    Described('timeout', 60.0, 'Longest time of goals that set none, seconds.', 0.1, live=True),
    Described('max_wait', 2.0, 'Longest wait for a frame or transform of goals that set none, '
              'seconds.', 0.0, live=True),
    Described('queries.running', 1, 'Queries worked on at once.', 1, 16),
    Described('queries.waiting', 4, 'Queries that may wait; further goals end BUSY.', 0, 1000),
    Described('kernel.sandbox', 'strict', 'strict: no answer unless system calls are filtered '
              'and files confined. available: the walls there can be; each result says which.',
              choices=('strict', 'available')),
    Described('kernel.cell_seconds', 60.0, 'Limit of one cell, tool calls not counted.', 0.1),
    Described('kernel.arena_megabytes', 64, 'Memory a cell can send arrays through, MB.', 1, 4096),
    Described('transcripts', '', 'Folder for the transcript of each query. Empty: none.'),
    Described('marker_lifetime', 60.0, 'How long markers stay in RViz, seconds.', 0.1),
    Described('result_timeout', 60, 'How long a result is kept for its client, seconds.', 1),
)


def camera_parameters(name: str) -> tuple[Described, ...]:
    """Parameters of one camera; topics are relative and can be remapped."""
    at = f'camera.{name}.'
    return (
        Described(at + 'image', f'{name}/image', 'Topic of the colour image.'),
        Described(at + 'transport', 'raw', 'How the colour image comes.',
                  choices=('raw', 'compressed')),
        Described(at + 'camera_info', f'{name}/camera_info', 'Topic of the intrinsics.'),
        Described(at + 'rectified', 'auto', 'true: the image is rectified (P is used); false: K '
                  'and D are used; auto: true when the topic\'s name contains "rect".',
                  dynamic=True),
        Described(at + 'depth', f'{name}/depth_registered', 'Topic of depth registered to the '
                  'colour image. Empty: the camera has no depth.'),
        Described(at + 'depth_transport', 'raw', 'How depth comes; compressed: compressedDepth.',
                  choices=('raw', 'compressed')),
        Described(at + 'labels', '', 'Topic of an image with a class per pixel. Empty: none.'),
        Described(at + 'label_info', '', 'Topic of vision_msgs/LabelInfo with its class map.'),
        Described(at + 'label_names', [''], 'Class map as ID=NAME, where there is no topic.'),
        Described(at + 'detections', '', 'Topic of vision_msgs/Detection2DArray. Empty: none.'),
        Described(at + 'extrinsic_sigma', [0.0, 0.0], "One sigma of the camera's pose in "
                  'fixed_frame: metres, radians.', low=0.0),
        Described(at + 'noise.floor', _NOISE.floor, 'Depth noise of a pixel at 0 m, one sigma, '
                  'metres.', 0.0),
        Described(at + 'noise.quadratic', _NOISE.quadratic, 'Its growth with the square of range, '
                  'metres per square metre.', 0.0),
        Described(at + 'noise.bias_share', _NOISE.bias_share, 'Depth error common to a frame, one '
                  'sigma, share of range.', 0.0, 1.0),
        Described(at + 'noise.focal_share', _NOISE.focal_share, 'Relative error of the focal '
                  'length, one sigma.', 0.0, 1.0),
    )


@dataclass(frozen=True)
class CameraSettings:
    """One camera's parameters. `rectified` is None for "auto"; an empty topic is no input."""

    name: str
    image: str
    transport: str
    camera_info: str
    rectified: bool | None
    depth: str
    depth_transport: str
    labels: str
    label_info: str
    label_names: dict[int, str]
    detections: str
    pose_sigma: PoseSigma
    noise: DepthNoise


@dataclass(frozen=True)
class Matching:
    """How messages of one moment are brought together; seconds on the steady clock."""

    slop: float
    wait: float
    queue: int


def declare_server(node: Node) -> None:
    """Declare every parameter of the server; ParameterError names a value that cannot be."""
    declare(node, SERVER)
    names = value_of(node, 'cameras')
    if len(set(names)) != len(names) or not all(names):
        raise ParameterError(f'parameter cameras is {names}: names must differ and not be empty')
    for name in names:
        declare(node, camera_parameters(name))
    described = {parameter.name: parameter for parameter in SERVER}

    def check(changes: list[Parameter[Any]]) -> SetParametersResult:
        problems = [described[change.name].problem(change.value) for change in changes
                    if change.name in described]
        found = [problem for problem in problems if problem]
        return SetParametersResult(successful=not found, reason='; '.join(found))

    node.add_on_set_parameters_callback(check)


def camera_settings(node: Node, name: str) -> CameraSettings:
    """Settings of camera `name`; ParameterError where its class map or rectification is no such."""
    def get(key: str) -> Any:
        return value_of(node, f'camera.{name}.{key}')

    rectified = get('rectified')
    if rectified not in ('auto', True, False):
        raise ParameterError(
            f'parameter camera.{name}.rectified is {rectified!r}; it takes true, false or auto')
    return CameraSettings(
        name, get('image'), get('transport'), get('camera_info'),
        None if rectified == 'auto' else bool(rectified), get('depth'), get('depth_transport'),
        get('labels'), get('label_info'), _class_map(f'camera.{name}', get('label_names')),
        get('detections'), PoseSigma(*get('extrinsic_sigma')),
        DepthNoise(get('noise.floor'), get('noise.quadratic'), get('noise.bias_share'),
                   get('noise.focal_share')))


def matching(node: Node) -> Matching:
    """How messages are matched."""
    return Matching(value_of(node, 'sync.slop'), value_of(node, 'sync.wait'),
                    value_of(node, 'sync.queue'))


def up_vector(node: Node) -> np.ndarray | None:
    """Unit vector (3,) against gravity in fixed_frame, or None where it is unknown."""
    up = np.array(value_of(node, 'up'), float)
    length = float(np.linalg.norm(up))
    return up / length if length > 0 else None


def _class_map(prefix: str, entries: list[str]) -> dict[int, str]:
    names = {}
    for entry in filter(None, entries):
        number, equals, name = entry.partition('=')
        if not equals or not number.strip().isdigit() or not name.strip():
            raise ParameterError(
                f'parameter {prefix}.label_names has {entry!r}; write ID=NAME, such as 3=door')
        names[int(number)] = name.strip()
    return names
