"""A real server on this machine that speaks OpenAI's protocol, and answers as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], Any]
"""Status, headers, and a body: JSON, or bytes as they are."""


def summary(text: str) -> Reply:
    content = {
        "choices": [{"message": {"content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }
    return 200, {}, content


def vectors(*found: list[float]) -> Reply:
    data = [{"index": at, "embedding": vector} for at, vector in enumerate(found)]
    return 200, {}, {"data": data, "usage": {"prompt_tokens": 7}}


@dataclass
class Talk:
    """What was asked and how it is answered."""

    answer: Callable[[str, dict[str, Any]], Reply] = lambda path, body: summary("fine")
    script: list[Reply] = field(default_factory=list)
    """Replies that come first, one a request."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    silent_s: float = 0.0
    drip: int = 0
    """Bytes that are sent at a time; 0 for all at once."""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, path: str, body: dict[str, Any]) -> Reply:
        with self.lock:
            self.asked.append((path, body))
            self.times.append(time.monotonic())
            if self.script:
                return self.script.pop(0)
        return self.answer(path, body)


@contextmanager
def endpoint() -> Iterator[Talk]:
    talk = Talk()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            talk.headers.append(dict(self.headers))
            status, headers, content = talk.reply(self.path, body)
            time.sleep(talk.silent_s)
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            try:
                self.send_response(status)
                for name, value in {
                    "Content-Length": str(len(sent)),
                    "Content-Type": "application/json",
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                for at in range(0, len(sent), talk.drip or len(sent) or 1):
                    self.wfile.write(sent[at : at + (talk.drip or len(sent))])
                    time.sleep(0.05 if talk.drip else 0)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    talk.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield talk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
