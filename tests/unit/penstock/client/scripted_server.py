"""A real HTTP server on a thread that does what a test writes down, request by request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Server", str, dict[str, str], bytes], tuple[int, dict[str, str], Any] | None]


@dataclass
class Server:
    """What came in; None as an answer ends the connection without a byte."""

    script: Script
    url: str = ""
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Serve until the block ends."""
    state = Server(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with state.lock:
                state.seen.append((self.command, self.path, headers, body))
            told = state.script(state, self.path, headers, body)
            if told is None:
                self.close_connection = True
                self.connection.close()
                return
            status, extra, content = told
            payload = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**extra, "Content-Length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A caller that did not wait for its answer is what some tests are about."""

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield state
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def late(seconds: float) -> Script:
    """Answer after so many seconds."""

    def script(
        _server: Server, _path: str, _headers: dict[str, str], _body: bytes
    ) -> tuple[int, dict[str, str], Any]:
        time.sleep(seconds)
        return 200, {}, {}

    return script
