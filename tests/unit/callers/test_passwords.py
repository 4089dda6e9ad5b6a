"""Whose a password is, and what wrong ones cost."""

from contextlib import suppress

import pytest

from serving.callers.answers import REFUSAL_S
from serving.callers.asking import Credentials, UsersAway
from serving.callers.passwords import HOLDS_S, REFUSED_AFTER_S, Passwords, TooOften, WrongPassword
from serving.callers.throttle import FREE, MOST_S

RIGHT, WRONG = Credentials("ada", "right"), Credentials("ada", "wrong")


class Scene:
    def __init__(self) -> None:
        self.now_s, self.asked, self.told, self.is_away, self.is_changed = 0.0, 0, [], False, False
        self.passwords: Passwords[str] = Passwords(
            self.ask,
            refused=lambda name, address: self.told.append((name, address)),
            clock=lambda: self.now_s,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def ask(self, said: Credentials) -> str | None:
        self.asked += 1
        self.now_s += 0.2 if said.name == "ada" else 0.001
        if self.is_away:
            raise UsersAway("gone")
        return said.name if said.password.startswith("right") and not self.is_changed else None

    def check(self, said: Credentials = RIGHT) -> str:
        return self.passwords.check(said, "1.2.3.4")

    def check_in_vain(self, password: str) -> None:
        with suppress(WrongPassword):
            self.check(Credentials("ada", password))


def test_a_right_one_is_asked_once_for_a_while() -> None:
    scene = Scene()
    assert scene.passwords.held(RIGHT) is None
    assert (scene.check(), scene.check(), scene.asked) == ("ada", "ada", 1)
    assert scene.passwords.held(RIGHT) == "ada"
    scene.now_s += HOLDS_S
    scene.check()
    assert scene.asked == 2


def test_a_refusal_takes_as_long_for_a_name_that_nobody_has() -> None:
    spent = []
    for said in (WRONG, Credentials("nobody", "x")):
        scene = Scene()
        with pytest.raises(WrongPassword):
            scene.check(said)
        spent.append(scene.now_s)
    assert spent == [REFUSED_AFTER_S, REFUSED_AFTER_S]


def test_guessing_is_slowed_down_and_told() -> None:
    scene = Scene()
    for number in range(FREE["name"]):
        with pytest.raises(WrongPassword):
            scene.check(Credentials("ada", f"guess {number}"))
    asked = scene.asked
    with pytest.raises(TooOften, match="too many wrong passwords; try again in 1 seconds"):
        scene.check()
    assert scene.asked == asked
    assert scene.told == [("ada", "1.2.3.4")] * FREE["name"]


def test_whoever_is_known_goes_on_while_their_name_is_guessed_at() -> None:
    scene = Scene()
    scene.check()
    for number in range(FREE["name"] + 1):
        with pytest.raises((WrongPassword, TooOften)):
            scene.check(Credentials("ada", f"guess {number}"))
    assert scene.check() == "ada"


def test_a_renewal_is_no_guess() -> None:
    scene = Scene()
    scene.check()
    for number in range(12):
        scene.now_s += MOST_S
        scene.check_in_vain(f"guess {number}")
    assert scene.now_s > HOLDS_S
    assert scene.check() == "ada"


def test_a_right_password_that_was_changed_slows_down_like_any_other() -> None:
    scene = Scene()
    scene.check()
    scene.is_changed = True
    for _ in range(FREE["name"] + 4):
        scene.now_s += MOST_S
        with pytest.raises(WrongPassword):
            scene.check()
    scene.now_s += REFUSAL_S
    with pytest.raises(TooOften):
        scene.check()


def test_passwords_are_not_blamed_on_people_while_mlflow_is_away() -> None:
    scene = Scene()
    scene.is_away = True
    for _ in range(3 * FREE["name"]):
        scene.now_s += 10
        with pytest.raises(UsersAway):
            scene.check()
    scene.is_away, scene.now_s = False, scene.now_s + 10
    assert scene.check() == "ada"


def test_a_password_is_nowhere_in_memory_once_it_was_checked() -> None:
    scene = Scene()
    scene.check(Credentials("ada", "right-and-secret"))
    assert "secret" not in repr(vars(scene.passwords._known))
    assert "secret" not in repr(Credentials("ada", "right-and-secret"))


def test_who_was_forgotten_is_asked_for_anew() -> None:
    scene = Scene()
    scene.check()
    scene.passwords.forget("ada")
    assert scene.passwords.held(RIGHT) is None
