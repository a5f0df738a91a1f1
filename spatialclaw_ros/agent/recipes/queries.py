"""What a question asks for, once the grammar has read it: one frozen dataclass per family."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A noun phrase as it was said, in the words of `words.split`.

    `words` without the article, `of` what follows "of" ("roll *of tape*"), `place` a locative
    ("at front left"), `context` what it is in or on ("in the bin").
    """

    words: tuple[str, ...]
    of: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The phrase for people."""
        return ' '.join((*self.words, *(('of', *self.of) if self.of else ())))


@dataclass(frozen=True)
class Thing:
    """Something a measure is of.

    `kind` is name, camera, robot, camera_axis, vertical, horizontal, and after resolution region
    (with its `label`) or surface (a support that has no region; `label` as it was said). `part` is
    '', nearest, centre, top, bottom or face.
    """

    kind: str
    name: Name = Name(())
    part: str = ''
    label: str = ''

    def __str__(self) -> str:
        """The thing for people."""
        said = self.label or str(self.name) or self.kind.replace('_', ' ')
        return f'the {self.part} of {said}' if self.part in ('top', 'bottom') else said


CAMERA = Thing('camera')


@dataclass(frozen=True)
class Both:
    """Two things under one noun: "the two cans"."""

    name: Name


@dataclass(frozen=True)
class Distance:
    """Between `a` and `b` (or the two of `both`); `kind` is closest, centres or gap.

    `axis` is '', x, y, z, vertical or horizontal; `unit` that of the answer, '' or m, cm, mm.
    """

    a: Thing | None
    b: Thing | None
    kind: str = 'closest'
    axis: str = ''
    both: Both | None = None
    unit: str = ''


@dataclass(frozen=True)
class Position:
    """Where `thing` is in `frame` ('' = the answer's own); `coordinate` x, y, z or '' for all."""

    thing: Thing
    frame: str = ''
    coordinate: str = ''


@dataclass(frozen=True)
class Size:
    """`measure` is height, width, longest, longest_horizontal, size or depth."""

    thing: Thing
    measure: str
    unit: str = ''


@dataclass(frozen=True)
class Height:
    """Of `thing` (its top, unless `thing.part` says bottom) above `surface`; None: its support."""

    thing: Thing
    surface: Thing | None = None
    unit: str = ''


@dataclass(frozen=True)
class Direction:
    """Where `a` is seen from `b`; `words` those asked about; `yes_no` when only one was."""

    a: Thing
    b: Thing
    words: tuple[str, ...] = ()
    yes_no: bool = False
    viewpoint: str = ''


@dataclass(frozen=True)
class Which:
    """Of `among` (or all of class `kind`, with `context`, or `both`) the one of the highest `rank`.

    `place` 2 is the one that comes second, as in "the second nearest".
    `rank` is near, far, tall, short, high, low, big, small, wide, narrow, long, left or right;
    `reference` what near and far are measured from; `surface` what high is measured above.
    """

    rank: str
    among: tuple[Thing, ...] = ()
    kind: Name | None = None
    context: tuple[str, ...] = ()
    reference: Thing | None = None
    surface: Thing | None = None
    viewpoint: str = ''
    both: Both | None = None
    place: int = 1


@dataclass(frozen=True)
class Compare:
    """Whether `a` has more of `rank` than `b`."""

    rank: str
    a: Thing
    b: Thing
    reference: Thing | None = None
    viewpoint: str = ''


@dataclass(frozen=True)
class Count:
    """How many of a class there are; `labels` are filled in by resolution."""

    kind: Name
    context: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exists:
    """Whether there is one of a class; `labels` are filled in by resolution."""

    kind: Name
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Support:
    """Whether `a` stands on `b`."""

    a: Thing
    b: Thing


@dataclass(frozen=True)
class Angle:
    """Between `a` and `b`; None: the vertical, and the horizontal for a surface."""

    a: Thing
    b: Thing | None = None


Query = (Distance | Position | Size | Height | Direction | Which | Compare | Count | Exists
         | Support | Angle)
