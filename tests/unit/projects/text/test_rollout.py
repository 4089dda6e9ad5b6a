"""10 %, 50 %, all: what the route is at each step, and which step labelled answers earn."""

import json

import numpy as np
import pytest

from projects.errors import BadInput
from projects.text.rollout import STEPS, next_step, route_at
from serving.routing.route import parse


def answers(right: float, number: int = 2_000, seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["b", "e", "m", "t"], number)
    said = np.where(rng.random(number) < right, truth, rng.choice(["b", "e", "m", "t"], number))
    return truth, said


@pytest.mark.parametrize(("percent", "wanted"), [
    (0, {"champion": ("3", 10_000)}),
    (10, {"champion": ("3", 9_000), "challenger": ("4", 1_000)}),
    (50, {"champion": ("3", 5_000), "challenger": ("4", 5_000)}),
    (100, {"champion": ("4", 10_000)}),
])  # fmt: skip
def test_the_gateway_reads_the_route_of_each_step(percent, wanted):
    route = parse(json.dumps(route_at(percent, old="3", new="4")), name="news", model="news")

    assert {one.name: (one.version, one.buckets) for one in route.variants} == wanted


def test_users_stay_with_their_version_from_step_to_step():
    assert {route_at(percent, old="3", new="4")["salt"] for percent in STEPS} == {"text"}


def test_a_share_above_100_is_refused():
    with pytest.raises(BadInput, match=r"^a version's share must be 0 to 100 percent, not 101$"):
        route_at(101, old="3", new="4")


@pytest.mark.parametrize(("percent", "then"), [(10, 50), (50, 100), (100, 100)])
def test_a_better_version_advances(percent, then):
    step = next_step(percent, answers(0.85), answers(0.92, seed=1))

    assert (step.verdict, step.percent) == ("advance", then)


def test_a_worse_version_goes_back():
    step = next_step(10, answers(0.92), answers(0.80, seed=1))

    assert (step.verdict, step.percent) == ("back", 0)
    assert step.sentence.endswith(": worse beyond chance")


def test_what_is_not_told_apart_from_worse_is_held():
    step = next_step(10, answers(0.9, 150), answers(0.9, 150))

    assert (step.verdict, step.percent) == ("hold", 10)
    assert step.sentence.endswith(": 0.02 worse is not ruled out yet")


def test_few_answers_are_held():
    step = next_step(10, answers(0.9), answers(0.9, 49))

    assert (step.verdict, step.sentence) == ("hold", "49 labelled answers of a version; 50 are needed")


def test_labels_and_answers_must_be_as_many():
    truth, said = answers(0.9)
    with pytest.raises(BadInput, match=r"^the new version has 1999 labels and 2000 answers; give one each$"):
        next_step(10, (truth, said), (truth[1:], said))


def test_another_share_is_no_step():
    with pytest.raises(BadInput, match=r"^the new version's share must be one of 10, 50, 100, not 20$"):
        next_step(20, answers(0.9), answers(0.9))
