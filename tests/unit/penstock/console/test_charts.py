"""Curves and strips: drawn right, said in words, and never more than they should be."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from penstock.console.charts.curve import Curves, draw
from penstock.console.charts.strips import bar, whisker
from penstock.console.charts.trend import spanned
from penstock.console.words import percent
from penstock.watching.found import Window

LOSSES = Curves("Loss over the rounds", "round", {"learned": [1.0, 0.5, 0.25], "validated": [1.0, 0.6, 0.75]})


def drawing(markup):
    return ET.fromstring(re.search(r"<svg.*?</svg>", markup, re.DOTALL)[0])


def points(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d"))]


def test_a_curve_has_one_path_a_line():
    assert [path.get("class") for path in drawing(draw(LOSSES)).iter("path")] == ["s1", "s2"]


def test_lower_values_lie_lower():
    first, *_ = drawing(draw(LOSSES)).iter("path")
    heights = [y for _, y in points(first)]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (6.0, 194.0)


def test_the_words_tell_ends_and_the_lowest_point():
    title = drawing(draw(LOSSES)).find("title").text
    assert title == (
        "Loss over the rounds: learned from 1 to 0.25, lowest 0.25 at round 3; "
        "validated from 1 to 0.75, lowest 0.6 at round 2"
    )


def test_the_table_says_the_same_numbers():
    cells = re.findall(r'<td class="n">([^<]*)</td>', draw(LOSSES))
    assert cells == ["1", "1", "0.5", "0.6", "0.25", "0.75"]


def test_steps_lie_where_they_are_and_are_named():
    grown = Curves("Score", "rows", {"score": [0.8, 0.7, 0.9]}, at=[100, 200, 500], is_more_better=True)
    drawn = draw(grown)
    assert [x for x, _ in points(next(drawing(drawn).iter("path")))] == [6.0, 153.0, 594.0]
    assert drawing(drawn).find("title").text == "Score: score from 0.8 to 0.9, highest 0.9 at 500 rows"
    assert "<span>100 rows</span><span>500 rows</span>" in drawn
    assert '<th scope="row">200</th>' in drawn


def test_a_gap_breaks_the_line():
    broken = Curves("x", "step", {"a": [1.0, math.nan, 2.0]})
    path = next(drawing(draw(broken)).iter("path")).get("d")
    assert path.count("M") == 2
    assert "nan" not in draw(broken).lower()


@pytest.mark.parametrize("lines", [{}, {"a": []}, {"a": [math.nan, math.inf]}])
def test_nothing_to_draw_is_nothing(lines):
    assert draw(Curves("x", "step", lines)) == ""


def test_a_curve_of_one_step_is_a_dot():
    assert next(drawing(draw(Curves("x", "step", {"a": [3.0]}))).iter("path")).get("d").endswith("h0.1")


def test_long_curves_are_thinned_and_keep_their_end():
    long = Curves("x", "round", {"a": [float(step) for step in range(100_000)]})
    drawn = points(next(drawing(draw(long)).iter("path")))
    assert len(drawn) <= 402
    assert drawn[-1] == (594.0, 6.0)


def test_names_of_lines_are_escaped():
    assert "<script>" not in draw(Curves("<script>", "<script>", {"<script>": [1.0, 2.0]}))


def test_a_whisker_lies_on_the_scale():
    paths = list(drawing(whisker(0.5, 0.25, 0.75, scale=(0.0, 1.0))).iter("path"))
    assert [path.get("d") for path in paths] == ["M54.0 10H146.0", "M100.0 10h0.1"]


def test_a_whisker_without_figures_is_nothing():
    assert whisker(math.nan, 0, 1, scale=(0.0, 1.0)) == ""


@pytest.mark.parametrize(("share", "width"), [(0.25, "25.0"), (1.7, "100.0"), (-1.0, "0.0")])
def test_a_bar_ends_at_its_edges(share, width):
    *_, part = drawing(bar(share, label="gaps"))
    assert part.get("width") == width


def test_a_trend_is_told_with_its_ends_and_their_times():
    windows = [Window(1772366400.0 + 60 * step, 1772366460.0 + 60 * step, 20, True, share)
               for step, share in enumerate([None, 0.1, 0.25])]  # fmt: skip
    told = re.sub("<[^>]*>", "", spanned("Share <of>", windows, lambda each: each.drift_share, percent))
    assert told == "Share &lt;of&gt;: 10 % to 25 %, from 01 Mar 2026, 12:01 UTC to 01 Mar 2026, 12:03 UTC"
    assert spanned("Share", windows[:1], lambda each: each.drift_share) == "Share"
