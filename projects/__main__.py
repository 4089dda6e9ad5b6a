"""`python -m projects STEP ...`: the steps of the MLproject, each alone."""

import importlib
import sys
from collections.abc import Sequence

from projects.hints import did_you_mean
from projects.shell import be_mannerly

STEPS = {
    "main": "projects.steps.main",
    "ingest": "projects.steps.ingest",
    "clean": "projects.steps.clean",
    "select": "projects.steps.select",
    "split": "projects.steps.split",
    "compare": "projects.steps.compare",
    "tune": "projects.steps.tune",
    "train": "projects.steps.train",
    "evaluate": "projects.steps.evaluate",
    "retrain": "projects.steps.retrain",
    "export": "projects.steps.export",
    "news": "projects.examples.news.step",
    "churn": "projects.examples.churn.step",
}
PREDICT = "predict"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step that is named first; return its exit code."""
    be_mannerly()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(f"usage: python -m projects {{{','.join([*STEPS, PREDICT])}}} ...; each has its own --help")
        return 0 if words else 2
    if words[0] == PREDICT:
        return int(importlib.import_module("projects.predict").main(words[1:]))
    if words[0] not in STEPS:
        hint = did_you_mean(words[0], [*STEPS, PREDICT])
        print(f"penstock: there is no step '{words[0]}'; {hint}", file=sys.stderr)
        return 2
    step = importlib.import_module(STEPS[words[0]]).STEP
    return int(step.run(words[1:]))


if __name__ == "__main__":
    sys.exit(main())
