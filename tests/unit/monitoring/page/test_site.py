"""The pages, asked as the door asks them."""

import json
from dataclasses import replace
from html.parser import HTMLParser

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
from tests.unit.monitoring.page.shown_results import DRIFT, LANE, NOW_S, RESULT, entry, result


class Watched:
    def __init__(self, *results: Result) -> None:
        self.found, self.checked_s, self.asked, self.policy = list(results), NOW_S - 5, [], NO_POLICY

    def results(self) -> list[Result]:
        return self.found

    def policies(self, models: list[str]) -> dict[str, Policy]:
        return dict.fromkeys(models, self.policy)

    def ask_report(self, lane: Lane) -> bool:
        self.asked.append(lane)
        return lane in [each.lane for each in self.found]


@pytest.fixture
def pages(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/penstock.db")
    links = Elsewhere("http://mlflow:5000/", "http://evidently", "http://grafana")
    return Site(
        Watched(RESULT),
        Past(History(database)),
        Journal(database),
        links,
        window_s=3_600.0,
        drift_share=0.5,
        notice=lambda: "",
        now=lambda: NOW_S,
    )


def get(pages: Site, path: str = "/", **fields: str) -> str:
    answer = pages.answer(Asked("GET", path, fields))
    assert answer.status == "200 OK", answer.body
    return answer.body.decode()


def post(pages: Site, lane: Lane = LANE, **headers: str) -> Answer:
    return pages.answer(Asked("POST", "/report", lane._asdict(), {"host": "here:1", **headers}))


class Tags(HTMLParser):
    """Fails where tags do not close each other."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        pass

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def test_a_lane_shows_what_it_is_and_its_four_figures():
    html = get(site_of(RESULT))
    for text in ("version 3 &middot; champion &middot; Production", "24/min", "9.25 ms", "1 of 2 columns"):
        assert text in html
    assert "0.910 <small>0.880 to 0.940</small>" in html


def site_of(*results: Result, notice: str = "") -> Site:
    database = Database("sqlite://")
    return Site(
        Watched(*results),
        Past(History(database)),
        Journal(database),
        Elsewhere(),
        window_s=3_600.0,
        drift_share=0.5,
        notice=lambda: notice,
        now=lambda: NOW_S,
    )


@pytest.mark.parametrize("path", ["/", "/models/churn & co"])
def test_pages_are_well_formed_and_take_nothing_from_elsewhere(pages, path):
    pages.past.history.record(entry(1))
    html = get(pages, path)
    reader = Tags()
    reader.feed(html)
    assert reader.open == []
    assert "<script" not in html
    assert 'src="' not in html


@pytest.mark.parametrize("path", ["/", "/models/<script>alert(1)<%2Fscript>"])
def test_every_name_is_escaped(pages, path):
    evil = "<script>alert(1)</script>"
    drift = replace(DRIFT, columns=(replace(DRIFT.columns[0], name=evil),), findings=(evil,))
    lane = Lane(evil, evil, evil)
    pages.watched = Watched(replace(RESULT, lane=lane, stage=evil, drift=drift, note=evil))
    pages.journal.add(Decision(NOW_S, evil, "retraining", evil[:20], (evil,), version=evil))
    pages.past.history.record(replace(entry(1, note=evil, quality={evil: 1.0}), lane=lane))
    assert "<script" not in get(pages, path.replace("%2F", "/"))


def test_the_worst_lane_comes_first(pages):
    pages.watched = Watched(
        result("a", is_drifted=False),
        result("b"),
        result("c", is_bad=True),
        result("d", drift=None, is_drifted=False),
    )
    html = get(pages)
    assert sorted("abcd", key=lambda name: html.index(f'/models/{name}"')) == ["c", "b", "d", "a"]
    for text in ("1 quality low", "1 drift", "1 not compared", "1 steady", "<title>(2) Penstock monitor"):
        assert text in html


def test_of_many_lanes_the_steady_ones_have_a_line_each(pages):
    pages.watched = Watched(result("bad"), *(result(f"m{k}", is_drifted=False) for k in range(99)))
    assert get(pages).count("<article") == 6
    assert get(pages, all="1").count("<article") == 100


def test_a_lane_that_answers_no_more_is_told_of_from_its_history(pages):
    pages.past.history.record(replace(entry(3), lane=Lane("gone", "1", "champion")))
    assert "1 no traffic" in get(pages)


def test_windows_from_before_what_is_drawn_are_left_out(pages):
    pages.past.history.record(entry(60))
    pages.past.history.record(entry(1))
    assert "last 1 windows" in get(pages)


def test_a_monitor_that_has_checked_nothing_shows_what_others_found(pages):
    pages.watched = Watched()
    pages.past.history.record(entry(1, is_drifted=True))
    assert "1 drift" in get(pages)


def test_windows_are_drawn_and_listed(pages):
    for ago in (2, 1, 0):
        pages.past.history.record(entry(ago, is_drifted=ago == 1))
    assert "last 3 windows: from 25% to 25%" in get(pages)
    html = get(pages, "/models/churn & co")
    assert html.count('<td class="when">') == 3
    assert html.count('<span class="chip bad">drift</span> ') == 1


def test_the_limit_is_the_policys(pages):
    pages.watched.policy = Policy(drift_share=0.25)
    pages.past.history.record(entry(0, drift_share=0.25, is_drifted=True))
    html = get(pages)
    assert html.split('class="limit" d="M0 ')[1].split("H")[0] in html.split('class="dot now marked"')[1][:40]


def test_a_models_page_ranks_columns_by_what_matters(pages):
    html = get(pages, "/models/churn & co")
    assert html.index('<td class="name">income') < html.index('<td class="name">age')
    for text in ("12%", "by hand", "-0.010", "saved", "1,234", "12.0% of the values are missing"):
        assert text in html


def test_links_lead_to_mlflow_evidently_and_grafana(pages):
    html = get(pages, "/models/churn & co")
    assert 'href="http://mlflow:5000/#/models/churn%20%26%20co"' in html
    assert 'href="http://mlflow:5000/#/models/churn%20%26%20co/versions/3"' in html
    assert 'href="http://evidently/projects/' in html
    assert 'href="http://grafana/d/penstock-model?var-model=churn+%26+co"' in html
    assert 'href="http://mlflow/#/run"' in html


def test_without_addresses_there_are_no_links():
    html = get(site_of(replace(RESULT, report=None)))
    assert "Grafana" not in html
    assert "Evidently" not in html


def test_an_address_that_is_no_web_address_is_no_link(pages):
    pages.links = Elsewhere("sqlite:///mlflow.db", "javascript:alert(1)", "grafana")
    html = get(pages, "/models/churn & co")
    assert "sqlite" not in html
    assert "javascript:" not in html


def test_decisions_are_told_newest_first(pages):
    pages.journal.add(Decision(NOW_S - 7_200, "churn & co", "retraining", "retrain", ("drift",), "t"))
    pages.journal.add(Decision(NOW_S - 60, "churn & co", "retraining", "registered", ("better",), "t", "4"))
    html = get(pages)
    assert html.index("is registered, in Staging (version 4)") < html.index("a retraining was started")
    assert "2 h ago" in html


def test_who_is_on_duty_is_said():
    assert "The monitor on b is on duty" in get(site_of(RESULT, notice="the monitor on b is on duty"))


def test_no_traffic_is_said():
    assert "The last check found no predictions in the last 1 h." in get(site_of())


def test_the_status_has_the_same_figures_for_programs(pages):
    pages.past.history.record(entry(1))
    found = json.loads(get(pages, "/api/status"))
    lane = found["lanes"][0]
    assert (lane["model"], lane["state"], lane["drift_share"]) == ("churn & co", "Drift", 0.5)
    assert lane["quality"]["roc_auc"] == {"value": 0.91, "low": 0.88, "high": 0.94}
    assert lane["windows"][0]["drift_share"] == 0.25


def test_what_is_not_there_is_404(pages):
    assert pages.answer(Asked("GET", "/nothing")).status.startswith("404")
    assert b"nothing is known here of a model 'no'" in pages.answer(Asked("GET", "/models/no")).body


def test_a_report_is_a_page_of_a_strangers(pages, tmp_path):
    (tmp_path / "d.html").write_text("<p>drift</p>")
    (tmp_path / "q.html").write_text("<p>quality</p>")
    made = Report(NOW_S, tmp_path / "d.html", None, tmp_path / "q.html")
    pages.watched = Watched(replace(RESULT, report=made))
    answer = pages.answer(Asked("GET", "/report", LANE._asdict()))
    assert answer.body == b"<p>drift</p>"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
    assert get(pages, "/report", **LANE._asdict(), kind="quality") == "<p>quality</p>"


@pytest.mark.parametrize("fields", [{}, {"model": "../../etc/passwd"}, LANE._asdict()])
def test_a_report_that_is_not_there_is_404(pages, fields):
    assert pages.answer(Asked("GET", "/report", fields)).status.startswith("404")


def test_a_report_can_be_asked_for(pages):
    answer = post(pages)
    assert (answer.status, answer.headers["Location"]) == ("303 See Other", "/models/churn%20%26%20co")
    assert pages.watched.asked == [LANE]
    assert "A report of churn &amp; co version 3 (champion) is being made" in get(pages, "/models/churn & co")


def test_programs_are_told_202(pages):
    assert post(pages, accept="application/json").status == "202 Accepted"


def test_one_report_at_a_time(pages):
    pages.watched = Watched(replace(RESULT, report=None), result("other", report=None))
    post(pages)
    assert post(pages).status == "303 See Other"
    assert post(pages, Lane("other", "1", "champion")).status == "409 Conflict"
    assert pages.watched.asked == [LANE]


def test_when_the_report_is_there_the_next_may_be_asked_for(pages):
    pages.watched = Watched(replace(RESULT, report=None), result("other"))
    post(pages)
    pages.watched.found[0] = replace(RESULT, report=replace(RESULT.report, made_s=NOW_S + 1))
    assert post(pages, Lane("other", "1", "champion")).status == "303 See Other"


def test_a_report_of_nothing_is_404(pages):
    assert post(pages, Lane("no", "1", "champion")).status.startswith("404")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_sites_page_cannot_ask(pages, headers):
    assert post(pages, **headers).status.startswith("403")
    assert pages.watched.asked == []


@pytest.mark.parametrize("headers", [{}, {"origin": "http://here:1"}, {"sec-fetch-site": "same-origin"}])
def test_the_monitors_own_pages_and_programs_can(pages, headers):
    assert post(pages, **headers).status.startswith("303")


def test_a_database_that_is_away_leaves_the_newest_figures(pages, tmp_path):
    (tmp_path / "file").write_text("no folder")
    pages.past = Past(History(Database(f"sqlite:///{tmp_path}/file/x.db")))
    html = get(pages)
    assert "Closed windows cannot be shown" in html
    assert "1 drift" in html
