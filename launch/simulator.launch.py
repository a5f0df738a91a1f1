"""The simulated camera and the server that looks through it."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = Path(__file__).resolve().parents[1]

#: Parameters of the simulator, with their types.
PARAMETERS = (
    ('scene', 'room', 'room or tabletop.', str),
    ('seed', '0', 'Of the placement of things and of every error.', int),
    ('rate', '2.0', 'Frames a second.', float),
    ('depth_encoding', '32FC1', '32FC1 metres or 16UC1 millimetres.', str),
)
ARGUMENTS = (
    *((name, default, text) for name, default, text, _ in PARAMETERS),
    ('namespace', '', 'Namespace of simulator and server.'),
    ('params_file', str(SHARE / 'config' / 'server.yaml'), 'Parameters of the server.'),
    ('use_sim_time', 'false', 'Take the time from /clock.'),
    ('rviz', 'false', 'Start RViz too.'),
    ('log_level', 'info', 'debug, info, warn or error.'),
)


def generate_launch_description():
    """Simulator and server."""
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    simulator = Node(
        package='spatialclaw_ros', executable='simulator', name='spatialclaw_simulator',
        namespace=value['namespace'], output='screen',
        parameters=[{name: ParameterValue(value[name], value_type=kind)
                     for name, _, _, kind in PARAMETERS}, {'use_sim_time': value['use_sim_time']}],
        arguments=['--ros-args', '--log-level', value['log_level']])
    passed_on = ('namespace', 'params_file', 'use_sim_time', 'rviz', 'log_level')
    server = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(SHARE / 'launch' / 'server.launch.py')),
        launch_arguments={
            **{name: value[name] for name in passed_on},
            'fixed_frame': 'world',
            'sensor_file': str(SHARE / 'config' / 'sensors' / 'simulator.yaml')}.items())
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text)
          for name, default, text in ARGUMENTS), simulator, server])
