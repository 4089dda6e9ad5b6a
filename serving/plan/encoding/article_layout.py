"""Numbers of texts as a block of the matrix: JSON, and one file of arrays that workers can share."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.encoding.articles import ROLES, Articles, Sources, View
from serving.plan.encoding.ngrams import Ngrams
from serving.plan.encoding.symbols import Articled
from serving.plan.text.measure import Measure
from serving.plan.text.measures import measure_of
from serving.plan.text.reading import Reading

SCALINGS = ("none", "shift", "stretch")
LONGEST_GROUP = 10
Read = Callable[[Any, Any], Content]
"""Returns a file's bytes, read or mapped, by its name and its SHA-256."""


def article_entry(symbol: Articled, start: int, files: dict[str, bytes]) -> dict[str, Any]:
    """Write a block.

    Args:
        symbol: What it makes.
        start: Its first matrix column.
        files: Takes its arrays.
    """
    arrays: dict[str, Any] = {"order": np.array(symbol.order, dtype=np.int64)}
    for at, view in enumerate(symbol.views):
        arrays |= {f"idf_{at}": view.idf, f"matrix_{at}": view.matrix, f"offset_{at}": view.offset}
    if symbol.looked is not None:
        arrays["sources"] = symbol.looked.table
    if symbol.scaling != "none":
        arrays |= {"a": np.array(symbol.a), "b": np.array(symbol.b)}
    content = pack(**arrays)
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"articles-{sha256[:16]}.npz"
    files[name] = content
    return {
        "start": start,
        "width": symbol.width,
        "roles": dict(symbol.roles),
        "views": [
            {"analyzer": view.analyzer, "sizes": list(view.sizes), "groups": list(view.groups)}
            for view in symbol.views
        ],
        "measures": [{"kind": measure.kind, "document": measure.document} for measure in symbol.measures],
        "sources": None if symbol.looked is None else list(symbol.looked.names),
        "scaling": symbol.scaling,
        "file": name,
        "sha256": sha256,
    }


def read_articles(entry: Mapping[str, Any], size: int, width: int, read: Read) -> Articles:
    """Read what `article_entry` wrote.

    Args:
        entry: The block's JSON.
        size: How many cells a row has.
        width: The matrix's.
        read: Reads its file.

    Raises:
        KeyError, TypeError, ValueError: The block is not whole.
        PlanBroken: Its file is not.
    """
    arrays = Arrays(read(entry["file"], entry["sha256"]))
    count, start = entry["width"], entry["start"]
    if type(count) is not int or type(start) is not int or not 0 <= start <= start + count <= width:
        raise ValueError(f"{count!r} numbers from column {start!r} on do not fit a matrix of {width}")
    views = tuple(_view(view, at, arrays) for at, view in enumerate(entry["views"]))
    measures = tuple(_measure(measure) for measure in entry["measures"])
    sources = _sources(entry["sources"], arrays)
    made = sum(len(view.offset) for view in views) + sum(len(measure.names) for measure in measures)
    made += 0 if sources is None else sources.table.shape[1]
    scaled = 0 if _scaling(entry) == "none" else count
    return Articles(
        start=start,
        places=_places(entry["roles"], size),
        views=views,
        measures=measures,
        sources=sources,
        order=arrays.integers("order", count, low=0, high=made),
        scaling=_scaling(entry),
        a=arrays.floats("a", count) if scaled else np.zeros(0),
        b=arrays.floats("b", count) if scaled else np.zeros(0),
    )


def _view(entry: Mapping[str, Any], at: int, arrays: Arrays) -> View:
    groups = entry["groups"]
    shortest, longest = entry["sizes"]
    if entry["analyzer"] not in ("letters", "words") or not 1 <= shortest <= longest <= LONGEST_GROUP:
        raise ValueError(f"a text cannot be split by {entry['analyzer']!r} into {entry['sizes']!r}")
    if not all(isinstance(group, str) for group in groups):
        raise TypeError("the groups of a view must be texts")
    matrix = arrays.floats(f"matrix_{at}", len(groups), None)
    ngrams = Ngrams(
        analyzer=entry["analyzer"],
        shortest=shortest,
        longest=longest,
        places={group: place for place, group in enumerate(groups)},
        idf=arrays.floats(f"idf_{at}", len(groups)),
        matrix=matrix,
        scale="none",
        a=np.zeros(0),
        b=np.zeros(0),
    )
    return View(ngrams, arrays.floats(f"offset_{at}", matrix.shape[1]))


def _measure(entry: Mapping[str, Any]) -> Measure:
    measure = measure_of(str(entry["kind"]), entry["document"])
    if len(measure.of(Reading(""))) != len(measure.names):
        raise ValueError(f"the measure '{measure.kind}' must give {len(measure.names)} numbers")
    return measure


def _sources(names: Any, arrays: Arrays) -> Sources | None:
    if names is None:
        return None
    return Sources(
        {str(name): place for place, name in enumerate(names)},
        arrays.floats("sources", len(names) + 1, None),
    )


def _places(roles: Mapping[str, Any], size: int) -> tuple[int | None, int | None, int | None]:
    for role, place in roles.items():
        if role not in ROLES or type(place) is not int or not 0 <= place < size:
            raise ValueError(f"a text's {role!r} cannot be in cell {place!r}")
    title, text, source = (roles.get(role) for role in ROLES)
    return title, text, source


def _scaling(entry: Mapping[str, Any]) -> Any:
    if entry["scaling"] not in SCALINGS:
        raise ValueError(f"there is no scaling {entry['scaling']!r}")
    return entry["scaling"]
