import errno
import fcntl
import resource
from contextlib import contextmanager

import pytest

from serving.prediction_log.layout import segments
from serving.prediction_log.segment import SegmentWriter
from tests.unit.prediction_log.prediction_log_fixtures import NOON, open_writer


@pytest.fixture
def writer(tmp_path):
    opened = open_writer(tmp_path)
    yield opened
    opened.close()


@contextmanager
def disk_takes(size_bytes):
    """Lets files grow to so many bytes only, as a full disk does; around one write, not the whole test."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def is_free(path):
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_nothing_is_made_before_the_first_line(writer, tmp_path):
    assert list(tmp_path.iterdir()) == []


def test_appended_lines_are_in_the_segment(writer, tmp_path):
    writer.append(b"one\n")
    writer.append(b"two\nthree\n")
    assert segments(tmp_path)[0].read_bytes() == b"one\ntwo\nthree\n"


def test_an_open_segment_is_locked(writer, tmp_path):
    writer.append(b"one\n")
    assert not is_free(segments(tmp_path)[0])


def test_a_closed_segment_is_free(writer, tmp_path):
    writer.append(b"one\n")
    writer.close()
    assert is_free(segments(tmp_path)[0])


def test_a_segment_that_is_large_enough_gives_way_to_the_next(tmp_path):
    writer = open_writer(tmp_path, max_bytes=8)
    for line in (b"one\n", b"two\n", b"three\n"):
        writer.append(line)
    writer.close()
    assert sorted(path.read_bytes() for path in segments(tmp_path)) == [b"one\ntwo\n", b"three\n"]


def test_a_segment_that_is_old_enough_gives_way_to_the_next(tmp_path):
    times = iter([NOON, NOON, NOON + 10, NOON + 10, NOON + 10])
    writer = SegmentWriter(tmp_path, max_bytes=100, max_age_s=10, clock=lambda: next(times))
    writer.append(b"one\n")
    writer.append(b"two\n")
    writer.append(b"three\n")
    writer.close()
    assert [path.read_bytes() for path in segments(tmp_path)] == [b"one\ntwo\n", b"three\n"]


def test_a_clock_that_is_set_back_ends_the_segment(tmp_path):
    times = iter([NOON, NOON - 3600, NOON - 3600])
    writer = SegmentWriter(tmp_path, max_bytes=100, max_age_s=10, clock=lambda: next(times))
    writer.append(b"one\n")
    writer.append(b"two\n")
    writer.close()
    assert len(segments(tmp_path)) == 2


def test_an_idle_writer_lets_an_old_segment_go(tmp_path):
    times = iter([NOON, NOON + 11])
    writer = SegmentWriter(tmp_path, max_bytes=100, max_age_s=10, clock=lambda: next(times))
    writer.append(b"one\n")
    writer.rotate_if_due()
    assert is_free(segments(tmp_path)[0])


def test_an_idle_writer_lets_a_removed_segment_go(writer, tmp_path):
    writer.append(b"one\n")
    segments(tmp_path)[0].unlink()
    writer.rotate_if_due()
    writer.append(b"two\n")
    assert segments(tmp_path)[0].read_bytes() == b"two\n"


def test_two_writers_of_one_moment_have_their_own_segments(writer, tmp_path):
    other = open_writer(tmp_path)
    writer.append(b"one\n")
    other.append(b"two\n")
    other.close()
    assert len(segments(tmp_path)) == 2


def test_a_disk_that_refuses_is_an_os_error(writer, tmp_path):
    writer.append(b"one\n")
    with disk_takes(8), pytest.raises(OSError, match="File too large") as refused:
        writer.append(b"two two two\n")
    assert refused.value.errno == errno.EFBIG


def test_a_half_written_line_swallows_no_later_line(writer, tmp_path):
    writer.append(b"one\n")
    with disk_takes(8), pytest.raises(OSError, match="File too large"):
        writer.append(b"two two two\n")
    writer.append(b"three\n")
    writer.append(b"four\n")
    assert segments(tmp_path)[0].read_bytes() == b"one\ntwo \nthree\nfour\n"


def test_a_line_refused_again_and_again_swallows_no_later_line(writer, tmp_path):
    for _ in range(3):
        with disk_takes(4), pytest.raises(OSError, match="File too large"):
            writer.append(b"two two two\n")
    writer.append(b"three\n")
    assert segments(tmp_path)[0].read_bytes().splitlines()[-1] == b"three"


def test_no_segment_goes_on_after_a_clock_was_set_back_within_its_time(tmp_path):
    times = iter([NOON, NOON + 5, NOON + 2, NOON + 2])
    writer = SegmentWriter(tmp_path, max_bytes=100, max_age_s=10, clock=lambda: next(times))
    for _ in range(3):
        writer.append(b"x\n")
    writer.close()
    assert sorted(path.read_bytes() for path in segments(tmp_path)) == [b"x\n", b"x\nx\n"]
