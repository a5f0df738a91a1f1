"""The words of a question: how a text is cut, and which spellings are one word."""

from __future__ import annotations

from collections.abc import Iterator
import re
from typing import Any

from lark import Token
from lark.lexer import Lexer

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


class WordLexer(Lexer):
    """Gives a grammar one token per word: its literal where the grammar has one, else WORD."""

    def __init__(self, conf: Any) -> None:
        """Take the literals from the grammar's own terminals."""
        self._literals = {
            terminal.pattern.value: terminal.name for terminal in conf.terminals
            if terminal.pattern.type == 'str'}

    def lex(self, text: str) -> Iterator[Token]:
        """Tokens of `text`."""
        for word in split(text):
            yield Token(self._literals.get(word, 'WORD'), word)
