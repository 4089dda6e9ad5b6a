"""Where a job is, from what steps print (see `projects.progress`): `[3/8] what ... result (2.1 s)`."""

import re
from dataclasses import dataclass

_STEP = re.compile(r"^\[(?P<done>\d{1,4})/(?P<total>\d{1,4})\] (?P<rest>.*)$")
_RESULT = re.compile(r" \(\d+(\.\d+)? s\)$")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Course:
    """Where a job is.

    Attributes:
        step: What it does.
        share: How much of its steps is done, from 0 to 1.
        said: The last line that it printed.
    """

    step: str = ""
    share: float = 0.0
    said: str = ""

    def as_data(self) -> dict[str, object]:
        """Itself as plain JSON."""
        return {"step": self.step, "share": round(self.share, 4), "said": self.said}


def read(words: str, before: Course) -> Course:
    """Where a job is, from the end of its log.

    Args:
        words: The end of the log; its first line may be a part of one.
        before: Where it was; it stands where the log's end names no step.
    """
    lines = [line for line in re.split(r"[\r\n]+", words) if line.strip()]
    step, share = before.step, before.share
    for line in lines:
        found = _STEP.match(line.strip())
        if found is not None and 0 < int(found["done"]) <= int(found["total"]):
            is_done = _RESULT.search(line) is not None
            step = found["rest"].partition(" ... ")[0].removesuffix(" ...").strip()[:_LONGEST]
            share = (int(found["done"]) - (0 if is_done else 1)) / int(found["total"])
    said = lines[-1].strip()[:_LONGEST] if lines else before.said
    return Course(step, share, said)
