"""Texts of a table are shown in Markdown as they are."""

from hypothesis import given
from hypothesis import strategies as st

from projects.evaluation.markdown import code, plain, table


def test_marks_are_escaped():
    assert plain("a|b *c* [d](e) <f> `g` _h_ i_j") == r"a\|b \*c\* \[d\](e) \<f\> \`g\` \_h\_ i_j"


def test_a_text_stays_on_one_line():
    assert plain("a\n# b\r\nc") == r"a \# b c"


def test_long_cells_are_cut():
    (_, _, line) = table(("a",), [("x" * 500,)])
    assert len(line) == 204


def test_code_may_hold_ticks():
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a") == "`` `a ``"


def test_columns_of_numbers_are_aligned_to_the_right():
    assert table(("a", "b"), [("x|y", 1)], right=(1,)) == ["| a | b |", "|---|---:|", r"| x\|y | 1 |"]


@given(st.text(max_size=80))
def test_no_text_breaks_out_of_its_cell(text):
    (_, _, line) = table(("a", "b"), [(text, 1)])
    assert "\n" not in line
    assert line.replace("\\\\", "").replace("\\|", "").count("|") == 3
