"""The entry point `retrain`: a version that serves is held against one that learned from what came since.

Exit codes: 0 there is a verdict, 2 bad input, 1 a failure of ours. A challenger that is not better is no
failure: nothing is registered, and the run says why.
"""

from collections.abc import Mapping
from dataclasses import asdict

from projects.errors import BadInput
from projects.progress import Progress
from projects.requirement.parameters import SPEC, given
from projects.steps.command import Asked, Option, Step, whole
from serving.settings import Settings

MOST_HELD_ROWS = 1_000_000


def _retrain(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.retraining.story import Order, retrain

    own = asked.own
    changes = given(
        {name: text for name, text in asked.given.items() if name in ("tune_seconds", "seed", "set")}
    )
    order = Order(
        name=_name(asked),
        version=own["version"],
        rows=own["rows"],
        spec=asked.requirement if SPEC in asked.given else None,
        recent_days=_days(own["recent_days"]),
        held_rows=whole(asked, "held_rows", 0, low=0, high=MOST_HELD_ROWS),
        ticket=own["ticket"],
        changes=changes,
        given=asked.given,
    )
    progress = Progress(total=0, write=asked.write)
    found = retrain(order, settings, progress)
    said = found.judgement
    for line in (f"verdict:    {said.verdict}", f"why:        {said.reason}", f"look at:    {found.link}"):
        progress.say(line)
    told = {key: value for key, value in asdict(found).items() if key != "judgement"}
    return {"status": "success", **told, **asdict(said)}


def _name(asked: Asked) -> str:
    names = {name for name in (asked.requirement.name, asked.own["model"]) if name}
    if len(names) != 1:
        came = " and ".join(f"'{name}'" for name in sorted(names)) or "none"
        raise BadInput(f"name the one registered model with -P name=NAME, not {came}")
    return names.pop()


def _days(text: str) -> float | None:
    if not text:
        return None
    try:
        days = float(text)
    except ValueError:
        days = float("nan")
    if not 0.01 <= days <= 10_000:
        raise BadInput(f"recent_days must be a number of days from 0.01 to 10,000, not '{text}'")
    return days


STEP = Step(
    name="retrain",
    description="Train a version again with newly labelled rows, and register the new one if it is better.",
    parameters=("name", "tune_seconds", "seed"),
    work=_retrain,
    options=(
        Option("model", "the registered model, as name"),
        Option("version", "the version to hold against; by default the one in Production"),
        Option("rows", "the newly labelled rows, Parquet; by default those of the log"),
        Option(
            "recent_days", "learn from the rows of so many days alone; by default from the original ones too"
        ),
        Option("held_rows", "how many of the newest rows are held back for the comparison"),
        Option("ticket", "what the run is to be found by, as its tag penstock.ticket"),
    ),
)
