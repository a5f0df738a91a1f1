"""A thousand queries, eight kernels at once, one in ten hostile: nothing may stay behind.

Each query opens a kernel with four VGA frames, runs three cells, one of which fails, and closes
it. A hostile one tries to do harm in one of several ways, and must go on after that. Another
number of queries than 1000 may be given. The exit status is 1 when something is left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
import contextlib
import gc
from pathlib import Path
import sys
import time

from kernel import no_call
from kernel import opening
from kernel import Ours
import psutil

from spatialclaw_ros.calls.codec import encode
from spatialclaw_ros.kernel.host import Kernel
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.session.session import TOOLKIT

QUERIES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
AT_ONCE, FRAMES = 8, 4
WARM_UP = 0.2
LEVEL = 0.02

#: Where a module is had from where a cell should not look.
_OS = 'import sys\nos, ctypes = sys.modules["os"], sys.modules["ctypes"]\n'
#: What a hostile cell does, and its limit in seconds. Each is undone or refused.
HOSTILE = {
    'exit': (_OS + 'os._exit(1)', 5.0),
    'crash': (_OS + 'ctypes.string_at(0)', 5.0),
    'endless in C': ('sum(range(10 ** 13))', 0.3),
    'endless, deaf': (_OS + 's = sys.modules["signal"]\ns.signal(s.SIGINT, s.SIG_IGN)\n'
                      'while True: pass', 0.3),
    'fork bomb': (_OS + 'while True:\n    try: os.fork()\n    except OSError: pass', 5.0),
    'memory bomb': ('hold = []\nwhile True: hold.append(bytearray(1 << 26))', 10.0),
    'threads': (_OS + 't = sys.modules["threading"]\n'
                'for _ in range(20): t.Thread(target=lambda: sum(range(10 ** 13))).start()', 5.0),
    'flood': (_OS + 'for fd in range(3, 9):\n    try:\n'
              '        while True: os.write(fd, b"x" * 65536)\n    except OSError: pass', 5.0),
    'files': ('for i in range(50): open(f"f{i}", "wb").write(bytes(1 << 20))', 5.0),
    'descriptors': (_OS + 'held = [os.open("/dev/null", 0) for _ in range(4000)]', 5.0),
    'output': ('print("x" * 10 ** 8)', 10.0),
}


class Soak:
    """Runs the queries and counts what came of their cells."""

    def __init__(self, nursery: Nursery) -> None:
        """Take kernels from `nursery`."""
        self.nursery = nursery
        self.statuses: Counter[str] = Counter()
        self._ours = Ours(nursery)
        self._frames = encode(opening(FRAMES))  # which the host holds all along
        gc.collect()
        self._before = self._held()

    async def queries(self, numbers: range) -> None:
        """Run the queries `numbers`, several at once."""
        todo = iter(numbers)

        async def worker() -> None:
            for number in todo:
                await self._query(number)

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))

    async def _query(self, number: int) -> None:
        kernel = await self._ours.open(FRAMES, check=False)
        try:
            first = await self._cell(
                kernel, 'kept = [float(f.depth.mean()) for f in InputImages]')
            if first.status != 'ok':
                raise RuntimeError(f'query {number}: {first}')
            second = await self._cell(kernel, 'kept.append(1 / 0)')
            if second.error_type != 'ZeroDivisionError':
                raise RuntimeError(f'query {number}: {second}')
            if number % 10 == 0:
                names = list(HOSTILE)
                name = names[number // 10 % len(names)]
                code, seconds = HOSTILE[name]
                await self._cell(kernel, code, seconds, name)
            last = await self._cell(kernel, 'print(len(kept))')
            if last.stdout != '4\n':
                raise RuntimeError(f'query {number}: {last}')
        finally:
            await kernel.close()

    async def _cell(self, kernel: Kernel, code: str, seconds: float | None = None,
                    what: str = 'cell') -> CellOutcome:
        outcome = await kernel.run(code, on_output=lambda _text: None, on_call=no_call,
                                   seconds=seconds)
        self.statuses[f'{what}: {outcome.status}{", undone" * outcome.undone}'] += 1
        return outcome

    def left(self) -> list[str]:
        """What is held now and was not at the start."""
        gc.collect()
        left = Counter(self._held())
        left.subtract(self._before)
        return [f'{count} × {what}' for what, count in left.items() if count > 0]

    def _held(self) -> list[str]:
        nursery = psutil.Process(self.nursery.pid)
        held = [f'process {child.name()}' for child in nursery.children(recursive=True)]
        for name, process in (('host', psutil.Process()), ('nursery', nursery)):
            held += [f'{name}: {_target(link)}'
                     for link in Path(f'/proc/{process.pid}/fd').iterdir()]
        scratch = Path(nursery.cmdline()[-1])
        return held + [f'scratch {path}' for path in scratch.iterdir()]

    def memory(self) -> dict[str, float]:
        """Resident megabytes of host and nursery."""
        gc.collect()
        return {'host': psutil.Process().memory_info().rss / 2**20,
                'nursery': psutil.Process(self.nursery.pid).memory_info().rss / 2**20}


def _target(link: Path) -> str:
    with contextlib.suppress(OSError):
        return str(link.readlink()).split('[')[0].split(':[')[0]
    return 'closed'


async def main() -> int:
    """1 when something is left or memory has grown."""
    nursery = await Nursery.start(TOOLKIT)
    try:
        soak = Soak(nursery)
        first = int(QUERIES * WARM_UP)
        await soak.queries(range(first))
        early = soak.memory()
        began = time.perf_counter()
        await soak.queries(range(first, QUERIES))
        took = time.perf_counter() - began
        late, left = soak.memory(), soak.left()
    finally:
        await nursery.close()
    print(f'{QUERIES} queries, {AT_ONCE} at once, {(QUERIES - first) / took:.0f} a second')
    for what, count in sorted(soak.statuses.items()):
        print(f'    {count:5d} {what}')
    grown = False
    for name, before in early.items():
        ratio = late[name] / before
        grown |= ratio > 1 + LEVEL
        print(f'memory of the {name}: {before:.1f} MB after {first} queries, {late[name]:.1f} at '
              f'the end, ratio {ratio:.3f}')
    print(f'left behind: {", ".join(left) or "nothing"}')
    return int(bool(left) or grown)


if __name__ == '__main__':
    sys.exit(asyncio.run(main()))
