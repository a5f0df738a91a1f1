"""A recording as live topics, and the server that looks at them."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = Path(__file__).resolve().parents[1]

#: Parameters of the player, with their types.
PARAMETERS = (
    ('recording', '', 'Path of a BOP scene folder, a rosbag2 folder, .mcap or .db3.', str),
    ('rate', '2.0', 'Frames a second; 0: only when ~/step is called.', float),
    ('loop', 'true', 'Begin anew after the last frame.', bool),
    ('regions', '', 'JSON file of named boxes, published as detections.', str),
    ('depth_encoding', '32FC1', '32FC1 metres or 16UC1 millimetres.', str),
)
ARGUMENTS = (
    *((name, default, text) for name, default, text, _ in PARAMETERS),
    ('namespace', '', 'Namespace of player and server.'),
    ('params_file', str(SHARE / 'config' / 'server.yaml'), 'Parameters of the server.'),
    ('fixed_frame', '', "The recording's world, where its poses are known."),
    ('use_sim_time', 'false', 'Take the time from /clock.'),
    ('rviz', 'false', 'Start RViz too.'),
    ('log_level', 'info', 'debug, info, warn or error.'),
)


def generate_launch_description():
    """Player and server."""
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    player = Node(
        package='spatialclaw_ros', executable='player', name='spatialclaw_player',
        namespace=value['namespace'], output='screen',
        parameters=[{name: ParameterValue(value[name], value_type=kind)
                     for name, _, _, kind in PARAMETERS}, {'use_sim_time': value['use_sim_time']}],
        arguments=['--ros-args', '--log-level', value['log_level']])
    passed_on = ('namespace', 'params_file', 'use_sim_time', 'rviz', 'log_level')
    server = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(SHARE / 'launch' / 'server.launch.py')),
        launch_arguments={
            **{name: value[name] for name in passed_on},
            'fixed_frame': value['fixed_frame'],
            'sensor_file': str(SHARE / 'config' / 'sensors' / 'recording.yaml')}.items())
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text)
          for name, default, text in ARGUMENTS), player, server])
