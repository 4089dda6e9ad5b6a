"""The window of a model's newest predictions, split by the version that answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.columns import PREDICTION
from serving.prediction_log.read import read


@dataclass(frozen=True, slots=True)
class Window:
    """What one version answered between two moments."""

    model: str
    version: str
    variants: tuple[str, ...]
    rows: int
    since: datetime
    until: datetime
    newest: str
    """The newest prediction's id: the same id, the same window."""
    cells: Mapping[str, pa.ChunkedArray]
    """Features by name, and the prediction."""


def windows(folder: Path, model: str, *, now_s: float, window_s: float, max_rows: int) -> list[Window]:
    """Read the newest predictions of a model, one window a version, by version.

    The versions are those among the model's newest `max_rows` predictions, and each window holds the newest
    `max_rows` of its version, so memory stays bounded whatever the traffic is.

    Args:
        folder: The prediction log; it need not exist yet.
        model: The registered model's name.
        now_s: The window's end, in seconds since the epoch.
        window_s: The window's length in seconds.
        max_rows: The most predictions of one version to take.
    """
    if not folder.exists():
        return []
    since_s = now_s - window_s
    newest = read(folder, model=model, since_s=since_s, until_s=now_s, limit=max_rows)
    found = []
    for version in sorted(pc.unique(newest["version"]).to_pylist(), key=_by_number):
        table = newest.filter(pc.equal(newest["version"], version))
        if newest.num_rows >= max_rows > table.num_rows:
            table = read(folder, model=model, version=version, since_s=since_s, until_s=now_s, limit=max_rows)
        found.append(_window(table, model, version, since_s, now_s))
    return found


def _window(table: pa.Table, model: str, version: str, since_s: float, now_s: float) -> Window:
    variants = pc.unique(table["variant"]).to_pylist()
    return Window(
        model,
        version,
        tuple(sorted(variants)),
        table.num_rows,
        datetime.fromtimestamp(since_s, UTC),
        datetime.fromtimestamp(now_s, UTC),
        table["prediction_id"][-1].as_py(),
        _cells(table),
    )


def _cells(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    features = table["features"]
    if not pa.types.is_struct(features.type):
        return {PREDICTION: table["prediction"]}
    names = [field.name for field in features.type]
    return dict(zip(names, features.flatten(), strict=True)) | {PREDICTION: table["prediction"]}


def _by_number(version: str) -> tuple[int, str]:
    return (int(version), version) if version.isdigit() else (0, version)
