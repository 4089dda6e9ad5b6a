"""Wrong passwords slow down who tries them."""

import pytest

from serving.callers import throttle
from serving.callers.throttle import FIRST_S, FORGET_S, FREE, HOME_S, MOST_HOMES, MOST_S, Throttle

HOME, AWAY = "192.0.2.1", "198.51.100.7"


class Scene:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.throttle = Throttle(lambda: self.now_s)

    def wrong(self, count: int, name: str = "ada", address: str = "1.2.3.4") -> list[float]:
        return [self.throttle.begin(name, address) for _ in range(count)]


def test_a_few_wrong_ones_are_free_and_then_each_doubles_the_wait() -> None:
    scene = Scene()
    assert scene.wrong(FREE["name"]) == [0.0] * FREE["name"]
    waits = []
    for _ in range(4):
        waits.append(scene.wrong(1)[0])
        scene.now_s += waits[-1]
        assert scene.wrong(1) == [0.0]
    assert waits == [FIRST_S * 2**step for step in range(4)]


def test_waits_have_an_end() -> None:
    scene = Scene()
    for _ in range(100):
        scene.now_s += scene.wrong(1)[0]
    assert max(scene.wrong(3)) <= MOST_S


def test_a_name_is_slowed_from_every_address() -> None:
    scene = Scene()
    for number in range(FREE["name"]):
        scene.wrong(1, address=f"10.0.0.{number}")
    assert scene.wrong(1, address="10.0.1.1")[0] > 0
    assert scene.wrong(1, name="ben", address="10.0.1.1") == [0.0]


def test_an_address_is_slowed_for_every_name() -> None:
    scene = Scene()
    for number in range(FREE["address"]):
        scene.wrong(1, name=f"user{number}")
    assert scene.wrong(1, name="another")[0] > 0
    assert scene.wrong(1, name="another", address="5.6.7.8") == [0.0]


def test_a_right_one_frees_the_name_but_not_the_address() -> None:
    scene = Scene()
    for number in range(FREE["address"] - 1):
        scene.wrong(1, name=f"user{number}")
    assert scene.wrong(1, name="mallory") == [0.0]
    scene.throttle.succeeded("mallory", "1.2.3.4")
    assert scene.wrong(1, name="mallory") == [0.0]
    assert scene.wrong(1, name="mallory")[0] > 0


def signed_in(address: str = HOME) -> Scene:
    scene = Scene()
    scene.wrong(1, address=address)
    scene.throttle.succeeded("ada", address)
    return scene


def test_nobody_is_shut_out_where_they_lately_signed_in_by_guesses_from_elsewhere() -> None:
    scene = signed_in()
    for number in range(100):
        scene.wrong(1, address=f"10.0.0.{number}")
        scene.now_s += 1
    assert scene.wrong(1, address=AWAY)[0] > 0
    assert scene.wrong(1, address=HOME) == [0.0]


def test_guesses_are_slowed_at_ones_own_address_too() -> None:
    scene = signed_in()
    assert scene.wrong(FREE["pair"] + 1, address=HOME)[-1] > 0


def test_a_right_password_at_home_gives_guesses_elsewhere_no_new_tries() -> None:
    scene = signed_in()
    scene.wrong(FREE["name"], address=AWAY)
    scene.wrong(1, address=HOME)
    scene.throttle.succeeded("ada", HOME)
    assert scene.wrong(1, address=AWAY)[0] > 0


def test_an_address_is_ones_own_for_thirty_days() -> None:
    scene = signed_in()
    scene.now_s += HOME_S
    for number in range(FREE["name"]):
        scene.wrong(1, address=f"10.0.0.{number}")
    assert scene.wrong(1, address=HOME)[0] > 0


def test_only_the_newest_addresses_are_ones_own() -> None:
    scene = signed_in()
    for number in range(MOST_HOMES):
        scene.throttle.succeeded("ada", f"10.0.0.{number}")
    assert HOME not in scene.throttle._homes["ada"]
    assert len(scene.throttle._homes["ada"]) == MOST_HOMES


def test_many_at_once_gain_nothing_as_tries_count_when_they_begin() -> None:
    waits = Scene().wrong(50)
    assert waits.count(0.0) == FREE["name"]


def test_what_could_not_be_judged_counts_as_nothing() -> None:
    scene = Scene()
    for _ in range(50):
        assert scene.wrong(1) == [0.0]
        scene.throttle.unjudged("ada", "1.2.3.4")


def test_long_after_the_last_try_all_is_forgotten() -> None:
    scene = Scene()
    scene.wrong(FREE["name"])
    scene.now_s += FORGET_S
    assert scene.wrong(FREE["name"]) == [0.0] * FREE["name"]


def test_no_more_names_are_remembered_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_HELD", 10)
    scene = Scene()
    for number in range(100):
        scene.wrong(1, name=f"user{number}", address=f"a{number}")
    assert len(scene.throttle._tries) == 10


def test_right_ones_at_home_do_not_wear_down_what_others_tried() -> None:
    scene = Scene()
    scene.throttle.begin("ada", HOME)
    scene.throttle.succeeded("ada", HOME)
    for number in range(FREE["name"]):
        scene.wrong(1, address=f"10.0.0.{number}")
    for _ in range(FREE["name"]):
        assert scene.throttle.begin("ada", HOME) == 0.0
        scene.throttle.succeeded("ada", HOME)
    assert scene.throttle.begin("ada", "10.0.1.1") > 0
