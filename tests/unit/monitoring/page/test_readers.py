"""Who may read some models sees nothing of the others, on no page."""

import json
from dataclasses import replace

import pytest

from monitoring.history import History
from monitoring.lane import Lane
from monitoring.page.answer import Answer, Asked
from monitoring.page.links import Elsewhere
from monitoring.page.past import Past
from monitoring.page.site import Site
from monitoring.policy import NO_POLICY, Policy
from monitoring.result import Report, Result
from monitoring.retraining.journal import Decision, Journal
from serving.lifecycle.database import Database
from tests.unit.monitoring.page.shown_results import NOW_S, entry, result

OURS, THEIRS = "ours", "theirs"
LANES = {name: Lane(name, "1", "champion") for name in (OURS, THEIRS)}


class Watched:
    def __init__(self, *results: Result) -> None:
        self.found, self.checked_s = list(results), NOW_S - 5

    def results(self) -> list[Result]:
        return self.found

    def policies(self, models: list[str]) -> dict[str, Policy]:
        return dict.fromkeys(models, NO_POLICY)

    def ask_report(self, lane: Lane) -> bool:
        return True


@pytest.fixture
def site(tmp_path):
    made = tmp_path / "report.html"
    made.write_text("<p>a report</p>")
    results = [result(name, report=Report(NOW_S, made, None, None)) for name in LANES]
    database = Database(f"sqlite:///{tmp_path}/penstock.db")
    journal, history = Journal(database), History(database)
    for name, lane in LANES.items():
        journal.add(Decision(NOW_S - 60, name, "retraining", "retrain", ("drift",), f"ticket of {name}"))
        history.record(replace(entry(1), lane=lane))
    return Site(
        Watched(*results),
        Past(history),
        journal,
        Elsewhere("", "", ""),
        window_s=3_600.0,
        drift_share=0.5,
        notice=lambda: "",
        now=lambda: NOW_S,
    )


def get(site: Site, path: str, method: str = "GET", **fields: str) -> Answer:
    headers = {"host": "here"}
    return site.answer(Asked(method, path, fields, headers, may_read=lambda model: model == OURS))


@pytest.mark.parametrize("path", ["/", "/api/status", f"/models/{OURS}"])
def test_a_page_tells_of_ones_own_models_only(site, path):
    said = get(site, path).body.decode()
    assert OURS in said
    assert THEIRS not in said


def test_another_ones_model_is_answered_like_one_that_is_not_there(site):
    there, nowhere = get(site, f"/models/{THEIRS}"), get(site, "/models/nowhere")
    assert there.status == nowhere.status == "404 Not Found"
    assert there.body.replace(b"theirs", b"nowhere") == nowhere.body


def test_another_ones_report_is_neither_shown_nor_made(site):
    assert get(site, "/report", **LANES[OURS]._asdict()).status == "200 OK"
    assert get(site, "/report", **LANES[THEIRS]._asdict()).status == "404 Not Found"
    assert get(site, "/report", "POST", **LANES[THEIRS]._asdict()).status == "404 Not Found"


def test_a_report_that_is_being_made_for_another_is_not_named(site):
    site.watched.found = [replace(each, report=None) for each in site.watched.found]
    site.answer(Asked("POST", "/report", LANES[THEIRS]._asdict(), {"host": "here"}))
    refused = get(site, "/report", "POST", **LANES[OURS]._asdict())
    assert refused.status == "409 Conflict"
    assert refused.body == b"a report of another model is being made; ask again when it is there\n"


def test_whoever_may_read_all_sees_all(site):
    found = json.loads(site.answer(Asked("GET", "/api/status")).body)
    assert {lane["model"] for lane in found["lanes"]} == {OURS, THEIRS}
