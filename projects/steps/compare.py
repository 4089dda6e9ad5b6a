"""The entry point `compare`: every named model on the same folds, ranked."""

from collections.abc import Mapping

from projects.course import course_of
from projects.evaluation.ranking import in_order, ranking_table
from projects.steps.command import Asked, Option, Step
from projects.steps.contesting import contested
from projects.steps.placed import log_outcome
from projects.story import plain, ranked
from serving.settings import Settings


def _compare(asked: Asked, settings: Settings) -> Mapping[str, object]:
    alone = {
        "tuning": asked.requirement.tuning.model_copy(update={"method": "none"}),
        "ensembles": asked.requirement.ensembles.model_copy(update={"method": "none"}),
    }
    with contested(asked, settings, "compare", alone) as held:
        metric = held.problem.metric
        course = course_of(held.winner, held.problem)
        for line in ranking_table(course.ranking, metric):
            asked.say(line)
        others = {each.name: each.validation.means for each in held.winner.ranking if each.validation}
        comparison = [
            ranked(each) | {"metrics": dict(others.get(each.name, {}))}
            for each in in_order(course.ranking, metric)
        ]
        found = {"status": "success", "metric": metric.name, "comparison": comparison}
        return log_outcome(plain(found), "comparison")


STEP = Step(
    name="compare",
    description="Compare models on the same folds; nothing is registered.",
    parameters=(
        "data", "objective", "target", "task", "metric", "candidates", "compare_rows", "sample_size",
        "sample_strategy", "seed", "compute",
    ),
    work=_compare,
    options=(
        Option("models", "names joined by commas, or all", "candidates"),
        Option("cv", "folds of the cross-validation", "split.folds"),
    ),
)  # fmt: skip
