"""Python code with its parts in colour."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import tag

#: The classes that page.css colours begin with this.
_PREFIX = 'py-'


def code_block(code: str) -> Html:
    """A block of `code`; Pygments escapes it."""
    plain = code.encode('utf-8', 'replace').decode()
    marked = highlight(plain, PythonLexer(), HtmlFormatter(nowrap=True, classprefix=_PREFIX))
    return tag('pre', tag('code', Html(marked.rstrip('\n'))), class_='code')
