"""A data subject's records in the prediction log: found by their hashed keys, removed, and removed again.

The log holds a user's key hashed with the salt of the route that answered, so one user has many: one for each
salt that any route has, or had since its changes are journalled.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.lineage.counts import LATEST_S
from penstock.people.person import PENSTOCK
from penstock.retention.erasures import Asked, Erasure, ErasureStore
from serving.lifecycle.route_journal import RouteJournal
from serving.lifecycle.route_tags import RouteTags
from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.erase import are_damaged, erase
from serving.prediction_log.scan import Scanner, Wanted
from serving.prediction_log.upkeep import alone
from serving.routing.route import RouteError, parse
from serving.web.records import hashed

SAMPLE = 5
LOCK_WAIT_S = 20.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Found:
    """What a model's log holds of a person.

    Attributes:
        model: The registered model.
        predictions: How many rows.
        first_s: The first, in seconds since 1970.
        last_s: The last.
        sample: The ids of some.
        user_keys: The hashed keys that they lie under.
    """

    model: str
    predictions: int
    first_s: float
    last_s: float
    sample: tuple[str, ...]
    user_keys: tuple[str, ...]


class LogBusyError(OSError):
    """Another process has been keeping the log up for long."""


def keys_of(desk: Desk, user_id: str) -> frozenset[str]:
    """A user's keys as the log may hold them: one for each salt that a route has or had.

    Raises:
        LifecycleError: MLflow or the database does not answer.
    """
    # A header's bytes are what was hashed; which they were depends on the caller's program.
    forms = {user_id.strip().encode(errors="replace"), user_id.encode(errors="replace")}
    forms |= {user_id.encode("latin-1")} if user_id.isprintable() and _is_latin(user_id) else set()
    salts = set(_salts(desk))
    found = {hashed(salt.encode(), form) for salt in salts for form in forms if form}
    return frozenset(key for key in found if key)


def models_in_log(folder: Path) -> set[str]:
    """The registered models that the folder has sealed files of; very long names are not known from there."""
    names = {unquote(path.name.removeprefix("model=")) for path in (folder / "sealed").glob("model=*")}
    return {name for name in names if layout.model_dir(folder, name).is_dir()}


def find(desk: Desk, model: str, user_keys: Collection[str]) -> Found | None:
    """What a model's log holds under some keys, sealed or not; shadows' copies left out. None for nothing.

    Raises:
        BucketError: The log's copy cannot be read.
    """
    settings = desk.settings
    wanted = pa.array(sorted(user_keys), pa.string())
    rows, first_us, last_us, sample, keys = 0, 0, 0, list[str](), set[str]()
    columns = ("prediction_id", "ts", "user_key")
    scanner = Scanner(settings.prediction_log_dir, settings.log_s3_uri)
    for part in scanner.predictions(Wanted(model, 0.0, LATEST_S, columns=columns)):
        mine = part.table.filter(pc.is_in(part.table["user_key"], value_set=wanted))
        if not mine.num_rows:
            continue
        times = mine["ts"].cast(pa.int64())
        first, last = pc.min(times).as_py(), pc.max(times).as_py()
        first_us = min(first_us, first) if rows else first
        last_us = max(last_us, last)
        rows += mine.num_rows
        sample += mine["prediction_id"].slice(0, SAMPLE - len(sample)).to_pylist()
        keys.update(pc.unique(mine["user_key"]).to_pylist())
    if not rows:
        return None
    return Found(model, rows, first_us / 1e6, last_us / 1e6, tuple(sample), tuple(sorted(keys)))


def remove(desk: Desk, asked_by: str, asked: Asked) -> Erasure:
    """Remove what is sealed now; what lies in open segments is remembered, and removed by `repeat`.

    Raises:
        LogBusyError: Another process has been keeping the log up for long; the removal is remembered.
        BucketError: The log's copy cannot be reached; the removal is remembered.
    """
    return _once(desk, ErasureStore(desk.database, desk.now_s).add(asked_by, asked))


def repeat(desk: Desk) -> list[Erasure]:
    """Remove again what earlier removals could not reach yet; those that had to be done, as they are now.

    What is over is on the audit trail before its row says so.

    Raises:
        Away: The audit trail refuses; what went is remembered, and is recorded by the next repeat.
        LogBusyError: Another process has been keeping the log up for long.
        BucketError: The log's copy cannot be reached.
    """
    waiting = ErasureStore(desk.database, desk.now_s).open()
    return [_once(desk, erasure, is_repeat=True) for erasure in waiting]


def open_segments(folder: Path) -> set[str]:
    """The segments, of predictions and of outcomes, that are not sealed."""
    return {str(path.relative_to(folder)) for log in _logs(folder) for path in layout.segments(log)}


def _once(desk: Desk, erasure: Erasure, *, is_repeat: bool = False) -> Erasure:
    folder, settings = desk.settings.prediction_log_dir, desk.settings
    if not folder.exists() and not settings.log_s3_uri:
        return _over(desk, erasure, is_repeat=is_repeat)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        # Another process may have worked on it while this one waited for the log.
        erasure = ErasureStore(desk.database, desk.now_s).get(erasure.erasure_id) or erasure
        if erasure.done_s or _is_stuck(desk, erasure, folder):
            return erasure
        erasure = _erased(desk, erasure, folder)
        return erasure if erasure.waits_for else _over(desk, erasure, is_repeat=is_repeat)


def _is_stuck(desk: Desk, erasure: Erasure, folder: Path) -> bool:
    """Whether it waits for nothing but files that cannot be read now either."""
    damaged = erasure.damaged_files
    return bool(damaged) and not erasure.open_segments and are_damaged(folder, _bucket(desk), damaged)


def _bucket(desk: Desk) -> Bucket | None:
    settings = desk.settings
    return Bucket(settings.log_s3_uri, settings.s3_encryption) if settings.log_s3_uri else None


def _erased(desk: Desk, erasure: Erasure, folder: Path) -> Erasure:
    asked = erasure.asked
    # What is sealed by now, or by the erasing itself, will have been looked into.
    before = open_segments(folder)
    gone = erase(
        folder,
        _bucket(desk),
        user_keys=asked.user_keys, prediction_id=asked.prediction_id, models=asked.models,
        gone_ids=asked.gone_ids, gone_requests=asked.gone_requests,
    )  # fmt: skip
    left = before & open_segments(folder)
    waits_for = left & set(erasure.waits_for) if erasure.waits_for else left
    waits_for |= gone.damaged
    remembered = replace(asked, gone_ids=tuple(sorted(gone.ids)), gone_requests=tuple(sorted(gone.requests)))
    counted = replace(
        erasure,
        asked=remembered,
        waits_for=tuple(sorted(waits_for)),
        predictions=erasure.predictions + gone.predictions,
        outcomes=erasure.outcomes + gone.outcomes,
    )
    return _kept(desk, counted)


def _over(desk: Desk, erasure: Erasure, *, is_repeat: bool) -> Erasure:
    if is_repeat:  # who asked for it has recorded the first attempt
        subject = f"removal {erasure.erasure_id}"
        details = {
            "erasure": erasure.erasure_id,
            "predictions": erasure.predictions,
            "outcomes": erasure.outcomes,
            "open_segments": 0,
        }
        desk.trail.record(PENSTOCK, Event("people.repeat", subject, details=details))
    return _kept(desk, replace(erasure, done_s=desk.now_s(), asked=Asked(), waits_for=()))


def _kept(desk: Desk, erasure: Erasure) -> Erasure:
    return ErasureStore(desk.database, desk.now_s).put(erasure)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        with alone(folder) as is_alone:
            if is_alone:
                yield
                return
        if time.monotonic() >= deadline:
            raise LogBusyError(f"another process is keeping up '{folder}'; try again in a moment")
        time.sleep(_POLL_S)


def _salts(desk: Desk) -> Iterator[str]:
    for name, model in RouteTags(desk.client).models(()).items():
        yield name
        yield from _of_texts((called, name, text) for called, text in model.route_tags.items())
    yield from models_in_log(desk.settings.prediction_log_dir)
    for change in RouteJournal(desk.database).entries():
        texts = (change.before, change.after)
        yield from _of_texts((change.route, change.model, text) for text in texts if text)


def _of_texts(texts: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for called, carrier, text in texts:
        yield called
        try:
            yield parse(text, name=called, model=carrier).salt
        except RouteError:  # it never answered anybody
            continue


def _logs(folder: Path) -> tuple[Path, Path]:
    return folder, layout.outcomes_dir(folder)


def _is_latin(text: str) -> bool:
    return all(ord(mark) < 256 for mark in text)
