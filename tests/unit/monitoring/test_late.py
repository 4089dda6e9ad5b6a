"""Windows that are judged anew: one that cannot be holds up no other, unless it may be judged later."""

from contextlib import suppress
from dataclasses import dataclass

import pytest

from monitoring.closing import Due
from monitoring.history import Entry, History
from monitoring.lane import Lane, Span
from monitoring.late import Late
from monitoring.policy import NO_POLICY
from serving.lifecycle.database import Database
from serving.prediction_log.scan import Scanner
from serving.settings import Settings, load

LANE = Lane("m", "1", "champion")
OLD, NEW = (Due(Span(hour * 3600.0, (hour + 1) * 3600.0)) for hour in (1, 2))


@dataclass
class Judge:
    """Judges windows, of which the newer one fails."""

    settings: Settings
    history: History
    scanner: Scanner
    failure: Exception

    def judged(self, model, policy, due, outcomes, now_s):
        if due == NEW:
            raise self.failure
        return [Entry(LANE, due.span, now_s, 1)]


def looked_at_twice(tmp_path, failure: Exception) -> tuple[Late, list[Span]]:
    settings = load({"PENSTOCK_VAR_DIR": str(tmp_path)})
    history = History(Database(settings.database_url))
    late = Late(Judge(settings, history, Scanner(tmp_path / "log"), failure))
    late._pending.update({("m", OLD): None, ("m", NEW): None})
    with pytest.raises(type(failure)):
        late.look({"m": NO_POLICY}, {}, 1e9)
    with suppress(OSError):
        late.look({"m": NO_POLICY}, {}, 1e9 + 60)
    return late, [entry.span for entry in history.last(9, model="m")]


def test_a_window_that_cannot_be_judged_holds_up_no_other(tmp_path):
    late, judged = looked_at_twice(tmp_path, ValueError("strange rows"))
    assert judged == [OLD.span]
    assert late._pending == {}


def test_a_window_that_the_disk_refuses_is_tried_again(tmp_path):
    late, _ = looked_at_twice(tmp_path, OSError("input/output error"))
    assert ("m", NEW) in late._pending
