"""From a raw file of customers to a folder with a model, its figures and what the notes added."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.examples.churn.config import Config, read_config
from projects.examples.churn.dataset import make_dataset
from projects.examples.churn.embeddings import generate_embeddings
from projects.examples.churn.export import save_model_and_metadata
from projects.examples.churn.factories import EmbeddingFactory, SummaryFactory
from projects.examples.churn.features import prepare_features, split_data
from projects.examples.churn.figures import draw_figures
from projects.examples.churn.fitting import evaluate, train
from projects.examples.churn.interpretation import interpret
from projects.examples.churn.summaries import generate_summaries, spent_of

CLEANED = Path("data", "processed", "cleaned_customer_churn.csv")
SUMMARIES = Path("data", "interim", "customer_churn_summary.csv")
EMBEDDINGS = Path("data", "processed", "customer_churn_summary_embeddings.csv")
MODELS, REPORTS = Path("models"), Path("reports")
FIGURES = REPORTS / "figures"
INTERPRETATION = "interpretation.json"


@dataclass(frozen=True)
class Churned:
    """What a run leaves.

    Attributes:
        folder: Where everything is.
        cleaned: The checked table.
        rows: In the checked table.
        metrics: On the test rows.
        interpretation: What the notes added, as `interpretation.json` holds it.
        lines: What a person should know.
    """

    folder: Path
    cleaned: Path
    rows: int
    metrics: Mapping[str, float]
    interpretation: Mapping[str, Any]
    lines: tuple[str, ...]


def run(
    raw: str | Path,
    folder: str | Path,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Churned:
    """Check, summarise, embed, fit, judge, draw and save.

    Args:
        raw: The raw CSV file.
        folder: Where everything goes; summaries and embeddings that are there are not made again.
        config: The configuration, or its file.
        say: Told each step's result.

    Raises:
        BadInput: The data, the configuration or a provider cannot be used.
    """
    keys, folder = read_config(config), Path(folder)
    summary_llm, llm = factories(keys)
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        say(line)

    frame = make_dataset(raw, keys, folder / CLEANED)
    tell(f"{len(frame):,} customers checked, {frame.attrs['rows_dropped']} dropped for missing values")
    work = keys.data
    summed = generate_summaries(frame, summary_llm, folder / SUMMARIES, work.batch_size, work.num_threads)
    tell(f"summaries: {_told(summed.attrs['summaries'], summary_llm)}")
    whole = generate_embeddings(
        summed, llm, folder / EMBEDDINGS, work.num_threads, batch_size=work.batch_size
    )
    counts = whole.attrs["embeddings"]
    tell(f"embeddings: {_told(counts, llm)}; {counts['dropped']} customers dropped for having none")
    X, y = prepare_features(whole, folder / MODELS, keys)
    X_train, X_val, X_test, y_train, y_val, y_test = split_data(X, y, keys.data, keys.model)
    model = train(X_train, X_val, y_train, y_val, keys.model)
    metrics = evaluate(model, X_test, y_test)
    tell(f"XGBoost on {len(y_test):,} test rows: AUC {metrics['roc_auc']:.3f}, F1 {metrics['f1']:.3f}")
    draw_figures(model, X_test, y_test, folder / FIGURES)
    found = interpret(whole, X, y, model)
    (folder / REPORTS / INTERPRETATION).write_text(
        json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    tell(found["notes"]["sentence"])
    save_model_and_metadata(model, X_train, keys, folder / MODELS)
    return Churned(folder, folder / CLEANED, len(whole), metrics, found, tuple(lines))


def factories(keys: Config) -> tuple[SummaryFactory, EmbeddingFactory]:
    """Make both factories that a configuration names.

    Raises:
        BadInput: A provider is unknown, or cannot be used.
    """
    summary, embedding = keys.summary.summary_provider, keys.embedding.embedding_model
    return (
        SummaryFactory(summary, keys.providers.get(summary)),
        EmbeddingFactory(embedding, keys.providers.get(embedding)),
    )


def _told(counts: Mapping[str, int], llm: object) -> str:
    told = f"{counts['asked']} made, {counts['kept']} there already, {counts['failed']} without an answer"
    spent = spent_of(llm)
    if spent:
        told += f", {spent['requests']:.0f} requests, cost {spent['cost']:.4f}"
    return told
