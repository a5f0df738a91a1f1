"""The secret that a client of the engine server must know."""

from __future__ import annotations

import os
import re

from spatialclaw_ros.findings.errors import BadGoal

VARIABLE = 'SPATIALCLAW_TOKEN'


def token_in(variable: str) -> str:
    """The token in environment variable `variable`, '' where it is not set.

    Raises BadGoal for one that no header could carry.
    """
    token = os.environ.get(variable, '').strip()
    if not re.fullmatch(r'[!-~]*', token):
        raise BadGoal(f'the token in ${variable} holds blanks, or characters that are not ASCII; '
                      f'make one with `export {variable}=$(openssl rand -hex 16)`')
    return token
