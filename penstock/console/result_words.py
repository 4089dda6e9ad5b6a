"""What came of a job, in sentences."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.console.words import number

_LEADS = {
    "which": "Best model",
    "expect": "What to expect",
    "matters": "What matters",
    "cost": "What it costs",
}
_MORE = {"data": "About the data", "watch": "To watch"}
_PARTS = (("train", "learn from"), ("validation", "validate on"), ("test", "hold out"))


def words_of(results: Mapping[str, Any]) -> list[str]:
    """What came of a job, in sentences; the recommendation's first."""
    told, deployed = results.get("recommendation"), results.get("deployed")
    if isinstance(told, Mapping):
        said = [str(deployed["message"])] if isinstance(deployed, Mapping) and deployed.get("message") else []
        said += [f"{lead}: {told[name]}" for name, lead in _LEADS.items() if told.get(name)]
        return said + [f"{lead}: {each}" for name, lead in _MORE.items() for each in told.get(name, ())]
    said = []
    compared = results.get("comparison") or ()
    if compared and isinstance(compared[0], Mapping):
        said.append(_why(compared, str(results.get("metric") or "score")))
    if "best_score" in results:
        trials = results.get("n_trials", "some")
        said.append(
            f"{results.get('algorithm')} reached {results.get('metric')} {number(results['best_score'])} "
            f"in {trials} trials."
        )
    if "original_rows" in results and "cleaned_rows" in results:
        said.append(
            f"{number(results['original_rows'])} rows came, {number(results['cleaned_rows'])} are left."
        )
    if results.get("selected_features"):
        said.append(f"Kept: {', '.join(str(name) for name in results['selected_features'])}.")
    if "train_samples" in results:
        counts = [f"{number(results.get(f'{part}_samples'))} rows to {verb}" for part, verb in _PARTS]
        said.append(", ".join(counts) + ".")
    if isinstance(proof := results.get("proof"), Mapping):
        said += _proof(proof, results.get("lacking") or ())
    if "gate" in results:
        said.append(f"Gate: {results['gate']}.")
    return [*said, *(str(each) for each in results.get("watch") or ())]


def _why(compared: Sequence[Mapping[str, Any]], metric: str) -> str:
    best, mean, spread = (
        compared[0],
        figure(compared[0].get("mean_score")),
        figure(compared[0].get("std_score")),
    )
    if not math.isfinite(mean):
        return "No model could be compared; the table says why."
    said = f"{best.get('model')} did best: {metric} {number(mean)} on average over the folds."
    others = [each for each in compared[1:] if math.isfinite(figure(each.get("mean_score")))]
    near = [str(each.get("model")) for each in others if abs(figure(each["mean_score"]) - mean) <= spread]
    if near:
        return f"{said} Within its spread, so hardly worse: {', '.join(near)}; in doubt take the simplest."
    return f"{said} No other comes within its spread over the folds." if others else said


def _proof(proof: Mapping[str, Any], lacking: Sequence[Any]) -> list[str]:
    """What an exported version has shown, and what is not in it."""
    said = []
    if "difference" in proof:
        said.append(
            f"In {proof.get('environment')} the code answered {number(proof.get('rows'))} rows as the "
            f"version does; the largest difference is {number(proof['difference'])}."
        )
    return said + [f"Not in it: {each}" for each in lacking]


def figure(value: object) -> float:
    """A number of a job's results; what is none becomes NaN."""
    return float(value) if isinstance(value, int | float) else math.nan
