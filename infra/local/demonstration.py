"""`make run ONCE=1` after the start: predictions through both variants, and a drift report of them."""

import json
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlflow
import pandas as pd

from infra.local.doors import credentials, gateway_url
from infra.local.project import GuideError
from infra.local.training import mlflow_run
from serving.settings import Settings

REQUESTS = 1_000
"""Enough that a tenth of them still makes a window for the challenger's drift report."""
SHOWN = 3


@dataclass(frozen=True)
class Answer:
    """One answered request: which variant and version answered whom, and what."""

    user: str
    variant: str
    version: str
    prediction: Any
    probabilities: list[float] | None


def demonstrate(settings: Settings, model: dict[str, Any], say: Callable[[str], None]) -> None:
    """Send held-out rows as many users, show some answers of each variant, and report their drift.

    Raises:
        GuideError: A variant answered nothing, or the drift report could not be made.
    """
    name = model["name"]
    answering = [variant for variant in model["variants"] if variant["version"]]
    if not answering:
        raise GuideError(f"no version of {name} can answer; promote one first")
    records = held_out_records(settings, name, answering[0]["version"])
    answers = [ask(settings, name, records[i % len(records)], f"user-{i}") for i in range(REQUESTS)]
    by_variant: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_variant[answer.variant].append(answer)
    for variant in answering:
        if not by_variant[variant["name"]]:
            raise GuideError(
                f"none of {REQUESTS} users came to {variant['name']}; look at the route of {name}"
            )
    say(f"{REQUESTS} predictions for as many users:")
    say(table(by_variant))
    say("Their drift against the rows that the models were tested on:")
    mlflow_run("drift", model=name)


def held_out_records(settings: Settings, name: str, version: str) -> list[dict[str, Any]]:
    """Read the rows that training held out, as the records a client would send."""
    mlflow.set_tracking_uri(settings.tracking_uri)
    path = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}/reference.parquet")
    features = pd.read_parquet(path).drop(columns=["prediction", "label", "probabilities"], errors="ignore")
    cells = features.astype(object).where(features.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in cells.to_dict("records")]


def ask(settings: Settings, name: str, record: dict[str, Any], user: str) -> Answer:
    """Send one record as one user."""
    body = json.dumps({"dataframe_records": [record], "params": {"probabilities": True}})
    try:
        return _answer(settings, name, body, user)
    except urllib.error.HTTPError as error:
        plain = json.dumps({"dataframe_records": [record]})
        if error.code != 400:
            raise GuideError(
                f"the gateway refused a prediction: {error.read().decode('utf-8', 'replace')}"
            ) from error
        return _answer(settings, name, plain, user)


def _answer(settings: Settings, name: str, body: str, user: str) -> Answer:
    url = f"{gateway_url(settings)}/models/{urllib.parse.quote(name)}/invocations"
    headers = {"Content-Type": "application/json", "X-User-Id": user, **credentials(settings)}
    with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=30) as answer:
        found = json.loads(answer.read())
        probabilities = found.get("probabilities")
        return Answer(
            user,
            answer.headers["X-Penstock-Variant"],
            answer.headers["X-Penstock-Version"],
            found["predictions"][0],
            probabilities[0] if probabilities else None,
        )


def table(by_variant: dict[str, list[Answer]]) -> str:
    """Lay out how many predictions each variant made, and a few of them."""
    lines = []
    for variant, answers in sorted(by_variant.items()):
        lines.append(f"  {variant} (version {answers[0].version}) answered {len(answers)}, such as")
        for answer in answers[:SHOWN]:
            shown = "" if answer.probabilities is None else f"  {[round(p, 4) for p in answer.probabilities]}"
            lines.append(f"    {answer.user:<10} {answer.prediction}{shown}")
    return "\n".join(lines)
