"""Which policies an evaluation may name, and which of them cannot do without a model."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.agent.model_writer import MODEL_POLICIES
from spatialclaw_ros.findings.errors import BadGoal

#: What is compared with a model where nothing else is said.
DEFAULT = (*MODEL_POLICIES, 'recipes')
#: Every name that may be given, in the order of the tables.
POLICIES = (*DEFAULT, 'auto')


def policies_of(text: str | None, with_model: bool) -> tuple[str, ...]:
    """Policies of a list such as ``code,recipes``, each once; the usual ones where it is None.

    Raises BadGoal for a name that is none, and for policies that need a model without one.
    """
    if text is None:
        return DEFAULT if with_model else ('recipes',)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(',') if name.strip()))
    unknown = [name for name in names if name not in POLICIES]
    if unknown or not names:
        raise BadGoal(f'--policies {text!r}: {_listed(unknown) or "nothing"} is no policy; '
                      f'known are {", ".join(POLICIES)}')
    lacking = [name for name in names if name in MODEL_POLICIES]
    if lacking and not with_model:
        raise BadGoal(f'--policies: {_listed(lacking)} cannot be asked without a model; give '
                      '--model-url URL, or leave out what needs one')
    return names


def model_behind(policy: str, model: str) -> str:
    """The name of `model` where the answers of `policy` may depend on it, else nothing."""
    return '' if policy == 'recipes' else model


def _listed(names: Sequence[str]) -> str:
    return ' and '.join(filter(None, (', '.join(names[:-1]), *names[-1:])))
