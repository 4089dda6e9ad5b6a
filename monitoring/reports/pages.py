"""The reports' pages on the disk: a folder a lane, the newest few of each kind, each written at once or not.

Evidently's page says neither whose it is nor what was found; a heading that says so is put on top of it.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from monitoring.lane import Lane
from monitoring.places import lane_dir

KEPT_PAGES = 3
_ABANDONED_S = 3600.0
_WIDTH = 1000
"""Pixels; in less Evidently's page cuts its tables off, so narrow screens show it smaller, or scroll."""
_LOOK = (
    "font:15px/1.5 system-ui,sans-serif;color:#1b1f24;background:#f6f8fa;padding:14px 24px;"
    "border-bottom:1px solid #d0d7de;overflow-wrap:anywhere"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands on top of a page.

    Attributes:
        title: Whose report it is, and of what kind.
        about: Which rows are compared.
        findings: What was found in them, as sentences.
    """

    title: str
    about: str
    findings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """The folder of all lanes' pages."""

    folder: Path

    def save(self, lane: Lane, kind: str, snapshot: Any, heading: Heading, *, made_s: float) -> Path:
        """Write a page; the oldest of its lane and kind leave.

        Args:
            lane: Whose predictions it is of.
            kind: What it is about, such as `drift`.
            snapshot: Evidently's snapshot.
            heading: What to say on top.
            made_s: When it was made, in seconds since 1970.

        Raises:
            OSError: The file cannot be written.
        """
        home = lane_dir(self.folder, lane)
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"{kind}-{datetime.fromtimestamp(made_s, UTC):%Y%m%dT%H%M%SZ}.html"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_text(_headed(snapshot.get_html_str(as_iframe=False), heading), encoding="utf-8")
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        for old in [*sorted(home.glob(f"{kind}-*.html"))[:-KEPT_PAGES], *_abandoned(home)]:
            old.unlink(missing_ok=True)
        return path.absolute()


def _abandoned(home: Path) -> list[Path]:
    """Parts that a killed monitor left."""
    now_s = time.time()
    return [part for part in home.glob(".*.part") if now_s - part.stat().st_mtime > _ABANDONED_S]


def _headed(page: str, heading: Heading) -> str:
    title, about = escape(heading.title), escape(heading.about)
    findings = "".join(f"<br>{escape(sentence)}" for sentence in heading.findings)
    top = (
        f'<body style="min-width:{_WIDTH}px;margin:0"><div style="{_LOOK}">'
        f'<strong style="font-size:19px">{title}</strong><br>'
        f'<span style="color:#57606a">{about}</span>{findings}</div>'
    )
    page = page.replace("<head>", f"<head><title>{title}</title>", 1)
    page = page.replace("width=device-width, initial-scale=1.0", f"width={_WIDTH}", 1)
    return page.replace("<body>", top, 1)
