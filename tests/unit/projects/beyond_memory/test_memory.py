"""How much memory learning may take, and where matrices are kept."""

import fcntl
import os

import pytest

from projects.beyond_memory.memory import free_bytes, learning_bytes, size_bytes
from projects.beyond_memory.place import FOLDER, KEPT_S, kept_place
from projects.beyond_memory.time_left import EVERY_S, TimeLeft
from projects.errors import BadInput
from projects.requirement.read import read_requirement
from projects.requirement.sections import Sampling
from projects.sampling.decide import decide


@pytest.mark.parametrize(
    ("text", "size"), [("3GB", 3 * 10**9), ("1.5 gib", 3 * 2**29), ("700M", 7 * 10**8), ("5", 5)]
)
def test_sizes_are_read(text, size):
    assert size_bytes(text) == size


def test_what_is_no_size_is_refused():
    with pytest.raises(BadInput, match="a size of memory must be like 3GB or 512MB, not 'much'"):
        size_bytes("much")


def test_a_requirement_refuses_what_is_no_size():
    with pytest.raises(BadInput, match="memory"):
        read_requirement(parameters={"set": "sampling.memory=much"})


@pytest.fixture
def group(tmp_path, monkeypatch):
    """A group that may have 900 MB and has 600 MB, of which 100 MB are pages that it can give back."""
    (tmp_path / "max").write_text("900000000\n")
    (tmp_path / "used").write_text("600000000\n")
    (tmp_path / "stat").write_text("anon 1\ninactive_file 100000000\nactive_file 2\n")
    where = "projects.beyond_memory.memory."
    monkeypatch.setattr(f"{where}GROUPS", (tmp_path / "max",))
    monkeypatch.setattr(f"{where}USED", (tmp_path / "used",))
    monkeypatch.setattr(f"{where}CACHED", ((tmp_path / "stat", "inactive_file"),), raising=False)
    return tmp_path


def test_a_groups_limit_counts_and_the_pages_of_files_that_it_gives_back_do_not(group):
    assert free_bytes() == 400_000_000
    (group / "stat").unlink()
    assert free_bytes() == 300_000_000


def test_learning_takes_the_same_where_a_little_more_or_less_is_free(group):
    (group / "used").write_text("0")
    taken = {learning_bytes()}
    (group / "used").write_text("90000000")
    assert {*taken, learning_bytes()} == {2**29}


def test_learning_takes_a_little_however_little_is_free(group):
    (group / "used").write_text("1000000000")
    assert learning_bytes() == 200_000_000


def test_what_was_asked_outranks_what_is_free():
    assert learning_bytes("1TB") == 10**12


def test_all_rows_that_do_not_fit_are_searched_by_a_sample_and_learned_from_chunk_by_chunk():
    found = decide(1_000_000, Sampling(sample_size="full"), most=50_000)
    assert (found.rows, found.of, found.is_streamed) == (50_000, 1_000_000, True)
    assert found.sentence.endswith("what it finds learns from all 1,000,000, chunk by chunk")


def test_all_rows_that_fit_are_taken_as_ever():
    assert decide(1_000_000, Sampling(sample_size="full"), most=1_000_000) == decide(
        1_000_000, Sampling(sample_size="full")
    )


def test_a_place_is_kept_after_a_failure_and_goes_after_success(tmp_path):
    def fail():
        with kept_place(tmp_path, "d") as folder:
            (folder / "matrix").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with kept_place(tmp_path, "d") as folder:
        assert (folder / "matrix").exists()
    assert not folder.exists()


def test_two_trainings_of_one_matrix_do_not_meet(tmp_path):
    with kept_place(tmp_path, "d") as one, kept_place(tmp_path, "d") as other:
        assert one != other


def test_what_nobody_went_on_with_for_a_week_is_removed_unless_it_is_in_use(tmp_path):
    for name in ("old", "used"):
        folder = tmp_path / FOLDER / name
        folder.mkdir(parents=True)
        (folder / "lock").touch()
        os.utime(folder / "lock", (0, 0))
    with (tmp_path / FOLDER / "used" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(lock.name, (0, 0))
        with kept_place(tmp_path, "d", clock=lambda: KEPT_S + 1):
            assert sorted(each.name for each in (tmp_path / FOLDER).iterdir()) == ["d", "used"]


def test_time_left_is_told_now_and_then():
    now, said = [0.0], []
    left = TimeLeft("the matrix", said.append, lambda: now[0], start=100)
    left.tell(150, 300)
    now[0] = EVERY_S
    left.tell(150, 300)
    left.tell(160, 300)
    assert said == ["the matrix: 50%, about 60 s left"]
