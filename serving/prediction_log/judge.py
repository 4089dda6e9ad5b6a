"""Of newly sealed outcomes: which are of no logged prediction, which repeat, which are late. For the counts.

Reading needs none of this: it joins what there is, and the last outcome wins.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.catalogue import UNREADABLE, OnBroken, refused
from serving.prediction_log.lines import read_chunks
from serving.prediction_log.record import FORM, LATEST_TS_S
from serving.prediction_log.seal import day_name
from serving.prediction_log.tables import prediction_ids

KINDS = ("matched", "late", "repeated", "unknown")
"""Each outcome is of one kind: `unknown` before `repeated` before `late`."""
LATE_S = 86_400
"""An outcome that comes longer than this after its prediction is late."""
_UNIT_MS = 1 << 16
_ID_CHARS = 36


def judge(folder: Path, files: Sequence[Path], on_broken: OnBroken = refused) -> dict[str, int]:
    """Count newly sealed outcomes by kind.

    A prediction whose day is not in the folder any more counts as known.

    Args:
        folder: The log's folder.
        files: The outcomes' files that the last sealing has written.
        on_broken: Told of an earlier file that cannot be read, which counts as if it were not there.
    """
    counts = dict.fromkeys(KINDS, 0)
    found = [path for path in files if path.exists()]
    if not found:
        return counts
    new = pa.concat_tables([pq.read_table(path, partitioning=None) for path in found])
    made_s = _made_s(new["prediction_id"])
    is_unknown = ~_known(folder, new["prediction_id"], made_s, on_broken)
    is_repeated = _repeated(folder, new, found, made_s, on_broken)
    is_late = new["received"].cast(pa.int64()).to_numpy() / 1e6 - made_s > LATE_S
    counts["unknown"] = int(is_unknown.sum())
    counts["repeated"] = int((is_repeated & ~is_unknown).sum())
    counts["late"] = int((is_late & ~is_repeated & ~is_unknown).sum())
    counts["matched"] = new.num_rows - sum(counts.values())
    return counts


def _made_s(ids: pa.ChunkedArray) -> np.ndarray:
    """When predictions were made, by their ids (UUIDv7), to about a minute; in seconds since 1970."""
    words = pc.utf8_slice_codeunits(ids, 0, 8).combine_chunks().dictionary_encode()
    starts = np.array([_start_of(word) for word in words.dictionary.to_pylist()])
    return np.asarray(starts[words.indices.to_numpy()])


def _start_of(word: str) -> float:
    try:
        return min(int(word, 16) * _UNIT_MS / 1000, LATEST_TS_S - 2 * LATE_S)
    except ValueError:  # no id of ours
        return 0.0


def _known(folder: Path, ids: pa.ChunkedArray, made_s: np.ndarray, on_broken: OnBroken) -> np.ndarray:
    days = sorted({day_name(second // 86_400) for second in {*made_s, *(made_s + 2 * _UNIT_MS / 1000)}})
    every = [path for path in layout.every_day_dir(folder) if layout.model_name(path)]
    names = {path.name.removeprefix("day=") for path in every}
    known = np.zeros(len(ids), bool)
    if names:  # what lies before the oldest day has been pruned
        known |= made_s < _start_s(min(names))
    logged = _logged_ids(
        folder, [path for path in every if path.name.removeprefix("day=") in days], on_broken
    )
    plain = pc.if_else(pc.ends_with(ids, "-0"), pc.utf8_slice_codeunits(ids, 0, _ID_CHARS), ids)
    for some in logged:
        known |= pc.or_(pc.is_in(ids, value_set=some), pc.is_in(plain, value_set=some)).to_numpy()
    return known


def _logged_ids(
    folder: Path, days: Iterable[Path], on_broken: OnBroken
) -> Iterator[pa.Array | pa.ChunkedArray]:
    for path in layout.segments(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            for chunk in read_chunks(file, path.stem, FORM):
                yield prediction_ids(chunk.found)
    for day in days:
        for table in _readable(layout.sealed_files(day), ["prediction_id"], on_broken):
            yield table["prediction_id"]


def _readable(paths: Iterable[Path], columns: Sequence[str], on_broken: OnBroken) -> Iterator[pa.Table]:
    for path in paths:
        try:
            yield pq.read_table(path, columns=list(columns), partitioning=None)
        except UNREADABLE as error:
            on_broken(path, error)


def _repeated(
    folder: Path, new: pa.Table, files: Sequence[Path], made_s: np.ndarray, on_broken: OnBroken
) -> np.ndarray:
    """Which of the new outcomes tell again what an earlier one, or one of themselves, has told."""
    first = f"day={day_name(made_s.min() // 86_400)}"
    mine = set(files)
    told = {name: new["prediction_id"].filter(new[name].is_valid()) for name in ("label_json", "value")}
    earlier: dict[str, list[pa.Array]] = {name: [] for name in told}
    for day in layout.every_day_dir(folder):
        if layout.model_name(day) or day.name < first:
            continue
        others = [path for path in layout.sealed_files(day) if path not in mine]
        for table in _readable(others, ["prediction_id", *told], on_broken):
            for name, ids in told.items():
                there = table["prediction_id"].filter(table[name].is_valid())
                earlier[name].append(pc.unique(there.filter(pc.is_in(there, value_set=ids))))
    repeated = np.zeros(new.num_rows, bool)
    for name, seen in earlier.items():
        has = new[name].is_valid().to_numpy()
        before = pa.chunked_array(seen, pa.string())
        again = pc.is_in(new["prediction_id"], value_set=before).to_numpy() & has
        places = np.flatnonzero(has)
        words = new["prediction_id"].take(pa.array(places)).combine_chunks().dictionary_encode()
        _, firsts = np.unique(words.indices.to_numpy(), return_index=True)
        again[np.delete(places, firsts)] = True
        repeated |= again
    return repeated


def _start_s(day: str) -> float:
    return float(np.datetime64(day, "s").astype(np.int64))
