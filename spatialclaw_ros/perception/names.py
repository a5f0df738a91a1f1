"""Text to known names: the same match for regions, detections and label images."""

from __future__ import annotations

from collections.abc import Iterable
import difflib
import re

_IRREGULAR = {
    'mice': 'mouse', 'people': 'person', 'children': 'child', 'men': 'man', 'women': 'woman',
    'feet': 'foot', 'teeth': 'tooth', 'geese': 'goose', 'shelves': 'shelf', 'knives': 'knife',
    'leaves': 'leaf', 'loaves': 'loaf', 'halves': 'half', 'scarves': 'scarf',
}
_ARTICLES = {'a', 'an', 'the'}
_CLOSE = 0.6


def normalized(name: str) -> str:
    """`name` in lower case, words apart by one space, each in the singular, without articles."""
    apart = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', ' ', name)
    words = re.findall(r'\w+', apart.replace('_', ' ').casefold())
    kept = [word for word in words if word not in _ARTICLES] or words
    return ' '.join(map(_singular, kept))


def matching(text: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that mean the same as `text`, in their order."""
    asked = normalized(text)
    return [name for name in names if normalized(name) == asked]


def close(text: str, names: Iterable[str]) -> list[tuple[str, float]]:
    """Names that resemble `text`, closest first, each with its likeness in 0–1."""
    asked = normalized(text)
    scored = [(name, _likeness(asked, normalized(name))) for name in dict.fromkeys(names)]
    return sorted((pair for pair in scored if pair[1] >= _CLOSE), key=lambda pair: -pair[1])


def _likeness(a: str, b: str) -> float:
    letters = difflib.SequenceMatcher(None, a, b).ratio()
    words_a, words_b = set(a.split()), set(b.split())
    shared = len(words_a & words_b) / max(min(len(words_a), len(words_b)), 1)
    return max(letters, 0.9 * shared)


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or word.endswith(('ss', 'us', 'is')) or not word.endswith('s'):
        return word
    if word.endswith('ies') and len(word) > 4:
        return word[:-3] + 'y'
    if word.endswith(('sses', 'shes', 'ches', 'xes', 'zes')):
        return word[:-2]
    return word[:-1]
