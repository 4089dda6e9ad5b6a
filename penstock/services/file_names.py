"""Names that strangers give to files, made safe for a folder of ours; people still see what they wrote."""

import re
import unicodedata
from pathlib import PurePosixPath

from projects.ingest.kinds import SUFFIXES
from projects.requirement.project_folder import RESERVED

LONGEST_BYTES = 120
"""A file's name may have 255 bytes, and what is made beside it has a longer name."""
LONGEST_SHOWN = 200
FALLBACK = "data"
_ODD = re.compile(r"[^\w.-]+")


def safe_name(given: str) -> str:
    """A file's name without folders, control characters and what a shell or a glob would read into it.

    >>> safe_name("../../etc/my table [1].csv.gz")
    'my_table_1_.csv.gz'
    """
    last = PurePosixPath(unicodedata.normalize("NFC", given).replace("\\", "/").replace("\0", "")).name
    plain = _ODD.sub("_", last).strip("._-") or FALLBACK
    stem, suffixes = _parted(plain)
    stem = stem.lstrip("._-") or FALLBACK
    if stem.split(".")[0].casefold() in RESERVED:
        stem = f"{FALLBACK}_{stem}"
    room = LONGEST_BYTES - len(suffixes.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffixes


def shown_name(given: str) -> str:
    r"""What people call the data of a file: its name without folders and suffixes, printable.

    >>> shown_name("C:\\data\\Kunden März.csv")
    'Kunden März'
    """
    last = PurePosixPath(unicodedata.normalize("NFC", given).replace("\\", "/")).name
    stem, _ = _parted(last)
    return "".join(mark for mark in stem if mark.isprintable()).strip()[:LONGEST_SHOWN] or FALLBACK


def _parted(name: str) -> tuple[str, str]:
    """Part a name from the suffixes that say what is in it."""
    stem, suffixes = name, ""
    while (suffix := PurePosixPath(stem).suffix).lower() in SUFFIXES and suffix:
        stem, suffixes = stem[: -len(suffix)], suffix.lower() + suffixes
    return stem, suffixes
