"""The routing table: who answers, who stands in, and what is said about it."""

from collections import Counter
from itertools import pairwise
from random import Random

from scipy import stats

from serving.protocol.media import Media
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState
from serving.registry.table import Loaded, Table, build
from serving.scorers.scorer import Job, Kind, Scored


class Echo:
    """A scorer that answers with what it is given."""

    kind: Kind = "plan"
    fallback = reason = ""
    columns: tuple[tuple[str, str], ...] = ()

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        return Scored(body, (), [], [], None)


def variant(name: str, buckets: int, version: str | None, problem: str | None = None) -> VariantState:
    held = Held("m", version, f"models/m/{version}", None) if version else None
    return VariantState(name, "m", "Production", None, buckets, held, problem)


def table(*variants: VariantState, before: Table | None = None, **failures: str) -> Table:
    state = RouteState("m", "m", None, "salt", variants, (), None)
    loaded: dict[str, Loaded] = {item.held.folder: Echo() for item in variants if item.held}
    loaded |= {f"models/m/{number.removeprefix('v')}": reason for number, reason in failures.items()}
    return build(Snapshot({"m": state}, {}), loaded, before or {})


def shares(found: Table) -> Counter[str | None]:
    lanes = [found["m"].lane(b"user-%d" % i, lambda: 0.0) for i in range(2000)]
    return Counter(lane.held.version if lane else None for lane in lanes)


def test_one_variant_takes_all() -> None:
    assert shares(table(variant("champion", 10_000, "1"))) == {"1": 2000}


def test_two_variants_share_by_their_weights() -> None:
    found = shares(table(variant("champion", 9000, "1"), variant("challenger", 1000, "2")))
    assert 130 < found["2"] < 270


def test_the_share_of_a_variant_without_a_version_goes_to_the_champion() -> None:
    assert shares(table(variant("champion", 6000, "1"), variant("challenger", 4000, None))) == {"1": 2000}


def test_a_champion_without_a_version_leaves_all_to_the_challenger() -> None:
    assert shares(table(variant("champion", 9000, None), variant("challenger", 1000, "2"))) == {"2": 2000}


def test_without_any_version_nobody_answers() -> None:
    assert shares(table(variant("champion", 10_000, None, "nothing in Production"))) == {None: 2000}


def test_without_a_user_the_draw_decides() -> None:
    route = table(variant("champion", 9000, "1"), variant("challenger", 1000, "2"))["m"]
    drawn = [route.lane(None, lambda place=place: place) for place in (0.0, 0.8999, 0.9, 0.9999)]
    assert [lane and lane.held.version for lane in drawn] == ["1", "1", "2", "2"]


def test_requests_without_a_user_split_by_the_weights_each_anew() -> None:
    route = table(variant("champion", 7000, "1"), variant("a", 2500, "2"), variant("b", 500, "3"))["m"]
    draw = Random(7).random
    lanes = (route.lane(None, draw) for _ in range(200_000))
    counts = Counter(lane.held.version for lane in lanes if lane)
    expected = [140_000, 50_000, 10_000]
    assert stats.chisquare([counts[number] for number in ("1", "2", "3")], expected).pvalue > 0.001


def test_requests_without_a_user_do_not_depend_on_the_one_before() -> None:
    route = table(variant("champion", 5000, "1"), variant("challenger", 5000, "2"))["m"]
    draw = Random(7).random
    drawn = [lane.held.version for _ in range(100_000) if (lane := route.lane(None, draw))]
    pairs = Counter(pairwise(drawn))
    assert stats.chisquare(list(pairs.values())).pvalue > 0.001


def test_a_variant_without_a_share_is_held_and_gets_nobody() -> None:
    found = table(variant("champion", 10_000, "1"), variant("challenger", 0, "2"))
    assert shares(found) == {"1": 2000}
    assert [lane.variant for lane in found["m"].challengers] == ["challenger"]


def test_thirty_two_variants_share() -> None:
    weights = [10_000 - 31 * 300, *[300] * 31]
    found = shares(table(*[variant(f"v{i}", weights[i], str(i)) for i in range(32)]))
    assert len(found) == 32


def test_the_champion_is_who_answers_in_anothers_place() -> None:
    assert champion_of(variant("challenger", 1000, "2"), variant("champion", 9000, "1")) == "1"
    assert champion_of(variant("a", 1000, "2"), variant("b", 9000, "1")) == "2"
    assert champion_of(variant("champion", 9000, None), variant("challenger", 1000, "2")) is None


def champion_of(*variants: VariantState) -> str | None:
    lane = table(*variants)["m"].champion
    return lane.held.version if lane else None


def test_a_version_that_this_worker_cannot_load_leaves_the_one_before() -> None:
    before = table(variant("champion", 10_000, "1"))
    after = table(variant("champion", 10_000, "2"), before=before, v2="no memory")
    assert shares(after) == {"1": 2000}
    assert after["m"].problems == (
        "variant 'champion': version 2 of 'm': no memory; version 1 answers instead",
    )


def test_a_route_without_variants_answers_nobody() -> None:
    state = RouteState("m", "m", None, "", (), (), "the tag is no route")
    found = build(Snapshot({"m": state}, {}), {}, {})
    assert (found["m"].lane(b"ann", lambda: 0.0), found["m"].problems) == (None, ("the tag is no route",))
