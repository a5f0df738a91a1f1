"""A headless Chromium, spoken to over a pipe by the Chrome DevTools Protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
from pathlib import Path
import shutil
import subprocess
import time
from typing import Any

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
_SECONDS = 60.0
_FLAGS = ('--headless=new', '--no-first-run', '--hide-scrollbars', '--disable-extensions',
          '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage',
          '--remote-debugging-pipe', 'about:blank')


def find_browser() -> str | None:
    """Path of a browser that is installed here."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _high(fd: int) -> int:
    """Move a descriptor out of the way of 3 and 4, on which the browser listens and speaks."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return moved


class Browser:
    """One page in a browser of its own; `errors` are those of its console, in order."""

    def __init__(self, program: str, profile: Path) -> None:
        """Start `program`; `profile` is a folder that it may fill."""
        to_browser, self._send = map(_high, os.pipe())
        self._receive, from_browser = map(_high, os.pipe())
        command = [program, *_FLAGS, f'--user-data-dir={profile}']
        if os.geteuid() == 0:
            command.insert(1, '--no-sandbox')
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, close_fds=False,
            preexec_fn=lambda: (os.dup2(to_browser, 3), os.dup2(from_browser, 4)))
        os.close(to_browser)
        os.close(from_browser)
        os.set_blocking(self._receive, False)
        self._data, self._number, self._session = b'', 0, ''
        self.errors: list[str] = []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self._session = self.call(
            'Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')
        self.call('Network.emulateNetworkConditions', offline=True, latency=0,
                  downloadThroughput=-1, uploadThroughput=-1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Result of a method of the protocol; console errors that come meanwhile are kept."""
        self._number += 1
        message = {'id': self._number, 'method': method, 'params': parameters}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._send, json.dumps(message).encode() + b'\0')
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            for heard in self._heard():
                if heard.get('id') == self._number:
                    assert 'error' not in heard, heard
                    return heard['result']
            time.sleep(0.01)
        raise TimeoutError(f'{method}: no reply within {_SECONDS:g} s')

    def open(self, page: Path, width: int = 1000, height: int = 900) -> None:
        """Show a page, and wait until it is loaded."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call('Page.navigate', url=page.as_uri())
        self.wait_until('document.readyState === "complete"')

    def value(self, expression: str) -> Any:
        """Value of a JavaScript expression, awaited."""
        said = self.call('Runtime.evaluate', expression=expression, returnByValue=True,
                         awaitPromise=True)
        assert 'exceptionDetails' not in said, said
        return said['result'].get('value')

    def wait_until(self, expression: str) -> None:
        """Wait for a JavaScript expression to become true."""
        deadline = time.monotonic() + _SECONDS
        while not self.value(expression):
            assert time.monotonic() < deadline, f'never true: {expression}'
            time.sleep(0.05)

    def screenshot(self, path: Path, clip: dict[str, float] | None = None) -> None:
        """Write a PNG of what is seen, or of `clip` (x, y, width, height) of the whole page."""
        options: dict[str, Any] = {'format': 'png'}
        if clip is not None:
            options |= {'clip': {**clip, 'scale': 1}, 'captureBeyondViewport': True}
        path.write_bytes(base64.b64decode(self.call('Page.captureScreenshot', **options)['data']))

    def close(self) -> None:
        """End the browser."""
        self._session = ''
        try:
            self.call('Browser.close')
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._send)
            os.close(self._receive)

    def _heard(self) -> list[dict[str, Any]]:
        try:
            self._data += os.read(self._receive, 1 << 20)
        except BlockingIOError:
            return []
        *whole, self._data = self._data.split(b'\0')
        messages = [json.loads(message) for message in whole]
        for message in messages:
            self._keep_error(message)
        return messages

    def _keep_error(self, message: dict[str, Any]) -> None:
        method, said = message.get('method'), message.get('params', {})
        if method == 'Runtime.exceptionThrown':
            self.errors.append(said['exceptionDetails'].get('exception', {}).get(
                'description', said['exceptionDetails']['text']))
        elif method == 'Runtime.consoleAPICalled' and said['type'] in ('error', 'assert'):
            self.errors.append(str(said['args']))
        elif method == 'Log.entryAdded' and said['entry']['level'] == 'error':
            self.errors.append(said['entry']['text'])
