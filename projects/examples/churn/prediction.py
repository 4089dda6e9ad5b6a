"""New customers' records are answered, many in one pass."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.examples.churn.columns import NOTES, NUMBERS, PLAN, PLAN_CODE
from projects.examples.churn.embeddings import Embeds
from projects.examples.churn.export import load_model
from projects.examples.churn.factories import EmbeddingFactory
from projects.examples.churn.features import ENCODER
from projects.examples.churn.summaries import Summarizes
from projects.hints import did_you_mean, shown
from serving.plan.text.clean import clean

THREADS = 4
AT_ONCE = 100
"""Summaries that are embedded by one call: an endpoint refuses some thousands."""
Record = Mapping[str, Any]


def predict_new_data(  # noqa: PLR0917 - callers of before hand these on in this order
    records: Sequence[Record],
    summary_llm: Summarizes,
    llm: Embeds,
    scaler: Any,
    feature_names: Sequence[str],
    models_path: str | Path,
    *,
    probabilities: bool = False,
) -> list[Any]:
    """Say who will leave.

    Args:
        records: Each with `age`, `tenure`, `spend_rate`, `ticket_notes`, and `plan_type` or its code,
            `plan_type_encoded`.
        summary_llm: What the training notes were summarised by.
        llm: What their summaries were embedded by.
        scaler: Of load_model_and_assets.
        feature_names: Of load_model_and_assets.
        models_path: The model's folder.
        probabilities: Whether probabilities of leaving are wanted in place of 0 and 1.

    Returns:
        1 for a customer who will leave and 0 for one who will stay, a record each; or the probabilities.

    Raises:
        BadInput: A record lacks a value or holds one that cannot be used, or the embedding is another one.
        NoAnswer: A provider does not answer.
    """
    if not records:
        return []
    folder = Path(models_path)
    X = pd.DataFrame([_numbers(record, at) for at, record in enumerate(records)], columns=list(NUMBERS))
    if scaler is not None:
        X[:] = scaler.transform(X)
    X[PLAN_CODE] = _plans(records, folder)
    vectors = _vectors([clean(record[NOTES]) for record in records], summary_llm, llm)
    X = pd.concat([X, pd.DataFrame(vectors).rename(columns=str)], axis=1)
    _check_names(X, feature_names)
    model, X = load_model(folder), X[list(feature_names)]
    if probabilities:
        return [float(share) for share in model.predict_proba(X)[:, 1]]
    return [int(said) for said in model.predict(X)]


def _numbers(record: Record, at: int) -> list[float]:
    for name in (*NUMBERS, NOTES):
        if name not in record:
            raise BadInput(f"record {at} has no '{name}'; {did_you_mean(name, map(str, record))}")
    return [_number(record[name], name, at) for name in NUMBERS]


def _number(value: Any, name: str, at: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not (np.isfinite(number) and number >= 0):
        raise BadInput(f"'{name}' must be a number >= 0; record {at} has {shown(value)}")
    return number


def _plans(records: Sequence[Record], folder: Path) -> list[int]:
    named = [at for at, record in enumerate(records) if PLAN_CODE not in record]
    known: list[str] = []
    if named or (folder / ENCODER).is_file():
        known = joblib.load(folder / ENCODER).classes_.tolist()
    codes = []
    for at, record in enumerate(records):
        if PLAN_CODE in record:
            codes.append(_code(record[PLAN_CODE], known, at))
        elif str(record.get(PLAN)) in known:
            codes.append(known.index(str(record[PLAN])))
        else:
            plan = record.get(PLAN, "nothing")
            raise BadInput(
                f"record {at} has no known '{PLAN}' but {shown(plan)}; {did_you_mean(str(plan), known)}"
            )
    return codes


def _code(value: Any, known: list[str], at: int) -> int:
    number = _number(value, PLAN_CODE, at)
    if known and number not in range(len(known)):
        codes = ", ".join(f"{code} is {plan}" for code, plan in enumerate(known))
        raise BadInput(f"'{PLAN_CODE}' of record {at} is {shown(value)}; {codes}")
    return int(number)


def _vectors(notes: list[str], summary_llm: Summarizes, llm: Embeds) -> list[Sequence[float]]:
    with ThreadPoolExecutor(THREADS, thread_name_prefix="records") as pool:
        summaries = list(pool.map(summary_llm.summarize, notes))
        if not isinstance(llm, EmbeddingFactory):
            return list(pool.map(llm.get_embeddings, summaries))
        batches = [summaries[start : start + AT_ONCE] for start in range(0, len(summaries), AT_ONCE)]
        return list(chain.from_iterable(pool.map(llm.get_embeddings, batches)))


def _check_names(X: pd.DataFrame, wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in X.columns]
    if missing or len(X.columns) != len(wanted):
        raise BadInput(
            f"the model was fitted on {len(wanted)} features and these records have {len(X.columns)};"
            " name the provider and the model that embedded the training notes"
        )
