"""Answers that are kept a while, and go on while nobody answers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.callers.answers import AWAY_S, GRACE_S, REFUSAL_S, Answers
from serving.callers.asking import UsersAway

TTL_S = 60.0


class Scene:
    def __init__(self) -> None:
        self.now_s, self.asked, self.said, self.is_away = 0.0, 0, "yes", False
        self.answers: Answers[str] = Answers(TTL_S, lambda: self.now_s)

    def ask(self) -> str | None:
        self.asked += 1
        if self.is_away:
            raise UsersAway("gone")
        return self.said or None

    def get(self) -> str | None:
        return self.answers.get("q", self.ask)


def test_an_answer_holds_for_its_time() -> None:
    scene = Scene()
    assert (scene.get(), scene.get(), scene.asked) == ("yes", "yes", 1)
    scene.now_s, scene.said = TTL_S, "no"
    assert (scene.get(), scene.asked) == ("no", 2)


def test_a_refusal_holds_shortly_and_is_no_held_answer() -> None:
    scene = Scene()
    scene.said = ""
    assert (scene.get(), scene.get(), scene.asked) == (None, None, 1)
    assert scene.answers.held("q") is None
    scene.now_s = REFUSAL_S
    scene.get()
    assert scene.asked == 2


def test_while_nobody_answers_the_last_answer_goes_on_and_nobody_is_pressed() -> None:
    scene = Scene()
    scene.get()
    scene.is_away, scene.now_s = True, TTL_S + 1
    assert (scene.get(), scene.get(), scene.asked) == ("yes", "yes", 2)
    scene.now_s += AWAY_S
    scene.get()
    assert scene.asked == 3


def test_questions_while_they_are_away_do_not_put_off_the_next_one() -> None:
    scene = Scene()
    scene.is_away = True
    with pytest.raises(UsersAway):
        scene.get()
    scene.is_away = False
    while scene.now_s < AWAY_S - 0.1:
        scene.now_s += 0.1
        with pytest.raises(UsersAway, match="a moment ago"):
            scene.get()
    scene.now_s = AWAY_S
    assert scene.get() == "yes"


def test_after_minutes_without_an_answer_nothing_goes_on() -> None:
    scene = Scene()
    scene.get()
    scene.is_away, scene.now_s = True, TTL_S + GRACE_S
    with pytest.raises(UsersAway):
        scene.get()


def test_what_is_forgotten_is_asked_anew() -> None:
    scene = Scene()
    scene.get()
    scene.answers.forget(lambda question: question == "q")
    scene.get()
    assert scene.asked == 2


def test_many_threads_ask_once() -> None:
    scene, gate = Scene(), threading.Event()

    def slow() -> str | None:
        gate.wait(5)
        return scene.ask()

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(scene.answers.get, "q", slow) for _ in range(8)]
        gate.set()
        assert [each.result() for each in waiting] == ["yes"] * 8
    assert scene.asked == 1
