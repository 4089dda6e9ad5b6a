"""Which version a stage means."""

from typing import Any

from serving.registry.listing import fingerprint, in_stage, model_of
from tests.unit.serving.registry_entries import entry, version


def production(*versions: dict[str, Any], **aliases: str) -> str | None:
    return in_stage(model_of(entry("m", aliases=aliases), versions), "Production")


def test_a_stage_means_the_highest_version_in_it() -> None:
    assert production(version(9, "Production"), version(10, "Production"), version(11)) == "10"


def test_an_empty_stage_means_nothing() -> None:
    assert production(version(1, "Staging")) is None


def test_the_lifecycles_alias_wins_over_the_highest() -> None:
    assert production(version(1, "Production", updated=9000), version(2, "Production"), production="1") == "1"


def test_an_alias_on_a_version_that_has_left_the_stage_says_nothing() -> None:
    assert production(version(1, "Archived", updated=9000), version(2, "Production"), production="1") == "2"


def test_a_higher_version_that_came_after_the_alias_wins() -> None:
    versions = version(1, "Production", updated=5000), version(2, "Production", updated=6000)
    assert production(*versions, production="1") == "2"


def test_route_tags_are_read_by_called_name() -> None:
    tags = {"penstock.route": "own", "penstock.route.ab": "named", "penstock.routes": "no", "other": "no"}
    assert model_of(entry("m", tags=tags), []).route_tags == {"m": "own", "ab": "named"}


def test_the_fingerprint_sees_tags_and_aliases() -> None:
    marks = {
        fingerprint(entry("m")),
        fingerprint(entry("m", tags={"a": "1"})),
        fingerprint(entry("m", aliases={"a": "1"})),
    }
    assert len(marks) == 3
