"""The words of a question: how a text is cut, and which spellings are one word."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import re
from typing import Any

from lark import Token
from lark.lexer import Lexer

from spatialclaw_ros.agent.recipes.nouns import singular

#: Spellings and synonyms that mean the same wherever they stand.
_SAME = {
    'center': 'centre', 'centers': 'centres', 'centred': 'centre', 'middle': 'centre',
    'midpoint': 'centre', 'midpoints': 'centres', 'meters': 'metres', 'meter': 'metres',
    'furthest': 'farthest', 'further': 'farther', 'closest': 'nearest', 'closer': 'nearer',
    'close': 'near', 'largest': 'biggest', 'greatest': 'biggest', 'larger': 'bigger',
    'greater': 'bigger', 'large': 'big', 'minimum': 'shortest', 'minimal': 'shortest',
    'whats': "what 's", 'wheres': "where 's", 'rear': 'back', 'leftmost': 'left most',
    'rightmost': 'right most', 'objects': 'things', 'object': 'thing', 'items': 'things',
    'item': 'thing', 'coordinates': 'position', 'coords': 'position', 'whichever': 'which',
    'colour': 'color', 'grey': 'gray', 'upon': 'on', 'beneath': 'under', 'underneath': 'under',
    'metre': 'metres', 'centimetre': 'cm', 'centimetres': 'cm', 'centimeter': 'cm',
    'centimeters': 'cm', 'cms': 'cm', 'millimetre': 'mm', 'millimetres': 'mm', 'millimeter': 'mm',
    'millimeters': 'mm', 'degree': 'degrees',
}
_FREE = '\0'
_TOKEN = re.compile(r"'s\b|’s\b|[^\W_]+(?:[.,][0-9]+)?|[(),:;]|[^\s\w?!.\"'“”‘’\-_/]")


def split(text: str) -> list[str]:
    """Words of `text` in lower case; hyphens and underscores part words, quotes and stops go.

    Parentheses, commas, colons and a possessive ending stay as words of their own; a number
    keeps its decimals.
    """
    words: list[str] = []
    for word in _TOKEN.findall(text.lower()):
        word = {'’s': "'s", ';': ','}.get(word, word)
        words.extend(_SAME.get(word, word).split())
    return words


def marked(words: Sequence[str], names: Iterable[Sequence[str]]) -> str:
    """`words` as a text for WordLexer, those of `names` marked as free words.

    So that "side" in "side table" is no side. Both are compared in the singular; names of one
    word are left to the grammar.
    """
    said = [singular(word) for word in words]
    free = [False] * len(words)
    for name in sorted((list(name) for name in names if len(name) > 1), key=len, reverse=True):
        for start in range(len(said) - len(name) + 1):
            here = slice(start, start + len(name))
            if said[here] == name and not any(free[here]):
                free[here] = [True] * len(name)
    return ' '.join(_FREE * is_free + word for word, is_free in zip(words, free, strict=True))


class WordLexer(Lexer):
    """Gives a grammar one token per word: its literal where the grammar has one, else WORD."""

    def __init__(self, conf: Any) -> None:
        """Take the literals from the grammar's own terminals."""
        self._literals = {
            terminal.pattern.value: terminal.name for terminal in conf.terminals
            if terminal.pattern.type == 'str'}

    def lex(self, text: str) -> Iterator[Token]:
        """Tokens of a `marked` text."""
        for word in text.split():
            literal = 'WORD' if word.startswith(_FREE) else self._literals.get(word, 'WORD')
            yield Token(literal, word.removeprefix(_FREE))
