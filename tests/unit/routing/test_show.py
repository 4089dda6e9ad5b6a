"""What `show` tells of a registry's routes."""

import json
from datetime import UTC, datetime
from typing import Any

from serving.lifecycle.canary.counts import LaneName
from serving.lifecycle.canary.state import State
from serving.registry.listing import Model, model_of
from serving.routes.show import lines, tables
from tests.unit.serving.registry_entries import entry, version


def model(name: str, **tags: str) -> Model:
    named = {f"penstock.{key.replace('__', '.')}": value for key, value in tags.items()}
    return model_of(entry(name, tags=named), [version(1, "Production"), version(2, "Staging")])


def shown(*models: Model, state: State | None = None) -> list[str]:
    found = tables({item.name: item for item in models}, lambda name: state if name == "m" else None)
    return [line for table in found for line in lines(table)]


def split(**challenger: Any) -> str:
    variants = {"champion": {"stage": "Production", "weight": 89.5}, "next": challenger | {"weight": 10.5}}
    return json.dumps({"variants": variants, "shadow": [{"stage": "Staging"}]})


def test_a_model_without_a_route() -> None:
    assert shown(model("m")) == [
        "m  (no route set: all to Production)",
        "  champion            100 %  m Production -> version 1 in Production",
    ]


def test_variants_shadows_and_what_each_means() -> None:
    assert shown(model("m", route__ab=split(version="2")))[:4] == [
        "ab  (on model 'm')",
        "  champion           89.5 %  m Production -> version 1 in Production",
        "  next               10.5 %  m version 2 -> version 2 in Staging",
        "  shadow           shadow    m Staging -> version 2 in Staging",
    ]


def test_problems_are_shown() -> None:
    assert shown(model("m", route=split(version="9")))[-1] == (
        "  ! variant 'next' of route 'm': model 'm' has no version 9; its versions are 1, 2"
    )
    assert "the gateway keeps the last good route" in shown(model("m", route="{"))[-1]


def test_a_canary_is_shown_with_its_steps() -> None:
    lane = LaneName("m", "1", "champion")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    state = State("m", "m", "next", lane, lane, "running", 10.0, since)
    policy = '{"traffic": {"canary": [10, 50, 100]}}'
    assert shown(model("m", policy=policy), state=state)[-1] == (
        "  canary (10, 50, 100): running at 10 % since 2026-01-01T00:00:00+00:00"
    )
    assert shown(model("m", policy=policy))[-1] == "  canary (10, 50, 100)"


def test_a_schedule_that_cannot_be_used_is_a_problem() -> None:
    assert "must be rising percents" in shown(model("m", policy='{"traffic": {"canary": [50, 10]}}'))[-1]
