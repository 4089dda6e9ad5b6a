"""Records as Arrow tables, one row a prediction, whatever kinds of value meet in a column.

A feature is a double (numbers), a boolean or text. Where kinds meet in one column, numbers and booleans
become doubles, and anything with text becomes text. Predictions keep whole numbers whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

import orjson
import pyarrow as pa

from serving.prediction_log.record import Record

_NONE = type(None)
BASE = pa.schema(
    [
        ("prediction_id", pa.string()),
        ("ts", pa.timestamp("us", tz="UTC")),
        ("model", pa.string()),
        ("version", pa.string()),
        ("variant", pa.string()),
        ("shadow", pa.bool_()),
        ("request_id", pa.string()),
        ("user_key", pa.string()),
    ]
)
PROBABILITIES = pa.list_(pa.float64())
_NUMBERS = {pa.bool_(), pa.int64(), pa.float64()}


def to_table(records: Sequence[Record]) -> pa.Table:
    """Records of the same columns as one table, features as a struct; record order, then row order."""
    rows = list(chain.from_iterable(record.rows for record in records))
    counts = [len(record.rows) for record in records]
    columns = records[0].columns
    transposed = zip(*rows, strict=True) if rows else [()] * len(columns)
    features = {name: column(values) for name, values in zip(columns, transposed, strict=True)}
    predictions = column(list(chain.from_iterable(record.predictions for record in records)), whole=True)
    return _assemble(_base(records, counts), features, predictions, _tail(records, counts), len(rows))


def by_columns(records: list[Record]) -> Iterator[pa.Table]:
    """Records of any columns, a table for those of the same; the list is sorted in place."""
    records.sort(key=lambda record: record.columns)
    for _, group in groupby(records, key=lambda record: record.columns):
        yield to_table(list(group))


def prediction_ids(records: Sequence[Record]) -> pa.Array:
    """The ids of all rows: a record's own where it has one row, else with the row's number behind it."""
    ids = [
        name
        for record in records
        for name in (
            (record.prediction_id,)
            if len(record.rows) == 1
            else [f"{record.prediction_id}-{row}" for row in range(len(record.rows))]
        )
    ]
    return pa.array(ids, pa.string())


def merge(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of `to_table` as one, its columns the union of theirs and each of a kind that holds them all."""
    if not tables:
        return _assemble(BASE.empty_table(), {}, pa.nulls(0), _tail([], []), 0)
    split = [(table, _features(table)) for table in tables]
    names = dict.fromkeys(name for _, features in split for name in features)
    features = {
        name: _concat([part.get(name, pa.nulls(table.num_rows)) for table, part in split]) for name in names
    }
    return _assemble(
        pa.concat_tables([table.select(BASE.names) for table in tables]),
        features,
        _concat([table.column("prediction") for table in tables]),
        pa.concat_tables([table.select(["probabilities", "latency_us"]) for table in tables]),
        sum(table.num_rows for table in tables),
    )


def _assemble(
    base: pa.Table, features: dict[str, pa.Array], prediction: pa.Array, tail: pa.Table, count: int
) -> pa.Table:
    struct = pa.table(features).to_struct_array() if features else pa.nulls(count)
    table = base.append_column("features", struct).append_column("prediction", prediction)
    for name in tail.column_names:
        table = table.append_column(name, tail.column(name))
    return table


def _base(records: Sequence[Record], counts: Sequence[int]) -> pa.Table:
    def repeat(values: Iterable[object], kind: pa.DataType) -> pa.Array:
        return pa.array(_repeated(values, counts), kind)

    micros = repeat([round(record.ts_s * 1e6) for record in records], pa.int64())
    same = {field.name: field.type for field in BASE if field.name not in ("prediction_id", "ts")}
    columns = {
        "prediction_id": prediction_ids(records),
        "ts": micros.cast(BASE.field("ts").type),
        **{name: repeat([getattr(record, name) for record in records], kind) for name, kind in same.items()},
    }
    return pa.table(columns, schema=BASE)


def _tail(records: Sequence[Record], counts: Sequence[int]) -> pa.Table:
    probabilities = chain.from_iterable(
        [None] * count if record.probabilities is None else record.probabilities
        for record, count in zip(records, counts, strict=True)
    )
    latencies = _repeated([record.latency_us for record in records], counts)
    return pa.table(
        {
            "probabilities": pa.array(list(probabilities), PROBABILITIES),
            "latency_us": pa.array(latencies, pa.int64()),
        }
    )


def _repeated(values: Iterable[object], counts: Sequence[int]) -> list[object]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def column(values: Sequence[object], *, whole: bool = False) -> pa.Array:
    """Values as one array of a kind that holds them all.

    Args:
        values: Numbers, booleans, texts and nulls; anything else becomes its JSON.
        whole: Whether whole numbers stay whole instead of becoming doubles.
    """
    kinds = set(map(type, values)) - {_NONE}
    if not kinds:
        return pa.nulls(len(values))
    if kinds in ({bool}, {str}, {float}):
        return pa.array(values)
    if whole and kinds == {int}:
        try:
            return pa.array(values, pa.int64())
        except OverflowError:
            return _doubles(values)
    return _doubles(values) if kinds <= {bool, int, float} else pa.array(_texts(values, whole=whole))


def _doubles(values: Sequence[object]) -> pa.Array:
    return pa.array([None if value is None else float(value) for value in values], pa.float64())  # type: ignore[arg-type]


def _texts(values: Sequence[object], *, whole: bool) -> list[str | None]:
    """Numbers as Arrow's own cast writes them: a text must not depend on when it was sealed."""
    numbers = [value if type(value) in (int, float) else None for value in values]
    written = column(numbers, whole=whole).cast(pa.string()).to_pylist()
    return [_text(value, number) for value, number in zip(values, written, strict=True)]


def _text(value: object, number: str | None) -> str | None:
    if value is None or number is not None:
        return number
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _features(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    column = table.column("features")
    if not pa.types.is_struct(column.type):
        return {}
    return dict(zip([field.name for field in column.type], column.flatten(), strict=True))


def _concat(columns: Sequence[pa.Array | pa.ChunkedArray]) -> pa.ChunkedArray:
    # What holds nothing has no say: a file's kind of an empty column is that of the files it was merged with.
    kind = _joined({column.type for column in columns if column.null_count < len(column)})
    chunks = [chunk for column in columns for chunk in _chunks(_cast(column, kind))]
    return pa.chunked_array(chunks, kind)


def _cast(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return pa.nulls(len(column), kind) if column.null_count == len(column) else column.cast(kind, safe=False)


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _joined(kinds: set[pa.DataType]) -> pa.DataType:
    kinds = kinds - {pa.null()}
    if not kinds:
        return pa.null()
    if len(kinds) == 1:
        return kinds.pop()
    return pa.float64() if kinds <= _NUMBERS else pa.string()
