"""A value that does not fit the requirement becomes a sentence: where, what was wanted, and what came."""

from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as bounds
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.model import Requirement

Where = tuple[str | int, ...]
PLAIN: dict[Any, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number",
                         dict: "a mapping of names to values"}  # fmt: skip
TELLING = frozenset({"value_error", "missing", "extra_forbidden"})


def refusal(error: ValidationError, *, labels: Mapping[Where, str], lines: Mapping[Where, int], name: str
            ) -> BadInput:  # fmt: skip
    """Say the first fault in full, and name the places of the others.

    Args:
        error: What pydantic found.
        labels: What a place is called where a parameter set it.
        lines: The line of each key in the file.
        name: The file's name; empty without one.
    """
    faults: dict[Where, ErrorDetails] = {}
    # Of a value that may be a text, a list or a section, the fault inside of the section says most.
    for fault in sorted(error.errors(include_url=False), key=lambda fault: fault["type"] not in TELLING):
        faults.setdefault(_place(fault), fault)
    first, *others = faults
    sentence, code, fix = _sentence(faults[first], first, labels.get(first, dotted(first)))
    where = f"{name} line {lines[first]}: " if first in lines and first not in labels else ""
    more = f" (and there are faults in {', '.join(dotted(place) for place in others)})" if others else ""
    return BadInput(
        f"{where}{sentence}{fix and ('; ' if code != 'unknown_key' else ': ')}{fix}{more}",
        code=code,
        cause=f"{where}{sentence}",
        fix=fix,
    )


def dotted(where: Iterable[str | int]) -> str:
    """Write a path as a person does: `validation[0].column`.

    >>> dotted(("validation", 0, "column"))
    'validation[0].column'
    """
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _sentence(fault: ErrorDetails, where: Where, label: str) -> tuple[str, str, str]:
    if fault["type"] == "extra_forbidden":
        return f"there is no key {label}", "unknown_key", nearest_key(where)
    if fault["type"] == "missing":
        return f"{label} is missing", "missing_key", f"give {_wanted_at(where)}"
    if fault["type"] == "value_error":
        cause, _, fix = str(fault["ctx"]["error"]).partition("; ")
        return (f"{label}: {cause}" if label else cause), "wrong_combination", fix
    annotation, value = _annotation(Requirement, where), _value(fault)
    fix = _fix(annotation, value, where)
    return f"{label} must be {_wanted(annotation)}, not {shown(value)}", "wrong_value", fix


def _value(fault: ErrorDetails) -> Any:
    return fault["input"]


def _fix(annotation: Any, value: Any, where: Where) -> str:
    words = _words(annotation)
    if isinstance(value, str) and words and value:
        hint = did_you_mean(value, words)
        return hint if hint.startswith("did you") else ""
    if value is None:
        return f"give a value, or leave {where[-1]} out"
    if annotation is str and isinstance(value, int | float):
        return f"write it in quotes: '{value}'"
    return ""


def shown(value: Any) -> str:
    """Write what came: short, and a list or mapping by its kind alone."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return (
            f"a mapping with the keys {', '.join(map(str, list(value)[:5]))}" if value else "an empty mapping"
        )
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"{str(value)!r:.80}" if isinstance(value, str) else f"{value!r:.80}"


def nearest_key(where: Where) -> str:
    """Name the nearest key of the same section, else one of that name elsewhere."""
    *head, last = where
    section = _annotation(Requirement, tuple(head))
    known = list(section.model_fields) if _is_section(section) else []
    hint = did_you_mean(str(last), known)
    if hint.startswith("did you mean"):
        return hint
    everywhere = {key.rpartition(".")[2]: key for key in reversed(known_paths())}
    elsewhere = did_you_mean(str(last), everywhere)
    if elsewhere.startswith("did you mean"):
        for key, path in everywhere.items():
            elsewhere = elsewhere.replace(f"'{key}'", f"'{path}'")
        return elsewhere
    return f"there are {', '.join(known)}"


def known_paths() -> list[str]:
    """List every key of a requirement as a dotted path, sections' keys after the top ones."""
    top = list(Requirement.model_fields)
    for name, field in Requirement.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        top += [f"{name}.{key}" for key in inner]
    return top


def field_at(where: Where) -> Any:
    """Return the annotation of the field at a path; None where there is none."""
    return _annotation(Requirement, where)


def _place(fault: ErrorDetails) -> Where:
    """Leave out of pydantic's place what names a member of a union, and not a key."""
    place: Where = ()
    for part in fault["loc"]:
        if (
            _annotation(Requirement, (*place, part)) is not None
            or fault["type"] == "extra_forbidden"
            or isinstance(part, int)
        ):
            place = (*place, part)
    return place


def _annotation(annotation: Any, where: Where) -> Any:
    for part in where:
        annotation = _step(annotation, part)
        if annotation is None:
            return None
    return annotation


def _step(annotation: Any, part: str | int) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _step(get_args(annotation)[0], part)
    if origin in {Union, UnionType}:
        steps = [_step(member, part) for member in get_args(annotation)]
        return next((step for step in steps if step is not None), None)
    if origin is dict and isinstance(part, str):
        return get_args(annotation)[1]
    if origin is tuple and isinstance(part, int):
        return get_args(annotation)[0]
    if _is_section(annotation) and isinstance(part, str) and part in annotation.model_fields:
        field = annotation.model_fields[part]
        metadata = tuple(field.metadata)
        return Annotated[(field.annotation, *metadata)] if metadata else field.annotation
    return None


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _words(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for part in get_args(annotation) if get_origin(part) is Literal for word in get_args(part)]


def _wanted_at(where: Where) -> str:
    return _wanted(_annotation(Requirement, where))


def _wanted(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounded(arguments[0], arguments[1:])
    if origin is Literal:
        return f"one of {', '.join(arguments)}" if len(arguments) > 1 else str(arguments[0])
    if origin in {Union, UnionType}:
        parts = [part for part in arguments if part is not type(None)]
        return " or ".join(_wanted(part).removeprefix("one of " * (len(parts) > 1)) for part in parts)
    if origin is tuple:
        return f"a list of {_plural(arguments[0])}" if arguments[1] is Ellipsis else "a pair"
    if _is_section(annotation):
        return f"a section with keys such as {', '.join(list(annotation.model_fields)[:4])}"
    return PLAIN.get(origin or annotation, "a value")


def _plural(inner: Any) -> str:
    if _is_section(inner):
        return "sections"
    return f"{PLAIN[inner].removeprefix('a ')}s" if inner in PLAIN else "values"


def _bounded(annotation: Any, metadata: Sequence[Any]) -> str:
    low: Any = None
    high: Any = None
    above: Any = None
    for mark in _flat(metadata):
        if isinstance(mark, bounds.Ge):
            low = mark.ge
        elif isinstance(mark, bounds.Gt):
            above = mark.gt
        elif isinstance(mark, bounds.Le):
            high = mark.le
        elif isinstance(mark, bounds.Lt):
            high = mark.lt
            high = high - 1 if annotation is int else high
    what = _wanted(annotation)
    if low is not None and high is not None:
        return f"{what} from {low} to {high}"
    if above is not None and high is not None:
        return (
            f"{what} above {above}, at most {high}"
            if annotation is int
            else f"{what} between {above} and {high}"
        )
    if above is not None:
        return f"{what} above {above}"
    return f"{what} from {low} on" if low is not None else what


def _flat(metadata: Sequence[Any]) -> list[Any]:
    return [mark for part in metadata for mark in (getattr(part, "metadata", None) or [part])]
