"""Symbols side by side become blocks of the matrix, as JSON."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.plan.encoding.article_layout import article_entry
from serving.plan.encoding.symbols import Articled, Flag, Known, Number, OneHot, Projected, Symbol, width_of
from serving.plan.model import PlanUnsupported


def laid_out(symbols: Sequence[Symbol], files: dict[str, bytes]) -> dict[str, Any]:
    """Return the blocks, and the matrix's width.

    Args:
        symbols: In the order of the matrix's columns.
        files: Takes what blocks keep beside their JSON.

    Raises:
        PlanUnsupported: A column reaches the model as no number, or with gaps.
    """
    blocks: dict[str, list[dict[str, Any]]] = {"numbers": [], "one_hot": [], "tables": [], "ngrams": []}
    flags: list[tuple[int, Flag]] = []
    slot = 0
    for symbol in symbols:
        if isinstance(symbol, Number):
            _add_number(blocks["numbers"], symbol, slot)
        elif isinstance(symbol, Flag):
            flags.append((slot, symbol))
        elif isinstance(symbol, OneHot):
            blocks["one_hot"].append(_one_hot(symbol, slot))
        elif isinstance(symbol, Known):
            blocks["tables"].append(_table(symbol, slot))
        elif isinstance(symbol, Projected):
            blocks["ngrams"].append(_ngrams(symbol, slot))
        elif isinstance(symbol, Articled):
            blocks.setdefault("articles", []).append(article_entry(symbol, slot, files))
        else:
            raise PlanUnsupported("a column reaches the model as it comes; it must be filled or encoded")
        slot += width_of(symbol)
    for at, flag in flags:
        _add_flag(blocks["numbers"], flag, at)
    return {"width": slot, **blocks}


def _add_number(blocks: list[dict[str, Any]], number: Number, slot: int) -> None:
    if number.fill is None:
        raise PlanUnsupported("gaps in numbers must be filled before they reach the model")
    last = blocks[-1] if blocks else None
    is_next = (
        last is not None
        and last["start"] + len(last["sources"]) == slot
        and last["scaling"] == number.scaling
        and (last["low"] is not None) == number.is_clipped
    )
    if last is None or not is_next:
        bounds: list[Any] = [[], []] if number.is_clipped else [None, None]
        last = {"start": slot, "sources": [], "fills": [], "low": bounds[0], "high": bounds[1]}
        last |= {"scaling": number.scaling, "a": [], "b": [], "flags": []}
        blocks.append(last)
    last["sources"].append(number.source)
    last["fills"].append(number.fill)
    if number.is_clipped:
        last["low"].append(number.low)
        last["high"].append(number.high)
    if number.scaling != "none":
        last["a"].append(number.a)
        last["b"].append(number.b)


def _add_flag(blocks: list[dict[str, Any]], flag: Flag, slot: int) -> None:
    for block in blocks:
        if flag.source in block["sources"]:
            place = block["sources"].index(flag.source)
            block["flags"].append(
                {"place": place, "slot": slot, "present": flag.present, "missing": flag.missing}
            )
            return
    raise PlanUnsupported("an indicator of gaps needs its number in the matrix")


def _one_hot(symbol: OneHot, start: int) -> dict[str, Any]:
    def at(position: int | None) -> int | None:
        return None if position is None else start + position

    return {
        "index": symbol.source,
        "positions": {text: at(position) for text, position in symbol.positions.items()},
        "missing": at(symbol.missing),
        "unseen": at(symbol.unseen),
        "keys": None if symbol.keys is None else {key: at(place) for key, place in symbol.keys.items()},
    }


def _table(symbol: Known, start: int) -> dict[str, Any]:
    rows: dict[tuple[float, ...], int] = {}

    def row(vector: tuple[float, ...]) -> int:
        return rows.setdefault(tuple(map(float, vector)), len(rows))

    return {
        "index": symbol.source,
        "start": start,
        "width": symbol.width,
        "levels": {text: row(vector) for text, vector in symbol.vectors.items()},
        "missing": row(symbol.missing),
        "unseen": row(symbol.unseen),
        "keys": None if symbol.keys is None else {key: row(each) for key, each in symbol.keys.items()},
        "rows": [list(vector) for vector in rows],
    }


def _ngrams(symbol: Projected, start: int) -> dict[str, Any]:
    return {
        "index": symbol.source,
        "start": start,
        "width": symbol.width,
        "analyzer": symbol.analyzer,
        "sizes": list(symbol.sizes),
        "groups": sorted(symbol.places, key=lambda group: symbol.places[group]),
        "idf": packed(symbol.idf),
        "matrix": packed(symbol.matrix),
        "scaling": symbol.scaling,
        "a": list(symbol.a),
        "b": list(symbol.b),
    }


def packed(numbers: Any) -> str:
    """Write doubles as base64 of their little-endian bytes, in rows: exact, and a third of their digits."""
    return base64.b64encode(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).decode("ascii")
