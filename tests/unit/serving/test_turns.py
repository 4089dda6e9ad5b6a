"""A queue in which groups take turns."""

import threading

from serving.turns import Turns


def test_groups_take_turns_and_keep_their_own_order() -> None:
    turns: Turns[str] = Turns()
    for group, item in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")):
        turns.put(group, item)
    assert [turns.get() for _ in range(6)] == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_newcomer_waits_for_one_of_each_group_at_most() -> None:
    turns: Turns[str] = Turns()
    for place in range(100):
        turns.put("hot", f"hot{place}")
    turns.get()
    turns.put("new", "new")
    assert [turns.get(), turns.get()] == ["hot1", "new"]


def test_who_waits_is_woken() -> None:
    turns: Turns[int] = Turns()
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(turns.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for item in range(4):
        turns.put(item % 2, item)
    for thread in threads:
        thread.join(5)
    assert sorted(got) == [0, 1, 2, 3]
