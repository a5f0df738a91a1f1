"""A model's reply in sections: Purpose, Reasoning, Next Goal, and what is to be done."""

from __future__ import annotations

import re

from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step

SECTIONS = ('Purpose', 'Reasoning', 'Next Goal', 'Code')
_HEADER = re.compile(
    r'^[ \t]*(?:#+[ \t]*|\*\*)(purpose|reasoning|next[ _]goal|code|call|answer|unanswerable)'
    r'(?:\*\*)?:?(?:\*\*)?[ \t]*', re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r'```[\w+-]*[ \t]*\n(.*?)(?:\n```|\Z)', re.DOTALL)


def sections_of(text: str) -> dict[str, str]:
    """Sections of a reply by their names in lower case, as `**Purpose**` or `## Purpose`.

    They may come in any order; of a section that comes twice the first counts.
    """
    parts = _HEADER.split(text)
    found: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        found.setdefault(name.lower().replace('_', ' '), body.strip())
    return found


def unfenced(text: str) -> str:
    """What the first fenced block of `text` holds, one without an end included; else `text`."""
    fenced = _FENCE.search(text)
    return fenced.group(1) if fenced else text


def parse_reply(text: str) -> Step:
    """The step in a model's reply.

    Of several fenced blocks in Code the first counts, an unterminated one is taken as it is.
    Raises BadReply naming the section that is missing or empty.
    """
    sections = sections_of(text)
    sections['code'] = unfenced(sections.get('code', ''))
    for name in SECTIONS:
        if not sections.get(name.lower(), '').strip():
            raise BadReply(
                f'the reply has no {name} section (or an empty one); write the four sections '
                '**Purpose**, **Reasoning**, **Next Goal** and **Code**, the code in one fenced '
                'python block', text)
    return Step(sections['purpose'], sections['reasoning'], sections['next goal'],
                sections['code'])
