"""Lists of servers in a file and in DNS: how they are named, read, and when nothing is learned from them."""

import re
import socket
from pathlib import Path

import pytest

from serving.upstream.address import AddressError
from serving.upstream.directory import DirectoryError, directory_of


def test_plain_addresses_are_no_directory() -> None:
    assert directory_of("http://127.0.0.1:8010, http://127.0.0.1:8011") is None


def test_a_file_lists_servers_with_comments_and_commas(tmp_path: Path) -> None:
    path = tmp_path / "a list"
    path.write_text("# two here\nhttp://a:1, http://b:2\nhttp://c:3 # the new one\n")
    directory = directory_of(f"file://{tmp_path}/a%20list")
    assert directory is not None
    assert [address.name for address in directory.look()] == ["a:1", "b:2", "c:3"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be used: [Errno 2]"),
        ("", "cannot be used: at least one address is needed"),
        ("# nobody\n", "cannot be used: at least one address is needed"),
        ("http://a:1\nhtt", "cannot be used: 'htt' must be an http address"),
    ],
)
def test_a_file_without_a_whole_list_tells_nothing(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "list"
    if text is not None:
        path.write_text(text)
    directory = directory_of(f"file://{path}")
    assert directory is not None
    with pytest.raises(DirectoryError, match=re.escape(sentence)):
        directory.look()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file://list", "must be the whole path of a file"),
        ("file:///a, http://b:1", "must be one file or one name in DNS, and nothing beside it"),
        ("dns+http://u:p@a", "must be plain: scheme, host, port"),
        ("dns+https://a", "must be an http address"),
    ],
)
def test_a_directory_that_cannot_be_used_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(AddressError, match=re.escape(sentence)):
        directory_of(text)


def test_every_record_of_a_name_is_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def records(host: str, port: int, **_: object) -> list[object]:
        places = [("10.0.0.2", port), ("10.0.0.1", port), ("10.0.0.2", port), ("fd00::1", port, 0, 0)]
        return [(None, None, None, host, place) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", records)
    directory = directory_of("dns+http://model-server:8010/up")
    assert directory is not None
    assert [address.name for address in directory.look()] == [
        "10.0.0.1:8010/up",
        "10.0.0.2:8010/up",
        "[fd00::1]:8010/up",
    ]


def test_the_system_resolves_a_name() -> None:
    directory = directory_of("dns+http://localhost:8010")
    assert directory is not None
    assert {"127.0.0.1:8010"} <= {address.name for address in directory.look()}


def test_a_name_that_nobody_knows_tells_nothing() -> None:
    directory = directory_of("dns+http://model-server.invalid:8010")
    assert directory is not None
    with pytest.raises(DirectoryError, match=r"the name 'model-server.invalid' cannot be looked up"):
        directory.look()
