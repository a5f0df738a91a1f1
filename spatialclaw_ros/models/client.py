"""A vision-language model behind any server that speaks the OpenAI chat API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import os
import time
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.parse import urlunsplit

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
#: What is shorter is no secret, such as the "none" of a local server, and may be a word of a text.
_SHORTEST_KEY = 8
#: Between two tries after a reply that was cut in the middle, seconds; doubled each time.
_FIRST_WAIT, _MOST_WAIT = 0.2, 5.0


@dataclass
class _Heard:
    """What has come of a streamed reply so far; `odd` is what came in place of a stream."""

    text: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    length: int = 0
    usage: Usage = field(default_factory=Usage)
    finish: str = ''
    chunks: int = 0
    tries: int = 1
    odd: str = ''


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
        self.profile = profile
        self.shown_url = _without_login(url)
        self._key = os.environ.get(key_variable, '').strip()
        self._key_from = f'${key_variable}' + ('' if self._key else ', which is not set')
        self._openai = openai
        self._only = ''
        self._pictures = Pictures(profile)
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            base_url=url, api_key=self._key or 'none', max_retries=profile.retries,
            timeout=openai.Timeout(profile.stall_seconds, connect=_CONNECT_SECONDS))

    def __repr__(self) -> str:
        return f'ModelClient({self.shown_url!r}, {self.profile.model!r})'

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
        model = await self.name_of(role)
        body = await asyncio.to_thread(self._body, role, model, messages, function)
        tries = 0
        for attempt in range(self.profile.retries + 1):
            if attempt:
                await asyncio.sleep(min(_FIRST_WAIT * 2 ** (attempt - 1), _MOST_WAIT))
            heard = _Heard()
            try:
                await self._listen(body, heard)
            except self._openai.APIStatusError as error:
                raise self._refused(model, error) from error
            except Exception as error:
                if not heard.chunks or attempt == self.profile.retries:
                    raise self._lost(model, error) from error
            tries += heard.tries
            if heard.finish or (heard.length and attempt == self.profile.retries):
                return self._reply(heard, model, time.monotonic() - began, tries)
            if heard.odd:
                raise self._error(model, heard.odd, answered=True)
        raise self._error(model, 'answers without content', answered=True)

    async def name_of(self, role: str = 'writer') -> str:
        """Name of the model that `role` asks; raises ModelError where the server must tell it."""
        return self.profile.role(role).model or self.profile.model or await self._only_model()

    async def _only_model(self) -> str:
        """Name of the one model that the server has, asked once."""
        if not self._only:
            try:
                names = [model.id async for model in self._client.models.list()]
            except self._openai.APIStatusError as error:
                raise self._refused('', error) from error
            except Exception as error:
                raise self._lost('', error) from error
            if len(names) != 1:
                raise self._error('', f'it has {len(names)} models ({", ".join(names[:20])}); '
                                  'name one of them')
            self._only = names[0]
        return self._only

    async def _listen(self, body: dict[str, Any], heard: _Heard) -> None:
        """Take in the streamed reply to `body`."""
        raw = await self._client.chat.completions.with_raw_response.create(**body)
        heard.tries += raw.retries_taken
        kind = raw.headers.get('content-type', '')
        if not kind.startswith('text/event-stream'):
            said = (await raw.http_response.aread()).decode('utf-8', 'replace')
            heard.odd = f'{kind or "no content type"}, no stream: {" ".join(said.split())}'
            return
        async with raw.parse() as stream:
            async for chunk in stream:
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

    def _reply(self, heard: _Heard, model: str, seconds: float, tries: int) -> Reply:
        return Reply(
            cleaned(self._harmless(''.join(heard.text))), heard.usage, model, seconds,
            self._harmless(''.join(heard.arguments)), cut=heard.finish == 'length', tries=tries)

    def _harmless(self, text: str) -> str:
        """`text` without the key, whoever has echoed it, and without what cannot be encoded."""
        if len(self._key) >= _SHORTEST_KEY:
            for form in (self._key, repr(self._key)[1:-1]):
                text = text.replace(form, '***')
        return text.encode('utf-8', 'replace').decode('utf-8')

    def _refused(self, model: str, error: Any) -> ModelError:
        hints = {401: f' (the key is read from {self._key_from})',
                 403: f' (the key is read from {self._key_from})',
                 404: ' (does the URL end in /v1, and has the server this model?)'}
        return self._error(model, f'HTTP {error.status_code}: {_body_of(error)}'
                           f'{hints.get(error.status_code, "")}', answered=True)

    def _lost(self, model: str, error: Exception) -> ModelError:
        cause = error.__cause__ or error
        return self._error(model, f'{type(cause).__name__}: {cause}')

    def _error(self, model: str, what: str, *, answered: bool = False) -> ModelError:
        said = self._harmless(what)
        if len(said) > _MOST_SAID:
            said = f'{said[:_MOST_SAID]} …'
        return ModelError(
            f'the model server {self.shown_url}{f" (model {model!r})" if model else ""} gave no '
            f'answer: {said}', answered)


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition('@')[2]))


def _take(chunk: Any, heard: _Heard) -> None:
    if getattr(chunk, 'usage', None):
        heard.usage = _usage(chunk.usage)
    for choice in (getattr(chunk, 'choices', None) or [])[:1]:
        delta = choice.delta
        heard.finish = choice.finish_reason or heard.finish
        text = getattr(delta, 'content', None) or ''
        if not isinstance(text, str):
            raise ValueError(f'text that is no text: {str(text)[:100]}')
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


def _body_of(error: Any) -> str:
    """What the server said with its refusal, in one line."""
    try:
        said = error.response.text
    except Exception:  # it was never read
        said = str(error)
    return ' '.join(said.split()) or 'no text'
