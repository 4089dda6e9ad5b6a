"""An encoder from its JSON; every place and number is checked, so that no row can fail on them later."""

import base64
import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.plan.arrays import Content
from serving.plan.encoding import derived as made
from serving.plan.encoding.article_layout import Read, read_articles
from serving.plan.encoding.articles import ArticleBlock
from serving.plan.encoding.cells import Block, Matrix
from serving.plan.encoding.dates import NAMES
from serving.plan.encoding.encoder import Encoder
from serving.plan.encoding.level_blocks import OneHot, OneHotBlock, Value, ValueBlock, Vector, VectorBlock
from serving.plan.encoding.levels import Levels, spelled
from serving.plan.encoding.ngrams import Ngrams
from serving.plan.encoding.number_block import Flag, NumberBlock, Numbers
from serving.plan.model import Column

SCALINGS = ("none", "shift", "stretch")
WIDEST = 1_000_000


def no_files(name: Any, sha256: Any) -> Content:  # noqa: ARG001 - a Read
    """Read a file where there are none.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"the file '{name}' is not there")


def load_encoder(document: Mapping[str, Any], columns: Sequence[Column], read: Read = no_files) -> Encoder:
    """Read what `write_encoder` wrote.

    Args:
        document: The encoder's JSON.
        columns: The inputs, in the order of a row's values.
        read: Reads the files that it names.

    Raises:
        KeyError, TypeError, ValueError: The document is not whole.
        PlanBroken: A file that it names is not.
    """
    width = _whole(document["width"], 1, WIDEST)
    size = len(columns)
    derived: list[made.Derived] = []
    for entry in document["derived"]:
        derived.append(_derived(entry, size))
        size += len(entry["parts"]) if entry["kind"] == "dates" else 1
    numbers = [_numbers(entry, size, width) for entry in document["numbers"]]
    template = [0.0] * width
    for block in numbers:
        for flag in block.flags:
            template[flag.slot] = flag.present
    blocks: list[Block] = [NumberBlock(block) for block in numbers]
    one_hot = [_one_hot(entry, size, width) for entry in document["one_hot"]]
    if one_hot:
        blocks.append(OneHotBlock(one_hot, width))
    tables = [_table(entry, size, width) for entry in document["tables"]]
    values = [table for table in tables if isinstance(table, Value)]
    if values:
        blocks.append(ValueBlock(values))
    vectors = [table for table in tables if isinstance(table, Vector)]
    vectors += [_ngrams(entry, size, width) for entry in document["ngrams"]]
    if vectors:
        blocks.append(VectorBlock(vectors))
    articles = [read_articles(entry, size, width, read) for entry in document.get("articles", ())]
    blocks.extend(map(ArticleBlock, articles))
    return Encoder(columns, derived, blocks, template)


def _derived(entry: Mapping[str, Any], size: int) -> made.Derived:
    indices = [_whole(index, 0, size) for index in entry["indices"]]
    kind = entry["kind"]
    if kind in ("dates", "date_part"):
        parts = entry["parts"] if kind == "dates" else [entry["part"]]
        return made.DateColumns(indices[0], [_name(part) for part in parts], entry.get("newest"))
    if kind in made.PAIRS:
        left, right = indices
        return made.PairOfNumbers(kind, left, right)
    if kind in ("log", "clip", "bins"):
        return made.OneNumber(kind, indices[0], entry)
    if kind == "prefix":
        return made.OfCells(made.prefix(_whole(entry["length"], 0, WIDEST)), indices[:1])
    return made.OfCells(made.OF_CELLS[kind], indices)


def _numbers(entry: Mapping[str, Any], size: int, width: int) -> Numbers:
    sources = tuple(_whole(index, 0, size) for index in entry["sources"])
    count = len(sources)
    scaled = 0 if entry["scaling"] == "none" else count
    has_bounds = entry["low"] is not None
    return Numbers(
        start=_whole(entry["start"], 0, width - count + 1),
        sources=sources,
        fills=_floats(entry["fills"], count),
        low=_floats(entry["low"], count) if has_bounds else None,
        high=_floats(entry["high"], count) if has_bounds else None,
        scaling=_scaling(entry),
        a=_floats(entry["a"], scaled),
        b=_floats(entry["b"], scaled),
        flags=tuple(
            Flag(
                _whole(flag["place"], 0, count), _whole(flag["slot"], 0, width),
                *_floats([flag["present"], flag["missing"]], 2),
            )
            for flag in entry["flags"]
        ),
    )  # fmt: skip


def _one_hot(entry: Mapping[str, Any], size: int, width: int) -> OneHot:
    def at(position: Any) -> int:
        return width if position is None else _whole(position, 0, width)

    positions = {_text(text): at(position) for text, position in entry["positions"].items()}
    keys = _keys(entry, {key: at(place) for key, place in (entry["keys"] or {}).items()})
    levels = spelled(positions, at(entry["missing"]), at(entry["unseen"]), keys)
    return OneHot(_whole(entry["index"], 0, size), levels)


def _table(entry: Mapping[str, Any], size: int, width: int) -> Value | Vector:
    count = _whole(entry["width"], 1, width + 1)
    rows = [_floats(row, count) for row in entry["rows"]]
    index, start = _whole(entry["index"], 0, size), _whole(entry["start"], 0, width - count + 1)

    def row(number: Any) -> tuple[float, ...]:
        return rows[_whole(number, 0, len(rows))]

    known = {_text(text): row(number) for text, number in entry["levels"].items()}
    keys = _keys(entry, {key: row(number) for key, number in (entry["keys"] or {}).items()})
    missing, unseen = row(entry["missing"]), row(entry["unseen"])
    if count == 1:
        numbers = None if keys is None else {key: each[0] for key, each in keys.items()}
        return Value(
            index,
            start,
            spelled({key: each[0] for key, each in known.items()}, missing[0], unseen[0], numbers),
        )
    vectors = {text: array("d", each) for text, each in known.items()}
    by_key = None if keys is None else {key: array("d", each) for key, each in keys.items()}
    return Vector(index, start, count, spelled(vectors, array("d", missing), array("d", unseen), by_key))


def _ngrams(entry: Mapping[str, Any], size: int, width: int) -> Vector:
    count = _whole(entry["width"], 1, width + 1)
    groups = [_text(group) for group in entry["groups"]]
    scaled = 0 if entry["scaling"] == "none" else count
    shortest, longest = (_whole(each, 1, 10) for each in entry["sizes"])
    if entry["analyzer"] not in ("letters", "words") or shortest > longest:
        raise ValueError(f"a text cannot be split by {entry['analyzer']!r} into {entry['sizes']!r}")
    vectors = Ngrams(
        analyzer=entry["analyzer"],
        shortest=shortest,
        longest=longest,
        places={group: place for place, group in enumerate(groups)},
        idf=_unpacked(entry["idf"], len(groups)),
        matrix=_unpacked(entry["matrix"], len(groups) * count).reshape(len(groups), count),
        scale=_scaling(entry),
        a=np.array(_floats(entry["a"], scaled)),
        b=np.array(_floats(entry["b"], scaled)),
    )
    nothing = vectors.nothing()
    levels: Levels[array[float]] = Levels({}, nothing, nothing, vectors.vector)
    return Vector(
        _whole(entry["index"], 0, size), _whole(entry["start"], 0, width - count + 1), count, levels
    )


def _unpacked(text: Any, count: int) -> Matrix:
    content = base64.b64decode(_text(text), validate=True)
    numbers = np.frombuffer(content, dtype="<f8").astype(np.float64)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError(f"{count} finite numbers are needed, not {len(numbers)}")
    return numbers


def _floats(values: Any, count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{count} finite numbers are needed, not {values!r:.80}")
    return numbers


def _whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value < high:
        raise ValueError(f"a whole number from {low} to {high - 1} is needed, not {value!r:.80}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {value!r:.80}")
    return value


def _name(part: Any) -> str:
    if part not in NAMES:
        raise ValueError(f"there is no part {part!r} of a date")
    return str(part)


def _scaling(entry: Mapping[str, Any]) -> Any:
    if entry["scaling"] not in SCALINGS:
        raise ValueError(f"there is no scaling {entry['scaling']!r}")
    return entry["scaling"]


def _keys(entry: Mapping[str, Any], keys: dict[str, Any]) -> dict[str, Any] | None:
    return None if entry["keys"] is None else keys
