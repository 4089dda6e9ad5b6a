"""A bounded load of single-row requests over keep-alive connections, each answer kept."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    version: str | None
    prediction_id: str | None
    at_s: float


@dataclass
class Load:
    """Threads that ask until told to stop; a failed connection is an answer of status 0."""

    port: int
    path: str
    records: list[dict[str, Any]]
    threads: int = 4
    retry_broken: bool = False
    answers: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._running = [threading.Thread(target=self._ask, args=(i,)) for i in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(30)

    def wait_for(self, count: int, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while len(self.answers) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        if len(self.answers) < count:
            raise TimeoutError(f"{len(self.answers)} of {count} answers within {timeout_s} s")

    def _ask(self, seat: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        turn = seat
        while not self._stop.is_set():
            record = self.records[turn % len(self.records)]
            turn += self.threads
            body = json.dumps({"dataframe_records": [record]})
            try:
                connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                self.answers.append(Answer(answer.status, answer.getheader("X-Penstock-Version"),
                                           answer.getheader("X-Prediction-Id"), time.monotonic()))
            except (OSError, http.client.HTTPException):
                self.answers.append(Answer(0, None, None, time.monotonic()))
                connection.close()
        connection.close()
