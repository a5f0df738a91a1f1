"""A model hub of one repository on this machine, for tests of what a download meets."""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
import json
import threading

NAME = 'somebody/some-model'
COMMIT = '5' * 40


class HubServer:
    """Serves `files` (name to bytes) of NAME, or refuses them with `status` and `code`."""

    def __init__(self, files=None, status=200, code=''):
        self.files, self.status, self.code = files or {}, status, code
        self.fetched = []
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), _handler_for(self))
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}'

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def _handler_for(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            path = self.path.partition('?')[0]
            is_file = f'/{NAME}/resolve/' in path
            if hub.status != 200 and (is_file or hub.code != 'GatedRepo'):
                self._reply(b'{}', hub.status, {'X-Error-Code': hub.code} if hub.code else {})
            elif is_file:
                name = path.rpartition('/')[2]
                hub.fetched += [name] if self.command == 'GET' else []
                self._reply(hub.files[name])
            elif '/tree/' in path:
                self._reply(json.dumps([
                    {'type': 'file', 'path': name, 'size': len(data), 'oid': _etag(data)}
                    for name, data in hub.files.items()]).encode())
            else:
                self._reply(json.dumps({'id': NAME, 'sha': COMMIT}).encode())

        def _reply(self, data, status=200, headers=None):
            self.send_response(status)
            for key, value in {'Content-Length': str(len(data)), 'ETag': f'"{_etag(data)}"',
                               'X-Repo-Commit': COMMIT, **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == 'GET':
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler


def _etag(data):
    return hashlib.sha1(data).hexdigest()
