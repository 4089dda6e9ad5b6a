"""Word vectors from a file: word2vec's text or binary form, GloVe's, or gensim's KeyedVectors.

A file of millions of words is read once through and never held whole: kept are the words of the training
texts, and the file's first ones, which are its commonest, for texts that are still to come.
"""

import gzip
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.text.part import Numbers

FIRST = 20_000
"""Words that are kept because the file begins with them."""
WIDEST = 100_000
"""Numbers of a word."""
LONGEST_WORD = 1_000
"""Bytes; without a blank in so many a file is no word2vec file."""


@dataclass(frozen=True)
class Vectors:
    """Words, and their vectors as rows (words, width)."""

    words: tuple[str, ...]
    matrix: Numbers


def read_vectors(file: Path, wanted: Collection[str], *, first: int = FIRST) -> Vectors:
    """Read the vectors of a training's words and of the file's first ones.

    Args:
        file: Ends in `.bin` (word2vec's binary form), `.kv` or `.model` (gensim's), or is text; with `.gz`
            after that it is packed.
        wanted: Words in small letters.
        first: How many of the file's first words are kept, too.

    Raises:
        BadInput: The file is not there or holds no vectors; the sentence says which line or word is wrong.
    """
    check_file(file)
    kept: dict[str, NDArray[Any]] = {}
    for place, (word, vector) in enumerate(_entries(file)):
        small = word.lower()
        if small not in kept and (place < first or small in wanted):
            kept[small] = vector
    if not kept:
        raise BadInput(f"{file.name} holds no vectors of words of the texts; name a file of their language")
    matrix = np.vstack(list(kept.values())).astype(np.float64)
    if not np.isfinite(matrix).all():
        raise BadInput(f"{file.name} holds vectors that are not finite; write the file anew")
    return Vectors(tuple(kept), matrix)


def check_file(file: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        BadInput: It is not.
    """
    if not file.is_file():
        raise BadInput(f"there is no file of word vectors {str(file)!r}; name one, or leave word2vec away")


def _entries(file: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    kind = file.with_suffix("").suffix if file.suffix == ".gz" else file.suffix
    if kind in (".kv", ".model"):
        yield from _of_gensim(file)
        return
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
            yield from _binary(file, stream) if kind == ".bin" else _text(file, stream)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{file.name} cannot be read: {error}") from error


def _text(file: Path, stream: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    width = None
    for number, line in enumerate(stream, 1):
        word, *cells = line.decode("utf-8", "replace").rstrip().split(" ")
        if number == 1 and len(cells) == 1 and word.isdigit() and cells[0].isdigit():
            width = int(cells[0])
            continue
        if width is None:
            width = len(cells)
        while len(cells) > width and not _is_number(cells[0]):
            # GloVe's words may hold blanks.
            word = f"{word} {cells.pop(0)}"
        try:
            vector = np.array(cells, dtype=np.float32)
        except ValueError as error:
            raise _bad(file, f"line {number} must be a word and {width} numbers") from error
        if len(vector) != width or width < 2:
            raise _bad(file, f"line {number} has {len(vector)} numbers after its word, not {max(width, 2)}")
        yield word, vector


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _binary(file: Path, stream: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    try:
        words, width = (int(cell) for cell in stream.readline(LONGEST_WORD).split())
    except ValueError:
        words, width = 0, 0
    if words < 1 or not 2 <= width <= WIDEST:
        raise _bad(file, "its first line must be how many words and how many numbers")
    for place in range(words):
        word = _word(stream)
        cells = stream.read(4 * width)
        if word is None or len(cells) != 4 * width:
            raise _bad(file, f"it says {words} words of {width} numbers, and ends in word {place + 1}")
        yield word.decode("utf-8", "replace"), np.frombuffer(cells, dtype="<f4")


def _word(stream: Any) -> bytes | None:
    """Read up to a blank; None where there is none for too long."""
    read = bytearray()
    while (mark := stream.read(1)) != b" ":
        if not mark or len(read) > LONGEST_WORD:
            return None
        if mark != b"\n":
            read += mark
    return bytes(read)


def _of_gensim(file: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    import pickle

    try:
        from gensim.utils import SaveLoad
    except ModuleNotFoundError as error:
        raise BadInput(f"{file.name} is gensim's: pip install 'gensim>=4.4,<5' to read it") from error
    try:
        loaded = SaveLoad.load(str(file))
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ValueError, ImportError) as error:
        raise _bad(file, f"gensim cannot load it ({error})") from error
    keyed = getattr(loaded, "wv", loaded)
    if not hasattr(keyed, "index_to_key"):
        raise _bad(file, f"it holds a {type(loaded).__name__}")
    yield from zip(keyed.index_to_key, np.asarray(keyed.vectors), strict=True)


def _bad(file: Path, what: str) -> BadInput:
    return BadInput(
        f"{file.name} is no file of word vectors: {what}; name one of word2vec's, GloVe's or gensim's"
    )
