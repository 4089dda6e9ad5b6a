"""Cleaning, selecting columns and splitting, from a data set's page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from penstock.console import training_fields as asked
from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.problems import NotFound, Problem
from penstock.records.dataset import Dataset
from penstock.services import data_work, datasets
from penstock.services.data_work import Started

router = APIRouter(route_class=PageRoute)
GAPS = (
    ("mean", "their mean (texts: the commonest)"),
    ("median", "their median (texts: the commonest)"),
    ("mode", "the commonest value"),
    ("drop", "nothing: rows with gaps go"),
    ("forward_fill", "the value before"),
    ("backward_fill", "the value behind"),
)
OUTLIERS = (("none", "Leave them"), ("iqr", "Pull in by quartiles"), ("zscore", "Pull in by deviations"))
METHODS = (
    ("correlation", "Correlation"),
    ("mutual_info", "Mutual information"),
    ("rfe", "Leaving out, one by one"),
    ("tree_importance", "A forest's weights"),
    ("statistical", "A test"),
)
STRATIFY = (("", "Where there are classes"), ("yes", "Yes"), ("no", "No"))


@dataclass(frozen=True, slots=True)
class Work:
    """What a form asks to be done to a data set.

    Attributes:
        title: Its title and its button.
        tells: What it does.
        fields: What it asks, of a data set.
        start: Starts the job.
    """

    title: str
    tells: str
    fields: Callable[[Dataset], Sequence[Field]]
    start: Callable[[Visit, str, Typed], Started]


def _clean(visit: Visit, dataset_id: str, typed: Typed) -> Started:
    return data_work.clean(
        visit.desk,
        visit.person,
        dataset_id,
        missing_strategy=typed.one("missing_strategy", "median"),
        outlier_method=typed.one("outlier_method", "none"),
        outlier_threshold=typed.number("outlier_threshold", "the threshold", 3.0),
    )


def _select(visit: Visit, dataset_id: str, typed: Typed) -> Started:
    return data_work.select(
        visit.desk,
        visit.person,
        dataset_id,
        target_column=typed.one("target_column"),
        method=typed.one("method", "mutual_info"),
        n_features=typed.whole("n_features", "the number of columns", 0) if typed.one("n_features") else None,
        task_type=typed.one("task_type", "auto"),
    )


def _split(visit: Visit, dataset_id: str, typed: Typed) -> Started:
    return data_work.split(
        visit.desk,
        visit.person,
        dataset_id,
        target_column=typed.one("target_column"),
        test_size=typed.number("test_size", "the share held out", 20) / 100,
        validation_size=typed.number("validation_size", "the share to validate on", 10) / 100,
        stratify={"yes": True, "no": False}.get(typed.one("stratify")),
    )


WORKS: Mapping[str, Work] = {
    "clean": Work(
        "Clean",
        "Fills gaps and pulls in outliers; the result is a data set of its own, and this one stays as it is.",
        lambda _: (
            Field("missing_strategy", "Gaps become", "choice", GAPS, "median"),
            Field("outlier_method", "Outliers", "choice", OUTLIERS, "none"),
            Field(
                "outlier_threshold",
                "Threshold",
                "number",
                value="3",
                low="0.1",
                hint="In quartile ranges or deviations.",
            ),
        ),
        _clean,
    ),
    "select": Work(
        "Select columns",
        "Says which columns matter to the target.",
        lambda dataset: (
            asked.target(dataset),
            asked.TASK,
            Field("method", "By", "choice", METHODS, "mutual_info"),
            Field("n_features", "How many", "number", low="1", step="1", hint="Empty: as many as matter."),
        ),
        _select,
    ),
    "split": Work(
        "Split",
        "Parts the rows in three: to learn from, to validate on, and to hold out. Shares are of all rows.",
        lambda dataset: (
            asked.target(dataset),
            Field("test_size", "Held out, in %", "number", value="20", low="1", high="90"),
            Field("validation_size", "To validate on, in %", "number", value="10", low="0", high="90"),
            Field("stratify", "The same classes in each part", "choice", STRATIFY),
        ),
        _split,
    ),
}


@router.get("/datasets/{dataset_id}/work/{name}")
def form(visit: VisitOf, dataset_id: str, name: str) -> Response:
    """The form."""
    return _form(visit, dataset_id, _work(name))


@router.post("/datasets/{dataset_id}/work/{name}")
def start(visit: SentOf, dataset_id: str, name: str, typed: TypedOf) -> Response:
    """Start the job."""
    work = _work(name)
    try:
        started = work.start(visit, dataset_id, typed)
    except Problem as problem:
        return _form(visit, dataset_id, work, typed, problem)
    return visit.go(at("jobs", started.job.job_id), "started")


def _work(name: str) -> Work:
    if name not in WORKS:
        raise NotFound(f"a data set cannot be asked to '{name:.40}'; open its page and choose there")
    return WORKS[name]


def _form(
    visit: Visit, dataset_id: str, work: Work, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    dataset = datasets.ready(visit.desk, visit.person, dataset_id)
    return visit.form(
        f"{work.title}: {dataset.name}",
        work.fields(dataset),
        send=work.title,
        crumbs=[*crumbs_of(dataset.project), (dataset.name, at("datasets", dataset_id))],
        typed=typed,
        problem=problem,
        intro=work.tells,
        notes=[*asked.announced(dataset), *asked.missing_told(dataset)],
        back=at("datasets", dataset_id),
    )
