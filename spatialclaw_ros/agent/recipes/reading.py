"""From the text of a question to what it may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import fields
from dataclasses import is_dataclass
import functools
from importlib import resources

from lark import Lark
from lark.exceptions import LarkError
from lark.exceptions import UnexpectedToken
from lark.visitors import CollapseAmbiguities  # type: ignore[attr-defined]

from spatialclaw_ros.agent.recipes.builders import query_of
from spatialclaw_ros.agent.recipes.queries import Name
from spatialclaw_ros.agent.recipes.queries import Position
from spatialclaw_ros.agent.recipes.queries import Query
from spatialclaw_ros.agent.recipes.tree import Contradiction
from spatialclaw_ros.agent.recipes.words import marked
from spatialclaw_ros.agent.recipes.words import split
from spatialclaw_ros.agent.recipes.words import WordLexer

_MAX_WORDS = 60


class Uncovered(Exception):
    """The grammar does not cover the question; the message names the word it stopped at."""


@functools.cache
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath('question.lark').read_text('utf-8')
    return Lark(grammar, parser='earley', lexer=WordLexer, ambiguity='explicit')


def read(text: str, names: Iterable[Sequence[str]] = ()) -> tuple[Query, ...]:
    """Every reading of `text`, those that leave fewest words to names first.

    `names` are the words of known names, in the singular: where they stand together they are no
    words of the grammar, unless it reads the text in no other way. Raises Uncovered when some
    word of the text belongs to none.
    """
    words = split(text)
    if len(words) > _MAX_WORDS:
        raise Uncovered(f'it has more than {_MAX_WORDS} words')
    try:
        return _read(marked(words, names))
    except Uncovered:
        return _read(' '.join(words))


@functools.lru_cache(maxsize=256)
def _read(text: str) -> tuple[Query, ...]:
    try:
        tree = _parser().parse(text)
    except UnexpectedToken as error:
        word = getattr(error, 'token', '')
        raise Uncovered(f'at the word "{word}"') from error
    except LarkError as error:
        raise Uncovered('at its end') from error
    found: dict[Query, None] = {}
    for one in CollapseAmbiguities().transform(tree):
        try:
            found[query_of(one)] = None
        except Contradiction:
            continue
    if not found:
        raise Uncovered('its parts do not go together')
    return tuple(sorted(found, key=lambda query: (
        _free_words(query), bool(getattr(query, 'viewpoint', '')), isinstance(query, Position))))


def _free_words(query: object) -> int:
    """How many words the names of a query hold."""
    if isinstance(query, Name):
        return sum(len(getattr(query, field.name)) for field in fields(query))
    if isinstance(query, tuple):
        return sum(_free_words(item) for item in query)
    if is_dataclass(query) and not isinstance(query, type):
        frame = len(query.frame.split()) if isinstance(query, Position) else 0
        return frame + sum(_free_words(getattr(query, field.name)) for field in fields(query))
    return 0
