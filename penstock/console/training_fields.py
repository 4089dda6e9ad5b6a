"""What the training forms ask, and what they mean."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.console.fields import Field, Typed
from penstock.console.words import number, plural, size
from penstock.problems import BadRequest
from penstock.records.dataset import Dataset
from penstock.services.algorithms import ENSEMBLES, KNOWN
from penstock.services.training_asked import Rows

SAMPLE_ROWS = 100_000
ANNOUNCED_BYTES = 80_000_000
"""From this size on a file is announced before work starts."""
TASKS = (("auto", "As the column says"), ("classification", "Classes"), ("regression", "A number"))
TASK = Field("task_type", "What kind of answer", "radio", TASKS, "auto")
FOLDS = Field(
    "cv",
    "Folds",
    "number",
    value="5",
    low="2",
    high="20",
    step="1",
    hint="Parts that take turns to be held out.",
)


def target(dataset: Dataset) -> Field:
    """The column to predict."""
    names = columns(dataset)
    known = dataset.target_column or (names[-1] if names else "")
    return Field("target_column", "Column to predict", "choice", [(name, name) for name in names], known)


def columns(dataset: Dataset) -> list[str]:
    """A data set's columns."""
    return [str(name) for name in dataset.profile.get("column_names", ())]


def sample(dataset: Dataset | None = None) -> tuple[Field, ...]:
    """How many rows are learned from: all, 100 K, an own number, or as the size asks for."""
    drawn = min(SAMPLE_ROWS, dataset.rows // 10) if dataset else 0
    few = dataset is not None and 0 < dataset.rows <= SAMPLE_ROWS
    auto = (
        "all of them"
        if few
        else f"{drawn:,} of them"
        if drawn
        else "all up to 100,000, else a tenth and at most 100,000"
    )
    choices = (
        ("auto", f"Automatic: {auto}"),
        ("full", "The full data set"),
        ("100000", "A sample of 100,000 rows"),
        ("own", "An own size"),
    )
    cost = (
        "A sample answers sooner and knows less: scores come out a little lower and less sure, and what is "
        "rare may be missing from it. The job says what the sample cost."
    )
    return (
        Field("sample", "Rows to learn from", "radio", choices, "auto", hint=cost),
        Field(
            "sample_rows",
            "Own size",
            "number",
            low="100",
            step="1",
            hint="How many rows; only with 'An own size'.",
        ),
        Field(
            "sample_strategy",
            "How the sample is drawn",
            "choice",
            (
                ("", "As it suits"),
                ("random", "At random"),
                ("stratified", "Classes as in all rows"),
                ("time_based", "The newest"),
            ),
        ),
    )


def sample_size(typed: Typed) -> str:
    """The size that was chosen, as jobs take it.

    Raises:
        BadRequest: An own size that is none.
    """
    chosen = typed.one("sample", "auto") or "auto"
    if chosen != "own":
        return chosen
    if not typed.one("sample_rows"):
        raise BadRequest("an own size was chosen and no number given; write how many rows to learn from")
    rows = typed.whole("sample_rows", "the own size", 0)
    if rows < 1:
        raise BadRequest(f"the own size must be 1 or more, not {rows:,}; write how many rows to learn from")
    return str(rows)


def chosen(size: str) -> Mapping[str, str]:
    """What the fields of a sample begin with, where a size was chosen before.

    >>> chosen("full"), chosen("5000"), chosen("nonsense")
    ({'sample': 'full'}, {'sample': 'own', 'sample_rows': '5000'}, {})
    """
    if size in ("full", "auto", str(SAMPLE_ROWS)):
        return {"sample": size}
    return {"sample": "own", "sample_rows": size} if size.isdecimal() and len(size) < 12 else {}


def rows_asked(dataset: Dataset, typed: Typed) -> Rows:
    """Which rows a form means.

    Raises:
        BadRequest: A size or a seed that is none.
    """
    return Rows(
        dataset.dataset_id,
        target_column=typed.one("target_column"),
        task_type=typed.one("task_type", "auto") or "auto",
        sample_size=sample_size(typed),
        sample_strategy=typed.one("sample_strategy"),
    )


def announced(dataset: Dataset) -> list[str]:
    """What a person should know of the data's size before work starts."""
    told = [f"{plural(dataset.rows, 'row')}, {plural(len(columns(dataset)), 'column')}"]
    if dataset.size_bytes >= ANNOUNCED_BYTES:
        told.append(
            f"This file has {size(dataset.size_bytes)}. On all of its rows a training can take long; a "
            "sample is quick, and says what it cost."
        )
    return told


def algorithm(task: str = "auto", value: str = "random_forest") -> Field:
    """One algorithm."""
    names = (*KNOWN[task], *ENSEMBLES)
    return Field(
        "algorithm", "Algorithm", "choice", [(name, name.replace("_", " ")) for name in names], value
    )


def hyperparameters(typed: Typed) -> Mapping[str, Any]:
    """What was typed as hyperparameters: a JSON object, or `name = value` lines.

    Raises:
        BadRequest: It is neither.
    """
    text = typed.one("hyperparameters")
    if not text:
        return {}
    if text.startswith("{"):
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError) as error:
            raise BadRequest(
                f"the hyperparameters are no JSON object ({error}); write 'name = value' lines"
            ) from None
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    for name, mark, _ in pairs:
        if not mark or not name.strip():
            raise BadRequest(f"'{name.strip()[:60]}' is no 'name = value'; write lines such as max_depth = 6")
    return {name.strip(): _value(value.strip()) for name, _, value in pairs}


def lines_of(text: str) -> str:
    """Hyperparameters as the form shows them, from the JSON of an address."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in found.items())


def missing_told(dataset: Dataset) -> Sequence[str]:
    """What is missing, in a sentence; nothing where nothing is."""
    missing = dataset.profile.get("missing_values", {})
    gaps = {str(name): count for name, count in dict(missing).items() if count}
    if not gaps:
        return ()
    worst = max(gaps, key=lambda name: gaps[name])
    return (f"{plural(len(gaps), 'column')} with gaps; most of them in {worst}: {number(gaps[worst])}",)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
