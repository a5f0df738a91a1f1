"""show: pictures, masks and findings for the model's next look."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from spatialclaw_ros.calls.requests import Show
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit.answer import as_findings
from spatialclaw_ros.toolkit.answer import FINDINGS
from spatialclaw_ros.toolkit.arguments import note
from spatialclaw_ros.toolkit.arguments import picture
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.link import Link
from spatialclaw_ros.toolkit.overlay import draw_findings
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

_BATCH_BYTES = 24 << 20
_LONG_SIDE = 2048


@guided
class Feedback:
    """`show(*things, label='')`: what is shown reaches the model with the next feedback."""

    def __init__(self, link: Link, window: FrameWindow) -> None:
        """Send through `link`; findings are drawn on frames of `window`."""
        self._link, self._window = link, window

    def show(self, *things: Any, label: str = '') -> None:
        """Show images, masks, figures and findings; lists are flattened, None is skipped.

        Accepted: FrameImage, PIL image, VisualFeedback, uint8 array, matplotlib figure,
        PerFrameMask, finding, Object3D, and (title, image) pairs.
        """
        items: list[tuple[str, Any]] = []
        for thing in things:
            self._collect(thing, label, items)
        if not items:
            note('show() had nothing to show')
            return
        findings = [item for _, item in items if isinstance(item, FINDINGS)]
        pictures = [(title, _small(self._picture(item))) for title, item in items
                    if not isinstance(item, FINDINGS)]
        pictures += self._drawn(findings, label)
        self._send(pictures, findings)

    def log_visual(self, visual_input: Any, source: str = '') -> None:
        """Kept for old cells; the same as show."""
        self.show(visual_input, label=source)

    def _collect(self, thing: Any, label: str, into: list[tuple[str, Any]]) -> None:
        if thing is None:
            note('show() skipped None')
        elif isinstance(thing, dict):
            for key, value in thing.items():
                self._collect(value, str(key), into)
        elif isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], str):
            self._collect(thing[1], thing[0], into)
        elif isinstance(thing, (*FINDINGS, Object3D, Plane3D)):
            into.append((label, as_findings(thing)[0]))
        elif isinstance(thing, (Image.Image, VisualFeedback, Figure, PerFrameMask)) or (
                isinstance(thing, np.ndarray) and (thing.ndim < 4)):
            into.append((label or _title(thing), thing))
        elif isinstance(thing, str) or not isinstance(thing, Iterable):
            raise TypeError(
                f'show() cannot show {type(thing).__name__} {str(thing)[:60]!r}; it shows images, '
                'masks, matplotlib figures and findings. Print text and numbers')
        else:
            for one in thing:
                self._collect(one, label, into)

    def _picture(self, thing: Any) -> np.ndarray:
        if isinstance(thing, PerFrameMask):
            return picture(thing.visualize())
        return rendered(thing) if isinstance(thing, Figure) else picture(thing)

    def _drawn(self, findings: list[Finding], label: str) -> list[tuple[str, np.ndarray]]:
        """One picture per frame that findings lie in."""
        by_frame: dict[int, list[Finding]] = {}
        known = {frame.index: frame for frame in self._window.frames}
        for finding in findings:
            frames = [f for f in getattr(finding, 'frames', ()) if f in known]
            if frames or known:
                by_frame.setdefault(frames[0] if frames else self._window.newest.index,
                                    []).append(finding)
        return [(label or f'findings in frame {number}',
                 np.asarray(draw_findings(known[number], group)))
                for number, group in by_frame.items()]

    def _send(self, pictures: list[tuple[str, np.ndarray]], findings: list[Finding]) -> None:
        rest = tuple(findings)
        batch: list[tuple[str, np.ndarray]] = []
        for item in [*pictures, None]:
            size = sum(pixels.nbytes for _, pixels in batch)
            if item is None or (batch and size + item[1].nbytes > _BATCH_BYTES):
                reply = self._link.ask(Show(tuple(pixels for _, pixels in batch),
                                            tuple(title for title, _ in batch), rest))
                if reply.note:
                    note(reply.note)
                batch, rest = [], ()
            if item is not None:
                batch.append(item)


def plt_show(feedback: Feedback) -> Callable[..., None]:
    """`plt.show` that shows every open figure through `feedback` and closes them."""

    def show(*_args: Any, **_keywords: Any) -> None:
        figures = [plt.figure(number) for number in plt.get_fignums()]
        try:
            if figures:
                feedback.show(figures)
        finally:
            plt.close('all')

    return show


def _title(thing: Any) -> str:
    if isinstance(thing, Figure):
        titles = [thing.get_suptitle(), *(axes.get_title() for axes in thing.axes)]
        return next(filter(None, titles), 'figure')
    if isinstance(thing, FrameImage):
        return f'frame {thing.frame_index} of {thing.camera}'
    if isinstance(thing, VisualFeedback):
        return ': '.join(filter(None, (thing.source, thing.description)))[:200]
    return repr(thing).splitlines()[0][:200] if isinstance(thing, PerFrameMask) else 'image'


def rendered(figure: Figure) -> np.ndarray:
    """(H, W, 3) uint8 of a matplotlib figure, as it stands."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _small(pixels: np.ndarray) -> np.ndarray:
    """`pixels` at 2048 px on the long side at most, which is more than a model looks at."""
    longest = max(pixels.shape[:2])
    if longest <= _LONG_SIDE:
        return pixels
    scale = _LONG_SIDE / longest
    size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size))
