"""A model's reply in sections: Purpose, Reasoning, Next Goal, and what is to be done."""

from __future__ import annotations

import re

from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step

#: `**Purpose**`, `## Purpose`, `1. **Purpose:**`, `Purpose:`; the word ends there.
_HEADER = re.compile(
    r'^[ \t]*(?:\d+[.)][ \t]*)?(?:(?P<mark>#+[ \t]*(?:\*\*)?|\*\*))?'
    r'(?P<name>purpose|reasoning|next[ _]goal|code|call|answer|unanswerable)'
    r'(?(mark)(?:\*\*|:|(?=[ \t]*$)):?(?:\*\*)?|:(?!\w))[ \t]*', re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r'```[\w+-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)', re.DOTALL)


def sections_of(text: str) -> dict[str, str]:
    """Sections of a reply by their names in lower case, however they are marked.

    They may come in any order; of a section that comes twice the last counts. What looks like a
    header within a fenced block is part of it.
    """
    bare = _FENCE.sub(lambda fenced: re.sub(r'[^\n]', ' ', fenced.group()), text)
    headers = list(_HEADER.finditer(bare))
    found = {}
    for header, following in zip(headers, [*headers[1:], None], strict=False):
        end = len(text) if following is None else following.start()
        found[header['name'].lower().replace('_', ' ')] = text[header.end():end].strip()
    return found


def unfenced(text: str) -> str:
    """What the first fenced block of `text` holds, one without an end included; else `text`."""
    fenced = _FENCE.search(text)
    return fenced.group(1) if fenced else text


def parse_reply(text: str) -> Step:
    """The step in a model's reply: its Code; what it leaves out of the other sections is empty.

    Of several fenced blocks in Code the first counts, an unterminated one is taken as it is.
    Raises BadReply where there is no code.
    """
    sections = sections_of(text)
    code = unfenced(sections.get('code', ''))
    if not code.strip():
        raise BadReply(
            'the reply has no Code section (or an empty one); write the four sections '
            '**Purpose**, **Reasoning**, **Next Goal** and **Code**, the code in one fenced '
            'python block', text)
    return Step(sections.get('purpose', ''), sections.get('reasoning', ''),
                sections.get('next goal', ''), code)
