"""What a person wants, in one sentence or as a whole requirement, about data that is here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from penstock.console import training_fields
from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.problems import Problem
from penstock.records.dataset import Dataset
from penstock.services import datasets, requirements
from penstock.services.requirements import Asking

router = APIRouter(route_class=PageRoute)
MOST_OFFERED = 200


@router.get("/requirement")
def form(
    visit: VisitOf, dataset: str = "", project: str = "", template: str = "", sample: str = ""
) -> Response:
    """The form, with the columns of the data set that was chosen."""
    given = {"dataset": dataset, "requirement": requirements.templates().get(template, "")}
    return _form(visit, project, {**given, **training_fields.chosen(sample)})


@router.get("/requirement/columns")
def columns(visit: VisitOf, dataset: str = "") -> Response:
    """The columns of another data set, for htmx."""
    return visit.part("columns_part.html", asked=_target(_chosen(visit, dataset)), typed=None)


@router.post("/requirement")
def submit(visit: SentOf, typed: TypedOf) -> Response:
    """Start the job that meets it."""
    try:
        job = requirements.submit(visit.desk, visit.person, _asking(typed))
    except Problem as problem:
        return _form(visit, "", {"dataset": typed.one("dataset")}, typed, problem)
    return visit.go(at("jobs", job.job_id), "started")


def _asking(typed: Typed) -> Asking:
    whole: str | Mapping[str, Any] = typed.one("requirement")
    if not whole:
        size, metric = training_fields.sample_size(typed), typed.one("target_metric")
        whole = {"sampling": {"sample_size": size if size in ("auto", "full") else int(size)}}
        whole |= {"target_metric": metric} if metric else {}
    return Asking(
        whole,
        objective=typed.one("objective"),
        dataset_id=typed.one("dataset"),
        target_column=typed.one("target_column"),
        model_name=typed.one("model_name"),
    )


def _form(
    visit: Visit,
    project: str,
    given: Mapping[str, str],
    typed: Typed | None = None,
    problem: Problem | None = None,
) -> Response:
    found = [
        each
        for each in datasets.listed(visit.desk, visit.person, project=project, most=MOST_OFFERED)
        if each.is_ready and each.origin != "split"
    ]
    chosen = _chosen(visit, given.get("dataset", "") or (found[0].dataset_id if found else ""))
    if chosen and chosen.dataset_id not in {each.dataset_id for each in found}:
        found.insert(0, chosen)
    offered = [(each.dataset_id, f"{each.name} ({each.project}, {each.rows:,} rows)") for each in found]
    sample = [_given(each, given) for each in training_fields.sample(chosen)[:2]]
    return visit.page(
        "requirement.html",
        "Say what you want",
        crumbs=crumbs_of(chosen.project) if chosen else [("Data", "/datasets")],
        status=problem.status if problem else 200,
        has_data=bool(found),
        data=Field("dataset", "Data set", "choice", offered, chosen.dataset_id if chosen else ""),
        objective=Field(
            "objective",
            "In one sentence",
            "area",
            hint="Such as: I want to predict which customers will churn.",
        ),
        target=_target(chosen),
        more=(
            Field(
                "target_metric", "How good it must be", hint="Such as AUC > 0.85; empty: as good as it gets."
            ),
            Field("model_name", "Model", hint="What it is to be called; empty: as the data set."),
            *sample,
        ),
        whole=Field(
            "requirement",
            "A whole requirement",
            "area",
            value=given.get("requirement", ""),
            hint="YAML or JSON; with it, 'How good it must be' and the sample above are not looked at.",
        ),
        templates=sorted(requirements.templates()),
        chosen=chosen,
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
    )


def _given(field: Field, given: Mapping[str, str]) -> Field:
    return replace(field, value=given.get(field.name, field.value))


def _target(dataset: Dataset | None) -> Field:
    names = training_fields.columns(dataset) if dataset else []
    choices = [("", "as the sentence says"), *((name, name) for name in names)]
    return Field(
        "target_column", "Column to predict", "choice", choices, dataset.target_column if dataset else ""
    )


def _chosen(visit: Visit, dataset_id: str) -> Dataset | None:
    return datasets.ready(visit.desk, visit.person, dataset_id) if dataset_id else None
