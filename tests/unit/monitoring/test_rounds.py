"""What a monitor does in a round while it is on duty, and no more once another has taken over."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from monitoring.duty import Duty, leases_of
from monitoring.loop import Rounds
from monitoring.metrics import MonitorMetrics
from serving.settings import load


class Watching:
    """A monitor whose round lasts as long as a test wants."""

    def __init__(self, meanwhile):
        self._meanwhile = meanwhile
        self.is_forgotten = False

    def round(self, models, *, stay):
        self._meanwhile()
        stay()

    def results(self):
        return ()

    def forget(self):
        self.is_forgotten = True


class Ticked(list):
    """The models of each tick."""

    tick = list.append


@pytest.mark.parametrize(("lasts_s", "ticks"), [(50.0, [["churn"]]), (500.0, [])])
def test_a_monitor_that_lost_its_duty_in_a_round_decides_nothing(tmp_path, lasts_s, ticks):
    settings = replace(load({"PENSTOCK_VAR_DIR": str(tmp_path)}), monitor_lease_s=100.0)
    clock_s, ticked = [1e9], Ticked()
    leases = leases_of(replace(settings, monitor_interval_s=10.0), lambda: clock_s[0])
    first, second = (Duty(leases, name, renew_s=0.0) for name in ("first", "second"))

    def meanwhile():
        clock_s[0] += lasts_s
        second.is_mine()

    watching = Watching(meanwhile)
    metrics = MonitorMetrics(CollectorRegistry())
    rounds = Rounds(watching, ticked, first, metrics, lambda: ["churn"], 10.0)
    assert first.is_mine()
    rounds._round()
    assert ticked == ticks
    assert watching.is_forgotten == (not ticks)
