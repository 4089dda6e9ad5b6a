"""The reports' pages on the disk, and what is remembered of the newest."""

import os
from dataclasses import replace

import pytest

from monitoring.lane import Lane
from monitoring.reports.newest import keep, kept
from monitoring.reports.pages import KEPT_PAGES, Heading, Pages
from monitoring.result import Report
from tests.unit.monitoring.page.shown_results import LANE, RESULT

PAGE = '<html><head><meta content="width=device-width, initial-scale=1.0"></head><body>drawn</body></html>'


class Snapshot:
    def get_html_str(self, *, as_iframe: bool) -> str:
        return PAGE


class FullDisk:
    def get_html_str(self, *, as_iframe: bool) -> str:
        raise OSError(28, "No space left on device")


def save(pages: Pages, lane: Lane = LANE, made_s: float = 1e9, snapshot=None):
    heading = Heading("churn & co: drift", "10 predictions", ("'a<b>' is gone",))
    return pages.save(lane, "drift", snapshot or Snapshot(), heading, made_s=made_s)


@pytest.fixture
def pages(tmp_path) -> Pages:
    return Pages(tmp_path)


def test_a_page_says_whose_it_is_and_what_was_found(pages):
    page = save(pages).read_text()
    assert "<title>churn &amp; co: drift</title>" in page
    assert page.index("a&lt;b&gt;") < page.index("drawn")


def test_the_newest_few_of_a_lane_stay(pages):
    other = save(pages, Lane("churn & co", "3", "challenger"))
    paths = [save(pages, made_s=1e9 + k) for k in range(KEPT_PAGES + 2)]
    assert [path.exists() for path in paths] == [False] * 2 + [True] * KEPT_PAGES
    assert other.exists()


@pytest.mark.parametrize("name", ["../../etc", "a/b", ".", "", "x" * 400])
def test_any_name_stays_in_the_folder(pages, tmp_path, name):
    path = save(pages, Lane(name, name, name))
    assert tmp_path in path.parents


def test_a_page_that_cannot_be_written_leaves_nothing(pages, tmp_path):
    with pytest.raises(OSError, match="No space left"):
        save(pages, snapshot=FullDisk())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_monitor_left_goes_with_the_next_page(pages):
    part = save(pages).with_name(".drift-x.html.1.part")
    part.write_text("half")
    os.utime(part, (0, 0))
    save(pages, made_s=1e9 + 1)
    assert not part.exists()


def test_the_newest_report_is_remembered_with_its_verdicts(tmp_path):
    page = tmp_path / "page.html"
    page.touch()
    report = Report(1e9, page, "run", None)
    keep(tmp_path, RESULT, report)
    assert kept(tmp_path, RESULT) == report
    assert kept(tmp_path, replace(RESULT, is_drifted=False)) is None


@pytest.mark.parametrize("text", ["", "[]", '{"verdicts": [true, false]}', "{"])
def test_a_broken_memory_is_no_report(tmp_path, text):
    keep(tmp_path, RESULT, Report(1e9, None, None))
    next(tmp_path.rglob("newest.json")).write_text(text)
    assert kept(tmp_path, RESULT) is None
