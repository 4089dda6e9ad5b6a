"""Where an upstream listens: a TCP host and port with a path's prefix, or a Unix socket."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LONGEST_SOCKET_NAME = 100
"""Linux takes 107 bytes, macOS 103."""


class AddressError(ValueError):
    """An address that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """One upstream's place.

    Attributes:
        name: How it is called in metrics, logs and sentences.
        host: Its host name, as the header `Host` gives it.
        port: Its TCP port.
        prefix: What stands before each path, without an ending slash.
        socket: The path of its Unix socket; None for TCP.
    """

    name: str
    host: str = "localhost"
    port: int = 80
    prefix: str = ""
    socket: Path | None = field(default=None)

    @property
    def host_header(self) -> bytes:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}".encode() if self.socket is None else b"localhost"


def read_addresses(text: str) -> tuple[Address, ...]:
    """Read a list of addresses, parted by commas or spaces.

    Raises:
        AddressError: One of them is no http address, or there is none.
    """
    found = tuple(dict.fromkeys(_address(part) for part in text.replace(",", " ").split()))
    if not found:
        raise AddressError("at least one address is needed, such as http://127.0.0.1:8010")
    return found


def _address(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port or 80
    except ValueError as error:
        raise AddressError(f"'{text}' must be an address such as http://127.0.0.1:8010; {error}") from error
    if parts.scheme != "http" or not parts.hostname:
        raise AddressError(f"'{text}' must be an http address such as http://127.0.0.1:8010")
    if parts.query or parts.fragment or "@" in parts.netloc or not text.isascii() or not text.isprintable():
        raise AddressError(f"'{text}' must be plain: scheme, host, port and a path's prefix")
    prefix = parts.path.rstrip("/")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"{host}:{port}{prefix}", parts.hostname, port, prefix)


def request_head(address: Address, line: bytes, headers: bytes) -> bytes:
    """A request's bytes up to its body.

    Args:
        address: Where it goes.
        line: Method and path, parted by one space.
        headers: Further header lines, each with its line's end.
    """
    method, _, path = line.partition(b" ")
    return b"%b %b%b HTTP/1.1\r\nhost: %b\r\n%b\r\n" % (
        method,
        address.prefix.encode(),
        path,
        address.host_header,
        headers,
    )


def reachable(socket: Path) -> str:
    """A Unix socket's path in a form that is short enough for the system.

    A folder that is too deep is named through an open descriptor, which stays open for the process's life.
    """
    text = str(socket)
    if len(os.fsencode(text)) <= LONGEST_SOCKET_NAME or not Path("/proc/self/fd").is_dir():
        return text
    return f"/proc/self/fd/{_folder(socket.parent)}/{socket.name}"


_folders: dict[Path, int] = {}


def _folder(path: Path) -> int:
    found = _folders.get(path)
    if found is not None and _is_same(found, path):
        return found
    _folders[path] = descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return descriptor


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        held, there = os.fstat(descriptor), path.stat()
    except OSError:
        return False
    return stat.S_ISDIR(held.st_mode) and (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
