"""From a listing to a snapshot: what cannot be served never takes the place of what can."""

import json
from typing import Any

import pytest

from serving.registry.listing import Model, model_of
from serving.registry.resolve import Stock, choose_routes, held_of, resolve, targets
from serving.registry.snapshot import EMPTY, RouteState, Snapshot, decode, encode
from tests.unit.serving.registry_entries import entry, version

READY = Stock()


def model(name: str, *versions: dict[str, Any], **tags: str) -> Model:
    named = {f"penstock.{key.replace('__', '.')}": value for key, value in tags.items()}
    return model_of(entry(name, tags=named), versions)


def snapshot_of(
    *models: Model, before: Snapshot = EMPTY, missing: dict[str, Stock | None] | None = None
) -> Snapshot:
    listed = {item.name: item for item in models}
    chosen = choose_routes(listed, before)
    stock: dict[str, Stock] = {held.folder: READY for held in targets(chosen, listed).values()}
    stock |= {
        state.held.folder: READY for route in before.routes.values() for state in route.variants if state.held
    }
    for number, state in (missing or {}).items():
        folder = next(folder for folder in stock if f"/{number}-" in folder)
        stock.pop(folder)
        if state:
            stock[folder] = state
    return resolve(chosen, listed, stock, before)


def split(weight: float) -> str:
    stages = {"champion": ("Production", 100 - weight), "challenger": ("Staging", weight)}
    return json.dumps({"variants": {name: {"stage": s, "weight": w} for name, (s, w) in stages.items()}})


def answering(route: RouteState) -> list[str | None]:
    return [state.held.version if state.held else None for state in route.variants]


BOTH = version(1, "Production"), version(2, "Staging")


def test_without_a_tag_production_answers() -> None:
    assert answering(snapshot_of(model("m", *BOTH)).routes["m"]) == ["1"]


def test_a_routes_stages_are_resolved() -> None:
    assert answering(snapshot_of(model("m", *BOTH, route=split(10))).routes["m"]) == ["1", "2"]


def test_an_empty_stage_is_said() -> None:
    route = snapshot_of(model("m", version(1, "Production"), route=split(10))).routes["m"]
    assert answering(route) == ["1", None]
    assert route.variants[1].problem == "model 'm' has no version in Staging"


def test_a_version_or_a_model_that_is_not_there_is_said() -> None:
    variants = {"a": {"version": "9", "weight": 50}, "b": {"model": "x", "version": "1", "weight": 50}}
    route = snapshot_of(model("m", *BOTH, route=json.dumps({"variants": variants}))).routes["m"]
    assert [state.problem for state in route.variants] == [
        "model 'm' has no version 9",
        "there is no registered model 'x'",
    ]


def test_an_invalid_tag_keeps_the_last_good_route() -> None:
    good = snapshot_of(model("m", *BOTH, route=split(10)))
    route = snapshot_of(model("m", *BOTH, route="{}"), before=good).routes["m"]
    assert [state.buckets for state in route.variants] == [9000, 1000]
    assert (
        route.problem
        == "route 'm' must have 'variants', an object of 1 to 32 variants; the last good route stays"
    )


def test_the_last_good_route_outlives_several_bad_tags_and_a_restart() -> None:
    good = snapshot_of(model("m", *BOTH, route=split(10)))
    bad = decode(encode(snapshot_of(model("m", *BOTH, route="{}"), before=good)))
    assert answering(snapshot_of(model("m", *BOTH, route="["), before=bad).routes["m"]) == ["1", "2"]


def test_an_invalid_tag_without_a_route_before_answers_nothing() -> None:
    route = snapshot_of(model("m", *BOTH, route="{}")).routes["m"]
    assert (route.variants, route.problem) == (
        (),
        "route 'm' must have 'variants', an object of 1 to 32 variants",
    )


def naming(**challenger: Any) -> str:
    champion = {"stage": "Production", "weight": 50}
    return json.dumps({"variants": {"champion": champion, "challenger": challenger | {"weight": 50}}})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (naming(version="9"), "variant 'challenger' of route 'm': model 'm' has no version 9"),
        (
            naming(model="x", version="1"),
            "variant 'challenger' of route 'm': there is no registered model 'x'",
        ),
        (naming(model="x", stage="Staging"), "there is no registered model 'x'"),
        (
            split(10)[:-1] + ', "shadow": [{"version": "8"}]}',
            "variant 'shadow' of route 'm': model 'm' has no",
        ),
        (
            '{"variants": {"a": {"stage": "Archived", "weight": 100}}}',
            "route 'm' has no variant that can answer: model 'm' has no version in Archived",
        ),
    ],
)
def test_a_tag_that_names_what_is_not_there_keeps_the_last_good_route(text: str, fault: str) -> None:
    good = snapshot_of(model("m", *BOTH, route=split(10)))
    route = snapshot_of(model("m", *BOTH, route=text), before=good).routes["m"]
    assert [state.buckets for state in route.variants] == [9000, 1000]
    assert answering(route) == ["1", "2"]
    assert fault in str(route.problem)
    assert str(route.problem).endswith("; the last good route stays")


def test_a_first_tag_that_names_what_is_not_there_keeps_production() -> None:
    straight = snapshot_of(model("m", *BOTH))
    route = snapshot_of(model("m", *BOTH, route=naming(version="9")), before=straight).routes["m"]
    assert (answering(route), route.text) == (["1"], None)


def test_the_tag_is_followed_as_soon_as_the_version_is_there() -> None:
    good = snapshot_of(model("m", *BOTH, route=split(10)))
    bad = snapshot_of(model("m", *BOTH, route=naming(version="3")), before=good)
    route = snapshot_of(model("m", *BOTH, version(3), route=naming(version="3")), before=bad).routes["m"]
    assert (answering(route), route.problem) == (["1", "3"], None)


def test_where_nothing_answered_before_a_tag_is_followed_as_far_as_it_goes() -> None:
    dark = snapshot_of(model("m", version(2, "Staging")))
    text = split(10)[:-1] + ', "shadow": [{"version": "8"}]}'
    route = snapshot_of(model("m", version(2, "Staging"), route=text), before=dark).routes["m"]
    assert answering(route) == [None, "2"]


def test_a_good_route_whose_version_is_deleted_later_stays() -> None:
    good = snapshot_of(model("m", *BOTH, version(3), route=naming(version="3")))
    route = snapshot_of(model("m", *BOTH, route=naming(version="3")), before=good).routes["m"]
    assert (answering(route), route.problem) == (["1", None], None)
    assert route.variants[1].problem == "model 'm' has no version 3"


def test_an_emptied_stage_is_no_fault_of_the_tag() -> None:
    good = snapshot_of(model("m", *BOTH, route=split(10)))
    emptied = model("m", version(1, "Production"), version(2), route=split(20))
    assert [state.buckets for state in snapshot_of(emptied, before=good).routes["m"].variants] == [8000, 2000]


def test_a_route_keeps_its_name_when_a_model_of_that_name_is_registered() -> None:
    before = snapshot_of(model("m", *BOTH, route__n=split(10)))
    route = snapshot_of(model("m", *BOTH, route__n=split(10)), model("n", version(1)), before=before).routes[
        "n"
    ]
    assert (route.model, answering(route)) == ("m", ["1", "2"])
    assert route.problem == (
        "route 'n' of model 'm' has the name of a registered model, which it hides; rename it"
    )


def test_a_route_keeps_its_name_when_another_model_claims_it() -> None:
    mine, other = model("m", *BOTH, route__ab=split(10)), model("a", *BOTH, route__ab=split(10))
    route = snapshot_of(mine, other, before=snapshot_of(mine)).routes["ab"]
    assert route.model == "m"
    assert route.problem == "route 'ab' of model 'a' has a name that is taken; rename the tag"


def test_a_name_is_free_when_its_route_is_cleared() -> None:
    before = snapshot_of(model("m", *BOTH, route__n=split(10)))
    route = snapshot_of(model("m", *BOTH), model("n", version(1, "Production")), before=before).routes["n"]
    assert (route.model, route.problem) == ("n", None)


def test_thirty_two_variants_and_one_without_a_share_are_resolved() -> None:
    weights = [100 - 30 * 3, *[3] * 30, 0]
    variants = {f"v{i}": {"version": "1", "weight": weight} for i, weight in enumerate(weights)}
    route = snapshot_of(model("m", *BOTH, route=json.dumps({"variants": variants}))).routes["m"]
    assert answering(route) == ["1"] * 32


def test_a_version_that_is_being_fetched_leaves_the_one_before() -> None:
    first = snapshot_of(model("m", version(1, "Production")))
    moved = model("m", version(1, "Archived"), version(2, "Production"))
    route = snapshot_of(moved, before=first, missing={"2": None}).routes["m"]
    assert answering(route) == ["1"]
    assert route.variants[0].problem == "version 2 of 'm' is being fetched; version 1 answers instead"


def test_a_version_that_cannot_be_served_leaves_the_one_before() -> None:
    first = snapshot_of(model("m", version(1, "Production")))
    moved = model("m", version(1, "Archived"), version(2, "Production"))
    second = snapshot_of(moved, before=first, missing={"2": Stock("no MLmodel")})
    third = snapshot_of(
        model("m", version(2, "Archived"), version(3, "Production")), before=second, missing={"3": Stock("x")}
    )
    assert answering(second.routes["m"]) == answering(third.routes["m"]) == ["1"]
    assert second.routes["m"].variants[0].problem == (
        "version 2 of 'm' cannot be served: no MLmodel; version 1 answers instead"
    )


def test_a_named_route_may_mix_models() -> None:
    text = json.dumps(
        {
            "variants": {
                "a": {"stage": "Production", "weight": 50},
                "b": {"model": "n", "version": "1", "weight": 50},
            }
        }
    )
    snapshot = snapshot_of(model("m", *BOTH, route__ab=text), model("n", version(1)))
    assert [(state.model, state.held and state.held.version) for state in snapshot.routes["ab"].variants] == [
        ("m", "1"),
        ("n", "1"),
    ]


def test_a_named_route_cannot_take_a_models_name() -> None:
    snapshot = snapshot_of(model("m", *BOTH, route__n=split(10)), model("n", version(1, "Production")))
    assert snapshot.routes["n"].model == "n"
    assert snapshot.routes["n"].problem == "route 'n' of model 'm' has a name that is taken; rename the tag"


def test_another_artefact_under_the_same_number_has_another_folder() -> None:
    first, second = version(1), version(1) | {"creation_timestamp": 5}
    folders = {held_of("m", model("m", item).versions["1"]).folder for item in (first, second)}
    assert len(folders) == 2


def test_a_models_name_is_quoted_in_its_folder() -> None:
    assert held_of("../m", model("m", version(1)).versions["1"]).folder.startswith("models/..+2Fm/1-")


def test_a_snapshot_is_read_as_it_was_written() -> None:
    snapshot = snapshot_of(model("m", *BOTH, route=split(10)), model("n", version(1)))
    assert decode(encode(snapshot)) == snapshot


@pytest.mark.parametrize("name", ["with space", "ünï", "per%cent", "x" * 250, "模" * 100])
def test_a_models_folder_is_short_and_no_address_escape(name: str) -> None:
    folder = held_of(name, model(name, version(1)).versions["1"]).folder
    assert "%" not in folder
    assert len(folder.split("/")[1]) <= 200
