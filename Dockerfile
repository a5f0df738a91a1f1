# The package in a ROS base image; for machines without the wheels, aarch64 among them.
# Not tested: no image was ever built from this file.
#
#   docker build -t spatialclaw_ros .
#   docker run --rm -it --net=host --shm-size=256m spatialclaw_ros

ARG ROS_DISTRO=jazzy
FROM ros:${ROS_DISTRO}-ros-base

SHELL ["/bin/bash", "-c"]
WORKDIR /ws
COPY . src/spatialclaw_ros
RUN ln -s spatialclaw_ros/spatialclaw_interfaces src/

RUN apt-get update \
    && rosdep update --rosdistro "${ROS_DISTRO}" \
    && rosdep install --from-paths src/spatialclaw_ros src/spatialclaw_interfaces \
        --ignore-src --default-yes \
    && rm -rf /var/lib/apt/lists/*

RUN source "/opt/ros/${ROS_DISTRO}/setup.bash" && colcon build

# The sandbox of the kernel needs no more rights than a container has; it says so if it does.
ENTRYPOINT ["/bin/bash", "-c", "source /ws/install/setup.bash && exec \"$@\"", "--"]
CMD ["ros2", "run", "spatialclaw_ros", "server"]
