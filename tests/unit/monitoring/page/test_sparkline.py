"""The drawn lines."""

import re
import xml.etree.ElementTree as ET

from monitoring.page.sparkline import HEIGHT, MARGIN, Point, Scale, sparkline


def points(*values: float | None) -> list[Point]:
    return [Point(k * 10.0, k * 10.0 + 10, value) for k, value in enumerate(values)]


def drawn(line: list[Point], **options) -> str:
    scale = Scale.of([line], span=(0.0, 10.0 * len(line)), floor=0.0)
    return sparkline(line, scale, label="drift", **options)


def steps(svg: str, kind: str = "line") -> str:
    return re.search(rf'class="{kind}" d="([^"]*)"', svg)[1]


def test_a_line_is_well_formed_and_says_what_it_is():
    root = ET.fromstring(drawn(points(1, 2), limit=1.0))
    assert root[0].text == "drift"


def test_the_highest_figure_is_at_the_top_and_zero_at_the_bottom():
    assert re.findall(r" ([\d.]+)(?=L|$)", steps(drawn(points(0, 4)))) == [
        f"{HEIGHT - MARGIN:.1f}",
        f"{MARGIN:.1f}",
    ]


def test_a_window_without_a_figure_leaves_a_gap():
    assert steps(drawn(points(1, None, 2, 3))).count("M") == 2


def test_a_stretch_without_windows_leaves_a_gap():
    line = points(1, 1, 1, 1, 1)
    assert steps(drawn([*line[:2], *line[4:]])).count("M") == 2


def test_marked_windows_have_dots():
    line = [Point(0, 1, 1.0, is_marked=True), Point(1, 2, 2.0)]
    assert drawn(line).count("dot marked") == 1
    assert "dot now" in drawn(line)


def test_equal_figures_and_none_at_all_are_drawn():
    assert "nan" not in drawn(points(0, 0)) + drawn([]) + drawn(points(None))


def test_a_label_is_escaped():
    line = points(1)
    assert "<b>" not in sparkline(line, Scale(0, 1, 0, 1), label="<b>")
