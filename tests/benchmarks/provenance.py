"""Who did what, and what came of it: the audit trail's pace, and a prediction found among very many.

The trail: entries by one writer and by eight processes at once; all of them verified. The log: thirty days of
one model's sealed predictions; one found by its id, a version's counted, a person's removed.
"""

import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from penstock.audit.heads import HeadFile, trail_name
from penstock.audit.trail import ENTRIES, Event, Trail
from penstock.audit.verify import verify
from penstock.lineage.counts import counts
from penstock.lineage.record import find, parse_id
from penstock.people.person import Person
from serving.lifecycle import chain
from serving.lifecycle.database import Database
from serving.prediction_log import layout
from serving.prediction_log.erase import erase
from serving.prediction_log.record import new_prediction_id

WRITERS, DAYS, PEOPLE = 8, 30, 10_000
FIRST_DAY_S = 1_785_456_000.0  # 2026-07-31T00:00:00Z
_DAY_S = 86_400.0
ANA = Person("ana", address="127.0.0.1")


def main(*, full: bool = False) -> str:
    """A trail of 100,000 entries; a log of 3 million rows with `full`, else of 300,000."""
    rows = 3_000_000 if full else 300_000
    with tempfile.TemporaryDirectory() as place:
        return "\n".join([*_trail(Path(place)), "", *_log(Path(place) / "log", rows)])


def _trail(place: Path) -> list[str]:
    url, heads = f"sqlite:///{place}/penstock.db", place / "head.jsonl"
    alone = _append(url, heads, 300)
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        pool.starmap(_append, [(url, heads, 5)] * WRITERS)  # start them
        began = time.perf_counter()
        at_once = [each for some in pool.starmap(_append, [(url, heads, 60)] * WRITERS) for each in some]
        rate = len(at_once) / (time.perf_counter() - began)
    database, count = Database(url), 100_000
    _fill(database, count)
    began = time.perf_counter()
    verdict = verify(database, _open(url, heads))
    seconds = time.perf_counter() - began
    if verdict.problem or verdict.entries != count:
        raise RuntimeError(f"the trail does not hold: {verdict}")
    return [
        f"an entry, one writer                    {_milliseconds(alone)}",
        f"an entry, {WRITERS} processes at once          {_milliseconds(at_once)}, {rate:,.0f} a second",
        f"{count:,} entries verified             {seconds:.1f} s",
    ]


def _append(url: str, heads: Path, times: int) -> list[float]:
    trail, taken = _open(url, heads), []
    for number in range(times):
        began = time.perf_counter()
        trail.record(ANA, Event("dataset.upload", f"dataset {number}", "ana/churn", details={"rows": number}))
        taken.append(time.perf_counter() - began)
    return taken


def _open(url: str, heads: Path) -> Trail:
    name = trail_name(url)
    return Trail(Database(url), lambda: datetime.now(UTC), name=name, file=HeadFile(heads))


def _fill(database: Database, until: int) -> None:
    """Entries up to a number, in one transaction."""
    with database.begin() as connection:
        last = connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.sequence.desc()).limit(1)).one()
        entry: dict[str, Any] = dict(last._mapping)
        rows = []
        for sequence in range(entry["sequence"] + 1, until + 1):
            entry = entry | {"sequence": sequence, "previous_sha256": entry["sha256"]}
            entry["details"] = json.dumps({"rows": sequence})
            entry["sha256"] = chain.digest(entry)
            rows.append(entry)
        connection.execute(sa.insert(ENTRIES), rows)


def _log(folder: Path, rows: int) -> list[str]:
    wanted = _write(folder, rows)
    found = [_timed(lambda: find(folder, wanted)) for _ in range(11)]
    counted = [_timed(lambda: counts(folder, "churn", ["1", "2"])) for _ in range(3)]
    removed = _timed(lambda: erase(folder, None, user_keys=["key 17"]))
    return [
        f"{rows:,} predictions in {DAYS} days",
        f"one found by its id                     {_milliseconds(found)}",
        f"two versions' counted                   {statistics.median(counted):.2f} s",
        f"one of {PEOPLE:,} people removed          {removed:.2f} s",
    ]


def _write(folder: Path, rows: int) -> Any:
    """Sealed days of predictions, and the id of one in the middle."""
    random = np.random.default_rng(7)
    a_day, wanted = rows // DAYS, ""
    for day in range(DAYS):
        begin_s = FIRST_DAY_S - day * _DAY_S
        times = np.sort(random.uniform(0, _DAY_S, a_day)) + begin_s
        ids = [new_prediction_id(lambda at=at: float(at)) for at in times]  # type: ignore[misc]
        wanted = ids[a_day // 2] if day == DAYS // 2 else wanted
        table = pa.table(
            {
                "prediction_id": ids,
                "ts": pa.array((times * 1e6).astype("int64")).cast(pa.timestamp("us", tz="UTC")),
                "model": ["churn"] * a_day,
                "version": np.where(random.random(a_day) < 0.9, "1", "2"),
                "variant": ["champion"] * a_day,
                "shadow": np.zeros(a_day, bool),
                "request_id": pa.nulls(a_day, pa.string()),
                "user_key": [f"key {each}" for each in random.integers(0, PEOPLE, a_day)],
                "features": pa.StructArray.from_arrays(
                    [pa.array(random.random(a_day)) for _ in range(20)], [f"c{each}" for each in range(20)]
                ),
                "prediction": random.integers(0, 2, a_day),
                "probabilities": pa.nulls(a_day, pa.list_(pa.float64())),
                "latency_us": np.full(a_day, 400),
            }
        )
        name = datetime.fromtimestamp(begin_s, UTC).strftime("%Y-%m-%d")
        home = layout.day_dir(folder, "churn", name)
        home.mkdir(parents=True)
        pq.write_table(table, home / layout.sealed_name(f"{day:04d}", 0), row_group_size=20_000)
    return parse_id(wanted)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    if not work():
        raise RuntimeError("nothing was found")
    return time.perf_counter() - began


def _milliseconds(taken: list[float]) -> str:
    p99 = sorted(taken)[int(len(taken) * 0.99)]
    return f"p50 {statistics.median(taken) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms"
