"""How large a workbook may be: it is held whole while it is read, with all cells between the outermost ones.

A few hundred bytes can name two cells so far apart that all between them would take 500 GB, and a small file
can unpack to any size. Both are found out before the workbook is opened, by reading its parts as a stream.
"""

import copy
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import TypeVar
from xml.parsers import expat

from projects.ingest.raw import FoundFile, Unreadable
from projects.ingest.unpack import BLOCK_BYTES, LARGEST_RATIO, readable

FREE_BYTES = 256 * 1024**2
"""Below this a workbook may unpack to any multiple of its size."""
MOST_BYTES = 2 * 1024**3
MOST_CELLS = 64_000_000
"""2 GB of memory at the reader's 32 bytes a cell; a million rows of 61 columns."""
MOST_INDEX_BYTES = 16_000_000
"""Of the part that names the sheets; a hundred of them take 10 kB."""
_PLACE = re.compile(r"([A-Za-z]{1,7})([0-9]{1,10})")
_CELL = re.compile(rb"""<(?:[\w.-]+:)?c(?: r="([A-Z]{1,3})([0-9]{1,7})")?[\s/>]""")
"""A cell as nearly all programs write it; of others the place stays empty."""
E = TypeVar("E", "_Extent", "_Index")
_DIGIT = {letter: at for at, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)}


def check_workbook(file: FoundFile, kind: str) -> None:
    """Refuse a workbook that would take too much memory.

    Args:
        file: An Excel or OpenDocument workbook that is a zip.
        kind: `xlsx` or `ods`.

    Raises:
        Unreadable: It unpacks to too much, spans too many cells, or is broken.
    """
    most = min(MOST_BYTES, max(FREE_BYTES, LARGEST_RATIO * file.path.stat().st_size))
    left = most
    with readable(file, kind), zipfile.ZipFile(file.path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > most:
            raise _too_large(file, most)
        named = _sheets(archive, file) if kind == "xlsx" else set()
        for entry in archive.infolist():
            size = _size(archive, entry, left, file, most)
            if size != entry.file_size:
                raise Unreadable(f"'{file.shown}' is a broken {kind} file (a part is not as long as it says)")
            left -= size
            for extent in _extents(archive, entry, kind, file, named):
                _check_extent(extent, file)


def _size(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, file: FoundFile, most: int) -> int:
    """Unpack a part to its end, whatever it says of its size."""
    whole, size = copy.copy(entry), 0
    whole.file_size = 1 << 62
    with archive.open(whole) as stream:
        while block := stream.read(BLOCK_BYTES):
            size += len(block)
            if size > left:
                raise _too_large(file, most)
    return size


def _sheets(archive: zipfile.ZipFile, file: FoundFile) -> set[str]:
    """Give the last words of the paths at which a workbook has its sheets, which may have any name.

    Its own part names their relations, and those name the paths.
    """
    relations: set[str] = set()
    targets: dict[str, str] = {}
    for entry in archive.infolist():
        path = entry.filename.casefold()
        if path.endswith(("workbook.xml", "workbook.xml.rels")):
            if entry.file_size > MOST_INDEX_BYTES:
                raise Unreadable(
                    f"'{file.shown}' names its sheets in more than {MOST_INDEX_BYTES / 1e6:.0f} MB;"
                    " save it as CSV"
                )
            found = _Index()
            for _ in _parsed(archive, entry, found, file):
                pass
            relations |= found.sheets
            targets |= found.targets
    return {_last_word(targets[each]) for each in relations if each in targets}


def _last_word(path: str) -> str:
    return re.split(r"[/\\]", path)[-1].casefold()


def _extents(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, kind: str, file: FoundFile, named: set[str]
) -> Iterator["_Extent"]:
    """Give the outermost cells of a sheet, again and again while it is read."""
    name = entry.filename
    if kind == "ods":
        if name == "content.xml":
            yield from _parsed(archive, entry, _OpenExtent(), file)
    elif _last_word(name) in named or (name.startswith("xl/") and name.endswith(".xml") and "sheet" in name):
        extent = _Extent()
        for is_plain in _scanned(archive, entry, extent):
            if not is_plain:
                yield from _parsed(archive, entry, _Extent(), file)
                return
            yield extent


def _scanned(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, extent: "_Extent") -> Iterator[bool]:
    """Look for cells' places without parsing, which takes a tenth; tell whether all were plain to see."""
    rest = b""
    with archive.open(entry) as stream:
        while block := stream.read(BLOCK_BYTES):
            text = rest + block
            end = text.rfind(b"<")
            text, rest = text[:end], text[end:]
            found = _CELL.findall(text)
            if found:
                letters, digits = zip(*found, strict=True)
                if b"" in letters:
                    yield False
                    return
                extent.columns = max(extent.columns, *(_column(each.decode()) for each in set(letters)))
                extent.rows = max(extent.rows, *map(int, set(digits)))
            yield len(rest) < BLOCK_BYTES


def _parsed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, extent: E, file: FoundFile) -> Iterator[E]:
    parser = expat.ParserCreate()
    parser.StartElementHandler = extent.start
    with archive.open(entry) as stream:
        while block := stream.read(BLOCK_BYTES):
            try:
                parser.Parse(block, False)
            except expat.ExpatError as error:
                raise Unreadable(f"'{file.shown}' is a broken workbook ({error}); save it again") from error
            yield extent


def _check_extent(extent: "_Extent", file: FoundFile) -> None:
    if extent.rows * extent.columns > MOST_CELLS:
        raise Unreadable(
            f"'{file.shown}' has cells in row {extent.rows:,} and in column {extent.columns:,}; with all"
            f" between them that is more than the {MOST_CELLS:,} that are read of a workbook; take away what"
            " lies far out, or save it as CSV"
        )


class _Index:
    """The sheets that a workbook names by their relations, and where relations lead."""

    def __init__(self) -> None:
        self.sheets: set[str] = set()
        self.targets: dict[str, str] = {}

    def start(self, name: str, found: Mapping[str, str]) -> None:
        """An element of the workbook's part, or of its relations, begins."""
        local = name.rpartition(":")[2]
        if local == "sheet":
            self.sheets |= {told for key, told in found.items() if key.rpartition(":")[2] == "id"}
        elif local == "Relationship" and "Id" in found:
            self.targets[found["Id"]] = found.get("Target", "")


class _Extent:
    """The outermost cells of a sheet, told by its elements as a reader finds them."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self.rows = self.columns = 0

    def start(self, name: str, found: Mapping[str, str]) -> None:
        """An element of a sheet of Excel's begins; cells and rows without a place follow the one before."""
        local = name.rpartition(":")[2]
        if local == "c":
            self._column += 1
            place = _PLACE.fullmatch(found.get("r", ""))
            if place:
                self._column, self._row = _column(place[1]), int(place[2])
            self.columns, self.rows = max(self.columns, self._column), max(self.rows, self._row)
        elif local == "row":
            told = found.get("r", "")
            self._row, self._column = int(told) if told.isdecimal() else self._row + 1, 0


class _OpenExtent(_Extent):
    """Of an OpenDocument table: rows and cells may say how often they repeat; empty ends do not count."""

    def __init__(self) -> None:
        super().__init__()
        self._height = 1

    def start(self, name: str, found: Mapping[str, str]) -> None:
        """An element begins."""
        local = name.rpartition(":")[2]
        if local == "table":
            self._row, self._height = 0, 0
        elif local == "table-row":
            self._row, self._column = self._row + self._height, 0
            self._height = _repeats(found, "table:number-rows-repeated")
        elif local in {"table-cell", "covered-table-cell"}:
            self._column += _repeats(found, "table:number-columns-repeated")
            if any(each.startswith(("office:", "calcext:")) for each in found):
                self.columns = max(self.columns, self._column)
                self.rows = max(self.rows, self._row + self._height)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + _DIGIT[letter]
    return number


def _repeats(found: Mapping[str, str], name: str) -> int:
    told = found.get(name, "1")
    return int(told) if told.isdecimal() and len(told) < 19 else 1


def _too_large(file: FoundFile, most: int) -> Unreadable:
    return Unreadable(
        f"'{file.shown}' unpacks to more than {most / 1e6:,.0f} MB, which is too much for a workbook of its"
        " size; save it as CSV"
    )
