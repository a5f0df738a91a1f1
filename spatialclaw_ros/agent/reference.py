"""What a cell can call, as the toolkit's own source says it: the prompt and the code are one text.

The source is read, not imported: this process needs none of what the toolkit loads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import functools
from importlib import resources
import textwrap

#: Title → module, class, and the members told; `*` is all public ones.
_TOLD: dict[str, tuple[str, str, str]] = {
    'InputImages': ('toolkit/input_images', 'InputImages', 'at of'),
    'InputImages[i]': ('toolkit/input_images', 'FrameImage',
                       'frame_index stamp camera intrinsics pose depth regions crop'),
    'Metadata': ('toolkit/metadata', 'Metadata', 'to_dict'),
    'show': ('toolkit/show', 'Feedback', 'show'),
    'vlm': ('toolkit/vlm', 'VLM', 'locate ask_with_thinking'),
    'what vlm.locate gives': ('toolkit/vlm', 'Location', ''),
    'tools.Reconstruct': ('toolkit/reconstruct', 'ReconstructTool', 'Reconstruct'),
    'recon': ('toolkit/reconstruction', 'Reconstruction',
              'objects render_bev nearest common_frames could_see world_of'),
    'tools.SAM3': ('toolkit/sam3', 'SAM3Tool', 'segment_image_by_text segment_image_by_box '
                   'segment_image_by_points segment_video_by_text segment_video_by_box '
                   'segment_video_by_points is_object_exist'),
    'seg': ('toolkit/per_frame_mask', 'PerFrameMask',
            'frame_indices get_mask get_masked_points get_centroid_3d visualize '
            'common_frames frames_of only erode merge'),
    'object': ('findings/objects', 'Object3D', 'centroid box top bottom visible pose'),
    'tools.Geometry': ('toolkit/geometry_tool', 'GeometryTool', '*'),
    'tools.Draw': ('toolkit/draw', 'DrawTool',
                   'draw_bbox draw_point draw_mask draw_arrow draw_text'),
    'tools.Time': ('toolkit/time_tool', 'TimeTool', 'frame_to_seconds seconds_to_frame'),
}
_ALSO = ('Also there: `np math scipy ndimage spatial collections itertools re json plt KDTree '
         'cdist cv2`, `tools.Mask` (2D masks), `tools.Graph.plot`. `plt.show()` shows figures. '
         'There are no files, processes or network.')


@functools.cache
def reference() -> str:
    """Every tool with its signatures, as Markdown."""
    sections = [_section(title, *told) for title, told in _TOLD.items()]
    answer = next(node for node in ast.walk(_parsed('toolkit/answer'))
                  if isinstance(node, ast.FunctionDef) and node.name == 'ReturnAnswer')
    sections.append('## ReturnAnswer\n' + _member(answer))
    return '\n'.join(['# What is at hand', '', *sections, '', _ALSO])


def _section(title: str, module: str, name: str, members: str) -> str:
    cls = next(node for node in _parsed(module).body
               if isinstance(node, ast.ClassDef) and node.name == name)
    public = {node.name: node for node in cls.body
              if isinstance(node, ast.FunctionDef) and not node.name.startswith('_')}
    wanted = public if members == '*' else members.split()
    lines = [f'## {title}', ' '.join((ast.get_docstring(cls) or '').split())]
    return '\n'.join([*lines, *(_member(public[member]) for member in wanted)])


def _member(node: ast.FunctionDef) -> str:
    text = ' '.join((ast.get_docstring(node) or '').split())
    is_property = any(ast.unparse(one).endswith('property') for one in node.decorator_list)
    call = node.name if is_property else f'{node.name}({", ".join(_arguments(node.args))})'
    return textwrap.shorten(f'- `{call}` {text}', 1000, placeholder=' …')


def _arguments(given: ast.arguments) -> Iterator[str]:
    """Names and defaults, without types, which the texts tell better."""
    names = [one.arg for one in given.args if one.arg not in ('self', 'cls')]
    defaults = [None] * (len(names) - len(given.defaults)) + list(given.defaults)
    for name, default in zip(names, defaults[-len(names):] if names else [], strict=True):
        yield name if default is None else f'{name}={ast.unparse(default).replace("np.nan", "nan")}'
    if given.vararg is not None:
        yield f'*{given.vararg.arg}'
    for one, keyword_default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield one.arg if keyword_default is None else f'{one.arg}={ast.unparse(keyword_default)}'


@functools.cache
def _parsed(module: str) -> ast.Module:
    source = resources.files('spatialclaw_ros').joinpath(f'{module}.py').read_text('utf-8')
    return ast.parse(source)
