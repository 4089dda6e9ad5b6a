"""Numbers, times and sizes as people read them."""

import doctest

import pytest

from penstock.console import training_fields, visit, words


@pytest.mark.parametrize("module", [words, visit, training_fields])
def test_the_examples_are_true(module):
    assert doctest.testmod(module).failed == 0


def test_a_moment_is_told_to_people_and_to_machines():
    told = '<time datetime="2026-03-01T12:00:00+00:00">01 Mar 2026, 12:00 UTC</time>'
    assert str(words.when(1772366400)) == told


def test_no_moment_is_a_dash():
    assert str(words.when(0)) == "-"


def test_a_text_that_is_no_time_is_escaped():
    assert str(words.told_time("<b>")) == "&lt;b&gt;"


def test_large_sizes_stay_readable():
    assert words.size(5e15) == "5e+03 TB"
