"""Which vision-language model a command asks."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.models.client import KEY_VARIABLE
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.connect import model_client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a model and its server."""
    group = parser.add_argument_group('a vision-language model')
    group.add_argument('--model-url', default='', metavar='URL',
                       help='an OpenAI-compatible server, such as http://localhost:8000/v1')
    group.add_argument('--model', default='', metavar='NAME',
                       help='its name there (default: the only one that the server has)')
    group.add_argument('--model-profile', default='', metavar='FILE',
                       help='how it is asked; config/models has examples')
    group.add_argument('--api-key-env', default=KEY_VARIABLE, metavar='VAR',
                       help=f'environment variable that holds the key (default {KEY_VARIABLE})')


def add_budget(parser: argparse.ArgumentParser) -> None:
    """Add what one question may spend of a model, for commands that ask one."""
    group = parser.add_argument_group('what a model may cost')
    group.add_argument('--max-tokens', type=int, default=Budget.tokens, metavar='N',
                       help='most tokens for one question (default: no limit)')
    group.add_argument('--max-images', type=int, default=Budget.images, metavar='N',
                       help=f'most pictures for one question (default {Budget.images})')
    group.add_argument('--max-failures', type=int, default=Budget.failures, metavar='N',
                       help='most failed cells and unusable replies in a row '
                       f'(default {Budget.failures})')


def budget_of(args: argparse.Namespace) -> Budget:
    """What a question may spend, but for steps and time; raises BadGoal for less than none."""
    for name, least in (('max_tokens', 0), ('max_images', 0), ('max_failures', 1)):
        if getattr(args, name) < least:
            raise BadGoal(f'--{name.replace("_", "-")} is {getattr(args, name)}; give {least} or '
                          'more')
    return Budget(failures=args.max_failures, tokens=args.max_tokens, images=args.max_images)


def client_of(args: argparse.Namespace) -> ModelClient | None:
    """The model that the arguments name, or None; raises SpatialError for what cannot be."""
    return model_client(args.model_url, args.model, args.model_profile, args.api_key_env)


@asynccontextmanager
async def model_of(args: argparse.Namespace) -> AsyncIterator[ModelClient | None]:
    """As `client_of`, closed in the end."""
    client = client_of(args)
    if client is None:
        yield None
        return
    async with client:
        yield client
