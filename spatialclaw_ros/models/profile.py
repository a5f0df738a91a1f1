"""How a model is asked: one profile a model, read from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from spatialclaw_ros.findings.errors import BadGoal

#: Who asks: the plan, the cells, `vlm.locate`, `vlm.ask`, and the answer when all is spent.
ROLES = ('planner', 'writer', 'locator', 'asker', 'fallback')
#: Fields that take more than what their default is, and those that are true or false.
_ACCEPTED: dict[str, Any] = {
    'temperature': (int, float, type(None)), 'thinking': (bool, type(None)),
    'stall_seconds': (int, float)}
_SWITCHES = ('thinking', 'native_calls')


@dataclass(frozen=True)
class Role:
    """How one role asks.

    An empty `model` is the profile's. `max_tokens` bounds one reply, its thinking included.
    `temperature` or `thinking` None leaves it to the server.
    """

    model: str = ''
    temperature: float | None = 0.6
    max_tokens: int = 16384
    thinking: bool | None = None


@dataclass(frozen=True)
class Profile:
    """How a model is asked, and what it can take.

    `thinking_on` and `thinking_off` are what the request's body says besides. Pictures are sent as
    `image_format` 'png' or 'jpeg', made smaller to `image_edge` pixels on their long side. A
    conversation is kept under `context_tokens`; a picture counts as one token for each square of
    `image_patch` pixels. With `native_calls` the model calls a function where it is to call tools.
    `limit_name` is what the server calls the limit of a reply's tokens. A call is tried again
    `retries` times; `stall_seconds` is the longest silence of the server.
    """

    model: str = ''
    roles: Mapping[str, Role] = field(default_factory=dict)
    thinking_on: Mapping[str, Any] = field(default_factory=dict)
    thinking_off: Mapping[str, Any] = field(default_factory=dict)
    image_format: str = 'jpeg'
    image_edge: int = 1024
    image_patch: int = 28
    context_tokens: int = 32768
    native_calls: bool = False
    limit_name: str = 'max_tokens'
    retries: int = 4
    stall_seconds: float = 120.0

    def role(self, name: str) -> Role:
        """How `name`, one of ROLES, asks."""
        return self.roles.get(name, Role())


def read_profile(path: Path) -> Profile:
    """The profile in `path`; raises BadGoal naming the file, the entry and what is accepted."""
    try:
        given = yaml.safe_load(path.read_text('utf-8')) or {}
    except (OSError, yaml.YAMLError) as error:
        raise BadGoal(f'the model profile {path} cannot be read ({error}); config/models holds '
                      'examples') from error
    values = _checked(Profile, given, str(path))
    roles = values.pop('roles', {})
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise BadGoal(f'{path}: roles holds {sorted(unknown)[0]!r}; the roles are '
                      f'{", ".join(ROLES)}')
    profile = Profile(**values, roles={
        name: Role(**_checked(Role, role, f'{path}: roles.{name}'))
        for name, role in roles.items()})
    _check_ranges(profile, path)
    return profile


def _checked(kind: type, given: Any, where: str) -> dict[str, Any]:
    """`given` as fields of `kind`, each of the type of its default."""
    example = kind()
    known = [one.name for one in fields(kind)]
    if not isinstance(given, dict) or set(given) - set(known):
        odd = sorted(set(given) - set(known))[0] if isinstance(given, dict) else given
        raise BadGoal(f'{where} holds {odd!r}; it may hold {", ".join(known)}')
    for name, value in given.items():
        if not isinstance(value, _ACCEPTED.get(name, type(getattr(example, name)))) or (
                isinstance(value, bool) and name not in _SWITCHES):
            raise BadGoal(f'{where}: {name} is {value!r}; give one like {getattr(example, name)!r}')
    return dict(given)


def _check_ranges(profile: Profile, path: Path) -> None:
    if profile.image_format not in ('png', 'jpeg'):
        raise BadGoal(f'{path}: image_format is {profile.image_format!r}; give png or jpeg')
    for name, least in (('image_edge', 64), ('image_patch', 1), ('context_tokens', 2048),
                        ('retries', 0), ('stall_seconds', 0.1)):
        if getattr(profile, name) < least:
            raise BadGoal(f'{path}: {name} is {getattr(profile, name)}; give {least} or more')
