"""What a person may write in place of the exact value: another case, a list with commas, 100K for 100000."""

import re
from typing import Any, Literal, get_args, get_origin

SCALES = {"": 1, "k": 1_000, "m": 1_000_000, "mio": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}
COUNT = re.compile(r"(?P<digits>\d+(?:[.,_ ]\d{3})*(?:\.\d+)?)\s*(?P<scale>[a-z]*)", re.IGNORECASE)


def forgiving(value: Any, annotation: Any) -> Any:
    """Bring a value as it was written nearer to what a field's annotation takes; leave others alone."""
    if isinstance(value, bool) and not _takes(annotation, bool):
        return str(value).lower()  # a switch is no number: true must not become 1
    if not isinstance(value, str):
        return value
    text = value.strip()
    for word in _words(annotation):
        if text.casefold() == word.casefold():
            return word
    if _is_text_list(annotation):
        return [part.strip() for part in text.split(",") if part.strip()]
    return value if _takes(annotation, str) else text


def as_count(value: Any) -> Any:
    """Read `100K`, `1,000` or `1.5M` as a whole number; leave all else as it is.

    >>> as_count("100K"), as_count("1,000"), as_count("auto")
    (100000, 1000, 'auto')
    """
    if not isinstance(value, str) or not (match := COUNT.fullmatch(value.strip())):
        return value
    scale = SCALES.get(match["scale"].casefold())
    digits = re.sub(r"[,_ ]", "", match["digits"])
    if scale is None or digits.count(".") > 1:
        return value
    amount = float(digits) * scale
    return int(amount) if amount.is_integer() else value


def _words(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for part in get_args(annotation) for word in _words(part)] if _is_union(annotation) else []


def _is_union(annotation: Any) -> bool:
    return str(get_origin(annotation)) in {"<class 'types.UnionType'>", "typing.Union"}


def _is_text_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple and get_args(annotation) == (str, ...)


def _takes(annotation: Any, kind: type) -> bool:
    if annotation is Any or annotation is kind:
        return True
    return any(_takes(part, kind) for part in get_args(annotation)) and get_origin(annotation) is not tuple
