"""Which of a question's choices an answer names."""

from __future__ import annotations

from collections.abc import Sequence
import re

_LETTERED = re.compile(r'^\(?([A-Za-z]|\d{1,2})[.):]\s+(.*)$', re.DOTALL)


def chosen(text: str, choices: Sequence[str]) -> str | None:
    """The one of `choices` that `text` names; None when it names none, or several.

    Named by the whole choice, by its letter ("B" of "B. left"), by its words without the letter,
    or by a text in which the words of exactly one choice occur.
    """
    wanted = _plain(text)
    for forms in (_whole, _letter, _words):
        named = [choice for choice in choices if forms(choice) and _plain(forms(choice)) == wanted]
        if len(named) == 1:
            return named[0]
    occurring = []
    for choice in sorted(choices, key=lambda choice: -len(_words(choice))):
        phrase = rf'(?<!\w){re.escape(_plain(_words(choice)))}(?!\w)'
        wanted, count = re.subn(phrase, ' ', wanted)
        occurring += [choice] * bool(count)
    return occurring[0] if len(occurring) == 1 else None


def _whole(choice: str) -> str:
    return choice


def _letter(choice: str) -> str:
    match = _LETTERED.match(choice.strip())
    return match.group(1) if match else ''


def _words(choice: str) -> str:
    match = _LETTERED.match(choice.strip())
    return match.group(2) if match else choice


def _plain(text: str) -> str:
    return ' '.join(text.casefold().split()).rstrip('.').strip('"\'()')
