"""Erasing a person from the log: every sealed row of theirs, its shadows' copies and its outcomes.

A file is written anew without the rows and takes the old one's name in one step; in the bucket, too. What
lies in an open segment is not touched: segments only ever grow. It is erased by the next erasing after its
segment is sealed, so this tells how many segments are open; and which files cannot be read. As the rows that
were found before are gone by then, it tells their ids, by which their shadows and outcomes are found.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket, BucketError, sha256_of
from serving.prediction_log.catalogue import UNREADABLE
from serving.prediction_log.seal import seal_outcomes, seal_segments

_BYTES_AT_ONCE = 2**20
_ROW = r"-(0|[1-9]\d*)$"
_KEYS = ("prediction_id", "user_key", "shadow", "request_id")


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes:
        predictions: Rows of the predictions' log, shadows' copies included.
        outcomes: Rows of the outcomes' log.
        open_segments: Segments that are being written, and were not looked into.
        ids: The ids of all rows that went, and of those that were given as gone before.
        requests: The same requests' ids, as shadows name them.
        damaged: Files that cannot be read, by their names below the log's folder.
    """

    predictions: int
    outcomes: int
    open_segments: int
    ids: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Person:
    """What tells a person's rows; it grows by what is found."""

    user_keys: frozenset[str]
    ids: set[str]
    requests: set[str] = field(default_factory=set)

    def owns(self, keys: pa.Table) -> pa.Array:
        """Which rows are theirs, by key or id."""
        wanted = pa.array(sorted(self.ids), pa.string())
        names = keys["prediction_id"]
        requests = pc.replace_substring_regex(names, _ROW, "")
        goes = pc.or_(pc.is_in(names, value_set=wanted), pc.is_in(requests, value_set=wanted))
        if self.user_keys and "user_key" in keys.column_names:
            mine = pa.array(sorted(self.user_keys), pa.string())
            goes = pc.or_(goes, pc.is_in(keys["user_key"], value_set=mine))
        return goes

    def copied(self, keys: pa.Table) -> pa.Array:
        """Which rows are shadows' copies of their requests."""
        wanted = pa.array(sorted(self.requests), pa.string())
        is_copy = pc.and_(keys["shadow"], pc.is_in(keys["request_id"], value_set=wanted))
        return pc.fill_null(is_copy, fill_value=False)

    def note(self, gone: pa.Table) -> None:
        """Remember what went."""
        self.ids.update(gone["prediction_id"].to_pylist())
        if "request_id" in gone.column_names:
            self.requests.update(re.sub(_ROW, "", name) for name in gone["prediction_id"].to_pylist())
            self.requests.update(name for name in gone["request_id"].to_pylist() if name)


def erase(
    folder: Path,
    bucket: Bucket | None,
    *,
    user_key: str = "",
    prediction_id: str = "",
    user_keys: Collection[str] = (),
    models: Collection[str] | None = None,
    gone_ids: Collection[str] = (),
    gone_requests: Collection[str] = (),
) -> Erased:
    """Erase; to be run under the upkeep's lock, and again whenever it was cut off.

    Args:
        folder: The log's folder.
        bucket: The log's copy; files that are in the folder, too, go there with the next upkeep.
        user_key: As the log holds it: hashed.
        prediction_id: A request's id, for all its rows, or a row's.
        user_keys: More keys: a user has another one by each route's salt.
        models: Only what these registered models have answered, with its copies and outcomes; None for all.
        gone_ids: The `ids` of an earlier erasing, whose outcomes may have come since.
        gone_requests: Its `requests`, whose copies may have been sealed since.

    Raises:
        BucketError: The bucket cannot be reached.
    """
    seal_segments(folder)
    seal_outcomes(folder)
    person = _Person(
        frozenset({user_key, *user_keys} - {""}), {prediction_id, *gone_ids} - {""}, set(gone_requests)
    )
    above = None if models is None else {layout.model_dir(folder, model).name for model in models}
    home = _Home(folder, bucket)
    predictions = home.erase("sealed", above, person.owns, person)
    if person.requests:
        predictions += home.erase("sealed", None, person.copied, person)
    # Outcomes come last, by the ids of the predictions that were found.
    outcomes = home.erase("outcomes/sealed", None, person.owns, person) if person.ids else 0
    logs = (folder, layout.outcomes_dir(folder))
    return Erased(
        predictions,
        outcomes,
        sum(len(layout.segments(log)) for log in logs),
        frozenset(person.ids),
        frozenset(person.requests),
        frozenset(home.damaged),
    )


def are_damaged(folder: Path, bucket: Bucket | None, names: Collection[str]) -> bool:
    """Whether none of some files can be read, so that another erasing would find nothing more.

    Args:
        folder: The log's folder.
        bucket: The log's copy.
        names: Files as `Erased.damaged` names them.

    Raises:
        BucketError: The bucket cannot be reached.
    """
    return all(_is_damaged(folder / name, bucket, name) for name in names)


def _is_damaged(path: Path, bucket: Bucket | None, name: str) -> bool:
    try:
        if path.exists():
            pq.read_table(path, partitioning=None)
        elif bucket is not None:
            pq.read_table(bucket.open(name), partitioning=None)
    except FileNotFoundError:
        return False
    except BucketError:
        raise
    except UNREADABLE:
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Home:
    folder: Path
    bucket: Bucket | None
    damaged: set[str] = field(default_factory=set)

    def erase(
        self, below: str, models: set[str] | None, goes: Callable[[pa.Table], pa.Array], person: _Person
    ) -> int:
        rows = 0
        for path in self._local(below):
            if models is None or path.parent.parent.name in models:
                name = path.relative_to(self.folder).as_posix()
                rows += self._erase_file(name, path, path, goes, person)
        if self.bucket is not None:
            rows += self._erase_in_bucket(self.bucket, below, models, goes, person)
        return rows

    def _local(self, below: str) -> Iterator[Path]:
        for day in layout.every_day_dir(self.folder):
            if day.is_relative_to(self.folder / below):
                yield from layout.sealed_files(day)

    def _erase_in_bucket(
        self,
        bucket: Bucket,
        below: str,
        models: set[str] | None,
        goes: Callable[[pa.Table], pa.Array],
        person: _Person,
    ) -> int:
        rows = 0
        with TemporaryDirectory() as place:
            for name in bucket.names(f"{below}/"):
                is_asked = models is None or Path(name).parent.parent.name in models
                if not is_asked or (self.folder / name).exists():
                    continue
                anew = Path(place) / "anew.parquet"
                found = self._erase_file(name, bucket.open(name), anew, goes, person)
                if found:
                    bucket.put(anew, name, sha256_of(anew))
                rows += found
        return rows

    def _erase_file(
        self,
        name: str,
        source: Path | pa.NativeFile,
        target: Path,
        goes: Callable[[pa.Table], pa.Array],
        person: _Person,
    ) -> int:
        """Write a file anew without what is to go; how many rows went."""
        try:
            found = _split(source, goes)
        except UNREADABLE:
            if self.bucket is not None and not isinstance(source, Path):
                _read_through(self.bucket, name)
            self.damaged.add(name)
            return 0
        if found is None:
            return 0
        gone, kept = found
        person.note(gone)
        unfinished = layout.unfinished_name(target)
        pq.write_table(kept, unfinished, compression="zstd")
        layout.uploaded_mark(target).unlink(missing_ok=True)
        layout.publish(unfinished, target)
        return int(gone.num_rows)


def _split(
    source: Path | pa.NativeFile, goes: Callable[[pa.Table], pa.Array]
) -> tuple[pa.Table, pa.Table] | None:
    """The keys of what is to go, and all of what stays; None where nothing is to go."""
    with pq.ParquetFile(source) as file:
        names = [name for name in _KEYS if name in file.schema_arrow.names]
        # Most files hold nothing of a person: only what tells is read of them.
        keys = file.read(columns=names)
        going = goes(keys)
        gone = keys.filter(going)
        return (gone, file.read().filter(pc.invert(going))) if gone.num_rows else None


def _read_through(bucket: Bucket, name: str) -> None:
    """Read an object to its end: it is damaged only if the bucket gives all of it."""
    with bucket.open(name) as file:
        while file.read(_BYTES_AT_ONCE):
            pass
