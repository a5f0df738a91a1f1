"""The server for one camera; other topics by remapping or by a params_file."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.actions import IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = Path(__file__).resolve().parents[1]

ARGUMENTS = (
    ('namespace', '', 'Namespace of the server.'),
    ('params_file', str(SHARE / 'config' / 'server.yaml'), 'Parameters of the server.'),
    ('sensor_file', LaunchConfiguration('params_file'), 'Parameters of the camera, on top.'),
    ('fixed_frame', '', 'Continuous frame such as odom, where no file names it.'),
    ('use_sim_time', 'false', 'Take the time from /clock.'),
    ('rviz', 'false', 'Start RViz too.'),
    ('log_level', 'info', 'debug, info, warn or error.'),
    ('image', 'camera/image', 'Colour image of the camera.'),
    ('camera_info', 'camera/camera_info', 'Its intrinsics.'),
    ('depth', 'camera/depth_registered', 'Depth registered to it.'),
)


def generate_launch_description():
    """Server, and RViz on request."""
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    server = Node(
        package='spatialclaw_ros', executable='server', name='spatialclaw',
        namespace=value['namespace'], output='screen', emulate_tty=True,
        parameters=[
            {'fixed_frame': ParameterValue(value['fixed_frame'], value_type=str)},
            value['params_file'], value['sensor_file'],
            {'use_sim_time': value['use_sim_time']}],
        remappings=[
            ('camera/image', value['image']), ('camera/camera_info', value['camera_info']),
            ('camera/depth_registered', value['depth'])],
        arguments=['--ros-args', '--log-level', value['log_level']])
    rviz = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(SHARE / 'launch' / 'rviz.launch.py')),
        launch_arguments={
            'namespace': value['namespace'], 'use_sim_time': value['use_sim_time']}.items(),
        condition=IfCondition(value['rviz']))
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text)
          for name, default, text in ARGUMENTS), server, rviz])
