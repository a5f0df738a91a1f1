"""The model calls one tool a step, as JSON; the call becomes a cell of one line."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from spatialclaw_ros.agent.interfaces.interface import assembled
from spatialclaw_ros.agent.interfaces.interface import Interface
from spatialclaw_ros.agent.interfaces.interface import prompt_text
from spatialclaw_ros.agent.interfaces.interface import unanswerable
from spatialclaw_ros.agent.reference import reference
from spatialclaw_ros.agent.reply import sections_of
from spatialclaw_ros.agent.reply import unfenced
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.models.conversation import Function
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import Reply

_TOOL = re.compile(
    r'(?:(?:tools|vlm|Metadata|Reconstruct|SAM3|Geometry|Mask|Time|Graph|Draw|result_\d+'
    r'|InputImages(?:_\d+)?)(?:\[-?\d+\])?'
    r'(?:\.[A-Za-z]\w*(?:\[-?\d+\])?)+|show|ReturnAnswer)')
#: What was meant as a value and lacks its sign.
_BARE = re.compile(r'(?:-\$?)?result_\d+(?:[.\[].*)?$')
_VALUE = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Load,
          ast.UnaryOp, ast.USub, ast.Tuple, ast.List)
_ASK = ('write one call as {"tool": "tools.SAM3.segment_image_by_text", "args": {"image": '
        '"$InputImages[0]", "prompt": "mug"}}')
#: As other interfaces call the parts of a call.
_OTHER_NAMES = {'name': 'tool', 'arguments': 'args', 'parameters': 'args'}
_TEXTS = ('purpose', 'reasoning', 'next_goal')


class CallInterface(Interface):
    """One call a reply: in a **Call** section, or natively as a function."""

    name, looks = 'tool_call', True

    def __init__(self, *, native: bool) -> None:
        """With `native` the server knows functions; a call in the text is taken too."""
        self.function = _FUNCTION if native else None

    def prompt(self) -> str:
        """Format, way of working, tools, conventions."""
        return assembled(
            prompt_text('agent'),
            prompt_text('write_call' if self.function is None else 'write_call_native'),
            prompt_text('call_rules'), prompt_text('steps'), reference(),
            prompt_text('conventions'), prompt_text('habits'))

    def parse(self, reply: Reply, number: int) -> Step | Verdict:
        """The call in a reply as a cell that binds `result_<number>`."""
        sections = sections_of(reply.text)
        if sections.get('unanswerable') and not sections.get('call'):
            return unanswerable(sections['unanswerable'])
        written = reply.arguments or unfenced(sections.get('call') or reply.text)
        call = _read(written, reply)
        told = {name: str(call.pop(name, '') or sections.get(name.replace('_', ' '), ''))
                for name in _TEXTS}
        if isinstance(call.get('args'), str) and call.get('tool') != 'Unanswerable':
            call['args'] = _read(call['args'], reply)  # as servers send an object that may hold all
        if call.get('tool') == 'Unanswerable':
            given = call.get('args')
            return unanswerable(str(given.get('reason', '') if isinstance(given, dict) else given))
        try:
            code = code_of(call, number)
        except (ValueError, RecursionError) as error:
            fault = str(error) if isinstance(error, ValueError) else 'the call is nested too deeply'
            raise BadReply(f'{fault}; {_ASK}', reply.arguments or reply.text) from error
        return Step(told['purpose'], told['reasoning'], told['next_goal'], code,
                    call=json.dumps({'tool': call['tool'], 'args': call.get('args') or {}},
                                    ensure_ascii=False))

    def as_written(self, step: Step) -> Message:
        """The model's own call, in exactly the JSON it must write."""
        texts = dict(zip(_TEXTS, (step.purpose, step.reasoning, step.next_goal), strict=True))
        if self.function is not None:
            return Message('assistant', ('',), json.dumps(
                {**texts, **json.loads(step.call)}, ensure_ascii=False))
        return Message('assistant', (
            f'**Purpose**\n{step.purpose}\n\n**Reasoning**\n{step.reasoning}\n\n'
            f'**Next Goal**\n{step.next_goal}\n\n**Call**\n```json\n{step.call}\n```',))


def code_of(call: dict[str, Any], number: int) -> str:
    """The cell that makes a call, {"tool": name, "args": {…}}; raises ValueError naming a fault."""
    tool, given = call.get('tool'), call.get('args') or {}
    if isinstance(tool, str):
        tool = tool.removeprefix('$').removesuffix('()')
    if not isinstance(tool, str) or not _TOOL.fullmatch(tool):
        raise ValueError(f'{str(tool)[:80]!r} is no tool that can be called')
    if not isinstance(given, dict):
        raise ValueError(f'args is {str(given)[:80]!r}, not an object of arguments by name')
    for name in given:
        if not name.isidentifier() or name.startswith('_'):
            raise ValueError(f'{name[:80]!r} is no name of an argument')
    if tool == 'show':  # takes what it shows by position
        things = [_value(value) for name, value in given.items() if name != 'label']
        label = [f'label={_value(given["label"])}'] if 'label' in given else []
        return f'show({", ".join(things + label)})'
    arguments = ', '.join(f'{name}={_value(value)}' for name, value in given.items())
    if tool == 'ReturnAnswer':
        return f'ReturnAnswer({arguments})'
    result = f'result_{number}'
    if tool.startswith('result_') and not arguments:  # a property is read as a method is called
        return f'{result} = {tool}\n{result} = {result}() if callable({result}) else {result}\n' \
            f'print({result})'
    return f'{result} = {tool}({arguments})\nprint({result})'


def _value(value: Any) -> str:
    """`value` as Python: what begins with $ is a name and what hangs on it, the rest is itself."""
    if isinstance(value, list):
        return f'[{", ".join(map(_value, value))}]'
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key!r}: {_value(item)}' for key, item in value.items()) + '}'
    if isinstance(value, str) and _BARE.match(value):
        raise ValueError(f'{value[:80]!r} is text; as a value write "${value[:80].lstrip("-$")}"')
    if not isinstance(value, str) or not value.startswith('$'):
        return repr(value)
    try:
        tree = ast.parse(value[1:].strip(), mode='eval')
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None or not all(isinstance(node, _VALUE) for node in ast.walk(tree)) or any(
            isinstance(node, ast.Attribute) and node.attr.startswith('_')
            for node in ast.walk(tree)):
        raise ValueError(f'{value[:80]!r} is no value: after $ come a name, attributes, indices '
                         'and slices, nothing that is called or computed')
    return ast.unparse(tree)


def _read(written: str, reply: Reply) -> dict[str, Any]:
    """The first JSON object in `written`, whatever stands around it."""
    start = written.find('{')
    try:
        call, _end = json.JSONDecoder().raw_decode(written[max(start, 0):])
        if isinstance(call, dict):
            return {str(_OTHER_NAMES.get(key, key)): value for key, value in call.items()}
        fault = f'the call is a JSON {type(call).__name__}, not an object'
    except (ValueError, RecursionError) as error:
        fault = ('the reply was cut off at its limit of tokens' if reply.cut
                 else f'the call is no JSON ({error})')
    raise BadReply(f'{fault}; {_ASK}', reply.arguments or reply.text)


_FUNCTION = Function('call', 'Call one tool.', {
    'type': 'object',
    'properties': {
        'purpose': {'type': 'string', 'description': 'what this call is to find out'},
        'reasoning': {'type': 'string', 'description': 'what is known, and why this is next'},
        'next_goal': {'type': 'string', 'description': 'what is done with the result'},
        'tool': {'type': 'string', 'description': 'such as tools.Geometry.closest_distance'},
        'args': {'type': 'object', 'description': 'its arguments by name; $name is a value'}},
    'required': ['purpose', 'reasoning', 'next_goal', 'tool', 'args']})
