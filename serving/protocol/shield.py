"""Foreign sentences without the caller's values: what MLflow or pandas say of a body may quote its cells."""

import re
from collections.abc import Iterable

from serving.protocol.media import Media

HIDDEN = "…"
_WORD = re.compile(r"[^\s'\"`\[\](){}<>,:;=]+")
_READABLE = frozenset({"json", "csv"})
_OWN = frozenset(
    {"dataframe_split", "dataframe_records", "instances", "inputs", "columns", "index", "data", "params"}
)
"""Words that a body has of the protocol."""


def shielded(sentence: str, body: bytes, media: Media, names: Iterable[str]) -> str:
    """The sentence with each word hidden that may be a value: numbers, and words that the body has, too.

    Args:
        sentence: What was said of the body.
        body: What was sent.
        media: How the body is to be read; of one that is no text nothing can be told, and all is hidden.
        names: The columns' names, which are shown.
    """
    if media.kind not in _READABLE:
        return "the body does not fit the model's signature"
    known = _OWN.union(*(_WORD.findall(name) for name in names))

    def shown(match: re.Match[str]) -> str:
        word = match.group()
        is_safe = word in known or (word.isascii() and not _is_number(word) and not _is_in(word, body))
        return word if is_safe else HIDDEN

    return _WORD.sub(shown, sentence)


def _is_number(word: str) -> bool:
    return word.lstrip("+-.")[:1].isdigit()


def _is_in(word: str, body: bytes) -> bool:
    core = word.strip(".!?-_/\\|*#%$&@+~^")
    return bool(core) and re.search(rb"(?<!\w)" + re.escape(core.encode()) + rb"(?!\w)", body) is not None
