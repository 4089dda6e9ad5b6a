"""The entry point `evaluate`: any version of the registry on any rows whose truth is known."""

import time
from collections.abc import Mapping

from projects.as_trained import rows_as_trained
from projects.counted import counted
from projects.delivery import log_report
from projects.evaluation.evaluate import evaluate
from projects.evaluation.gate import check_gate, judge, parse_gate
from projects.evaluation.metrics import metric_for
from projects.evaluation.subject import Subject
from projects.learning.costs import measure_costs
from projects.rows import Clean
from projects.sampling.frame import frame_of
from projects.served import Served, fetch_served, subject_of
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import log_outcome, workspace
from projects.story import evaluation_of, plain
from projects.tracking import started_run
from serving.settings import Settings


def _evaluate(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    own, requirement = asked.own, asked.requirement
    with started_run(f"evaluate {requirement.name}") as tracker, workspace(settings, "evaluate") as folder:
        tracker.parameters(asked.given)
        stage = own["from_stage"] or "Production"
        served = fetch_served(requirement.name, own["version"], stage, folder / "model")
        clean, target = rows_as_trained(requirement, served, folder, asked.say)
        subject = subject_of(served, frame_of(clean.parquet), target)
        gate = parse_gate(requirement.gate)
        check_gate(gate, subject.task)
        metric = metric_for(requirement.metric or served.tags.get("penstock.metric", ""), subject.task)
        report = evaluate(subject, asked=requirement.evaluation, metric=metric, seed=requirement.seed)
        decision = judge(gate, report.metrics)
        log_report(report)
        tracker.metrics(report.metrics)
        tracker.tags({"penstock.kind": "evaluation", "penstock.model": served.name,
                      "penstock.version": served.number, "penstock.gate": decision.sentence})  # fmt: skip
        was_learned = clean.sha256 == served.tags.get("penstock.data_sha256")
        head = _head(served, clean, target, len(report.findings.subject.X), was_learned=was_learned)
        for line in (*head, *_scores(report.metrics), *report.lines, *report.watch):
            asked.say(line)
        if gate:
            asked.say(f"gate: {decision.sentence}")
        asked.say(f"look at: {tracker.link}")
        found = {
            "status": "success",
            "model": served.name,
            "version": served.number,
            "rows": len(report.findings.subject.X),
            "learned_from": was_learned,
            "evaluation": dict(report.metrics),
            "details": evaluation_of(report),
            "latency": _latency(served, subject),
            "gate": decision.sentence if gate else "none was set",
            "watch": list(report.watch),
        }
        return log_outcome(plain(found), "evaluation")


def _latency(served: Served, subject: Subject) -> dict[str, float]:
    """Measure one row as the gateway would score it, and many rows at once."""
    costs = measure_costs(served.model, served.columns, subject.X, subject.task, fit_s=0.0)
    started = time.perf_counter()
    served.model.predict(subject.X)
    rows_per_s = len(subject.X) / max(time.perf_counter() - started, 1e-9)
    return {"p99_ms": costs["p99_ms"], "size_mb": costs["size_mb"], "rows_per_second": rows_per_s}


def _head(served: Served, clean: Clean, target: str, rows: int, *, was_learned: bool) -> list[str]:
    """Say what the numbers below are of, and whether they can be believed."""
    what = f"{served.name} version {served.number}"
    said = [f"{what} on {counted(rows, 'row')} of {clean.place}, of which '{target}' is known:"]
    if was_learned:
        said.append(
            f"careful: {what} was learned from this data, so these scores are too good; those of its card are"
            " of rows held out, and others can be had with rows that it has not seen"
        )
    return said


def _scores(metrics: Mapping[str, float]) -> list[str]:
    return [f"{name:<24}{value:.6g}" for name, value in metrics.items()]


STEP = Step(
    name="evaluate",
    description="Evaluate a registered version on rows whose truth is known.",
    parameters=("data", "name", "target", "metric", "gate", "seed"),
    work=_evaluate,
    options=(
        Option("version", "the version; by default the one in the stage"),
        Option("from_stage", "the stage, by default Production"),
        Option("segments", "columns to break errors down by, as [a, b]", "evaluation.segments"),
        Option("groups", "columns of people's groups, for fairness, as [a, b]", "evaluation.groups"),
        Option("shap", "true for SHAP values instead of permutation", "evaluation.shap"),
    ),
)
