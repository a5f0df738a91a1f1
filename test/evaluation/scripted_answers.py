"""A model that measures as a competent one would, from nothing but what a request tells it.

Who is asked it reads in the system prompt; the form of a reply in the example there (or in the
function it is given), and from then on in its own last turn as the history shows it, whatever that
looks like; the question and the names that can be searched in the first user turn; what it has
done, and what the results are called, in the feedback. No expected answer is known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import itertools
import json
import re
from typing import Any

from protocol_server import Answer

# A header alone on its line, however it is marked, and a fenced block.
_HEADER = re.compile(r'^\W*(purpose|reasoning|next goal|call|code)\W*$', re.I | re.M)
_FENCED = re.compile(r'(?<=```)(\w*\n)(.*?)(?=\n```)', re.S)
# How the feedback of a step begins: with its status.
_STATUS = re.compile(r'(?:Step \d+: )?\[(\w+)\]')
_EXAMPLE = re.compile(r'\*\*Purpose\*\*.*?```\w+\n.*?\n```', re.S)
# What only the system prompt of one says; the first that is found counts.
_ROLES = {
    'planner': 'You plan how a spatial question', 'no_tool': 'from the images alone',
    'single_pass': '# One program', 'native': 'Call the function `call`',
    'call': '**Call**\n```', 'code': '**Code**\n```'}


@dataclass(frozen=True)
class Act:
    """One call: its result is `name` to the acts after it, whose arguments say `$name`."""

    purpose: str
    name: str
    tool: str
    args: Mapping[str, Any]

    def renamed(self, names: Mapping[str, str]) -> Act:
        """The same act on what `names` gives for the names in it."""
        return replace(self, name=names.get(self.name, self.name), tool=_named(self.tool, names),
                       args=_argument(self.args, names))

    @property
    def python(self) -> str:
        """The act as a line of Python."""
        if self.tool == 'show':
            return f'show({", ".join(_python(value) for value in self.args.values())})'
        given = ', '.join(f'{key}={_python(value)}' for key, value in self.args.items())
        return f'{self.name} = {self.tool}({given})' if self.name else f'{self.tool}({given})'


@dataclass(frozen=True)
class Plan:
    """How a question is answered: what is looked at, measured, and measured again in a check.

    `names` are searched for; `guess` is what the pictures alone suggest.
    """

    names: tuple[str, ...]
    look: tuple[Act, ...]
    measure: tuple[Act, ...]
    check: tuple[Act, ...]
    answer: Act
    guess: str

    @property
    def acts(self) -> list[Act]:
        """All of it, call by call."""
        return [*self.look, *self.measure, *self.check, self.answer]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """All of it as cells that end with what is to be seen: their purposes and code."""
        parts = [('Find them and look at the masks.', self.look), ('Measure it.', self.measure),
                 ('Measure it a second way and answer.', [*self.check, self.answer])]
        return [(purpose, '\n'.join(['# Call one after the other:', *map(_line, acts)]))
                for purpose, acts in parts if acts]

    @property
    def program(self) -> str:
        """All of it as one cell without a second look."""
        lines = [act.python for act in self.acts if act.tool != 'show']
        if self.names:
            lines.insert(1, f'assert masks.num_objects >= {len(self.names)}, masks.reason')
        return '\n'.join(lines)


def _line(act: Act) -> str:
    """The act in a cell, and its result printed where it is a measure."""
    return f'{act.python}\nprint({act.name})' if act.name in ('found', 'check') else act.python


def _named(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r'(?<![.\w])[a-z]+\b', lambda found: names.get(found[0], found[0]), text)


def _argument(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _argument(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_argument(item, names) for item in value]
    return _named(value, names) if isinstance(value, str) and value.startswith('$') else value


def _python(value: Any) -> str:
    if isinstance(value, list):
        return f'[{", ".join(map(_python, value))}]'
    return value[1:] if isinstance(value, str) and value.startswith('$') else repr(value)


_AGAIN = {'masks': 'smaller', 'things': 'again', 'found': 'check'}
_RECON = Act('Get depth and poses.', 'recon', 'tools.Reconstruct.Reconstruct', {})
_NEWEST = '[recon.frame_indices[-1]]'
CAMERA, AXIS = f'$recon.extrinsics{_NEWEST}[:3, 3]', f'$recon.extrinsics{_NEWEST}[:3, 2]'


def _measure(function: str, **args: Any) -> Act:
    return Act(f'Measure it with {function}.', 'found', f'tools.Geometry.{function}', args)


def of_things(names: Sequence[str], guess: str, measure: Act, answer: str = '$found') -> Plan:
    """`measure` of the things called `names`, checked with their masks a pixel smaller."""
    points = Act('Make their points.', 'things', 'recon.objects', {'mask': '$masks'})
    return Plan(
        tuple(names),
        (Act('Find what the question names.', 'masks', 'tools.SAM3.segment_video_by_text',
             {'prompts': list(names)}),
         Act('Look at the masks.', '', 'show', {'things': ['$masks']})),
        (_RECON, points, measure),
        (Act('Make the masks a pixel smaller.', 'smaller', 'masks.erode', {'px': 1}),
         replace(points, purpose='Make the points of the smaller masks.').renamed(_AGAIN),
         replace(measure, purpose='Measure it again on the smaller masks.').renamed(_AGAIN)),
        Act('Answer with what was measured.', '', 'ReturnAnswer',
            {'answer': answer, 'evidence': ['$found', '$things']}), guess)


def of_ground(guess: str, measure: Act) -> Plan:
    """`measure` against the level surface in the newest frame."""
    return Plan((), (), (
        _RECON, Act('Find the level surface.', 'plane', 'tools.Geometry.plane',
            {'points_or_mask': f'$recon.points{_NEWEST}', 'level': True}), measure), (),
        Act('Answer with what was measured.', '', 'ReturnAnswer',
            {'answer': '$found', 'evidence': ['$found', '$plane']}), guess)


def gap(first: str, second: str) -> Plan:
    return of_things((first, second), '0.1 m', _measure(
        'closest_distance', a='$things[0]', b='$things[1]'))


def height(name: str) -> Plan:
    return of_things((name,), '0.1 m', _measure('height', a='$things[0]'))


def from_camera(name: str) -> Plan:
    return of_things((name,), '0.8 m', _measure(
        'closest_distance', a='$things[0]', b=CAMERA, sigma=0.0))


def beside(name: str, other: str) -> Plan:
    return of_things((name, other), 'left', _measure(
        'direction', a='$things[0]', of='$things[1]', viewpoint='camera', among=['left', 'right']))


#: How each question is answered, by its id.
PLANS = {
    'apc_shelf_bin-08': from_camera('tissue_box'),
    'apc_shelf_bin-09': beside('joke_book', 'tissue_box'),
    'apc_shelf_bin-10': of_things(
        ('tissue_box',), '1 m', _measure('end', a='$things[0]', axis=[0, 0, 1])),
    'tum_fr2_desk-02': gap('keyboard', 'mouse'),
    'tum_fr2_desk-11': beside('mug', 'mouse'),
    'tum_fr2_desk-13': of_things(('coke can',), '2', _measure('count', mask='$masks')),
    'tum_fr2_desk-14': of_ground('30 deg', _measure('angle_between', a='$plane', b=AXIS)),
    'ycb_table_a-01': height('mustard'),
    'ycb_table_a-02': height('soup_can'),
    'ycb_table_a-03': height('cracker_box'),
    'ycb_table_a-04': of_things(
        ('cracker_box',), '0.3 m', _measure('size', a='$things[0]'), '$found[0]'),
    'ycb_table_a-05': gap('banana', 'drill'),
    'ycb_table_a-06': gap('banana', 'mustard'),
    'ycb_table_a-07': of_things(
        ('mustard', 'soup_can', 'drill'), 'mustard',
        _measure('nearest', of=CAMERA, among='$things')),
    'ycb_table_a-08': beside('banana', 'mustard'),
    'ycb_table_a-09': from_camera('soup_can'),
    'ycb_table_a-10': of_things(('mustard', 'cracker_box'), 'cracker_box', _measure(
        'rank', among='$things', measure='$tools.Geometry.height')),
    'ycb_table_a-12': of_things(
        ('soup_can',), 'in the middle', _measure('position', a='$things[0]', frame='camera')),
    'ycb_table_a-13': of_ground('30 deg', _measure('angle_between', a='$plane', b=AXIS)),
    'ycb_table_a-14': of_ground('0.5 m', _measure('above', a=CAMERA, surface='$plane')),
}


@dataclass(frozen=True)
class Turn:
    """One of the model's own turns as the history shows it, and what it was told after it.

    `function` is its call of a function, {} where it wrote text. `ran` without a failure; of what
    the feedback says `result` is the name of its result and `output` the first line it printed,
    empty where there is none.
    """

    purpose: str
    ran: bool
    result: str = ''
    output: str = ''
    text: str = ''
    function: Mapping[str, str] = field(default_factory=dict)
    ill_formed: bool = False

    @classmethod
    def of(cls, shown: Mapping[str, Any], told: str) -> Turn:
        """The turn `shown`, after which `told` came."""
        text, calls = text_of(shown), shown.get('tool_calls')
        function = calls[0]['function'] if calls else {}
        said = json.loads(function['arguments']) if calls else sections_of(text)
        status = _STATUS.match(told)
        return cls(said.get('purpose', ''), status is not None and status[1] == 'ok',
                   _found(r'^Variables:\n(result_\d+) = ', told), _found(r'^Output:\n(.*)$', told),
                   text, function, status is None)


def text_of(message: Mapping[str, Any]) -> str:
    """The texts of a message."""
    content = message.get('content') or ''
    return content if isinstance(content, str) else '\n'.join(
        part['text'] for part in content if part['type'] == 'text')


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.M)
    return found[1] if found else ''


def turns_of(facts: str, messages: Sequence[dict[str, Any]]) -> list[Turn]:
    """The turns shown, after those that `facts` tell in a line: these are counted."""
    _, _, early = facts.partition('Earlier steps, whose variables are still there:\n')
    told = [Turn(line, 'ok' in line, _found(r'(result_\d+)', line) or f'result_{number}')
            for number, line in enumerate(re.findall(r'^- (.*)$', early, re.M), 1)]
    return told + [Turn.of(shown, text_of(after)) for shown, after in itertools.pairwise(messages)
                   if shown['role'] == 'assistant']


def _split(text: str) -> Iterator[tuple[str, str, str]]:
    """The sections of a reply: name in lower case, header as it is written, body."""
    headers = list(_HEADER.finditer(text))
    ends = [*(header.start() for header in headers[1:]), len(text)][:len(headers)]
    for header, end in zip(headers, ends, strict=True):
        yield header[1].lower(), header[0], text[header.end():end]


def sections_of(text: str) -> dict[str, str]:
    return {name: body.strip() for name, _, body in _split(text)}


def imitated(form: str, said: Mapping[str, str], act: Act | str, number: int) -> str:
    """`form`, a reply, with other texts and another act in the places where it has them.

    An act is written as the one there is written: as JSON with the same keys, else as Python.
    """
    parts = []
    for name, header, body in _split(form):
        words = body.strip()
        if name in said:
            new = said[name]
        elif _FENCED.search(words):
            new = _FENCED.sub(lambda found: found[1] + _like(found[2], said, act, number), words)
        else:
            new = _like(words, said, act, number)
        before, after = body.split(words, 1) if words else ('\n', '\n')
        parts += [header, before, new, after]
    return ''.join(parts) or _like(form, said, act, number)


def _like(written: str, said: Mapping[str, str], act: Act | str, number: int) -> str:
    if isinstance(act, str):
        return act
    try:
        shown = json.loads(written)
    except ValueError:
        named = f'result_{number}' if act.name else ''
        return replace(act, name=named).python
    told = {name.replace(' ', '_'): text for name, text in said.items()}
    new = {**told, 'tool': act.tool, 'args': act.args}
    return json.dumps({key: new.get(key, value) for key, value in shown.items()})


class Model:
    """Responds to the requests of a query about one of `plans`, which are by the question's text.

    With `slips` its second call of tools is once written as the Python that it stands for.
    """

    def __init__(self, plans: Mapping[str, Plan], *, slips: bool = False) -> None:
        self._plans, self._slips = plans, slips

    def __call__(self, body: dict[str, Any]) -> Answer:
        system, first, *rest = body['messages']
        prompt, facts = text_of(system), text_of(first)
        plan = self._plans[_found(r'^Question: (.*)$', facts)]
        role = next((role for role, words in _ROLES.items() if words in prompt), None)
        turns = turns_of(facts, rest)
        if role == 'planner':
            text = (f'1. It asks about {" and ".join(plan.names) or "the level surface"}.\n'
                    f'2. It is seen from the camera.\n3. {plan.measure[-1].purpose}')
        elif role == 'no_tool':
            text = f'They look as large as such things are.\n\n**Answer**\n{plan.guess}'
        elif role in ('code', 'single_pass'):
            text = self._cell(prompt, facts, turns, plan, single=role == 'single_pass')
        elif role == 'call':
            text = self._call(_example(prompt), facts, turns, plan)
        elif role == 'native':
            return self._native(body, facts, turns, plan)
        else:
            raise AssertionError(f'nobody is asked by the prompt {prompt[:200]!r}')
        return _answer(body, text)

    def _cell(self, prompt: str, facts: str, turns: Sequence[Turn], plan: Plan, *,
              single: bool) -> str:
        _check_names(facts, plan)
        cells = [('Do it all in one program.', plan.program)] if single else plan.cells
        purpose, code = _next(turns, cells)
        return imitated(_form(turns, _example(prompt)), _said(purpose, turns), code, 0)

    def _call(self, example: str, facts: str, turns: Sequence[Turn], plan: Plan) -> str:
        _check_names(facts, plan)
        act = self._act(turns, plan)
        said, form = _said(act.purpose, turns), _form(turns, example)
        if self._slips and len(turns) == 1 and turns[0].ran:
            form = re.sub(r'(?<=```)json\n.*(?=\n```)', 'python\npass', form, flags=re.S)
        return imitated(form, said, act, len(turns) + 1)

    def _native(self, body: dict[str, Any], facts: str, turns: Sequence[Turn],
                plan: Plan) -> Answer:
        """Calls the function as its own last turn did, or writes text if that one did."""
        if turns and not turns[-1].function and not turns[-1].ill_formed:
            return _answer(body, self._call('', facts, turns, plan))
        _check_names(facts, plan)
        function, = [tool['function'] for tool in body['tools']]
        wanted = json.dumps(dict.fromkeys(function['parameters']['properties']))
        shown = turns[-1].function if turns and turns[-1].function else {
            'name': function['name'], 'arguments': wanted}
        act = self._act(turns, plan)
        arguments = imitated(shown['arguments'], _said(act.purpose, turns), act, len(turns) + 1)
        return _answer(body, '', [(shown['name'], arguments)])

    @staticmethod
    def _act(turns: Sequence[Turn], plan: Plan) -> Act:
        """The next of the plan's acts, on what the feedback calls the results of those before."""
        _, act = _next(turns, [(act.purpose, act) for act in plan.acts])
        return act.renamed({one.name: turn.result for one in plan.acts if one.name
                            for turn in turns if turn.ran and one.purpose in turn.purpose})


def _example(prompt: str) -> str:
    found = _EXAMPLE.search(prompt)
    assert found, 'the prompt shows no example of a reply'
    return found[0]


def _form(turns: Sequence[Turn], example: str) -> str:
    """What a reply looks like: the last one, unless that was refused for its form."""
    return example if not turns or turns[-1].ill_formed else turns[-1].text


def _next(turns: Sequence[Turn], steps: Sequence[tuple[str, Any]]) -> tuple[str, Any]:
    """The first of the steps, with their purposes, that has not been done."""
    return next((purpose, step) for purpose, step in steps
                if not any(turn.ran and purpose in turn.purpose for turn in turns))


def _said(purpose: str, turns: Sequence[Turn]) -> dict[str, str]:
    reasoning = f'The last output: {turns[-1].output}' if turns else 'Nothing is known yet.'
    return {'purpose': purpose, 'reasoning': reasoning, 'next goal': 'Go on with what comes out.'}


def _check_names(facts: str, plan: Plan) -> None:
    """A competent model asks for names that there are."""
    known = re.findall(r"'([^']*)'", _found(r'these names only: (.*?)\. For anything else', facts))
    assert set(plan.names) <= set(known), f'{plan.names} are not all among the names {known}'


def _answer(body: Mapping[str, Any], text: str, calls: Sequence[tuple[str, str]] = ()) -> Answer:
    """The answer, with tokens counted about as a server would."""
    contents = [message.get('content') or '' for message in body['messages']]
    parts = [part for content in contents if not isinstance(content, str) for part in content]
    pictures = sum(part['type'] == 'image_url' for part in parts)
    told = sum(len(text_of(message)) for message in body['messages']) // 4 + 400 * pictures
    said = (len(text) + sum(len(arguments) for _, arguments in calls)) // 4
    return Answer(text.splitlines(keepends=True), tool_calls=calls,
                  finish='tool_calls' if calls else 'stop', usage=(told, said))
