"""A server in this process, with a scripted answerer behind it and a camera before it."""

import os
from pathlib import Path
import tempfile

ROOT = Path(__file__).parents[2]
# Before any message is imported.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
os.environ['ROS_LOG_DIR'] = str(Path(tempfile.gettempdir()) / 'spatialclaw_test_log')
os.environ['FASTDDS_DEFAULT_PROFILES_FILE'] = str(ROOT / 'config' / 'fastdds_shm.xml')

import pytest  # noqa: E402
import rclpy  # noqa: E402
from stage import Stage  # noqa: E402


@pytest.fixture(scope='session', autouse=True)
def ros():
    rclpy.init(args=[])
    yield
    rclpy.try_shutdown()


@pytest.fixture
def stage():
    made = []

    def make(**parameters):
        made.append(Stage(parameters))
        return made[-1]

    yield make
    for one in made:
        one.close()
