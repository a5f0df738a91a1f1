"""tools.Graph: one line plot."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np
from PIL import Image

from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback


@guided
class GraphTool:
    """`plot(values)`: a VisualFeedback whose `.description` has min, max, mean, first, last."""

    @staticmethod
    def plot(values: Any, validity: Any = None, x_label: str = 'Frame', y_label: str = 'Value',
             title: str | None = None) -> VisualFeedback:
        """Plot a 1-D series; points where `validity` is False are left out."""
        series = np.asarray(values, float)
        if series.ndim != 1 or not len(series):
            raise ValueError(f'values are a 1-D series, got shape {series.shape}')
        valid = np.ones(len(series), bool) if validity is None else np.asarray(validity, bool)
        if valid.shape != series.shape:
            raise ValueError(f'validity has shape {valid.shape}, values {series.shape}')
        figure = Figure(figsize=(8, 4), layout='constrained')
        axes = figure.add_subplot()
        axes.plot(np.flatnonzero(valid), series[valid], '.-')
        axes.set(xlabel=x_label, ylabel=y_label, title=title or y_label)
        axes.grid(alpha=0.3)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        return VisualFeedback(image, title or 'plot', _described(series[valid]))


def _described(series: np.ndarray) -> str:
    if not len(series):
        return 'no valid values'
    spread = float(np.ptp(series))
    change = float(series[-1] - series[0])
    trend = 'stable' if abs(change) <= 0.01 * spread else 'rising' if change > 0 else 'falling'
    return (f'min {series.min():.4g}, max {series.max():.4g}, mean {series.mean():.4g}, '
            f'first {series[0]:.4g}, last {series[-1]:.4g}, {trend}')
