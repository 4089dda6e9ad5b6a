"""A job's log: its beginning and its end, read piece by piece."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from penstock.jobs import said
from penstock.jobs.said import Log, LogPart


def read_all(folder: Path, most: int = 10) -> str:
    text, offset = "", 0
    while True:
        part = said.read(folder, offset, most)
        text, offset = text + part.text, part.next_offset
        if part.is_over:
            return text


def wrote(folder: Path, *pieces: bytes, head: int = 20, tail: int = 10) -> Path:
    folder.mkdir(exist_ok=True)
    log = Log(folder, head_bytes=head, tail_bytes=tail)
    for piece in pieces:
        log.write(piece)
    log.close()
    return folder


def test_a_short_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert said.read(wrote(tmp_path, b"hello\n"), 0, 100) == LogPart("hello\n", 6, is_over=True)


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    assert said.read(wrote(tmp_path, b"hello world"), 6, 100).text == "world"


def test_a_character_is_not_cut(tmp_path: Path) -> None:
    folder = wrote(tmp_path, "abcä€𝛑".encode())
    assert said.read(folder, 0, 4) == LogPart("abc", 3, is_over=False)
    assert read_all(folder, 4) == "abcä€𝛑"


def test_the_middle_of_endless_words_is_left_out(tmp_path: Path) -> None:
    folder = wrote(tmp_path, *(f"{number:04}\n".encode() for number in range(100)))
    text = read_all(folder)
    assert text.startswith("0000\n0001\n0002\n0003\n")
    assert text.endswith("\n0098\n0099\n")
    assert "\n[... 460 bytes are left out: the job printed more than is kept ...]\n" in text
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 20 + 2 * 10


def test_a_second_start_goes_on_in_the_same_log(tmp_path: Path) -> None:
    folder = wrote(tmp_path, b"first start, long enough for a tail\n")
    wrote(folder, b"second\n")
    assert read_all(folder).endswith("second\n")


def test_the_end_of_a_log_is_read_over_its_pieces(tmp_path: Path) -> None:
    folder = wrote(tmp_path, b"0123456789" * 3)
    assert said.last(folder, 15) == "567890123456789"


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert said.read(tmp_path, 0, 10) == LogPart("", 0, is_over=True)


@given(st.lists(st.text(max_size=30), max_size=20))
def test_words_that_fit_are_read_as_they_were_written(tmp_path_factory, pieces: list[str]) -> None:
    folder = tmp_path_factory.mktemp("log")
    wrote(folder, *(piece.encode() for piece in pieces), head=10_000)
    assert read_all(folder, 7) == "".join(pieces)
