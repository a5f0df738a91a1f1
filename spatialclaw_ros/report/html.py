"""Markup made of parts, in which text is always escaped.

A transcript holds text of models, of cells and of what a camera read. Plain `str` is such text;
only what `tag` and `joined` made, or a file of this package holds, is `Html`.
"""

from __future__ import annotations

from collections.abc import Iterable
import html


class Html(str):
    """Markup: text that is escaped already."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """`text` as markup that shows it; lone surrogates, which no page can hold, become '?'."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(text.encode('utf-8', 'replace').decode()))


def joined(parts: Iterable[str | None], between: str = '') -> Html:
    """`parts` behind one another, text escaped; None is left out."""
    kept = (escaped(part) for part in parts if part is not None)
    return Html(str(escaped(between)).join(kept))


def tag(name: str, *children: str | None, **attributes: str | bool | None) -> Html:
    """The element `name`. `class_` is class, `a_b` is a-b; True stands alone, None is left out."""
    written = ''.join(_attribute(key.rstrip('_').replace('_', '-'), value)
                      for key, value in attributes.items() if value not in (None, False))
    if name in ('br', 'img', 'path', 'rect'):
        return Html(f'<{name}{written}>' if name in ('br', 'img') else f'<{name}{written}/>')
    return Html(f'<{name}{written}>{joined(children)}</{name}>')


def _attribute(key: str, value: str | bool | None) -> str:
    return f' {key}' if value is True else f' {key}="{escaped(str(value))}"'
