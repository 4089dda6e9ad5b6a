"""What each fitted step makes of the symbols before it, by the step's class name."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from serving.plan.encoding.article_rules import articled
from serving.plan.encoding.symbols import (
    Articled,
    Flag,
    Known,
    Number,
    OneHot,
    Projected,
    Raw,
    Scaling,
    Sources,
    Symbol,
    Text,
    width_of,
)
from serving.plan.model import PlanUnsupported

Rule = Callable[[Any, Sequence[Symbol], Sources], list[Symbol]]


def _imputed(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    if not _is_gap(step.missing_values):
        raise PlanUnsupported(f"the imputer must fill gaps, not cells of {step.missing_values!r}")
    filled = [_filled(symbol, fill) for symbol, fill in zip(symbols, step.statistics_, strict=True)]
    indicator = getattr(step, "indicator_", None)
    if indicator is None:
        return filled
    flagged = [symbols[place] for place in indicator.features_.tolist()]
    if any(isinstance(filled[place], Text) for place in indicator.features_.tolist()):
        raise PlanUnsupported("an imputer's indicator of texts cannot be written")
    return [*filled, *(Flag(_source(symbol)) for symbol in flagged)]


def _filled_along(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    fills = zip(symbols, step.fills_, strict=True)
    return [_text(symbol) if fill is None else _filled(symbol, fill) for symbol, fill in fills]


def _filled(symbol: Symbol, fill: Any) -> Symbol:
    if isinstance(fill, str):
        text = _text(symbol)
        return text if text.fill is not None else replace(text, fill=fill)
    try:
        value = float(fill)
    except (TypeError, ValueError) as error:
        raise PlanUnsupported(f"the imputer has no value for a column of gaps alone ({fill!r})") from error
    if not math.isfinite(value):
        raise PlanUnsupported("the imputer of numbers must have a finite value for every column")
    number = _number(symbol)
    return number if number.fill is not None else replace(number, fill=value)


def _clipped(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    numbers = [_number(symbol) for symbol in symbols]
    if any(number.fill is not None or number.is_clipped for number in numbers):
        raise PlanUnsupported("outliers must be clipped once, before gaps are filled")
    bounds = zip(numbers, step.lower_.tolist(), step.upper_.tolist(), strict=True)
    return [replace(number, low=low, high=high) for number, low, high in bounds]


def _standard(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    count = sum(map(width_of, symbols))
    return _scaled(symbols, "shift", _numbers(step.mean_, 0.0, count), _numbers(step.scale_, 1.0, count))


def _robust(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    count = sum(map(width_of, symbols))
    return _scaled(symbols, "shift", _numbers(step.center_, 0.0, count), _numbers(step.scale_, 1.0, count))


def _min_max(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    if step.clip:
        raise PlanUnsupported("a MinMaxScaler that clips cannot be written")
    return _scaled(symbols, "stretch", step.scale_.tolist(), step.min_.tolist())


def _numbers(values: Any, default: float, count: int) -> list[float]:
    found: list[float] = [default] * count if values is None else values.tolist()
    return found


def _scaled(symbols: Sequence[Symbol], kind: Scaling, a: Sequence[float], b: Sequence[float]) -> list[Symbol]:
    scaled, start = [], 0
    for symbol in symbols:
        end = start + width_of(symbol)
        scaled.append(_one_scaled(symbol, kind, tuple(a[start:end]), tuple(b[start:end])))
        start = end
    return scaled


def _one_scaled(symbol: Symbol, kind: Scaling, a: tuple[float, ...], b: tuple[float, ...]) -> Symbol:
    def through(vector: tuple[float, ...]) -> tuple[float, ...]:
        if kind == "shift":
            return tuple((x - one) / two for x, one, two in zip(vector, a, b, strict=True))
        return tuple(x * one + two for x, one, two in zip(vector, a, b, strict=True))

    if isinstance(symbol, Flag):
        return replace(symbol, present=through((symbol.present,))[0], missing=through((symbol.missing,))[0])
    if isinstance(symbol, Known):
        return symbol.through(through)
    if isinstance(symbol, Projected | Articled) and symbol.scaling == "none":
        return replace(symbol, scaling=kind, a=a, b=b)
    if isinstance(symbol, Number) and symbol.scaling == "none" and symbol.fill is not None:
        return replace(symbol, scaling=kind, a=a[0], b=b[0])
    raise PlanUnsupported(f"a {type(symbol).__name__} cannot be scaled here in a plan")


def _one_hot(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    if step.handle_unknown not in ("ignore", "infrequent_if_exist") or step.drop is not None:
        raise PlanUnsupported("the OneHotEncoder must take unseen categories and drop none")
    if step.sparse_output:
        raise PlanUnsupported("the OneHotEncoder must make a dense matrix")
    infrequent = getattr(step, "infrequent_categories_", None) or [None] * len(symbols)
    parts = zip(symbols, step.categories_, infrequent, strict=True)
    return [_one_column_hot(step, _text(symbol), list(texts), rare) for symbol, texts, rare in parts]


def _one_column_hot(step: Any, text: Text, texts: list[Any], infrequent: Any) -> OneHot:
    if not all(isinstance(each, str) for each in texts):
        raise PlanUnsupported(f"categories must be texts; column {text.source} has others")
    if text.fill is None:
        raise PlanUnsupported("gaps must be filled before texts are one-hot")
    rare = set() if infrequent is None else set(infrequent)
    kept = [each for each in texts if each not in rare]
    of_rare = len(kept) if rare else None
    places: dict[str, int | None] = {each: place for place, each in enumerate(kept)}
    places |= dict.fromkeys(rare, of_rare)
    unseen = of_rare if step.handle_unknown == "infrequent_if_exist" else None
    positions, missing, unknown, keys = text.known(lambda each: places.get(each, unseen), texts, None)
    return OneHot(text.source, len(kept) + bool(rare), positions, missing, unknown, keys)


def _by_target(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    return _target_encoded(step, symbols, gap=None)


def _target_levels(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    every = _target_encoded(step.encoder_, symbols, gap="(missing)")
    if step.encoder_.target_type_ != "multiclass":
        return every
    count = len(step.encoder_.classes_)
    chosen = [place for place in step.kept_ if place < count]
    return [
        replace(known.through(lambda vector: tuple(vector[place] for place in chosen)), width=len(chosen))
        for known in every
        if isinstance(known, Known)
    ]


def _target_encoded(encoder: Any, symbols: Sequence[Symbol], *, gap: str | None) -> list[Symbol]:
    is_wide = encoder.target_type_ == "multiclass"
    width = len(encoder.classes_) if is_wide else 1
    unseen = tuple(encoder.target_mean_.tolist()) if is_wide else (float(encoder.target_mean_),)
    made: list[Symbol] = []
    for place, symbol in enumerate(symbols):
        texts = encoder.categories_[place].tolist()
        each = encoder.encodings_[place * width : (place + 1) * width]
        vectors = dict(zip(texts, zip(*[column.tolist() for column in each], strict=True), strict=True))
        made.append(
            _known(_text(symbol), vectors, unseen, unseen if gap is None else vectors.get(gap, unseen))
        )
    return made


def _ordinal(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    return _numbered(symbols, step.ranks_, -1.0)


def _counted(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    return _numbered(symbols, step.counts_, 0.0)


def _numbered(
    symbols: Sequence[Symbol], tables: Sequence[Mapping[str, float]], unseen: float
) -> list[Symbol]:
    return [
        _known(_text(symbol), {text: (number,) for text, number in table.items()}, (unseen,), (unseen,))
        for symbol, table in zip(symbols, tables, strict=True)
    ]


def _known(text: Text, vectors: Mapping[Any, Any], unseen: Any, gap: Any) -> Known:
    if not all(isinstance(each, str) for each in vectors):
        raise PlanUnsupported(f"categories must be texts; column {text.source} has others")
    known, missing, unknown, keys = text.known(lambda each: vectors.get(each, unseen), vectors, gap)
    return Known(text.source, len(unseen), known, missing, unknown, keys)


def _projected(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    made: list[Symbol] = []
    for symbol, vectorizer, matrix in zip(symbols, step.vectorizers_, step.components_, strict=True):
        text = _text(symbol)
        if text != Text(text.source):
            raise PlanUnsupported("texts must go to their vectors as they come")
        known = {} if vectorizer is None else {group: int(at) for group, at in vectorizer.vocabulary_.items()}
        is_words = vectorizer is not None and vectorizer.analyzer == "word"
        made.append(
            Projected(
                source=text.source,
                width=matrix.shape[1],
                analyzer="words" if is_words else "letters",
                sizes=(1, 1) if vectorizer is None else tuple(vectorizer.ngram_range),
                places=known,
                idf=() if vectorizer is None else vectorizer.idf_,
                matrix=matrix,
            )
        )
    return made


def _articled(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    return articled(step, symbols)


def _dated(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:
    made: list[Symbol] = []
    for symbol, parts, newest in zip(symbols, step.kept_, step.newest_, strict=True):
        entry = {"kind": "dates", "indices": [_source(symbol)], "parts": list(parts), "newest": newest}
        first = sources.add(entry, len(parts))
        made += [Raw(first + place) for place in range(len(parts))]
    return made


def _spelled(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    texts = [_text(symbol) for symbol in symbols]
    if any(text != Text(text.source) for text in texts):
        raise PlanUnsupported("levels must be spelled before they are grouped or filled")
    return [replace(text, spellings=keys) for text, keys in zip(texts, step.keys_, strict=True)]


def _grouped(step: Any, symbols: Sequence[Symbol], sources: Sources) -> list[Symbol]:  # noqa: ARG001
    texts = [_text(symbol) for symbol in symbols]
    if any(text.kept is not None or text.fill is not None for text in texts):
        raise PlanUnsupported("levels must be grouped once, before gaps are filled")
    return [replace(text, kept=frozenset(kept)) for text, kept in zip(texts, step.levels_, strict=True)]


RULES: Mapping[str, Rule] = {
    "SimpleImputer": _imputed,
    "FillAlong": _filled_along,
    "ClipOutliers": _clipped,
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MinMaxScaler": _min_max,
    "OneHotEncoder": _one_hot,
    "TargetEncoder": _by_target,
    "TargetLevels": _target_levels,
    "OrdinalLevels": _ordinal,
    "LevelCounts": _counted,
    "TextVectors": _projected,
    "AdaptiveFeatureExtractor": _articled,
    "DateParts": _dated,
    "CleanLevels": _spelled,
    "GroupRare": _grouped,
}


def _number(symbol: Symbol) -> Number:
    if isinstance(symbol, Raw):
        return Number(symbol.source)
    if isinstance(symbol, Number) and symbol.scaling == "none":
        return symbol
    raise PlanUnsupported(f"a {type(symbol).__name__} cannot be read as a number again in a plan")


def _text(symbol: Symbol) -> Text:
    if isinstance(symbol, Raw):
        return Text(symbol.source)
    if isinstance(symbol, Text):
        return symbol
    raise PlanUnsupported(f"a {type(symbol).__name__} cannot be read as a text again in a plan")


def _source(symbol: Symbol) -> int:
    return symbol.source


def _is_gap(value: Any) -> bool:
    # pandas' NA is known by its name: this package does not import pandas.
    return (
        value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))
    )
