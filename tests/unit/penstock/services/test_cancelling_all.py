"""All of a user's open jobs are cancelled, however many they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Wanted
from penstock.people.person import Person
from penstock.services import sharing
from serving.settings import load


def test_the_oldest_job_is_cancelled_too_where_there_are_more_than_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PAGE", 2)
    desk = Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path)}))
    running, *waiting = (desk.jobs.add(Wanted("train", "ben", "ada/shop", {})) for _ in range(5))
    desk.jobs.put(replace(running, state="running"))
    assert sharing.cancel_jobs(desk, Person("ada"), "ben", "ada/shop") == 5
    oldest = desk.jobs.get(running.job_id)
    assert oldest is not None
    assert oldest.cancel_by == "ada"
    assert {getattr(desk.jobs.get(each.job_id), "state", "") for each in waiting} == {"cancelled"}
