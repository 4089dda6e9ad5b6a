"""Addresses of upstreams: what is taken, and what is refused with a sentence."""

import os
import re
import socket
from pathlib import Path

import pytest

from serving.upstream.address import AddressError, reachable, read_addresses, request_head


def test_a_list_is_parted_by_commas_or_spaces() -> None:
    found = read_addresses("http://127.0.0.1:8010, http://models:8011/a/")
    assert [(one.host, one.port, one.prefix) for one in found] == [
        ("127.0.0.1", 8010, ""),
        ("models", 8011, "/a"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" , ", "at least one address is needed"),
        ("127.0.0.1:8010", "must be an http address"),
        ("https://a", "must be an http address"),
        ("http://a:99999", "must be an address such as http://127.0.0.1:8010; Port out of range"),
        ("http://u:p@a", "must be plain: scheme, host, port"),
        ("http://a/?x=1", "must be plain: scheme, host, port"),
    ],
)
def test_what_is_no_plain_http_address_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(AddressError, match=re.escape(sentence)):
        read_addresses(text)


def test_the_prefix_stands_before_the_path() -> None:
    [address] = read_addresses("http://a:1/up")
    assert request_head(address, b"GET /health", b"x: y\r\n") == (
        b"GET /up/health HTTP/1.1\r\nhost: a:1\r\nx: y\r\n\r\n"
    )


def test_an_address_of_ipv6_keeps_its_brackets_in_the_host_header() -> None:
    [address] = read_addresses("http://[::1]:8010")
    assert (address.name, address.host, address.host_header) == ("[::1]:8010", "::1", b"[::1]:8010")


def test_a_socket_in_a_deep_folder_can_be_bound_and_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 60) / ("y" * 60)
    folder.mkdir(parents=True)
    path = folder / "a.sock"
    assert len(os.fsencode(path)) > 108
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(reachable(path))
        listening.listen()
        client.connect(reachable(path))
        assert path.is_socket()
