"""A double of a vision-language model: it says what a script says, and nothing else.

It stands where a model stands, so that whole sessions run through the same loop, kernel and
transcript without one. Whatever is shown of such a session must be labelled as scripted.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
import re

_SEPARATOR = re.compile(r'^=+ *reply *=+[ \t]*$', re.MULTILINE)


class ScriptEnded(Exception):
    """The script has no further reply."""


class ScriptedModel:
    """Gives the replies of a script in order, whatever it is told.

    Each reply is whole, as a model would send it: sections Purpose, Reasoning, Next Goal, Code.
    `heard` keeps what it was told, for tests.
    """

    def __init__(self, replies: Iterable[str]) -> None:
        """Play `replies`."""
        self._replies = list(replies)
        self.heard: list[str] = []

    @classmethod
    def from_text(cls, text: str, **names: str) -> ScriptedModel:
        """Play a text whose replies follow lines `=== reply ===`; `{{key}}` stands for a name.

        What precedes the first such line is a comment. Raises ValueError for a text without
        replies or a key without a name.
        """
        for key, name in names.items():
            text = text.replace('{{' + key + '}}', name)
        left = re.search(r'\{\{(\w+)\}\}', text)
        if left:
            raise ValueError(f'the script needs a name for {left.group(1)!r}')
        replies = [part.strip() for part in _SEPARATOR.split(text)[1:]]
        if not replies:
            raise ValueError('the script holds no line "=== reply ==="')
        return cls(replies)

    @classmethod
    def centroid_revised(cls, first: str, second: str) -> ScriptedModel:
        """Play the bundled session on the distance between two things that have these names.

        It locates and segments both, makes points, takes a centroid distance, sees that it is the
        wrong measure, and answers with the closest points, found by a KDTree.
        """
        script = resources.files(__package__).joinpath('centroid_revised.md')
        return cls.from_text(script.read_text('utf-8'), first=first, second=second)

    async def reply(self, told: str) -> str:
        """The next reply; raises ScriptEnded after the last."""
        self.heard.append(told)
        if not self._replies:
            raise ScriptEnded('the script has ended without an answer')
        return self._replies.pop(0)
