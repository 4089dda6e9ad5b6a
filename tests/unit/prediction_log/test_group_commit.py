import asyncio
import logging

import pytest

from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.layout import segments
from serving.prediction_log.segment import PartlyWrittenError
from tests.unit.prediction_log.prediction_log_fixtures import open_writer


class MemoryWriter:
    """Keeps what each write was; refuses while `is_full`."""

    def __init__(self):
        self.writes = []
        self.is_full = False

    def append(self, lines):
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.writes.append(lines)


async def commit_together(group, count):
    return await asyncio.gather(*[group.commit(b"%d\n" % number) for number in range(count)])


def test_a_committed_line_is_in_the_segment(tmp_path):
    writer = open_writer(tmp_path)
    assert asyncio.run(GroupCommit(writer).commit(b"one\n")) is True
    assert segments(tmp_path)[0].read_bytes() == b"one\n"
    writer.close()


def test_a_lone_line_is_written_without_giving_way_to_the_loop():
    writer = MemoryWriter()

    async def first_step():
        commit = GroupCommit(writer).commit(b"one\n")
        try:
            commit.send(None)
        except StopIteration as done:
            return done.value

    assert asyncio.run(first_step()) is True
    assert writer.writes == [b"one\n"]


def test_lines_of_one_turn_share_a_write():
    writer = MemoryWriter()

    async def two_turns():
        group = GroupCommit(writer)
        await commit_together(group, 5)
        writer.writes.clear()
        return await commit_together(group, 5)

    assert asyncio.run(two_turns()) == [True] * 5
    assert writer.writes == [b"0\n1\n2\n3\n4\n"]


def test_after_a_lone_turn_lines_are_written_at_once_again():
    writer = MemoryWriter()

    async def sparse_after_dense():
        group = GroupCommit(writer)
        await commit_together(group, 5)
        await group.commit(b"a\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        commit = group.commit(b"b\n")
        try:
            commit.send(None)
        except StopIteration as done:
            return done.value

    assert asyncio.run(sparse_after_dense()) is True


def test_every_line_is_written_once():
    writer = MemoryWriter()

    async def many_turns():
        group = GroupCommit(writer)
        for count in (1, 7, 1, 1, 3, 20):
            await commit_together(group, count)
        return group.written_lines

    assert asyncio.run(many_turns()) == 33
    assert b"".join(writer.writes).count(b"\n") == 33


def test_a_cancelled_caller_takes_only_its_own_line_with_it():
    writer = MemoryWriter()

    async def cancel_the_second():
        group = GroupCommit(writer)
        tasks = [asyncio.create_task(group.commit(b"%d\n" % number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(cancel_the_second())
    assert [answers[0], *answers[2:]] == [True, True, True]
    assert b"".join(writer.writes) == b"0\n2\n3\n"


def test_a_refused_line_is_answered_false_and_counted():
    writer = MemoryWriter()
    writer.is_full = True

    async def refused():
        group = GroupCommit(writer)
        return await commit_together(group, 3), group.lost_lines

    assert asyncio.run(refused()) == ([False] * 3, 3)


def test_a_disk_with_space_again_is_written_again():
    writer = MemoryWriter()

    async def full_then_not():
        group = GroupCommit(writer)
        writer.is_full = True
        await group.commit(b"one\n")
        writer.is_full = False
        return await group.commit(b"two\n"), group.written_lines, group.lost_lines

    assert asyncio.run(full_then_not()) == (True, 1, 1)


def test_a_full_disk_is_logged_once_and_its_end_once(caplog):
    writer = MemoryWriter()

    async def full_then_not():
        group = GroupCommit(writer)
        for is_full in (True, True, True, False, False):
            writer.is_full = is_full
            await group.commit(b"one\n")

    with caplog.at_level(logging.WARNING):
        asyncio.run(full_then_not())
    assert [record.getMessage() for record in caplog.records] == [
        "the prediction log cannot be written (No space left on device); predictions are answered unlogged",
        "the prediction log can be written again; 3 records were lost",
    ]


class Short(MemoryWriter):
    """A disk with room for some bytes more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def append(self, lines):
        if len(lines) > self.room:
            raise PartlyWrittenError(OSError(28, "No space left on device"), self.room)
        super().append(lines)


@pytest.mark.parametrize(("room", "written"), [(0, 0), (3, 0), (4, 1), (11, 2), (12, 3)])
def test_lines_that_the_disk_took_before_it_was_full_are_not_lost(room, written):
    async def three():
        group = GroupCommit(Short(room))
        await asyncio.gather(*[group.commit(b"") for _ in range(3)])
        answers = await asyncio.gather(*[group.commit(b"one\n") for _ in range(3)])
        return group, answers

    group, answers = asyncio.run(three())
    assert answers == [True] * written + [False] * (3 - written)
    assert (group.written_lines, group.lost_lines) == (3 + written, 3 - written)
