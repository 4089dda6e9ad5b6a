"""Whatever happens to a log, each record that was appended is read exactly once."""

import os
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from serving.prediction_log import layout
from serving.prediction_log.compact import compact
from serving.prediction_log.read import read
from serving.prediction_log.record import encode
from serving.prediction_log.seal import seal
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, open_writer

writers = st.integers(0, 1)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(-1, 1), st.sampled_from(["a", "é\n"])
)


class LogMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.place = TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.writers = [open_writer(self.folder, max_bytes=1200) for _ in range(2)]
        self.numbers, self.expected = count(), []

    @rule(who=writers, values=st.lists(values, min_size=1, max_size=3), day=st.integers(0, 2))
    def append(self, who, values, day):
        name = f"{next(self.numbers)}"
        record = make_record(
            prediction_id=name, ts_s=NOON + day * 86400, columns=("x",), rows=[[value] for value in values],
            predictions=values, probabilities=None,
        )  # fmt: skip
        self.writers[who].append(encode(record))
        self.expected += [name] if len(values) == 1 else [f"{name}-{row}" for row in range(len(values))]

    @rule(who=writers)
    def rotate(self, who):
        self.writers[who].close()

    @rule(who=writers, torn=st.booleans())
    def kill(self, who, torn):
        handle = self.writers[who]._handle
        if handle is None:
            return
        if torn:
            os.write(handle, encode(make_record(prediction_id="torn"))[: 20 + 30 * who])
        os.close(handle)
        self.writers[who] = open_writer(self.folder, max_bytes=1200)

    @rule()
    def seal(self):
        seal(self.folder)

    @rule()
    def seal_but_die_before_the_segments_are_gone(self):
        kept = {path: path.read_bytes() for path in layout.segments(self.folder)}
        seal(self.folder)
        for path, data in kept.items():
            if not path.exists():
                path.write_bytes(data)

    @rule(day=st.sampled_from(["2026-08-01", "2026-08-03"]))
    def compact(self, day):
        compact(self.folder, day)

    @rule()
    def compact_but_die_before_the_sources_are_gone(self):
        days = layout.every_day_dir(self.folder)
        kept = {path: path.read_bytes() for day in days for path in layout.sealed_files(day)}
        compact(self.folder, "2026-08-03")
        for path, data in kept.items():
            if not path.exists():
                path.write_bytes(data)

    @invariant()
    def each_record_is_read_once(self):
        found = read(self.folder, model="churn").column("prediction_id").to_pylist()
        assert sorted(found) == sorted(self.expected)

    def teardown(self):
        for writer in self.writers:
            writer.close()
        self.place.cleanup()


TestExactlyOnce = LogMachine.TestCase
TestExactlyOnce.settings = settings(max_examples=25, stateful_step_count=20)
