"""What was the newest report of each lane: remembered beside its pages, so that a restart makes none anew."""

import json
import os
from pathlib import Path
from typing import Any

from monitoring.places import lane_dir
from monitoring.result import Report, Result

FILE = "newest.json"


def keep(folder: Path, result: Result, report: Report) -> None:
    """Remember a report and the verdicts that it tells of.

    Raises:
        OSError: The file cannot be written.
    """
    home = lane_dir(folder, result.lane)
    home.mkdir(parents=True, exist_ok=True)
    found = {
        "made_s": report.made_s,
        "path": report.path and str(report.path),
        "run": report.run,
        "quality": report.quality and str(report.quality),
        "verdicts": _verdicts(result),
    }
    part = home / f".{FILE}.{os.getpid()}.part"
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(home / FILE)


def kept(folder: Path, result: Result) -> Report | None:
    """The remembered report of a lane, if it tells of the verdicts that the result has."""
    try:
        found = json.loads((lane_dir(folder, result.lane) / FILE).read_bytes())
        if found["verdicts"] != _verdicts(result):
            return None
        return Report(float(found["made_s"]), _path(found["path"]), found["run"], _path(found["quality"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _verdicts(result: Result) -> list[bool]:
    return [result.is_drifted, result.is_bad]


def _path(text: Any) -> Path | None:
    path = Path(text) if text else None
    return path if path and path.exists() else None
