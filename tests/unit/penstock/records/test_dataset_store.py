"""Changes of a data set's record: each writes what it means to, and nothing brings a removed one back."""

from dataclasses import replace

import pytest

from penstock.records.dataset import Dataset, DatasetStore
from serving.lifecycle.database import Database

ONE = Dataset("d1", "ana/default", "ana", "table", run_id="r1", created_s=1.0)


@pytest.fixture
def store(tmp_path):
    made = DatasetStore(Database(f"sqlite:///{tmp_path / 'penstock.db'}"), lambda: 5.0)
    made.add(ONE)
    return made


def test_two_changes_of_different_columns_both_stay(store):
    store.change("d1", {"name": "new"})
    store.change("d1", {"target_column": "churned"})
    assert store.get("d1") == replace(ONE, name="new", target_column="churned")


def test_a_change_answers_the_record_as_it_is_then(store):
    store.change("d1", {"profile": {"dtypes": {"a": "int"}}})
    assert store.change("d1", {"name": "new"}) == replace(ONE, name="new", profile={"dtypes": {"a": "int"}})


def test_a_removed_data_set_is_not_changed(store):
    store.change("d1", {"removed_s": 4.0})
    assert store.change("d1", {"name": "new"}) is None
    assert store.get("d1") == replace(ONE, removed_s=4.0)


def test_a_removal_is_taken_back_by_the_one_that_made_it(store):
    store.change("d1", {"removed_s": 4.0})
    assert store.change("d1", {"removed_s": 0.0}, removed_s=3.0) is None
    assert store.change("d1", {"removed_s": 0.0}, removed_s=4.0) == ONE
