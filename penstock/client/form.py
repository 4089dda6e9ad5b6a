"""A file and some fields as a form, read from the disk as it is sent."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PART_BYTES = 1 << 18


@dataclass(frozen=True)
class Form:
    """What is sent.

    Attributes:
        content: Gives the bytes of one try, part by part.
        headers: Its type and length.
    """

    content: Callable[[], Iterator[bytes]]
    headers: Mapping[str, str]


def file_form(path: Path, fields: Mapping[str, str]) -> Form:
    """Make a form of a file; nothing of it is held in memory.

    Args:
        path: The file, sent as the field `file`.
        fields: Sent before it, those that are not empty.

    Raises:
        OSError: There is no such file.
    """
    mark = secrets.token_hex(16)
    name = path.name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    head = b"".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
        if value
    )
    head += (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{mark}--\r\n".encode()
    length = len(head) + path.stat().st_size + len(tail)

    def content() -> Iterator[bytes]:
        yield head
        with path.open("rb") as file:
            while part := file.read(PART_BYTES):
                yield part
        yield tail

    return Form(
        content, {"Content-Type": f"multipart/form-data; boundary={mark}", "Content-Length": str(length)}
    )
