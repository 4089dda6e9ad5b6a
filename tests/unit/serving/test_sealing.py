"""The upkeep's thread: what it counts, and when it comes again."""

import json
import subprocess
from typing import Any

import pytest

from serving import sealing
from serving.policy import Policy
from serving.sealing import Sealer

GOOD: dict[str, Any] = {
    "outcomes": {"matched": 2},
    "backlog": {"files": 0, "bytes": 0, "oldest_s": None},
    "problems": [],
}
BAD = GOOD | {"problems": ["uploaded: away"], "backlog": {"files": 3, "bytes": 10, "oldest_s": 100.0}}


class Rounds:
    """A sealer whose processes and waits are told instead of made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *reports: object) -> None:
        self.reports, self.waits, self.commands = list(reports), [], []
        self.sealer = Sealer(lambda: True, lambda: {"churn": 30.0})
        monkeypatch.setattr(sealing.subprocess, "run", self._run)
        monkeypatch.setattr(self.sealer._stop, "wait", self._wait)
        self.sealer.run(300.0)

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return not self.reports

    def _run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        report = self.reports.pop(0)
        if isinstance(report, Exception):
            raise report
        out, err = (report, "") if isinstance(report, str) else (json.dumps(report), "")
        return subprocess.CompletedProcess(command, 0, out, err)


def test_after_a_refusal_it_comes_sooner_and_then_ever_later(monkeypatch):
    rounds = Rounds(monkeypatch, GOOD, *[BAD] * 8, GOOD, BAD)
    assert rounds.waits == [300, 300, 5, 10, 20, 40, 80, 160, 300, 300, 300, 5]


def test_a_policys_retention_is_told(monkeypatch):
    assert Rounds(monkeypatch, GOOD).commands[0][-2:] == ["--retention", '{"churn": 30.0}']


def test_kinds_of_outcomes_add_up(monkeypatch):
    assert Rounds(monkeypatch, GOOD, BAD).sealer.kinds == {"matched": 4}


def test_the_backlog_ages_while_nothing_is_reported(monkeypatch):
    assert Rounds(monkeypatch, BAD).sealer.backlog(160.0) == (3, 10, 60.0)


@pytest.mark.parametrize("trouble", [OSError("no memory"), subprocess.TimeoutExpired("x", 1), "no JSON", ""])
def test_a_process_that_fails_is_counted(monkeypatch, trouble):
    sealer = Rounds(monkeypatch, trouble).sealer
    assert (sealer.failures, sealer.problem is None) == (1, False)


def test_that_another_process_is_at_it_is_no_failure(monkeypatch):
    sealer = Rounds(monkeypatch, "null").sealer
    assert (sealer.failures, sealer.problem) == (0, None)


def test_a_round_that_goes_well_ends_the_problem(monkeypatch):
    sealer = Rounds(monkeypatch, BAD, GOOD).sealer
    assert (sealer.failures, sealer.problem) == (1, None)


def test_retention_is_read_from_the_policy():
    from serving.policy import parse

    assert parse('{"log": {"retention_days": 30}}', model="m") == Policy(retention_days=30.0)
    assert parse('{"log": {"retention_days": 0}}', model="m").problems == (
        "the policy of 'm': log.retention_days must be days above zero, not 0",
    )
