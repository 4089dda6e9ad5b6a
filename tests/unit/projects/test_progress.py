"""Progress is one line a step, and notes never break into a line."""

import pytest

from projects.progress import Progress


class Lines:
    def __init__(self):
        self.text, self.now = "", 0.0

    def progress(self, total=2):
        return Progress(total, write=self.write, clock=self.clock)

    def write(self, text):
        self.text += text

    def clock(self):
        self.now += 1.5
        return self.now


def test_a_step_is_one_line():
    lines = Lines()
    with lines.progress().step("comparing lightgbm") as step:
        assert lines.text == "[1/2] comparing lightgbm ... "
        step.result = "roc_auc 0.99"
    assert lines.text == "[1/2] comparing lightgbm ... roc_auc 0.99 (1.5 s)\n"


def test_a_note_within_a_step_has_its_own_line():
    lines = Lines()
    progress = lines.progress()
    with progress.step("reading"):
        progress.note("odd")
    assert lines.text == "[1/2] reading ... \n      odd\n[1/2] reading: done (1.5 s)\n"


def test_a_failure_ends_the_line():
    lines = Lines()
    with pytest.raises(ValueError, match="no"), lines.progress().step("reading"):
        raise ValueError("no")
    assert lines.text == "[1/2] reading ... \n"
