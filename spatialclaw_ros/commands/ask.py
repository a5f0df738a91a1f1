"""`spatialclaw ask`: one question, answered from a recording or by a running node."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.ask import POLICIES
from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.commands import engines
from spatialclaw_ros.commands import model
from spatialclaw_ros.commands import source
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.as_json import answer_json
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

#: Of the goal's field max_steps.
_MOST_STEPS = 65535
#: Longest time without and with a model, seconds.
_SECONDS, _MODEL_SECONDS = 60.0, 300.0


def add_parser(commands: Any) -> None:
    """Add `ask` to the sub-commands."""
    parser = commands.add_parser(
        'ask', help='answer one spatial question',
        description='Answer one spatial question from a recording, or by a running node.')
    parser.add_argument('question', help='"How far is the mug from the bottle?"')
    source.add_arguments(parser)
    parser.add_argument('--live', action='store_true', help='ask a running node by its action; '
                        'regions are taken as drawn on its newest image')
    parser.add_argument('--namespace', default='', metavar='NS', help="the node's, with --live")
    parser.add_argument('--json', action='store_true', help='print exactly one JSON object')
    parser.add_argument('--policy', help=f'{", ".join(POLICIES)} (default auto; the node\'s with '
                        '--live); all but the first two need a model')
    parser.add_argument('--choices', nargs='+', default=[], help='the answer is one of these')
    parser.add_argument('--timeout', type=float, metavar='S',
                        help=f'default {_SECONDS:g}, with a model {_MODEL_SECONDS:g}; the '
                        "node's with --live")
    parser.add_argument('--allow-guess', action='store_true',
                        help='when all is spent, let the model guess')
    parser.add_argument('--max-steps', type=int, metavar='N',
                        help="most cells to run (default 12; the node's with --live)")
    parser.add_argument('--transcript', type=Path, metavar='DIR', help='keep every step there')
    engines.add_arguments(parser)
    model.add_arguments(parser)
    model.add_budget(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer and print; 0 when the question was answered, 1 when it was not."""
    try:
        report = _live(args) if args.live else asyncio.run(_from_recording(args))
    except (SpatialError, OSError, ValueError) as error:
        code = error.code if isinstance(error, SpatialError) else ErrorCode.BAD_GOAL
        report = answer_json(Answer(code, message=str(error)), np.eye(4))
    print(json.dumps(report) if args.json else as_text(report))
    answered = (ErrorCode.NONE, ErrorCode.GUESSED) if args.allow_guess else (ErrorCode.NONE,)
    return 0 if report['status'] in [code.label for code in answered] else 1


def _live(args: argparse.Namespace) -> dict[str, Any]:
    if args.recording is not None or args.frames or args.transcript is not None or args.model_url:
        raise BadGoal('--live asks a running node; --recording, --frames, --transcript and '
                      '--model-url do not go with it')
    if args.engine_server or (args.reconstruct, args.segment) != (AUTO, AUTO):
        raise BadGoal("--live asks a running node, whose engines are the node's: set its "
                      'parameters engines.reconstruct, engines.segment, engines.server')
    regions = source.regions_of(args)
    if len({region.frame for region in regions}) > 1:
        raise BadGoal('with --live every region is on the newest image; give those of one frame')
    max_steps = args.max_steps or 0
    if not 0 <= max_steps <= _MOST_STEPS:
        raise BadGoal(f'--max-steps is {max_steps}; give 1 to {_MOST_STEPS}')
    timeout = 0.0 if args.timeout is None else args.timeout  # 0: the node's
    if args.timeout is not None and not 0 < timeout < math.inf:
        raise BadGoal(f'--timeout is {timeout:g} s; give a positive number of seconds')
    from spatialclaw_ros.nodes.ask_live import ask_live
    return ask_live(
        args.question, args.namespace, regions=regions, choices=args.choices,
        target_frame=args.target_frame, policy=args.policy or '', max_steps=max_steps,
        timeout=timeout, allow_guess=args.allow_guess)


async def _from_recording(args: argparse.Namespace) -> dict[str, Any]:
    if args.recording is None:
        raise BadGoal('nothing to look at: give --recording PATH, or --live for a node')
    window = source.window_of(args)
    question = Question(
        args.question, choices=tuple(args.choices), target_frame=args.target_frame,
        policy=args.policy or Question.policy,
        max_steps=Question.max_steps if args.max_steps is None else args.max_steps,
        timeout=_seconds(args), allow_guess=args.allow_guess)
    async with model.model_of(args) as client, engines.perception_of(args) as perception:
        answer = await _answer(question, window, perception.engines_for(window), args.transcript,
                               client, model.budget_of(args))
    to_target = window.world_to_target
    return answer_json(answer, np.eye(4) if to_target is None else to_target)


def _seconds(args: argparse.Namespace) -> float:
    if args.timeout is None:
        return _MODEL_SECONDS if args.model_url else _SECONDS
    return float(args.timeout)


async def _answer(question: Question, window: FrameWindow, chosen: Engines,
                  transcript: Path | None, client: ModelClient | None, budget: Budget) -> Answer:
    nursery = await Nursery.start(TOOLKIT)
    try:
        return await ask(question, window, chosen, nursery,
                         limits=Limits(), transcript_dir=transcript, model=client, budget=budget)
    finally:
        await nursery.close()


def as_text(report: dict[str, Any]) -> str:
    """The report for a person: the answer with its interval, then how it was found."""
    guessed = report['status'] == ErrorCode.GUESSED.label
    if report['status'] != ErrorCode.NONE.label and not guessed:
        return f'{report["status"]}: {report["explanation"]}'
    unit = f' {report["unit"]}' if report['unit'] else ''
    answer = report['answer']
    head = f'{answer:.4g}{unit}' if isinstance(answer, float) else f'{answer}'
    if report['interval'] is not None:
        low, high = report['interval']
        head += f'  (95 % interval {low:.4g} to {high:.4g}{unit})'
    return f'{head}   ({report["status"]})\n{report["explanation"]}' if guessed else (
        f'{head}\n{report["explanation"]}')
