"""A vision-language model behind any server that speaks the OpenAI chat API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import os
import time
from typing import Any
from typing import TYPE_CHECKING

import numpy as np

from spatialclaw_ros.models.cleaning import cleaned
from spatialclaw_ros.models.conversation import Function
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import ModelError
from spatialclaw_ros.models.conversation import Reply
from spatialclaw_ros.models.conversation import Usage
from spatialclaw_ros.models.pictures import Pictures
from spatialclaw_ros.models.profile import Profile

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: Where a server's key is read from, unless another variable is named.
KEY_VARIABLE = 'OPENAI_API_KEY'

_CONNECT_SECONDS = 10.0
#: More characters than any reply that makes sense; the server is then told to stop.
_MOST_CHARACTERS = 400_000
_MOST_SAID = 400


@dataclass
class _Heard:
    """What has come of a streamed reply so far."""

    text: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    length: int = 0
    usage: Usage = field(default_factory=Usage)
    finish: str = ''
    chunks: int = 0


class ModelClient:
    """Asks one server; may be used by many queries at once.

    The key is read from the environment variable `key_variable`, and is nowhere but in the
    requests. `url` is the API's root, such as http://localhost:8000/v1. Without a name of its own
    the profile's model is the only one that the server has.
    """

    def __init__(self, url: str, profile: Profile, key_variable: str = KEY_VARIABLE) -> None:
        """Raise ModelError without the package `openai`."""
        try:
            import openai
        except ImportError as error:
            raise ModelError(
                'a model needs the Python package "openai": pip install openai') from error
        self.url, self.profile = url, profile
        self._key = os.environ.get(key_variable, '')
        self._openai = openai
        self._only = ''
        self._pictures = Pictures(profile)
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            base_url=url, api_key=self._key or 'none', max_retries=profile.retries,
            timeout=openai.Timeout(profile.stall_seconds, connect=_CONNECT_SECONDS))

    def __repr__(self) -> str:
        return f'ModelClient({self.url!r}, {self.profile.model!r})'

    async def __aenter__(self) -> ModelClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def chat(self, role: str, messages: Sequence[Message],
                   function: Function | None = None) -> Reply:
        """What the model says to `messages`; with `function` it may call that instead.

        Refusals for too many requests, errors of the server and lost connections are tried again,
        with growing waits or the one that the server asks for. Raises ModelError; a cancel closes
        the connection.
        """
        began = time.monotonic()
        asked = self.profile.role(role)
        model = asked.model or self.profile.model or await self._only_model()
        body = self._body(role, model, messages, function)
        for tries_left in reversed(range(self.profile.retries + 1)):
            heard = _Heard()
            try:
                await self._listen(body, heard)
            except self._openai.APIStatusError as error:
                raise self._error(model, f'HTTP {error.status_code}: {_body_of(error)}') from error
            except self._openai.APIConnectionError as error:
                if heard.chunks and tries_left:
                    continue  # what is cut in the middle, the library does not try again
                cause = error.__cause__ or error
                raise self._error(model, f'{type(cause).__name__}: {cause}') from error
            except Exception as error:
                if heard.chunks and tries_left and not isinstance(error, ValueError):
                    continue
                raise self._error(model, f'{type(error).__name__}: {error}') from error
            if heard.finish or (heard.length and not tries_left):
                return _reply(heard, model, time.monotonic() - began)
        raise self._error(model, 'an answer without content')

    async def _only_model(self) -> str:
        """Name of the one model that the server has, asked once."""
        if not self._only:
            try:
                names = [model.id async for model in self._client.models.list()]
            except Exception as error:
                raise self._error('', f'{type(error).__name__}: {error}') from error
            if len(names) != 1:
                raise self._error('', f'it has {len(names)} models ({", ".join(names[:20])}); '
                                  'name one of them')
            self._only = names[0]
        return self._only

    async def _listen(self, body: dict[str, Any], heard: _Heard) -> None:
        """Take in the streamed reply to `body`."""
        stream = await self._client.chat.completions.create(**body)
        async with stream:
            async for chunk in _chunks(stream):
                heard.chunks += 1
                _take(chunk, heard)
                if heard.length > _MOST_CHARACTERS:
                    heard.finish = 'length'
                    return

    def _body(self, role: str, model: str, messages: Sequence[Message],
              function: Function | None) -> dict[str, Any]:
        asked = self.profile.role(role)
        body: dict[str, Any] = {
            'model': model, 'messages': list(self._messages(messages, function)),
            'stream': True, 'stream_options': {'include_usage': True},
            self.profile.limit_name: asked.max_tokens}
        if asked.temperature is not None:
            body['temperature'] = asked.temperature
        if asked.thinking is not None:
            extra = self.profile.thinking_on if asked.thinking else self.profile.thinking_off
            if extra:
                body['extra_body'] = dict(extra)
        if function is not None:
            body['tools'] = [{'type': 'function', 'function': {
                'name': function.name, 'description': function.description,
                'parameters': function.parameters}}]
        return body

    def _messages(self, messages: Sequence[Message], function: Function | None
                  ) -> Iterator[dict[str, Any]]:
        calls = 0
        for message in messages:
            sent = self._message(message)
            if message.role == 'assistant' and message.call and function is not None:
                calls += 1
                sent['tool_calls'] = [{'id': f'call_{calls}', 'type': 'function', 'function': {
                    'name': function.name, 'arguments': message.call}}]
            elif message.role == 'tool':
                sent['tool_call_id'] = f'call_{calls}'
            yield sent

    def _message(self, message: Message) -> dict[str, Any]:
        if all(isinstance(part, str) for part in message.parts):
            return {'role': message.role, 'content': '\n\n'.join(map(str, message.parts))}
        return {'role': message.role, 'content': [self._part(part) for part in message.parts]}

    def _part(self, part: str | np.ndarray) -> dict[str, Any]:
        if isinstance(part, str):
            return {'type': 'text', 'text': part}
        return {'type': 'image_url', 'image_url': {'url': self._pictures.url_of(part)}}

    def _error(self, model: str, what: str) -> ModelError:
        said = what if len(what) <= _MOST_SAID else f'{what[:_MOST_SAID]} …'
        if self._key:
            said = said.replace(self._key, '***')
        return ModelError(f'the model server {self.url} (model {model!r}) gave no answer: {said}')


async def _chunks(stream: Any) -> AsyncIterator[Any]:
    """The chunks of `stream` that are chunks of a chat."""
    async for chunk in stream:
        if not hasattr(chunk, 'choices'):
            raise ValueError(f'a chunk that is none of a chat: {str(chunk)[:200]}')
        yield chunk


def _take(chunk: Any, heard: _Heard) -> None:
    if getattr(chunk, 'usage', None):
        heard.usage = _usage(chunk.usage)
    for choice in (chunk.choices or [])[:1]:
        delta = choice.delta
        heard.finish = choice.finish_reason or heard.finish
        text = getattr(delta, 'content', None) or ''
        heard.text.append(text)
        heard.length += len(text)
        for call in (getattr(delta, 'tool_calls', None) or []):
            if call.index == 0 and call.function is not None:
                heard.arguments.append(call.function.arguments or '')
                heard.length += len(call.function.arguments or '')


def _usage(told: Any) -> Usage:
    details = getattr(told, 'completion_tokens_details', None)
    return Usage(told.prompt_tokens or 0, told.completion_tokens or 0,
                 getattr(details, 'reasoning_tokens', None) or 0)


def _reply(heard: _Heard, model: str, seconds: float) -> Reply:
    return Reply(cleaned(''.join(heard.text)), heard.usage, model, seconds,
                 ''.join(heard.arguments), cut=heard.finish == 'length')


def _body_of(error: Any) -> str:
    """What the server said with its refusal, in one line."""
    try:
        said = error.response.text
    except Exception:  # it was never read
        said = str(error)
    return ' '.join(said.split()) or 'no text'
