"""RViz with the layout of this package."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = Path(__file__).resolve().parents[1]

ARGUMENTS = (
    ('namespace', '', 'Namespace of the server.'),
    ('rviz_config', str(SHARE / 'config' / 'spatialclaw.rviz'), 'Layout.'),
    ('use_sim_time', 'false', 'Take the time from /clock.'),
)


def generate_launch_description():
    """RViz."""
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    rviz = Node(
        package='rviz2', executable='rviz2', namespace=value['namespace'],
        arguments=['-d', value['rviz_config']],
        parameters=[{'use_sim_time': value['use_sim_time']}])
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text)
          for name, default, text in ARGUMENTS), rviz])
