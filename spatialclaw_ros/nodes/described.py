"""Parameters with a description, a range or a set of choices, declared and read in one way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import Any

from rcl_interfaces.msg import FloatingPointRange
from rcl_interfaces.msg import IntegerRange
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node


class ParameterError(ValueError):
    """A parameter whose value cannot be used."""


@dataclass(frozen=True)
class Described:
    """One parameter: `low`, `high` bound numbers (and each number of a list of fixed length).

    `choices` bounds words. `live` parameters may change while the node runs and hold from the
    next goal on; the others are read-only.
    """

    name: str
    default: Any
    description: str
    low: float | None = None
    high: float = math.inf
    choices: tuple[str, ...] = ()
    live: bool = False
    dynamic: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """What `ros2 param describe` shows; rclpy itself refuses numbers out of range."""
        descriptor = ParameterDescriptor(
            name=self.name, description=self.description, read_only=not self.live,
            dynamic_typing=self.dynamic)
        if self.choices:
            descriptor.additional_constraints = 'one of ' + ', '.join(self.choices)
        if self.low is not None and isinstance(self.default, float):
            high = min(self.high, 1e12)
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(self.low), to_value=float(high))]
        elif self.low is not None and isinstance(self.default, int):
            high = min(self.high, 2**31 - 1)
            descriptor.integer_range = [
                IntegerRange(from_value=int(self.low), to_value=int(high), step=1)]
        return descriptor

    def problem(self, value: Any) -> str | None:
        """Why `value` cannot be used; None where it can."""
        if self.choices and value not in self.choices:
            return f'{self.name} is {value!r}; it must be one of {", ".join(self.choices)}'
        if isinstance(self.default, list) and isinstance(self.default[0], float):
            numbers = [float(number) for number in value]
            low = -math.inf if self.low is None else self.low
            if len(numbers) != len(self.default) or not all(
                    math.isfinite(n) and low <= n <= self.high for n in numbers):
                return (f'{self.name} is {numbers}; it takes {len(self.default)} finite numbers'
                        + (f' of at least {low:g}' if self.low is not None else ''))
        return None


def declare(node: Node, parameters: Iterable[Described]) -> None:
    """Declare `parameters`; raises ParameterError, naming value and remedy, for a bad value."""
    for parameter in parameters:
        try:
            value = node.declare_parameter(
                parameter.name, parameter.default, parameter.descriptor()).value
        except Exception as error:
            hint = '; write it with a decimal point, as 300.0' if (
                isinstance(parameter.default, float) and "'INTEGER'" in str(error)) else ''
            raise ParameterError(f'parameter {parameter.name}: {error}{hint}') from error
        problem = parameter.problem(value)
        if problem is not None:
            raise ParameterError(f'parameter {problem}')


def undeclared(node: Node) -> list[str]:
    """Parameters that were set for `node` and are none of its own: misspelt, mostly."""
    return sorted(name for name in node._parameter_overrides
                  if not node.has_parameter(name) and not name.startswith('qos_overrides.'))


def value_of(node: Node, name: str) -> Any:
    """Value of a declared parameter; arrays as plain lists."""
    value = node.get_parameter(name).value
    return list(value) if hasattr(value, 'tolist') else value
