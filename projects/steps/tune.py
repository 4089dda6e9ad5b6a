"""The entry point `tune`: better parameters for one named algorithm."""

from collections.abc import Mapping

from projects.counted import counted
from projects.learning.winner import Attempted
from projects.steps.command import Asked, Option, Step
from projects.steps.contesting import contested, one_algorithm
from projects.steps.placed import log_outcome
from projects.story import plain
from serving.settings import Settings


def _tune(asked: Asked, settings: Settings) -> Mapping[str, object]:
    one = {
        "candidates": one_algorithm(asked),
        "ensembles": asked.requirement.ensembles.model_copy(update={"method": "none"}),
    }
    with contested(asked, settings, "tune", one) as held:
        tuning, metric = held.winner.tuning, held.problem.metric.name
        score = tuning.validation.means[metric]
        trials = counted(tuning.trials, "trial")
        asked.say(f"{held.winner.name}: {metric} {tuning.before:.4f} -> {score:.4f} by {trials}")
        for name, value in tuning.parameters.items():
            asked.say(f"  {name} = {value}")
        found = {
            "status": "success",
            "algorithm": held.winner.name,
            "metric": metric,
            "best_score": score,
            "best_params": dict(tuning.parameters),
            "before": tuning.before,
            "n_trials": tuning.trials,
            "trials": [_trial(each) for each in held.winner.trials],
            "cross_validation": {
                "mean": dict(tuning.validation.means),
                "std": dict(tuning.validation.deviations),
            },
        }
        return log_outcome(plain(found), "tuning")


def _trial(each: Attempted) -> dict[str, object]:
    return {
        "number": each.number, "origin": each.origin, "params": dict(each.parameters), "state": each.state,
        "score": each.score, "folds": each.folds, "seconds": each.seconds,
    }  # fmt: skip


STEP = Step(
    name="tune",
    description="Look for better parameters of one algorithm; nothing is registered.",
    parameters=(
        "data", "objective", "target", "task", "metric", "tune_seconds", "compare_rows", "sample_size",
        "sample_strategy", "seed", "compute",
    ),
    work=_tune,
    options=(
        Option("algorithm", "one of the candidates, such as lightgbm"),
        Option("tuning_method", "grid_search, random_search or optuna", "tuning.method"),
        Option("n_trials", "the most trials", "tuning.trials"),
        Option("cv", "folds of the cross-validation", "split.folds"),
        Option("parallel", "trials at once; 0 is one a core", "tuning.parallel"),
        Option("resume", "the name of a search to begin, or to go on with after a kill", "tuning.resume"),
    ),
)  # fmt: skip
