"""Fair shares: what the rule promises, tried on queues that hypothesis makes up."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.jobs import shares

USERS = [f"u{number}" for number in range(8)]
LENGTHS = st.lists(st.floats(1.0, 60.0), min_size=1, max_size=6)


def work(lengths: Mapping[str, Sequence[float]], workers: int, until_s: float) -> dict[str, float]:
    """Worker seconds that each user gets who has always jobs waiting, of these lengths in turn."""
    served, got, turn = defaultdict(float), defaultdict(float), defaultdict(int)
    running: list[tuple[float, int, str, float]] = []
    now_s = 0.0
    while now_s < until_s:
        while len(running) < workers:
            live = {user: served[user] for user in lengths}
            for _, _, user, started_s in running:
                live[user] += now_s - started_s
            user = shares.order(dict.fromkeys(lengths, 0.0), live)[0]
            length = lengths[user][turn[user] % len(lengths[user])]
            turn[user] += 1
            heapq.heappush(running, (now_s + length, turn[user], user, now_s))
        now_s, _, user, started_s = heapq.heappop(running)
        served[user] += now_s - started_s
        got[user] += min(now_s, until_s) - started_s
    for _, _, user, started_s in running:
        got[user] += max(0.0, until_s - started_s)
    return got


@settings(max_examples=25)
@given(st.fixed_dictionaries(dict.fromkeys(USERS, LENGTHS)), st.integers(1, 4))
def test_of_eight_users_nobody_gets_less_than_half_of_an_equal_share(lengths, workers: int) -> None:
    until_s = 8 * 60.0 * 6
    got = work(lengths, workers, until_s)
    assert min(got[user] for user in USERS) >= 0.5 * workers * until_s / len(USERS)


@settings(max_examples=25)
@given(st.fixed_dictionaries(dict.fromkeys(USERS, LENGTHS)), st.integers(1, 4))
def test_two_users_differ_by_at_most_the_longest_job_on_each_worker_and_one_more(lengths, workers) -> None:
    got = work(lengths, workers, 2000.0)
    assert max(got.values()) - min(got.values()) <= (workers + 1) * 60.0


def test_a_thousand_jobs_of_one_do_not_keep_another_waiting() -> None:
    waiting = {"many": 1.0, "one": 1000.0}
    assert shares.order(waiting, {"many": 50.0, "one": 50.0 - 1e-6})[0] == "one"


def test_who_asked_first_goes_first_among_equals() -> None:
    assert shares.order({"ann": 2.0, "bob": 1.0}, {"ann": 5.0, "bob": 5.0}) == ["bob", "ann"]


def test_nobody_saves_up_shares_while_away() -> None:
    assert shares.arrived(3.0, 100.0) == 100.0


def test_who_used_more_keeps_their_account() -> None:
    assert shares.arrived(300.0, 100.0) == 300.0


def test_the_floor_is_the_least_of_all_who_wait_or_run() -> None:
    assert shares.risen(5.0, {"ann": 9.0, "bob": 7.0}) == 7.0


def test_the_floor_never_falls() -> None:
    assert shares.risen(10.0, {"ann": 9.0}) == 10.0
