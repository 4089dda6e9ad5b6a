"""A measure that a plan names is made of sound JSON, or refused with the plan."""

import time

import pytest

from serving.plan.text.keywords import Keywords
from serving.plan.text.measures import measure_of
from serving.plan.text.reading import Reading
from serving.plan.text.rules import may_explode

SLOW = [r"(a+)+b", r"(?:a|aa)+b", r"(?:a?a?)*b", r"(?:a{0,9}){0,9}b", r"((?:x*|y)z?)+"]
QUICK = [r"\d+ %", r"INC\d{6}", r"(?:\d{1,3}\.){3}\d{1,3}", r"(?:\w|-)+@\w+", r"(?:ab){2,}", r"down|outage"]


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_may_take_for_ever_is_told(pattern):
    assert may_explode(pattern)


@pytest.mark.parametrize("pattern", QUICK)
def test_a_usual_pattern_is_not(pattern):
    assert not may_explode(pattern)


@pytest.mark.parametrize("pattern", ["(", SLOW[0]])
def test_a_plan_with_such_a_pattern_is_not_read(pattern):
    rule = {"name": "odd", "group": "g", "any": [], "pattern": pattern, "weight": 1.0}
    with pytest.raises(ValueError, match="the pattern of rule 'odd'"):
        measure_of("rules", {"rules": [rule]})


@pytest.mark.parametrize("numbers", [[0.1, 0.1, 0, 1], [float("nan"), 0.1, 1, 0]])
def test_a_lexicon_that_makes_no_numbers_is_not_read(numbers):
    with pytest.raises(ValueError, match="the lexicon says"):
        measure_of("sentiment", {"lexicon": {"odd": numbers}})


def test_a_mark_may_be_in_a_lexicon():
    measure = measure_of("sentiment", {"lexicon": {"!": [0.5, 0.5, 1, 0]}})
    assert measure.of(Reading("!"))[0] == 0.5


def test_a_long_phrase_costs_no_more_than_its_length():
    measure, reading = Keywords({"long": [" ".join(["x"] * 1000)]}), Reading("x " * 3000)
    started = time.process_time()
    assert measure.of(reading)[0] == 2001 / 3000
    assert time.process_time() - started < 1
