"""In which encoding a text is, told by all of its bytes, and the same text in UTF-8."""

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from projects.ingest.kinds import HEAD_BYTES, wide_encoding

BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 16
FEW = 24
"""Fewer telling bytes than this do not tell Western European encodings from others."""
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH = re.compile(rb"[\x80-\xff]+")
CANDIDATES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "shift_jis", "euc_jp",
    "gb18030", "big5", "euc_kr", "mac_roman", "cp850",
]  # fmt: skip
EAST_ASIAN = frozenset(("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"))
WESTERN = "cp1252"
MOSTLY = 0.9
"""A text with this share of its bytes beyond ASCII in UTF-8 is UTF-8 with some stray bytes."""
STRAY = "utf-8 with stray cp1252"


@dataclass(frozen=True)
class Bytes:
    """What one reading of all bytes tells.

    Attributes:
        sha256: Their digest.
        size: Their number.
        encoding: The name that Python knows it by, or `STRAY`.
        line_ends: How often a line ends.
    """

    sha256: str
    size: int
    encoding: str
    line_ends: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether the text is UTF-8 as it lies there."""
        return self.encoding in {"ascii", "utf-8", "utf-8-sig"}


def read_bytes(path: Path) -> Bytes:
    """Read a text file once: its digest and its encoding."""
    digest, telling = hashlib.sha256(), b""
    size = feeds = returns = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = is_utf8 = True
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            feeds += block.count(b"\n")
            returns += 0 if feeds else block.count(b"\r")
            if block.isascii() and is_ascii:
                continue
            is_ascii = False
            is_utf8 = is_utf8 and _decodes(decoder, block)
            if len(telling) < SAMPLE_BYTES:
                telling += _telling_lines(block)[:SAMPLE_BYTES]
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    encoding = wide_encoding(head) or _narrow(head, telling, is_ascii=is_ascii, is_utf8=is_utf8)
    return Bytes(digest.hexdigest(), size, encoding, feeds or returns)


def transcode(path: Path, encoding: str, target: Path) -> None:
    """Write a text in UTF-8, block by block."""
    codecs.register_error("stray", _stray)
    name = "utf-8" if encoding == STRAY else encoding
    with (
        path.open("r", encoding=name, errors="stray", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while text := source.read(BLOCK_BYTES):
            out.write(text.removeprefix("\ufeff").replace("\x00", ""))


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _narrow(head: bytes, telling: bytes, *, is_ascii: bool, is_utf8: bool) -> str:
    if is_utf8:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "ascii" if is_ascii else "utf-8"
    good = sum(len(match) for match in MULTIBYTE.findall(telling))
    high = sum(len(match) for match in HIGH.findall(telling))
    if head.startswith(codecs.BOM_UTF8) or good > MOSTLY * high:
        return STRAY
    guess = WESTERN if high < FEW else _guess(telling)
    return STRAY if good > high / 2 and guess not in EAST_ASIAN else guess


def _guess(telling: bytes) -> str:
    import charset_normalizer

    best = charset_normalizer.from_bytes(telling, cp_isolation=CANDIDATES).best()
    return best.encoding if best is not None else WESTERN


def _telling_lines(block: bytes) -> bytes:
    return b"\n".join(line for line in block.splitlines() if not line.isascii())


def _stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    odd = error.object[error.start : error.end]
    return "".join(_western(byte) for byte in odd), error.end


def _western(byte: int) -> str:
    try:
        return bytes([byte]).decode(WESTERN)
    except UnicodeDecodeError:
        return chr(byte)
