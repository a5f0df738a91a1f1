"""A parse tree, read by the names of its rules."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Tree


class Contradiction(Exception):
    """A reading whose parts do not go together."""


@dataclass(frozen=True)
class Node:
    """A rule of the tree, with its children by name."""

    tree: Tree

    def all(self, *names: str) -> list[Node]:
        """Children of any of these names, in order."""
        return [Node(child) for child in self.tree.children
                if isinstance(child, Tree) and child.data in names]

    def first(self, *names: str) -> Node | None:
        """The first such child, None without."""
        return next(iter(self.all(*names)), None)

    def need(self, *names: str) -> Node:
        """The first such child; raises Contradiction without."""
        found = self.first(*names)
        if found is None:
            raise Contradiction
        return found

    def has(self, *names: str) -> bool:
        """Whether there is such a child."""
        return self.first(*names) is not None

    @property
    def rule(self) -> str:
        """Name of the rule."""
        return str(self.tree.data)

    @property
    def marks(self) -> list[str]:
        """Names of all children, in order."""
        return [str(child.data) for child in self.tree.children if isinstance(child, Tree)]

    @property
    def words(self) -> tuple[str, ...]:
        """All words kept below, in order."""
        return tuple(str(token) for token in self.tree.scan_values(lambda _: True))
