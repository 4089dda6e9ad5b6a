"""An HTTP endpoint that answers JSON: time limits, retries, and the server's own wishes."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from projects.errors import BadInput
from projects.examples.churn.providers.pace import Pace, Sleep
from projects.examples.churn.refusals import NoAnswer

LOG = logging.getLogger(__name__)
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
PIECE_BYTES, MOST_BYTES = 65_536, 50_000_000
AGAIN = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
"""Statuses after which the same request may be answered."""
OURS = frozenset((401, 402, 403, 404, 405))
"""Statuses that each further text would meet too: the key, the address or the model is wrong."""
Read = Callable[[Any], Any]
"""Takes what is wanted out of the JSON; raises KeyError, IndexError, TypeError or ValueError on nonsense."""


@dataclass
class Endpoint:
    """Where questions are posted.

    Attributes:
        url: The base, without the path.
        key: Sent as a bearer token; empty for none.
        timeout_s: For a connection, and for a whole answer.
        attempts: For one question.
        pace: Shared by all who ask.
        sleep: Waits for seconds.
        rng: For the jitter of waits.
    """

    url: str
    key: str
    timeout_s: float
    attempts: int
    pace: Pace
    sleep: Sleep = time.sleep
    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - no secret
    _mine: threading.local = field(default_factory=threading.local, repr=False)

    @property
    def _place(self) -> str:
        """The address as it may be told: without a name and a password before the host."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def ask(self, path: str, body: Mapping[str, Any], read: Read) -> Any:
        """Post a question, again where that may help, and return what `read` makes of the answer.

        Raises:
            NoAnswer: There was no usable answer to this question.
            BadInput: No question will be answered: the key, the address or the model is wrong.
        """
        why = ""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(self._wait_s(attempt))
            self.pace.wait()
            try:
                status, headers, content = self._post(path, body)
                why = self._refusal(status, headers, content)
                if not why:
                    return read(json.loads(content))
            except (requests.RequestException, HTTPError) as error:
                why = f"{type(error).__name__} at {self._place}"
            except (KeyError, IndexError, TypeError, ValueError) as error:
                why = f"the answer was no {path.strip('/')} ({type(error).__name__}: {error})"
            LOG.info("attempt %d of %d: %s", attempt + 1, self.attempts, why)
        raise NoAnswer(f"{why} ({self.attempts} attempts)")

    def _post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        url, deadline = f"{self.url.rstrip('/')}{path}", time.monotonic() + self.timeout_s
        with self._session().post(
            url, json=body, timeout=self.timeout_s, headers=self._headers(), stream=True
        ) as response:
            content = bytearray()
            # The library's own limit is between two bytes: a server that drips would hold a thread for hours.
            while piece := response.raw.read1(PIECE_BYTES, decode_content=True):
                content += piece
                if time.monotonic() > deadline or len(content) > MOST_BYTES:
                    raise requests.Timeout
            return response.status_code, response.headers, bytes(content)

    def _refusal(self, status: int, headers: Mapping[str, str], content: bytes) -> str:
        if status < 400:
            return ""
        said = content.decode(errors="replace").replace(self.key or "\0", "***").strip()[:200]
        told = f"{self._place} answered {status}: {said}"
        if status in OURS:
            raise BadInput(f"{told}; see to the key, base_url and the model's name in providers.openai")
        if status not in AGAIN:
            raise NoAnswer(told, is_refused=True)
        if seconds := _retry_after(headers.get("Retry-After", "")):
            self.pace.hold(min(seconds, LONGEST_WAIT_S))
        return told

    def _wait_s(self, attempt: int) -> float:
        # Full jitter: callers that failed together do not come back together.
        most = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempt - 1))
        return most * self.rng.uniform(0.5, 1.0)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _session(self) -> requests.Session:
        if not hasattr(self._mine, "session"):
            self._mine.session = requests.Session()
        session: requests.Session = self._mine.session
        return session


def _retry_after(text: str) -> float:
    """Read the header's seconds, or its date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
