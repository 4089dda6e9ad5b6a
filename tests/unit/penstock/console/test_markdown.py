"""Model cards as HTML: what they use is understood, what they hold is escaped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.console.markdown import as_html
from tests.service.html_checks import Page


def test_headings_stand_below_the_pages_own():
    assert as_html("# Card\n\n## Scores") == "<h3>Card</h3>\n<h4>Scores</h4>"


def test_a_list_with_bold_and_code():
    assert as_html("- **good** at `a < b`\n- b") == (
        '<ul class="plain"><li><b>good</b> at <code>a &lt; b</code></li><li>b</li></ul>'
    )


def test_a_table():
    html = as_html("| name | value |\n|---|---|\n| a\\|b | 1 |")
    assert '<th scope="col">name</th><th scope="col">value</th>' in html
    assert "<td>a|b</td><td>1</td>" in html


def test_code_is_kept_as_it_is():
    assert as_html("```\nx = 1\n# no heading\n```\nafter") == "<pre>x = 1\n# no heading</pre>\n<p>after</p>"


def test_lines_of_a_paragraph_belong_together():
    assert as_html("one\ntwo\n\nthree") == "<p>one two</p>\n<p>three</p>"


@pytest.mark.parametrize(
    "text", ["<script>x</script>", "# <script>", "- <script>", "|<script>|\n|--|\n|<script>|"]
)
def test_nothing_gets_out(text):
    assert "<script" not in as_html(text)


@given(st.text(alphabet="#-|*` \n<>&\"'ab1.", max_size=80))
def test_any_text_becomes_whole_html(text):
    page = Page()
    page.feed(as_html(text))
    assert page.faults == []
    assert page._open == []
