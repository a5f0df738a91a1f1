"""The workshop a kernel opens: everything a cell finds in its namespace.

This is the module the nursery preloads: what is slow to import (scipy, matplotlib and its fonts)
is imported here, once, before any kernel is forked.
"""

from __future__ import annotations

from dataclasses import dataclass
import sys
import types
from typing import Any

import matplotlib

matplotlib.use('Agg')

from matplotlib.figure import Figure
import matplotlib.pyplot as plt
from PIL import Image

from spatialclaw_ros.calls.codec import decode
from spatialclaw_ros.calls.requests import Opening
from spatialclaw_ros.findings.objects import Box3D
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.toolkit.answer import AnswerAccepted
from spatialclaw_ros.toolkit.answer import FINDINGS
from spatialclaw_ros.toolkit.answer import return_answer
from spatialclaw_ros.toolkit.draw import DrawTool
from spatialclaw_ros.toolkit.geometry_tool import GeometryTool
from spatialclaw_ros.toolkit.graph import GraphTool
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.guided import unknown_attribute
from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.input_images import InputImages
from spatialclaw_ros.toolkit.libraries import preimported
from spatialclaw_ros.toolkit.link import Call
from spatialclaw_ros.toolkit.link import Link
from spatialclaw_ros.toolkit.link import VLMError
from spatialclaw_ros.toolkit.mask_tool import MaskTool
from spatialclaw_ros.toolkit.metadata import Metadata
from spatialclaw_ros.toolkit.overlay import font
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask
from spatialclaw_ros.toolkit.reconstruct import ReconstructTool
from spatialclaw_ros.toolkit.sam3 import SAM3Tool
from spatialclaw_ros.toolkit.show import Feedback
from spatialclaw_ros.toolkit.show import plt_show
from spatialclaw_ros.toolkit.show import rendered
from spatialclaw_ros.toolkit.summaries import summary
from spatialclaw_ros.toolkit.time_tool import TimeTool
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback
from spatialclaw_ros.toolkit.vlm import VLM


def _warm_up() -> None:
    """Load the fonts and back ends that the first picture would otherwise wait for."""
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().set_title('a')
    rendered(figure)
    font(480).getbbox('a')


_warm_up()
for _cls in (*FINDINGS, Object3D, Box3D, Plane3D, Sigma, Interval):
    guided(_cls)


@dataclass(frozen=True)
class Workshop:
    """The namespace of every cell, and what the kernel must know of it."""

    namespace: dict[str, Any]
    stop: type[BaseException] = AnswerAccepted

    def summarize(self, _name: str, value: object) -> str | None:
        """One line about a variable; None for what is not to be reported."""
        return summary(value)

    def after_cell(self) -> None:
        """Drop figures that the cell left open."""
        plt.close('all')


class _Tools(types.ModuleType):
    """The module `tools`; an unknown tool raises with the nearest real name."""

    title = 'tools'

    def __getattr__(self, name: str) -> Any:
        raise unknown_attribute(self, name)


def open_workshop(opening: bytes, fds: list[int], call: Call) -> Workshop:
    """Build the namespace of a query from its Opening, whose arrays lie in `fds`."""
    opened: Opening = decode(opening, fds)
    window = opened.window
    link = Link(call)
    metadata = Metadata(opened)
    feedback = Feedback(link, window)
    images = InputImages([FrameImage(frame) for frame in window.frames])
    reconstruct = ReconstructTool(link, window)
    objects: dict[str, Any] = {
        'Reconstruct': reconstruct,
        'SAM3': SAM3Tool(link, window, opened.vocabulary),
        'Geometry': GeometryTool(window, reconstruct),
        'Mask': MaskTool(), 'Time': TimeTool(metadata.stamps),
        'Graph': GraphTool(), 'Draw': DrawTool()}
    vlm = VLM(link, opened.has_model, opened.vocabulary)
    plt.show = plt_show(feedback)
    namespace: dict[str, Any] = {
        **preimported(), **objects,
        '__name__': '__main__', '__builtins__': __builtins__,
        'InputImages': images, 'Metadata': metadata,
        'tools': _importable('tools', _Tools('tools'), objects), 'vlm': vlm,
        'feedback': feedback, 'show': feedback.show, 'ReturnAnswer': return_answer(link),
        'PerFrameMask': PerFrameMask, 'VisualFeedback': VisualFeedback, 'VLMError': VLMError}
    if len(metadata.cameras) > 1:
        namespace |= {f'InputImages_{number}': images.of(camera)
                      for number, camera in enumerate(metadata.cameras, 1)}
    if opened.reference_images:
        namespace['RefImages'] = [Image.fromarray(image) for image in opened.reference_images]
    sys.modules['vlm'], sys.modules['feedback'] = vlm, feedback  # type: ignore[assignment]
    return Workshop(namespace)


def _importable(name: str, module: types.ModuleType, members: dict[str, Any]) -> types.ModuleType:
    """`module` with `members`, so that `import name` and `from name.member import …` find them."""
    vars(module).update(members)
    sys.modules[name] = module
    for member, value in members.items():
        sys.modules[f'{name}.{member}'] = value
    return module
