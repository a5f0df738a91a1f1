"""Which known name a noun phrase means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import functools

from spatialclaw_ros.agent.recipes import nouns
from spatialclaw_ros.agent.recipes.queries import Name
from spatialclaw_ros.agent.recipes.words import split
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.errors import UnknownObject

Words = tuple[str, ...]

#: What is said where frames and question name nothing.
NO_NAMES = ('no name is known: give regions with the question (--region NAME=FRAME:x1,y1,x2,y2), '
            'frames with labels or detections, or the segment engine sam3')


@functools.lru_cache(maxsize=1024)
def words_of(name: str) -> Words:
    """Words of a known name, in the singular: `coke_cans` → coke, can."""
    return tuple(nouns.singular(word) for word in split(name))


@dataclass(frozen=True)
class Names:
    """The names that can be asked for; `known` is None where any text can (an open vocabulary).

    `frames` are the coordinate frames a position can be given in.
    """

    known: tuple[str, ...] | None
    frames: tuple[str, ...] = ('camera', 'world')

    def one(self, name: Name) -> str:
        """The one known name that a phrase means.

        Raises UnknownObject (none, with the known names), Ambiguous (several, listed), or
        Unanswerable (a word of the phrase belongs to no name and cannot be passed over).
        """
        self._check_context(name.context)
        if self.known is None:
            _refuse(name.words, ())
            return str(name)
        found = self._matching(_sequence(name))
        if len(found) > 1:
            raise Listed(Ambiguous, f'"{name}" may be {_listed(found)}; say which', found)
        if not found:
            raise self._unknown(name)
        return found[0]

    def two(self, name: Name) -> tuple[str, str]:
        """The two known names that "the two X" means; one name twice where it has two things."""
        words = _sequence(name)
        if self.known is None:
            return (' '.join(words), ' '.join(words))
        exact = self._matching(words)
        alike = tuple(known for known in self.known if _differs_by_description(known, words))
        if len(exact) == 1 and len(alike) != 2:
            return exact[0], exact[0]
        found = exact if len(exact) == 2 else alike
        if not found:
            raise self._unknown(name)
        if len(found) != 2:
            raise Listed(Ambiguous, f'"{name}" may be {_listed(found)}; say which two', found)
        return found[0], found[1]

    def of_kind(self, name: Name, context: Words = ()) -> tuple[str, ...]:
        """All known names of a class ("books", "things"), without what they are in or on."""
        words = _sequence(name)
        self._check_context(context)
        holder = tuple(nouns.singular(word) for word in context)
        if self.known is None:
            if words[-1] in nouns.EVERYTHING:
                raise Unanswerable(
                    'everything there is cannot be listed where any text can be searched for; '
                    'name the kind of thing, or give regions')
            return (' '.join(words),)
        there = tuple(known for known in self.known if not holder or words_of(known) != holder)
        if words[-1] in nouns.EVERYTHING:
            _refuse(words[:-1], ())
            if len(words) > 1 and any(word != 'visible' for word in words[:-1]):
                raise Unanswerable(f'"{name}" says more than the names tell')
            return there
        found = tuple(known for known in there if _contains(words_of(known), words)) or tuple(
            known for known in there if words_of(known) == words[-len(words_of(known)):]
            and set(words[:-len(words_of(known))]) <= {'visible'})
        if not found and words[0] in nouns.ADJECTIVES and self._matching(words[-1:]):
            raise Unanswerable(
                f'names do not tell which {words[-1]} is {" ".join(words[:-1])}')
        if not found:
            raise self._unknown(name)
        return found

    def frame(self, said: str) -> str:
        """The frame that words of a question mean; raises Unanswerable naming those there are."""
        for frame in self.frames:
            if ' '.join(split(frame)) == said:
                return frame
        raise Unanswerable(
            f'this query knows no frame "{said}"; it knows {_listed(self.frames)}. Give another '
            'as target_frame')

    def surface(self, name: Name) -> str | None:
        """The known name of a surface, or None where it is a support without one."""
        words = _sequence(name)
        while len(words) > 1 and words[-1] in nouns.SURFACE_SUFFIXES:
            words = words[:-1]
        if self.known is not None and self._matching(words):
            return self.one(Name(words))
        if words[-1] in nouns.SURFACES:
            _refuse(words[:-1], nouns.ADJECTIVES)
            return None
        return self.one(name)

    def _check_context(self, context: Words) -> None:
        """Raise Unanswerable unless what things are in or on is a name or a usual holder."""
        words = tuple(nouns.singular(word) for word in context)
        if not words or (self.known is not None and self._matching(words)):
            return
        if words[-1] not in nouns.HOLDERS:
            raise Unanswerable(f'what "in" or "on {" ".join(context)}" means is not understood')
        _refuse(words[:-1], nouns.ADJECTIVES | nouns.HOLDERS)

    def _matching(self, words: Words) -> tuple[str, ...]:
        """Known names that a phrase fits: the whole name, then its head noun, then a part."""
        known = [(name, words_of(name)) for name in self.known or ()]
        exact = tuple(name for name, parts in known if parts == words)
        if exact:
            return exact
        whole = [(name, parts) for name, parts in known if _has_name(words, parts)]
        if whole:
            longest = max(len(parts) for _, parts in whole)
            return tuple(name for name, parts in whole if len(parts) == longest)
        head = tuple(name for name, parts in known if words[-1:] == _noun(parts) and all(
            word in parts or word in nouns.ADJECTIVES for word in words))
        if head:
            said = {name: sum(word in words for word in words_of(name)) for name in head}
            return tuple(name for name in head if said[name] == max(said.values()))
        return tuple(name for name, parts in known if parts[:len(words)] == words and all(
            word in nouns.CONTAINERS or word in nouns.CLASS_NOUNS for word in parts[len(words):]))

    def _unknown(self, name: Name) -> Exception:
        """Why nothing fits: a word too many beside a known name, or no known name at all."""
        words = _sequence(name)
        for known in self.known or ():
            if _contains(words, words_of(known)):
                rest = ' '.join(word for word in words if word not in words_of(known))
                return Unanswerable(f'"{name}" is more than "{known}": "{rest}" is not understood')
        if any(word in nouns.REFUSED for word in words):
            return Unanswerable(f'"{name}" is not a name')
        known = f'known: {_listed(self.known)}' if self.known else NO_NAMES
        return Listed(UnknownObject, f'nothing here is called "{name}"; {known}', self.known or ())


def Listed(kind: type[Exception], message: str, candidates: Sequence[str]) -> Exception:  # noqa: N802
    """An error of `kind` that carries the names that matched or are known."""
    error = kind(message)
    error.candidates = tuple(candidates)  # type: ignore[attr-defined]
    return error


def _sequence(name: Name) -> Words:
    """The words of a phrase in the singular, "roll of tape" as "tape roll"."""
    words = tuple(nouns.singular(word) for word in name.words)
    if name.of:
        of = tuple(nouns.singular(word) for word in name.of)
        if words[-1] not in nouns.CONTAINERS:
            return (*words, 'of', *of)
        words = (*words[:-1], *of, words[-1])
    return words


def _has_name(words: Words, parts: Words) -> bool:
    """Whether `words` are modifiers, the whole name, and at most nouns for its class."""
    for start in range(len(words) - len(parts) + 1):
        if words[start:start + len(parts)] != parts:
            continue
        before, after = words[:start], words[start + len(parts):]
        if all(word not in nouns.REFUSED and not word[0].isdigit() for word in before) and all(
                word in nouns.CLASS_NOUNS for word in after):
            return True
    return False


def _noun(parts: Words) -> Words:
    """The head noun of a name, which a number or letter may follow ("chair 2")."""
    while len(parts) > 1 and (len(parts[-1]) == 1 or parts[-1].isdigit()):
        parts = parts[:-1]
    return parts[-1:]


def _contains(words: Words, parts: Words) -> bool:
    return all(part in words for part in parts)


def _differs_by_description(known: str, words: Words) -> bool:
    """Whether a name has the phrase's head noun and no other noun of its own ("far can")."""
    parts = words_of(known)
    return _noun(parts) == words[-1:] and all(
        part in words or part in nouns.ADJECTIVES or len(part) == 1 or part.isdigit()
        for part in parts)


def _refuse(words: Sequence[str], allowed: frozenset[str] | Sequence[str]) -> None:
    """Raise Unanswerable for a word that changes what a phrase means."""
    for word in words:
        if word in nouns.REFUSED or (allowed and word not in allowed):
            raise Unanswerable(f'the word "{word}" in a name is not understood')


def _listed(names: Sequence[str]) -> str:
    return ', '.join(names) if names else 'none'
