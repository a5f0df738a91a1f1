"""From what an operator gives, a URL and perhaps a name and a profile, to a model client."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.models.client import KEY_VARIABLE
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.models.profile import read_profile


def model_client(url: str, name: str = '', profile: str = '',
                 key_variable: str = KEY_VARIABLE) -> ModelClient | None:
    """A client of the server at `url`, or None where none is given.

    `profile` is a YAML file; `name` takes the place of its model. Raises BadGoal for what does not
    fit together, ModelError without the package `openai`.
    """
    if not url:
        if name or profile:
            raise BadGoal(f'a model is named ({name or profile}) but no server; give its URL, '
                          'such as http://localhost:8000/v1')
        return None
    if urlparse(url).scheme not in ('http', 'https') or not urlparse(url).netloc:
        raise BadGoal(f"{url!r} is no model server's URL; give one like http://localhost:8000/v1")
    made = read_profile(Path(profile).expanduser()) if profile else Profile()
    return ModelClient(url, replace(made, model=name or made.model), key_variable or KEY_VARIABLE)
