"""Content types, by the rules of MLflow's server."""

import pytest

from serving.protocol.errors import RequestError
from serving.protocol.media import media_of


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"application/json", "json"),
        (b"application/json; charset=UTF-8", "json"),
        (b"text/csv", "csv"),
        (b"application/vnd.apache.parquet", "parquet"),
    ],
)
def test_known_types_are_taken(header: bytes, kind: str) -> None:
    assert media_of(header).kind == kind


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (None, "the header Content-Type is missing"),
        (
            b"text/html",
            "application/vnd.apache.parquet, not 'text/html'",
        ),
        (b"text/csv; charset=latin-1", "the charset must be utf-8, not 'latin-1'"),
        (b"text/csv; header=present", "Content-Type has the unknown parameter 'header'"),
    ],
)
def test_others_are_415(header: bytes | None, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence) as caught:
        media_of(header)
    assert caught.value.status == 415
