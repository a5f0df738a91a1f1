"""The mathematics: transforms, planes, boxes, closest points, noise; knows no robot."""
