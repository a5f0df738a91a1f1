"""A real model server, llama.cpp's own, with a vision-language model made of noise.

    python tiny_server.py FOLDER    # key in TINY_SERVER_KEY; prints its URL

One token is one byte, so it can say any text: let a grammar say which.
"""

from __future__ import annotations

from contextlib import suppress
from http.client import HTTPConnection
from http.client import HTTPException
import json
import os
from pathlib import Path
import select
import struct
import subprocess
import sys
import time
from typing import Any

import numpy as np

#: What /v1/models calls the model.
NAME = 'noise-vl'
#: Most tokens of a prompt and its reply, for the one request that is served at a time.
CONTEXT = 65536

_KEY = 'TINY_SERVER_KEY'
_SECONDS_TO_START = 60.0
_CHATML = ('{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n'
           '{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}')
_NORMAL, _CONTROL = 1, 3


class TinyServer:
    """Serves from a process of its own, on a free port, while its `with` block runs.

    Only requests with `key` are answered. What the server logs is in `folder`.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.url, self.key, self.log = '', key, folder / 'log'
        self._folder = folder

    def __enter__(self) -> TinyServer:
        with self.log.open('wb') as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(self._folder)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, _KEY: self.key})
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tokens_left(self) -> int:
        """How many the reply that it works at may still have; 0 while it works at none."""
        slot, = json.loads(self._get('/slots'))
        return max(slot['next_token'][0]['n_remain'], 0) if slot['is_processing'] else 0

    def _wait(self) -> None:
        """Return when it answers. It hangs where it is to end before it was asked anything."""
        end = time.monotonic() + _SECONDS_TO_START
        if select.select([self._process.stdout], [], [], _SECONDS_TO_START)[0]:
            self.url = self._process.stdout.readline().decode().strip()
        while self.url and time.monotonic() < end:
            with suppress(OSError, HTTPException):
                self._get('/health')
                return
            time.sleep(0.02)
        raise AssertionError(f'no server: {self.log.read_text(errors="replace")[-2000:]}')

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection(self.url.split('/')[2], timeout=5)
        try:
            connection.request('GET', path, headers={'Authorization': f'Bearer {self.key}'})
            response = connection.getresponse()
            if response.status != 200:
                raise HTTPException(f'{response.status} {response.read()!r}')
            return response.read()
        finally:
            connection.close()


class _Gguf:
    """A file of weights, with what is said about them."""

    def __init__(self, architecture: str, seed: int) -> None:
        self.values: dict[str, Any] = {'general.architecture': architecture}
        self._tensors: dict[str, np.ndarray] = {}
        self._rng = np.random.default_rng(seed)

    def noise(self, name: str, *shape: int) -> None:
        self._tensors[name] = self._rng.normal(0, shape[-1] ** -.5, shape).astype('<f4')

    def flat(self, name: str, size: int, value: float) -> None:
        self._tensors[name] = np.full(size, value, '<f4')

    def write(self, path: Path) -> None:
        head = [b'GGUF', struct.pack('<IQQ', 3, len(self._tensors), len(self.values))]
        head += [_text(name) + _typed(value) for name, value in self.values.items()]
        data = b''
        for name, tensor in self._tensors.items():
            shape = struct.pack(f'<I{tensor.ndim}Q', tensor.ndim, *reversed(tensor.shape))
            head.append(_text(name) + shape + struct.pack('<IQ', 0, len(data)))
            data += _padded(tensor.tobytes())
        path.write_bytes(_padded(b''.join(head)) + data)


def _typed(value: Any) -> bytes:
    """`value` after its type; in a list all are of one type, whole numbers with a sign."""
    if not isinstance(value, list):
        kind, coded = _coded(value)
        return struct.pack('<I', kind) + coded
    items = [(5, struct.pack('<i', one)) if isinstance(one, int) else _coded(one) for one in value]
    return struct.pack('<IIQ', 9, items[0][0], len(items)) + b''.join(coded for _, coded in items)


def _coded(value: bool | int | float | str) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return 7, struct.pack('<?', value)
    if isinstance(value, int):
        return 4, struct.pack('<I', value)
    return (8, _text(value)) if isinstance(value, str) else (6, struct.pack('<f', value))


def _text(text: str) -> bytes:
    coded = text.encode()
    return struct.pack('<Q', len(coded)) + coded


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)


def _write_model(path: Path, width: int = 64) -> None:
    """One layer with one head, so that a long prompt costs little.

    Its tokens are the 256 bytes, three of control, and a pair of bytes, as there must be one.
    """
    # Byte-level BPE names the bytes that cannot be printed by the characters from 256 on.
    plain, spare = {*range(33, 127), *range(161, 173), *range(174, 256)}, iter(range(256, 512))
    tokens = [chr(byte if byte in plain else next(spare)) for byte in range(256)]
    tokens += ['<|endoftext|>', '<|im_start|>', '<|im_end|>', 'in']
    file = _Gguf('llama', 0)
    file.values.update({
        'llama.context_length': CONTEXT, 'llama.embedding_length': width,
        'llama.block_count': 1, 'llama.feed_forward_length': 2 * width,
        'llama.attention.head_count': 1, 'llama.attention.head_count_kv': 1,
        'llama.attention.layer_norm_rms_epsilon': 1e-5, 'llama.rope.dimension_count': width,
        'llama.vocab_size': len(tokens),
        'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2',
        'tokenizer.ggml.tokens': tokens,
        'tokenizer.ggml.token_type': [_NORMAL] * 256 + [_CONTROL] * 3 + [_NORMAL],
        'tokenizer.ggml.merges': ['i n'], 'tokenizer.ggml.bos_token_id': 256,
        'tokenizer.ggml.eos_token_id': 258, 'tokenizer.ggml.add_bos_token': False,
        'tokenizer.chat_template': _CHATML})
    file.noise('token_embd.weight', len(tokens), width)
    file.noise('output.weight', len(tokens), width)
    file.flat('output_norm.weight', width, 1)
    for name in ('attn_norm', 'ffn_norm'):
        file.flat(f'blk.0.{name}.weight', width, 1)
    for name, to, of in (
            *((f'attn_{name}', width, width) for name in ('q', 'k', 'v', 'output')),
            ('ffn_gate', 2 * width, width), ('ffn_up', 2 * width, width),
            ('ffn_down', width, 2 * width)):
        file.noise(f'blk.0.{name}.weight', to, of)
    file.write(path)


def _write_eye(path: Path, out: int = 64, width: int = 32, side: int = 32, patch: int = 8) -> None:
    """A vision tower of one layer with Gemma 3's projector: four tokens an image."""
    file, block = _Gguf('clip', 1), 'v.blk.0.'
    file.values.update({
        'clip.has_vision_encoder': True, 'clip.projector_type': 'gemma3', 'clip.use_gelu': True,
        'clip.vision.image_size': side, 'clip.vision.patch_size': patch,
        'clip.vision.embedding_length': width, 'clip.vision.feed_forward_length': 2 * width,
        'clip.vision.block_count': 1, 'clip.vision.projection_dim': out,
        'clip.vision.attention.head_count': 2, 'clip.vision.projector.scale_factor': 2,
        'clip.vision.attention.layer_norm_epsilon': 1e-6,
        'clip.vision.image_mean': [.5] * 3, 'clip.vision.image_std': [.5] * 3})
    file.noise('v.patch_embd.weight', width, 3, patch, patch)
    file.flat('v.patch_embd.bias', width, 0)
    file.noise('v.position_embd.weight', (side // patch) ** 2, width)
    for name in ('v.post_ln', f'{block}ln1', f'{block}ln2'):
        file.flat(f'{name}.weight', width, 1)
        file.flat(f'{name}.bias', width, 0)
    for name, to, of in (
            *((name, width, width) for name in ('attn_q', 'attn_k', 'attn_v', 'attn_out')),
            ('ffn_up', 2 * width, width), ('ffn_down', width, 2 * width)):
        file.noise(f'{block}{name}.weight', to, of)
        file.flat(f'{block}{name}.bias', to, 0)
    file.noise('mm.input_projection.weight', width, out)
    file.flat('mm.soft_emb_norm.weight', width, 1)
    file.write(path)


def _serve(folder: Path) -> None:
    """Serve until standard input ends, which it does with the one who started this."""
    import xllamacpp
    _write_model(folder / 'model.gguf')
    _write_eye(folder / 'eye.gguf')
    params = xllamacpp.CommonParams()
    params.model.path, params.mmproj.path = str(folder / 'model.gguf'), str(folder / 'eye.gguf')
    params.model_alias = {NAME}
    params.mmproj_use_gpu, params.n_gpu_layers = False, 0
    params.n_ctx, params.n_parallel = CONTEXT, 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    params.use_jinja = True
    params.port = 0  # a free one
    params.api_keys = [os.environ[_KEY]]
    server = xllamacpp.Server(params)
    print(f'{server.listening_address}/v1', flush=True)
    sys.stdin.read()
    os._exit(0)  # without the server's destructor, which may hang


if __name__ == '__main__':
    _serve(Path(sys.argv[1]))
