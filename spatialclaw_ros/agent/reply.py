"""A model's reply in four sections: Purpose, Reasoning, Next Goal, Code."""

from __future__ import annotations

import re

from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step

SECTIONS = ('Purpose', 'Reasoning', 'Next Goal', 'Code')
_HEADER = re.compile(
    r'^[ \t]*(?:#+[ \t]*|\*\*)(purpose|reasoning|next[ _]goal|code)(?:\*\*)?:?(?:\*\*)?[ \t]*',
    re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r'```[\w+-]*[ \t]*\n(.*?)(?:\n```|\Z)', re.DOTALL)


def parse_reply(text: str) -> Step:
    """The step in a model's reply.

    Sections may come in any order, as `**Purpose**` or `## Purpose`; of several fenced blocks in
    Code the first counts, an unterminated one is taken as it is. Raises BadReply naming the
    section that is missing or empty.
    """
    parts = _HEADER.split(text)
    sections = {name.lower().replace('_', ' '): body.strip()
                for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    fenced = _FENCE.search(sections.get('code', ''))
    if fenced:
        sections['code'] = fenced.group(1)
    for name in SECTIONS:
        if not sections.get(name.lower(), '').strip():
            raise BadReply(
                f'the reply has no {name} section (or an empty one); write the four sections '
                '**Purpose**, **Reasoning**, **Next Goal** and **Code**, the code in one fenced '
                'python block')
    return Step(sections['purpose'], sections['reasoning'], sections['next goal'],
                sections['code'])
