"""Where an upstream's servers are listed when their number changes: in a file, or in DNS.

    file:///run/penstock/upstreams      http addresses, one a line or parted by commas; `#` begins a comment
    dns+http://model-server:8010        every address record of a name, as a headless Service has them

A lookup that fails, or finds nothing, tells nothing: the servers that were known stay.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from serving.upstream.address import Address, AddressError, read_addresses

FILE, DNS = "file://", "dns+"


class DirectoryError(RuntimeError):
    """The servers could not be looked up now; the message says why."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A list of servers that may change.

    Attributes:
        name: How it is called in sentences.
        look: Looks the servers up; blocks. Raises DirectoryError.
    """

    name: str
    look: Callable[[], tuple[Address, ...]]


def directory_of(text: str) -> Directory | None:
    """The directory that a text names; None where it lists the servers themselves.

    Raises:
        AddressError: It names a directory in a way that cannot be used.
    """
    place = text.strip()
    if not any(part.startswith((FILE, DNS)) for part in place.replace(",", " ").split()):
        return None
    if len(place.replace(",", " ").split()) > 1:
        raise AddressError(f"'{place}' must be one file or one name in DNS, and nothing beside it")
    return _in_file(place) if place.startswith(FILE) else _in_dns(place)


def _in_file(text: str) -> Directory:
    parts = urlsplit(text)
    if parts.netloc or not parts.path.startswith("/"):
        raise AddressError(f"'{text}' must be the whole path of a file, such as file:///run/upstreams")
    path = Path(unquote(parts.path))

    def look() -> tuple[Address, ...]:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            return read_addresses(" ".join(line.partition("#")[0] for line in lines))
        except (OSError, UnicodeDecodeError, AddressError) as error:
            raise DirectoryError(f"the list of servers in '{path}' cannot be used: {error}") from error

    return Directory(str(path), look)


def _in_dns(text: str) -> Directory:
    [named] = read_addresses(text.removeprefix(DNS))

    def look() -> tuple[Address, ...]:
        try:
            found = socket.getaddrinfo(named.host, named.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise DirectoryError(f"the name '{named.host}' cannot be looked up: {error}") from error
        hosts = sorted({str(place[4][0]) for place in found})
        return tuple(_at(host, named) for host in hosts)

    return Directory(named.name, look)


def _at(host: str, named: Address) -> Address:
    shown = f"[{host}]" if ":" in host else host
    return Address(f"{shown}:{named.port}{named.prefix}", host, named.port, named.prefix)
