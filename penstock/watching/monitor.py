"""The monitor as the platform asks it: its newest checks, which stand in no table."""

import base64
import http.client
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from penstock.problems import Away
from serving.callers.administrator import NAME, PASSWORD
from serving.own_address import own_url
from serving.settings import Settings

if TYPE_CHECKING:
    from penstock.desk import Desk

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Status:
    """What the monitor says of all that it watches.

    Attributes:
        checked_s: When it last looked, in seconds since 1970; None before the first time.
        notice: What all should read; empty for nothing.
        lanes: Each version and variant, the worst first.
    """

    checked_s: float | None
    notice: str
    lanes: tuple[Mapping[str, Any], ...]

    def of(self, model: str) -> tuple[Mapping[str, Any], ...]:
        """The lanes of a registered model."""
        return tuple(lane for lane in self.lanes if lane["model"] == model)


def monitor_url(settings: Settings) -> str:
    """The monitor's address as the platform reaches it, without an ending slash."""
    return settings.monitor_url.rstrip("/") or own_url(settings, settings.monitor_port, may_have_tls=False)


def ask(desk: "Desk") -> Status:
    """What the monitor says now, of all models; what the person may see of it is the caller's to tell.

    Raises:
        Away: It does not answer.
    """
    settings = desk.settings
    url = monitor_url(settings)
    headers = dict(desk.gateway_key.headers()) or _as_administrator(settings)
    try:
        found = _get(url, "/api/status", headers)
        return Status(found["checked_s"], found["notice"], tuple(found["lanes"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        sentence = f"the monitor at {url} does not answer ({error or type(error).__name__})"
        raise Away(f"{sentence}; start it", code="monitor_away", retry_s=5.0) from error


def _get(url: str, path: str, headers: Mapping[str, str]) -> Any:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=PATIENCE_S)
    try:
        connection.request("GET", f"{parts.path}{path}", headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    return orjson.loads(body)


def _as_administrator(settings: Settings) -> dict[str, str]:
    """Where the gateway lets everybody in and the monitor does not."""
    if settings.auth == "off" or not os.environ.get(PASSWORD):
        return {}
    said = f"{os.environ.get(NAME, '')}:{os.environ[PASSWORD]}"
    return {"Authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}
