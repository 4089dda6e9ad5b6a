"""Rows of a model by the lane that answered them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.lane import Lane

MOST_LANES = 1_000
"""Lanes of one model that are watched; more are passed over."""


def by_lane(table: pa.Table, model: str) -> Iterator[tuple[Lane, pa.Table]]:
    """The rows of each lane in a table of the prediction log.

    Args:
        table: With `version` and `variant`.
        model: Whose rows they are.
    """
    if not table.num_rows:
        return
    codes, names = _codes(table)
    for code, (version, variant) in enumerate(names):
        lane = Lane(model, version, variant)
        yield lane, table if len(names) == 1 else table.filter(pa.array(codes == code))


def _codes(table: pa.Table) -> tuple[Any, list[tuple[str, str]]]:
    version, variant = (table[name].combine_chunks().dictionary_encode() for name in ("version", "variant"))
    width = len(variant.dictionary)
    joint = version.indices.to_numpy().astype(np.int64) * width + variant.indices.to_numpy()
    present, codes = np.unique(joint, return_inverse=True)
    versions, variants = version.dictionary.to_pylist(), variant.dictionary.to_pylist()
    return codes, [(versions[each // width], variants[each % width]) for each in present.tolist()]


def features(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The features of rows by name; none where the rows have none."""
    column = table["features"]
    if not pa.types.is_struct(column.type):
        return {}
    return dict(zip([field.name for field in column.type], column.flatten(), strict=True))


def newest_id(table: pa.Table) -> str:
    """The id of the newest prediction in rows that are in the order of time."""
    return str(table["prediction_id"][-1].as_py())


def seconds(time: pa.Scalar) -> float:
    """A time of the log in seconds since 1970."""
    return float(pc.cast(time, pa.int64()).as_py() / 1e6)
