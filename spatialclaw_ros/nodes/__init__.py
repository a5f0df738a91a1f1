"""The ROS edge: the only part that imports rclpy and messages."""
