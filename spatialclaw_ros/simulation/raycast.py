"""What the rays of a camera meet in a scene, without any error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialclaw_ros.simulation.scene import Scene


@dataclass(frozen=True, eq=False)
class Hits:
    """First hits of N rays: `depth` (N,) z metres, inf for none; `solid` (N,) index, -1 for none.

    `normals` (N, 3) world.
    """

    depth: np.ndarray
    solid: np.ndarray
    normals: np.ndarray


class Raycaster:
    """Casts rays into the solids of a scene (open3d's Embree scene)."""

    def __init__(self, scene: Scene) -> None:
        """Build the acceleration structure; raises ImportError naming the wheel without open3d."""
        self._core, geometry = open3d_parts()
        self._scene = geometry.RaycastingScene()
        for solid in scene.solids:
            self._scene.add_triangles(
                self._core.Tensor(np.ascontiguousarray(solid.mesh.vertices, np.float32)),
                self._core.Tensor(np.ascontiguousarray(solid.mesh.triangles, np.uint32)))

    def cast(self, camera_to_world: np.ndarray, rays: np.ndarray) -> Hits:
        """Hits of `rays` (N, 2), x/z and y/z, from the camera at `camera_to_world` (4, 4).

        Rays have z = 1 in the optical frame, so that the hit parameter is the z-depth.
        """
        directions = directions_world(camera_to_world, rays)
        table = np.empty((len(rays), 6), np.float32)
        table[:, :3], table[:, 3:] = camera_to_world[:3, 3], directions
        found = self._scene.cast_rays(self._core.Tensor(table))
        solid = found['geometry_ids'].numpy().astype(np.int64)
        missed = ~np.isfinite(found['t_hit'].numpy())
        solid[missed] = -1
        return Hits(found['t_hit'].numpy().astype(float), solid,
                    found['primitive_normals'].numpy().astype(float))


def directions_world(camera_to_world: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """(N, 3) world directions with unit depth of `rays` (N, 2), x/z and y/z."""
    return rays @ camera_to_world[:3, :2].T + camera_to_world[:3, 2]


def open3d_parts() -> tuple[Any, Any]:
    """open3d.core and open3d.t.geometry; their first import takes a second.

    Raises ImportError that tells what to install.
    """
    try:
        import open3d.core as core
        from open3d.t import geometry
    except ImportError as error:
        raise ImportError(
            'the simulator casts rays with open3d: pip install open3d-cpu (or open3d), and the '
            f'system library libusb-1.0 ({error})') from error
    return core, geometry
